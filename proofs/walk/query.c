/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * query.c - T2: the library's walk gives what the manual's walk gives, for every guest address, every shape of the
 * format and every content of a pool of any size.
 *
 * Physical memory is any words: each walk reads one word per level, and what a walk reads first at a level is any
 * 64-bit value; a second walk that reads the same address at that level reads the same value, and any value at another
 * address. (Words read at different levels are independent even at one address: more memories than there are, so
 * nothing is missed.) The library's s2_entry_read(p, t, i), one load of p->tables[t].e[i], is replaced by the load of
 * that physical address (goto-instrument --replace-calls): pools are contiguous in host physical memory (SOUNDNESS.md
 * 2). That t and i are inside the pool is asserted there. The hardware changes no word between the two walks.
 *
 * ENTRIES_MADE: every entry that the library's walk reads is one it makes for the declared features, widths and leaf
 *   sizes (pair_made); then both agree in everything.
 * ENTRIES_ANY: every entry is any 64-bit word, except that what the library takes for a link stays inside the pool
 *   (EPT: and grants user execute); the machine has all the format has. Then whatever the library reports as mapped,
 *   the hardware translates, to the same place with at least these rights.
 * TRANSLATE: s2_translate() (s2_lookup) says what s2_pt_query() says, whatever s2_pos_at(), which both ask, answers: it
 *   is replaced by any answer with a level in range, the same for both. With it, all of the above holds for both.
 */
#define WALK_OWN_MEMORY
#include <stdbool.h>
#include <stdint.h>

struct walk_memory {
  uint64_t base, words;
};

uint64_t nondet_u64(void);
uint32_t nondet_u32(void);

static uint8_t reading; /* level of the next word that is read */
static bool known[5];
static uint64_t at_hpa[5], word[5];

static uint64_t word_at(uint64_t hpa) {
  uint8_t l = reading;
  if (!known[l] || at_hpa[l] != hpa) {
    known[l] = true;
    at_hpa[l] = hpa;
    word[l] = nondet_u64();
  }
  if (reading > 0) {
    reading--;
  }
  return word[l];
}

static inline bool walk_inside(const struct walk_memory *m, uint64_t hpa) {
  return hpa >= m->base && (hpa - m->base) / 8u < m->words;
}

static inline uint64_t walk_read(const struct walk_memory *m, uint64_t hpa) {
  (void)m;
  return word_at(hpa);
}

#pragma CPROVER check push
#if defined(S2_FORMAT_A64)
/* s2_entry_attr() cuts a shifted constant to 32 bits before it masks it: meant, and defined */
#pragma CPROVER check disable "conversion"
#endif
#include "stage2/stage2.h"
#include "stage2/walk.h"
#pragma CPROVER check pop
#include "format.h"
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

static struct s2_space space;
static uint64_t linked; /* what the entry read last links, if it is a link */

uint64_t model_read(const struct s2_pool *p, uint64_t t, uint32_t i);
uint64_t model_read(const struct s2_pool *p, uint64_t t, uint32_t i) {
  __CPROVER_assert(t < p->cap && i < S2_ENTRIES, "reads stay inside the pool");
  uint8_t l = reading;
  uint64_t hpa = s2_pool_hpa(p) + (uint64_t)t * S2_PAGE_SIZE + (uint64_t)i * 8u;
  if (l < p->top) {
    /* a step for the solver: proved, then used */
    __CPROVER_assert(hpa == linked + (uint64_t)i * 8u, "the index leads where the link points");
    hpa = linked + (uint64_t)i * 8u;
  }
  uint64_t e = word_at(hpa);
  linked = s2_entry_next(e);
#ifdef ENTRIES_MADE
  __CPROVER_assume(pair_made(&space.pt, l, e));
#else
  __CPROVER_assume(!s2_entry_links(l, e) || (pair_inside(p, e) && (e & LINK_GRANTS) == LINK_GRANTS));
#endif
  return e;
}

/** Any page table of any shape that s2_pt_init() makes, in a pool of any size. */
static void any_space(void) {
  struct s2_pt *pt = &space.pt;
  struct s2_pool *p = &pt->pool;
  uint64_t hpa = nondet_u64();
  pt->gpa_bits = nondet_u32();
  struct s2_shape shape = s2_shape_of(pt->gpa_bits);
  __CPROVER_assume(shape.top <= S2_MAX_LEVEL);
#ifdef ENTRIES_MADE
  pt->hpa_bits = nondet_u32();
  __CPROVER_assume(pt->hpa_bits >= 32 && pt->hpa_bits <= S2_FMT_HPA_BITS);
  p->features = nondet_u32();
  p->leaf_max = nondet_u32();
  __CPROVER_assume((p->features & ~S2_FMT_FEATURES) == 0 && p->leaf_max <= S2_FMT_LEAF_MAX && p->leaf_max <= shape.top);
#else
  pt->hpa_bits = S2_FMT_HPA_BITS;
  p->features = S2_FMT_FEATURES;
  p->leaf_max = S2_FMT_LEAF_MAX;
#endif
  p->cap = nondet_u32();
  p->top = shape.top;
  p->nroot = shape.nroot;
  p->root = nondet_u32();
  __CPROVER_assume(hpa % S2_PAGE_SIZE == 0 && p->cap >= p->nroot && p->cap < 0x7fffffffu);
  __CPROVER_assume(hpa <= s2_width(pt->hpa_bits) && s2_width(pt->hpa_bits) - hpa >= (uint64_t)p->cap * S2_PAGE_SIZE);
  __CPROVER_assume(p->root <= p->cap - p->nroot && (hpa / S2_PAGE_SIZE + p->root) % p->nroot == 0);
  p->hpa_hi = (uint32_t)(hpa >> 32);
  p->hpa_lo = (uint32_t)(hpa & 0xffffffffu);
  pt->flush.tlb.vmid = nondet_u32();
  __CPROVER_assume(pt->flush.tlb.vmid <= S2_FMT_VMID_MAX);
  space.base = 0;
  space.limit = (int64_t)s2_width(pt->gpa_bits);
}

/** A machine that has at least what was declared. */
static struct walk_machine any_machine(void) {
  uint32_t phys_bits = nondet_u32();
  __CPROVER_assume(phys_bits >= space.pt.hpa_bits && phys_bits <= S2_FMT_HPA_BITS);
#if defined(S2_FORMAT_A64)
  /* ID_AA64MMFR0_EL1.PARange; an IPA is never wider (SOUNDNESS.md 8) */
  __CPROVER_assume(phys_bits == 32 || phys_bits == 36 || phys_bits == 40 || phys_bits == 42 || phys_bits == 44 ||
                   phys_bits == 48);
  __CPROVER_assume(phys_bits >= space.pt.gpa_bits);
#endif
  return pair_machine(&space.pt, phys_bits, nondet_u32());
}

#ifdef TRANSLATE
static struct s2_pos end_of_path;
static uint64_t asked;

struct s2_pos model_pos(const struct s2_pool *p, uint64_t va);
struct s2_pos model_pos(const struct s2_pool *p, uint64_t va) {
  __CPROVER_assert(p == &space.pt.pool && va == asked, "both ask for the address itself");
  return end_of_path;
}

int main(void) {
  any_space();
  uint64_t gpa = nondet_u64();
  asked = gpa;
  end_of_path.e = nondet_u64();
  end_of_path.l = (uint8_t)(nondet_u32() % S2_LEVELS);
  struct s2_leaf r = s2_pt_query(&space.pt, gpa);
  struct s2_translation t = s2_lookup(&space, gpa);
#ifdef COVER
  __CPROVER_cover(r.status == S2_OK);
  __CPROVER_cover(r.status == S2_ERR_NOT_MAPPED);
  __CPROVER_cover(r.status == S2_ERR_WIDTH);
#else
  __CPROVER_assert(t.status == r.status, "translate and query agree on what is mapped");
  if (r.status == S2_OK) {
    __CPROVER_assert(t.hpa == r.hpa + (gpa - r.gpa) && t.attr == r.attr, "the same place and attributes");
    __CPROVER_assert(t.len == r.size - (gpa - r.gpa), "to the end of the leaf");
  }
#endif
  return 0;
}
#else
int main(void) {
  any_space();
  struct s2_pt *pt = &space.pt;
  struct walk_machine w = any_machine();
  struct walk_memory m = {s2_pool_hpa(&pt->pool), (uint64_t)pt->pool.cap * S2_ENTRIES};
  uint64_t gpa = nondet_u64();
  reading = (uint8_t)pt->pool.top;
  struct s2_leaf r = s2_pt_query(pt, gpa);
  reading = (uint8_t)pt->pool.top;
  struct walk_result hw = MANUAL(&w, &m, gpa, 0);
#ifdef COVER
  /* every case is there: no assumption empties one */
  uint32_t lowest_top = S2_FMT_ROOTS == 16 ? 1 : S2_FMT_ROOTS == 4 ? 2 : 3;
  __CPROVER_cover(r.status == S2_ERR_WIDTH);
  __CPROVER_cover(r.status == S2_ERR_NOT_MAPPED && hw.fault == WALK_NOT_PRESENT && hw.entry == 0);
  __CPROVER_cover(r.status == S2_ERR_NOT_MAPPED && hw.fault == WALK_NOT_PRESENT && hw.entry != 0);
  __CPROVER_cover(r.status == S2_OK && r.level == 0 && pt->pool.top == lowest_top);
  __CPROVER_cover(r.status == S2_OK && r.level == 0 && pt->pool.top == (S2_FMT_ROOTS == 16 ? 3 : 4));
  __CPROVER_cover(r.status == S2_OK && r.level == 1 && pt->pool.root > 0);
  __CPROVER_cover(r.status == S2_OK && r.level == S2_FMT_LEAF_MAX && (r.attr & S2_W) == 0);
  __CPROVER_cover(r.status == S2_OK && (r.attr & S2_RWX) == S2_RWX && hw.table > UINT64_C(0x100000000));
  __CPROVER_cover(r.status == S2_OK && gpa == s2_width(pt->gpa_bits) - 1);
#ifdef ENTRIES_MADE
  __CPROVER_cover(r.status == S2_OK && pt->hpa_bits < S2_FMT_HPA_BITS && w.phys_bits > pt->hpa_bits);
  __CPROVER_cover(r.status == S2_OK && (r.attr & S2_TYPE_MASK) == S2_DEV);
#else
  __CPROVER_cover(r.status == S2_ERR_NOT_MAPPED && hw.fault == WALK_OK);
  __CPROVER_cover(r.status == S2_ERR_NOT_MAPPED && hw.fault == WALK_OUTSIDE);
#endif
#else
  __CPROVER_assert((r.status == S2_ERR_WIDTH) == (hw.fault == WALK_INPUT), "the same addresses are too wide");
  __CPROVER_assert(hw.fault != WALK_CONTROL, "the register values are ones the manual allows");
  if (r.status == S2_OK) {
    __CPROVER_assert(pair_same_place(&r, &hw, gpa), "mapped: the hardware translates to the same place");
    __CPROVER_assert((pair_rights(pt->pool.features, r.attr) & ~hw.rights) == 0, "no right that the hardware refuses");
    __CPROVER_assert(pair_type(r.attr) == hw.type, "the same memory type");
  }
#ifdef ENTRIES_MADE
  __CPROVER_assert((r.status == S2_OK) == (hw.fault == WALK_OK), "mapped exactly where the hardware translates");
  __CPROVER_assert(r.status != S2_ERR_NOT_MAPPED || hw.fault == WALK_NOT_PRESENT, "a hole is not present, no worse");
  __CPROVER_assert(r.status != S2_ERR_NOT_MAPPED || (hw.level == r.level && r.gpa == gpa - s2_offset(gpa, r.level)),
                   "the hole is as large as the hardware sees it");
  if (r.status == S2_OK) {
    __CPROVER_assert(pair_same_attr(pt->pool.features, &r, &hw), "the same rights, type, accessed and dirty state");
    uint32_t access = nondet_u32();
    __CPROVER_assume(access == WALK_READ || access == WALK_WRITE || access == WALK_EXECUTE ||
                     access == WALK_USER_EXECUTE);
    bool lib = (pair_rights(pt->pool.features, r.attr) & access) != 0;
    enum walk_fault one = walk_judge(hw, access).fault;
    __CPROVER_assert(lib || one == WALK_PERMISSION, "an access the library forbids is a permission fault");
    __CPROVER_assert(!lib || one == WALK_OK || one == WALK_ACCESS_FLAG, "an access the library allows is none");
    __CPROVER_assert(!lib || (r.attr & S2_FMT_AD) != S2_FMT_AD || one == WALK_OK, "nor an access flag fault");
  }
#endif
#endif
  return 0;
}
#endif
