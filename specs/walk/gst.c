/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * gst.c - the RISC-V G-stage, transcribed from The RISC-V Instruction Set Manual, volume II: Privileged Architecture
 * (20240411): "Guest Physical Address Translation" and "Two-Stage Address Translation" of the hypervisor extension, the
 * algorithm of "Virtual Address Translation Process", "Svpbmt", and hgatp.
 *
 * Sv39x4, Sv48x4, Sv57x4. Svnapot is taken to be absent: N is then a reserved bit.
 */
#include "walk.h"

/** Step 3: "if any bits or encodings that are reserved for future standard use are set within pte". */
static bool gst_reserved(const struct walk_machine *w, uint64_t e) {
  bool leaf = walk_field(e, 3, 1) != 0;
  uint64_t pbmt = walk_field(e, 62, 61);
  if (!walk_bit(e, 1) && walk_bit(e, 2)) {
    return true; /* W without R */
  }
  if (walk_bit(e, 63) || walk_field(e, 60, 54) != 0) {
    return true;
  }
  if (!walk_has(w, WALK_PBMTE) || !leaf) {
    /* "for non-leaf PTEs, bits 62:61 are reserved", and so they are without Svpbmt */
    if (pbmt != 0) {
      return true;
    }
  }
  if (pbmt == 3) {
    return true;
  }
  /* "for non-leaf PTEs, the D, A, and U bits are reserved" */
  return !leaf && (walk_bit(e, 4) || walk_field(e, 7, 6) != 0);
}

/**
 * Bits 3:1; a G-stage access is checked as a user access, so U must be set. MXR of the guest (vsstatus) does not count;
 * MXR of HS-level (sstatus) would make pages that can be executed readable, and is taken to be 0.
 */
static uint32_t gst_rights(uint64_t e) {
  uint32_t rights = 0;
  if (walk_bit(e, 4)) {
    rights |= walk_bit(e, 1) ? WALK_READ : 0u;
    rights |= walk_bit(e, 2) ? WALK_WRITE : 0u;
    rights |= walk_bit(e, 3) ? WALK_EXECUTE | WALK_USER_EXECUTE : 0u;
  }
  return rights;
}

/** Svpbmt: 0 leaves it to the PMAs, which make main memory write-back. */
static enum walk_type gst_type(uint64_t e) {
  switch (walk_field(e, 62, 61)) {
    case 0:
      return WALK_WRITE_BACK;
    case 1:
      return WALK_WRITE_COMBINING; /* NC */
    case 2:
      return WALK_UNCACHED; /* IO */
    default:
      return WALK_OTHER_TYPE;
  }
}

/** Step 7: accessed and dirty. Without Svadu an access that needs a bit set faults. */
static uint32_t gst_allowed(const struct walk_machine *w, uint64_t e, uint32_t rights) {
  if (walk_has(w, WALK_ADUE)) {
    return rights;
  }
  if (!walk_bit(e, 6)) {
    return 0;
  }
  return walk_bit(e, 7) ? rights : rights & ~WALK_WRITE;
}

struct walk_result walk_gst(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access) {
  struct walk_result r = walk_none(WALK_CONTROL);
  /* hgatp: MODE 63:60, VMID 57:44, PPN 43:0; MODE 8, 9, 10: three, four, five levels */
  uint64_t mode = walk_field(w->base, 63, 60);
  if (mode < 8 || mode > 10) {
    return r;
  }
  uint32_t top = (uint32_t)mode - 6u;
  /* 41, 50 or 59 bits: "the top must all be zeros, or else a guest-page-fault exception occurs" */
  if (!walk_fits(gpa, 12u + 9u * (top + 1u) + 2u)) {
    return walk_none(WALK_INPUT);
  }
  /* the root is 16 KiB and aligned to that: the two lowest bits of PPN always read as zero */
  uint64_t table = walk_field(w->base, 43, 2) << 14;
  if (!walk_fits(table, w->phys_bits)) {
    return walk_none(WALK_ADDRESS);
  }
  for (uint32_t i = 0; i < 5; i++) {
    uint32_t level = 4u - i;
    uint32_t low = 12u + 9u * level;
    if (level > top) {
      continue;
    }
    /* step 2: VPN[i], two bits wider at the root */
    uint64_t vpn = walk_field(gpa, level == top ? low + 10u : low + 8u, low);
    r.level = level;
    r.table = table + (vpn << 3);
    if (!walk_inside(m, r.table)) {
      r.fault = WALK_OUTSIDE;
      return r;
    }
    uint64_t e = walk_read(m, r.table);
    r.entry = e;
    if (!walk_bit(e, 0)) {
      r.fault = WALK_NOT_PRESENT;
      return r;
    }
    if (gst_reserved(w, e)) {
      r.fault = WALK_RESERVED;
      return r;
    }
    uint64_t ppn = walk_field(e, 53, 10);
    if (walk_field(e, 3, 1) != 0) {
      /* step 5 to 8: a leaf; "if i > 0 and pte.ppn[i-1:0] != 0, this is a misaligned superpage" */
      uint64_t out = ppn << 12;
      if ((out >> low) << low != out) {
        r.fault = WALK_MISALIGNED;
        return r;
      }
      if (!walk_fits(out, w->phys_bits)) {
        r.fault = WALK_ADDRESS; /* access fault */
        return r;
      }
      r.hpa = out | walk_field(gpa, low - 1u, 0);
      r.rights = gst_rights(e);
      r.allowed = gst_allowed(w, e, r.rights);
      r.type = gst_type(e);
      r.accessed = walk_bit(e, 6);
      r.dirty = walk_bit(e, 7);
      return walk_judge(r, access);
    }
    if (level == 0) {
      r.fault = WALK_RESERVED; /* step 4: "i = i - 1. If i < 0, stop and raise a page-fault" */
      return r;
    }
    table = ppn << 12;
    if (!walk_fits(table, w->phys_bits)) {
      r.fault = WALK_ADDRESS;
      return r;
    }
  }
  return r;
}
