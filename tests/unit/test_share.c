/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_share.c - copy-on-write spaces: what one writes the other never sees, and every frame comes home once (BCK-5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

/* A family of spaces on one host. */
struct kin {
  struct env e;
  struct s2_space s[4];
  struct s2_hosted_storage st[4];
};

static struct s2_space_config kin_config(struct kin *k, uint32_t i, uint32_t tables) {
  assert_true(s2_hosted_storage_init(&k->st[i], tables, 8));
  struct s2_space_config c = k->e.cfg;
  c.hw.vmid = 20 + i;
  c.tables.tables = k->st[i].tables;
  c.tables.nodes = k->st[i].nodes;
  c.tables.stack = k->st[i].stack;
  c.tables.count = tables;
  c.tables.hpa = ENV_POOL_HPA + G(1) / 4 * (i + 1);
  c.areas.chunks = k->st[i].chunks;
  c.areas.lo = k->st[i].lo;
  c.areas.id = k->st[i].id;
  c.areas.spare = k->st[i].spare;
  return c;
}

static void kin_open(struct kin *k, uint32_t i, uint32_t tables) {
  struct s2_space_config c = kin_config(k, i, tables);
  assert_int_equal(s2_init(&k->s[i], &c), S2_OK);
}

static void kin_close(struct kin *k, uint32_t i) {
  s2_fini(&k->s[i]);
  assert_int_equal(k->s[i].pt.pool.nfree, (int32_t)(k->s[i].pt.pool.cap - k->s[i].pt.pool.nroot));
  s2_hosted_storage_fini(&k->st[i]);
}

static void put(struct s2_space *s, uint64_t gpa, uint64_t value) {
  assert_int_equal(s2_guest_write(s, gpa, &value, sizeof value, S2_GUEST_FAULT).status, S2_OK);
}

static uint64_t get(struct s2_space *s, uint64_t gpa) {
  uint64_t value = 0;
  assert_int_equal(s2_guest_read(s, gpa, &value, sizeof value, S2_GUEST_FAULT).status, S2_OK);
  return value;
}

static void costs_tables_not_frames(void **state) {
  (void)state;
  static struct kin k;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&k.e, ENV_BITS, 600, 262144 + 64, false);
  kin_open(&k, 0, 600);
  assert_int_equal(s2_map_alloc(&k.e.s, G(1), G(1), S2_RW, S2_POPULATE), S2_OK);
  uint64_t used = k.e.h.used;
  int64_t flushes = k.e.s.pt.flush.fulls + k.e.s.pt.flush.ranges;
  assert_int_equal(s2_clone(&k.s[0], &k.e.s), S2_OK);
  assert_int_equal(k.e.h.used, used);
  assert_int_equal(k.e.s.pt.flush.fulls + k.e.s.pt.flush.ranges - flushes, 1);
  uint32_t tables = 0;
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    tables += (uint32_t)k.s[0].pt.pool.used[l];
  }
  assert_int_equal(tables, sh.nroot + sh.top - 1 + 512);
  for (uint64_t p = 0; p < 262144; p += 97) {
    struct s2_translation a = s2_translate(&k.e.s, G(1) + P(p));
    struct s2_translation b = s2_translate(&k.s[0], G(1) + P(p));
    assert_int_equal(a.hpa, b.hpa);
    assert_int_equal(a.attr & S2_RIGHTS, S2_R);
    assert_int_equal(b.attr & S2_RIGHTS, S2_R);
  }
  kin_close(&k, 0);
  assert_int_equal(k.e.h.used, used);
  env_close(&k.e);
}

static void copies_once(void **state) {
  (void)state;
  static struct kin k;
  env_open(&k.e, ENV_BITS, 64, 64, true);
  kin_open(&k, 0, 64);
  struct s2_space *a = &k.e.s;
  struct s2_space *b = &k.s[0];
  assert_int_equal(s2_map_alloc(a, G(1), P(8), S2_RW, 0), S2_OK);
  for (uint64_t p = 0; p < 4; p++) {
    put(a, G(1) + P(p), 100 + p);
  }
  assert_int_equal(s2_clone(b, a), S2_OK);
  assert_int_equal(k.e.h.used, 4);
  put(b, G(1), 200);
  assert_int_equal(k.e.h.copied, 1);
  assert_int_equal(k.e.h.used, 5);
  assert_int_equal(get(a, G(1)), 100);
  assert_int_equal(get(b, G(1)), 200);
  put(b, G(1) + 8, 201); /* its own by now */
  assert_int_equal(k.e.h.copied, 1);
  put(a, G(1), 300); /* nobody else owns it any more: no copy */
  assert_int_equal(k.e.h.copied, 1);
  assert_int_equal(get(b, G(1)), 200);
  put(a, G(1) + P(1), 301); /* the other side first: its copy, and b keeps the old frame */
  assert_int_equal(get(b, G(1) + P(1)), 101);
  assert_int_equal(b->stats.copies + a->stats.copies, 2);
  /* new pages are their own */
  put(a, G(1) + P(6), 306);
  assert_int_equal(get(b, G(1) + P(6)), 0);
  assert_int_equal(s2_fault(a, G(1) + P(1), S2_W).kind, S2_FAULT_SPURIOUS);
  /* rights: protect never gives the right to write what others own */
  assert_int_equal(s2_protect(b, G(1), P(8), S2_R), S2_OK);
  assert_int_equal(s2_fault(b, G(1) + P(2), S2_W).kind, S2_FAULT_DENIED);
  assert_int_equal(s2_protect(b, G(1), P(8), S2_RW), S2_OK);
  assert_int_equal(s2_translate(b, G(1) + P(2)).attr & S2_RIGHTS, S2_R);
  put(b, G(1) + P(2), 202);
  assert_int_equal(get(a, G(1) + P(2)), 102);
  assert_int_equal(k.e.h.errors, 0);
  kin_close(&k, 0);
  env_close(&k.e);
}

