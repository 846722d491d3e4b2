/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** entries.h - corrupted entries, asked of the processor, the manual's walk and the library. See entries.c. */
#ifndef TESTS_X86_ENTRIES_H
#define TESTS_X86_ENTRIES_H

#include "tests/qemu/judge/judge.h"

struct entries_result {
  uint64_t entries, answers;      /* put in; accesses compared                                          */
  uint64_t left_out;              /* accesses not made: they would leave memory that may be touched      */
  uint64_t granted, refused, bad; /* what the manual says of the answers; bad: reserved bits, encodings  */
  uint64_t library_bad;           /* of answers: the library calls the entry S2_BAD                      */
  uint64_t mismatches;
};

/** On a table of the plan's first shape. */
struct entries_result entries_run(const struct judge_plan *plan, uint64_t entries);

/**
 * A guest takes its own page away while it runs: is the page still read at once, after the next entry, after a flush?
 */
struct entries_inside {
  bool inside, next_entry, flushed;
};
struct entries_inside entries_changed_inside(const struct judge_plan *plan);

/** Does the processor follow the entry that without_bugs() in entries.c keeps out? After entries_run(). */
bool entries_bug(const struct judge_plan *plan);

#endif
