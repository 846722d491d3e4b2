/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** unmap.c - taking mappings away: at once, or in two passes when frames must go home after the invalidation. */
#include "stage2/host.h"
#include "ops.h"

/** A run of entries that was worked through: the guest address behind it and how many entries changed. */
struct swept {
  uint64_t next;
  int32_t n;
};

/** Clear the leaves of at.t from slot at.i on, up to end or the first link. w is the address of slot at.i. */
/*@ requires inv: GoodPool(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511], p->nodes[at.t].live;
    ensures inv: GoodPool(p);
    ensures on: w < \result.next < end + gran(at.l) && off(\result.next, at.l) == 0 && 0 <= \result.n <= 512;
    ensures lev: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g));
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> lev(p, g) == at.l;
    ensures all: at.l == 0 ==> \result.next < end ==> \result.next == w + part(512 - at.i, 0);
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < \result.next) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g));
    ensures none: \result.n == 0 ==> Same{Pre,Post}(p); */
static struct swept clear_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  uint32_t slots = s2_slots_to(w, end, at.i, at.l);
  uint32_t k;
  int32_t n = 0;
  /*@ loop invariant k: 0 <= k <= slots && 0 <= n <= k;
      loop invariant on: k == 0 ==> p->tables[at.t].e[at.i] == \at(p->tables[at.t].e[at.i], Pre);
      loop invariant inv: Inv(p);
      loop invariant lz: LimboZero(p);
      loop invariant nm: NoMarks(p);
      loop invariant nb: NoBad(p);
      loop invariant ct: cnt(p, at.t, 512) == p->nodes[at.t].live - n;
      loop invariant co: \forall integer s; Used(p, s) ==> s != at.t ==> p->nodes[s].live == cnt(p, s, 512);
      loop invariant lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(p, va), Pre);
      loop invariant at: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> lev(p, va) == at.l;
      loop invariant in: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> PA(p, va) == -1 && AT(p, va) == -1;
      loop invariant out: \forall integer va; Dom(p, va) ==> !Run(p, at.t, at.i, k, va) ==>
                            PA(p, va) == \at(PA(p, va), Pre) && AT(p, va) == \at(AT(p, va), Pre);
      loop invariant none: n == 0 ==> Same{Pre,Here}(p);
      loop assigns k, n, p->tables[at.t].e[0 .. 511];
      loop variant slots - k; */
  for (k = 0; k < slots; k++) {
    uint64_t e = s2_entry_read(p, at.t, at.i + k);
    //@ assert le: at.i + k < 512;
    if (s2_entry_links(at.l, e)) {
      break;
    }
    //@ ghost s2_lemma_path(p, at.t, at.i + k);
    //@ assert here: \forall integer va; Dom(p, va) ==> In(p, at.t, at.i + k, va) ==> PA(p, va) == xpa(at.l, e, va) && AT(p, va) == xat(at.l, e) && lev(p, va) == at.l;
    if (e != 0) {
      s2_term_write(p, at.t, at.i + k, 0);
      n++;
    }
  }
  //@ assert full: at.l == 0 ==> k == slots;
  //@ ghost s2_lemma_cnt(p, at.t);
  s2_live_add(p, at.t, -n);
  //@ ghost s2_lemma_run(w, slots, at.l);
  //@ ghost s2_lemma_run(w, k, at.l);
  //@ assert le: part(k, at.l) <= part(slots, at.l);
  //@ assert run: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, k, g) <==> w <= g < w + part(k, at.l));
  struct swept r = {w + s2_run_bytes(k, at.l), n};
  return r;
}

/** The same, leaving in place of each leaf a mark that names its frame. */
/*@ requires inv: Marking(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511], p->nodes[at.t].live;
    ensures inv: Marking(p);
    ensures on: w < \result.next < end + gran(at.l) && off(\result.next, at.l) == 0 && 0 <= \result.n <= 512;
    ensures lev: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g));
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> lev(p, g) == at.l;
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < \result.next) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g));
    ensures named: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> \old(PA(p, g)) != -1 ==>
                     Marked(p, g) && MK(p, g) == \old(PA(p, g));
    ensures kept: \forall integer g; Dom(p, g) ==> \old(Marked(p, g)) ==> Marked(p, g) && MK(p, g) == \old(MK(p, g));
    ensures only: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> \old(Marked(p, g)) ||
                    0 < \result.n && w <= g < \result.next && \old(PA(p, g)) != -1;
    ensures none: \result.n == 0 ==> Same{Pre,Post}(p); */
