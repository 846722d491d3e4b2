/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* test_mmio.c - faults of a guest: paged in, emulated, or reported; and what a completed access leaves in registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake.h"

#define LOAD(funct3, rd)    (UINT64_C(0x03) | (uint64_t)(funct3) << 12 | (uint64_t)(rd) << 7)
#define STORE(funct3, rs2)  (UINT64_C(0x23) | (uint64_t)(funct3) << 12 | (uint64_t)(rs2) << 20)
#define FLOAD(funct3, rd)   (UINT64_C(0x07) | (uint64_t)(funct3) << 12 | (uint64_t)(rd) << 7)
#define FSTORE(funct3, rs2) (UINT64_C(0x27) | (uint64_t)(funct3) << 12 | (uint64_t)(rs2) << 20)
#define COMPRESSED(i)       ((i) & ~UINT64_C(2))
#define AMOADD_W            UINT64_C(0x0000202f)
#define FEATURES            (S2_RV_FEAT_SSTC | S2_RV_FEAT_FP | S2_RV_FEAT_ENVCFG)

static void reads(void **state) {
  static const struct {
    uint64_t insn, value, want;
    uint8_t width;
  } row[] = {
      {LOAD(0, 5), 0x1280, 0xffffffffffffff80u, 1},
      {LOAD(0, 5), 0x7f, 0x7f, 1},
      {LOAD(1, 5), 0x8000, 0xffffffffffff8000u, 2},
      {LOAD(1, 5), 0x17fff, 0x7fff, 2},
      {LOAD(2, 5), 0x80000000, 0xffffffff80000000u, 4},
      {LOAD(2, 5), 0x7fffffff, 0x7fffffff, 4},
      {LOAD(3, 5), 0x8000000000000001u, 0x8000000000000001u, 8},
      {LOAD(4, 5), 0x1ff, 0xff, 1},
      {LOAD(5, 5), 0x1ffff, 0xffff, 2},
      {LOAD(6, 5), 0x1ffffffffu, 0xffffffff, 4},
      {COMPRESSED(LOAD(2, 9)), 0x80000000, 0xffffffff80000000u, 4},
  };
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  for (size_t i = 0; i < LENGTH(row); i++) {
    f.at = f.count = 0;
    fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE + i, row[i].insn);
    struct s2_rv_exit e = fake_run();
    uint64_t pc = f.vcpu[0].regs.sepc;
    assert_int_equal(e.kind, S2_RV_EXIT_MMIO_READ);
    assert_int_equal(e.gpa, DEVICE + i);
    assert_int_equal(e.width, row[i].width);
    assert_int_equal(s2_rv_complete_write(&f.vcpu[0]), S2_ERR_CONFIG);
    assert_int_equal(s2_rv_complete_read(&f.vcpu[0], row[i].value), S2_OK);
    assert_int_equal(f.vcpu[0].regs.x[e.reg], row[i].want);
    assert_int_equal(f.vcpu[0].regs.sepc - pc, (row[i].insn & 2) != 0 ? 4 : 2);
    assert_int_equal(s2_rv_complete_read(&f.vcpu[0], 0), S2_ERR_CONFIG);
  }
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE, LOAD(3, 0));
  (void)fake_run();
  assert_int_equal(s2_rv_complete_read(&f.vcpu[0], 77), S2_OK);
  assert_int_equal(f.vcpu[0].regs.x[0], 0);
  fake_close();
}

