/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** backend_alloc.c - areas whose frames come from the host: obtained, zeroed, mapped; marked, invalidated, given back. */
#include "alloc.h"
#include "ops.h"
#include "share.h"

/*@ requires l: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures pages: 0 <= \result <= 68719476736; */
static int64_t pages_of(uint8_t l) {
  //@ assert cap: gran(l) <= 281474976710656;
  return (int64_t)(s2_span(l) / S2_PAGE_SIZE);
}

uint64_t s2_take_frame(const struct s2_space *s, uint8_t l) {
  return s2_frame_in(s, l);
}

struct s2_got s2_alloc_page(struct s2_space *s, struct s2_pos at, uint64_t gpa, uint32_t attr) {
  return s2_page_in(s, at, gpa, attr);
}

/** Can a block of level l at base be made: no larger than the host, inside [lo, hi), nothing there, tables enough? */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && 0 < l <= S2_MAX_LEVEL && l <= s->pt.pool.leaf_max;
    requires base: off(base, l) == 0 && base < hi <= width(s->pt.gpa_bits);
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result.status == S2_OK ==> lo <= base && base + gran(l) <= hi;
    ensures hole: \result.status == S2_OK ==> Hole(&s->pt.pool, base, base + gran(l), l);
    ensures room: \result.status == S2_OK ==> new_tables(base, base, l, lev(&s->pt.pool, base)) <= s->pt.pool.nfree; */
static struct s2_need check_block(const struct s2_space *s, uint64_t base, uint64_t lo, uint64_t hi, uint8_t l) {
  struct s2_need r = {S2_ERR_RANGE, 0};
  if (base >= lo && hi - base >= s2_span(l) && s2_span(l) <= s2_width(s->pt.hpa_bits)) {
    //@ assert bits: 0 <= s->pt.hpa_bits <= S2_FMT_HPA_BITS <= 56 && s->pt.gpa_bits <= 59;
    //@ ghost s2_lemma_width(s->pt.hpa_bits);
    //@ assert wa: width(s->pt.gpa_bits) <= width(62);
    //@ assert wb: width(s->pt.hpa_bits) <= width(S2_FMT_HPA_BITS);
    //@ assert wc: width(S2_FMT_HPA_BITS) <= width(62);
    //@ assert al: off(base, 0) == 0 && floor(base, l) == base && off(base + gran(l), l) == 0 && off(base + gran(l), 0) == 0;
    //@ assert zero: floor(0, l) == 0 && off(0, l) == 0 && off(0, 0) == 0;
    //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
    //@ assert args: MapArgs(&s->pt.pool, base, base + gran(l), 0);
    //@ ghost s2_lemma_block(&s->pt.pool, base, 0, l);
    r = s2_plan_map(&s->pt.pool, base, base + s2_span(l), 0, l);
    r.status = s2_plan_check(&s->pt.pool, r);
  }
  return r;
}

/** s2_commit_map() of one block: the record around the tables stays what it is. */
/*@ requires inv: Good(pt) && l <= S2_MAX_LEVEL && MapArgs(&pt->pool, base, base + gran(l), hpa) && attr_made(attr);
    requires in: base + gran(l) <= width(pt->gpa_bits);
    requires plan: ClearFor(&pt->pool, base, base + gran(l), hpa, l);
    requires tables: tables_for(&pt->pool, base, base + gran(l), hpa, l) <= pt->pool.nfree;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.low, pt->pool.used[0 .. 4], pt->pool.high[0 .. 4],
            pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1];
    ensures inv: Good(pt);
    ensures in: \forall integer g; base <= g < base + gran(l) ==> PA(&pt->pool, g) == hpa + (g - base) && AT(&pt->pool, g) == attr;
    ensures out: \forall integer g; Dom(&pt->pool, g) ==> !(base <= g < base + gran(l)) ==>
                   PA(&pt->pool, g) == \old(PA(&pt->pool, g)) && AT(&pt->pool, g) == \old(AT(&pt->pool, g)); */
