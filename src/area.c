/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * area.c - the area set: chunks of sorted areas under a packed array of windows.
 *
 * Three tiers, each built from the contracts of the one below: one chunk (chunk.h, entries by index), the windows
 * (windows.h, moves that no address can tell), the operations (here, what an address sees). An operation first makes room,
 * which is invisible, and then changes things in one way that cannot fail; so a refusal changes nothing.
 *
 * Two rules keep the storage from wearing out: neighbouring chunks that hold 32 areas or fewer together are joined, and
 * areas that touch and carry equal payloads are one area, across chunks too. So iteration shows the same areas whatever
 * the history, and chunks hold more than 16 areas on average.
 */
#include "again.h"
#include "windows.h"

#define MAX_CHUNKS    0x1000000u
#define ADDRESS_LIMIT 0x4000000000000000u /* 2^62 */

enum cut { CUT_NONE, CUT_DONE, CUT_NO_ROOM };

/* ---------------------------------------- operations: questions */

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> g <= 0x7fffffffffffffff; */
static bool is_address(uint64_t g) {
  return g <= (uint64_t)INT64_MAX;
}

struct s2_area s2_areas_find(const struct s2_areas *s, uint64_t gpa) {
  if (!is_address(gpa)) {
    //@ assert far: Win(s, win(s, gpa), gpa) && KBelow(WChunk(s, win(s, gpa)), AREA_TOP);
    return no_area();
  }
  int32_t p = window(s, (int64_t)gpa);
  struct s2_area a = chunk_find(&s->chunks[s->id[p]], (int64_t)gpa);
  //@ assert in: a.backend != S2_BACK_NONE ==> \forall integer g; a.start <= g < a.end ==> Win(s, p, g) && win(s, g) == p;
  return a;
}

/** The area at place i of window p, if it covers g. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g && 0 <= i;
    requires at: p == win(s, g) && (KCovers(WChunk(s, p), i, g) || KNone(WChunk(s, p), g));
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(s, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend); */
static inline struct s2_area area_at(const struct s2_areas *s, int32_t p, int32_t i, int64_t g) {
  //@ assert w: Win(s, p, g);
  return covers(&s->chunks[s->id[p]], i, g) ? s2_area_here(s, p, i) /*@ ghost (g) */ : no_area();
}

struct s2_area s2_areas_look(struct s2_areas *s, int64_t g) {
  int32_t p = window(s, g);
  int32_t i = chunk_last(&s->chunks[s->id[p]], g);
  struct s2_area a = area_at(s, p, i, g);
  s->hit_p = p;
  s->hit_i = i;
  //@ assert mem: AreaMem(s);
  //@ assert win: \forall integer q; 0 <= q < s->n ==> WLo(s, q) == \at(WLo(s, q), Pre) && WId(s, q) == \at(WId(s, q), Pre);
  //@ assert spare: \forall integer j; 0 <= j < s->nspare ==> WSp(s, j) == \at(WSp(s, j), Pre);
  //@ assert same: \forall integer q; 0 <= q < s->n ==> KSame{Pre,Here}(WChunk(s, q), WChunk(s, q));
  //@ assert tiles: AreaTiles(s);
  //@ assert ids: AreaIds(s) && AreaSpare(s);
  //@ assert chunks: AreaChunks(s);
  //@ assert inside: AreaInside(s);
  return a;
}

struct s2_area s2_areas_again(struct s2_areas *s, uint64_t gpa) {
  if (!is_address(gpa)) {
    //@ assert far: Win(s, win(s, gpa), gpa) && KBelow(WChunk(s, win(s, gpa)), AREA_TOP);
    return no_area();
  }
  int64_t g = (int64_t)gpa;
  return s2_hits_again(s, g) ? s2_area_here(s, s->hit_p, s->hit_i) /*@ ghost (g) */ : s2_areas_look(s, g);
}

/** Area i of window p, the first there that ends after g. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g && Win(s, p, g) && 0 <= i < Kn(WChunk(s, p));
    requires lo: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= g;
    requires hi: g < En(WChunk(s, p), i);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.backend != S2_BACK_NONE && 0 <= \result.start < \result.end <= AREA_TOP && g < \result.end;
    ensures all: \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend);
    ensures gap: \forall integer h; g <= h < \result.start ==> NoArea(s, h); */
static inline struct s2_area area_of(const struct s2_areas *s, int32_t p, int32_t i) /*@ ghost (int64_t g) */ {
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ assert a: \forall integer h; St(k, i) <= h < En(k, i) ==> KCovers(k, i, h) && idx(k, h) == i;
  //@ assert wa: \forall integer h; St(k, i) <= h < En(k, i) ==> Win(s, p, h) && win(s, h) == p;
  //@ assert ws: KCovers(k, i, St(k, i)) && Win(s, p, St(k, i));
  //@ assert wp: \forall integer h; g <= h < St(k, i) ==> Win(s, p, h);
  //@ assert wb: \forall integer h; g <= h < St(k, i) ==> win(s, h) == p;
  //@ assert n: \forall integer h; g <= h < St(k, i) ==> KNone(k, h);
  return chunk_area(k, i);
}

/** The first area of window p + 1: none of window p ends after g. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g && Win(s, p, g) && p + 1 < s->n;
    requires lo: \forall integer j; 0 <= j < Kn(WChunk(s, p)) ==> En(WChunk(s, p), j) <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.backend != S2_BACK_NONE && 0 <= \result.start < \result.end <= AREA_TOP && g < \result.end;
    ensures all: \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend);
    ensures gap: \forall integer h; g <= h < \result.start ==> NoArea(s, h); */
static inline struct s2_area area_ahead(const struct s2_areas *s, int32_t p) /*@ ghost (int64_t g) */ {
  const struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  //@ assert ma: \forall integer h; St(m, 0) <= h < En(m, 0) ==> KCovers(m, 0, h) && idx(m, h) == 0;
  //@ assert mw: \forall integer h; St(m, 0) <= h < En(m, 0) ==> Win(s, p + 1, h) && win(s, h) == p + 1;
  //@ assert mg: KCovers(m, 0, St(m, 0)) && Win(s, p + 1, St(m, 0)) && g < St(m, 0);
  //@ assert no: \forall integer h; g <= h ==> KNone(WChunk(s, p), h);
  //@ assert mn: \forall integer h; h < St(m, 0) ==> KNone(m, h);
  //@ assert mb: \forall integer h; g <= h < St(m, 0) ==> Win(s, p, h) || Win(s, p + 1, h);
  //@ assert mc: \forall integer h; g <= h < St(m, 0) ==> win(s, h) == p || win(s, h) == p + 1;
  //@ assert mp: \forall integer h; g <= h < St(m, 0) ==> win(s, h) == p ==> NoArea(s, h);
  //@ assert mq: \forall integer h; g <= h < St(m, 0) ==> win(s, h) == p + 1 ==> NoArea(s, h);
  //@ assert me: \forall integer h; g <= h < St(m, 0) ==> NoArea(s, h);
  return chunk_area(m, 0);
}

