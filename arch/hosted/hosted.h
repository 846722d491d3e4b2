/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hosted.h - a host for hosted builds: simulated physical memory, a frame allocator that can be told to fail, counters.
 *
 * Tests, the tool and the benchmarks pass a struct s2_hosted as ctx; arch/hosted/host.c answers every s2_host_ call from
 * it. It keeps book of every frame, so a double free, a free of something never handed out, or a leak is seen.
 */
#ifndef STAGE2_HOSTED_H
#define STAGE2_HOSTED_H

#include "stage2/host.h"
#include "stage2/types.h"

struct s2_hosted {
  uint64_t base;       /* HPA of the simulated memory, multiple of 4 KiB                                   */
  uint64_t pages;      /* its size in pages                                                                */
  uint8_t *bytes;      /* its contents, or NULL: frames have addresses but no bytes                        */
  uint8_t *state;      /* one byte per page: 0 free, 1 handed out                                          */
  uint8_t *extra;      /* owners of a page beside the first, at most 255                                   */
  uint64_t extras;     /* their sum                                                                        */
  uint64_t hint;       /* where the next search starts                                                     */
  uint64_t used;       /* pages handed out now                                                             */
  uint64_t calls;      /* frame_alloc calls that were answered or failed, blocks declined not counted      */
  int64_t fail_at;     /* the call number (from 0) that fails, and all after it; -1: none                  */
  bool decline_blocks; /* answer S2_NO_FRAME to every order above 0                                        */
  uint64_t errors;     /* double frees, foreign frees, unaligned frees: must stay 0                        */
  uint64_t zeroed;     /* pages zeroed                                                                     */
  uint64_t copied;     /* pages copied                                                                     */
  uint64_t remote_flushes;
  uint64_t flush_first, flush_last; /* of the last remote flush                                            */
  uint32_t flush_vmid;
  uint64_t cycles; /* s2_host_cycles(): counts up by one                                               */
};

/** Memory of `pages` pages at HPA base; with_bytes: frames have contents. false: no memory for it. */
bool s2_hosted_init(struct s2_hosted *h, uint64_t base, uint64_t pages, bool with_bytes);
void s2_hosted_fini(struct s2_hosted *h);

/** Storage for a space of `tables` tables and `chunks` area chunks: the arrays a struct s2_space_config wants. */
struct s2_hosted_storage {
  void *tables; /* struct s2_table[tables], page aligned */
  void *nodes;
  int32_t *stack;
  void *chunks;
  uint64_t *lo;
  int32_t *id;
  int32_t *spare;
};
bool s2_hosted_storage_init(struct s2_hosted_storage *st, uint32_t tables, uint32_t chunks);
void s2_hosted_storage_fini(struct s2_hosted_storage *st);

#endif
