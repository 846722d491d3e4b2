/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_space.c - areas, backends, faults and lookups of a space, rule by rule (SPC, BCK, ARE). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

static void linear(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 1, false);
  struct s2_space *s = &e.s;
  assert_int_equal(s2_map_linear(s, G(1), M(4), G(8), S2_RW, 0), S2_OK);
  assert_int_equal(s2_map_linear(s, G(4), M(4), G(2), S2_RX, S2_PAGES), S2_OK); /* host below guest: delta < 0 */
  struct s2_translation t = s2_translate(s, G(1) + M(1) + 77);
  assert_int_equal(t.status, S2_OK);
  assert_int_equal(t.hpa, G(8) + M(1) + 77);
  assert_int_equal(t.len, M(1) - 77);
  assert_int_equal(t.attr, S2_RW | S2_FMT_AD);
  assert_int_equal(s2_query(s, G(1)).level, 1);
  t = s2_translate(s, G(4) + P(3) + 1);
  assert_int_equal(t.hpa, G(2) + P(3) + 1);
  assert_int_equal(t.len, 4095);
  assert_int_equal(s2_query(s, G(4)).level, 0);
  struct s2_area a = s2_area_at(s, G(4) + M(2));
  assert_int_equal(a.delta, -(int64_t)G(2));
  assert_int_equal(a.backend & S2_BACK_KIND, S2_BACK_LINEAR);
  assert_int_equal(a.attr, S2_RX);
  assert_int_equal(s2_area_at(s, G(1) - 1).backend, S2_BACK_NONE);
  assert_int_equal(s2_area_at(s, G(1) + M(4)).backend, S2_BACK_NONE);
  assert_int_equal(s2_area_next(s, G(1) + M(4)).start, (int64_t)G(4));
  assert_int_equal(s2_area_next(s, G(5)).backend, S2_BACK_NONE);
  /* a neighbour that goes on with the same host addresses and rights is the same area */
  assert_int_equal(s2_map_linear(s, G(1) + M(4), M(2), G(8) + M(4), S2_RW, 0), S2_OK);
  assert_int_equal(s2_areas_count(&s->areas), 2);
  assert_int_equal(s2_area_at(s, G(1)).end, (int64_t)(G(1) + M(6)));
  assert_int_equal(s2_map_linear(s, G(1) + M(6), M(2), G(9), S2_RW, 0), S2_OK);
  assert_int_equal(s2_areas_count(&s->areas), 3);
  env_close(&e);
}

static void lazy_touches_no_table(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 12, 4, false);
  struct s2_space *s = &e.s;
  uint32_t used = env_used(&e);
  assert_int_equal(s2_map_alloc(s, G(8), G(64), S2_RWX, 0), S2_OK);
  assert_int_equal(env_used(&e), used);
  assert_int_equal(e.h.calls, 0);
  assert_int_equal(s2_trace.count, 0);
  assert_int_equal(s2_translate(s, G(9)).status, S2_ERR_NOT_MAPPED);
  struct s2_fault_result f = s2_fault(s, G(9) + 5, S2_R);
  assert_int_equal(f.kind, S2_FAULT_RESOLVED);
  assert_int_equal(f.status, S2_OK);
  assert_int_equal(s2_translate(s, G(9) + 5).hpa, f.hpa);
  assert_int_equal(e.h.used, 1);
  assert_int_equal(e.h.zeroed, 1);
  used = env_used(&e);
  /* again: spurious, and the frame stays */
  struct env_mark m = env_mark(&e);
  uint64_t calls = e.h.calls;
  struct s2_fault_result again = s2_fault(s, G(9) + 5, S2_RW);
  assert_int_equal(again.kind, S2_FAULT_SPURIOUS);
  assert_int_equal(again.status, S2_OK);
  assert_int_equal(again.hpa, f.hpa);
  assert_int_equal(e.h.calls, calls);
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_unmap(s, G(8), G(64)), S2_OK);
  assert_int_equal(e.h.used, 0);
  env_close(&e);
}

