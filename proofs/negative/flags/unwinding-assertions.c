/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint32_t nondet_count(void);

/* more turns than the harness unwinds */
void harness(void) {
  uint32_t n = nondet_count();
  uint32_t sum = 0;
  __CPROVER_assume(n <= 10u);
  for (uint32_t i = 0; i < n; i++) {
    sum++;
  }
  (void)sum;
}
