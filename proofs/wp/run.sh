#!/bin/sh
# run.sh FILE [FUNCTION...] - prove the contracts of the functions of FILE (a source or a header), or of those named, with
# WP. Prints `proved/total seconds slowest function` each, the goals left open, and `N passed, N failed`. Run from the root
# of the tree. Environment: TIMEOUT seconds per goal and prover, PROVERS, PAR goals at a time, CACHE=none proves all afresh,
# WPFLAGS more options, LOG where the log goes, QUICK seconds for a first round by the first prover alone. SMOKE=all asks
# instead, of each function, whether its requires, the invariants of a loop or what a call promises contradict each other,
# and whether a statement is never reached: such a smoke goal must not prove. SMOKE=requires asks about the requires only.
# A smoke goal gets STEPS of one prover: as many on any machine.
set -u
if [ $# -lt 1 ]; then
  sed -n 's/^# //p' "$0" | head -n 8 >&2
  exit 2
fi
file=$1
shift
WHY3CONFIG=$(sh proofs/why3/config.sh) || exit 1
export WHY3CONFIG
dir=${WPDIR:-build/wp}
mkdir -p "$dir/cache"
base=$(echo "$file" | tr / _)
log=${LOG:-$dir/$base.log}
# a header is proved in a source file that has nothing else
src=$file
case $file in
*/areas.acsl) # lemmas of the area set
  src=$dir/$base.c
  printf '#include "stage2/area.h"\n' >"$src" ;;
*/area_lemmas.acsl)
  src=$dir/$base.c
  printf '#include "stage2/area.h"\n#include "logic/area_lemmas.acsl"\n' >"$src" ;;
*/table_lemmas.acsl) # lemmas of the page table
  src=$dir/$base.c
  printf '#include "stage2/table.h"\n#include "logic/table_lemmas.acsl"\n' >"$src" ;;
*/space_lemmas.acsl)
  src=$dir/$base.c
  printf '#include "stage2/space.h"\n#include "logic/area_lemmas.acsl"\n#include "logic/space_lemmas.acsl"\n' >"$src" ;;
*.acsl) # ghost functions over the tree
  src=$dir/$base.c
  printf '#include "tree.h"\n' >"$src" ;;
*.h)
  src=$dir/$base.c
  printf '#include "%s"\n' "$(echo "$file" | sed 's,^include/,,; s,^src/,,')" >"$src" ;;
esac
functions=$(python3 proofs/wp/report.py functions "$file" "$@") || exit 1
select="-wp-fct $functions"
# lemmas are goals of no function, but of the file that they are in
[ "$functions" != lemma ] || select="-wp-prop $(sed -nE 's,^ *(/\*@ *)?lemma ([A-Za-z0-9_]+).*,\2,p' "$file" | paste -sd, -)"
rte="-wp-rte -warn-unsigned-overflow"
provers=${PROVERS:-cvc4,Z3:4.8.12}
if [ -n "${SMOKE:-}" ]; then
  [ "$functions" != lemma ] || select=
  # there is no category for smoke goals: all others are left out, one at a time
  out=
  for category in lemma requires assigns ensures exits assert invariant variant decreases check breaks continues returns \
    complete_behaviors disjoint_behaviors; do
    out=$out,-@$category
  done
  case $SMOKE in
  # WP looks for smoke goals only where it has another one to prove: terminates is the quickest
  requires) smoke="-wp-no-smoke-dead-code -wp-no-smoke-dead-call -wp-no-smoke-dead-loop -wp-prop=${out#,}" ;;
  *) smoke="-wp-prop=${out#,},-@terminates" ;;
  esac
  select="$select -wp-smoke-tests -wp-smoke-timeout 20 -wp-steps ${STEPS:-100000} $smoke"
  rte=
fi
start=$(date +%s)
# wp LOG PROVERS TIMEOUT PAR CACHE SELECTION...: one start of Frama-C
wp() {
  to=$1 by=$2 limit=$3 par=$4 cache=$5
  shift 5
  # shellcheck disable=SC2086
  frama-c -no-unicode -c11 -machdep gcc_x86_64 -kernel-warn-key annot-error=abort \
    -cpp-extra-args='-Iinclude -Ispecs -I. -Isrc' "$src" \
    -wp $rte -wp-model Typed -wp-driver specs/stage2.driver \
    -wp-prover "$by" -wp-timeout "$limit" -wp-par "$par" -wp-cache "$cache" -wp-cache-dir "$dir/cache" \
    "$@" -wp-status-all ${WPFLAGS:-} >"$to" 2>&1
}
if [ -n "${SMOKE:-}" ]; then
  # shellcheck disable=SC2086
  wp "$log" cvc4 20 "${PAR:-2}" none $select
  python3 proofs/wp/report.py smoke "$log" "$functions" $? $(($(date +%s) - start)) "$SMOKE" "$file"
  exit
fi
if [ -z "${QUICK:-}" ]; then
  # shellcheck disable=SC2086
  wp "$log" "$provers" "${TIMEOUT:-20}" "${PAR:-2}" "${CACHE:-update}" $select
  rc=$?
else
  # WP writes each goal down once per prover, which takes longer than most proofs, and waits between them: the first prover
  # alone, two goals at a time. For the functions that have goals left all provers as quickly, then with all the time: what
  # one of them proves at once must not wait until another has given up. Not from the cache: Z3 out of time is "Failed", which
  # the cache would answer however much more time there is
  # shellcheck disable=SC2086
  wp "$log" "${provers%%,*}" "$QUICK" 2 "${CACHE:-update}" $select
  rc=$?
  for within in "$QUICK" "${TIMEOUT:-20}"; do
    again=$(python3 proofs/wp/report.py open "$log" "$functions")
    if [ $rc -ne 0 ] || [ -z "$again" ]; then
      break
    fi
    [ "$functions" = lemma ] || select="-wp-fct $again"
    # shellcheck disable=SC2086
    wp "$log.again" "$provers" "$within" "${PAR:-2}" rebuild $select
    rc=$?
    python3 proofs/wp/report.py merge "$log" "$log.again" "$functions" "$again" || rc=1
  done
fi
python3 proofs/wp/report.py report "$log" "$functions" $rc $(($(date +%s) - start))
