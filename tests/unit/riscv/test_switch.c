/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* test_switch.c - lazy state, VMIDs, interrupts and set-up: what moves, when, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake.h"

#define FEATURES (S2_RV_FEAT_SSTC | S2_RV_FEAT_FP | S2_RV_FEAT_ENVCFG)

/* The guest's own CSRs, given values nobody else has; vCPU n's are seed n. */
static void fill(uint64_t n) {
  static const uint32_t own[] = {S2_RV_CSR_VSSTATUS, S2_RV_CSR_VSIE,      S2_RV_CSR_VSTVEC,  S2_RV_CSR_VSSCRATCH,
                                 S2_RV_CSR_VSEPC,    S2_RV_CSR_VSCAUSE,   S2_RV_CSR_VSTVAL,  S2_RV_CSR_VSATP,
                                 S2_RV_CSR_HVIP,     S2_RV_CSR_VSTIMECMP, S2_RV_CSR_SENVCFG, S2_RV_CSR_SCOUNTEREN};
  for (size_t i = 0; i < LENGTH(own); i++) {
    s2_rv_fake_csr[own[i]] = n << 32 | own[i];
  }
}

static void check(uint64_t n) {
  uint64_t was[4096];
  memcpy(was, s2_rv_fake_csr, sizeof was);
  fill(n);
  assert_memory_equal(was, s2_rv_fake_csr, sizeof was);
}

static void lazy(void **state) {
  (void)state;
  fake_open(2, 0, FEATURES, 7);
  assert_int_equal(s2_rv_start(&f.guest, 1, RAM, 0), S2_OK);
  s2_rv_fake_csr[S2_RV_CSR_SCOUNTEREN] = 0x55;
  s2_rv_fake_csr[S2_RV_CSR_SENVCFG] = 0x66;
  for (int i = 0; i < 10; i++) {
    (void)fake_run();
  }
  assert_int_equal(f.vcpu[0].profile.loads, 1); /* ten exits, one load */
  assert_int_equal(f.vcpu[0].profile.saves, 0);
  assert_int_equal(f.vcpu[0].profile.fp_loads, 1);
  fill(1);
  f.vcpu[0].regs.sstatus |= S2_RV_SSTATUS_FS; /* dirty */
  (void)s2_rv_run(&f.hart[0], &f.vcpu[1]);
  assert_int_equal(f.vcpu[0].profile.saves, 1);
  assert_int_equal(f.vcpu[0].profile.fp_saves, 1);
  fill(2);
  (void)fake_run();
  assert_int_equal(f.vcpu[1].profile.fp_saves, 0); /* it was clean */
  check(1);
  (void)s2_rv_run(&f.hart[0], &f.vcpu[1]);
  check(2);
  s2_rv_put(&f.hart[0]);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_SCOUNTEREN], 0x55);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_SENVCFG], 0x66);
  assert_null(f.vcpu[1].on);
  s2_rv_put(&f.hart[0]); /* nothing to do */
  assert_int_equal(f.vcpu[1].profile.saves, 2);
  fake_close();
  fake_open(1, S2_RV_EAGER, FEATURES, 7);
  (void)fake_run();
  (void)fake_run();
  assert_int_equal(f.vcpu[0].profile.loads, 2);
  assert_int_equal(f.vcpu[0].profile.saves, 2);
  fake_close();
}

/* Vector registers move as FP registers do: saved when the guest has written one, loaded when another's are there. */
static void vectors(void **state) {
  struct s2_rv_vcpu *v = f.vcpu;
  (void)state;
  memset(&f, 0, sizeof f);
  fake_open(2, 0, FEATURES | S2_RV_FEAT_V, 7);
  assert_int_equal(s2_rv_start(&f.guest, 1, RAM, 0), S2_OK);
  (void)fake_run(); /* resets */
  assert_int_equal(v[0].vector.vtype >> 63, 1);
  assert_int_equal(v[0].regs.sstatus & S2_RV_SSTATUS_VS, S2_RV_VS_CLEAN);
  assert_ptr_equal(f.hart[0].vector_owner, &v[0]);
  s2_rv_put(&f.hart[0]);
  memset(v[0].vector.regs, 0x11, 8);
  (void)fake_run();
  assert_int_equal(v[0].profile.vector_loads, 2);
  (void)fake_run(); /* they are there */
  assert_int_equal(v[0].profile.vector_loads, 2);
  memset(v[0].vector.regs, 0, 8);
  (void)s2_rv_run(&f.hart[0], &v[1]); /* clean: not saved */
  assert_int_equal(v[0].profile.vector_saves, 0);
  assert_int_equal(v[0].vector.regs[0], 0);
  memset(v[0].vector.regs, 0x22, 8);
  (void)fake_run();
  v[0].regs.sstatus |= S2_RV_SSTATUS_VS; /* the guest wrote one */
  memset(v[0].vector.regs, 0, 8);
  (void)s2_rv_run(&f.hart[0], &v[1]);
  assert_int_equal(v[0].profile.vector_saves, 1);
  assert_int_equal(v[0].vector.regs[7], 0x22);
  assert_int_equal(v[0].regs.sstatus & S2_RV_SSTATUS_VS, S2_RV_VS_CLEAN);
  s2_rv_put(&f.hart[0]);
  assert_null(f.hart[0].vector_owner);
  fake_close();
  fake_open(1, 0, FEATURES, 7);
  (void)fake_run();
  assert_int_equal(v[0].regs.sstatus & S2_RV_SSTATUS_VS, 0); /* hidden */
  assert_null(f.hart[0].vector_owner);
  fake_close();
}

