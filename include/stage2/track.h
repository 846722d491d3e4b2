/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * track.h - which pages were written, or used? Start, harvest a bitmap as often as needed, stop: migration, snapshots, displays
 * (OPT-4).
 *
 * The log is the page table itself, so it costs no memory and cannot overflow. With S2_TRACK_HARDWARE a page is dirty
 * when the hardware has set its leaf's dirty bit; a harvest takes the bit away in one atomic step. Otherwise leaves lose
 * the right to write, a write faults, s2_fault() gives the right back, and a leaf that has it is dirty. Either way a
 * page that was brought in during the tracking counts as dirty where its leaf says so: with write protection always,
 * with hardware from the first write on (A64 and GST leaves are made dirty).
 *
 * With S2_TRACK_ACCESSED the question is which pages were used at all: the accessed bit tells, in areas of any rights.
 *
 * A leaf is logged as a whole: S2_TRACK_SPLIT cuts blocks into 4 KiB leaves first. What a leaf knows goes away with it:
 * harvest before s2_protect(), s2_unmap() or s2_discard() over a tracked range. A page is reported by the harvest that
 * follows the write, never lost: read its contents after that harvest has returned. To send a page out under running CPUs
 * with dirty bits, s2_pt_protect() it to be read only, harvest, discard: a leaf without the right keeps what it knows.
 * Dirty bits know what the guest's CPUs wrote; what the host writes through s2_guest_write() is logged by write
 * protection only.
 */
#ifndef STAGE2_TRACK_H
#define STAGE2_TRACK_H

#include "space.h"

#define S2_TRACK_HARDWARE 0x1u /* dirty bits, with S2_FEAT_AD; A64: S2AP[1] under DBM (FEAT_HAFDBS)    */
#define S2_TRACK_ACCESSED 0x8u /* accessed bits instead: any access, not writes; every format, with S2_FEAT_AD */
#define S2_TRACK_SPLIT    0x2u /* start: leaves of 4 KiB only in the range                            */
#define S2_TRACK_KEEP     0x4u /* harvest: report, but go on counting the same pages as dirty         */

struct s2_harvest {
  s2_status status;
  int64_t dirty; /* pages of the range that are dirty, or accessed */
};

/**
 * s2_track_start() - from now on, writes to [gpa, gpa + size) are logged. Linear and alloc areas; parts without an area,
 * or whose area is not writable, are left out. Every page is clean at return.
 *
 * flags: S2_TRACK_HARDWARE or S2_TRACK_ACCESSED; S2_TRACK_SPLIT.
 * Return: S2_OK; S2_ERR_ALIGN, S2_ERR_SIZE, S2_ERR_OVERFLOW, S2_ERR_WIDTH, S2_ERR_RANGE; S2_ERR_CONFIG: flags, or the
 * host sets no dirty bits; S2_ERR_NO_TABLES: blocks must be split. On refusal nothing has changed.
 * Cost: one descent per leaf table, one store per leaf, one invalidation.                          Requirements: OPT-4
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas);
    ensures same: \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)); */
S2_MUST_USE s2_status s2_track_start(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t flags);

/**
 * s2_track_harvest() - bit k % 64 of bitmap[k / 64] becomes 1 if page gpa + k * 4096 was written since the last harvest,
 * else 0, and every page is clean again (S2_TRACK_KEEP: stays as it is). A dirty block that sticks out of the range is
 * reported and stays dirty, for its pages outside. bitmap: size / 4 KiB bits, whole words; bits behind the last page
 * become 0. flags as at the start, S2_TRACK_SPLIT aside.
 *
 * Return: status as s2_track_start(), and S2_ERR_NULL; dirty: the number of ones.
 * Cost: one descent per leaf table, one load per leaf, one store per dirty leaf, one invalidation if any was dirty.
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas);
    ensures same: \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)); */
S2_MUST_USE struct s2_harvest s2_track_harvest(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t *bitmap,
                                               uint32_t flags);

/**
 * s2_track_stop() - leaves of [gpa, gpa + size) have the rights of their areas again. Blocks stay split: s2_collapse().
 *
 * Return: as s2_track_start().
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas);
    ensures same: \forall integer g; Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)); */
S2_MUST_USE s2_status s2_track_stop(struct s2_space *s, uint64_t gpa, uint64_t size);

#endif
