/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fault.c - one guest access faulted: resolved, spurious, denied, in no area, or out of memory. Nothing else. */
#include "stage2/host.h"
#include "stage2/space.h"
#include "again.h"
#include "alloc.h"
#include "ops.h"
#include "share.h"
#ifdef __FRAMAC__
#include "logic/space_lemmas.acsl"
/* what a fault in an area may write: no area, but the place of the last search */
// clang-format off
#define FAULT_WRITES(s) \
  (s)->pt.pool.nfree, (s)->pt.pool.nlimbo, (s)->pt.pool.low, (s)->pt.pool.used[0 .. 4], (s)->pt.pool.high[0 .. 4], \
    (s)->pt.flush.epoch, (s)->pt.flush.ranges, (s)->pt.flush.fulls, (s)->pt.flush.breaks, (s)->pt.splits, \
    (s)->pt.pool.tables[0 .. (s)->pt.pool.cap - 1], (s)->pt.pool.nodes[0 .. (s)->pt.pool.cap - 1], \
    (s)->pt.pool.stack[0 .. (s)->pt.pool.cap - 1], (s)->stats, (s)->areas.hit_p, (s)->areas.hit_i
// clang-format on
#endif

/** What came of a fault, counted. */
/*@ requires s: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && 0 <= kind <= 5;
    terminates \true; exits \false; assigns s->stats.faults[kind];
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures is: \result.kind == kind && \result.status == status && \result.hpa == hpa;
    ensures one: s->stats.faults[kind] == (\old(s->stats.faults[kind]) < INT64_MAX ? \old(s->stats.faults[kind]) + 1 : INT64_MAX); */
S2_INLINE struct s2_fault_result answer(struct s2_space *s, enum s2_fault_kind kind, s2_status status, uint64_t hpa) {
  struct s2_fault_result r = {kind, status, hpa};
  //@ ghost s2_lemma_lists(&s->pt.pool);
  s2_count(&s->stats.faults[kind], 1);
  //@ assert key: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
  //@ assert sh: Shape(&s->pt.pool);
  //@ assert ro: Root(&s->pt.pool);
  //@ assert dn: Down(&s->pt.pool);
  //@ assert re: Reach(&s->pt.pool);
  //@ assert s0: \forall integer k; 0 <= k < s->pt.pool.nfree ==> s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k,Here)], Pre);
  //@ assert s1: \forall integer k; 0 <= k < s->pt.pool.nfree ==> 0 <= s->pt.pool.stack[k] < s->pt.pool.cap;
  //@ assert sk: \forall integer k; 0 <= k < s->pt.pool.nfree ==> s->pt.pool.nodes[s->pt.pool.stack[k]].level == 255 && s->pt.pool.nodes[s->pt.pool.stack[k]].key == k;
  //@ assert f1: Free1(&s->pt.pool);
  //@ assert f2: Free2(&s->pt.pool);
  //@ assert l1: Limbo1(&s->pt.pool);
  //@ assert gp: GoodPt(&s->pt);
  //@ assert ct: SpaceCounts(s);
  return r;
}

/** Does an area or a leaf with this attr allow the access? */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> gives(attr, access);
    ensures bits: \result <==> (attr & access) == access; */
S2_INLINE bool allows(uint32_t attr, uint32_t access) {
  return (attr & access) == access;
}

