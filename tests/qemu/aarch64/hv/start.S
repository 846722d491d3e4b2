/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Entry of each CPU at EL2, the way into the guest, and the exception vectors. */

#define MAIR      0x04ff     /* attribute 0: normal memory, write-back; 1: device nGnRE                   */
#define TCR       0x80823519 /* 39-bit addresses, 4 KiB granule, write-back inner-shareable walks, 40 bit */
#define SCTLR     0x30c5183d /* MMU, caches, stack alignment check, and the bits that are RES1            */
#define SPSR_EL1H 0x3c5      /* EL1h, all interrupts masked                                               */
#define FRAME     176        /* struct frame, kept 16-byte aligned                                        */

  .section .text.start, "ax"
  .globl _start
_start:
  mov x19, #0
  b enter
  /* PSCI CPU_ON leads here: x0 is the context id, which psci.c makes the number of the CPU. */
  .globl secondary_entry
secondary_entry:
  mov x19, x0
enter:
  adrp x1, el2_table
  add x1, x1, :lo12:el2_table
  msr ttbr0_el2, x1
  ldr x1, =MAIR
  msr mair_el2, x1
  ldr x1, =TCR
  msr tcr_el2, x1
  isb
  tlbi alle2
  dsb nsh
  ic iallu
  dsb nsh
  isb
  ldr x1, =SCTLR
  msr sctlr_el2, x1
  isb
  adrp x1, stacks
  add x1, x1, :lo12:stacks
  add x2, x19, #1
  lsl x2, x2, #14 /* 16 KiB of stack for each CPU */
  add x1, x1, x2
  mov sp, x1
  adrp x1, vectors
  add x1, x1, :lo12:vectors
  msr vbar_el2, x1
  isb
  mov x0, x19
  bl el2_main

/* void enter_guest(uint64_t x0, uint64_t pc) */
  .globl enter_guest
enter_guest:
  msr elr_el2, x1
  mov x2, #SPSR_EL1H
  msr spsr_el2, x2
  mov x1, xzr
  mov x2, xzr
  mov x3, xzr
  dsb sy
  isb
  eret

/* uint64_t smc_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c) */
  .globl smc_call
smc_call:
  smc #0
  ret

from_guest:
  sub sp, sp, #FRAME
  stp x0, x1, [sp]
  stp x2, x3, [sp, #16]
  stp x4, x5, [sp, #32]
  stp x6, x7, [sp, #48]
  stp x8, x9, [sp, #64]
  stp x10, x11, [sp, #80]
  stp x12, x13, [sp, #96]
  stp x14, x15, [sp, #112]
  stp x16, x17, [sp, #128]
  stp x18, x29, [sp, #144]
  str x30, [sp, #160]
  mov x0, sp
  bl handle_sync
  ldp x0, x1, [sp]
  ldp x2, x3, [sp, #16]
  ldp x4, x5, [sp, #32]
  ldp x6, x7, [sp, #48]
  ldp x8, x9, [sp, #64]
  ldp x10, x11, [sp, #80]
  ldp x12, x13, [sp, #96]
  ldp x14, x15, [sp, #112]
  ldp x16, x17, [sp, #128]
  ldp x18, x29, [sp, #144]
  ldr x30, [sp, #160]
  add sp, sp, #FRAME
  eret

  .macro unexpected number
  .align 7
  mov x0, #\number
  b handle_unexpected
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
  .align 7
  b from_guest /* 0x400: lower EL, AArch64, synchronous */
  unexpected 9
  unexpected 10
  unexpected 11
  unexpected 12
  unexpected 13
  unexpected 14
  unexpected 15

/* EL2 sees the first 3 GiB at their own addresses, in 1 GiB blocks: devices, then memory twice. */
  .section .data.el2_table, "aw"
  .align 12
el2_table:
  .quad 0x0040000000000445 /* never executed, AF, attribute 1 */
  .quad 0x0000000040000741 /* AF, inner shareable, attribute 0 */
  .quad 0x0000000080000741
  .space 4096 - 3 * 8

  .bss
  .align 4
stacks:
  .space 16384 * 4
