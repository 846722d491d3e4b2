/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* host.c - see host.h. */
#include "host.h"

#include <string.h>

struct s2_trace s2_trace;
void (*t_observer)(void *arg, enum t_event kind, uint32_t what, uint64_t a, uint64_t b);
void *t_observer_arg;

static void tell(enum t_event kind, uint32_t what, uint64_t a, uint64_t b) {
  if (t_observer != NULL) {
    t_observer(t_observer_arg, kind, what, a, b);
  }
}

void s2_trace_record(enum s2_insn insn, uint64_t a, uint64_t b) {
  if (s2_trace.count < S2_TRACE_MAX) {
    s2_trace.e[s2_trace.count] = (struct s2_trace_entry){insn, a, b};
  }
  s2_trace.count++;
  tell(T_EV_INSN, (uint32_t)insn, a, b);
}

const char *s2_insn_name(enum s2_insn insn) {
  (void)insn;
  return "insn";
}

void t_host_init(struct t_host *h, uint64_t frames) {
  memset(h, 0, sizeof *h);
  h->frames = frames > T_FRAMES ? T_FRAMES : frames;
  h->fail_at = -1;
}

static bool free_run(const struct t_host *h, uint64_t i, uint64_t n) {
  for (uint64_t j = i; j < i + n; j++) {
    if (j >= h->frames || h->state[j] != 0) {
      return false;
    }
  }
  return true;
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t n = (uint64_t)1 << order;
  if (order != 0 && (h->decline_blocks || n > h->frames)) {
    return S2_NO_FRAME;
  }
  if (h->fail_at >= 0 && h->calls >= (uint64_t)h->fail_at) {
    h->calls += order == 0 ? 1 : 0;
    return S2_NO_FRAME;
  }
  for (uint64_t k = 0; k < h->frames / n; k++) {
    uint64_t i = order == 0 ? (h->next + k * 7) % h->frames : k * n;
    if (order == 0 && h->frames % 7 == 0) {
      i = (h->next + k) % h->frames;
    }
    if (free_run(h, i, n)) {
      memset(&h->state[i], 1, n);
      memset(&h->zeroed[i], 0, n);
      memset(&h->word[i], 0x5a, n * sizeof h->word[0]);
      memset(&h->order[i], (int)order, n);
      memset(&h->owners[i], 1, n);
      h->used += n;
      h->calls++;
      h->next = (i + n + 2) % h->frames;
      return T_FRAME_BASE + i * S2_PAGE_SIZE;
    }
  }
  h->calls += order == 0 ? 1 : 0;
  return S2_NO_FRAME;
}

/* index of the first frame, after checking that all are handed out; or h->frames */
static uint64_t index_of(struct t_host *h, uint64_t hpa, uint32_t order) {
  uint64_t n = (uint64_t)1 << order;
  uint64_t i = (hpa - T_FRAME_BASE) / S2_PAGE_SIZE;
  if (hpa < T_FRAME_BASE || hpa % (n * S2_PAGE_SIZE) != 0 || i + n > h->frames) {
    h->errors++;
    return h->frames;
  }
  for (uint64_t j = i; j < i + n; j++) {
    if (h->state[j] == 0 || h->order[j] < order) {
      h->errors++;
      return h->frames;
    }
  }
  return i;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t i = index_of(h, hpa, order);
  if (i < h->frames) {
    uint64_t n = (uint64_t)1 << order;
    tell(T_EV_FREE, 0, hpa, n * S2_PAGE_SIZE);
    for (uint64_t j = i; j < i + n; j++) {
      h->owners[j]--;
      h->state[j] = h->owners[j] != 0;
      h->used -= h->owners[j] == 0;
    }
  }
}

bool s2_host_frame_share(void *ctx, uint64_t hpa, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t i = index_of(h, hpa, order);
  uint64_t n = (uint64_t)1 << order;
  if (i == h->frames || (h->fail_at >= 0 && h->calls >= (uint64_t)h->fail_at)) {
    return false;
  }
  h->calls++;
  for (uint64_t j = i; j < i + n; j++) {
    h->owners[j]++;
  }
  return true;
}

bool s2_host_frame_shared(void *ctx, uint64_t hpa, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t i = index_of(h, hpa, order);
  bool shared = false;
  for (uint64_t j = i; j < i + ((uint64_t)1 << order) && j < h->frames; j++) {
    shared = shared || h->owners[j] > 1;
  }
  return shared;
}

void s2_host_frame_copy(void *ctx, uint64_t to, uint64_t from, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t i = index_of(h, to, order);
  uint64_t k = index_of(h, from, order);
  h->copies++;
  for (uint64_t j = 0; j < (uint64_t)1 << order && i < h->frames && k < h->frames; j++) {
    h->word[i + j] = h->word[k + j];
    h->zeroed[i + j] = 1;
  }
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  struct t_host *h = ctx;
  uint64_t i = index_of(h, hpa, order);
  if (i < h->frames) {
    memset(&h->zeroed[i], 1, (uint64_t)1 << order);
    memset(&h->word[i], 0, sizeof h->word[0] << order);
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  (void)hpa;
  (void)len;
  return NULL;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  tell(T_EV_REMOTE, vmid, first, last);
}

uint64_t s2_host_cycles(void *ctx) {
  struct t_host *h = ctx;
  return h->cycles++;
}
