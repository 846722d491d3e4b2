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
    return no_area();
  }
  int32_t p = window(s, (int64_t)gpa);
  return chunk_find(&s->chunks[s->id[p]], (int64_t)gpa);
}

/** Is the area found last still there, and does it cover g? What covers g is the area of g: areas are disjoint. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result ==> 0 <= s->hit_p < s->n && 0 <= s->hit_i < Kn(WChunk(s, s->hit_p)) &&
                   St(WChunk(s, s->hit_p), s->hit_i) <= g < En(WChunk(s, s->hit_p), s->hit_i); */
static inline bool hits_again(const struct s2_areas *s, int64_t g) {
  return s->hit_p < s->n && covers(&s->chunks[s->id[s->hit_p]], s->hit_i, g);
}

struct s2_area s2_areas_again(struct s2_areas *s, uint64_t gpa) {
  if (!is_address(gpa)) {
    return no_area();
  }
  int64_t g = (int64_t)gpa;
  if (!hits_again(s, g)) {
    s->hit_p = window(s, g);
    s->hit_i = chunk_last(&s->chunks[s->id[s->hit_p]], g);
  }
  const struct s2_chunk *k = &s->chunks[s->id[s->hit_p]];
  return covers(k, s->hit_i, g) ? chunk_area(k, s->hit_i) : no_area();
}

/** The area at a place, or the first one of the next window; none behind the last. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= at.p < s->n && 0 <= at.i <= Kn(WChunk(s, at.p));
    terminates \true; exits \false; assigns \nothing;
    ensures here: at.i < Kn(WChunk(s, at.p)) ==> \result.start == St(WChunk(s, at.p), at.i) &&
                    \result.end == En(WChunk(s, at.p), at.i);
    ensures next: at.i == Kn(WChunk(s, at.p)) ==> at.p + 1 < s->n ==> \result.start == St(WChunk(s, at.p + 1), 0) &&
                    \result.end == En(WChunk(s, at.p + 1), 0);
    ensures none: \result.backend == S2_BACK_NONE <==> at.i == Kn(WChunk(s, at.p)) && at.p + 1 == s->n; */
static struct s2_area area_from(const struct s2_areas *s, struct spot at) {
  const struct s2_chunk *k = &s->chunks[s->id[at.p]];
  if (at.i < k->n) {
    return chunk_area(k, at.i);
  }
  if (is_pair(s, at.p)) {
    return chunk_area(&s->chunks[s->id[at.p + 1]], 0);
  }
  return no_area();
}

struct s2_area s2_areas_next(const struct s2_areas *s, uint64_t gpa) {
  if (!is_address(gpa)) {
    return no_area();
  }
  return area_from(s, locate(s, (int64_t)gpa));
}

/** Is there an area that starts before y? Given: it ends after x, so it meets [x, y). */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> a.backend != S2_BACK_NONE && a.start < y; */
static bool meets_before(struct s2_area a, int64_t y) {
  return a.backend != S2_BACK_NONE && a.start < y;
}

bool s2_areas_overlap(const struct s2_areas *s, uint64_t x, uint64_t y) {
  return meets_before(s2_areas_next(s, x), (int64_t)y);
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
      return false;
    }
    g = (uint64_t)a.end;
  }
  return true;
}

/* ---------------------------------------- operations: insert */

/** Does an area at the place `at` of x, or the first one of the next window, start before y? */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= at.p < s->n && 0 <= at.i <= Kn(WChunk(s, at.p));
    terminates \true; exits \false; assigns \nothing;
    ensures here: at.i < Kn(WChunk(s, at.p)) ==> (\result <==> St(WChunk(s, at.p), at.i) < y);
    ensures next: at.i == Kn(WChunk(s, at.p)) ==> at.p + 1 < s->n ==> (\result <==> St(WChunk(s, at.p + 1), 0) < y);
    ensures last: at.i == Kn(WChunk(s, at.p)) ==> at.p + 1 == s->n ==> !\result; */
