/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** protect.c - new rights for every leaf of a range; output, size and type stay, so no entry passes through invalid. */
#include "ops.h"

#ifndef __FRAMAC__
/**
 * Leaf i of t, last seen as e, gets other rights. What the hardware says of accesses at the same moment stays: it can set
 * two bits, so the third try succeeds at the latest. The proof has no hardware, and a read and a write.
 */
static inline void swap_rights(struct s2_pool *p, uint32_t t, uint32_t i, uint8_t l, uint64_t e, uint32_t rights) {
  uint64_t *slot = &p->tables[t].e[i];
  while (!__atomic_compare_exchange_n(slot, &e, s2_entry_rights(l, e, rights), false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
}
#endif

/**
 * Rewrite the leaves in n slots of table t, of level l, from slot i on, up to the first link; hardware: it writes them too.
 * Returns the slots done.
 */
/*@ requires inv: GoodPool(p) && Used(p, t) && p->nodes[t].level == l && i + n <= 512;
    requires legal: RightsMade(rights);
    terminates \true; exits \false;
    assigns p->tables[t].e[0 .. 511];
    ensures inv: Inv(p);
    ensures lv: Live(p);
    ensures nm: NoMarks(p);
    ensures nb: NoBad(p);
    ensures n: 0 <= \result <= n;
    ensures on: 0 < n ==> pte_kind(l, \old(p->tables[t].e[i])) != 2 ==> 0 < \result;
    ensures addr: SamePA{Pre,Post}(p);
    ensures lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \old(lev(p, va));
    ensures at: \forall integer va; Dom(p, va) ==> Run(p, t, i, \result, va) ==> lev(p, va) == l;
    ensures in: \forall integer va; Dom(p, va) ==> Run(p, t, i, \result, va) ==> PA(p, va) != -1 ==>
                  AT(p, va) == with_rights(\old(AT(p, va)), rights);
    ensures hole: \forall integer va; Dom(p, va) ==> PA(p, va) == -1 ==> AT(p, va) == \old(AT(p, va));
    ensures out: \forall integer va; Dom(p, va) ==> !Run(p, t, i, \result, va) ==> AT(p, va) == \old(AT(p, va)); */
S2_INLINE uint32_t rights_slots(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n, uint8_t l, uint32_t rights,
                                bool hardware) {
  uint32_t k;
  (void)hardware; /* the proof has none */
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant on: k == 0 ==> p->tables[t].e[i] == \at(p->tables[t].e[i], Pre);
      loop invariant inv: Inv(p);
      loop invariant lv: Live(p);
      loop invariant nm: NoMarks(p);
      loop invariant nb: NoBad(p);
      loop invariant addr: SamePA{Pre,Here}(p);
      loop invariant lev: \forall integer va; Dom(p, va) ==> lev(p, va) == \at(lev(p, va), Pre);
      loop invariant at: \forall integer va; Dom(p, va) ==> Run(p, t, i, k, va) ==> lev(p, va) == l;
      loop invariant in: \forall integer va; Dom(p, va) ==> Run(p, t, i, k, va) ==> PA(p, va) != -1 ==>
                  AT(p, va) == with_rights(\at(AT(p, va), Pre), rights);
      loop invariant hole: \forall integer va; Dom(p, va) ==> PA(p, va) == -1 ==> AT(p, va) == \at(AT(p, va), Pre);
      loop invariant out: \forall integer va; Dom(p, va) ==> !Run(p, t, i, k, va) ==> AT(p, va) == \at(AT(p, va), Pre);
      loop assigns k, p->tables[t].e[0 .. 511];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    uint64_t e = s2_entry_read(p, t, i + k);
    if (s2_entry_links(l, e)) {
      break;
    }
    //@ ghost s2_lemma_path(p, t, i + k);
    //@ assert at: \forall integer va; Dom(p, va) ==> In(p, t, i + k, va) ==> PA(p, va) == xpa(l, e, va) && AT(p, va) == xat(l, e);
    if (s2_entry_live(e)) {
#ifndef __FRAMAC__
      if (hardware) {
        swap_rights(p, t, i + k, l, e, rights);
        continue;
      }
#endif
      s2_term_write(p, t, i + k, s2_entry_rights(l, e, rights));
    }
  }
  return k;
}

/** The leaves of at.t from slot at.i, address w, on, up to end or the first link. Returns the address behind the run. */
/*@ requires inv: GoodPool(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires first: pte_kind(at.l, p->tables[at.t].e[at.i]) != 2;
    requires w: off(w, at.l) == 0 && p->nodes[at.t].key == base_of(w, at.l) && at.i == slot_of(w, at.l);
    requires end: w < end <= width(62);
    requires legal: RightsMade(rights);
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511];
    ensures inv: GoodPool(p);
    ensures on: w < \result < end + gran(at.l) && off(\result, at.l) == 0;
    ensures addr: SamePA{Pre,Post}(p);
    ensures lev: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g));
    ensures at: \forall integer g; Dom(p, g) ==> w <= g < \result ==> lev(p, g) == at.l;
    ensures in: \forall integer g; Dom(p, g) ==> w <= g < \result ==> PA(p, g) != -1 ==>
                  AT(p, g) == with_rights(\old(AT(p, g)), rights);
    ensures hole: \forall integer g; Dom(p, g) ==> PA(p, g) == -1 ==> AT(p, g) == \old(AT(p, g));
    ensures out: \forall integer g; Dom(p, g) ==> !(w <= g < \result) ==> AT(p, g) == \old(AT(p, g)); */
static uint64_t rights_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end, uint32_t rights) {
  uint32_t n = s2_slots_to(w, end, at.i, at.l);
  uint32_t k;
  bool hardware = (p->features & S2_FEAT_AD) != 0;
  if (at.l == 0 && !hardware) { /* the common case, without a test for links: read, change, write */
    k = rights_slots(p, at.t, at.i, n, 0, rights, false);
  } else {
    k = rights_slots(p, at.t, at.i, n, at.l, rights, hardware);
  }
  //@ ghost s2_lemma_run(w, n, at.l);
  //@ ghost s2_lemma_run(w, k, at.l);
  //@ assert le: part(k, at.l) <= part(n, at.l);
  //@ assert run: \forall integer g; 0 <= g ==> (Run(p, at.t, at.i, k, g) <==> w <= g < w + part(k, at.l));
  return w + s2_run_bytes(k, at.l);
}

