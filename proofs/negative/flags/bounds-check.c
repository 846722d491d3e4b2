/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint32_t nondet_index(void);

/* one past the end */
void harness(void) {
  uint64_t table[512];
  uint32_t i = nondet_index();
  __CPROVER_assume(i <= 512u);
  table[i] = 0;
}
