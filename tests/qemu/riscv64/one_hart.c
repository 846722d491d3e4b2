/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* one_hart.c - see harts.h. Linked with judge_each.c. */
#include "harts.h"
#include "stage2/host.h"

void harts_begin(void) {
}

bool harts_install(uint64_t menvcfg, uint64_t hgatp) {
  machine_set_menvcfg(menvcfg);
  return machine_set_hgatp(hgatp) == hgatp;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
}

void second_hart(void) {
}
