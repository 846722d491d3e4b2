/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * riscv_vcpu.h - a RISC-V virtual CPU on top of a G-stage space: run it, get a typed exit, answer, run it again
 * (VCP-1..VCP-8).
 *
 * Four structs, all handed in by the integrator, none ever allocated: a machine (the VMIDs all guests share), a hart
 * (one per physical hart: whose state its registers hold now), a guest (a space, its vCPUs, its console buffer) and a
 * vCPU. Everything here runs in HS-mode; freestanding, no heap, no libc, no floating point.
 *
 * What the library answers by itself, without coming back: G-stage faults inside an area (through s2_fault()), SBI
 * calls, VMID allocation, pending remote fences and interrupts. Everything else is a struct s2_rv_exit. No guest
 * action has another outcome: none aborts, none loops here without bound, none uses the host's own translations.
 *
 * Interrupts: s2_rv_run() disables sstatus.SIE from its last look at pending work to the entry, and the exit path reads
 * the trap CSRs before it is enabled again. In the guest all interrupts of sie are taken, as exits.
 *
 * State that only one guest uses at a time (VS CSRs, hgatp, FP registers) stays on the hart after an exit and is saved
 * only when another vCPU needs the hart, or by s2_rv_put(). A host that runs user processes, uses FP registers, or moves
 * a vCPU to another hart calls s2_rv_put() first, on the hart that holds the state.
 *
 * Vector registers are switched as FP registers are, in memory that the guest's configuration hands in
 * (S2_RV_FEAT_V). A guest without that feature has no vectors, whatever the hart has: sstatus.VS is off, so a vector
 * instruction is an illegal instruction, delegated to the guest. Leave V out of its device tree then.
 *
 * The host must have delegated to HS what it can (medeleg, mideleg), and set mcounteren and menvcfg (STCE for Sstc).
 */
#ifndef STAGE2_RISCV_VCPU_H
#define STAGE2_RISCV_VCPU_H

#include "guest.h"
#include "space.h"

#define S2_RV_MAX_VCPUS    64u  /* a vCPU is named by one bit of a uint64_t                             */
#define S2_RV_CONSOLE      256u /* bytes of console output held back until a newline, or full           */
#define S2_RV_BATCH_MAX    64u  /* calls in one vendor batch (sbi.h)                                    */
#define S2_RV_VVMA_STEPS   64u  /* more pages than this, and a remote or local hfence.vvma forgets all  */
#define S2_RV_STUCK_MAX    16u  /* times in a row that an instruction could not be read, before an exit */
#define S2_RV_NO_DEADLINE  UINT64_MAX
#define S2_RV_EID_BATCH    UINT64_C(0x09325332) /* the vendor extension, see sbi.h                       */
#define S2_RV_IMPL_ID      UINT64_C(0x325332)
#define S2_RV_IMPL_VERSION UINT64_C(0x100)

/* host features, in s2_rv_hart.features */
#define S2_RV_FEAT_SSTC   0x1u /* vstimecmp, usable from HS (menvcfg.STCE)                */
#define S2_RV_FEAT_FP     0x2u /* F and D                                                 */
#define S2_RV_FEAT_ENVCFG 0x4u /* senvcfg and henvcfg (Privileged ISA 1.12)               */
#define S2_RV_FEAT_V      0x8u /* V; s2_rv_guest_config.vectors                            */
#define S2_RV_FEAT_ALL    0xfu

/* in s2_rv_guest_config.flags */
#define S2_RV_TRAP_WFI    0x1u  /* wfi exits (hstatus.VTW): for several vCPUs on one hart  */
#define S2_RV_RAW_ECALL   0x2u  /* ecall exits as S2_RV_EXIT_ECALL, no SBI here            */
#define S2_RV_NO_PAGING   0x4u  /* a fault inside an area exits too, as S2_RV_EXIT_PAGE    */
#define S2_RV_PROFILE     0x8u  /* count cycles per kind with s2_host_cycles()             */
#define S2_RV_EAGER       0x10u /* save all state at each exit: to measure what lazy saves */
#define S2_RV_GUEST_FLAGS 0x1fu

/* VS-level interrupts, as bits of hvip */
#define S2_RV_IRQ_SOFT     UINT64_C(0x4)
#define S2_RV_IRQ_TIMER    UINT64_C(0x40)
#define S2_RV_IRQ_EXTERNAL UINT64_C(0x400)
#define S2_RV_IRQ_ALL      UINT64_C(0x444)

/** GPRs, pc and status of a guest, the last trap, and what the host finds again. Layout shared with enter.S. */
struct s2_rv_regs {
  uint64_t x[32];                  /* x[0] is 0, and x[0] only */
  uint64_t sepc, sstatus, hstatus; /* guest: pc; privilege in SPP; SPV, SPVP, VTW */
  uint64_t scause, stval, htval, htinst;
  uint64_t host_ra, host_sp, host_gp, host_tp, host_s[12];
  uint64_t host_sstatus, host_hstatus, host_stvec, host_sscratch;
};

