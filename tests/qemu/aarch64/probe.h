/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * probe.h - one access by real guest code at EL1 or EL0, and what the hardware made of it.
 *
 * The guest's page of code is at GUEST_GPA. Stage 1 is off unless a test turns it on, so that virtual addresses are
 * guest addresses.
 */
#ifndef TESTS_QEMU_A64_PROBE_H
#define TESTS_QEMU_A64_PROBE_H

#include "machine.h"

enum probe_access { PROBE_LOAD, PROBE_STORE, PROBE_FETCH };

enum probe_kind {
  PROBE_DONE,        /* the access was made                                          */
  PROBE_TRANSLATION, /* stage 2 translation fault                                    */
  PROBE_PERMISSION,  /* stage 2 permission fault                                     */
  PROBE_FLAG,        /* stage 2 access flag fault                                    */
  PROBE_ODD          /* anything else, or registers that contradict the access made  */
};

struct probe_seen {
  enum probe_kind kind;
  uint64_t value; /* PROBE_DONE: what was loaded; of a fetch, the immediate of the brk that was executed */
  uint64_t gpa;   /* faults: the guest address that faulted, as the syndrome registers say               */
  uint32_t level; /* faults: counted from the leaf, as the library counts                                */
  bool s1walk;    /* faults: while reading stage 1's own tables                                          */
  uint64_t esr;
};

/** One access of 8 bytes to address va; value is what a store stores. pstate: GUEST_EL1 or GUEST_EL0. */
struct probe_seen probe(enum probe_access access, uint64_t pstate, uint64_t va, uint64_t value);

/** A brk with this immediate, as an instruction. */
#define PROBE_BRK(imm) (0xd4200000u | (uint32_t)(imm) << 5)

#endif
