/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** split.c - changing the size of leaves, through invalid and a completed invalidation (INV-4): split and collapse. */
#include "stage2/stats.h"
#include "ops.h"

/** Is x inside an entry of level l, not at its start? */
/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> off(x, l) != 0; */
static bool inside(uint64_t x, uint8_t l) {
  return s2_offset(x, l) != 0;
}

/** The level of the leaf that x lies inside of, 0 when x is a boundary. */
/*@ requires inv: GoodPool(p) && Edge(p, x);
    terminates \true; exits \false; assigns \nothing;
    ensures l: \result == around(p, x) && 0 <= \result <= p->top; */
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
    ensures n: \result == cuts(x, l) && 0 <= \result <= l; */
static uint32_t splits_for(uint64_t x, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: 1 <= k <= l + 1 && 0 <= n < k;
      loop invariant n: n == (k > 1 ? cut1(x, 1, l) : 0) + (k > 2 ? cut1(x, 2, l) : 0) + (k > 3 ? cut1(x, 3, l) : 0) +
                             (k > 4 ? cut1(x, 4, l) : 0);
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
    ensures n: \result == both(x, y, l) && 0 <= \result <= l; */
static uint32_t splits_shared(uint64_t x, uint64_t y, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: 1 <= k <= l + 1 && 0 <= n < k;
      loop invariant n: n == (k > 1 ? both1(x, y, 1, l) : 0) + (k > 2 ? both1(x, y, 2, l) : 0) +
                             (k > 3 ? both1(x, y, 3, l) : 0) + (k > 4 ? both1(x, y, 4, l) : 0);
      loop assigns k, n;
      loop variant l - k; */
  for (k = 1; k <= l; k++) {
    //@ assert fl: floor(x, k) == x - off(x, k) && 0 <= floor(x, k) && floor(y, k) == y - off(y, k) && 0 <= floor(y, k);
    bool same = x - s2_offset(x, k) == y - s2_offset(y, k);
    n += inside(x, k) && inside(y, k) && same ? 1u : 0u;
  }
  return n;
}

uint32_t s2_plan_cut(const struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint8_t l = block_around(p, gpa);
  uint8_t m = block_around(p, end);
  uint8_t low = l < m ? l : m;
  //@ assert sh: 0 <= both(gpa, end, low) <= cuts(gpa, l);
  return splits_for(gpa, l) + splits_for(end, m) - splits_shared(gpa, end, low);
}

/** Invalidate one entry's range in the middle of a change of size. */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && l <= S2_MAX_LEVEL && base <= width(62);
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool);
    ensures fresh: pt->pool.nlimbo > 0 ==> Flushed(&pt->pool); */
static void flush_break(struct s2_pt *pt, uint64_t base, uint8_t l) {
  s2_pt_count(pt, &pt->flush.breaks);
  s2_flush_range(pt, base, base + s2_span(l), l);
}

/** Take out the block at `at`, which covers base, and forget it everywhere. Returns what the entry held last. */
/*@ requires inv: Good(pt) && base <= width(62);
    requires at: Used(&pt->pool, at.t) && at.i < 512 && at.l == pt->pool.nodes[at.t].level &&
                 at.e == pt->pool.tables[at.t].e[at.i];
    requires leaf: pte_kind(at.l, at.e) == 1;
    terminates \true; exits \false;
    assigns pt->pool.tables[at.t].e[at.i], pt->pool.nodes[at.t].live, pt->flush.epoch, pt->flush.ranges, pt->flush.fulls,
            pt->flush.breaks;
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool);
    ensures was: \result == at.e;
    ensures hole: pt->pool.tables[at.t].e[at.i] == 0;
    ensures lev: \forall integer va; Dom(&pt->pool, va) ==> lev(&pt->pool, va) == \old(lev(&pt->pool, va));
    ensures in: \forall integer va; Dom(&pt->pool, va) ==> In(&pt->pool, at.t, at.i, va) ==>
                  lev(&pt->pool, va) == at.l && PA(&pt->pool, va) == -1 && AT(&pt->pool, va) == -1 &&
                  \old(PA(&pt->pool, va)) == pte_pa(at.l, at.e) + off(va, at.l) &&
                  \old(AT(&pt->pool, va)) == pte_attr(at.l, at.e);
    ensures out: \forall integer va; Dom(&pt->pool, va) ==> !In(&pt->pool, at.t, at.i, va) ==>
                   PA(&pt->pool, va) == \old(PA(&pt->pool, va)) && AT(&pt->pool, va) == \old(AT(&pt->pool, va)); */
static uint64_t break_block(struct s2_pt *pt, struct s2_pos at, uint64_t base) {
  struct s2_pool *p = &pt->pool;
  //@ ghost s2_lemma_cnt(p, at.t);
  uint64_t e = s2_entry_break(p, at.t, at.i);
  //@ ghost s2_lemma_cnt(p, at.t);
  s2_live_add(p, at.t, -1);
  //@ assert cn: p->nodes[at.t].live == cnt(p, at.t, 512);
  //@ assert lv: Live(p);
  //@ assert n0: \forall integer t, j; Used(p, t) ==> 0 <= j < 512 ==> p->tables[t].e[j] == \at(pt->pool.tables[t].e[j], Pre) || p->tables[t].e[j] == 0;
  //@ assert l0: \forall integer t; 0 <= t < p->cap ==> p->nodes[t].level == \at(pt->pool.nodes[t].level, Pre);
  //@ assert nz: \at(NoBad(&pt->pool), Pre);
  //@ assert n1: \forall integer t, j; Used(p, t) ==> 0 <= j < 512 ==> pte_kind(p->nodes[t].level, \at(pt->pool.tables[t].e[j], Pre)) != 4;
  //@ assert nb: NoBad(p);
  //@ assert good: GoodPool(p);
  //@ assert gpt: GoodPt(pt);
  flush_break(pt, base, at.l);
  return e;
}

