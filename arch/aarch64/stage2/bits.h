/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * Names of the bits of an AArch64 stage 2 descriptor (Arm DDI 0487, D8.3).
 */
#ifndef ARCH_A64_BITS_H
#define ARCH_A64_BITS_H

#include "arch/bit_name.h"

/* clang-format off */
static const struct s2_bit_name s2_bit_names[] = {
  {"IGNORED", 63, 63, S2_BITS_LEAF},
  {"PBHA", 62, 59, S2_BITS_LEAF},
  {"SOFTWARE", 58, 57, S2_BITS_LEAF},
  {"S2_X_AND_UX", 56, 56, S2_BITS_LEAF},
  {"S2_CLEAN", 55, 55, S2_BITS_LEAF},
  {"XN[1:0]", 54, 53, S2_BITS_LEAF},
  {"Contiguous", 52, 52, S2_BITS_LEAF},
  {"DBM", 51, 51, S2_BITS_LEAF},
  {"RES0", 50, 48, S2_BITS_LEAF},
  {"RES0", 63, 59, S2_BITS_TABLE},
  {"IGNORED", 58, 51, S2_BITS_TABLE},
  {"RES0", 50, 48, S2_BITS_TABLE},
  {"IGNORED", 63, 58, S2_BITS_MARKED},
  {"S2_MARK", 57, 57, S2_BITS_MARKED},
  {"IGNORED", 56, 48, S2_BITS_MARKED},
  {"OA", 47, 12, S2_BITS_PAGE | S2_BITS_MARKED},
  {"OA", 47, 17, S2_BITS_BLOCK},
  {"nT", 16, 16, S2_BITS_BLOCK},
  {"RES0", 15, 12, S2_BITS_BLOCK},
  {"NLTA", 47, 12, S2_BITS_TABLE},
  {"IGNORED", 11, 2, S2_BITS_TABLE},
  {"FnXS", 11, 11, S2_BITS_LEAF},
  {"AF", 10, 10, S2_BITS_LEAF},
  {"SH", 9, 8, S2_BITS_LEAF},
  {"S2AP", 7, 6, S2_BITS_LEAF},
  {"MemAttr", 5, 2, S2_BITS_LEAF},
  {"IGNORED", 11, 1, S2_BITS_MARKED},
  {"TYPE", 1, 1, S2_BITS_LIVE},
  {"VALID", 0, 0, S2_BITS_ALL},
};
/* clang-format on */

#endif
