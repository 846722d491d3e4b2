/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * geometry_4k.h - 4 KiB tables of 512 entries: the arithmetic of levels, the same for all formats.
 *
 * The contracts stand in include/stage2/format.h; this file and the geometry.h of each format are the only places with
 * shifts and masks of guest addresses. The macros exist so that static assertions can pin values.
 */
#ifndef ARCH_GEOMETRY_4K_H
#define ARCH_GEOMETRY_4K_H

#include "stage2/types.h"

#define S2_GEO_SHIFT(l)          (12u + 9u * (unsigned)(l)) /* log2 of what an entry of level l covers */
#define S2_GEO_ROOT_SHIFT(l)     (21u + 9u * (unsigned)(l)) /* log2 of what a table of level l covers  */
#define S2_GEO_SPAN(l)           (UINT64_C(1) << S2_GEO_SHIFT(l))
#define S2_GEO_SLOT(va, l)       (((va) >> S2_GEO_SHIFT(l)) & 511u)
#define S2_GEO_ROOT_INDEX(va, l) ((va) >> S2_GEO_ROOT_SHIFT(l))
#define S2_GEO_LAST(bits)        ((UINT64_C(1) << (bits)) - 1u) /* last address of that width */

_Static_assert(S2_GEO_SPAN(0) == S2_PAGE_SIZE && S2_GEO_SPAN(1) == 0x200000u, "4 KiB pages, 2 MiB blocks");
_Static_assert(S2_GEO_SPAN(2) == 0x40000000u && S2_GEO_SPAN(3) == UINT64_C(0x8000000000), "1 GiB, 512 GiB blocks");
_Static_assert(S2_GEO_SHIFT(S2_MAX_LEVEL) == 48u && S2_GEO_ROOT_SHIFT(S2_MAX_LEVEL) == 57u, "five levels");
_Static_assert(S2_GEO_SHIFT(0) + 9u == S2_GEO_ROOT_SHIFT(0) && S2_ENTRIES == 512u, "a table is 512 entries");

static inline uint32_t s2_slot(uint64_t va, uint8_t l) {
  return (uint32_t)S2_GEO_SLOT(va, l);
}

static inline uint32_t s2_root_index(uint64_t va, uint8_t l) {
  return S2_FMT_ROOTS == 1u ? 0u : (uint32_t)S2_GEO_ROOT_INDEX(va, l);
}

static inline int64_t s2_root_base(uint32_t k, uint8_t l) {
  return (int64_t)((uint64_t)k << S2_GEO_ROOT_SHIFT(l));
}

static inline int64_t s2_child_base(int64_t base, uint32_t i, uint8_t l) {
  return base + (int64_t)((uint64_t)i << S2_GEO_SHIFT(l));
}

static inline uint64_t s2_span(uint8_t l) {
  return S2_GEO_SPAN(l);
}

static inline uint64_t s2_offset(uint64_t va, uint8_t l) {
  return va & (S2_GEO_SPAN(l) - 1u);
}

static inline uint32_t s2_spans_in(uint64_t len, uint8_t l) {
  uint64_t n = len >> S2_GEO_SHIFT(l);
  return n < S2_ENTRIES ? (uint32_t)n : S2_ENTRIES;
}

static inline uint32_t s2_order(uint8_t l) {
  return 9u * (uint32_t)l;
}

static inline uint64_t s2_width(uint32_t bits) {
  return UINT64_C(1) << bits;
}

#endif
