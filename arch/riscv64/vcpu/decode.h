/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * decode.h - what a faulting instruction of RV64GC does to memory (VCP-4).
 *
 * Pure and loop-free. specs/riscv_loads_stores.txt lists every load and store of the manual; proofs/cbmc/vcpu shows that
 * these functions say the same for each of the 2^32 and 2^16 encodings.
 */
#ifndef ARCH_RV_DECODE_H
#define ARCH_RV_DECODE_H

#include <stdbool.h>
#include <stdint.h>

enum s2_rv_insn_kind {
  S2_RV_INSN_NONE = 0,  /* no load or store of RV64GC; all other members are 0                    */
  S2_RV_INSN_LOAD,      /* width bytes to reg, extended as sign says; fp: NaN-boxed               */
  S2_RV_INSN_STORE,     /* width bytes from reg                                                   */
  S2_RV_INSN_ATOMIC,    /* LR, SC, AMO: more than one access; cannot be emulated as one           */
  S2_RV_INSN_WALK_READ, /* htinst only: a read of the guest's own page tables                     */
  S2_RV_INSN_WALK_WRITE /* htinst only: a write of their accessed and dirty bits                  */
};

struct s2_rv_insn {
  uint8_t kind;   /* enum s2_rv_insn_kind                        */
  uint8_t width;  /* bytes: 1, 2, 4, 8                           */
  uint8_t reg;    /* destination of a load, source of a store    */
  uint8_t length; /* of the instruction in bytes: 2 or 4         */
  bool sign;      /* the load sign-extends to 64 bits            */
  bool fp;        /* reg is one of f0..f31                       */
};

/** s2_rv_decode32() - an instruction of four bytes: bits 1:0 are 11, or it is none. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures kind: \result.kind <= 3;
    ensures width: \result.kind != 0 ==> \result.width == 1 || \result.width == 2 || \result.width == 4 || \result.width == 8;
    ensures reg: \result.reg <= 31;
    ensures length: \result.length == (\result.kind == 0 ? 0 : 4); */
struct s2_rv_insn s2_rv_decode32(uint32_t insn);

/** s2_rv_decode16() - a compressed instruction: bits 1:0 are not 11, or it is none. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures kind: \result.kind <= 2;
    ensures width: \result.kind != 0 ==> \result.width == 4 || \result.width == 8;
    ensures reg: \result.reg <= 31;
    ensures length: \result.length == (\result.kind == 0 ? 0 : 2); */
struct s2_rv_insn s2_rv_decode16(uint16_t insn);

/** s2_rv_decode() - as fetched: the upper half counts only if the lower one says that there is one. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures kind: \result.kind <= 3;
    ensures width: \result.kind != 0 ==> \result.width == 1 || \result.width == 2 || \result.width == 4 || \result.width == 8;
    ensures reg: \result.reg <= 31;
    ensures length: \result.length <= 4; */
struct s2_rv_insn s2_rv_decode(uint32_t fetched);

/**
 * s2_rv_decode_htinst() - a value of htinst (Privileged ISA, hypervisor extension, "Transformed Instruction or
 * Pseudoinstruction for mtinst or htinst"). Bit 0 set: a standard instruction with its address operands replaced; bit 1
 * clear then means that it was the compressed form. Pseudoinstructions name guest page-table walks. NONE: 0, or a custom
 * value: look at the instruction itself.
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures kind: \result.kind <= 5;
    ensures width: \result.kind != 0 ==> \result.width == 1 || \result.width == 2 || \result.width == 4 || \result.width == 8;
    ensures length: \result.length <= 4;
    ensures reg: \result.reg <= 31; */
struct s2_rv_insn s2_rv_decode_htinst(uint64_t htinst);

/**
 * s2_rv_htinst_is_walk() - is it one of the four pseudoinstructions of a guest page-table walk? Bit 12 set: 64-bit
 * entries. s2_rv_htinst_walk_writes() - bit 5: the walk wrote accessed and dirty bits.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
static inline bool s2_rv_htinst_is_walk(uint64_t htinst) {
  return (htinst & ~UINT64_C(0x1020)) == 0x2000u;
}
/*@ terminates \true; exits \false; assigns \nothing; */
static inline bool s2_rv_htinst_walk_writes(uint64_t htinst) {
  return (htinst & 0x20u) != 0;
}

#endif
