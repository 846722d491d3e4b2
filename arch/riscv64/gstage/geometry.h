/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * RISC-V G-stage geometry: Sv39x4, Sv48x4, Sv57x4 (Privileged ISA, hypervisor extension, "Guest Physical Address
 * Translation"). The root is four consecutive tables, 16 KiB aligned. Contracts: include/stage2/format.h.
 */
#ifndef ARCH_GST_GEOMETRY_H
#define ARCH_GST_GEOMETRY_H

#define S2_FMT_ROOTS 4u /* root tables at most; geometry_4k.h asks */

#include "arch/geometry_4k.h"

#define S2_FMT_LEAF_MAX  3u
#define S2_FMT_HPA_BITS  56u
#define S2_FMT_AD        (S2_ACCESSED | S2_DIRTY) /* new leaves: A and D set, so that no access faults without Svadu */
#define S2_FMT_AD_KEPT   S2_AD_MASK               /* what a leaf can hold                                            */
#define S2_FMT_FEATURES  (S2_FEAT_SVPBMT | S2_FEAT_AD)
#define S2_FMT_VMID_MAX  0x3fffu
#define S2_FMT_VMID_ZERO 1
#define S2_FMT_MAP_FLUSH 1 /* "SFENCE.VMA": an implementation may cache invalid entries */
#define S2_FMT_BROADCAST 0

_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(41), 2) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(41), 2) == 3u, "Sv39x4");
_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(50), 3) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(50), 3) == 3u, "Sv48x4");
_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(59), 4) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(59), 4) == 3u, "Sv57x4");
_Static_assert(S2_GEO_SPAN(S2_FMT_LEAF_MAX) == UINT64_C(1) << 39, "the largest leaf is 512 GiB");

static inline struct s2_shape s2_shape_of(uint32_t gpa_bits) {
  struct s2_shape s = {255u, 4u};
  if (gpa_bits == 41u) {
    s.top = 2u;
  } else if (gpa_bits == 50u) {
    s.top = 3u;
  } else if (gpa_bits == 59u) {
    s.top = 4u;
  }
  return s;
}

#endif