/** FP registers; a single in f[n] is NaN-boxed. */
struct s2_rv_fp {
  uint64_t f[32];
  uint64_t fcsr;
};

/** Vector state: four CSRs, and v0..v31 one after the other, vlenb bytes each. Layout shared with enter.S. */
struct s2_rv_vector {
  uint64_t vstart, vcsr, vl, vtype;
  uint8_t *regs;
};

/** What replaces HS state while a guest is on the hart, and the VS CSRs themselves. Switched lazily. */
struct s2_rv_csrs {
  uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vstimecmp;
  uint64_t htimedelta, scounteren, senvcfg;
  uint64_t hie, hgeie, hvip, henvcfg, hcounteren;
};

/** Why s2_rv_run() came back, or (from S2_RV_EXIT_KINDS on) what it did by itself; all of them are counted. */
enum s2_rv_exit_kind {
  S2_RV_EXIT_MMIO_READ = 0, /* load outside every area: answer with s2_rv_complete_read()                          */
  S2_RV_EXIT_MMIO_WRITE,    /* store outside every area: value holds the data; s2_rv_complete_write()              */
  S2_RV_EXIT_FAULT,         /* an access that cannot be emulated, see why; s2_rv_reflect() makes it an access fault */
  S2_RV_EXIT_PAGE,          /* S2_RV_NO_PAGING: a fault inside an area                                              */
  S2_RV_EXIT_NO_MEMORY,     /* inside an area, but frames or tables are used up (status): free some, run again      */
  S2_RV_EXIT_ECALL,         /* S2_RV_RAW_ECALL: arguments in x[10..17]; s2_rv_complete_ecall()                      */
  S2_RV_EXIT_SET_TIMER,     /* value: host time at which S2_RV_EXIT_TIMER is wanted; S2_RV_NO_DEADLINE: none        */
  S2_RV_EXIT_TIMER,         /* host interrupts: the host handles them, then runs again                              */
  S2_RV_EXIT_SOFT,
  S2_RV_EXIT_EXTERNAL,
  S2_RV_EXIT_GUEST_EXTERNAL, /* hgeip                                                                               */
  S2_RV_EXIT_WFI,            /* nothing to do until an interrupt, or until host time value                           */
  S2_RV_EXIT_SPIN, /* wrs.nto: it waits for another hart's store; run it again, or another vCPU first (S2_RV_TRAP_WFI) */
  S2_RV_EXIT_VIRTUAL,  /* an instruction that VS-mode may not execute (value, 0 if unknown); s2_rv_reflect()   */
  S2_RV_EXIT_ILLEGAL,  /* an illegal instruction that was not delegated; s2_rv_reflect()                       */
  S2_RV_EXIT_SHUTDOWN, /* SRST: value is the type, reason the reason                                           */
  S2_RV_EXIT_STOPPED,  /* HSM: this vCPU is stopped, until another one starts it                               */
  S2_RV_EXIT_BUSY,     /* its state is on another hart: s2_rv_put() there first                                */
  S2_RV_EXIT_UNKNOWN,  /* a cause that cannot come from a guest set up by this library; value is scause        */
  S2_RV_DID_PAGE,      /* a fault resolved, the access retried */
  S2_RV_DID_SBI,       /* an SBI call answered                 */
  S2_RV_DID_RETRY,     /* the instruction was gone or changed  */
  S2_RV_DID_KINDS
};

#define S2_RV_EXIT_KINDS S2_RV_DID_PAGE /* kinds from here on never come back from s2_rv_run() */

/** Why an access is S2_RV_EXIT_FAULT. */
enum s2_rv_why {
  S2_RV_WHY_NONE = 0,
  S2_RV_WHY_FETCH,     /* instruction fetch outside every area            */
  S2_RV_WHY_WALK,      /* the guest's own page tables lie in no area      */
  S2_RV_WHY_DENIED,    /* the area forbids this access. When width is not 0 the access was decoded: the host may do
                          it (a store into flash) and complete it as it completes MMIO, or reflect it */
  S2_RV_WHY_ATOMIC,    /* LR, SC or AMO outside every area                */
  S2_RV_WHY_INSN,      /* no load or store that the decoder knows         */
  S2_RV_WHY_UNREADABLE /* the instruction cannot be read: it keeps moving */
};

