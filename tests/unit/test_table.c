/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_table.c - the page table: tables used, leaf sizes, split, collapse, exact planning, shapes, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

/* tables for one region inside one top-level entry's reach: the root, and one per level on the way down to `level` */
static uint32_t path_tables(const struct env *e, uint32_t level) {
  uint32_t top = e->s.pt.pool.top;
  return e->s.pt.pool.nroot + (top > level ? top - level : 0);
}

static void one_gib_of_pages(void **state) {
  (void)state;
  struct env e;
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    env_open(&e, env_widths[i], 560, 1, false);
    assert_int_equal(s2_pt_map(&e.s.pt, 0, G(1), G(1), S2_RW, 0), S2_OK);
    assert_int_equal(env_used(&e), path_tables(&e, 1) + 512);
    if (e.s.pt.pool.top == 3 && e.s.pt.pool.nroot == 1) {
      assert_int_equal(env_used(&e), 515);
    }
    assert_int_equal(e.s.pt.pool.used[0], 512);
    assert_int_equal(s2_memory_report(&e.s).leaves[0], 262144);
    assert_int_equal(s2_memory_report(&e.s).mapped, G(1));
    assert_int_equal(s2_memory_report(&e.s).bytes_per_gib, (uint64_t)env_used(&e) * 4096);
    assert_int_equal(s2_pt_unmap(&e.s.pt, 0, G(1)), S2_OK);
    assert_int_equal(env_used(&e), e.s.pt.pool.nroot);
    assert_int_equal(e.s.pt.pool.high[0], 512);
    assert_int_equal(e.s.pt.pool.low, 560 - (int32_t)path_tables(&e, 1) - 512);
    env_close(&e);
  }
}

static void expect_leaf(const struct env *e, uint64_t gpa, uint32_t level, uint64_t start, uint64_t hpa) {
  struct s2_leaf l = s2_pt_query(&e->s.pt, gpa);
  assert_int_equal(l.status, S2_OK);
  assert_int_equal(l.level, level);
  assert_int_equal(l.size, env_span(level));
  assert_int_equal(l.gpa, start);
  assert_int_equal(l.hpa, hpa);
}

static void largest_leaves(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 1, false);
  uint64_t x = G(1) - M(1) - P(1);
  assert_int_equal(s2_pt_map(&e.s.pt, x, G(1) + M(2) + P(2), x + G(8), S2_RWX, 2), S2_OK);
  expect_leaf(&e, x, 0, x, x + G(8));
  expect_leaf(&e, G(1) - P(1), 1, G(1) - M(1), G(9) - M(1));
  expect_leaf(&e, G(1) + 5, 2, G(1), G(9));
  expect_leaf(&e, G(2), 1, G(2), G(10));
  expect_leaf(&e, G(2) + M(1), 0, G(2) + M(1), G(10) + M(1));
  assert_int_equal(s2_pt_query(&e.s.pt, G(2) + M(1) + P(1)).status, S2_ERR_NOT_MAPPED);
  s2_pt_clear(&e.s.pt);
  assert_int_equal(env_used(&e), e.s.pt.pool.nroot);
  /* co-aligned at 2 MiB only: no larger leaf */
  assert_int_equal(s2_pt_map(&e.s.pt, G(1), G(1), G(8) + M(1), S2_RWX, 2), S2_OK);
  expect_leaf(&e, G(1), 1, G(1), G(8) + M(1));
  s2_pt_clear(&e.s.pt);
  /* as large as asked for */
  for (uint32_t max = 0; max <= 2; max++) {
    uint64_t size = max == 0 ? M(1) : G(1);
    assert_int_equal(s2_pt_map(&e.s.pt, G(1), size, G(4), S2_R, max), S2_OK);
    expect_leaf(&e, G(1), max, G(1), G(4));
    s2_pt_clear(&e.s.pt);
  }
