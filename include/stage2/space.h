/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * space.h - the guest address space: areas and page table in step, backends, faults (SPC-1..SPC-4, BCK-1..BCK-4).
 *
 * A leaf exists only inside an area, with that area's rights or fewer and the host address its backend gives. Calls on
 * one space are serialised by its owner; different spaces are independent. Every argument value gets a defined answer;
 * a refusal changes nothing. Where several things are wrong at once, one of their codes is returned. Do not map or
 * collapse through the page table inside a space: such leaves lie in no area, or in two.
 */
#ifndef STAGE2_SPACE_H
#define STAGE2_SPACE_H

#include "area.h"
#include "stats.h"
#include "table.h"

struct s2_space {
  struct s2_pt pt;
  struct s2_areas areas;
  struct s2_stats stats;
  int64_t base, limit; /* guest addresses [base, limit) */
  bool shares;         /* it was cloned, or is a clone: the right to write is given by faults only */
};

/** Everything a space needs. */
struct s2_space_config {
  struct s2_config hw;
  struct s2_pool_memory tables;
  struct s2_area_memory areas;
  uint64_t gpa_base; /* the guest range, multiples of 4 KiB                        */
  uint64_t gpa_size; /* 0: up to the end of the format's width                     */
};

/* flags of s2_map_linear() and s2_map_alloc(); S2_PAGES with S2_BLOCKS is refused (S2_ERR_CONFIG) */
#define S2_PAGES    0x1u /* 4 KiB leaves only; what s2_map_alloc() does anyway        */
#define S2_POPULATE 0x2u /* alloc: obtain and map all frames now                      */
#define S2_BLOCKS   0x4u /* alloc: ask the host for large frames, fall back to 4 KiB  */
#define S2_AHEAD    0x8u /* alloc: s2_fault_ahead() may preload pages (ahead.h)       */

enum s2_fault_kind {
  S2_FAULT_RESOLVED = 0,  /* a page is there now: retry the access                       */
  S2_FAULT_SPURIOUS = 1,  /* it was there already, with enough rights: retry             */
  S2_FAULT_DENIED = 2,    /* the area forbids this access                                */
  S2_FAULT_NO_AREA = 3,   /* in no area: emulate a device, or report                     */
  S2_FAULT_NO_MEMORY = 4, /* frames or tables are used up; nothing changed               */
  S2_FAULT_BAD = 5        /* access is not a non-empty set of S2_RIGHTS                   */
};

struct s2_fault_result {
  enum s2_fault_kind kind;
  s2_status status; /* S2_OK when resolved or spurious; else why          */
  uint64_t hpa;     /* where gpa now translates to, when resolved or spurious */
};

/** One translation, or a run of them. */
struct s2_translation {
  s2_status status; /* S2_OK; S2_ERR_WIDTH, S2_ERR_RANGE, S2_ERR_NOT_MAPPED, S2_ERR_DENIED */
  uint64_t hpa;     /* host address of the byte asked for                                  */
  uint64_t len;     /* contiguous bytes from there: to the end of the leaf, or of the run  */
  uint32_t attr;    /* rights, type, accessed and dirty                                    */
};

