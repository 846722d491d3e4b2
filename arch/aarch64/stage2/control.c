/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * VTTBR_EL2 and VTCR_EL2 (Arm DDI 0487, D19.2 and D8.2): where the root is, and the shape of the walk.
 *
 * What the declared hardware must hold: hpa_bits and gpa_bits are at most ID_AA64MMFR0_EL1.PARange. PS is the smallest
 * size the field can name that holds hpa_bits; PARange is one of the same sizes, so PS never exceeds it.
 */
#include "stage2/format.h"
#include "stage2/table.h"

#define VTTBR_VMID_SHIFT 48
#define VTCR_T0SZ(bits)  (64u - (uint64_t)(bits))
#define VTCR_SL0_SHIFT   6
#define VTCR_IRGN0_WB    UINT64_C(0x100)  /* bits 9:8: write-back, allocating         */
#define VTCR_ORGN0_WB    UINT64_C(0x400)  /* bits 11:10                               */
#define VTCR_SH0_INNER   UINT64_C(0x3000) /* bits 13:12; TG0 bits 15:14 == 0: 4 KiB  */
#define VTCR_PS_SHIFT    16
#define VTCR_VS          UINT64_C(0x80000)  /* 16-bit VMID                                   */
#define VTCR_HA          UINT64_C(0x200000) /* hardware sets AF                             */
#define VTCR_HD          UINT64_C(0x400000) /* hardware dirty state, where DBM asks for it  */
#define VTCR_RES1        (UINT64_C(1) << 31)

/** PS: 0..5 name 32, 36, 40, 42, 44, 48 bits. */
static uint64_t physical_size(uint32_t bits) {
  if (bits <= 32u) {
    return 0u;
  }
  if (bits <= 36u) {
    return 1u;
  }
  if (bits <= 40u) {
    return 2u;
  }
  if (bits <= 42u) {
    return 3u;
  }
  return bits <= 44u ? 4u : 5u;
}

static uint64_t features_of(uint32_t features) {
  uint64_t v = 0u;
  if ((features & S2_FEAT_VMID16) != 0) {
    v |= VTCR_VS;
  }
  if ((features & S2_FEAT_AD) != 0) {
    v |= VTCR_HA | VTCR_HD;
  }
  return v;
}

struct s2_root s2_pt_root(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  uint64_t pool = (uint64_t)p->hpa_hi << 32 | p->hpa_lo;
  struct s2_root r;
  r.base = pool + (uint64_t)p->root * S2_PAGE_SIZE;
  r.ctrl = VTCR_RES1;
  r.base |= (uint64_t)pt->flush.tlb.vmid << VTTBR_VMID_SHIFT;
  r.ctrl |= VTCR_IRGN0_WB | VTCR_ORGN0_WB | VTCR_SH0_INNER | features_of(pt->pool.features);
  r.ctrl |= physical_size(pt->hpa_bits) << VTCR_PS_SHIFT | VTCR_T0SZ(pt->gpa_bits);
  /* SL0 0, 1, 2 start at the manual's level 2, 1, 0: levels 1, 2, 3 counted from the leaf */
  r.ctrl |= (uint64_t)(p->top - 1u) << VTCR_SL0_SHIFT;
  return r;
}
