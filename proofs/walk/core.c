/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * core.c - a second opinion on the core: the real src/ code maps and unmaps one page of any valid page table, and the
 * translation of every other address stays as it was.
 *
 * All of src/ that s2_pt_map() and s2_pt_unmap() reach is here; only the four functions that touch p->tables are
 * replaced (goto-instrument --replace-calls). g is the page, w any address: "every other address" is w. Of each table
 * two words are kept, those in the slots of g and of w at its level, and that no other word is read or written is
 * asserted.
 *
 * The state is any state in which the invariant holds on the paths of g and w and for the free tables. Bounds: one
 * page; one shape per format (BITS); a pool as large as two paths and a third of new tables; tables are numbered so
 * that first come the root, then the path of g, the path of w, and the free ones (tables are interchangeable); the path
 * of g ends at level END: each one for map; 0 for unmap, so that the page lies in a leaf table, mapped or not (else the
 * path of the address behind it counts too, and blocks are split).
 */
#include <stdbool.h>
#include <stdint.h>
#pragma CPROVER check push
#if defined(S2_FORMAT_A64)
/* s2_entry_attr() cuts a shifted constant to 32 bits before it masks it: meant, and defined */
#pragma CPROVER check disable "conversion"
#endif
#include "stage2/stage2.h"
#include "stage2/walk.h"
#pragma CPROVER check pop
#include "format.h"

#include "src/flush.c"
#include "src/map.c"
#include "src/pool.c"
#include "src/split.c"
#include "src/unmap.c"
#include "src/walk.c"
#if defined(S2_FORMAT_EPT)
#include "arch/x86_64/ept/control.c"
#elif defined(S2_FORMAT_NPT)
#include "arch/x86_64/npt/control.c"
#elif defined(S2_FORMAT_A64)
#include "arch/aarch64/stage2/control.c"
#else
#include "arch/riscv64/gstage/control.c"
#endif

/* one shape, with concatenated root tables where the format has them */
#if defined(S2_FORMAT_A64)
#define BITS  40
#define ROOTS 2u
#define TOP   2u
#elif defined(S2_FORMAT_GST)
#define BITS  41
#define ROOTS 4u
#define TOP   2u
#else
#define BITS  48
#define ROOTS 1u
#define TOP   3u
#endif
/* tables of level l < TOP on the path of g and, where it is another, of w; the free ones follow */
#define OF_G(l) (ROOTS + (l))
#define OF_W(l) (ROOTS + TOP + (l))
#define FREE    (ROOTS + 2u * TOP)
#define POOL    (ROOTS + 3u * TOP)

uint64_t nondet_u64(void);
uint32_t nondet_u32(void);

/* nothing is initialised: --nondet-static */
static uint64_t word_g[POOL], word_w[POOL];
static struct s2_node node[POOL];
static int32_t stack[POOL];
static struct s2_pt pt;
static uint64_t g, w;
static uint8_t level[POOL]; /* of each table; of a free one, what it will be if it is taken */
static uint32_t flushes;

static bool is_g(uint32_t t, uint32_t i) {
  __CPROVER_assert(t < POOL, "tables stay inside the pool");
  bool yes = i == s2_slot(g, level[t]);
  __CPROVER_assert(yes || i == s2_slot(w, level[t]), "no other word is touched");
  return yes;
}

uint64_t model_read(const struct s2_pool *p, uint64_t t, uint32_t i);
uint64_t model_read(const struct s2_pool *p, uint64_t t, uint32_t i) {
  (void)p;
  return is_g((uint32_t)t, i) ? word_g[t] : word_w[t];
}

void model_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e);
void model_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  (void)p;
  if (is_g(t, i)) {
    word_g[t] = e;
  } else {
    word_w[t] = e;
  }
}

uint64_t model_break(struct s2_pool *p, uint32_t t, uint32_t i);
uint64_t model_break(struct s2_pool *p, uint32_t t, uint32_t i) {
  uint64_t e = model_read(p, t, i);
  model_write(p, t, i, 0);
  return e;
}

/* What one page in a leaf table does not reach: proved here, instead of unrolled. */
s2_status model_wide(struct s2_pt *p, uint64_t gpa, uint64_t end);
s2_status model_wide(struct s2_pt *p, uint64_t gpa, uint64_t end) {
  (void)p;
  (void)gpa;
  (void)end;
  __CPROVER_assert(false, "the page lies in a leaf table");
  return S2_ERR_CONFIG;
}

void model_zero(struct s2_pool *p, uint32_t c);
void model_zero(struct s2_pool *p, uint32_t c) {
  (void)p;
  (void)c;
  __CPROVER_assert(false, "a table that goes is empty already");
}

int64_t model_give(const struct s2_pool *p, void *ctx, uint32_t c, uint8_t l);
int64_t model_give(const struct s2_pool *p, void *ctx, uint32_t c, uint8_t l) {
  (void)p;
  (void)ctx;
  (void)c;
  (void)l;
  __CPROVER_assert(false, "no frame is given away");
  return 0;
}