static bool is_taken(const struct s2_areas *s, struct spot at, int64_t y) {
  const struct s2_chunk *k = &s->chunks[s->id[at.p]];
  if (at.i < k->n) {
    return k->start[at.i] < y;
  }
  return is_pair(s, at.p) && starts_before(&s->chunks[s->id[at.p + 1]], 0, y);
}

/** Window p shall reach up to y at least; the next window has no area before y. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && WLo(s, p) < y;
    requires r: \forall integer i; p + 1 < s->n ==> 0 <= i < Kn(WChunk(s, p + 1)) ==> y <= St(WChunk(s, p + 1), i);
    terminates \true; exits \false; assigns s->lo[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && WLo(s, p) == WLo{Pre}(s, p) && (p + 1 < s->n ==> y <= WLo(s, p + 1));
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void reach(struct s2_areas *s, int32_t p, int64_t y) {
  if (passes_border(s, p, y)) {
    move_border(s, p + 1, y);
  }
}

/** Area i of window p is new, or has grown: if it is at an end of its chunk, it may continue over a border. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void unite_borders(struct s2_areas *s, int32_t p, int32_t i) {
  if (s->n == 1) {
    return;
  }
  if (i + 1 == s->chunks[s->id[p]].n) {
    mend(s, p);
  }
  if (i == 0) {
    mend(s, p - 1);
  }
}

/** From the end of area i - 1 of window p up to y all is free, and is to carry what it carries: it grows. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < i <= Kn(WChunk(s, p)) && En(WChunk(s, p), i - 1) < y <= AREA_TOP;
    requires r: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> y <= St(WChunk(s, p), j);
    requires n: \forall integer j; p + 1 < s->n ==> 0 <= j < Kn(WChunk(s, p + 1)) ==> y <= St(WChunk(s, p + 1), j);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures in: \forall integer g; En{Pre}(WChunk{Pre}(s, p), i - 1) <= g < y ==> !NoArea(s, g) &&
                  AreaPay(s, g) == Pay{Pre}(WChunk{Pre}(s, p), i - 1);
    ensures out: \forall integer g; 0 <= g < En{Pre}(WChunk{Pre}(s, p), i - 1) || y <= g ==>
                   AreaKept{Pre,Here}(s, g); */
static void grow_left(struct s2_areas *s, int32_t p, int32_t i, int64_t y) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  reach(s, p, y);
  chunk_set_end(k, i - 1, y);
  if (meets(k, i)) {
    chunk_unite(k, i);
    count_add(s, -1);
    settle(s, p);
  } else {
    unite_borders(s, p, i - 1);
  }
}

/** From x up to area i of window p all is free, and is to carry what that area carries: it grows. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p)) && 0 <= x < St(WChunk(s, p), i);
    requires l: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires lo: WLo(s, p) <= x;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures in: \forall integer g; x <= g < St{Pre}(WChunk{Pre}(s, p), i) ==> !NoArea(s, g) &&
                  AreaPay(s, g) == Pay{Pre}(WChunk{Pre}(s, p), i);
    ensures out: \forall integer g; 0 <= g < x || St{Pre}(WChunk{Pre}(s, p), i) <= g ==> AreaKept{Pre,Here}(s, g); */
static void grow_right(struct s2_areas *s, int32_t p, int32_t i, int64_t x) {
  chunk_set_start(&s->chunks[s->id[p]], i, x);
  unite_borders(s, p, i);
}

/**
 * Area i of window p is new, where making room has moved its place to the chunk of a neighbour: they may be one. Returns
 * where it is now.
 */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns s->count, s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static int32_t unite_within(struct s2_areas *s, int32_t p, int32_t i) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  int32_t at = i;
  if (meets(k, at + 1)) {
    chunk_unite(k, at + 1);
    count_add(s, -1);
  }
  if (at > 0 && meets(k, at)) {
    chunk_unite(k, at);
    count_add(s, -1);
    at--;
  }
  return at;
}

