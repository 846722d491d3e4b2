/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * enter.S - the world switch, and the two accesses that may fault: reading guest memory as the guest; FP and vector
 * registers.
 *
 * All run with interrupts off from the first CSR they change to the last. None uses a stack.
 */
#include "regs.h"

	.option arch, +zicsr

	.macro guest_gprs op /* all but x0, a0 and the base, which is a0 */
	\op x1, 8(a0)
	\op x2, 16(a0)
	\op x3, 24(a0)
	\op x4, 32(a0)
	\op x5, 40(a0)
	\op x6, 48(a0)
	\op x7, 56(a0)
	\op x8, 64(a0)
	\op x9, 72(a0)
	\op x11, 88(a0)
	\op x12, 96(a0)
	\op x13, 104(a0)
	\op x14, 112(a0)
	\op x15, 120(a0)
	\op x16, 128(a0)
	\op x17, 136(a0)
	\op x18, 144(a0)
	\op x19, 152(a0)
	\op x20, 160(a0)
	\op x21, 168(a0)
	\op x22, 176(a0)
	\op x23, 184(a0)
	\op x24, 192(a0)
	\op x25, 200(a0)
	\op x26, 208(a0)
	\op x27, 216(a0)
	\op x28, 224(a0)
	\op x29, 232(a0)
	\op x30, 240(a0)
	\op x31, 248(a0)
	.endm

	/* what a C caller must find again; the rest is the caller's to lose */
	.macro host_gprs op
	\op ra, S2_RV_OFF_HOST_RA(a0)
	\op sp, S2_RV_OFF_HOST_SP(a0)
	\op gp, S2_RV_OFF_HOST_GP(a0)
	\op tp, S2_RV_OFF_HOST_TP(a0)
	\op s0, S2_RV_OFF_HOST_S + 0(a0)
	\op s1, S2_RV_OFF_HOST_S + 8(a0)
	\op s2, S2_RV_OFF_HOST_S + 16(a0)
	\op s3, S2_RV_OFF_HOST_S + 24(a0)
	\op s4, S2_RV_OFF_HOST_S + 32(a0)
	\op s5, S2_RV_OFF_HOST_S + 40(a0)
	\op s6, S2_RV_OFF_HOST_S + 48(a0)
	\op s7, S2_RV_OFF_HOST_S + 56(a0)
	\op s8, S2_RV_OFF_HOST_S + 64(a0)
	\op s9, S2_RV_OFF_HOST_S + 72(a0)
	\op s10, S2_RV_OFF_HOST_S + 80(a0)
	\op s11, S2_RV_OFF_HOST_S + 88(a0)
	.endm

/*
 * void s2_rv_switch(struct s2_rv_regs *regs) - enter the guest; return when it has left.
 *
 * On entry: sstatus.SIE is 0. The guest's sstatus has SIE 0, so no interrupt comes between the swaps and sret; in the
 * guest (V = 1) HS interrupts are taken whatever SIE says. On return: scause is in regs; stval, htval and htinst too,
 * unless the trap was an interrupt or an ecall, which do not set them. sstatus.SIE is 0 still.
 */
	.section .text.s2_rv_switch, "ax", @progbits
	.globl s2_rv_switch
	.type s2_rv_switch, @function
	.balign 4
s2_rv_switch:
	host_gprs sd
	ld t0, S2_RV_OFF_SSTATUS(a0)
	ld t1, S2_RV_OFF_HSTATUS(a0)
	lla t2, 1f
	ld t3, S2_RV_OFF_SEPC(a0)
	csrrw t0, S2_RV_CSR_SSTATUS, t0
	csrrw t1, S2_RV_CSR_HSTATUS, t1
	csrrw t2, S2_RV_CSR_STVEC, t2
	csrrw t4, S2_RV_CSR_SSCRATCH, a0
	csrw S2_RV_CSR_SEPC, t3
	sd t0, S2_RV_OFF_HOST_SSTATUS(a0)
	sd t1, S2_RV_OFF_HOST_HSTATUS(a0)
	sd t2, S2_RV_OFF_HOST_STVEC(a0)
	sd t4, S2_RV_OFF_HOST_SSCRATCH(a0)
	guest_gprs ld
	ld a0, S2_RV_OFF_X + 80(a0)
	sret

	.balign 4 /* stvec, direct mode: the only traps that come here are the guest's */
