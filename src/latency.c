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

/** A value halved some number of times, so often that its three first bits are left. */
struct halved {
  int64_t top;
  uint32_t times;
};

/** One step: halved `by` times more, span being 2^by, where that leaves three bits. */
/*@ requires top: 4 <= h.top && 1 <= span <= 4294967296 && h.times <= 60 && by <= 32;
    terminates \true; exits \false; assigns \nothing;
    ensures low: 4 <= \result.top;
    ensures less: h.top >= 4 * span ==> \result.top == h.top / span && \result.times == h.times + by;
    ensures same: h.top < 4 * span ==> \result.top == h.top && \result.times == h.times; */
static inline struct halved halve(struct halved h, int64_t span, uint32_t by) {
  if (h.top >= 4 * span) {
    h.top /= span;
    h.times += by;
  }
  return h;
}

/** The bucket of v: v itself below 16, else 16 + 4 * (power of two - 4) + the two bits behind the first. */
/*@ requires v: 0 <= v;
    terminates \true; exits \false; assigns \nothing;
    ensures k: 0 <= \result < S2_LATENCY_BUCKETS; */
static uint32_t bucket_of(int64_t v) {
  if (v < EXACT) {
    return (uint32_t)v;
  }
  struct halved h = {v, 0};
  h = halve(h, INT64_C(4294967296), 32);
  //@ assert h32: 4 <= h.top && (h.times == 32 && h.top < 2147483648 || h.times == 0 && 16 <= h.top < 17179869184);
  h = halve(h, INT64_C(65536), 16);
  /*@ assert h16: 4 <= h.top && (h.times == 48 && h.top < 32768 || h.times == 32 && h.top < 262144 ||
                                 h.times == 16 && h.top < 262144 || h.times == 0 && 16 <= h.top < 262144); */
  h = halve(h, INT64_C(256), 8);
  /*@ assert h8: 4 <= h.top < 1024 && (h.times == 0 && 16 <= h.top || 8 <= h.times <= 48 || h.times == 56 && h.top < 128); */
  h = halve(h, INT64_C(16), 4);
  /*@ assert h4: 4 <= h.top < 64 && (h.times == 0 && 16 <= h.top || 4 <= h.times <= 56 || h.times == 60 && h.top < 8); */
  h = halve(h, INT64_C(4), 2);
  //@ assert h2: 4 <= h.top < 16 && 2 <= h.times <= 60 && (h.times > 58 ==> h.top < 8);
  h = halve(h, INT64_C(2), 1);
  //@ assert h1: 4 <= h.top < 8 && 2 <= h.times <= 60;
  return EXACT + (h.times - 2u) * 4u + (uint32_t)(h.top - 4);
}

/** The largest value of bucket k. */
/*@ requires k: k < S2_LATENCY_BUCKETS;
    terminates \true; exits \false; assigns \nothing;
    ensures end: 0 <= \result; */
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
  int64_t whole = n / 10000;
  int64_t rest = n % 10000;
  //@ assert parts: n == 10000 * whole + rest && 0 <= whole && 0 <= rest < 10000;
  /*@ ghost
    /@ loop invariant k: 0 <= k <= permyriad;
       loop invariant none: 0 <= whole * k && 0 <= rest * k;
       loop assigns k;
       loop variant permyriad - k;
    @/
    for (uint32_t k = 0; k < permyriad; k++) {
    }
    /@ loop invariant j: permyriad <= j <= 10000;
       loop invariant all: whole * permyriad <= whole * j && rest * permyriad <= rest * j;
       loop assigns j;
       loop variant 10000 - j;
    @/
    for (uint32_t j = permyriad; j < 10000; j++) {
    }
  */
  //@ assert most: 0 <= whole * permyriad <= whole * 10000 && 0 <= rest * permyriad <= rest * 10000;
  return whole * permyriad + (rest * permyriad + 9999) / 10000;
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
      int64_t end = end_of(k);
      return end < h->max ? end : h->max;
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
