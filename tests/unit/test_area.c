/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_area.c - the area set against a plain sorted array, at every border after every operation.
 *
 * The model keeps areas that touch and carry equal payloads as one, and so does the library: the two lists must be the
 * same, area by area. A refusal must leave the library's list as it was, and may only happen with every chunk in use
 * and more areas than the promised 16 per chunk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stage2/area.h"

#define PAGE      0x1000
#define LIMIT     0x4000000000000000 /* 2^62 */
#define MODEL_MAX 4096

/* ---------------------------------------- the model */

struct model {
  struct s2_area a[MODEL_MAX];
  int n;
};

static struct s2_payload payload_of(struct s2_area a) {
  struct s2_payload p = {a.delta, a.attr, a.backend};
  return p;
}

static bool payload_equal(struct s2_payload a, struct s2_payload b) {
  return a.delta == b.delta && a.attr == b.attr && a.backend == b.backend;
}

static bool area_equal(struct s2_area a, struct s2_area b) {
  return a.start == b.start && a.end == b.end && payload_equal(payload_of(a), payload_of(b));
}

static void model_put(struct model *m, struct s2_area a) {
  if (m->n > 0 && m->a[m->n - 1].end == a.start && payload_equal(payload_of(m->a[m->n - 1]), payload_of(a))) {
    m->a[m->n - 1].end = a.end;
    return;
  }
  assert_true(m->n < MODEL_MAX);
  m->a[m->n++] = a;
}

static bool model_overlap(const struct model *m, int64_t x, int64_t y) {
  for (int i = 0; i < m->n; i++) {
    if (m->a[i].start < y && x < m->a[i].end) {
      return true;
    }
  }
  return false;
}

static bool model_covered(const struct model *m, int64_t x, int64_t y) {
  for (int i = 0; i < m->n; i++) {
    if (m->a[i].start <= x && x < m->a[i].end) {
      x = m->a[i].end;
    }
  }
  return x >= y;
}

static struct s2_area model_find(const struct model *m, uint64_t g) {
  struct s2_area none = {0, 0, 0, 0, S2_BACK_NONE};
  for (int i = 0; i < m->n; i++) {
    if ((uint64_t)m->a[i].start <= g && g < (uint64_t)m->a[i].end) {
      return m->a[i];
    }
  }
  return none;
}

static struct s2_area model_next(const struct model *m, uint64_t g) {
  struct s2_area none = {0, 0, 0, 0, S2_BACK_NONE};
  for (int i = 0; i < m->n; i++) {
    if (g < (uint64_t)m->a[i].end) {
      return m->a[i];
    }
  }
  return none;
}

static void model_insert(struct model *m, int64_t x, int64_t y, struct s2_payload p) {
  static struct model old;
  struct s2_area a = {x, y, p.delta, p.attr, p.backend};
  bool done = false;
  old = *m;
  m->n = 0;
  for (int i = 0; i < old.n; i++) {
    if (!done && old.a[i].start > x) {
      model_put(m, a);
      done = true;
    }
    model_put(m, old.a[i]);
  }
  if (!done) {
    model_put(m, a);
  }
}

/** What lies in [x, y) is removed, or gets other rights. */
static void model_change(struct model *m, int64_t x, int64_t y, bool keep, uint32_t rights) {
  static struct model old;
  old = *m;
  m->n = 0;
  for (int i = 0; i < old.n; i++) {
    struct s2_area a = old.a[i];
    struct s2_area left = a, mid = a, right = a;
    left.end = a.end < x ? a.end : x;
    mid.start = a.start > x ? a.start : x;
    mid.end = a.end < y ? a.end : y;
    mid.attr = (a.attr & ~S2_RIGHTS) | rights;
    right.start = a.start > y ? a.start : y;
    if (left.start < left.end) {
      model_put(m, left);
    }
    if (keep && mid.start < mid.end) {
      model_put(m, mid);
    }
    if (right.start < right.end) {
      model_put(m, right);
    }
  }
}

static bool free_at(const struct model *m, uint64_t g, uint64_t size) {
  return !model_overlap(m, (int64_t)g, (int64_t)(g + size));
}

