/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * geometry.h - index and span functions against their definition by division and remainder, for every address. The
 * level is fixed by a case split, so that each division is by a constant.
 */
#ifndef PROOFS_CBMC_GEOMETRY_H
#define PROOFS_CBMC_GEOMETRY_H

#include "format.h"

/* Runs the check for each level, with any other argument. */
#define FOR_EACH_LEVEL(check)                                                                                          \
  do {                                                                                                                 \
    check(0);                                                                                                          \
    check(1);                                                                                                          \
    check(2);                                                                                                          \
    check(3);                                                                                                          \
    check(4);                                                                                                          \
  } while (0)

static inline void slot_of_level(uint8_t l) {
  uint64_t va = nondet_uint64();
  PROVE(s2_slot(va, l) == va / power(l) % 512u, "slot: the address in entries, modulo a table");
  PROVE(s2_slot(va, l) < 512u, "a slot of a table");
}
static inline void check_slot(void) {
  FOR_EACH_LEVEL(slot_of_level);
}

static inline void root_index_of_level(uint8_t l) {
  uint64_t va = nondet_uint64();
  ASSUME(va / power(l + 1) < BITS_ROOTS);
  PROVE(s2_root_index(va, l) == va / power(l + 1), "root index: the address in tables");
}
static inline void check_root_index(void) {
  FOR_EACH_LEVEL(root_index_of_level);
}

static inline void root_base_of_level(uint8_t l) {
  uint32_t k = nondet_uint32();
  ASSUME(k < 16u);
  PROVE(s2_root_base(k, l) >= 0 && (uint64_t)s2_root_base(k, l) == k * power(l + 1), "root base: whole tables");
}
static inline void check_root_base(void) {
  FOR_EACH_LEVEL(root_base_of_level);
}

/* The widest address is below 2^61: base + 511 entries of level 4 still is an int64_t. */
static inline void child_base_of_level(uint8_t l) {
  int64_t base = nondet_int64();
  uint32_t i = nondet_uint32();
  ASSUME(0 <= base && base < INT64_C(1) << 61 && i < 512u);
  PROVE((uint64_t)s2_child_base(base, i, l) == (uint64_t)base + i * power(l), "child base: i entries further");
}
static inline void check_child_base(void) {
  FOR_EACH_LEVEL(child_base_of_level);
}

static inline void span_of_level(uint8_t l) {
  PROVE(s2_span(l) == power(l) && s2_order(l) == 9u * l, "span, and its order in pages");
}
static inline void check_span(void) {
  FOR_EACH_LEVEL(span_of_level);
}

static inline void order_of_level(uint8_t l) {
  PROVE(power(l) >> s2_order(l) == S2_PAGE_SIZE, "2^order pages");
}
static inline void check_order(void) {
  FOR_EACH_LEVEL(order_of_level);
}

static inline void offset_of_level(uint8_t l) {
  uint64_t va = nondet_uint64();
  PROVE(s2_offset(va, l) == va % power(l), "offset: the remainder");
}
static inline void check_offset(void) {
  FOR_EACH_LEVEL(offset_of_level);
}

static inline void spans_in_of_level(uint8_t l) {
  uint64_t len = nondet_uint64();
  uint64_t whole = len / power(l);
  CASE(whole > 512u);
  CASE(whole == 512u);
  CASE(whole < 512u);
  PROVE(s2_spans_in(len, l) == (whole < 512u ? whole : 512u), "whole entries, at most a table");
}
static inline void check_spans_in(void) {
  FOR_EACH_LEVEL(spans_in_of_level);
}

static inline void check_width(void) {
  uint32_t bits = nondet_uint32();
  ASSUME(bits < 63u);
  PROVE(s2_width(0) == 1u && s2_width(bits + 1u) == 2u * s2_width(bits), "powers of two");
}

/** s2_shape_of(): exactly the widths of the layout; the tree covers exactly the width. */
static inline void check_shape_of(void) {
  uint32_t bits = nondet_uint32();
  struct s2_shape s = s2_shape_of(bits);
  CASE(s.top <= S2_MAX_LEVEL);
  CASE(s.top > S2_MAX_LEVEL);
  PROVE(bits_shape_top(bits) == 255u ? s.top > S2_MAX_LEVEL : s.top == bits_shape_top(bits),
        "top level, or no such width");
  PROVE(s.top > S2_MAX_LEVEL || s.nroot == bits_shape_roots(bits), "root tables");
  PROVE(s.top > S2_MAX_LEVEL || (1u <= s.nroot && s.nroot <= S2_FMT_ROOTS), "at most what the format has");
  if (s.top <= S2_MAX_LEVEL) {
    uint64_t last = s2_width(bits) - 1u;
    PROVE(s.nroot == last / power((uint8_t)(s.top + 1u)) + 1u, "the roots cover the width, and each is needed");
    PROVE((s.nroot & (s.nroot - 1u)) == 0, "a power of two");
    PROVE(s.top <= s2_shape_of(bits + 1u).top, "no narrower width has a higher tree");
  }
}

/** An address is its root table, its slots and its offset: root concatenation and widened roots included. */
static inline void compose_for(uint8_t top) {
  uint64_t va = nondet_uint64();
  ASSUME(va / power(top + 1) < BITS_ROOTS);
  uint32_t k = s2_root_index(va, top);
  int64_t base = s2_root_base(k, top);
  CASE(k == BITS_ROOTS - 1u);
  PROVE(k < BITS_ROOTS && va - (uint64_t)base < power(top + 1), "within its root table");
  for (uint8_t l = top; l > 0; l--) {
    base = s2_child_base(base, s2_slot(va, l), l);
    PROVE((uint64_t)base <= va && va - (uint64_t)base < s2_span(l), "within its entry");
  }
  PROVE(s2_child_base(base, s2_slot(va, 0), 0) == (int64_t)(va - s2_offset(va, 0)),
        "root, slots and offset make the address");
}
static inline void check_compose(void) {
  compose_for(1);
  compose_for(2);
  compose_for(3);
#if !defined(S2_FORMAT_A64) /* widths end at 48 bits: level 4 is never a root */
  compose_for(4);
#endif
}

#endif