#ifdef __FRAMAC__
/*@ // an area whose addresses are mapped as long as it is there
    predicate OfKind(integer p, integer kind) = (pay_backend(p) & 0xff) == kind;
    predicate Linear(integer p) = pay_backend(p) == 1; // which has no flags
    // areas and tables agree: nothing is mapped outside an area, and a linear area is mapped where its delta says
    predicate InArea{L}(struct s2_space *s) = \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) != -1 ==> !NoArea(&s->areas, g);
    predicate LinearThere{L}(struct s2_space *s) = \forall integer g; Dom(&s->pt.pool, g) ==> !NoArea(&s->areas, g) ==>
      Linear(AreaPay(&s->areas, g)) ==> PA(&s->pt.pool, g) == g + pay_delta(AreaPay(&s->areas, g));
    // the guest range is within the width
    predicate SpaceRange{L}(struct s2_space *s) = s->pt.gpa_bits <= 59 && 0 <= s->base < s->limit <= width(s->pt.gpa_bits);
    // [gpa, gpa + size) are whole pages of it
    predicate SpacePages{L}(struct s2_space *s, integer gpa, integer size) = 0 < size && off(gpa, 0) == 0 && off(size, 0) == 0 &&
      off(gpa + size, 0) == 0 && s->base <= gpa && gpa + size <= s->limit;
    // no area outside the guest range, and none with attributes that no leaf can have
    predicate InRange{L}(struct s2_space *s) = SpaceRange(s) &&
      (\forall integer g; 0 <= g ==> !NoArea(&s->areas, g) ==> s->base <= g < s->limit) &&
      \forall integer g; 0 <= g ==> !NoArea(&s->areas, g) ==> attr_legal(s->pt.pool.features, pay_attr(AreaPay(&s->areas, g)));
    // areas are whole pages: one page, one area or none
    predicate AreaPages{L}(struct s2_space *s) = \forall integer g, h; OnePage(g, h) ==> !NoArea(&s->areas, g) ==>
      !NoArea(&s->areas, h) && AreaPay(&s->areas, h) == AreaPay(&s->areas, g);
    // two spaces, or a space and its arrays, never share memory
    predicate SpaceMemory{L}(struct s2_space *s) = \valid(s) && \separated(s,
      s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1), s->pt.pool.stack + (0 .. s->pt.pool.cap-1),
      s->areas.chunks + (0 .. s->areas.cap-1), s->areas.lo + (0 .. s->areas.cap-1), s->areas.id + (0 .. s->areas.cap-1),
      s->areas.spare + (0 .. s->areas.cap-1));
    // counters have not gone below zero
    predicate SpaceCounts{L}(struct s2_space *s) = (\forall integer k; 0 <= k < 6 ==> 0 <= s->stats.faults[k]) &&
      0 <= s->stats.frames_taken && 0 <= s->stats.frames_given && 0 <= s->stats.blocks_taken && 0 <= s->stats.copies;
    // the record around the page table is what it was
    predicate SameNumbers{K,L}(struct s2_space *s) = \at(s->pt.gpa_bits, L) == \at(s->pt.gpa_bits, K) &&
      \at(s->pt.hpa_bits, L) == \at(s->pt.hpa_bits, K) && \at(s->pt.flush.epoch, L) == \at(s->pt.flush.epoch, K) &&
      \at(s->pt.flush.ranges, L) == \at(s->pt.flush.ranges, K) && \at(s->pt.flush.fulls, L) == \at(s->pt.flush.fulls, K) &&
      \at(s->pt.flush.breaks, L) == \at(s->pt.flush.breaks, K) && \at(s->pt.splits, L) == \at(s->pt.splits, K);
    // what holds of a space by itself, before areas and tables are compared
    predicate SpaceParts{L}(struct s2_space *s) = SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && AreasInv(&s->areas);
    // what holds of a space between any two calls; s2_space_check() tries it (check.h)
    predicate SpaceInv{L}(struct s2_space *s) = SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && AreasInv(&s->areas) && InRange(s) && InArea(s) &&
      LinearThere(s) && AreaPages(s);
    // nothing that a guest could notice is different
    predicate SpaceSame{K,L}(struct s2_space *s) = \at(Same{K,L}(&s->pt.pool) &&
      AreasKept{K,L}(&s->areas), L);
    // g is as it was, to the guest and in the areas
    predicate Untouched{K,L}(struct s2_space *s, integer g) = \at(PA{L}(&s->pt.pool, g) == PA{K}(&s->pt.pool, g) &&
      AT{L}(&s->pt.pool, g) == AT{K}(&s->pt.pool, g) && AreaKept{K,L}(&s->areas, g), L); */
