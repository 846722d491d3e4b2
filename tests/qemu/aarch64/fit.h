/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fit.h - what this CPU can be judged with: its ID registers say which shapes it has. */
#ifndef TESTS_QEMU_A64_FIT_H
#define TESTS_QEMU_A64_FIT_H

#include "machine.h"

#define FIT_SHAPES 16u

/** Bits of a physical address: ID_AA64MMFR0_EL1.PARange. */
uint32_t fit_pa_bits(void);
/** S2_FEAT_ bits that this CPU has: ID_AA64MMFR1_EL1. */
uint32_t fit_features(void);

/**
 * Copy those of n shapes that this CPU can do, with host addresses and too wide addresses no wider than its physical
 * ones: stage 1 lets no wider address through. Returns how many; says which are left out. n is at most FIT_SHAPES.
 */
uint32_t fit_shapes(struct judge_shape *out, const struct judge_shape *in, uint32_t n);

#endif
