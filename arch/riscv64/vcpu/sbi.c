/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * sbi.c - SBI calls of a guest. Each is answered, or becomes an exit; sbi.h lists them.
 *
 * A call that needs a page which cannot be had now ends in S2_RV_EXIT_NO_MEMORY before it has done anything: pc stays,
 * and the guest makes the same call again.
 */
#include "sbi.h"
#include "vcpu.h"

struct sbi_call {
  uint64_t eid, fid;
  uint64_t a[6];
};
/*@ // a call lies on the stack, apart from the guest and its vCPUs
    predicate RvCall(struct s2_rv_vcpu *v, struct sbi_call *c) =
      \valid_read(c) && \separated(c, v->guest, v->guest->vcpus + (0 .. v->guest->count - 1));
    predicate SbiCode(integer error) = SBI_ALREADY_AVAILABLE <= error <= SBI_SUCCESS; */

/* Two registers. That a call is an exit besides is said in v->exit.kind. */
struct sbi_answer {
  int64_t error;
  uint64_t value;
};

/** A register holds an error in two's complement. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result == (error < 0 ? error + UINT64_MAX + 1 : error); */
static uint64_t word_of(int64_t error) {
  return error < 0 ? UINT64_MAX - (uint64_t)(-(error + 1)) : (uint64_t)error;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result.error == error && \result.value == value; */
static struct sbi_answer answer(int64_t error, uint64_t value) {
  struct sbi_answer r = {error, value};
  return r;
}

/*@ requires v: \valid(v);
    terminates \true; exits \false; assigns v->exit;
    ensures v: RvExit(v) && v->exit.kind == kind && v->exit.value == value;
    ensures is: \result.error == 0 && \result.value == 0; */
static struct sbi_answer answer_exit(struct s2_rv_vcpu *v, enum s2_rv_exit_kind kind, uint64_t value) {
  (void)s2_rv_exit_as(v, kind);
  v->exit.value = value;
  return answer(SBI_SUCCESS, 0);
}

/* ---- console ---- */

/*@ requires g: \valid(g) && g->held <= S2_RV_CONSOLE;
    terminates \true; exits \false; assigns g->held;
    ensures none: g->held == 0; */
static void console_out(struct s2_rv_guest *g) {
  if (g->held != 0) {
    s2_rv_host_console(g->ctx, g->console, g->held);
    g->held = 0;
  }
}

void s2_rv_console_flush(struct s2_rv_guest *g) {
  s2_rv_host_lock(g->ctx);
  console_out(g);
  s2_rv_host_unlock(g->ctx);
}

/** The lock is held. */
/*@ requires g: \valid(g) && g->held < S2_RV_CONSOLE;
    terminates \true; exits \false; assigns g->held, g->console[0 .. S2_RV_CONSOLE - 1];
    ensures room: g->held < S2_RV_CONSOLE;
    ensures line: byte == 10 ==> g->held == 0; */
static void console_put(struct s2_rv_guest *g, uint8_t byte) {
  g->console[g->held] = byte;
  g->held++;
  if (byte == (uint8_t)'\n' || g->held == S2_RV_CONSOLE) {
    console_out(g);
  }
}

/*@ requires g: \valid(g) && g->held < S2_RV_CONSOLE;
    terminates \true; exits \false; assigns g->held, g->console[0 .. S2_RV_CONSOLE - 1];
    ensures room: g->held < S2_RV_CONSOLE; */
static void console_byte(struct s2_rv_guest *g, uint8_t byte) {
  s2_rv_host_lock(g->ctx);
  console_put(g, byte);
  s2_rv_host_unlock(g->ctx);
}

/** Guest memory from gpa that the host can touch, to the end of a page run; its page is brought in. The lock is held. */
/*@ requires g: \valid(g) && \valid_read(g->space);
    terminates \true; exits \false; assigns g->fault_gpa, g->adding, s2_rv_memory;
    ensures len: \result.status == S2_OK ==> 0 < \result.len <= max;
    ensures lazy: \result.status == S2_OK || !g->adding || \old(g->adding); */
static struct s2_piece piece_at(struct s2_rv_guest *g, uint64_t gpa, uint64_t max, uint32_t access) {
  struct s2_piece p = s2_rv_run_of(g, gpa, max, access, 0);
  if (p.status == S2_ERR_LAZY) {
    g->fault_gpa = gpa - gpa % S2_PAGE_SIZE;
    g->adding = !g->space->shares;
    p = s2_rv_run_of(g, gpa, max, access, S2_GUEST_FAULT);
    g->adding = false;
  }
  return p;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result <==> st == S2_ERR_NO_FRAMES || st == S2_ERR_NO_TABLES; */
static bool no_memory(s2_status st) {
  return st == S2_ERR_NO_FRAMES || st == S2_ERR_NO_TABLES;
}

/** Why a guest buffer could not be used: an exit when the host can help, else an error for the guest. */
/*@ requires v: \valid(v) && RvExit(v);
    terminates \true; exits \false; assigns v->exit;
    ensures v: RvExit(v);
    ensures is: \result.error == SBI_INVALID_PARAM && \result.value == 0;
    ensures host: st == S2_ERR_NO_FRAMES || st == S2_ERR_NO_TABLES ==>
                    v->exit.kind == S2_RV_EXIT_NO_MEMORY && v->exit.gpa == gpa && v->exit.status == st;
    ensures guest: st != S2_ERR_NO_FRAMES && st != S2_ERR_NO_TABLES ==> v->exit.kind == \old(v->exit.kind); */
static struct sbi_answer no_piece(struct s2_rv_vcpu *v, s2_status st, uint64_t gpa, uint32_t access) {
  if (no_memory(st)) {
    (void)s2_rv_exit_as(v, S2_RV_EXIT_NO_MEMORY);
    v->exit.status = st;
    v->exit.gpa = gpa;
    v->exit.access = access;
  }
  return answer(SBI_INVALID_PARAM, 0);
}

/** DBCN write: as much as can be reached; nothing at all is an error. */
/*@ requires v: RvIn(v) && RvCalled(v) && gpa + total <= UINT64_MAX;
    terminates \true; exits \false;
    assigns v->exit, RV_CONSOLE(v->guest);
    ensures v: RvCalled(v) && v->guest->held < S2_RV_CONSOLE;
    ensures codes: (\result.error == SBI_SUCCESS && \result.value <= total) ||
                   (\result.error == SBI_INVALID_PARAM && \result.value == 0); */
static struct sbi_answer console_write(struct s2_rv_vcpu *v, uint64_t gpa, uint64_t total) {
  struct s2_rv_guest *g = v->guest;
  uint64_t done = 0;
  struct s2_piece p = {S2_OK, NULL, 0};
  s2_rv_host_lock(g->ctx);
  /*@ loop invariant done: done <= total && g->held < S2_RV_CONSOLE;
      loop assigns done, p, RV_CONSOLE(g);
      loop variant total - done; */
  while (done < total) {
    uint64_t k;
    p = piece_at(g, gpa + done, total - done, S2_R);
    if (p.status != S2_OK) {
      break;
    }
    /*@ loop invariant k: 0 <= k <= p.len && g->held < S2_RV_CONSOLE;
        loop assigns k, g->held, g->console[0 .. S2_RV_CONSOLE - 1];
        loop variant p.len - k; */
    for (k = 0; k < p.len; k++) {
      console_put(g, s2_rv_byte_of(p, k));
    }
    done += p.len;
  }
  s2_rv_host_unlock(g->ctx);
  return done == 0 && total != 0 ? no_piece(v, p.status, gpa, S2_R) : answer(SBI_SUCCESS, done);
}

/** DBCN read: one page run at most, so that no input is taken which the guest does not get. */
/*@ requires v: RvIn(v) && RvCalled(v) && total <= SBI_DBCN_MAX;
    terminates \true; exits \false;
    assigns v->exit, RV_CONSOLE(v->guest);
    ensures v: RvCalled(v) && v->guest->held < S2_RV_CONSOLE;
    ensures codes: (\result.error == SBI_SUCCESS && \result.value <= total) ||
                   (\result.error == SBI_INVALID_PARAM && \result.value == 0); */
static struct sbi_answer console_read(struct s2_rv_vcpu *v, uint64_t gpa, uint64_t total) {
  struct s2_rv_guest *g = v->guest;
  struct s2_piece p;
  uint64_t got = 0;
  if (total == 0) {
    return answer(SBI_SUCCESS, 0);
  }
  s2_rv_host_lock(g->ctx);
  console_out(g);
  p = piece_at(g, gpa, total, S2_W);
  if (p.status == S2_OK) {
    got = s2_rv_input_to(g, p);
  }
  s2_rv_host_unlock(g->ctx);
  return p.status == S2_OK ? answer(SBI_SUCCESS, got) : no_piece(v, p.status, gpa, S2_W);
}

/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v);
    terminates \true; exits \false;
    assigns v->exit, RV_CONSOLE(v->guest);
    ensures v: RvCalled(v) && v->guest->held < S2_RV_CONSOLE;
    ensures unknown: c->fid > 2 ==> \result.error == SBI_NOT_SUPPORTED;
    ensures codes: SbiCode(\result.error);
    ensures some: c->fid <= 1 ==> \result.error == SBI_SUCCESS ==> \result.value <= SBI_DBCN_MAX && \result.value <= c->a[0]; */
static struct sbi_answer call_dbcn(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint64_t total = c->a[0] < SBI_DBCN_MAX ? c->a[0] : SBI_DBCN_MAX;
  if (c->fid == 2) {
    console_byte(v->guest, (uint8_t)(c->a[0] & 0xffu));
    return answer(SBI_SUCCESS, 0);
  }
  if (c->fid > 2) {
    return answer(SBI_NOT_SUPPORTED, 0);
  }
  if (c->a[2] != 0 || total > UINT64_MAX - c->a[1]) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  return c->fid == 0 ? console_write(v, c->a[1], total) : console_read(v, c->a[1], total);
}

/* ---- harts ---- */

/*@ requires g: \valid_read(g) && 1 <= g->count;
    terminates \true; exits \false; assigns \nothing;
    ensures all: g->count >= 64 ==> \result == UINT64_MAX; */
static uint64_t all_harts(const struct s2_rv_guest *g) {
  return g->count >= 64u ? UINT64_MAX : UINT64_MAX >> (64u - g->count);
}

/** Bits further up; those that leave the word are lost. */
/* The claims of proofs/cbmc/vcpu/bits. */
/*@ requires by: by < 64;
    terminates \true; exits \false; assigns \nothing;
    ensures none: bits == 0 ==> \result == 0;
    ensures stay: by == 0 ==> \result == bits;
    ensures even: by > 0 ==> \result % 2 == 0; */
static uint64_t shifted(uint64_t bits, uint64_t by) {
  return bits << by;
}

/** hart_mask and hart_mask_base of the SBI as one mask. false: it names a hart that does not exist. */
/*@ requires g: \valid_read(g) && 1 <= g->count <= S2_RV_MAX_VCPUS && \valid(harts) && \separated(g, harts);
    terminates \true; exits \false; assigns *harts;
    ensures none: mask == 0 ==> base != UINT64_MAX ==> \result && *harts == 0;
    ensures all: base == UINT64_MAX ==> \result;
    ensures exist: \result ==> base == UINT64_MAX || mask == 0 || base < g->count; */
static bool harts_of(const struct s2_rv_guest *g, uint64_t mask, uint64_t base, uint64_t *harts) {
  if (base == UINT64_MAX) {
    *harts = all_harts(g);
    return true;
  }
  *harts = 0;
  if (mask == 0 || base >= g->count) {
    return mask == 0;
  }
  *harts = shifted(mask, base);
  return (*harts & ~all_harts(g)) == 0 && *harts >> base == mask;
}

/*@ requires v: \valid_read(v) && v->index < S2_RV_MAX_VCPUS;
    terminates \true; exits \false; assigns \nothing; */
static uint64_t bit_of(const struct s2_rv_vcpu *v) {
  return shifted(1, v->index);
}

/*@ requires v: RvIn(v);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].irq_set, v->guest->vcpus[0 .. v->guest->count - 1].irq_clear;
    ensures v: RvIn(v) && v->exit.kind == \old(v->exit.kind); */
static void send_ipi(struct s2_rv_vcpu *v, uint64_t harts) {
  struct s2_rv_guest *g = v->guest;
  uint64_t others = harts & ~bit_of(v);
  uint32_t n = g->count;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= n && RvIn(v);
      loop assigns i, g->vcpus[0 .. n - 1].irq_set, g->vcpus[0 .. n - 1].irq_clear;
      loop variant n - i; */
  for (i = 0; i < n; i++) {
    if ((harts >> i & 1u) != 0) {
      s2_rv_irq(&g->vcpus[i], S2_RV_IRQ_SOFT, true);
    }
  }
  if (others != 0) {
    s2_rv_host_kick(g->ctx, others, false);
  }
}

/** This hart's part of a fence: by page when there are few. The vCPU is loaded here. */
/*@ requires v: \valid(v);
    terminates \true; exits \false; assigns v->requests, s2_rv_device; */
static void fence_here(struct s2_rv_vcpu *v, uint32_t request, uint64_t start, uint64_t size) {
  bool all = request != S2_RV_REQ_VVMA || size > (uint64_t)S2_RV_VVMA_STEPS * S2_PAGE_SIZE || size == 0 ||
             size > UINT64_MAX - start;
  uint64_t done;
  if (all || v->on == NULL) {
    S2_RV_OR(&v->requests, request); /* done before the next entry */
    return;
  }
  /*@ loop invariant done: 0 <= done <= size + S2_PAGE_SIZE;
      loop assigns done, s2_rv_device;
      loop variant size - done; */
  for (done = 0; done < size; done += S2_PAGE_SIZE) {
    s2_rv_fence_vvma_page(start + done);
  }
}

/** Done on the other harts before they enter the guest again, and they have left it when this returns. */
/*@ requires v: RvIn(v);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].requests, v->requests, s2_rv_device;
    ensures v: RvIn(v) && v->exit.kind == \old(v->exit.kind); */
static void remote_fence(struct s2_rv_vcpu *v, uint64_t harts, uint32_t request, uint64_t start, uint64_t size) {
  struct s2_rv_guest *g = v->guest;
  uint64_t others = harts & ~bit_of(v);
  uint32_t n = g->count;
  uint32_t i;
  /*@ loop invariant i: 0 <= i <= n && RvIn(v);
      loop assigns i, g->vcpus[0 .. n - 1].requests;
      loop variant n - i; */
  for (i = 0; i < n; i++) {
    if ((others >> i & 1u) != 0) {
      S2_RV_OR(&g->vcpus[i].requests, request);
    }
  }
  if ((harts & bit_of(v)) != 0) {
    fence_here(v, request, start, size);
  }
  if (others != 0) {
    s2_rv_host_kick(g->ctx, others, true);
  }
}

/*@ requires v: RvIn(v) && RvCall(v, c);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].requests, v->requests, s2_rv_device;
    ensures v: RvIn(v) && v->exit.kind == \old(v->exit.kind);
    ensures unknown: c->fid > 2 ==> \result.error == SBI_NOT_SUPPORTED;
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer call_rfence(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint64_t harts;
  if (c->fid > 2) {
    return answer(SBI_NOT_SUPPORTED, 0);
  }
  if (!harts_of(v->guest, c->a[0], c->a[1], &harts)) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  remote_fence(v, harts, c->fid == 0 ? S2_RV_REQ_FENCE_I : S2_RV_REQ_VVMA, c->a[2] - c->a[2] % S2_PAGE_SIZE,
               c->a[3] > UINT64_MAX - S2_PAGE_SIZE ? UINT64_MAX : c->a[3] + c->a[2] % S2_PAGE_SIZE);
  return answer(SBI_SUCCESS, 0);
}

/*@ requires v: RvIn(v) && RvCall(v, c);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].irq_set, v->guest->vcpus[0 .. v->guest->count - 1].irq_clear;
    ensures v: RvIn(v) && v->exit.kind == \old(v->exit.kind);
    ensures unknown: c->fid != 0 ==> \result.error == SBI_NOT_SUPPORTED;
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer call_ipi(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint64_t harts;
  if (c->fid != 0) {
    return answer(SBI_NOT_SUPPORTED, 0);
  }
  if (!harts_of(v->guest, c->a[0], c->a[1], &harts)) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  send_ipi(v, harts);
  return answer(SBI_SUCCESS, 0);
}

/*@ requires g: RvGuest(g) && \valid_read(c) && \separated(c, g, g->vcpus + (0 .. g->count - 1));
    terminates \true; exits \false;
    assigns g->vcpus[0 .. g->count - 1].hsm, g->vcpus[0 .. g->count - 1].start_pc, g->vcpus[0 .. g->count - 1].start_opaque;
    ensures none: c->a[0] >= g->count ==> \result.error == SBI_INVALID_PARAM;
    ensures done: \result.error == SBI_SUCCESS ==> g->vcpus[c->a[0]].hsm == S2_RV_START_PENDING &&
                    g->vcpus[c->a[0]].start_pc == c->a[1] && g->vcpus[c->a[0]].start_opaque == c->a[2];
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer hart_start(struct s2_rv_guest *g, const struct sbi_call *c) {
  if (c->a[0] >= g->count) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  if ((s2_rv_rights(g, c->a[1]) & S2_X) == 0) {
    return answer(SBI_INVALID_ADDRESS, 0);
  }
  if (s2_rv_start(g, (uint32_t)c->a[0], c->a[1], c->a[2]) != S2_OK) {
    return answer(SBI_ALREADY_AVAILABLE, 0);
  }
  s2_rv_host_kick(g->ctx, shifted(1, c->a[0]), false);
  return answer(SBI_SUCCESS, 0);
}

/*@ requires g: \valid_read(g) && \valid_read(c) && \valid_read(g->vcpus + (0 .. g->count - 1));
    terminates \true; exits \false; assigns \nothing;
    ensures none: c->a[0] >= g->count ==> \result.error == SBI_INVALID_PARAM;
    ensures is: c->a[0] < g->count ==> \result.error == SBI_SUCCESS; */
static struct sbi_answer hart_status(const struct s2_rv_guest *g, const struct sbi_call *c) {
  int32_t hsm;
  if (c->a[0] >= g->count) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  hsm = S2_RV_GET(&g->vcpus[c->a[0]].hsm);
  return answer(SBI_SUCCESS, hsm == S2_RV_STARTING ? (uint64_t)S2_RV_START_PENDING : (uint64_t)(uint32_t)hsm);
}

/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].hsm, v->guest->vcpus[0 .. v->guest->count - 1].start_pc,
            v->guest->vcpus[0 .. v->guest->count - 1].start_opaque, v->hsm, v->exit;
    ensures v: RvIn(v) && RvCalled(v);
    ensures stop: c->fid == 1 ==> v->hsm == S2_RV_STOPPED && v->exit.kind == S2_RV_EXIT_STOPPED;
    ensures unknown: c->fid > 3 ==> \result.error == SBI_NOT_SUPPORTED && v->exit.kind == \old(v->exit.kind);
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer call_hsm(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  switch (c->fid) {
    case 0:
      return hart_start(v->guest, c);
    case 1:
      S2_RV_PUT(&v->hsm, S2_RV_STOPPED);
      return answer_exit(v, S2_RV_EXIT_STOPPED, 0);
    case 2:
      return hart_status(v->guest, c);
    case 3: /* default retentive suspend is a wfi; the rest is optional */
      if (c->a[0] == 0) {
        return answer_exit(v, S2_RV_EXIT_WFI, s2_rv_wake_at(v));
      }
      break;
    default:
      break;
  }
  return answer(SBI_NOT_SUPPORTED, 0);
}

