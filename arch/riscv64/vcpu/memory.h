/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * memory.h - where the vCPU touches what is not its own: the guest's space, guest memory, saved vector registers.
 *
 * All of that is s2_rv_memory to the proofs, in which no struct of riscv_vcpu.h lies (specs/SOUNDNESS.md 28). The bodies
 * here that take one thing for the other are a single call each and are not proved; what uses them is proved from these
 * contracts alone.
 */
#ifndef ARCH_RV_MEMORY_H
#define ARCH_RV_MEMORY_H

#include "stage2/riscv_vcpu.h"

/** s2_guest_run() in the guest's space. The lock is held. A piece of status S2_OK can be touched until it is dropped. */
/*@ requires g: \valid_read(g) && \valid_read(g->space);
    terminates \true; exits \false; assigns s2_rv_memory;
    ensures len: \result.status == S2_OK ==> 0 < \result.len <= max; */
static inline struct s2_piece s2_rv_run_of(struct s2_rv_guest *g, uint64_t gpa, uint64_t max, uint32_t access,
                                           uint32_t flags) {
  return s2_guest_run(g->space, gpa, max, access, flags);
}

/** s2_fault() in the guest's space. The lock is held. */
/*@ requires g: \valid_read(g) && \valid_read(g->space);
    terminates \true; exits \false; assigns s2_rv_memory;
    ensures kinds: 0 <= \result.kind <= S2_FAULT_BAD; */
static inline struct s2_fault_result s2_rv_fault_in(struct s2_rv_guest *g, uint64_t gpa, uint32_t access) {
  return s2_fault(g->space, gpa, access);
}

/** Rights and type of the area that covers gpa; 0 where there is none. The lock is held. */
/*@ requires g: \valid_read(g) && \valid_read(g->space);
    terminates \true; exits \false; assigns \nothing; */
static inline uint32_t s2_rv_attr_at(const struct s2_rv_guest *g, uint64_t gpa) {
  return s2_area_at(g->space, gpa).attr;
}

/** A byte of a piece. */
/*@ requires p: p.status == S2_OK && k < p.len;
    terminates \true; exits \false; assigns \nothing; */
static inline uint8_t s2_rv_byte_of(struct s2_piece p, uint64_t k) {
  return ((const uint8_t *)p.at)[k];
}

/** One way, by words. */
/*@ requires to: \valid(to + (0 .. n - 1)) && \valid_read(from + (0 .. n - 1)) &&
                 \separated(to + (0 .. n - 1), from + (0 .. n - 1));
    terminates \true; exits \false; assigns to[0 .. n - 1];
    ensures copy: \forall integer k; 0 <= k < n ==> to[k] == from[k]; */
static inline void s2_rv_copy_words(uint64_t *to, const uint64_t *from, uint64_t n) {
  uint64_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant copy: \forall integer j; 0 <= j < k ==> to[j] == from[j];
      loop assigns k, to[0 .. n - 1];
      loop variant n - k; */
  S2_UNROLL
  for (k = 0; k < n; k++) {
    to[k] = from[k];
  }
}

/** Words of a piece, from its start, to memory that is no guest's. */
/*@ requires p: p.status == S2_OK && 8 * n <= p.len;
    requires to: \valid(to + (0 .. n - 1));
    terminates \true; exits \false; assigns to[0 .. n - 1]; */
static inline void s2_rv_words_from(uint64_t *to, struct s2_piece p, uint64_t n) {
  s2_rv_copy_words(to, (const uint64_t *)p.at, n);
}

/** And back. */
/*@ requires p: p.status == S2_OK && 8 * n <= p.len;
    requires from: \valid_read(from + (0 .. n - 1));
    terminates \true; exits \false; assigns s2_rv_memory; */
static inline void s2_rv_words_to(struct s2_piece p, const uint64_t *from, uint64_t n) {
  s2_rv_copy_words((uint64_t *)p.at, from, n);
}

/** Console input into a piece. Return: how many bytes. The lock is held. */
/*@ requires g: \valid_read(g);
    requires p: p.status == S2_OK && p.len <= UINT32_MAX;
    terminates \true; exits \false; assigns s2_rv_memory;
    ensures len: \result <= p.len; */
static inline uint32_t s2_rv_input_to(struct s2_rv_guest *g, struct s2_piece p) {
  return s2_rv_host_console_read(g->ctx, p.at, (uint32_t)p.len);
}

/*@ requires to: \valid(to + (0 .. n - 1));
    terminates \true; exits \false; assigns to[0 .. n - 1];
    ensures zero: \forall integer k; 0 <= k < n ==> to[k] == 0; */
static inline void s2_rv_zero_bytes(uint8_t *to, uint64_t n) {
  uint64_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant zero: \forall integer j; 0 <= j < k ==> to[j] == 0;
      loop assigns k, to[0 .. n - 1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    to[k] = 0;
  }
}

/** The saved vector registers of a vCPU become zero. */
/*@ requires v: \valid_read(v) && \valid_read(v->guest);
    terminates \true; exits \false; assigns s2_rv_memory; */
static inline void s2_rv_vector_zero(struct s2_rv_vcpu *v) {
  s2_rv_zero_bytes(v->vector.regs, v->guest->vector_bytes);
}

#endif
