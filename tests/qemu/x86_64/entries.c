/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * entries.c - deliberately corrupted entries: what the processor does with them, against the walk transcribed from the
 * manual (specs/walk) and against what s2_entry_kind() calls them.
 *
 * One page is mapped; then an entry on its path, of any level, is replaced by others: bits flipped, other rights and
 * types, other leaves, any 64 bits. Each is asked about with a read, a write and a fetch. An entry that leads the walk
 * to memory where a table must not be looked for (the walker sets accessed bits in it) is not put in; one that ends in
 * memory of this program is only read.
 */
#include "entries.h"

#include "ask.h"
#include "machine.h"

#define WALK_OWN_MEMORY
struct walk_memory {
  uint64_t table[2], size[2]; /* where a walk may look for entries */
};

static inline bool walk_inside(const struct walk_memory *m, uint64_t hpa) {
  return hpa - m->table[0] < m->size[0] || hpa - m->table[1] < m->size[1];
}

static inline uint64_t walk_read(const struct walk_memory *m, uint64_t hpa) {
  (void)m;
  return *machine_word(hpa);
}

#if defined(S2_FORMAT_NPT)
#include "specs/walk/npt.c"
#define WALK walk_npt
#else
#include "specs/walk/ept.c"
#define WALK walk_ept
#endif
#define ADDR UINT64_C(0x000ffffffffff000)

#include "stage2/walk.h"

/* under entries of the two topmost levels that do not lead to the guest's own pages */
#ifdef JUDGE_LA57
#define GPA UINT64_C(0x3008060201000)
#else
#define GPA UINT64_C(0x8060201000)
#endif
#if defined(S2_FORMAT_NPT)
#define BUG_LEVEL 3u
#else
#define BUG_LEVEL 1u
#endif
#define SCRATCH 32u /* pages that may be read as tables */
#define PROBES  3u

static struct s2_pt pt;
static struct walk_memory memory;
static struct walk_machine machine;
static struct entries_result result;
static uint64_t rnd;
static uint32_t shown;

