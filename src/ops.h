/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * ops.h - the steps that page-table and space operations are made of: check, plan, commit. Internal to src/.
 *
 * Plans read and can refuse; commits write and cannot. So a refused call has written nothing.
 */
#ifndef S2_OPS_H
#define S2_OPS_H

#include "stage2/space.h"
#include "stage2/stats.h"
#include "map.h"
#include "tree.h"

/** What a commit found: the smallest level it touched, S2_NO_LEVEL if nothing. Tells the invalidation its step. */
#define S2_NO_LEVEL 255u

/** Alignment, emptiness, overflow, width of a guest range, in this order. */
/*@ requires bits: gpa_bits <= 63;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && off(gpa, 0) == 0 && off(size, 0) == 0 && off(gpa + size, 0) == 0 &&
                  gpa + size <= width(gpa_bits);
    ensures never: \result != S2_ERR_NO_TABLES; */
static inline s2_status s2_check_range(uint32_t gpa_bits, uint64_t gpa, uint64_t size) {
  if (s2_offset(gpa, 0) != 0 || s2_offset(size, 0) != 0) {
    return S2_ERR_ALIGN;
  }
  if (size == 0) {
    return S2_ERR_SIZE;
  }
  if (size > UINT64_MAX - gpa) {
    return S2_ERR_OVERFLOW;
  }
  if (gpa + size > s2_width(gpa_bits)) {
    return S2_ERR_WIDTH;
  }
  //@ assert end: floor(gpa, 0) == gpa && off(gpa + size, 0) == 0;
  return S2_OK;
}

/** Are these rights the format has, on this host? Types are judged apart from rights (format.h). */
/*@ requires p: \valid_read(p);
    terminates \true; exits \false; assigns \nothing;
    ensures made: \result ==> RightsMade(rights); */
static inline bool s2_rights_legal(const struct s2_pool *p, uint32_t rights) {
  return rights <= S2_RIGHTS && s2_attr_legal(p->features, rights | S2_WB);
}

/** Alignment, width of a host range, and that it misses the tables themselves (T5). size is checked already. */
/*@ requires pt: Good(pt) && 0 < size;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> off(hpa, 0) == 0 && hpa + size <= width(S2_FMT_HPA_BITS) &&
                  (hpa + size <= pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa);
    ensures host: \result == S2_OK ==> hpa + size <= width(pt->hpa_bits);
    ensures never: \result != S2_ERR_NO_TABLES; */
static inline s2_status s2_check_hpa(const struct s2_pt *pt, uint64_t hpa, uint64_t size) {
  const struct s2_pool *p = &pt->pool;
  if (s2_offset(hpa, 0) != 0) {
    return S2_ERR_ALIGN;
  }
  if (size > UINT64_MAX - hpa) {
    return S2_ERR_OVERFLOW;
  }
  if (hpa + size > s2_width(pt->hpa_bits)) {
    return S2_ERR_WIDTH;
  }
  uint64_t first = s2_pool_hpa(p);
  uint64_t end = first + (uint64_t)p->cap * S2_PAGE_SIZE;
  if (hpa < end && first < hpa + size) {
    return S2_ERR_POOL;
  }
  return S2_OK;
}

/** Does s2_check_hpa() accept the page at hpa? By a shorter way; the other says what is wrong. */
/*@ requires pt: Good(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result <==> off(hpa, 0) == 0 && hpa + 4096 <= width(pt->hpa_bits) &&
                  (hpa < pool_hpa(&pt->pool) || pool_hpa(&pt->pool) + pt->pool.cap * 4096 <= hpa); */
S2_INLINE bool s2_hpa_fits(const struct s2_pt *pt, uint64_t hpa) {
  const struct s2_pool *p = &pt->pool;
  uint64_t first = s2_pool_hpa(p);
  uint64_t limit = s2_width(pt->hpa_bits);
  return s2_offset(hpa, 0) == 0 && hpa < limit && hpa + S2_PAGE_SIZE <= limit &&
         (hpa >= first + (uint64_t)p->cap * S2_PAGE_SIZE || hpa < first);
}

