/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * core.c - a second opinion on the core: the real src/ code maps and unmaps one page of any valid page table, and the
 * translation of every other address stays as it was.
 *
 * All of src/ that s2_pt_map() and s2_pt_unmap() reach is here; only the four functions that touch p->tables are replaced
 * by the same access to one flat array (goto-instrument --replace-calls). Bounds: one page, so n = 1 leaf; for unmap the
 * page is not inside a block (no split); a pool of POOL tables (MAP takes, and UNMAP gives back, up to four).
 *
 * The state is any state, except that the invariant holds where it is used: on the paths of g, the page, and of w, any
 * address, and for the free tables that may be taken (valid_path, valid_free). "Every other address" is w: it is any value.
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

#define POOL (S2_FMT_ROOTS + 12u)

uint64_t nondet_u64(void);
uint32_t nondet_u32(void);

/* nothing is initialised: --nondet-static */
static uint64_t word[__CPROVER_constant_infinity_uint];
static struct s2_node node[POOL];
static int32_t stack[POOL];
static struct s2_pt pt;
static uint32_t flushes;

uint64_t model_read(const struct s2_pool *p, uint32_t t, uint32_t i);
uint64_t model_read(const struct s2_pool *p, uint32_t t, uint32_t i) {
  __CPROVER_assert(t < p->cap && i < S2_ENTRIES, "reads stay inside the pool");
  return word[t * S2_ENTRIES + i];
}

void model_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e);
void model_write(struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  __CPROVER_assert(t < p->cap && i < S2_ENTRIES, "writes stay inside the pool");
  word[t * S2_ENTRIES + i] = e;
}

uint64_t model_break(struct s2_pool *p, uint32_t t, uint32_t i);
uint64_t model_break(struct s2_pool *p, uint32_t t, uint32_t i) {
  uint64_t e = model_read(p, t, i);
  model_write(p, t, i, 0);
  return e;
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

/** The invariant on the path of a, beside b: returns the tables below the root on it. */
static uint32_t valid_path(uint64_t a, uint64_t b) {
  const struct s2_pool *p = &pt.pool;
  uint32_t t = p->root + s2_root_index(a, (uint8_t)p->top);
  uint32_t n = 0;
  for (uint32_t k = 0; k < S2_LEVELS; k++) {
    if (k > p->top) {
      break;
    }
    uint8_t l = (uint8_t)(p->top - k);
    uint64_t e = word[t * S2_ENTRIES + s2_slot(a, l)];
    uint64_t other = word[t * S2_ENTRIES + s2_slot(b, l)];
    bool beside = base_of(a, l) == base_of(b, l) && s2_slot(a, l) != s2_slot(b, l);
    uint32_t live = (e != 0 ? 1u : 0u) + (beside && other != 0 ? 1u : 0u);
    /* Down, Reach, Live: the table of this level for these addresses, with at least these live entries */
    __CPROVER_assume(node[t].level == l && node[t].key == (int64_t)base_of(a, l));
    __CPROVER_assume(node[t].live >= live && node[t].live <= S2_ENTRIES - (e == 0 ? 1u : 0u));
    __CPROVER_assume(pair_made(&pt, l, e) && s2_entry_kind(l, e) != S2_MARKED);
    if (!s2_entry_links(l, e)) {
      break;
    }
    t = s2_child_of(s2_pool_hpa(p), e);
    n++;
  }
  return n;
}

/** The invariant for the free table that the (j + 1)-th take would get. */
static void valid_free(uint32_t j, uint64_t a, uint64_t b) {
  const struct s2_pool *p = &pt.pool;
  if (p->nfree <= (int32_t)j) {
    return;
  }
  int32_t at = p->nfree - 1 - (int32_t)j;
  uint32_t c = (uint32_t)stack[at];
  __CPROVER_assume(stack[at] >= 0 && c < p->cap && node[c].level == S2_NODE_FREE && node[c].key == at);
  for (uint8_t l = 0; l < S2_MAX_LEVEL; l++) {
    __CPROVER_assume(word[c * S2_ENTRIES + s2_slot(a, l)] == 0 && word[c * S2_ENTRIES + s2_slot(b, l)] == 0);
  }
}

static void any_page_table(void) {
  struct s2_pool *p = &pt.pool;
  struct s2_shape shape = s2_shape_of(pt.gpa_bits);
  uint64_t hpa = s2_pool_hpa(p);
  __CPROVER_assume(shape.top <= S2_MAX_LEVEL && pt.hpa_bits >= 32 && pt.hpa_bits <= S2_FMT_HPA_BITS);
  __CPROVER_assume((p->features & ~S2_FMT_FEATURES) == 0 && p->leaf_max <= S2_FMT_LEAF_MAX && p->leaf_max <= shape.top);
  p->top = shape.top;
  p->nroot = shape.nroot;
  p->cap = POOL;
  p->nodes = node;
  p->stack = stack;
  p->tables = 0;
  __CPROVER_assume(hpa % S2_PAGE_SIZE == 0 && hpa <= s2_width(pt.hpa_bits) - (uint64_t)POOL * S2_PAGE_SIZE);
  __CPROVER_assume(p->root <= p->cap - p->nroot && (hpa / S2_PAGE_SIZE + p->root) % p->nroot == 0);
  __CPROVER_assume(p->nlimbo == 0 && p->nfree >= 0 && p->low >= 0);
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    __CPROVER_assume(p->used[l] >= 1 && p->used[l] < (int32_t)POOL && p->high[l] >= p->used[l]);
  }
  __CPROVER_assume(pt.flush.vmid <= S2_FMT_VMID_MAX && pt.flush.epoch >= 0);
}

