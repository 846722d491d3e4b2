/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge.c - asks the machine about addresses near every change, and compares with the library. See judge.h. */
#include "judge_state.h"

#define REMEMBERED 64u /* addresses asked earlier in this table: TLBs may still know them */
#define SHOWN      10u /* mismatches shown before a shape is given up            */
#define SHOWN_BAD  2u  /* the same when they are wanted                          */

/** What the library says about one question, before it is asked. */
struct expected {
  struct s2_leaf leaf;
  bool granted;
  bool readable; /* granted, and the byte there can be looked at */
  uint64_t hpa;
};

/** One shape on the bench. */
static struct judge_state j;
static struct judge_probe probe[JUDGE_BATCH];
static struct expected want[JUDGE_BATCH];
static uint32_t probes;
static uint64_t remembered[REMEMBERED];
static uint32_t remembers;
static uint64_t addresses, answers, mismatches;
static uint64_t last_address; /* counted */

/** What the compared answers were about: none of these may stay 0, or something was never tried. */
static struct {
  uint64_t level[S2_LEVELS]; /* granted, by the level of the leaf               */
  uint64_t denied, holes;
  uint64_t wide;  /* beyond the width                                */
  uint64_t upper; /* granted in the upper half of the space          */
} tally;
static bool unfit;     /* the plan has no table for this shape */
static uint64_t stale; /* of the mismatches: an access was done that no translation of now allows */
static struct judge_step step_now;

/* ---- what to ask ---- */

static struct expected expect(struct s2_leaf leaf, uint64_t gpa, uint32_t access) {
  struct expected e = {leaf, false, false, 0};
  if (leaf.status == S2_OK) {
    e.granted = (leaf.attr & access) != 0;
    e.hpa = leaf.hpa + (gpa - leaf.gpa);
  }
  return e;
}

/** The kinds of access to ask: all of the shape's, or with brief_holes one of them where nothing is mapped. */
static uint32_t kinds_to_ask(const struct s2_leaf *leaf) {
  uint32_t all = j.shape->accesses;
  uint32_t one = all;
  if (j.plan->brief_holes && leaf->status != S2_OK) {
    do {
      one = S2_R << judge_pick(&j, 4);
    } while ((all & one) == 0);
  }
  return one;
}

/** May this be asked: does it end nowhere, or in a window? A block reaches over devices; there no guest is let. */
static bool harmless(struct expected *e) {
  bool ram = false;
  if (e->leaf.status != S2_OK) {
    return true;
  }
  bool in = judge_in_window(j.plan, e->hpa, &ram);
  e->readable = in && ram;
  return in;
}

static void compare_all(void);

/** Queue the questions about one address. */
static void ask_about(uint64_t gpa) {
  struct s2_leaf leaf = s2_pt_query(&j.space.pt, gpa);
  uint32_t kinds = kinds_to_ask(&leaf);
  for (uint32_t access = S2_R; access <= S2_UX; access <<= 1) {
    struct expected e = expect(leaf, gpa, access);
    if ((kinds & access) != 0 && harmless(&e)) {
      if (e.readable) {
        judge_mark(e.hpa);
      }
      probe[probes] = (struct judge_probe){.gpa = gpa, .access = access};
      want[probes] = e;
      probes++;
    }
  }
  if (judge_pick(&j, 4) == 0) {
    remembered[remembers % REMEMBERED] = gpa;
    remembers++;
  }
  if (probes + 4 > JUDGE_BATCH) {
    compare_all();
  }
}

/** Of the space, and not where the asking guest lives; addresses outside are asked by ask_wide() only. */
static void ask_inside(uint64_t gpa) {
  const struct judge_fixed *f = &j.plan->fixed;
  bool fixed = gpa >= f->gpa && gpa - f->gpa < f->size;
  if (gpa < j.limit && !fixed) {
    ask_about(gpa);
  }
}

/** Bits above the space are set: nothing may be found there, not even what lies below without them. Often one bit. */
static void ask_wide(uint64_t gpa) {
  uint64_t one = (uint64_t)1 << judge_pick(&j, 64);
  uint64_t bits = j.shape->wide_bits & judge_random(&j.rnd);
  if (judge_pick(&j, 2) != 0) {
    bits = (j.shape->wide_bits & one) != 0 ? one : j.shape->wide_bits & (0 - j.shape->wide_bits);
  }
  if ((j.shape->flags & JUDGE_WIDE) != 0 && bits != 0) {
    ask_about(gpa | bits);
  }
}

