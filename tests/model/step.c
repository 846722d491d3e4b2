/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* step.c - one operation: what the model says it must answer, the call, the comparison; and failure injection. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a set of status codes */
#define BIT(s) (1u << (uint32_t)(-(s)))

static const char *const op_name[T_KINDS] = {"map_linear", "map_alloc", "unmap", "protect", "discard", "fault", "clear",
                                             "split",      "collapse",  "track", "harvest", "stop",    "list"};

void t_fail(struct t_world *w, const char *what, int64_t got, int64_t want) {
  const struct t_op *o = &w->op;
  w->dead = true;
  if (w->res != NULL) {
    w->res->failed++;
  }
  if (w->quiet) {
    return;
  }
  printf(
      "FAIL %s seed %llu step %llu: %s\n  got %lld, expected %lld (a set of codes, bit n is status -n, if negative)\n",
      S2_FORMAT_NAME, (unsigned long long)w->seed, (unsigned long long)w->step, what, (long long)got, (long long)want);
  printf("  %s gpa %#llx size %#llx hpa %#llx attr %#x flags %#x\n", op_name[o->kind], (unsigned long long)o->gpa,
         (unsigned long long)o->size, (unsigned long long)o->hpa, o->attr, o->flags);
  printf(
      "  config gpa_bits %u hpa_bits %u leaf_max %u features %#x tables %u (free %d, hidden %u) chunks %u (hidden %u)"
      " base %#llx limit %#llx fail_at %lld decline %d\n",
      w->cfg.hw.gpa_bits, w->cfg.hw.hpa_bits, w->cfg.hw.leaf_max, w->cfg.hw.features, w->cfg.tables.count,
      w->s.pt.pool.nfree, w->stolen, w->cfg.areas.count, w->hidden, (unsigned long long)w->s.base,
      (unsigned long long)w->s.limit, (long long)w->host.fail_at, (int)w->host.decline_blocks);
  fflush(stdout);
}

/* ---- tables that will be needed ---- */

static bool has_table(const struct t_view *v, uint32_t cap, uint32_t level, uint64_t base) {
  for (uint32_t t = 0; t < cap; t++) {
    if (v->base[t] == base && v->level[t] == level) {
      return true;
    }
  }
  return false;
}

/* tables that leaves of [x, y) at levels up to max take, the root's level being top; stops counting past 10000 */
static uint64_t map_tables(const struct t_world *w, uint64_t x, uint64_t y, uint64_t h, uint32_t max) {
  uint64_t n = 0;
  for (uint32_t l = 0; l < w->s.pt.pool.top; l++) {
    uint64_t span = t_span(l + 1);
    bool block = l + 1 <= max && (x - h) % span == 0;
    for (uint64_t b = x - x % span; b < y && n < 10000; b += span) {
      bool whole = x <= b && span <= y - b;
      if (whole && block) {
        /* jump over all blocks that are whole */
        b += (y - b) / span * span - span;
        continue;
      }
      n += !has_table(&w->view, w->cfg.tables.count, l, b);
    }
  }
  return n;
}

static const struct t_leaf *leaf_of(const struct t_view *v, uint64_t g) {
  uint32_t lo = 0;
  uint32_t hi = v->n;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (v->leaf[mid].gpa + (v->leaf[mid].size - 1) < g) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo < v->n && v->leaf[lo].gpa <= g ? &v->leaf[lo] : NULL;
}

struct cuts {
  uint32_t n;
  uint32_t level[16];
  uint64_t base[16];
};

/* tables that make p a border of leaves, added to the set */
static void cut(const struct t_world *w, uint64_t p, struct cuts *c) {
  const struct t_leaf *l = leaf_of(&w->view, p);
  if (l == NULL) {
    return;
  }
  for (uint32_t k = l->level; k > 0 && p % t_span(k) != 0; k--) {
    uint64_t base = p - p % t_span(k);
    bool there = false;
    for (uint32_t i = 0; i < c->n; i++) {
      there = there || (c->level[i] == k - 1 && c->base[i] == base);
    }
    if (!there) {
      c->level[c->n] = k - 1;
      c->base[c->n++] = base;
    }
  }
}

static uint32_t cut_tables(const struct t_world *w, uint64_t x, uint64_t y) {
  struct cuts c = {0, {0}, {0}};
  cut(w, x, &c);
  cut(w, y, &c);
  return c.n;
}

/* ---- what an operation may answer ---- */

static uint32_t range_errors(const struct t_world *w, uint64_t gpa, uint64_t size) {
  uint32_t e = 0;
  uint64_t width = (uint64_t)1 << w->cfg.hw.gpa_bits;
  if (gpa % 4096 != 0 || size % 4096 != 0) {
    e |= BIT(S2_ERR_ALIGN);
  }
  if (size == 0) {
    e |= BIT(S2_ERR_SIZE);
  }
  bool wraps = size != 0 && gpa + size - 1 < gpa;
  if (wraps || (size != 0 && gpa + size == 0)) {
    e |= BIT(S2_ERR_OVERFLOW);
  }
  if (gpa >= width || wraps || (size != 0 && gpa + size - 1 >= width)) {
    e |= BIT(S2_ERR_WIDTH);
  }
  if (gpa < (uint64_t)w->s.base || wraps || gpa >= (uint64_t)w->s.limit ||
      (size != 0 && gpa + size - 1 >= (uint64_t)w->s.limit)) {
    e |= BIT(S2_ERR_RANGE);
  }
  return e;
}

