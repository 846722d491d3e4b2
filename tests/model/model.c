/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* model.c - see model.h. Written for obviousness: every operation rebuilds the list. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static void slots_clear(struct model *m) {
  for (uint32_t i = 0; i < M_SLOTS; i++) {
    m->key[i] = M_NONE;
  }
}

static void slot_put(struct model *m, uint64_t page, uint32_t frame) {
  uint32_t i = (uint32_t)((page * 0x9e3779b97f4a7c15u) >> 51) % M_SLOTS;
  while (m->key[i] != M_NONE) {
    i = (i + 1) % M_SLOTS;
  }
  m->key[i] = page;
  m->val[i] = frame;
}

void m_init(struct model *m) {
  m->n = 0;
  m->nclean = 0;
  m->frames = 0;
  for (uint32_t i = 0; i < M_FRAMES; i++) {
    m->owner[i] = M_NONE;
  }
  slots_clear(m);
}

int32_t m_next(const struct model *m, uint64_t g) {
  for (uint32_t i = 0; i < m->n; i++) {
    if (g < m->area[i].end) {
      return (int32_t)i;
    }
  }
  return -1;
}

int32_t m_at(const struct model *m, uint64_t g) {
  int32_t i = m_next(m, g);
  return i >= 0 && m->area[i].start <= g ? i : -1;
}

bool m_overlap(const struct model *m, uint64_t x, uint64_t y) {
  int32_t i = m_next(m, x);
  return i >= 0 && m->area[i].start < y;
}

bool m_covered(const struct model *m, uint64_t x, uint64_t y) {
  while (x < y) {
    int32_t i = m_at(m, x);
    if (i < 0) {
      return false;
    }
    x = m->area[i].end;
  }
  return true;
}

/* append a maplet, merged with the one before it when they touch and say the same */
static void append(struct m_area *list, uint32_t *n, struct m_area a) {
  if (a.start >= a.end) {
    return;
  }
  if (*n > 0) {
    struct m_area *l = &list[*n - 1];
    if (l->end == a.start && l->delta == a.delta && l->attr == a.attr && l->backend == a.backend) {
      l->end = a.end;
      return;
    }
  }
  if (*n == M_AREAS) {
    abort();
  }
  list[(*n)++] = a;
}

static struct m_area part(struct m_area a, uint64_t x, uint64_t y) {
  a.start = a.start < x ? x : a.start;
  a.end = a.end > y ? y : a.end;
  return a;
}

void m_insert(struct model *m, uint64_t x, uint64_t y, int64_t delta, uint32_t attr, uint32_t backend) {
  static struct m_area out[M_AREAS];
  struct m_area add = {x, y, delta, attr, backend};
  uint32_t n = 0;
  bool done = false;
  for (uint32_t i = 0; i < m->n; i++) {
    if (!done && m->area[i].start >= y) {
      append(out, &n, add);
      done = true;
    }
    append(out, &n, m->area[i]);
  }
  if (!done) {
    append(out, &n, add);
  }
  memcpy(m->area, out, n * sizeof out[0]);
  m->n = n;
  m_dirty(m, x, y);
}

/* what is not in [x, y) stays; then [x, y) itself if `with` */
static void set_clean(struct model *m, uint64_t x, uint64_t y, bool with) {
  uint64_t start[M_CLEAN + 2], end[M_CLEAN + 2];
  uint32_t n = 0;
  bool done = !with;
  for (uint32_t i = 0; i <= m->nclean; i++) {
    uint64_t a = i < m->nclean ? m->clean[i].start : UINT64_MAX;
    uint64_t b = i < m->nclean ? m->clean[i].end : UINT64_MAX;
    if (a < x) {
      start[n] = a;
      end[n++] = b < x ? b : x;
    }
    if (!done && b > y) {
      start[n] = x;
      end[n++] = y;
      done = true;
    }
    if (b > y && i < m->nclean) {
      start[n] = a > y ? a : y;
      end[n++] = b;
    }
    if (n > M_CLEAN) {
      abort();
    }
  }
  m->nclean = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (m->nclean > 0 && m->clean[m->nclean - 1].end == start[i]) {
      m->clean[m->nclean - 1].end = end[i];
    } else {
      m->clean[m->nclean].start = start[i];
      m->clean[m->nclean++].end = end[i];
    }
  }
}