/* ---- the rest ---- */

/*@ terminates \true; exits \false; assigns \nothing; */
static bool known(uint64_t eid) {
  return eid == SBI_EID_BASE || eid == SBI_EID_TIME || eid == SBI_EID_IPI || eid == SBI_EID_RFENCE ||
         eid == SBI_EID_HSM || eid == SBI_EID_SRST || eid == SBI_EID_DBCN || eid == S2_RV_EID_BATCH ||
         eid <= SBI_EID_LEGACY_LAST;
}

/*@ requires c: \valid_read(c);
    terminates \true; exits \false; assigns \nothing;
    ensures unknown: c->fid > 6 ==> \result.error == SBI_NOT_SUPPORTED && \result.value == 0;
    ensures version: c->fid == 0 ==> \result.error == SBI_SUCCESS && \result.value == SBI_SPEC_VERSION;
    ensures codes: c->fid <= 6 ==> \result.error == SBI_SUCCESS; */
static struct sbi_answer call_base(const struct sbi_call *c) {
  switch (c->fid) {
    case 0:
      return answer(SBI_SUCCESS, SBI_SPEC_VERSION);
    case 1:
      return answer(SBI_SUCCESS, S2_RV_IMPL_ID);
    case 2:
      return answer(SBI_SUCCESS, S2_RV_IMPL_VERSION);
    case 3:
      return answer(SBI_SUCCESS, known(c->a[0]) ? 1u : 0u);
    case 4:
    case 5:
    case 6:
      return answer(SBI_SUCCESS, 0);
    default:
      break;
  }
  return answer(SBI_NOT_SUPPORTED, 0);
}

