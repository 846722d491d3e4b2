/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * measure.c - what `stage2 bench` measures, compiled once per format: translations four ways, regions, latency, preloading
 * by predictor, dirty tracking. Times are of this process on this machine; counts of faults and pages are exact.
 */
#define _POSIX_C_SOURCE 200809L

#include "tool.h"

#include "stage2/ahead.h"
#include "stage2/cursor.h"
#include "stage2/track.h"

#include <string.h>
#include <time.h>

#define MEASURE S2_NAME(tool_measure)
bool MEASURE(struct measured *m, bool quick);

#define PAGE     ((uint64_t)S2_PAGE_SIZE)
#define MIB      ((uint64_t)1 << 20)
#define GIB      ((uint64_t)1 << 30)
#define RUNS     7
#define BATCH    256u
#define POOL_HPA (512 * GIB)
#if defined(S2_FORMAT_GST)
#define GPA_BITS 50u
#else
#define GPA_BITS 48u
#endif

/* One space on a simulated host. */
struct bed {
  struct s2_space s;
  struct s2_hosted host;
  struct s2_hosted_storage storage;
};

static bool bed_open(struct bed *b, uint32_t tables, uint64_t frames, uint32_t features) {
  (void)memset(b, 0, sizeof *b);
  if (!s2_hosted_storage_init(&b->storage, tables, 8) || !s2_hosted_init(&b->host, 256 * GIB, frames, false)) {
    return false;
  }
  struct s2_space_config cfg = {.hw = {.gpa_bits = GPA_BITS,
                                       .hpa_bits = S2_FMT_HPA_BITS < 48 ? S2_FMT_HPA_BITS : 48,
                                       .leaf_max = S2_FMT_LEAF_MAX,
                                       .features = features,
                                       .vmid = 1,
                                       .ctx = &b->host},
                                .tables = {b->storage.tables, b->storage.nodes, b->storage.stack, tables, POOL_HPA},
                                .areas = {b->storage.chunks, b->storage.lo, b->storage.id, b->storage.spare, 8}};
  return s2_init(&b->s, &cfg) == S2_OK;
}

static void bed_close(struct bed *b) {
  s2_fini(&b->s);
  s2_hosted_fini(&b->host);
  s2_hosted_storage_fini(&b->storage);
}

static uint64_t now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t hash(uint64_t k) {
  uint64_t x = (k + 1) * 0x9e3779b97f4a7c15u;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9u;
  return x >> 32;
}

/* ---- translations ---- */

struct asked {
  const struct s2_space *s;
  const uint64_t *gpa;
  uint64_t n;
  struct s2_cursor_slot *slots;
};

static uint64_t one_by_one(const struct asked *a) {
  uint64_t sum = 0;
  for (uint64_t k = 0; k < a->n; k++) {
    sum += s2_translate(a->s, a->gpa[k]).hpa;
  }
  return sum;
}

static uint64_t with_cursor(const struct asked *a, uint32_t slots) {
  struct s2_cursor c;
  uint64_t sum = 0;
  if (s2_cursor_init(&c, a->s, a->slots, slots) != S2_OK) {
    return 0;
  }
  for (uint64_t k = 0; k < a->n; k++) {
    sum += s2_cursor_translate(&c, a->gpa[k]).hpa;
  }
  return sum;
}

static uint64_t in_batches(const struct asked *a) {
  struct s2_translation t[BATCH];
  uint64_t sum = 0;
  for (uint64_t k = 0; k < a->n; k += BATCH) {
    uint32_t n = a->n - k < BATCH ? (uint32_t)(a->n - k) : BATCH;
    s2_translate_batch(a->s, a->gpa + k, t, n);
    for (uint32_t j = 0; j < n; j++) {
      sum += t[j].hpa;
    }
  }
  return sum;
}

static uint64_t by_way(const struct asked *a, enum way way) {
  switch (way) {
    case WAY_CURSOR_1:
      return with_cursor(a, 1);
    case WAY_CURSOR_512:
      return with_cursor(a, 512);
    case WAY_BATCH:
      return in_batches(a);
    case WAY_CALL:
    case WAYS:
    default:
      return one_by_one(a);
  }
}

/* Hundredths of a nanosecond per call: the least of some runs. false: two ways disagree. */
static bool time_ways(const struct asked *a, uint64_t out[WAYS]) {
  uint64_t want = one_by_one(a);
  for (int way = 0; way < WAYS; way++) {
    out[way] = UINT64_MAX;
    for (int run = 0; run < RUNS; run++) {
      uint64_t start = now();
      uint64_t sum = by_way(a, (enum way)way);
      uint64_t took = (now() - start) * 100u / a->n;
      out[way] = took < out[way] ? took : out[way];
      if (sum != want) {
        return false;
      }
    }
  }
  return true;
}

