/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** map.c - init, and mapping: plan (read, may refuse), then commit (write, cannot fail). Ranges of one run: map.h. */
#include "ops.h"

/** Format and host limits of a configuration. */
/*@ requires cfg: \valid_read(cfg);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_config(const struct s2_config *cfg) {
  uint32_t vmid_max = (cfg->features & S2_FEAT_VMID16) != 0 ? 0xffffu : S2_FMT_VMID_MAX;
  if ((cfg->features & ~S2_FMT_FEATURES) != 0 || cfg->vmid > vmid_max || (cfg->vmid == 0 && S2_FMT_VMID_ZERO == 0)) {
    return S2_ERR_CONFIG;
  }
  if (cfg->hpa_bits < 32 || cfg->hpa_bits > S2_FMT_HPA_BITS || cfg->leaf_max > S2_FMT_LEAF_MAX ||
      s2_shape_of(cfg->gpa_bits).top > S2_MAX_LEVEL) {
    return S2_ERR_CONFIG;
  }
  return S2_OK;
}

s2_status s2_pt_init(struct s2_pt *pt, const struct s2_config *cfg, const struct s2_pool_memory *mem) {
  if (pt == NULL || cfg == NULL || mem == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = check_config(cfg);
  if (st != S2_OK) {
    return st;
  }
  struct s2_shape shape = s2_shape_of(cfg->gpa_bits);
  st = s2_pool_init(&pt->pool, mem, shape.top, shape.nroot, cfg->leaf_max, cfg->hpa_bits,
                    cfg->features);
  if (st != S2_OK) {
    return st;
  }
  pt->gpa_bits = cfg->gpa_bits;
  pt->hpa_bits = cfg->hpa_bits;
  pt->splits = 0;
  pt->flush.ctx = cfg->ctx;
  pt->flush.vmid = cfg->vmid;
  pt->flush.epoch = 0;
  pt->flush.ranges = 0;
  pt->flush.fulls = 0;
  pt->flush.breaks = 0;
  return S2_OK;
}

struct s2_plan s2_plan_runs(const struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint8_t max) {
  struct s2_plan r = {S2_OK, 0, 0, {0, 0, 0, 0}, 0, 0};
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop assigns w, r;
      loop variant end - w; */
  while (w < end && r.status == S2_OK) {
    uint8_t m = s2_leaf_level(w, hpa + (w - gpa), end - w, max);
    uint32_t n = s2_run_length(end - w, s2_slot(w, m), m);
    struct s2_plan one = s2_plan_run(p, gpa, w, s2_pos_at(p, w), n, m);
    r.status = one.status;
    r.tables += one.tables;
    r.runs++;
    w += (uint64_t)n * s2_span(m);
  }
  return r;
}

/** n leaves of level m from slot i on into a linked table whose slots are empty. */
/*@ requires inv: Inv(p) && Live(p) && Used(p, t) && p->nodes[t].level == m && i + n <= 512;
    requires empty: \forall integer k; i <= k < i + n ==> p->tables[t].e[k] == 0;
    terminates \true; exits \false;
    assigns p->tables[t].e[0 .. 511], p->nodes[t].live;
    ensures inv: Inv(p) && Live(p); */
static void fill_run(struct s2_pool *p, uint32_t t, uint32_t i, uint32_t n, uint8_t m, uint64_t hpa, uint32_t attr) {
  uint64_t step = s2_span(m);
  uint64_t a = hpa;
  uint32_t k;
  /*@ loop invariant k: i <= k <= i + n && a == hpa + part(k - i, m);
      loop assigns k, a, p->tables[t].e[0 .. 511];
      loop variant i + n - k; */
  for (k = i; k < i + n; k++) {
    s2_entry_write(p, t, k, s2_entry_leaf(m, a, attr));
    a += step;
  }
  s2_live_add(p, t, (int32_t)n);
}

void s2_commit_run(struct s2_pool *p, struct s2_pos at, uint64_t w, uint32_t n, uint8_t m, uint64_t hpa,
                   uint32_t attr) {
  if (at.l == m) {
    fill_run(p, at.t, at.i, n, m, hpa, attr);
    return;
  }
  uint32_t t = at.t;
  uint8_t l = at.l;
  /*@ loop invariant l: m < l <= at.l && Used(p, t) && p->nodes[t].level == l;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop assigns t, l, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant l; */
  while (l > m + 1) {
    t = s2_tree_grow(p, t, s2_slot(w, l));
    l--;
  }
  s2_tree_link(p, t, s2_slot(w, l), s2_tree_fresh(p, s2_slot(w, m), n, m, hpa, attr));
}

void s2_commit_runs(struct s2_pool *p, uint64_t gpa, uint64_t end, uint64_t hpa, uint32_t attr, uint8_t max) {
  uint64_t w = gpa;
  /*@ loop invariant w: gpa <= w <= end;
      loop invariant inv: Inv(p) && Free(p) && Live(p);
      loop invariant in: \forall integer g; gpa <= g < w ==> PA(p, g) == hpa + (g - gpa) && AT(p, g) == attr;
      loop invariant out: \forall integer g; Dom(p, g) ==> !(gpa <= g < w) ==>
                            PA(p, g) == \at(PA(p, g), Pre) && AT(p, g) == \at(AT(p, g), Pre);
      loop assigns w, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->nfree, p->low, p->used[0 .. 4],
                   p->high[0 .. 4];
      loop variant end - w; */
  while (w < end) {
    uint64_t a = hpa + (w - gpa);
    uint8_t m = s2_leaf_level(w, a, end - w, max);
    uint32_t n = s2_run_length(end - w, s2_slot(w, m), m);
    s2_commit_run(p, s2_pos_at(p, w), w, n, m, a, attr);
    w += (uint64_t)n * s2_span(m);
  }
}

/** What is wrong with the arguments of a map, in the order of the header. */
/*@ requires pt: \valid_read(pt);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_map(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t leaf_max) {
  s2_status st = s2_check_range(pt->gpa_bits, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  st = s2_check_hpa(pt, hpa, size);
  if (st != S2_OK) {
    return st;
  }
  return leaf_max >= S2_MAX_LEVEL ? S2_ERR_CONFIG : S2_OK;
}

struct s2_need s2_pt_tables_needed(const struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa,
                                   uint32_t leaf_max) {
  struct s2_need r = {check_map(pt, gpa, size, hpa, leaf_max), 0};
  if (r.status == S2_OK) {
    struct s2_plan plan = s2_plan_map(&pt->pool, gpa, gpa + size, hpa, leaf_max);
    r.status = plan.status;
    r.tables = plan.tables;
  }
  return r;
}

s2_status s2_pt_map(struct s2_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  s2_status st = check_map(pt, gpa, size, hpa, leaf_max);
  if (st != S2_OK) {
    return st;
  }
  if (!s2_attr_legal(pt->pool.features, attr)) {
    return S2_ERR_ATTR;
  }
  struct s2_plan plan = s2_plan_map(&pt->pool, gpa, gpa + size, hpa, leaf_max);
  st = s2_plan_check(&pt->pool, plan);
  if (st != S2_OK) {
    return st;
  }
  s2_commit_map(&pt->pool, plan, gpa, gpa + size, hpa, attr | S2_FMT_AD, leaf_max);
  s2_flush_mapped(pt, gpa, gpa + size, 0);
  return S2_OK;
}