static void blocks_are_cut(void **state) {
  (void)state;
  static struct kin k;
  env_open(&k.e, ENV_BITS, 64, 2048, true);
  kin_open(&k, 0, 64);
  struct s2_space *b = &k.s[0];
  assert_int_equal(s2_map_alloc(&k.e.s, M(8), M(2), S2_RW, S2_POPULATE | S2_BLOCKS), S2_OK);
  put(&k.e.s, M(8) + P(7), 7);
  put(&k.e.s, M(8) + P(8), 8);
  assert_int_equal(s2_clone(b, &k.e.s), S2_OK);
  assert_int_equal(s2_query(b, M(8)).level, 1);
  uint64_t used = k.e.h.used;
  put(b, M(8) + P(7) + 16, 70);
  assert_int_equal(k.e.h.used, used + 1);
  assert_int_equal(s2_query(b, M(8)).level, 0);
  assert_int_equal(get(b, M(8) + P(7)), 7);
  assert_int_equal(get(&k.e.s, M(8) + P(7) + 16), 0);
  assert_int_equal(s2_query(&k.e.s, M(8)).level, 1);
  /* no tables to cut with, no frame to copy into: refused, nothing changed */
  int32_t nfree = b->pt.pool.nfree;
  b->pt.pool.nfree = 0;
  assert_int_equal(s2_fault(b, M(9), S2_W).status, S2_ERR_NO_TABLES);
  b->pt.pool.nfree = nfree;
  k.e.h.fail_at = (int64_t)k.e.h.calls;
  assert_int_equal(s2_fault(b, M(9), S2_W).status, S2_ERR_NO_FRAMES);
  k.e.h.fail_at = -1;
  assert_int_equal(s2_query(b, M(9)).level, 1);
  assert_int_equal(s2_translate(b, M(9)).attr & S2_RIGHTS, S2_R);
  /* when the other side is gone, a block is writable as a whole again */
  kin_close(&k, 0);
  assert_int_equal(s2_fault(&k.e.s, M(9) + P(3), S2_W).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_query(&k.e.s, M(9)).level, 1);
  assert_int_equal(s2_translate(&k.e.s, M(9)).attr & S2_RIGHTS, S2_RW);
  env_close(&k.e);
}

/* every way of running out of tables while cloning leaves both as they were */
static void refuses(void **state) {
  (void)state;
  static struct kin k;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&k.e, ENV_BITS, 64, 256, true);
  struct s2_space *a = &k.e.s;
  assert_int_equal(s2_map_alloc(a, G(1), M(8), S2_RW, 0), S2_OK);
  for (uint64_t p = 0; p < 4; p++) {
    put(a, G(1) + M(2 * p), 100 + p);
  }
  struct env_mark m = env_mark(&k.e);
  uint32_t enough = sh.nroot + sh.top - 1 + 4;
  for (uint32_t tables = sh.nroot; tables <= enough; tables++) {
    kin_open(&k, 0, tables);
    s2_status st = s2_clone(&k.s[0], a);
    assert_int_equal(st, tables < enough ? S2_ERR_NO_TABLES : S2_OK);
    if (st != S2_OK) {
      assert_int_equal(s2_areas_count(&k.s[0].areas), 0);
      assert_int_equal(s2_pt_next(&k.s[0].pt, 0).status, S2_ERR_NOT_MAPPED);
      assert_int_equal(k.e.h.extras, 0);
      assert_true(env_same(&k.e, &m));
    }
    kin_close(&k, 0);
    assert_int_equal(k.e.h.extras, 0);
  }
  kin_open(&k, 0, 64);
  assert_int_equal(s2_clone(NULL, a), S2_ERR_NULL);
  assert_int_equal(s2_clone(a, NULL), S2_ERR_NULL);
  assert_int_equal(s2_clone(a, a), S2_ERR_CONFIG);
  assert_int_equal(s2_map_alloc(&k.s[0], 0, P(1), S2_R, 0), S2_OK);
  assert_int_equal(s2_clone(&k.s[0], a), S2_ERR_MAPPED);
  s2_clear(&k.s[0]);
  k.s[0].pt.hpa_bits--;
  assert_int_equal(s2_clone(&k.s[0], a), S2_ERR_CONFIG);
  k.s[0].pt.hpa_bits++;
  kin_close(&k, 0);
  env_close(&k.e);
}