/** The lowest multiple of align in [from, hi - size] that is free: every page is tried. */
static bool model_free_from(const struct model *m, uint64_t from, uint64_t size, uint64_t hi, uint64_t align,
                            uint64_t *found) {
  for (uint64_t g = (from + align - 1) / align * align; size <= hi && g <= hi - size; g += align) {
    if (free_at(m, g, size)) {
      *found = g;
      return true;
    }
  }
  return false;
}

/* ---------------------------------------- the set under test */

struct set {
  struct s2_areas s;
  struct s2_area_memory mem;
};

static void set_open(struct set *t, uint32_t count) {
  t->mem.chunks = malloc(count * sizeof *t->mem.chunks);
  t->mem.lo = malloc(count * sizeof *t->mem.lo);
  t->mem.id = malloc(count * sizeof *t->mem.id);
  t->mem.spare = malloc(count * sizeof *t->mem.spare);
  t->mem.count = count;
  assert_non_null(t->mem.chunks);
  memset(t->mem.chunks, 0xa5, count * sizeof *t->mem.chunks);
  assert_int_equal(s2_areas_init(&t->s, &t->mem), S2_OK);
}

static void set_close(struct set *t) {
  free(t->mem.chunks);
  free(t->mem.lo);
  free(t->mem.id);
  free(t->mem.spare);
}

/** The invariant of area.h, and that neighbours are neither thin nor torn. */
static void check_structure(const struct s2_areas *s) {
  bool *seen = calloc(s->cap, sizeof *seen);
  int32_t count = 0;
  struct s2_area last = {0, 0, 0, 0, S2_BACK_NONE};
  assert_non_null(seen);
  assert_true(s->n >= 1 && s->nspare >= 0);
  assert_int_equal(s->n + s->nspare, (int32_t)s->cap);
  assert_int_equal(s->lo[0], 0);
  for (int32_t j = 0; j < s->nspare; j++) {
    assert_in_range(s->spare[j], 0, s->cap - 1);
    assert_false(seen[s->spare[j]]);
    seen[s->spare[j]] = true;
  }
  for (int32_t p = 0; p < s->n; p++) {
    assert_in_range(s->id[p], 0, s->cap - 1);
    assert_false(seen[s->id[p]]);
    seen[s->id[p]] = true;
    const struct s2_chunk *k = &s->chunks[s->id[p]];
    assert_true(k->n >= 0 && k->n <= S2_CHUNK_AREAS);
    assert_true(k->n > 0 || s->n == 1);
    if (p + 1 < s->n) {
      assert_true(s->lo[p] < s->lo[p + 1]);
      assert_true(k->n + s->chunks[s->id[p + 1]].n > S2_CHUNK_AREAS / 2);
    }
    for (int32_t i = 0; i < k->n; i++) {
      struct s2_area a = {k->start[i], k->end[i], k->pay[i].delta, k->pay[i].attr, k->pay[i].backend};
      assert_true(s->lo[p] <= (uint64_t)a.start && a.start < a.end && a.end <= LIMIT);
      assert_true(p + 1 == s->n || (uint64_t)a.end <= s->lo[p + 1]);
      assert_true(last.end <= a.start);
      bool torn = last.end == a.start && payload_equal(payload_of(last), payload_of(a));
      assert_false(last.backend != S2_BACK_NONE && torn);
      assert_true(a.backend != S2_BACK_NONE);
      last = a;
      count++;
    }
  }
  assert_int_equal(s2_areas_count(s), count);
  free(seen);
}

