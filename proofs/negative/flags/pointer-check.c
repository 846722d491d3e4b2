/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stddef.h>
#include <stdint.h>

uint32_t nondet_choice(void);

/* a null pointer, sometimes */
void harness(void) {
  uint64_t word = 0;
  uint64_t *p = nondet_choice() == 7u ? NULL : &word;
  *p = 1;
}