/* four spaces, clones of clones, random writes and reads against plain arrays; one by one they end */
static void family(void **state) {
  (void)state;
  static struct kin k;
  static uint64_t want[5][64];
  uint64_t rng = 31337;
  env_open(&k.e, ENV_BITS, 64, 512, true);
  memset(want, 0, sizeof want);
  assert_int_equal(s2_map_alloc(&k.e.s, G(1), P(64), S2_RW, 0), S2_OK);
  struct s2_space *all[5] = {&k.e.s, &k.s[0], &k.s[1], &k.s[2], &k.s[3]};
  uint32_t alive = 1;
  for (uint32_t step = 0; step < 6000; step++) {
    if (step % 1000 == 500 && alive < 5) {
      uint32_t from = (uint32_t)(env_random(&rng) % alive);
      kin_open(&k, alive - 1, 64);
      assert_int_equal(s2_clone(all[alive], all[from]), S2_OK);
      memcpy(want[alive], want[from], sizeof want[0]);
      alive++;
    }
    uint32_t i = (uint32_t)(env_random(&rng) % alive);
    uint64_t p = env_random(&rng) % 64;
    if (env_random(&rng) % 3 == 0) {
      want[i][p] = step + 1;
      put(all[i], G(1) + P(p) + 40, step + 1);
    } else if (env_random(&rng) % 50 == 0) {
      assert_int_equal(s2_discard(all[i], G(1) + P(p), P(1)), S2_OK);
      want[i][p] = 0;
    } else {
      assert_int_equal(get(all[i], G(1) + P(p) + 40), want[i][p]);
    }
    assert_int_equal(k.e.h.errors, 0);
  }
  assert_int_equal(alive, 5);
  for (uint32_t i = 4; i > 0; i--) {
    for (uint64_t p = 0; p < 64; p++) {
      assert_int_equal(get(all[i], G(1) + P(p) + 40), want[i][p]);
    }
    kin_close(&k, i - 1);
  }
  assert_int_equal(k.e.h.extras, 0);
  env_close(&k.e);
}

/* tracking and sharing at once: a write is logged and copied */
static void tracked(void **state) {
  (void)state;
  static struct kin k;
  uint64_t map[1];
  env_open(&k.e, ENV_BITS, 64, 64, true);
  kin_open(&k, 0, 64);
  assert_int_equal(s2_map_alloc(&k.e.s, G(1), P(8), S2_RW, 0), S2_OK);
  put(&k.e.s, G(1) + P(1), 1);
  put(&k.e.s, G(1) + P(2), 2);
  assert_int_equal(s2_clone(&k.s[0], &k.e.s), S2_OK);
  assert_int_equal(s2_track_start(&k.e.s, G(1), P(8), 0), S2_OK);
  put(&k.e.s, G(1) + P(2), 22);
  struct s2_harvest h = s2_track_harvest(&k.e.s, G(1), P(8), map, 0);
  assert_int_equal(h.dirty, 1);
  assert_int_equal(map[0], 4);
  assert_int_equal(s2_track_stop(&k.e.s, G(1), P(8)), S2_OK);
  put(&k.e.s, G(1) + P(1), 11);
  assert_int_equal(get(&k.s[0], G(1) + P(1)), 1);
  assert_int_equal(get(&k.s[0], G(1) + P(2)), 2);
  kin_close(&k, 0);
  env_close(&k.e);
}

/* memory that the caller named stays where it was named, whoever shares it: a device's, or another guest's */
static void linear_stays(void **state) {
  (void)state;
  static struct kin k;
  env_open(&k.e, ENV_BITS, 64, 64, true);
  kin_open(&k, 0, 64);
  struct s2_space *a = &k.e.s;
  assert_int_equal(s2_map_alloc(a, G(1), P(1), S2_RW, 0), S2_OK);
  put(a, G(1), 1);
  assert_int_equal(s2_clone(&k.s[0], a), S2_OK);
  uint64_t hpa = s2_translate(a, G(1)).hpa;
  assert_int_equal(s2_map_linear(a, G(2), P(1), hpa, S2_RW, 0), S2_OK);
  assert_int_equal(s2_track_start(a, G(2), P(1), 0), S2_OK);
  struct s2_fault_result r = s2_fault(a, G(2), S2_W);
  assert_int_equal(r.kind, S2_FAULT_RESOLVED);
  assert_int_equal(r.hpa, hpa);
  assert_int_equal(s2_translate(a, G(2)).hpa, hpa);
  assert_int_equal(k.e.h.copied, 0);
  assert_int_equal(s2_track_stop(a, G(2), P(1)), S2_OK);
  kin_close(&k, 0);
  env_close(&k.e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(costs_tables_not_frames),
                                     cmocka_unit_test(copies_once),
                                     cmocka_unit_test(blocks_are_cut),
                                     cmocka_unit_test(refuses),
                                     cmocka_unit_test(family),
                                     cmocka_unit_test(tracked),
                                     cmocka_unit_test(linear_stays)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
