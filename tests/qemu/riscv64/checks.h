/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* checks.h - single cases that random operations do not reach: what the hart does when a feature is switched off. */
#ifndef TESTS_RISCV64_CHECKS_H
#define TESTS_RISCV64_CHECKS_H

#include "machine.h"

struct checks {
  uint32_t passed, failed;
};

/** Counts it, and says so. */
void check(struct checks *c, bool good, const char *what);

/** In the plan's table memory and first RAM window. */
void checks_run(struct checks *c, const struct judge_plan *plan);

#endif
