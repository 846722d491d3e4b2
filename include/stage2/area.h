/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * area.h - the area set: which guest ranges exist, with which rights and which backend (ARE-1, ARE-2, ARE-4).
 *
 * Areas [start, end) are disjoint and sorted. They live in chunks of at most 64 under a packed array of windows: window
 * p holds every area between lo[p] and lo[p+1], in chunk id[p]. So a search is a few steps over packed keys, an
 * insertion moves at most 64 entries, and all statements compose by address: which area covers g?
 *
 * An area stores delta = HPA - GPA rather than a host address, so cutting or shrinking it copies the payload unchanged.
 */
#ifndef STAGE2_AREA_H
#define STAGE2_AREA_H

#include "attr.h"
#include "types.h"

#define S2_CHUNK_AREAS 64

/* backends, in s2_area.backend */
#define S2_BACK_NONE   0u
#define S2_BACK_LINEAR 1u /* HPA = GPA + delta                                                     */
#define S2_BACK_ALLOC  2u /* frames come from the host's allocator, at once or at the first fault  */
#define S2_BACK_KIND   0xffu
#define S2_BACK_BLOCKS 0x100u /* flag: frames larger than 4 KiB may be used                        */
#define S2_BACK_AHEAD  0x200u /* flag: faults may bring in more than one page (ahead.h)            */

/** One area, by value. backend == S2_BACK_NONE: there is none. */
struct s2_area {
  int64_t start, end; /* [start, end), multiples of 4 KiB */
  int64_t delta;      /* linear: HPA - GPA                */
  uint32_t attr;      /* rights and memory type           */
  uint16_t backend;   /* S2_BACK_ kind and flags          */
};

/** What stays with an address when its area is cut, shrunk or merged. */
struct s2_payload {
  int64_t delta;
  uint32_t attr;
  uint16_t backend;
};

/** Up to 64 sorted areas; starts are packed for the search. */
struct s2_chunk {
  int64_t start[S2_CHUNK_AREAS];
  int64_t end[S2_CHUNK_AREAS];
  struct s2_payload pay[S2_CHUNK_AREAS];
  int16_t n;
};

/** What the integrator hands in: count chunks, count window keys, count window ids, count free slots. */
struct s2_area_memory {
  struct s2_chunk *chunks;
  uint64_t *lo;
  int32_t *id;
  int32_t *spare;
  uint32_t count; /* 1 .. 2^24; each chunk holds 16 areas in the worst case, 64 in the best */
};

struct s2_areas {
  struct s2_chunk *chunks;
  uint64_t *lo;   /* lo[p]: first address of window p; lo[0] == 0                 */
  int32_t *id;    /* id[p]: the chunk of window p                                 */
  int32_t *spare; /* spare[0 .. nspare-1]: chunks not in use                      */
  uint32_t cap;   /* chunks handed in                                             */
  int32_t n;      /* windows in use, at least 1                                   */
  int32_t nspare;
  int32_t hit_p; /* window and place where s2_areas_again() looked last         */
  int32_t hit_i;
};

struct s2_place {
  s2_status status;
  uint64_t gpa;
};

#ifdef __FRAMAC__
#include "logic/areas.acsl"
#endif

/** s2_areas_init() - an empty set. Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG (count). Cost: O(count). */
/*@ requires mem: s != \null ==> m != \null ==> \valid(s) && \valid_read(m) &&
      (m->chunks != \null ==> m->lo != \null ==> m->id != \null ==> m->spare != \null ==> 1 <= m->count <= 0x1000000 ==>
        \valid(m->chunks + (0 .. m->count - 1)) && \valid(m->lo + (0 .. m->count - 1)) &&
        \valid(m->id + (0 .. m->count - 1)) && \valid(m->spare + (0 .. m->count - 1)) &&
        \separated(s, m, m->chunks + (0 .. m->count - 1), m->lo + (0 .. m->count - 1),
                   m->id + (0 .. m->count - 1), m->spare + (0 .. m->count - 1)));
    terminates \true; exits \false;
    assigns *s, m->chunks[0 .. m->count-1], m->lo[0 .. m->count-1], m->id[0 .. m->count-1], m->spare[0 .. m->count-1];
    ensures null: s == \null || m == \null ==> \result == S2_ERR_NULL;
    ensures done: \result == S2_OK ==> AreasInv(s) && \forall integer g; 0 <= g ==> NoArea(s, g); */
