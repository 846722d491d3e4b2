/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* probe.c - running one access below EL2 and decoding ESR_EL2, FAR_EL2 and HPFAR_EL2 (Arm DDI 0487, D19.2). */
#include "probe.h"

#define ESR_EC(esr)     ((uint32_t)((esr) >> 26) & 0x3fu)
#define ESR_FSC(esr)    ((uint32_t)(esr)&0x3fu)
#define ESR_WNR         UINT64_C(0x40)
#define ESR_S1PTW       UINT64_C(0x80)
#define ESR_FNV         UINT64_C(0x400)
#define EC_FETCH_LOWER  0x20u
#define EC_DATA_LOWER   0x24u
#define EC_BRK          0x3cu
#define HPFAR_FIPA(reg) (((reg)&UINT64_C(0x00000ffffffffff0)) << 8)

static const uint8_t *code_of(enum probe_access access) {
  if (access == PROBE_LOAD) {
    return guest_load;
  }
  return access == PROBE_STORE ? guest_store : guest_fetch;
}

/** Fault status codes: 0b00tt ll above level 3 - ll; tt 01 translation, 10 access flag, 11 permission. */
static enum probe_kind kind_of(uint32_t fsc) {
  static const enum probe_kind kind[4] = {PROBE_ODD, PROBE_TRANSLATION, PROBE_FLAG, PROBE_PERMISSION};
  return fsc < 16u ? kind[fsc >> 2] : PROBE_ODD;
}

/** Do class, direction and validity of the syndrome fit the access that was made? */
static bool fits(enum probe_access access, uint64_t esr) {
  uint32_t ec = access == PROBE_FETCH ? EC_FETCH_LOWER : EC_DATA_LOWER;
  bool store = access == PROBE_STORE && (esr & ESR_S1PTW) == 0;
  return ESR_EC(esr) == ec && (esr & ESR_FNV) == 0 && ((esr & ESR_WNR) != 0) == store;
}

/**
 * The address that faulted. HPFAR_EL2 has the page for translation and access flag faults and for stage 1's walks;
 * otherwise it is not architected, and with stage 1 off FAR_EL2 is the guest address.
 */
static uint64_t address_of(const struct guest *g, enum probe_kind kind) {
  if ((g->esr & ESR_S1PTW) != 0) {
    return HPFAR_FIPA(g->hpfar);
  }
  return kind == PROBE_PERMISSION ? g->far : HPFAR_FIPA(g->hpfar) | (g->far & 0xfffu);
}

struct probe_seen probe(enum probe_access access, uint64_t pstate, uint64_t va, uint64_t value) {
  uint64_t pc = GUEST_GPA + (uint64_t)(code_of(access) - guest_page);
  uint64_t end = access == PROBE_FETCH ? va : pc + 4u; /* the brk that says the access was made */
  struct guest g = {{0, va, value, 0}, pc, pstate, 0, 0, 0};
  struct probe_seen seen = {PROBE_ODD, 0, 0, 0, false, 0};
  guest_run(&g);
  seen.esr = g.esr;
  if (ESR_EC(g.esr) == EC_BRK) {
    seen.kind = g.pc == end ? PROBE_DONE : PROBE_ODD;
    seen.value = access == PROBE_FETCH ? g.esr & 0xffffu : g.x[0];
    return seen;
  }
  if (fits(access, g.esr) && g.far == va) {
    seen.kind = kind_of(ESR_FSC(g.esr));
    seen.level = 3u - (ESR_FSC(g.esr) & 3u);
    seen.s1walk = (g.esr & ESR_S1PTW) != 0;
    seen.gpa = address_of(&g, seen.kind);
  }
  return seen;
}
