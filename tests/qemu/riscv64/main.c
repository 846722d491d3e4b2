/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main.c - what is judged on RISC-V: the three G-stage modes, with and without Svadu and Svpbmt. */
#include "checks.h"
#include "harts.h"
#include "machine.h"

#define TABLES 768u
#define CHUNKS 64u
#define MIB    ((uint64_t)1 << 20)
#define GIB    ((uint64_t)1 << 30)

/* how much is compared, and whether the library is built broken: given by rules.mk */
#ifndef JUDGE_ADDRESSES
#define JUDGE_ADDRESSES 1000000u
#endif
#ifndef JUDGE_MUST_DISAGREE
#define JUDGE_MUST_DISAGREE 0
#endif
#ifndef JUDGE_MUTANT
#define JUDGE_MUTANT 0
#endif
#ifndef JUDGE_CASES
#define JUDGE_CASES 1
#endif
#ifndef JUDGE_SEED
#define JUDGE_SEED 1u
#endif

static _Alignas(4096) struct s2_table tables[TABLES];
static struct s2_node nodes[TABLES];
static int32_t stack[TABLES];
static struct s2_chunk chunks[CHUNKS];
static uint64_t lo[CHUNKS];
static int32_t id[CHUNKS], spare[CHUNKS];

static const uint32_t plain[] = {S2_R, S2_RW, S2_RX, S2_RWX, S2_X, S2_RWX};
static const uint32_t typed[] = {S2_R | S2_NC, S2_RW | S2_DEV, S2_RX | S2_NC, S2_RWX, S2_X | S2_DEV, S2_RW | S2_NC};

#define SHAPE(title, bits, leaf, feat, mode, a)                                                                        \
  {                                                                                                                    \
    .name = (title), .hw = {.gpa_bits = (bits), .hpa_bits = 56, .leaf_max = (leaf), .features = (feat), .vmid = 5},    \
    .flags = JUDGE_WIDE | (mode), .accesses = S2_R | S2_W | S2_X, .attr = (a), .attrs = sizeof(a) / sizeof(a)[0],      \
    .wide_bits = (UINT64_MAX << (bits)) & (UINT64_MAX >> 2)                                                            \
  }

static const struct judge_shape shapes[] = {
    SHAPE("Sv39x4", 41, 2, 0, 0, plain),
    SHAPE("Sv48x4", 50, 3, 0, 0, plain),
    SHAPE("Sv57x4", 59, 3, 0, 0, plain),
    SHAPE("Sv39x4 Svadu", 41, 2, S2_FEAT_AD, JUDGE_AD, plain),
    SHAPE("Sv57x4 Svadu", 59, 3, S2_FEAT_AD, JUDGE_AD, plain),
    SHAPE("Sv48x4 Svpbmt", 50, 3, S2_FEAT_SVPBMT, 0, typed),
    SHAPE("Sv48x4 pages", 50, 0, 0, 0, plain),
    SHAPE("Sv39x4 areas", 41, 2, 0, JUDGE_SPACE, plain),
    SHAPE("Sv57x4 areas", 59, 3, 0, JUDGE_SPACE, plain),
    SHAPE("Sv48x4 areas Svadu", 50, 3, S2_FEAT_AD, JUDGE_SPACE | JUDGE_AD, plain),
};

/* around 2 MiB and 1 GiB borders of RAM; beyond 512 GiB, where a block of that size fits; and where nothing is */
static struct judge_window windows[] = {
    {0x84000000, 32 * MIB, true}, {3 * GIB - 16 * MIB, 32 * MIB, true},  {4 * GIB - 8 * MIB, 16 * MIB, true},
    {512 * GIB, 16 * MIB, true},  {513 * GIB - 8 * MIB, 16 * MIB, true}, {UINT64_C(1) << 55, UINT64_C(1) << 54, false},
};

static struct judge_plan plan = {
    .name = "riscv64",
    .seed = JUDGE_SEED,
    .shape = shapes,
    .shapes = sizeof shapes / sizeof shapes[0],
    .window = windows,
    .windows = sizeof windows / sizeof windows[0],
    .addresses = JUDGE_ADDRESSES,
    .operations = 400,
    .tables = {.tables = tables, .nodes = nodes, .stack = stack, .count = TABLES},
    .areas = {.chunks = chunks, .lo = lo, .id = id, .spare = spare, .count = CHUNKS},
    .frames = {0x88000000, JUDGE_FRAMES *(uint64_t)S2_PAGE_SIZE, true},
    .must_disagree = JUDGE_MUST_DISAGREE != 0,
    .any_disagreement = JUDGE_MUTANT != 0,
};

/* How often a hart did not keep the hgatp it was given. */
static uint32_t lost;

void judge_install(const struct judge_shape *shape, struct s2_root root) {
  uint64_t env = 0;
  env |= (shape->hw.features & S2_FEAT_SVPBMT) != 0 ? MENVCFG_PBMTE : 0;
  env |= (shape->hw.features & S2_FEAT_AD) != 0 ? MENVCFG_ADUE : 0;
  lost += harts_install(env, root.base) && root.ctrl == 0 ? 0 : 1;
}

int main(void) {
  struct checks c = {0, 0};
  plan.tables.hpa = (uint64_t)(uintptr_t)tables;
  for (uint32_t i = 0; i < plan.windows; i++) {
    if (windows[i].ram && !machine_has_ram(windows[i].hpa)) {
      judge_puts("no memory from ");
      judge_put_hex(windows[i].hpa);
      judge_puts(": translations to there are compared without reading\n");
      windows[i].ram = false;
    }
  }
  bool sound = !plan.must_disagree && !plan.any_disagreement;
  harts_begin();
  if (sound && JUDGE_CASES != 0) {
    checks_run(&c, &plan);
  }
  struct judge_result r = judge_run(&plan);
  if (sound) {
    check(&c, lost == 0, "hgatp keeps what s2_pt_root() gives");
  }
  judge_finish(&r, c.passed, c.failed);
}
