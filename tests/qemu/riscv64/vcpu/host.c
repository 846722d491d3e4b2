/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* host.c - memory and host calls of the test guests: one hart, so nothing is remote. */
#include "test.h"

#define GUEST_FRAMES 4096u
#define TABLES       64u
#define CHUNKS       4u

static struct {
  _Alignas(16384) struct s2_table tables[TABLES];
  struct s2_node nodes[TABLES];
  int32_t stack[TABLES];
  struct s2_chunk chunks[CHUNKS];
  uint64_t lo[CHUNKS];
  int32_t id[CHUNKS], spare[CHUNKS];
  uint8_t taken[GUEST_FRAMES];
} store[2];

static uint64_t frames_of(const struct guest_memory *m) {
  return POOL + (uint64_t)m->number * GUEST_FRAMES * S2_PAGE_SIZE;
}

void memory_init(struct guest_memory *m, uint32_t number, uint32_t gpa_bits) {
  struct s2_space_config c = {.hw = {.gpa_bits = gpa_bits, .hpa_bits = 56, .leaf_max = 2, .vmid = 0, .ctx = m},
                              .tables = {.tables = store[number].tables,
                                         .nodes = store[number].nodes,
                                         .stack = store[number].stack,
                                         .count = TABLES,
                                         .hpa = (uint64_t)store[number].tables},
                              .areas = {.chunks = store[number].chunks,
                                        .lo = store[number].lo,
                                        .id = store[number].id,
                                        .spare = store[number].spare,
                                        .count = CHUNKS}};
  m->lock.held = 0;
  m->number = number;
  m->used = 0;
  m->limit = UINT32_MAX;
  m->next = 0;
  m->code = NULL;
  m->guest = NULL;
  if (s2_init(&m->space, &c) != S2_OK || s2_map_alloc(&m->space, RAM, RAM_SIZE, S2_RWX, 0) != S2_OK ||
      s2_map_alloc(&m->space, ROM, S2_PAGE_SIZE, S2_RX, 0) != S2_OK) {
    put("FAIL memory\n0 passed, 1 failed\n");
    power_off(1);
  }
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  struct guest_memory *m = ctx;
  if (order != 0 || m->used >= m->limit || m->used >= GUEST_FRAMES) {
    return S2_NO_FRAME;
  }
  while (store[m->number].taken[m->next] != 0) {
    m->next = (m->next + 7) % GUEST_FRAMES;
  }
  store[m->number].taken[m->next] = 1;
  m->used++;
  return frames_of(m) + (uint64_t)m->next * S2_PAGE_SIZE;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  struct guest_memory *m = ctx;
  (void)order;
  store[m->number].taken[(hpa - frames_of(m)) / S2_PAGE_SIZE] = 0;
  m->used--;
}

/** Code pages get the code, all others zeros. */
void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  struct guest_memory *m = ctx;
  uint64_t offset = m->guest->fault_gpa - RAM;
  const uint64_t *from = (const uint64_t *)(const void *)(guest_begin + offset);
  uint64_t *to = (uint64_t *)hpa;
  bool code = m->guest->fault_gpa >= RAM && offset < (uint64_t)(guest_end - guest_begin);
  (void)order;
  for (uint32_t i = 0; i < S2_PAGE_SIZE / 8; i++) {
    to[i] = code ? from[i] : 0;
  }
  if (code && offset == 0) {
    m->code = (uint32_t *)hpa;
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  const struct guest_memory *m = ctx;
  uint64_t at = hpa - frames_of(m);
  return at < (uint64_t)GUEST_FRAMES * S2_PAGE_SIZE && len <= (uint64_t)GUEST_FRAMES * S2_PAGE_SIZE - at ? (void *)hpa
                                                                                                         : NULL;
}

uint64_t s2_host_cycles(void *ctx) {
  (void)ctx;
  return s2_rv_read_time();
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
}
void s2_rv_host_lock(void *ctx) {
  (void)ctx;
}
void s2_rv_host_unlock(void *ctx) {
  (void)ctx;
}
void s2_rv_host_kick(void *ctx, uint64_t vcpus, bool wait) {
  (void)ctx;
  (void)vcpus;
  (void)wait;
}
void s2_rv_host_quiesce(void *ctx) {
  (void)ctx;
}
void s2_rv_host_console(void *ctx, const uint8_t *bytes, uint32_t len) {
  (void)ctx;
  (void)bytes;
  (void)len;
}
uint32_t s2_rv_host_console_read(void *ctx, uint8_t *to, uint32_t max) {
  (void)ctx;
  (void)to;
  (void)max;
  return 0;
}

/* The UART's "transmitter empty" is always true: its interrupt, number 10, comes as soon as it is enabled. */
#define PLIC UINT64_C(0x0c000000)
static volatile uint32_t *plic(uint64_t offset) {
  return (volatile uint32_t *)(PLIC + offset);
}
void plic_raise(void) {
  *plic(4 * 10) = 1;
  *plic(0x2080) = 1u << 10; /* context 1: S-mode of hart 0 */
  *plic(0x201000) = 0;
  ((volatile uint8_t *)UART)[1] = 2;
}
void plic_lower(void) {
  ((volatile uint8_t *)UART)[1] = 0;
  *plic(0x201004) = *plic(0x201004);
  *plic(0x2080) = 0;
}
