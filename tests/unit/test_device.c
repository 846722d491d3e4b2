/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_device.c - widths, ports, system registers and ranges: conversions at all limits (GMA-2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage2/device.h"

static void widths(void **state) {
  (void)state;
  for (uint64_t n = 0; n < 20; n++) {
    s2_access_width w = S2_WIDTH_4;
    bool good = n == 1 || n == 2 || n == 4 || n == 8;
    assert_int_equal(s2_width_of(n, &w), good ? S2_OK : S2_ERR_SIZE);
    assert_int_equal(w, good ? n : 4);
  }
  s2_access_width w = S2_WIDTH_2;
  assert_int_equal(s2_width_of(UINT64_MAX, &w), S2_ERR_SIZE);
  assert_int_equal(s2_width_of(((uint64_t)1 << 32) + 1, &w), S2_ERR_SIZE);
  assert_int_equal(w, S2_WIDTH_2);
  assert_int_equal(s2_width_mask(S2_WIDTH_1), 0xff);
  assert_int_equal(s2_width_mask(S2_WIDTH_2), 0xffff);
  assert_int_equal(s2_width_mask(S2_WIDTH_4), 0xffffffff);
  assert_int_equal(s2_width_mask(S2_WIDTH_8), UINT64_MAX);
}

static void numbers(void **state) {
  (void)state;
  s2_port p = {7};
  assert_int_equal(s2_port_of(0, &p), S2_OK);
  assert_int_equal(p.number, 0);
  assert_int_equal(s2_port_of(65535, &p), S2_OK);
  assert_int_equal(p.number, 65535);
  assert_int_equal(s2_port_of(65536, &p), S2_ERR_WIDTH);
  assert_int_equal(s2_port_of(UINT64_MAX, &p), S2_ERR_WIDTH);
  assert_int_equal(p.number, 65535);
  s2_sysreg r = {7};
  assert_int_equal(s2_sysreg_of(UINT32_MAX, &r), S2_OK);
  assert_int_equal(r.number, UINT32_MAX);
  assert_int_equal(s2_sysreg_of((uint64_t)UINT32_MAX + 1, &r), S2_ERR_WIDTH);
  assert_int_equal(r.number, UINT32_MAX);
  assert_int_equal(s2_sysreg_of(0, &r), S2_OK);
  assert_int_equal(r.number, 0);
}

static void gpa_ranges(void **state) {
  (void)state;
  struct s2_gpa_range r = {1, 2};
  assert_int_equal(s2_gpa_range_of(5, 0, &r), S2_ERR_SIZE);
  assert_int_equal(s2_gpa_range_of(2, UINT64_MAX, &r), S2_ERR_OVERFLOW);
  assert_int_equal(s2_gpa_range_of(UINT64_MAX, 2, &r), S2_ERR_OVERFLOW);
  assert_int_equal(r.first, 1);
  assert_int_equal(r.last, 2);
  assert_int_equal(s2_gpa_range_of(UINT64_MAX, 1, &r), S2_OK);
  assert_int_equal(r.last, UINT64_MAX);
  assert_int_equal(s2_gpa_range_of(1, UINT64_MAX, &r), S2_OK); /* ends with the last address there is */
  assert_int_equal(r.last, UINT64_MAX);
  assert_int_equal(s2_gpa_range_of(0x1000, 0x10, &r), S2_OK);
  assert_int_equal(r.last, 0x100f);
  static const s2_access_width all[] = {S2_WIDTH_1, S2_WIDTH_2, S2_WIDTH_4, S2_WIDTH_8};
  for (size_t i = 0; i < 4; i++) {
    uint64_t w = all[i];
    assert_true(s2_gpa_range_has(r, 0x1000, all[i]));
    assert_false(s2_gpa_range_has(r, 0xfff, all[i]));
    assert_true(s2_gpa_range_has(r, 0x1010 - w, all[i]));
    assert_false(s2_gpa_range_has(r, 0x1010 - w + 1, all[i]));
    assert_false(s2_gpa_range_has(r, UINT64_MAX, all[i]));
  }
  struct s2_gpa_range top = {UINT64_MAX - 3, UINT64_MAX};
  assert_true(s2_gpa_range_has(top, UINT64_MAX - 3, S2_WIDTH_4));
  assert_false(s2_gpa_range_has(top, UINT64_MAX - 3, S2_WIDTH_8));
  assert_false(s2_gpa_range_has(top, UINT64_MAX - 2, S2_WIDTH_4));
  assert_true(s2_gpa_range_has(top, UINT64_MAX, S2_WIDTH_1));
}

static void number_ranges(void **state) {
  (void)state;
  struct s2_port_range com = {0x3f8, 0x3ff};
  for (uint32_t n = 0; n < 65536; n++) {
    s2_port p = {(uint16_t)n};
    assert_int_equal(s2_port_range_has(com, p), n >= 0x3f8 && n <= 0x3ff);
  }
  struct s2_sysreg_range top = {0xfffffff0u, UINT32_MAX};
  assert_true(s2_sysreg_range_has(top, (s2_sysreg){UINT32_MAX}));
  assert_true(s2_sysreg_range_has(top, (s2_sysreg){0xfffffff0u}));
  assert_false(s2_sysreg_range_has(top, (s2_sysreg){0xffffffefu}));
  assert_false(s2_sysreg_range_has(top, (s2_sysreg){0}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widths),
      cmocka_unit_test(numbers),
      cmocka_unit_test(gpa_ranges),
      cmocka_unit_test(number_ranges),
  };
  return cmocka_run_group_tests_name("device " S2_FORMAT_NAME, tests, NULL, NULL);
}
