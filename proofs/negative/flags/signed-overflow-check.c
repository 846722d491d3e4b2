/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

int64_t nondet_address(void);

/* base + span with no bound on base */
void harness(void) {
  int64_t next = nondet_address() + 4096;
  (void)next;
}
