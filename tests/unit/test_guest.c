/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_guest.c - copies to and from guest memory: borders, partial copies, rights, lazy pages (GMA-1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

#define PAGES 64u

static uint8_t buf[P(16)];
static uint8_t back[P(16)];

static void fill_buf(uint32_t seed) {
  for (size_t i = 0; i < sizeof buf; i++) {
    buf[i] = (uint8_t)(i * 31u + i / 251u + seed);
    back[i] = 0xcc;
  }
}

/* [M(2), +4 pages) alloc RW, then [.., +4 pages) linear RW over host frames that do not follow on, then a hole */
static void open(struct env *e) {
  env_open(e, ENV_BITS, 32, PAGES, true);
  assert_int_equal(s2_map_alloc(&e->s, M(2) - P(2), P(4), S2_RW, 0), S2_OK);
  /* fault in turn, so that neighbours in the guest are not neighbours in the host */
  for (uint64_t i = 0; i < 4; i++) {
    uint64_t g = M(2) - P(2) + P(i * 3 % 4);
    assert_int_equal(s2_fault(&e->s, g, S2_R).kind, S2_FAULT_RESOLVED);
  }
  assert_int_equal(s2_map_linear(&e->s, M(2) + P(2), P(4), ENV_FRAMES + P(40), S2_RW, 0), S2_OK);
}

static void over_borders(void **state) {
  (void)state;
  struct env e;
  open(&e);
  uint64_t lo = M(2) - P(2);
  static const uint64_t sizes[] = {0, 1, 7, 8, 4095, 4096, 4097, P(3) + 5, P(8)};
  for (size_t i = 0; i < LENGTH(sizes); i++) {
    for (uint64_t at = lo; at + sizes[i] <= lo + P(8); at += 1021) {
      fill_buf((uint32_t)at);
      struct s2_copied c = s2_guest_write(&e.s, at, buf, sizes[i], 0);
      assert_int_equal(c.status, S2_OK);
      assert_int_equal(c.done, sizes[i]);
      c = s2_guest_read(&e.s, at, back, sizes[i], 0);
      assert_int_equal(c.status, S2_OK);
      assert_int_equal(c.done, sizes[i]);
      assert_memory_equal(buf, back, sizes[i]);
      assert_true(sizes[i] == sizeof back || back[sizes[i]] == 0xcc);
    }
  }
  /* byte by byte against the translation */
  for (uint64_t o = 0; o < P(8); o += 509) {
    const uint8_t *at = s2_host_memory(&e.h, s2_translate(&e.s, lo + o).hpa, 1);
    assert_int_equal(s2_guest_read(&e.s, lo + o, back, 1, 0).done, 1);
    assert_int_equal(back[0], *at);
  }
  env_close(&e);
}

static void fills(void **state) {
  (void)state;
  struct env e;
  open(&e);
  uint64_t lo = M(2) - P(2);
  assert_int_equal(s2_guest_fill(&e.s, lo, 0x11, P(8), 0).done, P(8));
  assert_int_equal(s2_guest_fill(&e.s, lo + 100, 0x22, P(6), 0).done, P(6));
  assert_int_equal(s2_guest_read(&e.s, lo, back, P(8), 0).done, P(8));
  for (uint64_t i = 0; i < P(8); i++) {
    assert_int_equal(back[i], i >= 100 && i < P(6) + 100 ? 0x22 : 0x11);
  }
  assert_int_equal(s2_guest_fill(&e.s, lo, 0x33, 0, 0).status, S2_OK);
  env_close(&e);
}

/* the host's memory outside what is mapped keeps its contents */
static void nothing_outside(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, PAGES, true);
  assert_int_equal(s2_map_linear(&e.s, P(10), P(2), ENV_FRAMES + P(20), S2_RW, 0), S2_OK);
  memset(e.h.bytes, 0x77, P(PAGES));
  fill_buf(3);
  struct s2_copied c = s2_guest_write(&e.s, P(11), buf, P(4), 0);
  assert_int_equal(c.status, S2_ERR_NOT_MAPPED);
  assert_int_equal(c.done, P(1));
  c = s2_guest_write(&e.s, P(10) - 1, buf, P(4), 0);
  assert_int_equal(c.status, S2_ERR_NOT_MAPPED);
  assert_int_equal(c.done, 0);
  for (uint64_t i = 0; i < P(PAGES); i++) {
    if (i < P(21) || i >= P(22)) {
      assert_int_equal(e.h.bytes[i], 0x77);
    } else {
      assert_int_equal(e.h.bytes[i], buf[i - P(21)]);
    }
  }
  env_close(&e);
}

