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

/** The window that holds g: the last one that begins at or below it. A search like that of a chunk, over another kind. */
/*@ requires inv: \valid_read(s) && AreaMem(s) && AreaTiles(s) && 0 <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == win(s, g) && Win(s, \result, g); */
static int32_t window(const struct s2_areas *s, int64_t g) {
  uint32_t base = 0;
  uint32_t len = (uint32_t)s->n;
  uint64_t u = (uint64_t)g;
  /*@ loop invariant in: 0 <= base && base + len <= s->n && 0 < len;
      loop invariant lo: WLo(s, base) <= g;
      loop invariant hi: \forall integer p; base + len <= p < s->n ==> g < WLo(s, p);
      loop assigns base, len;
      loop variant len; */
  while (len > 1) {
    uint32_t half = len / 2;
    base = s->lo[base + half] <= u ? base + half : base;
    len -= half;
  }
  //@ assert w: Win(s, (integer)base, g);
  return (int32_t)base;
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
/*@ requires inv: \valid_read(s) && AreaMem(s) && 0 <= p < s->n && 0 <= y;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> p + 1 < s->n && WLo(s, p + 1) < y; */
static bool passes_border(const struct s2_areas *s, int32_t p, int64_t y) {
  return p < s->n - 1 && s->lo[p + 1] < (uint64_t)y;
}

/** Window p begins at v: no area lies between the old border and the new one. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 < p < s->n && WLo(s, p - 1) < v;
    requires l: \forall integer g; v <= g ==> KNone(WChunk(s, p - 1), g);
    requires r: \forall integer g; g < v ==> KNone(WChunk(s, p), g);
    terminates \true; exits \false; assigns s->lo[p];
    ensures inv: AreasInv(s);
    ensures lo: WLo(s, p) == v && \forall integer q; q != p ==> WLo(s, q) == WLo{Pre}(s, q);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void move_border(struct s2_areas *s, int32_t p, int64_t v) {
  //@ assert c: KCovers(WChunk(s, p), 0, St(WChunk(s, p), 0)) && !KNone(WChunk(s, p), St(WChunk(s, p), 0));
  //@ assert t: v <= St(WChunk(s, p), 0) && (p + 1 < s->n ==> v < WLo(s, p + 1));
  s->lo[p] = (uint64_t)v;
  //@ assert fr: WLo(s, p) == v && \forall integer q; q != p ==> WLo(s, q) == WLo{Pre}(s, q);
  //@ assert ta: \forall integer q; 0 <= q < p ==> WLo(s, q) < v;
  //@ assert tb: \forall integer q; p < q < s->n ==> v < WLo(s, q);
  //@ assert ti: AreaTiles(s);
  //@ assert i0: \forall integer q, g; q != p - 1 ==> q != p ==> Win{Pre}(s, q, g) ==> Win(s, q, g);
  //@ assert i1: \forall integer g; !KNone(WChunk(s, p - 1), g) ==> g < v && Win(s, p - 1, g);
  //@ assert i2: \forall integer g; !KNone(WChunk(s, p), g) ==> v <= g && Win(s, p, g);
  //@ assert in: AreaInside(s);
  //@ assert w: \forall integer g; 0 <= g ==> Win(s, win(s, g), g) && Win{Pre}(s, win{Pre}(s, g), g);
  //@ assert v1: \forall integer g; 0 <= g ==> !(p - 1 <= win{Pre}(s, g) <= p) ==> Win(s, win{Pre}(s, g), g);
  //@ assert w1: \forall integer g; 0 <= g ==> !(p - 1 <= win{Pre}(s, g) <= p) ==> win(s, g) == win{Pre}(s, g);
  //@ assert v2: \forall integer g; 0 <= g < v ==> p - 1 <= win{Pre}(s, g) <= p ==> Win(s, p - 1, g);
  //@ assert w2: \forall integer g; 0 <= g < v ==> p - 1 <= win{Pre}(s, g) <= p ==> win(s, g) == p - 1;
  //@ assert v3: \forall integer g; v <= g ==> p - 1 <= win{Pre}(s, g) <= p ==> Win(s, p, g);
  //@ assert w3: \forall integer g; v <= g ==> p - 1 <= win{Pre}(s, g) <= p ==> win(s, g) == p;
  //@ assert k: \forall integer g; 0 <= g ==> win(s, g) != win{Pre}(s, g) ==> NoArea{Pre}(s, g) && NoArea(s, g);
}

/** Window p to place q. */
/*@ requires mem: AreaStore(s) && 0 <= p < s->cap && 0 <= q < s->cap;
    terminates \true; exits \false; assigns s->lo[q], s->id[q];
    ensures cp: WLo(s, q) == WLo{Pre}(s, p) && WId(s, q) == WId{Pre}(s, p);
    ensures fr: \forall integer r; r != q ==> WLo(s, r) == WLo{Pre}(s, r) && WId(s, r) == WId{Pre}(s, r);
    ensures sp: \forall integer j; 0 <= j < s->cap ==> WSp(s, j) == WSp{Pre}(s, j); */
static inline void window_copy(struct s2_areas *s, int32_t p, int32_t q) {
  s->lo[q] = s->lo[p];
  s->id[q] = s->id[p];
}

/** A free window p; what was there stays there too, until it is overwritten. */
/*@ requires mem: AreaStore(s) && 0 <= p <= s->n < s->cap;
    terminates \true; exits \false;
    assigns s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures lo: \forall integer q; 0 <= q < p ==> WLo(s, q) == WLo{Pre}(s, q) && WId(s, q) == WId{Pre}(s, q);
    ensures hi: \forall integer q; p < q <= s->n ==>
                  WLo(s, q) == WLo{Pre}(s, q - 1) && WId(s, q) == WId{Pre}(s, q - 1);
    ensures sp: \forall integer j; 0 <= j < s->cap ==> WSp(s, j) == WSp{Pre}(s, j);
    ensures st: s->n == \old(s->n) && s->nspare == \old(s->nspare) && s->hit_p == \old(s->hit_p) &&
                s->hit_i == \old(s->hit_i); */
static void windows_open(struct s2_areas *s, int32_t p) {
  int32_t q = s->n;
  /*@ loop invariant in: p <= q <= s->n;
      loop invariant un: \forall integer r; 0 <= r < q ==> WLo(s, r) == WLo{Pre}(s, r) && WId(s, r) == WId{Pre}(s, r);
      loop invariant mv: \forall integer r; q < r <= s->n ==>
        WLo(s, r) == WLo{Pre}(s, r - 1) && WId(s, r) == WId{Pre}(s, r - 1);
      loop invariant sp: \forall integer j; 0 <= j < s->cap ==> WSp(s, j) == WSp{Pre}(s, j);
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
    ensures old: \forall integer j; 0 <= j < \old(s->nspare) ==> WSp(s, j) == WSp{Pre}(s, j);
    ensures new: \forall integer j; \old(s->nspare) <= j < s->nspare ==>
                   WSp(s, j) == WId(s, a + (j - \old(s->nspare))); */
static void windows_spare(struct s2_areas *s, int32_t a, int32_t b) {
  int32_t p = a;
  /*@ loop invariant in: a <= p <= b && s->nspare == \at(s->nspare, Pre) + (p - a);
      loop invariant old: \forall integer j; 0 <= j < \at(s->nspare, Pre) ==> WSp(s, j) == WSp{Pre}(s, j);
      loop invariant new: \forall integer j; \at(s->nspare, Pre) <= j < s->nspare ==>
        WSp(s, j) == WId(s, a + (j - \at(s->nspare, Pre)));
      loop assigns p, s->nspare, s->spare[0 .. s->cap - 1];
      loop variant b - p; */
  while (p < b) {
    s->spare[s->nspare] = s->id[p];
    s->nspare++;
    p++;
  }
}

/** Windows [a, b) go, their addresses to the window before, or to the one behind when there is none before. */
/*@ requires mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && 0 <= a < b <= s->n && b - a < s->n;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && s->n == \old(s->n) - (b - a);
    ensures ilo: \forall integer q; 0 <= q < a ==> WId(s, q) == WId{Pre}(s, q);
    ensures ihi: \forall integer q; a <= q < s->n ==> WId(s, q) == WId{Pre}(s, q + (b - a));
    ensures lo: \forall integer q; 0 <= q < a ==> WLo(s, q) == WLo{Pre}(s, q);
    ensures hi: \forall integer q; a <= q < s->n ==> WLo(s, q) == (q == 0 ? 0 : WLo{Pre}(s, q + (b - a)));
    ensures w1: \forall integer g; 0 <= g ==> win{Pre}(s, g) < a ==> win(s, g) == win{Pre}(s, g);
    ensures w2: \forall integer g; 0 <= g ==> a <= win{Pre}(s, g) < b ==> win(s, g) == (a == 0 ? 0 : a - 1);
    ensures w3: \forall integer g; 0 <= g ==> b <= win{Pre}(s, g) ==> win(s, g) == win{Pre}(s, g) - (b - a); */
static void windows_drop(struct s2_areas *s, int32_t a, int32_t b) {
  windows_spare(s, a, b);
  //@ ghost Spared: ;
  //@ assert id: \forall integer q; 0 <= q < s->cap ==> WId(s, q) == WId{Pre}(s, q);
  //@ assert sp: WSpared{Pre,Here}(s, a, b);
  int32_t p = b;
  /*@ loop invariant in: b <= p <= s->n;
      loop invariant un: \forall integer q; 0 <= q < a || p <= q < s->n ==>
        WLo(s, q) == WLo{Pre}(s, q) && WId(s, q) == WId{Pre}(s, q);
      loop invariant mv: \forall integer q; b <= q < p ==>
        WLo{Pre}(s, q) == WLo(s, q - (b - a)) && WId{Pre}(s, q) == WId(s, q - (b - a));
      loop invariant sp: \forall integer j; 0 <= j < s->cap ==> WSp(s, j) == WSp{Spared}(s, j);
      loop assigns p, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
      loop variant s->n - p; */
  while (p < s->n) {
    window_copy(s, p, p - (b - a));
    //@ assert at: WLo{Pre}(s, p) == WLo(s, p - (b - a)) && WId{Pre}(s, p) == WId(s, p - (b - a));
    //@ assert ml: \forall integer q; b <= q < p ==> WLo{Pre}(s, q) == WLo(s, q - (b - a));
    //@ assert mi: \forall integer q; b <= q < p ==> WId{Pre}(s, q) == WId(s, q - (b - a));
    p++;
  }
  s->n -= b - a;
  s->lo[0] = 0;
#include "proofs/wp/windows_drop.acsl"
}

/** A new window p from v on, with the spare chunk on top. The window before ends there. */
/*@ requires mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && 0 < p <= s->n && s->nspare > 0;
    requires v: WLo(s, p - 1) < v && (p < s->n ==> v < WLo(s, p));
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s);
    ensures n: s->n == \old(s->n) + 1 && s->nspare == \old(s->nspare) - 1;
    ensures at: WLo(s, p) == v && WId(s, p) == \old(s->spare[s->nspare - 1]);
    ensures ilo: \forall integer q; 0 <= q < p ==> WId(s, q) == WId{Pre}(s, q);
    ensures ihi: \forall integer q; p < q < s->n ==> WId(s, q) == WId{Pre}(s, q - 1);
    ensures lo: \forall integer q; 0 <= q < p ==> WLo(s, q) == WLo{Pre}(s, q);
    ensures hi: \forall integer q; p < q < s->n ==> WLo(s, q) == WLo{Pre}(s, q - 1);
    ensures w1: \forall integer g; 0 <= g < v ==> win(s, g) == win{Pre}(s, g);
    ensures w2: \forall integer g; v <= g ==> win{Pre}(s, g) == p - 1 ==> win(s, g) == p;
    ensures w3: \forall integer g; v <= g ==> win{Pre}(s, g) != p - 1 ==> win(s, g) == win{Pre}(s, g) + 1; */
static void windows_add(struct s2_areas *s, int32_t p, int64_t v) {
  windows_open(s, p);
  s->nspare--;
  s->n++;
  s->lo[p] = (uint64_t)v;
  s->id[p] = s->spare[s->nspare];
#include "proofs/wp/windows_add.acsl"
}

/* ---------------------------------------- moving areas between chunks: no address can tell */

/** Areas from h on of window p move to the spare chunk on top. */
/*@ requires mem: AreaMem(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s) && 0 <= p < s->n && s->nspare > 0;
    requires h: 0 < h < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures rest: AreaRest{Pre,Here}(s, p);
    ensures whole: \forall integer q, g; 0 <= q < s->n ==> q != p ==> KWhole{Pre,Here}(WChunk(s, q), WChunk(s, q), g) &&
                     (KNone(WChunk(s, q), g) <==> KNone{Pre}(WChunk(s, q), g));
    ensures inv: AreaChunks(s) && ChunkInv(WTop(s));
    ensures n: Kn(WChunk(s, p)) == h && Kn(WTop(s)) == Kn{Pre}(WChunk(s, p)) - h;
    ensures at: St(WTop(s), 0) == St{Pre}(WChunk(s, p), h);
    ensures lo: \forall integer g; g < St(WTop(s), 0) ==> KNone(WTop(s), g) &&
                  KWhole{Pre,Here}(WChunk(s, p), WChunk(s, p), g) && (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g));
    ensures hi: \forall integer g; St(WTop(s), 0) <= g ==> KNone(WChunk(s, p), g) &&
                  KWhole{Pre,Here}(WChunk(s, p), WTop(s), g) && (KNone(WTop(s), g) <==> KNone{Pre}(WChunk(s, p), g)); */
static inline void split_in(struct s2_areas *s, int32_t p, int32_t h) {
  chunk_split(&s->chunks[s->id[p]], h, &s->chunks[s->spare[s->nspare - 1]]);
#include "proofs/wp/split_in.acsl"
}

/** Area i of window p moves to place j of window r. */
/*@ requires mem: AreaMem(s) && AreaIds(s) && AreaChunks(s) && 0 <= p < s->n && 0 <= r < s->n && p != r;
    requires at: 0 <= i < Kn(WChunk(s, p)) && 0 <= j <= Kn(WChunk(s, r)) < 64;
    requires l: \forall integer h; 0 <= h < j ==> En(WChunk(s, r), h) <= St(WChunk(s, p), i);
    requires r: \forall integer h; j <= h < Kn(WChunk(s, r)) ==> En(WChunk(s, p), i) <= St(WChunk(s, r), h);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures rest: \forall integer q; 0 <= q < s->n ==> q != p ==> q != r ==> KSame{Pre,Here}(WChunk(s, q), WChunk(s, q));
    ensures whole: \forall integer q, g; 0 <= q < s->n ==> q != p ==> q != r ==>
                     KWhole{Pre,Here}(WChunk(s, q), WChunk(s, q), g) &&
                     (KNone(WChunk(s, q), g) <==> KNone{Pre}(WChunk(s, q), g));
    ensures inv: AreaChunks(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) - 1 && Kn(WChunk(s, r)) == Kn{Pre}(WChunk(s, r)) + 1;
    ensures in: \forall integer g; St{Pre}(WChunk(s, p), i) <= g < En{Pre}(WChunk(s, p), i) ==>
                  !KNone{Pre}(WChunk(s, p), g) && KNone(WChunk(s, p), g) && !KNone(WChunk(s, r), g) &&
                  KWhole{Pre,Here}(WChunk(s, p), WChunk(s, r), g);
    ensures op: \forall integer g; g < St{Pre}(WChunk(s, p), i) || En{Pre}(WChunk(s, p), i) <= g ==>
                  KWhole{Pre,Here}(WChunk(s, p), WChunk(s, p), g) && (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g));
    ensures or: \forall integer g; g < St{Pre}(WChunk(s, p), i) || En{Pre}(WChunk(s, p), i) <= g ==>
                  KWhole{Pre,Here}(WChunk(s, r), WChunk(s, r), g) && (KNone(WChunk(s, r), g) <==> KNone{Pre}(WChunk(s, r), g)); */
static inline void give_in(struct s2_areas *s, int32_t p, int32_t i, int32_t r, int32_t j) {
  //@ assert in: \forall integer g; St(WChunk(s, p), i) <= g < En(WChunk(s, p), i) ==> KCovers(WChunk(s, p), i, g);
  chunk_give(&s->chunks[s->id[p]], i, &s->chunks[s->id[r]], j);
#include "proofs/wp/pair_rest.acsl"
}

/** Areas from h on of window p move to a new window behind it. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 < h < Kn(WChunk(s, p)) && s->nspare > 0;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && s->n == \old(s->n) + 1;
    ensures n: Kn(WChunk(s, p)) == h && Kn(WChunk(s, p + 1)) == Kn{Pre}(WChunk{Pre}(s, p)) - h;
    ensures win: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> p <= win(s, g) <= p + 1;
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g); */
static void window_split(struct s2_areas *s, int32_t p, int32_t h) {
  //@ ghost struct s2_chunk *k = &s->chunks[s->id[p]];
  const struct s2_chunk *m = &s->chunks[s->spare[s->nspare - 1]];
  //@ assert kc: KCovers(k, 0, St(k, 0)) && !KNone(k, St(k, 0)) && KCovers(k, h, St(k, h)) && !KNone(k, St(k, h));
  //@ assert kv: WLo(s, p) < St(k, h) && (p + 1 < s->n ==> St(k, h) < WLo(s, p + 1));
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  split_in(s, p, h);
  //@ assert cp: s->cap == \at(s->cap,Pre);
  int64_t v = m->start[0];
#include "proofs/wp/window_split_chunks.acsl"
  windows_add(s, p + 1, v);
#include "proofs/wp/window_split.acsl"
}

/** The last area of window p moves to the next window. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n && Kn(WChunk(s, p)) > 1 && Kn(WChunk(s, p + 1)) < 64;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1], s->lo[p + 1];
    ensures inv: AreasInv(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) - 1 && Kn(WChunk(s, p + 1)) == Kn{Pre}(WChunk(s, p + 1)) + 1;
    ensures win: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> p <= win(s, g) <= p + 1;
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g); */
static void give_right(struct s2_areas *s, int32_t p) {
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ ghost struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  int64_t v = k->start[k->n - 1];
#include "proofs/wp/give_right_before.acsl"
  give_in(s, p, k->n - 1, p + 1, 0);
  s->lo[p + 1] = (uint64_t)v;
#include "proofs/wp/give_right.acsl"
}

/** The first area of window p moves to the window before. */
/*@ requires inv: AreasInv(s) && 0 < p < s->n && Kn(WChunk(s, p)) > 1 && Kn(WChunk(s, p - 1)) < 64;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1], s->lo[p];
    ensures inv: AreasInv(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) - 1 && Kn(WChunk(s, p - 1)) == Kn{Pre}(WChunk(s, p - 1)) + 1;
    ensures win: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> p - 1 <= win(s, g) <= p;
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g); */
static void give_left(struct s2_areas *s, int32_t p) {
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  const struct s2_chunk *m = &s->chunks[s->id[p - 1]];
  int64_t v = k->start[1];
#include "proofs/wp/give_left_before.acsl"
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  give_in(s, p, 0, p - 1, m->n);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  s->lo[p] = (uint64_t)v;
#include "proofs/wp/give_left.acsl"
}

/** Two free places: one for an area that is given away, one for what the caller is about to add. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> 0 <= p < s->n && Kn(WChunk(s, p)) < 63; */
static bool can_take(const struct s2_areas *s, int32_t p) {
  return p >= 0 && p < s->n && s->chunks[s->id[p]].n < FULL - 1;
}

/** Behind the last area of all: leave a full chunk behind, as sets are often built upwards. Else: in the middle. */
/*@ requires inv: \valid_read(s) && 0 <= p <= 0x1000000 && 0 <= i <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result == 32 || \result == 63; */
static int32_t split_place(const struct s2_areas *s, int32_t p, int32_t i) {
  return i == FULL && p + 1 == s->n ? FULL - 1 : HALF;
}

/** The chunk of window p is full: rearrange so that every address of that window has a free place in its chunk. */
/*@ requires inv: AreasInv(s) && 0 <= p < s->n && 0 <= i <= 64 && Kn(WChunk(s, p)) == 64;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g);
    ensures same: !\result ==> AreasSame{Pre,Here}(s);
    ensures ok: AreaRoomAt{Pre}(s, p) ==> \result;
    ensures room: \result ==> \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> Kn(WChunk(s, win(s, g))) < 64; */
static bool make_room(struct s2_areas *s, int32_t p, int32_t i) {
  if (s->nspare > 0) {
    window_split(s, p, split_place(s, p, i));
    //@ assert rn: Kn(WChunk(s, p)) < 64 && Kn(WChunk(s, p + 1)) < 64;
    //@ assert rg: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> Kn(WChunk(s, win(s, g))) < 64;
    return true;
  }
  if (can_take(s, p + 1)) {
    give_right(s, p);
    //@ assert rn: Kn(WChunk(s, p)) < 64 && Kn(WChunk(s, p + 1)) < 64;
    //@ assert rw: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> win(s, g) == p || win(s, g) == p + 1;
    //@ assert rg: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> Kn(WChunk(s, win(s, g))) < 64;
    return true;
  }
  if (can_take(s, p - 1)) {
    give_left(s, p);
    //@ assert rn: Kn(WChunk(s, p)) < 64 && Kn(WChunk(s, p - 1)) < 64;
    //@ assert rw: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> win(s, g) == p || win(s, g) == p - 1;
    //@ assert rg: \forall integer g; 0 <= g ==> win{Pre}(s, g) == p ==> Kn(WChunk(s, win(s, g))) < 64;
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
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g);
    ensures ok: AreaRoomAt{Pre}(s, at.p) ==> \result.p != -1;
    ensures same: \result.p == -1 ==> AreasSame{Pre,Here}(s);
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
    assigns s->n, s->nspare, s->chunks[0 .. s->cap - 1], s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1];
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaWhole{Pre,Here}(s, g);
    ensures ok: AreaRoomAt{Pre}(s, at.p) ==> \result.p != -1;
    ensures same: \result.p == -1 ==> AreasSame{Pre,Here}(s);
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

/** The chunk of window p gets the areas of the next one too, which keeps them. */
/*@ requires mem: AreaMem(s) && AreaIds(s) && AreaChunks(s) && 0 <= p && p + 1 < s->n;
    requires room: Kn(WChunk(s, p)) + Kn(WChunk(s, p + 1)) <= 64;
    requires behind: \forall integer i, j; 0 <= i < Kn(WChunk(s, p)) ==> 0 <= j < Kn(WChunk(s, p + 1)) ==>
                       En(WChunk(s, p), i) <= St(WChunk(s, p + 1), j);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures rest: AreaRest{Pre,Here}(s, p);
    ensures whole: \forall integer q, g; 0 <= q < s->n ==> q != p ==> KWhole{Pre,Here}(WChunk(s, q), WChunk(s, q), g) &&
                     (KNone(WChunk(s, q), g) <==> KNone{Pre}(WChunk(s, q), g));
    ensures inv: AreaChunks(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) + Kn{Pre}(WChunk(s, p + 1));
    ensures mv: \forall integer g; !KNone{Pre}(WChunk(s, p + 1), g) ==>
                  KMoved{Pre,Here}(WChunk(s, p + 1), WChunk(s, p), g) && !KNone(WChunk(s, p), g);
    ensures out: \forall integer g; KNone{Pre}(WChunk(s, p + 1), g) ==> KKept{Pre,Here}(WChunk(s, p), g) &&
                   (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g)); */
static inline void join_in(struct s2_areas *s, int32_t p) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  const struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  chunk_join(k, m);
#include "proofs/wp/join_in.acsl"
}

/** Windows p and p + 1 become one. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n && Kn(WChunk(s, p)) + Kn(WChunk(s, p + 1)) <= 64;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && s->n == \old(s->n) - 1;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void join_windows(struct s2_areas *s, int32_t p) {
  //@ ghost struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ ghost struct s2_chunk *m = &s->chunks[s->id[p + 1]];
#include "proofs/wp/join_windows_before.acsl"
  join_in(s, p);
#include "proofs/wp/join_windows_joined.acsl"
  windows_drop(s, p + 1, p + 2);
#include "proofs/wp/join_windows.acsl"
}

/** Windows p and p + 1 become one, if they are there and thin. */
/*@ requires inv: AreasInv(s);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void thicken(struct s2_areas *s, int32_t p) {
  //@ assert self: AreasKept{Pre,Here}(s);
  if (is_thin(s, p)) {
    join_windows(s, p);
    //@ assert kt: AreasKept{Pre,Here}(s);
  }
  //@ assert kj: AreasKept{Pre,Here}(s);
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

/** The first area of window p goes. */
/*@ requires inv: AreasLoose(s) && 0 <= p < s->n && 0 < Kn(WChunk(s, p));
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures inv: AreasLoose(s) && WEdit{Pre,Here}(s, p) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) - 1;
    ensures in: \forall integer g; St{Pre}(WChunk(s, p), 0) <= g < En{Pre}(WChunk(s, p), 0) ==>
                  KNone(WChunk(s, p), g) && !KNone{Pre}(WChunk(s, p), g) && KAt{Pre}(WChunk(s, p), g) == Pay{Pre}(WChunk(s, p), 0);
    ensures out: \forall integer g; g < St{Pre}(WChunk(s, p), 0) || En{Pre}(WChunk(s, p), 0) <= g ==>
                   KKept{Pre,Here}(WChunk(s, p), g) && (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g)); */
static inline void first_out(struct s2_areas *s, int32_t p) {
  //@ ghost struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ ghost int64_t b = k->start[0];
  //@ ghost int64_t v = k->end[0];
  //@ assert ki: \forall integer g; b <= g < v ==> KCovers(k, 0, g) && idx(k, g) == 0;
  //@ assert ko: \forall integer g; g < b || v <= g ==> idx(k, g) != 0;
  chunk_drop(&s->chunks[s->id[p]], 0, 1);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/first_out.acsl"
}

/** The last area of window p ends at y, maybe outside of the window: in the chunk alone. */
/*@ requires inv: AreasLoose(s) && 0 <= p < s->n && 0 < Kn(WChunk(s, p));
    requires y: En(WChunk(s, p), Kn(WChunk(s, p)) - 1) < y <= AREA_TOP;
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures mem: AreaMem(s) && AreaTiles(s) && AreaIds(s) && AreaSpare(s) && AreaChunks(s);
    ensures edit: WEdit{Pre,Here}(s, p) && Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p));
    ensures in: \forall integer g; En{Pre}(WChunk(s, p), Kn{Pre}(WChunk(s, p)) - 1) <= g < y ==>
                  !KNone(WChunk(s, p), g) && KNone{Pre}(WChunk(s, p), g) &&
                  KAt(WChunk(s, p), g) == Pay{Pre}(WChunk(s, p), Kn{Pre}(WChunk(s, p)) - 1);
    ensures out: \forall integer g; g < En{Pre}(WChunk(s, p), Kn{Pre}(WChunk(s, p)) - 1) || y <= g ==>
                   KKept{Pre,Here}(WChunk(s, p), g) && (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g)); */
static inline void last_to(struct s2_areas *s, int32_t p, int64_t y) {
  struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ ghost int32_t i = k->n - 1;
  //@ ghost int64_t e = k->end[i];
  //@ assert sp: \separated(s, WChunk(s, p));
  //@ assert kb: \forall integer g; e <= g ==> KNone(k, g);
  chunk_set_end(k, k->n - 1, y);
#include "proofs/wp/area_edit.acsl"
#include "proofs/wp/last_to.acsl"
}

/** The last area of window p takes over the first of window p + 1, in the chunks alone. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n && v == En(WChunk(s, p + 1), 0);
    requires touch: En(WChunk(s, p), Kn(WChunk(s, p)) - 1) == St(WChunk(s, p + 1), 0);
    requires same: Pay(WChunk(s, p), Kn(WChunk(s, p)) - 1) == Pay(WChunk(s, p + 1), 0);
    terminates \true; exits \false;
    assigns s->chunks[0 .. s->cap - 1];
    ensures rest: \forall integer q; 0 <= q < s->n ==> q != p ==> q != p + 1 ==>
                    KSame{Pre,Here}(WChunk(s, q), WChunk(s, q));
    ensures whole: \forall integer q, g; 0 <= q < s->n ==> q != p ==> q != p + 1 ==>
                     KWhole{Pre,Here}(WChunk(s, q), WChunk(s, q), g) &&
                     (KNone(WChunk(s, q), g) <==> KNone{Pre}(WChunk(s, q), g));
    ensures inv: AreaChunks(s);
    ensures n: Kn(WChunk(s, p)) == Kn{Pre}(WChunk(s, p)) && Kn(WChunk(s, p + 1)) == Kn{Pre}(WChunk(s, p + 1)) - 1;
    ensures in: \forall integer g; St{Pre}(WChunk(s, p + 1), 0) <= g < En{Pre}(WChunk(s, p + 1), 0) ==>
                  KNone(WChunk(s, p + 1), g) && !KNone{Pre}(WChunk(s, p + 1), g) && !KNone(WChunk(s, p), g) &&
                  KMoved{Pre,Here}(WChunk(s, p + 1), WChunk(s, p), g);
    ensures ok: \forall integer g; g < St{Pre}(WChunk(s, p + 1), 0) || En{Pre}(WChunk(s, p + 1), 0) <= g ==>
                  KKept{Pre,Here}(WChunk(s, p), g) && (KNone(WChunk(s, p), g) <==> KNone{Pre}(WChunk(s, p), g));
    ensures om: \forall integer g; g < St{Pre}(WChunk(s, p + 1), 0) || En{Pre}(WChunk(s, p + 1), 0) <= g ==>
                  KKept{Pre,Here}(WChunk(s, p + 1), g) &&
                  (KNone(WChunk(s, p + 1), g) <==> KNone{Pre}(WChunk(s, p + 1), g)); */
static inline void seam_in(struct s2_areas *s, int32_t p, int64_t v) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
#include "proofs/wp/unite_seam_before.acsl"
  first_out(s, p + 1);
  //@ assert cd: s->cap == \at(s->cap, Pre);
  //@ ghost Dropped: ;
#include "proofs/wp/unite_seam_dropped.acsl"
  last_to(s, p, v);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/unite_seam_chunks.acsl"
}

