/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * laws.c - what callers of the page table may rely on, proved from the contracts in stage2/table.h alone. Nothing here
 * runs: each function is a client, and its contract is the law.
 */
#include "stage2/table.h"

/*@ predicate Covers(integer gpa, integer size, integer g) = gpa <= g < gpa + size;
    // what [gpa, gpa + size) -> hpa makes of the translation of g
    predicate Mapped{L}(struct s2_pool *p, integer gpa, integer size, integer hpa, integer attr) =
      \forall integer g; Covers(gpa, size, g) ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == new_attr(attr);
    predicate Apart(integer a, integer asize, integer b, integer bsize) = \forall integer g; !(Covers(a, asize, g) && Covers(b, bsize, g)); */

/** Query after map: an address of the range is found, with its host address and what was asked for. */
/*@ requires inv: Good(pt) && gpa <= g < gpa + size;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures found: \result.status != S2_ERR_NOT_MAPPED;
    ensures there: \result.status == S2_OK ==> \result.hpa + (g - \result.gpa) == hpa + (g - gpa) &&
                     \result.attr == new_attr(attr); */
struct s2_leaf law_query_after_map(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                                   uint32_t leaf_max, uint64_t g) {
  struct s2_leaf r = {S2_ERR_CONFIG, 0, 0, 0, 0, 0};
  if (s2_pt_map(pt, gpa, size, hpa, attr, leaf_max) == S2_OK) {
    r = s2_pt_query(pt, g);
  }
  return r;
}

/** Unmap after map: where there was nothing before there is nothing again, and elsewhere what there was. */
/*@ requires inv: Good(pt);
    requires hole: \forall integer g; Covers(gpa, size, g) ==> PA(&pt->pool, g) == -1;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures again: \result == S2_OK ==> SamePA{Pre,Post}(&pt->pool);
    ensures rights: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) != -1 ==>
                      AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
s2_status law_unmap_after_map(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                              uint32_t leaf_max) {
  if (s2_pt_map(pt, gpa, size, hpa, attr, leaf_max) != S2_OK) {
    return S2_OK;
  }
  return s2_pt_unmap(pt, gpa, size);
}

/** Protect after map: the addresses of the map, the rights of the protect; nothing moves. */
/*@ requires inv: Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures where: \result == S2_OK ==> \forall integer g; Covers(gpa, size, g) ==> PA(&pt->pool, g) == hpa + (g - gpa);
    ensures rights: \result == S2_OK ==> \forall integer g; Covers(gpa, size, g) ==>
                      AT(&pt->pool, g) == with_rights(new_attr(attr), rights); */
s2_status law_protect_keeps_addresses(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                                      uint32_t leaf_max, uint32_t rights) {
  s2_status st = s2_pt_map(pt, gpa, size, hpa, attr, leaf_max);
  if (st != S2_OK) {
    return st;
  }
  //@ assert in: \forall integer g; Covers(gpa, size, g) ==> Dom(&pt->pool, g);
  return s2_pt_protect(pt, gpa, size, rights);
}

/** Split and collapse change leaves, not the translation: accessed and dirty state apart. */
/*@ requires inv: Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures same: SameButAD{Pre,Post}(&pt->pool); */
void law_split_and_collapse_keep(struct s2_pt *pt, uint64_t gpa, uint64_t at, uint32_t level) {
  s2_status split = s2_pt_split(pt, gpa);
  s2_status merged = s2_pt_collapse(pt, at, level);
  (void)split;
  (void)merged;
}

/**
 * Two disjoint maps commute: whichever comes first, the translation afterwards is this one, which names neither as the
 * first. law_disjoint_maps() is both orders: call it with the two exchanged.
 */
/*@ requires inv: Good(pt) && Apart(a, asize, b, bsize);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures one: \result == S2_OK ==> Mapped(&pt->pool, a, asize, ahpa, attr);
    ensures two: \result == S2_OK ==> Mapped(&pt->pool, b, bsize, bhpa, attr);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !Covers(a, asize, g) ==> !Covers(b, bsize, g) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
s2_status law_disjoint_maps(struct s2_pt *pt, uint64_t a, uint64_t asize, uint64_t ahpa, uint64_t b, uint64_t bsize,
                            uint64_t bhpa, uint32_t attr, uint32_t leaf_max) {
  s2_status st = s2_pt_map(pt, a, asize, ahpa, attr, leaf_max);
  if (st != S2_OK) {
    return st;
  }
  //@ assert in: \forall integer g; Covers(a, asize, g) ==> Dom(&pt->pool, g) && !Covers(b, bsize, g);
  return s2_pt_map(pt, b, bsize, bhpa, attr, leaf_max);
}

/** Plan, then map (T11): when as many tables are free as the plan says, the map does not run out of them. */
/*@ requires inv: Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures suffices: \result != S2_ERR_NO_TABLES; */
s2_status law_plan_suffices(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                            uint32_t leaf_max) {
  struct s2_need need = s2_pt_tables_needed(pt, gpa, size, hpa, leaf_max);
  if (need.status == S2_OK && need.tables <= (uint32_t)pt->pool.nfree) {
    return s2_pt_map(pt, gpa, size, hpa, attr, leaf_max);
  }
  return need.status;
}
