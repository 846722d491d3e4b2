/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * tlbi.c - the library's own invalidation, judged by a guest at EL1 and EL0 on two CPUs: after every kind of change,
 * and in the middle of a split and a collapse, an access gives what the library says now.
 *
 * Built with a library whose invalidation is broken (mutate.sh), the same scenarios say exactly which of them depend on
 * what is missing: MISSING and MISSING_REMOTE name the parts that do not reach any CPU, or not the second one.
 */
#include "check.h"
#include "watch.h"
#include "stage2/host.h"
#include "tests/qemu/judge/judge_host.h"

/* what a scenario needs to be fresh */
#define BY_IPA   0x01u /* TLBI IPAS2E1IS: stage 2 entries that stage 1's own walks use          */
#define BY_IPA_2 0x02u /* the same for the second step of a range                               */
#define COMBINED 0x04u /* TLBI VMALLE1IS after it: entries that hold both stages                */
#define WHOLE    0x08u /* TLBI VMALLS12E1IS                                                     */
#define WHOLE_2  0x10u /* its stage 2 part, which TLBI VMALLE1IS does not have                   */
#define BREAK    0x20u /* the invalidation in the middle of a split or collapse                 */
#define ORDER    0x40u /* frames go home after the invalidation                                 */

/* guest address widths: start levels 2, 1 and 0 in the manual's count, 16, 2 and 1 root tables */
#ifndef WIDTHS
#define WIDTHS 34, 40, 48
#endif
#ifndef MISSING
#define MISSING 0u
#endif
#ifndef MISSING_REMOTE
#define MISSING_REMOTE 0u
#endif

#define PAGES  UINT64_C(0x10000000) /* guest addresses: pages in one table, ...        */
#define OTHERS UINT64_C(0x18000000)
#define BLOCKS UINT64_C(0x20000000) /* ... 2 MiB blocks, ...                           */
#define GIANT  UINT64_C(0xc0000000) /* ... a 1 GiB block, ...                          */
#define LAZY   UINT64_C(0x30000000) /* ... an alloc area                               */
#define TABLE1 UINT64_C(0x40000000) /* ... and stage 1's tables                        */

#define FRAME(n) (MACHINE_FRAMES + (uint64_t)(n)*S2_PAGE_SIZE)
#define BLOCK(n) (MACHINE_BLOCKS + (uint64_t)(n)*0x200000u)
#define PAGE(n)  ((uint64_t)(n)*S2_PAGE_SIZE)

#define TABLES 48u
_Alignas(4096) static struct s2_table tables[TABLES];
static struct s2_node nodes[TABLES];
static int32_t stack[TABLES];
static struct s2_chunk chunks[8];
static uint64_t lo[8];
static int32_t id[8], spare[8];

struct s2_space space;
static struct watches all;

static struct judge_host host; /* the frames of alloc areas */
static bool look_at_breaks, look_at_frees;

/* ---- in the middle of a change ---- */

/*
 * The linker puts these before the library's own and the host's, so that the guest can be asked right after an
 * invalidation, and when a frame comes home: no access of the guest may still reach it then.
 */
void __real_s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order);
void __wrap_s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order);
void __real_s2_a64_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
void __real_s2_a64_arch_flush_all(const struct s2_tlb *tlb);
void __wrap_s2_a64_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
void __wrap_s2_a64_arch_flush_all(const struct s2_tlb *tlb);

static void look_if(bool wanted) {
  if (wanted) {
    all.middles++;
    watch_look(&all);
  }
}

void __wrap_s2_a64_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  __real_s2_a64_arch_flush_range(tlb, first, last, step);
  look_if(look_at_breaks);
}

void __wrap_s2_a64_arch_flush_all(const struct s2_tlb *tlb) {
  __real_s2_a64_arch_flush_all(tlb);
  look_if(look_at_breaks);
}

void __wrap_s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  look_if(look_at_frees);
  __real_s2_host_frame_free(ctx, hpa, order);
}

/* ---- stage 1, for the scenarios that need it ---- */

/*
 * Virtual addresses below 2 GiB are guest addresses, by 1 GiB blocks. Those from VIRTUAL on go through a table of
 * level 2 and two of level 3 (the manual's levels). The four tables are guest pages from TABLE1 on.
 */
