/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proofs/cbmc/common/model.h"

void harness(void) {
  law_gives_rights();
}
