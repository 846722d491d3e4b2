/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * exit.c - the run loop: make the hart ready, enter, and say what happened.
 */
#include "vcpu.h"
#include "stage2/host.h"

#define IRQ_SOFT           1u
#define IRQ_TIMER          5u
#define IRQ_EXTERNAL       9u
#define IRQ_GUEST_EXTERNAL 12u
#define INSN_WFI           UINT64_C(0x10500073)
#define INSN_WRS_NTO       UINT64_C(0x00d00073) /* Zawrs: trapped by VTW as wfi is */

s2_status s2_rv_guest_init(struct s2_rv_guest *g, const struct s2_rv_guest_config *c) {
  uint32_t i;
  if (g == NULL || c == NULL || c->space == NULL || c->machine == NULL || c->vcpus == NULL) {
    return S2_ERR_NULL;
  }
  if (c->count == 0 || c->count > S2_RV_MAX_VCPUS || (c->flags & ~S2_RV_GUEST_FLAGS) != 0 ||
      (c->features & ~S2_RV_FEAT_ALL) != 0) {
    return S2_ERR_CONFIG;
  }
  if ((c->features & S2_RV_FEAT_V) != 0 && (c->vectors == NULL || c->vector_bytes == 0 || c->vector_bytes % 8u != 0)) {
    return S2_ERR_CONFIG;
  }
  g->space = c->space;
  g->machine = c->machine;
  g->vcpus = c->vcpus;
  g->ctx = c->ctx;
  g->count = c->count;
  g->flags = c->flags;
  g->features = c->features;
  g->vector_bytes = c->vector_bytes;
  g->hgatp = 0;
  g->generation = 0;
  g->fault_gpa = 0;
  g->adding = false;
  g->held = 0;
  for (i = 0; i < c->count; i++) {
    struct s2_rv_vcpu *v = &g->vcpus[i];
    uint32_t k;
    v->guest = g;
    v->index = i;
    v->on = NULL;
    v->last = NULL;
    v->seen = 0;
    v->requests = 0;
    v->hsm = S2_RV_STOPPED;
    v->start_pc = 0;
    v->start_opaque = 0;
    v->left = 0;
    v->left_for = S2_RV_DID_KINDS;
    (void)s2_rv_exit_as(v, S2_RV_EXIT_STOPPED);
    for (k = 0; k < S2_RV_DID_KINDS; k++) {
      v->profile.count[k] = 0;
      v->profile.cycles[k] = 0;
    }
    v->profile.loads = 0;
    v->profile.saves = 0;
    v->profile.fp_loads = 0;
    v->profile.fp_saves = 0;
    v->profile.vector_loads = 0;
    v->profile.vector_saves = 0;
    v->vector.regs = (c->features & S2_RV_FEAT_V) != 0 ? c->vectors + i * c->vector_bytes : NULL;
    v->csrs.htimedelta = c->time_delta;
    v->csrs.henvcfg = c->henvcfg | ((c->features & S2_RV_FEAT_SSTC) != 0 ? S2_RV_ENVCFG_STCE : 0u);
    v->csrs.hcounteren = c->hcounteren;
    s2_rv_reset(v, 0, 0);
  }
  return S2_OK;
}

s2_status s2_rv_start(struct s2_rv_guest *g, uint32_t index, uint64_t pc, uint64_t opaque) {
  struct s2_rv_vcpu *v;
  int32_t stopped = S2_RV_STOPPED;
  if (index >= g->count) {
    return S2_ERR_CONFIG;
  }
  v = &g->vcpus[index];
  if (!S2_RV_CHANGE(&v->hsm, &stopped, S2_RV_STARTING)) {
    return S2_ERR_MAPPED;
  }
  v->start_pc = pc;
  v->start_opaque = opaque;
  S2_RV_PUT(&v->hsm, S2_RV_START_PENDING);
  return S2_OK;
}

/** The time since the last exit, the host's part included, belongs to that exit's kind. */
/*@ requires v: \valid(v) && \valid_read(v->guest) && RvCounts(v);
    terminates \true; exits \false;
    assigns v->profile.cycles[0 .. S2_RV_DID_KINDS - 1];
    ensures counts: RvCounts(v); */
