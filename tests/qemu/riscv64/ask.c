/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ask.c - what the driver wants of the platform: one access of one kind, and what the hart made of it. */
#include "machine.h"

#define ECALL      0x00000073u
#define REAL_FETCH 16u /* one in so many execute questions enters the guest; the others are asked with hlvx */

static uint32_t fetches;

/** A trap that ends an asking access: a fault of the G-stage, an access that got through to no memory, or neither. */
static struct judge_answer of_trap(struct trap t, uint64_t guest_cause, uint32_t access, uint64_t gpa_mask) {
  struct judge_answer a = {.kind = JUDGE_ODD, .raw = {t.cause, t.stval}};
  if (t.cause == guest_cause) {
    a.kind = JUDGE_FAULT;
    a.knows = JUDGE_KNOWS_GPA | JUDGE_KNOWS_ACCESS;
    a.gpa = t.htval << 2 | (t.stval & 3);
    a.gpa_mask = gpa_mask;
    a.access = access;
  }
  if (t.cause == CAUSE_LOAD_ACCESS || t.cause == CAUSE_STORE_ACCESS || t.cause == CAUSE_FETCH_ACCESS) {
    a.kind = JUDGE_OK; /* translated and permitted; there is no memory at that HPA */
  }
  return a;
}

static struct judge_answer done_at(uint64_t hpa) {
  struct judge_answer a = {.kind = JUDGE_OK, .knows = JUDGE_KNOWS_HPA, .hpa = hpa};
  return a;
}

static struct judge_answer odd(uint64_t what, uint64_t value) {
  struct judge_answer a = {.kind = JUDGE_ODD, .raw = {what, value}};
  return a;
}

/** The byte first, at the very address, then the mark around it: the byte must be the mark's. */
static struct judge_answer ask_load(uint64_t gpa) {
  uint8_t byte;
  uint64_t mark;
  struct trap t = machine_load8(gpa, &byte);
  if (t.cause != CAUSE_NONE) {
    return of_trap(t, CAUSE_LOAD_GUEST, S2_R, UINT64_MAX);
  }
  t = machine_load64(gpa & ~UINT64_C(7), &mark);
  if (t.cause != CAUSE_NONE || (uint8_t)(mark >> 8 * (gpa & 7)) != byte) {
    return odd(t.cause, mark);
  }
  return done_at(mark + (gpa & 7));
}

/** Store another byte, look at it where the mark says it is, put the old one back. Who may write may read. */
static struct judge_answer ask_store(uint64_t gpa) {
  uint8_t byte = 0;
  uint64_t mark = 0;
  struct trap r = machine_load8(gpa, &byte);
  if (r.cause == CAUSE_NONE) {
    r = machine_load64(gpa & ~UINT64_C(7), &mark);
  }
  uint8_t other = byte ^ 0xffu;
  struct trap w = machine_store8(gpa, other);
  if (w.cause != CAUSE_NONE) {
    return of_trap(w, CAUSE_STORE_GUEST, S2_W, UINT64_MAX);
  }
  if (r.cause != CAUSE_NONE || mark % 8 != 0 || !machine_has_ram(mark)) {
    return odd(r.cause, mark);
  }
  volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)(mark + (gpa & 7));
  bool seen = *at == other;
  w = machine_store8(gpa, byte);
  return seen && w.cause == CAUSE_NONE && *at == byte ? done_at(mark + (gpa & 7)) : odd(w.cause, mark);
}

/** Enter the guest at gpa: an ecall is there while it runs. */
static struct judge_answer ask_fetch(uint64_t gpa, uint64_t hpa) {
  uint64_t at = gpa & ~UINT64_C(7);
  volatile uint32_t *insn = (volatile uint32_t *)(uintptr_t)(hpa & ~UINT64_C(7));
  uint32_t mark = *insn;
  *insn = ECALL;
  __asm__ volatile("fence.i" : : : "memory");
  struct trap t = machine_fetch(at);
  *insn = mark;
  return t.cause == CAUSE_VS_ECALL && t.sepc == at ? done_at(hpa) : odd(t.cause, t.stval);
}

/** hlvx was refused: sometimes enter the guest, which must be refused as a fetch is. */
static struct judge_answer refused_execute(struct trap t, uint64_t gpa, bool enter) {
  if (t.cause == CAUSE_HLVX_QEMU) {
    t.cause = CAUSE_LOAD_GUEST;
    t.htval = t.stval >> 2;
  }
  if (t.cause == CAUSE_LOAD_GUEST && enter) {
    return of_trap(machine_fetch(gpa & ~UINT64_C(1)), CAUSE_FETCH_GUEST, S2_X, UINT64_MAX - 1);
  }
  return of_trap(t, CAUSE_LOAD_GUEST, S2_X, UINT64_MAX - 1);
}

static struct judge_answer ask_execute(uint64_t gpa) {
  uint64_t at = gpa & ~UINT64_C(7);
  uint32_t lo = 0;
  uint32_t hi = 0;
  uint16_t half = 0;
  bool enter = ++fetches % REAL_FETCH == 0;
  struct trap t = machine_exec16(gpa & ~UINT64_C(1), &half);
  if (t.cause != CAUSE_NONE) {
    return refused_execute(t, gpa, enter);
  }
  t = machine_exec32(at, &lo);
  if (t.cause == CAUSE_NONE) {
    t = machine_exec32(at + 4, &hi);
  }
  uint64_t mark = (uint64_t)hi << 32 | lo;
  if (t.cause != CAUSE_NONE || (uint16_t)(mark >> 8 * (gpa & 6)) != half) {
    return odd(t.cause, mark);
  }
  if (enter && mark % 8 == 0 && machine_has_ram(mark)) {
    return ask_fetch(gpa, mark + (gpa & 7));
  }
  return done_at(mark + (gpa & 7));
}

struct judge_answer judge_ask(uint64_t gpa, uint32_t access) {
  if (access == S2_R) {
    return ask_load(gpa);
  }
  return access == S2_W ? ask_store(gpa) : ask_execute(gpa);
}