/** A new table of 512 leaves one level down, mapping hpa on, in the hole of t, which is of level l, that covers base. */
/*@ requires inv: GoodPool(p) && 0 < p->nfree && 0 < l && base <= width(62) && off(base, l) == 0;
    requires at: Used(p, t) && p->nodes[t].level == l && p->nodes[t].key == base_of(base, l);
    requires hole: p->tables[t].e[slot_of(base, l)] == 0;
    requires hpa: l <= S2_FMT_LEAF_MAX && off(hpa, l) == 0 && hpa + gran(l) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: GoodPool(p);
    ensures taken: p->nfree == \old(p->nfree) - 1;
    ensures in: \forall integer va; Dom(p, va) ==> base <= va < base + gran(l) ==>
                  lev(p, va) == l - 1 && PA(p, va) == hpa + off(va, l) && AT(p, va) == attr;
    ensures out: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(l)) ==>
                   lev(p, va) == \old(lev(p, va)) && PA(p, va) == \old(PA(p, va)) && AT(p, va) == \old(AT(p, va)); */
static void link_leaves(struct s2_pool *p, uint32_t t, uint64_t base, uint8_t l, uint64_t hpa, uint32_t attr) {
  uint8_t m = (uint8_t)(l - 1);
  uint32_t i = s2_slot(base, l);
  //@ assert tr: \forall integer va; 0 <= va ==> part(slot_of(va, m), m) + off(va, m) == off(va, l);
  //@ assert en: \forall integer va; 0 <= va ==> ((base_of(va, l) == base_of(base, l) && slot_of(va, l) == i) <==> base <= va < base + gran(l));
  //@ assert hp: off(hpa, m) == 0 && part(512, m) <= gran(l);
  //@ ghost s2_lemma_top(p);
  //@ assert st: 0 <= p->stack[p->nfree-1] < p->cap && p->nodes[p->stack[p->nfree-1]].level == 255;
  uint32_t c = s2_tree_fresh(p, 0, S2_ENTRIES, m, hpa, attr);
  //@ assert ct: c != t && p->nodes[t].level == l && p->tables[t].e[i] == 0;
  //@ assert us: \forall integer s; Used(p, s) ==> s != c && p->nodes[s].level == \at(p->nodes[s].level, Pre) && \at(Used(p, s), Pre);
  //@ assert es: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> p->tables[s].e[j] == \at(p->tables[s].e[j], Pre);
  //@ assert bf: NoBad(p);
  //@ assert ra: \forall integer va; 0 <= va ==> pte_kind(m, ent(p, c, va, m)) == 1 && pte_pa(m, ent(p, c, va, m)) == hpa + part(slot_of(va, m), m) && pte_attr(m, ent(p, c, va, m)) == attr;
  //@ assert run: \forall integer va; 0 <= va ==> xpa(m, ent(p, c, va, m), va) == hpa + off(va, l) && xat(m, ent(p, c, va, m)) == attr;
  //@ ghost Fresh: ;
  s2_tree_link(p, t, i, c);
  //@ assert lm: p->nodes[c].level == m && p->nodes[t].level == l && p->nodes[t].key == base_of(base, l);
  //@ assert iff: \forall integer va; 0 <= va ==> (In(p, t, i, va) <==> base <= va < base + gran(l));
  //@ assert ke: \forall integer j; 0 <= j < 512 ==> p->tables[c].e[j] == \at(p->tables[\at(c,Here)].e[\at(j,Here)], Fresh);
  //@ assert in: \forall integer va; Dom(p, va) ==> In(p, t, i, va) ==> PA(p, va) == hpa + off(va, l) && AT(p, va) == attr;
  //@ assert bd: \forall integer j; 0 <= j < 512 ==> pte_kind(m, p->tables[c].e[j]) != 4;
  //@ assert bo: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> s != c ==> (s != t || j != i) ==> \at(Used(p, s), Fresh) && pte_kind(p->nodes[s].level, p->tables[s].e[j]) == \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Fresh);
  //@ assert nb: NoBad(p);
}

/** Make: what the block e held, which was at `at` and covered base, as 512 leaves in its hole. */
/*@ requires inv: GoodPt(pt) && GoodPool(&pt->pool) && 0 < pt->pool.nfree && base <= width(62) && off(base, at.l) == 0;
    requires at: Used(&pt->pool, at.t) && at.l == pt->pool.nodes[at.t].level && pt->pool.nodes[at.t].key == base_of(base, at.l);
    requires hole: pt->pool.tables[at.t].e[slot_of(base, at.l)] == 0;
    requires leaf: 0 < at.l && pte_kind(at.l, e) == 1;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1];
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool);
    ensures taken: pt->pool.nfree == \old(pt->pool.nfree) - 1;
    ensures in: \forall integer va; Dom(&pt->pool, va) ==> base <= va < base + gran(at.l) ==>
                  lev(&pt->pool, va) == at.l - 1 && PA(&pt->pool, va) == pte_pa(at.l, e) + off(va, at.l) &&
                  AT(&pt->pool, va) == pte_attr(at.l, e);
    ensures out: \forall integer va; Dom(&pt->pool, va) ==> !(base <= va < base + gran(at.l)) ==>
                   lev(&pt->pool, va) == \old(lev(&pt->pool, va)) && PA(&pt->pool, va) == \old(PA(&pt->pool, va)) &&
                   AT(&pt->pool, va) == \old(AT(&pt->pool, va)); */
