/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * format.h - what a translation format is to the core: the contracts that each arch entry.h and geometry.h fulfil.
 *
 * The core never touches a bit. It asks these pure, loop-free functions, and its proof knows only the laws stated in
 * specs/logic/geometry.acsl and specs/logic/entry.acsl; each format then discharges those laws for its own bits.
 *
 * Levels count from the leaf: an entry of level l covers 2^(12 + 9 l) bytes, a table of level l has 512 entries of
 * level l and covers 2^(21 + 9 l) bytes. A root is 1..16 consecutive tables of the top level.
 */
#ifndef STAGE2_FORMAT_H
#define STAGE2_FORMAT_H

#include "attr.h"
#include "types.h"

/** The tree's shape for a guest address width: the top level and how many root tables; top > 4: no such width. */
struct s2_shape {
  uint32_t top;
  uint32_t nroot;
};

#ifdef __FRAMAC__
#include "abstract_format.h"
#include "logic/entry.acsl"
#include "logic/geometry.acsl"
#endif

/* ---- geometry: levels, indexes, extents. Pure arithmetic on addresses; no memory. ---- */

/** Index in a table of level l of the entry that covers va. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures slot: \result == slot_of(va, l) && \result < 512; */
static inline uint32_t s2_slot(uint64_t va, uint8_t l);

/** Which root table covers va, the top level being l; va is within the width. */
/*@ requires level: l <= S2_MAX_LEVEL;
    requires width: ridx(va, l) < S2_FMT_ROOTS;
    terminates \true; exits \false; assigns \nothing;
    ensures root: \result == ridx(va, l); */
static inline uint32_t s2_root_index(uint64_t va, uint8_t l);

/** First address of root table k of level l. */
/*@ requires level: l <= S2_MAX_LEVEL && k < 16;
    terminates \true; exits \false; assigns \nothing;
    ensures base: \result == rbase(k, l); */
static inline int64_t s2_root_base(uint32_t k, uint8_t l);

/** First address of the child in slot i of the level-l table that starts at base. */
/*@ requires level: 0 < l <= S2_MAX_LEVEL && i < 512 && 0 <= base < 2305843009213693952;
    terminates \true; exits \false; assigns \nothing;
    ensures base: \result == sub(base, i, l); */
static inline int64_t s2_child_base(int64_t base, uint32_t i, uint8_t l);

/** Bytes covered by an entry of level l. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures span: \result == gran(l) && 0 < \result; */
static inline uint64_t s2_span(uint8_t l);

/** Offset of va in the level-l entry that covers it. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures off: \result == off(va, l); */
static inline uint64_t s2_offset(uint64_t va, uint8_t l);

/** How many whole entries of level l fit in len bytes, at most 512. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures count: 0 <= \result <= 512 && part(\result, l) <= len;
    ensures most: \result == 512 || len < part(\result + 1, l); */
static inline uint32_t s2_spans_in(uint64_t len, uint8_t l);

/** log2 of the pages in an entry of level l: the order the frame allocator understands. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures order: \result == 9 * l; */
static inline uint32_t s2_order(uint8_t l);

/** 2^bits, for 0 <= bits <= 63: the first address that is too wide. */
/*@ requires bits: bits <= 63;
    terminates \true; exits \false; assigns \nothing;
    ensures limit: \result == width(bits); */
static inline uint64_t s2_width(uint32_t bits);

/** Top level and root tables for gpa_bits of guest address; top == 255 when the format has no such width. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures roots: 0 < \result.nroot <= S2_FMT_ROOTS <= 16;
    ensures shape: \result.top <= S2_MAX_LEVEL ==> 0 < \result.top && 12 <= gpa_bits <= 59;
    ensures cover: \result.top <= S2_MAX_LEVEL ==> off(width(gpa_bits), \result.top) == 0 &&
                     ridx(width(gpa_bits) - 1, \result.top) < \result.nroot; */
static inline struct s2_shape s2_shape_of(uint32_t gpa_bits);

/* ---- entries: encode and decode ---- */