struct s2_rv_exit {
  enum s2_rv_exit_kind kind;
  enum s2_rv_why why;
  s2_status status; /* NO_MEMORY: S2_ERR_NO_FRAMES or S2_ERR_NO_TABLES; FAULT: S2_ERR_DENIED
                       when an area forbids the access, whatever why says                  */
  uint32_t access;  /* the right that was missing: S2_R, S2_W or S2_X                       */
  uint64_t gpa;     /* of MMIO, FAULT, PAGE, NO_MEMORY                                      */
  uint64_t value;   /* as the kind says; FAULT, DENIED: the data of a store                 */
  uint64_t reason;  /* SHUTDOWN                                                             */
  uint8_t width;    /* MMIO, DENIED: bytes, 1 2 4 8; 0 when it was no plain load or store   */
  uint8_t reg;      /* MMIO, DENIED: register number                                        */
  uint8_t length;   /* MMIO, FAULT: bytes of the instruction; 0 when unknown                */
  bool sign;        /* MMIO_READ: the value will be sign extended                           */
  bool fp;          /* MMIO, DENIED: register of the F file                                 */
};

/** SBI HSM states, with the numbers of the specification. */
enum s2_rv_hsm { S2_RV_STARTED = 0, S2_RV_STOPPED = 1, S2_RV_START_PENDING = 2, S2_RV_STARTING = 3 };

struct s2_rv_hart;
struct s2_rv_guest;

/** Counted since init. Counters stop at INT64_MAX. */
struct s2_rv_profile {
  int64_t count[S2_RV_DID_KINDS];
  int64_t cycles[S2_RV_DID_KINDS]; /* S2_RV_PROFILE: from the exit to the next entry, the host's part included */
  int64_t loads, saves;            /* lazy state: how often it moved                                            */
  int64_t fp_loads, fp_saves;
  int64_t vector_loads, vector_saves;
};

struct s2_rv_vcpu {
  struct s2_rv_regs regs;
  struct s2_rv_csrs csrs;
  struct s2_rv_fp fp;
  struct s2_rv_vector vector;
  struct s2_rv_guest *guest;
  uint32_t index;                /* its hartid in the guest                                                     */
  struct s2_rv_hart *on;         /* the hart that holds its lazy state, or NULL                                 */
  uint64_t seen;                 /* VMID generation it last ran in */
  struct s2_rv_hart *last;       /* where it ran last: its stage-1 translations may be cached there             */
  struct s2_rv_exit exit;        /* the last one                                                                */
  bool pending;                  /* an exit waits for its completion                                            */
  uint32_t stuck;                /* instruction reads that failed in a row                                      */
  uint64_t deadline;             /* without Sstc: guest timer in host time                                      */
  uint64_t left;                 /* S2_RV_PROFILE: clock at the last exit                                       */
  enum s2_rv_exit_kind left_for; /* and its kind                                                                */
  struct s2_rv_profile profile;
  /* written by other harts, atomically */
  uint64_t irq_set, irq_clear; /* changes of hvip                                                               */
  uint32_t requests;           /* fences to do before the next entry                                            */
  int32_t hsm;                 /* enum s2_rv_hsm                                                                */
  uint64_t start_pc, start_opaque;
};

/** One per physical hart. */
struct s2_rv_hart {
  struct s2_rv_vcpu *loaded;   /* whose VS CSRs are in the hart, or NULL           */
  struct s2_rv_vcpu *fp_owner; /* whose FP registers are in the hart, or NULL      */
  struct s2_rv_vcpu *vector_owner;
  uint64_t generation; /* VMID generation this hart has flushed for        */
  uint64_t host_scounteren, host_senvcfg;
  uint64_t hgatp;
  uint32_t features;
};

/** What all guests share. */
struct s2_rv_machine {
  void *ctx;           /* for s2_rv_host_lock() and s2_rv_host_quiesce() */
  uint64_t generation; /* of VMIDs; starts at 1                          */
  uint32_t vmid_max;   /* largest VMID of the hardware                   */
  uint32_t vmid_last;  /* last one given in this generation              */
};

struct s2_rv_guest {
  struct s2_space *space;
  struct s2_rv_machine *machine;
  struct s2_rv_vcpu *vcpus;
  void *ctx; /* for the s2_rv_host_ functions */
  uint32_t count;
  uint32_t flags;
  uint64_t hgatp;        /* root and VMID, of this generation */
  uint64_t generation;   /* of its VMID; 0: none yet                                                          */
  uint32_t features;     /* of its harts */
  uint64_t vector_bytes; /* saved vector registers of one vCPU */
  bool adding;        /* while a fault is resolved, under the lock: what s2_host_flush_remote() is called for only adds
                          rights. A host may return at once then: a hart that missed it faults and forgets by itself.
                          Never set when the space shares frames: its faults replace pages */
  uint64_t fault_gpa; /* while s2_fault() runs: the page it is for, so that the host knows what to fill in */
  uint32_t held;      /* bytes in console                                                                  */
  uint8_t console[S2_RV_CONSOLE];
};

