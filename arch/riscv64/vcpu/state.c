/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * state.c - whose state a hart holds: loaded when another vCPU's is there, saved when another vCPU needs the hart.
 *
 * What a guest can change without an exit is saved; what only the library changes (henvcfg, htimedelta, hgeie ...) is
 * only loaded. FP and vector registers are saved only when sstatus.FS and VS say that the guest has written one.
 */
#include "vcpu.h"

/* misaligned, access and page faults, illegal instruction, breakpoint, ecall from U: the guest's own */
#define HEDELEG          UINT64_C(0xb1ff)
#define VTYPE_VILL       (UINT64_C(1) << 63)
#define HGATP_VMID_SHIFT 44
#define HGATP_VMID       (UINT64_C(0x3fff) << HGATP_VMID_SHIFT)
#define HGATP_MODE       (UINT64_C(8) << 60) /* Sv39x4: with mode Bare the VMID field may read as zero */

s2_status s2_rv_hart_init(struct s2_rv_hart *h, uint32_t features) {
  if (h == NULL) {
    return S2_ERR_NULL;
  }
  if (features > S2_RV_FEAT_ALL) {
    return S2_ERR_CONFIG;
  }
  h->loaded = NULL;
  h->fp_owner = NULL;
  h->vector_owner = NULL;
  h->generation = 0;
  h->host_scounteren = 0;
  h->host_senvcfg = 0;
  h->hgatp = 0;
  h->features = features;
  s2_rv_write_hedeleg(HEDELEG);
  s2_rv_write_hideleg(S2_RV_IRQ_ALL);
  s2_rv_write_hvip(0);
  s2_rv_write_vsatp(0);
  s2_rv_write_hgatp(0);
  s2_rv_fence_gvma();
  return S2_OK;
}

uint32_t s2_rv_vmid_bits(void) {
  uint32_t bits = 0;
  s2_rv_write_hgatp(HGATP_MODE | HGATP_VMID);
  uint64_t kept = (s2_rv_read_hgatp() & HGATP_VMID) >> HGATP_VMID_SHIFT;
  s2_rv_write_hgatp(0);
  /*@ loop invariant bits: bits <= 14;
      loop assigns bits, kept;
      loop variant 14 - bits; */
  while (bits < 14u && (kept & 1u) != 0) {
    kept >>= 1;
    bits++;
  }
  return bits;
}

/*@ requires to: \valid(to + (0 .. n - 1)); terminates \true; exits \false; assigns to[0 .. n - 1];
    ensures zero: \forall integer k; 0 <= k < n ==> to[k] == 0; */
