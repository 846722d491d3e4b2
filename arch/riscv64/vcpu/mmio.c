/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * mmio.c - an access that no area answers: which instruction it was, and how the host's answer gets into the guest.
 */
#include "vcpu.h"

uint32_t s2_rv_rights(struct s2_rv_guest *g, uint64_t gpa) {
  uint32_t attr;
  s2_rv_host_lock(g->ctx);
  attr = s2_rv_attr_at(g, gpa);
  s2_rv_host_unlock(g->ctx);
  return attr & S2_RIGHTS;
}

/** A fault only adds rights, unless clones share frames: then it may put another frame in a page's place. */
struct s2_fault_result s2_rv_page_in(struct s2_rv_guest *g, uint64_t gpa, uint32_t access) {
  struct s2_fault_result r;
  s2_rv_host_lock(g->ctx);
  g->fault_gpa = gpa - gpa % S2_PAGE_SIZE;
  g->adding = !g->space->shares;
  r = s2_rv_fault_in(g, gpa, access);
  g->adding = false;
  s2_rv_host_unlock(g->ctx);
  return r;
}

/** The instruction at sepc: two bytes, and two more if it has them, read with the guest's own rights and tables. */
struct s2_rv_guarded s2_rv_fetch(struct s2_rv_vcpu *v) {
  struct s2_rv_guarded low = s2_rv_hlvx(v->regs.sepc, v->regs.hstatus);
  struct s2_rv_guarded high;
  if (low.cause != 0 || (low.value & 3u) != 3u) {
    return low;
  }
  high = s2_rv_hlvx(s2_rv_plus(v->regs.sepc, 2), v->regs.hstatus);
  if (high.cause == 0) {
    high.value = low.value + high.value * 65536u;
  }
  return high;
}

/** Not now: the guest executes the instruction again. After S2_RV_STUCK_MAX times in a row the host hears of it. */
/*@ requires v: \valid(v) && v->stuck < S2_RV_STUCK_MAX;
    terminates \true; exits \false;
    assigns v->stuck, v->exit.why, v->pending;
    ensures stuck: v->stuck < S2_RV_STUCK_MAX;
    ensures kinds: \result == S2_RV_DID_RETRY || \result == S2_RV_EXIT_FAULT;
    ensures retry: \result == S2_RV_DID_RETRY ==> v->stuck == \old(v->stuck) + 1 && v->pending == \old(v->pending);
    ensures waits: \result == S2_RV_EXIT_FAULT ==> v->pending && v->exit.why == S2_RV_WHY_UNREADABLE; */
static enum s2_rv_exit_kind again(struct s2_rv_vcpu *v) {
  v->stuck++;
  if (v->stuck < S2_RV_STUCK_MAX) {
    return S2_RV_DID_RETRY;
  }
  v->stuck = 0;
  v->exit.why = S2_RV_WHY_UNREADABLE;
  v->pending = true;
  return S2_RV_EXIT_FAULT;
}

/*@ requires v: \valid(v);
    terminates \true; exits \false;
    assigns v->exit.why, v->stuck, v->pending;
    ensures kind: \result == S2_RV_EXIT_FAULT && v->exit.why == why && v->stuck == 0 && v->pending; */
static enum s2_rv_exit_kind fault(struct s2_rv_vcpu *v, enum s2_rv_why why) {
  v->exit.why = why;
  v->stuck = 0;
  v->pending = true;
  return S2_RV_EXIT_FAULT;
}

/** The bits of an access of that many bytes. */
/*@ requires width: width == 1 || width == 2 || width == 4 || width == 8;
    terminates \true; exits \false; assigns \nothing;
    ensures mask: \result == rv_mask(width); */
static uint64_t mask_of(uint8_t width) {
  switch (width) {
    case 1:
      return 0xffu;
    case 2:
      return 0xffffu;
    case 4:
      return 0xffffffffu;
    default:
      return UINT64_MAX;
  }
}

