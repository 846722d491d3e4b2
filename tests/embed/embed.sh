#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# embed.sh OUT FORMAT COMPILER-PREFIX ARCH-DIR DEFINE OPTIMISATION - one format, built freestanding for its target and
# linked with nothing but stubs of host.h. Undefined symbols other than s2_host_ ones are failures.
set -u
out=$1 fmt=$2 prefix=$3 arch=$4 define=$5 opt=$6
cc=${prefix}gcc nm=${prefix}nm ar=${prefix}ar
passed=0 failed=0
say() {
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    printf 'ok   %s %s: %s\n' "$fmt" "$opt" "$2"
  else
    failed=$((failed + 1))
    printf 'FAIL %s %s: %s\n' "$fmt" "$opt" "$2"
  fi
}
if ! command -v "$cc" >/dev/null; then
  printf 'FAIL %s: no %s; install the cross compiler\n0 passed, 1 failed\n' "$fmt" "$cc"
  exit 1
fi
# no calls to memset, memcpy and the like are made up from loops; nothing needs a stack protector or libgcc
flags="-std=c11 -Wall -Wextra -Wpedantic -Werror $opt -ffreestanding -nostdlib -fno-builtin -fno-stack-protector
  -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fno-pic
  -Iinclude -I. $define"
case $fmt in
a64) flags="$flags -mgeneral-regs-only -mno-outline-atomics" ;;
gst) flags="$flags -march=rv64imac -mabi=lp64 -mcmodel=medany" ;;
*) flags="$flags -mno-red-zone -mno-sse -mgeneral-regs-only" ;;
esac
mkdir -p "$out"
rm -f "$out"/*.o "$out"/*.a
built=0
for c in src/*.c "$arch"/control.c "$arch"/flush.c; do
  # shellcheck disable=SC2086
  $cc $flags -c -o "$out/$(basename "$c" .c)-$(basename "$(dirname "$c")").o" "$c" || built=1
done
say $built "builds freestanding"
$ar rcs "$out/libstage2-$fmt.a" "$out"/*.o
# what the objects need of each other is inside the archive; link them to one and look at what is left
${prefix}ld -r -o "$out/all.o" "$out"/*-*.o
left=$($nm --undefined-only --format=posix "$out/all.o" | cut -d ' ' -f 1 | sort -u)
foreign=$(printf '%s\n' "$left" | grep -v '^s2_host_' | grep -v '^_GLOBAL_OFFSET_TABLE_$' | grep . || true)
[ -z "$foreign" ]
say $? "needs s2_host_ only${foreign:+, but also: $(printf '%s' "$foreign" | tr '\n' ' ')}"
# weak s2_host_ functions give way to the host's own (src/host_default.c)
outside=$($nm --defined-only --extern-only --format=posix "$out/all.o" | grep -v '^s2_host_[a-z_]* W' | cut -d ' ' -f 1 |
  grep -v "^s2_${fmt}_" || true)
[ -z "$outside" ]
say $? "defines s2_${fmt}_ names only${outside:+, but also: $(printf '%s' "$outside" | tr '\n' ' ')}"
writable=$($nm --defined-only --format=posix "$out/all.o" | awk '$2 ~ /^[bBdDC]$/ {print $1}')
[ -z "$writable" ]
say $? "has no writable global${writable:+, but: $writable}"
# shellcheck disable=SC2086
$cc $flags -Wl,--gc-sections -Wl,--build-id=none -static -o "$out/minimal" tests/embed/minimal.c \
  tests/embed/host_stub.c "$out/libstage2-$fmt.a" && [ -z "$($nm --undefined-only "$out/minimal")" ]
say $? "the minimal example links"
printf 'text bytes of the whole library: %s\n' "$(${prefix}size "$out/all.o" | awk 'NR == 2 {print $1}')"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
