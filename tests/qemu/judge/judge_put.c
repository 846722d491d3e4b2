/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge_put.c - numbers and words through judge_putc(). */
#include "judge.h"

void judge_puts(const char *s) {
  for (; *s != '\0'; s++) {
    judge_putc(*s);
  }
}

void judge_put_hex(uint64_t v) {
  judge_puts("0x");
  uint32_t digits = 1;
  while (digits < 16 && v >> (4 * digits) != 0) {
    digits++;
  }
  for (; digits > 0; digits--) {
    judge_putc("0123456789abcdef"[(v >> (4 * (digits - 1))) & 15]);
  }
}

void judge_put_dec(uint64_t v) {
  char text[21];
  uint32_t n = sizeof text - 1;
  text[n] = '\0';
  do {
    text[--n] = (char)('0' + v % 10);
    v /= 10;
  } while (v != 0);
  judge_puts(&text[n]);
}