void m_clean(struct model *m, uint64_t x, uint64_t y) {
  set_clean(m, x, y, true);
}

void m_dirty(struct model *m, uint64_t x, uint64_t y) {
  set_clean(m, x, y, false);
}

uint64_t m_clean_at(const struct model *m, uint64_t g) {
  for (uint32_t i = 0; i < m->nclean; i++) {
    if (g < m->clean[i].end) {
      return g > m->clean[i].start ? g : m->clean[i].start;
    }
  }
  return M_NONE;
}

uint32_t m_attr(const struct model *m, int32_t at, uint64_t g) {
  uint32_t attr = m->area[at].attr;
  return m_clean_at(m, g) == g ? attr & ~S2_W : attr;
}

static void rewrite(struct model *m, uint64_t x, uint64_t y, bool keep, uint32_t rights) {
  static struct m_area out[M_AREAS];
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->n; i++) {
    struct m_area a = m->area[i];
    append(out, &n, part(a, 0, x));
    if (keep) {
      struct m_area mid = part(a, x, y);
      mid.attr = (mid.attr & ~S2_RIGHTS) | rights;
      append(out, &n, mid);
    }
    append(out, &n, part(a, y, UINT64_MAX));
  }
  memcpy(m->area, out, n * sizeof out[0]);
  m->n = n;
}

void m_remove(struct model *m, uint64_t x, uint64_t y) {
  rewrite(m, x, y, false, 0);
  m_forget(m, x, y);
  m_dirty(m, x, y);
}

void m_protect(struct model *m, uint64_t x, uint64_t y, uint32_t rights) {
  rewrite(m, x, y, true, rights);
  m_dirty(m, x, y);
}

int64_t m_frame(const struct model *m, uint64_t g) {
  uint64_t page = g >> 12;
  uint32_t i = (uint32_t)((page * 0x9e3779b97f4a7c15u) >> 51) % M_SLOTS;
  while (m->key[i] != M_NONE) {
    if (m->key[i] == page) {
      return (int64_t)m->val[i];
    }
    i = (i + 1) % M_SLOTS;
  }
  return -1;
}

void m_learn(struct model *m, uint64_t g, uint32_t frame) {
  m->owner[frame] = g >> 12;
  m->frames++;
  m_dirty(m, g - g % 4096, g - g % 4096 + 4096);
  slot_put(m, g >> 12, frame);
}

void m_forget(struct model *m, uint64_t x, uint64_t y) {
  uint32_t dropped = 0;
  for (uint32_t i = 0; i < M_FRAMES; i++) {
    if (m->owner[i] != M_NONE && m->owner[i] >= x >> 12 && m->owner[i] < (y + 4095) >> 12) {
      m->owner[i] = M_NONE;
      dropped++;
    }
  }
  if (dropped == 0) {
    return;
  }
  m->frames -= dropped;
  slots_clear(m);
  for (uint32_t i = 0; i < M_FRAMES; i++) {
    if (m->owner[i] != M_NONE) {
      slot_put(m, m->owner[i], i);
    }
  }
}

/* lowest multiple of align in [from, hi - size] that meets no area; M_NONE when there is none */
static uint64_t lowest(const struct model *m, uint64_t from, uint64_t size, uint64_t hi, uint64_t align) {
  uint64_t x = from;
  for (;;) {
    if (x > UINT64_MAX - (align - 1)) {
      return M_NONE;
    }
    x = (x + align - 1) / align * align;
    if (x > hi || size > hi - x) {
      return M_NONE;
    }
    int32_t i = m_next(m, x);
    if (i < 0 || m->area[i].start >= x + size) {
      return x;
    }
    x = m->area[i].end;
  }
}

uint64_t m_find_free(const struct model *m, uint64_t hint, uint64_t size, uint64_t lo, uint64_t hi, uint64_t align) {
  uint64_t x = lowest(m, hint > lo ? hint : lo, size, hi, align);
  return x != M_NONE ? x : lowest(m, lo, size, hi, align);
}
