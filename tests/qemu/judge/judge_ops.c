/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge_ops.c - the random operations: where, how much, onto what. See judge_state.h. */
#include "judge_state.h"
#include "src/ops.h"

#define MIB   ((uint64_t)1 << 20)
#define GIB   ((uint64_t)1 << 30)
#define TRIES 6u /* looks for a place where the operation can succeed; then it is left to be refused */

static uint64_t round_down(uint64_t v, uint32_t shift) {
  return v >> shift << shift;
}

#define HARVEST_PAGES 256u

static bool tracks_by_hardware(const struct judge_shape *shape) {
  return (shape->flags & JUDGE_AD) != 0 && (S2_FMT_AD_KEPT & S2_DIRTY) != 0;
}

/* ---- where ---- */

/** Somewhere that a level or the space begins or ends, or anywhere. */
static uint64_t new_place(struct judge_state *j) {
  uint64_t quarter = j->limit / 4;
  switch (judge_pick(j, 7)) {
    case 0:
      return 0;
    case 1:
      return j->limit - (1 + judge_pick(j, 3)) * 4 * MIB;
    case 2:
      return quarter * (1 + judge_pick(j, 3)); /* RISC-V: where another root table begins */
    case 3:
      return (512 * GIB) * (1 + judge_pick(j, 3)) % j->limit;
    case 4:
      return GIB * (1 + judge_pick(j, 3)) % j->limit;
    case 5:
      return round_down(judge_random(&j->rnd) % j->limit, 30);
    default:
      return round_down(judge_random(&j->rnd) % j->limit, 12);
  }
}

/** Near one of the places: within some pages, blocks of 2 MiB, or of 1 GiB. */
static uint64_t any_gpa(struct judge_state *j) {
  static const uint32_t shifts[] = {12, 12, 21, 21, 30};
  uint64_t at = j->place[judge_pick(j, JUDGE_PLACES)];
  uint32_t shift = shifts[judge_pick(j, 5)];
  uint64_t away = judge_pick(j, shift == 12 ? 40 : 4) << shift;
  uint64_t gpa = judge_pick(j, 2) != 0 ? at + away : at - away;
  gpa = judge_pick(j, 3) != 0 ? gpa : round_down(gpa, shift);
  return round_down(gpa % j->limit, 12);
}

/** The same, aligned for a block of that level more often than not. */
static uint64_t any_block_gpa(struct judge_state *j, uint32_t level) {
  uint64_t gpa = any_gpa(j);
  return judge_pick(j, 4) != 0 ? round_down(gpa, 12 + 9 * level) : gpa;
}

static uint64_t any_size(struct judge_state *j, uint32_t level) {
  uint64_t unit = S2_GEO_SPAN(level);
  switch (judge_pick(j, 6)) {
    case 0:
      return (1 + judge_pick(j, 12)) * S2_PAGE_SIZE;
    case 1:
      return (1 + judge_pick(j, 1100)) * S2_PAGE_SIZE;
    case 2:
    case 3:
      return unit;
    case 4:
      return unit * (1 + judge_pick(j, 3));
    default:
      return unit * (1 + judge_pick(j, 2)) + judge_pick(j, 4) * S2_PAGE_SIZE;
  }
}

/** Not past the end of the space. */
static struct judge_range cut_to_limit(const struct judge_state *j, uint64_t gpa, uint64_t size) {
  struct judge_range r = {gpa, size < j->limit - gpa ? size : j->limit - gpa};
  return r;
}

struct judge_range judge_recent(struct judge_state *j) {
  if (j->recents == 0) {
    return cut_to_limit(j, any_gpa(j), any_size(j, 0));
  }
  uint32_t n = j->recents < JUDGE_RECENT ? j->recents : JUDGE_RECENT;
  return j->recent[judge_pick(j, n)];
}

static uint64_t page_in(struct judge_state *j, struct judge_range r) {
  uint64_t page = judge_random(&j->rnd) % (r.size / S2_PAGE_SIZE);
  return r.gpa + page * S2_PAGE_SIZE;
}