#define VIRTUAL      UINT64_C(0x80000000)
#define S1_TABLE     UINT64_C(3)
#define S1_PAGE      UINT64_C(0x703) /* accessed, inner shareable, memory type 0 */
#define S1_BLOCK     UINT64_C(0x701)
#define S1_ADDRESS   UINT64_C(0x0000fffffffff000)
#define TCR_39_BITS  UINT64_C(0x3519) /* T0SZ 25, write-back inner-shareable walks, 4 KiB */
#define TCR_NO_TTBR1 (UINT64_C(1) << 23)
#define TCR_IPS_48   (UINT64_C(5) << 32)
#define SCTLR_M      UINT64_C(1)

static bool stage1_on;

/** Stage 1's table at a guest page, where the library says it is; NULL: nowhere. */
static const uint64_t *table_at(uint64_t gpa) {
  struct s2_leaf leaf = s2_query(&space, gpa);
  return leaf.status == S2_OK ? (const uint64_t *)(leaf.hpa + (gpa - leaf.gpa)) : NULL;
}

struct stage1 watch_stage1(uint64_t va) {
  struct stage1 r = {va, false};
  if (!stage1_on || va < VIRTUAL) {
    return r;
  }
  r.gpa = TABLE1 + PAGE(1);
  r.stuck = true;
  const uint64_t *level2 = table_at(r.gpa);
  if (level2 == NULL) {
    return r;
  }
  r.gpa = level2[(va >> 21) & 511u] & S1_ADDRESS;
  const uint64_t *level3 = table_at(r.gpa);
  if (level3 == NULL) {
    return r;
  }
  r.gpa = (level3[(va >> 12) & 511u] & S1_ADDRESS) | (va & 0xfffu);
  r.stuck = false;
  return r;
}

static void map_page(uint64_t gpa, uint64_t hpa, uint32_t attr) {
  check_setup(s2_map_linear(&space, gpa, S2_PAGE_SIZE, hpa, attr, 0), "a page");
}

static void clear_frame(uint64_t hpa) {
  s2_host_frame_zero(NULL, hpa, 0);
}

static void load_stage1(void *arg) {
  (void)arg;
  machine_install(s2_root(&space), 0);
  REG_WRITE(mair_el1, 0xff);
  REG_WRITE(tcr_el1, TCR_39_BITS | TCR_NO_TTBR1 | TCR_IPS_48);
  REG_WRITE(ttbr0_el1, TABLE1);
  REG_WRITE(sctlr_el1, REG_READ(sctlr_el1) | SCTLR_M);
}

/** Stage 1's tables in frames 100..103, at four guest pages; both level 3 tables map page i to guest page PAGES + i. */
static void stage1_begin(void) {
  for (uint32_t i = 0; i < 4; i++) {
    clear_frame(FRAME(100 + i));
    map_page(TABLE1 + PAGE(i), FRAME(100 + i), S2_RW);
  }
  uint64_t *level1 = (uint64_t *)FRAME(100);
  uint64_t *level2 = (uint64_t *)FRAME(101);
  level1[0] = S1_BLOCK;
  level1[1] = UINT64_C(0x40000000) | S1_BLOCK;
  level1[VIRTUAL >> 30] = (TABLE1 + PAGE(1)) | S1_TABLE;
  level2[0] = (TABLE1 + PAGE(2)) | S1_TABLE;
  level2[1] = (TABLE1 + PAGE(3)) | S1_TABLE;
  for (uint32_t i = 0; i < 8; i++) {
    ((uint64_t *)FRAME(102))[i] = (PAGES + PAGE(i)) | S1_PAGE;
    ((uint64_t *)FRAME(103))[i] = (PAGES + PAGE(8 + i)) | S1_PAGE;
  }
  stage1_on = true;
  machine_on(0, load_stage1, NULL);
  machine_on(1, load_stage1, NULL);
}

/** Frames 104 and 105: tables that map the same virtual pages elsewhere. */
static void stage1_fill_other(void) {
  for (uint32_t k = 0; k < 2; k++) {
    clear_frame(FRAME(104 + k));
    for (uint32_t i = 0; i < 8; i++) {
      ((uint64_t *)FRAME(104 + k))[i] = (PAGES + PAGE(16 + 8 * k + i)) | S1_PAGE;
    }
  }
}