static uint64_t inside(struct judge_range r) {
  return r.gpa + judge_random(&j.rnd) % r.size;
}

/** Both sides of both ends. */
static void ask_ends(uint64_t gpa, uint64_t size) {
  ask_inside(gpa);
  ask_inside(gpa - 1);
  ask_inside(gpa + size - 1);
  ask_inside(gpa + size);
}

static void ask_leaf_around(uint64_t gpa) {
  struct s2_leaf leaf = s2_pt_query(&j.space.pt, gpa);
  if (leaf.status == S2_OK || leaf.status == S2_ERR_NOT_MAPPED) {
    ask_ends(leaf.gpa, leaf.size);
  }
}

/** Before a change: so that the TLBs know what is about to go. */
static void ask_before(struct judge_range r, uint64_t *known, uint32_t n) {
  known[0] = r.gpa;
  known[1] = r.gpa + r.size - 1;
  for (uint32_t i = 2; i < n; i++) {
    known[i] = inside(r);
  }
  for (uint32_t i = 0; i < n; i++) {
    ask_inside(known[i]);
  }
}

static void ask_after(struct judge_range r, const uint64_t *known, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    ask_inside(known[i]);
  }
  ask_ends(r.gpa, r.size);
  ask_leaf_around(inside(r));
  uint64_t gpa = inside(r);
  uint64_t top = j.limit & (0 - j.limit); /* the space's lowest limit bit: the width when it is a power of two */
  ask_inside(gpa ^ top / 2);
  ask_inside(gpa ^ top / 4);
  ask_wide(gpa);
  ask_inside(judge_random(&j.rnd) % j.limit);
  ask_inside(j.place[judge_pick(&j, JUDGE_PLACES)]);
  ask_inside(judge_pick(&j, 8) == 0 ? j.limit - 1 : 0);
  for (uint32_t i = 0; i < 6; i++) {
    ask_inside(inside(judge_recent(&j)));
  }
  for (uint32_t i = 0; i < 3 && remembers > 0; i++) {
    ask_inside(remembered[judge_pick(&j, remembers < REMEMBERED ? remembers : REMEMBERED)]);
  }
}

/* ---- compare ---- */

static void put_field(const char *name, uint64_t v) {
  judge_putc(' ');
  judge_puts(name);
  judge_putc(' ');
  judge_put_hex(v);
}

/** So many are shown; then the shape is given up. */
static uint64_t patience(void) {
  return j.plan->must_disagree || j.plan->any_disagreement ? SHOWN_BAD : SHOWN;
}

static void show_mismatch(const struct judge_probe *p, const struct expected *e, const char *what) {
  static const char *const kinds[] = {"done", "fault", "odd", "skip"};
  mismatches++;
  if (mismatches > patience()) {
    return;
  }
  judge_puts("MISMATCH (");
  judge_puts(what);
  judge_puts(") ");
  judge_puts(j.shape->name);
  put_field("gpa", p->gpa);
  put_field("access", p->access);
  judge_puts(e->granted                ? "\n  library: granted"
             : e->leaf.status == S2_OK ? "\n  library: denied"
                                       : "\n  library: hole");
  put_field("hpa", e->hpa);
  put_field("attr", e->leaf.attr);
  put_field("leaf gpa", e->leaf.gpa);
  put_field("level", e->leaf.level);
  judge_puts("\n  machine: ");
  judge_puts(kinds[p->answer.kind]);
  put_field("knows", p->answer.knows);
  put_field("hpa", p->answer.hpa);
  put_field("gpa", p->answer.gpa);
  put_field("access", p->answer.access);
  put_field("level", p->answer.level);
  put_field("type", p->answer.type);
  put_field("raw", p->answer.raw[0]);
  put_field("raw", p->answer.raw[1]);
  judge_puts("\n  after ");
  judge_puts(judge_op_name(step_now.op));
  put_field("gpa", step_now.range.gpa);
  put_field("size", step_now.range.size);
  put_field("hpa", step_now.hpa);
  put_field("attr", step_now.attr);
  put_field("arg", step_now.arg);
  judge_puts("\n");
}

/** What differs in an access that was done; NULL: nothing. */
static const char *differs_done(const struct judge_answer *a, const struct expected *e) {
  if (!e->granted) {
    return e->leaf.status == S2_OK ? "a right that is not there" : "a translation that is not there";
  }
  if (e->readable && (a->knows & JUDGE_KNOWS_HPA) != 0 && a->hpa != e->hpa) {
    return "address";
  }
  if ((a->knows & JUDGE_KNOWS_TYPE) != 0 && a->type != (e->leaf.attr & S2_TYPE_MASK)) {
    return "memory type";
  }
  return NULL;
}

