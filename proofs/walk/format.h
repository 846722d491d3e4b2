/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * format.h - one format's manual walk beside the library's, over any memory: what the harnesses of this folder share.
 *
 * Include after struct walk_memory, walk_inside() and walk_read() are there (WALK_OWN_MEMORY). Nothing here repeats the
 * library or the manual: it pairs their words.
 */
#ifndef PROOFS_WALK_FORMAT_H
#define PROOFS_WALK_FORMAT_H

#include "specs/walk/walk.h"
#include "stage2/stage2.h"
#include "stage2/walk.h"

#if defined(S2_FORMAT_EPT)
#include "specs/walk/ept.c"
#define MANUAL       walk_ept
/* accessed, which the hardware sets in links too */
#define SET_IN_LINKS UINT64_C(0x100)
/* user execute, which every link must grant under mode-based execute control */
#define LINK_GRANTS  UINT64_C(0x400)
#elif defined(S2_FORMAT_NPT)
#include "specs/walk/npt.c"
#define MANUAL       walk_npt
#define SET_IN_LINKS UINT64_C(0x20)
#define LINK_GRANTS  UINT64_C(0)
#elif defined(S2_FORMAT_A64)
#include "specs/walk/a64.c"
#define MANUAL       walk_a64
#define SET_IN_LINKS UINT64_C(0)
#define LINK_GRANTS  UINT64_C(0)
#else
#include "specs/walk/gst.c"
#define MANUAL       walk_gst
#define SET_IN_LINKS UINT64_C(0)
#define LINK_GRANTS  UINT64_C(0)
#endif

/**
 * The machine that a page table was made for, with `more` features beyond what must be there. phys_bits is the
 * machine's. Assumptions of use: SOUNDNESS.md 5 to 9.
 */
static inline struct walk_machine pair_machine(const struct s2_pt *pt, uint32_t phys_bits, uint32_t more) {
  struct s2_root root = s2_pt_root(pt);
  uint32_t declared = pt->pool.features;
  /* a control that is on is declared, and the other way round; what is merely there may be there unused */
  uint32_t has = (more & ~(WALK_MBEC | WALK_LA57)) | WALK_EXECUTE_ONLY | WALK_NXE;
  has |= (declared & S2_FEAT_UX) != 0 ? WALK_MBEC | WALK_XNX : 0u;
  has |= (declared & S2_FEAT_SVPBMT) != 0 ? WALK_PBMTE : 0u;
  has |= (declared & S2_FEAT_AD) != 0 ? WALK_ADUE | WALK_CAN_SET_AD : 0u;
  has |= pt->pool.leaf_max >= 1 ? WALK_LARGE_2M : 0u;
  has |= pt->pool.leaf_max >= 2 ? WALK_LARGE_1G : 0u;
  has |= pt->gpa_bits == 57 ? WALK_LA57 : 0u;
  struct walk_machine w = {root.base, root.ctrl, phys_bits, has};
  return w;
}

/** The library's rights in the manual's words. Without S2_FEAT_UX, S2_X is execution at every privilege (attr.h). */
static inline uint32_t pair_rights(uint32_t features, uint32_t attr) {
  uint32_t user = (features & S2_FEAT_UX) != 0 ? S2_UX : S2_X;
  return ((attr & S2_R) != 0 ? WALK_READ : 0u) | ((attr & S2_W) != 0 ? WALK_WRITE : 0u) |
         ((attr & S2_X) != 0 ? WALK_EXECUTE : 0u) | ((attr & user) != 0 ? WALK_USER_EXECUTE : 0u);
}

static inline enum walk_type pair_type(uint32_t attr) {
  switch (attr & S2_TYPE_MASK) {
    case S2_WB:
      return WALK_WRITE_BACK;
    case S2_WT:
      return WALK_WRITE_THROUGH;
    case S2_WP:
      return WALK_WRITE_PROTECTED;
    case S2_NC:
      return WALK_WRITE_COMBINING;
    case S2_DEV:
      return WALK_UNCACHED;
    case S2_DEV_NE:
      return WALK_UNCACHED_STRICT;
    default:
      return WALK_OTHER_TYPE;
  }
}

/** Does the link e name a table inside the pool? */
static inline bool pair_inside(const struct s2_pool *p, uint64_t e) {
  uint64_t next = s2_entry_next(e);
  return next >= s2_pool_hpa(p) && (next - s2_pool_hpa(p)) / S2_PAGE_SIZE < p->cap;
}

/** Is e an entry of level l that the library makes for this page table, as the hardware may have left it? */
static inline bool pair_made(const struct s2_pt *pt, uint8_t l, uint64_t e) {
  const struct s2_pool *p = &pt->pool;
  uint32_t kind = s2_entry_kind(l, e);
  if (kind == S2_TABLE) {
    return pair_inside(p, e) && (e & ~SET_IN_LINKS) == s2_entry_table(p->features, l, s2_entry_next(e));
  }
  if (kind == S2_LEAF) {
    uint32_t attr = s2_entry_attr(l, e);
    bool unset = S2_FMT_AD != 0 || (p->features & S2_FEAT_AD) != 0 || (attr & S2_AD_MASK) == 0;
#if defined(S2_FORMAT_NPT)
    unset = true; /* the hardware always sets them */
#elif defined(S2_FORMAT_A64)
    /* leaves are made dirty, and only the library clears that, only with the feature (track.h): DBM comes then */
    unset = (p->features & S2_FEAT_AD) != 0 || ((attr & S2_DIRTY) != 0 && !walk_bit(e, 51));
#endif
    return l <= p->leaf_max && s2_attr_legal(p->features, attr & ~S2_AD_MASK) && unset &&
           s2_entry_hpa(l, e) + s2_span(l) <= s2_width(pt->hpa_bits);
  }
  return kind != S2_BAD;
}

/** Leaf r of the library and the manual's walk of gpa: the same translation? */
static inline bool pair_same_place(const struct s2_leaf *r, const struct walk_result *m, uint64_t gpa) {
  return m->fault == WALK_OK && m->level == r->level && m->hpa == r->hpa + (gpa - r->gpa) && gpa >= r->gpa &&
         gpa - r->gpa < r->size && r->size == UINT64_C(1) << (12 + 9 * m->level);
}

/** Dirty state. A64: what the manual's walk says of it is about leaves with DBM; the library's others are as they were. */
static inline bool pair_same_dirty(const struct s2_leaf *r, const struct walk_result *m) {
#if defined(S2_FORMAT_A64)
  bool said = walk_bit(m->entry, 51);
#else
  bool said = true;
#endif
  return !said || ((r->attr & S2_DIRTY) != 0) == m->dirty;
}

static inline bool pair_same_attr(uint32_t features, const struct s2_leaf *r, const struct walk_result *m) {
  return pair_rights(features, r->attr) == m->rights && pair_type(r->attr) == m->type &&
         ((r->attr & S2_IPAT) != 0) == m->ignore_pat && ((r->attr & S2_ACCESSED) != 0) == m->accessed &&
         pair_same_dirty(r, m);
}

#endif
