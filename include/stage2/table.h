/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * table.h - the page table: map, unmap, protect, split, collapse, query, walk (MAP-1..MAP-8, FMT-1, FMT-5).
 *
 * Everything here is described by its effect on lookup: PA(g) and AT(g), the host address and the attributes that guest
 * address g translates to, -1 where it does not. Use this layer alone when the areas above it are your own; space.h
 * stands on it.
 *
 * Calls on one page table are serialised by its owner. Hardware walkers run at all times: after each single store they
 * see the old translation, the new one, or (where an entry must pass through invalid) a fault.
 */
#ifndef STAGE2_TABLE_H
#define STAGE2_TABLE_H

#include "attr.h"
#include "flush.h"
#include "pool.h"

/** What the hardware is, fixed at init. */
struct s2_config {
  uint32_t gpa_bits; /* EPT, NPT: 48 or 57. A64: 32..48. GST: 41, 50 or 59                                */
  uint32_t hpa_bits; /* host physical address width, at most 52 (A64 48, GST 56)                          */
  uint32_t leaf_max; /* largest leaf the host can do: 0 4 KiB, 1 2 MiB, 2 1 GiB, 3 512 GiB (GST). A tree whose top
                        level is lower (A64 below 35 bits) has no larger leaf than its top level holds            */
  uint32_t features; /* S2_FEAT_...                                                                       */
  uint32_t vmid;     /* VMID (A64, GST), VPID (EPT), ASID (NPT, not 0)                                    */
  void *ctx;         /* handed to every s2_host_ function                                                 */
};

struct s2_pt {
  struct s2_pool pool;
  struct s2_flush flush;
  uint32_t gpa_bits, hpa_bits;
  int64_t splits; /* blocks split so far */
};

#ifdef __FRAMAC__
#include "logic/ranges.acsl"
/*@ // what holds of a page table between any two calls; Sound is about the tables, this about the record around them
    predicate GoodPool{L}(struct s2_pool *p) = Inv(p) && Free(p) && Live(p) && NoMarks(p) && NoBad(p) && Placed(p) &&
      p->leaf_max <= S2_FMT_LEAF_MAX <= 4 && p->leaf_max <= p->top;
    predicate GoodPt{L}(struct s2_pt *pt) = \valid(pt) && 12 <= pt->gpa_bits <= 59 && pt->hpa_bits <= S2_FMT_HPA_BITS <= 56 &&
      off(width(pt->gpa_bits), pt->pool.top) == 0 && 0 <= pt->flush.epoch &&
      0 <= pt->flush.ranges && 0 <= pt->flush.fulls && 0 <= pt->flush.breaks && 0 <= pt->splits &&
      \separated(pt, pt->pool.tables + (0 .. pt->pool.cap-1), pt->pool.nodes + (0 .. pt->pool.cap-1),
                 pt->pool.stack + (0 .. pt->pool.cap-1)) &&
      \forall integer g; 0 <= g < width(pt->gpa_bits) ==> Dom(&pt->pool, g);
    // a root table may cover more than the width: nothing is mapped there
    predicate Inside{L}(struct s2_pt *pt) = \forall integer g; Dom(&pt->pool, g) ==> width(pt->gpa_bits) <= g ==> PA(&pt->pool, g) == -1;
    predicate Good{L}(struct s2_pt *pt) = GoodPt(pt) && GoodPool(&pt->pool) && Inside(pt) && pt->pool.nlimbo == 0;
    // what an integrator hands in for a page table: nothing of it overlaps
    predicate TableMemory{L}(struct s2_pt *pt, struct s2_config *cfg, struct s2_pool_memory *m) = \valid(pt) && \valid_read(cfg) &&
      \separated(pt, cfg, m) && PoolMemory(&pt->pool, m) &&
      (m->tables != \null ==> m->nodes != \null ==> m->stack != \null ==> 0 < m->count < 0x7fffffff ==>
        \separated(pt, cfg, m->tables + (0 .. m->count-1), m->nodes + (0 .. m->count-1), m->stack + (0 .. m->count-1))); */