/* what a call on a space may write: its counters, and the arrays that were handed in; never where those are */
// clang-format off
#define S2_SPACE_WRITES(s) \
  (s)->pt.pool.nfree, (s)->pt.pool.nlimbo, (s)->pt.pool.low, (s)->pt.pool.used[0 .. 4], (s)->pt.pool.high[0 .. 4], \
    (s)->pt.flush.epoch, (s)->pt.flush.ranges, (s)->pt.flush.fulls, (s)->pt.flush.breaks, (s)->pt.splits, \
    (s)->pt.pool.tables[0 .. (s)->pt.pool.cap - 1], (s)->pt.pool.nodes[0 .. (s)->pt.pool.cap - 1], \
    (s)->pt.pool.stack[0 .. (s)->pt.pool.cap - 1], (s)->stats, (s)->areas.n, (s)->areas.nspare, (s)->areas.hit_p, \
    (s)->areas.hit_i, (s)->areas.chunks[0 .. (s)->areas.cap - 1], (s)->areas.lo[0 .. (s)->areas.cap - 1], \
    (s)->areas.id[0 .. (s)->areas.cap - 1], (s)->areas.spare[0 .. (s)->areas.cap - 1]
// clang-format on
#endif

/**
 * s2_init() - an empty space. Return: S2_OK; S2_ERR_NULL, S2_ERR_CONFIG, S2_ERR_ALIGN, S2_ERR_WIDTH, S2_ERR_OVERFLOW,
 * S2_ERR_NO_TABLES. Installs nothing: load s2_root() and invalidate this VMID before the first entry.
 */
/*@ requires mem: \valid(s) && \valid_read(cfg);
    terminates \true; exits \false;
    assigns *s, cfg->tables.tables[0 .. cfg->tables.count-1], cfg->tables.nodes[0 .. cfg->tables.count-1],
            cfg->tables.stack[0 .. cfg->tables.count-1], cfg->areas.chunks[0 .. cfg->areas.count-1],
            cfg->areas.lo[0 .. cfg->areas.count-1], cfg->areas.id[0 .. cfg->areas.count-1],
            cfg->areas.spare[0 .. cfg->areas.count-1];
    ensures done: \result == S2_OK ==> SpaceInv(s);
    ensures range: \result == S2_OK ==> s->base == cfg->gpa_base && (cfg->gpa_size != 0 ==> s->limit == cfg->gpa_base + cfg->gpa_size);
    ensures empty: \result == S2_OK ==> \forall integer g; 0 <= g ==> NoArea(&s->areas, g) && (Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == -1); */
S2_MUST_USE s2_status s2_init(struct s2_space *s, const struct s2_space_config *cfg);

/** s2_clear() - no areas, no mappings; alloc frames go home, once, after the invalidation. Cannot fail. (SPC-1) */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures none: \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == -1 && NoArea(&s->areas, g); */
void s2_clear(struct s2_space *s);

/** s2_fini() - s2_clear(), then the memory handed in is the integrator's again. Remove the root from all CPUs first. */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s); */
void s2_fini(struct s2_space *s);

