/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * windows.h - the packed array of windows over chunks: finding the chunk of an address, moving entries and borders between
 * chunks. Middle of the three tiers of the area set: no address can tell that anything here has happened. Part of area.c.
 */
#ifndef S2_WINDOWS_H
#define S2_WINDOWS_H

#include "chunk.h"

/** Where an address belongs: window p, and in its chunk the first area i that ends after it (or the chunk's n). */
struct spot {
  int32_t p, i;
};

/* ---------------------------------------- the windows */

/** The window that holds g. */
/*@ requires inv: \valid_read(s) && AreaMem(s) && AreaTiles(s) && 0 <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == win(s, g) && Win(s, \result, g); */
static int32_t window(const struct s2_areas *s, int64_t g) {
  return search(s->lo, s->n, g);
}

/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures p: Win(s, \result.p, g) && 0 <= \result.i <= Kn(WChunk(s, \result.p));
    ensures lo: \forall integer i; 0 <= i < \result.i ==> En(WChunk(s, \result.p), i) <= g;
    ensures hi: \forall integer i; \result.i <= i < Kn(WChunk(s, \result.p)) ==> g < En(WChunk(s, \result.p), i); */
static inline struct spot locate(const struct s2_areas *s, int64_t g) {
  struct spot at;
  at.p = window(s, g);
  at.i = chunk_seek(&s->chunks[s->id[at.p]], g);
  return at;
}

/*@ requires inv: \valid_read(s) && AreaMem(s);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> 0 <= p && p + 1 < s->n; */
static bool is_pair(const struct s2_areas *s, int32_t p) {
  return p >= 0 && p < s->n - 1;
}

/** Does window p end before y? */
/*@ requires inv: \valid_read(s) && AreaMem(s) && 0 <= p < s->n;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> p + 1 < s->n && WLo(s, p + 1) < y; */
static bool passes_border(const struct s2_areas *s, int32_t p, int64_t y) {
  return p < s->n - 1 && s->lo[p + 1] < y;
}

/** areas += d */
/*@ requires mem: \valid(s) && 0 <= s->count + d <= 0x40000000 && -0x40000000 <= d <= 0x40000000;
    terminates \true; exits \false; assigns s->count;
    ensures is: s->count == \old(s->count) + d; */
static void count_add(struct s2_areas *s, int32_t d) {
  s->count += d;
}

/** Window p begins at v: no area lies between the old border and the new one. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 < p < s->n && WLo(s, p - 1) < v;
    requires l: \forall integer i; 0 <= i < Kn(WChunk(s, p - 1)) ==> En(WChunk(s, p - 1), i) <= v;
    requires r: \forall integer i; 0 <= i < Kn(WChunk(s, p)) ==> v <= St(WChunk(s, p), i);
    terminates \true; exits \false; assigns s->lo[p];
    ensures inv: AreasInv(s) && WLo(s, p) == v;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void move_border(struct s2_areas *s, int32_t p, int64_t v) {
  s->lo[p] = v;
}

/** Window p to place q. */
/*@ requires mem: AreaMem(s) && 0 <= p < s->cap && 0 <= q < s->cap;
    terminates \true; exits \false; assigns s->lo[q], s->id[q];
    ensures cp: WLo(s, q) == WLo{Pre}(s, p) && WId(s, q) == WId{Pre}(s, p);
    ensures fr: \forall integer r; r != q ==> WLo(s, r) == WLo{Pre}(s, r) && WId(s, r) == WId{Pre}(s, r); */
static inline void window_copy(struct s2_areas *s, int32_t p, int32_t q) {
  s->lo[q] = s->lo[p];
  s->id[q] = s->id[p];
}

