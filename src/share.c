/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** share.c - spaces that share frames until one of them writes: clone, and what a write fault does. */
#include "stage2/share.h"
#include "stage2/host.h"
#include "ops.h"
#include "share.h"

/** Can `to` become a copy of `from`? */
/*@ requires s: \valid_read(to) && \valid_read(from) && Good(&to->pt) && AreasInv(&to->areas);
    terminates \true; exits \false; assigns \nothing;
    ensures empty: \result == S2_OK ==> \forall integer g; Dom(&to->pt.pool, g) ==> PA(&to->pt.pool, g) == -1;
    ensures like: \result == S2_OK ==> to != from && to->base == from->base && to->limit == from->limit &&
                    to->pt.gpa_bits == from->pt.gpa_bits && to->pt.hpa_bits == from->pt.hpa_bits; */
static s2_status check_clone(const struct s2_space *to, const struct s2_space *from) {
  const struct s2_pt *a = &to->pt;
  const struct s2_pt *b = &from->pt;
  if (to == from || a->gpa_bits != b->gpa_bits || a->hpa_bits != b->hpa_bits || a->pool.features != b->pool.features ||
      a->pool.leaf_max < b->pool.leaf_max || to->base != from->base || to->limit != from->limit) {
    return S2_ERR_CONFIG;
  }
  bool empty = s2_areas_count(&to->areas) == 0 && s2_pt_next(a, 0).status != S2_OK;
  return empty ? S2_OK : S2_ERR_MAPPED;
}

/** One leaf of `from`, read-only, into `to`; its frame has one owner more. */
/*@ requires inv: \valid(to) && Good(&to->pt) && leaf.status == S2_OK;
    terminates \true; exits \false;
    ensures inv: Good(&to->pt); */
static s2_status share_leaf(struct s2_space *to, struct s2_leaf leaf) {
  uint64_t end = leaf.gpa + leaf.size;
  s2_status st = s2_check_hpa(&to->pt, leaf.hpa, leaf.size);
  if (st == S2_OK) {
    st = s2_plan_check(&to->pt.pool, s2_plan_map(&to->pt.pool, leaf.gpa, end, leaf.hpa, leaf.level));
  }
  if (st != S2_OK) {
    return st;
  }
  if (!s2_host_frame_share(to->pt.flush.ctx, leaf.hpa, s2_order(leaf.level))) {
    return S2_ERR_NO_FRAMES;
  }
  uint32_t attr = (leaf.attr & S2_ATTR_MASK & ~S2_W) | S2_FMT_AD;
  s2_commit_map(&to->pt.pool, leaf.gpa, end, leaf.hpa, attr, leaf.level);
  s2_count(&to->stats.frames_taken, (int64_t)(leaf.size / S2_PAGE_SIZE));
  return S2_OK;
}

/** The area and its pages into `to`. */
/*@ requires inv: \valid(to) && Good(&to->pt) && AreasInv(&to->areas) && \valid_read(from) && Good(&from->pt);
    terminates \true; exits \false;
    ensures inv: Good(&to->pt) && AreasInv(&to->areas); */
static s2_status share_area(struct s2_space *to, const struct s2_space *from, struct s2_area a) {
  struct s2_payload pay = {a.delta, a.attr, a.backend};
  s2_status st = s2_areas_insert(&to->areas, (uint64_t)a.start, (uint64_t)a.end, pay);
  struct s2_leaf leaf = s2_pt_next(&from->pt, (uint64_t)a.start);
  /*@ loop invariant inv: Good(&to->pt); */
  while (st == S2_OK && leaf.status == S2_OK && leaf.gpa < (uint64_t)a.end) {
    st = share_leaf(to, leaf);
    leaf = s2_pt_next(&from->pt, leaf.gpa + leaf.size);
  }
  return st;
}

/** No leaf of an alloc area of `from` may be written any more; known to every CPU on return. */
/*@ requires inv: \valid(from) && Good(&from->pt) && AreasInv(&from->areas);
    terminates \true; exits \false;
    ensures inv: Good(&from->pt) && AreasInv(&from->areas); */
