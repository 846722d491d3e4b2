/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * hart_mask and hart_mask_base of an SBI call, for every mask, base and number of vCPUs: exactly the harts that the
 * specification names, or refused when one does not exist. A nondeterministic hart stands for all.
 */
#define S2_HOSTED
#define S2_FORMAT_GST
#include "arch/riscv64/vcpu/sbi.c"
#include "proofs/cbmc/vcpu/claims.h"

uint64_t s2_rv_fake_csr[4096];

void harness(void) {
  struct s2_rv_guest g;
  uint64_t mask = nondet_uint64();
  uint64_t base = nondet_uint64();
  uint64_t hart = nondet_uint64(); /* any number at all */
  uint64_t harts = 0;
  g.count = nondet_uint32();
  __CPROVER_assume(g.count >= 1 && g.count <= S2_RV_MAX_VCPUS);
  bool ok = harts_of(&g, mask, base, &harts);
  bool named =
      base == UINT64_MAX ? hart < g.count : hart >= base && hart - base < 64u && ((mask >> (hart - base)) & 1u) != 0;
  CASE(ok && named && base != UINT64_MAX && base != 0);
  CASE(ok && base == UINT64_MAX && g.count == 64u);
  CASE(!ok && base < g.count);
  CASE(ok && base >= g.count && base != UINT64_MAX);
  PROVE(!named || hart < g.count || !ok, "a hart that does not exist is refused");
  PROVE(!ok || hart >= 64u || ((harts >> hart) & 1u) == (named ? 1u : 0u), "the harts named, and no other");
  PROVE(!ok || (harts & ~all_harts(&g)) == 0, "all of them exist");
  PROVE(ok || mask != 0, "no hart is no error");
}
