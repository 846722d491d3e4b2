/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fault.c - one guest access faulted: resolved, spurious, denied, in no area, or out of memory. Nothing else. */
#include "stage2/host.h"
#include "stage2/space.h"
#include "again.h"
#include "alloc.h"
#include "ops.h"
#include "share.h"

/** What came of a fault, counted. */
/*@ requires s: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && 0 <= kind <= 5;
    terminates \true; exits \false; assigns s->stats.faults[kind];
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures is: \result.kind == kind && \result.status == status && \result.hpa == hpa;
    ensures one: s->stats.faults[kind] == (\old(s->stats.faults[kind]) < INT64_MAX ? \old(s->stats.faults[kind]) + 1 : INT64_MAX); */
S2_INLINE struct s2_fault_result answer(struct s2_space *s, enum s2_fault_kind kind, s2_status status, uint64_t hpa) {
  struct s2_fault_result r = {kind, status, hpa};
  s2_count(&s->stats.faults[kind], 1);
  //@ assert key: \forall integer t; 0 <= t < s->pt.pool.cap ==> s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
  //@ assert sh: Shape(&s->pt.pool);
  //@ assert ro: Root(&s->pt.pool);
  //@ assert dn: Down(&s->pt.pool);
  //@ assert re: Reach(&s->pt.pool);
  //@ assert s0: \forall integer k; 0 <= k < s->pt.pool.nfree ==> 0 <= s->pt.pool.stack[k] < s->pt.pool.cap && s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k,Here)], Pre);
  //@ assert sk: \forall integer k; 0 <= k < s->pt.pool.nfree ==> 0 <= s->pt.pool.stack[k] < s->pt.pool.cap && s->pt.pool.nodes[s->pt.pool.stack[k]].key == \at(s->pt.pool.nodes[s->pt.pool.stack[\at(k,Here)]].key, Pre);
  //@ assert f1: Free1(&s->pt.pool);
  //@ assert f2: Free2(&s->pt.pool);
  //@ assert l1: Limbo1(&s->pt.pool);
  //@ assert gp: GoodPt(&s->pt);
  //@ assert ct: SpaceCounts(s);
  return r;
}

/** A write to a page that others own too: it gets a copy of its own. */
/*@ requires inv: \valid(s) && Good(&s->pt);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result copied(struct s2_space *s, uint64_t gpa, uint32_t attr) {
  s2_status st = s2_copy_page(s, gpa - s2_offset(gpa, 0), attr);
  if (st != S2_OK) {
    return answer(s, S2_FAULT_NO_MEMORY, st, 0);
  }
  return answer(s, S2_FAULT_RESOLVED, S2_OK, s2_translate(s, gpa).hpa);
}

/** A leaf is there: enough rights, or (write-protected for tracking) fewer than its area, which are given now. */
/*@ requires inv: \valid(s) && Good(&s->pt) && pte_kind(l, e) == 1;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static struct s2_fault_result present(struct s2_space *s, uint64_t gpa, uint64_t e, uint8_t l, uint32_t attr,
                                      uint32_t access) {
  uint64_t base = gpa - s2_offset(gpa, l);
  uint64_t hpa = s2_entry_hpa(l, e) + (gpa - base);
  if ((s2_entry_attr(l, e) & access) == access) {
    return answer(s, S2_FAULT_SPURIOUS, S2_OK, hpa);
  }
  if (s->shares && (access & S2_W) != 0 && s2_host_frame_shared(s->pt.flush.ctx, s2_entry_hpa(l, e), s2_order(l))) {
    return copied(s, gpa, attr);
  }
  /* others may own the frame of a leaf that is not written to now: it stays read-only */
  uint32_t rights = s->shares && (access & S2_W) == 0 ? attr & (S2_RIGHTS & ~S2_W) : attr & S2_RIGHTS;
  uint64_t end = base + s2_span(l);
  s2_flush_range(&s->pt, base, end, s2_set_rights(&s->pt.pool, base, end, rights));
  return answer(s, S2_FAULT_RESOLVED, S2_OK, hpa);
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

/** The area of gpa, an address of the space: most likely the one of the last fault. */
/*@ requires inv: \valid(s) && AreasInv(&s->areas) && gpa <= 0x7fffffffffffffff;
    terminates \true; exits \false; assigns s->areas.hit_p, s->areas.hit_i;
    ensures inv: AreasInv(&s->areas);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(&s->areas, gpa);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= gpa < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(&s->areas, h) && AreaPay(&s->areas, h) == pay(\result.delta, \result.attr, \result.backend); */
