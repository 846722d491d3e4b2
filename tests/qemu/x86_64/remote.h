/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * remote.h - two processors: one changes the tables, the other's guest must not go on with what it knew. See remote.c.
 */
#ifndef TESTS_X86_REMOTE_H
#define TESTS_X86_REMOTE_H

#include "tests/qemu/judge/judge.h"

/** How much of what host.h and flush.h ask for is done. */
enum remote_how {
  REMOTE_REAL,     /* the other processor leaves the guest, and flushes the ASID when the epoch has changed */
  REMOTE_NO_FLUSH, /* it leaves the guest, but does not flush                                               */
  REMOTE_NO_KICK   /* s2_host_flush_remote() does nothing                                                   */
};

struct remote_result {
  uint32_t rounds; /* changes made under a running guest                                        */
  uint32_t stale;  /* after which the guest went on with the old translation                    */
  uint32_t odd;    /* after which it did neither that nor what the tables say                   */
  uint32_t kicks;  /* times the other processor was made to leave                               */
};

struct remote_result remote_run(const struct judge_plan *plan, enum remote_how how, uint32_t rounds);

/** For s2_host_flush_remote(): nothing before the first remote_run(). */
void remote_flush(void);

#endif