struct s2_rv_guest_config {
  struct s2_space *space;
  struct s2_rv_machine *machine;
  struct s2_rv_vcpu *vcpus; /* count of them */
  uint32_t count;           /* 1..S2_RV_MAX_VCPUS */
  uint32_t flags;           /* S2_RV_TRAP_WFI ... */
  void *ctx;
  uint64_t time_delta;   /* added to the host's time */
  uint64_t henvcfg;      /* what VS-mode may use: CBIE, CBCFE, CBZE, PBMTE, ADUE; STCE is added with S2_RV_FEAT_SSTC */
  uint64_t hcounteren;   /* counters VS-mode may read; bit 1 is time */
  uint32_t features;     /* S2_RV_FEAT_... that every hart has on which this guest runs */
  uint8_t *vectors;      /* S2_RV_FEAT_V: vector_bytes for each vCPU, aligned to 8        */
  uint64_t vector_bytes; /* at least 32 vlenb (s2_rv_vector_bytes()), a multiple of 8     */
};

/*
 * What contracts speak of. Two ghosts: s2_rv_device, all that a hart has besides memory (CSRs, FP registers, translation
 * caches); s2_rv_memory, guest frames, what a space owns, and saved vector registers. The structs of this header lie in neither.
 */
/*@ ghost int s2_rv_device, s2_rv_memory; */
/*@ logic integer rv_pc(integer pc, integer length) =
      pc + length <= UINT64_MAX ? pc + length : pc + length - UINT64_MAX - 1;
    // what a load leaves in a register: proofs/cbmc/vcpu/extend shows that this is sign extension and NaN boxing
    logic integer rv_mask(integer width) =
      width == 1 ? 0xff : width == 2 ? 0xffff : width == 4 ? 0xffffffff : UINT64_MAX;
    logic integer rv_top(integer width) =
      width == 1 ? 0x80 : width == 2 ? 0x8000 : width == 4 ? 0x80000000 : 0x8000000000000000;
    logic integer rv_extended(integer value, integer width, boolean signed_load, boolean boxed) =
      boxed || (signed_load && (value & rv_top(width)) != 0) ? (value | (UINT64_MAX - rv_mask(width)))
                                                             : (value & rv_mask(width)); */
#ifdef __FRAMAC__
// clang-format off
/* what a vCPU gets back when it leaves its hart */
#define RV_FP_SAVED(v) (v)->fp.f[0..31], (v)->fp.fcsr, (v)->regs.sstatus, (v)->profile.fp_saves
#define RV_UNLOADED(v)                                                                                                 \
  RV_FP_SAVED(v), (v)->vector.vstart, (v)->vector.vcsr, (v)->vector.vl, (v)->vector.vtype, (v)->profile.vector_saves,  \
      (v)->profile.saves, (v)->on, (v)->csrs.vsstatus, (v)->csrs.vsie, (v)->csrs.vstvec, (v)->csrs.vsscratch,          \
      (v)->csrs.vsepc, (v)->csrs.vscause, (v)->csrs.vstval, (v)->csrs.vsatp, (v)->csrs.hvip, (v)->csrs.scounteren,     \
      (v)->csrs.vstimecmp, (v)->csrs.senvcfg
/* what a call of one vCPU may change of all n: interrupts, fences and starts */
#define RV_SIGNALS_OF(vs, n)                                                                                           \
  (vs)[0 .. (n) - 1].irq_set, (vs)[0 .. (n) - 1].irq_clear, (vs)[0 .. (n) - 1].requests, (vs)[0 .. (n) - 1].hsm,       \
      (vs)[0 .. (n) - 1].start_pc, (vs)[0 .. (n) - 1].start_opaque
#define RV_SIGNALS(g, n) RV_SIGNALS_OF((g)->vcpus, n)
/* console buffer, and what brings pages in */
#define RV_CONSOLE(g) (g)->held, (g)->console[0 .. S2_RV_CONSOLE - 1], (g)->fault_gpa, (g)->adding, s2_rv_memory
/* an SBI call, but for the registers of its answer; in a loop n is named by the state before it */
#define RV_CALLED_OF(v, n)                                                                                             \
  RV_SIGNALS((v)->guest, n), RV_CONSOLE((v)->guest), (v)->exit, (v)->irq_set, (v)->irq_clear, (v)->requests, (v)->hsm, \
      (v)->csrs.vstimecmp, (v)->deadline, s2_rv_device
#define RV_CALLED(v) RV_CALLED_OF(v, (v)->guest->count)
/* a run: the vCPU (RvSame says what of it stays), what its host, its guest and its calls change, and whoever was here */
#define RV_RAN_AT(h, was, v, g, vs, n, m, s)                                                                           \
  (h)->loaded, (h)->fp_owner, (h)->vector_owner, (h)->hgatp, (h)->host_scounteren, (h)->host_senvcfg, (h)->generation, \
      *(v), RV_UNLOADED(was), RV_SIGNALS_OF(vs, n), RV_CONSOLE(g), (g)->hgatp, (g)->generation, (s)->pt.flush.tlb,     \
      (m)->generation, (m)->vmid_last, s2_rv_device
