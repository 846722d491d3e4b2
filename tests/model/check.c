/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* check.c - what must hold between calls: the pool's books, the model, and every way to look something up. */
#include "world.h"

#include <string.h>

/* ---- pool ---- */

static bool all_zero(const struct s2_table *t) {
  uint64_t any = 0;
  for (uint32_t i = 0; i < 512; i++) {
    any |= t->e[i];
  }
  return any == 0;
}

static uint32_t count_live(const struct s2_table *t) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < 512; i++) {
    n += t->e[i] != 0;
  }
  return n;
}

static const char *check_table(const struct t_world *w, uint32_t t, uint32_t *nfree, uint32_t *reserved) {
  const struct s2_pool *p = &w->s.pt.pool;
  const struct s2_node *n = &w->cfg.tables.nodes[t];
  const struct t_view *v = &w->view;
  bool root = p->root <= t && t < p->root + p->nroot;
  if (n->level <= S2_MAX_LEVEL) {
    if (v->base[t] == M_NONE) {
      return "a used table that nothing leads to";
    }
    if (n->level != v->level[t] || n->key != (int64_t)v->base[t]) {
      return "a table's record names another place";
    }
    if (n->live != count_live(&w->cfg.tables.tables[t])) {
      return "a live count is wrong";
    }
    return !root && n->live == 0 ? "an empty table is not given back" : NULL;
  }
  if (v->base[t] != M_NONE) {
    return "a table that is not used is reachable";
  }
  if (!all_zero(&w->cfg.tables.tables[t])) {
    return "a free table is not zero";
  }
  if (n->level == S2_NODE_FREE) {
    (*nfree)++;
    if (n->key < 0 || n->key >= p->nfree || p->stack[n->key] != (int32_t)t) {
      return "a free table is not where its record says";
    }
    return NULL;
  }
  if (n->level == S2_NODE_RESERVED) {
    (*reserved)++;
    return NULL;
  }
  return "a table is in limbo between calls";
}

const char *t_check_pool(struct t_world *w) {
  const struct s2_pool *p = &w->s.pt.pool;
  uint32_t nfree = 0;
  uint32_t reserved = 0;
  t_walk(w, &w->view);
  if (w->view.wrong != NULL) {
    return w->view.wrong;
  }
  for (uint32_t t = 0; t < p->cap; t++) {
    const char *why = check_table(w, t, &nfree, &reserved);
    if (why != NULL) {
      return why;
    }
  }
  struct s2_root root = s2_root(&w->s);
  const struct s2_tlb *tlb = &w->s.pt.flush.tlb;
  if (s2_tlb_root(tlb) != root.base || s2_tlb_ctrl(tlb) != root.ctrl || tlb->vmid != w->cfg.hw.vmid) {
    return "invalidations would not name this space";
  }
  if (p->nlimbo != 0) {
    return "limbo is not empty between calls";
  }
  if (p->nfree != (int32_t)nfree || reserved != w->stolen || nfree + reserved + w->view.tables != p->cap) {
    return "tables do not add up";
  }
  if (p->low > p->nfree || p->low < 0) {
    return "the low-water mark is wrong";
  }
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    if (p->used[l] != (int32_t)w->view.used[l] || p->high[l] < p->used[l]) {
      return "tables per level are wrong";
    }
  }
  uint64_t lo = w->cfg.tables.hpa;
  uint64_t hi = lo + (uint64_t)p->cap * 4096;
  for (uint32_t i = 0; i < w->view.n; i++) {
    const struct t_leaf *l = &w->view.leaf[i];
    if (l->level > p->leaf_max || l->hpa % l->size != 0) {
      return "a leaf is larger than the host's, or not aligned";
    }
    if (l->hpa < hi && lo < l->hpa + l->size) {
      return "a leaf maps the tables";
    }
    if (l->hpa + (l->size - 1) > ((uint64_t)1 << w->cfg.hw.hpa_bits) - 1) {
      return "a leaf maps past the host's width";
    }
  }
  return NULL;
}

/* ---- model ---- */