static void fault_answers(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 4, false);
  struct s2_space *s = &e.s;
  uint64_t limit = (uint64_t)1 << ENV_BITS;
  assert_int_equal(s2_map_alloc(s, G(1), P(4), S2_R, 0), S2_OK);
  assert_int_equal(s2_map_linear(s, G(2), P(4), G(2), S2_RX, 0), S2_OK);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_fault(s, G(1), 0).kind, S2_FAULT_BAD);
  assert_int_equal(s2_fault(s, G(1), S2_RIGHTS + 1).kind, S2_FAULT_BAD);
  assert_int_equal(s2_fault(s, G(1), UINT32_MAX).kind, S2_FAULT_BAD);
  assert_int_equal(s2_fault(s, G(1), S2_W).kind, S2_FAULT_DENIED);
  assert_int_equal(s2_fault(s, G(1), S2_RX).kind, S2_FAULT_DENIED);
  assert_int_equal(s2_fault(s, G(2), S2_W).kind, S2_FAULT_DENIED);
  assert_int_equal(s2_fault(s, G(2), S2_W).status, S2_ERR_DENIED);
  assert_int_equal(s2_fault(s, G(1) - 1, S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_fault(s, G(1) + P(4), S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_fault(s, G(1) + P(4), S2_R).status, S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_fault(s, limit, S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_fault(s, limit, S2_R).status, S2_ERR_WIDTH);
  assert_int_equal(s2_fault(s, UINT64_MAX, S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_fault(s, G(2) + 3, S2_RX).kind, S2_FAULT_SPURIOUS);
  assert_int_equal(s2_fault(s, G(2) + 3, S2_RX).hpa, G(2) + 3);
  e.h.fail_at = (int64_t)e.h.calls;
  assert_int_equal(s2_fault(s, G(1), S2_R).kind, S2_FAULT_NO_MEMORY);
  assert_int_equal(s2_fault(s, G(1), S2_R).status, S2_ERR_NO_FRAMES);
  assert_true(env_same(&e, &m));
  e.h.fail_at = -1;
  assert_int_equal(s2_fault(s, G(1), S2_R).kind, S2_FAULT_RESOLVED);
  struct s2_stats st = s2_stats_of(s).space;
  assert_int_equal(st.faults[S2_FAULT_BAD], 3);
  assert_int_equal(st.faults[S2_FAULT_DENIED], 4);
  assert_int_equal(st.faults[S2_FAULT_NO_AREA], 6);
  assert_int_equal(st.faults[S2_FAULT_SPURIOUS], 2);
  assert_int_equal(st.faults[S2_FAULT_NO_MEMORY], 2);
  assert_int_equal(st.faults[S2_FAULT_RESOLVED], 1);
  env_close(&e);
}

/* a leaf with fewer rights than its area, as write tracking leaves it: the fault gives them back */
static void fault_gives_rights(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 4, false);
  struct s2_space *s = &e.s;
  assert_int_equal(s2_map_linear(s, M(2), M(1), G(2), S2_RW, 0), S2_OK);
  assert_int_equal(s2_pt_protect(&s->pt, M(2), M(1), S2_R), S2_OK);
  assert_int_equal(s2_fault(s, M(2) + 5, S2_R).kind, S2_FAULT_SPURIOUS);
  assert_int_equal(s2_fault(s, M(2) + 5, S2_X).kind, S2_FAULT_DENIED);
  struct s2_fault_result f = s2_fault(s, M(2) + 5, S2_W);
  assert_int_equal(f.kind, S2_FAULT_RESOLVED);
  assert_int_equal(f.hpa, G(2) + 5);
  assert_int_equal(s2_translate(s, M(2) + 5).attr & S2_RIGHTS, S2_RW);
  assert_int_equal(s2_fault(s, M(2) + 5, S2_W).kind, S2_FAULT_SPURIOUS);
  assert_int_equal(e.h.calls, 0);
  env_close(&e);
}

static void fault_without_tables(void **state) {
  (void)state;
  struct env e;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  for (uint32_t spare = 0; spare <= sh.top; spare++) {
    env_open(&e, ENV_BITS, sh.nroot + spare, 4, false);
    assert_int_equal(s2_map_alloc(&e.s, 0, G(1), S2_RW, 0), S2_OK);
    struct env_mark m = env_mark(&e);
    struct s2_fault_result f = s2_fault(&e.s, M(3), S2_W);
    if (spare < sh.top) {
      assert_int_equal(f.kind, S2_FAULT_NO_MEMORY);
      assert_int_equal(f.status, S2_ERR_NO_TABLES);
      assert_true(env_same(&e, &m));
    } else {
      assert_int_equal(f.kind, S2_FAULT_RESOLVED);
    }
    env_close(&e);
  }
}

static void blocks(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 4096, false);
  struct s2_space *s = &e.s;
  /* the area holds one whole 2 MiB block and pages on both sides */
  assert_int_equal(s2_map_alloc(s, M(2) - P(4), M(1) + P(8), S2_RW, S2_BLOCKS), S2_OK);
  assert_int_equal(s2_fault(s, M(2) + P(9), S2_W).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_query(s, M(2)).level, 1);
  assert_int_equal(e.h.used, 512);
  assert_int_equal(s2_fault(s, M(2) - 1, S2_W).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_query(s, M(2) - 1).level, 0);
  assert_int_equal(e.h.used, 513);
  assert_int_equal(s2_stats_of(s).space.blocks_taken, 1);
  assert_int_equal(s2_stats_of(s).space.frames_taken, 513);
  /* pieces of a block go home one by one, the rest keeps its frames */
  uint64_t was = s2_translate(s, M(2)).hpa;
  assert_int_equal(s2_unmap(s, M(2) + P(100), P(3)), S2_OK);
  assert_int_equal(e.h.used, 510);
  assert_int_equal(s2_translate(s, M(2)).hpa, was);
  assert_int_equal(s2_translate(s, M(2) + P(103)).hpa, was + P(103));
  /* no block over the hole: its area ends there */
  assert_int_equal(s2_discard(s, M(2) + P(103), M(1) - P(103)), S2_OK);
  assert_int_equal(s2_fault(s, M(2) + P(200), S2_R).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_query(s, M(2) + P(200)).level, 0);
  assert_int_equal(s2_unmap(s, M(1), M(4)), S2_OK);
  assert_int_equal(e.h.used, 0);
  /* a host that declines blocks: pages instead */
  e.h.decline_blocks = true;
  assert_int_equal(s2_map_alloc(s, M(2), M(1), S2_RW, S2_BLOCKS | S2_POPULATE), S2_OK);
  assert_int_equal(s2_query(s, M(2)).level, 0);
  assert_int_equal(e.h.used, 512);
  assert_int_equal(s2_stats_of(s).space.blocks_taken, 1);
  e.h.decline_blocks = false;
  assert_int_equal(s2_map_alloc(s, M(4), M(1), S2_RW, S2_BLOCKS | S2_POPULATE), S2_OK);
  assert_int_equal(s2_query(s, M(4)).level, 1);
  /* not asked for: pages */
  assert_int_equal(s2_map_alloc(s, M(6), M(1), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_query(s, M(6)).level, 0);
  env_close(&e);
}

static void populate(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 1000, true);
  struct s2_space *s = &e.s;
  memset(e.h.bytes, 0xee, P(1000));
  assert_int_equal(s2_map_alloc(s, M(2) - P(5), P(10), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(e.h.used, 10);
  for (uint64_t i = 0; i < 10; i++) {
    struct s2_translation t = s2_translate(s, M(2) - P(5) + P(i));
    assert_int_equal(t.status, S2_OK);
    const uint8_t *at = s2_host_memory(&e.h, t.hpa, 4096);
    assert_non_null(at);
    for (uint32_t k = 0; k < 4096; k++) {
      assert_int_equal(at[k], 0);
    }
  }
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_map_alloc(s, G(1), P(991), S2_RW, S2_POPULATE), S2_ERR_NO_FRAMES);
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_map_alloc(s, G(1), P(990), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_stats_of(s).space.frames_taken - s2_stats_of(s).space.frames_given, 1000);
  env_close(&e);
}

/* the frames come back when the tables run out half way, too */
static void populate_without_tables(void **state) {
  (void)state;
  struct env e;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  for (uint32_t spare = 0; spare <= sh.top + 1; spare++) {
    env_open(&e, ENV_BITS, sh.nroot + spare, 1000, false);
    struct env_mark m = env_mark(&e);
    s2_status st = s2_map_alloc(&e.s, M(2) - P(5), P(10), S2_RW, S2_POPULATE);
    if (spare <= sh.top) {
      assert_int_equal(st, S2_ERR_NO_TABLES);
      assert_true(env_same(&e, &m));
    } else {
      assert_int_equal(st, S2_OK);
    }
    env_close(&e);
  }
}

/* many ranges, one invalidation; nothing at all on refusal */
static void discard_list(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 4096, false);
  struct s2_space *s = &e.s;
  struct s2_range r[64];
  assert_int_equal(s2_map_alloc(s, M(2), M(4), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_map_linear(s, M(8), M(1), G(8), S2_RW, 0), S2_OK);
  for (uint64_t k = 0; k < 64; k++) {
    r[k].gpa = M(2) + P(20 * k);
    r[k].size = P(1 + k % 3);
  }
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_discard_list(s, NULL, 1), S2_ERR_NULL);
  assert_int_equal(s2_discard_list(s, r, 0), S2_ERR_SIZE);
  r[63].gpa = r[62].gpa + P(1); /* overlaps: 62 is three pages long */
  assert_int_equal(s2_discard_list(s, r, 64), S2_ERR_RANGE);
  r[63].gpa = M(2);
  assert_int_equal(s2_discard_list(s, r, 64), S2_ERR_RANGE);
  r[63].gpa = M(8);
  assert_int_equal(s2_discard_list(s, r, 64), S2_ERR_BACKEND);
  r[63].gpa = M(5) + 1;
  assert_int_equal(s2_discard_list(s, r, 64), S2_ERR_ALIGN);
  assert_true(env_same(&e, &m));
  r[63].gpa = M(6) - P(1);
  r[63].size = P(1);
  int64_t flushes = s->pt.flush.ranges + s->pt.flush.fulls;
  uint64_t used = e.h.used;
  uint64_t pages = 0;
  for (uint32_t k = 0; k < 64; k++) {
    pages += r[k].size / 4096;
  }
  assert_int_equal(s2_discard_list(s, r, 64), S2_OK);
  assert_int_equal(s->pt.flush.ranges + s->pt.flush.fulls - flushes, 1);
  assert_int_equal(used - e.h.used, pages);
  assert_int_equal(s->stats.frames_given, pages);
  for (uint64_t k = 0; k < 2048; k++) {
    bool in = false;
    for (uint32_t j = 0; j < 64; j++) {
      in = in || (M(2) + P(k) >= r[j].gpa && M(2) + P(k) < r[j].gpa + r[j].size);
    }
    assert_int_equal(s2_translate(s, M(2) + P(k)).status, in ? S2_ERR_NOT_MAPPED : S2_OK);
  }
  /* whole leaf tables, and the same again: nothing there, nothing to invalidate */
  struct s2_range two[2] = {{M(2), M(1)}, {M(3), M(2)}};
  assert_int_equal(s2_discard_list(s, two, 2), S2_OK);
  flushes = s->pt.flush.ranges + s->pt.flush.fulls;
  assert_int_equal(s2_discard_list(s, two, 2), S2_OK);
  assert_int_equal(s->pt.flush.ranges + s->pt.flush.fulls, flushes);
  env_close(&e);
  /* blocks: each range's cuts are paid for, or nothing happens */
  for (uint32_t less = 0; less < 2; less++) {
    struct s2_shape sh = s2_shape_of(ENV_BITS);
    env_open(&e, ENV_BITS, sh.nroot + sh.top - 1 + 2 - less, 2048, false);
    assert_int_equal(s2_map_alloc(s, M(2), M(2), S2_RW, S2_POPULATE | S2_BLOCKS), S2_OK);
    struct s2_range cut[2] = {{M(2) + P(5), P(1)}, {M(3) + P(7), P(2)}};
    m = env_mark(&e);
    assert_int_equal(s2_discard_list(s, cut, 2), less == 0 ? S2_OK : S2_ERR_NO_TABLES);
    assert_true(less == 0 || env_same(&e, &m));
    assert_int_equal(s2_translate(s, M(3) + P(8)).status, less == 0 ? S2_ERR_NOT_MAPPED : S2_OK);
    assert_int_equal(s2_translate(s, M(3) + P(9)).status, S2_OK);
    env_close(&e);
  }
}

static void discard_and_refault(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 600, true);
  struct s2_space *s = &e.s;
  assert_int_equal(s2_map_alloc(s, M(2), P(16), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_guest_fill(s, M(2), 0x5a, P(16), 0).status, S2_OK);
  assert_int_equal(s2_discard(s, M(2) + P(4), P(4)), S2_OK);
  assert_int_equal(e.h.used, 12);
  assert_int_equal(s2_areas_count(&s->areas), 1);
  assert_int_equal(s2_translate(s, M(2) + P(4)).status, S2_ERR_NOT_MAPPED);
  uint8_t b = 1;
  assert_int_equal(s2_guest_read(s, M(2) + P(4), &b, 1, 0).status, S2_ERR_LAZY);
  assert_int_equal(s2_fault(s, M(2) + P(4), S2_W).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_guest_read(s, M(2) + P(4), &b, 1, 0).status, S2_OK);
  assert_int_equal(b, 0);
  assert_int_equal(s2_guest_read(s, M(2) + P(3), &b, 1, 0).status, S2_OK);
  assert_int_equal(b, 0x5a);
  assert_int_equal(s2_map_linear(s, M(4), P(1), G(8), S2_RW, 0), S2_OK);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_discard(s, M(2), M(3)), S2_ERR_BACKEND);
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_discard(s, G(2), G(1)), S2_OK); /* a hole */
  env_close(&e);
}

