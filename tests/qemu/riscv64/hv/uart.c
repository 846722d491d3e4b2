/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* uart.c - the emulated UART: always ready to send, never anything to read. No
   interrupt line: the guest's driver polls IIR. Registers as in a 16550, one byte each. */
#include "hv.h"

#define DATA     0u
#define IER      1u
#define IIR      2u
#define LCR      3u
#define LSR      5u
#define MSR      6u
#define DLAB     0x80u
#define IER_THRI 0x02u

static uint8_t get(const struct uart *u, uint32_t at) {
  if (at < 2 && (u->reg[LCR] & DLAB) != 0) {
    return u->latch[at];
  }
  switch (at) {
    case DATA:
      return 0;
    case IIR:
      return (u->reg[IER] & IER_THRI) != 0 ? 0xc2 : 0xc1; /* FIFOs on; "transmitter empty" is pending, or nothing */
    case LSR:
      return 0x60; /* transmitter empty */
    case MSR:
      return 0xb0; /* carrier, ready, clear to send */
    default:
      return u->reg[at];
  }
}

static void set(struct vm *vm, uint32_t at, uint8_t byte) {
  struct uart *u = &vm->uart;
  if (at < 2 && (u->reg[LCR] & DLAB) != 0) {
    u->latch[at] = byte;
  } else if (at == DATA) {
    s2_rv_host_console(vm, &byte, 1);
  } else {
    u->reg[at] = byte;
  }
}

bool uart(struct vm *vm, struct s2_rv_vcpu *v, const struct s2_rv_exit *e) {
  uint64_t at = e->gpa - UART;
  if (at >= 8 || e->width != 1) {
    return false;
  }
  if (e->kind == S2_RV_EXIT_MMIO_WRITE) {
    set(vm, (uint32_t)at, (uint8_t)e->value);
    return s2_rv_complete_write(v) == S2_OK;
  }
  return s2_rv_complete_read(v, get(&vm->uart, (uint32_t)at)) == S2_OK;
}
