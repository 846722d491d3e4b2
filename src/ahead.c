/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** ahead.c - preloading: predict from faulting pages, pay from a credit, bring in. */
#include "stage2/ahead.h"
#include "ops.h"

#define NEAR       64 /* pages: a fault this near to a stream's last belongs to it   */
#define SURE       2  /* equal strides, or equal successors, before anything is done */
#define FIRST      4  /* pages of a stream's first window                            */
#define NO_PAGE    (-1)
/* who asked for the wanted pages: the stream of that number, or one of these */
#define NOBODY     (-1)
#define BY_PAIR    S2_AHEAD_STREAMS
#define BY_GROUP   (S2_AHEAD_STREAMS + 1)
#define PAGES_MAX  INT64_C(4503599627370496)
#define CREDIT_MAX 1048576u

s2_status s2_ahead_init(struct s2_ahead *a, uint32_t most, uint32_t allowance, uint32_t by) {
  if (a == NULL) {
    return S2_ERR_NULL;
  }
  if (most == 0 || most > S2_AHEAD_MOST || allowance > CREDIT_MAX || (by & ~S2_AHEAD_ALL) != 0) {
    return S2_ERR_CONFIG;
  }
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= S2_AHEAD_STREAMS;
      loop assigns k, a->stream[0 .. S2_AHEAD_STREAMS-1];
      loop variant S2_AHEAD_STREAMS - k; */
  for (k = 0; k < S2_AHEAD_STREAMS; k++) {
    struct s2_stream unused = {0, NO_PAGE, 0, 0, 0, 0, 0};
    a->stream[k] = unused;
  }
  /*@ loop invariant k: 0 <= k <= S2_AHEAD_PAIRS;
      loop assigns k, a->pair[0 .. S2_AHEAD_PAIRS-1];
      loop variant S2_AHEAD_PAIRS - k; */
  for (k = 0; k < S2_AHEAD_PAIRS; k++) {
    struct s2_pair unknown = {0, 0, 0};
    a->pair[k] = unknown;
  }
  a->last = NO_PAGE;
  a->distance = 0;
  a->chain_next = NO_PAGE;
  a->group_first = NO_PAGE;
  a->group_end = NO_PAGE;
  a->nwant = 0;
  a->asker = NOBODY;
  a->chain_pages = 0;
  a->group_pages = 0;
  a->clock = 0;
  a->most = (int32_t)most;
  a->credit = (int32_t)allowance;
  a->allowance = (int32_t)allowance;
  a->sixteenth = 0;
  a->by = by;
  a->stats.faults = 0;
  a->stats.issued = 0;
  a->stats.hits = 0;
  a->stats.lost = 0;
  return S2_OK;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures min: \result <= x && \result <= y && (\result == x || \result == y); */
static int32_t lower(int32_t x, int32_t y) {
  return x < y ? x : y;
}

/** n pages were shown to be of use: they are paid back, with a quarter on top. */
/*@ requires a: \valid(a) && 0 <= n <= S2_AHEAD_MOST && 0 <= a->credit <= a->allowance <= CREDIT_MAX;
    terminates \true; exits \false;
    assigns a->credit, a->stats.hits;
    ensures most: \old(a->credit) <= a->credit <= a->allowance; */
static void was_used(struct s2_ahead *a, int32_t n) {
  s2_count(&a->stats.hits, n);
  a->credit = lower(a->credit + n + n / 4, a->allowance);
}

/** n pages nobody came back behind. */
/*@ requires a: \valid(a) && 0 <= n;
    terminates \true; exits \false; assigns a->stats.lost; */
static void was_lost(struct s2_ahead *a, int32_t n) {
  s2_count(&a->stats.lost, n);
}

/** Ask for page if it is one and there is credit. */
/*@ requires a: \valid(a) && 0 <= a->nwant <= S2_AHEAD_MOST;
    terminates \true; exits \false;
    assigns a->want[0 .. S2_AHEAD_MOST-1], a->nwant;
    ensures n: a->nwant <= S2_AHEAD_MOST; */
static bool ask(struct s2_ahead *a, int64_t page) {
  if (a->nwant >= a->most || a->nwant >= a->credit || page < 0 || page >= PAGES_MAX) {
    return false;
  }
  a->want[a->nwant] = page;
  a->nwant++;
  return true;
}

/*@ requires a: \valid(a);
    terminates \true; exits \false; assigns a->clock;
    ensures c: a->clock > 0; */
static int32_t tick(struct s2_ahead *a) {
  a->clock = a->clock == INT32_MAX ? 1 : a->clock + 1;
  return a->clock;
}

/* ---- streams ---- */

/** Distance of two pages. */
/*@ requires x: 0 <= x < PAGES_MAX && 0 <= y < PAGES_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures d: \result == \abs(x - y); */
static int64_t apart(int64_t x, int64_t y) {
  return x < y ? y - x : x - y;
}

/** The stream that waits for this page; else the nearest one; else the one used longest ago, as a new stream. */
/*@ requires a: \valid(a) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures k: 0 <= \result < S2_AHEAD_STREAMS; */
static int32_t choose(const struct s2_ahead *a, int64_t page) {
  int32_t best = 0;
  int64_t best_apart = PAGES_MAX;
  int32_t oldest = 0;
  int32_t k;
  /*@ loop invariant k: 0 <= k <= S2_AHEAD_STREAMS && 0 <= best < S2_AHEAD_STREAMS && 0 <= oldest < S2_AHEAD_STREAMS;
      loop assigns k, best, best_apart, oldest;
      loop variant S2_AHEAD_STREAMS - k; */
  for (k = 0; k < S2_AHEAD_STREAMS; k++) {
    const struct s2_stream *m = &a->stream[k];
    if (m->used > 0 && m->next == page) {
      return k;
    }
    if (m->used > 0 && apart(m->last, page) < best_apart) {
      best = k;
      best_apart = apart(m->last, page);
    }
    if (m->used < a->stream[oldest].used) {
      oldest = k;
    }
  }
  return best_apart <= NEAR ? best : oldest;
}

/** Fault on a page that stream m waited for, or near it: what is its stride now? */
/*@ requires a: \valid(a) && \valid(m) && 0 <= page < PAGES_MAX && 0 <= m->window;
    terminates \true; exits \false;
    assigns *m, a->credit, a->stats; */
static void follow(struct s2_ahead *a, struct s2_stream *m, int64_t page) {
  if (m->next == page) {
    was_used(a, m->window);
    m->want = m->window > 0 ? lower(2 * m->want, a->most) : m->want;
    m->seen = SURE;
  } else {
    int64_t stride = page - m->last;
    was_lost(a, m->window);
    m->seen = stride == m->stride ? lower(m->seen + 1, SURE) : 1;
    m->want = m->window > 0 && m->want > 1 ? m->want / 2 : m->want;
    m->stride = stride;
  }
  m->window = 0;
  m->last = page;
  m->next = page + m->stride;
}

/*@ requires a: \valid(a) && \valid(m) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false;
    assigns *m, a->stats.lost; */
static void begin(struct s2_ahead *a, struct s2_stream *m, int64_t page) {
  was_lost(a, m->window);
  m->last = page;
  m->next = NO_PAGE;
  m->stride = 0;
  m->seen = 0;
  m->window = 0;
  m->want = lower(FIRST, a->most);
}

/** Ask for the next pages of stream m. The stream then waits for the page behind them. */
/*@ requires a: \valid(a) && \valid(m);
    terminates \true; exits \false;
    assigns *m, a->want[0 .. S2_AHEAD_MOST-1], a->nwant; */
static void stream_ahead(struct s2_ahead *a, struct s2_stream *m) {
  if (m->seen < SURE || m->stride == 0) {
    return;
  }
  int64_t page = m->last + m->stride;
  /*@ loop invariant w: 0 <= m->window <= m->want;
      loop assigns page, m->window, a->want[0 .. S2_AHEAD_MOST-1], a->nwant;
      loop variant m->want - m->window; */
  while (m->window < m->want && ask(a, page)) {
    page += m->stride;
    m->window++;
  }
  m->next = page;
}

/*@ requires a: \valid(a) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false;
    assigns *a; */
static void by_stream(struct s2_ahead *a, int64_t page) {
  int32_t k = choose(a, page);
  struct s2_stream *m = &a->stream[k];
  if (m->used > 0 && (m->next == page || apart(m->last, page) <= NEAR)) {
    follow(a, m, page);
  } else {
    begin(a, m, page);
  }
  m->used = tick(a);
  stream_ahead(a, m);
  if (a->nwant > 0) {
    a->asker = k;
  }
}

/* ---- pairs ---- */

/** Where distance d has its entry. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures k: 0 <= \result < S2_AHEAD_PAIRS; */
static uint32_t pair_of(int64_t d) {
  uint64_t h = (uint64_t)d;
  return (uint32_t)((h + h / S2_AHEAD_PAIRS + h / 4099u) % S2_AHEAD_PAIRS);
}

/** Distance `to` came after distance `from`. */
/*@ requires k: \valid(k);
    terminates \true; exits \false; assigns *k; */
static void learn(struct s2_pair *k, int64_t from, int64_t to) {
  if (k->seen > 0 && k->from == from && k->to == to) {
    k->seen = lower(k->seen + 1, SURE);
  } else if (k->seen > 1) {
    k->seen--; /* once is not enough to forget what came twice */
  } else {
    k->from = from;
    k->to = to;
    k->seen = 1;
  }
}

/** Ask for the pages that the chain of distances leads to from page, the last distance being d. */
/*@ requires a: \valid(a) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false;
    assigns a->want[0 .. S2_AHEAD_MOST-1], a->nwant, a->chain_pages, a->chain_next, a->last, a->distance; */
static void chain_ahead(struct s2_ahead *a, int64_t page, int64_t d) {
  int64_t at = page;
  int64_t from = d;
  bool more = true;
  /*@ loop assigns at, from, more, a->want[0 .. S2_AHEAD_MOST-1], a->nwant, a->chain_pages, a->last, a->distance, a->chain_next;
      loop variant S2_AHEAD_MOST - a->nwant + (more ? 1 : 0); */
  while (more) {
    const struct s2_pair *k = &a->pair[pair_of(from)];
    if (k->seen < SURE || k->from != from) {
      return;
    }
    a->chain_next = at + k->to;
    more = ask(a, at + k->to);
    if (more) {
      at += k->to;
      from = k->to;
      a->asker = BY_PAIR;
      a->chain_pages++;
      a->last = at;
      a->distance = from;
    }
  }
}

/*@ requires a: \valid(a) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false;
    assigns *a; */
static void by_pair(struct s2_ahead *a, int64_t page) {
  bool came_back = a->chain_pages > 0 && a->chain_next == page;
  if (came_back) {
    was_used(a, a->chain_pages);
  } else {
    was_lost(a, a->chain_pages);
  }
  a->chain_pages = 0;
  a->chain_next = NO_PAGE;
  int64_t d = a->last < 0 ? 0 : page - a->last;
  if (a->distance != 0 && d != 0) {
    learn(&a->pair[pair_of(a->distance)], a->distance, d);
  }
  a->last = page;
  a->distance = d;
  if (a->nwant == 0 && d != 0) {
    chain_ahead(a, page, d);
  }
}

/* ---- around ---- */

/** The group of pages around page; it was of use if the next fault is on the page before or behind it. */
/*@ requires a: \valid(a) && 0 <= page < PAGES_MAX;
    terminates \true; exits \false;
    assigns *a; */
static void by_group(struct s2_ahead *a, int64_t page) {
  if (a->group_pages > 0) {
    if (page == a->group_first - 1 || page == a->group_end) {
      was_used(a, a->group_pages);
    } else {
      was_lost(a, a->group_pages);
    }
    a->group_pages = 0;
  }
  if (a->nwant > 0) {
    return;
  }
  a->group_first = page - page % S2_AHEAD_GROUP;
  a->group_end = a->group_first + S2_AHEAD_GROUP;
  int64_t at;
  /*@ loop invariant at: a->group_first <= at <= a->group_end;
      loop assigns at, a->want[0 .. S2_AHEAD_MOST-1], a->nwant, a->group_pages;
      loop variant a->group_end - at; */
  for (at = a->group_first; at < a->group_end; at++) {
    if (at != page && ask(a, at)) {
      a->asker = BY_GROUP;
      a->group_pages++;
    }
  }
}

/* ---- together ---- */

/** One page in 16 faults. */
/*@ requires a: \valid(a);
    terminates \true; exits \false; assigns a->credit, a->sixteenth, a->stats.faults; */
static void earn(struct s2_ahead *a) {
  s2_count(&a->stats.faults, 1);
  a->sixteenth++;
  if (a->sixteenth >= 16) {
    a->sixteenth = 0;
    a->credit = lower(a->credit + 1, a->allowance);
  }
}

int32_t s2_ahead_guess(struct s2_ahead *a, uint64_t page) {
  earn(a);
  a->nwant = 0;
  a->asker = NOBODY;
  if ((a->by & S2_AHEAD_BY_STREAM) != 0) {
    by_stream(a, (int64_t)page);
  }
  if ((a->by & S2_AHEAD_BY_PAIR) != 0) {
    by_pair(a, (int64_t)page);
  }
  if ((a->by & S2_AHEAD_BY_GROUP) != 0) {
    by_group(a, (int64_t)page);
  }
  return a->nwant;
}

void s2_ahead_brought(struct s2_ahead *a, uint32_t n) {
  int32_t pages = lower((int32_t)s2_least(n, S2_AHEAD_MOST), a->nwant);
  if (a->asker == BY_PAIR) {
    a->chain_pages = pages;
  } else if (a->asker == BY_GROUP) {
    a->group_pages = pages;
  } else if (a->asker >= 0 && a->asker < S2_AHEAD_STREAMS) {
    a->stream[a->asker].window = pages;
  } else {
    return;
  }
  a->credit -= pages;
  a->asker = NOBODY;
  s2_count(&a->stats.issued, pages);
}

/** Bring one page of the area in, if it is a hole and there is memory. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas);
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static struct s2_got bring(struct s2_space *s, struct s2_area area, int64_t page) {
  struct s2_got r = {S2_ERR_RANGE, 0, S2_NO_FRAME, false};
  int64_t gpa = page * (int64_t)S2_PAGE_SIZE;
  if (gpa < area.start || gpa >= area.end) {
    return r;
  }
  return s2_alloc_page(s, s2_pos_at(&s->pt.pool, (uint64_t)gpa), (uint64_t)gpa, area.attr);
}

/** Bring the wanted pages in; the invalidation that some formats need after a map covers them all. */
/*@ requires inv: \valid(s) && Good(&s->pt) && AreasInv(&s->areas) && \valid(a) && 0 <= a->nwant <= S2_AHEAD_MOST;
    terminates \true; exits \false;
    ensures inv: Good(&s->pt) && AreasInv(&s->areas); */
static void bring_all(struct s2_space *s, struct s2_ahead *a, struct s2_area area) {
  int64_t lo = area.end;
  int64_t hi = area.start;
  bool linked = false;
  uint32_t brought = 0;
  int32_t k;
  /*@ loop invariant k: 0 <= brought <= k <= a->nwant;
      loop assigns k, lo, hi, linked, brought, *s, s->pt.pool.tables[0 .. s->pt.pool.cap-1],
                   s->pt.pool.nodes[0 .. s->pt.pool.cap-1];
      loop variant a->nwant - k; */
  for (k = 0; k < a->nwant; k++) {
    struct s2_got got = bring(s, area, a->want[k]);
    if (got.status == S2_OK) {
      int64_t gpa = a->want[k] * (int64_t)S2_PAGE_SIZE;
      lo = gpa < lo ? gpa : lo;
      hi = gpa > hi ? gpa : hi;
      linked = linked || got.linked;
      brought++;
    }
  }
  s2_ahead_brought(a, brought);
  if (lo <= hi) {
    s2_flush_mapped(&s->pt, (uint64_t)lo, (uint64_t)hi + S2_PAGE_SIZE, 0, linked);
  }
}

struct s2_fault_result s2_fault_ahead(struct s2_space *s, struct s2_ahead *a, uint64_t gpa, uint32_t access) {
  int64_t taken = s->stats.frames_taken;
  struct s2_fault_result r = s2_fault(s, gpa, access);
  if (r.kind != S2_FAULT_RESOLVED || s->stats.frames_taken != taken + 1) {
    return r; /* nothing new, or a block */
  }
  struct s2_area area = s2_areas_again(&s->areas, gpa);
  if ((area.backend & S2_BACK_AHEAD) != 0 && s2_ahead_guess(a, gpa / S2_PAGE_SIZE) > 0) {
    bring_all(s, a, area);
  }
  return r;
}
