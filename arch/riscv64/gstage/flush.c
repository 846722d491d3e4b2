/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * G-stage invalidation: HFENCE.GVMA (Privileged ISA, hypervisor extension, "Hypervisor Memory-Management Fence
 * Instructions"). It orders this hart's earlier table stores before its later walks and forgets combined two-stage
 * translations too, so no HFENCE.VVMA follows. It reaches this hart only.
 */
#include "stage2/flush.h"

#if !defined(S2_HOSTED) && !defined(__riscv)
#error "G-stage invalidation needs a RISC-V target or a hosted build"
#endif

/* Written as .insn (opcode SYSTEM, funct3 0, funct7 0x31), because older assemblers do not know the H extension. */

/** Forget one guest address of one VMID; rs1 holds the address shifted right by 2. */
static void hfence_gvma_gpa(uint64_t gpa_by_4, uint32_t vmid) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_HFENCE_GVMA, gpa_by_4, vmid);
#else
  uint64_t id = vmid;
  __asm__ volatile(".insn r 0x73, 0, 0x31, x0, %0, %1" : : "r"(gpa_by_4), "r"(id) : "memory");
#endif
}

/** Forget every guest address of one VMID: rs1 is x0. */
static void hfence_gvma_vmid(uint32_t vmid) {
#ifdef S2_HOSTED
  s2_trace_record(S2_INSN_HFENCE_GVMA, UINT64_MAX, vmid);
#else
  uint64_t id = vmid;
  __asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, %0" : : "r"(id) : "memory");
#endif
}

void s2_arch_flush_all(const struct s2_tlb *tlb) {
  hfence_gvma_vmid((uint32_t)tlb->vmid);
}

void s2_arch_flush_range(const struct s2_tlb *tlb, uint64_t first, uint64_t last, uint64_t step) {
  uint64_t gpa;
  if (step == 0 || first > last) {
    hfence_gvma_vmid((uint32_t)tlb->vmid); /* no range: forget too much rather than too little */
    return;
  }
  /* from a multiple of step, so that the entry around last is met as well; the remaining length cannot wrap */
  gpa = first - first % step;
  hfence_gvma_gpa(gpa >> 2, (uint32_t)tlb->vmid);
  while (last - gpa >= step) {
    gpa += step;
    hfence_gvma_gpa(gpa >> 2, (uint32_t)tlb->vmid);
  }
}
