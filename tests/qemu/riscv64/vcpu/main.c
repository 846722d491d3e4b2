/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* main.c - the vCPU on a real hart (QEMU's): registers, exits, faults, interrupts, isolation. `N passed, N failed`. */
#include "test.h"

S2_RV_CSR(sie, S2_RV_CSR_SIE)
S2_RV_CSR(sip, S2_RV_CSR_SIP)
S2_RV_CSR(stimecmp, 0x14d)

#define ALL_FEATURES S2_RV_FEAT_ALL
#define IE_SOFT      UINT64_C(0x002)
#define IE_TIMER     UINT64_C(0x020)
#define IE_EXTERNAL  UINT64_C(0x200)

static uint64_t seed = UINT64_C(0x853c49e6748fea9b);
static uint32_t passed, failed;
static struct s2_rv_machine machine;
static struct s2_rv_hart hart;
static struct guest_memory mem[2];
static struct s2_rv_guest guests[2];
static struct s2_rv_vcpu vcpus[2][2];
#define VECTOR_BYTES 1024u /* vlenb up to 32 */
static _Alignas(8) uint8_t vector_store[2][2 * VECTOR_BYTES];
static uint32_t guest_features = S2_RV_FEAT_ALL;

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value);
_Noreturn void hs_main(uint64_t n);

static uint64_t rnd(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void check(bool ok, const char *what) {
  if (ok) {
    passed++;
  } else {
    failed++;
    put("FAIL ");
    put(what);
    put("\n");
  }
}

static void equal(uint64_t got, uint64_t want, const char *what) {
  check(got == want, what);
  if (got != want) {
    put("  got ");
    put_hex(got);
    put(" want ");
    put_hex(want);
    put("\n");
  }
}

static _Noreturn void finish(void) {
  put_dec(passed);
  put(" passed, ");
  put_dec(failed);
  put(" failed\n");
  power_off(failed == 0 ? 0 : 1);
}

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value) {
  put("a trap in HS-mode: scause ");
  put_hex(cause);
  put(" sepc ");
  put_hex(pc);
  put(" stval ");
  put_hex(value);
  put("\n");
  failed++;
  finish();
}

/** The GPA of a label of guest.S. */
static uint64_t gpa_of(const uint8_t *label) {
  return RAM + (uint64_t)(label - guest_begin);
}
#define AT(label) gpa_of(label)

static void make_guest(uint32_t n, uint32_t count, uint32_t flags, uint32_t gpa_bits) {
  struct s2_rv_guest_config c = {.space = &mem[n].space,
                                 .machine = &machine,
                                 .vcpus = vcpus[n],
                                 .count = count,
                                 .flags = flags,
                                 .ctx = &mem[n],
                                 .henvcfg = 0xf0,
                                 .hcounteren = 7,
                                 .features = guest_features,
                                 .vectors = vector_store[n],
                                 .vector_bytes = VECTOR_BYTES};
  memory_init(&mem[n], n, gpa_bits);
  if (s2_rv_guest_init(&guests[n], &c) != S2_OK) {
    hs_unasked(0, 1, 0);
  }
  mem[n].guest = &guests[n];
  for (uint32_t i = 0; i < count; i++) {
    if (s2_rv_start(&guests[n], i, AT(g_nop), 0) != S2_OK) {
      hs_unasked(0, 2, 0);
    }
  }
}

static void gone(uint32_t n) {
  s2_rv_put(&hart);
  s2_fini(&mem[n].space);
  equal(mem[n].used, 0, "every frame came home");
}

/** Run from pc until an exit that is no host timer. */
static struct s2_rv_exit go(struct s2_rv_vcpu *v, uint64_t pc) {
  struct s2_rv_exit e;
  v->regs.sepc = pc;
  do {
    e = s2_rv_run(&hart, v);
    if (e.kind == S2_RV_EXIT_TIMER) {
      s2_rv_write_stimecmp(s2_rv_read_time() + 50 + (rnd() & 1023));
    }
  } while (e.kind == S2_RV_EXIT_TIMER);
  return e;
}

/* ---- registers ---- */