/** The area at the place of g, or the first one of the next window; none behind the last. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g && Win(s, at.p, g) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= g;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> g < En(WChunk(s, at.p), i);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start < \result.end <= AREA_TOP && g < \result.end;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend);
    ensures gap: \result.backend != S2_BACK_NONE ==> \forall integer h; g <= h < \result.start ==> NoArea(s, h);
    ensures last: \result.backend == S2_BACK_NONE ==> \forall integer h; g <= h ==> NoArea(s, h); */
static struct s2_area area_from(const struct s2_areas *s, struct spot at) /*@ ghost (int64_t g) */ {
  if (at.i < s->chunks[s->id[at.p]].n) {
    return area_of(s, at.p, at.i) /*@ ghost (g) */;
  }
  if (is_pair(s, at.p)) {
    return area_ahead(s, at.p) /*@ ghost (g) */;
  }
  //@ assert no: \forall integer h; g <= h ==> KNone(WChunk(s, at.p), h);
  //@ assert wl: \forall integer h; g <= h ==> Win(s, at.p, h) && win(s, h) == at.p;
  return no_area();
}

struct s2_area s2_areas_next(const struct s2_areas *s, uint64_t gpa) {
  if (!is_address(gpa)) {
    //@ assert far: \forall integer g; gpa <= g ==> Win(s, win(s, g), g) && KBelow(WChunk(s, win(s, g)), AREA_TOP);
    return no_area();
  }
  struct spot at = locate(s, (int64_t)gpa);
  return area_from(s, at) /*@ ghost ((int64_t)gpa) */;
}

uint32_t s2_areas_count(const struct s2_areas *s) {
  int32_t n = 0;
  int32_t p = 0;
  /*@ loop invariant in: 0 <= p <= s->n && 0 <= n <= 64 * p && n == total(s, p);
      loop assigns n, p;
      loop variant s->n - p; */
  while (p < s->n) {
    n += s->chunks[s->id[p]].n;
    p++;
  }
  return (uint32_t)n;
}

/** Is there an area that starts before y? Given: it ends after x, so it meets [x, y). */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> a.backend != S2_BACK_NONE && a.start < y; */
static bool meets_before(struct s2_area a, int64_t y) {
  return a.backend != S2_BACK_NONE && a.start < y;
}

bool s2_areas_overlap(const struct s2_areas *s, uint64_t x, uint64_t y) {
  struct s2_area a = s2_areas_next(s, x);
  bool meet = meets_before(a, (int64_t)y);
  //@ assert wit: meet ==> (a.start <= x ==> !NoArea(s, x)) && (x < a.start ==> !NoArea(s, a.start));
  //@ assert no: !meet ==> \forall integer g; x <= g < y ==> NoArea(s, g);
  return meet;
}

bool s2_areas_covered(const struct s2_areas *s, uint64_t x, uint64_t y) {
  uint64_t g = x;
  /*@ loop invariant g: x <= g <= AREA_TOP;
      loop invariant all: \forall integer h; x <= h < g ==> !NoArea(s, h);
      loop assigns g;
      loop variant y - g; */
  while (g < y) {
    struct s2_area a = s2_areas_find(s, g);
    if (a.backend == S2_BACK_NONE) {
      //@ assert hole: x <= g < y && NoArea(s, g);
      return false;
    }
    g = (uint64_t)a.end;
  }
  return true;
}

/* ---------------------------------------- the chunk of one window: what an address sees changes with it */

/** Areas i - 1 and i of window p become one. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < i < Kn(WChunk(s, p));
    requires touch: En(WChunk(s, p), i - 1) == St(WChunk(s, p), i) && Pay(WChunk(s, p), i - 1) == Pay(WChunk(s, p), i);
    terminates \true; exits \false; assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) - 1;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void unite_in(struct s2_areas *s, int32_t p, int32_t i) {
  chunk_unite(&s->chunks[s->id[p]], i);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/edit_kept.acsl"
}

/** Area i of window p becomes two that touch at x. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p)) < 64;
    requires in: St(WChunk(s, p), i) < x < En(WChunk(s, p), i);
    terminates \true; exits \false; assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) + 1;
    ensures rest: AreaRest{Pre,Here}(s, p);
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ2(Pre, WChunk(s, p), j, Here, WChunk(s, p), j);
    ensures hi: \forall integer j; i + 1 < j < Kn(WChunk(s, p)) ==>
                  AREA_EQ2(Pre, WChunk(s, p), j - 1, Here, WChunk(s, p), j);
    ensures l: St(WChunk(s, p), i) == St{Pre}(WChunk(s, p), i) && En(WChunk(s, p), i) == x &&
               Pay(WChunk(s, p), i) == Pay{Pre}(WChunk(s, p), i);
    ensures r: St(WChunk(s, p), i + 1) == x && En(WChunk(s, p), i + 1) == En{Pre}(WChunk(s, p), i) &&
               Pay(WChunk(s, p), i + 1) == Pay{Pre}(WChunk(s, p), i);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void cut_in(struct s2_areas *s, int32_t p, int32_t i, int64_t x) {
  chunk_cut(&s->chunks[s->id[p]], i, x);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/edit_kept.acsl"
}

/** A new area [x, y), inside window p, in the gap before its area i. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, p, x) && Win(s, p, y - 1) && 0 <= i <= Kn(WChunk(s, p)) < 64;
    requires l: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires r: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> y <= St(WChunk(s, p), j);
    terminates \true; exits \false; assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) + 1;
    ensures in: \forall integer g; x <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == pay(pl.delta, pl.attr, pl.backend);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void insert_in(struct s2_areas *s, int32_t p, int32_t i, int64_t x, int64_t y, struct s2_payload pl) {
  chunk_insert(&s->chunks[s->id[p]], i, x, y, pl);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/insert_in.acsl"
}

/** Area i of window p ends at y, in the gap behind it. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p)) && En(WChunk(s, p), i) < y <= AREA_TOP;
    requires gap: \forall integer j; i < j < Kn(WChunk(s, p)) ==> y <= St(WChunk(s, p), j);
    requires win: p + 1 < s->n ==> y <= WLo(s, p + 1);
    terminates \true; exits \false; assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) && AreaRest{Pre,Here}(s, p);
    ensures in: \forall integer g; En{Pre}(WChunk(s, p), i) <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == Pay{Pre}(WChunk(s, p), i);
    ensures out: \forall integer g; 0 <= g < En{Pre}(WChunk(s, p), i) || y <= g ==> AreaKept{Pre,Here}(s, g); */
static void extend_in(struct s2_areas *s, int32_t p, int32_t i, int64_t y) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ assert ke: KCovers(k, i, En(k, i) - 1) && !KNone(k, En(k, i) - 1) && Win(s, p, En(k, i) - 1);
  //@ assert sp: \separated(s, WChunk(s, p));
  chunk_set_end(k, i, y);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/extend_in.acsl"
}

