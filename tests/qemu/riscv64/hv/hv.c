/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* hv.c - sets the Linux guests up and runs their vCPUs; see hv.h. */
#include "hv.h"

S2_RV_CSR(sie, S2_RV_CSR_SIE)
S2_RV_CSR(sip, S2_RV_CSR_SIP)
S2_RV_CSR(stimecmp, 0x14d)

#define IE_SOFT     UINT64_C(0x002)
#define IE_TIMER    UINT64_C(0x020)
#define IE_EXTERNAL UINT64_C(0x200)

#define TABLES 1024u
#define CHUNKS 4u
#define SLICE  UINT64_C(50000) /* 5 ms of the 10 MHz clock */

struct vm vms[GUESTS];
static struct s2_rv_machine machine;
static struct s2_rv_hart harts[HARTS];
static struct lock machine_lock;
static uint32_t arrived, ready;
static int64_t plic_accesses, external;

static struct {
  _Alignas(16384) struct s2_table tables[TABLES];
  struct s2_node nodes[TABLES];
  int32_t stack[TABLES];
  struct s2_chunk chunks[CHUNKS];
  uint64_t lo[CHUNKS];
  int32_t id[CHUNKS], spare[CHUNKS];
} store[GUESTS];

static _Alignas(8) uint8_t vector_store[GUESTS][HARTS * VECTOR_BYTES];

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value);
_Noreturn void hs_main(uint64_t hart);
extern const uint8_t _start[];

static _Noreturn void die(const char *why, const struct s2_rv_vcpu *v) {
  put("\n[hv] FATAL ");
  put(why);
  if (v != NULL) {
    put(": ");
    put(s2_rv_exit_name(v->exit.kind));
    put(" why ");
    put_dec(v->exit.why);
    put(" gpa ");
    put_hex(v->exit.gpa);
    put(" value ");
    put_hex(v->exit.value);
    put(" scause ");
    put_hex(v->regs.scause);
    put(" sepc ");
    put_hex(v->regs.sepc);
    put(" stval ");
    put_hex(v->regs.stval);
    put(" htinst ");
    put_hex(v->regs.htinst);
  }
  put("\n");
  power_off(1);
}

_Noreturn void hs_unasked(uint64_t cause, uint64_t pc, uint64_t value) {
  put("\n[hv] a trap in HS-mode: scause ");
  put_hex(cause);
  put(" sepc ");
  put_hex(pc);
  put(" stval ");
  put_hex(value);
  die("trap in HS-mode", NULL);
}

/** Devices at their own addresses, all but the PLIC's S-mode contexts: those are emulated. */
static s2_status map_devices(struct s2_space *space) {
  uint64_t at = 0;
  s2_status st = S2_OK;
  for (uint32_t h = 0; h < HARTS && st == S2_OK; h++) {
    uint64_t page = PLIC_CTX + (2u * h + 1u) * S2_PAGE_SIZE;
    st = s2_map_linear(space, at, page - at, at, S2_RW, 0);
    at = page + S2_PAGE_SIZE;
  }
  if (st == S2_OK) {
    st = s2_map_linear(space, at, UINT64_C(0x80000000) - at, at, S2_RW, 0);
  }
  return st == S2_OK ? s2_map_linear(space, PCI_LO, PCI_SIZE, PCI_LO, S2_RW, 0) : st;
}

static void set_up_guest(uint32_t n) {
  struct vm *vm = &vms[n];
  struct s2_space_config c = {
      .hw = {.gpa_bits = GPA_BITS, .hpa_bits = 56, .leaf_max = 2, .vmid = 0, .ctx = vm},
      .tables = {.tables = store[n].tables,
                 .nodes = store[n].nodes,
                 .stack = store[n].stack,
                 .count = TABLES,
                 .hpa = (uint64_t)store[n].tables},
      .areas = {
          .chunks = store[n].chunks, .lo = store[n].lo, .id = store[n].id, .spare = store[n].spare, .count = CHUNKS}};
  struct s2_rv_guest_config g = {.space = &vm->space,
                                 .machine = &machine,
                                 .vcpus = vm->vcpu,
                                 .count = HARTS,
                                 .flags = S2_RV_PROFILE | (GUESTS > 1 || TRAP_WFI ? S2_RV_TRAP_WFI : 0),
                                 .ctx = vm,
                                 .henvcfg = UINT64_C(0x60000000000000f0), /* PBMTE, ADUE, CBZE, CBCFE, CBIE */
                                 .hcounteren = 0xffffffff,
                                 .features = GUEST_FEATURES,
                                 .vectors = vector_store[n],
                                 .vector_bytes = VECTOR_BYTES};
  vm->number = n;
  if (s2_init(&vm->space, &c) != S2_OK || (GUESTS == 1 && map_devices(&vm->space) != S2_OK) ||
      s2_map_alloc(&vm->space, RAM_LO, RAM_HI - RAM_LO, S2_RWX, 0) != S2_OK ||
      s2_rv_guest_init(&vm->guest, &g) != S2_OK || s2_rv_start(&vm->guest, 0, RAM_LO, DTB_GPA) != S2_OK) {
    die("set-up", NULL);
  }
}

