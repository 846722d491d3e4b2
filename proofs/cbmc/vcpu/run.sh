#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh NAME [ROOT] - prove proofs/cbmc/vcpu/NAME with every check of proofs/cbmc/flags on, then show by coverage that each
# claim, each case and each line of the table is reached. NAME/options has loop bounds, which are themselves asserted.
# With ROOT, its arch/ and vcpu/ (the generated table) come first.
set -u
name=$1 root=${2:-.} built=build/proofs
PATH=$(sh proofs/tools/install-cbmc.sh --bin):$PATH || exit 2
code=$root/arch/riscv64/vcpu/decode.c
[ -e "$code" ] || code=arch/riscv64/vcpu/decode.c
common="--function harness -I$root -Iinclude -I. -I$built proofs/cbmc/vcpu/$name/harness.c $code"
[ -e "proofs/cbmc/vcpu/$name/options" ] && common="$common $(cat "proofs/cbmc/vcpu/$name/options")"
log=$built/log/vcpu-$name
[ "$root" = . ] || log=$root/log
mkdir -p $built/log
started=$(date +%s%3N)
# shellcheck disable=SC2046,SC2086
timeout 300 cbmc $common $(cat proofs/cbmc/flags) >"$log.prove" 2>&1
grep -q '^VERIFICATION SUCCESSFUL' "$log.prove" ||
  { tail -n 5 "$log.prove"; echo 'NOT PROVED'; grep ': FAILURE$' "$log.prove"; exit 1; }
# shellcheck disable=SC2086
timeout 300 cbmc $common -DS2_COVERAGE --cover location >"$log.cover" 2>&1
grep -q '^\*\* [0-9]* of [0-9]* covered' "$log.cover" || { cat "$log.cover"; echo 'NO COVERAGE'; exit 1; }
# the harness's own places; and each line of the table, judged by the harness that sees all encodings of its length
places="vcpu/$name/harness\.c "
case $name in word) places="$places|function spec32 " ;; half) places="$places|function spec16 " ;; esac
unreached=$(grep -E "($places).*: FAILED\$" "$log.cover")
[ -z "$unreached" ] || { printf 'UNREACHED\n%s\n' "$unreached"; exit 1; }
reached=$(grep -cE "($places).*: SATISFIED\$" "$log.cover")
claims=$(grep -c ': SUCCESS$' "$log.prove")
[ "$reached" -gt 0 ] && [ "$claims" -gt 0 ] || { echo 'UNREACHED: nothing'; exit 1; }
echo "proved $claims claims, reached $reached places, $(($(date +%s%3N) - started)) ms"
