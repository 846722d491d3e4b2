/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* machine.c - console, exit, the second CPU, and putting a space in place. */
#include "machine.h"
#include "stage2/host.h"

#define UART_DATA  UINT64_C(0x09000000)
#define UART_FLAGS UINT64_C(0x09000018)
#define UART_FULL  0x20u

#define SYS_EXIT_EXTENDED    0x20u
#define ADP_STOPPED_EXIT     UINT64_C(0x20026)
#define PSCI_CPU_ON          UINT64_C(0xc4000003)
#define MDCR_TDE             (UINT64_C(1) << 8) /* debug exceptions, brk among them, go to EL2 */
#define SCTLR_EL1_STAGE1_OFF UINT64_C(0x30d00800)
#define CPTR_NOTHING_TRAPPED UINT64_C(0x32ff)

static volatile uint32_t *mmio(uint64_t address) {
  return (volatile uint32_t *)address;
}

void judge_putc(char c) {
  while ((*mmio(UART_FLAGS) & UART_FULL) != 0) {
  }
  *mmio(UART_DATA) = (uint32_t)c;
}

/** QEMU's exit code is this one. */
void judge_exit(int code) {
  uint64_t block[2] = {ADP_STOPPED_EXIT, (uint64_t)code};
  (void)semihosting(SYS_EXIT_EXTENDED, (uint64_t)block);
  for (;;) {
  }
}

void machine_unexpected(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far) {
  judge_puts("unexpected exception: vector ");
  judge_put_dec(vector);
  judge_puts(" esr ");
  judge_put_hex(esr);
  judge_puts(" elr ");
  judge_put_hex(elr);
  judge_puts(" far ");
  judge_put_hex(far);
  judge_puts("\n0 passed, 1 failed\n");
  judge_exit(2);
}

void machine_install(struct s2_root root, uint64_t hcr) {
  REG_WRITE(vtcr_el2, root.ctrl);
  REG_WRITE(vttbr_el2, root.base);
  REG_WRITE(hcr_el2, HCR_RW | HCR_VM | hcr);
  __asm__ volatile("dsb ishst\n tlbi vmalls12e1is\n dsb ish\n isb" ::: "memory");
}

static void prepare_el1(void) {
  REG_WRITE(hcr_el2, HCR_RW);
  REG_WRITE(cptr_el2, CPTR_NOTHING_TRAPPED);
  REG_WRITE(mdcr_el2, MDCR_TDE);
  REG_WRITE(sctlr_el1, SCTLR_EL1_STAGE1_OFF);
  REG_WRITE(vbar_el1, GUEST_GPA + (uint64_t)(guest_vectors - guest_page));
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx; /* never called: the instructions reach every CPU */
  (void)vmid;
  (void)first;
  (void)last;
}

/* What the second CPU is to do; `asked` and `done` count requests. */
static struct {
  void (*work)(void *arg);
  void *arg;
  uint32_t asked, done;
} second;

/* Interrupts that wake the other CPU (GICv2): pending ones end a wfi, masked as they are, and are taken back then. */
#define GICD_CTLR UINT64_C(0x08000000)
#define GICD_SGIR UINT64_C(0x08000f00)
#define GICC_CTLR UINT64_C(0x08010000)
#define GICC_PMR  UINT64_C(0x08010004)
#define GICC_IAR  UINT64_C(0x0801000c)
#define GICC_EOIR UINT64_C(0x08010010)

static void wake_begin(void) {
  *mmio(GICD_CTLR) = 1;
  *mmio(GICC_PMR) = 0xff;
  *mmio(GICC_CTLR) = 1;
}

static void wake(uint32_t cpu) {
  __asm__ volatile("dsb sy" : : : "memory");
  *mmio(GICD_SGIR) = UINT32_C(0x10000) << cpu;
}

static void sleep(void) {
  __asm__ volatile("dsb sy\n wfi" : : : "memory");
  *mmio(GICC_EOIR) = *mmio(GICC_IAR);
}

static uint32_t counter_read(const uint32_t *counter) {
  return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void counter_set(uint32_t *counter, uint32_t value) {
  __atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static _Noreturn void second_main(void) {
  wake_begin();
  for (;;) {
    while (counter_read(&second.asked) == second.done) {
      sleep();
    }
    second.work(second.arg);
    counter_set(&second.done, second.done + 1u);
    wake(0);
  }
}

void machine_on(uint32_t cpu, void (*work)(void *arg), void *arg) {
  if (cpu == 0) {
    work(arg);
    return;
  }
  second.work = work;
  second.arg = arg;
  counter_set(&second.asked, second.asked + 1u);
  wake(1);
  while (counter_read(&second.done) != second.asked) {
    sleep();
  }
}

static void nothing(void *arg) {
  (void)arg;
}

void machine_second_cpu(void) {
  wake_begin();
  if (psci_call(PSCI_CPU_ON, 1, (uint64_t)cpu_entry, 1) != 0) {
    judge_puts("no second CPU\n0 passed, 1 failed\n");
    judge_exit(2);
  }
  machine_on(1, nothing, NULL);
}

void machine_main(uint64_t cpu) {
  prepare_el1();
  if (cpu != 0) {
    second_main();
  }
  test_main();
}