/** The access as the host will complete it: outside every area MMIO, inside one that forbids it a fault. */
/*@ requires v: RvVcpu(v) && v->exit.kind == S2_RV_EXIT_FAULT;
    requires i: (i.kind == S2_RV_INSN_LOAD || i.kind == S2_RV_INSN_STORE) && i.reg <= 31 &&
                (i.width == 1 || i.width == 2 || i.width == 4 || i.width == 8);
    terminates \true; exits \false;
    assigns v->exit.kind, v->exit.why, v->exit.width, v->exit.reg, v->exit.sign, v->exit.fp, v->exit.value, v->stuck,
            v->pending, RV_FP_SAVED(v), s2_rv_device;
    ensures v: RvVcpu(v) && v->pending && \result == v->exit.kind;
    ensures kind: \result == (denied ? S2_RV_EXIT_FAULT : i.kind == S2_RV_INSN_STORE ? S2_RV_EXIT_MMIO_WRITE : S2_RV_EXIT_MMIO_READ);
    ensures why: denied ==> v->exit.why == S2_RV_WHY_DENIED;
    ensures how: v->exit.width == i.width && v->exit.reg == i.reg;
    ensures data: i.kind == S2_RV_INSN_STORE ==> !i.fp ==> v->exit.value == (v->regs.x[i.reg] & rv_mask(i.width)); */
static enum s2_rv_exit_kind mmio(struct s2_rv_vcpu *v, struct s2_rv_insn i, bool denied) {
  struct s2_rv_exit *e = &v->exit;
  bool store = i.kind == S2_RV_INSN_STORE;
  v->stuck = 0;
  if (denied) {
    e->why = S2_RV_WHY_DENIED;
  } else {
    e->kind = store ? S2_RV_EXIT_MMIO_WRITE : S2_RV_EXIT_MMIO_READ;
  }
  e->width = i.width;
  e->reg = i.reg;
  e->sign = i.sign;
  e->fp = i.fp;
  if (i.fp) {
    s2_rv_fp_put(v);
  }
  if (store) {
    e->value = (i.fp ? v->fp.f[i.reg] : v->regs.x[i.reg]) & mask_of(i.width);
  }
  v->pending = true;
  return e->kind;
}

/**
 * The instruction cannot be read any more: what it needs is brought in if it can be, and the guest tries again. htval
 * tells a G-stage fault from the guest's own; the cause does not: the manual has 21 for both kinds of walk, QEMU has 12.
 */
/*@ requires v: RvVcpu(v) && \valid(v->guest) && \valid_read(v->guest->space) && \separated(v, v->guest);
    terminates \true; exits \false;
    assigns v->stuck, v->exit.why, v->pending, v->guest->fault_gpa, v->guest->adding, s2_rv_memory;
    ensures stuck: v->stuck < S2_RV_STUCK_MAX;
    ensures kinds: \result == S2_RV_DID_RETRY || \result == S2_RV_EXIT_FAULT;
    ensures waits: \result == S2_RV_EXIT_FAULT ==> v->pending;
    ensures retry: \result == S2_RV_DID_RETRY ==> v->pending == \old(v->pending); */
static enum s2_rv_exit_kind unreadable(struct s2_rv_vcpu *v, struct s2_rv_guarded got) {
  if (got.value != 0 && s2_rv_page_in(v->guest, s2_rv_gpa_of(got.value), S2_X).status != S2_OK) {
    (void)s2_rv_page_in(v->guest, s2_rv_gpa_of(got.value), S2_R); /* the guest's page tables need not be executable */
  }
  return again(v);
}

enum s2_rv_exit_kind s2_rv_access(struct s2_rv_vcpu *v, uint64_t gpa, uint32_t access, bool denied) {
  struct s2_rv_insn i = s2_rv_decode_htinst(v->regs.htinst);
  (void)s2_rv_exit_as(v, S2_RV_EXIT_FAULT);
  v->exit.gpa = gpa;
  v->exit.access = access;
  v->exit.status = denied ? S2_ERR_DENIED : S2_OK;
  if (i.kind == S2_RV_INSN_WALK_READ || i.kind == S2_RV_INSN_WALK_WRITE) {
    return fault(v, S2_RV_WHY_WALK);
  }
  if (access == S2_X) {
    return fault(v, denied ? S2_RV_WHY_DENIED : S2_RV_WHY_FETCH);
  }
  if (i.kind == S2_RV_INSN_NONE) {
    struct s2_rv_guarded got = s2_rv_fetch(v);
    if (got.cause != 0) {
      return unreadable(v, got);
    }
    i = s2_rv_decode((uint32_t)got.value);
  }
  v->exit.length = i.length;
  if (i.kind == S2_RV_INSN_ATOMIC) {
    return fault(v, S2_RV_WHY_ATOMIC);
  }
  if (i.kind == S2_RV_INSN_NONE) {
    return fault(v, S2_RV_WHY_INSN);
  }
  if ((i.kind == S2_RV_INSN_STORE) != (access == S2_W)) {
    return again(v); /* the guest has changed its code since */
  }
  return mmio(v, i, denied);
}

