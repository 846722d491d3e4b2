/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * attr.h - access rights, memory types, kinds of entries, host features: the same words for every format (FMT-2, FMT-3).
 *
 * An attribute is one uint32_t: rights in bits 3:0, memory type in bits 7:4, flags above. What a format or the
 * declared features cannot express is refused with S2_ERR_ATTR, never replaced by something near.
 */
#ifndef STAGE2_ATTR_H
#define STAGE2_ATTR_H

#include "types.h"

#define S2_R      0x1u /* read                                                                                  */
#define S2_W      0x2u /* write; never without S2_R                                                             */
#define S2_X      0x4u /* execute: at every privilege without S2_FEAT_UX, privileged execute with it            */
#define S2_UX     0x8u /* user execute, with S2_FEAT_UX only: ask for S2_X | S2_UX when you mean both           */
#define S2_RW     (S2_R | S2_W)
#define S2_RX     (S2_R | S2_X)
#define S2_RWX    (S2_R | S2_W | S2_X)
#define S2_RIGHTS 0xfu
/*
 * S2_FEAT_UX is EPT mode-based execute control or A64 FEAT_XNX. More bits always mean more rights, and none grants what
 * it does not name. EPT expresses all four combinations. A64 refuses S2_X alone with S2_FEAT_UX: one entry encoding
 * serves hosts with and without the feature, and there S2_X alone is XN == 00, execute at EL1 and EL0.
 */

#define S2_WB        0x00u /* normal memory, write-back                                                         */
#define S2_WT        0x10u /* normal memory, write-through                                                      */
#define S2_WP        0x20u /* write-protected cacheable                                                         */
#define S2_NC        0x30u /* normal memory, non-cacheable; write-combining                                     */
#define S2_DEV       0x40u /* device, uncached (A64: nGnRE)                                                     */
#define S2_DEV_NE    0x50u /* device without early write acknowledgement (A64: nGnRnE)                          */
#define S2_TYPE_MASK 0xf0u

#define S2_IPAT 0x100u /* EPT only: ignore the guest's PAT                                                   */

#define S2_ATTR_MASK (S2_RIGHTS | S2_TYPE_MASK | S2_IPAT) /* what a caller may ask for                      */

/* Accessed and dirty state of a leaf, where the format keeps it. Reported, never asked for in a map call. */
#define S2_ACCESSED 0x10000u
#define S2_DIRTY    0x20000u
#define S2_AD_MASK  (S2_ACCESSED | S2_DIRTY)

/* What an entry is. Exactly one of these for each of the 2^64 values, at each level. */
#define S2_EMPTY  0u /* zero: nothing here, and nothing remembered                                         */
#define S2_LEAF   1u /* maps memory                                                                        */
#define S2_TABLE  2u /* links the next table                                                               */
#define S2_MARKED 3u /* not present for the hardware; the address is kept for the second pass of an unmap  */
#define S2_BAD    4u /* no entry this library makes, present or not: reported, never misread               */

/* Features a host may declare (struct s2_config). A format ignores none: a feature it does not have is refused. */
#define S2_FEAT_UX     0x1u /* execute rights per privilege: EPT mode-based execute control, A64 FEAT_XNX */
#define S2_FEAT_SVPBMT 0x2u /* GST: Svpbmt memory types                                                   */
#define S2_FEAT_AD     0x4u /* hardware sets accessed and dirty: EPTP bit 6, VTCR_EL2.HA/HD, Svadu        */
#define S2_FEAT_VMID16 0x8u /* A64: 16-bit VMID                                                           */
#define S2_FEAT_ALL    0xfu

#endif