static void zero(uint64_t *to, uint32_t n) {
  uint32_t k;
  /*@ loop invariant k: 0 <= k <= n;
      loop invariant zero: \forall integer j; 0 <= j < k ==> to[j] == 0;
      loop assigns k, to[0 .. n - 1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    to[k] = 0;
  }
}

/** VS CSRs as after reset: no translation, no interrupt enabled, no timer. What the configuration says stays. */
/*@ requires c: \valid(c);
    terminates \true; exits \false; assigns RV_CSRS_RESET(c);
    ensures clear: c->vsatp == 0 && c->vsie == 0 && c->hvip == 0; */
static void reset_csrs(struct s2_rv_csrs *c) {
  c->vsstatus = S2_RV_UXL64;
  c->vsie = 0;
  c->vstvec = 0;
  c->vsscratch = 0;
  c->vsepc = 0;
  c->vscause = 0;
  c->vstval = 0;
  c->vsatp = 0;
  c->vstimecmp = UINT64_MAX;
  c->scounteren = 0;
  c->senvcfg = 0;
  c->hie = 0;
  c->hgeie = 0;
  c->hvip = 0;
}

/** VILL: no vector type is set. What the registers hold at reset is anything; a guest must not see another's. */
/*@ requires v: \valid(v) && \valid_read(v->guest) && \separated(v, v->guest);
    terminates \true; exits \false;
    assigns v->vector.vstart, v->vector.vcsr, v->vector.vl, v->vector.vtype, s2_rv_memory;
    ensures none: v->vector.vl == 0 && v->vector.vtype == VTYPE_VILL; */
static void reset_vector(struct s2_rv_vcpu *v) {
  v->vector.vstart = 0;
  v->vector.vcsr = 0;
  v->vector.vl = 0;
  v->vector.vtype = VTYPE_VILL;
  if ((v->guest->features & S2_RV_FEAT_V) != 0) {
    s2_rv_vector_zero(v);
  }
}

void s2_rv_reset(struct s2_rv_vcpu *v, uint64_t pc, uint64_t opaque) {
  const struct s2_rv_guest *g = v->guest;
  uint64_t fs = (g->features & S2_RV_FEAT_FP) != 0 ? (uint64_t)S2_RV_FS_CLEAN : 0u;
  uint64_t vs = (g->features & S2_RV_FEAT_V) != 0 ? (uint64_t)S2_RV_VS_CLEAN : 0u;
  zero(v->regs.x, 32);
  zero(v->fp.f, 32);
  v->fp.fcsr = 0;
  reset_vector(v);
  v->regs.sepc = pc;
  v->regs.x[10] = v->index;
  v->regs.x[11] = opaque;
  v->regs.sstatus = S2_RV_SSTATUS_SPP | fs | vs | S2_RV_UXL64;
  v->regs.hstatus = S2_RV_HSTATUS_VSXL | S2_RV_HSTATUS_SPV | S2_RV_HSTATUS_SPVP;
  v->regs.hstatus |= (g->flags & S2_RV_TRAP_WFI) != 0 ? S2_RV_HSTATUS_VTW : 0u;
  reset_csrs(&v->csrs);
  v->deadline = S2_RV_NO_DEADLINE;
  v->pending = false;
  v->stuck = 0;
  S2_RV_PUT(&v->irq_set, 0);
  S2_RV_PUT(&v->irq_clear, 0);
}

/** What the guest may have changed. */
/*@ requires c: \valid_read(h) && \valid(c) && \separated(h, c);
    terminates \true; exits \false;
    assigns c->vsstatus, c->vsie, c->vstvec, c->vsscratch, c->vsepc, c->vscause, c->vstval, c->vsatp, c->hvip,
            c->scounteren, c->vstimecmp, c->senvcfg; */
static void save_csrs(const struct s2_rv_hart *h, struct s2_rv_csrs *c) {
  c->vsstatus = s2_rv_read_vsstatus();
  c->vsie = s2_rv_read_vsie();
  c->vstvec = s2_rv_read_vstvec();
  c->vsscratch = s2_rv_read_vsscratch();
  c->vsepc = s2_rv_read_vsepc();
  c->vscause = s2_rv_read_vscause();
  c->vstval = s2_rv_read_vstval();
  c->vsatp = s2_rv_read_vsatp();
  c->hvip = s2_rv_read_hvip();
  c->scounteren = s2_rv_read_scounteren();
  if ((h->features & S2_RV_FEAT_SSTC) != 0) {
    c->vstimecmp = s2_rv_read_vstimecmp();
  }
  if ((h->features & S2_RV_FEAT_ENVCFG) != 0) {
    c->senvcfg = s2_rv_read_senvcfg();
  }
}

/** All but vsatp, which stays Bare until hgatp is right: a walk must not mix two guests' registers. */
/*@ requires c: \valid_read(h) && \valid_read(c);
    terminates \true; exits \false; assigns s2_rv_device; */
static void load_csrs(const struct s2_rv_hart *h, const struct s2_rv_csrs *c) {
  s2_rv_write_vsatp(0);
  s2_rv_write_vsstatus(c->vsstatus);
  s2_rv_write_hie(c->hie);
  s2_rv_write_vsie(c->vsie); /* the same bits as hie, one place lower: after it */
  s2_rv_write_vstvec(c->vstvec);
  s2_rv_write_vsscratch(c->vsscratch);
  s2_rv_write_vsepc(c->vsepc);
  s2_rv_write_vscause(c->vscause);
  s2_rv_write_vstval(c->vstval);
  s2_rv_write_hvip(c->hvip);
  s2_rv_write_hgeie(c->hgeie);
  s2_rv_write_htimedelta(c->htimedelta);
  s2_rv_write_hcounteren(c->hcounteren);
  s2_rv_write_scounteren(c->scounteren);
  if ((h->features & S2_RV_FEAT_ENVCFG) != 0) {
    s2_rv_write_henvcfg(c->henvcfg);
    s2_rv_write_senvcfg(c->senvcfg);
  }
  if ((h->features & S2_RV_FEAT_SSTC) != 0) {
    s2_rv_write_vstimecmp(c->vstimecmp);
  }
}

/** The struct has the FP registers afterwards; so has the hart. */
void s2_rv_fp_put(struct s2_rv_vcpu *v) {
  if (v->on != NULL && v->on->fp_owner == v && (v->regs.sstatus & S2_RV_SSTATUS_FS) == S2_RV_SSTATUS_FS) {
    s2_rv_fp_save(&v->fp);
    v->regs.sstatus = (v->regs.sstatus & ~(uint64_t)S2_RV_SSTATUS_FS) | S2_RV_FS_CLEAN;
    s2_count(&v->profile.fp_saves, 1);
  }
}

/** The struct's FP registers were changed, on the guest's behalf: load them again; dirty for the guest. */
void s2_rv_fp_touched(struct s2_rv_vcpu *v) {
  v->csrs.vsstatus |= S2_RV_SSTATUS_FS;
  if (v->on != NULL) {
    s2_rv_set_vsstatus(S2_RV_SSTATUS_FS);
    if (v->on->fp_owner == v) {
      v->on->fp_owner = NULL;
    }
  }
}

/** The same for vectors. */
/*@ requires v: \valid(v) && 0 <= v->profile.vector_saves && (v->on == \null || (\valid_read(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns v->vector.vstart, v->vector.vcsr, v->vector.vl, v->vector.vtype, v->regs.sstatus, v->profile.vector_saves,
            s2_rv_memory, s2_rv_device;
    ensures count: 0 <= v->profile.vector_saves; */
static void vector_put(struct s2_rv_vcpu *v) {
  if (v->on != NULL && v->on->vector_owner == v && (v->regs.sstatus & S2_RV_SSTATUS_VS) == S2_RV_SSTATUS_VS) {
    s2_rv_vector_save(&v->vector);
    v->regs.sstatus = (v->regs.sstatus & ~(uint64_t)S2_RV_SSTATUS_VS) | S2_RV_VS_CLEAN;
    s2_count(&v->profile.vector_saves, 1);
  }
}

/** Everything of the loaded vCPU back to its struct. The hart holds nobody's state then. */
/*@ requires h: RvHart(h) && h->loaded != \null;
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, RV_UNLOADED(h->loaded), s2_rv_memory, s2_rv_device;
    ensures none: h->loaded == \null && h->fp_owner == \null && h->vector_owner == \null && \old(h->loaded)->on == \null;
    ensures counts: 0 <= \old(h->loaded)->profile.fp_saves && 0 <= \old(h->loaded)->profile.vector_saves &&
                      0 <= \old(h->loaded)->profile.saves; */
static void unload(struct s2_rv_hart *h) {
  struct s2_rv_vcpu *v = h->loaded;
  s2_rv_fp_put(v);
  vector_put(v);
  save_csrs(h, &v->csrs);
  s2_count(&v->profile.saves, 1);
  v->on = NULL;
  h->loaded = NULL;
  h->fp_owner = NULL;
  h->vector_owner = NULL;
}

void s2_rv_put(struct s2_rv_hart *h) {
  if (h->loaded != NULL) {
    unload(h);
    s2_rv_write_scounteren(h->host_scounteren);
    if ((h->features & S2_RV_FEAT_ENVCFG) != 0) {
      s2_rv_write_senvcfg(h->host_senvcfg);
    }
  }
}

/** hgatp for the guest of v; then vsatp. Stale stage-1 translations of this vCPU on this hart are forgotten. */
/*@ requires h: \valid(h) && \valid(v) && \valid_read(v->guest) && \separated(h, v, v->guest);
    terminates \true; exits \false;
    assigns h->hgatp, v->seen, v->last, s2_rv_device;
    ensures is: h->hgatp == v->guest->hgatp && v->last == h && v->seen == h->generation; */
static void load_tables(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  bool moved = v->last != h;
  h->hgatp = v->guest->hgatp;
  s2_rv_write_hgatp(h->hgatp);
  if (moved || v->guest->count > 1 || v->seen != h->generation) {
    s2_rv_fence_vvma(); /* another vCPU of this VMID was here, or this one elsewhere, or the VMID was another guest's */
  }
  if (moved) {
    s2_rv_fence_i();
  }
  s2_rv_write_vsatp(v->csrs.vsatp);
  v->seen = h->generation;
  v->last = h;
}

/** The hart's registers become those of v, which nobody holds; another vCPU's are in its struct by now. */
/*@ requires parts: RvParts(h, v) && RvCounts(v);
    terminates \true; exits \false;
    assigns h->loaded, h->hgatp, v->on, v->seen, v->last, v->profile.loads, s2_rv_device;
    ensures there: h->loaded == v && v->on == h && h->hgatp == v->guest->hgatp;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures counts: RvCounts(v); */
static void move_in(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  load_csrs(h, &v->csrs);
  h->loaded = v;
  v->on = h;
  load_tables(h, v);
  s2_count(&v->profile.loads, 1);
}

/** FP and vector registers, which stay on the hart longest. */
/*@ requires parts: RvParts(h, v) && RvCounts(v);
    terminates \true; exits \false;
    assigns h->fp_owner, h->vector_owner, v->profile.fp_loads, v->profile.vector_loads, s2_rv_device;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures rest: h->loaded == \old(h->loaded) && v->on == \old(v->on) && h->hgatp == \old(h->hgatp) &&
                    v->guest->hgatp == \old(v->guest->hgatp);
    ensures counts: RvCounts(v);
    ensures fp: (v->guest->features & S2_RV_FEAT_FP) != 0 ==> h->fp_owner == v;
    ensures vector: (v->guest->features & S2_RV_FEAT_V) != 0 ==> h->vector_owner == v; */
static void load_wide(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  if (h->fp_owner != v && (v->guest->features & S2_RV_FEAT_FP) != 0) {
    s2_rv_fp_load(&v->fp);
    h->fp_owner = v;
    s2_count(&v->profile.fp_loads, 1);
  }
  if (h->vector_owner != v && (v->guest->features & S2_RV_FEAT_V) != 0) {
    s2_rv_vector_load(&v->vector);
    h->vector_owner = v;
    s2_count(&v->profile.vector_loads, 1);
  }
}

/** Another vCPU leaves the hart, or the host does, whose two registers are kept. */
/*@ requires parts: RvParts(h, v) && RvHart(h) && RvCounts(v) && h->loaded != v;
    requires was: (h->loaded == \null || h->loaded == was) &&
                  (was == \null || was == v || \separated(was, h, v, v->guest, v->guest->machine));
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, h->host_scounteren, h->host_senvcfg, RV_UNLOADED(was), s2_rv_memory,
            s2_rv_device;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures counts: RvCounts(v); */
static void make_room(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  (void)v; /* for whom: the proof's, not the machine's */
  if (h->loaded != NULL) {
    unload(h);
  } else {
    h->host_scounteren = s2_rv_read_scounteren();
    h->host_senvcfg = (h->features & S2_RV_FEAT_ENVCFG) != 0 ? s2_rv_read_senvcfg() : 0;
  }
}

/** v comes in, whoever was there. */
/*@ requires parts: RvParts(h, v) && RvHart(h) && RvCounts(v) && h->loaded != v;
    requires was: (h->loaded == \null || h->loaded == was) &&
                  (was == \null || was == v || \separated(was, h, v, v->guest, v->guest->machine));
    terminates \true; exits \false;
    assigns h->loaded, h->fp_owner, h->vector_owner, h->hgatp, h->host_scounteren, h->host_senvcfg, RV_UNLOADED(was),
            v->on, v->seen, v->last, v->profile.loads, s2_rv_memory, s2_rv_device;
    ensures there: h->loaded == v;
    ensures on: v->on == h;
    ensures tables: h->hgatp == v->guest->hgatp;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures counts: RvCounts(v); */
static void take_in(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  make_room(h, v) /*@ ghost (was) */;
  //@ assert left: RvParts(h, v);
  //@ assert kept: RvKept{Pre,Here}(h, v);
  move_in(h, v);
}

/** A new VMID while v was here. */
/*@ requires parts: RvParts(h, v) && RvCounts(v);
    terminates \true; exits \false;
    assigns h->hgatp, v->seen, v->last, v->csrs.vsatp, s2_rv_device;
    ensures kept: RvKept{Pre,Post}(h, v);
    ensures rest: h->loaded == \old(h->loaded) && v->on == \old(v->on);
    ensures tables: h->hgatp == v->guest->hgatp;
    ensures counts: RvCounts(v); */
static void change_tables(struct s2_rv_hart *h, struct s2_rv_vcpu *v) {
  v->csrs.vsatp = s2_rv_read_vsatp();
  s2_rv_write_vsatp(0);
  load_tables(h, v);
}

void s2_rv_load(struct s2_rv_hart *h, struct s2_rv_vcpu *v) /*@ ghost (struct s2_rv_vcpu *was) */ {
  if (h->loaded != v) {
    take_in(h, v) /*@ ghost (was) */;
  } else if (h->hgatp != v->guest->hgatp) {
    change_tables(h, v);
  }
  //@ assert there: h->loaded == v;
  //@ assert on: v->on == h;
  //@ assert tables: h->hgatp == v->guest->hgatp;
  //@ assert kept: RvKept{Pre,Here}(h, v);
  //@ assert counts: RvCounts(v);
  //@ assert parts: RvParts(h, v);
  load_wide(h, v);
}

void s2_rv_irq(struct s2_rv_vcpu *v, uint64_t bits, bool level) {
  uint64_t b = bits & S2_RV_IRQ_ALL;
  S2_RV_AND(level ? &v->irq_clear : &v->irq_set, ~b);
  S2_RV_OR(level ? &v->irq_set : &v->irq_clear, b);
}

/** What s2_rv_irq() and other harts left for v, which is on this hart. */
void s2_rv_take_pending(struct s2_rv_vcpu *v) {
  if (S2_RV_GET(&v->irq_clear) != 0) {
    s2_rv_clear_hvip(S2_RV_SWAP64(&v->irq_clear, 0));
  }
  if (S2_RV_GET(&v->irq_set) != 0) {
    s2_rv_set_hvip(S2_RV_SWAP64(&v->irq_set, 0));
  }
  if (S2_RV_GET(&v->requests) != 0) {
    uint32_t r = S2_RV_SWAP32(&v->requests, 0);
    if ((r & S2_RV_REQ_VVMA) != 0) {
      s2_rv_fence_vvma();
    }
    if ((r & S2_RV_REQ_FENCE_I) != 0) {
      s2_rv_fence_i();
    }
  }
}

/** The guest's timer compare value, in guest time. UINT64_MAX: never. */
void s2_rv_put_timer(struct s2_rv_vcpu *v, uint64_t guest_time) {
  v->csrs.vstimecmp = guest_time;
  if (v->on != NULL && (v->on->features & S2_RV_FEAT_SSTC) != 0) {
    s2_rv_write_vstimecmp(guest_time);
  }
}

/*@ requires v: \valid_read(v);
    terminates \true; exits \false; assigns \nothing; */
static uint64_t vsie_of(const struct s2_rv_vcpu *v) {
  return v->on != NULL ? s2_rv_read_vsie() : v->csrs.vsie;
}

uint64_t s2_rv_get_hvip(const struct s2_rv_vcpu *v) {
  return v->on != NULL ? s2_rv_read_hvip() : v->csrs.hvip;
}

bool s2_rv_due(const struct s2_rv_vcpu *v) {
  int32_t hsm = S2_RV_GET(&v->hsm);
  uint64_t now = s2_rv_read_time();
  uint64_t pending, at;
  if (hsm != S2_RV_STARTED) {
    return hsm == S2_RV_START_PENDING;
  }
  at = v->csrs.vstimecmp;
  if (v->on != NULL && (v->on->features & S2_RV_FEAT_SSTC) != 0) {
    at = s2_rv_read_vstimecmp();
  }
  pending = s2_rv_get_hvip(v) & ~S2_RV_GET(&v->irq_clear);
  pending |= S2_RV_GET(&v->irq_set);
  pending |= s2_rv_plus(now, v->csrs.htimedelta) >= at || now >= v->deadline ? S2_RV_IRQ_TIMER : 0u;
  return (pending >> 1 & vsie_of(v)) != 0 || S2_RV_GET(&v->requests) != 0;
}

uint64_t s2_rv_wake_at(const struct s2_rv_vcpu *v) {
  uint64_t at = v->csrs.vstimecmp;
  if (v->on != NULL && (v->on->features & S2_RV_FEAT_SSTC) != 0) {
    at = s2_rv_read_vstimecmp();
  }
  return at == UINT64_MAX ? v->deadline : s2_rv_minus(at, v->csrs.htimedelta);
}

/** The guest takes an exception, as the hardware would have delivered it to VS-mode. */
void s2_rv_trap_guest(struct s2_rv_vcpu *v, uint64_t cause, uint64_t value) {
  bool here = v->on != NULL;
  uint64_t status = here ? s2_rv_read_vsstatus() : v->csrs.vsstatus;
  uint64_t vector = here ? s2_rv_read_vstvec() : v->csrs.vstvec;
  uint64_t spie = (status & S2_RV_SSTATUS_SIE) != 0 ? (uint64_t)S2_RV_SSTATUS_SPIE : 0u;
  status &= ~(uint64_t)(S2_RV_SSTATUS_SPP | S2_RV_SSTATUS_SPIE | S2_RV_SSTATUS_SIE);
  status |= spie | (v->regs.sstatus & S2_RV_SSTATUS_SPP);
  v->csrs.vsstatus = status;
  v->csrs.vsepc = v->regs.sepc;
  v->csrs.vscause = cause;
  v->csrs.vstval = value;
  if (here) {
    s2_rv_write_vsstatus(status);
    s2_rv_write_vsepc(v->regs.sepc);
    s2_rv_write_vscause(cause);
    s2_rv_write_vstval(value);
  }
  v->regs.sstatus |= S2_RV_SSTATUS_SPP;
  v->regs.sepc = vector & ~UINT64_C(3); /* exceptions go to BASE in both modes */
}