/** Area i of window p starts at x: earlier, in the gap before it, or later. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p)) && WLo(s, p) <= x < En(WChunk(s, p), i);
    requires gap: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    terminates \true; exits \false; assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p));
    ensures in: \forall integer g; x <= g < St{Pre}(WChunk(s, p), i) ==>
                  !NoArea(s, g) && AreaPay(s, g) == Pay{Pre}(WChunk(s, p), i);
    ensures cut: \forall integer g; St{Pre}(WChunk(s, p), i) <= g < x ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g < x && g < St{Pre}(WChunk(s, p), i) || x <= g && St{Pre}(WChunk(s, p), i) <= g
                   ==> AreaKept{Pre,Here}(s, g); */
static void start_in(struct s2_areas *s, int32_t p, int32_t i, int64_t x) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ assert ke: KCovers(k, i, En(k, i) - 1) && !KNone(k, En(k, i) - 1) && Win(s, p, En(k, i) - 1);
  //@ assert ks: KCovers(k, i, St(k, i)) && !KNone(k, St(k, i)) && Win(s, p, St(k, i));
  chunk_set_start(k, i, x);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/start_in.acsl"
}

/* ---------------------------------------- operations: insert */

/** Does an area at the place `at` of x, or the first one of the next window, start before y? */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= x < y && Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    terminates \true; exits \false; assigns \nothing;
    ensures free: !\result ==> \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures here: !\result ==> \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> y <= St(WChunk(s, at.p), i);
    ensures next: !\result ==> at.p + 1 < s->n ==> \forall integer g; g < y ==> KNone(WChunk(s, at.p + 1), g);
    ensures taken: \result ==> \exists integer g; x <= g < y && !NoArea(s, g); */
static bool is_taken(const struct s2_areas *s, struct spot at, int64_t y) /*@ ghost (int64_t x) */ {
  const struct s2_chunk *k = &s->chunks[s->id[at.p]];
#include "proofs/wp/is_taken.acsl"
  if (at.i < k->n) {
#include "proofs/wp/is_taken_here.acsl"
    return k->start[at.i] < y;
  }
  bool taken = is_pair(s, at.p) && starts_before(&s->chunks[s->id[at.p + 1]], 0, y);
#include "proofs/wp/is_taken_next.acsl"
  return taken;
}

/** Window p shall reach up to y at least; the next window has no area before y. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && WLo(s, p) < y;
    requires r: p + 1 < s->n ==> \forall integer g; g < y ==> KNone(WChunk(s, p + 1), g);
    terminates \true; exits \false; assigns s->lo[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && WLo(s, p) == WLo{Pre}(s, p) && (p + 1 < s->n ==> y <= WLo(s, p + 1));
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void reach(struct s2_areas *s, int32_t p, int64_t y) {
  if (passes_border(s, p, y)) {
    //@ assert l: \forall integer g; y <= g ==> KNone(WChunk(s, p), g);
    move_border(s, p + 1, y);
  }
}

/** Area i of window p is new, or has grown: if it is at an end of its chunk, it may continue over a border. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void unite_borders(struct s2_areas *s, int32_t p, int32_t i) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  if (s->n == 1) {
    return;
  }
  //@ assert self: AreasKept{Pre,Here}(s);
  if (i + 1 == s->chunks[s->id[p]].n) {
    mend(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert km: AreasKept{Pre,Here}(s);
  }
  //@ ghost Behind: ;
  //@ assert kb: AreasKept{Pre,Here}(s);
  if (i == 0) {
    mend(s, p - 1);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k0: \forall integer g; 0 <= g ==> AreaKept{Pre,Behind}(s, g) && AreaKept{Behind,Here}(s, g) && AreaKept{Pre,Here}(s, g);
    //@ assert k2: AreasKept{Pre,Here}(s);
  }
  //@ assert kj: AreasKept{Pre,Here}(s);
}

/** Area i - 1 of window p has grown: it may have reached area i, or a border. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < i <= Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void unite_grown(struct s2_areas *s, int32_t p, int32_t i) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  if (meets(&s->chunks[s->id[p]], i)) {
    unite_in(s, p, i);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ ghost One: ;
    settle(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k1: \forall integer g; 0 <= g ==> AreaKept{Pre,One}(s, g) && AreaKept{One,Here}(s, g) && AreaKept{Pre,Here}(s, g);
    //@ assert kk: AreasKept{Pre,Here}(s);
  } else {
    unite_borders(s, p, i - 1);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k2: AreasKept{Pre,Here}(s);
  }
  //@ assert kj: AreasKept{Pre,Here}(s);
}

/** From the end of area i - 1 of window p up to y all is free, and is to carry what it carries: it grows. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < i <= Kn(WChunk(s, p)) && En(WChunk(s, p), i - 1) < y <= AREA_TOP;
    requires r: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> y <= St(WChunk(s, p), j);
    requires n: p + 1 < s->n ==> \forall integer g; g < y ==> KNone(WChunk(s, p + 1), g);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures in: \forall integer g; En{Pre}(WChunk{Pre}(s, p), i - 1) <= g < y ==> !NoArea(s, g) &&
                  AreaPay(s, g) == Pay{Pre}(WChunk{Pre}(s, p), i - 1);
    ensures out: \forall integer g; 0 <= g < En{Pre}(WChunk{Pre}(s, p), i - 1) || y <= g ==>
                   AreaKept{Pre,Here}(s, g); */
S2_APART void grow_left(struct s2_areas *s, int32_t p, int32_t i, int64_t y) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  //@ ghost struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ assert kl: KCovers(k, i - 1, St(k, i - 1)) && !KNone(k, St(k, i - 1)) && WLo(s, p) < y;
  reach(s, p, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Reached: ;
  extend_in(s, p, i - 1, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Grown: ;
  unite_grown(s, p, i);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/grow_left.acsl"
}

/** From x up to area i of window p all is free, and is to carry what that area carries: it grows. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p)) && 0 <= x < St(WChunk(s, p), i);
    requires l: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires lo: WLo(s, p) <= x;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures in: \forall integer g; x <= g < St{Pre}(WChunk{Pre}(s, p), i) ==> !NoArea(s, g) &&
                  AreaPay(s, g) == Pay{Pre}(WChunk{Pre}(s, p), i);
    ensures out: \forall integer g; 0 <= g < x || St{Pre}(WChunk{Pre}(s, p), i) <= g ==> AreaKept{Pre,Here}(s, g); */
S2_APART void grow_right(struct s2_areas *s, int32_t p, int32_t i, int64_t x) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  start_in(s, p, i, x);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Grown: ;
  unite_borders(s, p, i);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/grow_right.acsl"
}