/** Something about what was mapped: all of it, a few pages or blocks in it, or over its end. */
static struct judge_range around_recent(struct judge_state *j) {
  struct judge_range r = judge_recent(j);
  uint64_t gpa = page_in(j, r);
  uint64_t left = r.gpa + r.size - gpa;
  switch (judge_pick(j, 6)) {
    case 0:
      return r;
    case 1:
      return cut_to_limit(j, gpa, (1 + judge_pick(j, 8)) * S2_PAGE_SIZE);
    case 2:
      return cut_to_limit(j, gpa, left);
    case 3:
      return cut_to_limit(j, r.gpa, r.gpa + r.size - left + S2_PAGE_SIZE - r.gpa);
    case 4:
      return cut_to_limit(j, round_down(gpa, 21), (1 + judge_pick(j, 3)) * 2 * MIB);
    default:
      return cut_to_limit(j, gpa, left + judge_pick(j, 3) * S2_PAGE_SIZE);
  }
}

static void remember_range(struct judge_state *j, struct judge_range r) {
  j->recent[j->recents % JUDGE_RECENT] = r;
  j->recents++;
}

static void remember_joint(struct judge_state *j, uint64_t gpa, uint32_t level) {
  j->joint[j->joints % JUDGE_SPLITS].gpa = round_down(gpa, 12 + 9 * level);
  j->joint[j->joints % JUDGE_SPLITS].level = level;
  j->joints++;
}

/* ---- onto what ---- */

/** In or around a window, aligned like gpa at the size of a block of that level. */
static uint64_t some_hpa(struct judge_state *j, uint64_t gpa, uint32_t level) {
  const struct judge_window *w = &j->plan->window[judge_pick(j, j->plan->windows)];
  uint32_t shift = 12 + 9 * level;
  uint64_t hpa = w->hpa + round_down(judge_random(&j->rnd) % w->size, 12);
  return round_down(hpa, shift) + (gpa & ((UINT64_C(1) << shift) - 1));
}

/** The same, where a block does not reach over the tables, if that is found soon. */
static uint64_t any_hpa(struct judge_state *j, uint64_t gpa, uint32_t level) {
  uint64_t tables = j->plan->tables.hpa;
  uint64_t hpa = some_hpa(j, gpa, level);
  for (uint32_t i = 0; i < TRIES && tables >= hpa && tables - hpa < S2_GEO_SPAN(level); i++) {
    hpa = some_hpa(j, gpa, level);
  }
  return hpa;
}

static uint32_t any_attr(struct judge_state *j) {
  return j->shape->attr[judge_pick(j, j->shape->attrs)];
}

static uint32_t any_level(struct judge_state *j) {
  uint32_t max = j->shape->hw.leaf_max;
  return (uint32_t)judge_pick(j, 4) == 0 ? 0 : (uint32_t)judge_pick(j, max + 1);
}

bool judge_in_window(const struct judge_plan *plan, uint64_t hpa, bool *ram) {
  for (uint32_t i = 0; i < plan->windows; i++) {
    const struct judge_window *w = &plan->window[i];
    if (hpa >= w->hpa && hpa - w->hpa < w->size) {
      *ram = w->ram;
      return true;
    }
  }
  *ram = true;
  return hpa >= plan->frames.hpa && hpa - plan->frames.hpa < plan->frames.size;
}

/* ---- a fresh table ---- */

static s2_status map_fixed(struct judge_state *j) {
  const struct judge_fixed *f = &j->plan->fixed;
  uint32_t attr = j->shape->fixed_attr;
  if (f->size == 0 || s2_pt_query(&j->space.pt, f->gpa).status == S2_OK) {
    return S2_OK;
  }
  return judge_areas(j) ? s2_map_linear(&j->space, f->gpa, f->size, f->hpa, attr, S2_PAGES)
                        : s2_pt_map(&j->space.pt, f->gpa, f->size, f->hpa, attr, 0);
}

s2_status judge_fresh(struct judge_state *j) {
  struct s2_space_config cfg = {.hw = j->shape->hw, .tables = j->plan->tables, .areas = j->plan->areas};
  cfg.hw.ctx = &j->host;
  j->limit = j->shape->gpa_limit != 0 ? j->shape->gpa_limit : UINT64_C(1) << cfg.hw.gpa_bits;
  j->recents = 0;
  j->joints = 0;
  judge_host_init(&j->host, j->plan->frames, judge_random(&j->rnd) | 1);
  for (uint32_t i = 0; i < JUDGE_PLACES; i++) {
    j->place[i] = new_place(j);
  }
  s2_status st = judge_areas(j) ? s2_init(&j->space, &cfg) : s2_pt_init(&j->space.pt, &cfg.hw, &cfg.tables);
  if (st == S2_OK) {
    st = map_fixed(j);
  }
  if (st == S2_OK && judge_areas(j)) {
    st = s2_cursor_init(&j->cursor, &j->space, j->slot, JUDGE_CURSOR);
  }
  if (st == S2_OK) {
    judge_install(j->shape, s2_pt_root(&j->space.pt));
  }
  return st;
}

