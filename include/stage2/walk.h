/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * walk.h - the read side of a page table, inline: where does a guest address end?
 *
 * Includes the format's bits, so it needs a format chosen (names.h); stage2.h and the other headers do not include it.
 * For the hottest paths of a hypervisor: the compiler drops whatever of the answer is not used. The same answers come
 * from s2_translate() and s2_pt_query() without it.
 */
#ifndef STAGE2_WALK_H
#define STAGE2_WALK_H

#include "format.h"
#include "space.h"
#ifdef __FRAMAC__
#include "logic/lemmas.acsl"
#endif

/** Where a guest address ends: entry e, slot i of table t, of level l. By value: no memory of the metadata is written. */
struct s2_pos {
  uint64_t e;
  uint32_t t, i;
  uint8_t l;
};

/*@ requires wf: \valid_read(p);
    terminates \true; exits \false; assigns \nothing;
    ensures hpa: \result == pool_hpa(p); */
static inline uint64_t s2_pool_hpa(const struct s2_pool *p) {
  return (uint64_t)p->hpa_hi * 4294967296u + p->hpa_lo;
}

/** Host address of table t. */
/*@ requires wf: Wf(p) && t < p->cap;
    terminates \true; exits \false; assigns \nothing;
    ensures hpa: \result == table_hpa(p, t); */
static inline uint64_t s2_table_hpa(const struct s2_pool *p, uint32_t t) {
  return s2_pool_hpa(p) + (uint64_t)t * S2_PAGE_SIZE;
}

/**
 * Index of the table that link e names, in a pool that starts at pool_hpa. It fits 32 bits, and has 64 so that a walk, which
 * goes on from it at once, does not narrow what it has just computed.
 */
/*@ requires in: 0 <= child_ix(hpa, e) < 0x7fffffff;
    terminates \true; exits \false; assigns \nothing;
    ensures child: \result == child_ix(hpa, e); */
S2_INLINE uint64_t s2_child_of(uint64_t hpa, uint64_t e) {
  return (s2_entry_next(e) - hpa) / S2_PAGE_SIZE;
}

/** One 64-bit load. The hardware may set accessed and dirty bits at any time. */
/*@ requires wf: Wf(p) && t < p->cap && i < 512;
    terminates \true; exits \false; assigns \nothing;
    ensures rd: \result == p->tables[t].e[i]; */
static inline uint64_t s2_entry_read(const struct s2_pool *p, uint64_t t, uint32_t i) {
  return S2_ONCE_READ(p->tables[t].e[i]);
}

/** Slot va of root level l. */
/*@ requires inv: Inv(p) && Dom(p, va) && l == p->top;
    terminates \true; exits \false; assigns \nothing;
    ensures at: \result.t == tab(p, l, va) && Used(p, \result.t) && \result.l == l && \result.i == slot_of(va, l) &&
                \result.e == p->tables[\result.t].e[\result.i]; */
S2_INLINE struct s2_pos s2_pos_root(const struct s2_pool *p, uint64_t va, uint8_t l) {
  uint32_t t = p->root + s2_root_index(va, l);
  uint32_t i = s2_slot(va, l);
  struct s2_pos r = {s2_entry_read(p, t, i), t, i, l};
  return r;
}

/** From a link to the slot of va one level down, level l. */
/*@ requires inv: Inv(p) && Sound(p) && Dom(p, va) && hpa == pool_hpa(p) && l < p->top && at.l == l + 1 && at.t == tab(p, at.l, va);
    requires link: pte_kind(at.l, at.e) == 2 && at.e == p->tables[at.t].e[slot_of(va, at.l)];
    terminates \true; exits \false; assigns \nothing;
    ensures at: \result.t == tab(p, l, va) && Used(p, \result.t) && \result.l == l && \result.i == slot_of(va, l) &&
                \result.e == p->tables[\result.t].e[\result.i]; */
S2_INLINE struct s2_pos s2_pos_down(const struct s2_pool *p, uint64_t hpa, struct s2_pos at, uint64_t va, uint8_t l) {
  //@ assert us: Used(p, at.t) && p->nodes[at.t].level == at.l;
  //@ assert dn: Used(p, pte_child(p, at.e));
  //@ assert ix: child_ix(hpa, at.e) == pte_child(p, at.e);
  uint64_t t = s2_child_of(hpa, at.e);
  uint32_t i = s2_slot(va, l);
  struct s2_pos r = {s2_entry_read(p, t, i), (uint32_t)t, i, l};
  return r;
}

