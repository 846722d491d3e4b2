/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_format.c - one format's entries, geometry, control registers and invalidation (FMT-1..FMT-5, INV-3).
 *
 * Compiled once per format. What is expected is written out from the manuals at the top, per format, in another shape
 * than the code under test: lists of values rather than shifts and masks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stage2/format.h"
#include "stage2/table.h"

#if defined(S2_FORMAT_EPT)
#include "arch/x86_64/ept/bits.h"
#elif defined(S2_FORMAT_NPT)
#include "arch/x86_64/npt/bits.h"
#elif defined(S2_FORMAT_A64)
#include "arch/aarch64/stage2/bits.h"
#else
#include "arch/riscv64/gstage/bits.h"
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)   (UINT64_C(1) << (n))
#define SETS     16u /* subsets of S2_FEAT_ALL */

/* ---- what is expected, format by format ---- */

struct golden {
  uint64_t entry, hpa;
  uint32_t attr;
  uint8_t level;
};

struct bad {
  uint64_t entry;
  uint8_t level;
};

struct shape_row {
  uint32_t bits, top, nroot;
};

struct root_row {
  uint32_t gpa_bits, top, root, hpa_bits, features, vmid;
  uint64_t pool_hpa, base, ctrl;
};

/* A type's rights in all four combinations of features are in `rights_ok`; its legality as a type in `type_ok`. */
#if defined(S2_FORMAT_EPT)
#define HARDWARE_TABLE_BITS (BIT(8) | BIT(10)) /* A, and XU which a host with mode-based execute control needs */
static const struct golden goldens[] = {
    {0x33, 0, S2_RW | S2_WB, 0},
    {0x37, 0, S2_RWX | S2_WB, 0},
    {0x31, 0, S2_R | S2_WB, 0},
    {0x35, 0, S2_RX | S2_WB, 0},
    {0x34, 0, S2_X | S2_WB, 0},
    {0x03, 0, S2_RW | S2_DEV, 0},
    {0x0b, 0, S2_RW | S2_NC, 0},
    {0x23, 0, S2_RW | S2_WT, 0},
    {0x2b, 0, S2_RW | S2_WP, 0},
    {0x73, 0, S2_RW | S2_WB | S2_IPAT, 0},
    {0x430, 0, S2_UX | S2_WB, 0},
    {0x437, 0, S2_RWX | S2_UX | S2_WB, 0},
    {0x133, 0, S2_RW | S2_ACCESSED, 0},
    {0x333, 0, S2_RW | S2_ACCESSED | S2_DIRTY, 0},
    {0xb7, 0, S2_RWX | S2_WB, 1},
    {0x400000b7, 0x40000000, S2_RWX | S2_WB, 2},
    {0x000ffffffffff033, 0x000ffffffffff000, S2_RW | S2_WB, 0},
};
static const uint64_t table_golden = 0x7;
static const uint64_t link_golden = 0x407; /* with all features */
static const uint64_t mark_golden = 0x800; /* of a leaf at 0 */
static const struct bad bad[] = {
    {0x32, 0},            /* W without R                            */
    {0x36, 0},            /* WX without R                           */
    {0x13, 0},            /* EMT 2                                  */
    {0x1b, 0},            /* EMT 3                                  */
    {0x3b, 0},            /* EMT 7                                  */
    {0xb3, 0},            /* bit 7 of a page                        */
    {0x10b7, 1},          /* misaligned                             */
    {0x2000b7, 2},        /* misaligned                             */
    {0xb7, 3},            /* no leaf that large                     */
    {0x0f, 1},            /* reserved bits of a table entry         */
    {0x3, 1},             /* a table entry without X: not made here */
    {0x7 | BIT(52), 1},   /* ignored, but never set here            */
    {0x33 | BIT(63), 0},  /* suppress #VE: never set here           */
    {0x833, 0},           /* ignored, but never set here            */
    {0x800 | BIT(12), 1}, /* marked, misaligned                     */
    {0x800, 3},           /* marked where no leaf was               */
    {0x1000, 0},          /* not present, not marked                */
};
static const struct shape_row shapes[] = {{48, 3, 1}, {57, 4, 1}};
static const struct root_row roots[] = {
    {48, 3, 0, 46, 0, 1, 0x1000, 0x101e, 0},
    {57, 4, 2, 46, S2_FEAT_AD, 1, 0x300000000, 0x300002066, 0},
    {48, 3, 1, 52, S2_FEAT_AD | S2_FEAT_UX, 0, 0x000fffffffff0000, 0x000fffffffff105e, 0},
};
static bool rights_ok(uint32_t features, uint32_t rights) {
  static const uint8_t without[] = {S2_R, S2_RW, S2_X, S2_RX, S2_RWX};
  uint32_t own = rights & S2_RWX;
  if ((rights & S2_UX) != 0 && (features & S2_FEAT_UX) == 0) {
    return false;
  }
  return memchr(without, (int)own, sizeof without) != NULL || rights == S2_UX;
}
static bool type_ok(uint32_t features, uint32_t type) {
  (void)features;
  return type == S2_WB || type == S2_WT || type == S2_WP || type == S2_NC || type == S2_DEV;
}
static const bool ipat_ok = true;

