/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** unmap.c - taking mappings away: at once, or in two passes when frames must go home after the invalidation. */
#include "stage2/host.h"
#include "ops.h"

/** A run of entries that was worked through: the guest address behind it and how many entries changed. */
struct swept {
  uint64_t next;
  int32_t n;
};

/** Clear the leaves of at.t from slot at.i on, up to end or the first link. w is the address of slot at.i. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires w: off(w, at.l) == 0;
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511], p->nodes[at.t].live;
    ensures inv: Inv(p) && Live(p);
    ensures on: w < \result.next && 0 <= \result.n <= 512; */
static struct swept clear_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = {w, 0};
  uint64_t step = s2_span(at.l);
  uint32_t i = at.i;
  /*@ loop invariant i: at.i <= i <= 512 && 0 <= r.n <= i - at.i;
      loop assigns i, r, p->tables[at.t].e[0 .. 511];
      loop variant 512 - i; */
  while (i < S2_ENTRIES && r.next < end) {
    uint64_t e = s2_entry_read(p, at.t, i);
    if (e != 0) {
      if (s2_entry_links(at.l, e)) {
        break;
      }
      s2_term_write(p, at.t, i, 0);
      r.n++;
    }
    i++;
    r.next += step;
  }
  s2_live_add(p, at.t, -r.n);
  return r;
}

/** The same, leaving a mark in place of each leaf. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires w: off(w, at.l) == 0;
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511], p->nodes[at.t].live;
    ensures inv: Inv(p) && Live(p);
    ensures on: w < \result.next && 0 <= \result.n <= 512; */
static struct swept mark_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = {w, 0};
  uint64_t step = s2_span(at.l);
  uint32_t i = at.i;
  /*@ loop invariant i: at.i <= i <= 512 && 0 <= r.n <= i - at.i;
      loop assigns i, r, p->tables[at.t].e[0 .. 511];
      loop variant 512 - i; */
  while (i < S2_ENTRIES && r.next < end) {
    uint64_t e = s2_entry_read(p, at.t, i);
    if (s2_entry_links(at.l, e)) {
      break;
    }
    if (s2_entry_live(e)) {
      s2_term_write(p, at.t, i, s2_entry_mark(at.l, e));
      r.n++;
    }
    i++;
    r.next += step;
  }
  s2_live_add(p, at.t, -r.n);
  return r;
}

/** Send the frames of the marked entries home and clear them. They are not live: counts stay. n counts entries. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires w: off(w, at.l) == 0;
    terminates \true; exits \false;
    assigns p->tables[at.t].e[0 .. 511];
    ensures inv: Inv(p) && Live(p);
    ensures on: w < \result.next && 0 <= \result.n <= 512; */
static struct swept reap_run(struct s2_pool *p, void *ctx, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = {w, 0};
  uint64_t step = s2_span(at.l);
  uint32_t i = at.i;
  /*@ loop invariant i: at.i <= i <= 512 && 0 <= r.n <= i - at.i;
      loop assigns i, r, p->tables[at.t].e[0 .. 511];
      loop variant 512 - i; */
  while (i < S2_ENTRIES && r.next < end) {
    uint64_t e = s2_entry_read(p, at.t, i);
    uint32_t kind = s2_entry_kind(at.l, e);
    if (kind == S2_TABLE) {
      break;
    }
    if (kind == S2_MARKED) {
      s2_term_write(p, at.t, i, 0);
      s2_host_frame_free(ctx, s2_entry_hpa(at.l, e), s2_order(at.l));
      r.n++;
    }
    i++;
    r.next += step;
  }
  return r;
}

/** Does [gpa, end) stay inside the level-0 table that `at`, the end of gpa's path, lies in? Then no block is cut. */
/*@ requires l: at.l <= S2_MAX_LEVEL && gpa < end;
    terminates \true; exits \false; assigns \nothing; */
static bool within_leaf_table(struct s2_pos at, uint64_t gpa, uint64_t end) {
  return at.l == 0 && end - gpa <= s2_span(1) - s2_offset(gpa, 1);
}

/** Does the range from w on take the whole level-0 table that starts there? */
/*@ requires wf: \valid_read(p) && w < end;
    terminates \true; exits \false; assigns \nothing; */
static bool takes_leaf_table(const struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  return at.l == 0 && p->top > 0 && s2_offset(w, 1) == 0 && end - w >= s2_span(1);
}