static bool translations(struct measured *m, bool quick) {
  struct bed b;
  uint64_t pages = quick ? 4096 : 262144;
  uint64_t far = quick ? 64 : 32768; /* one page per 2 MiB */
  uint64_t *gpa = keep(pages, sizeof *gpa);
  struct s2_cursor_slot *slots = keep(512, sizeof *slots);
  struct asked a = {&b.s, gpa, pages, slots};
  if (!bed_open(&b, (uint32_t)far + 1024, 1, 0)) {
    return false;
  }
  bool good = s2_map_linear(&b.s, 4 * GIB, pages * PAGE, 64 * GIB, S2_RWX, S2_PAGES) == S2_OK;
  for (uint64_t k = 0; k < pages; k++) {
    gpa[k] = 4 * GIB + k * PAGE + 8;
  }
  good = good && time_ways(&a, m->translate[PATTERN_SEQUENTIAL]);
  for (uint64_t k = 0; k < pages; k++) {
    gpa[k] = 4 * GIB + hash(k) % pages * PAGE + 8;
  }
  good = good && time_ways(&a, m->translate[PATTERN_RANDOM]);
  s2_clear(&b.s);
  for (uint64_t k = 0; k < far && good; k++) {
    good = s2_pt_map(&b.s.pt, 128 * GIB + k * 2 * MIB, PAGE, 64 * GIB + k * PAGE, S2_RW, 0) == S2_OK;
  }
  for (uint64_t k = 0; k < pages; k++) {
    gpa[k] = 128 * GIB + hash(k) % far * 2 * MIB + 8;
  }
  good = good && time_ways(&a, m->translate[PATTERN_SPARSE]);
  s2_pt_clear(&b.s.pt);
  bed_close(&b);
  return good;
}

/* ---- regions ---- */

static bool regions(struct measured *m, bool quick) {
  struct bed b;
  uint64_t pages = quick ? 4096 : 262144;
  struct s2_pt *pt = &b.s.pt;
  bool good = true;
  if (!bed_open(&b, 1024, 1, 0)) {
    return false;
  }
  for (int k = 0; k < REGIONS; k++) {
    m->region[k] = UINT64_MAX;
  }
  for (int run = 0; run < RUNS && good; run++) {
    uint64_t t[4];
    t[0] = now();
    good = good && s2_pt_map(pt, 4 * GIB, pages * PAGE, 64 * GIB, S2_RWX, 0) == S2_OK;
    t[1] = now();
    good = good && s2_pt_protect(pt, 4 * GIB, pages * PAGE, S2_R) == S2_OK;
    t[2] = now();
    good = good && s2_pt_unmap(pt, 4 * GIB, pages * PAGE) == S2_OK;
    t[3] = now();
    for (int k = 0; k < REGIONS; k++) {
      uint64_t took = (t[k + 1] - t[k]) * 100u / pages;
      m->region[k] = took < m->region[k] ? took : m->region[k];
    }
  }
  bed_close(&b);
  return good;
}

/* ---- latency ---- */

static bool latencies(struct measured *m, bool quick) {
  struct bed b;
  uint64_t pages = quick ? 2000 : 100000;
  bool good = true;
  if (!bed_open(&b, 1024, pages, 0)) {
    return false;
  }
  s2_latency_init(&m->translate_ns);
  s2_latency_init(&m->fault_ns);
  good = s2_map_alloc(&b.s, 4 * GIB, pages * PAGE, S2_RW, 0) == S2_OK;
  for (uint64_t k = 0; k < pages && good; k++) {
    uint64_t gpa = 4 * GIB + hash(k) % pages * PAGE;
    uint64_t start = now();
    struct s2_fault_result f = s2_fault(&b.s, gpa, S2_W);
    s2_latency_add(&m->fault_ns, now() - start);
    start = now();
    struct s2_translation t = s2_translate(&b.s, gpa);
    s2_latency_add(&m->translate_ns, now() - start);
    good = f.status == S2_OK && t.hpa == f.hpa;
  }
  bed_close(&b);
  return good;
}

/* ---- preloading ---- */

#define TRACE_PAGES 16384u