#endif

/** A leaf, or the hole where one could be. */
struct s2_leaf {
  s2_status status; /* S2_OK: a leaf; S2_ERR_NOT_MAPPED: a hole; S2_ERR_WIDTH: no such address            */
  uint64_t gpa;     /* first guest address of the entry                                                   */
  uint64_t size;    /* bytes it covers                                                                    */
  uint64_t hpa;     /* host address of gpa, for a leaf                                                    */
  uint32_t attr;    /* rights, type, and S2_AD_MASK bits, for a leaf                                      */
  uint8_t level;
};

/** Every entry on the way to an address, from the root down. */
struct s2_steps {
  s2_status status;
  uint32_t count; /* 1..5 */
  struct {
    uint64_t table_hpa; /* where the table is           */
    uint64_t entry;     /* what its slot holds          */
    uint32_t slot;      /* slot, 0..511                 */
    uint32_t kind;      /* S2_EMPTY ... S2_BAD          */
    uint8_t level;
  } step[S2_LEVELS];
};

/** The register values that install a space (FMT-5). */
struct s2_root {
  uint64_t base; /* EPTP, nCR3, VTTBR_EL2, hgatp                                                         */
  uint64_t ctrl; /* VTCR_EL2; 0 elsewhere                                                                */
};

/**
 * s2_pt_init() - an empty page table of the given shape in handed-in memory.
 *
 * Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG: gpa_bits, hpa_bits, leaf_max, features or vmid is not one the format has;
 * or what s2_pool_init() says. On refusal *pt is unusable, and nothing else was touched unless the pool was refused.
 * Cost: O(tables handed in).                                                     Requirements: FMT-1 FMT-5 TBL-1
 */
/*@ requires mem: pt != \null ==> cfg != \null ==> mem != \null ==> TableMemory(pt, cfg, mem);
    terminates \true; exits \false;
    assigns *pt, mem->tables[0 .. mem->count - 1], mem->nodes[0 .. mem->count - 1], mem->stack[0 .. mem->count - 1];
    ensures done: \result == S2_OK ==> Good(pt) && \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) == -1; */
S2_MUST_USE s2_status s2_pt_init(struct s2_pt *pt, const struct s2_config *cfg, const struct s2_pool_memory *mem);

/**
 * s2_pt_root() - the register values that make the hardware walk this table.
 *
 * EPT: EPTP (SDM 25.6.11: write-back walks, length 4 or 5, bit 6 with S2_FEAT_AD). NPT: nCR3. A64: VTTBR_EL2 with VMID,
 * and VTCR_EL2 (T0SZ, SL0, PS, write-back inner-shareable walks). GST: hgatp with mode and VMID.
 */
/*@ requires pt: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_root s2_pt_root(const struct s2_pt *pt);

/**
 * s2_pt_set_vmid() - from now on this page table is known to the hardware under another VMID (VPID, ASID): for owners that
 * recycle them. What is kept of the old one for invalidations changes with it, and so does s2_pt_root().
 *
 * Invalidates nothing: the caller sees to it that no vCPU runs under the old VMID any more, and that no TLB holds anything
 * of the new one from an earlier user.
 * Return: S2_OK; S2_ERR_CONFIG: not one the format has, nothing changed.                     Requirements: FMT-5 INV-1
 */
/*@ requires pt: \valid(pt);
    terminates \true; exits \false;
    assigns pt->flush.tlb;
    ensures set: \result == S2_OK ==> pt->flush.tlb.vmid == vmid;
    ensures refused: \result != S2_OK ==> pt->flush.tlb == \old(pt->flush.tlb);
    behavior good: assumes Good(pt);
      ensures inv: Good(pt);
      ensures same: Same{Pre,Post}(&pt->pool); */
