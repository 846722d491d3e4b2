/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/vcpu/claims.h"

/** What is fetched may end after two bytes: the rest is another instruction, and must not matter. */
void harness(void) {
  uint32_t i = nondet_uint32();
  struct s2_rv_insn got = s2_rv_decode(i);
  CASE(got.length == 2 && got.kind == S2_RV_INSN_LOAD);
  CASE(got.length == 4 && got.kind == S2_RV_INSN_STORE);
  CASE(got.kind == S2_RV_INSN_NONE);
  PROVE(same(got, (i & 3u) == 3u ? spec32(i) : spec16((uint16_t)(i & 0xffffu))), "bits 1:0 choose the length");
}
