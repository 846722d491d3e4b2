#!/bin/sh
# mutant.sh LIST NAME - break one thing in a copy (the line NAME of proofs/wp/mutants/LIST.txt) and require that the goal it
# names is then not proved, though the same goal of the code as it is proves: in the log of `make prove`, if that is there and
# newer than the sources, else in a run of its own. A prover may take four times the steps for the broken code that it took
# for the right one, and no fewer than STEPS: steps are as many on any machine. A mutant that changes nothing, or that WP
# cannot read, is a failure. A goal NAME_wp_smoke_KIND is one that must prove of the broken code: a contradiction that the
# smoke tests find. Run from the root of the tree.
set -u
list=$1 name=$2
line=$(grep "^$name |" "proofs/wp/mutants/$list.txt") || { echo "no such mutant: $name"; exit 1; }
field() { printf '%s\n' "$line" | awk -F ' [|] ' -v n="$1" '{ print $n }'; }
file=$(field 2) function=$(field 3) script=$(field 4) goal=$(field 5)
root=$PWD
copy=build/wp-mutants/$list-$name
WHY3DIR=$root/build/why3
PROVERS=cvc4 TIMEOUT=${TIMEOUT:-20} PAR=1 CACHE=none
export WHY3DIR PROVERS TIMEOUT PAR CACHE
rm -rf "$copy"
mkdir -p "$copy/proofs"
cp -r include src specs arch "$copy/"
cp -r proofs/wp proofs/why3 "$copy/proofs/"
sed "$script" "$file" >"$copy/$file"
cmp -s "$file" "$copy/$file" && { echo "the mutant changes nothing: $script"; exit 1; }
diff "$file" "$copy/$file"

# prove TREE LOG: the function in the tree, one line per open goal or contradiction
prove() { (cd "$1" && WPDIR=build/wp LOG=$2 sh proofs/wp/run.sh "$file" "$function"); }

case $goal in
*_wp_smoke_*)
  SMOKE=all
  export SMOKE
  prove "$copy" build/wp/log >"$copy/out" 2>&1
  killed=$(grep "^  contradiction: $goal" "$copy/out" | head -n 1)
  [ -n "$killed" ] || { cat "$copy/out"; echo "SURVIVED $function $goal"; exit 1; }
  # as it is there is none
  WPDIR=$copy/build/control LOG=$copy/control.log sh proofs/wp/run.sh "$file" "$function" >"$copy/control" 2>&1
  if ! grep -q '^[1-9][0-9]* passed, ' "$copy/control" || grep -q "^  contradiction: $goal" "$copy/control"; then
    cat "$copy/control"
    echo "NO CONTROL: $goal"
    exit 1
  fi
  ;;
*)
  # the name of the clause is what -wp-prop wants: the last part of the goal's name that is no number
  clause=$(printf '%s\n' "$goal" | sed 's/_part[0-9]*$//; s/_[0-9]*$//; s/_preserved$//; s/_established$//; s/.*_//')
  case $clause in requires | ensures) clause=@$clause ;; esac # one without a name
  WPFLAGS="-wp-prop $clause"
  export WPFLAGS
  # steps LOG: how many CVC4 took for the goal, 0 if it needed no prover, nothing if it is not proved
  steps() {
    sed -nE "s/^\[wp\] \[Qed\] Goal typed_([a-z0-9]*_)?$goal : Valid.*/0/p
      s/^\[wp\] \[CVC4 1.8\] Goal typed_([a-z0-9]*_)?$goal : Valid .*\(([0-9]+)\)( \(cached\))?$/\2/p" "$1" 2>/dev/null
  }
  log=build/wp/$(echo "$file" | tr / _).log
  taken=
  [ -s "$log" ] && [ -z "$(find include src specs arch proofs/wp -newer "$log" -name '*.[ch]' -o -newer "$log" -name '*.acsl')" ] &&
    taken=$(steps "$log")
  if [ -z "$taken" ]; then
    WPDIR=$copy/build/control LOG=$copy/control.log sh proofs/wp/run.sh "$file" "$function" >"$copy/control" 2>&1
    taken=$(steps "$copy/control.log")
  fi
  [ -n "$taken" ] || { cat "$copy/control"; echo "NO CONTROL: $goal does not prove in ${TIMEOUT}s by $PROVERS"; exit 1; }
  most=$((4 * taken))
  [ "$most" -ge "${STEPS:=200000}" ] || most=$STEPS
  WPFLAGS="$WPFLAGS -wp-steps $most"
  prove "$copy" build/wp/log >"$copy/out" 2>&1
  killed=$(grep "^  open $goal: " "$copy/out")
  [ -n "$killed" ] || { cat "$copy/out"; echo "SURVIVED $function $goal"; exit 1; }
  killed="$killed (as it is: $taken steps; now not in $most)"
  ;;
esac
rm -rf "$copy"
printf 'killed: %s\n' "$killed"