static struct swept mark_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  uint32_t slots = s2_slots_to(w, end, at.i, at.l);
  uint32_t k;
  int32_t n = 0;
  /*@ loop invariant k: 0 <= k <= slots && 0 <= n <= k;
      loop invariant on: k == 0 ==> p->tables[at.t].e[at.i] == \at(p->tables[at.t].e[at.i], Pre);
      loop invariant inv: Inv(p);
      loop invariant lz: LimboZero(p);
      loop invariant nb: NoBad(p);
      loop invariant ct: cnt(p, at.t, 512) == p->nodes[at.t].live - n;
      loop invariant co: \forall integer s; Used(p, s) ==> s != at.t ==> p->nodes[s].live == cnt(p, s, 512);
      loop invariant lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(p, va), Pre);
      loop invariant at: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> lev(p, va) == at.l;
      loop invariant in: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> PA(p, va) == -1 && AT(p, va) == -1;
      loop invariant out: \forall integer va; Dom(p, va) ==> !Run(p, at.t, at.i, k, va) ==>
                            PA(p, va) == \at(PA(p, va), Pre) && AT(p, va) == \at(AT(p, va), Pre);
      loop invariant named: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> \at(PA(p, va), Pre) != -1 ==>
                              Marked(p, va) && MK(p, va) == \at(PA(p, va), Pre);
      loop invariant kept: \forall integer va; Dom(p, va) ==> \at(Marked(p, va), Pre) ==>
                             Marked(p, va) && MK(p, va) == \at(MK(p, va), Pre);
      loop invariant only: \forall integer va; Dom(p, va) ==> Marked(p, va) ==> \at(Marked(p, va), Pre) ||
                             0 < n && Run(p, at.t, at.i, k, va) && \at(PA(p, va), Pre) != -1;
      loop invariant none: n == 0 ==> Same{Pre,Here}(p);
      loop assigns k, n, p->tables[at.t].e[0 .. 511];
      loop variant slots - k; */
  for (k = 0; k < slots; k++) {
    uint64_t e = s2_entry_read(p, at.t, at.i + k);
    //@ assert le: at.i + k < 512;
    if (s2_entry_links(at.l, e)) {
      break;
    }
    //@ ghost s2_lemma_path(p, at.t, at.i + k);
    //@ assert here: \forall integer va; Dom(p, va) ==> In(p, at.t, at.i + k, va) ==> PA(p, va) == xpa(at.l, e, va) && AT(p, va) == xat(at.l, e) && lev(p, va) == at.l && cur(p, va) == e;
    if (s2_entry_live(e)) {
      //@ assert leaf: pte_kind(at.l, e) == 1;
      s2_term_write(p, at.t, at.i + k, s2_entry_mark(at.l, e));
      n++;
    }
  }
  //@ ghost s2_lemma_cnt(p, at.t);
  s2_live_add(p, at.t, -n);
  //@ ghost s2_lemma_run(w, slots, at.l);
  //@ ghost s2_lemma_run(w, k, at.l);
  //@ assert le: part(k, at.l) <= part(slots, at.l);
  //@ assert run: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, k, g) <==> w <= g < w + part(k, at.l));
  struct swept r = {w + s2_run_bytes(k, at.l), n};
  return r;
}

/**
 * The frame that the marked entry i of t names goes home, and the entry becomes a hole: it is given once, and only after
 * an invalidation since the mark was made.
 */
/*@ requires inv: Marking(p) && Used(p, t) && p->nodes[t].level == l && i < 512 && p->tables[t].e[i] == e;
    requires mark: pte_kind(l, e) == 3;
    requires told: \forall integer g; Dom(p, g) ==> In(p, t, i, g) ==> Told(p, g);
    terminates \true; exits \false;
    assigns p->tables[t].e[i];
    ensures inv: Marking(p);
    ensures wr: p->tables[t].e[i] == 0;
    ensures hit: \forall integer g; Dom(p, g) ==> In(p, t, i, g) ==> cur(p, g) == 0 && !Marked(p, g);
    ensures miss: \forall integer g; Dom(p, g) ==> !In(p, t, i, g) ==> lev(p, g) == \old(lev(p, g)) && cur(p, g) == \old(cur(p, g));
    ensures lev: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g));
    ensures same: Same{Pre,Post}(p); */
static void give_mark(struct s2_pool *p, void *ctx, uint32_t t, uint32_t i, uint64_t e, uint8_t l) {
  s2_term_write(p, t, i, 0);
  s2_host_frame_free(ctx, s2_entry_hpa(l, e), s2_order(l));
  //@ assert ct: cnt(p, t, 512) == p->nodes[t].live;
}

/** Send the frames of the marked entries home and clear them. They are not live: counts stay. n counts entries. */
/*@ requires inv: Marking(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    requires told: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> Told(p, g);
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511];
    ensures inv: Marking(p);
    ensures on: w < \result.next < end + gran(at.l) && off(\result.next, at.l) == 0 && 0 <= \result.n <= 512;
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> !Marked(p, g);
    ensures only: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g)) &&
                    (cur(p, g) == \old(cur(p, g)) || \old(Marked(p, g)) && w <= g < \result.next && cur(p, g) == 0);
    ensures same: Same{Pre,Post}(p); */