#elif defined(S2_FORMAT_NPT)
#define HARDWARE_TABLE_BITS BIT(5)
static const struct golden goldens[] = {
    {0x8000000000000007, 0, S2_RW | S2_WB, 0},
    {0x7, 0, S2_RWX | S2_WB, 0},
    {0x8000000000000005, 0, S2_R | S2_WB, 0},
    {0x5, 0, S2_RX | S2_WB, 0},
    {0x800000000000001f, 0, S2_RW | S2_DEV, 0},
    {0x800000000000000f, 0, S2_RW | S2_WT, 0},
    {0x8000000000000027, 0, S2_RW | S2_ACCESSED, 0},
    {0x8000000000000067, 0, S2_RW | S2_ACCESSED | S2_DIRTY, 0},
    {0x87, 0, S2_RWX | S2_WB, 1},
    {0x40000087, 0x40000000, S2_RWX | S2_WB, 2},
    {0x000ffffffffff007, 0x000ffffffffff000, S2_RWX | S2_WB, 0},
};
static const uint64_t table_golden = 0x7;
static const uint64_t link_golden = 0x7;   /* with all features */
static const uint64_t mark_golden = 0x800; /* of a leaf at 0 */
static const struct bad bad[] = {
    {0x6, 0},             /* not present, not marked            */
    {0x3, 0},             /* no US                              */
    {0x17, 0},            /* PAT index 2                        */
    {0x87, 0},            /* PAT index 4                        */
    {0x1087, 1},          /* PAT index 4 of a block             */
    {0x2087, 1},          /* misaligned                         */
    {0x107, 0},           /* global                             */
    {0x207, 0},           /* available bit                      */
    {0x7 | BIT(59), 0},   /* protection key                     */
    {0x87, 3},            /* no leaf that large: must be zero   */
    {0x5, 1},             /* a table entry without RW           */
    {0x7 | BIT(63), 1},   /* a table entry with NX              */
    {0x47, 1},            /* D in a table entry                 */
    {0x800 | BIT(12), 1}, /* marked, misaligned                 */
    {0x800, 3},           /* marked where no leaf was           */
};
static const struct shape_row shapes[] = {{48, 3, 1}, {57, 4, 1}};
static const struct root_row roots[] = {
    {48, 3, 0, 48, 0, 1, 0x1000, 0x1000, 0},
    {57, 4, 2, 52, S2_FEAT_AD, 7, 0x300000000, 0x300002000, 0},
};
static bool rights_ok(uint32_t features, uint32_t rights) {
  (void)features;
  return rights == S2_R || rights == S2_RW || rights == S2_RX || rights == S2_RWX;
}
static bool type_ok(uint32_t features, uint32_t type) {
  (void)features;
  return type == S2_WB || type == S2_WT || type == S2_DEV;
}
static const bool ipat_ok = false;

#elif defined(S2_FORMAT_A64)
#define HARDWARE_TABLE_BITS UINT64_C(0)
static const struct golden goldens[] = {
    {0x7ff, 0, S2_RWX | S2_WB | S2_AD_MASK, 0},
    {0x77f, 0, S2_RX | S2_WB | S2_AD_MASK, 0},
    {0x77f | BIT(54), 0, S2_R | S2_WB | S2_AD_MASK, 0},
    {0x7ff | BIT(54), 0, S2_RW | S2_WB | S2_AD_MASK, 0},
    {0x73f, 0, S2_X | S2_WB | S2_AD_MASK, 0},
    {0x7fd, 0, S2_RWX | S2_WB | S2_AD_MASK, 1},
    {0x400007fd, 0x40000000, S2_RWX | S2_WB | S2_AD_MASK, 2},
    {0x3ff, 0, S2_RWX | S2_WB | S2_DIRTY, 0},
    {0x77f | BIT(51), 0, S2_RWX | S2_WB | S2_ACCESSED, 0}, /* clean: DBM */
    {0x77f | BIT(55), 0, S2_RX | S2_WB | S2_ACCESSED, 0},  /* clean and not writable */
    {0x73f | BIT(55), 0, S2_X | S2_WB | S2_ACCESSED, 0},
    {0x7eb, 0, S2_RWX | S2_WT | S2_AD_MASK, 0},
    {0x7d7, 0, S2_RWX | S2_NC | S2_AD_MASK, 0},
    {0x4c7 | BIT(54), 0, S2_RW | S2_DEV | S2_AD_MASK, 0},
    {0x4c3 | BIT(54), 0, S2_RW | S2_DEV_NE | S2_AD_MASK, 0},
    {0x7ff | BIT(53), 0, S2_RW | S2_UX | S2_WB | S2_AD_MASK, 0},
    {0x7ff | BIT(56), 0, S2_RWX | S2_UX | S2_WB | S2_AD_MASK, 0},
    {0x0000fffffffff7ff, 0x0000fffffffff000, S2_RWX | S2_WB | S2_AD_MASK, 0},
};
static const uint64_t table_golden = 0x3;
static const uint64_t link_golden = 0x3;     /* with all features */
static const uint64_t mark_golden = BIT(57); /* of a leaf at 0 */
static const struct bad bad[] = {
    {0x7fd, 0},                     /* 01 at the last level is reserved     */
    {0x7ff | BIT(53) | BIT(54), 0}, /* EL1 only: no attr means it           */
    {0x7ff | BIT(53) | BIT(56), 0}, /* the software bit with anything else  */
    {0x7ff | BIT(54) | BIT(56), 0}, /* the software bit with anything else  */
    {0x7bf, 0},                     /* write without read                   */
    {0x73f | BIT(54), 0},           /* no rights                            */
    {0x7df, 0},                     /* MemAttr 7                            */
    {0x7cf, 0},                     /* device with SH                       */
    {0x4ff, 0},                     /* normal memory without SH             */
    {0x73f | BIT(51), 0},           /* DBM without read                     */
    {0x7ff | BIT(55), 0},           /* the clean bit of a writable leaf     */
    {0x77f | BIT(51) | BIT(55), 0}, /* the same, by DBM                     */
    {0x7ff | BIT(52), 0},           /* Contiguous                           */
    {0xfff, 0},                     /* FnXS                                 */
    {0x17fd, 1},                    /* misaligned                           */
    {0x107fd, 1},                   /* nT                                   */
    {0x7fd, 3},                     /* no leaf that large                   */
    {0x3 | BIT(10), 1},             /* AF in a table descriptor: no HAFT    */
    {0x3 | BIT(59), 1},             /* RES0                                 */
    {0x7fe, 0},                     /* not present, not marked              */
    {BIT(57) | BIT(12), 1},         /* marked, misaligned                   */
    {BIT(57), 3},                   /* marked where no leaf was             */
};
static const struct shape_row shapes[] = {
    {32, 1, 4}, {33, 1, 8}, {34, 1, 16}, {35, 2, 1}, {36, 2, 1}, {37, 2, 1}, {38, 2, 1}, {39, 2, 1}, {40, 2, 2},
    {41, 2, 4}, {42, 2, 8}, {43, 2, 16}, {44, 3, 1}, {45, 3, 1}, {46, 3, 1}, {47, 3, 1}, {48, 3, 1},
};
static const struct root_row roots[] = {
    {40, 2, 0, 40, 0, 1, 0x40000000, 0x0001000040000000, 0x80023558},
    {40, 2, 2, 37, 0, 0xff, 0x40000000, 0x00ff000040002000, 0x80023558},
    {34, 1, 0, 32, 0, 2, 0x40000000, 0x0002000040000000, 0x8000351e},
    {34, 1, 0, 33, 0, 2, 0x40000000, 0x0002000040000000, 0x8001351e},
    {40, 2, 0, 41, 0, 2, 0x40000000, 0x0002000040000000, 0x80033558},
    {40, 2, 0, 43, 0, 2, 0x40000000, 0x0002000040000000, 0x80043558},
    {39, 2, 0, 36, 0, 2, 0x40000000, 0x0002000040000000, 0x80013559},
    {43, 2, 0, 42, 0, 2, 0x40000000, 0x0002000040000000, 0x80033555},
    {44, 3, 0, 44, 0, 2, 0x40000000, 0x0002000040000000, 0x80043594},
    {48, 3, 0, 48, S2_FEAT_VMID16 | S2_FEAT_AD, 0xffff, 0x0000fffffffff000, 0xfffffffffffff000, 0x806d3590},
    {48, 3, 0, 45, S2_FEAT_UX, 0, 0x40000000, 0x40000000, 0x80053590},
};
static bool rights_ok(uint32_t features, uint32_t rights) {
  static const uint8_t without[] = {S2_R, S2_RW, S2_X, S2_RX, S2_RWX};
  static const uint8_t with[] = {S2_R,          S2_RW,        S2_UX,         S2_R | S2_UX,
                                 S2_RW | S2_UX, S2_X | S2_UX, S2_RX | S2_UX, S2_RWX | S2_UX};
  return (features & S2_FEAT_UX) != 0 ? memchr(with, (int)rights, sizeof with) != NULL
                                      : memchr(without, (int)rights, sizeof without) != NULL;
}
static bool type_ok(uint32_t features, uint32_t type) {
  (void)features;
  return type == S2_WB || type == S2_WT || type == S2_NC || type == S2_DEV || type == S2_DEV_NE;
}
static const bool ipat_ok = false;