#define RV_RAN(h, v)                                                                                                   \
  RV_RAN_AT(h, (h)->loaded, v, (v)->guest, (v)->guest->vcpus, (v)->guest->count, (v)->guest->machine, (v)->guest->space)
// clang-format on
#endif
/*@ predicate RvCounts{L}(struct s2_rv_vcpu *v) =
      (\forall integer k; 0 <= k < S2_RV_DID_KINDS ==> 0 <= v->profile.count[k] && 0 <= v->profile.cycles[k]) &&
      0 <= v->profile.loads && 0 <= v->profile.saves && 0 <= v->profile.fp_loads && 0 <= v->profile.fp_saves &&
      0 <= v->profile.vector_loads && 0 <= v->profile.vector_saves;
    // what an exit says of a register and a width can be used as it stands
    predicate RvExit{L}(struct s2_rv_vcpu *v) = v->exit.reg <= 31 && v->exit.length <= 4 &&
      (v->exit.width == 0 || v->exit.width == 1 || v->exit.width == 2 || v->exit.width == 4 || v->exit.width == 8);
    predicate RvVcpu{L}(struct s2_rv_vcpu *v) = \valid(v) && RvExit(v) && v->stuck < S2_RV_STUCK_MAX &&
      0 <= v->profile.fp_saves && (v->on == \null || (\valid(v->on) && \separated(v, v->on)));
    // the vCPU whose state a hart holds knows it
    predicate RvHart{L}(struct s2_rv_hart *h) = \valid(h) &&
      (h->loaded == \null || (\valid(h->loaded) && \separated(h, h->loaded) && h->loaded->on == h &&
                              0 <= h->loaded->profile.fp_saves && 0 <= h->loaded->profile.vector_saves &&
                              0 <= h->loaded->profile.saves));
    predicate RvGuest{L}(struct s2_rv_guest *g) =
      \valid(g) && \valid(g->machine) && \valid(g->space) && 1 <= g->count <= S2_RV_MAX_VCPUS &&
      \valid(g->vcpus + (0 .. g->count - 1)) &&
      \separated(g, g->machine, g->space, g->vcpus + (0 .. g->count - 1));
    // the k-th vCPU of a guest as s2_rv_guest_init() makes it
    predicate RvMade{L}(struct s2_rv_vcpu *vcpus, integer k, struct s2_rv_guest *g) =
      vcpus[k].guest == g && vcpus[k].index == k && vcpus[k].on == \null && vcpus[k].hsm == S2_RV_STOPPED;
    predicate RvFresh{L}(struct s2_rv_vcpu *vcpus, integer k, struct s2_rv_guest *g) =
      RvMade(vcpus, k, g) && RvExit(vcpus + k) && RvCounts(vcpus + k);
    // a vCPU of a guest, and the hart that holds its state: what s2_rv_guest_init() makes and every call keeps
    predicate RvIn{L}(struct s2_rv_vcpu *v) = \valid(v) && RvExit(v) && RvGuest(v->guest) &&
      v->index < v->guest->count && v == v->guest->vcpus + v->index && v->guest->held < S2_RV_CONSOLE &&
      (v->on == \null || (\valid(v->on) && \separated(v->on, v->guest, v->guest->vcpus + (0 .. v->guest->count - 1)))); */

/*@ // what s2_rv_run() starts from and leaves behind: the hart holds v's state, or another vCPU's, or none
    predicate RvReady{L}(struct s2_rv_hart *h, struct s2_rv_vcpu *v) = RvHart(h) && RvIn(v) && RvCounts(v) &&
      v->stuck < S2_RV_STUCK_MAX && v->guest->machine->vmid_last <= v->guest->machine->vmid_max < 16384 &&
      \separated(h, v->guest, v->guest->machine, v->guest->space, v->guest->vcpus + (0 .. v->guest->count - 1)) &&
      (v->on == \null || v->on == h) && (v->on == h <==> h->loaded == v) &&
      (h->loaded != \null ==> h->loaded == v || \separated(h->loaded, v, v->guest, v->guest->machine, v->guest->space)); */

