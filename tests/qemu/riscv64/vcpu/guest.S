/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * guest.S - what the test guests execute. Copied to the beginning of their RAM, and position-independent.
 *
 * The rotations change every register in a way that the host predicts: x_i += i, the sign of f_i turned, a CSR exchanged
 * with a register. So a register that the switch forgets to load, or to save, is seen. They end in an ecall.
 */
  .option norelax
  .option norvc
  .option arch, +d

  .section .rodata.guest, "a", @progbits
  .balign 4096
  .globl guest_begin, guest_end
guest_begin:

  .globl guest_touch            /* sp: any address in RAM, or a device */
guest_touch:
  sd      ra, 0(sp)
  j       guest_rotate
  .globl guest_load             /* gp: the same; a5 gets what is there */
guest_load:
  ld      a5, 0(gp)
  .globl guest_rotate
guest_rotate:
  addi    x1, x1, 1
  addi    x2, x2, 2
  addi    x3, x3, 3
  addi    x4, x4, 4
  addi    x5, x5, 5
  addi    x6, x6, 6
  addi    x7, x7, 7
  addi    x8, x8, 8
  addi    x9, x9, 9
  addi    x10, x10, 10
  addi    x11, x11, 11
  addi    x12, x12, 12
  addi    x13, x13, 13
  addi    x14, x14, 14
  addi    x15, x15, 15
  addi    x16, x16, 16
  addi    x17, x17, 17
  addi    x18, x18, 18
  addi    x19, x19, 19
  addi    x20, x20, 20
  addi    x21, x21, 21
  addi    x22, x22, 22
  addi    x23, x23, 23
  addi    x24, x24, 24
  addi    x25, x25, 25
  addi    x26, x26, 26
  addi    x27, x27, 27
  addi    x28, x28, 28
  addi    x29, x29, 29
  addi    x30, x30, 30
  addi    x31, x31, 31
  ecall
  .globl guest_fp               /* vsstatus.FS is on */
guest_fp:
  fsgnjn.d f0, f0, f0
  fsgnjn.d f1, f1, f1
  fsgnjn.d f2, f2, f2
  fsgnjn.d f3, f3, f3
  fsgnjn.d f4, f4, f4
  fsgnjn.d f5, f5, f5
  fsgnjn.d f6, f6, f6
  fsgnjn.d f7, f7, f7
  fsgnjn.d f8, f8, f8
  fsgnjn.d f9, f9, f9
  fsgnjn.d f10, f10, f10
  fsgnjn.d f11, f11, f11
  fsgnjn.d f12, f12, f12
  fsgnjn.d f13, f13, f13
  fsgnjn.d f14, f14, f14
  fsgnjn.d f15, f15, f15
  fsgnjn.d f16, f16, f16
  fsgnjn.d f17, f17, f17
  fsgnjn.d f18, f18, f18
  fsgnjn.d f19, f19, f19
  fsgnjn.d f20, f20, f20
  fsgnjn.d f21, f21, f21
  fsgnjn.d f22, f22, f22
  fsgnjn.d f23, f23, f23
  fsgnjn.d f24, f24, f24
  fsgnjn.d f25, f25, f25
  fsgnjn.d f26, f26, f26
  fsgnjn.d f27, f27, f27
  fsgnjn.d f28, f28, f28
  fsgnjn.d f29, f29, f29
  fsgnjn.d f30, f30, f30
  fsgnjn.d f31, f31, f31
  fscsr   t0, t0
  ecall
  .globl guest_csrs
guest_csrs:
  csrrw   x5, sscratch, x5
  csrrw   x6, sepc, x6
  csrrw   x7, stvec, x7
  csrrw   x28, scause, x28
  csrrw   x29, stval, x29
  csrrw   x30, scounteren, x30
  csrrw   x31, sie, x31
  csrrw   x18, senvcfg, x18
  ecall

  /* One instruction each, and an ecall: the address is in a1, the data in a0 or fa0 */
  .macro one name, insn:vararg
  .globl \name
\name:
  \insn
  ecall
  .endm
  one g_lb, lb a0, 0(a1)
  one g_lh, lh a0, 0(a1)
  one g_lw, lw a0, 0(a1)
  one g_ld, ld a0, 0(a1)
  one g_lbu, lbu a0, 0(a1)
  one g_lhu, lhu a0, 0(a1)
  one g_lwu, lwu a0, 0(a1)
  one g_flw, flw fa0, 0(a1)
  one g_fld, fld fa0, 0(a1)
  one g_sb, sb a0, 0(a1)
  one g_sh, sh a0, 0(a1)
  one g_sw, sw a0, 0(a1)
  one g_sd, sd a0, 0(a1)
  one g_fsw, fsw fa0, 0(a1)
  one g_fsd, fsd fa0, 0(a1)
  one g_amo, amoadd.w a0, a2, (a1)
  one g_jump, jr a1
  one g_hcsr, csrr a0, 0x600
  one g_wfi, wfi
  one g_wrs, .4byte 0x00d00073
  one g_nop, nop
  one g_time, rdtime a0
  .option push
  .option arch, +v
  one g_vector, vsetvli a0, a1, e8, m1, ta, ma
  .option pop

  /* the guest says that it uses vectors, and does */
  .globl guest_vector
