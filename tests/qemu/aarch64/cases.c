/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * cases.c - single cases that random operations do not reach: every address width, two spaces, the registers around an
 * invalidation, and accessed and dirty state (FEAT_HAFDBS).
 */
#include "at.h"
#include "check.h"
#include "probe.h"
#include "stage2/walk.h"

#define TABLES 64u
_Alignas(4096) static struct s2_table tables[2][TABLES];
static struct s2_node nodes[2][TABLES];
static int32_t stack[2][TABLES];
static struct s2_pt space[2];

static void make(uint32_t k, uint32_t gpa_bits, uint32_t hpa_bits, uint32_t features, uint32_t vmid) {
  struct s2_config cfg = {gpa_bits, hpa_bits, 2, features, vmid, NULL};
  struct s2_pool_memory mem = {tables[k], nodes[k], stack[k], TABLES, (uint64_t)tables[k]};
  check_setup(s2_pt_init(&space[k], &cfg, &mem), "s2_pt_init");
}

static void map(uint32_t k, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr) {
  check_setup(s2_pt_map(&space[k], gpa, size, hpa, attr, 2), "s2_pt_map");
}

static void install(uint32_t k) {
  machine_install(s2_pt_root(&space[k]), HCR_DC);
}

static volatile uint64_t *word_at(uint64_t hpa) {
  return (volatile uint64_t *)hpa;
}

/* ---- registers ---- */

/** The CPU keeps what s2_pt_root() gives: no bit of it is RES0 here. */
static bool registers_keep(struct s2_root root) {
  return REG_READ(vttbr_el2) == root.base && REG_READ(vtcr_el2) == root.ctrl;
}

/** Every width there is: its first and last page are found, their neighbours and what lies beyond are not. */
static void every_width(void) {
  const uint64_t hpa = UINT64_C(0xffffabcde000);
  for (uint32_t bits = 32; bits <= 48; bits++) {
    uint64_t last = (UINT64_C(1) << bits) - S2_PAGE_SIZE;
    make(0, bits, 48, S2_FEAT_UX | S2_FEAT_AD | S2_FEAT_VMID16, 0xa000u + bits);
    map(0, 0, S2_PAGE_SIZE, hpa, S2_R);
    map(0, last, S2_PAGE_SIZE, hpa - S2_PAGE_SIZE, S2_R);
    install(0);
    check_at(registers_keep(s2_pt_root(&space[0])), bits, "VTTBR_EL2 and VTCR_EL2 keep every bit");
    check_at((at_s12e1(0, false) & (PAR_F | PAR_PA)) == hpa, bits, "the first page is found");
    check_at((at_s12e1(last, false) & (PAR_F | PAR_PA)) == hpa - S2_PAGE_SIZE, bits, "the last page is found");
    check_at(PAR_FST(at_s12e1(S2_PAGE_SIZE, false)) == (FST_TRANSLATION | 3u), bits, "its neighbour is not");
    check_at(PAR_FST(at_s12e1(last - S2_PAGE_SIZE, false)) == (FST_TRANSLATION | 3u), bits, "nor is the last page's");
    check_at(PAR_FST(at_s12e1(last + S2_PAGE_SIZE, false)) == FST_TRANSLATION, bits, "nor is anything beyond");
  }
}

/**
 * VTCR_EL2.PS below the guest address width. The manual limits the width by the CPU's physical size (D8.2, PAMax), QEMU
 * by PS as well. Said, not counted: it is the emulator's difference.
 */
static void size_below_width(void) {
  make(0, 48, 40, 0, 1);
  map(0, 0, S2_PAGE_SIZE, MACHINE_FRAMES, S2_R);
  install(0);
  bool found = (at_s12e1(0, false) & PAR_F) == 0;
  judge_puts("known difference: 48 bits of guest address with 40 of host address: ");
  judge_puts(found ? "translated, as the manual says\n" : "refused by this emulator\n");
}