/** A free window p; what was there stays there too, until it is overwritten. */
/*@ requires mem: AreaMem(s) && 0 <= p <= s->n < s->cap;
    terminates \true; exits \false;
    assigns s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures lo: \forall integer q; 0 <= q < p ==> WLo(s, q) == WLo{Pre}(s, q) && WId(s, q) == WId{Pre}(s, q);
    ensures hi: \forall integer q; p < q <= s->n ==>
                  WLo(s, q) == WLo{Pre}(s, q - 1) && WId(s, q) == WId{Pre}(s, q - 1); */
static void windows_open(struct s2_areas *s, int32_t p) {
  int32_t q = s->n;
  /*@ loop invariant in: p <= q <= s->n;
      loop invariant un: \forall integer r; 0 <= r < q ==> WLo(s, r) == WLo{Pre}(s, r) && WId(s, r) == WId{Pre}(s, r);
      loop invariant mv: \forall integer r; q < r <= s->n ==>
        WLo(s, r) == WLo{Pre}(s, r - 1) && WId(s, r) == WId{Pre}(s, r - 1);
      loop assigns q, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
      loop variant q; */
  while (q > p) {
    window_copy(s, q - 1, q);
    q--;
  }
}

/** The chunks of windows [a, b) become spare. */
/*@ requires mem: AreaMem(s) && 0 <= a <= b <= s->n;
    terminates \true; exits \false; assigns s->nspare, s->spare[0 .. s->cap - 1];
    ensures n: s->nspare == \old(s->nspare) + (b - a);
    ensures old: \forall integer j; 0 <= j < \old(s->nspare) ==> s->spare[j] == \at(s->spare[j], Pre);
    ensures new: \forall integer p; a <= p < b ==> s->spare[\old(s->nspare) + (p - a)] == WId(s, p); */
static void windows_spare(struct s2_areas *s, int32_t a, int32_t b) {
  int32_t p = a;
  /*@ loop invariant in: a <= p <= b && s->nspare == \at(s->nspare, Pre) + (p - a);
      loop invariant old: \forall integer j; 0 <= j < \at(s->nspare, Pre) ==> s->spare[j] == \at(s->spare[j], Pre);
      loop invariant new: \forall integer q; a <= q < p ==> s->spare[\at(s->nspare, Pre) + (q - a)] == WId(s, q);
      loop assigns p, s->nspare, s->spare[0 .. s->cap - 1];
      loop variant b - p; */
  while (p < b) {
    s->spare[s->nspare] = s->id[p];
    s->nspare++;
    p++;
  }
}

/** Windows [a, b) go, their addresses to the window before, or to the one behind when there is none before. */
/*@ requires mem: AreaMem(s) && AreaIds(s) && AreaSpare(s) && 0 <= a < b <= s->n && b - a < s->n;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaIds(s) && AreaSpare(s) && s->n == \old(s->n) - (b - a);
    ensures first: WLo(s, 0) == 0;
    ensures lo: \forall integer q; 0 < q < a ==> WLo(s, q) == WLo{Pre}(s, q);
    ensures hi: \forall integer q; 0 < q ==> a <= q < s->n ==> WLo(s, q) == WLo{Pre}(s, q + (b - a));
    ensures ilo: \forall integer q; 0 <= q < a ==> WId(s, q) == WId{Pre}(s, q);
    ensures ihi: \forall integer q; a <= q < s->n ==> WId(s, q) == WId{Pre}(s, q + (b - a)); */
static void windows_drop(struct s2_areas *s, int32_t a, int32_t b) {
  windows_spare(s, a, b);
  int32_t p = b;
  /*@ loop invariant in: b <= p <= s->n;
      loop invariant un: \forall integer q; 0 <= q < a || p <= q < s->n ==>
        WLo(s, q) == WLo{Pre}(s, q) && WId(s, q) == WId{Pre}(s, q);
      loop invariant mv: \forall integer q; a <= q < p - (b - a) ==>
        WLo(s, q) == WLo{Pre}(s, q + (b - a)) && WId(s, q) == WId{Pre}(s, q + (b - a));
      loop assigns p, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
      loop variant s->n - p; */
  while (p < s->n) {
    window_copy(s, p, p - (b - a));
    p++;
  }
  s->n -= b - a;
  s->lo[0] = 0;
}

