/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * check.c - the invariant, tried on a live space. The predicates of specs/logic, component by component: what they say of
 * all addresses is tried once per entry, since every address of an entry reads the same entries.
 */
#include "stage2/check.h"
#include "stage2/format.h"

/** No table: no link leads there. */
#define NO_TABLE UINT32_MAX

#ifdef __FRAMAC__
/*@ predicate PoolReadable{L}(struct s2_pool *p) = \valid_read(p) && \valid_read(p->tables + (0 .. p->cap-1)) &&
      \valid_read(p->nodes + (0 .. p->cap-1)) && \valid_read(p->stack + (0 .. p->cap-1));
    // what check_record() has seen
    predicate PoolMade{L}(struct s2_pool *p) = 0 < p->cap < 0x7fffffff && p->hpa_hi <= 0x40000000 && p->top <= 4 &&
      0 < p->nroot <= 16 && p->root + p->nroot <= p->cap && p->leaf_max <= S2_FMT_LEAF_MAX && p->leaf_max <= p->top;
    // what check_shape() has seen of table t
    predicate Shaped{L}(struct s2_pool *p, integer t) = p->nodes[t].level <= p->top && 0 <= p->nodes[t].key < width(61) &&
      aligned(p->nodes[t].key, p->nodes[t].level) && Dom(p, p->nodes[t].key);
    predicate AreasReadable{L}(struct s2_areas *s) = \valid_read(s) && \valid_read(s->chunks + (0 .. s->cap-1)) &&
      \valid_read(s->lo + (0 .. s->cap-1)) && \valid_read(s->id + (0 .. s->cap-1)) && \valid_read(s->spare + (0 .. s->cap-1));
    predicate WindowsMade{L}(struct s2_areas *s) = 0 < s->cap <= 0x1000000 && 0 < s->n && 0 <= s->nspare && s->n + s->nspare == s->cap &&
      \forall integer w; 0 <= w < s->n ==> 0 <= s->id[w] < s->cap; */
#endif

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result.kind == kind && \result.table == table && \result.slot == slot && \result.gpa == gpa; */
static struct s2_flaw flaw(enum s2_flaw_kind kind, uint32_t table, uint32_t slot, uint64_t gpa) {
  struct s2_flaw r = {kind, table, slot, gpa};
  return r;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result.kind == S2_SOUND; */
static struct s2_flaw sound(void) {
  return flaw(S2_SOUND, 0, 0, 0);
}

/* ---------------------------------------- the pool and its tables */

/*@ requires mem: PoolReadable(p) && t < p->cap;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> Used(p, t); */
static bool used(const struct s2_pool *p, uint32_t t) {
  return p->nodes[t].level <= S2_MAX_LEVEL;
}

/*@ requires mem: \valid_read(p);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == pool_hpa(p); */
static uint64_t pool_hpa(const struct s2_pool *p) {
  return (uint64_t)p->hpa_hi * 4294967296u + p->hpa_lo;
}

/** Wf, GoodPt, Placed: constants that s2_pt_init() gives. */
/*@ requires mem: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing;
    ensures made: \result.kind == S2_SOUND ==> PoolMade(&pt->pool) && Placed(&pt->pool) && pt->hpa_bits <= S2_FMT_HPA_BITS && pt->hpa_bits <= 63; */
static struct s2_flaw check_record(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  struct s2_shape shape = s2_shape_of(pt->gpa_bits);
  bool shaped = shape.top <= S2_MAX_LEVEL && p->top == shape.top && p->nroot == shape.nroot &&
                p->leaf_max <= S2_LEAF_MAX && p->leaf_max <= p->top;
  bool sized = p->cap > 0 && p->cap < INT32_MAX && p->nroot <= p->cap && p->root <= p->cap - p->nroot;
  if (!shaped || !sized || pt->hpa_bits > S2_HPA_BITS_MAX) {
    return flaw(S2_FLAW_RECORD, 0, 0, 0);
  }
  uint64_t width = s2_width(S2_HPA_BITS_MAX);
  bool placed =
      s2_offset(pool_hpa(p), 0) == 0 && pool_hpa(p) <= width && (uint64_t)p->cap * S2_PAGE_SIZE <= width - pool_hpa(p);
  bool counted =
      pt->flush.epoch >= 0 && pt->flush.ranges >= 0 && pt->flush.fulls >= 0 && pt->flush.breaks >= 0 && pt->splits >= 0;
  return placed && counted ? sound() : flaw(S2_FLAW_RECORD, 0, 0, 0);
}

/*@ requires mem: PoolReadable(p) && PoolMade(p);
    terminates \true; exits \false; assigns \nothing;
    ensures root: \result.kind == S2_SOUND ==> Root(p); */
static struct s2_flaw check_root(const struct s2_pool *p) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= p->nroot;
      loop invariant root: \forall integer j; 0 <= j < k ==> Used(p, p->root + j) && p->nodes[p->root + j].level == p->top &&
        p->nodes[p->root + j].key == rbase(j, p->top);
      loop assigns k;
      loop variant p->nroot - k; */
  for (k = 0; k < p->nroot; k++) {
    const struct s2_node *n = &p->nodes[p->root + k];
    if (n->level != p->top || n->key != s2_root_base(k, (uint8_t)p->top)) {
      return flaw(S2_FLAW_ROOT, p->root + k, 0, 0);
    }
  }
  return sound();
}