/* ---- choose ---- */

/** Is there a leaf in the entry of that level at gpa? */
static bool occupied(const struct judge_state *j, uint64_t gpa, uint32_t level) {
  struct s2_leaf leaf = s2_pt_next(&j->space.pt, gpa);
  return leaf.status == S2_OK && leaf.gpa <= gpa + (S2_GEO_SPAN(level) - 1);
}

static void choose_map(struct judge_state *j, struct judge_step *s) {
  uint32_t level = any_level(j);
  uint64_t gpa = any_block_gpa(j, level);
  for (uint32_t i = 0; i < TRIES && occupied(j, gpa, level); i++) {
    /* near the others as a rule; large blocks need more room than there is left */
    gpa = level < 2 ? any_block_gpa(j, level) : round_down(new_place(j), 12 + 9 * level);
  }
  s->range = cut_to_limit(j, gpa, any_size(j, level));
  s->hpa = any_hpa(j, gpa, level);
  s->attr = any_attr(j);
  s->arg = level > 0 && judge_pick(j, 4) == 0 ? level - 1 : level; /* what would fit a block, in smaller leaves */
}

static void choose_split(struct judge_state *j, struct judge_step *s) {
  struct s2_leaf at = {.status = S2_ERR_NOT_MAPPED};
  for (uint32_t i = 0; i < TRIES && (at.status != S2_OK || at.level == 0); i++) {
    s->range.gpa = page_in(j, judge_recent(j));
    at = s2_pt_query(&j->space.pt, s->range.gpa);
  }
  if (at.level > 1 && judge_pick(j, 2) != 0) {
    s->range.gpa = round_down(s->range.gpa, 21);
  }
  s->range.size = S2_PAGE_SIZE;
}

static void choose_collapse(struct judge_state *j, struct judge_step *s) {
  uint32_t n = j->joints < JUDGE_SPLITS ? j->joints : JUDGE_SPLITS;
  struct judge_joint a = {round_down(page_in(j, judge_recent(j)), 21), 1};
  struct s2_leaf at = {.status = S2_ERR_NOT_MAPPED};
  for (uint32_t i = 0; i < TRIES && n > 0 && (at.status != S2_OK || at.level + 1u != a.level); i++) {
    a = j->joint[judge_pick(j, n)];
    at = s2_pt_query(&j->space.pt, a.gpa);
  }
  s->range.gpa = a.gpa;
  s->range.size = S2_GEO_SPAN(a.level);
  s->arg = a.level;
}

static void choose_linear(struct judge_state *j, struct judge_step *s) {
  choose_map(j, s);
  s->arg = judge_pick(j, 4) == 0 ? S2_PAGES : 0;
}

static void choose_alloc(struct judge_state *j, struct judge_step *s) {
  static const uint32_t flags[] = {0, 0, S2_BLOCKS, S2_POPULATE, S2_POPULATE | S2_BLOCKS};
  choose_map(j, s);
  s->attr = any_attr(j);
  s->arg = flags[judge_pick(j, sizeof flags / sizeof flags[0])];
  if ((s->arg & S2_POPULATE) != 0) { /* each frame is zeroed: a few blocks are enough */
    s->range = cut_to_limit(j, s->range.gpa, (1 + judge_pick(j, 600)) * 2 * S2_PAGE_SIZE);
  }
}

static void choose_fault(struct judge_state *j, struct judge_step *s) {
  static const uint32_t access[] = {S2_R, S2_W, S2_X};
  bool want_hole = s->op == JUDGE_FAULT_IN && judge_pick(j, 2) != 0;
  for (uint32_t i = 0; i < TRIES; i++) {
    s->range.gpa = page_in(j, judge_recent(j));
    if ((s2_pt_query(&j->space.pt, s->range.gpa).status != S2_OK) == want_hole) {
      break;
    }
  }
  s->range.size = S2_PAGE_SIZE;
  s->arg = access[judge_pick(j, 3)];
}

