/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * AArch64 stage 2 descriptors, VMSAv8-64, 4 KiB granule (Arm DDI 0487, D8.3 to D8.5). Contracts: stage2/format.h.
 *
 * Read is S2AP[0], bit 6; write without read is refused. Execute does not depend on S2AP (D8.4.2), so execute without
 * read is legal. XN[1:0] bits 54:53, with FEAT_XNX: 00 EL1 and EL0, 01 EL0 only, 10 neither, 11 EL1 only.
 * Without FEAT_XNX bit 53 is RES0 and bit 54 alone decides, for both:
 *
 *   attr           XN[1:0]  SW   legal
 *   neither        10       0    always, with S2_R
 *   S2_X           00       0    without S2_FEAT_UX: execute at EL1 and EL0
 *   S2_UX          01       0    with S2_FEAT_UX: execute at EL0 only
 *   S2_X | S2_UX   00       1    with S2_FEAT_UX: execute at EL1 and EL0
 *
 * One encoding serves hosts with and without the feature, and XN == 00 is what S2_X must be on a host without. So with
 * the feature S2_X alone, which would mean EL1 only, is refused: it is not replaced by something that lets EL0 execute.
 * SW is software bit 56. It keeps S2_X | S2_UX and S2_X apart, so that an entry decodes to exactly what it was made
 * from. More bits in attr always mean more rights, and no attr grants a right that it does not name on its host.
 *
 * Memory type, MemAttr bits 5:2 (D8.5, HCR_EL2.FWB == 0): WB 1111, WT 1010, NC 0101, DEV nGnRE 0001, DEV_NE nGnRnE 0000.
 * There is no write-protected type. SH bits 9:8: inner shareable for normal memory, 00 for device, where it is ignored.
 *
 * AF bit 10 is S2_ACCESSED. Write and S2_DIRTY share S2AP[1] (bit 7) and DBM (bit 51): under VTCR_EL2.HD the hardware
 * lets a store through where DBM is set, and sets S2AP[1] (D8.4.6). What a leaf without the right to write knows of the
 * time before is in software bit 55:
 *
 *   attr            S2AP[1]  DBM    bit 55
 *   S2_W, S2_DIRTY  1        0      0       as made; nothing here needs FEAT_HAFDBS
 *   S2_W            0        1      0       clean: made only by s2_entry_clear_ad() and what keeps its answer, so never
 *                                           without S2_FEAT_AD
 *   S2_W, S2_DIRTY  1        1      0       a clean leaf that the hardware has made dirty; made again it has DBM 0
 *   S2_DIRTY        0        0      0
 *   neither         0        0      1
 *
 * New leaves are dirty, as on GST: so a host without the feature sees the first and the fourth line alone. A leaf uses no
 * other bit. Bit 57 marks a not-present descriptor whose address is kept.
 */
#ifndef ARCH_A64_ENTRY_H
#define ARCH_A64_ENTRY_H

#include "geometry.h"

#define S2_A64_PAGE          UINT64_C(0x3) /* level 0: 01 is reserved            */
#define S2_A64_BLOCK         UINT64_C(0x1) /* levels 1 and 2                     */
#define S2_A64_TABLE         UINT64_C(0x3) /* levels 1 and up                    */
#define S2_A64_MEMATTR_SHIFT 2
#define S2_A64_MEMATTR       UINT64_C(0x3c)
#define S2_A64_S2AP_SHIFT    6
#define S2_A64_S2AP_R        UINT64_C(0x40)
#define S2_A64_S2AP_W        UINT64_C(0x80)
#define S2_A64_SH            UINT64_C(0x300)
#define S2_A64_AF            UINT64_C(0x400)
#define S2_A64_DBM           (UINT64_C(1) << 51)
#define S2_A64_XN0           (UINT64_C(1) << 53)
#define S2_A64_XN1           (UINT64_C(1) << 54)
#define S2_A64_CLEAN         (UINT64_C(1) << 55)
#define S2_A64_SW            (UINT64_C(1) << 56)
#define S2_A64_XSW           (S2_A64_XN0 | S2_A64_XN1 | S2_A64_SW)
#define S2_A64_WRITABLE      (S2_A64_S2AP_W | S2_A64_DBM) /* either: the right to write */
#define S2_A64_RWD           (S2_A64_S2AP_R | S2_A64_S2AP_W | S2_A64_DBM | S2_A64_CLEAN)
#define S2_A64_MARK          (UINT64_C(1) << 57)
#define S2_A64_ADDR          UINT64_C(0x0000fffffffff000)