/** s2_areas_look(): no word of the page table changes. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && AreasInv(&s->areas) && 0 <= g;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures still: AreasStill{Pre,Post}(&s->areas);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures rec: SpaceRecord{Pre,Post}(s);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(&s->areas, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(&s->areas, h) && AreaPay(&s->areas, h) == pay(\result.delta, \result.attr, \result.backend); */
S2_INLINE struct s2_area look_words(struct s2_space *s, int64_t g) {
  //@ assert stk: \separated(&s->areas, s->pt.pool.stack + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  //@ ghost s2_lemma_lists(&s->pt.pool);
  struct s2_area a = s2_areas_look(&s->areas, g);
  //@ assert s0: \forall integer k; 0 <= k < s->pt.pool.cap ==> s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k,Here)], Pre);
  //@ assert sh: Shape(&s->pt.pool);
  //@ assert ro: Root(&s->pt.pool);
  //@ assert n0: s->pt.pool.nfree == \at(s->pt.pool.nfree, Pre) && s->pt.pool.nlimbo == \at(s->pt.pool.nlimbo, Pre);
  //@ assert us: \forall integer l; 0 <= l <= 4 ==> s->pt.pool.used[l] == \at(s->pt.pool.used[\at(l,Here)], Pre);
  //@ assert li: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].live == \at(s->pt.pool.nodes[t].live, Pre);
  //@ assert le: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].level == \at(s->pt.pool.nodes[t].level, Pre) && s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
  //@ assert s1: \forall integer k; 0 <= k < s->pt.pool.nfree ==> s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k,Here)], Pre);
  //@ assert sr0: \forall integer k; 0 <= k < s->pt.pool.nfree ==> 0 <= s->pt.pool.stack[k] < s->pt.pool.cap;
  //@ assert sk: \forall integer k; 0 <= k < s->pt.pool.nfree ==> s->pt.pool.nodes[s->pt.pool.stack[k]].level == 255 && s->pt.pool.nodes[s->pt.pool.stack[k]].key == k;
  //@ assert f1: Free1(&s->pt.pool);
  //@ assert f0: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].level == 255 ==> 0 <= s->pt.pool.nodes[t].key < s->pt.pool.nfree && s->pt.pool.stack[s->pt.pool.nodes[t].key] == t;
  //@ assert f2: Free2(&s->pt.pool);
  //@ assert l1: Limbo1(&s->pt.pool);
  //@ assert l2: Limbo2(&s->pt.pool);
  //@ assert gp: GoodPt(&s->pt);
  //@ assert t1: \forall integer l; tally(&s->pt.pool, l) == census(&s->pt.pool, l, s->pt.pool.cap);
  //@ assert t2: \forall integer l; \at(tally(&s->pt.pool, l), Pre) == census(&s->pt.pool, l, s->pt.pool.cap);
  //@ assert t3: \forall integer l; \at(tally(&s->pt.pool, l), Pre) == tally(&s->pt.pool, l);
  //@ assert c1: \forall integer l; 0 <= l <= 4 ==> s->pt.pool.used[l] == tally(&s->pt.pool, l);
  //@ assert c2: s->pt.pool.nfree == tally(&s->pt.pool, 255);
  //@ assert c3: s->pt.pool.nlimbo == tally(&s->pt.pool, 252) + tally(&s->pt.pool, 253);
  //@ assert co: Counts(&s->pt.pool);
  //@ assert lv: Live(&s->pt.pool);
  //@ assert fz: FreeZero(&s->pt.pool);
  //@ assert dn: Down(&s->pt.pool);
  //@ assert re: Reach(&s->pt.pool);
  //@ assert nm: NoMarks(&s->pt.pool);
  //@ assert nb: NoBad(&s->pt.pool);
  //@ assert gd: Good(&s->pt);
  //@ assert same: Same{Pre,Here}(&s->pt.pool);
  //@ assert ends: SameEnds{Pre,Here}(&s->pt.pool);
#ifdef __FRAMAC__
#include "proofs/wp/areas_looked.acsl"
#endif
  //@ assert rec: AreasRecord{Pre,Here}(&s->areas);
  //@ assert still: AreasStill{Pre,Here}(&s->areas);
  //@ assert sr: SpaceRecord{Pre,Here}(s);
  return a;
}

/** s2_areas_look(): nothing else changes. */
/*@ requires inv: SpaceInv(s) && 0 <= g;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures range: InRange(s);
    ensures in: InArea(s);
    ensures linear: LinearThere(s);
    ensures pages: AreaPages(s);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(&s->areas, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(&s->areas, h) && AreaPay(&s->areas, h) == pay(\result.delta, \result.attr, \result.backend); */
S2_INLINE struct s2_area looked(struct s2_space *s, int64_t g) {
  struct s2_area a = look_words(s, g);
  //@ assert kn: KeptNone{Pre,Here}(&s->areas);
  //@ assert kp: KeptPay{Pre,Here}(&s->areas);
  //@ assert pa: SamePA{Pre,Here}(&s->pt.pool);
  //@ assert new: NoneNew{Pre,Here}(s);
  return a;
}

/** The area of gpa, an address of the space: most likely the one of the last fault. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures range: InRange(s);
    ensures in: InArea(s);
    ensures linear: LinearThere(s);
    ensures pages: AreaPages(s);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(&s->areas, gpa);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= gpa < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(&s->areas, h) && AreaPay(&s->areas, h) == pay(\result.delta, \result.attr, \result.backend); */
S2_INLINE struct s2_area area_of(struct s2_space *s, uint64_t gpa) {
  //@ assert wd: width(s->pt.gpa_bits) <= width(62) && width(62) == 4611686018427387904;
  int64_t g = (int64_t)gpa;
  if (S2_LIKELY(s2_hits_again(&s->areas, g))) {
    return s2_area_here(&s->areas, s->areas.hit_p, s->areas.hit_i) /*@ ghost (g) */;
  }
  return looked(s, g);
}

/** Does memory of the host's allocator lie at gpa, where an area is? */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures alloc: \result ==> !NoArea{Pre}(&s->areas, gpa) && OfKind(AreaPay{Pre}(&s->areas, gpa), 2);
    ensures other: \result ==> !Linear(AreaPay{Pre}(&s->areas, gpa)); */
static bool allocated(struct s2_space *s, uint64_t gpa) {
  uint32_t backend = area_of(s, gpa).backend;
  bool is = (backend & S2_BACK_KIND) == S2_BACK_ALLOC;
  //@ assert other: is ==> backend != 1;
  return is;
}

