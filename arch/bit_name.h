/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * bit_name.h - how a format names the bits of its entries, for the tool and for diagnosis. Hosted only.
 *
 * Each arch bits.h defines s2_bit_names[]: for every kind of entry the fields cover all 64 bits, each bit once, under
 * the manual's names, from the top down.
 */
#ifndef ARCH_BIT_NAME_H
#define ARCH_BIT_NAME_H

#include <stdint.h>

/* in s2_bit_name.kinds: the entries that have this field */
#define S2_BITS_PAGE   0x1u /* leaf of level 0                */
#define S2_BITS_TABLE  0x2u /* link to the next table         */
#define S2_BITS_BLOCK  0x4u /* leaf above level 0             */
#define S2_BITS_MARKED 0x8u /* not present, address kept      */
#define S2_BITS_LEAF   (S2_BITS_PAGE | S2_BITS_BLOCK)
#define S2_BITS_LIVE   (S2_BITS_LEAF | S2_BITS_TABLE)
#define S2_BITS_ALL    (S2_BITS_LIVE | S2_BITS_MARKED)

struct s2_bit_name {
  const char *name;
  uint8_t hi, lo; /* bits hi..lo of the entry, both included */
  uint8_t kinds;  /* S2_BITS_...                             */
};

#endif
