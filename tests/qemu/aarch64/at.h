/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** at.h - AT S12E1R and AT S12E1W, and the fields of PAR_EL1 (Arm DDI 0487, D19.2.118). */
#ifndef TESTS_QEMU_A64_AT_H
#define TESTS_QEMU_A64_AT_H

#include "machine.h"

#define PAR_F        UINT64_C(1)
#define PAR_PTW      UINT64_C(0x100) /* a fault in reading stage 1's tables   */
#define PAR_S        UINT64_C(0x200) /* a fault of stage 2                    */
#define PAR_PA       UINT64_C(0x000ffffffffff000)
#define PAR_FST(par) ((uint32_t)((par) >> 1) & 0x3fu)

/* fault status codes less the level in bits 1:0, which the manual counts from the root */
#define FST_TRANSLATION 0x04u
#define FST_PERMISSION  0x0cu

/** PAR_EL1 after a walk of both stages for a load or a store at EL1. */
static inline uint64_t at_s12e1(uint64_t va, bool store) {
  if (store) {
    __asm__ volatile("at s12e1w, %0\n isb" : : "r"(va) : "memory");
  } else {
    __asm__ volatile("at s12e1r, %0\n isb" : : "r"(va) : "memory");
  }
  return REG_READ(par_el1);
}

#endif
