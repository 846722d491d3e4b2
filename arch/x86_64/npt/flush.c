/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * NPT invalidation (AMD APM vol. 2, 15.16.2).
 *
 * No instruction forgets nested translations: INVLPGA takes a guest virtual address, and a change of nested page tables
 * is made visible by VMRUN with a TLB_CONTROL that flushes the ASID. This CPU runs the hypervisor now, not the guest;
 * no stale entry can be used after the next VMRUN as long as the entry path honours s2_flush_epoch(). So nothing is
 * executed here, and a hosted build records the flush that the next VMRUN makes.
 */
#include "stage2/flush.h"

static void asid_flush(uint32_t asid) {
#if defined(S2_HOSTED)
  s2_trace_record(S2_INSN_ASID_FLUSH, asid, 0u);
#else
  (void)asid; /* the epoch carries it to the entry path */
#endif
}

void s2_arch_flush_all(const struct s2_tlb *tlb) {
  asid_flush((uint32_t)tlb->vmid);
}

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  (void)first;
  (void)last;
  (void)step;
  asid_flush((uint32_t)tlb->vmid);
}