static uint32_t hpa_errors(const struct t_world *w, uint64_t hpa, uint64_t size) {
  uint32_t e = 0;
  uint64_t width = (uint64_t)1 << w->cfg.hw.hpa_bits;
  uint64_t lo = w->cfg.tables.hpa;
  uint64_t hi = lo + (uint64_t)w->cfg.tables.count * 4096;
  uint64_t last = size == 0 ? hpa : hpa + (size - 1);
  if (hpa % 4096 != 0) {
    e |= BIT(S2_ERR_ALIGN);
  }
  if (last < hpa || (size != 0 && hpa + size == 0)) {
    e |= BIT(S2_ERR_OVERFLOW) | BIT(S2_ERR_WIDTH);
  }
  if (hpa >= width || last >= width) {
    e |= BIT(S2_ERR_WIDTH);
  }
  if (last >= hpa && hpa < hi && lo <= last) {
    e |= BIT(S2_ERR_POOL);
  }
  return e;
}

/* What the model expects. must: refusals of which one has to come; may: refusals that storage may cause as well. */
struct verdict {
  uint32_t must, may;
};

/* areas after the operation against what the chunks hold in the worst and in the best case */
static void area_limits(const struct t_world *w, uint32_t after, struct verdict *v) {
  uint32_t chunks = w->cfg.areas.count - w->hidden;
  if (w->hidden != 0 || w->m.n + 2 > 16 * chunks) {
    v->may |= BIT(S2_ERR_NO_AREAS);
  }
  if (after > 64 * chunks) {
    v->must |= BIT(S2_ERR_NO_AREAS);
  }
}

static void need_tables(const struct t_world *w, uint64_t n, struct verdict *v) {
  if (n > (uint64_t)w->s.pt.pool.nfree) {
    v->must |= BIT(S2_ERR_NO_TABLES);
  }
}

static uint64_t calls_left(const struct t_world *w) {
  if (w->host.fail_at < 0) {
    return UINT64_MAX;
  }
  return w->host.calls >= (uint64_t)w->host.fail_at ? 0 : (uint64_t)w->host.fail_at - w->host.calls;
}

/* what an alloc area remembers of its flags */
static uint32_t backend_flags(const struct t_op *o) {
  return ((o->flags & S2_BLOCKS) != 0 ? S2_BACK_BLOCKS : 0) | ((o->flags & S2_AHEAD) != 0 ? S2_BACK_AHEAD : 0);
}

static struct verdict expect_map(const struct t_world *w, const struct t_op *o) {
  struct verdict v = {range_errors(w, o->gpa, o->size), 0};
  bool linear = o->kind == T_MAP_LINEAR;
  if (linear) {
    v.must |= hpa_errors(w, o->hpa, o->size);
  }
  if (!s2_attr_legal(w->cfg.hw.features, o->attr)) {
    v.must |= BIT(S2_ERR_ATTR);
  }
  if ((o->flags & ~(linear ? S2_PAGES : S2_PAGES | S2_POPULATE | S2_BLOCKS | S2_AHEAD)) != 0 ||
      (o->flags & (S2_PAGES | S2_BLOCKS)) == (S2_PAGES | S2_BLOCKS)) {
    v.must |= BIT(S2_ERR_CONFIG);
  }
  if (range_errors(w, o->gpa, o->size) == 0 && m_overlap(&w->m, o->gpa, o->gpa + o->size)) {
    v.must |= BIT(S2_ERR_MAPPED);
  }
  if (v.must != 0) {
    return v;
  }
  uint64_t end = o->gpa + o->size;
  struct model *after = malloc(sizeof *after);
  if (after == NULL) {
    abort();
  }
  *after = w->m;
  uint32_t back = linear ? S2_BACK_LINEAR : S2_BACK_ALLOC | backend_flags(o);
  m_insert(after, o->gpa, end, linear ? (int64_t)(o->hpa - o->gpa) : 0, o->attr, back);
  area_limits(w, after->n, &v);
  free(after);
  if (linear) {
    need_tables(w, map_tables(w, o->gpa, end, o->hpa, (o->flags & S2_PAGES) != 0 ? 0 : w->cfg.hw.leaf_max), &v);
  } else if ((o->flags & S2_POPULATE) != 0) {
    uint64_t pages = o->size / 4096;
    uint64_t left = calls_left(w);
    uint64_t free_frames = w->host.frames - w->host.used;
    uint64_t at_most = map_tables(w, o->gpa, end, o->gpa, 0);
    if ((o->flags & S2_BLOCKS) == 0) {
      need_tables(w, at_most, &v);
      v.must |= pages > free_frames || pages > left ? BIT(S2_ERR_NO_FRAMES) : 0;
    } else {
      uint64_t blocks = w->cfg.hw.leaf_max == 0 ? 0 : o->size >> 21;
      need_tables(w, map_tables(w, o->gpa, end, o->gpa, w->cfg.hw.leaf_max), &v);
      v.may |= at_most > (uint64_t)w->s.pt.pool.nfree ? BIT(S2_ERR_NO_TABLES) : 0;
      v.must |= pages > free_frames || pages - blocks * 511 > left ? BIT(S2_ERR_NO_FRAMES) : 0;
      v.may |= pages > left ? BIT(S2_ERR_NO_FRAMES) : 0;
    }
  }
  return v;
}

