/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * check.c - `stage2 check`: is an image what a hypervisor may load? Walks the tables by itself, without the library's
 * page table code; only what a single entry means comes from the format.
 */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_MAX 20u
#define TABLE_BYTES  4096ull

struct run {
  uint64_t gpa, size, hpa;
  uint32_t attr;
};

struct checker {
  const struct options *o;
  const struct format_ops *f;
  const char *path;
  struct image im;
  uint8_t *linked; /* per table */
  struct run *run; /* what is mapped, in order, merged */
  size_t nrun, room;
  uint64_t leaves, tables_linked;
  const char *finding[FINDINGS_MAX];
  uint64_t findings;
};

#define FIND(c, ...)                                                                                                   \
  do {                                                                                                                 \
    if ((c)->findings < FINDINGS_MAX) {                                                                                \
      (c)->finding[(c)->findings] = keep_text(__VA_ARGS__);                                                            \
    }                                                                                                                  \
    (c)->findings++;                                                                                                   \
  } while (0)

/* ---- entries ---- */

static void add_run(struct checker *c, struct run r) {
  struct run *last = c->nrun == 0 ? NULL : &c->run[c->nrun - 1];
  if (last != NULL && last->gpa + last->size == r.gpa && last->hpa + last->size == r.hpa && last->attr == r.attr) {
    last->size += r.size;
    return;
  }
  if (c->nrun == c->room) {
    c->room = c->room == 0 ? 64 : c->room * 2;
    struct run *more = keep(c->room, sizeof *more);
    if (c->nrun != 0) {
      (void)memcpy(more, c->run, c->nrun * sizeof *more);
    }
    c->run = more;
  }
  c->run[c->nrun++] = r;
}

struct place {
  uint32_t table, slot;
  uint8_t level;
  uint64_t gpa, entry;
};

static const char *place_text(const struct checker *c, const struct place *p) {
  return keep_text("table %u level %u slot %u, guest address 0x%llx, %s 0x%016llx", p->table, p->level, p->slot,
                   (unsigned long long)p->gpa, c->f->level_names[p->level], (unsigned long long)p->entry);
}

static void check_leaf(struct checker *c, const struct place *p) {
  const struct image *im = &c->im;
  uint64_t span = c->f->span(p->level), hpa = c->f->hpa(p->level, p->entry);
  uint64_t end = 1ull << im->hpa_bits, pool_end = im->pool_hpa + (uint64_t)im->tables * TABLE_BYTES;
  uint32_t attr = c->f->attr(p->level, p->entry);
  c->leaves++;
  if (p->level > im->leaf_max) {
    FIND(c, "%s: a leaf above level %u", place_text(c, p), im->leaf_max);
  } else if (!c->f->attr_legal(im->features, attr & ~S2_AD_MASK)) {
    FIND(c, "%s: rights or memory type that the declared features do not have", place_text(c, p));
  } else if (c->f->leaf(p->level, hpa, attr) != p->entry) {
    FIND(c, "%s: not the entry that these rights, type and address are written as", place_text(c, p));
  } else if (hpa >= end || span > end - hpa) {
    FIND(c, "%s: maps host address 0x%llx, wider than %u bits", place_text(c, p), (unsigned long long)hpa,
         im->hpa_bits);
  } else if (hpa < pool_end && im->pool_hpa < hpa + span) {
    FIND(c, "%s: maps the tables themselves", place_text(c, p));
  } else {
    add_run(c, (struct run){p->gpa, span, hpa, attr & ~S2_AD_MASK});
  }
}

/* The index of the table that a link names, or -1. */
static int64_t check_link(struct checker *c, const struct place *p) {
  const struct image *im = &c->im;
  uint64_t next = c->f->next(p->entry);
  uint64_t index = (next - im->pool_hpa) / TABLE_BYTES;
  if (p->level == 0 || next < im->pool_hpa || next % TABLE_BYTES != 0 || index >= im->tables) {
    FIND(c, "%s: links host address 0x%llx, which is not a table of the image", place_text(c, p),
         (unsigned long long)next);
    return -1;
  }
  if (c->f->table(c->im.features, p->level, next) != p->entry) {
    FIND(c, "%s: not the entry that a link to this table is written as", place_text(c, p));
    return -1;
  }
  if (c->linked[index] != 0) {
    FIND(c, "%s: links table %llu, which is linked already", place_text(c, p), (unsigned long long)index);
    return -1;
  }
  c->linked[index] = 1;
  c->tables_linked++;
  return (int64_t)index;
}