/* left, right, middle and several areas at once, with holes */
static void unmap_areas(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 600, false);
  struct s2_space *s = &e.s;
  for (uint64_t i = 0; i < 4; i++) {
    assert_int_equal(s2_map_linear(s, M(2) + P(20 * i), P(10), G(4) + P(100 * i), S2_RW, 0), S2_OK);
  }
  assert_int_equal(s2_unmap(s, M(2), P(2)), S2_OK);         /* left end  */
  assert_int_equal(s2_unmap(s, M(2) + P(28), P(5)), S2_OK); /* right end, into the hole */
  assert_int_equal(s2_unmap(s, M(2) + P(44), P(1)), S2_OK); /* the middle: one becomes two */
  assert_int_equal(s2_areas_count(&s->areas), 5);
  assert_int_equal(s2_area_at(s, M(2) + P(2)).start, (int64_t)(M(2) + P(2)));
  assert_int_equal(s2_area_at(s, M(2) + P(20)).end, (int64_t)(M(2) + P(28)));
  assert_int_equal(s2_translate(s, M(2) + P(45)).hpa, G(4) + P(205));
  assert_int_equal(s2_translate(s, M(2) + P(44)).status, S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_unmap(s, M(2) + P(5), P(58)), S2_OK); /* several */
  assert_int_equal(s2_areas_count(&s->areas), 2);
  assert_int_equal(s2_translate(s, M(2) + P(4)).hpa, G(4) + P(4));
  assert_int_equal(s2_translate(s, M(2) + P(63)).hpa, G(4) + P(303));
  assert_int_equal(s2_unmap(s, 0, G(1)), S2_OK);
  assert_int_equal(s2_areas_count(&s->areas), 0);
  assert_int_equal(env_used(&e), s->pt.pool.nroot);
  env_close(&e);
}

