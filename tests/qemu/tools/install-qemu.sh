#!/bin/sh
# install-qemu.sh - QEMU from the next Debian suite, in a folder of its own beside the system
# (proofs/tools/next-suite.sh).
#
# Why not the system's 7.2: it faults G-stage addresses whose top widened bit is set. Runs again at once when all is
# there.
#
#   install-qemu.sh          install if needed, print the version, fail if it is not the one in VERSION
#   install-qemu.sh --bin    the same, and print only the folder of the programs
#
# S2_QEMU_PREFIX overrides the place.
set -eu
me=install-qemu.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../proofs/tools/next-suite.sh"
pinned() { awk -v n="$1" '$1 == n { print $2 }' "$here/VERSION"; }
prefix=${S2_QEMU_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/libstage2/qemu-$(pinned qemu)}
programs='qemu-system-riscv64 qemu-system-aarch64 qemu-system-x86_64'

install_all() {
  printf '  INSTALL QEMU %s of Debian %s, about 300 MB, into %s\n' "$(pinned qemu)" "$(pinned suite)" "$prefix" >&2
  begin "$(pinned suite)"
  take_all qemu-system-misc qemu-system-riscv qemu-system-arm qemu-system-x86
  unpack
  wrap_first="export QEMU_MODULE_DIR=\$r/$lib/qemu"
  for p in $programs; do
    [ -e "$new/root/usr/bin/$p" ] || fail "$p is not in the unpacked packages"
    wrap "$p" '-L "$r/usr/share/qemu" -L "$r/usr/share/seabios"'
  done
  rm -rf "$new/root/usr/share/doc" "$new/root/usr/share/locale" "$new/root/usr/share/icons"
  commit
}

once "$prefix/bin/qemu-system-riscv64" install_all
for p in $programs; do
  is=$("$prefix/bin/$p" --version | sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p')
  [ "$is" = "$(pinned qemu)" ] ||
    fail "$p is \"$is\", tests/qemu/tools/VERSION says $(pinned qemu); remove $prefix to install anew"
done
if [ "${1:-}" = --bin ]; then
  printf '%s\n' "$prefix/bin"
else
  "$prefix/bin/qemu-system-riscv64" --version | head -n 1
fi
