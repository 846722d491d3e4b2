/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cross.c - the rest of the host: clock and console; locks, kicks and remote fences. A hart that waits for anything goes on
   serving the others' requests. With UNDER_SBI the firmware starts harts, sends interrupts and does the fences of other
   harts; without it harts ring each other through the ACLINT, and each fences for itself when it is asked. */
#include "hv.h"

S2_RV_CSR(sip, S2_RV_CSR_SIP)
#define IP_SOFT UINT64_C(0x2)

/* Requests to a hart and how many of them it has served. A request always includes a fence: it is the rarer use. */
static struct {
  uint64_t asked, served;
  uint32_t online;
} hart[4];
static uint64_t sent;
static struct sbi_report sbi;

struct sbi_report sbi_report(void) {
  return sbi;
}

#ifdef UNDER_SBI
#define SBI_IPI    UINT64_C(0x735049)
#define SBI_RFENCE UINT64_C(0x52464E43)
#define SBI_HSM    UINT64_C(0x48534D)

static int64_t sbi_call(uint64_t eid, uint64_t fid, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3) {
  register uint64_t a0 __asm__("a0") = x0;
  register uint64_t a1 __asm__("a1") = x1;
  register uint64_t a2 __asm__("a2") = x2;
  register uint64_t a3 __asm__("a3") = x3;
  register uint64_t a6 __asm__("a6") = fid;
  register uint64_t a7 __asm__("a7") = eid;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
  return (int64_t)a0;
}

static void count(uint64_t *what) {
  (void)__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

bool start_hart(uint64_t number, uint64_t pc) {
  count(&sbi.starts);
  return sbi_call(SBI_HSM, 0, number, pc, 0, 0) == 0;
}

static void ring(uint32_t to) {
  count(&sbi.ipis);
  (void)sbi_call(SBI_IPI, 0, UINT64_C(1) << to, 0, 0, 0);
}

/** hfence.gvma on every other hart that is online; done when this returns. */
static void fence_others(uint64_t first, uint64_t last) {
  uint64_t mask = 0;
  for (uint32_t h = 0; h < HARTS; h++) {
    if (h != my_hart() && __atomic_load_n(&hart[h].online, __ATOMIC_SEQ_CST) != 0) {
      mask |= UINT64_C(1) << h;
    }
  }
  if (mask != 0) {
    count(&sbi.fences);
    if (sbi_call(SBI_RFENCE, 4, mask, 0, first, last - first == UINT64_MAX ? UINT64_MAX : last - first + 1) != 0) {
      put("[hv] FATAL the firmware refuses a remote fence\n");
      power_off(1);
    }
  }
}
#endif

uint32_t my_hart(void) {
  uint64_t n;
  __asm__ volatile("mv %0, tp" : "=r"(n));
  return (uint32_t)n;
}

void hart_online(void) {
  __atomic_store_n(&hart[my_hart()].online, 1, __ATOMIC_SEQ_CST);
}

#ifndef UNDER_SBI
static void ring(uint32_t to) {
  __asm__ volatile("fence rw, rw" : : : "memory");
  ((volatile uint32_t *)SSWI)[to] = 1;
}
#endif

/** Called outside the guest only: that is what a request waits for. Whoever waits is told. */
void serve(void) {
  uint64_t asked = __atomic_load_n(&hart[my_hart()].asked, __ATOMIC_ACQUIRE);
  if (asked != hart[my_hart()].served) {
#ifndef NO_REMOTE_FENCE
    s2_rv_fence_gvma();
#endif
    __atomic_store_n(&hart[my_hart()].served, asked, __ATOMIC_RELEASE);
    for (uint32_t h = 0; h < HARTS; h++) {
      if (h != my_hart()) {
        ring(h);
      }
    }
  }
}

/** Until another hart rings; at once if it has rung since the last s2_rv_clear_sip(IP_SOFT). */
void doze(void) {
  __asm__ volatile("wfi" : : : "memory");
}

/** Every online hart of the mask but this one has been outside the guest since, and has fenced. */
static void ask(uint64_t mask) {
  uint64_t want[4] = {0};
  for (uint32_t h = 0; h < HARTS; h++) {
    if (h != my_hart() && (mask >> h & 1) != 0 && __atomic_load_n(&hart[h].online, __ATOMIC_SEQ_CST) != 0) {
      want[h] = __atomic_add_fetch(&hart[h].asked, 1, __ATOMIC_SEQ_CST);
      ring(h);
      (void)__atomic_add_fetch(&sent, 1, __ATOMIC_RELAXED);
    }
  }
  for (uint32_t h = 0; h < HARTS; h++) {
    for (;;) {
      s2_rv_clear_sip(IP_SOFT); /* first, so that no ring after the look is lost */
      serve();
      if (__atomic_load_n(&hart[h].served, __ATOMIC_ACQUIRE) >= want[h]) {
        break;
      }
      doze();
    }
  }
}

uint64_t shootdowns(void) {
  return sent;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  const struct vm *vm = ctx;
  (void)vmid;
  (void)first;
  (void)last;
#ifndef NO_REMOTE_FENCE
  if (!vm->guest.adding) {
#ifdef UNDER_SBI
    fence_others(first, last);
#else
    ask(UINT64_MAX);
#endif
  }
#else
  (void)vm;
#endif
}

void s2_rv_host_quiesce(void *ctx) {
  (void)ctx;
  ask(UINT64_MAX);
}

void s2_rv_host_kick(void *ctx, uint64_t vcpus, bool wait) {
  (void)ctx;
  if (wait) {
    ask(vcpus);
    return;
  }
  for (uint32_t h = 0; h < HARTS; h++) {
    if ((vcpus >> h & 1) != 0) {
      ring(h);
    }
  }
}

void s2_rv_host_lock(void *ctx) {
  struct lock *l = ctx;
  while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) != 0) {
    serve();
  }
}

void s2_rv_host_unlock(void *ctx) {
  struct lock *l = ctx;
  __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

uint64_t s2_host_cycles(void *ctx) {
  uint64_t n;
  (void)ctx;
  __asm__ volatile("rdcycle %0" : "=r"(n));
  return n;
}

/** One guest: as it comes. Two: whole lines, with the guest's number before them. */
void s2_rv_host_console(void *ctx, const uint8_t *bytes, uint32_t len) {
  struct vm *vm = ctx;
  for (uint32_t i = 0; i < len; i++) {
    if (GUESTS == 1) {
      put_char((char)bytes[i]);
      continue;
    }
    if (bytes[i] == (uint8_t)'\r') {
      continue;
    }
    if (bytes[i] != (uint8_t)'\n' && vm->held < sizeof vm->line - 1) {
      vm->line[vm->held++] = (char)bytes[i];
      continue;
    }
    vm->line[vm->held] = 0;
    vm->held = 0;
    put("<");
    put_dec(vm->number);
    put("> ");
    put(vm->line);
    put("\n");
  }
}

uint32_t s2_rv_host_console_read(void *ctx, uint8_t *to, uint32_t max) {
  (void)ctx;
  (void)to;
  (void)max;
  return 0; /* the guest's UART driver reads the UART itself */
}
