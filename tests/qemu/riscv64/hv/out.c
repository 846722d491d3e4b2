/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* out.c - text to the UART, and the end of the machine. memset and memcpy, which compilers may call. */
#include "hv.h"

void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n);

void *memset(void *to, int byte, size_t n) {
  uint8_t *p = to;
  for (size_t i = 0; i < n; i++) {
    p[i] = (uint8_t)byte;
  }
  return to;
}

void *memcpy(void *to, const void *from, size_t n) {
  uint8_t *p = to;
  const uint8_t *q = from;
  for (size_t i = 0; i < n; i++) {
    p[i] = q[i];
  }
  return to;
}

void put_char(char c) {
  volatile uint8_t *uart = (volatile uint8_t *)UART;
  while ((uart[5] & 0x20) == 0) {
  }
  uart[0] = (uint8_t)c;
}

void put(const char *text) {
  for (; *text != 0; text++) {
    if (*text == '\n') {
      put_char('\r');
    }
    put_char(*text);
  }
}

void put_dec(uint64_t n) {
  char digits[24];
  uint32_t i = sizeof digits - 1;
  digits[i] = 0;
  do {
    digits[--i] = (char)('0' + n % 10);
    n /= 10;
  } while (n != 0);
  put(digits + i);
}

void put_hex(uint64_t n) {
  put("0x");
  for (int shift = 60; shift >= 0; shift -= 4) {
    if (n >> shift != 0 || shift == 0) {
      put_char("0123456789abcdef"[n >> shift & 15]);
    }
  }
}

_Noreturn void power_off(int code) {
  *(volatile uint32_t *)TEST = code == 0 ? 0x5555u : (uint32_t)code << 16 | 0x3333u;
  for (;;) {
  }
}
