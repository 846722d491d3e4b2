/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * map.h - planning and committing a map. Internal to src/. Plans read and may refuse; commits write and cannot fail.
 *
 * One page has a path of its own: it is what a fault maps, and one descent both finds the hole and fills it.
 */
#ifndef S2_MAP_H
#define S2_MAP_H

#include "tree.h"

/*@ terminates \true; exits \false; assigns \nothing;
    ensures min: \result <= a && \result <= b && (\result == a || \result == b); */
S2_INLINE uint32_t s2_least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/** Bytes that n entries of level l cover. */
/*@ requires n: n <= 512 && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures bytes: \result == part(n, l) && \result <= 144115188075855872; */
S2_INLINE uint64_t s2_run_bytes(uint32_t n, uint8_t l) {
  uint64_t g = s2_span(l);
  //@ assert product: bytes(n, l) == n * g && bytes(n, l) == part(n, l) && 0 <= n * g <= 144115188075855872;
  return n * g;
}

/**
 * Can [gpa, end) be mapped to hpa with leaves up to leaf_max, and how many tables will that take? Exact, up to what 32
 * bits count, which is more than any pool has.
 */
/*@ requires inv: GoodPool(p) && MapArgs(p, gpa, end, hpa);
    terminates \true; assigns \nothing; exits \false;
    ensures status: \result.status == S2_OK || \result.status == S2_ERR_MAPPED;
    ensures clear: \result.status == S2_OK ==> ClearFor(p, gpa, end, hpa, leaf_max);
    ensures empty: \result.status == S2_OK ==> \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    ensures most: \result.status == S2_OK ==> \result.tables <= tables_for(p, gpa, end, hpa, leaf_max);
    ensures tables: \result.status == S2_OK ==> \result.tables < 0xffffffff ==>
                      \result.tables == tables_for(p, gpa, end, hpa, leaf_max); */
struct s2_need s2_plan_map(const struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t leaf_max);

/** S2_OK when the plan can be carried out: nothing in the way, tables enough. */
/*@ requires p: \valid_read(p) && 0 <= p->nfree;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> plan.status == S2_OK && plan.tables <= p->nfree;
    ensures room: \result == S2_ERR_NO_TABLES ==> plan.status == S2_ERR_NO_TABLES || (plan.status == S2_OK && p->nfree < plan.tables); */
static inline s2_status s2_plan_check(const struct s2_pool *p, struct s2_need plan) {
  if (plan.status != S2_OK) {
    return plan.status;
  }
  return plan.tables > (uint32_t)p->nfree ? S2_ERR_NO_TABLES : S2_OK;
}

/**
 * Carry out a plan that s2_plan_check() accepted, with the same arguments and nothing changed since. Cannot fail, and takes
 * the tables that were planned, no more and no fewer. attr carries the format's accessed/dirty default.
 */
/*@ requires inv: GoodPool(p) && MapArgs(p, gpa, end, hpa) && attr_made(attr);
    requires plan: ClearFor(p, gpa, end, hpa, leaf_max);
    requires tables: tables_for(p, gpa, end, hpa, leaf_max) <= p->nfree;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: GoodPool(p);
    ensures taken: p->nfree == \old(p->nfree) - \old(tables_for(p, gpa, end, hpa, leaf_max));
    ensures in: \forall integer g; gpa <= g < end ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
void s2_commit_map(struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max);

/** The tables from t, at level l with a hole at w, down to level m; then n leaves of level m in a new last one. */
/*@ requires inv: GoodPool(p) && Dom(p, w) && m < l && p->nfree >= l - m && m <= S2_FMT_LEAF_MAX;
    requires w: off(w, m) == 0 && 0 < n && slot_of(w, m) + n <= 512;
    requires at: Used(p, t) && p->nodes[t].level == l && p->nodes[t].key == base_of(w, l);
    requires hole: p->tables[t].e[slot_of(w, l)] == 0;
    requires hpa: off(hpa, m) == 0 && hpa + part(n, m) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: GoodPool(p);
    ensures taken: p->nfree == \old(p->nfree) - (l - m);
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> lev(p, g) == m;
    ensures beside: Beside{Pre,Post}(p, w);
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < w + part(n, m) ==> PA(p, g) == hpa + (g - w) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < w + part(n, m)) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
void s2_commit_below(struct s2_pool *p, uint32_t t, uint8_t l, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa,
                     uint32_t attr);

/** s2_plan_map() and s2_plan_check() of the page whose path ends at `at`. */
/*@ requires inv: \valid_read(p) && Inv(p) && at.l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> at.e == 0 && at.l <= p->nfree;
    ensures room: \result == S2_ERR_NO_TABLES ==> p->nfree < at.l; */
