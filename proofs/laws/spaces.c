/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * spaces.c - two page tables side by side: an operation on one leaves the translation of the other as it was (T12), and two
 * spaces whose frames come from grants that share nothing never translate to a common frame (T6). Clients of stage2/table.h,
 * as in laws.c; a and b are given memory that lies apart, which is what s2_pt_init() is given for each.
 */
#include "stage2/table.h"

/*@ // b's record and tables lie outside all that an operation on a writes
    predicate Apart{L}(struct s2_pt *a, struct s2_pt *b) =
      \separated(b, a, a->pool.tables + (0 .. a->pool.cap-1), a->pool.nodes + (0 .. a->pool.cap-1),
                 a->pool.stack + (0 .. a->pool.cap-1)) &&
      \separated(b->pool.tables + (0 .. b->pool.cap-1), a, a->pool.tables + (0 .. a->pool.cap-1),
                 a->pool.nodes + (0 .. a->pool.cap-1), a->pool.stack + (0 .. a->pool.cap-1));
    // everything that is mapped is mapped to the host addresses [lo, hi)
    predicate Within{L}(struct s2_pool *p, integer lo, integer hi) = \forall integer g; Dom(p, g) ==> PA(p, g) != -1 ==>
      lo <= PA(p, g) < hi;
    // no host address is reached from both
    predicate Isolated{L}(struct s2_pool *p, struct s2_pool *q) = \forall integer g, h; Dom(p, g) ==> Dom(q, h) ==>
      PA(p, g) != -1 ==> PA(p, g) != PA(q, h); */

/** Map in a: b translates as before. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks;
    ensures other: Same{Pre,Post}(&b->pool); */
s2_status law_map_leaves_other(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa, uint64_t size, uint64_t hpa,
                               uint32_t attr, uint32_t leaf_max) {
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_map(a, gpa, size, hpa, attr, leaf_max);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  return st;
}

/** Unmap in a: b translates as before. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks, a->splits;
    ensures other: Same{Pre,Post}(&b->pool); */
s2_status law_unmap_leaves_other(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa, uint64_t size) {
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_unmap(a, gpa, size);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  return st;
}

/** Protect in a: b translates as before. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks, a->splits;
    ensures other: Same{Pre,Post}(&b->pool); */
s2_status law_protect_leaves_other(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa, uint64_t size,
                                   uint32_t rights) {
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_protect(a, gpa, size, rights);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  return st;
}

/** Split in a: b translates as before. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks, a->splits;
    ensures other: Same{Pre,Post}(&b->pool); */
s2_status law_split_leaves_other(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa) {
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_split(a, gpa);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  return st;
}

/** Collapse in a: b translates as before. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks;
    ensures other: Same{Pre,Post}(&b->pool); */
s2_status law_collapse_leaves_other(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa, uint32_t level) {
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_collapse(a, gpa, level);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  return st;
}

/** A map inside the grant keeps a space inside its grant. */
/*@ requires inv: Good(a) && Within(&a->pool, lo, hi);
    requires grant: lo <= hpa && hpa + size <= hi;
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks;
    ensures inv: Good(a);
    ensures within: Within(&a->pool, lo, hi); */
s2_status law_map_stays_within(struct s2_pt *a, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                               uint32_t leaf_max, uint64_t lo, uint64_t hi) {
  (void)lo;
  (void)hi;
  return s2_pt_map(a, gpa, size, hpa, attr, leaf_max);
}

/** So does whatever maps nothing. */
/*@ requires inv: Good(a) && Within(&a->pool, lo, hi);
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks,
            a->splits;
    ensures inv: Good(a);
    ensures within: Within(&a->pool, lo, hi); */
void law_others_stay_within(struct s2_pt *a, uint64_t gpa, uint64_t size, uint32_t rights, uint64_t at, uint32_t level,
                            uint64_t lo, uint64_t hi) {
  (void)lo;
  (void)hi;
  s2_status st = s2_pt_protect(a, gpa, size, rights);
  //@ assert protected: Within(&a->pool, lo, hi);
  st = s2_pt_split(a, at);
  //@ assert split: Within(&a->pool, lo, hi);
  st = s2_pt_collapse(a, at, level);
  //@ assert merged: Within(&a->pool, lo, hi);
  st = s2_pt_unmap(a, gpa, size);
  (void)st;
}

/** Grants that share nothing: after any map inside a's grant no address of a and no address of b have a common frame. */
/*@ requires inv: Good(a) && Good(b) && Apart(a, b);
    requires grants: Within(&a->pool, alo, ahi) && Within(&b->pool, blo, bhi) && (ahi <= blo || bhi <= alo);
    requires grant: alo <= hpa && hpa + size <= ahi;
    terminates \true; exits \false;
    assigns a->pool.nfree, a->pool.nlimbo, a->pool.low, a->pool.used[0 .. 4], a->pool.high[0 .. 4],
            a->pool.tables[0 .. a->pool.cap-1], a->pool.nodes[0 .. a->pool.cap-1],
            a->pool.stack[0 .. a->pool.cap-1], a->flush.epoch, a->flush.ranges, a->flush.fulls, a->flush.breaks;
    ensures apart: Isolated(&a->pool, &b->pool); */
s2_status law_spaces_are_isolated(struct s2_pt *a, const struct s2_pt *b, uint64_t gpa, uint64_t size, uint64_t hpa,
                                  uint32_t attr, uint32_t leaf_max, uint64_t alo, uint64_t ahi, uint64_t blo,
                                  uint64_t bhi) {
  (void)alo;
  (void)ahi;
  (void)blo;
  (void)bhi;
  //@ ghost s2_lemma_sound(&b->pool);
  //@ ghost s2_lemma_root(&b->pool);
  s2_status st = s2_pt_map(a, gpa, size, hpa, attr, leaf_max);
#ifdef __FRAMAC__
#include "proofs/laws/untouched.acsl"
#endif
  //@ assert mine: Within(&a->pool, alo, ahi);
  //@ assert theirs: Within(&b->pool, blo, bhi);
  return st;
}
