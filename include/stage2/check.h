/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * check.h - does a live space keep what the proofs say it keeps? (T5, T15)
 *
 * Each kind of flaw is a component of the invariant of specs/logic (tree.acsl, ranges.acsl, areas.acsl) or of the step
 * between areas and tables, tried on the memory as it is. For debug builds, tests, fuzzing, and for a hypervisor that
 * wants to know whether its memory was overwritten: nothing but the arrays that were handed in is read, whatever they hold.
 */
#ifndef STAGE2_CHECK_H
#define STAGE2_CHECK_H

#include "space.h"

/** What does not hold; the predicate of specs/logic behind each. The first that fails is told, in this order. */
enum s2_flaw_kind {
  S2_SOUND = 0,    /* everything holds                                                          */
  S2_FLAW_RECORD,  /* Wf, GoodPt, Placed: a constant of the space is none that s2_init() makes  */
  S2_FLAW_ROOT,    /* Root: a root table's record is not that of a root                         */
  S2_FLAW_SHAPE,   /* Shape: a table's record names no place in this tree                       */
  S2_FLAW_ENTRY,   /* NoBad: an entry that the library cannot have made                         */
  S2_FLAW_MARK,    /* NoMarks: an entry was marked and not taken out                            */
  S2_FLAW_LINK,    /* Down: a link to a table that is not one level down, at the link's place   */
  S2_FLAW_REACH,   /* Reach: a used table that the path to its place does not visit             */
  S2_FLAW_LIVE,    /* Live: a count of live entries is wrong                                    */
  S2_FLAW_EMPTY,   /* an empty table below the root was not given back                          */
  S2_FLAW_ZERO,    /* FreeZero: a free table is not zero                                        */
  S2_FLAW_FREE,    /* Free1, Free2: free tables and the free stack do not name each other       */
  S2_FLAW_COUNTS,  /* Counts: tables per level, free tables or limbo do not add up              */
  S2_FLAW_OUTPUT,  /* a leaf maps the tables, is beyond the host's width or larger than allowed */
  S2_FLAW_INSIDE,  /* Inside: something is mapped beyond the width of guest addresses           */
  S2_FLAW_AREAS,   /* AreaMem, AreaFilled: the area set's counters or arrays                    */
  S2_FLAW_WINDOWS, /* AreaTiles, AreaIds: windows out of order, or one without a chunk          */
  S2_FLAW_SPARE,   /* AreaSpare: a spare chunk twice, or in use                                 */
  S2_FLAW_CHUNK,   /* ChunkInv: an area without addresses, out of order, or without a backend   */
  S2_FLAW_WINDOW,  /* AreaInside: an area outside its window                                    */
  S2_FLAW_AREA,    /* an area outside the space, not of whole pages, or with illegal attributes */
  S2_FLAW_NO_AREA, /* a leaf that lies in no area                                               */
  S2_FLAW_RIGHTS,  /* a leaf with another type, or more rights, than its area                   */
  S2_FLAW_ADDRESS, /* a leaf of a linear area that is not at the area's host address            */
  S2_FLAW_GAP,     /* a linear area that is mapped in part                                      */
  S2_FLAW_BLOCK    /* a block in an alloc area of pages                                         */
};

/** A flaw and where it is. Fields that say nothing about the kind are 0. */
struct s2_flaw {
  enum s2_flaw_kind kind;
  uint32_t table, slot; /* kinds up to INSIDE: index of the table and the entry; AREAS to TOTAL: window and place */
  uint64_t gpa;         /* kinds from AREA on: first address of the area or leaf                                  */
};

/**
 * s2_pt_check() - the first flaw of a page table, kinds up to S2_FLAW_INSIDE.
 *
 * pt and the three arrays of its pool are readable; what they hold may be anything, but for the pointers and the number of
 * tables. Costs one read per entry of every table, and one descent per used table; writes nothing, not for hot paths.
 */
/*@ requires pt: \valid_read(pt) && \valid_read(pt->pool.tables + (0 .. pt->pool.cap-1)) &&
                 \valid_read(pt->pool.nodes + (0 .. pt->pool.cap-1)) && \valid_read(pt->pool.stack + (0 .. pt->pool.cap-1));
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_flaw s2_pt_check(const struct s2_pt *pt);

/**
 * s2_space_check() - the first flaw of a space: its page table, its areas, and that the two agree.
 *
 * May be called between any two calls on the space, by its owner; so may s2_pt_check(). Leaves of alloc areas may have
 * fewer rights than the area (dirty tracking, clones), never more.
 * Cost: s2_pt_check(), then O(areas + leaves + chunks * spare chunks).
 */
/*@ requires s: \valid_read(s) && \valid_read(s->pt.pool.tables + (0 .. s->pt.pool.cap-1)) &&
                \valid_read(s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \valid_read(s->pt.pool.stack + (0 .. s->pt.pool.cap-1));
    requires areas: \valid_read(s->areas.chunks + (0 .. s->areas.cap-1)) && \valid_read(s->areas.lo + (0 .. s->areas.cap-1)) &&
                    \valid_read(s->areas.id + (0 .. s->areas.cap-1)) && \valid_read(s->areas.spare + (0 .. s->areas.cap-1));
    terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE struct s2_flaw s2_space_check(const struct s2_space *s);

/** s2_flaw_text() - one English clause for a kind, for reports. Never NULL. */
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE const char *s2_flaw_text(enum s2_flaw_kind kind);

#endif
