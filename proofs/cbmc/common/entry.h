/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * entry.h - the properties of entries (issue: every entry bit proved), each for any value, level and feature set.
 */
#ifndef PROOFS_CBMC_ENTRY_H
#define PROOFS_CBMC_ENTRY_H

#include "format.h"

/** The access that attr names on a host with these features, as the layout counts it. */
static inline uint32_t named_access(uint32_t features, uint32_t attr) {
  uint32_t user = FEAT_UX(features) ? attr & S2_UX : attr & S2_X;
  return ((attr & S2_R) != 0 ? BITS_READ : 0u) | ((attr & S2_W) != 0 ? BITS_WRITE : 0u) |
         ((attr & S2_X) != 0 ? BITS_EXEC1 : 0u) | (user != 0 ? BITS_EXEC0 : 0u);
}

/**
 * Accessed and dirty state of a leaf on a host with these features. A64: without S2_FEAT_AD nobody clears the dirty
 * state that new leaves have (s2_track_start() refuses), and a clean leaf would be one that cannot be written to.
 */
static inline bool ad_possible(uint32_t features, uint32_t ad) {
#if defined(S2_FORMAT_A64)
  return (ad & ~BITS_AD_KEPT) == 0 && (FEAT_AD(features) || (ad & S2_DIRTY) != 0);
#else
  (void)features;
  return (ad & ~BITS_AD_KEPT) == 0;
#endif
}

/** s2_entry_leaf(): what is made is legal, means what was asked, and decodes to it. */
static inline void check_leaf(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t hpa = any_hpa(l);
  uint32_t features = nondet_uint32();
  uint32_t attr = nondet_uint32();
  uint32_t ad = nondet_uint32();
  ASSUME((features & ~S2_FMT_FEATURES) == 0 && ad_possible(features, ad));
  ASSUME(bits_asked(features, attr));
  uint64_t e = s2_entry_leaf(l, hpa, attr | ad);
  every_leaf_level(l);
  CASE((attr & S2_W) != 0 && ad == 0);
  CASE(features == 0 && ad == S2_FMT_AD);
  CASE((attr & S2_RWX) == S2_RWX && hpa > UINT32_MAX);
  CASE((attr & S2_TYPE_MASK) == S2_DEV && ad == S2_FMT_AD_KEPT);
  PROVE(bits_leaf(l, e), "legal: form, reserved and unused bits, alignment");
  PROVE(bits_leaf_present(features, l, e), "the hardware uses it");
  PROVE(bits_leaf_fits(features, l, e), "it needs no feature that the host has not");
  PROVE(bits_addr(l, e) == hpa, "it maps hpa");
  PROVE(spec_attr(l, e) == (attr | ad), "it means attr");
  PROVE(bits_leaf_grants(features, l, e) == named_access(features, attr),
        "the hardware allows what attr names, no more");
  PROVE(s2_entry_hpa(l, e) == hpa, "hpa decodes");
  PROVE(s2_entry_attr(l, e) == (attr | ad), "attr decodes");
}

/** s2_entry_table(): legal, takes no right away, decodes. */
static inline void check_table(void) {
  uint8_t l = any_level(1, S2_MAX_LEVEL);
  uint64_t hpa = any_hpa(0);
  uint32_t features = nondet_uint32();
  uint64_t e = s2_entry_table(features, l, hpa);
  every_table_level(l);
  PROVE(bits_table(l, e), "legal: form, reserved and unused bits");
  PROVE(bits_table_present(features, l, e), "the hardware uses it");
  PROVE(bits_table_fits(features, l, e), "it needs no feature that the host has not");
  PROVE(bits_table_grants(features, l, e) == (BITS_READ | BITS_WRITE | BITS_EXEC1 | BITS_EXEC0), "no right taken away");
  PROVE((e & bits_table_hw_bits(l, e)) == 0, "not accessed yet");
  PROVE(bits_next(l, e) == hpa, "it links hpa");
  PROVE(s2_entry_next(e) == hpa, "hpa decodes");
}

