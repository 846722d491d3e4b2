/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** backend_linear.c - areas over a host range that is simply there: HPA = GPA + delta. */
#include "ops.h"

void s2_linear_map(struct s2_space *s, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint32_t leaf_max,
                   bool linked) {
  s2_commit_map(&s->pt.pool, gpa, end, hpa, s2_attr_new(s->pt.pool.features, attr), leaf_max);
  s2_flush_mapped(&s->pt, gpa, end, 0, linked);
}