static void protect(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 600, false);
  struct s2_space *s = &e.s;
  assert_int_equal(s2_map_linear(s, 0, G(1), G(4), S2_RWX, 0), S2_OK);
  assert_int_equal(s2_map_alloc(s, G(1), P(10), S2_RW, 0), S2_OK);
  assert_int_equal(s2_protect(s, G(1) - P(4), P(8), S2_R), S2_OK);
  assert_int_equal(s2_areas_count(&s->areas), 4);
  assert_int_equal(s2_area_at(s, G(1) - P(4)).attr, S2_R);
  assert_int_equal(s2_area_at(s, G(1)).attr, S2_R);
  assert_int_equal(s2_area_at(s, G(1) + P(4)).attr, S2_RW);
  assert_int_equal(s2_translate(s, G(1) - P(4)).attr & S2_RIGHTS, S2_R);
  assert_int_equal(s2_translate(s, G(1) - P(5)).attr & S2_RIGHTS, S2_RWX);
  /* a lazy page that comes later has its area's rights */
  assert_int_equal(s2_fault(s, G(1), S2_W).kind, S2_FAULT_DENIED);
  assert_int_equal(s2_fault(s, G(1), S2_R).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_translate(s, G(1)).attr & S2_RIGHTS, S2_R);
  /* and back: the pieces are one again */
  assert_int_equal(s2_protect(s, G(1) - P(4), P(4), S2_RWX), S2_OK);
  assert_int_equal(s2_protect(s, G(1), P(4), S2_RW), S2_OK);
  assert_int_equal(s2_areas_count(&s->areas), 2);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_protect(s, G(1), P(11), S2_R), S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_protect(s, G(3), P(1), S2_R), S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_protect(s, 0, P(1), S2_W), S2_ERR_ATTR);
  assert_int_equal(s2_protect(s, 0, P(1), S2_R | S2_NC), S2_ERR_ATTR);
  assert_int_equal(s2_protect(s, 0, P(1) + 1, S2_R), S2_ERR_ALIGN);
  assert_true(env_same(&e, &m));
  env_close(&e);
}