static void make_leaves(struct s2_pt *pt, struct s2_pos at, uint64_t base, uint64_t e) {
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1));
  link_leaves(&pt->pool, at.t, base, at.l, s2_entry_hpa(at.l, e), s2_entry_attr(at.l, e));
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert gpt: GoodPt(pt);
}

/** The leaves of level l - 1 in place of a block at base are visible: one split more. */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && Inside(pt) && pt->pool.nlimbo == 0;
    requires l: 0 < l <= S2_MAX_LEVEL && base <= width(62);
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks, pt->splits;
    ensures inv: Good(pt); */
static void finish_split(struct s2_pt *pt, uint64_t base, uint8_t l) {
  s2_flush_mapped(pt, base, base + s2_span(l), (uint8_t)(l - 1), true);
  s2_pt_count(pt, &pt->splits);
  //@ assert gpl: GoodPool(&pt->pool);
  //@ assert gpt: GoodPt(pt);
  //@ assert ine: Inside(pt) && pt->pool.nlimbo == 0;
}

/** Replace the block at `at`, which covers base, by a table of 512 leaves one level down. */
/*@ requires inv: Good(pt) && pt->pool.nfree > 0 && base <= width(62);
    requires at: Used(&pt->pool, at.t) && at.i < 512 && at.l == pt->pool.nodes[at.t].level &&
                 at.e == pt->pool.tables[at.t].e[at.i];
    requires base: off(base, at.l) == 0 && pt->pool.nodes[at.t].key == base_of(base, at.l) && at.i == slot_of(base, at.l);
    requires leaf: at.l > 0 && pte_kind(at.l, at.e) == 1;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges,
            pt->flush.fulls, pt->flush.breaks, pt->splits;
    ensures inv: Good(pt);
    ensures taken: pt->pool.nfree == \old(pt->pool.nfree) - 1;
    ensures same: Same{Pre,Post}(&pt->pool);
    ensures in: \forall integer va; Dom(&pt->pool, va) ==> base <= va < base + gran(at.l) ==> lev(&pt->pool, va) == at.l - 1;
    ensures out: \forall integer va; Dom(&pt->pool, va) ==> !(base <= va < base + gran(at.l)) ==>
                   lev(&pt->pool, va) == \old(lev(&pt->pool, va)); */
static void split_block(struct s2_pt *pt, struct s2_pos at, uint64_t base) {
  //@ ghost struct s2_pool *p = &pt->pool;
  //@ assert en: \forall integer va; 0 <= va ==> ((base_of(va, at.l) == base_of(base, at.l) && slot_of(va, at.l) == at.i) <==> base <= va < base + gran(at.l));
  //@ assert sep: \separated(&pt->flush.ranges, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.fulls, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.breaks, p->nodes + (0 .. p->cap-1)) && \separated(&pt->splits, p->nodes + (0 .. p->cap-1));
  uint64_t e = break_block(pt, at, base);
  //@ assert kt: p->nodes[at.t].key == base_of(base, at.l) && p->nodes[at.t].level == at.l;
  //@ assert bi: \forall integer va; Dom(p, va) ==> base <= va < base + gran(at.l) ==> \at(PA(&pt->pool, va), Pre) == pte_pa(at.l, e) + off(va, at.l) && \at(AT(&pt->pool, va), Pre) == pte_attr(at.l, e);
  //@ assert no: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(at.l)) ==> !In(p, at.t, at.i, va);
  //@ assert ol: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(&pt->pool, va), Pre);
  //@ assert op: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(at.l)) ==> PA(p, va) == \at(PA(&pt->pool, va), Pre);
  //@ assert oa: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(at.l)) ==> AT(p, va) == \at(AT(&pt->pool, va), Pre);
  make_leaves(pt, at, base, e);
  //@ assert si: \forall integer va; Dom(p, va) ==> base <= va < base + gran(at.l) ==> PA(p, va) == \at(PA(&pt->pool, va), Pre) && AT(p, va) == \at(AT(&pt->pool, va), Pre);
  //@ assert so: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(at.l)) ==> lev(p, va) == \at(lev(&pt->pool, va), Pre) && PA(p, va) == \at(PA(&pt->pool, va), Pre) && AT(p, va) == \at(AT(&pt->pool, va), Pre);
  //@ assert same: Same{Pre,Here}(&pt->pool);
  //@ assert ins: Inside(pt) && p->nlimbo == 0;
  //@ assert lv: \forall integer va; Dom(p, va) ==> base <= va < base + gran(at.l) ==> lev(p, va) == at.l - 1;
  finish_split(pt, base, at.l);
}

