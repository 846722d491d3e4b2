#!/bin/sh
# run.sh FORMAT FUNCTION [ROOT] - prove proofs/cbmc/FORMAT/FUNCTION with every check on, then show by coverage that each
# claim and each case of it can be reached. With ROOT, what that folder has of arch/, proofs/ and bits/ comes first
# (mutants).
set -u
format=$1 function=$2 root=${3:-.}
case $format in
  ept) define=EPT arch=arch/x86_64/ept ;;
  npt) define=NPT arch=arch/x86_64/npt ;;
  a64) define=A64 arch=arch/aarch64/stage2 ;;
  gst) define=GST arch=arch/riscv64/gstage ;;
  *) echo "no such format: $format" && exit 2 ;;
esac
PATH=$(sh proofs/tools/install-cbmc.sh --bin):$PATH || exit 2
sources=proofs/cbmc/$format/$function/harness.c
control=$root/$arch/control.c
[ -e "$control" ] || control=$arch/control.c
[ "$function" = root ] && sources="$sources $control"
common="--function harness -DS2_FORMAT_$define -I$root/include -Iinclude -I$root -I. -Ibuild/proofs $sources"
log=build/proofs/log/$format-$function
[ "$root" = . ] || log=$root/log
mkdir -p build/proofs/log
rm -f "$log.line"
# limited COMMAND...: 120 seconds of processor time, however busy the machine is
limited() {
  (ulimit -t 120 && exec timeout 1200 "$@")
}
started=$(date +%s%3N)

limited cbmc $common $(cat proofs/cbmc/flags) 2>&1 | tee "$log.prove"
grep -q '^VERIFICATION SUCCESSFUL' "$log.prove" || { echo 'NOT PROVED'; grep ': FAILURE$' "$log.prove"; exit 1; }

limited cbmc $common -DS2_COVERAGE --cover location >"$log.cover" 2>&1
grep -q '^\*\* [0-9]* of [0-9]* covered' "$log.cover" || { cat "$log.cover"; echo 'NO COVERAGE'; exit 1; }
# the check functions are the harness; the specification and the code may have branches that this property does not need
harness='(proofs/cbmc/common/(entry|geometry|control)\.h |function (every|law|contract)_)'
unreached=$(grep -E "$harness.*: FAILED\$" "$log.cover")
[ -z "$unreached" ] || { printf 'UNREACHED: an assumption empties a case\n%s\n' "$unreached"; exit 1; }
reached=$(grep -cE "$harness.*: SATISFIED\$" "$log.cover")
claims=$(grep -c ': SUCCESS$' "$log.prove")
[ "$reached" -gt 0 ] || { echo 'UNREACHED: nothing'; exit 1; }
printf '%s %s %s %s\n' "$format-$function" "$claims" "$reached" $(($(date +%s%3N) - started)) >"$log.line"
echo "proved $claims claims, reached $reached places"
