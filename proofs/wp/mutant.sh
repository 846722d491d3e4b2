#!/bin/sh
# mutant.sh LIST NAME - break one thing in a copy (the line NAME of proofs/wp/mutants/LIST.txt) and require that the goal it
# names is then not proved, though the same goal of the code as it is proves with the same prover and time: in the log of
# `make prove`, if that is there and the prover was quick, else in a run of its own. A mutant that changes nothing, or that
# WP cannot read, is a failure. Run from the root of the tree.
set -u
list=$1 name=$2
line=$(grep "^$name |" "proofs/wp/mutants/$list.txt") || { echo "no such mutant: $name"; exit 1; }
field() { printf '%s\n' "$line" | awk -F ' [|] ' -v n="$1" '{ print $n }'; }
file=$(field 2) function=$(field 3) script=$(field 4) goal=$(field 5)
# the name of the clause is what -wp-prop wants: the last part of the goal's name that is no number
clause=$(printf '%s\n' "$goal" | sed 's/_[0-9]*$//; s/_preserved$//; s/_established$//; s/.*_//')
case $clause in requires | ensures) clause=@$clause ;; esac # one without a name
root=$PWD
copy=build/wp-mutants/$list-$name
WHY3DIR=$root/build/why3
PROVERS=cvc4 TIMEOUT=${TIMEOUT:-5} PAR=1 WPFLAGS="-wp-prop $clause"
export WHY3DIR PROVERS TIMEOUT PAR WPFLAGS
rm -rf "$copy"
mkdir -p "$copy/proofs"
cp -r include src specs arch "$copy/"
cp -r proofs/wp proofs/why3 "$copy/proofs/"
sed "$script" "$file" >"$copy/$file"
cmp -s "$file" "$copy/$file" && { echo "the mutant changes nothing: $script"; exit 1; }
diff "$file" "$copy/$file"
# as it is: the goal is there and proves
log=build/wp/$(echo "$file" | tr / _).log
quick=$(sed -nE "s/^\[wp\] \[(Qed|CVC4 1.8)\] Goal typed_[a-z0-9]*_$goal : Valid ?(.*)/\1 \2/p" "$log" 2>/dev/null |
  grep -E '^Qed|\(([0-9]+ms|1(\.[0-9]+)?s)\) \([0-9]+\)')
[ "$file" -ot "$log" ] || quick=
if [ -z "$quick" ]; then
  WPDIR=build/wp-mutants/control LOG=build/wp-mutants/$list-$name.control.log \
    sh proofs/wp/run.sh "$file" "$function" >"$copy/control" 2>&1
fi
if [ -z "$quick" ] && ! grep -q "Goal typed_[a-z0-9]*_$goal : Valid" "build/wp-mutants/$list-$name.control.log"; then
  cat "$copy/control"
  echo "NO CONTROL: $goal does not prove in ${TIMEOUT}s by $PROVERS"
  exit 1
fi
# broken: it is there and does not
(cd "$copy" && WPDIR=build/wp LOG=build/wp/log sh proofs/wp/run.sh "$file" "$function") >"$copy/out" 2>&1
killed=$(grep "^  open $goal: " "$copy/out")
[ -n "$killed" ] || { cat "$copy/out"; echo "SURVIVED $function $goal"; exit 1; }
rm -rf "$copy"
printf 'killed: %s\n' "$killed"