/*@ // what no call changes: whose vCPU it is, and where its guest has what
    predicate RvSame{K,L}(struct s2_rv_vcpu *v) = \at(v->guest, L) == \at(v->guest, K) &&
      \at(v->index, L) == \at(v->index, K) && \at(v->vector.regs, L) == \at(v->vector.regs, K) &&
      \at(v->guest->vcpus, L) == \at(v->guest->vcpus, K) && \at(v->guest->count, L) == \at(v->guest->count, K) &&
      \at(v->guest->machine, L) == \at(v->guest->machine, K) && \at(v->guest->space, L) == \at(v->guest->space, K);
    // by name: what the proofs of a run hand on from call to call, since no call changes it
    predicate RvOf{L}(struct s2_rv_vcpu *v, struct s2_rv_guest *g, struct s2_rv_vcpu *vs, integer n,
                      struct s2_rv_machine *m, struct s2_space *s) =
      v->guest == g && g->vcpus == vs && g->count == n && g->machine == m && g->space == s;
    // all that leaves a hart while v runs there: v itself, and `was`, who was there before
    predicate RvWas{L}(struct s2_rv_hart *h, struct s2_rv_vcpu *v, struct s2_rv_vcpu *was) =
      (h->loaded == \null || h->loaded == v || h->loaded == was) &&
      (was == \null || was == v || \separated(was, h, v, v->guest, v->guest->machine, v->guest->space)); */

/* ---- what the host provides at link time ---- */

/**
 * s2_rv_host_lock(), s2_rv_host_unlock() - serialise calls on one guest's space and console (ctx of the guest), or on
 * the VMIDs (ctx of the machine). Never held across an entry. A host that waits here must go on answering
 * s2_host_flush_remote() and s2_rv_host_quiesce() of other harts.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_rv_host_lock(void *ctx);
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_rv_host_unlock(void *ctx);

/**
 * s2_rv_host_kick() - vCPUs of this guest (bit n: index n) have something new. Those in the guest must leave it; those
 * idle must be run. wait: return only when each of them has been outside the guest since the call. Never names the
 * caller's own vCPU.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_rv_host_kick(void *ctx, uint64_t vcpus, bool wait);

/** s2_rv_host_quiesce() - return when every other hart has been outside of all guests since the call. */
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_rv_host_quiesce(void *ctx);

/** s2_rv_host_console() - len bytes of console output of the guest. Called with the guest's lock held. */
/*@ requires bytes: \valid_read(bytes + (0 .. len - 1)); terminates \true; exits \false; assigns \nothing; */
void s2_rv_host_console(void *ctx, const uint8_t *bytes, uint32_t len);

/** s2_rv_host_console_read() - at most max bytes of input to `to`. Return: how many, 0 when there are none. */
/*@ requires to: \valid(to + (0 .. max - 1)); terminates \true; exits \false; assigns to[0 .. max - 1];
    ensures len: \result <= max; */
S2_MUST_USE uint32_t s2_rv_host_console_read(void *ctx, uint8_t *to, uint32_t max);

/* ---- set-up ---- */

/** s2_rv_machine_init() - vmid_bits: VMIDLEN of the hardware, 0..14; with 0 every change of guest flushes. */
/*@ requires m: \valid(m);
    terminates \true; exits \false; assigns *m;
    ensures ok: \result == S2_OK <==> vmid_bits <= 14; */
S2_MUST_USE s2_status s2_rv_machine_init(struct s2_rv_machine *m, uint32_t vmid_bits, void *ctx);

/**
 * s2_rv_hart_init() - delegate to VS-mode what a guest handles itself, forget all guest translations of this hart.
 * Run on the hart itself, once. features: S2_RV_FEAT_... that this hart has. Return: S2_OK; S2_ERR_NULL, S2_ERR_CONFIG.
 */
/*@ requires h: h == \null || \valid(h);
    terminates \true; exits \false; assigns *h, s2_rv_device;
    ensures ok: \result == S2_OK <==> h != \null && features <= S2_RV_FEAT_ALL;
    ensures none: \result == S2_OK ==> h->loaded == \null && h->fp_owner == \null && h->features == features; */
S2_MUST_USE s2_status s2_rv_hart_init(struct s2_rv_hart *h, uint32_t features);

/** s2_rv_vmid_bits() - VMIDLEN of this hart, found by writing hgatp. Leaves hgatp 0. */
/*@ terminates \true; exits \false; assigns s2_rv_device; ensures bits: \result <= 14; */
S2_MUST_USE uint32_t s2_rv_vmid_bits(void);

/** s2_rv_vector_bytes() - what v0..v31 of this hart take: 32 vlenb. Only on a hart with S2_RV_FEAT_V. */
/*@ terminates \true; exits \false; assigns s2_rv_device; */
S2_MUST_USE uint64_t s2_rv_vector_bytes(void);

/**
 * s2_rv_guest_init() - all vCPUs are reset and stopped. Return: S2_OK; S2_ERR_NULL; S2_ERR_CONFIG (count, flags, vectors).
 */
