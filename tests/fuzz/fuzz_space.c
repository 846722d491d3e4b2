/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * fuzz_space.c - bytes become a configuration and a sequence of calls on a small space; every call is predicted and
 * checked as in the model tests (tests/model/step.c): answers, lookups, books, invalidation, and that refusals change
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
  const uint8_t *at;
  size_t left;
};

static uint64_t take(struct input *in, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes && in->left > 0; i++) {
    v = v << 8 | *in->at++;
    in->left--;
  }
  return v;
}

#if defined(S2_FORMAT_EPT) || defined(S2_FORMAT_NPT)
static const uint32_t widths[] = {48, 57};
#elif defined(S2_FORMAT_A64)
static const uint32_t widths[] = {32, 34, 36, 39, 40, 43, 44, 48};
#else
static const uint32_t widths[] = {41, 50, 59};
#endif

static void configure(struct t_world *w, struct input *in) {
  uint32_t c = (uint32_t)take(in, 2);
  struct s2_space_config *g = &w->cfg;
  g->hw.gpa_bits = widths[c % (sizeof widths / sizeof widths[0])];
  struct s2_shape sh = s2_shape_of(g->hw.gpa_bits);
  uint32_t most = S2_FMT_LEAF_MAX < sh.top ? S2_FMT_LEAF_MAX : sh.top;
  g->hw.hpa_bits = 40;
  g->hw.leaf_max = (c >> 4) % (most + 1);
  g->hw.features = c >> 6 & S2_FMT_FEATURES;
  g->hw.vmid = 3;
  g->tables.count = sh.nroot + (c >> 10) % 32;
  g->tables.hpa = 0x1000000;
  g->areas.count = 1 + (c >> 8) % 3;
  g->gpa_base = (c >> 15) * 0x3000;
  g->gpa_size = (c >> 14) % 2 == 0 ? 0 : (uint64_t)2 << 30;
}

/* a page number near a border of leaves: 2 bits where, 6 bits how far */
static uint64_t place(const struct t_world *w, struct input *in) {
  uint32_t v = (uint32_t)take(in, 2);
  static const uint64_t near[] = {0, 0x200000, 0x40000000, 0x80000000};
  uint64_t at = v >> 15 != 0 ? (uint64_t)w->s.limit : near[v >> 13 & 3];
  uint32_t shift = (v >> 11 & 3) == 3 ? 21 : 12;
  uint64_t d = (uint64_t)(v & 0x3ff) << shift;
  return (v >> 10 & 1) != 0 ? at - d : at + d;
}

static uint64_t length(struct input *in) {
  uint32_t v = (uint32_t)take(in, 1);
  switch (v >> 6) {
    case 0:
      return (uint64_t)(v & 63) << 12;
    case 1:
      return (uint64_t)(v & 7) << 21 | (uint64_t)(v >> 3 & 7) << 12;
    case 2:
      return (uint64_t)(v & 1) << 30 | (uint64_t)(v >> 1 & 3) << 21 | (uint64_t)(v >> 3 & 7) << 12;
    default:
      return (uint64_t)(v & 63) * 16 << 12;
  }
}

static bool linear_only(const struct t_world *w, uint64_t x, uint64_t y) {
  for (uint32_t i = 0; i < w->m.n; i++) {
    const struct m_area *a = &w->m.area[i];
    if (a->start < y && x < a->end && (a->backend & S2_BACK_KIND) != S2_BACK_LINEAR) {
      return false;
    }
  }
  return true;
}

/* what a caller may do with the tables below an area set: collapse where no frames belong to the host's allocator */
static bool allowed(const struct t_world *w, const struct t_op *o) {
  if (o->kind == T_MAP_LINEAR && o->hpa < T_FRAME_BASE + (uint64_t)T_FRAMES * 4096 && o->hpa + o->size > T_FRAME_BASE) {
    return false;
  }
  return o->kind != T_COLLAPSE || o->attr == 0 || o->attr > S2_MAX_LEVEL ||
         linear_only(w, o->gpa, o->gpa + t_span(o->attr));
}

