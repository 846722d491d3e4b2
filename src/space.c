/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** space.c - areas and page table in step. Each call checks, plans, then commits what can no longer fail. */
#include "stage2/space.h"
#include "ops.h"
#ifdef __FRAMAC__
#include "logic/area_lemmas.acsl"
#include "logic/space_lemmas.acsl"
#include "logic/table_lemmas.acsl"
#endif

/** Is [gpa_base, gpa_base + size) a guest range of this width? */
/*@ requires cfg: \valid_read(cfg) && cfg->hw.gpa_bits <= 59;
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && off(cfg->gpa_base, 0) == 0 && off(size, 0) == 0 &&
                  cfg->gpa_base + size <= width(cfg->hw.gpa_bits); */
static s2_status check_guest_range(const struct s2_space_config *cfg, uint64_t size) {
  if (cfg->gpa_size == 0 && cfg->gpa_base >= s2_width(cfg->hw.gpa_bits)) {
    return S2_ERR_WIDTH;
  }
  return s2_check_range(cfg->hw.gpa_bits, cfg->gpa_base, size);
}

s2_status s2_init(struct s2_space *s, const struct s2_space_config *cfg) {
  if (s == NULL || cfg == NULL) {
    return S2_ERR_NULL;
  }
  if (s2_shape_of(cfg->hw.gpa_bits).top > S2_MAX_LEVEL) {
    return S2_ERR_CONFIG;
  }
  uint64_t size = cfg->gpa_size != 0 ? cfg->gpa_size : s2_width(cfg->hw.gpa_bits) - cfg->gpa_base;
  s2_status st = check_guest_range(cfg, size);
  if (st != S2_OK) {
    return st;
  }
  st = s2_areas_init(&s->areas, &cfg->areas);
  if (st != S2_OK) {
    return st;
  }
  st = s2_pt_init(&s->pt, &cfg->hw, &cfg->tables);
  if (st != S2_OK) {
    return st;
  }
  s->base = (int64_t)cfg->gpa_base;
  s->limit = (int64_t)(cfg->gpa_base + size);
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= 6;
      loop assigns k, s->stats.faults[0 .. 5];
      loop variant 6 - k; */
  for (k = 0; k < 6; k++) {
    s->stats.faults[k] = 0;
  }
  s->stats.frames_taken = 0;
  s->stats.frames_given = 0;
  s->stats.blocks_taken = 0;
  s->stats.copies = 0;
  s->shares = false;
  return S2_OK;
}

bool s2_contains(const struct s2_space *s, uint64_t gpa, uint64_t size) {
  uint64_t base = (uint64_t)s->base;
  uint64_t limit = (uint64_t)s->limit;
  return size > 0 && base <= gpa && gpa < limit && size <= limit - gpa;
}

/** Alignment, size, overflow, width, then the space's own range. */
/*@ requires s: \valid_read(s) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> SpacePages(s, gpa, size); */
static s2_status check_in_space(const struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = s2_check_range(s->pt.gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  return s2_contains(s, gpa, size) ? S2_OK : S2_ERR_RANGE;
}

/** What every new area has to pass. */
/*@ requires s: \valid_read(s) && SpaceRange(s) && AreasInv(&s->areas);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> SpacePages(s, gpa, size) && attr_legal(s->pt.pool.features, attr);
    ensures none: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> NoArea(&s->areas, g); */
static s2_status check_new_area(const struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags,
                                uint32_t allowed) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_attr_legal(s->pt.pool.features, attr)) {
    return S2_ERR_ATTR;
  }
  if ((flags & ~allowed) != 0 || (flags & (S2_PAGES | S2_BLOCKS)) == (S2_PAGES | S2_BLOCKS)) {
    return S2_ERR_CONFIG;
  }
  //@ assert top: width(s->pt.gpa_bits) <= width(62) && gpa + size <= width(62);
  return s2_areas_overlap(&s->areas, gpa, gpa + size) ? S2_ERR_MAPPED : S2_OK;
}

/** s2_areas_insert(), word by word: what it leaves alone. */
/*@ requires inv: SpaceMemory(s) && AreasInv(&s->areas) && gpa < end <= AREA_TOP && pay.backend != S2_BACK_NONE;
    terminates \true; exits \false;
    assigns AREA_ALL(&s->areas);
    ensures inv: AreasInv(&s->areas);
    ensures mem: SpaceMemory(s) && s->areas.cap == \old(s->areas.cap);
    ensures wide: s->base == \old(s->base) && s->limit == \old(s->limit) && s->shares == \old(s->shares);
    ensures rec: s->pt.pool.cap == \old(s->pt.pool.cap) && s->pt.pool.top == \old(s->pt.pool.top) && s->pt.pool.root == \old(s->pt.pool.root) &&
                   s->pt.pool.nroot == \old(s->pt.pool.nroot) && s->pt.pool.hpa_hi == \old(s->pt.pool.hpa_hi) &&
                   s->pt.pool.hpa_lo == \old(s->pt.pool.hpa_lo) && s->pt.pool.leaf_max == \old(s->pt.pool.leaf_max) &&
                   s->pt.pool.features == \old(s->pt.pool.features) && s->pt.pool.tables == \old(s->pt.pool.tables) &&
                   s->pt.pool.nodes == \old(s->pt.pool.nodes) && s->pt.pool.stack == \old(s->pt.pool.stack);
    ensures free: s->pt.pool.nfree == \old(s->pt.pool.nfree) && s->pt.pool.nlimbo == \old(s->pt.pool.nlimbo);
    ensures num: SameNumbers{Pre,Post}(s);
    ensures used: \forall integer l; 0 <= l <= 4 ==> s->pt.pool.used[l] == \at(s->pt.pool.used[\at(l, Post)], Pre);
    ensures ent: \forall integer t, j; 0 <= t < \old(s->pt.pool.cap) ==> 0 <= j < 512 ==>
                   s->pt.pool.tables[t].e[j] == \at(s->pt.pool.tables[t].e[j], Pre);
    ensures key: \forall integer t; 0 <= t < \old(s->pt.pool.cap) ==> s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
    ensures live: \forall integer t; 0 <= t < \old(s->pt.pool.cap) ==> s->pt.pool.nodes[t].live == \at(s->pt.pool.nodes[t].live, Pre);
    ensures level: \forall integer t; 0 <= t < \old(s->pt.pool.cap) ==> s->pt.pool.nodes[t].level == \at(s->pt.pool.nodes[t].level, Pre);
    ensures stk: \forall integer k; 0 <= k < \old(s->pt.pool.cap) ==> s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k, Post)], Pre);
    ensures counts: \old(SpaceCounts(s)) ==> SpaceCounts(s);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==> NoArea{Pre}(&s->areas, g) &&
                  !NoArea(&s->areas, g) && AreaPay(&s->areas, g) == pay(pay.delta, pay.attr, pay.backend);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < gpa || end <= g) ==> AreaKept{Pre,Post}(&s->areas, g); */
