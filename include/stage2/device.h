/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * device.h - address types of emulated devices: access widths, ports, system registers, guest ranges (GMA-2).
 *
 * Pure values with checked conversions: a number that is not a width, a port or a range is refused, never cut to fit.
 */
#ifndef STAGE2_DEVICE_H
#define STAGE2_DEVICE_H

#include "types.h"

/** Access widths in bytes. */
typedef enum s2_width_t { S2_WIDTH_1 = 1, S2_WIDTH_2 = 2, S2_WIDTH_4 = 4, S2_WIDTH_8 = 8 } s2_access_width;

typedef struct s2_port {
  uint16_t number;
} s2_port; /* x86 I/O port                                */
typedef struct s2_sysreg {
  uint32_t number;
} s2_sysreg; /* CSR, MSR or encoded A64 system register     */
struct s2_gpa_range {
  uint64_t first, last;
}; /* inclusive: can end at the top of the space  */
struct s2_port_range {
  uint16_t first, last;
};
struct s2_sysreg_range {
  uint32_t first, last;
};

/** s2_width_of() - bytes to a width: S2_OK and *w, or S2_ERR_SIZE and *w untouched. */
/*@ requires w: \valid(w);
    terminates \true; exits \false; assigns *w;
    ensures ok: \result == S2_OK <==> bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    ensures set: \result == S2_OK ==> *w == bytes;
    ensures same: \result != S2_OK ==> *w == \old(*w); */
S2_MUST_USE static inline s2_status s2_width_of(uint64_t bytes, s2_access_width *w) {
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
    return S2_ERR_SIZE;
  }
  *w = (s2_access_width)bytes;
  return S2_OK;
}

/** s2_width_mask() - the largest value of that width. */
/*@ requires w: w == 1 || w == 2 || w == 4 || w == 8;
    terminates \true; exits \false; assigns \nothing; */
static inline uint64_t s2_width_mask(s2_access_width w) {
  return w == S2_WIDTH_8 ? UINT64_MAX : w == S2_WIDTH_4 ? UINT32_MAX : w == S2_WIDTH_2 ? UINT16_MAX : UINT8_MAX;
}

/** s2_port_of() - a number to a port, or S2_ERR_WIDTH. */
/*@ requires p: \valid(p);
    terminates \true; exits \false; assigns *p;
    ensures ok: \result == S2_OK <==> n <= 65535;
    ensures set: \result == S2_OK ==> p->number == n; */
S2_MUST_USE static inline s2_status s2_port_of(uint64_t n, s2_port *p) {
  if (n > UINT16_MAX) {
    return S2_ERR_WIDTH;
  }
  p->number = (uint16_t)n;
  return S2_OK;
}

/** s2_sysreg_of() - a number to a system register, or S2_ERR_WIDTH. */
/*@ requires r: \valid(r);
    terminates \true; exits \false; assigns *r;
    ensures ok: \result == S2_OK <==> n <= 4294967295;
    ensures set: \result == S2_OK ==> r->number == n; */
S2_MUST_USE static inline s2_status s2_sysreg_of(uint64_t n, s2_sysreg *r) {
  if (n > UINT32_MAX) {
    return S2_ERR_WIDTH;
  }
  r->number = (uint32_t)n;
  return S2_OK;
}

/** s2_gpa_range_of() - start and size to a range: S2_ERR_SIZE when empty, S2_ERR_OVERFLOW when it wraps. */
/*@ requires r: \valid(r);
    terminates \true; exits \false; assigns *r;
    ensures ok: \result == S2_OK <==> 0 < size && start + size <= 18446744073709551616;
    ensures set: \result == S2_OK ==> r->first == start && r->last == start + size - 1; */
S2_MUST_USE static inline s2_status s2_gpa_range_of(uint64_t start, uint64_t size, struct s2_gpa_range *r) {
  if (size == 0) {
    return S2_ERR_SIZE;
  }
  if (size - 1 > UINT64_MAX - start) {
    return S2_ERR_OVERFLOW;
  }
  r->first = start;
  r->last = start + (size - 1);
  return S2_OK;
}

/** s2_gpa_range_has() - does an access of that width at gpa lie wholly inside? */
/*@ requires r: r.first <= r.last && (w == 1 || w == 2 || w == 4 || w == 8);
    terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> r.first <= gpa && gpa + w - 1 <= r.last; */
static inline bool s2_gpa_range_has(struct s2_gpa_range r, uint64_t gpa, s2_access_width w) {
  return r.first <= gpa && gpa <= r.last && r.last - gpa >= (uint64_t)w - 1;
}

/** s2_port_range_has(), s2_sysreg_range_has() - is it one of them? */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> r.first <= p.number <= r.last; */
static inline bool s2_port_range_has(struct s2_port_range r, s2_port p) {
  return r.first <= p.number && p.number <= r.last;
}
/*@ terminates \true; exits \false; assigns \nothing;
    ensures in: \result <==> r.first <= q.number <= r.last; */
static inline bool s2_sysreg_range_has(struct s2_sysreg_range r, s2_sysreg q) {
  return r.first <= q.number && q.number <= r.last;
}

#endif
