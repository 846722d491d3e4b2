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

/*@ requires p: \valid(p);
    terminates \true; exits \false; assigns *p;
    ensures none: \forall integer k; 0 <= k < S2_RV_DID_KINDS ==> p->count[k] == 0 && p->cycles[k] == 0;
    ensures moves: p->loads == 0 && p->saves == 0 && p->fp_loads == 0 && p->fp_saves == 0 && p->vector_loads == 0 &&
                     p->vector_saves == 0; */
static void profile_start(struct s2_rv_profile *p) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= S2_RV_DID_KINDS;
      loop invariant none: \forall integer j; 0 <= j < k ==> p->count[j] == 0 && p->cycles[j] == 0;
      loop assigns k, p->count[0 .. S2_RV_DID_KINDS - 1], p->cycles[0 .. S2_RV_DID_KINDS - 1];
      loop variant S2_RV_DID_KINDS - k; */
  for (k = 0; k < S2_RV_DID_KINDS; k++) {
    p->count[k] = 0;
    p->cycles[k] = 0;
  }
  p->loads = 0;
  p->saves = 0;
  p->fp_loads = 0;
  p->fp_saves = 0;
  p->vector_loads = 0;
  p->vector_saves = 0;
}

/** One vCPU of a guest, reset and stopped; vectors: where its registers of that kind are saved. */
/*@ requires v: \valid(v) && \valid_read(g) && \valid_read(c) && \separated(v, g, c);
    terminates \true; exits \false; assigns *v, s2_rv_memory;
    ensures whose: v->guest == g && v->index == i && v->on == \null && v->last == \null;
    ensures exit: RvExit(v) && RvCounts(v) && v->stuck == 0 && !v->pending;
    ensures stopped: v->hsm == S2_RV_STOPPED && v->requests == 0;
    ensures x0: v->regs.x[0] == 0; */
static void vcpu_start(struct s2_rv_vcpu *v, struct s2_rv_guest *g, uint32_t i, const struct s2_rv_guest_config *c,
                       uint8_t *vectors) {
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
  profile_start(&v->profile);
  v->vector.regs = vectors;
  v->csrs.htimedelta = c->time_delta;
  v->csrs.henvcfg = c->henvcfg | ((c->features & S2_RV_FEAT_SSTC) != 0 ? S2_RV_ENVCFG_STCE : 0u);
  v->csrs.hcounteren = c->hcounteren;
  (void)s2_rv_exit_as(v, S2_RV_EXIT_STOPPED);
  s2_rv_reset(v, 0, 0);
}

/** The i-th vCPU of a guest; those before it stay as they are. */
/*@ requires g: \valid_read(g) && \valid_read(c) && i < S2_RV_MAX_VCPUS;
    requires vcpus: \valid(vcpus + (0 .. i)) && \separated(g, c, vcpus + (0 .. i));
    terminates \true; exits \false; assigns vcpus[i], s2_rv_memory;
    ensures this: RvFresh(vcpus, i, g);
    ensures others: \forall integer k; 0 <= k < i ==> RvFresh{Pre}(vcpus, k, g) ==> RvFresh(vcpus, k, g); */
static void vcpu_add(struct s2_rv_vcpu *vcpus, uint32_t i, struct s2_rv_guest *g, const struct s2_rv_guest_config *c,
                     uint8_t *vectors) {
  vcpu_start(&vcpus[i], g, i, c, vectors);
  //@ assert made: \forall integer k; 0 <= k < i ==> RvMade{Pre}(vcpus, k, g) ==> RvMade(vcpus, k, g);
  //@ assert exits: \forall integer k; 0 <= k < i ==> RvExit{Pre}(vcpus + k) ==> RvExit(vcpus + k);
  //@ assert counts: \forall integer k; 0 <= k < i ==> RvCounts{Pre}(vcpus + k) ==> RvCounts(vcpus + k);
}

/** All n of them; their vectors lie one after the other. */
/*@ requires g: \valid_read(g) && \valid_read(c) && 1 <= n <= S2_RV_MAX_VCPUS;
    requires vcpus: \valid(vcpus + (0 .. n - 1)) && \separated(g, c, vcpus + (0 .. n - 1));
    terminates \true; exits \false; assigns vcpus[0 .. n - 1], s2_rv_memory;
    ensures fresh: \forall integer k; 0 <= k < n ==> RvFresh(vcpus, k, g); */
