/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * host_default.c - a host that counts no owners of frames: s2_clone() is refused there. Weak, so that a host that does count
 * them brings its own three functions (host.h), and one that never clones need not know of them.
 */
#include "stage2/host.h"

#ifndef __FRAMAC__
__attribute__((weak)) bool s2_host_frame_share(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
  return false;
}

__attribute__((weak)) bool s2_host_frame_shared(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
  return false;
}

__attribute__((weak)) void s2_host_frame_copy(void *ctx, uint64_t to, uint64_t from, uint32_t order) {
  (void)ctx;
  (void)to;
  (void)from;
  (void)order;
}
#endif