/** How many tables it takes to make gpa and end leaf boundaries. Exact. */
/*@ requires inv: GoodPool(p) && gpa < end && Dom(p, gpa) && Edge(p, end);
    terminates \true; exits \false; assigns \nothing;
    ensures plan: \result == cuts_for(p, gpa, end) && \result <= 8; */
uint32_t s2_plan_cut(const struct s2_pool *p, uint64_t gpa, uint64_t end);

/**
 * Make gpa and end leaf boundaries; plan is what s2_plan_cut() said, and so many tables are free. Break-before-make
 * inside. Translation unchanged.
 */
/*@ requires inv: Good(pt) && gpa < end && Dom(&pt->pool, gpa) && Edge(&pt->pool, end);
    requires page: off(gpa, 0) == 0 && off(end, 0) == 0;
    requires plan: plan == cuts_for(&pt->pool, gpa, end) && plan <= pt->pool.nfree;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures inv: Good(pt);
    ensures same: Same{Pre,Post}(&pt->pool);
    ensures cut: Boundary(&pt->pool, gpa) && Boundary(&pt->pool, end); */
void s2_cut(struct s2_pt *pt, uint32_t plan, uint64_t gpa, uint64_t end);

/** The same for one address. Levels go down only; an address that shared an entry around gpa comes below it. */
/*@ requires inv: Good(pt) && Edge(&pt->pool, gpa);
    requires plan: cuts(gpa, around(&pt->pool, gpa)) <= pt->pool.nfree;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks,
            pt->splits;
    ensures inv: Good(pt);
    ensures same: Same{Pre,Post}(&pt->pool);
    ensures taken: pt->pool.nfree == \old(pt->pool.nfree) - \old(cuts(gpa, around(&pt->pool, gpa)));
    ensures cut: around(&pt->pool, gpa) == 0;
    ensures down: LevelsDown{Pre,Post}(&pt->pool);
    ensures below: \forall integer va, k; Dom(&pt->pool, va) ==> 1 <= k <= \old(around(&pt->pool, gpa)) ==>
                     floor(va, k) == floor(gpa, k) ==> off(gpa, k) != 0 ==> lev(&pt->pool, va) < k; */
void s2_split_at(struct s2_pt *pt, uint64_t gpa);

/** Clear every leaf in [gpa, end), whose ends are boundaries; emptied tables go to limbo. Returns the smallest level. */
/*@ requires inv: GoodPool(p) && gpa < end <= width(62) && Dom(p, end - 1);
    requires cut: Boundary(p, gpa) && Boundary(p, end);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: GoodPool(p);
    ensures level: \result <= 4 || (\result == S2_NO_LEVEL && p->nlimbo == \old(p->nlimbo));
    ensures none: \result == S2_NO_LEVEL ==> Same{Pre,Post}(p);
    ensures in: \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
uint32_t s2_remove(struct s2_pool *p, uint64_t gpa, uint64_t end);

/**
 * How many slots from i on it takes to reach end from w, the address of slot i: rounded up, and to the end of the table
 * at most.
 */
/*@ requires l: l <= S2_MAX_LEVEL && i < 512 && w < end <= width(63);
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 < \result <= 512 - i;
    ensures all: i + \result == 512 || end <= w + part(\result, l);
    ensures tight: w + part(\result, l) < end + gran(l); */
S2_INLINE uint32_t s2_slots_to(uint64_t w, uint64_t end, uint32_t i, uint8_t l) {
  return s2_least(s2_spans_in(end - w + s2_span(l) - 1, l), S2_ENTRIES - i);
}

/**
 * First pass of a release: like s2_remove(), but each leaf becomes a marked entry that still names its frame. Tables
 * without a live entry go to limbo with their marks; s2_pool_drain() sends those frames home, s2_reap() the others.
 */