/**
 * s2_map_linear() - a new area [gpa, gpa + size) over the host range at hpa, mapped at once. (BCK-1)
 *
 * Return: S2_OK; S2_ERR_ALIGN, S2_ERR_SIZE, S2_ERR_OVERFLOW, S2_ERR_WIDTH, S2_ERR_RANGE, S2_ERR_ATTR, S2_ERR_CONFIG
 * (flags), S2_ERR_POOL; S2_ERR_MAPPED: an area is there; S2_ERR_NO_TABLES, S2_ERR_NO_AREAS.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures where: \result == S2_OK ==> SpacePages(s, gpa, size) && \forall integer g; gpa <= g < gpa + size ==> Dom(&s->pt.pool, g);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==>
                  PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr) && !NoArea(&s->areas, g) &&
                  AreaPay(&s->areas, g) == pay(hpa - gpa, attr, 1) && NoArea{Pre}(&s->areas, g);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + size) ==> Untouched{Pre,Post}(s, g);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_map_linear(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                                    uint32_t flags);

/**
 * s2_map_alloc() - a new area backed by the host's frame allocator. (BCK-2, BCK-3)
 *
 * Lazy unless S2_POPULATE: adding the area touches no table, at any size. With S2_POPULATE all frames are obtained,
 * zeroed and mapped now, or all given back and nothing stays.
 * Return: as s2_map_linear(), and S2_ERR_NO_FRAMES.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures where: \result == S2_OK ==> SpacePages(s, gpa, size) && \forall integer g; gpa <= g < gpa + size ==> Dom(&s->pt.pool, g);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> !NoArea(&s->areas, g) &&
                  pay_attr(AreaPay(&s->areas, g)) == attr && !Linear(AreaPay(&s->areas, g)) && NoArea{Pre}(&s->areas, g);
    ensures lazy: \result == S2_OK ==> (flags & S2_POPULATE) == 0 ==> \forall integer g; gpa <= g < gpa + size ==> PA(&s->pt.pool, g) == -1;
    ensures there: \result == S2_OK ==> (flags & S2_POPULATE) != 0 ==> \forall integer g; gpa <= g < gpa + size ==> PA(&s->pt.pool, g) != -1;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + size) ==> Untouched{Pre,Post}(s, g);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_map_alloc(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags);

/**
 * s2_unmap() - no area and no mapping in [gpa, gpa + size). Holes allowed; areas and blocks are cut as needed.
 *
 * When this returns S2_OK no CPU can reach the old frames: invalidation is complete, alloc frames and emptied tables
 * are back with their owners.
 * Return: S2_OK; S2_ERR_ALIGN, S2_ERR_SIZE, S2_ERR_OVERFLOW, S2_ERR_WIDTH, S2_ERR_RANGE; S2_ERR_NO_TABLES (a block must
 * be split), S2_ERR_NO_AREAS (an area must be cut): nothing changed.
 * Cost: one descent per leaf table touched (two for alloc areas), one invalidation.  Requirements: ARE-2 BCK-4 INV-2
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==>
                  PA(&s->pt.pool, g) == -1 && NoArea(&s->areas, g);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + size) ==>
                   Untouched{Pre,Post}(s, g);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_unmap(struct s2_space *s, uint64_t gpa, uint64_t size);

/**
 * s2_protect() - areas and leaves in [gpa, gpa + size) get the rights `rights`; types and addresses stay.
 *
 * The whole range must lie in areas. Return: as s2_unmap(), and S2_ERR_ATTR: not a legal set of rights (which does not
 * depend on the type in any format); S2_ERR_NOT_MAPPED: an address in no area. Nothing changed then.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures addr: \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g));
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> !NoArea(&s->areas, g) &&
                  AreaPay(&s->areas, g) == pay(pay_delta(AreaPay{Pre}(&s->areas, g)),
                    pay_attr(AreaPay{Pre}(&s->areas, g)) - pay_attr(AreaPay{Pre}(&s->areas, g)) % 16 + rights,
                    pay_backend(AreaPay{Pre}(&s->areas, g)));
    ensures rights: \result == S2_OK ==> !s->shares ==> \forall integer g; gpa <= g < gpa + size ==> PA(&s->pt.pool, g) != -1 ==>
                      AT(&s->pt.pool, g) == with_rights(\old(AT(&s->pt.pool, g)), rights);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + size) ==> Untouched{Pre,Post}(s, g);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_protect(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t rights);

/**
 * s2_collapse() - s2_pt_collapse() of leaves that lie in one area: one block of level `level` for the 512 leaves below it.
 *
 * After dirty tracking has split blocks, or when neighbouring maps have grown together. Inside a space this is the call to
 * use: leaves of two areas may look alike, and a block over both would outlive one of them.
 * Return: as s2_pt_collapse(); S2_ERR_RANGE; S2_ERR_NOT_MAPPED: in no area; S2_ERR_UNIFORM: not all in one area;
 * S2_ERR_BACKEND: an alloc area without S2_BLOCKS. In one with it, the 512 frames come back to the host as one.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures same: SameButAD{Pre,Post}(&s->pt.pool);
    ensures areas: AreasKept{Pre,Post}(&s->areas); */