static struct verdict expect_change(const struct t_world *w, const struct t_op *o) {
  struct verdict v = {range_errors(w, o->gpa, o->size), 0};
  uint64_t end = o->gpa + o->size;
  bool bad_rights = (o->attr & ~S2_RIGHTS) != 0 || !s2_attr_legal(w->cfg.hw.features, o->attr);
  if (o->kind == T_PROTECT && bad_rights) {
    v.must |= BIT(S2_ERR_ATTR);
  }
  if (range_errors(w, o->gpa, o->size) != 0) {
    return v;
  }
  for (uint32_t i = 0; i < w->m.n; i++) {
    const struct m_area *a = &w->m.area[i];
    if (a->end <= o->gpa || end <= a->start) {
      continue;
    }
    if (o->kind == T_PROTECT && !s2_attr_legal(w->cfg.hw.features, (a->attr & ~S2_RIGHTS) | o->attr)) {
      v.must |= BIT(S2_ERR_ATTR);
    }
    if (o->kind == T_DISCARD && (a->backend & S2_BACK_KIND) != S2_BACK_ALLOC) {
      v.must |= BIT(S2_ERR_BACKEND);
    }
  }
  if (o->kind == T_PROTECT && !m_covered(&w->m, o->gpa, end)) {
    v.must |= BIT(S2_ERR_NOT_MAPPED);
  }
  if (v.must != 0) {
    return v;
  }
  if (o->kind != T_DISCARD) {
    struct model *after = malloc(sizeof *after);
    if (after == NULL) {
      abort();
    }
    *after = w->m;
    if (o->kind == T_UNMAP) {
      m_remove(after, o->gpa, end);
    } else {
      m_protect(after, o->gpa, end, o->attr);
    }
    area_limits(w, after->n, &v);
    free(after);
  }
  need_tables(w, cut_tables(w, o->gpa, end), &v);
  return v;
}

/* The parts of a list: up to three ranges inside [gpa, gpa + size), page by page apart; flags says where they end. */
static uint32_t parts_of(const struct t_op *o, struct s2_range *r) {
  uint64_t pages = o->size / 4096;
  uint64_t a = pages < 2 ? pages : 1 + o->flags % (pages - 1);
  uint64_t b = pages - a < 3 ? 0 : 1 + (o->flags >> 8) % (pages - a - 2);
  r[0] = (struct s2_range){o->gpa, o->size == 0 || o->size % 4096 != 0 ? o->size : a * 4096};
  if (b == 0 || (o->flags & 1) == 0) {
    return 1;
  }
  /* touching the first, then one page free */
  r[1] = (struct s2_range){o->gpa + a * 4096, b * 4096};
  r[2] = (struct s2_range){o->gpa + (a + b + 1) * 4096, (pages - a - b - 1) * 4096};
  return pages - a - b - 1 == 0 ? 2 : 3;
}

static uint64_t list_end(const struct t_op *o) {
  struct s2_range r[3];
  uint32_t n = parts_of(o, r);
  return r[n - 1].gpa + r[n - 1].size;
}

static struct verdict expect_list(const struct t_world *w, const struct t_op *o) {
  struct s2_range r[3];
  struct verdict all = {0, 0};
  uint32_t n = parts_of(o, r);
  uint64_t tables = 0;
  for (uint32_t k = 0; k < n; k++) {
    struct t_op one = {T_DISCARD, r[k].gpa, r[k].size, 0, 0, 0};
    struct verdict v = expect_change(w, &one);
    all.must |= v.must & ~BIT(S2_ERR_NO_TABLES);
    all.may |= v.may;
    if ((v.must & ~BIT(S2_ERR_NO_TABLES)) == 0) {
      tables += cut_tables(w, one.gpa, one.gpa + one.size);
    }
  }
  if (all.must == 0) {
    need_tables(w, tables, &all);
  }
  return all;
}

/* tables below a block of that level when it is 4 KiB leaves only */
static uint64_t tables_under(uint32_t level) {
  uint64_t n = 0;
  for (uint32_t l = 0; l < level; l++) {
    n = n * 512 + 1;
  }
  return n;
}

static struct verdict expect_track(const struct t_world *w, const struct t_op *o) {
  static const uint32_t known[] = {S2_TRACK_SPLIT, S2_TRACK_KEEP, 0};
  struct verdict v = {range_errors(w, o->gpa, o->size), 0};
  if (o->kind != T_STOP && (o->flags & ~known[o->kind - T_TRACK]) != 0) {
    v.must |= BIT(S2_ERR_CONFIG);
  }
  if (v.must != 0 || o->kind == T_HARVEST) {
    return v;
  }
  uint64_t end = o->gpa + o->size;
  uint64_t tables = 0;
  if (o->kind == T_STOP || (o->flags & S2_TRACK_SPLIT) == 0) {
    tables = cut_tables(w, o->gpa, end);
  } else {
    for (uint32_t i = 0; i < w->view.n; i++) {
      const struct t_leaf *l = &w->view.leaf[i];
      tables += l->gpa < end && o->gpa < l->gpa + l->size ? tables_under(l->level) : 0;
    }
  }
  need_tables(w, tables, &v);
  return v;
}