#else /* S2_FORMAT_GST */
#define HARDWARE_TABLE_BITS UINT64_C(0)
static const struct golden goldens[] = {
    {0xd7, 0, S2_RW | S2_ACCESSED | S2_DIRTY, 0},
    {0xdf, 0, S2_RWX | S2_ACCESSED | S2_DIRTY, 0},
    {0xd3, 0, S2_R | S2_ACCESSED | S2_DIRTY, 0},
    {0xd9, 0, S2_X | S2_ACCESSED | S2_DIRTY, 0},
    {0x17, 0, S2_RW, 0},
    {0x57, 0, S2_RW | S2_ACCESSED, 0},
    {0x20000000000000d7, 0, S2_RW | S2_NC | S2_ACCESSED | S2_DIRTY, 0},
    {0x40000000000000d7, 0, S2_RW | S2_DEV | S2_ACCESSED | S2_DIRTY, 0},
    {0x800df, 0x200000, S2_RWX | S2_ACCESSED | S2_DIRTY, 1},
    {0x100000df, 0x40000000, S2_RWX | S2_ACCESSED | S2_DIRTY, 2},
    {0x20000000df, 0x8000000000, S2_RWX | S2_ACCESSED | S2_DIRTY, 3},
    {0x003ffffffffffcd7, 0x00fffffffffff000, S2_RW | S2_ACCESSED | S2_DIRTY, 0},
};
static const uint64_t table_golden = 0x1;
static const uint64_t link_golden = 0x1;   /* with all features */
static const uint64_t mark_golden = 0x100; /* of a leaf at 0 */
static const struct bad bad[] = {
    {0xd5, 0},                     /* W without R                   */
    {0xdd, 0},                     /* WX without R                  */
    {0x1, 0},                      /* a link at the last level      */
    {0xc7, 0},                     /* no U                          */
    {0xf7, 0},                     /* G                             */
    {0x1d7, 0},                    /* RSW                           */
    {0xd7 | BIT(54), 0},           /* reserved                      */
    {0xd7 | BIT(63), 0},           /* N                             */
    {0xd7 | BIT(61) | BIT(62), 0}, /* PBMT 3               */
    {0x4d7, 1},                    /* misaligned                    */
    {0x800d7, 2},                  /* misaligned                    */
    {0xd7, 4},                     /* no leaf that large            */
    {0x41, 1},                     /* A in a link                   */
    {0x11, 1},                     /* U in a link                   */
    {0x1 | BIT(61), 1},            /* PBMT in a link                */
    {0xd6, 0},                     /* not present, not marked       */
    {0x500, 1},                    /* marked, misaligned            */
    {0x100, 4},                    /* marked where no leaf was      */
};
static const struct shape_row shapes[] = {{41, 2, 4}, {50, 3, 4}, {59, 4, 4}};
static const struct root_row roots[] = {
    {41, 2, 0, 56, 0, 1, 0x80000000, 0x8000100000080000, 0},
    {50, 3, 3, 56, 0, 0x3fff, 0x80001000, 0x93fff00000080004, 0},
    {59, 4, 0, 56, S2_FEAT_SVPBMT, 0, 0x00ffffffffffc000, 0xa0000ffffffffffc, 0},
};
static bool rights_ok(uint32_t features, uint32_t rights) {
  static const uint8_t legal[] = {S2_R, S2_RW, S2_X, S2_RX, S2_RWX};
  (void)features;
  return memchr(legal, (int)rights, sizeof legal) != NULL;
}
static bool type_ok(uint32_t features, uint32_t type) {
  return type == S2_WB || ((features & S2_FEAT_SVPBMT) != 0 && (type == S2_NC || type == S2_DEV));
}
static const bool ipat_ok = false;
#endif

