/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Entry at EL2 with the MMU off, exception vectors, and the way into the guest and back. */

/* struct guest, see machine.h */
#define GUEST_X0    0
#define GUEST_PC    32
#define GUEST_PSTATE 40
#define GUEST_ESR   48
#define GUEST_FAR   56
#define GUEST_HPFAR 64

  .section .text.start, "ax"
  .globl _start
_start:
  adrp x1, cpu_stacks
  add x1, x1, :lo12:cpu_stacks
  mov x0, #0
  b enter
  /* PSCI CPU_ON leads here at EL2: x0 is the number of the CPU */
  .globl cpu_entry
cpu_entry:
  adrp x1, cpu_stacks
  add x1, x1, :lo12:cpu_stacks
enter:
  add x2, x0, #1
  lsl x2, x2, #14 /* 16 KiB of stack for each CPU */
  add x1, x1, x2
  mov sp, x1
  adrp x1, vectors
  add x1, x1, :lo12:vectors
  msr vbar_el2, x1
  isb
  bl machine_main
1:
  wfe
  b 1b

/*
 * void guest_run(struct guest *g): run at g->pc and g->pstate with x0..x3 from g until an exception comes to EL2. The
 * guest's code uses x0..x17 only, which a caller does not expect to be kept.
 */
  .text
  .globl guest_run
guest_run:
  stp x29, x30, [sp, #-16]!
  msr tpidr_el2, x0
  ldr x9, [x0, #GUEST_PC]
  msr elr_el2, x9
  ldr x9, [x0, #GUEST_PSTATE]
  msr spsr_el2, x9
  mov x9, x0
  ldp x0, x1, [x9, #GUEST_X0]
  ldp x2, x3, [x9, #GUEST_X0 + 16]
  isb
  eret
from_guest:
  stp x0, x1, [sp, #-16]!
  mrs x0, tpidr_el2
  stp x2, x3, [x0, #GUEST_X0 + 16]
  ldp x2, x3, [sp], #16
  stp x2, x3, [x0, #GUEST_X0]
  mrs x1, elr_el2
  str x1, [x0, #GUEST_PC]
  mrs x1, esr_el2
  str x1, [x0, #GUEST_ESR]
  mrs x1, far_el2
  str x1, [x0, #GUEST_FAR]
  mrs x1, hpfar_el2
  str x1, [x0, #GUEST_HPFAR]
  ldp x29, x30, [sp], #16
  ret

/* uint64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c) */
  .globl psci_call
psci_call:
  smc #0
  ret

/* uint64_t semihosting(uint64_t operation, uint64_t argument) */
  .globl semihosting
semihosting:
  hlt #0xf000
  ret

  .macro unexpected number
  .align 7
  mov x0, #\number
  mrs x1, esr_el2
  mrs x2, elr_el2
  mrs x3, far_el2
  b machine_unexpected
  .endm

  .align 11
vectors:
  unexpected 0
  unexpected 1
  unexpected 2
  unexpected 3
  unexpected 4
  unexpected 5
  unexpected 6
  unexpected 7
  .align 7 /* synchronous, from AArch64 below EL2 */
  b from_guest
  unexpected 9
  unexpected 10
  unexpected 11
  unexpected 12
  unexpected 13
  unexpected 14
  unexpected 15

/*
 * The guest's own code, one page that the tests map into every space: one access, then brk, which MDCR_EL2.TDE routes
 * to EL2. x1: address, x2: value to store; x0: what was loaded, or what the code at x1 put there.
 */
  .section .guest, "ax"
  .balign 4096
  .globl guest_page, guest_load, guest_store, guest_fetch, guest_vectors
guest_page:
guest_load:
  ldr x0, [x1]
  brk #0
guest_store:
  str x2, [x1]
  brk #0
guest_fetch:
  br x1
  .balign 2048
/* an exception that EL1 takes itself, as of an undefined instruction, is none of stage 2's and ends here */
guest_vectors:
  .rept 16
  brk #0
  .balign 128
  .endr

  .section .bss
  .balign 16
cpu_stacks:
  .space 2 * 16384
