/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * model.h - what each symbol of specs/logic/entry.acsl and geometry.acsl is for this format, and with it the laws and
 * contracts that WP believes, translated word for word (proofs/tools/acsl.py). A proof about the abstract format holds
 * for this one because these functions satisfy all that was believed.
 *
 * Entries mean what the layout of specs/bits says, and where it says nothing (no leaf, no link) what the code answers:
 * the logic lets that open. What kind an entry is, and whether the hardware follows it, code and layout both
 * say, and the same. Geometry is quotients and remainders, as the model in specs/geometry.mlw. Symbols are
 * defined for all integers, also for those that are no entry and no level; C never asks for them.
 */
#ifndef PROOFS_CBMC_MODEL_H
#define PROOFS_CBMC_MODEL_H

#include "format.h"

/* The integers of the logic: wide enough for each sum that a contract names. */
typedef __int128 integer;
integer nondet_integer(void);

static inline bool is_word(integer v) {
  return 0 <= v && v <= UINT64_MAX;
}

static inline bool is_half(integer v) {
  return 0 <= v && v <= UINT32_MAX;
}

static inline bool is_level(integer l) {
  return 0 <= l && l <= S2_MAX_LEVEL;
}

/* Each level must be possible after the preconditions: see every_leaf_level() and every_table_level(). */
static inline void every_level(uint8_t l) {
  CASE(l == 0);
  every_table_level(l);
}

/* ---- entries ---- */

static inline integer model_pte_kind(integer l, integer e) {
  if (!is_level(l) || !is_word(e)) {
    return e == 0 ? S2_EMPTY : S2_BAD;
  }
  uint32_t kind = s2_entry_kind((uint8_t)l, (uint64_t)e);
  __CPROVER_assert(kind == bits_kind((uint8_t)l, (uint64_t)e), "kind: the layout says the same");
  return kind;
}

/* By the layout: some host with all that the format has would use it at some level. */
static inline bool followed(uint64_t e) {
  bool by = false;
  for (uint8_t l = 0; l <= S2_MAX_LEVEL; l++) {
    by = by || bits_leaf_present(S2_FMT_FEATURES, l, e) || bits_table_present(S2_FMT_FEATURES, l, e);
  }
  return by;
}

static inline integer model_one(integer e) {
  if (!is_word(e)) {
    return 0;
  }
  bool live = s2_entry_live((uint64_t)e);
  __CPROVER_assert(live == followed((uint64_t)e), "live: the layout says the same");
  return live;
}

static inline integer model_pte_pa(integer l, integer e) {
  integer kind = model_pte_kind(l, e);
  if (kind == S2_LEAF) {
    return bits_addr((uint8_t)l, (uint64_t)e);
  }
  if (kind == S2_MARKED) {
    return bits_marked_addr((uint8_t)l, (uint64_t)e);
  }
  return is_level(l) && is_word(e) ? s2_entry_hpa((uint8_t)l, (uint64_t)e) : 0;
}

static inline integer model_pte_attr(integer l, integer e) {
  if (model_pte_kind(l, e) == S2_LEAF) {
    return spec_attr((uint8_t)l, (uint64_t)e);
  }
  return 0;
}

/* A link of any level: what the level is does not matter (law of the layout, proved by the harness `next`). */
static inline integer model_pte_next(integer e) {
  for (uint8_t l = 1; l <= S2_MAX_LEVEL; l++) {
    if (model_pte_kind(l, e) == S2_TABLE) {
      return bits_next(l, (uint64_t)e);
    }
  }
  return is_word(e) ? s2_entry_next((uint64_t)e) : 0;
}

/* ---- attributes ---- */

static inline bool model_attr_legal(integer features, integer attr) {
  return is_half(features) && is_half(attr) && bits_asked((uint32_t)features, (uint32_t)attr);
}

/* The layouts know four sets of features: with and without user execute and Svpbmt. */
static inline bool model_attr_made(integer attr) {
  uint32_t asked = is_half(attr) ? (uint32_t)attr & ~S2_AD_MASK : 0;
  uint32_t ad = is_half(attr) ? (uint32_t)attr & S2_AD_MASK : 0;
  bool legal = bits_asked(0, asked) || bits_asked(S2_FEAT_UX & S2_FMT_FEATURES, asked) ||
               bits_asked(S2_FEAT_SVPBMT & S2_FMT_FEATURES, asked) || bits_asked(S2_FMT_FEATURES, asked);
  return is_half(attr) && legal && (ad & ~BITS_AD_KEPT) == 0;
}

static inline integer model_with_rights(integer attr, integer rights) {
  if (!is_half(attr) || !is_half(rights)) {
    return -1;
  }
  return ((uint32_t)attr & ~S2_RIGHTS) | ((uint32_t)rights & S2_RIGHTS);
}

static inline integer model_new_attr(integer attr) {
  return is_half(attr) ? (integer)((uint32_t)attr | S2_FMT_AD) : -1;
}

static inline integer model_without_ad(integer attr) {
  return is_half(attr) ? (integer)((uint32_t)attr & ~S2_AD_MASK) : -1;
}

static inline bool model_gives(integer attr, integer rights) {
  return (attr & rights) == rights;
}

/* ---- geometry: a level is one of 0 to 4, an address any 64 bits ---- */

/** Entries of level l before va; of level 5: tables of level 4. By cases, so that each division is by a constant. */
static inline uint64_t entries_before(integer va, integer l) {
  __CPROVER_assert(is_word(va) && 0 <= l && l <= S2_MAX_LEVEL + 1u, "an address and a level");
  switch ((uint8_t)l) {
    case 0:
      return (uint64_t)va / power(0);
    case 1:
      return (uint64_t)va / power(1);
    case 2:
      return (uint64_t)va / power(2);
    case 3:
      return (uint64_t)va / power(3);
    case 4:
      return (uint64_t)va / power(4);
    default:
      return (uint64_t)va / power(5);
  }
}

static inline integer model_gran(integer l) {
  __CPROVER_assert(is_level(l), "a level");
  return power((uint8_t)l);
}

static inline integer model_part(integer k, integer m) {
  __CPROVER_assert(0 <= k && k <= UINT32_MAX, "a count of entries");
  return k * model_gran(m);
}

static inline integer model_slot_of(integer va, integer l) {
  return entries_before(va, l) % S2_ENTRIES;
}

static inline integer model_off(integer va, integer l) {
  return va - (integer)entries_before(va, l) * model_gran(l);
}

static inline integer model_ridx(integer va, integer l) {
  return entries_before(va, l + 1);
}

static inline integer model_rbase(integer k, integer l) {
  return S2_ENTRIES * model_part(k, l);
}

static inline integer model_sub(integer base, integer slot, integer l) {
  return base + model_part(slot, l);
}

static inline integer model_width(integer bits) {
  integer limit = 1;
  __CPROVER_assert(0 <= bits && bits <= 63, "a width of an address");
  for (uint32_t i = 0; i < 63u; i++) {
    limit = i < bits ? 2 * limit : limit;
  }
  return limit;
}

#include "laws.h"

#endif
