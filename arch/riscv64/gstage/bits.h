/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * Names of the bits of a RISC-V G-stage entry (Privileged ISA, "Sv39", "Svnapot", "Svpbmt").
 */
#ifndef ARCH_GST_BITS_H
#define ARCH_GST_BITS_H

#include "arch/bit_name.h"

/* clang-format off */
static const struct s2_bit_name s2_bit_names[] = {
  {"N", 63, 63, S2_BITS_LIVE},
  {"PBMT", 62, 61, S2_BITS_LIVE},
  {"Reserved", 60, 54, S2_BITS_LIVE},
  {"IGNORED", 63, 54, S2_BITS_MARKED},
  {"PPN", 53, 10, S2_BITS_ALL},
  {"RSW", 9, 8, S2_BITS_LIVE},
  {"IGNORED", 9, 9, S2_BITS_MARKED},
  {"S2_MARK", 8, 8, S2_BITS_MARKED},
  {"IGNORED", 7, 1, S2_BITS_MARKED},
  {"D", 7, 7, S2_BITS_LIVE},
  {"A", 6, 6, S2_BITS_LIVE},
  {"G", 5, 5, S2_BITS_LIVE},
  {"U", 4, 4, S2_BITS_LIVE},
  {"X", 3, 3, S2_BITS_LIVE},
  {"W", 2, 2, S2_BITS_LIVE},
  {"R", 1, 1, S2_BITS_LIVE},
  {"V", 0, 0, S2_BITS_ALL},
};
/* clang-format on */

#endif