#if defined(S2_FORMAT_GST)
  assert_int_equal(s2_pt_map(&e.s.pt, G(512), G(512), G(1024), S2_R, 3), S2_OK);
  expect_leaf(&e, G(700), 3, G(512), G(1024));
  assert_int_equal(s2_pt_split(&e.s.pt, G(512) + P(1)), S2_OK);
  expect_leaf(&e, G(512) + P(1), 0, G(512) + P(1), G(1024) + P(1));
  expect_leaf(&e, G(512) + G(5), 2, G(517), G(1029));
  assert_int_equal(e.s.pt.splits, 3);
  s2_pt_clear(&e.s.pt);
#endif
  env_close(&e);
}

/* the host's largest leaf caps what a call asks for; larger than the format's is no configuration */
static void host_capability(void **state) {
  (void)state;
  struct env e;
  for (uint32_t max = 0; max <= S2_FMT_LEAF_MAX; max++) {
    env_config(&e, ENV_BITS, 600, 2);
    assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 1, false));
    e.cfg.hw.leaf_max = max;
    assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
    assert_int_equal(s2_pt_map(&e.s.pt, 0, G(1), G(2), S2_RW, 3), S2_OK);
    assert_int_equal(s2_pt_query(&e.s.pt, 0).level, max < 2 ? max : 2);
    env_close(&e);
  }
}

static void play_hardware(struct env *e, uint64_t gpa, uint32_t ad) {
  uint8_t level;
  uint64_t *p = env_entry(e, gpa, &level);
  *p = s2_entry_leaf(level, s2_entry_hpa(level, *p), s2_entry_attr(level, *p) | (ad & S2_FMT_AD_KEPT));
}

static void split_and_collapse(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 16, 1, false);
  assert_int_equal(s2_pt_map(&e.s.pt, M(2), M(1), G(2), S2_RW, 2), S2_OK);
  uint32_t was = env_used(&e);
  s2_trace.count = 0;
  int64_t breaks = e.s.pt.flush.breaks;
  assert_int_equal(s2_pt_split(&e.s.pt, M(2)), S2_OK); /* a border already */
  assert_int_equal(s2_trace.count, 0);
  play_hardware(&e, M(2), S2_ACCESSED);
  assert_int_equal(s2_pt_split(&e.s.pt, M(2) + P(7)), S2_OK);
  assert_true(s2_trace.count > 0);
  assert_int_equal(e.s.pt.flush.breaks, breaks + 1);
  assert_int_equal(e.s.pt.splits, 1);
  assert_int_equal(env_used(&e), was + 1);
  for (uint64_t i = 0; i < 512; i++) {
    expect_leaf(&e, M(2) + P(i), 0, M(2) + P(i), G(2) + P(i));
    assert_int_equal(s2_pt_query(&e.s.pt, M(2) + P(i)).attr & S2_ACCESSED, S2_ACCESSED & S2_FMT_AD_KEPT);
  }
  uint8_t level;
  for (uint64_t i = 0; i < 512; i++) {
    uint64_t *p = env_entry(&e, M(2) + P(i), &level);
    *p = s2_entry_clear_ad(0, *p, S2_AD_MASK);
  }
  /* accessed here, dirty there: the block is both */
  play_hardware(&e, M(2) + P(3), S2_ACCESSED);
  play_hardware(&e, M(2) + P(400), S2_DIRTY);
  s2_trace.count = 0;
  assert_int_equal(s2_pt_collapse(&e.s.pt, M(2), 1), S2_OK);
  assert_true(s2_trace.count > 0);
  assert_int_equal(e.s.pt.flush.breaks, breaks + 2);
  expect_leaf(&e, M(2) + 77, 1, M(2), G(2));
  assert_int_equal(s2_pt_query(&e.s.pt, M(2)).attr, S2_RW | (S2_AD_MASK & S2_FMT_AD_KEPT));
  assert_int_equal(env_used(&e), was);
  s2_trace.count = 0;
  assert_int_equal(s2_pt_collapse(&e.s.pt, M(2), 1), S2_OK); /* such a block already */
  assert_int_equal(s2_trace.count, 0);
  env_close(&e);
}