S2_INLINE struct s2_area area_of(struct s2_space *s, uint64_t gpa) {
  int64_t g = (int64_t)gpa;
  if (S2_LIKELY(s2_hits_again(&s->areas, g))) {
    return s2_area_here(&s->areas, s->areas.hit_p, s->areas.hit_i) /*@ ghost (g) */;
  }
  return s2_areas_look(&s->areas, g);
}

/*
 * What is seldom is apart, and asks again for what it needs: the area, the end of the path. So the fault of a page, which
 * is what most faults are, keeps none of it over its calls of the host.
 */

/** A hole in an alloc area whose memory may come in blocks. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && s->base <= gpa < s->limit;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
S2_APART struct s2_fault_result absent_block(struct s2_space *s, uint64_t gpa) {
  struct s2_area area = area_of(s, gpa);
  return settled(s, gpa, s2_alloc_one(s, gpa, (uint64_t)area.start, (uint64_t)area.end, area.attr, true));
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
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, 0) <= g < floor(gpa, 0) + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result.kind != S2_FAULT_RESOLVED ==> Same{Pre,Post}(&s->pt.pool); */
S2_APART struct s2_fault_result absent_table(struct s2_space *s, uint64_t gpa, uint32_t attr) {
  struct s2_got got = s2_page_in(s, s2_pos_at(&s->pt.pool, gpa), gpa, attr);
  //@ ghost s2_lemma_floor(gpa, 0, s->pt.gpa_bits);
  //@ assert fl: floor(gpa, 0) <= gpa < floor(gpa, 0) + 4096;
  //@ assert pg: got.status == S2_OK ==> PA(&s->pt.pool, gpa) == got.hpa && AT(&s->pt.pool, gpa) == new_attr(attr);
  //@ assert on: got.status == S2_OK ==> \forall integer g; floor(gpa, 0) <= g < floor(gpa, 0) + 4096 ==> PA(&s->pt.pool, g) != -1;
  return settled(s, gpa, got);
}

/** A hole in an area with this attr and backend: memory that is brought in now, or never was mapped. */
/*@ requires inv: \valid(s) && Good(&s->pt) && at.e == 0 && s->base <= gpa < s->limit;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
S2_INLINE struct s2_fault_result absent(struct s2_space *s, uint64_t gpa, struct s2_pos at, uint32_t attr,
                                        uint32_t backend) {
  if ((backend & S2_BACK_KIND) != S2_BACK_ALLOC) {
    return answer(s, S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
  }
  if ((backend & S2_BACK_BLOCKS) != 0) {
    return absent_block(s, gpa);
  }
  if (S2_LIKELY(at.l == 0)) {
    return settled(s, gpa, s2_page_in(s, at, gpa, attr));
  }
  return absent_table(s, gpa, attr);
}

/** Where no hole is, in an area with this attr: a leaf, or what no call of the library leaves behind. */
/*@ requires inv: \valid(s) && Good(&s->pt) && e != 0 && l <= S2_MAX_LEVEL;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
S2_APART struct s2_fault_result occupied(struct s2_space *s, uint64_t gpa, uint64_t e, uint8_t l, uint32_t attr,
                                         uint32_t access) {
  if (s2_entry_kind(l, e) == S2_LEAF) {
    return present(s, gpa, e, l, attr, access);
  }
  return answer(s, S2_FAULT_NO_MEMORY, S2_ERR_MAPPED, 0);
}

struct s2_fault_result s2_fault(struct s2_space *s, uint64_t gpa, uint32_t access) {
  if (access == 0 || (access & ~S2_RIGHTS) != 0) {
    return answer(s, S2_FAULT_BAD, S2_ERR_ATTR, 0);
  }
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    return answer(s, S2_FAULT_NO_AREA, gpa < s2_width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH, 0);
  }
  struct s2_area area = area_of(s, gpa);
  if (area.backend == S2_BACK_NONE) {
    return answer(s, S2_FAULT_NO_AREA, S2_ERR_NOT_MAPPED, 0);
  }
  if ((area.attr & access) != access) {
    return answer(s, S2_FAULT_DENIED, S2_ERR_DENIED, 0);
  }
  struct s2_pos at = s2_pos_at(&s->pt.pool, gpa);
  if (S2_LIKELY(at.e == 0)) { /* a hole needs no decoding */
    return absent(s, gpa, at, area.attr, area.backend);
  }
  return occupied(s, gpa, at.e, at.l, area.attr, access);
}
