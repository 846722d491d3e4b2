/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * flush.h - invalidation (INV-1..INV-4): what must be forgotten by every TLB and walk cache before memory is reused.
 *
 * A call that reduces rights or changes an output makes one obligation, a range of guest addresses. s2_flush_range()
 * discharges it on this CPU with the format's own instructions (arch flush.c) and on all others through
 * s2_host_flush_remote(), and returns when both are complete. Only then do tables leave limbo and frames go home.
 *
 * Built for the target, the instructions are real. Built hosted (S2_HOSTED), each one is recorded with its operands in
 * a trace that tests read.
 */
#ifndef STAGE2_FLUSH_H
#define STAGE2_FLUSH_H

#include "types.h"

/** Operands of the invalidation instructions of one space. */
struct s2_tlb {
  /* in halves, and signed: no integer that the tables' translations are read from has this kind, so proofs keep them apart */
  int64_t root_hi, root_lo; /* the base register value (EPTP, nCR3, VTTBR_EL2, hgatp): s2_tlb_root()           */
  int64_t ctrl_hi, ctrl_lo; /* VTCR_EL2; 0 elsewhere: s2_tlb_ctrl()                                            */
  int64_t vmid;             /* VMID (A64, GST), VPID (EPT), ASID (NPT): 32 bits                                */
};

/** The operands of a space with these register values (s2_pt_root()), for one who issues an invalidation himself. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures vmid: \result.vmid == vmid; */
static inline struct s2_tlb s2_tlb_of(uint64_t root, uint64_t ctrl, uint32_t vmid) {
  struct s2_tlb t = {(int64_t)(root / 4294967296u), (int64_t)(root % 4294967296u), (int64_t)(ctrl / 4294967296u),
                     (int64_t)(ctrl % 4294967296u), (int64_t)vmid};
  return t;
}

/** The base register value that names the space in an invalidation, as s2_pt_root() gave it. */
/*@ requires tlb: \valid_read(tlb);
    terminates \true; exits \false; assigns \nothing;
    ensures root: 0 <= tlb->root_hi < 4294967296 ==> 0 <= tlb->root_lo < 4294967296 ==>
                    \result == tlb->root_hi * 4294967296 + tlb->root_lo; */
static inline uint64_t s2_tlb_root(const struct s2_tlb *tlb) {
  return (uint64_t)(uint32_t)tlb->root_hi * 4294967296u + (uint32_t)tlb->root_lo;
}

/** The control register value that goes with it. */
/*@ requires tlb: \valid_read(tlb);
    terminates \true; exits \false; assigns \nothing;
    ensures ctrl: 0 <= tlb->ctrl_hi < 4294967296 ==> 0 <= tlb->ctrl_lo < 4294967296 ==>
                    \result == tlb->ctrl_hi * 4294967296 + tlb->ctrl_lo; */
static inline uint64_t s2_tlb_ctrl(const struct s2_tlb *tlb) {
  return (uint64_t)(uint32_t)tlb->ctrl_hi * 4294967296u + (uint32_t)tlb->ctrl_lo;
}

/** How to name this space's translations to the hardware. Filled at init; s2_pt_set_vmid() alone changes it. */
struct s2_flush {
  void *ctx;         /* handed back to the host's functions                                       */
  struct s2_tlb tlb; /* what s2_pt_root() says, kept: an invalidation finds its operands ready     */
  int32_t epoch;     /* counts invalidations, wraps at INT32_MAX to 0; NPT: see s2_flush_epoch()  */
  int64_t ranges;    /* invalidations by range, by whole VMID, and in break-before-make splits    */
  int64_t fulls;
  int64_t breaks;
};

/* More steps than this, and the whole VMID is invalidated instead: a range costs one instruction per step. */
#define S2_FLUSH_STEPS 64u

/**
 * s2_arch_flush_range() - forget the translations of guest addresses first..last, in steps of `step` bytes, on this CPU.
 * s2_arch_flush_all()   - forget all translations of the space, on this CPU.
 *
 * Complete on return. EPT: INVEPT single-context in both cases (SDM 29.4.3.1: the only granularity there is). NPT: no
 * instruction invalidates nested translations by address; the ASID is flushed at the next VMRUN (APM 15.16.2), which is
 * what the epoch is for: an entry path that sees a changed epoch sets TLB_CONTROL. A64 (DDI 0487 D8.14): with the
 * guest's VTTBR_EL2 in place, dsb ishst; tlbi ipas2e1is per step, or vmalls12e1is; dsb ish; tlbi vmalle1is; dsb ish;
 * isb. GST (Privileged ISA, hypervisor chapter): hfence.gvma by GPA>>2 and VMID, or by VMID. */
/* Their contracts speak of page tables, which this header does not know: src/ops.h has them. */
void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
void s2_arch_flush_all(const struct s2_tlb *tlb);

#ifdef S2_HOSTED
/* What a hosted build would have executed. One name per instruction, with its operands. */
enum s2_insn {
  S2_INSN_INVEPT,     /* a: type (1 single, 2 all), b: EPTP       */
  S2_INSN_ASID_FLUSH, /* a: ASID                                  */
  S2_INSN_VTTBR,      /* a: value written                         */
  S2_INSN_DSB_ISHST,
  S2_INSN_DSB_ISH,
  S2_INSN_ISB,
  S2_INSN_IPAS2E1IS, /* a: operand, IPA[51:12]                   */
  S2_INSN_VMALLE1IS,
  S2_INSN_VMALLS12E1IS,
  S2_INSN_HFENCE_GVMA /* a: GPA >> 2, UINT64_MAX for all; b: VMID */
};
struct s2_trace_entry {
  enum s2_insn insn;
  uint64_t a, b;
};
#define S2_TRACE_MAX 4096u
/** Trace of this thread's program: count may pass S2_TRACE_MAX, then only the first S2_TRACE_MAX are kept. */
struct s2_trace {
  uint64_t count;
  struct s2_trace_entry e[S2_TRACE_MAX];
};
extern struct s2_trace s2_trace;
void s2_trace_record(enum s2_insn insn, uint64_t a, uint64_t b);
const char *s2_insn_name(enum s2_insn insn);
#endif

#endif