/** An invalidation of one space while the other is in place: the registers are put back. */
static void flush_beside(void) {
  make(0, 40, 48, S2_FEAT_VMID16, 0x111);
  make(1, 48, 48, 0, 0x22);
  map(0, GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page, S2_RX);
  map(1, GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page, S2_RX);
  map(0, 0x1000, S2_PAGE_SIZE, MACHINE_FRAMES, S2_R);
  map(1, 0x1000, S2_PAGE_SIZE, MACHINE_FRAMES + S2_PAGE_SIZE, S2_R);
  map(1, 0x2000, S2_PAGE_SIZE, MACHINE_FRAMES + S2_PAGE_SIZE, S2_R);
  *word_at(MACHINE_FRAMES) = 1;
  *word_at(MACHINE_FRAMES + S2_PAGE_SIZE) = 2;
  install(0);
  check(probe(PROBE_LOAD, GUEST_EL1, 0x1000, 0).value == 1, "the first space's page");
  check_setup(s2_pt_unmap(&space[1], 0x2000, S2_PAGE_SIZE), "unmap in the other");
  check(registers_keep(s2_pt_root(&space[0])), "a range: VTTBR_EL2 and VTCR_EL2 are as before");
  s2_pt_clear(&space[1]);
  check(registers_keep(s2_pt_root(&space[0])), "all: VTTBR_EL2 and VTCR_EL2 are as before");
  check(probe(PROBE_LOAD, GUEST_EL1, 0x1000, 0).value == 1, "the first space is as it was");
}

/** One guest address in two spaces, changed to and fro without an invalidation: VMIDs keep them apart. */
static void two_spaces(void) {
  for (uint32_t k = 0; k < 2; k++) {
    make(k, 40, 48, 0, 0x51u + k);
    map(k, GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page, S2_RX);
    map(k, 0x1000, S2_PAGE_SIZE, MACHINE_FRAMES + k * S2_PAGE_SIZE, S2_R);
    *word_at(MACHINE_FRAMES + k * S2_PAGE_SIZE) = 100u + k;
    install(k);
  }
  for (uint32_t i = 0; i < 6; i++) {
    REG_WRITE(vttbr_el2, s2_pt_root(&space[i & 1u]).base);
    check(probe(PROBE_LOAD, GUEST_EL1, 0x1000, 0).value == 100u + (i & 1u), "each space has its own page");
  }
}

/* ---- accessed and dirty ---- */

static uint64_t *entry_of(uint64_t gpa) {
  struct s2_pos at = s2_pos_at(&space[0].pool, gpa);
  return &tables[0][at.t].e[at.i];
}

static bool is_accessed(uint64_t gpa) {
  return (s2_pt_query(&space[0], gpa).attr & S2_ACCESSED) != 0;
}

static bool is_dirty(uint64_t gpa) {
  return (s2_pt_query(&space[0], gpa).attr & S2_DIRTY) != 0;
}

/** As a log of accesses or of writes does: the bits go, and every TLB forgets that they were set. */
static void forget(uint64_t gpa, uint32_t ad) {
  struct s2_pos at = s2_pos_at(&space[0].pool, gpa);
  *entry_of(gpa) = s2_entry_clear_ad(at.l, at.e, ad);
  install(0);
}

static void forget_accessed(uint64_t gpa) {
  forget(gpa, S2_ACCESSED);
}

static const struct {
  uint64_t gpa, size, hpa;
  uint32_t level;
} leaves[3] = {{0x10000000, 0x1000, MACHINE_FRAMES, 0},
               {0x20000000, 0x200000, MACHINE_BLOCKS, 1},
               {0xc0000000, 0x40000000, UINT64_C(0xc0000000), 2}};

static void make_leaves(uint32_t features) {
  make(0, 40, 48, features | S2_FEAT_UX, 9);
  map(0, GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page, S2_RX | S2_UX);
  for (uint32_t i = 0; i < 3; i++) {
    map(0, leaves[i].gpa, leaves[i].size, leaves[i].hpa, S2_RWX | S2_UX);
    *word_at(leaves[i].hpa) = PROBE_BRK(i);
  }
  install(0);
}

/** Without FEAT_AD hardware leaves AF alone: an access through a leaf that has it clear is a fault of its own. */
static void software_accessed(void) {
  make_leaves(0);
  for (uint32_t i = 0; i < 3; i++) {
    check_at(is_accessed(leaves[i].gpa), i, "a new leaf is accessed, so that no access flag fault is taken");
    forget_accessed(leaves[i].gpa);
    for (uint32_t a = PROBE_LOAD; a <= PROBE_FETCH; a++) {
      struct probe_seen seen = probe((enum probe_access)a, GUEST_EL1, leaves[i].gpa, 0);
      check_at(seen.kind == PROBE_FLAG && seen.level == leaves[i].level && seen.gpa == leaves[i].gpa, i,
               "an access flag fault, at the leaf's level");
      check_at(!is_accessed(leaves[i].gpa), i, "which sets nothing");
    }
  }
}