/** Which root table covers address g, nroot when none does. g may be anything: s2_root_index() wants an address. */
/*@ requires mem: \valid_read(p) && PoolMade(p);
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result <= p->nroot;
    ensures at: \result < p->nroot ==> rbase(\result, p->top) <= g < rbase(\result, p->top) + gran(p->top) * 512; */
static uint32_t root_of(const struct s2_pool *p, int64_t g) {
  uint8_t top = (uint8_t)p->top;
  int64_t bytes = (int64_t)(s2_span(top) * S2_ENTRIES);
  uint32_t k = 0;
  /*@ loop invariant k: 0 <= k <= p->nroot;
      loop assigns k;
      loop variant p->nroot - k; */
  while (k < p->nroot && (g < s2_root_base(k, top) || g - s2_root_base(k, top) >= bytes)) {
    k++;
  }
  return k;
}

/** Shape: a used table starts where a table of its level can, in this tree. */
/*@ requires mem: PoolReadable(p) && PoolMade(p) && Used(p, t);
    terminates \true; exits \false; assigns \nothing;
    ensures at: \result.kind == S2_SOUND ==> Shaped(p, t); */
static struct s2_flaw check_shape(const struct s2_pool *p, uint32_t t) {
  const struct s2_node *n = &p->nodes[t];
  bool fits = n->level <= p->top && root_of(p, n->key) < p->nroot && s2_offset((uint64_t)n->key, n->level) == 0 &&
              s2_slot((uint64_t)n->key, n->level) == 0;
  return fits ? sound() : flaw(S2_FLAW_SHAPE, t, 0, 0);
}

/** The table that link e names, NO_TABLE if it names none of the pool. */
/*@ requires mem: \valid_read(p) && PoolMade(p);
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result == NO_TABLE || \result < p->cap;
    ensures is: \result != NO_TABLE ==> \result == pte_child(p, e); */
static uint32_t linked(const struct s2_pool *p, uint64_t e) {
  uint64_t next = s2_entry_next(e);
  //@ assert ix: pte_child(p, e) == child_ix(pool_hpa(p), e);
  //@ assert at: pool_hpa(p) <= next ==> child_ix(pool_hpa(p), e) == (next - pool_hpa(p)) / 4096;
  if (next < pool_hpa(p) || (next - pool_hpa(p)) / S2_PAGE_SIZE >= p->cap) {
    return NO_TABLE;
  }
  return (uint32_t)((next - pool_hpa(p)) / S2_PAGE_SIZE);
}

/** Reach: the path to the place of table t, whose record check_shape() has seen, ends at it. */
/*@ requires mem: PoolReadable(p) && PoolMade(p) && Used(p, t) && Shaped(p, t);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_reach(const struct s2_pool *p, uint32_t t) {
  const struct s2_node *n = &p->nodes[t];
  uint32_t at = p->root + root_of(p, n->key);
  uint8_t l = (uint8_t)p->top;
  /*@ loop invariant l: n->level <= l <= p->top;
      loop invariant at: at == NO_TABLE || at < p->cap;
      loop assigns l, at;
      loop variant l; */
  while (l > n->level && at != NO_TABLE) {
    uint64_t e = p->tables[at].e[s2_slot((uint64_t)n->key, l)];
    at = s2_entry_links(l, e) ? linked(p, e) : NO_TABLE;
    l--;
  }
  return at == t ? sound() : flaw(S2_FLAW_REACH, t, 0, 0);
}

