/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hv.h - the thin hypervisor under Linux: the map of the machine, what its parts offer each other, system registers.
 *
 * Guest RAM is [RAM_BASE, RAM_BASE + RAM_SIZE) in guest addresses. None of it is at the same host address: frames come
 * from [FRAMES, +RAM_SIZE) in random order, and what is not resident waits in the store, one place per guest page.
 */
#ifndef TESTS_QEMU_A64_HV_H
#define TESTS_QEMU_A64_HV_H

#include "stage2/stage2.h"

/* guest physical */
#define RAM_BASE   UINT64_C(0x40000000)
#define RAM_SIZE   UINT64_C(0x1e000000) /* 480 MiB, as the memory node of the guest's device tree says */
#define KERNEL_GPA UINT64_C(0x40200000)
#define INITRD_GPA UINT64_C(0x4c000000)
#define DTB_GPA    UINT64_C(0x4f000000)
/* host physical; hv.ld places the program itself at 0x41000000 */
#define CONFIG_HPA UINT64_C(0x43fff000)
#define KERNEL_HPA UINT64_C(0x44000000) /* the three images as QEMU's loader leaves them */
#define INITRD_HPA UINT64_C(0x47000000)
#define DTB_HPA    UINT64_C(0x47800000)
#define FRAMES     UINT64_C(0x48000000)
#define STORE      UINT64_C(0x80000000)

#define BLOCK_SIZE  UINT64_C(0x200000)
#define BLOCK_PAGES 512u
#define BLOCK_ORDER 9u
#define RAM_PAGES   122880u
#define RAM_BLOCKS  240u
#define MAX_CPUS    4u

/** What run.sh wants; at CONFIG_HPA, written by QEMU's loader. */
struct config {
  uint64_t resident; /* frames there are, a multiple of 512; 0: one for each page of the guest        */
  uint64_t blocks;   /* 1: 2 MiB leaves where a whole block of frames is free                         */
  uint64_t pieces;   /* 1: evict single pages out of blocks, log by pages, collapse what stayed clean  */
  uint64_t round;    /* faults between two rounds of dirty logging; 0: no logging                     */
  uint64_t hardware; /* 1: log by the hardware's dirty state, which features must have; else by write protection */
  uint64_t features; /* S2_FEAT_ bits                                                                 */
  uint64_t vmid;
  uint64_t kernel_size, initrd_size, dtb_size;
};
#define CONFIG ((const volatile struct config *)CONFIG_HPA)

/** Everything that is counted; printed at power-off. */
struct counters {
  uint64_t data, inst, walk, spurious; /* faults that were resolved, by kind of access; and those already resolved */
  uint64_t permission, upgrades;       /* permission faults; leaves that got their write right back                */
  uint64_t no_ipa;                     /* permission faults whose stage 1 had changed in between                   */
  uint64_t refused;                    /* faults that first found no frame                                         */
  uint64_t evictions, written, clean;  /* s2_discard() calls; pages written out; pages dropped unwritten           */
  uint64_t refills;                    /* pages brought back from the store                                        */
  uint64_t rounds, logged;             /* harvests of all RAM; pages that any harvest found dirty                  */
  uint64_t collapses, hvc, smc;
};
extern struct counters count;

/* console.c */
void put(const char *text);
void put_hex(uint64_t value);
/** " name=value", decimal. */
void put_count(const char *name, uint64_t value);
/** Say why, with the syndrome registers and all counters, and switch the machine off. */
_Noreturn void fatal(const char *why);

/* frames.c: the host's memory, behind the functions of stage2/host.h */
void frames_init(void);
/** The guest page or block that the next frame is for. */
void frames_for(uint64_t gpa);
/** Pages filled since frames_for(): 0, 1 or 512. */
uint32_t frames_filled(void);
/** Pages of [gpa, gpa + size), all or those with a 1 in the map, are other than what the store holds. */
void frames_dirty(uint64_t gpa, uint64_t size);
void frames_dirty_map(uint64_t gpa, uint64_t size, const uint64_t *map);
/** Copy to the store what is dirty; nothing is afterwards. The guest must not be able to write unseen. */
void frames_save(void);
/** Nothing of the page at hpa stays in a cache that the guest may bypass. */
void frames_clean(uint64_t hpa);
/** Is hpa the frame of the guest page at gpa? */
bool frames_owned(uint64_t hpa, uint64_t gpa);
uint64_t frames_in_use(void);

/* guest.c: the guest's address space */
void guest_init(void);
/** Fault until it is resolved: with room made by eviction, and dirty logging. access: S2_R, S2_W or S2_X. */
void guest_fault(uint64_t ipa, uint32_t access);
void guest_load(void);
void guest_install(void);
/** Counters, then the audit: every leaf, frame and table accounted for, and everything gives itself back. */
void guest_report(void);
/** One CPU at a time in the space: an abort handler takes it, and the power-off keeps it. */
void guest_lock(void);
void guest_unlock(void);

/* el2.c, psci.c, exits.c */
struct frame {
  uint64_t x[19]; /* x0..x18; the rest is the C code's to keep */
  uint64_t x29, x30;
};
void el2_setup(void);
void el2_print(void);
_Noreturn void el2_main(uint64_t cpu);
void psci_handle(uint64_t x[4]);
/** Where CPU `cpu` starts in the guest. */
struct cpu_start {
  uint64_t pc, x0;
};
struct cpu_start psci_start_of(uint64_t cpu);
void handle_sync(struct frame *f);
_Noreturn void handle_unexpected(uint64_t vector);

/* start.S */
_Noreturn void enter_guest(uint64_t x0, uint64_t pc);
uint64_t smc_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void secondary_entry(void);

/** read_NAME() and write_NAME() for a system register that the assembler calls `reg`. */
#define SYSREG(name, reg)                                                                                              \
  static inline uint64_t read_##name(void) {                                                                           \
    uint64_t value;                                                                                                    \
    __asm__ volatile("mrs %0, " reg : "=r"(value) : : "memory");                                                       \
    return value;                                                                                                      \
  }                                                                                                                    \
  static inline void write_##name(uint64_t value) {                                                                    \
    __asm__ volatile("msr " reg ", %0" : : "r"(value) : "memory");                                                     \
  }
/** Only read_NAME(): the register cannot be written. */
#define SYSREG_RO(name, reg)                                                                                           \
  static inline uint64_t read_##name(void) {                                                                           \
    uint64_t value;                                                                                                    \
    __asm__ volatile("mrs %0, " reg : "=r"(value) : : "memory");                                                       \
    return value;                                                                                                      \
  }
SYSREG(esr_el2, "esr_el2")
SYSREG(far_el2, "far_el2")
SYSREG(hpfar_el2, "hpfar_el2")
SYSREG(elr_el2, "elr_el2")
SYSREG(spsr_el2, "spsr_el2")
SYSREG(hcr_el2, "hcr_el2")
SYSREG(vtcr_el2, "vtcr_el2")
SYSREG(vttbr_el2, "vttbr_el2")
SYSREG(par_el1, "par_el1")
SYSREG_RO(ctr_el0, "ctr_el0")
SYSREG_RO(cntpct_el0, "cntpct_el0")
SYSREG_RO(cntfrq_el0, "cntfrq_el0")
SYSREG_RO(midr_el1, "midr_el1")
SYSREG_RO(mpidr_el1, "mpidr_el1")

static inline void barrier_isb(void) {
  __asm__ volatile("isb" : : : "memory");
}

#endif
