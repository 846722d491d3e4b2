/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** check.h - counting single checks, and the closing line. */
#ifndef TESTS_QEMU_A64_CHECK_H
#define TESTS_QEMU_A64_CHECK_H

#include "machine.h"

/** Counts; says what failed. */
void check(bool good, const char *what);
/** The same, with a number in front: an address width, a level. */
void check_at(bool good, uint64_t number, const char *what);
/** What cannot be refused here: ends the test when it is. */
void check_setup(s2_status st, const char *what);
/** `N passed, N failed`, and the end of the machine. */
_Noreturn void check_finish(void);

#endif
