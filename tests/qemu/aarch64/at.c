/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * at.c - the judge that answers in PAR_EL1: AT S12E1R and AT S12E1W, both stages with stage 1 off.
 *
 * AT walks anew each time and touches no memory, so the host addresses may lie anywhere in 48 bits. HCR_EL2.DC makes
 * stage 1 normal write-back non-shareable memory, so that what PAR_EL1 shows is the stage 2 type: with DC clear, data
 * accesses would be device memory whatever stage 2 says (DDI 0487, D8.5.5).
 */
#include "at.h"
#include "fit.h"

/* how much is compared, and whether the library is built broken: given by rules.mk */
#ifndef JUDGE_ADDRESSES
#define JUDGE_ADDRESSES 1000000u
#endif
#ifndef JUDGE_SEED
#define JUDGE_SEED 1u
#endif
#ifndef JUDGE_MUST_DISAGREE
#define JUDGE_MUST_DISAGREE 0
#endif

#define TYPES(rights) (rights) | S2_WB, (rights) | S2_WT, (rights) | S2_NC, (rights) | S2_DEV, (rights) | S2_DEV_NE

static const uint32_t attr_x[] = {TYPES(S2_R), TYPES(S2_RW), TYPES(S2_RX), TYPES(S2_RWX), TYPES(S2_X)};
static const uint32_t attr_ux[] = {TYPES(S2_R),          TYPES(S2_RW),         TYPES(S2_R | S2_UX),
                                   TYPES(S2_RW | S2_UX), TYPES(S2_RX | S2_UX), TYPES(S2_RWX | S2_UX),
                                   TYPES(S2_UX),         TYPES(S2_X | S2_UX)};

#define SHAPE(title, bits, leaf, features, vmid, set, mode)                                                            \
  {                                                                                                                    \
    .name = title, .hw = {bits, 48, leaf, features, vmid, NULL}, .flags = JUDGE_WIDE | (mode), .accesses = S2_RW,      \
    .attr = set, .attrs = sizeof(set) / sizeof((set)[0]), .wide_bits = WIDE(bits)                                      \
  }
/* stage 1 off lets every address through that is not wider than a physical address: 52 bits at most */
#define WIDE(bits) (UINT64_C(0xfffffffffffff) & ~((UINT64_C(1) << (bits)) - 1u))

static const struct judge_shape shapes[] = {
    SHAPE("IPA 32", 32, 1, 0, 1, attr_x, 0),
    SHAPE("IPA 34 XNX", 34, 1, S2_FEAT_UX, 255, attr_ux, 0),
    SHAPE("IPA 36", 36, 2, 0, 200, attr_x, 0),
    SHAPE("IPA 39 XNX", 39, 2, S2_FEAT_UX | S2_FEAT_VMID16, 0xffff, attr_ux, 0),
    SHAPE("IPA 40", 40, 2, 0, 2, attr_x, 0),
    SHAPE("IPA 42 XNX HAFDBS", 42, 2, S2_FEAT_UX | S2_FEAT_AD, 3, attr_ux, JUDGE_AD),
    SHAPE("IPA 44", 44, 1, 0, 129, attr_x, 0),
    SHAPE("IPA 48 XNX", 48, 2, S2_FEAT_UX | S2_FEAT_VMID16, 0x8001, attr_ux, 0),
    SHAPE("IPA 34 areas", 34, 1, 0, 5, attr_x, JUDGE_SPACE),
    SHAPE("IPA 40 areas XNX HAFDBS", 40, 2, S2_FEAT_UX | S2_FEAT_AD, 6, attr_ux, JUDGE_SPACE | JUDGE_AD),
    SHAPE("IPA 48 areas", 48, 2, 0, 7, attr_x, JUDGE_SPACE),
};

/* AT reads no memory: the driver may take everything for memory that it can ask about */
static const struct judge_window windows[] = {
    {MACHINE_BLOCKS, UINT64_C(0x80000000), true},
    {UINT64_C(0x712340000000), UINT64_C(0x400000000), true},
    {UINT64_C(0xffff80000000), UINT64_C(0x80000000), true}, /* up to the end of 48 bits */
};