/** With it, each kind of access sets AF, in leaves of every size, and a store S2AP[1] beside DBM; and nothing else. */
static void hardware_sets(void) {
  check((REG_READ(id_aa64mmfr1_el1) & 15u) >= 2u, "ID_AA64MMFR1_EL1.HAFDBS: accessed flag and dirty state");
  make_leaves(S2_FEAT_AD);
  for (uint32_t i = 0; i < 3; i++) {
    uint64_t made = *entry_of(leaves[i].gpa);
    check_at(is_accessed(leaves[i].gpa) && is_dirty(leaves[i].gpa), i, "a new leaf is accessed and dirty");
    for (uint32_t a = PROBE_LOAD; a <= PROBE_FETCH; a++) {
      *word_at(leaves[i].hpa) = PROBE_BRK(i);
      forget(leaves[i].gpa, S2_AD_MASK);
      uint64_t clean = *entry_of(leaves[i].gpa);
      check_at(clean == ((made & ~(S2_A64_AF | S2_A64_S2AP_W)) | S2_A64_DBM), i,
               "neither: AF and S2AP[1] go, DBM comes");
      check_at(probe((enum probe_access)a, GUEST_EL1, leaves[i].gpa, 7).kind == PROBE_DONE, i, "an access");
      uint64_t set = S2_A64_AF | (a == PROBE_STORE ? S2_A64_S2AP_W : 0u);
      check_at(*entry_of(leaves[i].gpa) == (clean | set), i, "sets accessed, a store dirty, and nothing else");
      check_at(is_accessed(leaves[i].gpa) && is_dirty(leaves[i].gpa) == (a == PROBE_STORE), i,
               "which the library reads");
      forget_accessed(leaves[i].gpa);
      check_at(!is_accessed(leaves[i].gpa) && is_dirty(leaves[i].gpa) == (a == PROBE_STORE), i, "dirty alone stays");
    }
  }
  forget(leaves[0].gpa, S2_AD_MASK);
  forget(leaves[1].gpa, S2_AD_MASK);
  check(probe(PROBE_STORE, GUEST_EL1, leaves[0].gpa, 0).kind == PROBE_DONE, "a store through one leaf");
  check(!is_accessed(leaves[1].gpa) && !is_dirty(leaves[1].gpa), "does not count for another");
}

/** A store that the rights refuse stays refused, clean or dirty: hardware makes no leaf writable that is not. */
static void no_right_by_hardware(void) {
  make_leaves(S2_FEAT_AD);
  for (uint32_t i = 0; i < 3; i++) {
    for (uint32_t ad = 0; ad < 2; ad++) {
      forget(leaves[i].gpa, ad == 0 ? 0 : S2_DIRTY);
      check_setup(s2_pt_protect(&space[0], leaves[i].gpa, leaves[i].size, S2_R), "protect");
      uint64_t before = *entry_of(leaves[i].gpa);
      struct probe_seen seen = probe(PROBE_STORE, GUEST_EL1, leaves[i].gpa, 1);
      check_at(seen.kind == PROBE_PERMISSION && seen.level == leaves[i].level, i, "a store is refused");
      check_at(*entry_of(leaves[i].gpa) == before, i, "and the leaf is as it was");
      check_at(is_dirty(leaves[i].gpa) == (ad == 0), i, "it knows what it was");
      check_setup(s2_pt_protect(&space[0], leaves[i].gpa, leaves[i].size, S2_RW), "protect");
      check_at(is_dirty(leaves[i].gpa) == (ad == 0), i, "also when the right comes back");
    }
    check_at(probe(PROBE_STORE, GUEST_EL1, leaves[i].gpa, 1).kind == PROBE_DONE && is_dirty(leaves[i].gpa), i,
             "and a store makes it dirty again");
  }
}