static void collapse_refusals(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 600, 1, false);
  struct s2_pt *pt = &e.s.pt;
  assert_int_equal(s2_pt_collapse(pt, 0, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_pt_collapse(pt, 0, S2_FMT_LEAF_MAX + 1), S2_ERR_CONFIG);
  assert_int_equal(s2_pt_collapse(pt, 0, UINT32_MAX), S2_ERR_CONFIG);
  assert_int_equal(s2_pt_collapse(pt, P(1), 1), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_collapse(pt, M(1), 2), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_collapse(pt, (uint64_t)1 << ENV_BITS, 1), S2_ERR_WIDTH);
  assert_int_equal(s2_pt_collapse(pt, 0, 1), S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_pt_map(pt, 0, M(1) - P(1), G(2), S2_RW, 0), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, 0, 1), S2_ERR_NOT_MAPPED); /* one page is missing */
  assert_int_equal(s2_pt_map(pt, M(1) - P(1), P(1), G(2) + M(1), S2_RW, 0), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, 0, 1), S2_ERR_UNIFORM); /* not contiguous */
  assert_int_equal(s2_pt_unmap(pt, M(1) - P(1), P(1)), S2_OK);
  assert_int_equal(s2_pt_map(pt, M(1) - P(1), P(1), G(2) + M(1) - P(1), S2_R, 0), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, 0, 1), S2_ERR_UNIFORM); /* other rights */
  assert_int_equal(s2_pt_protect(pt, M(1) - P(1), P(1), S2_RW), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, 0, 1), S2_OK);
  assert_int_equal(s2_pt_map(pt, M(2), M(1), G(2) + P(1), S2_RW, 0), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, M(2), 1), S2_ERR_UNIFORM); /* output not aligned */
  assert_int_equal(s2_pt_map(pt, G(1), G(1), G(4), S2_RW, 2), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, G(1), 1), S2_ERR_UNIFORM); /* a larger leaf */
  assert_int_equal(s2_pt_map(pt, G(2), G(1), G(5), S2_RW, 0), S2_OK);
  assert_int_equal(s2_pt_collapse(pt, G(2), 2), S2_ERR_UNIFORM); /* smaller leaves */
  for (uint64_t i = 0; i < 512; i++) {
    assert_int_equal(s2_pt_collapse(pt, G(2) + M(i), 1), S2_OK);
  }
  assert_int_equal(s2_pt_collapse(pt, G(2), 2), S2_OK);
  expect_leaf(&e, G(2), 2, G(2), G(5));
  s2_pt_clear(pt);
  env_close(&e);
}

/* one table per split, from 1 GiB down; refused with one table less */
static void split_tables(void **state) {
  (void)state;
  struct env e;
  for (uint32_t spare = 0; spare < 3; spare++) {
    struct s2_shape sh = s2_shape_of(ENV_BITS);
    env_open(&e, ENV_BITS, sh.nroot + sh.top - 2 + spare, 1, false);
    assert_int_equal(s2_pt_map(&e.s.pt, 0, G(1), G(1), S2_RW, 2), S2_OK);
    assert_int_equal(e.s.pt.pool.nfree, spare);
    struct env_mark m = env_mark(&e);
    s2_status st = s2_pt_split(&e.s.pt, P(513));
    assert_int_equal(st, spare < 2 ? S2_ERR_NO_TABLES : S2_OK);
    assert_true(st == S2_OK || env_same(&e, &m));
    if (spare == 1) {
      assert_int_equal(s2_pt_split(&e.s.pt, M(3)), S2_OK); /* needs one only */
    }
    s2_pt_clear(&e.s.pt);
    env_close(&e);
  }
}

/* pool of exactly `tables` above the root, holding one mapping; then the second is tried */
static s2_status try_map(uint32_t bits, uint32_t tables, const uint64_t a[4], const uint64_t b[4]) {
  struct env e;
  struct s2_shape sh = s2_shape_of(bits);
  env_open(&e, bits, sh.nroot + tables, 1, false);
  assert_int_equal(s2_pt_map(&e.s.pt, a[0], a[1], a[2], S2_RW, (uint32_t)a[3]), S2_OK);
  struct env_mark m = env_mark(&e);
  s2_status st = s2_pt_map(&e.s.pt, b[0], b[1], b[2], S2_R, (uint32_t)b[3]);
  assert_true(st == S2_OK ? e.s.pt.pool.nfree == 0 : env_same(&e, &m));
  s2_pt_clear(&e.s.pt);
  env_close(&e);
  return st;
}