static s2_status insert_area(struct s2_space *s, uint64_t gpa, uint64_t end, struct s2_payload pay) {
  //@ assert s1: \separated(&s->pt, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s2: \separated(&s->pt, s->areas.id + (0 .. s->areas.cap-1)) && \separated(&s->pt, s->areas.spare + (0 .. s->areas.cap-1));
  //@ assert s3: \separated(s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->areas.lo + (0 .. s->areas.cap-1));
  //@ assert s4: \separated(s->pt.pool.nodes + (0 .. s->pt.pool.cap-1), s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s5: \separated(s->pt.pool.stack + (0 .. s->pt.pool.cap-1), s->areas.id + (0 .. s->areas.cap-1));
  //@ assert s6: \separated(s->pt.pool.stack + (0 .. s->pt.pool.cap-1), s->areas.spare + (0 .. s->areas.cap-1));
  //@ assert s7: \separated(&s->stats, s->areas.chunks + (0 .. s->areas.cap-1)) && \separated(&s->areas.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert x1: \forall integer t, j; 0 <= t < s->pt.pool.cap ==> 0 <= j < 512 ==> \separated(&s->pt.pool.tables[t].e[j], s->areas.lo + (0 .. s->areas.cap-1));
  //@ assert x2: \forall integer t; 0 <= t < s->pt.pool.cap ==> \separated(&s->pt.pool.nodes[t].key, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert x3: \forall integer t; 0 <= t < s->pt.pool.cap ==> \separated(&s->pt.pool.nodes[t].live, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert x4: \forall integer k; 0 <= k < s->pt.pool.cap ==> \separated(s->pt.pool.stack + k, s->areas.id + (0 .. s->areas.cap-1)) && \separated(s->pt.pool.stack + k, s->areas.spare + (0 .. s->areas.cap-1));
  //@ assert x5: \forall integer k; 0 <= k < s->pt.pool.cap ==> \separated(s->pt.pool.stack + k, &s->areas.n) && \separated(s->pt.pool.stack + k, &s->areas.nspare);
  s2_status st = s2_areas_insert(&s->areas, gpa, end, pay);
  //@ assert q: \forall integer k; 0 <= k < \at(s->pt.pool.cap, Pre) ==> s->pt.pool.stack[k] == \at(s->pt.pool.stack[\at(k, Here)], Pre);
  //@ assert v: \forall integer t; 0 <= t < \at(s->pt.pool.cap, Pre) ==> s->pt.pool.nodes[t].live == \at(s->pt.pool.nodes[t].live, Pre);
  //@ assert k: \forall integer t; 0 <= t < \at(s->pt.pool.cap, Pre) ==> s->pt.pool.nodes[t].key == \at(s->pt.pool.nodes[t].key, Pre);
  //@ assert e: \forall integer t, j; 0 <= t < \at(s->pt.pool.cap, Pre) ==> 0 <= j < 512 ==> s->pt.pool.tables[t].e[j] == \at(s->pt.pool.tables[t].e[j], Pre);
  //@ assert r_cap: s->pt.pool.cap == \at(s->pt.pool.cap, Pre);
  //@ assert r_top: s->pt.pool.top == \at(s->pt.pool.top, Pre);
  //@ assert r_root: s->pt.pool.root == \at(s->pt.pool.root, Pre);
  //@ assert r_nroot: s->pt.pool.nroot == \at(s->pt.pool.nroot, Pre);
  //@ assert r_hpa_hi: s->pt.pool.hpa_hi == \at(s->pt.pool.hpa_hi, Pre);
  //@ assert r_hpa_lo: s->pt.pool.hpa_lo == \at(s->pt.pool.hpa_lo, Pre);
  //@ assert r_leaf_max: s->pt.pool.leaf_max == \at(s->pt.pool.leaf_max, Pre);
  //@ assert r_features: s->pt.pool.features == \at(s->pt.pool.features, Pre);
  //@ assert r_tables: s->pt.pool.tables == \at(s->pt.pool.tables, Pre);
  //@ assert r_nodes: s->pt.pool.nodes == \at(s->pt.pool.nodes, Pre);
  //@ assert r_stack: s->pt.pool.stack == \at(s->pt.pool.stack, Pre);
  //@ assert r_nfree: s->pt.pool.nfree == \at(s->pt.pool.nfree, Pre);
  //@ assert r_nlimbo: s->pt.pool.nlimbo == \at(s->pt.pool.nlimbo, Pre);
  //@ assert r_gpa: s->pt.gpa_bits == \at(s->pt.gpa_bits, Pre);
  //@ assert r_hpa: s->pt.hpa_bits == \at(s->pt.hpa_bits, Pre);
  //@ assert n_epoch: s->pt.flush.epoch == \at(s->pt.flush.epoch, Pre);
  //@ assert n_ranges: s->pt.flush.ranges == \at(s->pt.flush.ranges, Pre);
  //@ assert n_fulls: s->pt.flush.fulls == \at(s->pt.flush.fulls, Pre);
  //@ assert n_breaks: s->pt.flush.breaks == \at(s->pt.flush.breaks, Pre);
  //@ assert n_splits: s->pt.splits == \at(s->pt.splits, Pre);
  //@ assert n_used: \forall integer l; 0 <= l <= 4 ==> s->pt.pool.used[l] == \at(s->pt.pool.used[\at(l, Here)], Pre);
  //@ assert f: \forall integer k; 0 <= k < 6 ==> s->stats.faults[k] == \at(s->stats.faults[\at(k, Here)], Pre);
  //@ assert c: s->stats.frames_taken == \at(s->stats.frames_taken, Pre) && s->stats.frames_given == \at(s->stats.frames_given, Pre) && s->stats.blocks_taken == \at(s->stats.blocks_taken, Pre) && s->stats.copies == \at(s->stats.copies, Pre);
  return st;
}