static uint64_t rand64(void) {
  rnd ^= rnd << 13;
  rnd ^= rnd >> 7;
  rnd ^= rnd << 17;
  return rnd * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(uint64_t n) {
  return (rand64() >> 11) % n;
}

static uint64_t few_bits(void) {
  uint64_t bits = 0;
  for (uint64_t n = 1 + below(3); n > 0; n--) {
    bits |= UINT64_C(1) << below(64);
  }
  return bits;
}

/** An address in the RAM window, aligned for a leaf of this level most of the time; for a table, a scratch page. */
static uint64_t other_address(const struct judge_plan *plan, uint32_t level) {
  const struct judge_window *w = &plan->window[0];
  if (below(3) == 0) {
    return memory.table[1] + below(SCRATCH) * 4096u;
  }
  uint64_t hpa = w->hpa + (rand64() % w->size & ~UINT64_C(0xfff));
  uint64_t span = UINT64_C(1) << (12 + 9 * level);
  return below(4) != 0 ? hpa & ~(span - 1) : hpa;
}

/**
 * What the emulator is known not to check, so that what such an entry leads to is not known to be harmless: not made
 * here. entries_bug() shows it by one that is.
 *
 * QEMU (7.2, 10.0): bit 8 of a PML5E or PML4E must be zero (APM 5.3.3), and is ignored. Bochs (2.7, 3.0): bit 12 of an
 * EPT leaf of 2 MiB or 1 GiB is reserved (SDM tables 29-3, 29-5), and is ignored as if it were the PAT bit of ordinary
 * paging.
 */
static uint64_t without_bugs(uint32_t level, uint64_t e) {
#if defined(S2_FORMAT_NPT)
  return level >= 3 ? e & ~UINT64_C(0x100) : e;
#else
  return (level == 1 || level == 2) && (e & 0x80u) != 0 ? e & ~UINT64_C(0x1000) : e;
#endif
}

static uint64_t corrupted(const struct judge_plan *plan, uint32_t level, uint64_t was) {
  uint64_t e = was;
  switch (below(6)) {
    case 0:
      return was ^ few_bits();
    case 1:
      return (was & ~UINT64_C(0xfff)) | (rand64() & 0xfff);
    case 2:
      e = other_address(plan, level) | (rand64() & 0xfff);
      return below(3) == 0 ? e ^ few_bits() : e;
    case 3: /* a leaf of this level, legal but for a bit or two */
      e = s2_entry_leaf((uint8_t)(level > S2_FMT_LEAF_MAX ? S2_FMT_LEAF_MAX : level), other_address(plan, level),
                        S2_RWX);
      return below(2) == 0 ? e ^ few_bits() : e;
    case 4:
      e = s2_entry_mark((uint8_t)level, s2_entry_leaf(0, other_address(plan, level), S2_RW));
      return below(2) == 0 ? e ^ few_bits() : e;
    default:
      return rand64();
  }
}

static void say(const char *what, uint32_t level, uint64_t e, uint64_t a, uint64_t b) {
  result.mismatches++;
  if (++shown > 10) {
    return;
  }
  judge_puts("MISMATCH (");
  judge_puts(what);
  judge_puts(") entry ");
  judge_put_hex(e);
  judge_puts(" of level ");
  judge_put_dec(level);
  judge_puts(": ");
  judge_put_hex(a);
  judge_puts(" ");
  judge_put_hex(b);
  judge_puts("\n");
}

/** The processor reported an entry that it does not take: an EPT misconfiguration, #NPF with RSV. */
static bool called_bad(const struct judge_answer *a) {
#if defined(S2_FORMAT_NPT)
  return a->kind == JUDGE_ODD && a->raw[0] == 0x400 && (a->raw[1] & 8u) != 0;
#else
  return a->kind == JUDGE_ODD && a->raw[0] == 49;
#endif
}

/** #NPF says whether an entry was not present; an EPT violation only the rights common to all entries. */
static bool reported_present(const struct walk_result *want) {
#if defined(S2_FORMAT_NPT)
  return want->fault == WALK_PERMISSION;
#else
  return want->fault == WALK_PERMISSION && (want->rights & S2_RWX) != 0;
#endif
}

static const char *differs(const struct walk_result *want, const struct judge_answer *a, uint64_t gpa) {
  bool bad = called_bad(a);
  switch (want->fault) {
    case WALK_OK:
      result.granted++;
      if (a->kind != JUDGE_OK) {
        return "the manual grants it";
      }
      return (a->knows & JUDGE_KNOWS_HPA) != 0 && a->hpa != want->hpa ? "address" : NULL;
    case WALK_RESERVED:
      result.bad++;
      return bad ? NULL : "the manual calls it bad";
    case WALK_NOT_PRESENT:
    case WALK_PERMISSION:
      result.refused++;
      if (bad || a->kind != JUDGE_FAULT) {
        return "the manual refuses it";
      }
      if (((a->gpa ^ gpa) & a->gpa_mask) != 0) {
        return "fault address";
      }
      if ((a->knows & JUDGE_KNOWS_RIGHTS) != 0 && a->rights != (want->rights & S2_RWX)) {
        return "rights";
      }
      return a->present == reported_present(want) ? NULL : "present";
    case WALK_CONTROL:
    case WALK_INPUT:
    case WALK_MISALIGNED:
    case WALK_ADDRESS:
    case WALK_OUTSIDE:
    case WALK_ACCESS_FLAG:
    default:
      return "the manual's walk ends nowhere";
  }
}

/** What the library calls the entry, against where the manual's walk went. */
static const char *library_differs(uint32_t level, uint64_t e, const struct walk_result *w, uint64_t at, uint64_t gpa) {
  uint32_t kind = s2_entry_kind((uint8_t)level, e);
  bool here = w->table == at; /* the walk ended in this entry */
  bool fits = (e & ADDR) >> machine.phys_bits == 0;
  switch (kind) {
    case S2_EMPTY:
    case S2_MARKED:
      return here && w->fault == WALK_NOT_PRESENT ? NULL : "the library calls it not present";
    case S2_LEAF:
      if ((s2_entry_attr((uint8_t)level, e) & S2_RWX) == 0) { /* user execute alone: nothing without that control */
        return here && w->fault == WALK_NOT_PRESENT ? NULL : "the library grants nothing here";
      }
      if (!fits) { /* wider than this processor, not than the format: s2_pt_init() is told hpa_bits */
        return w->fault == WALK_RESERVED ? NULL : "the library calls it a leaf, too wide";
      }
      if (!here || (w->fault != WALK_OK && w->fault != WALK_PERMISSION)) {
        return "the library calls it a leaf";
      }
      if (w->hpa - (gpa & ((UINT64_C(1) << (12 + 9 * level)) - 1)) != s2_entry_hpa((uint8_t)level, e)) {
        return "the library reads another address";
      }
      return (s2_entry_attr((uint8_t)level, e) & S2_RWX) == (w->rights & S2_RWX) ? NULL
                                                                                 : "the library reads other rights";
    case S2_TABLE:
      return here == !fits ? NULL : "the library calls it a table";
    case S2_BAD:
      result.library_bad++;
      return NULL;
    default:
      return "the library has no word for it";
  }
}

static void flush(const struct s2_pt *t) {
  struct s2_root root = s2_pt_root(t);
  struct s2_tlb tlb = s2_tlb_of(root.base, root.ctrl, 3);
  s2_arch_flush_all(&tlb);
  ask_forget();
}

/** Ask with entry e at address `at`. */
static void ask_entry(const struct judge_plan *plan, uint32_t level, uint64_t at, uint64_t e) {
  static const uint32_t access[PROBES] = {S2_R, S2_W, S2_X};
  struct judge_probe probe[PROBES];
  struct walk_result want[PROBES];
  uint64_t gpa = GPA + below(512) * 8u;
  uint32_t n = 0;
  *machine_word(at) = e;
  for (uint32_t i = 0; i < PROBES; i++) {
    struct walk_result w = WALK(&machine, &memory, gpa, access[i]);
    bool ram = w.hpa - plan->window[0].hpa < plan->window[0].size;
    if (w.fault == WALK_OUTSIDE || (w.fault == WALK_OK && !ram && access[i] != S2_R)) {
      result.left_out++;
      continue;
    }
    if (w.fault == WALK_OK && ram) {
      judge_mark(w.hpa);
    }
    want[n] = w;
    probe[n++] = (struct judge_probe){.gpa = gpa, .access = access[i]};
  }
  flush(&pt);
  judge_ask_all(probe, n);
  for (uint32_t i = 0; i < n; i++) {
    const char *what = differs(&want[i], &probe[i].answer, gpa);
    if (what != NULL) {
      say(what, level, e, probe[i].answer.raw[1], (uint64_t)want[i].fault);
    }
    what = library_differs(level, e, &want[i], at, gpa);
    if (what != NULL) {
      say(what, level, e, s2_entry_kind((uint8_t)level, e), (uint64_t)want[i].fault);
    }
    result.answers++;
  }
}

static uint32_t features(void) {
#if defined(S2_FORMAT_NPT)
  uint32_t f = WALK_NXE; /* boot.S */
  f |= (cpuid(0x80000001u).edx >> 26 & 1u) != 0 ? WALK_LARGE_1G : 0u;
#ifdef JUDGE_LA57
  f |= WALK_LA57;
#endif
  return f;
#else
  uint64_t cap = vm_capability();
  uint32_t f = (cap & 1u) != 0 ? WALK_EXECUTE_ONLY : 0u;
  f |= (cap >> 16 & 1u) != 0 ? WALK_LARGE_2M : 0u;
  f |= (cap >> 17 & 1u) != 0 ? WALK_LARGE_1G : 0u;
  return f | ((cap >> 21 & 1u) != 0 ? WALK_CAN_SET_AD : 0u);
#endif
}

/** A table with one page at GPA and the guest's own pages. */
static s2_status make_table(const struct judge_plan *plan, const struct judge_shape *shape) {
  s2_status st = s2_pt_init(&pt, &shape->hw, &plan->tables);
  if (st == S2_OK) {
    st = s2_pt_map(&pt, plan->fixed.gpa, plan->fixed.size, plan->fixed.hpa, S2_RWX, 0);
  }
  if (st == S2_OK) {
    st = s2_pt_map(&pt, GPA, S2_PAGE_SIZE, plan->window[0].hpa + 0x5000, S2_RWX, 0);
  }
  if (st == S2_OK) {
    judge_install(shape, s2_pt_root(&pt));
  }
  return st;
}

/** Scratch tables: half of the entries empty, others legal or not. Made anew often: walkers set bits in them. */
static void fill_scratch(const struct judge_plan *plan) {
  for (uint64_t i = 0; i < SCRATCH * 512u; i++) {
    uint64_t e = below(2) == 0 ? 0 : other_address(plan, (uint32_t)below(3)) | (rand64() & 0xfff);
    *machine_word(memory.table[1] + i * 8u) = without_bugs(3, without_bugs(1, e)); /* read at any level */
  }
}

struct entries_result entries_run(const struct judge_plan *plan, uint64_t entries) {
  const struct judge_shape *shape = &plan->shape[0];
  const struct judge_window *w = &plan->window[0];
  rnd = plan->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
  memory = (struct walk_memory){{plan->tables.hpa, w->hpa + w->size}, {plan->tables.count * 4096u, SCRATCH * 4096u}};
  machine = (struct walk_machine){0, 0, machine_physical_bits(), features()};
  if (make_table(plan, shape) != S2_OK) {
    machine_fail("no table for corrupted entries", 0, 0);
  }
  machine.base = s2_pt_root(&pt).base;
  struct s2_steps path = s2_pt_walk(&pt, GPA);
  for (uint64_t i = 0; i < entries; i++) {
    if (i % 64 == 0) {
      fill_scratch(plan);
    }
    uint64_t k = below(path.count);
    uint32_t level = path.step[k].level;
    uint64_t at = path.step[k].table_hpa + 8u * path.step[k].slot;
    uint64_t was = *machine_word(at);
    ask_entry(plan, level, at, without_bugs(level, corrupted(plan, level, was)));
    *machine_word(at) = was;
    result.entries++;
  }
  flush(&pt);
  return result;
}

struct entries_inside entries_changed_inside(const struct judge_plan *plan) {
  const uint64_t slot = GPA + 0x40003000u; /* in another table than GPA, and elsewhere in a direct-mapped TLB */
  struct entries_inside r = {false, false, false};
  if (make_table(plan, &plan->shape[0]) != S2_OK ||
      s2_pt_map(&pt, slot, S2_PAGE_SIZE, plan->window[0].hpa + 0x6000, S2_RWX, 0) != S2_OK) {
    machine_fail("no table for a guest that changes it", 0, 0);
  }
  /* the guest's page at `slot` becomes the table that ends the path of GPA */
  struct s2_steps path = s2_pt_walk(&pt, GPA);
  struct s2_steps other = s2_pt_walk(&pt, slot);
  uint32_t last = path.count - 1;
  volatile uint64_t *leaf = machine_word(other.step[last].table_hpa + 8u * other.step[last].slot);
  *leaf = (*leaf & ~ADDR) | path.step[last].table_hpa;
  judge_mark(plan->window[0].hpa + 0x5000);
  flush(&pt);
  r.inside = ask_change(GPA, slot + 8u * path.step[last].slot, 0);
  r.next_entry = judge_ask(GPA, S2_R).kind == JUDGE_OK;
  flush(&pt);
  r.flushed = judge_ask(GPA, S2_R).kind == JUDGE_OK;
  return r;
}

bool entries_bug(const struct judge_plan *plan) {
  struct s2_steps path = s2_pt_walk(&pt, GPA);
  uint64_t k = path.count - (BUG_LEVEL + 1u);
  uint64_t at = path.step[k].table_hpa + 8u * path.step[k].slot;
  uint64_t was = *machine_word(at);
#if defined(S2_FORMAT_NPT)
  *machine_word(at) = was | 0x100u;
#else
  *machine_word(at) = s2_entry_leaf(1, plan->window[0].hpa, S2_RWX) | 0x1000u;
#endif
  flush(&pt);
  struct judge_answer a = judge_ask(GPA, S2_R);
  *machine_word(at) = was;
  flush(&pt);
  (void)plan;
  return a.kind == JUDGE_OK;
}
