/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a completed load leaves, for every value and every load that the decoder can report; and what a store hands out.
 * The code under proof is included, so that its static functions can be called.
 */
#define S2_HOSTED
#define S2_FORMAT_GST
#include "arch/riscv64/vcpu/mmio.c"
#include "proofs/cbmc/vcpu/claims.h"

uint8_t nondet_uint8(void);
bool nondet_bool(void);

/* none of these is reached from what is called here */
uint64_t s2_rv_fake_csr[4096];

/** value & (2^(8 width) - 1), without a shift by a variable. */
static uint64_t low(uint64_t value, uint8_t width) {
  return width == 1   ? value % 0x100u
         : width == 2 ? value % 0x10000u
         : width == 4 ? value % UINT64_C(0x100000000)
                      : value;
}

void harness(void) {
  struct s2_rv_exit e = {S2_RV_EXIT_MMIO_READ, S2_RV_WHY_NONE, S2_OK, 0, 0, 0, 0, 0, 0, 0, false, false};
  uint64_t value = nondet_uint64();
  struct s2_rv_insn i = s2_rv_decode(nondet_uint32());
  __CPROVER_assume(i.kind == S2_RV_INSN_LOAD || i.kind == S2_RV_INSN_STORE);
  e.width = i.width;
  e.sign = i.sign;
  e.fp = i.fp;
  uint64_t got = extend(&e, value);
  uint64_t kept = low(value, i.width);
  CASE(i.width == 1 && i.sign && got > kept);
  CASE(i.width == 4 && i.fp);
  CASE(i.width == 8);
  PROVE(low(got, i.width) == kept, "the bytes of the access");
  PROVE(!i.fp || i.width == 8 || got == (kept | ~low(UINT64_MAX, i.width)), "a single is NaN-boxed");
  PROVE(i.fp || i.sign || got == kept, "zero extension");
  PROVE(!i.sign || got == (kept > low(UINT64_MAX, i.width) / 2u ? kept | ~low(UINT64_MAX, i.width) : kept),
        "sign extension");
  PROVE((value & mask_of(i.width)) == kept, "what a store hands out");
}
