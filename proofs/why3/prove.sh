#!/bin/sh
# prove.sh FILE.mlw... - prove every goal of the theories in FILE, each by the first prover that can; Why3 configuration
# of our own. Run from the root of the tree. One line per goal: `proved|FAILED name prover seconds`.
set -u
provers='Z3,4.8.12 CVC4,1.8'
limit=${LIMIT:-20}
conf=$(sh proofs/why3/config.sh) || exit 1
passed=0 failed=0

# try FILE THEORY PROVER SECONDS [GOAL...]: lines `goal result seconds`
try() {
  file=$1 theory=$2 prover=$3 secs=$4
  shift 4
  args=''
  for g in "$@"; do
    args="$args -G $g"
  done
  # shellcheck disable=SC2086 # one word per goal
  why3 prove -C "$conf" -P "$prover" -t "$secs" "$file" -T "$theory" $args 2>&1 | awk '
    /^Goal / { g = $2; sub(/\.$/, "", g) }
    /^Prover result is: / { match($0, /\([0-9.]+s/); s = substr($0, RSTART + 1, RLENGTH - 2)
      print g, ($4 ~ /^Valid/ ? "Valid" : $4), s }'
}

# goals_of FILE THEORY: names of its goals, those that its clones bring included
goals_of() {
  why3 prove -C "$conf" "$1" -T "$2" | sed -n "s/^ *\\(goal\\|lemma\\) \\([A-Za-z0-9_']*\\) .*:.*/\\2/p"
}

# settle FILE THEORY SECONDS GOALS: each prover in turn on what is still open; leaves the rest in $open
settle() {
  open=$4
  for prover in $provers; do
    [ -n "$open" ] || break
    # shellcheck disable=SC2086 # one word per goal
    out=$(try "$1" "$2" "$prover" "$3" $open)
    left=''
    for goal in $open; do
      secs=$(printf '%s\n' "$out" | sed -n "s/^$goal Valid //p")
      if [ -n "$secs" ]; then
        printf 'proved %s.%s %s %s\n' "$2" "$goal" "$prover" "$secs"
        passed=$((passed + 1))
      else
        left="$left $goal"
      fi
    done
    open=$left
  done
}

for file in "$@"; do
  if ! why3 prove -C "$conf" --type-only "$file"; then
    printf 'FAILED %s does not type\n' "$file"
    failed=$((failed + 1))
    continue
  fi
  for theory in $(sed -n 's/^\(theory\|module\) \([A-Za-z0-9_]*\).*/\2/p' "$file"); do
    goals=$(goals_of "$file" "$theory")
    settle "$file" "$theory" 1 "$goals"
    settle "$file" "$theory" 5 "$open"
    settle "$file" "$theory" "$limit" "$open"
    for goal in $open; do
      printf 'FAILED %s.%s %s %s\n' "$theory" "$goal" "$(echo $provers)" "$limit"
      failed=$((failed + 1))
    done
  done
done
[ $passed -gt 0 ] || failed=$((failed + 1))
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