1:	csrrw a0, S2_RV_CSR_SSCRATCH, a0
	guest_gprs sd
	ld t0, S2_RV_OFF_HOST_SSTATUS(a0)
	ld t1, S2_RV_OFF_HOST_HSTATUS(a0)
	ld t2, S2_RV_OFF_HOST_STVEC(a0)
	ld t3, S2_RV_OFF_HOST_SSCRATCH(a0)
	csrr t4, S2_RV_CSR_SEPC
	csrr t5, S2_RV_CSR_SCAUSE
	csrw S2_RV_CSR_STVEC, t2
	csrrw t3, S2_RV_CSR_SSCRATCH, t3
	csrrw t1, S2_RV_CSR_HSTATUS, t1
	csrrw t0, S2_RV_CSR_SSTATUS, t0
	sd t3, S2_RV_OFF_X + 80(a0)
	sd t4, S2_RV_OFF_SEPC(a0)
	sd t5, S2_RV_OFF_SCAUSE(a0)
	sd t1, S2_RV_OFF_HSTATUS(a0)
	sd t0, S2_RV_OFF_SSTATUS(a0)
	li t0, 10 /* ecall from VS-mode */
	bltz t5, 2f
	beq t5, t0, 2f
	csrr t0, S2_RV_CSR_STVAL
	csrr t1, S2_RV_CSR_HTVAL
	csrr t2, S2_RV_CSR_HTINST
	sd t0, S2_RV_OFF_STVAL(a0)
	sd t1, S2_RV_OFF_HTVAL(a0)
	sd t2, S2_RV_OFF_HTINST(a0)
2:	host_gprs ld
	ret
	.size s2_rv_switch, . - s2_rv_switch

	/* a0: address, a1: hstatus of the guest. Afterwards traps land at 9: below, t0..t2 hold what was there. */
	.macro guarded
	csrrci t0, S2_RV_CSR_SSTATUS, S2_RV_SSTATUS_SIE
	lla t1, 9f
	csrrw t1, S2_RV_CSR_STVEC, t1
	csrrw t2, S2_RV_CSR_HSTATUS, a1
	.endm
	.macro unguarded
	csrw S2_RV_CSR_HSTATUS, t2
	csrw S2_RV_CSR_STVEC, t1
	csrw S2_RV_CSR_SSTATUS, t0
	.endm

/*
 * struct s2_rv_guarded s2_rv_hlvx(uint64_t va, uint64_t hstatus) - two bytes at va in a0, fetched as the guest would
 * (HLVX.HU), and 0 in a1; or in a0 htval and in a1 the cause of the trap (never 0: cause 0 is misaligned fetch, which
 * hlvx does not raise).
 */
	.section .text.s2_rv_hlvx, "ax", @progbits
	.globl s2_rv_hlvx
	.type s2_rv_hlvx, @function
	.balign 4
s2_rv_hlvx:
	guarded
	.insn r 0x73, 4, 0x32, a0, a0, x3
	li a1, 0
	unguarded
	ret
	.balign 4
9:	csrr a0, S2_RV_CSR_HTVAL
	csrr a1, S2_RV_CSR_SCAUSE
	unguarded
	ret
	.size s2_rv_hlvx, . - s2_rv_hlvx

/* struct s2_rv_guarded s2_rv_hlvd(uint64_t va, uint64_t hstatus) - the same for eight bytes, loaded (HLV.D). */
	.section .text.s2_rv_hlvd, "ax", @progbits
	.globl s2_rv_hlvd
	.type s2_rv_hlvd, @function
	.balign 4
s2_rv_hlvd:
	guarded
	.insn r 0x73, 4, 0x36, a0, a0, x0
	li a1, 0
	unguarded
	ret
	.balign 4
9:	csrr a0, S2_RV_CSR_HTVAL
	csrr a1, S2_RV_CSR_SCAUSE
	unguarded
	ret
	.size s2_rv_hlvd, . - s2_rv_hlvd

	.macro fp_regs op
	\op f0, 0(a0)
	\op f1, 8(a0)
	\op f2, 16(a0)
	\op f3, 24(a0)
	\op f4, 32(a0)
	\op f5, 40(a0)
	\op f6, 48(a0)
	\op f7, 56(a0)
	\op f8, 64(a0)
	\op f9, 72(a0)
	\op f10, 80(a0)
	\op f11, 88(a0)
	\op f12, 96(a0)
	\op f13, 104(a0)
	\op f14, 112(a0)
	\op f15, 120(a0)
	\op f16, 128(a0)
	\op f17, 136(a0)
	\op f18, 144(a0)
	\op f19, 152(a0)
	\op f20, 160(a0)
	\op f21, 168(a0)
	\op f22, 176(a0)
	\op f23, 184(a0)
	\op f24, 192(a0)
	\op f25, 200(a0)
	\op f26, 208(a0)
	\op f27, 216(a0)
	\op f28, 224(a0)
	\op f29, 232(a0)
	\op f30, 240(a0)
	\op f31, 248(a0)
	.endm

	.option push
	.option arch, +d

/* void s2_rv_fp_save(struct s2_rv_fp *fp), void s2_rv_fp_load(const struct s2_rv_fp *fp): sstatus.FS on meanwhile. */
	.section .text.s2_rv_fp_save, "ax", @progbits
	.globl s2_rv_fp_save
	.type s2_rv_fp_save, @function
	.balign 4