/** Detach the level-0 table c that starts at w, whatever it holds, and prune above it. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p, c) && p->nodes[c].level == 0 && p->nodes[c].key == w;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Inv(p) && Free(p) && Live(p); */
static void drop_leaf_table(struct s2_pool *p, uint32_t c, uint64_t w) {
  uint32_t parent = s2_table_at(p, w, 1);
  s2_tree_unlink(p, parent, s2_slot(w, 1), c, S2_NODE_LIMBO);
  s2_tree_prune(p, parent, S2_NODE_LIMBO);
}

/** Clear the run of leaves from `at` on, at address w, and prune. Returns the smallest level, S2_NO_LEVEL if none. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && Used(p, at.t) && p->nodes[at.t].level == at.l && at.i < 512;
    requires w: off(w, at.l) == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->used[0 .. 4], p->nlimbo;
    ensures inv: Inv(p) && Free(p) && Live(p);
    ensures on: w < \result.next && 0 <= \result.n <= 512; */
static inline struct swept remove_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint64_t end) {
  struct swept r = clear_run(p, at, w, end);
  if (r.n > 0) {
    s2_tree_prune(p, at.t, S2_NODE_LIMBO);
  }
  return r;
}

uint32_t s2_remove(struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> Dom(p, g) ==> PA(p, g) == -1;
      loop assigns w, level, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1],
                   p->used[0 .. 4], p->nlimbo;
      loop variant end - w; */
  while (w < end) {
    struct s2_pos at = s2_pos_at(p, w);
    if (takes_leaf_table(p, at, w, end)) {
      drop_leaf_table(p, at.t, w);
      level = 0;
      w += s2_span(1);
    } else {
      struct swept r = remove_run(p, at, w - s2_offset(w, at.l), end);
      level = r.n > 0 ? s2_least(level, at.l) : level;
      w = r.next;
    }
  }
  return level;
}

uint32_t s2_mark(struct s2_pool *p, uint64_t gpa, uint64_t end) {
  uint32_t level = S2_NO_LEVEL;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop assigns w, level, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1],
                   p->used[0 .. 4], p->nlimbo;
      loop variant end - w; */
  while (w < end) {
    struct s2_pos at = s2_pos_at(p, w);
    struct swept r = mark_run(p, at, w - s2_offset(w, at.l), end);
    if (r.n > 0) {
      level = s2_least(level, at.l);
      s2_tree_prune(p, at.t, S2_NODE_LIMBO_FRAMES);
    }
    w = r.next;
  }
  return level;
}

int64_t s2_reap(struct s2_pool *p, void *ctx, uint64_t gpa, uint64_t end) {
  int64_t pages = 0;
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop assigns w, pages, p->tables[0 .. p->cap-1];
      loop variant end - w; */
  while (w < end) {
    struct s2_pos at = s2_pos_at(p, w);
    struct swept r = reap_run(p, ctx, at, w - s2_offset(w, at.l), end);
    pages += (int64_t)r.n * (int64_t)(s2_span(at.l) / S2_PAGE_SIZE);
    w = r.next;
  }
  return pages;
}

/** s2_pt_unmap() over more than one leaf table. */
/*@ requires inv: \valid(pt) && Good(pt) && gpa < end && Dom(&pt->pool, end - 1);
    terminates \true; exits \false;
    ensures inv: Good(pt); */
static s2_status unmap_wide(struct s2_pt *pt, uint64_t gpa, uint64_t end) {
  uint32_t plan = s2_plan_cut(&pt->pool, gpa, end);
  if (plan > (uint32_t)pt->pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(pt, plan, gpa, end);
  uint32_t level = s2_remove(&pt->pool, gpa, end);
  (void)s2_flush_done(pt, gpa, end, level);
  return S2_OK;
}

s2_status s2_pt_unmap(struct s2_pt *pt, uint64_t gpa, uint64_t size) {
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  struct s2_pos at = s2_pos_at(&pt->pool, gpa);
  if (!within_leaf_table(at, gpa, end)) {
    return unmap_wide(pt, gpa, end);
  }
  uint32_t level = remove_run(&pt->pool, at, gpa, end).n > 0 ? (uint32_t)at.l : S2_NO_LEVEL;
  (void)s2_flush_done(pt, gpa, end, level);
  return S2_OK;
}

void s2_pt_clear(struct s2_pt *pt) {
  uint64_t end = s2_width(pt->gpa_bits);
  uint32_t level = s2_remove(&pt->pool, 0, end);
  (void)s2_flush_done(pt, 0, end, level);
}
