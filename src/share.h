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
/*@ requires inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    requires page: off(page, 0) == 0 && page + 4096 <= width(s->pt.gpa_bits) && PA(&s->pt.pool, page) != -1;
    requires attr: attr_legal(s->pt.pool.features, attr);
    terminates \true; exits \false;
    assigns s->pt.pool.nfree, s->pt.pool.nlimbo, s->pt.pool.low, s->pt.pool.used[0 .. 4], s->pt.pool.high[0 .. 4],
            s->pt.pool.tables[0 .. s->pt.pool.cap-1], s->pt.pool.nodes[0 .. s->pt.pool.cap-1],
            s->pt.pool.stack[0 .. s->pt.pool.cap-1], s->pt.flush.epoch, s->pt.flush.ranges, s->pt.flush.fulls, s->pt.flush.breaks,
            s->pt.splits, s->stats;
    ensures inv: SpaceMemory(s) && SpaceCounts(s) && Good(&s->pt);
    ensures wide: s->base == \old(s->base) && s->limit == \old(s->limit);
    ensures in: \result == S2_OK ==> \forall integer g; page <= g < page + 4096 ==> PA(&s->pt.pool, g) != -1;
    ensures gives: \result == S2_OK ==> \forall integer g, x; page <= g < page + 4096 ==> 0 <= x < 16 ==> gives(attr, x) ==>
                     gives(AT(&s->pt.pool, g), x);
    ensures out: \forall integer g; Dom(&s->pt.pool, g) ==> !(page <= g < page + 4096) ==>
                   PA(&s->pt.pool, g) == \old(PA(&s->pt.pool, g)) && AT(&s->pt.pool, g) == \old(AT(&s->pt.pool, g));
    ensures same: \result != S2_OK ==> Same{Pre,Post}(&s->pt.pool); */
s2_status s2_copy_page(struct s2_space *s, uint64_t page, uint32_t attr);

#endif