/**
 * Area i of window p is new, where making room has moved its place to the chunk of a neighbour: they may be one. Returns
 * where it is now.
 */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && 0 <= \result < Kn(WChunk(s, p));
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static int32_t unite_within(struct s2_areas *s, int32_t p, int32_t i) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  if (meets(k, i + 1)) {
    unite_in(s, p, i + 1);
    //@ assert cp: s->cap == \at(s->cap, Pre);
  }
  //@ ghost Two: ;
  //@ assert k1: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
  //@ assert n1: i < Kn(WChunk(s, p)) && WChunk(s, p) == k;
  if (i > 0 && meets(k, i)) {
    unite_in(s, p, i);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k2: \forall integer g; 0 <= g ==> AreaKept{Pre,Two}(s, g) && AreaKept{Two,Here}(s, g) && AreaKept{Pre,Here}(s, g);
    return i - 1;
  }
  return i;
}

/** Area i of window p is new, where making room has moved its place: it is one with what it touches on either side. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void unite_moved(struct s2_areas *s, int32_t p, int32_t i) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  int32_t j = unite_within(s, p, i);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Within: ;
  unite_borders(s, p, j);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ assert k: \forall integer g; 0 <= g ==> AreaKept{Pre,Within}(s, g) && AreaKept{Within,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

/** [x, y) is free, and its place `at` is in a chunk with a free place: a new area. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p)) < 64;
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns s->lo[0 .. s->cap - 1], s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && at.i < Kn(WChunk(s, at.p));
    ensures in: \forall integer g; x <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == pay(pl.delta, pl.attr, pl.backend);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void put_area(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
#include "proofs/wp/put_area_before.acsl"
  reach(s, at.p, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Reached: ;
  //@ assert wr: Win(s, at.p, x) && Win(s, at.p, y - 1);
  insert_in(s, at.p, at.i, x, y, pl);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ assert k: \forall integer g; 0 <= g ==> AreaKept{Pre,Reached}(s, g);
  //@ assert ko: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Reached}(s, g) && AreaKept{Reached,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

/** The same, and it is one with what it touches across a border. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p)) < 64;
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures in: \forall integer g; x <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == pay(pl.delta, pl.attr, pl.backend);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void put_beside(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  put_area(s, at, x, y, pl);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost In: ;
  unite_borders(s, at.p, at.i);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/put_beside.acsl"
}

/** The same where making room has moved the place, maybe beside an area that the new one must be one with. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p)) < 64;
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures in: \forall integer g; x <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == pay(pl.delta, pl.attr, pl.backend);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void put_moved(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  put_area(s, at, x, y, pl);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost In: ;
  unite_moved(s, at.p, at.i);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/put_beside.acsl"
}

/** [x, y) is free and touches nothing like it in its chunk, which is full. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p)) && Kn(WChunk(s, at.p)) == 64;
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && (\result == S2_OK || \result == S2_ERR_NO_AREAS);
    ensures is: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), \result); */
S2_APART s2_status add_crowded(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  struct spot r = make_place(s, x, at);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Room: ;
  //@ assert k: \forall integer g; 0 <= g ==> AreaWhole{Pre,Room}(s, g) && AreaKept{Pre,Room}(s, g);
  if (r.p < 0) {
    //@ assert no: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), S2_ERR_NO_AREAS);
    return S2_ERR_NO_AREAS;
  }
  //@ assert fr: \forall integer g; x <= g < y ==> AreaKept{Pre,Room}(s, g) && NoArea(s, g);
  put_moved(s, r, x, y, pl);
  //@ assert ko: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Room}(s, g) && AreaKept{Room,Here}(s, g) && AreaKept{Pre,Here}(s, g);
  //@ assert is: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), S2_OK);
  return S2_OK;
}

/** [x, y) is free and touches nothing like it in its chunk: a new area. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && (\result == S2_OK || \result == S2_ERR_NO_AREAS);
    ensures is: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), \result); */
static inline s2_status insert_new(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  if (s->chunks[s->id[at.p]].n == FULL) {
    return add_crowded(s, at, x, y, pl);
  }
  put_beside(s, at, x, y, pl);
  //@ assert is: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), S2_OK);
  return S2_OK;
}

/** [x, y), whose place is `at`: refused, or added. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && (\result == S2_OK || \result == S2_ERR_MAPPED || \result == S2_ERR_NO_AREAS);
    ensures taken: \result == S2_ERR_MAPPED ==> \exists integer g; x <= g < y && !NoArea{Pre}(s, g);
    ensures free: \result != S2_ERR_MAPPED ==> \forall integer g; x <= g < y ==> NoArea{Pre}(s, g);
    ensures is: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), \result); */
static inline s2_status insert_at(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  if (is_taken(s, at, y) /*@ ghost (x) */) {
    //@ assert no: AreasInserted{Pre,Here}(s, x, y, pay(pl.delta, pl.attr, pl.backend), S2_ERR_MAPPED);
    return S2_ERR_MAPPED;
  }
  const struct s2_chunk *k = &s->chunks[s->id[at.p]];
  if (touches_left(k, at.i, x, pl)) {
    grow_left(s, at.p, at.i, y);
#include "proofs/wp/insert_grown.acsl"
    return S2_OK;
  }
  if (touches_right(k, at.i, y, pl)) {
    grow_right(s, at.p, at.i, x);
#include "proofs/wp/insert_grown.acsl"
    return S2_OK;
  }
  return insert_new(s, at, x, y, pl);
}

s2_status s2_areas_insert(struct s2_areas *s, uint64_t x, uint64_t y, struct s2_payload p) {
  struct spot at = locate(s, (int64_t)x);
  return insert_at(s, at, (int64_t)x, (int64_t)y, p);
}

/* ---------------------------------------- operations: remove */

/** Area at.i of window at.p reaches out of [x, y) on both sides: it becomes two. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP;
    requires at: Win(s, at.p, x) && 0 <= at.i < Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires in: St(WChunk(s, at.p), at.i) < x && y < En(WChunk(s, at.p), at.i);
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && (\result == S2_OK || \result == S2_ERR_NO_AREAS);
    ensures ok: AreaRoomAt{Pre}(s, at.p) ==> \result == S2_OK;
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
static s2_status remove_middle(struct s2_areas *s, struct spot at, int64_t x, int64_t y) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  //@ assert pc: KCovers(WChunk(s, at.p), at.i, x) && idx(WChunk(s, at.p), x) == at.i && win(s, x) == at.p;
  struct spot r = roomy(s, x, at);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Room: ;
  //@ assert k: \forall integer g; 0 <= g ==> AreaWhole{Pre,Room}(s, g) && AreaKept{Pre,Room}(s, g);
  if (r.p < 0) {
    return S2_ERR_NO_AREAS;
  }
#include "proofs/wp/remove_middle_room.acsl"
  cut_in(s, r.p, r.i, x);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Cut: ;
#include "proofs/wp/remove_middle_cut.acsl"
  start_in(s, r.p, r.i + 1, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/remove_middle_done.acsl"
  return S2_OK;
}

/** The part of [x, y) that lies in window p; i is the first area there that ends after x. */
/*@ requires inv: AreasLoose(s) && 0 <= p < s->n && 0 <= i <= Kn(WChunk(s, p)) && 0 <= x < y <= AREA_TOP;
    requires lo: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires hi: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> x < En(WChunk(s, p), j);
    requires mid: i < Kn(WChunk(s, p)) ==> x <= St(WChunk(s, p), i) || En(WChunk(s, p), i) <= y;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasLoose(s) && AreaRest{Pre,Here}(s, p);
    ensures edit: WEdit{Pre,Here}(s, p);
    ensures in: \forall integer g; x <= g < y ==> KNone(WChunk(s, p), g);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g);
    ensures kn: \forall integer q; 0 <= q < s->n ==> q != p ==> Kn(WChunk(s, q)) == Kn{Pre}(WChunk(s, q)); */
