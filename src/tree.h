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
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
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
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures wr: p->tables[t].e[i] == e;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures wf: Wf(p) && Shape(p) && Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures lz: \old(LimboZero(p)) ==> LimboZero(p);
    ensures nm: \old(NoMarks(p)) ==> (one(e) == 0 ==> e == 0) ==> NoMarks(p);
    ensures tb: \forall integer l, va; Dom(p,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level && cur(p,va) == e;
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level && \old(cur(p,va)) == \old(p->tables[t].e[i]);
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures hitx: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> PA(p,va) == xpa(p->nodes[t].level, e, va) && AT(p,va) == xat(p->nodes[t].level, e);
    ensures prex: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(PA(p,va)) == xpa(p->nodes[t].level, \old(p->tables[t].e[i]), va) && \old(AT(p,va)) == xat(p->nodes[t].level, \old(p->tables[t].e[i]));
    ensures missx: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> PA(p,va) == \old(PA(p,va)) && AT(p,va) == \old(AT(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) + one(e) - \old(one(p->tables[t].e[i]));
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
*/
static inline void s2_term_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  //@ ghost s2_lemma_sound(p);
  s2_entry_put(p, t, i, e);
}

/**
 * Break: the leaf, mark or hole i of the linked table t becomes a hole in one atomic step, and what it held last is
 * returned, accessed and dirty bits that the hardware set until then included.
 */
/*@ requires Inv(p) && Used(p,t) && i < 512;
    requires leaf: pte_kind(p->nodes[t].level, p->tables[t].e[i]) != 2;
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures was: \result == \old(p->tables[t].e[i]);
    ensures wr: p->tables[t].e[i] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures inv: Inv(p);
    ensures lz: \old(LimboZero(p)) ==> LimboZero(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures tb: \forall integer l, va; Dom(p,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level && cur(p,va) == 0;
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level && \old(cur(p,va)) == \result;
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures hitx: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> PA(p,va) == -1 && AT(p,va) == -1;
    ensures prex: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(PA(p,va)) == xpa(p->nodes[t].level, \result, va) && \old(AT(p,va)) == xat(p->nodes[t].level, \result);
    ensures missx: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> PA(p,va) == \old(PA(p,va)) && AT(p,va) == \old(AT(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) - one(\result);
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
*/
static inline uint64_t s2_entry_break(struct s2_pool *p, uint32_t t, uint32_t i) {
#ifdef __FRAMAC__
  uint64_t e = p->tables[t].e[i];
  s2_term_write(p, t, i, 0);
  return e;
#else
  return __atomic_exchange_n(&p->tables[t].e[i], 0, __ATOMIC_ACQ_REL);
#endif
}

/** A store into a table that no walker can reach: RESERVED or in limbo after its invalidation. Plain, so it can be wide. */
/*@ requires wf: Wf(p) && t < p->cap && i < 512;
    requires hidden: p->nodes[t].level > S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures wr: p->tables[t].e[i] == e;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==>
                  p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p, s)) ==> Zero(p, s);
    ensures cn: cnt(p, t, 512) == \old(cnt(p, t, 512)) + one(e) - \old(one(p->tables[t].e[i]));
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p, s, 512) == \old(cnt(p, s, 512)); */
static inline void s2_hidden_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  p->tables[t].e[i] = e;
#ifdef __FRAMAC__
#include "proofs/wp/entry_write.acsl"
#endif
}

/** Add d to the live count of t. */
/*@ requires wf: Wf(p) && t < p->cap;
    requires range: 0 <= p->nodes[t].live + d <= 512;
    terminates \true; exits \false;
    assigns p->nodes[t].live;
    ensures lv: p->nodes[t].live == \old(p->nodes[t].live) + d;
    ensures lo: \forall integer s; 0 <= s < p->cap ==> s != t ==> p->nodes[s].live == \old(p->nodes[s].live);
    ensures lz: p->nodes[t].level != S2_NODE_LIMBO ==> \old(LimboZero(p)) ==> LimboZero(p); */
