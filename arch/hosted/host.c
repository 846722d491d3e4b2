/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * host.c - the simulated host behind s2_host_ (hosted.h): memory, frames with exact book-keeping, counters.
 *
 * Frames are found next-fit: the search goes on where the last one ended and wraps once, so a frame costs O(1) as long
 * as memory is not nearly full, and a freed frame is not handed out again at once. Contents and book-keeping are mapped
 * without reservation: a simulated terabyte costs only what is touched.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, madvise */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/hosted/hosted.h"
#include "stage2/area.h"
#include "stage2/pool.h"

#define PAGE       UINT64_C(4096)
#define MAX_ORDER  27u
#define FREE       0
#define HELD       1
/* From this order on, zeroing gives the pages back to the system, which has the same effect at no cost in memory. */
#define DROP_ORDER 18u

static struct s2_hosted *host_of(void *ctx) {
  return ctx;
}

/** Zeroed memory that costs nothing until it is touched, or NULL. */
static void *reserve(uint64_t size) {
  void *p;
  if (size == 0 || size > (uint64_t)PTRDIFF_MAX) {
    return NULL;
  }
  p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, uint64_t size) {
  if (p != NULL) {
    (void)munmap(p, (size_t)size);
  }
}

bool s2_hosted_init(struct s2_hosted *h, uint64_t base, uint64_t pages, bool with_bytes) {
  memset(h, 0, sizeof *h);
  if (base % PAGE != 0 || pages == 0 || pages > (UINT64_MAX - base) / PAGE) {
    return false;
  }
  h->base = base;
  h->pages = pages;
  h->fail_at = -1;
  h->state = reserve(pages);
  h->extra = reserve(pages);
  h->bytes = with_bytes ? reserve(pages * PAGE) : NULL;
  if (h->state == NULL || h->extra == NULL || (with_bytes && h->bytes == NULL)) {
    s2_hosted_fini(h);
    return false;
  }
  return true;
}

void s2_hosted_fini(struct s2_hosted *h) {
  release(h->state, h->pages);
  release(h->extra, h->pages);
  release(h->bytes, h->pages * PAGE);
  h->state = NULL;
  h->extra = NULL;
  h->bytes = NULL;
  h->pages = 0;
  h->used = 0;
}

bool s2_hosted_storage_init(struct s2_hosted_storage *st, uint32_t tables, uint32_t chunks) {
  size_t t = tables != 0 ? tables : 1u;
  size_t c = chunks != 0 ? chunks : 1u;
  st->tables = aligned_alloc((size_t)PAGE, t * sizeof(struct s2_table));
  st->nodes = calloc(t, sizeof(struct s2_node));
  st->stack = calloc(t, sizeof *st->stack);
  st->chunks = calloc(c, sizeof(struct s2_chunk));
  st->lo = calloc(c, sizeof *st->lo);
  st->id = calloc(c, sizeof *st->id);
  st->spare = calloc(c, sizeof *st->spare);
  if (st->tables == NULL || st->nodes == NULL || st->stack == NULL || st->chunks == NULL || st->lo == NULL ||
      st->id == NULL || st->spare == NULL) {
    s2_hosted_storage_fini(st);
    return false;
  }
  return true;
}

void s2_hosted_storage_fini(struct s2_hosted_storage *st) {
  free(st->tables);
  free(st->nodes);
  free(st->stack);
  free(st->chunks);
  free(st->lo);
  free(st->id);
  free(st->spare);
  memset(st, 0, sizeof *st);
}

/** First run of n free pages, HPA aligned to n pages, that starts in [from, to) and ends by h->pages; or h->pages. */
static uint64_t search(const struct s2_hosted *h, uint64_t from, uint64_t to, uint64_t n) {
  uint64_t skew = h->base / PAGE % n; /* page i of the memory is page skew + i of an aligned frame */
  uint64_t at = (from + skew + n - 1u) / n * n - skew;
  while (at < to && at <= h->pages && n <= h->pages - at) {
    const uint8_t *held = memchr(h->state + at, HELD, (size_t)n);
    if (held == NULL) {
      return at;
    }
    at += n;
  }
  return h->pages;
}

/** The same for a single page: the free pages are looked for directly. */
static uint64_t search_page(const struct s2_hosted *h, uint64_t from, uint64_t to) {
  const uint8_t *p = from < to ? memchr(h->state + from, FREE, (size_t)(to - from)) : NULL;
  return p == NULL ? h->pages : (uint64_t)(p - h->state);
}

