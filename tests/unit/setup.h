/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** setup.h - one space on the simulated host, for the unit tests. Include after cmocka.h. */
#ifndef TESTS_UNIT_SETUP_H
#define TESTS_UNIT_SETUP_H

#include <string.h>

#include "arch/hosted/hosted.h"
#include "stage2/stage2.h"

#define P(n)      ((uint64_t)(n) << 12)
#define M(n)      ((uint64_t)(n) << 21)
#define G(n)      ((uint64_t)(n) << 30)
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define ENV_POOL_HPA ((uint64_t)0x10000000)
#define ENV_FRAMES   ((uint64_t)0x80000000) /* 2 MiB aligned, but not 1 GiB aligned where 40 MiB are added */
#define ENV_VMID     9u

#if defined(S2_FORMAT_EPT) || defined(S2_FORMAT_NPT)
static const uint32_t env_widths[] = {48, 57};
#elif defined(S2_FORMAT_A64)
static const uint32_t env_widths[] = {32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48};
#else
static const uint32_t env_widths[] = {41, 50, 59};
#endif

/* the width the tests use when it does not matter: four levels */
#if defined(S2_FORMAT_GST)
#define ENV_BITS 50u
#else
#define ENV_BITS 48u
#endif

struct env {
  struct s2_hosted h;
  struct s2_hosted_storage st;
  struct s2_space_config cfg;
  struct s2_space s;
};

static inline void env_config(struct env *e, uint32_t gpa_bits, uint32_t tables, uint32_t chunks) {
  memset(&e->cfg, 0, sizeof e->cfg);
  assert_true(s2_hosted_storage_init(&e->st, tables, chunks));
  e->cfg.hw.gpa_bits = gpa_bits;
  e->cfg.hw.hpa_bits = S2_FMT_HPA_BITS < 48 ? S2_FMT_HPA_BITS : 48;
  e->cfg.hw.leaf_max = S2_FMT_LEAF_MAX;
  e->cfg.hw.vmid = ENV_VMID;
  e->cfg.hw.ctx = &e->h;
  e->cfg.tables.tables = e->st.tables;
  e->cfg.tables.nodes = e->st.nodes;
  e->cfg.tables.stack = e->st.stack;
  e->cfg.tables.count = tables;
  e->cfg.tables.hpa = ENV_POOL_HPA;
  e->cfg.areas.chunks = e->st.chunks;
  e->cfg.areas.lo = e->st.lo;
  e->cfg.areas.id = e->st.id;
  e->cfg.areas.spare = e->st.spare;
  e->cfg.areas.count = chunks;
}

static inline void env_open(struct env *e, uint32_t gpa_bits, uint32_t tables, uint64_t frames, bool bytes) {
  env_config(e, gpa_bits, tables, 8);
  assert_true(s2_hosted_init(&e->h, ENV_FRAMES, frames, bytes));
  assert_int_equal(s2_init(&e->s, &e->cfg), S2_OK);
  s2_trace.count = 0;
}

/* everything comes home; what a test mapped without an area is taken out first */
static inline void env_close(struct env *e) {
  s2_fini(&e->s);
  s2_pt_clear(&e->s.pt);
  assert_int_equal(e->h.used, 0);
  assert_int_equal(e->h.errors, 0);
  assert_int_equal(e->s.pt.pool.nfree, (int32_t)(e->s.pt.pool.cap - e->s.pt.pool.nroot));
  s2_hosted_fini(&e->h);
  s2_hosted_storage_fini(&e->st);
}

static inline uint32_t env_used(const struct env *e) {
  uint32_t n = 0;
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    n += (uint32_t)e->s.pt.pool.used[l];
  }
  return n;
}

static inline uint64_t env_span(uint32_t level) {
  return (uint64_t)1 << (12 + 9 * level);
}

static inline uint64_t env_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state >> 11;
}

/* the entry that ends the path of gpa, for tests that play the hardware */
static inline uint64_t *env_entry(struct env *e, uint64_t gpa, uint8_t *level) {
  struct s2_steps st = s2_pt_walk(&e->s.pt, gpa);
  assert_int_equal(st.status, S2_OK);
  uint64_t t = (st.step[st.count - 1].table_hpa - e->cfg.tables.hpa) / 4096;
  *level = st.step[st.count - 1].level;
  return &e->cfg.tables.tables[t].e[st.step[st.count - 1].slot];
}

/* Everything that a refusal has to leave alone. */
struct env_mark {
  struct s2_space s;
  uint64_t hash, used;
};

static inline uint64_t env_hash(const void *p, size_t n, uint64_t h) {
  const uint64_t *w = p;
  for (size_t i = 0; i < n / 8; i++) {
    h = (h ^ w[i]) * 0x100000001b3u;
    h ^= h >> 29;
  }
  return h;
}

static inline struct env_mark env_mark(const struct env *e) {
  struct env_mark m;
  memset(&m, 0, sizeof m);
  m.s = e->s;
  m.used = e->h.used;
  m.hash = env_hash(e->cfg.tables.tables, e->cfg.tables.count * sizeof(struct s2_table), 1);
  uint64_t g = 0;
  for (int32_t i = 0; i < (int32_t)s2_areas_count(&e->s.areas); i++) {
    struct s2_area a = s2_area_next(&e->s, g);
    uint64_t v[5] = {(uint64_t)a.start, (uint64_t)a.end, (uint64_t)a.delta, a.attr, a.backend};
    m.hash = env_hash(v, sizeof v, m.hash);
    g = (uint64_t)a.end;
  }
  return m;
}

static inline bool env_same(const struct env *e, const struct env_mark *was) {
  struct env_mark now = env_mark(e);
  return now.hash == was->hash && now.used == was->used && now.s.pt.pool.nfree == was->s.pt.pool.nfree &&
         now.s.pt.pool.nlimbo == was->s.pt.pool.nlimbo &&
         memcmp(now.s.pt.pool.used, was->s.pt.pool.used, sizeof now.s.pt.pool.used) == 0 &&
         now.s.pt.flush.tlb.vmid == was->s.pt.flush.tlb.vmid && now.s.pt.splits == was->s.pt.splits &&
         now.s.base == was->s.base && now.s.limit == was->s.limit;
}

#endif