static inline void remove_in(struct s2_areas *s, int32_t p, int32_t i, int64_t x, int64_t y) {
  chunk_remove(&s->chunks[s->id[p]], i, x, y);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/remove_in.acsl"
}

/** Windows [a, b) go with all their areas. Not all windows go. */
/*@ requires inv: AreasLoose(s) && 0 <= a <= b <= s->n && b - a < s->n;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasLoose(s) && s->n == \old(s->n) - (b - a);
    ensures kn: \forall integer q; 0 <= q < s->n ==>
                  Kn(WChunk(s, q)) == (q < a ? Kn(WChunk{Pre}(s, q)) : Kn(WChunk{Pre}(s, q + (b - a))));
    ensures in: \forall integer g; 0 <= g ==> a <= win{Pre}(s, g) < b ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g ==> !(a <= win{Pre}(s, g) < b) ==> AreaKept{Pre,Here}(s, g); */
static void discard_windows(struct s2_areas *s, int32_t a, int32_t b) {
  if (a < b) {
    windows_drop(s, a, b);
#include "proofs/wp/discard_windows.acsl"
  }
}

/** Windows between a - 1 and a have gone: those on either side may be thin. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= a <= s->n;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void thicken_around(struct s2_areas *s, int32_t a) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  thicken(s, a);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost One: ;
  thicken(s, a - 1);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Two: ;
  //@ assert t1: \forall integer g; 0 <= g ==> AreaKept{Pre,One}(s, g) && AreaKept{One,Two}(s, g) && AreaKept{Pre,Two}(s, g);
  thicken(s, a - 2);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ assert t2: \forall integer g; 0 <= g ==> AreaKept{Pre,Two}(s, g) && AreaKept{Two,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

/** [x, y) begins in window p at area i and ends in window q > p: the chunks between are dropped, not emptied. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && 0 <= p < q < s->n && 0 <= i <= Kn(WChunk(s, p));
    requires lo: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires hi: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> x < En(WChunk(s, p), j);
    requires win: Win(s, p, x) && Win(s, q, y - 1);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures in: \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static void remove_wide(struct s2_areas *s, int32_t p, int32_t i, int32_t q, int64_t x, int64_t y) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
#include "proofs/wp/remove_wide_before.acsl"
  remove_in(s, p, i, x, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost First: ;
#include "proofs/wp/remove_wide_first.acsl"
  remove_in(s, q, 0, x, y);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Last: ;
  int32_t a = s->chunks[s->id[p]].n > 0 ? p + 1 : p;
  int32_t b = s->chunks[s->id[q]].n > 0 ? q : q + 1;
  if (b - a == s->n) {
    a = 1; /* nothing is left; one window stays */
  }
#include "proofs/wp/remove_wide_last.acsl"
  discard_windows(s, a, b);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Dropped: ;
#include "proofs/wp/remove_wide_dropped.acsl"
  thicken_around(s, a);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/remove_wide_done.acsl"
}

/** The window in which [x, y) ends; it begins in window p. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= p < s->n && WLo(s, p) < y <= AREA_TOP;
    terminates \true; exits \false; assigns \nothing;
    ensures is: Win(s, \result, y - 1) && p <= \result < s->n; */
static int32_t window_of_end(const struct s2_areas *s, int32_t p, int64_t y) {
  return passes_border(s, p, y) ? window(s, y - 1) : p;
}

/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && St(k, i) < x && y < En(k, i); */
static bool surrounds(const struct s2_chunk *k, int32_t i, int64_t x, int64_t y) {
  return i < k->n && k->start[i] < x && y < k->end[i];
}

/** Would roomy() find a place in window p? */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= p < s->n;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> AreaRoomAt(s, p); */
static bool has_room(const struct s2_areas *s, int32_t p) {
  return s->chunks[s->id[p]].n < FULL || s->nspare > 0 || can_take(s, p + 1) || can_take(s, p - 1);
}

bool s2_areas_can_remove(const struct s2_areas *s, uint64_t x, uint64_t y) {
  struct spot at = locate(s, (int64_t)x);
  //@ assert w: win(s, x) == at.p;
  //@ assert so: KSorted(WChunk(s, at.p));
  //@ assert lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= y;
  //@ assert hi: \forall integer i; at.i < i < Kn(WChunk(s, at.p)) ==> En(WChunk(s, at.p), at.i) <= St(WChunk(s, at.p), i) && x < St(WChunk(s, at.p), i);
  //@ assert ke: !(at.i < Kn(WChunk(s, at.p)) && St(WChunk(s, at.p), at.i) < x && y < En(WChunk(s, at.p), at.i)) ==> KEndsBy(WChunk(s, at.p), x, y);
  //@ assert kf: at.i < Kn(WChunk(s, at.p)) && St(WChunk(s, at.p), at.i) < x && y < En(WChunk(s, at.p), at.i) ==> !KEndsBy(WChunk(s, at.p), x, y);
  return !surrounds(&s->chunks[s->id[at.p]], at.i, (int64_t)x, (int64_t)y) || has_room(s, at.p);
}

s2_status s2_areas_remove(struct s2_areas *s, uint64_t x, uint64_t y) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  struct spot at = locate(s, (int64_t)x);
  //@ assert wx: win(s, x) == at.p;
  //@ assert kf: at.i < Kn(WChunk(s, at.p)) && St(WChunk(s, at.p), at.i) < x && y < En(WChunk(s, at.p), at.i) ==> !KEndsBy(WChunk(s, at.p), x, y);
  if (surrounds(&s->chunks[s->id[at.p]], at.i, (int64_t)x, (int64_t)y)) {
    return remove_middle(s, at, (int64_t)x, (int64_t)y);
  }
  int32_t q = window_of_end(s, at.p, (int64_t)y);
  if (q == at.p) {
    //@ assert w: \forall integer g; x <= g < y ==> Win(s, at.p, g) && win(s, g) == at.p;
    remove_in(s, at.p, at.i, (int64_t)x, (int64_t)y);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ ghost In: ;
    //@ assert in: \forall integer g; x <= g < y ==> NoArea(s, g);
    settle(s, at.p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k: \forall integer g; 0 <= g ==> AreaKept{In,Here}(s, g);
    //@ assert kn: \forall integer g; x <= g < y ==> NoArea{In}(s, g) && AreaKept{In,Here}(s, g) && NoArea(s, g);
    //@ assert ko: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,In}(s, g) && AreaKept{In,Here}(s, g) && AreaKept{Pre,Here}(s, g);
    //@ assert fn: AreasFree(s, x, y);
  } else {
    remove_wide(s, at.p, at.i, q, (int64_t)x, (int64_t)y);
    //@ assert fw: AreasFree(s, x, y);
  }
  //@ assert fj: AreasFree(s, x, y);
  return S2_OK;
}