/*@ requires g: g == \null || \valid(g); requires c: c == \null || \valid_read(c);
    requires apart: g != \null && c != \null && c->space != \null && c->machine != \null && c->vcpus != \null &&
                    1 <= c->count <= S2_RV_MAX_VCPUS ==>
                    \valid(c->space) && \valid(c->machine) && \valid(c->vcpus + (0 .. c->count - 1)) &&
                    \separated(g, c, c->space, c->machine, c->vcpus + (0 .. c->count - 1));
    terminates \true; exits \false;
    assigns *g, c->vcpus[0 .. c->count - 1], s2_rv_memory;
    ensures codes: \result == S2_OK || \result == S2_ERR_NULL || \result == S2_ERR_CONFIG;
    ensures guest: \result == S2_OK ==> RvGuest(g) && g->held == 0 && g->generation == 0;
    ensures vcpus: \result == S2_OK ==> \forall integer k; 0 <= k < g->count ==> RvFresh(g->vcpus, k, g); */
S2_MUST_USE s2_status s2_rv_guest_init(struct s2_rv_guest *g, const struct s2_rv_guest_config *c);

/** s2_rv_start() - vCPU `index` runs from pc with a0 = its hartid, a1 = opaque. S2_ERR_MAPPED: it is not stopped. */
/*@ requires g: \valid_read(g) && \valid(g->vcpus + (0 .. g->count - 1)) && \separated(g, g->vcpus + (0 .. g->count - 1));
    terminates \true; exits \false;
    assigns g->vcpus[index].hsm, g->vcpus[index].start_pc, g->vcpus[index].start_opaque;
    ensures ok: \result == S2_OK ==> index < g->count && \old(g->vcpus[index].hsm) == S2_RV_STOPPED &&
                  g->vcpus[index].hsm == S2_RV_START_PENDING && g->vcpus[index].start_pc == pc &&
                  g->vcpus[index].start_opaque == opaque;
    ensures same: \result != S2_OK ==> index < g->count ==> g->vcpus[index].hsm == \old(g->vcpus[index].hsm); */
S2_MUST_USE s2_status s2_rv_start(struct s2_rv_guest *g, uint32_t index, uint64_t pc, uint64_t opaque);

/* ---- running ---- */

/**
 * s2_rv_run() - run v on this hart until something happens that the host must see.
 *
 * Return: the exit, also in v->exit. An exit that was not completed comes again: nothing is lost and nothing is done
 * twice.
 */
/* That it comes back rests on the host's timer, which no proof knows: a guest may make SBI calls for ever. */
/*@ requires here: \valid(v) && (v->on == \null || v->on == h ==> RvReady(h, v));
    terminates \false; exits \false;
    assigns RV_RAN(h, v);
    ensures busy: \old(v->on) != \null && \old(v->on) != h ==> \result.kind == S2_RV_EXIT_BUSY;
    ensures ready: \old(v->on) == \null || \old(v->on) == h ==> RvReady(h, v);
    ensures same: \old(v->on) == \null || \old(v->on) == h ==> RvSame{Pre,Post}(v); */
struct s2_rv_exit s2_rv_run(struct s2_rv_hart *h, struct s2_rv_vcpu *v);

/**
 * s2_rv_complete_read() - the answer to S2_RV_EXIT_MMIO_READ, or to a decoded load that its area denied: extended or
 * NaN-boxed into the register, pc advanced.
 * Bits of value above the width are ignored. Return: S2_OK; S2_ERR_CONFIG: no such exit is waiting.
 */
/*@ requires v: RvVcpu(v);
    terminates \true; exits \false;
    assigns v->regs.x[1 .. 31], v->fp.f[0 .. 31], v->regs.sepc, v->pending, v->csrs.vsstatus, v->on->fp_owner, s2_rv_device;
    ensures codes: \result == S2_OK || \result == S2_ERR_CONFIG;
    ensures none: !\old(v->pending) ==> \result == S2_ERR_CONFIG;
    ensures done: \result == S2_OK ==> !v->pending && v->regs.sepc == rv_pc(\old(v->regs.sepc), v->exit.length);
    ensures refused: \result != S2_OK ==> v->pending == \old(v->pending) && v->regs.sepc == \old(v->regs.sepc) &&
                       (\forall integer k; 1 <= k < 32 ==> v->regs.x[k] == \old(v->regs.x[k]));
    ensures gpr: \result == S2_OK ==> !v->exit.fp ==> v->exit.reg != 0 ==>
                   v->regs.x[v->exit.reg] == rv_extended(value, v->exit.width, v->exit.sign != 0, v->exit.fp != 0);
    ensures fpr: \result == S2_OK ==> v->exit.fp ==>
                   v->fp.f[v->exit.reg] == rv_extended(value, v->exit.width, v->exit.sign != 0, v->exit.fp != 0);
    ensures rest: \forall integer k; 1 <= k < 32 ==> (v->exit.fp || k != v->exit.reg) ==> v->regs.x[k] == \old(v->regs.x[k]);
    ensures frest: \forall integer k; 0 <= k < 32 ==> (!v->exit.fp || k != v->exit.reg) ==> v->fp.f[k] == \old(v->fp.f[k]); */
S2_MUST_USE s2_status s2_rv_complete_read(struct s2_rv_vcpu *v, uint64_t value);