/** The sign bit of an access of that many bytes. */
/*@ requires width: width == 1 || width == 2 || width == 4 || width == 8;
    terminates \true; exits \false; assigns \nothing;
    ensures top: \result == rv_top(width); */
static uint64_t top_of(uint8_t width) {
  switch (width) {
    case 1:
      return 0x80u;
    case 2:
      return 0x8000u;
    case 4:
      return 0x80000000u;
    default:
      return UINT64_C(1) << 63;
  }
}

/** Sign or zero extended to 64 bits; a single in an F register has ones above it. */
/*@ requires e: \valid_read(e) && (e->width == 1 || e->width == 2 || e->width == 4 || e->width == 8);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result == rv_extended(value, e->width, e->sign != 0, e->fp != 0); */
static uint64_t extend(const struct s2_rv_exit *e, uint64_t value) {
  uint64_t mask = mask_of(e->width);
  if (e->fp || (e->sign && (value & top_of(e->width)) != 0)) {
    return value | (UINT64_MAX - mask);
  }
  return value & mask;
}

/** Does the last exit wait for the host to do this access? A width is there only when the instruction was decoded. */
/*@ requires v: \valid_read(v);
    terminates \true; exits \false; assigns \nothing;
    ensures is: \result ==> v->pending && v->exit.width != 0; */
static bool waits_for(const struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind, uint32_t access) {
  const struct s2_rv_exit *e = &v->exit;
  return v->pending && e->width != 0 && (e->kind == kind || (e->kind == S2_RV_EXIT_FAULT && e->access == access));
}

s2_status s2_rv_complete_read(struct s2_rv_vcpu *v, uint64_t value) {
  const struct s2_rv_exit *e = &v->exit;
  if (!waits_for(v, S2_RV_EXIT_MMIO_READ, S2_R)) {
    return S2_ERR_CONFIG;
  }
  if (e->fp) {
    v->fp.f[e->reg] = extend(e, value);
    s2_rv_fp_touched(v);
  } else if (e->reg != 0) {
    v->regs.x[e->reg] = extend(e, value);
  }
  v->regs.sepc = s2_rv_plus(v->regs.sepc, e->length);
  v->pending = false;
  return S2_OK;
}

s2_status s2_rv_complete_write(struct s2_rv_vcpu *v) {
  if (!waits_for(v, S2_RV_EXIT_MMIO_WRITE, S2_W)) {
    return S2_ERR_CONFIG;
  }
  v->regs.sepc = s2_rv_plus(v->regs.sepc, v->exit.length);
  v->pending = false;
  return S2_OK;
}

s2_status s2_rv_complete_ecall(struct s2_rv_vcpu *v, uint64_t a0, uint64_t a1) {
  if (!v->pending || v->exit.kind != S2_RV_EXIT_ECALL) {
    return S2_ERR_CONFIG;
  }
  v->regs.x[10] = a0;
  v->regs.x[11] = a1;
  v->regs.sepc = s2_rv_plus(v->regs.sepc, 4);
  v->pending = false;
  return S2_OK;
}

/** The access fault that belongs to the trap: of the original access, even if its page-table walk failed. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result == 1 || \result == 5 || \result == 7; */
static uint64_t access_fault_of(uint64_t scause) {
  switch (scause) {
    case S2_RV_CAUSE_GUEST_FETCH:
      return S2_RV_CAUSE_FETCH;
    case S2_RV_CAUSE_GUEST_LOAD:
      return S2_RV_CAUSE_LOAD;
    default:
      return S2_RV_CAUSE_STORE;
  }
}

s2_status s2_rv_reflect(struct s2_rv_vcpu *v) {
  if (!v->pending) {
    return S2_ERR_CONFIG;
  }
  switch ((int)v->exit.kind) {
    case S2_RV_EXIT_FAULT:
    case S2_RV_EXIT_MMIO_READ:
    case S2_RV_EXIT_MMIO_WRITE:
      s2_rv_trap_guest(v, access_fault_of(v->regs.scause), v->regs.stval);
      break;
    case S2_RV_EXIT_VIRTUAL:
    case S2_RV_EXIT_ILLEGAL:
      s2_rv_trap_guest(v, S2_RV_CAUSE_ILLEGAL, v->exit.value);
      break;
    default:
      return S2_ERR_CONFIG;
  }
  v->pending = false;
  return S2_OK;
}
