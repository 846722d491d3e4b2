#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""acsl.py - what WP believes of a format, as C that CBMC checks: the text WP reads is the text that is checked.

acsl.py FORMAT.H ENTRY.ACSL    prints a C header: law_AXIOM() for each axiom of ENTRY.ACSL, contract_FUNCTION() for each
                               contract of FORMAT.H; proofs/cbmc/common/model.h, which includes it, has the symbols

A law is checked for any integers of 128 bits, a contract for any arguments that its `requires` let in. The left-hand
side of each implication, and each level a contract speaks of, is a CASE, which the coverage run must reach. What
cannot be read is an error, never left out.
"""
import re
import sys

TOKENS = re.compile(r"\s*(<==>|==>|==|!=|<=|>=|&&|\|\||\\?\w+|[-+*&!<>().,?:])")
LEVELS = (  # what the text of the preconditions says about l, and the cases that must be possible then
    (r"S2_FMT_LEAF_MAX|pte_kind\(l, e\) == 1", "every_leaf_level"),
    (r"0 < l <=", "every_table_level"),
    (r"l <= S2_MAX_LEVEL", "every_level"),
)


class Formula:
    """A formula of ACSL as a C expression over the type `integer`, and the hypotheses of its implications."""

    def __init__(self, text):
        self.tokens, self.at, self.hypotheses = [], 0, []
        end = 0
        text = text.strip()
        while end < len(text):
            m = TOKENS.match(text, end)
            if not m:
                raise ValueError("cannot read: " + text[end:])
            self.tokens.append(m.group(1))
            end = m.end()
        self.c = self.equivalence()
        if self.at != len(self.tokens):
            raise ValueError("cannot read, from %r: %s" % (self.tokens[self.at], text))

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *words):
        if self.peek() in words and self.peek():
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def need(self, word):
        if not self.take(word):
            raise ValueError("%r where %r was expected: %s" % (self.peek(), word, " ".join(self.tokens)))

    def equivalence(self):
        c = self.implication()
        while self.take("<==>"):
            c = "((%s) != 0) == ((%s) != 0)" % (c, self.implication())
        return c

    def implication(self):
        c = self.binary(0)
        if not self.take("==>"):
            return c
        self.hypotheses.append(c)
        outer, self.hypotheses = self.hypotheses, []
        then = self.implication()
        # what follows is asked for only where this holds
        self.hypotheses = outer + ["(%s) && (%s)" % (c, h) for h in self.hypotheses]
        return "!(%s) || (%s)" % (c, then)

    def binary(self, level):
        levels = (("||",), ("&&",), ("&",), None, ("+", "-"), ("*",))
        if level == len(levels):
            return self.unary()
        if levels[level] is None:
            return self.comparison(level)
        c = self.binary(level + 1)
        while self.peek() in levels[level]:
            op = self.take(*levels[level])
            c = "(%s %s %s)" % (c, op, self.binary(level + 1))
        return c

    def comparison(self, level):
        """a <= b < c is both."""
        left, parts = self.binary(level + 1), []
        while self.peek() in ("==", "!=", "<=", ">=", "<", ">"):
            op = self.take("==", "!=", "<=", ">=", "<", ">")
            right = self.binary(level + 1)
            parts.append("%s %s %s" % (left, op, right))
            left = right
        return "(%s)" % " && ".join(parts) if parts else left

    def unary(self):
        if self.take("!"):
            return "!(%s)" % self.unary()
        if self.take("-"):
            return "(-%s)" % self.unary()
        return self.primary()

    def primary(self):
        if self.take("("):
            c = self.equivalence()
            self.need(")")
            return "(%s)" % c
        word = self.peek()
        if not re.fullmatch(r"\\result|\\true|\w+", word):
            raise ValueError("cannot read %r: %s" % (word, " ".join(self.tokens)))
        self.at += 1
        word = {"\\result": "result", "\\true": "true"}.get(word, word)
        if self.take("("):
            arguments = [self.binary(2)]
            while self.take(","):
                arguments.append(self.binary(2))
            self.need(")")
            return "model_%s(%s)" % (word, ", ".join(arguments))
        while self.take("."):
            word += "." + self.tokens[self.at]
            self.at += 1
        return word


def comments_out(text):
    text = re.sub(r"/\*(?!@).*?\*/", "", text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def laws(path):
    """(name, variables, formula text) of each axiom of an ACSL file."""
    text = comments_out(open(path).read())
    for m in re.finditer(r"\baxiom (\w+)\s*:\s*", text):
        quantified = re.compile(r"\\forall integer ([\w, \n]+);(.*?);", re.S).match(text, m.end())
        if not quantified:
            raise ValueError("%s: not of the form \\forall integer ...; ..." % m.group(1))
        variables = [v.strip() for v in quantified.group(1).split(",")]
        if "\\" in quantified.group(2):
            raise ValueError("%s: a formula with a quantifier or a memory term" % m.group(1))
        yield m.group(1), variables, " ".join(quantified.group(2).split())


def contracts(path):
    """(function, result type, [(type, parameter)], requires, [(clause, text)]) of each contract of a header."""
    text = comments_out(open(path).read())
    found = re.finditer(r"/\*@(.*?)\*/\s*static inline ([\w ]+?) (\w+)\(([^)]*)\);", text, flags=re.S)
    declared = re.findall(r"^static inline [\w ]+? (\w+)\(", text, flags=re.M)
    seen = []
    for m in found:
        requires, ensures = [], []
        for clause in m.group(1).split(";"):
            words = " ".join(clause.split())
            label = re.match(r"(requires|ensures) (?:(\w+): )?(.*)$", words)
            if label:
                (requires if label.group(1) == "requires" else ensures).append((label.group(2) or "", label.group(3)))
            elif words not in ("", "terminates \\true", "exits \\false", "assigns \\nothing"):
                raise ValueError("%s: a clause that is not understood: %s" % (m.group(3), words))
        parameters = [tuple(p.strip().rsplit(" ", 1)) for p in m.group(4).split(",")]
        seen.append(m.group(3))
        yield m.group(3), m.group(2), parameters, requires, ensures
    if seen != declared:
        raise ValueError("functions of %s without a contract: %s" % (path, sorted(set(declared) - set(seen))))


def emit_law(name, variables, text):
    f = Formula(text)
    out = ["/* %s */" % text, "static inline void law_%s(void) {" % name]
    out += ["  integer %s = nondet_integer();" % v for v in variables]
    out += ["  CASE(%s);" % h for h in f.hypotheses]
    return out + ['  PROVE(%s, "law %s");' % (f.c, name), "}", ""]


def emit_contract(function, kind, parameters, requires, ensures):
    out = ["static inline void contract_%s(void) {" % function]
    for ctype, p in parameters:
        out += ["  %s c_%s = nondet_%s();" % (ctype, p, ctype[:-2]), "  integer %s = c_%s;" % (p, p)]
    out += ["  ASSUME(%s);" % Formula(text).c for _, text in requires]
    whole = " ".join(text for _, text in requires)
    if "l" in [p for _, p in parameters]:
        out += ["  %s(c_l);" % next(cases for pattern, cases in LEVELS if re.search(pattern, whole))]
    result = kind if kind.startswith("struct") else "integer"
    out += ["  %s result = %s(%s);" % (result, function, ", ".join("c_" + p for _, p in parameters))]
    for label, text in ensures:
        f = Formula(text)
        out += ["  CASE(%s);" % h for h in f.hypotheses]
        out += ['  PROVE(%s, "contract %s, %s");' % (f.c, function, label)]
    return out + ["}", ""]


def main(header, logic):
    out = ["/* Generated by proofs/tools/acsl.py from %s and %s. */" % (header, logic)]
    for law in laws(logic):
        out += emit_law(*law)
    for contract in contracts(header):
        out += emit_contract(*contract)
    return "\n".join(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        print(main(sys.argv[1], sys.argv[2]))
    except ValueError as e:
        sys.exit("acsl.py: %s" % e)
