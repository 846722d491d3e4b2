/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** build.c - lay a memory map out in one format: widths, host addresses of tables and frames, pool size, the calls. */
#include "tool.h"

#include <string.h>

#define TABLES_FIRST 64u
#define TABLES_MOST  (1u << 24) /* 64 GiB of tables */
#define TABLE_SIZE   ((uint64_t)S2_PAGE_SIZE)

uint32_t region_attr(const struct region *r, uint32_t features) {
  bool user_too = !r->has_attr && (r->attr & S2_X) != 0 && (features & S2_FEAT_UX) != 0;
  return user_too ? r->attr | S2_UX : r->attr;
}

/* ---- choosing the configuration ---- */

static int choose_gpa_bits(const struct format_ops *f, const struct map *m, const struct options *o, uint32_t *bits) {
  const struct region *last = &m->regions.r[m->regions.n - 1];
  uint32_t widest = 0;
  for (uint32_t w = 12; w < 63; w++) {
    if (f->shape(w).top > S2_MAX_LEVEL || (o->gpa_bits != 0 && o->gpa_bits != w)) {
      continue;
    }
    widest = w;
    if (region_end(last) <= 1ull << w) {
      *bits = w;
      return EXIT_OK;
    }
  }
  if (widest == 0) {
    return fail("%s: has no guest addresses of %u bits (see 'stage2 formats')", f->name, o->gpa_bits);
  }
  return fail_at(last->where, "%s: ends at 0x%llx, wider than the %u guest address bits of %s", last->name,
                 (unsigned long long)region_end(last), widest, f->name);
}

static int choose_hardware(const struct format_ops *f, const struct map *m, const struct options *o,
                           struct s2_config *hw) {
  char names[64];
  hw->hpa_bits = o->hpa_bits != 0 ? o->hpa_bits : f->hpa_bits;
  hw->leaf_max = o->has_leaf ? o->leaf : f->leaf_max;
  hw->features = o->has_features ? o->features : f->default_features;
  hw->vmid = o->has_vmid ? o->vmid : 1;
  if (hw->hpa_bits > f->hpa_bits) {
    return fail("%s: --hpa-bits %u: at most %u", f->name, hw->hpa_bits, f->hpa_bits);
  }
  if (hw->leaf_max > f->leaf_max) {
    return fail("%s: --leaf %s: at most %s", f->name, leaf_name(hw->leaf_max), leaf_name(f->leaf_max));
  }
  if ((hw->features & ~f->features) != 0) {
    features_text(f->features, names);
    return fail("%s: --features: this format has %s", f->name, names);
  }
  return choose_gpa_bits(f, m, o, &hw->gpa_bits);
}

