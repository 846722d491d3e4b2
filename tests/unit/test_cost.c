/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_cost.c - T10 from outside the proof: every access of the compiled code to an entry is counted, and no call makes more
 * than the bound of specs/THEOREMS.md; where a call is the plain case, exactly as many as it must.
 *
 * The sources are included, so that the accesses go through the counting macros below instead of those of types.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stage2/types.h"

static uint64_t reads, writes;

#undef S2_ONCE
#undef S2_ONCE_READ
#define S2_ONCE(entry)      (*(volatile uint64_t *)(writes++, &(entry)))
#define S2_ONCE_READ(entry) (reads++, *(const volatile uint64_t *)&(entry))

/* a store that no walker sees has no macro; the exchange that takes a block out is counted with the splits */
#define s2_hidden_write hidden_write
#include "src/tree.h"
#undef s2_hidden_write
#define s2_hidden_write(p, t, i, e) (writes++, hidden_write(p, t, i, e))

#include "src/flush.c"
#include "src/map.c"
#include "src/pool.c"
#include "src/protect.c"
#include "src/split.c"
#include "src/unmap.c"
#include "src/walk.c"

#include "setup.h"

/* What one call did: accesses, blocks split, tables given back. */
struct cost {
  uint64_t reads, writes, splits, freed;
};

static struct cost before(const struct env *e) {
  struct cost c = {0, 0, (uint64_t)e->s.pt.splits, (uint64_t)e->s.pt.pool.nfree};
  reads = 0;
  writes = 0;
  return c;
}

static struct cost since(const struct env *e, struct cost was) {
  uint64_t splits = (uint64_t)e->s.pt.splits - was.splits;
  struct cost c = {reads + splits, writes + splits, splits, (uint64_t)e->s.pt.pool.nfree + splits - was.freed};
  return c;
}

/* n at most `fixed`, one for each page and c for each leaf table that size bytes can touch */
static void at_most(uint64_t n, uint64_t size, uint64_t c, uint64_t fixed) {
  assert_true(2097152 * (int64_t)(n - fixed) <= (int64_t)(512 * size + c * (size + 4194304)));
}

static bool map_within(struct env *e, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t max) {
  (void)before(e);
  s2_status st = s2_pt_map(&e->s.pt, gpa, size, hpa, S2_RW, max);
  at_most(reads, size, 10, 0);
  at_most(writes, size, 4, 0);
  assert_true(size != P(1) || (reads <= 5 && writes <= 5));
  assert_true(st == S2_OK || writes == 0);
  return st == S2_OK;
}

static bool unmap_within(struct env *e, uint64_t gpa, uint64_t size) {
  struct s2_leaf leaf = s2_pt_query(&e->s.pt, gpa);
  struct cost was = before(e);
  s2_status st = s2_pt_unmap(&e->s.pt, gpa, size);
  struct cost c = since(e, was);
  assert_true(c.splits <= 8);
  at_most(c.reads, size, 20, 25 + 11 * c.splits + 512 * c.freed);
  at_most(c.writes, size, 7, 514 * c.splits + 512 * c.freed);
  if (size == P(1) && leaf.level == 0) {
    assert_true(c.reads <= 5 + 515 * c.freed && c.writes <= 1 + 513 * c.freed);
  }
  return st == S2_OK;
}

static bool protect_within(struct env *e, uint64_t gpa, uint64_t size, uint32_t rights) {
  struct cost was = before(e);
  s2_status st = s2_pt_protect(&e->s.pt, gpa, size, rights);
  struct cost c = since(e, was);
  assert_true(c.splits <= 8 && c.freed == 0);
  at_most(c.reads, size, 8, 20 + 11 * c.splits);
  at_most(c.writes, size, 3, 514 * c.splits);
  return st == S2_OK;
}

static void query_within(struct env *e, uint64_t gpa) {
  (void)before(e);
  struct s2_leaf l = s2_pt_query(&e->s.pt, gpa);
  assert_int_equal(reads, e->s.pt.pool.top - l.level + 1);
  assert_int_equal(writes, 0);
}

static bool collapse_within(struct env *e, uint64_t gpa, uint32_t level) {
  (void)before(e);
  s2_status st = s2_pt_collapse(&e->s.pt, gpa, level);
  assert_true(reads <= 1550 && writes <= 514);
  return st == S2_OK;
}

/* a range of the first 4 GiB: a page, some pages, or large; in every alignment */
static uint64_t random_size(uint64_t *seed) {
  switch (env_random(seed) % 4) {
    case 0:
      return P(1);
    case 1:
      return P(1 + env_random(seed) % 1500);
    case 2:
      return M(1 + env_random(seed) % 600);
    default:
      return G(1) + P(env_random(seed) % 1024);
  }
}

static void random_calls(void **state) {
  (void)state;
  uint64_t seed = 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    struct env e;
    uint64_t done[4] = {0, 0, 0, 0};
    env_open(&e, env_widths[i], 4000, 1, false);
    for (int k = 0; k < 400; k++) {
      uint64_t size = random_size(&seed);
      uint64_t align = env_random(&seed) % 2 == 0 ? P(1) : M(1);
      uint64_t gpa = env_random(&seed) % (G(3) / align) * align;
      done[0] += map_within(&e, gpa, size, G(8) + gpa, (uint32_t)(env_random(&seed) % 3)) ? 1u : 0u;
      query_within(&e, gpa + env_random(&seed) % size);
      uint64_t other = gpa + P(env_random(&seed) % 64);
      done[1] += protect_within(&e, other, random_size(&seed), S2_R) ? 1u : 0u;
      if (k % 2 == 1) {
        done[2] += unmap_within(&e, other, random_size(&seed)) ? 1u : 0u;
      }
      done[3] += collapse_within(&e, gpa / M(1) * M(1), 1) ? 1u : 0u;
    }
    assert_true(done[0] > 20 && done[1] > 20 && done[2] > 20 && done[3] > 5);
    env_close(&e);
  }
}

/* the plain cases: no access that need not be */
static void no_more_than_needed(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 600, 1, false);
  uint64_t levels = e.s.pt.pool.top + 1;
  (void)before(&e);
  assert_int_equal(s2_pt_map(&e.s.pt, 0, P(1), G(1), S2_RW, 0), S2_OK);
  assert_int_equal(reads, 1); /* the root has a hole; then a link per level and the leaf */
  assert_int_equal(writes, levels);
  (void)before(&e);
  assert_int_equal(s2_pt_map(&e.s.pt, P(1), P(1), G(2), S2_RW, 0), S2_OK);
  assert_int_equal(reads, levels);
  assert_int_equal(writes, 1);
  (void)before(&e);
  assert_int_equal(s2_pt_unmap(&e.s.pt, P(1), P(1)), S2_OK);
  assert_int_equal(reads, levels);
  assert_int_equal(writes, 1);
  (void)before(&e);
  assert_int_equal(s2_pt_map(&e.s.pt, G(1), M(64), G(4), S2_RW, 0), S2_OK);
  assert_int_equal(writes, 64 * 512 + 64 + 1); /* leaves, their tables' links, one link above */
  assert_true(reads <= 2 * 64 * levels);       /* a descent per leaf table and pass, none per page */
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_calls),
      cmocka_unit_test(no_more_than_needed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
