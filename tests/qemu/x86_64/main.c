/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main.c - the plan of the x86 judges: NPT asked through SVM, EPT asked through VMX. */
#include "ask.h"
#include "entries.h"
#include "machine.h"
#include "remote.h"
#include "stage2/host.h"

#define TABLES  1024u
#define CHUNKS  64u
#define ENTRIES 30000u /* corrupted ones                          */
#define DROPPED 8000u  /* addresses asked without invalidation    */

#define RAM    UINT64_C(0x100000000) /* the emulators are given memory here: a multiple of every block        */
#define RAM_SZ UINT64_C(0x4000000)   /* 64 MiB for linear areas, then 32 MiB of frames for alloc areas        */

#if defined(S2_FORMAT_NPT)
#define INVALIDATION "TLB_CONTROL"
#define ENTRIES_BUG  "QEMU ignores bit 8 of a PML4E, which must be zero"
#else
#define INVALIDATION "INVEPT"
#define ENTRIES_BUG  "Bochs ignores bit 12 of an EPT leaf of 2 MiB, which must be zero"
#endif

#define HIGH_RAM    UINT64_C(0xc040000000)
#define HIGH_RAM_SZ UINT64_C(0x2000000)

#if defined(S2_FORMAT_NPT) && defined(JUDGE_LA57)
#define NAME      "npt57"
#define ADDRESSES 200000u
#elif defined(S2_FORMAT_NPT)
#define NAME      "npt"
#define ADDRESSES 1000000u
#else
#define NAME      "ept"
#define ADDRESSES 1000000u
#endif

_Alignas(4096) static struct s2_table tables[TABLES];
static struct s2_node nodes[TABLES];
static int32_t stack[TABLES];
static struct s2_chunk chunks[CHUNKS];
static uint64_t lo[CHUNKS];
static int32_t id[CHUNKS], spare[CHUNKS];

#if defined(S2_FORMAT_NPT)
static const uint32_t attrs[] = {S2_R,   S2_RW,          S2_RX,           S2_RWX,        S2_RW,
                                 S2_RWX, S2_RWX | S2_WT, S2_RWX | S2_DEV, S2_R | S2_DEV, S2_RX | S2_WT};
#else
static const uint32_t attrs[] = {
    S2_R, S2_RW, S2_RX, S2_RWX, S2_X, S2_RWX | S2_WT, S2_RW | S2_DEV, S2_RWX | S2_IPAT, S2_X | S2_NC, S2_RX | S2_WP};
#endif
#define ATTRS (sizeof attrs / sizeof attrs[0])
#if defined(S2_FORMAT_EPT)
static const uint32_t user_attrs[] = {S2_R,         S2_RW,         S2_RX,         S2_RWX,         S2_X,        S2_UX,
                                      S2_R | S2_UX, S2_RW | S2_UX, S2_RX | S2_UX, S2_RWX | S2_UX, S2_X | S2_UX};
#define USER_ATTRS (sizeof user_attrs / sizeof user_attrs[0])
#endif

/* guest addresses as wide as the table, but for the physical address bits that the emulator has */
#if defined(S2_FORMAT_NPT) && defined(JUDGE_LA57)
#define WIDTH 57
#define LIMIT (UINT64_C(1) << 52)
#elif defined(S2_FORMAT_NPT)
#define WIDTH 48
#define LIMIT (UINT64_C(1) << 48)
#else
#define WIDTH 48
#define LIMIT (UINT64_C(1) << 40)
#endif
#define SHAPE(label, max, feat, how)                                                                                   \
  { label, {WIDTH, 40, max, feat, 3, 0}, how, S2_RWX, attrs, ATTRS, 0, LIMIT, S2_RWX }

static const struct judge_shape shapes[] = {
#if defined(S2_FORMAT_NPT) && defined(JUDGE_LA57)
    SHAPE("NPT 5 levels, 1 GiB", 2, S2_FEAT_AD, JUDGE_AD),
    SHAPE("NPT 5 levels, space", 2, S2_FEAT_AD, JUDGE_AD | JUDGE_SPACE),
#elif defined(S2_FORMAT_NPT)
    SHAPE("NPT 4 levels, 1 GiB", 2, S2_FEAT_AD, JUDGE_AD),
    SHAPE("NPT 4 levels, 2 MiB", 1, S2_FEAT_AD, JUDGE_AD),
    SHAPE("NPT 4 levels, space", 2, S2_FEAT_AD, JUDGE_AD | JUDGE_SPACE),
#else
    SHAPE("EPT 4 levels, 1 GiB, A/D", 2, S2_FEAT_AD, JUDGE_AD),
    SHAPE("EPT 4 levels, 1 GiB", 2, 0, 0),
    SHAPE("EPT 4 levels, 2 MiB, A/D", 1, S2_FEAT_AD, JUDGE_AD),
    SHAPE("EPT 4 levels, space", 2, 0, JUDGE_SPACE),
    {"EPT 4 levels, user execute",
     {WIDTH, 40, 2, S2_FEAT_UX, 3, 0},
     0,
     S2_RWX | S2_UX,
     user_attrs,
     USER_ATTRS,
     0,
     LIMIT,
     S2_RWX}, /* the last: left out where the processor cannot */
#endif
};

