/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** map.c - init, and mapping: plan (read, may refuse), then commit (write, cannot fail). */
#include "ops.h"

/** Format and host limits of a configuration. */
/*@ requires cfg: \valid_read(cfg);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> cfg->hpa_bits <= S2_FMT_HPA_BITS <= 56 && cfg->leaf_max <= S2_FMT_LEAF_MAX <= 4; */
static s2_status check_config(const struct s2_config *cfg) {
  if ((cfg->features & ~S2_FMT_FEATURES) != 0 || !s2_vmid_legal(cfg->features, cfg->vmid)) {
    return S2_ERR_CONFIG;
  }
  if (cfg->hpa_bits < 32 || cfg->hpa_bits > S2_HPA_BITS_MAX || cfg->leaf_max > S2_LEAF_MAX ||
      s2_shape_of(cfg->gpa_bits).top > S2_MAX_LEVEL) {
    return S2_ERR_CONFIG;
  }
  return S2_OK;
}

/** Everything of *pt but the pool. */
/*@ requires cfg: \valid(pt) && \valid_read(cfg) && \separated(pt, cfg);
    terminates \true; exits \false;
    assigns pt->gpa_bits, pt->hpa_bits, pt->splits, pt->flush;
    ensures bits: pt->gpa_bits == cfg->gpa_bits && pt->hpa_bits == cfg->hpa_bits;
    ensures zero: pt->splits == 0 && pt->flush.epoch == 0 && pt->flush.ranges == 0 && pt->flush.fulls == 0 && pt->flush.breaks == 0; */
static void set_record(struct s2_pt *pt, const struct s2_config *cfg) {
  pt->gpa_bits = cfg->gpa_bits;
  pt->hpa_bits = cfg->hpa_bits;
  pt->splits = 0;
  pt->flush.ctx = cfg->ctx;
  pt->flush.epoch = 0;
  pt->flush.ranges = 0;
  pt->flush.fulls = 0;
  pt->flush.breaks = 0;
}

