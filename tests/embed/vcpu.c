/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** vcpu.c - all that a hypervisor needs to run a RISC-V guest: static memory, the host's calls, and this loop. */
#include "stage2/riscv_vcpu.h"
#include "stage2/stage2.h"

#define RAM 0x80000000u

_Alignas(16384) static struct s2_table tables[64];
static struct s2_node nodes[64];
static int32_t stack[64];
static struct s2_chunk chunks[4];
static uint64_t lo[4];
static int32_t id[4], spare[4];
static struct s2_space space;
static struct s2_rv_machine machine;
static struct s2_rv_hart hart;
static struct s2_rv_guest guest;
static struct s2_rv_vcpu vcpu;
static uint64_t frames = 0x90000000u;

void _start(void);

static struct s2_space_config c = {.hw = {.gpa_bits = 41, .hpa_bits = 56, .leaf_max = 2},
                                   .tables = {.tables = tables, .nodes = nodes, .stack = stack, .count = 64},
                                   .areas = {.chunks = chunks, .lo = lo, .id = id, .spare = spare, .count = 4}};
static const struct s2_rv_guest_config g = {.space = &space, .machine = &machine, .vcpus = &vcpu, .count = 1};

static s2_status set_up(void) {
  c.tables.hpa = (uint64_t)tables;
  s2_status st = s2_rv_machine_init(&machine, s2_rv_vmid_bits(), &machine);
  st = st == S2_OK ? s2_rv_hart_init(&hart, 0) : st;
  st = st == S2_OK ? s2_init(&space, &c) : st;
  st = st == S2_OK ? s2_map_alloc(&space, RAM, 0x10000000, S2_RWX, 0) : st;
  st = st == S2_OK ? s2_rv_guest_init(&guest, &g) : st;
  return st == S2_OK ? s2_rv_start(&guest, 0, RAM, 0) : st;
}

void _start(void) {
  s2_status st = set_up();
  while (st == S2_OK) {
    struct s2_rv_exit e = s2_rv_run(&hart, &vcpu);
    if (e.kind == S2_RV_EXIT_MMIO_READ) {
      st = s2_rv_complete_read(&vcpu, 0);
    } else if (e.kind == S2_RV_EXIT_MMIO_WRITE) {
      st = s2_rv_complete_write(&vcpu);
    } else if (e.kind == S2_RV_EXIT_SHUTDOWN) {
      break;
    } else {
      st = s2_rv_reflect(&vcpu);
    }
  }
  for (;;) {
  }
}

/* ---- the host: frames one after the other, memory at its own address, one hart ---- */

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  uint64_t at = frames;
  (void)ctx;
  frames += S2_PAGE_SIZE;
  return order == 0 ? at : S2_NO_FRAME;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  volatile uint64_t *page = (volatile uint64_t *)hpa;
  (void)ctx;
  (void)order;
  for (uint32_t i = 0; i < S2_PAGE_SIZE / 8u; i++) {
    page[i] = 0;
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  (void)len;
  return (void *)hpa;
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
