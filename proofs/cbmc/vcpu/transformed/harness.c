/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/vcpu/claims.h"

/**
 * The manual's transformation, on each load, store and atomic: the address operands go (a load's immediate, a store's
 * two halves of it), rs1 becomes an address offset, all else stays. htinst then says what the instruction said.
 */
void harness(void) {
  uint32_t i = nondet_uint32();
  uint32_t offset = (nondet_uint32() & 31u) << 15;
  struct s2_rv_insn was = spec32(i);
  uint32_t kept = was.kind == S2_RV_INSN_LOAD ? 0x00007fffu : was.kind == S2_RV_INSN_STORE ? 0x01f0707fu : 0xfff07fffu;
  uint32_t htinst = (i & kept) | offset;
  CASE(was.kind == S2_RV_INSN_LOAD && was.fp && offset != 0);
  CASE(was.kind == S2_RV_INSN_STORE && was.fp);
  CASE(was.kind == S2_RV_INSN_ATOMIC);
  PROVE(was.kind == S2_RV_INSN_NONE || same(s2_rv_decode_htinst(htinst), was), "the transformed instruction");
}