/** The same, said of the whole. */
/*@ requires inv: SpaceMemory(s) && AreasInv(&s->areas) && gpa < end <= AREA_TOP && pay.backend != S2_BACK_NONE;
    terminates \true; exits \false;
    assigns AREA_ALL(&s->areas);
    ensures inv: AreasInv(&s->areas);
    ensures mem: SpaceMemory(s) && s->areas.cap == \old(s->areas.cap);
    ensures wide: s->base == \old(s->base) && s->limit == \old(s->limit) && s->shares == \old(s->shares);
    ensures rec: PoolRecord{Pre,Post}(&s->pt.pool);
    ensures num: SameNumbers{Pre,Post}(s);
    ensures used: \forall integer l; 0 <= l <= 4 ==> s->pt.pool.used[l] == \at(s->pt.pool.used[\at(l, Post)], Pre);
    ensures ent: PoolEntries{Pre,Post}(&s->pt.pool);
    ensures nod: PoolNodes{Pre,Post}(&s->pt.pool);
    ensures stk: PoolStack{Pre,Post}(&s->pt.pool);
    ensures counts: \old(SpaceCounts(s)) ==> SpaceCounts(s);
    ensures none: \result == S2_OK ==> CameNone{Pre,Post}(&s->areas, gpa, end);
    ensures pay: \result == S2_OK ==> CamePay{Pre,Post}(&s->areas, gpa, end, pay(pay.delta, pay.attr, pay.backend));
    ensures kn: \result != S2_OK ==> KeptNone{Pre,Post}(&s->areas);
    ensures kp: \result != S2_OK ==> KeptPay{Pre,Post}(&s->areas);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==> NoArea{Pre}(&s->areas, g) &&
                  !NoArea(&s->areas, g) && AreaPay(&s->areas, g) == pay(pay.delta, pay.attr, pay.backend);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < gpa || end <= g) ==> AreaKept{Pre,Post}(&s->areas, g); */
static s2_status add_words(struct s2_space *s, uint64_t gpa, uint64_t end, struct s2_payload pay) {
  s2_status st = insert_area(s, gpa, end, pay);
  //@ assert area_in: st == S2_OK ==> AreaIn{Pre,Here}(&s->areas, gpa, end, pay(pay.delta, pay.attr, pay.backend));
  //@ assert area_out: st == S2_OK ==> AreaOut{Pre,Here}(&s->areas, gpa, end);
  //@ assert out_both: st == S2_OK ==> OutBoth{Pre,Here}(&s->areas, gpa, end);
  //@ assert kept: st != S2_OK ==> AreasKept{Pre,Here}(&s->areas);
  //@ assert kept_both: st != S2_OK ==> KeptBoth{Pre,Here}(&s->areas);
  return st;
}

/** s2_areas_insert(): nothing of the page table changes. */
/*@ requires inv: SpaceParts(s) && gpa < end <= AREA_TOP && pay.backend != S2_BACK_NONE;
    terminates \true; exits \false;
    assigns AREA_ALL(&s->areas);
    ensures inv: SpaceParts(s);
    ensures ends: SameEnds{Pre,Post}(&s->pt.pool);
    ensures same: Same{Pre,Post}(&s->pt.pool);
    ensures dom: s->pt.pool.top == \old(s->pt.pool.top) && s->pt.pool.nroot == \old(s->pt.pool.nroot);
    ensures rec: s->pt.pool.nfree == \old(s->pt.pool.nfree) && s->pt.pool.leaf_max == \old(s->pt.pool.leaf_max) &&
                   s->pt.pool.features == \old(s->pt.pool.features) && s->pt.gpa_bits == \old(s->pt.gpa_bits);
    ensures caps: s->pt.pool.cap == \old(s->pt.pool.cap) && s->areas.cap == \old(s->areas.cap);
    ensures wide: SpaceRecord{Pre,Post}(s);
    ensures none: \result == S2_OK ==> CameNone{Pre,Post}(&s->areas, gpa, end);
    ensures pay: \result == S2_OK ==> CamePay{Pre,Post}(&s->areas, gpa, end, pay(pay.delta, pay.attr, pay.backend));
    ensures kept: \result != S2_OK ==> KeptNone{Pre,Post}(&s->areas) && KeptPay{Pre,Post}(&s->areas);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < gpa || end <= g) ==> AreaKept{Pre,Post}(&s->areas, g); */
static s2_status add_area(struct s2_space *s, uint64_t gpa, uint64_t end, struct s2_payload pay) {
  //@ ghost s2_lemma_sound(&s->pt.pool);
  s2_status st = add_words(s, gpa, end, pay);
#ifdef __FRAMAC__
#include "proofs/wp/tables_untouched.acsl"
#endif
  //@ assert rec: SpaceRecord{Pre,Here}(s);
  return st;
}

/** s2_linear_map(), word by word: what it leaves alone. */
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt) && AreaMem(&s->areas);
    requires args: MapArgs(&s->pt.pool, gpa, end, hpa) && end <= width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires plan: ClearFor(&s->pt.pool, gpa, end, hpa, leaf_max);
    requires tables: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures mem: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures rec: s->areas.cap == \old(s->areas.cap) && s->areas.n == \old(s->areas.n) && s->areas.nspare == \old(s->areas.nspare) &&
                   s->areas.hit_p == \old(s->areas.hit_p) && s->areas.hit_i == \old(s->areas.hit_i);
    ensures ptr: s->areas.chunks == \old(s->areas.chunks) && s->areas.lo == \old(s->areas.lo) && s->areas.id == \old(s->areas.id) &&
                   s->areas.spare == \old(s->areas.spare);
    ensures pool: s->pt.pool.cap == \old(s->pt.pool.cap) && s->pt.pool.top == \old(s->pt.pool.top) && s->pt.pool.nroot == \old(s->pt.pool.nroot) &&
                   s->pt.pool.features == \old(s->pt.pool.features) && s->pt.pool.leaf_max == \old(s->pt.pool.leaf_max) &&
                   s->pt.gpa_bits == \old(s->pt.gpa_bits);
    ensures win: AreasWindows{Pre,Post}(&s->areas);
    ensures chunks: AreasChunks{Pre,Post}(&s->areas);
    ensures wide: s->base == \old(s->base) && s->limit == \old(s->limit) && s->shares == \old(s->shares);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < end) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g)); */