/* QEMU is given a second piece, whose address has the topmost bits of the 40 */
static struct judge_window windows[] = {{RAM, RAM_SZ, true}, {HIGH_RAM, HIGH_RAM_SZ, true}};
#if defined(S2_FORMAT_NPT)
#define WINDOWS 2
#else
#define WINDOWS 1
#endif

static bool dropping; /* a negative test: no invalidation reaches the processor */
static uint64_t invalidations;

void judge_install(const struct judge_shape *shape, struct s2_root root) {
  vm_install(root.base, shape->hw.vmid, (shape->hw.features & S2_FEAT_UX) != 0);
#if defined(S2_FORMAT_EPT)
  struct s2_tlb tlb = s2_tlb_of(root.base, root.ctrl, shape->hw.vmid);
  s2_arch_flush_all(&tlb);
#else
  ask_forget();
#endif
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
#if defined(S2_FORMAT_NPT)
  remote_flush();
#endif
}

#if defined(S2_FORMAT_EPT)
/* The linker puts these in front of the library's own (--wrap): counted, and left out in the negative test. */
void __real_s2_ept_arch_flush_all(const struct s2_tlb *tlb);
void __real_s2_ept_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
void __wrap_s2_ept_arch_flush_all(const struct s2_tlb *tlb);
void __wrap_s2_ept_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);

void __wrap_s2_ept_arch_flush_all(const struct s2_tlb *tlb) {
  if (!dropping) {
    invalidations++;
    __real_s2_ept_arch_flush_all(tlb);
  }
}

void __wrap_s2_ept_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  if (!dropping) {
    invalidations++;
    __real_s2_ept_arch_flush_range(tlb, first, last, step);
  }
}

bool ask_flush_due(void) {
  return false;
}
#else
static int32_t last_epoch;

/** flush.h: an entry that sees another epoch than the one before forgets the guest's translations. */
bool ask_flush_due(void) {
  int32_t epoch = judge_epoch();
  bool due = epoch != last_epoch;
  last_epoch = epoch;
  invalidations += due && !dropping ? 1 : 0;
  return due && !dropping;
}
#endif

/* ---- the parts of the program ---- */

static uint32_t passed, failed;

static void check(bool good, const char *what) {
  passed += good ? 1 : 0;
  failed += good ? 0 : 1;
  judge_puts(good ? "ok   " : "FAIL ");
  judge_puts(what);
  judge_puts("\n");
}

static void put(const char *what, uint64_t n) {
  judge_puts(what);
  judge_put_dec(n);
}

static void entries(const struct judge_plan *plan) {
  struct entries_result r = entries_run(plan, ENTRIES);
  put("corrupted entries: ", r.entries);
  put(", answers ", r.answers);
  put(" (granted ", r.granted);
  put(", refused ", r.refused);
  put(", bad ", r.bad);
  put("), S2_BAD to the library ", r.library_bad);
  put(", left out ", r.left_out);
  put(", mismatches ", r.mismatches);
  judge_puts("\n");
  check(r.mismatches == 0 && r.granted != 0 && r.refused != 0 && r.bad != 0,
        "processor, manual and library agree on corrupted entries");
  judge_puts(entries_bug(plan) ? "known: " : "known, but not seen here: ");
  judge_puts(ENTRIES_BUG "\n");
}

/** How many of the shapes this processor has. */
static uint32_t shapes_here(void) {
  uint32_t n = sizeof shapes / sizeof shapes[0];
#if defined(S2_FORMAT_EPT)
  if (!vm_user_execute()) {
    judge_puts("not judged, since this processor has none: mode-based execute control\n");
    return n - 1;
  }
#endif
  return n;
}

