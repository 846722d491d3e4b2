/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** backend_linear.c - areas over a host range that is simply there: HPA = GPA + delta. */
#include "ops.h"

void s2_linear_map(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                   bool linked) {
  //@ assert sep: \separated(&s->pt.flush.ranges, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.fulls, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.breaks, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.splits, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1)) && \separated(&s->pt.flush.epoch, s->pt.pool.nodes + (0 .. s->pt.pool.cap-1));
  s2_commit_map(&s->pt.pool, gpa, end, hpa, s2_attr_new(s->pt.pool.features, attr), leaf_max);
  //@ assert rec: s->pt.flush.ranges == \at(s->pt.flush.ranges, Pre) && s->pt.flush.fulls == \at(s->pt.flush.fulls, Pre) && s->pt.flush.breaks == \at(s->pt.flush.breaks, Pre) && s->pt.splits == \at(s->pt.splits, Pre) && s->pt.flush.epoch == \at(s->pt.flush.epoch, Pre);
  //@ assert g1: \forall integer g; 0 <= g < width(s->pt.gpa_bits) ==> Dom(&s->pt.pool, g);
  //@ assert g2: \valid(&s->pt) && \separated(&s->pt, s->pt.pool.tables + (0 .. s->pt.pool.cap-1), s->pt.pool.nodes + (0 .. s->pt.pool.cap-1), s->pt.pool.stack + (0 .. s->pt.pool.cap-1));
  //@ assert g3: 0 <= s->pt.flush.epoch && 0 <= s->pt.flush.ranges && 0 <= s->pt.flush.fulls && 0 <= s->pt.flush.breaks && 0 <= s->pt.splits;
  //@ assert gpt: GoodPt(&s->pt);
  //@ assert ins: Inside(&s->pt) && s->pt.pool.nlimbo == 0;
  s2_flush_mapped(&s->pt, gpa, end, 0, linked);
  //@ assert still: Inside(&s->pt) && s->pt.pool.nlimbo == 0;
}