static uint64_t find(const struct s2_hosted *h, uint64_t n) {
  uint64_t at;
  if (n > h->pages - h->used) {
    return h->pages;
  }
  at = n == 1u ? search_page(h, h->hint, h->pages) : search(h, h->hint, h->pages, n);
  if (at == h->pages) {
    at = n == 1u ? search_page(h, 0, h->hint) : search(h, 0, h->hint, n);
  }
  return at;
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t call, at, n;
  if ((order > 0 && h->decline_blocks) || order > MAX_ORDER) {
    return S2_NO_FRAME;
  }
  call = h->calls++;
  if (h->fail_at >= 0 && call >= (uint64_t)h->fail_at) {
    return S2_NO_FRAME;
  }
  n = UINT64_C(1) << order;
  at = find(h, n);
  if (at == h->pages) {
    return S2_NO_FRAME;
  }
  memset(h->state + at, HELD, (size_t)n);
  h->used += n;
  h->hint = at + n < h->pages ? at + n : 0;
  return h->base + at * PAGE;
}

/** The page number of an aligned frame that is handed out, all of it; or h->pages. */
static uint64_t held_frame(const struct s2_hosted *h, uint64_t hpa, uint32_t order) {
  uint64_t n = UINT64_C(1) << (order <= MAX_ORDER ? order : 0u);
  uint64_t at = (hpa - h->base) / PAGE;
  if (order > MAX_ORDER || hpa % (n * PAGE) != 0 || hpa < h->base || at >= h->pages || n > h->pages - at) {
    return h->pages;
  }
  return memchr(h->state + at, FREE, (size_t)n) == NULL ? at : h->pages;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t at = held_frame(h, hpa, order);
  if (at == h->pages) {
    h->errors++;
    return;
  }
  uint64_t end = at + (UINT64_C(1) << order);
  if (h->extras == 0) { /* the common case, at once */
    memset(h->state + at, FREE, (size_t)(end - at));
    h->used -= end - at;
    return;
  }
  for (uint64_t k = at; k < end; k++) {
    if (h->extra[k] > 0) { /* others own it still */
      h->extra[k]--;
      h->extras--;
    } else {
      h->state[k] = FREE;
      h->used--;
    }
  }
}

bool s2_host_frame_share(void *ctx, uint64_t hpa, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t at = held_frame(h, hpa, order);
  uint64_t n = UINT64_C(1) << (order <= MAX_ORDER ? order : 0u);
  if (at == h->pages || memchr(h->extra + at, UINT8_MAX, (size_t)n) != NULL) {
    h->errors += at == h->pages ? 1u : 0u;
    return false;
  }
  for (uint64_t k = at; k < at + n; k++) {
    h->extra[k]++;
  }
  h->extras += n;
  return true;
}

bool s2_host_frame_shared(void *ctx, uint64_t hpa, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t at = held_frame(h, hpa, order);
  if (at == h->pages) { /* not from here: a linear range */
    return false;
  }
  for (uint64_t k = at; k < at + (UINT64_C(1) << order); k++) {
    if (h->extra[k] > 0) {
      return true;
    }
  }
  return false;
}

void s2_host_frame_copy(void *ctx, uint64_t to, uint64_t from, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t t = held_frame(h, to, order);
  uint64_t f = held_frame(h, from, order);
  if (t == h->pages || f == h->pages) {
    h->errors++;
    return;
  }
  h->copied += UINT64_C(1) << order;
  if (h->bytes != NULL) {
    memcpy(h->bytes + t * PAGE, h->bytes + f * PAGE, (size_t)PAGE << order);
  }
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t at = held_frame(h, hpa, order);
  size_t size = (size_t)PAGE << (order <= MAX_ORDER ? order : 0u);
  if (at == h->pages) {
    h->errors++;
    return;
  }
  h->zeroed += UINT64_C(1) << order;
  if (h->bytes == NULL) {
    return;
  }
  if (order < DROP_ORDER || madvise(h->bytes + at * PAGE, size, MADV_DONTNEED) != 0) {
    memset(h->bytes + at * PAGE, 0, size);
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  struct s2_hosted *h = host_of(ctx);
  uint64_t size = h->pages * PAGE;
  uint64_t at = hpa - h->base;
  if (h->bytes == NULL || hpa < h->base || at >= size || len > size - at) {
    return NULL;
  }
  return h->bytes + at;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  struct s2_hosted *h = host_of(ctx);
  h->remote_flushes++;
  h->flush_vmid = vmid;
  h->flush_first = first;
  h->flush_last = last;
}

uint64_t s2_host_cycles(void *ctx) {
  return ++host_of(ctx)->cycles;
}