/* the space's own range, and what lies beside it */
static void range(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 40, 2);
  assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 10, false));
  e.cfg.gpa_base = G(1) + P(3);
  e.cfg.gpa_size = M(10);
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  struct s2_space *s = &e.s;
  uint64_t lo = e.cfg.gpa_base;
  uint64_t hi = lo + e.cfg.gpa_size;
  assert_int_equal(s2_map_linear(s, lo - P(1), P(2), G(4), S2_RW, 0), S2_ERR_RANGE);
  assert_int_equal(s2_map_linear(s, hi - P(1), P(2), G(4), S2_RW, 0), S2_ERR_RANGE);
  assert_int_equal(s2_map_alloc(s, hi, P(1), S2_RW, 0), S2_ERR_RANGE);
  assert_int_equal(s2_unmap(s, 0, P(1)), S2_ERR_RANGE);
  assert_int_equal(s2_protect(s, hi, P(1), S2_R), S2_ERR_RANGE);
  assert_int_equal(s2_discard(s, lo - P(1), P(1)), S2_ERR_RANGE);
  assert_int_equal(s2_translate(s, lo - 1).status, S2_ERR_RANGE);
  assert_int_equal(s2_query(s, hi).status, S2_ERR_RANGE);
  assert_int_equal(s2_translate_run(s, hi, 5, 0).status, S2_ERR_RANGE);
  assert_int_equal(s2_translate(s, (uint64_t)1 << ENV_BITS).status, S2_ERR_WIDTH);
  assert_int_equal(s2_fault(s, hi, S2_R).kind, S2_FAULT_NO_AREA);
  assert_int_equal(s2_fault(s, hi, S2_R).status, S2_ERR_RANGE);
  assert_true(s2_contains(s, lo, e.cfg.gpa_size));
  assert_true(s2_contains(s, lo + 7, 1));
  assert_false(s2_contains(s, lo, 0));
  assert_false(s2_contains(s, lo - 1, 2));
  assert_false(s2_contains(s, lo, e.cfg.gpa_size + 1));
  assert_false(s2_contains(s, hi, 1));
  assert_false(s2_contains(s, lo, UINT64_MAX));
  assert_false(s2_contains(s, UINT64_MAX, 2));
  assert_int_equal(s2_map_linear(s, lo, e.cfg.gpa_size, G(4), S2_RW, 0), S2_OK);
  assert_int_equal(s2_translate(s, hi - 1).hpa, G(4) + M(10) - 1);
  s2_clear(s);
  assert_int_equal(s2_translate(s, lo).status, S2_ERR_NOT_MAPPED);
  env_close(&e);
}

