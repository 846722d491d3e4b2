/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * mmio.c - an access that no area answers: which instruction it was, and how the host's answer gets into the guest.
 */
#include "vcpu.h"

/** A fault only adds rights, unless clones share frames: then it may put another frame in a page's place. */
struct s2_fault_result s2_rv_page_in(struct s2_rv_guest *g, uint64_t gpa, uint32_t access) {
  struct s2_fault_result r;
  s2_rv_host_lock(g->ctx);
  g->fault_gpa = gpa - gpa % S2_PAGE_SIZE;
  g->adding = !g->space->shares;
  r = s2_fault(g->space, gpa, access);
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
  high = s2_rv_hlvx(v->regs.sepc + 2u, v->regs.hstatus);
  if (high.cause == 0) {
    high.value = low.value | high.value << 16;
  }
  return high;
}

/** Not now: the guest executes the instruction again. After S2_RV_STUCK_MAX times in a row the host hears of it. */
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

static enum s2_rv_exit_kind fault(struct s2_rv_vcpu *v, enum s2_rv_why why) {
  v->exit.why = why;
  v->stuck = 0;
  v->pending = true;
  return S2_RV_EXIT_FAULT;
}

static uint64_t mask_of(uint8_t width) {
  return width >= 8u ? UINT64_MAX : (UINT64_C(1) << (8u * width)) - 1u;
}

/** The access as the host will complete it: outside every area MMIO, inside one that forbids it a fault. */
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
static enum s2_rv_exit_kind unreadable(struct s2_rv_vcpu *v, struct s2_rv_guarded got) {
  if (got.value != 0 && s2_rv_page_in(v->guest, got.value << 2, S2_X).status != S2_OK) {
    (void)s2_rv_page_in(v->guest, got.value << 2, S2_R); /* the guest's page tables need not be executable */
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

/** Sign or zero extended to 64 bits; a single in an F register has ones above it. */
static uint64_t extend(const struct s2_rv_exit *e, uint64_t value) {
  uint64_t mask = mask_of(e->width);
  uint64_t top = mask ^ mask >> 1;
  if (e->fp || (e->sign && (value & top) != 0)) {
    return value | ~mask;
  }
  return value & mask;
}

/** Does the last exit wait for the host to do this access? A width is there only when the instruction was decoded. */
static bool waits_for(const struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind, uint32_t access) {
  const struct s2_rv_exit *e = &v->exit;
  return v->pending && (e->kind == kind || (e->kind == S2_RV_EXIT_FAULT && e->width != 0 && e->access == access));
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
  v->regs.sepc += e->length;
  v->pending = false;
  return S2_OK;
}

s2_status s2_rv_complete_write(struct s2_rv_vcpu *v) {
  if (!waits_for(v, S2_RV_EXIT_MMIO_WRITE, S2_W)) {
    return S2_ERR_CONFIG;
  }
  v->regs.sepc += v->exit.length;
  v->pending = false;
  return S2_OK;
}

s2_status s2_rv_complete_ecall(struct s2_rv_vcpu *v, uint64_t a0, uint64_t a1) {
  if (!v->pending || v->exit.kind != S2_RV_EXIT_ECALL) {
    return S2_ERR_CONFIG;
  }
  v->regs.x[10] = a0;
  v->regs.x[11] = a1;
  v->regs.sepc += 4u;
  v->pending = false;
  return S2_OK;
}

/** The access fault that belongs to the trap: of the original access, even if its page-table walk failed. */
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