/** Down, for link e in slot i of table t. */
/*@ requires mem: PoolReadable(p) && PoolMade(p) && Used(p, t) && Shaped(p, t) && i < 512;
    requires link: pte_kind(p->nodes[t].level, e) == 2;
    terminates \true; exits \false; assigns \nothing;
    ensures down: \result.kind == S2_SOUND ==> Used(p, pte_child(p, e)) &&
      p->nodes[pte_child(p, e)].level == p->nodes[t].level - 1 &&
      p->nodes[pte_child(p, e)].key == sub(p->nodes[t].key, i, p->nodes[t].level); */
static struct s2_flaw check_link(const struct s2_pool *p, uint32_t t, uint32_t i, uint64_t e) {
  const struct s2_node *n = &p->nodes[t];
  uint32_t c = linked(p, e);
  bool down =
      c != NO_TABLE && p->nodes[c].level + 1 == n->level && p->nodes[c].key == s2_child_base(n->key, i, n->level);
  return down ? sound() : flaw(S2_FLAW_LINK, t, i, 0);
}

/** A leaf in slot i of table t: what it maps, and where. */
/*@ requires mem: \valid_read(pt) && PoolReadable(&pt->pool) && PoolMade(&pt->pool) && Placed(&pt->pool) && pt->hpa_bits <= 63;
    requires at: Used(&pt->pool, t) && Shaped(&pt->pool, t) && i < 512;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_leaf(const struct s2_pt *pt, uint32_t t, uint32_t i, uint64_t e) {
  const struct s2_pool *p = &pt->pool;
  uint8_t l = p->nodes[t].level;
  uint64_t span = s2_span(l);
  uint64_t hpa = s2_entry_hpa(l, e);
  uint64_t width = s2_width(pt->hpa_bits);
  uint64_t end = pool_hpa(p) + (uint64_t)p->cap * S2_PAGE_SIZE;
  if (l > p->leaf_max || hpa > width || span > width - hpa || (hpa < end && pool_hpa(p) < hpa + span)) {
    return flaw(S2_FLAW_OUTPUT, t, i, 0);
  }
  uint64_t g = (uint64_t)p->nodes[t].key + i * span;
  return g < s2_width(pt->gpa_bits) ? sound() : flaw(S2_FLAW_INSIDE, t, i, 0);
}

/** Entry i of used table t. */
/*@ requires mem: \valid_read(pt) && PoolReadable(&pt->pool) && PoolMade(&pt->pool) && Placed(&pt->pool) && pt->hpa_bits <= 63;
    requires at: Used(&pt->pool, t) && Shaped(&pt->pool, t) && i < 512;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_entry(const struct s2_pt *pt, uint32_t t, uint32_t i) {
  const struct s2_pool *p = &pt->pool;
  uint64_t e = p->tables[t].e[i];
  switch (s2_entry_kind(p->nodes[t].level, e)) {
    case S2_EMPTY:
      return sound();
    case S2_LEAF:
      return check_leaf(pt, t, i, e);
    case S2_TABLE:
      return check_link(p, t, i, e);
    case S2_MARKED:
      return flaw(S2_FLAW_MARK, t, i, 0);
    default:
      return flaw(S2_FLAW_ENTRY, t, i, 0);
  }
}

/*@ requires mem: \valid_read(p);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> p->root <= t < p->root + p->nroot; */
static bool is_root(const struct s2_pool *p, uint32_t t) {
  return p->root <= t && t - p->root < p->nroot;
}

