/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* test_sbi.c - every SBI call with good and bad arguments, the batch call, and a flood of random calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake.h"

#define FEATURES (S2_RV_FEAT_SSTC | S2_RV_FEAT_FP | S2_RV_FEAT_ENVCFG)
#define ALL      UINT64_MAX

static int64_t sbi(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2) {
  return fake_sbi(eid, fid, a0, a1, a2, NULL);
}

static void base(void **state) {
  uint64_t value;
  static const uint64_t there[] = {0x10,       0x54494D45, 0x735049,        0x52464E43, 0x48534D,
                                   0x53525354, 0x4442434E, S2_RV_EID_BATCH, 0,          8};
  static const uint64_t absent[] = {0x53555350, 0x43505043, 0x504D55, 9, 0x4E41434C, ALL};
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  assert_int_equal(fake_sbi(SBI_EID_BASE, 0, 0, 0, 0, &value), 0);
  assert_int_equal(value, 0x2000000);
  assert_int_equal(f.vcpu[0].regs.sepc, RAM + 4);
  assert_int_equal(fake_sbi(SBI_EID_BASE, 1, 0, 0, 0, &value), 0);
  assert_int_equal(value, S2_RV_IMPL_ID);
  for (size_t i = 0; i < LENGTH(there); i++) {
    assert_int_equal(fake_sbi(SBI_EID_BASE, 3, there[i], 0, 0, &value), 0);
    assert_int_equal(value, 1);
  }
  for (size_t i = 0; i < LENGTH(absent); i++) {
    assert_int_equal(fake_sbi(SBI_EID_BASE, 3, absent[i], 0, 0, &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(fake_sbi(absent[i], 0, 1, 2, 3, &value), SBI_NOT_SUPPORTED);
  }
  for (uint64_t fid = 4; fid < 7; fid++) {
    assert_int_equal(fake_sbi(SBI_EID_BASE, fid, 0, 0, 0, &value), 0);
    assert_int_equal(value, 0);
  }
  assert_int_equal(sbi(SBI_EID_BASE, 7, 0, 0, 0), SBI_NOT_SUPPORTED);
  fake_close();
}

static void timer(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  s2_rv_irq(&f.vcpu[0], S2_RV_IRQ_TIMER, true);
  assert_int_equal(sbi(SBI_EID_TIME, 0, 5000, 0, 0), 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSTIMECMP], 5000);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP] & S2_RV_IRQ_TIMER, 0);
  assert_int_equal(sbi(SBI_EID_TIME, 1, 0, 0, 0), SBI_NOT_SUPPORTED);
  assert_int_equal(sbi(0, 0, 6000, 0, 0), 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSTIMECMP], 6000);
  fake_close();
  /* without Sstc the host is asked, and VSTIP comes when its time has come */
  fake_open(1, 0, S2_RV_FEAT_FP, 7);
  f.vcpu[0].csrs.htimedelta = 1000;
  fake_ecall(SBI_EID_TIME, 0, 5000, 0, 0, 0);
  struct s2_rv_exit e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_SET_TIMER);
  assert_int_equal(e.value, 4000);
  s2_rv_fake_csr[S2_RV_CSR_TIME] = 3999;
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], 0);
  s2_rv_fake_csr[S2_RV_CSR_TIME] = 4000;
  s2_rv_fake_csr[S2_RV_CSR_VSIE] = S2_RV_IRQ_TIMER >> 1;
  assert_true(s2_rv_due(&f.vcpu[0]));
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], S2_RV_IRQ_TIMER);
  f.at = f.count = 0;
  fake_ecall(SBI_EID_TIME, 0, ALL, 0, 0, 0);
  e = fake_run();
  assert_int_equal(e.value, S2_RV_NO_DEADLINE);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], 0);
  assert_false(s2_rv_due(&f.vcpu[0]));
  fake_close();
}

