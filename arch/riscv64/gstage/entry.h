/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * RISC-V G-stage entries (Privileged ISA, "Sv39" page-table entry, "Svpbmt", and the hypervisor extension). Contracts:
 * include/stage2/format.h.
 *
 * R, W, X bits 3:1; write without read is reserved, execute alone is legal. U bit 4 is always set: every G-stage access
 * is checked as a user access. A bit 6, D bit 7. G, RSW, N and the reserved bits stay 0. All three of R, W, X zero is a
 * link to the next table, with A, D and U zero. There is no user execute of its own.
 *
 * Memory type: PBMT bits 62:61, with Svpbmt only: NC 1 is non-cacheable, IO 2 is device. 0 leaves it to the PMAs:
 * write-back for main memory.
 *
 * Bit 8 (RSW) marks a not-present entry whose address is kept.
 */
#ifndef ARCH_GST_ENTRY_H
#define ARCH_GST_ENTRY_H

#include "geometry.h"

#define S2_GST_V          UINT64_C(0x1)
#define S2_GST_RWX        UINT64_C(0xe)
#define S2_GST_U          UINT64_C(0x10)
#define S2_GST_A          UINT64_C(0x40)
#define S2_GST_D          UINT64_C(0x80)
#define S2_GST_MARK       UINT64_C(0x100)
#define S2_GST_PPN        UINT64_C(0x003ffffffffffc00)
#define S2_GST_PBMT_SHIFT 61
#define S2_GST_PBMT       (UINT64_C(3) << S2_GST_PBMT_SHIFT)
#define S2_GST_PPN_TO_HPA 2 /* PPN is at bit 10, the page number of an address at bit 12 */

/* What may be set in a leaf beside V, U and the address. */
#define S2_GST_LEAF_FREE    (S2_GST_RWX | S2_GST_A | S2_GST_D | S2_GST_PBMT)
#define S2_GST_RIGHTS_LEGAL 0xbau /* bit n: bits 3:1 == n is R, RW, X, RX or RWX */

/* One nibble per type: PBMT of attr bits 7:4 (WB 0, NC 1, DEV 2), and back. */
#define S2_GST_PBMT_OF_TYPE UINT64_C(0x21000)
#define S2_GST_TYPE_OF_PBMT 0x430u

/** The PPN bits that an entry of level l may have set. */
static inline uint64_t s2_gst_ppn(uint8_t l) {
  return S2_GST_PPN & ~((S2_GEO_SPAN(l) - 1u) >> S2_GST_PPN_TO_HPA);
}

static inline bool s2_gst_is_leaf(uint8_t l, uint64_t e) {
  uint32_t rights = (uint32_t)(e & S2_GST_RWX) >> 1;
  return (e & ~(S2_GST_LEAF_FREE | s2_gst_ppn(l))) == (S2_GST_V | S2_GST_U) &&
         ((S2_GST_RIGHTS_LEGAL >> rights) & 1u) != 0 && (e & S2_GST_PBMT) != S2_GST_PBMT;
}

static inline bool s2_entry_links(uint8_t l, uint64_t e) {
  return l > 0 && (e & ~S2_GST_PPN) == S2_GST_V;
}

/* Links first, then leaves: the order in which a walk meets them. Largest leaf: 256 TiB leaves exist in Sv57x4, but are not made here. */
static inline uint32_t s2_entry_kind(uint8_t l, uint64_t e) {
  if (s2_entry_links(l, e)) {
    return S2_TABLE;
  }
  if (l <= S2_FMT_LEAF_MAX && s2_gst_is_leaf(l, e)) {
    return S2_LEAF;
  }
  if (e == 0) {
    return S2_EMPTY;
  }
  return l <= S2_FMT_LEAF_MAX && (e & ~s2_gst_ppn(l)) == S2_GST_MARK ? S2_MARKED : S2_BAD;
}

static inline bool s2_entry_live(uint64_t e) {
  return (e & S2_GST_V) != 0;
}

static inline uint64_t s2_entry_leaf(uint8_t l, uint64_t hpa, uint32_t attr) {
  uint64_t pbmt = (S2_GST_PBMT_OF_TYPE >> ((attr & S2_TYPE_MASK) >> 2)) & 3u;
  uint64_t e = hpa >> S2_GST_PPN_TO_HPA | S2_GST_V | S2_GST_U;
  (void)l;
  e |= (uint64_t)(attr & S2_RWX) << 1 | pbmt << S2_GST_PBMT_SHIFT;
  return e | (attr & S2_AD_MASK) >> 10;
}

static inline uint64_t s2_entry_following(uint8_t l, uint64_t e) {
  return e + (S2_GEO_SPAN(l) >> S2_GST_PPN_TO_HPA);
}

static inline uint64_t s2_entry_rights(uint8_t l, uint64_t e, uint32_t rights) {
  (void)l;
  return (e & ~S2_GST_RWX) | (uint64_t)(rights & S2_RWX) << 1;
}

static inline uint64_t s2_entry_table(uint32_t features, uint8_t l, uint64_t hpa) {
  (void)features;
  (void)l;
  return hpa >> S2_GST_PPN_TO_HPA | S2_GST_V;
}

static inline uint64_t s2_entry_next(uint64_t e) {
  return (e & S2_GST_PPN) << S2_GST_PPN_TO_HPA;
}

static inline uint64_t s2_entry_hpa(uint8_t l, uint64_t e) {
  (void)l;
  return (e & S2_GST_PPN) << S2_GST_PPN_TO_HPA;
}

static inline uint32_t s2_entry_attr(uint8_t l, uint64_t e) {
  uint32_t pbmt = (uint32_t)((e & S2_GST_PBMT) >> S2_GST_PBMT_SHIFT);
  uint32_t attr = (uint32_t)(e & S2_GST_RWX) >> 1;
  (void)l;
  attr |= ((S2_GST_TYPE_OF_PBMT >> (4u * pbmt)) & 0xfu) << 4;
  return attr | (uint32_t)((e & (S2_GST_A | S2_GST_D)) << 10);
}

static inline uint64_t s2_entry_mark(uint8_t l, uint64_t e) {
  (void)l;
  return (e & S2_GST_PPN) | S2_GST_MARK;
}

static inline uint64_t s2_entry_clear_ad(uint8_t l, uint64_t e, uint32_t ad) {
  (void)l;
  return e & ~(uint64_t)((ad & S2_AD_MASK) >> 10);
}

static inline bool s2_attr_legal(uint32_t features, uint32_t attr) {
  uint32_t rights = attr & S2_RIGHTS;
  uint32_t type = attr & S2_TYPE_MASK;
  bool pbmt = (features & S2_FEAT_SVPBMT) != 0 && (type == S2_NC || type == S2_DEV);
  return (attr & ~(S2_RWX | S2_TYPE_MASK)) == 0 && rights != 0 && (rights & S2_RW) != S2_W && (type == S2_WB || pbmt);
}

#endif
