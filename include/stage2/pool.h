/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * pool.h - the tables of one space: who owns them, which are free, which wait for an invalidation (TBL-1..TBL-4).
 *
 * The integrator hands in three arrays of the same length: tables (contiguous in host virtual and host physical
 * memory, 4 KiB aligned), one record per table, and one stack slot per table. Nobody else's tables can be exhausted by
 * this space, and no table is ever named by a pointer: its index is enough.
 *
 * A table is in one of four states: FREE (all zero, on the free stack), RESERVED (taken, not linked: no walker can
 * reach it), used (linked, at a level), LIMBO (unlinked, but a TLB or walk cache may still hold it; LIMBO_FRAMES when
 * its marked entries name frames that go back to the host). The free stack grows from the bottom of the stack array,
 * the limbo list from its top: together they never exceed the array.
 */
#ifndef STAGE2_POOL_H
#define STAGE2_POOL_H

#include "types.h"

/** One 4 KiB table. uint64_t in memory means: table entry. */
struct s2_table {
  uint64_t e[512];
};

/* states above the levels 0..S2_MAX_LEVEL, in s2_node.level */
#define S2_NODE_LIMBO_FRAMES 252u
#define S2_NODE_LIMBO        253u
#define S2_NODE_RESERVED     254u
#define S2_NODE_FREE         255u

/** The record of one table. */
struct s2_node {
  int64_t key;   /* used: first guest address it covers; FREE: its place on the free stack; LIMBO: its old level */
  uint16_t live; /* used: leaves and links in it (marked entries do not count)                */
  uint8_t level; /* 0..S2_MAX_LEVEL, or a state                                            */
};

/** What the integrator hands in. Stays the integrator's, but is the library's alone until s2_fini(). */
struct s2_pool_memory {
  struct s2_table *tables; /* count tables, 4 KiB aligned                             */
  struct s2_node *nodes;   /* count records                                           */
  int32_t *stack;          /* count slots                                             */
  uint32_t count;          /* 1 .. 2^31 - 2                                           */
  uint64_t hpa;            /* host physical address of tables[0], multiple of 4 KiB   */
};

struct s2_pool {
  struct s2_table *tables;
  struct s2_node *nodes;
  int32_t *stack;
  uint32_t cap;      /* tables in the pool                                              */
  uint32_t root;     /* index of the first root table                                   */
  uint32_t nroot;    /* how many root tables                                            */
  uint32_t top;      /* their level                                                     */
  uint32_t leaf_max; /* largest leaf the host declared                                  */
  uint32_t features; /* what the host declared: S2_FEAT_...                             */
  uint32_t hpa_hi;   /* HPA of tables[0], upper and lower half: constants are uint32_t  */
  uint32_t hpa_lo;
  int32_t nfree;           /* stack[0 .. nfree-1] are the free tables                     */
  int32_t nlimbo;          /* stack[cap-nlimbo .. cap-1] wait for an invalidation         */
  int32_t low;             /* fewest free tables ever seen                                */
  int32_t used[S2_LEVELS]; /* used tables per level, the root included                  */
  int32_t high[S2_LEVELS]; /* the most there ever were                                  */
};

#ifdef __FRAMAC__
#include "logic/tree.acsl"
/*@ // what an integrator hands in: arrays as long as count says, apart from each other and from the two records
    predicate PoolMemory{L}(struct s2_pool *p, struct s2_pool_memory *m) = \valid(p) && \valid_read(m) && \separated(p, m) &&
      (m->tables != \null ==> m->nodes != \null ==> m->stack != \null ==> 0 < m->count < 0x7fffffff ==>
        \valid(m->tables + (0 .. m->count-1)) && \valid(m->nodes + (0 .. m->count-1)) && \valid(m->stack + (0 .. m->count-1)) &&
        \separated(p, m, m->tables + (0 .. m->count-1), m->nodes + (0 .. m->count-1), m->stack + (0 .. m->count-1))); */
#endif

/**
 * s2_pool_init() - make a pool out of handed-in memory, with a zeroed root of nroot tables of level top.
 *
 * The root is placed so that its host physical address is a multiple of its total size (nroot is a power of two);
 * tables before it stay usable. All count tables are zeroed.
 *
 * Return: S2_OK; S2_ERR_NULL; S2_ERR_ALIGN: hpa is not a multiple of 4 KiB; S2_ERR_CONFIG: count, top or nroot out of
 * range; S2_ERR_WIDTH: the last table's address is wider than hpa_bits; S2_ERR_NO_TABLES: the aligned root does not fit.
 * Cost: O(count).                                                                        Requirements: TBL-1 TBL-2
 */
/*@ requires mem: p != \null ==> m != \null ==> PoolMemory(p, m);
    requires roots: nroot <= S2_FMT_ROOTS <= 16;
    requires bits: hpa_bits <= S2_FMT_HPA_BITS;
    terminates \true; exits \false;
    assigns *p, m->tables[0 .. m->count - 1], m->nodes[0 .. m->count - 1], m->stack[0 .. m->count - 1];
    ensures inv: \result == S2_OK ==> Inv(p);
    ensures fl: \result == S2_OK ==> Free(p);
    ensures lv: \result == S2_OK ==> Live(p);
    ensures nm: \result == S2_OK ==> NoMarks(p) && Placed(p) && p->nlimbo == 0;
    ensures shape: \result == S2_OK ==> p->top == top && p->nroot == nroot && p->cap == \old(m->count) && p->leaf_max <= top && p->leaf_max <= leaf_max;
    ensures there: \result == S2_OK ==> \old(m->tables) != \null && \old(m->nodes) != \null && \old(m->stack) != \null && 0 < \old(m->count) < 0x7fffffff;
    ensures mem: \result == S2_OK ==> p->tables == \old(m->tables) && p->nodes == \old(m->nodes) && p->stack == \old(m->stack);
    ensures zero: \result == S2_OK ==> \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] == 0;
    ensures empty: \result == S2_OK ==> \forall integer va; Dom(p, va) ==> PA(p, va) == -1 && AT(p, va) == -1; */
S2_MUST_USE s2_status s2_pool_init(struct s2_pool *p, const struct s2_pool_memory *m, uint32_t top, uint32_t nroot,
                                   uint32_t leaf_max, uint32_t hpa_bits, uint32_t features);

#endif