/** The old timer interrupt is gone; the new one is at `at`, guest time. */
/*@ requires v: \valid(v) && \valid_read(v->guest) && \separated(v, v->guest) &&
                (v->on == \null || (\valid_read(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns v->irq_set, v->irq_clear, v->csrs.vstimecmp, v->deadline, v->exit, s2_rv_device;
    ensures is: \result.error == SBI_SUCCESS && \result.value == 0;
    ensures never: (v->guest->features & S2_RV_FEAT_SSTC) == 0 ==> at == UINT64_MAX ==> v->deadline == S2_RV_NO_DEADLINE;
    ensures host: (v->guest->features & S2_RV_FEAT_SSTC) == 0 ==> v->exit.kind == S2_RV_EXIT_SET_TIMER && RvExit(v);
    ensures sstc: (v->guest->features & S2_RV_FEAT_SSTC) != 0 ==> v->exit.kind == \old(v->exit.kind) && (\old(RvExit(v)) ==> RvExit(v)); */
static struct sbi_answer set_timer(struct s2_rv_vcpu *v, uint64_t at) {
  s2_rv_irq(v, S2_RV_IRQ_TIMER, false);
  if ((v->guest->features & S2_RV_FEAT_SSTC) != 0) {
    s2_rv_put_timer(v, at);
    return answer(SBI_SUCCESS, 0);
  }
  v->deadline = at == UINT64_MAX ? S2_RV_NO_DEADLINE : s2_rv_minus(at, v->csrs.htimedelta);
  return answer_exit(v, S2_RV_EXIT_SET_TIMER, v->deadline);
}

