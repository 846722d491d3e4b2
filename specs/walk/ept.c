/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * ept.c - Intel EPT, transcribed from the Intel 64 and IA-32 SDM, volume 3C (325384, revision 083), chapter 29.3, with
 * the EPTP of 25.6.11.
 *
 * Controls taken to be off, so that their bits are ignored as the tables say: EPT-violation #VE (bit 63), sub-page
 * write permissions (61), supervisor shadow stack (60), paging-write (58), guest-paging verification (57).
 *
 * The manual's PML5E, PML4E, PDPTE, PDE, PTE are levels 4, 3, 2, 1, 0 here.
 */
#include "walk.h"

/** 29.3.2: what the entry of this level is read as, and 29.3.3.1: when it is a misconfiguration. */
static bool ept_present(const struct walk_machine *w, uint64_t e) {
  /* "present if any of bits 2:0 is 1", and bit 10 "if the mode-based execute control is 1" */
  return walk_field(e, 2, 0) != 0 || (walk_has(w, WALK_MBEC) && walk_bit(e, 10));
}

/** Bit 7 of a PDPTE or PDE; a PTE is always last. Bit 7 of a PML5E or PML4E is reserved (tables 29-1, 29-2). */
static bool ept_maps(uint64_t e, uint32_t level) {
  return level == 0 || (level <= 2 && walk_bit(e, 7));
}

/** Tables 29-1 to 29-7: is a bit set that is "Reserved (must be 0)"? */
static bool ept_reserved(const struct walk_machine *w, uint64_t e, uint32_t level) {
  /* 51:N, N the physical-address width */
  if (!walk_fits(walk_field(e, 51, 0), w->phys_bits)) {
    return true;
  }
  if (level >= 3) {
    return walk_field(e, 7, 3) != 0;
  }
  if (!ept_maps(e, level)) {
    return walk_field(e, 6, 3) != 0;
  }
  if (level == 2) {
    /* table 29-3; without 1-GByte pages bit 7 is reserved */
    return walk_field(e, 29, 12) != 0 || !walk_has(w, WALK_LARGE_1G);
  }
  if (level == 1) {
    return walk_field(e, 20, 12) != 0 || !walk_has(w, WALK_LARGE_2M);
  }
  return false;
}

/** 29.3.3.1, EPT misconfigurations, of an entry that is present. */
static bool ept_misconfigured(const struct walk_machine *w, uint64_t e, uint32_t level) {
  bool read = walk_bit(e, 0);
  bool execute = walk_bit(e, 2) || (walk_has(w, WALK_MBEC) && walk_bit(e, 10));
  uint64_t type = walk_field(e, 5, 3);
  if (!read && walk_bit(e, 1)) {
    return true; /* writes but no reads */
  }
  if (!read && execute && !walk_has(w, WALK_EXECUTE_ONLY)) {
    return true; /* instruction fetches but no reads, where that is not supported */
  }
  if (ept_reserved(w, e, level)) {
    return true;
  }
  /* the last entry has memory type 2, 3 or 7 */
  return ept_maps(e, level) && (type == 2 || type == 3 || type == 7);
}

/** The accesses one entry allows. Without mode-based execute control bit 2 is for all fetches. (29.3.3.2) */
static uint32_t ept_rights(const struct walk_machine *w, uint64_t e) {
  bool user = walk_has(w, WALK_MBEC) ? walk_bit(e, 10) : walk_bit(e, 2);
  return (walk_bit(e, 0) ? WALK_READ : 0u) | (walk_bit(e, 1) ? WALK_WRITE : 0u) | (walk_bit(e, 2) ? WALK_EXECUTE : 0u) |
         (user ? WALK_USER_EXECUTE : 0u);
}

/** 29.3.7.2: the EPT memory type, and "ignore PAT". */
static enum walk_type ept_type(uint64_t e) {
  switch (walk_field(e, 5, 3)) {
    case 0:
      return WALK_UNCACHED;
    case 1:
      return WALK_WRITE_COMBINING;
    case 4:
      return WALK_WRITE_THROUGH;
    case 5:
      return WALK_WRITE_PROTECTED;
    case 6:
      return WALK_WRITE_BACK;
    default:
      return WALK_OTHER_TYPE;
  }
}

/** The EPTP that VM entry accepts (26.2.1.1, table 25-9). */
static bool ept_pointer_ok(const struct walk_machine *w) {
  uint64_t type = walk_field(w->base, 2, 0);
  uint64_t length = walk_field(w->base, 5, 3); /* page-walk length minus 1 */
  if ((type != 0 && type != 6) || (length != 3 && length != 4)) {
    return false;
  }
  if (walk_bit(w->base, 6) && !walk_has(w, WALK_CAN_SET_AD)) {
    return false;
  }
  return walk_field(w->base, 11, 7) == 0 && walk_fits(w->base, w->phys_bits);
}

struct walk_result walk_ept(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access) {
  struct walk_result r = walk_none(WALK_CONTROL);
  if (!ept_pointer_ok(w)) {
    return r;
  }
  uint32_t top = (uint32_t)walk_field(w->base, 5, 3);
  /* 4-level EPT translates bits 47:0, 5-level EPT bits 56:0; a wider address is not translated */
  if (!walk_fits(gpa, top == 4 ? 57 : 48)) {
    return walk_none(WALK_INPUT);
  }
  uint64_t table = walk_field(w->base, 51, 12) << 12;
  uint32_t rights = WALK_ACCESSES;
  for (uint32_t i = 0; i < 5; i++) {
    uint32_t level = 4u - i;
    uint32_t low = 12u + 9u * level;
    if (level > top) {
      continue;
    }
    /* bits 11:3 of the entry's address are the nine bits of the guest address for this level */
    r.level = level;
    r.table = table | walk_field(gpa, low + 8u, low) << 3;
    if (!walk_inside(m, r.table)) {
      r.fault = WALK_OUTSIDE;
      return r;
    }
    uint64_t e = walk_read(m, r.table);
    r.entry = e;
    if (!ept_present(w, e)) {
      r.fault = WALK_NOT_PRESENT;
      return r;
    }
    if (ept_misconfigured(w, e, level)) {
      r.fault = WALK_RESERVED;
      return r;
    }
    rights &= ept_rights(w, e);
    if (ept_maps(e, level)) {
      /* the page frame from the entry, the offset from the guest address */
      r.hpa = walk_field(e, 51, low) << low | walk_field(gpa, low - 1u, 0);
      r.rights = rights;
      r.allowed = rights; /* 29.3.5: accessed and dirty flags never make an access fault */
      r.type = ept_type(e);
      r.ignore_pat = walk_bit(e, 6);
      r.accessed = walk_bit(w->base, 6) && walk_bit(e, 8);
      r.dirty = walk_bit(w->base, 6) && walk_bit(e, 9);
      return walk_judge(r, access);
    }
    table = walk_field(e, 51, 12) << 12;
  }
  return r;
}
