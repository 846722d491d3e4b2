#!/bin/sh
# run.sh FORMAT NAME [ROOT] - prove one harness of proofs/walk with every check on, then show by coverage that each of
# its cases is reached. NAME: made, any, translate (query.c), map, unmap, between
# (core.c). With ROOT, what that folder has of the
# tree comes first (mutants).
set -u
format=$1 name=$2 root=${3:-.}
unwind=6
case $name in
  made) file=query define=ENTRIES_MADE calls=s2_entry_read:model_read ;;
  any) file=query define=ENTRIES_ANY calls=s2_entry_read:model_read ;;
  translate) file=query define=TRANSLATE calls=s2_pos_at:model_pos ;;
  map) file=core define=MAP calls=core ;;
  unmap) file=core define=UNMAP calls=core ;;
  between) file=core define=MAP calls=core ;;
  *) echo "no such harness: $name" && exit 2 ;;
esac
ends=none limits=''
if [ "$calls" = core ]; then
  calls='s2_entry_read:model_read s2_entry_write:model_write s2_hidden_write:model_write s2_entry_break:model_break
    zero_table:model_zero give_marked:model_give unmap_wide:model_wide'
  limits='--nondet-static --unwindset clear_run.0:2'
  # the level where the path of the page ends: the leaf table is there, or the root alone; `between`: the others
  case $name-$format in
    unmap-*) ends=0 ;;
    map-ept | map-npt) ends='0 3' ;;
    map-*) ends='0 2' ;;
    between-ept | between-npt) ends='1 2' ;;
    between-*) ends=1 ;;
  esac
fi
case $format in
  ept) fmt=EPT ;;
  npt) fmt=NPT ;;
  a64) fmt=A64 ;;
  gst) fmt=GST ;;
  *) echo "no such format: $format" && exit 2 ;;
esac
PATH=$(sh proofs/tools/install-cbmc.sh --bin):$PATH || exit 2
dir=build/proofs/walk
out=$dir/$format-$name
[ "$root" = . ] || out=$root/$name
mkdir -p "$dir"
replace=''
for c in $calls; do replace="$replace --replace-calls $c"; done

# limited COMMAND...: 300 seconds of processor time, however busy the machine is
limited() {
  (ulimit -t 300 && exec timeout 3000 "$@")
}
# build SUFFIX FLAG...: $out.SUFFIX
build() {
  suffix=$1
  shift
  source=$root/proofs/walk/$file.c
  [ -e "$source" ] || source=proofs/walk/$file.c
  goto-cc -std=c11 -DS2_FORMAT_$fmt -D$define "$@" -I"$root/include" -Iinclude -I"$root" -I. -o "$out.gb" "$source" \
    >"$out.build" 2>&1 &&
    goto-instrument $replace "$out.gb" "$out.$suffix" >>"$out.build" 2>&1 || { cat "$out.build"; exit 1; }
}

# of a mutant one refuted claim is enough
stop=''
[ "$root" = . ] || stop=--stop-on-fail
claims=0 cases=0
for end in $ends; do
  more=''
  [ "$end" = none ] || more="-DEND=$end"
  build prove $more
  limited cbmc "$out.prove" $(cat proofs/cbmc/flags) --slice-formula --unwind $unwind $limits $stop >"$out.log" 2>&1
  grep -q '^VERIFICATION SUCCESSFUL' "$out.log" || {
    echo "NOT PROVED $more"
    grep ': FAILURE$' "$out.log"
    sed -n '/^Violated property:/,/^$/p' "$out.log"
    exit 1
  }
  claims=$((claims + $(grep -c ': SUCCESS$' "$out.log")))
  build cover -DCOVER $more
  limited cbmc "$out.cover" --no-standard-checks --slice-formula --unwind $unwind $limits \
    --cover cover >"$out.cover.log" 2>&1
  unreached=$(grep ': FAILED$' "$out.cover.log")
  [ -z "$unreached" ] || { printf 'UNREACHED %s: an assumption empties a case\n%s\n' "$more" "$unreached"; exit 1; }
  reached=$(grep -c ': SATISFIED$' "$out.cover.log")
  [ "$reached" -gt 0 ] || { echo "UNREACHED $more: nothing"; exit 1; }
  cases=$((cases + reached))
done
echo "proved $claims claims, reached $cases cases"
