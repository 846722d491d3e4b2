/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* world.c - the memory of a space under test, the independent walker, snapshots, and the simulated TLB. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static void *get(size_t n, size_t size) {
  void *p = aligned_alloc(4096, (n * size + 4095) / 4096 * 4096);
  if (p == NULL) {
    abort();
  }
  memset(p, 0xa5, n * size);
  return p;
}

static void view_init(struct t_view *v, uint32_t tables) {
  v->cap = tables * 512;
  v->n = 0;
  v->leaf = get(v->cap, sizeof v->leaf[0]);
  v->base = get(tables, sizeof v->base[0]);
  v->level = get(tables, 1);
}

static void view_fini(struct t_view *v) {
  free(v->leaf);
  free(v->base);
  free(v->level);
}

static void saved_init(struct t_saved *s, const struct s2_space_config *c) {
  s->tables = get(c->tables.count, sizeof s->tables[0]);
  s->nodes = get(c->tables.count, sizeof s->nodes[0]);
  s->stack = get(c->tables.count, sizeof s->stack[0]);
  s->chunks = get(c->areas.count, sizeof s->chunks[0]);
  s->lo = get(c->areas.count, sizeof s->lo[0]);
  s->id = get(c->areas.count, sizeof s->id[0]);
  s->spare = get(c->areas.count, sizeof s->spare[0]);
}

static void saved_fini(struct t_saved *s) {
  free(s->tables);
  free(s->nodes);
  free(s->stack);
  free(s->chunks);
  free(s->lo);
  free(s->id);
  free(s->spare);
}

s2_status t_world_init(struct t_world *w, uint64_t frames) {
  struct t_saved own;
  saved_init(&own, &w->cfg);
  w->cfg.tables.tables = own.tables;
  w->cfg.tables.nodes = own.nodes;
  w->cfg.tables.stack = own.stack;
  w->cfg.areas.chunks = own.chunks;
  w->cfg.areas.lo = own.lo;
  w->cfg.areas.id = own.id;
  w->cfg.areas.spare = own.spare;
  w->cfg.hw.ctx = &w->host;
  t_host_init(&w->host, frames);
  m_init(&w->m);
  saved_init(&w->before, &w->cfg);
  saved_init(&w->keep, &w->cfg);
  view_init(&w->view, w->cfg.tables.count);
  view_init(&w->old, w->cfg.tables.count);
  view_init(&w->tlb.now, w->cfg.tables.count);
  view_init(&w->tlb.next, w->cfg.tables.count);
  w->tlb.cap = w->cfg.tables.count * 513 * 2;
  w->tlb.stale = get(w->tlb.cap, sizeof w->tlb.stale[0]);
  w->stolen = 0;
  w->hidden = 0;
  w->step = 0;
  w->dead = false;
  s2_status st = s2_init(&w->s, &w->cfg);
  if (st == S2_OK && (s2_cursor_init(&w->cursor[0], &w->s, w->slots, 1) != S2_OK ||
                      s2_cursor_init(&w->cursor[1], &w->s, w->slots + 1, 16) != S2_OK)) {
    st = S2_ERR_CONFIG;
  }
  return st;
}

void t_world_fini(struct t_world *w) {
  free(w->cfg.tables.tables);
  free(w->cfg.tables.nodes);
  free(w->cfg.tables.stack);
  free(w->cfg.areas.chunks);
  free(w->cfg.areas.lo);
  free(w->cfg.areas.id);
  free(w->cfg.areas.spare);
  saved_fini(&w->before);
  saved_fini(&w->keep);
  view_fini(&w->view);
  view_fini(&w->old);
  view_fini(&w->tlb.now);
  view_fini(&w->tlb.next);
  free(w->tlb.stale);
}

