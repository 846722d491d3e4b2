#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# guest-linux.sh arm64|riscv64 - Debian's unmodified kernel and a busybox initramfs for a guest of that architecture.
#
# Prints the folder that holds them: `kernel` (a raw Image), `initrd.gz`, `version` (package and version, one per line).
# A private apt state fetches the packages of the foreign architecture and verifies them with Debian's own key; address
# and proxy are those of this machine's apt sources, only suite and architecture differ. Nothing of the system changes.
# Downloads once: the kernel stays under the cache, the initramfs is rebuilt when guest-init.sh or newc.py change.
#
# S2_GUEST_CACHE overrides the place.
set -eu
me=guest-linux.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../proofs/tools/next-suite.sh" # fail and mirror
arch=${1:-}
case $arch in
  # RISC-V became an architecture of Debian only with the suite after bookworm
  arm64) suite=bookworm image=vmlinuz ;;
  riscv64) suite=trixie image=vmlinux ;;
  *)
    printf 'usage: guest-linux.sh arm64|riscv64\n' >&2
    exit 2
    ;;
esac
dir=${S2_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libstage2}/guest-linux-$arch

# unpack_file PACKAGE-FILE PATTERN TARGET: the one file of the package that matches
unpack_file() {
  name=$(dpkg-deb --fsys-tarfile "$1" | tar -t | grep -E "$2" | head -n 1)
  [ -n "$name" ] || fail "$(basename "$1") has no file like $2"
  dpkg-deb --fsys-tarfile "$1" | tar -x -O "$name" >"$3"
}

fetch() {
  for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null 2>&1 || fail "needs $tool; elsewhere put kernel and busybox of $arch into $dir by hand"
  done
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r $key ] || fail "needs $key (package debian-archive-keyring)"
  uri=$(mirror) || fail "no Debian source for this release among the machine's apt sources"
  new=$dir.new.$$
  rm -rf "$new"
  mkdir -p "$new/apt/lists/partial" "$new/apt/cache/archives/partial"
  trap 'rm -rf "$new"' EXIT
  : >"$new/apt/status"
  printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$arch" $key "$uri" "$suite" >"$new/apt/sources.list"
  state="-q -oAPT::Architecture=$arch -oAPT::Architectures=$arch -oDir::State::Lists=$new/apt/lists
    -oDir::State::status=$new/apt/status -oDir::Etc::SourceList=$new/apt/sources.list -oDir::Etc::SourceParts=/dev/null
    -oDir::Etc::PreferencesParts=/dev/null -oDir::Cache=$new/apt/cache -oAPT::Sandbox::User=root
    -oAcquire::Languages=none -oAcquire::Retries=3"
  log=$new/apt/log
  # shellcheck disable=SC2086
  apt-get $state update >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "cannot read the package lists of $suite"; }
  # the metapackage names the kernel that is current in the suite
  # shellcheck disable=SC2086
  linux=$(apt-cache $state depends "linux-image-$arch" |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
  [ -n "$linux" ] || fail "linux-image-$arch of $suite names no kernel"
  # shellcheck disable=SC2086
  (cd "$new/apt" && apt-get $state download "$linux" busybox-static) >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail 'cannot download'; }
  unpack_file "$new"/apt/linux-image-*.deb "/boot/$image-" "$new/kernel"
  unpack_file "$new"/apt/busybox-static_*.deb '/bin/busybox$' "$new/busybox"
  [ "$(head -c 2 "$new/kernel")" = MZ ] || fail "the kernel of $linux is not a raw Image"
  for deb in "$new"/apt/*.deb; do
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
  done >"$new/version"
  rm -rf "$new/apt" "$dir"
  mv "$new" "$dir"
  trap - EXIT
}

# The initramfs names what it was made from, so that a change of init is seen.
initramfs() {
  python3 "$here/newc.py" "$here/guest-init.sh" "$dir/busybox" "$dir/initrd.gz.$$"
  mv "$dir/initrd.gz.$$" "$dir/initrd.gz"
  printf '%s\n' "$1" >"$dir/initrd.sum"
}

mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock" # several makes may start this at once: the first fetches, the others wait
if command -v flock >/dev/null 2>&1; then flock 9; fi
[ -s "$dir/version" ] || fetch
sum=$(cat "$here/guest-init.sh" "$here/newc.py" "$dir/busybox" | cksum)
[ -s "$dir/initrd.gz" ] && [ "$sum" = "$(cat "$dir/initrd.sum" 2>/dev/null)" ] || initramfs "$sum"
exec 9>&-
printf '%s\n' "$dir"
