#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# long.sh JUDGE FILE ADDRESSES SEED... - a long comparison as several shorter ones, one per seed, whose figures add up.
#
# JUDGE: what follows `judge-` in the name of the check (riscv64, aarch64-at, npt, ept, ...). FILE gets a line for each
# seed that passed: judge, seed, operations, refused operations, addresses, answers, mismatches, seconds of processor
# time. A seed that FILE already has is left out, so that a run which was stopped goes on where it was. Ends with the
# sums; fails at the first seed that does not pass.
set -eu
judge=$1 file=$2 addresses=$3
shift 3
clock=$file.clock.$$
trap 'rm -f "$clock"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$(dirname "$file")"
touch "$file"

# processor time of the commands so far, in whole seconds: spent
take_clock() {
  times >"$clock"
  spent=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); n += t[1] * 60 + t[2] } print int(n) }' "$clock")
}

for seed in "$@"; do
  ! grep -q "^$judge $seed " "$file" || continue
  take_clock
  before=$spent
  "${MAKE:-make}" --no-print-directory "judge-$judge" JUDGE_ADDRESSES="$addresses" JUDGE_SEED="$seed" \
    RESULTS="$file.results" </dev/null
  take_clock
  # the shapes' lines have what was refused, the last line the rest
  awk -v judge="$judge" -v seed="$seed" -v seconds=$((spent - before)) '
    /^ok .* refused, / { for (i = 1; i <= NF; i++) if ($i == "refused,") refused += $(i - 1) }
    /^judged: / { line = $2 " " refused " " $4 " " $6 " " $8 }
    END { print judge, seed, line, seconds; exit line == "" }' "$file.results/judges/$judge.log" >>"$file"
done
awk -v judge="$judge" '
  $1 == judge { n++; for (i = 3; i <= 8; i++) s[i] += $i }
  END {
    printf "long run of %s: %d seeds, %.0f operations, %.0f refused, %.0f addresses, %.0f answers, %.0f mismatches, ", \
      judge, n, s[3], s[4], s[5], s[6], s[7]
    printf "%.0f s\n", s[8]
  }' "$file"