static bool expect_legal(uint32_t features, uint32_t attr) {
  bool ipat = (attr & S2_IPAT) == 0 || ipat_ok;
  return (attr & ~S2_ATTR_MASK) == 0 && ipat && rights_ok(features, attr & S2_RIGHTS) &&
         type_ok(features, attr & S2_TYPE_MASK);
}

/* ---- helpers ---- */

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

/** xorshift64*: the same numbers in every run. */
static uint64_t rnd(void) {
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return seed * UINT64_C(0x2545f4914f6cdd1d);
}

/** An aligned host address of level l, all widths up to the format's equally likely. */
static uint64_t rnd_hpa(uint8_t l) {
  uint64_t a = (rnd() >> (64u - S2_FMT_HPA_BITS)) >> (rnd() % (S2_FMT_HPA_BITS - 12u));
  return a - a % s2_span(l);
}

/** Legal for a host with some set of features? */
static bool legal_somewhere(uint32_t attr) {
  for (uint32_t f = 0; f < SETS; f++) {
    if (s2_attr_legal(f, attr)) {
      return true;
    }
  }
  return false;
}

/** The k-th value of the accessed and dirty bits, of those that the format keeps. */
static uint32_t ad_value(uint32_t k) {
  return ((k & 1u) != 0 ? S2_ACCESSED : 0u) | ((k & 2u) != 0 ? S2_DIRTY : 0u);
}

static bool ad_kept(uint32_t ad) {
  return (ad & ~S2_FMT_AD_KEPT) == 0;
}

/** A leaf as the library makes it: A64's DBM stays in a leaf that the hardware has made dirty, and means nothing then. */
static uint64_t as_made(uint64_t e) {
#if defined(S2_FORMAT_A64)
  return (e & BIT(7)) != 0 ? e & ~BIT(51) : e;
#else
  return e;
#endif
}

/** Whatever e is said to be at level l, it is exactly one that the library makes, or it is bad. */
static void check_entry(uint8_t l, uint64_t e) {
  switch (s2_entry_kind(l, e)) {
    case S2_EMPTY:
      assert_true(e == 0);
      break;
    case S2_LEAF: {
      uint32_t attr = s2_entry_attr(l, e);
      assert_true(l <= S2_FMT_LEAF_MAX);
      assert_true(legal_somewhere(attr & ~S2_AD_MASK));
      assert_true(ad_kept(attr & S2_AD_MASK));
      assert_true(s2_offset(s2_entry_hpa(l, e), l) == 0);
      assert_true(s2_entry_leaf(l, s2_entry_hpa(l, e), attr) == as_made(e));
      break;
    }
    case S2_TABLE:
      assert_true(l > 0);
      assert_true(s2_entry_table(0, l, s2_entry_next(e)) == (e & ~HARDWARE_TABLE_BITS));
      break;
    case S2_MARKED:
      assert_true(l <= S2_FMT_LEAF_MAX);
      assert_true(s2_entry_mark(l, s2_entry_leaf(l, s2_entry_hpa(l, e), S2_R | S2_FMT_AD)) == e);
      break;
    default:
      assert_int_equal(s2_entry_kind(l, e), S2_BAD);
      break;
  }
}

/* ---- entries ---- */

static void test_goldens(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(goldens); i++) {
    const struct golden *g = &goldens[i];
    assert_int_equal(s2_entry_leaf(g->level, g->hpa, g->attr), g->entry);
    assert_int_equal(s2_entry_kind(g->level, g->entry), S2_LEAF);
    assert_int_equal(s2_entry_hpa(g->level, g->entry), g->hpa);
    assert_int_equal(s2_entry_attr(g->level, g->entry), g->attr);
  }
  assert_int_equal(s2_entry_table(0, 1, 0), table_golden);
  assert_int_equal(s2_entry_table(S2_FMT_FEATURES, 1, 0), link_golden);
  assert_int_equal(s2_entry_mark(0, s2_entry_leaf(0, 0, S2_R | S2_FMT_AD)), mark_golden);
  assert_int_equal(s2_entry_kind(0, 0), S2_EMPTY);
}

static void test_constants(void **state) {
  (void)state;
#if defined(S2_FORMAT_EPT)
  assert_int_equal(S2_FMT_VMID_MAX, 0xffff);
  assert_int_equal(S2_FMT_VMID_ZERO, 1);
  assert_int_equal(S2_FMT_AD, 0u);
  assert_int_equal(S2_FMT_MAP_FLUSH, 0);
  assert_int_equal(S2_FMT_BROADCAST, 0);
  assert_int_equal(S2_FMT_FEATURES, S2_FEAT_UX | S2_FEAT_AD);
#elif defined(S2_FORMAT_NPT)
  assert_int_equal(S2_FMT_VMID_MAX, 0xffffffff);
  assert_int_equal(S2_FMT_VMID_ZERO, 0);
  assert_int_equal(S2_FMT_AD, 0u);
  assert_int_equal(S2_FMT_MAP_FLUSH, 0);
  assert_int_equal(S2_FMT_BROADCAST, 0);
  assert_int_equal(S2_FMT_FEATURES, S2_FEAT_AD);
#elif defined(S2_FORMAT_A64)
  assert_int_equal(S2_FMT_VMID_MAX, 0xff);
  assert_int_equal(S2_FMT_VMID_ZERO, 1);
  assert_int_equal(S2_FMT_AD, S2_ACCESSED | S2_DIRTY);
  assert_int_equal(S2_FMT_MAP_FLUSH, 0);
  assert_int_equal(S2_FMT_BROADCAST, 1);
  assert_int_equal(S2_FMT_FEATURES, S2_FEAT_UX | S2_FEAT_AD | S2_FEAT_VMID16);
#else
  assert_int_equal(S2_FMT_VMID_MAX, 0x3fff);
  assert_int_equal(S2_FMT_VMID_ZERO, 1);
  assert_int_equal(S2_FMT_AD, S2_ACCESSED | S2_DIRTY);
  assert_int_equal(S2_FMT_MAP_FLUSH, 1);
  assert_int_equal(S2_FMT_BROADCAST, 0);
  assert_int_equal(S2_FMT_FEATURES, S2_FEAT_SVPBMT | S2_FEAT_AD);
#endif
  assert_true(ad_kept(S2_FMT_AD));
  assert_true((S2_FMT_AD & ~S2_AD_MASK) == 0 && S2_FMT_LEAF_MAX <= S2_MAX_LEVEL && S2_FMT_HPA_BITS <= 56);
}

