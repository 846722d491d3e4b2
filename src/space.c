/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** space.c - areas and page table in step. Each call checks, plans, then commits what can no longer fail. */
#include "stage2/space.h"
#include "ops.h"

/** Where the guest range of a configuration ends, 0 if it does not fit. */
/*@ terminates \true; exits \false; assigns \nothing; */
static s2_status check_guest_range(const struct s2_space_config *cfg, uint64_t size) {
  if (cfg->gpa_size == 0 && cfg->gpa_base >= s2_width(cfg->hw.gpa_bits)) {
    return S2_ERR_WIDTH;
  }
  return s2_check_range(cfg->hw.gpa_bits, cfg->gpa_base, size);
}

s2_status s2_init(struct s2_space *s, const struct s2_space_config *cfg) {
  if (s == NULL || cfg == NULL) {
    return S2_ERR_NULL;
  }
  if (s2_shape_of(cfg->hw.gpa_bits).top > S2_MAX_LEVEL) {
    return S2_ERR_CONFIG;
  }
  uint64_t size = cfg->gpa_size != 0 ? cfg->gpa_size : s2_width(cfg->hw.gpa_bits) - cfg->gpa_base;
  s2_status st = check_guest_range(cfg, size);
  if (st != S2_OK) {
    return st;
  }
  st = s2_areas_init(&s->areas, &cfg->areas);
  if (st != S2_OK) {
    return st;
  }
  st = s2_pt_init(&s->pt, &cfg->hw, &cfg->tables);
  if (st != S2_OK) {
    return st;
  }
  s->base = (int64_t)cfg->gpa_base;
  s->limit = (int64_t)(cfg->gpa_base + size);
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= 6;
      loop assigns k, s->stats.faults[0 .. 5];
      loop variant 6 - k; */
  for (k = 0; k < 6; k++) {
    s->stats.faults[k] = 0;
  }
  s->stats.frames_taken = 0;
  s->stats.frames_given = 0;
  s->stats.blocks_taken = 0;
  s->stats.copies = 0;
  s->shares = false;
  return S2_OK;
}

bool s2_contains(const struct s2_space *s, uint64_t gpa, uint64_t size) {
  uint64_t base = (uint64_t)s->base;
  uint64_t limit = (uint64_t)s->limit;
  return size > 0 && base <= gpa && gpa < limit && size <= limit - gpa;
}

/** Alignment, size, overflow, width, then the space's own range. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_in_space(const struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = s2_check_range(s->pt.gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  return s2_contains(s, gpa, size) ? S2_OK : S2_ERR_RANGE;
}

/** What every new area has to pass. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_new_area(const struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags,
                                uint32_t allowed) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_attr_legal(s->pt.pool.features, attr)) {
    return S2_ERR_ATTR;
  }
  if ((flags & ~allowed) != 0 || (flags & (S2_PAGES | S2_BLOCKS)) == (S2_PAGES | S2_BLOCKS)) {
    return S2_ERR_CONFIG;
  }
  return s2_areas_overlap(&s->areas, gpa, gpa + size) ? S2_ERR_MAPPED : S2_OK;
}

s2_status s2_map_linear(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t flags) {
  s2_status st = check_new_area(s, gpa, size, attr, flags, S2_PAGES);
  if (st == S2_OK) {
    st = s2_check_hpa(&s->pt, hpa, size);
  }
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t leaf_max = S2_MAX_LEVEL;
  if ((flags & S2_PAGES) != 0) {
    leaf_max = 0;
  }
  struct s2_need plan = s2_plan_map(&s->pt.pool, gpa, end, hpa, leaf_max);
  st = s2_plan_check(&s->pt.pool, plan);
  if (st != S2_OK) {
    return st;
  }
  struct s2_payload pay = {(int64_t)hpa - (int64_t)gpa, attr, S2_BACK_LINEAR};
  st = s2_areas_insert(&s->areas, gpa, end, pay);
  if (st != S2_OK) {
    return st;
  }
  s2_linear_map(s, gpa, end, hpa, attr, leaf_max, plan.tables > 0);
  return S2_OK;
}

s2_status s2_map_alloc(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags) {
  s2_status st = check_new_area(s, gpa, size, attr, flags, S2_PAGES | S2_POPULATE | S2_BLOCKS | S2_AHEAD);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  bool blocks = (flags & S2_BLOCKS) != 0;
  bool populate = (flags & S2_POPULATE) != 0;
  if (populate) {
    st = s2_alloc_populate(s, gpa, end, attr, blocks);
    if (st != S2_OK) {
      return st;
    }
  }
  uint16_t backend = (uint16_t)(S2_BACK_ALLOC | (blocks ? S2_BACK_BLOCKS : 0u));
  if ((flags & S2_AHEAD) != 0) {
    backend = (uint16_t)(backend | S2_BACK_AHEAD);
  }
  struct s2_payload pay = {0, attr, backend};
  st = s2_areas_insert(&s->areas, gpa, end, pay);
  if (st != S2_OK && populate) {
    s2_alloc_release(s, gpa, end, s2_mark(&s->pt.pool, gpa, end));
  }
  return st;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures min: \result <= a && \result <= b && (\result == a || \result == b); */
