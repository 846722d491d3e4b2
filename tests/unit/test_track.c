/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_track.c - dirty tracking: every written page is reported once, no other is; by write protection and by hardware (OPT-4). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"
#include "stage2/walk.h"

#define PAGES 1024u

/* The leaf after a store through it, as hardware that sets dirty bits leaves it. */
static uint64_t stored_to(uint8_t l, uint64_t e) {
#if defined(S2_FORMAT_A64)
  (void)l;
  assert_true((e & (UINT64_C(1) << 51 | 0x80u)) != 0); /* DBM, or S2AP[1] already: AF and S2AP[1] are set */
  return e | 0x480u;
#else
  return s2_entry_leaf(l, s2_entry_hpa(l, e), s2_entry_attr(l, e) | (S2_AD_MASK & S2_FMT_AD_KEPT));
#endif
}

/* The guest writes to gpa: through the fault handler if it may not, and as the hardware does if it sets dirty bits. */
static void guest_writes(struct env *e, uint64_t gpa, bool hardware) {
  struct s2_translation t = s2_translate(&e->s, gpa);
  if (t.status != S2_OK || (t.attr & S2_W) == 0) {
    assert_int_equal(s2_fault(&e->s, gpa, S2_W).kind, S2_FAULT_RESOLVED);
    t = s2_translate(&e->s, gpa);
  }
  assert_int_equal(t.attr & S2_RW, S2_RW);
  if (hardware) {
    uint8_t l;
    uint64_t *entry = env_entry(e, gpa, &l);
    *entry = stored_to(l, *entry);
  }
}

static bool bit(const uint64_t *map, uint64_t k) {
  return (map[k / 64] >> (k % 64) & 1u) != 0;
}

static bool can_log(void) {
  return (S2_FMT_AD_KEPT & S2_DIRTY) != 0;
}

static void open_space(struct env *e, bool hardware) {
  env_config(e, ENV_BITS, 64, 8);
  e->cfg.hw.features = hardware ? S2_FEAT_AD : 0;
  assert_true(s2_hosted_init(&e->h, ENV_FRAMES, 4096, false));
  assert_int_equal(s2_init(&e->s, &e->cfg), S2_OK);
}

/* random writes and harvests, against a plain set of pages; linear blocks, lazy pages, a read-only hole, an unmapped one */
static void against_set(bool hardware, uint32_t start_flags) {
  struct env e;
  uint64_t rng = 77 + start_flags;
  uint32_t how = hardware ? S2_TRACK_HARDWARE : 0;
  static uint8_t dirty[PAGES];
  uint64_t map[PAGES / 64 + 1];
  open_space(&e, hardware);
  assert_int_equal(s2_map_linear(&e.s, M(2), M(1) / 2, G(8), S2_RWX, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, M(2) + M(1) / 2, M(1) / 2, S2_RW, 0), S2_OK);
  assert_int_equal(s2_map_linear(&e.s, M(3), P(100), G(9), S2_R, 0), S2_OK);
  assert_int_equal(s2_map_linear(&e.s, M(3) + P(200), P(312), G(9), S2_RW, 0), S2_OK);
  guest_writes(&e, M(2) + 5, hardware); /* before the start: does not count */
  memset(dirty, 0, sizeof dirty);
  assert_int_equal(s2_track_start(&e.s, M(2), M(2), how | start_flags), S2_OK);
  for (int round = 0; round < 40; round++) {
    for (uint32_t k = 0; k < env_random(&rng) % 60; k++) {
      uint64_t page = env_random(&rng) % PAGES;
      if (page < 512 || page >= 712) {
        guest_writes(&e, M(2) + P(page) + 8, hardware);
        dirty[page] = 1;
      } else if (page < 612) {
        assert_int_equal(s2_fault(&e.s, M(2) + P(page), S2_W).kind, S2_FAULT_DENIED);
      }
    }
    uint64_t lo = round % 3 == 0 ? 0 : env_random(&rng) % PAGES;
    uint64_t n = round % 3 == 0 ? PAGES : 1 + env_random(&rng) % (PAGES - lo);
    bool keep = round % 5 == 4;
    memset(map, 0xff, sizeof map);
    uint64_t fulls = (uint64_t)(e.s.pt.flush.fulls + e.s.pt.flush.ranges);
    struct s2_harvest h = s2_track_harvest(&e.s, M(2) + P(lo), P(n), map, how | (keep ? S2_TRACK_KEEP : 0));
    assert_int_equal(h.status, S2_OK);
    int64_t count = 0;
    for (uint64_t k = 0; k < n; k++) {
      bool was = dirty[lo + k] != 0;
      /* GST makes leaves dirty: a lazy page that a fault brought in for reading would count; here all were written */
      assert_int_equal(bit(map, k), was);
      count += was;
      dirty[lo + k] = keep ? dirty[lo + k] : 0;
    }
    for (uint64_t k = n; k < (n + 63) / 64 * 64; k++) {
      assert_false(bit(map, k));
    }
    assert_int_equal(h.dirty, count);
    assert_int_equal((uint64_t)(e.s.pt.flush.fulls + e.s.pt.flush.ranges) - fulls, count > 0 && !keep);
  }
  assert_int_equal(s2_track_stop(&e.s, M(2), M(2)), S2_OK);
  assert_int_equal(s2_translate(&e.s, M(2)).attr & S2_RIGHTS, S2_RWX);
  assert_int_equal(s2_translate(&e.s, M(3) + P(99)).attr & S2_RIGHTS, S2_R);
  env_close(&e);
}