static void fill_words(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                       bool linked) {
#ifdef __FRAMAC__
#include "proofs/wp/areas_apart.acsl"
#endif
  //@ assert c_sep: \separated(&s->stats, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  s2_linear_map(s, gpa, end, hpa, attr, leaf_max, linked);
  //@ assert c_f: \forall integer k; 0 <= k < 6 ==> s->stats.faults[k] == \at(s->stats.faults[\at(k, Here)], Pre);
  //@ assert c_t: s->stats.frames_taken == \at(s->stats.frames_taken, Pre);
  //@ assert c_g: s->stats.frames_given == \at(s->stats.frames_given, Pre);
  //@ assert c_b: s->stats.blocks_taken == \at(s->stats.blocks_taken, Pre);
  //@ assert c_c: s->stats.copies == \at(s->stats.copies, Pre);
  //@ assert counts: SpaceCounts(s);
#ifdef __FRAMAC__
#include "proofs/wp/areas_untouched.acsl"
#endif
}

/** s2_linear_map(): no area changes. */
/*@ requires inv: SpaceParts(s) && MapArgs(&s->pt.pool, gpa, end, hpa) && end <= width(s->pt.gpa_bits);
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires plan: ClearFor(&s->pt.pool, gpa, end, hpa, leaf_max);
    requires tables: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures inv: SpaceParts(s);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr);
    ensures tables: TablesCame{Pre,Post}(&s->pt.pool, gpa, end);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < end) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures wide: SpaceRecord{Pre,Post}(s);
    ensures none: KeptNone{Pre,Post}(&s->areas);
    ensures pay: KeptPay{Pre,Post}(&s->areas);
    ensures kept: \forall integer g; 0 <= g ==> AreaKept{Pre,Post}(&s->areas, g); */
static void fill_area(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                      bool linked) {
  fill_words(s, gpa, end, hpa, attr, leaf_max, linked);
  //@ assert store: AreaMem(&s->areas);
  //@ assert rec: AreasRecord{Pre,Here}(&s->areas);
  //@ assert still: AreasStill{Pre,Here}(&s->areas);
  //@ assert areas: AreasInv(&s->areas);
  //@ assert rec_s: SpaceRecord{Pre,Here}(s);
  //@ assert tables: TablesCame{Pre,Here}(&s->pt.pool, gpa, end);
}

/** The area and its leaves, for which a plan has found nothing in the way and room. */
/*@ requires inv: SpaceInv(s) && MapArgs(&s->pt.pool, gpa, end, hpa) && s->base <= gpa && end <= s->limit && end <= AREA_TOP;
    requires none: \forall integer g; gpa <= g < end ==> NoArea(&s->areas, g);
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires plan: ClearFor(&s->pt.pool, gpa, end, hpa, leaf_max);
    requires tables: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
    requires host: hpa <= INT64_MAX && gpa <= INT64_MAX;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==>
                  PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr) && !NoArea(&s->areas, g) &&
                  AreaPay(&s->areas, g) == pay(hpa - gpa, attr, 1);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < end) ==> Untouched{Pre,Post}(s, g);
    ensures rec: s->pt.pool.top == \old(s->pt.pool.top) && s->pt.pool.nroot == \old(s->pt.pool.nroot);
    ensures wide: s->base == \old(s->base) && s->limit == \old(s->limit);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
static s2_status map_planned(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr,
                             uint32_t leaf_max, bool linked) {
  struct s2_payload pay = {(int64_t)hpa - (int64_t)gpa, attr, S2_BACK_LINEAR};
  s2_status st = add_area(s, gpa, end, pay);
  if (st != S2_OK) {
    //@ assert no_rec: SpaceRecord{Pre,Here}(s) && KeptNone{Pre,Here}(&s->areas) && KeptPay{Pre,Here}(&s->areas);
    //@ assert no_r1: SpaceRange(s);
    //@ assert no_r2: \forall integer g; 0 <= g ==> !NoArea(&s->areas, g) ==> s->base <= g < s->limit;
    //@ assert no_range: InRange(s);
    //@ assert no_new: NoneNew{Pre,Here}(s);
    //@ assert no_area: InArea(s);
    //@ assert no_pa: SamePA{Pre,Here}(&s->pt.pool);
    //@ assert no_linear: LinearThere(s);
    //@ assert no_pages: AreaPages(s);
    return st;
  }
  //@ assert dom: \forall integer g; gpa <= g < end ==> Dom(&s->pt.pool, g);
  //@ assert clear: ClearFor(&s->pt.pool, gpa, end, hpa, leaf_max);
  //@ assert still: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
  //@ assert legal: attr_legal(s->pt.pool.features, attr);
  //@ assert args: MapArgs(&s->pt.pool, gpa, end, hpa) && end <= width(s->pt.gpa_bits);
  //@ assert pay: pay(pay.delta, pay.attr, pay.backend) == pay(hpa - gpa, attr, 1);
  //@ assert doms: \forall integer g; Dom(&s->pt.pool, g) ==> \at(Dom(&s->pt.pool, g), Pre);
  //@ assert pas: SamePA{Pre,Here}(&s->pt.pool);
  //@ assert ats: Same{Pre,Here}(&s->pt.pool);
  fill_area(s, gpa, end, hpa, attr, leaf_max, linked);
  //@ assert parts: SpaceParts(s);
  //@ assert rec: SpaceRecord{Pre,Here}(s);
  //@ assert none: CameNone{Pre,Here}(&s->areas, gpa, end);
  //@ assert came: CamePay{Pre,Here}(&s->areas, gpa, end, pay(hpa - gpa, attr, 1));
  //@ assert tables: TablesCame{Pre,Here}(&s->pt.pool, gpa, end);
  //@ ghost s2_lemma_pages(gpa, end);
  //@ assert whole: PagesOf(gpa, end);
  //@ assert within: s->base <= gpa && end <= s->limit;
  //@ assert leaf: attr_legal(s->pt.pool.features, pay_attr(pay(hpa - gpa, attr, 1)));
  //@ assert r1: SpaceRange(s);
  //@ assert r2: \forall integer g; 0 <= g ==> !NoArea(&s->areas, g) ==> s->base <= g < s->limit;
  //@ assert range: InRange(s);
  //@ assert area: InArea(s);
  //@ assert run: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == g + pay_delta(pay(hpa - gpa, attr, 1));
  //@ assert linear: LinearThere(s);
  //@ assert pages: AreaPages(s);
  return S2_OK;
}

/** Find out what is in the way and how many tables it takes, then map. */
/*@ requires inv: SpaceInv(s) && MapArgs(&s->pt.pool, gpa, end, hpa) && SpacePages(s, gpa, end - gpa) && end <= AREA_TOP;
    requires none: \forall integer g; gpa <= g < end ==> NoArea(&s->areas, g);
    requires attr: attr_legal(s->pt.pool.features, attr);
    requires level: leaf_max <= S2_MAX_LEVEL;
    requires host: hpa <= INT64_MAX && gpa <= INT64_MAX;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures in: \result == S2_OK ==> \forall integer g; gpa <= g < end ==>
                  PA(&s->pt.pool, g) == hpa + (g - gpa) && AT(&s->pt.pool, g) == new_attr(attr) && !NoArea(&s->areas, g) &&
                  AreaPay(&s->areas, g) == pay(hpa - gpa, attr, 1);
    ensures out: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !(gpa <= g < end) ==> Untouched{Pre,Post}(s, g);
    ensures where: SpacePages(s, gpa, end - gpa);
    ensures dom: \forall integer g; gpa <= g < end ==> Dom(&s->pt.pool, g);
    ensures same: \result != S2_OK ==> SpaceSame{Pre,Post}(s); */
