/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * batch.c - many translations at once. Two passes over up to 64 addresses: the upper levels, whose tables are few and
 * cached, then the last, whose tables are many; its entry was asked for in the first pass and has arrived in the second.
 */
#include "ops.h"

#define LANES 64u

#if defined(__GNUC__) && !defined(__FRAMAC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/** The answer of a path that ends above the last level: apart, so that its shifts by a variable are no part of the lanes. */
/*@ requires l: l <= S2_MAX_LEVEL && \valid(out) && 0 <= S2_FMT_HPA_BITS <= 56;
    terminates \true; exits \false; assigns *out; */
S2_APART void settle(uint64_t gpa, uint64_t e, uint8_t l, struct s2_translation *out) {
  *out = s2_answer_of(gpa, e, l);
}

/**
 * The first pass for one address: the entry of level 0 that its path ends in, which is only asked for. A path that ends
 * above, in a block or a hole, is settled at once, and so is an address that is none of the space: NULL.
 */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && hpa == pool_hpa(&s->pt.pool);
    requires out: \valid(out);
    terminates \true; exits \false; assigns *out;
    ensures at: \result != \null ==> s->base <= gpa < s->limit && lev(&s->pt.pool, gpa) == 0 &&
                  \result == &s->pt.pool.tables[tab(&s->pt.pool, 0, gpa)].e[slot_of(gpa, 0)]; */
S2_INLINE const uint64_t *first_pass(const struct s2_space *s, uint64_t hpa, uint64_t gpa, struct s2_translation *out) {
  if (!S2_LIKELY(gpa >= (uint64_t)s->base && gpa < (uint64_t)s->limit)) {
    *out = s2_translate(s, gpa); /* refused without a walk */
    return NULL;
  }
  const struct s2_pool *p = &s->pt.pool;
  struct s2_pos at = s2_pos_above(p, hpa, gpa);
  if (!S2_LIKELY(s2_pos_links(at, 1))) {
    settle(gpa, at.e, at.l, out);
    return NULL;
  }
  const uint64_t *e = &p->tables[s2_child_of(hpa, at.e)].e[s2_slot(gpa, 0)];
  PREFETCH(e);
  return e;
}

/** s2_translate_batch() of at most LANES addresses. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && n <= LANES;
    requires mem: \valid_read(gpa + (0 .. n-1)) && \valid(out + (0 .. n-1)) && \separated(gpa + (0 .. n-1), out + (0 .. n-1));
    terminates \true; exits \false; assigns out[0 .. n-1]; */
static void translate_lanes(const struct s2_space *s, const uint64_t *gpa, struct s2_translation *out, uint32_t n) {
  uint64_t hpa = s2_pool_hpa(&s->pt.pool);
  const uint64_t *last[LANES];
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, last[0 .. LANES-1], out[0 .. n-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    last[k] = first_pass(s, hpa, gpa[k], &out[k]);
  }
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, out[0 .. n-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (S2_LIKELY(last[k] != NULL)) {
      out[k] = s2_answer_of(gpa[k], S2_ONCE_READ(*last[k]), 0);
    }
  }
}

void s2_translate_batch(const struct s2_space *s, const uint64_t *gpa, struct s2_translation *out, uint32_t n) {
  uint32_t done = 0;
  /*@ loop invariant done: 0 <= done <= n;
      loop assigns done, out[0 .. n-1];
      loop variant n - done; */
  while (done < n) {
    uint32_t some = s2_least(n - done, LANES);
    translate_lanes(s, gpa + done, out + done, some);
    done += some;
  }
}
