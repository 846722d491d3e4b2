#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# bench.sh IMAGE SMALL-IMAGE DIR - instructions per exit from IMAGE with -icount, CSR accesses from a trace of
# SMALL-IMAGE, as one table.
set -u
qemu=${QEMU:-$(sh tests/qemu/tools/install-qemu.sh --bin)/qemu-system-riscv64} || exit 1
machine='-M virt,aclint=on -cpu rv64 -m 1536M -bios none -nographic -no-reboot'
mkdir -p "$3"
# shellcheck disable=SC2086
timeout 100 "$qemu" $machine -icount shift=0 -kernel "$1" </dev/null 2>/dev/null | tr -d '\r' >"$3/counts" || exit 1
# shellcheck disable=SC2086
timeout 200 "$qemu" $machine -accel tcg,thread=single,one-insn-per-tb=on -d exec,nochain -D "$3/trace" -kernel "$2" \
  </dev/null 2>/dev/null | tr -d '\r' >"$3/small" || exit 1
grep '^1 passed, 0 failed' "$3/counts" "$3/small" >/dev/null || { cat "$3/counts" "$3/small"; exit 1; }
python3 tests/qemu/riscv64/vcpu/trace.py "$2" "$3/trace" "$3/counts"
rc=$?
rm -f "$3/trace"
exit $rc
