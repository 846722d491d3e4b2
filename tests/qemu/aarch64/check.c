/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* check.c - see check.h. */
#include "check.h"

static uint32_t passed, failed;

void check_at(bool good, uint64_t number, const char *what) {
  passed += good ? 1u : 0u;
  failed += good ? 0u : 1u;
  if (!good) {
    judge_puts("  FAIL: ");
    judge_put_dec(number);
    judge_puts(": ");
    judge_puts(what);
    judge_puts("\n");
  }
}

void check(bool good, const char *what) {
  check_at(good, 0, what);
}

void check_setup(s2_status st, const char *what) {
  if (st != S2_OK) {
    judge_puts("the test's own setup is refused: ");
    judge_puts(what);
    judge_puts("\n0 passed, 1 failed\n");
    judge_exit(2);
  }
}

void check_finish(void) {
  judge_put_dec(passed);
  judge_puts(" passed, ");
  judge_put_dec(failed);
  judge_puts(" failed\n");
  judge_exit(failed == 0 ? 0 : 1);
}
