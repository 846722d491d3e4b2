/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** protect.c - new rights for every leaf of a range; output, size and type stay, so no entry passes through invalid. */
#include "ops.h"

/** Rewrite the leaves in n slots of table t, of level l, from slot i on, up to the first link. Returns the slots done. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, t) && p->nodes[t].level == l && i + n <= 512;
    terminates \true; exits \false;
    assigns p->tables[t].e[0 .. 511];
    ensures inv: Inv(p) && Live(p);
    ensures n: 0 <= \result <= n; */
S2_INLINE uint32_t rights_slots(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n, uint8_t l, uint32_t rights) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, p->tables[t].e[0 .. 511];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    uint64_t e = s2_entry_read(p, t, i + k);
    if (s2_entry_links(l, e)) {
      break;
    }
    if (s2_entry_live(e)) {
      s2_term_write(p, t, i + k, s2_entry_rights(l, e, rights));
    }
  }
  return k;
}

/** The leaves of at.t from slot at.i, address w, on, up to end or the first link. Returns the address behind the run. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires w: off(w, at.l) == 0 && w < end;
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511];
    ensures inv: Inv(p) && Live(p);
    ensures on: w < \result; */
static uint64_t rights_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end, uint32_t rights) {
  uint32_t n = s2_slots_to(w, end, at.i, at.l);
  if (at.l == 0) { /* the common case, without a test for links */
    return w + (uint64_t)rights_slots(p, at.t, at.i, n, 0, rights) * s2_span(0);
  }
  return w + (uint64_t)rights_slots(p, at.t, at.i, n, at.l, rights) * s2_span(at.l);
}

uint32_t s2_set_rights(struct s2_pool *p, uint64_t gpa, uint64_t end, uint32_t rights) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop assigns w, level, p->tables[0 .. p->cap-1];
      loop variant end - w; */
  while (w < end) {
    struct s2_pos at = s2_pos_at(p, w);
    if (at.l < level) {
      level = at.l;
    }
    w = rights_run(p, at, w - s2_offset(w, at.l), end, rights);
  }
  return level;
}

s2_status s2_pt_protect(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint32_t rights) {
  if (!s2_rights_legal(&pt->pool, rights)) {
    return S2_ERR_ATTR;
  }
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t plan = s2_plan_cut(&pt->pool, gpa, end);
  if (plan > (uint32_t)pt->pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(pt, plan, gpa, end);
  uint32_t level = s2_set_rights(&pt->pool, gpa, end, rights);
  s2_flush_range(pt, gpa, end, level);
  return S2_OK;
}
