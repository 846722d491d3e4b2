/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge_mem.c - the two functions that a compiler may call for a struct: there is no libc underneath. */
#include <stddef.h>

void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);

void *memset(void *to, int byte, size_t n) {
  volatile unsigned char *p = to;
  for (size_t i = 0; i < n; i++) {
    p[i] = (unsigned char)byte;
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  volatile unsigned char *p = to;
  const unsigned char *q = from;
  for (size_t i = 0; i < n; i++) {
    p[i] = q[i];
  }
  return to;
}