/** The set's areas by iteration are the model's, and every question at every border has the model's answer. */
static void check_equal(const struct s2_areas *s, const struct model *m) {
  uint64_t g = 0;
  check_structure(s);
  assert_int_equal(s2_areas_count(s), m->n);
  for (int i = 0; i < m->n; i++) {
    struct s2_area a = s2_areas_next(s, g);
    assert_true(area_equal(a, m->a[i]));
    uint64_t start = (uint64_t)a.start, end = (uint64_t)a.end;
    assert_true(area_equal(s2_areas_find(s, start), m->a[i]));
    assert_true(area_equal(s2_areas_find(s, end - 1), m->a[i]));
    assert_true(area_equal(s2_areas_find(s, end),
                           i + 1 < m->n && m->a[i + 1].start == a.end ? m->a[i + 1] : s2_areas_find(s, UINT64_MAX)));
    bool before = i > 0 && m->a[i - 1].end == a.start;
    assert_true(start == 0 || (s2_areas_find(s, start - 1).backend != S2_BACK_NONE) == before);
    assert_true(s2_areas_covered(s, start, end));
    assert_int_equal(s2_areas_covered(s, start, end + 1), i + 1 < m->n && m->a[i + 1].start == a.end);
    if (start > g) {
      assert_false(s2_areas_overlap(s, g, start));
      assert_true(s2_areas_overlap(s, g, start + 1));
    }
    g = end;
  }
  assert_int_equal(s2_areas_next(s, g).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_find(s, UINT64_MAX).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_find(s, (uint64_t)1 << 63).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_next(s, (uint64_t)1 << 63).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_next(s, INT64_MAX).backend, S2_BACK_NONE);
}

/* ---------------------------------------- random numbers */

static uint64_t rng_state;

static uint32_t rng(uint32_t n) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return (uint32_t)((rng_state >> 16) % n);
}

static struct s2_payload random_payload(uint32_t kinds) {
  uint32_t k = rng(kinds);
  struct s2_payload p = {(int64_t)(k % 3) * PAGE - PAGE, S2_R | (k / 3 % 2 * S2_W), (uint16_t)(1 + k / 6 % 2)};
  return p;
}

/* ---------------------------------------- tests */

static void test_init(void **state) {
  struct set t;
  struct s2_areas s;
  struct s2_area_memory bad;
  (void)state;
  set_open(&t, 1);
  assert_int_equal(s2_areas_init(NULL, &t.mem), S2_ERR_NULL);
  assert_int_equal(s2_areas_init(&s, NULL), S2_ERR_NULL);
  bad = t.mem, bad.chunks = NULL;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_NULL);
  bad = t.mem, bad.lo = NULL;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_NULL);
  bad = t.mem, bad.id = NULL;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_NULL);
  bad = t.mem, bad.spare = NULL;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_NULL);
  bad = t.mem, bad.count = 0;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_CONFIG);
  bad = t.mem, bad.count = 0x1000001;
  assert_int_equal(s2_areas_init(&s, &bad), S2_ERR_CONFIG);
  assert_int_equal(s2_areas_count(&t.s), 0);
  assert_int_equal(s2_areas_find(&t.s, 0).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_next(&t.s, 0).backend, S2_BACK_NONE);
  assert_false(s2_areas_overlap(&t.s, 0, LIMIT));
  assert_false(s2_areas_covered(&t.s, 0, 1));
  set_close(&t);
}

/** One chunk, 64 areas and no more; what needs no place still works. */
static void test_one_chunk_full(void **state) {
  struct set t;
  static struct model m;
  struct s2_payload p = {0, S2_RW, S2_BACK_ALLOC};
  (void)state;
  set_open(&t, 1);
  m.n = 0;
  for (uint64_t i = 0; i < 64; i++) {
    assert_int_equal(s2_areas_insert(&t.s, i * 4 * PAGE, (i * 4 + 3) * PAGE, p), S2_OK);
    model_insert(&m, (int64_t)i * 4 * PAGE, (int64_t)(i * 4 + 3) * PAGE, p);
  }
  assert_int_equal(s2_areas_insert(&t.s, 1000 * PAGE, 1001 * PAGE, p), S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_insert(&t.s, 0, PAGE, p), S2_ERR_MAPPED);
  assert_int_equal(s2_areas_remove(&t.s, PAGE, 2 * PAGE), S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 2 * PAGE, S2_R), S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 6 * PAGE, S2_R), S2_ERR_NO_AREAS);
  check_equal(&t.s, &m);
  /* rights that are there already need no cut */
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 2 * PAGE, S2_RW), S2_OK);
  check_equal(&t.s, &m);
  /* one free place: the first cut of two succeeds and must be taken back */
  assert_int_equal(s2_areas_remove(&t.s, 252 * PAGE, 255 * PAGE), S2_OK);
  model_change(&m, 252 * PAGE, 255 * PAGE, false, 0);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 2 * PAGE, S2_R), S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 6 * PAGE, S2_R), S2_ERR_NO_AREAS);
  check_equal(&t.s, &m);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 4 * PAGE, S2_R), S2_OK);
  model_change(&m, PAGE, 4 * PAGE, true, S2_R);
  check_equal(&t.s, &m);
  /* the gaps close: 64 areas become few */
  assert_int_equal(s2_areas_protect(&t.s, PAGE, 4 * PAGE, S2_RW), S2_OK);
  for (uint64_t i = 0; i < 63; i++) {
    assert_int_equal(s2_areas_insert(&t.s, (i * 4 + 3) * PAGE, (i * 4 + 4) * PAGE, p), S2_OK);
  }
  assert_int_equal(s2_areas_count(&t.s), 1);
  s2_areas_clear(&t.s);
  m.n = 0;
  check_equal(&t.s, &m);
  set_close(&t);
}

