/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * Names of the bits of an NPT entry (AMD APM vol. 2, 5.3.3 and 5.4.1).
 */
#ifndef ARCH_NPT_BITS_H
#define ARCH_NPT_BITS_H

#include "arch/bit_name.h"

/* clang-format off */
static const struct s2_bit_name s2_bit_names[] = {
  {"NX", 63, 63, S2_BITS_LIVE},
  {"MPK", 62, 59, S2_BITS_LEAF},
  {"AVL", 58, 52, S2_BITS_LEAF},
  {"AVL", 62, 52, S2_BITS_TABLE},
  {"IGNORED", 63, 52, S2_BITS_MARKED},
  {"PFN", 51, 12, S2_BITS_PAGE | S2_BITS_TABLE | S2_BITS_MARKED},
  {"PFN", 51, 13, S2_BITS_BLOCK},
  {"PAT", 12, 12, S2_BITS_BLOCK},
  {"AVL", 11, 9, S2_BITS_LIVE},
  {"S2_MARK", 11, 11, S2_BITS_MARKED},
  {"IGNORED", 10, 1, S2_BITS_MARKED},
  {"G", 8, 8, S2_BITS_LEAF},
  {"IGN", 8, 8, S2_BITS_TABLE},
  {"PS", 7, 7, S2_BITS_BLOCK | S2_BITS_TABLE},
  {"PAT", 7, 7, S2_BITS_PAGE},
  {"D", 6, 6, S2_BITS_LEAF},
  {"IGN", 6, 6, S2_BITS_TABLE},
  {"A", 5, 5, S2_BITS_LIVE},
  {"PCD", 4, 4, S2_BITS_LIVE},
  {"PWT", 3, 3, S2_BITS_LIVE},
  {"US", 2, 2, S2_BITS_LIVE},
  {"RW", 1, 1, S2_BITS_LIVE},
  {"P", 0, 0, S2_BITS_ALL},
};
/* clang-format on */

#endif