/* ---------------------------------------- operations: protect */

/** Does x lie inside area i, which ends after it, and has that area other rights? Then protect must cut it at x. */
/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64 && (i < k->n ==> x < En(k, i));
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && St(k, i) < x < En(k, i) && pay_attr(Pay(k, i)) % 16 != rights; */
static bool needs_cut(const struct s2_chunk *k, int32_t i, int64_t x, uint32_t rights) {
  return starts_before(k, i, x) && k->pay[i].attr % 16u != rights;
}

/** x becomes a border between areas, if the area around it is about to get other rights on one side. */
/*@ requires inv: AreasInv(s) && 0 <= x;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures ready: \result != CUT_NO_ROOM ==> AreaReady(s, x, rights);
    ensures cut: \result == CUT_DONE ==> AreaCut(s, x);
    ensures same: \result == CUT_NO_ROOM ==> AreasSame{Pre,Here}(s);
    ensures still: \forall integer y; AreaReady{Pre}(s, y, rights) ==> AreaReady(s, y, rights);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static enum cut cut_at(struct s2_areas *s, int64_t x, uint32_t rights) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  struct spot at = locate(s, x);
#include "proofs/wp/cut_at_before.acsl"
  if (!needs_cut(&s->chunks[s->id[at.p]], at.i, x, rights)) {
#include "proofs/wp/cut_at_none.acsl"
    return CUT_NONE;
  }
  struct spot r = roomy(s, x, at);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Room: ;
  //@ assert mv: WMoved{Pre,Here}(s);
  //@ assert ra: \forall integer y; AreaReady{Pre}(s, y, rights) ==> AreaReady(s, y, rights);
  if (r.p < 0) {
    return CUT_NO_ROOM;
  }
#include "proofs/wp/cut_at_room.acsl"
  cut_in(s, r.p, r.i, x);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/cut_at_done.acsl"
  return CUT_DONE;
}

/** Take back the cut at x: both sides are in one chunk. */
/*@ requires inv: AreasInv(s) && 0 <= x;
    requires cut: AreaCut(s, x);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void uncut(struct s2_areas *s, int64_t x) {
  struct spot at = locate(s, x);
  //@ assert w: win(s, x) == at.p;
  /*@ assert i: \forall integer i; 0 < i < Kn(WChunk(s, at.p)) ==> En(WChunk(s, at.p), i - 1) == x ==>
        St(WChunk(s, at.p), i) == x ==> x < En(WChunk(s, at.p), i) && i == at.i; */
  unite_in(s, at.p, at.i);
}

/** Areas of window p that meet [x, y) get the rights. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: KReady(WChunk(s, p), x, rights) && KReady(WChunk(s, p), y, rights);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures in: \forall integer g; x <= g < y ==> win(s, g) == p ==> !NoArea(s, g) ==>
                  AreaPay(s, g) == pay_rights(AreaPay{Pre}(s, g), rights);
    ensures out: \forall integer g; 0 <= g ==> win(s, g) != p || g < x || y <= g ==> AreaKept{Pre,Here}(s, g);
    ensures fr: \forall integer q; 0 <= q < s->n ==> q != p ==> KReady{Pre}(WChunk(s, q), x, rights) ==>
                  KReady{Pre}(WChunk(s, q), y, rights) ==>
                  KReady(WChunk(s, q), x, rights) && KReady(WChunk(s, q), y, rights); */
static void protect_in(struct s2_areas *s, int32_t p, int64_t x, int64_t y, uint32_t rights) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  chunk_protect(k, x, y, rights);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/protect_in.acsl"
}

/** Window w: unite across the border behind it, and join it with the next one if they are thin. No address can tell. */
/*@ requires inv: AreasInv(s);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && s->cap == \old(s->cap);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void tidy_at(struct s2_areas *s, int32_t w) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  mend(s, w);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ ghost Mended: ;
  thicken(s, w);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ assert km: \forall integer g; 0 <= g ==> AreaKept{Pre,Mended}(s, g) && AreaKept{Mended,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

/** Windows p to q: unite across their borders, the outer ones too, and join thin ones. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p <= q < s->n;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void tidy(struct s2_areas *s, int32_t p, int32_t q) {
  int32_t w = q;
  /*@ loop invariant in: p - 2 <= w <= q;
      loop invariant cap: s->cap == \at(s->cap, Pre);
      loop invariant inv: AreasInv(s);
      loop invariant out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
      loop assigns w, s->n, s->nspare, s->chunks[0 .. \at(s->cap, Pre) - 1], s->lo[0 .. \at(s->cap, Pre) - 1],
        s->id[0 .. \at(s->cap, Pre) - 1], s->spare[0 .. \at(s->cap, Pre) - 1];
      loop variant w + 2; */
  while (w >= p - 1) {
    //@ ghost Step: ;
    tidy_at(s, w);
    //@ assert kt: \forall integer g; 0 <= g ==> AreaKept{Pre,Step}(s, g) && AreaKept{Step,Here}(s, g) && AreaKept{Pre,Here}(s, g);
    w--;
  }
}

/** Windows p to q, which hold [x, y), get the rights. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && rights < 16 && 0 <= p <= q < s->n;
    requires win: \forall integer g; x <= g < y ==> p <= win(s, g) <= q;
    requires ready: AreaReady(s, x, rights) && AreaReady(s, y, rights);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && s->cap == \old(s->cap);
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures in: \forall integer g; x <= g < y ==> !NoArea(s, g) ==> AreaPay(s, g) == pay_rights(AreaPay{Pre}(s, g), rights);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void protect_windows(struct s2_areas *s, int32_t p, int32_t q, int64_t x, int64_t y, uint32_t rights) {
  int32_t w = p;
  /*@ loop invariant in: p <= w <= q + 1;
      loop invariant cap: s->cap == \at(s->cap, Pre);
      loop invariant inv: AreasInv(s);
      loop invariant none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
      loop invariant set: \forall integer g; x <= g < y ==> win(s, g) < w ==> !NoArea(s, g) ==>
        AreaPay(s, g) == pay_rights(AreaPay{Pre}(s, g), rights);
      loop invariant kept: \forall integer g; x <= g < y ==> w <= win(s, g) ==> AreaKept{Pre,Here}(s, g);
      loop invariant out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g);
      loop invariant ready: \forall integer r; w <= r < s->n ==>
        KReady(WChunk(s, r), x, rights) && KReady(WChunk(s, r), y, rights);
      loop assigns w, s->chunks[0 .. \at(s->cap, Pre) - 1];
      loop variant q + 1 - w; */
  while (w <= q) {
    //@ ghost Step: ;
    protect_in(s, w, x, y, rights);
#include "proofs/wp/protect_step.acsl"
    w++;
  }
}

