#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# instr.sh BENCH OUT [bench arguments] - retired instructions per operation, then the table with both.
#
# The bench runs once under callgrind, which collects inside measured() alone and writes one dump per call; the bench's
# own `order` lines say which call was which. Setup, verification and other columns are therefore not in any figure.
set -eu
bench=$1 out=$2
shift 2
command -v valgrind >/dev/null || { echo "bench-instr: valgrind is not installed" >&2; exit 1; }
rm -rf "$out.dumps"
mkdir -p "$out.dumps"
valgrind -q --tool=callgrind --collect-atstart=no --toggle-collect=measured --dump-after=measured \
  --callgrind-out-file="$out.dumps/cg" "$bench" --once "$@" >"$out.order" || { cat "$out.order"; exit 1; }
n=0
grep '^order ' "$out.order" | while read -r _ key column ops; do
  n=$((n + 1))
  total=$(sed -n 's/^summary: *\([0-9]*\).*/\1/p' "$out.dumps/cg.$n")
  awk -v k="$key" -v c="$column" -v t="$total" -v o="$ops" 'BEGIN {printf "%s %s %.2f\n", k, c, t / o}'
done >"$out"
rm -rf "$out.dumps"
"$bench" --instr "$out" "$@"
