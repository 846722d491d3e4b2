/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** walk.c - `stage2 walk`: every entry on the way of a guest address, each bit named, and what comes of it. */
#include "tool.h"

#include <stdio.h>

static const uint64_t *walk_gpa;
static size_t walk_count;

static const char *const kinds[] = {"empty", "leaf", "table", "marked", "bad"};

static const char *kind_text(uint32_t kind) {
  return kind < sizeof kinds / sizeof kinds[0] ? kinds[kind] : "?";
}

/* Which of a format's field lists an entry has. 0: no fields, the value says it all. */
static uint32_t fields_of(uint32_t kind, uint8_t level) {
  if (kind == S2_LEAF) {
    return level == 0 ? S2_BITS_PAGE : S2_BITS_BLOCK;
  }
  return kind == S2_TABLE ? S2_BITS_TABLE : kind == S2_MARKED ? S2_BITS_MARKED : 0;
}

static uint64_t field_value(const struct s2_bit_name *b, uint64_t entry) {
  uint32_t width = (uint32_t)b->hi - b->lo + 1u;
  uint64_t mask = width >= 64 ? UINT64_MAX : (1ull << width) - 1;
  return (entry >> b->lo) & mask;
}

/* ---- why an address does not translate ---- */

static const char *hole_text(const struct built *b, const struct s2_steps *w, uint64_t gpa, const struct options *o) {
  const struct region *r = map_find(b->map, gpa);
  if (w->status == S2_ERR_WIDTH) {
    return keep_text("no translation: the address is wider than %u bits", b->cfg.hw.gpa_bits);
  }
  uint32_t kind = w->count == 0 ? 0 : w->step[w->count - 1].kind;
  if (kind == S2_BAD) {
    return "no translation: the entry is malformed";
  }
  if (r != NULL && region_lazy(r, o)) {
    return keep_text("no translation yet: %s gets its pages at the first access", r->name);
  }
  for (size_t i = 0; i < b->map->windows.n; i++) {
    const struct region *p = &b->map->windows.r[i];
    if (p->gpa <= gpa && gpa < region_end(p)) {
      return keep_text("no translation: in the window %s, which is not laid out (--pci does)", p->name);
    }
  }
  return "no translation: in no area";
}

/* ---- text ---- */

static void print_fields(const struct built *b, uint32_t kind, uint8_t level, uint64_t entry) {
  uint32_t wanted = fields_of(kind, level);
  int column = 0;
  for (size_t i = 0; i < b->f->nbits; i++) {
    const struct s2_bit_name *f = &b->f->bits[i];
    if ((f->kinds & wanted) == 0) {
      continue;
    }
    char text[96];
    uint64_t v = field_value(f, entry);
    int len = snprintf(text, sizeof text, f->hi == f->lo ? "%s=%llu" : "%s=0x%llx", f->name, (unsigned long long)v);
    if (column == 0 || column + 1 + len > 96) {
      (void)printf("%s      ", column == 0 ? "" : "\n");
      column = 0;
    }
    column += printf(" %s", text);
  }
  if (column != 0) {
    (void)putchar('\n');
  }
}

static void walk_text(const struct built *b, uint64_t gpa, const struct options *o) {
  struct s2_steps w = b->f->walk(&b->space.pt, gpa);
  struct s2_translation t = b->f->translate(&b->space, gpa);
  char rights[8], size[32];
  struct s2_root root = b->f->root(&b->space);
  (void)printf("%s %s, guest address 0x%llx, %s 0x%llx\n", b->f->name, b->f->mode(b->cfg.hw.gpa_bits),
               (unsigned long long)gpa, b->f->base_register, (unsigned long long)root.base);
  for (uint32_t i = 0; i < w.count; i++) {
    uint8_t l = w.step[i].level;
    (void)printf("  level %u  %-15s  table 0x%llx  slot %3u  0x%016llx  %s\n", l, b->f->level_names[l],
                 (unsigned long long)w.step[i].table_hpa, w.step[i].slot, (unsigned long long)w.step[i].entry,
                 kind_text(w.step[i].kind));
    print_fields(b, w.step[i].kind, l, w.step[i].entry);
  }
  if (t.status != S2_OK) {
    (void)printf("  => %s\n\n", hole_text(b, &w, gpa, o));
    return;
  }
  const struct region *r = map_find(b->map, gpa);
  rights_text(t.attr, rights);
  size_text(b->f->span(w.step[w.count - 1].level), size);
  (void)printf("  => 0x%llx  %s %s, %s leaf, in %s\n\n", (unsigned long long)t.hpa, rights, type_name(t.attr), size,
               r == NULL ? "?" : r->name);
}

