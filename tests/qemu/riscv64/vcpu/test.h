/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test.h - guests with a little memory, for the programs of this folder. The host's own code and data are at 0x80000000
 * and 0xa0000000 (../hv/link.ld), guests' frames at 0xa1000000: no GPA is an HPA.
 */
#ifndef TESTS_RISCV64_VCPU_TEST_H
#define TESTS_RISCV64_VCPU_TEST_H

#include "arch/riscv64/vcpu/vcpu.h"
#include "stage2/host.h"
#include "stage2/stage2.h"
#include "tests/qemu/riscv64/hv/hv.h"

#define RAM      UINT64_C(0x40000000) /* guest.S, then zeros: lazy, 8 MiB */
#define RAM_SIZE UINT64_C(0x800000)
#define EMPTY    UINT64_C(0x100000) /* offset in RAM: never written      */
#define FRESH    (RAM + UINT64_C(0x200000))
#define ROM      UINT64_C(0x20000000) /* one page, read and execute       */
#define DEVICE   UINT64_C(0x10000000) /* no area                          */
#define NOWHERE  UINT64_C(0x50000000) /* no area                          */
#ifndef TURNS
#define TURNS 8000u
/* guest.S, for the host */
void host_vector_load(const uint64_t v[32]);
void host_vector_store(uint64_t v[32]);

#endif

struct guest_memory {
  struct lock lock; /* first: hv.h */
  struct s2_space space;
  struct s2_rv_guest *guest;
  uint32_t number;
  uint32_t used, limit, next; /* frames */
  uint32_t *code;             /* the host's view of the page at RAM */
};

void memory_init(struct guest_memory *m, uint32_t number, uint32_t gpa_bits);
void plic_raise(void);
void plic_lower(void);

/* guest.S */
extern const uint8_t guest_begin[], guest_end[];
extern const uint8_t guest_touch[], guest_load[], guest_rotate[], guest_fp[], guest_csrs[], guest_trap[], guest_wait[],
    guest_sum[], guest_calls[], guest_pages[], guest_stop[], guest_vector[], guest_vrotate[];
extern const uint8_t g_lb[], g_lh[], g_lw[], g_ld[], g_lbu[], g_lhu[], g_lwu[], g_flw[], g_fld[], g_sb[], g_sh[],
    g_sw[], g_sd[], g_fsw[], g_fsd[], g_amo[], g_jump[], g_hcsr[], g_wfi[], g_wrs[], g_nop[], g_time[], g_vector[],
    g_c_lw[], g_c_ld[], g_c_sw[], g_c_sd[], g_c_fld[], g_c_fsd[], g_c_lwsp[], g_c_ldsp[], g_c_sdsp[], g_c_fldsp[];

/* guest.S, for the host */
void host_vector_load(const uint64_t v[32]);
void host_vector_store(uint64_t v[32]);

#endif
