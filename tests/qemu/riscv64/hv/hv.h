/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hv.h - a small hypervisor around libstage2: one Linux guest, each vCPU on the hart of its number; or (GUESTS 2) two
 * guests with one vCPU each, taking turns on one hart.
 *
 * The guest's RAM is GPA [RAM_LO, RAM_HI). QEMU loads kernel, initramfs and device tree at host addresses equal to these
 * GPAs: the guest's image. The guest never runs on the image: each page it touches is copied to a frame of the pool, and
 * back to the image when it is evicted. So a translation that is not forgotten in time shows another page's contents.
 */
#ifndef TESTS_RISCV64_HV_H
#define TESTS_RISCV64_HV_H

#include "arch/riscv64/vcpu/vcpu.h"
#include "stage2/host.h"
#include "stage2/stage2.h"

#ifdef UNDER_SBI
#define RAM_LO UINT64_C(0x80400000)
#else
#define RAM_LO UINT64_C(0x80200000)
#endif
#define RAM_HI  UINT64_C(0xa0000000)
#define DTB_GPA UINT64_C(0x8f000000)

#define POOL       UINT64_C(0xa1000000)
#define POOL_PAGES 131072u /* 512 MiB: as much as the guest's RAM */
/* -DRESIDENT=n: frames that the guest may have at a time */
#ifndef RESIDENT
#define RESIDENT POOL_PAGES
#endif
/* -DGPA_BITS=41 (Sv39x4) or 50 (Sv48x4) */
#ifndef GPA_BITS
#define GPA_BITS 41
#endif
/* -DGUEST_FEATURES=: less than the hart has, for a guest that is not to use it; or vectors besides */
#define HART_FEATURES (S2_RV_FEAT_SSTC | S2_RV_FEAT_FP | S2_RV_FEAT_ENVCFG)
#ifndef GUEST_FEATURES
#define GUEST_FEATURES HART_FEATURES
#endif
#define VECTOR_BYTES 1024u /* of a vCPU: vlenb up to 32 */
/* -DTRAP_WFI=1: the guest's wfi exits even when nobody else needs the hart */
#ifndef TRAP_WFI
#define TRAP_WFI 0
#endif
/* -DHARTS=n: vCPUs, one per hart */
#ifndef HARTS
#define HARTS 1
#endif
/* -DGUESTS=2: with one emulated UART each; their RAM has the same GPAs, the frames come from one pool */
#ifndef GUESTS
#define GUESTS 1
#endif
_Static_assert(GUESTS == 1 || HARTS == 1, "two guests share one hart");
/* the image of GPA x in guest n is at HPA x + n IMAGE_STEP */
#define IMAGE_STEP UINT64_C(0x41000000)
/* -DNO_REMOTE_FENCE: the negative test. Other harts are not told that a page went away. */

/* where QEMU's virt machine has things */
#define UART     UINT64_C(0x10000000)
#define TEST     UINT64_C(0x00100000)
#define SSWI     UINT64_C(0x02f00000)
#define PLIC_CTX UINT64_C(0x0c200000) /* 4 KiB per context; 2 n + 1 is S-mode of hart n */
#define PCI_LO   UINT64_C(0x400000000)
#define PCI_SIZE UINT64_C(0x400000000)

/** What serialises: first in the struct behind a ctx. */
struct lock {
  uint32_t held;
};

/* out.c */
void put_char(char c);
void put(const char *text);
void put_dec(uint64_t n);
void put_hex(uint64_t n);
_Noreturn void power_off(int code);

/* uart.c: a 16550 without interrupts, at GPA UART */
struct uart {
  uint8_t reg[8]; /* as written; divisor latches beside */
  uint8_t latch[2];
};
struct vm;
bool uart(struct vm *vm, struct s2_rv_vcpu *v, const struct s2_rv_exit *e);

/* frames.c */
bool evict(void);
struct frames_report {
  uint64_t taken, most, evictions;
};
struct frames_report frames_report(void);

/* cross.c: harts among each other */
uint32_t my_hart(void);
void hart_online(void);
void serve(void);
void doze(void);
uint64_t shootdowns(void);
/* what the firmware was asked for, with UNDER_SBI */
struct sbi_report {
  uint64_t starts, ipis, fences;
};
struct sbi_report sbi_report(void);
bool start_hart(uint64_t number, uint64_t pc); /* UNDER_SBI */

/** A guest and what it owns; the ctx of its space and of its vCPUs. */
struct vm {
  struct lock lock; /* first */
  uint32_t number;
  bool off, waiting;
  uint64_t wake; /* waiting: until this time at the latest */
  struct s2_space space;
  struct s2_rv_guest guest;
  struct s2_rv_vcpu vcpu[HARTS];
  struct uart uart;
  uint32_t held; /* console line so far */
  char line[256];
};
extern struct vm vms[GUESTS];

#endif