s2_rv_fp_save:
	li t1, S2_RV_SSTATUS_FS
	csrrs t0, S2_RV_CSR_SSTATUS, t1
	fp_regs fsd
	csrr t1, fcsr
	sd t1, S2_RV_OFF_FCSR(a0)
	csrw S2_RV_CSR_SSTATUS, t0
	ret
	.size s2_rv_fp_save, . - s2_rv_fp_save

	.section .text.s2_rv_fp_load, "ax", @progbits
	.globl s2_rv_fp_load
	.type s2_rv_fp_load, @function
	.balign 4
s2_rv_fp_load:
	li t1, S2_RV_SSTATUS_FS
	csrrs t0, S2_RV_CSR_SSTATUS, t1
	fp_regs fld
	ld t1, S2_RV_OFF_FCSR(a0)
	csrw fcsr, t1
	csrw S2_RV_CSR_SSTATUS, t0
	ret
	.size s2_rv_fp_load, . - s2_rv_fp_load
	.option pop

	.option push
	.option arch, +v

/* uint64_t s2_rv_vector_bytes(void): 32 vlenb. sstatus.VS on meanwhile, here and below. */
	.section .text.s2_rv_vector_bytes, "ax", @progbits
	.globl s2_rv_vector_bytes
	.type s2_rv_vector_bytes, @function
	.balign 4
s2_rv_vector_bytes:
	li t1, S2_RV_SSTATUS_VS
	csrrs t0, S2_RV_CSR_SSTATUS, t1
	csrr a0, S2_RV_CSR_VLENB
	slli a0, a0, 5
	csrw S2_RV_CSR_SSTATUS, t0
	ret
	.size s2_rv_vector_bytes, . - s2_rv_vector_bytes

/*
 * void s2_rv_vector_save(struct s2_rv_vector *vector). vstart is taken first: whole-register moves begin there, and leave
 * it 0. They know no type, so vl and vtype stay.
 */
	.section .text.s2_rv_vector_save, "ax", @progbits
	.globl s2_rv_vector_save
	.type s2_rv_vector_save, @function
	.balign 4
s2_rv_vector_save:
	li t1, S2_RV_SSTATUS_VS
	csrrs t0, S2_RV_CSR_SSTATUS, t1
	csrrw t1, S2_RV_CSR_VSTART, zero
	csrr t2, S2_RV_CSR_VCSR
	csrr t3, S2_RV_CSR_VL
	csrr t4, S2_RV_CSR_VTYPE
	sd t1, S2_RV_OFF_VSTART(a0)
	sd t2, S2_RV_OFF_VCSR(a0)
	sd t3, S2_RV_OFF_VL(a0)
	sd t4, S2_RV_OFF_VTYPE(a0)
	ld t1, S2_RV_OFF_VREGS(a0)
	csrr t2, S2_RV_CSR_VLENB
	slli t2, t2, 3
	vs8r.v v0, (t1)
	add t1, t1, t2
	vs8r.v v8, (t1)
	add t1, t1, t2
	vs8r.v v16, (t1)
	add t1, t1, t2
	vs8r.v v24, (t1)
	csrw S2_RV_CSR_SSTATUS, t0
	ret
	.size s2_rv_vector_save, . - s2_rv_vector_save

/* void s2_rv_vector_load(const struct s2_rv_vector *vector). vsetvl sets vstart to 0, so vstart comes last. */
	.section .text.s2_rv_vector_load, "ax", @progbits
	.globl s2_rv_vector_load
	.type s2_rv_vector_load, @function
	.balign 4
s2_rv_vector_load:
	li t1, S2_RV_SSTATUS_VS
	csrrs t0, S2_RV_CSR_SSTATUS, t1
	csrw S2_RV_CSR_VSTART, zero
	ld t1, S2_RV_OFF_VREGS(a0)
	csrr t2, S2_RV_CSR_VLENB
	slli t2, t2, 3
	vl8re8.v v0, (t1)
	add t1, t1, t2
	vl8re8.v v8, (t1)
	add t1, t1, t2
	vl8re8.v v16, (t1)
	add t1, t1, t2
	vl8re8.v v24, (t1)
	ld t1, S2_RV_OFF_VL(a0)
	ld t2, S2_RV_OFF_VTYPE(a0)
	ld t3, S2_RV_OFF_VCSR(a0)
	ld t4, S2_RV_OFF_VSTART(a0)
	vsetvl zero, t1, t2
	csrw S2_RV_CSR_VCSR, t3
	csrw S2_RV_CSR_VSTART, t4
	csrw S2_RV_CSR_SSTATUS, t0
	ret
	.size s2_rv_vector_load, . - s2_rv_vector_load
	.option pop
