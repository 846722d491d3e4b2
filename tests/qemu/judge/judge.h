/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * judge.h - the library against a hardware walker that nobody here wrote.
 *
 * The driver (judge.c) is the same for every machine: it makes page tables with the library in static memory, does
 * random operations, and after each one asks about addresses near everything that has just changed: what
 * s2_pt_query() says must be what the machine's own walker does. The platform underneath says how its walker is
 * asked. Freestanding C, one CPU, host virtual address == HPA for everything in the windows and for the tables.
 *
 * A platform's main() fills a struct judge_plan, calls judge_run(), and ends with judge_finish(). It provides
 * judge_putc(), judge_exit(), judge_install() and judge_ask(), and takes judge_mark() and judge_ask_all() from
 * judge_each.c or brings its own. The s2_host_ functions are in judge_host.c, except s2_host_flush_remote(): only the
 * platform knows what another CPU or the next entry must do.
 *
 * The driver is built once per format with the same -DS2_FORMAT_ as the library.
 */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include "stage2/space.h"

/* ---- what the machine says ---- */

enum judge_kind {
  JUDGE_OK = 0,    /* the access was done                                                                           */
  JUDGE_FAULT = 1, /* it was refused by the second stage: a hole, or a missing right                                */
  JUDGE_ODD = 2,   /* anything else: another cause, a misconfiguration, an abort of the machine. Always a mismatch  */
  JUDGE_SKIP = 3   /* this machine cannot be asked this: not counted                                                */
};

/* struct judge_answer.knows: which of the fields below the machine has told */
#define JUDGE_KNOWS_HPA     0x01u /* JUDGE_OK: hpa, where the byte at gpa was found                                  */
#define JUDGE_KNOWS_GPA     0x02u /* JUDGE_FAULT: gpa, in the bits of gpa_mask                                       */
#define JUDGE_KNOWS_ACCESS  0x04u /* JUDGE_FAULT: access, the rights the machine says were asked for                 */
#define JUDGE_KNOWS_PRESENT 0x08u /* JUDGE_FAULT: present, was there a leaf                                          */
#define JUDGE_KNOWS_RIGHTS  0x10u /* JUDGE_FAULT with present: rights, those the machine says the leaf grants        */
#define JUDGE_KNOWS_LEVEL   0x20u /* level at which the walk ended, 0 the leaf level of 4 KiB                        */
#define JUDGE_KNOWS_TYPE    0x40u /* JUDGE_OK: type, the resulting memory type as one of S2_WB ... S2_DEV_NE         */

struct judge_answer {
  enum judge_kind kind;
  uint32_t knows;
  uint64_t hpa;
  uint64_t gpa, gpa_mask;
  uint32_t access, rights;
  uint32_t type;
  uint32_t level;
  bool present;
  uint64_t raw[2]; /* cause and syndrome as the machine has them, shown with a mismatch */
};

/** One question: one access of one kind to one guest address. */
struct judge_probe {
  uint64_t gpa;               /* any address; wider than the space with JUDGE_WIDE only         */
  uint32_t access;            /* exactly one of S2_R, S2_W, S2_X, S2_UX                         */
  struct judge_answer answer; /* filled in by judge_ask_all()                                   */
};

/* ---- what is to be judged ---- */

/* struct judge_shape.flags */
#define JUDGE_WIDE  0x1u /* ask for addresses beyond gpa_bits as well: they must fault                               */
#define JUDGE_AD    0x2u /* the walker sets accessed and dirty (declare S2_FEAT_AD too): both are compared           */
#define JUDGE_SPACE 0x4u /* drive a struct s2_space (areas, faults, dirty tracking), not the bare page table         */

/** One kind of page table: a check of its own, with its own line. */
struct judge_shape {
  const char *name; /* "Sv39x4", "IPA 40"                                                                     */
  struct s2_config hw;
  uint32_t flags;       /* JUDGE_...                                                                               */
  uint32_t accesses;    /* which of S2_R, S2_W, S2_X, S2_UX are asked                                              */
  const uint32_t *attr; /* attributes to map with, all legal here: rights and types                                */
  uint32_t attrs;
  uint64_t wide_bits;  /* JUDGE_WIDE: which address bits above gpa_bits may be set in a question                  */
  uint64_t gpa_limit;  /* 0: none. Operations and questions stay below (a machine with fewer physical address bits)  */
  uint32_t fixed_attr; /* attributes of the plan's fixed range                                                     */
};

/**
 * A range of host addresses to map guests to. With `ram` the driver may ask about every byte and calls judge_mark()
 * first. Without, nothing answers there (or the walker is asked without touching memory): an access must get that
 * far, and what happens then is no fault of the second stage.
 *
 * Blocks reach beyond a window where alignment wants it (a 512 GiB block around RAM): there no question is asked.
 */
