/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * abstract_format.h - the format the core is proved for: only the contracts of include/stage2/format.h, no bodies, and
 * constants whose values are unknown. What holds here holds for every format that keeps the laws.
 */
#ifndef S2_ABSTRACT_FORMAT_H
#define S2_ABSTRACT_FORMAT_H

/* a number of the logic, not a variable: predicates over a pool must not read other memory */
/*@ axiomatic Roots { logic integer max_roots; }
    axiomatic Limits { logic integer max_leaf; logic integer max_hpa_bits; } */

/* How far the limits can go: the harness `constants` of each format checks the same of its own (proofs/cbmc). */
/*@ terminates \true; exits \false; assigns \nothing; ensures is: \result == max_leaf <= 4; */
uint32_t s2_leaf_max(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures is: \result == max_hpa_bits <= 56; */
uint32_t s2_hpa_bits_max(void);
#define S2_LEAF_MAX     s2_leaf_max()
#define S2_HPA_BITS_MAX s2_hpa_bits_max()

/* Values the code reads. Functions, because WP would have to assume that variables lie apart from everything else. */
/*@ axiomatic Values { logic integer new_ad; }
    axiomatic Remote { logic integer broadcast; } */
/*@ terminates \true; exits \false; assigns \nothing; ensures is: \result == new_ad; */
uint32_t s2_fmt_ad(void);
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t s2_fmt_ad_kept(void);
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t s2_fmt_features(void);
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t s2_fmt_vmid_zero(void);
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t s2_fmt_vmid_max(void);
/*@ terminates \true; exits \false; assigns \nothing; */
uint32_t s2_fmt_map_flush(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures is: \result == broadcast; */
uint32_t s2_fmt_broadcast(void);
#define S2_FMT_ROOTS     max_roots
#define S2_FMT_LEAF_MAX  max_leaf
#define S2_FMT_HPA_BITS  max_hpa_bits
#define S2_FMT_AD        s2_fmt_ad()
#define S2_FMT_AD_KEPT   s2_fmt_ad_kept()
#define S2_FMT_FEATURES  s2_fmt_features()
#define S2_FMT_VMID_ZERO s2_fmt_vmid_zero()
#define S2_FMT_VMID_MAX  s2_fmt_vmid_max()
#define S2_FMT_MAP_FLUSH s2_fmt_map_flush()
#define S2_FMT_BROADCAST s2_fmt_broadcast()

#endif