/** Every attribute a caller could name, with every set of features; and nothing beyond S2_ATTR_MASK. */
static void test_legal(void **state) {
  (void)state;
  for (uint32_t f = 0; f < SETS; f++) {
    for (uint32_t attr = 0; attr <= 0x3ffu; attr++) {
      assert_int_equal(s2_attr_legal(f, attr), expect_legal(f, attr));
    }
    for (uint32_t b = 9; b < 32; b++) {
      assert_false(s2_attr_legal(f, S2_RWX | S2_UX | 1u << b));
      assert_false(s2_attr_legal(f, S2_R | 1u << b));
    }
  }
}

/** Rights and type are judged separately: what s2_pt_protect() relies on. */
static void test_legal_is_product(void **state) {
  (void)state;
  for (uint32_t f = 0; f < SETS; f++) {
    for (uint32_t a = 0; a <= S2_ATTR_MASK; a++) {
      for (uint32_t r = 0; r <= S2_RIGHTS && s2_attr_legal(f, a); r++) {
        assert_int_equal(s2_attr_legal(f, (a & ~S2_RIGHTS) | r), s2_attr_legal(f, r | S2_WB));
      }
    }
  }
}

static void check_leaf(uint8_t l, uint64_t hpa, uint32_t attr) {
  uint64_t e = s2_entry_leaf(l, hpa, attr);
  assert_int_equal(s2_entry_kind(l, e), S2_LEAF);
  assert_true(s2_entry_hpa(l, e) == hpa);
  assert_true(s2_entry_attr(l, e) == attr);
  for (uint8_t other = 0; other <= S2_MAX_LEVEL; other++) {
    check_entry(other, e);
  }
}

/** decode(encode(x)) == x: every legal attribute, level and accessed/dirty state, over many addresses. */
static void test_leaf_round_trip(void **state) {
  (void)state;
  for (uint32_t attr = 0; attr <= S2_ATTR_MASK; attr++) {
    for (uint32_t k = 0; k < 4 && legal_somewhere(attr); k++) {
      for (uint8_t l = 0; ad_kept(ad_value(k)) && l <= S2_FMT_LEAF_MAX; l++) {
        check_leaf(l, 0, attr | ad_value(k));
        check_leaf(l, s2_width(S2_FMT_HPA_BITS) - s2_span(l), attr | ad_value(k));
        for (uint32_t n = 0; n < 64; n++) {
          check_leaf(l, rnd_hpa(l), attr | ad_value(k));
        }
      }
    }
  }
}

/** Two leaves that differ in attributes differ in bits. */
static void test_leaf_injective(void **state) {
  (void)state;
  for (uint32_t a = 0; a <= S2_ATTR_MASK; a++) {
    for (uint32_t b = 0; b < a && legal_somewhere(a); b++) {
      assert_true(!legal_somewhere(b) || s2_entry_leaf(0, 0, a) != s2_entry_leaf(0, 0, b));
    }
  }
}

static void test_table_round_trip(void **state) {
  (void)state;
  for (uint8_t l = 1; l <= S2_MAX_LEVEL; l++) {
    for (uint32_t n = 0; n < 5000; n++) {
      uint64_t hpa = n == 0 ? s2_width(S2_FMT_HPA_BITS) - S2_PAGE_SIZE : rnd_hpa(0);
      uint64_t e = s2_entry_table(0, l, hpa);
      assert_int_equal(s2_entry_kind(l, e), S2_TABLE);
      assert_true(s2_entry_next(e) == hpa);
      assert_int_equal(s2_entry_kind(l, e | HARDWARE_TABLE_BITS), S2_TABLE);
      assert_true(s2_entry_next(e | HARDWARE_TABLE_BITS) == hpa);
      assert_int_equal(s2_entry_kind(l, s2_entry_table(S2_FMT_FEATURES, l, hpa)), S2_TABLE);
      assert_true(s2_entry_next(s2_entry_table(S2_FMT_FEATURES, l, hpa)) == hpa);
      assert_true(s2_entry_table(0, l, hpa) == e);
      assert_int_not_equal(s2_entry_kind(0, e), S2_TABLE);
    }
  }
}

/** A marked leaf is not present for the hardware, never zero, and keeps its address. */
static void test_mark(void **state) {
#if defined(S2_FORMAT_EPT)
  uint64_t present = 0x407; /* R, W, X, and XU with mode-based execute control */
#else
  uint64_t present = 0x1; /* P, VALID, V */
#endif
  (void)state;
  for (uint32_t attr = 0; attr <= S2_ATTR_MASK; attr++) {
    for (uint8_t l = 0; l <= S2_FMT_LEAF_MAX && legal_somewhere(attr); l++) {
      for (uint32_t n = 0; n < 16; n++) {
        uint64_t hpa = n == 0 ? 0 : rnd_hpa(l);
        uint64_t e = s2_entry_leaf(l, hpa, attr | S2_FMT_AD);
        uint64_t m = s2_entry_mark(l, e);
        assert_true(m != 0 && (m & present) == 0 && (e & present) != 0);
        assert_int_equal(s2_entry_kind(l, m), S2_MARKED);
        assert_true(s2_entry_hpa(l, m) == hpa);
      }
    }
  }
}