static void set_up(void) {
  uint32_t bits = s2_rv_vmid_bits();
  if (s2_rv_machine_init(&machine, bits, &machine_lock) != S2_OK) {
    die("machine", NULL);
  }
  for (uint32_t n = 0; n < GUESTS; n++) {
    set_up_guest(n);
  }
  put("[hv] HS-mode, VMID bits ");
  put_dec(bits);
  put(", guests ");
  put_dec(GUESTS);
  put(", harts ");
  put_dec(HARTS);
  put(", GPA bits ");
  put_dec(GPA_BITS);
  put(", frames ");
  put_dec(RESIDENT);
  put("\n");
}

static void row(const char *name, int64_t count, int64_t cycles) {
  if (count != 0) {
    put("[hv] ");
    put(name);
    put(" | ");
    put_dec((uint64_t)count);
    put(" | ");
    put_dec((uint64_t)(cycles / count));
    put("\n");
  }
}

static void profile_of(const struct vm *vm) {
  struct s2_report s = s2_stats_of(&vm->space);
  put("[hv] guest ");
  put_dec(vm->number);
  put(" VMID ");
  put_dec(vm->guest.hgatp >> 44 & 0x3fff);
  put(" tables ");
  put_dec(s.tables - s.tables_free);
  put(" state loads ");
  put_dec((uint64_t)vm->vcpu[0].profile.loads);
  put(" FP saves ");
  put_dec((uint64_t)vm->vcpu[0].profile.fp_saves);
  put(" vector saves ");
  put_dec((uint64_t)vm->vcpu[0].profile.vector_saves);
  put("\n[hv] exit | count | cycles each\n");
  for (uint32_t k = 0; k < S2_RV_DID_KINDS; k++) {
    int64_t count = 0, cycles = 0;
    for (uint32_t i = 0; i < HARTS; i++) {
      count += vm->vcpu[i].profile.count[k];
      cycles += vm->vcpu[i].profile.cycles[k];
    }
    row(s2_rv_exit_name((enum s2_rv_exit_kind)k), count, cycles);
  }
}

static void profile(void) {
  struct frames_report f = frames_report();
  for (uint32_t n = 0; n < GUESTS; n++) {
    profile_of(&vms[n]);
  }
  put("[hv] frames taken ");
  put_dec(f.taken);
  put(" most ");
  put_dec(f.most);
  put(" evictions ");
  put_dec(f.evictions);
  put(" shootdowns ");
  put_dec(shootdowns());
  put(" PLIC accesses ");
  put_dec((uint64_t)plic_accesses);
  put(" external interrupts ");
  put_dec((uint64_t)external);
#ifdef UNDER_SBI
  put("\n[hv] SBI hart_start ");
  put_dec(sbi_report().starts);
  put(" IPIs ");
  put_dec(sbi_report().ipis);
  put(" remote fences ");
  put_dec(sbi_report().fences);
#endif
  put("\n");
}

/** The PLIC holds this hart's interrupt line up: the guest has one waiting. Else the host listens for the next. */
static void forward_external(struct s2_rv_vcpu *v) {
  bool up = (s2_rv_read_sip() & IE_EXTERNAL) != 0;
  s2_rv_irq(v, S2_RV_IRQ_EXTERNAL, up);
  if (up) {
    s2_rv_clear_sie(IE_EXTERNAL);
  } else {
    s2_rv_set_sie(IE_EXTERNAL);
  }
}

/** Threshold, claim and complete of this hart's own context, done on the real PLIC. */
static bool plic(struct s2_rv_vcpu *v, const struct s2_rv_exit *e) {
  uint64_t page = PLIC_CTX + (2u * v->index + 1u) * S2_PAGE_SIZE;
  volatile uint32_t *reg = (volatile uint32_t *)e->gpa;
  s2_status st;
  if (e->gpa - e->gpa % S2_PAGE_SIZE != page || e->width != 4 || e->gpa % 4 != 0) {
    return false;
  }
  plic_accesses++;
  if (e->kind == S2_RV_EXIT_MMIO_WRITE) {
    *reg = (uint32_t)e->value;
    st = s2_rv_complete_write(v);
  } else {
    st = s2_rv_complete_read(v, *reg);
  }
  forward_external(v);
  return st == S2_OK;
}

/** Room for a few pages; several at once, so that not each fault needs an eviction. Any guest's may go. */
static bool make_room(void) {
  bool done = true;
  for (uint32_t n = 0; n < GUESTS; n++) {
    s2_rv_host_lock(&vms[n]);
  }
  for (uint32_t i = 0; i < 8 && done; i++) {
    done = evict();
  }
  for (uint32_t n = 0; n < GUESTS; n++) {
    s2_rv_host_unlock(&vms[n]);
  }
  return done;
}