static void write_protect(struct s2_space *from) {
  uint32_t level = S2_NO_LEVEL;
  struct s2_area a = s2_areas_next(&from->areas, (uint64_t)from->base);
  /*@ loop invariant inv: Good(&from->pt); */
  while (a.backend != S2_BACK_NONE) {
    if ((a.backend & S2_BACK_KIND) == S2_BACK_ALLOC && (a.attr & S2_W) != 0) {
      uint32_t rights = a.attr & (S2_RIGHTS & ~S2_W);
      level = s2_least(level, s2_set_rights(&from->pt.pool, (uint64_t)a.start, (uint64_t)a.end, rights));
    }
    a = s2_areas_next(&from->areas, (uint64_t)a.end);
  }
  s2_flush_range(&from->pt, (uint64_t)from->base, (uint64_t)from->limit, level);
}

s2_status s2_clone(struct s2_space *to, struct s2_space *from) {
  if (to == NULL || from == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = check_clone(to, from);
  if (st != S2_OK) {
    return st;
  }
  struct s2_area a = s2_areas_next(&from->areas, (uint64_t)from->base);
  /*@ loop invariant inv: Good(&to->pt) && AreasInv(&to->areas); */
  while (st == S2_OK && a.backend != S2_BACK_NONE) {
    if ((a.backend & S2_BACK_KIND) == S2_BACK_ALLOC) {
      st = share_area(to, from, a);
    }
    a = s2_areas_next(&from->areas, (uint64_t)a.end);
  }
  if (st != S2_OK) {
    s2_clear(to); /* every owner that was added goes again */
    return st;
  }
  to->shares = true;
  from->shares = true;
  write_protect(from);
  s2_flush_mapped(&to->pt, (uint64_t)to->base, (uint64_t)to->limit, 0, true);
  return S2_OK;
}

/** The page at `page`, a leaf of its own that others own too, goes over to the frame at hpa, a copy of it. */
/*@ requires inv: \valid(s) && Good(&s->pt) && at.l == 0 && pte_kind(0, at.e) == 1;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static void move_page(struct s2_space *s, struct s2_pos at, uint64_t page, uint64_t hpa, uint32_t attr) {
  struct s2_pool *p = &s->pt.pool;
  uint64_t old = s2_entry_hpa(0, s2_entry_break(p, at.t, at.i));
  s2_live_add(p, at.t, -1);
  s2_flush_range(&s->pt, page, page + S2_PAGE_SIZE, 0);
  s2_publish();
  s2_term_write(p, at.t, at.i, s2_entry_leaf(0, hpa, attr | S2_FMT_AD));
  s2_live_add(p, at.t, 1);
  s2_flush_mapped(&s->pt, page, page + S2_PAGE_SIZE, 0, false);
  s2_host_frame_free(s->pt.flush.ctx, old, 0);
}

s2_status s2_copy_page(struct s2_space *s, uint64_t page, uint32_t attr) {
  void *ctx = s->pt.flush.ctx;
  uint32_t plan = s2_plan_cut(&s->pt.pool, page, page + S2_PAGE_SIZE);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  uint64_t old = s2_translate(s, page).hpa;
  uint64_t hpa = S2_NO_FRAME;
  bool copy = s2_host_frame_shared(ctx, old, 0);
  if (copy) {
    hpa = s2_take_frame(s, 0);
    if (hpa == S2_NO_FRAME) {
      return S2_ERR_NO_FRAMES;
    }
    s2_host_frame_copy(ctx, hpa, old, 0);
  }
  s2_cut(&s->pt, plan, page, page + S2_PAGE_SIZE);
  if (copy) {
    move_page(s, s2_pos_at(&s->pt.pool, page), page, hpa, attr);
    s2_count(&s->stats.frames_taken, 1);
    s2_count(&s->stats.frames_given, 1);
    s2_count(&s->stats.copies, 1);
  } else {
    uint64_t end = page + S2_PAGE_SIZE;
    s2_flush_range(&s->pt, page, end, s2_set_rights(&s->pt.pool, page, end, attr & S2_RIGHTS));
  }
  return S2_OK;
}