static inline void s2_live_add(struct s2_pool *p, uint32_t t, int32_t d) {
  p->nodes[t].live = (uint16_t)((int32_t)p->nodes[t].live + d);
}

/** The only store to the level, or state, of a record: the counts per level change by one. */
/*@ requires wf: Wf(p) && c < p->cap;
    terminates \true; exits \false;
    assigns p->nodes[c].level;
    ensures st: p->nodes[c].level == level;
    ensures fr: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].level == \old(p->nodes[s].level);
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(level,l) - is(\old(p->nodes[c].level),l); */
static inline void s2_node_level(struct s2_pool *p, uint32_t c, uint8_t level) {
  p->nodes[c].level = level;
#ifdef __FRAMAC__
#include "proofs/wp/node_level.acsl"
#endif
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
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures f1: Free1(p);
    ensures f2: Free2(p);
    ensures l1: Limbo1(p);
    ensures l2: Limbo2(p);
    ensures ct: Counts(p);
    ensures got: \result < p->cap && \result == \old(p->stack[p->nfree-1]) && \old(p->nodes[\result].level) == S2_NODE_FREE;
    ensures new: p->nodes[\result].level == S2_NODE_RESERVED && p->nodes[\result].live == 0 && Zero(p, \result);
    ensures num: p->nfree == \old(p->nfree) - 1;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != \result ==>
                  p->nodes[s].level == \old(p->nodes[s].level) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures lv: \old(Live(p)) ==> Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p); */
uint32_t s2_pool_take(struct s2_pool *p);

/**
 * Put table c, whose state is S2_NODE_LIMBO or S2_NODE_LIMBO_FRAMES already, on the limbo list. Its key is the level it
 * had: what its entries mean must stay readable until they are gone. O(1).
 */
/*@ requires wf: Wf(p) && c < p->cap && 252 <= p->nodes[c].level <= 253 && 0 <= p->nodes[c].key <= 4;
    requires lists: Free1(p) && Free2(p) && Limbo1(p) && Limbo2(p);
    requires new: \forall integer k; p->cap - p->nlimbo <= k < p->cap ==> p->stack[k] != c;
    requires room: p->nfree + p->nlimbo < p->cap;
    terminates \true; exits \false;
    assigns p->nlimbo, p->stack[p->cap - p->nlimbo - 1];
    ensures num: p->nlimbo == \old(p->nlimbo) + 1;
    ensures f1: Free1(p);
    ensures f2: Free2(p);
    ensures l1: Limbo1(p);
    ensures l2: Limbo2(p); */
void s2_pool_limbo(struct s2_pool *p, uint32_t c);

/**
 * Give every limbo table back, zeroed; the frames that its marked entries name go to the host. The invalidation that
 * covers them is complete. Returns the pages given to the host.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p);
    requires fresh: p->nlimbo > 0 ==> Flushed(p);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree, p->nlimbo;
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures none: p->nlimbo == 0 && p->nfree == \old(p->nfree) + \old(p->nlimbo);
    ensures pages: 0 <= \result;
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures same: Same{Pre,Post}(p);
    ensures fn: \forall integer s; \old(Used(p,s)) ==> p->nodes[s].level == \old(p->nodes[s].level) &&
                  p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures fr: Entries{Pre,Post}(p);
    ensures us: \forall integer s; Used(p,s) ==> \old(Used(p,s));
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures nb: \old(NoBad(p)) ==> NoBad(p); */
int64_t s2_pool_drain(struct s2_pool *p, void *ctx);

/* ---- walk.c ---- */

