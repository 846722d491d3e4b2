/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_flush.c - which calls invalidate what, how often, and with which instructions (INV-1..INV-4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

struct counts {
  int64_t ranges, fulls, breaks;
  uint64_t remote;
};

static struct counts counts_of(const struct env *e) {
  struct s2_report r = s2_stats_of(&e->s);
  return (struct counts){r.flush_ranges, r.flush_fulls, r.flush_breaks, e->h.remote_flushes};
}

/* since `was`: so many by range, whole, and of those in breaks; a remote one goes with each unless they broadcast */
static void expect(const struct env *e, struct counts was, int64_t ranges, int64_t fulls, int64_t breaks) {
  struct counts now = counts_of(e);
  assert_int_equal(now.ranges - was.ranges, ranges);
  assert_int_equal(now.fulls - was.fulls, fulls);
  assert_int_equal(now.breaks - was.breaks, breaks);
  assert_int_equal(now.remote - was.remote, S2_FMT_BROADCAST ? 0 : ranges + fulls);
}

/* the instruction that invalidates, among those recorded: how often, and whether it names first and last */
static uint64_t count_insn(enum s2_insn insn) {
  uint64_t n = 0;
  for (uint64_t i = 0; i < s2_trace.count && i < S2_TRACE_MAX; i++) {
    n += s2_trace.e[i].insn == insn;
  }
  return n;
}

static void check_range_insns(struct env *e, uint64_t first, uint64_t pages) {
  (void)e;
  (void)first;
  (void)pages;
#if defined(S2_FORMAT_EPT)
  assert_int_equal(count_insn(S2_INSN_INVEPT), s2_trace.count);
  assert_int_equal(s2_trace.e[0].a, 1);
  assert_int_equal(s2_trace.e[0].b, s2_root(&e->s).base);
#elif defined(S2_FORMAT_NPT)
  assert_int_equal(count_insn(S2_INSN_ASID_FLUSH), s2_trace.count);
  assert_int_equal(s2_trace.e[0].a, ENV_VMID);
#elif defined(S2_FORMAT_A64)
  assert_int_equal(count_insn(S2_INSN_IPAS2E1IS), pages);
  assert_int_equal(count_insn(S2_INSN_VMALLE1IS), 1);
  assert_int_equal(count_insn(S2_INSN_DSB_ISHST), 1);
  assert_int_equal(count_insn(S2_INSN_DSB_ISH), 2);
  assert_true(count_insn(S2_INSN_ISB) >= 1);
  uint64_t k = 0;
  for (uint64_t i = 0; i < s2_trace.count; i++) {
    if (s2_trace.e[i].insn == S2_INSN_IPAS2E1IS) {
      assert_int_equal(s2_trace.e[i].a, (first >> 12) + k);
      k++;
    }
  }
#else
  assert_int_equal(count_insn(S2_INSN_HFENCE_GVMA), pages);
  for (uint64_t i = 0; i < pages; i++) {
    assert_int_equal(s2_trace.e[i].a, (first + P(i)) >> 2);
    assert_int_equal(s2_trace.e[i].b, ENV_VMID);
  }
#endif
}

static void check_full_insns(void) {
#if defined(S2_FORMAT_A64)
  assert_int_equal(count_insn(S2_INSN_VMALLS12E1IS), 1);
  assert_int_equal(count_insn(S2_INSN_IPAS2E1IS), 0);
#elif defined(S2_FORMAT_GST)
  assert_int_equal(s2_trace.count, 1);
  assert_int_equal(s2_trace.e[0].a, UINT64_MAX);
  assert_int_equal(s2_trace.e[0].b, ENV_VMID);
#else
  assert_int_equal(s2_trace.count, 1);
#endif
}

static void one_range_per_unmap(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  assert_int_equal(s2_map_linear(&e.s, M(2), M(1), G(4), S2_RW, S2_PAGES), S2_OK);
  struct counts c = counts_of(&e);
  int32_t epoch = s2_flush_epoch(&e.s);
  s2_trace.count = 0;
  assert_int_equal(s2_unmap(&e.s, M(2) + P(3), P(5)), S2_OK);
  expect(&e, c, 1, 0, 0);
  assert_int_not_equal(s2_flush_epoch(&e.s), epoch);
  check_range_insns(&e, M(2) + P(3), 5);
  if (!S2_FMT_BROADCAST) {
    assert_int_equal(e.h.flush_first, M(2) + P(3));
    assert_int_equal(e.h.flush_last, M(2) + P(8) - 1);
  }
  /* nothing there: nothing to forget */
  c = counts_of(&e);
  assert_int_equal(s2_unmap(&e.s, M(2) + P(3), P(5)), S2_OK);
  expect(&e, c, 0, 0, 0);
  env_close(&e);
}

static void cost_decides(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  assert_int_equal(s2_map_linear(&e.s, M(2), M(2), G(4), S2_RW, S2_PAGES), S2_OK);
  /* as many steps as a range may have, all of them pages of a table that stays */
  struct counts c = counts_of(&e);
  assert_int_equal(s2_unmap(&e.s, M(2), P(S2_FLUSH_STEPS)), S2_OK);
  expect(&e, c, 1, 0, 0);
  c = counts_of(&e);
  s2_trace.count = 0;
  assert_int_equal(s2_unmap(&e.s, M(2) + P(100), P(S2_FLUSH_STEPS + 1)), S2_OK);
  expect(&e, c, 0, 1, 0);
  check_full_insns();
  /* a table goes: all of it, since walk caches hold links */
  c = counts_of(&e);
  s2_trace.count = 0;
  assert_int_equal(s2_unmap(&e.s, M(3), M(1)), S2_OK);
  expect(&e, c, 0, 1, 0);
  check_full_insns();
  if (!S2_FMT_BROADCAST) {
    assert_int_equal(e.h.flush_first, 0);
    assert_int_equal(e.h.flush_last, UINT64_MAX);
  }
  env_close(&e);
}

static void steps_are_leaf_sized(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  assert_int_equal(s2_map_linear(&e.s, M(2), M(20), G(4) + M(2), S2_RW, 0), S2_OK);
  struct counts c = counts_of(&e);
  s2_trace.count = 0;
  assert_int_equal(s2_protect(&e.s, M(2), M(10), S2_R), S2_OK);
  expect(&e, c, 1, 0, 0);
#if defined(S2_FORMAT_A64)
  assert_int_equal(count_insn(S2_INSN_IPAS2E1IS), 10);
#elif defined(S2_FORMAT_GST)
  assert_int_equal(s2_trace.count, 10);
#endif
  env_close(&e);
}

static void mapping(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  struct counts c = counts_of(&e);
  assert_int_equal(s2_map_linear(&e.s, M(2), P(4), G(4), S2_RW, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&e.s, M(4), P(4), S2_RW, S2_POPULATE), S2_OK);
  if (!S2_FMT_MAP_FLUSH) {
    expect(&e, c, 0, 0, 0);
    assert_int_equal(s2_trace.count, 0);
  } else {
    /* the first map links tables: a fence by address would not order those; the second one too, once for four pages */
    expect(&e, c, 0, 2, 0);
    c = counts_of(&e);
    assert_int_equal(s2_map_linear(&e.s, M(2) + P(8), P(4), G(4), S2_RW, 0), S2_OK); /* leaves only */
    expect(&e, c, 1, 0, 0);
  }
  c = counts_of(&e);
  assert_int_equal(s2_map_alloc(&e.s, M(8), G(4), S2_RW, 0), S2_OK); /* lazy: nothing at all */
  expect(&e, c, 0, 0, 0);
  assert_int_equal(s2_fault(&e.s, M(2), S2_R).kind, S2_FAULT_SPURIOUS);
  expect(&e, c, 0, 0, 0);
  env_close(&e);
}

static void breaks(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  assert_int_equal(s2_map_linear(&e.s, G(1), G(1), G(4), S2_RW, 0), S2_OK);
  struct counts c = counts_of(&e);
  assert_int_equal(s2_unmap(&e.s, G(1) + M(3) + P(3), P(1)), S2_OK);
  assert_int_equal(counts_of(&e).breaks - c.breaks, 2);
  assert_int_equal(s2_stats_of(&e.s).splits, 2);
  c = counts_of(&e);
  assert_int_equal(s2_pt_collapse(&e.s.pt, G(1) + M(3), 1), S2_ERR_NOT_MAPPED);
  expect(&e, c, 0, 0, 0);
  assert_int_equal(s2_map_linear(&e.s, G(1) + M(3) + P(3), P(1), G(4) + M(3) + P(3), S2_RW, 0), S2_OK);
  c = counts_of(&e);
  assert_int_equal(s2_pt_collapse(&e.s.pt, G(1) + M(3), 1), S2_OK);
  assert_int_equal(counts_of(&e).breaks - c.breaks, 1);
  c = counts_of(&e);
  assert_int_equal(s2_pt_collapse(&e.s.pt, G(1), 2), S2_OK);
  assert_int_equal(counts_of(&e).breaks - c.breaks, 1);
  env_close(&e);
}

static void refusals_are_silent(void **state) {
  (void)state;
  struct env e;
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&e, ENV_BITS, sh.nroot + sh.top - 2, 64, false);
  assert_int_equal(s2_map_linear(&e.s, G(1), G(1), G(4), S2_RW, 0), S2_OK);
  struct counts c = counts_of(&e);
  s2_trace.count = 0;
  assert_int_equal(s2_unmap(&e.s, G(1), P(1)), S2_ERR_NO_TABLES);
  assert_int_equal(s2_protect(&e.s, G(1), P(1), S2_R), S2_ERR_NO_TABLES);
  assert_int_equal(s2_map_linear(&e.s, G(1), P(1), G(4), S2_RW, 0), S2_ERR_MAPPED);
  assert_int_equal(s2_unmap(&e.s, 1, P(1)), S2_ERR_ALIGN);
  expect(&e, c, 0, 0, 0);
  assert_int_equal(s2_trace.count, 0);
  env_close(&e);
}