static struct verdict expect_split(const struct t_world *w, const struct t_op *o) {
  struct verdict v = {0, 0};
  v.must |= o->gpa % 4096 != 0 ? BIT(S2_ERR_ALIGN) : 0;
  v.must |= o->gpa >> w->cfg.hw.gpa_bits != 0 ? BIT(S2_ERR_WIDTH) : 0;
  if (v.must == 0) {
    struct cuts c = {0, {0}, {0}};
    cut(w, o->gpa, &c);
    need_tables(w, c.n, &v);
  }
  return v;
}

static struct verdict expect_collapse(const struct t_world *w, const struct t_op *o) {
  struct verdict v = {0, 0};
  uint32_t level = o->attr;
  if (level == 0 || level > w->cfg.hw.leaf_max) {
    v.must |= BIT(S2_ERR_CONFIG);
    return v;
  }
  v.must |= o->gpa % t_span(level) != 0 ? BIT(S2_ERR_ALIGN) : 0;
  v.must |= range_errors(w, o->gpa, t_span(level));
  if (v.must != 0) {
    return v;
  }
  int32_t at = m_at(&w->m, o->gpa);
  const struct m_area *a = at < 0 ? NULL : &w->m.area[at];
  v.must |= a == NULL ? BIT(S2_ERR_NOT_MAPPED) : 0;
  v.must |= a != NULL && a->end - o->gpa < t_span(level) ? BIT(S2_ERR_UNIFORM) : 0;
  v.must |= a != NULL && (a->backend & S2_BACK_KIND) == S2_BACK_ALLOC && (a->backend & S2_BACK_BLOCKS) == 0
                ? BIT(S2_ERR_BACKEND)
                : 0;
  if (v.must != 0) {
    return v;
  }
  const struct t_leaf *f = leaf_of(&w->view, o->gpa);
  if (f != NULL && f->gpa == o->gpa && f->level == level) {
    return v;
  }
  bool hole = f == NULL;
  bool uniform = f != NULL && f->level == level - 1 && f->hpa % t_span(level) == 0;
  for (uint64_t k = 0; k < 512; k++) {
    uint64_t g = o->gpa + k * t_span(level - 1);
    const struct t_leaf *l = leaf_of(&w->view, g);
    hole = hole || l == NULL;
    uniform = uniform && l != NULL && l->level == level - 1 && l->hpa == f->hpa + k * l->size && l->attr == f->attr;
  }
  v.must |= hole ? BIT(S2_ERR_NOT_MAPPED) : 0;
  v.must |= !uniform ? BIT(S2_ERR_UNIFORM) : 0;
  return v;
}

static struct verdict expect(const struct t_world *w, const struct t_op *o) {
  struct verdict none = {0, 0};
  switch (o->kind) {
    case T_MAP_LINEAR:
    case T_MAP_ALLOC:
      return expect_map(w, o);
    case T_UNMAP:
    case T_PROTECT:
    case T_DISCARD:
      return expect_change(w, o);
    case T_SPLIT:
      return expect_split(w, o);
    case T_COLLAPSE:
      return expect_collapse(w, o);
    case T_TRACK:
    case T_HARVEST:
    case T_STOP:
      return expect_track(w, o);
    case T_LIST:
      return expect_list(w, o);
    case T_FAULT:
    case T_CLEAR:
    case T_KINDS:
    default:
      return none;
  }
}

/* ---- running it ---- */

/* what the last harvest gave; a range has at most T_BITS pages */
static uint64_t bitmap[T_BITS / 64];
static int64_t harvested;

static s2_status harvest(struct t_world *w, const struct t_op *o) {
  memset(bitmap, 0xa5, sizeof bitmap);
  struct s2_harvest h = s2_track_harvest(&w->s, o->gpa, o->size, bitmap, o->flags);
  harvested = h.dirty;
  return h.status;
}

static s2_status discard_list(struct t_world *w, const struct t_op *o) {
  struct s2_range r[3];
  uint32_t n = parts_of(o, r);
  return s2_discard_list(&w->s, r, n);
}

static s2_status call(struct t_world *w, const struct t_op *o) {
  switch (o->kind) {
    case T_MAP_LINEAR:
      return s2_map_linear(&w->s, o->gpa, o->size, o->hpa, o->attr, o->flags);
    case T_MAP_ALLOC:
      return s2_map_alloc(&w->s, o->gpa, o->size, o->attr, o->flags);
    case T_UNMAP:
      return s2_unmap(&w->s, o->gpa, o->size);
    case T_PROTECT:
      return s2_protect(&w->s, o->gpa, o->size, o->attr);
    case T_DISCARD:
      return s2_discard(&w->s, o->gpa, o->size);
    case T_SPLIT:
      return s2_pt_split(&w->s.pt, o->gpa);
    case T_COLLAPSE:
      return s2_collapse(&w->s, o->gpa, o->attr);
    case T_TRACK:
      return s2_track_start(&w->s, o->gpa, o->size, o->flags);
    case T_HARVEST:
      return harvest(w, o);
    case T_STOP:
      return s2_track_stop(&w->s, o->gpa, o->size);
    case T_LIST:
      return discard_list(w, o);
    case T_CLEAR:
      s2_clear(&w->s);
      return S2_OK;
    case T_FAULT:
    case T_KINDS:
    default:
      abort();
  }
}