static void rights(void **state) {
  (void)state;
  struct env e;
  open(&e);
  uint64_t lo = M(2) - P(2);
  fill_buf(4);
  assert_int_equal(s2_protect(&e.s, lo + P(3), P(1), S2_R), S2_OK);
  struct s2_copied c = s2_guest_write(&e.s, lo + 10, buf, P(8) - 10, 0);
  assert_int_equal(c.status, S2_ERR_DENIED);
  assert_int_equal(c.done, P(3) - 10);
  c = s2_guest_fill(&e.s, lo + P(3), 1, 1, 0);
  assert_int_equal(c.status, S2_ERR_DENIED);
  assert_int_equal(c.done, 0);
  assert_int_equal(s2_guest_read(&e.s, lo, back, P(8), 0).status, S2_OK);
  assert_memory_equal(back + 10, buf, P(3) - 10);
  assert_int_equal(s2_guest_run(&e.s, lo, 1, S2_X, 0).status, S2_ERR_DENIED);
  /* a lazy page is denied before it is faulted in */
  assert_int_equal(s2_map_alloc(&e.s, G(1), P(2), S2_R, 0), S2_OK);
  uint64_t used = e.h.used;
  assert_int_equal(s2_guest_write(&e.s, G(1), buf, 1, S2_GUEST_FAULT).status, S2_ERR_DENIED);
  assert_int_equal(e.h.used, used);
  env_close(&e);
}

static void lazy_pages(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 32, 4, true);
  fill_buf(5);
  assert_int_equal(s2_map_alloc(&e.s, M(2), P(8), S2_RW, 0), S2_OK);
  struct s2_copied c = s2_guest_read(&e.s, M(2), back, 10, 0);
  assert_int_equal(c.status, S2_ERR_LAZY);
  assert_int_equal(c.done, 0);
  assert_int_equal(e.h.used, 0);
  c = s2_guest_write(&e.s, M(2) + 4000, buf, 200, S2_GUEST_FAULT);
  assert_int_equal(c.status, S2_OK);
  assert_int_equal(c.done, 200);
  assert_int_equal(e.h.used, 2);
  c = s2_guest_read(&e.s, M(2), back, P(3), 0);
  assert_int_equal(c.status, S2_ERR_LAZY);
  assert_int_equal(c.done, P(2));
  /* the rest of a fresh page is zero */
  for (uint32_t i = 0; i < P(2); i++) {
    assert_int_equal(back[i], i >= 4000 && i < 4200 ? buf[i - 4000] : 0);
  }
  /* frames run out in the middle: what was written stays written */
  c = s2_guest_fill(&e.s, M(2), 9, P(8), S2_GUEST_FAULT);
  assert_int_equal(c.status, S2_ERR_NO_FRAMES);
  assert_int_equal(c.done, P(4));
  assert_int_equal(s2_guest_read(&e.s, M(2), back, P(4), 0).status, S2_OK);
  for (uint32_t i = 0; i < P(4); i++) {
    assert_int_equal(back[i], 9);
  }
  env_close(&e);
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&e, ENV_BITS, sh.nroot, 4, true);
  assert_int_equal(s2_map_alloc(&e.s, M(2), P(8), S2_RW, 0), S2_OK);
  c = s2_guest_fill(&e.s, M(2), 9, P(8), S2_GUEST_FAULT);
  assert_int_equal(c.status, S2_ERR_NO_TABLES);
  assert_int_equal(c.done, 0);
  env_close(&e);
}