static struct swept reap_run(struct s2_pool *p, void *ctx, struct s2_pos at, uint64_t w, uint64_t end) {
  uint32_t slots = s2_slots_to(w, end, at.i, at.l);
  uint32_t k;
  int32_t n = 0;
  /*@ loop invariant k: 0 <= k <= slots && 0 <= n <= k;
      loop invariant on: k == 0 ==> p->tables[at.t].e[at.i] == \at(p->tables[at.t].e[at.i], Pre);
      loop invariant inv: Marking(p);
      loop invariant in: \forall integer va; Dom(p, va) ==> Run(p, at.t, at.i, k, va) ==> !Marked(p, va);
      loop invariant only: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(p, va), Pre) &&
                             (cur(p, va) == \at(cur(p, va), Pre) || \at(Marked(p, va), Pre) && Run(p, at.t, at.i, k, va) && cur(p, va) == 0);
      loop invariant same: Same{Pre,Here}(p);
      loop invariant told: \forall integer va; Dom(p, va) ==> Marked(p, va) ==> Told(p, va);
      loop assigns k, n, p->tables[at.t].e[0 .. 511];
      loop variant slots - k; */
  for (k = 0; k < slots; k++) {
    uint64_t e = s2_entry_read(p, at.t, at.i + k);
    //@ assert le: at.i + k < 512;
    uint32_t kind = s2_entry_kind(at.l, e);
    if (kind == S2_TABLE) {
      break;
    }
    //@ ghost s2_lemma_path(p, at.t, at.i + k);
    //@ assert here: \forall integer va; Dom(p, va) ==> In(p, at.t, at.i + k, va) ==> lev(p, va) == at.l && cur(p, va) == e;
    if (kind == S2_MARKED) {
      give_mark(p, ctx, at.t, at.i + k, e, at.l);
      n++;
    }
  }
  //@ ghost s2_lemma_run(w, slots, at.l);
  //@ ghost s2_lemma_run(w, k, at.l);
  //@ assert le: part(k, at.l) <= part(slots, at.l);
  //@ assert run: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, k, g) <==> w <= g < w + part(k, at.l));
  struct swept r = {w + s2_run_bytes(k, at.l), n};
  return r;
}

/** Does [gpa, end) stay inside the level-0 table that `at`, the end of gpa's path, lies in? Then no block is cut. */
/*@ requires l: at.l <= S2_MAX_LEVEL && gpa < end;
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result ==> at.l == 0 && end <= gpa - off(gpa, 1) + gran(1); */
static bool within_leaf_table(struct s2_pos at, uint64_t gpa, uint64_t end) {
  return at.l == 0 && end - gpa <= s2_span(1) - s2_offset(gpa, 1);
}

/** Does the range from w on take the whole level-0 table that starts there? */
/*@ requires wf: \valid_read(p) && w < end;
    terminates \true; exits \false; assigns \nothing;
    ensures all: \result ==> at.l == 0 && 0 < p->top && off(w, 1) == 0 && w + gran(1) <= end; */
static bool takes_leaf_table(const struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  return at.l == 0 && p->top > 0 && s2_offset(w, 1) == 0 && end - w >= s2_span(1);
}

/** s2_tree_unlink() of a table of leaves, whatever it holds: good before, good after. */
/*@ requires inv: GoodPool(p) && Used(p, t) && p->nodes[t].level == 1 && i < 512;
    requires link: pte_kind(1, p->tables[t].e[i]) == 2 && pte_child(p, p->tables[t].e[i]) == c;
    requires leaf: NoTables(p, c, 0);
    requires clear: p->nodes[c].live == 0 ==> Zero(p, c);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: GoodPool(p);
    ensures at: Used(p, t) && p->nodes[t].level == 1 && p->nodes[t].key == \old(p->nodes[t].key);
    ensures hitx: \forall integer va; Dom(p, va) ==> In(p, t, i, va) ==> PA(p, va) == -1 && AT(p, va) == -1;
    ensures missx: \forall integer va; Dom(p, va) ==> !In(p, t, i, va) ==>
                     PA(p, va) == \old(PA(p, va)) && AT(p, va) == \old(AT(p, va)) && lev(p, va) == \old(lev(p, va)); */
static inline void unlink_leaves(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t c) {
  //@ assert cu: Used(p, c) && 0 <= c < p->cap && 0 <= t < p->cap;
  //@ ghost s2_lemma_tally(p, c);
  //@ assert room: p->nfree + p->nlimbo < p->cap && 0 <= p->nfree && 0 <= p->nlimbo;
  //@ assert st: 0 <= p->cap - p->nlimbo - 1 < p->cap;
  //@ assert b0: NoBad(p);
  s2_tree_unlink(p, t, i, c, S2_NODE_LIMBO);
  //@ assert u1: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> \at(Used(p, s), Pre) && p->nodes[s].level == \at(p->nodes[s].level, Pre) && (p->tables[s].e[j] == \at(p->tables[s].e[j], Pre) || p->tables[s].e[j] == 0);
  //@ assert nb: NoBad(p);
}

/** s2_tree_prune() of a good pool: good after it. */
/*@ requires inv: GoodPool(p) && Used(p, t);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: GoodPool(p);
    ensures same: Same{Pre,Post}(p);
    ensures keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \old(lev(p, g)); */
