#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# installed.sh DIR COMPILER-PREFIX MAKE... - `make install` into DIR; a hypervisor is then built in another folder from what
# lies there only: the headers, the freestanding G-stage library and the vCPU.
set -u
out=$1 prefix=$2
shift 2
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
rm -rf "$out"
mkdir -p "$out/user"
root=$(cd "$out" && pwd)
"$@" install DESTDIR="$root" PREFIX=/usr >"$out/log" 2>&1
say $? 'make install'
cp tests/embed/vcpu.c "$out/user/"
cd "$out/user" || exit 1
flags='-std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -ffreestanding -nostdlib -fno-stack-protector -fno-pic -fno-pie
  -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -DS2_FORMAT_GST'
# shellcheck disable=SC2086
"${prefix}gcc" $flags -I"$root/usr/include" -c -o vcpu.o vcpu.c
say $? 'compiles against the installed headers'
# shellcheck disable=SC2086
"${prefix}gcc" $flags -static -no-pie -Wl,--build-id=none -Wl,--gc-sections -Wl,--no-warn-rwx-segments -o vcpu vcpu.o \
  -L"$root/usr/lib/riscv64" -lstage2-vcpu -lstage2-gst
say $? 'links with the installed libraries'
[ -e vcpu ] && [ -z "$("${prefix}nm" --undefined-only vcpu)" ]
say $? 'needs nothing else'
for name in s2_rv_run s2_rv_switch s2_gst_fault; do
  "${prefix}nm" vcpu | grep -q " T $name\$"
  say $? "has $name"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