/*@ requires v: \valid(v) && \valid_read(c) && \valid_read(v->guest) && \separated(v, v->guest, c) &&
                (v->on == \null || (\valid_read(v->on) && \separated(v, v->on)));
    terminates \true; exits \false;
    assigns v->irq_set, v->irq_clear, v->csrs.vstimecmp, v->deadline, v->exit, s2_rv_device;
    ensures unknown: \old(c->fid) != 0 ==> \result.error == SBI_NOT_SUPPORTED;
    ensures codes: SbiCode(\result.error);
    ensures exit: v->exit.kind == \old(v->exit.kind) || v->exit.kind == S2_RV_EXIT_SET_TIMER;
    ensures v: \old(RvExit(v)) ==> RvExit(v); */
static struct sbi_answer call_time(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  return c->fid == 0 ? set_timer(v, c->a[0]) : answer(SBI_NOT_SUPPORTED, 0);
}

/*@ requires v: \valid(v) && \valid_read(c) && \separated(v, c);
    terminates \true; exits \false; assigns v->exit;
    ensures unknown: c->fid != 0 ==> \result.error == SBI_NOT_SUPPORTED && v->exit.kind == \old(v->exit.kind);
    ensures bad: c->fid == 0 ==> c->a[0] > 2 || c->a[1] > 1 ==> \result.error == SBI_INVALID_PARAM && v->exit.kind == \old(v->exit.kind);
    ensures off: c->fid == 0 ==> c->a[0] <= 2 && c->a[1] <= 1 ==>
                   v->exit.kind == S2_RV_EXIT_SHUTDOWN && v->exit.value == c->a[0] && v->exit.reason == c->a[1] && RvExit(v);
    ensures codes: SbiCode(\result.error);
    ensures v: \old(RvExit(v)) ==> RvExit(v);
    ensures kinds: v->exit.kind == \old(v->exit.kind) || v->exit.kind == S2_RV_EXIT_SHUTDOWN; */