static inline void prune(struct s2_pool *p, uint32_t t) {
  s2_tree_prune(p, t, S2_NODE_LIMBO);
  //@ assert n0: \forall integer s; Used(p, s) ==> \at(Used(p, s), Pre) && p->nodes[s].level == \at(p->nodes[s].level, Pre);
  //@ assert n1: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> p->tables[s].e[j] == \at(p->tables[s].e[j], Pre) || p->tables[s].e[j] == 0;
  //@ assert n2: NoBad(p);
  //@ assert live: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> \at(PA(p, g), Pre) != -1 && one(\at(cur(p, g), Pre)) == 1;
}

/** Detach the level-0 table c that starts at w, whatever it holds, and prune above it. */
/*@ requires inv: GoodPool(p) && Used(p, c) && p->nodes[c].level == 0 && p->nodes[c].key == base_of(w, 0);
    requires w: Dom(p, w) && off(w, 1) == 0 && 0 < p->top;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: GoodPool(p);
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < w + gran(1) ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < w + gran(1)) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g));
    ensures keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \old(lev(p, g)); */
static void drop_leaf_table(struct s2_pool *p, uint32_t c, uint64_t w) {
  //@ ghost s2_lemma_sound(p);
  //@ ghost s2_lemma_reach(p, c, w, 0);
  //@ ghost s2_lemma_up(p, c, w, 0);
  //@ ghost s2_lemma_cnt(p, c);
  //@ assert zero: p->nodes[c].live == 0 ==> \forall integer j; 0 <= j < 512 ==> p->tables[c].e[j] == 0;
  uint32_t parent = s2_table_at(p, w, 1);
  //@ ghost s2_lemma_reach(p, parent, w, 1);
  //@ assert flat: NoTables(p, c, 0);
  //@ assert z2: p->nodes[c].live == 0 ==> Zero(p, c);
  unlink_leaves(p, parent, s2_slot(w, 1), c);
  //@ assert if2: \forall integer v; 0 <= v ==> (In(p, parent, slot_of(w, 1), v) <==> w <= v < w + gran(1));
  //@ assert i0: \forall integer g; Dom(p, g) ==> w <= g < w + gran(1) ==> In(p, parent, slot_of(w, 1), g);
  //@ assert i1: \forall integer g; Dom(p, g) ==> w <= g < w + gran(1) ==> PA(p, g) == -1 && AT(p, g) == -1;
  //@ assert o0: \forall integer g; Dom(p, g) ==> !(w <= g < w + gran(1)) ==> !In(p, parent, slot_of(w, 1), g);
  //@ assert o1: \forall integer g; Dom(p, g) ==> !(w <= g < w + gran(1)) ==> PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre) && lev(p, g) == \at(lev(p, g), Pre);
  prune(p, parent);
}

/** Clear the run of leaves from `at` on, at address w, and prune. Returns the address behind it and how many there were. */
/*@ requires inv: GoodPool(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: GoodPool(p);
    ensures on: w < \result.next < end + gran(at.l) && off(\result.next, at.l) == 0 && 0 <= \result.n <= 512;
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> \old(lev(p, g)) == at.l;
    ensures all: at.l == 0 ==> \result.next < end ==> \result.next == w + part(512 - at.i, 0);
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < \result.next) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g));
    ensures keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \old(lev(p, g));
    ensures none: \result.n == 0 ==> p->nlimbo == \old(p->nlimbo) && Same{Pre,Post}(p); */
static inline struct swept remove_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = clear_run(p, at, w, end);
  //@ ghost Cut: ;
  if (r.n > 0) {
    s2_tree_prune(p, at.t, S2_NODE_LIMBO);
    //@ assert n1: \forall integer t, j; Used(p, t) ==> 0 <= j < 512 ==> \at(Used(p, t), Cut) && p->nodes[t].level == \at(p->nodes[t].level, Cut) && (p->tables[t].e[j] == \at(p->tables[t].e[j], Cut) || p->tables[t].e[j] == 0);
    //@ assert n2: NoBad(p);
    //@ assert live: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> \at(PA(p, g), Cut) != -1 && one(\at(cur(p, g), Cut)) == 1;
  }
  return r;
}