s2_status s2_pt_init(struct s2_pt *pt, const struct s2_config *cfg, const struct s2_pool_memory *mem) {
  if (pt == NULL || cfg == NULL || mem == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = check_config(cfg);
  if (st != S2_OK) {
    return st;
  }
  uint32_t gpa_bits = cfg->gpa_bits;
  uint32_t hpa_bits = cfg->hpa_bits;
  uint32_t leaf_max = cfg->leaf_max;
  uint32_t features = cfg->features;
  struct s2_shape shape = s2_shape_of(gpa_bits);
  set_record(pt, cfg);
#ifdef __FRAMAC__
#include "proofs/wp/pt_init_before.acsl"
#endif
  st = s2_pool_init(&pt->pool, mem, shape.top, shape.nroot, leaf_max, hpa_bits, features);
#ifdef __FRAMAC__
#include "proofs/wp/pt_init.acsl"
#endif
  if (st == S2_OK) {
    s2_flush_operands(pt, cfg->vmid);
  }
  return st;
}

/** Does a leaf of level m fit at gpa -> hpa with len bytes to go? */
/*@ requires m: m <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures fit: \result <==> off(gpa, m) == 0 && off(hpa, m) == 0 && gran(m) <= len; */
static inline bool leaf_fits(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t m) {
  return s2_offset(gpa, m) == 0 && s2_offset(hpa, m) == 0 && s2_span(m) <= len;
}

/** The largest leaf level, at most max, for gpa -> hpa with len bytes to go. Level 0 always fits. */
/*@ requires max: max <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures m: 0 <= \result <= max; */
static inline uint8_t leaf_level(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t max) {
  uint8_t m = max;
  /*@ loop invariant m: 0 <= m <= max;
      loop assigns m;
      loop variant m; */
  while (m > 0 && !leaf_fits(gpa, hpa, len, m)) {
    m--;
  }
  return m;
}

/** Entries of one table that the leaves from slot i on fill: to the end of the table or of the range. */
/*@ requires m: m <= S2_MAX_LEVEL && i < 512 && gran(m) <= len;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 < \result <= 512 - i && part(\result, m) <= len; */
static inline uint32_t run_length(uint64_t len, uint32_t i, uint8_t m) {
  return s2_least(s2_spans_in(len, m), S2_ENTRIES - i);
}

/** Are slots [i, i + n) of t empty? */
/*@ requires wf: Wf(p) && t < p->cap && i + n <= 512;
    terminates \true; exits \false; assigns \nothing;
    ensures empty: \result <==> \forall integer k; i <= k < i + n ==> p->tables[t].e[k] == 0; */
static inline bool run_empty(const struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n) {
  uint64_t all = 0;
  uint32_t k;
  /*@ loop invariant k: i <= k <= i + n;
      loop invariant all: all == 0 <==> \forall integer j; i <= j < k ==> p->tables[t].e[j] == 0;
      loop assigns k, all;
      loop variant i + n - k; */
  for (k = i; k < i + n; k++) {
    all |= s2_entry_read(p, t, k);
  }
  return all == 0;
}

/**
 * Tables that w is the first address of [gpa, ...) to need: those of levels m .. l - 1 on its path. An address inside a
 * table that an earlier address of the range already needed does not count again.
 */
/*@ requires l: m <= l <= S2_MAX_LEVEL && gpa <= w;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 <= \result <= l - m; */
static inline uint32_t new_tables(uint64_t gpa, uint64_t w, uint8_t m, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: m <= k <= l && 0 <= n <= k - m;
      loop assigns k, n;
      loop variant l - k; */
  for (k = m; k < l; k++) {
    if (w == gpa || s2_offset(w, (uint8_t)(k + 1)) == 0) {
      n++;
    }
  }
  return n;
}

struct s2_need s2_plan_map(const struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t leaf_max) {
  struct s2_need r = {S2_OK, 0};
  uint8_t max = (uint8_t)s2_least(leaf_max, p->leaf_max);
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop assigns w, r;
      loop variant end - w; */
  while (w < end) {
    uint8_t m = leaf_level(w, hpa + (w - gpa), end - w, max);
    struct s2_pos at = s2_pos_at(p, w);
    uint32_t n = run_length(end - w, s2_slot(w, m), m);
    if (at.l < m || at.e != 0 || (at.l == m && !run_empty(p, at.t, at.i, n))) {
      r.status = S2_ERR_MAPPED;
      return r;
    }
    /* a range can take more tables than 32 bits count: more than any pool has, either way */
    r.tables += s2_least(new_tables(gpa, w, m, at.l), UINT32_MAX - r.tables);
    w += s2_run_bytes(n, m);
  }
  return r;
}

/** n leaves of level m from slot i on into a linked table whose slots are empty. */
/*@ requires inv: GoodPool(p) && Used(p, t) && p->nodes[t].level == m && 0 < n && i + n <= 512 && m <= S2_FMT_LEAF_MAX;
    requires empty: \forall integer k; i <= k < i + n ==> p->tables[t].e[k] == 0;
    requires hpa: off(hpa, m) == 0 && hpa + part(n, m) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[t].e[0 .. 511], p->nodes[t].live;
    ensures inv: GoodPool(p);
    ensures lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \old(lev(p, va));
    ensures in: \forall integer va; Dom(p, va) ==> Run(p, t, i, n, va) ==>
                  PA(p, va) == hpa + part(slot_of(va, m) - i, m) + off(va, m) && AT(p, va) == attr;
    ensures out: \forall integer va; Dom(p, va) ==> !Run(p, t, i, n, va) ==>
                   PA(p, va) == \old(PA(p, va)) && AT(p, va) == \old(AT(p, va)); */
static void fill_run(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr) {
  //@ assert one: part(1, m) == part(0, m) + gran(m) && part(0, m) == 0 && part(1, m) <= part(n, m);
  uint64_t e = s2_entry_leaf(m, hpa, attr);
  uint32_t k;
  s2_publish();
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant e: k < n ==> pte_kind(m, e) == 1 && pte_pa(m, e) == hpa + part(k, m) && pte_attr(m, e) == attr;
      loop invariant tail: \forall integer j; i + k <= j < i + n ==> p->tables[t].e[j] == 0;
      loop invariant inv: Inv(p);
      loop invariant lz: LimboZero(p);
      loop invariant nm: NoMarks(p);
      loop invariant nb: NoBad(p);
      loop invariant ct: cnt(p, t, 512) == p->nodes[t].live + k;
      loop invariant co: \forall integer s; Used(p, s) ==> s != t ==> p->nodes[s].live == cnt(p, s, 512);
      loop invariant lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(p, va), Pre);
      loop invariant in: \forall integer va; Dom(p, va) ==> Run(p, t, i, k, va) ==>
                           PA(p, va) == hpa + part(slot_of(va, m) - i, m) + off(va, m) && AT(p, va) == attr;
      loop invariant out: \forall integer va; Dom(p, va) ==> !Run(p, t, i, k, va) ==>
                            PA(p, va) == \at(PA(p, va), Pre) && AT(p, va) == \at(AT(p, va), Pre);
      loop assigns k, e, p->tables[t].e[0 .. 511];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    //@ assert le: i + k < 512 && p->tables[t].e[i + k] == 0;
    s2_term_write(p, t, i + k, e);
    //@ assert st: part(k + 1, m) == part(k, m) + gran(m) && (k + 2 <= n ==> part(k + 2, m) == part(k + 1, m) + gran(m) && part(k + 2, m) <= part(n, m));
    e = s2_entry_following(m, e);
  }
  //@ ghost s2_lemma_cnt(p, t);
  s2_live_add(p, t, (int32_t)n);
}

