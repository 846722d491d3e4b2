/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* frames.c - the guest's frames: a pool that is smaller than its RAM, filled from the image and written back to it. */
#include "hv.h"

#define NOBODY    UINT64_MAX
#define EVICT_MAX (UINT64_C(16) * S2_PAGE_SIZE)

static uint64_t owner[POOL_PAGES];   /* GPA of the page in a frame, NOBODY: free */
static struct vm *whose[POOL_PAGES]; /* and its guest                           */
static uint32_t queue[POOL_PAGES];   /* frames in the order they were filled     */
static uint32_t first, queued;
static uint32_t fresh;             /* frames never used start here */
static uint32_t freed[POOL_PAGES]; /* a stack of free ones */
static uint32_t nfreed, in_use;
static struct frames_report report;

static void copy_page(uint64_t to, uint64_t from) {
  uint64_t *t = (uint64_t *)to;
  const uint64_t *f = (const uint64_t *)from;
  for (uint32_t i = 0; i < S2_PAGE_SIZE / 8; i++) {
    t[i] = f[i];
  }
}

/** Where the page of a guest is when it is not in a frame. */
static uint64_t image(const struct vm *vm, uint64_t gpa) {
  return gpa + vm->number * IMAGE_STEP;
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  uint32_t n;
  (void)ctx;
  if (order != 0 || in_use >= RESIDENT) {
    return S2_NO_FRAME;
  }
  n = nfreed != 0 ? freed[--nfreed] : fresh++;
  in_use++;
  report.taken++;
  report.most = in_use > report.most ? in_use : report.most;
  owner[n] = NOBODY;
  return POOL + (uint64_t)n * S2_PAGE_SIZE;
}

/** The guest's page, not zero: RAM it has never touched is part of the image as well. */
void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  uint32_t n = (uint32_t)((hpa - POOL) / S2_PAGE_SIZE);
  struct vm *vm = ctx;
  (void)order;
  owner[n] = vm->guest.fault_gpa;
  whose[n] = vm;
  copy_page(hpa, image(vm, owner[n]));
  queue[(first + queued) % POOL_PAGES] = n;
  queued++;
}

/** No hart reaches the frame any more: its contents are final. */
void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  uint32_t n = (uint32_t)((hpa - POOL) / S2_PAGE_SIZE);
  (void)order;
  if (owner[n] != NOBODY) {
    copy_page(image(ctx, owner[n]), hpa);
  }
  owner[n] = NOBODY;
  freed[nfreed++] = n;
  in_use--;
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  return hpa >= POOL && len <= POOL_PAGES * (uint64_t)S2_PAGE_SIZE - (hpa - POOL) ? (void *)hpa : NULL;
}

/**
 * The page that has been there longest goes, and with it those filled right after it that follow it in the guest: they
 * share one invalidation. All locks are held. false: there is none.
 */
bool evict(void) {
  uint64_t gpa, size = 0;
  struct vm *vm;
  if (queued == 0) {
    return false;
  }
  gpa = owner[queue[first]];
  vm = whose[queue[first]];
  while (queued != 0 && size < EVICT_MAX && whose[queue[first]] == vm && owner[queue[first]] == gpa + size) {
    first = (first + 1) % POOL_PAGES;
    queued--;
    size += S2_PAGE_SIZE;
    report.evictions++;
  }
  return s2_discard(&vm->space, gpa, size) == S2_OK;
}

struct frames_report frames_report(void) {
  return report;
}