uint32_t s2_remove(struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: GoodPool(p);
      loop invariant level: level <= 4 || level == S2_NO_LEVEL;
      loop invariant lim: level == S2_NO_LEVEL ==> p->nlimbo == \at(p->nlimbo, Pre);
      loop invariant none: level == S2_NO_LEVEL ==> Same{Pre,Here}(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> Dom(p, g) ==> PA(p, g) == -1;
      loop invariant ahead: \forall integer g; Dom(p, g) ==> w <= g ==> PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==> PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop invariant keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \at(lev(p, g), Pre);
      loop assigns w, level, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1],
                   p->used[0 .. 4], p->nlimbo;
      loop variant end - w; */
  while (w < end) {
    //@ ghost Top: ;
    //@ assert dom: Dom(p, w);
    //@ assert na: \forall integer g; Dom(p, g) ==> PA(p, g) == -1 ==> AT(p, g) == -1;
    struct s2_pos at = s2_pos_at(p, w);
    if (takes_leaf_table(p, at, w, end)) {
      drop_leaf_table(p, at.t, w);
      level = 0;
      w += s2_span(1);
      //@ assert ad: \forall integer g; Dom(p, g) ==> w <= g ==> PA(p, g) == \at(PA(p, g), Top) && AT(p, g) == \at(AT(p, g), Top);
    } else {
      //@ assert fl: floor(w, at.l) == w - off(w, at.l) && 0 <= floor(w, at.l) <= w;
      uint64_t first = w - s2_offset(w, at.l);
      //@ assert first: first == floor(w, at.l) && 0 <= first <= w && w < first + gran(at.l);
      //@ assert al: off(first, at.l) == 0 && base_of(first, at.l) == base_of(w, at.l) && slot_of(first, at.l) == slot_of(w, at.l);
      struct swept r = remove_run(p, at, first, end);
      //@ assert step: w < r.next && r.next < end + gran(at.l);
      //@ assert lv: \forall integer g; Dom(p, g) ==> first <= g < r.next ==> \at(lev(p, g), Top) == at.l;
      //@ assert l1: \forall integer g; first <= g < gpa ==> off(g, at.l) == g - first;
      //@ assert l2: first < gpa ==> gpa < first + gran(at.l);
      //@ assert l3: \forall integer g; Dom(p, g) ==> first <= g < gpa ==> \at(PA(p, g), Top) != -1 ==> \at(PA(p, g), Pre) != -1 && \at(lev(p, g), Pre) == at.l;
      //@ assert lo: \forall integer g; Dom(p, g) ==> first <= g < gpa ==> \at(PA(p, g), Top) == -1;
      //@ assert h1: \forall integer g; end <= g < r.next ==> floor(g, at.l) == g - off(g, at.l) && floor(g, at.l) + gran(at.l) <= r.next;
      //@ assert h3: \forall integer g; Dom(p, g) ==> end <= g < r.next ==> \at(PA(p, g), Top) != -1 ==> \at(PA(p, g), Pre) != -1 && \at(lev(p, g), Pre) == at.l;
      //@ assert hi: \forall integer g; Dom(p, g) ==> end <= g < r.next ==> \at(PA(p, g), Top) == -1;
      level = r.n > 0 ? s2_least(level, at.l) : level;
      w = r.next;
      //@ assert ar: \forall integer g; Dom(p, g) ==> w <= g ==> PA(p, g) == \at(PA(p, g), Top) && AT(p, g) == \at(AT(p, g), Top);
    }
    //@ assert up: \at(w, Top) < w;
    //@ assert on: \forall integer g; Dom(p, g) ==> w <= g ==> PA(p, g) == \at(PA(p, g), Top) && AT(p, g) == \at(AT(p, g), Top);
  }
  return level;
}

/** remove_run() that leaves marks; emptied tables take theirs with them. */
/*@ requires inv: Marking(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Marking(p);
    ensures on: w < \result.next < end + gran(at.l) && off(\result.next, at.l) == 0 && 0 <= \result.n <= 512;
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> \old(lev(p, g)) == at.l;
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result.next ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < \result.next) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g));
    ensures keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \old(lev(p, g));
    ensures only: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> \old(Marked(p, g)) ||
                    0 < \result.n && w <= g < \result.next && \old(PA(p, g)) != -1;
    ensures none: \result.n == 0 ==> p->nlimbo == \old(p->nlimbo) && Same{Pre,Post}(p); */
static inline struct swept mark_and_prune(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = mark_run(p, at, w, end);
  //@ ghost Cut: ;
  if (r.n > 0) {
    s2_tree_prune(p, at.t, S2_NODE_LIMBO_FRAMES);
    //@ assert n1: \forall integer t, j; Used(p, t) ==> 0 <= j < 512 ==> \at(Used(p, t), Cut) && p->nodes[t].level == \at(p->nodes[t].level, Cut) && (p->tables[t].e[j] == \at(p->tables[t].e[j], Cut) || p->tables[t].e[j] == 0);
    //@ assert n2: NoBad(p);
    //@ assert live: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> \at(PA(p, g), Cut) != -1 && one(\at(cur(p, g), Cut)) == 1;
  }
  return r;
}