/*@ requires mem: \valid_read(pt) && PoolReadable(&pt->pool) && PoolMade(&pt->pool) && Placed(&pt->pool) && pt->hpa_bits <= 63;
    requires at: Used(&pt->pool, t) && Shaped(&pt->pool, t);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_used(const struct s2_pt *pt, uint32_t t) {
  const struct s2_pool *p = &pt->pool;
  uint32_t live = 0;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= S2_ENTRIES && live == cnt(p, t, i) <= i;
      loop assigns i, live;
      loop variant S2_ENTRIES - i; */
  for (i = 0; i < S2_ENTRIES; i++) {
    struct s2_flaw f = check_entry(pt, t, i);
    if (f.kind != S2_SOUND) {
      return f;
    }
    live += s2_entry_live(p->tables[t].e[i]) ? 1 : 0;
  }
  if (live != p->nodes[t].live) {
    return flaw(S2_FLAW_LIVE, t, 0, 0);
  }
  return live == 0 && !is_root(p, t) ? flaw(S2_FLAW_EMPTY, t, 0, 0) : check_reach(p, t);
}

/** FreeZero and Free2. */
/*@ requires mem: PoolReadable(p) && PoolMade(p) && t < p->cap;
    terminates \true; exits \false; assigns \nothing;
    ensures zero: \result.kind == S2_SOUND ==> Zero(p, t);
    ensures there: \result.kind == S2_SOUND ==> 0 <= p->nodes[t].key < p->nfree && p->stack[p->nodes[t].key] == t; */
static struct s2_flaw check_free(const struct s2_pool *p, uint32_t t) {
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= S2_ENTRIES;
      loop invariant zero: \forall integer j; 0 <= j < i ==> p->tables[t].e[j] == 0;
      loop assigns i;
      loop variant S2_ENTRIES - i; */
  for (i = 0; i < S2_ENTRIES; i++) {
    if (p->tables[t].e[i] != 0) {
      return flaw(S2_FLAW_ZERO, t, i, 0);
    }
  }
  int64_t at = p->nodes[t].key;
  bool there = at >= 0 && at < p->nfree && at < p->cap && p->stack[at] == (int32_t)t;
  return there ? sound() : flaw(S2_FLAW_FREE, t, 0, 0);
}

/** How many tables are at level, or in state, l. */
/*@ requires mem: PoolReadable(p);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == tally(p, l); */
static uint32_t tally(const struct s2_pool *p, uint8_t l) {
  uint32_t n = 0;
  uint32_t t;
  /*@ loop invariant t: 0 <= t <= p->cap && n == census(p, l, t) <= t;
      loop assigns t, n;
      loop variant p->cap - t; */
  for (t = 0; t < p->cap; t++) {
    n += p->nodes[t].level == l ? 1 : 0;
  }
  return n;
}

/** Counts. Free1 follows: with free tables on the stack, each at its own place, and as many of them as places, it is full. */
/*@ requires mem: PoolReadable(p);
    terminates \true; exits \false; assigns \nothing;
    ensures exact: \result.kind == S2_SOUND ==> Counts(p) && p->nlimbo == 0; */
static struct s2_flaw check_counts(const struct s2_pool *p) {
  bool limbo = p->nlimbo == 0 && tally(p, S2_NODE_LIMBO) == 0 && tally(p, S2_NODE_LIMBO_FRAMES) == 0;
  bool exact = p->nfree >= 0 && tally(p, S2_NODE_FREE) == (uint32_t)p->nfree && p->low >= 0 && p->low <= p->nfree;
  uint8_t l;
  /*@ loop invariant l: 0 <= l <= S2_LEVELS;
      loop invariant free: exact ==> 0 <= p->nfree && p->nfree == tally(p, 255);
      loop invariant exact: exact ==> \forall integer k; 0 <= k < l ==> p->used[k] == tally(p, k);
      loop assigns l, exact;
      loop variant S2_LEVELS - l; */
  for (l = 0; l < S2_LEVELS; l++) {
    exact = exact && p->used[l] >= 0 && tally(p, l) == (uint32_t)p->used[l] && p->high[l] >= p->used[l];
  }
  return limbo && exact ? sound() : flaw(S2_FLAW_COUNTS, 0, 0, 0);
}

