/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* machine.c - see machine.h. The H instructions are written as .insn, because older assemblers do not know them. */
#include "machine.h"

#define UART         ((volatile uint8_t *)0x10000000u)
#define TEST         ((volatile uint32_t *)0x100000u)  /* ends the machine */
#define SSWI         ((volatile uint32_t *)0x2f00000u) /* with -M virt,aclint=on: a supervisor interrupt per hart */
#define HSTATUS_SPVP UINT64_C(0x100)                   /* accesses of hlv and hsv are made as in VS-mode */
#define HSTATUS_SPV  UINT64_C(0x80)
#define SSTATUS_SPP  UINT64_C(0x100)

/* one per hart, in sscratch; shared with start.S: offsets 0, 8, 16, 24 and 32, and the size 40 */
struct trap_frame {
  struct trap at;
  uint64_t resume;
};
extern struct trap_frame trap[2];
struct trap_frame trap[2];

static struct trap_frame *frame(void) {
  struct trap_frame *f;
  __asm__ volatile("csrr %0, sscratch" : "=r"(f));
  return f;
}

/* Every asking access says where to go on, and then is the only instruction that can trap. */
#define ASK(insn, outputs, inputs)                                                                                     \
  __asm__ volatile("la t0, 1f\n\t"                                                                                     \
                   "csrr t1, sscratch\n\t"                                                                             \
                   "sd t0, 32(t1)\n\t" insn "\n\t"                                                                     \
                   "1:"                                                                                                \
                   : outputs:inputs                                                                                    \
                   : "t0", "t1", "t2", "memory")

static void ask_begin(void) {
  frame()->at.cause = CAUSE_NONE;
}

static struct trap ask_end(void) {
  struct trap_frame *f = frame();
  f->resume = 0;
  return *(volatile struct trap *)&f->at;
}

/* one output, one input; the output keeps its value when the access traps */
#define LOAD(insn, value, gpa) ASK(insn, "+r"(value), "r"(gpa))

struct trap machine_load8(uint64_t gpa, uint8_t *value) {
  uint64_t v = 0;
  ask_begin();
  LOAD(".insn r 0x73, 4, 0x30, %0, %1, x1", v, gpa); /* hlv.bu */
  *value = (uint8_t)v;
  return ask_end();
}

struct trap machine_load64(uint64_t gpa, uint64_t *value) {
  uint64_t v = 0;
  ask_begin();
  LOAD(".insn r 0x73, 4, 0x36, %0, %1, x0", v, gpa); /* hlv.d */
  *value = v;
  return ask_end();
}

struct trap machine_exec16(uint64_t gpa, uint16_t *value) {
  uint64_t v = 0;
  ask_begin();
  LOAD(".insn r 0x73, 4, 0x32, %0, %1, x3", v, gpa); /* hlvx.hu */
  *value = (uint16_t)v;
  return ask_end();
}

struct trap machine_exec32(uint64_t gpa, uint32_t *value) {
  uint64_t v = 0;
  ask_begin();
  LOAD(".insn r 0x73, 4, 0x34, %0, %1, x3", v, gpa); /* hlvx.wu */
  *value = (uint32_t)v;
  return ask_end();
}

struct trap machine_store8(uint64_t gpa, uint8_t value) {
  uint64_t v = value;
  ask_begin();
  __asm__ volatile("la t0, 1f\n\t"
                   "csrr t1, sscratch\n\t"
                   "sd t0, 32(t1)\n\t"
                   ".insn r 0x73, 4, 0x31, x0, %0, %1\n\t" /* hsv.b */
                   "1:"
                   :
                   : "r"(gpa), "r"(v)
                   : "t0", "t1", "t2", "memory");
  return ask_end();
}

struct trap machine_fetch(uint64_t gpa) {
  ask_begin();
  __asm__ volatile("la t0, 1f\n\t"
                   "csrr t1, sscratch\n\t"
                   "sd t0, 32(t1)\n\t"
                   "csrw sepc, %0\n\t"
                   "csrs sstatus, %1\n\t"
                   "csrs 0x600, %2\n\t"
                   "sret\n\t"
                   "1:"
                   :
                   : "r"(gpa), "r"(SSTATUS_SPP), "r"(HSTATUS_SPV)
                   : "t0", "t1", "t2", "memory");
  return ask_end();
}

void machine_wake(uint32_t hart) {
  SSWI[hart] = 1;
}

void machine_sleep(void) {
  uint64_t pending;
  __asm__ volatile("csrsi sie, 2" : : : "memory"); /* only to end wfi: sstatus.SIE is 0 */
  do {
    __asm__ volatile("wfi\n\tcsrr %0, sip" : "=r"(pending) : : "memory");
  } while ((pending & 2) == 0);
  __asm__ volatile("csrci sie, 2\n\tcsrci sip, 2" : : : "memory");
}

bool machine_has_ram(uint64_t hpa) {
  uint64_t v = 0;
  ask_begin();
  LOAD("ld %0, 0(%1)", v, hpa);
  return ask_end().cause == CAUSE_NONE;
}

void machine_set_menvcfg(uint64_t value) {
  register uint64_t a0 __asm__("a0") = value;
  __asm__ volatile("ecall" : : "r"(a0) : "t0", "t1", "memory");
}

uint64_t machine_set_hgatp(uint64_t value) {
  uint64_t kept;
  __asm__ volatile("csrw 0x680, %1\n\tcsrr %0, 0x680" : "=r"(kept) : "r"(value) : "memory");
  __asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" : : : "memory"); /* hfence.gvma: a new space, any VMID */
  __asm__ volatile("csrw 0x280, zero\n\tcsrs 0x600, %0" : : "r"(HSTATUS_SPVP) : "memory"); /* vsatp Bare */
  return kept;
}

void judge_putc(char c) {
  while ((UART[5] & 0x20) == 0) {
  }
  UART[0] = (uint8_t)c;
}

_Noreturn void judge_exit(int code) {
  *TEST = code == 0 ? 0x5555u : (uint32_t)code << 16 | 0x3333u;
  for (;;) {
  }
}

_Noreturn void trap_unasked(void) {
  const struct trap *t = &frame()->at;
  judge_puts("FAIL: a trap that nobody asked for: scause ");
  judge_put_hex(t->cause);
  judge_puts(" stval ");
  judge_put_hex(t->stval);
  judge_puts(" sepc ");
  judge_put_hex(t->sepc);
  judge_puts("\n0 passed, 1 failed\n");
  judge_exit(2);
}