/** [x, y) is free and touches nothing like it in its chunk: a new area. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && pl.backend != 0;
    requires at: Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires free: \forall integer g; x <= g < y ==> NoArea(s, g);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && (\result == S2_OK || \result == S2_ERR_NO_AREAS);
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==>
                  !NoArea(s, g) && AreaPay(s, g) == pay(pl.delta, pl.attr, pl.backend);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
static s2_status add_area(struct s2_areas *s, struct spot at, int64_t x, int64_t y, struct s2_payload pl) {
  struct spot r = roomy(s, x, at);
  if (r.p < 0) {
    return S2_ERR_NO_AREAS;
  }
  reach(s, r.p, y);
  chunk_insert(&s->chunks[s->id[r.p]], r.i, x, y, pl);
  count_add(s, 1);
  unite_borders(s, r.p, unite_within(s, r.p, r.i));
  return S2_OK;
}

s2_status s2_areas_insert(struct s2_areas *s, uint64_t x, uint64_t y, struct s2_payload p) {
  struct spot at = locate(s, (int64_t)x);
  if (is_taken(s, at, (int64_t)y)) {
    return S2_ERR_MAPPED;
  }
  const struct s2_chunk *k = &s->chunks[s->id[at.p]];
  if (touches_left(k, at.i, (int64_t)x, p)) {
    grow_left(s, at.p, at.i, (int64_t)y);
    return S2_OK;
  }
  if (touches_right(k, at.i, (int64_t)y, p)) {
    grow_right(s, at.p, at.i, (int64_t)x);
    return S2_OK;
  }
  return add_area(s, at, (int64_t)x, (int64_t)y, p);
}

/* ---------------------------------------- operations: remove */

/** Area at.i of window at.p reaches out of [x, y) on both sides: it becomes two. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP;
    requires at: Win(s, at.p, x) && 0 <= at.i < Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires in: St(WChunk(s, at.p), at.i) < x && y < En(WChunk(s, at.p), at.i);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && (\result == S2_OK || \result == S2_ERR_NO_AREAS);
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
static s2_status remove_middle(struct s2_areas *s, struct spot at, int64_t x, int64_t y) {
  struct spot r = roomy(s, x, at);
  if (r.p < 0) {
    return S2_ERR_NO_AREAS;
  }
  struct s2_chunk *k = &s->chunks[s->id[r.p]];
  chunk_cut(k, r.i, x);
  chunk_set_start(k, r.i + 1, y);
  count_add(s, 1);
  return S2_OK;
}

/** The part of [x, y) that lies in window p; i is the first area there that ends after x. */
/*@ requires mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && AreaInside(s);
    requires in: 0 <= p < s->n && 0 <= i <= Kn(WChunk(s, p)) && 0 <= x < y <= AREA_TOP;
    requires count: s->count == total(s, s->n);
    terminates \true; exits \false;
    assigns s->count, s->chunks[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && AreaInside(s);
    ensures count: s->count == total(s, s->n);
    ensures in: \forall integer g; x <= g < y ==> KNone(WChunk(s, p), g);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(WChunk(s, p), g); */
static inline void remove_in(struct s2_areas *s, int32_t p, int32_t i, int64_t x, int64_t y) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  int32_t n = k->n;
  chunk_remove(k, i, x, y);
  count_add(s, k->n - n);
}

/** How many areas windows [a, b) hold. */
/*@ requires inv: \valid_read(s) && AreaMem(s) && AreaIds(s) && AreaChunks(s) && 0 <= a <= b <= s->n;
    terminates \true; exits \false; assigns \nothing;
    ensures sum: \result == total(s, b) - total(s, a); */
static int32_t areas_in(const struct s2_areas *s, int32_t a, int32_t b) {
  int32_t n = 0;
  int32_t p = a;
  /*@ loop invariant in: a <= p <= b && 0 <= n <= 64 * (p - a) && n == total(s, p) - total(s, a);
      loop assigns n, p;
      loop variant b - p; */
  while (p < b) {
    n += s->chunks[s->id[p]].n;
    p++;
  }
  return n;
}

