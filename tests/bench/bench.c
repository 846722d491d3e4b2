/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * bench.c - the library beside plain reference loops, in one process, over the same memory.
 *
 * Every workload is measured as up to six columns: the library; (a) the store-loop limit; (m) the same through memset;
 * (b) the minimal unchecked walk; (c) the reference of reference.c with the same checks; (d) a per-page re-walk through
 * the library's own one-page calls. A column takes the minimum of 15 runs; runs of the columns alternate in groups. The
 * host below answers in O(1) and does nothing else, so invalidation costs both sides one counter.
 *
 * After its runs each column leaves a digest of what it built (every page's status, host address, rights, type, leaf
 * level, and the tables in use); a digest that differs from the reference's is a failure. Time never is.
 *
 * --huge puts all memory into large pages, as a hypervisor maps its own: with 4 KiB pages most of what a random walk over
 * 64 GiB costs is this program's own TLB misses. --cpu does not count the time in which something else had the processor.
 *
 * --once runs everything one time and prints the order of measured() calls: under callgrind each of them dumps its
 * retired instructions (instr.sh), which --instr FILE shows beside the times.
 */
#define _DEFAULT_SOURCE

#include "reference.h"
#include "stage2/cursor.h"

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE       ((uint64_t)4096)
#define GIB        ((uint64_t)1 << 30)
#define GPA0       (4 * GIB)
#define HPA0       (64 * GIB)
#define FRAME0     (256 * GIB)
#define ATTR       (S2_RWX | S2_WB)
#define SETS_MAX   32u
#define LAZY_AREAS 16u
#define BATCH      256u

#if defined(S2_FORMAT_GST)
#define GPA_BITS 50u
#define HPA_BITS 56u
#define NROOT    4u
#else
#define GPA_BITS 48u
#define NROOT    1u
#if defined(S2_FORMAT_A64)
#define HPA_BITS 48u
#else
#define HPA_BITS 52u
#endif
#endif

enum column { LIB, LOOP, MEMSET, RAW, REF, REWALK, COLUMNS };
static const char *const column_name[COLUMNS] = {"lib", "loop", "memset", "raw", "ref", "rewalk"};

/* One way of doing a workload. prepare runs before every measurement and is not measured. */
struct way {
  void (*prepare)(void);
  void (*kernel)(void);
  uint64_t (*digest)(void); /* NULL: nothing to compare */
};

struct work {
  const char *key, *title, *unit;
  void (*init)(uint32_t param);
  uint32_t param;
  uint32_t rounds;
  uint64_t *ops; /* operations of one kernel call */
  struct way way[COLUMNS];
  const char *other[2]; /* memory_set's figure from another machine, ns; NULL: none */
};

/* ---- state ---- */

static struct {
  uint64_t pages, blocks, sparse, calls; /* sizes of the workloads */
  bool quick;

  uint64_t *arena;
  struct s2_node *nodes;
  int32_t *istack;
  uint16_t *live;
  uint32_t *ustack;
  uint32_t arena_tables;

  struct s2_space space;
  struct s2_area_memory space_areas;
  struct ref_pt ref;
  struct ref_areas ref_space;

  uint32_t *order; /* page numbers above GPA0, in the order of a workload */
  uint64_t norder;
  uint64_t sum;
  uint64_t errors;
  uint64_t fault_pages, fault_areas;

  struct s2_areas sets[SETS_MAX];
  struct s2_area_memory sets_mem[SETS_MAX];
  struct ref_areas refs[SETS_MAX];
  uint32_t *fresh; /* which gaps an insert workload fills */
  uint32_t nsets, nset, nfresh;
} b;

static uint64_t ops_lazy = LAZY_AREAS;
static uint64_t ops_insert;

/* ---- the host: O(1), and counted ---- */

static struct { uint64_t next, frames, zeroed, flushes, traced; } host;

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  (void)ctx;
  if (order != 0) {
    return S2_NO_FRAME;
  }
  host.frames++;
  return FRAME0 + PAGE * host.next++;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  host.frames -= (uint64_t)1 << order;
}

void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  host.zeroed += (uint64_t)1 << order;
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  (void)hpa;
  (void)len;
  return NULL;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
  host.flushes++;
}

uint64_t s2_host_cycles(void *ctx) {
  (void)ctx;
  return 0;
}

struct s2_trace s2_trace;

void s2_trace_record(enum s2_insn insn, uint64_t a, uint64_t c) {
  (void)insn;
  (void)a;
  (void)c;
  host.traced++;
}

/* ---- small pieces ---- */

static void fatal(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(2);
}

static bool huge;

static void *need(size_t bytes) {
  size_t page = huge ? (size_t)1 << 21 : 4096;
  size_t whole = (bytes + page - 1) & ~(page - 1);
  void *p = aligned_alloc(page, whole);
  if (p == NULL) {
    fatal("out of memory");
  }
#ifdef MADV_HUGEPAGE
  if (huge && madvise(p, whole, MADV_HUGEPAGE) != 0) {
    fatal("no large pages here");
  }
#else
  if (huge) {
    fatal("no large pages here");
  }
#endif
  memset(p, 0, bytes);
  return p;
}

static void must(s2_status st) {
  b.errors += st != S2_OK;
}

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static uint64_t rng_state = 88172645463325252u;
static uint64_t rng(void) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return rng_state;
}

static void shuffle(uint32_t *a, uint64_t n) {
  for (uint64_t i = n; i > 1; i--) {
    uint64_t j = rng() % i;
    uint32_t x = a[i - 1];
    a[i - 1] = a[j];
    a[j] = x;
  }
}

static clockid_t the_clock = CLOCK_MONOTONIC;