static void pieces(void **state) {
  (void)state;
  struct env e;
  open(&e);
  uint64_t lo = M(2) - P(2);
  uint64_t seen = 0;
  while (seen < P(8)) {
    struct s2_piece p = s2_guest_run(&e.s, lo + seen, P(8) - seen, S2_R, 0);
    assert_int_equal(p.status, S2_OK);
    assert_true(p.len > 0 && p.len <= P(8) - seen);
    assert_ptr_equal(p.at, s2_host_memory(&e.h, s2_translate(&e.s, lo + seen).hpa, p.len));
    seen += p.len;
  }
  struct s2_piece p = s2_guest_run(&e.s, M(2) + P(2), UINT64_MAX, S2_RW, 0);
  assert_int_equal(p.len, P(4));
  assert_int_equal(s2_guest_run(&e.s, lo, 3, S2_R, 0).len, 3);
  assert_int_not_equal(s2_guest_run(&e.s, lo, 0, S2_R, 0).status, S2_OK);
  assert_int_equal(s2_guest_run(&e.s, lo + P(8), 1, S2_R, 0).status, S2_ERR_NOT_MAPPED);
  env_close(&e);
}

static void wrong_arguments(void **state) {
  (void)state;
  struct env e;
  open(&e);
  uint64_t lo = M(2) - P(2);
  uint64_t limit = (uint64_t)1 << ENV_BITS;
  assert_int_equal(s2_guest_read(&e.s, lo, NULL, 1, 0).status, S2_ERR_NULL);
  assert_int_equal(s2_guest_write(&e.s, lo, NULL, 1, 0).status, S2_ERR_NULL);
  assert_int_equal(s2_guest_read(&e.s, lo, NULL, 0, 0).status, S2_OK);
  assert_int_equal(s2_guest_read(&e.s, lo, back, 1, 2).status, S2_ERR_CONFIG);
  assert_int_equal(s2_guest_write(&e.s, lo, buf, 1, UINT32_MAX).status, S2_ERR_CONFIG);
  assert_int_equal(s2_guest_fill(&e.s, lo, 1, 1, 8).status, S2_ERR_CONFIG);
  assert_int_equal(s2_guest_run(&e.s, lo, 1, 0, 0).status, S2_ERR_CONFIG);
  assert_int_equal(s2_guest_run(&e.s, lo, 1, 0x10, 0).status, S2_ERR_CONFIG);
  assert_int_equal(s2_guest_fill(&e.s, UINT64_MAX, 1, 2, 0).status, S2_ERR_OVERFLOW);
  assert_int_equal(s2_guest_read(&e.s, 1, back, UINT64_MAX, 0).status, S2_ERR_OVERFLOW);
  assert_int_equal(s2_guest_fill(&e.s, limit, 1, 1, 0).status, S2_ERR_WIDTH);
  assert_int_equal(s2_guest_fill(&e.s, limit - 1, 1, 1, 0).status, S2_ERR_NOT_MAPPED);
  /* host memory that the host cannot reach */
  assert_int_equal(s2_map_linear(&e.s, G(1), P(1), G(4), S2_RW, 0), S2_OK);
  assert_int_equal(s2_guest_fill(&e.s, G(1), 1, 1, 0).status, S2_ERR_MEMORY);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(over_borders),    cmocka_unit_test(fills),      cmocka_unit_test(nothing_outside),
      cmocka_unit_test(rights),          cmocka_unit_test(lazy_pages), cmocka_unit_test(pieces),
      cmocka_unit_test(wrong_arguments),
  };
  return cmocka_run_group_tests_name("guest " S2_FORMAT_NAME, tests, NULL, NULL);
}
