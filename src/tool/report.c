/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** report.c - `stage2 report`: what the same machine costs with linear, populated and lazy RAM (MES-3). */
#include "tool.h"

#include <stdio.h>

#define MODES 3
static const char *const modes[MODES] = {"linear", "alloc", "lazy"};

struct cost {
  uint64_t tables, table_bytes, mapped, frames;
};

/* build() prints why when it fails. */
static int cost_of(const struct format_ops *f, const struct map *m, const struct options *o, enum ram_mode ram,
                   struct cost *c) {
  struct options with = *o;
  struct built *b = keep(1, sizeof *b);
  with.ram = ram;
  int rc = build(b, f, m, &with);
  if (rc == EXIT_OK) {
    struct s2_memory mem = f->memory(&b->space);
    struct s2_report r = f->stats(&b->space);
    c->tables = mem.table_bytes / S2_PAGE_SIZE;
    c->table_bytes = mem.table_bytes;
    c->mapped = mem.mapped;
    c->frames = (uint64_t)(r.space.frames_taken - r.space.frames_given);
  }
  build_end(b);
  return rc;
}

static void print(const struct format_ops *f, const struct cost c[MODES], bool json) {
  char text[32];
  if (json) {
    json_open(NULL, '{');
    json_string("format", f->name);
    for (int k = 0; k < MODES; k++) {
      json_open(modes[k], '{');
      json_number("tables", c[k].tables);
      json_number("mapped_bytes", c[k].mapped);
      json_number("frames", c[k].frames);
      json_close('}');
    }
    json_close('}');
    return;
  }
  (void)printf("%s\n  %-8s %8s %14s %12s\n", f->title, "RAM", "tables", "mapped", "frames");
  for (int k = 0; k < MODES; k++) {
    size_text(c[k].mapped, text);
    (void)printf("  %-8s %8llu %14s %12llu\n", modes[k], (unsigned long long)c[k].tables, text,
                 (unsigned long long)c[k].frames);
  }
  (void)printf("\n");
}

static int one_format(const struct format_ops *f, const struct map *m, const struct options *o) {
  struct cost c[MODES] = {{0}};
  uint64_t kib[MODES];
  int rc = EXIT_OK;
  for (int k = 0; k < MODES && rc == EXIT_OK; k++) {
    rc = cost_of(f, m, o, (enum ram_mode)k, &c[k]);
    kib[k] = c[k].table_bytes * 100u / 1024u;
  }
  if (rc != EXIT_OK) {
    return rc;
  }
  print(f, c, o->json);
  static const char *const one[] = {"tables"};
  const struct bars b = {"Tables of this machine", "KiB", modes, one, MODES, 1, kib};
  return o->output != NULL ? svg_bars(o->output, keep_text("%s-memory", f->name), &b) : EXIT_OK;
}

int cmd_report(const struct options *o) {
  if (o->nargs != 1) {
    return usage("report needs one MAP");
  }
  struct map *m = keep(1, sizeof *m);
  int rc = map_read(o->args[0], o, m);
  if (rc != EXIT_OK) {
    return rc;
  }
  if (o->json) {
    json_begin("report");
    json_open("formats", '[');
  }
  const struct format_ops *asked = o->format != NULL ? o->format : m->format != NULL ? format_named(m->format) : NULL;
  for (size_t i = 0; i < TOOL_FORMATS && rc == EXIT_OK; i++) {
    if (o->all_formats || tool_formats[i] == (asked == NULL ? tool_formats[0] : asked)) {
      rc = one_format(tool_formats[i], m, o);
    }
  }
  if (o->json) {
    json_close(']');
    json_end();
  }
  return rc;
}
