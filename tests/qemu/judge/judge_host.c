/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge_host.c - see judge_host.h. Also the host calls that are simple with all memory mapped. */
#include "judge_host.h"
#include "stage2/host.h"

void judge_host_init(struct judge_host *h, struct judge_window frames, uint64_t seed) {
  h->frames = frames;
  h->rnd = seed;
  h->errors = 0;
  h->used = 0;
  for (uint32_t i = 0; i < JUDGE_FRAMES; i++) {
    h->taken[i] = 0;
  }
}

static bool all_are(const struct judge_host *h, uint64_t first, uint64_t n, uint8_t state) {
  for (uint64_t i = first; i < first + n; i++) {
    if (h->taken[i] != state) {
      return false;
    }
  }
  return true;
}

static void set_all(struct judge_host *h, uint64_t first, uint64_t n, uint8_t state) {
  for (uint64_t i = first; i < first + n; i++) {
    h->taken[i] = state;
  }
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  struct judge_host *h = ctx;
  uint64_t pages = h->frames.size / S2_PAGE_SIZE;
  uint64_t n = (uint64_t)1 << order;
  if (n > pages) {
    return S2_NO_FRAME;
  }
  uint64_t places = pages / n;
  uint64_t start = judge_below(&h->rnd, places);
  for (uint64_t k = 0; k < places; k++) {
    uint64_t first = (start + k) % places * n;
    if (all_are(h, first, n, 0)) {
      set_all(h, first, n, 1);
      h->used += (uint32_t)n;
      return h->frames.hpa + first * S2_PAGE_SIZE;
    }
  }
  return S2_NO_FRAME;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  struct judge_host *h = ctx;
  uint64_t n = (uint64_t)1 << order;
  uint64_t first = (hpa - h->frames.hpa) / S2_PAGE_SIZE;
  bool inside = hpa >= h->frames.hpa && n * S2_PAGE_SIZE <= h->frames.size - (hpa - h->frames.hpa);
  if (!inside || hpa % S2_PAGE_SIZE != 0 || !all_are(h, first, n, 1)) {
    h->errors++;
    return;
  }
  set_all(h, first, n, 0);
  h->used -= (uint32_t)n;
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  for (uint64_t at = hpa; at < hpa + ((uint64_t)S2_PAGE_SIZE << order); at += sizeof(uint64_t)) {
    *(volatile uint64_t *)(uintptr_t)at = 0;
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  (void)len;
  return (void *)(uintptr_t)hpa;
}

uint64_t s2_host_cycles(void *ctx) {
  (void)ctx;
  return 0;
}
