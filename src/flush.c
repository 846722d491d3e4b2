/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** flush.c - one obligation per call, discharged on every CPU before anything is reused. */
#include "stage2/host.h"
#include "stage2/stats.h"
#include "ops.h"

/*@ requires f: \valid(f);
    terminates \true; exits \false; assigns f->epoch; */
static void next_epoch(struct s2_flush *f) {
  f->epoch = f->epoch == INT32_MAX ? 0 : f->epoch + 1;
}

/*@ requires pt: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_tlb tlb_of(const struct s2_pt *pt) {
  struct s2_root root = s2_pt_root(pt);
  struct s2_tlb tlb = {root.base, root.ctrl, pt->flush.vmid};
  return tlb;
}

/** A range costs one instruction per step; links that went away are known to walk caches under any address. */
/*@ requires pt: \valid_read(pt) && gpa < end && level <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static bool needs_full(const struct s2_pt *pt, uint64_t gpa, uint64_t end, uint8_t level) {
  return pt->pool.nlimbo > 0 || s2_spans_in(end - gpa, level) > S2_FLUSH_STEPS;
}

void s2_flush_range(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint32_t level) {
  if (level > S2_MAX_LEVEL) {
    return;
  }
  struct s2_tlb tlb = tlb_of(pt);
  uint64_t first = gpa;
  uint64_t last = end - 1;
  if (needs_full(pt, gpa, end, (uint8_t)level)) {
    first = 0;
    last = UINT64_MAX;
    s2_count(&pt->flush.fulls, 1);
    s2_arch_flush_all(&tlb);
  } else {
    s2_count(&pt->flush.ranges, 1);
    s2_arch_flush_range(&tlb, first, last, s2_span((uint8_t)level));
  }
  next_epoch(&pt->flush);
  if (S2_FMT_BROADCAST == 0) {
    s2_host_flush_remote(pt->flush.ctx, pt->flush.vmid, first, last);
  }
}
