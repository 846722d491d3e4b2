/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * world.h - one space under test: its memory, its host, its model, and everything that must hold of it.
 *
 * Compiled once per format; the names carry the format like the library's own.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "stage2/ahead.h"
#include "stage2/cursor.h"
#include "stage2/stage2.h"
#include "stage2/track.h"

#include "host.h"
#include "model.h"

#define t_world_init    S2_NAME(t_world_init)
#define t_world_fini    S2_NAME(t_world_fini)
#define t_save          S2_NAME(t_save)
#define t_restore       S2_NAME(t_restore)
#define t_unchanged     S2_NAME(t_unchanged)
#define t_walk          S2_NAME(t_walk)
#define t_check_pool    S2_NAME(t_check_pool)
#define t_check_model   S2_NAME(t_check_model)
#define t_check_points  S2_NAME(t_check_points)
#define t_tlb_start     S2_NAME(t_tlb_start)
#define t_tlb_end       S2_NAME(t_tlb_end)
#define t_fail          S2_NAME(t_fail)
#define t_step          S2_NAME(t_step)
#define t_inject        S2_NAME(t_inject)
#define t_random_op     S2_NAME(t_random_op)
#define t_model_run     S2_NAME(t_model_run)
#define t_scenarios_run S2_NAME(t_scenarios_run)
#define t_twins_run     S2_NAME(t_twins_run)

#define T_BITS (1u << 18) /* pages of a harvest, at most */

struct t_leaf {
  uint64_t gpa, size, hpa;
  uint32_t attr; /* without accessed and dirty                                       */
  uint8_t level;
  uint8_t fresh; /* GST: invalid-to-valid not yet invalidated: 1 here, 2 elsewhere   */
};

/* What a walk of everything reachable finds. */
struct t_view {
  struct t_leaf *leaf; /* sorted by gpa */
  uint32_t n, cap;
  uint64_t *base; /* per table: where it is, M_NONE when not reachable */
  uint8_t *level;
  uint32_t tables;
  uint32_t used[S2_LEVELS];
  const char *wrong; /* what is not a tree of legal entries; NULL: nothing */
};

/* A translation, or a table, that some CPU may still hold although the tables say otherwise. */
struct t_stale {
  uint64_t gpa, size, hpa;
  int32_t table; /* -1: a leaf             */
  uint8_t level;
  uint8_t where; /* see world.c: T_HERE... */
};

struct t_tlb {
  struct t_view now, next;
  struct t_stale *stale;
  uint32_t n, cap;
  int32_t last;   /* kind of the last event, -1: none yet        */
  bool visible;   /* A64: a dsb ishst came before the tlbi       */
  uint64_t vttbr; /* A64: value last written                     */
  uint64_t events;
  const char *wrong;
};

enum t_kind {
  T_MAP_LINEAR,
  T_MAP_ALLOC,
  T_UNMAP,
  T_PROTECT,
  T_DISCARD,
  T_FAULT,
  T_CLEAR,
  T_SPLIT,
  T_COLLAPSE,
  T_TRACK,
  T_HARVEST,
  T_STOP,
  T_LIST,
  T_KINDS
};

struct t_op {
  enum t_kind kind;
  uint64_t gpa, size, hpa;
  uint32_t attr;  /* attr, rights, access or level */
  uint32_t flags; /* of the call; T_FAULT: 1 looks ahead; T_LIST: how the range is cut up */
};

struct t_saved {
  struct s2_space s;
  struct s2_ahead ahead;
  struct t_host host;
  struct model m;
  struct s2_table *tables;
  struct s2_node *nodes;
  int32_t *stack;
  struct s2_chunk *chunks;
  uint64_t *lo;
  int32_t *id, *spare;
};

struct t_result {
  uint64_t steps, failed, points, ok[T_KINDS], refused[T_KINDS], by_status[20], flushes, events, clones, copies;
};

struct t_world {
  struct s2_space s;
  struct s2_ahead ahead;
  struct s2_space_config cfg;
  struct t_host host;
  struct model m;
  struct t_saved before; /* taken at the start of each step  */
  struct t_saved keep;   /* for failure injection            */
  struct t_view view;    /* after the last step              */
  struct t_view old;     /* before it                        */
  struct t_tlb tlb;
  struct s2_cursor cursor[2]; /* live through all steps   */
  struct s2_cursor_slot slots[1 + 16];
  uint32_t stolen; /* tables hidden by injection       */
  uint32_t hidden; /* chunks hidden by injection       */
  uint64_t seed, step;
  uint64_t rnd;
  struct t_op op;
  struct t_result *res;
  bool quiet, dead;
};

/** hw of cfg, gpa_base, gpa_size, and the counts and hpa of the memory are set by the caller; the rest is made here. */
s2_status t_world_init(struct t_world *w, uint64_t frames);
void t_world_fini(struct t_world *w);
void t_save(const struct t_world *w, struct t_saved *to);
void t_restore(struct t_world *w, const struct t_saved *from);
/** NULL, or what differs from `then`. counters: invalidations and attempts must be the same too. */
const char *t_unchanged(const struct t_world *w, const struct t_saved *then, bool counters);
void t_walk(const struct t_world *w, struct t_view *v);
/** NULL, or what does not hold. t_check_pool walks into w->view, the others use it. */
const char *t_check_pool(struct t_world *w);
const char *t_check_model(struct t_world *w);
const char *t_check_points(struct t_world *w, uint32_t random);
void t_tlb_start(struct t_world *w);
const char *t_tlb_end(struct t_world *w);
void t_fail(struct t_world *w, const char *what, int64_t got, int64_t want);
/** One operation, predicted, run, compared. false: a failure was reported. */
bool t_step(struct t_world *w, const struct t_op *op);
/** The operation once for every number of free tables, frames and chunks too small for it, state restored each time. */
bool t_inject(struct t_world *w, const struct t_op *op, uint32_t max_frames);
struct t_op t_random_op(struct t_world *w);
void t_model_run(uint64_t seed, uint32_t steps, struct t_result *res);
void t_scenarios_run(struct t_result *res);
/** Two spaces over one host, clones of each other: see twin.c. */
void t_twins_run(uint64_t seed, uint32_t steps, struct t_result *res);

static inline uint64_t t_rand(struct t_world *w) {
  w->rnd ^= w->rnd << 13;
  w->rnd ^= w->rnd >> 7;
  w->rnd ^= w->rnd << 17;
  return w->rnd;
}
static inline uint64_t t_below(struct t_world *w, uint64_t n) {
  return (t_rand(w) >> 8) % n;
}
static inline uint64_t t_span(uint32_t level) {
  return (uint64_t)1 << (12 + 9 * level);
}

#endif