/** Everything the guest owns, random; run one of the rotations; compare. v is on no hart or on this one. */
static void rotate(struct s2_rv_vcpu *v, const uint8_t *program) {
  uint64_t x[32];
  for (uint32_t i = 1; i < 32; i++) {
    x[i] = v->regs.x[i] = rnd();
  }
  if (program == guest_touch) {
    x[2] = v->regs.x[2] = (rnd() & 1) != 0 ? FRESH + rnd() % 64 * S2_PAGE_SIZE : DEVICE + 8;
    if (x[2] < DEVICE || x[2] >= FRESH) {
      check(s2_discard(&((struct guest_memory *)v->guest->ctx)->space, x[2], S2_PAGE_SIZE) == S2_OK, "discard");
    }
  }
  if (program == guest_load) {
    x[3] = v->regs.x[3] = DEVICE + 16;
  }
  struct s2_rv_exit e = go(v, AT(program));
  if (e.kind == S2_RV_EXIT_MMIO_WRITE) {
    equal(e.value, x[1], "the data of a store");
    check(s2_rv_complete_write(v) == S2_OK, "complete a store");
    e = go(v, v->regs.sepc);
  } else if (e.kind == S2_RV_EXIT_MMIO_READ) {
    x[15] = rnd();
    check(s2_rv_complete_read(v, x[15]) == S2_OK, "complete a load");
    e = go(v, v->regs.sepc);
  }
  bool same = e.kind == S2_RV_EXIT_ECALL && v->regs.x[0] == 0;
  for (uint32_t i = 1; i < 32; i++) {
    same = same && v->regs.x[i] == x[i] + i;
  }
  check(same, "x1..x31 in and out");
}

static void rotate_fp(struct s2_rv_vcpu *v) {
  uint64_t fcsr = rnd() & 0x1f, after = rnd() & 0x1f;
  s2_rv_put(&hart);
  v->csrs.vsstatus |= S2_RV_FS_CLEAN;
  for (uint32_t i = 0; i < 32; i++) {
    v->fp.f[i] = rnd();
  }
  struct s2_rv_fp was = v->fp;
  v->fp.fcsr = fcsr;
  v->regs.x[5] = after;
  check(go(v, AT(guest_fp)).kind == S2_RV_EXIT_ECALL, "FP program");
  equal(v->regs.x[5], fcsr, "fcsr in");
  if ((rnd() & 1) != 0) {
    struct s2_rv_vcpu *other = v == &vcpus[1][0] ? &vcpus[0][0] : &vcpus[1][0];
    rotate(other, guest_rotate); /* takes the hart */
    check(v->on == NULL && v->regs.sepc == AT(guest_csrs) - 4, "the other vCPU took the hart");
  }
  s2_rv_put(&hart);
  bool same = v->fp.fcsr == after;
  for (uint32_t i = 0; i < 32; i++) {
    same = same && v->fp.f[i] == (was.f[i] ^ UINT64_C(1) << 63);
  }
  check(same, "f0..f31 and fcsr in and out");
}

#define E16_M2 UINT64_C(0x9) /* vtype: up to vlenb elements of 16 bits in two registers */

/** The same for vectors. */
static void rotate_vector(struct s2_rv_vcpu *v) {
  uint64_t bytes = s2_rv_vector_bytes();
  uint64_t in[4] = {rnd() & 7, rnd() & 7, rnd() % 17, E16_M2}, after[4] = {rnd() & 7, rnd() & 7, rnd() % 17, E16_M2};
  uint64_t was[VECTOR_BYTES / 8];
  uint64_t *regs = (uint64_t *)(void *)v->vector.regs;
  bool same = true;
  s2_rv_put(&hart);
  v->csrs.vsstatus |= S2_RV_VS_CLEAN;
  for (uint32_t i = 0; i < VECTOR_BYTES / 8; i++) {
    was[i] = regs[i] = rnd();
  }
  v->vector.vstart = in[0];
  v->vector.vcsr = in[1];
  v->vector.vl = in[2];
  v->vector.vtype = in[3];
  for (uint32_t i = 0; i < 4; i++) {
    v->regs.x[12 + i] = after[i];
  }
  check(go(v, AT(guest_vrotate)).kind == S2_RV_EXIT_ECALL, "vector program");
  for (uint32_t i = 0; i < 4; i++) {
    same = same && v->regs.x[18 + i] == in[i];
  }
  check(same, "vstart, vcsr, vl, vtype in");
  if ((rnd() & 1) != 0) {
    rotate(v == &vcpus[1][0] ? &vcpus[0][0] : &vcpus[1][0], guest_rotate); /* takes the hart */
    check(v->on == NULL, "the other vCPU took the hart");
  }
  s2_rv_put(&hart);
  check(v->vector.vstart == after[0] && v->vector.vcsr == after[1] && v->vector.vl == after[2] &&
            v->vector.vtype == after[3],
        "vstart, vcsr, vl, vtype out");
  same = bytes <= VECTOR_BYTES && bytes % 8 == 0;
  for (uint32_t i = 0; i < VECTOR_BYTES / 8; i++) {
    same = same && regs[i] == (i < bytes / 8 ? ~was[i] : was[i]);
  }
  check(same, "v0..v31 in and out");
}