/** Both ends are cut where needed: this cannot fail. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: AreaReady(s, x, rights) && AreaReady(s, y, rights);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures in: \forall integer g; x <= g < y ==> !NoArea(s, g) ==> AreaPay(s, g) == pay_rights(AreaPay{Pre}(s, g), rights);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static void protect_all(struct s2_areas *s, int64_t x, int64_t y, uint32_t rights) {
  int32_t p = window(s, x);
  int32_t q = window_of_end(s, p, y);
  //@ assert wx: \forall integer g; 0 <= g ==> Win(s, win(s, g), g) && (x <= g < y ==> p <= win(s, g) <= q);
  protect_windows(s, p, q, x, y, rights);
  //@ ghost Set: ;
  tidy(s, p, q);
  //@ assert td: \forall integer g; 0 <= g ==> AreaKept{Set,Here}(s, g) && (NoArea(s, g) <==> NoArea{Set}(s, g));
  //@ assert tp: \forall integer g; x <= g < y ==> !NoArea(s, g) ==> !NoArea{Set}(s, g) && AreaPay(s, g) == AreaPay{Set}(s, g);
  //@ assert to: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Set}(s, g) && AreaKept{Set,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

s2_status s2_areas_protect(struct s2_areas *s, uint64_t x, uint64_t y, uint32_t rights) {
  //@ assert se: \separated(s, s->chunks + (0 .. s->cap - 1));
  enum cut left = cut_at(s, (int64_t)x, rights);
  //@ ghost Left: ;
#include "proofs/wp/protect_left.acsl"
  if (left == CUT_NO_ROOM) {
    return S2_ERR_NO_AREAS;
  }
  enum cut right = cut_at(s, (int64_t)y, rights);
  //@ ghost Right: ;
#include "proofs/wp/protect_right.acsl"
  if (right == CUT_NO_ROOM) {
    if (left == CUT_DONE) {
#include "proofs/wp/protect_same.acsl"
      uncut(s, (int64_t)x);
#include "proofs/wp/protect_undone.acsl"
    }
    return S2_ERR_NO_AREAS;
  }
  //@ assert ready: AreaReady(s, x, rights) && AreaReady(s, y, rights);
  protect_all(s, (int64_t)x, (int64_t)y, rights);
#include "proofs/wp/protect_done.acsl"
  return S2_OK;
}

/* ---------------------------------------- operations: find_free */

/** What find_free() looks for: size bytes at a multiple of align, not past last. */
struct wish {
  uint64_t size, align, last;
};

/** A candidate: c is free so far; found: and has size free bytes before the next area. */
struct candidate {
  uint64_t c;
  bool found;
};

/** The least multiple of align at or above c. */
/*@ requires c: c <= AREA_TOP && 0 < align;
    terminates \true; exits \false; assigns \nothing;
    ensures up: c <= \result && \result % align == 0 && \result - c < align; */
static uint64_t align_up(uint64_t c, uint64_t align) {
  uint64_t over = c % align;
  //@ assert over: c - over == (c / align) * align;
  //@ assert next: ((c / align + 1) * align) % align == 0;
  return over == 0 ? c : c + (align - over);
}

/** Does the wish fit at or above c, before the next area at `next`? Aligns (a division) only if c alone would fit. */
/*@ requires c: c <= AREA_TOP && next <= 0x7fffffffffffffff && 0 < w.size && 0 < w.align;
    requires last: w.last <= AREA_TOP && w.size <= AREA_TOP;
    terminates \true; exits \false; assigns \nothing;
    ensures fit: \result.found ==> c <= \result.c <= w.last && \result.c % w.align == 0 && \result.c + w.size <= next;
    ensures not: !\result.found ==> \result.c == c; */
static struct candidate fit_before(uint64_t c, uint64_t next, struct wish w) {
  struct candidate r = {c, false};
  if (c > w.last || next < c || next - c < w.size) {
    return r;
  }
  uint64_t a = align_up(c, w.align);
  if (a > w.last || next < a || next - a < w.size) {
    return r;
  }
  r.c = a;
  r.found = true;
  return r;
}

/** The same over the gaps of one chunk, from its area i on. Not found: c is behind its last area. */
/*@ requires inv: \valid_read(k) && ChunkInv(k) && 0 <= i <= k->n && c <= AREA_TOP;
    requires w: 0 < w.size <= AREA_TOP && 0 < w.align && w.last <= AREA_TOP;
    requires lo: \forall integer j; 0 <= j < i ==> En(k, j) <= c;
    requires hi: \forall integer j; i <= j < k->n ==> c <= En(k, j);
    terminates \true; exits \false; assigns \nothing;
    ensures c: c <= \result.c <= AREA_TOP;
    ensures fit: \result.found ==> \result.c <= w.last && \result.c % w.align == 0 &&
                   \forall integer g; \result.c <= g < \result.c + w.size ==> KNone(k, g);
    ensures top: \result.found ==> 0 < k->n && \result.c + w.size <= St(k, k->n - 1);
    ensures not: !\result.found ==> \forall integer j; 0 <= j < k->n ==> En(k, j) <= \result.c;
    ensures at: !\result.found ==> \result.c == c || (0 < k->n && \result.c == En(k, k->n - 1)); */
static struct candidate chunk_free(const struct s2_chunk *k, int32_t i, uint64_t c, struct wish w) {
  struct candidate r = {c, false};
  /*@ loop invariant in: 0 <= i <= k->n && c <= r.c <= AREA_TOP && !r.found;
      loop invariant lo: \forall integer j; 0 <= j < i ==> En(k, j) <= r.c;
      loop invariant hi: \forall integer j; i <= j < k->n ==> r.c <= En(k, j);
      loop invariant at: r.c == c || (0 < i && r.c == En(k, i - 1));
      loop assigns i, r;
      loop variant k->n - i; */
  while (i < k->n) {
    r = fit_before(r.c, (uint64_t)k->start[i], w);
    if (r.found) {
      //@ assert l: \forall integer g, j; 0 <= j < i ==> r.c <= g ==> !KCovers(k, j, g);
      //@ assert h: \forall integer g, j; i <= j < k->n ==> g < St(k, i) ==> !KCovers(k, j, g);
      //@ assert t: St(k, i) <= St(k, k->n - 1);
      return r;
    }
    r.c = (uint64_t)k->end[i];
    i++;
  }
  return r;
}

