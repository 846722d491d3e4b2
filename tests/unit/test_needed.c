/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_needed.c - s2_pt_tables_needed() is exact: random maps take what it says, one table less is refused, and the widest
 * ranges that a format has are counted right, far beyond what any pool holds (T11).
 *
 * The count itself stops at UINT32_MAX instead of wrapping. Only a G-stage guest of 59 bits could ask for more tables than
 * that, in 2^32 steps of the plan: what is tried here stays below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* ---- the widest ranges ---- */

/* tables below the root that leaves of `level` from 0 to 2^bits take, by the geometry alone */
static uint64_t tables_of(uint32_t top, uint32_t level, uint32_t bits) {
  uint64_t n = 0;
  for (uint32_t l = level; l < top; l++) {
    uint32_t covers = 12 + 9 * (l + 1);
    n += bits > covers ? (uint64_t)1 << (bits - covers) : 1;
  }
  return n;
}

static void widest(void **state) {
  (void)state;
  struct env e;
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    env_config(&e, env_widths[i], 64, 1);
    struct s2_pt pt;
    e.cfg.hw.hpa_bits = S2_FMT_HPA_BITS;
    struct s2_shape sh = s2_shape_of(env_widths[i]);
    e.cfg.hw.leaf_max = least(S2_FMT_LEAF_MAX, sh.top);
    assert_int_equal(s2_pt_init(&pt, &e.cfg.hw, &e.cfg.tables), S2_OK);
    for (uint32_t max = 0; max <= S2_FMT_LEAF_MAX; max++) {
      uint32_t level = least(max, e.cfg.hw.leaf_max);
      /* half the host's addresses, which the tables are not in; of small leaves only as many as take seconds to plan */
      uint32_t bits = least(least(env_widths[i], S2_FMT_HPA_BITS - 1), 44 + 9 * level);
      uint64_t hpa = (uint64_t)1 << (S2_FMT_HPA_BITS - 1);
      uint64_t size = (uint64_t)1 << bits;
      if (size < env_span(level)) {
        continue;
      }
      uint64_t want = tables_of(sh.top, level, bits);
      struct s2_need need = s2_pt_tables_needed(&pt, 0, size, hpa, max);
      assert_int_equal(need.status, S2_OK);
      assert_int_equal(need.tables, want);
      s2_status st = s2_pt_map(&pt, 0, size, hpa, S2_RW, max);
      assert_int_equal(st, want <= (uint64_t)pt.pool.cap - sh.nroot ? S2_OK : S2_ERR_NO_TABLES);
      s2_pt_clear(&pt);
      /* a page more or less at either end, and host addresses that only fit pages */
      if (level > 0 && bits >= 22 + 9 * level) {
        uint64_t half = size / 2;
        assert_int_equal(s2_pt_tables_needed(&pt, P(1), half - P(2), hpa + P(1), max).tables,
                         tables_of(sh.top, level, bits - 1) + 2 * level);
      }
      if (bits <= 42) {
        assert_int_equal(s2_pt_tables_needed(&pt, 0, size, hpa + P(1), max).status,
                         size > hpa - P(1) ? S2_ERR_WIDTH : S2_OK);
        assert_int_equal(s2_pt_tables_needed(&pt, 0, size - P(1), hpa + P(1), max).tables, tables_of(sh.top, 0, bits));
      }
    }
    s2_hosted_storage_fini(&e.st);
  }
}

/* ---- random maps ---- */

static uint64_t rnd;
static uint64_t below(uint64_t n) {
  rnd ^= rnd << 13;
  rnd ^= rnd >> 7;
  rnd ^= rnd << 17;
  return (rnd >> 11) % n;
}

static uint64_t some_size(void) {
  switch (below(4)) {
    case 0:
      return P(1 + below(4));
    case 1:
      return P(1 + below(1500));
    case 2:
      return M(1 + below(6)) + P(below(3));
    default:
      return G(1 + below(2)) - P(below(600));
  }
}

static void hide(struct s2_pt *pt, int32_t leave, int32_t *hidden) {
  for (*hidden = 0; pt->pool.nfree > leave; (*hidden)++) {
    pt->pool.nfree--;
    pt->pool.nodes[pt->pool.stack[pt->pool.nfree]].level = S2_NODE_RESERVED;
  }
}

static void show(struct s2_pt *pt, int32_t hidden) {
  for (; hidden > 0; hidden--) {
    int32_t t = pt->pool.stack[pt->pool.nfree];
    pt->pool.nodes[t].level = S2_NODE_FREE;
    pt->pool.nodes[t].key = pt->pool.nfree;
    pt->pool.nfree++;
  }
}

static void random_maps(void **state) {
  (void)state;
  struct env e;
  uint64_t mapped = 0;
  uint64_t taken = 0;
  rnd = 88172645463325252u;
  for (size_t i = 0; i<LENGTH(env_widths); i += LENGTH(env_widths)> 4 ? 5 : 1) {
    env_open(&e, env_widths[i], 2600, 1, false);
    struct s2_pt *pt = &e.s.pt;
    for (uint32_t k = 0; k < 400; k++) {
      uint64_t gpa = (below(4) << 30) - (below(2) != 0 ? P(below(700)) : 0);
      uint64_t size = some_size();
      uint64_t hpa = G(8) + (gpa % G(1)) + (below(3) == 0 ? P(below(512)) : 0) + M(below(4));
      uint32_t max = (uint32_t)below(4);
      struct s2_need need = s2_pt_tables_needed(pt, gpa, size, hpa, max);
      int32_t nfree = pt->pool.nfree;
      if (need.status == S2_OK && need.tables > 0 && need.tables <= (uint32_t)nfree) {
        /* one too few */
        int32_t hidden;
        hide(pt, (int32_t)need.tables - 1, &hidden);
        assert_int_equal(s2_pt_map(pt, gpa, size, hpa, S2_RW, max), S2_ERR_NO_TABLES);
        show(pt, hidden);
        assert_int_equal(pt->pool.nfree, nfree);
      }
      s2_status st = s2_pt_map(pt, gpa, size, hpa, S2_RW, max);
      if (need.status == S2_OK) {
        assert_int_equal(st, need.tables <= (uint32_t)nfree ? S2_OK : S2_ERR_NO_TABLES);
        assert_int_equal(nfree - pt->pool.nfree, st == S2_OK ? (int32_t)need.tables : 0);
        mapped += st == S2_OK;
        taken += st == S2_OK ? need.tables : 0;
      } else {
        assert_int_equal(st, need.status);
        assert_int_equal(pt->pool.nfree, nfree);
      }
      if (below(3) == 0) {
        s2_status gone = s2_pt_unmap(pt, (below(5) << 30) / 2, G(1) - P(below(3)));
        assert_true(gone == S2_OK || gone == S2_ERR_NO_TABLES);
      }
    }
    s2_pt_clear(pt);
    env_close(&e);
  }
  assert_true(mapped > 100 && taken > mapped); /* it was not all refusals */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widest),
      cmocka_unit_test(random_maps),
  };
  return cmocka_run_group_tests_name("needed " S2_FORMAT_NAME, tests, NULL, NULL);
}
