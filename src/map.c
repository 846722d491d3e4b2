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
static void start_record(struct s2_pt *pt, const struct s2_config *cfg) {
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
  start_record(pt, cfg);
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
    ensures fit: \result <==> Fits(gpa, hpa, len, m); */
static inline bool leaf_fits(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t m) {
  return s2_offset(gpa, m) == 0 && s2_offset(hpa, m) == 0 && s2_span(m) <= len;
}

/** The largest leaf level, at most max, for gpa -> hpa with len bytes to go. Level 0 always fits. */
/*@ requires max: max <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures m: 0 <= \result <= max;
    ensures at: \result == leaf_at(gpa, hpa, len, max);
    ensures fits: 0 < \result ==> Fits(gpa, hpa, len, \result); */
static inline uint8_t leaf_level(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t max) {
  uint8_t m = max;
  /*@ loop invariant m: 0 <= m <= max;
      loop invariant no: \forall integer k; m < k <= max ==> !Fits(gpa, hpa, len, k);
      loop assigns m;
      loop variant m; */
  while (m > 0 && !leaf_fits(gpa, hpa, len, m)) {
    m--;
  }
  //@ assert n4: m < 4 <= max ==> !Fits(gpa, hpa, len, 4);
  //@ assert n3: m < 3 <= max ==> !Fits(gpa, hpa, len, 3);
  //@ assert n2: m < 2 <= max ==> !Fits(gpa, hpa, len, 2);
  //@ assert n1: m < 1 <= max ==> !Fits(gpa, hpa, len, 1);
  return m;
}

/** Entries of one table that the leaves from slot i on fill: to the end of the table or of the range. */
/*@ requires m: m <= S2_MAX_LEVEL && i < 512 && gran(m) <= len;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 < \result <= 512 - i && part(\result, m) <= len;
    ensures fill: Fill(len, i, m, \result); */
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
    ensures n: 0 <= \result <= l - m;
    ensures new: \result == new_tables(gpa, w, m, l); */
static inline uint32_t new_tables(uint64_t gpa, uint64_t w, uint8_t m, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: m <= k <= l && 0 <= n <= k - m;
      loop invariant n: n == (k > 0 ? new1(gpa, w, 0, m, l) : 0) + (k > 1 ? new1(gpa, w, 1, m, l) : 0) +
                             (k > 2 ? new1(gpa, w, 2, m, l) : 0) + (k > 3 ? new1(gpa, w, 3, m, l) : 0);
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
  //@ assert max: max == leaf_cap(p, leaf_max) && max <= 4;
  /*@ loop invariant w: gpa <= w <= end && off(w, 0) == 0 && off(hpa + (w - gpa), 0) == 0;
      loop invariant ok: r.status == S2_OK;
      loop invariant clear: Clear(p, w, gpa, end, hpa, max) ==> Clear(p, gpa, gpa, end, hpa, max);
      loop invariant empty: \forall integer g; gpa <= g < w ==> PA(p, g) == -1;
      loop invariant most: r.tables + tables_from(p, w, gpa, end, hpa, max) <= tables_from(p, gpa, gpa, end, hpa, max);
      loop invariant sum: r.tables < 0xffffffff ==>
        r.tables + tables_from(p, w, gpa, end, hpa, max) == tables_from(p, gpa, gpa, end, hpa, max);
      loop assigns w, r;
      loop variant end - w; */
  while (w < end) {
    //@ assert dom: \forall integer g; gpa <= g < end ==> Dom(p, g);
    //@ assert page: w + gran(0) <= end;
    uint8_t m = leaf_level(w, hpa + (w - gpa), end - w, max);
    struct s2_pos at = s2_pos_at(p, w);
    uint32_t n = run_length(end - w, s2_slot(w, m), m);
    if (at.l < m || at.e != 0 || (at.l == m && !run_empty(p, at.t, at.i, n))) {
      r.status = S2_ERR_MAPPED;
      return r;
    }
    //@ ghost s2_lemma_run(w, n, m);
    //@ ghost s2_lemma_hole(p, at.t, at.i, at.l, w, n, m);
    //@ assert run: Leaves(w, gpa, end, hpa, max, m, n, w + part(n, m));
    //@ assert al: off(w + part(n, m), m) == 0 && off(hpa + (w - gpa) + part(n, m), m) == 0;
    //@ assert a0: floor(w + part(n, m), 0) == w + part(n, m) && floor(hpa + (w - gpa) + part(n, m), 0) == hpa + (w - gpa) + part(n, m);
    //@ assert sum: tables_from(p, w, gpa, end, hpa, max) == new_tables(gpa, w, m, at.l) + tables_from(p, w + part(n, m), gpa, end, hpa, max);
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

/** The table that is missing below t, of level l, on w's path. */
/*@ requires inv: GoodPool(p) && Dom(p, w) && 0 < l && 0 < p->nfree;
    requires at: Used(p, t) && p->nodes[t].level == l && p->nodes[t].key == base_of(w, l);
    requires hole: p->tables[t].e[slot_of(w, l)] == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p) && NoMarks(p);
    ensures bad: NoBad(p);
    ensures child: Used(p, \result) && p->nodes[\result].level == l - 1 && p->nodes[\result].key == base_of(w, l - 1);
    ensures hole: p->tables[\result].e[slot_of(w, l - 1)] == 0;
    ensures taken: p->nfree == \old(p->nfree) - 1;
    ensures same: Same{Pre,Post}(p);
    ensures beside: Beside{Pre,Post}(p, w); */
static uint32_t grow_on_path(struct s2_pool *p, uint32_t t, uint8_t l, uint64_t w) {
  uint32_t i = s2_slot(w, l);
  //@ ghost uint8_t m = (uint8_t)(l - 1);
  //@ ghost s2_lemma_top(p);
  //@ ghost s2_lemma_base(w, l, m);
  //@ ghost s2_lemma_above(w, l, m);
  //@ assert k0: pte_kind(l, 0) == 0 && pte_kind(m, 0) == 0;
  //@ ghost s2_lemma_ends(p, t, i, i + 1);
  //@ assert was: \forall integer g; Dom(p, g) ==> In(p, t, i, g) ==> lev(p, g) == l;
  uint32_t c = s2_tree_grow(p, t, i);
  //@ assert lv: p->nodes[t].level == l && p->nodes[t].key == \at(p->nodes[t].key, Pre);
  //@ assert n0: \forall integer j; 0 <= j < 512 ==> p->tables[c].e[j] == 0;
  //@ assert n1: \forall integer s; Used(p, s) ==> s != c ==> \at(Used(p, s), Pre) && p->nodes[s].level == \at(p->nodes[s].level, Pre);
  //@ assert n2: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> (s != t || j != i) ==> p->tables[s].e[j] == \at(p->tables[s].e[j], Pre);
  //@ assert n3: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Pre) != 4;
  //@ assert n4: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> (s != t || j != i) ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ assert nt: \forall integer j; 0 <= j < 512 ==> pte_kind(p->nodes[t].level, p->tables[t].e[j]) != 4;
  //@ assert nc: \forall integer j; 0 <= j < 512 ==> pte_kind(p->nodes[c].level, p->tables[c].e[j]) != 4;
  //@ assert ns: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> s != t ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ assert up: \forall integer g, k; 0 <= g ==> In(p, t, i, g) ==> l <= k <= 4 ==> floor(g, k) == floor(w, k);
  //@ assert be: \forall integer g, k; Dom(p, g) ==> In(p, t, i, g) ==> k < l ==> !(lev(p, g) < k) && !(\at(lev(p, g), Pre) < k);
  return c;
}

/** Under t, of level l with a hole at w: a table of n leaves of level l - 1 from w on. */
/*@ requires inv: GoodPool(p) && Dom(p, w) && m < l && m == l - 1 && 0 < p->nfree && m <= S2_FMT_LEAF_MAX;
    requires w: off(w, m) == 0 && 0 < n && slot_of(w, m) + n <= 512;
    requires at: Used(p, t) && p->nodes[t].level == l && p->nodes[t].key == base_of(w, l);
    requires hole: p->tables[t].e[slot_of(w, l)] == 0;
    requires hpa: off(hpa, m) == 0 && hpa + part(n, m) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p) && NoMarks(p);
    ensures bad: NoBad(p);
    ensures taken: p->nfree == \old(p->nfree) - 1;
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> lev(p, g) == m;
    ensures beside: Beside{Pre,Post}(p, w);
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < w + part(n, m)) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
static void link_run(struct s2_pool *p, uint32_t t, uint8_t l, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa,
                     uint32_t attr) {
  uint32_t i = s2_slot(w, l);
  //@ ghost s2_lemma_top(p);
  //@ ghost s2_lemma_base(w, l, m);
  //@ ghost s2_lemma_above(w, l, m);
  //@ ghost s2_lemma_run(w, n, m);
  //@ assert k0: pte_kind(l, 0) == 0 && pte_kind(m, 0) == 0;
  //@ assert tk: 0 <= p->stack[p->nfree-1] < p->cap && \subset(p->tables + (p->stack[p->nfree-1] .. p->stack[p->nfree-1]), p->tables + (0 .. p->cap-1)) && \subset(p->nodes + (p->stack[p->nfree-1] .. p->stack[p->nfree-1]), p->nodes + (0 .. p->cap-1));
  uint32_t d = s2_tree_fresh(p, s2_slot(w, m), n, m, hpa, attr);
  //@ assert dc: d != t && p->nodes[t].level == l && p->tables[t].e[i] == 0;
  //@ assert us: \forall integer s; Used(p, s) ==> s != d && \at(Used(p, s), Pre) && p->nodes[s].level == \at(p->nodes[s].level, Pre);
  //@ assert bf: NoBad(p);
  //@ assert b1: \forall integer j; slot_of(w, m) <= j < slot_of(w, m) + n ==> pte_kind(m, p->tables[d].e[j]) == 1;
  //@ assert b2: \forall integer j; 0 <= j < 512 ==> !(slot_of(w, m) <= j < slot_of(w, m) + n) ==> pte_kind(m, p->tables[d].e[j]) == 0;
  //@ assert bd: \forall integer j; 0 <= j < 512 ==> pte_kind(m, p->tables[d].e[j]) != 4;
  //@ assert ra: \forall integer g; w <= g < w + part(n, m) ==> slot_of(w, m) <= slot_of(g, m) < slot_of(w, m) + n && xpa(m, ent(p, d, g, m), g) == hpa + (g - w) && xat(m, ent(p, d, g, m)) == attr;
  //@ assert rb: \forall integer g; 0 <= g ==> base_of(g, m) == base_of(w, m) ==> !(w <= g < w + part(n, m)) ==> xpa(m, ent(p, d, g, m), g) == -1 && xat(m, ent(p, d, g, m)) == -1;
  //@ assert lf: \forall integer g; Dom(p, g) ==> lev(p, g) == \at(lev(p, g), Pre);
  //@ assert bw: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ ghost Fresh: ;
  //@ assert ix: t < p->cap && d < p->cap && i < 512;
  s2_tree_link(p, t, i, d);
  //@ assert lv: p->nodes[d].level == m && p->nodes[t].level == l && p->nodes[t].key == base_of(w, l);
  //@ assert ke: \forall integer j; 0 <= j < 512 ==> p->tables[d].e[j] == \at(p->tables[\at(d,Here)].e[\at(j,Here)], Fresh);
  //@ assert up: \forall integer g; 0 <= g ==> base_of(g, m) == base_of(w, m) ==> floor(g, l) == floor(w, l) && In(p, t, i, g);
  //@ assert dn: \forall integer g; 0 <= g ==> In(p, t, i, g) ==> base_of(g, m) == base_of(w, m);
  //@ assert at: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> In(p, t, i, g) && lev(p, g) == m;
  //@ assert in: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
  //@ assert ou: \forall integer g; Dom(p, g) ==> In(p, t, i, g) ==> !(w <= g < w + part(n, m)) ==> PA(p, g) == -1 && AT(p, g) == -1 && \at(PA(p, g), Fresh) == -1 && \at(AT(p, g), Fresh) == -1;
  //@ assert b3: \forall integer j; 0 <= j < 512 ==> pte_kind(p->nodes[d].level, p->tables[d].e[j]) != 4;
  //@ assert bo: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != d ==> (s != t || j != i) ==> \at(Used(p, s), Fresh) && pte_kind(p->nodes[s].level, p->tables[s].e[j]) == \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Fresh);
  //@ assert bz: \forall integer s, j; \at(Used(p, s), Fresh) ==> 0 <= j < 512 ==> \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Fresh) != 4;
  //@ assert bs: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != d ==> (s != t || j != i) ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ assert bt: \forall integer j; 0 <= j < 512 ==> pte_kind(p->nodes[t].level, p->tables[t].e[j]) != 4;
  //@ assert bu: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != d ==> s != t ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ assert u2: \forall integer g, k; 0 <= g ==> In(p, t, i, g) ==> l <= k <= 4 ==> floor(g, k) == floor(w, k);
  //@ assert be: \forall integer g, k; Dom(p, g) ==> In(p, t, i, g) ==> k < l ==> !(lev(p, g) < k) && !(\at(lev(p, g), Pre) < k);
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
      loop invariant beside: Beside{Pre,Here}(p, w);
      loop assigns c, k, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant k; */
  while (k > m + 1) {
    c = grow_on_path(p, c, k, w);
    k--;
  }
  link_run(p, c, k, w, n, m, hpa, attr);
}

/** The run of n leaves of level m at w, whose path ends at `at`: in at's table, or in a new one below it. */
/*@ requires inv: GoodPool(p) && m <= at.l && at.l - m <= p->nfree && m <= S2_FMT_LEAF_MAX;
    requires w: off(w, m) == 0 && 0 < n && slot_of(w, m) + n <= 512;
    requires at: Used(p, at.t) && at.l == p->nodes[at.t].level && In(p, at.t, at.i, w) && at.i < 512 && at.l == lev(p, w) &&
                 at.e == cur(p, w) && at.e == p->tables[at.t].e[at.i];
    requires dom: \forall integer g; w <= g < w + part(n, m) ==> Dom(p, g);
    requires hole: Hole(p, w, w + part(n, m), m);
    requires hpa: off(hpa, m) == 0 && hpa + part(n, m) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: GoodPool(p);
    ensures taken: p->nfree == \old(p->nfree) - (at.l - m);
    ensures at: \forall integer g; w <= g < w + part(n, m) ==> lev(p, g) == m;
    ensures beside: Beside{Pre,Post}(p, w);
    ensures in: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < w + part(n, m)) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
S2_INLINE void commit_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa,
                          uint32_t attr) {
  //@ ghost s2_lemma_run(w, n, m);
  //@ assert first: w < w + part(n, m) && Dom(p, w);
  //@ ghost s2_lemma_empty(p);
  if (at.l == m) {
    //@ ghost s2_lemma_slots(p, at.t, w, n, m);
    //@ ghost s2_lemma_ends(p, at.t, at.i, at.i + n);
    //@ assert run: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, n, g) <==> w <= g < w + part(n, m));
    //@ assert lv: \forall integer g; w <= g < w + part(n, m) ==> In(p, at.t, slot_of(g, m), g) && at.i <= slot_of(g, m) < at.i + n && lev(p, g) == m;
    fill_run(p, at.t, at.i, n, m, hpa, attr);
    //@ assert run2: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, n, g) <==> w <= g < w + part(n, m));
    //@ assert d1: \forall integer g; w <= g < w + part(n, m) ==> Dom(p, g) && Run(p, at.t, at.i, n, g);
    //@ assert l1: \forall integer g; w <= g < w + part(n, m) ==> lev(p, g) == m;
    //@ assert ix: at.i == slot_of(w, m);
    //@ assert po: \forall integer g; w <= g < w + part(n, m) ==> g - w == part(slot_of(g, m) - at.i, m) + off(g, m);
    //@ assert i0: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == hpa + part(slot_of(g, m) - at.i, m) + off(g, m) && AT(p, g) == attr;
    //@ assert i1: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
  } else {
    s2_commit_below(p, at.t, at.l, w, n, m, hpa, attr);
    //@ assert d2: \forall integer g; w <= g < w + part(n, m) ==> Dom(p, g);
    //@ assert l2: \forall integer g; w <= g < w + part(n, m) ==> lev(p, g) == m;
    //@ assert i2: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
  }
}

void s2_commit_map(struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  uint8_t max = (uint8_t)s2_least(leaf_max, p->leaf_max);
  uint64_t w = gpa;
  //@ assert max: max == leaf_cap(p, leaf_max) && max <= p->leaf_max <= 4;
  //@ assert ends: off(end, 0) == 0;
  /*@ loop invariant w: gpa <= w <= end && off(w, 0) == 0 && off(hpa + (w - gpa), 0) == 0;
      loop invariant inv: GoodPool(p);
      loop invariant taken: p->nfree == \at(p->nfree, Pre) - \at(tables_from(p, gpa, gpa, end, hpa, \at(max, Here)), Pre) +
                              \at(tables_from(p, \at(w, Here), gpa, end, hpa, \at(max, Here)), Pre);
      loop invariant clear: \at(Clear(p, \at(w, Here), gpa, end, hpa, \at(max, Here)), Pre);
      loop invariant in: \forall integer g; gpa <= g < w ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < w) ==>
                            PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop invariant first: w == gpa ==> \forall integer g; Dom(p, g) ==> lev(p, g) == \at(lev(p, g), Pre);
      loop invariant ahead: \forall integer g, k; Dom(p, g) ==> 1 <= k <= 4 ==> w <= floor(g, k) ==>
                              (lev(p, g) < k <==> \at(lev(p, g), Pre) < k);
      loop invariant front: gpa < w < end ==> \forall integer k; 1 <= k <= 4 ==> off(w, k) != 0 ==> lev(p, w) < k;
      loop assigns w, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant end - w; */
  while (w < end) {
    //@ ghost Top: ;
    //@ assert dom: \forall integer g; gpa <= g < end ==> Dom(p, g);
    //@ assert page: w + gran(0) <= end;
    uint64_t a = hpa + (w - gpa);
    uint8_t m = leaf_level(w, a, end - w, max);
    uint32_t n = run_length(end - w, s2_slot(w, m), m);
    struct s2_pos at = s2_pos_at(p, w);
    //@ ghost s2_lemma_run(w, n, m);
    //@ assert run: Leaves(w, gpa, end, hpa, max, m, n, w + part(n, m));
    //@ assert al: off(w + part(n, m), m) == 0 && off(hpa + (w - gpa) + part(n, m), m) == 0;
    //@ assert a0: floor(w + part(n, m), 0) == w + part(n, m) && floor(hpa + (w - gpa) + part(n, m), 0) == hpa + (w - gpa) + part(n, m);
    //@ assert rest: \at(Clear(p, \at(w + part(n, m), Here), gpa, end, hpa, \at(max, Here)), Pre);
    //@ assert was: \at(Hole(p, \at(w, Here), \at(w + part(n, m), Here), \at(m, Here)), Pre);
    //@ assert f0: \forall integer g; floor(g, m) == g - off(g, m) && floor(w, m) == w;
    //@ assert fl: \forall integer g; w <= g < w + part(n, m) ==> w <= floor(g, m);
    //@ assert le: w + part(n, m) <= end;
    //@ assert dr: \forall integer g; w <= g < w + part(n, m) ==> Dom(p, g);
    //@ assert h1: \forall integer g; w <= g < w + part(n, m) ==> Dom(p, g) && \at(PA(p, g), Pre) == -1 && m <= \at(lev(p, g), Pre);
    //@ assert h2: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == -1;
    //@ assert am: 1 <= m ==> \forall integer g; Dom(p, g) ==> w <= floor(g, m) ==> (lev(p, g) < m <==> \at(lev(p, g), Pre) < m);
    //@ assert ha: 1 <= m ==> \forall integer g; w <= g < w + part(n, m) ==> (lev(p, g) < m <==> \at(lev(p, g), Pre) < m);
    //@ assert hb: 1 <= m ==> \forall integer g; w <= g < w + part(n, m) ==> m <= lev(p, g);
    //@ assert h3: \forall integer g; w <= g < w + part(n, m) ==> m <= lev(p, g);
    //@ assert hole: Hole(p, w, w + part(n, m), m);
    //@ assert wf: \forall integer k; 1 <= k <= 4 ==> off(w, k) == 0 ==> w <= floor(w, k);
    //@ assert o0: w == gpa ==> at.l == \at(lev(p, \at(w, Here)), Pre);
    //@ assert of: \forall integer k; 1 <= k <= 4 ==> off(w, k) == 0 ==> (lev(p, w) < k <==> \at(lev(p, \at(w, Here)), Pre) < k);
    //@ assert on: w != gpa ==> \forall integer k; 1 <= k <= 4 ==> off(w, k) != 0 ==> at.l < k;
    //@ assert o1: Front(gpa, w, 1, at.l, \at(lev(p, \at(w, Here)), Pre));
    //@ assert o2: Front(gpa, w, 2, at.l, \at(lev(p, \at(w, Here)), Pre));
    //@ assert o3: Front(gpa, w, 3, at.l, \at(lev(p, \at(w, Here)), Pre));
    //@ assert o4: Front(gpa, w, 4, at.l, \at(lev(p, \at(w, Here)), Pre));
    //@ ghost s2_lemma_new(gpa, w, m, at.l);
    //@ assert new: new_tables(gpa, w, m, \at(lev(p, \at(w, Here)), Pre)) == at.l - m;
    //@ assert sum: Sum(\at(tables_from(p, \at(w, Here), gpa, end, hpa, \at(max, Here)), Pre), at.l - m, \at(tables_from(p, \at(w + part(n, m), Here), gpa, end, hpa, \at(max, Here)), Pre));
    commit_run(p, at, w, n, m, a, attr);
    //@ assert dom2: \forall integer g; Dom(p, g) <==> \at(Dom(p, g), Pre);
    //@ assert ah: \forall integer g, k; Dom(p, g) ==> 1 <= k <= 4 ==> w + part(n, m) <= floor(g, k) ==> floor(g, k) != floor(w, k) && (lev(p, g) < k <==> \at(lev(p, g), Top) < k);
    //@ assert in1: \forall integer g; gpa <= g < w ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
    //@ assert in2: \forall integer g; w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
    w += s2_run_bytes(n, m);
    //@ assert last: lev(p, w - 1) == m && off(w, m) == 0;
    //@ ghost if (w < end) { s2_lemma_next(p, w, m); }
  }
}

/** What is wrong with the arguments of a map, in the order of the header. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && off(gpa, 0) == 0 && off(gpa + size, 0) == 0 && gpa + size <= width(pt->gpa_bits) &&
                  off(hpa, 0) == 0 && hpa + size <= width(S2_FMT_HPA_BITS) && leaf_max < S2_MAX_LEVEL;
    ensures host: \result == S2_OK ==> hpa + size <= width(pt->hpa_bits) &&
                    (hpa + size <= pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa);
    ensures never: \result != S2_ERR_NO_TABLES; */
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
    ensures legal: \result == S2_OK ==> attr_legal(pt->pool.features, attr);
    ensures host: \result == S2_OK ==> hpa + size <= width(pt->hpa_bits) &&
                    (hpa + size <= pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa);
    ensures never: \result != S2_ERR_NO_TABLES; */
S2_INLINE s2_status check_map(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                              uint32_t leaf_max) {
  s2_status st = check_place(pt, gpa, size, hpa, leaf_max);
  if (st == S2_OK && !s2_attr_legal(pt->pool.features, attr)) {
    st = S2_ERR_ATTR;
  }
  return st;
}

/** Does check_map() accept the page? By a shorter way. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures fits: \result <==> off(gpa, 0) == 0 && gpa < width(pt->gpa_bits) && off(hpa, 0) == 0 && hpa + 4096 <= width(pt->hpa_bits) &&
                    (hpa < pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa) &&
                    leaf_max < S2_MAX_LEVEL && attr_legal(pt->pool.features, attr);
    ensures gpa: \result ==> gpa + 4096 <= width(pt->gpa_bits);
    ensures hpa: \result ==> hpa + 4096 <= width(S2_FMT_HPA_BITS); */
S2_INLINE bool page_fits(const struct s2_pt *pt, uint64_t gpa, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert b: 12 <= pt->gpa_bits && pt->hpa_bits <= S2_FMT_HPA_BITS;
  //@ ghost s2_lemma_wider(pt->hpa_bits);
  //@ assert wd: off(width(pt->gpa_bits), 0) == 0;
  //@ assert gap: off(gpa, 0) == 0 ==> gpa < width(pt->gpa_bits) ==> gpa + gran(0) <= width(pt->gpa_bits);
  return s2_offset(gpa, 0) == 0 && gpa < s2_width(pt->gpa_bits) && s2_hpa_fits(pt, hpa) && leaf_max < S2_MAX_LEVEL &&
         s2_attr_legal(pt->pool.features, attr);
}

/** What is wrong with a page that does not fit. */
/*@ requires pt: Good(pt);
    requires no: !(off(gpa, 0) == 0 && gpa < width(pt->gpa_bits) && off(hpa, 0) == 0 && hpa + 4096 <= width(pt->hpa_bits) &&
                   (hpa < pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa) &&
                   leaf_max < S2_MAX_LEVEL && attr_legal(pt->pool.features, attr));
    terminates \true; exits \false; assigns \nothing;
    ensures why: \result != S2_OK && \result != S2_ERR_NO_TABLES; */
S2_APART s2_status page_refused(const struct s2_pt *pt, uint64_t gpa, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  return check_map(pt, gpa, S2_PAGE_SIZE, hpa, attr, leaf_max);
}

struct s2_need s2_pt_tables_needed(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa,
                                   uint32_t leaf_max) {
  struct s2_need r = {check_place(pt, gpa, size, hpa, leaf_max), 0};
  if (r.status == S2_OK) {
    r = s2_plan_map(&pt->pool, gpa, gpa + size, hpa, leaf_max);
  }
  return r;
}

/** The page of a map that nothing is in the way of, and its invalidation. */
/*@ requires inv: Good(pt) && off(gpa, 0) == 0 && gpa + 4096 <= width(pt->gpa_bits) && at.e == 0 && at.l <= pt->pool.nfree;
    requires at: Used(&pt->pool, at.t) && at.l == pt->pool.nodes[at.t].level && at.i < 512 && In(&pt->pool, at.t, at.i, gpa) &&
                 at.e == pt->pool.tables[at.t].e[at.i];
    requires hpa: off(hpa, 0) == 0 && hpa + 4096 <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures taken: pt->pool.nfree == \old(pt->pool.nfree) - at.l;
    ensures in: \forall integer g; gpa <= g < gpa + 4096 ==> PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == attr;
    ensures out: \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
S2_INLINE void put_page(struct s2_pt *pt, struct s2_pos at, uint64_t gpa, uint64_t hpa, uint32_t attr) {
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.epoch, pt->pool.nodes + (0 .. pt->pool.cap-1));
  s2_page_commit(&pt->pool, at, gpa, hpa, attr);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert g1: \forall integer g; 0 <= g < width(pt->gpa_bits) ==> Dom(&pt->pool, g);
  //@ assert g2: \valid(pt) && \separated(pt, pt->pool.tables + (0 .. pt->pool.cap-1), pt->pool.nodes + (0 .. pt->pool.cap-1), pt->pool.stack + (0 .. pt->pool.cap-1));
  //@ assert g3: 0 <= pt->flush.epoch && 0 <= pt->flush.ranges && 0 <= pt->flush.fulls && 0 <= pt->flush.breaks && 0 <= pt->splits;
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt) && pt->pool.nlimbo == 0;
  s2_flush_mapped(pt, gpa, gpa + S2_PAGE_SIZE, 0, at.l > 0);
  //@ assert still: Inside(pt) && pt->pool.nlimbo == 0;
}

/** s2_pt_map() of one page: one descent. */
/*@ requires inv: Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures width: \result == S2_OK ==> gpa + 4096 <= width(pt->gpa_bits);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + 4096 ==>
                  PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == new_attr(attr);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures empty: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + 4096 ==> \old(PA(&pt->pool, g)) == -1;
    ensures taken: \result == S2_OK ==>
                     pt->pool.nfree == \old(pt->pool.nfree) - \old(tables_for(&pt->pool, gpa, gpa + 4096, hpa, leaf_max));
    ensures room: \result == S2_ERR_NO_TABLES ==>
                    \old(pt->pool.nfree) < \old(tables_for(&pt->pool, gpa, gpa + 4096, hpa, leaf_max));
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool) && pt->pool.nfree == \old(pt->pool.nfree); */
static s2_status map_page(struct s2_pt *pt, uint64_t gpa, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  if (!S2_LIKELY(page_fits(pt, gpa, hpa, attr, leaf_max))) {
    return page_refused(pt, gpa, hpa, attr, leaf_max);
  }
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ ghost s2_lemma_page(&pt->pool, gpa, hpa, leaf_max);
  //@ assert need: tables_for(&pt->pool, gpa, gpa + 4096, hpa, leaf_max) == at.l;
  s2_status st = s2_page_check(&pt->pool, at);
  if (st == S2_OK) {
    //@ assert one: part(1, 0) == 4096;
    //@ ghost s2_lemma_hole(&pt->pool, at.t, at.i, at.l, gpa, 1, 0);
    //@ assert hole: \forall integer g; gpa <= g < gpa + 4096 ==> Dom(&pt->pool, g) && PA(&pt->pool, g) == -1;
    put_page(pt, at, gpa, hpa, s2_attr_new(pt->pool.features, attr));
  }
  return st;
}

/** A map whose plan can be carried out, and its invalidation. */
/*@ requires inv: Good(pt) && MapArgs(&pt->pool, gpa, end, hpa) && end <= width(pt->gpa_bits) && attr_made(attr);
    requires plan: ClearFor(&pt->pool, gpa, end, hpa, leaf_max);
    requires tables: tables_for(&pt->pool, gpa, end, hpa, leaf_max) <= pt->pool.nfree;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures taken: pt->pool.nfree == \old(pt->pool.nfree) - \old(tables_for(&pt->pool, gpa, end, hpa, leaf_max));
    ensures in: \forall integer g; gpa <= g < end ==> PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == attr;
    ensures out: \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < end) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
static void put_range(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                      bool linked) {
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.epoch, pt->pool.nodes + (0 .. pt->pool.cap-1));
  s2_commit_map(&pt->pool, gpa, end, hpa, attr, leaf_max);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert g1: \forall integer g; 0 <= g < width(pt->gpa_bits) ==> Dom(&pt->pool, g);
  //@ assert g2: \valid(pt) && \separated(pt, pt->pool.tables + (0 .. pt->pool.cap-1), pt->pool.nodes + (0 .. pt->pool.cap-1), pt->pool.stack + (0 .. pt->pool.cap-1));
  //@ assert g3: 0 <= pt->flush.epoch && 0 <= pt->flush.ranges && 0 <= pt->flush.fulls && 0 <= pt->flush.breaks && 0 <= pt->splits;
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt) && pt->pool.nlimbo == 0;
  s2_flush_mapped(pt, gpa, end, 0, linked);
  //@ assert still: Inside(pt) && pt->pool.nlimbo == 0;
}

/** s2_pt_map() of any range: plan, then commit. */
/*@ requires inv: Good(pt) && MapArgs(&pt->pool, gpa, end, hpa) && end <= width(pt->gpa_bits) && attr_made(attr);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==>
                  PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == attr;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < end) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures empty: \result == S2_OK ==> \forall integer g; gpa <= g < end ==> \old(PA(&pt->pool, g)) == -1;
    ensures taken: \result == S2_OK ==>
                     pt->pool.nfree == \old(pt->pool.nfree) - \old(tables_for(&pt->pool, gpa, end, hpa, leaf_max));
    ensures room: \result == S2_ERR_NO_TABLES ==>
                    \old(pt->pool.nfree) < \old(tables_for(&pt->pool, gpa, end, hpa, leaf_max));
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool) && pt->pool.nfree == \old(pt->pool.nfree); */
S2_APART s2_status map_range(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr,
                             uint32_t leaf_max) {
  struct s2_need plan = s2_plan_map(&pt->pool, gpa, end, hpa, leaf_max);
  s2_status st = s2_plan_check(&pt->pool, plan);
  //@ assert most: plan.status == S2_OK ==> plan.tables <= tables_for(&pt->pool, gpa, end, hpa, leaf_max);
  //@ assert why: st == S2_ERR_NO_TABLES ==> plan.status == S2_OK && pt->pool.nfree < plan.tables;
  //@ assert short: st == S2_ERR_NO_TABLES ==> pt->pool.nfree < tables_for(&pt->pool, gpa, end, hpa, leaf_max);
  if (st == S2_OK) {
    put_range(pt, gpa, end, hpa, attr, leaf_max, plan.tables > 0);
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
  return map_range(pt, gpa, gpa + size, hpa, s2_attr_new(pt->pool.features, attr), leaf_max);
}
