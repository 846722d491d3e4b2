/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** flush.c - one obligation per call, discharged on every CPU before anything is reused. */
#include "stage2/host.h"
#include "stage2/stats.h"
#include "ops.h"

void s2_flush_operands(struct s2_pt *pt, uint32_t vmid) {
  pt->flush.tlb.vmid = vmid; /* first: it is part of some root registers */
  struct s2_root root = s2_pt_root(pt);
  pt->flush.tlb.root_hi = (int64_t)(root.base / 4294967296u);
  pt->flush.tlb.root_lo = (int64_t)(root.base % 4294967296u);
  pt->flush.tlb.ctrl_hi = (int64_t)(root.ctrl / 4294967296u);
  pt->flush.tlb.ctrl_lo = (int64_t)(root.ctrl % 4294967296u);
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

/*@ requires pt: \valid(pt) && Wf(&pt->pool) && 0 <= pt->flush.epoch;
    requires sep: \separated(pt, pt->pool.stack + (0 .. pt->pool.cap-1));
    requires free: Free(&pt->pool);
    terminates \true; exits \false; assigns pt->flush.epoch;
    ensures epoch: 0 <= pt->flush.epoch;
    ensures free: Free(&pt->pool); */
static inline void next_epoch(struct s2_pt *pt) {
  struct s2_flush *f = &pt->flush;
  f->epoch = f->epoch == INT32_MAX ? 0 : f->epoch + 1;
  //@ assert num: pt->pool.nfree == \at(pt->pool.nfree, Pre) && pt->pool.nlimbo == \at(pt->pool.nlimbo, Pre);
  //@ assert us: \forall integer l; 0 <= l <= 4 ==> pt->pool.used[l] == \at(pt->pool.used[l], Pre);
  //@ assert sk: \forall integer k; 0 <= k < pt->pool.cap ==> pt->pool.stack[k] == \at(pt->pool.stack[k], Pre);
  //@ assert rg: 0 <= pt->pool.nfree && 0 <= pt->pool.nlimbo && pt->pool.nfree + pt->pool.nlimbo <= pt->pool.cap;
  //@ assert fo: \forall integer k; 0 <= k < pt->pool.nfree ==> 0 <= pt->pool.stack[k] < pt->pool.cap && pt->pool.nodes[pt->pool.stack[k]].level == 255 && pt->pool.nodes[pt->pool.stack[k]].key == k;
  //@ assert f1: Free1(&pt->pool);
  //@ assert f2: Free2(&pt->pool);
  //@ assert l1: Limbo1(&pt->pool);
  //@ assert l2: Limbo2(&pt->pool);
  //@ assert ct: Counts(&pt->pool);
}

/** On all other CPUs, unless the instructions have reached them. */
/*@ requires inv: GoodPt(pt) && Marking(&pt->pool);
    terminates \true; exits \false; assigns pt->flush.epoch;
    ensures inv: GoodPt(pt) && Marking(&pt->pool);
    ensures good: \old(GoodPool(&pt->pool)) ==> GoodPool(&pt->pool);
    ensures all: broadcast != 0 || first != 0 || last != UINT64_MAX || clear_there(&pt->pool);
    ensures there: broadcast != 0 || \forall integer g; first <= g <= last ==>
                     forgot_there(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g)); */
static void flush_others(struct s2_pt *pt, uint64_t first, uint64_t last) {
  next_epoch(pt);
  //@ assert gp: GoodPt(pt) && Marking(&pt->pool);
  //@ assert gd: \at(GoodPool(&pt->pool), Pre) ==> GoodPool(&pt->pool);
  if (S2_FMT_BROADCAST == 0) {
    s2_host_flush_remote(pt->flush.ctx, (uint32_t)pt->flush.tlb.vmid, first, last);
  }
}

void s2_flush_full(struct s2_pt *pt) {
  s2_pt_count(pt, &pt->flush.fulls);
  s2_arch_flush_all(&pt->flush.tlb);
  //@ assert all: clear_here(&pt->pool);
  //@ assert here: \forall integer g; 0 <= g <= UINT64_MAX ==> forgot_here(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g));
  flush_others(pt, 0, UINT64_MAX);
}

/** A range costs one instruction per step; links that went away are known to walk caches under any address. */
/*@ requires pt: \valid_read(pt) && gpa < end && level <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures limbo: pt->pool.nlimbo > 0 ==> \result; */
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
  s2_pt_count(pt, &pt->flush.ranges);
  s2_arch_flush_range(&pt->flush.tlb, gpa, end - 1, s2_span((uint8_t)level));
  //@ assert here: \forall integer g; gpa <= g <= end - 1 ==> forgot_here(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g));
  flush_others(pt, gpa, end - 1);
}

void s2_flush_page(struct s2_pt *pt, uint64_t gpa) {
  s2_pt_count(pt, &pt->flush.ranges);
  s2_arch_flush_range(&pt->flush.tlb, gpa, gpa + (S2_PAGE_SIZE - 1u), S2_PAGE_SIZE);
  //@ assert here: \forall integer g; gpa <= g <= gpa + 4095 ==> forgot_here(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g));
  flush_others(pt, gpa, gpa + (S2_PAGE_SIZE - 1u));
}