static struct sbi_answer call_srst(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  if (c->fid != 0) {
    return answer(SBI_NOT_SUPPORTED, 0);
  }
  if (c->a[0] > 2 || c->a[1] > 1) { /* shutdown, cold, warm reboot; no reason, system failure */
    return answer(SBI_INVALID_PARAM, 0);
  }
  (void)answer_exit(v, S2_RV_EXIT_SHUTDOWN, c->a[0]);
  v->exit.reason = c->a[1];
  return answer(SBI_SUCCESS, 0);
}

/* ---- legacy: a0 only; a1 stays. The error of an answer is its a0. ---- */

/** The mask at a guest virtual address; 0 is all harts. false: it cannot be read. */
/*@ requires v: RvIn(v) && \valid(harts) && \separated(harts, v->guest, v->guest->vcpus + (0 .. v->guest->count - 1), v->guest->space);
    terminates \true; exits \false;
    assigns *harts, v->guest->fault_gpa, v->guest->adding, s2_rv_memory, s2_rv_device;
    ensures all: va == 0 ==> \result; */
static bool legacy_harts(struct s2_rv_vcpu *v, uint64_t va, uint64_t *harts) {
  struct s2_rv_guarded got;
  uint32_t tries = 0;
  *harts = all_harts(v->guest);
  if (va == 0) {
    return true;
  }
  /*@ loop invariant tries: 0 <= tries < S2_RV_STUCK_MAX;
      loop assigns got, tries, v->guest->fault_gpa, v->guest->adding, s2_rv_memory, s2_rv_device;
      loop variant S2_RV_STUCK_MAX - tries; */
  do {
    got = s2_rv_hlvd(va, v->regs.hstatus);
    tries++;
  } while (got.cause == S2_RV_CAUSE_GUEST_LOAD && tries < S2_RV_STUCK_MAX &&
           s2_rv_page_in(v->guest, s2_rv_gpa_of(got.value), S2_R).status == S2_OK);
  *harts &= got.value;
  return got.cause == 0;
}

/*@ requires v: RvIn(v) && RvCall(v, c);
    terminates \true; exits \false;
    assigns v->guest->vcpus[0 .. v->guest->count - 1].irq_set, v->guest->vcpus[0 .. v->guest->count - 1].irq_clear,
            v->guest->vcpus[0 .. v->guest->count - 1].requests, v->requests, v->guest->fault_gpa, v->guest->adding,
            s2_rv_memory, s2_rv_device;
    ensures v: RvIn(v) && v->exit.kind == \old(v->exit.kind);
    ensures codes: SbiCode(\result.error) && \result.value == 0; */