static void runs(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 600, false);
  struct s2_space *s = &e.s;
  assert_int_equal(s2_map_linear(s, M(2) - P(3), M(1) + P(5), G(4) + M(2) - P(3), S2_RW, 0), S2_OK);
  uint64_t end = M(3) + P(2);
  /* over leaves of several sizes, to the end of the area */
  assert_int_equal(s2_translate_run(s, M(2) - P(3) + 1, UINT64_MAX, S2_R).len, M(1) + P(5) - 1);
  assert_int_equal(s2_translate_run(s, M(2) + 5, UINT64_MAX, S2_RW).len, end - M(2) - 5);
  assert_int_equal(s2_translate_run(s, M(2) - 1, 2, 0).len, 2);
  assert_int_equal(s2_translate_run(s, M(2) - 1, 1, 0).len, 1);
  assert_int_equal(s2_translate_run(s, M(2), 0, 0).status, S2_ERR_SIZE);
  assert_int_equal(s2_translate_run(s, M(2), 1, S2_X).status, S2_ERR_DENIED);
  assert_int_equal(s2_translate_run(s, end, 1, S2_X).status, S2_ERR_NOT_MAPPED);
  /* it ends where rights end */
  assert_int_equal(s2_protect(s, M(2) + P(8), P(1), S2_R), S2_OK);
  assert_int_equal(s2_translate_run(s, M(2), UINT64_MAX, S2_W).len, P(8));
  /* and at the area, though the next one goes on at the same host address */
  assert_true(s2_translate_run(s, M(2), UINT64_MAX, S2_R).len <= P(9));
  assert_int_equal(s2_translate_run(s, M(2) + P(8), UINT64_MAX, S2_R).len, P(1));
  /* alloc: as far as the frames happen to follow each other */
  assert_int_equal(s2_map_alloc(s, G(1), P(4), S2_RW, 0), S2_OK);
  assert_int_equal(s2_fault(s, G(1), S2_R).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_fault(s, G(1) + P(1), S2_R).kind, S2_FAULT_RESOLVED);
  assert_int_equal(s2_fault(s, G(1) + P(3), S2_R).kind, S2_FAULT_RESOLVED);
  uint64_t want = s2_translate(s, G(1) + P(1)).hpa == s2_translate(s, G(1)).hpa + P(1) ? P(2) : P(1);
  assert_int_equal(s2_translate_run(s, G(1), UINT64_MAX, S2_RW).len, want);
  env_close(&e);
}

static void find_free(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 40, 600, false);
  struct s2_space *s = &e.s;
  uint64_t limit = (uint64_t)1 << ENV_BITS;
  assert_int_equal(s2_map_alloc(s, 0, G(1), S2_RW, 0), S2_OK);
  assert_int_equal(s2_map_alloc(s, G(1) + P(3), G(1), S2_RW, 0), S2_OK);
  struct s2_place p = s2_find_free(s, 0, P(3), 0, limit, P(1));
  assert_int_equal(p.status, S2_OK);
  assert_int_equal(p.gpa, G(1));
  assert_int_equal(s2_find_free(s, 0, P(4), 0, limit, P(1)).gpa, G(2) + P(3));
  assert_int_equal(s2_find_free(s, 0, P(4), 0, limit, M(1)).gpa, G(2) + M(1));
  assert_int_equal(s2_find_free(s, G(8), P(1), 0, limit, P(1)).gpa, G(8));
  assert_int_equal(s2_find_free(s, limit - P(1), P(2), 0, limit, P(1)).gpa, G(1)); /* none above the hint */
  assert_int_equal(s2_find_free(s, 0, P(4), 0, G(2), P(1)).status, S2_ERR_NO_AREAS);
  assert_int_equal(s2_find_free(s, 0, 0, 0, limit, P(1)).status, S2_ERR_SIZE);
  assert_int_equal(s2_find_free(s, 0, P(1), 0, limit, P(3)).status, S2_ERR_ALIGN);
  assert_int_equal(s2_find_free(s, 0, P(1), 0, limit, 0).status, S2_ERR_ALIGN);
  assert_int_equal(s2_find_free(s, 0, P(1), 0, limit, 2048).status, S2_ERR_ALIGN);
  assert_int_equal(s2_find_free(s, 0, P(1), P(2), P(1), P(1)).status, S2_ERR_RANGE);
  assert_int_equal(s2_find_free(s, 0, limit, 0, limit, P(1)).status, S2_ERR_NO_AREAS);
  assert_int_equal(s2_find_free(s, 0, UINT64_MAX / 4096 * 4096, 0, limit, P(1)).status, S2_ERR_NO_AREAS);
  env_close(&e);
}