static void writes(void **state) {
  static const struct {
    uint64_t insn, want;
    uint8_t width;
  } row[] = {{STORE(0, 7), 0xef, 1},
             {STORE(1, 7), 0xcdef, 2},
             {STORE(2, 7), 0x89abcdef, 4},
             {STORE(3, 7), 0x0123456789abcdefu, 8},
             {COMPRESSED(STORE(2, 7)), 0x89abcdef, 4}};
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  for (size_t i = 0; i < LENGTH(row); i++) {
    f.at = f.count = 0;
    fake_trap(S2_RV_CAUSE_GUEST_STORE, DEVICE, row[i].insn);
    if (i == 0) {
      assert_int_equal(fake_run().kind, S2_RV_EXIT_MMIO_WRITE); /* resets the vCPU; not completed: comes again */
      f.vcpu[0].regs.x[7] = 0x0123456789abcdefu;
      f.at = 0;
    }
    struct s2_rv_exit e = fake_run();
    uint64_t pc = f.vcpu[0].regs.sepc;
    assert_int_equal(e.kind, S2_RV_EXIT_MMIO_WRITE);
    assert_int_equal(e.value, row[i].want);
    assert_int_equal(e.width, row[i].width);
    assert_int_equal(s2_rv_complete_read(&f.vcpu[0], 0), S2_ERR_CONFIG);
    assert_int_equal(s2_rv_complete_write(&f.vcpu[0]), S2_OK);
    assert_int_equal(f.vcpu[0].regs.sepc - pc, (row[i].insn & 2) != 0 ? 4 : 2);
  }
  fake_close();
}

/* A single is NaN-boxed; an FP store finds what the hart holds; the guest sees its FP state as dirty. */
static void floating(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE, FLOAD(2, 3));
  assert_true(fake_run().fp);
  assert_int_equal(s2_rv_complete_read(&f.vcpu[0], 0x3f800000), S2_OK);
  assert_int_equal(f.vcpu[0].fp.f[3], 0xffffffff3f800000u);
  assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSSTATUS] & S2_RV_SSTATUS_FS, S2_RV_SSTATUS_FS);
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE, FLOAD(3, 4));
  (void)fake_run(); /* loads f3 into the hart */
  assert_int_equal(s2_rv_complete_read(&f.vcpu[0], 0x4000000000000000u), S2_OK);
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_STORE, DEVICE, FSTORE(2, 3));
  f.vcpu[0].fp.f[3] ^= 0; /* the struct is not asked when the hart is newer: */
  assert_int_equal(fake_run().value, 0x3f800000);
  f.vcpu[0].regs.sstatus |= S2_RV_SSTATUS_FS; /* the guest wrote an FP register: the hart's count */
  f.vcpu[0].fp.f[4] = 0;
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_STORE, DEVICE, FSTORE(3, 4));
  assert_int_equal(fake_run().value, 0x4000000000000000u);
  fake_close();
}

/* Without htinst the instruction is read; a wrong or missing one is tried again, and reported when it stays so. */
static void fetched(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE, 0);
  f.insn = LOAD(4, 30);
  struct s2_rv_exit e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_MMIO_READ);
  assert_int_equal(e.reg, 30);
  assert_int_equal(e.length, 4);
  f.at = 0;
  f.insn = 0x4398; /* c.lw a4, 0(a5) and what follows it */
  e = fake_run();
  assert_int_equal(e.reg, 14);
  assert_int_equal(e.length, 2);
  f.at = f.count = 0;
  for (uint32_t i = 0; i < S2_RV_STUCK_MAX; i++) {
    fake_trap(S2_RV_CAUSE_GUEST_STORE, DEVICE, 0); /* but the instruction is a load */
  }
  e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_FAULT);
  assert_int_equal(e.why, S2_RV_WHY_UNREADABLE);
  assert_int_equal(f.vcpu[0].profile.count[S2_RV_DID_RETRY], S2_RV_STUCK_MAX - 1);
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, DEVICE, 0);
  f.insn_cause = S2_RV_CAUSE_GUEST_LOAD;
  f.insn_htval = (RAM + P(9)) >> 2;
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER); /* paged in, then the guest goes on */
  assert_int_equal(s2_translate(&f.env.s, RAM + P(9)).status, S2_OK);
  f.insn_cause = 0;
  f.insn = 0x13; /* nop */
  f.at = 0;
  assert_int_equal(fake_run().why, S2_RV_WHY_INSN);
  fake_close();
}

