/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * trace.c - what a hosted build would have executed (include/stage2/flush.h).
 */
#include "stage2/flush.h"

struct s2_trace s2_trace;

void s2_trace_record(enum s2_insn insn, uint64_t a, uint64_t b) {
  if (s2_trace.count < S2_TRACE_MAX) {
    struct s2_trace_entry *e = &s2_trace.e[s2_trace.count];
    e->insn = insn;
    e->a = a;
    e->b = b;
  }
  s2_trace.count++;
}

const char *s2_insn_name(enum s2_insn insn) {
  switch (insn) {
    case S2_INSN_INVEPT:
      return "invept";
    case S2_INSN_ASID_FLUSH:
      return "asid flush";
    case S2_INSN_VTTBR:
      return "msr vttbr_el2";
    case S2_INSN_DSB_ISHST:
      return "dsb ishst";
    case S2_INSN_DSB_ISH:
      return "dsb ish";
    case S2_INSN_ISB:
      return "isb";
    case S2_INSN_IPAS2E1IS:
      return "tlbi ipas2e1is";
    case S2_INSN_VMALLE1IS:
      return "tlbi vmalle1is";
    case S2_INSN_VMALLS12E1IS:
      return "tlbi vmalls12e1is";
    case S2_INSN_HFENCE_GVMA:
      return "hfence.gvma";
  }
  return "unknown";
}
