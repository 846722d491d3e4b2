/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * npt.c - AMD nested paging, transcribed from the AMD64 Architecture Programmer's Manual, volume 2 (24593, revision
 * 3.41): nested paging 15.25, long-mode page translation 5.3, protection 5.4 and 5.6, PAT 7.8.
 *
 * The host is in long mode, so that the nested tables are long-mode tables (15.25.3); PAT entries 0 to 3 have their
 * reset values. Nested accesses are user accesses (15.25.5), so CR4.SMEP and SMAP of the host do not count, and CR0.WP
 * neither. Memory protection keys do not apply to nested tables.
 *
 * The manual's PML5E, PML4E, PDPE, PDE, PTE are levels 4, 3, 2, 1, 0 here.
 */
#include "walk.h"

/** 5.3.3 to 5.3.5: PS, bit 7 of a PDPE or PDE, makes it the last; a PTE always is. */
static bool npt_maps(uint64_t e, uint32_t level) {
  return level == 0 || (level <= 2 && walk_bit(e, 7));
}

/** Bits marked MBZ in figures 5-18 to 5-26, and physical address bits the processor does not have (5.4.1). */
static bool npt_reserved(const struct walk_machine *w, uint64_t e, uint32_t level) {
  if (!walk_fits(walk_field(e, 51, 0), w->phys_bits)) {
    return true;
  }
  if (walk_bit(e, 63) && !walk_has(w, WALK_NXE)) {
    return true; /* 5.6.1: without EFER.NXE the NX bit is reserved */
  }
  if (level >= 3) {
    return walk_field(e, 8, 7) != 0; /* MBZ in PML5E and PML4E */
  }
  if (npt_maps(e, level) && level == 2) {
    return walk_field(e, 29, 13) != 0 || !walk_has(w, WALK_LARGE_1G);
  }
  if (npt_maps(e, level) && level == 1) {
    return walk_field(e, 20, 13) != 0;
  }
  return false;
}

/**
 * 5.6: the accesses one entry allows. A nested access is a user access: U/S must be set (15.25.5). There is no separate
 * right to fetch in user mode.
 */
static uint32_t npt_rights(uint64_t e) {
  uint32_t rights = 0;
  if (walk_bit(e, 2)) {
    rights |= WALK_READ;
    rights |= walk_bit(e, 1) ? WALK_WRITE : 0u;
    rights |= walk_bit(e, 63) ? 0u : WALK_EXECUTE | WALK_USER_EXECUTE;
  }
  return rights;
}

/** 7.8.1: PAT:PCD:PWT, the PAT bit being bit 7 of a PTE and bit 12 of a larger page. Reset values: 7.8.2. */
static enum walk_type npt_type(uint64_t e, uint32_t level) {
  static const enum walk_type pat[4] = {WALK_WRITE_BACK, WALK_WRITE_THROUGH, WALK_UNCACHED_MINUS, WALK_UNCACHED};
  if (walk_bit(e, level == 0 ? 7u : 12u)) {
    return WALK_OTHER_TYPE; /* PA4 to PA7 are not assumed */
  }
  return pat[walk_field(e, 4, 3)];
}

struct walk_result walk_npt(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access) {
  struct walk_result r = walk_none(WALK_CONTROL);
  /* 15.25.4: VMRUN refuses an nCR3 with any MBZ bit set. Bits 11:5 and 2:0 are not used. */
  if (!walk_fits(w->base, w->phys_bits)) {
    return r;
  }
  uint32_t top = walk_has(w, WALK_LA57) ? 4u : 3u;
  /* the table translates 48 or 57 bits; a wider address is not translated */
  if (!walk_fits(gpa, top == 4u ? 57 : 48)) {
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
    r.level = level;
    r.table = table | walk_field(gpa, low + 8u, low) << 3;
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
    if (npt_reserved(w, e, level)) {
      r.fault = WALK_RESERVED;
      return r;
    }
    rights &= npt_rights(e); /* 5.6.4: effects of combined page protections */
    if (npt_maps(e, level)) {
      r.hpa = walk_field(e, 51, low) << low | walk_field(gpa, low - 1u, 0);
      r.rights = rights;
      r.allowed = rights; /* 5.4.2: the processor sets accessed and dirty itself */
      r.type = npt_type(e, level);
      r.accessed = walk_bit(e, 5);
      r.dirty = walk_bit(e, 6);
      return walk_judge(r, access);
    }
    table = walk_field(e, 51, 12) << 12;
  }
  return r;
}
