#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""images.py TOOL IMAGE MAP FORMAT SCRATCH: damage an image in many ways; `stage2 check` must refuse each one.

A walker of its own finds tables and leaves. Bits flipped without a new checksum must always be seen; changes with a
correct checksum must be seen for what they are.
"""
import struct
import subprocess
import sys
import zlib

tool, image, mapfile, fmt, scratch = sys.argv[1:6]
good = open(image, "rb").read()
HEADER = 4096
U64 = (1 << 64) - 1
passed = failed = 0


def check(data, *with_map):
    with open(scratch, "wb") as f:
        f.write(data)
    r = subprocess.run([tool, "check", scratch, *with_map], capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr


def expect(name, data, text, *with_map):
    global passed, failed
    rc, out = check(data, *with_map)
    want = 0 if text is None else 1
    if rc == want and (text is None or text in out):
        passed += 1
    else:
        failed += 1
        print(f"FAILED {fmt} {name}: exit {rc}, wanted {want} with '{text}', said:\n{out[:600]}")


def sealed(data):
    data = bytearray(data)
    data[20:24] = b"\0\0\0\0"
    data[20:24] = struct.pack("<I", zlib.crc32(bytes(data)))
    return bytes(data)


def u32(at):
    return struct.unpack_from("<I", good, at)[0]


def u64(at):
    return struct.unpack_from("<Q", good, at)[0]


top, nroot, ntables, root, pool = u32(24), u32(28), u32(52), u32(56), u64(64)
ADDR = {"ept": 0xFFFFFFFFFF000, "npt": 0xFFFFFFFFFF000, "a64": 0xFFFFFFFFF000, "gst": None}[fmt]


def entry(t, s):
    return u64(HEADER + t * 4096 + s * 8)


def with_entry(t, s, e, data=None):
    data = bytearray(good if data is None else data)
    struct.pack_into("<Q", data, HEADER + t * 4096 + s * 8, e & U64)
    return sealed(data)


def address(e):
    return ((e >> 10) & ((1 << 44) - 1)) << 12 if fmt == "gst" else e & ADDR


def moved(e, addr):
    if fmt == "gst":
        return (e & ~(((1 << 44) - 1) << 10)) | (addr >> 12) << 10
    return (e & ~ADDR) | addr


def is_table(e, level):
    if e == 0 or level == 0:
        return False
    if fmt == "a64":
        return e & 3 == 3
    return e & 0xE == 0 if fmt == "gst" else e & 0x80 == 0


leaves, links, empty = [], [], []
todo = [(root + k, top) for k in range(nroot)]
while todo:
    t, level = todo.pop()
    for s in range(512):
        e = entry(t, s)
        if is_table(e, level):
            links.append((t, s, level))
            todo.append(((address(e) - pool) // 4096, level - 1))
        elif e != 0:
            leaves.append((t, s, level))
        else:
            empty.append((t, s, level))
pages = [(t, s) for t, s, level in leaves if level == 0]
page_t, page_s = pages[-1]
free_t, free_s, free_level = next(x for x in empty if x[2] == 0)
link_t, link_s, link_level = next(x for x in links if x[2] < top)  # below the root: any slot is inside the width
link_free = next(s for t, s, level in empty if t == link_t)

expect("as it is", good, None, mapfile)
expect("sealed again", sealed(good), None, mapfile)

# damage without a new checksum
for i in range(0, len(good) * 8, len(good) * 8 // 211 | 1):
    data = bytearray(good)
    data[i // 8] ^= 1 << (i % 8)
    expect(f"bit {i}", bytes(data), "stage2: ")
for i in range(0, 96 * 8, 5):
    data = bytearray(good)
    data[i // 8] ^= 1 << (i % 8)
    expect(f"header bit {i}", bytes(data), "stage2: ")
for n in (0, 1, 7, 8, 95, 96, 4095, 4096, 4097, len(good) - 4096, len(good) - 1):
    expect(f"cut to {n}", good[:n], "stage2: ")
expect("longer", good + b"\0", "truncated, or longer")
expect("a table longer", sealed(good + bytes(4096)), "truncated, or longer")

# headers with a good checksum that do not agree with themselves
for at, value, text in (
    (16, 9, "unknown format"),
    (24, top - 1, "do not belong together"),
    (28, nroot * 2, "do not belong together"),
    (32, 40 if fmt != "a64" else 31, "do not belong together"),
    (32, 0xFFFFFFFF, "do not belong together"),
    (36, 64, "are not this format's"),
    (44, 4, "are not this format's"),
    (40, 0x80000000, "are not this format's"),
    (56, ntables, "root does not lie"),
    (60, 1, "reserved field"),
    (200, 1, "reserved field"),
    (8, 2, "another version"),
):
    data = bytearray(good)
    struct.pack_into("<I", data, at, value)
    expect(f"header {at} = {value}", sealed(data), text)
for at, value, text in (
    (64, pool + 0x800, "do not lie in the host's"),
    (64, U64 & ~0xFFF, "do not lie in the host's"),
    (72, u64(72) + 4096, "root does not lie"),
    (80, u64(80) ^ 0x4000, "register values"),
    (88, u64(88) ^ 0x1000, "register values"),
):
    data = bytearray(good)
    struct.pack_into("<Q", data, at, value)
    expect(f"header {at} = {value:#x}", sealed(data), text)

# tables with a good checksum that no hypervisor should load
page = entry(page_t, page_s)
link = entry(link_t, link_s)
bad = {"ept": 0x2, "npt": 0x1, "a64": 0x1, "gst": 0x5}[fmt]
expect("leaf into the tables", with_entry(page_t, page_s, moved(page, pool)), "maps the tables themselves")
expect("linked twice", with_entry(link_t, link_free, link), "linked already")
expect("linked to the root", with_entry(link_t, link_s, moved(link, pool + root * 4096)), "linked already")
expect("link past the end", with_entry(link_t, link_s, moved(link, pool + ntables * 4096)), "not a table of the image")
expect("link below", with_entry(link_t, link_s, moved(link, pool - 4096)), "not a table of the image")
expect("table cut off", with_entry(link_t, link_s, 0), "nothing links it")
expect("malformed", with_entry(free_t, free_s, bad), "malformed" if fmt != "npt" else "")
for bit in range(64):
    rc, out = check(with_entry(page_t, page_s, page ^ (1 << bit)), mapfile)
    if rc == 0:
        # accessed and dirty are the hardware's to change, the rest is not
        allowed = {"ept": (8, 9), "npt": (5, 6), "a64": (10,), "gst": (6, 7)}[fmt]
        if bit not in allowed:
            failed += 1
            print(f"FAILED {fmt} leaf bit {bit}: accepted")
            continue
    passed += 1

# legal tables that are not what the map says
expect("page gone, no map", with_entry(page_t, page_s, 0), None)
expect("page gone", with_entry(page_t, page_s, 0), "is not mapped", mapfile)
elsewhere = moved(page, address(page) + 0x1000)
expect("page elsewhere", with_entry(page_t, page_s, elsewhere), "leads to host address", mapfile)
readonly = {"ept": page & ~2, "npt": page & ~2, "a64": page & ~(1 << 7), "gst": page & ~4}[fmt]
expect("read-only", with_entry(page_t, page_s, readonly), "is r--", mapfile)
for t, s in ((t, s) for t, s, level in empty if level == 0):
    if s % 37 == 0:
        expect(f"extra page {t}/{s}", with_entry(t, s, page), "names nothing there", mapfile)
for t, s, level in leaves:
    if level > 0 and s % 16 == 0:
        expect(f"block gone {t}/{s}", with_entry(t, s, 0), "is not mapped", mapfile)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