static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures max: \result >= a && \result >= b && (\result == a || \result == b); */
static uint64_t greater(uint64_t a, uint64_t b) {
  return a < b ? b : a;
}

/** Is there a next area, and does it start before end? */
/*@ terminates \true; exits \false; assigns \nothing; */
static bool starts_before(struct s2_area a, uint64_t end) {
  return a.backend != S2_BACK_NONE && (uint64_t)a.start < end;
}

/*@ terminates \true; exits \false; assigns \nothing; */
static bool is_kind(struct s2_area a, uint32_t kind) {
  return (a.backend & S2_BACK_KIND) == kind;
}

/**
 * Take away the mappings of the areas of one kind in [gpa, end): linear ones are cleared, alloc ones marked. Linear goes
 * first, so that a table that then empties holds only marks. Returns the smallest level touched.
 */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt); */
static uint32_t take_away(struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t kind) {
  uint32_t level = S2_NO_LEVEL;
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop assigns level, a, s->pt.pool, s->pt.pool.tables[0 .. s->pt.pool.cap-1],
                   s->pt.pool.nodes[0 .. s->pt.pool.cap-1], s->pt.pool.stack[0 .. s->pt.pool.cap-1]; */
  while (starts_before(a, end)) {
    uint64_t lo = greater(gpa, (uint64_t)a.start);
    uint64_t hi = lesser(end, (uint64_t)a.end);
    if (is_kind(a, kind)) {
      uint32_t l = kind == S2_BACK_LINEAR ? s2_remove(&s->pt.pool, lo, hi) : s2_mark(&s->pt.pool, lo, hi);
      level = s2_least(l, level);
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  return level;
}

/** Everything in [gpa, end), whose ends are boundaries: unmapped, invalidated once, frames and tables given back. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && gpa < end;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt);
    ensures in: \forall integer g; gpa <= g < end ==> PA(&s->pt.pool, g) == -1; */
static void withdraw(struct s2_space *s, uint64_t gpa, uint64_t end) {
  uint32_t linear = take_away(s, gpa, end, S2_BACK_LINEAR);
  uint32_t alloc = take_away(s, gpa, end, S2_BACK_ALLOC);
  s2_alloc_release(s, gpa, end, s2_least(linear, alloc));
}

s2_status s2_unmap(struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  if (!s2_areas_can_remove(&s->areas, gpa, end)) {
    return S2_ERR_NO_AREAS;
  }
  s2_cut(&s->pt, plan, gpa, end);
  withdraw(s, gpa, end);
  return s2_areas_remove(&s->areas, gpa, end);
}

/** Do all areas in [gpa, end) have the backend `kind`? */
/*@ requires inv: \valid_read(s) && AreasInv(&s->areas);
    terminates \true; exits \false; assigns \nothing; */
static bool all_of_kind(const struct s2_space *s, uint64_t gpa, uint64_t end, uint32_t kind) {
  struct s2_area a = s2_areas_next(&s->areas, gpa);
  /*@ loop assigns a; */
  while (starts_before(a, end)) {
    if (!is_kind(a, kind)) {
      return false;
    }
    a = s2_areas_next(&s->areas, (uint64_t)a.end);
  }
  return true;
}

s2_status s2_discard(struct s2_space *s, uint64_t gpa, uint64_t size) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  if (!all_of_kind(s, gpa, end, S2_BACK_ALLOC)) {
    return S2_ERR_BACKEND;
  }
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  s2_cut(&s->pt, plan, gpa, end);
  withdraw(s, gpa, end);
  return S2_OK;
}

/** Can range k of the list be discarded, behind the one before it? Adds the tables that its cuts take. */
/*@ requires inv: \valid_read(s) && Good(&s->pt) && AreasInv(&s->areas) && \valid_read(r + (0 .. k)) && \valid(tables);
    terminates \true; exits \false; assigns *tables; */
static s2_status check_listed(const struct s2_space *s, const struct s2_range *r, uint32_t k, uint64_t *tables) {
  s2_status st = check_in_space(s, r[k].gpa, r[k].size);
  if (st != S2_OK) {
    return st;
  }
  if (k > 0 && r[k].gpa - r[k - 1].gpa < r[k - 1].size) {
    return S2_ERR_RANGE;
  }
  uint64_t end = r[k].gpa + r[k].size;
  *tables += s2_plan_cut(&s->pt.pool, r[k].gpa, end);
  return all_of_kind(s, r[k].gpa, end, S2_BACK_ALLOC) ? S2_OK : S2_ERR_BACKEND;
}

/*@ requires inv: \valid_read(s) && Good(&s->pt) && AreasInv(&s->areas) && \valid_read(r + (0 .. n-1));
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_list(const struct s2_space *s, const struct s2_range *r, uint32_t n) {
  uint64_t tables = 0;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, tables;
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (k > 0 && r[k].gpa < r[k - 1].gpa) {
      return S2_ERR_RANGE;
    }
    s2_status st = check_listed(s, r, k, &tables);
    if (st != S2_OK) {
      return st;
    }
  }
  return tables > (uint64_t)(uint32_t)s->pt.pool.nfree ? S2_ERR_NO_TABLES : S2_OK;
}

s2_status s2_discard_list(struct s2_space *s, const struct s2_range *r, uint32_t n) {
  if (r == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = n == 0 ? S2_ERR_SIZE : check_list(s, r, n);
  if (st != S2_OK) {
    return st;
  }
  uint32_t level = S2_NO_LEVEL;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, level, s->pt; 
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    uint64_t end = r[k].gpa + r[k].size;
    s2_cut(&s->pt, s2_plan_cut(&s->pt.pool, r[k].gpa, end), r[k].gpa, end);
    level = s2_least(level, take_away(s, r[k].gpa, end, S2_BACK_ALLOC));
  }
  int64_t pages = s2_flush_done(&s->pt, r[0].gpa, r[n - 1].gpa + r[n - 1].size, level);
  /*@ loop invariant k: 0 <= k <= n;
      loop assigns k, pages, s->pt.pool.tables[0 .. s->pt.pool.cap-1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    pages += s2_reap(&s->pt.pool, s->pt.flush.ctx, r[k].gpa, r[k].gpa + r[k].size);
  }
  s2_count(&s->stats.frames_given, pages);
  return S2_OK;
}

s2_status s2_protect(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t rights) {
  s2_status st = check_in_space(s, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_rights_legal(&s->pt.pool, rights)) {
    return S2_ERR_ATTR;
  }
  uint64_t end = gpa + size;
  if (!s2_areas_covered(&s->areas, gpa, end)) {
    return S2_ERR_NOT_MAPPED;
  }
  uint32_t plan = s2_plan_cut(&s->pt.pool, gpa, end);
  if (plan > (uint32_t)s->pt.pool.nfree) {
    return S2_ERR_NO_TABLES;
  }
  st = s2_areas_protect(&s->areas, gpa, end, rights);
  if (st != S2_OK) {
    return st;
  }
  s2_cut(&s->pt, plan, gpa, end);
  uint32_t now = s->shares ? rights & ~S2_W : rights;
  s2_flush_range(&s->pt, gpa, end, s2_set_rights(&s->pt.pool, gpa, end, now));
  return S2_OK;
}

s2_status s2_collapse(struct s2_space *s, uint64_t gpa, uint32_t level) {
  if (level == 0 || level > s->pt.pool.leaf_max) {
    return S2_ERR_CONFIG;
  }
  if (s2_offset(gpa, (uint8_t)level) != 0) {
    return S2_ERR_ALIGN;
  }
  s2_status st = check_in_space(s, gpa, s2_span((uint8_t)level));
  if (st != S2_OK) {
    return st;
  }
  struct s2_area a = s2_areas_find(&s->areas, gpa);
  if (a.backend == S2_BACK_NONE) {
    return S2_ERR_NOT_MAPPED;
  }
  if ((uint64_t)a.end - gpa < s2_span((uint8_t)level)) {
    return S2_ERR_UNIFORM;
  }
  if (is_kind(a, S2_BACK_ALLOC) && (a.backend & S2_BACK_BLOCKS) == 0) {
    return S2_ERR_BACKEND;
  }
  return s2_pt_collapse(&s->pt, gpa, level);
}

void s2_clear(struct s2_space *s) {
  withdraw(s, (uint64_t)s->base, (uint64_t)s->limit);
  s2_areas_clear(&s->areas);
}

void s2_fini(struct s2_space *s) {
  s2_clear(s);
  s2_flush_range(&s->pt, (uint64_t)s->base, (uint64_t)s->limit, 0);
}

/*@ terminates \true; exits \false; assigns \nothing; */
static struct s2_translation no_translation(s2_status status) {
  struct s2_translation r = {status, 0, 0, 0};
  return r;
}

/** Why gpa is not an address of this space: too wide, or outside its range; S2_OK if it is one. */
/*@ requires s: \valid_read(s);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_address(const struct s2_space *s, uint64_t gpa) {
  if (gpa >= (uint64_t)s->base && gpa < (uint64_t)s->limit) {
    return S2_OK;
  }
  return gpa >= s2_width(s->pt.gpa_bits) ? S2_ERR_WIDTH : S2_ERR_RANGE;
}

struct s2_translation s2_translate(const struct s2_space *s, uint64_t gpa) {
  return s2_lookup(s, gpa);
}

/** Does b carry on where a ends, with the rights asked for? */
/*@ terminates \true; exits \false; assigns \nothing; */
static bool follows(struct s2_translation a, struct s2_translation b, uint32_t access) {
  return b.status == S2_OK && b.hpa == a.hpa + a.len && (b.attr & access) == access;
}

struct s2_translation s2_translate_run(const struct s2_space *s, uint64_t gpa, uint64_t max, uint32_t access) {
  if (max == 0) {
    return no_translation(S2_ERR_SIZE);
  }
  struct s2_translation r = s2_translate(s, gpa);
  if (r.status != S2_OK) {
    return r;
  }
  if ((r.attr & access) != access) {
    return no_translation(S2_ERR_DENIED);
  }
  struct s2_area area = s2_areas_find(&s->areas, gpa);
  uint64_t most = area.backend == S2_BACK_NONE ? r.len : lesser(max, (uint64_t)area.end - gpa);
  /*@ loop invariant len: 0 < r.len;
      loop assigns r.len; */
  while (r.len < most) {
    struct s2_translation next = s2_translate(s, gpa + r.len);
    if (!follows(r, next, access)) {
      break;
    }
    r.len += next.len;
  }
  r.len = lesser(r.len, lesser(most, max));
  return r;
}

struct s2_leaf s2_query(const struct s2_space *s, uint64_t gpa) {
  s2_status st = check_address(s, gpa);
  if (st != S2_OK) {
    struct s2_leaf r = {st, 0, 0, 0, 0, 0};
    return r;
  }
  return s2_pt_query(&s->pt, gpa);
}

struct s2_root s2_root(const struct s2_space *s) {
  return s2_pt_root(&s->pt);
}

s2_status s2_set_vmid(struct s2_space *s, uint32_t vmid) {
  return s2_pt_set_vmid(&s->pt, vmid);
}

struct s2_place s2_find_free(const struct s2_space *s, uint64_t hint, uint64_t size, uint64_t lo, uint64_t hi,
                             uint64_t align) {
  struct s2_place r = {S2_ERR_ALIGN, 0};
  if (s2_offset(size, 0) != 0 || align < S2_PAGE_SIZE) {
    return r;
  }
  uint64_t from = greater(lo, (uint64_t)s->base);
  uint64_t to = lesser(hi, (uint64_t)s->limit);
  if (from > to) {
    r.status = S2_ERR_RANGE;
    return r;
  }
  return s2_areas_find_free(&s->areas, hint, size, from, to, align);
}

struct s2_area s2_area_at(const struct s2_space *s, uint64_t gpa) {
  return s2_areas_find(&s->areas, gpa);
}

struct s2_area s2_area_next(const struct s2_space *s, uint64_t gpa) {
  return s2_areas_next(&s->areas, gpa);
}
