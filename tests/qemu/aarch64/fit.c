/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* fit.c - see fit.h (Arm DDI 0487, D19.2.64 and 65). */
#include "fit.h"

/** Four bits of an ID register. */
static uint32_t field(uint64_t reg, uint32_t shift) {
  return (uint32_t)(reg >> shift) & 15u;
}

uint32_t fit_pa_bits(void) {
  static const uint32_t bits[16] = {32, 36, 40, 42, 44, 48, 52};
  return bits[field(REG_READ(id_aa64mmfr0_el1), 0)];
}

uint32_t fit_features(void) {
  uint64_t reg = REG_READ(id_aa64mmfr1_el1);
  uint32_t features = 0;
  features |= field(reg, 0) >= 2u ? S2_FEAT_AD : 0u;
  features |= field(reg, 4) == 2u ? S2_FEAT_VMID16 : 0u;
  features |= field(reg, 28) >= 1u ? S2_FEAT_UX : 0u;
  return features;
}

static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static bool fits(const struct judge_shape *s) {
  return s->hw.gpa_bits <= fit_pa_bits() && (s->hw.features & ~fit_features()) == 0;
}

uint32_t fit_shapes(struct judge_shape *out, const struct judge_shape *in, uint32_t n) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!fits(&in[i])) {
      judge_puts("not on this CPU: ");
      judge_puts(in[i].name);
      judge_puts("\n");
      continue;
    }
    struct judge_shape *s = &out[count];
    *s = in[i];
    s->hw.hpa_bits = least(s->hw.hpa_bits, fit_pa_bits());
    s->wide_bits &= (UINT64_C(1) << fit_pa_bits()) - 1u;
    s->flags = s->wide_bits != 0 ? s->flags : s->flags & ~JUDGE_WIDE;
    count++;
  }
  return count;
}
