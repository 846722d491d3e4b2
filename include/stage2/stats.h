/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * stats.h - counters and the memory report (MES-1, MES-3). Counters never wrap: they stop at INT64_MAX.
 */
#ifndef STAGE2_STATS_H
#define STAGE2_STATS_H

#include "types.h"

/** Counted by the space; all start at 0. */
struct s2_stats {
  int64_t faults[6];    /* by enum s2_fault_kind                     */
  int64_t frames_taken; /* pages obtained from the host              */
  int64_t frames_given; /* pages given back                          */
  int64_t blocks_taken; /* of those obtained, allocations above 4 KiB */
  int64_t copies;       /* pages copied because others own them too  */
};

/** A snapshot with everything derived. */
struct s2_report {
  struct s2_stats space;
  int64_t splits;       /* blocks split                                              */
  int64_t flush_ranges; /* invalidations by address range                            */
  int64_t flush_fulls;  /* invalidations of the whole VMID                           */
  int64_t flush_breaks; /* of both, those inside a split or collapse                 */
  uint32_t tables;      /* in the pool                                               */
  uint32_t tables_free;
  uint32_t tables_low;      /* fewest free ever: the high-water mark is tables - this    */
  uint32_t used[S2_LEVELS]; /* used now, per level, the root included                    */
  uint32_t high[S2_LEVELS]; /* the most ever used, per level                             */
  uint32_t areas;           /* areas in the set                                          */
};

/** Mapped bytes by leaf size and what the tables for them cost (MES-3). */
struct s2_memory {
  uint64_t leaves[S2_LEVELS]; /* leaves per level                                          */
  uint64_t mapped;            /* bytes                                                     */
  uint64_t table_bytes;       /* bytes of used tables                                      */
  uint64_t bytes_per_gib;     /* table bytes per mapped GiB, rounded up; 0 if none mapped  */
};

/** s2_count() - add n >= 0 to a counter, stopping at INT64_MAX. */
/*@ requires valid: \valid(c) && 0 <= *c && 0 <= n;
    terminates \true; exits \false; assigns *c;
    ensures sum: *c == (\old(*c) + n <= INT64_MAX ? \old(*c) + n : INT64_MAX); */
static inline void s2_count(int64_t *c, int64_t n) {
  uint64_t sum = (uint64_t)*c + (uint64_t)n;
  *c = sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

struct s2_space;

/** s2_stats_of() - all counters at this moment. Cost: one step per chunk of areas in use. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_report s2_stats_of(const struct s2_space *s);

/** s2_memory_report() - visits every leaf. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_memory s2_memory_report(const struct s2_space *s);

#endif