/** The guest has powered off; the last one takes the machine with it. */
static void guest_off(struct vm *vm, uint64_t type) {
  bool all = true;
  put("\n[hv] guest ");
  put_dec(vm->number);
  put(" SRST type ");
  put_dec(type);
  put("\n");
  vm->off = true;
  for (uint32_t n = 0; n < GUESTS; n++) {
    all = all && vms[n].off;
  }
  if (all) {
    profile();
    power_off(0);
  }
}

static void handle(struct vm *vm, struct s2_rv_vcpu *v, struct s2_rv_exit e) {
  switch ((int)e.kind) {
    case S2_RV_EXIT_MMIO_READ:
    case S2_RV_EXIT_MMIO_WRITE:
      if (!(GUESTS == 1 ? plic(v, &e) : uart(vm, v, &e)) && s2_rv_reflect(v) != S2_OK) {
        die("no device", v);
      }
      break;
    case S2_RV_EXIT_NO_MEMORY:
      if (e.status != S2_ERR_NO_FRAMES || !make_room()) {
        die("no memory", v);
      }
      break;
    case S2_RV_EXIT_SOFT:
      s2_rv_clear_sip(IE_SOFT);
      break;
    case S2_RV_EXIT_TIMER:
      s2_rv_clear_sie(IE_TIMER);
      break;
    case S2_RV_EXIT_SET_TIMER:
      s2_rv_write_stimecmp(e.value);
      s2_rv_set_sie(IE_TIMER);
      break;
    case S2_RV_EXIT_EXTERNAL:
      external++;
      forward_external(v);
      break;
    case S2_RV_EXIT_WFI:
      vm->waiting = true;
      vm->wake = e.value;
      break;
    case S2_RV_EXIT_SPIN:
      break;
    case S2_RV_EXIT_STOPPED:
      doze();
      s2_rv_clear_sip(IE_SOFT); /* before the next look at what there is to do */
      break;
    case S2_RV_EXIT_SHUTDOWN:
      guest_off(vm, e.value);
      break;
    default:
      die("exit", v);
  }
  serve();
}

/** The next guest after `last` that has something to do; without one, wait for the first that will have. */
static struct vm *choose(uint32_t last) {
  for (;;) {
    uint64_t wake = UINT64_MAX;
    for (uint32_t i = 1; i <= GUESTS; i++) {
      struct vm *vm = &vms[(last + i) % GUESTS];
      if (!vm->off && (!vm->waiting || s2_rv_due(&vm->vcpu[0]))) {
        vm->waiting = false;
        return vm;
      }
      wake = !vm->off && vm->wake < wake ? vm->wake : wake;
    }
    s2_rv_write_stimecmp(wake);
    s2_rv_set_sie(IE_TIMER);
    doze();
  }
}

/** GUESTS 2: each runs until its time is up or it waits. */
static _Noreturn void take_turns(void) {
  uint32_t last = 0;
  for (;;) {
    struct vm *vm = choose(last);
    struct s2_rv_exit e;
    last = vm->number;
    s2_rv_write_stimecmp(s2_rv_read_time() + SLICE);
    s2_rv_set_sie(IE_TIMER);
    do {
      e = s2_rv_run(&harts[0], &vm->vcpu[0]);
      handle(vm, &vm->vcpu[0], e);
    } while (!vm->off && !vm->waiting && e.kind != S2_RV_EXIT_TIMER);
  }
}

/** The first hart that comes sets everything up. Firmware brings one, and starts the others when it is told to. */
static void first_hart(uint64_t n) {
  set_up();
  __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
#ifdef UNDER_SBI
  for (uint64_t h = 0; h < HARTS; h++) {
    if (h != n && !start_hart(h, (uint64_t)_start)) {
      die("hart_start", NULL);
    }
  }
#else
  (void)n;
#endif
}

_Noreturn void hs_main(uint64_t n) {
  if (n >= HARTS) {
    for (;;) {
      __asm__ volatile("wfi");
    }
  }
  if (__atomic_exchange_n(&arrived, 1, __ATOMIC_SEQ_CST) == 0) {
    first_hart(n);
  }
  while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) == 0) {
  }
  if (s2_rv_hart_init(&harts[n], HART_FEATURES | (GUEST_FEATURES)) != S2_OK) {
    die("hart", NULL);
  }
  s2_rv_write_stimecmp(UINT64_MAX);
  s2_rv_write_sie(IE_SOFT | IE_EXTERNAL);
  hart_online();
  if (GUESTS > 1) {
    take_turns();
  }
  for (;;) {
    handle(&vms[0], &vms[0].vcpu[n], s2_rv_run(&harts[n], &vms[0].vcpu[n]));
  }
}