static void commit_block(struct s2_pt *pt, uint64_t base, uint64_t hpa, uint32_t attr, uint8_t l) {
  //@ assert sep: \separated(&pt->flush.ranges, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.fulls, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.breaks, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->splits, pt->pool.nodes + (0 .. pt->pool.cap-1)) && \separated(&pt->flush.epoch, pt->pool.nodes + (0 .. pt->pool.cap-1));
  s2_commit_map(&pt->pool, base, base + s2_span(l), hpa, attr, l);
  //@ assert rec: pt->flush.ranges == \at(pt->flush.ranges, Pre) && pt->flush.fulls == \at(pt->flush.fulls, Pre) && pt->flush.breaks == \at(pt->flush.breaks, Pre) && pt->splits == \at(pt->splits, Pre) && pt->flush.epoch == \at(pt->flush.epoch, Pre);
  //@ assert g1: \forall integer g; 0 <= g < width(pt->gpa_bits) ==> Dom(&pt->pool, g);
  //@ assert g2: \valid(pt) && \separated(pt, pt->pool.tables + (0 .. pt->pool.cap-1), pt->pool.nodes + (0 .. pt->pool.cap-1), pt->pool.stack + (0 .. pt->pool.cap-1));
  //@ assert g3: 0 <= pt->flush.epoch && 0 <= pt->flush.ranges && 0 <= pt->flush.fulls && 0 <= pt->flush.breaks && 0 <= pt->splits;
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt) && pt->pool.nlimbo == 0;
}

/** The frames at hpa, which are zero, become the block of level l at base. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && 0 < l <= S2_MAX_LEVEL && l <= s->pt.pool.leaf_max;
    requires base: off(base, l) == 0 && base + gran(l) <= width(s->pt.gpa_bits);
    requires hole: Hole(&s->pt.pool, base, base + gran(l), l);
    requires room: new_tables(base, base, l, lev(&s->pt.pool, base)) <= s->pt.pool.nfree;
    requires hpa: off(hpa, l) == 0 && hpa + gran(l) <= width(S2_FMT_HPA_BITS);
    requires zero: zeroed(hpa, 9 * l);
    requires attr: attr_made(attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->stats.frames_taken, s->stats.blocks_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures in: \forall integer g; base <= g < base + gran(l) ==> PA(&s->pt.pool, g) == hpa + (g - base) && AT(&s->pt.pool, g) == attr;
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(base <= g < base + gran(l)) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g)); */
static void fill_block(struct s2_space *s, uint64_t base, uint64_t hpa, uint32_t attr, uint8_t l) {
  //@ assert wide: width(s->pt.gpa_bits) <= width(62) && width(S2_FMT_HPA_BITS) <= width(62) && gran(l) <= 281474976710656;
  //@ assert al: off(base, 0) == 0 && floor(base, l) == base && off(base + gran(l), l) == 0 && off(base + gran(l), 0) == 0 && off(hpa, 0) == 0;
  //@ assert dm: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert args: MapArgs(&s->pt.pool, base, base + gran(l), hpa);
  //@ ghost s2_lemma_block(&s->pt.pool, base, hpa, l);
  //@ assert ses: \separated(&s->stats, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  commit_block(&s->pt, base, hpa, attr, l);
  //@ assert ct: SpaceCounts(s);
  //@ assert sm: SpaceMemory(s);
  //@ assert gd: Good(&s->pt);
  s2_space_count(s, &s->stats.frames_taken, pages_of(l));
  s2_space_count(s, &s->stats.blocks_taken, 1);
}

