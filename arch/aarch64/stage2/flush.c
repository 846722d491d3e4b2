/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * AArch64 stage 2 invalidation (Arm DDI 0487, D8.14, and the TLBI descriptions in C5.5).
 *
 * TLBI for the EL1&0 regime acts on the VMID in VTTBR_EL2, so the space's own value is put in place meanwhile, and
 * VTCR_EL2 with it, because VTCR_EL2.VS says how wide that VMID is. The instructions reach every CPU of the inner
 * shareable domain. The caller runs at EL2 with HCR_EL2.TGE == 0 and nothing that may interrupt it changes VTTBR_EL2.
 *
 * IPAS2E1IS forgets stage 2 entries, but an entry that holds both stages together is only forgotten by a stage 1
 * invalidation, which must come after the first has completed. VMALLS12E1IS takes both stages at once.
 */
#include "stage2/flush.h"

#if !defined(S2_HOSTED) && !defined(__aarch64__)
#error "stage 2 invalidation needs an AArch64 target or a hosted build"
#endif

/** The registers that say whose translations are meant. */
struct vm_regs {
  uint64_t vttbr, vtcr;
};

static struct vm_regs read_vm(void) {
  struct vm_regs r = {0u, 0u};
#ifndef S2_HOSTED
  __asm__ volatile("mrs %0, vttbr_el2" : "=r"(r.vttbr));
  __asm__ volatile("mrs %0, vtcr_el2" : "=r"(r.vtcr));
#endif
  return r;
}

static void write_vm(struct vm_regs r) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_VTTBR, r.vttbr, r.vtcr);
#else
  __asm__ volatile("msr vtcr_el2, %0" : : "r"(r.vtcr) : "memory");
  __asm__ volatile("msr vttbr_el2, %0" : : "r"(r.vttbr) : "memory");
#endif
}

static void dsb_ishst(void) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_DSB_ISHST, 0u, 0u);
#else
  __asm__ volatile("dsb ishst" : : : "memory");
#endif
}

static void dsb_ish(void) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_DSB_ISH, 0u, 0u);
#else
  __asm__ volatile("dsb ish" : : : "memory");
#endif
}

static void isb(void) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_ISB, 0u, 0u);
#else
  __asm__ volatile("isb" : : : "memory");
#endif
}

/** operand: IPA[47:12] in bits 35:0; no TTL hint, so an entry of any level is forgotten. */
static void tlbi_ipas2e1is(uint64_t operand) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_IPAS2E1IS, operand, 0u);
#else
  __asm__ volatile("tlbi ipas2e1is, %0" : : "r"(operand) : "memory");
#endif
}

static void tlbi_vmalle1is(void) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_VMALLE1IS, 0u, 0u);
#else
  __asm__ volatile("tlbi vmalle1is" : : : "memory");
#endif
}

static void tlbi_vmalls12e1is(void) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_VMALLS12E1IS, 0u, 0u);
#else
  __asm__ volatile("tlbi vmalls12e1is" : : : "memory");
#endif
}

static bool differs(struct vm_regs a, struct vm_regs b) {
  return a.vttbr != b.vttbr || a.vtcr != b.vtcr;
}

/** Put the space's registers in place; answers what was there. */
static struct vm_regs enter_vm(const struct s2_tlb *tlb) {
  struct vm_regs old = read_vm();
  struct vm_regs own = {s2_tlb_root(tlb), s2_tlb_ctrl(tlb)};
  if (differs(old, own)) {
    write_vm(own);
    isb();
  }
  return old;
}

static void leave_vm(const struct s2_tlb *tlb, struct vm_regs old) {
  struct vm_regs own = {s2_tlb_root(tlb), s2_tlb_ctrl(tlb)};
  isb();
  if (differs(old, own)) {
    write_vm(old);
    isb();
  }
}

void s2_arch_flush_all(const struct s2_tlb *tlb) {
  struct vm_regs old = enter_vm(tlb);
  dsb_ishst(); /* the table writes are visible to the walkers before anything is forgotten */
  tlbi_vmalls12e1is();
  dsb_ish();
  leave_vm(tlb, old);
}

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  struct vm_regs old;
  uint64_t ipa;
  if (step == 0 || first > last) {
    s2_arch_flush_all(tlb); /* no range: forget too much rather than too little */
    return;
  }
  old = enter_vm(tlb);
  dsb_ishst();
  /* from a multiple of step, so that the entry around last is met as well; the remaining length cannot wrap */
  ipa = first - first % step;
  tlbi_ipas2e1is(ipa >> 12);
  while (last - ipa >= step) {
    ipa += step;
    tlbi_ipas2e1is(ipa >> 12);
  }
  dsb_ish();
  tlbi_vmalle1is();
  dsb_ish();
  leave_vm(tlb, old);
}
