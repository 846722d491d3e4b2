/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * chunk.h - one chunk of up to 64 sorted areas: search, moves of entries by index, changes by address. Lowest of the
 * three tiers of the area set; part of area.c, so that searches and short moves become part of their callers.
 */
#ifndef S2_CHUNK_H
#define S2_CHUNK_H

#include "stage2/area.h"

#ifdef __FRAMAC__
#include "logic/area_lemmas.acsl"
#endif

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
    ensures hi: \forall integer i; \result < i < k->n ==> g < St(k, i);
    ensures is: KCovers(k, \result, g) || KNone(k, g); */
static inline int32_t chunk_last(const struct s2_chunk *k, int64_t g) {
  chunk_soon(k);
  int32_t i = search(k->start, k->n, g);
  //@ assert no: !KCovers(k, i, g) ==> \forall integer j; !KCovers(k, j, g);
  return i;
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
static inline bool starts_before(const struct s2_chunk *k, int32_t i, int64_t g) {
  return i < k->n && k->start[i] < g;
}

/*@ requires inv: \valid_read(k) && 0 <= i && k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> KCovers(k, i, g); */
static inline bool covers(const struct s2_chunk *k, int32_t i, int64_t g) {
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
static inline int32_t chunk_seek_from(const struct s2_chunk *k, int32_t i, int64_t g) {
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
static inline struct s2_area no_area(void) {
  struct s2_area a = {0, 0, 0, 0, S2_BACK_NONE};
  return a;
}

/*@ requires inv: \valid_read(k) && 0 <= i < k->n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result.start == St(k, i) && \result.end == En(k, i) &&
                pay(\result.delta, \result.attr, \result.backend) == Pay(k, i); */
static inline struct s2_area chunk_area(const struct s2_chunk *k, int32_t i) {
  struct s2_area a = {k->start[i], k->end[i], k->pay[i].delta, k->pay[i].attr, k->pay[i].backend};
  return a;
}

/*@ requires inv: \valid_read(k) && 0 <= k->n <= 64 && KNonEmpty(k) && KSorted(k) && KBacked(k) && KBelow(k, AREA_TOP);
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE <==> KNone(k, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !KNone(k, h) && KAt(k, h) == pay(\result.delta, \result.attr, \result.backend); */
static inline struct s2_area chunk_find(const struct s2_chunk *k, int64_t g) {
  int32_t i = chunk_last(k, g);
  struct s2_area a = covers(k, i, g) ? chunk_area(k, i) : no_area();
  //@ assert b: a.backend != S2_BACK_NONE <==> KCovers(k, i, g);
  /*@ assert i: a.backend != S2_BACK_NONE ==> \forall integer h; a.start <= h < a.end ==>
        KCovers(k, i, h) && idx(k, h) == i; */
  return a;
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
static inline bool meets(const struct s2_chunk *k, int32_t i) {
  return touches_right(k, i, k->end[i - 1], k->pay[i - 1]);
}

/* ---------------------------------------- one chunk: entries by index */

/** Entry i of k to place j of m. */
/*@ requires mem: \valid_read(k) && \valid(m) && 0 <= i < 64 && 0 <= j < 64 && (k == m || \separated(k, m));
    requires other: k == m ==> i != j;
    terminates \true; exits \false;
    assigns m->start[j], m->end[j], m->pay[j];
    ensures cp: AREA_EQ2(Pre, k, i, Here, m, j);
    ensures fr: \forall integer h; 0 <= h < 64 ==> h != j ==> AREA_EQ2(Pre, m, h, Here, m, h);
    ensures src: k != m ==> \forall integer h; 0 <= h < 64 ==> AREA_EQ(Pre, h, Here, h); */
static inline void entry_copy(const struct s2_chunk *k, int64_t i, struct s2_chunk *m, int64_t j) {
  m->start[j] = k->start[i];
  m->end[j] = k->end[i];
  m->pay[j] = k->pay[i];
}

/*@ requires mem: \valid(k) && 0 <= i < 64;
    terminates \true; exits \false;
    assigns k->start[i], k->end[i], k->pay[i];
    ensures set: St(k, i) == x && En(k, i) == y && Pay(k, i) == pay(p.delta, p.attr, p.backend);
    ensures fr: \forall integer h; 0 <= h < 64 ==> h != i ==> AREA_EQ(Pre, h, Here, h); */
static inline void entry_put(struct s2_chunk *k, int32_t i, int64_t x, int64_t y, struct s2_payload p) {
  k->start[i] = x;
  k->end[i] = y;
  k->pay[i] = p;
}

/** A free place at i; what was there stays there too, until it is overwritten. */
/*@ requires mem: KWf(k) && 0 <= i <= k->n < 64;
    terminates \true; exits \false;
    assigns *k;
    ensures n: k->n == \old(k->n) + 1;
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ(Pre, j, Here, j);
    ensures du: i < \old(k->n) ==> AREA_EQ(Pre, i, Here, i);
    ensures hi: \forall integer j; i < j < k->n ==> AREA_EQ(Pre, j - 1, Here, j);
    ensures up: \forall integer j; i <= j < \old(k->n) ==> AREA_EQ(Pre, j, Here, j + 1); */
static inline void chunk_open(struct s2_chunk *k, int32_t i) {
  int64_t j = k->n;
  /*@ loop invariant in: i <= j <= k->n;
      loop invariant un: \forall integer h; 0 <= h < j || h == i < k->n ==> AREA_EQ(Pre, h, Here, h);
      loop invariant mv: \forall integer h; j <= h < k->n ==> KShift{Pre,Here}(k, h, k, -1);
      loop assigns j, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
      loop variant j; */
  while (j > i) {
    entry_copy(k, j - 1, k, j);
    //@ assert at: KShift{Pre,Here}(k, j - 1, k, -1);
    //@ assert mv: \forall integer h; j <= h < k->n ==> KShift{Pre,Here}(k, h, k, -1);
    j--;
  }
  k->n = (int16_t)(k->n + 1);
  /*@ assert mo: \forall integer h; i <= h < \at(k->n, Pre) ==>
        KShift{Pre,Here}(k, h, k, -1) && AREA_EQ(Pre, h, Here, h + 1); */
}

/** Entries [i, j) go. */
/*@ requires mem: KWf(k) && 0 <= i <= j <= k->n;
    terminates \true; exits \false;
    assigns *k;
    ensures n: k->n == \old(k->n) - (j - i);
    ensures lo: \forall integer h; 0 <= h < i ==> AREA_EQ(Pre, h, Here, h);
    ensures hi: \forall integer h; i <= h < k->n ==> AREA_EQ(Pre, h + (j - i), Here, h);
    ensures dn: \forall integer h; j <= h < \old(k->n) ==> AREA_EQ(Pre, h, Here, h - (j - i)); */
static inline void chunk_close(struct s2_chunk *k, int32_t i, int32_t j) {
  if (i == j) {
    return;
  }
  int32_t h = j;
  /*@ loop invariant in: j <= h <= k->n;
      loop invariant lw: \forall integer e; 0 <= e < i ==> AREA_EQ(Pre, e, Here, e);
      loop invariant un: \forall integer e; h <= e < k->n ==> AREA_EQ(Pre, e, Here, e);
      loop invariant mv: \forall integer e; j <= e < h ==> KShift{Pre,Here}(k, e, k, j - i);
      loop assigns h, k->start[i .. 63], k->end[i .. 63], k->pay[i .. 63];
      loop variant k->n - h; */
  while (h < k->n) {
    entry_copy(k, h, k, h - (j - i));
    //@ assert at: KShift{Pre,Here}(k, h, k, j - i);
    //@ assert mv: \forall integer e; j <= e < h ==> KShift{Pre,Here}(k, e, k, j - i);
    h++;
  }
  k->n = (int16_t)(k->n - (j - i));
  /*@ assert mo: \forall integer e; j <= e < \at(k->n, Pre) ==>
        KShift{Pre,Here}(k, e, k, j - i) && AREA_EQ(Pre, e, Here, e - (j - i)); */
}

/* ---------------------------------------- one chunk: areas by address */

/** A new area in the gap before i. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n < 64 && 0 <= x < y <= AREA_TOP && p.backend != 0;
    requires l: \forall integer j; 0 <= j < i ==> En(k, j) <= x;
    requires r: \forall integer j; i <= j < k->n ==> y <= St(k, j);
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n == \old(k->n) + 1;
    ensures at: St(k, i) == x && En(k, i) == y && Pay(k, i) == pay(p.delta, p.attr, p.backend);
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ(Pre, j, Here, j);
    ensures hi: \forall integer j; i < j < k->n ==> AREA_EQ(Pre, j - 1, Here, j);
    ensures in: \forall integer g; x <= g < y ==> idx(k, g) == i && KAt(k, g) == pay(p.delta, p.attr, p.backend);
    ensures out: \forall integer g; g < x || y <= g ==> KWhole{Pre,Here}(k, k, g); */
static inline void chunk_insert(struct s2_chunk *k, int32_t i, int64_t x, int64_t y, struct s2_payload p) {
  chunk_open(k, i);
  entry_put(k, i, x, y, p);
#include "proofs/wp/chunk_insert.acsl"
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
static inline void chunk_set_end(struct s2_chunk *k, int32_t i, int64_t x) {
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
static inline void chunk_set_start(struct s2_chunk *k, int32_t i, int64_t x) {
  k->start[i] = x;
  //@ assert e: \forall integer j; j != i ==> St(k, j) == St{Pre}(k, j);
  //@ assert b: \forall integer j; 0 <= j < 64 ==> En(k, j) == En{Pre}(k, j) && Pay(k, j) == Pay{Pre}(k, j);
  //@ assert so: ChunkInv(k);
  //@ assert o: \forall integer g, j; j != i ==> (KCovers{Pre}(k, j, g) <==> KCovers(k, j, g));
  //@ assert is: \forall integer g; x <= g < St{Pre}(k, i) ==> KCovers(k, i, g) && idx(k, g) == i;
  //@ assert no: \forall integer g; St{Pre}(k, i) <= g < x ==> KCovers{Pre}(k, i, g) && !KCovers(k, i, g);
  //@ assert up: \forall integer g; x <= g && St{Pre}(k, i) <= g ==> (KCovers{Pre}(k, i, g) <==> KCovers(k, i, g));
}

/** Areas [i, j) go. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= j <= k->n;
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n == \old(k->n) - (j - i);
    ensures lo: \forall integer h; 0 <= h < i ==> AREA_EQ(Pre, h, Here, h);
    ensures hi: \forall integer h; i <= h < k->n ==> AREA_EQ(Pre, h + (j - i), Here, h);
    ensures in: \forall integer g; i <= idx{Pre}(k, g) < j ==> KNone(k, g);
    ensures out: \forall integer g; !(i <= idx{Pre}(k, g) < j) ==> KWhole{Pre,Here}(k, k, g); */
static inline void chunk_drop(struct s2_chunk *k, int32_t i, int32_t j) {
  chunk_close(k, i, j);
  //@ assert ne: KWf(k) && KNonEmpty(k) && KBelow(k, AREA_TOP) && KBacked(k);
  //@ assert cl: KClosed{Pre,Here}(k, i, j);
  //@ assert so: KSorted(k);
}

/** Area i becomes two that touch at x. No address can tell. */
/*@ requires inv: ChunkInv(k) && 0 <= i < k->n < 64 && St(k, i) < x < En(k, i);
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n == \old(k->n) + 1;
    ensures lo: \forall integer j; 0 <= j < i ==> AREA_EQ(Pre, j, Here, j);
    ensures l: St(k, i) == St{Pre}(k, i) && En(k, i) == x && Pay(k, i) == Pay{Pre}(k, i);
    ensures r: St(k, i + 1) == x && En(k, i + 1) == En{Pre}(k, i) && Pay(k, i + 1) == Pay{Pre}(k, i);
    ensures hi: \forall integer j; i + 1 < j < k->n ==> AREA_EQ(Pre, j - 1, Here, j);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static inline void chunk_cut(struct s2_chunk *k, int32_t i, int64_t x) {
  int64_t y = k->end[i];
  //@ assert pb: pay_backend(Pay(k, i)) != 0;
  //@ assert bk: k->pay[i].backend != 0;
  //@ assert was: \forall integer g; x <= g < y ==> KCovers(k, i, g) && idx(k, g) == i;
  chunk_set_end(k, i, x);
  //@ ghost Short: ;
  //@ assert pk: Pay(k, i) == Pay{Pre}(k, i);
  chunk_insert(k, i + 1, x, y, k->pay[i]);
  //@ assert in: \forall integer g; x <= g < y ==> KKept{Pre,Here}(k, g);
  //@ assert o1: \forall integer g; g < x || y <= g ==> KKept{Pre,Short}(k, g);
  //@ assert o2: \forall integer g; g < x || y <= g ==> KKept{Short,Here}(k, g);
  /*@ assert o3: \forall integer g; g < x || y <= g ==>
        KKept{Pre,Short}(k, g) && KKept{Short,Here}(k, g) && KKept{Pre,Here}(k, g); */
}

/** Areas i - 1 and i touch and carry the same: one area. No address can tell. */
/*@ requires inv: ChunkInv(k) && 0 < i < k->n && En(k, i - 1) == St(k, i) && Pay(k, i - 1) == Pay(k, i);
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n == \old(k->n) - 1;
    ensures at: St(k, i - 1) == St{Pre}(k, i - 1) && En(k, i - 1) == En{Pre}(k, i) && Pay(k, i - 1) == Pay{Pre}(k, i);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static inline void chunk_unite(struct s2_chunk *k, int32_t i) {
  int64_t y = k->end[i];
  //@ assert was: \forall integer g; St(k, i) <= g < y ==> KCovers(k, i, g) && idx(k, g) == i;
  //@ assert not: \forall integer g; g < St(k, i) || y <= g ==> idx(k, g) != i;
  chunk_drop(k, i, i + 1);
  //@ ghost Gone: ;
  chunk_set_end(k, i - 1, y);
  //@ assert in: \forall integer g; St{Pre}(k, i) <= g < y ==> KKept{Pre,Here}(k, g);
  //@ assert o1: \forall integer g; g < St{Pre}(k, i) || y <= g ==> KKept{Pre,Gone}(k, g);
  //@ assert o2: \forall integer g; g < St{Pre}(k, i) || y <= g ==> KKept{Gone,Here}(k, g);
  /*@ assert o3: \forall integer g; g < St{Pre}(k, i) || y <= g ==>
        KKept{Pre,Gone}(k, g) && KKept{Gone,Here}(k, g) && KKept{Pre,Here}(k, g); */
}

/** Nothing of [x, y) stays. i is the first area that ends after x; no area reaches out of [x, y) on both sides. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && 0 <= x < y <= AREA_TOP;
    requires lo: \forall integer j; 0 <= j < i ==> En(k, j) <= x;
    requires hi: \forall integer j; i <= j < k->n ==> x < En(k, j);
    requires mid: i < k->n ==> x <= St(k, i) || En(k, i) <= y;
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n <= \old(k->n);
    ensures in: \forall integer g; x <= g < y ==> KNone(k, g);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g); */
static inline void chunk_remove(struct s2_chunk *k, int32_t i, int64_t x, int64_t y) {
  if (starts_before(k, i, x)) {
    chunk_set_end(k, i, x);
    i++;
  }
  //@ assert k1: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g);
  //@ assert p1: \forall integer h; 0 <= h < i ==> En(k, h) <= x;
  //@ assert p2: \forall integer h; i <= h < k->n ==> x <= St(k, h);
  int32_t j = chunk_seek_from(k, i, y);
  if (starts_before(k, j, y)) {
    chunk_set_start(k, j, y);
  }
  //@ assert k2: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g);
  //@ assert p3: \forall integer h; 0 <= h < i ==> En(k, h) <= x;
  //@ assert p4: \forall integer h; i <= h < j ==> x <= St(k, h) && En(k, h) <= y;
  //@ assert p5: \forall integer h; j <= h < k->n ==> y <= St(k, h);
  //@ assert p6: \forall integer g; g < x || y <= g ==> !(i <= idx(k, g) < j);
  //@ assert p7: \forall integer g; x <= g < y ==> idx(k, g) == -1 || i <= idx(k, g) < j;
  //@ ghost Shrunk: ;
  chunk_drop(k, i, j);
  //@ assert o1: \forall integer g; g < x || y <= g ==> KWhole{Shrunk,Here}(k, k, g) && KKept{Shrunk,Here}(k, g);
  /*@ assert o2: \forall integer g; g < x || y <= g ==>
        KKept{Pre,Shrunk}(k, g) && KKept{Shrunk,Here}(k, g) && KKept{Pre,Here}(k, g); */
}

/** Entries from h on of k become all of m. */
/*@ requires mem: KWf(k) && \valid(m) && \separated(k, m) && 0 <= h <= k->n;
    terminates \true; exits \false;
    assigns k->n, *m;
    ensures k: k->n == h && \forall integer i; 0 <= i < h ==> AREA_EQ(Pre, i, Here, i);
    ensures m: m->n == \old(k->n) - h && \forall integer i; 0 <= i < m->n ==> AREA_EQ2(Pre, k, h + i, Here, m, i); */
static inline void entries_split(struct s2_chunk *k, int32_t h, struct s2_chunk *m) {
  int32_t i = h;
  /*@ loop invariant in: h <= i <= k->n;
      loop invariant kp: \forall integer j; 0 <= j < 64 ==> AREA_EQ(Pre, j, Here, j);
      loop invariant cp: \forall integer j; h <= j < i ==> KShift{Pre,Here}(k, j, m, h);
      loop assigns i, m->start[0 .. 63], m->end[0 .. 63], m->pay[0 .. 63];
      loop variant k->n - i; */
  while (i < k->n) {
    entry_copy(k, i, m, i - h);
    //@ assert at: KShift{Pre,Here}(k, i, m, h);
    //@ assert cp: \forall integer j; h <= j < i ==> KShift{Pre,Here}(k, j, m, h);
    i++;
  }
  m->n = (int16_t)(k->n - h);
  k->n = (int16_t)h;
  /*@ assert mo: \forall integer j; h <= j < \at(k->n, Pre) ==>
        KShift{Pre,Here}(k, j, m, h) && AREA_EQ2(Pre, k, j, Here, m, j - h); */
}

/** All entries of m behind those of k. m is left as it is. */
/*@ requires mem: KWf(k) && KWf(m) && \separated(k, m) && k->n + m->n <= 64;
    terminates \true; exits \false;
    assigns *k;
    ensures n: k->n == \old(k->n) + m->n;
    ensures lo: \forall integer i; 0 <= i < \old(k->n) ==> AREA_EQ(Pre, i, Here, i);
    ensures hi: \forall integer i; 0 <= i < m->n ==> AREA_EQ2(Pre, m, i, Here, k, \old(k->n) + i); */
static inline void entries_join(struct s2_chunk *k, const struct s2_chunk *m) {
  int32_t i = 0;
  /*@ loop invariant in: 0 <= i <= m->n;
      loop invariant lo: \forall integer j; 0 <= j < k->n ==> AREA_EQ(Pre, j, Here, j);
      loop invariant mp: \forall integer j; 0 <= j < 64 ==> AREA_EQ2(Pre, m, j, Here, m, j);
      loop invariant cp: \forall integer j; 0 <= j < i ==> KShift{Pre,Here}(m, j, k, -k->n);
      loop assigns i, k->start[0 .. 63], k->end[0 .. 63], k->pay[0 .. 63];
      loop variant m->n - i; */
  while (i < m->n) {
    entry_copy(m, i, k, k->n + i);
    //@ assert at: KShift{Pre,Here}(m, i, k, -k->n);
    //@ assert cp: \forall integer j; 0 <= j < i ==> KShift{Pre,Here}(m, j, k, -k->n);
    i++;
  }
  k->n = (int16_t)(k->n + m->n);
  /*@ assert mo: \forall integer j; 0 <= j < m->n ==>
        KShift{Pre,Here}(m, j, k, -\at(k->n, Pre)) && AREA_EQ2(Pre, m, j, Here, k, \at(k->n, Pre) + j); */
}

/** Areas from h on of k become all of m. */
/*@ requires inv: ChunkInv(k) && \valid(m) && \separated(k, m) && 0 < h < k->n;
    terminates \true; exits \false;
    assigns k->n, *m;
    ensures inv: ChunkInv(k) && ChunkInv(m) && k->n == h && m->n == \old(k->n) - h;
    ensures at: St(m, 0) == St{Pre}(k, h);
    ensures lo: \forall integer g; g < St(m, 0) ==> KWhole{Pre,Here}(k, k, g) && KNone(m, g);
    ensures hi: \forall integer g; St(m, 0) <= g ==> KNone(k, g) && KWhole{Pre,Here}(k, m, g); */
static inline void chunk_split(struct s2_chunk *k, int32_t h, struct s2_chunk *m) {
  entries_split(k, h, m);
#include "proofs/wp/chunk_split.acsl"
}

/** All areas of m, which lie behind those of k, join those of k. m is left as it is. */
/*@ requires inv: ChunkInv(k) && ChunkInv(m) && \separated(k, m) && k->n + m->n <= 64;
    requires behind: \forall integer i, j; 0 <= i < k->n ==> 0 <= j < m->n ==> En(k, i) <= St(m, j);
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n == \old(k->n) + m->n;
    ensures mv: \forall integer g; !KNone{Pre}(m, g) ==> KMoved{Pre,Here}(m, k, g);
    ensures out: \forall integer g; KNone{Pre}(m, g) ==> KKept{Pre,Here}(k, g); */
static inline void chunk_join(struct s2_chunk *k, const struct s2_chunk *m) {
  entries_join(k, m);
#include "proofs/wp/chunk_join.acsl"
}

/** Area i of k moves to place j of m. */
/*@ requires inv: ChunkInv(k) && ChunkInv(m) && \separated(k, m) && 0 <= i < k->n && 0 <= j <= m->n < 64;
    requires l: \forall integer h; 0 <= h < j ==> En(m, h) <= St(k, i);
    requires r: \forall integer h; j <= h < m->n ==> En(k, i) <= St(m, h);
    terminates \true; exits \false;
    assigns *k, *m;
    ensures inv: ChunkInv(k) && ChunkInv(m) && k->n == \old(k->n) - 1 && m->n == \old(m->n) + 1;
    ensures in: \forall integer g; St{Pre}(k, i) <= g < En{Pre}(k, i) ==> KNone(k, g) && KWhole{Pre,Here}(k, m, g);
    ensures out: \forall integer g; g < St{Pre}(k, i) || En{Pre}(k, i) <= g ==>
                   KWhole{Pre,Here}(k, k, g) && KWhole{Pre,Here}(m, m, g); */
static inline void chunk_give(struct s2_chunk *k, int32_t i, struct s2_chunk *m, int32_t j) {
  //@ assert pb: pay_backend(Pay(k, i)) != 0;
  //@ assert bk: k->pay[i].backend != 0;
  chunk_insert(m, j, k->start[i], k->end[i], k->pay[i]);
  //@ ghost Ins: ;
  //@ assert kb: \forall integer h; 0 <= h < 64 ==> St(k, h) == St{Pre}(k, h) && En(k, h) == En{Pre}(k, h);
  //@ assert kd: \forall integer h; 0 <= h < 64 ==> k->pay[h].delta == \at(k->pay[\at(h, Here)].delta, Pre);
  //@ assert ka: \forall integer h; 0 <= h < 64 ==> k->pay[h].attr == \at(k->pay[\at(h, Here)].attr, Pre);
  //@ assert ke: \forall integer h; 0 <= h < 64 ==> k->pay[h].backend == \at(k->pay[\at(h, Here)].backend, Pre);
  //@ assert kp: \forall integer h; 0 <= h < 64 ==> Pay(k, h) == Pay{Pre}(k, h);
  //@ assert sk: KSame{Pre,Here}(k, k);
  //@ assert ik: ChunkInv(k);
  //@ assert kk: \forall integer g; KWhole{Pre,Here}(k, k, g);
  //@ assert is: \forall integer g; St{Pre}(k, i) <= g < En{Pre}(k, i) ==> KCovers(k, i, g) && idx(k, g) == i;
  //@ assert no: \forall integer g; g < St{Pre}(k, i) || En{Pre}(k, i) <= g ==> idx(k, g) != i;
  //@ assert pr: \forall integer g; St{Pre}(k, i) <= g < En{Pre}(k, i) ==> KCovers{Pre}(k, i, g) && idx{Pre}(k, g) == i;
  //@ assert mi: \forall integer g; St{Pre}(k, i) <= g < En{Pre}(k, i) ==> KWhole{Pre,Here}(k, m, g);
  chunk_drop(k, i, i + 1);
  //@ assert mb: \forall integer h; 0 <= h < 64 ==> St(m, h) == St{Ins}(m, h) && En(m, h) == En{Ins}(m, h);
  //@ assert md: \forall integer h; 0 <= h < 64 ==> m->pay[h].delta == \at(m->pay[\at(h, Here)].delta, Ins);
  //@ assert ma: \forall integer h; 0 <= h < 64 ==> m->pay[h].attr == \at(m->pay[\at(h, Here)].attr, Ins);
  //@ assert me: \forall integer h; 0 <= h < 64 ==> m->pay[h].backend == \at(m->pay[\at(h, Here)].backend, Ins);
  //@ assert mp: \forall integer h; 0 <= h < 64 ==> Pay(m, h) == Pay{Ins}(m, h);
  //@ assert sm: KSame{Ins,Here}(m, m);
  //@ assert im: ChunkInv(m);
  //@ assert km: \forall integer g; KWhole{Ins,Here}(m, m, g);
  //@ assert in: \forall integer g; St{Pre}(k, i) <= g < En{Pre}(k, i) ==> KWhole{Pre,Here}(k, m, g);
  //@ assert mo: \forall integer g; g < St{Pre}(k, i) || En{Pre}(k, i) <= g ==> KWhole{Pre,Here}(m, m, g);
  //@ assert k1: \forall integer g; g < St{Pre}(k, i) || En{Pre}(k, i) <= g ==> KWhole{Ins,Here}(k, k, g);
  //@ assert k2: \forall integer g; g < St{Pre}(k, i) || En{Pre}(k, i) <= g ==> KWhole{Pre,Here}(k, k, g);
}

/** attr with other rights. Rights are the lowest digit to base 16, so no bit operation is needed. */
/*@ requires r: rights < 16;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == attr - attr % 16 + rights; */
static inline uint32_t with_rights(uint32_t attr, uint32_t rights) {
  return attr - attr % 16u + rights;
}

/** Area j gets the rights. */
/*@ requires mem: \valid(k) && 0 <= j < 64 && rights < 16;
    terminates \true; exits \false; assigns k->pay[j].attr;
    ensures set: Pay(k, j) == pay_rights(Pay{Pre}(k, j), rights);
    ensures fr: \forall integer h; h != j ==> Pay(k, h) == Pay{Pre}(k, h); */
static inline void set_rights(struct s2_chunk *k, int32_t j, uint32_t rights) {
  k->pay[j].attr = with_rights(k->pay[j].attr, rights);
  //@ assert c: k->pay[j].delta == pay_delta(Pay{Pre}(k, j)) && k->pay[j].backend == pay_backend(Pay{Pre}(k, j));
}

/** Areas from i on that start before y get the rights. Returns the first one behind. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && rights < 16;
    terminates \true; exits \false; assigns k->pay[i .. 63].attr;
    ensures inv: ChunkInv(k) && i <= \result <= k->n;
    ensures ix: \forall integer g; idx(k, g) == idx{Pre}(k, g);
    ensures end: \forall integer j; i <= j < k->n ==> (j < \result <==> St(k, j) < y);
    ensures in: \forall integer j; i <= j < \result ==> Pay(k, j) == pay_rights(Pay{Pre}(k, j), rights);
    ensures out: \forall integer j; !(i <= j < \result) ==> Pay(k, j) == Pay{Pre}(k, j); */
static inline int32_t chunk_set_rights(struct s2_chunk *k, int32_t i, int64_t y, uint32_t rights) {
  int32_t j = i;
  /*@ loop invariant in: i <= j <= k->n;
      loop invariant end: \forall integer h; i <= h < j ==> St(k, h) < y;
      loop invariant set: \forall integer h; i <= h < j ==> Pay(k, h) == pay_rights(Pay{Pre}(k, h), rights);
      loop invariant out: \forall integer h; !(i <= h < j) ==> Pay(k, h) == Pay{Pre}(k, h);
      loop assigns j, k->pay[i .. 63].attr;
      loop variant k->n - j; */
  while (starts_before(k, j, y)) {
    set_rights(k, j, rights);
    j++;
  }
  //@ assert back: \forall integer h; pay_backend(Pay(k, h)) == pay_backend(Pay{Pre}(k, h));
  return j;
}

/** Unite what is one area among i - 1 .. j. From the right, so that the tail to move is short. */
/*@ requires inv: ChunkInv(k) && 0 <= i <= k->n && 0 <= j <= k->n;
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n <= \old(k->n) && (0 < \old(k->n) ==> 0 < k->n);
    ensures out: \forall integer g; KKept{Pre,Here}(k, g); */
static inline void chunk_unite_range(struct s2_chunk *k, int32_t i, int32_t j) {
  int32_t h = j;
  /*@ loop invariant inv: ChunkInv(k) && h <= j && h <= k->n && k->n <= \at(k->n, Pre);
      loop invariant some: 0 < \at(k->n, Pre) ==> 0 < k->n;
      loop invariant out: \forall integer g; KKept{Pre,Here}(k, g);
      loop assigns h, *k;
      loop variant h; */
  while (h > 0 && h >= i) {
    if (meets(k, h)) {
      //@ ghost Two: ;
      chunk_unite(k, h);
      //@ assert on: \forall integer g; KKept{Pre,Two}(k, g) && KKept{Two,Here}(k, g) && KKept{Pre,Here}(k, g);
    }
    h--;
  }
}

/** The chunk's part of protect. An area that reaches out of [x, y) has these rights: otherwise it has been cut. */
/*@ requires inv: ChunkInv(k) && 0 <= x < y <= AREA_TOP && rights < 16;
    requires ready: KReady(k, x, rights) && KReady(k, y, rights);
    terminates \true; exits \false;
    assigns *k;
    ensures inv: ChunkInv(k) && k->n <= \old(k->n) && (0 < \old(k->n) ==> 0 < k->n);
    ensures none: \forall integer g; KNone(k, g) <==> KNone{Pre}(k, g);
    ensures in: \forall integer g; x <= g < y ==> !KNone(k, g) ==> KAt(k, g) == pay_rights(KAt{Pre}(k, g), rights);
    ensures out: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g); */
static inline void chunk_protect(struct s2_chunk *k, int64_t x, int64_t y, uint32_t rights) {
  int32_t i = chunk_seek(k, x);
  int32_t j = chunk_set_rights(k, i, y, rights);
  //@ ghost Set: ;
  //@ assert no: \forall integer g; KNone(k, g) <==> KNone{Pre}(k, g);
  //@ assert co: \forall integer g; !KNone(k, g) ==> KCovers{Pre}(k, idx(k, g), g);
  //@ assert i1: \forall integer g; x <= g < y ==> !KNone(k, g) ==> i <= idx(k, g) < j;
  //@ assert i2: \forall integer g; x <= g < y ==> !KNone(k, g) ==> KAt(k, g) == pay_rights(KAt{Pre}(k, g), rights);
  //@ assert o1: \forall integer g; g < x ==> i <= idx(k, g) < j ==> pay_attr(KAt{Pre}(k, g)) % 16 == rights;
  //@ assert o2: \forall integer g; y <= g ==> i <= idx(k, g) < j ==> pay_attr(KAt{Pre}(k, g)) % 16 == rights;
  //@ assert o3: \forall integer g; g < x || y <= g ==> !KNone(k, g) ==> KAt(k, g) == KAt{Pre}(k, g);
  //@ assert o4: \forall integer g; g < x || y <= g ==> KKept{Pre,Here}(k, g);
  chunk_unite_range(k, i, j);
  //@ assert k: \forall integer g; KKept{Set,Here}(k, g) && (KNone(k, g) <==> KNone{Set}(k, g));
  //@ assert p: \forall integer g; KKept{Set,Here}(k, g) && (!KNone(k, g) ==> KAt(k, g) == KAt{Set}(k, g));
  //@ assert n: \forall integer g; (KNone(k, g) <==> KNone{Set}(k, g)) && (KNone(k, g) <==> KNone{Pre}(k, g));
  //@ assert r: \forall integer g; x <= g < y ==> !KNone(k, g) ==> !KNone{Set}(k, g) && KAt(k, g) == KAt{Set}(k, g);
}

#endif