static void by_write_protection(void **state) {
  (void)state;
  against_set(false, 0);
  against_set(false, S2_TRACK_SPLIT);
}

static void by_hardware(void **state) {
  (void)state;
  struct env e;
  if (can_log()) {
    against_set(true, 0);
    against_set(true, S2_TRACK_SPLIT);
  }
  /* refused where the host sets no dirty bits, or the format keeps none */
  open_space(&e, !can_log());
  assert_int_equal(s2_map_linear(&e.s, 0, M(1), G(8), S2_RW, 0), S2_OK);
  assert_int_equal(s2_track_start(&e.s, 0, M(1), S2_TRACK_HARDWARE), S2_ERR_CONFIG);
  env_close(&e);
}

/* a block is one leaf: dirty as a whole, or cut first */
static void block_or_pages(void **state) {
  (void)state;
  struct env e;
  uint64_t map[24];
  open_space(&e, false);
  assert_int_equal(s2_map_linear(&e.s, G(1), M(3), G(8), S2_RW, 0), S2_OK);
  assert_int_equal(s2_track_start(&e.s, G(1), M(3), 0), S2_OK);
  guest_writes(&e, G(1) + M(1) + 9, false);
  struct s2_harvest h = s2_track_harvest(&e.s, G(1), M(3), map, 0);
  assert_int_equal(h.dirty, 512);
  assert_false(bit(map, 511));
  assert_true(bit(map, 512));
  assert_true(bit(map, 1023));
  assert_false(bit(map, 1024));
  /* part of a block: the block is cut, so that what lies outside is not touched */
  assert_int_equal(s2_track_start(&e.s, G(1) + P(10), P(20), 0), S2_OK);
  assert_int_equal(s2_query(&e.s, G(1) + P(9)).level, 0);
  /* all of it in pages */
  struct env_mark m = env_mark(&e);
  int32_t nfree = e.s.pt.pool.nfree;
  e.s.pt.pool.nfree = 1;
  assert_int_equal(s2_track_start(&e.s, G(1), M(3), S2_TRACK_SPLIT), S2_ERR_NO_TABLES);
  e.s.pt.pool.nfree = nfree;
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_track_start(&e.s, G(1), M(3), S2_TRACK_SPLIT), S2_OK);
  for (uint64_t k = 0; k < 1536; k++) {
    assert_int_equal(s2_query(&e.s, G(1) + P(k)).level, 0);
    assert_int_equal(s2_translate(&e.s, G(1) + P(k)).hpa, G(8) + P(k));
  }
  assert_int_equal(s2_track_harvest(&e.s, G(1), M(3), map, 0).dirty, 0);
  guest_writes(&e, G(1) + P(1000), false);
  assert_int_equal(s2_track_harvest(&e.s, G(1), M(3), map, 0).dirty, 1);
  assert_true(bit(map, 1000));
  assert_int_equal(s2_track_stop(&e.s, G(1), M(3)), S2_OK);
  assert_int_equal(s2_pt_collapse(&e.s.pt, G(1), 1), S2_OK);
  env_close(&e);
}