/* What may be set in a leaf beside the address and bits 1:0. */
#define S2_A64_LEAF_FREE (S2_A64_MEMATTR | S2_A64_RWD | S2_A64_SH | S2_A64_AF | S2_A64_XSW)

/* One nibble per type: MemAttr of attr bits 7:4 (WB f, WT a, NC 5, DEV 1, DEV_NE 0), and back. */
#define S2_A64_MEMATTR_OF_TYPE UINT64_C(0x0150af)
#define S2_A64_TYPE_OF_MEMATTR UINT64_C(0x0000010000300045)
#define S2_A64_MEMATTR_LEGAL   0x8423u /* bit n: MemAttr n is one of them */

/** The address bits that an entry of level l may have set. */
static inline uint64_t s2_a64_addr(uint8_t l) {
  return S2_A64_ADDR & ~(S2_GEO_SPAN(l) - 1u);
}

/** SH for a MemAttr, in place: normal memory has an outer attribute, MemAttr[3:2] != 0. */
static inline uint64_t s2_a64_sh(uint32_t memattr) {
  return (memattr & 0xcu) != 0 ? S2_A64_SH : 0u;
}

static inline bool s2_a64_is_leaf(uint8_t l, uint64_t e) {
  uint64_t form = l == 0 ? S2_A64_PAGE : S2_A64_BLOCK;
  uint32_t memattr = (uint32_t)((e & S2_A64_MEMATTR) >> S2_A64_MEMATTR_SHIFT);
  bool readable = (e & S2_A64_S2AP_R) != 0;
  bool writable = (e & S2_A64_WRITABLE) != 0;
  uint64_t xsw = e & S2_A64_XSW;
  bool xn = xsw == 0 || xsw == S2_A64_XN0 || xsw == S2_A64_XN1 || xsw == S2_A64_SW;
  bool rights = readable ? !writable || (e & S2_A64_CLEAN) == 0 : !writable && xsw != S2_A64_XN1;
  bool type = ((S2_A64_MEMATTR_LEGAL >> memattr) & 1u) != 0 && (e & S2_A64_SH) == s2_a64_sh(memattr);
  return (e & ~(S2_A64_LEAF_FREE | s2_a64_addr(l))) == form && xn && rights && type;
}

static inline bool s2_entry_links(uint8_t l, uint64_t e) {
  return l > 0 && (e & ~S2_A64_ADDR) == S2_A64_TABLE;
}

/* Links first, then leaves: the order in which a walk meets them. Largest leaf: no blocks above without LPA2. */
static inline uint32_t s2_entry_kind(uint8_t l, uint64_t e) {
  if (s2_entry_links(l, e)) {
    return S2_TABLE;
  }
  if (l <= S2_FMT_LEAF_MAX && s2_a64_is_leaf(l, e)) {
    return S2_LEAF;
  }
  if (e == 0) {
    return S2_EMPTY;
  }
  return l <= S2_FMT_LEAF_MAX && (e & ~s2_a64_addr(l)) == S2_A64_MARK ? S2_MARKED : S2_BAD;
}

/** XN[1:0] and the software bit of the rights, as in the table above. */
static inline uint64_t s2_a64_xsw(uint32_t attr) {
  uint64_t with_ux = (attr & S2_X) != 0 ? S2_A64_SW : S2_A64_XN0;
  uint64_t without = (attr & S2_X) != 0 ? 0u : S2_A64_XN1;
  return (attr & S2_UX) != 0 ? with_ux : without;
}

/** S2AP, DBM and the clean bit of S2_R, S2_W and S2_DIRTY, as in the table above. */
static inline uint64_t s2_a64_rwd(uint32_t attr) {
  uint64_t clean = (attr & S2_W) != 0 ? S2_A64_DBM : S2_A64_CLEAN;
  uint64_t dirty = (uint64_t)(attr & S2_W) << S2_A64_S2AP_SHIFT;
  return (uint64_t)(attr & S2_R) << S2_A64_S2AP_SHIFT | ((attr & S2_DIRTY) != 0 ? dirty : clean);
}