static void rotate_csrs(struct s2_rv_vcpu *v) {
  struct s2_rv_csrs c;
  uint64_t x[8];
  static const uint8_t reg[8] = {5, 6, 7, 28, 29, 30, 31, 18};
  s2_rv_put(&hart);
  c = v->csrs;
  c.vsscratch = rnd();
  c.vsepc = rnd() & ~UINT64_C(3);
  c.vstvec = rnd() & ~UINT64_C(3);
  c.vscause = rnd() & 0x3f;
  c.vstval = rnd();
  c.scounteren = rnd() & 7;
  c.vsie = rnd() & 0x222;
  c.senvcfg = rnd() & 0xf0 & ~UINT64_C(0x20); /* CBIE 10 is reserved */
  c.senvcfg &= (c.senvcfg & 0x30) == 0x20 ? ~UINT64_C(0x30) : ~UINT64_C(0);
  v->csrs = c;
  x[0] = rnd();
  x[1] = rnd() & ~UINT64_C(3);
  x[2] = rnd() & ~UINT64_C(3);
  x[3] = rnd() & 0x3f;
  x[4] = rnd();
  x[5] = rnd() & 7;
  x[6] = rnd() & 0x222;
  x[7] = 0xd0;
  for (uint32_t i = 0; i < 8; i++) {
    v->regs.x[reg[i]] = x[i];
  }
  check(go(v, AT(guest_csrs)).kind == S2_RV_EXIT_ECALL, "CSR program");
  uint64_t old[8] = {c.vsscratch, c.vsepc, c.vstvec, c.vscause, c.vstval, c.scounteren, c.vsie, c.senvcfg};
  bool same = true;
  for (uint32_t i = 0; i < 8; i++) {
    same = same && v->regs.x[reg[i]] == old[i];
  }
  check(same, "VS CSRs in");
  s2_rv_put(&hart);
  uint64_t now[8] = {v->csrs.vsscratch, v->csrs.vsepc,      v->csrs.vstvec, v->csrs.vscause,
                     v->csrs.vstval,    v->csrs.scounteren, v->csrs.vsie,   v->csrs.senvcfg};
  same = true;
  for (uint32_t i = 0; i < 8; i++) {
    same = same && now[i] == x[i];
  }
  check(same, "VS CSRs out");
  v->csrs.vsie = 0;
}

/** Three vCPUs of two guests take turns on one hart, host timer interrupts come at any instruction. */
static void registers(void) {
  static const uint8_t *const programs[] = {guest_rotate, guest_touch, guest_load};
  int64_t timers = 0, exits = 0;
  make_guest(0, 2, S2_RV_RAW_ECALL, 41);
  make_guest(1, 1, S2_RV_RAW_ECALL, 50);
  struct s2_rv_vcpu *v[3] = {&vcpus[0][0], &vcpus[0][1], &vcpus[1][0]};
  for (uint32_t i = 0; i < 3; i++) {
    check(go(v[i], AT(g_nop)).kind == S2_RV_EXIT_ECALL, "the vCPU starts");
  }
  s2_rv_set_sie(IE_TIMER);
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    s2_rv_write_stimecmp(s2_rv_read_time() + (rnd() & 255));
    rotate(v[rnd() % 3], programs[rnd() % 3]);
    if (turn % 4 == 0) {
      rotate_fp(v[rnd() % 3]);
    }
    if (turn % 4 == 1) {
      rotate_vector(v[rnd() % 3]);
    }
    if (turn % 4 == 2) {
      rotate_csrs(v[rnd() % 3]);
    }
  }
  s2_rv_clear_sie(IE_TIMER);
  for (uint32_t i = 0; i < 3; i++) {
    timers += v[i]->profile.count[S2_RV_EXIT_TIMER];
    for (uint32_t k = 0; k < S2_RV_DID_KINDS; k++) {
      exits += v[i]->profile.count[k];
    }
    check(v[i]->profile.count[S2_RV_DID_PAGE] > 0, "pages came in meanwhile");
  }
  check(timers > TURNS / 20, "timers struck meanwhile");
  put("registers: ");
  put_dec((uint64_t)exits);
  put(" exits, of which timer ");
  put_dec((uint64_t)timers);
  put("\n");
  gone(0);
  gone(1);
}

