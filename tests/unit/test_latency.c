/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_latency.c - percentiles against sorted samples, at every magnitude (MES-2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a;
  int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void against_sorted(void **state) {
  (void)state;
  static int64_t v[4000];
  uint64_t rng = 4711;
  for (uint32_t bits = 1; bits <= 63; bits++) {
    struct s2_latency h;
    uint32_t n = 1 + (uint32_t)(env_random(&rng) % 4000);
    s2_latency_init(&h);
    for (uint32_t k = 0; k < n; k++) {
      uint64_t x = (env_random(&rng) << 11 ^ env_random(&rng)) & (((uint64_t)1 << bits) - 1);
      v[k] = (int64_t)x;
      s2_latency_add(&h, x);
    }
    qsort(v, n, sizeof v[0], by_value);
    assert_int_equal(h.count, n);
    assert_int_equal(h.min, v[0]);
    assert_int_equal(h.max, v[n - 1]);
    static const uint32_t ask[] = {0, 1, 100, 2500, 5000, 9000, 9900, 9999, 10000, 20000};
    for (size_t a = 0; a < LENGTH(ask); a++) {
      uint64_t rank = ask[a] >= 10000 ? n : ((uint64_t)n * ask[a] + 9999) / 10000;
      int64_t exact = v[rank == 0 ? 0 : rank - 1];
      int64_t got = s2_latency_percentile(&h, ask[a]);
      assert_true(got >= exact);
      assert_true(exact < 16 ? got == exact || got < 16 : got - exact <= exact / 4);
      assert_true(got <= h.max);
    }
    assert_true(s2_latency_mean(&h) >= h.min && s2_latency_mean(&h) <= h.max);
  }
}

static void edges(void **state) {
  (void)state;
  struct s2_latency h;
  s2_latency_init(&h);
  assert_int_equal(s2_latency_percentile(&h, 5000), 0);
  assert_int_equal(s2_latency_mean(&h), 0);
  s2_latency_add(&h, UINT64_MAX);
  assert_int_equal(h.max, INT64_MAX);
  assert_int_equal(s2_latency_percentile(&h, 1), INT64_MAX);
  s2_latency_add(&h, 1);
  assert_int_equal(h.sum, INT64_MAX);
  assert_int_equal(s2_latency_percentile(&h, 5000), 1);
  /* each value below 16 is told exactly */
  for (uint64_t x = 0; x < 16; x++) {
    s2_latency_init(&h);
    s2_latency_add(&h, x);
    s2_latency_add(&h, 1000);
    assert_int_equal(s2_latency_percentile(&h, 5000), (int64_t)x);
  }
  /* every bucket's end is in the bucket: the end of one and the next value are told apart */
  for (uint32_t bits = 4; bits < 62; bits++) {
    for (uint64_t q = 4; q < 8; q++) {
      uint64_t first = q << (bits - 2);
      s2_latency_init(&h);
      s2_latency_add(&h, first - 1);
      s2_latency_add(&h, first);
      assert_int_equal(s2_latency_percentile(&h, 5000), (int64_t)(first - 1));
    }
  }
}

static void timed_calls(void **state) {
  (void)state;
  struct env e;
  struct s2_latency translate;
  struct s2_latency fault;
  env_open(&e, ENV_BITS, 32, 8, false);
  s2_latency_init(&translate);
  s2_latency_init(&fault);
  assert_int_equal(s2_map_alloc(&e.s, G(1), P(8), S2_RW, 0), S2_OK);
  for (uint64_t k = 0; k < 8; k++) {
    assert_int_equal(s2_translate_timed(&e.s, &translate, G(1) + P(k)).status, S2_ERR_NOT_MAPPED);
    assert_int_equal(s2_fault_timed(&e.s, &fault, G(1) + P(k), S2_W).kind, S2_FAULT_RESOLVED);
    assert_int_equal(s2_translate_timed(&e.s, &translate, G(1) + P(k)).status, S2_OK);
  }
  assert_int_equal(translate.count, 16);
  assert_int_equal(fault.count, 8);
  assert_true(fault.max > 0);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_sorted), cmocka_unit_test(edges),
                                     cmocka_unit_test(timed_calls)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