/** A range that a harvest has bits for; a start may cut its blocks. */
static void choose_track(struct judge_state *j, struct judge_step *s) {
  s->range.gpa = page_in(j, judge_recent(j));
  s->range = cut_to_limit(j, s->range.gpa, (1 + judge_pick(j, HARVEST_PAGES)) * S2_PAGE_SIZE);
  s->arg = tracks_by_hardware(j->shape) ? S2_TRACK_HARDWARE : 0;
  if (s->op == JUDGE_TRACK && judge_pick(j, 2) != 0) {
    s->arg |= S2_TRACK_SPLIT;
  }
  if (s->op == JUDGE_HARVEST && judge_pick(j, 4) == 0) {
    s->arg |= S2_TRACK_KEEP;
  }
}

/** An operation this often among all of a page table, or of a space. */
static enum judge_op any_op(struct judge_state *j) {
  static const enum judge_op table[] = {JUDGE_MAP,     JUDGE_MAP,     JUDGE_MAP,   JUDGE_MAP,      JUDGE_UNMAP,
                                        JUDGE_UNMAP,   JUDGE_UNMAP,   JUDGE_SPLIT, JUDGE_COLLAPSE, JUDGE_PROTECT,
                                        JUDGE_PROTECT, JUDGE_PROTECT, JUDGE_SPLIT, JUDGE_COLLAPSE, JUDGE_FORGET_AD};
  static const enum judge_op space[] = {JUDGE_MAP_LINEAR,    JUDGE_MAP_LINEAR,  JUDGE_MAP_ALLOC, JUDGE_MAP_ALLOC,
                                        JUDGE_SPACE_UNMAP,   JUDGE_SPACE_UNMAP, JUDGE_DISCARD,   JUDGE_SPACE_PROTECT,
                                        JUDGE_SPACE_PROTECT, JUDGE_FAULT_IN,    JUDGE_FAULT_IN,  JUDGE_FAULT_IN,
                                        JUDGE_TRACK,         JUDGE_HARVEST,     JUDGE_HARVEST,   JUDGE_UNTRACK};
  if (judge_pick(j, 100) == 0) {
    return judge_areas(j) ? JUDGE_SPACE_CLEAR : JUDGE_CLEAR;
  }
  if (judge_areas(j)) {
    return space[judge_pick(j, sizeof space / sizeof space[0])];
  }
  enum judge_op op = table[judge_pick(j, sizeof table / sizeof table[0])];
  return judge_op_used(j->shape, op) ? op : JUDGE_UNMAP;
}

/** Leave the plan's fixed range alone: what reaches into it ends before it, or begins after it. */
static void avoid_fixed(struct judge_state *j, struct judge_step *s) {
  const struct judge_fixed *f = &j->plan->fixed;
  uint64_t end = f->gpa + f->size;
  if (f->size == 0 || s->range.gpa >= end || s->range.gpa + s->range.size <= f->gpa) {
    return;
  }
  if (s->range.gpa < f->gpa) {
    s->range.size = f->gpa - s->range.gpa;
  } else {
    s->range = cut_to_limit(j, end < j->limit ? end : 0, S2_PAGE_SIZE);
  }
  if (s->op == JUDGE_COLLAPSE) {
    s->op = JUDGE_UNMAP;
  }
}

static struct judge_step choose(struct judge_state *j) {
  struct judge_step s = {any_op(j), judge_recent(j), 0, 0, 0};
  if (j->last == S2_ERR_NO_TABLES || j->last == S2_ERR_NO_AREAS || j->last == S2_ERR_NO_FRAMES) {
    s.op = judge_areas(j) ? JUDGE_SPACE_UNMAP : JUDGE_UNMAP; /* make room: what was mapped lately, whole */
    return s;
  }
  switch (s.op) {
    case JUDGE_MAP:
      choose_map(j, &s);
      break;
    case JUDGE_MAP_LINEAR:
      choose_linear(j, &s);
      break;
    case JUDGE_MAP_ALLOC:
      choose_alloc(j, &s);
      break;
    case JUDGE_SPLIT:
      choose_split(j, &s);
      break;
    case JUDGE_COLLAPSE:
      choose_collapse(j, &s);
      break;
    case JUDGE_FORGET_AD:
    case JUDGE_FAULT_IN:
      choose_fault(j, &s);
      break;
    case JUDGE_TRACK:
    case JUDGE_HARVEST:
    case JUDGE_UNTRACK:
      choose_track(j, &s);
      break;
    case JUDGE_PROTECT:
    case JUDGE_SPACE_PROTECT:
      s.range = around_recent(j);
      s.attr = any_attr(j) & S2_RIGHTS;
      break;
    case JUDGE_UNMAP:
    case JUDGE_SPACE_UNMAP:
    case JUDGE_DISCARD:
      s.range = around_recent(j);
      break;
    case JUDGE_CLEAR:
    case JUDGE_SPACE_CLEAR:
    case JUDGE_OPS:
    default:
      break;
  }
  return s;
}