static void faults(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  fake_trap(S2_RV_CAUSE_GUEST_FETCH, RAM + 0x10, 0);
  fake_trap(S2_RV_CAUSE_GUEST_STORE, RAM + P(1), STORE(3, 1));
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, RAM + P(1), LOAD(3, 1));
  fake_trap(S2_RV_CAUSE_GUEST_STORE, RAM + P(2), 0x3000); /* the walk of a store reads */
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.vcpu[0].profile.count[S2_RV_DID_PAGE], 4);
  assert_int_equal(f.env.h.used, 3);
  assert_int_equal(f.gvma_pages, 1); /* the load: there already, so this hart's caches were behind */
  assert_int_equal(f.guest.fault_gpa, RAM + P(2));
  static const struct {
    uint64_t cause, gpa, htinst, reflected;
    enum s2_rv_why why;
  } row[] = {
      {S2_RV_CAUSE_GUEST_FETCH, DEVICE, 0, S2_RV_CAUSE_FETCH, S2_RV_WHY_FETCH},
      {S2_RV_CAUSE_GUEST_FETCH, DEVICE, 0x3000, S2_RV_CAUSE_FETCH, S2_RV_WHY_WALK},
      {S2_RV_CAUSE_GUEST_LOAD, DEVICE, 0x3000, S2_RV_CAUSE_LOAD, S2_RV_WHY_WALK},
      {S2_RV_CAUSE_GUEST_STORE, DEVICE, 0x3020, S2_RV_CAUSE_STORE, S2_RV_WHY_WALK},
      {S2_RV_CAUSE_GUEST_STORE, DEVICE, AMOADD_W, S2_RV_CAUSE_STORE, S2_RV_WHY_ATOMIC},
      {S2_RV_CAUSE_GUEST_STORE, ROM, STORE(0, 1), S2_RV_CAUSE_STORE, S2_RV_WHY_DENIED},
      {S2_RV_CAUSE_GUEST_STORE, ROM, AMOADD_W, S2_RV_CAUSE_STORE, S2_RV_WHY_ATOMIC},
      {S2_RV_CAUSE_GUEST_STORE, ROM, 0x3020, S2_RV_CAUSE_STORE, S2_RV_WHY_WALK},
      {S2_RV_CAUSE_GUEST_FETCH, DATA, 0, S2_RV_CAUSE_FETCH, S2_RV_WHY_DENIED},
      {S2_RV_CAUSE_GUEST_LOAD, UINT64_C(1) << 63, 0x2000, S2_RV_CAUSE_LOAD, S2_RV_WHY_WALK},
  };
  for (size_t i = 0; i < LENGTH(row); i++) {
    struct s2_rv_vcpu *v = &f.vcpu[0];
    f.at = f.count = 0;
    fake_trap(row[i].cause, row[i].gpa, row[i].htinst);
    struct s2_rv_exit e = fake_run();
    assert_int_equal(e.kind, S2_RV_EXIT_FAULT);
    assert_int_equal(e.why, row[i].why);
    assert_int_equal(e.status, row[i].gpa == ROM || row[i].gpa == DATA ? S2_ERR_DENIED : S2_OK);
    s2_rv_fake_csr[S2_RV_CSR_VSTVEC] = 0x80001001u;
    s2_rv_fake_csr[S2_RV_CSR_VSSTATUS] = S2_RV_SSTATUS_SIE;
    v->regs.sepc = 0x4444;
    v->regs.sstatus = i % 2 != 0 ? v->regs.sstatus | S2_RV_SSTATUS_SPP : v->regs.sstatus & ~(uint64_t)S2_RV_SSTATUS_SPP;
    assert_int_equal(s2_rv_reflect(v), S2_OK);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSCAUSE], row[i].reflected);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSEPC], 0x4444);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSTVAL], row[i].gpa);
    assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSSTATUS], S2_RV_SSTATUS_SPIE | (i % 2 != 0 ? S2_RV_SSTATUS_SPP : 0));
    assert_int_equal(v->regs.sepc, 0x80001000u);
    assert_int_equal(v->regs.sstatus & S2_RV_SSTATUS_SPP, S2_RV_SSTATUS_SPP);
    assert_int_equal(s2_rv_reflect(v), S2_ERR_CONFIG);
  }
  fake_close();
}

