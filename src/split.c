/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** split.c - changing the size of leaves, through invalid and a completed invalidation (INV-4): split and collapse. */
#include "stage2/stats.h"
#include "ops.h"

/** Is x inside an entry of level l, not at its start? */
/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static bool inside(uint64_t x, uint8_t l) {
  return s2_offset(x, l) != 0;
}

/** The level of the leaf that x lies inside of, 0 when x is a boundary. */
/*@ requires inv: Inv(p);
    terminates \true; exits \false; assigns \nothing; */
static uint8_t block_around(const struct s2_pool *p, uint64_t x) {
  if (!inside(x, (uint8_t)p->top)) {
    return 0;
  }
  struct s2_pos at = s2_pos_at(p, x);
  if (s2_entry_kind(at.l, at.e) != S2_LEAF || !inside(x, at.l)) {
    return 0;
  }
  return at.l;
}

/** Levels 1..l at which x is inside an entry: that many splits make it a boundary. */
/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 <= \result <= l; */
static uint32_t splits_for(uint64_t x, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: 1 <= k <= l + 1 && 0 <= n < k;
      loop assigns k, n;
      loop variant l - k; */
  for (k = 1; k <= l; k++) {
    n += inside(x, k) ? 1u : 0u;
  }
  return n;
}

/** Of the splits for x and y, those that are the same: both lie inside one entry of the level. */
/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 <= \result <= l; */
static uint32_t splits_shared(uint64_t x, uint64_t y, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: 1 <= k <= l + 1 && 0 <= n < k;
      loop assigns k, n;
      loop variant l - k; */
  for (k = 1; k <= l; k++) {
    bool same = x - s2_offset(x, k) == y - s2_offset(y, k);
    n += inside(x, k) && inside(y, k) && same ? 1u : 0u;
  }
  return n;
}

uint32_t s2_plan_cut(const struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint8_t l = block_around(p, gpa);
  uint8_t m = block_around(p, end);
  return splits_for(gpa, l) + splits_for(end, m) - splits_shared(gpa, end, l < m ? l : m);
}

/** Invalidate one entry's range in the middle of a change of size. */
/*@ requires pt: \valid(pt) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns pt->flush; */
static void flush_break(struct s2_pt *pt, uint64_t base, uint8_t l) {
  s2_count(&pt->flush.breaks, 1);
  s2_flush_range(pt, base, base + s2_span(l), l);
}

/** Replace the block at `at`, which covers base, by a table of 512 leaves one level down. */
/*@ requires inv: \valid(pt) && Good(pt) && pt->pool.nfree > 0;
    requires leaf: at.l > 0 && pte_kind(at.l, at.e) == 1;
    terminates \true; exits \false;
    assigns pt->pool, pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1], pt->flush, pt->splits;
    ensures inv: Good(pt);
    ensures same: Same{Pre,Post}(&pt->pool); */
static void split_block(struct s2_pt *pt, struct s2_pos at, uint64_t base) {
  struct s2_pool *p = &pt->pool;
  uint64_t e = s2_entry_break(p, at.t, at.i);
  s2_live_add(p, at.t, -1);
  flush_break(pt, base, at.l);
  uint32_t c = s2_tree_fresh(p, 0, S2_ENTRIES, (uint8_t)(at.l - 1), s2_entry_hpa(at.l, e), s2_entry_attr(at.l, e));
  s2_tree_link(p, at.t, at.i, c);
  s2_flush_mapped(pt, base, base + s2_span(at.l), (uint32_t)at.l - 1u, true);
  s2_count(&pt->splits, 1);
}

void s2_split_at(struct s2_pt *pt, uint64_t gpa) {
  uint8_t l = block_around(&pt->pool, gpa);
  /*@ loop invariant inv: Good(pt);
      loop invariant same: Same{Pre,Here}(&pt->pool);
      loop assigns l, pt->pool, pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
                   pt->flush, pt->splits;
      loop variant l; */
  while (l > 0) {
    split_block(pt, s2_pos_at(&pt->pool, gpa), gpa - s2_offset(gpa, l));
    l = block_around(&pt->pool, gpa);
  }
}

void s2_cut(struct s2_pt *pt, uint32_t plan, uint64_t gpa, uint64_t end) {
  if (plan > 0) {
    s2_split_at(pt, gpa);
    s2_split_at(pt, end);
  }
}

