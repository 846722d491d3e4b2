/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * guest.h - reading and writing guest memory through the space's translations (GMA-1).
 *
 * Copies go over page and area borders, check rights leaf by leaf, and report how far they got. Nothing outside the
 * mapped bytes is touched, and the bytes before `done` are complete.
 */
#ifndef STAGE2_GUEST_H
#define STAGE2_GUEST_H

#include "space.h"

/* flags */
#define S2_GUEST_FAULT                                                                                                 \
  0x1u /* fault a lazy or write-protected page in; without it such a page ends the copy with S2_ERR_LAZY */

struct s2_copied {
  s2_status status; /* S2_OK: all of it. Else why it stopped: S2_ERR_WIDTH, S2_ERR_RANGE, S2_ERR_OVERFLOW (before the
                       first byte), S2_ERR_NOT_MAPPED, S2_ERR_DENIED, S2_ERR_LAZY, S2_ERR_NO_FRAMES, S2_ERR_NO_TABLES,
                       S2_ERR_MEMORY, S2_ERR_NULL, S2_ERR_CONFIG (flags) */
  uint64_t done;    /* bytes copied */
};

/** A piece of guest memory the host can touch. */
struct s2_piece {
  s2_status status;
  void *at; /* len bytes from gpa, valid until the space is next changed */
  uint64_t len;
};

/**
 * s2_guest_run() - the longest directly reachable piece from gpa, at most max bytes, with the rights `access`.
 * Iterate by advancing gpa by len. Return: as the copies below; S2_ERR_SIZE when max is 0.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures len: \result.status == S2_OK ==> 0 < \result.len <= max;
    ensures mapped: \result.status == S2_OK ==> \forall integer g; gpa <= g < gpa + \result.len ==>
                      PA(&s->pt.pool, g) == PA(&s->pt.pool, gpa) + (g - gpa) && PA(&s->pt.pool, g) != -1 &&
                      (AT(&s->pt.pool, g) & access) == access; */
S2_MUST_USE struct s2_piece s2_guest_run(struct s2_space *s, uint64_t gpa, uint64_t max, uint32_t access,
                                         uint32_t flags);

/** s2_guest_read() - len bytes at gpa to buf; needs S2_R. len 0 is S2_OK. */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    ensures done: \result.done <= len && (\result.status == S2_OK <==> \result.done == len); */
S2_MUST_USE struct s2_copied s2_guest_read(struct s2_space *s, uint64_t gpa, void *buf, uint64_t len, uint32_t flags);

/** s2_guest_write() - len bytes from buf to gpa; needs S2_W. */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    ensures done: \result.done <= len; */
S2_MUST_USE struct s2_copied s2_guest_write(struct s2_space *s, uint64_t gpa, const void *buf, uint64_t len,
                                            uint32_t flags);

/** s2_guest_fill() - len bytes at gpa become `byte`; needs S2_W. */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    ensures done: \result.done <= len; */
S2_MUST_USE struct s2_copied s2_guest_fill(struct s2_space *s, uint64_t gpa, uint8_t byte, uint64_t len,
                                           uint32_t flags);

#endif
