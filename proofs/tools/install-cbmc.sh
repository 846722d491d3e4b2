#!/bin/sh
# install-cbmc.sh - CBMC, Z3 and cvc5 from the next Debian suite, in a folder of their own beside the system.
#
# The system's packages and libc stay as they are: a private apt state downloads, dpkg-deb unpacks under PREFIX, and a
# wrapper starts each program through the unpacked dynamic loader. The archive's address and its proxy are the machine's
# own; only the suite is changed. Runs again at once when all is there.
#
#   install-cbmc.sh          install if needed, print the versions, fail if one is not the one in VERSIONS
#   install-cbmc.sh --bin    the same, and print only the folder of the wrappers: PATH=$(install-cbmc.sh --bin):$PATH
#
# S2_CBMC_PREFIX overrides the place.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pinned() { awk -v n="$1" '$1 == n { print $2 }' "$here/VERSIONS"; }
suite=$(pinned suite)
prefix=${S2_CBMC_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/libstage2/cbmc-6.6}
packages='cbmc minisat libc6 libstdc++6 libgcc-s1 z3 cvc5 libcvc5-1 libcvc5parser1 libcln6 libcryptominisat5-5.11t64
libgmp10 zlib1g'
programs='cbmc goto-cc goto-gcc goto-instrument goto-analyzer z3 cvc5'
lib=usr/lib/x86_64-linux-gnu

fail() {
  printf 'install-cbmc.sh: %s\n' "$*" >&2
  exit 1
}

# The address of the machine's own Debian archive: of the first source, in either notation, with this release's suite.
mirror() {
  release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  for f in /etc/apt/sources.list.d/*.sources; do
    [ -r "$f" ] || continue
    uri=$(awk -v want="$release" 'BEGIN { RS = "" } { uri = ""; hit = 0
      n = split($0, line, "\n")
      for (i = 1; i <= n; i++) {
        k = split(line[i], w, " ")
        if (w[1] == "URIs:") uri = w[2]
        if (w[1] == "Suites:") for (j = 2; j <= k; j++) if (w[j] == want) hit = 1
      }
      if (hit && uri != "") { print uri; exit } }' "$f")
    [ -n "$uri" ] && { printf '%s\n' "$uri"; return 0; }
  done
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$f" ] || continue
    uri=$(sed 's/\[[^]]*\]//' "$f" | awk -v want="$release" '$1 == "deb" && $3 == want { print $2; exit }')
    [ -n "$uri" ] && { printf '%s\n' "$uri"; return 0; }
  done
  return 1
}

wrap() { # wrap NAME: a script that starts $prefix/root/usr/bin/NAME with the unpacked loader and libraries
  cat >"$new/bin/$1" <<WRAPPER
#!/bin/sh
r=$prefix/root
exec "\$r/$lib/ld-linux-x86-64.so.2" --argv0 $1 --library-path "\$r/$lib:\$r/usr/lib" "\$r/usr/bin/$1" "\$@"
WRAPPER
  chmod +x "$new/bin/$1"
}

install_all() {
  for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null 2>&1 || fail "needs $tool; elsewhere install CBMC $(pinned cbmc) by hand"
  done
  [ "$(dpkg --print-architecture)" = amd64 ] || fail 'written for amd64'
  uri=$(mirror) || fail "no Debian source for this release among the machine's apt sources"
  new=$prefix.new.$$
  rm -rf "$new"
  mkdir -p "$new/apt/lists/partial" "$new/apt/cache/archives/partial" "$new/root" "$new/bin"
  trap 'rm -rf "$new"' EXIT
  : >"$new/apt/status"
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r $key ] || fail "needs $key (package debian-archive-keyring)"
  printf 'deb [signed-by=%s] %s %s main\n' $key "$uri" "$suite" >"$new/apt/sources.list"
  apt="apt-get -q -oDir::State::Lists=$new/apt/lists -oDir::State::status=$new/apt/status
    -oDir::Etc::SourceList=$new/apt/sources.list -oDir::Etc::SourceParts=/dev/null -oDir::Cache=$new/apt/cache
    -oAPT::Sandbox::User=root"
  log=$new/apt/log
  $apt update >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "cannot read the package lists of $suite"; }
  (cd "$new/apt" && $apt download $packages) >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail 'cannot download'; }
  for deb in "$new"/apt/*.deb; do
    dpkg-deb -x "$deb" "$new/root"
  done
  # what was unpacked: "package upstream-version"
  for deb in "$new"/apt/*.deb; do
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
  done | sed -E 's/ ([0-9]+:)?/ /; s/-[^- ]*$//' >"$new/packages"
  [ -e "$new/root/$lib/ld-linux-x86-64.so.2" ] || fail 'the unpacked C library has no loader where it was expected'
  for p in $programs; do
    [ -e "$new/root/usr/bin/$p" ] || fail "$p is not in the unpacked packages"
    wrap "$p"
  done
  rm -rf "$new/apt" "$new/root/usr/share"
  rm -rf "$prefix"
  mkdir -p "$(dirname "$prefix")"
  mv "$new" "$prefix"
  trap - EXIT
}

# Several makes may start this at once: the first installs, the others wait.
mkdir -p "$(dirname "$prefix")"
if [ ! -x "$prefix/bin/cvc5" ]; then
  exec 9>"$prefix.lock"
  if command -v flock >/dev/null 2>&1; then flock 9; fi
  [ -x "$prefix/bin/cvc5" ] || install_all
  exec 9>&-
fi

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