uint32_t s2_set_rights(struct s2_pool *p, uint64_t gpa, uint64_t end, uint32_t rights) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: GoodPool(p);
      loop invariant level: level <= 4 || level == S2_NO_LEVEL && w == gpa;
      loop invariant addr: SamePA{Pre,Here}(p);
      loop invariant lev: \forall integer g; Dom(p, g) ==> lev(p, g) == \at(lev(p, g), Pre);
      loop invariant in: \forall integer g; gpa <= g < w ==> Dom(p, g) ==> PA(p, g) != -1 ==>
                           AT(p, g) == with_rights(\at(AT(p, g), Pre), rights);
      loop invariant ahead: \forall integer g; Dom(p, g) ==> w <= g ==> AT(p, g) == \at(AT(p, g), Pre);
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==> AT(p, g) == \at(AT(p, g), Pre);
      loop assigns w, level, p->tables[0 .. p->cap-1];
      loop variant end - w; */
  while (w < end) {
    //@ ghost Top: ;
    //@ assert dom: Dom(p, w);
    struct s2_pos at = s2_pos_at(p, w);
    if (at.l < level) {
      level = at.l;
    }
    //@ assert fl: floor(w, at.l) == w - off(w, at.l) && 0 <= floor(w, at.l) <= w;
    uint64_t first = w - s2_offset(w, at.l);
    //@ assert first: first == floor(w, at.l) && 0 <= first <= w && w < first + gran(at.l);
    //@ assert al: off(first, at.l) == 0 && base_of(first, at.l) == base_of(w, at.l) && slot_of(first, at.l) == slot_of(w, at.l);
    uint64_t next = rights_run(p, at, first, end, rights);
    //@ assert step: w < next && next < end + gran(at.l);
    //@ assert lv: \forall integer g; Dom(p, g) ==> first <= g < next ==> \at(lev(p, g), Pre) == at.l && \at(PA(p, g), Pre) == PA(p, g);
    //@ assert l1: \forall integer g; first <= g < gpa ==> off(g, at.l) == g - first;
    //@ assert l2: first < gpa ==> gpa < first + gran(at.l);
    //@ assert lo: \forall integer g; Dom(p, g) ==> first <= g < gpa ==> \at(PA(p, g), Pre) == PA(p, g) && PA(p, g) == -1;
    //@ assert h1: \forall integer g; end <= g < next ==> floor(g, at.l) == g - off(g, at.l) && floor(g, at.l) + gran(at.l) <= next;
    //@ assert hi: \forall integer g; Dom(p, g) ==> end <= g < next ==> \at(PA(p, g), Pre) == PA(p, g) && PA(p, g) == -1;
    w = next;
  }
  return level;
}

s2_status s2_pt_protect(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint32_t rights) {
  if (!s2_rights_legal(&pt->pool, rights)) {
    return S2_ERR_ATTR;
  }
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t plan = s2_plan_cut(&pt->pool, gpa, end);
  if (plan > (uint32_t)pt->pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(pt, plan, gpa, end);
  uint32_t level = s2_set_rights(&pt->pool, gpa, end, rights);
  //@ assert ins: Inside(pt);
  s2_flush_range(pt, gpa, end, level);
  //@ assert still: Inside(pt);
  return S2_OK;
}