static void random_range(uint64_t *seed, uint64_t r[4], uint64_t from) {
  uint32_t s = (uint32_t)(12 + 9 * (env_random(seed) % 3));
  uint64_t pages = 1 + env_random(seed) % 1500;
  r[0] = from + ((env_random(seed) % 2000) << 12 >> s << s);
  r[1] = env_random(seed) % 3 == 0 ? (pages << 12) + G(env_random(seed) % 2) : pages << 12;
  r[2] = G(3) + r[0] + (env_random(seed) % 2 == 0 ? 0 : P(env_random(seed) % 700));
  r[3] = env_random(seed) % 4;
}

static void needed_is_exact(void **state) {
  (void)state;
  uint64_t seed = 88172645463325252u;
  for (uint32_t i = 0; i < 400; i++) {
    uint32_t bits = env_widths[env_random(&seed) % LENGTH(env_widths)];
    uint64_t a[4];
    uint64_t b[4];
    random_range(&seed, a, M(env_random(&seed) % 2000));
    random_range(&seed, b, a[0] + a[1]);
    if (b[0] + b[1] > (uint64_t)1 << bits) {
      continue;
    }
    struct env e;
    env_open(&e, bits, 1200, 1, false);
    struct s2_need na = s2_pt_tables_needed(&e.s.pt, a[0], a[1], a[2], (uint32_t)a[3]);
    if (na.status != S2_OK) {
      assert_int_equal(na.status, S2_ERR_CONFIG);
      env_close(&e);
      continue;
    }
    assert_int_equal(s2_pt_map(&e.s.pt, a[0], a[1], a[2], S2_RW, (uint32_t)a[3]), S2_OK);
    assert_int_equal(env_used(&e), e.s.pt.pool.nroot + na.tables);
    struct s2_need nb = s2_pt_tables_needed(&e.s.pt, b[0], b[1], b[2], (uint32_t)b[3]);
    assert_int_equal(nb.status, S2_OK);
    s2_pt_clear(&e.s.pt);
    env_close(&e);
    assert_int_equal(try_map(bits, na.tables + nb.tables, a, b), S2_OK);
    if (nb.tables > 0) {
      assert_int_equal(try_map(bits, na.tables + nb.tables - 1, a, b), S2_ERR_NO_TABLES);
    }
  }
}

static bool has_width(uint32_t bits) {
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    if (env_widths[i] == bits) {
      return true;
    }
  }
  return false;
}

