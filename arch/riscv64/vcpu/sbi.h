/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * sbi.h - numbers of the Supervisor Binary Interface 2.0 that the vCPU answers, and the batch call (VCP-6).
 *
 * Extension (EID)          what is answered
 * 0x00..0x08 legacy        set_timer, putchar, getchar, clear_ipi, send_ipi, remote_fence_i, remote_sfence_vma(_asid),
 *                          shutdown. A hart mask is read at a guest virtual address, with the guest's tables and rights
 * 0x10 Base                version 2.0, implementation S2_RV_IMPL_ID, probe; vendor, architecture, implementation 0
 * 0x54494D45 TIME          set_timer: vstimecmp with Sstc, else S2_RV_EXIT_SET_TIMER
 * 0x735049 sPI             send_ipi
 * 0x52464E43 RFNC          fence.i, sfence.vma, sfence.vma by ASID (all ASIDs are forgotten); the hfence calls are refused,
 *                          the guest has no H extension
 * 0x48534D HSM             start, stop, status, suspend (default retentive only)
 * 0x53525354 SRST          shutdown, cold and warm reboot: S2_RV_EXIT_SHUTDOWN
 * 0x4442434E DBCN          write, read, write_byte; at most SBI_DBCN_MAX bytes in one call, the answer says how many
 * S2_RV_EID_BATCH          function 0: answers S2_RV_BATCH_MAX. Function 1: a0 = GPA of an array, 8-byte aligned, a1 = number
 *                          of elements, at most S2_RV_BATCH_MAX. An element is ten 64-bit words: eid, fid, a0..a5, and error
 *                          and value, which are written. Elements are done in order, by one exit. Base, TIME, sPI, RFNC,
 *                          DBCN and HSM status may be in a batch; any other element gets NOT_SUPPORTED. The answer is the
 *                          number of elements done; fewer than a1 means that the array was taken away meanwhile
 *
 * Every other call: SBI_ERR_NOT_SUPPORTED. Addresses are guest physical and go through the space; what cannot be reached
 * is SBI_ERR_INVALID_PARAM or SBI_ERR_INVALID_ADDRESS, never an exit.
 */
#ifndef ARCH_RV_SBI_H
#define ARCH_RV_SBI_H

#include <stdint.h>

#define SBI_SUCCESS           INT64_C(0)
#define SBI_FAILED            INT64_C(-1)
#define SBI_NOT_SUPPORTED     INT64_C(-2)
#define SBI_INVALID_PARAM     INT64_C(-3)
#define SBI_DENIED            INT64_C(-4)
#define SBI_INVALID_ADDRESS   INT64_C(-5)
#define SBI_ALREADY_AVAILABLE INT64_C(-6)

#define SBI_EID_LEGACY_LAST UINT64_C(0x08)
#define SBI_EID_BASE        UINT64_C(0x10)
#define SBI_EID_TIME        UINT64_C(0x54494D45)
#define SBI_EID_IPI         UINT64_C(0x735049)
#define SBI_EID_RFENCE      UINT64_C(0x52464E43)
#define SBI_EID_HSM         UINT64_C(0x48534D)
#define SBI_EID_SRST        UINT64_C(0x53525354)
#define SBI_EID_DBCN        UINT64_C(0x4442434E)

#define SBI_SPEC_VERSION UINT64_C(0x2000000) /* major 2 in bits 30:24 */
#define SBI_DBCN_MAX     UINT64_C(4096)

#define SBI_BATCH_WORDS UINT64_C(10)
#define SBI_BATCH_BYTES UINT64_C(80)
#define SBI_BATCH_ERROR 8u  /* the word of the error; the value follows */
#define SBI_BATCH_PART  8u  /* elements held on the stack at a time     */
#define SBI_PART_WORDS  80u /* and their words                          */

_Static_assert(SBI_PART_WORDS == SBI_BATCH_PART * SBI_BATCH_WORDS, "whole elements");
_Static_assert(SBI_BATCH_BYTES == 8u * SBI_BATCH_WORDS, "64-bit words");

#endif