guest_vector:
  li      t0, 0x600
  csrs    sstatus, t0
  j       g_vector

  /* Vector state as it came in: vstart, vcsr, vl, vtype to s2..s5. Every bit of v0..v31 is turned; a2..a5 become the CSRs. */
  .globl guest_vrotate
  .option push
  .option arch, +v
guest_vrotate:
  csrrw   s2, vstart, zero
  csrr    s3, vcsr
  csrr    s4, vl
  csrr    s5, vtype
  vsetvli t0, zero, e8, m8, ta, ma
  vxor.vi v0, v0, -1
  vxor.vi v8, v8, -1
  vxor.vi v16, v16, -1
  vxor.vi v24, v24, -1
  vsetvl  zero, a4, a5
  csrw    vcsr, a3
  csrw    vstart, a2
  ecall
  .option pop

  /* the host's: sstatus.VS is on. Eight bytes of each of v0..v31 from a0, and to a0. */
  .globl host_vector_load, host_vector_store
  .pushsection .text.host_vector, "ax"
  .balign 4
  .option push
  .option arch, +v
host_vector_load:
  vsetivli zero, 1, e64, m1, ta, ma
  .altmacro
  .macro vload n
  vle64.v v\n, (a0)
  addi    a0, a0, 8
  .endm
  .macro vstore n
  vse64.v v\n, (a0)
  addi    a0, a0, 8
  .endm
  .macro each op
  .set n, 0
  .rept 32
  \op %n
  .set n, n + 1
  .endr
  .endm
  each vload
  ret
host_vector_store:
  vsetivli zero, 1, e64, m1, ta, ma
  each vstore
  ret
  .noaltmacro
  .option pop
  .popsection
  .option push
  .option rvc
  .balign 2
  one g_c_lw, c.lw a0, 0(a1)
  one g_c_ld, c.ld a0, 0(a1)
  one g_c_sw, c.sw a0, 0(a1)
  one g_c_sd, c.sd a0, 0(a1)
  one g_c_fld, c.fld fa0, 0(a1)
  one g_c_fsd, c.fsd fa0, 0(a1)
  one g_c_lwsp, c.lwsp a0, 4(sp)
  one g_c_ldsp, c.ldsp a0, 8(sp)
  one g_c_sdsp, c.sdsp a0, 8(sp)
  one g_c_fldsp, c.fldsp fa0, 8(sp)
  .balign 4
  .option pop

  /* stvec points here: what was it, at which address? Report and stay. */
  .globl guest_trap
  .balign 4
guest_trap:
  csrr    s2, scause
  csrr    s3, stval
  csrr    s4, sepc
  ecall
  j       guest_trap

  /* Waits for an interrupt in a loop: the handler is guest_trap */
  .globl guest_wait
guest_wait:
  li      t0, 0x222
  csrw    sie, t0
  csrsi   sstatus, 2
1:
  addi    s5, s5, 1
  j       1b

  /* a1: an array of words, a2: how many. Each becomes itself plus a3; s6 gets their sum. */
  .globl guest_sum
guest_sum:
  li      s6, 0
1:
  ld      t0, 0(a1)
  add     s6, s6, t0
  add     t0, t0, a3
  sd      t0, 0(a1)
  addi    a1, a1, 8
  addi    a2, a2, -1
  bnez    a2, 1b
  ecall

  /* a2 times: an SBI call (a7, a6, a0, a1); then a store to a device. */
  .globl guest_calls
guest_calls:
  mv      s0, a0
  mv      s1, a1
1:
  mv      a0, s0
  mv      a1, s1
  ecall
  addi    a2, a2, -1
  bnez    a2, 1b
  .globl guest_stop
guest_stop:
  li      t0, 0x10000000
  sd      zero, 0(t0)
  j       guest_stop

  /* a2 pages from a1 are touched; then the same */
  .globl guest_pages
guest_pages:
  lui     t0, 1
1:
  sd      a1, 0(a1)
  add     a1, a1, t0
  addi    a2, a2, -1
  bnez    a2, 1b
  j       guest_stop
  .balign 4096
guest_end:
