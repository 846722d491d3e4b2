/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * area.c - the area set: chunks of sorted areas under a packed array of windows.
 *
 * Three tiers, each built from the contracts of the one below: one chunk (entries by index), the windows (moves of
 * entries and borders that no address can tell), the operations (what an address sees). An operation first makes room,
 * which is invisible, and then changes things in one way that cannot fail; so a refusal changes nothing.
 *
 * Two rules keep the storage from wearing out: neighbouring chunks that hold 32 areas or fewer together are joined, and
 * areas that touch and carry equal payloads are one area, across chunks too. So iteration shows the same areas whatever
 * the history, and chunks hold more than 16 areas on average.
 */
#include "stage2/area.h"

/* A hint that these bytes are about to be read; it changes nothing but time. */
#if defined(__GNUC__) && !defined(__FRAMAC__)
#define SOON(address) __builtin_prefetch(address)
#else
#define SOON(address) (void)(address)
#endif

#define FULL S2_CHUNK_AREAS
#define HALF (S2_CHUNK_AREAS / 2)
#define MAX_CHUNKS 0x1000000u
#define ADDRESS_LIMIT 0x4000000000000000u /* 2^62 */

/** Where an address belongs: window p, and in its chunk the first area i that ends after it (or the chunk's n). */
struct spot {
  int32_t p, i;
};

enum cut { CUT_NONE, CUT_DONE, CUT_NO_ROOM };

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