/** Is the walk at level l, and does it go on? */
/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures on: \result <==> at.l == l && pte_kind(l, at.e) == 2; */
S2_INLINE bool s2_pos_links(struct s2_pos at, uint8_t l) {
  return at.l == l && s2_entry_links(l, at.e);
}

/**
 * Where va's path goes on at level 1, or ends above or there: all of it but the step to level 0. Written out level by
 * level, so that every shift is a constant: this is the hottest code of the library.
 */
/*@ requires inv: Inv(p) && Sound(p) && Dom(p, va) && hpa == pool_hpa(p);
    terminates \true; exits \false; assigns \nothing;
    ensures at: \result.l <= p->top && \result.t == tab(p, \result.l, va) && \result.i == slot_of(va, \result.l) &&
                Used(p, \result.t) && \result.e == p->tables[\result.t].e[\result.i];
    ensures end: \result.l > 1 ==> pte_kind(\result.l, \result.e) != 2; */
S2_INLINE struct s2_pos s2_pos_above(const struct s2_pool *p, uint64_t hpa, uint64_t va) {
  struct s2_pos at;
  if (S2_LIKELY(p->top == 3)) {
    at = s2_pos_root(p, va, 3);
  } else if (p->top == 2) {
    at = s2_pos_root(p, va, 2);
  } else if (p->top == 4) {
    at = s2_pos_root(p, va, 4);
  } else {
    at = s2_pos_root(p, va, 1);
  }
  /*@ assert w5: at.l == p->top && at.t == tab(p, at.l, va) && at.i == slot_of(va, at.l) && Used(p, at.t) &&
        at.e == p->tables[at.t].e[at.i]; */
  if (s2_pos_links(at, 4)) {
    at = s2_pos_down(p, hpa, at, va, 3);
  }
  /*@ assert w4: at.l <= p->top && at.t == tab(p, at.l, va) && at.i == slot_of(va, at.l) && Used(p, at.t) &&
        at.e == p->tables[at.t].e[at.i] &&
        (at.l > 3 ==> pte_kind(at.l, at.e) != 2); */
  if (S2_LIKELY(s2_pos_links(at, 3))) {
    at = s2_pos_down(p, hpa, at, va, 2);
  }
  /*@ assert w3: at.l <= p->top && at.t == tab(p, at.l, va) && at.i == slot_of(va, at.l) && Used(p, at.t) &&
        at.e == p->tables[at.t].e[at.i] &&
        (at.l > 2 ==> pte_kind(at.l, at.e) != 2); */
  if (S2_LIKELY(s2_pos_links(at, 2))) {
    at = s2_pos_down(p, hpa, at, va, 1);
  }
  return at;
}

/** The entry that ends va's path: a leaf, a hole, or a marked entry; never a link. */
/*@ requires inv: Inv(p) && Dom(p, va);
    terminates \true; exits \false; assigns \nothing;
    ensures at: Used(p, \result.t) && \result.l == p->nodes[\result.t].level && In(p, \result.t, \result.i, va) &&
                \result.i < 512;
    ensures end: pte_kind(\result.l, \result.e) != 2 && \result.e == p->tables[\result.t].e[\result.i];
    ensures res: lev(p, va) == \result.l && cur(p, va) == \result.e; */
S2_INLINE struct s2_pos s2_pos_at(const struct s2_pool *p, uint64_t va) {
  //@ ghost s2_lemma_sound(p);
  uint64_t hpa = s2_pool_hpa(p);
  struct s2_pos at = s2_pos_above(p, hpa, va);
  if (S2_LIKELY(s2_pos_links(at, 1))) {
    at = s2_pos_down(p, hpa, at, va, 0);
  }
  /*@ assert w1: at.l <= p->top && at.t == tab(p, at.l, va) && at.i == slot_of(va, at.l) && Used(p, at.t) &&
        at.e == p->tables[at.t].e[at.i] &&
        pte_kind(at.l, at.e) != 2; */
  /*@ assert c4: at.l == 4 ==> lev(p, va) == 4 && cur(p, va) == at.e; */
  /*@ assert c3: at.l == 3 ==> lev(p, va) == 3 && cur(p, va) == at.e; */
  /*@ assert c2: at.l == 2 ==> lev(p, va) == 2 && cur(p, va) == at.e; */
  /*@ assert c1: at.l == 1 ==> lev(p, va) == 1 && cur(p, va) == at.e; */
  /*@ assert c0: at.l == 0 ==> lev(p, va) == 0 && cur(p, va) == at.e; */
  return at;
}