/** The last two tables move there. */
static void stage1_move(void) {
  stage1_fill_other();
  check_setup(s2_unmap(&space, TABLE1 + PAGE(2), PAGE(2)), "unmap of stage 1 tables");
  check_setup(s2_map_linear(&space, TABLE1 + PAGE(2), PAGE(2), FRAME(104), S2_RW, S2_PAGES), "their new place");
}

static void stage1_end(void *arg) {
  (void)arg;
  REG_WRITE(sctlr_el1, REG_READ(sctlr_el1) & ~SCTLR_M);
}

/* ---- scenarios ---- */

#define RWXU (S2_RWX | S2_UX)

/** n pages from PAGES on, to frames in reverse order, so that no page continues its neighbour. */
static void some_pages(uint32_t n, uint32_t attr) {
  for (uint32_t i = 0; i < n; i++) {
    watch_mark(FRAME(n - i));
    map_page(PAGES + PAGE(i), FRAME(n - i), attr);
  }
}

static void some_blocks(uint32_t attr) {
  check_setup(s2_map_linear(&space, BLOCKS, 3 * 0x200000u, BLOCK(5), attr, 0), "blocks");
  for (uint32_t k = 0; k < 3; k++) {
    watch_mark(BLOCK(5 + k));
    watch_mark(BLOCK(5 + k) + PAGE(7));
    watch_mark(BLOCK(5 + k) + PAGE(511));
  }
}

static void all_accesses(uint64_t gpa) {
  watch_add(&all, PROBE_LOAD, gpa);
  watch_add(&all, PROBE_STORE, gpa);
  watch_add(&all, PROBE_FETCH, gpa);
}

static void unmap_page(void) {
  some_pages(4, RWXU);
  all_accesses(PAGES + PAGE(1));
  watch_add(&all, PROBE_LOAD, PAGES + PAGE(2));
  check_setup(s2_unmap(&space, PAGES + PAGE(1), S2_PAGE_SIZE), "unmap");
  watch_look(&all);
}

static void unmap_range(void) {
  some_pages(20, RWXU);
  watch_add(&all, PROBE_LOAD, PAGES);
  watch_add(&all, PROBE_LOAD, PAGES + PAGE(1));
  watch_add(&all, PROBE_STORE, PAGES + PAGE(9));
  watch_add(&all, PROBE_FETCH, PAGES + PAGE(18));
  watch_add(&all, PROBE_LOAD, PAGES + PAGE(19));
  check_setup(s2_unmap(&space, PAGES + PAGE(1), PAGE(18)), "unmap");
  watch_look(&all);
}

/** The table becomes empty and is taken away, so all of the VMID is invalidated. */
static void unmap_last_page(void) {
  some_pages(1, RWXU);
  all_accesses(PAGES);
  check_setup(s2_unmap(&space, PAGES, S2_PAGE_SIZE), "unmap");
  watch_look(&all);
}

/** More steps than S2_FLUSH_STEPS: all of the VMID. */
static void unmap_many_pages(void) {
  some_pages(80, RWXU);
  watch_add(&all, PROBE_LOAD, PAGES + PAGE(1));
  watch_add(&all, PROBE_STORE, PAGES + PAGE(40));
  watch_add(&all, PROBE_FETCH, PAGES + PAGE(70));
  watch_add(&all, PROBE_LOAD, PAGES + PAGE(71));
  check_setup(s2_unmap(&space, PAGES, PAGE(71)), "unmap");
  watch_look(&all);
}

static void unmap_block(void) {
  some_blocks(RWXU);
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  watch_add(&all, PROBE_LOAD, BLOCKS + PAGE(511));
  watch_add(&all, PROBE_LOAD, BLOCKS + 0x400000u);
  check_setup(s2_unmap(&space, BLOCKS + 0x200000u, 0x200000u), "unmap");
  watch_look(&all);
}

/** The block is split first. */
static void unmap_part_of_block(void) {
  some_blocks(RWXU);
  watch_add(&all, PROBE_LOAD, BLOCKS + 0x200000u);
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  watch_add(&all, PROBE_FETCH, BLOCKS + 0x200000u + PAGE(511));
  check_setup(s2_unmap(&space, BLOCKS + 0x200000u + PAGE(7), S2_PAGE_SIZE), "unmap");
  watch_look(&all);
}

