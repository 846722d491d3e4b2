/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * EPTP, the extended-page-table pointer (Intel SDM vol. 3C, 25.6.11, table 25-9).
 */
#include "stage2/format.h"
#include "stage2/table.h"

#define EPTP_WB           UINT64_C(6) /* bits 2:0: memory type of the walk      */
#define EPTP_LENGTH_SHIFT 3           /* bits 5:3: page-walk length minus 1     */
#define EPTP_AD           UINT64_C(0x40)

struct s2_root s2_pt_root(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  uint64_t pool = (uint64_t)p->hpa_hi << 32 | p->hpa_lo;
  struct s2_root r = {pool + (uint64_t)p->root * S2_PAGE_SIZE, 0u};
  /* the top level, counted from 0, is the walk length minus 1 */
  r.base |= EPTP_WB | (uint64_t)p->top << EPTP_LENGTH_SHIFT;
  if ((pt->pool.features & S2_FEAT_AD) != 0) {
    r.base |= EPTP_AD;
  }
  return r;
}