/** Link the RESERVED table c below the empty (or just emptied) entry i of t: one store. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Placed(p);
    requires at: Used(p,t) && i < 512 && p->nodes[t].level > 0;
    requires empty: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 0;
    requires child: c < p->cap && p->nodes[c].level == S2_NODE_RESERVED && NoTables(p, c, p->nodes[t].level-1);
    requires live: p->nodes[c].live == cnt(p,c,512);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nodes[c].key, p->nodes[c].level, p->used[0 .. 4], p->high[0 .. 4];
    ensures link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].level == \old(p->nodes[s].level);
    ensures nc: Used(p,c) && c != t && p->nodes[c].level == p->nodes[t].level - 1 && p->nodes[c].key == sub(p->nodes[t].key, i, p->nodes[t].level);
    ensures wf: Wf(p) && Shape(p) && Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> Whole(p,c) ==> NoMarks(p);
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[c].level && cur(p,va) == p->tables[c].e[slot_of(va,p->nodes[c].level)];
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level && \old(cur(p,va)) == 0;
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures hitx: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==>
                    PA(p,va) == xpa(p->nodes[c].level, p->tables[c].e[slot_of(va,p->nodes[c].level)], va) &&
                    AT(p,va) == xat(p->nodes[c].level, p->tables[c].e[slot_of(va,p->nodes[c].level)]);
    ensures prex: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(PA(p,va)) == -1 && \old(AT(p,va)) == -1;
    ensures missx: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> PA(p,va) == \old(PA(p,va)) && AT(p,va) == \old(AT(p,va));
*/
void s2_tree_link(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c);

/**
 * Clear the link i of t to c, which holds no link itself, and put c into limbo: one store. Lookups in c's range become
 * holes. Without frames to give, a table that has no live entry left is zero: drain relies on it.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p);
    requires at: Used(p,t) && i < 512 && p->nodes[t].level > 0;
    requires link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
    requires leaf: NoTables(p, c, p->nodes[t].level-1);
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires clear: state == S2_NODE_LIMBO ==> p->nodes[c].live == 0 ==> Zero(p,c);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nodes[c].key, p->nodes[c].level, p->used[0 .. 4], p->nlimbo,
            p->stack[p->cap - p->nlimbo - 1];
    ensures wr: p->tables[t].e[i] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].level == \old(p->nodes[s].level);
    ensures nc: c < p->cap && c != t && p->nodes[c].level == state && p->nodes[c].key == \old(p->nodes[c].level);
    ensures nl: p->nodes[t].live == \old(p->nodes[t].live) - 1;
    ensures num: p->nlimbo == \old(p->nlimbo) + 1;
    ensures wf: Wf(p) && Shape(p) && Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level && cur(p,va) == 0;
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level - 1 &&
                   \old(cur(p,va)) == \old(ent(p,c,va,p->nodes[t].level-1));
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures hitx: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> PA(p,va) == -1 && AT(p,va) == -1;
    ensures prex: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==>
                    \old(PA(p,va)) == \old(xpa(p->nodes[t].level-1, ent(p,c,va,p->nodes[t].level-1), va)) &&
                    \old(AT(p,va)) == \old(xat(p->nodes[t].level-1, ent(p,c,va,p->nodes[t].level-1)));
    ensures missx: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> PA(p,va) == \old(PA(p,va)) && AT(p,va) == \old(AT(p,va));
*/
void s2_tree_unlink(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state);

/**
 * While table t has no live entry and is not a root: unlink it, go on with its parent. Invisible to every lookup. With
 * S2_NODE_LIMBO no linked table holds a mark.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p,t);
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires marks: state == S2_NODE_LIMBO ==> NoMarks(p);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures keep: \forall integer va; Dom(p,va) ==> one(\old(cur(p,va))) == 1 ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures gone: EndsOrHole{Pre,Post}(p);
    ensures same: Same{Pre,Post}(p);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] == \old(p->tables[s].e[j]) || p->tables[s].e[j] == 0;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> p->nodes[s].level == state ||
                  (p->nodes[s].level == \old(p->nodes[s].level) && p->nodes[s].key == \old(p->nodes[s].key)); */