S2_MUST_USE s2_status s2_collapse(struct s2_space *s, uint64_t gpa, uint32_t level);

/**
 * s2_discard() - the alloc areas in [gpa, gpa + size) stay, their frames go home: the next access faults a zero page in.
 *
 * For ballooning and eviction: s2_host_frame_free() is called after the invalidation, so what it finds in the frame is
 * final. Return: as s2_unmap(); S2_ERR_BACKEND: an area in the range is not an alloc area. Holes are allowed.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> PA(&s->pt.pool, g) == -1;
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < gpa + size) ==> Untouched{Pre,Post}(s, g);
    ensures areas: AreasKept{Pre,Post}(&s->areas);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_discard(struct s2_space *s, uint64_t gpa, uint64_t size);

/** One of the ranges of a list. */
struct s2_range {
  uint64_t gpa, size;
};

/**
 * s2_discard_list() - s2_discard() of n ranges with one invalidation for all: balloons, free page reporting, swapping.
 * (OPT-5) The ranges ascend and do not overlap. No frame is given back before that invalidation is complete, and the call
 * leaves nothing pending: that is why it takes a list, rather than a promise to invalidate later.
 *
 * Return: as s2_discard(); S2_ERR_NULL; S2_ERR_SIZE: n is 0; S2_ERR_RANGE: out of order. S2_ERR_NO_TABLES counts the
 * blocks to be split for each range by itself. On refusal nothing has changed.
 * Cost: two descents per leaf table and range, one invalidation (and one per block split).
 */
/*@ requires inv: SpaceInv(s);
    requires mem: r != \null ==> \valid_read(r + (0 .. n-1));
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures in: \result == S2_OK ==> \forall integer k, g; 0 <= k < n ==> r[k].gpa <= g < r[k].gpa + r[k].size ==>
                  PA(&s->pt.pool, g) == -1;
    ensures areas: AreasKept{Pre,Post}(&s->areas);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE s2_status s2_discard_list(struct s2_space *s, const struct s2_range *r, uint32_t n);

/**
 * s2_translate() - what the hardware walk gives for gpa now. len runs to the end of the leaf. Reads tables only.
 */
/*@ requires inv: \valid_read(s) && Good(&s->pt);
    requires range: 0 <= s->base <= s->limit <= width(s->pt.gpa_bits);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.status == S2_OK ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == \result.attr;
    ensures run: \result.status == S2_OK ==> 0 < \result.len <= 281474976710656 && s->base <= gpa < s->limit &&
                   \forall integer g; gpa <= g < gpa + \result.len ==> Dom(&s->pt.pool, g) &&
                     PA(&s->pt.pool, g) == \result.hpa + (g - gpa) && AT(&s->pt.pool, g) == \result.attr;
    ensures end: \result.status == S2_OK ==> \result.hpa + \result.len <= width(S2_FMT_HPA_BITS) <= width(61);
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&s->pt.pool, gpa) == -1;
    ensures answer: s->base <= gpa < s->limit ? \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED
                      : \result.status == (gpa < width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH); */
S2_MUST_USE struct s2_translation s2_translate(const struct s2_space *s, uint64_t gpa);