static void profile_enter(struct s2_rv_vcpu *v) {
  if ((v->guest->flags & S2_RV_PROFILE) != 0 && v->left_for < S2_RV_DID_KINDS) {
    int64_t spent = (int64_t)(s2_rv_minus(s2_host_cycles(v->guest->ctx), v->left) % (UINT64_C(1) << 63));
    s2_count(&v->profile.cycles[v->left_for], spent);
  }
}

/** Into the guest and out again. What is looked at with interrupts off cannot change unseen before the entry. */
/*@ requires h: RvHart(h) && RvVcpu(v) && RvCounts(v) && RvGuest(v->guest);
    requires m: v->guest->machine->vmid_last <= v->guest->machine->vmid_max < 16384;
    requires apart: \separated(h, v, v->guest, v->guest->machine, v->guest->space) &&
                    (v->on == \null || v->on == h) && (v->on == h <==> h->loaded == v) &&
                    (h->loaded != \null ==> h->loaded == v || \separated(h->loaded, v, v->guest, v->guest->machine, v->guest->space));
    terminates \true; exits \false;
    ensures x0: v->regs.x[0] == \old(v->regs.x[0]);
    ensures h: RvHart(h);
    ensures v: RvVcpu(v) && RvCounts(v); */
static void enter(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  struct s2_rv_guest *g = v->guest;
  uint64_t was = s2_rv_take_sstatus(S2_RV_SSTATUS_SIE);
  /*@ loop invariant m: g->machine->vmid_last <= g->machine->vmid_max;
      loop assigns was, s2_rv_device, g->hgatp, g->generation, g->space->pt.flush.tlb, g->machine->generation,
                   g->machine->vmid_last;
      loop variant g->generation == g->machine->generation ? 0 : 1; */
  while (!s2_rv_vmid_current(g)) {
    s2_rv_set_sstatus(was);
    s2_rv_vmid_renew(g); /* may wait, and answer other harts meanwhile: look again */
    was = s2_rv_take_sstatus(S2_RV_SSTATUS_SIE);
  }
  s2_rv_vmid_flush(h, g->machine);
  s2_rv_load(h, v);
  s2_rv_take_pending(v);
  profile_enter(v);
  s2_rv_switch(&v->regs);
  if ((g->flags & S2_RV_PROFILE) != 0) {
    v->left = s2_host_cycles(g->ctx);
  }
  if ((g->flags & S2_RV_EAGER) != 0) {
    s2_rv_put(h);
  }
  if (was != 0) {
    s2_rv_set_sstatus(was);
  }
}

/*@ requires v: \valid(v);
    terminates \true; exits \false; assigns v->exit;
    ensures v: RvExit(v);
    ensures kinds: S2_RV_EXIT_TIMER <= \result <= S2_RV_EXIT_GUEST_EXTERNAL || \result == S2_RV_EXIT_UNKNOWN;
    ensures timer: number == IRQ_TIMER <==> \result == S2_RV_EXIT_TIMER; */
static enum s2_rv_exit_kind interrupt(struct s2_rv_vcpu *v, uint64_t number) {
  switch (number) {
    case IRQ_SOFT:
      return s2_rv_exit_as(v, S2_RV_EXIT_SOFT);
    case IRQ_TIMER:
      return s2_rv_exit_as(v, S2_RV_EXIT_TIMER);
    case IRQ_EXTERNAL:
      return s2_rv_exit_as(v, S2_RV_EXIT_EXTERNAL);
    case IRQ_GUEST_EXTERNAL:
      return s2_rv_exit_as(v, S2_RV_EXIT_GUEST_EXTERNAL);
    default:
      (void)s2_rv_exit_as(v, S2_RV_EXIT_UNKNOWN);
      v->exit.value = v->regs.scause;
      return S2_RV_EXIT_UNKNOWN;
  }
}

/** The right that was missing: the access's own, or that of the walk of the guest's own tables (decode.h). */
/*@ requires r: \valid_read(r);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == S2_R || \result == S2_W || \result == S2_X; */
static uint32_t access_of(const struct s2_rv_regs *r) {
  if (s2_rv_htinst_is_walk(r->htinst)) {
    return s2_rv_htinst_walk_writes(r->htinst) ? S2_W : S2_R;
  }
  return r->scause == S2_RV_CAUSE_GUEST_FETCH ? S2_X : r->scause == S2_RV_CAUSE_GUEST_LOAD ? S2_R : S2_W;
}