/* Stage-1 translations that were cached for another vCPU of the guest, or before this one went elsewhere. */
static void fences(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  (void)fake_run();
  f.vvma = f.fence_i = 0;
  s2_rv_put(&f.hart[0]);
  (void)fake_run();
  assert_int_equal(f.vvma, 0); /* a single vCPU, the same hart: its VMID is its own */
  s2_rv_put(&f.hart[0]);
  (void)s2_rv_run(&f.hart[1], &f.vcpu[0]);
  assert_int_equal(f.vvma, 1);
  assert_int_equal(f.fence_i, 1);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_BUSY);
  s2_rv_put(&f.hart[1]);
  (void)fake_run();
  assert_int_equal(f.vvma, 2); /* back again: stale here by now */
  fake_close();
}

/* Three guests, VMIDs for one or for none: numbers are reused only after every hart has left and flushed. */
static void vmids(void **state) {
  struct s2_rv_guest other[2];
  struct s2_rv_vcpu v[2];
  struct env env[2];
  (void)state;
  for (uint32_t bits = 0; bits < 2; bits++) {
    fake_open(1, 0, FEATURES, bits);
    for (int i = 0; i < 2; i++) {
      struct s2_rv_guest_config c = {&env[i].s, &f.machine, &v[i], 1, 0, &env[i].h, 0, 0, 0, FEATURES, NULL, 0};
      env_open(&env[i], 41, 16, 16, false);
      assert_int_equal(s2_rv_guest_init(&other[i], &c), S2_OK);
      assert_int_equal(s2_rv_start(&other[i], 0, RAM, 0), S2_OK);
    }
    f.gvma = 0;
    (void)fake_run();
    uint64_t mine = s2_rv_fake_csr[S2_RV_CSR_HGATP];
    assert_int_equal(mine, s2_root(&f.env.s).base);
    assert_int_equal(mine >> 44 & 0x3fff, bits);
    uint32_t before = f.quiesced;
    assert_int_equal(f.gvma, 1);
    (void)s2_rv_run(&f.hart[0], &v[0]);
    assert_int_equal(f.quiesced, before + 1); /* no number left */
    assert_int_equal(f.gvma, 2);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HGATP], s2_root(&env[0].s).base);
    (void)s2_rv_run(&f.hart[1], &v[1]);
    (void)fake_run();
    assert_int_equal(f.guest.generation, f.machine.generation);
    assert_int_equal(f.hart[0].generation, f.machine.generation);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HGATP], s2_root(&f.env.s).base);
    fake_close();
    env_close(&env[0]);
    env_close(&env[1]);
  }
  fake_open(1, 0, FEATURES, 14);
  for (int i = 0; i < 2; i++) {
    struct s2_rv_guest_config c = {&env[i].s, &f.machine, &v[i], 1, 0, &env[i].h, 0, 0, 0, FEATURES, NULL, 0};
    env_open(&env[i], 41, 16, 16, false);
    assert_int_equal(s2_rv_guest_init(&other[i], &c), S2_OK);
    assert_int_equal(s2_rv_start(&other[i], 0, RAM, 0), S2_OK);
    (void)s2_rv_run(&f.hart[0], &v[i]);
  }
  (void)fake_run();
  assert_int_equal(f.quiesced, 0);
  assert_int_not_equal(other[0].hgatp >> 44 & 0x3fff, other[1].hgatp >> 44 & 0x3fff);
  fake_close();
  env_close(&env[0]);
  env_close(&env[1]);
}

