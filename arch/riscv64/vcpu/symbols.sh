#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# symbols.sh PREFIX DIR VCPU-LIBRARY FORMAT-LIBRARY - the freestanding vCPU, linked with the format's library only.
set -u
prefix=$1 dir=$2
shift 2
passed=0 failed=0
none() { # none WHAT LIST
  if [ -z "$2" ]; then
    passed=$((passed + 1)) && printf 'ok   %s\n' "$1"
  else
    failed=$((failed + 1)) && printf 'FAIL %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"
  fi
}
"${prefix}ld" -r -o "$dir/vcpu.o" --whole-archive "$1"
"${prefix}ld" -r -o "$dir/both.o" --whole-archive "$@"
none 'needs s2_host_ and s2_rv_host_ only' \
  "$("${prefix}nm" --undefined-only --format=posix "$dir/both.o" | cut -d ' ' -f 1 | grep -vE '^s2_(rv_)?host_' || true)"
none 'defines s2_rv_ names only' \
  "$("${prefix}nm" --defined-only --extern-only --format=posix "$dir/vcpu.o" | cut -d ' ' -f 1 | grep -v '^s2_rv_' || true)"
none 'has no writable global' \
  "$("${prefix}nm" --defined-only --format=posix "$dir/vcpu.o" | awk '$2 ~ /^[bBdDC]$/ {print $1}')"
none 'no floating point outside enter.S' \
  "$("${prefix}objdump" -d "$1" | awk '/file format/ {f = $1} f !~ /enter/ && $3 ~ /^(c\.)?f(l|s)[wd]/ {print f, $3}')"
printf 'text bytes of the vCPU: %s\n' "$("${prefix}size" "$dir/vcpu.o" | awk 'NR == 2 {print $1}')"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
