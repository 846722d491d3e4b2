/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_ahead.c - preloading on traces of several kinds: what it saves, and the bound on what it wastes (OPT-3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

#define PAGES     8192u
#define ALLOWANCE 64u

/* what a guest that touches pages sees */
struct run {
  uint64_t faults, touched, wasted;
};

static uint8_t was_touched[PAGES];

static void touch(struct env *e, struct s2_ahead *a, uint64_t page, struct run *r) {
  uint64_t gpa = G(1) + P(page) + 16;
  assert_true(page < PAGES);
  if (s2_translate(&e->s, gpa).status != S2_OK) {
    struct s2_fault_result f = s2_fault_ahead(&e->s, a, gpa, S2_R);
    assert_int_equal(f.kind, S2_FAULT_RESOLVED);
    assert_int_equal(f.hpa, s2_translate(&e->s, gpa).hpa);
    r->faults++;
  }
  r->touched += was_touched[page] == 0;
  was_touched[page] = 1;
}

/* the promise of ahead.h, at any moment */
static void within_bound(const struct s2_ahead *a) {
  assert_true(a->stats.issued - a->stats.hits <= (int64_t)ALLOWANCE + a->stats.faults / 16 + a->stats.hits / 4);
  assert_true(a->credit >= 0 && a->credit <= a->allowance);
  assert_true(a->stats.hits + a->stats.lost <= a->stats.issued);
}

typedef uint64_t (*trace_fn)(uint64_t k);

static struct run play(trace_fn next, uint64_t n, uint32_t by, struct s2_ahead *a) {
  struct env e;
  struct run r = {0, 0, 0};
  env_open(&e, ENV_BITS, 64, PAGES + 8, false);
  memset(was_touched, 0, sizeof was_touched);
  assert_int_equal(s2_ahead_init(a, 32, ALLOWANCE, by), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, G(1), P(PAGES), S2_RW, S2_AHEAD), S2_OK);
  for (uint64_t k = 0; k < n; k++) {
    touch(&e, a, next(k), &r);
    within_bound(a);
  }
  for (uint64_t p = 0; p < PAGES; p++) {
    r.wasted += was_touched[p] == 0 && s2_translate(&e.s, G(1) + P(p)).status == S2_OK;
  }
  assert_int_equal(e.h.used, r.touched + r.wasted);
  assert_int_equal(a->stats.issued, e.h.used - r.faults);
  env_close(&e);
  return r;
}

static uint64_t sequential(uint64_t k) {
  return k;
}
static uint64_t backwards(uint64_t k) {
  return PAGES - 1 - k;
}
static uint64_t strided(uint64_t k) {
  return 7 * k;
}
static uint64_t interleaved(uint64_t k) {
  return k % 2 == 0 ? k / 2 : PAGES - 1 - k / 2;
}
/* distances 1, 70, 9 and again: no stride, but each distance has its successor */
static uint64_t records(uint64_t k) {
  static const uint64_t at[3] = {0, 1, 71};
  return k / 3 * 80 + at[k % 3];
}
static uint64_t random_pages(uint64_t k) {
  uint64_t x = (k + 1) * 0x9e3779b97f4a7c15u;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9u;
  return (x >> 32) % PAGES;
}
/* a chain of pointers through all pages, each once: an odd multiplier modulo a power of two */
static uint64_t chase(uint64_t k) {
  return (k * 0x9e5u + (k * k & 2047u) * 4u) % PAGES;
}

static void saves(void **state) {
  (void)state;
  static struct s2_ahead a;
  struct run r = play(sequential, 4096, S2_AHEAD_BY_STREAM, &a);
  assert_true(r.faults < 4096 / 24);
  assert_true(r.wasted <= 32);
  r = play(backwards, 4096, S2_AHEAD_BY_STREAM, &a);
  assert_true(r.faults < 4096 / 24);
  r = play(strided, 1000, S2_AHEAD_BY_STREAM, &a);
  assert_true(r.faults < 1000 / 16);
  r = play(interleaved, 4096, S2_AHEAD_BY_STREAM, &a);
  assert_true(r.faults < 4096 / 16);
  r = play(records, 300, S2_AHEAD_BY_PAIR, &a);
  assert_true(r.faults < 300 / 4);
  r = play(sequential, 4096, S2_AHEAD_BY_GROUP, &a);
  assert_true(r.faults < 4096 / 4);
  assert_true(r.wasted <= 8);
}

static void random_is_bounded(void **state) {
  (void)state;
  static struct s2_ahead a;
  static const uint32_t ways[] = {S2_AHEAD_BY_STREAM, S2_AHEAD_BY_PAIR, S2_AHEAD_BY_GROUP, S2_AHEAD_ALL};
  for (size_t w = 0; w < LENGTH(ways); w++) {
    struct run r = play(random_pages, 2000, ways[w], &a);
    assert_true(r.wasted <= ALLOWANCE + r.faults / 16 + (uint64_t)a.stats.hits / 4 + (uint64_t)a.stats.hits);
    r = play(chase, PAGES / 2, ways[w], &a);
    assert_true(r.wasted <= ALLOWANCE + r.faults / 16 + (uint64_t)a.stats.hits / 4 + (uint64_t)a.stats.hits);
  }
}

