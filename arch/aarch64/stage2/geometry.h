/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * AArch64 stage 2 geometry, 4 KiB granule, no LPA2 (Arm DDI 0487, D8.2). Contracts: include/stage2/format.h.
 *
 * Levels here count from the leaf: level 0, 1, 2, 3 are the manual's levels 3, 2, 1, 0. The root has up to 16
 * concatenated tables, so that an IPA of up to 4 bits more than a level covers starts one level lower.
 */
#ifndef ARCH_A64_GEOMETRY_H
#define ARCH_A64_GEOMETRY_H

#define S2_FMT_ROOTS 16u /* root tables at most; geometry_4k.h asks */

#include "arch/geometry_4k.h"

#define S2_FMT_LEAF_MAX  2u
#define S2_FMT_HPA_BITS  48u
#define S2_FMT_AD        S2_AD_MASK /* new leaves: AF set, so that no access flag fault is taken; S2AP[1]: entry.h */
#define S2_FMT_AD_KEPT   S2_AD_MASK /* what a leaf can hold                                                        */
#define S2_FMT_FEATURES  (S2_FEAT_UX | S2_FEAT_AD | S2_FEAT_VMID16)
#define S2_FMT_VMID_MAX  0xffu /* 0xffff with S2_FEAT_VMID16                  */
#define S2_FMT_VMID_ZERO 1
#define S2_FMT_MAP_FLUSH 0 /* D8.14: an entry that faults is never cached */
#define S2_FMT_BROADCAST 1

_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(48), 3) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(48), 3) == 0u, "48: one root");
_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(44), 3) == 31u, "44: the smallest width that starts at level 3");
_Static_assert(S2_GEO_ROOT_INDEX(S2_GEO_LAST(43), 2) == 15u, "43: sixteen root tables of level 2");
_Static_assert(S2_GEO_ROOT_INDEX(S2_GEO_LAST(40), 2) == 1u, "40: two root tables of level 2");
_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(39), 2) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(39), 2) == 0u, "39: one root");
_Static_assert(S2_GEO_ROOT_INDEX(S2_GEO_LAST(34), 1) == 15u, "34: sixteen root tables of level 1");
_Static_assert(S2_GEO_ROOT_INDEX(S2_GEO_LAST(32), 1) == 3u, "32: four root tables of level 1");

static inline struct s2_shape s2_shape_of(uint32_t gpa_bits) {
  struct s2_shape s = {255u, 1u};
  if (gpa_bits < 32u || gpa_bits > 48u) {
    return s;
  }
  if (gpa_bits <= 34u) {
    s.top = 1u;
    s.nroot = 1u << (gpa_bits - 30u);
  } else if (gpa_bits <= 43u) {
    s.top = 2u;
    s.nroot = gpa_bits <= 39u ? 1u : 1u << (gpa_bits - 39u);
  } else {
    s.top = 3u;
  }
  return s;
}

#endif