S2_MUST_USE s2_status s2_pt_set_vmid(struct s2_pt *pt, uint32_t vmid);

/**
 * s2_pt_map() - map [gpa, gpa + size) to [hpa, hpa + size).
 *
 * All or nothing. Uses the largest leaves, up to level leaf_max, that alignment, size and the declared host capability
 * allow; leaf_max 0 gives 4 KiB leaves only. Whatever can fail is found out before the first store, so a refusal has
 * written nothing. No part of the range may be mapped already.
 *
 * gpa, hpa, size: multiples of 4 KiB; size > 0. attr: legal for the format and features.
 * Return: S2_OK; S2_ERR_ALIGN, S2_ERR_SIZE, S2_ERR_OVERFLOW, S2_ERR_WIDTH, S2_ERR_ATTR, S2_ERR_CONFIG (leaf_max > 3):
 * wrong argument; S2_ERR_POOL: the host range overlaps the tables themselves; S2_ERR_MAPPED; S2_ERR_NO_TABLES.
 * Cost: two descents per leaf table; one store per leaf; no invalidation except on GST.
 *                                                                        Requirements: MAP-1 MAP-2 MAP-3 MAP-7 MAP-8
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures width: \result == S2_OK ==> gpa + size <= width(pt->gpa_bits);
    behavior done: assumes \true;
      ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==>
                    PA(&pt->pool, g) == hpa + (g - gpa) && AT(&pt->pool, g) == new_attr(attr);
      ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + size) ==>
                     PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
      ensures empty: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> \old(PA(&pt->pool, g)) == -1;
      ensures taken: \result == S2_OK ==>
                       pt->pool.nfree == \old(pt->pool.nfree) - \old(tables_for(&pt->pool, gpa, gpa + size, hpa, leaf_max));
    behavior refused: assumes \true;
      ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool) && pt->pool.nfree == \old(pt->pool.nfree);
      ensures room: \result == S2_ERR_NO_TABLES ==>
                      \old(pt->pool.nfree) < \old(tables_for(&pt->pool, gpa, gpa + size, hpa, leaf_max)); */
S2_MUST_USE s2_status s2_pt_map(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                                uint32_t leaf_max);

/**
 * s2_pt_tables_needed() - how many tables s2_pt_map() would take now. Exact: with that many free, map cannot run out.
 * Return: status as s2_pt_map() (never S2_ERR_NO_TABLES), tables. Cost: one descent per leaf table.   Requirements: T11
 */
struct s2_need {
  s2_status status;
  uint32_t tables;
};
/*@ requires inv: \valid_read(pt) && Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures never: \result.status != S2_ERR_NO_TABLES;
    ensures empty: \result.status == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> PA(&pt->pool, g) == -1;
    ensures most: \result.status == S2_OK ==> \result.tables <= tables_for(&pt->pool, gpa, gpa + size, hpa, leaf_max);
    ensures exact: \result.status == S2_OK ==> \result.tables < 0xffffffff ==>
                     \result.tables == tables_for(&pt->pool, gpa, gpa + size, hpa, leaf_max); */
S2_MUST_USE struct s2_need s2_pt_tables_needed(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa,
                                               uint32_t leaf_max);