S2_MUST_USE s2_status s2_areas_init(struct s2_areas *s, const struct s2_area_memory *m);

/** s2_areas_find() - the area that covers gpa, or backend S2_BACK_NONE. O(log n). gpa may be any value. (ARE-1, ARE-4) */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(s, gpa);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= gpa < \result.end <= AREA_TOP &&
                   AreaPay(s, gpa) == pay(\result.delta, \result.attr, \result.backend);
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer g; \result.start <= g < \result.end ==>
                   !NoArea(s, g) && AreaPay(s, g) == pay(\result.delta, \result.attr, \result.backend); */
S2_MUST_USE struct s2_area s2_areas_find(const struct s2_areas *s, uint64_t gpa);

/** s2_areas_again() - s2_areas_find() that tries the area it found last first, and remembers. For faults. (ARE-4) */
/*@ requires inv: \valid(s) && AreasInv(s);
    terminates \true; exits \false;
    assigns s->hit_p, s->hit_i;
    ensures inv: AreasInv(s);
    ensures none: \result.backend == S2_BACK_NONE <==> NoArea(s, gpa);
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start <= gpa < \result.end <= AREA_TOP &&
                   AreaPay(s, gpa) == pay(\result.delta, \result.attr, \result.backend);
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer g; \result.start <= g < \result.end ==>
                   !NoArea(s, g) && AreaPay(s, g) == pay(\result.delta, \result.attr, \result.backend); */
S2_MUST_USE struct s2_area s2_areas_again(struct s2_areas *s, uint64_t gpa);

/** s2_areas_next() - the first area that ends after gpa, or S2_BACK_NONE: iterate with gpa = area.end. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures hit: \result.backend != S2_BACK_NONE ==> 0 <= \result.start < \result.end <= AREA_TOP &&
                   gpa < \result.end && !NoArea(s, \result.start);
    ensures all: \result.backend != S2_BACK_NONE ==> \forall integer g; \result.start <= g < \result.end ==>
                   !NoArea(s, g) && AreaPay(s, g) == pay(\result.delta, \result.attr, \result.backend);
    ensures gap: \result.backend != S2_BACK_NONE ==> \forall integer g; gpa <= g < \result.start ==> NoArea(s, g);
    ensures last: \result.backend == S2_BACK_NONE ==> \forall integer g; gpa <= g ==> NoArea(s, g); */
S2_MUST_USE struct s2_area s2_areas_next(const struct s2_areas *s, uint64_t gpa);

/** s2_areas_overlap() - does any area meet [x, y)? Requires x < y <= 2^62. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    terminates \true; exits \false; assigns \nothing;
    ensures meet: \result <==> \exists integer g; x <= g < y && !NoArea(s, g); */
S2_MUST_USE bool s2_areas_overlap(const struct s2_areas *s, uint64_t x, uint64_t y);

/** s2_areas_covered() - is every address of [x, y) in some area? Requires x < y <= 2^62. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    terminates \true; exits \false; assigns \nothing;
    ensures all: \result <==> \forall integer g; x <= g < y ==> !NoArea(s, g); */
S2_MUST_USE bool s2_areas_covered(const struct s2_areas *s, uint64_t x, uint64_t y);

/**
 * s2_areas_insert() - add [x, y) with a payload. Merged with a neighbour that touches it and has an equal payload.
 * x < y <= 2^62. Return: S2_OK; S2_ERR_MAPPED: it overlaps; S2_ERR_NO_AREAS: storage is used up. Refusals change nothing.
 */
/*@ requires inv: \valid(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    requires kind: p.backend != S2_BACK_NONE;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures st: \result == S2_OK || \result == S2_ERR_MAPPED || \result == S2_ERR_NO_AREAS;
    ensures taken: \result == S2_ERR_MAPPED <==> \exists integer g; x <= g < y && !NoArea{Pre}(s, g);
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==>
                  NoArea{Pre}(s, g) && !NoArea(s, g) && AreaPay(s, g) == pay(p.delta, p.attr, p.backend);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
S2_MUST_USE s2_status s2_areas_insert(struct s2_areas *s, uint64_t x, uint64_t y, struct s2_payload p);

/**
 * s2_areas_remove() - no address of [x, y) is in an area afterwards; areas are shrunk and cut as needed. Holes allowed.
 * x < y <= 2^62. Return: S2_OK; S2_ERR_NO_AREAS: one area had to become two and storage is used up, nothing changed.
 */