void t_save(const struct t_world *w, struct t_saved *to) {
  uint32_t t = w->cfg.tables.count;
  uint32_t c = w->cfg.areas.count;
  to->s = w->s;
  to->ahead = w->ahead;
  to->host = w->host;
  to->m = w->m;
  memcpy(to->tables, w->cfg.tables.tables, t * sizeof to->tables[0]);
  memcpy(to->nodes, w->cfg.tables.nodes, t * sizeof to->nodes[0]);
  memcpy(to->stack, w->cfg.tables.stack, t * sizeof to->stack[0]);
  memcpy(to->chunks, w->cfg.areas.chunks, c * sizeof to->chunks[0]);
  memcpy(to->lo, w->cfg.areas.lo, c * sizeof to->lo[0]);
  memcpy(to->id, w->cfg.areas.id, c * sizeof to->id[0]);
  memcpy(to->spare, w->cfg.areas.spare, c * sizeof to->spare[0]);
}

void t_restore(struct t_world *w, const struct t_saved *from) {
  uint32_t t = w->cfg.tables.count;
  uint32_t c = w->cfg.areas.count;
  w->s = from->s;
  w->ahead = from->ahead;
  w->host = from->host;
  w->m = from->m;
  memcpy(w->cfg.tables.tables, from->tables, t * sizeof from->tables[0]);
  memcpy(w->cfg.tables.nodes, from->nodes, t * sizeof from->nodes[0]);
  memcpy(w->cfg.tables.stack, from->stack, t * sizeof from->stack[0]);
  memcpy(w->cfg.areas.chunks, from->chunks, c * sizeof from->chunks[0]);
  memcpy(w->cfg.areas.lo, from->lo, c * sizeof from->lo[0]);
  memcpy(w->cfg.areas.id, from->id, c * sizeof from->id[0]);
  memcpy(w->cfg.areas.spare, from->spare, c * sizeof from->spare[0]);
  /* time went back, which no caller of the library can do: counts no longer tell what happened since */
  s2_cursor_forget(&w->cursor[0]);
  s2_cursor_forget(&w->cursor[1]);
}

/* ---- refusals change nothing ---- */

static bool same_nodes(const struct s2_node *a, const struct s2_node *b, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (a[i].level != b[i].level) {
      return false;
    }
    if (a[i].level <= S2_MAX_LEVEL && (a[i].key != b[i].key || a[i].live != b[i].live)) {
      return false;
    }
  }
  return true;
}

/* iterate the areas of two states; both use the same storage, so `then` is looked at through a patched copy */
static bool same_areas(const struct t_world *w, const struct t_saved *then) {
  struct s2_areas a = w->s.areas;
  struct s2_areas b = then->s.areas;
  b.chunks = then->chunks;
  b.lo = then->lo;
  b.id = then->id;
  b.spare = then->spare;
  if (s2_areas_count(&a) != s2_areas_count(&b)) {
    return false;
  }
  uint64_t g = 0;
  for (uint32_t i = 0; i <= s2_areas_count(&a); i++) {
    struct s2_area x = s2_areas_next(&a, g);
    struct s2_area y = s2_areas_next(&b, g);
    if (x.backend != y.backend) {
      return false;
    }
    if (x.backend == S2_BACK_NONE) {
      return true;
    }
    if (x.start != y.start || x.end != y.end || x.delta != y.delta || x.attr != y.attr) {
      return false;
    }
    g = (uint64_t)x.end;
  }
  return false;
}

