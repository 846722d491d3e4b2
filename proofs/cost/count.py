#!/usr/bin/env python3
"""count.py FROM TO - a copy of the headers and sources in which reads and writes of entries are counted.

T10 is proved of a copy, so that the proofs of the code itself need not carry two counters along. The copy differs from the
code in annotations only: two ghost counters; a ghost increment in each primitive that bounds.txt names; the counters in the
`assigns` of every function that can come to a primitive; and the clauses of bounds.txt, all named `cost`. Executable code
that touches an entry anywhere else is an error, so no access goes uncounted.

count.py --functions    prints `FILE FUNCTION...` for each file that bounds.txt has clauses for
"""
import os
import re
import shutil
import sys

BOUNDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bounds.txt")
COUNTERS = {"R": "s2_reads", "W": "s2_writes", "S": "s2_splits", "F": "s2_freed"}
INCLUDES = {  # file: after which line, what
    "include/stage2/types.h": ("#define STAGE2_TYPES_H\n", '#include "proofs/cost/counters.h"\n'),
    "src/tree.h": ('#include "stage2/walk.h"\n', '#include "proofs/cost/cost.acsl"\n'),
}
ANNOTATION = re.compile(r"/\*@.*?\*/|//@[^\n]*", re.S)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
SPACE = re.compile(r"[^\n]")


class Bounds:
    """bounds.txt: what each function may cost, and how its proof is told."""

    def __init__(self, path):
        self.count, self.clauses, self.loops, self.asserts, self.files = {}, {}, {}, {}, {}
        name = None
        for number, line in enumerate(open(path), 1):
            text = line.split("#")[0].rstrip()
            if not text:
                continue
            m = re.match(r"^(\S+)\s+(\w+)$", text)
            if m:
                name = m.group(2)
                self.files.setdefault(m.group(1), []).append(name)
                continue
            m = re.match(r"^\s+(count|requires|ensures|loop|before|ghost|then)\s+(.*)$", text)
            if not m or not name:
                sys.exit("bounds.txt:%d: not understood: %s" % (number, text))
            kind, rest = m.groups()
            if kind == "count":
                self.count[name] = COUNTERS[rest]
            elif kind == "loop":
                which, clause = rest.split(None, 1)
                self.loops.setdefault((name, int(which)), []).append(told(clause))
            elif kind in ("before", "ghost", "then"):
                pattern, clause = re.match(r'^"([^"]+)"\s+(.*)$', rest).groups()
                line = "//@ assert cost: %s;" % told(clause) if kind == "before" else "//@ ghost %s;" % clause
                self.asserts.setdefault(name, []).append([pattern, line, kind == "then", 0])
            else:
                self.clauses.setdefault(name, []).append("%s cost: %s;" % (kind, told(rest)))


def told(clause):
    """A letter in a clause is what its counter has grown by since the function was called."""
    for letter, counter in COUNTERS.items():
        clause = re.sub(r"\b%s\b" % letter, lambda _: "(%s - \\at(%s, Pre))" % (counter, counter), clause)
    return clause


def blank(text, pattern=COMMENT):
    """The text with its comments blanked, places kept; preprocessor lines stay."""
    return pattern.sub(lambda m: SPACE.sub(" ", m.group(0)), text)


def bodies(code):
    """(name, parameters, start of body, end of body) of each function that the code, without comments, defines."""
    for m in re.finditer(r"^[A-Za-z][\w \t\*]*?\b(\w+)\(([^;{}()]*)\)\s*\{", code, flags=re.M):
        depth, at = 1, m.end()
        while depth:
            at = re.compile(r"[{}]").search(code, at).end()
            depth += 1 if code[at - 1] == "{" else -1
        yield m.group(1), m.group(2), m.end(), at


def used_by_wp(code):
    """The code with what the proof does not see (`#ifndef __FRAMAC__` up to #else or #endif, #else of #ifdef) blanked."""
    out, stack = [], []
    for line in code.split("\n"):
        word = re.match(r"^\s*#\s*(ifdef|ifndef|if|else|elif|endif)\b\s*(\w*)", line)
        if word and word.group(1) in ("if", "ifdef", "ifndef"):
            stack.append({"ifndef__FRAMAC__": False, "ifdef__FRAMAC__": True}.get(word.group(1) + word.group(2)))
        elif word and word.group(1) == "else" and stack[-1] is not None:
            stack[-1] = not stack[-1]
        elif word and word.group(1) == "endif":
            stack.pop()
        out.append(line if all(s is not False for s in stack) else SPACE.sub(" ", line))
    return "\n".join(out)


def reaching(sources, count):
    """For each function the counters that can grow in it, by the names in its body: too many rather than too few."""
    called = {}
    for text in sources.values():
        code = used_by_wp(blank(text))
        for name, _, start, end in bodies(code):
            called.setdefault(name, set()).update(re.findall(r"\b(\w+)\b", code[start:end]))
    grows = {name: {counter} for name, counter in count.items()}
    again = True
    while again:
        again = False
        for name, words in called.items():
            more = set().union(*(grows[w] for w in words if w in grows)) | grows.get(name, set())
            if more != grows.get(name, set()):
                grows[name], again = more, True
    return {name: ", ".join(sorted(counters)) for name, counters in grows.items()}


