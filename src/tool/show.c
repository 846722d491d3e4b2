/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** show.c - `stage2 show`: areas, root registers, tables per level, what they cost; and `stage2 formats`. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#define LINE_NAMES 160

static const char *area_kind(const struct built *b, const struct s2_area *a, const struct options *o) {
  const struct region *r = map_find(b->map, (uint64_t)a->start);
  if (r == NULL) {
    return "?";
  }
  if (region_lazy(r, o)) {
    return "lazy";
  }
  return region_linear(r, o) ? kind_name(r->kind) : "alloc";
}

static uint32_t high_water(const struct s2_report *r) {
  return r->tables - r->tables_low;
}

static uint64_t count_pages(const struct s2_memory *m) {
  return m->mapped / S2_PAGE_SIZE;
}

static uint32_t tables_used(const struct s2_report *r) {
  return r->tables - r->tables_free;
}

/* The host may offer larger leaves than a narrow space has levels. */
static uint32_t largest_leaf(const struct built *b) {
  return b->cfg.hw.leaf_max < b->space.pt.pool.top ? b->cfg.hw.leaf_max : b->space.pt.pool.top;
}

/* Table bytes per mapped page, in thousandths. */
static uint64_t per_page_milli(const struct s2_memory *m) {
  uint64_t pages = count_pages(m);
  return pages == 0 ? 0 : (m->table_bytes * 1000 + pages / 2) / pages;
}

/* ---- text ---- */

static void print_area(const struct built *b, const struct s2_area *a, const struct options *o) {
  char size[32], rights[8], names[LINE_NAMES], host[32];
  size_text((uint64_t)(a->end - a->start), size);
  rights_text(a->attr, rights);
  map_names(b->map, (uint64_t)a->start, (uint64_t)a->end, names);
  (void)snprintf(host, sizeof host, "0x%012llx", (unsigned long long)((uint64_t)a->start + (uint64_t)a->delta));
  bool linear = (a->backend & S2_BACK_KIND) == S2_BACK_LINEAR;
  (void)printf("  0x%012llx-0x%012llx  %12s  %-6s  %-4s  %-6s  %-14s  %s\n", (unsigned long long)a->start,
               (unsigned long long)a->end - 1, size, area_kind(b, a, o), rights, type_name(a->attr),
               linear ? host : "host frames", names);
}

static void print_areas(const struct built *b, const struct options *o) {
  (void)printf("\n  %-29s  %12s  %-6s  %-4s  %-6s  %-14s  %s\n", "guest addresses", "size", "kind", "may", "type",
               "host address", "regions");
  for (uint64_t at = 0;;) {
    struct s2_area a = b->f->area_next(&b->space, at);
    if (a.backend == S2_BACK_NONE) {
      break;
    }
    print_area(b, &a, o);
    at = (uint64_t)a.end;
  }
  for (size_t i = 0; i < b->map->windows.n; i++) {
    const struct region *r = &b->map->windows.r[i];
    char size[32];
    size_text(r->size, size);
    (void)printf("  0x%012llx-0x%012llx  %12s  not laid out (--pci does)             %s\n", (unsigned long long)r->gpa,
                 (unsigned long long)region_end(r) - 1, size, r->name);
  }
}

static void print_root(const struct built *b) {
  struct s2_root root = b->f->root(&b->space);
  (void)printf("\n  %-10s 0x%016llx\n", b->f->base_register, (unsigned long long)root.base);
  if (b->f->ctrl_register != NULL) {
    (void)printf("  %-10s 0x%016llx\n", b->f->ctrl_register, (unsigned long long)root.ctrl);
  }
}

static void print_tables(const struct built *b, const struct s2_report *r, const struct s2_memory *m) {
  (void)printf("\n  %-5s  %-15s  %8s  %10s  %s\n", "level", "entry", "tables", "leaves", "leaf size");
  for (uint32_t l = b->space.pt.pool.top + 1; l-- > 0;) {
    (void)printf("  %-5u  %-15s  %8u  %10llu  %s\n", l, b->f->level_names[l], r->used[l],
                 (unsigned long long)m->leaves[l], l <= largest_leaf(b) ? leaf_name(l) : "-");
  }
}

static void print_cost(const struct s2_report *r, const struct s2_memory *m) {
  char mapped[32], bytes[32];
  uint64_t milli = per_page_milli(m);
  size_text(m->mapped, mapped);
  size_text(m->table_bytes, bytes);
  (void)printf("\n  mapped      %s in %u area%s\n", mapped, r->areas, r->areas == 1 ? "" : "s");
  (void)printf("  tables      %u of %u (%s), high water %u\n", tables_used(r), r->tables, bytes, high_water(r));
  (void)printf("  table cost  %llu.%03llu bytes per mapped page, %llu bytes per mapped GiB\n",
               (unsigned long long)(milli / 1000), (unsigned long long)(milli % 1000),
               (unsigned long long)m->bytes_per_gib);
  if (r->space.frames_taken != 0) {
    (void)printf("  frames      %llu taken from the host (%llu blocks)\n", (unsigned long long)r->space.frames_taken,
                 (unsigned long long)r->space.blocks_taken);
  }
}

static void print_brief(const struct built *b, const struct s2_report *r, const struct s2_memory *m) {
  char mapped[32];
  struct s2_root root = b->f->root(&b->space);
  size_text(m->mapped, mapped);
  (void)printf("%-3s  %-13s  %2u bits  %3u areas  %12s  %4u tables  %s 0x%llx  leaves", b->f->name,
               b->f->mode(b->cfg.hw.gpa_bits), b->cfg.hw.gpa_bits, r->areas, mapped, tables_used(r),
               b->f->base_register, (unsigned long long)root.base);
  for (uint32_t l = 0; l <= largest_leaf(b); l++) {
    (void)printf(" %s:%llu", leaf_name(l), (unsigned long long)m->leaves[l]);
  }
  (void)putchar('\n');
}

