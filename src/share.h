/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** share.h - what a write fault does in a space that shares frames. Internal to src/. */
#ifndef S2_SHARE_H
#define S2_SHARE_H

#include "stage2/space.h"

/** A frame of level l from the host, checked like any other host range: a bad one goes straight back. S2_NO_FRAME: none. */
/*@ requires s: \valid_read(s) && Good(&s->pt) && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures fits: \result != S2_NO_FRAME ==> off(\result, l) == 0 && \result + gran(l) <= width(S2_FMT_HPA_BITS);
    ensures apart: \result != S2_NO_FRAME ==> \result + gran(l) <= pool_hpa(&s->pt.pool) ||
                     pool_hpa(&s->pt.pool) + s->pt.pool.cap * 4096 <= \result; */
uint64_t s2_take_frame(const struct s2_space *s, uint8_t l);

/**
 * The page at `page`, a multiple of 4 KiB inside a leaf, becomes one that may be written: a copy in a frame of its own if
 * its frame has other owners, else as it is. Blocks around it are cut. attr: its area's.
 *
 * Return: S2_OK; S2_ERR_NO_TABLES, S2_ERR_NO_FRAMES: nothing has changed.
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && Dom(&s->pt.pool, page) && PA(&s->pt.pool, page) != -1;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
s2_status s2_copy_page(struct s2_space *s, uint64_t page, uint32_t attr);

#endif
