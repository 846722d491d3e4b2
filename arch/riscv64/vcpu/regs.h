/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * regs.h - byte offsets into struct s2_rv_regs and struct s2_rv_fp, and CSR numbers: what enter.S and C must agree on.
 *
 * Only #define of plain numbers: the assembler reads this file too. vcpu.h asserts each offset against the structs.
 */
#ifndef ARCH_RV_REGS_H
#define ARCH_RV_REGS_H

/* struct s2_rv_regs: guest */
#define S2_RV_OFF_X             0 /* x[n] at 8 n; x[0] is never stored */
#define S2_RV_OFF_SEPC          256
#define S2_RV_OFF_SSTATUS       264
#define S2_RV_OFF_HSTATUS       272
/* the trap that ended the last run */
#define S2_RV_OFF_SCAUSE        280
#define S2_RV_OFF_STVAL         288
#define S2_RV_OFF_HTVAL         296
#define S2_RV_OFF_HTINST        304
/* host: what a C function must find again, and the CSRs that the guest's values replace */
#define S2_RV_OFF_HOST_RA       312
#define S2_RV_OFF_HOST_SP       320
#define S2_RV_OFF_HOST_GP       328
#define S2_RV_OFF_HOST_TP       336
#define S2_RV_OFF_HOST_S        344 /* s0..s11 */
#define S2_RV_OFF_HOST_SSTATUS  440
#define S2_RV_OFF_HOST_HSTATUS  448
#define S2_RV_OFF_HOST_STVEC    456
#define S2_RV_OFF_HOST_SSCRATCH 464
#define S2_RV_REGS_SIZE         472

/* struct s2_rv_fp */
#define S2_RV_OFF_F    0
#define S2_RV_OFF_FCSR 256
#define S2_RV_FP_SIZE  264

/* struct s2_rv_vector */
#define S2_RV_OFF_VSTART 0
#define S2_RV_OFF_VCSR   8
#define S2_RV_OFF_VL     16
#define S2_RV_OFF_VTYPE  24
#define S2_RV_OFF_VREGS  32 /* a pointer */

/* CSR numbers (Privileged ISA, "CSR Listing"); by number, because older assemblers lack the names */
#define S2_RV_CSR_VSTART     0x008
#define S2_RV_CSR_VCSR       0x00f
#define S2_RV_CSR_SSTATUS    0x100
#define S2_RV_CSR_SIE        0x104
#define S2_RV_CSR_STVEC      0x105
#define S2_RV_CSR_SCOUNTEREN 0x106
#define S2_RV_CSR_SENVCFG    0x10a
#define S2_RV_CSR_SSCRATCH   0x140
#define S2_RV_CSR_SEPC       0x141
#define S2_RV_CSR_SCAUSE     0x142
#define S2_RV_CSR_STVAL      0x143
#define S2_RV_CSR_SIP        0x144
#define S2_RV_CSR_VSSTATUS   0x200
#define S2_RV_CSR_VSIE       0x204
#define S2_RV_CSR_VSTVEC     0x205
#define S2_RV_CSR_VSSCRATCH  0x240
#define S2_RV_CSR_VSEPC      0x241
#define S2_RV_CSR_VSCAUSE    0x242
#define S2_RV_CSR_VSTVAL     0x243
#define S2_RV_CSR_VSTIMECMP  0x24d
#define S2_RV_CSR_VSATP      0x280
#define S2_RV_CSR_HSTATUS    0x600
#define S2_RV_CSR_HEDELEG    0x602
#define S2_RV_CSR_HIDELEG    0x603
#define S2_RV_CSR_HIE        0x604
#define S2_RV_CSR_HTIMEDELTA 0x605
#define S2_RV_CSR_HCOUNTEREN 0x606
#define S2_RV_CSR_HGEIE      0x607
#define S2_RV_CSR_HENVCFG    0x60a
#define S2_RV_CSR_HTVAL      0x643
#define S2_RV_CSR_HVIP       0x645
#define S2_RV_CSR_HTINST     0x64a
#define S2_RV_CSR_HGATP      0x680
#define S2_RV_CSR_TIME       0xc01
#define S2_RV_CSR_VL         0xc20
#define S2_RV_CSR_VTYPE      0xc21
#define S2_RV_CSR_VLENB      0xc22

/* sstatus and vsstatus */
#define S2_RV_SSTATUS_SIE  0x2
#define S2_RV_SSTATUS_SPIE 0x20
#define S2_RV_SSTATUS_SPP  0x100
#define S2_RV_SSTATUS_FS   0x6000 /* 0 off, 0x2000 initial, 0x4000 clean, 0x6000 dirty */
#define S2_RV_FS_CLEAN     0x4000
#define S2_RV_SSTATUS_VS   0x600 /* the same for vectors: 0x200 initial, 0x400 clean */
#define S2_RV_VS_CLEAN     0x400

#endif
