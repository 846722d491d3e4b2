/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** again.h - the area that was found last, tried first: part of area.c and of the faults, which ask for little else. */
#ifndef S2_AGAIN_H
#define S2_AGAIN_H

#include "chunk.h"

/** Is the area found last still there, and does it cover g? What covers g is the area of g: areas are disjoint. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g;
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result ==> s->hit_p == win(s, g) && KCovers(WChunk(s, s->hit_p), s->hit_i, g); */
S2_INLINE bool s2_hits_again(const struct s2_areas *s, int64_t g) {
  bool hit = s->hit_p < s->n && covers(&s->chunks[s->id[s->hit_p]], s->hit_i, g);
  //@ assert c: hit ==> KCovers(WChunk(s, s->hit_p), s->hit_i, g) && !KNone(WChunk(s, s->hit_p), g);
  //@ assert w: hit ==> Win(s, s->hit_p, g);
  return hit;
}

/** The area at place i of window p, which covers g. */
/*@ requires inv: \valid_read(s) && AreasInv(s) && 0 <= g && 0 <= i;
    requires at: p == win(s, g) && KCovers(WChunk(s, p), i, g);
    terminates \true; exits \false; assigns \nothing;
    ensures some: \result.backend != S2_BACK_NONE && !NoArea(s, g);
    ensures hit: 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend); */
S2_INLINE struct s2_area s2_area_here(const struct s2_areas *s, int32_t p, int32_t i) /*@ ghost (int64_t g) */ {
  const struct s2_chunk *k = &s->chunks[s->id[p]];
  //@ assert w: Win(s, p, g);
  struct s2_area a = chunk_area(k, i);
  //@ assert i: \forall integer h; a.start <= h < a.end ==> KCovers(k, i, h) && idx(k, h) == i;
  //@ assert p: \forall integer h; a.start <= h < a.end ==> Win(s, p, h) && win(s, h) == p;
  return a;
}

/** Where the place of last time does not help: s2_areas_find() of an address, and the place is kept. */
/*@ requires inv: \valid(s) && AreasInv(s) && 0 <= g;
    terminates \true; exits \false; assigns s->hit_p, s->hit_i;
    ensures inv: AreasInv(s);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(s, g);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= g < \result.end <= AREA_TOP;
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer h; \result.start <= h < \result.end ==>
                   !NoArea(s, h) && AreaPay(s, h) == pay(\result.delta, \result.attr, \result.backend); */
struct s2_area s2_areas_look(struct s2_areas *s, int64_t g);

#endif