static void show_text(const struct built *b, const struct options *o) {
  struct s2_report r = b->f->stats(&b->space);
  struct s2_memory m = b->f->memory(&b->space);
  char features[64];
  if (o->brief) {
    print_brief(b, &r, &m);
    return;
  }
  features_text(b->cfg.hw.features, features);
  (void)printf("%s: %s, %s, %u-bit guest addresses, %u-bit host addresses, leaves up to %s, features %s\n",
               b->map->file, b->f->title, b->f->mode(b->cfg.hw.gpa_bits), b->cfg.hw.gpa_bits, b->cfg.hw.hpa_bits,
               leaf_name(b->cfg.hw.leaf_max), features);
  print_areas(b, o);
  if (b->map->skipped != 0) {
    (void)printf("  left out of the device tree: %zu, disabled or without a CPU address\n", b->map->skipped);
  }
  print_root(b);
  print_tables(b, &r, &m);
  print_cost(&r, &m);
  (void)printf("  pool        at host address 0x%llx\n\n", (unsigned long long)b->cfg.tables.hpa);
}

/* ---- JSON ---- */

static void json_area(const struct built *b, const struct s2_area *a, const struct options *o) {
  char rights[8], names[LINE_NAMES];
  rights_text(a->attr, rights);
  map_names(b->map, (uint64_t)a->start, (uint64_t)a->end, names);
  json_open(NULL, '{');
  json_hex("gpa", (uint64_t)a->start);
  json_number("size", (uint64_t)(a->end - a->start));
  json_string("kind", area_kind(b, a, o));
  json_string("rights", rights);
  json_string("type", type_name(a->attr));
  if ((a->backend & S2_BACK_KIND) == S2_BACK_LINEAR) {
    json_hex("hpa", (uint64_t)a->start + (uint64_t)a->delta);
  }
  json_string("names", names);
  json_close('}');
}

static void json_areas(const struct built *b, const struct options *o) {
  json_open("areas", '[');
  for (uint64_t at = 0;;) {
    struct s2_area a = b->f->area_next(&b->space, at);
    if (a.backend == S2_BACK_NONE) {
      break;
    }
    json_area(b, &a, o);
    at = (uint64_t)a.end;
  }
  json_close(']');
}

static void json_regions(const char *key, const struct region_list *list) {
  json_open(key, '[');
  for (size_t i = 0; i < list->n; i++) {
    const struct region *r = &list->r[i];
    json_open(NULL, '{');
    json_string("name", r->name);
    json_string("kind", kind_name(r->kind));
    json_hex("gpa", r->gpa);
    json_number("size", r->size);
    json_string("compatible", r->detail);
    json_string("from", r->where);
    json_close('}');
  }
  json_close(']');
}

static void json_levels(const struct built *b, const struct s2_report *r, const struct s2_memory *m) {
  json_open("levels", '[');
  for (uint32_t l = 0; l <= b->space.pt.pool.top; l++) {
    json_open(NULL, '{');
    json_number("level", l);
    json_string("entry", b->f->level_names[l]);
    json_number("tables", r->used[l]);
    json_number("tables_high", r->high[l]);
    json_number("leaves", m->leaves[l]);
    json_close('}');
  }
  json_close(']');
}

static void json_root(const struct built *b) {
  struct s2_root root = b->f->root(&b->space);
  json_open("registers", '{');
  json_hex(b->f->base_register, root.base);
  if (b->f->ctrl_register != NULL) {
    json_hex(b->f->ctrl_register, root.ctrl);
  }
  json_close('}');
}

static void show_json(const struct built *b, const struct options *o) {
  struct s2_report r = b->f->stats(&b->space);
  struct s2_memory m = b->f->memory(&b->space);
  char features[64];
  features_text(b->cfg.hw.features, features);
  json_open(NULL, '{');
  json_format(b);
  json_string("leaf_max", leaf_name(b->cfg.hw.leaf_max));
  json_string("features", features);
  json_number("vmid", b->cfg.hw.vmid);
  json_areas(b, o);
  json_root(b);
  json_levels(b, &r, &m);
  json_hex("pool_hpa", b->cfg.tables.hpa);
  json_number("tables", r.tables);
  json_number("tables_used", tables_used(&r));
  json_number("tables_high_water", high_water(&r));
  json_number("mapped_bytes", m.mapped);
  json_number("table_bytes", m.table_bytes);
  json_number("table_millibytes_per_page", per_page_milli(&m));
  json_number("table_bytes_per_gib", m.bytes_per_gib);
  json_number("frames_taken", (uint64_t)r.space.frames_taken);
  json_close('}');
}

static int show_one(struct built *b, const struct options *o) {
  if (o->json) {
    show_json(b, o);
  } else {
    show_text(b, o);
  }
  return EXIT_OK;
}

int cmd_show(const struct options *o) {
  struct map m;
  if (o->nargs != 1) {
    return usage("show needs one MAP");
  }
  int rc = map_read(o->args[0], o, &m);
  if (rc != EXIT_OK) {
    return rc;
  }
  if (!o->json) {
    return for_formats(&m, o, show_one);
  }
  json_begin("show");
  json_string("map", m.file);
  json_regions("regions", &m.named);
  json_regions("pci_windows", &m.windows);
  json_number("skipped", m.skipped);
  json_open("spaces", '[');
  rc = for_formats(&m, o, show_one);
  json_close(']');
  json_end();
  return rc;
}
