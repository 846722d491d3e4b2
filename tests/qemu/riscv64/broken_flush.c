/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * broken_flush.c - G-stage invalidation with fences left out, for the negative tests: the judge must see stale
 * translations. Linked in front of the library's own flush.c, whose functions are real_flush_... here.
 *
 * DROP_all: no fence at all. DROP_range: none by address. DROP_vmid: none of the whole VMID.
 */
#include "stage2/flush.h"

void real_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
void real_flush_all(const struct s2_tlb *tlb);

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
#ifdef DROP_vmid
  real_flush_range(tlb, first, last, step);
#else
  (void)tlb;
  (void)first;
  (void)last;
  (void)step;
#endif
}

void s2_arch_flush_all(const struct s2_tlb *tlb) {
#ifdef DROP_range
  real_flush_all(tlb);
#else
  (void)tlb;
#endif
}