const char *t_unchanged(const struct t_world *w, const struct t_saved *then, bool counters) {
  uint32_t t = w->cfg.tables.count;
  const struct s2_pool *p = &w->s.pt.pool;
  const struct s2_pool *q = &then->s.pt.pool;
  if (memcmp(w->cfg.tables.tables, then->tables, t * sizeof then->tables[0]) != 0) {
    return "tables";
  }
  if (!same_nodes(w->cfg.tables.nodes, then->nodes, t)) {
    return "table records";
  }
  if (p->nfree != q->nfree || p->nlimbo != q->nlimbo || memcmp(p->used, q->used, sizeof p->used) != 0 ||
      p->root != q->root || p->nroot != q->nroot || p->top != q->top || p->leaf_max != q->leaf_max ||
      p->cap != q->cap || p->hpa_hi != q->hpa_hi || p->hpa_lo != q->hpa_lo) {
    return "pool";
  }
  if (!same_areas(w, then)) {
    return "areas";
  }
  if (w->s.base != then->s.base || w->s.limit != then->s.limit || w->s.pt.gpa_bits != then->s.pt.gpa_bits ||
      w->s.pt.hpa_bits != then->s.pt.hpa_bits || w->s.pt.pool.features != then->s.pt.pool.features) {
    return "constants";
  }
  if (w->s.pt.splits != then->s.pt.splits) {
    return "splits counter";
  }
  if (w->host.used != then->host.used || memcmp(w->host.state, then->host.state, sizeof w->host.state) != 0) {
    return "host frames";
  }
  if (counters) {
    if (memcmp(&w->s.pt.flush, &then->s.pt.flush, sizeof w->s.pt.flush) != 0) {
      return "flush counters";
    }
    if (p->low != q->low || memcmp(p->high, q->high, sizeof p->high) != 0) {
      return "pool low and high water";
    }
    if (w->s.stats.frames_taken != then->s.stats.frames_taken ||
        w->s.stats.frames_given != then->s.stats.frames_given ||
        w->s.stats.blocks_taken != then->s.stats.blocks_taken) {
      return "frame counters";
    }
  }
  return NULL;
}

/* ---- the independent walker ---- */

static void visit(const struct t_world *w, struct t_view *v, uint32_t t, uint64_t base, uint32_t level) {
  const struct s2_table *tab = &w->cfg.tables.tables[t];
  v->base[t] = base;
  v->level[t] = (uint8_t)level;
  v->tables++;
  v->used[level]++;
  for (uint32_t i = 0; i < 512; i++) {
    uint64_t e = tab->e[i];
    if (e == 0) {
      continue;
    }
    uint64_t gpa = base + i * t_span(level);
    uint32_t kind = s2_entry_kind((uint8_t)level, e);
    if (kind == S2_LEAF) {
      uint32_t attr = s2_entry_attr((uint8_t)level, e) & ~S2_AD_MASK;
      v->leaf[v->n++] = (struct t_leaf){gpa, t_span(level), s2_entry_hpa((uint8_t)level, e), attr, (uint8_t)level, 0};
    } else if (kind == S2_TABLE && level > 0) {
      uint64_t c = (s2_entry_next(e) - w->cfg.tables.hpa) / 4096;
      if (s2_entry_next(e) < w->cfg.tables.hpa || c >= w->cfg.tables.count || v->base[c] != M_NONE) {
        v->wrong = "a table entry that leads out of the pool, or to a table with another parent";
        return;
      }
      visit(w, v, (uint32_t)c, gpa, level - 1);
    } else if (kind != S2_MARKED) {
      v->wrong = "an entry that is not one of the format's";
    }
  }
}

void t_walk(const struct t_world *w, struct t_view *v) {
  const struct s2_pool *p = &w->s.pt.pool;
  v->n = 0;
  v->tables = 0;
  v->wrong = NULL;
  memset(v->used, 0, sizeof v->used);
  memset(v->base, 0xff, w->cfg.tables.count * sizeof v->base[0]);
  for (uint32_t k = 0; k < p->nroot; k++) {
    visit(w, v, p->root + k, k * t_span(p->top + 1), p->top);
  }
}

/* ---- invalidation: what CPUs may hold, in the worst case ---- */

#define T_HERE    1u /* EPT, NPT, GST: this CPU. A64: stage-2 entries            */
#define T_THERE   2u /* EPT, NPT, GST: the other CPUs. A64: combined entries     */
#define T_PENDING 4u /* A64: a tlbi was issued, no dsb yet                       */