static void clear_and_fini(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 60, 4096, false);
  struct s2_space *s = &e.s;
  for (uint32_t round = 0; round < 3; round++) {
    assert_int_equal(s2_map_linear(s, 0, G(1) + P(7), G(4), S2_RW, 0), S2_OK);
    assert_int_equal(s2_map_alloc(s, G(2) - P(9), M(2), S2_RW, S2_POPULATE | S2_BLOCKS), S2_OK);
    assert_int_equal(s2_map_alloc(s, G(3), P(500), S2_RX, S2_POPULATE), S2_OK);
    assert_int_equal(s2_map_alloc(s, G(4), G(4), S2_RX, 0), S2_OK);
    s2_trace.count = 0;
    s2_clear(s);
    assert_true(s2_trace.count > 0);
    assert_int_equal(e.h.used, 0);
    assert_int_equal(s2_areas_count(&s->areas), 0);
    assert_int_equal(env_used(&e), s->pt.pool.nroot);
    assert_int_equal(s2_pt_next(&s->pt, 0).status, S2_ERR_NOT_MAPPED);
  }
  assert_int_equal(s2_map_alloc(s, G(3), P(500), S2_RX, S2_POPULATE), S2_OK);
  env_close(&e);
}

static void chunks_run_out(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 600, 2);
  assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 64, false));
  e.cfg.areas.count = 1;
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  struct s2_space *s = &e.s;
  uint64_t n = 0;
  s2_status st = S2_OK;
  struct env_mark m;
  do {
    m = env_mark(&e);
    st = s2_map_alloc(s, P(4 * n), P(3), S2_RW, 0);
    n += st == S2_OK ? 1 : 0;
  } while (st == S2_OK && n < 100);
  assert_int_equal(st, S2_ERR_NO_AREAS);
  assert_true(n >= 16 && n <= 64);
  assert_true(env_same(&e, &m));
  m = env_mark(&e);
  assert_int_equal(s2_map_linear(s, G(1), P(1), G(4), S2_RW, 0), S2_ERR_NO_AREAS);
  assert_int_equal(s2_map_alloc(s, G(1), P(10), S2_RW, S2_POPULATE), S2_ERR_NO_AREAS);
  assert_int_equal(s2_unmap(s, P(1), P(1)), S2_ERR_NO_AREAS);
  assert_int_equal(s2_protect(s, P(1), P(1), S2_R), S2_ERR_NO_AREAS);
  assert_true(env_same(&e, &m));
  assert_int_equal(s2_unmap(s, 0, P(1)), S2_OK); /* shrinking needs nothing */
  env_close(&e);
}

/* an area that touches the first one of the next chunk is part of it, also when its own chunk is full */
static void merges_past_a_full_chunk(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 32, 2);
  assert_true(s2_hosted_init(&e.h, ENV_FRAMES, 64, false));
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  struct s2_space *s = &e.s;
  for (uint64_t i = 0; i < 65; i++) {
    assert_int_equal(s2_map_alloc(s, P(10 + 4 * i), P(2), S2_RW, 0), S2_OK);
  }
  assert_int_equal(s2_map_alloc(s, 0, P(1), S2_RW, 0), S2_OK);
  for (uint64_t i = 1; i < 65; i++) {
    struct env_mark m = env_mark(&e);
    assert_int_equal(s2_map_alloc(s, P(9 + 4 * i), P(1), S2_RW, 0), S2_OK);
    assert_int_equal(s2_areas_count(&s->areas), 66);
    assert_int_equal(s2_area_at(s, P(9 + 4 * i)).end, (int64_t)P(12 + 4 * i));
    assert_int_equal(s2_unmap(s, P(9 + 4 * i), P(1)), S2_OK);
    assert_true(env_same(&e, &m));
  }
  env_close(&e);
}

static void init_refusals(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 16, 2);
  struct s2_space_config c = e.cfg;
  assert_int_equal(s2_init(NULL, &c), S2_ERR_NULL);
  assert_int_equal(s2_init(&e.s, NULL), S2_ERR_NULL);
  c = e.cfg;
  c.gpa_base = 1;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_ALIGN);
  c = e.cfg;
  c.gpa_size = 1;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_ALIGN);
  c = e.cfg;
  c.gpa_base = UINT64_MAX - 4095;
  c.gpa_size = P(2);
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_OVERFLOW);
  c = e.cfg;
  c.gpa_base = (uint64_t)1 << ENV_BITS;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_WIDTH);
  c.gpa_base -= P(1);
  c.gpa_size = P(2);
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_WIDTH);
  c = e.cfg;
  c.hw.gpa_bits = 63;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_CONFIG);
  c.hw.gpa_bits = UINT32_MAX;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_CONFIG);
  c = e.cfg;
  c.areas.count = 0;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_CONFIG);
  c.areas.count = ((uint32_t)1 << 24) + 1;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_CONFIG);
  c = e.cfg;
  c.areas.chunks = NULL;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_NULL);
  c = e.cfg;
  c.areas.lo = NULL;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_NULL);
  c = e.cfg;
  c.areas.id = NULL;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_NULL);
  c = e.cfg;
  c.areas.spare = NULL;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_NULL);
  c = e.cfg;
  c.tables.nodes = NULL;
  assert_int_equal(s2_init(&e.s, &c), S2_ERR_NULL);
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  s2_hosted_storage_fini(&e.st);
}

