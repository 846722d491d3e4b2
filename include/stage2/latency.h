/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * latency.h - how long do translations and faults take? A histogram in integers, filled through s2_host_cycles() (MES-2).
 *
 * 256 buckets: one for each value below 16, then four per power of two, so a percentile is exact below 16 and at most a
 * quarter too high above. The caller decides what to sample by calling the timed form; the plain calls read no clock.
 */
#ifndef STAGE2_LATENCY_H
#define STAGE2_LATENCY_H

#include "space.h"

#define S2_LATENCY_BUCKETS 256

/** Units of s2_host_cycles(). Belongs to the caller; s2_latency_init() before the first use. */
struct s2_latency {
  int64_t bucket[S2_LATENCY_BUCKETS];
  int64_t count;
  int64_t sum; /* stops at INT64_MAX                */
  int64_t min; /* INT64_MAX while there is no sample */
  int64_t max; /* 0 while there is no sample         */
};

#ifdef __FRAMAC__
/*@ // what holds of a histogram between any two calls
    predicate Histogram{L}(struct s2_latency *h) = 0 <= h->count && 0 <= h->sum && 0 <= h->max &&
      \forall integer k; 0 <= k < S2_LATENCY_BUCKETS ==> 0 <= h->bucket[k]; */
#endif

/*@ requires mem: \valid(h);
    terminates \true; exits \false;
    assigns *h;
    ensures inv: Histogram(h);
    ensures none: h->count == 0; */
void s2_latency_init(struct s2_latency *h);

/** s2_latency_add() - one sample. Values above INT64_MAX count as that. */
/*@ requires mem: \valid(h) && Histogram(h);
    terminates \true; exits \false;
    assigns *h;
    ensures inv: Histogram(h);
    ensures max: cycles <= INT64_MAX ==> cycles <= h->max;
    ensures one: \old(h->count) < INT64_MAX ==> h->count == \old(h->count) + 1; */
void s2_latency_add(struct s2_latency *h, uint64_t cycles);

/**
 * s2_latency_percentile() - the least upper end of a bucket such that at least permyriad / 10000 of the samples are not
 * above it: 5000 is the median, 9900 the 99th percentile, 10000 and above the largest sample. Never above max. 0
 * without samples.
 */
/*@ requires mem: \valid_read(h) && Histogram(h);
    terminates \true; exits \false; assigns \nothing;
    ensures max: 0 <= \result <= h->max; */
S2_MUST_USE int64_t s2_latency_percentile(const struct s2_latency *h, uint32_t permyriad);

/** s2_latency_mean() - rounded down; 0 without samples. */
/*@ requires mem: \valid_read(h) && Histogram(h);
    terminates \true; exits \false; assigns \nothing;
    ensures mean: 0 <= \result; */
S2_MUST_USE int64_t s2_latency_mean(const struct s2_latency *h);

/** s2_translate(), its time added to h. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && \valid(h) && Histogram(h);
    requires range: 0 <= s->base <= s->limit <= width(s->pt.gpa_bits);
    terminates \true; exits \false; assigns *h;
    ensures inv: Histogram(h); */
S2_MUST_USE struct s2_translation s2_translate_timed(const struct s2_space *s, struct s2_latency *h, uint64_t gpa);

/** s2_fault(), its time added to h. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && \valid(h);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
S2_MUST_USE struct s2_fault_result s2_fault_timed(struct s2_space *s, struct s2_latency *h, uint64_t gpa,
                                                  uint32_t access);

#endif
