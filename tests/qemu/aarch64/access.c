/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * access.c - the judge that makes the access: loads, stores and fetches of a guest at EL1 and EL0, stage 1 off.
 *
 * A TLB stands between the tables and these answers, so a translation that the library's invalidation leaves behind is
 * a mismatch. The driver never has the guest's own page taken away.
 */
#include "fit.h"
#include "probe.h"

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

static const uint32_t attr_x[] = {S2_R, S2_RW, S2_RX, S2_RWX, S2_X, S2_RWX | S2_NC, S2_RW | S2_WT};
static const uint32_t attr_ux[] = {S2_R,           S2_RW, S2_R | S2_UX, S2_RW | S2_UX,  S2_RX | S2_UX,
                                   S2_RWX | S2_UX, S2_UX, S2_X | S2_UX, S2_RWX | S2_UX, S2_RW | S2_NC};

/* host addresses at least as wide as guest addresses: see "known differences" in README.md */
#define SHAPE(title, bits, hpa, leaf, features, vmid, set, mode)                                                       \
  {                                                                                                                    \
    .name = title, .hw = {bits, hpa, leaf, features, vmid, NULL}, .flags = JUDGE_WIDE | (mode),                        \
    .accesses = S2_RWX | (((features)&S2_FEAT_UX) != 0 ? S2_UX : 0u), .attr = set,                                     \
    .attrs = sizeof(set) / sizeof((set)[0]), .wide_bits = WIDE(bits),                                                  \
    .fixed_attr = S2_RX | (((features)&S2_FEAT_UX) != 0 ? S2_UX : 0u)                                                  \
  }
#define WIDE(bits) (UINT64_C(0xfffffffffffff) & ~((UINT64_C(1) << (bits)) - 1u))

static const struct judge_shape shapes[] = {
    SHAPE("IPA 32", 32, 36, 1, 0, 1, attr_x, 0),
    SHAPE("IPA 34 XNX", 34, 36, 1, S2_FEAT_UX, 255, attr_ux, 0),
    SHAPE("IPA 36 XNX", 36, 40, 2, S2_FEAT_UX | S2_FEAT_VMID16, 0x100, attr_ux, 0),
    SHAPE("IPA 39", 39, 40, 2, 0, 7, attr_x, 0),
    SHAPE("IPA 40 XNX", 40, 40, 2, S2_FEAT_UX, 2, attr_ux, 0),
    SHAPE("IPA 42 HAFDBS", 42, 42, 2, S2_FEAT_AD, 3, attr_x, JUDGE_AD),
    SHAPE("IPA 44", 44, 44, 1, 0, 129, attr_x, 0),
    SHAPE("IPA 48 XNX", 48, 48, 2, S2_FEAT_UX | S2_FEAT_VMID16, 0xffff, attr_ux, 0),
    SHAPE("IPA 40 areas XNX HAFDBS", 40, 40, 2, S2_FEAT_UX | S2_FEAT_AD, 5, attr_ux, JUDGE_SPACE | JUDGE_AD),
    SHAPE("IPA 44 areas", 44, 44, 2, 0, 6, attr_x, JUDGE_SPACE),
};

