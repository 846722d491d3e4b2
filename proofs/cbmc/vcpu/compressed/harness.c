/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/vcpu/claims.h"

/** A compressed instruction is expanded first, then transformed, then bit 1 is cleared. */
void harness(void) {
  uint16_t c = nondet_uint16();
  uint32_t offset = (nondet_uint32() & 31u) << 15;
  struct s2_rv_insn was = spec16(c);
  uint32_t reg = (uint32_t)was.reg << (was.kind == S2_RV_INSN_LOAD ? 7 : 20);
  uint32_t htinst = ((spec_expands(c) | reg) & ~2u) | offset;
  CASE(was.kind == S2_RV_INSN_LOAD && was.fp && was.reg == 31);
  CASE(was.kind == S2_RV_INSN_STORE && was.reg == 0);
  PROVE(was.kind == S2_RV_INSN_NONE || same(s2_rv_decode_htinst(htinst), was), "length 2, all else as expanded");
}