/** S2_DIRTY of a leaf, or 0. */
static inline uint32_t s2_a64_dirty(uint64_t e) {
  return (e & S2_A64_S2AP_W) != 0 || (e & (S2_A64_DBM | S2_A64_CLEAN)) == 0 ? S2_DIRTY : 0u;
}

static inline bool s2_entry_live(uint64_t e) {
  return (e & 1u) != 0;
}

static inline uint64_t s2_entry_leaf(uint8_t l, uint64_t hpa, uint32_t attr) {
  uint32_t memattr = (uint32_t)(S2_A64_MEMATTR_OF_TYPE >> ((attr & S2_TYPE_MASK) >> 2)) & 0xfu;
  uint64_t e = hpa | (l == 0 ? S2_A64_PAGE : S2_A64_BLOCK);
  e |= (uint64_t)memattr << S2_A64_MEMATTR_SHIFT | s2_a64_sh(memattr);
  e |= s2_a64_rwd(attr) | s2_a64_xsw(attr);
  return e | (attr & S2_ACCESSED) >> 6;
}

static inline uint64_t s2_entry_following(uint8_t l, uint64_t e) {
  return e + S2_GEO_SPAN(l);
}

static inline uint64_t s2_entry_rights(uint8_t l, uint64_t e, uint32_t rights) {
  (void)l;
  uint64_t other = e & ~(S2_A64_RWD | S2_A64_XSW);
  return other | s2_a64_rwd((rights & S2_RW) | s2_a64_dirty(e)) | s2_a64_xsw(rights);
}

static inline uint64_t s2_entry_table(uint32_t features, uint8_t l, uint64_t hpa) {
  (void)features;
  (void)l;
  return hpa | S2_A64_TABLE;
}

static inline uint64_t s2_entry_next(uint64_t e) {
  return e & S2_A64_ADDR;
}

static inline uint64_t s2_entry_hpa(uint8_t l, uint64_t e) {
  (void)l;
  return e & S2_A64_ADDR;
}

static inline uint32_t s2_entry_attr(uint8_t l, uint64_t e) {
  uint32_t memattr = (uint32_t)((e & S2_A64_MEMATTR) >> S2_A64_MEMATTR_SHIFT);
  uint32_t attr = (uint32_t)((e & S2_A64_S2AP_R) >> S2_A64_S2AP_SHIFT) | s2_a64_dirty(e);
  (void)l;
  attr |= (e & S2_A64_WRITABLE) != 0 ? S2_W : 0u;
  attr |= (e & (S2_A64_XN0 | S2_A64_XN1)) == 0 ? S2_X : 0u;
  attr |= (e & (S2_A64_XN0 | S2_A64_SW)) != 0 ? S2_UX : 0u;
  attr |= (uint32_t)((S2_A64_TYPE_OF_MEMATTR >> (4u * memattr)) & 0xfu) << 4;
  return attr | (uint32_t)((e & S2_A64_AF) << 6);
}

static inline uint64_t s2_entry_mark(uint8_t l, uint64_t e) {
  (void)l;
  return (e & S2_A64_ADDR) | S2_A64_MARK;
}

static inline uint64_t s2_entry_clear_ad(uint8_t l, uint64_t e, uint32_t ad) {
  uint64_t r = e & ~(uint64_t)((ad & S2_ACCESSED) >> 6);
  uint64_t clean = (r & S2_A64_WRITABLE) != 0 ? S2_A64_DBM : S2_A64_CLEAN;
  (void)l;
  return (ad & S2_DIRTY) != 0 ? (r & ~S2_A64_S2AP_W) | clean : r;
}

/** May these rights be asked for? See the table at the top. */
static inline bool s2_a64_rights_legal(uint32_t features, uint32_t rights) {
  uint32_t execute = rights & (S2_X | S2_UX);
  bool split = (features & S2_FEAT_UX) != 0;
  if ((rights & S2_RW) == S2_W || rights == 0) {
    return false;
  }
  return split ? execute != S2_X : (execute & S2_UX) == 0;
}

static inline bool s2_attr_legal(uint32_t features, uint32_t attr) {
  uint32_t type = attr & S2_TYPE_MASK;
  return (attr & ~(S2_RIGHTS | S2_TYPE_MASK)) == 0 && s2_a64_rights_legal(features, attr & S2_RIGHTS) &&
         type <= S2_DEV_NE && type != S2_WP;
}

#endif