static void every_width(void **state) {
  (void)state;
  struct env e;
  for (uint32_t bits = 0; bits < 70; bits++) {
    if (!has_width(bits)) {
      env_config(&e, bits, 64, 2);
      assert_int_equal(s2_pt_init(&e.s.pt, &e.cfg.hw, &e.cfg.tables), S2_ERR_CONFIG);
      s2_hosted_storage_fini(&e.st);
      continue;
    }
    env_open(&e, bits, 64, 1, false);
    uint64_t limit = (uint64_t)1 << bits;
    uint32_t top = e.s.pt.pool.top;
    assert_int_equal((uint64_t)e.s.pt.pool.nroot * 512 * env_span(top) >= limit, 1);
    assert_int_equal(s2_pt_map(&e.s.pt, limit - P(1), P(1), G(1), S2_RW, 2), S2_OK);
    assert_int_equal(s2_pt_map(&e.s.pt, 0, P(1), G(2), S2_RW, 2), S2_OK);
    expect_leaf(&e, limit - 1, 0, limit - P(1), G(1));
    expect_leaf(&e, 0, 0, 0, G(2));
    assert_int_equal(s2_pt_query(&e.s.pt, limit).status, S2_ERR_WIDTH);
    assert_int_equal(s2_pt_query(&e.s.pt, UINT64_MAX).status, S2_ERR_WIDTH);
    assert_int_equal(s2_pt_walk(&e.s.pt, limit).status, S2_ERR_WIDTH);
    assert_int_equal(s2_pt_map(&e.s.pt, limit, P(1), G(1), S2_RW, 2), S2_ERR_WIDTH);
    assert_int_equal(s2_pt_map(&e.s.pt, limit - P(2), P(3), G(1), S2_RW, 2), S2_ERR_WIDTH);
    /* iteration finds the two and nothing else */
    struct s2_leaf l = s2_pt_next(&e.s.pt, 1);
    assert_int_equal(l.gpa, 0);
    l = s2_pt_next(&e.s.pt, P(1));
    assert_int_equal(l.gpa, limit - P(1));
    l = s2_pt_next(&e.s.pt, limit);
    assert_true(l.status == S2_ERR_NOT_MAPPED || l.status == S2_ERR_WIDTH);
    struct s2_steps w = s2_pt_walk(&e.s.pt, limit - 1);
    assert_int_equal(w.status, S2_OK);
    assert_int_equal(w.count, top + 1);
    assert_int_equal(w.step[top].slot, 511);
    assert_int_equal(w.step[top].kind, S2_LEAF);
    assert_int_equal(w.step[top].entry, s2_entry_leaf(0, G(1), S2_RW | S2_FMT_AD));
    for (uint32_t i = 0; i < top; i++) {
      assert_int_equal(w.step[i].kind, S2_TABLE);
      assert_int_equal(w.step[i].level, top - i);
      assert_int_equal(s2_entry_next(w.step[i].entry), w.step[i + 1].table_hpa);
    }
    s2_pt_clear(&e.s.pt);
    env_close(&e);
  }
}

/* a root of several tables: each is found by the top bits, and lies where the hardware looks for it */
static void root_tables(void **state) {
  (void)state;
  struct env e;
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    struct s2_shape sh = s2_shape_of(env_widths[i]);
    for (uint32_t skew = 0; skew<sh.nroot; skew += sh.nroot> 4 ? 5 : 1) {
      env_config(&e, env_widths[i], 2 * sh.nroot + 80, 2);
      assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 1, false));
      e.cfg.tables.hpa = ENV_POOL_HPA + (uint64_t)skew * 4096;
      assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
      uint64_t root = e.cfg.tables.hpa + (uint64_t)e.s.pt.pool.root * 4096;
      assert_int_equal(root % ((uint64_t)sh.nroot * 4096), 0);
      uint64_t reach = 512 * env_span(sh.top);
      for (uint32_t k = 0; k < sh.nroot; k++) {
        uint64_t g = k * reach + reach / 2;
        if (g >> env_widths[i] != 0) {
          continue;
        }
        assert_int_equal(s2_pt_map(&e.s.pt, g, P(1), G(4) + P(k), S2_RW, 0), S2_OK);
        assert_int_equal(s2_pt_walk(&e.s.pt, g).step[0].table_hpa, root + (uint64_t)k * 4096);
        assert_int_equal(s2_pt_query(&e.s.pt, g).hpa, G(4) + P(k));
      }
      /* tables before the aligned root are not lost */
      assert_int_equal(env_used(&e) + (uint32_t)e.s.pt.pool.nfree, e.cfg.tables.count);
      s2_pt_clear(&e.s.pt);
      env_close(&e);
    }
  }
}

