/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdint.h>

uint64_t nondet_span(void);

/* a span of zero */
void harness(void) {
  uint64_t n = UINT64_C(4096) / nondet_span();
  (void)n;
}
