#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""objdump.py TABLE DECODER OBJDUMP COUNT DIR - the decoder and the table against binutils.

DECODER is a program that answers `kind width reg length sign fp` for each encoding on its input. All 65536 halfwords
that are compressed, and COUNT random words (half of them with the major opcode of a load, store or AMO), are put through
OBJDUMP -M no-aliases. Three judges must agree on each: objdump, the decoder, the table. Its own list of mnemonics below
is what objdump calls a load or store of RV64GC; other extensions' (Zcb, V, Q, Zfh, cache operations) are none.
"""
import random
import re
import struct
import subprocess
import sys

X = ["zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"] + [f"a{i}" for i in range(8)] + \
    [f"s{i}" for i in range(2, 12)] + ["t3", "t4", "t5", "t6"]
F = [f"ft{i}" for i in range(8)] + ["fs0", "fs1"] + [f"fa{i}" for i in range(8)] + [f"fs{i}" for i in range(2, 12)] + \
    [f"ft{i}" for i in range(8, 12)]
WIDTH = {"b": 1, "h": 2, "w": 4, "d": 8}
BASE = {f"l{w}": (1, WIDTH[w], int(w != "d"), 0) for w in "bhwd"}
BASE.update({f"l{w}u": (1, WIDTH[w], 0, 0) for w in "bhw"})
BASE.update({f"s{w}": (2, WIDTH[w], 0, 0) for w in "bhwd"})
BASE.update({f"fl{w}": (1, WIDTH[w], 0, 1) for w in "wd"})
BASE.update({f"fs{w}": (2, WIDTH[w], 0, 1) for w in "wd"})
for a in "lr sc amoswap amoadd amoxor amoand amoor amomin amomax amominu amomaxu".split():
    for w in "wd":
        for order in ("", ".aq", ".rl", ".aqrl"):
            BASE[f"{a}.{w}{order}"] = (3, WIDTH[w], 0, 0)
for name in ("lw", "ld", "sw", "sd", "fld", "fsd"):
    BASE["c." + name] = BASE["c." + name + "sp"] = BASE[name]
MAJOR = (0x03, 0x07, 0x23, 0x27, 0x2f)


def objdump(tool, codes, size, path):
    with open(path, "wb") as out:
        for c in codes:
            out.write(struct.pack("<H" if size == 2 else "<I", c))
    text = subprocess.run([tool, "-D", "-b", "binary", "-m", "riscv:rv64", "-M", "no-aliases", path], check=True,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    at = {}
    for line in text.splitlines():
        m = re.match(r"\s*([0-9a-f]+):\t([0-9a-f]+)\s+\t?(\S+)(?:\t(\S+))?", line)
        if m:
            at[int(m[1], 16)] = (m[2], m[3], m[4] or "")
    for i, c in enumerate(codes):
        code, name, operands = at[i * size]
        assert int(code, 16) == c, (hex(c), code)
        kind = BASE.get(name)
        reg = operands.split(",")[0]
        if kind is None or (name.startswith("c.") != (size == 2)):
            yield 0, 0, 0, 0, 0, 0
        else:
            yield kind[0], kind[1], (F if kind[3] else X).index(reg), size, kind[2], kind[3]


def table_says(rows, code, size):
    for name, mask, match, kind, width, fill, file, high, low, plus, nonzero in rows:
        if (match & 3 == 3) == (size == 4) and code & mask == match:
            reg = (code >> low & (1 << high - low + 1) - 1) + plus
            if not (nonzero and reg == 0):
                return ("none", "load", "store", "atomic").index(kind), width, reg, size, int(fill == "sign"), \
                    int(file == "f")
    return 0, 0, 0, 0, 0, 0


def read_rows(path):
    out = subprocess.run([sys.executable, "proofs/cbmc/vcpu/table.py", path, "--names"], check=True,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    for line in out.splitlines():
        w = line.split()
        yield (w[0], int(w[1], 16), int(w[2], 16), w[3], int(w[4]), w[5], w[6], *map(int, w[7:]))


def main():
    table, decoder, tool, count, folder = sys.argv[1:]
    rows = list(read_rows(table))
    rng = random.Random(0x5332)
    halves = [c for c in range(1 << 16) if c & 3 != 3]
    words = [rng.getrandbits(32) & ~0x7f | rng.choice(MAJOR) for _ in range(int(count) // 2)]
    words += [c | 3 for c in (rng.getrandbits(32) for _ in range(int(count) - len(words))) if c & 0x1f != 0x1f]
    words = [c for c in words if c & 0x1c != 0x1c]  # bits 4:2 all ones: longer than four bytes
    passed = failed = found = 0
    for size, codes in ((2, halves), (4, words)):
        answers = subprocess.run([decoder], check=True, capture_output=True, text=True,
                                 input="".join(f"{size} {c:x}\n" for c in codes)).stdout.splitlines()
        assert len(answers) == len(codes)
        for c, theirs, ours in zip(codes, objdump(tool, codes, size, f"{folder}/codes{size}.bin"), answers):
            ours = tuple(int(v) for v in ours.split())
            if theirs == ours == table_says(rows, c, size):
                passed += 1
                found += theirs[0] != 0
            else:
                failed += 1
                if failed <= 20:
                    print(f"{c:#x}: objdump {theirs} decoder {ours} table {table_says(rows, c, size)}")
    print(f"{len(halves)} halfwords, {len(words)} words, {found} loads and stores among them")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0 or found == 0)


main()
