#!/bin/sh
# install-cbmc.sh - CBMC, Z3 and cvc5 from the next Debian suite, in a folder of their own beside the system: how is in
# next-suite.sh. Runs again at once when all is there.
#
#   install-cbmc.sh          install if needed, print the versions, fail if one is not the one in VERSIONS
#   install-cbmc.sh --bin    the same, and print only the folder of the wrappers: PATH=$(install-cbmc.sh --bin):$PATH
#
# S2_CBMC_PREFIX overrides the place.
set -eu
me=install-cbmc.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/next-suite.sh"
pinned() { awk -v n="$1" '$1 == n { print $2 }' "$here/VERSIONS"; }
suite=$(pinned suite)
prefix=${S2_CBMC_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/libstage2/cbmc-6.6}
packages='cbmc minisat libc6 libstdc++6 libgcc-s1 z3 cvc5 libcvc5-1 libcvc5parser1 libcln6 libcryptominisat5-5.11t64
libgmp10 zlib1g'
programs='cbmc goto-cc goto-gcc goto-instrument goto-analyzer z3 cvc5'

install_all() {
  begin "$suite"
  take $packages
  unpack
  for p in $programs; do
    [ -e "$new/root/usr/bin/$p" ] || fail "$p is not in the unpacked packages"
    wrap "$p"
  done
  rm -rf "$new/root/usr/share"
  commit
}

once "$prefix/bin/cvc5" install_all

found() {
  case $1 in
    cbmc) "$prefix/bin/cbmc" --version | awk '{ print $1 }' ;;
    minisat) awk '$1 == "minisat" { sub(/\+.*/, "", $2); print $2 }' "$prefix/packages" ;;
    z3) "$prefix/bin/z3" --version | awk '{ print $3 }' ;;
    cvc5) "$prefix/bin/cvc5" --version | sed -n 's/.*version \([0-9.]*[0-9]\).*/\1/p' | head -n 1 ;;
  esac
}
for p in cbmc minisat z3 cvc5; do
  is=$(found $p)
  [ "$is" = "$(pinned $p)" ] ||
    fail "$p is \"$is\", the proofs are pinned to $(pinned $p) (proofs/tools/VERSIONS); remove $prefix to install anew"
  [ "${1:-}" = --bin ] || printf '%s %s\n' "$p" "$is"
done
if [ "${1:-}" = --bin ]; then printf '%s\n' "$prefix/bin"; fi
