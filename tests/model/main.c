/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main.c - all four formats in one program: model [seeds [first-seed [steps [format]]]] */
#include "stage2/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 13 };

/* the same struct as in world.h, which is compiled once per format */
struct t_result {
  uint64_t steps, failed, points, ok[KINDS], refused[KINDS], by_status[20], flushes, events, clones, copies;
};

#define DECLARE(f)                                                                                                     \
  void s2_##f##_t_model_run(uint64_t seed, uint32_t steps, struct t_result *r);                                        \
  void s2_##f##_t_scenarios_run(struct t_result *r);                                                                   \
  void s2_##f##_t_twins_run(uint64_t seed, uint32_t steps, struct t_result *r);
DECLARE(ept)
DECLARE(npt)
DECLARE(a64)
DECLARE(gst)

static const char *const formats[] = {"ept", "npt", "a64", "gst"};
static const char *const kinds[KINDS] = {"map_linear", "map_alloc", "unmap", "protect", "discard", "fault", "clear",
                                         "split",      "collapse",  "track", "harvest", "stop",    "list"};
static const char *const codes[20] = {"OK",     "ALIGN",      "SIZE",      "OVERFLOW", "WIDTH",     "RANGE",  "ATTR",
                                      "MAPPED", "NOT_MAPPED", "NO_TABLES", "NO_AREAS", "NO_FRAMES", "POOL",   "CONFIG",
                                      "NULL",   "UNIFORM",    "DENIED",    "LAZY",     "MEMORY",    "BACKEND"};

static void model_run(int f, uint64_t seed, uint32_t steps, struct t_result *r) {
  switch (f) {
    case 0:
      s2_ept_t_model_run(seed, steps, r);
      break;
    case 1:
      s2_npt_t_model_run(seed, steps, r);
      break;
    case 2:
      s2_a64_t_model_run(seed, steps, r);
      break;
    default:
      s2_gst_t_model_run(seed, steps, r);
      break;
  }
}

static void twins_run(int f, uint64_t seed, uint32_t steps, struct t_result *r) {
  switch (f) {
    case 0:
      s2_ept_t_twins_run(seed, steps, r);
      break;
    case 1:
      s2_npt_t_twins_run(seed, steps, r);
      break;
    case 2:
      s2_a64_t_twins_run(seed, steps, r);
      break;
    default:
      s2_gst_t_twins_run(seed, steps, r);
      break;
  }
}

static void scenarios_run(int f, struct t_result *r) {
  switch (f) {
    case 0:
      s2_ept_t_scenarios_run(r);
      break;
    case 1:
      s2_npt_t_scenarios_run(r);
      break;
    case 2:
      s2_a64_t_scenarios_run(r);
      break;
    default:
      s2_gst_t_scenarios_run(r);
      break;
  }
}

static void report(const char *what, const struct t_result *r) {
  printf("%s: %llu steps, %llu failure points, %llu invalidations and %llu events watched, %llu failed\n", what,
         (unsigned long long)r->steps, (unsigned long long)r->points, (unsigned long long)r->flushes,
         (unsigned long long)r->events, (unsigned long long)r->failed);
  for (int k = 0; k < KINDS; k++) {
    printf("  %-10s %8llu done %8llu refused\n", kinds[k], (unsigned long long)r->ok[k],
           (unsigned long long)r->refused[k]);
  }
  printf("  clones %llu, pages copied on write %llu\n", (unsigned long long)r->clones, (unsigned long long)r->copies);
  printf("  answers:");
  for (int i = 0; i < 20; i++) {
    if (r->by_status[i] != 0) {
      printf(" %s %llu", codes[i], (unsigned long long)r->by_status[i]);
    }
  }
  printf("\n");
}

int main(int argc, char **argv) {
  uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : 40;
  uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  uint32_t steps = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : 600;
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t points = 0;
  for (int f = 0; f < 4; f++) {
    if (argc > 4 && strcmp(argv[4], formats[f]) != 0) {
      continue;
    }
    struct t_result r = {0};
    for (uint64_t s = first; s < first + seeds; s++) {
      model_run(f, s, steps, &r);
      if (s % 4 == 1) {
        twins_run(f, s, steps, &r);
      }
    }
    if (first == 1) {
      scenarios_run(f, &r);
    }
    report(formats[f], &r);
    fflush(stdout);
    passed += r.steps - r.failed;
    failed += r.failed;
    points += r.points;
  }
  printf("injection points: %llu\n", (unsigned long long)points);
  printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
  return failed != 0;
}
