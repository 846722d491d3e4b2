#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""bits.py TABLE.txt - the executable specification of one format, from its bit layout (specs/bits/README.md).
bits.py --check TABLE.txt - only read it, and count what was checked.

Refuses a layout in which a bit of an entry, register or fault report is missing, named twice or beyond bit 63, a
value does not fit its field, a rule names no field, or a level lacks a kind of entry. Prints a C header:
<SECTION>_<FIELD>(e) for each field, <SECTION>_made(e) as this library makes it and <SECTION>_legal(e) as the manual
alone allows it; bits_leaf(l, e), bits_table(l, e), bits_marked(l, e), bits_kind(l, e); and what an entry means:
bits_rights, bits_type, bits_flags, bits_addr, bits_next, bits_leaf_grants ...
"""
import re
import sys

RIGHTS = ("R", "W", "X", "UX")
TYPES = ("WB", "WT", "WP", "NC", "DEV", "DEV_NE")
FLAGS = ("IPAT", "ACCESSED", "DIRTY")
ACCESS = ("READ", "WRITE", "EXEC1", "EXEC0")
FEATURES = ("FEAT_UX", "FEAT_SVPBMT", "FEAT_AD")
CLASSES = ("value", "addr", "zero", "off", "ignored", "hw", "soft")


def fail(where, what):
    sys.exit("%s: %s" % (where, what))


def mask(hi, lo):
    return ((1 << (hi + 1)) - 1) & ~((1 << lo) - 1)


class Section:
    def __init__(self, sort, name, kind="", levels=()):
        self.sort, self.name, self.kind, self.levels = sort, name, kind, levels
        self.fields = {}  # name: (hi, lo, class, argument)
        self.rules = []  # (word, argument, expression)
        self.rules_of = None

    def bits(self, *classes):
        m = 0
        for hi, lo, cls, _ in self.fields.values():
            if cls in classes:
                m |= mask(hi, lo)
        return m


class Layout:
    def __init__(self, path):
        self.path, self.name = path, ""
        self.sections, self.widths, self.asks, self.types, self.flags = [], [], [], [], []
        for number, line in enumerate(open(path), 1):
            text = line.split("#")[0].strip()
            if text:
                self.line("%s:%d" % (path, number), text)
        self.check()

    def line(self, where, text):
        words = text.split()
        here = self.sections[-1] if self.sections else None
        if words[0] == "format":
            self.name = words[1]
        elif words[0] == "width":
            self.widths.append(tuple(int(w) for w in words[1:4]))
        elif words[0] == "ask":
            self.asks.append(text[3:].strip())
        elif words[0] == "asktype":
            condition = words[1] if words[1] in FEATURES else "1"
            self.types += [(t, condition) for t in words[1:] if t not in FEATURES]
        elif words[0] == "askflag":
            self.flags += words[1:]
        elif words[0] == "entry":
            self.sections.append(Section("entry", words[1], words[2], [int(w) for w in words[3:]]))
        elif words[0] in ("register", "fault"):
            self.sections.append(Section(words[0], words[1]))
        elif words[0] == "rules-of":
            here.rules_of = words[1]
        elif words[0] in ("must", "keep", "present"):
            here.rules.append((words[0], "", self.expression(text.split(None, 1)[1])))
        elif words[0] == "left":
            if words[1] not in here.fields:
                fail(where, "no such field: " + words[1])
            here.rules.append((words[0], words[1], self.expression(text.split(None, 2)[2])))
        elif words[0] in ("right", "type", "flag", "grant", "needs"):
            known = {"needs": FEATURES, "right": RIGHTS, "type": TYPES, "flag": FLAGS, "grant": ACCESS}[words[0]]
            if words[1] not in known:
                fail(where, "no such word: " + words[1])
            here.rules.append((words[0], words[1], self.expression(text.split(None, 2)[2])))
        else:
            self.field(where, here, words)

    @staticmethod
    def expression(text):
        """A rule ends where its source begins: two blanks."""
        return re.split(r"\s{2,}", text.strip())[0]

    @staticmethod
    def field(where, section, words):
        name, bits, cls = words[0], words[1], words[2]
        hi, _, lo = bits.partition(":")
        hi, lo, argument = int(hi), int(lo or hi), None
        if "=" in cls:
            cls, argument = ("soft=" if cls.startswith("soft") else "="), int(cls.split("=")[1])
        elif cls == "addr":
            a_hi, a_lo = (int(w) for w in words[3].split(":"))
            if a_hi - a_lo != hi - lo:
                fail(where, "the address has another width than the field")
            argument = a_lo
        elif cls not in CLASSES:
            fail(where, "no such class: " + cls)
        if name in section.fields:
            fail(where, "field named twice: " + name)
        section.fields[name] = (hi, lo, cls, argument)

    def check(self):
        levels = {"leaf": set(), "table": set(), "marked": set()}
        for s in self.sections:
            seen = 0
            for name, (hi, lo, _, _) in s.fields.items():
                if hi > 63 or lo < 0:
                    fail(self.path, "%s: %s is wider than the register" % (s.name, name))
                if hi < lo or seen & mask(hi, lo):
                    fail(self.path, "%s: bits of %s named twice" % (s.name, name))
                seen |= mask(hi, lo)
            if seen != mask(63, 0):
                fail(self.path, "%s: bits not named: %#x" % (s.name, mask(63, 0) & ~seen))
            for name, (hi, lo, cls, argument) in s.fields.items():
                if cls in ("=", "soft=") and argument > mask(hi - lo, 0):
                    fail(self.path, "%s: %s cannot be %d" % (s.name, name, argument))
                if cls == "addr" and argument + hi - lo > 63:
                    fail(self.path, "%s: %s names address bits beyond 63" % (s.name, name))
            if s.rules_of:
                s.rules = next(o for o in self.sections if o.name == s.rules_of).rules
            used = set(re.findall(r"[A-Z][A-Z0-9_]*", " ".join(r[2] for r in s.rules)))
            if used - set(s.fields) - set(FEATURES):
                fail(self.path, "%s: rules name no field: %s" % (s.name, used - set(s.fields)))
            for _, _, expression in s.rules:
                for name, value in re.findall(r"([A-Z][A-Z0-9_]*) (?:[=!<>]=|[<>]) (\d+)", expression):
                    hi, lo = s.fields[name][:2]
                    if int(value) > mask(hi - lo, 0):
                        fail(self.path, "%s: %s cannot be %s" % (s.name, name, value))
            for n, (_, _, cls, _) in s.fields.items():
                if s.sort == "entry" and cls in ("value", "soft") and n not in used:
                    fail(self.path, "%s: no rule says what %s means" % (s.name, n))
            if s.sort == "entry":
                if levels[s.kind] & set(s.levels):
                    fail(self.path, "%s: a level described twice" % s.name)
                levels[s.kind] |= set(s.levels)
        if levels["table"] != {1, 2, 3, 4} or levels["leaf"] != set(range(max(levels["leaf"]) + 1)):
            fail(self.path, "levels are missing: %s" % levels)
        if levels["marked"] != levels["leaf"]:
            fail(self.path, "what is a leaf can be marked")
        self.leaf_max = max(levels["leaf"])


def emit(layout):
    out = []
    put = out.append

    def in_terms(section, expression):
        def word(match):
            w = match.group(0)
            return "%s(features)" % w if w in FEATURES else "%s_%s(e)" % (section.name, w)
        return re.sub(r"\b[A-Z][A-Z0-9_]*\b", word, expression)

    def of_kind(kind):
        return [s for s in layout.sections if s.sort == "entry" and s.kind == kind]

    def rules(section, *words):
        return [in_terms(section, r[2]) for r in section.rules if r[0] in words]

    def value(section, word, argument):
        found = [in_terms(section, r[2]) for r in section.rules if r[:2] == (word, argument)]
        return found[0] if found else "0"

    def hexa(m):
        return "UINT64_C(0x%x)" % m

    def by_level(name, kind, args, one, otherwise="0"):
        """A function of the level: one(section) for each section of that kind."""
        put("static inline uint64_t %s(%suint8_t l, uint64_t e) {" % (name, args))
        if args:
            put("  (void)features;")
        put("  (void)e;")
        put("  switch (l) {")
        for s in of_kind(kind):
            for level in s.levels:
                put("  case %d:" % level)
            put("    return %s;" % one(s))
        put("  default:\n    return %s;\n  }\n}" % otherwise)

    put("/* Generated by proofs/tools/bits.py from %s. */" % layout.path)
    put("#ifndef BITS_H\n#define BITS_H\n#include <stdbool.h>\n#include <stdint.h>\n")
    for i, r in enumerate(RIGHTS):
        put("#define BITS_%s %#xu" % (r, 1 << i))
    for i, t in enumerate(TYPES):
        put("#define BITS_%s %#xu" % (t, i << 4))
    put("#define BITS_IPAT 0x100u\n#define BITS_ACCESSED 0x10000u\n#define BITS_DIRTY 0x20000u")
    for i, a in enumerate(ACCESS):
        put("#define BITS_%s %#xu" % (a, 1 << i))
    put("#define FEAT_UX(f) (((f) & 1u) != 0)\n#define FEAT_SVPBMT(f) (((f) & 2u) != 0)\n#define FEAT_AD(f) (((f) & 4u) != 0)")
    leaf_fields = [f for s in of_kind("leaf") for f in s.fields.values()]
    address_bits = max(hi - lo + arg for hi, lo, cls, arg in leaf_fields if cls == "addr") + 1
    put("#define BITS_LEAF_MAX %du\n#define BITS_HPA_BITS %du" % (layout.leaf_max, address_bits))
    kept = [f for f in ("ACCESSED", "DIRTY") if any(r[:2] == ("flag", f) for s in of_kind("leaf") for r in s.rules)]
    put("#define BITS_AD_KEPT (%s)" % (" | ".join("BITS_" + k for k in kept) or "0u"))
    put("#define BITS_ROOTS %du\n" % max(w[2] for w in layout.widths))

    for s in layout.sections:
        put("/* ---- %s %s %s %s */" % (s.sort, s.name, s.kind, " ".join(map(str, s.levels))))
        for name, (hi, lo, _, _) in s.fields.items():
            put("static inline uint64_t %s_%s(uint64_t e) {\n  return (e >> %d) & %s;\n}" % (
                s.name, name, lo, hexa(mask(hi - lo, 0))))
        for name, (hi, lo, cls, arg) in s.fields.items():
            if cls == "addr":
                put("static inline uint64_t %s_address(uint64_t e) {\n  return %s_%s(e) << %d;\n}" % (
                    s.name, s.name, name, arg))
        tests = []
        unused = s.bits("zero", "off", "ignored")
        if unused:
            tests.append("(e & %s) == 0" % hexa(unused))
        tests += ["%s_%s(e) == %d" % (s.name, n, f[3]) for n, f in s.fields.items() if f[2] in ("=", "soft=")]
        tests += ["(%s)" % t for t in rules(s, "must", "keep")]
        put("static inline bool %s_made(uint64_t e) {\n  (void)e;\n  return %s;\n}" % (
            s.name, " && ".join(tests) or "true"))
        legal = ["(e & %s) == 0" % hexa(s.bits("zero"))] if s.bits("zero") else []
        legal += ["%s_%s(e) == %d" % (s.name, n, f[3]) for n, f in s.fields.items() if f[2] == "="]
        legal += ["(%s)" % t for t in rules(s, "must")]
        put("/* What the manual alone says, without the library's own restrictions. */")
        put("static inline bool %s_legal(uint64_t e) {\n  (void)e;\n  return %s;\n}\n" % (
            s.name, " && ".join(legal) or "true"))

    for kind in ("leaf", "table", "marked"):
        by_level("bits_" + kind, kind, "", lambda s: "%s_made(e)" % s.name)
        by_level("bits_%s_legal" % kind, kind, "", lambda s: "%s_legal(e)" % s.name)
    put("/* 0 empty, 1 leaf, 2 table, 3 marked, 4 none of these; 5: two of them at once, which must not be. */")
    put("static inline uint32_t bits_kind(uint8_t l, uint64_t e) {")
    put("  uint32_t n = (e == 0) + (bits_leaf(l, e) != 0) + (bits_table(l, e) != 0) + (bits_marked(l, e) != 0);")
    put("  if (n > 1) {\n    return 5u;\n  }")
    put("  return e == 0 ? 0u : bits_leaf(l, e) ? 1u : bits_table(l, e) ? 2u : bits_marked(l, e) ? 3u : 4u;\n}")
    put("/* Would the hardware use this entry, on a host with these features? */")
    by_level("bits_leaf_present", "leaf", "uint32_t features, ", lambda s: " && ".join(rules(s, "present")))
    by_level("bits_table_present", "table", "uint32_t features, ", lambda s: " && ".join(rules(s, "present")))
    put("/* Does it use only what a host with these features has? */")
    for kind in ("leaf", "table"):
        by_level("bits_%s_fits" % kind, kind, "uint32_t features, ", lambda s: " && ".join(
            ["(%s(features) || !(%s))" % (r[1], in_terms(s, r[2])) for r in s.rules if r[0] == "needs"] or ["1"]))
    by_level("bits_addr", "leaf", "", lambda s: "%s_address(e)" % s.name)
    by_level("bits_marked_addr", "marked", "", lambda s: "%s_address(e)" % s.name)
    by_level("bits_next", "table", "", lambda s: "%s_address(e)" % s.name)
    by_level("bits_leaf_addr_bits", "leaf", "", lambda s: hexa(s.bits("addr")))
    def hardware_set(s):
        rules_of_state = " ".join(r[2] for r in s.rules if r[0] == "flag" and r[1] in kept)
        names = set(re.findall(r"[A-Z][A-Z0-9_]*", rules_of_state))
        return sum(mask(*s.fields[n][:2]) for n in names)
    by_level("bits_leaf_hw_bits", "leaf", "", lambda s: hexa(hardware_set(s)))
    put("/* What the hardware has left in a leaf that says the same without it, and is made without it. */")
    by_level("bits_leaf_left", "leaf", "", lambda s: " | ".join(
        ["((%s) ? %s : 0u)" % (in_terms(s, r[2]), hexa(mask(*s.fields[r[1]][:2]))) for r in s.rules if r[0] == "left"]
        or ["0"]))
    by_level("bits_table_hw_bits", "table", "", lambda s: hexa(s.bits("hw")))
    by_level("bits_rights", "leaf", "", lambda s: " | ".join(
        "((%s) ? BITS_%s : 0u)" % (value(s, "right", r), r) for r in RIGHTS))
    by_level("bits_type", "leaf", "", lambda s: " : ".join(
        "(%s) ? BITS_%s" % (in_terms(s, r[2]), r[1]) for r in s.rules if r[0] == "type") + " : 0xffffu")
    by_level("bits_flags", "leaf", "", lambda s: " | ".join(
        "((%s) ? BITS_%s : 0u)" % (value(s, "flag", f), f) for f in FLAGS))
    for kind in ("leaf", "table"):
        by_level("bits_%s_grants" % kind, kind, "uint32_t features, ", lambda s: " | ".join(
            "((%s) ? BITS_%s : 0u)" % (value(s, "grant", a), a) for a in ACCESS))

    def word(match):
        w = match.group(0)
        return "%s(features)" % w if w in FEATURES else "((attr & BITS_%s) != 0)" % w
    put("/* May a caller ask for attr on a host with these features? */")
    put("static inline bool bits_asked(uint32_t features, uint32_t attr) {")
    put("  uint32_t type = attr & 0xf0u;")
    put("  bool typed = %s;" % " || ".join(
        "(type == BITS_%s && %s)" % (t, "1" if c == "1" else "%s(features)" % c) for t, c in layout.types))
    flags = "".join(" | BITS_" + f for f in layout.flags)
    put("  (void)features;")
    put("  return typed && (attr & ~(0xffu%s)) == 0 && %s;\n}" % (
        flags, " && ".join("(%s)" % re.sub(r"\b[A-Z][A-Z_]*\b", word, a) for a in layout.asks)))
    put("/* The tree for a width: top level, and root tables; 255 when there is no such width. */")
    for name, index, none in (("bits_shape_top", 1, 255), ("bits_shape_roots", 2, 0)):
        put("static inline uint32_t %s(uint32_t width) {\n  switch (width) {" % name)
        for w in layout.widths:
            put("  case %d:\n    return %du;" % (w[0], w[index]))
        put("  default:\n    return %du;\n  }\n}" % none)
    put("\n#endif")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        sections = Layout(sys.argv[2]).sections
        for sort in ("entry", "register", "fault"):
            here = [s for s in sections if s.sort == sort]
            print("%s: %d layouts, %d fields" % (sort, len(here), sum(len(s.fields) for s in here)))
            if not here:
                fail(sys.argv[2], "no %s at all" % sort)
        sys.exit(0)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(emit(Layout(sys.argv[1])))
