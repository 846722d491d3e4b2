/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * Names of the bits of an EPT entry (Intel SDM vol. 3C, tables 29-1 to 29-7).
 */
#ifndef ARCH_EPT_BITS_H
#define ARCH_EPT_BITS_H

#include "arch/bit_name.h"

/* clang-format off */
static const struct s2_bit_name s2_bit_names[] = {
  {"SUPPRESS_VE", 63, 63, S2_BITS_LEAF},
  {"IGNORED", 63, 52, S2_BITS_TABLE | S2_BITS_MARKED},
  {"IGNORED", 62, 62, S2_BITS_LEAF},
  {"SPP", 61, 61, S2_BITS_PAGE},
  {"IGNORED", 61, 61, S2_BITS_BLOCK},
  {"SSS", 60, 60, S2_BITS_LEAF},
  {"IGNORED", 59, 59, S2_BITS_LEAF},
  {"PW", 58, 58, S2_BITS_LEAF},
  {"VGP", 57, 57, S2_BITS_LEAF},
  {"IGNORED", 56, 52, S2_BITS_LEAF},
  {"PFN", 51, 12, S2_BITS_ALL},
  {"IGNORED", 11, 11, S2_BITS_LIVE},
  {"S2_MARK", 11, 11, S2_BITS_MARKED},
  {"XU", 10, 10, S2_BITS_ALL},
  {"D", 9, 9, S2_BITS_LEAF},
  {"IGNORED", 9, 9, S2_BITS_TABLE},
  {"A", 8, 8, S2_BITS_LIVE},
  {"PS", 7, 7, S2_BITS_BLOCK | S2_BITS_TABLE},
  {"IGNORED", 7, 7, S2_BITS_PAGE},
  {"IPAT", 6, 6, S2_BITS_LEAF},
  {"EMT", 5, 3, S2_BITS_LEAF},
  {"RESERVED", 6, 3, S2_BITS_TABLE},
  {"IGNORED", 9, 3, S2_BITS_MARKED},
  {"X", 2, 2, S2_BITS_ALL},
  {"W", 1, 1, S2_BITS_ALL},
  {"R", 0, 0, S2_BITS_ALL},
};
/* clang-format on */

#endif