/* ---- every load and store ---- */

static void accesses(void) {
  static const struct {
    const uint8_t *program;
    uint8_t width, length, kind; /* kind: 'l' load, 's' store, upper case: FP */
    bool sign;
  } row[] = {{g_lb, 1, 4, 'l', true},      {g_lh, 2, 4, 'l', true},      {g_lw, 4, 4, 'l', true},
             {g_ld, 8, 4, 'l', false},     {g_lbu, 1, 4, 'l', false},    {g_lhu, 2, 4, 'l', false},
             {g_lwu, 4, 4, 'l', false},    {g_flw, 4, 4, 'L', false},    {g_fld, 8, 4, 'L', false},
             {g_sb, 1, 4, 's', false},     {g_sh, 2, 4, 's', false},     {g_sw, 4, 4, 's', false},
             {g_sd, 8, 4, 's', false},     {g_fsw, 4, 4, 'S', false},    {g_fsd, 8, 4, 'S', false},
             {g_c_lw, 4, 2, 'l', true},    {g_c_ld, 8, 2, 'l', false},   {g_c_sw, 4, 2, 's', false},
             {g_c_sd, 8, 2, 's', false},   {g_c_fld, 8, 2, 'L', false},  {g_c_fsd, 8, 2, 'S', false},
             {g_c_lwsp, 4, 2, 'l', true},  {g_c_ldsp, 8, 2, 'l', false}, {g_c_sdsp, 8, 2, 's', false},
             {g_c_fldsp, 8, 2, 'L', false}};
  struct s2_rv_vcpu *v = &vcpus[0][0];
  make_guest(0, 1, S2_RV_RAW_ECALL, 41);
  (void)go(v, AT(g_nop));
  for (uint32_t pass = 0; pass < 8; pass++) {
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
      bool store = row[i].kind == 's' || row[i].kind == 'S';
      bool fp = row[i].kind == 'L' || row[i].kind == 'S';
      uint64_t mask = row[i].width == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * row[i].width) - 1;
      uint64_t data = rnd();
      s2_rv_put(&hart);
      v->csrs.vsstatus |= S2_RV_FS_CLEAN;
      v->fp.f[10] = v->regs.x[10] = data;
      v->regs.x[11] = DEVICE;
      v->regs.x[2] = DEVICE;
      struct s2_rv_exit e = go(v, AT(row[i].program));
      equal(e.kind, store ? S2_RV_EXIT_MMIO_WRITE : S2_RV_EXIT_MMIO_READ, "kind");
      equal(e.width | (uint64_t)e.length << 8 | (uint64_t)e.reg << 16, row[i].width | row[i].length << 8 | 10u << 16,
            "width, length, register");
      equal(e.gpa & ~UINT64_C(15), DEVICE, "address");
      /* what the hart said in htinst is what the instruction in memory says */
      struct s2_rv_guarded got = s2_rv_fetch(v);
      struct s2_rv_insn in = s2_rv_decode((uint32_t)got.value);
      check(got.cause == 0 && in.width == e.width && in.reg == e.reg && in.length == e.length && in.sign == e.sign &&
                in.fp == e.fp,
            "hlvx reads the instruction");
      if (store) {
        equal(e.value, data & mask, "stored");
        check(s2_rv_complete_write(v) == S2_OK, "completed");
        check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "goes on");
        continue;
      }
      uint64_t value = rnd();
      bool negative = row[i].sign && (value & (mask ^ mask >> 1)) != 0;
      check(s2_rv_complete_read(v, value) == S2_OK, "completed");
      check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "goes on");
      s2_rv_put(&hart);
      equal(fp ? v->fp.f[10] : v->regs.x[10], negative || fp ? value | ~mask : value & mask, "loaded");
    }
  }
  gone(0);
}

/* ---- exits and injected faults ---- */

/** After a reflected exception the guest's handler reports cause, value and pc. */
static void reflected(struct s2_rv_vcpu *v, uint64_t cause, uint64_t value, uint64_t pc) {
  check(s2_rv_reflect(v) == S2_OK, "reflected");
  check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "the handler runs");
  equal(v->regs.x[18], cause, "cause");
  equal(v->regs.x[19], value, "value");
  equal(v->regs.x[20], pc, "pc");
}