/** Windows [a, b) go with all their areas. One window stays: the first, if it is empty and all the others go. */
/*@ requires mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && AreaInside(s);
    requires in: 0 <= a <= b <= s->n && b - a < s->n && s->count == total(s, s->n);
    terminates \true; exits \false;
    assigns *s, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && AreaInside(s);
    ensures count: AreaSameMem{Pre,Here}(s) && s->count == total(s, s->n) && s->n == \old(s->n) - (b - a);
    ensures in: \forall integer g; 0 <= g ==> a <= win{Pre}(s, g) < b ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g ==> !(a <= win{Pre}(s, g) < b) ==> AreaKept{Pre,Here}(s, g); */
static void discard_windows(struct s2_areas *s, int32_t a, int32_t b) {
  if (a < b) {
    count_add(s, -areas_in(s, a, b));
    windows_drop(s, a, b);
  }
}

/** [x, y) begins in window p at area i and ends in window q > p: the chunks between are dropped, not emptied. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && 0 <= p < q < s->n && 0 <= i <= Kn(WChunk(s, p));
    requires lo: \forall integer j; 0 <= j < i ==> En(WChunk(s, p), j) <= x;
    requires hi: \forall integer j; i <= j < Kn(WChunk(s, p)) ==> x < En(WChunk(s, p), j);
    requires win: Win(s, p, x) && Win(s, q, y - 1);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures in: \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static void remove_wide(struct s2_areas *s, int32_t p, int32_t i, int32_t q, int64_t x, int64_t y) {
  remove_in(s, p, i, x, y);
  remove_in(s, q, 0, x, y);
  int32_t a = s->chunks[s->id[p]].n > 0 ? p + 1 : p;
  int32_t b = s->chunks[s->id[q]].n > 0 ? q : q + 1;
  if (b - a == s->n) {
    a = 1; /* nothing is left; one window stays */
  }
  discard_windows(s, a, b);
  thicken(s, a);
  thicken(s, a - 1);
  thicken(s, a - 2);
}

/** The window in which [x, y) ends; it begins in window p. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= p < s->n && WLo(s, p) < y;
    terminates \true; exits \false; assigns \nothing;
    ensures is: Win(s, \result, y - 1) && p <= \result; */
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
    terminates \true; exits \false; assigns \nothing; */
static bool has_room(const struct s2_areas *s, int32_t p) {
  return s->chunks[s->id[p]].n < FULL || s->nspare > 0 || can_take(s, p + 1) || can_take(s, p - 1);
}

bool s2_areas_can_remove(const struct s2_areas *s, uint64_t x, uint64_t y) {
  struct spot at = locate(s, (int64_t)x);
  return !surrounds(&s->chunks[s->id[at.p]], at.i, (int64_t)x, (int64_t)y) || has_room(s, at.p);
}

s2_status s2_areas_remove(struct s2_areas *s, uint64_t x, uint64_t y) {
  struct spot at = locate(s, (int64_t)x);
  if (surrounds(&s->chunks[s->id[at.p]], at.i, (int64_t)x, (int64_t)y)) {
    return remove_middle(s, at, (int64_t)x, (int64_t)y);
  }
  int32_t q = window_of_end(s, at.p, (int64_t)y);
  if (q == at.p) {
    remove_in(s, at.p, at.i, (int64_t)x, (int64_t)y);
    settle(s, at.p);
  } else {
    remove_wide(s, at.p, at.i, q, (int64_t)x, (int64_t)y);
  }
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
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures ready: \result != CUT_NO_ROOM ==> AreaReady(s, x, rights);
    ensures cut: \result == CUT_DONE ==> AreaCut(s, x);
    ensures same: \result == CUT_NO_ROOM ==> \forall integer y; AreaCut{Pre}(s, y) ==> AreaCut(s, y);
    ensures still: \forall integer y; AreaReady{Pre}(s, y, rights) ==> AreaReady(s, y, rights);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static enum cut cut_at(struct s2_areas *s, int64_t x, uint32_t rights) {
  struct spot at = locate(s, x);
  if (!needs_cut(&s->chunks[s->id[at.p]], at.i, x, rights)) {
    return CUT_NONE;
  }
  struct spot r = roomy(s, x, at);
  if (r.p < 0) {
    return CUT_NO_ROOM;
  }
  chunk_cut(&s->chunks[s->id[r.p]], r.i, x);
  count_add(s, 1);
  return CUT_DONE;
}

/** Take back the cut at x: both sides are in one chunk. */
/*@ requires inv: AreasInv(s) && 0 <= x;
    requires cut: AreaCut(s, x);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void uncut(struct s2_areas *s, int64_t x) {
  struct spot at = locate(s, x);
  chunk_unite(&s->chunks[s->id[at.p]], at.i);
  count_add(s, -1);
}

/** Areas of window p that meet [x, y) get the rights. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: KReady(WChunk(s, p), x, rights) && KReady(WChunk(s, p), y, rights);
    terminates \true; exits \false;
    assigns s->count, s->chunks[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g);
    ensures fr: \forall integer q; 0 <= q < s->n ==> q != p ==> KReady{Pre}(WChunk(s, q), x, rights) ==>
                  KReady{Pre}(WChunk(s, q), y, rights) ==>
                  KReady(WChunk(s, q), x, rights) && KReady(WChunk(s, q), y, rights); */
static void protect_in(struct s2_areas *s, int32_t p, int64_t x, int64_t y, uint32_t rights) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  int32_t n = k->n;
  chunk_protect(k, x, y, rights);
  count_add(s, k->n - n);
}

