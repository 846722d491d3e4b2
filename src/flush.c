/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** flush.c - one obligation per call, discharged on every CPU before anything is reused. */
#include "stage2/host.h"
#include "stage2/stats.h"
#include "ops.h"

void s2_flush_operands(struct s2_pt *pt, uint32_t vmid) {
  pt->flush.tlb.vmid = vmid; /* first: it is part of some root registers */
  struct s2_root root = s2_pt_root(pt);
  pt->flush.tlb.root = root.base;
  pt->flush.tlb.ctrl = root.ctrl;
#ifdef __FRAMAC__
#include "proofs/wp/operands.acsl"
#endif
}

s2_status s2_pt_set_vmid(struct s2_pt *pt, uint32_t vmid) {
  if (!s2_vmid_legal(pt->pool.features, vmid)) {
    return S2_ERR_CONFIG;
  }
  s2_flush_operands(pt, vmid);
  return S2_OK;
}

/*@ requires f: \valid(f);
    terminates \true; exits \false; assigns f->epoch; */
static void next_epoch(struct s2_flush *f) {
  f->epoch = f->epoch == INT32_MAX ? 0 : f->epoch + 1;
}

/** On all other CPUs, unless the instructions have reached them. */
/*@ requires pt: \valid(pt);
    terminates \true; exits \false; assigns pt->flush.epoch; */
static void flush_others(struct s2_pt *pt, uint64_t first, uint64_t last) {
  next_epoch(&pt->flush);
  if (S2_FMT_BROADCAST == 0) {
    s2_host_flush_remote(pt->flush.ctx, pt->flush.tlb.vmid, first, last);
  }
}

void s2_flush_full(struct s2_pt *pt) {
  s2_count(&pt->flush.fulls, 1);
  s2_arch_flush_all(&pt->flush.tlb);
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
  s2_count(&pt->flush.ranges, 1);
  s2_arch_flush_range(&pt->flush.tlb, gpa, end - 1, s2_span((uint8_t)level));
  flush_others(pt, gpa, end - 1);
}

void s2_flush_page(struct s2_pt *pt, uint64_t gpa) {
  s2_count(&pt->flush.ranges, 1);
  s2_arch_flush_range(&pt->flush.tlb, gpa, gpa + (S2_PAGE_SIZE - 1u), S2_PAGE_SIZE);
  flush_others(pt, gpa, gpa + (S2_PAGE_SIZE - 1u));
}