/**
 * s2_translate_run() - the same, with len the contiguous host bytes over as many leaves as follow on, at most `max`,
 * all with at least the rights `access`; never past the area, the leaf run or the space. access 0 asks for none.
 * Return: status S2_ERR_DENIED when the first leaf lacks a right; S2_ERR_SIZE when max is 0.
 */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && AreasInv(&s->areas) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures area: \result.status == S2_OK ==> !NoArea(&s->areas, gpa) ==> \forall integer g; gpa <= g < gpa + \result.len ==>
                    !NoArea(&s->areas, g);
    ensures run: \result.status == S2_OK ==> 0 < \result.len <= max &&
                   \forall integer g; gpa <= g < gpa + \result.len ==> PA(&s->pt.pool, g) == \result.hpa + (g - gpa);
    ensures rights: \result.status == S2_OK ==> \forall integer g; gpa <= g < gpa + \result.len ==>
                      (AT(&s->pt.pool, g) & access) == access;
    ensures end: \result.status == S2_OK ==> s->base <= gpa < s->limit && gpa + \result.len <= AREA_TOP;
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&s->pt.pool, gpa) == -1; */
S2_MUST_USE struct s2_translation s2_translate_run(const struct s2_space *s, uint64_t gpa, uint64_t max,
                                                   uint32_t access);

/**
 * s2_translate_batch() - out[k] = s2_translate(s, gpa[k]) for each k < n. Addresses may repeat and be in any order; out
 * does not overlap gpa. Up to 32 paths go down together, so that cache misses overlap: for large sparse spaces. (OPT-2)
 */
/*@ requires inv: \valid_read(s) && Good(&s->pt);
    requires mem: \valid_read(gpa + (0 .. n-1)) && \valid(out + (0 .. n-1)) && \separated(gpa + (0 .. n-1), out + (0 .. n-1));
    terminates \true; exits \false;
    assigns out[0 .. n-1];
    ensures hit: \forall integer k; 0 <= k < n ==> out[k].status == S2_OK ==>
              PA(&s->pt.pool, gpa[k]) == out[k].hpa && AT(&s->pt.pool, gpa[k]) == out[k].attr;
    ensures miss: \forall integer k; 0 <= k < n ==> out[k].status == S2_ERR_NOT_MAPPED ==>
              PA(&s->pt.pool, gpa[k]) == -1; */
void s2_translate_batch(const struct s2_space *s, const uint64_t *gpa, struct s2_translation *out, uint32_t n);

/** s2_query() - the leaf that maps gpa, or the hole around it; s2_pt_query() with the space's range checked. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.status == S2_OK ==> \result.gpa <= gpa && gpa - \result.gpa < \result.size &&
                   PA(&s->pt.pool, gpa) == \result.hpa + (gpa - \result.gpa) && AT(&s->pt.pool, gpa) == \result.attr;
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&s->pt.pool, gpa) == -1;
    ensures answer: s->base <= gpa < s->limit ? \result.status == S2_OK || \result.status == S2_ERR_NOT_MAPPED
                      : \result.status == (gpa < width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH); */
S2_MUST_USE struct s2_leaf s2_query(const struct s2_space *s, uint64_t gpa);

/**
 * s2_fault() - a guest access to gpa faulted; access is a non-empty set of S2_RIGHTS. (SPC-2, BCK-3)
 *
 * Idempotent: after RESOLVED the same fault is SPURIOUS, and SPURIOUS allocates and changes nothing.
 * Cost: one area search, one or two descents; with NO_MEMORY nothing has changed.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==>
                     PA(&s->pt.pool, gpa) == \result.hpa && gives(AT(&s->pt.pool, gpa), access);
    ensures bad: \result.kind == S2_FAULT_BAD <==> access == 0 || access >= 16;
    ensures none: \result.kind == S2_FAULT_NO_AREA ==> (NoArea(&s->areas, gpa) || !OfKind(AreaPay(&s->areas, gpa), 2)) &&
                    (Dom(&s->pt.pool, gpa) ==> PA(&s->pt.pool, gpa) == -1);
    ensures denied: \result.kind == S2_FAULT_DENIED ==> !NoArea(&s->areas, gpa) &&
                      !gives(pay_attr(AreaPay(&s->areas, gpa)), access);
    ensures allowed: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY ==>
                       !NoArea(&s->areas, gpa) && gives(pay_attr(AreaPay(&s->areas, gpa)), access);
    ensures kept: !s->shares ==> \forall integer g; Dom(&s->pt.pool, g) ==> \old(PA(&s->pt.pool, g)) != -1 ==>
                    PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g));
    ensures areas: AreasKept{Pre,Post}(&s->areas);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> SpaceSame{Pre,Post}(s); */
