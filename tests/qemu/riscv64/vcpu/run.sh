#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh IMAGE - a bare-metal test of the vCPU in QEMU; it says `N passed, N failed` itself.
set -u
qemu=${QEMU:-$(sh tests/qemu/tools/install-qemu.sh --bin)/qemu-system-riscv64} || exit 1
out=$(timeout "${SECONDS_MAX:-200}" "$qemu" -M virt,aclint=on -cpu rv64,v=true -m 1536M -bios none -nographic -no-reboot -kernel "$1" \
  </dev/null 2>&1)
rc=$?
printf '%s\n' "$out" | tr -d '\r'
exit $rc