static void vcpus_start(struct s2_rv_vcpu *vcpus, uint32_t n, struct s2_rv_guest *g,
                        const struct s2_rv_guest_config *c) {
  uint8_t *vectors = (c->features & S2_RV_FEAT_V) != 0 ? c->vectors : NULL;
  uint32_t left;
  /*@ loop invariant left: 0 <= left <= n;
      loop invariant fresh: \forall integer k; 0 <= k < n - left ==> RvFresh(vcpus, k, g);
      loop assigns left, vectors, vcpus[0 .. n - 1], s2_rv_memory;
      loop variant left; */
  for (left = n; left > 0; left--) {
    vcpu_add(vcpus, n - left, g, c, vectors);
    if (vectors != NULL) {
      vectors += c->vector_bytes;
    }
  }
}

/** Can a guest be made of this? */
/*@ requires c: c == \null || \valid_read(c);
    terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK ==> c != \null && c->space != \null && c->machine != \null && c->vcpus != \null &&
                  1 <= c->count <= S2_RV_MAX_VCPUS;
    ensures codes: \result == S2_OK || \result == S2_ERR_NULL || \result == S2_ERR_CONFIG; */
static s2_status check_config(const struct s2_rv_guest_config *c) {
  if (c == NULL || c->space == NULL || c->machine == NULL || c->vcpus == NULL) {
    return S2_ERR_NULL;
  }
  if (c->count == 0 || c->count > S2_RV_MAX_VCPUS || (c->flags & ~S2_RV_GUEST_FLAGS) != 0 ||
      (c->features & ~S2_RV_FEAT_ALL) != 0) {
    return S2_ERR_CONFIG;
  }
  if ((c->features & S2_RV_FEAT_V) != 0 && (c->vectors == NULL || c->vector_bytes == 0 || c->vector_bytes % 8u != 0)) {
    return S2_ERR_CONFIG;
  }
  return S2_OK;
}

