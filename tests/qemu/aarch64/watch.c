/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* watch.c - expectations from the library, accesses from the guest, and the difference. */
#include "watch.h"

#define PAGE(x)     ((x) & ~UINT64_C(0xfff))
#define TAG_CODE    64u  /* where the code of a marked page is   */
#define TAG_SCRATCH 128u /* what stores write to                 */

/** A number of 16 bits for a page: the host pages of these tests all have different ones. */
static uint64_t page_number(uint64_t hpa) {
  return (hpa >> 12) % 0xfff1u;
}

static volatile uint64_t *word_at(uint64_t hpa) {
  return (volatile uint64_t *)hpa;
}

void watch_mark(uint64_t hpa) {
  *word_at(PAGE(hpa)) = PAGE(hpa);
  *word_at(PAGE(hpa) + TAG_CODE) = PROBE_BRK(page_number(hpa));
  __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" ::: "memory");
}

static uint32_t right_of(const struct watch *w) {
  if (w->access == PROBE_LOAD) {
    return S2_R;
  }
  if (w->access == PROBE_STORE) {
    return S2_W;
  }
  /* without S2_FEAT_UX, S2_X is both levels' right; with it, EL1 needs S2_X and EL0 S2_UX */
  return w->pstate == GUEST_EL0 && (space.pt.pool.features & S2_FEAT_UX) != 0 ? S2_UX : S2_X;
}

/** Where in its page an access of this kind is made. */
static uint64_t place_of(const struct watch *w) {
  if (w->access == PROBE_LOAD) {
    return 0;
  }
  return w->access == PROBE_STORE ? TAG_SCRATCH : TAG_CODE;
}

static struct expected expect(const struct watch *w) {
  struct stage1 s1 = watch_stage1(PAGE(w->va));
  uint64_t gpa = s1.stuck ? s1.gpa : s1.gpa + place_of(w);
  struct s2_leaf leaf = s2_query(&space, gpa);
  struct expected e = {PROBE_TRANSLATION, 0, gpa, leaf.level, s1.stuck};
  if (leaf.status == S2_OK) {
    e.kind = (leaf.attr & right_of(w)) != 0 ? PROBE_DONE : PROBE_PERMISSION;
    e.hpa = leaf.hpa + (gpa - leaf.gpa);
  }
  return e;
}

struct made {
  const struct watch *w;
  uint64_t value;
  struct probe_seen seen;
};

static void make(void *arg) {
  struct made *m = arg;
  m->seen = probe(m->w->access, m->w->pstate, PAGE(m->w->va) + place_of(m->w), m->value);
}

/** Did a store end at hpa and nowhere else? The old place had another value. */
static bool reached(const struct made *m, uint64_t hpa) {
  if (m->w->access == PROBE_STORE) {
    return *word_at(hpa) == m->value;
  }
  return m->seen.value == (m->w->access == PROBE_FETCH ? page_number(hpa) : PAGE(hpa));
}

static bool agrees(const struct made *m, const struct expected *e) {
  if (m->seen.kind != e->kind || m->seen.s1walk != e->s1walk) {
    return false;
  }
  if (e->kind == PROBE_DONE) {
    return reached(m, e->hpa);
  }
  /* of a permission fault the hardware tells the virtual address only */
  uint64_t told = e->kind == PROBE_PERMISSION ? PAGE(m->w->va) + place_of(m->w) : e->gpa;
  return m->seen.level == e->level && m->seen.gpa == told;
}

static bool same(const struct expected *a, const struct expected *b) {
  return a->kind == b->kind && a->hpa == b->hpa && a->level == b->level && a->gpa == b->gpa && a->s1walk == b->s1walk;
}

static void show(const struct made *m, const struct expected *now) {
  static const char *const names[] = {"done", "translation fault", "permission fault", "access flag fault", "odd"};
  judge_puts("    access ");
  judge_put_dec(m->w->access);
  judge_puts(" to ");
  judge_put_hex(m->w->va);
  judge_puts(": expected ");
  judge_puts(names[now->kind]);
  judge_puts(" level ");
  judge_put_dec(now->level);
  judge_puts(" hpa ");
  judge_put_hex(now->hpa);
  judge_puts(", seen ");
  judge_puts(names[m->seen.kind]);
  judge_puts(" level ");
  judge_put_dec(m->seen.level);
  judge_puts(" value ");
  judge_put_hex(m->seen.value);
  judge_puts(" esr ");
  judge_put_hex(m->seen.esr);
  judge_puts("\n");
}

static void judge_one(struct watches *all, const struct watch *w) {
  static uint64_t stored = UINT64_C(0x5701ed0000000000);
  struct made m = {w, ++stored, {PROBE_ODD, 0, 0, 0, false, 0}};
  struct expected now = expect(w);
  machine_on(all->cpu, make, &m);
  if (agrees(&m, &now)) {
    all->fresh++;
  } else if (!same(&now, &w->before) && agrees(&m, &w->before)) {
    all->stale++;
  } else {
    all->wrong++;
    show(&m, &now);
  }
}

void watch_begin(struct watches *all, uint32_t cpu) {
  all->cpu = cpu;
  all->n = 0;
  all->middles = 0;
  all->fresh = 0;
  all->stale = 0;
  all->wrong = 0;
}

static struct watch *add(struct watches *all, enum probe_access access, uint64_t va, uint64_t pstate) {
  if (all->n == WATCH_MAX) {
    judge_puts("more is watched than there is room for\n0 passed, 1 failed\n");
    judge_exit(2);
  }
  struct watch *w = &all->w[all->n];
  all->n++;
  w->access = access;
  w->va = va;
  w->pstate = pstate;
  w->before = expect(w);
  return w;
}

void watch_add(struct watches *all, enum probe_access access, uint64_t va) {
  judge_one(all, add(all, access, va, GUEST_EL1));
}

void watch_add_el0(struct watches *all, enum probe_access access, uint64_t va) {
  judge_one(all, add(all, access, va, GUEST_EL0));
}

void watch_add_unmade(struct watches *all, enum probe_access access, uint64_t va) {
  (void)add(all, access, va, GUEST_EL1);
}

void watch_look(struct watches *all) {
  for (uint32_t i = 0; i < all->n; i++) {
    judge_one(all, &all->w[i]);
  }
}
