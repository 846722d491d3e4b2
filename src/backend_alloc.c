/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** backend_alloc.c - areas whose frames come from the host: obtained, zeroed, mapped; marked, invalidated, given back. */
#include "alloc.h"
#include "ops.h"
#include "share.h"

/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static int64_t pages_of(uint8_t l) {
  return (int64_t)(s2_span(l) / S2_PAGE_SIZE);
}

uint64_t s2_take_frame(const struct s2_space *s, uint8_t l) {
  return s2_frame_in(s, l);
}

struct s2_got s2_alloc_page(struct s2_space *s, struct s2_pos at, uint64_t gpa, uint32_t attr) {
  return s2_page_in(s, at, gpa, attr);
}

/** Can a block of level l at base be made: inside [lo, hi), nothing there, tables enough? */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_need check_block(const struct s2_space *s, uint64_t base, uint64_t lo, uint64_t hi, uint8_t l) {
  struct s2_need r = {S2_ERR_RANGE, 0};
  if (base >= lo && hi - base >= s2_span(l)) {
    r = s2_plan_map(&s->pt.pool, base, base + s2_span(l), 0, l);
    r.status = s2_plan_check(&s->pt.pool, r);
  }
  return r;
}

/** One try: a block of level l > 0 around gpa, inside [lo, hi). */
/*@ requires inv: \valid(s) && Good(&s->pt) && 0 < l <= S2_MAX_LEVEL && lo <= gpa < hi;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures same: \result.status != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
static struct s2_got alloc_block(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr, uint8_t l) {
  uint64_t base = gpa - s2_offset(gpa, l);
  struct s2_need need = check_block(s, base, lo, hi, l);
  struct s2_got r = {need.status, l, S2_NO_FRAME, need.tables > 0};
  if (r.status != S2_OK) {
    return r;
  }
  uint64_t hpa = s2_take_frame(s, l);
  if (hpa == S2_NO_FRAME) {
    r.status = S2_ERR_NO_FRAMES;
    return r;
  }
  s2_host_frame_zero(s->pt.flush.ctx, hpa, s2_order(l));
  s2_commit_map(&s->pt.pool, base, base + s2_span(l), hpa, s2_attr_new(s->pt.pool.features, attr), l);
  s2_count(&s->stats.frames_taken, pages_of(l));
  s2_count(&s->stats.blocks_taken, 1);
  r.hpa = hpa + (gpa - base);
  return r;
}

struct s2_got s2_alloc_one(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr, bool blocks) {
  uint8_t l = blocks ? (uint8_t)s->pt.pool.leaf_max : 0;
  /*@ loop invariant inv: Good(&s->pt);
      loop assigns l, *s, s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1];
      loop variant l; */
  while (l > 0) {
    struct s2_got r = alloc_block(s, gpa, lo, hi, attr, l);
    if (r.status == S2_OK) {
      return r;
    }
    l--;
  }
  return s2_alloc_page(s, s2_pos_at(&s->pt.pool, gpa), gpa, attr);
}

s2_status s2_alloc_populate(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t attr, bool blocks) {
  bool linked = false;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop invariant inv: Good(&s->pt);
      loop assigns w, linked, *s, s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1];
      loop variant end - w; */
  while (w < end) {
    struct s2_got got = s2_alloc_one(s, w, w, end, attr, blocks);
    if (got.status != S2_OK) {
      if (w > gpa) {
        s2_alloc_release(s, gpa, w, s2_mark(&s->pt.pool, gpa, w));
      }
      return got.status;
    }
    linked = linked || got.linked;
    w += s2_span((uint8_t)got.level);
  }
  s2_flush_mapped(&s->pt, gpa, end, 0, linked);
  return S2_OK;
}

void s2_alloc_release(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t level) {
  int64_t pages = s2_flush_done(&s->pt, gpa, end, level);
  pages += s2_reap(&s->pt.pool, s->pt.flush.ctx, gpa, end);
  s2_count(&s->stats.frames_given, pages);
}