/** A write to a page that others own too: it gets a copy of its own. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires there: PA(&s->pt.pool, gpa) != -1 && SpaceRange(s) && s->base <= gpa < s->limit;
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind == S2_FAULT_RESOLVED ==> \forall integer x; 0 <= x < 16 ==> gives(attr, x) ==> gives(AT(&s->pt.pool, gpa), x);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
static struct s2_fault_result copied(struct s2_space *s, uint64_t gpa, uint32_t attr) {
  //@ ghost s2_lemma_floor(gpa, 0, s->pt.gpa_bits);
  //@ ghost s2_lemma_leaf(&s->pt.pool);
  //@ assert fl: floor(floor(gpa, 0), lev(&s->pt.pool, gpa)) == floor(gpa, lev(&s->pt.pool, gpa));
  //@ assert pa: PA(&s->pt.pool, floor(gpa, 0)) != -1;
  //@ assert end: floor(gpa, 0) + 4096 <= width(s->pt.gpa_bits);
  uint64_t page = gpa - s2_offset(gpa, 0);
  //@ assert pg: page == floor(gpa, 0);
  //@ assert p0: off(page, 0) == 0;
  //@ assert p1: page + 4096 <= width(s->pt.gpa_bits);
  //@ assert p2: PA(&s->pt.pool, page) != -1;
  //@ assert pi: page <= gpa < page + 4096;
  s2_status st = s2_copy_page(s, page, attr);
  //@ assert bl: s->base == \at(s->base, Pre);
  //@ assert bm: s->limit == \at(s->limit, Pre);
  //@ assert rg: SpaceRange(s);
  if (st != S2_OK) {
    return answer(s, S2_FAULT_NO_MEMORY, st, 0);
  }
  //@ assert on: PA(&s->pt.pool, gpa) != -1;
  uint64_t hpa = s2_translate(s, gpa).hpa;
  //@ assert at: PA(&s->pt.pool, gpa) == hpa;
  return answer(s, S2_FAULT_RESOLVED, S2_OK, hpa);
}

/** Other rights for the leaf of level l at base, which no CPU has otherwise on return. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && l <= S2_MAX_LEVEL;
    requires leaf: base + gran(l) <= width(s->pt.gpa_bits) && Boundary(&s->pt.pool, base) && Boundary(&s->pt.pool, base + gran(l));
    requires rights: RightsMade(rights);
    terminates \true; exits \false;
    assigns s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures addr: SamePA{Pre,Post}(&s->pt.pool);
    ensures in: \forall integer g; base <= g < base + gran(l) ==> PA(&s->pt.pool, g) != -1 ==>
                  AT(&s->pt.pool, g) == with_rights(\old(AT(&s->pt.pool, g)), rights); */
S2_INLINE void regained(struct s2_space *s, uint64_t base, uint8_t l, uint32_t rights) {
  //@ assert wd: width(s->pt.gpa_bits) <= width(62) && width(62) == 4611686018427387904 && 0 < gran(l);
  //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  uint64_t end = base + s2_span(l);
  uint32_t level = s2_set_rights(&s->pt.pool, base, end, rights);
  //@ assert ins: Inside(&s->pt);
  //@ assert gpt: GoodPt(&s->pt);
  //@ assert ct: SpaceCounts(s);
  s2_flush_range(&s->pt, base, end, level);
  //@ assert still: Inside(&s->pt);
  //@ assert cts: SpaceCounts(s);
}

/** The leaf of level l around gpa, of an area with this attr, gets the rights that access asks for. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits) && l <= S2_MAX_LEVEL;
    requires leaf: lev(&s->pt.pool, gpa) == l && PA(&s->pt.pool, gpa) != -1;
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures addr: SamePA{Pre,Post}(&s->pt.pool);
    ensures gives: gives(AT(&s->pt.pool, gpa), access); */
S2_INLINE void granted(struct s2_space *s, uint64_t gpa, uint8_t l, uint32_t attr, uint32_t access) {
  /* others may own the frame of a leaf that is not written to now: it stays read-only */
  uint32_t rights = s->shares && (access & S2_W) == 0 ? attr & (S2_RIGHTS & ~S2_W) : attr & S2_RIGHTS;
  //@ assert r1: 0 <= (attr & 15) < 16;
  //@ assert r2: 0 <= (attr & 13) < 16;
  //@ assert range: 0 <= rights < 16;
  //@ assert legal: attr_legal(s->pt.pool.features, rights);
  //@ assert gives: gives(rights, access);
  //@ assert made: RightsMade(rights);
  //@ ghost s2_lemma_edges(&s->pt.pool, gpa, l);
  //@ ghost s2_lemma_sound(&s->pt.pool);
  //@ ghost s2_lemma_root(&s->pt.pool);
  //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert fl: floor(gpa, l) == gpa - off(gpa, l) && 0 <= floor(gpa, l) <= gpa < floor(gpa, l) + gran(l) && off(floor(gpa, l), l) == 0;
  //@ assert top: l <= s->pt.pool.top;
  //@ assert wd: off(width(s->pt.gpa_bits), l) == 0;
  //@ assert end: floor(gpa, l) + gran(l) <= width(s->pt.gpa_bits);
  //@ assert had: attr_made(AT(&s->pt.pool, gpa));
  regained(s, gpa - s2_offset(gpa, l), l, rights);
  //@ assert still: PA(&s->pt.pool, gpa) != -1;
  //@ assert at: AT(&s->pt.pool, gpa) == with_rights(\at(AT(&s->pt.pool, gpa), Pre), rights);
}

