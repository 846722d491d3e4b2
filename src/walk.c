/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** walk.c - linking and unlinking tables, and the read-only operations: query, next, walk. */
#include "ops.h"

/*@ requires wf: \valid(p) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->used[l], p->high[l]; */
static void note_used(struct s2_pool *p, uint8_t l) {
  p->used[l]++;
  if (p->used[l] > p->high[l]) {
    p->high[l] = p->used[l];
  }
}

void s2_tree_link(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c) {
  uint8_t l = p->nodes[t].level;
  p->nodes[c].key = s2_child_base(p->nodes[t].key, i, l);
  p->nodes[c].level = (uint8_t)(l - 1);
  s2_publish();
  s2_entry_write(p, t, i, s2_entry_table(p->features, l, s2_table_hpa(p, c)));
  s2_live_add(p, t, 1);
  note_used(p, (uint8_t)(l - 1));
}

void s2_tree_unlink(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state) {
  s2_entry_write(p, t, i, 0);
  s2_live_add(p, t, -1);
  p->used[p->nodes[c].level]--;
  s2_pool_limbo(p, c, state);
}

void s2_tree_prune_from(struct s2_pool *p, uint32_t t, uint8_t state) {
  uint32_t c = t;
  /*@ loop invariant us: Used(p, c);
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop invariant same: Same{Pre,Here}(p);
      loop assigns c, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4],
                   p->nlimbo;
      loop variant p->top - p->nodes[c].level; */
  while (p->nodes[c].live == 0 && p->nodes[c].level < p->top) {
    uint64_t va = (uint64_t)p->nodes[c].key;
    uint8_t m = (uint8_t)(p->nodes[c].level + 1);
    uint32_t parent = s2_table_at(p, va, m);
    s2_tree_unlink(p, parent, s2_slot(va, m), c, state);
    c = parent;
  }
}

uint32_t s2_tree_grow(struct s2_pool *p, uint32_t t, uint32_t i) {
  uint32_t c = s2_pool_take(p);
  s2_tree_link(p, t, i, c);
  return c;
}

/** Slots [i, i + n) of the hidden table c: leaves of level m, one behind the other, the first of them e. n > 0. */
/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level == S2_NODE_RESERVED && 0 < n && i + n <= 512;
    requires leaf: pte_kind(m, e) == 1;
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures run: \forall integer k; 0 <= k < n ==> pte_kind(m, p->tables[c].e[i + k]) == 1 &&
                   pte_pa(m, p->tables[c].e[i + k]) == pte_pa(m, e) + part(k, m) &&
                   pte_attr(m, p->tables[c].e[i + k]) == pte_attr(m, e); */
S2_INLINE void fill_hidden(struct s2_pool *p, uint32_t c, uint32_t i, uint32_t n, uint8_t m, uint64_t e) {
  uint64_t next = e;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, next, p->tables[c].e[0 .. 511];
      loop variant n - k; */
  S2_UNROLL
  for (k = 0; k < n; k++) {
    s2_hidden_write(p, c, i + k, next);
    next = s2_entry_following(m, next);
  }
}

uint32_t s2_tree_fresh(struct s2_pool *p, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr) {
  uint32_t c = s2_pool_take(p);
  uint64_t e = s2_entry_leaf(m, hpa, attr);
  if (n == S2_ENTRIES) {
    fill_hidden(p, c, 0, S2_ENTRIES, m, e);
  } else {
    fill_hidden(p, c, i, n, m, e);
  }
  s2_live_add(p, c, (int32_t)n);
  return c;
}

/** Is gpa an address of this table at all? */
/*@ requires pt: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing; */
static bool fits(const struct s2_pt *pt, uint64_t gpa) {
  return gpa < s2_width(pt->gpa_bits);
}

/*@ terminates \true; exits \false; assigns \nothing; */
static struct s2_leaf no_leaf(s2_status status) {
  struct s2_leaf r = {status, 0, 0, 0, 0, 0};
  return r;
}

