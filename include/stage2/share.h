/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * share.h - copy-on-write spaces: clone one, and both see the same frames until one of them writes (BCK-5).
 *
 * A clone costs tables, not frames. Every frame has as many owners as spaces map it; the host counts them
 * (s2_host_frame_share, s2_host_frame_free). A page with more than one owner is read-only in all of them: the first write
 * faults, s2_fault() copies the page into a frame of its own, or, when nobody else owns it any more, just gives the right
 * back. So what one side writes the other never sees.
 */
#ifndef STAGE2_SHARE_H
#define STAGE2_SHARE_H

#include "space.h"

/**
 * s2_clone() - the empty space `to` becomes a copy of `from`: its alloc areas and all their pages, as they are when this
 * returns. Linear areas are not copied: add what the copy may reach. Both spaces keep their own tables, VMID and areas
 * from here on. `from` may be running: its CPUs lose the right to write, by one invalidation, before this returns.
 *
 * Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG: the same space twice, or widths, features or guest range differ;
 * S2_ERR_MAPPED: `to` is not empty; S2_ERR_NO_TABLES, S2_ERR_NO_AREAS: of `to`; S2_ERR_NO_FRAMES: the host cannot count
 * another owner; S2_ERR_POOL: a frame overlaps the tables of `to`. On refusal `to` is empty again and `from` as it was.
 * Cost: two descents and one store per leaf in `to`; one descent per leaf table in `from`.          Requirements: BCK-5
 */
/*@ requires inv: \valid(to) && \valid(from) && Good(&to->pt) && AreasInv(&to->areas) && Good(&from->pt) &&
      AreasInv(&from->areas);
    terminates \true; exits \false;
    ensures inv: Good(&to->pt) && AreasInv(&to->areas) && Good(&from->pt) && AreasInv(&from->areas);
    ensures kept: \forall integer g; Dom(&from->pt.pool, g) ==>
              PA(&from->pt.pool, g) == \old(PA(&from->pt.pool, g));
    ensures same: \result == S2_OK ==> \forall integer g; Dom(&to->pt.pool, g) ==> PA(&to->pt.pool, g) != -1 ==>
              PA(&to->pt.pool, g) == PA(&from->pt.pool, g); */
S2_MUST_USE s2_status s2_clone(struct s2_space *to, struct s2_space *from);

#endif