struct judge_step judge_choose(struct judge_state *j) {
  struct judge_step s = choose(j);
  avoid_fixed(j, &s);
  return s;
}

/* ---- do ---- */

/** What a dirty log does to one leaf: the bits go, and every TLB of every CPU forgets that they were set. */
static s2_status forget_ad(struct judge_state *j, uint64_t gpa) {
  struct s2_pool *p = &j->space.pt.pool;
  struct s2_pos at = s2_pos_at(p, gpa);
  if (s2_entry_kind(at.l, at.e) != S2_LEAF) {
    return S2_ERR_NOT_MAPPED;
  }
  uint64_t first = round_down(gpa, 12 + 9u * at.l);
  S2_ONCE(p->tables[at.t].e[at.i]) = s2_entry_clear_ad(at.l, at.e, S2_AD_MASK);
  s2_flush_range(&j->space.pt, first, first + S2_GEO_SPAN(at.l), at.l);
  return S2_OK;
}

static s2_status split(struct judge_state *j, uint64_t gpa) {
  struct s2_leaf was = s2_pt_query(&j->space.pt, gpa);
  s2_status st = s2_pt_split(&j->space.pt, gpa);
  if (st == S2_OK && was.status == S2_OK && was.gpa != gpa) {
    for (uint32_t l = was.level; l > 0; l--) {
      if (gpa % S2_GEO_SPAN(l) != 0) {
        remember_joint(j, gpa, l);
      }
    }
    return S2_OK;
  }
  return st == S2_OK ? S2_ERR_UNIFORM : st; /* nothing was there to be split: not counted as a split */
}

static s2_status collapse(struct judge_state *j, const struct judge_step *s) {
  struct s2_leaf was = s2_pt_query(&j->space.pt, s->range.gpa);
  s2_status st = s2_pt_collapse(&j->space.pt, s->range.gpa, s->arg);
  return st == S2_OK && was.level == s->arg ? S2_ERR_UNIFORM : st; /* it was a block already: not counted */
}

static s2_status fault_in(struct judge_state *j, const struct judge_step *s) {
  struct s2_fault_result r = s2_fault(&j->space, s->range.gpa, s->arg);
  return r.kind == S2_FAULT_RESOLVED ? S2_OK : r.kind == S2_FAULT_SPURIOUS ? S2_ERR_MAPPED : r.status;
}

/** Is the page one that a harvest must report: in a writable area, and written to as its leaf says? */
static bool logged(const struct judge_state *j, uint64_t gpa) {
  struct s2_leaf leaf = s2_pt_query(&j->space.pt, gpa);
  struct s2_area area = s2_area_at(&j->space, gpa);
  uint32_t mark = tracks_by_hardware(j->shape) ? S2_DIRTY : S2_W;
  return area.backend != S2_BACK_NONE && (area.attr & S2_W) != 0 && leaf.status == S2_OK && (leaf.attr & mark) != 0;
}

/** Is the page's leaf a block that sticks out of the range? A harvest leaves such a block dirty. */
static bool sticks_out(const struct judge_state *j, uint64_t gpa, const struct judge_range *range) {
  struct s2_leaf leaf = s2_pt_query(&j->space.pt, gpa);
  return leaf.gpa < range->gpa || leaf.gpa + leaf.size > range->gpa + range->size;
}

/**
 * The bitmap must say what the leaves said before, and unless kept the pages must be clean: that a store after it is
 * logged anew, and so that no TLB remembers, is seen when the machine is asked.
 */
