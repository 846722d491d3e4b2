/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * two_spaces.c - what spaces.c proves of page tables, for whole spaces: an operation on s leaves the translation of the other as it
 * was (T12), and spaces whose host memory comes from grants that share nothing never translate to a common host address
 * (T6). Clients of stage2/space.h; s and the other are given memory that lies apart, which is what s2_init() is given for each.
 */
#include "stage2/space.h"

/*@ // the other's record and tables lie outside all that an operation on s writes
    predicate SpaceApart{L}(struct s2_space *s, struct s2_space *other) =
      \separated(other, s, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1),
                 s->pt.pool.stack + (0 .. s->pt.pool.cap-1), s->areas.chunks + (0 .. s->areas.cap-1),
                 s->areas.lo + (0 .. s->areas.cap-1), s->areas.id + (0 .. s->areas.cap-1), s->areas.spare + (0 .. s->areas.cap-1)) &&
      \separated(other->pt.pool.tables + (0 .. other->pt.pool.cap-1), s, s->pt.pool.tables + (0 .. s->pt.pool.cap-1),
                 s->areas.lo + (0 .. s->areas.cap-1));
    predicate SpaceWithin{L}(struct s2_space *s, integer lo, integer hi) = \forall integer g; Dom(&s->pt.pool, g) ==>
      PA(&s->pt.pool, g) != -1 ==> lo <= PA(&s->pt.pool, g) < hi;
    // no host address is reached from both
    predicate SpacesIsolated{L}(struct s2_space *s, struct s2_space *other) = \forall integer g, h; Dom(&s->pt.pool, g) ==>
      Dom(&other->pt.pool, h) ==> PA(&s->pt.pool, g) != -1 ==> PA(&s->pt.pool, g) != PA(&other->pt.pool, h); */

/** A map in s: the other translates as before. */
/*@ requires inv: SpaceInv(s) && SpaceInv(other) && SpaceApart(s, other);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures other: Same{Pre,Post}(&other->pt.pool); */
s2_status law_map_linear_leaves_other(struct s2_space *s, const struct s2_space *other, uint64_t gpa, uint64_t size,
                                      uint64_t hpa, uint32_t attr, uint32_t flags) {
  //@ ghost s2_lemma_sound(&other->pt.pool);
  //@ ghost s2_lemma_root(&other->pt.pool);
  s2_status st = s2_map_linear(s, gpa, size, hpa, attr, flags);
#ifdef __FRAMAC__
#include "proofs/laws/untouched_space.acsl"
#endif
  return st;
}

/** So does an unmap. */
/*@ requires inv: SpaceInv(s) && SpaceInv(other) && SpaceApart(s, other);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures other: Same{Pre,Post}(&other->pt.pool); */
s2_status law_space_unmap_leaves_other(struct s2_space *s, const struct s2_space *other, uint64_t gpa, uint64_t size) {
  //@ ghost s2_lemma_sound(&other->pt.pool);
  //@ ghost s2_lemma_root(&other->pt.pool);
  s2_status st = s2_unmap(s, gpa, size);
#ifdef __FRAMAC__
#include "proofs/laws/untouched_space.acsl"
#endif
  return st;
}

/** A fault of s's guest: the other translates as before. */
/*@ requires inv: SpaceInv(s) && SpaceInv(other) && SpaceApart(s, other);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures other: Same{Pre,Post}(&other->pt.pool); */
struct s2_fault_result law_fault_leaves_other(struct s2_space *s, const struct s2_space *other, uint64_t gpa,
                                              uint32_t access) {
  //@ ghost s2_lemma_sound(&other->pt.pool);
  //@ ghost s2_lemma_root(&other->pt.pool);
  struct s2_fault_result r = s2_fault(s, gpa, access);
#ifdef __FRAMAC__
#include "proofs/laws/untouched_space.acsl"
#endif
  return r;
}

/** A linear map inside the grant keeps a space inside its grant. */
/*@ requires inv: SpaceInv(s) && SpaceWithin(s, lo, hi);
    requires grant: lo <= hpa && hpa + size <= hi;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures within: SpaceWithin(s, lo, hi); */
s2_status law_map_linear_stays_within(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                                      uint32_t flags, uint64_t lo, uint64_t hi) {
  (void)lo;
  (void)hi;
  return s2_map_linear(s, gpa, size, hpa, attr, flags);
}

/** Grants that share nothing: after any linear map inside s's grant no address of s and none of the other have a host address in common. */
/*@ requires inv: SpaceInv(s) && SpaceInv(other) && SpaceApart(s, other);
    requires grants: SpaceWithin(s, slo, shi) && SpaceWithin(other, tlo, thi) && (shi <= tlo || thi <= slo);
    requires grant: slo <= hpa && hpa + size <= shi;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures apart: SpacesIsolated(s, other); */
s2_status law_guests_are_isolated(struct s2_space *s, const struct s2_space *other, uint64_t gpa, uint64_t size,
                                  uint64_t hpa, uint32_t attr, uint32_t flags, uint64_t slo, uint64_t shi, uint64_t tlo,
                                  uint64_t thi) {
  (void)slo;
  (void)shi;
  (void)tlo;
  (void)thi;
  //@ ghost s2_lemma_sound(&other->pt.pool);
  //@ ghost s2_lemma_root(&other->pt.pool);
  s2_status st = s2_map_linear(s, gpa, size, hpa, attr, flags);
#ifdef __FRAMAC__
#include "proofs/laws/untouched_space.acsl"
#endif
  //@ assert mine: SpaceWithin(s, slo, shi);
  //@ assert theirs: SpaceWithin(other, tlo, thi);
  return st;
}

/** What is mapped is what is found: a linear map, then a translation of any address of it. */
/*@ requires inv: SpaceInv(s);
    requires where: gpa <= g < gpa + size;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures found: \result.status == S2_OK ==> \result.hpa == hpa + (g - gpa) && \result.attr == new_attr(attr); */
struct s2_translation law_translate_after_map_linear(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa,
                                                     uint32_t attr, uint32_t flags, uint64_t g) {
  struct s2_translation r = {S2_ERR_NOT_MAPPED, 0, 0, 0};
  r.status = s2_map_linear(s, gpa, size, hpa, attr, flags);
  if (r.status == S2_OK) {
    r = s2_translate(s, g);
    //@ assert there: r.status == S2_OK;
  }
  return r;
}