struct s2_flaw s2_pt_check(const struct s2_pt *pt) {
  const struct s2_pool *p = &pt->pool;
  struct s2_flaw f = check_record(pt);
  f = f.kind == S2_SOUND ? check_root(p) : f;
  uint32_t t;
  /* every record before any entry: links are compared with records */
  /*@ loop invariant t: 0 <= t <= p->cap;
      loop invariant made: f.kind == S2_SOUND ==> PoolMade(p) && Placed(p) && pt->hpa_bits <= S2_FMT_HPA_BITS && pt->hpa_bits <= 63;
      loop invariant root: f.kind == S2_SOUND ==> Root(p);
      loop invariant at: f.kind == S2_SOUND ==> \forall integer k; 0 <= k < t ==> Used(p, k) ==> Shaped(p, k);
      loop assigns t, f;
      loop variant p->cap - t; */
  for (t = 0; f.kind == S2_SOUND && t < p->cap; t++) {
    f = used(p, t) ? check_shape(p, t) : f;
  }
  /*@ loop invariant t: 0 <= t <= p->cap;
      loop invariant made: f.kind == S2_SOUND ==> PoolMade(p) && Placed(p) && pt->hpa_bits <= S2_FMT_HPA_BITS && pt->hpa_bits <= 63;
      loop invariant at: f.kind == S2_SOUND ==> \forall integer k; 0 <= k < p->cap ==> Used(p, k) ==> Shaped(p, k);
      loop assigns t, f;
      loop variant p->cap - t; */
  for (t = 0; f.kind == S2_SOUND && t < p->cap; t++) {
    f = used(p, t) ? check_used(pt, t) : f;
    f = p->nodes[t].level == S2_NODE_FREE ? check_free(p, t) : f;
  }
  return f.kind == S2_SOUND ? check_counts(p) : f;
}

/* ---------------------------------------- areas */

/*@ requires mem: AreasReadable(s) && w < s->n <= s->cap && 0 <= s->id[w] < s->cap;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == s->chunks + s->id[w]; */
static const struct s2_chunk *chunk_of(const struct s2_areas *s, uint32_t w) {
  return &s->chunks[s->id[w]];
}

/** AreaMem, AreaTiles, AreaIds but for chunks in two windows: those would lie outside one of them, unless empty. */
/*@ requires mem: AreasReadable(s);
    terminates \true; exits \false; assigns \nothing;
    ensures made: \result.kind == S2_SOUND ==> WindowsMade(s); */
static struct s2_flaw check_windows(const struct s2_areas *s) {
  bool counted = s->cap > 0 && s->cap <= 0x1000000u && s->n > 0 && s->nspare >= 0 && (uint32_t)s->n <= s->cap &&
                 (uint32_t)s->nspare == s->cap - (uint32_t)s->n;
  if (!counted) {
    return flaw(S2_FLAW_AREAS, 0, 0, 0);
  }
  uint32_t w;
  /*@ loop invariant w: 0 <= w <= s->n;
      loop invariant ids: \forall integer v; 0 <= v < w ==> 0 <= s->id[v] < s->cap;
      loop assigns w;
      loop variant s->n - w; */
  for (w = 0; w < (uint32_t)s->n; w++) {
    bool order = w == 0 ? s->lo[0] == 0 : s->lo[w - 1] < s->lo[w];
    if (!order || s->id[w] < 0 || (uint32_t)s->id[w] >= s->cap) {
      return flaw(S2_FLAW_WINDOWS, w, 0, 0);
    }
  }
  return sound();
}

/** AreaSpare, for spare chunk j. */
/*@ requires mem: AreasReadable(s) && WindowsMade(s) && j < s->nspare;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_spare(const struct s2_areas *s, uint32_t j) {
  int32_t c = s->spare[j];
  bool alone = c >= 0 && (uint32_t)c < s->cap;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= j;
      loop assigns i, alone;
      loop variant j - i; */
  for (i = 0; i < j; i++) {
    alone = alone && s->spare[i] != c;
  }
  uint32_t w;
  /*@ loop invariant w: 0 <= w <= s->n;
      loop assigns w, alone;
      loop variant s->n - w; */
  for (w = 0; w < (uint32_t)s->n; w++) {
    alone = alone && s->id[w] != c;
  }
  return alone ? sound() : flaw(S2_FLAW_SPARE, 0, j, 0);
}

