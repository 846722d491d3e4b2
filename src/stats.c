/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** stats.c - counters and the memory report. */
#include "stage2/stats.h"
#include "ops.h"

struct s2_report s2_stats_of(const struct s2_space *s) {
  const struct s2_pt *pt = &s->pt;
  struct s2_report r;
  r.space = s->stats;
  r.splits = pt->splits;
  r.flush_ranges = pt->flush.ranges;
  r.flush_fulls = pt->flush.fulls;
  r.flush_breaks = pt->flush.breaks;
  r.tables = pt->pool.cap;
  r.tables_free = (uint32_t)pt->pool.nfree;
  r.tables_low = (uint32_t)pt->pool.low;
  r.areas = s2_areas_count(&s->areas);
  uint32_t l;
  /*@ loop invariant l: 0 <= l <= S2_LEVELS;
      loop assigns l, r;
      loop variant S2_LEVELS - l; */
  for (l = 0; l < S2_LEVELS; l++) {
    r.used[l] = (uint32_t)pt->pool.used[l];
    r.high[l] = (uint32_t)pt->pool.high[l];
  }
  return r;
}

/** bytes * 2^30 / mapped, rounded up. No overflow: there are fewer than 2^31 tables, and what is mapped are pages. */
/*@ requires bytes: bytes <= 35184372088832 && (mapped == 0 || S2_PAGE_SIZE <= mapped);
    terminates \true; exits \false; assigns \nothing; */
static uint64_t per_gib(uint64_t bytes, uint64_t mapped) {
  if (mapped == 0) {
    return 0;
  }
  uint64_t pages = mapped / S2_PAGE_SIZE;
  return (bytes / S2_PAGE_SIZE * 1073741824u + pages - 1) / pages;
}

struct s2_memory s2_memory_report(const struct s2_space *s) {
  struct s2_memory m;
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= S2_LEVELS;
      loop assigns k, m.leaves[0 .. 4];
      loop variant S2_LEVELS - k; */
  for (k = 0; k < S2_LEVELS; k++) {
    m.leaves[k] = 0;
  }
  m.mapped = 0;
  m.table_bytes = 0;
  struct s2_leaf leaf = s2_pt_next(&s->pt, 0);
  /*@ loop assigns m, leaf; */
  while (leaf.status == S2_OK) {
    m.leaves[leaf.level]++;
    m.mapped += leaf.size;
    leaf = s2_pt_next(&s->pt, leaf.gpa + leaf.size);
  }
  uint32_t l;
  /*@ loop invariant l: 0 <= l <= S2_LEVELS;
      loop assigns l, m.table_bytes;
      loop variant S2_LEVELS - l; */
  for (l = 0; l < S2_LEVELS; l++) {
    m.table_bytes += (uint64_t)(uint32_t)s->pt.pool.used[l] * S2_PAGE_SIZE;
  }
  m.bytes_per_gib = per_gib(m.table_bytes, m.mapped);
  return m;
}