uint32_t s2_mark(struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Marking(p);
      loop invariant level: level <= 4 || level == S2_NO_LEVEL;
      loop invariant lim: level == S2_NO_LEVEL ==> p->nlimbo == \at(p->nlimbo, Pre);
      loop invariant marks: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> \at(Marked(p, g), Pre) || level <= 4 && gpa <= g < end;
      loop invariant none: level == S2_NO_LEVEL ==> Same{Pre,Here}(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> Dom(p, g) ==> PA(p, g) == -1;
      loop invariant ahead: \forall integer g; Dom(p, g) ==> w <= g ==> PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==> PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop invariant keep: \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==> lev(p, g) == \at(lev(p, g), Pre);
      loop assigns w, level, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1],
                   p->used[0 .. 4], p->nlimbo;
      loop variant end - w; */
  while (w < end) {
    //@ ghost Top: ;
    //@ assert dom: Dom(p, w);
    //@ assert na: \forall integer g; Dom(p, g) ==> PA(p, g) == -1 ==> AT(p, g) == -1;
    struct s2_pos at = s2_pos_at(p, w);
    //@ assert fl: floor(w, at.l) == w - off(w, at.l) && 0 <= floor(w, at.l) <= w;
    uint64_t first = w - s2_offset(w, at.l);
    //@ assert first: first == floor(w, at.l) && 0 <= first <= w && w < first + gran(at.l);
    //@ assert al: off(first, at.l) == 0 && base_of(first, at.l) == base_of(w, at.l) && slot_of(first, at.l) == slot_of(w, at.l);
    struct swept r = mark_and_prune(p, at, first, end);
    //@ assert step: w < r.next && r.next < end + gran(at.l);
    //@ assert lv: \forall integer g; Dom(p, g) ==> first <= g < r.next ==> \at(lev(p, g), Top) == at.l;
    //@ assert l1: \forall integer g; first <= g < gpa ==> off(g, at.l) == g - first;
    //@ assert l2: first < gpa ==> gpa < first + gran(at.l);
    //@ assert l3: \forall integer g; Dom(p, g) ==> first <= g < gpa ==> \at(PA(p, g), Top) != -1 ==> \at(PA(p, g), Pre) != -1 && \at(lev(p, g), Pre) == at.l;
    //@ assert lo: \forall integer g; Dom(p, g) ==> first <= g < gpa ==> \at(PA(p, g), Top) == -1;
    //@ assert h1: \forall integer g; end <= g < r.next ==> floor(g, at.l) == g - off(g, at.l) && floor(g, at.l) + gran(at.l) <= r.next;
    //@ assert h3: \forall integer g; Dom(p, g) ==> end <= g < r.next ==> \at(PA(p, g), Top) != -1 ==> \at(PA(p, g), Pre) != -1 && \at(lev(p, g), Pre) == at.l;
    //@ assert hi: \forall integer g; Dom(p, g) ==> end <= g < r.next ==> \at(PA(p, g), Top) == -1;
    level = r.n > 0 ? s2_least(level, at.l) : level;
    w = r.next;
  }
  return level;
}

/** Pages in n entries of level l. */
/*@ requires l: l <= S2_MAX_LEVEL && 0 <= n <= 512;
    terminates \true; exits \false; assigns \nothing;
    ensures pages: 0 <= \result <= 512 * 68719476736; */
static inline int64_t pages_of(int32_t n, uint8_t l) {
  int64_t each = (int64_t)(s2_span(l) / S2_PAGE_SIZE);
  //@ assert each: 0 <= each <= 68719476736;
  //@ assert all: 0 <= n * each <= 512 * each;
  return n * each;
}

int64_t s2_reap(struct s2_pool *p, void *ctx, uint64_t gpa, uint64_t end) {
  int64_t pages = 0;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Marking(p);
      loop invariant pages: 0 <= pages;
      loop invariant same: Same{Pre,Here}(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> Dom(p, g) ==> !Marked(p, g);
      loop invariant only: \forall integer g; Dom(p, g) ==> lev(p, g) == \at(lev(p, g), Pre) &&
                             (cur(p, g) == \at(cur(p, g), Pre) || \at(Marked(p, g), Pre) && cur(p, g) == 0);
      loop invariant told: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> Told(p, g);
      loop assigns w, pages, p->tables[0 .. p->cap-1];
      loop variant end - w; */
  while (w < end) {
    //@ ghost Top: ;
    //@ assert dom: Dom(p, w);
    struct s2_pos at = s2_pos_at(p, w);
    //@ assert fl: floor(w, at.l) == w - off(w, at.l) && 0 <= floor(w, at.l) <= w;
    uint64_t first = w - s2_offset(w, at.l);
    //@ assert first: first == floor(w, at.l) && 0 <= first <= w && w < first + gran(at.l);
    //@ assert al: off(first, at.l) == 0 && base_of(first, at.l) == base_of(w, at.l) && slot_of(first, at.l) == slot_of(w, at.l);
    struct swept r = reap_run(p, ctx, at, first, end);
    int64_t n = pages_of(r.n, at.l);
    pages = pages > INT64_MAX - n ? INT64_MAX : pages + n;
    w = r.next;
  }
  return pages;
}

/** s2_remove() of a page table's range: the record around the pool is not touched. */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && Inside(pt);
    requires range: gpa < end <= width(pt->gpa_bits);
    requires cut: Boundary(&pt->pool, gpa) && Boundary(&pt->pool, end);
    terminates \true; exits \false;
    assigns pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->pool.used[0 .. 4], pt->pool.nlimbo;
    ensures pt: GoodPt(pt) && GoodPool(&pt->pool) && Inside(pt);
    ensures level: \result <= 4 || (\result == S2_NO_LEVEL && pt->pool.nlimbo == \old(pt->pool.nlimbo));
    ensures none: \result == S2_NO_LEVEL ==> Same{Pre,Post}(&pt->pool);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&pt->pool, g) == -1;
    ensures out: \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < end) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
static inline uint32_t remove_from(struct s2_pt *pt, uint64_t gpa, uint64_t end) {
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1));
  //@ assert sek: \separated(&pt->flush.epoch, pt->pool.stack + (0 .. pt->pool.cap-1));
  uint32_t level = s2_remove(&pt->pool, gpa, end);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt);
  return level;
}

