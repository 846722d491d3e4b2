#!/bin/sh
# run.sh FORMAT NAME - prove one harness of proofs/walk with every check on, then show by coverage that each of its cases
# is reached. NAME: made, any, translate (query.c), map, unmap (core.c).
set -u
format=$1 name=$2
unwind=6
case $name in
  made) file=query define=ENTRIES_MADE calls=s2_entry_read:model_read ;;
  any) file=query define=ENTRIES_ANY calls=s2_entry_read:model_read ;;
  translate) file=query define=TRANSLATE calls=s2_pos_at:model_pos ;;
  map) file=core define=MAP calls=core ;;
  unmap) file=core define=UNMAP calls=core ;;
  *) echo "no such harness: $name" && exit 2 ;;
esac
[ "$calls" != core ] ||
  calls='s2_entry_read:model_read s2_entry_write:model_write s2_hidden_write:model_write s2_entry_break:model_break'
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
mkdir -p "$dir"
replace=''
for c in $calls; do replace="$replace --replace-calls $c"; done

# build SUFFIX FLAG...: $out.SUFFIX
build() {
  suffix=$1
  shift
  goto-cc -std=c11 -DS2_FORMAT_$fmt -D$define "$@" -Iinclude -I. -o "$out.gb" proofs/walk/$file.c >"$out.build" 2>&1 &&
    goto-instrument $replace "$out.gb" "$out.$suffix" >>"$out.build" 2>&1 || { cat "$out.build"; exit 1; }
}

build prove
timeout 300 cbmc "$out.prove" $(cat proofs/cbmc/flags) --unwind $unwind >"$out.log" 2>&1
grep -q '^VERIFICATION SUCCESSFUL' "$out.log" || { echo 'NOT PROVED'; grep ': FAILURE$' "$out.log"; exit 1; }

build cover -DCOVER
timeout 300 cbmc "$out.cover" --unwind $unwind --cover cover >"$out.cover.log" 2>&1
unreached=$(grep ': FAILED$' "$out.cover.log")
[ -z "$unreached" ] || { printf 'UNREACHED: an assumption empties a case\n%s\n' "$unreached"; exit 1; }
cases=$(grep -c ': SATISFIED$' "$out.cover.log")
[ "$cases" -gt 0 ] || { echo 'UNREACHED: nothing'; exit 1; }
echo "proved $(grep -c ': SUCCESS$' "$out.log") claims, reached $cases cases"