/** Where leaf e of level l maps gpa. */
/*@ requires leaf: l <= S2_MAX_LEVEL && pte_kind(l, e) == 1;
    requires host: 0 <= S2_FMT_HPA_BITS <= 56;
    terminates \true; exits \false; assigns \nothing;
    ensures at: \result == pte_pa(l, e) + off(gpa, l); */
S2_INLINE uint64_t leaf_hpa(uint8_t l, uint64_t e, uint64_t gpa) {
  //@ assert wd: width(S2_FMT_HPA_BITS) <= width(62) && width(62) == 4611686018427387904;
  //@ assert of: 0 <= off(gpa, l) < gran(l);
  return s2_entry_hpa(l, e) + s2_offset(gpa, l);
}

/** Does the access write to memory of the host's allocator that others own too? The leaf of level l around gpa maps it at hpa. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures shares: \result ==> s->shares;
    ensures other: \result ==> !Linear(AreaPay{Pre}(&s->areas, gpa)); */
S2_INLINE bool taken(struct s2_space *s, uint64_t gpa, uint64_t hpa, uint8_t l, uint32_t access) {
  if (!s->shares || (access & S2_W) == 0) {
    return false;
  }
  /* a linear area names its memory, however many share it */
  bool alloc = allocated(s, gpa);
  return alloc && s2_host_frame_shared(s->pt.flush.ctx, hpa, s2_order(l));
}

/** A leaf has fewer rights than its area: they are given now. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && l <= S2_MAX_LEVEL;
    requires end: lev(&s->pt.pool, gpa) == l && cur(&s->pt.pool, gpa) == e && pte_kind(l, e) == 1;
    requires area: !NoArea(&s->areas, gpa) && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures there: \result.kind != S2_FAULT_NO_MEMORY ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind != S2_FAULT_NO_MEMORY ==> gives(AT(&s->pt.pool, gpa), access);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
static struct s2_fault_result lacking(struct s2_space *s, uint64_t gpa, uint64_t e, uint8_t l, uint32_t attr,
                                      uint32_t access) {
  //@ assert apart: \separated(&s->areas, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1), s->pt.pool.stack + (0 .. s->pt.pool.cap-1));
  //@ assert pa: PA(&s->pt.pool, gpa) == pte_pa(l, e) + off(gpa, l) && PA(&s->pt.pool, gpa) != -1 && AT(&s->pt.pool, gpa) == pte_attr(l, e);
  //@ assert legal: attr_legal(s->pt.pool.features, attr);
  uint64_t hpa = leaf_hpa(l, e, gpa);
  if (taken(s, gpa, s2_entry_hpa(l, e), l, access)) {
    //@ ghost s2_lemma_one_page(gpa);
    //@ assert lin: !Linear(AreaPay{Pre}(&s->areas, gpa));
    //@ assert pn: \forall integer g; OnePage(gpa, g) ==> !NoArea{Pre}(&s->areas, g);
    //@ assert pp: \forall integer g; OnePage(gpa, g) ==> AreaPay{Pre}(&s->areas, g) == AreaPay{Pre}(&s->areas, gpa);
    //@ assert page: \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> !NoArea{Pre}(&s->areas, g) && !Linear(AreaPay{Pre}(&s->areas, g));
    //@ assert copy: PA(&s->pt.pool, gpa) != -1;
    //@ assert held: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    //@ assert x_sh: \separated(&s->shares, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
    struct s2_fault_result copy = copied(s, gpa, attr);
    //@ assert copy_shares: s->shares;
    //@ assert copy_place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    return copy;
  }
  //@ assert end: lev(&s->pt.pool, gpa) == l && PA(&s->pt.pool, gpa) != -1;
  granted(s, gpa, l, attr, access);
  //@ assert addr: SamePA{Pre,Here}(&s->pt.pool);
  //@ assert at: PA(&s->pt.pool, gpa) == hpa;
  //@ assert place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
  struct s2_fault_result r = answer(s, S2_FAULT_RESOLVED, S2_OK, hpa);
  //@ assert good: Good(&s->pt);
  //@ assert gives: gives(AT(&s->pt.pool, gpa), access);
  //@ assert end_kept: StillThere{Pre,Here}(s);
  //@ assert end_place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
  return r;
}

/** A leaf is there: enough rights, or (write-protected for tracking) fewer than its area, which are given now. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && l <= S2_MAX_LEVEL;
    requires end: lev(&s->pt.pool, gpa) == l && cur(&s->pt.pool, gpa) == e && pte_kind(l, e) == 1;
    requires area: !NoArea(&s->areas, gpa) && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures there: \result.kind != S2_FAULT_NO_MEMORY ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind != S2_FAULT_NO_MEMORY ==> gives(AT(&s->pt.pool, gpa), access);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
static struct s2_fault_result present(struct s2_space *s, uint64_t gpa, uint64_t e, uint8_t l, uint32_t attr,
                                      uint32_t access) {
  //@ assert apart: \separated(&s->areas, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1), s->pt.pool.stack + (0 .. s->pt.pool.cap-1));
  //@ assert pa: PA(&s->pt.pool, gpa) == pte_pa(l, e) + off(gpa, l) && PA(&s->pt.pool, gpa) != -1 && AT(&s->pt.pool, gpa) == pte_attr(l, e);
  //@ assert legal: attr_legal(s->pt.pool.features, attr);
  uint64_t hpa = leaf_hpa(l, e, gpa);
  if (allows(s2_entry_attr(l, e), access)) {
    struct s2_fault_result was = answer(s, S2_FAULT_SPURIOUS, S2_OK, hpa);
    //@ assert was_place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    return was;
  }
  return lacking(s, gpa, e, l, attr, access);
}

/** What came of a hole: a leaf that every CPU may now use, or no memory. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && got.level <= S2_MAX_LEVEL && gpa < width(s->pt.gpa_bits);
    terminates \true; exits \false;
    assigns s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == (got.status == S2_OK ? S2_FAULT_RESOLVED : S2_FAULT_NO_MEMORY) && \result.status == got.status;
    ensures hpa: got.status == S2_OK ==> \result.hpa == got.hpa; */