/* every page of [x, y) that is mapped and not yet known gets its owner; NULL or what is wrong with it */
static const char *learn(struct t_world *w, uint64_t x, uint64_t y) {
  for (uint32_t i = 0; i < w->view.n; i++) {
    const struct t_leaf *l = &w->view.leaf[i];
    if (l->gpa >= y || l->gpa + l->size <= x) {
      continue;
    }
    for (uint64_t o = 0; o < l->size; o += 4096) {
      if (m_frame(&w->m, l->gpa + o) >= 0) {
        continue;
      }
      uint64_t f = (l->hpa + o - T_FRAME_BASE) / 4096;
      if (l->hpa + o < T_FRAME_BASE || f >= w->host.frames || w->host.state[f] == 0) {
        return "a page of an alloc area is not a frame that the host handed out";
      }
      if (w->m.owner[f] != M_NONE) {
        return "one frame is mapped at two guest pages";
      }
      m_learn(&w->m, l->gpa + o, (uint32_t)f);
    }
  }
  return NULL;
}

/* the leaves of a linear map are the largest that fit, one after the other */
static bool greedy(const struct t_world *w, const struct t_op *o) {
  uint32_t max = (o->flags & S2_PAGES) != 0 ? 0 : w->cfg.hw.leaf_max;
  uint64_t g = o->gpa;
  uint64_t end = o->gpa + o->size;
  while (g < end) {
    uint32_t level = max;
    while (g % t_span(level) != 0 || (o->hpa + (g - o->gpa)) % t_span(level) != 0 || end - g < t_span(level)) {
      level--;
    }
    const struct t_leaf *l = leaf_of(&w->view, g);
    if (l == NULL || l->gpa != g || l->level != level) {
      return false;
    }
    g += l->size;
  }
  return true;
}

/* the bitmap, the count, and what is clean from now on: leaves that lie in the range */
static const char *apply_harvest(struct t_world *w, const struct t_op *o) {
  static uint64_t want[T_BITS / 64];
  uint64_t end = o->gpa + o->size;
  int64_t dirty = 0;
  memset(want, 0, sizeof want);
  for (uint32_t i = 0; i < w->old.n; i++) {
    const struct t_leaf *l = &w->old.leaf[i];
    if (l->gpa >= end || l->gpa + l->size <= o->gpa) {
      continue;
    }
    int32_t at = m_at(&w->m, l->gpa);
    if ((m_attr(&w->m, at, l->gpa) & S2_W) == 0) {
      continue;
    }
    uint64_t x = l->gpa > o->gpa ? l->gpa : o->gpa;
    uint64_t y = l->gpa + l->size < end ? l->gpa + l->size : end;
    for (uint64_t k = (x - o->gpa) / 4096; k < (y - o->gpa) / 4096; k++) {
      want[k / 64] |= (uint64_t)1 << k % 64;
      dirty++;
    }
    if ((o->flags & S2_TRACK_KEEP) == 0 && o->gpa <= l->gpa && l->gpa + l->size <= end) {
      m_clean(&w->m, l->gpa, l->gpa + l->size);
    }
  }
  uint64_t words = (o->size / 4096 + 63) / 64;
  if (memcmp(want, bitmap, words * sizeof want[0]) != 0) {
    return "a harvest reports other pages than were written";
  }
  if (words < T_BITS / 64 && bitmap[words] != UINT64_C(0xa5a5a5a5a5a5a5a5)) {
    return "a harvest writes behind its bitmap";
  }
  return harvested == dirty ? NULL : "a harvest counts wrong";
}

static const char *apply_track(struct t_world *w, const struct t_op *o) {
  uint64_t end = o->gpa + o->size;
  for (uint32_t i = 0; i < w->view.n && (o->flags & S2_TRACK_SPLIT) != 0; i++) {
    const struct t_leaf *l = &w->view.leaf[i];
    if (l->gpa < end && o->gpa < l->gpa + l->size && l->level != 0) {
      return "a block is left where there were to be pages";
    }
  }
  m_clean(&w->m, o->gpa, end);
  return NULL;
}

static const char *apply_list(struct t_world *w, const struct t_op *o) {
  struct s2_range r[3];
  uint32_t n = parts_of(o, r);
  int64_t flushes =
      w->s.pt.flush.ranges + w->s.pt.flush.fulls - w->before.s.pt.flush.ranges - w->before.s.pt.flush.fulls;
  int64_t breaks = w->s.pt.flush.breaks - w->before.s.pt.flush.breaks;
  for (uint32_t k = 0; k < n; k++) {
    m_forget(&w->m, r[k].gpa, r[k].gpa + r[k].size);
  }
  return flushes - breaks <= 1 + S2_FMT_MAP_FLUSH * breaks ? NULL : "a list took more than one invalidation";
}

