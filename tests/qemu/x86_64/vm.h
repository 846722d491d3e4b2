/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * vm.h - a virtual processor in 64-bit mode: svm.c on AMD's SVM, vmx.c on Intel's VMX.
 */
#ifndef TESTS_X86_VM_H
#define TESTS_X86_VM_H

#include <stdbool.h>
#include <stdint.h>

/** What the hypervisor decides for each entry; the rest of the guest's state stays as it left it. */
struct vm_state {
  uint64_t rip, rsp;
  uint64_t rbx, rbp, rdi; /* what guest.S keeps from one instruction to another, beside rax */
};

enum vm_why {
  VM_CALL,    /* the guest asked for it: VMMCALL, VMCALL              */
  VM_STAGE2,  /* #NPF, EPT violation                                  */
  VM_BAD,     /* EPT misconfiguration; #NPF with the reserved-bit flag */
  VM_KICK,    /* an NMI                                               */
  VM_REFUSED, /* VM entry: raw[0] is the instruction error          */
  VM_OTHER
};

struct vm_exit {
  enum vm_why why;
  uint64_t gpa;
  uint32_t access; /* VM_STAGE2: S2_R, S2_W, S2_X as the processor reports it            */
  uint32_t rights; /* VM_STAGE2: rights it reports, if it does                           */
  bool present;    /* VM_STAGE2: a translation was there                                 */
  bool final;      /* VM_STAGE2, VM_BAD: for the access itself, not for a guest page-table entry */
  uint64_t raw[2]; /* exit code or reason; EXITINFO1 or exit qualification               */
};

/** Switch virtualisation on, and make a processor in 64-bit mode with page tables at guest address cr3. */
void vm_init(uint64_t cr3);

/**
 * Walk the second stage from here on with the library's register value, under this ASID or VPID. user_execute (VMX):
 * with mode-based execute control.
 */
void vm_install(uint64_t root, uint32_t tag, bool user_execute);

/** VMX only: IA32_VMX_EPT_VPID_CAP; is there mode-based execute control? */
uint64_t vm_capability(void);
bool vm_user_execute(void);

/** Run the guest until it leaves. `forget`: flush the guest's translations at this entry (NPT: TLB_CONTROL). */
struct vm_exit vm_enter(struct vm_state *g, bool forget);

#endif
