/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/common/geometry.h"

void harness(void) {
  check_span();
}
