/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint64_t nondet_address(void);

/* gpa + size wraps */
void harness(void) {
  uint64_t end = nondet_address() + UINT64_C(4096);
  (void)end;
}
