/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * map_fdt.c - memory maps from device tree blobs, through libfdt (Devicetree Specification 0.4, 2.3.5-2.3.8, 3.4).
 *
 * memory nodes become RAM; every other node with `reg` whose addresses reach the CPU through the `ranges` of its buses
 * becomes a device; the windows of PCI host bridges become pci regions, each at its CPU address. Left out: disabled
 * nodes and what is below them, nodes on buses without addresses (CPUs, I2C), and reservations inside RAM.
 */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#ifndef STAGE2_LIBFDT

int map_fdt(const char *path, const void *blob, size_t size, struct map *m) {
  (void)blob;
  (void)size;
  (void)m;
  return fail("%s: a device tree blob, but this stage2 was built without libfdt: give a text map", path);
}

#else

#include <libfdt.h>

#define DEPTH       32
#define PATH_LENGTH 512

/* One node on the way from the root to where the walk is. */
struct bus {
  int node;
  uint32_t addr_cells, size_cells; /* for its children                                              */
  const fdt32_t *ranges;           /* NULL: none                                                    */
  size_t ranges_cells;
  bool has_ranges; /* property present; empty means identity                                        */
  bool closed;     /* its children are not devices of this machine: disabled, PCI, reserved-memory  */
};

struct tree {
  const void *blob;
  const char *path; /* of the file */
  struct map *m;
  struct bus bus[DEPTH];
};

static const fdt32_t *cells_of(const void *blob, int node, const char *name, size_t *count) {
  int len = 0;
  const fdt32_t *p = fdt_getprop(blob, node, name, &len);
  *count = p == NULL || len < 0 ? 0 : (size_t)len / sizeof *p;
  return p;
}

static uint32_t one_cell(const void *blob, int node, const char *name, uint32_t otherwise) {
  size_t n = 0;
  const fdt32_t *p = cells_of(blob, node, name, &n);
  return p != NULL && n == 1 ? fdt32_to_cpu(p[0]) : otherwise;
}

/* A value of 0, 1 or 2 cells. */
static uint64_t cells(const fdt32_t *p, uint32_t n) {
  uint64_t v = 0;
  for (uint32_t i = 0; i < n; i++) {
    v = (v << 32) | fdt32_to_cpu(p[i]);
  }
  return v;
}

static bool has_text(const void *blob, int node, const char *name, const char *value) {
  int len = 0;
  const char *p = fdt_getprop(blob, node, name, &len);
  return p != NULL && len == (int)strlen(value) + 1 && memcmp(p, value, (size_t)len) == 0;
}

static bool disabled(const void *blob, int node) {
  int len = 0;
  const char *p = fdt_getprop(blob, node, "status", &len);
  return p != NULL && !has_text(blob, node, "status", "okay") && !has_text(blob, node, "status", "ok");
}

static const char *clean(const char *text, size_t len) {
  char *copy = keep_text("%.*s", (int)(len > 63 ? 63 : len), text);
  for (char *at = copy; *at != '\0'; at++) {
    if (*at < '!' || *at > '~') {
      *at = '?';
    }
  }
  return copy;
}

static const char *detail_of(const struct tree *t, int node) {
  int len = 0;
  const char *p = fdt_getprop(t->blob, node, "compatible", &len);
  return p != NULL && len > 0 ? clean(p, (size_t)len) : "";
}

static const char *where_of(const struct tree *t, int node) {
  char path[PATH_LENGTH];
  if (fdt_get_path(t->blob, node, path, PATH_LENGTH) != 0) {
    (void)snprintf(path, sizeof path, "(node at offset %d)", node);
  }
  return keep_text("%s:%s", t->path, path);
}

/* ---- translation through ranges ---- */

/* One step up: an address of bus b's children to an address of its parent's children. */
static bool step_up(const struct bus *b, const struct bus *parent, uint64_t *addr, uint64_t size) {
  uint32_t step = b->addr_cells + parent->addr_cells + b->size_cells;
  if (!b->has_ranges || b->addr_cells > 2 || parent->addr_cells > 2 || b->size_cells > 2) {
    return false;
  }
  if (b->ranges_cells == 0) {
    return true;
  }
  for (size_t i = 0; step != 0 && i + step <= b->ranges_cells; i += step) {
    uint64_t child = cells(b->ranges + i, b->addr_cells);
    uint64_t up = cells(b->ranges + i + b->addr_cells, parent->addr_cells);
    uint64_t len = cells(b->ranges + i + b->addr_cells + parent->addr_cells, b->size_cells);
    if (child <= *addr && *addr - child < len && size <= len - (*addr - child)) {
      *addr = up + (*addr - child);
      return true;
    }
  }
  return false;
}

/* An address on the bus at that depth to a CPU address. */
static bool to_cpu(const struct tree *t, int depth, uint64_t *addr, uint64_t size) {
  for (int d = depth; d > 0; d--) {
    if (!step_up(&t->bus[d], &t->bus[d - 1], addr, size)) {
      return false;
    }
  }
  return true;
}

/* ---- nodes ---- */