static struct sbi_answer legacy_fence(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint64_t harts;
  if (!legacy_harts(v, c->a[0], &harts)) {
    return answer(SBI_INVALID_ADDRESS, 0);
  }
  if (c->eid == 4) {
    send_ipi(v, harts);
  } else {
    remote_fence(v, harts, c->eid == 5 ? S2_RV_REQ_FENCE_I : S2_RV_REQ_VVMA, 0, UINT64_MAX);
  }
  return answer(SBI_SUCCESS, 0);
}

/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v) && c->eid <= SBI_EID_LEGACY_LAST;
    terminates \true; exits \false;
    assigns RV_CALLED(v);
    ensures v: RvIn(v) && RvCalled(v);
    ensures n: v->guest->count == \old(v->guest->count);
    ensures off: \old(c->eid) == 8 ==> v->exit.kind == S2_RV_EXIT_SHUTDOWN;
    ensures byte: \old(c->eid) == 2 ==> -1 <= \result.error <= 255;
    ensures codes: \old(c->eid) != 2 ==> SbiCode(\result.error); */
static struct sbi_answer call_legacy(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint8_t byte;
  uint32_t got;
  switch (c->eid) {
    case 0:
      return set_timer(v, c->a[0]);
    case 1:
      console_byte(v->guest, (uint8_t)(c->a[0] & 0xffu));
      return answer(SBI_SUCCESS, 0);
    case 2:
      s2_rv_host_lock(v->guest->ctx);
      console_out(v->guest);
      got = s2_rv_host_console_read(v->guest->ctx, &byte, 1);
      s2_rv_host_unlock(v->guest->ctx);
      return answer(got == 1u ? (int64_t)byte : -1, 0);
    case 3:
      s2_rv_irq(v, S2_RV_IRQ_SOFT, false);
      return answer(SBI_SUCCESS, 0);
    case 8:
      return answer_exit(v, S2_RV_EXIT_SHUTDOWN, 0);
    default:
      break;
  }
  return legacy_fence(v, c);
}

/** All but legacy and batch. */
/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v);
    terminates \true; exits \false;
    assigns RV_CALLED(v);
    ensures v: RvIn(v) && RvCalled(v);
    ensures n: v->guest->count == \old(v->guest->count);
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer call_one(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  switch (c->eid) {
    case SBI_EID_BASE:
      return call_base(c);
    case SBI_EID_TIME:
      return call_time(v, c);
    case SBI_EID_IPI:
      return call_ipi(v, c);
    case SBI_EID_RFENCE:
      return call_rfence(v, c);
    case SBI_EID_HSM:
      return call_hsm(v, c);
    case SBI_EID_SRST:
      return call_srst(v, c);
    case SBI_EID_DBCN:
      return call_dbcn(v, c);
    default:
      break;
  }
  return answer(SBI_NOT_SUPPORTED, 0);
}

/* ---- batch ---- */

/*@ requires c: \valid_read(c);
    terminates \true; exits \false; assigns \nothing;
    ensures no: \result ==> c->eid != SBI_EID_SRST && c->eid > SBI_EID_LEGACY_LAST; */
static bool batchable(const struct sbi_call *c) {
  return c->eid == SBI_EID_BASE || c->eid == SBI_EID_TIME || c->eid == SBI_EID_IPI || c->eid == SBI_EID_RFENCE ||
         c->eid == SBI_EID_DBCN || (c->eid == SBI_EID_HSM && c->fid == 2);
}

/** Every page of the array is there and writable, or why not. */
/*@ requires v: RvIn(v) && RvCalled(v) && gpa + size <= UINT64_MAX;
    terminates \true; exits \false;
    assigns v->exit, v->guest->fault_gpa, v->guest->adding, s2_rv_memory;
    ensures v: RvIn(v) && RvCalled(v);
    ensures n: v->guest->count == \old(v->guest->count);
    ensures codes: \result.error == SBI_SUCCESS || \result.error == SBI_INVALID_PARAM;
    ensures ready: \result.error == SBI_SUCCESS ==> v->exit.kind == \old(v->exit.kind); */
static struct sbi_answer batch_ready(struct s2_rv_vcpu *v, uint64_t gpa, uint64_t size) {
  struct s2_rv_guest *g = v->guest;
  uint64_t done = 0;
  struct s2_piece p = {S2_OK, NULL, 0};
  s2_rv_host_lock(g->ctx);
  /*@ loop invariant done: done <= size;
      loop assigns done, p, g->fault_gpa, g->adding, s2_rv_memory;
      loop variant size - done + (p.status == S2_OK ? 1 : 0); */
  while (done < size && p.status == S2_OK) {
    p = piece_at(g, gpa + done, size - done, S2_RW);
    done += p.status == S2_OK ? p.len : 0;
  }
  s2_rv_host_unlock(g->ctx);
  return p.status == S2_OK ? answer(SBI_SUCCESS, 0) : no_piece(v, p.status, gpa + done, S2_RW);
}

/**
 * n elements of the array to local, or (back) local to the array: error and value are all that differs. Piece by piece:
 * elements are 8-byte aligned, and pages are a multiple of that. false: the array is no longer there.
 */