void s2_arch_flush_all(const struct s2_tlb *tlb) {
  (void)tlb;
  flushes = 1;
}

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  (void)tlb;
  (void)first;
  (void)last;
  (void)step;
  flushes = 1;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  (void)hpa;
  (void)order;
  __CPROVER_assert(false, "the page table gives no frame away");
}

static uint64_t base_of(uint64_t a, uint8_t l) {
  return a & ~((UINT64_C(1) << (21 + 9 * l)) - 1u);
}

/** Table t of level l, for addresses around a. */
static void used_table(uint32_t t, uint8_t l, uint64_t a) {
  level[t] = l;
  node[t].level = l;
  node[t].key = (int64_t)base_of(a, l);
}

/** Any entry that the library makes for this table; a link names the table `child`. No marks are left between calls. */
static void valid_entry(uint8_t l, uint64_t e, uint32_t child) {
  __CPROVER_assume(pair_made(&pt, l, e) && s2_entry_kind(l, e) != S2_MARKED);
  if (s2_entry_links(l, e)) {
    __CPROVER_assume(s2_entry_next(e) == s2_table_hpa(&pt.pool, child));
  }
}

/** The live count of table t, whose words for g and w are what they are. */
static void valid_live(uint32_t t, bool has_g, bool has_w) {
  bool one = s2_slot(g, level[t]) == s2_slot(w, level[t]);
  uint32_t live = has_g && word_g[t] != 0 ? 1u : 0u;
  live += has_w && !(has_g && one) && (one ? word_g[t] : word_w[t]) != 0 ? 1u : 0u;
  __CPROVER_assume(node[t].live >= live && node[t].live < S2_ENTRIES);
}

/** Tables from the root down: of g to level END, of w to where its own path ends. */
static void valid_paths(void) {
  struct s2_pool *p = &pt.pool;
  for (uint32_t k = 0; k < ROOTS; k++) {
    used_table(k, TOP, (uint64_t)k << (21 + 9 * TOP));
  }
  for (uint8_t l = 0; l < TOP; l++) {
    used_table(OF_G(l), l, g);
    used_table(OF_W(l), l, w);
  }
  /* w shares the tables of g as long as it lies in them */
  bool on = true;
  for (uint32_t k = 0; k <= TOP; k++) {
    uint8_t l = (uint8_t)(TOP - k);
    uint32_t tg = l == TOP ? s2_root_index(g, l) : OF_G(l);
    bool shared = l >= END && base_of(g, l) == base_of(w, l);
    uint32_t tw = l == TOP ? s2_root_index(w, l) : shared ? OF_G(l) : OF_W(l);
    bool one = s2_slot(g, l) == s2_slot(w, l);
    if (l >= END) {
      uint32_t child = l == 0 ? 0u : OF_G(l - 1u);
      valid_entry(l, word_g[tg], child);
      __CPROVER_assume(s2_entry_links(l, word_g[tg]) == (l > END));
      valid_live(tg, true, on && shared);
    }
    if (on) {
      uint64_t e = one ? word_g[tw] : word_w[tw];
      bool next_shared = l > END && shared && one;
      uint32_t child = l == 0 ? 0u : next_shared ? OF_G(l - 1u) : OF_W(l - 1u);
      valid_entry(l, e, child);
      if (!shared) {
        valid_live(tw, false, true);
      }
      on = s2_entry_links(l, e);
    }
  }
  /* the free stack, and what its tables hold and would become */
  for (uint32_t j = 0; j < TOP; j++) {
    uint32_t c = FREE + j;
    stack[j] = (int32_t)c;
    node[c].level = S2_NODE_FREE;
    node[c].key = (int64_t)j;
    word_g[c] = 0;
    word_w[c] = 0;
    /* the n-th table taken is of level END - n */
    bool taken = j < (uint32_t)p->nfree && (uint32_t)p->nfree - j <= END;
    level[c] = taken ? (uint8_t)(END - ((uint32_t)p->nfree - j)) : 0;
  }
}

static void any_page_table(void) {
  struct s2_pool *p = &pt.pool;
  struct s2_shape shape = s2_shape_of(BITS);
  __CPROVER_assert(shape.top == TOP && shape.nroot == ROOTS, "the shape of this width");
  pt.gpa_bits = BITS;
  pt.hpa_bits = S2_FMT_HPA_BITS;
  p->features = S2_FMT_FEATURES;
  p->leaf_max = S2_FMT_LEAF_MAX < TOP ? S2_FMT_LEAF_MAX : TOP;
  p->top = TOP;
  p->root = 0;
  p->nroot = ROOTS;
  p->cap = POOL;
  p->nodes = node;
  p->stack = stack;
  p->tables = 0;
  p->hpa_hi = 1;
  p->hpa_lo = 0x10000000u;
  p->nlimbo = 0;
  pt.flush.tlb.vmid = 1;
  pt.flush.epoch = 0;
  pt.flush.ranges = 0;
  pt.flush.fulls = 0;
  __CPROVER_assume(p->nfree >= 0 && p->nfree <= (int32_t)TOP && p->low >= 0);
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    __CPROVER_assume(p->used[l] >= 1 && p->used[l] < (int32_t)POOL && p->high[l] >= p->used[l]);
  }
}

