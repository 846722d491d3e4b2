/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * judge_state.h - what the driver remembers while it judges one shape: shared by judge.c, which asks and compares, and
 * judge_ops.c, which changes the tables.
 */
#ifndef TESTS_JUDGE_STATE_H
#define TESTS_JUDGE_STATE_H

#include "judge.h"
#include "judge_host.h"
#include "stage2/cursor.h"
#include "stage2/track.h"
#include "stage2/walk.h"

enum judge_op {
  JUDGE_MAP, /* page tables alone */
  JUDGE_UNMAP,
  JUDGE_PROTECT,
  JUDGE_SPLIT,
  JUDGE_COLLAPSE,
  JUDGE_CLEAR,
  JUDGE_FORGET_AD,  /* shapes with JUDGE_AD: clear accessed and dirty of a leaf, as a dirty log does */
  JUDGE_MAP_LINEAR, /* spaces */
  JUDGE_MAP_ALLOC,
  JUDGE_SPACE_UNMAP,
  JUDGE_SPACE_PROTECT,
  JUDGE_DISCARD,
  JUDGE_FAULT_IN,
  JUDGE_TRACK, /* dirty tracking: by dirty bits where the shape has them, else by write protection */
  JUDGE_HARVEST,
  JUDGE_UNTRACK,
  JUDGE_SPACE_CLEAR,
  JUDGE_OPS
};

/** Guest addresses gpa .. gpa + size - 1. */
struct judge_range {
  uint64_t gpa, size;
};

#define JUDGE_PLACES 8u  /* neighbourhoods that operations of one table keep to, so that they meet each other */
#define JUDGE_RECENT 32u /* ranges mapped last                                                                */
#define JUDGE_CURSOR 16u /* slots of the walk cache that answers beside the walk                             */
#define JUDGE_SPLITS 16u /* blocks split last: what a collapse can join again                                  */

/** An aligned range that one block of this level may replace. */
struct judge_joint {
  uint64_t gpa;
  uint32_t level;
};

struct judge_state {
  const struct judge_plan *plan;
  const struct judge_shape *shape;
  struct s2_space space; /* of it only pt, without JUDGE_SPACE */
  struct s2_cursor cursor;
  struct s2_cursor_slot slot[JUDGE_CURSOR];
  struct judge_host host;
  uint64_t rnd;
  uint64_t limit; /* guest addresses below are operated on */
  uint64_t place[JUDGE_PLACES];
  struct judge_range recent[JUDGE_RECENT];
  struct judge_joint joint[JUDGE_SPLITS];
  uint32_t recents, joints; /* how many there ever were in this table */
  uint64_t accepted[JUDGE_OPS];
  uint64_t refused;
  uint64_t wrong_log; /* pages that a dirty log reported wrongly */
  s2_status last;     /* what the last operation answered */
};

/** An operation that is chosen and not yet done: its range can be asked about before. */
struct judge_step {
  enum judge_op op;
  struct judge_range range;
  uint64_t hpa;
  uint32_t attr;
  uint32_t arg; /* leaf_max, level or flags */
};

/** An empty table or space for the shape, with the plan's fixed range, installed. Not S2_OK: the plan is wrong. */
s2_status judge_fresh(struct judge_state *j);

/** Choose one, do it. */
struct judge_step judge_choose(struct judge_state *j);
s2_status judge_do(struct judge_state *j, const struct judge_step *step);

/** One of the ranges mapped last: a good place to find something. */
struct judge_range judge_recent(struct judge_state *j);

/** Can this operation happen with this shape? */
bool judge_op_used(const struct judge_shape *shape, enum judge_op op);
const char *judge_op_name(enum judge_op op);

/** Is hpa in a window of the plan? *ram: one that can be read. */
bool judge_in_window(const struct judge_plan *plan, uint64_t hpa, bool *ram);

static inline uint64_t judge_pick(struct judge_state *j, uint64_t n) {
  return judge_below(&j->rnd, n);
}

static inline bool judge_areas(const struct judge_state *j) {
  return (j->shape->flags & JUDGE_SPACE) != 0;
}

#endif
