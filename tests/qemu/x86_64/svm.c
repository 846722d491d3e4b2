/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* svm.c - a virtual processor on AMD's SVM (APM vol. 2, chapter 15 and appendix B), nested paging on. See vm.h. */
#include "machine.h"
#include "vm.h"

#include "stage2/attr.h"

#define MSR_VM_CR    0xc0010114u
#define MSR_VM_HSAVE 0xc0010117u
#define VM_CR_SVMDIS UINT64_C(0x10)
#define EFER_SVME    UINT64_C(0x1000)
#define EFER_LONG    UINT64_C(0xd00) /* NXE LMA LME */

#define TLB_FLUSH_ASID 3u /* TLB_CONTROL: flush this guest's entries (15.16.2) */

#define EXIT_NMI     UINT64_C(0x61)
#define EXIT_VMMCALL UINT64_C(0x81)
#define EXIT_NPF     UINT64_C(0x400)

/* EXITINFO1 of a nested page fault (15.25.6) */
#define NPF_P     UINT64_C(0x1)
#define NPF_W     UINT64_C(0x2)
#define NPF_U     UINT64_C(0x4)
#define NPF_RSV   UINT64_C(0x8)
#define NPF_FETCH UINT64_C(0x10)
#define NPF_FINAL (UINT64_C(1) << 32)
#define NPF_WALK  (UINT64_C(1) << 33)

struct segment {
  uint16_t selector, attributes;
  uint32_t limit;
  uint64_t base;
};

/** The VMCB (appendix B), with names where this program has a value. */
struct vmcb {
  uint32_t intercept_cr, intercept_dr, intercept_exceptions, intercept_1, intercept_2;
  uint8_t unused_014[0x58 - 0x14];
  uint32_t asid;
  uint32_t tlb_control; /* bits 7:0 */
  uint64_t virtual_interrupts, interrupt_shadow;
  uint64_t exit_code, exit_info_1, exit_info_2, exit_interrupt;
  uint64_t nested_enable;
  uint8_t unused_098[0xb0 - 0x98];
  uint64_t nested_cr3;
  uint8_t unused_0b8[0x400 - 0xb8];
  struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
  uint8_t unused_4a0[0x4cb - 0x4a0];
  uint8_t cpl;
  uint32_t unused_4cc;
  uint64_t efer;
  uint8_t unused_4d8[0x548 - 0x4d8];
  uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
  uint8_t unused_580[0x5d8 - 0x580];
  uint64_t rsp;
  uint8_t unused_5e0[0x5f8 - 0x5e0];
  uint64_t rax;
  uint8_t unused_600[0x668 - 0x600];
  uint64_t pat;
  uint8_t unused_670[0x1000 - 0x670];
};
_Static_assert(offsetof(struct vmcb, asid) == 0x58 && offsetof(struct vmcb, exit_code) == 0x70, "appendix B");
_Static_assert(offsetof(struct vmcb, nested_cr3) == 0xb0 && offsetof(struct vmcb, es) == 0x400, "appendix B");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0 && offsetof(struct vmcb, rip) == 0x578, "appendix B");
_Static_assert(offsetof(struct vmcb, pat) == 0x668 && sizeof(struct vmcb) == 4096, "appendix B");

_Alignas(4096) static volatile struct vmcb vmcb;
_Alignas(4096) static uint8_t host_save[4096];

/** VMRUN with the guest's registers; the VMCB has its rax. */
static void run(struct vm_state *g) {
  uint64_t rbx = g->rbx;
  uint64_t rbp = g->rbp;
  uint64_t rdi = g->rdi;
  __asm__ volatile("pushq %%rbp\n\t"
                   "movq %%rcx, %%rbp\n\t"
                   "vmrun %%rax\n\t"
                   "movq %%rbp, %%rcx\n\t"
                   "popq %%rbp"
                   : "+b"(rbx), "+c"(rbp), "+D"(rdi)
                   : "a"(machine_hpa(&vmcb))
                   : "memory", "cc", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
  g->rbx = rbx;
  g->rbp = rbp;
  g->rdi = rdi;
}

void vm_init(uint64_t cr3) {
  if ((cpuid(0x80000001u).ecx & 4u) == 0 || (cpuid(0x8000000au).edx & 1u) == 0) {
    machine_fail("this processor has no SVM with nested paging", cpuid(0x80000001u).ecx, cpuid(0x8000000au).edx);
  }
  if ((rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) != 0) {
    machine_fail("SVM is locked", rdmsr(MSR_VM_CR), 0);
  }
  wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
  wrmsr(MSR_VM_HSAVE, machine_hpa(host_save));
  vmcb.intercept_exceptions = UINT32_MAX;
  vmcb.intercept_1 = 0x8100000fu; /* shutdown, HLT, INIT, SMI, NMI, INTR */
  vmcb.intercept_2 = 0x3u;        /* VMMCALL, VMRUN                      */
  vmcb.virtual_interrupts = UINT64_C(1) << 24;
  vmcb.nested_enable = 1;
  vmcb.cs = (struct segment){SELECT_CODE, 0xa9b, UINT32_MAX, 0};
  vmcb.ss = (struct segment){SELECT_DATA, 0xc93, UINT32_MAX, 0};
  vmcb.ds = vmcb.ss;
  vmcb.es = vmcb.ss;
  vmcb.fs = vmcb.ss;
  vmcb.gs = vmcb.ss;
  vmcb.tr = (struct segment){SELECT_TASK, 0x8b, 0x67, 0};
  vmcb.efer = EFER_SVME | EFER_LONG;
  vmcb.cr0 = 0x80010033u;
  vmcb.cr4 = 0x20u;
  vmcb.cr3 = cr3;
  vmcb.dr6 = 0xffff0ff0u;
  vmcb.dr7 = 0x400u;
  vmcb.pat = UINT64_C(0x0007040600070406);
}

void vm_install(uint64_t root, uint32_t asid, bool user_execute) {
  (void)user_execute; /* NPT has one right to execute */
  vmcb.nested_cr3 = root;
  vmcb.asid = asid;
}

static struct vm_exit nested_fault(void) {
  uint64_t info = vmcb.exit_info_1;
  struct vm_exit x = {VM_STAGE2, vmcb.exit_info_2, S2_R, 0, (info & NPF_P) != 0, false, {EXIT_NPF, info}};
  x.final = (info & (NPF_FINAL | NPF_WALK)) == NPF_FINAL;
  if ((info & NPF_FETCH) != 0) {
    x.access = S2_X;
  } else if ((info & NPF_W) != 0) {
    x.access = S2_W;
  }
  if ((info & NPF_RSV) != 0) {
    x.why = VM_BAD;
  } else if ((info & NPF_U) == 0) {
    x.why = VM_OTHER; /* every nested access is a user access */
  }
  return x;
}

struct vm_exit vm_enter(struct vm_state *g, bool forget) {
  vmcb.tlb_control = forget ? TLB_FLUSH_ASID : 0;
  vmcb.rip = g->rip;
  vmcb.rsp = g->rsp;
  vmcb.rflags = 2;
  run(g);
  g->rip = vmcb.rip;
  g->rsp = vmcb.rsp;
  struct vm_exit x = {VM_OTHER, 0, 0, 0, false, false, {vmcb.exit_code, vmcb.exit_info_1}};
  if (vmcb.exit_code == EXIT_NPF) {
    return nested_fault();
  }
  if (vmcb.exit_code == EXIT_VMMCALL) {
    x.why = VM_CALL;
  } else if (vmcb.exit_code == EXIT_NMI) {
    x.why = VM_KICK;
  }
  return x;
}