static s2_status harvest(struct judge_state *j, const struct judge_step *s) {
  static uint64_t bitmap[HARVEST_PAGES / 64];
  static bool was[HARVEST_PAGES];
  uint64_t pages = s->range.size / S2_PAGE_SIZE;
  int64_t dirty = 0;
  for (uint64_t k = 0; k < pages; k++) {
    was[k] = logged(j, s->range.gpa + k * S2_PAGE_SIZE);
    dirty += was[k] ? 1 : 0;
  }
  struct s2_harvest r = s2_track_harvest(&j->space, s->range.gpa, s->range.size, bitmap, s->arg);
  for (uint64_t k = 0; k < pages && r.status == S2_OK; k++) {
    uint64_t gpa = s->range.gpa + k * S2_PAGE_SIZE;
    bool now = logged(j, gpa);
    bool kept = was[k] && ((s->arg & S2_TRACK_KEEP) != 0 || sticks_out(j, gpa, &s->range));
    j->wrong_log += (bitmap[k / 64] >> (k % 64) & 1) != (was[k] ? 1u : 0u) || now != kept ? 1 : 0;
  }
  j->wrong_log += r.status == S2_OK && r.dirty != dirty ? 1 : 0;
  return r.status != S2_OK ? r.status : dirty != 0 ? S2_OK : S2_ERR_NOT_MAPPED; /* nothing to report: not counted */
}

static s2_status clear(struct judge_state *j) {
  if (judge_areas(j)) {
    s2_clear(&j->space);
  } else {
    s2_pt_clear(&j->space.pt);
  }
  return map_fixed(j);
}

static s2_status perform(struct judge_state *j, const struct judge_step *s) {
  struct s2_pt *pt = &j->space.pt;
  switch (s->op) {
    case JUDGE_MAP:
      return s2_pt_map(pt, s->range.gpa, s->range.size, s->hpa, s->attr, s->arg);
    case JUDGE_UNMAP:
      return s2_pt_unmap(pt, s->range.gpa, s->range.size);
    case JUDGE_PROTECT:
      return s2_pt_protect(pt, s->range.gpa, s->range.size, s->attr);
    case JUDGE_SPLIT:
      return split(j, s->range.gpa);
    case JUDGE_COLLAPSE:
      return collapse(j, s);
    case JUDGE_FORGET_AD:
      return forget_ad(j, s->range.gpa);
    case JUDGE_MAP_LINEAR:
      return s2_map_linear(&j->space, s->range.gpa, s->range.size, s->hpa, s->attr, s->arg);
    case JUDGE_MAP_ALLOC:
      return s2_map_alloc(&j->space, s->range.gpa, s->range.size, s->attr, s->arg);
    case JUDGE_SPACE_UNMAP:
      return s2_unmap(&j->space, s->range.gpa, s->range.size);
    case JUDGE_SPACE_PROTECT:
      return s2_protect(&j->space, s->range.gpa, s->range.size, s->attr);
    case JUDGE_DISCARD:
      return s2_discard(&j->space, s->range.gpa, s->range.size);
    case JUDGE_FAULT_IN:
      return fault_in(j, s);
    case JUDGE_TRACK:
      return s2_track_start(&j->space, s->range.gpa, s->range.size, s->arg);
    case JUDGE_HARVEST:
      return harvest(j, s);
    case JUDGE_UNTRACK:
      return s2_track_stop(&j->space, s->range.gpa, s->range.size);
    case JUDGE_CLEAR:
    case JUDGE_SPACE_CLEAR:
      return clear(j);
    case JUDGE_OPS:
    default:
      return S2_ERR_CONFIG;
  }
}

s2_status judge_do(struct judge_state *j, const struct judge_step *s) {
  s2_status st = perform(j, s);
  j->last = st;
  if (st != S2_OK) {
    j->refused++;
    return st;
  }
  j->accepted[s->op]++;
  if (s->op == JUDGE_MAP || s->op == JUDGE_MAP_LINEAR || s->op == JUDGE_MAP_ALLOC) {
    remember_range(j, s->range);
  }
  if (s->op == JUDGE_MAP && s->range.size >= 2 * MIB && s->range.gpa % (2 * MIB) == 0) {
    remember_joint(j, s->range.gpa, 1);
  }
  return st;
}

bool judge_op_used(const struct judge_shape *shape, enum judge_op op) {
  bool space = (shape->flags & JUDGE_SPACE) != 0;
  if ((op == JUDGE_SPLIT || op == JUDGE_COLLAPSE) && shape->hw.leaf_max == 0) {
    return false;
  }
  if (op == JUDGE_FORGET_AD && (shape->flags & JUDGE_AD) == 0) {
    return false;
  }
  return space == (op >= JUDGE_MAP_LINEAR);
}

const char *judge_op_name(enum judge_op op) {
  static const char *const name[JUDGE_OPS] = {
      "map",         "unmap",         "protect", "split", "collapse", "clear",   "forget-ad", "linear",     "alloc",
      "space-unmap", "space-protect", "discard", "fault", "track",    "harvest", "untrack",   "space-clear"};
  return name[op];
}