/** What differs in a fault. */
static const char *differs_fault(const struct judge_probe *p, const struct expected *e) {
  const struct judge_answer *a = &p->answer;
  bool leaf = e->leaf.status == S2_OK;
  if (e->granted) {
    return "a fault that should not be";
  }
  if ((a->knows & JUDGE_KNOWS_GPA) != 0 && ((a->gpa ^ p->gpa) & a->gpa_mask) != 0) {
    return "fault address";
  }
  if ((a->knows & JUDGE_KNOWS_ACCESS) != 0 && a->access != p->access) {
    return "fault access";
  }
  if ((a->knows & JUDGE_KNOWS_PRESENT) != 0 && a->present != leaf) {
    return "fault kind";
  }
  if (leaf && (a->knows & JUDGE_KNOWS_RIGHTS) != 0 && a->rights != (e->leaf.attr & S2_RIGHTS)) {
    return "fault rights";
  }
  return NULL;
}

static const char *differs(const struct judge_probe *p, const struct expected *e) {
  const struct judge_answer *a = &p->answer;
  const char *what = NULL;
  if (a->kind == JUDGE_ODD) {
    return "neither done nor a fault of the second stage";
  }
  what = a->kind == JUDGE_OK ? differs_done(a, e) : differs_fault(p, e);
  if (what == NULL && (a->knows & JUDGE_KNOWS_LEVEL) != 0 && e->leaf.status != S2_ERR_WIDTH &&
      a->level != e->leaf.level) {
    what = "level";
  }
  return what;
}

/** The accessed and dirty bits that the questions of this batch must, and may, have set in a leaf. */
struct ad {
  uint32_t must, may;
};

static struct ad ad_of_batch(uint64_t leaf_gpa) {
  struct ad r = {0, 0};
  for (uint32_t i = 0; i < probes && (j.shape->flags & JUDGE_AD) != 0; i++) {
    if (want[i].leaf.status == S2_OK && want[i].leaf.gpa == leaf_gpa) {
      r.may |= S2_ACCESSED; /* a refused access may count as one */
      if (probe[i].answer.kind == JUDGE_OK) {
        r.must |= probe[i].access == S2_W ? S2_AD_MASK : S2_ACCESSED;
      }
    }
  }
  r.must &= S2_FMT_AD_KEPT;
  r.may |= r.must;
  return r;
}

/** Nothing but accessed and dirty may have changed in the leaf since the question, and those as the accesses say. */
static void compare_ad(uint32_t i) {
  const struct expected *e = &want[i];
  if (e->leaf.status != S2_OK) {
    return;
  }
  struct s2_leaf now = s2_pt_query(&j.space.pt, probe[i].gpa);
  struct ad ad = ad_of_batch(e->leaf.gpa);
  uint32_t set = now.attr & ~e->leaf.attr;
  uint32_t gone = e->leaf.attr & ~now.attr;
  if (gone != 0 || (set & ~ad.may) != 0 || (ad.must & ~now.attr) != 0) {
    show_mismatch(&probe[i], e, "accessed and dirty");
  }
}

static bool same_translation(struct s2_translation a, struct s2_translation b) {
  return a.status == b.status && a.hpa == b.hpa && a.len == b.len && a.attr == b.attr;
}

/** The read paths of a space agree with each other: query, translate, the walk cache, and the batch. */
static void compare_translate(void) {
  static uint64_t gpa[JUDGE_BATCH];
  static struct s2_translation all[JUDGE_BATCH];
  for (uint32_t i = 0; i < probes; i++) {
    gpa[i] = probe[i].gpa;
  }
  s2_translate_batch(&j.space, gpa, all, probes);
  for (uint32_t i = 0; i < probes; i++) {
    struct s2_translation t = s2_translate(&j.space, gpa[i]);
    const struct expected *e = &want[i];
    if ((t.status == S2_OK) != (e->leaf.status == S2_OK) || (t.status == S2_OK && t.hpa != e->hpa)) {
      show_mismatch(&probe[i], e, "s2_translate() and s2_pt_query()");
    }
    if (!same_translation(t, s2_cursor_translate(&j.cursor, gpa[i]))) {
      show_mismatch(&probe[i], e, "s2_translate() and s2_cursor_translate()");
    }
    if (!same_translation(t, all[i])) {
      show_mismatch(&probe[i], e, "s2_translate() and s2_translate_batch()");
    }
  }
}

