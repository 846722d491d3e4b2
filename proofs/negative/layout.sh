#!/bin/sh
# layout.sh FORMAT - bits.py must refuse a layout that forgets a bit, names one twice, or has a field without a meaning.
set -u
format=$1
dir=build/proofs/layout/$format
mkdir -p "$dir"
refused() { # refused NAME SCRIPT MESSAGE
  sed "$2" "specs/bits/$format.txt" >"$dir/$1.txt"
  if python3 proofs/tools/bits.py "$dir/$1.txt" >"$dir/$1.h" 2>"$dir/$1.err"; then
    echo "accepted: $1" && exit 1
  fi
  grep -e "$3" "$dir/$1.err" || { echo "refused for another reason: $1"; cat "$dir/$1.err"; exit 1; }
}
refused forgotten '0,/^[A-Z0-9]* *0 .*/s/^[A-Z0-9]* *0 .*//' 'bits not named'
refused twice '0,/ 63 /s/ 63 / 63:62 /;0,/ 63:5[0-9] /s/ 63:5\([0-9]\) / 63:4\1 /' 'named twice'
refused meaningless '0,/^right   R .*/s/^right   R .*/right   R NOSUCH/' 'rules name no field'
