/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Any SBI call, with any contents of the registers and of guest memory: no undefined behaviour, the lock comes back, the
 * guest goes on or the exit is one of those documented. Everything around sbi.c answers anything its contract allows.
 * Bounded: two vCPUs, and of lengths in registers the small ones and the refused ones; sbi.c cuts them before any loop.
 */
#define S2_HOSTED
#define S2_FORMAT_GST
#include "arch/riscv64/vcpu/sbi.c"
#include "proofs/cbmc/vcpu/claims.h"

bool nondet_bool(void);
int32_t nondet_int32(void);

uint64_t s2_rv_fake_csr[4096];
static int locks;
static struct s2_rv_vcpu vcpus[2];
static uint64_t page[8]; /* the guest memory that can be touched */

void s2_rv_host_lock(void *ctx) {
  (void)ctx;
  locks++;
  PROVE(locks == 1, "never taken twice");
}
void s2_rv_host_unlock(void *ctx) {
  (void)ctx;
  locks--;
}
void s2_rv_host_kick(void *ctx, uint64_t who, bool wait) {
  (void)ctx;
  (void)wait;
  PROVE(locks == 0, "no lock is held when other harts are waited for");
  PROVE((who & ~UINT64_C(2)) == 0, "only harts that exist, never the caller");
}
void s2_rv_host_console(void *ctx, const uint8_t *bytes, uint32_t len) {
  (void)ctx;
  PROVE(locks == 1 && len >= 1 && len <= S2_RV_CONSOLE && bytes != NULL, "as documented");
}
uint32_t s2_rv_host_console_read(void *ctx, uint8_t *to, uint32_t max) {
  uint32_t n = nondet_uint32();
  (void)ctx;
  __CPROVER_assume(n <= max);
  if (n > 0) {
    to[0] = (uint8_t)(nondet_uint32() & 0xffu);
    to[n - 1] = 0;
  }
  return n;
}
struct s2_piece s2_guest_run(struct s2_space *s, uint64_t gpa, uint64_t max, uint32_t access, uint32_t flags) {
  struct s2_piece p = {S2_ERR_LAZY, NULL, 0};
  (void)s;
  (void)access;
  PROVE(locks == 1, "the space is used under its lock");
  p.status = (s2_status)nondet_int32();
  __CPROVER_assume(p.status <= S2_OK && p.status >= S2_ERR_BACKEND && (flags == 0 || p.status != S2_ERR_LAZY));
  if (p.status == S2_OK) {
    p.len = nondet_uint64();
    __CPROVER_assume(0 < p.len && p.len <= max && p.len <= sizeof page &&
                     (gpa % 8u != 0 || p.len % 8u == 0 || p.len == max));
    p.at = page;
  }
  return p;
}
uint32_t s2_rv_rights(struct s2_rv_guest *g, uint64_t gpa) {
  (void)g;
  (void)gpa;
  PROVE(locks == 0, "it takes the lock itself");
  return nondet_uint32() & S2_RIGHTS;
}
struct s2_rv_guarded s2_rv_hlvd(uint64_t va, uint64_t hstatus) {
  struct s2_rv_guarded r = {nondet_uint64(), nondet_uint64()};
  (void)va;
  (void)hstatus;
  return r;
}
struct s2_fault_result s2_rv_page_in(struct s2_rv_guest *g, uint64_t gpa, uint32_t access) {
  struct s2_fault_result r = {S2_FAULT_RESOLVED, S2_OK, 0};
  (void)g;
  (void)gpa;
  (void)access;
  r.status = nondet_bool() ? S2_OK : S2_ERR_RANGE;
  return r;
}
s2_status s2_rv_start(struct s2_rv_guest *g, uint32_t index, uint64_t pc, uint64_t opaque) {
  (void)pc;
  (void)opaque;
  PROVE(index < g->count, "a vCPU that exists");
  return index != 0 && nondet_bool() ? S2_OK : S2_ERR_MAPPED; /* the caller itself is started */
}
void s2_rv_irq(struct s2_rv_vcpu *v, uint64_t bits, bool level) {
  (void)bits;
  (void)level;
  PROVE(v == &vcpus[0] || v == &vcpus[1], "a vCPU that exists");
}
void s2_rv_put_timer(struct s2_rv_vcpu *v, uint64_t guest_time) {
  v->csrs.vstimecmp = guest_time;
}
uint64_t s2_rv_wake_at(const struct s2_rv_vcpu *v) {
  (void)v;
  return nondet_uint64();
}
void s2_rv_fence_vvma_page(uint64_t va) {
  (void)va;
}