/*@ requires inv: \valid(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures ok: AreaRoom{Pre}(s, x, y) ==> \result == S2_OK;
    ensures code: \result == S2_OK || \result == S2_ERR_NO_AREAS;
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==> NoArea(s, g);
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
S2_MUST_USE s2_status s2_areas_remove(struct s2_areas *s, uint64_t x, uint64_t y);

/** s2_areas_can_remove() - would s2_areas_remove() with the same arguments answer S2_OK? */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> AreaRoom(s, x, y);
    ensures room: s->nspare > 0 ==> \result; */
S2_MUST_USE bool s2_areas_can_remove(const struct s2_areas *s, uint64_t x, uint64_t y);

/**
 * s2_areas_protect() - every area part in [x, y) gets the rights `rights` (S2_RIGHTS bits); the rest of attr stays.
 * Areas are cut at x and y as needed, and pieces with equal payloads that touch are merged again. Holes stay holes.
 * x < y <= 2^62. Return: S2_OK; S2_ERR_NO_AREAS: cutting needs storage that is used up, nothing changed.
 */
/*@ requires inv: \valid(s) && AreasInv(s);
    requires range: x < y <= 0x4000000000000000;
    requires rights: rights < 16;
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s);
    ensures code: \result == S2_OK || \result == S2_ERR_NO_AREAS;
    ensures none: \forall integer g; 0 <= g ==> (NoArea(s, g) <==> NoArea{Pre}(s, g));
    ensures in: \result == S2_OK ==> \forall integer g; x <= g < y ==> !NoArea(s, g) ==>
                  AreaPay(s, g) == pay(pay_delta(AreaPay{Pre}(s, g)),
                    pay_attr(AreaPay{Pre}(s, g)) - pay_attr(AreaPay{Pre}(s, g)) % 16 + rights, pay_backend(AreaPay{Pre}(s, g)));
    ensures out: \forall integer g; 0 <= g ==> (\result != S2_OK || g < x || y <= g) ==> AreaKept{Pre,Here}(s, g); */
S2_MUST_USE s2_status s2_areas_protect(struct s2_areas *s, uint64_t x, uint64_t y, uint32_t rights);

/**
 * s2_areas_find_free() - the lowest multiple of `align` at or above max(hint, lo) with size free bytes below hi; if
 * there is none, the lowest at or above lo. align is a power of two; lo <= hi <= 2^62; size > 0.
 * Return: S2_OK and gpa; S2_ERR_SIZE, S2_ERR_ALIGN (align is not a power of two), S2_ERR_RANGE (lo > hi or hi too
 * wide); S2_ERR_NO_AREAS: no such gap.
 */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures align: \result.status == S2_OK ==> \result.gpa % align == 0;
    ensures free: \result.status == S2_OK ==> lo <= \result.gpa && \result.gpa + size <= hi &&
                    \forall integer g; \result.gpa <= g < \result.gpa + size ==> NoArea(s, g); */
S2_MUST_USE struct s2_place s2_areas_find_free(const struct s2_areas *s, uint64_t hint, uint64_t size, uint64_t lo,
                                               uint64_t hi, uint64_t align);

/** s2_areas_count() - how many areas there are. Cost: one step per chunk in use, so at most one per 16 areas and one. */
/*@ requires inv: \valid_read(s) && AreasInv(s);
    terminates \true; exits \false; assigns \nothing;
    ensures sum: \result == total(s, s->n); */
S2_MUST_USE uint32_t s2_areas_count(const struct s2_areas *s);

/** s2_areas_clear() - no areas. Cannot fail. */
/*@ requires inv: \valid(s) && AreasInv(s);
    terminates \true; exits \false;
    assigns AREA_ALL(s);
    ensures inv: AreasInv(s) && \forall integer g; 0 <= g ==> NoArea(s, g); */
void s2_areas_clear(struct s2_areas *s);

#endif