/** What entry e is, read at level l. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures kind: \result == pte_kind(l, e); */
static inline uint32_t s2_entry_kind(uint8_t l, uint64_t e);

/** Does e, read at level l, link a table? The question of every step of a walk. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures link: \result <==> pte_kind(l, e) == 2; */
static inline bool s2_entry_links(uint8_t l, uint64_t e);

/**
 * Does the hardware follow this entry: a leaf or a link? The cheap test, for entries known to be this library's own; it
 * cannot tell an illegal one.
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures live: \result <==> one(e) == 1; */
static inline bool s2_entry_live(uint64_t e);

/** The leaf of level l that maps hpa with attr: legal for some features, with S2_FMT_AD_KEPT bits as wanted. */
/*@ requires level: l <= S2_FMT_LEAF_MAX;
    requires align: off(hpa, l) == 0 && hpa + gran(l) <= width(S2_FMT_HPA_BITS);
    requires attr: attr_made(attr);
    terminates \true; exits \false; assigns \nothing;
    ensures kind: pte_kind(l, \result) == 1;
    ensures out: pte_pa(l, \result) == hpa && pte_attr(l, \result) == attr; */
static inline uint64_t s2_entry_leaf(uint8_t l, uint64_t hpa, uint32_t attr);

/** The entry of level l that links the table at hpa, on a host with these features. It takes no right away. */
/*@ requires level: 0 < l <= S2_MAX_LEVEL;
    requires align: off(hpa, 0) == 0 && hpa < width(S2_FMT_HPA_BITS);
    terminates \true; exits \false; assigns \nothing;
    ensures kind: pte_kind(l, \result) == 2 && pte_next(\result) == hpa; */
static inline uint64_t s2_entry_table(uint32_t features, uint8_t l, uint64_t hpa);

/** HPA of the table that a table entry links. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures next: \result == pte_next(e); */
static inline uint64_t s2_entry_next(uint64_t e);

/** HPA that a leaf maps, or that a marked leaf mapped. */
/*@ requires level: l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures out: \result == pte_pa(l, e);
    ensures leaf: pte_kind(l, e) == 1 ==> l <= S2_FMT_LEAF_MAX && off(\result, l) == 0 &&
                    \result + gran(l) <= width(S2_FMT_HPA_BITS); */
static inline uint64_t s2_entry_hpa(uint8_t l, uint64_t e);

/** Rights, memory type and accessed/dirty state of a leaf. */
/*@ requires level: l <= S2_MAX_LEVEL;
    requires leaf: pte_kind(l, e) == 1;
    terminates \true; exits \false; assigns \nothing;
    ensures attr: \result == pte_attr(l, e); */
static inline uint32_t s2_entry_attr(uint8_t l, uint64_t e);

/** A leaf with its present bits cleared: the hardware faults, the address and size stay readable. Never zero. */
/*@ requires level: l <= S2_MAX_LEVEL;
    requires leaf: pte_kind(l, e) == 1;
    terminates \true; exits \false; assigns \nothing;
    ensures mark: pte_kind(l, \result) == 3 && pte_pa(l, \result) == pte_pa(l, e); */
static inline uint64_t s2_entry_mark(uint8_t l, uint64_t e);

/** The leaf that maps the host memory right behind what e maps, all else equal, if that memory is within the width. */
/*@ requires level: l <= S2_FMT_LEAF_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures next: pte_kind(l, e) == 1 && pte_pa(l, e) + 2 * gran(l) <= width(S2_FMT_HPA_BITS) ==>
                    pte_kind(l, \result) == 1 && pte_pa(l, \result) == pte_pa(l, e) + gran(l) &&
                    pte_attr(l, \result) == pte_attr(l, e); */
static inline uint64_t s2_entry_following(uint8_t l, uint64_t e);

/** A leaf with other rights, everything else as it was. */
/*@ requires level: l <= S2_MAX_LEVEL;
    requires leaf: pte_kind(l, e) == 1;
    requires legal: attr_made(with_rights(pte_attr(l, e), rights));
    terminates \true; exits \false; assigns \nothing;
    ensures same: pte_kind(l, \result) == 1 && pte_pa(l, \result) == pte_pa(l, e);
    ensures attr: pte_attr(l, \result) == with_rights(pte_attr(l, e), rights); */
