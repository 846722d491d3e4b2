#!/bin/sh
# mutant.sh NAME - break one thing in a copy (the line NAME of proofs/cost/mutants.txt) and require that what it names then
# fails: a function's bound, or count.py itself (`uncounted`), which refuses an access that it does not count. Run from the
# root of the tree.
set -u
line=$(grep "^$1 |" proofs/cost/mutants.txt) || { echo "no such mutant: $1"; exit 1; }
field() { printf '%s\n' "$line" | awk -F ' [|] ' -v n="$1" '{ print $n }'; }
file=$(field 2) script=$(field 3) function=$(field 4)
broken=build/cost-mutants/$1
rm -rf "$broken"
mkdir -p "$broken/proofs"
cp -r include src specs arch "$broken/"
cp -r proofs/wp proofs/why3 proofs/cost "$broken/proofs/"
sed "$script" "$file" >"$broken/$file"
cmp -s "$file" "$broken/$file" && { echo "the mutant changes nothing: $script"; exit 1; }
diff "$file" "$broken/$file"
out=$(python3 proofs/cost/count.py "$broken" "$broken/copy" 2>&1)
if [ "$function" = uncounted ]; then
  printf '%s\n' "$out" | grep -q 'touches an entry and is not counted' || { echo "SURVIVED $1: $out"; exit 1; }
  printf 'killed: %s\n' "$out"
else
  [ -z "$out" ] || { echo "count.py: $out"; exit 1; }
  PROVERS=cvc4 TIMEOUT=5 sh proofs/cost/run.sh "$broken/copy" "$file" "$function" >"$broken/out" 2>&1
  killed=$(grep "^  open ${function}_.*cost" "$broken/out") || { cat "$broken/out"; echo "SURVIVED $1"; exit 1; }
  printf 'killed: %s\n' "$killed"
fi
rm -rf "$broken"
