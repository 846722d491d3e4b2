/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The one shift of sbi.c that loses bits, for every word and distance: its contract, and each bit of the result. With a
 * word of 1 it names one hart.
 */
#define S2_HOSTED
#define S2_FORMAT_GST
#include "arch/riscv64/vcpu/sbi.c"
#include "proofs/cbmc/vcpu/claims.h"

uint64_t s2_rv_fake_csr[4096];

void harness(void) {
  uint64_t bits = nondet_uint64();
  uint64_t by = nondet_uint64();
  uint64_t at = nondet_uint64(); /* any bit */
  __CPROVER_assume(by < 64u && at < 64u);
  uint64_t got = shifted(bits, by);
  CASE(by == 63u && got != 0);
  CASE(by == 0 && bits == UINT64_MAX);
  CASE(by > 0 && bits != 0 && got == 0);
  PROVE(bits != 0 || got == 0, "nothing from nothing");
  PROVE(by != 0 || got == bits, "where they are");
  PROVE(by == 0 || got % 2u == 0, "nothing comes in at the bottom");
  PROVE(((got >> at) & 1u) == (at >= by ? (bits >> (at - by)) & 1u : 0u), "each bit that far up");
  PROVE(bits != 1u || (got != 0 && (got & (got - 1u)) == 0 && got >> by == 1u), "one hart");
}
