/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * cursor.h - a walk cache: translation that remembers the tables it ended in (OPT-1).
 *
 * A cursor belongs to its caller (a device model, an emulated DMA engine, a vCPU thread) and only reads the space. Slot
 * k remembers, for one 2 MiB region whose number ends in k, the table where the region's path ends: so a lookup is one
 * comparison and one entry read instead of a walk. Only tables are remembered, never entries: an answer is always read
 * from the page table, so mapping, unmapping, protecting and accessed/dirty bits are seen at once. A table that leaves
 * the tree is followed by an invalidation of the whole VMID before the call that removed it returns; the cursor compares
 * that count and forgets everything when it has moved.
 *
 * Includes the format's bits, as walk.h does. Calls on a cursor and on its space are serialised by their owner, as for
 * two calls on the space. After s2_init() of the same space, s2_cursor_init() again.
 */
#ifndef STAGE2_CURSOR_H
#define STAGE2_CURSOR_H

#include "walk.h"

/** Where the path of one 2 MiB region ends: table t, of level l. region -1: nothing remembered. */
struct s2_cursor_slot {
  int64_t region; /* guest address / 2 MiB */
  int32_t t;
  uint8_t l;
};

struct s2_cursor {
  const struct s2_space *space;
  struct s2_cursor_slot *slots;
  uint32_t mask; /* slots - 1                                                              */
  int64_t seen;  /* invalidations of the whole VMID when the slots were filled; -1: never  */
  int64_t hits;  /* lookups answered from a slot, and those that walked (MES-1)            */
  int64_t misses;
};

#ifdef __FRAMAC__
/*@ predicate SlotTrue{L}(struct s2_pool *p, struct s2_cursor_slot *k) =
      k->region >= 0 ==> Used(p, k->t) && p->nodes[k->t].level == k->l &&
        \forall integer g; Dom(p, g) ==> g / 2097152 == k->region ==> tab(p, k->l, g) == k->t;
    predicate CursorTrue{L}(struct s2_cursor *c) = c->seen == c->space->pt.flush.fulls ==>
      \forall integer k; 0 <= k <= c->mask ==> SlotTrue(&c->space->pt.pool, c->slots + k); */
#endif

/**
 * s2_cursor_init() - an empty cursor over s with n slots, a power of two from 1 to 65536. One slot serves sequential
 * access; one per 2 MiB of a working set serves random access to it.
 *
 * Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG: n. Cost: O(n).                                      Requirements: OPT-1
 */
/*@ requires mem: c != \null ==> s != \null ==> slots != \null ==> \valid(c) && \valid_read(s) && \valid(slots + (0 .. n-1)) &&
                  \separated(c, s, slots + (0 .. n-1));
    terminates \true; exits \false;
    assigns *c, slots[0 .. n-1];
    ensures empty: \result == S2_OK ==> CursorTrue(c); */
S2_MUST_USE s2_status s2_cursor_init(struct s2_cursor *c, const struct s2_space *s, struct s2_cursor_slot *slots,
                                     uint32_t n);

/** Forget everything that was remembered. O(slots). */
/*@ requires mem: \valid(c) && c->mask < 65536 && \valid(c->slots + (0 .. c->mask)) && \valid_read(c->space) &&
                  \separated(c, c->slots + (0 .. c->mask));
    requires apart: \separated(c->space, c, c->slots + (0 .. c->mask));
    terminates \true; exits \false;
    assigns c->seen, c->slots[0 .. c->mask];
    ensures empty: \forall integer k; 0 <= k <= c->mask ==> c->slots[k].region == -1; */
void s2_cursor_forget(struct s2_cursor *c);

/** A lookup that has to walk: the same answer, and its slot is filled. gpa is in the space's range. */
/*@ requires inv: \valid(c) && Good(&c->space->pt) && c->space->base <= gpa < c->space->limit;
    terminates \true; exits \false;
    assigns c->seen, c->misses, c->slots[0 .. c->mask];
    ensures truth: CursorTrue(c); */
struct s2_translation s2_cursor_walk(struct s2_cursor *c, uint64_t gpa);

/** s2_cursor_translate() - what s2_translate() answers, always. Return and cost as there; O(1) on a hit. (OPT-1) */
/*@ requires inv: \valid(c) && Good(&c->space->pt) && CursorTrue(c);
    terminates \true; exits \false;
    assigns c->seen, c->hits, c->misses, c->slots[0 .. c->mask];
    ensures truth: CursorTrue(c);
    ensures hit: \result.status == S2_OK ==>
              PA(&c->space->pt.pool, gpa) == \result.hpa && AT(&c->space->pt.pool, gpa) == \result.attr;
    ensures miss: \result.status == S2_ERR_NOT_MAPPED ==> PA(&c->space->pt.pool, gpa) == -1; */
S2_INLINE struct s2_translation s2_cursor_translate(struct s2_cursor *c, uint64_t gpa) {
  const struct s2_space *s = c->space;
  if (gpa < (uint64_t)s->base || gpa >= (uint64_t)s->limit) {
    struct s2_translation r = {gpa >= s2_width(s->pt.gpa_bits) ? S2_ERR_WIDTH : S2_ERR_RANGE, 0, 0, 0};
    return r;
  }
  uint64_t region = gpa / s2_span(1);
  const struct s2_cursor_slot *k = &c->slots[(uint32_t)region & c->mask];
  if (k->region != (int64_t)region || c->seen != s->pt.flush.fulls) {
    return s2_cursor_walk(c, gpa);
  }
  if (k->l == 0) {
    c->hits++;
    return s2_answer_of(gpa, s2_entry_read(&s->pt.pool, (uint32_t)k->t, s2_slot(gpa, 0)), 0);
  }
  uint64_t e = s2_entry_read(&s->pt.pool, (uint32_t)k->t, s2_slot(gpa, k->l));
  if (s2_entry_links(k->l, e)) { /* a table was put below since */
    return s2_cursor_walk(c, gpa);
  }
  c->hits++;
  return s2_answer_of(gpa, e, k->l);
}

#endif
