/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** track.c - dirty tracking: the log is in the leaves. */
#include "stage2/track.h"
#include "ops.h"

/** What a pass over the leaves of an area does to them. */
struct pass {
  uint64_t *bitmap; /* NULL: only make clean                                */
  uint64_t gpa;     /* address of bit 0                                     */
  uint32_t rights;  /* of a clean leaf, when there is no hardware to log    */
  uint32_t ad;      /* the bit that tells: S2_DIRTY, S2_ACCESSED; 0: rights */
  bool keep;        /* leave the leaves as they are                         */
};

/** The bit of a leaf that tells, 0: its rights do. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures none: flags == 0 ==> \result == 0; */
static uint32_t bit_of(uint32_t flags) {
  if ((flags & S2_TRACK_ACCESSED) != 0) {
    return S2_ACCESSED;
  }
  return (flags & S2_TRACK_HARDWARE) != 0 ? S2_DIRTY : 0u;
}

/** Is [gpa, gpa + size) in the space, and are the flags among those allowed and possible here? */
/*@ requires s: \valid_read(s) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> SpacePages(s, gpa, size); */
static s2_status check_track(const struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t flags, uint32_t allowed) {
  uint32_t bit = bit_of(flags);
  bool logs = (S2_FMT_AD_KEPT & bit) == bit && (s->pt.pool.features & S2_FEAT_AD) != 0;
  bool both = (flags & S2_TRACK_HARDWARE) != 0 && (flags & S2_TRACK_ACCESSED) != 0;
  s2_status st = s2_check_range(s->pt.gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_contains(s, gpa, size)) {
    return S2_ERR_RANGE;
  }
  return (flags & ~allowed) != 0 || both || (bit != 0 && !logs) ? S2_ERR_CONFIG : S2_OK;
}

/** Tables below a block of level l when it is all 4 KiB leaves: 1, 513, 262657. */
/*@ requires l: l <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures tables: \result == (l == 0 ? 0 : l == 1 ? 1 : l == 2 ? 513 : 262657); */
static uint64_t tables_below(uint8_t l) {
  //@ assert page: page == 4096 && gran(0) == 4096;
  //@ assert l1: bytes(512, 0) == 512 * gran(0) && bytes(512, 0) == gran(1);
  //@ assert l2: bytes(512, 1) == 512 * gran(1) && bytes(512, 1) == gran(2);
  //@ assert l3: bytes(512, 2) == 512 * gran(2) && bytes(512, 2) == gran(3);
  return l == 0 ? 0u : (s2_span(l) / S2_PAGE_SIZE - 1u) / (S2_ENTRIES - 1u);
}

/** Tables that it takes to have only 4 KiB leaves in [gpa, end). */
/*@ requires inv: \valid_read(s) && Good(&s->pt);
    terminates \true; exits \false; assigns \nothing; */
static uint64_t plan_pages(const struct s2_space *s, uint64_t gpa, uint64_t end) {
  uint64_t n = 0;
  struct s2_leaf leaf = s2_pt_next(&s->pt, gpa);
  /*@ loop assigns n, leaf; */
  while (leaf.status == S2_OK && leaf.gpa < end) {
    n += tables_below(leaf.level);
    leaf = s2_pt_next(&s->pt, leaf.gpa + leaf.size);
  }
  return n;
}

/** Only 4 KiB leaves in [gpa, end) and in the blocks that stick out of it; the tables are there. */
/*@ requires inv: \valid(s) && Good(&s->pt);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures same: Same{Pre,Post}(&s->pt.pool); */
static void make_pages(struct s2_space *s, uint64_t gpa, uint64_t end) {
  struct s2_leaf leaf = s2_pt_next(&s->pt, gpa);
  /*@ loop invariant inv: Good(&s->pt);
      loop assigns leaf, s->pt; */
  while (leaf.status == S2_OK && leaf.gpa < end) {
    if (leaf.level > 0) {
      s2_split_at(&s->pt, leaf.gpa + S2_PAGE_SIZE);
      leaf = s2_pt_next(&s->pt, leaf.gpa); /* one level 0 table and smaller blocks are there now */
    } else {
      leaf = s2_pt_next(&s->pt, leaf.gpa + leaf.size);
    }
  }
}

/** Set the bits of pages [first, end) in the bitmap. */
/*@ requires mem: first < end ==> \valid(bitmap + (0 .. (end - 1) / 64));
    terminates \true; exits \false;
    assigns bitmap[0 .. (end - 1) / 64]; */