static s2_status map_checked(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr,
                             uint32_t leaf_max) {
  struct s2_need plan = s2_plan_map(&s->pt.pool, gpa, end, hpa, leaf_max);
  s2_status st = s2_plan_check(&s->pt.pool, plan);
  if (st != S2_OK) {
    //@ assert same: SpaceSame{Pre,Here}(s);
    return st;
  }
  //@ assert room: tables_for(&s->pt.pool, gpa, end, hpa, leaf_max) <= s->pt.pool.nfree;
  return map_planned(s, gpa, end, hpa, attr, leaf_max, plan.tables > 0);
}

/** What a new linear area has to pass. */
/*@ requires s: \valid_read(s) && SpaceRange(s) && AreasInv(&s->areas) && Good(&s->pt);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> SpacePages(s, gpa, size) && attr_legal(s->pt.pool.features, attr);
    ensures none: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> NoArea(&s->areas, g);
    ensures dom: \result == S2_OK ==> \forall integer g; gpa <= g < gpa + size ==> Dom(&s->pt.pool, g);
    ensures args: \result == S2_OK ==> MapArgs(&s->pt.pool, gpa, gpa + size, hpa);
    ensures top: \result == S2_OK ==> gpa + size <= AREA_TOP && hpa + size <= AREA_TOP; */
static s2_status check_linear(const struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr,
                              uint32_t flags) {
  s2_status st = check_new_area(s, gpa, size, attr, flags, S2_PAGES);
  if (st == S2_OK) {
    st = s2_check_hpa(&s->pt, hpa, size);
  }
  //@ assert w1: st == S2_OK ==> gpa + size <= width(s->pt.gpa_bits) <= width(62);
  //@ assert w2: width(62) == AREA_TOP;
  //@ assert w3: width(S2_FMT_HPA_BITS) <= width(62);
  //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert args: st == S2_OK ==> MapArgs(&s->pt.pool, gpa, gpa + size, hpa);
  return st;
}

s2_status s2_map_linear(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t flags) {
  s2_status st = check_linear(s, gpa, size, hpa, attr, flags);
  if (st != S2_OK) {
    //@ assert same: SpaceSame{Pre,Here}(s);
    return st;
  }
  return map_checked(s, gpa, gpa + size, hpa, attr, (flags & S2_PAGES) != 0 ? 0 : S2_MAX_LEVEL);
}