/** Areas in ascending order fill chunks up; the same payload over chunk borders is one area. */
static void test_borders(void **state) {
  struct set t;
  static struct model m;
  struct s2_payload p = {PAGE, S2_RW, S2_BACK_LINEAR};
  (void)state;
  set_open(&t, 8);
  m.n = 0;
  for (int64_t i = 0; i < 260; i++) {
    assert_int_equal(s2_areas_insert(&t.s, (uint64_t)i * 2 * PAGE, (uint64_t)(i * 2 + 1) * PAGE, p), S2_OK);
    model_insert(&m, i * 2 * PAGE, (i * 2 + 1) * PAGE, p);
  }
  check_equal(&t.s, &m);
  assert_int_equal(t.s.n, 5);
  for (int64_t i = 0; i < 259; i++) {
    int64_t j = (i * 101) % 259;
    assert_int_equal(s2_areas_insert(&t.s, (uint64_t)(j * 2 + 1) * PAGE, (uint64_t)(j * 2 + 2) * PAGE, p), S2_OK);
    model_insert(&m, (j * 2 + 1) * PAGE, (j * 2 + 2) * PAGE, p);
    check_equal(&t.s, &m);
  }
  assert_int_equal(s2_areas_count(&t.s), 1);
  assert_int_equal(t.s.n, 1);
  /* the whole range of addresses */
  assert_int_equal(s2_areas_insert(&t.s, 1000 * PAGE, LIMIT, p), S2_OK);
  assert_int_equal(s2_areas_find(&t.s, LIMIT - 1).end, LIMIT);
  assert_int_equal(s2_areas_find(&t.s, LIMIT).backend, S2_BACK_NONE);
  assert_int_equal(s2_areas_remove(&t.s, 0, LIMIT), S2_OK);
  m.n = 0;
  check_equal(&t.s, &m);
  set_close(&t);
}

static int32_t places_used(const struct s2_areas *s) {
  return s->nspare == 0 ? (int32_t)s2_areas_count(s) : 0;
}

static void step_insert(struct set *t, struct model *m, uint32_t pages, uint32_t longest, uint32_t kinds) {
  int64_t x = (int64_t)rng(pages) * PAGE;
  int64_t y = x + (int64_t)(1 + rng(longest)) * PAGE;
  struct s2_payload p = random_payload(kinds);
  bool taken = model_overlap(m, x, y);
  assert_int_equal(s2_areas_overlap(&t->s, (uint64_t)x, (uint64_t)y), taken);
  s2_status r = s2_areas_insert(&t->s, (uint64_t)x, (uint64_t)y, p);
  assert_int_equal(r == S2_ERR_MAPPED, taken);
  if (r == S2_ERR_NO_AREAS) {
    assert_true(places_used(&t->s) >= 16 * (int32_t)t->s.cap);
  }
  if (r == S2_OK) {
    model_insert(m, x, y, p);
  }
}

