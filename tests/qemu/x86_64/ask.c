/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ask.c - see ask.h. */
#include "ask.h"

#include "machine.h"

#define PAGES (ASK_SIZE / 4096u)
#define TOP   2u /* page of the guest's PML4                      */
#define OWN   3u /* its page tables for its own pages             */
#define EACH  4u /* and for the questions, an entry for each       */
#define LIST  8u /* first page of the list                         */

#define GIB       UINT64_C(0x40000000)
#define OWN_PAGES (ASK_GPA % GIB)     /* linear address of the guest's own pages */
#define QUESTIONS (UINT64_C(1) << 39) /* and of the first question's gigabyte    */
#define USER      (UINT64_C(1) << 39) /* the same again, as user pages: this much further up */
#define PAGE_1G   UINT64_C(0xe7)      /* P RW US A D PS: the walk has nothing to set */

/*
 * A marked word: "movl $n, %eax; ret" and 16 bits that stores change. n tells the word's own address, bits 39:38 and
 * 32:3, to a read and to a fetch: the bits between are zero wherever the emulators have RAM.
 */
#define FETCH     (S2_X | S2_UX)
#define MARK_CODE UINT64_C(0x0000c300000000b8)
#define MARK_MASK UINT64_C(0x0000ff00000000ff)
#define MARK_TOP  UINT64_C(0xa55a)

_Static_assert(sizeof(struct question) == 32, "guest.S");
_Static_assert(JUDGE_BATCH <= 512, "an entry for each question");
_Static_assert(JUDGE_BATCH * sizeof(struct question) <= (PAGES - LIST) * 4096u, "the list fits");

extern const uint8_t guest_start[], guest_read[], guest_write[], guest_next[], guest_spin[], guest_change[],
    guest_end[];

_Alignas(4096) static uint8_t pages[PAGES][4096];
static bool forget_due;
uint64_t ask_entries;

static struct question *questions(void) {
  return (struct question *)(void *)pages[LIST];
}

uint64_t ask_pages(void) {
  return machine_hpa(pages);
}

void ask_forget(void) {
  forget_due = true;
}

static uint64_t *table(uint32_t page) {
  return (uint64_t *)(void *)pages[page];
}

void ask_init(void) {
  for (uint32_t i = 0; i < (uint32_t)(guest_end - guest_start); i++) {
    pages[0][i] = guest_start[i];
  }
  table(TOP)[0] = (ASK_GPA + OWN * 4096u) | 0x63u;
  table(TOP)[QUESTIONS >> 39] = (ASK_GPA + EACH * 4096u) | 0x63u;
  table(TOP)[(QUESTIONS + USER) >> 39] = (ASK_GPA + EACH * 4096u) | 0x67u;
  table(OWN)[0] = (ASK_GPA - OWN_PAGES) | PAGE_1G;
}

/* ---- marks ---- */

static uint64_t number_of(uint64_t hpa) {
  return (hpa >> 38 & 3u) << 30 | (hpa >> 3 & 0x3fffffffu);
}

static uint64_t address_of(uint64_t number) {
  return (number >> 30 & 3u) << 38 | (number & 0x3fffffffu) << 3;
}

void judge_mark(uint64_t hpa) {
  *machine_word(hpa & ~UINT64_C(7)) = MARK_CODE | number_of(hpa) << 8 | MARK_TOP << 48;
}

/** The address a word tells, or UINT64_MAX. A fetch has only the 32 bits. */
static uint64_t marked(const struct question *q) {
  if ((q->access & FETCH) != 0) {
    return address_of(q->word);
  }
  return (q->word & MARK_MASK) == MARK_CODE ? address_of(q->word >> 8) : UINT64_MAX;
}

/* ---- one list ---- */

/** Where the access itself is made: fetches start at the marked word, stores hit its upper 16 bits. */
static uint64_t place(uint64_t gpa, uint32_t access) {
  if ((access & S2_W) != 0) {
    return (gpa & ~UINT64_C(7)) + 6u;
  }
  return (access & FETCH) != 0 ? gpa & ~UINT64_C(7) : gpa;
}

static void write_list(const struct judge_probe *probe, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t access = probe[i].access;
    uint64_t linear = QUESTIONS + i * GIB + place(probe[i].gpa, access) % GIB + (access == S2_UX ? USER : 0);
    table(EACH)[i] = (probe[i].gpa - probe[i].gpa % GIB) | PAGE_1G;
    questions()[i] = (struct question){linear, access, 0, 0, 0x1000u + i};
  }
}

/** Did the guest leave at the access of this question, and nowhere else? */
static bool at_the_access(const struct question *q, uint64_t rip) {
  if ((q->access & FETCH) != 0) {
    return rip == q->linear;
  }
  const uint8_t *at = (q->access & S2_W) != 0 ? guest_write : guest_read;
  return rip == OWN_PAGES + (uint64_t)(at - guest_start);
}

static struct judge_answer refused(const struct question *q, const struct vm_exit *x, uint64_t rip) {
  struct judge_answer a = {.kind = JUDGE_ODD, .raw = {x->raw[0], x->raw[1]}};
  if (x->why != VM_STAGE2 || !x->final || !at_the_access(q, rip)) {
    return a;
  }
  a.kind = JUDGE_FAULT;
  a.knows = JUDGE_KNOWS_GPA | JUDGE_KNOWS_ACCESS | JUDGE_KNOWS_PRESENT;
  a.gpa = x->gpa;
  /* the address within the word is this program's choice for stores and fetches */
  a.gpa_mask = (q->access & S2_R) != 0 ? UINT64_MAX : ~UINT64_C(7);
  if (x->gpa % GIB != q->linear % GIB) {
    a.kind = JUDGE_ODD;
  }
  a.access = x->access == S2_X && q->access == S2_UX ? S2_UX : x->access; /* it says that it was a fetch */
  a.present = x->present;
#ifdef S2_FORMAT_EPT
  a.knows |= x->present ? JUDGE_KNOWS_RIGHTS : 0u;
  a.rights = x->rights;
#endif
  return a;
}