void s2_split_at(struct s2_pt *pt, uint64_t gpa) {
  uint8_t l = block_around(&pt->pool, gpa);
  /*@ loop invariant inv: Good(pt);
      loop invariant l: l == around(&pt->pool, gpa) && 0 <= l <= \at(around(&pt->pool, gpa), Pre) <= 4;
      loop invariant taken: \at(pt->pool.nfree, Pre) - pt->pool.nfree == \at(cuts(gpa, around(&pt->pool, gpa)), Pre) - cuts(gpa, l);
      loop invariant same: Same{Pre,Here}(&pt->pool);
      loop invariant down: LevelsDown{Pre,Here}(&pt->pool);
      loop invariant below: \forall integer va, k; Dom(&pt->pool, va) ==> l < k <= \at(around(&pt->pool, gpa), Pre) ==>
                              floor(va, k) == floor(gpa, k) ==> off(gpa, k) != 0 ==> lev(&pt->pool, va) < k;
      loop assigns l, pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
                   pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
                   pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks, pt->splits;
      loop variant l; */
  while (l > 0) {
    //@ ghost Top: ;
    //@ assert fl: floor(gpa, l) == gpa - off(gpa, l) && 0 <= floor(gpa, l) <= gpa;
    //@ assert offl: off(gpa, l) != 0 && l == lev(&pt->pool, gpa) && Dom(&pt->pool, gpa);
    //@ ghost s2_lemma_cuts(gpa);
    //@ assert more: 0 < cuts(gpa, l);
    //@ assert flo: off(floor(gpa, l), l) == 0 && base_of(floor(gpa, l), l) == base_of(gpa, l) && slot_of(floor(gpa, l), l) == slot_of(gpa, l);
    struct s2_pos at = s2_pos_at(&pt->pool, gpa);
    //@ ghost s2_lemma_leaf(&pt->pool);
    //@ assert in0: \forall integer va; Dom(&pt->pool, va) ==> floor(gpa, l) <= va < floor(gpa, l) + gran(l) ==> floor(va, l) == va - off(va, l) && off(va, l) == va - floor(gpa, l);
    //@ assert ins: \forall integer va; Dom(&pt->pool, va) ==> floor(gpa, l) <= va < floor(gpa, l) + gran(l) ==> lev(&pt->pool, va) == l;
    split_block(pt, at, gpa - s2_offset(gpa, l));
    //@ assert one: lev(&pt->pool, gpa) == l - 1 && PA(&pt->pool, gpa) != -1;
    //@ assert dn: \forall integer va; Dom(&pt->pool, va) ==> lev(&pt->pool, va) <= \at(lev(&pt->pool, va), Top);
    //@ assert ze: \forall integer k, m; 1 <= k <= 4 ==> m == k - 1 ==> off(gpa, k) == 0 ==> off(gpa, m) == 0;
    //@ assert ar: around(&pt->pool, gpa) == (off(gpa, l - 1) != 0 ? l - 1 : 0);
    //@ assert less: \forall integer k; around(&pt->pool, gpa) < k < l ==> off(gpa, k) == 0;
    //@ assert q1: cut1(gpa, 1, around(&pt->pool, gpa)) == cut1(gpa, 1, l) - (l == 1 ? 1 : 0);
    //@ assert q2: cut1(gpa, 2, around(&pt->pool, gpa)) == cut1(gpa, 2, l) - (l == 2 ? 1 : 0);
    //@ assert q3: cut1(gpa, 3, around(&pt->pool, gpa)) == cut1(gpa, 3, l) - (l == 3 ? 1 : 0);
    //@ assert q4: cut1(gpa, 4, around(&pt->pool, gpa)) == cut1(gpa, 4, l) - (l == 4 ? 1 : 0);
    //@ assert pays: cuts(gpa, around(&pt->pool, gpa)) == cuts(gpa, l) - 1;
    //@ assert inl: \forall integer va; Dom(&pt->pool, va) ==> floor(va, l) == floor(gpa, l) ==> lev(&pt->pool, va) < l;
    l = block_around(&pt->pool, gpa);
  }
  //@ ghost s2_lemma_cuts(gpa);
}