static inline uint64_t s2_entry_rights(uint8_t l, uint64_t e, uint32_t rights);

/** A leaf with the accessed and dirty bits named in ad (S2_AD_MASK) cleared, where the format keeps them. */
/*@ requires level: l <= S2_MAX_LEVEL;
    requires leaf: pte_kind(l, e) == 1;
    terminates \true; exits \false; assigns \nothing;
    ensures same: pte_kind(l, \result) == 1 && pte_pa(l, \result) == pte_pa(l, e); */
static inline uint64_t s2_entry_clear_ad(uint8_t l, uint64_t e, uint32_t ad);

/**
 * May a caller ask for attr on a host with these features? (FMT-2, FMT-3; S2_AD_MASK bits are refused.) Rights and type
 * are judged separately: if a|t and b|u are legal, so are a|u and b|t, for rights a, b and types (with S2_IPAT) t, u.
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures legal: \result <==> attr_legal(features, attr); */
static inline bool s2_attr_legal(uint32_t features, uint32_t attr);

/** Do a and b say the same, accessed and dirty apart? */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures same: \result <==> without_ad(a) == without_ad(b); */
static inline bool s2_attr_same(uint32_t a, uint32_t b);

/** What a new leaf carries for a caller who asks for attr: the format's default of accessed and dirty (S2_FMT_AD) with it. */
/*@ requires legal: attr_legal(features, attr);
    terminates \true; exits \false; assigns \nothing;
    ensures new: \result == new_attr(attr);
    ensures made: attr_made(\result); */
static inline uint32_t s2_attr_new(uint32_t features, uint32_t attr);

/** The attributes a of a leaf, accessed and dirty also where those of another leaf, b, are. */
/*@ requires made: attr_made(a) && attr_made(b);
    terminates \true; exits \false; assigns \nothing;
    ensures made: attr_made(\result);
    ensures join: without_ad(\result) == without_ad(a); */
static inline uint32_t s2_attr_join(uint32_t a, uint32_t b);

/*
 * Each format also defines, in geometry.h:
 *   S2_FMT_ROOTS       most root tables it can have
 *   S2_FMT_LEAF_MAX    highest level that can hold a leaf (2: 1 GiB; 3: 512 GiB)
 *   S2_FMT_HPA_BITS    widest host address the format can hold
 *   S2_FMT_AD          the S2_AD_MASK bits a new leaf carries
 *   S2_FMT_AD_KEPT     the S2_AD_MASK bits a leaf can hold
 *   S2_FMT_FEATURES    the S2_FEAT_ bits that make sense for it
 *   S2_FMT_VMID_MAX    largest VMID / VPID / ASID (S2_FEAT_VMID16 widens A64's)
 *   S2_FMT_VMID_ZERO   1 if 0 is one, 0 if not (NPT: ASID 0 is the host's)
 *   S2_FMT_MAP_FLUSH   1 if invalid-to-valid needs an invalidation too (GST), else 0
 *   S2_FMT_BROADCAST   1 if the invalidation instructions reach all CPUs by themselves (A64), else 0
 */
#if defined(S2_FORMAT_EPT)
#include "arch/x86_64/ept/entry.h"
#elif defined(S2_FORMAT_NPT)
#include "arch/x86_64/npt/entry.h"
#elif defined(S2_FORMAT_A64)
#include "arch/aarch64/stage2/entry.h"
#elif defined(S2_FORMAT_GST)
#include "arch/riscv64/gstage/entry.h"
#endif

/* The two limits as the code reads them: under Frama-C a limit is a number of the logic, and these are functions. */
#ifndef __FRAMAC__
#define S2_HPA_BITS_MAX S2_FMT_HPA_BITS
#define S2_LEAF_MAX     S2_FMT_LEAF_MAX
#include "arch/attr_words.h"
#endif

#endif
