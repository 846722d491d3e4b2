/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * two_harts.c - see harts.h. The first hart works, the second sleeps until it is given a task, and the first sleeps
 * until the task is done: never both at once.
 *
 * DROP_remote: s2_host_flush_remote() does nothing, for the negative test.
 */
#include "harts.h"
#include "stage2/flush.h"
#include "stage2/host.h"

enum task_kind { TASK_NONE, TASK_INSTALL, TASK_FENCE, TASK_ASK };

static struct {
  enum task_kind kind; /* written last by the first hart, and TASK_NONE last by the second */
  uint64_t menvcfg, hgatp;
  uint32_t vmid;
  bool kept;
  struct judge_probe *probe;
  uint32_t probes;
} task;

static struct judge_probe copy[JUDGE_BATCH];
static uint32_t batches;

static void ask_each(struct judge_probe *probe, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    probe[i].answer = judge_ask(probe[i].gpa, probe[i].access);
  }
}

static void do_task(enum task_kind kind) {
  struct s2_tlb tlb = s2_tlb_of(task.hgatp, 0, task.vmid);
  switch (kind) {
    case TASK_INSTALL:
      machine_set_menvcfg(task.menvcfg);
      task.kept = machine_set_hgatp(task.hgatp) == task.hgatp;
      break;
    case TASK_FENCE:
      s2_arch_flush_all(&tlb);
      break;
    case TASK_ASK:
      ask_each(task.probe, task.probes);
      break;
    case TASK_NONE:
    default:
      break;
  }
}

void second_hart(void) {
  for (;;) {
    machine_sleep();
    enum task_kind kind = __atomic_load_n(&task.kind, __ATOMIC_ACQUIRE);
    if (kind != TASK_NONE) {
      do_task(kind);
      __atomic_store_n(&task.kind, TASK_NONE, __ATOMIC_RELEASE);
      machine_wake(0);
    }
  }
}

static void give(enum task_kind kind) {
  __atomic_store_n(&task.kind, kind, __ATOMIC_RELEASE);
  machine_wake(1);
  do {
    machine_sleep();
  } while (__atomic_load_n(&task.kind, __ATOMIC_ACQUIRE) != TASK_NONE);
}

/* the interrupt that ends the second hart's sleep in start.S is still pending when it comes to second_hart() */
void harts_begin(void) {
  give(TASK_INSTALL);
}

bool harts_install(uint64_t menvcfg, uint64_t hgatp) {
  task.menvcfg = menvcfg;
  task.hgatp = hgatp;
  give(TASK_INSTALL);
  machine_set_menvcfg(menvcfg);
  return machine_set_hgatp(hgatp) == hgatp && task.kept;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)first;
  (void)last;
#ifdef DROP_remote
  (void)vmid;
#else
  task.vmid = vmid;
  give(TASK_FENCE);
#endif
}

/** Both ask, so that both TLBs know; by turns the one or the other is believed. */
void judge_ask_all(struct judge_probe *probe, uint32_t n) {
  bool second = ++batches % 2 == 0;
  for (uint32_t i = 0; i < n; i++) {
    copy[i] = probe[i];
  }
  task.probe = second ? probe : copy;
  task.probes = n;
  give(TASK_ASK);
  ask_each(second ? copy : probe, n);
}

void judge_mark(uint64_t hpa) {
  judge_mark_address(hpa);
}
