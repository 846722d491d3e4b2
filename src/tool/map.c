/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** map.c - a memory map made ready: whole pages, sorted, disjoint, every region with rights and a host address. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_MAX     (64u << 20)  /* bytes in a map file                        */
#define ADDRESS_END (1ull << 62) /* the area set's own limit                   */
#define PAGE        ((uint64_t)S2_PAGE_SIZE)

const char *kind_name(enum region_kind kind) {
  static const char *const names[] = {"ram", "device", "rom", "alloc", "pci"};
  return names[kind];
}

void map_add(struct region_list *list, const struct region *r) {
  if (list->n == list->room) {
    size_t room = list->room == 0 ? 32 : list->room * 2;
    struct region *more = keep(room, sizeof *more);
    if (list->n != 0) {
      (void)memcpy(more, list->r, list->n * sizeof *more);
    }
    list->r = more;
    list->room = room;
  }
  list->r[list->n] = *r;
  list->r[list->n].order = list->n;
  list->n++;
}

uint64_t region_end(const struct region *r) {
  return r->gpa + r->size;
}

bool region_linear(const struct region *r, const struct options *o) {
  return r->kind != REGION_ALLOC && (r->kind != REGION_RAM || o->ram == RAM_LINEAR);
}

bool region_lazy(const struct region *r, const struct options *o) {
  return !region_linear(r, o) && o->ram == RAM_LAZY;
}

static bool is_device(const struct region *r) {
  return r->kind == REGION_DEVICE || r->kind == REGION_PCI;
}

/* ---- each region by itself ---- */

static void set_defaults(struct region *r, const struct options *o) {
  static const uint32_t plain[] = {S2_RWX, S2_RW, S2_RX, S2_RWX, S2_RW};
  if (!r->has_attr) {
    r->attr = plain[r->kind];
  }
  if (!r->has_type) {
    r->attr |= is_device(r) ? o->device_type : S2_WB;
  }
  if (!r->has_hpa) {
    r->hpa = r->gpa;
  }
}

static int check_extent(const struct region *r) {
  if (r->size == 0) {
    return fail_at(r->where, "%s: the size is zero", r->name);
  }
  if (r->gpa >= ADDRESS_END || r->hpa >= ADDRESS_END || r->size > ADDRESS_END - r->gpa ||
      r->size > ADDRESS_END - r->hpa) {
    return fail_at(r->where, "%s: the range ends above 2^62", r->name);
  }
  if (r->has_hpa && r->kind == REGION_ALLOC) {
    return fail_at(r->where, "%s: an alloc region has no host address of its own", r->name);
  }
  return EXIT_OK;
}

/* Devices grow outward to whole pages; memory must be given in whole pages. */
static int make_whole_pages(struct region *r) {
  if (!is_device(r)) {
    if (r->gpa % PAGE != 0 || r->size % PAGE != 0 || r->hpa % PAGE != 0) {
      return fail_at(r->where, "%s: address and size must be multiples of 4 KiB", r->name);
    }
    return EXIT_OK;
  }
  uint64_t before = r->gpa % PAGE;
  if (r->hpa % PAGE != before) {
    return fail_at(r->where, "%s: guest and host address have different offsets in their page", r->name);
  }
  r->gpa -= before;
  r->hpa -= before;
  r->size = (r->size + before + PAGE - 1) / PAGE * PAGE;
  return EXIT_OK;
}

static int check_alone(struct region *r, const struct options *o) {
  int rc = check_extent(r);
  if (rc == EXIT_OK) {
    rc = make_whole_pages(r);
  }
  if (rc == EXIT_OK && r->has_hpa && !region_linear(r, o)) {
    rc = fail_at(r->where, "%s: has a host address, but --ram takes its frames from the host's allocator", r->name);
  }
  return rc;
}

/* ---- regions among each other ---- */