/** s2_entry_kind(), s2_entry_links(), s2_entry_live() on each of the 2^64 values, at each level. */
static inline void check_kind(void) {
  uint8_t l = any_level(0, S2_MAX_LEVEL);
  uint64_t e = nondet_uint64();
  uint32_t features = nondet_uint32();
  uint32_t kind = s2_entry_kind(l, e);
  uint32_t spec = bits_kind(l, e);
  bool present = bits_leaf_present(features, l, e) || bits_table_present(features, l, e);
  CASE(kind == S2_EMPTY && l == S2_MAX_LEVEL);
  CASE(kind == S2_LEAF && l == S2_FMT_LEAF_MAX);
  CASE(kind == S2_TABLE && l == S2_MAX_LEVEL);
  CASE(kind == S2_MARKED && l == S2_FMT_LEAF_MAX);
  CASE(kind == S2_BAD && present);
  CASE(kind == S2_BAD && !present);
  PROVE(spec <= 4u, "empty, leaf, table and marked are disjoint");
  PROVE(kind == spec, "each value is what the layout says, an illegal one is BAD");
  PROVE((kind == S2_EMPTY) == (e == 0), "empty is zero");
  PROVE(l != 0 || kind != S2_TABLE, "no tables below level 0");
  PROVE(s2_entry_links(l, e) == (kind == S2_TABLE), "links: a table");
  PROVE(kind == S2_BAD || s2_entry_live(e) == (kind == S2_LEAF || kind == S2_TABLE), "live: a leaf or a table");
  PROVE(!present || s2_entry_live(e), "what the hardware uses is live, legal or not");
  PROVE(!present || kind == S2_LEAF || kind == S2_TABLE || kind == S2_BAD, "empty and marked: the hardware faults");
}

/** Encode what was decoded: every legal entry comes back, bit by bit, as it was before the hardware changed it. */
static inline void check_decode(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = any_leaf(l);
  uint32_t attr = s2_entry_attr(l, e);
  uint32_t asked = attr & ~S2_AD_MASK;
  every_leaf_level(l);
  PROVE(s2_entry_hpa(l, e) == bits_addr(l, e), "address");
  PROVE(attr == spec_attr(l, e), "rights, type, accessed and dirty");
  PROVE(s2_attr_legal(S2_FMT_FEATURES, asked) || s2_attr_legal(S2_FMT_FEATURES & ~S2_FEAT_UX, asked), "a legal attr");
  uint64_t fresh = e & ~bits_leaf_left(l, e);
  PROVE(spec_attr(l, fresh) == attr, "what the hardware has left in it says nothing more");
  PROVE(s2_entry_leaf(l, s2_entry_hpa(l, e), attr) == fresh, "the same leaf");
}

/** The same for links and for marked entries. What the hardware set in a link is not made again. */
static inline void check_next(void) {
  uint8_t l = any_level(1, S2_MAX_LEVEL);
  uint64_t e = nondet_uint64();
  ASSUME(bits_table(l, e));
  uint64_t fresh = e & ~bits_table_hw_bits(l, e);
  every_table_level(l);
  PROVE(s2_entry_next(e) == bits_next(l, e), "address");
  PROVE(s2_entry_table(0, l, s2_entry_next(e)) == fresh ||
            s2_entry_table(S2_FMT_FEATURES, l, s2_entry_next(e)) == fresh,
        "the same link");
}

static inline void check_hpa(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = nondet_uint64();
  ASSUME(bits_marked(l, e));
  every_leaf_level(l);
  PROVE(s2_entry_hpa(l, e) == bits_marked_addr(l, e), "what a marked entry mapped");
  PROVE(s2_entry_hpa(l, e) < SPEC_HPA_LIMIT && s2_entry_hpa(l, e) % power(l) == 0, "an address of its level");
}

/** s2_entry_mark(): not present, the address kept. */
static inline void check_mark(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = any_leaf(l);
  uint64_t m = s2_entry_mark(l, e);
  uint32_t features = nondet_uint32();
  every_leaf_level(l);
  PROVE(s2_entry_kind(l, m) == S2_MARKED && bits_marked(l, m), "marked");
  PROVE(!bits_leaf_present(features, l, m) && !bits_table_present(features, l, m), "the hardware faults");
  PROVE(!s2_entry_live(m), "not live");
  PROVE(bits_marked_addr(l, m) == bits_addr(l, e) && s2_entry_hpa(l, m) == s2_entry_hpa(l, e), "the address is kept");
  PROVE(m != 0, "never zero");
}