static void step_change(struct set *t, struct model *m, uint32_t pages, uint32_t longest, bool keep) {
  int64_t x = (int64_t)rng(pages) * PAGE;
  int64_t y = x + (int64_t)(1 + rng(longest)) * PAGE;
  uint32_t rights = rng(2) == 0 ? S2_R : S2_RW;
  assert_int_equal(s2_areas_covered(&t->s, (uint64_t)x, (uint64_t)y), model_covered(m, x, y));
  bool removable = s2_areas_can_remove(&t->s, (uint64_t)x, (uint64_t)y);
  s2_status r = keep ? s2_areas_protect(&t->s, (uint64_t)x, (uint64_t)y, rights)
                     : s2_areas_remove(&t->s, (uint64_t)x, (uint64_t)y);
  assert_true(r == S2_OK || r == S2_ERR_NO_AREAS);
  assert_true(keep || (r == S2_OK) == removable);
  if (r == S2_OK) {
    model_change(m, x, y, keep, rights);
  } else {
    assert_true(places_used(&t->s) >= 16 * (int32_t)t->s.cap);
  }
}

static void step_ask(struct set *t, const struct model *m, uint32_t pages) {
  uint64_t g = (uint64_t)rng(pages * 2) * PAGE + rng(PAGE);
  assert_true(area_equal(s2_areas_find(&t->s, g), model_find(m, g)));
  assert_true(area_equal(s2_areas_next(&t->s, g), model_next(m, g)));
  uint64_t align = (uint64_t)PAGE << rng(5);
  uint64_t size = (uint64_t)(1 + rng(24)) * PAGE;
  uint64_t lo = (uint64_t)rng(pages) * PAGE;
  uint64_t hi = lo + (uint64_t)rng(pages) * PAGE;
  uint64_t hint = (uint64_t)rng(pages * 2) * PAGE;
  uint64_t want = 0;
  bool found =
      (hint > lo && model_free_from(m, hint, size, hi, align, &want)) || model_free_from(m, lo, size, hi, align, &want);
  struct s2_place r = s2_areas_find_free(&t->s, hint, size, lo, hi, align);
  assert_int_equal(r.status, found ? S2_OK : S2_ERR_NO_AREAS);
  assert_true(!found || r.gpa == want);
}

/** Phases of growth and of decay, so that chunks split, give, join and run out. */
static void run_random(uint64_t seed, uint32_t chunks, uint32_t pages, uint32_t kinds, int steps) {
  struct set t;
  static struct model m;
  set_open(&t, chunks);
  m.n = 0;
  rng_state = seed * 0x9e3779b97f4a7c15u + 1;
  for (int i = 0; i < steps; i++) {
    uint32_t what = rng(100);
    uint32_t wide = rng(40) == 0 ? pages : rng(8) == 0 ? 60 : 4;
    bool grow = i / 500 % 3 != 2;
    if (what < (grow ? 80u : 25u)) {
      step_insert(&t, &m, pages, rng(10) == 0 ? 8 : 1, kinds);
    } else if (what < (grow ? 86u : 70u)) {
      step_change(&t, &m, pages, grow ? 2 : wide, false);
    } else if (what < 94) {
      step_change(&t, &m, pages, wide, true);
    } else {
      step_ask(&t, &m, pages);
    }
    check_equal(&t.s, &m);
    if (rng(3000) == 0) {
      s2_areas_clear(&t.s);
      m.n = 0;
      check_equal(&t.s, &m);
    }
  }
  set_close(&t);
}

static void test_random_tiny(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 12; seed++) {
    run_random(seed, 1 + (uint32_t)(seed % 4), 300, 12, 3000);
  }
}

static void test_random_small(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    run_random(seed + 100, 3 + (uint32_t)(seed % 5), 900, seed % 2 == 0 ? 1 : 12, 4000);
  }
}

static void test_random_large(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    run_random(seed + 200, 96, 5000, 12, 4000);
  }
}

/** Keep only `keep` of the areas 2 i, 2 i + 1 for i in [from, to), the outer ones. */
static void leave(struct set *t, struct model *m, int64_t from, int64_t to, int64_t keep) {
  int64_t x = (from + (keep + 1) / 2) * 2 * PAGE, y = (to - keep / 2) * 2 * PAGE;
  if (x < y) {
    assert_int_equal(s2_areas_remove(&t->s, (uint64_t)x, (uint64_t)y), S2_OK);
    model_change(m, x, y, false, 0);
    check_equal(&t->s, m);
  }
}

