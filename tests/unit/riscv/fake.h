/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** fake.h - a hart and a guest for hosted tests: CSRs are an array, the guest is a script of traps. After cmocka.h. */
#ifndef TESTS_UNIT_RISCV_FAKE_H
#define TESTS_UNIT_RISCV_FAKE_H

#include "../setup.h"
#include "arch/riscv64/vcpu/sbi.h"
#include "arch/riscv64/vcpu/vcpu.h"

#define RAM       UINT64_C(0x80000000) /* one lazy area, RAM_PAGES long */
#define ROM       UINT64_C(0x20000000) /* one page, read and execute    */
#define DATA      UINT64_C(0x30000000) /* one page, read and write      */
#define DEVICE    UINT64_C(0x10000000) /* no area                       */
#define RAM_PAGES 64u

/** One trap of the guest. ecall: registers first. */
struct script {
  uint64_t scause, stval, htval, htinst;
  uint64_t x[8]; /* a0..a7, set when scause is an ecall */
};

struct fake {
  struct env env;
  struct s2_rv_machine machine;
  struct s2_rv_hart hart[2];
  struct s2_rv_guest guest;
  struct s2_rv_vcpu vcpu[S2_RV_MAX_VCPUS];
  struct script script[16];
  uint32_t at, count; /* next line, lines; after the last one the host's timer interrupts */
  uint32_t entries;
  uint64_t insn;       /* what hlvx reads at sepc, 4 bytes */
  uint64_t insn_cause; /* or fails with                    */
  uint64_t insn_htval;
  uint64_t hlvd_value, hlvd_cause, hlvd_htval;
  uint64_t kicked, waited; /* masks */
  uint32_t quiesced, gvma, gvma_pages, vvma, pages, fence_i;
  int32_t locks;                         /* held now */
  uint32_t remote_adding, remote_taking; /* s2_host_flush_remote() with and without the guest's hint `adding` */
  char out[8192];
  uint32_t out_len, out_calls;
  const char *in;
  uint8_t vectors[8 * S2_RV_MAX_VCPUS];
};
extern struct fake f;

/** A machine with that many vCPUs; vCPU 0 is started at RAM. */
void fake_open(uint32_t vcpus, uint32_t flags, uint32_t features, uint32_t vmid_bits);
void fake_close(void);
void fake_trap(uint64_t scause, uint64_t gpa, uint64_t htinst);
void fake_ecall(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
struct s2_rv_exit fake_run(void);
/** Run one ecall to its answer: error in *value's place, value in the second. Ends at the script's timer. */
int64_t fake_sbi(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t *value);

#endif