/* A store into an area that forbids it is decoded as one to a device: the host may do it, or make it an exception. */
static void rom(void **state) {
  struct s2_rv_vcpu *v = &f.vcpu[0];
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  (void)fake_run(); /* resets the vCPU */
  v->regs.x[7] = 0x0123456789abcdefu;
  for (uint32_t i = 0; i < 3; i++) {
    f.at = f.count = 0;
    fake_trap(S2_RV_CAUSE_GUEST_STORE, ROM + 6, i == 1 ? COMPRESSED(STORE(2, 7)) : STORE(1, 7));
    struct s2_rv_exit e = fake_run();
    uint64_t pc = v->regs.sepc;
    assert_int_equal(e.kind, S2_RV_EXIT_FAULT);
    assert_int_equal(e.why, S2_RV_WHY_DENIED);
    assert_int_equal(e.gpa, ROM + 6);
    assert_int_equal(e.access, S2_W);
    assert_int_equal(e.width, i == 1 ? 4 : 2);
    assert_int_equal(e.value, i == 1 ? 0x89abcdefu : 0xcdefu);
    assert_int_equal(e.reg, 7);
    assert_int_equal(e.length, i == 1 ? 2 : 4);
    assert_int_equal(s2_rv_complete_read(v, 0), S2_ERR_CONFIG);
    if (i == 2) {
      assert_int_equal(s2_rv_reflect(v), S2_OK);
      assert_int_equal(s2_rv_fake_csr[S2_RV_CSR_VSCAUSE], S2_RV_CAUSE_STORE);
    } else {
      assert_int_equal(s2_rv_complete_write(v), S2_OK);
      assert_int_equal(v->regs.sepc - pc, e.length);
    }
    assert_int_equal(s2_rv_complete_write(v), S2_ERR_CONFIG);
  }
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_STORE, ROM, AMOADD_W);
  (void)fake_run();
  assert_int_equal(s2_rv_complete_write(v), S2_ERR_CONFIG); /* not an access that a host can do */
  fake_close();
}

/* What other harts are told while a fault is resolved may be ignored, unless the fault takes a page away from them. */
static void adding(void **state) {
  static struct s2_hosted_storage st;
  static struct s2_space copy;
  uint32_t taking;
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  f.remote_adding = f.remote_taking = 0;
  fake_trap(S2_RV_CAUSE_GUEST_STORE, RAM + P(1), STORE(3, 1));
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, RAM + P(2), LOAD(3, 1));
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.remote_adding, 2);
  assert_int_equal(f.remote_taking, 0);
  assert_int_equal(fake_sbi(SBI_EID_DBCN, 0, 4, RAM + P(3), 0, NULL), SBI_SUCCESS); /* paged in for a console buffer */
  assert_int_equal(f.remote_adding, 3);
  assert_int_equal(f.remote_taking, 0);
  assert_int_equal(s2_discard(&f.env.s, RAM + P(2), P(1)), S2_OK);
  assert_int_equal(f.remote_adding, 3);
  assert_int_equal(f.remote_taking, 1);
  /* a clone: the store puts a copy in the place of the page that other harts may still read */
  struct s2_space_config c = f.env.cfg;
  assert_true(s2_hosted_storage_init(&st, 16, 8));
  c.hw.vmid = 20;
  c.tables.tables = st.tables;
  c.tables.nodes = st.nodes;
  c.tables.stack = st.stack;
  c.tables.count = 16;
  c.tables.hpa = ENV_POOL_HPA + M(64);
  c.areas.chunks = st.chunks;
  c.areas.lo = st.lo;
  c.areas.id = st.id;
  c.areas.spare = st.spare;
  assert_int_equal(s2_init(&copy, &c), S2_OK);
  assert_int_equal(s2_clone(&copy, &f.env.s), S2_OK);
  taking = f.remote_taking;
  f.at = f.count = 0;
  fake_trap(S2_RV_CAUSE_GUEST_STORE, RAM + P(1), STORE(3, 1));
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  assert_int_equal(f.env.h.copied, 1);
  assert_int_equal(f.remote_adding, 3);
  assert_true(f.remote_taking > taking);
  s2_fini(&copy);
  s2_hosted_storage_fini(&st);
  fake_close();
}