/** Windows p to q: unite across their borders, the outer ones too, and join thin ones. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p <= q < s->n;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void tidy(struct s2_areas *s, int32_t p, int32_t q) {
  int32_t w = q;
  /*@ loop invariant in: p - 2 <= w <= q;
      loop invariant inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
      loop invariant out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
      loop assigns w, *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1],
                   s->spare[0 .. s->cap - 1];
      loop variant w + 2; */
  while (w >= p - 1) {
    mend(s, w);
    thicken(s, w);
    w--;
  }
}

/** Both ends are cut where needed: this cannot fail. */
/*@ requires inv: AreasInv(s) && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: AreaReady(s, x, rights) && AreaReady(s, y, rights);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g); */
static void protect_all(struct s2_areas *s, int64_t x, int64_t y, uint32_t rights) {
  int32_t p = window(s, x);
  int32_t q = window_of_end(s, p, y);
  int32_t w = p;
  /*@ loop invariant in: p <= w <= q + 1;
      loop invariant inv: AreasInv(s);
      loop invariant none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
      loop invariant out: \forall integer g; 0 <= g < x || y <= g ==> AreaKept{Pre,Here}(s, g);
      loop invariant ready: \forall integer r; w <= r < s->n ==>
        KReady(WChunk(s, r), x, rights) && KReady(WChunk(s, r), y, rights);
      loop assigns w, s->count, s->chunks[0 .. s->cap - 1];
      loop variant q + 1 - w; */
  while (w <= q) {
    protect_in(s, w, x, y, rights);
    w++;
  }
  tidy(s, p, q);
}

