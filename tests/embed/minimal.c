/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** minimal.c - all that a hypervisor needs to use the library: static memory, the calls of host.h, and this. */
#include "stage2/stage2.h"

#ifdef S2_FORMAT_GST
#define GPA_BITS 41 /* Sv39x4 */
#else
#define GPA_BITS 48
#endif

_Alignas(4096) static struct s2_table tables[64];
static struct s2_node nodes[64];
static int32_t stack[64];
static struct s2_chunk chunks[4];
static uint64_t lo[4];
static int32_t id[4], spare[4];
static struct s2_space guest;

static struct s2_space_config cfg = {.hw = {.gpa_bits = GPA_BITS, .hpa_bits = 40, .leaf_max = 2, .vmid = 1},
                                     .tables = {.tables = tables, .nodes = nodes, .stack = stack, .count = 64},
                                     .areas = {.chunks = chunks, .lo = lo, .id = id, .spare = spare, .count = 4}};

s2_status guest_start(uint64_t tables_hpa, struct s2_root *root);
s2_status guest_start(uint64_t tables_hpa, struct s2_root *root) {
  cfg.tables.hpa = tables_hpa;
  s2_status st = s2_init(&guest, &cfg);
  if (st == S2_OK) {
    st = s2_map_linear(&guest, 0x40000000, 0x40000000, 0x80000000, S2_RWX, 0); /* 1 GiB of RAM */
  }
  if (st == S2_OK) {
    st = s2_map_alloc(&guest, 0x100000000, 0x1000000000, S2_RW, 0); /* 64 GiB, paged in by s2_fault() */
  }
  *root = s2_root(&guest);
  return st;
}