S2_INLINE struct s2_fault_result settled(struct s2_space *s, uint64_t gpa, struct s2_got got) {
  if (got.status != S2_OK) {
    return answer(s, S2_FAULT_NO_MEMORY, got.status, 0);
  }
  //@ assert lv: (uint8_t)got.level == got.level;
  //@ assert fl: floor(gpa, got.level) == gpa - off(gpa, got.level) && 0 <= floor(gpa, got.level);
  uint64_t base = gpa - s2_offset(gpa, (uint8_t)got.level);
  //@ assert ba: base <= gpa;
  //@ assert wd: width(s->pt.gpa_bits) <= width(62);
  //@ assert gr: 0 < gran(got.level) <= 281474976710656;
  //@ assert wn: width(62) == 4611686018427387904;
  //@ assert bm: base + gran(got.level) <= 9223372036854775807;
  s2_flush_mapped(&s->pt, base, base + s2_span((uint8_t)got.level), got.level, got.linked);
  //@ assert ct: SpaceCounts(s);
  //@ assert gd: Good(&s->pt);
  return answer(s, S2_FAULT_RESOLVED, S2_OK, got.hpa);
}

/*
 * What is seldom is apart, and asks again for what it needs: the area, the end of the path. So the fault of a page, which
 * is what most faults are, keeps none of it over its calls of the host.
 */

/** One leaf around gpa, inside the alloc area [lo, hi), and what came of it. */
/*@ requires inv: SpaceInv(s) && lo <= gpa < hi <= width(s->pt.gpa_bits);
    requires area: \forall integer g; lo <= g < hi ==> !NoArea(&s->areas, g) && !Linear(AreaPay(&s->areas, g));
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result blocked(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr) {
  struct s2_got got = s2_alloc_one(s, gpa, lo, hi, attr, true);
  //@ ghost s2_lemma_one_page(gpa);
  //@ assert pg: page == 4096 && gran(0) == 4096;
  //@ assert fl: floor(gpa, got.level) <= gpa < floor(gpa, got.level) + gran(got.level);
  //@ assert of: off(gpa, got.level) == gpa - floor(gpa, got.level);
  //@ assert in: got.status == S2_OK ==> PA(&s->pt.pool, gpa) == got.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
  //@ assert big: got.status == S2_OK ==> 0 < got.level ==> \forall integer g; floor(gpa, got.level) <= g < floor(gpa, got.level) + gran(got.level) ==> lo <= g < hi;
  //@ assert gp: !NoArea{Pre}(&s->areas, gpa) && !Linear(AreaPay{Pre}(&s->areas, gpa));
  //@ assert one: \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + gran(0) ==> OnePage(gpa, g);
  //@ assert pn: \forall integer g; OnePage(gpa, g) ==> !NoArea{Pre}(&s->areas, g);
  //@ assert pp: \forall integer g; OnePage(gpa, g) ==> AreaPay{Pre}(&s->areas, g) == AreaPay{Pre}(&s->areas, gpa);
  //@ assert page: \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + gran(0) ==> !NoArea{Pre}(&s->areas, g) && !Linear(AreaPay{Pre}(&s->areas, g));
  //@ assert ar: got.status == S2_OK ==> \forall integer g; floor(gpa, got.level) <= g < floor(gpa, got.level) + gran(got.level) ==> !NoArea{Pre}(&s->areas, g) && !Linear(AreaPay{Pre}(&s->areas, g));
  //@ assert changed: ChangedIn{Pre,Here}(s);
  //@ assert kept: StillThere{Pre,Here}(s);
  return settled(s, gpa, got);
}

/** A hole in an alloc area whose memory may come in blocks. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit;
    requires area: !NoArea(&s->areas, gpa) && OfKind(AreaPay(&s->areas, gpa), 2) && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_APART struct s2_fault_result absent_block(struct s2_space *s, uint64_t gpa) /*@ ghost (uint32_t attr) */ {
  struct s2_area area = area_of(s, gpa);
  //@ ghost Looked: ;
  //@ assert some: !NoArea(&s->areas, gpa);
  //@ assert pay: AreaPay(&s->areas, gpa) == pay(area.delta, area.attr, area.backend);
  //@ assert was: AreaPay(&s->areas, gpa) == AreaPay{Pre}(&s->areas, gpa);
  //@ assert attr: area.attr == attr && (area.backend & 0xff) == 2;
  //@ assert legal: attr_legal(s->pt.pool.features, area.attr);
  //@ assert kind: area.backend != 1;
  //@ assert end: !NoArea(&s->areas, area.end - 1);
  //@ assert last: area.end - 1 < s->limit;
  //@ assert lin: \forall integer g; area.start <= g < area.end ==> !NoArea(&s->areas, g) && !Linear(AreaPay(&s->areas, g));
  struct s2_fault_result r = blocked(s, gpa, (uint64_t)area.start, (uint64_t)area.end, area.attr);
  //@ assert changed: ChangedIn{Looked,Here}(s);
  //@ assert kept: StillThere{Looked,Here}(s);
  return r;
}