static void epoch_wraps(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  assert_int_equal(s2_map_linear(&e.s, M(2), P(4), G(4), S2_RW, 0), S2_OK);
  e.s.pt.flush.epoch = INT32_MAX;
  e.s.pt.flush.ranges = INT64_MAX;
  assert_int_equal(s2_unmap(&e.s, M(2), P(1)), S2_OK);
  assert_int_equal(s2_flush_epoch(&e.s), 0);
  assert_int_equal(e.s.pt.flush.ranges, INT64_MAX); /* counters stop, they do not wrap */
  int64_t n = INT64_MAX - 2;
  s2_count(&n, 2);
  assert_int_equal(n, INT64_MAX);
  s2_count(&n, 1);
  assert_int_equal(n, INT64_MAX);
  env_close(&e);
}

static void operands_are_the_root(const struct env *e, uint32_t vmid) {
  struct s2_root root = s2_root(&e->s);
  assert_int_equal(s2_tlb_root(&e->s.pt.flush.tlb), root.base);
  assert_int_equal(s2_tlb_ctrl(&e->s.pt.flush.tlb), root.ctrl);
  assert_int_equal(e->s.pt.flush.tlb.vmid, vmid);
}

/* invalidations name the space by what init kept, and by the new VMID from the moment it has one */
static void vmid_changes(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 64, 64, false);
  operands_are_the_root(&e, ENV_VMID);
  assert_int_equal(s2_map_linear(&e.s, M(2), P(4), G(4), S2_RW, 0), S2_OK);
  struct counts c = counts_of(&e);
  struct s2_root before = s2_root(&e.s);
  s2_trace.count = 0;
  assert_int_equal(s2_set_vmid(&e.s, 7), S2_OK);
  assert_int_equal(s2_trace.count, 0);
  expect(&e, c, 0, 0, 0);
  operands_are_the_root(&e, 7);
