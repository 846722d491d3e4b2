/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * batch.c - many translations at once. Two passes over up to 32 addresses: the upper levels, whose tables are few and
 * cached, then the last, whose tables are many; its entry was asked for in the first pass and has arrived in the second.
 */
#include "ops.h"

#define LANES   32u
#define SETTLED UINT32_MAX /* in place of a table: the first pass gave the answer */

#if defined(__GNUC__) && !defined(__FRAMAC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/**
 * The first pass for one address: the table of level 0 that its path ends in, whose entry is only asked for. A path that
 * ends above, in a block or a hole, is SETTLED at once, and so is an address that is none of the space.
 */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && hpa == pool_hpa(&s->pt.pool);
    requires out: \valid(out);
    terminates \true; exits \false; assigns *out;
    ensures at: \result != SETTLED ==> s->base <= gpa < s->limit && Used(&s->pt.pool, \result) &&
                  s->pt.pool.nodes[\result].level == 0 && lev(&s->pt.pool, gpa) == 0 && tab(&s->pt.pool, 0, gpa) == \result; */
S2_INLINE uint32_t first_pass(const struct s2_space *s, uint64_t hpa, uint64_t gpa, struct s2_translation *out) {
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    *out = s2_translate(s, gpa); /* refused without a walk */
    return SETTLED;
  }
  const struct s2_pool *p = &s->pt.pool;
  struct s2_pos at = s2_pos_above(p, hpa, gpa);
  if (!s2_pos_links(at, 1)) {
    *out = s2_answer_of(gpa, at.e, at.l);
    return SETTLED;
  }
  uint64_t t = s2_child_of(hpa, at.e);
  PREFETCH(&p->tables[t].e[s2_slot(gpa, 0)]);
  return (uint32_t)t;
}

/** s2_translate_batch() of at most LANES addresses. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && n <= LANES;
    requires mem: \valid_read(gpa + (0 .. n-1)) && \valid(out + (0 .. n-1)) && \separated(gpa + (0 .. n-1), out + (0 .. n-1));
    terminates \true; exits \false; assigns out[0 .. n-1]; */
static void translate_lanes(const struct s2_space *s, const uint64_t *gpa, struct s2_translation *out, uint32_t n) {
  uint64_t hpa = s2_pool_hpa(&s->pt.pool);
  uint32_t table[LANES];
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, table[0 .. LANES-1], out[0 .. n-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    table[k] = first_pass(s, hpa, gpa[k], &out[k]);
  }
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, out[0 .. n-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (table[k] != SETTLED) {
      out[k] = s2_answer_of(gpa[k], s2_entry_read(&s->pt.pool, table[k], s2_slot(gpa[k], 0)), 0);
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