/** The same translation of w, or none? */
static bool same(struct s2_leaf a, struct s2_leaf b, uint64_t w) {
  if (a.status != S2_OK || b.status != S2_OK) {
    return a.status == b.status;
  }
  return a.hpa + (w - a.gpa) == b.hpa + (w - b.gpa) && a.attr == b.attr && a.level == b.level;
}

int main(void) {
  struct s2_pool *p = &pt.pool;
  any_page_table();
  g = nondet_u64();
  w = nondet_u64();
  __CPROVER_assume(g < s2_width(pt.gpa_bits) && w < s2_width(pt.gpa_bits) && s2_offset(g, 0) == 0);
  valid_paths();
  int32_t nfree = p->nfree;
  int32_t live = (int32_t)node[OF_G(0)].live;
  struct s2_leaf was = s2_pt_query(&pt, w);
  bool in = w - s2_offset(w, 0) == g;
  flushes = 0;
#ifdef MAP
  uint64_t hpa = nondet_u64();
  uint32_t attr = nondet_u32();
  s2_status st = s2_pt_map(&pt, g, S2_PAGE_SIZE, hpa, attr, nondet_u32());
  struct s2_leaf is = s2_pt_query(&pt, w);
#ifdef COVER
  __CPROVER_cover(st == S2_OK && in && nfree - p->nfree == END);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_OK && is.level == 0);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_OK && is.level == 1);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_ERR_NOT_MAPPED && is.level == 0);
#if END <= S2_FMT_LEAF_MAX
  __CPROVER_cover(st == S2_ERR_MAPPED && was.status == S2_OK);
#endif
#if END > 0
  __CPROVER_cover(st == S2_ERR_NO_TABLES);
#endif
  __CPROVER_cover(st == S2_ERR_ATTR);
  __CPROVER_cover(st == S2_ERR_POOL);
#else
#if END == 0
  int32_t more = st == S2_OK ? 1 : 0;
  __CPROVER_assert((int32_t)node[OF_G(0)].live == live + more, "mapped: the leaf is counted");
#endif
  if (st != S2_OK) {
    __CPROVER_assert(same(was, is, w) && nfree == p->nfree, "refused: nothing changes");
  } else if (in) {
    __CPROVER_assert(was.status == S2_ERR_NOT_MAPPED, "mapped: where nothing was");
    __CPROVER_assert(is.status == S2_OK && is.hpa == hpa && is.gpa == g && is.size == S2_PAGE_SIZE, "mapped: there");
    __CPROVER_assert(is.attr == (attr | S2_FMT_AD), "mapped: with these attributes");
  } else {
    __CPROVER_assert(same(was, is, w), "mapped: every other address as it was");
  }
#endif
#else
  struct s2_leaf page = s2_pt_query(&pt, g);
  s2_status st = s2_pt_unmap(&pt, g, S2_PAGE_SIZE);
  struct s2_leaf is = s2_pt_query(&pt, w);
#ifdef COVER
  __CPROVER_cover(in && was.status == S2_OK && p->nfree - nfree == (int32_t)p->top);
  __CPROVER_cover(in && was.status == S2_OK && p->nfree == nfree);
  __CPROVER_cover(in && was.status == S2_ERR_NOT_MAPPED);
  __CPROVER_cover(!in && is.status == S2_OK && is.level == 0 && page.status == S2_OK && p->nfree - nfree == 1);
  __CPROVER_cover(!in && is.status == S2_OK && is.level == 1 && page.status == S2_OK);
  __CPROVER_cover(!in && is.status == S2_ERR_NOT_MAPPED && page.status == S2_OK);
#else
  __CPROVER_assert(st == S2_OK, "an unmap of a page in a leaf table is never refused");
  __CPROVER_assert(p->nlimbo == 0, "nothing waits");
  int32_t less = page.status == S2_OK ? 1 : 0;
  __CPROVER_assert((int32_t)node[OF_G(0)].live == live - less, "unmapped: the leaf is not counted");
  __CPROVER_assert(page.status != S2_OK || flushes == 1, "a leaf that went away is invalidated");
  if (in) {
    __CPROVER_assert(is.status == S2_ERR_NOT_MAPPED, "unmapped: gone");
  } else {
    __CPROVER_assert(same(was, is, w), "unmapped: every other address as it was");
  }
#endif
#endif
  return 0;
}
