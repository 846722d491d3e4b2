#!/bin/sh
# config.sh - print the path of this tree's own Why3 configuration, made if absent. The user's is never read or written.
set -eu
conf=${WHY3DIR:-$PWD/build/why3}/why3.conf
if [ ! -s "$conf" ]; then
  mkdir -p "$(dirname "$conf")"
  new=$(mktemp -d "$(dirname "$conf")/new.XXXXXX")
  # detect writes a whole file only where there is none; the warning that there is none says nothing
  why3 config -C "$new/why3.conf" detect >"$new/log" 2>&1 || { cat "$new/log" >&2; exit 1; }
  sed -i '/^memlimit/d; s/^\[main\]/[main]\nmemlimit = 3000/' "$new/why3.conf" # MiB per prover
  mv "$new/why3.conf" "$conf" # whole or not at all: proofs run side by side
  rm -rf "$new"
fi
printf '%s\n' "$conf"
