/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * ahead.h - preloading: a fault in a lazy area may bring in pages that will fault soon (OPT-3). Off unless an area was
 * made with S2_AHEAD and its faults go through s2_fault_ahead().
 *
 * Three predictors, tried in this order, each switchable:
 *   streams   up to 8 access streams at once, each with a stride; after two equal strides the next pages are brought in,
 *             a window that doubles each time the stream comes back right behind it, and halves when it does not
 *   pairs     a first-order Markov table of 64 entries over distances between faulting pages: which distance followed
 *             this one last time? Followed as a chain while every link has been seen twice
 *   around    the rest of the aligned group of 8 pages, at the first fault in it
 *
 * What it may cost is bounded. A page brought in is paid for from a credit; it is paid back when the access pattern
 * comes back behind it, which shows that it was used. The credit never exceeds `allowance`, and grows by one page in 16
 * faults, so after n faults at most allowance + n / 16 + (pages shown used) / 4 pages were brought in that were not
 * shown used. With access that follows no pattern nothing is brought in but that. A full host, a full pool or the end of
 * the area just ends a window: preloading never makes a fault fail.
 */
#ifndef STAGE2_AHEAD_H
#define STAGE2_AHEAD_H

#include "space.h"

#define S2_AHEAD_STREAMS 8
#define S2_AHEAD_PAIRS   64
#define S2_AHEAD_MOST    64 /* pages a fault may bring in, at most */
#define S2_AHEAD_GROUP   8  /* pages of a group for `around`       */

/* predictors, for s2_ahead_init() */
#define S2_AHEAD_BY_STREAM 0x1u
#define S2_AHEAD_BY_PAIR   0x2u
#define S2_AHEAD_BY_GROUP  0x4u
#define S2_AHEAD_ALL       0x7u

/** One access stream. All in pages. */
struct s2_stream {
  int64_t last;   /* page that faulted last                                      */
  int64_t next;   /* page whose fault would show that the window was used        */
  int64_t stride; /* distance of the last two faults; 0: none yet                */
  int32_t seen;   /* how often this stride came in a row                         */
  int32_t window; /* pages brought in last time, not yet shown used              */
  int32_t want;   /* pages to bring in next time                                 */
  int32_t used;   /* when: a counter that grows; the least goes first; 0: unused */
};

/** After a distance `from` between two faults came a distance `to`, `seen` times in a row. */
struct s2_pair {
  int64_t from, to;
  int32_t seen;
};

/** Counters (MES-1). issued = hits + lost + those still waited for. */
struct s2_ahead_stats {
  int64_t faults; /* faults looked at                                                              */
  int64_t issued; /* pages brought in                                                              */
  int64_t hits;   /* of those, shown used                                                          */
  int64_t lost;   /* of those, given up on: the pattern did not come back behind them              */
};

/** What the predictors know about one space or one vCPU. Filled by s2_ahead_init(), belongs to the caller. */
struct s2_ahead {
  struct s2_stream stream[S2_AHEAD_STREAMS];
  struct s2_pair pair[S2_AHEAD_PAIRS];
  int64_t last, distance;         /* page of the last fault, its distance from the one before */
  int64_t chain_next;             /* page whose fault shows that the last chain was used      */
  int64_t group_first, group_end; /* the last group brought in                             */
  int64_t want[S2_AHEAD_MOST];    /* the pages of the last prediction                         */
  int32_t nwant;
  int32_t asker;                    /* the predictor that asked for them                        */
  int32_t chain_pages, group_pages; /* brought in by pair and by group, not yet shown used */
  int32_t clock;
  int32_t most;      /* pages a fault may bring in                                          */
  int32_t credit;    /* pages that may be brought in now                                    */
  int32_t allowance; /* what credit never exceeds                                           */
  int32_t sixteenth; /* faults since credit last grew                                       */
  uint32_t by;
  struct s2_ahead_stats stats;
};

/**
 * s2_ahead_init() - predictors that know nothing yet. most: pages a fault may bring in, 1..64. allowance: pages that
 * may be brought in for nothing, 0..2^20; 0 turns preloading off. by: S2_AHEAD_BY_.
 *
 * Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG.                                                      Requirements: OPT-3
 */
/*@ requires mem: \valid(a);
    terminates \true; exits \false;
    assigns *a; */
S2_MUST_USE s2_status s2_ahead_init(struct s2_ahead *a, uint32_t most, uint32_t allowance, uint32_t by);

/**
 * s2_ahead_guess() - a fault on page `page` (a guest address / 4 KiB) was resolved: a->want[0 .. result-1] are pages
 * worth bringing in. Knows nothing of areas or tables; page < 2^52.
 *
 * Cost: O(streams + pages asked for).
 */
/*@ requires mem: \valid(a) && page < 4503599627370496;
    terminates \true; exits \false;
    assigns *a;
    ensures n: 0 <= \result <= S2_AHEAD_MOST && \result <= a->credit; */
S2_MUST_USE int32_t s2_ahead_guess(struct s2_ahead *a, uint64_t page);

/** s2_ahead_brought() - of the pages guessed last, n were brought in. s2_fault_ahead() says it itself. O(1). */
/*@ requires mem: \valid(a) && 0 <= a->nwant <= a->credit;
    terminates \true; exits \false;
    assigns a->credit, a->asker, a->chain_pages, a->group_pages, a->stream[0 .. S2_AHEAD_STREAMS-1], a->stats.issued; */
void s2_ahead_brought(struct s2_ahead *a, uint32_t n);

/**
 * s2_fault_ahead() - s2_fault(), and if it resolved a lazy page of an area with S2_AHEAD, the pages that are likely to
 * fault next. The answer is s2_fault()'s. Pages that are mapped already, outside the area, or for which there is no
 * frame or table are left out.
 *
 * Cost: as s2_fault(), and one descent and one frame per page brought in; at most one invalidation more.
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && \valid(a);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas);
    ensures there: \result.kind == S2_FAULT_RESOLVED || \result.kind == S2_FAULT_SPURIOUS ==>
                     PA(&s->pt.pool, gpa) == \result.hpa; */
S2_MUST_USE struct s2_fault_result s2_fault_ahead(struct s2_space *s, struct s2_ahead *a, uint64_t gpa,
                                                  uint32_t access);

#endif
