/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * format.h - what every harness has: the format's code, its bit layout made executable, and any value at all.
 */
#ifndef PROOFS_CBMC_FORMAT_H
#define PROOFS_CBMC_FORMAT_H

#include "stage2/table.h"
#include "stage2/format.h"

#if defined(S2_FORMAT_EPT)
#include "bits/ept.h"
#elif defined(S2_FORMAT_NPT)
#include "bits/npt.h"
#elif defined(S2_FORMAT_A64)
#include "bits/a64.h"
#else
#include "bits/gst.h"
#endif

/* Functions without a body: any value. */
uint8_t nondet_uint8(void);
uint32_t nondet_uint32(void);
uint64_t nondet_uint64(void);
int64_t nondet_int64(void);

#define ASSUME(condition) __CPROVER_assume(condition)

/*
 * PROVE is the claim. CASE names a situation that the assumptions must leave possible. The proof run ignores cases; the
 * coverage run (S2_COVERAGE, --cover location) makes both a place that must be reached, whatever the claim says.
 */
#if defined(S2_COVERAGE)
static inline void reached(void) {
}
#define PROVE(condition, why) reached()
#define CASE(condition)                                                                                                \
  if (condition) {                                                                                                     \
    reached();                                                                                                         \
  }
#else
#define PROVE(condition, why) __CPROVER_assert(condition, why)
#define CASE(condition)
#endif

/** Any level from min to max. All of them must be possible after the assumptions: every_leaf_level(), and so on. */
static inline uint8_t any_level(uint8_t min, uint8_t max) {
  uint8_t l = nondet_uint8();
  ASSUME(min <= l && l <= max);
  return l;
}

/* A leaf's levels are 0..S2_FMT_LEAF_MAX (2 or 3), a table's 1..4. */
static inline void every_leaf_level(uint8_t l) {
  CASE(l == 0);
  CASE(l == 1);
  CASE(l == 2);
#if defined(S2_FORMAT_GST)
  CASE(l == 3);
#endif
}

static inline void every_table_level(uint8_t l) {
  CASE(l == 1);
  CASE(l == 2);
  CASE(l == 3);
  CASE(l == 4);
}

/** Bytes covered by an entry of level l, by multiplication: the specification side does not shift by a level. */
static inline uint64_t power(uint8_t l) {
  switch (l) {
    case 0:
      return UINT64_C(4096);
    case 1:
      return UINT64_C(4096) * 512u;
    case 2:
      return UINT64_C(4096) * 512u * 512u;
    case 3:
      return UINT64_C(4096) * 512u * 512u * 512u;
    case 4:
      return UINT64_C(4096) * 512u * 512u * 512u * 512u;
    default:
      return UINT64_C(4096) * 512u * 512u * 512u * 512u * 512u; /* what a table of level 4 covers */
  }
}

#define SPEC_HPA_LIMIT (UINT64_C(1) << BITS_HPA_BITS)

/** Any host address that an entry of level l can hold. */
static inline uint64_t any_hpa(uint8_t l) {
  uint64_t hpa = nondet_uint64();
  ASSUME(hpa < SPEC_HPA_LIMIT && hpa % power(l) == 0);
  return hpa;
}

/** Any leaf of level l that the layout allows. */
static inline uint64_t any_leaf(uint8_t l) {
  uint64_t e = nondet_uint64();
  ASSUME(bits_leaf(l, e));
  return e;
}

/** What the layout says a leaf means, in the words of attr.h. */
static inline uint32_t spec_attr(uint8_t l, uint64_t e) {
  return (uint32_t)(bits_rights(l, e) | bits_type(l, e) | bits_flags(l, e));
}

/* The layout's words are the library's. */
_Static_assert(BITS_R == S2_R && BITS_W == S2_W && BITS_X == S2_X && BITS_UX == S2_UX, "rights");
_Static_assert(BITS_WB == S2_WB && BITS_WT == S2_WT && BITS_WP == S2_WP && BITS_NC == S2_NC, "memory types");
_Static_assert(BITS_DEV == S2_DEV && BITS_DEV_NE == S2_DEV_NE && BITS_IPAT == S2_IPAT, "device types and flags");
_Static_assert(BITS_ACCESSED == S2_ACCESSED && BITS_DIRTY == S2_DIRTY, "accessed and dirty");
_Static_assert(FEAT_UX(S2_FEAT_UX) && FEAT_SVPBMT(S2_FEAT_SVPBMT), "features");

#endif