/** s2_pt_unmap() over more than one leaf table. */
/*@ requires inv: Good(pt) && gpa < end <= width(pt->gpa_bits) && off(gpa, 0) == 0 && off(end, 0) == 0;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures inv: Good(pt);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==> PA(&pt->pool, g) == -1;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < end) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures told: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) != \old(PA(&pt->pool, g)) ==> Told(&pt->pool, g);
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
S2_APART s2_status unmap_wide(struct s2_pt *pt, uint64_t gpa, uint64_t end) {
  uint32_t plan = s2_plan_cut(&pt->pool, gpa, end);
  if (plan > (uint32_t)pt->pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(pt, plan, gpa, end);
  uint32_t level = remove_from(pt, gpa, end);
  (void)s2_flush_done(pt, gpa, end, level);
  return S2_OK;
}

/** s2_pt_unmap() of any range. */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures inv: Good(pt);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> PA(&pt->pool, g) == -1;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + size) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures told: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) != \old(PA(&pt->pool, g)) ==> Told(&pt->pool, g);
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
S2_APART s2_status unmap_range(struct s2_pt *pt, uint64_t gpa, uint64_t size) {
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  if (!within_leaf_table(at, gpa, end)) {
    return unmap_wide(pt, gpa, end);
  }
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1));
  //@ assert sek: \separated(&pt->flush.epoch, pt->pool.stack + (0 .. pt->pool.cap-1));
  struct swept r = remove_run(&pt->pool, at, gpa, end);
  //@ assert b1: bytes(slot_of(gpa, 0), 0) == part(slot_of(gpa, 0), 0) && bytes(512 - slot_of(gpa, 0), 0) == part(512 - slot_of(gpa, 0), 0);
  //@ assert b2: bytes(slot_of(gpa, 0) + (512 - slot_of(gpa, 0)), 0) == bytes(512, 0) && bytes(512, 0) == gran(1);
  //@ assert b3: off(gpa, 1) == part(slot_of(gpa, 0), 0) + off(gpa, 0);
  //@ assert al: off(r.next, 0) == 0 && r.next < end + gran(0) && r.next == end;
  uint32_t level = r.n > 0 ? (uint32_t)at.l : S2_NO_LEVEL;
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt);
  (void)s2_flush_done(pt, gpa, end, level);
  return S2_OK;
}

/** The leaf of level 0 that maps gpa becomes a hole, and is counted no more. */
/*@ requires inv: GoodPool(p) && Used(p, at.t) && p->nodes[at.t].level == 0 && at.i < 512;
    requires leaf: at.e == p->tables[at.t].e[at.i] && at.e != 0;
    requires gpa: off(gpa, 0) == 0 && p->nodes[at.t].key == base_of(gpa, 0) && at.i == slot_of(gpa, 0);
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511], p->nodes[at.t].live;
    ensures inv: GoodPool(p);
    ensures in: \forall integer g; Dom(p, g) ==> gpa <= g < gpa + 4096 ==> PA(p, g) == -1 && AT(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
S2_INLINE void clear_page(struct s2_pool *p, struct s2_pos at, uint64_t gpa) {
  (void)gpa; /* whose page it is: the proof's, not the machine's */
  //@ assert live: one(at.e) == 1;
  //@ assert hole: pte_kind(p->nodes[at.t].level, 0) == 0 && one(0) == 0;
  s2_term_write(p, at.t, at.i, 0);
  //@ assert k0: \forall integer l; pte_kind(l, 0) == 0;
  //@ assert n1: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> \at(Used(p, s), Pre) && p->nodes[s].level == \at(p->nodes[s].level, Pre) && (p->tables[s].e[j] == \at(p->tables[s].e[j], Pre) || p->tables[s].e[j] == 0);
  //@ assert n2: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Pre) != 4;
  //@ assert n3: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) != 4;
  //@ ghost s2_lemma_cnt(p, at.t);
  s2_live_add(p, at.t, -1);
  //@ assert nb: NoBad(p);
  //@ ghost s2_lemma_run(gpa, 1, 0);
  //@ assert one: part(0, 0) == 0 && part(1, 0) == gran(0);
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert iff: \forall integer v; 0 <= v ==> (In(p, at.t, at.i, v) <==> gpa <= v < gpa + 4096);
}