/*@ requires inv: Marking(p) && gpa < end <= width(62) && Dom(p, end - 1);
    requires cut: Boundary(p, gpa) && Boundary(p, end);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Marking(p);
    ensures level: \result <= 4 || (\result == S2_NO_LEVEL && p->nlimbo == \old(p->nlimbo));
    ensures none: \result == S2_NO_LEVEL ==> Same{Pre,Post}(p);
    ensures marks: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> \old(Marked(p, g)) || \result <= 4 && gpa <= g < end;
    ensures in: \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
uint32_t s2_mark(struct s2_pool *p, uint64_t gpa, uint64_t end);

/** Second pass, after the invalidation: frames of the marked entries in [gpa, end) go home. Returns pages given. */
/*@ requires inv: Marking(p) && gpa < end <= width(62) && Dom(p, end - 1);
    requires told: \forall integer g; Dom(p, g) ==> Marked(p, g) ==> Told(p, g);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1];
    ensures inv: Marking(p);
    ensures pages: 0 <= \result;
    ensures same: Same{Pre,Post}(p);
    ensures in: \forall integer g; gpa <= g < end ==> !Marked(p, g);
    ensures only: \forall integer g; Dom(p, g) ==> lev(p, g) == \old(lev(p, g)) &&
                    (cur(p, g) == \old(cur(p, g)) || \old(Marked(p, g)) && cur(p, g) == 0); */
int64_t s2_reap(struct s2_pool *p, void *ctx, uint64_t gpa, uint64_t end);

/** Give every leaf in [gpa, end) the rights; ends are boundaries. Returns the smallest level rewritten. */
/*@ requires inv: GoodPool(p) && gpa < end <= width(62) && Dom(p, end - 1);
    requires cut: Boundary(p, gpa) && Boundary(p, end);
    requires legal: RightsMade(rights);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1];
    ensures inv: GoodPool(p);
    ensures level: \result <= 4;
    ensures addr: SamePA{Pre,Post}(p);
    ensures in: \forall integer g; gpa <= g < end ==> PA(p, g) != -1 ==> AT(p, g) == with_rights(\old(AT(p, g)), rights);
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==> AT(p, g) == \old(AT(p, g)); */
uint32_t s2_set_rights(struct s2_pool *p, uint64_t gpa, uint64_t end, uint32_t rights);

/** One more of something: the only stores to a page table's counters of 64 bits. */
/*@ requires inv: GoodPt(pt) && Marking(&pt->pool);
    requires c: c == &pt->flush.ranges || c == &pt->flush.fulls || c == &pt->flush.breaks || c == &pt->splits;
    terminates \true; exits \false;
    assigns *c;
    ensures inv: GoodPt(pt) && Marking(&pt->pool);
    ensures good: \old(GoodPool(&pt->pool)) ==> GoodPool(&pt->pool); */
static inline void s2_pt_count(struct s2_pt *pt, int64_t *c) {
  (void)pt; /* whose counter it is: the proof's, not the machine's */
  //@ assert va: \valid(c) && 0 <= *c;
  s2_count(c, 1);
  //@ assert key: \forall integer t; 0 <= t < pt->pool.cap ==> pt->pool.nodes[t].key == \at(pt->pool.nodes[t].key, Pre);
  //@ assert sh: Shape(&pt->pool);
  //@ assert ro: Root(&pt->pool);
  //@ assert dn: Down(&pt->pool);
  //@ assert re: Reach(&pt->pool);
  //@ assert sk: \forall integer k; 0 <= k < pt->pool.nfree ==> 0 <= pt->pool.stack[k] < pt->pool.cap && pt->pool.nodes[pt->pool.stack[k]].key == \at(pt->pool.nodes[pt->pool.stack[\at(k,Here)]].key, Pre);
  //@ assert f1: Free1(&pt->pool);
  //@ assert f2: Free2(&pt->pool);
  //@ assert l1: Limbo1(&pt->pool);
  //@ assert gp: GoodPt(pt);
}

#ifdef __FRAMAC__
/*
 * What the invalidation instructions and the host's remote part promise (SOUNDNESS 20), in terms of the page table whose
 * VMID they name. The declarations are those of flush.h and host.h, which know no page table.
 */
/*@ requires tlb: \valid_read(tlb);
    terminates \true; exits \false; assigns \nothing;
    ensures here: \forall struct s2_pt *pt, integer g; pt->flush.tlb.vmid == tlb->vmid ==> first <= g <= last ==>
                    forgot_here(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g)); */