static int add_reg(struct tree *t, int node, int depth, enum region_kind kind) {
  const struct bus *bus = &t->bus[depth - 1];
  size_t n = 0;
  const fdt32_t *reg = cells_of(t->blob, node, "reg", &n);
  uint32_t step = bus->addr_cells + bus->size_cells;
  const char *name = fdt_get_name(t->blob, node, NULL);
  if (reg == NULL || n == 0) {
    return EXIT_OK;
  }
  if (bus->size_cells == 0 || bus->addr_cells == 0 || bus->addr_cells > 2 || bus->size_cells > 2) {
    t->m->skipped++;
    return EXIT_OK;
  }
  if (n % step != 0) {
    return fail_at(where_of(t, node), "reg has %zu cells, not a multiple of %u", n, step);
  }
  for (size_t i = 0; i < n; i += step) {
    struct region r = {.kind = kind, .gpa = cells(reg + i, bus->addr_cells)};
    r.size = cells(reg + i + bus->addr_cells, bus->size_cells);
    if (r.size != 0 && to_cpu(t, depth - 1, &r.gpa, r.size)) {
      r.name = clean(name, strlen(name));
      r.detail = detail_of(t, node);
      r.where = where_of(t, node);
      map_add(&t->m->named, &r);
    } else {
      t->m->skipped++;
    }
  }
  return EXIT_OK;
}

/* The windows of a PCI host bridge: <phys.hi phys.mid phys.lo> <CPU address> <size> (PCI bus binding, IEEE 1275). */
static int add_windows(struct tree *t, int node, int depth) {
  static const char *const spaces[] = {"config", "io", "mem32", "mem64"};
  const struct bus *bus = &t->bus[depth - 1];
  const struct bus *pci = &t->bus[depth];
  uint32_t step = 3 + bus->addr_cells + 2;
  const char *name = fdt_get_name(t->blob, node, NULL);
  if (bus->addr_cells > 2 || pci->addr_cells != 3 || pci->size_cells != 2 || pci->ranges_cells % step != 0) {
    return fail_at(where_of(t, node), "the ranges of a PCI bridge need 3 + parent + 2 cells each");
  }
  for (size_t i = 0; i < pci->ranges_cells; i += step) {
    const fdt32_t *p = pci->ranges + i;
    struct region r = {.kind = REGION_PCI, .gpa = cells(p + 3, bus->addr_cells)};
    r.size = cells(p + 3 + bus->addr_cells, 2);
    if (r.size != 0 && to_cpu(t, depth - 1, &r.gpa, r.size)) {
      r.name = clean(keep_text("%s/%s", name, spaces[(fdt32_to_cpu(p[0]) >> 24) & 3u]), 63);
      r.detail = detail_of(t, node);
      r.where = where_of(t, node);
      map_add(&t->m->named, &r);
    }
  }
  return EXIT_OK;
}

static void enter(struct tree *t, int node, int depth) {
  struct bus *b = &t->bus[depth];
  int len = 0;
  *b = (struct bus){.node = node};
  b->addr_cells = one_cell(t->blob, node, "#address-cells", 2);
  b->size_cells = one_cell(t->blob, node, "#size-cells", 1);
  b->ranges = cells_of(t->blob, node, "ranges", &b->ranges_cells);
  b->has_ranges = fdt_getprop(t->blob, node, "ranges", &len) != NULL;
  b->closed = depth > 0 && t->bus[depth - 1].closed;
}

static int visit(struct tree *t, int node, int depth) {
  struct bus *b = &t->bus[depth];
  if (b->closed || depth == 0) {
    return EXIT_OK;
  }
  if (disabled(t->blob, node)) {
    b->closed = true;
    t->m->skipped++;
    return EXIT_OK;
  }
  if (depth == 1 && strcmp(fdt_get_name(t->blob, node, NULL), "reserved-memory") == 0) {
    b->closed = true;
    return EXIT_OK;
  }
  bool pci = has_text(t->blob, node, "device_type", "pci");
  bool memory = has_text(t->blob, node, "device_type", "memory");
  int rc = add_reg(t, node, depth, memory ? REGION_RAM : REGION_DEVICE);
  if (rc == EXIT_OK && pci) {
    b->closed = true;
    rc = b->ranges_cells == 0 ? EXIT_OK : add_windows(t, node, depth);
  }
  return rc;
}

/* The format that goes with the machine: what its CPUs are. */
static const char *format_of(const void *blob) {
  int cpus = fdt_path_offset(blob, "/cpus"), node, len = 0;
  fdt_for_each_subnode(node, blob, cpus) {
    const char *c = fdt_getprop(blob, node, "compatible", &len);
    if (!has_text(blob, node, "device_type", "cpu") || c == NULL || len <= 0) {
      continue;
    }
    if (fdt_getprop(blob, node, "riscv,isa", NULL) != NULL || fdt_stringlist_contains(c, len, "riscv")) {
      return "gst";
    }
    if (strncmp(c, "arm,", 4) == 0) {
      return "a64";
    }
  }
  return NULL;
}

int map_fdt(const char *path, const void *blob, size_t size, struct map *m) {
  struct tree *t = keep(1, sizeof *t);
  int rc = fdt_check_full(blob, size), depth = 0;
  if (rc != 0) {
    return fail("%s: a damaged device tree blob: %s", path, fdt_strerror(rc));
  }
  *t = (struct tree){.blob = blob, .path = path, .m = m};
  m->format = format_of(blob);
  for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(blob, node, &depth)) {
    if (depth >= DEPTH) {
      return fail_at(where_of(t, node), "nodes are nested deeper than %d", DEPTH);
    }
    enter(t, node, depth);
    rc = visit(t, node, depth);
    if (rc != EXIT_OK) {
      return rc;
    }
  }
  return EXIT_OK;
}

#endif