static void exits(void) {
  struct s2_rv_vcpu *v = &vcpus[0][0];
  struct s2_rv_exit e;
  make_guest(0, 1, S2_RV_RAW_ECALL | S2_RV_TRAP_WFI, 41);
  (void)go(v, AT(g_nop));
  s2_rv_put(&hart);
  v->csrs.vstvec = AT(guest_trap);
  v->csrs.vstimecmp = UINT64_MAX;

  v->regs.x[11] = NOWHERE;
  e = go(v, AT(g_jump));
  equal(e.kind, S2_RV_EXIT_FAULT, "jump to nowhere");
  equal(e.why, S2_RV_WHY_FETCH, "jump to nowhere: fetch");
  equal(e.gpa, NOWHERE, "jump to nowhere: address");
  reflected(v, S2_RV_CAUSE_FETCH, NOWHERE, NOWHERE);

  v->regs.x[11] = DEVICE;
  e = go(v, AT(g_amo));
  equal(e.why, S2_RV_WHY_ATOMIC, "an atomic on a device");
  reflected(v, S2_RV_CAUSE_STORE, DEVICE, AT(g_amo));

  v->regs.x[11] = ROM;
  e = go(v, AT(g_sd));
  equal(e.why, S2_RV_WHY_DENIED, "a store into ROM");
  equal(e.access, S2_W, "a store into ROM: access");
  reflected(v, S2_RV_CAUSE_STORE, ROM, AT(g_sd));
  v->regs.x[10] = UINT64_C(0x123456789abcdef0);
  e = go(v, AT(g_c_sw));
  equal(e.why, S2_RV_WHY_DENIED, "a short store into ROM");
  equal(e.value, 0x9abcdef0, "a short store into ROM: its data");
  equal(e.width | (uint64_t)e.length << 8 | (uint64_t)e.reg << 16, 4 | 2 << 8 | 10 << 16, "width, length, register");
  check(s2_rv_complete_write(v) == S2_OK, "the host has done it");
  check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "and the guest goes on");
  check(s2_rv_complete_write(v) == S2_ERR_CONFIG, "once");
  v->regs.x[11] = ROM;
  check(go(v, AT(g_ld)).kind == S2_RV_EXIT_ECALL, "a load from ROM");

  v->regs.x[11] = DEVICE;
  (void)go(v, AT(g_lw));
  reflected(v, S2_RV_CAUSE_LOAD, DEVICE, AT(g_lw));
  check(s2_rv_complete_read(v, 1) == S2_ERR_CONFIG, "not completed twice");

  e = go(v, AT(g_hcsr));
  equal(e.kind, S2_RV_EXIT_VIRTUAL, "a hypervisor CSR");
  equal(e.value, 0x60002573, "a hypervisor CSR: the instruction");
  reflected(v, S2_RV_CAUSE_ILLEGAL, 0x60002573, AT(g_hcsr));

  e = go(v, AT(g_wfi));
  equal(e.kind, S2_RV_EXIT_WFI, "wfi");
  equal(e.value, UINT64_MAX, "wfi: no deadline");
  check(!s2_rv_due(v), "nothing to wake it");
  check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "after wfi");

  equal(go(v, AT(g_wrs)).kind, S2_RV_EXIT_SPIN, "wrs.nto");
  check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "after wrs.nto");

  /* the guest's own page tables lie nowhere: Sv39 root at NOWHERE */
  s2_rv_put(&hart);
  v->csrs.vsatp = UINT64_C(8) << 60 | NOWHERE >> 12;
  e = go(v, AT(g_nop));
  equal(e.kind, S2_RV_EXIT_FAULT, "page tables nowhere");
  equal(e.why, S2_RV_WHY_WALK, "page tables nowhere: walk");
  equal(e.gpa & ~UINT64_C(0xfff), NOWHERE, "page tables nowhere: address");
  equal(e.access, S2_R, "page tables nowhere: a read");
  struct s2_rv_guarded got = s2_rv_fetch(v);
  check(got.cause != 0, "hlvx faults, the host does not");
  equal(got.value << 2 & ~UINT64_C(0xfff), NOWHERE, "hlvx: where");
  s2_rv_put(&hart);
  v->csrs.vsatp = UINT64_C(8) << 60 | (RAM + EMPTY) >> 12; /* a table of zeros: the fetch faults in the guest */
  v->regs.sepc = AT(g_nop);
  s2_rv_load(&hart, v);
  check(s2_rv_page_in(&guests[0], RAM + EMPTY, S2_R).status == S2_OK, "an empty table");
  got = s2_rv_fetch(v);
  check(got.cause == 12 || got.cause == 13, "hlvx: a stage-1 page fault, which the host survives");
  s2_rv_put(&hart);
  v->csrs.vsatp = 0;
  e = go(v, AT(g_nop));
  equal(e.kind, S2_RV_EXIT_ECALL, "Bare again");

  /* the code page goes away under an instruction that is being looked at */
  v->regs.x[11] = DEVICE;
  e = go(v, AT(g_lw));
  check(s2_discard(&mem[0].space, RAM, S2_PAGE_SIZE) == S2_OK, "discard the code");
  got = s2_rv_fetch(v);
  check(got.cause != 0, "hlvx: a guest page fault"); /* 21 by the manual; QEMU 10.0 says 12 */
  equal(got.value << 2, AT(g_lw), "hlvx: its address");
  v->regs.htinst = 0; /* as a hart that does not transform instructions */
  equal(s2_rv_access(v, DEVICE, S2_R, false), S2_RV_DID_RETRY, "it is brought back, and tried again");
  equal(s2_rv_access(v, DEVICE, S2_R, false), S2_RV_EXIT_MMIO_READ, "now it can be read");
  /* it changed meanwhile: the trap was a load, the instruction is a store now */
  mem[0].code[(AT(g_lw) - RAM) / 4] = mem[0].code[(AT(g_sw) - RAM) / 4];
  for (uint32_t i = 1; i < S2_RV_STUCK_MAX; i++) {
    equal(s2_rv_access(v, DEVICE, S2_R, false), S2_RV_DID_RETRY, "changed code is tried again");
  }
  equal(s2_rv_access(v, DEVICE, S2_R, false), S2_RV_EXIT_FAULT, "not for ever");
  equal(v->exit.why, S2_RV_WHY_UNREADABLE, "not for ever: why");

  /* frames run out; the host frees one */
  mem[0].limit = mem[0].used;
  v->regs.x[11] = FRESH + 70 * S2_PAGE_SIZE;
  e = go(v, AT(g_sd));
  equal(e.kind, S2_RV_EXIT_NO_MEMORY, "no frame");
  equal(e.gpa, FRESH + 70 * S2_PAGE_SIZE, "no frame: address");
  mem[0].limit = UINT32_MAX;
  check(go(v, v->regs.sepc).kind == S2_RV_EXIT_ECALL, "a frame again");
  gone(0);
}