void s2_cut(struct s2_pt *pt, uint32_t plan, uint64_t gpa, uint64_t end) {
  //@ assert p1: around(&pt->pool, gpa) != 0 ==> off(gpa, around(&pt->pool, gpa)) != 0 && 0 < cuts(gpa, around(&pt->pool, gpa));
  //@ assert p2: around(&pt->pool, end) != 0 ==> off(end, around(&pt->pool, end)) != 0 && 0 < cuts(end, around(&pt->pool, end));
  //@ assert none: plan == 0 ==> around(&pt->pool, gpa) == 0 && around(&pt->pool, end) == 0;
  /*@ ghost if (plan == 0) {
        s2_lemma_boundary(&pt->pool, gpa);
        s2_lemma_boundary(&pt->pool, end);
      } */
  if (plan > 0) {
    s2_split_at(pt, gpa);
    //@ assert e1: around(&pt->pool, end) != 0 ==> PA(&pt->pool, end) != -1 && Dom(&pt->pool, end) && around(&pt->pool, end) == lev(&pt->pool, end) && off(end, lev(&pt->pool, end)) != 0;
    //@ assert e2: around(&pt->pool, end) != 0 ==> \at(PA(&pt->pool, end), Pre) != -1 && lev(&pt->pool, end) <= \at(lev(&pt->pool, end), Pre) <= 4;
    //@ assert e3: around(&pt->pool, end) != 0 ==> off(end, \at(lev(&pt->pool, end), Pre)) != 0 && floor(end, 0) == end - off(end, 0);
    //@ assert e4: around(&pt->pool, end) != 0 ==> \at(around(&pt->pool, end), Pre) == \at(lev(&pt->pool, end), Pre);
    //@ assert e5: around(&pt->pool, end) <= \at(around(&pt->pool, end), Pre);
    //@ assert fl: \forall integer k; floor(end, k) == end - off(end, k) && floor(gpa, k) == gpa - off(gpa, k);
    //@ assert be: \forall integer k; 1 <= k <= 4 ==> both1(gpa, end, k, \at(around(&pt->pool, gpa), Pre)) == 1 ==> around(&pt->pool, end) < k;
    //@ assert b1: cut1(end, 1, around(&pt->pool, end)) + both1(gpa, end, 1, \at(around(&pt->pool, gpa) < around(&pt->pool, end) ? around(&pt->pool, gpa) : around(&pt->pool, end), Pre)) <= cut1(end, 1, \at(around(&pt->pool, end), Pre));
    //@ assert b2: cut1(end, 2, around(&pt->pool, end)) + both1(gpa, end, 2, \at(around(&pt->pool, gpa) < around(&pt->pool, end) ? around(&pt->pool, gpa) : around(&pt->pool, end), Pre)) <= cut1(end, 2, \at(around(&pt->pool, end), Pre));
    //@ assert b3: cut1(end, 3, around(&pt->pool, end)) + both1(gpa, end, 3, \at(around(&pt->pool, gpa) < around(&pt->pool, end) ? around(&pt->pool, gpa) : around(&pt->pool, end), Pre)) <= cut1(end, 3, \at(around(&pt->pool, end), Pre));
    //@ assert b4: cut1(end, 4, around(&pt->pool, end)) + both1(gpa, end, 4, \at(around(&pt->pool, gpa) < around(&pt->pool, end) ? around(&pt->pool, gpa) : around(&pt->pool, end), Pre)) <= cut1(end, 4, \at(around(&pt->pool, end), Pre));
    //@ assert rest: cuts(end, around(&pt->pool, end)) <= pt->pool.nfree;
    //@ ghost One: ;
    s2_split_at(pt, end);
    //@ assert g1: around(&pt->pool, gpa) != 0 ==> PA(&pt->pool, gpa) != -1 && Dom(&pt->pool, gpa) && around(&pt->pool, gpa) == lev(&pt->pool, gpa) && off(gpa, lev(&pt->pool, gpa)) != 0;
    //@ assert g2: around(&pt->pool, gpa) != 0 ==> \at(PA(&pt->pool, gpa), One) != -1 && lev(&pt->pool, gpa) <= \at(lev(&pt->pool, gpa), One) <= 4;
    //@ assert g3: around(&pt->pool, gpa) != 0 ==> off(gpa, \at(lev(&pt->pool, gpa), One)) != 0 && floor(gpa, 0) == gpa - off(gpa, 0);
    //@ assert g4: around(&pt->pool, gpa) != 0 ==> \at(around(&pt->pool, gpa), One) == \at(lev(&pt->pool, gpa), One);
    //@ assert g5: around(&pt->pool, gpa) <= \at(around(&pt->pool, gpa), One);
    //@ assert two: around(&pt->pool, gpa) == 0 && around(&pt->pool, end) == 0;
    //@ ghost s2_lemma_boundary(&pt->pool, gpa);
    //@ ghost s2_lemma_boundary(&pt->pool, end);
  }
  //@ assert cut: Boundary(&pt->pool, gpa) && Boundary(&pt->pool, end);
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

/*@ // entry k of table t is the leaf of level m that continues the run that starts with entry 0; accessed and dirty apart
    predicate Continues{L}(struct s2_pool *p, integer t, integer m, integer k) =
      pte_kind(m, p->tables[t].e[k]) == 1 && pte_pa(m, p->tables[t].e[k]) == pte_pa(m, p->tables[t].e[0]) + part(k, m) &&
      without_ad(pte_attr(m, p->tables[t].e[k])) == without_ad(pte_attr(m, p->tables[t].e[0]));
    // its 512 leaves of level m are what one block of level l would be
    predicate Uniform{L}(struct s2_pool *p, integer t, integer m, integer l) =
      off(pte_pa(m, p->tables[t].e[0]), l) == 0 && \forall integer k; 0 <= k < 512 ==> Continues(p, t, m, k);
    // what the block would be: where its memory starts, and its attributes, accessed and dirty apart
    logic integer first_pa{L}(struct s2_pool *p, integer t, integer m) = pte_pa(m, p->tables[t].e[0]);
    logic integer first_at{L}(struct s2_pool *p, integer t, integer m) = without_ad(pte_attr(m, p->tables[t].e[0])); */

/** What a block of level m + 1 in place of table t would be; status says why it cannot. */
struct merged {
  s2_status status;
  uint64_t hpa;
  uint32_t attr;
};

/** Is e the leaf of level m that continues the run r, at hpa? */
/*@ requires m: m < S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> pte_kind(m, e) == 1 && pte_pa(m, e) == hpa &&
                  without_ad(pte_attr(m, e)) == without_ad(r.attr);
    ensures fit: \result == S2_OK ==> hpa + gran(m) <= width(S2_FMT_HPA_BITS) && attr_made(pte_attr(m, e)); */
static s2_status continues(struct merged r, uint64_t e, uint8_t m, uint64_t hpa) {
  uint32_t kind = s2_entry_kind(m, e);
  if (kind == S2_EMPTY) {
    return S2_ERR_NOT_MAPPED;
  }
  if (kind != S2_LEAF || s2_entry_hpa(m, e) != hpa || !s2_attr_same(s2_entry_attr(m, e), r.attr)) {
    return S2_ERR_UNIFORM;
  }
  return S2_OK;
}

/** Read the 512 leaves of level m in t; accessed and dirty state is their union. */
/*@ requires wf: Wf(p) && t < p->cap && m < S2_MAX_LEVEL && l == m + 1 && 0 <= S2_FMT_HPA_BITS <= 56;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result.status == S2_OK <==> Uniform(p, t, m, l);
    ensures hpa: \result.status == S2_OK ==> \result.hpa == first_pa(p, t, m) &&
                   \result.hpa + gran(l) <= width(S2_FMT_HPA_BITS);
    ensures attr: \result.status == S2_OK ==> attr_made(\result.attr) && without_ad(\result.attr) == first_at(p, t, m); */
static struct merged merge_leaves(const struct s2_pool *p, uint32_t t, uint8_t m, uint8_t l) {
  struct merged r = {S2_OK, 0, 0};
  uint64_t first = s2_entry_read(p, t, 0);
  if (s2_entry_kind(m, first) != S2_LEAF) {
    r.status = s2_entry_kind(m, first) == S2_EMPTY ? S2_ERR_NOT_MAPPED : S2_ERR_UNIFORM;
    return r;
  }
  r.hpa = s2_entry_hpa(m, first);
  r.attr = s2_entry_attr(m, first);
  uint64_t hpa = r.hpa;
  //@ assert cap: gran(m) <= 281474976710656 && width(S2_FMT_HPA_BITS) <= width(62) && part(0, m) == 0;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= 512;
      loop invariant ok: r.status == S2_OK ==> \forall integer k; 0 <= k < i ==> Continues(p, t, m, k);
      loop invariant no: r.status != S2_OK ==> 0 < i && !Continues(p, t, m, i - 1);
      loop invariant hpa: r.status == S2_OK ==> hpa == r.hpa + part(i, m) && hpa <= width(62);
      loop invariant fit: r.status == S2_OK ==> 0 < i ==> r.hpa + part(i, m) <= width(S2_FMT_HPA_BITS);
      loop invariant attr: r.hpa == first_pa(p, t, m) && attr_made(r.attr) && without_ad(r.attr) == first_at(p, t, m);
      loop assigns i, r, hpa;
      loop variant 512 - i; */
  for (i = 0; i < S2_ENTRIES && r.status == S2_OK; i++) {
    //@ assert st: part(i + 1, m) == part(i, m) + gran(m);
    uint64_t e = s2_entry_read(p, t, i);
    r.status = continues(r, e, m, hpa);
    //@ assert co: r.status == S2_OK <==> Continues(p, t, m, i);
    if (r.status == S2_OK) {
      r.attr = s2_attr_join(r.attr, s2_entry_attr(m, e));
    }
    hpa += s2_span(m);
  }
  //@ assert full: bytes(512, m) == gran(l) && bytes(512, m) == part(512, m);
  if (r.status == S2_OK && s2_offset(r.hpa, l) != 0) {
    r.status = S2_ERR_UNIFORM;
  }
  return r;
}

/** The table t of leaves, below entry i of parent, goes to limbo: a hole is where its link was. */
/*@ requires inv: GoodPool(p) && p->nlimbo == 0;
    requires at: Used(p, parent) && Used(p, t) && i < 512 && 0 < l && p->nodes[parent].level == l;
    requires link: pte_kind(l, p->tables[parent].e[i]) == 2 && pte_child(p, p->tables[parent].e[i]) == t;
    requires flat: NoTables(p, t, l - 1);
    requires live: p->nodes[t].live != 0;
    terminates \true; exits \false;
    assigns p->nlimbo, p->used[0 .. 4], p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1];
    ensures inv: GoodPool(p) && p->nlimbo == 1;
    ensures at: Used(p, parent) && p->nodes[parent].level == l && p->nodes[parent].key == \old(p->nodes[parent].key);
    ensures kept: \forall integer j; 0 <= j < 512 ==> p->tables[t].e[j] == \old(p->tables[t].e[j]);
    ensures hit: \forall integer va; Dom(p, va) ==> In(p, parent, i, va) ==> lev(p, va) == l && cur(p, va) == 0;
    ensures pre: \forall integer va; Dom(p, va) ==> In(p, parent, i, va) ==>
                   \old(PA(p, va)) == \old(xpa(l - 1, ent(p, t, va, l - 1), va)) && \old(AT(p, va)) == \old(xat(l - 1, ent(p, t, va, l - 1)));
    ensures miss: \forall integer va; Dom(p, va) ==> !In(p, parent, i, va) ==>
                    PA(p, va) == \old(PA(p, va)) && AT(p, va) == \old(AT(p, va)); */
static void unlink_merged(struct s2_pool *p, uint32_t parent, uint32_t i, uint32_t t, uint8_t l) {
  (void)l; /* the level of parent: the contract's */
  //@ assert us0: parent < p->cap && t < p->cap && 0 <= p->cap - p->nlimbo - 1 < p->cap;
  s2_tree_unlink(p, parent, i, t, S2_NODE_LIMBO);
  //@ assert us: \forall integer s; Used(p, s) ==> s != t && p->nodes[s].level == \at(p->nodes[s].level, Pre) && \at(Used(p, s), Pre);
  //@ assert es: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> p->tables[s].e[j] == \at(p->tables[s].e[j], Pre) || p->tables[s].e[j] == 0;
  //@ assert bf: \at(NoBad(p), Pre);
  //@ assert nb: NoBad(p);
}

/** Break: the link of level l to t, whose leaves are a block's, goes out of its parent and is forgotten everywhere. */
/*@ requires inv: Good(pt) && Dom(&pt->pool, gpa) && gpa <= width(62) && 0 < l <= pt->pool.top && off(gpa, l) == 0;
    requires t: t < pt->pool.cap && tab(&pt->pool, l - 1, gpa) == t;
    requires same: Uniform(&pt->pool, t, l - 1, l);
    terminates \true; exits \false;
    assigns pt->pool.nlimbo, pt->pool.used[0 .. 4], pt->pool.tables[0 .. pt->pool.cap-1],
            pt->pool.nodes[0 .. pt->pool.cap-1], pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges,
            pt->flush.fulls, pt->flush.breaks;
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool);
    ensures fresh: pt->pool.nlimbo == 1 && Flushed(&pt->pool);
    ensures at: Used(&pt->pool, \result) && pt->pool.nodes[\result].level == l && pt->pool.nodes[\result].key == base_of(gpa, l);
    ensures hole: lev(&pt->pool, gpa) == l && cur(&pt->pool, gpa) == 0;
    ensures kept: \forall integer j; 0 <= j < 512 ==> pt->pool.tables[t].e[j] == \old(pt->pool.tables[t].e[j]);
    ensures in: \forall integer va; Dom(&pt->pool, va) ==> gpa <= va < gpa + gran(l) ==>
                  \old(PA(&pt->pool, va)) == \old(first_pa(&pt->pool, t, l - 1)) + off(va, l) &&
                  without_ad(\old(AT(&pt->pool, va))) == \old(first_at(&pt->pool, t, l - 1));
    ensures out: \forall integer va; Dom(&pt->pool, va) ==> !(gpa <= va < gpa + gran(l)) ==>
                   PA(&pt->pool, va) == \old(PA(&pt->pool, va)) && AT(&pt->pool, va) == \old(AT(&pt->pool, va)); */
static uint32_t take_leaves_out(struct s2_pt *pt, uint64_t gpa, uint32_t t, uint8_t l) {
  struct s2_pool *p = &pt->pool;
  uint32_t i = s2_slot(gpa, l);
  //@ ghost uint8_t m = (uint8_t)(l - 1);
  //@ assert en: \forall integer va; 0 <= va ==> ((base_of(va, l) == base_of(gpa, l) && slot_of(va, l) == i) <==> gpa <= va < gpa + gran(l));
  //@ assert tr: \forall integer va; 0 <= va ==> part(slot_of(va, m), m) + off(va, m) == off(va, l);
  //@ assert mm: m == l - 1 && m + 1 == l;
  //@ assert uf: Uniform(p, t, m, l);
  //@ assert uc: \forall integer k; 0 <= k < 512 ==> Continues(p, t, m, k);
  //@ assert un: \forall integer k; 0 <= k < 512 ==> pte_kind(m, p->tables[t].e[k]) == 1 && pte_pa(m, p->tables[t].e[k]) == first_pa(p, t, m) + part(k, m) && without_ad(pte_attr(m, p->tables[t].e[k])) == first_at(p, t, m);
  //@ assert rs: \forall integer va; 0 <= va ==> pte_kind(m, ent(p, t, va, m)) == 1 && pte_pa(m, ent(p, t, va, m)) == first_pa(p, t, m) + part(slot_of(va, m), m) && without_ad(pte_attr(m, ent(p, t, va, m))) == first_at(p, t, m);
  //@ assert ra: \forall integer va; 0 <= va ==> xpa(m, ent(p, t, va, m), va) == first_pa(p, t, m) + off(va, l) && without_ad(xat(m, ent(p, t, va, m))) == first_at(p, t, m);
  //@ assert rl: \forall integer va; 0 <= va ==> xpa(l - 1, ent(p, t, va, l - 1), va) == first_pa(p, t, l - 1) + off(va, l) && without_ad(xat(l - 1, ent(p, t, va, l - 1))) == first_at(p, t, l - 1);
  //@ ghost s2_lemma_sound(p);
  //@ ghost s2_lemma_up(p, t, gpa, m);
  uint32_t parent = s2_table_at(p, gpa, l);
  //@ ghost s2_lemma_reach(p, parent, gpa, l);
  //@ assert link: pte_kind(l, p->tables[parent].e[i]) == 2 && pte_child(p, p->tables[parent].e[i]) == t;
  //@ assert flat: NoTables(p, t, m);
  //@ ghost s2_lemma_cnt(p, t);
  //@ assert used: Used(p, t) && p->nodes[t].level == m && p->nodes[t].live == cnt(p, t, 512);
  //@ assert first: pte_kind(m, p->tables[t].e[0]) == 1;
  //@ assert live: one(p->tables[t].e[0]) == 1;
  //@ assert some: p->nodes[t].live != 0;
  //@ ghost Linked: ;
  unlink_merged(p, parent, i, t, l);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre);
  //@ assert gt: GoodPt(pt);
  //@ assert iff: \forall integer va; 0 <= va ==> (In(p, parent, i, va) <==> gpa <= va < gpa + gran(l));
  //@ assert pl: p->nodes[parent].level == l && p->nodes[parent].key == base_of(gpa, l);
  //@ assert fi: \forall integer va; Dom(p, va) ==> gpa <= va < gpa + gran(l) ==> \at(PA(&pt->pool, va), Pre) == \at(first_pa(&pt->pool, t, l - 1), Pre) + off(va, l) && without_ad(\at(AT(&pt->pool, va), Pre)) == \at(first_at(&pt->pool, t, l - 1), Pre);
  //@ assert sep: \separated(&pt->flush.ranges, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.fulls, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.breaks, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.epoch, p->nodes + (0 .. p->cap-1));
  flush_break(pt, gpa, l);
  //@ assert pk: p->nodes[parent].level == l && p->nodes[parent].key == base_of(gpa, l);
  return parent;
}