void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step);
/*@ requires tlb: \valid_read(tlb);
    terminates \true; exits \false; assigns \nothing;
    ensures all: \forall struct s2_pt *pt; pt->flush.tlb.vmid == tlb->vmid ==> clear_here(&pt->pool);
    ensures here: \forall struct s2_pt *pt, integer g; pt->flush.tlb.vmid == tlb->vmid ==> 0 <= g <= UINT64_MAX ==>
                    forgot_here(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g)); */
void s2_arch_flush_all(const struct s2_tlb *tlb);
/*@ terminates \true; exits \false; assigns \nothing;
    ensures all: first == 0 ==> last == UINT64_MAX ==>
                   \forall struct s2_pt *pt; (uint32_t)pt->flush.tlb.vmid == vmid ==> clear_there(&pt->pool);
    ensures there: \forall struct s2_pt *pt, integer g; (uint32_t)pt->flush.tlb.vmid == vmid ==> first <= g <= last ==>
                     forgot_there(&pt->pool, g, lev(&pt->pool, g), cur(&pt->pool, g)); */
void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last);
#endif

/**
 * The invalidation of a finished change of [gpa, end): on every CPU, complete on return. level is the smallest leaf level
 * that changed (the step), S2_NO_LEVEL when nothing did: then there is nothing to do. Tables in limbo make it a full one:
 * walk caches are not indexed by leaf.
 */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool) && gpa < end;
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: GoodPt(pt) && Marking(&pt->pool);
    ensures good: \old(GoodPool(&pt->pool)) ==> GoodPool(&pt->pool);
    ensures fresh: level <= S2_MAX_LEVEL ==> pt->pool.nlimbo > 0 ==> Flushed(&pt->pool);
    ensures told: level <= S2_MAX_LEVEL ==> \forall integer g; gpa <= g < end ==> Told(&pt->pool, g); */
void s2_flush_range(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint32_t level);

/** s2_flush_range() of the page at gpa where no table went away, by a shorter way. */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && pt->pool.nlimbo == 0 && gpa <= width(62);
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.ranges;
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool);
    ensures told: \forall integer g; gpa <= g < gpa + 4096 ==> Told(&pt->pool, g); */
void s2_flush_page(struct s2_pt *pt, uint64_t gpa);

/** Is vmid one that the format has, on a host with these features? */
/*@ terminates \true; exits \false; assigns \nothing; */
static inline bool s2_vmid_legal(uint32_t features, uint32_t vmid) {
  uint32_t max = S2_FMT_VMID_MAX;
  if ((features & S2_FEAT_VMID16) != 0) {
    max = 0xffffu;
  }
  return vmid <= max && (vmid != 0 || S2_FMT_VMID_ZERO != 0);
}

/** Keep the operands of this page table's invalidations: from now on its VMID is vmid. */
/*@ requires pt: \valid(pt);
    terminates \true; exits \false;
    assigns pt->flush.tlb;
    ensures vmid: pt->flush.tlb.vmid == vmid;
    behavior good: assumes Good(pt);
      ensures inv: Good(pt);
      ensures same: Same{Pre,Post}(&pt->pool); */
void s2_flush_operands(struct s2_pt *pt, uint32_t vmid);

/** Everything this space's VMID has, on every CPU, complete on return. */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool);
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.fulls;
    ensures inv: GoodPt(pt) && Marking(&pt->pool);
    ensures good: \old(GoodPool(&pt->pool)) ==> GoodPool(&pt->pool);
    ensures fresh: Flushed(&pt->pool);
    ensures told: \forall integer g; 0 <= g <= UINT64_MAX ==> Told(&pt->pool, g); */
void s2_flush_full(struct s2_pt *pt);

