/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * vcpu.h - what the files of the vCPU share: CSR access, the assembly, and each other's functions.
 *
 * Hosted builds (S2_HOSTED) read and write an array instead of CSRs, and the assembly is replaced by the test program.
 */
#ifndef ARCH_RV_VCPU_H
#define ARCH_RV_VCPU_H

#include <stddef.h>

#include "decode.h"
#include "memory.h"
#include "regs.h"
#include "stage2/riscv_vcpu.h"

#if !defined(S2_HOSTED) && !defined(__riscv) && !defined(__FRAMAC__)
#error "the vCPU needs a RISC-V target or a hosted build"
#endif

/* The assembly's view of the structs. */
#define S2_RV_AT(member, offset)                                                                                       \
  _Static_assert(offsetof(struct s2_rv_regs, member) == (offset), "regs.h and riscv_vcpu.h disagree")
S2_RV_AT(x, S2_RV_OFF_X);
S2_RV_AT(sepc, S2_RV_OFF_SEPC);
S2_RV_AT(sstatus, S2_RV_OFF_SSTATUS);
S2_RV_AT(hstatus, S2_RV_OFF_HSTATUS);
S2_RV_AT(scause, S2_RV_OFF_SCAUSE);
S2_RV_AT(stval, S2_RV_OFF_STVAL);
S2_RV_AT(htval, S2_RV_OFF_HTVAL);
S2_RV_AT(htinst, S2_RV_OFF_HTINST);
S2_RV_AT(host_ra, S2_RV_OFF_HOST_RA);
S2_RV_AT(host_sp, S2_RV_OFF_HOST_SP);
S2_RV_AT(host_gp, S2_RV_OFF_HOST_GP);
S2_RV_AT(host_tp, S2_RV_OFF_HOST_TP);
S2_RV_AT(host_s, S2_RV_OFF_HOST_S);
S2_RV_AT(host_sstatus, S2_RV_OFF_HOST_SSTATUS);
S2_RV_AT(host_hstatus, S2_RV_OFF_HOST_HSTATUS);
S2_RV_AT(host_stvec, S2_RV_OFF_HOST_STVEC);
S2_RV_AT(host_sscratch, S2_RV_OFF_HOST_SSCRATCH);
_Static_assert(sizeof(struct s2_rv_regs) == S2_RV_REGS_SIZE, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_fp, f) == S2_RV_OFF_F, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_fp, fcsr) == S2_RV_OFF_FCSR, "regs.h and riscv_vcpu.h disagree");
_Static_assert(sizeof(struct s2_rv_fp) == S2_RV_FP_SIZE, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_vector, vstart) == S2_RV_OFF_VSTART, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_vector, vcsr) == S2_RV_OFF_VCSR, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_vector, vl) == S2_RV_OFF_VL, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_vector, vtype) == S2_RV_OFF_VTYPE, "regs.h and riscv_vcpu.h disagree");
_Static_assert(offsetof(struct s2_rv_vector, regs) == S2_RV_OFF_VREGS, "regs.h and riscv_vcpu.h disagree");

/*
 * ---- what several harts read and write: the atomic operations of the compiler. ----
 * Sequentially consistent, since a hart that announces a request and then looks whether the other is in the guest needs
 * that, and they are plain loads, with fences, on the way into a guest. Frama-C sees plain accesses: one hart at a time.
 */