/** The page at gpa, whose path ends at `at`, and what came of it. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures page: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) != -1;
    ensures was: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result paged(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr) {
  struct s2_got got = s2_page_in(s, at, gpa, attr);
  //@ ghost s2_lemma_floor(gpa, 0, s->pt.gpa_bits);
  //@ assert fl: floor(gpa, 0) <= gpa < floor(gpa, 0) + 4096;
  //@ assert pg: got.status == S2_OK ==> PA(&s->pt.pool, gpa) == got.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
  //@ assert on: got.status == S2_OK ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) != -1;
  return settled(s, gpa, got);
}

/** A hole above the leaf tables: with the page come the tables below. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures page: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) != -1;
    ensures was: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_APART struct s2_fault_result absent_table(struct s2_space *s, uint64_t gpa, uint32_t attr) {
  return paged(s, gpa, s2_pos_at(&s->pt.pool, gpa), attr);
}

/** The page of a hole: by the way that its level asks for. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && gpa < width(s->pt.gpa_bits);
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures page: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) != -1;
    ensures was: \result.kind == S2_FAULT_RESOLVED ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result page_hole(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr) {
  if (S2_LIKELY(at.l == 0)) {
    return paged(s, gpa, at, attr);
  }
  return absent_table(s, gpa, attr);
}

/** A hole in an alloc area: memory that is brought in now. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && at.e == 0;
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires area: !NoArea(&s->areas, gpa) && pay_backend(AreaPay(&s->areas, gpa)) == backend && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires alloc: (backend & 0xff) == 2;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result alloc_hole(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr,
                                            uint32_t backend) {
  if ((backend & S2_BACK_BLOCKS) != 0) {
    return absent_block(s, gpa) /*@ ghost (attr) */;
  }
  //@ assert apart: \separated(&s->areas, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  //@ assert legal: attr_legal(s->pt.pool.features, attr);
  //@ ghost s2_lemma_one_page(gpa);
  //@ assert kind: backend != 1;
  //@ assert lin: !Linear(AreaPay(&s->areas, gpa));
  //@ assert pn: \forall integer g; OnePage(gpa, g) ==> !NoArea(&s->areas, g);
  //@ assert pp: \forall integer g; OnePage(gpa, g) ==> AreaPay(&s->areas, g) == AreaPay(&s->areas, gpa);
  //@ assert page: \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> !NoArea(&s->areas, g) && !Linear(AreaPay(&s->areas, g));
  struct s2_fault_result r = page_hole(s, gpa, at, attr);
  //@ assert good: Good(&s->pt);
  //@ assert place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
  //@ assert changed: ChangedIn{Pre,Here}(s);
  //@ assert kept: StillThere{Pre,Here}(s);
  return r;
}

