/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * machine.h - the bare machine under the judges: QEMU's virt board at EL2, MMU off, one console, one exit.
 *
 * RAM starts at 1 GiB. The program has the first 256 MiB; what the tests map lies above MACHINE_FRAMES, and the two GiB
 * from MACHINE_BLOCKS on are there for blocks. Nothing of it is touched before a test asks for it.
 */
#ifndef TESTS_QEMU_A64_MACHINE_H
#define TESTS_QEMU_A64_MACHINE_H

#include "stage2/stage2.h"
#include "tests/qemu/judge/judge.h"

#define MACHINE_FRAMES UINT64_C(0x50000000)
#define MACHINE_BLOCKS UINT64_C(0x80000000) /* a multiple of 1 GiB */
#define MACHINE_END    UINT64_C(0x100000000)

#define REG_READ(name)                                                                                                 \
  __extension__({                                                                                                      \
    uint64_t reg_value;                                                                                                \
    __asm__ volatile("mrs %0, " #name : "=r"(reg_value) : : "memory");                                                 \
    reg_value;                                                                                                         \
  })
#define REG_WRITE(name, value) __asm__ volatile("msr " #name ", %0\n isb" ::"r"((uint64_t)(value)) : "memory")

#define HCR_VM (UINT64_C(1) << 0)  /* stage 2 on                                                            */
#define HCR_DC (UINT64_C(1) << 12) /* stage 1 off means normal write-back memory, not device                */
#define HCR_RW (UINT64_C(1) << 31) /* EL1 is AArch64                                                        */

/** What runs below EL2, and why it came back. Offsets are known to start.S. */
struct guest {
  uint64_t x[4];
  uint64_t pc, pstate;
  uint64_t esr, far, hpfar;
};

#define GUEST_EL1 UINT64_C(0x3c5) /* EL1h, all interrupts masked */
#define GUEST_EL0 UINT64_C(0x3c0) /* EL0t */

void guest_run(struct guest *g);
extern const uint8_t guest_page[], guest_load[], guest_store[], guest_fetch[], guest_vectors[];

/** Where the guest's page of code, guest_page, is in every space that a guest runs in. */
#define GUEST_GPA UINT64_C(0x7ffff000)

/** The program of this test, on the first CPU; it ends with judge_exit(). */
_Noreturn void test_main(void);

/** Start the second CPU (QEMU's -smp 2); it then waits for machine_on(1, ...). Ends the test when there is none. */
void machine_second_cpu(void);
/** Run work(arg) on a CPU, 0 or 1, and wait for it. */
void machine_on(uint32_t cpu, void (*work)(void *arg), void *arg);

/** Load what s2_root() gave, with nothing left of what was there before. hcr: HCR_DC or 0. */
void machine_install(struct s2_root root, uint64_t hcr);

uint64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
uint64_t semihosting(uint64_t operation, uint64_t argument);
void cpu_entry(void);
void machine_main(uint64_t cpu);
void machine_unexpected(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far);

#endif