/* GST: the entries that a split or a collapse makes valid need an invalidation like any other new entry. */
#ifndef T_FRESH_BREAKS
#define T_FRESH_BREAKS 1
#endif

static bool same_output(const struct t_leaf *a, const struct t_leaf *b) {
  return a->gpa == b->gpa && a->size == b->size && a->hpa == b->hpa && ((a->attr ^ b->attr) & ~S2_RIGHTS) == 0;
}

static void add_stale(struct t_tlb *t, struct t_stale s) {
  if (t->n == t->cap) {
    abort();
  }
  t->stale[t->n++] = s;
}

/* first leaf of v that ends after g */
static uint32_t first_after(const struct t_view *v, uint64_t g) {
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
  return lo;
}

static bool was_leaf(const struct t_view *v, uint64_t g) {
  uint32_t k = first_after(v, g);
  return k < v->n && v->leaf[k].gpa <= g;
}

/* Every CPU caches everything it can: compare the tables with what was seen last, remember what has gone. */
static void observe(struct t_world *w) {
  struct t_tlb *t = &w->tlb;
  t_walk(w, &t->next);
  if (t->next.wrong != NULL) {
    t->wrong = t->next.wrong;
    return;
  }
  uint32_t j = 0;
  uint32_t had = t->n;
  for (uint32_t i = 0; i < t->now.n; i++) {
    const struct t_leaf *a = &t->now.leaf[i];
    while (j < t->next.n && t->next.leaf[j].gpa < a->gpa) {
      t->next.leaf[j].fresh = was_leaf(&w->view, t->next.leaf[j].gpa) ? T_FRESH_BREAKS * 3 : 3;
      j++;
    }
    const struct t_leaf *b = j < t->next.n ? &t->next.leaf[j] : NULL;
    if (b == NULL || !same_output(a, b) || (a->attr & ~b->attr & S2_RIGHTS) != 0) {
      add_stale(t, (struct t_stale){a->gpa, a->size, a->hpa, -1, a->level, T_HERE | T_THERE});
    }
    if (b != NULL && b->gpa == a->gpa) {
      t->next.leaf[j++].fresh = b->size == a->size ? a->fresh : T_FRESH_BREAKS * 3;
    }
  }
  while (j < t->next.n) {
    t->next.leaf[j].fresh = was_leaf(&w->view, t->next.leaf[j].gpa) ? T_FRESH_BREAKS * 3 : 3;
    j++;
  }
  for (uint32_t i = 0; i < w->cfg.tables.count; i++) {
    if (t->now.base[i] != M_NONE && t->next.base[i] != t->now.base[i]) {
      add_stale(t, (struct t_stale){t->now.base[i], t_span((uint32_t)t->now.level[i] + 1), 0, (int32_t)i,
                                    t->now.level[i], T_HERE | T_THERE});
    }
  }
  t->visible = t->visible && t->n == had;
  for (uint32_t i = 0; i < t->n; i++) {
    const struct t_stale *s = &t->stale[i];
    if (s->table >= 0) {
      if (t->next.base[s->table] != M_NONE) {
        t->wrong = "a table is in use again before its invalidation";
      }
      continue;
    }
    uint32_t k = first_after(&t->next, s->gpa);
    if (k < t->next.n && t->next.leaf[k].gpa < s->gpa + s->size) {
      const struct t_leaf *b = &t->next.leaf[k];
      if (b->gpa != s->gpa || b->size != s->size || b->hpa != s->hpa) {
        t->wrong = "a valid entry became another without an invalidation between (break-before-make)";
      }
    }
  }
  struct t_view swap = t->now;
  t->now = t->next;
  t->next = swap;
}

