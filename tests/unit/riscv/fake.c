/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* fake.c - see fake.h. Stands in for enter.S, the fences and the vCPU's host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake.h"

struct fake f;
uint64_t s2_rv_fake_csr[4096];

void s2_rv_switch(struct s2_rv_regs *r) {
  struct script timer = {S2_RV_CAUSE_INTERRUPT | 5u, 0, 0, 0, {0}};
  struct script s = f.at < f.count ? f.script[f.at] : timer;
  f.entries++;
  f.at += f.at < f.count;
  assert_int_equal(f.locks, 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_SSTATUS] & S2_RV_SSTATUS_SIE, 0);
  r->scause = s.scause;
  r->stval = s.stval;
  r->htval = s.htval;
  r->htinst = s.htinst;
  if (s.scause == S2_RV_CAUSE_ECALL_VS) {
    memcpy(&r->x[10], s.x, sizeof s.x);
  }
}

struct s2_rv_guarded s2_rv_hlvx(uint64_t va, uint64_t hstatus) {
  struct s2_rv_guarded r = {f.insn_htval, f.insn_cause};
  assert_int_not_equal(hstatus & S2_RV_HSTATUS_SPVP, 0);
  if (f.insn_cause == 0) {
    r.value = (va == f.vcpu[0].regs.sepc ? f.insn : f.insn >> 16) & 0xffff;
  }
  return r;
}

struct s2_rv_guarded s2_rv_hlvd(uint64_t va, uint64_t hstatus) {
  struct s2_rv_guarded r = {f.hlvd_cause == 0 ? f.hlvd_value : f.hlvd_htval, f.hlvd_cause};
  (void)va;
  (void)hstatus;
  return r;
}

/* the hart's FP registers are all equal to fcsr's slot */
static struct s2_rv_fp hart_fp;
void s2_rv_fp_save(struct s2_rv_fp *fp) {
  *fp = hart_fp;
}
void s2_rv_fp_load(const struct s2_rv_fp *fp) {
  hart_fp = *fp;
}
/* and its vector registers: eight bytes */
static uint64_t hart_vector;
void s2_rv_vector_save(struct s2_rv_vector *vector) {
  vector->vl = hart_vector;
  memcpy(vector->regs, &hart_vector, sizeof hart_vector);
}
void s2_rv_vector_load(const struct s2_rv_vector *vector) {
  memcpy(&hart_vector, vector->regs, sizeof hart_vector);
}
uint64_t s2_rv_vector_bytes(void) {
  return sizeof hart_vector;
}
void s2_rv_fence_vvma(void) {
  f.vvma++;
}
void s2_rv_fence_vvma_page(uint64_t va) {
  (void)va;
  f.pages++;
}
void s2_rv_fence_gvma(void) {
  f.gvma++;
}
void s2_rv_fence_gvma_page(uint64_t gpa) {
  (void)gpa;
  f.gvma_pages++;
}
void s2_rv_fence_i(void) {
  f.fence_i++;
}

void s2_rv_host_lock(void *ctx) {
  (void)ctx;
  f.locks++;
}
void s2_rv_host_unlock(void *ctx) {
  (void)ctx;
  f.locks--;
}
void s2_rv_host_kick(void *ctx, uint64_t vcpus, bool wait) {
  (void)ctx;
  assert_int_equal(f.locks, 0);
  *(wait ? &f.waited : &f.kicked) |= vcpus;
}
void s2_rv_host_quiesce(void *ctx) {
  (void)ctx;
  f.quiesced++;
}
void s2_rv_host_console(void *ctx, const uint8_t *bytes, uint32_t len) {
  (void)ctx;
  assert_int_equal(f.locks, 1);
  assert_true(len > 0 && len <= sizeof f.out - f.out_len);
  memcpy(f.out + f.out_len, bytes, len);
  f.out_len += len;
  f.out_calls++;
}
uint32_t s2_rv_host_console_read(void *ctx, uint8_t *to, uint32_t max) {
  uint32_t n = 0;
  (void)ctx;
  while (n < max && f.in != NULL && *f.in != 0) {
    to[n++] = (uint8_t)*f.in++;
  }
  return n;
}

/* the linker's --wrap: every call of the library comes here first */
void __real_s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last);
void __wrap_s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last);
void __wrap_s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (*(f.guest.adding ? &f.remote_adding : &f.remote_taking))++;
  __real_s2_host_flush_remote(ctx, vmid, first, last);
}

void fake_open(uint32_t vcpus, uint32_t flags, uint32_t features, uint32_t vmid_bits) {
  struct s2_rv_guest_config c = {0};
  memset(&f, 0, sizeof f);
  memset(s2_rv_fake_csr, 0, sizeof s2_rv_fake_csr);
  env_open(&f.env, 41, 64, 256, true);
  assert_int_equal(s2_map_alloc(&f.env.s, RAM, P(RAM_PAGES), S2_RWX, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&f.env.s, ROM, P(1), S2_RX, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&f.env.s, DATA, P(1), S2_RW, 0), S2_OK);
  assert_int_equal(s2_rv_machine_init(&f.machine, vmid_bits, NULL), S2_OK);
  assert_int_equal(s2_rv_hart_init(&f.hart[0], features), S2_OK);
  assert_int_equal(s2_rv_hart_init(&f.hart[1], features), S2_OK);
  c.space = &f.env.s;
  c.machine = &f.machine;
  c.vcpus = f.vcpu;
  c.count = vcpus;
  c.flags = flags;
  c.ctx = &f.env.h;
  c.features = features;
  c.hcounteren = 7;
  c.vectors = f.vectors;
  c.vector_bytes = s2_rv_vector_bytes();
  assert_int_equal(s2_rv_guest_init(&f.guest, &c), S2_OK);
  assert_int_equal(s2_rv_start(&f.guest, 0, RAM, 0x1234), S2_OK);
}

void fake_close(void) {
  assert_int_equal(f.locks, 0);
  env_close(&f.env);
}

static struct script *line(uint64_t scause) {
  struct script *s = &f.script[f.count++];
  assert_true(f.count <= LENGTH(f.script));
  memset(s, 0, sizeof *s);
  s->scause = scause;
  return s;
}

void fake_trap(uint64_t scause, uint64_t gpa, uint64_t htinst) {
  struct script *s = line(scause);
  s->stval = gpa;
  s->htval = gpa >> 2;
  s->htinst = htinst;
}

void fake_ecall(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3) {
  struct script *s = line(S2_RV_CAUSE_ECALL_VS);
  uint64_t x[8] = {a0, a1, a2, a3, 0, 0, fid, eid};
  memcpy(s->x, x, sizeof x);
}

struct s2_rv_exit fake_run(void) {
  return s2_rv_run(&f.hart[0], &f.vcpu[0]);
}

int64_t fake_sbi(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t *value) {
  f.at = f.count = 0;
  fake_ecall(eid, fid, a0, a1, a2, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  if (value != NULL) {
    *value = f.vcpu[0].regs.x[11];
  }
  return (int64_t)f.vcpu[0].regs.x[10];
}
