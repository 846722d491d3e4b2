#!/bin/sh
# check.sh - everything: build with gcc and clang, run every test, and close with `N passed, N failed`.
# Each stage runs even if an earlier one failed. Results stay in build/results for `make status`.
set -u
export RESULTS_ROOT=build/results
rm -rf "$RESULTS_ROOT"
mkdir -p "$RESULTS_ROOT"
started=$(date +%s)
jobs=$(nproc 2>/dev/null || echo 2)

# stage NAME make-arguments...: one make, whose checks leave their lines in RESULTS_ROOT/NAME
stage() {
  name=$1
  shift
  printf '\n== %s (%ss)\n' "$name" "$(($(date +%s) - started))"
  mkdir -p "$RESULTS_ROOT/$name"
  if ! ${MAKE:-make} --no-print-directory -j"$jobs" -k RESULTS="$RESULTS_ROOT/$name" "$@"; then
    # a check that failed has left its line; a build that failed has not
    if ! grep -rqsE '^[0-9]+ [1-9][0-9]* ' "$RESULTS_ROOT/$name" --include='*'; then
      mkdir -p "$RESULTS_ROOT/$name/build"
      printf '0 1 0\n' >"$RESULTS_ROOT/$name/build/$name"
      printf '  FAIL    %s: make failed\n' "$name"
    fi
  fi
}

stage gcc CC=gcc all check-unit check-model check-tool check-bench
stage clang CC=clang all check-unit check-model check-tool
stage sanitizers CC=clang SAN=1 all check-unit check-model check-tool
stage embedded CC=gcc check-embed
stage fuzz CC=clang check-fuzz
stage qemu CC=gcc check-qemu
stage lint CC=gcc lint
stage contracts CC=gcc check-contracts
stage bits CC=gcc prove-bits
stage prove CC=gcc prove
stage results CC=gcc prove-results
stage mutants CC=gcc prove-mutants
stage smoke CC=gcc prove-requires
stage coverage CC=gcc coverage

sh tests/status.sh
total=$(find "$RESULTS_ROOT" -type f ! -name '*.log' ! -path '*/under-coverage/*' -exec cat {} + | awk '{p += $1; f += $2} END {printf "%d passed, %d failed", p, f}')
printf '\nchecked in %ss\n%s\n' "$(($(date +%s) - started))" "$total"
case $total in *', 0 failed') exit 0 ;; esac
exit 1
