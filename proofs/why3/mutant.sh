#!/bin/sh
# mutant.sh FILE.mlw MUTANTS.txt - each line of MUTANTS breaks FILE (sed) and must leave the goal it names unproved, which the
# whole FILE proves. One line per mutant, then `N passed, N failed`. Run from the root of the tree.
set -u
file=$1 list=$2
provers='Z3,4.8.12 CVC4,1.8'
conf=$(sh proofs/why3/config.sh) || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# proves FILE THEORY GOAL: does some prover prove it?
proves() {
  for p in $provers; do
    if why3 prove -C "$conf" -P "$p" -t 3 "$1" -T "$2" -G "$3" 2>&1 | grep -q '^Prover result is: Valid'; then
      return 0
    fi
  done
  return 1
}

bad() {
  printf 'FAILED   %s: %s\n' "$1" "$2"
  failed=$((failed + 1))
}

while IFS= read -r line; do
  case $line in '#'* | '') continue ;; esac
  name=${line%% | *}
  goal=${line##* | }
  sed_expr=${line#* | }
  sed_expr=${sed_expr% | *}
  theory=${goal%%.*} lemma=${goal#*.}
  sed "$sed_expr" "$file" >"$dir/m.mlw"
  if cmp -s "$file" "$dir/m.mlw"; then
    bad "$name" 'changes nothing'
  elif ! why3 prove -C "$conf" --type-only "$dir/m.mlw" >/dev/null 2>&1; then
    bad "$name" 'does not type'
  elif ! proves "$file" "$theory" "$lemma"; then
    bad "$name" "$goal is not proved without the mutant either"
  elif proves "$dir/m.mlw" "$theory" "$lemma"; then
    bad "$name" "$goal is still proved"
  else
    printf 'killed   %s (%s)\n' "$name" "$goal"
    passed=$((passed + 1))
  fi
done <"$list"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
