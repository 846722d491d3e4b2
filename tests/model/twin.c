/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * twin.c - two spaces over one host, one of them now and then a clone of the other (BCK-5), against the plainest model
 * there is: what each guest page reads. Compiled once per format.
 *
 * Both guests write through their own translations, as hardware would: with the right to write in the leaf, or after a
 * write fault. Each also keeps what it translated last, a TLB that only invalidations empty. After every step: each page
 * reads what its own guest wrote last, whatever the other wrote; a frame that can be written belongs to one leaf; and the
 * host's counts of owners are the number of leaves that name the frame.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES  1536u /* guest pages in play, from BASE on */
#define BASE   (((uint64_t)1 << 30) - ((uint64_t)1 << 20) * 3)
#define TABLES 48u
#define CHUNKS 64u

enum { NONE = 0xffff };

struct twin_page {
  uint32_t word;  /* what it reads, if present                  */
  uint16_t frame; /* TLB: what it translated to, NONE: nothing  */
  uint8_t attr;   /* rights of its area, 0: no area             */
  bool present;
  bool writes; /* TLB: with the right to write               */
};

struct side {
  struct s2_space s;
  struct s2_space_config cfg;
  struct twin_page page[PAGES];
  int32_t epoch; /* of the TLB */
};

struct twins {
  struct side side[2];
  struct t_host host;
  uint64_t rnd, seed, step;
  uint32_t clones, copies;
  struct t_result *res;
  const char *what;
  bool dead;
};

static uint64_t below(struct twins *t, uint64_t n) {
  t->rnd ^= t->rnd << 13;
  t->rnd ^= t->rnd >> 7;
  t->rnd ^= t->rnd << 17;
  return (t->rnd >> 8) % n;
}

static void fail(struct twins *t, const char *why, uint64_t page) {
  if (!t->dead) {
    printf("FAIL %s twins seed %llu step %llu, %s: %s (page %llu)\n", S2_FORMAT_NAME, (unsigned long long)t->seed,
           (unsigned long long)t->step, t->what, why, (unsigned long long)page);
    t->res->failed++;
  }
  t->dead = true;
}

static void *get(size_t n, size_t size) {
  void *p = aligned_alloc(4096, (n * size + 4095) / 4096 * 4096);
  if (p == NULL) {
    abort();
  }
  return p;
}

static uint64_t gpa_of(uint64_t page) {
  return BASE + page * 4096;
}

static void open_side(struct twins *t, uint32_t k) {
  struct side *x = &t->side[k];
  struct s2_space_config *c = &x->cfg;
  c->hw.gpa_bits = S2_FMT_ROOTS == 4 ? 41 : 48;
  c->hw.hpa_bits = 40;
  c->hw.leaf_max = 1;
  c->hw.vmid = 3 + k;
  c->hw.ctx = &t->host;
  c->tables.count = TABLES;
  c->tables.hpa = 0x1000000u + (uint64_t)k * 0x100000u;
  c->tables.tables = get(TABLES, sizeof(struct s2_table));
  c->tables.nodes = get(TABLES, sizeof(struct s2_node));
  c->tables.stack = get(TABLES, sizeof(int32_t));
  c->areas.count = CHUNKS;
  c->areas.chunks = get(CHUNKS, sizeof(struct s2_chunk));
  c->areas.lo = get(CHUNKS, sizeof(int64_t));
  c->areas.id = get(CHUNKS, sizeof(int32_t));
  c->areas.spare = get(CHUNKS, sizeof(int32_t));
  if (s2_init(&x->s, c) != S2_OK) {
    fail(t, "s2_init refuses a good configuration", 0);
  }
}

static void close_side(struct side *x) {
  free(x->cfg.tables.tables);
  free(x->cfg.tables.nodes);
  free(x->cfg.tables.stack);
  free(x->cfg.areas.chunks);
  free(x->cfg.areas.lo);
  free(x->cfg.areas.id);
  free(x->cfg.areas.spare);
}

/* ---- the guests ---- */

static uint64_t frame_of(uint64_t hpa) {
  return (hpa - T_FRAME_BASE) / 4096;
}

