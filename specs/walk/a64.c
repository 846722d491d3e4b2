/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * a64.c - AArch64 stage 2, transcribed from the Arm Architecture Reference Manual DDI 0487 (issue J.a): D8.2
 * (translation table base, start level, walk), D8.3 (VMSAv8-64 descriptors), D8.4 (permissions), D8.5 (memory
 * attributes), VTCR_EL2 and VTTBR_EL2 in D19.2, and the pseudocode AArch64.S2Walk, S2InconsistentSL, S2InvalidSL,
 * DecodeDescriptorType, OAOutOfRange in J1.1.5.
 *
 * The 4 KiB granule without FEAT_LPA2 and FEAT_TTST; HCR_EL2.FWB is 0; the Contiguous bit is a hint; FEAT_BBM's nT bit
 * and the software bits are ignored, as are bits that the manual calls RES0 and gives no fault.
 *
 * The manual's levels 0, 1, 2, 3 are levels 3, 2, 1, 0 here.
 */
#include "walk.h"

/** VTCR_EL2.PS. */
static uint32_t a64_output_bits(uint64_t ps) {
  switch (ps) {
    case 0:
      return 32;
    case 1:
      return 36;
    case 2:
      return 40;
    case 3:
      return 42;
    case 4:
      return 44;
    default:
      return 48; /* 101; and 110, 52 bits, counts as 48 without FEAT_LPA2 */
  }
}

/** VTCR_EL2.SL0 for the 4 KiB granule: the level the walk starts at. 11 is level 3, which needs FEAT_TTST. */
static uint32_t a64_start_level(uint64_t sl0) {
  return sl0 == 0 ? 1u : sl0 == 1 ? 2u : 3u;
}

/** AArch64.S2InvalidTxSZ, S2InvalidSL, S2InconsistentSL: can a walk of `bits` start at this level? */
static bool a64_control_ok(const struct walk_machine *w) {
  uint64_t t0sz = walk_field(w->ctrl, 5, 0);
  uint64_t sl0 = walk_field(w->ctrl, 7, 6);
  uint64_t granule = walk_field(w->ctrl, 15, 14);
  uint32_t bits = 64u - (uint32_t)t0sz;
  if (granule != 0 || sl0 == 3 || t0sz < 16 || t0sz > 39) {
    return false;
  }
  /* HA and HD (bits 21, 22) are RES0 without FEAT_HAFDBS; PS must be supported */
  if ((walk_field(w->ctrl, 22, 21) != 0 && !walk_has(w, WALK_CAN_SET_AD)) || bits > w->phys_bits) {
    return false;
  }
  /* at least one bit more than the level below resolves, and at most 16 concatenated tables */
  uint32_t below = 12u + 9u * a64_start_level(sl0);
  return bits >= below + 1u && bits <= below + 9u + 4u;
}

/** D8.3.1, Table and Block descriptors, Page descriptors: what bits 1:0 say at this level. */
static bool a64_is_page_or_block(uint64_t e, uint32_t level) {
  uint64_t form = walk_field(e, 1, 0);
  return level == 0 ? form == 3 : form == 1 && level <= 2; /* no blocks at the manual's level 0 */
}

static bool a64_is_table(uint64_t e, uint32_t level) {
  return level > 0 && walk_field(e, 1, 0) == 3;
}

/** D8.4.2: S2AP bits 7:6, XN bits 54:53. HD and DBM (bit 51) make a writable-clean page writable (D8.4.6). */
static uint32_t a64_rights(const struct walk_machine *w, uint64_t e) {
  uint64_t xn = walk_has(w, WALK_XNX) ? walk_field(e, 54, 53) : walk_field(e, 54, 54) << 1;
  uint32_t rights = walk_bit(e, 6) ? WALK_READ : 0u;
  bool clean = walk_bit(w->ctrl, 22) && walk_bit(e, 51);
  rights |= walk_bit(e, 7) || clean ? WALK_WRITE : 0u;
  switch (xn) {
    case 0:
      return rights | WALK_EXECUTE | WALK_USER_EXECUTE;
    case 1:
      return rights | WALK_USER_EXECUTE;
    case 3:
      return rights | WALK_EXECUTE;
    default:
      return rights;
  }
}

/** D8.5.5, MemAttr[3:0] with FWB 0: bits 3:2 the outer, bits 1:0 the inner cacheability; 00 outer is Device. */
static enum walk_type a64_type(uint64_t e) {
  switch (walk_field(e, 5, 2)) {
    case 0x0:
      return WALK_UNCACHED_STRICT; /* Device-nGnRnE */
    case 0x1:
      return WALK_UNCACHED; /* Device-nGnRE */
    case 0x5:
      return WALK_WRITE_COMBINING;
    case 0xa:
      return WALK_WRITE_THROUGH;
    case 0xf:
      return WALK_WRITE_BACK;
    default:
      return WALK_OTHER_TYPE; /* nGRE, GRE, mixed, and the reserved ones */
  }
}

struct walk_result walk_a64(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access) {
  struct walk_result r = walk_none(WALK_CONTROL);
  if (!a64_control_ok(w)) {
    return r;
  }
  uint32_t bits = 64u - (uint32_t)walk_field(w->ctrl, 5, 0);
  uint32_t top = a64_start_level(walk_field(w->ctrl, 7, 6));
  uint32_t output = a64_output_bits(walk_field(w->ctrl, 18, 16));
  output = output < w->phys_bits ? output : w->phys_bits;
  if (!walk_fits(gpa, bits)) {
    return walk_none(WALK_INPUT); /* translation fault, level 0 */
  }
  /*
   * D8.2, concatenated translation tables: the root is as large as the bits it resolves ask for, and aligned to that;
   * lower bits of BADDR are RES0
   */
  uint32_t root_bits = bits - (12u + 9u * top) + 3u;
  uint64_t table = walk_field(w->base, 47, 1) << 1;
  table = table >> root_bits << root_bits;
  if (!walk_fits(table, output)) {
    return walk_none(WALK_ADDRESS); /* address size fault, level 0 */
  }
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t level = 3u - i;
    uint32_t low = 12u + 9u * level;
    if (level > top) {
      continue;
    }
    /* the root is indexed with all bits that are left, 9 to 13 of them; every other table with nine */
    uint64_t index = level == top ? gpa >> low : walk_field(gpa, low + 8u, low);
    r.level = level;
    r.table = table + (index << 3);
    if (!walk_inside(m, r.table)) {
      r.fault = WALK_OUTSIDE;
      return r;
    }
    uint64_t e = walk_read(m, r.table);
    r.entry = e;
    if (a64_is_page_or_block(e, level)) {
      uint64_t out = walk_field(e, 47, low) << low;
      if (!walk_fits(out, output)) {
        r.fault = WALK_ADDRESS;
        return r;
      }
      r.hpa = out | walk_field(gpa, low - 1u, 0);
      r.rights = a64_rights(w, e);
      r.type = a64_type(e);
      r.accessed = walk_bit(e, 10);
      r.dirty = walk_bit(w->ctrl, 22) && walk_bit(e, 51) && walk_bit(e, 7);
      /* D8.4.5: without VTCR_EL2.HA a clear access flag is a fault */
      r.allowed = r.accessed || walk_bit(w->ctrl, 21) ? r.rights : 0u;
      return walk_judge(r, access);
    }
    if (!a64_is_table(e, level)) {
      r.fault = WALK_NOT_PRESENT; /* translation fault */
      return r;
    }
    table = walk_field(e, 47, 12) << 12;
    if (!walk_fits(table, output)) {
      r.fault = WALK_ADDRESS;
      return r;
    }
  }
  return r;
}
