/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * psci.c - power control (Arm DEN 0022). The guest's SMCs are trapped: a CPU that it starts must enter EL2 here first,
 * and nothing is passed on that is not known to be harmless.
 */
#include "hv.h"

#define PSCI_VERSION           UINT64_C(0x84000000)
#define PSCI_CPU_OFF           UINT64_C(0x84000002)
#define PSCI_CPU_ON            UINT64_C(0xc4000003)
#define PSCI_AFFINITY_INFO     UINT64_C(0xc4000004)
#define PSCI_MIGRATE_INFO_TYPE UINT64_C(0x84000006)
#define PSCI_SYSTEM_OFF        UINT64_C(0x84000008)
#define PSCI_SYSTEM_RESET      UINT64_C(0x84000009)
#define PSCI_FEATURES          UINT64_C(0x8400000a)
#define NOT_SUPPORTED          UINT64_MAX        /* -1 */
#define INVALID_PARAMETERS     (UINT64_MAX - 1u) /* -2 */

static struct cpu_start starts[MAX_CPUS];

struct cpu_start psci_start_of(uint64_t cpu) {
  return starts[cpu];
}

/** Its caches are off when it reads this. */
static void clean(const void *at) {
  __asm__ volatile("dc cvac, %0\n dsb sy" : : "r"(at) : "memory");
}

/** The CPU starts in this program at EL2, and goes on to the guest's own entry from there. */
static uint64_t cpu_on(uint64_t mpidr, uint64_t pc, uint64_t x0) {
  uint64_t cpu = mpidr & 0xffu;
  if (mpidr != cpu || cpu >= MAX_CPUS) {
    return INVALID_PARAMETERS;
  }
  starts[cpu].pc = pc;
  starts[cpu].x0 = x0;
  clean(&starts[cpu]);
  return smc_call(PSCI_CPU_ON, mpidr, (uint64_t)secondary_entry, cpu);
}

/** What the firmware may be asked as it stands. CPU_SUSPEND is not among it: a CPU that waits does so with WFI. */
static bool passes(uint64_t function) {
  switch (function) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_AFFINITY_INFO:
    case PSCI_MIGRATE_INFO_TYPE:
      return true;
    default:
      return false;
  }
}

static bool knows(uint64_t function) {
  return passes(function) || function == PSCI_CPU_ON || function == PSCI_SYSTEM_OFF || function == PSCI_SYSTEM_RESET ||
         function == PSCI_FEATURES;
}

static void power_off(uint64_t function) {
  guest_lock(); /* never given back: the other CPUs stop at their next exit */
  guest_report();
  put(function == PSCI_SYSTEM_OFF ? "[hv] power off\n" : "[hv] reset\n");
  (void)smc_call(function, 0, 0, 0);
}

/** W0 names the function (Arm DEN 0028). */
void psci_handle(uint64_t x[4]) {
  uint64_t function = x[0] & 0xffffffffu;
  if (function == PSCI_CPU_ON) {
    x[0] = cpu_on(x[1], x[2], x[3]);
  } else if (function == PSCI_SYSTEM_OFF || function == PSCI_SYSTEM_RESET) {
    power_off(function);
  } else if (passes(function) || (function == PSCI_FEATURES && knows(x[1] & 0xffffffffu))) {
    x[0] = smc_call(function, x[1], x[2], x[3]);
  } else {
    x[0] = NOT_SUPPORTED;
  }
}