/* ---- vectors: the hart has them, this guest does not ---- */

#define VS          UINT64_C(0x600) /* in sstatus */
#define VSETVLI     UINT64_C(0x0c05f557)
#define ILLEGAL_BIT UINT64_C(0x4) /* in hedeleg */

/** The guest turns its own VS on, which the hart allows; sstatus.VS is off, so a vector instruction is illegal still. */
static void vectors(void) {
  struct s2_rv_vcpu *v = &vcpus[0][0];
  uint64_t mine[32], after[32];
  bool same = true;
  guest_features = S2_RV_FEAT_ALL & ~S2_RV_FEAT_V;
  make_guest(0, 1, S2_RV_RAW_ECALL, 41);
  guest_features = S2_RV_FEAT_ALL;
  (void)go(v, AT(g_nop));
  s2_rv_put(&hart);
  v->csrs.vstvec = AT(guest_trap);
  s2_rv_set_sstatus(VS);
  check((s2_rv_read_sstatus() & VS) == VS, "this hart has vectors");
  for (uint32_t i = 0; i < 32; i++) {
    mine[i] = rnd();
    after[i] = 0;
  }
  host_vector_load(mine);
  /* the guest's own exception, as on a hart without vectors */
  check(go(v, AT(guest_vector)).kind == S2_RV_EXIT_ECALL, "the guest's handler runs");
  equal(v->regs.x[18], S2_RV_CAUSE_ILLEGAL, "vectors are illegal");
  equal(v->regs.x[19], VSETVLI, "vectors are illegal: the instruction");
  equal(v->regs.x[20], AT(g_vector), "vectors are illegal: where");
  equal(s2_rv_read_vsstatus() & VS, VS, "though the guest has turned them on");
  equal(v->regs.sstatus & VS, 0, "the guest never has sstatus.VS");
  /* a host that wants to hear of illegal instructions */
  s2_rv_clear_hedeleg(ILLEGAL_BIT);
  struct s2_rv_exit e = go(v, AT(g_vector));
  equal(e.kind, S2_RV_EXIT_ILLEGAL, "a vector instruction as an exit");
  equal(e.value, VSETVLI, "a vector instruction as an exit: the instruction");
  reflected(v, S2_RV_CAUSE_ILLEGAL, VSETVLI, AT(g_vector));
  s2_rv_set_hedeleg(ILLEGAL_BIT);
  check((s2_rv_read_sstatus() & VS) != 0, "the host's sstatus.VS is its own");
  host_vector_store(after);
  for (uint32_t i = 0; i < 32; i++) {
    same = same && after[i] == mine[i];
  }
  check(same, "the host's vector registers are as they were");
  s2_rv_clear_sstatus(VS);
  gone(0);
}