/** One area of window w: what ChunkInv and AreaInside say of it. */
/*@ requires mem: AreasReadable(s) && WindowsMade(s) && w < s->n && i < 64;
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_place(const struct s2_areas *s, uint32_t w, uint32_t i) {
  const struct s2_chunk *k = chunk_of(s, w);
  bool order = i == 0 || k->end[i - 1] <= k->start[i];
  if (!order || k->start[i] < 0 || k->start[i] >= k->end[i] || k->end[i] > 0x4000000000000000 ||
      k->pay[i].backend == S2_BACK_NONE) {
    return flaw(S2_FLAW_CHUNK, w, i, 0);
  }
  bool inside = s->lo[w] <= (uint64_t)k->start[i] && (w + 1 == (uint32_t)s->n || (uint64_t)k->end[i] <= s->lo[w + 1]);
  return inside ? sound() : flaw(S2_FLAW_WINDOW, w, i, 0);
}

/*@ requires mem: AreasReadable(s) && WindowsMade(s) && w < s->n;
    terminates \true; exits \false; assigns \nothing;
    ensures n: \result.kind == S2_SOUND ==> 0 <= s->chunks[s->id[w]].n <= 64; */
static struct s2_flaw check_chunk(const struct s2_areas *s, uint32_t w) {
  int32_t n = chunk_of(s, w)->n;
  if (n < 0 || n > S2_CHUNK_AREAS) {
    return flaw(S2_FLAW_CHUNK, w, 0, 0);
  }
  if (n == 0 && s->n > 1) {
    return flaw(S2_FLAW_AREAS, w, 0, 0);
  }
  struct s2_flaw f = sound();
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= n;
      loop assigns i, f;
      loop variant n - i; */
  for (i = 0; f.kind == S2_SOUND && i < (uint32_t)n; i++) {
    f = check_place(s, w, i);
  }
  return f;
}

/*@ requires mem: AreasReadable(s);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_areas(const struct s2_areas *s) {
  struct s2_flaw f = check_windows(s);
  uint32_t w;
  /*@ loop invariant w: 0 <= w && (f.kind == S2_SOUND ==> w <= s->n);
      loop invariant made: f.kind == S2_SOUND ==> WindowsMade(s);
      loop assigns w, f;
      loop variant s->n - w; */
  for (w = 0; f.kind == S2_SOUND && w < (uint32_t)s->n; w++) {
    f = check_chunk(s, w);
  }
  uint32_t j;
  /*@ loop invariant j: 0 <= j;
      loop invariant made: f.kind == S2_SOUND ==> WindowsMade(s);
      loop assigns j, f;
      loop variant s->nspare - j; */
  for (j = 0; f.kind == S2_SOUND && j < (uint32_t)s->nspare; j++) {
    f = check_spare(s, j);
  }
  return f;
}

/* ---------------------------------------- areas and tables */