/** s2_pool_drain() of a page table, whose record stays what it is. Returns the pages given to the host. */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool);
    requires fresh: pt->pool.nlimbo > 0 ==> Flushed(&pt->pool);
    terminates \true; exits \false;
    assigns pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1], pt->pool.stack[0 .. pt->pool.cap-1],
            pt->pool.nfree, pt->pool.nlimbo;
    ensures inv: GoodPt(pt) && Marking(&pt->pool) && pt->pool.nlimbo == 0;
    ensures good: \old(GoodPool(&pt->pool)) ==> GoodPool(&pt->pool);
    ensures pages: 0 <= \result;
    ensures lk: \forall integer va; Dom(&pt->pool, va) ==> lev(&pt->pool, va) == \old(lev(&pt->pool, va)) &&
                  cur(&pt->pool, va) == \old(cur(&pt->pool, va));
    ensures same: Same{Pre,Post}(&pt->pool);
    ensures fn: \forall integer s; \old(Used(&pt->pool, s)) ==> pt->pool.nodes[s].level == \old(pt->pool.nodes[s].level) &&
                  pt->pool.nodes[s].key == \old(pt->pool.nodes[s].key); */
static inline int64_t s2_drain(struct s2_pt *pt) {
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1));
  //@ assert sek: \separated(&pt->flush.epoch, pt->pool.stack + (0 .. pt->pool.cap-1));
  int64_t pages = s2_pool_drain(&pt->pool, pt->flush.ctx);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  return pages;
}

/**
 * s2_flush_range() then s2_drain(), which a change that took no table away does not need. Returns the pages given to
 * the host.
 */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool) && gpa < end;
    requires in: Inside(pt);
    requires level: level <= S2_MAX_LEVEL || pt->pool.nlimbo == 0;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: GoodPt(pt) && Marking(&pt->pool) && Inside(pt) && pt->pool.nlimbo == 0;
    ensures good: \old(GoodPool(&pt->pool)) ==> Good(pt);
    ensures pages: 0 <= \result;
    ensures same: Same{Pre,Post}(&pt->pool);
    ensures ends: \forall integer g; Dom(&pt->pool, g) ==> lev(&pt->pool, g) == \old(lev(&pt->pool, g)) &&
                    cur(&pt->pool, g) == \old(cur(&pt->pool, g));
    ensures told: level <= S2_MAX_LEVEL ==> \forall integer g; gpa <= g < end ==> Dom(&pt->pool, g) ==> Told(&pt->pool, g); */
static inline int64_t s2_flush_done(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint32_t level) {
  s2_flush_range(pt, gpa, end, level);
  return pt->pool.nlimbo != 0 ? s2_drain(pt) : 0;
}

/**
 * New leaves are visible, and new links if `linked`: invalidate where the architecture may have cached the hole. Links
 * need all of it: a fence by address orders leaves only.
 */
/*@ requires pt: GoodPt(pt) && GoodPool(&pt->pool) && gpa < end;
    terminates \true; exits \false;
    assigns pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: GoodPt(pt) && GoodPool(&pt->pool); */
static inline void s2_flush_mapped(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint32_t level, bool linked) {
  if (S2_FMT_MAP_FLUSH != 0) {
    if (linked) {
      s2_flush_full(pt);
    } else {
      s2_flush_range(pt, gpa, end, level);
    }
  }
}

/* ---- backends ---- */

/** n more of something: the only stores to a space's counters but those of its faults. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && 0 <= n;
    requires c: c == &s->stats.frames_taken || c == &s->stats.frames_given || c == &s->stats.blocks_taken || c == &s->stats.copies;
    terminates \true; exits \false;
    assigns *c;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt); */
static inline void s2_space_count(struct s2_space *s, int64_t *c, int64_t n) {
  (void)s; /* whose counter it is: the proof's, not the machine's */
  //@ assert va: \valid(c) && 0 <= *c;
  s2_count(c, n);
  //@ assert key: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
  //@ assert sh: Shape(&s->pt.pool);
  //@ assert ro: Root(&s->pt.pool);
  //@ assert dn: Down(&s->pt.pool);
  //@ assert re: Reach(&s->pt.pool);
  //@ assert sk: \forall integer k; 0 <= k < s->pt.pool.nfree ==> 0 <= s->pt.pool.stack[k] < s->pt.pool.cap && s->pt.pool.nodes[s->pt.pool.stack[k]].key == \at(s->pt.pool.nodes[s->pt.pool.stack[\at(k,Here)]].key, Pre);
  //@ assert f1: Free1(&s->pt.pool);
  //@ assert f2: Free2(&s->pt.pool);
  //@ assert l1: Limbo1(&s->pt.pool);
  //@ assert gp: GoodPt(&s->pt);
  //@ assert ct: SpaceCounts(s);
}

