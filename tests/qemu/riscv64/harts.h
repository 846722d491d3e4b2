/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * harts.h - who asks: the hart that changes the tables (one_hart.c), or that one and another by turns (two_harts.c),
 * whose TLB knows nothing of the first one's fences. Both bring s2_host_flush_remote(); judge_ask_all() is
 * two_harts.c's own.
 */
#ifndef TESTS_RISCV64_HARTS_H
#define TESTS_RISCV64_HARTS_H

#include "machine.h"

void harts_begin(void);

/** menvcfg and hgatp on every hart that asks; false: one did not keep hgatp. */
bool harts_install(uint64_t menvcfg, uint64_t hgatp);

#endif
