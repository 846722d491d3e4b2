/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_cursor.c - the walk cache and the batch answer what s2_translate() answers, whatever happened in between (OPT-1, OPT-2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"
#include "stage2/cursor.h"

static void same(struct s2_translation a, struct s2_translation b) {
  assert_int_equal(a.status, b.status);
  assert_int_equal(a.hpa, b.hpa);
  assert_int_equal(a.len, b.len);
  assert_int_equal(a.attr, b.attr);
}

static void refuses(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 12, 4, false);
  static struct s2_cursor_slot slots[4];
  struct s2_cursor c;
  assert_int_equal(s2_cursor_init(NULL, &e.s, slots, 4), S2_ERR_NULL);
  assert_int_equal(s2_cursor_init(&c, NULL, slots, 4), S2_ERR_NULL);
  assert_int_equal(s2_cursor_init(&c, &e.s, NULL, 4), S2_ERR_NULL);
  assert_int_equal(s2_cursor_init(&c, &e.s, slots, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_cursor_init(&c, &e.s, slots, 3), S2_ERR_CONFIG);
  assert_int_equal(s2_cursor_init(&c, &e.s, slots, 131072), S2_ERR_CONFIG);
  assert_int_equal(s2_cursor_init(&c, &e.s, slots, 4), S2_OK);
  same(s2_cursor_translate(&c, UINT64_MAX), s2_translate(&e.s, UINT64_MAX));
  same(s2_cursor_translate(&c, 0), s2_translate(&e.s, 0));
  assert_int_equal(c.hits, 0);
  assert_int_equal(c.misses, 1);
  env_close(&e);
}

static void counts(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 4, false);
  static struct s2_cursor_slot one;
  struct s2_cursor c;
  assert_int_equal(s2_map_linear(&e.s, G(1), M(4), G(8), S2_RW, S2_PAGES), S2_OK);
  assert_int_equal(s2_cursor_init(&c, &e.s, &one, 1), S2_OK);
  for (uint64_t k = 0; k < 1024; k++) {
    same(s2_cursor_translate(&c, G(1) + P(k) + 9), s2_translate(&e.s, G(1) + P(k) + 9));
  }
  assert_int_equal(c.misses, 2); /* two leaf tables */
  assert_int_equal(c.hits, 1022);
  /* rights change and pages go without a table going: what was remembered stays, the answers are new */
  assert_int_equal(s2_protect(&e.s, G(1) + M(1), P(8), S2_R), S2_OK);
  assert_int_equal(s2_unmap(&e.s, G(1) + M(1) + P(16), P(1)), S2_OK);
  same(s2_cursor_translate(&c, G(1) + M(1)), s2_translate(&e.s, G(1) + M(1)));
  same(s2_cursor_translate(&c, G(1) + M(1) + P(16)), s2_translate(&e.s, G(1) + M(1) + P(16)));
  assert_int_equal(c.misses, 2);
  /* a table goes: forgotten */
  assert_int_equal(s2_unmap(&e.s, G(1), M(1)), S2_OK);
  same(s2_cursor_translate(&c, G(1) + M(1) + 5), s2_translate(&e.s, G(1) + M(1) + 5));
  assert_int_equal(c.misses, 3);
  env_close(&e);
}

/* A table that was remembered goes and comes back for another region: the cursor must not take it for the old one. */
static void reused_table(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, s2_shape_of(ENV_BITS).nroot + 3, 4, false);
  static struct s2_cursor_slot slots[8];
  struct s2_cursor c;
  assert_int_equal(s2_cursor_init(&c, &e.s, slots, 8), S2_OK);
  for (uint64_t k = 0; k < 20; k++) {
    assert_int_equal(s2_map_linear(&e.s, M(k), P(2), G(2) + P(k), S2_RW, 0), S2_OK);
    for (uint64_t j = 0; j < 20; j++) {
      same(s2_cursor_translate(&c, M(j) + P(1)), s2_translate(&e.s, M(j) + P(1)));
    }
    assert_int_equal(s2_unmap(&e.s, M(k), M(1)), S2_OK);
  }
  env_close(&e);
}

/* random operations on a small space; cursors of several sizes live through all of them */
static void never_stale(void **state) {
  (void)state;
  static struct s2_cursor_slot slots[3][64];
  struct s2_cursor c[3];
  struct env e;
  uint64_t rng = 88172645463325252u;
  env_open(&e, ENV_BITS, 40, 64, false);
  assert_int_equal(s2_cursor_init(&c[0], &e.s, slots[0], 1), S2_OK);
  assert_int_equal(s2_cursor_init(&c[1], &e.s, slots[1], 8), S2_OK);
  assert_int_equal(s2_cursor_init(&c[2], &e.s, slots[2], 64), S2_OK);
  for (int step = 0; step < 3000; step++) {
    uint64_t gpa = M(env_random(&rng) % 12) + P(env_random(&rng) % 512);
    uint64_t size = env_random(&rng) % 3 == 0 ? M(1 + env_random(&rng) % 3) : P(1 + env_random(&rng) % 600);
    uint64_t hpa = G(4) + (env_random(&rng) % 2 == 0 ? gpa : P(env_random(&rng) % 4096));
    s2_status st = S2_OK;
    switch (env_random(&rng) % 8) {
      case 0:
      case 1:
        st = s2_map_linear(&e.s, gpa, size, hpa, S2_RWX, 0);
        break;
      case 2:
        st = s2_map_linear(&e.s, gpa & ~(M(1) - 1), M(1), G(4) + (gpa & ~(M(1) - 1)), S2_RW, 0);
        break;
      case 3:
        st = s2_protect(&e.s, gpa, P(1), S2_R);
        break;
      case 4:
        st = s2_pt_split(&e.s.pt, gpa);
        break;
      case 5:
        st = s2_pt_collapse(&e.s.pt, gpa & ~(M(1) - 1), 1);
        break;
      default:
        st = s2_unmap(&e.s, gpa, size);
        break;
    }
    (void)st;
    uint64_t ask[96];
    struct s2_translation got[96];
    uint32_t n = 0;
    for (; n < 96; n++) {
      ask[n] = env_random(&rng) % 64 == 0 ? UINT64_MAX - n : M(env_random(&rng) % 16) + P(env_random(&rng) % 512) + n;
    }
    s2_translate_batch(&e.s, ask, got, n);
    for (uint32_t k = 0; k < n; k++) {
      struct s2_translation want = s2_translate(&e.s, ask[k]);
      same(got[k], want);
      for (uint32_t j = 0; j < 3; j++) {
        same(s2_cursor_translate(&c[j], ask[k]), want);
      }
    }
  }
  assert_true(c[2].hits > c[0].hits);
  env_close(&e);
}

static void batch_sizes(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 4, false);
  assert_int_equal(s2_map_linear(&e.s, G(1), M(3), G(8), S2_RW, 0), S2_OK);
  uint64_t ask[100];
  struct s2_translation got[101];
  for (uint32_t k = 0; k < 100; k++) {
    ask[k] = G(1) + P(11 * k) + k;
  }
  for (uint32_t n = 0; n <= 100; n++) {
    memset(got, 0x5a, sizeof got);
    s2_translate_batch(&e.s, ask, got, n);
    for (uint32_t k = 0; k < n; k++) {
      same(got[k], s2_translate(&e.s, ask[k]));
    }
    assert_int_equal(got[n].attr, 0x5a5a5a5a); /* nothing behind the last */
  }
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(refuses), cmocka_unit_test(counts),
                                     cmocka_unit_test(reused_table), cmocka_unit_test(never_stale),
                                     cmocka_unit_test(batch_sizes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