/* ---------------------------------------- moving areas between chunks: no address can tell */

/** Entries from h on of k become all of m. */
/*@ requires mem: KWf(k) && \valid(m) && \separated(k, m) && 0 <= h <= k->n;
    terminates \true; exits \false;
    assigns k->n, *m;
    ensures k: k->n == h && \forall integer i; 0 <= i < h ==> AREA_EQ(Pre, i, Here, i);
    ensures m: m->n == \old(k->n) - h && \forall integer i; 0 <= i < m->n ==> AREA_EQ2(Pre, k, h + i, Here, m, i); */
static void entries_split(struct s2_chunk *k, int32_t h, struct s2_chunk *m) {
  int32_t i = h;
  /*@ loop invariant in: h <= i <= k->n;
      loop invariant cp: \forall integer j; 0 <= j < i - h ==> AREA_EQ2(Pre, k, h + j, Here, m, j);
      loop assigns i, m->start[0 .. 63], m->end[0 .. 63], m->pay[0 .. 63];
      loop variant k->n - i; */
  while (i < k->n) {
    entry_copy(k, i, m, i - h);
    i++;
  }
  m->n = k->n - h;
  k->n = h;
}

/** All entries of m behind those of k. m is left as it is. */
/*@ requires mem: KWf(k) && KWf(m) && \separated(k, m) && k->n + m->n <= 64;
    terminates \true; exits \false;
    assigns *k;
    ensures n: k->n == \old(k->n) + m->n;
    ensures lo: \forall integer i; 0 <= i < \old(k->n) ==> AREA_EQ(Pre, i, Here, i);
    ensures hi: \forall integer i; 0 <= i < m->n ==> AREA_EQ2(Pre, m, i, Here, k, \old(k->n) + i); */
static void entries_join(struct s2_chunk *k, const struct s2_chunk *m) {
  int32_t i = 0;
  /*@ loop invariant in: 0 <= i <= m->n;
      loop invariant lo: \forall integer j; 0 <= j < k->n ==> AREA_EQ(Pre, j, Here, j);
      loop invariant cp: \forall integer j; 0 <= j < i ==> AREA_EQ2(Pre, m, j, Here, k, k->n + j);
      loop assigns i, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
      loop variant m->n - i; */
  while (i < m->n) {
    entry_copy(m, i, k, k->n + i);
    i++;
  }
  k->n += m->n;
}

/** Areas from h on of window p move to a new window behind it. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < h < Kn(WChunk(s, p)) && s->nspare > 0;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && s->n == \old(s->n) + 1;
    ensures n: Kn(WChunk(s, p)) == h && Kn(WChunk(s, p + 1)) == Kn{Pre}(WChunk{Pre}(s, p)) - h;
    ensures lo: WLo(s, p) == WLo{Pre}(s, p) && \forall integer q; p < q < \old(s->n) ==>
                  WLo(s, q + 1) == WLo{Pre}(s, q);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void window_split(struct s2_areas *s, int32_t p, int32_t h) {
  s->nspare--;
  int32_t c = s->spare[s->nspare];
  entries_split(&s->chunks[s->id[p]], h, &s->chunks[c]);
  windows_open(s, p + 1);
  s->lo[p + 1] = s->chunks[c].start[0];
  s->id[p + 1] = c;
  s->n++;
}

/** The last area of window p moves to the next window. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n && Kn(WChunk(s, p)) > 1 && Kn(WChunk(s, p + 1)) < 64;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk{Pre}(s, p)) - 1 &&
               Kn(WChunk(s, p + 1)) == Kn{Pre}(WChunk{Pre}(s, p + 1)) + 1;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void give_right(struct s2_areas *s, int32_t p) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  chunk_open(m, 0);
  entry_copy(k, k->n - 1, m, 0);
  k->n--;
  s->lo[p + 1] = m->start[0];
}

/** The first area of window p moves to the window before. */
/*@ requires inv: AreasInv(s) && 0 < p < s->n && Kn(WChunk(s, p)) > 1 && Kn(WChunk(s, p - 1)) < 64;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk{Pre}(s, p)) - 1 &&
               Kn(WChunk(s, p - 1)) == Kn{Pre}(WChunk{Pre}(s, p - 1)) + 1;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void give_left(struct s2_areas *s, int32_t p) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  struct s2_chunk *m = &s->chunks[s->id[p - 1]];
  entry_copy(k, 0, m, m->n);
  m->n++;
  chunk_close(k, 0, 1);
  s->lo[p] = k->start[0];
}

/** Two free places: one for an area that is given away, one for what the caller is about to add. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> 0 <= p < s->n && Kn(WChunk(s, p)) < 63; */
static bool can_take(const struct s2_areas *s, int32_t p) {
  return p >= 0 && p < s->n && s->chunks[s->id[p]].n < FULL - 1;
}