#ifdef __FRAMAC__
/*@ requires p: \valid(p); terminates \true; exits \false; assigns *p; ensures all: \result == \old(*p) && *p == value; */
static inline uint64_t s2_rv_swap64(uint64_t *p, uint64_t value) {
  uint64_t was = *p;
  *p = value;
  return was;
}
/*@ requires p: \valid(p); terminates \true; exits \false; assigns *p; ensures all: \result == \old(*p) && *p == value; */
static inline uint32_t s2_rv_swap32(uint32_t *p, uint32_t value) {
  uint32_t was = *p;
  *p = value;
  return was;
}
#define S2_RV_GET(p)              (*(p))
#define S2_RV_PUT(p, value)       (*(p) = (value))
#define S2_RV_OR(p, bits)         (*(p) |= (bits))
#define S2_RV_AND(p, bits)        (*(p) &= (bits))
#define S2_RV_SWAP64(p, value)    s2_rv_swap64(p, value)
#define S2_RV_SWAP32(p, value)    s2_rv_swap32(p, value)
#define S2_RV_CHANGE(p, from, to) (*(p) == *(from) ? ((*(p) = (to)), true) : false)
#else
#define S2_RV_GET(p)           __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define S2_RV_PUT(p, value)    __atomic_store_n((p), (value), __ATOMIC_SEQ_CST)
#define S2_RV_OR(p, bits)      ((void)__atomic_or_fetch((p), (bits), __ATOMIC_SEQ_CST))
#define S2_RV_AND(p, bits)     ((void)__atomic_and_fetch((p), (bits), __ATOMIC_SEQ_CST))
#define S2_RV_SWAP64(p, value) __atomic_exchange_n((p), (value), __ATOMIC_SEQ_CST)
#define S2_RV_SWAP32(p, value) __atomic_exchange_n((p), (value), __ATOMIC_SEQ_CST)
#define S2_RV_CHANGE(p, from, to)                                                                                      \
  __atomic_compare_exchange_n((p), (from), (to), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#endif

/** a + b modulo 2^64, as the guest's pc and clock go round. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures sum: \result == rv_pc(a, b); */
static inline uint64_t s2_rv_plus(uint64_t a, uint64_t b) {
  return b <= UINT64_MAX - a ? a + b : b - (UINT64_MAX - a) - 1u;
}

/** a - b modulo 2^64: the guest's clock is the host's and a delta. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures difference: \result == (a >= b ? a - b : a - b + UINT64_MAX + 1); */
static inline uint64_t s2_rv_minus(uint64_t a, uint64_t b) {
  return a >= b ? a - b : UINT64_MAX - (b - a) + 1u;
}

/** htval holds a guest physical address, shifted right by two. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures gpa: \result % 4 == 0 && \result <= UINT64_MAX - 3; */
static inline uint64_t s2_rv_gpa_of(uint64_t htval) {
  return htval % (UINT64_C(1) << 62) * 4u;
}

/* ---- CSRs: s2_rv_read_NAME(), _write_, _set_, _clear_, and _take_: clear, and say which were set ---- */
#if defined(__FRAMAC__)
#include "hart.h"
#define S2_RV_CSR(name, number)
#elif defined(S2_HOSTED)
extern uint64_t s2_rv_fake_csr[4096];
#define S2_RV_CSR(name, number)                                                                                        \
  static inline uint64_t s2_rv_read_##name(void) {                                                                     \
    return s2_rv_fake_csr[number];                                                                                     \
  }                                                                                                                    \
  static inline void s2_rv_write_##name(uint64_t v) {                                                                  \
    s2_rv_fake_csr[number] = v;                                                                                        \
  }                                                                                                                    \
  static inline void s2_rv_set_##name(uint64_t v) {                                                                    \
    s2_rv_fake_csr[number] |= v;                                                                                       \
  }                                                                                                                    \
  static inline void s2_rv_clear_##name(uint64_t v) {                                                                  \
    s2_rv_fake_csr[number] &= ~v;                                                                                      \
  }                                                                                                                    \
  static inline uint64_t s2_rv_take_##name(uint64_t v) {                                                               \
    uint64_t was = s2_rv_fake_csr[number];                                                                             \
    s2_rv_fake_csr[number] = was & ~v;                                                                                 \
    return was & v;                                                                                                    \
  }
#else
#define S2_RV_TEXT_(x) #x
#define S2_RV_TEXT(x)  S2_RV_TEXT_(x)
#define S2_RV_CSR(name, number)                                                                                        \
  static inline uint64_t s2_rv_read_##name(void) {                                                                     \
    uint64_t v;                                                                                                        \
    __asm__ volatile("csrr %0, " S2_RV_TEXT(number) : "=r"(v) : : "memory");                                           \
    return v;                                                                                                          \
  }                                                                                                                    \
  static inline void s2_rv_write_##name(uint64_t v) {                                                                  \
    __asm__ volatile("csrw " S2_RV_TEXT(number) ", %0" : : "rK"(v) : "memory");                                        \
  }                                                                                                                    \
  static inline void s2_rv_set_##name(uint64_t v) {                                                                    \
    __asm__ volatile("csrs " S2_RV_TEXT(number) ", %0" : : "rK"(v) : "memory");                                        \
  }                                                                                                                    \
  static inline void s2_rv_clear_##name(uint64_t v) {                                                                  \
    __asm__ volatile("csrc " S2_RV_TEXT(number) ", %0" : : "rK"(v) : "memory");                                        \
  }                                                                                                                    \
  static inline uint64_t s2_rv_take_##name(uint64_t v) {                                                               \
    uint64_t was;                                                                                                      \
    __asm__ volatile("csrrc %0, " S2_RV_TEXT(number) ", %1" : "=r"(was) : "rK"(v) : "memory");                         \
    return was & v;                                                                                                    \
  }