/* Return: the table to descend into, or -1. */
static int64_t check_entry(struct checker *c, const struct place *p) {
  if (p->entry == 0) {
    return -1;
  }
  if (p->gpa >> c->im.gpa_bits != 0) {
    FIND(c, "%s: beyond the %u guest address bits", place_text(c, p), c->im.gpa_bits);
    return -1;
  }
  uint32_t kind = c->f->kind(p->level, p->entry);
  if (kind == S2_TABLE) {
    return check_link(c, p);
  }
  if (kind == S2_LEAF) {
    check_leaf(c, p);
  } else {
    FIND(c, "%s: %s", place_text(c, p), kind == S2_MARKED ? "a leaf that is being removed" : "a malformed entry");
  }
  return -1;
}

/* ---- the tree: depth first, in the order of guest addresses ---- */

struct level {
  uint32_t table, slot;
  uint64_t gpa;
};

static void check_root_table(struct checker *c, uint32_t table, uint64_t gpa) {
  struct level at[S2_LEVELS];
  uint32_t l = c->im.top;
  at[l] = (struct level){table, 0, gpa};
  for (;;) {
    if (at[l].slot == S2_ENTRIES) {
      if (l == c->im.top) {
        return;
      }
      l++;
      continue;
    }
    uint32_t s = at[l].slot++;
    uint64_t g = at[l].gpa + (uint64_t)s * c->f->span((uint8_t)l);
    struct place p = {at[l].table, s, (uint8_t)l, g, c->im.entries[(size_t)at[l].table * S2_ENTRIES + s]};
    int64_t down = check_entry(c, &p);
    if (down >= 0) {
      l--;
      at[l] = (struct level){(uint32_t)down, 0, g};
    }
  }
}

static void check_tree(struct checker *c) {
  const struct image *im = &c->im;
  c->linked = keep(im->tables, 1);
  for (uint32_t k = 0; k < im->nroot; k++) {
    c->linked[im->root + k] = 1;
  }
  c->tables_linked = im->nroot;
  for (uint32_t k = 0; k < im->nroot; k++) {
    check_root_table(c, im->root + k, k * S2_ENTRIES * c->f->span((uint8_t)im->top));
  }
  for (uint32_t t = 0; t < im->tables; t++) {
    bool empty = true;
    for (uint32_t s = 0; s < S2_ENTRIES && c->linked[t] == 0; s++) {
      empty = empty && im->entries[(size_t)t * S2_ENTRIES + s] == 0;
    }
    if (!empty) {
      FIND(c, "table %u: has entries, but nothing links it", t);
    }
  }
}

/* ---- against a map ---- */

/* [from, to) is not mapped: fine where the map names nothing, or where pages come with the first access. */
static void expect_hole(struct checker *c, const struct map *m, uint64_t from, uint64_t to) {
  for (size_t i = 0; i < m->regions.n; i++) {
    const struct region *r = &m->regions.r[i];
    uint64_t a = r->gpa > from ? r->gpa : from, b = region_end(r) < to ? region_end(r) : to;
    if (a < b && !region_lazy(r, c->o)) {
      FIND(c, "%s: %s: [0x%llx, 0x%llx) is not mapped", r->where, r->name, (unsigned long long)a,
           (unsigned long long)b);
    }
  }
}

static void expect_piece(struct checker *c, const struct region *r, const struct run *x) {
  uint32_t want = region_attr(r, c->im.features);
  uint64_t hpa = r->hpa + (x->gpa - r->gpa);
  char is[8], should[8];
  rights_text(x->attr, is);
  rights_text(want, should);
  if (x->attr != want) {
    FIND(c, "%s: %s: [0x%llx, 0x%llx) is %s %s, not %s %s", r->where, r->name, (unsigned long long)x->gpa,
         (unsigned long long)(x->gpa + x->size), is, type_name(x->attr), should, type_name(want));
  } else if (region_linear(r, c->o) && x->hpa != hpa) {
    FIND(c, "%s: %s: 0x%llx leads to host address 0x%llx, not 0x%llx", r->where, r->name, (unsigned long long)x->gpa,
         (unsigned long long)x->hpa, (unsigned long long)hpa);
  }
}

/* A run may pass through several regions that touch, and through holes of the map. */
static void expect_run(struct checker *c, const struct map *m, struct run x) {
  while (x.size != 0) {
    const struct region *r = map_find(m, x.gpa);
    uint64_t end = x.gpa + x.size;
    for (size_t i = 0; r == NULL && i < m->regions.n; i++) {
      if (m->regions.r[i].gpa > x.gpa && m->regions.r[i].gpa < end) {
        end = m->regions.r[i].gpa;
      }
    }
    if (r != NULL && region_end(r) < end) {
      end = region_end(r);
    }
    struct run piece = {x.gpa, end - x.gpa, x.hpa, x.attr};
    if (r == NULL) {
      FIND(c, "%s: [0x%llx, 0x%llx) is mapped, but the map names nothing there", m->file, (unsigned long long)x.gpa,
           (unsigned long long)end);
    } else {
      expect_piece(c, r, &piece);
    }
    x = (struct run){end, x.size - piece.size, x.hpa + piece.size, x.attr};
  }
}

