/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** exits.c - each CPU's way into the guest, and why it comes back: aborts of stage 2, SMC, HVC. Nothing else may. */
#include "hv.h"

#define EC_HVC        0x16u
#define EC_SMC        0x17u
#define EC_INST_ABORT 0x20u
#define EC_DATA_ABORT 0x24u
#define ESR_WNR       (UINT64_C(1) << 6)
#define ESR_S1PTW     (UINT64_C(1) << 7)
#define ESR_CM        (UINT64_C(1) << 8)
#define FSC_TYPE      0x3cu
#define FSC_TRANSLATE 0x04u
#define FSC_PERMIT    0x0cu
#define PAR_F         UINT64_C(1)
#define PAR_PA        UINT64_C(0x0000fffffffff000)
#define NO_IPA        UINT64_MAX

/**
 * The guest address behind FAR_EL2, by the guest's own stage 1; NO_IPA when there is none any more. HPFAR_EL2 is not
 * architected for a permission fault that is not on a stage 1 walk (DDI 0487, HPFAR_EL2). The guest may be between its
 * own AT and its read of PAR_EL1, so that is put back.
 */
static uint64_t ipa_of_far(void) {
  uint64_t far = read_far_el2();
  uint64_t kept = read_par_el1();
  __asm__ volatile("at s1e1r, %0\n isb" : : "r"(far) : "memory");
  uint64_t par = read_par_el1();
  write_par_el1(kept);
  return (par & PAR_F) != 0 ? NO_IPA : (par & PAR_PA) | (far & 0xfffu);
}

static uint64_t ipa_of_fault(uint64_t esr) {
  if ((esr & FSC_TYPE) == FSC_PERMIT && (esr & ESR_S1PTW) == 0) {
    return ipa_of_far();
  }
  return (read_hpfar_el2() >> 4) << 12 | (read_far_el2() & 0xfffu);
}

/** What the access needs. A walk of stage 1 reads, and writes when the hardware sets an access flag or dirty state. */
static uint32_t access_of(uint64_t esr, bool inst) {
  bool permission = (esr & FSC_TYPE) == FSC_PERMIT;
  if ((esr & ESR_S1PTW) != 0) {
    return permission ? S2_W : S2_R;
  }
  if (inst) {
    return S2_X;
  }
  bool write = (esr & ESR_WNR) != 0 && (permission || (esr & ESR_CM) == 0);
  return write ? S2_W : S2_R;
}

static void count_abort(uint64_t esr, bool inst) {
  if ((esr & ESR_S1PTW) != 0) {
    count.walk++;
  }
  if ((esr & FSC_TYPE) == FSC_PERMIT) {
    count.permission++;
  } else if (inst) {
    count.inst++;
  } else {
    count.data++;
  }
}

static void handle_abort(uint64_t esr, bool inst) {
  uint64_t type = esr & FSC_TYPE;
  if (type != FSC_TRANSLATE && type != FSC_PERMIT) {
    fatal("an abort that is neither translation nor permission");
  }
  guest_lock();
  uint64_t ipa = ipa_of_fault(esr);
  count_abort(esr, inst);
  if (ipa == NO_IPA) {
    count.no_ipa++; /* stage 1 changed, or its table is not resident: the access faults again, with better news */
  } else {
    guest_fault(ipa, access_of(esr, inst));
  }
  __asm__ volatile("dsb ishst" : : : "memory");
  guest_unlock();
}

void handle_sync(struct frame *f) {
  uint64_t esr = read_esr_el2();
  switch (esr >> 26) {
    case EC_INST_ABORT:
      handle_abort(esr, true);
      return;
    case EC_DATA_ABORT:
      handle_abort(esr, false);
      return;
    case EC_SMC: /* trapped, so ELR_EL2 is the SMC itself */
      write_elr_el2(read_elr_el2() + 4);
      count.smc++;
      psci_handle(f->x);
      return;
    case EC_HVC:
      count.hvc++;
      f->x[0] = UINT64_MAX;
      return;
    default:
      fatal("an exit that nothing handles");
  }
}

void handle_unexpected(uint64_t vector) {
  put_count("vector", vector);
  fatal("an exception that nothing expects");
}

void el2_main(uint64_t cpu) {
  if (cpu == 0) {
    frames_init();
    guest_init();
  }
  el2_setup();
  if (cpu != 0) {
    struct cpu_start start = psci_start_of(cpu);
    enter_guest(start.x0, start.pc);
  }
  el2_print();
  guest_load();
  enter_guest(DTB_GPA, KERNEL_GPA);
}