/** One try: a block of level l > 0 around gpa, inside [lo, hi). */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && 0 < l <= S2_MAX_LEVEL && l <= s->pt.pool.leaf_max;
    requires in: lo <= gpa < hi <= width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->stats.frames_taken, s->stats.blocks_taken;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures level: \result.level == l;
    ensures where: \result.status == S2_OK ==> lo <= floor(gpa, l) && floor(gpa, l) + gran(l) <= hi;
    ensures in: \result.status == S2_OK ==> \forall integer g; floor(gpa, l) <= g < floor(gpa, l) + gran(l) ==>
                  PA(&s->pt.pool, g) == \result.hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(floor(gpa, l) <= g < floor(gpa, l) + gran(l)) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures was: \result.status == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> floor(gpa, l) <= g < floor(gpa, l) + gran(l) ==>
                   \old(PA(&s->pt.pool, g)) == -1;
    ensures same: \result.status != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
static struct s2_got alloc_block(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr, uint8_t l) {
  //@ assert fl: floor(gpa, l) == gpa - off(gpa, l) && 0 <= floor(gpa, l) && off(floor(gpa, l), l) == 0;
  uint64_t base = gpa - s2_offset(gpa, l);
  struct s2_need need = check_block(s, base, lo, hi, l);
  struct s2_got r = {need.status, l, S2_NO_FRAME, need.tables > 0};
  if (r.status != S2_OK) {
    return r;
  }
  uint64_t hpa = s2_take_frame(s, l);
  if (hpa == S2_NO_FRAME) {
    r.status = S2_ERR_NO_FRAMES;
    return r;
  }
  s2_host_frame_zero(s->pt.flush.ctx, hpa, s2_order(l));
  fill_block(s, base, hpa, s2_attr_new(s->pt.pool.features, attr), l);
  //@ assert lim: 0 <= S2_FMT_HPA_BITS <= 56;
  //@ assert wd: width(S2_FMT_HPA_BITS) <= width(62);
  //@ assert of: 0 <= off(gpa, l) < gran(l);
  r.hpa = hpa + (gpa - base);
  return r;
}

struct s2_got s2_alloc_one(struct s2_space *s, uint64_t gpa, uint64_t lo, uint64_t hi, uint32_t attr, bool blocks) {
  uint8_t l = blocks ? (uint8_t)s->pt.pool.leaf_max : 0;
  /*@ loop invariant l: 0 <= l <= s->pt.pool.leaf_max;
      loop invariant inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
      loop invariant same: Same{Pre,Here}(&s->pt.pool);
      loop assigns l, s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
                   s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
                   s->stats.frames_taken, s->stats.blocks_taken;
      loop variant l; */
  while (l > 0) {
    struct s2_got r = alloc_block(s, gpa, lo, hi, attr, l);
    if (r.status == S2_OK) {
      return r;
    }
    l--;
  }
  //@ ghost s2_lemma_floor(gpa, 0, s->pt.gpa_bits);
  //@ assert page: page == 4096 && gran(0) == 4096;
  //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert lo: off(lo, 0) == 0 ==> lo <= floor(gpa, 0);
  //@ assert hi: off(hi, 0) == 0 ==> floor(gpa, 0) + gran(0) <= hi;
  return s2_alloc_page(s, s2_pos_at(&s->pt.pool, gpa), gpa, attr);
}

s2_status s2_alloc_populate(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t attr, bool blocks) {
  bool linked = false;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop invariant inv: Good(&s->pt);
      loop assigns w, linked, *s, s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1];
      loop variant end - w; */
  while (w < end) {
    struct s2_got got = s2_alloc_one(s, w, w, end, attr, blocks);
    if (got.status != S2_OK) {
      if (w > gpa) {
        s2_alloc_release(s, gpa, w, s2_mark(&s->pt.pool, gpa, w));
      }
      return got.status;
    }
    linked = linked || got.linked;
    w += s2_span((uint8_t)got.level);
  }
  s2_flush_mapped(&s->pt, gpa, end, 0, linked);
  return S2_OK;
}