/** A fault in an area that the host must see. */
/*@ requires v: \valid(v);
    terminates \true; exits \false; assigns v->exit;
    ensures v: RvExit(v) && \result == kind == v->exit.kind;
    ensures what: v->exit.gpa == gpa && v->exit.access == access && v->exit.status == status; */
static enum s2_rv_exit_kind page_exit(struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind, uint64_t gpa, uint32_t access,
                                      s2_status status) {
  (void)s2_rv_exit_as(v, kind);
  v->exit.gpa = gpa;
  v->exit.access = access;
  v->exit.status = status;
  return kind;
}

/** A G-stage fault. htval is the address shifted right by two; its two low bits are those of stval. */
/*@ requires v: RvVcpu(v) && \valid(v->guest) && \separated(v, v->guest);
    terminates \true; exits \false;
    assigns v->exit, v->stuck, v->pending, RV_FP_SAVED(v), v->guest->fault_gpa, v->guest->adding, s2_rv_memory,
            s2_rv_device;
    ensures v: RvExit(v) && v->stuck < S2_RV_STUCK_MAX && 0 <= v->profile.fp_saves;
    ensures kinds: 0 <= \result <= S2_RV_EXIT_NO_MEMORY || \result == S2_RV_DID_PAGE || \result == S2_RV_DID_RETRY; */
static enum s2_rv_exit_kind page_fault(struct s2_rv_vcpu *v) {
  uint64_t gpa = s2_rv_gpa_of(v->regs.htval) + v->regs.stval % 4u;
  uint32_t access = access_of(&v->regs);
  struct s2_fault_result r;
  if ((v->guest->flags & S2_RV_NO_PAGING) != 0 && (s2_rv_rights(v->guest, gpa) & access) == access) {
    return page_exit(v, S2_RV_EXIT_PAGE, gpa, access, S2_OK);
  }
  r = s2_rv_page_in(v->guest, gpa, access);
  switch (r.kind) {
    case S2_FAULT_SPURIOUS: /* another hart was first; this one may have cached that there was nothing */
      s2_rv_fence_gvma_page(gpa);
      v->stuck = 0;
      return S2_RV_DID_PAGE;
    case S2_FAULT_RESOLVED:
      v->stuck = 0;
      return S2_RV_DID_PAGE;
    case S2_FAULT_NO_MEMORY:
      return page_exit(v, S2_RV_EXIT_NO_MEMORY, gpa, access, r.status);
    case S2_FAULT_DENIED:
      return s2_rv_access(v, gpa, access, true);
    case S2_FAULT_NO_AREA:
    case S2_FAULT_BAD:
    default:
      return s2_rv_access(v, gpa, access, false);
  }
}

/** An instruction that VS-mode may not execute. stval holds it, or 0 where the hardware does not say. */
/*@ requires v: RvVcpu(v) && (kind == S2_RV_EXIT_VIRTUAL || kind == S2_RV_EXIT_ILLEGAL);
    terminates \true; exits \false;
    assigns v->exit, v->regs.sepc, v->pending, s2_rv_device;
    ensures v: RvExit(v);
    ensures kinds: \result == kind || \result == S2_RV_EXIT_WFI || \result == S2_RV_EXIT_SPIN;
    ensures waits: \result == kind ==> v->pending && v->regs.sepc == \old(v->regs.sepc);
    ensures idle: \result != kind ==> kind == S2_RV_EXIT_VIRTUAL && v->regs.sepc == rv_pc(\old(v->regs.sepc), 4); */
static enum s2_rv_exit_kind instruction(struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind) {
  uint64_t insn = v->regs.stval;
  if (insn == 0) {
    struct s2_rv_guarded got = s2_rv_fetch(v);
    insn = got.cause == 0 ? got.value : 0;
  }
  (void)s2_rv_exit_as(v, kind);
  v->exit.value = insn;
  if (kind == S2_RV_EXIT_VIRTUAL && insn == INSN_WFI) {
    v->exit.kind = S2_RV_EXIT_WFI;
    v->exit.value = s2_rv_wake_at(v);
    v->regs.sepc = s2_rv_plus(v->regs.sepc, 4);
    return S2_RV_EXIT_WFI;
  }
  if (kind == S2_RV_EXIT_VIRTUAL && insn == INSN_WRS_NTO) {
    v->exit.kind = S2_RV_EXIT_SPIN;
    v->regs.sepc = s2_rv_plus(v->regs.sepc, 4);
    return S2_RV_EXIT_SPIN;
  }
  v->pending = true;
  return kind;
}