static void unmap_everything(void) {
  some_pages(4, RWXU);
  some_blocks(RWXU);
  watch_add(&all, PROBE_LOAD, PAGES);
  watch_add(&all, PROBE_STORE, BLOCKS + PAGE(7));
  /* the guest's own page has to stay */
  check_setup(s2_unmap(&space, 0, GUEST_GPA), "unmap");
  watch_look(&all);
}

static void protect_write(void) {
  some_pages(4, RWXU);
  all_accesses(PAGES + PAGE(1));
  watch_add(&all, PROBE_STORE, PAGES + PAGE(2));
  check_setup(s2_protect(&space, PAGES + PAGE(1), S2_PAGE_SIZE, S2_R | S2_X | S2_UX), "protect");
  watch_look(&all);
}

static void protect_execute(void) {
  some_pages(4, RWXU);
  all_accesses(PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_FETCH, PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_LOAD, PAGES + PAGE(1));
  check_setup(s2_protect(&space, PAGES + PAGE(1), S2_PAGE_SIZE, S2_RW), "protect");
  watch_look(&all);
}

/** FEAT_XNX: execute at EL0 stays, at EL1 goes. */
static void protect_privileged_execute(void) {
  some_pages(4, RWXU);
  all_accesses(PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_FETCH, PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_STORE, PAGES + PAGE(1));
  check_setup(s2_protect(&space, PAGES + PAGE(1), S2_PAGE_SIZE, S2_RW | S2_UX), "protect");
  watch_look(&all);
}

static void protect_to_execute_only(void) {
  some_pages(4, RWXU);
  all_accesses(PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_FETCH, PAGES + PAGE(1));
  check_setup(s2_protect(&space, PAGES + PAGE(1), S2_PAGE_SIZE, S2_X | S2_UX), "protect");
  watch_look(&all);
}

static void protect_block(void) {
  some_blocks(RWXU);
  all_accesses(BLOCKS + 0x200000u + PAGE(511));
  watch_add(&all, PROBE_STORE, BLOCKS + PAGE(7));
  check_setup(s2_protect(&space, BLOCKS + 0x200000u, 0x200000u, S2_R), "protect");
  watch_look(&all);
}

static void protect_part_of_block(void) {
  some_blocks(RWXU);
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  watch_add(&all, PROBE_STORE, BLOCKS + 0x200000u + PAGE(511));
  check_setup(s2_protect(&space, BLOCKS + 0x200000u, PAGE(64), S2_R), "protect");
  watch_look(&all);
}

/** More rights need no invalidation to be seen. */
static void allow_again(void) {
  some_pages(4, S2_R);
  all_accesses(PAGES + PAGE(1));
  watch_add_el0(&all, PROBE_STORE, PAGES + PAGE(1));
  check_setup(s2_protect(&space, PAGES + PAGE(1), S2_PAGE_SIZE, RWXU), "protect");
  watch_look(&all);
}

static void remap_page(void) {
  some_pages(4, RWXU);
  watch_mark(FRAME(50));
  all_accesses(PAGES + PAGE(1));
  check_setup(s2_unmap(&space, PAGES + PAGE(1), S2_PAGE_SIZE), "unmap");
  map_page(PAGES + PAGE(1), FRAME(50), RWXU);
  watch_look(&all);
}

static void remap_block(void) {
  some_blocks(RWXU);
  watch_mark(BLOCK(20) + PAGE(7));
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  check_setup(s2_unmap(&space, BLOCKS + 0x200000u, 0x200000u), "unmap");
  check_setup(s2_map_linear(&space, BLOCKS + 0x200000u, 0x200000u, BLOCK(20), RWXU, 0), "map");
  watch_look(&all);
}

/** A block gives way to pages elsewhere: another size and other outputs. */
static void remap_block_to_pages(void) {
  some_blocks(RWXU);
  watch_mark(FRAME(607));
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  check_setup(s2_unmap(&space, BLOCKS + 0x200000u, 0x200000u), "unmap");
  check_setup(s2_map_linear(&space, BLOCKS + 0x200000u, 0x200000u, FRAME(600), RWXU, S2_PAGES), "map");
  watch_look(&all);
}