#endif

S2_RV_CSR(sstatus, S2_RV_CSR_SSTATUS)
S2_RV_CSR(scounteren, S2_RV_CSR_SCOUNTEREN)
S2_RV_CSR(senvcfg, S2_RV_CSR_SENVCFG)
S2_RV_CSR(vsstatus, S2_RV_CSR_VSSTATUS)
S2_RV_CSR(vsie, S2_RV_CSR_VSIE)
S2_RV_CSR(vstvec, S2_RV_CSR_VSTVEC)
S2_RV_CSR(vsscratch, S2_RV_CSR_VSSCRATCH)
S2_RV_CSR(vsepc, S2_RV_CSR_VSEPC)
S2_RV_CSR(vscause, S2_RV_CSR_VSCAUSE)
S2_RV_CSR(vstval, S2_RV_CSR_VSTVAL)
S2_RV_CSR(vstimecmp, S2_RV_CSR_VSTIMECMP)
S2_RV_CSR(vsatp, S2_RV_CSR_VSATP)
S2_RV_CSR(hedeleg, S2_RV_CSR_HEDELEG)
S2_RV_CSR(hideleg, S2_RV_CSR_HIDELEG)
S2_RV_CSR(hie, S2_RV_CSR_HIE)
S2_RV_CSR(htimedelta, S2_RV_CSR_HTIMEDELTA)
S2_RV_CSR(hcounteren, S2_RV_CSR_HCOUNTEREN)
S2_RV_CSR(hgeie, S2_RV_CSR_HGEIE)
S2_RV_CSR(henvcfg, S2_RV_CSR_HENVCFG)
S2_RV_CSR(hvip, S2_RV_CSR_HVIP)
S2_RV_CSR(hgatp, S2_RV_CSR_HGATP)
S2_RV_CSR(time, S2_RV_CSR_TIME)

/* ---- enter.S ---- */
struct s2_rv_guarded {
  uint64_t value; /* what was read, or htval */
  uint64_t cause; /* 0: read                 */
};
/* Whatever the guest does, it comes back (an interrupt ends it at the latest), and x[0] is not stored. */
/*@ requires regs: \valid(regs);
    terminates \true; exits \false;
    assigns s2_rv_device, s2_rv_memory, regs->x[1 .. 31], regs->sepc, regs->sstatus, regs->hstatus, regs->scause,
            regs->stval, regs->htval, regs->htinst, regs->host_ra, regs->host_sp, regs->host_gp, regs->host_tp,
            regs->host_s[0 .. 11], regs->host_sstatus, regs->host_hstatus, regs->host_stvec, regs->host_sscratch; */
void s2_rv_switch(struct s2_rv_regs *regs);
/*@ terminates \true; exits \false; assigns s2_rv_device;
    ensures half: \result.cause == 0 ==> \result.value <= 0xffff; */
struct s2_rv_guarded s2_rv_hlvx(uint64_t va, uint64_t hstatus);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
struct s2_rv_guarded s2_rv_hlvd(uint64_t va, uint64_t hstatus);
/*@ requires fp: \valid(fp); terminates \true; exits \false; assigns s2_rv_device, fp->f[0 .. 31], fp->fcsr; */
void s2_rv_fp_save(struct s2_rv_fp *fp);
/*@ requires fp: \valid_read(fp); terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fp_load(const struct s2_rv_fp *fp);
/* The registers behind vector->regs are part of s2_rv_memory. */
/*@ requires v: \valid(vector);
    terminates \true; exits \false;
    assigns s2_rv_device, s2_rv_memory, vector->vstart, vector->vcsr, vector->vl, vector->vtype; */
