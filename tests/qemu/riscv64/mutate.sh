#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mutate.sh NAME OUT - a copy of the library's sources under OUT with one mistake. Most are about the format, wrong in the
# encoder and the decoder alike: the library agrees with itself, and only a walker that nobody here wrote can tell.
# Every change must really happen.
set -eu
name=$1 out=$2
arch=arch/riscv64/gstage
rm -rf "$out"
mkdir -p "$out"
cp -r src arch "$out/"

# change FILE LINES EXPRESSION: exactly so many lines of the copy are changed by the sed expression
change() {
  sed "$3" "$1" >"$out/$1"
  lines=$(diff "$1" "$out/$1" | grep -c '^>' || true)
  if [ "$lines" -ne "$2" ]; then
    printf 'mutate.sh: %s changes %s lines of %s, not %s\n' "$name" "$lines" "$1" "$2" >&2
    exit 1
  fi
}

case $name in
user-bit) change $arch/entry.h 1 's/^#define S2_GST_U .*/#define S2_GST_U UINT64_C(0x20)/' ;;
valid-links) # links with U set, as leaves have
  change $arch/entry.h 2 's/== S2_GST_V;$/== (S2_GST_V | S2_GST_U);/
    s/S2_GST_PPN_TO_HPA | S2_GST_V;$/S2_GST_PPN_TO_HPA | S2_GST_V | S2_GST_U;/'
  ;;
write-execute) # W and X change places
  swap='((x) \& 1u) | ((x) \& 2u) << 1 | ((x) \& 4u) >> 1'
  change $arch/entry.h 5 "s/^#define S2_GST_RIGHTS_LEGAL .*/#define S2_GST_RIGHTS_LEGAL 0xaeu\\n#define SWAP(x) ($swap)/
    s/(uint64_t)(attr & S2_RWX) << 1/(uint64_t)SWAP(attr) << 1/
    s/(uint64_t)(rights & S2_RWX) << 1/(uint64_t)SWAP(rights) << 1/
    s/attr = (uint32_t)(e & S2_GST_RWX) >> 1;/attr = SWAP((uint32_t)(e \\& S2_GST_RWX) >> 1);/"
  ;;
accessed-dirty) # A and D change places
  swap='((x) \& 0x10000u) << 1 | ((x) \& 0x20000u) >> 1'
  change $arch/entry.h 4 "s/^#define S2_GST_MARK .*/&\\n#define SWAP(x) ($swap)/
    s/(attr & S2_AD_MASK) >> 10/SWAP(attr) >> 10/; s/((ad & S2_AD_MASK) >> 10)/(SWAP(ad) >> 10)/
    s/(uint32_t)((e & (S2_GST_A | S2_GST_D)) << 10)/SWAP((uint32_t)((e \\& (S2_GST_A | S2_GST_D)) << 10))/"
  ;;
ppn-shift) change $arch/entry.h 1 's/^#define S2_GST_PPN_TO_HPA .*/#define S2_GST_PPN_TO_HPA 3/' ;;
pbmt-shift) change $arch/entry.h 1 's/^#define S2_GST_PBMT_SHIFT .*/#define S2_GST_PBMT_SHIFT 60/' ;;
hgatp-mode) change $arch/control.c 1 's/(top) + 6u)/(top) + 7u)/' ;;
hgatp-root) change $arch/control.c 1 's/p->root \* S2_PAGE_SIZE/(p->root + 1u) * S2_PAGE_SIZE/' ;;
two-roots) # the upper half of the space is the lower half again
  change arch/geometry_4k.h 1 's/(uint32_t)S2_GEO_ROOT_INDEX(va, l);/(uint32_t)(S2_GEO_ROOT_INDEX(va, l) \& 1u);/'
  ;;
# a harvest after which the TLB still knows that pages are dirty, or writable
harvest-fence) change src/track.c 1 '/^  if (!what.keep) {$/,/^  }$/s/^    s2_flush_range(.*/    (void)end;/' ;;
*)
  printf 'mutate.sh: no mutation %s\n' "$name" >&2
  exit 1
  ;;
esac
