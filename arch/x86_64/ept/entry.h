/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * EPT entries (Intel SDM vol. 3C, 29.3.2, tables 29-1 to 29-7). Contracts: include/stage2/format.h.
 *
 * Rights: R bit 0, W bit 1, X bit 2, and S2_UX bit 10. With "mode-based execute control for EPT" (S2_FEAT_UX) bit 2 is
 * supervisor execute and bit 10 user execute; without, bit 2 is all of execute and bit 10 is ignored. Execute without
 * read is accepted: the host must have it (IA32_VMX_EPT_VPID_CAP bit 0). Write without read is a misconfiguration
 * (29.3.3.1). Memory type: EMT bits 5:3 (29.3.7), IPAT bit 6. Accessed bit 8, dirty bit 9 (29.3.5).
 *
 * Bit 10 counts as a present bit here, whether or not the control is on, so nothing else may ever use it. Bit 63
 * (suppress #VE) stays 0: leave the "EPT-violation #VE" control off. No other ignored bit is used while an entry is
 * present; bit 11 marks a not-present entry whose address is kept.
 */
#ifndef ARCH_EPT_ENTRY_H
#define ARCH_EPT_ENTRY_H

#include "geometry.h"

#define S2_EPT_RWX       UINT64_C(0x7)
#define S2_EPT_EMT_SHIFT 3
#define S2_EPT_EMT       UINT64_C(0x38)
#define S2_EPT_IPAT      UINT64_C(0x40)
#define S2_EPT_PS        UINT64_C(0x80)
#define S2_EPT_A         UINT64_C(0x100)
#define S2_EPT_D         UINT64_C(0x200)
#define S2_EPT_XU        UINT64_C(0x400)
#define S2_EPT_MARK      UINT64_C(0x800)
#define S2_EPT_ADDR      UINT64_C(0x000ffffffffff000)

/* What may be set in a table entry beside R, W and X: the address, and A, which the hardware sets; XU, see below. */
#define S2_EPT_TABLE_FREE (S2_EPT_ADDR | S2_EPT_A | S2_EPT_XU)
/* What may be set in a leaf beside the address and PS. */
#define S2_EPT_LEAF_FREE  (S2_EPT_RWX | S2_EPT_EMT | S2_EPT_IPAT | S2_EPT_A | S2_EPT_D | S2_EPT_XU)

/* One nibble per type: EMT of attr bits 7:4 (WB 6, WT 4, WP 5, NC 1, DEV 0), and back. */
#define S2_EPT_EMT_OF_TYPE UINT64_C(0x01546)
#define S2_EPT_TYPE_OF_EMT 0x0210034u
/* Bit n: rights n are legal: R, RW, X, RX, RWX; where user execute is told apart, each of them and none with it. */
#define S2_EPT_RIGHTS      0xbbbau
/* Bit n: bits 5:0 == n are legal: EMT 0, 1, 4, 5 or 6 with R, RW, X, RX, RWX, or (user execute alone) none of them. */
#define S2_EPT_LEGAL       UINT64_C(0x00bbbbbb0000bbbb)

/** The address bits that an entry of level l may have set. */
static inline uint64_t s2_ept_addr(uint8_t l) {
  return S2_EPT_ADDR & ~(S2_GEO_SPAN(l) - 1u);
}

static inline bool s2_ept_is_leaf(uint8_t l, uint64_t e) {
  uint64_t form = l == 0 ? 0u : S2_EPT_PS;
  /* user execute alone is a right too; no right at all is not present */
  return (e & ~(S2_EPT_LEAF_FREE | s2_ept_addr(l))) == form && (e & (S2_EPT_RWX | S2_EPT_XU)) != 0 &&
         ((S2_EPT_LEGAL >> (e & (S2_EPT_EMT | S2_EPT_RWX))) & 1u) != 0;
}

static inline bool s2_entry_links(uint8_t l, uint64_t e) {
  return l > 0 && (e & ~S2_EPT_TABLE_FREE) == S2_EPT_RWX;
}

/* Links first, then leaves: the order in which a walk meets them. Largest leaf: bit 7 is reserved above. */
static inline uint32_t s2_entry_kind(uint8_t l, uint64_t e) {
  if (s2_entry_links(l, e)) {
    return S2_TABLE;
  }
  if (l <= S2_FMT_LEAF_MAX && s2_ept_is_leaf(l, e)) {
    return S2_LEAF;
  }
  if (e == 0) {
    return S2_EMPTY;
  }
  return l <= S2_FMT_LEAF_MAX && (e & ~s2_ept_addr(l)) == S2_EPT_MARK ? S2_MARKED : S2_BAD;
}

static inline bool s2_entry_live(uint64_t e) {
  return (e & (S2_EPT_RWX | S2_EPT_XU)) != 0;
}

static inline uint64_t s2_entry_leaf(uint8_t l, uint64_t hpa, uint32_t attr) {
  uint64_t emt = (S2_EPT_EMT_OF_TYPE >> ((attr & S2_TYPE_MASK) >> 2)) & 7u;
  uint64_t e = hpa | (l == 0 ? 0u : S2_EPT_PS);
  e |= (attr & S2_RWX) | (uint64_t)(attr & S2_UX) << 7;
  e |= emt << S2_EPT_EMT_SHIFT | (attr & S2_IPAT) >> 2;
  return e | (attr & S2_AD_MASK) >> 8;
}

static inline uint64_t s2_entry_following(uint8_t l, uint64_t e) {
  return e + S2_GEO_SPAN(l);
}

static inline uint64_t s2_entry_rights(uint8_t l, uint64_t e, uint32_t rights) {
  (void)l;
  return (e & ~(S2_EPT_RWX | S2_EPT_XU)) | (rights & S2_RWX) | (uint64_t)(rights & S2_UX) << 7;
}

/**
 * Rights are the intersection over all levels (29.3.2): with mode-based execute control, user execute must be granted by
 * the tables as well as by the leaf.
 */
static inline uint64_t s2_entry_table(uint32_t features, uint8_t l, uint64_t hpa) {
  (void)l;
  return hpa | S2_EPT_RWX | ((features & S2_FEAT_UX) != 0 ? S2_EPT_XU : 0u);
}

static inline uint64_t s2_entry_next(uint64_t e) {
  return e & S2_EPT_ADDR;
}

static inline uint64_t s2_entry_hpa(uint8_t l, uint64_t e) {
  (void)l;
  return e & S2_EPT_ADDR;
}

static inline uint32_t s2_entry_attr(uint8_t l, uint64_t e) {
  uint32_t emt = (uint32_t)((e & S2_EPT_EMT) >> S2_EPT_EMT_SHIFT);
  uint32_t attr = (uint32_t)(e & S2_EPT_RWX) | (uint32_t)((e & S2_EPT_XU) >> 7);
  (void)l;
  attr |= ((S2_EPT_TYPE_OF_EMT >> (4u * emt)) & 7u) << 4 | (uint32_t)((e & S2_EPT_IPAT) << 2);
  return attr | (uint32_t)((e & (S2_EPT_A | S2_EPT_D)) << 8);
}

static inline uint64_t s2_entry_mark(uint8_t l, uint64_t e) {
  (void)l;
  return (e & S2_EPT_ADDR) | S2_EPT_MARK;
}

static inline uint64_t s2_entry_clear_ad(uint8_t l, uint64_t e, uint32_t ad) {
  (void)l;
  return e & ~(uint64_t)((ad & S2_AD_MASK) >> 8);
}

static inline bool s2_attr_legal(uint32_t features, uint32_t attr) {
  bool type = (attr & S2_TYPE_MASK) <= S2_DEV; /* no DEV_NE */
  bool told = (attr & S2_UX) == 0 || (features & S2_FEAT_UX) != 0;
  return (attr & ~S2_ATTR_MASK) == 0 && ((S2_EPT_RIGHTS >> (attr & S2_RIGHTS)) & 1u) != 0 && type && told;
}

#endif