static void count(const struct judge_probe *p, const struct expected *e) {
  answers++;
  addresses += p->gpa != last_address ? 1 : 0; /* its questions follow each other */
  last_address = p->gpa;
  if (e->granted) {
    tally.level[e->leaf.level]++;
    tally.upper += p->gpa >= j.limit / 2 ? 1 : 0;
  } else if (e->leaf.status == S2_OK) {
    tally.denied++;
  } else if (e->leaf.status == S2_ERR_WIDTH) {
    tally.wide++;
  } else {
    tally.holes++;
  }
}

/** Ask what is queued, and compare. */
static void compare_all(void) {
  judge_ask_all(probe, probes);
  for (uint32_t i = 0; i < probes; i++) {
    if (probe[i].answer.kind == JUDGE_SKIP) {
      continue;
    }
    const char *what = differs(&probe[i], &want[i]);
    count(&probe[i], &want[i]);
    if (what != NULL) {
      stale += probe[i].answer.kind == JUDGE_OK ? 1 : 0;
      show_mismatch(&probe[i], &want[i], what);
    }
  }
  for (uint32_t i = 0; i < probes; i++) {
    if (i == 0 || probe[i].gpa != probe[i - 1].gpa) {
      compare_ad(i);
    }
  }
  if (judge_areas(&j)) {
    compare_translate();
  }
  probes = 0;
}

/* ---- one shape ---- */

static bool enough(uint64_t target) {
  return unfit || addresses >= target || (mismatches >= patience() && (!j.plan->must_disagree || stale > 0));
}

/** One operation, with questions before and after it. */
static void judge_step(void) {
  uint64_t known[4];
  step_now = judge_choose(&j);
  ask_before(step_now.range, known, 4);
  compare_all();
  (void)judge_do(&j, &step_now);
  ask_after(step_now.range, known, 4);
  compare_all();
}

static void run_table(uint64_t target) {
  s2_status st = judge_fresh(&j);
  remembers = 0;
  if (st != S2_OK) {
    judge_puts("the plan has no table: status -");
    judge_put_dec((uint64_t)(-(int64_t)st));
    judge_puts("\n");
    unfit = true;
    return;
  }
  for (uint32_t i = 0; i < j.plan->operations && !enough(target); i++) {
    judge_step();
  }
  uint64_t errors = j.host.errors;
  if (judge_areas(&j)) {
    s2_clear(&j.space);
    errors = j.host.errors + j.host.used;
  }
  if (j.wrong_log != 0) {
    judge_puts("MISMATCH: a dirty log was wrong for pages: ");
    judge_put_dec(j.wrong_log);
    judge_puts("\n");
    mismatches += j.wrong_log;
    j.wrong_log = 0;
  }
  if (errors != 0) {
    judge_puts("MISMATCH: frames that did not come home, or twice: ");
    judge_put_dec(errors);
    judge_puts("\n");
    mismatches++;
  }
}

static bool put_count(const char *name, uint64_t n) {
  judge_puts(" ");
  judge_puts(name);
  judge_puts(" ");
  judge_put_dec(n);
  return n != 0;
}

/** Every kind of answer was compared; prints how often. */
static bool all_answers(void) {
  static const char *const level[S2_LEVELS] = {"4K", "2M", "1G", "512G", "256T"};
  bool all = true;
  judge_puts("  granted:");
  uint32_t top = j.space.pt.pool.top;
  for (uint32_t l = 0; l <= j.shape->hw.leaf_max && l <= top; l++) {
    all = put_count(level[l], tally.level[l]) && all;
  }
  all = put_count("in the upper half", tally.upper) && all;
  judge_puts("; refused:");
  all = put_count("a right", tally.denied) && all;
  all = put_count("a hole", tally.holes) && all;
  all = (put_count("too wide", tally.wide) || (j.shape->flags & JUDGE_WIDE) == 0) && all;
  judge_puts("\n");
  return all;
}

/** Every kind of operation was accepted; prints how often. */
static bool all_kinds(void) {
  bool all = true;
  for (uint32_t op = 0; op < JUDGE_OPS; op++) {
    if (judge_op_used(j.shape, (enum judge_op)op)) {
      all = put_count(judge_op_name((enum judge_op)op), j.accepted[op]) && all;
    }
  }
  judge_puts("\n");
  return all;
}

