/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint32_t nondet_index(void);

/* a pointer far outside its object, never read */
void harness(void) {
  uint64_t table[512];
  uint64_t *p = table + nondet_index();
  (void)p;
}