static const char *apply(struct t_world *w, const struct t_op *o, uint32_t cuts) {
  uint64_t end = o->gpa + o->size;
  bool populate = o->kind == T_MAP_ALLOC && (o->flags & S2_POPULATE) != 0;
  int64_t splits = w->s.pt.splits - w->before.s.pt.splits;
  switch (o->kind) {
    case T_MAP_LINEAR:
      m_insert(&w->m, o->gpa, end, (int64_t)(o->hpa - o->gpa), o->attr, S2_BACK_LINEAR);
      return greedy(w, o) ? NULL : "the leaves are not the largest that fit";
    case T_MAP_ALLOC:
      m_insert(&w->m, o->gpa, end, 0, o->attr, S2_BACK_ALLOC | backend_flags(o));
      if (!populate &&
          memcmp(w->cfg.tables.tables, w->before.tables, w->cfg.tables.count * sizeof(struct s2_table)) != 0) {
        return "a lazy area touched a table";
      }
      if (populate) {
        const char *why = learn(w, o->gpa, end);
        for (uint64_t g = o->gpa; g < end && why == NULL; g += 4096) {
          why = m_frame(&w->m, g) < 0 ? "a page was not populated" : NULL;
        }
        return why;
      }
      return NULL;
    case T_UNMAP:
      m_remove(&w->m, o->gpa, end);
      return splits == cuts ? NULL : "the number of splits differs from the number of cuts";
    case T_PROTECT:
      m_protect(&w->m, o->gpa, end, o->attr);
      return NULL;
    case T_DISCARD:
      m_forget(&w->m, o->gpa, end);
      return NULL;
    case T_CLEAR:
      m_remove(&w->m, 0, UINT64_MAX - 4095);
      return w->view.tables == w->s.pt.pool.nroot ? NULL : "tables are left after clear";
    case T_SPLIT:
      return leaf_of(&w->view, o->gpa) == NULL || leaf_of(&w->view, o->gpa)->gpa == o->gpa ? NULL : "not split";
    case T_COLLAPSE:
      return leaf_of(&w->view, o->gpa)->level == o->attr ? NULL : "not collapsed";
    case T_TRACK:
      return apply_track(w, o);
    case T_HARVEST:
      return apply_harvest(w, o);
    case T_STOP:
      m_dirty(&w->m, o->gpa, end);
      return NULL;
    case T_LIST:
      return apply_list(w, o);
    case T_FAULT:
    case T_KINDS:
    default:
      return NULL;
  }
}

/* leaves that do not touch [x, y) are what they were: nothing is split or merged out of turn */
static bool rest_kept(const struct t_view *old, const struct t_view *now, uint64_t x, uint64_t y) {
  uint32_t j = 0;
  for (uint32_t i = 0; i < old->n; i++) {
    const struct t_leaf *a = &old->leaf[i];
    if (a->gpa < y && x < a->gpa + a->size) {
      continue;
    }
    while (j < now->n && now->leaf[j].gpa < a->gpa) {
      j++;
    }
    if (j == now->n || now->leaf[j].gpa != a->gpa || now->leaf[j].size != a->size || now->leaf[j].hpa != a->hpa) {
      return false;
    }
  }
  return true;
}

static void keep_view(struct t_world *w) {
  struct t_view v = w->old;
  w->old = w->view;
  w->view = v;
}

/* books and model, after every step */
static bool all_checks(struct t_world *w) {
  const char *why = t_check_model(w);
  why = why != NULL ? why : t_check_points(w, 12);
  if (why != NULL) {
    t_fail(w, why, 0, 0);
    return false;
  }
  return true;
}

static bool count_step(struct t_world *w, const struct t_op *o, s2_status st) {
  if (w->res != NULL) {
    w->res->steps++;
    w->res->by_status[-st]++;
    if (st == S2_OK) {
      w->res->ok[o->kind]++;
    } else {
      w->res->refused[o->kind]++;
    }
  }
  return true;
}

static bool bad(struct t_world *w, const char *why) {
  if (why != NULL) {
    t_fail(w, why, 0, 0);
  }
  return why != NULL;
}

/* ---- fault ---- */

static bool is_present(const struct t_world *w, int32_t at, uint64_t g) {
  return at >= 0 && ((w->m.area[at].backend & S2_BACK_KIND) == S2_BACK_LINEAR || m_frame(&w->m, g) >= 0);
}

static uint32_t allowed_kinds(const struct t_world *w, const struct t_op *o, s2_status *why) {
  uint64_t g = o->gpa;
  if (o->attr == 0 || (o->attr & ~S2_RIGHTS) != 0) {
    return 1u << S2_FAULT_BAD;
  }
  int32_t at = m_at(&w->m, g);
  *why = S2_ERR_NOT_MAPPED;
  if (g >> w->cfg.hw.gpa_bits != 0) {
    *why = S2_ERR_WIDTH;
  } else if (g < (uint64_t)w->s.base || g >= (uint64_t)w->s.limit) {
    *why = S2_ERR_RANGE;
  }
  if (*why != S2_ERR_NOT_MAPPED || at < 0) {
    return 1u << S2_FAULT_NO_AREA;
  }
  if ((o->attr & ~w->m.area[at].attr) != 0) {
    *why = S2_ERR_DENIED;
    return 1u << S2_FAULT_DENIED;
  }
  *why = S2_OK;
  if (is_present(w, at, g)) {
    /* tracked and clean: the write gets its right back */
    return 1u << ((o->attr & ~m_attr(&w->m, at, g)) != 0 ? S2_FAULT_RESOLVED : S2_FAULT_SPURIOUS);
  }
  uint64_t page = g - g % 4096;
  bool tables = map_tables(w, page, page + 4096, 0, 0) <= (uint64_t)w->s.pt.pool.nfree;
  bool frames = calls_left(w) > 0 && w->host.used < w->host.frames;
  if (tables && frames) {
    return 1u << S2_FAULT_RESOLVED;
  }
  bool blocks = (w->m.area[at].backend & S2_BACK_BLOCKS) != 0 && frames;
  return 1u << S2_FAULT_NO_MEMORY | (blocks ? 1u << S2_FAULT_RESOLVED : 0);
}