/** An area by itself: one that s2_map_linear() or s2_map_alloc() makes. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_area(const struct s2_space *s, struct s2_area a) {
  uint32_t kind = a.backend & S2_BACK_KIND;
  bool known = kind == S2_BACK_LINEAR || kind == S2_BACK_ALLOC;
  bool made = a.start >= s->base && a.end <= s->limit && s2_offset((uint64_t)a.start, 0) == 0 &&
              s2_offset((uint64_t)a.end, 0) == 0 && s2_attr_legal(s->pt.pool.features, a.attr);
  return known && made ? sound() : flaw(S2_FLAW_AREA, 0, 0, (uint64_t)a.start);
}

/** A leaf inside area a. */
/*@ terminates \true; exits \false; assigns \nothing; */
static enum s2_flaw_kind leaf_in(struct s2_area a, struct s2_leaf leaf) {
  uint32_t attr = leaf.attr & S2_ATTR_MASK;
  if ((attr & S2_RIGHTS & ~a.attr) != 0 || (attr & ~S2_RIGHTS) != (a.attr & ~S2_RIGHTS)) {
    return S2_FLAW_RIGHTS;
  }
  if ((a.backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
    return leaf.hpa == leaf.gpa + (uint64_t)a.delta ? S2_SOUND : S2_FLAW_ADDRESS;
  }
  return leaf.level == 0 || (a.backend & S2_BACK_BLOCKS) != 0 ? S2_SOUND : S2_FLAW_BLOCK;
}

/** The leaves of area a: all that begin before its end, from the first that ends behind `from` on. */
/*@ requires inv: \valid_read(pt) && Good(pt);
    terminates \true; exits \false; assigns \nothing; */
static struct s2_flaw check_leaves(const struct s2_pt *pt, struct s2_area a, uint64_t from) {
  struct s2_leaf leaf = s2_pt_next(pt, from);
  uint64_t mapped = 0;
  /*@ loop assigns leaf, mapped; */
  while (leaf.status == S2_OK && leaf.gpa < (uint64_t)a.end) {
    if (leaf.gpa < (uint64_t)a.start || leaf.gpa + leaf.size > (uint64_t)a.end) {
      return flaw(S2_FLAW_NO_AREA, 0, 0, leaf.gpa);
    }
    enum s2_flaw_kind kind = leaf_in(a, leaf);
    if (kind != S2_SOUND) {
      return flaw(kind, 0, 0, leaf.gpa);
    }
    mapped += leaf.size;
    leaf = s2_pt_next(pt, leaf.gpa + leaf.size);
  }
  bool whole = (a.backend & S2_BACK_KIND) != S2_BACK_LINEAR || mapped == (uint64_t)(a.end - a.start);
  return whole ? sound() : flaw(S2_FLAW_GAP, 0, 0, (uint64_t)a.start);
}

struct s2_flaw s2_space_check(const struct s2_space *s) {
  struct s2_flaw f = s2_pt_check(&s->pt);
  f = f.kind == S2_SOUND ? check_areas(&s->areas) : f;
  if (f.kind != S2_SOUND) {
    return f;
  }
  uint64_t from = 0;
  struct s2_area a = s2_areas_next(&s->areas, 0);
  /*@ loop assigns f, from, a; */
  while (f.kind == S2_SOUND && a.backend != S2_BACK_NONE) {
    f = check_area(s, a);
    f = f.kind == S2_SOUND ? check_leaves(&s->pt, a, from) : f;
    from = (uint64_t)a.end;
    a = s2_areas_next(&s->areas, from);
  }
  if (f.kind != S2_SOUND) {
    return f;
  }
  struct s2_leaf leaf = s2_pt_next(&s->pt, from);
  return leaf.status == S2_OK ? flaw(S2_FLAW_NO_AREA, 0, 0, leaf.gpa) : f;
}

const char *s2_flaw_text(enum s2_flaw_kind kind) {
  switch (kind) {
    case S2_SOUND:
      return "sound";
    case S2_FLAW_RECORD:
      return "a constant of the space has changed";
    case S2_FLAW_ROOT:
      return "a root table's record is not a root's";
    case S2_FLAW_SHAPE:
      return "a table's record names no place in the tree";
    case S2_FLAW_ENTRY:
      return "an entry that the library does not make";
    case S2_FLAW_MARK:
      return "an entry that was marked and not taken out";
    case S2_FLAW_LINK:
      return "a link to a table that does not belong there";
    case S2_FLAW_REACH:
      return "a used table that no path leads to";
    case S2_FLAW_LIVE:
      return "a count of live entries is wrong";
    case S2_FLAW_EMPTY:
      return "an empty table is not given back";
    case S2_FLAW_ZERO:
      return "a free table is not zero";
    case S2_FLAW_FREE:
      return "a free table is not on the free stack where its record says";
    case S2_FLAW_COUNTS:
      return "tables do not add up";
    case S2_FLAW_OUTPUT:
      return "a leaf maps the tables, or more than the host has";
    case S2_FLAW_INSIDE:
      return "a leaf beyond the width of guest addresses";
    case S2_FLAW_AREAS:
      return "the counters of the area set do not add up";
    case S2_FLAW_WINDOWS:
      return "the windows of the area set are out of order";
    case S2_FLAW_SPARE:
      return "a spare chunk of areas is in use, or listed twice";
    case S2_FLAW_CHUNK:
      return "areas of one chunk are out of order";
    case S2_FLAW_WINDOW:
      return "an area outside its window";
    case S2_FLAW_AREA:
      return "an area that cannot have been made";
    case S2_FLAW_NO_AREA:
      return "a leaf outside every area";
    case S2_FLAW_RIGHTS:
      return "a leaf has more rights than its area, or another type";
    case S2_FLAW_ADDRESS:
      return "a linear leaf maps the wrong address";
    case S2_FLAW_GAP:
      return "part of a linear area is not mapped";
    case S2_FLAW_BLOCK:
      return "a block in an area of pages";
    default:
      return "no such flaw";
  }
}