/** What this emulator's TLB keeps, seen with a guest that changes its own second stage. */
static void changed_inside(const struct judge_plan *plan) {
  struct entries_inside r = entries_changed_inside(plan);
  judge_puts(r.inside ? "stale translations: seen in the run that knows them"
                      : "stale translations: not even in one run");
  judge_puts(r.next_entry ? ", and after the next entry\n"
                          : ", not after the next entry, though nothing was invalidated\n");
  check(!r.flushed, "a page that is taken away is gone after the library's invalidation");
}

/** The same comparisons with no invalidation at all. An emulator may show it, or not: said, and no verdict. */
static void without_invalidation(const struct judge_plan *plan) {
  struct judge_plan broken = *plan;
  broken.addresses = DROPPED;
  broken.any_disagreement = true;
  dropping = true;
  struct judge_result r = judge_run(&broken);
  dropping = false;
  judge_puts(r.mismatches != 0 ? "visible: " : "not visible: ");
  judge_puts("a missing " INVALIDATION " under one processor, in ");
  put("", r.addresses);
  judge_puts(" addresses\n");
}

#if defined(S2_FORMAT_NPT)
static void put_remote(const char *what, const struct remote_result *r) {
  judge_puts(what);
  put(": ", r->rounds);
  put(" changes under a running guest, ", r->kicks);
  put(" kicks, stale ", r->stale);
  put(", odd ", r->odd);
  judge_puts("\n");
}

static void two_processors(const struct judge_plan *plan) {
  struct remote_result real = remote_run(plan, REMOTE_REAL, 2000);
  struct remote_result no_flush = remote_run(plan, REMOTE_NO_FLUSH, 400);
  struct remote_result no_kick = remote_run(plan, REMOTE_NO_KICK, 40);
  put_remote("two processors", &real);
  check(real.rounds == 2000 && real.stale == 0 && real.odd == 0 && real.kicks >= 2000,
        "the other processor's guest sees every change when the call returns");
  put_remote("two processors, no remote flush", &no_kick);
  check(no_kick.stale == no_kick.rounds,
        "negative: without s2_host_flush_remote() it goes on with the old, every time");
  put_remote("two processors, no TLB_CONTROL", &no_flush);
  judge_puts(no_flush.stale != 0 ? "visible: " : "not visible: ");
  judge_puts("a missing TLB_CONTROL after the other processor has left its guest\n");
}
#else
/** EPT with five levels: the processor says whether it has them, and VM entry must agree. */
static void five_levels(const struct judge_plan *plan) {
  struct judge_shape shape = plan->shape[0];
  static struct s2_pt pt;
  shape.hw.gpa_bits = 57;
  bool has = (vm_capability() >> 7 & 1u) != 0;
  s2_status st = s2_pt_init(&pt, &shape.hw, &plan->tables);
  vm_install(s2_pt_root(&pt).base, 3, false);
  struct vm_state g = {0, 0, 0, 0, 0};
  struct vm_exit x = vm_enter(&g, false);
  check(st == S2_OK && (x.why == VM_REFUSED) == !has,
        "VM entry takes the EPTP of five levels if the processor has them");
  judge_puts(has ? "not judged, though this processor has it: " : "not judged, since this processor has none: ");
  judge_puts("EPT of five levels\n");
}
#endif

_Noreturn void judge_main(void) {
  windows[0].hpa = settings.ram != 0 ? settings.ram : RAM;
  struct judge_plan plan = {
      .name = NAME,
      .seed = settings.seed != 0 ? settings.seed : 1,
      .shape = shapes,
      .shapes = shapes_here(),
      .window = windows,
      .windows = WINDOWS,
      .addresses = settings.addresses != 0 ? settings.addresses : ADDRESSES,
      .operations = 400,
      .tables = {tables, nodes, stack, TABLES, machine_hpa(tables)},
      .areas = {chunks, lo, id, spare, CHUNKS},
      .frames = {windows[0].hpa + RAM_SZ, RAM_SZ / 2, true},
      .fixed = {ASK_GPA, ASK_SIZE, ask_pages()},
      .brief_holes = true, /* a refusal leaves the guest, and the emulators then forget every translation */
      .any_disagreement = (settings.parts & PART_MUTANT) != 0,
  };
  ask_init();
  vm_init(ASK_CR3);
  struct judge_result r = judge_run(&plan);
  put("entries of the guest: ", ask_entries);
  put(", with an invalidation before: ", invalidations);
  judge_puts("\n");
  if ((settings.parts & PART_MUTANT) == 0) {
    entries(&plan);
#if defined(S2_FORMAT_NPT)
    two_processors(&plan);
#else
    five_levels(&plan);
#endif
    changed_inside(&plan);
    without_invalidation(&plan);
  }
  judge_finish(&r, passed, failed);
}
