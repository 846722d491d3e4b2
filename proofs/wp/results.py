#!/usr/bin/env python3
"""results.py - what `make prove` left behind, function by function, and what is missing.

results.py table LOGDIR             the table: one line per function with its goals, clause names and theorems
results.py check LOGDIR COMMITTED   the table equals the committed one, no hole; closes with `N passed, N failed`
results.py holes                    every function of the library is proved or listed as open, every theorem has its clauses
results.py cache LOGDIR             one line per proved goal of the prover cache, for proofs/results/cache.txt
results.py unpack FILE DIR          the same back into a cache that WP reads
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from report import GOAL, defined  # noqa: E402

# what a goal is, by the end of its name; the first that fits
KINDS = [
    ("rte", r"_assert_rte_(?:unsigned|signed)_overflow"),
    ("rte", r"_assert_rte_"),
    ("ends", r"_(?:terminates|exits|loop_variant)"),
    ("frame", r"_(?:loop_)?assigns"),
    ("calls", r"_call_\w+_requires"),
    ("loops", r"_loop_invariant"),
    ("steps", r"_assert"),
    ("ensures", r"_ensures"),
]


def lines(name):
    for line in open(os.path.join(HERE, name)):
        line = line.split("#")[0].strip()
        if line:
            yield line


def proved():
    """(file, [functions]) of proved.txt, in its order; no functions means all of the file."""
    out = []
    for line in lines("proved.txt"):
        path, *names = line.split()
        out.append((path, names or defined(path)))
    return out


def opened():
    """{(file, function)} of open.txt"""
    return {(line.split()[0], n) for line in lines("open.txt") for n in line.split()[1:]}


def theorems():
    """[(theorem, file, function, [clauses])] of theorems.txt"""
    return [(w[0], w[1], w[2], w[3:]) for w in (line.split() for line in lines("theorems.txt"))]


def library():
    """{file: [functions]}: all that has a body in the library itself."""
    files = subprocess.run("ls src/*.c src/*.h include/stage2/*.h arch/riscv64/vcpu/*.[ch]", shell=True, capture_output=True, text=True).stdout.split()
    return {f: defined(f) for f in files}


def kind_of(rest):
    for kind, pattern in KINDS:
        if re.search(pattern, rest):
            return kind
    return "other"


def goals(logdir):
    """{(file, function): {kind: count, "names": set of ensures, "open": list}} from the logs of `make prove`"""
    out = {}
    for path, names in proved():
        stats = {n: {"names": set(), "open": []} for n in names}
        log = os.path.join(logdir, path.replace("/", "_") + ".log")
        for line in open(log):
            m = GOAL.match(line)
            if not m:
                continue
            goal, result = m.group(2), m.group(3)
            owner = [n for n in names if goal == n or goal.startswith(n + "_")]
            if not owner:
                continue
            s = stats[max(owner, key=len)]
            rest = goal[len(max(owner, key=len)):]
            kind = kind_of(rest)
            s[kind] = s.get(kind, 0) + 1
            if kind == "ensures":
                s["names"].add(re.sub(r"_(?:part)?\d+$", "", rest.split("ensures", 1)[1]).strip("_") or "unnamed")
            if result not in ("Valid", "Passed"):
                s["open"].append(goal)
        for n in names:
            out[(path, n)] = stats[n]
    return out


def table(logdir):
    marks = {}
    for theorem, path, function, _ in theorems():
        marks.setdefault((path, function), []).append(theorem)
    out = []
    for (path, function), s in goals(logdir).items():
        counts = ["%s %d" % (k, s[k]) for k in ("rte", "ends", "frame", "calls", "loops", "steps", "ensures", "other") if k in s]
        names = ",".join(sorted(s["names"]))
        under = " ".join(sorted(set(["T0"] + marks.get((path, function), [])), key=lambda t: int(t[1:])))
        out.append("%s %s: %s [%s] %s" % (path, function, ", ".join(counts), names, under))
    return out


def holes():
    """Sentences, one per hole."""
    out = []
    have = library()
    done = {(f, n) for f, names in proved() for n in names}
    left = opened()
    for path, names in have.items():
        for n in names:
            if ((path, n) in done) == ((path, n) in left):
                out.append("%s %s: %s" % (path, n, "proved and open" if (path, n) in done else "neither proved nor listed as open"))
    for path, n in left:
        if n not in have.get(path, []):
            out.append("open.txt: %s has no %s" % (path, n))
    for path, n in done:
        if not path.startswith(("specs/", "proofs/")) and n not in have.get(path, []):
            out.append("proved.txt: %s has no %s" % (path, n))
    for theorem, path, function, _ in theorems():
        if (path, function) not in done:
            out.append("theorems.txt: %s rests on %s %s, which is not proved" % (theorem, path, function))
    return out


def verdict(passed, failures):
    for f in failures:
        print("  " + f)
    print("%d passed, %d failed" % (passed, len(failures)))
    sys.exit(len(failures) != 0)


def check(logdir, committed):
    failures = holes()
    found = goals(logdir)
    for key, s in found.items():
        failures += ["not proved: " + g for g in s["open"]]
        if not any(k in s for k in ("ends", "frame")):
            failures.append("%s %s has no goal" % key)
    for theorem, path, function, clauses in theorems():
        missing = [c for c in clauses if c not in found.get((path, function), {"names": set()})["names"]]
        failures += ["%s: %s %s proves no `%s`" % (theorem, path, function, c) for c in missing]
    now, then = table(logdir), [line.rstrip("\n") for line in open(committed)]
    failures += ["not in the committed results: " + line for line in now if line not in then]
    failures += ["committed, but not now: " + line for line in then if line not in now]
    verdict(len(found) + len(theorems()), failures)


def pack(logdir):
    directory = os.path.join(logdir, "cache")
    for name in sorted(os.listdir(directory)):
        if name.endswith(".json"):
            entry = json.load(open(os.path.join(directory, name)))
            if entry.get("verdict") == "valid":
                print(name[: -len(".json")], json.dumps(entry, sort_keys=True))


def unpack(path, directory):
    os.makedirs(directory, exist_ok=True)
    for line in open(path):
        name, entry = line.split(" ", 1)
        with open(os.path.join(directory, name + ".json"), "w") as f:
            f.write(entry)


if __name__ == "__main__":
    command, *args = sys.argv[1:] or [""]
    if command == "table":
        print("\n".join(table(*args)))
    elif command == "check":
        check(*args)
    elif command == "holes":
        verdict(len(library()), holes())
    elif command == "cache":
        pack(*args)
    elif command == "unpack":
        unpack(*args)
    else:
        sys.exit(__doc__)