/* a host that hands out what it must not: the frame goes back, the call refuses */
static void bad_frames(void **state) {
  (void)state;
  struct env e;
  env_config(&e, ENV_BITS, 32, 2);
  assert_true(s2_hosted_init(&e.h, ENV_POOL_HPA, 16, false)); /* its memory is that of the tables */
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  struct env_mark m = env_mark(&e);
  assert_int_equal(s2_map_alloc(&e.s, 0, P(2), S2_RW, S2_POPULATE), S2_ERR_NO_FRAMES);
  assert_true(env_same(&e, &m));
  assert_int_equal(e.h.used, 0);
  env_close(&e);
}

/* leaves of two areas that look alike: a block over both would outlive one of them */
static void collapses_inside_an_area(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 1024, false);
  assert_int_equal(s2_map_linear(&e.s, M(8), P(256), M(64), S2_RW, S2_PAGES), S2_OK);
  assert_int_equal(s2_map_linear(&e.s, M(8) + P(256), P(256), M(64) + P(256), S2_R, S2_PAGES), S2_OK);
  assert_int_equal(s2_track_start(&e.s, M(8), P(256), 0), S2_OK); /* write-protected: all 512 leaves read-only */
  assert_int_equal(s2_collapse(&e.s, M(8), 1), S2_ERR_UNIFORM);
  assert_int_equal(s2_unmap(&e.s, M(8), P(256)), S2_OK);
  assert_int_equal(s2_translate(&e.s, M(8) + P(256)).hpa, M(64) + P(256));
  assert_int_equal(s2_collapse(&e.s, M(8), 1), S2_ERR_NOT_MAPPED);
  /* one area, in two maps that have grown together */
  assert_int_equal(s2_map_linear(&e.s, M(16), P(256), M(32), S2_RW, S2_PAGES), S2_OK);
  assert_int_equal(s2_map_linear(&e.s, M(16) + P(256), P(256), M(32) + P(256), S2_RW, S2_PAGES), S2_OK);
  assert_int_equal(s2_collapse(&e.s, M(16), 1), S2_OK);
  assert_int_equal(s2_query(&e.s, M(16) + P(7)).size, M(1));
  /* alloc: only where blocks may be */
  assert_int_equal(s2_map_alloc(&e.s, M(20), M(1), S2_RW, S2_POPULATE), S2_OK);
  assert_int_equal(s2_collapse(&e.s, M(20), 1), S2_ERR_BACKEND);
  assert_int_equal(s2_map_alloc(&e.s, M(24), M(1), S2_RW, S2_POPULATE | S2_BLOCKS), S2_OK);
  assert_int_equal(s2_track_start(&e.s, M(24), M(1), S2_TRACK_SPLIT), S2_OK);
  assert_int_equal(s2_query(&e.s, M(24)).level, 0);
  assert_int_equal(s2_track_stop(&e.s, M(24), M(1)), S2_OK);
  assert_int_equal(s2_collapse(&e.s, M(24), 1), S2_OK);
  assert_int_equal(s2_query(&e.s, M(24)).level, 1);
  assert_int_equal(s2_collapse(&e.s, M(24), 0), S2_ERR_CONFIG);
  assert_int_equal(s2_collapse(&e.s, M(24), S2_MAX_LEVEL + 1), S2_ERR_CONFIG);
  assert_int_equal(s2_collapse(&e.s, M(24) + P(1), 1), S2_ERR_ALIGN);
  assert_int_equal(s2_collapse(&e.s, (uint64_t)1 << ENV_BITS, 1), S2_ERR_WIDTH);
  assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linear),
      cmocka_unit_test(lazy_touches_no_table),
      cmocka_unit_test(fault_answers),
      cmocka_unit_test(fault_gives_rights),
      cmocka_unit_test(fault_without_tables),
      cmocka_unit_test(blocks),
      cmocka_unit_test(populate),
      cmocka_unit_test(populate_without_tables),
      cmocka_unit_test(discard_and_refault),
      cmocka_unit_test(discard_list),
      cmocka_unit_test(unmap_areas),
      cmocka_unit_test(protect),
      cmocka_unit_test(range),
      cmocka_unit_test(runs),
      cmocka_unit_test(find_free),
      cmocka_unit_test(clear_and_fini),
      cmocka_unit_test(chunks_run_out),
      cmocka_unit_test(merges_past_a_full_chunk),
      cmocka_unit_test(init_refusals),
      cmocka_unit_test(bad_frames),
      cmocka_unit_test(collapses_inside_an_area),
  };
  return cmocka_run_group_tests_name("space " S2_FORMAT_NAME, tests, NULL, NULL);
}