/** The lowest place at or above c that fulfils the wish. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && c <= AREA_TOP;
    requires w: 0 < w.size <= AREA_TOP && 0 < w.align && w.last <= AREA_TOP;
    terminates \true; exits \false; assigns \nothing;
    ensures fit: \result.found ==> c <= \result.c <= w.last && \result.c % w.align == 0 &&
                   \forall integer g; \result.c <= g < \result.c + w.size ==> NoArea(s, g); */
static struct candidate free_from(const struct s2_areas *s, uint64_t c, struct wish w) {
  struct spot at = locate(s, (int64_t)c);
  struct candidate r = {c, false};
  //@ assert w: \forall integer g; 0 <= g ==> Win(s, win(s, g), g) && (c <= g ==> at.p <= win(s, g));
  /*@ loop invariant in: 0 <= at.p <= s->n && (at.p < s->n ==> 0 <= at.i <= Kn(WChunk(s, at.p)));
      loop invariant c: c <= r.c <= AREA_TOP && !r.found;
      loop invariant lo: at.p < s->n ==> \forall integer j; 0 <= j < at.i ==> En(WChunk(s, at.p), j) <= r.c;
      loop invariant hi: at.p < s->n ==> \forall integer j; at.i <= j < Kn(WChunk(s, at.p)) ==>
        r.c <= En(WChunk(s, at.p), j);
      loop invariant end: at.p + 1 < s->n ==> r.c <= WLo(s, at.p + 1);
      loop invariant before: \forall integer g; r.c <= g ==> win(s, g) < at.p ==> NoArea(s, g);
      loop assigns at, r;
      loop variant s->n - at.p; */
  while (at.p < s->n) {
    r = chunk_free(&s->chunks[s->id[at.p]], at.i, r.c, w);
    if (r.found || r.c > w.last) {
#include "proofs/wp/free_found.acsl"
      return r;
    }
#include "proofs/wp/free_next.acsl"
    at.p++;
    at.i = 0;
  }
  //@ assert none: \forall integer g; r.c <= g ==> NoArea(s, g);
  return fit_before(r.c, (uint64_t)INT64_MAX, w);
}

/** The only bit operation here; nothing else rests on it than the refusal of other alignments. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures pos: \result ==> 0 < a; */
static bool is_power_of_two(uint64_t a) {
  return a != 0 && (a & (a - 1)) == 0;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && 0 < align && lo <= hi <= AREA_TOP &&
                  size <= hi - lo; */
static s2_status check_wish(uint64_t size, uint64_t lo, uint64_t hi, uint64_t align) {
  if (size == 0) {
    return S2_ERR_SIZE;
  }
  if (!is_power_of_two(align)) {
    return S2_ERR_ALIGN;
  }
  if (lo > hi || hi > ADDRESS_LIMIT) {
    return S2_ERR_RANGE;
  }
  return size > hi - lo ? S2_ERR_NO_AREAS : S2_OK;
}

/** From the hint if it lies above lo and the wish can still end by hi, else from lo. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> lo < hint <= last; */
static bool use_hint(uint64_t hint, uint64_t lo, uint64_t last) {
  return lo < hint && hint <= last;
}

struct s2_place s2_areas_find_free(const struct s2_areas *s, uint64_t hint, uint64_t size, uint64_t lo, uint64_t hi,
                                   uint64_t align) {
  struct s2_place r = {check_wish(size, lo, hi, align), 0};
  if (r.status != S2_OK) {
    return r;
  }
  struct wish w = {size, align, hi - size};
  struct candidate c = {lo, false};
  if (use_hint(hint, lo, w.last)) {
    c = free_from(s, hint, w);
  }
  if (!c.found) {
    c = free_from(s, lo, w);
  }
  if (!c.found) {
    r.status = S2_ERR_NO_AREAS;
    return r;
  }
  r.gpa = c.c;
  return r;
}

/* ---------------------------------------- operations: init, clear */

/*@ requires m: \valid_read(m);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == S2_OK ==> m->chunks != \null && m->lo != \null && m->id != \null && m->spare != \null &&
                  1 <= m->count <= 0x1000000; */
static s2_status check_memory(const struct s2_area_memory *m) {
  if (m->chunks == NULL || m->lo == NULL || m->id == NULL || m->spare == NULL) {
    return S2_ERR_NULL;
  }
  return m->count == 0 || m->count > MAX_CHUNKS ? S2_ERR_CONFIG : S2_OK;
}

s2_status s2_areas_init(struct s2_areas *s, const struct s2_area_memory *m) {
  if (s == NULL || m == NULL) {
    return S2_ERR_NULL;
  }
  s2_status status = check_memory(m);
  if (status != S2_OK) {
    return status;
  }
  s->chunks = m->chunks;
  s->lo = m->lo;
  s->id = m->id;
  s->spare = m->spare;
  s->cap = m->count;
  s->n = 1;
  s->nspare = (int32_t)m->count - 1;
  s->hit_p = 0;
  s->hit_i = 0;
  int32_t j = 0;
  /* the lowest chunk on top, so that a small set stays in few pages */
  /*@ loop invariant in: 0 <= j <= s->nspare;
      loop invariant done: \forall integer i; 0 <= i < j ==> WSp(s, i) == s->nspare - i;
      loop assigns j, s->spare[0 .. s->cap - 1];
      loop variant s->nspare - j; */
  while (j < s->nspare) {
    s->spare[j] = s->nspare - j;
    j++;
  }
  s->lo[0] = 0;
  s->id[0] = 0;
  s->chunks[0].n = 0;
  //@ assert at: WLo(s, 0) == 0 && WId(s, 0) == 0 && Kn(WChunk(s, 0)) == 0;
  //@ assert sp: AreaMem(s) && AreaSpare(s);
  //@ assert no: \forall integer g; KNone(WChunk(s, 0), g);
  //@ assert w: \forall integer g; 0 <= g ==> Win(s, 0, g) && win(s, g) == 0;
  return S2_OK;
}

void s2_areas_clear(struct s2_areas *s) {
  if (s->n > 1) {
    windows_drop(s, 1, s->n);
  }
  //@ assert n1: s->n == 1 && AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s);
  s->chunks[s->id[0]].n = 0;
  //@ assert cp: s->cap == \at(s->cap,Pre);
  //@ assert mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s);
  //@ assert at: Kn(WChunk(s, 0)) == 0;
  //@ assert ch: ChunkInv(WChunk(s, 0));
  //@ assert no: \forall integer g; KNone(WChunk(s, 0), g);
  //@ assert w: \forall integer g; 0 <= g ==> Win(s, 0, g) && win(s, g) == 0;
  //@ assert in: AreaChunks(s) && AreaInside(s) && AreaFilled(s);
}