void s2_commit_below(struct s2_pool *p, uint32_t t, uint8_t l, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa,
                     uint32_t attr) {
  uint32_t c = t;
  uint8_t k = l;
  /*@ loop invariant k: m < k <= l && Used(p, c) && p->nodes[c].level == k && p->nodes[c].key == base_of(w, k);
      loop invariant hole: p->tables[c].e[slot_of(w, k)] == 0;
      loop invariant inv: GoodPool(p);
      loop invariant taken: p->nfree == \at(p->nfree, Pre) - (l - k);
      loop invariant same: Same{Pre,Here}(p);
      loop assigns c, k, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant k; */
  while (k > m + 1) {
    //@ ghost Top: ;
    //@ ghost s2_lemma_top(p);
    //@ ghost s2_lemma_base(w, k, (uint8_t)(k - 1));
    c = s2_tree_grow(p, c, s2_slot(w, k));
    //@ assert n1: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> \at(Used(p, s), Top) && p->nodes[s].level == \at(p->nodes[s].level, Top);
    //@ assert n2: \forall integer j; 0 <= j < 512 ==> p->tables[c].e[j] == 0;
    //@ assert nb: NoBad(p);
    k--;
  }
  //@ ghost s2_lemma_top(p);
  //@ ghost s2_lemma_base(w, k, m);
  //@ ghost s2_lemma_run(w, n, m);
  //@ assert st: 0 <= p->stack[p->nfree-1] < p->cap && p->nodes[p->stack[p->nfree-1]].level == 255;
  uint32_t d = s2_tree_fresh(p, s2_slot(w, m), n, m, hpa, attr);
  //@ assert dc: d != c && p->nodes[c].level == k && p->tables[c].e[slot_of(w, k)] == 0;
  //@ assert ra: \forall integer g; w <= g < w + part(n, m) ==> slot_of(w, m) <= slot_of(g, m) < slot_of(w, m) + n && xpa(m, ent(p, d, g, m), g) == hpa + (g - w) && xat(m, ent(p, d, g, m)) == attr;
  //@ assert rb: \forall integer g; 0 <= g ==> base_of(g, m) == base_of(w, m) ==> !(w <= g < w + part(n, m)) ==> xpa(m, ent(p, d, g, m), g) == -1 && xat(m, ent(p, d, g, m)) == -1;
  //@ ghost Fresh: ;
  s2_tree_link(p, c, s2_slot(w, k), d);
  //@ assert lv: p->nodes[d].level == m && p->nodes[c].level == k && p->nodes[c].key == base_of(w, k);
  //@ assert ke: \forall integer j; 0 <= j < 512 ==> p->tables[d].e[j] == \at(p->tables[\at(d,Here)].e[\at(j,Here)], Fresh);
  //@ assert up: \forall integer g; 0 <= g ==> base_of(g, m) == base_of(w, m) ==> floor(g, k) == floor(w, k) && In(p, c, slot_of(w, k), g);
  //@ assert dn: \forall integer g; 0 <= g ==> In(p, c, slot_of(w, k), g) ==> base_of(g, m) == base_of(w, m);
  //@ assert in: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
  //@ assert ou: \forall integer g; Dom(p, g) ==> In(p, c, slot_of(w, k), g) ==> !(w <= g < w + part(n, m)) ==> PA(p, g) == -1 && AT(p, g) == -1 && \at(PA(p, g), Fresh) == -1 && \at(AT(p, g), Fresh) == -1;
  //@ assert bd: \forall integer j; 0 <= j < 512 ==> pte_kind(m, p->tables[d].e[j]) != 4;
  //@ assert bo: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != d ==> (s != c || j != slot_of(w, k)) ==> \at(Used(p, s), Fresh) && pte_kind(p->nodes[s].level, p->tables[s].e[j]) == \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Fresh);
  //@ assert bf: \at(NoBad(p), Fresh);
  //@ assert nb: NoBad(p);
}

