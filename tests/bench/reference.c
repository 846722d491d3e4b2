/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reference page table and area array; see reference.h. */
#include "reference.h"

#include <string.h>

#define RIGHTS_LEGAL(r) (((r) & ~S2_RWX) == 0 && ((r)&S2_R) != 0)
#define BAD_TYPE        0xffffu

/* ---- the four encodings, by hand ---- */

#if defined(S2_FORMAT_EPT)
#define PRESENT     0x7u
#define RIGHTS_MASK 0x7u
#define BLOCK       0x80u
#define TABLE_BITS  0x7u
#define TABLE_MASK  0x87u
static const uint16_t type_code[16] = {6,        4,        5,        1,        0,        BAD_TYPE, BAD_TYPE, BAD_TYPE,
                                       BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE};
static inline uint64_t rights_bits(uint32_t r) {
  return r;
}
static inline uint64_t type_bits(uint32_t code) {
  return (uint64_t)code << 3;
}
static inline uint64_t level_bits(uint32_t l) {
  return l > 0 ? BLOCK : 0;
}
static inline uint64_t pa_bits(uint64_t pa) {
  return pa;
}
static inline uint64_t pa_step(uint32_t l) {
  return (uint64_t)1 << (12 + 9 * l);
}
static inline uint32_t attr_of(uint64_t e) {
  static const uint8_t back[8] = {S2_DEV, S2_NC, 0, 0, S2_WT, S2_WP, S2_WB, 0};
  return (uint32_t)(e & 7) | back[(e >> 3) & 7];
}
#elif defined(S2_FORMAT_NPT)
#define PRESENT     0x1u
#define RIGHTS_MASK 0x8000000000000002u
#define BLOCK       0x80u
#define TABLE_BITS  0x67u
#define TABLE_MASK  0x81u
static const uint16_t type_code[16] = {0x60,     BAD_TYPE, BAD_TYPE, BAD_TYPE, 0x78,     BAD_TYPE, BAD_TYPE, BAD_TYPE,
                                       BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE};
static inline uint64_t rights_bits(uint32_t r) {
  return 5u | ((r & S2_W) != 0 ? 2u : 0u) | ((r & S2_X) != 0 ? 0 : (uint64_t)1 << 63);
}
static inline uint64_t type_bits(uint32_t code) {
  return code;
}
static inline uint64_t level_bits(uint32_t l) {
  return l > 0 ? BLOCK : 0;
}
static inline uint64_t pa_bits(uint64_t pa) {
  return pa;
}
static inline uint64_t pa_step(uint32_t l) {
  return (uint64_t)1 << (12 + 9 * l);
}
static inline uint32_t attr_of(uint64_t e) {
  return S2_R | ((e & 2) != 0 ? S2_W : 0) | ((e >> 63) != 0 ? 0 : S2_X) | ((e & 0x10) != 0 ? S2_DEV : S2_WB);
}
#elif defined(S2_FORMAT_A64)
#define PRESENT     0x1u
#define RIGHTS_MASK 0x00600000000000c0u
#define TABLE_BITS  0x3u
#define TABLE_MASK  0x3u
static const uint16_t type_code[16] = {0x33c,    BAD_TYPE, BAD_TYPE, 0x314,    0x204,    0x200,    BAD_TYPE, BAD_TYPE,
                                       BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE};
static inline uint64_t rights_bits(uint32_t r) {
  return 0x401u | 0x40u | ((r & S2_W) != 0 ? 0x80u : 0u) | ((r & S2_X) != 0 ? 0 : (uint64_t)2 << 53);
}
static inline uint64_t type_bits(uint32_t code) {
  return code;
}
static inline uint64_t level_bits(uint32_t l) {
  return l > 0 ? 0 : 2;
}
static inline uint64_t pa_bits(uint64_t pa) {
  return pa;
}
static inline uint64_t pa_step(uint32_t l) {
  return (uint64_t)1 << (12 + 9 * l);
}
static inline uint32_t attr_of(uint64_t e) {
  static const uint8_t back[16] = {S2_DEV_NE, S2_DEV, 0, 0, 0, S2_NC, 0, 0, 0, 0, S2_WT, 0, 0, 0, 0, S2_WB};
  return S2_R | ((e & 0x80) != 0 ? S2_W : 0) | (((e >> 54) & 1) != 0 ? 0 : S2_X) | back[(e >> 2) & 15];
}
#else
#define PRESENT     0x1u
#define RIGHTS_MASK 0xeu
#define TABLE_BITS  0x1u
#define TABLE_MASK  0xfu
static const uint16_t type_code[16] = {0,        BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE,
                                       BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE, BAD_TYPE};
