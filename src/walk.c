/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** walk.c - linking and unlinking tables, and the read-only operations: query, next, walk. */
#include "ops.h"

/** One more table at level l: the counter follows the record. */
/*@ requires wf: Wf(p) && l <= S2_MAX_LEVEL;
    requires room: 0 <= p->used[l] < INT32_MAX;
    requires lists: Lists(p);
    requires this: p->used[l] == tally(p,l) - 1;
    requires others: \forall integer k; 0 <= k <= 4 ==> k != l ==> p->used[k] == tally(p,k);
    terminates \true; exits \false;
    assigns p->used[l], p->high[l];
    ensures lists: Lists(p);
    ensures used: \forall integer k; 0 <= k <= 4 ==> p->used[k] == tally(p,k); */
static void note_used(struct s2_pool *p, uint8_t l) {
  p->used[l]++;
  if (p->used[l] > p->high[l]) {
    p->high[l] = p->used[l];
  }
  //@ assert f1: Free1(p);
  //@ assert f2: Free2(p);
  //@ assert l1: Limbo1(p);
  //@ assert l2: Limbo2(p);
}

/** One table fewer at level l. */
/*@ requires wf: Wf(p) && l <= S2_MAX_LEVEL;
    requires some: 0 < p->used[l];
    requires lists: Lists(p);
    requires this: p->used[l] == tally(p,l) + 1;
    requires others: \forall integer k; 0 <= k <= 4 ==> k != l ==> p->used[k] == tally(p,k);
    terminates \true; exits \false;
    assigns p->used[l];
    ensures lists: Lists(p);
    ensures used: \forall integer k; 0 <= k <= 4 ==> p->used[k] == tally(p,k); */
static void note_unused(struct s2_pool *p, uint8_t l) {
  p->used[l]--;
  //@ assert f1: Free1(p);
  //@ assert f2: Free2(p);
  //@ assert l1: Limbo1(p);
  //@ assert l2: Limbo2(p);
}

/** Level and key of a table that is on neither list. */
/*@ requires wf: Wf(p) && c < p->cap && level != S2_NODE_FREE;
    requires apart: p->nodes[c].level <= S2_MAX_LEVEL || p->nodes[c].level == S2_NODE_RESERVED;
    terminates \true; exits \false;
    assigns p->nodes[c].key, p->nodes[c].level;
    ensures st: p->nodes[c].level == level && p->nodes[c].key == key;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].level == \old(p->nodes[s].level);
    ensures lists: \old(Lists(p)) ==> Lists(p);
    ensures new: \old(Lists(p)) ==> \forall integer k; p->cap - p->nlimbo <= k < p->cap ==> p->stack[k] != c;
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(level,l) - is(\old(p->nodes[c].level),l); */
static void set_record(struct s2_pool *p, uint32_t c, uint8_t level, int64_t key) {
  p->nodes[c].key = key;
  s2_node_level(p, c, level);
  //@ assert f1: \at(Lists(p),Pre) ==> Free1(p);
  //@ assert f2: \at(Lists(p),Pre) ==> Free2(p);
  //@ assert l1: \at(Lists(p),Pre) ==> Limbo1(p);
  //@ assert l2: \at(Lists(p),Pre) ==> Limbo2(p);
}

/** The entry of level l that links table c. */
/*@ requires wf: Wf(p) && Placed(p) && c < p->cap && 0 < l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures kind: pte_kind(l, \result) == 2 && one(\result) == 1;
    ensures child: pte_child(p, \result) == c; */
static inline uint64_t link_to(const struct s2_pool *p, uint8_t l, uint32_t c) {
  //@ ghost s2_lemma_placed(p, c);
  uint64_t e = s2_entry_table(p->features, l, s2_table_hpa(p, c));
  //@ assert at: child_ix(pool_hpa(p), e) == c;
  return e;
}