/* harvested in parts, a dirty block is reported in each part: no part's harvest may forget the others */
static void part_of_block(void **state) {
  (void)state;
  struct env e;
  uint64_t map[16];
  for (uint32_t how = 0; how < 2; how++) {
    if (how == 1 && !can_log()) {
      continue;
    }
    uint32_t flags = how == 1 ? S2_TRACK_HARDWARE : 0;
    open_space(&e, how == 1);
    assert_int_equal(s2_map_linear(&e.s, G(1), M(2), G(8), S2_RW, 0), S2_OK);
    assert_int_equal(s2_track_start(&e.s, G(1), M(2), flags), S2_OK);
    guest_writes(&e, G(1) + 8, how == 1);
    assert_int_equal(s2_track_harvest(&e.s, G(1) + P(100), P(7), map, flags).dirty, 7);
    assert_int_equal(s2_track_harvest(&e.s, G(1), P(512), map, flags).dirty, 512);
    assert_int_equal(s2_track_harvest(&e.s, G(1), P(512), map, flags).dirty, 0);
    guest_writes(&e, G(1) + 8, how == 1);
    assert_int_equal(s2_track_harvest(&e.s, G(1) + P(500), P(24), map, flags).dirty, 12);
    assert_int_equal(s2_track_harvest(&e.s, G(1), M(2), map, flags).dirty, 512);
    env_close(&e);
  }
}

/* a giant block: exactly the tables it takes are asked for */
static void giant(void **state) {
  (void)state;
  struct env e;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  for (uint32_t less = 0; less < 2; less++) {
    env_config(&e, ENV_BITS, sh.nroot + sh.top - 2 + 513 - less, 8);
    assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 4, false));
    assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
    assert_int_equal(s2_map_linear(&e.s, G(1), G(1), G(8), S2_RW, 0), S2_OK);
    assert_int_equal(s2_query(&e.s, G(1)).level, 2);
    assert_int_equal(s2_track_start(&e.s, G(1), G(1), S2_TRACK_SPLIT), less == 0 ? S2_OK : S2_ERR_NO_TABLES);
    assert_int_equal(s2_query(&e.s, G(1) + M(77)).level, less == 0 ? 0 : 2);
    assert_int_equal(s2_translate(&e.s, G(1) + M(77) + P(5) + 3).hpa, G(8) + M(77) + P(5) + 3);
    env_close(&e);
  }
}

/* which pages were used at all, read-only ones included; the accessed bit is set as the hardware would */
static void by_access(void **state) {
  (void)state;
  struct env e;
  uint64_t map[8];
  open_space(&e, true);
  assert_int_equal(s2_map_linear(&e.s, M(2), P(100), G(8), S2_R, S2_PAGES), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, M(2) + P(100), P(412), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_track_start(&e.s, M(2), M(1), S2_TRACK_ACCESSED), S2_OK);
  for (uint64_t k = 0; k < 512; k += 7) {
    uint8_t l;
    uint64_t *entry = env_entry(&e, M(2) + P(k), &l);
    assert_int_equal(s2_entry_attr(l, *entry) & S2_ACCESSED, 0);
    *entry = s2_entry_leaf(l, s2_entry_hpa(l, *entry), s2_entry_attr(l, *entry) | S2_ACCESSED);
  }
  struct s2_harvest h = s2_track_harvest(&e.s, M(2), M(1), map, S2_TRACK_ACCESSED | S2_TRACK_KEEP);
  assert_int_equal(h.dirty, 74);
  h = s2_track_harvest(&e.s, M(2), M(1), map, S2_TRACK_ACCESSED);
  assert_int_equal(h.dirty, 74);
  for (uint64_t k = 0; k < 512; k++) {
    assert_int_equal(bit(map, k), k % 7 == 0);
  }
  assert_int_equal(s2_track_harvest(&e.s, M(2), M(1), map, S2_TRACK_ACCESSED).dirty, 0);
  assert_int_equal(s2_track_start(&e.s, M(2), M(1), S2_TRACK_ACCESSED | S2_TRACK_HARDWARE), S2_ERR_CONFIG);
  env_close(&e);
  open_space(&e, false);
  assert_int_equal(s2_track_start(&e.s, M(2), M(1), S2_TRACK_ACCESSED), S2_ERR_CONFIG);
  env_close(&e);
}

/* Another CPU stores through one leaf, whenever it may, and counts how often that makes a clean leaf dirty. */
struct other_cpu {
  uint64_t *entry;
  uint64_t transitions;
  bool stop;
};

