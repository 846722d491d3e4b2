/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * abstract_format.h - the format the core is proved for: only the contracts of include/stage2/format.h, no bodies, and
 * constants whose values are unknown. What holds here holds for every format that keeps the laws.
 */
#ifndef S2_ABSTRACT_FORMAT_H
#define S2_ABSTRACT_FORMAT_H

/* a number of the logic, not a variable: predicates over a pool must not read other memory */
/*@ axiomatic Roots { logic integer max_roots; } */

extern const uint32_t s2_fmt_leaf_max, s2_fmt_hpa_bits, s2_fmt_ad, s2_fmt_ad_kept, s2_fmt_features;
extern const uint32_t s2_fmt_vmid_zero, s2_fmt_vmid_max, s2_fmt_map_flush, s2_fmt_broadcast;
#define S2_FMT_ROOTS     max_roots
#define S2_FMT_LEAF_MAX  s2_fmt_leaf_max
#define S2_FMT_HPA_BITS  s2_fmt_hpa_bits
#define S2_FMT_AD        s2_fmt_ad
#define S2_FMT_AD_KEPT   s2_fmt_ad_kept
#define S2_FMT_FEATURES  s2_fmt_features
#define S2_FMT_VMID_ZERO s2_fmt_vmid_zero
#define S2_FMT_VMID_MAX  s2_fmt_vmid_max
#define S2_FMT_MAP_FLUSH s2_fmt_map_flush
#define S2_FMT_BROADCAST s2_fmt_broadcast

#endif
