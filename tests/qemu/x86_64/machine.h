/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * machine.h - the bare PC under the two x86 judges: registers, output, the end. Host virtual address == HPA below 1
 * TiB.
 */
#ifndef TESTS_X86_MACHINE_H
#define TESTS_X86_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSR_EFER 0xc0000080u

#define SELECT_CODE 0x08u
#define SELECT_DATA 0x10u
#define SELECT_TASK 0x20u

struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
  return r;
}

static inline uint64_t rdmsr(uint32_t msr) {
  uint32_t lo;
  uint32_t hi;
  __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
  return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v) {
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline void outb(uint16_t port, uint8_t v) {
  __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t v) {
  __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

#define READ_CR(n)                                                                                                     \
  static inline uint64_t read_cr##n(void) {                                                                            \
    uint64_t v;                                                                                                        \
    __asm__ volatile("movq %%cr" #n ", %0" : "=r"(v));                                                                 \
    return v;                                                                                                          \
  }
READ_CR(0)
READ_CR(3)
READ_CR(4)

static inline void write_cr0(uint64_t v) {
  __asm__ volatile("movq %0, %%cr0" : : "r"(v) : "memory");
}

static inline void write_cr4(uint64_t v) {
  __asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}

/** Physical memory at hpa, which is where the host sees it. */
static inline volatile uint64_t *machine_word(uint64_t hpa) {
  return (volatile uint64_t *)(uintptr_t)hpa; /* identity map */
}

static inline uint64_t machine_hpa(const volatile void *p) {
  return (uint64_t)(uintptr_t)p;
}

/** Physical address of the task state segment, and of the descriptor tables. */
uint64_t machine_task(void);
uint64_t machine_gdt(void);
uint64_t machine_idt(void);

/** What run.sh has written into the image; each 0: the program's own. */
struct settings {
  uint64_t addresses; /* to compare               */
  uint64_t seed;      /* of the random operations */
  uint64_t parts;     /* PART_...                 */
  uint64_t ram;       /* where the window is      */
};
#define PART_MUTANT 1u /* the library is built broken: only compare, and it must be seen */
extern volatile const struct settings settings;

/** What the processor has: bits of physical addresses. */
uint32_t machine_physical_bits(void);

/** Start the second processor with second(), which does not return. */
void machine_start_second(void (*second)(void));

/** Send the other processor an NMI. */
void machine_kick(void);

/** Print why and end with a failure. */
_Noreturn void machine_fail(const char *why, uint64_t a, uint64_t b);

/** Entered from boot.S. */
void machine_main(void);
void machine_second(void);
_Noreturn void machine_trap(uint64_t vector, uint64_t error, uint64_t rip, uint64_t cr2);

/** The program. */
_Noreturn void judge_main(void);

#endif
