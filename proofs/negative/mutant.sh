#!/bin/sh
# mutant.sh FORMAT NAME - break one thing in a copy (the line NAME of FORMAT.txt) and require that the named harness
# refutes a claim of its property; with `:cover` after the harness, that coverage finds a place which is never reached.
# What is broken is code (arch/, src/), the layout (specs/bits/), what WP believes (specs/logic/, include/), the
# manual's walk (specs/walk/) or the harness (proofs/). A harness `walk-NAME` is one of proofs/walk. A mutant that
# changes nothing, does not compile or is only stopped otherwise is a failure; so is a law's mutant that the law itself
# does not stop.
set -u
format=$1 name=$2
line=$(grep "^$name |" "proofs/negative/$format.txt") || { echo "no such mutant: $name"; exit 1; }
field() { printf '%s\n' "$line" | awk -F ' [|] ' -v n="$1" '{ print $n }'; }
file=$(field 2) script=$(field 3) harness=$(field 4)
copy=build/proofs/mutants/$format-$name
log=build/proofs/mutants/log/$format-$name
rm -rf "$copy"
mkdir -p "$copy" "${log%/*}"
case $file in
  arch/*) cp -r arch "$copy/" ;;
  src/*) cp -r src "$copy/" ;;
  include/*) cp -r include "$copy/" ;;
  proofs/walk/*) mkdir -p "$copy/proofs" && cp -r proofs/walk "$copy/proofs/" ;;
  proofs/*) mkdir -p "$copy/proofs/cbmc" && cp -r proofs/cbmc/common "$copy/proofs/cbmc/" ;;
  specs/bits/*) mkdir -p "$copy/specs/bits" "$copy/bits" ;;
  specs/*) mkdir -p "$copy/specs" && cp -r specs/walk specs/logic "$copy/specs/" ;;
esac
sed "$script" "$file" >"$copy/$file"
cmp -s "$file" "$copy/$file" && { echo "the mutant changes nothing: $script"; exit 1; }
diff "$file" "$copy/$file"
case $file in
  specs/bits/*) python3 proofs/tools/bits.py "$copy/$file" >"$copy/bits/$format.h" || exit 1 ;;
  specs/logic/*)
    python3 proofs/tools/acsl.py include/stage2/format.h "$copy/$file" >"$copy/laws.h" || exit 1 ;;
  include/stage2/format.h)
    python3 proofs/tools/acsl.py "$copy/$file" specs/logic/entry.acsl >"$copy/laws.h" || exit 1 ;;
esac
runs=${harness%:cover}
case $runs in
  walk-*) sh proofs/walk/run.sh "$format" "${runs#walk-}" "$copy" >"$log" 2>&1 ;;
  *) sh proofs/cbmc/run.sh "$format" "$runs" "$copy" >"$log" 2>&1 ;;
esac
case $harness in
  *:cover) killed=$(grep -E '^UNREACHED.*: an assumption' -A 3 "$log") ;;
  # a claim of ours, by its words
  walk-*) killed=$(sed -n '/^Violated property:/,/^$/s/^  //p' "$log" |
    while read -r words; do grep -qF "\"$words\"" proofs/walk/query.c proofs/walk/core.c && echo "$words"; done) ;;
  law_*) killed=$(grep -E '^\[[a-z0-9_]*\.assertion\.[0-9]*\] .* law .*: FAILURE$' "$log" | sort -u) ;;
  *) killed=$(grep -E '^\[[a-z0-9_]*\.assertion\.[0-9]*\] .*: FAILURE$' "$log" | sort -u) ;;
esac
rm -rf "$copy"
[ -n "$killed" ] || { tail -n 20 "$log"; echo "SURVIVED $format-$harness"; exit 1; }
printf 'killed by %s-%s:\n%s\n' "$format" "$harness" "$killed"
