/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* driver.c - random sequences and scripted scenarios. Compiled once per format, linked into one program by main.c. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(S2_FORMAT_EPT) || defined(S2_FORMAT_NPT)
static const uint32_t widths[] = {48, 57};
#elif defined(S2_FORMAT_A64)
static const uint32_t widths[] = {32, 33, 34, 35, 36, 38, 39, 40, 42, 43, 44, 47, 48};
#else
static const uint32_t widths[] = {41, 50, 59};
#endif

#define POOL_HPA 0x1000000u
#define GIB      ((uint64_t)1 << 30)

static uint32_t min32(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static void make_config(struct t_world *w) {
  static const uint32_t hpa_bits[] = {36, 40, 44, 48, S2_FMT_HPA_BITS};
  struct s2_space_config *c = &w->cfg;
  memset(c, 0, sizeof *c);
  c->hw.gpa_bits = widths[t_below(w, sizeof widths / sizeof widths[0])];
  c->hw.hpa_bits = hpa_bits[t_below(w, 5)];
  struct s2_shape sh = s2_shape_of(c->hw.gpa_bits);
  c->hw.leaf_max = min32((uint32_t)t_below(w, S2_FMT_LEAF_MAX + 2), min32(S2_FMT_LEAF_MAX, sh.top));
  c->hw.features = (uint32_t)t_below(w, S2_FEAT_ALL + 1) & S2_FMT_FEATURES;
  c->hw.vmid = 1 + (uint32_t)t_below(w, 200);
  c->tables.count = sh.nroot + (uint32_t)t_below(w, 9) * (uint32_t)t_below(w, 9) + sh.top + 1;
  /* sometimes tables come before the aligned root */
  uint32_t before = sh.nroot > 1 && t_below(w, 2) != 0 ? (uint32_t)t_below(w, sh.nroot) : 0;
  c->tables.count += before;
  c->tables.hpa = POOL_HPA + (uint64_t)sh.nroot * 4096 - (uint64_t)before * 4096;
  c->areas.count = 1 + (uint32_t)t_below(w, 4);
  switch (t_below(w, 4)) {
    case 0:
      c->gpa_base = 0;
      c->gpa_size = 0;
      break;
    case 1:
      c->gpa_base = t_below(w, 600) * 4096;
      c->gpa_size = (1 + t_below(w, 4)) * GIB - c->gpa_base - t_below(w, 3) * 4096;
      break;
    case 2:
      c->gpa_base = t_below(w, 3) * GIB / 2;
      c->gpa_size = 0;
      break;
    default:
      c->gpa_base = 0;
      c->gpa_size = (uint64_t)1 << (c->hw.gpa_bits - t_below(w, 2));
      break;
  }
}

/* ---- random operations ---- */

/* places where something interesting ends */
static uint64_t anchor(struct t_world *w) {
  uint64_t base = (uint64_t)w->s.base;
  uint64_t limit = (uint64_t)w->s.limit;
  switch (t_below(w, 8)) {
    case 0:
      return base;
    case 1:
      return base + 2097152 - base % 2097152;
    case 2:
    case 3:
      return base + GIB - base % GIB;
    case 4:
      return limit > 512 * GIB ? 512 * GIB : limit;
    case 5:
      return limit;
    case 6:
      return limit / 2 / GIB * GIB;
    default:
      if (w->m.n > 0) {
        const struct m_area *a = &w->m.area[t_below(w, w->m.n)];
        return t_below(w, 2) != 0 ? a->start : a->end;
      }
      return base;
  }
}

static uint64_t near(struct t_world *w, uint64_t at) {
  static const uint32_t shift[] = {12, 12, 12, 21, 21, 30};
  uint32_t s = shift[t_below(w, 6)];
  uint64_t d = t_below(w, s == 12 ? 40 : 4) << s;
  uint64_t g = t_below(w, 2) != 0 ? at + d : at - d;
  return t_below(w, 3) != 0 ? g : g >> s << s;
}

static uint64_t any_size(struct t_world *w) {
  switch (t_below(w, 8)) {
    case 0:
      return 4096;
    case 1:
    case 2:
      return (1 + t_below(w, 12)) * 4096;
    case 3:
      return (1 + t_below(w, 1100)) * 4096;
    case 4:
      return (1 + t_below(w, 4)) << 21;
    case 5:
      return ((1 + t_below(w, 4)) << 21) + t_below(w, 3) * 4096;
    case 6:
      return (1 + t_below(w, 3)) << 30;
    default:
      return ((1 + t_below(w, 3)) << 30) - t_below(w, 5) * 4096;
  }
}

static uint32_t any_attr(struct t_world *w) {
  static const uint32_t rights[] = {S2_R, S2_RW, S2_RWX, S2_RX, S2_RWX | S2_UX};
  static const uint32_t type[] = {S2_WB, S2_WB, S2_WB, S2_WT, S2_WP, S2_NC, S2_DEV, S2_DEV_NE};
  if (t_below(w, 64) == 0) {
    return (uint32_t)t_rand(w) >> t_below(w, 32);
  }
  for (uint32_t i = 0; i < 20; i++) {
    uint32_t a = rights[t_below(w, 5)] | type[t_below(w, 8)];
    if (s2_attr_legal(w->cfg.hw.features, a) || t_below(w, 40) == 0) {
      return a;
    }
  }
  return S2_RW;
}

/* far from the frames and the tables, co-aligned with gpa at 4 KiB, 2 MiB or 1 GiB */
static uint64_t any_hpa(struct t_world *w, uint64_t gpa) {
  uint32_t s = (uint32_t)(12 + 9 * t_below(w, 3));
  uint64_t low = gpa & (((uint64_t)1 << s) - 1);
  uint64_t h = (4 * GIB + t_below(w, 32) * GIB / 4 + t_below(w, 700) * 4096) >> s << s;
  return h + low;
}

/* one argument gets wrong */
static void spoil(struct t_world *w, struct t_op *o) {
  switch (t_below(w, 12)) {
    case 0:
      o->gpa += 1 + t_below(w, 4095);
      break;
    case 1:
      o->size += 1 + t_below(w, 4095);
      break;
    case 2:
      o->size = 0;
      break;
    case 3:
      o->size = UINT64_MAX / 4096 * 4096 - t_below(w, 4) * 4096;
      break;
    case 4:
      o->gpa = ((uint64_t)1 << w->cfg.hw.gpa_bits) - t_below(w, 3) * 4096;
      break;
    case 5:
      o->gpa = UINT64_MAX / 4096 * 4096 - t_below(w, 3) * 4096;
      break;
    case 6:
      o->gpa = (uint64_t)w->s.limit - t_below(w, 3) * 4096;
      break;
    case 7:
      o->gpa = (uint64_t)w->s.base - t_below(w, 3) * 4096;
      break;
    case 8:
      o->hpa = ((uint64_t)1 << w->cfg.hw.hpa_bits) - t_below(w, 3) * 4096;
      break;
    case 9:
      o->hpa = w->cfg.tables.hpa + t_below(w, w->cfg.tables.count + 4) * 4096 - 2 * 4096;
      break;
    case 10:
      o->attr = (uint32_t)t_rand(w);
      break;
    default:
      o->flags = (uint32_t)t_rand(w) >> t_below(w, 32);
      break;
  }
}

/* POPULATE with PAGES and BLOCKS at once says two things: left to the unit tests */
static uint32_t alloc_flags(struct t_world *w) {
  static const uint32_t flags[] = {
      0, 0, S2_BLOCKS, S2_POPULATE, S2_POPULATE | S2_BLOCKS, S2_PAGES, S2_POPULATE | S2_PAGES, S2_AHEAD};
  return flags[t_below(w, sizeof flags / sizeof flags[0])];
}

/* a range that says something about an area: all of it, a part, or over its borders */
static void in_area(struct t_world *w, struct t_op *o) {
  if (w->m.n == 0) {
    return;
  }
  const struct m_area *a = &w->m.area[t_below(w, w->m.n)];
  uint64_t pages = (a->end - a->start) / 4096;
  uint64_t x = t_below(w, 3) == 0 ? 0 : t_below(w, pages);
  x = t_below(w, 3) == 0 ? x / 512 * 512 : x;
  uint64_t n = t_below(w, 3) == 0 ? pages - x : 1 + t_below(w, pages - x);
  o->gpa = a->start + x * 4096;
  o->size = n * 4096;
}

static bool touches_frames(const struct t_op *o) {
  return o->kind == T_MAP_LINEAR && o->hpa < T_FRAME_BASE + T_FRAMES * 4096u && o->hpa + o->size > T_FRAME_BASE;
}

static bool linear_only(const struct t_world *w, uint64_t x, uint64_t size) {
  for (uint32_t i = 0; i < w->m.n; i++) {
    const struct m_area *a = &w->m.area[i];
    if (a->start < x + size && x < a->end && (a->backend & S2_BACK_KIND) != S2_BACK_LINEAR) {
      return false;
    }
  }
  return true;
}

static void make_collapse(struct t_world *w, struct t_op *o) {
  o->attr = (uint32_t)t_below(w, 5);
  if (w->view.n > 0 && t_below(w, 4) != 0) {
    const struct t_leaf *l = &w->view.leaf[t_below(w, w->view.n)];
    o->attr = l->level + (uint32_t)t_below(w, 4) / 2;
    o->gpa = l->gpa;
  }
  if (o->attr <= S2_MAX_LEVEL && t_below(w, 16) != 0) {
    o->gpa = o->gpa / t_span(o->attr) * t_span(o->attr);
    if (!linear_only(w, o->gpa, t_span(o->attr))) {
      o->kind = T_SPLIT;
      o->gpa = near(w, o->gpa);
    }
  } else {
    o->gpa = o->gpa % 4096 == 0 ? o->gpa + 4096 * (1 + t_below(w, 511)) : o->gpa;
    o->kind = o->attr == 0 || o->attr > S2_MAX_LEVEL ? T_COLLAPSE : T_SPLIT;
  }
}

struct t_op t_random_op(struct t_world *w) {
  static const enum t_kind kinds[] = {T_MAP_LINEAR, T_MAP_LINEAR, T_MAP_LINEAR, T_MAP_ALLOC, T_MAP_ALLOC, T_MAP_ALLOC,
                                      T_UNMAP,      T_UNMAP,      T_PROTECT,    T_PROTECT,   T_PROTECT,   T_DISCARD,
                                      T_FAULT,      T_FAULT,      T_FAULT,      T_FAULT,     T_SPLIT,     T_COLLAPSE,
                                      T_TRACK,      T_HARVEST,    T_HARVEST,    T_STOP,      T_LIST};
  static const uint32_t rights[] = {S2_R, S2_RW, S2_RX, S2_RWX, S2_RWX | S2_UX, S2_W, S2_X, 0};
  struct t_op o = {kinds[t_below(w, sizeof kinds / sizeof kinds[0])], near(w, anchor(w)), any_size(w), 0, 0, 0};
  if (t_below(w, 400) == 0) {
    o.kind = T_CLEAR;
    return o;
  }
  o.attr = any_attr(w);
  if (o.kind == T_MAP_LINEAR) {
    o.hpa = any_hpa(w, o.gpa);
    o.flags = t_below(w, 3) == 0 ? S2_PAGES : 0;
  } else if (o.kind == T_MAP_ALLOC) {
    o.flags = alloc_flags(w);
    if ((o.flags & S2_POPULATE) != 0 && t_below(w, 8) != 0) {
      o.size = (1 + t_below(w, 4)) * (t_below(w, 3) == 0 ? 2097152 : 4096) + t_below(w, 8) * 4096;
    }
  } else if (o.kind == T_FAULT) {
    o.attr = rights[t_below(w, 3) == 0 ? t_below(w, 7) : 0];
    in_area(w, &o);
    o.gpa += t_below(w, 4096);
    o.attr = t_below(w, 30) == 0 ? (uint32_t)t_rand(w) >> t_below(w, 32) : o.attr;
    o.gpa = t_below(w, 40) == 0 ? t_rand(w) >> t_below(w, 64) : o.gpa;
    o.flags = (uint32_t)t_below(w, 2);
    return o;
  } else if (o.kind == T_COLLAPSE) {
    make_collapse(w, &o);
    return o;
  } else {
    if (t_below(w, 4) != 0) {
      in_area(w, &o);
    }
    o.attr = rights[t_below(w, 64) == 0 ? t_below(w, 8) : t_below(w, 4)];
  }
  if (o.kind == T_TRACK || o.kind == T_HARVEST || o.kind == T_STOP) {
    o.size = o.size / 4096 < T_BITS ? o.size : (uint64_t)T_BITS * 4096;
    o.flags = o.kind == T_TRACK ? S2_TRACK_SPLIT * (uint32_t)t_below(w, 2) : 0;
    o.flags = o.kind == T_HARVEST && t_below(w, 3) == 0 ? S2_TRACK_KEEP : o.flags;
  } else if (o.kind == T_LIST) {
    o.flags = (uint32_t)t_rand(w);
  }
  if (t_below(w, 24) == 0) {
    spoil(w, &o);
    o.flags = o.kind == T_TRACK || o.kind == T_HARVEST ? o.flags & ~(S2_TRACK_HARDWARE | S2_TRACK_ACCESSED) : o.flags;
    o.size = o.kind == T_HARVEST && o.size > (uint64_t)T_BITS * 4096 ? (uint64_t)T_BITS * 4096 : o.size;
  }
  if (touches_frames(&o)) {
    o.hpa = any_hpa(w, o.gpa);
  }
  return o;
}

void t_model_run(uint64_t seed, uint32_t steps, struct t_result *res) {
  struct t_world *w = calloc(1, sizeof *w);
  if (w == NULL) {
    abort();
  }
  w->seed = seed;
  w->rnd = seed * 0x9e3779b97f4a7c15u + 0x1234567;
  w->res = res;
  make_config(w);
  if (s2_ahead_init(&w->ahead, 1 + (uint32_t)t_below(w, 64), (uint32_t)t_below(w, 200), S2_AHEAD_ALL) != S2_OK) {
    t_fail(w, "s2_ahead_init refuses good figures", 0, 0);
  }
  s2_status st = t_world_init(w, 64 + t_below(w, 5) * 512);
  if (st != S2_OK) {
    t_fail(w, "s2_init refuses a good configuration", st, S2_OK);
  }
  bool crowd = t_below(w, 4) == 0; /* many small areas, to run out of chunks */
  while (!w->dead && w->step < steps) {
    struct t_op o = t_random_op(w);
    if (crowd && t_below(w, 2) != 0) {
      uint64_t g = (uint64_t)w->s.base + t_below(w, 300) * 8192;
      o = (struct t_op){T_MAP_ALLOC, g, 4096 * (1 + t_below(w, 2)), 0, t_below(w, 2) != 0 ? S2_R : S2_RW, 0};
    }
    w->host.fail_at = t_below(w, 16) == 0 ? (int64_t)(w->host.calls + t_below(w, 600)) : -1;
    w->host.decline_blocks = t_below(w, 4) == 0;
    if (t_below(w, 12) == 0 && !t_inject(w, &o, 12)) {
      break;
    }
    (void)t_step(w, &o);
  }
  if (!w->dead) {
    struct t_op clear = {T_CLEAR, 0, 0, 0, 0, 0};
    (void)t_step(w, &clear);
    s2_fini(&w->s);
    if (w->host.used != 0 || w->host.errors != 0) {
      t_fail(w, "frames are left after fini", (int64_t)w->host.used, 0);
    }
  }
  t_world_fini(w);
  free(w);
}

/* ---- scenarios: every failure point of typical calls ---- */

#define P(n)    ((uint64_t)(n)*4096)
#define M(n)    ((uint64_t)(n) << 21)
#define G(n)    ((uint64_t)(n) << 30)
#define MAX_OPS 6

struct scenario {
  const char *name;
  struct t_op setup[MAX_OPS];
  struct t_op op;
};

#define NOTHING                                                                                                        \
  { T_KINDS, 0, 0, 0, 0, 0 }

static const struct scenario scenarios[] = {
    {"populate one page", {NOTHING}, {T_MAP_ALLOC, M(4), P(1), 0, S2_RW, S2_POPULATE}},
    {"populate over a 2 MiB border", {NOTHING}, {T_MAP_ALLOC, M(4) - P(5), P(11), 0, S2_RWX, S2_POPULATE}},
    {"populate over a 1 GiB border", {NOTHING}, {T_MAP_ALLOC, G(1) - P(20), P(50), 0, S2_RW, S2_POPULATE}},
#if !S2_FMT_MAP_FLUSH /* where each page has its own invalidation, watching 1200 of them 1200 times takes too long */
    {"populate 1200 pages", {NOTHING}, {T_MAP_ALLOC, G(1) - P(600), P(1200), 0, S2_RW, S2_POPULATE}},
#endif
    {"populate with blocks", {NOTHING}, {T_MAP_ALLOC, M(2) - P(3), M(1) + P(7), 0, S2_RW, S2_POPULATE | S2_BLOCKS}},
    {"populate with blocks, all aligned", {NOTHING}, {T_MAP_ALLOC, M(2), M(3), 0, S2_RW, S2_POPULATE | S2_BLOCKS}},
    {"populate beside others",
     {{T_MAP_LINEAR, M(1), P(4), G(5), S2_RW, S2_PAGES}, {T_MAP_ALLOC, M(3), P(4), 0, S2_R, S2_POPULATE}, NOTHING},
     {T_MAP_ALLOC, M(2) - P(60), P(90), 0, S2_RW, S2_POPULATE}},
    {"add a lazy area", {NOTHING}, {T_MAP_ALLOC, 0, G(2), 0, S2_RWX, 0}},
    {"map linear, mixed sizes",
     {NOTHING},
     {T_MAP_LINEAR, G(1) - M(3) - P(3), G(1) + M(5), G(5) - M(3) - P(3), S2_RW, 0}},
    {"map linear, pages", {NOTHING}, {T_MAP_LINEAR, M(7) - P(9), M(3), G(5), S2_RWX, S2_PAGES}},
    {"unmap the middle of a 1 GiB block",
     {{T_MAP_LINEAR, 0, G(2), G(4), S2_RWX, 0}, NOTHING},
     {T_UNMAP, M(5) + P(1), M(3) + P(7), 0, 0, 0}},
    {"unmap from one 1 GiB block into the next",
     {{T_MAP_LINEAR, 0, G(2), G(4), S2_RWX, 0}, NOTHING},
     {T_UNMAP, G(1) - P(1), P(2), 0, 0, 0}},
    {"unmap the middle of a 2 MiB block",
     {{T_MAP_LINEAR, M(1), M(2), G(4), S2_RWX, 0}, NOTHING},
     {T_UNMAP, M(1) + P(100), P(1), 0, 0, 0}},
    {"protect the middle of a 1 GiB block",
     {{T_MAP_LINEAR, 0, G(1), G(4), S2_RWX, 0}, NOTHING},
     {T_PROTECT, M(9) + P(511), M(2) + P(2), 0, S2_R, 0}},
    {"protect over three areas",
     {{T_MAP_LINEAR, 0, G(1), G(4), S2_RWX, 0},
      {T_MAP_ALLOC, G(1), P(300), 0, S2_RW, S2_POPULATE},
      {T_MAP_LINEAR, G(1) + P(300), G(1), G(6), S2_RW, 0},
      NOTHING},
     {T_PROTECT, G(1) - P(3), P(600), 0, S2_R, 0}},
    {"unmap over three areas with holes",
     {{T_MAP_LINEAR, 0, G(1) - M(1), G(4), S2_RWX, 0},
      {T_MAP_ALLOC, G(1), M(1) + P(20), 0, S2_RW, S2_POPULATE | S2_BLOCKS},
      {T_MAP_LINEAR, G(2), G(1), G(7), S2_RW, 0},
      NOTHING},
     {T_UNMAP, G(1) - M(1) - P(9), G(1) + M(2) + P(5), 0, 0, 0}},
    {"unmap part of an alloc block",
     {{T_MAP_ALLOC, M(2), M(2), 0, S2_RW, S2_POPULATE | S2_BLOCKS}, NOTHING},
     {T_UNMAP, M(3) - P(2), P(4), 0, 0, 0}},
    {"fault the first page", {{T_MAP_ALLOC, M(2), G(1), 0, S2_RWX, 0}, NOTHING}, {T_FAULT, M(2) + 8, 0, 0, S2_R, 0}},
    {"fault a block",
     {{T_MAP_ALLOC, M(2) - P(1), G(1), 0, S2_RWX, S2_BLOCKS}, NOTHING},
     {T_FAULT, M(2) + P(77) + 8, 0, 0, S2_RW, 0}},
    {"fault beside a page, blocks asked for",
     {{T_MAP_ALLOC, M(2), M(4), 0, S2_RWX, S2_BLOCKS}, {T_UNMAP, M(2) + P(9), P(1), 0, 0, 0}, NOTHING},
     {T_FAULT, M(2), 0, 0, S2_RW, 0}},
    {"discard part of a block",
     {{T_MAP_ALLOC, M(2), M(1), 0, S2_RW, S2_POPULATE | S2_BLOCKS}, NOTHING},
     {T_DISCARD, M(2) + P(1), P(2), 0, 0, 0}},
    {"discard over two areas",
     {{T_MAP_ALLOC, M(2), P(300), 0, S2_RW, S2_POPULATE},
      {T_MAP_ALLOC, M(2) + P(301), P(100), 0, S2_R, S2_POPULATE},
      NOTHING},
     {T_DISCARD, M(2) + P(200), P(180), 0, 0, 0}},
    {"split a 1 GiB block down to a page",
     {{T_MAP_LINEAR, 0, G(1), G(4), S2_RWX, 0}, NOTHING},
     {T_SPLIT, M(3) + P(3), 0, 0, 0, 0}},
    {"collapse 512 pages",
     {{T_MAP_LINEAR, M(1), M(1), G(4), S2_RWX, S2_PAGES}, NOTHING},
     {T_COLLAPSE, M(1), 0, 0, 1, 0}},
    {"clear",
     {{T_MAP_LINEAR, 0, G(1) - M(1), G(4), S2_RWX, 0}, {T_MAP_ALLOC, G(1), P(300), 0, S2_RW, S2_POPULATE}, NOTHING},
     {T_CLEAR, 0, 0, 0, 0, 0}},
};

static void run_scenario(const struct scenario *sc, uint32_t width, uint32_t leaf_max, bool crowded,
                         struct t_result *res) {
  struct t_world *w = calloc(1, sizeof *w);
  if (w == NULL) {
    abort();
  }
  struct s2_shape sh = s2_shape_of(width);
  w->rnd = 1;
  w->res = res;
  w->cfg.hw = (struct s2_config){width, min32(40, S2_FMT_HPA_BITS), min32(leaf_max, sh.top), 0, 5, NULL};
  w->cfg.tables.count = sh.nroot + 24;
  w->cfg.tables.hpa = POOL_HPA;
  w->cfg.areas.count = crowded ? 8 : 3;
  bool fine = t_world_init(w, 2048) == S2_OK;
  for (uint64_t i = 0; crowded && fine && i < 100; i++) {
    struct t_op o = {T_MAP_ALLOC, G(3) + P(2 * i), P(1), 0, S2_R, 0};
    fine = t_step(w, &o);
  }
  for (uint32_t i = 0; fine && sc->setup[i].kind != T_KINDS; i++) {
    uint64_t ok = res->ok[sc->setup[i].kind];
    fine = t_step(w, &sc->setup[i]);
    if (fine && res->ok[sc->setup[i].kind] == ok) {
      fine = false; /* too small for this scenario at 4 KiB leaves: nothing to show */
    }
  }
  if (fine) {
    (void)t_inject(w, &sc->op, 4000);
    (void)t_step(w, &sc->op);
    if (w->dead) {
      printf("  in scenario: %s (gpa_bits %u, leaf_max %u)\n", sc->name, width, leaf_max);
    }
  }
  t_world_fini(w);
  free(w);
}

void t_scenarios_run(struct t_result *res) {
  for (uint32_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    run_scenario(&scenarios[i], widths[0], 2, false, res);
    run_scenario(&scenarios[i], widths[sizeof widths / sizeof widths[0] / 2], 2, false, res);
    run_scenario(&scenarios[i], widths[0], 1, true, res);
  }
}