/*@ requires g: \valid_read(g) && \valid_read(g->space);
    requires n: n <= SBI_BATCH_PART && gpa + n * SBI_BATCH_BYTES <= UINT64_MAX;
    requires local: \valid(local + (0 .. n * SBI_BATCH_WORDS - 1)) &&
                    \separated(local + (0 .. n * SBI_BATCH_WORDS - 1), g);
    terminates \true; exits \false;
    assigns local[0 .. n * SBI_BATCH_WORDS - 1], s2_rv_memory;
    ensures there: back ==> \forall integer k; 0 <= k < n * SBI_BATCH_WORDS ==> local[k] == \old(local[k]); */
static bool batch_copy(struct s2_rv_guest *g, uint64_t gpa, uint64_t *local, uint64_t n, bool back) {
  uint64_t words = n * SBI_BATCH_WORDS;
  uint64_t done = 0;
  struct s2_piece p = {S2_OK, NULL, 0};
  s2_rv_host_lock(g->ctx);
  /*@ loop invariant done: done <= words;
      loop invariant kept: back ==> \forall integer k; 0 <= k < n * SBI_BATCH_WORDS ==> local[k] == \at(local[k], Pre);
      loop assigns done, p, local[0 .. n * SBI_BATCH_WORDS - 1], s2_rv_memory;
      loop variant words - done + (p.status == S2_OK ? 1 : 0); */
  while (done < words && p.status == S2_OK) {
    p = s2_rv_run_of(g, gpa + 8u * done, 8u * (words - done), S2_RW, 0);
    if (p.status == S2_OK && p.len < 8u) {
      p.status = S2_ERR_MEMORY; /* cannot be: pieces end at pages, and gpa is a multiple of 8 */
    }
    if (p.status == S2_OK) {
      if (back) {
        s2_rv_words_to(p, local + done, p.len / 8u);
      } else {
        s2_rv_words_from(local + done, p, p.len / 8u);
      }
      done += p.len / 8u;
    }
  }
  s2_rv_host_unlock(g->ctx);
  return done == words;
}

/** One element; its answer stays in it. Return: is the timer's exit due? */
/*@ requires v: RvIn(v) && RvCalled(v);
    requires w: \valid(w + (0 .. SBI_BATCH_WORDS - 1)) &&
                \separated(w + (0 .. SBI_BATCH_WORDS - 1), v->guest, v->guest->vcpus + (0 .. v->guest->count - 1),
                           v->guest->machine, v->guest->space);
    terminates \true; exits \false;
    assigns RV_CALLED(v), w[SBI_BATCH_ERROR .. SBI_BATCH_ERROR + 1];
    ensures v: RvIn(v) && v->exit.kind == S2_RV_DID_SBI;
    ensures n: v->guest->count == \old(v->guest->count);
    ensures codes: w[SBI_BATCH_ERROR] == 0 || w[SBI_BATCH_ERROR] > UINT64_MAX - 6; */
static bool batch_one(struct s2_rv_vcpu *v, uint64_t *w) {
  struct sbi_call c = {w[0], w[1], {w[2], w[3], w[4], w[5], w[6], w[7]}};
  struct sbi_answer r = batchable(&c) ? call_one(v, &c) : answer(SBI_NOT_SUPPORTED, 0);
  //@ assert called: RvIn(v) && v->guest->count == \at(v->guest->count, Pre);
  bool timer = v->exit.kind == S2_RV_EXIT_SET_TIMER; /* the last one counts: v->deadline */
  if (!timer && v->exit.kind != S2_RV_DID_SBI) {
    r.error = SBI_FAILED; /* no memory for a console buffer: this element is not done */
  }
  v->exit.kind = S2_RV_DID_SBI;
  //@ assert in: RvIn(v) && v->guest->count == \at(v->guest->count, Pre);
  w[SBI_BATCH_ERROR] = word_of(r.error);
  w[SBI_BATCH_ERROR + 1u] = r.value;
  return timer;
}

/** n elements, one after the other. Return: is the timer's exit due? */
/*@ requires v: RvIn(v) && RvCalled(v) && v->exit.kind == S2_RV_DID_SBI;
    requires w: n <= SBI_BATCH_PART && \valid(w + (0 .. n * SBI_BATCH_WORDS - 1)) &&
                \separated(w + (0 .. n * SBI_BATCH_WORDS - 1), v->guest, v->guest->vcpus + (0 .. v->guest->count - 1),
                           v->guest->machine, v->guest->space);
    terminates \true; exits \false;
    assigns RV_CALLED(v), w[0 .. n * SBI_BATCH_WORDS - 1];
    ensures v: RvIn(v) && v->exit.kind == S2_RV_DID_SBI;
    ensures n: v->guest->count == \old(v->guest->count); */
static bool batch_part(struct s2_rv_vcpu *v, uint64_t *w, uint64_t n) {
  bool timer = false;
  uint64_t k;
  /*@ loop invariant k: 0 <= k <= n && v->guest->count == \at(v->guest->count, Pre);
      loop invariant v: RvIn(v) && v->exit.kind == S2_RV_DID_SBI;
      loop assigns k, timer, RV_CALLED_OF(v, \at(v->guest->count, Pre)), w[0 .. n * SBI_BATCH_WORDS - 1];
      loop variant n - k; */
  for (k = 0; k < n; k++) {
    if (batch_one(v, w + k * SBI_BATCH_WORDS)) {
      timer = true;
    }
  }
  return timer;
}

