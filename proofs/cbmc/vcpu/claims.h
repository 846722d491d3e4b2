/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * claims.h - PROVE is the claim; CASE and SEEN are places that the coverage run (S2_COVERAGE) must reach, so that an
 * assumption that empties a case, or a line of the table that no encoding fits, is seen.
 */
#ifndef PROOFS_CBMC_VCPU_CLAIMS_H
#define PROOFS_CBMC_VCPU_CLAIMS_H

#include "arch/riscv64/vcpu/decode.h"

uint16_t nondet_uint16(void);
uint32_t nondet_uint32(void);
uint64_t nondet_uint64(void);

#if defined(S2_COVERAGE)
static inline void reached(void) {
}
#define PROVE(condition, why) reached()
#define CASE(condition)                                                                                                \
  if (condition) {                                                                                                     \
    reached();                                                                                                         \
  }
#define SEEN reached()
#else
#define PROVE(condition, why) __CPROVER_assert(condition, why)
#define CASE(condition)
#define SEEN
#endif

#include "vcpu/loads_stores.h"

static inline bool same(struct s2_rv_insn a, struct s2_rv_insn b) {
  return a.kind == b.kind && a.width == b.width && a.reg == b.reg && a.length == b.length && a.sign == b.sign &&
         a.fp == b.fp;
}

#endif
