/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* console.c - the PL011 that the guest uses too, and the end of the machine. */
#include "hv.h"

#define UART_DATA       UINT64_C(0x09000000)
#define UART_FLAGS      UINT64_C(0x09000018)
#define UART_FULL       0x20u
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)

static volatile uint32_t *mmio(uint64_t address) {
  return (volatile uint32_t *)address;
}

static void put_char(char c) {
  while ((*mmio(UART_FLAGS) & UART_FULL) != 0) {
  }
  *mmio(UART_DATA) = (uint32_t)c;
}

void put(const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '\n') {
      put_char('\r');
    }
    put_char(*text);
  }
}

static void put_number(uint64_t value, uint32_t base) {
  char digits[20];
  uint32_t n = 0;
  do {
    digits[n++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (n > 0) {
    put_char(digits[--n]);
  }
}

void put_hex(uint64_t value) {
  put("0x");
  put_number(value, 16);
}

void put_count(const char *name, uint64_t value) {
  put(" ");
  put(name);
  put("=");
  put_number(value, 10);
}

static void put_register(const char *name, uint64_t value) {
  put(" ");
  put(name);
  put("=");
  put_hex(value);
}

void fatal(const char *why) {
  put("\n[hv] FATAL ");
  put(why);
  put_register("esr", read_esr_el2());
  put_register("far", read_far_el2());
  put_register("hpfar", read_hpfar_el2());
  put_register("elr", read_elr_el2());
  put_register("spsr", read_spsr_el2());
  put("\n");
  (void)smc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
  for (;;) {
  }
}