s2_status s2_map_alloc(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags) {
  s2_status st = check_new_area(s, gpa, size, attr, flags, S2_PAGES | S2_POPULATE | S2_BLOCKS | S2_AHEAD);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  bool blocks = (flags & S2_BLOCKS) != 0;
  bool populate = (flags & S2_POPULATE) != 0;
  if (populate) {
    st = s2_alloc_populate(s, gpa, end, attr, blocks);
    if (st != S2_OK) {
      return st;
    }
  }
  uint16_t backend = (uint16_t)(S2_BACK_ALLOC | (blocks ? S2_BACK_BLOCKS : 0u));
  if ((flags & S2_AHEAD) != 0) {
    backend = (uint16_t)(backend | S2_BACK_AHEAD);
  }
  struct s2_payload pay = {0, attr, backend};
  st = add_area(s, gpa, end, pay);
  if (st != S2_OK && populate) {
    s2_alloc_release(s, gpa, end, s2_mark(&s->pt.pool, gpa, end));
  }
  return st;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures min: \result <= a && \result <= b && (\result == a || \result == b); */
static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures max: \result >= a && \result >= b && (\result == a || \result == b); */
static uint64_t greater(uint64_t a, uint64_t b) {
  return a < b ? b : a;
}

/** Is there a next area, and does it start before end? */
/*@ requires a: a.backend != S2_BACK_NONE ==> 0 <= a.start;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> a.backend != S2_BACK_NONE && a.start < end; */
static bool starts_before(struct s2_area a, uint64_t end) {
  return a.backend != S2_BACK_NONE && (uint64_t)a.start < end;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> (a.backend & S2_BACK_KIND) == kind; */
static bool is_kind(struct s2_area a, uint32_t kind) {
  return (a.backend & S2_BACK_KIND) == kind;
}

/**
 * Take away the mappings of the areas of one kind in [gpa, end): linear ones are cleared, alloc ones marked. Linear goes
 * first, so that a table that then empties holds only marks. Returns the smallest level touched.
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static uint32_t take_away(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t kind) {
  uint32_t level = S2_NO_LEVEL;
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop assigns level, a, s->pt.pool, s->pt.pool.tables[0 .. s->pt.pool.cap-1],
                   s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->pt.pool.stack[0 .. s->pt.pool.cap-1]; */
  while (starts_before(a, end)) {
    uint64_t lo = greater(gpa, (uint64_t)a.start);
    uint64_t hi = lesser(end, (uint64_t)a.end);
    if (is_kind(a, kind)) {
      uint32_t l = kind == S2_BACK_LINEAR ? s2_remove(&s->pt.pool, lo, hi) : s2_mark(&s->pt.pool, lo, hi);
      level = s2_least(l, level);
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  return level;
}

/** Everything in [gpa, end), whose ends are boundaries: unmapped, invalidated once, frames and tables given back. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == -1; */
static void withdraw(struct s2_space *s, uint64_t gpa, uint64_t end) {
  uint32_t linear = take_away(s, gpa, end, S2_BACK_LINEAR);
  uint32_t alloc = take_away(s, gpa, end, S2_BACK_ALLOC);
  s2_alloc_release(s, gpa, end, s2_least(linear, alloc));
}

s2_status s2_unmap(struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  if (!s2_areas_can_remove(&s->areas, gpa, end)) {
    return S2_ERR_NO_AREAS;
  }
  s2_cut(&s->pt, plan, gpa, end);
  withdraw(s, gpa, end);
  return s2_areas_remove(&s->areas, gpa, end);
}

/** Do all areas in [gpa, end) have the backend `kind`? */
/*@ requires inv: \valid_read(s) && AreasInv(&s->areas);
    terminates \true; exits \false; assigns \nothing;
    ensures all: \result ==> \forall integer g; gpa <= g < end ==> !NoArea(&s->areas, g) ==> OfKind(AreaPay(&s->areas, g), kind); */
static bool all_of_kind(const struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t kind) {
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop invariant area: a.backend != 0 ==> 0 <= a.start < a.end <= AREA_TOP;
      loop invariant pay: a.backend != 0 ==> \forall integer g; a.start <= g < a.end ==>
        AreaPay(&s->areas, g) == pay(a.delta, a.attr, a.backend);
      loop invariant seen: \forall integer g; gpa <= g < end ==> (a.backend != 0 ==> g < a.start) ==> !NoArea(&s->areas, g) ==>
        OfKind(AreaPay(&s->areas, g), kind);
      loop assigns a;
      loop variant a.backend == 0 ? 0 : AREA_TOP + 1 - a.end; */
  while (starts_before(a, end)) {
    if (!is_kind(a, kind)) {
      return false;
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  return true;
}

s2_status s2_discard(struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  if (!all_of_kind(s, gpa, end, S2_BACK_ALLOC)) {
    return S2_ERR_BACKEND;
  }
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(&s->pt, plan, gpa, end);
  withdraw(s, gpa, end);
  return S2_OK;
}

/** Can range k of the list be discarded, behind the one before it? And the tables that its cuts take. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && AreasInv(&s->areas) && SpaceRange(s);
    requires mem: \valid_read(r + (0 .. k)) && k < 0xffffffff;
    requires order: 0 < k ==> r[k - 1].gpa <= r[k].gpa;
    terminates \true; exits \false; assigns \nothing;
    ensures most: \result.tables <= 8;
    ensures ok: \result.status == S2_OK ==> SpacePages(s, r[k].gpa, r[k].size);
    ensures apart: \result.status == S2_OK ==> 0 < k ==> r[k - 1].gpa + r[k - 1].size <= r[k].gpa;
    ensures tables: \result.status == S2_OK ==> \result.tables == cuts_for(&s->pt.pool, r[k].gpa, r[k].gpa + r[k].size);
    ensures kind: \result.status == S2_OK ==> \forall integer g; r[k].gpa <= g < r[k].gpa + r[k].size ==>
                    !NoArea(&s->areas, g) ==> OfKind(AreaPay(&s->areas, g), S2_BACK_ALLOC); */
static struct s2_need check_listed(const struct s2_space *s, const struct s2_range *r, uint32_t k) {
  struct s2_need need = {check_in_space(s, r[k].gpa, r[k].size), 0};
  if (need.status != S2_OK) {
    return need;
  }
  if (k > 0 && r[k].gpa - r[k - 1].gpa < r[k - 1].size) {
    need.status = S2_ERR_RANGE;
    return need;
  }
  uint64_t end = r[k].gpa + r[k].size;
  //@ assert top: end <= width(s->pt.gpa_bits) <= width(62);
  //@ assert dom: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert edge: Edge(&s->pt.pool, end);
  need.tables = s2_plan_cut(&s->pt.pool, r[k].gpa, end);
  need.status = all_of_kind(s, r[k].gpa, end, S2_BACK_ALLOC) ? S2_OK : S2_ERR_BACKEND;
  return need;
}

/** Can all n of them, one after the other, and are there tables for all their cuts? */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && AreasInv(&s->areas) && SpaceRange(s) && \valid_read(r + (0 .. n-1));
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> \forall integer k; 0 <= k < n ==> SpacePages(s, r[k].gpa, r[k].size);
    ensures order: \result == S2_OK ==> \forall integer k; 0 < k < n ==> r[k - 1].gpa + r[k - 1].size <= r[k].gpa; */
static s2_status check_list(const struct s2_space *s, const struct s2_range *r, uint32_t n) {
  uint64_t tables = 0;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n && tables <= 8 * k;
      loop invariant ok: \forall integer j; 0 <= j < k ==> SpacePages(s, r[j].gpa, r[j].size);
      loop invariant order: \forall integer j; 0 < j < k ==> r[j - 1].gpa + r[j - 1].size <= r[j].gpa;
      loop assigns k, tables;
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (k > 0 && r[k].gpa < r[k - 1].gpa) {
      return S2_ERR_RANGE;
    }
    struct s2_need need = check_listed(s, r, k);
    if (need.status != S2_OK) {
      return need.status;
    }
    tables += need.tables;
  }
  return tables > (uint64_t)(uint32_t)s->pt.pool.nfree ? S2_ERR_NO_TABLES : S2_OK;
}

s2_status s2_discard_list(struct s2_space *s, const struct s2_range *r, uint32_t n) {
  if (r == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = n == 0 ? S2_ERR_SIZE : check_list(s, r, n);
  if (st != S2_OK) {
    return st;
  }
  uint32_t level = S2_NO_LEVEL;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, level, s->pt; 
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    uint64_t end = r[k].gpa + r[k].size;
    s2_cut(&s->pt, s2_plan_cut(&s->pt.pool, r[k].gpa, end), r[k].gpa, end);
    level = s2_least(level, take_away(s, r[k].gpa, end, S2_BACK_ALLOC));
  }
  int64_t pages = s2_flush_done(&s->pt, r[0].gpa, r[n - 1].gpa + r[n - 1].size, level);
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, pages, s->pt.pool.tables[0 .. s->pt.pool.cap-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    pages += s2_reap(&s->pt.pool, s->pt.flush.ctx, r[k].gpa, r[k].gpa + r[k].size);
  }
  s2_count(&s->stats.frames_given, pages);
  return S2_OK;
}

s2_status s2_protect(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t rights) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_rights_legal(&s->pt.pool, rights)) {
    return S2_ERR_ATTR;
  }
  uint64_t end = gpa + size;
  if (!s2_areas_covered(&s->areas, gpa, end)) {
    return S2_ERR_NOT_MAPPED;
  }
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  st = s2_areas_protect(&s->areas, gpa, end, rights);
  if (st != S2_OK) {
    return st;
  }
  s2_cut(&s->pt, plan, gpa, end);
  uint32_t now = s->shares ? rights & ~S2_W : rights;
  s2_flush_range(&s->pt, gpa, end, s2_set_rights(&s->pt.pool, gpa, end, now));
  return S2_OK;
}

/** s2_pt_collapse(): no area changes. */
/*@ requires inv: SpaceParts(s);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks;
    ensures mem: SpaceMemory(s);
    ensures counts: SpaceCounts(s);
    ensures good: Good(&s->pt);
    ensures areas: AreasInv(&s->areas);
    ensures same: SameButAD{Pre,Post}(&s->pt.pool);
    ensures kept: AreasKept{Pre,Post}(&s->areas);
    ensures none: KeptNone{Pre,Post}(&s->areas);
    ensures pay: KeptPay{Pre,Post}(&s->areas);
    ensures rec: SpaceRecord{Pre,Post}(s); */
static s2_status collapse_leaves(struct s2_space *s, uint64_t gpa, uint32_t level) {
#ifdef __FRAMAC__
#include "proofs/wp/areas_apart.acsl"
#include "proofs/wp/space_apart.acsl"
#endif
  s2_status st = s2_pt_collapse(&s->pt, gpa, level);
#ifdef __FRAMAC__
#include "proofs/wp/areas_untouched.acsl"
#include "proofs/wp/space_still.acsl"
#endif
  return st;
}

s2_status s2_collapse(struct s2_space *s, uint64_t gpa, uint32_t level) {
  //@ assert self: AreasKept{Pre,Here}(&s->areas);
  if (level == 0 || level > s->pt.pool.leaf_max) {
    return S2_ERR_CONFIG;
  }
  if (s2_offset(gpa, (uint8_t)level) != 0) {
    return S2_ERR_ALIGN;
  }
  s2_status st = check_in_space(s, gpa, s2_span((uint8_t)level));
  if (st != S2_OK) {
    return st;
  }
  struct s2_area a = s2_areas_find(&s->areas, gpa);
  if (a.backend == S2_BACK_NONE) {
    return S2_ERR_NOT_MAPPED;
  }
  if ((uint64_t)a.end - gpa < s2_span((uint8_t)level)) {
    return S2_ERR_UNIFORM;
  }
  if (is_kind(a, S2_BACK_ALLOC) && (a.backend & S2_BACK_BLOCKS) == 0) {
    return S2_ERR_BACKEND;
  }
  st = collapse_leaves(s, gpa, level);
  //@ assert same: SamePA{Pre,Here}(&s->pt.pool);
  //@ assert rec: SpaceRecord{Pre,Here}(s);
  //@ assert new: NoneNew{Pre,Here}(s);
  //@ assert range: InRange(s);
  //@ assert in: InArea(s);
  //@ assert linear: LinearThere(s);
  //@ assert pages: AreaPages(s);
  //@ assert kept: AreasKept{Pre,Here}(&s->areas);
  //@ assert whole: SpaceInv(s);
  return st;
}

void s2_clear(struct s2_space *s) {
  withdraw(s, (uint64_t)s->base, (uint64_t)s->limit);
  s2_areas_clear(&s->areas);
}

void s2_fini(struct s2_space *s) {
  s2_clear(s);
  s2_flush_range(&s->pt, (uint64_t)s->base, (uint64_t)s->limit, 0);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result.status == status && \result.len == 0; */
static struct s2_translation no_translation(s2_status status) {
  struct s2_translation r = {status, 0, 0, 0};
  return r;
}

/** Why gpa is not an address of this space: too wide, or outside its range; S2_OK if it is one. */
/*@ requires s: \valid_read(s) && SpaceRange(s);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> s->base <= gpa < s->limit;
    ensures why: \result == S2_OK || \result == (gpa < width(s->pt.gpa_bits) ? S2_ERR_RANGE : S2_ERR_WIDTH); */
static s2_status check_address(const struct s2_space *s, uint64_t gpa) {
  if (gpa >= (uint64_t)s->base && gpa < (uint64_t)s->limit) {
    return S2_OK;
  }
  return gpa >= s2_width(s->pt.gpa_bits) ? S2_ERR_WIDTH : S2_ERR_RANGE;
}

struct s2_translation s2_translate(const struct s2_space *s, uint64_t gpa) {
  struct s2_translation r = s2_lookup(s, gpa);
  //@ ghost s2_lemma_leaf(&s->pt.pool);
  //@ assert wd: width(S2_FMT_HPA_BITS) <= width(61);
  //@ assert fl: r.status == S2_OK ==> Dom(&s->pt.pool, gpa) && floor(gpa, lev(&s->pt.pool, gpa)) == gpa - off(gpa, lev(&s->pt.pool, gpa)) && off(floor(gpa, lev(&s->pt.pool, gpa)), lev(&s->pt.pool, gpa)) == 0 && 0 <= floor(gpa, lev(&s->pt.pool, gpa));
  //@ assert lf: r.status == S2_OK ==> pte_kind(lev(&s->pt.pool, gpa), cur(&s->pt.pool, gpa)) == 1 && r.hpa == pte_pa(lev(&s->pt.pool, gpa), cur(&s->pt.pool, gpa)) + off(gpa, lev(&s->pt.pool, gpa)) && r.attr == pte_attr(lev(&s->pt.pool, gpa), cur(&s->pt.pool, gpa));
  //@ assert of: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> off(g, lev(&s->pt.pool, gpa)) == off(gpa, lev(&s->pt.pool, gpa)) + (g - gpa);
  //@ assert fk: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> floor(g, lev(&s->pt.pool, gpa)) == floor(gpa, lev(&s->pt.pool, gpa));
  //@ assert on: r.status == S2_OK ==> \forall integer x; 0 <= x ==> floor(x, lev(&s->pt.pool, gpa)) == floor(gpa, lev(&s->pt.pool, gpa)) ==> Dom(&s->pt.pool, x);
  //@ assert ol: r.status == S2_OK ==> \forall integer x; 0 <= x ==> floor(x, lev(&s->pt.pool, gpa)) == floor(gpa, lev(&s->pt.pool, gpa)) ==> lev(&s->pt.pool, x) == lev(&s->pt.pool, gpa);
  //@ assert dm: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> Dom(&s->pt.pool, g);
  //@ assert lv: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> lev(&s->pt.pool, g) == lev(&s->pt.pool, gpa);
  //@ assert cu: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> cur(&s->pt.pool, g) == cur(&s->pt.pool, gpa);
  //@ assert at: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> AT(&s->pt.pool, g) == r.attr;
  //@ assert pa: r.status == S2_OK ==> \forall integer g; gpa <= g < gpa + r.len ==> PA(&s->pt.pool, g) == r.hpa + (g - gpa);
  return r;
}

/** Does b carry on where a ends, with the rights asked for? */
/*@ requires sum: a.hpa + a.len <= UINT64_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures on: \result <==> b.status == S2_OK && b.hpa == a.hpa + a.len && (b.attr & access) == access; */
static bool follows(struct s2_translation a, struct s2_translation b, uint32_t access) {
  return b.status == S2_OK && b.hpa == a.hpa + a.len && (b.attr & access) == access;
}

struct s2_translation s2_translate_run(const struct s2_space *s, uint64_t gpa, uint64_t max, uint32_t access) {
  if (max == 0) {
    return no_translation(S2_ERR_SIZE);
  }
  struct s2_translation r = s2_translate(s, gpa);
  if (r.status != S2_OK) {
    return r;
  }
  if ((r.attr & access) != access) {
    return no_translation(S2_ERR_DENIED);
  }
  struct s2_area area = s2_areas_find(&s->areas, gpa);
  uint64_t most = area.backend == S2_BACK_NONE ? r.len : lesser(max, (uint64_t)area.end - gpa);
  /*@ loop invariant len: 0 < r.len && r.status == S2_OK && r.hpa + r.len <= width(61);
      loop invariant run: \forall integer g; gpa <= g < gpa + r.len ==> PA(&s->pt.pool, g) == r.hpa + (g - gpa);
      loop invariant rights: \forall integer g; gpa <= g < gpa + r.len ==> (AT(&s->pt.pool, g) & access) == access;
      loop assigns r.len;
      loop variant most - r.len; */
  while (r.len < most) {
    struct s2_translation next = s2_translate(s, gpa + r.len);
    if (!follows(r, next, access)) {
      break;
    }
    r.len += next.len;
  }
  r.len = lesser(r.len, lesser(most, max));
  return r;
}

struct s2_leaf s2_query(const struct s2_space *s, uint64_t gpa) {
  s2_status st = check_address(s, gpa);
  if (st != S2_OK) {
    struct s2_leaf r = {st, 0, 0, 0, 0, 0};
    return r;
  }
  return s2_pt_query(&s->pt, gpa);
}

struct s2_root s2_root(const struct s2_space *s) {
  return s2_pt_root(&s->pt);
}

s2_status s2_set_vmid(struct s2_space *s, uint32_t vmid) {
  return s2_pt_set_vmid(&s->pt, vmid);
}

struct s2_place s2_find_free(const struct s2_space *s, uint64_t hint, uint64_t size, uint64_t lo, uint64_t hi,
                             uint64_t align) {
  struct s2_place r = {S2_ERR_ALIGN, 0};
  if (s2_offset(size, 0) != 0 || align < S2_PAGE_SIZE) {
    return r;
  }
  uint64_t from = greater(lo, (uint64_t)s->base);
  uint64_t to = lesser(hi, (uint64_t)s->limit);
  if (from > to) {
    r.status = S2_ERR_RANGE;
    return r;
  }
  return s2_areas_find_free(&s->areas, hint, size, from, to, align);
}

struct s2_area s2_area_at(const struct s2_space *s, uint64_t gpa) {
  return s2_areas_find(&s->areas, gpa);
}

struct s2_area s2_area_next(const struct s2_space *s, uint64_t gpa) {
  return s2_areas_next(&s->areas, gpa);
}