S2_INLINE s2_status s2_page_check(const struct s2_pool *p, struct s2_pos at) {
  if (at.e != 0) {
    return S2_ERR_MAPPED;
  }
  return (int32_t)at.l > p->nfree ? S2_ERR_NO_TABLES : S2_OK;
}

/** s2_commit_map() of that page. */
/*@ requires inv: GoodPool(p) && Dom(p, gpa) && off(gpa, 0) == 0 && at.e == 0 && at.l <= p->nfree;
    requires at: Used(p, at.t) && at.l == p->nodes[at.t].level && at.i < 512 && In(p, at.t, at.i, gpa) &&
                 at.e == p->tables[at.t].e[at.i];
    requires hpa: off(hpa, 0) == 0 && hpa + gran(0) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: GoodPool(p);
    ensures taken: p->nfree == \old(p->nfree) - at.l;
    ensures in: \forall integer g; Dom(p, g) ==> gpa <= g < gpa + gran(0) ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < gpa + gran(0)) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
S2_INLINE void s2_page_commit(struct s2_pool *p, struct s2_pos at, uint64_t gpa, uint64_t hpa, uint32_t attr) {
  //@ assert one: part(0, 0) == 0 && part(1, 0) == gran(0);
  if (at.l == 0) {
    //@ ghost s2_lemma_run(gpa, 1, 0);
    //@ assert sl: at.i == slot_of(gpa, 0) && p->nodes[at.t].key == base_of(gpa, 0);
    //@ assert iff: \forall integer v; 0 <= v ==> (In(p, at.t, at.i, v) <==> gpa <= v < gpa + gran(0));
    //@ assert off: \forall integer v; gpa <= v < gpa + gran(0) ==> off(v, 0) == v - gpa;
    s2_publish();
    s2_term_write(p, at.t, at.i, s2_entry_leaf(0, hpa, attr));
    //@ ghost s2_lemma_cnt(p, at.t);
    s2_live_add(p, at.t, 1);
    //@ assert l0: \forall integer s; 0 <= s < p->cap ==> p->nodes[s].level == \at(p->nodes[s].level, Pre);
    //@ assert nz: \at(NoBad(p), Pre);
    //@ assert no: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> (s != at.t || j != at.i) ==> p->tables[s].e[j] == \at(p->tables[s].e[j], Pre);
    //@ assert nk: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> (s != at.t || j != at.i) ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
    //@ assert nn: pte_kind(p->nodes[at.t].level, p->tables[at.t].e[at.i]) == 1;
    //@ assert nb: NoBad(p);
    //@ assert ia: \forall integer g; Dom(p, g) ==> gpa <= g < gpa + gran(0) ==> In(p, at.t, at.i, g);
    //@ assert ea: pte_pa(0, p->tables[at.t].e[at.i]) == hpa && pte_attr(0, p->tables[at.t].e[at.i]) == attr;
    //@ assert ca: \forall integer g; Dom(p, g) ==> gpa <= g < gpa + gran(0) ==> lev(p, g) == 0 && cur(p, g) == p->tables[at.t].e[at.i];
    //@ assert pa: \forall integer g; Dom(p, g) ==> gpa <= g < gpa + gran(0) ==> PA(p, g) == hpa + off(g, 0) && AT(p, g) == attr;
  } else {
    s2_commit_below(p, at.t, at.l, gpa, 1, 0, hpa, attr);
  }
}

#endif