/** s2_entry_rights(): other rights, all else as it was. */
static inline void check_rights(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = any_leaf(l);
  uint32_t features = nondet_uint32();
  uint32_t rights = nondet_uint32();
  ASSUME((rights & ~S2_RIGHTS) == 0 && bits_asked(features, rights | (uint32_t)(bits_type(l, e))));
  uint64_t r = s2_entry_rights(l, e, rights);
  every_leaf_level(l);
  PROVE(bits_leaf(l, r), "a legal leaf");
  PROVE(bits_rights(l, r) == rights, "the rights");
  PROVE(bits_addr(l, r) == bits_addr(l, e) && bits_type(l, r) == bits_type(l, e), "address and type stay");
  PROVE(bits_flags(l, r) == bits_flags(l, e), "IPAT, accessed and dirty stay");
  PROVE(s2_entry_attr(l, r) == ((s2_entry_attr(l, e) & ~S2_RIGHTS) | rights), "attr decodes");
}

/** s2_entry_following(): the next host memory, all else equal. */
static inline void check_following(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = any_leaf(l);
  ASSUME(bits_addr(l, e) + 2u * power(l) <= SPEC_HPA_LIMIT);
  uint64_t r = s2_entry_following(l, e);
  uint64_t elsewhere = ~bits_leaf_addr_bits(l, e);
  every_leaf_level(l);
  PROVE(bits_leaf(l, r), "a legal leaf");
  PROVE(bits_addr(l, r) == bits_addr(l, e) + power(l), "the next address");
  PROVE((r & elsewhere) == (e & elsewhere), "all else equal");
}

/** s2_entry_clear_ad(): only its bits, only those named. */
static inline void check_clear_ad(void) {
  uint8_t l = any_level(0, BITS_LEAF_MAX);
  uint64_t e = any_leaf(l);
  uint32_t ad = nondet_uint32();
  uint64_t r = s2_entry_clear_ad(l, e, ad);
  uint64_t elsewhere = ~bits_leaf_hw_bits(l, e);
  every_leaf_level(l);
  uint64_t before = bits_leaf_grants(S2_FMT_FEATURES, l, e);
  CASE((s2_entry_attr(l, e) & S2_ACCESSED) != 0 && (ad & S2_ACCESSED) == 0);
  PROVE(bits_leaf_grants(S2_FMT_FEATURES, l, r) == before, "hardware that sets them again allows the same");
  PROVE((r & elsewhere) == (e & elsewhere), "no other bit");
  PROVE(bits_leaf(l, r), "a legal leaf");
  PROVE(spec_attr(l, r) == (spec_attr(l, e) & ~(ad & S2_AD_MASK)), "those named are clear, the other stays");
  PROVE(s2_entry_attr(l, r) == (s2_entry_attr(l, e) & ~(ad & S2_AD_MASK)), "attr decodes");
}

/** s2_attr_legal(): what the format and the features cannot express is refused; rights and type judged separately. */
static inline void check_attr(void) {
  uint32_t features = nondet_uint32();
  uint32_t attr = nondet_uint32();
  uint32_t other = nondet_uint32();
  CASE(s2_attr_legal(features, attr));
  CASE(!s2_attr_legal(features, attr) && (attr & ~S2_ATTR_MASK) == 0);
  PROVE(s2_attr_legal(features, attr) == bits_asked(features, attr), "legal: what the layout can express");
  PROVE(!s2_attr_legal(features, attr) || (attr & ~S2_ATTR_MASK) == 0, "no unknown bit, no accessed or dirty");
  PROVE(!s2_attr_legal(features, attr) || !s2_attr_legal(features, other) ||
            s2_attr_legal(features, (attr & S2_RIGHTS) | (other & ~S2_RIGHTS)),
        "rights and type are judged separately");
}