S2_MUST_USE struct s2_fault_result s2_fault(struct s2_space *s, uint64_t gpa, uint32_t access);

/** s2_root() - s2_pt_root() of the space. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_root s2_root(const struct s2_space *s);

/** s2_set_vmid() - s2_pt_set_vmid() of the space. */
/*@ requires s: \valid(s);
    terminates \true; exits \false;
    assigns s->pt.flush.tlb;
    ensures set: \result == S2_OK ==> s->pt.flush.tlb.vmid == vmid;
    ensures refused: \result != S2_OK ==> s->pt.flush.tlb == \old(s->pt.flush.tlb);
    behavior good: assumes Good(&s->pt);
      ensures inv: Good(&s->pt);
      ensures same: Same{Pre,Post}(&s->pt.pool); */
S2_MUST_USE s2_status s2_set_vmid(struct s2_space *s, uint32_t vmid);

/** s2_contains() - is [gpa, gpa + size), not empty and without overflow, inside the space's range? */
/*@ requires s: \valid_read(s) && 0 <= s->base <= s->limit;
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> 0 < size && s->base <= gpa && gpa + size <= s->limit; */
S2_MUST_USE bool s2_contains(const struct s2_space *s, uint64_t gpa, uint64_t size);

/** s2_find_free() - s2_areas_find_free() within the space's range and [lo, hi). align: power of two, at least 4 KiB. */
/*@ requires inv: \valid_read(s) && AreasInv(&s->areas) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures align: \result.status == S2_OK ==> \result.gpa % align == 0;
    ensures free: \result.status == S2_OK ==> lo <= \result.gpa && s->base <= \result.gpa && \result.gpa + size <= hi &&
                    \result.gpa + size <= s->limit && \forall integer g; \result.gpa <= g < \result.gpa + size ==> NoArea(&s->areas, g); */
S2_MUST_USE struct s2_place s2_find_free(const struct s2_space *s, uint64_t hint, uint64_t size, uint64_t lo,
                                         uint64_t hi, uint64_t align);

/** s2_area_at(), s2_area_next() - the area that covers gpa; the first that ends after gpa. */
/*@ requires inv: \valid_read(s) && AreasInv(&s->areas);
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(&s->areas, gpa);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= gpa < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer g; \result.start <= g < \result.end ==>
                   !NoArea(&s->areas, g) && AreaPay(&s->areas, g) == pay(\result.delta, \result.attr, \result.backend); */
S2_MUST_USE struct s2_area s2_area_at(const struct s2_space *s, uint64_t gpa);
/*@ requires inv: \valid_read(s) && AreasInv(&s->areas);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start < \result.end <= AREA_TOP && gpa < \result.end;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer g; \result.start <= g < \result.end ==>
                   !NoArea(&s->areas, g) && AreaPay(&s->areas, g) == pay(\result.delta, \result.attr, \result.backend);
    ensures gap: \result.backend != S2_BACK_NONE ==> \forall integer g; gpa <= g < \result.start ==> NoArea(&s->areas, g);
    ensures last: \result.backend == S2_BACK_NONE ==> \forall integer g; gpa <= g ==> NoArea(&s->areas, g); */
S2_MUST_USE struct s2_area s2_area_next(const struct s2_space *s, uint64_t gpa);

/** s2_flush_epoch() - changes with every invalidation; NPT entry paths set TLB_CONTROL when it did (flush.h). */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing;
    ensures epoch: \result == s->pt.flush.epoch; */
static inline int32_t s2_flush_epoch(const struct s2_space *s) {
  return s->pt.flush.epoch;
}

#endif
