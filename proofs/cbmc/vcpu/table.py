#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""table.py TABLE [--names] - specs/riscv_loads_stores.txt as an executable specification in C, or as plain rows.

Refused: a match outside its mask, two lines that fit one encoding, a field outside the encoding, an unknown word.
With --names each row is `name mask match kind width fill file high low plus nonzero`, for the comparison with objdump.
"""
import sys

KINDS = {"load": "S2_RV_INSN_LOAD", "store": "S2_RV_INSN_STORE", "atomic": "S2_RV_INSN_ATOMIC"}
FILLS = ("sign", "zero", "box", "full", "-")


def fail(number, why):
    sys.exit(f"line {number}: {why}")


def parse(path):
    rows = []
    for number, line in enumerate(open(path, encoding="ascii"), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) < 8:
            fail(number, "too few words")
        name, mask, match, kind, width, fill, file, field = words[:8]
        rest = words[8:]
        bits = {10: 32, 6: 16}.get(len(mask)) or fail(number, "a mask has eight or four digits")
        if len(match) != len(mask):
            fail(number, "mask and match differ in length")
        mask, match, width = int(mask, 16), int(match, 16), int(width)
        place, _, plus = field.partition("+")
        high, low = (int(b) for b in place.split(":"))
        nonzero = rest[:1] == ["nonzero"]
        rest = rest[nonzero:]
        base = rest[1] if rest[:1] == ["="] and len(rest) == 2 else None
        if rest and base is None:
            fail(number, f"unknown: {' '.join(rest)}")
        if match & ~mask:
            fail(number, "match outside mask")
        if kind not in KINDS or fill not in FILLS or file not in "xf" or width not in (1, 2, 4, 8):
            fail(number, "unknown kind, fill, file or width")
        if (kind == "load") != (fill != "-"):
            fail(number, "a load, and only a load, says how it fills the register")
        if not bits > high > low >= 0 or mask >> low & ((1 << high - low + 1) - 1):
            fail(number, "the register field overlaps the mask")
        if (bits == 16) != (base is not None):
            fail(number, "a compressed instruction, and no other, expands to one")
        if (match & 3 == 3) != (bits == 32) or mask & 3 != 3:
            fail(number, "bits 1:0 say the length")
        rows.append(dict(name=name, bits=bits, mask=mask, match=match, kind=kind, width=width, fill=fill, file=file,
                         high=high, low=low, plus=int(plus or 0), nonzero=nonzero, base=base, number=number))
    for i, a in enumerate(rows):
        for b in rows[:i]:
            if a["bits"] == b["bits"] and (a["match"] ^ b["match"]) & a["mask"] & b["mask"] == 0:
                fail(a["number"], f"{a['name']} and {b['name']} fit one encoding")
            if a["name"] == b["name"]:
                fail(a["number"], f"{a['name']} twice")
    named = {r["name"]: r for r in rows}
    for r in rows:
        if r["base"]:
            b = named.get(r["base"]) or fail(r["number"], "expands to an unknown instruction")
            if [b[k] for k in ("kind", "width", "fill", "file")] != [r[k] for k in ("kind", "width", "fill", "file")]:
                fail(r["number"], "does not do what it expands to")
    return rows, named


def function(rows, bits):
    print(f"static inline struct s2_rv_insn spec{bits}(uint{bits}_t i) {{")
    print("  struct s2_rv_insn r = {0, 0, 0, 0, false, false};")
    for r in (r for r in rows if r["bits"] == bits):
        reg = f"(((uint32_t)i >> {r['low']}) & {(1 << r['high'] - r['low'] + 1) - 1}u) + {r['plus']}u"
        extra = f" && {reg} != 0" if r["nonzero"] else ""
        print(f"  if ((i & 0x{r['mask']:x}u) == 0x{r['match']:x}u{extra}) {{ /* {r['name']} */")
        print("    SEEN;")
        print(f"    r.kind = {KINDS[r['kind']]}; r.width = {r['width']}; r.length = {bits // 8};")
        print(f"    r.reg = (uint8_t)({reg});")
        print(f"    r.sign = {'true' if r['fill'] == 'sign' else 'false'};"
              f" r.fp = {'true' if r['file'] == 'f' else 'false'};")
        print("  }")
    print("  return r;\n}\n")


def expansion(rows, named):
    print("/* What a compressed load or store expands to, with register fields and immediate 0; 0 for any other. */")
    print("static inline uint32_t spec_expands(uint16_t i) {")
    for r in (r for r in rows if r["base"]):
        print(f"  if ((i & 0x{r['mask']:x}u) == 0x{r['match']:x}u) return 0x{named[r['base']]['match']:x}u;")
    print("  return 0;\n}\n")


def main():
    rows, named = parse(sys.argv[1])
    if "--names" in sys.argv:
        for r in rows:
            print(r["name"], f"{r['mask']:x}", f"{r['match']:x}", r["kind"], r["width"], r["fill"], r["file"],
                  r["high"], r["low"], r["plus"], int(r["nonzero"]))
        return
    print(f"/* Generated from {sys.argv[1]} by proofs/cbmc/vcpu/table.py. */")
    for bits in (32, 16):
        function(rows, bits)
    expansion(rows, named)
    print(f"#define SPEC_ROWS {len(rows)}u")


main()