static void test_accessed_dirty(void **state) {
  (void)state;
  for (uint32_t k = 0; k < 4; k++) {
    for (uint32_t c = 0; c < 4 && ad_kept(ad_value(k)); c++) {
      for (uint8_t l = 0; l <= S2_FMT_LEAF_MAX; l++) {
        uint64_t e = s2_entry_leaf(l, rnd_hpa(l), S2_RW | ad_value(k));
        uint64_t n = s2_entry_clear_ad(l, e, ad_value(c));
        assert_int_equal(s2_entry_kind(l, n), S2_LEAF);
        assert_true(s2_entry_hpa(l, n) == s2_entry_hpa(l, e));
        assert_int_equal(s2_entry_attr(l, n), S2_RW | (ad_value(k) & ~ad_value(c)));
        assert_true(s2_entry_clear_ad(l, e, ~S2_AD_MASK) == e);
        uint64_t r = s2_entry_rights(l, e, S2_R); /* what was known stays known without the right to write */
        assert_int_equal(s2_entry_attr(l, r), S2_R | ad_value(k));
        assert_int_equal(s2_entry_attr(l, s2_entry_clear_ad(l, r, ad_value(c))), S2_R | (ad_value(k) & ~ad_value(c)));
        assert_true(s2_entry_rights(l, r, S2_RW) == e);
      }
    }
  }
}

#if defined(S2_FORMAT_A64)
/** The hardware makes a clean leaf dirty by setting S2AP[1] beside DBM; then it is as one made dirty. */
static void test_dirty_by_hardware(void **state) {
  (void)state;
  for (uint8_t l = 0; l <= S2_FMT_LEAF_MAX; l++) {
    uint64_t made = s2_entry_leaf(l, rnd_hpa(l), S2_RW | S2_AD_MASK);
    uint64_t clean = s2_entry_clear_ad(l, made, S2_DIRTY);
    assert_int_equal(clean, (made & ~BIT(7)) | BIT(51));
    uint64_t dirty = clean | BIT(7);
    assert_int_equal(s2_entry_kind(l, dirty), S2_LEAF);
    assert_int_equal(s2_entry_attr(l, dirty), S2_RW | S2_AD_MASK);
    assert_int_equal(s2_entry_clear_ad(l, dirty, S2_DIRTY), clean);
    assert_int_equal(s2_entry_rights(l, dirty, S2_RW), made);
    assert_int_equal(s2_entry_attr(l, s2_entry_rights(l, dirty, S2_R)), S2_R | S2_AD_MASK);
    assert_int_equal(s2_entry_attr(l, s2_entry_rights(l, clean, S2_R)), S2_R | S2_ACCESSED);
  }
}
#endif

static void test_bad(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(bad); i++) {
    assert_int_equal(s2_entry_kind(bad[i].level, bad[i].entry), S2_BAD);
  }
}

/** One wrong bit: what the library then reads is what the entry says, never what it was, or it is reported as bad. */
static void test_bit_flips(void **state) {
  (void)state;
  for (uint32_t attr = 0; attr <= S2_ATTR_MASK; attr++) {
    for (uint8_t l = 0; l <= S2_FMT_LEAF_MAX && legal_somewhere(attr); l++) {
      uint64_t hpa = rnd_hpa(l);
      uint64_t e = s2_entry_leaf(l, hpa, attr | S2_FMT_AD);
      for (uint32_t b = 0; b < 64; b++) {
        uint64_t f = e ^ BIT(b);
        check_entry(l, f);
        check_entry(l, s2_entry_mark(l, e) ^ BIT(b));
        if (s2_entry_kind(l, f) == S2_LEAF) {
          assert_true(s2_entry_hpa(l, f) != hpa || s2_entry_attr(l, f) != (attr | S2_FMT_AD) || as_made(f) != f);
        }
      }
    }
  }
  for (uint8_t l = 0; l <= S2_MAX_LEVEL; l++) {
    for (uint32_t b = 0; b < 64; b++) {
      check_entry(l, s2_entry_table(0, l, rnd_hpa(0)) ^ BIT(b));
      check_entry(l, BIT(b));
    }
  }
}

/** Any word at all, dense and sparse. */
static void test_random_words(void **state) {
  (void)state;
  for (uint32_t n = 0; n < 400000; n++) {
    uint64_t e = rnd();
    e &= (n & 1u) != 0 ? rnd() & rnd() : UINT64_MAX;
    e &= (n & 2u) != 0 ? s2_entry_hpa(0, UINT64_MAX) | 0x7ffu : UINT64_MAX; /* address and low bits only */
    for (uint8_t l = 0; l <= S2_MAX_LEVEL; l++) {
      check_entry(l, e);
    }
  }
}

/** All low-bit patterns of a page, table and block with address 0. */
static void test_all_low_bits(void **state) {
  (void)state;
  for (uint64_t low = 0; low < 0x2000; low++) {
    for (uint64_t high = 0; high < 0x2000; high++) {
      uint8_t l = (uint8_t)((low ^ high) % S2_LEVELS); /* each level meets every kind of pattern */
      uint64_t e = high << 51 | low;
      if (s2_entry_kind(l, e) != S2_BAD) {
        check_entry(l, e);
      }
    }
  }
}

/* ---- names of bits ---- */

/** For each kind of entry every bit has exactly one name. */
static void test_bit_names(void **state) {
  (void)state;
  for (uint32_t kind = S2_BITS_PAGE; kind <= S2_BITS_MARKED; kind *= 2u) {
    uint64_t seen = 0;
    for (size_t i = 0; i < COUNT(s2_bit_names); i++) {
      const struct s2_bit_name *n = &s2_bit_names[i];
      assert_true(n->lo <= n->hi && n->hi < 64 && n->kinds != 0);
      for (uint32_t b = n->lo; b <= n->hi && (n->kinds & kind) != 0; b++) {
        assert_true((seen & BIT(b)) == 0);
        seen |= BIT(b);
      }
    }
    assert_true(seen == UINT64_MAX);
  }
}

/* ---- geometry ---- */

static void test_shape(void **state) {
  (void)state;
  for (uint32_t bits = 0; bits < 200; bits++) {
    struct s2_shape s = s2_shape_of(bits);
    const struct shape_row *row = NULL;
    for (size_t i = 0; i < COUNT(shapes); i++) {
      row = shapes[i].bits == bits ? &shapes[i] : row;
    }
    if (row == NULL) {
      assert_int_equal(s.top, 255);
      continue;
    }
    assert_int_equal(s.top, row->top);
    assert_int_equal(s.nroot, row->nroot);
    /* the last address lies in the last root table, and no fewer root tables or levels would do */
    assert_int_equal(s2_root_index(s2_width(bits) - 1u, (uint8_t)s.top), s.nroot - 1u);
  }
  assert_int_equal(s2_shape_of(UINT32_MAX).top, 255);
}