/* ---- interrupts, both ways ---- */

static void guest_interrupt(struct s2_rv_vcpu *v, uint64_t irq, uint64_t code) {
  s2_rv_irq(v, irq, true);
  check(go(v, AT(guest_wait)).kind == S2_RV_EXIT_ECALL, "the guest is interrupted");
  equal(v->regs.x[18], UINT64_C(1) << 63 | code, "by the right interrupt");
  s2_rv_irq(v, irq, false);
}

static void interrupts(void) {
  struct s2_rv_vcpu *v = &vcpus[0][0];
  make_guest(0, 1, S2_RV_RAW_ECALL, 41);
  (void)go(v, AT(g_nop));
  s2_rv_put(&hart);
  v->csrs.vstvec = AT(guest_trap);
  guest_interrupt(v, S2_RV_IRQ_SOFT, 1);
  guest_interrupt(v, S2_RV_IRQ_TIMER, 5);
  guest_interrupt(v, S2_RV_IRQ_EXTERNAL, 9);
  /* Sstc: the guest's own compare register, with time shifted */
  s2_rv_put(&hart);
  v->csrs.htimedelta = 1000000;
  uint64_t before = s2_rv_read_time();
  check(go(v, AT(g_time)).kind == S2_RV_EXIT_ECALL, "time is not trapped");
  check(v->regs.x[10] - 1000000 >= before && v->regs.x[10] - 1000000 <= s2_rv_read_time(), "the guest's time");
  s2_rv_put(&hart);
  uint64_t at = s2_rv_read_time() + 1000000 + 2000;
  v->csrs.vstimecmp = at;
  check(go(v, AT(guest_wait)).kind == S2_RV_EXIT_ECALL, "vstimecmp interrupts");
  equal(v->regs.x[18], UINT64_C(1) << 63 | 5, "as a timer");
  check(s2_rv_read_time() + 1000000 >= at, "not before its time");
  s2_rv_put_timer(v, UINT64_MAX);
  /* the host's own */
  s2_rv_set_sie(IE_SOFT | IE_EXTERNAL);
  s2_rv_set_sip(IE_SOFT);
  equal(s2_rv_run(&hart, v).kind, S2_RV_EXIT_SOFT, "host soft interrupt");
  s2_rv_clear_sip(IE_SOFT);
  s2_rv_set_sie(IE_TIMER);
  s2_rv_write_stimecmp(0);
  equal(s2_rv_run(&hart, v).kind, S2_RV_EXIT_TIMER, "host timer interrupt");
  s2_rv_clear_sie(IE_TIMER);
  plic_raise();
  equal(s2_rv_run(&hart, v).kind, S2_RV_EXIT_EXTERNAL, "host external interrupt");
  plic_lower();
  s2_rv_clear_sie(IE_SOFT | IE_EXTERNAL);
  gone(0);
}

/* ---- two guests ---- */