/** The store of a link and the record of what it links. Hardware sees only the store. */
/*@ requires inv: Inv(p) && Placed(p);
    requires at: Used(p,t) && i < 512 && p->nodes[t].level > 0;
    requires empty: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 0;
    requires child: c < p->cap && p->nodes[c].level == S2_NODE_RESERVED && NoTables(p, c, p->nodes[t].level-1);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[c].key, p->nodes[c].level;
    ensures link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].level == \old(p->nodes[s].level);
    ensures nc: Used(p,c) && c != t && p->nodes[c].level == p->nodes[t].level - 1 && p->nodes[c].key == sub(p->nodes[t].key, i, p->nodes[t].level);
    ensures wf: Wf(p);
    ensures sh: Shape(p);
    ensures ro: Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[c].level && cur(p,va) == p->tables[c].e[slot_of(va,p->nodes[c].level)];
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level && \old(cur(p,va)) == 0;
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) + 1;
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(\old(p->nodes[t].level) - 1,l) - is(254,l);
    ensures lists: \old(Lists(p)) ==> Lists(p);
*/
static void attach(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c) {
  uint8_t l = p->nodes[t].level;
  uint8_t m = (uint8_t)(l - 1);
  uint64_t e = link_to(p, l, c);
#ifdef __FRAMAC__
#include "proofs/wp/attach_before.acsl"
#endif
  s2_publish();
  s2_entry_put(p, t, i, e);
#ifdef __FRAMAC__
#include "proofs/wp/attach_put.acsl"
#endif
  set_record(p, c, m, s2_child_base(p->nodes[t].key, i, l));
#ifdef __FRAMAC__
#include "proofs/wp/attach.acsl"
#endif
}

void s2_tree_link(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c) {
  uint8_t m = (uint8_t)(p->nodes[t].level - 1);
  //@ ghost s2_lemma_cnt(p, t);
  //@ assert um0: m == p->nodes[t].level - 1 && p->used[m] == tally(p,m);
  attach(p, t, i, c);
#ifdef __FRAMAC__
#include "proofs/wp/link_attached.acsl"
#endif
  s2_live_add(p, t, 1);
  note_used(p, m);
#ifdef __FRAMAC__
#include "proofs/wp/link.acsl"
#endif
}

/** The store that clears a link and the record of what it linked. Hardware sees only the store. */
/*@ requires inv: Inv(p);
    requires at: Used(p,t) && i < 512 && p->nodes[t].level > 0;
    requires link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
    requires leaf: NoTables(p, c, p->nodes[t].level-1);
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[c].key, p->nodes[c].level;
    ensures wr: p->tables[t].e[i] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> (s != t || j != i) ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].level == \old(p->nodes[s].level);
    ensures nc: c < p->cap && c != t && p->nodes[c].level == state && p->nodes[c].key == \old(p->nodes[c].level) == p->nodes[t].level - 1;
    ensures wf: Wf(p);
    ensures sh: Shape(p);
    ensures ro: Root(p);
    ensures dn: Down(p);
    ensures rc: Reach(p);
    ensures fz: FreeZero(p);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != t ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures hit: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> lev(p,va) == p->nodes[t].level && cur(p,va) == 0;
    ensures pre: \forall integer va; Dom(p,va) ==> In(p,t,i,va) ==> \old(lev(p,va)) == p->nodes[t].level - 1 &&
                   \old(cur(p,va)) == \old(ent(p,c,va,p->nodes[t].level-1));
    ensures miss: \forall integer va; Dom(p,va) ==> !In(p,t,i,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures cn: cnt(p,t,512) == \old(cnt(p,t,512)) - 1;
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != t ==> cnt(p,s,512) == \old(cnt(p,s,512));
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(state,l) - is(\old(p->nodes[c].level),l);
    ensures lists: \old(Lists(p)) ==> Lists(p);
    ensures new: \old(Lists(p)) ==> \forall integer k; p->cap - p->nlimbo <= k < p->cap ==> p->stack[k] != c;
*/
static void detach(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state) {
#ifdef __FRAMAC__
#include "proofs/wp/detach_before.acsl"
#endif
  s2_entry_put(p, t, i, 0);
  set_record(p, c, state, p->nodes[c].level);
#ifdef __FRAMAC__
#include "proofs/wp/detach.acsl"
#endif
}

