#!/usr/bin/env python3
"""report.py - which functions a file defines, and what WP's log says about each.

report.py functions FILE [FUNCTION...]        comma-separated list; an unknown name is an error
report.py report LOG FUNCTIONS RC SECONDS     one line per function, the open goals, `N passed, N failed`
"""
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


def report(log, names, rc, wall):
    stats = {n: [0, 0, 0.0, 0.0] for n in names}
    left, other, assumed = [], [], 0
    scheduled, proved_line = None, None
    for line in open(log):
        m = re.match(r"^\[wp\] (\d+) goals? scheduled", line)
        if m:
            scheduled = int(m.group(1))
        m = re.match(r"^\[wp\] Proved goals:\s+(\d+) / (\d+)", line)
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
        owner = [n for n in names if goal == n or goal.startswith(n + "_")]
        s = stats[max(owner, key=len)] if owner else stats.setdefault("?", [0, 0, 0.0, 0.0])
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


if __name__ == "__main__":
    if sys.argv[1] == "functions":
        functions(sys.argv[2], sys.argv[3:])
    else:
        report(sys.argv[2], sys.argv[3].split(","), int(sys.argv[4]), sys.argv[5])