static void ipis_and_fences(void **state) {
  (void)state;
  fake_open(4, 0, FEATURES, 7);
  assert_int_equal(sbi(SBI_EID_IPI, 0, 0xb, 0, 0), 0);
  assert_int_equal(f.kicked, 0xa);
  assert_int_equal(f.vcpu[1].irq_set & f.vcpu[3].irq_set, S2_RV_IRQ_SOFT);
  assert_int_equal(f.vcpu[2].irq_set, 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], S2_RV_IRQ_SOFT);
  assert_int_equal(sbi(SBI_EID_IPI, 0, 1, 2, 0), 0);
  assert_int_equal(f.vcpu[2].irq_set, S2_RV_IRQ_SOFT);
  f.kicked = 0;
  assert_int_equal(sbi(SBI_EID_IPI, 0, 123, ALL, 0), 0);
  assert_int_equal(f.kicked, 0xe);
  assert_int_equal(sbi(SBI_EID_IPI, 0, 0x10, 0, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_IPI, 0, 0x2, 3, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_IPI, 0, 1, 4, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_IPI, 0, UINT64_C(1) << 63, 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_IPI, 1, 1, 0, 0), SBI_NOT_SUPPORTED);
  f.vvma = f.fence_i = 0;
  assert_int_equal(sbi(SBI_EID_RFENCE, 0, 0xf, 0, 0), 0);
  assert_int_equal(f.waited, 0xe);
  assert_int_equal(f.fence_i, 1);
  assert_int_equal(f.vcpu[3].requests, S2_RV_REQ_FENCE_I);
  f.at = f.count = 0;
  fake_ecall(SBI_EID_RFENCE, 1, 3, 0, RAM, P(3));
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.pages, 3);
  assert_int_equal(f.vcpu[1].requests, S2_RV_REQ_FENCE_I | S2_RV_REQ_VVMA);
  f.pages = f.vvma = 0;
  f.at = f.count = 0;
  fake_ecall(SBI_EID_RFENCE, 2, 1, 0, RAM, ALL); /* too many pages: all at once */
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.pages, 0);
  assert_int_equal(f.vvma, 1);
  for (uint64_t fid = 3; fid < 8; fid++) {
    assert_int_equal(sbi(SBI_EID_RFENCE, fid, 1, 0, 0), SBI_NOT_SUPPORTED);
  }
  assert_int_equal(sbi(SBI_EID_RFENCE, 0, 0x10, 0, 0), SBI_INVALID_PARAM);
  fake_close();
}

static void harts(void **state) {
  uint64_t value;
  (void)state;
  fake_open(2, 0, FEATURES, 7);
  assert_int_equal(fake_sbi(SBI_EID_HSM, 2, 1, 0, 0, &value), 0);
  assert_int_equal(value, S2_RV_STOPPED);
  assert_int_equal(s2_rv_run(&f.hart[1], &f.vcpu[1]).kind, S2_RV_EXIT_STOPPED);
  assert_int_equal(sbi(SBI_EID_HSM, 0, 2, RAM, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_HSM, 0, 1, DEVICE, 0), SBI_INVALID_ADDRESS);
  assert_int_equal(sbi(SBI_EID_HSM, 0, 1, RAM + 64, 99), 0);
  assert_int_equal(f.kicked, 2);
  assert_int_equal(fake_sbi(SBI_EID_HSM, 2, 1, 0, 0, &value), 0);
  assert_int_equal(value, S2_RV_START_PENDING);
  assert_int_equal(sbi(SBI_EID_HSM, 0, 1, RAM, 0), SBI_ALREADY_AVAILABLE);
  assert_int_equal(sbi(SBI_EID_HSM, 0, 0, RAM, 0), SBI_ALREADY_AVAILABLE);
  assert_int_equal(s2_rv_run(&f.hart[1], &f.vcpu[1]).kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.vcpu[1].regs.sepc, RAM + 64);
  assert_int_equal(f.vcpu[1].regs.x[10], 1);
  assert_int_equal(f.vcpu[1].regs.x[11], 99);
  assert_int_equal(s2_rv_run(&f.hart[0], &f.vcpu[1]).kind, S2_RV_EXIT_BUSY);
  assert_int_equal(sbi(SBI_EID_HSM, 2, 7, 0, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_HSM, 3, 0x80000000u, 0, 0), SBI_NOT_SUPPORTED);
  assert_int_equal(sbi(SBI_EID_HSM, 4, 0, 0, 0), SBI_NOT_SUPPORTED);
  f.at = f.count = 0;
  fake_ecall(SBI_EID_HSM, 3, 0, 0, 0, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_WFI);
  f.at = f.count = 0;
  fake_ecall(SBI_EID_HSM, 1, 0, 0, 0, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_STOPPED);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_STOPPED);
  assert_int_equal(s2_rv_start(&f.guest, 0, RAM + 8, 7), S2_OK);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.vcpu[0].regs.x[17], 0); /* nothing of its former life */
  for (uint64_t fid = 0; fid < 2; fid++) {
    static const uint64_t types[] = {0, 1, 2, 3, UINT64_C(0xf0000000)};
    for (size_t i = 0; i < LENGTH(types); i++) {
      f.at = f.count = 0;
      fake_ecall(SBI_EID_SRST, fid, types[i], 1, 0, 0);
      struct s2_rv_exit e = fake_run();
      assert_int_equal(e.kind, fid == 0 && i < 3 ? S2_RV_EXIT_SHUTDOWN : S2_RV_EXIT_TIMER);
      assert_int_equal(e.value, e.kind == S2_RV_EXIT_SHUTDOWN ? types[i] : 0);
    }
  }
  fake_close();
}