static enum s2_rv_exit_kind call(struct s2_rv_vcpu *v) {
  if ((v->guest->flags & S2_RV_RAW_ECALL) != 0) {
    v->pending = true;
    return s2_rv_exit_as(v, S2_RV_EXIT_ECALL);
  }
  return s2_rv_sbi(v);
}

static enum s2_rv_exit_kind dispatch(struct s2_rv_vcpu *v) {
  uint64_t cause = v->regs.scause;
  if ((cause & S2_RV_CAUSE_INTERRUPT) != 0) {
    return interrupt(v, cause & ~S2_RV_CAUSE_INTERRUPT);
  }
  switch (cause) {
    case S2_RV_CAUSE_ECALL_VS:
      return call(v);
    case S2_RV_CAUSE_GUEST_FETCH:
    case S2_RV_CAUSE_GUEST_LOAD:
    case S2_RV_CAUSE_GUEST_STORE:
      return page_fault(v);
    case S2_RV_CAUSE_VIRTUAL:
      return instruction(v, S2_RV_EXIT_VIRTUAL);
    case S2_RV_CAUSE_ILLEGAL:
      return instruction(v, S2_RV_EXIT_ILLEGAL);
    default:
      (void)s2_rv_exit_as(v, S2_RV_EXIT_UNKNOWN);
      v->exit.value = cause;
      return S2_RV_EXIT_UNKNOWN;
  }
}

/** Without Sstc: has the guest's timer come? */
/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->deadline, v->irq_set, v->irq_clear;
    ensures never: \old(v->deadline) == S2_RV_NO_DEADLINE ==> v->irq_set == \old(v->irq_set); */
static void check_timer(struct s2_rv_vcpu *v) {
  if (v->deadline != S2_RV_NO_DEADLINE && s2_rv_read_time() >= v->deadline) {
    v->deadline = S2_RV_NO_DEADLINE;
    s2_rv_irq(v, S2_RV_IRQ_TIMER, true);
  }
}

/** The part of a run up to one exit, host-visible or not. */
static enum s2_rv_exit_kind once(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  int32_t hsm = S2_RV_GET(&v->hsm);
  if (hsm == S2_RV_START_PENDING) {
    if (v->on != NULL) {
      s2_rv_put(h);
    }
    s2_rv_reset(v, v->start_pc, v->start_opaque);
    S2_RV_PUT(&v->hsm, S2_RV_STARTED);
  } else if (hsm != S2_RV_STARTED) {
    return s2_rv_exit_as(v, S2_RV_EXIT_STOPPED);
  }
  v->pending = false;
  check_timer(v);
  enter(h, v);
  return dispatch(v);
}

struct s2_rv_exit s2_rv_run(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  enum s2_rv_exit_kind kind;
  if (v->on != NULL && v->on != h) {
    struct s2_rv_exit busy = {S2_RV_EXIT_BUSY, S2_RV_WHY_NONE, S2_OK, 0, 0, 0, 0, 0, 0, 0, false, false};
    return busy; /* v is another hart's: not even its exit is touched */
  }
  do {
    kind = once(h, v);
    s2_count(&v->profile.count[kind], 1);
    v->left_for = kind;
  } while (kind >= S2_RV_EXIT_KINDS);
  if (v->guest->held != 0 && kind != S2_RV_EXIT_MMIO_READ && kind != S2_RV_EXIT_MMIO_WRITE) {
    s2_rv_console_flush(v->guest);
  }
  return v->exit;
}

const char *s2_rv_exit_name(enum s2_rv_exit_kind kind) {
  static const char *const names[S2_RV_DID_KINDS] = {
      "MMIO read", "MMIO write", "fault",   "page",     "no memory", "ecall",   "set timer", "timer",
      "soft",      "external",   "hgeip",   "wfi",      "spin",      "virtual", "illegal",   "shutdown",
      "stopped",   "busy",       "unknown", "paged in", "SBI",       "retried"};
  return (uint32_t)kind < S2_RV_DID_KINDS ? names[kind] : "?";
}