/** Make: the block of level l that maps base to hpa, in the hole of t that covers base. */
/*@ requires inv: GoodPool(p) && Used(p, t) && p->nodes[t].level == l && p->nodes[t].key == base_of(base, l) && off(base, l) == 0;
    requires hole: p->tables[t].e[slot_of(base, l)] == 0;
    requires hpa: l <= S2_FMT_LEAF_MAX && off(hpa, l) == 0 && hpa + gran(l) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1];
    ensures inv: GoodPool(p);
    ensures in: \forall integer va; Dom(p, va) ==> base <= va < base + gran(l) ==>
                  PA(p, va) == hpa + off(va, l) && AT(p, va) == attr;
    ensures out: \forall integer va; Dom(p, va) ==> !(base <= va < base + gran(l)) ==>
                   PA(p, va) == \old(PA(p, va)) && AT(p, va) == \old(AT(p, va)); */
static void put_block(struct s2_pool *p, uint32_t t, uint64_t base, uint8_t l, uint64_t hpa, uint32_t attr) {
  uint32_t i = s2_slot(base, l);
  uint64_t e = s2_entry_leaf(l, hpa, attr);
  //@ assert en: \forall integer va; 0 <= va ==> (In(p, t, i, va) <==> base <= va < base + gran(l));
  //@ ghost s2_lemma_cnt(p, t);
  s2_publish();
  s2_term_write(p, t, i, e);
  s2_live_add(p, t, 1);
  //@ assert bi: pte_kind(l, p->tables[t].e[i]) == 1 && p->nodes[t].level == l;
  //@ assert bo: \forall integer s, j; Used(p, s) ==> 0 <= j < 512 ==> (s != t || j != i) ==> pte_kind(p->nodes[s].level, p->tables[s].e[j]) == \at(pte_kind(p->nodes[s].level, p->tables[s].e[j]), Pre);
  //@ assert bf: \at(NoBad(p), Pre);
  //@ assert nb: NoBad(p);
}

