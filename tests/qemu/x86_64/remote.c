/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * remote.c - s2_host_flush_remote() and the epoch, between two processors (SVM only).
 *
 * The second processor runs a guest that makes one access again and again and never leaves by itself. Meanwhile the
 * first takes the page away, takes a right away, or puts another frame there, with the library. When the call has
 * returned, the guest must be at the new translation: a fault that names the page, or the other frame's contents.
 */
#include "remote.h"

#include "ask.h"
#include "machine.h"
#include "stage2/space.h"

#define GPA     UINT64_C(0x40601000)
#define OLD     UINT64_C(0x1111111111111111) /* contents of the frame before, */
#define NEW     UINT64_C(0x2222222222222222) /* of the one that takes its place */
#define POISON  UINT64_C(0x3333333333333333) /* and of a frame that is somebody else's now */
#define PATIENT 200000000u

enum change { UNMAP, PROTECT, REMAP, BLOCK, CHANGES };

static struct s2_pt pt;
static enum remote_how how_now;
static struct remote_result result;
static bool running;

/* shared by the two; each written by one of them */
static struct {
  uint32_t task;  /* first: number of the guest to run                          */
  uint32_t ended; /* second: number of the guest that has ended                 */
  uint32_t sent;  /* first: kicks                                               */
  uint32_t acked; /* second: kicks after which the guest was left               */
} shared;
static struct vm_state state;
static struct vm_exit left;

static uint32_t load(const uint32_t *p) {
  return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t v) {
  __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* ---- the second processor ---- */

/**
 * Run the guest until it ends. No NMI gets between looking at the epoch and the entry: the global interrupt flag is
 * off.
 */
static void run_guest(void) {
  int32_t epoch = pt.flush.epoch;
  bool due = true;
  for (;;) {
    __asm__ volatile("stgi\n\tclgi" : : : "memory");
    store(&shared.acked, load(&shared.sent));
    int32_t now = __atomic_load_n(&pt.flush.epoch, __ATOMIC_ACQUIRE);
    due = due || (now != epoch && how_now == REMOTE_REAL);
    epoch = now;
    left = vm_enter(&state, due);
    due = false;
    if (left.why != VM_KICK) {
      return;
    }
  }
}

static void second(void) {
  vm_init(ASK_CR3);
  for (;;) {
    __asm__ volatile("pause");
    store(&shared.acked, load(&shared.sent));
    uint32_t task = load(&shared.task);
    if (task != load(&shared.ended)) {
      run_guest();
      __asm__ volatile("stgi" : : : "memory");
      store(&shared.ended, task);
    }
  }
}

/* ---- the first ---- */

static bool ended(void) {
  return load(&shared.ended) == load(&shared.task);
}

/** Wait until the guest has made n more accesses, or has ended. */
static void more_accesses(uint64_t n) {
  volatile struct question *q = ask_spinning();
  uint64_t from = q->tag;
  for (uint32_t i = 0; i < PATIENT && q->tag - from < n && !ended(); i++) {
    __asm__ volatile("pause");
  }
}

static void start_guest(uint32_t access) {
  state = ask_spin(GPA, access);
  store(&shared.task, shared.task + 1);
  more_accesses(100);
}

static void stop_guest(void) {
  ask_spinning()->done = 1;
  for (uint32_t i = 0; i < PATIENT && !ended(); i++) {
    __asm__ volatile("pause");
  }
  if (!ended()) {
    machine_fail("the other processor's guest does not end", left.raw[0], state.rip);
  }
}

void remote_flush(void) {
  if (!running || how_now == REMOTE_NO_KICK) {
    return;
  }
  result.kicks++;
  store(&shared.sent, shared.sent + 1);
  machine_kick();
  while (load(&shared.acked) != shared.sent) {
    __asm__ volatile("pause");
  }
}

static s2_status map_page(const struct judge_plan *plan, enum change change) {
  uint64_t hpa = plan->window[0].hpa;
  if (change == BLOCK) {
    return s2_pt_map(&pt, GPA & ~UINT64_C(0x1fffff), 0x200000, hpa, S2_RWX, 1);
  }
  return s2_pt_map(&pt, GPA, S2_PAGE_SIZE, hpa + (GPA & 0x1ff000), S2_RWX, 0);
}

static volatile uint64_t *old_frame(const struct judge_plan *plan) {
  return machine_word(plan->window[0].hpa + (GPA & 0x1ff000));
}

static volatile uint64_t *new_frame(const struct judge_plan *plan) {
  return machine_word(plan->window[0].hpa + 0x800000);
}

static s2_status make_change(enum change change, uint64_t other) {
  s2_status st;
  switch (change) {
    case PROTECT:
      return s2_pt_protect(&pt, GPA, S2_PAGE_SIZE, S2_RX);
    case REMAP:
      st = s2_pt_unmap(&pt, GPA, S2_PAGE_SIZE);
      return st == S2_OK ? s2_pt_map(&pt, GPA, S2_PAGE_SIZE, other, S2_RWX, 0) : st;
    case UNMAP:
    case BLOCK: /* a page out of a block: the block is split first */
    case CHANGES:
    default:
      return s2_pt_unmap(&pt, GPA, S2_PAGE_SIZE);
  }
}

/** What the guest did after the change. */
static void judge_round(const struct judge_plan *plan, enum change change) {
  volatile struct question *q = ask_spinning();
  bool faulted = ended() && left.why == VM_STAGE2 && left.final && left.gpa == GPA;
  bool stale = !ended() && q->word == POISON;
  bool right = faulted && !left.present && left.access == S2_R;
  if (change == PROTECT) {
    uint64_t was = *old_frame(plan);
    more_accesses(100);
    stale = !ended() && *old_frame(plan) != was;
    right = faulted && left.present && left.access == S2_W;
  } else if (change == REMAP) {
    /* between the two calls there was a hole: the guest may have fallen into it */
    right = (faulted && !left.present) || (!ended() && q->word == NEW);
  }
  result.rounds++;
  result.stale += stale ? 1 : 0;
  result.odd += !stale && !right ? 1 : 0;
}

static void one_round(const struct judge_plan *plan, enum change change) {
  *old_frame(plan) = OLD;
  *new_frame(plan) = NEW;
  if (map_page(plan, change) != S2_OK) {
    machine_fail("no page for the other processor's guest", (uint64_t)change, 0);
  }
  start_guest(change == PROTECT ? S2_W : S2_R);
  if (ended() || make_change(change, machine_hpa(new_frame(plan))) != S2_OK) {
    machine_fail("the page under the other processor's guest", left.raw[0], left.raw[1]);
  }
  if (change != PROTECT) {
    *old_frame(plan) = POISON;
  }
  more_accesses(100);
  judge_round(plan, change);
  if (!ended()) {
    stop_guest();
  }
  s2_status st = s2_pt_unmap(&pt, GPA & ~UINT64_C(0x1fffff), 0x200000);
  if (st != S2_OK) {
    machine_fail("the page does not go", (uint64_t)change, 0);
  }
}

struct remote_result remote_run(const struct judge_plan *plan, enum remote_how how, uint32_t rounds) {
  const struct judge_shape *shape = &plan->shape[0];
  result = (struct remote_result){0, 0, 0, 0};
  how_now = how;
  if (s2_pt_init(&pt, &shape->hw, &plan->tables) != S2_OK ||
      s2_pt_map(&pt, plan->fixed.gpa, plan->fixed.size, plan->fixed.hpa, S2_RWX, 0) != S2_OK) {
    machine_fail("no table for two processors", 0, 0);
  }
  judge_install(shape, s2_pt_root(&pt));
  if (!running) {
    running = true;
    machine_start_second(second);
  }
  for (uint32_t i = 0; i < rounds; i++) {
    one_round(plan, (enum change)(i % CHANGES));
  }
  return result;
}
