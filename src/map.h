/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * map.h - planning and committing a map. Internal to src/. Inline for a range of one run, which is what a fault maps:
 * one descent, no call.
 */
#ifndef S2_MAP_H
#define S2_MAP_H

#include "tree.h"

/**
 * A range as runs of leaves, each run inside one table. The plan keeps where its last run goes, so that a range of one
 * run, the common case of a fault, is committed without a second descent.
 */
struct s2_plan {
  s2_status status;
  uint32_t tables;   /* tables the commit will take, exactly */
  uint32_t runs;     /* how many runs the range is           */
  struct s2_pos at;  /* where the path of the last run ends  */
  uint32_t n;        /* leaves in the last run               */
  uint8_t m;         /* their level                          */
};

/** Does a leaf of level m fit at gpa -> hpa with len bytes to go? */
/*@ requires m: m <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures fit: \result <==> off(gpa, m) == 0 && off(hpa, m) == 0 && gran(m) <= len; */
S2_INLINE bool s2_leaf_fits(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t m) {
  return s2_offset(gpa, m) == 0 && s2_offset(hpa, m) == 0 && s2_span(m) <= len;
}

/** The largest leaf level, at most max, for gpa -> hpa with len bytes to go. Level 0 always fits. */
/*@ requires max: max <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures m: 0 <= \result <= max; */
S2_INLINE uint8_t s2_leaf_level(uint64_t gpa, uint64_t hpa, uint64_t len, uint8_t max) {
  uint8_t m = max;
  /*@ loop invariant m: 0 <= m <= max;
      loop assigns m;
      loop variant m; */
  while (m > 0 && !s2_leaf_fits(gpa, hpa, len, m)) {
    m--;
  }
  return m;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures min: \result <= a && \result <= b && (\result == a || \result == b); */
S2_INLINE uint32_t s2_least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/** Entries of one table that the leaves from slot i on fill: to the end of the table or of the range. */
/*@ requires m: m <= S2_MAX_LEVEL && i < 512 && gran(m) <= len;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 < \result <= 512 - i && part(\result, m) <= len; */
S2_INLINE uint32_t s2_run_length(uint64_t len, uint32_t i, uint8_t m) {
  return s2_least(s2_spans_in(len, m), S2_ENTRIES - i);
}

/** Are slots [i, i + n) of t empty? */
/*@ requires wf: Wf(p) && t < p->cap && i + n <= 512;
    terminates \true; exits \false; assigns \nothing;
    ensures empty: \result <==> \forall integer k; i <= k < i + n ==> p->tables[t].e[k] == 0; */
S2_INLINE bool s2_run_empty(const struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n) {
  uint64_t all = 0;
  uint32_t k;
  /*@ loop invariant k: i <= k <= i + n;
      loop assigns k, all;
      loop variant i + n - k; */
  for (k = i; k < i + n; k++) {
    all |= s2_entry_read(p, t, k);
  }
  return all == 0;
}

/**
 * Tables that w is the first address of [gpa, ...) to need: those of levels m .. l - 1 on its path. An address inside a
 * table that an earlier address of the range already needed does not count again.
 */
/*@ requires l: m <= l <= S2_MAX_LEVEL && gpa <= w;
    terminates \true; exits \false; assigns \nothing;
    ensures n: 0 <= \result <= l - m; */
S2_INLINE uint32_t s2_new_tables(uint64_t gpa, uint64_t w, uint8_t m, uint8_t l) {
  uint32_t n = 0;
  uint8_t k;
  /*@ loop invariant k: m <= k <= l && 0 <= n <= k - m;
      loop assigns k, n;
      loop variant l - k; */
  for (k = m; k < l; k++) {
    if (w == gpa || s2_offset(w, (uint8_t)(k + 1)) == 0) {
      n++;
    }
  }
  return n;
}

/** The plan of a run at w, whose path ends at `at`, for a range that starts at gpa. */
/*@ requires inv: \valid_read(p) && Inv(p) && Dom(p, w) && m <= S2_MAX_LEVEL && gpa <= w && off(w, m) == 0;
    requires at: lev(p, w) == at.l && cur(p, w) == at.e && Used(p, at.t) && In(p, at.t, at.i, w);
    terminates \true; exits \false; assigns \nothing;
    ensures one: \result.runs == 1 && \result.n == n && \result.m == m; */
S2_INLINE struct s2_plan s2_plan_run(const struct s2_pool *p, uint64_t gpa, uint64_t w, struct s2_pos at, uint32_t n,
                                     uint8_t m) {
  bool free = at.l >= m && at.e == 0 && (at.l > m || n == 1 || s2_run_empty(p, at.t, at.i, n));
  struct s2_plan r = {free ? S2_OK : S2_ERR_MAPPED, free ? s2_new_tables(gpa, w, m, at.l) : 0, 1, at, n, m};
  return r;
}

/** s2_plan_map() for a range of any number of runs, leaves at most of level max. */
/*@ requires inv: \valid_read(p) && Inv(p) && gpa < end && Dom(p, end - 1);
    terminates \true; exits \false; assigns \nothing;
    ensures empty: \result.status == S2_OK ==> \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    ensures tables: \result.status == S2_OK ==> \result.tables == tables_for(p, gpa, end, hpa, max); */
struct s2_plan s2_plan_runs(const struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint8_t max);

/** Can [gpa, end) be mapped to hpa with leaves up to leaf_max, and how many tables will that take? Exact. */
/*@ requires inv: \valid_read(p) && Inv(p) && gpa < end && Dom(p, end - 1);
    terminates \true; exits \false; assigns \nothing;
    ensures empty: \result.status == S2_OK ==> \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    ensures tables: \result.status == S2_OK ==> \result.tables == tables_for(p, gpa, end, hpa, leaf_max); */
S2_INLINE struct s2_plan s2_plan_map(const struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa,
                                     uint32_t leaf_max) {
  uint8_t max = (uint8_t)s2_least(leaf_max, p->leaf_max);
  uint8_t m = s2_leaf_level(gpa, hpa, end - gpa, max);
  uint32_t n = s2_run_length(end - gpa, s2_slot(gpa, m), m);
  if ((uint64_t)n * s2_span(m) != end - gpa) {
    return s2_plan_runs(p, gpa, end, hpa, max);
  }
  return s2_plan_run(p, gpa, gpa, s2_pos_at(p, gpa), n, m);
}

/** S2_OK when the plan can be carried out: nothing in the way, tables enough. */
/*@ requires p: \valid_read(p);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> plan.status == S2_OK && plan.tables <= p->nfree; */
static inline s2_status s2_plan_check(const struct s2_pool *p, struct s2_plan plan) {
  if (plan.status != S2_OK) {
    return plan.status;
  }
  return plan.tables > (uint32_t)p->nfree ? S2_ERR_NO_TABLES : S2_OK;
}

/**
 * One run at w, whose path ends at `at`: the tables down to the leaf level, then its n leaves. A new leaf table is filled
 * before it is linked.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Dom(p, w) && n <= 512;
    requires at: lev(p, w) == at.l && cur(p, w) == at.e && Used(p, at.t) && In(p, at.t, at.i, w);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p); */
void s2_commit_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr);

