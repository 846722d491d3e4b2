/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * EPT invalidation: INVEPT (Intel SDM vol. 3C, chapter 31 "INVEPT", and 29.4.3.1).
 *
 * INVEPT has no granularity below one EPTP, so a range costs the same as everything.
 */
#include "stage2/flush.h"

#define INVEPT_SINGLE UINT64_C(1)
#define INVEPT_ALL    UINT64_C(2)

#if defined(S2_HOSTED)
static bool invept(uint64_t type, uint64_t eptp) {
  s2_trace_record(S2_INSN_INVEPT, type, eptp);
  return true;
}
#elif defined(__x86_64__)
/** One INVEPT. false: VMfail, this processor does not have the type (IA32_VMX_EPT_VPID_CAP bits 25 and 26). */
static bool invept(uint64_t type, uint64_t eptp) {
  struct {
    uint64_t eptp, zero;
  } descriptor = {eptp, 0u};
  bool failed; /* CF or ZF (31.2) */
  __asm__ volatile("invept %1, %2" : "=@ccbe"(failed) : "m"(descriptor), "r"(type) : "memory");
  return !failed;
}
#else
#error "EPT invalidation needs an x86-64 target or a hosted build"
#endif

void s2_arch_flush_all(const struct s2_tlb *tlb) {
  if (!invept(INVEPT_SINGLE, s2_tlb_root(tlb))) {
    /* at least one of the two types exists wherever INVEPT does: forget too much rather than too little */
    (void)invept(INVEPT_ALL, 0u);
  }
}

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  (void)first;
  (void)last;
  (void)step;
  s2_arch_flush_all(tlb);
}
