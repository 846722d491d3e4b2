/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * EPT geometry: 4 or 5 levels, one root table (Intel SDM vol. 3C, 29.3.2). Contracts: include/stage2/format.h.
 */
#ifndef ARCH_EPT_GEOMETRY_H
#define ARCH_EPT_GEOMETRY_H

#define S2_FMT_ROOTS 1u /* root tables at most; geometry_4k.h asks */

#include "arch/geometry_4k.h"

#define S2_FMT_LEAF_MAX  2u
#define S2_FMT_HPA_BITS  52u
#define S2_FMT_AD        0u         /* new leaves: not accessed, not dirty */
#define S2_FMT_AD_KEPT   S2_AD_MASK /* what a leaf can hold                */
#define S2_FMT_FEATURES  (S2_FEAT_UX | S2_FEAT_AD)
#define S2_FMT_VMID_MAX  0xffffu /* VPID                                */
#define S2_FMT_VMID_ZERO 1       /* 0 is what a guest without VPIDs has     */
#define S2_FMT_MAP_FLUSH 0       /* 29.4.2: nothing is cached from a not-present entry */
#define S2_FMT_BROADCAST 0

_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(48), 3) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(48), 3) == 0u, "48: one PML4");
_Static_assert(S2_GEO_SLOT(S2_GEO_LAST(57), 4) == 511u && S2_GEO_ROOT_INDEX(S2_GEO_LAST(57), 4) == 0u, "57: one PML5");
_Static_assert(S2_GEO_ROOT_SHIFT(3) == 48u && S2_GEO_ROOT_SHIFT(4) == 57u, "the root covers exactly the width");
_Static_assert(S2_GEO_SPAN(S2_FMT_LEAF_MAX) == UINT64_C(1) << 30, "the largest leaf is 1 GiB");

static inline struct s2_shape s2_shape_of(uint32_t gpa_bits) {
  struct s2_shape s = {255u, 1u};
  if (gpa_bits == 48u) {
    s.top = 3u;
  } else if (gpa_bits == 57u) {
    s.top = 4u;
  }
  return s;
}

#endif