static void drop(struct t_tlb *t, uint8_t where, uint64_t first, uint64_t last, bool leaves_only) {
  uint32_t out = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    struct t_stale s = t->stale[i];
    bool hit = s.gpa <= last && first <= s.gpa + (s.size - 1);
    if (hit && !(leaves_only && s.table >= 0)) {
      s.where &= (uint8_t)~where;
    }
    if ((s.where & (T_HERE | T_THERE)) != 0) {
      t->stale[out++] = s;
    }
  }
  t->n = out;
  for (uint32_t i = 0; i < t->now.n; i++) {
    struct t_leaf *l = &t->now.leaf[i];
    if (l->gpa <= last && first <= l->gpa + (l->size - 1)) {
      l->fresh &= (uint8_t)~where;
    }
  }
}

#if defined(S2_FORMAT_A64)
/* entries named by a tlbi become pending, and are gone at the next dsb ish */
static void tlbi(struct t_world *w, uint8_t what, uint64_t first, uint64_t last) {
  struct t_tlb *t = &w->tlb;
  if (!t->visible) {
    t->wrong = "tlbi without a dsb before it";
  }
  if (t->vttbr != s2_root(&w->s).base) {
    t->wrong = "tlbi while VTTBR_EL2 is not the guest's";
  }
  for (uint32_t i = 0; i < t->n; i++) {
    struct t_stale *s = &t->stale[i];
    bool hit = s->gpa <= last && first <= s->gpa + (s->size - 1);
    if (hit && (what & T_HERE) != 0) {
      s->where |= T_PENDING;
    }
    if ((what & T_THERE) != 0 && (s->where & T_HERE) == 0) {
      s->where |= T_PENDING; /* a combined entry cannot come back: its stage-2 part is gone */
    }
    if (what == (T_HERE | T_THERE)) {
      s->where |= T_PENDING << 1;
    }
  }
}

static void dsb(struct t_world *w) {
  struct t_tlb *t = &w->tlb;
  uint32_t out = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    struct t_stale s = t->stale[i];
    if ((s.where & T_PENDING) != 0) {
      bool both = (s.where & (T_PENDING << 1)) != 0;
      s.where = both || (s.where & T_HERE) == 0 ? 0 : (uint8_t)(s.where & T_THERE);
    }
    if (s.where != 0) {
      t->stale[out++] = s;
    }
  }
  t->n = out;
}

static void insn(struct t_world *w, uint32_t i, uint64_t a, uint64_t b) {
  struct t_tlb *t = &w->tlb;
  (void)b;
  switch (i) {
    case S2_INSN_VTTBR:
      t->vttbr = a;
      break;
    case S2_INSN_DSB_ISHST:
      t->visible = true;
      break;
    case S2_INSN_DSB_ISH:
      t->visible = true;
      dsb(w);
      break;
    case S2_INSN_ISB:
      break;
    case S2_INSN_IPAS2E1IS:
      tlbi(w, T_HERE, a << 12, (a << 12) + 4095);
      break;
    case S2_INSN_VMALLE1IS:
      tlbi(w, T_THERE, 0, UINT64_MAX);
      break;
    case S2_INSN_VMALLS12E1IS:
      tlbi(w, T_HERE | T_THERE, 0, UINT64_MAX);
      break;
    default:
      t->wrong = "an instruction of another architecture";
      break;
  }
}
#elif defined(S2_FORMAT_EPT)
static void insn(struct t_world *w, uint32_t i, uint64_t a, uint64_t b) {
  if (i != S2_INSN_INVEPT || (a == 1 && b != s2_root(&w->s).base)) {
    w->tlb.wrong = "not an INVEPT of this EPTP";
  }
  drop(&w->tlb, T_HERE, 0, UINT64_MAX, false);
}
#elif defined(S2_FORMAT_NPT)
static void insn(struct t_world *w, uint32_t i, uint64_t a, uint64_t b) {
  (void)b;
  if (i != S2_INSN_ASID_FLUSH || a != w->cfg.hw.vmid) {
    w->tlb.wrong = "not a flush of this ASID";
  }
  drop(&w->tlb, T_HERE, 0, UINT64_MAX, false);
}
#else
/* An hfence.gvma with an address orders leaf entries only; one for the whole VMID orders all (Privileged ISA). */
static void insn(struct t_world *w, uint32_t i, uint64_t a, uint64_t b) {
  if (i != S2_INSN_HFENCE_GVMA || b != w->cfg.hw.vmid) {
    w->tlb.wrong = "not an hfence.gvma of this VMID";
  }
  if (a == UINT64_MAX) {
    drop(&w->tlb, T_HERE, 0, UINT64_MAX, false);
  } else {
    drop(&w->tlb, T_HERE, a << 2, (a << 2) + 4095, true);
  }
}
#endif

