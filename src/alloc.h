/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * alloc.h - a frame and a page of an alloc area, as part of their callers: a fault does nothing else. Internal to src/.
 * s2_take_frame() and s2_alloc_page() are the same out of line.
 */
#ifndef S2_ALLOC_H
#define S2_ALLOC_H

#include "stage2/host.h"
#include "ops.h"

/** s2_take_frame(). */
/*@ requires s: \valid_read(s) && Good(&s->pt) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures fits: \result != S2_NO_FRAME ==> off(\result, l) == 0 && \result + gran(l) <= width(S2_FMT_HPA_BITS);
    ensures apart: \result != S2_NO_FRAME ==> \result + gran(l) <= pool_hpa(&s->pt.pool) ||
                     pool_hpa(&s->pt.pool) + s->pt.pool.cap * 4096 <= \result; */
S2_INLINE uint64_t s2_frame_in(const struct s2_space *s, uint8_t l) {
  void *ctx = s->pt.flush.ctx;
  uint64_t hpa = s2_host_frame_alloc(ctx, s2_order(l));
  if (hpa == S2_NO_FRAME) {
    return S2_NO_FRAME;
  }
  if (s2_check_hpa(&s->pt, hpa, s2_span(l)) != S2_OK || s2_offset(hpa, l) != 0) {
    s2_host_frame_free(ctx, hpa, s2_order(l));
    return S2_NO_FRAME;
  }
  return hpa;
}

/** s2_take_frame() of a page: what the host hands out is what a leaf can name, as a rule. */
/*@ requires pt: \valid_read(s) && Good(&s->pt);
    terminates \true; exits \false; assigns \nothing;
    ensures fits: \result != S2_NO_FRAME ==> off(\result, 0) == 0 && \result + 4096 <= width(S2_FMT_HPA_BITS); */
S2_INLINE uint64_t s2_page_frame(struct s2_space *s) {
  uint64_t hpa = s2_host_frame_alloc(s->pt.flush.ctx, 0);
  if (S2_LIKELY(s2_hpa_fits(&s->pt, hpa))) {
    return hpa;
  }
  if (hpa != S2_NO_FRAME) {
    s2_host_frame_free(s->pt.flush.ctx, hpa, 0);
  }
  return S2_NO_FRAME;
}

/** The frame at hpa, which is zero, becomes the page at gpa: the hole `at` is filled. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && off(gpa, 0) == 0 && gpa + 4096 <= width(s->pt.gpa_bits);
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires hole: at.e == 0 && at.l <= s->pt.pool.nfree;
    requires hpa: off(hpa, 0) == 0 && hpa + 4096 <= width(S2_FMT_HPA_BITS);
    requires zero: zeroed(hpa, 0);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->stats.frames_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures in: \forall integer g; gpa <= g < gpa + 4096 ==> PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == attr;
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g)); */
S2_INLINE void s2_page_fill(struct s2_space *s, struct s2_pos at, uint64_t gpa, uint64_t hpa, uint32_t attr) {
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert dm: \forall integer g; gpa <= g < gpa + 4096 ==> Dom(&s->pt.pool, g);
  //@ assert sep: \separated(&s->pt.flush.ranges, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.fulls, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.breaks, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.splits, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.epoch, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  //@ assert ses: \separated(&s->stats, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  s2_page_commit(&s->pt.pool, at, gpa, hpa, attr);
  //@ assert rec: s->pt.flush.ranges == \at(s->pt.flush.ranges, Pre) && s->pt.flush.fulls == \at(s->pt.flush.fulls, Pre) && s->pt.flush.breaks == \at(s->pt.flush.breaks, Pre) && s->pt.splits == \at(s->pt.splits, Pre) && s->pt.flush.epoch == \at(s->pt.flush.epoch, Pre);
  //@ assert g1: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert g3: 0 <= s->pt.flush.epoch && 0 <= s->pt.flush.ranges && 0 <= s->pt.flush.fulls && 0 <= s->pt.flush.breaks && 0 <= s->pt.splits;
  //@ assert gpt: GoodPt(&s->pt);
  //@ assert ins: Inside(&s->pt) && s->pt.pool.nlimbo == 0;
  //@ assert ct: SpaceCounts(s);
  s2_space_count(s, &s->stats.frames_taken, 1);
}

/** s2_alloc_page(). */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->stats.frames_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures page: \result.level == 0;
    ensures frame: \result.status == S2_OK ==> off(gpa, 0) <= \result.hpa;
    ensures in: \result.status == S2_OK ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                  PA(&s->pt.pool, g) == \result.hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures was: \result.status == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures same: \result.status != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_got s2_page_in(struct s2_space *s, struct s2_pos at, uint64_t gpa, uint32_t attr) {
  struct s2_got r = {s2_page_check(&s->pt.pool, at), 0, S2_NO_FRAME, at.l > 0};
  if (r.status != S2_OK) {
    return r;
  }
  uint64_t hpa = s2_page_frame(s);
  if (hpa == S2_NO_FRAME) {
    r.status = S2_ERR_NO_FRAMES;
    return r;
  }
  uint64_t off = s2_offset(gpa, 0);
  //@ ghost s2_lemma_floor(gpa, at.l, s->pt.gpa_bits);
  //@ ghost s2_lemma_in_page(gpa, at.l);
  //@ ghost s2_lemma_path(&s->pt.pool, at.t, at.i);
  //@ assert in_page: \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> In(&s->pt.pool, at.t, at.i, g);
  //@ assert none: pte_kind(at.l, at.e) == 0 && \forall integer va; xpa(at.l, at.e, va) == -1;
  //@ assert was: \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) == -1;
  s2_host_frame_zero(s->pt.flush.ctx, hpa, 0);
  s2_page_fill(s, at, gpa - off, hpa, s2_attr_new(s->pt.pool.features, attr));
  r.hpa = hpa + off;
  return r;
}

#endif