/** Every run of [gpa, end), each found again: the runs before it have changed its path. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && gpa < end && Dom(p, end - 1);
    requires plan: \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    requires tables: p->nfree >= tables_for(p, gpa, end, hpa, max);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p); */
void s2_commit_runs(struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint8_t max);

/**
 * Carry out a plan that s2_plan_check() accepted, with the same arguments and nothing changed since. Cannot fail. attr
 * carries the format's accessed/dirty default.
 */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && gpa < end && Dom(p, end - 1);
    requires plan: \forall integer g; gpa <= g < end ==> PA(p, g) == -1;
    requires tables: p->nfree >= tables_for(p, gpa, end, hpa, leaf_max);
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p) && Free(p) && Live(p);
    ensures in: \forall integer g; gpa <= g < end ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
    ensures out: \forall integer g; Dom(p, g) ==> !(gpa <= g < end) ==>
                   PA(p, g) == \old(PA(p, g)) && AT(p, g) == \old(AT(p, g)); */
S2_INLINE void s2_commit_map(struct s2_pool *p, struct s2_plan plan, uint64_t gpa, uint64_t end, uint64_t hpa,
                             uint32_t attr, uint32_t leaf_max) {
  if (plan.runs > 1) {
    s2_commit_runs(p, gpa, end, hpa, attr, (uint8_t)s2_least(leaf_max, p->leaf_max));
  } else if (plan.n == 1 && plan.tables == 0) {
    s2_entry_write(p, plan.at.t, plan.at.i, s2_entry_leaf(plan.m, hpa, attr));
    s2_live_add(p, plan.at.t, 1);
  } else {
    s2_commit_run(p, plan.at, gpa, plan.n, plan.m, hpa, attr);
  }
}

#endif
