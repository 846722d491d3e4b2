#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""walks.py FILE...: in each JSON walk the named fields cover every bit of every entry once, and put together again they
are the entry; levels count down by one; only the last entry is not a table."""
import json
import sys

passed = failed = 0


def expect(what, good):
    global passed, failed
    passed += 1 if good else 0
    failed += 0 if good else 1
    if not good:
        print("FAILED", what)


for name in sys.argv[1:]:
    for walk in json.load(open(name))["walks"]:
        where = f"{name} {walk['format']} {walk['gpa']}"
        steps = walk["steps"]
        levels = [s["level"] for s in steps]
        expect(where + " levels", levels == list(range(levels[0], levels[-1] - 1, -1)))
        expect(where + " tables", all(s["kind"] == "table" for s in steps[:-1]) and steps[-1]["kind"] != "table")
        expect(where + " end", walk["mapped"] == (steps[-1]["kind"] == "leaf"))
        for s in steps:
            if s["kind"] == "empty":
                expect(where + " empty", int(s["entry"], 16) == 0)
                continue
            bits, value = 0, 0
            once = True
            for f in s["fields"]:
                mask = ((1 << (f["hi"] - f["lo"] + 1)) - 1) << f["lo"]
                once = once and bits & mask == 0
                bits |= mask
                value |= int(f["value"], 16) << f["lo"]
            expect(f"{where} level {s['level']} every bit once", once and bits == (1 << 64) - 1)
            expect(f"{where} level {s['level']} fields make the entry", value == int(s["entry"], 16))
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