/** An address is the sum of its root table, its slots and its offset: the walk loses nothing. */
static void test_decompose(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(shapes); i++) {
    for (uint32_t n = 0; n < 20000; n++) {
      uint64_t va = n == 0 ? s2_width(shapes[i].bits) - 1u : rnd() % s2_width(shapes[i].bits);
      uint8_t l = (uint8_t)shapes[i].top;
      int64_t base = s2_root_base(s2_root_index(va, l), l);
      for (; l > 0; l--) {
        assert_true(s2_slot(va, l) < S2_ENTRIES);
        base = s2_child_base(base, s2_slot(va, l), l);
        assert_true((uint64_t)base <= va && va - (uint64_t)base == s2_offset(va, l));
        assert_true(s2_offset(va, l) < s2_span(l));
      }
      assert_true((uint64_t)base + s2_slot(va, 0) * UINT64_C(4096) + s2_offset(va, 0) == va);
    }
  }
}

static void test_spans(void **state) {
  uint64_t span = S2_PAGE_SIZE;
  (void)state;
  for (uint8_t l = 0; l <= S2_MAX_LEVEL; l++, span *= 512u) {
    assert_true(s2_span(l) == span);
    assert_true(span / S2_PAGE_SIZE == s2_width(s2_order(l)));
    assert_int_equal(s2_spans_in(0, l), 0);
    assert_int_equal(s2_spans_in(span - 1u, l), 0);
    assert_int_equal(s2_spans_in(span, l), 1);
    assert_int_equal(s2_spans_in(UINT64_MAX, l), 512);
    for (uint32_t n = 0; n < 2000; n++) {
      uint64_t len = rnd() >> (rnd() % 64u);
      uint64_t most = len / span < 512u ? len / span : 512u;
      assert_true(s2_spans_in(len, l) == most);
    }
  }
}

/* ---- control registers ---- */

static void test_root(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(roots); i++) {
    const struct root_row *row = &roots[i];
    struct s2_pt pt;
    struct s2_root r;
    memset(&pt, 0, sizeof pt);
    pt.pool.root = row->root;
    pt.pool.top = row->top;
    pt.pool.nroot = s2_shape_of(row->gpa_bits).nroot;
    pt.pool.hpa_hi = (uint32_t)(row->pool_hpa >> 32);
    pt.pool.hpa_lo = (uint32_t)row->pool_hpa;
    pt.gpa_bits = row->gpa_bits;
    pt.hpa_bits = row->hpa_bits;
    pt.pool.features = row->features;
    pt.flush.tlb.vmid = row->vmid;
    r = s2_pt_root(&pt);
    assert_int_equal(r.base, row->base);
    assert_int_equal(r.ctrl, row->ctrl);
  }
}

/* ---- invalidation ---- */

static const struct s2_tlb tlb = {0x70000, 0x40000000, 0, 0x80023558, 7};

static void expect_trace(const struct s2_trace_entry *want, size_t n) {
  assert_int_equal(s2_trace.count, n);
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(s2_insn_name(s2_trace.e[i].insn), s2_insn_name(want[i].insn));
    assert_int_equal(s2_trace.e[i].a, want[i].a);
    assert_int_equal(s2_trace.e[i].b, want[i].b);
  }
  s2_trace.count = 0;
}

#if defined(S2_FORMAT_EPT) || defined(S2_FORMAT_NPT)
static void test_flush(void **state) {
#if defined(S2_FORMAT_EPT)
  const struct s2_trace_entry want[] = {{S2_INSN_INVEPT, 1, s2_tlb_root(&tlb)}};
#else
  const struct s2_trace_entry want[] = {{S2_INSN_ASID_FLUSH, 7, 0}};
#endif
  (void)state;
  s2_trace.count = 0;
  s2_arch_flush_all(&tlb);
  expect_trace(want, 1);
  s2_arch_flush_range(&tlb, 0x1000, 0x4fff, 0x1000);
  expect_trace(want, 1);
}
#elif defined(S2_FORMAT_A64)
static void test_flush(void **state) {
  const struct s2_trace_entry all[] = {
      {S2_INSN_VTTBR, s2_tlb_root(&tlb), s2_tlb_ctrl(&tlb)},
      {S2_INSN_ISB, 0, 0},
      {S2_INSN_DSB_ISHST, 0, 0},
      {S2_INSN_VMALLS12E1IS, 0, 0},
      {S2_INSN_DSB_ISH, 0, 0},
      {S2_INSN_ISB, 0, 0},
      {S2_INSN_VTTBR, 0, 0},
      {S2_INSN_ISB, 0, 0},
  };
  struct s2_trace_entry range[] = {
      {S2_INSN_VTTBR, s2_tlb_root(&tlb), s2_tlb_ctrl(&tlb)},
      {S2_INSN_ISB, 0, 0},
      {S2_INSN_DSB_ISHST, 0, 0},
      {S2_INSN_IPAS2E1IS, 1, 0},
      {S2_INSN_IPAS2E1IS, 2, 0},
      {S2_INSN_DSB_ISH, 0, 0},
      {S2_INSN_VMALLE1IS, 0, 0},
      {S2_INSN_DSB_ISH, 0, 0},
      {S2_INSN_ISB, 0, 0},
      {S2_INSN_VTTBR, 0, 0},
      {S2_INSN_ISB, 0, 0},
  };
  (void)state;
  s2_trace.count = 0;
  s2_arch_flush_all(&tlb);
  expect_trace(all, COUNT(all));
  s2_arch_flush_range(&tlb, 0x1000, 0x2fff, 0x1000);
  expect_trace(range, COUNT(range));
  /* first and last inside entries of the step's size: both entries are met */
  range[3].a = 0x200;
  range[4].a = 0x400;
  s2_arch_flush_range(&tlb, 0x201000, 0x400fff, 0x200000);
  expect_trace(range, COUNT(range));
  /* the last pages of the widest address */
  range[3].a = 0xffffffffe;
  range[4].a = 0xfffffffff;
  s2_arch_flush_range(&tlb, UINT64_C(0xffffffffe000), UINT64_C(0xffffffffffff), 0x1000);
  expect_trace(range, COUNT(range));
  /* a last address that begins a new page, and a range of one byte */
  range[3].a = 1;
  range[4].a = 2;
  s2_arch_flush_range(&tlb, 0x1000, 0x2000, 0x1000);
  expect_trace(range, COUNT(range));
  s2_arch_flush_range(&tlb, 0x1000, 0x1000, 0x1000);
  assert_int_equal(s2_trace.count, COUNT(range) - 1u);
  s2_trace.count = 0;
  /* the end of 64 bits, and ranges that are none: everything */
  s2_arch_flush_range(&tlb, UINT64_MAX - 0x1fff, UINT64_MAX, 0x1000);
  assert_int_equal(s2_trace.count, COUNT(range));
  s2_trace.count = 0;
  s2_arch_flush_range(&tlb, 0x1000, 0xfff, 0x1000);
  expect_trace(all, COUNT(all));
  s2_arch_flush_range(&tlb, 0x1000, 0x1fff, 0);
  expect_trace(all, COUNT(all));
}