s2_status s2_areas_protect(struct s2_areas *s, uint64_t x, uint64_t y, uint32_t rights) {
  enum cut left = cut_at(s, (int64_t)x, rights);
  if (left == CUT_NO_ROOM) {
    return S2_ERR_NO_AREAS;
  }
  if (cut_at(s, (int64_t)y, rights) == CUT_NO_ROOM) {
    if (left == CUT_DONE) {
      uncut(s, (int64_t)x);
    }
    return S2_ERR_NO_AREAS;
  }
  protect_all(s, (int64_t)x, (int64_t)y, rights);
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
/*@ requires c: c <= AREA_TOP && 0 < align <= 0x8000000000000000;
    terminates \true; exits \false; assigns \nothing;
    ensures up: c <= \result && \result % align == 0 && \result - c < align; */
static uint64_t align_up(uint64_t c, uint64_t align) {
  uint64_t over = c % align;
  return over == 0 ? c : c + (align - over);
}

/** Does the wish fit at or above c, before the next area at `next`? Aligns (a division) only if c alone would fit. */
/*@ requires c: c <= AREA_TOP && next <= 0x7fffffffffffffff && 0 < w.size && 0 < w.align <= 0x8000000000000000;
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
    requires w: 0 < w.size <= AREA_TOP && 0 < w.align <= 0x8000000000000000 && w.last <= AREA_TOP;
    requires lo: \forall integer j; 0 <= j < i ==> En(k, j) <= c;
    terminates \true; exits \false; assigns \nothing;
    ensures c: c <= \result.c <= AREA_TOP;
    ensures fit: \result.found ==> \result.c <= w.last && \result.c % w.align == 0 &&
                   \forall integer g; \result.c <= g < \result.c + w.size ==> KNone(k, g);
    ensures not: !\result.found ==> \forall integer j; 0 <= j < k->n ==> En(k, j) <= \result.c; */
static struct candidate chunk_free(const struct s2_chunk *k, int32_t i, uint64_t c, struct wish w) {
  struct candidate r = {c, false};
  /*@ loop invariant in: 0 <= i <= k->n && c <= r.c <= AREA_TOP && !r.found;
      loop invariant lo: \forall integer j; 0 <= j < i ==> En(k, j) <= r.c;
      loop assigns i, r;
      loop variant k->n - i; */
  while (i < k->n) {
    r = fit_before(r.c, (uint64_t)k->start[i], w);
    if (r.found) {
      return r;
    }
    r.c = (uint64_t)k->end[i];
    i++;
  }
  return r;
}

/** The lowest place at or above c that fulfils the wish. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && c <= AREA_TOP;
    requires w: 0 < w.size <= AREA_TOP && 0 < w.align <= 0x8000000000000000 && w.last <= AREA_TOP;
    terminates \true; exits \false; assigns \nothing;
    ensures fit: \result.found ==> c <= \result.c <= w.last && \result.c % w.align == 0 &&
                   \forall integer g; \result.c <= g < \result.c + w.size ==> NoArea(s, g); */
static struct candidate free_from(const struct s2_areas *s, uint64_t c, struct wish w) {
  struct spot at = locate(s, (int64_t)c);
  struct candidate r = {c, false};
  /*@ loop invariant in: 0 <= at.p <= s->n && (at.p < s->n ==> 0 <= at.i <= Kn(WChunk(s, at.p)));
      loop invariant c: c <= r.c <= AREA_TOP && !r.found;
      loop assigns at, r;
      loop variant s->n - at.p; */
  while (at.p < s->n) {
    r = chunk_free(&s->chunks[s->id[at.p]], at.i, r.c, w);
    if (r.found || r.c > w.last) {
      return r;
    }
    at.p++;
    at.i = 0;
  }
  return fit_before(r.c, (uint64_t)INT64_MAX, w);
}

/** The only bit operation here; nothing else rests on it than the refusal of other alignments. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures pos: \result ==> 0 < a <= 0x8000000000000000; */
static bool is_power_of_two(uint64_t a) {
  return a != 0 && (a & (a - 1)) == 0;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> 0 < size && 0 < align <= 0x8000000000000000 && lo <= hi <= AREA_TOP &&
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
    ensures is: \result == S2_OK ==> 1 <= m->count <= 0x1000000; */
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
  s->count = 0;
  s->hit_p = 0;
  s->hit_i = 0;
  int32_t j = 0;
  /* the lowest chunk on top, so that a small set stays in few pages */
  /*@ loop invariant in: 0 <= j <= s->nspare;
      loop invariant done: \forall integer i; 0 <= i < j ==> s->spare[i] == s->nspare - i;
      loop assigns j, s->spare[0 .. s->cap - 1];
      loop variant s->nspare - j; */
  while (j < s->nspare) {
    s->spare[j] = s->nspare - j;
    j++;
  }
  s->lo[0] = 0;
  s->id[0] = 0;
  s->chunks[0].n = 0;
  return S2_OK;
}

void s2_areas_clear(struct s2_areas *s) {
  windows_spare(s, 1, s->n);
  s->n = 1;
  s->chunks[s->id[0]].n = 0;
  s->count = 0;
}