static uint64_t accepted_sum(void) {
  uint64_t n = 0;
  for (uint32_t op = 0; op < JUDGE_OPS; op++) {
    n += j.accepted[op];
  }
  return n;
}

static void begin_shape(const struct judge_plan *plan, const struct judge_shape *shape, uint64_t seed) {
  j.plan = plan;
  j.shape = shape;
  j.rnd = seed;
  j.refused = 0;
  j.wrong_log = 0;
  j.last = S2_OK;
  for (uint32_t op = 0; op < JUDGE_OPS; op++) {
    j.accepted[op] = 0;
  }
  addresses = 0;
  last_address = UINT64_MAX;
  answers = 0;
  mismatches = 0;
  tally.denied = tally.holes = tally.wide = tally.upper = 0;
  for (uint32_t l = 0; l < S2_LEVELS; l++) {
    tally.level[l] = 0;
  }
  stale = 0;
  unfit = false;
  judge_puts("-- ");
  judge_puts(shape->name);
  judge_puts("\n");
}

static bool run_shape(const struct judge_plan *plan, uint64_t target) {
  uint64_t shown = target / 4;
  while (!enough(target)) {
    run_table(target);
    if (addresses >= shown && !enough(target)) {
      judge_puts("   ");
      judge_put_dec(addresses);
      judge_puts(" addresses\n");
      shown += target / 4;
    }
  }
  judge_puts("  accepted:");
  bool all = all_kinds();
  all = all_answers() && all;
  if (plan->any_disagreement) {
    return mismatches != 0;
  }
  if (plan->must_disagree) {
    return stale != 0;
  }
  if (!all) {
    judge_puts("  a kind of operation was never accepted, or a kind of answer never compared\n");
  }
  return !unfit && mismatches == 0 && all;
}

int32_t judge_epoch(void) {
  return j.space.pt.flush.epoch;
}

static void put_line(bool good) {
  bool wanted = j.plan->must_disagree || j.plan->any_disagreement;
  judge_puts(wanted ? (good ? "seen " : "not seen ") : good ? "ok   " : "FAIL ");
  judge_puts(j.shape->name);
  judge_puts(": ");
  judge_put_dec(accepted_sum());
  judge_puts(" operations, ");
  judge_put_dec(j.refused);
  judge_puts(" refused, ");
  judge_put_dec(addresses);
  judge_puts(" addresses, ");
  judge_put_dec(answers);
  judge_puts(" answers, ");
  judge_put_dec(mismatches);
  judge_puts(wanted ? " mismatches (wanted)\n" : " mismatches\n");
}

static void add_up(struct judge_result *r, bool good) {
  r->operations += accepted_sum();
  r->refused += j.refused;
  r->addresses += addresses;
  r->answers += answers;
  r->mismatches += mismatches;
  r->passed += good ? 1 : 0;
  r->failed += good ? 0 : 1;
}

struct judge_result judge_run(const struct judge_plan *plan) {
  struct judge_result r = {0, 0, 0, 0, 0, 0, 0};
  uint64_t seeds = plan->seed;
  uint64_t share = (plan->addresses + plan->shapes - 1) / plan->shapes;
  judge_puts("judge ");
  judge_puts(plan->name);
  judge_puts(", seed ");
  judge_put_dec(plan->seed);
  judge_puts("\n");
  for (uint32_t i = 0; i < plan->shapes; i++) {
    begin_shape(plan, &plan->shape[i], judge_random(&seeds) | 1);
    bool good = run_shape(plan, share);
    put_line(good);
    add_up(&r, good);
    if (plan->any_disagreement) {
      r.passed = good ? 1 : 0;
      r.failed = good ? 0 : 1;
      if (good) {
        break;
      }
    }
  }
  return r;
}

_Noreturn void judge_finish(const struct judge_result *result, uint32_t more_passed, uint32_t more_failed) {
  judge_puts("judged: ");
  judge_put_dec(result->operations);
  judge_puts(" operations, ");
  judge_put_dec(result->addresses);
  judge_puts(" addresses, ");
  judge_put_dec(result->answers);
  judge_puts(" answers, ");
  judge_put_dec(result->mismatches);
  judge_puts(" mismatches\n");
  judge_put_dec(result->passed + more_passed);
  judge_puts(" passed, ");
  judge_put_dec(result->failed + more_failed);
  judge_puts(" failed\n");
  judge_exit(result->failed + more_failed == 0 ? 0 : 1);
}
