#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh HV.elf [KEY=VALUE...] - boot Linux under the hypervisor once, and judge the run by its console.
#
#   cpu, smp, gic               of QEMU's virt machine (cortex-a72, 1, 2)
#   resident blocks pieces      frames, 2 MiB leaves, single pages out of blocks: see struct config in hv.h (0: all)
#   round hardware              faults per round of dirty logging (0: none), by hardware or by write protection
#   features vmid               S2_FEAT_ bits and VMID
#   workers files rounds        the memory stress of tests/qemu/tools/guest-init.sh
#   limit                       CPU seconds of QEMU after which the guest counts as hanging (60): load does not matter
#   want='NAME>=N NAME<=N ...'  counters the hypervisor prints, with bounds that show that the hard case was there
#   dies=1                      the opposite: this guest must be seen dying, see negative.sh
#
# QEMU names the emulator (qemu-system-aarch64). Closes with `N passed, N failed`.
set -u
here=$(cd "$(dirname "$0")" && pwd)
elf=$1
shift
cpu=cortex-a72 smp=1 gic=2 resident=0 blocks=0 pieces=0 round=0 hardware=0 features=0 vmid=1
workers=2 files=6 rounds=1 limit=60 want='' dies=0
for pair in "$@"; do
  case ${pair%%=*} in
    cpu | smp | gic | resident | blocks | pieces | round | hardware | features | vmid | workers | files | rounds | \
      limit | want | dies)
      eval "${pair%%=*}=\${pair#*=}"
      ;;
    *)
      printf 'run.sh: %s?\n' "$pair" >&2
      exit 2
      ;;
  esac
done
qemu=${QEMU:-qemu-system-aarch64}
linux=$(sh "$here/../../tools/guest-linux.sh" arm64) || { printf '0 passed, 1 failed\n'; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
machine="-M virt,virtualization=on,gic-version=$gic -cpu $cpu -smp $smp -m 1536M -nographic -no-reboot"
size() { stat -c %s "$1"; }

# every message from the start on, death at the first fault, and no alarm that a slow host alone could raise
arguments='console=ttyAMA0 earlycon=pl011,0x9000000 panic=-1 oops=panic nowatchdog rcupdate.rcu_cpu_stall_suppress=1'

# QEMU's own device tree, with less memory and our initramfs. Memory is what hv.h says it is.
device_tree() {
  # shellcheck disable=SC2086
  $qemu $machine -M "dumpdtb=$tmp/dtb" </dev/null >"$tmp/dumpdtb.log" 2>&1
  [ -s "$tmp/dtb" ] || { cat "$tmp/dumpdtb.log"; return 1; }
  begin=$((0x4c000000)) end=$((0x4c000000 + $(size "$linux/initrd.gz")))
  fdtput -t x "$tmp/dtb" /memory@40000000 reg 0 40000000 0 1e000000 &&
    fdtput -t x "$tmp/dtb" /chosen linux,initrd-start 0 "$(printf %x $begin)" &&
    fdtput -t x "$tmp/dtb" /chosen linux,initrd-end 0 "$(printf %x $end)" &&
    fdtput -t s "$tmp/dtb" /chosen bootargs \
      "$arguments workers=$workers files=$files rounds=$rounds"
}

# struct config of hv.h, word by word, and the three images: what QEMU's loader puts into memory
loads() {
  address=$((0x43fff000))
  for word in $resident $blocks $pieces $round $hardware $features $vmid \
    "$(size "$linux/kernel")" "$(size "$linux/initrd.gz")" "$(size "$tmp/dtb")"; do
    printf ' -device loader,addr=%d,data=%d,data-len=8' $address "$word"
    address=$((address + 8))
  done
  printf ' -device loader,addr=0x44000000,force-raw=on,file=%s' "$linux/kernel"
  printf ' -device loader,addr=0x47000000,force-raw=on,file=%s' "$linux/initrd.gz"
  printf ' -device loader,addr=0x47800000,force-raw=on,file=%s' "$tmp/dtb"
}

passed=0 failed=0
verdict() { # verdict EXIT-CODE TEXT
  if [ "$1" -eq 0 ]; then
    passed=$((passed + 1))
    printf 'ok   %s\n' "$2"
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$2"
  fi
}
has() { # has TEXT: a line of the console holds it
  grep -q -F -- "$1" "$tmp/console"
  verdict $? "$1"
}
value() { sed -n 's/^\[hv\] .* '"$1"'=\([0-9]*\).*/\1/p' "$tmp/console" | tail -n 1; }
bound() { # bound NAME>=N | NAME<=N
  is=$(value "${1%%[<>]*}")
  case $1 in
    *'>='*) [ "${is:--1}" -ge "${1##*=}" ] ;;
    *) [ -n "$is" ] && [ "$is" -le "${1##*=}" ] ;;
  esac
  verdict $? "$1 (is ${is:-not there})"
}

device_tree || { printf '0 passed, 1 failed\n'; exit 1; }
started=$(date +%s%N)
# shellcheck disable=SC2046,SC2086
(ulimit -t "$limit" && exec timeout -k 5 600 $qemu $machine -kernel "$elf" $(loads)) </dev/null >"$tmp/raw" 2>&1 &
pid=$!
# early in its boot a kernel that panics only stops
while kill -0 $pid 2>/dev/null; do
  sleep 0.2
  if grep -q 'end Kernel panic' "$tmp/raw"; then kill $pid; fi
done
wait $pid
rc=$?
times >"$tmp/times"
tr -d '\r' <"$tmp/raw" >"$tmp/console"
cat "$tmp/console"
printf 'exit %s after %s ms (CPU: %s), %s, %s\n' $rc $((($(date +%s%N) - started) / 1000000)) \
  "$(tail -n 1 "$tmp/times")" "$($qemu --version | head -n 1)" \
  "$(grep linux "$linux/version")"
if [ "$dies" = 1 ]; then
  # it has to start, or something else was broken than what was meant
  has '[hv] loaded:'
  sign=$(grep -m 1 -E 'Kernel panic|Oops|Internal error|Unable to handle|FATAL|STRESS-BAD' "$tmp/console")
  if [ -z "$sign" ] && [ $rc -ne 0 ] && ! grep -q -F 'STRESS-OK' "$tmp/console"; then
    sign="it hangs, exit $rc"
  fi
  [ -n "$sign" ]
  verdict $? "the guest dies: ${sign:-it does not}"
else
  has '[hv] loaded:'
  has 'CPU: All CPU(s) started at EL1'
  has 'psci: PSCIv1'
  has 'INIT-OK Linux'
  has "cpus $smp"
  has 'STRESS-OK'
  has '[hv] audit ok:'
  has '[hv] power off'
  [ $rc -eq 0 ] && ! grep -q -E 'Kernel panic|Oops|FATAL|STRESS-BAD|BUG:' "$tmp/console"
  verdict $? 'nothing was amiss'
  for b in $want; do
    bound "$b"
  done
fi
printf '%s passed, %s failed\n' $passed $failed
[ $failed -eq 0 ]
