/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * tree.h - the primitives of the page table that write: store, count, link, unlink. Internal to src/. Reading is walk.h.
 *
 * Lowest of three tiers. These functions know indexes; everything above them knows guest addresses and speaks of lookup
 * only. entry_write() is the one store that a hardware walker can see.
 */
#ifndef S2_TREE_H
#define S2_TREE_H

#include "stage2/format.h"
#include "stage2/table.h"
#include "stage2/walk.h"

/**
 * Everything written so far (a frame's zeros, a new table's entries) is visible before any entry stored from here on:
 * a walker that sees the entry sees what it points to. Once before a run of stores is enough.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
static inline void s2_publish(void) {
#ifndef __FRAMAC__
  __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/**
 * The write primitive (MAP-7): one single-copy atomic 64-bit store. What makes something reachable is preceded by
 * s2_publish(). Never valid over valid with another output, size or type.
 */
/*@ requires wf: Wf(p) && t < p->cap && i < 512;
    requires bbm: may_replace(p->nodes[t].level, p->tables[t].e[i], e);
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures wr: p->tables[t].e[i] == e;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==>
                  p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p, s)) ==> Zero(p, s);
    ensures cn: cnt(p, t, 512) == \old(cnt(p, t, 512)) + one(e) - \old(one(p->tables[t].e[i]));
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p, s, 512) == \old(cnt(p, s, 512)); */
static inline void s2_entry_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  S2_ONCE(p->tables[t].e[i]) = e;
#ifdef __FRAMAC__
#include "proofs/wp/entry_write.acsl"
#endif
}

/**
 * The write primitive with what it does to every path: tables visited above the entry and beside it stay, paths through
 * it end as the new entry says. Asks for the path hypotheses only, not for the whole invariant, so that its proof stays
 * small. Break-before-make (may_replace) is passed on to the callers.
 */
/*@ requires Wf(p) && Sound(p) && Used(p,t) && i < 512 && p->nodes[t].level <= p->top;
    requires onp: OnPath(p,t);
    requires old: Flat(p, t, p->nodes[t].level, p->tables[t].e[i]);
    requires new: Flat(p, t, p->nodes[t].level, e);
    requires bbm: may_replace(p->nodes[t].level, p->tables[t].e[i], e);
    assigns p->tables[t].e[i]; exits \false;
    ensures wr: p->tables[t].e[i] == e;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures above: \forall integer l, va; Dom(p,va) ==> l >= p->nodes[t].level ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures beside: \forall integer l, va; Dom(p,va) ==> !In(p,t,i,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> EndsAt(p, t, p->nodes[t].level, e, va);
    ensures was: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> EndsAt{Pre}(p, t, p->nodes[t].level, \old(p->tables[t].e[i]), va);
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) + one(e) - \old(one(p->tables[t].e[i]));
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
*/
static inline void s2_entry_put(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  //@ ghost s2_lemma_path(p, t, i);
  s2_entry_write(p, t, i, e);
#ifdef __FRAMAC__
#include "proofs/wp/entry_put.acsl"
#endif
}

/** One leaf, mark or hole in place of another, in a linked table: lookups change in its range only. */
/*@ requires Inv(p) && Used(p,t) && i < 512;
    requires pte_kind(p->nodes[t].level, p->tables[t].e[i]) != 2;
    requires pte_kind(p->nodes[t].level, e) != 2;
    requires bbm: may_replace(p->nodes[t].level, p->tables[t].e[i], e);
    assigns p->tables[t].e[i]; exits \false;
    ensures wr: p->tables[t].e[i] == e;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures wf: Wf(p) && Shape(p) && Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures tb: \forall integer l, va; Dom(p,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level && cur(p,va) == e;
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level && \old(cur(p,va)) == \old(p->tables[t].e[i]);
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) + one(e) - \old(one(p->tables[t].e[i]));
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
*/
static inline void s2_term_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  //@ ghost s2_lemma_sound(p);
  s2_entry_put(p, t, i, e);
}

/**
 * Break: entry i of t becomes zero in one atomic step, and what it held last is returned, accessed and dirty bits that
 * the hardware set until then included.
 */
/*@ requires wf: Wf(p) && t < p->cap && i < 512;
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures was: \result == \old(p->tables[t].e[i]);
    ensures wr: p->tables[t].e[i] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==>
                  p->tables[s].e[j] == \old(p->tables[s].e[j]); */
static inline uint64_t s2_entry_break(struct s2_pool *p, uint32_t t, uint32_t i) {
#ifdef __FRAMAC__
  uint64_t e = p->tables[t].e[i];
  p->tables[t].e[i] = 0;
  return e;
#else
  return __atomic_exchange_n(&p->tables[t].e[i], 0, __ATOMIC_ACQ_REL);
#endif
}

/** A store into a table that no walker can reach: RESERVED or in limbo after its invalidation. Plain, so it can be wide. */
/*@ requires wf: Wf(p) && c < p->cap && j < 512;
    requires hidden: p->nodes[c].level > S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->tables[c].e[j];
    ensures wr: p->tables[c].e[j] == e;
    ensures fr: \forall integer s, k; 0 <= s < p->cap ==> 0 <= k < 512 ==> (s != c || k != j) ==>
                  p->tables[s].e[k] == \old(p->tables[s].e[k]); */
static inline void s2_hidden_write(struct s2_pool *p, uint32_t c, uint32_t j, uint64_t e) {
  p->tables[c].e[j] = e;
}

/** Add d to the live count of t. */
/*@ requires wf: Wf(p) && t < p->cap;
    requires range: 0 <= p->nodes[t].live + d <= 512;
    terminates \true; exits \false;
    assigns p->nodes[t].live;
    ensures lv: p->nodes[t].live == \old(p->nodes[t].live) + d; */