/** The same translation of w, or none? */
static bool same(struct s2_leaf a, struct s2_leaf b, uint64_t w) {
  if (a.status != S2_OK || b.status != S2_OK) {
    return a.status == b.status;
  }
  return a.hpa + (w - a.gpa) == b.hpa + (w - b.gpa) && a.attr == b.attr && a.level == b.level;
}

int main(void) {
  any_page_table();
  struct s2_pool *p = &pt.pool;
  uint64_t g = nondet_u64();
  uint64_t w = nondet_u64();
  __CPROVER_assume(g < s2_width(pt.gpa_bits) && w < s2_width(pt.gpa_bits) && s2_offset(g, 0) == 0);
  uint32_t below = valid_path(g, w);
  (void)valid_path(w, g);
  __CPROVER_assume(p->nfree + (int32_t)(p->nroot + below) <= (int32_t)POOL);
  int32_t nfree = p->nfree;
  struct s2_leaf was = s2_pt_query(&pt, w);
  bool in = w - s2_offset(w, 0) == g;
  flushes = 0;
#ifdef MAP
  for (uint32_t j = 0; j < S2_MAX_LEVEL; j++) {
    valid_free(j, g, w);
  }
  uint64_t hpa = nondet_u64();
  uint32_t attr = nondet_u32();
  s2_status st = s2_pt_map(&pt, g, S2_PAGE_SIZE, hpa, attr, nondet_u32());
  struct s2_leaf is = s2_pt_query(&pt, w);
#ifdef COVER
  __CPROVER_cover(st == S2_OK && in && nfree - p->nfree == (int32_t)p->top);
  __CPROVER_cover(st == S2_OK && in && nfree == p->nfree);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_OK && is.level == 0 && nfree - p->nfree == 1);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_OK && is.level == 1);
  __CPROVER_cover(st == S2_OK && !in && is.status == S2_ERR_NOT_MAPPED && is.level == 0);
  __CPROVER_cover(st == S2_ERR_MAPPED && was.status == S2_OK);
  __CPROVER_cover(st == S2_ERR_NO_TABLES);
  __CPROVER_cover(st == S2_ERR_ATTR);
  __CPROVER_cover(st == S2_ERR_POOL);
#else
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
  __CPROVER_assume(page.status != S2_OK || page.level == 0); /* the bound: no split */
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
  __CPROVER_assert(st == S2_OK, "an unmap of one page that is not in a block is never refused");
  __CPROVER_assert(p->nlimbo == 0, "nothing waits");
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
