#!/bin/sh
# layout.sh FORMAT - bits.py must accept the layout, and refuse it when a bit is forgotten, named twice or beyond the
# register, when a value does not fit its field, or when a field has no meaning: in entries, and in the fault registers,
# which no harness compares with anything.
set -u
format=$1
dir=build/proofs/layout/$format
mkdir -p "$dir"
python3 proofs/tools/bits.py --check "specs/bits/$format.txt" || exit 1
refused() { # refused NAME SCRIPT MESSAGE
  sed "$2" "specs/bits/$format.txt" >"$dir/$1.txt"
  if python3 proofs/tools/bits.py --check "$dir/$1.txt" >"$dir/$1.out" 2>"$dir/$1.err"; then
    echo "accepted: $1" && exit 1
  fi
  grep -e "$3" "$dir/$1.err" || { echo "refused for another reason: $1"; cat "$dir/$1.err"; exit 1; }
}
refused forgotten '0,/^[A-Z0-9]* *0 .*/s/^[A-Z0-9]* *0 .*//' 'bits not named'
refused twice '0,/ 63 /s/ 63 / 63:62 /;0,/ 63:5[0-9] /s/ 63:5\([0-9]\) / 63:4\1 /' 'named twice'
refused meaningless '0,/^right   R .*/s/^right   R .*/right   R NOSUCH/' 'rules name no field'
refused too-large '0,/ =[01] /s/ =[01] / =2 /' 'cannot be 2'
refused too-large-rule '0,/^present .*/s/^present \([A-Z]*\).*/present \1 == 2/' 'cannot be 2'
# the last fault register, by its last line
refused fault-forgotten '${s/.*//}' 'bits not named'
refused fault-twice '$s/ 63:\{0,1\}\([0-9]*\) / 63:0 /' 'named twice'
refused fault-beyond '$s/ 63:\{0,1\}\([0-9]*\) / 64:63 /' 'wider than the register'
refused no-faults '/^fault/,$d' 'no fault'