def counted(path, text, bounds, reached):
    code = blank(text)
    places = list(bodies(code))
    edits = []  # (from, to, text)

    def inside(at):
        return next((name for name, _, start, end in places if start <= at < end), None)

    loops = {}
    for m in ANNOTATION.finditer(text):
        body, owner = m.group(0), inside(m.start())
        if owner:
            if re.search(r"\bloop\s+(assigns|variant|invariant)\b", body):
                loops[owner] = loops.get(owner, 0) + 1
                extra = "".join("loop invariant cost: %s;\n      " % c for c in bounds.loops.get((owner, loops[owner]), []))
                if owner in reached:
                    body = re.sub(r"\bloop assigns\s+", "%sloop assigns %s, " % (extra.replace("\\", "\\\\"), reached[owner]), body, count=1)
                edits.append((m.start(), m.end(), body))
            continue
        if "assigns" not in body or not body.startswith("/*@"):
            continue
        after = re.match(r"[^;{]*?\b(\w+)\s*\(", code[m.end():], flags=re.S)
        name = after.group(1) if after else None
        if name not in reached:
            continue
        body = re.sub(r"\bassigns\s+\\nothing", "assigns " + reached[name], body)
        body = re.sub(r"\bassigns\s+(?!s2_(?:freed|reads|splits|writes)\b)", "assigns %s, " % reached[name], body)
        asked = "".join("%s\n    " % c for c in bounds.clauses.get(name, []) if c.startswith("requires"))
        clauses = "".join("\n    %s" % c for c in bounds.clauses.get(name, []) if c.startswith("ensures"))
        body = "/*@ " + asked + body[3:].lstrip()
        at = body.find("    behavior ")
        at = at if at >= 0 else len(body) - 2
        edits.append((m.start(), m.end(), body[:at].rstrip() + clauses + "\n" + body[at:] if clauses else body))
    for name, _, start, end in places:
        if name in bounds.count:
            edits.append((start, start, "\n  //@ ghost %s = %s + 1;" % (bounds.count[name], bounds.count[name])))
        for item in bounds.asserts.get(name, []):
            at = text.find(item[0], start, end)
            if at >= 0:
                at = text.find("\n", at) + 1 if item[2] else text.rfind("\n", 0, at) + 1
                edits.append((at, at, "  %s\n" % item[1]))
                item[3] += 1
        for touch in re.finditer(r"(?:\.|->)e\[", used_by_wp(code)[start:end]):
            if name not in bounds.count:
                sys.exit("%s: %s touches an entry and is not counted: ...%s" % (path, name, code[start + touch.start() - 20:start + touch.end() + 10]))
    done, out = 0, []
    for start, end, new in sorted(edits, key=lambda e: e[0]):  # stable: what bounds.txt has first comes first
        out += [text[done:start], new]
        done = end
    return "".join(out) + text[done:]


def main():
    bounds = Bounds(BOUNDS)
    if sys.argv[1:] == ["--functions"]:
        for path, names in bounds.files.items():
            print(path, " ".join(names))
        return
    source, target = sys.argv[1:3]
    shutil.rmtree(target, ignore_errors=True)
    for folder in ("include", "src", "specs", "arch", "proofs/wp", "proofs/why3", "proofs/cost"):
        shutil.copytree(os.path.join(source, folder), os.path.join(target, folder))
    sources = {}
    for path in sorted(os.listdir(os.path.join(source, "src"))):
        if re.match(r"^(walk|map|protect|unmap|split|pool|flush)\.c$|^(tree|map|ops)\.h$", path):
            sources["src/" + path] = None
    for path in os.listdir(os.path.join(source, "include/stage2")):
        sources["include/stage2/" + path] = None
    for path in sources:
        sources[path] = open(os.path.join(source, path)).read()
    reached = reaching(sources, bounds.count)
    known = {n for text in sources.values() for n, _, _, _ in bodies(blank(text))}
    for path, names in bounds.files.items():
        for name in names:
            if name not in known:
                sys.exit("bounds.txt: %s is no function of %s" % (name, path))
    for path, text in sources.items():
        new = counted(path, text, bounds, reached)
        if path in INCLUDES:
            line, more = INCLUDES[path]
            new = new.replace(line, line + more, 1)
        if re.sub(r'#include "proofs/cost/[^"]*"|\s', "", blank(new)) != re.sub(r"\s", "", blank(text)):
            sys.exit("%s: more than annotations would change" % path)
        with open(os.path.join(target, path), "w") as out:
            out.write(new)
    for name, items in bounds.asserts.items():
        for pattern, _, _, n in items:
            if n != 1:
                sys.exit("bounds.txt: \"%s\" is %d times in %s" % (pattern, n, name))


main()