static void refusals(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 16, 1, false);
  struct s2_pt *pt = &e.s.pt;
  uint64_t limit = (uint64_t)1 << ENV_BITS;
  uint64_t hpa_limit = (uint64_t)1 << e.cfg.hw.hpa_bits;
  assert_int_equal(s2_pt_map(pt, M(4), M(1), G(4), S2_RW, 2), S2_OK);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_pt_map(pt, 1, P(1), G(1), S2_RW, 2), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_map(pt, 0, P(1) + 1, G(1), S2_RW, 2), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1) + 8, S2_RW, 2), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_map(pt, 0, 0, G(1), S2_RW, 2), S2_ERR_SIZE);
  assert_int_equal(s2_pt_map(pt, P(1), UINT64_MAX - 4095, G(1), S2_RW, 2), S2_ERR_OVERFLOW);
  assert_int_equal(s2_pt_map(pt, limit - P(1), P(2), G(1), S2_RW, 2), S2_ERR_WIDTH);
  assert_int_equal(s2_pt_map(pt, 0, P(2), hpa_limit - P(1), S2_RW, 2), S2_ERR_WIDTH);
  assert_int_equal(s2_pt_map(pt, 0, P(2), UINT64_MAX - 4095, S2_RW, 2), S2_ERR_OVERFLOW);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1), S2_W, 2), S2_ERR_ATTR);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1), S2_RW | S2_ACCESSED, 2), S2_ERR_ATTR);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1), S2_RW | 0x80000000u, 2), S2_ERR_ATTR);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1), S2_RW, 4), S2_ERR_CONFIG);
  assert_int_equal(s2_pt_map(pt, 0, P(1), G(1), S2_RW, UINT32_MAX), S2_ERR_CONFIG);
  assert_int_equal(s2_pt_map(pt, 0, P(1), ENV_POOL_HPA, S2_RW, 2), S2_ERR_POOL);
  assert_int_equal(s2_pt_map(pt, 0, P(2), ENV_POOL_HPA - P(1), S2_RW, 2), S2_ERR_POOL);
  assert_int_equal(s2_pt_map(pt, 0, P(1), ENV_POOL_HPA + P(15), S2_RW, 2), S2_ERR_POOL);
  assert_int_equal(s2_pt_map(pt, M(4) + P(3), P(1), G(1), S2_RW, 2), S2_ERR_MAPPED);
  assert_int_equal(s2_pt_map(pt, M(4) - P(1), P(2), G(1), S2_RW, 0), S2_ERR_MAPPED);
  assert_int_equal(s2_pt_map(pt, M(5) - P(1), P(2), G(1), S2_RW, 0), S2_ERR_MAPPED);
  assert_int_equal(s2_pt_map(pt, 0, G(1), G(5), S2_RW, 2), S2_ERR_MAPPED);
  assert_int_equal(s2_pt_map(pt, G(1), G(1), G(5), S2_RW, 0), S2_ERR_NO_TABLES);
  assert_int_equal(s2_pt_unmap(pt, M(4) + 1, P(1)), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_unmap(pt, M(4), 0), S2_ERR_SIZE);
  assert_int_equal(s2_pt_unmap(pt, M(4), UINT64_MAX - 4095), S2_ERR_OVERFLOW);
  assert_int_equal(s2_pt_unmap(pt, limit, P(1)), S2_ERR_WIDTH);
  assert_int_equal(s2_pt_protect(pt, M(4) + 1, P(1), S2_R), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_protect(pt, M(4), 0, S2_R), S2_ERR_SIZE);
  assert_int_equal(s2_pt_protect(pt, M(4), limit, S2_R), S2_ERR_WIDTH);
  assert_int_equal(s2_pt_protect(pt, M(4), P(1), S2_W), S2_ERR_ATTR);
  assert_int_equal(s2_pt_protect(pt, M(4), P(1), S2_R | S2_NC), S2_ERR_ATTR);
  assert_int_equal(s2_pt_split(pt, M(4) + 1), S2_ERR_ALIGN);
  assert_int_equal(s2_pt_split(pt, limit), S2_ERR_WIDTH);
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_pt_map(pt, 0, P(1), ENV_POOL_HPA + P(16), S2_RW, 2), S2_OK); /* just behind the tables */
  assert_int_equal(s2_pt_unmap(pt, 0, limit), S2_OK);
  assert_int_equal(s2_pt_unmap(pt, 0, limit), S2_OK); /* nothing there: fine */
  env_close(&e);
}