static void no_memory(void **state) {
  (void)state;
  fake_open(1, 0, FEATURES, 7);
  f.env.h.fail_at = 0;
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, RAM, LOAD(3, 1));
  struct s2_rv_exit e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_NO_MEMORY);
  assert_int_equal(e.status, S2_ERR_NO_FRAMES);
  f.at = 0;
  f.env.h.fail_at = -1;
  assert_int_equal(fake_run().kind, S2_RV_EXIT_TIMER);
  fake_close();
  fake_open(1, S2_RV_NO_PAGING, FEATURES, 7);
  fake_trap(S2_RV_CAUSE_GUEST_LOAD, RAM + 8, LOAD(3, 1));
  e = fake_run();
  assert_int_equal(e.kind, S2_RV_EXIT_PAGE);
  assert_int_equal(e.gpa, RAM + 8);
  assert_int_equal(e.access, S2_R);
  fake_close();
}

/* Whatever a trap brings: an answer, and no undefined behaviour (the sanitizer build looks on). */
static void anything(void **state) {
  static const uint64_t gpas[] = {0, RAM, ROM, DEVICE, UINT64_MAX, UINT64_C(1) << 41, RAM + P(RAM_PAGES)};
  uint64_t seed = 0x9e3779b97f4a7c15u;
  (void)state;
  fake_open(1, S2_RV_TRAP_WFI, FEATURES, 7);
  for (uint32_t i = 0; i < 200000; i++) {
    uint64_t r = env_random(&seed);
    f.at = f.count = 0;
    fake_trap((r & 1) != 0 ? 20 + (r >> 1 & 3) : (r >> 1 & 63) | (r >> 7 & 1) << 63, gpas[(r >> 8) % LENGTH(gpas)],
              (r >> 11 & 1) != 0 ? env_random(&seed) & UINT32_MAX : (r >> 12 & 3) << 12);
    f.insn = env_random(&seed) & UINT32_MAX;
    f.insn_cause = (r >> 20 & 7) == 0 ? 20 + (r >> 23 & 3) : 0;
    f.insn_htval = gpas[(r >> 26) % LENGTH(gpas)] >> 2;
    if (f.vcpu[0].hsm == S2_RV_STOPPED) {
      assert_int_equal(s2_rv_start(&f.guest, 0, RAM, 0), S2_OK);
    }
    struct s2_rv_exit e = fake_run();
    assert_true(e.kind < S2_RV_EXIT_KINDS);
    assert_string_not_equal(s2_rv_exit_name(e.kind), "?");
    (void)(s2_rv_complete_read(&f.vcpu[0], r) == S2_OK || s2_rv_complete_write(&f.vcpu[0]) == S2_OK ||
           s2_rv_reflect(&f.vcpu[0]) == S2_OK);
    assert_int_equal(f.vcpu[0].regs.x[0], 0);
  }
  fake_close();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads),   cmocka_unit_test(writes),    cmocka_unit_test(floating),
      cmocka_unit_test(fetched), cmocka_unit_test(faults),    cmocka_unit_test(rom),
      cmocka_unit_test(adding),  cmocka_unit_test(no_memory), cmocka_unit_test(anything),
  };
  return cmocka_run_group_tests_name("riscv mmio", tests, NULL, NULL);
}