void s2_tree_unlink(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state) {
  uint8_t m = p->nodes[c].level;
  //@ ghost s2_lemma_cnt(p, t);
  //@ ghost s2_lemma_tally(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/unlink_before.acsl"
#endif
  detach(p, t, i, c, state);
#ifdef __FRAMAC__
#include "proofs/wp/unlink_detached.acsl"
#endif
  s2_live_add(p, t, -1);
  note_unused(p, m);
  s2_pool_limbo(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/unlink.acsl"
#endif
}

/** The first address of a table in use. */
/*@ requires c: Wf(p) && c < p->cap && 0 <= p->nodes[c].key;
    terminates \true; exits \false; assigns \nothing;
    ensures key: \result == p->nodes[c].key; */
static inline uint64_t first_of(const struct s2_pool *p, uint32_t c) {
  return (uint64_t)p->nodes[c].key;
}

/** The level of the table above c. */
/*@ requires c: Wf(p) && c < p->cap && p->nodes[c].level < S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures up: \result == p->nodes[c].level + 1; */
static inline uint8_t level_above(const struct s2_pool *p, uint32_t c) {
  return (uint8_t)(p->nodes[c].level + 1);
}

/*@ // entries are as they were, or empty
    predicate Cleared{K,L}(struct s2_pool *p) = \forall integer s, j; 0 <= s < \at(p->cap,K) ==> 0 <= j < 512 ==>
      \at(p->tables[s].e[j],L) == \at(p->tables[s].e[j],K) || \at(p->tables[s].e[j],L) == 0; */

/*@ // paths that end in something live end there
    predicate LiveKept{K,L}(struct s2_pool *p) = \forall integer va; Dom{K}(p,va) ==> one(cur{K}(p,va)) == 1 ==>
      lev{L}(p,va) == lev{K}(p,va) && cur{L}(p,va) == cur{K}(p,va);
    // records are as they were, or those of tables that wait
    predicate Unlinked{K,L}(struct s2_pool *p, integer state) = \forall integer s; 0 <= s < \at(p->cap,K) ==>
      \at(p->nodes[s].level,L) == state ||
      (\at(p->nodes[s].level,L) == \at(p->nodes[s].level,K) && \at(p->nodes[s].key,L) == \at(p->nodes[s].key,K)); */

/** Unlink the table c, which has no live entry, from slot i of t: no lookup notices. */
/*@ requires inv: Inv(p) && Free(p) && Live(p);
    requires at: Used(p,t) && i < 512 && p->nodes[t].level > 0;
    requires link: pte_kind(p->nodes[t].level, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
    requires dead: c < p->cap && p->nodes[c].live == 0;
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires marks: state == S2_NODE_LIMBO ==> NoMarks(p);
    terminates \true; exits \false;
    assigns p->tables[t].e[i], p->nodes[t].live, p->nodes[c].key, p->nodes[c].level, p->used[0 .. 4], p->nlimbo, p->stack[0 .. p->cap-1];
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures up: Used(p,t) && p->nodes[t].level == \old(p->nodes[t].level);
    ensures keep: LiveKept{Pre,Post}(p);
    ensures gone: EndsOrHole{Pre,Post}(p);
    ensures same: Same{Pre,Post}(p);
    ensures fr: Cleared{Pre,Post}(p);
    ensures fn: Unlinked{Pre,Post}(p, state); */
static inline void unlink_dead(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c, uint8_t state) {
#ifdef __FRAMAC__
#include "proofs/wp/prune.acsl"
#endif
  s2_tree_unlink(p, t, i, c, state);
#ifdef __FRAMAC__
#include "proofs/wp/prune_done.acsl"
#endif
}

/** Unlink the table c, which has no live entry, from t, the table above it. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p,c) && p->nodes[c].level < p->top && p->nodes[c].live == 0;
    requires above: Used(p,t) && p->nodes[t].level == p->nodes[c].level + 1 && p->nodes[t].key == base_of(p->nodes[c].key, p->nodes[t].level);
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires marks: state == S2_NODE_LIMBO ==> NoMarks(p);
    terminates \true; exits \false;
    assigns p->tables[t], p->nodes[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo, p->stack[0 .. p->cap-1];
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures up: Used(p,t) && p->nodes[t].level == \old(p->nodes[t].level);
    ensures keep: LiveKept{Pre,Post}(p);
    ensures gone: EndsOrHole{Pre,Post}(p);
    ensures same: Same{Pre,Post}(p);
    ensures fr: Cleared{Pre,Post}(p);
    ensures fn: Unlinked{Pre,Post}(p, state); */
static inline void unlink_from(struct s2_pool *p, uint32_t t, uint32_t c, uint8_t state) {
  //@ assert wf: Wf(p) && c < p->cap && 0 <= p->nodes[c].key;
  uint64_t va = first_of(p, c);
  uint8_t m = level_above(p, c);
  uint32_t i = s2_slot(va, m);
#ifdef __FRAMAC__
#include "proofs/wp/prune_before.acsl"
#endif
  //@ ghost s2_lemma_reach(p, t, va, m);
  //@ assert up: pte_kind(m, p->tables[t].e[i]) == 2 && pte_child(p,p->tables[t].e[i]) == c;
  unlink_dead(p, t, i, c, state);
}

/** Unlink the table c, which has no live entry and is not a root, from its parent, which is the answer. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p,c) && p->nodes[c].level < p->top && p->nodes[c].live == 0;
    requires state: state == S2_NODE_LIMBO || state == S2_NODE_LIMBO_FRAMES;
    requires marks: state == S2_NODE_LIMBO ==> NoMarks(p);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo, p->stack[0 .. p->cap-1];
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures up: Used(p,\result) && p->nodes[\result].level == \old(p->nodes[c].level) + 1;
    ensures keep: LiveKept{Pre,Post}(p);
    ensures gone: EndsOrHole{Pre,Post}(p);
    ensures same: Same{Pre,Post}(p);
    ensures fr: Cleared{Pre,Post}(p);
    ensures fn: Unlinked{Pre,Post}(p, state); */
static inline uint32_t prune_step(struct s2_pool *p, uint32_t c, uint8_t state) {
  //@ assert wf: Wf(p) && c < p->cap && 0 <= p->nodes[c].key;
  uint64_t va = first_of(p, c);
  uint8_t m = level_above(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/prune_before.acsl"
#endif
  uint32_t t = s2_table_at(p, va, m);
  unlink_from(p, t, c, state);
  return t;
}

/** Does nothing go on below table c, and has it a parent? */
/*@ requires c: Wf(p) && c < p->cap;
    terminates \true; exits \false; assigns \nothing;
    ensures idle: \result <==> p->nodes[c].live == 0 && p->nodes[c].level < p->top; */
static inline bool is_idle(const struct s2_pool *p, uint32_t c) {
  return p->nodes[c].live == 0 && p->nodes[c].level < p->top;
}

void s2_tree_prune_from(struct s2_pool *p, uint32_t t, uint8_t state) {
  uint32_t c = t;
  /*@ loop invariant us: Used(p, c);
      loop invariant inv: Inv(p);
      loop invariant fl: Free(p);
      loop invariant lv: Live(p);
      loop invariant nm: \at(NoMarks(p),Pre) ==> NoMarks(p);
      loop invariant keep: \forall integer va; Dom(p,va) ==> one(\at(cur(p,va),Pre)) == 1 ==> lev(p,va) == \at(lev(p,va),Pre) && cur(p,va) == \at(cur(p,va),Pre);
      loop invariant gone: EndsOrHole{Pre,Here}(p);
      loop invariant same: Same{Pre,Here}(p);
      loop invariant fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] == \at(p->tables[s].e[j],Pre) || p->tables[s].e[j] == 0;
      loop invariant fn: \forall integer s; 0 <= s < p->cap ==> p->nodes[s].level == state ||
                           (p->nodes[s].level == \at(p->nodes[s].level,Pre) && p->nodes[s].key == \at(p->nodes[s].key,Pre));
      loop assigns c, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4],
                   p->nlimbo;
      loop variant p->top - p->nodes[c].level; */
  while (is_idle(p, c)) {
    c = prune_step(p, c, state);
    //@ assert k1: \forall integer va; Dom(p,va) ==> one(\at(cur(p,va),LoopCurrent)) == 1 ==> lev(p,va) == \at(lev(p,va),LoopCurrent) && cur(p,va) == \at(cur(p,va),LoopCurrent);
    //@ assert g1: EndsOrHole{LoopCurrent,Here}(p);
    //@ assert n1: \forall integer s; 0 <= s < p->cap ==> p->nodes[s].level != state ==> p->nodes[s].level == \at(p->nodes[s].level,LoopCurrent) && p->nodes[s].key == \at(p->nodes[s].key,LoopCurrent);
    //@ assert f1: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] != 0 ==> p->tables[s].e[j] == \at(p->tables[s].e[j],LoopCurrent);
    //@ assert f2: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] != 0 ==> p->tables[s].e[j] == \at(p->tables[s].e[j],Pre);
  }
}

uint32_t s2_tree_grow(struct s2_pool *p, uint32_t t, uint32_t i) {
  uint32_t c = s2_pool_take(p);
  //@ ghost s2_lemma_cnt(p, c);
  s2_tree_link(p, t, i, c);
#ifdef __FRAMAC__
#include "proofs/wp/grow.acsl"
#endif
  return c;
}

/*@ // slots [i, i + n) of c: leaves of level m, one behind the other, the first of them e
    predicate LeafRun{L}(struct s2_pool *p, integer c, integer i, integer n, integer m, integer e) =
      \forall integer k; i <= k < i + n ==> pte_kind(m, p->tables[c].e[k]) == 1 &&
        pte_pa(m, p->tables[c].e[k]) == pte_pa(m, e) + part(k - i, m) && pte_attr(m, p->tables[c].e[k]) == pte_attr(m, e); */

/** Slots [i, i + n) of the hidden, zero table c: leaves of level m, one behind the other, the first of them e. n > 0. */
/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL && 0 < n && i + n <= 512;
    requires zero: Zero(p, c);
    requires leaf: m <= S2_MAX_LEVEL && m <= S2_FMT_LEAF_MAX && pte_kind(m, e) == 1;
    requires room: pte_pa(m, e) + part(n, m) <= width(S2_FMT_HPA_BITS);
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures run: LeafRun(p, c, i, n, m, e);
    ensures rest: \forall integer k; 0 <= k < 512 ==> !(i <= k < i + n) ==> p->tables[c].e[k] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures ct: cnt(p,c,512) == n;
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \old(cnt(p,s,512)); */
S2_INLINE void fill_hidden(struct s2_pool *p, uint32_t c, uint32_t i, uint32_t n, uint8_t m, uint64_t e) {
  uint64_t next = e;
  uint32_t k;
  //@ ghost s2_lemma_cnt(p, c);
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant nx: k < n ==> pte_kind(m, next) == 1 && pte_pa(m, next) == pte_pa(m, e) + part(k, m) && pte_attr(m, next) == pte_attr(m, e);
      loop invariant run: \forall integer q; i <= q < i + k ==> pte_kind(m, p->tables[c].e[q]) == 1 &&
                            pte_pa(m, p->tables[c].e[q]) == pte_pa(m, e) + part(q - i, m) && pte_attr(m, p->tables[c].e[q]) == pte_attr(m, e);
      loop invariant rest: \forall integer q; 0 <= q < 512 ==> !(i <= q < i + k) ==> p->tables[c].e[q] == 0;
      loop invariant fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \at(p->tables[s].e[j],Pre);
      loop invariant zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \at(Zero(p,s),Pre) ==> Zero(p,s);
      loop invariant ct: cnt(p,c,512) == k;
      loop invariant co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \at(cnt(p,s,512),Pre);
      loop assigns k, next, p->tables[c].e[0 .. 511];
      loop variant n - k; */
  S2_UNROLL
  for (k = 0; k < n; k++) {
    //@ assert on: one(next) == 1 && one(p->tables[c].e[i + k]) == 0;
    s2_hidden_write(p, c, i + k, next);
    //@ assert p1: part(k + 1, m) == part(k, m) + gran(m);
    //@ assert p2: part(k + 2, m) == part(k + 1, m) + gran(m);
    //@ assert p3: k + 2 <= n ==> part(k + 2, m) <= part(n, m);
    next = s2_entry_following(m, next);
  }
}

/** fill_hidden(), where a whole table is a loop of constant length. */
/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL && 0 < n && i + n <= 512;
    requires zero: Zero(p, c);
    requires leaf: m <= S2_MAX_LEVEL && m <= S2_FMT_LEAF_MAX && pte_kind(m, e) == 1;
    requires room: pte_pa(m, e) + part(n, m) <= width(S2_FMT_HPA_BITS);
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures run: LeafRun(p, c, i, n, m, e);
    ensures rest: \forall integer k; 0 <= k < 512 ==> !(i <= k < i + n) ==> p->tables[c].e[k] == 0;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures ct: cnt(p,c,512) == n;
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \old(cnt(p,s,512)); */
static void fill_slots(struct s2_pool *p, uint32_t c, uint32_t i, uint32_t n, uint8_t m, uint64_t e) {
  if (n == S2_ENTRIES) {
    //@ assert i0: i == 0;
    fill_hidden(p, c, 0, S2_ENTRIES, m, e);
  } else {
    fill_hidden(p, c, i, n, m, e);
  }
}

/** fill_slots() of a table that no path visits. */
/*@ requires wf: Inv(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL && 0 < n && i + n <= 512;
    requires zero: Zero(p, c) && p->nodes[c].level != S2_NODE_FREE;
    requires leaf: m < S2_MAX_LEVEL && m <= S2_FMT_LEAF_MAX && pte_kind(m, e) == 1;
    requires room: pte_pa(m, e) + part(n, m) <= width(S2_FMT_HPA_BITS);
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures inv: Inv(p);
    ensures tb: \forall integer l, va; Dom(p,va) ==> tab(p,l,va) == \old(tab(p,l,va));
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures run: LeafRun(p, c, i, n, m, e);
    ensures rest: \forall integer k; 0 <= k < 512 ==> !(i <= k < i + n) ==> p->tables[c].e[k] == 0;
    ensures flat: NoTables(p, c, m);
    ensures whole: Whole(p,c);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures ct: cnt(p,c,512) == n;
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \old(cnt(p,s,512)); */
static void fill_unseen(struct s2_pool *p, uint32_t c, uint32_t i, uint32_t n, uint8_t m, uint64_t e) {
  //@ ghost s2_lemma_sound(p);
  //@ assert vc: \forall integer l, va; 0 <= l <= 4 ==> Dom(p,va) ==> tab(p,l,va) != c;
  fill_slots(p, c, i, n, m, e);
  //@ assert in: \forall integer k; 0 <= k < 512 ==> i <= k < i + n ==> pte_kind(m, p->tables[c].e[k]) == 1 && one(p->tables[c].e[k]) == 1;
  //@ assert nt: \forall integer k; 0 <= k < 512 ==> pte_kind(m, p->tables[c].e[k]) == 1 || p->tables[c].e[k] == 0;
  //@ assert k0: pte_kind(m, 0) == 0;
  //@ assert flat: NoTables(p, c, m);
  //@ assert whole: Whole(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/hidden.acsl"
#endif
  //@ assert us: \forall integer s; Used(p,s) ==> s != c;
  //@ assert dn: Down(p);
  //@ assert rc: Reach(p);
  //@ assert fz: FreeZero(p);
}

uint32_t s2_tree_fresh(struct s2_pool *p, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr) {
  uint32_t c = s2_pool_take(p);
  //@ assert one: part(1, m) == gran(m) && part(1, m) <= part(n, m);
  uint64_t e = s2_entry_leaf(m, hpa, attr);
  fill_unseen(p, c, i, n, m, e);
  s2_live_add(p, c, (int32_t)n);
  //@ assert us: \forall integer s; Used(p,s) ==> s != c && \at(Used(p,s),Pre);
  //@ assert nk: \at(NoMarks(p),Pre) ==> NoMarks(p);
  //@ assert lu: \forall integer s; Used(p,s) ==> p->nodes[s].live == cnt(p,s,512);
  //@ assert lz: LimboZero(p);
  return c;
}

/** Is gpa an address of this table at all? */
/*@ requires pt: \valid_read(pt) && pt->gpa_bits <= 63;
    terminates \true; exits \false; assigns \nothing;
    ensures fits: \result <==> gpa < width(pt->gpa_bits); */
static bool fits(const struct s2_pt *pt, uint64_t gpa) {
  return gpa < s2_width(pt->gpa_bits);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures none: \result.status == status && \result.gpa == 0 && \result.size == 0 && \result.hpa == 0 && \result.attr == 0; */
static struct s2_leaf no_leaf(s2_status status) {
  struct s2_leaf r = {status, 0, 0, 0, 0, 0};
  return r;
}

/** The answer about gpa, whose path ends at `at`. */
/*@ requires l: at.l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures entry: \result.gpa == floor(gpa, at.l) && \result.size == gran(at.l) && \result.level == at.l;
    ensures range: \result.gpa <= gpa && gpa - \result.gpa == off(gpa, at.l) < \result.size;
    ensures leaf: pte_kind(at.l, at.e) == 1 ==> \result.status == S2_OK && \result.hpa == pte_pa(at.l, at.e) && \result.attr == pte_attr(at.l, at.e);
    ensures hole: pte_kind(at.l, at.e) != 1 ==> \result.status == S2_ERR_NOT_MAPPED; */
static struct s2_leaf leaf_of(struct s2_pos at, uint64_t gpa) {
  struct s2_leaf r = no_leaf(S2_ERR_NOT_MAPPED);
  //@ assert fl: 0 <= floor(gpa, at.l) <= gpa && floor(gpa, at.l) == gpa - off(gpa, at.l);
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

/** From w, which `at` says is not mapped, to the end of the hole in at's table: entries that are empty are passed over. */
/*@ requires inv: Inv(p) && Dom(p, w) && at.l <= S2_MAX_LEVEL;
    requires at: Used(p, at.t) && at.l == p->nodes[at.t].level && In(p, at.t, at.i, w) && at.i < 512;
    requires hole: at.e == p->tables[at.t].e[at.i] && pte_kind(at.l, at.e) != 1 && pte_kind(at.l, at.e) != 2;
    terminates \true; exits \false; assigns \nothing;
    ensures on: w < \result;
    ensures hole: \forall integer g; Dom(p, g) ==> w <= g < \result ==> PA(p, g) == -1; */
static uint64_t past_hole(const struct s2_pool *p, struct s2_pos at, uint64_t w) {
  //@ assert fl: 0 <= floor(w, at.l) <= w && floor(w, at.l) == w - off(w, at.l);
  uint64_t base = w - s2_offset(w, at.l);
  uint64_t size = s2_span(at.l);
  uint32_t j = next_slot(p, at.t, at.i + 1);
  uint32_t n = j - at.i;
#ifdef __FRAMAC__
#include "proofs/wp/past_hole.acsl"
#endif
  return base + (uint64_t)n * size;
}

struct s2_leaf s2_pt_next(const struct s2_pt *pt, uint64_t gpa) {
  uint64_t limit = s2_width(pt->gpa_bits);
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant none: \forall integer g; Dom(&pt->pool, g) ==> gpa <= g < w ==> PA(&pt->pool, g) == -1;
      loop assigns w;
      loop variant limit - w; */
  while (w < limit) {
    struct s2_pos at = s2_pos_at(&pt->pool, w);
    struct s2_leaf r = leaf_of(at, w);
    if (r.status == S2_OK) {
#ifdef __FRAMAC__
#include "proofs/wp/next_leaf.acsl"
#endif
      return r;
    }
    w = past_hole(&pt->pool, at, w);
  }
  return no_leaf(S2_ERR_NOT_MAPPED);
}

/**
 * The steps r down to `at` on the way to gpa, and that of `at` itself. By value: the entries of the tables are not in the
 * same memory.
 */
/*@ requires wf: Wf(p) && at.l <= p->top && at.t < p->cap && r.count == p->top - at.l;
    requires at: at.t == tab(p, at.l, gpa) && at.e == p->tables[at.t].e[slot_of(gpa, at.l)];
    requires lv: \forall integer k; 0 <= k < r.count ==> r.step[k].level == p->top - k;
    requires sl: \forall integer k; 0 <= k < r.count ==> r.step[k].slot == slot_of(gpa, p->top - k);
    requires th: \forall integer k; 0 <= k < r.count ==> r.step[k].table_hpa == table_hpa(p, tab(p, p->top - k, gpa));
    requires en: \forall integer k; 0 <= k < r.count ==>
      r.step[k].entry == p->tables[tab(p, p->top - k, gpa)].e[slot_of(gpa, p->top - k)];
    terminates \true; exits \false; assigns \nothing;
    ensures n: \result.count == r.count + 1;
    ensures lv: \forall integer k; 0 <= k < \result.count ==> \result.step[k].level == p->top - k;
    ensures sl: \forall integer k; 0 <= k < \result.count ==> \result.step[k].slot == slot_of(gpa, p->top - k);
    ensures th: \forall integer k; 0 <= k < \result.count ==> \result.step[k].table_hpa == table_hpa(p, tab(p, p->top - k, gpa));
    ensures en: \forall integer k; 0 <= k < \result.count ==>
      \result.step[k].entry == p->tables[tab(p, p->top - k, gpa)].e[slot_of(gpa, p->top - k)]; */
static struct s2_steps with_step(const struct s2_pool *p, struct s2_steps r, uint64_t gpa, struct s2_pos at) {
  struct s2_steps s = r;
  s.step[r.count].table_hpa = s2_table_hpa(p, at.t);
  s.step[r.count].entry = at.e;
  s.step[r.count].slot = s2_slot(gpa, at.l);
  s.step[r.count].kind = s2_entry_kind(at.l, at.e);
  s.step[r.count].level = at.l;
  s.count = r.count + 1;
  return s;
}

/** s2_pt_walk() of an address that the tables have. */
/*@ requires inv: Inv(p) && Dom(p, gpa);
    terminates \true; exits \false; assigns \nothing;
    ensures status: \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED;
    ensures count: \result.count == p->top - lev(p, gpa) + 1;
    ensures lv: \forall integer k; 0 <= k < \result.count ==> \result.step[k].level == p->top - k;
    ensures sl: \forall integer k; 0 <= k < \result.count ==> \result.step[k].slot == slot_of(gpa, p->top - k);
    ensures th: \forall integer k; 0 <= k < \result.count ==> \result.step[k].table_hpa == table_hpa(p, tab(p, p->top - k, gpa));
    ensures en: \forall integer k; 0 <= k < \result.count ==>
      \result.step[k].entry == p->tables[tab(p, p->top - k, gpa)].e[slot_of(gpa, p->top - k)]; */
static struct s2_steps steps_to(const struct s2_pool *p, uint64_t gpa) {
  struct s2_steps r;
  r.status = S2_ERR_NOT_MAPPED;
  r.count = 0;
  //@ ghost s2_lemma_sound(p);
  struct s2_pos at = s2_pos_root(p, gpa, (uint8_t)p->top);
  /*@ loop invariant at: at.l <= p->top && at.t == tab(p, at.l, gpa) && Used(p, at.t) && at.i == slot_of(gpa, at.l) &&
                           at.e == p->tables[at.t].e[at.i];
      loop invariant n: r.count == p->top - at.l;
      loop invariant lv: \forall integer k; 0 <= k < r.count ==> r.step[k].level == p->top - k;
      loop invariant sl: \forall integer k; 0 <= k < r.count ==> r.step[k].slot == slot_of(gpa, p->top - k);
      loop invariant th: \forall integer k; 0 <= k < r.count ==> r.step[k].table_hpa == table_hpa(p, tab(p, p->top - k, gpa));
      loop invariant en: \forall integer k; 0 <= k < r.count ==>
        r.step[k].entry == p->tables[tab(p, p->top - k, gpa)].e[slot_of(gpa, p->top - k)];
      loop assigns at, r;
      loop variant at.l; */
  while (s2_entry_links(at.l, at.e)) {
    r = with_step(p, r, gpa, at);
    at = s2_pos_down(p, s2_pool_hpa(p), at, gpa, (uint8_t)(at.l - 1));
  }
  //@ ghost s2_lemma_last(p, at.t, gpa, at.l);
  r = with_step(p, r, gpa, at);
  r.status = s2_entry_kind(at.l, at.e) == S2_LEAF ? S2_OK : S2_ERR_NOT_MAPPED;
  return r;
}

struct s2_steps s2_pt_walk(const struct s2_pt *pt, uint64_t gpa) {
  if (!fits(pt, gpa)) {
    struct s2_steps none;
    none.status = S2_ERR_WIDTH;
    none.count = 0;
    return none;
  }
  return steps_to(&pt->pool, gpa);
}