#define MIB UINT64_C(0x100000)
static const struct judge_window windows[] = {
    {MACHINE_FRAMES + 32 * MIB, 32 * MIB, true},
    {MACHINE_BLOCKS, 32 * MIB, true},
    {UINT64_C(0xc0000000) - 16 * MIB, 32 * MIB, true},
    {MACHINE_END - 16 * MIB, 16 * MIB, true},
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

/* where the memory of this batch was marked: that is where a store can have gone */
static uint64_t marked[JUDGE_BATCH];
static uint32_t marks;

void judge_install(const struct judge_shape *shape, struct s2_root root) {
  ipa_bits = shape->hw.gpa_bits;
  machine_install(root, HCR_DC);
}

static volatile uint64_t *word_at(uint64_t hpa) {
  return (volatile uint64_t *)hpa;
}

/** Two brk instructions whose immediates are bits 18:3 and 34:19 of their address: a load and a fetch tell both. */
static uint64_t mark_of(uint64_t hpa) {
  uint64_t low = PROBE_BRK((hpa >> 3) & 0xffffu);
  uint64_t high = PROBE_BRK((hpa >> 19) & 0xffffu);
  return high << 32 | low;
}

void judge_mark(uint64_t hpa) {
  uint64_t word = hpa & ~UINT64_C(7);
  *word_at(word) = mark_of(word);
  marked[marks % JUDGE_BATCH] = word;
  marks++;
}

/** The address whose mark has these two immediates. */
static uint64_t address_of(uint64_t low, uint64_t high) {
  return low << 3 | high << 19;
}

static struct judge_answer answer_fault(const struct probe_seen *seen, uint64_t gpa, uint32_t access) {
  struct judge_answer a = {.kind = JUDGE_ODD, .raw = {seen->esr, seen->gpa}};
  bool wide = gpa >> ipa_bits != 0;
  if ((seen->kind != PROBE_TRANSLATION && seen->kind != PROBE_PERMISSION) || seen->s1walk) {
    return a;
  }
  if (wide && (seen->kind != PROBE_TRANSLATION || seen->level != 3u)) {
    return a; /* an address that is too wide is a translation fault of level 0, the manual's */
  }
  a.kind = JUDGE_FAULT;
  a.knows = JUDGE_KNOWS_PRESENT | JUDGE_KNOWS_GPA | JUDGE_KNOWS_ACCESS | (wide ? 0u : JUDGE_KNOWS_LEVEL);
  a.present = seen->kind == PROBE_PERMISSION;
  a.level = seen->level;
  a.access = access; /* probe() has checked the syndrome's direction */
  a.gpa = seen->gpa;
  a.gpa_mask = ~UINT64_C(7);
  return a;
}

static struct judge_answer answer_done(uint64_t word, uint64_t gpa, uint64_t raw) {
  struct judge_answer a = {.kind = JUDGE_OK, .knows = JUDGE_KNOWS_HPA, .hpa = word | (gpa & 7u), .raw = {raw, 0}};
  return a;
}

/** EL1 and EL0 have the same rights to data: one or the other, by address. */
static uint64_t level_for_data(uint64_t gpa) {
  return ((gpa >> 12 ^ gpa >> 3) & 1u) != 0 ? GUEST_EL0 : GUEST_EL1;
}

static struct judge_answer ask_load(uint64_t gpa) {
  struct probe_seen seen = probe(PROBE_LOAD, level_for_data(gpa), gpa & ~UINT64_C(7), 0);
  if (seen.kind != PROBE_DONE) {
    return answer_fault(&seen, gpa, S2_R);
  }
  uint64_t word = address_of((seen.value >> 5) & 0xffffu, (seen.value >> 37) & 0xffffu);
  struct judge_answer a = answer_done(word, gpa, seen.value);
  if (mark_of(word) != seen.value) {
    a.kind = JUDGE_ODD; /* memory that nobody marked */
  }
  return a;
}

/** A value never stored before, and a search for where it is; its mark is put back. */
static struct judge_answer ask_store(uint64_t gpa) {
  static uint64_t stored;
  stored++;
  struct probe_seen seen = probe(PROBE_STORE, level_for_data(gpa), gpa & ~UINT64_C(7), stored);
  if (seen.kind != PROBE_DONE) {
    return answer_fault(&seen, gpa, S2_W);
  }
  for (uint32_t i = 0; i < marks && i < JUDGE_BATCH; i++) {
    if (*word_at(marked[i]) == stored) {
      *word_at(marked[i]) = mark_of(marked[i]);
      return answer_done(marked[i], gpa, stored);
    }
  }
  struct judge_answer lost = {.kind = JUDGE_ODD, .raw = {stored, 0}};
  return lost;
}

/** Both halves of the mark are executed. */
static struct judge_answer ask_fetch(uint64_t gpa, uint32_t access) {
  uint64_t pstate = access == S2_UX ? GUEST_EL0 : GUEST_EL1;
  struct probe_seen low = probe(PROBE_FETCH, pstate, gpa & ~UINT64_C(7), 0);
  if (low.kind != PROBE_DONE) {
    return answer_fault(&low, gpa, access);
  }
  struct probe_seen high = probe(PROBE_FETCH, pstate, (gpa & ~UINT64_C(7)) + 4u, 0);
  if (high.kind != PROBE_DONE) {
    struct judge_answer half = {.kind = JUDGE_ODD, .raw = {high.esr, high.gpa}};
    return half;
  }
  return answer_done(address_of(low.value, high.value), gpa, high.value << 16 | low.value);
}

struct judge_answer judge_ask(uint64_t gpa, uint32_t access) {
  if (access == S2_R) {
    return ask_load(gpa);
  }
  return access == S2_W ? ask_store(gpa) : ask_fetch(gpa, access);
}

void judge_ask_all(struct judge_probe *probe, uint32_t n) {
  __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" ::: "memory"); /* the marks are code as well */
  for (uint32_t i = 0; i < n; i++) {
    probe[i].answer = judge_ask(probe[i].gpa, probe[i].access);
  }
  marks = 0;
}

void test_main(void) {
  struct judge_shape fitting[FIT_SHAPES];
  struct judge_plan plan = {.name = "aarch64 EL1",
                            .seed = JUDGE_SEED,
                            .shape = fitting,
                            .shapes = fit_shapes(fitting, shapes, sizeof shapes / sizeof shapes[0]),
                            .window = windows,
                            .windows = sizeof windows / sizeof windows[0],
                            .addresses = JUDGE_ADDRESSES,
                            .operations = 400,
                            .tables = {tables, nodes, stack, TABLES, (uint64_t)tables},
                            .areas = {chunks, lo, id, spare, CHUNKS},
                            .frames = {MACHINE_FRAMES, JUDGE_FRAMES * (uint64_t)S2_PAGE_SIZE, true},
                            .fixed = {GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page},
                            .must_disagree = JUDGE_MUST_DISAGREE != 0};
  struct judge_result result = judge_run(&plan);
  judge_finish(&result, 0, 0);
}