struct judge_window {
  uint64_t hpa, size; /* multiples of 4 KiB */
  bool ram;
};

/**
 * What an asking guest itself runs in, or size 0: mapped with the library, in 4 KiB leaves, in every fresh table and
 * after clear, and before judge_install(). Operations and questions leave it out; the ends of the space must not both
 * lie in it.
 */
struct judge_fixed {
  uint64_t gpa, size, hpa;
};

struct judge_plan {
  const char *name; /* "riscv64" */
  uint64_t seed;    /* not 0 */
  const struct judge_shape *shape;
  uint32_t shapes;
  const struct judge_window *window;
  uint32_t windows;
  uint64_t addresses;  /* to compare in all, split evenly over the shapes                                        */
  uint32_t operations; /* operations before a table is thrown away and begun anew                                */
  struct s2_pool_memory tables;
  struct s2_area_memory areas; /* for JUDGE_SPACE                                                              */
  struct judge_window frames;  /* for JUDGE_SPACE: RAM for alloc areas, at most JUDGE_FRAMES pages, 2 MiB aligned */
  struct judge_fixed fixed;
  bool brief_holes;      /* refusals are dear: where nothing is mapped, ask one kind of access, a random one   */
  bool must_disagree;    /* a negative test: the library is built broken, every shape must see it              */
  bool any_disagreement; /* a negative test: the library is built broken, one shape must see it, in any way    */
};
#define JUDGE_FRAMES 8192u

/** What came out, over all shapes. */
struct judge_result {
  uint64_t operations; /* that the library accepted                                                             */
  uint64_t refused;    /* that it refused: tables used up, something mapped already, ...                         */
  uint64_t addresses;  /* compared                                                                               */
  uint64_t answers;    /* accesses compared: up to one per kind of access and address                            */
  uint64_t mismatches;
  uint32_t passed, failed; /* shapes */
};

/**
 * Runs the plan, prints progress and one line per shape. A shape passes when no answer differs, its share of
 * addresses was compared, every kind of operation was accepted, leaves of every size up to leaf_max and in the upper
 * half of the space were found, and missing rights, holes and addresses too wide were refused. With must_disagree a
 * shape passes, and ends, when an access was done that the tables do not allow any more: a fault too many would not
 * show that the judge sees stale TLBs. With any_disagreement the run ends with the first shape that differs, and has
 * passed if there is one.
 */
struct judge_result judge_run(const struct judge_plan *plan);

/** Prints what judge_run() counted and `N passed, N failed`, and ends the machine. more_: checks of the platform. */
_Noreturn void judge_finish(const struct judge_result *result, uint32_t more_passed, uint32_t more_failed);

/* ---- what the platform provides ---- */

void judge_putc(char c);

/** End the machine: 0 all is well. */
_Noreturn void judge_exit(int code);

/**
 * Make this space the current one of the walker: the library's own register values, and an invalidation of the VMID
 * that a fresh space needs (s2_init()). Also what the shape needs around it (menvcfg, a guest context).
 */
void judge_install(const struct judge_shape *shape, struct s2_root root);

/**
 * One access of one kind to gpa, as the guest would make it. A store leaves memory as it was. With the answer known
 * to be the byte at gpa, hpa is its address: gpa need not be aligned.
 */
struct judge_answer judge_ask(uint64_t gpa, uint32_t access);

/**
 * Called before a question whose answer should be hpa: make the aligned 8 bytes there tell their own address. Memory
 * that was never marked must not look like a mark of another address. judge_each.c writes the address itself.
 */
void judge_mark(uint64_t hpa);

/**
 * Asks them in order; at most JUDGE_BATCH, and the tables do not change meanwhile. judge_each.c calls judge_ask() for
 * each; a machine with dear entries brings a batch.
 */
#define JUDGE_BATCH 256u
void judge_ask_all(struct judge_probe *probe, uint32_t n);

/* ---- small tools for platforms ---- */

/** The mark that judge_each.c makes: the aligned 8 bytes hold their own address. */
static inline void judge_mark_address(uint64_t hpa) {
  uint64_t word = hpa & ~UINT64_C(7);
  *(volatile uint64_t *)(uintptr_t)word = word;
}

/** s2_flush_epoch() of the table under judgement: an NPT entry flushes the ASID when it has changed. */
int32_t judge_epoch(void);

void judge_puts(const char *s);
void judge_put_hex(uint64_t v);
void judge_put_dec(uint64_t v);

#endif