/**
 * s2_pt_unmap() - remove every mapping in [gpa, gpa + size).
 *
 * Holes are allowed. A block that is only partly covered is split first, through invalid and a completed invalidation.
 * When this returns S2_OK no CPU can reach the old frames: one invalidation covers the call, and emptied tables are
 * back in the pool. The frames are the caller's.
 *
 * Return: S2_OK; S2_ERR_ALIGN, S2_ERR_SIZE, S2_ERR_OVERFLOW, S2_ERR_WIDTH; S2_ERR_NO_TABLES: a split was needed and
 * the pool is too small, nothing changed.
 * Cost: one descent per leaf table touched; a leaf table wholly inside the range is detached, not scanned.
 *                                                                        Requirements: MAP-2..MAP-6 INV-1 INV-2 INV-4
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks, pt->splits;
    ensures inv: Good(pt);
    behavior done: assumes \true;
      ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> PA(&pt->pool, g) == -1;
      ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + size) ==>
                     PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g));
      ensures told: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==>
                      PA(&pt->pool, g) != \old(PA(&pt->pool, g)) ==> Told(&pt->pool, g);
    behavior refused: assumes \true;
      ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
S2_MUST_USE s2_status s2_pt_unmap(struct s2_pt *pt, uint64_t gpa, uint64_t size);

/**
 * s2_pt_protect() - give every leaf in [gpa, gpa + size) the rights `rights` (S2_RIGHTS bits); memory type, output and
 * accessed/dirty state stay. Holes stay holes. A block that is only partly covered is split first.
 *
 * Return: as s2_pt_unmap(), and S2_ERR_ATTR: `rights` has other bits, or a leaf's type with these rights is not legal.
 * An accessed or dirty bit that the hardware sets while its leaf is being rewritten may be lost; what was set before
 * the call is kept.
 * Cost: one descent per leaf table, one store per leaf, one invalidation.        Requirements: MAP-2..MAP-4 INV-1
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks, pt->splits;
    ensures inv: Good(pt);
    ensures addr: \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) == \old(PA(&pt->pool, g));
    behavior done: assumes \true;
      ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> PA(&pt->pool, g) != -1 ==>
                    AT(&pt->pool, g) == with_rights(\old(AT(&pt->pool, g)), rights);
      ensures out: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> !(gpa <= g < gpa + size) ==>
                     AT(&pt->pool, g) == \old(AT(&pt->pool, g));
      ensures told: \result == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==>
                      AT(&pt->pool, g) != \old(AT(&pt->pool, g)) ==> Told(&pt->pool, g);
    behavior refused: assumes \true;
      ensures same: \result != S2_OK ==> Same{Pre,Post}(&pt->pool); */
S2_MUST_USE s2_status s2_pt_protect(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint32_t rights);

/**
 * s2_pt_split() - make gpa a leaf boundary: split the block around it until none crosses gpa. Translation unchanged.
 * Return: S2_OK, also when nothing had to be done; S2_ERR_ALIGN, S2_ERR_WIDTH, S2_ERR_NO_TABLES: nothing changed.
 *                                                                                  Requirements: MAP-4 INV-4
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks, pt->splits;
    ensures inv: Good(pt);
    ensures same: Same{Pre,Post}(&pt->pool); */
S2_MUST_USE s2_status s2_pt_split(struct s2_pt *pt, uint64_t gpa);

/**
 * s2_pt_collapse() - replace the 512 leaves of level `level - 1` that cover the aligned range at gpa by one block of
 * level `level`. Translation unchanged, through invalid and a completed invalidation; the table goes back to the pool.
 *
 * Accessed and dirty state of the block is the union over the leaves.
 * Return: S2_OK, also when it is such a block already; S2_ERR_CONFIG: level is 0 or above the largest leaf; S2_ERR_ALIGN,
 * S2_ERR_WIDTH; S2_ERR_NOT_MAPPED: a hole; S2_ERR_UNIFORM: a smaller or larger leaf is there, or outputs are not
 * contiguous and aligned, or rights or types differ. Nothing changed then.
 * Cost: 512 reads.                                                                 Requirements: MAP-5 INV-4
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures same: SameButAD{Pre,Post}(&pt->pool); */
S2_MUST_USE s2_status s2_pt_collapse(struct s2_pt *pt, uint64_t gpa, uint32_t level);

/**
 * s2_pt_clear() - remove every mapping, give every table but the root back. Cannot fail: nothing needs a split.
 */