static uint64_t round_up(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

/* One past the highest host address that linear regions use, and the bytes that alloc regions need. */
static void measure(const struct map *m, const struct options *o, uint64_t *top, uint64_t *alloc) {
  *top = 0;
  *alloc = 0;
  for (size_t i = 0; i < m->regions.n; i++) {
    const struct region *r = &m->regions.r[i];
    if (!region_linear(r, o)) {
      *alloc += r->size;
    } else if (r->hpa + r->size > *top) {
      *top = r->hpa + r->size;
    }
  }
}

/* Frames for alloc regions, then tables, above everything the map names; --pool-hpa moves the tables. */
static int place(struct built *b, const struct options *o, uint32_t count) {
  const uint64_t giant = 1ull << 30, big = 2ull << 20, end = 1ull << b->cfg.hw.hpa_bits;
  uint64_t top, alloc, pool_end = o->has_pool_hpa ? o->pool_hpa + (uint64_t)count * TABLE_SIZE : 0;
  measure(b->map, o, &top, &alloc);
  if (alloc != 0) {
    b->frame_base = round_up(pool_end > top ? pool_end : top, giant);
    b->frame_pages = alloc / TABLE_SIZE;
    top = b->frame_base + alloc;
  }
  if (top > end) {
    return fail("%s: the map's host addresses%s do not fit in %u bits", b->f->name,
                alloc != 0 ? ", and the frames above them," : "", b->cfg.hw.hpa_bits);
  }
  b->cfg.tables.hpa = o->has_pool_hpa ? o->pool_hpa : round_up(top, big);
  return EXIT_OK;
}

/* How many tables fit at the place of the pool: up to the next region or the end of the host's addresses. */
static uint32_t pool_room(const struct built *b, const struct options *o) {
  uint64_t pool = b->cfg.tables.hpa, end = 1ull << b->cfg.hw.hpa_bits;
  for (size_t i = 0; i < b->map->regions.n; i++) {
    const struct region *r = &b->map->regions.r[i];
    if (region_linear(r, o) && r->hpa > pool && r->hpa < end) {
      end = r->hpa;
    }
  }
  uint64_t room = pool < end ? (end - pool) / TABLE_SIZE : 0;
  return room < TABLES_MOST ? (uint32_t)room : TABLES_MOST;
}

/* ---- one attempt with a pool of `count` tables ---- */

static void drop(struct built *b) {
  if (b->space_live) {
    b->f->fini(&b->space);
  }
  if (b->storage_live) {
    s2_hosted_storage_fini(&b->storage);
  }
  if (b->host_live) {
    s2_hosted_fini(&b->host);
  }
  b->space_live = b->storage_live = b->host_live = false;
}

void build_end(struct built *b) {
  drop(b);
}

static bool obtain(struct built *b, uint32_t count) {
  uint32_t chunks = (uint32_t)(b->map->regions.n / 8 + 4);
  b->storage_live = s2_hosted_storage_init(&b->storage, count, chunks);
  b->host_live = s2_hosted_init(&b->host, b->frame_base, b->frame_pages == 0 ? 1 : b->frame_pages, false);
  b->cfg.tables.tables = b->storage.tables;
  b->cfg.tables.nodes = b->storage.nodes;
  b->cfg.tables.stack = b->storage.stack;
  b->cfg.tables.count = count;
  b->cfg.areas.chunks = b->storage.chunks;
  b->cfg.areas.lo = b->storage.lo;
  b->cfg.areas.id = b->storage.id;
  b->cfg.areas.spare = b->storage.spare;
  b->cfg.areas.count = chunks;
  b->cfg.hw.ctx = &b->host;
  return b->storage_live && b->host_live;
}

static s2_status map_region(struct built *b, const struct region *r, const struct options *o) {
  uint32_t attr = region_attr(r, b->cfg.hw.features);
  if (region_linear(r, o)) {
    return b->f->map_linear(&b->space, r->gpa, r->size, r->hpa, attr, 0);
  }
  uint32_t flags = region_lazy(r, o) ? 0u : S2_POPULATE;
  return b->f->map_alloc(&b->space, r->gpa, r->size, attr, b->cfg.hw.leaf_max > 0 ? flags | S2_BLOCKS : flags);
}

struct attempt {
  int rc;
  s2_status status;       /* S2_ERR_NO_TABLES: a larger pool may do */
  const struct region *r; /* where it stopped; NULL: at the start   */
};

static struct attempt attempt(struct built *b, const struct options *o, uint32_t count) {
  struct attempt a = {.rc = place(b, o, count)};
  if (a.rc == EXIT_OK && count > pool_room(b, o)) {
    a.rc =
        fail("%s: there is room for %u page tables at host address 0x%llx, not for %u: give %s--pool-hpa", b->f->name,
             pool_room(b, o), (unsigned long long)b->cfg.tables.hpa, count, o->has_pool_hpa ? "another " : "");
  }
  if (a.rc != EXIT_OK) {
    return a;
  }
  if (!obtain(b, count)) {
    a.rc = fail("out of memory for %u tables and %llu simulated frames", count, (unsigned long long)b->frame_pages);
    return a;
  }
  a.status = b->f->init(&b->space, &b->cfg);
  b->space_live = a.status == S2_OK;
  for (size_t i = 0; i < b->map->regions.n && a.status == S2_OK; i++) {
    a.r = &b->map->regions.r[i];
    a.status = map_region(b, a.r, o);
  }
  return a;
}

static int explain(const struct built *b, const struct attempt *a) {
  if (a->rc != EXIT_OK || a->status == S2_OK) {
    return a->rc;
  }
  if (a->r == NULL) {
    return fail("%s: the space cannot be made with %u tables, vmid %u: %s", b->f->name, b->cfg.tables.count,
                b->cfg.hw.vmid, status_text(a->status));
  }
  return fail_at(a->r->where, "%s: cannot be laid out in %s: %s", a->r->name, b->f->name, status_text(a->status));
}

/* Grow the pool until the map fits, then once more with exactly what it took: images stay small. */
static int build_grown(struct built *b, const struct options *o) {
  struct attempt a = {.rc = place(b, o, TABLES_FIRST), .status = S2_ERR_NO_TABLES};
  uint32_t room = pool_room(b, o), n = room < TABLES_FIRST ? room : TABLES_FIRST;
  if (a.rc == EXIT_OK) {
    a = attempt(b, o, n == 0 ? 1 : n);
  }
  while (a.rc == EXIT_OK && a.status == S2_ERR_NO_TABLES && n < room) {
    n = n > room / 2 ? room : n * 2;
    drop(b);
    a = attempt(b, o, n);
  }
  if (a.rc != EXIT_OK || a.status != S2_OK) {
    return explain(b, &a);
  }
  struct s2_report r = b->f->stats(&b->space);
  drop(b);
  a = attempt(b, o, r.tables - r.tables_low);
  if (a.rc == EXIT_OK && a.status == S2_ERR_NO_TABLES) { /* an unaligned --pool-hpa moves the root */
    drop(b);
    a = attempt(b, o, r.tables);
  }
  return explain(b, &a);
}

int build(struct built *b, const struct format_ops *f, const struct map *m, const struct options *o) {
  (void)memset(b, 0, sizeof *b);
  b->f = f;
  b->map = m;
  int rc = choose_hardware(f, m, o, &b->cfg.hw);
  if (rc != EXIT_OK) {
    return rc;
  }
  if (o->tables != 0) {
    struct attempt a = attempt(b, o, o->tables);
    return explain(b, &a);
  }
  return build_grown(b, o);
}

int for_formats(const struct map *m, const struct options *o, int (*one)(struct built *b, const struct options *o)) {
  const struct format_ops *asked = o->format != NULL ? o->format : m->format != NULL ? format_named(m->format) : NULL;
  int worst = EXIT_OK;
  for (size_t i = 0; i < TOOL_FORMATS; i++) {
    const struct format_ops *f = tool_formats[i];
    if (!o->all_formats && f != (asked == NULL ? tool_formats[0] : asked)) {
      continue;
    }
    struct built *b = keep(1, sizeof *b);
    int rc = build(b, f, m, o);
    if (rc == EXIT_OK) {
      rc = one(b, o);
    }
    build_end(b);
    worst = rc > worst ? rc : worst;
  }
  return worst;
}
