/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint64_t nondet_address(void);

/* an address cut to half */
void harness(void) {
  uint32_t low = (uint32_t)nondet_address();
  (void)low;
}