/**
 * What follows when a page of table t is gone: most often t keeps others, so that no table goes with it and nothing has
 * to wait for the invalidation.
 */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && Inside(pt) && pt->pool.nlimbo == 0;
    requires t: Used(&pt->pool, t) && gpa < width(61);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.used[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures told: \forall integer g; gpa <= g < gpa + 4096 ==> Dom(&pt->pool, g) ==> Told(&pt->pool, g);
    ensures same: Same{Pre,Post}(&pt->pool); */
static void page_gone(struct s2_pt *pt, uint32_t t, uint64_t gpa) {
  if (pt->pool.nodes[t].live != 0) {
    s2_flush_page(pt, gpa);
    return;
  }
  //@ assert b0: NoBad(&pt->pool);
  s2_tree_prune_from(&pt->pool, t, S2_NODE_LIMBO);
  //@ assert n1: \forall integer s, j; Used(&pt->pool, s) ==> 0 <= j < 512 ==> \at(Used(&pt->pool, s), Pre) && pt->pool.nodes[s].level == \at(pt->pool.nodes[s].level, Pre) && (pt->pool.tables[s].e[j] == \at(pt->pool.tables[s].e[j], Pre) || pt->pool.tables[s].e[j] == 0);
  //@ assert k0: \forall integer l; pte_kind(l, 0) == 0;
  //@ assert n0: \forall integer s, j; \at(Used(&pt->pool, s), Pre) ==> 0 <= j < 512 ==> \at(pte_kind(pt->pool.nodes[s].level, pt->pool.tables[s].e[j]), Pre) != 4;
  //@ assert n2: \forall integer s, j; Used(&pt->pool, s) ==> 0 <= j < 512 ==> \at(pte_kind(pt->pool.nodes[s].level, pt->pool.tables[s].e[j]), Pre) != 4;
  //@ assert n3: \forall integer s, j; Used(&pt->pool, s) ==> 0 <= j < 512 ==> pte_kind(pt->pool.nodes[s].level, pt->pool.tables[s].e[j]) != 4;
  //@ assert nb: NoBad(&pt->pool);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt);
  (void)s2_flush_done(pt, gpa, gpa + S2_PAGE_SIZE, 0);
}

/** s2_pt_unmap() of one page: one descent, and no run of entries to look at. */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures inv: Good(pt);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + 4096 ==> PA(&pt->pool, g) == -1;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
    ensures told: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) != \old(PA(&pt->pool, g)) ==> Told(&pt->pool, g);
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
static s2_status unmap_page(struct s2_pt *pt, uint64_t gpa) {
  s2_status st = s2_check_range(pt->gpa_bits, gpa, S2_PAGE_SIZE);
  if (st != S2_OK) {
    return st;
  }
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  if (at.l > 0) {
    return unmap_wide(pt, gpa, gpa + S2_PAGE_SIZE);
  }
  //@ ghost s2_lemma_run(gpa, 1, 0);
  //@ assert one: part(0, 0) == 0 && part(1, 0) == gran(0);
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert dom: \forall integer g; gpa <= g < gpa + 4096 ==> Dom(&pt->pool, g) && In(&pt->pool, at.t, at.i, g);
  //@ ghost s2_lemma_path(&pt->pool, at.t, at.i);
  //@ assert here: \forall integer va; Dom(&pt->pool, va) ==> In(&pt->pool, at.t, at.i, va) ==> PA(&pt->pool, va) == xpa(at.l, at.e, va) && lev(&pt->pool, va) == at.l;
  //@ assert k0: pte_kind(0, 0) == 0;
  //@ assert none: at.e == 0 ==> \forall integer va; xpa(at.l, at.e, va) == -1;
  //@ assert hole: at.e == 0 ==> \forall integer g; gpa <= g < gpa + 4096 ==> PA(&pt->pool, g) == -1;
  if (at.e != 0) {
    clear_page(&pt->pool, at, gpa);
    //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
    //@ assert gpt: GoodPt(pt);
    //@ assert ins: Inside(pt);
    page_gone(pt, at.t, gpa);
  }
  return S2_OK;
}

s2_status s2_pt_unmap(struct s2_pt *pt, uint64_t gpa, uint64_t size) {
  return size == S2_PAGE_SIZE ? unmap_page(pt, gpa) : unmap_range(pt, gpa, size);
}

void s2_pt_clear(struct s2_pt *pt) {
  uint64_t end = s2_width(pt->gpa_bits);
  //@ ghost s2_lemma_sound(&pt->pool);
  //@ ghost s2_lemma_root(&pt->pool);
  //@ assert lv: \forall integer va; Dom(&pt->pool, va) ==> 0 <= lev(&pt->pool, va) <= pt->pool.top;
  //@ assert fl: \forall integer va; Dom(&pt->pool, va) ==> floor(va, lev(&pt->pool, va)) == va - off(va, lev(&pt->pool, va)) && 0 <= floor(va, lev(&pt->pool, va)) <= va;
  //@ assert fo: \forall integer va; Dom(&pt->pool, va) ==> off(floor(va, lev(&pt->pool, va)), lev(&pt->pool, va)) == 0;
  //@ assert ea: \forall integer va; Dom(&pt->pool, va) ==> floor(va, lev(&pt->pool, va)) == va - off(va, lev(&pt->pool, va)) && 0 <= floor(va, lev(&pt->pool, va)) <= va && off(floor(va, lev(&pt->pool, va)), lev(&pt->pool, va)) == 0 && off(end, lev(&pt->pool, va)) == 0;
  //@ assert lo: Boundary(&pt->pool, 0);
  //@ assert hi: Boundary(&pt->pool, end);
  uint32_t level = remove_from(pt, 0, end);
  (void)s2_flush_done(pt, 0, end, level);
}