/*@ requires inv: \valid(pt) && Good(pt);
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures none: \forall integer g; Dom(&pt->pool, g) ==> PA(&pt->pool, g) == -1;
    ensures told: \forall integer g; Dom(&pt->pool, g) ==> \old(PA(&pt->pool, g)) != -1 ==> Told(&pt->pool, g); */
void s2_pt_clear(struct s2_pt *pt);

/**
 * s2_pt_query() - the leaf that maps gpa, or the hole around it. Reads one entry per level.      Requirements: MAP-1
 */
/*@ requires inv: \valid_read(pt) && Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.status == S2_OK ==> \result.gpa <= gpa && gpa - \result.gpa < \result.size &&
                   PA(&pt->pool, gpa) == \result.hpa + (gpa - \result.gpa) && AT(&pt->pool, gpa) == \result.attr;
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&pt->pool, gpa) == -1 && AT(&pt->pool, gpa) == -1;
    ensures entry: \result.status != S2_ERR_WIDTH ==> \result.level == lev(&pt->pool, gpa) &&
                     \result.gpa == floor(gpa, \result.level) && \result.size == gran(\result.level);
    ensures answer: gpa < width(pt->gpa_bits) ? \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED
                                              : \result.status == S2_ERR_WIDTH; */
S2_MUST_USE struct s2_leaf s2_pt_query(const struct s2_pt *pt, uint64_t gpa);

/**
 * s2_pt_next() - the first leaf that ends after gpa: iterate with gpa = leaf.gpa + leaf.size until S2_ERR_NOT_MAPPED.
 * Cost: absent sub-trees are skipped in one step.                                                Requirements: MAP-1
 */
/*@ requires inv: \valid_read(pt) && Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.status == S2_OK ==> gpa < \result.gpa + \result.size && 0 < \result.size;
    ensures leaf: \result.status == S2_OK ==> \forall integer g; Dom(&pt->pool, g) ==> \result.gpa <= g < \result.gpa + \result.size ==>
                    PA(&pt->pool, g) == \result.hpa + (g - \result.gpa) && AT(&pt->pool, g) == \result.attr;
    ensures answer: \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED;
    ensures skip: \forall integer g; Dom(&pt->pool, g) ==> gpa <= g ==>
                    (\result.status == S2_OK ==> g < \result.gpa) ==> PA(&pt->pool, g) == -1; */
S2_MUST_USE struct s2_leaf s2_pt_next(const struct s2_pt *pt, uint64_t gpa);

/**
 * s2_pt_walk() - every entry on the way to gpa, as the hardware would read them. For tools and diagnosis.
 */
/*@ requires inv: \valid_read(pt) && Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures count: \result.status != S2_ERR_WIDTH ==> \result.count == pt->pool.top - lev(&pt->pool, gpa) + 1;
    ensures level: \result.status != S2_ERR_WIDTH ==> \forall integer k; 0 <= k < \result.count ==> \result.step[k].level == pt->pool.top - k;
    ensures slot: \result.status != S2_ERR_WIDTH ==> \forall integer k; 0 <= k < \result.count ==>
                    \result.step[k].slot == slot_of(gpa, pt->pool.top - k);
    ensures table: \result.status != S2_ERR_WIDTH ==> \forall integer k; 0 <= k < \result.count ==>
                     \result.step[k].table_hpa == table_hpa(&pt->pool, tab(&pt->pool, pt->pool.top - k, gpa));
    ensures entry: \result.status != S2_ERR_WIDTH ==> \forall integer k; 0 <= k < \result.count ==>
                     \result.step[k].entry == pt->pool.tables[tab(&pt->pool, pt->pool.top - k, gpa)].e[slot_of(gpa, pt->pool.top - k)];
    ensures answer: gpa < width(pt->gpa_bits) ? \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED
                                              : \result.status == S2_ERR_WIDTH && \result.count == 0; */
S2_MUST_USE struct s2_steps s2_pt_walk(const struct s2_pt *pt, uint64_t gpa);

#endif
