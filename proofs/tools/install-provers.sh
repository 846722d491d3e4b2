#!/bin/sh
# install-provers.sh - Frama-C, Why3, CVC4 and Z3 from the system's package manager if absent, in the versions pinned in
# VERSIONS.provers. Prints the versions; fails if one is another.
set -eu
pins=$(dirname "$0")/VERSIONS.provers

# what a program says its version is: of the system's own, whatever else is first in PATH
version() {
  case $1 in
    frama-c) /usr/bin/frama-c -version ;;
    why3) /usr/bin/why3 --version ;;
    cvc4) /usr/bin/cvc4 --version ;;
    z3) /usr/bin/z3 --version ;;
    *) echo none ;;
  esac 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1
}

missing=''
while read -r program pinned package; do
  case $program in '' | '#'*) continue ;; esac
  [ -x "/usr/bin/$program" ] || missing="$missing $package"
done <"$pins"
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    printf 'missing:%s\nthis machine has no apt-get; install them by hand (names are Debian packages)\n' "$missing" >&2
    exit 1
  fi
  printf '  INSTALL%s\n' "$missing"
  log=$(mktemp)
  # shellcheck disable=SC2086 # one word per package
  if ! { DEBIAN_FRONTEND=noninteractive apt-get update &&
         DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
fi

wrong=0
while read -r program pinned package; do
  case $program in '' | '#'*) continue ;; esac
  found=$(version "$program")
  printf '%-8s %s\n' "$program" "${found:-none}"
  if [ "$found" != "$pinned" ]; then
    printf 'install-provers.sh: %s is %s, the proofs need %s (package %s)\n' "$program" "${found:-none}" "$pinned" "$package" >&2
    wrong=1
  fi
done <"$pins"
exit $wrong
