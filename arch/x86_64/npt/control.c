/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * nCR3, the VMCB's nested page-table base (AMD APM vol. 2, 15.25.3). The host's own CR4.LA57 says 4 or 5 levels, and
 * the ASID has its own VMCB field: neither is in this value. Bits 4:3 (PCD, PWT) stay 0: the walk is write-back.
 */
#include "stage2/format.h"
#include "stage2/table.h"

struct s2_root s2_pt_root(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  uint64_t pool = (uint64_t)p->hpa_hi << 32 | p->hpa_lo;
  struct s2_root r = {pool + (uint64_t)p->root * S2_PAGE_SIZE, 0u};
  return r;
}
