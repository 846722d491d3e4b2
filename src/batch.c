/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * batch.c - many translations at once. Two passes over up to 32 addresses: the upper levels, whose tables are few and
 * cached, then the last, whose tables are many; its entry was asked for in the first pass and has arrived in the second.
 */
#include "ops.h"

#define LANES 32u

#if defined(__GNUC__) && !defined(__FRAMAC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/** Where va's path ends, or the link of level 1 that it goes on through: s2_pos_at() without its last step. */
/*@ requires inv: Inv(p) && Dom(p, va);
    terminates \true; exits \false; assigns \nothing;
    ensures at: Used(p, \result.t) && \result.t == tab(p, \result.l, va) && \result.i == slot_of(va, \result.l) &&
                \result.e == p->tables[\result.t].e[\result.i];
    ensures end: \result.l <= 1 || pte_kind(\result.l, \result.e) != 2; */
S2_INLINE struct s2_pos above_last(const struct s2_pool *p, uint64_t va) {
  //@ ghost s2_lemma_sound(p);
  uint64_t hpa = s2_pool_hpa(p);
  struct s2_pos at;
  if (p->top == 3) {
    at = s2_pos_root(p, va, 3);
  } else if (p->top == 2) {
    at = s2_pos_root(p, va, 2);
  } else if (p->top == 4) {
    at = s2_pos_root(p, va, 4);
  } else {
    at = s2_pos_root(p, va, 1);
  }
  if (s2_pos_links(at, 4)) {
    at = s2_pos_down(p, hpa, at, va, 3);
  }
  if (s2_pos_links(at, 3)) {
    at = s2_pos_down(p, hpa, at, va, 2);
  }
  if (s2_pos_links(at, 2)) {
    at = s2_pos_down(p, hpa, at, va, 1);
  }
  return at;
}

/** The slot where a path ends. */
struct lane {
  uint32_t t;
  uint16_t i;
  uint8_t l;
};

/** The first pass for one address: where its path ends; its last entry, if it is one of level 0, is only asked for. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && s->base <= gpa < s->limit;
    terminates \true; exits \false; assigns \nothing;
    ensures at: Used(&s->pt.pool, \result.t) && \result.l == s->pt.pool.nodes[\result.t].level &&
                In(&s->pt.pool, \result.t, \result.i, gpa) && \result.i < 512 && lev(&s->pt.pool, gpa) == \result.l; */
S2_INLINE struct lane first_pass(const struct s2_space *s, uint64_t gpa) {
  const struct s2_pool *p = &s->pt.pool;
  struct s2_pos at = above_last(p, gpa);
  if (s2_pos_links(at, 1)) {
    at.t = s2_child_of(s2_pool_hpa(p), at.e);
    at.i = s2_slot(gpa, 0);
    at.l = 0;
    PREFETCH(&p->tables[at.t].e[at.i]);
  }
  struct lane r = {at.t, (uint16_t)at.i, at.l};
  return r;
}

/** The second pass: read the entry at the end of the path. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && s->base <= gpa < s->limit;
    requires at: at.t < s->pt.pool.cap && at.i < 512 && at.l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
S2_INLINE struct s2_translation second_pass(const struct s2_space *s, uint64_t gpa, struct lane at) {
  uint64_t e = s2_entry_read(&s->pt.pool, at.t, at.i);
  return at.l == 0 ? s2_answer_of(gpa, e, 0) : s2_answer_of(gpa, e, at.l);
}

/** Is gpa an address of the space? */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> s->base <= gpa < s->limit; */
S2_INLINE bool in_space(const struct s2_space *s, uint64_t gpa) {
  return gpa >= (uint64_t)s->base && gpa < (uint64_t)s->limit;
}

/** s2_translate_batch() of at most LANES addresses. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && n <= LANES;
    requires mem: \valid_read(gpa + (0 .. n-1)) && \valid(out + (0 .. n-1));
    terminates \true; exits \false; assigns out[0 .. n-1]; */
static void translate_lanes(const struct s2_space *s, const uint64_t *gpa, struct s2_translation *out, uint32_t n) {
  struct lane at[LANES];
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, at[0 .. LANES-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (in_space(s, gpa[k])) {
      at[k] = first_pass(s, gpa[k]);
    }
  }
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, out[0 .. n-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (in_space(s, gpa[k])) {
      out[k] = second_pass(s, gpa[k], at[k]);
    } else {
      out[k] = s2_translate(s, gpa[k]); /* refused without a walk */
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