/** No undefined behaviour for any value at all, legal or not, as far as a contract lets it in. */
static inline void check_total(void) {
  uint8_t l = any_level(0, S2_MAX_LEVEL);
  uint64_t e = nondet_uint64();
  uint32_t word = nondet_uint32();
  CASE(s2_entry_kind(l, e) == S2_BAD);
  (void)s2_entry_kind(l, e);
  (void)s2_entry_links(l, e);
  (void)s2_entry_live(e);
  (void)s2_entry_next(e);
  (void)s2_entry_hpa(l, e);
  (void)s2_entry_attr(l, e);
  (void)s2_entry_mark(l, e);
  (void)s2_entry_rights(l, e, word);
  (void)s2_entry_clear_ad(l, e, word);
  (void)s2_entry_leaf(l, e, word);
  (void)s2_entry_table(word, l, e);
  (void)s2_attr_legal(nondet_uint32(), word);
  ASSUME(e <= UINT64_MAX - power(l));
  (void)s2_entry_following(l, e);
  PROVE(true, "the end is reached");
}

/** Golden entries of FMT, host address 0: the code and the layout give the same words. */
static inline void golden(uint8_t l, uint32_t attr, uint64_t word) {
  PROVE(s2_entry_leaf(l, 0, attr) == word, "golden leaf");
  PROVE(bits_leaf(l, word) && spec_attr(l, word) == attr, "golden leaf, by the layout");
}

static inline void golden_table(uint64_t word) {
  PROVE(s2_entry_table(0, 1, 0) == word && bits_table(1, word), "golden table");
}

/** What geometry.h says of the format, against the layout, and the golden entries. */
static inline void check_constants(void) {
  PROVE(S2_FMT_HPA_BITS == BITS_HPA_BITS, "host address width");
  PROVE(S2_FMT_LEAF_MAX == BITS_LEAF_MAX, "largest leaf");
  PROVE(S2_FMT_LEAF_MAX <= S2_MAX_LEVEL && S2_FMT_HPA_BITS <= 56u, "the limits of specs/abstract_format.h");
  PROVE(S2_FMT_AD_KEPT == BITS_AD_KEPT && (S2_FMT_AD & ~BITS_AD_KEPT) == 0, "accessed and dirty");
  PROVE(S2_FMT_ROOTS == BITS_ROOTS, "root tables");
#if defined(S2_FORMAT_EPT)
  golden(0, S2_RW, 0x33u);
  golden(0, S2_RWX, 0x37u);
  golden(0, S2_R, 0x31u);
  golden(0, S2_RW | S2_DEV, 0x03u);
  golden(1, S2_RWX, 0xb7u);
  golden_table(0x7u);
#elif defined(S2_FORMAT_NPT)
  golden(0, S2_RWX, 0x7u);
  golden(0, S2_R, UINT64_C(0x8000000000000005));
  golden(1, S2_RWX, 0x87u);
  golden(0, S2_RWX | S2_DEV, 0x1fu);
  golden_table(0x7u);
#elif defined(S2_FORMAT_A64)
  PROVE(S2_FMT_VMID_MAX == 0xffu && VTTBR_EL2_VMID(UINT64_MAX) == 0xffffu, "VMID width");
  golden(0, S2_RWX | S2_AD_MASK, 0x7ffu);
  golden(0, S2_R | S2_X | S2_AD_MASK, 0x77fu);
  golden(1, S2_RWX | S2_AD_MASK, 0x7fdu);
  golden(0, S2_RW | S2_AD_MASK, UINT64_C(0x00400000000007ff));
  golden(0, S2_RWX | S2_ACCESSED, UINT64_C(0x000800000000077f));
  golden(0, S2_R | S2_X | S2_ACCESSED, UINT64_C(0x008000000000077f));
  golden_table(0x3u);
#else
  PROVE(S2_FMT_VMID_MAX == HGATP_VMID(UINT64_MAX), "VMID width");
  golden(0, S2_RW | S2_AD_MASK, 0xd7u);
  golden(0, S2_RWX | S2_AD_MASK, 0xdfu);
  golden_table(0x1u);
#endif
}

#endif
