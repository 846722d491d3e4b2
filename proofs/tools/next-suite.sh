# next-suite.sh - packages of the next Debian suite, unpacked in a folder of their own beside the system. Sourced by
# install-cbmc.sh and tests/qemu/tools/install-qemu.sh, which say what to take; both set `me` (for messages) first.
#
# The system's packages and libc stay as they are: a private apt state downloads, dpkg-deb unpacks, and a wrapper starts
# each program through the unpacked dynamic loader. The archive's address and its proxy are the machine's own; only the
# suite is changed.
lib=usr/lib/x86_64-linux-gnu

fail() {
  printf '%s: %s\n' "$me" "$*" >&2
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

# wrap NAME [ARGUMENT...]: a script $new/bin/NAME that will start $prefix/root/usr/bin/NAME with the unpacked loader and
# libraries, and these arguments before its own; $r in them is the root. $wrap_first, if set, is a command before that.
wrap() {
  name=$1
  shift
  cat >"$new/bin/$name" <<WRAPPER
#!/bin/sh
r=$prefix/root
${wrap_first:-:}
exec "\$r/$lib/ld-linux-x86-64.so.2" --argv0 $name --library-path "\$r/$lib:\$r/usr/lib" "\$r/usr/bin/$name" $* "\$@"
WRAPPER
  chmod +x "$new/bin/$name"
}

# Several makes may start this at once: the first installs, the others wait. once PROBE FUNCTION: PROBE is there after
# it.
once() {
  mkdir -p "$(dirname "$prefix")"
  [ ! -e "$1" ] || return 0
  exec 9>"$prefix.lock"
  if command -v flock >/dev/null 2>&1; then flock 9; fi
  [ -e "$1" ] || "$2"
  exec 9>&-
}

# begin SUITE: an empty place $new beside $prefix, and $apt, whose state is private. Packages that an interrupted run
# has downloaded stay in $prefix.debs until commit.
begin() {
  for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null 2>&1 || fail "needs $tool; elsewhere install these programs by hand"
  done
  [ "$(dpkg --print-architecture)" = amd64 ] || fail 'written for amd64'
  uri=$(mirror) || fail "no Debian source for this release among the machine's apt sources"
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r $key ] || fail "needs $key (package debian-archive-keyring)"
  debs=$prefix.debs
  new=$prefix.new.$$
  rm -rf "$prefix".new.*
  mkdir -p "$new/apt/lists/partial" "$new/root" "$new/bin" "$debs/archives/partial"
  trap 'rm -rf "$new"' EXIT
  : >"$new/apt/status"
  printf 'deb [signed-by=%s] %s %s main\n' $key "$uri" "$1" >"$new/apt/sources.list"
  apt="apt-get -q -oDir::State::Lists=$new/apt/lists -oDir::State::status=$new/apt/status
    -oDir::Etc::SourceList=$new/apt/sources.list -oDir::Etc::SourceParts=/dev/null -oDir::Cache=$debs
    -oAPT::Sandbox::User=root -oAcquire::Retries=3"
  log=$new/apt/log
  $apt update >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "cannot read the package lists of $1"; }
  $apt autoclean >>"$log" 2>&1 || true
}

# take PACKAGE...: just these. take_all PACKAGE...: these and everything they depend on.
take() {
  (cd "$debs/archives" && $apt download "$@") >>"$log" 2>&1 || { tail -n 20 "$log" >&2; fail 'cannot download'; }
}
take_all() {
  $apt -y --no-install-recommends --download-only install "$@" >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail 'cannot download'; }
}

# unpack: everything taken, and $new/packages with a line "package upstream-version" for each.
unpack() {
  for deb in "$debs"/archives/*.deb; do
    dpkg-deb -x "$deb" "$new/root" || fail "cannot unpack $deb"
  done
  for deb in "$debs"/archives/*.deb; do
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
  done | sed -E 's/ ([0-9]+:)?/ /; s/-[^- ]*$//' >"$new/packages"
  [ -e "$new/root/$lib/ld-linux-x86-64.so.2" ] || fail 'the unpacked C library has no loader where it was expected'
}

# commit: what was made becomes $prefix, at once.
commit() {
  rm -rf "$new/apt" "$prefix"
  mv "$new" "$prefix"
  rm -rf "$debs"
  trap - EXIT
}
