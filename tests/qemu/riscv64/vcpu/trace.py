#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""trace.py IMAGE TRACE COUNTS - instructions and CSR accesses per exit.

TRACE is QEMU's log of every instruction of IMAGE (bench.c with FEW=8, MANY=16). Its measurements come in pairs between
phase_begin and phase_end; the difference of a pair, divided by eight, is one exit. Instructions below 0x80000000 are the
guest's. COUNTS is what the same program, built with more exits and run with -icount, counted itself: it must agree.
"""
import re
import subprocess
import sys

FEW, MANY = 8, 16


def main():
    image, trace, counts = sys.argv[1:]
    symbols, csrs = {}, set()
    for line in subprocess.run(["riscv64-linux-gnu-objdump", "-d", "-M", "no-aliases", image], check=True,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.splitlines():
        m = re.match(r"([0-9a-f]+) <(\w+)>:", line)
        if m:
            symbols[m[2]] = int(m[1], 16)
        m = re.match(r"\s*([0-9a-f]+):\t[0-9a-f]+\s+(csr\w+)", line)
        if m:
            csrs.add(int(m[1], 16))
    begin, end = symbols["phase_begin"], symbols["phase_end"]
    runs, here = [], None
    for line in open(trace, encoding="ascii", errors="replace"):
        m = re.search(r"\[[0-9a-f]+/([0-9a-f]+)/", line)
        if not m:
            continue
        pc = int(m[1], 16)
        if pc == begin:
            here = [0, 0, 0]
        elif pc == end and here is not None:
            runs.append(here)
            here = None
        elif here is not None:
            here[0] += pc >= 0x80000000
            here[1] += pc in csrs
            here[2] += pc < 0x80000000
    rows = [line.split(" | ")[1:] for line in open(counts, encoding="ascii") if line.startswith("phase | ")]
    if not rows or len(runs) != 2 * len(rows):
        sys.exit(f"{len(runs)} measurements in the trace for {len(rows)} rows")
    passed = failed = 0
    print(f"{'one exit of kind':28} {'instructions':>12} {'traced':>8} {'CSR accesses':>13}")
    for (name, counted), few, many in zip(rows, runs[::2], runs[1::2]):
        traced, csr = ((many[k] - few[k]) / (MANY - FEW) for k in (0, 1))
        # a fault may need one more table: the average of few exits is a little more or less
        ok = traced > 0 and csr >= 1 - ("batch" in name) and abs(traced - int(counted)) <= max(12, traced / 20)
        passed, failed = passed + ok, failed + (not ok)
        print(f"{name:28} {int(counted):12} {traced:8.1f} {csr:13.1f}{'' if ok else '   FAIL'}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