void s2_commit_map(struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  uint8_t max = (uint8_t)s2_least(leaf_max, p->leaf_max);
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < w) ==>
                            PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop assigns w, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant end - w; */
  while (w < end) {
    uint64_t a = hpa + (w - gpa);
    uint8_t m = leaf_level(w, a, end - w, max);
    uint32_t n = run_length(end - w, s2_slot(w, m), m);
    struct s2_pos at = s2_pos_at(p, w);
    if (at.l == m) {
      fill_run(p, at.t, at.i, n, m, a, attr);
    } else {
      s2_commit_below(p, at.t, at.l, w, n, m, a, attr);
    }
    w += s2_run_bytes(n, m);
  }
}

/** What is wrong with the arguments of a map, in the order of the header. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && off(gpa, 0) == 0 && off(gpa + size, 0) == 0 && gpa + size <= width(pt->gpa_bits) &&
                  off(hpa, 0) == 0 && hpa + size <= width(S2_FMT_HPA_BITS) && leaf_max < S2_MAX_LEVEL; */
S2_INLINE s2_status check_place(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t leaf_max) {
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  st = s2_check_hpa(pt, hpa, size);
  if (st != S2_OK) {
    return st;
  }
  return leaf_max >= S2_MAX_LEVEL ? S2_ERR_CONFIG : S2_OK;
}

/** The same, and the attributes. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && off(gpa, 0) == 0 && off(gpa + size, 0) == 0 && gpa + size <= width(pt->gpa_bits) &&
                  off(hpa, 0) == 0 && hpa + size <= width(S2_FMT_HPA_BITS) && leaf_max < S2_MAX_LEVEL;
    ensures legal: \result == S2_OK ==> attr_legal(pt->pool.features, attr); */
S2_INLINE s2_status check_map(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                              uint32_t leaf_max) {
  s2_status st = check_place(pt, gpa, size, hpa, leaf_max);
  if (st == S2_OK && !s2_attr_legal(pt->pool.features, attr)) {
    st = S2_ERR_ATTR;
  }
  return st;
}

struct s2_need s2_pt_tables_needed(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa,
                                   uint32_t leaf_max) {
  struct s2_need r = {check_place(pt, gpa, size, hpa, leaf_max), 0};
  if (r.status == S2_OK) {
    r = s2_plan_map(&pt->pool, gpa, gpa + size, hpa, leaf_max);
  }
  return r;
}

/** s2_pt_map() of one page: one descent. */
/*@ requires inv: Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + 4096 ==>
                  PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == new_attr(attr);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
static s2_status map_page(struct s2_pt *pt, uint64_t gpa, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  s2_status st = check_map(pt, gpa, S2_PAGE_SIZE, hpa, attr, leaf_max);
  if (st != S2_OK) {
    return st;
  }
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  st = s2_page_check(&pt->pool, at);
  if (st == S2_OK) {
    //@ assert pg: page == 4096 && gran(0) == 4096;
    s2_page_commit(&pt->pool, at, gpa, hpa, s2_new_attr(pt->pool.features, attr));
    s2_flush_mapped(pt, gpa, gpa + S2_PAGE_SIZE, 0, at.l > 0);
  }
  return st;
}

/** s2_pt_map() of any range: plan, then commit. */
/*@ requires inv: \valid(pt) && Good(pt) && gpa < end && Dom(&pt->pool, end - 1);
    terminates \true; exits \false;
    ensures inv: Good(pt); */
S2_APART s2_status map_range(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr,
                             uint32_t leaf_max) {
  struct s2_need plan = s2_plan_map(&pt->pool, gpa, end, hpa, leaf_max);
  s2_status st = s2_plan_check(&pt->pool, plan);
  if (st == S2_OK) {
    s2_commit_map(&pt->pool, gpa, end, hpa, attr, leaf_max);
    s2_flush_mapped(pt, gpa, end, 0, plan.tables > 0);
  }
  return st;
}

s2_status s2_pt_map(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  if (size == S2_PAGE_SIZE) {
    return map_page(pt, gpa, hpa, attr, leaf_max);
  }
  s2_status st = check_map(pt, gpa, size, hpa, attr, leaf_max);
  if (st != S2_OK) {
    return st;
  }
  return map_range(pt, gpa, gpa + size, hpa, s2_new_attr(pt->pool.features, attr), leaf_max);
}