/** In its middle the whole block is a hole for the guest too; afterwards every page is where it was. */
static void split_block(void) {
  some_blocks(RWXU);
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  watch_add(&all, PROBE_LOAD, BLOCKS + 0x200000u + PAGE(511));
  watch_add(&all, PROBE_LOAD, BLOCKS + PAGE(511));
  look_at_breaks = true;
  check_setup(s2_pt_split(&space.pt, BLOCKS + 0x200000u + PAGE(7)), "split");
  look_at_breaks = false;
  watch_look(&all);
}

static void split_giant(void) {
  watch_mark(MACHINE_BLOCKS);
  watch_mark(MACHINE_BLOCKS + 0x12345000u);
  check_setup(s2_map_linear(&space, GIANT, 0x40000000u, MACHINE_BLOCKS, RWXU, 0), "1 GiB");
  watch_add(&all, PROBE_LOAD, GIANT);
  all_accesses(GIANT + 0x12345000u);
  look_at_breaks = true;
  check_setup(s2_pt_split(&space.pt, GIANT + 0x12345000u), "split");
  look_at_breaks = false;
  watch_look(&all);
}

static void collapse_block(void) {
  some_blocks(RWXU);
  check_setup(s2_pt_split(&space.pt, BLOCKS + 0x200000u + PAGE(7)), "split");
  all_accesses(BLOCKS + 0x200000u + PAGE(7));
  watch_add(&all, PROBE_LOAD, BLOCKS + 0x200000u + PAGE(511));
  watch_add(&all, PROBE_LOAD, BLOCKS + PAGE(511));
  look_at_breaks = true;
  check_setup(s2_pt_collapse(&space.pt, BLOCKS + 0x200000u, 1), "collapse");
  look_at_breaks = false;
  watch_look(&all);
}

static void alloc_pages(uint32_t n) {
  check_setup(s2_map_alloc(&space, LAZY, PAGE(n), RWXU, S2_POPULATE), "alloc");
  for (uint32_t i = 0; i < n; i++) {
    watch_mark(s2_query(&space, LAZY + PAGE(i)).hpa);
  }
}

/** At the moment a frame comes home, no access reaches it. */
static void discard_page(void) {
  alloc_pages(8);
  all_accesses(LAZY + PAGE(3));
  watch_add(&all, PROBE_LOAD, LAZY + PAGE(4));
  look_at_frees = true;
  check_setup(s2_discard(&space, LAZY + PAGE(3), S2_PAGE_SIZE), "discard");
  look_at_frees = false;
  watch_look(&all);
}

static void unmap_alloc_area(void) {
  alloc_pages(8);
  all_accesses(LAZY + PAGE(3));
  look_at_frees = true;
  check_setup(s2_unmap(&space, LAZY, PAGE(8)), "unmap");
  look_at_frees = false;
  watch_look(&all);
}

/** Evicted and faulted in again: another frame. */
static void evict_and_fault(void) {
  alloc_pages(8);
  uint64_t old = s2_query(&space, LAZY + PAGE(3)).hpa;
  all_accesses(LAZY + PAGE(3));
  check_setup(s2_discard(&space, LAZY + PAGE(3), S2_PAGE_SIZE), "discard");
  struct s2_fault_result r = s2_fault(&space, LAZY + PAGE(3), S2_R);
  check_setup(r.hpa != old ? r.status : S2_ERR_NO_FRAMES, "a fault, and another frame");
  watch_mark(r.hpa);
  watch_look(&all);
}

/** A virtual address whose own translation is not cached: only the stage 2 entry of stage 1's table can be stale. */
static void stage1_table_moved(void) {
  some_pages(32, RWXU);
  stage1_begin();
  struct watches warm;
  watch_begin(&warm, all.cpu);
  watch_add(&warm, PROBE_LOAD, VIRTUAL);
  watch_add_unmade(&all, PROBE_LOAD, VIRTUAL + PAGE(1));
  watch_add_unmade(&all, PROBE_FETCH, VIRTUAL + PAGE(2));
  stage1_move();
  watch_look(&all);
  all.wrong += warm.wrong;
}

