/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * decode.c - loads and stores of RV64GC (Unprivileged ISA, "RV32/64G Instruction Set Listings" and "RVC Instruction Set
 * Listings"). In each major opcode funct3 gives the width; the fields are where the manual's formats I, S, R and CL, CS,
 * CI, CSS put them.
 */
#include "decode.h"

#define OP_LOAD     0x03u
#define OP_LOAD_FP  0x07u
#define OP_STORE    0x23u
#define OP_AMO      0x2fu
#define OP_STORE_FP 0x27u

/* bit n: funct5 == n is an A-extension instruction: AMOADD 0, AMOSWAP 1, LR 2, SC 3, AMOXOR 4, OR 8, AND 12, MIN 16,
   MAX 20, MINU 24, MAXU 28 */
#define AMO_FUNCT5 0x1111111fu
#define AMO_LR     2u

/*@ terminates \true; exits \false; assigns \nothing;
    ensures all: \result.kind == kind && \result.width == width && \result.reg == reg && \result.length == length; */
static struct s2_rv_insn make(uint8_t kind, uint8_t width, uint8_t reg, uint8_t length, bool sign, bool fp) {
  struct s2_rv_insn r = {kind, width, reg, length, sign, fp};
  return r;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures none: \result.kind == 0 && \result.width == 0 && \result.reg == 0 && \result.length == 0; */
static struct s2_rv_insn none(void) {
  return make(S2_RV_INSN_NONE, 0, 0, 0, false, false);
}

/** 1, 2, 4 or 8: the lower two bits of funct3 are the logarithm. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures width: \result == 1 || \result == 2 || \result == 4 || \result == 8;
    ensures wide: (funct3 == 2 ==> \result == 4) && (funct3 == 3 ==> \result == 8); */
static uint8_t width_of(uint32_t funct3) {
  switch (funct3 & 3u) {
    case 0:
      return 1;
    case 1:
      return 2;
    case 2:
      return 4;
    default:
      return 8;
  }
}

/*@ terminates \true; exits \false; assigns \nothing; */
static bool is_amo(uint32_t insn) {
  uint32_t funct5 = insn >> 27;
  uint32_t rs2 = (insn >> 20) & 31u;
  return ((AMO_FUNCT5 >> funct5) & 1u) != 0 && (funct5 != AMO_LR || rs2 == 0);
}

struct s2_rv_insn s2_rv_decode32(uint32_t insn) {
  uint32_t funct3 = (insn >> 12) & 7u;
  uint8_t rd = (uint8_t)((insn >> 7) % 32u);
  uint8_t rs2 = (uint8_t)((insn >> 20) % 32u);
  uint8_t width = width_of(funct3);
  bool wide = funct3 == 2u || funct3 == 3u;
  switch (insn & 0x7fu) {
    case OP_LOAD:
      return funct3 == 7u ? none() : make(S2_RV_INSN_LOAD, width, rd, 4, funct3 < 3u, false);
    case OP_LOAD_FP:
      return wide ? make(S2_RV_INSN_LOAD, width, rd, 4, false, true) : none();
    case OP_STORE:
      return funct3 > 3u ? none() : make(S2_RV_INSN_STORE, width, rs2, 4, false, false);
    case OP_STORE_FP:
      return wide ? make(S2_RV_INSN_STORE, width, rs2, 4, false, true) : none();
    case OP_AMO:
      return wide && is_amo(insn) ? make(S2_RV_INSN_ATOMIC, width, rd, 4, false, false) : none();
    default:
      break;
  }
  return none();
}

/** Quadrant 0, register-based: rd' or rs2' in bits 4:2 is x8..x15. Quadrant 2, sp-based: rd in 11:7, rs2 in 6:2. */
struct s2_rv_insn s2_rv_decode16(uint16_t insn) {
  uint32_t funct3 = (uint32_t)insn >> 13;
  uint32_t quadrant = (uint32_t)insn & 3u;
  bool store = funct3 >= 4u;
  bool fp = (funct3 & 3u) == 1u;
  uint8_t width = (funct3 & 3u) == 2u ? 4 : 8;
  uint8_t near = (uint8_t)(8u + ((insn >> 2) % 8u));
  uint8_t rd = (uint8_t)((insn >> 7) % 32u);
  uint8_t rs2 = (uint8_t)((insn >> 2) % 32u);
  uint8_t reg = quadrant == 0 ? near : store ? rs2 : rd;
  if ((funct3 & 3u) == 0 || (quadrant != 0 && quadrant != 2u)) {
    return none(); /* C.ADDI4SPN, C.SLLI, a reserved slot, or another quadrant */
  }
  if (store) {
    return make(S2_RV_INSN_STORE, width, reg, 2, false, fp);
  }
  if (reg == 0 && !fp) {
    return none(); /* C.LWSP and C.LDSP with rd = x0 are reserved */
  }
  return make(S2_RV_INSN_LOAD, width, reg, 2, width == 4u, fp);
}

struct s2_rv_insn s2_rv_decode(uint32_t fetched) {
  return (fetched & 3u) == 3u ? s2_rv_decode32(fetched) : s2_rv_decode16((uint16_t)(fetched & 0xffffu));
}

struct s2_rv_insn s2_rv_decode_htinst(uint64_t htinst) {
  struct s2_rv_insn r;
  if (htinst > UINT32_MAX) {
    return none();
  }
  if (s2_rv_htinst_is_walk(htinst)) {
    uint8_t kind = s2_rv_htinst_walk_writes(htinst) ? S2_RV_INSN_WALK_WRITE : S2_RV_INSN_WALK_READ;
    return make(kind, (htinst & 0x1000u) != 0 ? 8 : 4, 0, 0, false, false);
  }
  if ((htinst & 1u) == 0) {
    return none();
  }
  r = s2_rv_decode32((uint32_t)htinst | 2u);
  if ((htinst & 2u) == 0 && r.kind != S2_RV_INSN_NONE) {
    if (r.kind == S2_RV_INSN_ATOMIC) {
      return none(); /* there is no compressed form */
    }
    r.length = 2;
  }
  return r;
}
