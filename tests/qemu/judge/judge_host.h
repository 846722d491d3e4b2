/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * judge_host.h - the frame allocator behind alloc areas: random places in the plan's frame window, blocks of 2 MiB
 * too. A frame that comes home twice, or from elsewhere, is counted as an error.
 */
#ifndef TESTS_JUDGE_HOST_H
#define TESTS_JUDGE_HOST_H

#include "judge.h"

struct judge_host {
  struct judge_window frames;
  uint64_t rnd;
  uint64_t errors;
  uint32_t used;
  uint8_t taken[JUDGE_FRAMES];
};

/** All frames free. frames.size: at most JUDGE_FRAMES pages. */
void judge_host_init(struct judge_host *h, struct judge_window frames, uint64_t seed);

/** xorshift: the next state, never 0 for a state that is not 0. */
static inline uint64_t judge_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *state = x;
  return x * UINT64_C(0x2545f4914f6cdd1d);
}

/** 0 .. n-1. */
static inline uint64_t judge_below(uint64_t *state, uint64_t n) {
  return (judge_random(state) >> 11) % n;
}

#endif
