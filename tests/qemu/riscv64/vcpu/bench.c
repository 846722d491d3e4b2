/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * bench.c - what an exit costs the host in retired instructions: from the guest's trap to the guest's next instruction.
 *
 * Each row is measured twice, with FEW and with MANY exits, and divided by the difference, less the guest's own
 * instructions; so what surrounds a run cancels out. bench.sh runs this with -icount for the instructions, and once more
 * with a trace of every instruction for the CSR accesses: phase_begin() and phase_end() mark a measurement there.
 */
#include "test.h"

S2_RV_CSR(sie, S2_RV_CSR_SIE)
S2_RV_CSR(stimecmp, 0x14d)

#ifndef FEW
#define FEW 8u
#endif
#ifndef MANY
#define MANY 40u
#endif
#define FEATURES (S2_RV_FEAT_ALL & ~S2_RV_FEAT_V)
#define BATCH_AT (RAM + UINT64_C(0x110000))

static struct s2_rv_machine machine;
static struct s2_rv_hart hart;
static struct guest_memory mem[2];
static struct s2_rv_guest guests[2];
static struct s2_rv_vcpu vcpus[2];
static bool good = true;

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value);
_Noreturn void hs_main(uint64_t n);
void phase_begin(void);
void phase_end(void);

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value) {
  put("a trap in HS-mode ");
  put_hex(cause);
  put(" ");
  put_hex(pc);
  put(" ");
  put_hex(value);
  put("\n0 passed, 1 failed\n");
  power_off(1);
}

/* separate functions, so that a trace shows when they are called */
__attribute__((noinline)) void phase_begin(void) {
  __asm__ volatile("" : : : "memory");
}
__attribute__((noinline)) void phase_end(void) {
  __asm__ volatile("" : : : "memory");
}

static uint64_t instret(void) {
  uint64_t n;
  __asm__ volatile("rdinstret %0" : "=r"(n));
  return n;
}

static uint64_t gpa_of(const uint8_t *label) {
  return RAM + (uint64_t)(label - guest_begin);
}

static void make_guest(uint32_t n, uint32_t flags) {
  struct s2_rv_guest_config c = {.space = &mem[n].space,
                                 .machine = &machine,
                                 .vcpus = &vcpus[n],
                                 .count = 1,
                                 .flags = flags,
                                 .ctx = &mem[n],
                                 .hcounteren = 7,
                                 .features = FEATURES};
  memory_init(&mem[n], n, 41);
  if (s2_rv_guest_init(&guests[n], &c) != S2_OK || s2_rv_start(&guests[n], 0, gpa_of(guest_stop), 0) != S2_OK) {
    hs_unasked(0, 1, 0);
  }
  mem[n].guest = &guests[n];
  good = good && s2_rv_run(&hart, &vcpus[n]).kind == S2_RV_EXIT_MMIO_WRITE;
}

enum what { NULL_CALL, CONSOLE_CALL, BATCH, PAGES, MMIO, TIMER, SWITCH };

/** One measurement of n exits (n elements of a batch, n changes of vCPU): instructions of host and guest together. */
static uint64_t once(enum what what, uint32_t n) {
  struct s2_rv_vcpu *v = &vcpus[0];
  uint64_t start;
  enum s2_rv_exit_kind last = S2_RV_EXIT_MMIO_WRITE;
  v->regs.sepc = gpa_of(what == PAGES ? guest_pages : guest_calls);
  v->regs.x[12] = n;
  v->regs.x[11] = FRESH;
  v->regs.x[10] = '.';
  v->regs.x[17] = what == NULL_CALL ? 0x10 : 0x4442434E;
  v->regs.x[16] = what == NULL_CALL ? 0 : 2;
  if (what == BATCH) {
    v->regs.x[17] = S2_RV_EID_BATCH;
    v->regs.x[16] = 1;
    v->regs.x[10] = BATCH_AT;
    v->regs.x[11] = n;
    v->regs.x[12] = 1;
  }
  if (what == PAGES) {
    good = good && s2_discard(&mem[0].space, FRESH, (uint64_t)MANY * S2_PAGE_SIZE) == S2_OK;
  }
  if (what == TIMER || what == SWITCH) {
    s2_rv_write_stimecmp(0);
    s2_rv_set_sie(0x20);
    last = S2_RV_EXIT_TIMER;
  }
  phase_begin();
  start = instret();
  if (what == MMIO) {
    v->regs.sepc = gpa_of(guest_stop);
    for (uint32_t i = 0; i < n; i++) {
      last = s2_rv_run(&hart, v).kind;
      good = good && s2_rv_complete_write(v) == S2_OK;
    }
  } else if (what == TIMER) {
    for (uint32_t i = 0; i < n; i++) {
      last = s2_rv_run(&hart, v).kind;
    }
  } else if (what == SWITCH) {
    for (uint32_t i = 0; i < n; i++) {
      last = s2_rv_run(&hart, &vcpus[i & 1]).kind;
    }
  } else {
    last = s2_rv_run(&hart, v).kind;
  }
  uint64_t took = instret() - start;
  phase_end();
  s2_rv_clear_sie(0x20);
  good = good && last == (what == TIMER || what == SWITCH ? S2_RV_EXIT_TIMER : S2_RV_EXIT_MMIO_WRITE);
  return took;
}

/** guest: instructions that the guest executes per exit. */
static void row(const char *name, enum what what, uint32_t guest_own) {
  uint64_t few = once(what, FEW);
  uint64_t many = once(what, MANY);
  put("phase | ");
  put(name);
  put(" | ");
  put_dec((many - few) / (MANY - FEW) - guest_own);
  put("\n");
}

static void fill_batch(void) {
  uint64_t e[10] = {0x4442434E, 2, '.', 0, 0, 0, 0, 0, 0, 0};
  guests[0].fault_gpa = BATCH_AT;
  for (uint32_t i = 0; i < MANY; i++) {
    uint64_t at = BATCH_AT + i * sizeof e;
    guests[0].fault_gpa = at - at % S2_PAGE_SIZE;
    good = good && s2_guest_write(&mem[0].space, at, e, sizeof e, S2_GUEST_FAULT).status == S2_OK;
  }
}

static void rows(bool eager) {
  make_guest(0, eager ? S2_RV_EAGER : 0);
  row(eager ? "null SBI call, eager" : "null SBI call", NULL_CALL, 5);
  row(eager ? "page fault, eager" : "page fault", PAGES, 4);
  row(eager ? "MMIO write, eager" : "MMIO write", MMIO, 3);
  row(eager ? "timer, eager" : "timer", TIMER, 0);
  if (!eager) {
    fill_batch();
    row("console byte by SBI call", CONSOLE_CALL, 5);
    row("console byte in a batch", BATCH, 0);
    make_guest(1, 0);
    row("timer and change of vCPU", SWITCH, 0);
    s2_rv_put(&hart);
    s2_fini(&mem[1].space);
  }
  s2_rv_put(&hart);
  s2_fini(&mem[0].space);
}

_Noreturn void hs_main(uint64_t n) {
  (void)n;
  s2_rv_write_stimecmp(UINT64_MAX);
  if (s2_rv_machine_init(&machine, s2_rv_vmid_bits(), NULL) != S2_OK || s2_rv_hart_init(&hart, FEATURES) != S2_OK) {
    hs_unasked(0, 2, 0);
  }
  rows(false);
  rows(true);
  put(good ? "1 passed, 0 failed\n" : "0 passed, 1 failed\n");
  power_off(good ? 0 : 1);
}