/* What is still in the TLB is still true. */
static void tlb_holds(struct twins *t, struct side *x, uint64_t i) {
  if (x->epoch != s2_flush_epoch(&x->s)) {
    for (uint64_t k = 0; k < PAGES; k++) {
      x->page[k].frame = NONE;
    }
    x->epoch = s2_flush_epoch(&x->s);
  }
  const struct twin_page *p = &x->page[i];
  struct s2_translation tr = s2_translate(&x->s, gpa_of(i));
  bool same = tr.status == S2_OK && frame_of(tr.hpa) == p->frame && (!p->writes || (tr.attr & S2_W) != 0);
  if (p->frame != NONE && !same) {
    fail(t, "a stale translation was not invalidated", i);
  }
}

/* Accesses go through the TLB, which remembers the translation as it is now. */
static void remember(struct side *x, uint64_t page) {
  struct s2_translation tr = s2_translate(&x->s, gpa_of(page));
  struct twin_page *p = &x->page[page];
  p->frame = tr.status == S2_OK ? (uint16_t)frame_of(tr.hpa) : (uint16_t)NONE;
  p->writes = tr.status == S2_OK && (tr.attr & S2_W) != 0;
}

/* After a resolved fault at a page that was a hole, its leaf is all new. */
static void learn_leaf(struct twins *t, struct side *x, uint64_t page) {
  struct s2_leaf l = s2_query(&x->s, gpa_of(page));
  if (l.status != S2_OK || l.gpa < BASE || l.gpa + l.size > gpa_of(PAGES)) {
    fail(t, "a fault made no leaf, or one past its area", page);
    return;
  }
  for (uint64_t i = (l.gpa - BASE) / 4096; i < (l.gpa + l.size - BASE) / 4096; i++) {
    if (x->page[i].present || x->page[i].attr == 0) {
      fail(t, "a fault covered a page that was there, or that has no area", i);
    }
    x->page[i].present = true;
    x->page[i].word = 0;
  }
}

/* One guest access, repeated after its fault. true: it went through. */
static bool access_page(struct twins *t, struct side *x, uint64_t page, uint32_t access) {
  struct twin_page *p = &x->page[page];
  struct s2_translation tr = s2_translate(&x->s, gpa_of(page));
  bool through = tr.status == S2_OK && (tr.attr & access) == access;
  if (!through) {
    uint64_t copies = t->host.copies;
    bool was = p->present;
    struct s2_fault_result r = s2_fault(&x->s, gpa_of(page), access);
    t->copies += (uint32_t)(t->host.copies - copies);
    bool allowed = p->attr != 0 && (p->attr & access) == access;
    if (!allowed) {
      enum s2_fault_kind kind = p->attr == 0 ? S2_FAULT_NO_AREA : S2_FAULT_DENIED;
      if (r.kind != kind) {
        fail(t, "a fault that had to be refused", page);
      }
      return false;
    }
    if (r.kind == S2_FAULT_NO_MEMORY) {
      if (t->host.fail_at < 0 && t->host.used < t->host.frames && x->s.pt.pool.nfree >= 4) {
        fail(t, "no memory, where there is some", page);
      }
      return false;
    }
    if (r.kind != S2_FAULT_RESOLVED) {
      fail(t, "a fault that had to be resolved", page);
      return false;
    }
    if (!was) {
      learn_leaf(t, x, page);
    }
    tlb_holds(t, x, page);
    tr = s2_translate(&x->s, gpa_of(page));
    if (tr.status != S2_OK || (tr.attr & access) != access || tr.hpa != r.hpa) {
      fail(t, "a resolved fault does not let the access through", page);
      return false;
    }
  }
  remember(x, page);
  return true;
}

static void read_page(struct twins *t, struct side *x, uint64_t page) {
  if (access_page(t, x, page, S2_R) && t->host.word[x->page[page].frame] != x->page[page].word) {
    fail(t, "a guest reads what it did not write", page);
  }
}