#define TABLES 512u
#define CHUNKS 64u
_Alignas(4096) static struct s2_table tables[TABLES];
static struct s2_node nodes[TABLES];
static int32_t stack[TABLES];
static struct s2_chunk chunks[CHUNKS];
static uint64_t lo[CHUNKS];
static int32_t id[CHUNKS], spare[CHUNKS];
static uint32_t ipa_bits; /* of the space in place */

void judge_install(const struct judge_shape *shape, struct s2_root root) {
  ipa_bits = shape->hw.gpa_bits;
  machine_install(root, HCR_DC);
}

/**
 * The type that ATTR (bits 63:56) and SH (bits 8:7) name. Normal cacheable memory must be inner shareable, the rest
 * reads as outer shareable. S2_TYPE_MASK when it is none of the library's types.
 */
static uint32_t type_of(uint64_t par) {
  static const struct {
    uint32_t attr, sh, type;
  } known[] = {{0xff, 3, S2_WB}, {0xbb, 3, S2_WT}, {0x44, 2, S2_NC}, {0x04, 2, S2_DEV}, {0x00, 2, S2_DEV_NE}};
  for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (par >> 56 == known[i].attr && ((par >> 7) & 3u) == known[i].sh) {
      return known[i].type;
    }
  }
  return S2_TYPE_MASK;
}

static struct judge_answer answer_done(uint64_t gpa, uint64_t par) {
  struct judge_answer a = {.kind = JUDGE_OK, .knows = JUDGE_KNOWS_HPA | JUDGE_KNOWS_TYPE};
  a.hpa = (par & PAR_PA) | (gpa & 0xfffu);
  a.type = type_of(par);
  a.raw[0] = par;
  if (a.type == S2_TYPE_MASK) {
    a.kind = JUDGE_ODD;
  }
  return a;
}

/** A stage 2 translation or permission fault with its level; anything else is odd. */
static struct judge_answer answer_fault(uint64_t gpa, uint64_t par) {
  struct judge_answer a = {.kind = JUDGE_ODD};
  uint32_t fst = PAR_FST(par);
  uint32_t what = fst & ~3u;
  bool wide = gpa >> ipa_bits != 0;
  a.raw[0] = par;
  if ((par & (PAR_S | PAR_PTW)) != PAR_S || (what != FST_TRANSLATION && what != FST_PERMISSION)) {
    return a;
  }
  if (wide && fst != FST_TRANSLATION) {
    return a; /* an address that is too wide is a translation fault of level 0, the manual's */
  }
  a.kind = JUDGE_FAULT;
  a.knows = wide ? JUDGE_KNOWS_PRESENT : JUDGE_KNOWS_PRESENT | JUDGE_KNOWS_LEVEL;
  a.present = what == FST_PERMISSION;
  a.level = 3u - (fst & 3u);
  return a;
}

struct judge_answer judge_ask(uint64_t gpa, uint32_t access) {
  uint64_t par = at_s12e1(gpa, access == S2_W);
  return (par & PAR_F) != 0 ? answer_fault(gpa, par) : answer_done(gpa, par);
}

void judge_ask_all(struct judge_probe *probe, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    probe[i].answer = judge_ask(probe[i].gpa, probe[i].access);
  }
}

/** PAR_EL1 has the address; the memory there is not looked at. */
void judge_mark(uint64_t hpa) {
  (void)hpa;
}

void test_main(void) {
  struct judge_shape fitting[FIT_SHAPES];
  struct judge_plan plan = {.name = "aarch64 AT",
                            .seed = JUDGE_SEED,
                            .shape = fitting,
                            .shapes = fit_shapes(fitting, shapes, sizeof shapes / sizeof shapes[0]),
                            .window = windows,
                            .windows = fit_pa_bits() < 48u ? 1u : sizeof windows / sizeof windows[0],
                            .addresses = JUDGE_ADDRESSES,
                            .operations = 400,
                            .tables = {tables, nodes, stack, TABLES, (uint64_t)tables},
                            .areas = {chunks, lo, id, spare, CHUNKS},
                            .frames = {MACHINE_FRAMES, JUDGE_FRAMES * (uint64_t)S2_PAGE_SIZE, true},
                            .any_disagreement = JUDGE_MUST_DISAGREE != 0};
  struct judge_result result = judge_run(&plan);
  judge_finish(&result, 0, 0);
}
