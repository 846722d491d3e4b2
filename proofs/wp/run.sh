#!/bin/sh
# run.sh FILE [FUNCTION...] - prove the contracts of the functions of FILE (a source or a header), or of those named, with
# WP. Prints `proved/total seconds slowest function` each, the goals left open, and `N passed, N failed`. Run from the root
# of the tree. Environment: TIMEOUT seconds per goal and prover, PROVERS, PAR goals at a time, CACHE=none proves all afresh,
# WPFLAGS more options, LOG where the log goes.
set -u
if [ $# -lt 1 ]; then
  sed -n 's/^# //p' "$0" | head -n 4 >&2
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
*.acsl) # ghost functions over the tree
  src=$dir/$base.c
  printf '#include "tree.h"\n' >"$src" ;;
*.h)
  src=$dir/$base.c
  printf '#include "%s"\n' "$(echo "$file" | sed 's,^include/,,; s,^src/,,')" >"$src" ;;
esac
functions=$(python3 proofs/wp/report.py functions "$file" "$@") || exit 1
select="-wp-fct $functions"
[ "$functions" != lemma ] || select= # lemmas are goals of no function
start=$(date +%s)
# shellcheck disable=SC2086
frama-c -no-unicode -c11 -machdep gcc_x86_64 -kernel-warn-key annot-error=abort \
  -cpp-extra-args='-Iinclude -Ispecs -I. -Isrc' "$src" \
  -wp -wp-rte -warn-unsigned-overflow -wp-model Typed -wp-driver specs/stage2.driver \
  -wp-prover "${PROVERS:-cvc4,Z3:4.8.12}" -wp-timeout "${TIMEOUT:-20}" -wp-par "${PAR:-2}" -wp-cache "${CACHE:-update}" -wp-cache-dir "$dir/cache" \
  $select -wp-status-all ${WPFLAGS:-} >"$log" 2>&1
rc=$?
python3 proofs/wp/report.py report "$log" "$functions" $rc $(($(date +%s) - start))
