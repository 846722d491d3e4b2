#!/usr/bin/env python3
"""report.py - which functions a file defines, and what WP's log says about each.

report.py functions FILE [FUNCTION...]        comma-separated list; an unknown name is an error
report.py report LOG FUNCTIONS RC SECONDS     one line per function, the open goals, `N passed, N failed`
report.py open LOG FUNCTIONS                  which of the functions have goals that are not proved
report.py merge LOG AGAIN FUNCTIONS AGAINST   put the goals of the functions AGAINST as AGAIN has them into LOG
report.py smoke LOG FUNCTIONS RC SECONDS all|requires FILE  one line per function, the contradictions, `N passed, N failed`
"""
import os
import re
import sys


def defined(path):
    """Names of the functions whose body is in the file: this project's style puts a body's `{` at the end of a line."""
    if path.endswith(".acsl"):  # ghost functions, whose bodies are annotations; or lemmas, all of them or none
        text = open(path).read()
        return re.findall(r"^  void (\w+)\(", text, flags=re.M) or re.findall(r"^ +(lemma) ", text, flags=re.M)[:1]
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", open(path).read(), flags=re.S)
    text = re.sub(r"^#.*(?:\\\n.*)*$", "", text, flags=re.M)
    found = re.findall(r"^[A-Za-z][\w \t\*]*?\b(\w+)\(([^;{}()]*)\)\s*\{$", text, flags=re.M)
    return [name for name, _ in found]


def functions(path, wanted):
    have = defined(path)
    missing = [w for w in wanted if w not in have]
    if missing or not have:
        sys.exit("%s does not define %s" % (path, ", ".join(missing) or "any function"))
    print(",".join(wanted or have))


# `[wp] [Qed] Goal typed_stage2_NAME : Valid (..)`, `[wp] [CFG] Goal NAME : Valid (..)`, `[wp] [Timeout] Goal typed_..NAME`
GOAL = re.compile(r"^\[wp\] \[([^\]]+)\] Goal (?:typed_)?(?:stage2_)?(\w+)(?: : (\w+))?(.*)$")


def seconds(rest):
    """Qed and prover time of a goal line: `(Qed:4ms) (1.2s)`."""
    total = 0.0
    for text in re.findall(r"\((?:Qed:)?([0-9a-z.' ]+)\)", rest):
        m = re.match(r"^(?:(\d+)')?([\d.]+)(ms|s|)$", text.strip())
        if m and m.group(3):
            total += (60 * int(m.group(1)) if m.group(1) else 0) + float(m.group(2)) / (1000 if m.group(3) == "ms" else 1)
    return total


def owner_of(goal, names):
    """The function of names that the goal belongs to, or None."""
    fits = [n for n in names if goal == n or goal.startswith(n + "_")]
    return max(fits, key=len) if fits else None


SUMMARY = re.compile(r"^\[wp\] Proved goals:\s+(\d+) / (\d+)")


def open_functions(log, names):
    left = set()
    for line in open(log):
        m = GOAL.match(line)
        if m and m.group(3) not in ("Valid", "Passed"):
            left.add(owner_of(m.group(2), names) or names[0])
    print(",".join(n for n in names if n in left))


def merge(log, again, names, redone):
    """LOG with the goals of the functions redone as AGAIN has them; each log must be whole, and have the same goals of them."""
    kept, totals, seen = [], [], []
    for path in (log, again):
        goals, summary = {}, None
        for line in open(path):
            m = GOAL.match(line)
            if m:
                mine = owner_of(m.group(2), names) in redone
                if mine:
                    goals[m.group(2)] = m.group(3)
                if mine == (path == again):
                    kept.append(line)
                    totals.append(m.group(3) in ("Valid", "Passed"))
                continue
            if SUMMARY.match(line):
                summary = line
            elif path == again or not line.startswith("  "):
                kept.append(line)
        seen.append(goals)
        if summary is None:
            sys.exit("%s is not whole" % path)
    if sorted(seen[0]) != sorted(seen[1]):
        sys.exit("the rounds have other goals: %s" % sorted(set(seen[0]) ^ set(seen[1])))
    with open(log, "w") as out:
        out.writelines(kept)
        out.write("[wp] Proved goals: %d / %d\n" % (sum(totals), len(totals)))


