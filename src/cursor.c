/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** cursor.c - what is not hot of the walk cache: init, forget, and the lookup that walks and remembers. */
#include "stage2/cursor.h"
#include "stage2/stats.h"

s2_status s2_cursor_init(struct s2_cursor *c, const struct s2_space *s, struct s2_cursor_slot *slots, uint32_t n) {
  if (c == NULL || s == NULL || slots == NULL) {
    return S2_ERR_NULL;
  }
  if (n == 0 || n > 65536u || (n & (n - 1u)) != 0) {
    return S2_ERR_CONFIG;
  }
  c->space = s;
  c->slots = slots;
  c->mask = n - 1u;
  c->hits = 0;
  c->misses = 0;
  s2_cursor_forget(c);
  return S2_OK;
}

void s2_cursor_forget(struct s2_cursor *c) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= c->mask + 1;
      loop invariant done: \forall integer j; 0 <= j < k ==> c->slots[j].region == -1;
      loop assigns k, c->slots[0 .. c->mask];
      loop variant c->mask + 1 - k; */
  for (k = 0; k <= c->mask; k++) {
    c->slots[k].region = -1;
    c->slots[k].t = 0;
    c->slots[k].l = 0;
  }
  /* a count that no longer moves tells nothing: never equal to it */
  int64_t fulls = c->space->pt.flush.fulls;
  c->seen = fulls == INT64_MAX ? -1 : fulls;
}

struct s2_translation s2_cursor_walk(struct s2_cursor *c, uint64_t gpa) {
  if (c->seen != c->space->pt.flush.fulls) {
    s2_cursor_forget(c);
  }
  s2_count(&c->misses, 1);
  struct s2_pos at = s2_pos_at(&c->space->pt.pool, gpa);
  uint64_t region = gpa / s2_span(1);
  struct s2_cursor_slot *k = &c->slots[(uint32_t)region & c->mask];
  k->region = (int64_t)region;
  k->t = (int32_t)at.t;
  k->l = at.l;
  return s2_answer_of(gpa, at.e, at.l);
}