void s2_rv_vector_save(struct s2_rv_vector *vector);
/*@ requires v: \valid_read(vector); terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_vector_load(const struct s2_rv_vector *vector);

/* ---- fences on this hart ---- */
#if defined(__FRAMAC__) /* hart.h */
#elif defined(S2_HOSTED)
void s2_rv_fence_vvma(void);
void s2_rv_fence_vvma_page(uint64_t va);
void s2_rv_fence_gvma(void);
void s2_rv_fence_gvma_page(uint64_t gpa);
void s2_rv_fence_i(void);
#else
/** All guest virtual addresses of the VMID in hgatp. */
static inline void s2_rv_fence_vvma(void) {
  __asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" : : : "memory");
}
static inline void s2_rv_fence_vvma_page(uint64_t va) {
  __asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, x0" : : "r"(va) : "memory");
}
/** All guest physical addresses of all VMIDs. */
static inline void s2_rv_fence_gvma(void) {
  __asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" : : : "memory");
}
/** One guest physical address, of all VMIDs. */
static inline void s2_rv_fence_gvma_page(uint64_t gpa) {
  uint64_t by_4 = gpa >> 2;
  __asm__ volatile(".insn r 0x73, 0, 0x31, x0, %0, x0" : : "r"(by_4) : "memory");
}
static inline void s2_rv_fence_i(void) {
  __asm__ volatile("fence.i" : : : "memory");
}
#endif

/* hstatus */
#define S2_RV_HSTATUS_SPV  UINT64_C(0x80)
#define S2_RV_HSTATUS_SPVP UINT64_C(0x100)
#define S2_RV_HSTATUS_VTW  UINT64_C(0x200000)
#define S2_RV_HSTATUS_VSXL UINT64_C(0x200000000) /* VS-mode is RV64 */
/* sstatus, vsstatus */
#define S2_RV_UXL64        UINT64_C(0x200000000) /* U-mode is RV64 */
/* henvcfg */
#define S2_RV_ENVCFG_STCE  (UINT64_C(1) << 63)

/* scause */
#define S2_RV_CAUSE_INTERRUPT   (UINT64_C(1) << 63)
#define S2_RV_CAUSE_FETCH       1u /* access faults, as the guest gets them */
#define S2_RV_CAUSE_ILLEGAL     2u
#define S2_RV_CAUSE_LOAD        5u
#define S2_RV_CAUSE_STORE       7u
#define S2_RV_CAUSE_ECALL_VS    10u
#define S2_RV_CAUSE_GUEST_FETCH 20u
#define S2_RV_CAUSE_GUEST_LOAD  21u
#define S2_RV_CAUSE_VIRTUAL     22u
#define S2_RV_CAUSE_GUEST_STORE 23u

/* in s2_rv_vcpu.requests */
#define S2_RV_REQ_FENCE_I 0x1u
#define S2_RV_REQ_VVMA    0x2u

#ifdef __FRAMAC__
#define RV_CSRS_RESET(c)                                                                                               \
  (c)->vsstatus, (c)->vsie, (c)->vstvec, (c)->vsscratch, (c)->vsepc, (c)->vscause, (c)->vstval, (c)->vsatp,            \
      (c)->vstimecmp, (c)->scounteren, (c)->senvcfg, (c)->hie, (c)->hgeie, (c)->hvip
#endif

/* state.c */
/*@ // what stays when a hart takes a vCPU in
    predicate RvKept{K,L}(struct s2_rv_hart *h, struct s2_rv_vcpu *v) = RvSame{K,L}(v) &&
      \at(v->stuck, L) == \at(v->stuck, K) && \at(v->guest->held, L) == \at(v->guest->held, K) &&
      \at(h->generation, L) == \at(h->generation, K) && \at(v->guest->generation, L) == \at(v->guest->generation, K) &&
      \at(v->guest->machine->generation, L) == \at(v->guest->machine->generation, K) &&
      \at(v->guest->machine->vmid_last, L) == \at(v->guest->machine->vmid_last, K) &&
      \at(v->guest->machine->vmid_max, L) == \at(v->guest->machine->vmid_max, K);
    predicate RvParts{L}(struct s2_rv_hart *h, struct s2_rv_vcpu *v) = \valid(h) && \valid(v) && \valid_read(v->guest) &&
      \valid_read(v->guest->machine) && \separated(h, v, v->guest, v->guest->machine); */
