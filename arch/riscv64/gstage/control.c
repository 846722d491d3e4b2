/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hgatp (Privileged ISA, hypervisor extension, "Hypervisor Guest Address Translation and Protection Register").
 *
 * S2_FEAT_SVPBMT and S2_FEAT_AD are switched on elsewhere, by menvcfg.PBMTE and menvcfg.ADUE: nothing of them is here.
 */
#include "stage2/format.h"
#include "stage2/table.h"

#define HGATP_MODE_SHIFT 60
#define HGATP_VMID_SHIFT 44
#define HGATP_PPN_SHIFT  12
/* MODE 8, 9, 10 are Sv39x4, Sv48x4, Sv57x4, with top levels 2, 3, 4 */
#define HGATP_MODE(top)  ((uint64_t)(top) + 6u)

struct s2_root s2_pt_root(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  uint64_t pool = (uint64_t)p->hpa_hi << 32 | p->hpa_lo;
  struct s2_root r = {(pool + (uint64_t)p->root * S2_PAGE_SIZE) >> HGATP_PPN_SHIFT, 0u};
  r.base |= HGATP_MODE(p->top) << HGATP_MODE_SHIFT | (uint64_t)pt->flush.tlb.vmid << HGATP_VMID_SHIFT;
  return r;
}
