/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* machine.c - see machine.h. Output and end serve both emulators: each ignores what is meant for the other. */
#include "machine.h"

#include "tests/qemu/judge/judge.h"

#define PORT_DEBUG 0xe9u   /* QEMU -debugcon, Bochs port_e9_hack */
#define PORT_QEMU  0xf4u   /* QEMU isa-debug-exit               */
#define PORT_BOCHS 0x8900u /* Bochs: "Shutdown"                  */

/* local APIC (SDM vol. 3A, 11.4) */
#define APIC        UINT64_C(0xfee00000)
#define APIC_SVR    0xf0u
#define APIC_ICR    0x300u
#define TO_OTHERS   0xc0000u
#define ICR_NMI     0x4400u
#define ICR_INIT    0x4500u
#define ICR_START   0x4600u
#define ICR_PENDING 0x1000u

#define SECOND_PAGE 0x7u /* page number of the second processor's first code, below the boot sector */

struct pointer {
  uint16_t limit;
  uint64_t base;
} __attribute__((packed));

extern uint64_t gdt[], gdt_task[2];
extern const uint8_t trap_stubs[], trap_nmi[], second_start[], second_end[];

static uint32_t task[26];
static uint64_t idt[32][2];

void judge_putc(char c) {
  outb(PORT_DEBUG, (uint8_t)c);
}

_Noreturn void judge_exit(int code) {
  /* QEMU leaves with 2 * value + 1: 33 is all is well */
  outl(PORT_QEMU, code == 0 ? 0x10u : 0x11u);
  for (const char *s = "Shutdown"; *s != '\0'; s++) {
    outb(PORT_BOCHS, (uint8_t)*s);
  }
  for (;;) {
    __asm__ volatile("cli; hlt");
  }
}

_Noreturn void machine_fail(const char *why, uint64_t a, uint64_t b) {
  judge_puts("FAIL ");
  judge_puts(why);
  judge_puts(" ");
  judge_put_hex(a);
  judge_puts(" ");
  judge_put_hex(b);
  judge_puts("\n0 passed, 1 failed\n");
  judge_exit(1);
}

_Noreturn void machine_trap(uint64_t vector, uint64_t error, uint64_t rip, uint64_t cr2) {
  judge_puts("exception of the host, error ");
  judge_put_hex(error);
  judge_puts(", cr2 ");
  judge_put_hex(cr2);
  judge_puts("\n");
  machine_fail("vector and rip", vector, rip);
}

uint64_t machine_task(void) {
  return machine_hpa(task);
}

uint64_t machine_gdt(void) {
  return machine_hpa(gdt);
}

uint64_t machine_idt(void) {
  return machine_hpa(idt);
}

uint32_t machine_physical_bits(void) {
  return cpuid(0x80000008u).eax & 0xffu;
}

static volatile uint32_t *apic(uint32_t reg) {
  return (volatile uint32_t *)(uintptr_t)(APIC + reg);
}

static void to_others(uint32_t command) {
  *apic(APIC_ICR) = TO_OTHERS | command;
  while ((*apic(APIC_ICR) & ICR_PENDING) != 0) {
  }
}

void machine_kick(void) {
  to_others(ICR_NMI);
}

static void (*volatile second_main)(void);

void machine_start_second(void (*second)(void)) {
  volatile uint8_t *page = (volatile uint8_t *)(uintptr_t)(SECOND_PAGE * 4096u);
  for (uint32_t i = 0; i < (uint32_t)(second_end - second_start); i++) {
    page[i] = second_start[i];
  }
  second_main = second;
  *apic(APIC_SVR) = 0x1ffu;
  to_others(ICR_INIT);
  for (volatile uint32_t i = 0; i < 1000000; i++) {
  }
  to_others(ICR_START | SECOND_PAGE);
}

static void gate(uint32_t vector, uint64_t at) {
  idt[vector][0] = (at & 0xffffu) | (uint64_t)SELECT_CODE << 16 | UINT64_C(0x8e) << 40 | (at >> 16 & 0xffffu) << 48;
  idt[vector][1] = at >> 32;
}

static void load_idt(void) {
  struct pointer i = {sizeof idt - 1, machine_idt()};
  __asm__ volatile("lidt %0" : : "m"(i));
}

static void load_tables(void) {
  uint64_t base = machine_task();
  gdt_task[0] = (sizeof task - 1) | (base & 0xffffffu) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xffu) << 56;
  gdt_task[1] = base >> 32;
  for (uint32_t i = 0; i < 32; i++) {
    gate(i, machine_hpa(trap_stubs) + 64u * i);
  }
  gate(2, machine_hpa(trap_nmi));
  struct pointer g = {7u * 8u - 1u, machine_gdt()};
  __asm__ volatile("lgdt %0" : : "m"(g));
  load_idt();
  __asm__ volatile("ltr %w0" : : "r"(SELECT_TASK));
}

void machine_main(void) {
  load_tables();
  judge_main();
}

void machine_second(void) {
  load_idt();
  second_main();
}