void harness(void) {
  static struct s2_rv_guest g;
  static struct s2_rv_hart hart;
  static struct s2_space space;
  struct s2_rv_vcpu *v = &vcpus[0];
  uint64_t *x = v->regs.x;
  for (uint32_t i = 10; i < 18; i++) {
    x[i] = nondet_uint64();
  }
  uint64_t pc = v->regs.sepc;
  uint64_t eid = x[17];
  uint64_t other = nondet_uint64(); /* any register but a0 and a1 */
  __CPROVER_assume(other < 32u && other != 10u && other != 11u);
  uint64_t kept = x[other];
  space.shares = nondet_bool();
  g.space = &space;
  g.vcpus = vcpus;
  g.count = 2;
  g.features = nondet_uint32();
  g.held = nondet_uint32();
  __CPROVER_assume(g.held < S2_RV_CONSOLE);
  v->guest = &g;
  v->on = nondet_bool() ? &hart : NULL;
  vcpus[1].guest = &g;
  vcpus[1].index = 1;
  vcpus[1].hsm = nondet_int32();
  __CPROVER_assume(vcpus[1].hsm >= S2_RV_STARTED && vcpus[1].hsm <= S2_RV_STARTING);
  __CPROVER_assume(x[17] != SBI_EID_DBCN || x[10] <= 2u);
  __CPROVER_assume(x[17] != S2_RV_EID_BATCH || x[11] == 0 || x[11] > S2_RV_BATCH_MAX);
  __CPROVER_assume(x[17] != SBI_EID_RFENCE || x[13] <= 2u * S2_PAGE_SIZE || x[13] > 65u * S2_PAGE_SIZE);
  enum s2_rv_exit_kind kind = s2_rv_sbi(v);
  CASE(kind == S2_RV_DID_SBI && x[17] == SBI_EID_DBCN && x[11] == 2u);
  CASE(kind == S2_RV_EXIT_NO_MEMORY);
  CASE(kind == S2_RV_EXIT_SHUTDOWN);
  CASE(kind == S2_RV_EXIT_STOPPED);
  CASE(kind == S2_RV_EXIT_SET_TIMER);
  CASE(kind == S2_RV_EXIT_WFI);
  PROVE(locks == 0, "the lock comes back");
  PROVE(known(eid) || (kind == S2_RV_DID_SBI && x[10] == UINT64_MAX - 1u && x[11] == 0),
        "an extension that is not there is not supported");
  PROVE(x[other] == kept, "no register changes but a0 and a1");
  CASE(!known(eid));
  PROVE(g.held < S2_RV_CONSOLE, "the console buffer has room");
  PROVE(kind == S2_RV_EXIT_NO_MEMORY ? v->regs.sepc == pc : v->regs.sepc == pc + 4u,
        "the guest goes on, or calls again");
  PROVE(kind == S2_RV_DID_SBI || kind == S2_RV_EXIT_NO_MEMORY || kind == S2_RV_EXIT_SHUTDOWN ||
            kind == S2_RV_EXIT_STOPPED || kind == S2_RV_EXIT_SET_TIMER || kind == S2_RV_EXIT_WFI,
        "an exit that is documented");
}