/** The registers are switched when either differs from what is there (hosted: zero), and not otherwise. */
static void test_flush_switch(void **state) {
  const struct s2_tlb same = s2_tlb_of(0, 0, 0), root = s2_tlb_of(1, 0, 0), ctrl = s2_tlb_of(0, 1, 0);
  (void)state;
  s2_trace.count = 0;
  s2_arch_flush_all(&same);
  assert_int_equal(s2_trace.count, 4);
  assert_int_equal(s2_trace.e[0].insn, S2_INSN_DSB_ISHST);
  s2_trace.count = 0;
  s2_arch_flush_all(&root);
  assert_int_equal(s2_trace.count, 8);
  s2_trace.count = 0;
  s2_arch_flush_all(&ctrl);
  assert_int_equal(s2_trace.count, 8);
  assert_int_equal(s2_trace.e[0].b, 1);
  s2_trace.count = 0;
}
#else
static void test_flush(void **state) {
  const struct s2_trace_entry all[] = {{S2_INSN_HFENCE_GVMA, UINT64_MAX, 7}};
  const struct s2_trace_entry range[] = {{S2_INSN_HFENCE_GVMA, 0x400, 7}, {S2_INSN_HFENCE_GVMA, 0x800, 7}};
  const struct s2_trace_entry blocks[] = {{S2_INSN_HFENCE_GVMA, 0x80000, 7}, {S2_INSN_HFENCE_GVMA, 0x100000, 7}};
  const struct s2_trace_entry end[] = {{S2_INSN_HFENCE_GVMA, (UINT64_MAX - 0x1fff) >> 2, 7},
                                       {S2_INSN_HFENCE_GVMA, (UINT64_MAX - 0xfff) >> 2, 7}};
  (void)state;
  s2_trace.count = 0;
  s2_arch_flush_all(&tlb);
  expect_trace(all, 1);
  s2_arch_flush_range(&tlb, 0x1000, 0x2fff, 0x1000);
  expect_trace(range, 2);
  /* first and last inside entries of the step's size: both entries are met */
  s2_arch_flush_range(&tlb, 0x201000, 0x400fff, 0x200000);
  expect_trace(blocks, 2);
  s2_arch_flush_range(&tlb, UINT64_MAX - 0x1fff, UINT64_MAX, 0x1000);
  expect_trace(end, 2);
  /* a last address that begins a new page, and a range of one byte */
  s2_arch_flush_range(&tlb, 0x1000, 0x2000, 0x1000);
  expect_trace(range, 2);
  s2_arch_flush_range(&tlb, 0x1000, 0x1000, 0x1000);
  expect_trace(range, 1);
  s2_arch_flush_range(&tlb, 0x1000, 0xfff, 0x1000);
  expect_trace(all, 1);
  s2_arch_flush_range(&tlb, 0x1000, 0x1fff, 0);
  expect_trace(all, 1);
}
#endif

/** The trace counts on when it is full, and keeps what it has. */
static void test_trace_overflow(void **state) {
  (void)state;
  s2_trace.count = 0;
  for (uint32_t i = 0; i < S2_TRACE_MAX + 10u; i++) {
    s2_trace_record(S2_INSN_ISB, i, 0);
  }
  assert_int_equal(s2_trace.count, S2_TRACE_MAX + 10u);
  assert_int_equal(s2_trace.e[S2_TRACE_MAX - 1u].a, S2_TRACE_MAX - 1u);
  s2_trace.count = 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_goldens),
    cmocka_unit_test(test_constants),
    cmocka_unit_test(test_legal),
    cmocka_unit_test(test_legal_is_product),
    cmocka_unit_test(test_leaf_round_trip),
    cmocka_unit_test(test_leaf_injective),
    cmocka_unit_test(test_table_round_trip),
    cmocka_unit_test(test_mark),
    cmocka_unit_test(test_accessed_dirty),
#if defined(S2_FORMAT_A64)
    cmocka_unit_test(test_dirty_by_hardware),
#endif
    cmocka_unit_test(test_bad),
    cmocka_unit_test(test_bit_flips),
    cmocka_unit_test(test_random_words),
    cmocka_unit_test(test_all_low_bits),
    cmocka_unit_test(test_bit_names),
    cmocka_unit_test(test_shape),
    cmocka_unit_test(test_decompose),
    cmocka_unit_test(test_spans),
    cmocka_unit_test(test_root),
    cmocka_unit_test(test_flush),
    cmocka_unit_test(test_trace_overflow),
#if defined(S2_FORMAT_A64)
    cmocka_unit_test(test_flush_switch),
#endif
  };
  return cmocka_run_group_tests_name("format " S2_FORMAT_NAME, tests, NULL, NULL);
}