static void off_unless_asked(void **state) {
  (void)state;
  static struct s2_ahead a;
  struct env e;
  env_open(&e, ENV_BITS, 32, 64, false);
  assert_int_equal(s2_ahead_init(&a, 32, ALLOWANCE, S2_AHEAD_ALL), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, G(1), P(64), S2_RW, 0), S2_OK);
  for (uint64_t k = 0; k < 10; k++) {
    assert_int_equal(s2_fault_ahead(&e.s, &a, G(1) + P(k), S2_R).kind, S2_FAULT_RESOLVED);
    assert_int_equal(e.h.used, k + 1);
  }
  assert_int_equal(a.stats.faults, 0);
  assert_int_equal(s2_fault_ahead(&e.s, &a, G(1), S2_R).kind, S2_FAULT_SPURIOUS);
  assert_int_equal(s2_fault_ahead(&e.s, &a, G(2), S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_map_alloc(&e.s, G(2), P(4), S2_RW, S2_AHEAD), S2_OK);
  assert_int_equal(s2_ahead_init(&a, 32, 0, S2_AHEAD_ALL), S2_OK); /* no allowance: off */
  for (uint64_t k = 0; k < 4; k++) {
    assert_int_equal(s2_fault_ahead(&e.s, &a, G(2) + P(k), S2_R).kind, S2_FAULT_RESOLVED);
  }
  assert_int_equal(a.stats.issued, 0);
  env_close(&e);
}

/* the area ends, frames end, tables end: the fault that asked is resolved, nothing else fails */
static void ends(void **state) {
  (void)state;
  static struct s2_ahead a;
  struct env e;
  env_open(&e, ENV_BITS, 32, 20, false);
  assert_int_equal(s2_ahead_init(&a, 64, 256, S2_AHEAD_BY_STREAM), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, G(1), P(10), S2_RW, S2_AHEAD), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, G(1) + P(10), P(64), S2_R, S2_AHEAD), S2_OK);
  struct run r = {0, 0, 0};
  memset(was_touched, 0, sizeof was_touched);
  for (uint64_t k = 0; k < 10; k++) {
    touch(&e, &a, k, &r);
  }
  assert_int_equal(e.h.used, 10); /* not into the neighbour */
  for (uint64_t k = 10; k < 20; k++) {
    touch(&e, &a, k, &r);
  }
  assert_int_equal(e.h.used, 20);
  assert_int_equal(s2_fault_ahead(&e.s, &a, G(1) + P(20), S2_R).kind, S2_FAULT_NO_MEMORY);
  env_close(&e);
  /* one leaf table only: pages behind its end have no table */
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&e, ENV_BITS, sh.nroot + sh.top, 64, false);
  assert_int_equal(s2_ahead_init(&a, 64, 256, S2_AHEAD_BY_STREAM), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, G(1), M(4), S2_RW, S2_AHEAD), S2_OK);
  for (uint64_t k = 500; k < 512; k++) {
    touch(&e, &a, k, &r);
  }
  assert_int_equal(e.h.used, 12);
  assert_int_equal(s2_fault_ahead(&e.s, &a, G(1) + P(512), S2_R).kind, S2_FAULT_NO_MEMORY);
  env_close(&e);
}

static void refuses(void **state) {
  (void)state;
  static struct s2_ahead a;
  assert_int_equal(s2_ahead_init(NULL, 1, 1, 0), S2_ERR_NULL);
  assert_int_equal(s2_ahead_init(&a, 0, 1, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_ahead_init(&a, S2_AHEAD_MOST + 1, 1, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_ahead_init(&a, 1, 1048577, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_ahead_init(&a, 1, 1, S2_AHEAD_ALL + 1), S2_ERR_CONFIG);
  assert_int_equal(s2_ahead_init(&a, 1, 1, 0), S2_OK);
  assert_int_equal(s2_ahead_guess(&a, 5), 0);
  s2_ahead_brought(&a, 3); /* nobody asked */
  assert_int_equal(a.credit, 1);
}

/* predictors fed directly, with pages at the ends of what can be a page */
static void any_page(void **state) {
  (void)state;
  static struct s2_ahead a;
  uint64_t rng = 12345;
  uint64_t last = ((uint64_t)1 << 52) - 1;
  assert_int_equal(s2_ahead_init(&a, 64, 64, S2_AHEAD_ALL), S2_OK);
  for (int k = 0; k < 20000; k++) {
    uint64_t page = env_random(&rng) % 4 == 0   ? env_random(&rng) & last
                    : env_random(&rng) % 2 == 0 ? (uint64_t)k % 40
                                                : last - (uint64_t)k % 40;
    int32_t n = s2_ahead_guess(&a, page);
    assert_true(n >= 0 && n <= 64 && n <= a.credit);
    for (int32_t j = 0; j < n; j++) {
      assert_true(a.want[j] >= 0 && a.want[j] <= (int64_t)last);
    }
    s2_ahead_brought(&a, env_random(&rng) % 2 == 0 ? (uint32_t)n : (uint32_t)n / 2);
    within_bound(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(saves), cmocka_unit_test(random_is_bounded), cmocka_unit_test(off_unless_asked),
      cmocka_unit_test(ends),  cmocka_unit_test(refuses),           cmocka_unit_test(any_page)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
