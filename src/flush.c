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

/** On all other CPUs, unless the instructions have reached them. */
/*@ requires pt: \valid(pt);
    terminates \true; exits \false; assigns pt->flush.epoch; */
static void flush_others(struct s2_pt *pt, uint64_t first, uint64_t last) {
  next_epoch(&pt->flush);
  if (S2_FMT_BROADCAST == 0) {
    s2_host_flush_remote(pt->flush.ctx, pt->flush.vmid, first, last);
  }
}

void s2_flush_full(struct s2_pt *pt) {
  struct s2_tlb tlb = tlb_of(pt);
  s2_count(&pt->flush.fulls, 1);
  s2_arch_flush_all(&tlb);
  flush_others(pt, 0, UINT64_MAX);
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
  if (needs_full(pt, gpa, end, (uint8_t)level)) {
    s2_flush_full(pt);
    return;
  }
  struct s2_tlb tlb = tlb_of(pt);
  s2_count(&pt->flush.ranges, 1);
  s2_arch_flush_range(&tlb, gpa, end - 1, s2_span((uint8_t)level));
  flush_others(pt, gpa, end - 1);
}