static void set_bits(uint64_t *bitmap, uint64_t first, uint64_t end) {
  uint64_t k;
  /*@ loop invariant k: first <= k && (first <= end ==> k <= end);
      loop assigns k, bitmap[0 .. (end - 1) / 64];
      loop variant end - k; */
  for (k = first; k < end; k++) {
    bitmap[k / 64u] |= s2_width((uint32_t)(k % 64u)); /* a power of two */
  }
}

/**
 * A bit of leaf i of t, accessed or dirty, goes, and what the hardware sets at the same time in other bits stays. The
 * hardware never changes the bits of a state that is set. A64 writes a clean state with another bit, which comes first:
 * the leaf is dirty until the last step.
 */
/*@ requires wf: Wf(p) && t < p->cap && i < 512 && l <= S2_MAX_LEVEL && pte_kind(l, p->tables[t].e[i]) == 1;
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures out: pte_kind(l, p->tables[t].e[i]) == 1 && pte_pa(l, p->tables[t].e[i]) == pte_pa(l, \old(p->tables[t].e[i])); */
static void clear_bit(struct s2_pool *p, uint32_t t, uint32_t i, uint8_t l, uint32_t ad) {
#ifdef __FRAMAC__
  p->tables[t].e[i] = s2_entry_clear_ad(l, p->tables[t].e[i], ad);
#else
  uint64_t e = s2_entry_read(p, t, i);
  uint64_t clean = s2_entry_clear_ad(l, e, ad);
  if ((clean & ~e) != 0) {
    (void)__atomic_fetch_or(&p->tables[t].e[i], clean & ~e, __ATOMIC_RELAXED);
  }
  (void)__atomic_fetch_and(&p->tables[t].e[i], ~(e & ~clean), __ATOMIC_RELAXED);
#endif
}

/**
 * Was the leaf e, in slot i of table t, written to? Unless told to keep it, it is clean afterwards. The dirty bit is
 * taken in one atomic step, so that a bit that the hardware sets meanwhile is either seen or stays.
 */
/*@ requires inv: Inv(p) && Used(p, t) && p->nodes[t].level == l && i < 512 && pte_kind(l, e) == 1;
    terminates \true; exits \false;
    assigns p->tables[t].e[i]; */
S2_INLINE bool take_dirty(struct s2_pool *p, uint32_t t, uint32_t i, uint8_t l, uint64_t e, struct pass what) {
  if (what.ad != 0) {
    if ((s2_entry_attr(l, e) & what.ad) == 0) {
      return false;
    }
    if (!what.keep) {
      clear_bit(p, t, i, l, what.ad);
    }
    return true;
  }
  uint64_t clean = s2_entry_rights(l, e, what.rights);
  if (clean == e) {
    return false;
  }
  if (!what.keep) {
    s2_term_write(p, t, i, clean);
  }
  return true;
}

/** Leaves of at.t from slot at.i, address w, on, up to end or the first link. */
struct logged {
  uint64_t next; /* address behind them */
  int64_t dirty; /* pages               */
  bool any;      /* was a leaf dirty?   */
};

/*@ requires inv: Inv(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    terminates \true; exits \false; */
S2_INLINE struct logged sweep_table(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t lo, uint64_t end,
                                    struct pass what, uint8_t l) {
  struct logged r = {w, 0, false};
  uint32_t n = s2_slots_to(w, end, at.i, l);
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    uint64_t e = s2_entry_read(p, at.t, at.i + k);
    if (s2_entry_links(l, e)) {
      break;
    }
    /* a block that sticks out of the range is reported, but stays dirty: its other pages have not been reported */
    struct pass here = what;
    here.keep = what.keep || (what.bitmap != NULL && (r.next < lo || end - r.next < s2_span(l)));
    if (s2_entry_live(e) && take_dirty(p, at.t, at.i + k, l, e, here)) {
      uint64_t first = r.next > lo ? r.next : lo;
      uint64_t last = end - r.next < s2_span(l) ? end : r.next + s2_span(l);
      r.any = r.any || !here.keep;
      r.dirty += (int64_t)((last - first) / S2_PAGE_SIZE);
      if (what.bitmap != NULL) {
        set_bits(what.bitmap, (first - what.gpa) / S2_PAGE_SIZE, (last - what.gpa) / S2_PAGE_SIZE);
      }
    }
    r.next += s2_span(l);
  }
  return r;
}

/** What passes over a range found. */
struct found {
  int64_t dirty;
  uint32_t level; /* smallest level with a dirty leaf, S2_NO_LEVEL: none */
};

