/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * attr_words.h - attributes compared and joined as words: the same for all formats, since attr.h says what the bits are
 * and geometry.h which of accessed and dirty a new leaf carries.
 *
 * The contracts stand in include/stage2/format.h.
 */
#ifndef ARCH_ATTR_WORDS_H
#define ARCH_ATTR_WORDS_H

#include "stage2/attr.h"

static inline bool s2_attr_same(uint32_t a, uint32_t b) {
  return ((a ^ b) & ~S2_AD_MASK) == 0;
}

static inline uint32_t s2_attr_new(uint32_t features, uint32_t attr) {
  (void)features; /* what the attributes are legal for: the proof's, not the machine's */
  return attr | S2_FMT_AD;
}

static inline uint32_t s2_attr_join(uint32_t a, uint32_t b) {
  return a | (b & S2_AD_MASK);
}

#endif