static inline void s2_live_add(struct s2_pool *p, uint32_t t, int32_t d) {
  p->nodes[t].live = (uint16_t)((int32_t)p->nodes[t].live + d);
}

/* ---- pool.c ---- */

/** Take a free table; the caller knows there is one. It is all zero and RESERVED. O(1). */
/*@ requires inv: Inv(p) && Free(p) && p->nfree > 0;
    terminates \true; exits \false;
    assigns p->nfree, p->low, p->nodes[p->stack[p->nfree-1]].level, p->nodes[p->stack[p->nfree-1]].live;
    ensures wf: Wf(p);
    ensures sh: Shape(p);
    ensures ro: Root(p);
    ensures dn: Down(p);
    ensures re: Reach(p);
    ensures fz: FreeZero(p);
    ensures f1: Free1(p);
    ensures f2: Free2(p);
    ensures got: \result < p->cap && p->nodes[\result].level == S2_NODE_RESERVED && Zero(p, \result);
    ensures num: p->nfree == \old(p->nfree) - 1; */
uint32_t s2_pool_take(struct s2_pool *p);

/**
 * Put a table whose link was just cleared on the limbo list, in state S2_NODE_LIMBO or S2_NODE_LIMBO_FRAMES. Its key
 * becomes the level it had: what its entries mean must stay readable until they are gone. O(1).
 */
/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level <= S2_MAX_LEVEL;
    requires room: 0 <= p->nfree && 0 <= p->nlimbo && p->nfree + p->nlimbo < p->cap;
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    terminates \true; exits \false;
    assigns p->nlimbo, p->stack[p->cap - p->nlimbo - 1], p->nodes[c].level, p->nodes[c].key;
    ensures st: p->nodes[c].level == state && p->nlimbo == \old(p->nlimbo) + 1; */
void s2_pool_limbo(struct s2_pool *p, uint32_t c, uint8_t state);

/**
 * Give every limbo table back, zeroed; the frames that its marked entries name go to the host. The invalidation that
 * covers them is complete. Returns the pages given to the host.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p);
    requires fresh: Flushed(p);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree, p->nlimbo;
    ensures inv: Inv(p) && Free(p) && Live(p) && p->nlimbo == 0;
    ensures same: Same{Pre,Post}(p); */
int64_t s2_pool_drain(struct s2_pool *p, void *ctx);

/* ---- walk.c ---- */

/** Link the RESERVED table c below the empty (or just emptied) entry i of t: one store. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, t) && i < 512 && p->nodes[t].level > 0;
    requires empty: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 0;
    requires child: c < p->cap && p->nodes[c].level == S2_NODE_RESERVED && NoTables(p, c, p->nodes[t].level - 1);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nodes[c].key, p->nodes[c].level, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Live(p);
    ensures link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p, p->tables[t].e[i]) == c;
    ensures nc: Used(p, c) && p->nodes[c].level == p->nodes[t].level - 1;
    ensures miss: \forall integer va; Dom(p, va) ==> !In(p, t, i, va) ==>
                    lev(p, va) == \old(lev(p, va)) && cur(p, va) == \old(cur(p, va)); */
void s2_tree_link(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c);

/** Clear the link i of t to c and put c into limbo: one store. Lookups in c's range become holes. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, t) && i < 512 && p->nodes[t].level > 0;
    requires link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p, p->tables[t].e[i]) == c;
    requires leaf: NoTables(p, c, p->nodes[t].level - 1);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nodes[c].key, p->nodes[c].level, p->used[0 .. 4], p->nlimbo,
            p->stack[0 .. p->cap-1];
    ensures inv: Inv(p) && Live(p);
    ensures gone: p->tables[t].e[i] == 0;
    ensures miss: \forall integer va; Dom(p, va) ==> !In(p, t, i, va) ==>
                    lev(p, va) == \old(lev(p, va)) && cur(p, va) == \old(cur(p, va)); */
void s2_tree_unlink(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state);

/** While table t is empty and not a root: unlink it, go on with its parent. Invisible to every lookup. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p, t);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Inv(p) && Free(p) && Live(p);
    ensures same: Same{Pre,Post}(p); */
void s2_tree_prune_from(struct s2_pool *p, uint32_t t, uint8_t state);
static inline void s2_tree_prune(struct s2_pool *p, uint32_t t, uint8_t state) {
  if (p->nodes[t].live == 0) {
    s2_tree_prune_from(p, t, state);
  }
}

/** An empty table below the empty entry i of t. Invisible to every lookup. The caller knows a table is free. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && p->nfree > 0;
    requires at: Used(p, t) && p->nodes[t].level > 0 && i < 512 && pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p);
    ensures child: Used(p, \result) && p->nodes[\result].level == p->nodes[t].level - 1;
    ensures same: Same{Pre,Post}(p); */
uint32_t s2_tree_grow(struct s2_pool *p, uint32_t t, uint32_t i);

/** A free table, filled while hidden with n leaves of level m from slot i on, mapping hpa onwards. Not yet linked. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && p->nfree > 0;
    requires run: i + n <= 512 && m < S2_MAX_LEVEL && off(hpa, m) == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low;
    ensures inv: Inv(p) && Free(p);
    ensures run: \forall integer k; 0 <= k < n ==> pte_kind(m, p->tables[\result].e[i + k]) == 1 &&
                   pte_pa(m, p->tables[\result].e[i + k]) == hpa + part(k, m) &&
                   pte_attr(m, p->tables[\result].e[i + k]) == attr;
    ensures same: Same{Pre,Post}(p); */
uint32_t s2_tree_fresh(struct s2_pool *p, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr);

#endif