/** Break the link to t, forget it everywhere, then make the block: what the leaves held last decides its A and D. */
/*@ requires inv: Good(pt) && Dom(&pt->pool, gpa) && gpa <= width(62) && 0 < l <= pt->pool.top && m == l - 1 && off(gpa, l) == 0;
    requires leaf: l <= pt->pool.leaf_max;
    requires t: t < pt->pool.cap && tab(&pt->pool, m, gpa) == t;
    requires same: Uniform(&pt->pool, t, m, l);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures same: SameButAD{Pre,Post}(&pt->pool); */
static void replace_by_block(struct s2_pt *pt, uint64_t gpa, uint32_t t, uint8_t m, uint8_t l) {
  struct s2_pool *p = &pt->pool;
  uint32_t parent = take_leaves_out(pt, gpa, t, l);
  //@ assert u0: p->tables[t].e[0] == \at(pt->pool.tables[t].e[0], Pre) && \at(Uniform(&pt->pool, t, m, l), Pre);
  //@ assert uk: \forall integer k; 0 <= k < 512 ==> p->tables[t].e[k] == \at(pt->pool.tables[t].e[k], Pre) && \at(Continues(&pt->pool, t, m, k), Pre);
  //@ assert uc: \forall integer k; 0 <= k < 512 ==> Continues(p, t, m, k);
  //@ assert uni: Uniform(p, t, m, l);
  //@ assert cap: parent < p->cap && p->cap == \at(pt->pool.cap, Pre) && p->tables == \at(pt->pool.tables, Pre) && p->nodes == \at(pt->pool.nodes, Pre);
  struct merged r = merge_leaves(p, t, m, l); /* again: the hardware may have set bits until the invalidation */
  //@ assert ok: r.hpa == \at(first_pa(&pt->pool, t, m), Pre) && off(r.hpa, l) == 0 && without_ad(r.attr) == \at(first_at(&pt->pool, t, m), Pre);
  (void)s2_drain(pt);
  //@ ghost s2_lemma_reach(p, parent, gpa, l);
  //@ assert end: lev(p, gpa) == l && cur(p, gpa) == 0 && tab(p, l, gpa) == parent;
  //@ assert hole: p->tables[parent].e[slot_of(gpa, l)] == 0;
  //@ assert gt: GoodPt(pt);
  //@ ghost Broken: ;
  //@ assert sep: \separated(&pt->flush.ranges, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.fulls, p->nodes + (0 .. p->cap-1)) && \separated(&pt->flush.breaks, p->nodes + (0 .. p->cap-1)) && \separated(&pt->splits, p->nodes + (0 .. p->cap-1));
  put_block(p, parent, gpa, l, r.hpa, r.attr);
  //@ assert re2: pt->flush.ranges == \at(pt->flush.ranges, Broken) && pt->flush.fulls == \at(pt->flush.fulls, Broken) && pt->flush.breaks == \at(pt->flush.breaks, Broken) && pt->splits == \at(pt->splits, Broken);
  //@ assert gk: GoodPt(pt);
  //@ assert si: \forall integer va; Dom(p, va) ==> gpa <= va < gpa + gran(l) ==> PA(p, va) == \at(PA(&pt->pool, va), Pre) && without_ad(AT(p, va)) == \at(without_ad(AT(&pt->pool, va)), Pre);
  //@ assert so: \forall integer va; Dom(p, va) ==> !(gpa <= va < gpa + gran(l)) ==> PA(p, va) == \at(PA(&pt->pool, va), Pre) && AT(p, va) == \at(AT(&pt->pool, va), Pre);
  //@ assert same: SameButAD{Pre,Here}(&pt->pool);
  //@ assert ins: Inside(pt) && p->nlimbo == 0;
  s2_flush_mapped(pt, gpa, gpa + s2_span(l), l, false);
  //@ assert ine: Inside(pt) && p->nlimbo == 0;
}

/** The arguments of a collapse, in the order of the header. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < level <= pt->pool.leaf_max && level <= pt->pool.top && off(gpa, level) == 0 &&
                  gpa < width(pt->gpa_bits); */
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
  uint8_t l = (uint8_t)level;
  uint8_t m = (uint8_t)(l - 1);
  //@ ghost s2_lemma_visits(&pt->pool, gpa, m);
  uint32_t t = s2_table_at(&pt->pool, gpa, m);
  //@ ghost s2_lemma_reach(&pt->pool, t, gpa, m);
  st = merge_leaves(&pt->pool, t, m, l).status;
  if (st != S2_OK) {
    return st;
  }
  replace_by_block(pt, gpa, t, m, l);
  return S2_OK;
}
