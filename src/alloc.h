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
/*@ requires s: \valid_read(s) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
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

/** s2_alloc_page(). */
/*@ requires inv: \valid(s) && Good(&s->pt) && at.l <= S2_MAX_LEVEL;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
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
  s2_host_frame_zero(s->pt.flush.ctx, hpa, 0);
  s2_page_commit(&s->pt.pool, at, gpa - off, hpa, s2_attr_new(s->pt.pool.features, attr));
  s2_count(&s->stats.frames_taken, 1);
  r.hpa = hpa + off;
  return r;
}

#endif
