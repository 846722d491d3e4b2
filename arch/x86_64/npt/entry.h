/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * NPT entries: long-mode page-table entries (AMD APM vol. 2, 5.3.3 to 5.4.1, 15.25.5). Contracts: stage2/format.h.
 *
 * Rights: P bit 0 is read, so every other right needs it; RW bit 1 is write; NX bit 63 takes execute away (the host
 * runs with EFER.NXE). US bit 2 is always set: the nested walk treats every guest access as a user access. There is no
 * user execute. Accessed bit 5, dirty bit 6.
 *
 * Memory type: an index into the host's PAT (7.8.1), PWT bit 3 and PCD bit 4; the PAT bit stays 0. The PAT is taken
 * to hold its reset value in entries 0..3 (WB, WT, UC-, UC): WB is index 0, WT index 1, device index 3. Write-combining
 * and write-protected are not in that PAT and are refused.
 *
 * Present entries use no available bit. Bit 11 marks a not-present entry whose address is kept.
 */
#ifndef ARCH_NPT_ENTRY_H
#define ARCH_NPT_ENTRY_H

#include "geometry.h"

#define S2_NPT_P    UINT64_C(0x1)
#define S2_NPT_RW   UINT64_C(0x2)
#define S2_NPT_US   UINT64_C(0x4)
#define S2_NPT_PWT  UINT64_C(0x8)
#define S2_NPT_PCD  UINT64_C(0x10)
#define S2_NPT_A    UINT64_C(0x20)
#define S2_NPT_D    UINT64_C(0x40)
#define S2_NPT_PS   UINT64_C(0x80)
#define S2_NPT_MARK UINT64_C(0x800)
#define S2_NPT_NX   (UINT64_C(1) << 63)
#define S2_NPT_ADDR UINT64_C(0x000ffffffffff000)

#define S2_NPT_TABLE      (S2_NPT_P | S2_NPT_RW | S2_NPT_US)
#define S2_NPT_TABLE_FREE (S2_NPT_ADDR | S2_NPT_A) /* the hardware sets A in table entries too */
/* What may be set in a leaf beside P, US, the address and PS. */
#define S2_NPT_LEAF_FREE  (S2_NPT_RW | S2_NPT_PWT | S2_NPT_PCD | S2_NPT_A | S2_NPT_D | S2_NPT_NX)

/** The address bits that an entry of level l may have set. Bit 12 of a block is its PAT bit: not among them. */
static inline uint64_t s2_npt_addr(uint8_t l) {
  return S2_NPT_ADDR & ~(S2_GEO_SPAN(l) - 1u);
}

static inline bool s2_npt_is_leaf(uint8_t l, uint64_t e) {
  uint64_t form = S2_NPT_P | S2_NPT_US | (l == 0 ? 0u : S2_NPT_PS);
  bool uc_minus = (e & (S2_NPT_PCD | S2_NPT_PWT)) == S2_NPT_PCD; /* index 2: nothing here asks for it */
  return (e & ~(S2_NPT_LEAF_FREE | s2_npt_addr(l))) == form && !uc_minus;
}

static inline bool s2_entry_links(uint8_t l, uint64_t e) {
  return l > 0 && (e & ~S2_NPT_TABLE_FREE) == S2_NPT_TABLE;
}

/* Links first, then leaves: the order in which a walk meets them. Largest leaf: bit 7 must be zero above. */
static inline uint32_t s2_entry_kind(uint8_t l, uint64_t e) {
  if (s2_entry_links(l, e)) {
    return S2_TABLE;
  }
  if (l <= S2_FMT_LEAF_MAX && s2_npt_is_leaf(l, e)) {
    return S2_LEAF;
  }
  if (e == 0) {
    return S2_EMPTY;
  }
  return l <= S2_FMT_LEAF_MAX && (e & ~s2_npt_addr(l)) == S2_NPT_MARK ? S2_MARKED : S2_BAD;
}

static inline bool s2_entry_live(uint64_t e) {
  return (e & S2_NPT_P) != 0;
}

static inline uint64_t s2_entry_leaf(uint8_t l, uint64_t hpa, uint32_t attr) {
  uint32_t type = attr & S2_TYPE_MASK;
  uint64_t e = hpa | S2_NPT_P | S2_NPT_US | (l == 0 ? 0u : S2_NPT_PS);
  e |= (attr & S2_W) | ((attr & S2_X) != 0 ? 0u : S2_NPT_NX);
  e |= (type == S2_WB ? 0u : S2_NPT_PWT) | (type == S2_DEV ? S2_NPT_PCD : 0u);
  return e | (attr & S2_AD_MASK) >> 11;
}

static inline uint64_t s2_entry_following(uint8_t l, uint64_t e) {
  return e + S2_GEO_SPAN(l);
}

static inline uint64_t s2_entry_rights(uint8_t l, uint64_t e, uint32_t rights) {
  (void)l;
  return (e & ~(S2_NPT_RW | S2_NPT_NX)) | (rights & S2_W) | ((rights & S2_X) != 0 ? 0u : S2_NPT_NX);
}

static inline uint64_t s2_entry_table(uint32_t features, uint8_t l, uint64_t hpa) {
  (void)features;
  (void)l;
  return hpa | S2_NPT_TABLE;
}

static inline uint64_t s2_entry_next(uint64_t e) {
  return e & S2_NPT_ADDR;
}

static inline uint64_t s2_entry_hpa(uint8_t l, uint64_t e) {
  (void)l;
  return e & S2_NPT_ADDR;
}

static inline uint32_t s2_entry_attr(uint8_t l, uint64_t e) {
  uint32_t attr = S2_R | (uint32_t)(e & S2_NPT_RW) | ((e & S2_NPT_NX) != 0 ? 0u : S2_X);
  (void)l;
  if ((e & S2_NPT_PCD) != 0) {
    attr |= S2_DEV;
  } else if ((e & S2_NPT_PWT) != 0) {
    attr |= S2_WT;
  }
  return attr | (uint32_t)((e & (S2_NPT_A | S2_NPT_D)) << 11);
}

static inline uint64_t s2_entry_mark(uint8_t l, uint64_t e) {
  (void)l;
  return (e & S2_NPT_ADDR) | S2_NPT_MARK;
}

static inline uint64_t s2_entry_clear_ad(uint8_t l, uint64_t e, uint32_t ad) {
  (void)l;
  return e & ~(uint64_t)((ad & S2_AD_MASK) >> 11);
}

static inline bool s2_attr_legal(uint32_t features, uint32_t attr) {
  uint32_t type = attr & S2_TYPE_MASK;
  (void)features;
  return (attr & ~(S2_RWX | S2_TYPE_MASK)) == 0 && (attr & S2_R) != 0 &&
         (type == S2_WB || type == S2_WT || type == S2_DEV);
}

#endif