/** The elements, a few at a time on the stack. */
/*@ requires v: RvIn(v) && RvCalled(v) && v->exit.kind == S2_RV_DID_SBI;
    requires n: n <= S2_RV_BATCH_MAX && gpa + n * SBI_BATCH_BYTES <= UINT64_MAX;
    terminates \true; exits \false;
    assigns RV_CALLED(v);
    ensures v: RvIn(v);
    ensures kinds: v->exit.kind == S2_RV_DID_SBI || v->exit.kind == S2_RV_EXIT_SET_TIMER;
    ensures n: v->guest->count == \old(v->guest->count);
    ensures done: \result.error == SBI_SUCCESS && \result.value <= n; */
static struct sbi_answer batch_run(struct s2_rv_vcpu *v, uint64_t gpa, uint64_t n) {
  uint64_t part[SBI_PART_WORDS];
  uint64_t done = 0;
  uint64_t i;
  bool timer = false;
  bool there = true;
  /*@ loop invariant i: 0 <= i <= SBI_PART_WORDS;
      loop assigns i, part[0 .. SBI_PART_WORDS - 1];
      loop variant SBI_PART_WORDS - i; */
  for (i = 0; i < SBI_PART_WORDS; i++) {
    part[i] = 0;
  }
  /*@ loop invariant done: done <= n && v->guest->count == \at(v->guest->count, Pre);
      loop invariant v: RvIn(v) && v->exit.kind == S2_RV_DID_SBI;
      loop assigns there, done, timer, part[0 .. SBI_PART_WORDS - 1], RV_CALLED_OF(v, \at(v->guest->count, Pre));
      loop variant n - done + (there ? 1 : 0); */
  while (there && done < n) {
    uint64_t now = n - done < SBI_BATCH_PART ? n - done : SBI_BATCH_PART;
    uint64_t at = gpa + done * SBI_BATCH_BYTES;
    there = batch_copy(v->guest, at, part, now, false);
    if (there) {
      timer = batch_part(v, part, now) || timer;
      there = batch_copy(v->guest, at, part, now, true);
    }
    done += there ? now : 0;
  }
  //@ assert through: RvIn(v) && v->exit.kind == S2_RV_DID_SBI;
  if (timer) {
    (void)answer_exit(v, S2_RV_EXIT_SET_TIMER, v->deadline);
    //@ assert told: RvIn(v);
  }
  return answer(SBI_SUCCESS, done);
}

/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v) && v->exit.kind == S2_RV_DID_SBI;
    terminates \true; exits \false;
    assigns RV_CALLED(v);
    ensures v: RvIn(v) && RvCalled(v);
    ensures n: v->guest->count == \old(v->guest->count);
    ensures most: \old(c->fid) == 0 ==> \result.error == SBI_SUCCESS && \result.value == S2_RV_BATCH_MAX;
    ensures refused: \old(c->fid) == 1 ==> \old(c->a[1]) > S2_RV_BATCH_MAX ==> \result.error == SBI_INVALID_PARAM;
    ensures aligned: \old(c->fid) == 1 ==> \old(c->a[0]) % 8 != 0 ==> \result.error == SBI_INVALID_PARAM;
    ensures unknown: \old(c->fid) > 1 ==> \result.error == SBI_NOT_SUPPORTED;
    ensures codes: SbiCode(\result.error); */
static struct sbi_answer call_batch(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  uint64_t gpa = c->a[0];
  uint64_t n = c->a[1];
  struct sbi_answer ready;
  if (c->fid == 0) {
    return answer(SBI_SUCCESS, S2_RV_BATCH_MAX);
  }
  if (c->fid != 1) {
    return answer(SBI_NOT_SUPPORTED, 0);
  }
  if (n > S2_RV_BATCH_MAX || gpa % 8u != 0 || gpa > UINT64_MAX - (uint64_t)S2_RV_BATCH_MAX * SBI_BATCH_BYTES) {
    return answer(SBI_INVALID_PARAM, 0);
  }
  ready = batch_ready(v, gpa, n * SBI_BATCH_BYTES);
  //@ assert ready: RvIn(v) && v->guest->count == \at(v->guest->count, Pre);
  return ready.error == SBI_SUCCESS ? batch_run(v, gpa, n) : ready;
}

/** Whatever the call is. No register of the guest changes. */
/*@ requires v: RvIn(v) && RvCall(v, c) && RvCalled(v) && v->exit.kind == S2_RV_DID_SBI;
    terminates \true; exits \false;
    assigns RV_CALLED(v);
    ensures v: RvIn(v) && RvCalled(v);
    ensures codes: -6 <= \result.error <= 255; */
static struct sbi_answer answer_call(struct s2_rv_vcpu *v, const struct sbi_call *c) {
  if (c->eid <= SBI_EID_LEGACY_LAST) {
    return call_legacy(v, c);
  }
  return c->eid == S2_RV_EID_BATCH ? call_batch(v, c) : call_one(v, c);
}

enum s2_rv_exit_kind s2_rv_sbi(struct s2_rv_vcpu *v) {
  uint64_t *x = v->regs.x;
  struct sbi_call c = {x[17], x[16], {x[10], x[11], x[12], x[13], x[14], x[15]}};
  uint64_t pc = v->regs.sepc;
  struct sbi_answer r;
  v->exit.kind = S2_RV_DID_SBI;
  //@ assert in: RvIn(v) && v->guest->count == \at(v->guest->count, Pre);
  r = answer_call(v, &c);
  if (v->exit.kind == S2_RV_EXIT_NO_MEMORY) {
    return S2_RV_EXIT_NO_MEMORY;
  }
  x[10] = word_of(r.error);
  if (c.eid > SBI_EID_LEGACY_LAST) {
    x[11] = r.value;
  }
  v->regs.sepc = s2_rv_plus(pc, 4);
  return v->exit.kind;
}