/** Behind the last area of all: leave a full chunk behind, as sets are often built upwards. Else: in the middle. */
/*@ requires inv: \valid_read(s) && 0 <= i <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result == 32 || \result == 63; */
static int32_t split_place(const struct s2_areas *s, int32_t p, int32_t i) {
  return i == FULL && p + 1 == s->n ? FULL - 1 : HALF;
}

/** The chunk of window p is full: rearrange so that every address of that window has a free place in its chunk. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i <= 64 && Kn(WChunk(s, p)) == 64;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
    ensures same: !\result ==> \forall integer y; AreaCut{Pre}(s, y) ==> AreaCut(s, y);
    ensures room: \result ==> \forall integer g; 0 <= g ==> Win{Pre}(s, p, g) ==> Kn(WChunk(s, win(s, g))) < 64; */
static bool make_room(struct s2_areas *s, int32_t p, int32_t i) {
  if (s->nspare > 0) {
    window_split(s, p, split_place(s, p, i));
    return true;
  }
  if (can_take(s, p + 1)) {
    give_right(s, p);
    return true;
  }
  if (can_take(s, p - 1)) {
    give_left(s, p);
    return true;
  }
  return false;
}

/** A place for x where there is none: see roomy(). */
/*@ requires inv: AreasInv(s) && 0 <= x && Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    requires full: Kn(WChunk(s, at.p)) == 64;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
    ensures same: \result.p == -1 ==> \forall integer y; AreaCut{Pre}(s, y) ==> AreaCut(s, y);
    ensures p: \result.p == -1 || Win(s, \result.p, x) && 0 <= \result.i <= Kn(WChunk(s, \result.p)) < 64;
    ensures lo: \result.p != -1 ==> \forall integer i; 0 <= i < \result.i ==> En(WChunk(s, \result.p), i) <= x;
    ensures hi: \result.p != -1 ==> \forall integer i; \result.i <= i < Kn(WChunk(s, \result.p)) ==>
                  x < En(WChunk(s, \result.p), i); */
static struct spot make_place(struct s2_areas *s, int64_t x, struct spot at) {
  struct spot none = {-1, 0};
  if (!make_room(s, at.p, at.i)) {
    return none;
  }
  return locate(s, x);
}

/** The place of x (where `at` says it is) in a chunk with a free place; p == -1: storage is used up. */
/*@ requires inv: AreasInv(s) && 0 <= x && Win(s, at.p, x) && 0 <= at.i <= Kn(WChunk(s, at.p));
    requires lo: \forall integer i; 0 <= i < at.i ==> En(WChunk(s, at.p), i) <= x;
    requires hi: \forall integer i; at.i <= i < Kn(WChunk(s, at.p)) ==> x < En(WChunk(s, at.p), i);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g);
    ensures same: \result.p == -1 ==> \forall integer y; AreaCut{Pre}(s, y) ==> AreaCut(s, y);
    ensures p: \result.p == -1 || Win(s, \result.p, x) && 0 <= \result.i <= Kn(WChunk(s, \result.p)) < 64;
    ensures lo: \result.p != -1 ==> \forall integer i; 0 <= i < \result.i ==> En(WChunk(s, \result.p), i) <= x;
    ensures hi: \result.p != -1 ==> \forall integer i; \result.i <= i < Kn(WChunk(s, \result.p)) ==>
                  x < En(WChunk(s, \result.p), i); */