/* One half of the page's word changes: of a page that is copied for it the other half has to come along. */
static void write_page(struct twins *t, struct side *x, uint64_t page) {
  if (access_page(t, x, page, S2_W)) {
    uint32_t half = below(t, 2) != 0 ? 0xffffu : 0xffff0000u;
    uint32_t value = (uint32_t)below(t, UINT32_MAX) & half;
    uint32_t *memory = &t->host.word[x->page[page].frame];
    x->page[page].word = (x->page[page].word & ~half) | value;
    *memory = (*memory & ~half) | value;
  }
}

/* ---- the hypervisor ---- */

static void forget(struct side *x, uint64_t i, uint64_t n, bool area) {
  for (uint64_t k = i; k < i + n; k++) {
    x->page[k].present = false;
    x->page[k].attr = area ? 0 : x->page[k].attr;
  }
}

static void change(struct twins *t, struct side *x, uint32_t op, uint64_t i, uint64_t n) {
  static const uint32_t flags[] = {0, S2_BLOCKS, S2_POPULATE, S2_POPULATE | S2_BLOCKS};
  uint32_t rights = below(t, 4) == 0 ? S2_R : S2_RW;
  uint32_t flag = flags[below(t, 4)];
  s2_status st;
  switch (op) {
    case 0:
      t->what = "map_alloc";
      st = s2_map_alloc(&x->s, gpa_of(i), n * 4096, rights | S2_WB, flag);
      for (uint64_t k = i; k < i + n && st == S2_OK; k++) {
        if (x->page[k].attr != 0) {
          fail(t, "an area over an area", k);
        }
        x->page[k].attr = (uint8_t)rights;
        x->page[k].present = (flag & S2_POPULATE) != 0;
        x->page[k].word = 0;
      }
      break;
    case 1:
      t->what = "unmap";
      st = s2_unmap(&x->s, gpa_of(i), n * 4096);
      if (st == S2_OK) {
        forget(x, i, n, true);
      }
      break;
    case 2:
      t->what = "discard";
      st = s2_discard(&x->s, gpa_of(i), n * 4096);
      if (st == S2_OK) {
        forget(x, i, n, false);
      }
      break;
    case 3:
      t->what = "protect";
      st = s2_protect(&x->s, gpa_of(i), n * 4096, rights);
      for (uint64_t k = i; k < i + n && st == S2_OK; k++) {
        x->page[k].attr = (uint8_t)rights;
      }
      break;
    default:
      t->what = "clear";
      s2_clear(&x->s);
      forget(x, 0, PAGES, true);
      break;
  }
}

static bool is_empty(const struct side *x) {
  for (uint64_t i = 0; i < PAGES; i++) {
    if (x->page[i].attr != 0) {
      return false;
    }
  }
  return true;
}

static void clone(struct twins *t, struct side *to, struct side *from) {
  t->what = "clone";
  bool empty = is_empty(to);
  uint64_t used = t->host.used;
  s2_status st = s2_clone(&to->s, &from->s);
  if (!empty) {
    if (st != S2_ERR_MAPPED) {
      fail(t, "a clone over what is there", 0);
    }
    return;
  }
  if (st != S2_OK && !(st == S2_ERR_NO_FRAMES && t->host.fail_at >= 0)) {
    fail(t, "a clone that had to be made", 0);
  }
  if (t->host.used != used) {
    fail(t, "a clone took frames", 0);
  }
  if (st == S2_OK) {
    t->clones++;
    for (uint64_t i = 0; i < PAGES; i++) {
      to->page[i].word = from->page[i].word;
      to->page[i].attr = from->page[i].attr;
      to->page[i].present = from->page[i].present;
    }
  }
}

/* ---- what holds ---- */

