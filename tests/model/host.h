/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * host.h - the host of the model tests. Unlike arch/hosted it tells an observer of every event at the moment it
 * happens: invalidation instructions, remote invalidations, frames taken and given back. The observer looks at the page
 * table at that moment, as the hardware would.
 */
#ifndef TESTS_MODEL_HOST_H
#define TESTS_MODEL_HOST_H

#include "stage2/flush.h"
#include "stage2/host.h"

#define T_FRAMES     2560u
#define T_FRAME_BASE 0x2000000u

struct t_host {
  uint64_t frames;          /* frames there are, at most T_FRAMES                               */
  uint8_t state[T_FRAMES];  /* 1: handed out                                                    */
  uint8_t zeroed[T_FRAMES]; /* 1: zeroed since it was handed out                                */
  uint8_t order[T_FRAMES];  /* the order of the allocation the frame is part of                 */
  uint8_t owners[T_FRAMES]; /* how many leaves of all spaces it belongs to                      */
  uint32_t word[T_FRAMES];  /* what is in the frame: one word stands for all                    */
  uint64_t next;            /* where the search starts: frames are not handed out in order      */
  uint64_t used;
  uint64_t calls;  /* answered or failed; declined blocks are not counted              */
  int64_t fail_at; /* the call that fails, and all after it; -1 none                   */
  bool decline_blocks;
  uint64_t errors;
  uint64_t copies;
  uint64_t cycles;
};

enum t_event { T_EV_INSN, T_EV_REMOTE, T_EV_FREE };

/** The observer. kind T_EV_INSN: insn, a, b. T_EV_REMOTE: vmid, first, last. T_EV_FREE: hpa, bytes. */
extern void (*t_observer)(void *arg, enum t_event kind, uint32_t what, uint64_t a, uint64_t b);
extern void *t_observer_arg;

void t_host_init(struct t_host *h, uint64_t frames);

#endif