#if defined(S2_FORMAT_A64) || defined(S2_FORMAT_GST)
  assert_int_not_equal(s2_root(&e.s).base, before.base);
#else
  assert_int_equal(s2_root(&e.s).base, before.base);
#endif
  assert_int_equal(s2_unmap(&e.s, M(2), P(1)), S2_OK);
  assert_true(s2_trace.count > 0);
#if defined(S2_FORMAT_NPT)
  assert_int_equal(s2_trace.e[0].a, 7);
#elif defined(S2_FORMAT_GST)
  assert_int_equal(s2_trace.e[0].b, 7);
#else
  uint64_t named = 0;
  for (uint64_t i = 0; i < s2_trace.count; i++) {
    named += s2_trace.e[i].a == s2_root(&e.s).base || s2_trace.e[i].b == s2_root(&e.s).base;
  }
  assert_true(named > 0);
#endif
  if (!S2_FMT_BROADCAST) {
    assert_int_equal(e.h.flush_vmid, 7);
  }
  /* the last one the format has, and the first it has not */
  if (S2_FMT_VMID_MAX != UINT32_MAX) {
    assert_int_equal(s2_set_vmid(&e.s, S2_FMT_VMID_MAX), S2_OK);
    assert_int_equal(s2_set_vmid(&e.s, S2_FMT_VMID_MAX + 1u), S2_ERR_CONFIG);
    operands_are_the_root(&e, S2_FMT_VMID_MAX);
  }
  assert_int_equal(s2_pt_set_vmid(&e.s.pt, 0), S2_FMT_VMID_ZERO != 0 ? S2_OK : S2_ERR_CONFIG);
  assert_int_equal(s2_pt_set_vmid(&e.s.pt, ENV_VMID), S2_OK);
  operands_are_the_root(&e, ENV_VMID);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_range_per_unmap),
      cmocka_unit_test(cost_decides),
      cmocka_unit_test(steps_are_leaf_sized),
      cmocka_unit_test(mapping),
      cmocka_unit_test(breaks),
      cmocka_unit_test(refusals_are_silent),
      cmocka_unit_test(epoch_wraps),
      cmocka_unit_test(vmid_changes),
  };
  return cmocka_run_group_tests_name("flush " S2_FORMAT_NAME, tests, NULL, NULL);
}