/** The same GPAs, different frames, no flush in between: each sees only its own words. */
static void isolation(uint32_t vmid_bits) {
  uint64_t total[2] = {0, 0};
  bool right = true;
  check(s2_rv_machine_init(&machine, vmid_bits, NULL) == S2_OK, "VMIDs");
  check(s2_rv_hart_init(&hart, ALL_FEATURES) == S2_OK, "hart");
  make_guest(0, 1, S2_RV_RAW_ECALL, 41);
  make_guest(1, 1, S2_RV_RAW_ECALL, 41);
  for (uint32_t n = 0; n < 2; n++) {
    check(go(&vcpus[n][0], AT(g_nop)).kind == S2_RV_EXIT_ECALL, "starts");
  }
  for (uint32_t turn = 0; turn < 400; turn++) {
    uint32_t n = (uint32_t)(rnd() & 1);
    struct s2_rv_vcpu *v = &vcpus[n][0];
    v->regs.x[11] = FRESH;
    v->regs.x[12] = 64;
    v->regs.x[13] = n + 1;
    right = right && go(v, AT(guest_sum)).kind == S2_RV_EXIT_ECALL && v->regs.x[22] == 64 * total[n];
    total[n] += n + 1;
    if (turn % 50 == 49) { /* a page moves to another frame: contents come back as zero */
      right = right && s2_discard(&mem[n].space, FRESH, S2_PAGE_SIZE) == S2_OK;
      total[n] = 0;
    }
  }
  check(right, "each guest sees its own memory, and what became of it");
  check(vmid_bits < 2 || machine.generation == 1, "no VMID was given twice");
  check(vmid_bits >= 2 || machine.generation > 50, "without a VMID for each, a change of guest is a new generation");
  gone(0);
  gone(1);
}

/* ---- SBI from a guest, with addresses that lie ---- */

static void sbi(void) {
  struct s2_rv_vcpu *v = &vcpus[0][0];
  static const uint64_t pointer[] = {0,
                                     NOWHERE,
                                     DEVICE,
                                     ROM + S2_PAGE_SIZE - 8,
                                     UINT64_MAX - 7,
                                     UINT64_C(1) << 41,
                                     UINT64_C(0x80000000), /* the host's own code, at its host address */
                                     RAM + EMPTY};
  static const uint64_t eids[] = {0x4442434E, S2_RV_EID_BATCH, 4, 5, 6, 7, 0x48534D, 0x52464E43, 0x735049, 0x12345678};
  uint32_t calls = 0;
  make_guest(0, 1, 0, 41);
  v->start_pc = AT(guest_stop);
  equal(s2_rv_run(&hart, v).kind, S2_RV_EXIT_MMIO_WRITE, "started");
  for (size_t e = 0; e < sizeof eids / sizeof eids[0]; e++) {
    for (uint64_t fid = 0; fid < 4; fid++) {
      for (size_t p = 0; p < sizeof pointer / sizeof pointer[0]; p++) {
        for (uint32_t swap = 0; swap < 2; swap++) {
          if (v->hsm == S2_RV_STOPPED) {
            check(s2_rv_start(&guests[0], 0, AT(guest_stop), 0) == S2_OK, "start");
            equal(s2_rv_run(&hart, v).kind, S2_RV_EXIT_MMIO_WRITE, "started");
          }
          v->regs.sepc = AT(guest_calls);
          v->regs.x[10] = swap == 0 ? pointer[p] : 40;
          v->regs.x[11] = swap == 0 ? 40 : pointer[p];
          v->regs.x[12] = 1;
          v->regs.x[13] = pointer[p];
          v->regs.x[16] = fid;
          v->regs.x[17] = eids[e];
          int64_t before = v->profile.count[S2_RV_DID_SBI];
          struct s2_rv_exit x = s2_rv_run(&hart, v);
          check(x.kind == S2_RV_EXIT_MMIO_WRITE || x.kind == S2_RV_EXIT_WFI || x.kind == S2_RV_EXIT_STOPPED,
                "an answer and nothing else");
          calls += (uint32_t)(v->profile.count[S2_RV_DID_SBI] - before);
        }
      }
    }
  }
  check(calls > 500, "calls were answered");
  put("sbi: ");
  put_dec(calls);
  put(" calls with lying addresses answered\n");
  gone(0);
}

_Noreturn void hs_main(uint64_t n) {
  (void)n;
  put("VMID bits ");
  put_dec(s2_rv_vmid_bits());
  put("\n");
  check(s2_rv_machine_init(&machine, s2_rv_vmid_bits(), NULL) == S2_OK, "machine");
  check(s2_rv_hart_init(&hart, ALL_FEATURES) == S2_OK, "hart");
  s2_rv_write_stimecmp(UINT64_MAX);
  accesses();
  exits();
  vectors();
  interrupts();
  isolation(14);
  isolation(1);
  isolation(0);
  check(s2_rv_machine_init(&machine, 14, NULL) == S2_OK, "machine");
  check(s2_rv_hart_init(&hart, ALL_FEATURES) == S2_OK, "hart");
  sbi();
  registers();
  finish();
}