void s2_tree_prune_from(struct s2_pool *p, uint32_t t, uint8_t state);

/** The same, for the common case that there is nothing to do. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p,t);
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires marks: state == S2_NODE_LIMBO ==> NoMarks(p);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures keep: \forall integer va; Dom(p,va) ==> one(\old(cur(p,va))) == 1 ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures gone: EndsOrHole{Pre,Post}(p);
    ensures same: Same{Pre,Post}(p);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] == \old(p->tables[s].e[j]) || p->tables[s].e[j] == 0;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> p->nodes[s].level == state ||
                  (p->nodes[s].level == \old(p->nodes[s].level) && p->nodes[s].key == \old(p->nodes[s].key)); */
static inline void s2_tree_prune(struct s2_pool *p, uint32_t t, uint8_t state) {
  if (p->nodes[t].live == 0) {
    s2_tree_prune_from(p, t, state);
  }
}

/** An empty table below the empty entry i of t. Invisible to every lookup. The caller knows a table is free. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Placed(p) && p->nfree > 0;
    requires at: Used(p,t) && p->nodes[t].level > 0 && i < 512 && pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 0;
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nfree, p->low, p->nodes[p->stack[p->nfree-1]].level,
            p->nodes[p->stack[p->nfree-1]].key, p->nodes[p->stack[p->nfree-1]].live, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures child: Used(p,\result) && \result != t && p->nodes[\result].level == p->nodes[t].level - 1 &&
                   p->nodes[\result].key == sub(p->nodes[t].key, i, p->nodes[t].level);
    ensures link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == \result;
    ensures zr: Zero(p,\result);
    ensures num: p->nfree == \old(p->nfree) - 1 && \result == \old(p->stack[p->nfree-1]) && \old(p->nodes[\result].level) == S2_NODE_FREE;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != \result ==> p->nodes[s].level == \old(p->nodes[s].level) && p->nodes[s].key == \old(p->nodes[s].key);
    ensures same: Same{Pre,Post}(p);
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level - 1 && cur(p,va) == 0;
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
*/
uint32_t s2_tree_grow(struct s2_pool *p, uint32_t t, uint32_t i);

/** A free table, filled while hidden with n leaves of level m from slot i on, mapping hpa onwards. Not yet linked. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && p->nfree > 0;
    requires run: 0 < n && i + n <= 512 && m < S2_MAX_LEVEL && m <= S2_FMT_LEAF_MAX;
    requires hpa: off(hpa, m) == 0 && hpa + part(n, m) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[p->stack[p->nfree-1]].e[0 .. 511], p->nodes[p->stack[p->nfree-1]].level,
            p->nodes[p->stack[p->nfree-1]].live, p->nfree, p->low;
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures got: \result < p->cap && \result == \old(p->stack[p->nfree-1]) && \old(p->nodes[\result].level) == S2_NODE_FREE &&
                 p->nodes[\result].level == S2_NODE_RESERVED && p->nfree == \old(p->nfree) - 1;
    ensures live: p->nodes[\result].live == n && cnt(p,\result,512) == n;
    ensures run: \forall integer k; i <= k < i + n ==> pte_kind(m, p->tables[\result].e[k]) == 1 &&
                   pte_pa(m, p->tables[\result].e[k]) == hpa + part(k - i, m) &&
                   pte_attr(m, p->tables[\result].e[k]) == attr;
    ensures rest: \forall integer k; 0 <= k < 512 ==> !(i <= k < i + n) ==> p->tables[\result].e[k] == 0;
    ensures flat: NoTables(p, \result, m);
    ensures whole: Whole(p,\result);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != \result ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != \result ==> p->nodes[s].level == \old(p->nodes[s].level);
    ensures tb: \forall integer l, va; Dom(p,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures same: Same{Pre,Post}(p); */
uint32_t s2_tree_fresh(struct s2_pool *p, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr);

#endif