static uint64_t now(void) {
  struct timespec ts;
  clock_gettime(the_clock, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t gpa_of(uint64_t i) {
  return GPA0 + b.order[i] * PAGE;
}

/* ---- page tables: making them, and what they hold ---- */

static void make_lib(uint32_t tables) {
  struct s2_space_config cfg = {0};
  cfg.hw.gpa_bits = GPA_BITS;
  cfg.hw.hpa_bits = HPA_BITS;
  cfg.hw.leaf_max = 2;
  cfg.hw.vmid = 1;
  cfg.tables.tables = (struct s2_table *)(void *)b.arena;
  cfg.tables.nodes = b.nodes;
  cfg.tables.stack = b.istack;
  cfg.tables.count = tables;
  cfg.tables.hpa = (uint64_t)(uintptr_t)b.arena;
  cfg.areas = b.space_areas;
  if (tables > b.arena_tables) {
    fatal("arena too small");
  }
  if (s2_init(&b.space, &cfg) != S2_OK) {
    fatal("s2_init refused");
  }
}

static void make_ref(uint32_t tables) {
  ref_init(&b.ref, b.arena, b.live, b.ustack, tables, NROOT, HPA_BITS);
  b.ref_space.n = 0;
  b.ref_space.last = 0;
}

static uint64_t root_of_lib(void) {
  return (uint64_t)(uintptr_t)b.arena + (uint64_t)b.space.pt.pool.root * 4096;
}

static uint64_t used_by_lib(void) {
  uint64_t n = 0;
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    n += (uint64_t)b.space.pt.pool.used[l];
  }
  return n;
}

static uint64_t mix_lib(uint64_t h, uint64_t gpa) {
  struct s2_leaf q = s2_pt_query(&b.space.pt, gpa);
  h = mix(h, (uint64_t)(int64_t)q.status);
  if (q.status == S2_OK) {
    h = mix(mix(h, q.hpa + (gpa - q.gpa)), (q.attr & S2_ATTR_MASK) | (uint64_t)q.level << 32);
  }
  return h;
}

static uint64_t mix_ref(uint64_t h, uint64_t gpa) {
  struct ref_leaf q = ref_translate(&b.ref, gpa);
  h = mix(h, (uint64_t)(int64_t)q.status);
  if (q.status == S2_OK) {
    h = mix(mix(h, q.hpa), (q.attr & S2_ATTR_MASK) | (uint64_t)q.level << 32);
  }
  return h;
}

/* Every page of the region, the page before it and the page after it. */
static uint64_t region_lib(void) {
  uint64_t h = mix(1, used_by_lib());
  for (uint64_t i = 0; i < b.pages + 2; i++) {
    h = mix_lib(h, GPA0 - PAGE + i * PAGE);
  }
  return h;
}

static uint64_t region_ref(void) {
  uint64_t h = mix(1, b.ref.used);
  for (uint64_t i = 0; i < b.pages + 2; i++) {
    h = mix_ref(h, GPA0 - PAGE + i * PAGE);
  }
  return h;
}

static uint64_t blocks_lib(void) {
  uint64_t h = mix(1, used_by_lib());
  for (uint64_t i = 0; i < b.blocks * 2 + 2; i++) {
    h = mix_lib(h, GPA0 - GIB / 512 / 2 + i * (GIB / 512 / 2) + PAGE);
  }
  return h;
}

static uint64_t blocks_ref(void) {
  uint64_t h = mix(1, b.ref.used);
  for (uint64_t i = 0; i < b.blocks * 2 + 2; i++) {
    h = mix_ref(h, GPA0 - GIB / 512 / 2 + i * (GIB / 512 / 2) + PAGE);
  }
  return h;
}

static uint64_t order_lib(void) {
  uint64_t h = mix(1, used_by_lib());
  for (uint64_t i = 0; i < b.norder; i++) {
    h = mix_lib(h, gpa_of(i));
  }
  return h;
}

static uint64_t order_ref(void) {
  uint64_t h = mix(1, b.ref.used);
  for (uint64_t i = 0; i < b.norder; i++) {
    h = mix_ref(h, gpa_of(i));
  }
  return h;
}

static uint64_t the_sum(void) {
  return b.sum;
}

/* ---- orders ---- */

static void order_random(uint32_t param) {
  (void)param;
  b.norder = b.pages;
  for (uint64_t i = 0; i < b.pages; i++) {
    b.order[i] = (uint32_t)i;
  }
  shuffle(b.order, b.norder);
}

static void order_sparse(uint32_t param) {
  (void)param;
  b.norder = b.sparse;
  for (uint64_t i = 0; i < b.sparse; i++) {
    b.order[i] = (uint32_t)(i * 512 + rng() % 512);
  }
  shuffle(b.order, b.norder);
}

static uint32_t small(void) {
  return (uint32_t)(b.pages / 512 + b.blocks / 512 + 64);
}

/* ---- regions ---- */

static void empty_lib(void) {
  make_lib(small());
}
static void empty_ref(void) {
  make_ref(small());
}

static void full_lib(void) {
  if (s2_pt_query(&b.space.pt, GPA0).status != S2_OK) {
    must(s2_pt_map(&b.space.pt, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
  } else {
    must(s2_pt_protect(&b.space.pt, GPA0, b.pages * PAGE, S2_RWX));
  }
}
static void full_ref(void) {
  if (ref_translate(&b.ref, GPA0).status != S2_OK) {
    must(ref_map(&b.ref, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
  } else {
    must(ref_protect(&b.ref, GPA0, b.pages * PAGE, S2_RWX));
  }
}
static void clean_lib(void) {
  if (s2_pt_next(&b.space.pt, 0).status == S2_OK) {
    must(s2_pt_unmap(&b.space.pt, GPA0, b.blocks * (GIB / 512)));
  }
}
static void clean_ref(void) {
  must(ref_unmap(&b.ref, GPA0, b.blocks * (GIB / 512)));
}

static void map_lib(void) {
  must(s2_pt_map(&b.space.pt, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
}
static void map_ref(void) {
  must(ref_map(&b.ref, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
}
static void map_rewalk(void) {
  for (uint64_t i = 0; i < b.pages; i++) {
    must(s2_pt_map(&b.space.pt, GPA0 + i * PAGE, PAGE, HPA0 + i * PAGE, ATTR, 0));
  }
}
static void map_loop(void) {
  uint64_t *p = b.arena;
  uint64_t *end = p + b.pages;
  uint64_t e = HPA0 | 0x37;
  do {
    __atomic_store_n(p, e, __ATOMIC_RELEASE);
    e += PAGE;
    p++;
  } while (p < end);
}
static void map_memset(void) {
  memset(b.arena, 0x37, b.pages * 8);
}

static void big_lib(void) {
  must(s2_pt_map(&b.space.pt, GPA0, b.blocks * (GIB / 512), HPA0, ATTR, 1));
}
static void big_ref(void) {
  must(ref_map(&b.ref, GPA0, b.blocks * (GIB / 512), HPA0, ATTR, 1));
}
static void big_rewalk(void) {
  for (uint64_t i = 0; i < b.blocks; i++) {
    must(s2_pt_map(&b.space.pt, GPA0 + i * (GIB / 512), GIB / 512, HPA0 + i * (GIB / 512), ATTR, 1));
  }
}

static void unmap_lib(void) {
  must(s2_pt_unmap(&b.space.pt, GPA0, b.pages * PAGE));
}
static void unmap_ref(void) {
  must(ref_unmap(&b.ref, GPA0, b.pages * PAGE));
}
static void unmap_detach(void) {
  must(ref_unmap_detach(&b.ref, GPA0, b.pages * PAGE));
}
static void unmap_rewalk(void) {
  for (uint64_t i = 0; i < b.pages; i++) {
    must(s2_pt_unmap(&b.space.pt, GPA0 + i * PAGE, PAGE));
  }
}
static void unmap_loop(void) {
  uint64_t *p = b.arena;
  uint64_t *end = p + b.pages;
  do {
    __atomic_store_n(p, 0, __ATOMIC_RELEASE);
    p++;
  } while (p < end);
}

static void protect_lib(void) {
  must(s2_pt_protect(&b.space.pt, GPA0, b.pages * PAGE, S2_RX));
}
static void protect_ref(void) {
  must(ref_protect(&b.ref, GPA0, b.pages * PAGE, S2_RX));
}
static void protect_rewalk(void) {
  for (uint64_t i = 0; i < b.pages; i++) {
    must(s2_pt_protect(&b.space.pt, GPA0 + i * PAGE, PAGE, S2_RX));
  }
}
static void protect_loop(void) {
  uint64_t *p = b.arena;
  uint64_t *end = p + b.pages;
  do {
    __atomic_store_n(p, (__atomic_load_n(p, __ATOMIC_RELAXED) & ~(uint64_t)7) | 5, __ATOMIC_RELEASE);
    p++;
  } while (p < end);
}

/* ---- translations ---- */

static void nothing(void) {
}

static void mapped_lib(void) {
  make_lib(small());
  must(s2_pt_map(&b.space.pt, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
}
static void mapped_ref(void) {
  make_ref(small());
  must(ref_map(&b.ref, GPA0, b.pages * PAGE, HPA0, ATTR, 0));
}
static void sparse_lib(void) {
  make_lib(b.arena_tables);
  for (uint64_t i = 0; i < b.norder; i++) {
    must(s2_pt_map(&b.space.pt, gpa_of(i), PAGE, HPA0 + b.order[i] * PAGE, ATTR, 0));
  }
}
static void sparse_ref(void) {
  make_ref(b.arena_tables);
  for (uint64_t i = 0; i < b.norder; i++) {
    must(ref_map(&b.ref, gpa_of(i), PAGE, HPA0 + b.order[i] * PAGE, ATTR, 0));
  }
}

static void seq_lib(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    struct s2_translation t = s2_translate(&b.space, GPA0 + i * PAGE + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void seq_query(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    struct s2_leaf t = s2_pt_query(&b.space.pt, GPA0 + i * PAGE);
    sum += t.hpa + 8 + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
/* walk.h: the same translation as part of its caller */
static void seq_lookup(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    struct s2_translation t = s2_lookup(&b.space, GPA0 + i * PAGE + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_lookup(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_translation t = s2_lookup(&b.space, gpa_of(i) + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
/* cursor.h: with one slot, and with a slot for every 2 MiB of a GiB */
static void seq_cursor(void) {
  static struct s2_cursor_slot one;
  struct s2_cursor c;
  must(s2_cursor_init(&c, &b.space, &one, 1));
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    struct s2_translation t = s2_cursor_translate(&c, GPA0 + i * PAGE + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_cursor(void) {
  static struct s2_cursor_slot slots[512];
  struct s2_cursor c;
  must(s2_cursor_init(&c, &b.space, slots, 512));
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_translation t = s2_cursor_translate(&c, gpa_of(i) + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_batch(void) {
  uint64_t gpa[BATCH];
  struct s2_translation t[BATCH];
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i += BATCH) {
    uint32_t n = b.norder - i < BATCH ? (uint32_t)(b.norder - i) : BATCH;
    for (uint32_t k = 0; k < n; k++) {
      gpa[k] = gpa_of(i + k) + 8;
    }
    s2_translate_batch(&b.space, gpa, t, n);
    for (uint32_t k = 0; k < n; k++) {
      sum += t[k].hpa + (uint64_t)(uint32_t)t[k].status;
    }
  }
  b.sum = sum;
}
static void seq_ref(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    struct ref_leaf t = ref_translate(&b.ref, GPA0 + i * PAGE + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void seq_raw(void) {
  const uint64_t *root = b.ref.root;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.pages; i++) {
    sum += ref_walk_raw(root, GPA0 + i * PAGE + 8);
  }
  b.sum = sum;
}
static void rnd_lib(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_translation t = s2_translate(&b.space, gpa_of(i) + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_query(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_leaf t = s2_pt_query(&b.space.pt, gpa_of(i));
    sum += t.hpa + 8 + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_ref(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct ref_leaf t = ref_translate(&b.ref, gpa_of(i) + 8);
    sum += t.hpa + (uint64_t)(uint32_t)t.status;
  }
  b.sum = sum;
}
static void rnd_raw(void) {
  const uint64_t *root = b.ref.root;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    sum += ref_walk_raw(root, gpa_of(i) + 8);
  }
  b.sum = sum;
}
/* The unchecked walk over the library's tables: an independent reading of what it wrote. */
static uint64_t sum_of_lib(void) {
  const uint64_t *root = (const uint64_t *)(uintptr_t)root_of_lib();
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    sum += ref_walk_raw(root, gpa_of(i) + 8);
  }
  b.errors += sum != b.sum;
  return b.sum;
}

/* ---- one page per call, random ---- */

static void one_map_lib(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    must(s2_pt_map(&b.space.pt, gpa_of(i), PAGE, HPA0 + b.order[i] * PAGE, ATTR, 0));
  }
}
static void one_map_ref(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    must(ref_map(&b.ref, gpa_of(i), PAGE, HPA0 + b.order[i] * PAGE, ATTR, 0));
  }
}
static void one_unmap_lib(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    must(s2_pt_unmap(&b.space.pt, gpa_of(i), PAGE));
  }
}
static void one_unmap_ref(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    must(ref_unmap(&b.ref, gpa_of(i), PAGE));
  }
}

/* ---- lazy areas and faults ---- */

static void lazy_empty_lib(void) {
  make_lib(64);
  host.frames = 0;
}
static void lazy_empty_ref(void) {
  make_ref(64);
}
static void lazy_clear_lib(void) {
  s2_clear(&b.space);
}
static void lazy_clear_ref(void) {
  b.ref_space.n = 0;
}
static void lazy_lib(void) {
  for (uint64_t i = 0; i < LAZY_AREAS; i++) {
    must(s2_map_alloc(&b.space, GPA0 + i * 128 * GIB, 64 * GIB, ATTR, 0));
  }
}
static void lazy_ref(void) {
  struct s2_payload p = {.attr = ATTR, .backend = S2_BACK_ALLOC};
  for (uint64_t i = 0; i < LAZY_AREAS; i++) {
    uint64_t x = GPA0 + i * 128 * GIB;
    if (((x | (64 * GIB)) & 4095) != 0 || x + 64 * GIB > b.ref.gpa_limit) {
      must(S2_ERR_ALIGN);
    }
    must(ref_areas_insert(&b.ref_space, x, x + 64 * GIB, p));
  }
}
/* No table was taken, no frame asked for. */
static uint64_t lazy_digest_lib(void) {
  uint64_t n = 0;
  for (struct s2_area a = s2_area_next(&b.space, 0); a.backend != S2_BACK_NONE;
       a = s2_area_next(&b.space, (uint64_t)a.end)) {
    n = mix(n, (uint64_t)(a.end - a.start) ^ (uint64_t)a.start);
  }
  b.errors += host.frames != 0;
  return mix(n, used_by_lib());
}
static uint64_t lazy_digest_ref(void) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < b.ref_space.n; i++) {
    n = mix(n, (b.ref_space.end[i] - b.ref_space.start[i]) ^ b.ref_space.start[i]);
  }
  return mix(n, NROOT);
}

/* n areas with gaps of the same size; pages numbered from GPA0. */
static void fault_order(uint32_t n, bool random) {
  uint64_t s = b.pages / n;
  b.fault_areas = n;
  b.fault_pages = s;
  b.norder = 0;
  for (uint64_t a = 0; a < n; a++) {
    for (uint64_t k = 0; k < s; k++) {
      b.order[b.norder] = (uint32_t)(a * 2 * s + k);
      b.norder++;
    }
  }
  if (random) {
    shuffle(b.order, b.norder);
  }
}
static void fault_seq(uint32_t n) {
  fault_order(n, false);
}
static void fault_rnd(uint32_t n) {
  fault_order(n, true);
}
static uint32_t fault_tables(void) {
  return (uint32_t)(2 * b.pages / 512 + 64);
}

static void fault_prepare_lib(void) {
  s2_clear(&b.space);
  host.next = 0;
  for (uint64_t a = 0; a < b.fault_areas; a++) {
    must(s2_map_alloc(&b.space, GPA0 + a * 2 * b.fault_pages * PAGE, b.fault_pages * PAGE, ATTR, 0));
  }
}
static void fault_prepare_ref(void) {
  struct s2_payload p = {.attr = ATTR, .backend = S2_BACK_ALLOC};
  host.next = 0;
  must(ref_unmap(&b.ref, GPA0, 4 * b.pages * PAGE));
  b.ref_space.n = 0;
  b.ref_space.last = 0;
  for (uint64_t a = 0; a < b.fault_areas; a++) {
    uint64_t x = GPA0 + a * 2 * b.fault_pages * PAGE;
    must(ref_areas_insert(&b.ref_space, x, x + b.fault_pages * PAGE, p));
  }
}
static void fault_make_lib(void) {
  make_lib(fault_tables());
}
static void fault_make_ref(void) {
  make_ref(fault_tables());
}
static void fault_lib(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_fault_result r = s2_fault(&b.space, gpa_of(i) + 8, S2_W);
    b.errors += r.kind != S2_FAULT_RESOLVED;
  }
}
static void fault_ref(void) {
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_fault_result r = ref_fault(&b.ref, &b.ref_space, NULL, gpa_of(i) + 8, S2_W);
    b.errors += r.kind != S2_FAULT_RESOLVED;
  }
}

/* ---- area sets: area i is pages 8 i and 8 i + 1; an insertion takes pages 8 i + 4 and 8 i + 5 ---- */

static uint64_t area_x(uint32_t i) {
  return (uint64_t)i * 8 * PAGE;
}

static struct s2_payload payload_of(uint32_t i) {
  return (struct s2_payload){.delta = (int64_t)(i * PAGE), .attr = ATTR, .backend = S2_BACK_LINEAR};
}

static void set_init(uint32_t n) {
  uint32_t *all = need((size_t)n * sizeof *all);
  b.nset = n;
  b.nsets = n < 100 ? SETS_MAX : 1;
  b.nfresh = n < 100 ? 1 : n < 10000 ? 100 : 200;
  ops_insert = b.nsets * b.nfresh;
  for (uint32_t i = 0; i < n; i++) {
    all[i] = i;
  }
  for (uint32_t k = 0; k < b.nsets; k++) {
    struct s2_area_memory *m = &b.sets_mem[k];
    m->count = n < 100 ? 4 : n / 16 + 64;
    m->chunks = need(m->count * sizeof *m->chunks);
    m->lo = need(m->count * sizeof *m->lo);
    m->id = need(m->count * sizeof *m->id);
    m->spare = need(m->count * sizeof *m->spare);
    must(s2_areas_init(&b.sets[k], m));
    b.refs[k] = (struct ref_areas){.cap = n + b.nfresh + 1};
    b.refs[k].start = need((n + b.nfresh + 1) * sizeof(uint64_t));
    b.refs[k].end = need((n + b.nfresh + 1) * sizeof(uint64_t));
    b.refs[k].pay = need((n + b.nfresh + 1) * sizeof(struct s2_payload));
    shuffle(all, n);
    for (uint32_t i = 0; i < n; i++) {
      must(s2_areas_insert(&b.sets[k], area_x(all[i]), area_x(all[i]) + 2 * PAGE, payload_of(all[i])));
      must(ref_areas_insert(&b.refs[k], area_x(i), area_x(i) + 2 * PAGE, payload_of(i)));
    }
    shuffle(all, n);
    for (uint32_t j = 0; j < b.nfresh; j++) {
      b.fresh[k * b.nfresh + j] = all[j];
    }
  }
  b.norder = b.calls;
  for (uint64_t i = 0; i < b.calls; i++) {
    b.order[i] = (uint32_t)(rng() % n);
  }
  free(all);
}

static void set_fini(void) {
  for (uint32_t k = 0; k < b.nsets; k++) {
    free(b.sets_mem[k].chunks);
    free(b.sets_mem[k].lo);
    free(b.sets_mem[k].id);
    free(b.sets_mem[k].spare);
    free(b.refs[k].start);
    free(b.refs[k].end);
    free(b.refs[k].pay);
  }
  b.nsets = 0;
}

static void find_lib(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_area a = s2_areas_find(&b.sets[0], area_x(b.order[i]) + PAGE);
    sum += (uint64_t)a.end + (uint64_t)a.delta + a.backend;
  }
  b.sum = sum;
}
static void find_ref(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < b.norder; i++) {
    struct s2_area a = ref_areas_find(&b.refs[0], area_x(b.order[i]) + PAGE);
    sum += (uint64_t)a.end + (uint64_t)a.delta + a.backend;
  }
  b.sum = sum;
}

static void insert_lib(void) {
  for (uint32_t k = 0; k < b.nsets; k++) {
    for (uint32_t j = 0; j < b.nfresh; j++) {
      uint32_t i = b.fresh[k * b.nfresh + j];
      uint64_t x = area_x(i) + 4 * PAGE;
      must(s2_areas_insert(&b.sets[k], x, x + 2 * PAGE, payload_of(i)));
    }
  }
}
static void insert_ref(void) {
  for (uint32_t k = 0; k < b.nsets; k++) {
    for (uint32_t j = 0; j < b.nfresh; j++) {
      uint32_t i = b.fresh[k * b.nfresh + j];
      uint64_t x = area_x(i) + 4 * PAGE;
      must(ref_areas_insert(&b.refs[k], x, x + 2 * PAGE, payload_of(i)));
    }
  }
}
static void remove_lib(void) {
  for (uint32_t k = 0; k < b.nsets; k++) {
    for (uint32_t j = 0; j < b.nfresh; j++) {
      uint64_t x = area_x(b.fresh[k * b.nfresh + j]) + 4 * PAGE;
      must(s2_areas_remove(&b.sets[k], x, x + 2 * PAGE));
    }
  }
}
static void remove_ref(void) {
  for (uint32_t k = 0; k < b.nsets; k++) {
    for (uint32_t j = 0; j < b.nfresh; j++) {
      uint64_t x = area_x(b.fresh[k * b.nfresh + j]) + 4 * PAGE;
      must(ref_areas_remove(&b.refs[k], x, x + 2 * PAGE));
    }
  }
}
static void absent_lib(void) {
  if (s2_areas_count(&b.sets[0]) > b.nset) {
    remove_lib();
  }
}
static void absent_ref(void) {
  if (b.refs[0].n > b.nset) {
    remove_ref();
  }
}
static void present_lib(void) {
  if (s2_areas_count(&b.sets[0]) == b.nset) {
    insert_lib();
  }
}
static void present_ref(void) {
  if (b.refs[0].n == b.nset) {
    insert_ref();
  }
}
static uint64_t set_lib(void) {
  uint64_t h = 0;
  for (uint32_t k = 0; k < b.nsets; k++) {
    h = mix(h, s2_areas_count(&b.sets[k]));
    for (uint64_t g = 0; g < (uint64_t)b.nset * 8; g++) {
      struct s2_area a = s2_areas_find(&b.sets[k], g * PAGE);
      h = a.backend == S2_BACK_NONE ? mix(h, 0) : mix(mix(h, (uint64_t)a.start), (uint64_t)(a.end + a.delta));
    }
  }
  return h;
}
static uint64_t set_ref(void) {
  uint64_t h = 0;
  for (uint32_t k = 0; k < b.nsets; k++) {
    h = mix(h, b.refs[k].n);
    for (uint64_t g = 0; g < (uint64_t)b.nset * 8; g++) {
      struct s2_area a = ref_areas_find(&b.refs[k], g * PAGE);
      h = a.backend == S2_BACK_NONE ? mix(h, 0) : mix(mix(h, (uint64_t)a.start), (uint64_t)(a.end + a.delta));
    }
  }
  return h;
}

/* ---- the list ---- */

/* `first` makes the structures of a column; called before its group of runs, in the arena all columns share. */
struct first {
  const char *prefix;
  void (*lib)(void);
  void (*ref)(void);
};
static const struct first firsts[] = {
    {"translate-sparse", sparse_lib, sparse_ref},
    {"translate", mapped_lib, mapped_ref},
    {"lookup-sparse", sparse_lib, sparse_ref},
    {"lookup", mapped_lib, mapped_ref},
    {"query", mapped_lib, mapped_ref},
    {"fault", fault_make_lib, fault_make_ref},
    {"lazy", lazy_empty_lib, lazy_empty_ref},
    {"set", nothing, nothing},
    {"", empty_lib, empty_ref},
};

#define FAULT(k, t, f, n, careful, other_)                                                                             \
  {                                                                                                                    \
    .key = k, .title = t, .unit = "fault", .init = f, .param = n, .rounds = 1, .ops = &b.norder,                       \
    .way = {[LIB] = {fault_prepare_lib, fault_lib, order_lib}, [REF] = {fault_prepare_ref, fault_ref, order_ref}},     \
    .other = {                                                                                                         \
      careful,                                                                                                         \
      other_                                                                                                           \
    }                                                                                                                  \
  }
#define SET(k, t, n, c1, o1, c2, o2, c3, o3)                                                                           \
  {.key = "set-find-" k,                                                                                               \
   .title = "find among " t,                                                                                           \
   .unit = "call",                                                                                                     \
   .init = set_init,                                                                                                   \
   .param = n,                                                                                                         \
   .rounds = 1,                                                                                                        \
   .ops = &b.norder,                                                                                                   \
   .way = {[LIB] = {nothing, find_lib, the_sum}, [REF] = {nothing, find_ref, the_sum}},                                \
   .other = {c1, o1}},                                                                                                 \
      {.key = "set-insert-" k,                                                                                         \
       .title = "insert at " t,                                                                                        \
       .unit = "call",                                                                                                 \
       .init = set_init,                                                                                               \
       .param = n,                                                                                                     \
       .rounds = 20,                                                                                                   \
       .ops = &ops_insert,                                                                                             \
       .way = {[LIB] = {absent_lib, insert_lib, set_lib}, [REF] = {absent_ref, insert_ref, set_ref}},                  \
       .other = {c2, o2}},                                                                                             \
  {                                                                                                                    \
    .key = "set-remove-" k, .title = "remove at " t, .unit = "call", .init = set_init, .param = n, .rounds = 20,       \
    .ops = &ops_insert,                                                                                                \
    .way = {[LIB] = {present_lib, remove_lib, set_lib}, [REF] = {present_ref, remove_ref, set_ref}}, .other = {        \
      c3,                                                                                                              \
      o3                                                                                                               \
    }                                                                                                                  \
  }

static const struct work works[] = {
    {.key = "map-1g",
     .title = "map 1 GiB, 4K leaves",
     .unit = "page",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {clean_lib, map_lib, region_lib},
             [LOOP] = {nothing, map_loop, NULL},
             [MEMSET] = {nothing, map_memset, NULL},
             [REF] = {clean_ref, map_ref, region_ref},
             [REWALK] = {clean_lib, map_rewalk, region_lib}}},
    {.key = "map-64g-2m",
     .title = "map 64 GiB, 2M leaves",
     .unit = "leaf",
     .init = order_random,
     .rounds = 1,
     .ops = &b.blocks,
     .way = {[LIB] = {clean_lib, big_lib, blocks_lib},
             [REF] = {clean_ref, big_ref, blocks_ref},
             [REWALK] = {clean_lib, big_rewalk, blocks_lib}}},
    {.key = "unmap-1g",
     .title = "unmap 1 GiB of 4K",
     .unit = "page",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {full_lib, unmap_lib, region_lib},
             [LOOP] = {nothing, unmap_loop, NULL},
             [MEMSET] = {full_ref, unmap_detach, region_ref},
             [REF] = {full_ref, unmap_ref, region_ref},
             [REWALK] = {full_lib, unmap_rewalk, region_lib}}},
    {.key = "protect-1g",
     .title = "protect 1 GiB of 4K",
     .unit = "page",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {full_lib, protect_lib, region_lib},
             [LOOP] = {nothing, protect_loop, NULL},
             [REF] = {full_ref, protect_ref, region_ref},
             [REWALK] = {full_lib, protect_rewalk, region_lib}}},
    {.key = "translate-seq",
     .title = "translate, sequential 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {nothing, seq_lib, sum_of_lib},
             [RAW] = {nothing, seq_raw, the_sum},
             [REF] = {nothing, seq_ref, the_sum}}},
    {.key = "translate-rnd",
     .title = "translate, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_lib, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "translate-sparse",
     .title = "translate, random sparse 64 GiB",
     .unit = "call",
     .init = order_sparse,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_lib, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-seq",
     .title = "s2_lookup (inline), sequential",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {nothing, seq_lookup, sum_of_lib},
             [RAW] = {nothing, seq_raw, the_sum},
             [REF] = {nothing, seq_ref, the_sum}}},
    {.key = "lookup-rnd",
     .title = "s2_lookup (inline), random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_lookup, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-sparse",
     .title = "s2_lookup (inline), random 64 GiB",
     .unit = "call",
     .init = order_sparse,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_lookup, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-cursor-seq",
     .title = "cursor of 1 slot, sequential",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {nothing, seq_cursor, sum_of_lib},
             [RAW] = {nothing, seq_raw, the_sum},
             [REF] = {nothing, seq_ref, the_sum}}},
    {.key = "lookup-cursor-rnd",
     .title = "cursor of 512, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_cursor, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-batch-rnd",
     .title = "batch, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_batch, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-sparse-batch",
     .title = "batch, random sparse 64 GiB",
     .unit = "call",
     .init = order_sparse,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_batch, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "lookup-sparse-cursor",
     .title = "cursor of 512, sparse 64 GiB",
     .unit = "call",
     .init = order_sparse,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_cursor, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "query-seq",
     .title = "s2_pt_query, sequential 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.pages,
     .way = {[LIB] = {nothing, seq_query, sum_of_lib},
             [RAW] = {nothing, seq_raw, the_sum},
             [REF] = {nothing, seq_ref, the_sum}}},
    {.key = "query-rnd",
     .title = "s2_pt_query, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {nothing, rnd_query, sum_of_lib},
             [RAW] = {nothing, rnd_raw, the_sum},
             [REF] = {nothing, rnd_ref, the_sum}}},
    {.key = "one-map",
     .title = "map one page, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {clean_lib, one_map_lib, region_lib}, [REF] = {clean_ref, one_map_ref, region_ref}}},
    {.key = "one-unmap",
     .title = "unmap one page, random 1 GiB",
     .unit = "call",
     .init = order_random,
     .rounds = 1,
     .ops = &b.norder,
     .way = {[LIB] = {full_lib, one_unmap_lib, region_lib}, [REF] = {full_ref, one_unmap_ref, region_ref}}},
    {.key = "lazy-64g",
     .title = "add one lazy 64 GiB area",
     .unit = "call",
     .init = order_random,
     .rounds = 50,
     .ops = &ops_lazy,
     .way = {[LIB] = {lazy_clear_lib, lazy_lib, lazy_digest_lib}, [REF] = {lazy_clear_ref, lazy_ref, lazy_digest_ref}},
     .other = {"100", "68000000"}},
    FAULT("fault-seq-1", "fault, sequential, 1 area", fault_seq, 1, "3.1", "4.0"),
    FAULT("fault-seq-100", "fault, sequential, 100 areas", fault_seq, 100, "3.2", "8.3"),
    FAULT("fault-seq-10k", "fault, sequential, 10k areas", fault_seq, 10000, "6.0", "15.1"),
    FAULT("fault-rnd-1", "fault, random, 1 area", fault_rnd, 1, "3.5", "4.2"),
    FAULT("fault-rnd-100", "fault, random, 100 areas", fault_rnd, 100, "24.9", "24.5"),
    FAULT("fault-rnd-10k", "fault, random, 10k areas", fault_rnd, 10000, "43.8", "56.4"),
    SET("10", "10 areas", 10, "5.9", "11.1", "21", "10.9", "35", "14.9"),
    SET("1k", "1,000 areas", 1000, "17.8", "34.6", "34", "36.6", "36", "735"),
    SET("100k", "100,000 areas", 100000, "42", "89", "84", "228", "96", "312711"),
};
#define WORKS (sizeof works / sizeof works[0])

static struct {
  double ns[COLUMNS];
  double instr[COLUMNS]; /* < 0: not known */
  bool ran, failed;
} result[WORKS];

/* ---- measuring ---- */

/* callgrind collects inside this function alone and dumps whenever it returns. */
void measured(void (*kernel)(void));
__attribute__((noinline)) void measured(void (*kernel)(void)) {
  kernel();
  __asm__ volatile("" ::: "memory");
}

static bool takes_lib(int c) {
  return c == LIB || c == REWALK;
}

static uint64_t clock_cost(void) {
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < 1000; i++) {
    uint64_t t = now();
    t = now() - t;
    best = t < best ? t : best;
  }
  return best;
}

static void first_of(const struct work *w, int c) {
  for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
    if (strncmp(w->key, firsts[i].prefix, strlen(firsts[i].prefix)) == 0) {
      (takes_lib(c) ? firsts[i].lib : firsts[i].ref)();
      return;
    }
  }
}

struct options {
  uint32_t runs;
  bool once, csv;
  const char *only, *instr;
};

static uint32_t passed, failed;

static void verdict(size_t at, int c, bool ok, const char *what) {
  if (ok) {
    passed++;
  } else {
    failed++;
    result[at].failed = true;
    printf("FAIL %s %s/%s: %s\n", S2_FORMAT_NAME, works[at].key, column_name[c], what);
  }
}

static void run_work(size_t at, const struct options *opt) {
  const struct work *w = &works[at];
  uint32_t groups = opt->runs >= 3 ? 3 : 1;
  uint64_t cost = clock_cost();
  uint64_t digest[COLUMNS] = {0};
  if (w->init == set_init && b.quick && w->param > 10000) {
    w->init(10000);
  } else {
    w->init(w->param);
  }
  for (int c = 0; c < COLUMNS; c++) {
    result[at].ns[c] = -1;
  }
  result[at].ran = true;
  for (uint32_t g = 0; g < groups; g++) {
    for (int c = 0; c < COLUMNS; c++) {
      const struct way *y = &w->way[c];
      if (y->kernel == NULL) {
        continue;
      }
      b.errors = 0;
      first_of(w, c);
      for (uint32_t r = 0; r < (opt->runs + groups - 1) / groups; r++) {
        uint32_t rounds = opt->once ? 1 : w->rounds;
        uint64_t total = 0;
        for (uint32_t k = 0; k < rounds; k++) {
          y->prepare();
          uint64_t t = now();
          measured(y->kernel);
          t = now() - t;
          total += t > cost ? t - cost : 0;
        }
        double ns = (double)total / ((double)*w->ops * rounds);
        if (result[at].ns[c] < 0 || ns < result[at].ns[c]) {
          result[at].ns[c] = ns;
        }
      }
      if (opt->once) {
        printf("order %s %s %llu\n", w->key, column_name[c], (unsigned long long)*w->ops);
      }
      if (g + 1 == groups && y->digest != NULL) {
        digest[c] = y->digest();
      }
      if (g + 1 == groups || b.errors != 0) {
        verdict(at, c, b.errors == 0, "a call refused or answered wrongly");
      }
    }
  }
  for (int c = 0; c < COLUMNS; c++) {
    if (c != REF && w->way[c].digest != NULL) {
      verdict(at, c, digest[c] == digest[REF], "result differs from the reference");
    }
  }
  set_fini();
}

/* ---- reporting ---- */

static void read_instr(const char *path) {
  FILE *f = fopen(path, "r");
  char key[64];
  char col[16];
  double n;
  if (f == NULL) {
    fatal("cannot read the --instr file");
  }
  while (fscanf(f, "%63s %15s %lf", key, col, &n) == 3) {
    for (size_t i = 0; i < WORKS; i++) {
      for (int c = 0; c < COLUMNS; c++) {
        if (strcmp(works[i].key, key) == 0 && strcmp(column_name[c], col) == 0) {
          result[i].instr[c] = n;
        }
      }
    }
  }
  fclose(f);
}

static void cell(double x, int width) {
  if (x < 0) {
    printf(" %*s", width, "-");
  } else {
    printf(" %*.*f", width, x < 10 ? 2 : x < 1000 ? 1 : 0, x);
  }
}

static double ratio(double x, double y) {
  return x >= 0 && y > 0 ? x / y : -1;
}

static uint32_t goals, goals_met;

static void goal(const char *what, double x, bool below, double bound) {
  if (x >= 0) {
    bool met = below ? x <= bound : x >= bound;
    goals++;
    goals_met += met;
    printf("  %s %s %.2f %s", what, below ? "<=" : ">=", bound, met ? "met" : "MISSED");
  }
}

static bool starts(const char *s, const char *with) {
  return strncmp(s, with, strlen(with)) == 0;
}

static bool is_area_row(const struct work *w) {
  return starts(w->key, "set") || starts(w->key, "fault") || starts(w->key, "lazy");
}

static void print_goals(size_t i) {
  const char *key = works[i].key;
  const double *ns = result[i].ns;
  if (strcmp(key, "map-1g") == 0 || strcmp(key, "unmap-1g") == 0 || strcmp(key, "protect-1g") == 0) {
    goal("lib/c", ratio(ns[LIB], ns[REF]), true, 1.3);
    goal("d/lib", ratio(ns[REWALK], ns[LIB]), false, 6);
  } else if (strcmp(key, "translate-rnd") == 0 || strcmp(key, "translate-sparse") == 0 ||
             strcmp(key, "lookup-rnd") == 0 || strcmp(key, "lookup-sparse") == 0) {
    goal("lib/b", ratio(ns[LIB], ns[RAW]), true, 1.15);
  } else if (starts(key, "one-") || strcmp(key, "map-64g-2m") == 0) {
    goal("lib/c", ratio(ns[LIB], ns[REF]), true, 1.3);
  }
}

static void print_tables(const struct options *opt) {
  bool instr = opt->instr != NULL;
  printf("\n%s: nanoseconds per page, leaf or call; minimum of %u runs in one process, one arena%s\n", S2_FORMAT_NAME,
         opt->runs, huge ? ", in large pages" : "");
  printf("  (a) store loop over flat memory  (m) memset; unmap: detach whole tables, memset them  (b) 4 raw loads\n");
  printf("  (c) reference, same checks, one descent per leaf table  (d) the library's one-page call for each page\n\n");
  printf("%-32s %-5s %7s %7s %7s %7s %7s %7s %6s %6s %6s", "workload", "per", "lib", "(a)", "(m)", "(b)", "(c)", "(d)",
         "lib/c", "lib/b", "d/lib");
  if (instr) {
    printf(" %8s %8s %8s %8s", "[lib]", "[b]", "[c]", "[d]");
  }
  printf("  goal\n");
  for (size_t i = 0; i < WORKS; i++) {
    const double *ns = result[i].ns;
    if (!result[i].ran || is_area_row(&works[i])) {
      continue;
    }
    printf("%-32s %-5s", works[i].title, works[i].unit);
    for (int c = 0; c < COLUMNS; c++) {
      cell(ns[c], 7);
    }
    cell(ratio(ns[LIB], ns[REF]), 6);
    cell(ratio(ns[LIB], ns[RAW]), 6);
    cell(ratio(ns[REWALK], ns[LIB]), 6);
    if (instr) {
      cell(result[i].instr[LIB], 8);
      cell(result[i].instr[RAW], 8);
      cell(result[i].instr[REF], 8);
      cell(result[i].instr[REWALK], 8);
    }
    print_goals(i);
    printf("\n");
  }
  printf("\n%-32s %-5s %8s %8s %6s", "areas", "per", "lib", "array", "ratio");
  if (instr) {
    printf(" %8s %8s", "[lib]", "[array]");
  }
  printf(" | other machine: %9s %10s\n", "careful C", "memory_set");
  for (size_t i = 0; i < WORKS; i++) {
    const double *ns = result[i].ns;
    if (!result[i].ran || !is_area_row(&works[i])) {
      continue;
    }
    printf("%-32s %-5s", works[i].title, works[i].unit);
    cell(ns[LIB], 8);
    cell(ns[REF], 8);
    cell(ratio(ns[LIB], ns[REF]), 6);
    if (instr) {
      cell(result[i].instr[LIB], 8);
      cell(result[i].instr[REF], 8);
    }
    printf(" |                %9s %10s", works[i].other[0], works[i].other[1]);
    if (starts(works[i].key, "lazy")) {
      printf("  no table, no frame: %s", result[i].failed ? "FAILED" : "verified");
    } else {
      printf("  %s", ns[LIB] <= strtod(works[i].other[1], NULL) ? "ahead" : "behind");
    }
    printf("\n");
  }
  printf("\nAll figures are ns. [ ]: retired instructions (callgrind). array: a plain sorted array with memmove.\n"
         "Right of |: constants measured on another machine (performance.md), so ahead or behind of memory_set is\n"
         "orientation only. Goals met in the first table: %u of %u\n",
         goals_met, goals);
}

static void print_csv(void) {
  printf("format,workload,unit,column,ns,instructions\n");
  for (size_t i = 0; i < WORKS; i++) {
    for (int c = 0; c < COLUMNS; c++) {
      if (result[i].ran && result[i].ns[c] >= 0) {
        printf("%s,%s,%s,%s,%.3f,", S2_FORMAT_NAME, works[i].key, works[i].unit, column_name[c], result[i].ns[c]);
        if (result[i].instr[c] >= 0) {
          printf("%.2f", result[i].instr[c]);
        }
        printf("\n");
      }
    }
  }
}

static void usage(void) {
  printf("usage: bench-%s [--quick] [--runs N] [--only KEY] [--csv] [--huge] [--cpu] [--once] [--instr FILE]\n"
         "  --quick     small sizes, one run: correctness only\n"
         "  --runs N    take the minimum of N runs (15)\n"
         "  --only KEY  workloads whose key starts with KEY\n"
         "  --csv       one line per workload and column\n"
         "  --huge      all memory in large pages\n"
         "  --cpu       the time that this thread had a processor: for a machine that others use too\n"
         "  --once      one run, print the order of measurements (for callgrind, see instr.sh)\n"
         "  --instr F   show the instruction counts of file F beside the times\n"
         "keys:",
         S2_FORMAT_NAME);
  for (size_t i = 0; i < WORKS; i++) {
    printf(" %s", works[i].key);
  }
  printf("\n");
}

static void setup(bool quick) {
  b.quick = quick;
  b.pages = quick ? 16384 : 262144;
  b.blocks = quick ? 1024 : 32768;
  b.sparse = quick ? 512 : 32768;
  b.calls = quick ? 4096 : 65536;
  b.arena_tables = (uint32_t)(b.sparse + b.sparse / 512 + 128 > 2 * b.pages / 512 + 64 ? b.sparse + b.sparse / 512 + 128
                                                                                       : 2 * b.pages / 512 + 64);
  b.arena = need((size_t)b.arena_tables * 4096);
  b.nodes = need(b.arena_tables * sizeof *b.nodes);
  b.istack = need(b.arena_tables * sizeof *b.istack);
  b.live = need(b.arena_tables * sizeof *b.live);
  b.ustack = need(b.arena_tables * sizeof *b.ustack);
  b.order = need((b.pages + b.calls) * sizeof *b.order);
  b.fresh = need(4096 * sizeof *b.fresh);
  b.space_areas.count = 1024;
  b.space_areas.chunks = need(1024 * sizeof *b.space_areas.chunks);
  b.space_areas.lo = need(1024 * sizeof *b.space_areas.lo);
  b.space_areas.id = need(1024 * sizeof *b.space_areas.id);
  b.space_areas.spare = need(1024 * sizeof *b.space_areas.spare);
  b.ref_space.cap = 10016;
  b.ref_space.start = need(10016 * sizeof(uint64_t));
  b.ref_space.end = need(10016 * sizeof(uint64_t));
  b.ref_space.pay = need(10016 * sizeof(struct s2_payload));
}

int main(int argc, char **argv) {
  struct options opt = {.runs = 15};
  bool quick = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (strcmp(argv[i], "--csv") == 0) {
      opt.csv = true;
    } else if (strcmp(argv[i], "--huge") == 0) {
      huge = true;
    } else if (strcmp(argv[i], "--cpu") == 0) {
      the_clock = CLOCK_THREAD_CPUTIME_ID;
    } else if (strcmp(argv[i], "--once") == 0) {
      opt.once = true;
    } else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
      opt.runs = (uint32_t)strtoul(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      opt.only = argv[++i];
    } else if (strcmp(argv[i], "--instr") == 0 && i + 1 < argc) {
      opt.instr = argv[++i];
    } else {
      usage();
      return strcmp(argv[i], "--help") == 0 ? 0 : 2;
    }
  }
  if (quick || opt.once || opt.runs == 0) {
    opt.runs = 1;
  }
  setup(quick);
  for (size_t i = 0; i < WORKS; i++) {
    for (int c = 0; c < COLUMNS; c++) {
      result[i].instr[c] = -1;
    }
  }
  if (opt.instr != NULL) {
    read_instr(opt.instr);
  }
  for (size_t i = 0; i < WORKS; i++) {
    if (opt.only == NULL || starts(works[i].key, opt.only)) {
      run_work(i, &opt);
    }
  }
  if (opt.csv) {
    print_csv();
  } else if (!quick && !opt.once) {
    print_tables(&opt);
  }
  if (!opt.csv || failed != 0) {
    printf("%u passed, %u failed\n", passed, failed);
  }
  return failed == 0 ? 0 : 1;
}