/* what s2_fault_ahead() brought in beside the page at g: all that was asked for, where there was a hole and memory */
static const char *check_ahead(struct t_world *w, uint64_t g, const struct m_area *a) {
  struct s2_ahead again = w->before.ahead;
  int64_t more = (int64_t)w->view.n - (int64_t)w->old.n - 1;
  int64_t issued = w->ahead.stats.issued - w->before.ahead.stats.issued;
  bool looks = (w->op.flags & 1) != 0 && (a->backend & S2_BACK_AHEAD) != 0 && leaf_of(&w->view, g)->level == 0;
  int32_t n = looks ? s2_ahead_guess(&again, g / 4096) : 0;
  int64_t there = 0;
  int64_t missed = 0;
  for (int32_t k = 0; k < n; k++) {
    uint64_t page = (uint64_t)again.want[k] * 4096;
    if (again.want[k] < 0 || page < a->start || page >= a->end || leaf_of(&w->old, page) != NULL) {
      continue;
    }
    const struct t_leaf *l = leaf_of(&w->view, page);
    there += l != NULL;
    missed += l == NULL;
    if (l != NULL && (l->level != 0 || learn(w, page, page + 4096) != NULL)) {
      return "a page brought in ahead is not one of the area's own";
    }
  }
  if (more != there || issued != there) {
    return "looking ahead brought in other pages than were asked for, or counts them wrong";
  }
  bool short_of =
      w->host.fail_at >= 0 || w->host.used == w->host.frames || w->s.pt.pool.nfree < (int32_t)w->s.pt.pool.top;
  return missed == 0 || short_of ? NULL : "looking ahead left out a page without need";
}

/* the right to write came back: the leaf is the one that was there */
static const char *check_written(struct t_world *w, uint64_t g, uint64_t hpa) {
  const struct t_leaf *l = leaf_of(&w->view, g);
  const struct t_leaf *was = leaf_of(&w->old, g);
  if (l == NULL || was == NULL || w->view.n != w->old.n || l->gpa != was->gpa || l->size != was->size ||
      l->hpa != was->hpa) {
    return "a write to a clean page changed more than its rights";
  }
  m_dirty(&w->m, l->gpa, l->gpa + l->size);
  return l->hpa + (g - l->gpa) == hpa ? NULL : "a write to a clean page answers another address";
}

static const char *check_resolved(struct t_world *w, uint64_t g, uint64_t hpa) {
  if (is_present(w, m_at(&w->m, g), g)) {
    return check_written(w, g, hpa);
  }
  const struct m_area *a = &w->m.area[m_at(&w->m, g)];
  const struct t_leaf *l = leaf_of(&w->view, g);
  if (l == NULL || l->gpa < a->start || l->gpa + l->size > a->end) {
    return "a fault made no leaf, or one past the area";
  }
  if (l->hpa + (g - l->gpa) != hpa) {
    return "a fault answers another address than it mapped";
  }
  for (uint64_t p = l->gpa; p < l->gpa + l->size; p += 4096) {
    if (m_frame(&w->m, p) >= 0) {
      return "a fault replaced a page";
    }
  }
  const char *wrong = learn(w, l->gpa, l->gpa + l->size);
  return wrong != NULL ? wrong : check_ahead(w, g, a);
}

static bool step_fault(struct t_world *w, const struct t_op *o) {
  s2_status why = S2_OK;
  uint32_t kinds = allowed_kinds(w, o, &why);
  t_tlb_start(w);
  struct s2_fault_result r =
      (o->flags & 1) != 0 ? s2_fault_ahead(&w->s, &w->ahead, o->gpa, o->attr) : s2_fault(&w->s, o->gpa, o->attr);
  const char *wrong = t_tlb_end(w);
  (void)count_step(w, o, r.status);
  if ((kinds & 1u << r.kind) == 0) {
    t_fail(w, "fault: kind", r.kind, -(int64_t)kinds);
    return false;
  }
  bool ok = r.kind == S2_FAULT_RESOLVED || r.kind == S2_FAULT_SPURIOUS;
  if ((r.status == S2_OK) != ok || (r.kind != S2_FAULT_NO_MEMORY && r.kind != S2_FAULT_BAD && r.status != why)) {
    t_fail(w, "fault: status", r.status, why);
    return false;
  }
  if (w->s.stats.faults[r.kind] != w->before.s.stats.faults[r.kind] + 1) {
    t_fail(w, "fault: counter", w->s.stats.faults[r.kind], w->before.s.stats.faults[r.kind] + 1);
    return false;
  }
  if (bad(w, wrong)) {
    return false;
  }
  if (r.kind != S2_FAULT_RESOLVED && bad(w, t_unchanged(w, &w->before, r.kind != S2_FAULT_NO_MEMORY))) {
    return false;
  }
  keep_view(w);
  if (bad(w, t_check_pool(w))) {
    return false;
  }
  if (r.kind == S2_FAULT_RESOLVED && bad(w, check_resolved(w, o->gpa, r.hpa))) {
    return false;
  }
  if (r.kind == S2_FAULT_SPURIOUS && s2_translate(&w->s, o->gpa).hpa != r.hpa) {
    t_fail(w, "fault: spurious with another address", 0, 0);
    return false;
  }
  return all_checks(w);
}