/** The gap before area i is filled, at once with the same payload or in two steps, so that two areas become one. */
static void fill_gap(struct set *t, struct model *m, int64_t i, uint32_t how) {
  struct s2_payload p = {0, how == 0 ? S2_RW : S2_R, S2_BACK_ALLOC};
  int64_t x = (i * 2 - 1) * PAGE, y = i * 2 * PAGE;
  if (!model_overlap(m, x - 1, x) || !model_overlap(m, y, y + 1)) {
    return;
  }
  assert_int_equal(s2_areas_insert(&t->s, (uint64_t)x, (uint64_t)y, p), S2_OK);
  model_insert(m, x, y, p);
  check_equal(&t->s, m);
  if (how > 0) {
    int64_t more = how == 1 ? 0 : PAGE;
    assert_int_equal(s2_areas_protect(&t->s, (uint64_t)(x - more), (uint64_t)(y + more), S2_RW), S2_OK);
    model_change(m, x - more, y + more, true, S2_RW);
    check_equal(&t->s, m);
  }
}

/** Three windows of 63, 63 and 2 areas are thinned out to every critical size; then areas grow over their borders. */
static void test_seams(void **state) {
  struct set t;
  static struct model m;
  const struct s2_payload p = {0, S2_RW, S2_BACK_ALLOC};
  const int64_t sizes[] = {1, 2, 15, 16, 30, 31, 32, 33, 63};
  const int n = sizeof sizes / sizeof *sizes;
  (void)state;
  set_open(&t, 8);
  for (int c = 0; c < n * n * 2 * 3 * 3; c++) {
    s2_areas_clear(&t.s);
    m.n = 0;
    for (int64_t i = 0; i < 128; i++) {
      assert_int_equal(s2_areas_insert(&t.s, (uint64_t)i * 2 * PAGE, (uint64_t)(i * 2 + 1) * PAGE, p), S2_OK);
      model_insert(&m, i * 2 * PAGE, (i * 2 + 1) * PAGE, p);
    }
    assert_int_equal(t.s.n, 3);
    assert_int_equal(t.s.lo[1], 63 * 2 * PAGE);
    assert_int_equal(t.s.lo[2], 126 * 2 * PAGE);
    leave(&t, &m, 126, 128, 1 + c / (n * n) % 2);
    leave(&t, &m, 63, 126, sizes[c / n % n]);
    leave(&t, &m, 0, 63, sizes[c % n]);
    int order = c / (n * n * 2) % 3;
    uint32_t how = (uint32_t)(c / (n * n * 6));
    if (order > 0) {
      fill_gap(&t, &m, 126, how);
    }
    if (order != 1) {
      fill_gap(&t, &m, 63, how);
    }
    if (order == 0) {
      fill_gap(&t, &m, 126, how);
    }
  }
  set_close(&t);
}

/** Ranges that empty windows at either end, or all of them. */
static void test_remove_wide(void **state) {
  struct set t;
  static struct model m;
  struct s2_payload p = {0, S2_RW, S2_BACK_ALLOC};
  const int64_t n = 400;
  (void)state;
  set_open(&t, 32);
  for (int64_t x = 0; x <= n; x += 80) {
    for (int64_t y = x + 40; y <= n + 40; y += 60) {
      s2_areas_clear(&t.s);
      m.n = 0;
      for (int64_t i = 0; i < n; i++) {
        int64_t j = (i * 149) % n;
        assert_int_equal(s2_areas_insert(&t.s, (uint64_t)j * 4 * PAGE, (uint64_t)(j * 4 + 2) * PAGE, p), S2_OK);
        model_insert(&m, j * 4 * PAGE, (j * 4 + 2) * PAGE, p);
      }
      assert_true(t.s.n > 6);
      for (int64_t d = 2; d >= 0; d--) {
        int64_t from = (x * 4 + d) * PAGE, to = (y * 4 - d) * PAGE;
        assert_int_equal(s2_areas_remove(&t.s, (uint64_t)from, (uint64_t)to), S2_OK);
        model_change(&m, from, to, false, 0);
        check_equal(&t.s, &m);
      }
    }
  }
  assert_int_equal(s2_areas_remove(&t.s, 0, LIMIT), S2_OK);
  m.n = 0;
  check_equal(&t.s, &m);
  for (uint64_t i = 0; i < 400; i++) {
    assert_int_equal(s2_areas_insert(&t.s, i * 4 * PAGE, (i * 4 + 2) * PAGE, p), S2_OK);
  }
  assert_int_equal(s2_areas_remove(&t.s, 0, LIMIT), S2_OK); /* nothing is left, one window stays */
  check_equal(&t.s, &m);
  set_close(&t);
}