static int by_gpa(const void *a, const void *b) {
  const struct region *x = a, *y = b;
  if (x->gpa != y->gpa) {
    return x->gpa < y->gpa ? -1 : 1;
  }
  return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_page_devices(const struct region *a, const struct region *b) {
  return is_device(a) && is_device(b) && a->attr == b->attr && a->hpa - a->gpa == b->hpa - b->gpa;
}

static int overlap(const struct region *a, const struct region *b) {
  const struct region *first = a->order < b->order ? a : b, *second = a->order < b->order ? b : a;
  return fail_at(second->where, "%s [0x%llx, 0x%llx)%s overlaps %s [0x%llx, 0x%llx) of %s", second->name,
                 (unsigned long long)second->gpa, (unsigned long long)region_end(second),
                 is_device(second) ? ", in whole pages," : "", first->name, (unsigned long long)first->gpa,
                 (unsigned long long)region_end(first), first->where);
}

/* named (sorted) -> regions: devices that share pages become one, anything else must be disjoint. */
static int merge(struct map *m) {
  for (size_t i = 0; i < m->named.n; i++) {
    const struct region *r = &m->named.r[i];
    struct region *last = m->regions.n == 0 ? NULL : &m->regions.r[m->regions.n - 1];
    if (last == NULL || region_end(last) <= r->gpa) {
      size_t order = r->order;
      map_add(&m->regions, r);
      m->regions.r[m->regions.n - 1].order = order;
    } else if (same_page_devices(last, r)) {
      last->size = (region_end(r) > region_end(last) ? region_end(r) : region_end(last)) - last->gpa;
    } else {
      return overlap(last, r);
    }
  }
  return EXIT_OK;
}

/* --ram-hpa: RAM that has no host address of its own lies there, one region after the other. */
static int place_ram(struct map *m, const struct options *o) {
  uint64_t at = o->ram_hpa;
  if (!o->has_ram_hpa) {
    return EXIT_OK;
  }
  for (size_t i = 0; i < m->regions.n; i++) {
    struct region *r = &m->regions.r[i];
    if (r->kind == REGION_RAM && !r->has_hpa) {
      if (at > ADDRESS_END - r->size) {
        return fail_at(r->where, "%s: --ram-hpa leaves no room below 2^62", r->name);
      }
      r->hpa = at;
      at += r->size;
    }
  }
  return EXIT_OK;
}

static int by_hpa(const void *a, const void *b) {
  const struct region *const *x = a, *const *y = b;
  if ((*x)->hpa != (*y)->hpa) {
    return (*x)->hpa < (*y)->hpa ? -1 : 1;
  }
  return 0;
}

/* Memory on top of a device would let a guest program the device through its RAM: refused. */
static int check_host(const struct map *m, const struct options *o) {
  const struct region **sorted = keep(m->regions.n, sizeof *sorted);
  const struct region *last[2] = {NULL, NULL}; /* the furthest reaching so far: memory, device */
  size_t n = 0;
  for (size_t i = 0; i < m->regions.n; i++) {
    if (region_linear(&m->regions.r[i], o)) {
      sorted[n++] = &m->regions.r[i];
    }
  }
  qsort((void *)sorted, n, sizeof *sorted, by_hpa);
  for (size_t i = 0; i < n; i++) {
    const struct region *r = sorted[i], *other = last[is_device(r) ? 0 : 1];
    const struct region **mine = &last[is_device(r) ? 1 : 0];
    if (other != NULL && r->hpa < other->hpa + other->size) {
      return fail_at(r->where, "%s: its host range [0x%llx, 0x%llx) overlaps that of %s (%s)", r->name,
                     (unsigned long long)r->hpa, (unsigned long long)(r->hpa + r->size), other->name, other->where);
    }
    if (*mine == NULL || (*mine)->hpa + (*mine)->size < r->hpa + r->size) {
      *mine = r;
    }
  }
  return EXIT_OK;
}

/* ---- all of it ---- */

/* PCI windows are laid out on request only: what lies in them is decided when the guest runs. */
static void split_windows(struct map *m, const struct region_list *all, const struct options *o) {
  for (size_t i = 0; i < all->n; i++) {
    bool window = all->r[i].kind == REGION_PCI && !o->pci;
    map_add(window ? &m->windows : &m->named, &all->r[i]);
  }
}

static int finish(struct map *m, const struct options *o) {
  struct region_list all = m->named;
  m->named = (struct region_list){NULL, 0, 0};
  split_windows(m, &all, o);
  if (m->named.n == 0) {
    return fail("%s: no regions", m->file);
  }
  for (size_t i = 0; i < m->named.n; i++) {
    set_defaults(&m->named.r[i], o);
    int rc = check_alone(&m->named.r[i], o);
    if (rc != EXIT_OK) {
      return rc;
    }
  }
  qsort(m->named.r, m->named.n, sizeof m->named.r[0], by_gpa);
  int rc = merge(m);
  if (rc == EXIT_OK) {
    rc = place_ram(m, o);
  }
  return rc == EXIT_OK ? check_host(m, o) : rc;
}

static bool ends_in(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && strcmp(text + n - k, end) == 0;
}

int map_read(const char *path, const struct options *o, struct map *m) {
  static const uint8_t fdt_magic[4] = {0xd0, 0x0d, 0xfe, 0xed};
  size_t size = 0;
  const uint8_t *data = read_file(path, MAP_MAX, &size);
  *m = (struct map){.file = path};
  if (data == NULL) {
    return EXIT_INPUT;
  }
  int rc;
  if (size >= 4 && memcmp(data, fdt_magic, 4) == 0) {
    rc = map_fdt(path, data, size, m);
  } else if (ends_in(path, ".dtb")) {
    rc = fail("%s: not a device tree blob", path);
  } else {
    rc = map_text(path, (const char *)data, size, m);
  }
  return rc == EXIT_OK ? finish(m, o) : rc;
}

const struct region *map_find(const struct map *m, uint64_t gpa) {
  size_t lo = 0, hi = m->regions.n;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (region_end(&m->regions.r[mid]) <= gpa) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo < m->regions.n && m->regions.r[lo].gpa <= gpa ? &m->regions.r[lo] : NULL;
}

void map_names(const struct map *m, uint64_t start, uint64_t end, char out[160]) {
  const char *last = "";
  size_t shown = 0, more = 0, used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < m->named.n; i++) {
    const struct region *r = &m->named.r[i];
    if (r->gpa >= end || region_end(r) <= start || strcmp(r->name, last) == 0) {
      continue;
    }
    last = r->name;
    if (shown < 2 && strlen(last) < 64) {
      used += (size_t)snprintf(out + used, 160 - used, "%s%s", shown == 0 ? "" : ", ", last);
      shown++;
    } else {
      more++;
    }
  }
  if (more != 0) {
    (void)snprintf(out + used, 160 - used, "%s(+%zu)", used == 0 ? "" : " ", more);
  }
}