static void put(uint64_t gpa, const char *text) {
  struct s2_copied c = s2_guest_write(&f.env.s, gpa, text, strlen(text), S2_GUEST_FAULT);
  assert_int_equal(c.status, S2_OK);
}

static void console(void **state) {
  uint64_t value;
  char back[8] = "";
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  put(RAM + P(1) - 3, "hello, world\n"); /* over a page border */
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, 13, RAM + P(1) - 3, 0, &value), 0);
  assert_int_equal(value, 13);
  assert_memory_equal(f.out, "hello, world\n", 13);
  assert_int_equal(f.out_calls, 1);
  for (const char *p = "abc"; *p != 0; p++) {
    f.at = f.count = 0;
    fake_ecall(SBI_EID_DBCN, 2, (uint64_t)*p, 0, 0, 0);
    fake_ecall(1, 0, (uint64_t)*p, 0, 0, 0);
    (void)fake_run();
  }
  assert_memory_equal(f.out + 13, "aabbcc", 6);
  assert_int_equal(f.out_calls, 4); /* two bytes per call: held back until the guest left */
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, 100, RAM + P(RAM_PAGES) - 5, 0, &value), 0);
  assert_int_equal(value, 5); /* as far as the memory goes */
  assert_int_equal(sbi(SBI_EID_DBCN, 0, 10, DEVICE, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_DBCN, 0, 10, ALL - 4, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_DBCN, 0, 10, RAM, 1), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_DBCN, 1, 10, ROM, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(SBI_EID_DBCN, 3, 0, 0, 0), SBI_NOT_SUPPORTED);
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, ALL, RAM + P(9), 0, &value), 0);
  assert_int_equal(value, SBI_DBCN_MAX);
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, 0, DEVICE, 0, &value), 0);
  f.in = "key";
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 1, 2, RAM + P(20), 0, &value), 0);
  assert_int_equal(value, 2);
  assert_int_equal(s2_guest_read(&f.env.s, RAM + P(20), back, 2, 0).status, S2_OK);
  assert_string_equal(back, "ke");
  assert_int_equal(sbi(2, 0, 0, 0, 0), 'y');
  assert_int_equal(sbi(2, 0, 0, 0, 0), -1);
  /* no frame: the host may free some, and the guest's call is made again from its beginning */
  f.env.h.fail_at = (int64_t)f.env.h.calls;
  f.at = f.count = 0;
  fake_ecall(SBI_EID_DBCN, 0, 4, RAM + P(30), 0, 0);
  uint64_t pc = f.vcpu[0].regs.sepc;
  assert_int_equal(fake_run().kind, S2_RV_EXIT_NO_MEMORY);
  assert_int_equal(f.vcpu[0].regs.sepc, pc);
  f.env.h.fail_at = -1;
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, 4, RAM + P(30), 0, &value), 0);
  assert_int_equal(f.guest.fault_gpa, RAM + P(30));
  fake_close();
}

static void legacy(void **state) {
  (void)state;
  fake_open(2, 0, FEATURES, 7);
  f.vcpu[0].regs.x[11] = 0;
  f.hlvd_value = 2;
  assert_int_equal(sbi(4, 0, 0x1000, 0x77, 0), 0);
  assert_int_equal(f.vcpu[0].regs.x[11], 0x77); /* a1 is the guest's */
  assert_int_equal(f.kicked, 2);
  assert_int_equal(sbi(5, 0, 0, 0, 0), 0); /* no mask: all */
  assert_int_equal(f.waited, 2);
  f.hlvd_cause = 13;
  assert_int_equal(sbi(6, 0, 0x1000, 0, 0), SBI_INVALID_ADDRESS);
  f.hlvd_cause = S2_RV_CAUSE_GUEST_LOAD;
  f.hlvd_htval = (RAM + P(40)) >> 2; /* brought in, and still it faults: not for ever */
  assert_int_equal(sbi(7, 0, 0x1000, 0, 0), SBI_INVALID_ADDRESS);
  assert_int_equal(s2_translate(&f.env.s, RAM + P(40)).status, S2_OK);
  s2_rv_irq(&f.vcpu[0], S2_RV_IRQ_SOFT, true);
  assert_int_equal(sbi(3, 0, 0, 0, 0), 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_HVIP], 0);
  f.at = f.count = 0;
  fake_ecall(8, 0, 0, 0, 0, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_SHUTDOWN);
  fake_close();
}

struct element {
  uint64_t eid, fid, a[6], error, value;
};

