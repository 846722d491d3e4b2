/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* host_stub.c - the six calls of host.h and an entry point, so that minimal.c links without any library. */
#include "stage2/space.h"
#include "stage2/host.h"

s2_status guest_start(uint64_t tables_hpa, struct s2_root *root);
void _start(void);

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  (void)ctx;
  (void)order;
  return S2_NO_FRAME;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  (void)hpa;
  (void)len;
  return NULL;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
}

uint64_t s2_host_cycles(void *ctx) {
  (void)ctx;
  return 0;
}

void _start(void) {
  struct s2_root root;
  volatile uint64_t sink = (uint64_t)guest_start(0x10000000, &root);
  sink = root.base;
  (void)sink;
  for (;;) {
  }
}