static void protect_keeps(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 16, 1, false);
  struct s2_pt *pt = &e.s.pt;
  assert_int_equal(s2_pt_map(pt, M(4), M(2), G(4), S2_RW, 2), S2_OK);
  play_hardware(&e, M(4), S2_AD_MASK);
  assert_int_equal(s2_pt_protect(pt, M(4) + P(8), M(1), S2_R), S2_OK);
  assert_int_equal(e.s.pt.splits, 2);
  uint32_t ad = S2_AD_MASK & S2_FMT_AD_KEPT;
  assert_int_equal(s2_pt_query(pt, M(4)).attr, S2_RW | ad);
  assert_int_equal(s2_pt_query(pt, M(4) + P(8)).attr, S2_R | ad);
  assert_int_equal(s2_pt_query(pt, M(5) + P(7)).attr & S2_RIGHTS, S2_R);
  assert_int_equal(s2_pt_query(pt, M(5) + P(8)).attr & S2_RIGHTS, S2_RW);
  assert_int_equal(s2_pt_query(pt, M(5) + P(8)).hpa, G(4) + M(1) + P(8));
  assert_int_equal(s2_pt_protect(pt, 0, G(1), S2_RWX), S2_OK); /* holes stay holes */
  assert_int_equal(s2_pt_query(pt, 0).status, S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_pt_query(pt, M(4) + P(8)).attr & S2_RIGHTS, S2_RWX);
  s2_pt_clear(pt);
  env_close(&e);
}

static void init_refusals(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 16, 2);
  struct s2_config good = e.cfg.hw;
  struct s2_pool_memory mem = e.cfg.tables;
  assert_int_equal(s2_pt_init(NULL, &good, &mem), S2_ERR_NULL);
  assert_int_equal(s2_pt_init(&e.s.pt, NULL, &mem), S2_ERR_NULL);
  assert_int_equal(s2_pt_init(&e.s.pt, &good, NULL), S2_ERR_NULL);
  struct s2_config c = good;
  c.hpa_bits = S2_FMT_HPA_BITS + 1;
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
  c = good;
  c.leaf_max = S2_FMT_LEAF_MAX + 1;
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
  c = good;
  c.features = 0x80;
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
  c = good;
  c.features = S2_FEAT_ALL; /* no format has all */
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
#if !defined(S2_FORMAT_NPT)
  c = good;
  c.vmid = S2_FMT_VMID_MAX + 1u;
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
#else
  c = good;
  c.vmid = 0;
  assert_int_equal(s2_pt_init(&e.s.pt, &c, &mem), S2_ERR_CONFIG);
#endif
  struct s2_pool_memory b = mem;
  b.hpa += 8;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_ALIGN);
  b = mem;
  b.count = 0;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_CONFIG);
  b = mem;
  b.count = 0x80000000u;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_CONFIG);
  b = mem;
  b.hpa = ((uint64_t)1 << good.hpa_bits) - P(15);
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_WIDTH);
  b = mem;
  b.tables = NULL;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_NULL);
  b = mem;
  b.nodes = NULL;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_NULL);
  b = mem;
  b.stack = NULL;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_NULL);
#if defined(S2_FORMAT_GST)
  b = mem;
  b.count = 6;
  b.hpa = ENV_POOL_HPA + P(1); /* the aligned root starts at table 3: 7 would be needed */
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_ERR_NO_TABLES);
  b.count = 7;
  assert_int_equal(s2_pt_init(&e.s.pt, &good, &b), S2_OK);
  assert_int_equal(e.s.pt.pool.nfree, 3);
#endif
  s2_hosted_storage_fini(&e.st);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_gib_of_pages),   cmocka_unit_test(largest_leaves),    cmocka_unit_test(host_capability),
      cmocka_unit_test(split_and_collapse), cmocka_unit_test(collapse_refusals), cmocka_unit_test(split_tables),
      cmocka_unit_test(needed_is_exact),    cmocka_unit_test(every_width),       cmocka_unit_test(root_tables),
      cmocka_unit_test(refusals),           cmocka_unit_test(protect_keeps),     cmocka_unit_test(init_refusals),
  };
  return cmocka_run_group_tests_name("table " S2_FORMAT_NAME, tests, NULL, NULL);
}