static void batch(void **state) {
  struct element e[5] = {{SBI_EID_BASE, 0, {0}, 9, 9},
                         {SBI_EID_DBCN, 2, {'x'}, 9, 9},
                         {SBI_EID_SRST, 0, {0}, 9, 9},
                         {S2_RV_EID_BATCH, 1, {0}, 9, 9},
                         {SBI_EID_TIME, 0, {700}, 9, 9}};
  uint64_t at = RAM + P(1) - 3 * sizeof e[0] + 8, value;
  _Static_assert(sizeof e[0] == SBI_BATCH_BYTES, "as documented");
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  assert_int_equal(fake_sbi(S2_RV_EID_BATCH, 0, 0, 0, 0, &value), 0);
  assert_int_equal(value, S2_RV_BATCH_MAX);
  assert_int_equal(s2_guest_write(&f.env.s, at, e, sizeof e, S2_GUEST_FAULT).status, S2_OK);
  assert_int_equal(fake_sbi(S2_RV_EID_BATCH, 1, at, 5, 0, &value), 0);
  assert_int_equal(value, 5);
  assert_int_equal(s2_guest_read(&f.env.s, at, e, sizeof e, 0).status, S2_OK);
  assert_int_equal(e[0].error, 0);
  assert_int_equal(e[0].value, SBI_SPEC_VERSION);
  assert_int_equal(e[1].error, 0);
  assert_int_equal((int64_t)e[2].error, SBI_NOT_SUPPORTED);
  assert_int_equal((int64_t)e[3].error, SBI_NOT_SUPPORTED);
  assert_int_equal(e[4].error, 0);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSTIMECMP], 700);
  assert_memory_equal(f.out, "x", 1);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 1, at, S2_RV_BATCH_MAX + 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 1, at + 4, 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 1, ROM, 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 1, DEVICE, 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 1, ALL - 7, 1, 0), SBI_INVALID_PARAM);
  assert_int_equal(sbi(S2_RV_EID_BATCH, 2, at, 1, 0), SBI_NOT_SUPPORTED);
  assert_int_equal(fake_sbi(S2_RV_EID_BATCH, 1, DEVICE, 0, 0, &value), 0);
  assert_int_equal(value, 0);
  f.env.h.fail_at = (int64_t)f.env.h.calls;
  f.at = f.count = 0;
  fake_ecall(S2_RV_EID_BATCH, 1, RAM + P(50), 1, 0, 0);
  assert_int_equal(fake_run().kind, S2_RV_EXIT_NO_MEMORY);
  f.env.h.fail_at = -1;
  fake_close();
}

/* Any register contents: an answer, the lock back, and no byte outside guest memory (sanitizers, and the canary). */
static void flood(void **state) {
  static const uint64_t eids[] = {0,
                                  1,
                                  2,
                                  3,
                                  4,
                                  5,
                                  6,
                                  7,
                                  8,
                                  0x10,
                                  0x54494D45,
                                  0x735049,
                                  0x52464E43,
                                  0x48534D,
                                  0x53525354,
                                  0x4442434E,
                                  S2_RV_EID_BATCH};
  uint64_t seed = 42;
  (void)state;
  fake_open(3, 0, FEATURES, 7);
  for (uint32_t i = 0; i < 100000; i++) {
    uint64_t a[4];
    for (size_t k = 0; k < LENGTH(a); k++) {
      uint64_t r = env_random(&seed);
      a[k] = (r & 7) == 0   ? RAM + (r >> 3) % P(RAM_PAGES)
             : (r & 7) == 1 ? (r >> 3) % 200
             : (r & 7) == 2 ? UINT64_MAX - (r >> 3) % 200
             : (r & 7) == 3 ? (RAM + (r >> 3) % P(RAM_PAGES)) & ~UINT64_C(7)
                            : r << (r >> 58);
    }
    f.out_len = 0;
    f.at = f.count = 0;
    f.hlvd_value = env_random(&seed);
    f.hlvd_cause = (a[0] & 1) != 0 ? 0 : 13;
    f.in = "input";
    if (f.vcpu[0].hsm == S2_RV_STOPPED) {
      assert_int_equal(s2_rv_start(&f.guest, 0, RAM, 0), S2_OK);
    }
    fake_ecall(eids[env_random(&seed) % LENGTH(eids)], env_random(&seed) % 9, a[0], a[1], a[2], a[3]);
    struct s2_rv_exit e = fake_run();
    assert_true(e.kind < S2_RV_EXIT_KINDS);
    assert_int_equal(f.locks, 0);
    assert_int_equal(f.guest.held, 0);
  }
  fake_close();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(base),    cmocka_unit_test(timer),  cmocka_unit_test(ipis_and_fences), cmocka_unit_test(harts),
      cmocka_unit_test(console), cmocka_unit_test(legacy), cmocka_unit_test(batch),           cmocka_unit_test(flood),
  };
  return cmocka_run_group_tests_name("riscv sbi", tests, NULL, NULL);
}