/** s2_reap() of the only range with marks: none is left. */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool) && Inside(pt) && pt->pool.nlimbo == 0;
    requires pool: Placed(&pt->pool) && pt->pool.leaf_max <= S2_FMT_LEAF_MAX <= 4 && pt->pool.leaf_max <= pt->pool.top;
    requires range: gpa < end <= width(pt->gpa_bits);
    requires marks: \forall integer g; Dom(&pt->pool, g) ==> Marked(&pt->pool, g) ==> gpa <= g < end && Told(&pt->pool, g);
    terminates \true; exits \false;
    assigns pt->pool.tables[0 .. pt->pool.cap-1];
    ensures inv: Good(pt);
    ensures pages: 0 <= \result;
    ensures same: Same{Pre,Post}(&pt->pool); */
static int64_t reap_marks(struct s2_pt *pt, uint64_t gpa, uint64_t end) {
  //@ assert wide: width(pt->gpa_bits) <= width(62);
  int64_t pages = s2_reap(&pt->pool, pt->flush.ctx, gpa, end);
  //@ assert kept: \forall integer g; Dom(&pt->pool, g) ==> Marked(&pt->pool, g) ==> \at(Marked(&pt->pool, g), Pre);
  //@ assert none: \forall integer g; Dom(&pt->pool, g) ==> !Marked(&pt->pool, g);
  //@ ghost s2_lemma_marks(&pt->pool);
  //@ assert pool: GoodPool(&pt->pool);
  //@ assert gpt: GoodPt(pt);
  //@ assert ins: Inside(pt);
  return pages;
}

/** Both halves of what follows the marks, for the page table: the invalidation comes first. Pages given at each. */
/*@ requires pt: GoodPt(pt) && Marking(&pt->pool) && Inside(pt);
    requires pool: Placed(&pt->pool) && pt->pool.leaf_max <= S2_FMT_LEAF_MAX <= 4 && pt->pool.leaf_max <= pt->pool.top;
    requires range: gpa < end <= width(pt->gpa_bits);
    requires level: level <= S2_MAX_LEVEL || pt->pool.nlimbo == 0;
    requires marks: \forall integer g; Dom(&pt->pool, g) ==> Marked(&pt->pool, g) ==> level <= S2_MAX_LEVEL && gpa <= g < end;
    terminates \true; exits \false;
    assigns pt->pool.nfree, pt->pool.nlimbo, pt->pool.tables[0 .. pt->pool.cap-1], pt->pool.nodes[0 .. pt->pool.cap-1],
            pt->pool.stack[0 .. pt->pool.cap-1], pt->flush.epoch, pt->flush.ranges, pt->flush.fulls, pt->flush.breaks;
    ensures inv: Good(pt);
    ensures pages: 0 <= \result;
    ensures same: Same{Pre,Post}(&pt->pool); */
static int64_t release_marks(struct s2_pt *pt, uint64_t gpa, uint64_t end, uint32_t level) {
  int64_t drained = s2_flush_done(pt, gpa, end, level);
  //@ assert was: \forall integer g; Dom(&pt->pool, g) ==> Marked(&pt->pool, g) ==> \at(Marked(&pt->pool, g), Pre);
  //@ assert told: \forall integer g; Dom(&pt->pool, g) ==> Marked(&pt->pool, g) ==> gpa <= g < end && Told(&pt->pool, g);
  int64_t reaped = reap_marks(pt, gpa, end);
  return drained > INT64_MAX - reaped ? INT64_MAX : drained + reaped;
}

void s2_alloc_release(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t level) {
  //@ assert sep: \separated(&s->stats, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  int64_t pages = release_marks(&s->pt, gpa, end, level);
  //@ assert fc: \forall integer k; 0 <= k < 6 ==> s->stats.faults[k] == \at(s->stats.faults[\at(k, Here)], Pre);
  //@ assert sc: s->stats.frames_taken == \at(s->stats.frames_taken, Pre) && s->stats.frames_given == \at(s->stats.frames_given, Pre) && s->stats.blocks_taken == \at(s->stats.blocks_taken, Pre) && s->stats.copies == \at(s->stats.copies, Pre);
  //@ assert ct: SpaceCounts(s);
  s2_space_count(s, &s->stats.frames_given, pages);
}
