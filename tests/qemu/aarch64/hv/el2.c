/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * el2.c - the EL2 registers of one CPU (Arm DDI 0487): whatever the CPU has is the guest's, but EL2 keeps stage 2 and
 * every SMC. Interrupts, the virtual timer and the GIC go to EL1 directly.
 */
#include "hv.h"

SYSREG_RO(aa64mmfr0, "id_aa64mmfr0_el1")
SYSREG_RO(aa64mmfr1, "id_aa64mmfr1_el1")
SYSREG_RO(aa64pfr0, "id_aa64pfr0_el1")
SYSREG_RO(aa64pfr1, "id_aa64pfr1_el1")
SYSREG_RO(aa64dfr0, "id_aa64dfr0_el1")
SYSREG_RO(aa64isar2, "s3_0_c0_c6_2")
SYSREG_RO(aa64smfr0, "s3_0_c0_c4_5")
SYSREG_RO(pmcr, "pmcr_el0")
SYSREG(cptr, "cptr_el2")
SYSREG(zcr, "s3_4_c1_c2_0")
SYSREG(smcr, "s3_4_c1_c2_6")
SYSREG(hfgrtr, "s3_4_c1_c1_4")
SYSREG(hfgwtr, "s3_4_c1_c1_5")
SYSREG(hcrx, "s3_4_c1_c2_2")
SYSREG(mdcr, "mdcr_el2")
SYSREG(hstr, "hstr_el2")
SYSREG(cnthctl, "cnthctl_el2")
SYSREG(cntvoff, "cntvoff_el2")
SYSREG(vpidr, "vpidr_el2")
SYSREG(vmpidr, "vmpidr_el2")
SYSREG(icc_sre, "s3_4_c12_c9_5")
SYSREG(ich_hcr, "s3_4_c12_c11_0")
SYSREG(sctlr_el1, "sctlr_el1")
SYSREG(cpacr_el1, "cpacr_el1")

#define BIT(n) (UINT64_C(1) << (n))

#define HCR_VM      BIT(0)
#define HCR_TSC     BIT(19) /* an SMC of the guest comes here: CPU_ON would start code at EL2, outside stage 2 */
#define HCR_RW      BIT(31)
#define HCR_PAUTH   (BIT(40) | BIT(41)) /* APK, API: not trapped; RES0 without pointer authentication          */
#define HCR_ENSCXT  BIT(53)
#define HCR_ATA     BIT(56)
#define CPTR_RES1   UINT64_C(0x32ff)
#define CPTR_TZ     BIT(8)
#define CPTR_TSM    BIT(12)
#define SMCR_FA64   BIT(31)
#define FGT_SME     (BIT(54) | BIT(55)) /* nSMPRI_EL1, nTPIDR2_EL0: 0 would trap                               */
#define HCRX_MSCEN  BIT(11)
#define MDCR_E2PB   (BIT(12) | BIT(13))
#define MDCR_E2TB   (BIT(24) | BIT(25))
#define SCTLR_RESET UINT64_C(0x30d00800) /* EL1: MMU and caches off, little-endian                              */

static uint64_t field(uint64_t id, uint32_t shift) {
  return id >> shift & 0xfu;
}

static bool has_sve(void) {
  return field(read_aa64pfr0(), 32) != 0;
}

static bool has_sme(void) {
  return field(read_aa64pfr1(), 24) != 0;
}

static void setup_hcr(void) {
  uint64_t pfr0 = read_aa64pfr0();
  uint64_t pfr1 = read_aa64pfr1();
  uint64_t hcr = HCR_VM | HCR_TSC | HCR_RW | HCR_PAUTH;
  if (field(pfr1, 8) >= 2) {
    hcr |= HCR_ATA;
  }
  if (field(pfr1, 16) != 0 || field(pfr0, 56) >= 2) {
    hcr |= HCR_ENSCXT;
  }
  write_hcr_el2(hcr);
  barrier_isb();
}

/** Floating point and vectors, as long as the CPU can make them. */
static void setup_vectors(void) {
  uint64_t cptr = CPTR_RES1 | CPTR_TZ | CPTR_TSM;
  cptr &= has_sve() ? ~CPTR_TZ : UINT64_MAX;
  cptr &= has_sme() ? ~CPTR_TSM : UINT64_MAX;
  write_cptr(cptr);
  barrier_isb();
  if (has_sve()) {
    write_zcr(0x1ff);
  }
  if (has_sme()) {
    write_smcr(0xf | (read_aa64smfr0() >> 63 != 0 ? SMCR_FA64 : 0));
  }
}

/** Traps of newer extensions, whose bits mean the opposite of older ones. */
static void setup_fine_traps(void) {
  if (field(read_aa64mmfr0(), 56) != 0) {
    write_hfgrtr(has_sme() ? FGT_SME : 0);
    write_hfgwtr(has_sme() ? FGT_SME : 0);
  }
  if (field(read_aa64mmfr1(), 40) != 0) {
    write_hcrx(field(read_aa64isar2(), 16) != 0 ? HCRX_MSCEN : 0);
  }
}

/** All event counters, the profiling and the trace buffer are the guest's. */
static void setup_debug(void) {
  uint64_t dfr0 = read_aa64dfr0();
  uint64_t mdcr = field(dfr0, 8) != 0 ? read_pmcr() >> 11 & 0x1fu : 0;
  mdcr |= field(dfr0, 32) != 0 ? MDCR_E2PB : 0;
  mdcr |= field(dfr0, 44) != 0 ? MDCR_E2TB : 0;
  write_mdcr(mdcr);
}

static void setup_machine(void) {
  write_hstr(0);
  write_cnthctl(3); /* the physical timer and counter, too */
  write_cntvoff(0);
  write_vpidr(read_midr_el1());
  write_vmpidr(read_mpidr_el1());
  if (field(read_aa64pfr0(), 24) != 0) {
    write_icc_sre(0xf); /* GIC system registers at EL1 */
    barrier_isb();
    write_ich_hcr(0);
  }
  write_sctlr_el1(SCTLR_RESET);
  write_cpacr_el1(0);
}

void el2_setup(void) {
  setup_hcr();
  setup_vectors();
  setup_fine_traps();
  setup_debug();
  setup_machine();
  guest_install();
  __asm__ volatile("tlbi alle1is\n dsb ish\n ic iallu\n dsb ish\n isb" : : : "memory");
}

static void put_register(const char *name, uint64_t value) {
  put(name);
  put_hex(value);
}

void el2_print(void) {
  put_register("[hv] midr=", read_midr_el1());
  put_register(" hcr=", read_hcr_el2());
  put_register(" vtcr=", read_vtcr_el2());
  put_register(" vttbr=", read_vttbr_el2());
  put_register(" cptr=", read_cptr());
  put_register(" mdcr=", read_mdcr());
  put("\n");
}