/** A leaf of an alloc area: obtained, zeroed, mapped. Its invalidation, where needed, is the caller's. */
struct s2_got {
  s2_status status;
  uint32_t level; /* of the leaf that was made          */
  uint64_t hpa;   /* where the address asked for is now */
  bool linked;    /* tables were linked for it          */
};

/** One leaf around gpa, inside [lo, hi): a block when blocks are asked for and everything fits, else 4 KiB. (BCK-3) */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    requires in: lo <= gpa < hi <= width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->stats.frames_taken, s->stats.blocks_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures level: \result.level <= S2_MAX_LEVEL;
    ensures where: \result.status == S2_OK ==> (0 < \result.level || off(lo, 0) == 0 && off(hi, 0) == 0) ==> lo <= floor(gpa, \result.level) && floor(gpa, \result.level) + gran(\result.level) <= hi;
    ensures in: \result.status == S2_OK ==>
                  \forall integer g; floor(gpa, \result.level) <= g < floor(gpa, \result.level) + gran(\result.level) ==>
                  PA(&s->pt.pool, g) == \result.hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \result.status == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==>
                   !(floor(gpa, \result.level) <= g < floor(gpa, \result.level) + gran(\result.level)) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures was: \result.status == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, \result.level) <= g < floor(gpa, \result.level) + gran(\result.level) ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures same: \result.status != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
struct s2_got s2_alloc_one(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr, bool blocks);

/** The page at gpa, whose path ends in the hole `at`: the descent that found the hole is the one that fills it. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->stats.frames_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures page: \result.level == 0;
    ensures frame: \result.status == S2_OK ==> off(gpa, 0) <= \result.hpa;
    ensures in: \result.status == S2_OK ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                  PA(&s->pt.pool, g) == \result.hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures was: \result.status == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures same: \result.status != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
struct s2_got s2_alloc_page(struct s2_space *s, struct s2_pos at, uint64_t gpa, uint32_t attr);

/** Every page of [gpa, end), or none. (BCK-2) */
/*@ requires inv: \valid(s) && Good(&s->pt) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
s2_status s2_alloc_populate(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t attr, bool blocks);

/** Second half of a release whose range has been marked: invalidate, then frames and tables go home. (BCK-4) */
/*@ requires mem: SpaceMemory(s) && SpaceCounts(s) && GoodPt(&s->pt) && Marking(&s->pt.pool) && Inside(&s->pt);
    requires pool: Placed(&s->pt.pool) && s->pt.pool.leaf_max <= S2_FMT_LEAF_MAX <= 4 && s->pt.pool.leaf_max <= s->pt.pool.top;
    requires range: gpa < end <= width(s->pt.gpa_bits);
    requires level: level <= S2_MAX_LEVEL || s->pt.pool.nlimbo == 0;
    requires marks: \forall integer g; Dom(&s->pt.pool, g) ==> Marked(&s->pt.pool, g) ==> level <= S2_MAX_LEVEL && gpa <= g < end;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.tables[0 .. s->pt.pool.cap-1],
            s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch,
            s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats.frames_given;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures same: Same{Pre,Post}(&s->pt.pool); */
void s2_alloc_release(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t level);

/** Map an area's host range in one go; its plan was accepted, `linked` says it takes tables. (BCK-1) */
/*@ requires inv: Good(&s->pt) && MapArgs(&s->pt.pool, gpa, end, hpa) && end <= width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires plan: ClearFor(&s->pt.pool, gpa, end, hpa, leaf_max);
    requires tables: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures inv: Good(&s->pt);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < end) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g)); */
void s2_linear_map(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                   bool linked);

#endif