/*@ requires l: at.l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_leaf leaf_of(struct s2_pos at, uint64_t gpa) {
  struct s2_leaf r = no_leaf(S2_ERR_NOT_MAPPED);
  r.gpa = gpa - s2_offset(gpa, at.l);
  r.size = s2_span(at.l);
  r.level = at.l;
  if (s2_entry_kind(at.l, at.e) == S2_LEAF) {
    r.status = S2_OK;
    r.hpa = s2_entry_hpa(at.l, at.e);
    r.attr = s2_entry_attr(at.l, at.e);
  }
  return r;
}

struct s2_leaf s2_pt_query(const struct s2_pt *pt, uint64_t gpa) {
  if (!fits(pt, gpa)) {
    return no_leaf(S2_ERR_WIDTH);
  }
  return leaf_of(s2_pos_at(&pt->pool, gpa), gpa);
}

/** The first slot at or after i of table t that is not empty, or 512. */
/*@ requires wf: Wf(p) && t < p->cap && i <= 512;
    terminates \true; exits \false; assigns \nothing;
    ensures at: i <= \result <= 512 && \forall integer k; i <= k < \result ==> p->tables[t].e[k] == 0; */
static uint32_t next_slot(const struct s2_pool *p, uint32_t t, uint32_t i) {
  uint32_t j = i;
  /*@ loop invariant j: i <= j <= 512 && \forall integer k; i <= k < j ==> p->tables[t].e[k] == 0;
      loop assigns j;
      loop variant 512 - j; */
  while (j < S2_ENTRIES && s2_entry_read(p, t, j) == 0) {
    j++;
  }
  return j;
}

struct s2_leaf s2_pt_next(const struct s2_pt *pt, uint64_t gpa) {
  uint64_t limit = s2_width(pt->gpa_bits);
  uint64_t w = gpa;
  /*@ loop assigns w;
      loop variant limit - w; */
  while (w < limit) {
    struct s2_pos at = s2_pos_at(&pt->pool, w);
    struct s2_leaf r = leaf_of(at, w);
    if (r.status == S2_OK) {
      return r;
    }
    uint32_t j = next_slot(&pt->pool, at.t, at.i + 1);
    w = r.gpa + (uint64_t)(j - at.i) * r.size;
  }
  return no_leaf(S2_ERR_NOT_MAPPED);
}

/*@ requires l: l <= S2_MAX_LEVEL && r->count < S2_LEVELS && \valid(r);
    terminates \true; exits \false;
    assigns r->count, r->step[r->count]; */
static void add_step(struct s2_steps *r, uint64_t table_hpa, uint64_t e, uint32_t i, uint8_t l) {
  r->step[r->count].table_hpa = table_hpa;
  r->step[r->count].entry = e;
  r->step[r->count].slot = i;
  r->step[r->count].kind = s2_entry_kind(l, e);
  r->step[r->count].level = l;
  r->count++;
}

struct s2_steps s2_pt_walk(const struct s2_pt *pt, uint64_t gpa) {
  const struct s2_pool *p = &pt->pool;
  struct s2_steps r;
  r.status = S2_ERR_WIDTH;
  r.count = 0;
  if (!fits(pt, gpa)) {
    return r;
  }
  struct s2_pos at = s2_pos_at(p, gpa);
  uint8_t l = (uint8_t)p->top;
  uint32_t t = p->root + s2_root_index(gpa, l);
  /*@ loop invariant l: at.l <= l <= p->top && r.count == p->top - l;
      loop assigns l, t, r;
      loop variant l; */
  while (l > at.l) {
    uint64_t e = s2_entry_read(p, t, s2_slot(gpa, l));
    add_step(&r, s2_table_hpa(p, t), e, s2_slot(gpa, l), l);
    t = s2_child_of(s2_pool_hpa(p), e);
    l--;
  }
  add_step(&r, s2_table_hpa(p, t), at.e, at.i, l);
  r.status = s2_entry_kind(at.l, at.e) == S2_LEAF ? S2_OK : S2_ERR_NOT_MAPPED;
  return r;
}