def report(log, names, rc, wall):
    stats = {n: [0, 0, 0.0, 0.0] for n in names}
    left, other, assumed = [], [], 0
    scheduled, proved_line = None, None
    for line in open(log):
        m = re.match(r"^\[wp\] (\d+) goals? scheduled", line)
        if m:
            scheduled = int(m.group(1))
        m = SUMMARY.match(line)
        if m:
            proved_line = (int(m.group(1)), int(m.group(2)))
        m = GOAL.match(line)
        if not m:
            m = re.search(r"Memory model hypotheses for function '(\w+)'", line)
            if m:
                other.append("  assumed separation: %s (see the log; make it a requires)" % m.group(1))
                assumed += 1
            # the kernel warns of functions that have neither body nor assigns: only a caller would mind, and its goals fail
            if re.search(r"\[wp\] Warning|Error|error:|fatal|Failure", line) and "Missing RTE" not in line:
                other.append(line.rstrip())
            continue
        prover, goal, result, rest = m.groups()
        s = stats.setdefault(owner_of(goal, names) or "?", [0, 0, 0.0, 0.0])
        t = seconds(rest)
        s[1] += 1
        s[2] += t
        s[3] = max(s[3], t)
        if result in ("Valid", "Passed"):
            s[0] += 1
        else:
            left.append("  open %s: %s %s" % (goal, prover, result or ""))
    done = total = 0
    for name, (ok, n, t, top) in stats.items():
        print("%-7s %7.1fs  max %5.1fs  %s" % ("%d/%d" % (ok, n), t, top, name))
        done, total = done + ok, total + n
    for line in left + other:
        print(line)
    failed = total - done + assumed
    # what the lines above missed must not pass: a crash, a goal without a line, a function without a goal
    if rc != 0 or proved_line is None or proved_line[1] != total or proved_line[0] != done:
        print("log and summary differ: rc %d, summary %s, lines %d/%d, scheduled %s" % (rc, proved_line, done, total, scheduled))
        failed += 1
    failed += sum(1 for n in names if stats[n][1] == 0)
    print("wall %ss" % wall)
    print("%d passed, %d failed" % (done, failed))
    sys.exit(failed != 0)


# `[wp] [Passed] Smoke-test typed_stage2_NAME_wp_smoke_KIND`; of one that proves, a line says where
SMOKE = re.compile(r"^\[wp\] \[(\w+)\] Smoke-test typed_(?:stage2_)?(\w+?)_wp_smoke_(\w+)")
WHERE = re.compile(r"^\[wp\] (\S+):(\d+): Warning: Failed smoke-test")


def unreachable(path):
    """[(text in the line, reason)] of unreachable.txt for the file: code that is there for callers who break a contract."""
    out = []
    for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "unreachable.txt")):
        fields = [f.strip() for f in line.split(" | ")]
        if fields[0] == path:
            out.append((fields[1], fields[2]))
    return out


def smoke(log, names, rc, wall, mode, path):
    allowed = unreachable(path)
    stats = {n: [0, 0] for n in names}
    calls, bad, used, other = [0, 0], [], set(), []
    scheduled, failing = 0, None
    for line in open(log):
        m = re.match(r"^\[wp\] (\d+) goals? scheduled", line)
        if m:
            scheduled = int(m.group(1))
        if re.search(r"\[wp\] Warning|Error|error:|fatal|Failure", line) and "RTE" not in line and "No goal generated" not in line:
            other.append(line.rstrip())
        m = SMOKE.match(line)
        if m:
            verdict, name, kind = m.groups()
            s = calls if kind.startswith("dead_call") else stats.setdefault(name, [0, 0])
            s[1] += 1
            s[0] += verdict == "Passed"
            failing = None if verdict == "Passed" else (s, "%s_wp_smoke_%s" % (name, kind))
            if failing:
                bad.append(failing[1])
            continue
        m = WHERE.match(line)
        if m and failing:
            text = open(m.group(1)).read().split("\n")[int(m.group(2)) - 1]
            reasons = [r for part, r in allowed if part in text]
            bad.pop()
            if reasons and "dead_code" in failing[1]:
                failing[0][0] += 1
                used.add(text)
                print("  known %s:%s: %s" % (m.group(1), m.group(2), reasons[0]))
            else:
                bad.append("%s, %s:%s: %s" % (failing[1], m.group(1), m.group(2), text.strip()))
            failing = None
    for name, (ok, n) in stats.items():
        print("%-7s %s" % ("%d/%d" % (ok, n), name))
    if calls[1]:
        print("%-7s calls" % ("%d/%d" % tuple(calls)))
    for b in bad:
        print("  contradiction: " + b)
    if mode == "all":
        for part, _ in allowed:
            if not any(part in text for text in used):
                bad.append(part)
                print("  unreachable.txt: reached, or gone: " + part)
    done = sum(s[0] for s in stats.values()) + calls[0]
    total = sum(s[1] for s in stats.values()) + calls[1]
    failed = len(bad) + len(other)
    for line in other:
        print(line)
    # a crash, or goals without a line
    if rc != 0 or (total > scheduled if mode == "requires" else total != scheduled):
        print("rc %d, scheduled %d, lines %d" % (rc, scheduled, total))
        failed += 1
    print("wall %ss" % wall)
    print("%d passed, %d failed" % (done, failed))
    sys.exit(failed != 0)


if __name__ == "__main__":
    if sys.argv[1] == "functions":
        functions(sys.argv[2], sys.argv[3:])
    elif sys.argv[1] == "open":
        open_functions(sys.argv[2], sys.argv[3].split(","))
    elif sys.argv[1] == "merge":
        merge(sys.argv[2], sys.argv[3], sys.argv[4].split(","), sys.argv[5].split(","))
    elif sys.argv[1] == "smoke":
        smoke(sys.argv[2], sys.argv[3].split(","), int(sys.argv[4]), *sys.argv[5:8])
    else:
        report(sys.argv[2], sys.argv[3].split(","), int(sys.argv[4]), sys.argv[5])
