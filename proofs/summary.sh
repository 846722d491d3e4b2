#!/bin/sh
# summary.sh RESULTS FORMATS SECONDS - what the proofs of bits and geometry amount to, per format and per kind.
set -u
results=$1 formats=$2 seconds=$3
# sum KIND PREFIX: "passed total" over the checks of a kind whose name begins so
sum() {
  find "$results/$1" -name "$2*" -type f ! -name '*.log' -exec cat {} + 2>/dev/null |
    awk '{ p += $1; f += $2 } END { printf "%d %d", p, p + f }'
}
printf '\n  %-8s %12s %8s %8s %9s %15s\n' format harnesses claims places seconds 'mutants killed'
for f in $formats; do
  set -- $(sum harnesses "$f-") $(sum mutants "$f-")
  lines=$(cat build/proofs/log/"$f"-*.line 2>/dev/null |
    awk '{ c += $2; r += $3; t += $4 } END { printf "%d %d %.1f", c, r, t / 1000 }')
  set -- "$@" $lines
  printf '  %-8s %9d/%-2d %8d %8d %9s %11d/%-3d\n' "$f" "$1" "$2" "$5" "$6" "$7" "$3" "$4"
done
set -- $(sum mutants flag-) $(sum mutants layout-)
printf '  CBMC flags that see their fault %d/%d, layouts refused %d/%d\n' "$1" "$2" "$3" "$4"
for kind in "$results"/*/; do
  kind=$(basename "$kind")
  case $kind in harnesses | mutants | goals | laws | walks) ;; *) continue ;; esac
  set -- $(sum "$kind" '')
  printf '  %-10s %d of %d\n' "$kind" "$1" "$2"
done
printf '  %s seconds in all\n' "$seconds"