/** However they got there, n areas fit into n / 16 chunks (and one more for the odd one). */
static void test_capacity(void **state) {
  struct set t;
  struct s2_payload p = {0, S2_RW, S2_BACK_ALLOC};
  const uint32_t chunks = 20;
  (void)state;
  set_open(&t, chunks);
  for (uint64_t seed = 1; seed <= 20; seed++) {
    rng_state = seed * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 5000; i++) {
      uint64_t x = (uint64_t)rng(40000) * 2 * PAGE;
      s2_status r =
          rng(20) == 0 ? s2_areas_remove(&t.s, x, x + rng(200) * PAGE + 1) : s2_areas_insert(&t.s, x, x + PAGE, p);
      assert_true(r != S2_ERR_NO_AREAS || s2_areas_count(&t.s) >= 16u * chunks);
    }
    check_structure(&t.s);
  }
  set_close(&t);
}

/** 100,000 areas in random order, then away again, some of them by the thousand. */
static void test_hundred_thousand(void **state) {
  struct set t;
  const uint32_t n = 100000;
  uint32_t *order = malloc(n * sizeof *order);
  (void)state;
  assert_non_null(order);
  set_open(&t, n / 16);
  rng_state = 4711;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t j = rng(i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  for (uint32_t i = 0; i < n; i++) {
    struct s2_payload p = {order[i], S2_RW, S2_BACK_LINEAR};
    uint64_t x = (uint64_t)order[i] * 4 * PAGE;
    assert_int_equal(s2_areas_insert(&t.s, x, x + 3 * PAGE, p), S2_OK);
  }
  check_structure(&t.s);
  assert_int_equal(s2_areas_count(&t.s), n);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t x = (uint64_t)i * 4 * PAGE;
    struct s2_area a = s2_areas_find(&t.s, x + 2 * PAGE);
    assert_true(a.start == (int64_t)x && a.end == (int64_t)(x + 3 * PAGE) && a.delta == i);
    assert_int_equal(s2_areas_find(&t.s, x + 3 * PAGE).backend, S2_BACK_NONE);
  }
  struct s2_place place = s2_areas_find_free(&t.s, 0, 2 * PAGE, 0, LIMIT, PAGE);
  assert_int_equal(place.status, S2_OK);
  assert_int_equal(place.gpa, ((uint64_t)n * 4 - 1) * PAGE);
  assert_int_equal(s2_areas_protect(&t.s, PAGE, (uint64_t)n * 2 * PAGE, S2_R), S2_OK);
  assert_int_equal(s2_areas_count(&t.s), n + 1);
  assert_int_equal(s2_areas_remove(&t.s, 5001 * PAGE, 200002 * PAGE), S2_OK);
  check_structure(&t.s);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t x = (uint64_t)order[i] * 4 * PAGE;
    assert_int_equal(s2_areas_remove(&t.s, x, x + 3 * PAGE), S2_OK);
    if (i % 5000 == 0) {
      check_structure(&t.s);
    }
  }
  assert_int_equal(s2_areas_count(&t.s), 0);
  assert_int_equal(t.s.n, 1);
  check_structure(&t.s);
  free(order);
  set_close(&t);
}

