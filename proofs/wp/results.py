#!/usr/bin/env python3
"""results.py - what `make prove` left behind, function by function, and what is missing.

results.py table LOGDIR             the table: one line per function with its goals, clause names and theorems
results.py check LOGDIR COMMITTED   the table equals the committed one, no hole; closes with `N passed, N failed`
results.py holes                    every function of the library is proved or listed as open, every theorem has its clauses, every
                                    mutant its function and line
results.py times LOGDIR             who proved how much of each function, and in how many seconds; nobody compares these
results.py cache LOGDIR             one line per goal that the last `make prove` proved, for proofs/results/cache.txt
results.py unpack FILE DIR          the same back into a cache that WP reads
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from report import GOAL, defined, owner_of, seconds  # noqa: E402

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


def lemmas(path):
    """How many lemmas the file states: each is believed by every proof that reads it."""
    return len(re.findall(r"^ *(?:/\*@ *)?lemma \w+", open(path).read(), flags=re.M))


def kind_of(rest):
    for kind, pattern in KINDS:
        if re.search(pattern, rest):
            return kind
    return "other"


def log_of(logdir, path):
    """The lines of the file's log; none if `make prove` has not been there."""
    log = os.path.join(logdir, path.replace("/", "_") + ".log")
    return open(log).read().split("\n") if os.path.exists(log) else []


def goals(logdir):
    """{(file, function): {kind: count, "names": set of ensures, "open": list}} from the logs of `make prove`"""
    out = {}
    for path, names in proved():
        stats = {n: {"names": set(), "open": []} for n in names}
        for line in log_of(logdir, path):
            m = GOAL.match(line)
            if not m:
                continue
            goal, result = m.group(2), m.group(3)
            owner = owner_of(goal, names)
            if not owner:
                continue
            s = stats[owner]
            rest = goal[len(owner):]
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
    out, all_goals = [], 0
    for (path, function), s in goals(logdir).items():
        counts = ["%s %d" % (k, s[k]) for k in ("rte", "ends", "frame", "calls", "loops", "steps", "ensures", "other") if k in s]
        all_goals += sum(v for v in s.values() if isinstance(v, int))
        names = ",".join(sorted(s["names"]))
        under = " ".join(sorted(set(["T0"] + marks.get((path, function), [])), key=lambda t: int(t[1:])))
        out.append("%s %s: %s [%s] %s" % (path, function, ", ".join(counts), names, under))
    out.append("%d functions, %d goals, all proved" % (len(out), all_goals))
    return out


def times(logdir):
    """Sentences for people: per function the goals of each prover and its seconds, as measured by the last run."""
    out = []
    for path, names in proved():
        stats = {n: {} for n in names}
        for line in log_of(logdir, path):
            m = GOAL.match(line)
            owner = owner_of(m.group(2), names) if m else None
            if owner:
                s = stats[owner].setdefault(m.group(1), [0, 0.0])
                s[0] += 1
                s[1] += seconds(m.group(4))
        for n in stats:
            each = ["%s %d in %.1fs" % (p, c, t) for p, (c, t) in sorted(stats[n].items())]
            out.append("%s %s: %s" % (path, n, ", ".join(each)))
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
    stating = subprocess.run("ls specs/*.acsl specs/logic/*.acsl proofs/*/*.acsl proofs/laws/*.c 2>/dev/null", shell=True, capture_output=True, text=True)
    for path in stating.stdout.split() + list(have):
        if lemmas(path) and (path, "lemma") not in done:
            out.append("%s states lemmas and is not in proved.txt for them" % path)
    for theorem, path, function, _ in theorems():
        if (path, function) not in done:
            out.append("theorems.txt: %s rests on %s %s, which is not proved" % (theorem, path, function))
    return out


def mutants():
    """[(where, file, function, sed script)] of the lists in mutants/ """
    out = []
    for name in sorted(os.listdir(os.path.join(HERE, "mutants"))):
        for line in open(os.path.join(HERE, "mutants", name)):
            if line.strip() and not line.startswith("#"):
                w = line.rstrip("\n").split(" | ")
                out.append(("%s %s" % (name, w[0]), w[1], w[2], w[3]))
    return out


def stale():
    """Sentences, one per mutant that no longer fits the source: a name that went, a line that changed."""
    out, have = [], {}
    for where, path, function, script in mutants():
        if function not in have.setdefault(path, defined(path)):
            out.append("%s: %s has no %s" % (where, path, function))
        broken = subprocess.run(["sed", script, path], capture_output=True, text=True).stdout
        if broken in ("", open(path).read()):
            out.append("%s changes nothing" % where)
    return out


def verdict(passed, failures):
    for f in failures:
        print("  " + f)
    print("%d passed, %d failed" % (passed, len(failures)))
    sys.exit(len(failures) != 0)


def check(logdir, committed):
    if not os.path.exists(committed) or os.path.getsize(committed) == 0:
        verdict(0, ["%s is missing or empty: `make prove prove-accept` writes it" % committed])
    failures = holes()
    found = goals(logdir)
    for path in dict.fromkeys(p for p, _ in proved()):
        if not log_of(logdir, path):
            failures.append("no log of %s: run `make prove` first" % path)
    for key, s in found.items():
        failures += ["not proved: " + g for g in s["open"]]
        if key[1] == "lemma":
            if s.get("other", 0) != lemmas(key[0]):
                failures.append("%s states %d lemmas, %d are proved" % (key[0], lemmas(key[0]), s.get("other", 0)))
        elif "ends" not in s and "frame" not in s:
            failures.append("%s %s has no goal" % key)
    for theorem, path, function, clauses in theorems():
        missing = [c for c in clauses if c not in found.get((path, function), {"names": set()})["names"]]
        failures += ["%s: %s %s proves no `%s`" % (theorem, path, function, c) for c in missing]
    now, then = table(logdir), [line.rstrip("\n") for line in open(committed)]
    failures += ["not in the committed results: " + line for line in now if line not in then]
    failures += ["committed, but not now: " + line for line in then if line not in now]
    verdict(len(found) + len(theorems()), failures)


def pack(logdir):
    directory, stamp = os.path.join(logdir, "cache"), os.path.join(logdir, "started")
    started = os.path.getmtime(stamp) if os.path.exists(stamp) else 0
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        # what is older is of goals that are no more
        if name.endswith(".json") and os.path.getmtime(path) >= started:
            # WP writes 4. for 4.0, which is no JSON
            entry = json.loads(re.sub(r"(\d\.)(?=\s*[,}])", r"\g<1>0", open(path).read()))
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
        left = ["%s %s: no goal or an open one" % k for k, v in goals(*args).items() if v["open"] or len(v) == 2]
        if left:
            sys.exit("\n".join(left))
        print("\n".join(table(*args)))
    elif command == "times":
        print("\n".join(times(*args)))
    elif command == "check":
        check(*args)
    elif command == "holes":
        verdict(len(library()) + len(mutants()), holes() + stale())
    elif command == "cache":
        pack(*args)
    elif command == "unpack":
        unpack(*args)
    else:
        sys.exit(__doc__)
