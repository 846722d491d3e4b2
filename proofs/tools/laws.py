#!/usr/bin/env python3
"""laws.py - every axiom of specs/logic, every law that WP gets from Why3 and every contract of a format that WP
believes, with what realises it.

laws.py                  the table
laws.py --check          the same checked: an axiom nobody realises, a geometry symbol that specs/stage2.driver does not
                         tie, a theory whose laws no model proves, a law of entries or a contract of format.h without a
                         harness in each format; a law without a mutant in each format that its harness kills
                         (proofs/negative), a contract without one in any: each is a failure
laws.py --write          writes the harness files that are missing (the mutants are for hands)
laws.py --results DIR    the same, and each of those harnesses has left its result in DIR, all passed and none failed
"""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True  # a check leaves nothing in the tree
import acsl

ELSEWHERE = ("specs/*.h", "include/stage2/*.h", "src/*.h", "src/*.c", "src/*/*.c", "arch/*.h", "arch/*/*/*.[ch]",
             "proofs/wp/*.acsl")
FORMATS = ("ept", "npt", "a64", "gst")

# Axioms that define a symbol: why there is such a function. With a name after `|`, specs/definitions.mlw has the model.
DEFINITIONS = {
    "Zero_elim": "Zero is `every entry is 0`; the two axioms are the two halves of that equivalence | Zero",
    "Zero_intro": "Zero is `every entry is 0`; the two axioms are the two halves of that equivalence | Zero",
    "cnt_0": "cnt is a sum, by recursion on n | Sum",
    "cnt_S": "cnt is a sum, by recursion on n | Sum",
    "census_0": "census is a sum, by recursion on n | Sum",
    "census_S": "census is a sum, by recursion on n | Sum",
    "tally_is": "tally is census at the size of the pool | Sum",
    "from_end": "tables_from is a sum over the runs of leaves of a map, by recursion on what is left of its range | Plan",
    "from_pos": "a sum of counts | Plan",
    "from_run": "the recursion's step: a run's length is the most that table and range hold, so there is one | Plan",
    "clear_end": "Clear is a conjunction over the same runs | Plan",
    "clear_run": "the recursion's step | Plan",
    "from_same": "the sum is over what the paths of its range say | Plan",
    "clear_same": "so is the conjunction | Plan",
    "total_0": "total is a sum, by recursion on p | Sum",
    "total_S": "total is a sum, by recursion on p | Sum",
    "idx_def": "idx is found by a search from the end | Idx",
    "idx_all": "idx is found by a search from the end | Idx",
    "win_def": "win is the last window that starts at or before g | Win",
    "child_at": "child_ix is that quotient where the table lies above the pool's start | Child",
    "child_no": "and -1 below it | Child",
    "child_is": "pte_child is child_ix at the pool's address, which is all it reads | Child",
    "pay_d": "pay numbers the triples of integers, which are as many as the integers; pay_delta takes one apart",
    "pay_a": "pay numbers the triples of integers, which are as many as the integers; pay_attr takes one apart",
    "pay_b": "pay numbers the triples of integers, which are as many as the integers; pay_backend takes one apart",
    "pay_e": "pay numbers the triples of integers, every integer one triple: a bijection",
}


def strip(text):
    """Without comments, but with the annotations that comments are."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"/\*(?!@).*?\*/", "", text, flags=re.S)
    return text


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


HARNESS = """/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/common/model.h"

void harness(void) {
  %s();
}
"""


def write(fmt, harness, function):
    path = "proofs/cbmc/%s/%s/harness.c" % (fmt, harness)
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write(HARNESS % function)


def state(fmt, harness, results):
    """there, missing, green, red or not run: what is known of a harness of one format."""
    if not os.path.exists("proofs/cbmc/%s/%s/harness.c" % (fmt, harness)):
        return "missing"
    if results is None:
        return "there"
    try:
        passed, failed = open("%s/%s-%s" % (results, fmt, harness)).read().split()[:2]
    except OSError:
        return "not run"
    return "green" if int(passed) > 0 and int(failed) == 0 else "red"


def main():
    results = sys.argv[sys.argv.index("--results") + 1] if "--results" in sys.argv else None
    check = "--check" in sys.argv or results is not None
    rows, faults = [], []
    counts = {}

    mutants = {f: re.findall(r" \| (\w+)$", open("proofs/negative/%s.txt" % f).read(), flags=re.M) for f in FORMATS}

    def by_harness(name, where, harness):
        """A row for what a harness in each format proves."""
        if "--write" in sys.argv:
            for f in FORMATS:
                write(f, harness, harness.replace("contract_", "contract_s2_"))
        tried = [f for f in FORMATS if harness in mutants[f]]
        if not tried or (harness.startswith("law_") and tried != list(FORMATS)):
            faults.append("%s: no mutant for %s in proofs/negative" % (name, harness))
        states = {f: state(f, harness, results) for f in FORMATS}
        for f in FORMATS:
            counts[states[f]] = counts.get(states[f], 0) + 1
            if states[f] not in ("there", "green"):
                faults.append("%s: harness %s of %s: %s" % (name, harness, f, states[f]))
        rows.append((name, where, "harness %s: %s" % (harness, ", ".join("%s %s" % fs for fs in states.items()))))

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
                    by_harness(a, where, "law_" + a)
                else:
                    rows.append((a, where, "NOTHING"))
                    faults.append("%s: nothing realises it" % a)

    # what WP believes stands in specs/logic, where the loop above sees it, and nowhere else
    for path in sorted(sum((glob.glob(g) for g in ELSEWHERE), [])):
        for a in re.findall(r"\baxiom (\w+)\s*[:{]", strip(open(path).read())):
            faults.append("%s: an axiom in %s" % (a, path))

    try:
        acsl.main("include/stage2/format.h", "specs/logic/entry.acsl")
        believed = [c[0] for c in acsl.contracts("include/stage2/format.h")]
    except ValueError as e:
        faults.append("cannot be made into C: %s" % e)
        believed = []
    for function in believed:
        by_harness(function, "format.h", "contract_" + function[len("s2_"):])

    for row in rows:
        print("%-18s %-20s %s" % row)
    print("%d laws and contracts; harnesses: %s" % (len(rows), ", ".join("%d %s" % (n, w) for w, n in counts.items())))
    if check:
        for f in faults:
            print("FAILED %s" % f)
        print("%d passed, %d failed" % (max(len(rows) - len(faults), 0), len(faults)))
        sys.exit(bool(faults))


if __name__ == "__main__":
    main()