static uint64_t trace_page(enum trace t, uint64_t k) {
  static const uint64_t record[3] = {0, 1, 71};
  switch (t) {
    case TRACE_SEQUENTIAL:
      return k % TRACE_PAGES;
    case TRACE_STRIDED:
      return 7 * k % TRACE_PAGES;
    case TRACE_INTERLEAVED:
      return k % 2 == 0 ? k / 2 : TRACE_PAGES - 1 - k / 2;
    case TRACE_RECORDS:
      return (k / 3 * 80 + record[k % 3]) % TRACE_PAGES;
    case TRACE_CHASE:
      return (k * 0x9e5u + (k * k & 2047u) * 4u) % TRACE_PAGES;
    case TRACE_RANDOM:
    case TRACES:
    default:
      return hash(k) % TRACE_PAGES;
  }
}

/* How often traces repeat before they leave the area. */
static uint64_t trace_length(enum trace t) {
  return t == TRACE_STRIDED ? TRACE_PAGES / 7 : t == TRACE_RECORDS ? TRACE_PAGES / 80 * 3 - 3 : TRACE_PAGES / 2;
}

static bool preload(struct preloaded *r, enum trace t, uint32_t by) {
  static struct s2_ahead a;
  static uint8_t touched[TRACE_PAGES];
  struct bed b;
  (void)memset(touched, 0, sizeof touched);
  (void)memset(r, 0, sizeof *r);
  if (!bed_open(&b, 256, TRACE_PAGES, 0) || s2_ahead_init(&a, 32, by == 0 ? 0 : 64, by) != S2_OK ||
      s2_map_alloc(&b.s, 4 * GIB, TRACE_PAGES * PAGE, S2_RW, S2_AHEAD) != S2_OK) {
    return false;
  }
  for (uint64_t k = 0; k < trace_length(t); k++) {
    uint64_t page = trace_page(t, k);
    uint64_t gpa = 4 * GIB + page * PAGE;
    r->touched += touched[page] == 0;
    touched[page] = 1;
    if (s2_translate(&b.s, gpa).status != S2_OK) {
      r->faults++;
      if (s2_fault_ahead(&b.s, &a, gpa, S2_R).kind != S2_FAULT_RESOLVED) {
        return false;
      }
    }
  }
  r->wasted = b.host.used - r->touched;
  bed_close(&b);
  return true;
}

static bool preloads(struct measured *m) {
  static const uint32_t by[PREDICTORS] = {0, S2_AHEAD_BY_STREAM, S2_AHEAD_BY_PAIR, S2_AHEAD_BY_GROUP, S2_AHEAD_ALL};
  bool good = true;
  for (int t = 0; t < TRACES; t++) {
    for (int p = 0; p < PREDICTORS; p++) {
      good = good && preload(&m->preload[t][p], (enum trace)t, by[p]);
    }
  }
  return good;
}

/* ---- dirty tracking ---- */

static uint64_t harvest_time(struct bed *b, uint64_t *map, uint64_t pages, uint64_t step, bool *good) {
  for (uint64_t k = 0; step != 0 && k < pages; k += step) {
    *good = *good && s2_fault(&b->s, 4 * GIB + k * PAGE, S2_W).status == S2_OK;
  }
  uint64_t start = now();
  struct s2_harvest h = s2_track_harvest(&b->s, 4 * GIB, pages * PAGE, map, 0);
  uint64_t took = now() - start;
  *good = *good && h.status == S2_OK && (uint64_t)h.dirty == (step == 0 ? 0 : pages / step);
  return took * 100u / pages;
}

static bool tracking(struct measured *m, bool quick) {
  struct bed b;
  uint64_t pages = quick ? 4096 : 262144;
  uint64_t *map = keep(pages / 64, sizeof *map);
  if (!bed_open(&b, 1024, 1, 0)) {
    return false;
  }
  bool good = s2_map_linear(&b.s, 4 * GIB, pages * PAGE, 64 * GIB, S2_RW, S2_PAGES) == S2_OK &&
              s2_track_start(&b.s, 4 * GIB, pages * PAGE, 0) == S2_OK;
  m->clean_page = UINT64_MAX;
  m->dirty_page = UINT64_MAX;
  for (int run = 0; run < RUNS && good; run++) {
    uint64_t dirty = harvest_time(&b, map, pages, 1, &good);
    uint64_t clean = harvest_time(&b, map, pages, 0, &good);
    m->clean_page = clean < m->clean_page ? clean : m->clean_page;
    m->dirty_page = dirty < m->dirty_page ? dirty : m->dirty_page;
  }
  bed_close(&b);
  return good;
}

bool MEASURE(struct measured *m, bool quick) {
  return translations(m, quick) && regions(m, quick) && latencies(m, quick) && preloads(m) && tracking(m, quick);
}
