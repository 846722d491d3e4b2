/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * machine.h - how the judge asks a RISC-V hart with the hypervisor extension. HS-mode, satp Bare, vsatp Bare: a guest
 * virtual address is a GPA, and every access is translated by the G-stage alone.
 */
#ifndef TESTS_RISCV64_MACHINE_H
#define TESTS_RISCV64_MACHINE_H

#include "../judge/judge.h"

/* scause */
#define CAUSE_FETCH_ACCESS 1u
#define CAUSE_LOAD_ACCESS  5u
#define CAUSE_STORE_ACCESS 7u
#define CAUSE_VS_ECALL     10u
#define CAUSE_FETCH_GUEST  20u
#define CAUSE_LOAD_GUEST   21u
#define CAUSE_STORE_GUEST  23u
#define CAUSE_HLVX_QEMU                                                                                                \
  12u /* what QEMU up to 10.0 says instead of 21 when hlvx finds no translation: no htval either */
#define CAUSE_NONE UINT64_MAX

/* menvcfg, for the G-stage: page-based memory types, and accessed and dirty set by the hardware */
#define MENVCFG_PBMTE (UINT64_C(1) << 62)
#define MENVCFG_ADUE  (UINT64_C(1) << 61)

/** What the last asking access ended with; cause CAUSE_NONE: done. */
struct trap {
  uint64_t cause, stval, htval, sepc;
};

void machine_set_menvcfg(uint64_t value);

/** hgatp as the hart keeps it: a mode it does not have is not kept. */
uint64_t machine_set_hgatp(uint64_t value);

/** Loads and stores of a guest: hlv, hlvx, hsv. What they ended with. */
struct trap machine_load8(uint64_t gpa, uint8_t *value);
struct trap machine_load64(uint64_t gpa, uint64_t *value);
struct trap machine_exec16(uint64_t gpa, uint16_t *value); /* hlvx: needs execute, not read */
struct trap machine_exec32(uint64_t gpa, uint32_t *value);
struct trap machine_store8(uint64_t gpa, uint8_t value);

/** Enter VS-mode at gpa, where there must be an ecall if the fetch can be done at all. */
struct trap machine_fetch(uint64_t gpa);

/** Send the hart an interrupt; sleep until one has come, which may have been sent before. */
void machine_wake(uint32_t hart);
void machine_sleep(void);

/** Is there memory at this HPA? */
bool machine_has_ram(uint64_t hpa);

_Noreturn void trap_unasked(void);

/** What the second hart does once it is woken; the one-hart programs have none. */
void second_hart(void);

#endif