/** Taken away: the fault is the walk's, and HPFAR_EL2 has the table's guest page. */
static void stage1_table_unmapped(void) {
  some_pages(32, RWXU);
  stage1_begin();
  struct watches warm;
  watch_begin(&warm, all.cpu);
  watch_add(&warm, PROBE_LOAD, VIRTUAL);
  watch_add_unmade(&all, PROBE_LOAD, VIRTUAL + PAGE(1));
  watch_add_unmade(&all, PROBE_FETCH, VIRTUAL + PAGE(2));
  watch_add_unmade(&all, PROBE_LOAD, VIRTUAL + 0x200000u);
  check_setup(s2_unmap(&space, TABLE1 + PAGE(2), S2_PAGE_SIZE), "unmap of a stage 1 table");
  watch_look(&all);
  all.wrong += warm.wrong;
}

/** Moved, and read through the second page of the range that is invalidated. */
static void stage1_second_table_moved(void) {
  some_pages(32, RWXU);
  stage1_begin();
  struct watches warm;
  watch_begin(&warm, all.cpu);
  watch_add(&warm, PROBE_LOAD, VIRTUAL + 0x200000u);
  watch_add_unmade(&all, PROBE_LOAD, VIRTUAL + 0x200000u + PAGE(1));
  stage1_move();
  watch_look(&all);
  all.wrong += warm.wrong;
}

/** The same by an invalidation of the whole VMID: all of stage 1's tables are taken away at once, and their table. */
static void stage1_tables_replaced(void) {
  some_pages(32, RWXU);
  stage1_begin();
  struct watches warm;
  watch_begin(&warm, all.cpu);
  watch_add(&warm, PROBE_LOAD, VIRTUAL);
  watch_add_unmade(&all, PROBE_LOAD, VIRTUAL + PAGE(1));
  stage1_fill_other();
  check_setup(s2_unmap(&space, TABLE1, PAGE(4)), "unmap of stage 1 tables");
  check_setup(s2_map_linear(&space, TABLE1, PAGE(2), FRAME(100), S2_RW, S2_PAGES), "the first two");
  check_setup(s2_map_linear(&space, TABLE1 + PAGE(2), PAGE(2), FRAME(104), S2_RW, S2_PAGES), "the others' new place");
  watch_look(&all);
  all.wrong += warm.wrong;
}

/** A virtual address whose translation through both stages is cached. */
static void stage1_page_moved(void) {
  some_pages(32, RWXU);
  stage1_begin();
  watch_mark(FRAME(60));
  watch_add(&all, PROBE_LOAD, VIRTUAL + PAGE(3));
  watch_add(&all, PROBE_STORE, VIRTUAL + PAGE(3));
  check_setup(s2_unmap(&space, PAGES + PAGE(3), S2_PAGE_SIZE), "unmap");
  map_page(PAGES + PAGE(3), FRAME(60), RWXU);
  watch_look(&all);
}

struct scenario {
  const char *name;
  void (*run)(void);
  uint32_t needs;   /* missing one of them makes an access stale           */
  uint32_t middles; /* at least so many looks in the middle of the change  */
  uint32_t bits;    /* guest address bits it takes at least                */
};

static const struct scenario scenarios[] = {
    {"unmap a page", unmap_page, COMBINED, 0, 32},
    {"unmap a range of pages", unmap_range, COMBINED, 0, 32},
    {"unmap the last page of a table", unmap_last_page, WHOLE, 0, 32},
    {"unmap more pages than steps", unmap_many_pages, WHOLE, 0, 32},
    {"unmap a block", unmap_block, COMBINED, 0, 32},
    {"unmap part of a block", unmap_part_of_block, COMBINED, 0, 32},
    {"unmap everything", unmap_everything, WHOLE, 0, 32},
    {"protect: no write", protect_write, COMBINED, 0, 32},
    {"protect: no execute", protect_execute, COMBINED, 0, 32},
    {"protect: execute at EL0 only", protect_privileged_execute, COMBINED, 0, 32},
    {"protect: execute only", protect_to_execute_only, COMBINED, 0, 32},
    {"protect a block", protect_block, COMBINED, 0, 32},
    {"protect part of a block", protect_part_of_block, COMBINED, 0, 32},
    {"protect: more rights", allow_again, 0, 0, 32},
    {"remap a page", remap_page, COMBINED, 0, 32},
    {"remap a block", remap_block, COMBINED, 0, 32},
    {"remap a block to pages", remap_block_to_pages, COMBINED, 0, 32},
    {"split a block", split_block, COMBINED | BREAK, 1, 32},
    {"split 1 GiB to pages", split_giant, COMBINED | BREAK, 2, 35},
    {"collapse a block", collapse_block, WHOLE | BREAK, 1, 32},
    {"a frame comes home", discard_page, COMBINED | ORDER, 1, 32},
    {"an area's frames come home", unmap_alloc_area, WHOLE, 8, 32},
    {"evicted and faulted in elsewhere", evict_and_fault, COMBINED, 0, 32},
    {"stage 1's table moves", stage1_table_moved, BY_IPA, 0, 32},
    {"stage 1's table is taken away", stage1_table_unmapped, BY_IPA, 0, 32},
    {"stage 1's second table moves", stage1_second_table_moved, BY_IPA | BY_IPA_2, 0, 32},
    {"all of stage 1's tables move", stage1_tables_replaced, WHOLE | WHOLE_2, 0, 32},
    {"a page under stage 1 moves", stage1_page_moved, COMBINED, 0, 32},
};