static void *store_again_and_again(void *p) {
  struct other_cpu *cpu = p;
  while (!__atomic_load_n(&cpu->stop, __ATOMIC_RELAXED)) {
    uint64_t e = __atomic_load_n(cpu->entry, __ATOMIC_RELAXED);
    if ((s2_entry_attr(0, e) & (S2_W | S2_DIRTY)) == S2_W &&
        __atomic_compare_exchange_n(cpu->entry, &e, stored_to(0, e), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      __atomic_fetch_add(&cpu->transitions, 1, __ATOMIC_RELAXED);
    }
  }
  return NULL;
}

/* dirty bits that the hardware sets in the middle of changes of rights and harvests: each is reported, and once */
static void beside_another_cpu(void **state) {
  (void)state;
  struct env e;
  struct other_cpu cpu = {NULL, 0, false};
  uint8_t level = 0;
  uint64_t map[1];
  uint64_t reported = 0;
  pthread_t thread;
  open_space(&e, true);
  assert_int_equal(s2_map_linear(&e.s, M(2), P(1), G(8), S2_RWX, 0), S2_OK);
  assert_int_equal(s2_track_start(&e.s, M(2), P(1), S2_TRACK_HARDWARE), S2_OK);
  cpu.entry = env_entry(&e, M(2), &level);
  assert_int_equal(level, 0);
  assert_int_equal(pthread_create(&thread, NULL, store_again_and_again, &cpu), 0);
  /* until the two have met often enough, on a busy machine later */
  for (uint32_t i = 0; i < 200000 || (i < 4000000 && __atomic_load_n(&cpu.transitions, __ATOMIC_RELAXED) < 10000);
       i++) {
    static const uint32_t rights[] = {S2_RX, S2_RW, S2_R, S2_RWX};
    assert_int_equal(s2_pt_protect(&e.s.pt, M(2), P(1), rights[i % 4]), S2_OK);
    if (i % 3 == 0) {
      reported += (uint64_t)s2_track_harvest(&e.s, M(2), P(1), map, S2_TRACK_HARDWARE).dirty;
    }
  }
  __atomic_store_n(&cpu.stop, true, __ATOMIC_RELAXED);
  assert_int_equal(pthread_join(thread, NULL), 0);
  reported += (uint64_t)s2_track_harvest(&e.s, M(2), P(1), map, S2_TRACK_HARDWARE).dirty;
  assert_int_equal(reported, cpu.transitions);
  env_close(&e);
}

static void refuses(void **state) {
  (void)state;
  struct env e;
  uint64_t map[16];
  open_space(&e, false);
  uint64_t limit = (uint64_t)1 << ENV_BITS;
  assert_int_equal(s2_map_linear(&e.s, G(1), M(1), G(8), S2_RW, 0), S2_OK);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_track_start(&e.s, G(1) + 1, P(1), 0), S2_ERR_ALIGN);
  assert_int_equal(s2_track_start(&e.s, G(1), 0, 0), S2_ERR_SIZE);
  assert_int_equal(s2_track_start(&e.s, limit, P(1), 0), S2_ERR_WIDTH);
  assert_int_equal(s2_track_start(&e.s, UINT64_MAX - 4095, P(1), 0), S2_ERR_OVERFLOW);
  assert_int_equal(s2_track_start(&e.s, G(1), P(1), S2_TRACK_KEEP), S2_ERR_CONFIG);
  assert_int_equal(s2_track_harvest(&e.s, G(1), P(1), NULL, 0).status, S2_ERR_NULL);
  assert_int_equal(s2_track_harvest(&e.s, G(1), P(1), map, S2_TRACK_SPLIT).status, S2_ERR_CONFIG);
  assert_int_equal(s2_track_harvest(&e.s, G(1), 5, map, 0).status, S2_ERR_ALIGN);
  assert_int_equal(s2_track_stop(&e.s, 3, P(1)), S2_ERR_ALIGN);
  assert_true(env_same(&e, &m));
  /* nothing there: nothing to log */
  assert_int_equal(s2_track_start(&e.s, G(3), M(1), 0), S2_OK);
  assert_int_equal(s2_track_harvest(&e.s, G(3), M(1), map, 0).dirty, 0);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(by_write_protection), cmocka_unit_test(by_hardware),
                                     cmocka_unit_test(block_or_pages),      cmocka_unit_test(giant),
                                     cmocka_unit_test(part_of_block),       cmocka_unit_test(by_access),
                                     cmocka_unit_test(beside_another_cpu),  cmocka_unit_test(refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