s2_status s2_pt_split(struct s2_pt *pt, uint64_t gpa) {
  if (s2_offset(gpa, 0) != 0) {
    return S2_ERR_ALIGN;
  }
  if (gpa >= s2_width(pt->gpa_bits)) {
    return S2_ERR_WIDTH;
  }
  if (splits_for(gpa, block_around(&pt->pool, gpa)) > (uint32_t)pt->pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_split_at(pt, gpa);
  return S2_OK;
}

/** What a block of level m + 1 in place of table t would be; status says why it cannot. */
struct merged {
  s2_status status;
  uint64_t hpa;
  uint32_t attr;
};

/** Is e the leaf of level m that continues the run r? */
/*@ requires m: m < S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static s2_status continues(struct merged r, uint64_t e, uint8_t m, uint64_t hpa) {
  uint32_t kind = s2_entry_kind(m, e);
  if (kind == S2_EMPTY) {
    return S2_ERR_NOT_MAPPED;
  }
  if (kind != S2_LEAF || s2_entry_hpa(m, e) != hpa || (s2_entry_attr(m, e) & ~S2_AD_MASK) != (r.attr & ~S2_AD_MASK)) {
    return S2_ERR_UNIFORM;
  }
  return S2_OK;
}

/** Read the 512 leaves of level m in t; accessed and dirty state is their union. */
/*@ requires wf: Wf(p) && t < p->cap && m < S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static struct merged merge_leaves(const struct s2_pool *p, uint32_t t, uint8_t m) {
  struct merged r = {S2_OK, 0, 0};
  uint64_t first = s2_entry_read(p, t, 0);
  if (s2_entry_kind(m, first) != S2_LEAF) {
    r.status = s2_entry_kind(m, first) == S2_EMPTY ? S2_ERR_NOT_MAPPED : S2_ERR_UNIFORM;
    return r;
  }
  r.hpa = s2_entry_hpa(m, first);
  r.attr = s2_entry_attr(m, first);
  uint64_t hpa = r.hpa;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= 512;
      loop assigns i, r, hpa;
      loop variant 512 - i; */
  for (i = 0; i < S2_ENTRIES && r.status == S2_OK; i++) {
    uint64_t e = s2_entry_read(p, t, i);
    r.status = continues(r, e, m, hpa);
    if (r.status == S2_OK) {
      r.attr |= s2_entry_attr(m, e) & S2_AD_MASK;
    }
    hpa += s2_span(m);
  }
  if (r.status == S2_OK && s2_offset(r.hpa, (uint8_t)(m + 1)) != 0) {
    r.status = S2_ERR_UNIFORM;
  }
  return r;
}

/** Break the link to t, forget it everywhere, then make the block: what the leaves held last decides its A and D. */
/*@ requires inv: \valid(pt) && Good(pt) && m < S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns pt->pool, pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush;
    ensures inv: Good(pt); */
static void replace_by_block(struct s2_pt *pt, uint64_t gpa, uint32_t t, uint8_t m) {
  struct s2_pool *p = &pt->pool;
  uint8_t l = (uint8_t)(m + 1);
  uint32_t parent = s2_table_at(p, gpa, l);
  uint32_t i = s2_slot(gpa, l);
  s2_tree_unlink(p, parent, i, t, S2_NODE_LIMBO);
  flush_break(pt, gpa, l);
  struct merged r = merge_leaves(p, t, m);
  s2_publish();
  s2_term_write(p, parent, i, s2_entry_leaf(l, r.hpa, r.attr));
  s2_live_add(p, parent, 1);
  (void)s2_pool_drain(p, pt->flush.ctx);
  s2_flush_mapped(pt, gpa, gpa + s2_span(l), l, false);
}

/** The arguments of a collapse, in the order of the header. */
/*@ requires pt: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_collapse(const struct s2_pt *pt, uint64_t gpa, uint32_t level) {
  if (level == 0 || level > pt->pool.leaf_max || level > pt->pool.top) {
    return S2_ERR_CONFIG;
  }
  if (s2_offset(gpa, (uint8_t)level) != 0) {
    return S2_ERR_ALIGN;
  }
  return gpa < s2_width(pt->gpa_bits) ? S2_OK : S2_ERR_WIDTH;
}

s2_status s2_pt_collapse(struct s2_pt *pt, uint64_t gpa, uint32_t level) {
  s2_status st = check_collapse(pt, gpa, level);
  if (st != S2_OK) {
    return st;
  }
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  if (at.l >= level) {
    bool leaf = s2_entry_kind(at.l, at.e) == S2_LEAF;
    if (leaf && at.l == level) {
      return S2_OK;
    }
    return leaf ? S2_ERR_UNIFORM : S2_ERR_NOT_MAPPED;
  }
  uint8_t m = (uint8_t)(level - 1);
  uint32_t t = s2_table_at(&pt->pool, gpa, m);
  st = merge_leaves(&pt->pool, t, m).status;
  if (st != S2_OK) {
    return st;
  }
  replace_by_block(pt, gpa, t, m);
  return S2_OK;
}
