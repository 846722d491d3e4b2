#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mutate.sh FORMAT NAME OUT - a copy of the library's sources under OUT in which one thing about the format is wrong, in
# the encoder and the decoder alike: the library agrees with itself, and only a walker that nobody here wrote can tell.
set -eu
format=$1 name=$2 out=$3
arch=arch/x86_64/$format
rm -rf "$out"
mkdir -p "$out"
cp -r src arch "$out/"

# change FILE EXPRESSION...: each sed expression changes exactly one line of the copy
change() {
  file=$1
  shift
  for expression in "$@"; do
    sed "$expression" "$out/$file" >"$out/changed"
    lines=$(diff "$out/$file" "$out/changed" | grep -c '^>' || true)
    if [ "$lines" -ne 1 ]; then
      printf 'mutate.sh: %s-%s: %s changes %s lines of %s, not 1\n' "$format" "$name" "$expression" "$lines" "$file" >&2
      exit 1
    fi
    mv "$out/changed" "$out/$file"
  done
}

case $format-$name in
  npt-block-bit) change "$arch/entry.h" 's/^\(#define S2_NPT_PS  *\)UINT64_C(0x80)/\1UINT64_C(0x200)/' ;;
  npt-user-bit) change "$arch/entry.h" 's/^\(#define S2_NPT_US  *\)UINT64_C(0x4)/\1UINT64_C(0x200)/' ;;
  npt-execute-bit) change "$arch/entry.h" 's/^\(#define S2_NPT_NX  *\)(UINT64_C(1) << 63)/\1(UINT64_C(1) << 62)/' ;;
  ept-block-bit) change "$arch/entry.h" 's/^\(#define S2_EPT_PS  *\)UINT64_C(0x80)/\1(UINT64_C(1) << 52)/' ;;
  ept-memory-type) # write-back as 2, which is no memory type
    change "$arch/entry.h" 's/^\(#define S2_EPT_EMT_OF_TYPE  *\)UINT64_C(0x01546)/\1UINT64_C(0x01542)/' \
      's/^\(#define S2_EPT_LEGAL  *\)UINT64_C(0x00bbbbbb0000bbbb)/\1UINT64_C(0x00bbbbbb00bbbbbb)/'
    ;;
  ept-accessed) change "$arch/control.c" 's/^\(#define EPTP_AD  *\)UINT64_C(0x40)/\1UINT64_C(0x0)/' ;;
  *)
    printf 'mutate.sh: no mutation %s of %s\n' "$name" "$format" >&2
    exit 1
    ;;
esac
