# SPDX-License-Identifier: Apache-2.0 OR MIT
"""newc.py INIT BUSYBOX OUT - an initramfs: init, busybox, the console, the seed of the memory stress and its MD5 sums.

The archive is cpio's "newc" as the kernel's Documentation/driver-api/early-userspace/buffer-format describes it. It is
written here because it needs a device node without being root, and the same bytes on each machine.
"""
import gzip
import hashlib
import random
import sys

SEED_BYTES = 1 << 20
TURN = 12289  # file f starts at byte TURN * (1 + f) of the seed: no two files have a page in common
WORKERS = FILES = 8
DIR, FILE, LINK, CHAR = 0o040755, 0o100755, 0o120777, 0o020600


class Archive:
    def __init__(self):
        self.out = bytearray()
        self.inode = 0

    def pad(self):
        self.out += bytes(-len(self.out) % 4)

    def add(self, name, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        self.out += b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        self.pad()
        self.out += data
        self.pad()


def main(init, busybox, out):
    seed = random.Random(2).randbytes(SEED_BYTES)
    a = Archive()
    for name in ("bin", "dev", "proc", "tmp"):
        a.add(name, DIR)
    a.add("dev/console", CHAR, rdev=(5, 1))
    with open(busybox, "rb") as f:
        a.add("bin/busybox", FILE, f.read())
    a.add("bin/sh", LINK, b"busybox")
    with open(init, "rb") as f:
        a.add("init", FILE, f.read())
    a.add("seed", FILE, seed)
    for w in range(WORKERS):
        lines = ""
        for k in range(FILES):
            turn = (1 + w * FILES + k) * TURN
            lines += f"{hashlib.md5(seed[turn:] + seed[:turn]).hexdigest()}  /tmp/{w}.{k}\n"
        a.add(f"sums.{w}", FILE, lines.encode())
    a.add("TRAILER!!!", 0)
    with open(out, "wb") as f:
        f.write(gzip.compress(bytes(a.out), 6, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
