#!/bin/sh
# run.sh COPY FILE [FUNCTION...] - prove, in a copy that count.py has made, the bounds of FILE's functions that
# proofs/cost/bounds.txt has (or of those named): the clauses named `cost`, and all goals of the lemmas. Run from the root.
set -u
copy=$1 file=$2
shift 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(awk -v f="$file" '$1 == f { print $2 }' proofs/cost/bounds.txt)
case $file in
*.acsl) WPFLAGS= ;;
*) WPFLAGS=-wp-prop=cost ;;
esac
WHY3DIR=$PWD/build/why3
CACHE=none PAR=1 TIMEOUT=${TIMEOUT:-20} WPDIR=build/wp
export WHY3DIR WPFLAGS CACHE PAR TIMEOUT WPDIR
cd "$copy" && exec sh proofs/wp/run.sh "$file" "$@"
