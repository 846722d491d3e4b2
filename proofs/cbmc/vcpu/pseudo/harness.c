/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/vcpu/claims.h"

/** Any 64-bit value of htinst: walks are the manual's four pseudoinstructions, and only a set bit 0 is an instruction. */
void harness(void) {
  uint64_t h = nondet_uint64();
  struct s2_rv_insn got = s2_rv_decode_htinst(h);
  bool read = h == 0x2000u || h == 0x3000u;
  bool write = h == 0x2020u || h == 0x3020u;
  CASE(read);
  CASE(write);
  CASE(got.kind == S2_RV_INSN_NONE && h != 0);
  PROVE((got.kind == S2_RV_INSN_WALK_READ) == read, "reads of the guest's page tables");
  PROVE((got.kind == S2_RV_INSN_WALK_WRITE) == write, "writes");
  PROVE(got.kind == S2_RV_INSN_NONE || read || write || ((h & 1u) == 1u && h <= UINT32_MAX),
        "nothing else without bit 0");
  PROVE(got.kind != S2_RV_INSN_LOAD || spec32((uint32_t)h | 2u).kind == S2_RV_INSN_LOAD, "a load is a load");
  PROVE(got.kind != S2_RV_INSN_STORE || spec32((uint32_t)h | 2u).kind == S2_RV_INSN_STORE, "a store is a store");
  PROVE(got.kind != S2_RV_INSN_ATOMIC || spec32((uint32_t)h).kind == S2_RV_INSN_ATOMIC, "an atomic has four bytes");
}
