#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# negative.sh REAL.elf BROKEN.elf [KEY=VALUE...] - Linux must die under a library with one TLBI less; arguments: run.sh.
#
# A panic, an oops or the hypervisor's own audit is proof enough. A hang is one only if the sound library gets through
# the same run with half the CPU time, so the limit grows until it does. Closes with `N passed, N failed`.
set -u
here=$(cd "$(dirname "$0")" && pwd)
real=$1 broken=$2
shift 2
for limit in 12 24 48 96; do
  out=$(sh "$here/run.sh" "$broken" dies=1 "limit=$limit" "$@")
  rc=$?
  printf '%s\n' "$out" | sed '/^[0-9]* passed, /d'
  case $out in
    *'the guest dies: it hangs'*) ;;
    *)
      printf '%s\n' "$out" | tail -n 1
      exit $rc
      ;;
  esac
  printf '%s\n' "-- is half of $limit CPU seconds enough for the sound library?"
  if sh "$here/run.sh" "$real" "limit=$((limit / 2))" "$@"; then
    exit 0
  fi
done
printf 'the sound library did not get through either\n0 passed, 1 failed\n'
exit 1