static int by_host(const void *a, const void *b) {
  const struct run *x = a, *y = b;
  return x->hpa < y->hpa ? -1 : x->hpa > y->hpa;
}

/* Frames of the allocator belong to one guest page each. */
static void expect_own_frames(struct checker *c, const struct map *m) {
  struct run *sorted = keep(c->nrun, sizeof *sorted);
  uint64_t end = 0;
  bool last_own = false;
  if (c->nrun == 0) {
    return;
  }
  (void)memcpy(sorted, c->run, c->nrun * sizeof *sorted);
  qsort(sorted, c->nrun, sizeof *sorted, by_host);
  for (size_t i = 0; i < c->nrun; i++) {
    const struct region *r = map_find(m, sorted[i].gpa);
    bool own = r != NULL && !region_linear(r, c->o);
    if (sorted[i].hpa < end && (own || last_own)) {
      FIND(c, "guest address 0x%llx shares host address 0x%llx with another", (unsigned long long)sorted[i].gpa,
           (unsigned long long)sorted[i].hpa);
    }
    last_own = sorted[i].hpa + sorted[i].size > end ? own : last_own || own;
    end = sorted[i].hpa + sorted[i].size > end ? sorted[i].hpa + sorted[i].size : end;
  }
}

static void check_map(struct checker *c, const struct map *m) {
  uint64_t at = 0;
  for (size_t i = 0; i < c->nrun; i++) {
    expect_hole(c, m, at, c->run[i].gpa);
    expect_run(c, m, c->run[i]);
    at = c->run[i].gpa + c->run[i].size;
  }
  expect_hole(c, m, at, UINT64_MAX);
  expect_own_frames(c, m);
}

/* ---- the report ---- */

static uint64_t mapped_bytes(const struct checker *c) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < c->nrun; i++) {
    bytes += c->run[i].size;
  }
  return bytes;
}

static void report_text(const struct checker *c, const struct map *m) {
  uint64_t shown = c->findings < FINDINGS_MAX ? c->findings : FINDINGS_MAX;
  char mapped[32];
  size_text(mapped_bytes(c), mapped);
  for (uint64_t i = 0; i < shown; i++) {
    (void)fail_at(c->path, "%s", c->finding[i]);
  }
  if (shown < c->findings) {
    (void)fail("%s: and %llu more", c->path, (unsigned long long)(c->findings - shown));
  }
  if (c->findings == 0) {
    (void)printf("%s: ok: %s, %u tables, %llu leaves, %s mapped in %zu runs%s%s\n", c->path, c->f->name, c->im.tables,
                 (unsigned long long)c->leaves, mapped, c->nrun, m != NULL ? ", as in " : "", m != NULL ? m->file : "");
  }
}

static void report_json(const struct checker *c, const struct map *m) {
  json_begin("check");
  json_string("image", c->path);
  if (m != NULL) {
    json_string("map", m->file);
  }
  json_bool("ok", c->findings == 0);
  json_string("format", c->f->name);
  json_number("gpa_bits", c->im.gpa_bits);
  json_number("tables", c->im.tables);
  json_number("tables_linked", c->tables_linked);
  json_number("leaves", c->leaves);
  json_number("mapped_bytes", mapped_bytes(c));
  json_number("runs", c->nrun);
  json_hex("pool_hpa", c->im.pool_hpa);
  json_hex("root_hpa", c->im.root_hpa);
  json_open("registers", '{');
  json_hex(c->f->base_register, c->im.base);
  if (c->f->ctrl_register != NULL) {
    json_hex(c->f->ctrl_register, c->im.ctrl);
  }
  json_close('}');
  json_number("findings", c->findings);
  json_open("messages", '[');
  for (uint64_t i = 0; i < c->findings && i < FINDINGS_MAX; i++) {
    json_string(NULL, c->finding[i]);
  }
  json_close(']');
  json_end();
}

int cmd_check(const struct options *o) {
  struct checker *c = keep(1, sizeof *c);
  struct map m;
  if (o->nargs != 1 && o->nargs != 2) {
    return usage("check needs an IMAGE, and may have the MAP it was made from");
  }
  c->o = o;
  c->path = o->args[0];
  int rc = image_read(c->path, &c->im, &c->f);
  if (rc == EXIT_OK && o->nargs == 2) {
    rc = map_read(o->args[1], o, &m);
  }
  if (rc != EXIT_OK) {
    return rc;
  }
  check_tree(c);
  if (o->nargs == 2 && c->findings == 0) {
    check_map(c, &m);
  }
  if (o->json) {
    report_json(c, o->nargs == 2 ? &m : NULL);
  } else {
    report_text(c, o->nargs == 2 ? &m : NULL);
  }
  return c->findings == 0 ? EXIT_OK : EXIT_INPUT;
}
