#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# boot.sh DIR HV HARTS WANT [BOOTARGS...] - Debian's riscv64 kernel under the hypervisor image HV in QEMU, files in DIR.
#
# WANT ok: the guest says INIT-OK and STRESS-OK, powers off, and the machine ends with code 0. WANT dead: it must not, and
# the guest's kernel or program must have said why (that the hypervisor failed would be another matter).
# Environment: EVICTIONS (set: there must be some), EXITS (a kind that must occur), SAYS (what the hypervisor must say),
# GUESTS (1; with 2 the tree has a UART without interrupt only, and everything is loaded twice), QEMU the program, CPU
# (rv64), BIOS (none), KERNEL_GPA (80200000), ISA_EDIT (sed on riscv,isa), SECONDS_MAX (400).
set -u
dir=$1 hv=$2 harts=$3 want=$4
shift 4
tools=tests/qemu/tools
qemu=${QEMU:-$(sh $tools/install-qemu.sh --bin)/qemu-system-riscv64} || exit 1
linux=$(sh $tools/guest-linux.sh riscv64) || exit 1
gpa=${KERNEL_GPA:-80200000} initrd=8c000000 dtb=8f000000 guests=${GUESTS:-1} step=0x41000000
machine="virt,aclint=on" cpu=${CPU:-rv64}
passed=0 failed=0
say() {
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    printf 'ok   %s\n' "$2"
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$2"
  fi
}
rm -rf "$dir"
mkdir -p "$dir"
# the machine's own device tree, less what the guest must not see: M-mode timers, PMU, power switch, hypervisor extension
timeout 20 "$qemu" -M "$machine,dumpdtb=$dir/guest.dtb" -smp "$harts" -cpu "$cpu" -m 1536M -nographic >/dev/null 2>&1 </dev/null
t=$dir/guest.dtb
fdtput -t x "$t" /memory@80000000 reg 0 "$gpa" 0 "$(printf %x $((0xa0000000 - 0x$gpa)))"
fdtput -t x "$t" /chosen linux,initrd-start 0 $initrd
fdtput -t x "$t" /chosen linux,initrd-end 0 "$(printf %x $((0x$initrd + $(stat -c %s "$linux/initrd.gz"))))"
fdtput -t s "$t" /chosen bootargs "console=ttyS0 earlycon=sbi panic=-1 $*"
h=0
while [ $h -lt "$harts" ]; do
  isa=$(fdtget "$t" /cpus/cpu@$h riscv,isa | sed "s/^\(rv64[a-gi-z]*\)h/\1/${ISA_EDIT:+;$ISA_EDIT}")
  fdtput -t s "$t" /cpus/cpu@$h riscv,isa "$isa"
  fdtput -d "$t" /cpus/cpu@$h riscv,isa-extensions 2>/dev/null
  fdtput -d "$t" /cpus/cpu@$h riscv,isa-base 2>/dev/null
  h=$((h + 1))
done
for node in /poweroff /reboot /pmu /soc/clint@2000000 /soc/mswi@2000000 /soc/mtimer@2004000 /soc/sswi@2f00000; do
  fdtput -r "$t" $node 2>/dev/null
done
loads=''
n=0
while [ $n -lt "$guests" ]; do
  at() { printf '0x%x' $((0x$1 + n * step)); }
  loads="$loads -device loader,file=$linux/kernel,addr=$(at "$gpa"),force-raw=on"
  loads="$loads -device loader,file=$linux/initrd.gz,addr=$(at $initrd),force-raw=on"
  loads="$loads -device loader,file=$t,addr=$(at $dtb),force-raw=on"
  n=$((n + 1))
done
if [ "$guests" != 1 ]; then
  fdtput -d "$t" /chosen stdout-path
  for node in $(fdtget -l "$t" / | grep -vE '^(cpus|memory@.*|chosen|soc)$'); do
    fdtput -r "$t" "/$node"
  done
  for node in $(fdtget -l "$t" /soc | grep -v '^serial@10000000$'); do
    fdtput -r "$t" "/soc/$node"
  done
  fdtput -d "$t" /soc/serial@10000000 interrupts interrupt-parent
fi
start=$(date +%s%3N)
# shellcheck disable=SC2086
timeout "${SECONDS_MAX:-400}" "$qemu" -M "$machine" -smp "$harts" -cpu "$cpu" -m 2048M -bios "${BIOS:-none}" -nographic \
  -no-reboot -kernel "$hv" $loads </dev/null 2>&1 | tr -d '\r' >"$dir/console"
took=$(($(date +%s%3N) - start))
grep -E 'SBI (spec|impl|TIME|IPI|RFENCE|SRST|HSM)|smp: Brought|sstc|plic.*mapped|Kernel panic|Oops|INIT-OK|STRESS|\[hv\]' "$dir/console"
has() { grep -qE "$1" "$dir/console"; }
if [ "$want" = ok ]; then
  for line in 'SBI implementation ID=0x325332' "INIT-OK Linux .* cpus $harts\$" 'STRESS-OK' 'SRST type 0'; do
    [ "$(grep -cE "$line" "$dir/console")" -eq "$guests" ]
    say $? "$line, of each of $guests"
  done
  ! has 'Oops|panic - |FATAL|BUG:|Unable to handle'
  say $? 'no oops'
  if [ -n "${EXITS:-}" ]; then
    has "^\[hv\] $EXITS \| [1-9]"
    say $? "exits of kind $EXITS"
  fi
  if [ -n "${SAYS:-}" ]; then
    has "^\[hv\] $SAYS"
    say $? "the hypervisor says $SAYS"
  fi
  if [ -n "${EVICTIONS:-}" ]; then
    has 'evictions [1-9][0-9]*'
    say $? 'pages were evicted'
  fi
else
  has 'Linux version'
  say $? 'the guest began'
  ! { has 'STRESS-OK' && has 'SRST type 0'; }
  say $? 'and came to harm'
  has 'Oops|panic|Unable to handle|STRESS-BAD|segfault|unhandled signal|FATAL exit|corrupt|BUG|rcu: INFO|Bad page|md5sum'
  say $? 'of which it says'
fi
echo "took $took ms"
[ "$failed" = 0 ] || tail -n 30 "$dir/console"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
