/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** bench.c - `stage2 bench`: tables, JSON and plots of what measure.c found. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

static const char *const ways[WAYS] = {"call", "cursor-1", "cursor-512", "batch"};
static const char *const patterns[PATTERNS] = {"sequential", "random", "sparse"};
static const char *const region_names[REGIONS] = {"map", "protect", "unmap"};
static const char *const traces[TRACES] = {"sequential", "stride-7", "two-streams", "records", "chase", "random"};
static const char *const predictors[PREDICTORS] = {"off", "stream", "pair", "group", "all"};
static const uint32_t percentiles[] = {5000, 9000, 9900, 9999, 10000};
static const char *const percentile_names[] = {"p50", "p90", "p99", "p99.99", "max"};
#define NPERCENTILES (sizeof percentiles / sizeof percentiles[0])

static void hundredths(uint64_t v) {
  (void)printf(" %9llu.%02llu", (unsigned long long)(v / 100), (unsigned long long)(v % 100));
}

static void head(const char *first, const char *const *names, size_t n) {
  (void)printf("  %-14s", first);
  for (size_t k = 0; k < n; k++) {
    (void)printf(" %12s", names[k]);
  }
  (void)printf("\n");
}

static void latency_line(const struct format_ops *f, const char *name, const struct s2_latency *h) {
  (void)printf("  %-14s", name);
  for (size_t k = 0; k < NPERCENTILES; k++) {
    (void)printf(" %12lld", (long long)f->percentile(h, percentiles[k]));
  }
  (void)printf("\n");
}

static void print_tables(const struct format_ops *f, const struct measured *m) {
  (void)printf("%s\n\ntranslate, ns per call\n", f->title);
  head("", ways, WAYS);
  for (int p = 0; p < PATTERNS; p++) {
    (void)printf("  %-14s", patterns[p]);
    for (int w = 0; w < WAYS; w++) {
      hundredths(m->translate[p][w]);
    }
    (void)printf("\n");
  }
  (void)printf("\nregions, ns per 4 KiB page\n");
  head("", region_names, REGIONS);
  (void)printf("  %-14s", "");
  for (int k = 0; k < REGIONS; k++) {
    hundredths(m->region[k]);
  }
  (void)printf("\n\nlatency, ns, the clock included\n");
  head("", percentile_names, NPERCENTILES);
  latency_line(f, "translate", &m->translate_ns);
  latency_line(f, "fault", &m->fault_ns);
  (void)printf("\npreloading, faults of pages touched; pages wasted after the stroke\n");
  head("", predictors, PREDICTORS);
  for (int t = 0; t < TRACES; t++) {
    (void)printf("  %-14s", traces[t]);
    for (int p = 0; p < PREDICTORS; p++) {
      const struct preloaded *r = &m->preload[t][p];
      (void)printf(" %7llu/%-4llu", (unsigned long long)r->faults, (unsigned long long)r->wasted);
    }
    (void)printf("  of %llu\n", (unsigned long long)m->preload[t][0].touched);
  }
  (void)printf("\ndirty tracking, harvest, ns per page\n");
  (void)printf("  %-14s", "clean, dirty");
  hundredths(m->clean_page);
  hundredths(m->dirty_page);
  (void)printf("\n\n");
}

static void json_times(const char *key, const char *const *names, const uint64_t *v, size_t n) {
  json_open(key, '{');
  for (size_t k = 0; k < n; k++) {
    json_number(names[k], v[k]);
  }
  json_close('}');
}

static void json_latency(const struct format_ops *f, const char *key, const struct s2_latency *h) {
  json_open(key, '{');
  json_number("count", (uint64_t)h->count);
  for (size_t k = 0; k < NPERCENTILES; k++) {
    json_number(percentile_names[k], (uint64_t)f->percentile(h, percentiles[k]));
  }
  json_close('}');
}

static void print_json(const struct format_ops *f, const struct measured *m) {
  json_open(NULL, '{');
  json_string("format", f->name);
  json_open("translate_ns_hundredths", '{');
  for (int p = 0; p < PATTERNS; p++) {
    json_times(patterns[p], ways, m->translate[p], WAYS);
  }
  json_close('}');
  json_times("region_ns_hundredths_per_page", region_names, m->region, REGIONS);
  json_latency(f, "translate_latency_ns", &m->translate_ns);
  json_latency(f, "fault_latency_ns", &m->fault_ns);
  json_open("preload", '{');
  for (int t = 0; t < TRACES; t++) {
    json_open(traces[t], '{');
    for (int p = 0; p < PREDICTORS; p++) {
      const struct preloaded *r = &m->preload[t][p];
      json_open(predictors[p], '{');
      json_number("touched", r->touched);
      json_number("faults", r->faults);
      json_number("wasted", r->wasted);
      json_close('}');
    }
    json_close('}');
  }
  json_close('}');
  json_number("harvest_clean_ns_hundredths", m->clean_page);
  json_number("harvest_dirty_ns_hundredths", m->dirty_page);
  json_close('}');
}

/* One plot per table. */
static int plots(const char *dir, const struct format_ops *f, const struct measured *m) {
  uint64_t latency[2 * NPERCENTILES];
  uint64_t faults[TRACES * PREDICTORS];
  static const char *const calls[] = {"translate", "fault"};
  static const char *const one[] = {"ns"};
  for (size_t k = 0; k < NPERCENTILES; k++) {
    latency[k] = 100u * (uint64_t)f->percentile(&m->translate_ns, percentiles[k]);
    latency[NPERCENTILES + k] = 100u * (uint64_t)f->percentile(&m->fault_ns, percentiles[k]);
  }
  for (int t = 0; t < TRACES; t++) {
    for (int p = 0; p < PREDICTORS; p++) {
      faults[t * PREDICTORS + p] = m->preload[t][p].faults * 10000u / m->preload[t][p].touched;
    }
  }
  const struct bars all[] = {
      {"Translate", "ns per call", patterns, ways, PATTERNS, WAYS, &m->translate[0][0]},
      {"Regions of 4 KiB pages", "ns per page", region_names, one, REGIONS, 1, m->region},
      {"Latency, the worst sample left out", "ns", calls, percentile_names, 2, NPERCENTILES, latency},
      {"Preloading", "% of touched pages that fault", traces, predictors, TRACES, PREDICTORS, faults},
  };
  static const char *const names[] = {"translate", "regions", "latency", "preload"};
  int rc = EXIT_OK;
  for (size_t k = 0; k < sizeof all / sizeof all[0] && rc == EXIT_OK; k++) {
    rc = svg_bars(dir, keep_text("%s-%s", f->name, names[k]), &all[k]);
  }
  return rc;
}

int cmd_bench(const struct options *o) {
  int rc = EXIT_OK;
  if (o->nargs != 0) {
    return usage("bench takes no map: it makes its own spaces");
  }
  if (o->json) {
    json_begin("bench");
    json_open("formats", '[');
  }
  for (size_t i = 0; i < TOOL_FORMATS && rc == EXIT_OK; i++) {
    const struct format_ops *f = tool_formats[i];
    if (!o->all_formats && f != (o->format != NULL ? o->format : tool_formats[0])) {
      continue;
    }
    struct measured *m = keep(1, sizeof *m);
    if (!f->measure(m, o->brief)) {
      return fail("%s: out of memory, or two ways of asking disagree", f->name);
    }
    if (o->json) {
      print_json(f, m);
    } else {
      print_tables(f, m);
    }
    if (o->output != NULL) {
      rc = plots(o->output, f, m);
    }
  }
  if (o->json) {
    json_close(']');
    json_end();
  }
  return rc;
}