static inline uint64_t rights_bits(uint32_t r) {
  return 0xd1u | ((uint64_t)r << 1);
}
static inline uint64_t type_bits(uint32_t code) {
  return code;
}
static inline uint64_t level_bits(uint32_t l) {
  return 0 * l;
}
static inline uint64_t pa_bits(uint64_t pa) {
  return pa >> 2;
}
static inline uint64_t pa_step(uint32_t l) {
  return (uint64_t)1 << (10 + 9 * l);
}
static inline uint32_t attr_of(uint64_t e) {
  return (uint32_t)(e >> 1) & 7;
}
#endif

/* ---- small pieces ---- */

static inline void put(uint64_t *slot, uint64_t e) {
  __atomic_store_n(slot, e, __ATOMIC_RELEASE);
}

static inline uint64_t get(const uint64_t *slot) {
  return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline uint64_t span(uint32_t l) {
  return (uint64_t)1 << (12 + 9 * l);
}

static inline uint32_t slot_of(uint64_t gpa, uint32_t l) {
  return (uint32_t)(gpa >> (12 + 9 * l)) & 511;
}

/* Above level 0: does e link a table? */
static inline bool is_table(uint64_t e) {
  return (e & TABLE_MASK) == (TABLE_BITS & TABLE_MASK);
}

static inline uint64_t *table_at(uint64_t e) {
  return (uint64_t *)(uintptr_t)ref_address(e);
}

static inline uint16_t *live_of(const struct ref_pt *pt, const uint64_t *t) {
  return &pt->live[(uint64_t)(t - pt->tables) / 512];
}

static inline uint64_t *take(struct ref_pt *pt) {
  pt->nfree--;
  pt->used++;
  return pt->tables + (uint64_t)pt->stack[pt->nfree] * 512;
}

static inline void limbo(struct ref_pt *pt, const uint64_t *t) {
  pt->nlimbo++;
  pt->used--;
  pt->stack[pt->count - pt->nlimbo] = (uint32_t)((uint64_t)(t - pt->tables) / 512);
}

/* One invalidation, then the unlinked tables are free. zero: they were detached unread. */
static void flush(struct ref_pt *pt, uint64_t gpa, uint64_t size, bool zero) {
  pt->epoch++;
  pt->flushes++;
  s2_trace_record(S2_INSN_INVEPT, 1, pt->arena);
  s2_host_flush_remote(NULL, 1, gpa, gpa + size - 1);
  while (pt->nlimbo > 0) {
    uint32_t i = pt->stack[pt->count - pt->nlimbo];
    pt->nlimbo--;
    if (zero) {
      memset(pt->tables + (uint64_t)i * 512, 0, 4096);
    }
    pt->live[i] = 0;
    pt->stack[pt->nfree] = i;
    pt->nfree++;
  }
}

/*
 * From the root towards the entry of level `stop` that covers gpa. path[l] is the table of level l that was entered.
 * Returns the level of the last table entered: `stop`, or higher where the entry is empty or a leaf.
 */
static inline uint32_t descend(const struct ref_pt *pt, uint64_t gpa, uint32_t stop, uint64_t *path[REF_TOP + 1]) {
  uint64_t e = get(&pt->root[gpa >> 39]);
  path[3] = pt->root + (gpa >> 48) * 512;
  if (stop == 3 || !is_table(e)) {
    return 3;
  }
  path[2] = table_at(e);
  e = get(&path[2][slot_of(gpa, 2)]);
  if (stop == 2 || !is_table(e)) {
    return 2;
  }
  path[1] = table_at(e);
  e = get(&path[1][slot_of(gpa, 1)]);
  if (stop == 1 || !is_table(e)) {
    return 1;
  }
  path[0] = table_at(e);
  return 0;
}

/* Link tables from level l down to level `stop`. */
static inline uint64_t *grow(struct ref_pt *pt, uint64_t gpa, uint32_t l, uint32_t stop, uint64_t *t) {
  while (l > stop) {
    uint64_t *child = take(pt);
    put(&t[slot_of(gpa, l)], pa_bits((uint64_t)(uintptr_t)child) | TABLE_BITS);
    (*live_of(pt, t))++;
    t = child;
    l--;
  }
  return t;
}

/* path[l] is empty: unlink it, and its parents that become empty. */
static inline void prune(struct ref_pt *pt, uint64_t gpa, uint32_t l, uint64_t *path[REF_TOP + 1]) {
  while (l < REF_TOP && *live_of(pt, path[l]) == 0) {
    limbo(pt, path[l]);
    l++;
    put(&path[l][slot_of(gpa, l)], 0);
    (*live_of(pt, path[l]))--;
  }
}

static inline s2_status check(const struct ref_pt *pt, uint64_t gpa, uint64_t size) {
  if (((gpa | size) & 4095) != 0) {
    return S2_ERR_ALIGN;
  }
  if (size == 0) {
    return S2_ERR_SIZE;
  }
  if (gpa + size < gpa) {
    return S2_ERR_OVERFLOW;
  }
  return gpa + size > pt->gpa_limit ? S2_ERR_WIDTH : S2_OK;
}

/* ---- the page table ---- */

void ref_init(struct ref_pt *pt, uint64_t *tables, uint16_t *live, uint32_t *stack, uint32_t count, uint32_t nroot,
              uint32_t hpa_bits) {
  uint64_t first = 0;
  *pt = (struct ref_pt){.tables = tables, .live = live, .stack = stack, .count = count, .nroot = nroot};
  pt->arena = (uint64_t)(uintptr_t)tables;
  pt->arena_end = pt->arena + (uint64_t)count * 4096;
  pt->gpa_limit = ((uint64_t)nroot * 512) << 39;
  pt->hpa_limit = (uint64_t)1 << hpa_bits;
  memset(tables, 0, (size_t)count * 4096);
  memset(live, 0, (size_t)count * sizeof *live);
  while (((pt->arena / 4096 + first) & (nroot - 1)) != 0) {
    first++;
  }
  pt->root = tables + first * 512;
  pt->used = nroot;
  for (uint32_t i = count; i > 0; i--) {
    if (i - 1 < first || i - 1 >= first + nroot) {
      stack[pt->nfree] = i - 1;
      pt->nfree++;
    }
  }
}

/* Largest leaf that starts at gpa -> hpa and fits in left bytes, and how many of them its table takes. */
static inline uint32_t run_of(uint64_t gpa, uint64_t hpa, uint64_t left, uint32_t leaf_max, uint32_t *n) {
  uint32_t l = leaf_max;
  while (l > 0 && (((gpa | hpa) & (span(l) - 1)) != 0 || left < span(l))) {
    l--;
  }
  uint64_t fit = left >> (12 + 9 * l);
  uint32_t room = 512 - slot_of(gpa, l);
  *n = fit < room ? (uint32_t)fit : room;
  return l;
}

/* All arguments are checked: one leaf of level 0, one descent. */
static s2_status map_page(struct ref_pt *pt, uint64_t gpa, uint64_t e) {
  uint64_t *path[REF_TOP + 1];
  uint32_t l = descend(pt, gpa, 0, path);
  uint64_t *t = path[l];
  if (get(&t[slot_of(gpa, l)]) != 0) {
    return S2_ERR_MAPPED;
  }
  if (l > 0) {
    if (l > pt->nfree) {
      return S2_ERR_NO_TABLES;
    }
    t = grow(pt, gpa, l, 0, t);
  }
  (*live_of(pt, t))++;
  put(&t[slot_of(gpa, 0)], e);
#if defined(S2_FORMAT_GST)
  flush(pt, gpa, 4096, false);
#endif
  return S2_OK;
}

s2_status ref_map(struct ref_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t leaf_max) {
  s2_status st = check(pt, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if ((hpa & 4095) != 0) {
    return S2_ERR_ALIGN;
  }
  if (hpa + size < hpa) {
    return S2_ERR_OVERFLOW;
  }
  if (hpa + size > pt->hpa_limit) {
    return S2_ERR_WIDTH;
  }
  uint32_t type = type_code[(attr & S2_TYPE_MASK) >> 4];
  if (!RIGHTS_LEGAL(attr & S2_RIGHTS) || (attr & ~(S2_RIGHTS | S2_TYPE_MASK)) != 0 || type == BAD_TYPE) {
    return S2_ERR_ATTR;
  }
  if (leaf_max > 2) {
    return S2_ERR_CONFIG;
  }
  if (hpa < pt->arena_end && pt->arena < hpa + size) {
    return S2_ERR_POOL;
  }
  uint64_t bits = rights_bits(attr & S2_RIGHTS) | type_bits(type);

  if (size == 4096) {
    return map_page(pt, gpa, pa_bits(hpa) | bits | level_bits(0));
  }

  /* plan: nothing is mapped yet, and how many tables it takes */
  uint64_t *path[REF_TOP + 1];
  uint32_t l = 0;
  uint32_t at = 0;
  uint32_t n = 0;
  uint32_t need = 0;
  uint64_t done = 0;
  while (done < size) {
    uint64_t va = gpa + done;
    l = run_of(va, hpa + done, size - done, leaf_max, &n);
    at = descend(pt, va, l, path);
    if (at > l) {
      if (get(&path[at][slot_of(va, at)]) != 0) {
        return S2_ERR_MAPPED;
      }
      for (uint32_t m = l; m < at; m++) {
        need += done == 0 || (va & (span(m + 1) - 1)) == 0;
      }
    } else {
      const uint64_t *t = path[l] + slot_of(va, l);
      for (uint32_t i = 0; i < n; i++) {
        if (get(&t[i]) != 0) {
          return S2_ERR_MAPPED;
        }
      }
    }
    done += (uint64_t)n * span(l);
  }
  if (need > pt->nfree) {
    return S2_ERR_NO_TABLES;
  }

  /* commit */
  done = 0;
  while (done < size) {
    uint64_t va = gpa + done;
    l = run_of(va, hpa + done, size - done, leaf_max, &n);
    at = descend(pt, va, l, path);
    uint64_t *t = grow(pt, va, at, l, path[at]);
    uint64_t *p = t + slot_of(va, l);
    uint64_t *end = p + n;
    uint64_t e = pa_bits(hpa + done) | bits | level_bits(l);
    uint64_t step = pa_step(l);
    *live_of(pt, t) = (uint16_t)(*live_of(pt, t) + n);
    do {
      put(p, e);
      p++;
      e += step;
    } while (p < end);
    done += (uint64_t)n * span(l);
  }
#if defined(S2_FORMAT_GST)
  flush(pt, gpa, size, false);
#endif
  return S2_OK;
}

/* Does a block cross gpa? */
static inline bool crosses(const struct ref_pt *pt, uint64_t gpa) {
  uint64_t *path[REF_TOP + 1];
  if (gpa >= pt->gpa_limit) {
    return false;
  }
  uint32_t l = descend(pt, gpa, 0, path);
  return l > 0 && get(&path[l][slot_of(gpa, l)]) != 0 && (gpa & (span(l) - 1)) != 0;
}

/*
 * Walk the leaves of [gpa, end). Each step yields a table and a run of its slots, or skips an absent sub-tree. A block
 * that crosses gpa or end is refused by the callers.
 */
static inline uint32_t run_in(const struct ref_pt *pt, uint64_t va, uint64_t end, uint64_t *path[REF_TOP + 1],
                              uint32_t *n) {
  uint32_t l = descend(pt, va, 0, path);
  if (l == 0) {
    uint32_t room = 512 - slot_of(va, 0);
    uint64_t left = (end - va) >> 12;
    *n = left < room ? (uint32_t)left : room;
  } else {
    uint64_t next = (va | (span(l) - 1)) + 1;
    *n = get(&path[l][slot_of(va, l)]) == 0 ? 0 : 1;
    if (*n == 1 && ((va & (span(l) - 1)) != 0 || next > end)) {
      *n = 2; /* partly covered */
    }
  }
  return l;
}

static inline s2_status remove_range(struct ref_pt *pt, uint64_t gpa, uint64_t size, bool detach) {
  s2_status st = check(pt, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  uint64_t end = gpa + size;
  uint64_t va = gpa;
  bool some = false;
  if (((gpa ^ (end - 1)) >> 21) != 0 && (crosses(pt, gpa) || crosses(pt, end))) {
    return S2_ERR_NO_TABLES;
  }
  while (va < end) {
    uint64_t *path[REF_TOP + 1];
    uint32_t n = 0;
    uint32_t l = run_in(pt, va, end, path, &n);
    if (l > 0) {
      if (n == 2) {
        return S2_ERR_NO_TABLES;
      }
      if (n == 1) {
        put(&path[l][slot_of(va, l)], 0);
        (*live_of(pt, path[l]))--;
        some = true;
        prune(pt, va, l, path);
      }
      va = (va | (span(l) - 1)) + 1;
      continue;
    }
    if (detach && n == 512) {
      *live_of(pt, path[0]) = 0;
      some = true;
    } else {
      uint64_t *p = path[0] + slot_of(va, 0);
      uint64_t *stop = p + n;
      uint32_t gone = 0;
      do {
        gone += get(p) != 0;
        put(p, 0);
        p++;
      } while (p < stop);
      *live_of(pt, path[0]) = (uint16_t)(*live_of(pt, path[0]) - gone);
      some = some || gone != 0;
    }
    prune(pt, va, 0, path);
    va += (uint64_t)n * 4096;
  }
  if (some) {
    flush(pt, gpa, size, detach);
  }
  return S2_OK;
}

/* One page, arguments checked, one descent. */
static s2_status unmap_page(struct ref_pt *pt, uint64_t gpa) {
  uint64_t *path[REF_TOP + 1];
  uint32_t l = descend(pt, gpa, 0, path);
  uint64_t *slot = &path[l][slot_of(gpa, l)];
  if (get(slot) == 0) {
    return S2_OK;
  }
  if (l > 0) {
    return S2_ERR_NO_TABLES;
  }
  put(slot, 0);
  uint16_t *live = live_of(pt, path[0]);
  (*live)--;
  if (*live == 0) {
    prune(pt, gpa, 0, path);
  }
  flush(pt, gpa, 4096, false);
  return S2_OK;
}

s2_status ref_unmap(struct ref_pt *pt, uint64_t gpa, uint64_t size) {
  if (size == 4096) {
    s2_status st = check(pt, gpa, size);
    return st != S2_OK ? st : unmap_page(pt, gpa);
  }
  return remove_range(pt, gpa, size, false);
}

s2_status ref_unmap_detach(struct ref_pt *pt, uint64_t gpa, uint64_t size) {
  return remove_range(pt, gpa, size, true);
}

s2_status ref_protect(struct ref_pt *pt, uint64_t gpa, uint64_t size, uint32_t rights) {
  s2_status st = check(pt, gpa, size);
  if (st != S2_OK) {
    return st;
  }
  if (!RIGHTS_LEGAL(rights)) {
    return S2_ERR_ATTR;
  }
  uint64_t end = gpa + size;
  uint64_t va = gpa;
  uint64_t bits = rights_bits(rights) & RIGHTS_MASK;
  bool some = false;
  if (((gpa ^ (end - 1)) >> 21) != 0 && (crosses(pt, gpa) || crosses(pt, end))) {
    return S2_ERR_NO_TABLES;
  }
  while (va < end) {
    uint64_t *path[REF_TOP + 1];
    uint32_t n = 0;
    uint32_t l = run_in(pt, va, end, path, &n);
    if (l > 0 && n == 2) {
      return S2_ERR_NO_TABLES;
    }
    uint64_t *p = path[l] + slot_of(va, l);
    for (uint32_t i = 0; i < n; i++) {
      uint64_t e = get(&p[i]);
      if (e != 0) {
        put(&p[i], (e & ~(uint64_t)RIGHTS_MASK) | bits);
        some = true;
      }
    }
    va = l > 0 ? (va | (span(l) - 1)) + 1 : va + (uint64_t)n * 4096;
  }
  if (some) {
    flush(pt, gpa, size, false);
  }
  return S2_OK;
}

static inline struct ref_leaf leaf_of(uint64_t gpa, uint64_t e, uint32_t l) {
  uint64_t off = gpa & (span(l) - 1);
  if ((e & PRESENT) == 0) {
    return (struct ref_leaf){.status = S2_ERR_NOT_MAPPED, .level = l};
  }
  return (struct ref_leaf){.status = S2_OK,
                           .hpa = (ref_address(e) & ~(span(l) - 1)) + off,
                           .len = span(l) - off,
                           .attr = attr_of(e),
                           .level = l};
}

struct ref_leaf ref_translate(const struct ref_pt *pt, uint64_t gpa) {
  if (gpa >= pt->gpa_limit) {
    return (struct ref_leaf){.status = S2_ERR_WIDTH};
  }
  uint64_t e = get(&pt->root[gpa >> 39]);
  if (!is_table(e)) {
    return leaf_of(gpa, e, 3);
  }
  e = get(&table_at(e)[slot_of(gpa, 2)]);
  if (!is_table(e)) {
    return leaf_of(gpa, e, 2);
  }
  e = get(&table_at(e)[slot_of(gpa, 1)]);
  if (!is_table(e)) {
    return leaf_of(gpa, e, 1);
  }
  return leaf_of(gpa, get(&table_at(e)[slot_of(gpa, 0)]), 0);
}

uint64_t ref_walk_raw(const uint64_t *root, uint64_t gpa) {
  const uint64_t *l2 = table_at(root[gpa >> 39]);
  const uint64_t *l1 = table_at(l2[(gpa >> 30) & 511]);
  const uint64_t *l0 = table_at(l1[(gpa >> 21) & 511]);
  return ref_address(l0[(gpa >> 12) & 511]) | (gpa & 4095);
}

/* ---- areas ---- */

/* How many areas start at or below gpa: branch-free halving. */
static inline uint32_t rank_of(const struct ref_areas *s, uint64_t gpa) {
  const uint64_t *base = s->start;
  uint32_t n = s->n;
  if (n == 0) {
    return 0;
  }
  while (n > 1) {
    uint32_t half = n / 2;
    base += base[half] <= gpa ? half : 0;
    n -= half;
  }
  return (uint32_t)(base - s->start) + (*base <= gpa ? 1 : 0);
}

static inline struct s2_area area_at(const struct ref_areas *s, uint32_t i) {
  return (struct s2_area){.start = (int64_t)s->start[i],
                          .end = (int64_t)s->end[i],
                          .delta = s->pay[i].delta,
                          .attr = s->pay[i].attr,
                          .backend = s->pay[i].backend};
}

struct s2_area ref_areas_find(struct ref_areas *s, uint64_t gpa) {
  uint32_t i = s->last;
  if (i < s->n && s->start[i] <= gpa && gpa < s->end[i]) {
    return area_at(s, i);
  }
  i = rank_of(s, gpa);
  if (i == 0 || gpa >= s->end[i - 1]) {
    return (struct s2_area){.backend = S2_BACK_NONE};
  }
  s->last = i - 1;
  return area_at(s, i - 1);
}

static void shift(struct ref_areas *s, uint32_t from, uint32_t to) {
  size_t k = s->n - from;
  memmove(s->start + to, s->start + from, k * sizeof *s->start);
  memmove(s->end + to, s->end + from, k * sizeof *s->end);
  memmove(s->pay + to, s->pay + from, k * sizeof *s->pay);
  s->n = s->n - from + to;
}

static inline bool same(struct s2_payload a, struct s2_payload b) {
  return a.delta == b.delta && a.attr == b.attr && a.backend == b.backend;
}

s2_status ref_areas_insert(struct ref_areas *s, uint64_t x, uint64_t y, struct s2_payload p) {
  uint32_t i = rank_of(s, x);
  if ((i > 0 && s->end[i - 1] > x) || (i < s->n && s->start[i] < y)) {
    return S2_ERR_MAPPED;
  }
  bool left = i > 0 && s->end[i - 1] == x && same(s->pay[i - 1], p);
  bool right = i < s->n && s->start[i] == y && same(s->pay[i], p);
  if (left) {
    s->end[i - 1] = right ? s->end[i] : y;
    if (right) {
      shift(s, i + 1, i);
    }
    return S2_OK;
  }
  if (right) {
    s->start[i] = x;
    return S2_OK;
  }
  if (s->n == s->cap) {
    return S2_ERR_NO_AREAS;
  }
  shift(s, i, i + 1);
  s->start[i] = x;
  s->end[i] = y;
  s->pay[i] = p;
  return S2_OK;
}

s2_status ref_areas_remove(struct ref_areas *s, uint64_t x, uint64_t y) {
  uint32_t i = rank_of(s, x);
  if (i > 0 && s->end[i - 1] > x) {
    i--;
    if (s->start[i] < x && s->end[i] > y) {
      if (s->n == s->cap) {
        return S2_ERR_NO_AREAS;
      }
      shift(s, i, i + 1);
      s->end[i] = x;
      s->start[i + 1] = y;
      return S2_OK;
    }
    if (s->start[i] < x) {
      s->end[i] = x;
      i++;
    }
  }
  uint32_t j = i;
  while (j < s->n && s->end[j] <= y) {
    j++;
  }
  if (j < s->n && s->start[j] < y) {
    s->start[j] = y;
  }
  if (j > i) {
    shift(s, j, i);
  }
  return S2_OK;
}

struct s2_fault_result ref_fault(struct ref_pt *pt, struct ref_areas *s, void *ctx, uint64_t gpa, uint32_t access) {
  if (access == 0 || (access & ~S2_RIGHTS) != 0) {
    return (struct s2_fault_result){.kind = S2_FAULT_BAD, .status = S2_ERR_ATTR};
  }
  struct s2_area a = ref_areas_find(s, gpa);
  if (a.backend == S2_BACK_NONE) {
    return (struct s2_fault_result){.kind = S2_FAULT_NO_AREA, .status = S2_ERR_NOT_MAPPED};
  }
  if ((access & ~a.attr) != 0) {
    return (struct s2_fault_result){.kind = S2_FAULT_DENIED, .status = S2_ERR_DENIED};
  }
  uint64_t page = gpa & ~(uint64_t)4095;
  uint64_t *path[REF_TOP + 1];
  uint32_t l = descend(pt, page, 0, path);
  uint64_t e = get(&path[l][slot_of(page, l)]);
  if (e != 0) {
    uint64_t hpa = (ref_address(e) & ~(span(l) - 1)) + (gpa & (span(l) - 1));
    return (struct s2_fault_result){.kind = S2_FAULT_SPURIOUS, .status = S2_OK, .hpa = hpa};
  }
  if (l > pt->nfree) {
    return (struct s2_fault_result){.kind = S2_FAULT_NO_MEMORY, .status = S2_ERR_NO_TABLES};
  }
  uint64_t frame = s2_host_frame_alloc(ctx, 0);
  if (frame == S2_NO_FRAME) {
    return (struct s2_fault_result){.kind = S2_FAULT_NO_MEMORY, .status = S2_ERR_NO_FRAMES};
  }
  s2_host_frame_zero(ctx, frame, 0);
  uint64_t *t = grow(pt, page, l, 0, path[l]);
  (*live_of(pt, t))++;
  put(&t[slot_of(page, 0)], pa_bits(frame) | rights_bits(a.attr & S2_RWX) |
                                type_bits(type_code[(a.attr & S2_TYPE_MASK) >> 4]) | level_bits(0));
#if defined(S2_FORMAT_GST)
  flush(pt, page, 4096, false);
#endif
  return (struct s2_fault_result){.kind = S2_FAULT_RESOLVED, .status = S2_OK, .hpa = frame + (gpa & 4095)};
}