static void install(void *arg) {
  (void)arg;
  machine_install(s2_root(&space), HCR_DC);
}

static void make_space(uint32_t bits) {
  static const struct judge_window frames = {FRAME(8192), JUDGE_FRAMES * (uint64_t)S2_PAGE_SIZE, true};
  struct s2_space_config cfg = {
      .hw = {bits, 48, 2, S2_FEAT_UX | S2_FEAT_VMID16, 0x1234, &host},
      .tables = {tables, nodes, stack, TABLES, (uint64_t)tables},
      .areas = {chunks, lo, id, spare, 8},
  };
  judge_host_init(&host, frames, 1);
  check_setup(s2_init(&space, &cfg), "s2_init");
}

/** Everything anew: no mapping but the guest's page, nothing in a TLB, stage 1 off on both CPUs. */
static void reset(uint32_t bits, uint32_t cpu) {
  make_space(bits);
  check_setup(s2_map_linear(&space, GUEST_GPA, S2_PAGE_SIZE, (uint64_t)guest_page, S2_R | S2_X | S2_UX, 0),
              "the guest's page");
  stage1_on = false;
  machine_on(0, stage1_end, NULL);
  machine_on(1, stage1_end, NULL);
  machine_on(0, install, NULL);
  machine_on(1, install, NULL);
  watch_begin(&all, cpu);
}

static uint64_t accesses, stale;

/** Fresh where everything is there, stale where something it needs is missing; never anything else. */
static void run(const struct scenario *s, uint32_t bits, uint32_t cpu) {
  uint32_t missing = cpu == 0 ? MISSING : MISSING | MISSING_REMOTE;
  bool expect_stale = (s->needs & missing) != 0;
  reset(bits, cpu);
  s->run();
  bool looked = all.middles >= s->middles;
  bool was_stale = all.stale > 0 || !looked;
  bool good = all.wrong == 0 && was_stale == expect_stale;
  accesses += all.fresh + all.stale + all.wrong;
  stale += all.stale;
  check_at(good, bits, s->name);
  if (good && !expect_stale) {
    return;
  }
  judge_puts(good ? "  as expected: " : "  not as expected: ");
  judge_puts(s->name);
  judge_puts(", IPA ");
  judge_put_dec(bits);
  judge_puts(", CPU ");
  judge_put_dec(cpu);
  judge_puts(": fresh ");
  judge_put_dec(all.fresh);
  judge_puts(" stale ");
  judge_put_dec(all.stale);
  judge_puts(" wrong ");
  judge_put_dec(all.wrong);
  judge_puts(looked ? "\n" : ", not invalid in the middle\n");
}

void test_main(void) {
  static const uint32_t widths[] = {WIDTHS};
  machine_second_cpu();
  for (uint32_t k = 0; k < sizeof widths / sizeof widths[0]; k++) {
    for (uint32_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
      for (uint32_t cpu = 0; widths[k] >= scenarios[i].bits && cpu < 2; cpu++) {
        run(&scenarios[i], widths[k], cpu);
      }
    }
  }
  judge_puts("accesses of the guest ");
  judge_put_dec(accesses);
  judge_puts(", stale ");
  judge_put_dec(stale);
  judge_puts("\n");
  check_finish();
}
