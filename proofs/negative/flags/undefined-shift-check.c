/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint32_t nondet_bits(void);

/* 1 << 64 */
void harness(void) {
  uint32_t bits = nondet_bits();
  __CPROVER_assume(bits <= 64u);
  uint64_t width = UINT64_C(1) << bits;
  (void)width;
}