/** A hole in an area with this attr and backend: memory that is brought in now, or never was mapped. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && at.e == 0;
    requires at: Used(&s->pt.pool, at.t) && at.l == s->pt.pool.nodes[at.t].level && at.i < 512 &&
                 In(&s->pt.pool, at.t, at.i, gpa) && at.e == s->pt.pool.tables[at.t].e[at.i];
    requires area: !NoArea(&s->areas, gpa) && pay_backend(AreaPay(&s->areas, gpa)) == backend && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: (backend & 0xff) == 2 ? \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_NO_MEMORY
                                        : \result.kind == S2_FAULT_NO_AREA;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED ==> PA(&s->pt.pool, gpa) == \result.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result absent(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr,
                                        uint32_t backend) {
  //@ assert apart: \separated(&s->areas, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  if ((backend & S2_BACK_KIND) != S2_BACK_ALLOC) {
    struct s2_fault_result no = answer(s, S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
    //@ assert no_good: Good(&s->pt);
    //@ assert no_place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    return no;
  }
  return alloc_hole(s, gpa, at, attr, backend);
}

/** Where no hole is, in an area with this attr: a leaf, or what no call of the library leaves behind. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && l <= S2_MAX_LEVEL;
    requires end: lev(&s->pt.pool, gpa) == l && cur(&s->pt.pool, gpa) == e && e != 0;
    requires area: !NoArea(&s->areas, gpa) && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures there: \result.kind != S2_FAULT_NO_MEMORY ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind != S2_FAULT_NO_MEMORY ==> gives(AT(&s->pt.pool, gpa), access);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_APART struct s2_fault_result occupied(struct s2_space *s, uint64_t gpa, uint64_t e, uint8_t l, uint32_t attr,
                                         uint32_t access) {
  if (s2_entry_kind(l, e) == S2_LEAF) {
    return present(s, gpa, e, l, attr, access);
  }
  return answer(s, S2_FAULT_NO_MEMORY, S2_ERR_MAPPED, 0);
}

/** A fault in an area with this attr, which allows the access, and backend. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit;
    requires area: !NoArea(&s->areas, gpa) && pay_backend(AreaPay(&s->areas, gpa)) == backend && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures place: 0 <= s->areas.hit_p && 0 <= s->areas.hit_i;
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY ||
                    \result.kind == S2_FAULT_NO_AREA && (backend & 0xff) != 2 && PA(&s->pt.pool, gpa) == -1;
    ensures changed: ChangedIn{Pre,Post}(s);
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==> gives(AT(&s->pt.pool, gpa), access);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result allowed(struct s2_space *s, uint64_t gpa, uint32_t attr, uint32_t backend,
                                         uint32_t access) {
  //@ assert dom: Dom(&s->pt.pool, gpa);
  //@ assert legal: attr_legal(s->pt.pool.features, attr);
  //@ assert new: gives(new_attr(attr), access);
  struct s2_pos at = s2_pos_at(&s->pt.pool, gpa);
  if (S2_LIKELY(at.e == 0)) { /* a hole needs no decoding */
    //@ assert none: PA(&s->pt.pool, gpa) == -1;
    return absent(s, gpa, at, attr, backend);
  }
  return occupied(s, gpa, at.e, at.l, attr, access);
}

/** The same: no area changes, and areas and tables agree as before. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit;
    requires area: !NoArea(&s->areas, gpa) && pay_backend(AreaPay(&s->areas, gpa)) == backend && pay_attr(AreaPay(&s->areas, gpa)) == attr;
    requires access: 0 < access < 16 && gives(attr, access);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats, s->areas.hit_p, s->areas.hit_i;
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures range: InRange(s);
    ensures in: InArea(s);
    ensures linear: LinearThere(s);
    ensures pages: AreaPages(s);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures kind: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY ||
                    \result.kind == S2_FAULT_NO_AREA && (backend & 0xff) != 2 && PA(&s->pt.pool, gpa) == -1;
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures there: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==> PA(&s->pt.pool, gpa) == \result.hpa;
    ensures gives: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==> gives(AT(&s->pt.pool, gpa), access);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result in_area(struct s2_space *s, uint64_t gpa, uint32_t attr, uint32_t backend,
                                         uint32_t access) {
#ifdef __FRAMAC__
#include "proofs/wp/areas_apart.acsl"
#include "proofs/wp/space_apart.acsl"
#endif
  struct s2_fault_result r = allowed(s, gpa, attr, backend, access);
#ifdef __FRAMAC__
#include "proofs/wp/areas_looked.acsl"
#endif
  //@ assert mem: AreaMem(&s->areas);
  //@ assert rec: AreasRecord{Pre,Here}(&s->areas);
  //@ assert still: AreasStill{Pre,Here}(&s->areas);
  //@ assert inv: AreasInv(&s->areas);
  //@ assert kn: KeptNone{Pre,Here}(&s->areas);
  //@ assert kp: KeptPay{Pre,Here}(&s->areas);
  //@ assert bl: s->base == \at(s->base, Pre) && s->limit == \at(s->limit, Pre);
  //@ assert shares: s->shares == \at(s->shares, Pre);
  //@ assert sr: SpaceRecord{Pre,Here}(s);
  return r;
}

/** The answer to a fault that changes nothing. */
/*@ requires inv: SpaceInv(s) && 0 <= kind <= 5;
    terminates \true; exits \false; assigns s->stats.faults[kind];
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures range: InRange(s);
    ensures in: InArea(s);
    ensures linear: LinearThere(s);
    ensures pages: AreaPages(s);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures is: \result.kind == kind; */