/* was: who leaves the hart, for the proof alone */
/*@ requires parts: RvParts(h, v) && RvHart(h) && RvCounts(v);
    requires was: (h->loaded == \null || h->loaded == v || h->loaded == was) &&
                  (was == \null || was == v || \separated(was, h, v, v->guest, v->guest->machine));
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, h->hgatp, h->host_scounteren, h->host_senvcfg, RV_UNLOADED(was),
            RV_UNLOADED(v), v->on, v->seen, v->last, v->csrs.vsatp, v->profile.loads, v->profile.fp_loads,
            v->profile.vector_loads, s2_rv_memory, s2_rv_device;
    ensures there: h->loaded == v;
    ensures on: v->on == h;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures counts: RvCounts(v);
    ensures tables: h->hgatp == v->guest->hgatp;
    ensures fp: (v->guest->features & S2_RV_FEAT_FP) != 0 ==> h->fp_owner == v;
    ensures vector: (v->guest->features & S2_RV_FEAT_V) != 0 ==> h->vector_owner == v; */
void s2_rv_load(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */;
/*@ requires v: \valid(v) && 0 <= v->profile.fp_saves && (v->on == \null || (\valid_read(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns RV_FP_SAVED(v), s2_rv_device;
    ensures count: 0 <= v->profile.fp_saves; */
void s2_rv_fp_put(struct s2_rv_vcpu *v);
/*@ requires v: \valid(v) && \valid_read(v->guest) && \separated(v, v->guest);
    terminates \true; exits \false;
    assigns v->regs.x[0 .. 31], v->regs.sepc, v->regs.sstatus, v->regs.hstatus, v->fp.f[0 .. 31], v->fp.fcsr,
            v->vector.vstart, v->vector.vcsr, v->vector.vl, v->vector.vtype, s2_rv_memory, RV_CSRS_RESET(&v->csrs), v->deadline, v->pending, v->stuck, v->irq_set, v->irq_clear;
    ensures sbi: v->regs.x[0] == 0 && v->regs.x[10] == v->index && v->regs.x[11] == opaque && v->regs.sepc == pc;
    ensures clear: v->csrs.vsatp == 0 && v->csrs.vsie == 0 && v->csrs.hvip == 0 && !v->pending && v->stuck == 0; */
void s2_rv_reset(struct s2_rv_vcpu *v, uint64_t pc, uint64_t opaque);
/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->irq_set, v->irq_clear, v->requests, s2_rv_device;
    ensures none: v->irq_set == 0 && v->irq_clear == 0 && v->requests == 0; */
void s2_rv_take_pending(struct s2_rv_vcpu *v);
/*@ requires v: \valid_read(v);
    terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_get_hvip(const struct s2_rv_vcpu *v);
/*@ requires v: \valid_read(v) && (v->on == \null || \valid_read(v->on));
    terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_wake_at(const struct s2_rv_vcpu *v);
/*@ requires v: \valid(v) && (v->on == \null || (\valid_read(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns v->csrs.vstimecmp, s2_rv_device;
    ensures at: v->csrs.vstimecmp == guest_time; */
void s2_rv_put_timer(struct s2_rv_vcpu *v, uint64_t guest_time);
/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->csrs.vsstatus, v->csrs.vsepc, v->csrs.vscause, v->csrs.vstval, v->regs.sstatus, v->regs.sepc, s2_rv_device;
    ensures what: v->csrs.vscause == cause && v->csrs.vstval == value && v->csrs.vsepc == \old(v->regs.sepc); */
void s2_rv_trap_guest(struct s2_rv_vcpu *v, uint64_t cause, uint64_t value);
/*@ requires v: \valid(v) && (v->on == \null || (\valid(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns v->csrs.vsstatus, v->on->fp_owner, s2_rv_device; */
void s2_rv_fp_touched(struct s2_rv_vcpu *v);

/* vmid.c */
/*@ requires g: \valid_read(g) && \valid_read(g->machine);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> g->generation == g->machine->generation; */
bool s2_rv_vmid_current(const struct s2_rv_guest *g);
/*@ requires g: RvGuest(g) && g->machine->vmid_last <= g->machine->vmid_max < 16384;
    terminates \true; exits \false;
    assigns g->hgatp, g->generation, g->space->pt.flush.tlb, g->machine->generation, g->machine->vmid_last;
    ensures now: g->generation == g->machine->generation;
    ensures m: g->machine->vmid_last <= g->machine->vmid_max; */
void s2_rv_vmid_renew(struct s2_rv_guest *g);
/*@ requires h: \valid(h) && \valid_read(m) && \separated(h, m);
    terminates \true; exits \false;
    assigns h->generation, s2_rv_device;
    ensures now: h->generation == m->generation; */
void s2_rv_vmid_flush(struct s2_rv_hart *h, const struct s2_rv_machine *m);

/* mmio.c: an access outside every area, or inside one that forbids it */
/*@ requires v: RvVcpu(v) && \valid(v->guest) && \valid_read(v->guest->space) && \separated(v, v->guest);
    terminates \true; exits \false;
    assigns v->exit, v->stuck, v->pending, RV_FP_SAVED(v), v->guest->fault_gpa, v->guest->adding, s2_rv_memory,
            s2_rv_device;
    ensures v: RvExit(v) && v->stuck < S2_RV_STUCK_MAX && 0 <= v->profile.fp_saves;
    ensures kinds: \result == S2_RV_EXIT_FAULT || \result == S2_RV_EXIT_MMIO_READ || \result == S2_RV_EXIT_MMIO_WRITE ||
                     \result == S2_RV_DID_RETRY;
    ensures waits: \result != S2_RV_DID_RETRY ==> v->pending;
    ensures forbids: denied ==> \result == S2_RV_EXIT_FAULT || \result == S2_RV_DID_RETRY; */
enum s2_rv_exit_kind s2_rv_access(struct s2_rv_vcpu *v, uint64_t gpa, uint32_t access, bool denied);
/** A page is brought in, or why not; under the lock. */
/*@ requires g: \valid(g) && \valid_read(g->space);
    terminates \true; exits \false;
    assigns g->fault_gpa, g->adding, s2_rv_memory;
    ensures kinds: 0 <= \result.kind <= S2_FAULT_BAD;
    ensures over: !g->adding; */
struct s2_fault_result s2_rv_page_in(struct s2_rv_guest *g, uint64_t gpa, uint32_t access);
/** The rights of the area that covers gpa; none where there is no area. */
/*@ requires g: \valid(g) && \valid_read(g->space);
    terminates \true; exits \false; assigns \nothing;
    ensures rights: \result <= S2_RIGHTS; */
uint32_t s2_rv_rights(struct s2_rv_guest *g, uint64_t gpa);
/*@ requires v: \valid_read(v);
    terminates \true; exits \false; assigns s2_rv_device; */
struct s2_rv_guarded s2_rv_fetch(struct s2_rv_vcpu *v);

/*@ predicate RvCalled{L}(struct s2_rv_vcpu *v) = RvExit(v) &&
      (v->exit.kind == S2_RV_DID_SBI || v->exit.kind == S2_RV_EXIT_NO_MEMORY || v->exit.kind == S2_RV_EXIT_SHUTDOWN ||
       v->exit.kind == S2_RV_EXIT_STOPPED || v->exit.kind == S2_RV_EXIT_SET_TIMER || v->exit.kind == S2_RV_EXIT_WFI); */

/* sbi.c: answer the ecall in v->regs; S2_RV_DID_SBI: go on */
/*@ requires v: RvIn(v);
    terminates \true; exits \false;
    assigns RV_CALLED(v), v->regs.x[10 .. 11], v->regs.sepc;
    ensures v: RvIn(v) && RvCalled(v) && \result == v->exit.kind;
    ensures on: \result != S2_RV_EXIT_NO_MEMORY ==> v->regs.sepc == rv_pc(\old(v->regs.sepc), 4); */
enum s2_rv_exit_kind s2_rv_sbi(struct s2_rv_vcpu *v);

/** v->exit becomes an exit of that kind, all else zero. Exits are made where they stay: no copies on the way out. */
/*@ requires v: \valid(v);
    terminates \true; exits \false; assigns v->exit;
    ensures kind: \result == kind == v->exit.kind && RvExit(v) && v->exit.width == 0; */
static inline enum s2_rv_exit_kind s2_rv_exit_as(struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind) {
  struct s2_rv_exit *e = &v->exit;
  e->kind = kind;
  e->why = S2_RV_WHY_NONE;
  e->status = S2_OK;
  e->access = 0;
  e->gpa = 0;
  e->value = 0;
  e->reason = 0;
  e->width = 0;
  e->reg = 0;
  e->length = 0;
  e->sign = false;
  e->fp = false;
  return kind;
}

#endif
