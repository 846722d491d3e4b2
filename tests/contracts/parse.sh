#!/bin/sh
# parse.sh FILE CPPFLAGS - Frama-C reads the file and all annotations; any warning about an annotation is an error.
set -u
out=$(frama-c -no-unicode -c11 -kernel-warn-key annot-error=abort -cpp-extra-args="$2" "$1" 2>&1)
rc=$?
printf '%s\n' "$out"
if [ $rc -ne 0 ]; then
  exit 1
fi
if printf '%s\n' "$out" | grep -qE 'Warning|Error'; then
  exit 1
fi
