/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fault.c - one guest access faulted: resolved, spurious, denied, in no area, or out of memory. Nothing else. */
#include "stage2/host.h"
#include "stage2/space.h"
#include "alloc.h"
#include "ops.h"
#include "share.h"

/*@ terminates \true; exits \false; assigns \nothing; */
static struct s2_fault_result answer(enum s2_fault_kind kind, s2_status status, uint64_t hpa) {
  struct s2_fault_result r = {kind, status, hpa};
  return r;
}

/** A write to a page that others own too: it gets a copy of its own. */
/*@ requires inv: \valid(s) && Good(&s->pt);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result copied(struct s2_space *s, uint64_t gpa, uint32_t attr) {
  s2_status st = s2_copy_page(s, gpa - s2_offset(gpa, 0), attr);
  if (st != S2_OK) {
    return answer(S2_FAULT_NO_MEMORY, st, 0);
  }
  return answer(S2_FAULT_RESOLVED, S2_OK, s2_translate(s, gpa).hpa);
}

/** A leaf is there: enough rights, or (write-protected for tracking) fewer than its area, which are given now. */
/*@ requires inv: \valid(s) && Good(&s->pt) && pte_kind(at.l, at.e) == 1;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
S2_APART struct s2_fault_result present(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr,
                                        uint32_t access) {
  uint64_t base = gpa - s2_offset(gpa, at.l);
  uint64_t hpa = s2_entry_hpa(at.l, at.e) + (gpa - base);
  if ((s2_entry_attr(at.l, at.e) & access) == access) {
    return answer(S2_FAULT_SPURIOUS, S2_OK, hpa);
  }
  if (s->shares && (access & S2_W) != 0 &&
      s2_host_frame_shared(s->pt.flush.ctx, s2_entry_hpa(at.l, at.e), s2_order(at.l))) {
    return copied(s, gpa, attr);
  }
  /* others may own the frame of a leaf that is not written to now: it stays read-only */
  uint32_t rights = s->shares && (access & S2_W) == 0 ? attr & (S2_RIGHTS & ~S2_W) : attr & S2_RIGHTS;
  uint64_t end = base + s2_span(at.l);
  s2_flush_range(&s->pt, base, end, s2_set_rights(&s->pt.pool, base, end, rights));
  return answer(S2_FAULT_RESOLVED, S2_OK, hpa);
}

/** What came of a hole: a leaf that every CPU may now use, or no memory. */
/*@ requires inv: \valid(s) && Good(&s->pt) && got.level <= S2_MAX_LEVEL;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
S2_INLINE struct s2_fault_result settled(struct s2_space *s, uint64_t gpa, struct s2_got got) {
  if (got.status != S2_OK) {
    return answer(S2_FAULT_NO_MEMORY, got.status, 0);
  }
  uint64_t base = gpa - s2_offset(gpa, (uint8_t)got.level);
  s2_flush_mapped(&s->pt, base, base + s2_span((uint8_t)got.level), got.level, got.linked);
  return answer(S2_FAULT_RESOLVED, S2_OK, got.hpa);
}

/** A hole in an alloc area: a page, or a block if it may be one. */
/*@ requires inv: \valid(s) && Good(&s->pt) && pte_kind(at.l, at.e) == 0;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result absent(struct s2_space *s, uint64_t gpa, struct s2_pos at, struct s2_area area) {
  if ((area.backend & S2_BACK_BLOCKS) != 0) {
    return settled(s, gpa, s2_alloc_one(s, gpa, (uint64_t)area.start, (uint64_t)area.end, area.attr, true));
  }
  return settled(s, gpa, s2_page_in(s, at, gpa, area.attr));
}

/** Inside an area that allows the access. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static struct s2_fault_result resolve_in(struct s2_space *s, uint64_t gpa, struct s2_area area, uint32_t access) {
  struct s2_pos at = s2_pos_at(&s->pt.pool, gpa);
  if (at.e != 0 && s2_entry_kind(at.l, at.e) == S2_LEAF) { /* a hole needs no decoding */
    return present(s, gpa, at, area.attr, access);
  }
  if ((area.backend & S2_BACK_KIND) == S2_BACK_ALLOC) {
    return absent(s, gpa, at, area);
  }
  return answer(S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
}

/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static struct s2_fault_result resolve(struct s2_space *s, uint64_t gpa, uint32_t access) {
  if (access == 0 || (access & ~S2_RIGHTS) != 0) {
    return answer(S2_FAULT_BAD, S2_ERR_ATTR, 0);
  }
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    return answer(S2_FAULT_NO_AREA, gpa < s2_width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH, 0);
  }
  struct s2_area area = s2_areas_again(&s->areas, gpa);
  if (area.backend == S2_BACK_NONE) {
    return answer(S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
  }
  if ((area.attr & access) != access) {
    return answer(S2_FAULT_DENIED, S2_ERR_DENIED, 0);
  }
  return resolve_in(s, gpa, area, access);
}

struct s2_fault_result s2_fault(struct s2_space *s, uint64_t gpa, uint32_t access) {
  struct s2_fault_result r = resolve(s, gpa, access);
  s2_count(&s->stats.faults[r.kind], 1);
  return r;
}