static const char *check_areas(const struct t_world *w) {
  const struct model *m = &w->m;
  uint64_t g = 0;
  if (s2_areas_count(&w->s.areas) != (uint32_t)m->n) {
    return "the number of areas differs from the model";
  }
  for (uint32_t i = 0; i <= m->n; i++) {
    struct s2_area a = s2_area_next(&w->s, g);
    if (i == m->n) {
      return a.backend == S2_BACK_NONE ? NULL : "an area more than the model has";
    }
    const struct m_area *b = &m->area[i];
    if (a.start != (int64_t)b->start || a.end != (int64_t)b->end || a.attr != b->attr || a.backend != b->backend ||
        a.delta != b->delta) {
      return "an area differs from the model";
    }
    if ((uint64_t)a.start < w->cfg.gpa_base || a.end > w->s.limit) {
      return "an area outside the space";
    }
    g = (uint64_t)a.end;
  }
  return NULL;
}

/* leaves against the model: every leaf is expected, and what is expected is there, by adding up */
static const char *check_leaves(const struct t_world *w) {
  const struct model *m = &w->m;
  const struct t_view *v = &w->view;
  uint64_t linear = 0;
  uint64_t want = 0;
  uint64_t pages = 0;
  int32_t at = -1;
  for (uint32_t i = 0; i < v->n; i++) {
    const struct t_leaf *l = &v->leaf[i];
    if (at < 0 || l->gpa >= m->area[at].end) {
      at = m_at(m, l->gpa);
    }
    if (at < 0 || l->gpa < m->area[at].start || l->gpa + l->size > m->area[at].end) {
      return "a leaf outside every area";
    }
    const struct m_area *a = &m->area[at];
    if (l->attr != m_attr(m, at, l->gpa)) {
      return "a leaf's rights or type are not its area's, or not those of a tracked page";
    }
    if ((a->attr & S2_W) != 0 && m_clean_at(m, l->gpa) != l->gpa && m_clean_at(m, l->gpa) < l->gpa + l->size) {
      return "a leaf is clean in part";
    }
    if ((a->backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
      linear += l->size;
      if (l->hpa != l->gpa + (uint64_t)a->delta) {
        return "a linear leaf maps the wrong address";
      }
      continue;
    }
    if (l->level > 0 && (a->backend & S2_BACK_BLOCKS) == 0) {
      return "a block in an area of pages";
    }
    for (uint64_t o = 0; o < l->size; o += 4096) {
      int64_t f = m_frame(m, l->gpa + o);
      if (f < 0 || l->hpa + o != T_FRAME_BASE + (uint64_t)f * 4096) {
        return "a page is present that should not be, or its frame has changed";
      }
      pages++;
    }
  }
  for (uint32_t i = 0; i < m->n; i++) {
    if ((m->area[i].backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
      want += m->area[i].end - m->area[i].start;
    }
  }
  if (linear != want) {
    return "part of a linear area is not mapped";
  }
  return pages == m->frames ? NULL : "a page of an alloc area has gone";
}

static const char *check_next(const struct t_world *w) {
  const struct t_view *v = &w->view;
  uint64_t g = 0;
  for (uint32_t i = 0; i <= v->n; i++) {
    struct s2_leaf l = s2_pt_next(&w->s.pt, g);
    if (i == v->n) {
      return l.status == S2_ERR_NOT_MAPPED || l.status == S2_ERR_WIDTH ? NULL : "s2_pt_next finds one leaf too many";
    }
    if (l.status != S2_OK || l.gpa != v->leaf[i].gpa || l.size != v->leaf[i].size || l.hpa != v->leaf[i].hpa ||
        (l.attr & ~S2_AD_MASK) != v->leaf[i].attr || l.level != v->leaf[i].level) {
      return "s2_pt_next differs from the tables";
    }
    g = l.gpa + l.size;
  }
  return NULL;
}

static const char *check_stats(const struct t_world *w) {
  struct s2_report r = s2_stats_of(&w->s);
  struct s2_memory mem = s2_memory_report(&w->s);
  uint64_t leaves[S2_LEVELS] = {0};
  uint64_t mapped = 0;
  for (uint32_t i = 0; i < w->view.n; i++) {
    leaves[w->view.leaf[i].level]++;
    mapped += w->view.leaf[i].size;
  }
  if (memcmp(leaves, mem.leaves, sizeof leaves) != 0 || mem.mapped != mapped ||
      mem.table_bytes != (uint64_t)w->view.tables * 4096) {
    return "s2_memory_report is wrong";
  }
  uint64_t gib = (uint64_t)1 << 30;
  uint64_t want = 0;
  if (mapped >= gib) {
    uint64_t whole = mem.table_bytes / mapped * gib;
    uint64_t rest = mem.table_bytes % mapped;
    want = whole + (rest * (gib / 4096) + mapped / 4096 - 1) / (mapped / 4096);
    if (mem.bytes_per_gib != want) {
      return "bytes_per_gib is wrong";
    }
  }
  if (r.tables != w->s.pt.pool.cap || r.tables_free != (uint32_t)w->s.pt.pool.nfree || r.areas != w->m.n ||
      memcmp(r.used, w->view.used, sizeof r.used) != 0) {
    return "s2_stats_of is wrong";
  }
  if (r.space.frames_taken - r.space.frames_given != (int64_t)w->m.frames) {
    return "frames taken and given do not add up";
  }
  return NULL;
}

const char *t_check_model(struct t_world *w) {
  /* chunks that injection hides are in no window and not spare: such a set is none that the library makes */
  struct s2_flaw flaw = w->hidden == 0 ? s2_space_check(&w->s) : s2_pt_check(&w->s.pt);
  const char *why = flaw.kind == S2_SOUND ? NULL : s2_flaw_text(flaw.kind);
  why = why != NULL ? why : check_areas(w);
  why = why != NULL ? why : check_leaves(w);
  why = why != NULL ? why : check_next(w);
  why = why != NULL ? why : check_stats(w);
  if (why != NULL) {
    return why;
  }
  if (w->host.errors != 0) {
    return "a frame was freed twice, or was never handed out, or is not aligned";
  }
  if (w->host.used != w->m.frames) {
    return "frames handed out and frames mapped differ: one is leaked or lost";
  }
  for (uint32_t i = 0; i < w->host.frames; i++) {
    if ((w->m.owner[i] != M_NONE) != (w->host.state[i] != 0)) {
      return "a frame is mapped that is not handed out";
    }
    if (w->m.owner[i] != M_NONE && w->host.zeroed[i] == 0) {
      return "a guest can see a frame that was not zeroed";
    }
  }
  return NULL;
}

/* ---- lookups at one address ---- */

static const struct t_leaf *leaf_at(const struct t_view *v, uint64_t g) {
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

/* the host address of byte g as the model has it, M_NONE where there is none */
static uint64_t model_hpa(const struct model *m, int32_t at, uint64_t g) {
  if (at < 0) {
    return M_NONE;
  }
  if ((m->area[at].backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
    return g + (uint64_t)m->area[at].delta;
  }
  int64_t f = m_frame(m, g);
  return f < 0 ? M_NONE : T_FRAME_BASE + (uint64_t)f * 4096 + g % 4096;
}

static uint64_t model_run(const struct model *m, int32_t at, uint64_t g, uint64_t max, uint32_t access) {
  uint64_t room = m->area[at].end - g;
  if ((access & S2_W) != 0 && m_clean_at(m, g) != M_NONE && m_clean_at(m, g) - g < room) {
    room = m_clean_at(m, g) - g; /* what is tracked and clean cannot be written */
  }
  uint64_t most = max < room ? max : room;
  if ((m->area[at].backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
    return most;
  }
  uint64_t h = model_hpa(m, at, g);
  uint64_t len = 4096 - g % 4096;
  while (len < most && model_hpa(m, at, g + len) == h + len) {
    len += 4096;
  }
  return len < most ? len : most;
}

static s2_status where(const struct t_world *w, uint64_t g) {
  if (g >> w->cfg.hw.gpa_bits != 0) {
    return S2_ERR_WIDTH;
  }
  return g < (uint64_t)w->s.base || g >= (uint64_t)w->s.limit ? S2_ERR_RANGE : S2_OK;
}

/* level and first address of the entry of a hole around g: one below the lowest table there is */
static bool hole_ok(const struct t_world *w, uint64_t g, const struct s2_leaf *q) {
  uint32_t best = S2_LEVELS;
  for (uint32_t t = 0; t < w->cfg.tables.count; t++) {
    uint64_t b = w->view.base[t];
    if (b != M_NONE && b <= g && g - b < t_span((uint32_t)w->view.level[t] + 1) && w->view.level[t] < best) {
      best = w->view.level[t];
    }
  }
  return best < S2_LEVELS && q->level == best && q->size == t_span(best) && q->gpa == g - g % t_span(best);
}

static bool same_answer(struct s2_translation a, struct s2_translation b) {
  return a.status == b.status && a.hpa == b.hpa && a.len == b.len && a.attr == b.attr;
}

/* cursors that have seen every step so far, and a batch of one, answer the same */
static bool ways_agree(struct t_world *w, uint64_t g, struct s2_translation t) {
  struct s2_translation batch;
  s2_translate_batch(&w->s, &g, &batch, 1);
  return same_answer(batch, t) && same_answer(s2_cursor_translate(&w->cursor[0], g), t) &&
         same_answer(s2_cursor_translate(&w->cursor[1], g), t);
}

static const char *check_point(struct t_world *w, uint64_t g) {
  const struct model *m = &w->m;
  s2_status place = where(w, g);
  struct s2_translation t = s2_translate(&w->s, g);
  struct s2_leaf q = s2_query(&w->s, g);
  struct s2_area a = s2_area_at(&w->s, g);
  if (!ways_agree(w, g, t)) {
    return "a cursor or a batch gives another answer";
  }
  if (place != S2_OK) {
    struct s2_translation run = s2_translate_run(&w->s, g, 4096, 0);
    bool refused = t.status == place && q.status == place && run.status == place;
    return refused && a.backend == S2_BACK_NONE ? NULL : "an address outside gets another answer";
  }
  int32_t at = m_at(m, g);
  if ((at < 0) != (a.backend == S2_BACK_NONE) || (at >= 0 && (a.start != (int64_t)m->area[at].start))) {
    return "s2_area_at differs from the model";
  }
  uint64_t h = model_hpa(m, at, g);
  struct s2_translation run = s2_translate_run(&w->s, g, UINT64_MAX, 0);
  if (h == M_NONE) {
    if (t.status != S2_ERR_NOT_MAPPED || q.status != S2_ERR_NOT_MAPPED || run.status != S2_ERR_NOT_MAPPED) {
      return "a translation where there is none";
    }
    return hole_ok(w, g, &q) ? NULL : "s2_query gives the wrong hole";
  }
  const struct t_leaf *l = leaf_at(&w->view, g);
  if (l == NULL || t.status != S2_OK || t.hpa != h || t.len != l->size - (g - l->gpa) ||
      (t.attr & ~S2_AD_MASK) != m_attr(m, at, g)) {
    return "s2_translate is wrong";
  }
  if (q.status != S2_OK || q.gpa != l->gpa || q.size != l->size || q.hpa != l->hpa || q.level != l->level ||
      (q.attr & ~S2_AD_MASK) != l->attr) {
    return "s2_query is wrong";
  }
  if (run.status != S2_OK || run.hpa != h || run.len != model_run(m, at, g, UINT64_MAX, 0)) {
    return "s2_translate_run is wrong";
  }
  uint32_t access = (uint32_t)t_below(w, 16);
  uint64_t max = t_rand(w) >> t_below(w, 64);
  run = s2_translate_run(&w->s, g, max, access);
  if (max == 0) {
    return run.status == S2_ERR_SIZE ? NULL : "s2_translate_run with max 0";
  }
  if ((access & ~m_attr(m, at, g)) != 0) {
    return run.status == S2_ERR_DENIED ? NULL : "s2_translate_run gives rights that are not there";
  }
  return run.status == S2_OK && run.hpa == h && run.len == model_run(m, at, g, max, access)
             ? NULL
             : "s2_translate_run is wrong";
}

static const char *check_walk(struct t_world *w, uint64_t g) {
  struct s2_steps st = s2_pt_walk(&w->s.pt, g);
  if (g >> w->cfg.hw.gpa_bits != 0) {
    return st.status == S2_ERR_WIDTH ? NULL : "s2_pt_walk of a wide address";
  }
  struct s2_leaf q = s2_pt_query(&w->s.pt, g);
  if (st.count < 1 || st.count > w->s.pt.pool.top + 1) {
    return "s2_pt_walk: number of steps";
  }
  for (uint32_t i = 0; i < st.count; i++) {
    uint64_t t = (st.step[i].table_hpa - w->cfg.tables.hpa) / 4096;
    uint32_t level = w->s.pt.pool.top - i;
    if (t >= w->cfg.tables.count || st.step[i].level != level || w->view.base[t] == M_NONE ||
        w->view.level[t] != level || st.step[i].slot != g / t_span(level) % 512 ||
        st.step[i].entry != w->cfg.tables.tables[t].e[st.step[i].slot] ||
        st.step[i].kind != s2_entry_kind((uint8_t)level, st.step[i].entry)) {
      return "s2_pt_walk: a step is wrong";
    }
  }
  return st.step[st.count - 1].level == q.level ? NULL : "s2_pt_walk and s2_pt_query end at different levels";
}

static const char *check_find(struct t_world *w) {
  uint64_t lo = (uint64_t)w->s.base + t_below(w, 64) * 4096;
  uint64_t hi = t_below(w, 2) != 0 ? (uint64_t)w->s.limit : lo + (t_rand(w) >> 30) / 4096 * 4096;
  uint64_t size = (t_below(w, 1024) + 1) << (12 + t_below(w, 3) * 9);
  uint64_t align = (uint64_t)4096 << t_below(w, 3) * 9;
  uint64_t hint = t_below(w, 2) != 0 ? 0 : lo + t_below(w, 100000) * 4096;
  hi = hi > (uint64_t)w->s.limit ? (uint64_t)w->s.limit : hi;
  if (lo > hi) {
    return NULL;
  }
  struct s2_place p = s2_find_free(&w->s, hint, size, lo, hi, align);
  uint64_t want = m_find_free(&w->m, hint, size, lo, hi, align);
  if (want == M_NONE) {
    return p.status == S2_ERR_NO_AREAS ? NULL : "s2_find_free finds what is not there";
  }
  return p.status == S2_OK && p.gpa == want ? NULL : "s2_find_free does not find the lowest place";
}

const char *t_check_points(struct t_world *w, uint32_t random) {
  const char *why = NULL;
  uint32_t first = w->m.n > 24 ? (uint32_t)t_below(w, w->m.n - 24) : 0;
  for (uint32_t i = first; i < w->m.n && i < first + 24 && why == NULL; i++) {
    uint64_t x = w->m.area[i].start;
    uint64_t y = w->m.area[i].end;
    uint64_t at[] = {x - 4096, x - 1, x, x + 4095, y - 4096, y - 1, y, y + 4095};
    for (uint32_t k = 0; k < sizeof at / sizeof at[0] && why == NULL; k++) {
      why = check_point(w, at[k]);
    }
  }
  for (uint32_t i = 0; i < random && why == NULL; i++) {
    uint64_t g = t_rand(w) >> t_below(w, 64);
    if (i % 2 == 0 && w->view.n > 0) {
      const struct t_leaf *l = &w->view.leaf[t_below(w, w->view.n)];
      g = l->gpa + t_rand(w) % l->size;
    }
    why = check_point(w, g);
    why = why != NULL ? why : check_walk(w, g);
  }
  return why != NULL ? why : check_find(w);
}
