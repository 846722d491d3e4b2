/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * chunk.h - one chunk of up to 64 sorted areas: search, moves of entries by index, changes by address. Lowest of the
 * three tiers of the area set; part of area.c, so that searches and short moves become part of their callers.
 */
#ifndef S2_CHUNK_H
#define S2_CHUNK_H

#include "stage2/area.h"

/* A hint that these bytes are about to be read; it changes nothing but time. */
#if defined(__GNUC__) && !defined(__FRAMAC__)
#define SOON(address) __builtin_prefetch(address)
#else
#define SOON(address) (void)(address)
#endif

#define FULL S2_CHUNK_AREAS
#define HALF (S2_CHUNK_AREAS / 2)

/* ---------------------------------------- search */

/**
 * The last key that is at most g, or 0. The next key to look at is chosen by a conditional move, not jumped to, so no
 * branch depends on what is searched.
 */
/*@ requires mem: 0 <= n <= 0x1000000 && \valid_read(key + (0 .. n - 1));
    requires sorted: \forall integer i, j; 0 <= i < j < n ==> Key(key, i) < Key(key, j);
    terminates \true; exits \false; assigns \nothing;
    ensures in: 0 <= \result && (0 < n ==> \result < n) && (n == 0 ==> \result == 0);
    ensures lo: \result > 0 ==> Key(key, \result) <= g;
    ensures hi: \forall integer i; \result < i < n ==> g < Key(key, i); */
static inline int32_t search(const int64_t *key, int32_t n, int64_t g) {
  uint32_t base = 0;
  uint32_t len = (uint32_t)n;
  /*@ loop invariant in: 0 <= base && base + len <= n && (len == 0 ==> n == 0);
      loop invariant lo: base > 0 ==> Key(key, base) <= g;
      loop invariant hi: \forall integer i; base + len <= i < n ==> g < Key(key, i);
      loop assigns base, len;
      loop variant len; */
  while (len > 1) {
    uint32_t half = len / 2;
    base = key[base + half] <= g ? base + half : base;
    len -= half;
  }
  return (int32_t)base;
}

/* ---------------------------------------- one chunk: search */

/** The keys a search may look at first, all at once: in a large set each would be a cache miss of its own. */
/*@ requires mem: \valid_read(k);
    terminates \true; exits \false; assigns \nothing; */
static inline void chunk_soon(const struct s2_chunk *k) {
  SOON(&k->start[8]);
  SOON(&k->start[16]);
  SOON(&k->start[24]);
  SOON(&k->start[32]);
  SOON(&k->start[40]);
}

/** The last area that starts at or below g, or 0. */
/*@ requires inv: \valid_read(k) && 0 <= k->n <= 64 && KNonEmpty(k) && KSorted(k);
    terminates \true; exits \false; assigns \nothing;
    ensures in: 0 <= \result && (k->n > 0 ==> \result < k->n) && (k->n == 0 ==> \result == 0);
    ensures lo: \result > 0 ==> St(k, \result) <= g;
    ensures hi: \forall integer i; \result < i < k->n ==> g < St(k, i); */
static inline int32_t chunk_last(const struct s2_chunk *k, int64_t g) {
  chunk_soon(k);
  return search(k->start, k->n, g);
}

/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && En(k, i) <= g; */
static inline bool ends_by(const struct s2_chunk *k, int32_t i, int64_t g) {
  return i < k->n && k->end[i] <= g;
}

/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && St(k, i) < g; */
static bool starts_before(const struct s2_chunk *k, int32_t i, int64_t g) {
  return i < k->n && k->start[i] < g;
}

/*@ requires inv: \valid_read(k) && 0 <= i && k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> KCovers(k, i, g); */
static bool covers(const struct s2_chunk *k, int32_t i, int64_t g) {
  return i < k->n && k->start[i] <= g && g < k->end[i];
}

/** The first area that ends after g. */
/*@ requires inv: \valid_read(k) && 0 <= k->n <= 64 && KNonEmpty(k) && KSorted(k);
    terminates \true; exits \false; assigns \nothing;
    ensures in: 0 <= \result <= k->n;
    ensures lo: \forall integer i; 0 <= i < \result ==> En(k, i) <= g;
    ensures hi: \forall integer i; \result <= i < k->n ==> g < En(k, i); */
static inline int32_t chunk_seek(const struct s2_chunk *k, int64_t g) {
  int32_t i = chunk_last(k, g);
  return ends_by(k, i, g) ? i + 1 : i;
}