s2_status s2_rv_guest_init(struct s2_rv_guest *g, const struct s2_rv_guest_config *c) {
  s2_status st = g == NULL ? S2_ERR_NULL : check_config(c);
  struct s2_rv_vcpu *vcpus;
  uint32_t n;
  if (st != S2_OK) {
    return st;
  }
  vcpus = c->vcpus;
  n = c->count;
  g->space = c->space;
  g->machine = c->machine;
  g->vcpus = vcpus;
  g->ctx = c->ctx;
  g->count = n;
  g->flags = c->flags;
  g->features = c->features;
  g->vector_bytes = c->vector_bytes;
  g->hgatp = 0;
  g->generation = 0;
  g->fault_gpa = 0;
  g->adding = false;
  g->held = 0;
  //@ assert guest: RvGuest(g);
  vcpus_start(vcpus, n, g, c);
  //@ assert vcpus: g->vcpus == vcpus && g->count == n;
  //@ assert parts: g->space == \at(c->space, Pre) && g->machine == \at(c->machine, Pre);
  //@ assert rest: g->held == 0 && g->generation == 0;
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

#ifdef __FRAMAC__
// clang-format off
/* what the way into a guest changes: whoever was on the hart leaves it, a VMID is taken, what is pending is done */
#define RV_READIED(h, v, was)                                                                                          \
  (h)->loaded, (h)->fp_owner, (h)->vector_owner, (h)->hgatp, (h)->host_scounteren, (h)->host_senvcfg, (h)->generation, \
      RV_UNLOADED(was), RV_UNLOADED(v), (v)->on, (v)->seen, (v)->last, (v)->csrs.vsatp, (v)->profile.loads,            \
      (v)->profile.fp_loads, (v)->profile.vector_loads, (v)->profile.cycles[0 .. S2_RV_DID_KINDS - 1], (v)->irq_set,   \
      (v)->irq_clear, (v)->requests, (v)->guest->hgatp, (v)->guest->generation, (v)->guest->space->pt.flush.tlb,       \
      (v)->guest->machine->generation, (v)->guest->machine->vmid_last, s2_rv_memory, s2_rv_device
/* and what the guest does */
#define RV_REGS(r)                                                                                                     \
  (r)->x[1 .. 31], (r)->sepc, (r)->sstatus, (r)->hstatus, (r)->scause, (r)->stval, (r)->htval, (r)->htinst,            \
      (r)->host_ra, (r)->host_sp, (r)->host_gp, (r)->host_tp, (r)->host_s[0 .. 11], (r)->host_sstatus,                 \
      (r)->host_hstatus, (r)->host_stvec, (r)->host_sscratch
/* names for what a run starts with, as ghost parameters and arguments (RvWas, RvOf) */
#define RV_NAMED                                                                                                       \
  struct s2_rv_vcpu *was, struct s2_rv_guest *g, struct s2_rv_vcpu *vs, uint32_t n, struct s2_rv_machine *m,           \
      struct s2_space *s
#define RV_NAMES was, g, vs, n, m, s
// clang-format on
#endif

/*@ // the VMID is of the present generation, and this hart has forgotten what the number meant before
    predicate RvNow{L}(struct s2_rv_hart *h, struct s2_rv_vcpu *v) =
      h->generation == v->guest->machine->generation && v->guest->generation == v->guest->machine->generation; */

/** A VMID of the present generation. Interrupts are off then. Return: were they on? */
/*@ requires g: RvGuest(g) && g->machine->vmid_last <= g->machine->vmid_max < 16384;
    terminates \true; exits \false;
    assigns g->hgatp, g->generation, g->space->pt.flush.tlb, g->machine->generation, g->machine->vmid_last,
            s2_rv_device;
    ensures now: g->generation == g->machine->generation;
    ensures m: g->machine->vmid_last <= g->machine->vmid_max; */
static uint64_t closed(struct s2_rv_guest *g) {
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
  return was;
}

/** A VMID of the present generation, here too. Return: as closed(). */
/*@ requires ready: RvReady(h, v);
    terminates \true; exits \false;
    assigns h->generation, v->guest->hgatp, v->guest->generation, v->guest->space->pt.flush.tlb,
            v->guest->machine->generation, v->guest->machine->vmid_last, s2_rv_device;
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures holds: h->loaded == \old(h->loaded);
    ensures now: RvNow(h, v); */
static uint64_t renew(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  struct s2_rv_guest *g = v->guest;
  uint64_t was = closed(g);
  s2_rv_vmid_flush(h, g->machine);
  //@ assert numbers: g->count == \at(v->guest->count, Pre) && g->held == \at(v->guest->held, Pre);
  //@ assert mine: v->index == \at(v->index, Pre) && v->stuck == \at(v->stuck, Pre);
  //@ assert in: RvIn(v);
  //@ assert vmid: g->machine->vmid_last <= g->machine->vmid_max < 16384;
  //@ assert counts: RvCounts(v);
  //@ assert hart: RvHart(h);
  return was;
}

/** The hart holds v's state, and walks the tables of its guest. `was`, which the proof alone sees, has left it. */
/*@ requires ready: RvReady(h, v) && RvNow(h, v) && RvWas(h, v, was);
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, h->hgatp, h->host_scounteren, h->host_senvcfg,
            RV_UNLOADED(was), RV_UNLOADED(v), v->on, v->seen, v->last, v->csrs.vsatp, v->profile.loads,
            v->profile.fp_loads, v->profile.vector_loads, s2_rv_memory, s2_rv_device;
    ensures ready: RvReady(h, v) && h->loaded == v;
    ensures same: RvSame{Pre,Post}(v);
    ensures now: RvNow(h, v);
    ensures tables: h->hgatp == v->guest->hgatp; */
static void hold(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  /*@ assert before: \valid(v->guest) && \valid(v->guest->machine) && \valid(v->guest->space) &&
        1 <= v->guest->count <= S2_RV_MAX_VCPUS && \valid(v->guest->vcpus + (0 .. v->guest->count - 1)) &&
        \separated(v->guest, v->guest->machine, v->guest->space, v->guest->vcpus + (0 .. v->guest->count - 1)); */
  s2_rv_load(h, v) /*@ ghost (was) */;
  //@ assert whose: v->guest == \at(v->guest, Pre);
  //@ assert vcpus: v->guest->vcpus == \at(v->guest->vcpus, Pre);
  //@ assert count: v->guest->count == \at(v->guest->count, Pre);
  //@ assert machine: v->guest->machine == \at(v->guest->machine, Pre);
  //@ assert space: v->guest->space == \at(v->guest->space, Pre);
  /*@ assert parts: \valid(v->guest) && \valid(v->guest->machine) && \valid(v->guest->space) &&
        1 <= v->guest->count <= S2_RV_MAX_VCPUS && \valid(v->guest->vcpus + (0 .. v->guest->count - 1)) &&
        \separated(v->guest, v->guest->machine, v->guest->space, v->guest->vcpus + (0 .. v->guest->count - 1)); */
  //@ assert exit: RvExit(v);
  //@ assert whole: RvGuest(v->guest);
  //@ assert index: v->index == \at(v->index, Pre);
  //@ assert held: v->guest->held == \at(v->guest->held, Pre);
  //@ assert mine: v->index < v->guest->count && v == v->guest->vcpus + v->index;
  //@ assert on: v->on == h && \valid(h) && \separated(h, v->guest, v->guest->vcpus + (0 .. v->guest->count - 1));
  //@ assert guest: RvIn(v);
  //@ assert stuck: v->stuck == \at(v->stuck, Pre);
  //@ assert vmid: v->guest->machine->vmid_last <= v->guest->machine->vmid_max < 16384;
  //@ assert apart: \separated(h, v->guest, v->guest->machine, v->guest->space, v->guest->vcpus + (0 .. v->guest->count - 1));
  //@ assert there: h->loaded == v && v->on == h;
  //@ assert two: \valid(h) && \valid(v) && \separated(h, v);
  //@ assert counts: RvCounts(v);
  //@ assert saved: 0 <= v->profile.fp_saves && 0 <= v->profile.vector_saves && 0 <= v->profile.saves;
  //@ assert hart: RvHart(h);
}

/** Interrupts and fences that others left for v are done; the host's time ends. */
/*@ requires ready: RvReady(h, v) && h->loaded == v && RvNow(h, v) && h->hgatp == v->guest->hgatp;
    terminates \true; exits \false;
    assigns v->irq_set, v->irq_clear, v->requests, v->profile.cycles[0 .. S2_RV_DID_KINDS - 1], s2_rv_device;
    ensures ready: RvReady(h, v) && h->loaded == v;
    ensures same: RvSame{Pre,Post}(v);
    ensures now: RvNow(h, v);
    ensures tables: h->hgatp == v->guest->hgatp;
    ensures none: v->irq_set == 0 && v->irq_clear == 0 && v->requests == 0; */
static void catch_up(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  (void)h; /* as in leave() */
  s2_rv_take_pending(v);
  profile_enter(v);
}

/** All that comes before the entry. What is looked at with interrupts off cannot change unseen. Return: as closed(). */
/*@ requires ready: RvReady(h, v) && RvWas(h, v, was);
    terminates \true; exits \false;
    assigns RV_READIED(h, v, was);
    ensures ready: RvReady(h, v) && h->loaded == v;
    ensures same: RvSame{Pre,Post}(v);
    ensures now: RvNow(h, v);
    ensures tables: h->hgatp == v->guest->hgatp;
    ensures none: v->irq_set == 0 && v->irq_clear == 0 && v->requests == 0; */
static uint64_t make_ready(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  uint64_t on = renew(h, v);
  //@ assert renewed: RvWas(h, v, was);
  hold(h, v) /*@ ghost (was) */;
  catch_up(h, v);
  return on;
}

/** Nothing of v stays on its hart. */
/*@ requires ready: RvReady(h, v) && h->loaded == v;
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, RV_UNLOADED(v), s2_rv_memory, s2_rv_device;
    ensures ready: RvReady(h, v) && h->loaded == \null;
    ensures same: RvSame{Pre,Post}(v); */
static void leave(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  (void)v; /* whose state it is: the proof's, not the machine's */
  //@ assert apart: \separated(h, v, v->guest, v->guest->machine, v->guest->space);
  s2_rv_put(h);
  //@ assert away: h->loaded == \null && v->on == \null;
  //@ assert whose: v->guest == \at(v->guest, Pre);
  //@ assert parts: v->guest->machine == \at(v->guest->machine, Pre) && v->guest->space == \at(v->guest->space, Pre);
  //@ assert vcpus: v->guest->vcpus == \at(v->guest->vcpus, Pre);
  //@ assert numbers: v->guest->count == \at(v->guest->count, Pre) && v->guest->held == \at(v->guest->held, Pre);
  //@ assert counts: RvCounts(v);
  //@ assert guest: RvIn(v);
}

/** Into the guest and out again. */
/*@ requires ready: RvReady(h, v) && RvWas(h, v, was);
    terminates \true; exits \false;
    assigns RV_READIED(h, v, was), RV_REGS(&v->regs), v->left;
    ensures ready: RvReady(h, v) && (h->loaded == v || h->loaded == \null);
    ensures same: RvSame{Pre,Post}(v); */
static void enter(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  struct s2_rv_guest *g = v->guest;
  uint64_t on;
  //@ assert va: \valid(v) && \valid(&v->left);
  //@ assert ga: \valid_read(&g->flags) && \valid_read(&g->ctx);
  on = make_ready(h, v) /*@ ghost (was) */;
  s2_rv_switch(&v->regs);
  //@ assert out: RvReady(h, v);
  if ((g->flags & S2_RV_PROFILE) != 0) {
    v->left = s2_host_cycles(g->ctx);
  }
  //@ assert left: RvReady(h, v);
  //@ assert count: g->count == \at(v->guest->count, Pre);
  if ((g->flags & S2_RV_EAGER) != 0) {
    leave(h, v);
  }
  if (on != 0) {
    s2_rv_set_sstatus(on);
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
/*@ requires v: RvVcpu(v) && \valid(v->guest) && \valid_read(v->guest->space) && \separated(v, v->guest);
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

/*@ requires v: RvIn(v);
    terminates \true; exits \false;
    assigns RV_CALLED(v), v->regs.x[10 .. 11], v->regs.sepc, v->pending;
    ensures v: RvIn(v) && \result == v->exit.kind && 0 <= \result < S2_RV_DID_KINDS;
    ensures same: RvSame{Pre,Post}(v);
    ensures stuck: v->stuck == \old(v->stuck);
    ensures on: v->on == \old(v->on);
    ensures saves: v->profile.fp_saves == \old(v->profile.fp_saves);
    ensures raw: (\old(v->guest->flags) & S2_RV_RAW_ECALL) != 0 ==> \result == S2_RV_EXIT_ECALL && v->pending &&
                   v->regs.sepc == \old(v->regs.sepc); */
static enum s2_rv_exit_kind call(struct s2_rv_vcpu *v) {
  enum s2_rv_exit_kind kind;
  if ((v->guest->flags & S2_RV_RAW_ECALL) != 0) {
    v->pending = true;
    return s2_rv_exit_as(v, S2_RV_EXIT_ECALL);
  }
  kind = s2_rv_sbi(v);
  //@ assert whose: v->guest == \at(v->guest, Pre);
  //@ assert vcpus: v->guest->vcpus == \at(v->guest->vcpus, Pre);
  //@ assert count: v->guest->count == \at(v->guest->count, Pre);
  //@ assert machine: v->guest->machine == \at(v->guest->machine, Pre);
  //@ assert space: v->guest->space == \at(v->guest->space, Pre);
  return kind;
}

/** What happened, from the trap's CSRs: any value of them has an answer. */
/*@ requires v: RvIn(v) && RvVcpu(v);
    terminates \true; exits \false;
    assigns RV_CALLED(v), v->regs.x[10 .. 11], v->regs.sepc, v->pending, v->stuck, RV_FP_SAVED(v);
    ensures v: RvIn(v) && RvVcpu(v);
    ensures same: RvSame{Pre,Post}(v);
    ensures kinds: 0 <= \result < S2_RV_DID_KINDS; */
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
      break;
  }
  (void)s2_rv_exit_as(v, S2_RV_EXIT_UNKNOWN);
  v->exit.value = cause;
  return S2_RV_EXIT_UNKNOWN;
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

/** v, which is on no hart, as it starts. */
/*@ requires ready: RvReady(h, v) && v->on == \null;
    terminates \true; exits \false;
    assigns v->fp.f[0 .. 31], v->fp.fcsr, v->vector.vstart, v->vector.vcsr, v->vector.vl, v->vector.vtype,
            v->regs.x[0 .. 31], v->regs.sepc, v->regs.sstatus, v->regs.hstatus, RV_CSRS_RESET(&v->csrs), v->deadline,
            v->pending, v->stuck, v->irq_set, v->irq_clear, s2_rv_memory;
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures pc: v->regs.sepc == v->start_pc && v->regs.x[10] == v->index && v->regs.x[11] == v->start_opaque; */
static void restart(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  (void)h; /* as in leave() */
  s2_rv_reset(v, v->start_pc, v->start_opaque);
  //@ assert whose: v->guest == \at(v->guest, Pre);
  //@ assert parts: v->guest->machine == \at(v->guest->machine, Pre) && v->guest->space == \at(v->guest->space, Pre);
  //@ assert vcpus: v->guest->vcpus == \at(v->guest->vcpus, Pre);
  //@ assert numbers: v->guest->count == \at(v->guest->count, Pre) && v->guest->held == \at(v->guest->held, Pre);
  //@ assert mine: v->index == \at(v->index, Pre) && v->on == \null && h->loaded == \at(h->loaded, Pre);
  //@ assert counts: RvCounts(v);
  //@ assert hart: RvHart(h);
  //@ assert guest: RvIn(v);
}

/** Is v started, or does it start now? Its state from before is then forgotten, wherever it is. */
/*@ requires ready: RvReady(h, v);
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, RV_UNLOADED(v), v->regs.x[0 .. 31], v->regs.sepc, v->regs.sstatus,
            v->regs.hstatus, RV_CSRS_RESET(&v->csrs), v->deadline, v->pending, v->stuck, v->irq_set, v->irq_clear,
            v->hsm, s2_rv_memory, s2_rv_device;
    ensures ready: RvReady(h, v);
    ensures holds: h->loaded == \old(h->loaded) || h->loaded == \null;
    ensures same: RvSame{Pre,Post}(v);
    ensures started: \result <==> v->hsm == S2_RV_STARTED;
    ensures when: \result <==> \old(v->hsm) == S2_RV_STARTED || \old(v->hsm) == S2_RV_START_PENDING;
    ensures pc: \old(v->hsm) == S2_RV_START_PENDING ==> v->regs.sepc == v->start_pc && v->regs.x[10] == v->index &&
                  v->regs.x[11] == v->start_opaque;
    ensures stopped: !\result ==> v->hsm == \old(v->hsm); */
static bool started(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  int32_t hsm = S2_RV_GET(&v->hsm);
  if (hsm == S2_RV_START_PENDING) {
    if (v->on != NULL) {
      leave(h, v);
    }
    //@ assert put: RvReady(h, v) && v->on == \null && RvSame{Pre,Here}(v);
    restart(h, v);
    S2_RV_PUT(&v->hsm, S2_RV_STARTED);
    return true;
  }
  return hsm == S2_RV_STARTED;
}

/** What comes before each entry, whoever is on the hart: the last exit is over, and a timer may be due. */
/*@ requires ready: RvReady(h, v);
    terminates \true; exits \false;
    assigns v->pending, v->deadline, v->irq_set, v->irq_clear;
    ensures ready: RvReady(h, v);
    ensures over: !v->pending;
    ensures same: RvSame{Pre,Post}(v);
    ensures holds: h->loaded == \old(h->loaded); */
static void resume(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  (void)h; /* as in leave() */
  v->pending = false;
  check_timer(v);
}

/** An exit of v, which this hart holds or has just put away. */
/*@ requires ready: RvReady(h, v) && (h->loaded == v || h->loaded == \null) &&
                    v->guest == g && g->vcpus == vs && g->count == n;
    terminates \true; exits \false;
    assigns *v, RV_SIGNALS_OF(vs, n), RV_CONSOLE(g), s2_rv_device;
    ensures ready: RvReady(h, v) && h->loaded == \old(h->loaded);
    ensures same: RvSame{Pre,Post}(v);
    ensures kinds: 0 <= \result < S2_RV_DID_KINDS; */
static enum s2_rv_exit_kind handle(struct s2_rv_hart *h, struct s2_rv_vcpu *v)
/*@ ghost (struct s2_rv_guest *g, struct s2_rv_vcpu *vs, uint32_t n) */ {
  enum s2_rv_exit_kind kind = dispatch(v);
  (void)h; /* as in leave() */
  //@ assert hart: h->loaded == \at(h->loaded, Pre) && v->on == \at(v->on, Pre);
  //@ assert holds: RvHart(h);
  //@ assert counts: RvCounts(v);
  //@ assert vmid: v->guest->machine->vmid_last <= v->guest->machine->vmid_max < 16384;
  return kind;
}

/** v is stopped: the host sees that at once. */
/*@ requires ready: RvReady(h, v);
    terminates \true; exits \false;
    assigns v->exit;
    ensures ready: RvReady(h, v) && h->loaded == \old(h->loaded);
    ensures same: RvSame{Pre,Post}(v);
    ensures kind: \result == v->exit.kind == S2_RV_EXIT_STOPPED; */
static enum s2_rv_exit_kind stopped(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  (void)h; /* as in leave() */
  return s2_rv_exit_as(v, S2_RV_EXIT_STOPPED);
}

/** A vCPU that is started goes on, up to its next exit. */
/*@ requires ready: RvReady(h, v) && RvWas(h, v, was) && RvOf(v, g, vs, n, m, s);
    terminates \true; exits \false;
    assigns RV_RAN_AT(h, was, v, g, vs, n, m, s);
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures holds: (h->loaded == v || h->loaded == \null) && RvWas(h, v, was);
    ensures kinds: 0 <= \result < S2_RV_DID_KINDS; */
static enum s2_rv_exit_kind go_on(struct s2_rv_hart *h, struct s2_rv_vcpu *v)
/*@ ghost (RV_NAMED) */ {
  enum s2_rv_exit_kind kind;
  resume(h, v);
  enter(h, v) /*@ ghost (was) */;
  //@ assert entered: RvReady(h, v);
  //@ assert its: RvOf(v, g, vs, n, m, s);
  kind = handle(h, v) /*@ ghost (g, vs, n) */;
  //@ assert handled: RvReady(h, v);
  return kind;
}

/** The part of a run up to one exit, host-visible or not. */
/*@ requires ready: RvReady(h, v) && RvWas(h, v, was) && RvOf(v, g, vs, n, m, s);
    terminates \true; exits \false;
    assigns RV_RAN_AT(h, was, v, g, vs, n, m, s);
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures holds: RvWas(h, v, was);
    ensures stopped: \old(v->hsm) == S2_RV_STOPPED ==> \result == S2_RV_EXIT_STOPPED;
    ensures kinds: 0 <= \result < S2_RV_DID_KINDS; */
static enum s2_rv_exit_kind once(struct s2_rv_hart *h, struct s2_rv_vcpu *v)
/*@ ghost (RV_NAMED) */ {
  bool runs = started(h, v);
  //@ assert its: RvOf(v, g, vs, n, m, s);
  //@ assert held: RvWas(h, v, was);
  if (!runs) {
    return stopped(h, v);
  }
  return go_on(h, v) /*@ ghost (RV_NAMES) */;
}

/** One more exit of that kind; the time from here on is its own. */
/*@ requires ready: RvReady(h, v) && 0 <= kind < S2_RV_DID_KINDS;
    terminates \true; exits \false;
    assigns v->profile.count[0 .. S2_RV_DID_KINDS - 1], v->left_for;
    ensures ready: RvReady(h, v) && h->loaded == \old(h->loaded);
    ensures same: RvSame{Pre,Post}(v);
    ensures told: v->left_for == kind; */
static void note(struct s2_rv_hart *h, struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind) {
  (void)h; /* as in leave() */
  s2_count(&v->profile.count[kind], 1);
  v->left_for = kind;
  //@ assert counts: RvCounts(v);
}

/** And counted. */
/*@ requires ready: RvReady(h, v) && RvWas(h, v, was) && RvOf(v, g, vs, n, m, s);
    terminates \true; exits \false;
    assigns RV_RAN_AT(h, was, v, g, vs, n, m, s);
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures holds: RvWas(h, v, was);
    ensures told: v->left_for == \result;
    ensures kinds: 0 <= \result < S2_RV_DID_KINDS; */
static enum s2_rv_exit_kind counted(struct s2_rv_hart *h, struct s2_rv_vcpu *v)
/*@ ghost (RV_NAMED) */ {
  enum s2_rv_exit_kind kind = once(h, v) /*@ ghost (RV_NAMES) */;
  note(h, v, kind);
  return kind;
}

/** Until something happens that the host must see. */
/*@ requires ready: RvReady(h, v);
    terminates \false; exits \false;
    assigns RV_RAN(h, v);
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures seen: 0 <= \result < S2_RV_EXIT_KINDS; */
static enum s2_rv_exit_kind run_on(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  enum s2_rv_exit_kind kind;
  //@ ghost struct s2_rv_vcpu *was = h->loaded;
  //@ ghost struct s2_rv_guest *g = v->guest;
  //@ ghost struct s2_rv_vcpu *vs = g->vcpus;
  //@ ghost uint32_t n = g->count;
  //@ ghost struct s2_rv_machine *m = g->machine;
  //@ ghost struct s2_space *s = g->space;
  /*@ loop invariant ready: RvReady(h, v);
      loop invariant same: RvSame{Pre,Here}(v);
      loop invariant held: RvWas(h, v, was) && RvOf(v, g, vs, n, m, s);
      loop assigns kind, RV_RAN_AT(h, was, v, g, vs, n, m, s); */
  do {
    kind = counted(h, v) /*@ ghost (RV_NAMES) */;
  } while (kind >= S2_RV_EXIT_KINDS);
  return kind;
}

/** Console output that is held back goes to the host with an exit; not with those of MMIO, of which there are many. */
/*@ requires ready: RvReady(h, v);
    terminates \true; exits \false;
    assigns v->guest->held;
    ensures ready: RvReady(h, v);
    ensures same: RvSame{Pre,Post}(v);
    ensures none: kind != S2_RV_EXIT_MMIO_READ && kind != S2_RV_EXIT_MMIO_WRITE ==> v->guest->held == 0; */
static void hand_out(struct s2_rv_hart *h, struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind) {
  (void)h; /* as in leave() */
  if (v->guest->held != 0 && kind != S2_RV_EXIT_MMIO_READ && kind != S2_RV_EXIT_MMIO_WRITE) {
    s2_rv_console_flush(v->guest);
  }
}

struct s2_rv_exit s2_rv_run(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  if (v->on != NULL && v->on != h) {
    struct s2_rv_exit busy = {S2_RV_EXIT_BUSY, S2_RV_WHY_NONE, S2_OK, 0, 0, 0, 0, 0, 0, 0, false, false};
    return busy; /* v is another hart's: not even its exit is touched */
  }
  hand_out(h, v, run_on(h, v));
  return v->exit;
}

const char *s2_rv_exit_name(enum s2_rv_exit_kind kind) {
  switch (kind) {
    case S2_RV_EXIT_MMIO_READ:
      return "MMIO read";
    case S2_RV_EXIT_MMIO_WRITE:
      return "MMIO write";
    case S2_RV_EXIT_FAULT:
      return "fault";
    case S2_RV_EXIT_PAGE:
      return "page";
    case S2_RV_EXIT_NO_MEMORY:
      return "no memory";
    case S2_RV_EXIT_ECALL:
      return "ecall";
    case S2_RV_EXIT_SET_TIMER:
      return "set timer";
    case S2_RV_EXIT_TIMER:
      return "timer";
    case S2_RV_EXIT_SOFT:
      return "soft";
    case S2_RV_EXIT_EXTERNAL:
      return "external";
    case S2_RV_EXIT_GUEST_EXTERNAL:
      return "hgeip";
    case S2_RV_EXIT_WFI:
      return "wfi";
    case S2_RV_EXIT_SPIN:
      return "spin";
    case S2_RV_EXIT_VIRTUAL:
      return "virtual";
    case S2_RV_EXIT_ILLEGAL:
      return "illegal";
    case S2_RV_EXIT_SHUTDOWN:
      return "shutdown";
    case S2_RV_EXIT_STOPPED:
      return "stopped";
    case S2_RV_EXIT_BUSY:
      return "busy";
    case S2_RV_EXIT_UNKNOWN:
      return "unknown";
    case S2_RV_DID_PAGE:
      return "paged in";
    case S2_RV_DID_SBI:
      return "SBI";
    case S2_RV_DID_RETRY:
      return "retried";
    case S2_RV_DID_KINDS:
    default:
      return "?";
  }
}