/** A TLB that has seen a leaf dirty stores no more into it unseen once the library has invalidated. */
static void dirty_after_invalidation(void) {
  make_leaves(S2_FEAT_AD);
  for (uint32_t i = 0; i < 3; i++) {
    for (uint32_t n = 0; n < 3; n++) {
      check_at(probe(PROBE_STORE, GUEST_EL1, leaves[i].gpa, n).kind == PROBE_DONE, i, "a store");
      check_at(is_dirty(leaves[i].gpa), i, "is seen");
      forget(leaves[i].gpa, S2_DIRTY);
      check_at(probe(PROBE_LOAD, GUEST_EL1, leaves[i].gpa, 0).kind == PROBE_DONE, i, "a load");
      check_at(!is_dirty(leaves[i].gpa), i, "is none");
    }
  }
}

/** Dirty state through changes of size: children have the block's, a block what any of its children had. */
static void dirty_through_changes(void) {
  const uint64_t gpa = leaves[1].gpa;
  make_leaves(S2_FEAT_AD);
  forget(gpa, S2_DIRTY);
  check_setup(s2_pt_protect(&space[0], gpa, leaves[1].size, S2_RW), "protect");
  check_setup(s2_pt_split(&space[0], gpa + 0x3000), "split");
  check(!is_dirty(gpa) && !is_dirty(gpa + 0x3000) && !is_dirty(gpa + 0x1ff000), "pages of a clean block are");
  check(probe(PROBE_STORE, GUEST_EL1, gpa + 0x3000, 0).kind == PROBE_DONE, "a store to one page");
  check(!is_dirty(gpa + 0x2000) && is_dirty(gpa + 0x3000) && !is_dirty(gpa + 0x4000), "is that page's alone");
  check_setup(s2_pt_collapse(&space[0], gpa, 1), "collapse");
  check(is_dirty(gpa), "and the block's that they become");
  check_setup(s2_pt_split(&space[0], gpa + 0x3000), "split");
  check(is_dirty(gpa) && is_dirty(gpa + 0x1ff000), "pages of a dirty block are");
}

/** Accessed state through changes of size and rights: what was set stays set, what was not is not made up. */
static void accessed_through_changes(void) {
  const uint64_t gpa = leaves[1].gpa;
  make_leaves(S2_FEAT_AD);
  forget_accessed(gpa);
  check_setup(s2_pt_protect(&space[0], gpa, leaves[1].size, S2_RW), "protect");
  check(!is_accessed(gpa), "other rights do not make it accessed");
  check_setup(s2_pt_split(&space[0], gpa + 0x3000), "split");
  check(!is_accessed(gpa) && !is_accessed(gpa + 0x3000) && !is_accessed(gpa + 0x1ff000), "nor does a split");
  check(probe(PROBE_LOAD, GUEST_EL1, gpa + 0x3000, 0).kind == PROBE_DONE, "a load in one page");
  check(!is_accessed(gpa + 0x2000) && is_accessed(gpa + 0x3000) && !is_accessed(gpa + 0x4000), "is that page's alone");
  check_setup(s2_pt_collapse(&space[0], gpa, 1), "collapse");
  check(is_accessed(gpa), "and the block's that they become");
  check_setup(s2_pt_split(&space[0], gpa + 0x3000), "split");
  check(is_accessed(gpa) && is_accessed(gpa + 0x1ff000), "pages of an accessed block are");
  for (uint64_t page = 0; page < leaves[1].size; page += S2_PAGE_SIZE) {
    struct s2_pos at = s2_pos_at(&space[0].pool, gpa + page);
    *entry_of(gpa + page) = s2_entry_clear_ad(at.l, at.e, S2_AD_MASK);
  }
  install(0);
  check_setup(s2_pt_collapse(&space[0], gpa, 1), "collapse");
  check(!is_accessed(gpa), "a block of pages that are not is not");
  check(probe(PROBE_STORE, GUEST_EL1, gpa + 0x5000, 0).kind == PROBE_DONE && is_accessed(gpa), "until it is used");
}

void test_main(void) {
  every_width();
  size_below_width();
  flush_beside();
  two_spaces();
  software_accessed();
  hardware_sets();
  no_right_by_hardware();
  dirty_after_invalidation();
  dirty_through_changes();
  accessed_through_changes();
  check_finish();
}
