/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * start.S - from reset in M-mode to C in HS-mode, and the traps of both (Privileged ISA 1.12 or later).
 *
 * M-mode keeps only one service: an ecall from HS-mode with a value for menvcfg in a0. HS-mode takes every trap of an
 * asking access: it writes what happened to the hart's trap frame (sscratch) and goes on at the address that is kept
 * there. The asking code in machine.c expects t0, t1 and t2 to be lost. A trap when nobody asked (no address to go on)
 * ends in trap_unasked().
 *
 * The second hart, if there is one, touches nothing until the first sends it an interrupt; then it calls second_hart().
 */
  .option norelax

  .section .text.start, "ax"
  .globl _start
_start:
  csrr    tp, mhartid
  li      t0, 1
  bgtu    tp, t0, park
  li      t0, -1
  srli    t0, t0, 10
  csrw    pmpaddr0, t0          /* all of memory, for every mode */
  li      t0, 0x1f
  csrw    pmpcfg0, t0
  li      t0, 0xf0b5ff          /* everything but ecalls from HS (9) and M (11) */
  csrw    medeleg, t0
  li      t0, 0x222
  csrw    mideleg, t0
  csrw    mie, zero
  la      t0, m_trap
  csrw    mtvec, t0
  li      t0, 0x1800
  csrc    mstatus, t0
  li      t0, 0x0800            /* MPP: S, MPV: 0, so HS-mode */
  csrs    mstatus, t0
  la      t0, hs_start
  csrw    mepc, t0
  mret
park:
  wfi
  j       park

  .balign 4
m_trap:
  csrr    t0, mcause
  li      t1, 9
  bne     t0, t1, m_unasked
  csrw    0x30a, a0             /* menvcfg */
  csrr    t0, mepc
  addi    t0, t0, 4
  csrw    mepc, t0
  mret
m_unasked:
  li      t0, 0x100000          /* the machine ends with exit code 2 */
  li      t1, 0x23333
  sw      t1, 0(t0)
  j       park

hs_start:
  la      sp, stack_end
  la      t1, trap
  beqz    tp, 1f
  la      sp, second_stack_end
  addi    t1, t1, 40
1:
  csrw    sscratch, t1
  la      t0, hs_trap
  csrw    stvec, t0
  csrw    satp, zero
  csrw    sie, zero
  csrw    sstatus, zero
  bnez    tp, second
  la      t0, bss_start
  la      t1, bss_end
1:
  sd      zero, 0(t0)
  addi    t0, t0, 8
  bltu    t0, t1, 1b
  call    main
  j       park

second:
  csrwi   sie, 2                /* wake up for a software interrupt, which is not taken: sstatus.SIE is 0 */
  wfi
  csrr    t0, sip
  andi    t0, t0, 2
  beqz    t0, second
  csrwi   sie, 0
  call    second_hart
  j       park

  .balign 4
hs_trap:
  csrr    t0, sscratch
  csrr    t1, scause
  sd      t1, 0(t0)
  csrr    t1, stval
  sd      t1, 8(t0)
  csrr    t1, 0x643             /* htval */
  sd      t1, 16(t0)
  csrr    t1, sepc
  sd      t1, 24(t0)
  ld      t1, 32(t0)            /* where to go on */
  beqz    t1, unasked
  sd      zero, 32(t0)
  csrw    sepc, t1
  li      t1, 0x100             /* sstatus.SPP and not hstatus.SPV: back to HS-mode, wherever the trap came from */
  csrs    sstatus, t1
  li      t1, 0x80
  csrc    0x600, t1
  li      t1, 0x20              /* sstatus.SPIE: interrupts stay off there */
  csrc    sstatus, t1
  sret
unasked:
  tail    trap_unasked

  .section .bss
  .balign 16
  .space  65536
stack_end:
  .space  65536
second_stack_end:
