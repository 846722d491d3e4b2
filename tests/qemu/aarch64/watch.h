/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * watch.h - accesses of a guest before, in the middle of and after a change, against what the library says.
 *
 * A watched access is made once before the change, so that the TLB has it. Made again afterwards, it gives what the
 * library says now (fresh), what it said before (stale), or neither (wrong).
 */
#ifndef TESTS_QEMU_A64_WATCH_H
#define TESTS_QEMU_A64_WATCH_H

#include "probe.h"

#define WATCH_MAX 16u

/** What an access must give: PROBE_DONE with the host address it reaches, or a fault with its level and address. */
struct expected {
  enum probe_kind kind;
  uint64_t hpa;
  uint64_t gpa;
  uint32_t level;
  bool s1walk; /* the fault is taken in reading stage 1's table at gpa */
};

/** Where stage 1 sends an address, or the guest page of its table that stage 2 does not let it read. */
struct stage1 {
  uint64_t gpa;
  bool stuck;
};

struct watch {
  enum probe_access access;
  uint64_t va;
  uint64_t pstate;
  struct expected before;
};

/** All that is watched in one scenario, on one CPU, and what came of it. */
struct watches {
  uint32_t cpu;
  uint32_t n;
  struct watch w[WATCH_MAX];
  uint32_t middles;             /* times the change was looked at in its middle  */
  uint32_t fresh, stale, wrong; /* accesses                                      */
};

/** The space, and stage 1's tables if the guest has some. */
extern struct s2_space space;

/** Write into the page at hpa what tells it from every other: its address, and code that says who it is. */
void watch_mark(uint64_t hpa);

/** Where stage 1 sends va: va itself until a test brings tables. Reads them through the library's translation. */
struct stage1 watch_stage1(uint64_t va);

void watch_begin(struct watches *all, uint32_t cpu);
/** Add an access, and make it. */
void watch_add(struct watches *all, enum probe_access access, uint64_t va);
void watch_add_el0(struct watches *all, enum probe_access access, uint64_t va);
/** Add an access that is made after the change only; stale is what it would have given now. */
void watch_add_unmade(struct watches *all, enum probe_access access, uint64_t va);
/** Make all accesses again and judge them. */
void watch_look(struct watches *all);

#endif
