#!/usr/bin/env python3
"""laws.py - every axiom of specs/logic, and every law that WP gets from Why3, with what realises it.

laws.py           the table
laws.py --check   the same checked: an axiom nobody realises, a geometry symbol that specs/stage2.driver does not tie, a
                  theory whose laws no model proves: each is a failure. Harnesses not written yet are counted, and are
                  failures with --strict.
"""
import glob
import re
import sys

FORMATS = ("ept", "npt", "a64", "gst")

# Axioms that define a symbol: why there is such a function. With a name after `|`, specs/definitions.mlw has the model.
DEFINITIONS = {
    "Zero_elim": "Zero is `every entry is 0`; the two axioms are the two halves of that equivalence | Zero",
    "Zero_intro": "Zero is `every entry is 0`; the two axioms are the two halves of that equivalence | Zero",
    "cnt_0": "cnt is a sum, by recursion on n | Sum",
    "cnt_S": "cnt is a sum, by recursion on n | Sum",
    "total_0": "total is a sum, by recursion on p | Sum",
    "total_S": "total is a sum, by recursion on p | Sum",
    "idx_def": "idx is found by a search from the end | Idx",
    "idx_all": "idx is found by a search from the end | Idx",
    "win_def": "win is the last window that starts at or before g | Win",
    "child_is": "pte_child is child_ix at the pool's address, which is all it reads",
    "pay_d": "pay numbers the triples of integers, which are as many as the integers; pay_delta takes one apart",
    "pay_a": "pay numbers the triples of integers, which are as many as the integers; pay_attr takes one apart",
    "pay_b": "pay numbers the triples of integers, which are as many as the integers; pay_backend takes one apart",
    "pay_e": "pay numbers the triples of integers, every integer one triple: a bijection",
}


def strip(text):
    """Without comments, but with the annotations that comments are."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"/\*(?!@).*?\*/", "", text, flags=re.S)
    # what is read without the driver is no part of the proofs
    return re.sub(r"#ifdef S2_LAWS_BY_DRIVER\n(.*?)#else\n.*?#endif", r"\1", text, flags=re.S)


def axiomatics(path):
    """(block, axioms, symbols) for each axiomatic block of an ACSL file."""
    text = strip(open(path).read())
    for m in re.finditer(r"\baxiomatic (\w+) \{", text):
        depth, end = 1, m.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[m.end():end - 1]
        axioms = re.findall(r"\baxiom (\w+)", body)
        symbols = re.findall(r"\b(?:logic [\w ]+[ \*]|predicate )(\w+)(?:\{[^}]*\})?\s*[(;]", body)
        yield m.group(1), axioms, symbols


def theories(path):
    text = re.sub(r"\(\*.*?\*\)", "", open(path).read(), flags=re.S)
    return {m.group(1): m.group(2) for m in re.finditer(r"^(?:theory|module) (\w+)(.*?)^end", text, flags=re.S | re.M)}


def main():
    check, strict = "--check" in sys.argv, "--strict" in sys.argv
    rows, faults = [], []
    there = missing = 0

    driver = re.sub(r"/\*.*?\*/", "", open("specs/stage2.driver").read(), flags=re.S)
    tied = dict(re.findall(r"(?:logic integer|predicate) (\w+)\([^)]*\) = \"(\w+)\";", driver))
    imports = re.findall(r"why3.import \+= \"geometry\.(\w+)\"", driver)
    geo = theories("specs/geometry.mlw")
    defs = theories("specs/definitions.mlw")

    # a law that WP imports: in the theory itself or in one it clones with its axioms; a model clones the same with goals
    def home(theory):
        return [theory] + re.findall(r"clone export (\w+)[^\n]*(?:\n[^\n]*)??\baxiom \.", geo[theory])

    # the transition: an axiom that is read without the driver must at least be a law of the theories
    geometry = open("specs/logic/geometry.acsl").read()
    for a in re.findall(r"\baxiom (\w+):", re.sub(r"/\*(?!@).*?\*/", "", geometry, flags=re.S)):
        if not any(re.search(r"\baxiom %s:" % a, body) for body in geo.values()):
            faults.append("%s: an axiom of geometry.acsl that is no law of specs/geometry.mlw" % a)

    proved = set()
    for name, body in geo.items():
        if "use GeometryModel" in body:
            if "axiom" in re.sub(r"clone export \w+", "", body):
                faults.append("theory %s: assumes something" % name)
            proved.update(re.findall(r"clone export (\w+)", body))
    for theory in imports:
        for t in home(theory):
            for law in re.findall(r"\baxiom (\w+):", geo[t]):
                rows.append((law, "geometry.%s" % theory, "why3 goal"))
                if t not in proved:
                    faults.append("%s: no model proves theory %s" % (law, t))

    for path in sorted(glob.glob("specs/logic/*.acsl")):
        for block, axioms, symbols in axiomatics(path):
            where = "%s.%s" % (path.split("/")[-1].split(".")[0], block)
            if path.endswith("geometry.acsl"):
                for s in symbols:
                    if s not in tied:
                        faults.append("%s: specs/stage2.driver does not tie it" % s)
                for a in axioms:
                    faults.append("%s: an axiom in %s; laws of geometry go to specs/geometry.mlw" % (a, path))
                continue
            for a in axioms:
                if a in DEFINITIONS:
                    why, _, model = (x.strip() for x in DEFINITIONS[a].partition("|"))
                    if model and not re.search(r"\bgoal %s:" % a, defs.get(model, "")):
                        faults.append("%s: specs/definitions.mlw has no goal of that name in %s" % (a, model))
                    rows.append((a, where, "definition: %s%s" % (why, " (why3 goal)" if model else "")))
                elif where.startswith("entry."):
                    have = [f for f in FORMATS if glob.glob("proofs/cbmc/%s/law_%s/harness.c" % (f, a))]
                    there, missing = there + len(have), missing + len(FORMATS) - len(have)
                    rows.append((a, where, "harness law_%s: %s" % (a, " ".join(
                        f if f in have else "(%s)" % f for f in FORMATS))))
                else:
                    rows.append((a, where, "NOTHING"))
                    faults.append("%s: nothing realises it" % a)

    for row in rows:
        print("%-12s %-20s %s" % row)
    print("%d laws; law harnesses: %d there, %d missing (in brackets)" % (len(rows), there, missing))
    if check:
        for f in faults:
            print("FAILED %s" % f)
        bad = len(faults) + (missing if strict else 0)
        print("%d passed, %d failed" % (max(len(rows) - len(faults), 0), bad))
        sys.exit(bad != 0)


if __name__ == "__main__":
    main()
