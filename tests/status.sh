#!/bin/sh
# status.sh - one line per kind of evidence, passed of total, from the last results.
root=${RESULTS_ROOT:-build/results}
if [ ! -d "$root" ]; then
  echo 'no results yet: run make check'
  exit 0
fi
# line TITLE KIND...: sums the results of the kinds
line() {
  title=$1
  shift
  for kind in "$@"; do
    find "$root" -path "*/$kind/*" -type f ! -name '*.log' ! -path '*/under-coverage/*' -exec cat {} +
  done | awk -v t="$title" '{p += $1; f += $2; s += $3} END {
    if (NR == 0) { printf "  %-12s not run\n", t } else { printf "  %-12s %d of %d passed (%d s)\n", t, p, p + f, s } }'
}
printf '\nevidence, from the last results\n'
line tests unit model tool
line fuzz fuzz
line embedded embed
line benchmarks bench
line lint lint build
line contracts contracts
for kind in harnesses goals smoke mutants judges; do
  if find "$root" -path "*/$kind/*" -type f 2>/dev/null | grep -q .; then
    line "$kind" "$kind"
  else
    printf '  %-12s none yet\n' "$kind"
  fi
done
