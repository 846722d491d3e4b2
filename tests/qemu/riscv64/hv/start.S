/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * start.S - from reset in M-mode (or from OpenSBI, with UNDER_SBI) to C in HS-mode, on every hart.
 *
 * M-mode opens all memory to HS, delegates all it can, allows Sstc and the cache instructions, and is not used again.
 * HS-mode has no traps of its own: one that comes is reported and ends the machine.
 */
  .option norelax

  .section .text.start, "ax"
  .globl _start
_start:
#ifdef UNDER_SBI
  mv      tp, a0
#else
  csrr    tp, mhartid
  li      t0, -1
  srli    t0, t0, 10
  csrw    pmpaddr0, t0
  li      t0, 0x1f
  csrw    pmpcfg0, t0
  li      t0, 0xf0b5ff          /* everything but ecalls from HS (9) and M (11) */
  csrw    medeleg, t0
  li      t0, 0x222
  csrw    mideleg, t0
  li      t0, -1
  csrw    mcounteren, t0
  li      t0, 0xe0000000000000f0 /* menvcfg: STCE, PBMTE, ADUE, CBZE, CBCFE, CBIE */
  csrw    0x30a, t0
  la      t0, m_trap
  csrw    mtvec, t0
  li      t0, 0x7e00            /* FS, VS, MPP */
  csrc    mstatus, t0
  li      t0, 0x0800            /* MPP: S, MPV: 0 */
  csrs    mstatus, t0
  la      t0, hs_start
  csrw    mepc, t0
  mret

  .balign 4
m_trap:                         /* the machine ends with exit code 4 */
  li      t0, 0x100000
  li      t1, 0x43333
  sw      t1, 0(t0)
1:
  j       1b
hs_start:
#endif
  csrw    sie, zero
  csrw    sip, zero
  csrw    satp, zero
  csrw    sstatus, zero
  csrw    sscratch, zero
  la      t0, hs_trap
  csrw    stvec, t0
  la      sp, stacks
  addi    t0, tp, 1
  slli    t0, t0, 14
  add     sp, sp, t0
  mv      a0, tp
  call    hs_main
1:
  j       1b

  .balign 4
hs_trap:
  csrr    a0, scause
  csrr    a1, sepc
  csrr    a2, stval
  call    hs_unasked

  .section .bss
  .balign 16
stacks:
  .space  16384 * 4