/**
 * Stores are looked up where they really ended, from the last to the first, each taken back to what the one before it
 * left: the same word may have been stored to under several guest addresses.
 */
static bool take_back(uint32_t i, uint64_t hpa) {
  volatile uint64_t *word = machine_word(hpa);
  uint64_t before = MARK_TOP;
  for (uint32_t k = 0; k < i; k++) {
    const struct question *q = &questions()[k];
    if (q->access == S2_W && q->done != 0 && marked(q) == hpa) {
      before = q->tag;
    }
  }
  bool there = *word >> 48 == questions()[i].tag && questions()[i].word >> 48 == questions()[i].tag;
  *word = (*word << 16 >> 16) | before << 48;
  return there;
}

static struct judge_answer granted(uint32_t i, uint64_t gpa) {
  const struct question *q = &questions()[i];
  struct judge_answer a = {.kind = JUDGE_OK, .raw = {q->word, 0}};
  uint64_t hpa = marked(q);
  if (hpa == UINT64_MAX) {
    return a; /* not memory of the plan's: it got that far */
  }
  a.knows = JUDGE_KNOWS_HPA;
  a.hpa = hpa + gpa % 8;
  if (q->access == S2_W && !take_back(i, hpa)) {
    a.kind = JUDGE_ODD;
  }
  return a;
}

/** A guest that cannot even run: the end, and in a negative test what was wanted. */
static _Noreturn void lost(const char *why, uint64_t a, uint64_t b) {
  if ((settings.parts & PART_MUTANT) == 0) {
    machine_fail(why, a, b);
  }
  judge_puts("seen: ");
  judge_puts(why);
  judge_puts(" ");
  judge_put_hex(a);
  judge_puts("\n1 passed, 0 failed\n");
  judge_exit(0);
}

static void run_list(struct judge_probe *probe, uint32_t n) {
  uint64_t list = OWN_PAGES + LIST * 4096u;
  uint64_t end = list + n * sizeof(struct question);
  uint64_t stack = OWN_PAGES + 2u * 4096u - 64u;
  struct vm_state g = {OWN_PAGES, stack, list, end, 0};
  for (uint32_t entries = 0; entries <= n; entries++) {
    bool due = ask_flush_due();
    struct vm_exit x = vm_enter(&g, due || forget_due);
    forget_due = false;
    ask_entries++;
    if (x.why == VM_CALL) {
      return;
    }
    uint64_t i = (g.rbx - list) / sizeof(struct question);
    if (g.rbx < list || i >= n || (x.why != VM_STAGE2 && x.why != VM_BAD)) {
      lost("the guest left for another reason:", x.raw[0], g.rip);
    }
    probe[i].answer = refused(&questions()[i], &x, g.rip);
    g.rip = OWN_PAGES + (uint64_t)(guest_next - guest_start);
    g.rsp = stack;
  }
  lost("the guest does not come to the end of its list", g.rip, g.rbx);
}

void judge_ask_all(struct judge_probe *probe, uint32_t n) {
  write_list(probe, n);
  run_list(probe, n);
  for (uint32_t i = n; i-- > 0;) {
    if (questions()[i].done != 0) {
      probe[i].answer = granted(i, probe[i].gpa);
    }
  }
}

struct judge_answer judge_ask(uint64_t gpa, uint32_t access) {
  struct judge_probe p = {.gpa = gpa, .access = access};
  judge_ask_all(&p, 1);
  return p.answer;
}

volatile struct question *ask_spinning(void) {
  return &questions()[0];
}

/** Question i, about gpa, and the entry of the guest's page tables that it needs. */
static void put_question(uint32_t i, uint64_t gpa, uint32_t access, uint64_t word) {
  questions()[i] = (struct question){QUESTIONS + i * GIB + gpa % GIB, access, 0, word, 0};
  table(EACH)[i] = (gpa - gpa % GIB) | PAGE_1G;
}

static struct vm_state start_at(const uint8_t *code) {
  struct vm_state g = {OWN_PAGES + (uint64_t)(code - guest_start), OWN_PAGES + 2u * 4096u - 64u,
                       OWN_PAGES + LIST * 4096u, 0, 0};
  return g;
}

struct vm_state ask_spin(uint64_t gpa, uint32_t access) {
  put_question(0, gpa, access, 0);
  return start_at(guest_spin);
}

bool ask_change(uint64_t gpa, uint64_t slot, uint64_t entry) {
  put_question(0, gpa, S2_R, 0);
  put_question(1, slot, S2_W, entry);
  struct vm_state g = start_at(guest_change);
  volatile struct question *q = ask_spinning();
  struct vm_exit x = vm_enter(&g, true);
  if (x.why != VM_CALL && (x.why != VM_STAGE2 || x.gpa != gpa || q->word == 0)) {
    machine_fail("the guest that changes its second stage", x.raw[0], g.rip);
  }
  return q->done != 0 && q->tag == q->word;
}