/** Equal rights over thousands of touching areas: they all become one. */
static void test_protect_unites_all(void **state) {
  struct set t;
  const uint32_t n = 20000;
  (void)state;
  set_open(&t, n / 16);
  for (uint32_t i = 0; i < n; i++) {
    struct s2_payload p = {0, i % 2 == 0 ? S2_R : S2_RW, S2_BACK_LINEAR};
    assert_int_equal(s2_areas_insert(&t.s, (uint64_t)i * PAGE, (uint64_t)(i + 1) * PAGE, p), S2_OK);
  }
  assert_int_equal(s2_areas_count(&t.s), n);
  assert_int_equal(s2_areas_protect(&t.s, 0, (uint64_t)n * PAGE, S2_RX), S2_OK);
  check_structure(&t.s);
  assert_int_equal(s2_areas_count(&t.s), 1);
  assert_int_equal(s2_areas_find(&t.s, 12345 * PAGE).attr, S2_RX);
  set_close(&t);
}

static void test_find_free_arguments(void **state) {
  struct set t;
  struct s2_payload p = {0, S2_RW, S2_BACK_ALLOC};
  struct s2_place r;
  (void)state;
  set_open(&t, 2);
  assert_int_equal(s2_areas_insert(&t.s, 4 * PAGE, 8 * PAGE, p), S2_OK);
  assert_int_equal(s2_areas_find_free(&t.s, 0, 0, 0, LIMIT, PAGE).status, S2_ERR_SIZE);
  assert_int_equal(s2_areas_find_free(&t.s, 0, PAGE, 0, LIMIT, 0).status, S2_ERR_ALIGN);
  assert_int_equal(s2_areas_find_free(&t.s, 0, PAGE, 0, LIMIT, 3 * PAGE).status, S2_ERR_ALIGN);
  assert_int_equal(s2_areas_find_free(&t.s, 0, PAGE, PAGE, 0, PAGE).status, S2_ERR_RANGE);
  assert_int_equal(s2_areas_find_free(&t.s, 0, PAGE, 0, LIMIT + 1, PAGE).status, S2_ERR_RANGE);
  assert_int_equal(s2_areas_find_free(&t.s, 0, 2 * PAGE, 0, PAGE, PAGE).status, S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_find_free(&t.s, 0, UINT64_MAX, 0, LIMIT, PAGE).status, S2_ERR_NO_AREAS);
  assert_int_equal(s2_areas_find_free(&t.s, 0, PAGE, PAGE, LIMIT, (uint64_t)1 << 63).status, S2_ERR_NO_AREAS);
  r = s2_areas_find_free(&t.s, 0, PAGE, 0, LIMIT, (uint64_t)1 << 63);
  assert_true(r.status == S2_OK && r.gpa == 0);
  r = s2_areas_find_free(&t.s, 0, LIMIT - 8 * PAGE, 0, LIMIT, PAGE);
  assert_true(r.status == S2_OK && r.gpa == 8 * PAGE);
  assert_int_equal(s2_areas_find_free(&t.s, 0, LIMIT - 8 * PAGE + 1, 0, LIMIT, PAGE).status, S2_ERR_NO_AREAS);
  r = s2_areas_find_free(&t.s, 5 * PAGE, PAGE, 0, LIMIT, PAGE);
  assert_true(r.status == S2_OK && r.gpa == 8 * PAGE);
  r = s2_areas_find_free(&t.s, 5 * PAGE, PAGE, 0, 8 * PAGE, PAGE); /* nothing above the hint: from lo */
  assert_true(r.status == S2_OK && r.gpa == 0);
  r = s2_areas_find_free(&t.s, UINT64_MAX, PAGE, 2 * PAGE, 8 * PAGE, PAGE);
  assert_true(r.status == S2_OK && r.gpa == 2 * PAGE);
  set_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_init),
      cmocka_unit_test(test_one_chunk_full),
      cmocka_unit_test(test_borders),
      cmocka_unit_test(test_random_tiny),
      cmocka_unit_test(test_random_small),
      cmocka_unit_test(test_random_large),
      cmocka_unit_test(test_seams),
      cmocka_unit_test(test_remove_wide),
      cmocka_unit_test(test_capacity),
      cmocka_unit_test(test_hundred_thousand),
      cmocka_unit_test(test_protect_unites_all),
      cmocka_unit_test(test_find_free_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