static inline struct spot roomy(struct s2_areas *s, int64_t x, struct spot at) {
  return s->chunks[s->id[at.p]].n < FULL ? at : make_place(s, x, at);
}

/** Do windows p and p + 1 exist and hold 32 areas or fewer together? */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> 0 <= p && p + 1 < s->n && Kn(WChunk(s, p)) + Kn(WChunk(s, p + 1)) <= 32; */
static bool is_thin(const struct s2_areas *s, int32_t p) {
  return is_pair(s, p) && s->chunks[s->id[p]].n + s->chunks[s->id[p + 1]].n <= HALF;
}

/** Windows p and p + 1 become one, if they are there and thin. */
/*@ requires inv: AreasInv(s) && -1 <= p;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void thicken(struct s2_areas *s, int32_t p) {
  if (is_thin(s, p)) {
    entries_join(&s->chunks[s->id[p]], &s->chunks[s->id[p + 1]]);
    windows_drop(s, p + 1, p + 2);
  }
}

/** Are the last area of window p and the first of window p + 1 one area? */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result ==> 0 <= p && p + 1 < s->n &&
                  En(WChunk(s, p), Kn(WChunk(s, p)) - 1) == St(WChunk(s, p + 1), 0) &&
                  Pay(WChunk(s, p), Kn(WChunk(s, p)) - 1) == Pay(WChunk(s, p + 1), 0); */
static bool has_seam(const struct s2_areas *s, int32_t p) {
  if (!is_pair(s, p)) {
    return false;
  }
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  return touches_right(&s->chunks[s->id[p + 1]], 0, k->end[k->n - 1], k->pay[k->n - 1]);
}

/** The last area of window p takes over the first of window p + 1, and with it the addresses. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n;
    requires touch: En(WChunk(s, p), Kn(WChunk(s, p)) - 1) == St(WChunk(s, p + 1), 0);
    requires same: Pay(WChunk(s, p), Kn(WChunk(s, p)) - 1) == Pay(WChunk(s, p + 1), 0);
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void unite_seam(struct s2_areas *s, int32_t p) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  int64_t v = m->end[0];
  chunk_close(m, 0, 1);
  k->end[k->n - 1] = v;
  s->lo[p + 1] = v;
  count_add(s, -1);
  if (m->n == 0) {
    windows_drop(s, p + 1, p + 2);
  }
}

/** The border between windows p and p + 1, if it is there: no area may continue over it. */
/*@ requires inv: AreasInv(s) && -1 <= p;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void mend(struct s2_areas *s, int32_t p) {
  if (has_seam(s, p)) {
    unite_seam(s, p);
    thicken(s, p + 1);
    thicken(s, p);
  }
}

/** The chunk of window p may have lost areas: drop it when empty, join it with thin neighbours. */
/*@ requires mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && AreaInside(s);
    requires filled: \forall integer q; 0 <= q < s->n ==> q != p ==> 0 < Kn(WChunk(s, q));
    requires count: s->count == total(s, s->n) && 0 <= p < s->n;
    terminates \true; exits \false;
    assigns *s, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && AreaSameMem{Pre,Here}(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void settle(struct s2_areas *s, int32_t p) {
  if (s->n == 1 || s->chunks[s->id[p]].n >= HALF) {
    return;
  }
  if (s->chunks[s->id[p]].n == 0) {
    windows_drop(s, p, p + 1);
  } else {
    thicken(s, p);
  }
  thicken(s, p - 1);
}

#endif