/** The last area of window p takes over the first of window p + 1, and with it the addresses. No address can tell. */
/*@ requires inv: AreasInv(s) && 0 <= p && p + 1 < s->n;
    requires touch: En(WChunk(s, p), Kn(WChunk(s, p)) - 1) == St(WChunk(s, p + 1), 0);
    requires same: Pay(WChunk(s, p), Kn(WChunk(s, p)) - 1) == Pay(WChunk(s, p + 1), 0);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void unite_seam(struct s2_areas *s, int32_t p) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  //@ ghost struct s2_chunk *k = &s->chunks[s->id[p]];
  const struct s2_chunk *m = &s->chunks[s->id[p + 1]];
  int64_t v = m->end[0];
#include "proofs/wp/seam_before.acsl"
  seam_in(s, p, v);
  //@ assert cp: s->cap == \at(s->cap, Pre);
#include "proofs/wp/seam_done.acsl"
  if (m->n == 0) {
    windows_drop(s, p + 1, p + 2);
    //@ assert ce: s->cap == \at(s->cap, Pre);
#include "proofs/wp/unite_seam_empty.acsl"
  } else {
    s->lo[p + 1] = (uint64_t)v;
#include "proofs/wp/unite_seam_moved.acsl"
  }
  //@ assert kj: AreasKept{Pre,Here}(s);
}

/** The border between windows p and p + 1, if it is there: no area may continue over it. */
/*@ requires inv: AreasInv(s);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && s->n <= \old(s->n);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void mend(struct s2_areas *s, int32_t p) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  if (has_seam(s, p)) {
    unite_seam(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ ghost One: ;
    thicken(s, p + 1);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ ghost Two: ;
    thicken(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert k1: \forall integer g; 0 <= g ==> AreaKept{Pre,One}(s, g) && AreaKept{One,Two}(s, g) && AreaKept{Pre,Two}(s, g);
    //@ assert k2: \forall integer g; 0 <= g ==> AreaKept{Pre,Two}(s, g) && AreaKept{Two,Here}(s, g) && AreaKept{Pre,Here}(s, g);
  }
}

/** Window p has no areas and goes. */
/*@ requires inv: AreasBut(s, p) && 0 <= p < s->n && s->n > 1 && Kn(WChunk(s, p)) == 0;
    terminates \true; exits \false;
    assigns s->n, s->nspare, s->lo[0 .. s->cap - 1], s->id[0 .. s->cap - 1], s->spare[0 .. s->cap - 1];
    ensures inv: AreasInv(s) && s->n == \old(s->n) - 1;
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static void drop_empty(struct s2_areas *s, int32_t p) {
  windows_drop(s, p, p + 1);
#include "proofs/wp/drop_empty.acsl"
}

/** The chunk of window p may have lost areas: drop it when empty, join it with thin neighbours. */
/*@ requires inv: AreasBut(s, p) && 0 <= p < s->n;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures out: \forall integer g; 0 <= g ==> AreaKept{Pre,Here}(s, g); */
static inline void settle(struct s2_areas *s, int32_t p) {
  //@ assert sc: \separated(s, s->chunks + (0 .. s->cap - 1));
  if (s->n == 1 || s->chunks[s->id[p]].n >= HALF) {
    return;
  }
  if (s->chunks[s->id[p]].n == 0) {
    drop_empty(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert ke: AreasKept{Pre,Here}(s);
  } else {
    thicken(s, p);
    //@ assert cp: s->cap == \at(s->cap, Pre);
    //@ assert kt: AreasKept{Pre,Here}(s);
  }
  //@ ghost Left: ;
  //@ assert inv: AreasInv(s);
  //@ assert cl: s->cap == \at(s->cap, Pre);
  //@ assert k1: AreasKept{Pre,Here}(s);
  thicken(s, p - 1);
  //@ assert cp: s->cap == \at(s->cap, Pre);
  //@ assert k2: \forall integer g; 0 <= g ==> AreaKept{Pre,Left}(s, g) && AreaKept{Left,Here}(s, g) && AreaKept{Pre,Here}(s, g);
}

#endif