/** s2_rv_complete_write() - the store of S2_RV_EXIT_MMIO_WRITE, or one denied, is done: pc advanced. Return: as above. */
/*@ requires v: RvVcpu(v);
    terminates \true; exits \false;
    assigns v->regs.sepc, v->pending;
    ensures codes: \result == S2_OK || \result == S2_ERR_CONFIG;
    ensures none: !\old(v->pending) ==> \result == S2_ERR_CONFIG;
    ensures done: \result == S2_OK ==> !v->pending && v->regs.sepc == rv_pc(\old(v->regs.sepc), v->exit.length);
    ensures refused: \result != S2_OK ==> v->pending == \old(v->pending) && v->regs.sepc == \old(v->regs.sepc); */
S2_MUST_USE s2_status s2_rv_complete_write(struct s2_rv_vcpu *v);

/** s2_rv_complete_ecall() - S2_RV_EXIT_ECALL: a0 and a1, pc advanced. Return: as above. */
/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->regs.x[10 .. 11], v->regs.sepc, v->pending;
    ensures codes: \result == S2_OK || \result == S2_ERR_CONFIG;
    ensures done: \result == S2_OK ==> !v->pending && v->regs.sepc == rv_pc(\old(v->regs.sepc), 4) &&
                    v->regs.x[10] == a0 && v->regs.x[11] == a1;
    ensures refused: \result != S2_OK ==> v->pending == \old(v->pending) && v->regs.sepc == \old(v->regs.sepc); */
S2_MUST_USE s2_status s2_rv_complete_ecall(struct s2_rv_vcpu *v, uint64_t a0, uint64_t a1);

/**
 * s2_rv_reflect() - S2_RV_EXIT_FAULT, MMIO_READ, MMIO_WRITE, VIRTUAL, ILLEGAL: the guest gets the exception it would
 * get on a machine without a hypervisor: an access fault for its address, or an illegal instruction. Return: as above.
 */
/*@ requires v: RvVcpu(v);
    terminates \true; exits \false;
    assigns v->pending, v->regs.sepc, v->regs.sstatus, v->csrs.vsstatus, v->csrs.vsepc, v->csrs.vscause, v->csrs.vstval,
            s2_rv_device;
    ensures codes: \result == S2_OK || \result == S2_ERR_CONFIG;
    ensures done: \result == S2_OK ==> !v->pending && v->csrs.vsepc == \old(v->regs.sepc) &&
                    (v->csrs.vscause == 1 || v->csrs.vscause == 2 || v->csrs.vscause == 5 || v->csrs.vscause == 7);
    ensures refused: \result != S2_OK ==> v->pending == \old(v->pending) && v->regs.sepc == \old(v->regs.sepc); */
S2_MUST_USE s2_status s2_rv_reflect(struct s2_rv_vcpu *v);

/** s2_rv_put() - save what this hart holds of any vCPU; the hart's own scounteren and senvcfg come back. */
/*@ requires h: RvHart(h);
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, RV_UNLOADED(h->loaded), s2_rv_memory, s2_rv_device;
    ensures none: h->loaded == \null;
    ensures left: \old(h->loaded) != \null ==> \old(h->loaded)->on == \null && h->fp_owner == \null;
    ensures counts: \old(h->loaded) != \null ==> 0 <= \old(h->loaded)->profile.fp_saves &&
                      0 <= \old(h->loaded)->profile.vector_saves && 0 <= \old(h->loaded)->profile.saves; */
void s2_rv_put(struct s2_rv_hart *h);

/**
 * s2_rv_irq() - set (level) or clear VS-level interrupts of v, bits of S2_RV_IRQ_ALL. From any hart, at any time; takes
 * effect at the next entry: kick the vCPU if it may be running.
 */
/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->irq_set, v->irq_clear; */
void s2_rv_irq(struct s2_rv_vcpu *v, uint64_t bits, bool level);

/** s2_rv_due() - is v worth running: started, and (if it waits in wfi) with an enabled interrupt or its timer due? */
/*@ requires v: \valid_read(v) && (v->on == \null || \valid_read(v->on));
    terminates \true; exits \false; assigns \nothing;
    ensures stopped: v->hsm != S2_RV_STARTED ==> (\result <==> v->hsm == S2_RV_START_PENDING); */
S2_MUST_USE bool s2_rv_due(const struct s2_rv_vcpu *v);

/** s2_rv_console_flush() - hand held-back console output to the host. */
/*@ requires g: \valid(g) && g->held <= S2_RV_CONSOLE;
    terminates \true; exits \false; assigns g->held; ensures none: g->held == 0; */
void s2_rv_console_flush(struct s2_rv_guest *g);

/** s2_rv_exit_name() - for tables and logs; "?" for a number that is no kind. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures text: \valid_read(\result); */
const char *s2_rv_exit_name(enum s2_rv_exit_kind kind);

#endif