static void check_page(struct twins *t, struct side *x, uint64_t i, uint16_t *named) {
  struct twin_page *p = &x->page[i];
  struct s2_translation tr = s2_translate(&x->s, gpa_of(i));
  if ((tr.status == S2_OK) != p->present) {
    fail(t, "a page is there that should not be, or has gone", i);
    return;
  }
  if (tr.status == S2_OK) {
    uint64_t f = frame_of(tr.hpa);
    if (f >= T_FRAMES || t->host.state[f] == 0) {
      fail(t, "a page of a frame that is not handed out", i);
      return;
    }
    named[f]++;
    if (t->host.word[f] != p->word) {
      fail(t, "a page does not read what its guest wrote last", i);
    }
    bool writes = (tr.attr & S2_W) != 0;
    if ((tr.attr & S2_R) == 0 || (writes && (p->attr & S2_W) == 0)) {
      fail(t, "a page with other rights than its area", i);
    }
    if (writes && t->host.owners[f] != 1) {
      fail(t, "a page can be written that another space reads", i);
    }
    if (!writes && (p->attr & S2_W) != 0 && !x->s.shares) {
      fail(t, "a page cannot be written, in a space that shares nothing", i);
    }
  }
  tlb_holds(t, x, i);
}

static void check(struct twins *t) {
  uint16_t named[T_FRAMES] = {0};
  for (uint32_t k = 0; k < 2 && !t->dead; k++) {
    struct side *x = &t->side[k];
    struct s2_flaw flaw = s2_space_check(&x->s);
    if (flaw.kind != S2_SOUND) {
      fail(t, s2_flaw_text(flaw.kind), 0);
    }
    for (uint64_t i = 0; i < PAGES && !t->dead; i++) {
      check_page(t, x, i, named);
    }
  }
  for (uint32_t f = 0; f < T_FRAMES && !t->dead; f++) {
    if (named[f] != (t->host.state[f] == 0 ? 0 : t->host.owners[f])) {
      fail(t, "owners of a frame, by the host and by the tables", f);
    }
  }
  if (t->host.errors != 0) {
    fail(t, "a frame was freed twice, or was never handed out", 0);
  }
}

static void one_step(struct twins *t) {
  struct side *x = &t->side[below(t, 2)];
  struct side *y = x == &t->side[0] ? &t->side[1] : &t->side[0];
  uint64_t i = below(t, PAGES);
  uint64_t n = 1 + below(t, below(t, 4) == 0 ? 700 : 30);
  n = n > PAGES - i ? PAGES - i : n;
  uint64_t op = is_empty(x) ? 0 : below(t, 40);
  t->host.fail_at = below(t, 12) == 0 ? (int64_t)(t->host.calls + below(t, 20)) : -1;
  t->host.decline_blocks = below(t, 3) == 0;
  if (op < 6) {
    change(t, x, op < 3 ? 0 : (uint32_t)op - 2, i, n);
  } else if (op == 6 && below(t, 4) == 0) {
    change(t, x, 4, 0, PAGES);
  } else if (op < 8 && !is_empty(x)) {
    if (!is_empty(y) && below(t, 8) != 0) {
      change(t, y, 4, 0, PAGES);
      check(t);
    }
    clone(t, y, x);
  } else {
    t->what = op < 18 ? "read" : "write";
    for (uint64_t k = 0; k < n && k < 40 && !t->dead; k++) {
      if (op < 18) {
        read_page(t, x, i + k);
      } else {
        write_page(t, x, i + k);
      }
    }
  }
  check(t);
}

void t_twins_run(uint64_t seed, uint32_t steps, struct t_result *res) {
  struct twins *t = calloc(1, sizeof *t);
  if (t == NULL) {
    abort();
  }
  t->seed = seed;
  t->rnd = seed * 0x9e3779b97f4a7c15u + 0x7654321;
  t->res = res;
  t->what = "start";
  t_host_init(&t->host, 600 + below(t, 4) * 600);
  open_side(t, 0);
  open_side(t, 1);
  for (uint64_t i = 0; i < PAGES; i++) {
    t->side[0].page[i].frame = NONE;
    t->side[1].page[i].frame = NONE;
  }
  while (!t->dead && t->step < steps) {
    t->step++;
    one_step(t);
    res->steps++;
  }
  res->clones += t->clones;
  res->copies += t->copies;
  s2_fini(&t->side[0].s);
  s2_fini(&t->side[1].s);
  t->what = "fini";
  if (t->host.used != 0 || t->host.errors != 0) {
    fail(t, "frames are left after fini", t->host.used);
  }
  close_side(&t->side[0]);
  close_side(&t->side[1]);
  free(t);
}