static void on_free(struct t_world *w, uint64_t hpa, uint64_t bytes) {
  struct t_tlb *t = &w->tlb;
  for (uint32_t i = 0; i < t->n; i++) {
    const struct t_stale *s = &t->stale[i];
    if (s->table < 0 && s->hpa < hpa + bytes && hpa < s->hpa + s->size) {
      t->wrong = "a frame went home before its invalidation";
    }
  }
  for (uint32_t i = 0; i < t->now.n; i++) {
    const struct t_leaf *l = &t->now.leaf[i];
    if (l->hpa < hpa + bytes && hpa < l->hpa + l->size) {
      t->wrong = "a frame went home while it is mapped";
    }
  }
}

static void on_event(void *arg, enum t_event kind, uint32_t what, uint64_t a, uint64_t b) {
  struct t_world *w = arg;
  struct t_tlb *t = &w->tlb;
  bool tlbi_insn = kind == T_EV_INSN && (what == S2_INSN_IPAS2E1IS || what == S2_INSN_HFENCE_GVMA);
  t->events++;
  /* no store comes between two tlbi of one loop, between two frees of one, nor before a remote invalidation: look at
     every other moment */
  bool again = t->last == (int32_t)kind && (kind != T_EV_INSN || tlbi_insn);
  if (!again && !(kind == T_EV_REMOTE && t->last == (int32_t)T_EV_INSN)) {
    observe(w);
  }
  if (kind == T_EV_INSN && t->last != (int32_t)T_EV_INSN && w->res != NULL) {
    w->res->flushes++;
  }
  t->last = (int32_t)kind;
  if (kind == T_EV_INSN) {
    insn(w, what, a, b);
  } else if (kind == T_EV_REMOTE) {
    if (what != w->cfg.hw.vmid) {
      t->wrong = "remote flush of another VMID";
    }
    drop(t, T_THERE, a, b, false);
  } else {
    on_free(w, a, b);
  }
}

void t_tlb_start(struct t_world *w) {
  struct t_tlb *t = &w->tlb;
  t_walk(w, &t->now);
  t->n = 0;
  t->last = -1;
  t->visible = false;
  t->vttbr = 0;
  t->wrong = NULL;
  s2_trace.count = 0;
  t_observer = on_event;
  t_observer_arg = w;
}

const char *t_tlb_end(struct t_world *w) {
  struct t_tlb *t = &w->tlb;
  t_observer = NULL;
  if (t->wrong == NULL) {
    observe(w);
  }
  if (w->res != NULL) {
    w->res->events += t->events;
  }
  t->events = 0;
  if (t->wrong != NULL) {
    return t->wrong;
  }
  if (t->n != 0) {
    return t->stale[0].table >= 0 ? "a table was taken out and never invalidated"
                                  : "a translation was removed or reduced and never invalidated";
  }
#if S2_FMT_MAP_FLUSH
  for (uint32_t i = 0; i < t->now.n; i++) {
    if (t->now.leaf[i].fresh != 0) {
      return "a new translation without the invalidation this format needs";
    }
  }
#endif
  return NULL;
}