/* ---- one step ---- */

bool t_step(struct t_world *w, const struct t_op *o) {
  w->op = *o;
  w->step++;
  t_save(w, &w->before);
  if (bad(w, t_check_pool(w))) {
    return false;
  }
  if (o->kind == T_FAULT) {
    return step_fault(w, o);
  }
  struct verdict v = expect(w, o);
  bool ranged = o->kind == T_UNMAP || o->kind == T_PROTECT || o->kind == T_DISCARD || o->kind >= T_TRACK;
  uint32_t cuts = v.must == 0 && o->kind == T_UNMAP ? cut_tables(w, o->gpa, o->gpa + o->size) : 0;
  t_tlb_start(w);
  s2_status st = call(w, o);
  const char *wrong = t_tlb_end(w);
  (void)count_step(w, o, st);
  bool fits = v.must != 0 ? (BIT(st) & (v.must | v.may)) != 0 && st != S2_OK : st == S2_OK || (BIT(st) & v.may) != 0;
  if (!fits) {
    t_fail(w, "status", st, -(int64_t)(v.must | v.may));
    return false;
  }
  if (bad(w, wrong)) {
    return false;
  }
  keep_view(w);
  if (st != S2_OK) {
    bool counters = st != S2_ERR_NO_FRAMES && st != S2_ERR_NO_TABLES && st != S2_ERR_NO_AREAS;
    const char *why = t_unchanged(w, &w->before, counters);
    if (bad(w, why) || bad(w, t_check_pool(w))) {
      return false;
    }
    return all_checks(w);
  }
  if (bad(w, t_check_pool(w)) || bad(w, apply(w, o, cuts))) {
    return false;
  }
  uint64_t end = o->kind == T_LIST ? list_end(o) : o->gpa + o->size;
  if (ranged && !rest_kept(&w->old, &w->view, o->gpa, end)) {
    t_fail(w, "a leaf outside the range was split, merged or moved", 0, 0);
    return false;
  }
  return all_checks(w);
}

/* ---- failure injection ---- */

static void steal_tables(struct t_world *w, int32_t leave) {
  struct s2_pool *p = &w->s.pt.pool;
  while (p->nfree > leave) {
    p->nfree--;
    p->nodes[p->stack[p->nfree]].level = S2_NODE_RESERVED;
    w->stolen++;
  }
  p->low = p->low > p->nfree ? p->nfree : p->low;
}

static bool try_one(struct t_world *w, const struct t_op *o, bool *succeeded) {
  uint64_t before = w->res->ok[o->kind];
  w->res->points++;
  bool fine = t_step(w, o);
  *succeeded = w->res->ok[o->kind] != before;
  w->step--;
  return fine;
}

bool t_inject(struct t_world *w, const struct t_op *o, uint32_t max_frames) {
  bool done = false;
  bool fine = true;
  t_save(w, &w->keep);
  int32_t nfree = w->s.pt.pool.nfree;
  for (int32_t k = 0; k <= nfree && fine && !done; k++) {
    steal_tables(w, k);
    fine = try_one(w, o, &done);
    w->stolen = 0;
    t_restore(w, &w->keep);
  }
  bool frames = o->kind == T_FAULT || (o->kind == T_MAP_ALLOC && (o->flags & S2_POPULATE) != 0);
  done = !frames;
  uint64_t calls = w->host.calls;
  for (uint32_t k = 0; k <= max_frames && fine && !done; k++) {
    w->host.fail_at = (int64_t)(calls + k);
    fine = try_one(w, o, &done);
    t_restore(w, &w->keep);
  }
  if (frames && fine) {
    w->host.decline_blocks = true;
    fine = try_one(w, o, &done);
    t_restore(w, &w->keep);
  }
  int32_t nspare = w->s.areas.nspare;
  done = o->kind == T_FAULT || o->kind == T_DISCARD || o->kind == T_SPLIT || o->kind == T_COLLAPSE ||
         o->kind == T_CLEAR || o->kind >= T_TRACK;
  for (int32_t k = 0; k < nspare && fine && !done; k++) {
    w->hidden = (uint32_t)(nspare - k);
    w->s.areas.nspare = k;
    fine = try_one(w, o, &done);
    w->hidden = 0;
    t_restore(w, &w->keep);
  }
  return fine;
}