/** The table of level `level` on va's path, which is known to exist. */
/*@ requires inv: Inv(p) && Dom(p, va) && level <= p->top && tab(p, level, va) >= 0;
    terminates \true; exits \false; assigns \nothing;
    ensures at: Used(p, \result) && p->nodes[\result].level == level && p->nodes[\result].key == base_of(va, level); */
static inline uint32_t s2_table_at(const struct s2_pool *p, uint64_t va, uint8_t level) {
  //@ ghost s2_lemma_sound(p);
  uint8_t l = (uint8_t)p->top;
  uint32_t t = p->root + s2_root_index(va, l);
  uint64_t hpa = s2_pool_hpa(p);
  /*@ loop invariant lv: level <= l <= p->top && t == tab(p, l, va) && Used(p, t);
      loop assigns t, l;
      loop variant l; */
  while (l > level) {
    //@ ghost s2_lemma_on(p, t, va, l, level);
    t = (uint32_t)s2_child_of(hpa, s2_entry_read(p, t, s2_slot(va, l)));
    l--;
  }
  return t;
}

/** The answer at the end of a path, whose entry is e of level l. */
/*@ requires l: l <= S2_MAX_LEVEL;
    requires limit: 0 <= S2_FMT_HPA_BITS <= 56;
    terminates \true; exits \false; assigns \nothing;
    ensures hit: pte_kind(l, e) == 1 ==> \result.status == S2_OK && \result.hpa == pte_pa(l, e) + off(gpa, l) &&
                   \result.attr == pte_attr(l, e) && \result.len == gran(l) - off(gpa, l);
    ensures end: \result.status == S2_OK ==> \result.hpa + \result.len <= width(S2_FMT_HPA_BITS);
    ensures miss: pte_kind(l, e) != 1 ==> \result.status == S2_ERR_NOT_MAPPED; */
S2_INLINE struct s2_translation s2_answer_of(uint64_t gpa, uint64_t e, uint8_t l) {
  struct s2_translation r = {S2_ERR_NOT_MAPPED, 0, 0, 0};
  if (s2_entry_kind(l, e) == S2_LEAF) {
    uint64_t off = s2_offset(gpa, l);
    r.status = S2_OK;
    //@ assert wd: width(S2_FMT_HPA_BITS) <= width(61);
    r.hpa = s2_entry_hpa(l, e) + off;
    r.len = s2_span(l) - off;
    r.attr = s2_entry_attr(l, e);
  }
  return r;
}

/** s2_translate(), inline. */
/*@ requires inv: \valid_read(s) && Good(&s->pt);
    requires range: 0 <= s->base <= s->limit <= width(s->pt.gpa_bits);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.status == S2_OK ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == \result.attr;
    ensures len: \result.status == S2_OK ==> 0 <= lev(&s->pt.pool, gpa) <= 4 &&
                   \result.len == gran(lev(&s->pt.pool, gpa)) - off(gpa, lev(&s->pt.pool, gpa));
    ensures end: \result.status == S2_OK ==> \result.hpa + \result.len <= width(S2_FMT_HPA_BITS);
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&s->pt.pool, gpa) == -1;
    ensures answer: s->base <= gpa < s->limit ? \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED
                      : \result.status == (gpa < width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH); */
S2_INLINE struct s2_translation s2_lookup(const struct s2_space *s, uint64_t gpa) {
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    struct s2_translation r = {gpa >= s2_width(s->pt.gpa_bits) ? S2_ERR_WIDTH : S2_ERR_RANGE, 0, 0, 0};
    return r;
  }
  //@ assert in: gpa < width(s->pt.gpa_bits);
  //@ assert dm: Dom(&s->pt.pool, gpa);
  //@ assert iv: Inv(&s->pt.pool);
  struct s2_pos at = s2_pos_at(&s->pt.pool, gpa);
  /* most paths end in a page: there, every shift of the answer is a constant too */
  return S2_LIKELY(at.l == 0) ? s2_answer_of(gpa, at.e, 0) : s2_answer_of(gpa, at.e, at.l);
}

#endif