/* ---- JSON ---- */

static void json_fields(const struct built *b, uint32_t kind, uint8_t level, uint64_t entry) {
  uint32_t wanted = fields_of(kind, level);
  json_open("fields", '[');
  for (size_t i = 0; i < b->f->nbits; i++) {
    const struct s2_bit_name *f = &b->f->bits[i];
    if ((f->kinds & wanted) != 0) {
      json_open(NULL, '{');
      json_string("name", f->name);
      json_number("hi", f->hi);
      json_number("lo", f->lo);
      json_hex("value", field_value(f, entry));
      json_close('}');
    }
  }
  json_close(']');
}

static void json_result(const struct built *b, const struct s2_steps *w, uint64_t gpa, const struct options *o) {
  struct s2_translation t = b->f->translate(&b->space, gpa);
  char rights[8];
  json_bool("mapped", t.status == S2_OK);
  if (t.status != S2_OK) {
    json_string("why", hole_text(b, w, gpa, o));
    return;
  }
  rights_text(t.attr, rights);
  json_hex("hpa", t.hpa);
  json_string("rights", rights);
  json_string("type", type_name(t.attr));
  json_number("leaf_bytes", b->f->span(w->step[w->count - 1].level));
}

static void walk_json(const struct built *b, uint64_t gpa, const struct options *o) {
  struct s2_steps w = b->f->walk(&b->space.pt, gpa);
  json_open(NULL, '{');
  json_format(b);
  json_hex("gpa", gpa);
  json_hex(b->f->base_register, b->f->root(&b->space).base);
  json_open("steps", '[');
  for (uint32_t i = 0; i < w.count; i++) {
    json_open(NULL, '{');
    json_number("level", w.step[i].level);
    json_string("name", b->f->level_names[w.step[i].level]);
    json_hex("table", w.step[i].table_hpa);
    json_number("slot", w.step[i].slot);
    json_hex("entry", w.step[i].entry);
    json_string("kind", kind_text(w.step[i].kind));
    json_fields(b, w.step[i].kind, w.step[i].level, w.step[i].entry);
    json_close('}');
  }
  json_close(']');
  json_result(b, &w, gpa, o);
  json_close('}');
}

static int walk_one(struct built *b, const struct options *o) {
  for (size_t i = 0; i < walk_count; i++) {
    if (o->json) {
      walk_json(b, walk_gpa[i], o);
    } else {
      walk_text(b, walk_gpa[i], o);
    }
  }
  return EXIT_OK;
}

int cmd_walk(const struct options *o) {
  struct map m;
  if (o->nargs < 2) {
    return usage("walk needs a MAP and at least one guest address");
  }
  uint64_t *gpa = keep(o->nargs - 1, sizeof *gpa);
  for (size_t i = 1; i < o->nargs; i++) {
    const char *why = parse_number(o->args[i], &gpa[i - 1]);
    if (why != NULL) {
      return usage("guest address '%s': %s", o->args[i], why);
    }
  }
  int rc = map_read(o->args[0], o, &m);
  if (rc != EXIT_OK) {
    return rc;
  }
  walk_gpa = gpa;
  walk_count = o->nargs - 1;
  if (o->json) {
    json_begin("walk");
    json_string("map", m.file);
    json_open("walks", '[');
  }
  rc = for_formats(&m, o, walk_one);
  if (o->json) {
    json_close(']');
    json_end();
  }
  return rc;
}