S2_INLINE struct s2_fault_result refused(struct s2_space *s, enum s2_fault_kind kind, s2_status status) {
#ifdef __FRAMAC__
#include "proofs/wp/areas_apart.acsl"
#endif
  struct s2_fault_result r = answer(s, kind, status, 0);
#ifdef __FRAMAC__
#include "proofs/wp/areas_looked.acsl"
#endif
  //@ assert mem: AreaMem(&s->areas);
  //@ assert rec: AreasRecord{Pre,Here}(&s->areas);
  //@ assert still: AreasStill{Pre,Here}(&s->areas);
  //@ assert inv: AreasInv(&s->areas);
  //@ assert kn: KeptNone{Pre,Here}(&s->areas);
  //@ assert kp: KeptPay{Pre,Here}(&s->areas);
  //@ assert pa: SamePA{Pre,Here}(&s->pt.pool);
  //@ assert sr: SpaceRecord{Pre,Here}(s);
  //@ assert new: NoneNew{Pre,Here}(s);
  return r;
}

/** A fault at an address of the space. */
/*@ requires inv: SpaceInv(s) && s->base <= gpa < s->limit && 0 < access < 16;
    terminates \true; exits \false;
    assigns FAULT_WRITES(s);
    ensures memory: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures inv: AreasInv(&s->areas);
    ensures range: InRange(s);
    ensures in: InArea(s);
    ensures linear: LinearThere(s);
    ensures pages: AreaPages(s);
    ensures kept_none: KeptNone{Pre,Post}(&s->areas);
    ensures kept_pay: KeptPay{Pre,Post}(&s->areas);
    ensures kind: \result.kind != S2_FAULT_BAD;
    ensures there: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==>
                     PA(&s->pt.pool, gpa) == \result.hpa && gives(AT(&s->pt.pool, gpa), access);
    ensures none: \result.kind == S2_FAULT_NO_AREA ==> (NoArea{Pre}(&s->areas, gpa) || !OfKind(AreaPay{Pre}(&s->areas, gpa), 2)) &&
                    PA(&s->pt.pool, gpa) == -1;
    ensures denied: \result.kind == S2_FAULT_DENIED ==> !NoArea{Pre}(&s->areas, gpa) && !gives(pay_attr(AreaPay{Pre}(&s->areas, gpa)), access);
    ensures allowed: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS || \result.kind == S2_FAULT_NO_MEMORY ==>
                       !NoArea{Pre}(&s->areas, gpa) && gives(pay_attr(AreaPay{Pre}(&s->areas, gpa)), access);
    ensures kept: !s->shares ==> StillThere{Pre,Post}(s);
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_INLINE struct s2_fault_result within(struct s2_space *s, uint64_t gpa, uint32_t access) {
  //@ assert dom: Dom(&s->pt.pool, gpa);
  struct s2_area area = area_of(s, gpa);
  //@ ghost Looked: ;
  //@ assert still: StillThere{Pre,Here}(s);
  if (area.backend == S2_BACK_NONE) {
    //@ assert none: NoArea{Pre}(&s->areas, gpa) && PA(&s->pt.pool, gpa) == -1;
    return refused(s, S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED);
  }
  //@ assert pay: AreaPay(&s->areas, gpa) == pay(area.delta, area.attr, area.backend);
  //@ assert was: !NoArea{Pre}(&s->areas, gpa) && AreaPay{Pre}(&s->areas, gpa) == pay(area.delta, area.attr, area.backend);
  if (!allows(area.attr, access)) {
    return refused(s, S2_FAULT_DENIED, S2_ERR_DENIED);
  }
  struct s2_fault_result r = in_area(s, gpa, area.attr, area.backend, access);
  //@ assert kn: KeptNone{Pre,Here}(&s->areas);
  //@ assert kp: KeptPay{Pre,Here}(&s->areas);
  //@ assert kept: !s->shares ==> StillThere{Pre,Here}(s);
  //@ assert same: r.kind != S2_FAULT_RESOLVED ==> Same{Pre,Here}(&s->pt.pool);
  return r;
}

struct s2_fault_result s2_fault(struct s2_space *s, uint64_t gpa, uint32_t access) {
  if (access == 0 || access > S2_RIGHTS) {
    struct s2_fault_result bad = refused(s, S2_FAULT_BAD, S2_ERR_ATTR);
    //@ assert bad_same: SpaceSame{Pre,Here}(s);
    return bad;
  }
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    //@ assert no: NoArea(&s->areas, gpa);
    //@ assert un: Dom(&s->pt.pool, gpa) ==> PA(&s->pt.pool, gpa) == -1;
    s2_status why = gpa < s2_width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH;
    struct s2_fault_result none = refused(s, S2_FAULT_NO_AREA, why);
    //@ assert none_same: SpaceSame{Pre,Here}(s);
    return none;
  }
  struct s2_fault_result r = within(s, gpa, access);
  //@ assert pay: !NoArea(&s->areas, gpa) ==> AreaPay(&s->areas, gpa) == AreaPay{Pre}(&s->areas, gpa);
  //@ assert no: NoArea(&s->areas, gpa) <==> NoArea{Pre}(&s->areas, gpa);
  //@ assert kept: AreasKept{Pre,Here}(&s->areas);
  //@ assert same: r.kind != S2_FAULT_RESOLVED ==> SpaceSame{Pre,Here}(s);
  return r;
}
