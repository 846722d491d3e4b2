/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * control.h - s2_pt_root(): the register values decode to what was asked, for every page table s2_pt_init() can make.
 */
#ifndef PROOFS_CBMC_CONTROL_H
#define PROOFS_CBMC_CONTROL_H

#include "format.h"

struct s2_pt nondet_pt(void);

/** Any page table within the ranges that s2_pt_init() accepts, and the host address of its root. */
static inline uint64_t any_pt(struct s2_pt *pt) {
  *pt = nondet_pt();
  const struct s2_pool *p = &pt->pool;
  uint32_t top = bits_shape_top(pt->gpa_bits);
  uint64_t pool = (uint64_t)p->hpa_hi * (UINT64_C(1) << 32) + p->hpa_lo;
  ASSUME(top <= S2_MAX_LEVEL && p->top == top && p->nroot == bits_shape_roots(pt->gpa_bits));
  ASSUME(32u <= pt->hpa_bits && pt->hpa_bits <= BITS_HPA_BITS);
  ASSUME((p->features & ~S2_FMT_FEATURES) == 0);
  ASSUME(0 <= pt->flush.tlb.vmid &&
         pt->flush.tlb.vmid <= ((p->features & S2_FEAT_VMID16) != 0 ? 0xffff : (int64_t)S2_FMT_VMID_MAX));
  ASSUME(1u <= p->cap && p->cap <= 0x7ffffffeu && p->nroot <= p->cap && p->root <= p->cap - p->nroot);
  ASSUME(pool % 4096u == 0 && pool < s2_width(pt->hpa_bits));
  ASSUME((uint64_t)p->cap * 4096u <= s2_width(pt->hpa_bits) - pool);
  uint64_t root = pool + (uint64_t)p->root * 4096u;
  ASSUME(root % (4096u * p->nroot) == 0);
  return root;
}

static inline void check_root(void) {
  struct s2_pt pt;
  uint64_t root = any_pt(&pt);
  uint32_t features = pt.pool.features;
  struct s2_root r = s2_pt_root(&pt);
  CASE((features & S2_FEAT_AD) != 0);
  CASE((features & S2_FEAT_AD) == 0);
#if defined(S2_FORMAT_EPT)
  CASE(pt.gpa_bits == 57u);
  PROVE(EPTP_made(r.base), "EPTP: reserved and unused bits, memory type, walk length");
  PROVE(EPTP_address(r.base) == root, "the root's address");
  PROVE(12u + 9u * (EPTP_PWL(r.base) + 1u) == pt.gpa_bits, "a walk of that length covers the width");
  PROVE(EPTP_MT(r.base) == 6u, "write-back walks");
  PROVE(EPTP_AD(r.base) == ((features & S2_FEAT_AD) != 0), "accessed and dirty as declared");
  PROVE(r.ctrl == 0, "no other register");
#elif defined(S2_FORMAT_NPT)
  CASE(pt.gpa_bits == 57u);
  PROVE(NCR3_made(r.base), "nCR3: reserved and unused bits");
  PROVE(NCR3_address(r.base) == root, "the root's address");
  PROVE(r.ctrl == 0, "no other register");
#elif defined(S2_FORMAT_A64)
  static const uint8_t named[8] = {32, 36, 40, 42, 44, 48, 52, 56};
  uint32_t width = 64u - (uint32_t)VTCR_EL2_T0SZ(r.ctrl);
  uint32_t start = 2u - (uint32_t)VTCR_EL2_SL0(r.ctrl); /* the manual's level, 0 at the root of a four-level walk */
  uint32_t ps = (uint32_t)VTCR_EL2_PS(r.ctrl);
  CASE(pt.gpa_bits == 32u);
  CASE(pt.gpa_bits == 48u && pt.pool.hpa_hi > 0xffffu - 1u);
  CASE(pt.pool.nroot == 16u);
  PROVE(VTTBR_EL2_made(r.base), "VTTBR_EL2: unused bits");
  PROVE(VTTBR_EL2_address(r.base) == root, "the root's address");
  PROVE(VTTBR_EL2_VMID(r.base) == pt.flush.tlb.vmid, "VMID");
  PROVE(VTCR_EL2_VS(r.ctrl) || VTTBR_EL2_VMID(r.base) < 256u, "8-bit VMIDs leave bits 63:56 zero");
  PROVE(VTCR_EL2_made(r.ctrl), "VTCR_EL2: RES0, RES1 and unused bits; T0SZ fits SL0");
  PROVE(width == pt.gpa_bits, "T0SZ: the width");
  PROVE(start == 3u - pt.pool.top, "SL0: the level of the root");
  PROVE(pt.pool.nroot == 1u || (UINT64_C(1) << width) == pt.pool.nroot * power((uint8_t)(4u - start)),
        "concatenated tables cover exactly the width");
  PROVE((UINT64_C(1) << width) <= pt.pool.nroot * power((uint8_t)(4u - start)), "the root covers the width");
  PROVE(VTCR_EL2_IRGN0(r.ctrl) == 1u && VTCR_EL2_ORGN0(r.ctrl) == 1u && VTCR_EL2_SH0(r.ctrl) == 3u, "walks: as tables");
  PROVE(VTCR_EL2_TG0(r.ctrl) == 0, "4 KiB granule");
  PROVE(named[ps] >= pt.hpa_bits, "PS: no output address is too wide");
  PROVE(ps == 0 || named[ps - 1u] < pt.hpa_bits, "PS: the smallest that is wide enough");
  PROVE(VTCR_EL2_VS(r.ctrl) == ((features & S2_FEAT_VMID16) != 0), "VMID size as declared");
  PROVE(VTCR_EL2_HA(r.ctrl) == ((features & S2_FEAT_AD) != 0), "accessed as declared");
  PROVE(VTCR_EL2_HD(r.ctrl) == ((features & S2_FEAT_AD) != 0), "dirty as declared");
#else
  uint32_t width = HGATP_MODE(r.base) == 8u ? 41u : HGATP_MODE(r.base) == 9u ? 50u : 59u;
  CASE(pt.gpa_bits == 41u);
  CASE(pt.gpa_bits == 59u);
  PROVE(HGATP_made(r.base), "hgatp: reserved bits, a mode, a root of four tables");
  PROVE(HGATP_address(r.base) == root, "the root's address");
  PROVE(width == pt.gpa_bits, "mode");
  PROVE(HGATP_VMID(r.base) == pt.flush.tlb.vmid, "VMID");
  PROVE(r.ctrl == 0, "no other register");
#endif
}

#endif
