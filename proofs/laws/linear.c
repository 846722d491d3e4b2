/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * linear.c - what a caller of s2_map_linear() may rely on, from the contracts of stage2/space.h alone: what was mapped is what
 * is found (T15).
 */
#include "stage2/space.h"

/** What is mapped is what is found: a linear map, then a translation of any address of it. */
/*@ requires inv: SpaceInv(s);
    requires where: gpa <= g < gpa + size;
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures found: \result.status == S2_OK ==> \result.hpa == hpa + (g - gpa) && \result.attr == new_attr(attr); */
struct s2_translation law_translate_after_map_linear(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa,
                                                     uint32_t attr, uint32_t flags, uint64_t g) {
  struct s2_translation r = {S2_ERR_NOT_MAPPED, 0, 0, 0};
  r.status = s2_map_linear(s, gpa, size, hpa, attr, flags);
  if (r.status == S2_OK) {
    //@ assert range: InRange(s);
    //@ assert whole: SpaceRange(s);
    //@ assert inside: s->base <= g < s->limit;
    r = s2_translate(s, g);
    //@ assert there: r.status == S2_OK;
  }
  return r;
}