/** The same, when areas below i are known to end at or before g: a few steps from i, for ranges of a few areas. */
/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64 && KNonEmpty(k) && KSorted(k);
    requires lo: \forall integer j; 0 <= j < i ==> En(k, j) <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures in: i <= \result <= k->n;
    ensures lo: \forall integer j; 0 <= j < \result ==> En(k, j) <= g;
    ensures hi: \forall integer j; \result <= j < k->n ==> g < En(k, j); */
static int32_t chunk_seek_from(const struct s2_chunk *k, int32_t i, int64_t g) {
  int32_t j = i;
  /*@ loop invariant in: i <= j <= k->n;
      loop invariant lo: \forall integer h; 0 <= h < j ==> En(k, h) <= g;
      loop assigns j;
      loop variant k->n - j; */
  while (ends_by(k, j, g)) {
    j++;
  }
  return j;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE && \result.start == 0 && \result.end == 0; */
static struct s2_area no_area(void) {
  struct s2_area a = {0, 0, 0, 0, S2_BACK_NONE};
  return a;
}

/*@ requires inv: \valid_read(k) && 0 <= i < k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result.start == St(k, i) && \result.end == En(k, i) &&
                pay(\result.delta, \result.attr, \result.backend) == Pay(k, i); */
static struct s2_area chunk_area(const struct s2_chunk *k, int32_t i) {
  struct s2_area a = {k->start[i], k->end[i], k->pay[i].delta, k->pay[i].attr, k->pay[i].backend};
  return a;
}

/*@ requires inv: \valid_read(k) && 0 <= k->n <= 64 && KNonEmpty(k) && KSorted(k) && KBacked(k);
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE <==> KNone(k, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> \result.start <= g < \result.end &&
                   KAt(k, g) == pay(\result.delta, \result.attr, \result.backend); */
static struct s2_area chunk_find(const struct s2_chunk *k, int64_t g) {
  int32_t i = chunk_last(k, g);
  return covers(k, i, g) ? chunk_area(k, i) : no_area();
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures eq: \result <==> pay(a.delta, a.attr, a.backend) == pay(b.delta, b.attr, b.backend); */
static inline bool same_payload(struct s2_payload a, struct s2_payload b) {
  return a.delta == b.delta && a.attr == b.attr && a.backend == b.backend;
}

/** Does area i - 1 end at x and carry p? */
/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> 0 < i && En(k, i - 1) == x && Pay(k, i - 1) == pay(p.delta, p.attr, p.backend); */
static inline bool touches_left(const struct s2_chunk *k, int32_t i, int64_t x, struct s2_payload p) {
  return i > 0 && k->end[i - 1] == x && same_payload(k->pay[i - 1], p);
}

/** Does area i start at y and carry p? */
/*@ requires inv: \valid_read(k) && 0 <= i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && St(k, i) == y && Pay(k, i) == pay(p.delta, p.attr, p.backend); */
static inline bool touches_right(const struct s2_chunk *k, int32_t i, int64_t y, struct s2_payload p) {
  return i < k->n && k->start[i] == y && same_payload(k->pay[i], p);
}

/** Are areas i - 1 and i one area? */
/*@ requires inv: \valid_read(k) && 0 < i <= k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> i < k->n && En(k, i - 1) == St(k, i) && Pay(k, i - 1) == Pay(k, i); */
static bool meets(const struct s2_chunk *k, int32_t i) {
  return touches_right(k, i, k->end[i - 1], k->pay[i - 1]);
}

/* ---------------------------------------- one chunk: entries by index */

/** Entry i of k to place j of m. */
/*@ requires mem: \valid_read(k) && \valid(m) && 0 <= i < 64 && 0 <= j < 64 && (k == m || \separated(k, m));
    requires other: k == m ==> i != j;
    terminates \true; exits \false;
    assigns m->start[j], m->end[j], m->pay[j];
    ensures cp: AREA_EQ2(Pre, k, i, Here, m, j);
    ensures fr: \forall integer h; 0 <= h < 64 ==> h != j ==> AREA_EQ2(Pre, m, h, Here, m, h); */
static void entry_copy(const struct s2_chunk *k, int32_t i, struct s2_chunk *m, int32_t j) {
  m->start[j] = k->start[i];
  m->end[j] = k->end[i];
  m->pay[j] = k->pay[i];
}

/*@ requires mem: \valid(k) && 0 <= i < 64;
    terminates \true; exits \false;
    assigns k->start[i], k->end[i], k->pay[i];
    ensures set: St(k, i) == x && En(k, i) == y && Pay(k, i) == pay(p.delta, p.attr, p.backend);
    ensures fr: \forall integer h; 0 <= h < 64 ==> h != i ==> AREA_EQ(Pre, h, Here, h); */
static void entry_put(struct s2_chunk *k, int32_t i, int64_t x, int64_t y, struct s2_payload p) {
  k->start[i] = x;
  k->end[i] = y;
  k->pay[i] = p;
}

/** A free place at i; what was there stays there too, until it is overwritten. */
/*@ requires mem: KWf(k) && 0 <= i <= k->n < 64;
    terminates \true; exits \false;
    assigns k->n, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
    ensures n: k->n == \old(k->n) + 1;
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ(Pre, j, Here, j);
    ensures du: i < \old(k->n) ==> AREA_EQ(Pre, i, Here, i);
    ensures hi: \forall integer j; i < j < k->n ==> AREA_EQ(Pre, j - 1, Here, j);
    ensures up: \forall integer j; i <= j < \old(k->n) ==> AREA_EQ(Pre, j, Here, j + 1); */
static void chunk_open(struct s2_chunk *k, int32_t i) {
  int32_t j = k->n;
  /*@ loop invariant in: i <= j <= k->n;
      loop invariant un: \forall integer h; 0 <= h < j || h == i < k->n ==> AREA_EQ(Pre, h, Here, h);
      loop invariant mv: \forall integer h; j < h <= k->n ==> AREA_EQ(Pre, h - 1, Here, h);
      loop assigns j, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
      loop variant j; */
  while (j > i) {
    entry_copy(k, j - 1, k, j);
    j--;
  }
  k->n++;
}

/** Entries [i, j) go. */
/*@ requires mem: KWf(k) && 0 <= i <= j <= k->n;
    terminates \true; exits \false;
    assigns k->n, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
    ensures n: k->n == \old(k->n) - (j - i);
    ensures lo: \forall integer h; 0 <= h < i ==> AREA_EQ(Pre, h, Here, h);
    ensures hi: \forall integer h; i <= h < k->n ==> AREA_EQ(Pre, h + (j - i), Here, h);
    ensures dn: \forall integer h; j <= h < \old(k->n) ==> AREA_EQ(Pre, h, Here, h - (j - i)); */
static void chunk_close(struct s2_chunk *k, int32_t i, int32_t j) {
  if (i == j) {
    return;
  }
  int32_t h = j;
  /*@ loop invariant in: j <= h <= k->n;
      loop invariant lw: \forall integer e; 0 <= e < i ==> AREA_EQ(Pre, e, Here, e);
      loop invariant un: \forall integer e; h <= e < k->n ==> AREA_EQ(Pre, e, Here, e);
      loop invariant mv: \forall integer e; i <= e < h - (j - i) ==> AREA_EQ(Pre, e + (j - i), Here, e);
      loop assigns h, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
      loop variant k->n - h; */
  while (h < k->n) {
    entry_copy(k, h, k, h - (j - i));
    h++;
  }
  k->n -= j - i;
}

/* ---------------------------------------- one chunk: areas by address */

/** A new area in the gap before i. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n < 64 && 0 <= x < y <= AREA_TOP && p.backend != 0;
    requires l: \forall integer j; 0 <= j < i ==> En(k, j) <= x;
    requires r: \forall integer j; i <= j < k->n ==> y <= St(k, j);
    terminates \true; exits \false;
    assigns k->n, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
    ensures inv: ChunkInv(k) && k->n == \old(k->n) + 1;
    ensures in: \forall integer g; x <= g < y ==> !KNone(k, g) && KAt(k, g) == pay(p.delta, p.attr, p.backend);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g); */
static void chunk_insert(struct s2_chunk *k, int32_t i, int64_t x, int64_t y, struct s2_payload p) {
  chunk_open(k, i);
  entry_put(k, i, x, y, p);
}

/** Area i ends at x: shorter or, into the gap behind it, longer. */
/*@ requires inv: ChunkInv(k) && 0 <= i < k->n && St(k, i) < x <= AREA_TOP;
    requires gap: \forall integer j; i < j < k->n ==> x <= St(k, j);
    terminates \true; exits \false; assigns k->end[i];
    ensures inv: ChunkInv(k) && En(k, i) == x;
    ensures fr: \forall integer j; j != i ==> En(k, j) == En{Pre}(k, j);
    ensures cut: \forall integer g; x <= g < En{Pre}(k, i) ==> KNone(k, g);
    ensures in: \forall integer g; En{Pre}(k, i) <= g < x ==> !KNone(k, g) && KAt(k, g) == Pay(k, i);
    ensures out: \forall integer g; g < x && g < En{Pre}(k, i) || x <= g && En{Pre}(k, i) <= g ==>
                   KKept{Pre,Here}(k, g); */
static void chunk_set_end(struct s2_chunk *k, int32_t i, int64_t x) {
  k->end[i] = x;
  //@ assert e: \forall integer j; j != i ==> En(k, j) == En{Pre}(k, j);
  //@ assert b: \forall integer j; 0 <= j < 64 ==> St(k, j) == St{Pre}(k, j) && Pay(k, j) == Pay{Pre}(k, j);
  //@ assert so: ChunkInv(k);
  //@ assert o: \forall integer g, j; j != i ==> (KCovers{Pre}(k, j, g) <==> KCovers(k, j, g));
  //@ assert is: \forall integer g; En{Pre}(k, i) <= g < x ==> KCovers(k, i, g) && idx(k, g) == i;
  //@ assert no: \forall integer g; x <= g < En{Pre}(k, i) ==> KCovers{Pre}(k, i, g) && !KCovers(k, i, g);
  //@ assert up: \forall integer g; g < x && g < En{Pre}(k, i) ==> (KCovers{Pre}(k, i, g) <==> KCovers(k, i, g));
}

/** Area i starts at x: shorter or, into the gap before it, longer. */
/*@ requires inv: ChunkInv(k) && 0 <= i < k->n && 0 <= x < En(k, i);
    requires gap: \forall integer j; 0 <= j < i ==> En(k, j) <= x;
    terminates \true; exits \false; assigns k->start[i];
    ensures inv: ChunkInv(k) && St(k, i) == x;
    ensures fr: \forall integer j; j != i ==> St(k, j) == St{Pre}(k, j);
    ensures cut: \forall integer g; St{Pre}(k, i) <= g < x ==> KNone(k, g);
    ensures in: \forall integer g; x <= g < St{Pre}(k, i) ==> !KNone(k, g) && KAt(k, g) == Pay(k, i);
    ensures out: \forall integer g; g < x && g < St{Pre}(k, i) || x <= g && St{Pre}(k, i) <= g ==>
                   KKept{Pre,Here}(k, g); */
static void chunk_set_start(struct s2_chunk *k, int32_t i, int64_t x) {
  k->start[i] = x;
  //@ assert e: \forall integer j; j != i ==> St(k, j) == St{Pre}(k, j);
  //@ assert b: \forall integer j; 0 <= j < 64 ==> En(k, j) == En{Pre}(k, j) && Pay(k, j) == Pay{Pre}(k, j);
  //@ assert so: ChunkInv(k);
  //@ assert o: \forall integer g, j; j != i ==> (KCovers{Pre}(k, j, g) <==> KCovers(k, j, g));
  //@ assert is: \forall integer g; x <= g < St{Pre}(k, i) ==> KCovers(k, i, g) && idx(k, g) == i;
  //@ assert no: \forall integer g; St{Pre}(k, i) <= g < x ==> KCovers{Pre}(k, i, g) && !KCovers(k, i, g);
  //@ assert up: \forall integer g; x <= g && St{Pre}(k, i) <= g ==> (KCovers{Pre}(k, i, g) <==> KCovers(k, i, g));
}

/** Area i becomes two that touch at x. No address can tell. */
/*@ requires inv: ChunkInv(k) && 0 <= i < k->n < 64 && St(k, i) < x < En(k, i);
    terminates \true; exits \false;
    assigns k->n, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
    ensures inv: ChunkInv(k) && k->n == \old(k->n) + 1;
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ(Pre, j, Here, j);
    ensures hi: \forall integer j; i + 1 < j < k->n ==> AREA_EQ(Pre, j - 1, Here, j);
    ensures l: St(k, i) == St{Pre}(k, i) && En(k, i) == x;
    ensures r: St(k, i + 1) == x && En(k, i + 1) == En{Pre}(k, i);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static void chunk_cut(struct s2_chunk *k, int32_t i, int64_t x) {
  chunk_open(k, i);
  k->end[i] = x;
  k->start[i + 1] = x;
}

/** Areas i - 1 and i touch and carry the same: one area. No address can tell. */
/*@ requires inv: ChunkInv(k) && 0 < i < k->n && En(k, i - 1) == St(k, i) && Pay(k, i - 1) == Pay(k, i);
    terminates \true; exits \false;
    assigns k->n, k->end[i - 1 .. 63], k->start[i .. 63], k->pay[i .. 63];
    ensures inv: ChunkInv(k) && k->n == \old(k->n) - 1;
    ensures lo: \forall integer j; 0 <= j < i - 1 ==> AREA_EQ(Pre, j, Here, j);
    ensures at: St(k, i - 1) == St{Pre}(k, i - 1) && En(k, i - 1) == En{Pre}(k, i);
    ensures hi: \forall integer j; i <= j < k->n ==> AREA_EQ(Pre, j + 1, Here, j);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static void chunk_unite(struct s2_chunk *k, int32_t i) {
  k->end[i - 1] = k->end[i];
  chunk_close(k, i, i + 1);
}

/** Nothing of [x, y) stays. i is the first area that ends after x; no area reaches out of [x, y) on both sides. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && 0 <= x < y <= AREA_TOP;
    requires lo: \forall integer j; 0 <= j < i ==> En(k, j) <= x;
    requires hi: \forall integer j; i <= j < k->n ==> x < En(k, j);
    requires mid: i < k->n ==> x <= St(k, i) || En(k, i) <= y;
    terminates \true; exits \false;
    assigns k->n, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
    ensures inv: ChunkInv(k) && k->n <= \old(k->n);
    ensures in: \forall integer g; x <= g < y ==> KNone(k, g);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g); */
static inline void chunk_remove(struct s2_chunk *k, int32_t i, int64_t x, int64_t y) {
  if (starts_before(k, i, x)) {
    chunk_set_end(k, i, x);
    i++;
  }
  int32_t j = chunk_seek_from(k, i, y);
  if (starts_before(k, j, y)) {
    chunk_set_start(k, j, y);
  }
  chunk_close(k, i, j);
}

/** attr with other rights. Rights are the lowest digit to base 16, so no bit operation is needed. */
/*@ requires r: rights < 16;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == attr - attr % 16 + rights; */
static uint32_t with_rights(uint32_t attr, uint32_t rights) {
  return attr - attr % 16u + rights;
}

/** Areas from i on that start before y get the rights. Returns the first one behind. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && rights < 16;
    terminates \true; exits \false; assigns k->pay[i .. 63].attr;
    ensures inv: ChunkInv(k) && i <= \result <= k->n;
    ensures ix: \forall integer g; idx(k, g) == idx{Pre}(k, g);
    ensures end: \forall integer j; i <= j < k->n ==> (j < \result <==> St(k, j) < y);
    ensures out: \forall integer j; !(i <= j < \result) ==> Pay(k, j) == Pay{Pre}(k, j); */
static int32_t chunk_set_rights(struct s2_chunk *k, int32_t i, int64_t y, uint32_t rights) {
  int32_t j = i;
  /*@ loop invariant in: i <= j <= k->n;
      loop invariant end: \forall integer h; i <= h < j ==> St(k, h) < y;
      loop invariant out: \forall integer h; !(i <= h < j) ==> Pay(k, h) == Pay{Pre}(k, h);
      loop invariant back: \forall integer h; pay_backend(Pay(k, h)) == pay_backend(Pay{Pre}(k, h));
      loop assigns j, k->pay[i .. 63].attr;
      loop variant k->n - j; */
  while (starts_before(k, j, y)) {
    k->pay[j].attr = with_rights(k->pay[j].attr, rights);
    j++;
  }
  return j;
}

/** Unite what is one area among i - 1 .. j. From the right, so that the tail to move is short. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && 0 <= j <= k->n;
    terminates \true; exits \false;
    assigns k->n, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
    ensures inv: ChunkInv(k) && k->n <= \old(k->n) && (0 < \old(k->n) ==> 0 < k->n);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static void chunk_unite_range(struct s2_chunk *k, int32_t i, int32_t j) {
  int32_t h = j;
  /*@ loop invariant inv: ChunkInv(k) && h <= j && h <= k->n && k->n <= \at(k->n, Pre);
      loop invariant some: 0 < \at(k->n, Pre) ==> 0 < k->n;
      loop invariant out: \forall integer g; KKept{Pre,Here}(k, g);
      loop assigns h, k->n, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
      loop variant h; */
  while (h > 0 && h >= i) {
    if (meets(k, h)) {
      chunk_unite(k, h);
    }
    h--;
  }
}

/** The chunk's part of protect. An area that reaches out of [x, y) has these rights: otherwise it has been cut. */
/*@ requires inv: ChunkInv(k) && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: KReady(k, x, rights) && KReady(k, y, rights);
    terminates \true; exits \false;
    assigns k->n, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
    ensures inv: ChunkInv(k) && k->n <= \old(k->n) && (0 < \old(k->n) ==> 0 < k->n);
    ensures none: \forall integer g; KNone(k, g) <==> KNone{Pre}(k, g);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g); */
static void chunk_protect(struct s2_chunk *k, int64_t x, int64_t y, uint32_t rights) {
  int32_t i = chunk_seek(k, x);
  int32_t j = chunk_set_rights(k, i, y, rights);
  chunk_unite_range(k, i, j);
}

#endif
