#!/bin/sh
# run.sh KIND NAME COMMAND... - run one check, show its output, and leave "passed failed seconds" in RESULTS/KIND/NAME.
# A command closes with `N passed, N failed`, or is a cmocka program, or counts as one check by its exit code.
set -u
kind=$1 name=$2
shift 2
dir=${RESULTS:-build/results}/$kind
mkdir -p "$dir"
out=$dir/$name.log
start=$(date +%s)
"$@" >"$out" 2>&1 </dev/null
rc=$?
secs=$(($(date +%s) - start))
line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
if [ -n "$line" ]; then
  passed=${line%% *}
  failed=$(printf '%s\n' "$line" | sed 's/.* passed, \([0-9]*\) failed.*/\1/')
elif grep -q '^\[  PASSED  \]' "$out"; then
  passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$out" | awk '{s += $1} END {print s + 0}')
  failed=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$out" | awk '{s += $1} END {print s + 0}')
else
  passed=0 failed=0
  [ $rc -eq 0 ] && passed=1
fi
[ $rc -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
printf '%s %s %s\n' "$passed" "$failed" "$secs" >"$dir/$name"
if [ "$failed" -ne 0 ]; then
  printf '  FAIL    %s/%s (%s passed, %s failed, exit %s, %ss)\n' "$kind" "$name" "$passed" "$failed" $rc "$secs"
  tail -n 40 "$out"
  exit 1
fi
printf '  ok      %s/%s (%s passed, %ss)\n' "$kind" "$name" "$passed" "$secs"
