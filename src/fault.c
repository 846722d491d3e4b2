/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fault.c - one guest access faulted: resolved, spurious, denied, in no area, or out of memory. Nothing else. */
#include "stage2/space.h"
#include "ops.h"

/*@ terminates \true; exits \false; assigns \nothing; */
static struct s2_fault_result answer(enum s2_fault_kind kind, s2_status status, uint64_t hpa) {
  struct s2_fault_result r = {kind, status, hpa};
  return r;
}

/** A page is there: enough rights, or (write-protected for tracking) fewer than its area, which are given now. */
/*@ requires inv: \valid(s) && Good(&s->pt);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result present(struct s2_space *s, uint64_t gpa, struct s2_leaf leaf, struct s2_area area,
                                      uint32_t access) {
  uint64_t hpa = leaf.hpa + (gpa - leaf.gpa);
  if ((leaf.attr & access) == access) {
    return answer(S2_FAULT_SPURIOUS, S2_OK, hpa);
  }
  uint64_t end = leaf.gpa + leaf.size;
  uint32_t level = s2_set_rights(&s->pt.pool, leaf.gpa, end, area.attr & S2_RIGHTS);
  s2_flush_range(&s->pt, leaf.gpa, end, level);
  return answer(S2_FAULT_RESOLVED, S2_OK, hpa);
}

/** Nothing is there: an alloc area gets a page. */
/*@ requires inv: \valid(s) && Good(&s->pt);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result absent(struct s2_space *s, uint64_t gpa, struct s2_area area) {
  if ((area.backend & S2_BACK_KIND) != S2_BACK_ALLOC) {
    return answer(S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
  }
  struct s2_got got = s2_alloc_one(s, gpa, (uint64_t)area.start, (uint64_t)area.end, area.attr,
                                   (area.backend & S2_BACK_BLOCKS) != 0);
  if (got.status != S2_OK) {
    return answer(S2_FAULT_NO_MEMORY, got.status, 0);
  }
  return answer(S2_FAULT_RESOLVED, S2_OK, got.hpa);
}

/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static struct s2_fault_result resolve(struct s2_space *s, uint64_t gpa, uint32_t access) {
  if (access == 0 || (access & ~S2_RIGHTS) != 0) {
    return answer(S2_FAULT_BAD, S2_ERR_ATTR, 0);
  }
  struct s2_leaf leaf = s2_query(s, gpa);
  if (leaf.status != S2_OK && leaf.status != S2_ERR_NOT_MAPPED) {
    return answer(S2_FAULT_NO_AREA, leaf.status, 0);
  }
  struct s2_area area = s2_areas_find(&s->areas, gpa);
  if (area.backend == S2_BACK_NONE) {
    return answer(S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
  }
  if ((area.attr & access) != access) {
    return answer(S2_FAULT_DENIED, S2_ERR_DENIED, 0);
  }
  return leaf.status == S2_OK ? present(s, gpa, leaf, area, access) : absent(s, gpa, area);
}

struct s2_fault_result s2_fault(struct s2_space *s, uint64_t gpa, uint32_t access) {
  struct s2_fault_result r = resolve(s, gpa, access);
  s2_count(&s->stats.faults[r.kind], 1);
  return r;
}