static struct t_op decode(const struct t_world *w, struct input *in) {
  static const uint32_t attrs[] = {S2_R, S2_RW, S2_RX, S2_RWX, S2_RW | S2_DEV, S2_RW | S2_NC, S2_W, S2_RW | S2_WT};
  uint32_t v = (uint32_t)take(in, 1);
  struct t_op o = {(enum t_kind)(v % T_KINDS), 0, 0, 0, attrs[v >> 4 & 7], 0};
  o.gpa = place(w, in);
  switch (o.kind) {
    case T_MAP_LINEAR:
      o.size = length(in);
      o.hpa = 0x100000000u + (o.gpa & 0x7fffffff) + (v >> 7) * take(in, 1) * 4096;
      o.flags = take(in, 1) % 4 == 0 ? S2_PAGES : 0;
      break;
    case T_MAP_ALLOC:
      o.size = length(in);
      v = (uint32_t)take(in, 1);
      o.flags = (v & 1) * S2_POPULATE | (v >> 1 & 1) * S2_BLOCKS;
      break;
    case T_FAULT:
      o.gpa += take(in, 1);
      o.attr = v >> 4;
      break;
    case T_COLLAPSE:
      o.attr = v >> 4 & 3;
      o.gpa = o.gpa / t_span(o.attr) * t_span(o.attr);
      break;
    case T_TRACK:
      o.size = length(in);
      o.flags = v >> 7 != 0 ? S2_TRACK_SPLIT : 0;
      break;
    case T_HARVEST:
      o.size = length(in);
      o.flags = v >> 7 != 0 ? S2_TRACK_KEEP : 0;
      break;
    case T_LIST:
      o.size = length(in);
      o.flags = (uint32_t)take(in, 2);
      break;
    case T_STOP:
    case T_UNMAP:
    case T_PROTECT:
    case T_DISCARD:
    case T_CLEAR:
    case T_SPLIT:
    case T_KINDS:
    default:
      o.size = length(in);
      o.attr &= v >> 7 != 0 ? UINT32_MAX : S2_RIGHTS;
      break;
  }
  if ((v & 0xff) == 0xff) { /* now and then an argument of any value */
    v = (uint32_t)take(in, 1);
    uint64_t any = take(in, 8);
    o.gpa = v % 4 == 0 ? any : o.gpa;
    o.size = v % 4 == 1 ? any : o.size;
    o.hpa = v % 4 == 2 ? any : o.hpa;
    o.attr = v % 4 == 3 && o.kind != T_COLLAPSE ? (uint32_t)any : o.attr;
  }
  if (o.kind == T_HARVEST && o.size > (uint64_t)T_BITS * 4096) { /* what the step has bits for */
    o.size = (uint64_t)T_BITS * 4096;
  }
  return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct t_result res;
  struct input in = {data, size};
  struct t_world *w = calloc(1, sizeof *w);
  if (w == NULL) {
    abort();
  }
  memset(&res, 0, sizeof res);
  w->res = &res;
  w->rnd = 0x9e3779b97f4a7c15u;
  configure(w, &in);
  bool fine = t_world_init(w, 700) == S2_OK;
  for (uint32_t i = 0; fine && i < 64 && in.left > 0; i++) {
    struct t_op o = decode(w, &in);
    w->host.fail_at = in.left % 5 == 0 ? (int64_t)(w->host.calls + in.left % 7) : -1;
    w->host.decline_blocks = in.left % 3 == 0;
    if (allowed(w, &o)) {
      (void)t_step(w, &o);
      fine = !w->dead;
    }
  }
  if (fine) {
    struct t_op clear = {T_CLEAR, 0, 0, 0, 0, 0};
    fine = t_step(w, &clear);
    s2_fini(&w->s);
    fine = fine && w->host.used == 0;
  }
  t_world_fini(w);
  free(w);
  if (!fine) {
    abort();
  }
  return 0;
}
