#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# install-bochs.sh - Bochs from the next Debian suite, in a folder of its own beside the system
# (proofs/tools/next-suite.sh).
#
# Why not the system's 2.7: its processors have no mode-based execute control. Runs again at once when all is there.
#
#   install-bochs.sh         install if needed, print the version, fail if it is not the one below
#   install-bochs.sh --bin   the same, and print only the path of the program
#
# S2_BOCHS_PREFIX overrides the place.
set -eu
me=install-bochs.sh
version=3.0 suite=trixie
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../proofs/tools/next-suite.sh"
prefix=${S2_BOCHS_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/libstage2/bochs-$version}

install_all() {
  printf '  INSTALL Bochs %s of Debian %s, about 60 MB, into %s\n' "$version" "$suite" "$prefix" >&2
  begin "$suite"
  take_all bochs
  unpack
  [ -e "$new/root/usr/bin/bochs-bin" ] || fail 'bochs-bin is not in the unpacked packages'
  wrap_first="export LTDL_LIBRARY_PATH=\$r/$lib/bochs/plugins"
  wrap bochs-bin
  rm -rf "$new/root/usr/share/doc" "$new/root/usr/share/locale" "$new/root/usr/share/icons"
  commit
}

once "$prefix/bin/bochs-bin" install_all
is=$("$prefix/bin/bochs-bin" --help cpu 2>&1 | sed -n 's/.*Bochs x86 Emulator \([0-9.]*\).*/\1/p')
[ "$is" = "$version" ] || fail "this is Bochs \"$is\", the judge is pinned to $version; remove $prefix to install anew"
if [ "${1:-}" = --bin ]; then
  printf '%s\n' "$prefix/bin/bochs-bin"
else
  printf 'Bochs %s\n' "$is"
fi
