/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** latency.c - a histogram with buckets that grow with the value. */
#include "stage2/latency.h"
#include "stage2/host.h"
#include "stage2/stats.h"

#define EXACT 16 /* values below this have a bucket each */

void s2_latency_init(struct s2_latency *h) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= S2_LATENCY_BUCKETS;
      loop invariant zero: \forall integer j; 0 <= j < k ==> h->bucket[j] == 0;
      loop assigns k, h->bucket[0 .. S2_LATENCY_BUCKETS-1];
      loop variant S2_LATENCY_BUCKETS - k; */
  for (k = 0; k < S2_LATENCY_BUCKETS; k++) {
    h->bucket[k] = 0;
  }
  h->count = 0;
  h->sum = 0;
  h->min = INT64_MAX;
  h->max = 0;
}

/** The bucket of v: v itself below 16, else 16 + 4 * (power of two - 4) + the two bits behind the first. */
/*@ requires v: 0 <= v;
    terminates \true; exits \false; assigns \nothing;
    ensures k: 0 <= \result < S2_LATENCY_BUCKETS; */
static uint32_t bucket_of(int64_t v) {
  if (v < EXACT) {
    return (uint32_t)v;
  }
  int64_t top = v;
  uint32_t halved = 0;
  /*@ loop invariant top: 4 <= top && halved <= 61;
      loop assigns top, halved;
      loop variant top; */
  while (top >= 8) {
    top /= 2;
    halved++;
  }
  /* 4 <= top < 8, and v is at least 16, so it was halved at least twice */
  return EXACT + (halved - 2u) * 4u + (uint32_t)(top - 4);
}

/** The largest value of bucket k. */
/*@ requires k: k < S2_LATENCY_BUCKETS;
    terminates \true; exits \false; assigns \nothing; */
static int64_t end_of(uint32_t k) {
  if (k < EXACT) {
    return k;
  }
  int64_t end = 5 + (int64_t)((k - EXACT) % 4u); /* first top above those of the bucket */
  uint32_t left = (k - EXACT) / 4u + 2u;
  /*@ loop invariant end: 5 <= end;
      loop assigns end, left;
      loop variant left; */
  while (left > 0) {
    if (end > INT64_MAX / 2) {
      return INT64_MAX;
    }
    end *= 2;
    left--;
  }
  return end - 1;
}

void s2_latency_add(struct s2_latency *h, uint64_t cycles) {
  int64_t v = cycles > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)cycles;
  s2_count(&h->bucket[bucket_of(v)], 1);
  s2_count(&h->count, 1);
  s2_count(&h->sum, v);
  h->min = v < h->min ? v : h->min;
  h->max = v > h->max ? v : h->max;
}

/** n * permyriad / 10000, rounded up, without overflow. */
/*@ requires n: 0 <= n && permyriad <= 10000;
    terminates \true; exits \false; assigns \nothing;
    ensures share: 0 <= \result <= n; */
static int64_t share_of(int64_t n, uint32_t permyriad) {
  return n / 10000 * permyriad + (n % 10000 * permyriad + 9999) / 10000;
}

int64_t s2_latency_percentile(const struct s2_latency *h, uint32_t permyriad) {
  if (h->count == 0) {
    return 0;
  }
  if (permyriad >= 10000u) {
    return h->max;
  }
  int64_t want = share_of(h->count, permyriad);
  int64_t sum = 0;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= S2_LATENCY_BUCKETS && 0 <= sum;
      loop assigns k, sum;
      loop variant S2_LATENCY_BUCKETS - k; */
  for (k = 0; k < S2_LATENCY_BUCKETS; k++) {
    s2_count(&sum, h->bucket[k]);
    if (sum >= want && sum > 0) {
      return end_of(k) < h->max ? end_of(k) : h->max;
    }
  }
  return h->max;
}

int64_t s2_latency_mean(const struct s2_latency *h) {
  return h->count == 0 ? 0 : h->sum / h->count;
}

/** Time since `start`; a clock that ran backwards counts as no time. */
/*@ terminates \true; exits \false; assigns \nothing; */
static uint64_t since(void *ctx, uint64_t start) {
  uint64_t now = s2_host_cycles(ctx);
  return now < start ? 0 : now - start;
}

struct s2_translation s2_translate_timed(const struct s2_space *s, struct s2_latency *h, uint64_t gpa) {
  void *const *ctx = &s->pt.flush.ctx;
  uint64_t start = s2_host_cycles(*ctx);
  struct s2_translation r = s2_translate(s, gpa);
  s2_latency_add(h, since(*ctx, start));
  return r;
}

struct s2_fault_result s2_fault_timed(struct s2_space *s, struct s2_latency *h, uint64_t gpa, uint32_t access) {
  uint64_t start = s2_host_cycles(s->pt.flush.ctx);
  struct s2_fault_result r = s2_fault(s, gpa, access);
  s2_latency_add(h, since(s->pt.flush.ctx, start));
  return r;
}