static void interrupts(void **state) {
  static const struct {
    uint64_t code;
    enum s2_rv_exit_kind kind;
  } row[] = {{1, S2_RV_EXIT_SOFT},     {5, S2_RV_EXIT_TIMER},
             {9, S2_RV_EXIT_EXTERNAL}, {12, S2_RV_EXIT_GUEST_EXTERNAL},
             {10, S2_RV_EXIT_UNKNOWN}, {63, S2_RV_EXIT_UNKNOWN}};
  (void)state;
  fake_open(1, S2_RV_TRAP_WFI, FEATURES, 7);
  for (size_t i = 0; i < LENGTH(row); i++) {
    f.at = f.count = 0;
    fake_trap(S2_RV_CAUSE_INTERRUPT | row[i].code, 0, 0);
    s2_rv_fake_csr[S2_RV_CSR_SSTATUS] = i % 2 != 0 ? S2_RV_SSTATUS_SIE : 0;
    assert_int_equal(fake_run().kind, row[i].kind);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_SSTATUS], i % 2 != 0 ? S2_RV_SSTATUS_SIE : 0);
  }
  s2_rv_irq(&f.vcpu[0], S2_RV_IRQ_EXTERNAL | 0xf000, true);
  (void)fake_run();
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], S2_RV_IRQ_EXTERNAL);
  s2_rv_irq(&f.vcpu[0], S2_RV_IRQ_EXTERNAL, false);
  s2_rv_irq(&f.vcpu[0], S2_RV_IRQ_SOFT, true);
  (void)fake_run();
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], S2_RV_IRQ_SOFT);
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_VIRTUAL, 0x10500073, 0);
  s2_rv_fake_csr[S2_RV_CSR_VSTIMECMP] = 900;
  uint64_t pc = f.vcpu[0].regs.sepc;
  struct s2_rv_exit e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_WFI);
  assert_int_equal(e.value, 900);
  assert_int_equal(f.vcpu[0].regs.sepc, pc + 4);
  s2_rv_fake_csr[S2_RV_CSR_HVIP] = 0;
  s2_rv_fake_csr[S2_RV_CSR_VSIE] = S2_RV_IRQ_TIMER >> 1;
  assert_false(s2_rv_due(&f.vcpu[0]));
  s2_rv_fake_csr[S2_RV_CSR_TIME] = 900;
  assert_true(s2_rv_due(&f.vcpu[0]));
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_VIRTUAL, 0x00d00073, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_SPIN);
  assert_int_equal(f.vcpu[0].regs.sepc, pc + 8);
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_VIRTUAL, 0, 0);
  f.insn = 0x60002573; /* csrr a0, hstatus */
  e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_VIRTUAL);
  assert_int_equal(e.value, f.insn);
  assert_int_equal(s2_rv_reflect(&f.vcpu[0]), S2_OK);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSCAUSE], S2_RV_CAUSE_ILLEGAL);
  fake_close();
  fake_open(1, S2_RV_RAW_ECALL, FEATURES, 7);
  fake_ecall(1, 2, 3, 4, 5, 6);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_ECALL);
  assert_int_equal(s2_rv_complete_ecall(&f.vcpu[0], 8, 9), S2_OK);
  assert_int_equal(f.vcpu[0].regs.x[10], 8);
  assert_int_equal(f.vcpu[0].regs.sepc, RAM + 4);
  assert_int_equal(s2_rv_complete_ecall(&f.vcpu[0], 8, 9), S2_ERR_CONFIG);
  fake_close();
}

static void refused(void **state) {
  struct s2_rv_guest g;
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  struct s2_rv_guest_config good = {&f.env.s, &f.machine, f.vcpu, 1, 0, NULL, 0, 0, 0, 0, NULL, 0}, c = good;
  assert_int_equal(s2_rv_guest_init(NULL, &c), S2_ERR_NULL);
  assert_int_equal(s2_rv_guest_init(&g, NULL), S2_ERR_NULL);
  c.space = NULL;
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_NULL);
  c = good;
  c.count = 65;
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_CONFIG);
  c.count = 0;
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_CONFIG);
  c = good;
  c.flags = 0x8000;
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_CONFIG);
  c = good;
  c.features = S2_RV_FEAT_V; /* where to? */
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_CONFIG);
  c.vectors = f.vectors;
  c.vector_bytes = 12;
  assert_int_equal(s2_rv_guest_init(&g, &c), S2_ERR_CONFIG);
  assert_int_equal(s2_rv_machine_init(&f.machine, 15, NULL), S2_ERR_CONFIG);
  assert_int_equal(s2_rv_hart_init(NULL, 0), S2_ERR_NULL);
  assert_int_equal(s2_rv_hart_init(&f.hart[0], 0x80), S2_ERR_CONFIG);
  assert_int_equal(s2_rv_start(&f.guest, 1, 0, 0), S2_ERR_CONFIG);
  assert_int_equal(s2_rv_start(&f.guest, 0, 0, 0), S2_ERR_MAPPED);
  assert_string_equal(s2_rv_exit_name((enum s2_rv_exit_kind)99), "?");
  assert_string_equal(s2_rv_exit_name(S2_RV_DID_RETRY), "retried");
  assert_string_equal(s2_rv_exit_name(S2_RV_EXIT_SHUTDOWN), "shutdown");
  fake_close();
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lazy),  cmocka_unit_test(vectors),    cmocka_unit_test(fences),
                                     cmocka_unit_test(vmids), cmocka_unit_test(interrupts), cmocka_unit_test(refused)};
  return cmocka_run_group_tests_name("riscv switch", tests, NULL, NULL);
}