/** One pass over the leaves in [gpa, end). */
/*@ requires inv: \valid(s) && Good(&s->pt) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct found sweep(struct s2_space *s, uint64_t gpa, uint64_t end, struct pass what) {
  struct found r = {0, S2_NO_LEVEL};
  uint64_t w = gpa;
  /*@ loop invariant inv: Good(&s->pt);
      loop variant end - w; */
  while (w < end) {
    struct s2_pos at = s2_pos_at(&s->pt.pool, w);
    uint64_t base = w - s2_offset(w, at.l);
    struct logged done = at.l == 0 ? sweep_table(&s->pt.pool, at, base, w, end, what, 0)
                                   : sweep_table(&s->pt.pool, at, base, w, end, what, at.l);
    r.dirty += done.dirty;
    if (done.any) {
      r.level = s2_least(r.level, at.l);
    }
    w = done.next;
  }
  return r;
}

/** Passes over the parts of [gpa, end) that writable areas cover; then one invalidation, if anything was made clean. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static int64_t sweep_areas(struct s2_space *s, uint64_t gpa, uint64_t end, struct pass what) {
  struct found all = {0, S2_NO_LEVEL};
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop invariant inv: Good(&s->pt); */
  while (a.backend != S2_BACK_NONE && (uint64_t)a.start < end) {
    uint64_t lo = gpa > (uint64_t)a.start ? gpa : (uint64_t)a.start;
    uint64_t hi = end < (uint64_t)a.end ? end : (uint64_t)a.end;
    if ((a.attr & S2_W) != 0 || what.ad == S2_ACCESSED) {
      what.rights = a.attr & (S2_RIGHTS & ~S2_W);
      struct found part = sweep(s, lo, hi, what);
      all.dirty += part.dirty;
      all.level = s2_least(all.level, part.level);
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  if (!what.keep) {
    s2_flush_range(&s->pt, gpa, end, all.level);
  }
  return all.dirty;
}

s2_status s2_track_start(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t flags) {
  s2_status st = check_track(s, gpa, size, flags, S2_TRACK_HARDWARE | S2_TRACK_ACCESSED | S2_TRACK_SPLIT);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  bool split = (flags & S2_TRACK_SPLIT) != 0;
  uint32_t cut = s2_plan_cut(&s->pt.pool, gpa, end);
  uint64_t need = split ? plan_pages(s, gpa, end) : cut;
  if (need > (uint64_t)(uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  if (split) {
    make_pages(s, gpa, end);
  } else {
    s2_cut(&s->pt, cut, gpa, end);
  }
  struct pass what = {NULL, gpa, 0, bit_of(flags), false};
  (void)sweep_areas(s, gpa, end, what);
  return S2_OK;
}

struct s2_harvest s2_track_harvest(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t *bitmap, uint32_t flags) {
  struct s2_harvest r = {check_track(s, gpa, size, flags, S2_TRACK_HARDWARE | S2_TRACK_ACCESSED | S2_TRACK_KEEP), 0};
  if (r.status == S2_OK && bitmap == NULL) {
    r.status = S2_ERR_NULL;
  }
  if (r.status != S2_OK) {
    return r;
  }
  uint64_t words = (size / S2_PAGE_SIZE + 63u) / 64u;
  uint64_t k;
  /*@ loop assigns k, bitmap[0 .. words-1];
      loop variant words - k; */
  for (k = 0; k < words; k++) {
    bitmap[k] = 0;
  }
  struct pass what = {bitmap, gpa, 0, bit_of(flags), (flags & S2_TRACK_KEEP) != 0};
  r.dirty = sweep_areas(s, gpa, gpa + size, what);
  return r;
}

s2_status s2_track_stop(struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = check_track(s, gpa, size, 0, 0);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t cut = s2_plan_cut(&s->pt.pool, gpa, end);
  if (cut > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(&s->pt, cut, gpa, end);
  uint32_t level = S2_NO_LEVEL;
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop invariant inv: Good(&s->pt); */
  while (a.backend != S2_BACK_NONE && (uint64_t)a.start < end) {
    uint64_t lo = gpa > (uint64_t)a.start ? gpa : (uint64_t)a.start;
    uint64_t hi = end < (uint64_t)a.end ? end : (uint64_t)a.end;
    if ((a.attr & S2_W) != 0) {
      uint32_t rights = s->shares ? a.attr & (S2_RIGHTS & ~S2_W) : a.attr & S2_RIGHTS;
      level = s2_least(level, s2_set_rights(&s->pt.pool, lo, hi, rights));
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  s2_flush_range(&s->pt, gpa, end, level);
  return S2_OK;
}
