/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* vmx.c - a virtual processor on Intel's VMX (SDM vol. 3C, chapters 24 to 28 and appendix B), with EPT. See vm.h. */
#include "machine.h"
#include "vm.h"

#include "stage2/attr.h"

#define MSR_FEATURE_CONTROL 0x3au
#define MSR_VMX_BASIC       0x480u
#define MSR_VMX_CR0_FIXED0  0x486u
#define MSR_VMX_CR4_FIXED0  0x488u
#define MSR_VMX_SECONDARY   0x48bu
#define MSR_VMX_EPT_VPID    0x48cu
#define MSR_VMX_TRUE_PIN    0x48du
#define MSR_VMX_TRUE_CPU    0x48eu
#define MSR_VMX_TRUE_EXIT   0x48fu
#define MSR_VMX_TRUE_ENTRY  0x490u

#define SECONDARY      0x22u     /* EPT, VPID                   */
#define SECONDARY_MBEC 0x400000u /* mode-based execute control  */

#define CR4_VMXE  UINT64_C(0x2000)
#define EFER_LONG UINT64_C(0xd00) /* NXE LMA LME */

/* fields of the VMCS (appendix B) */
enum field {
  VPID = 0x0000,
  GUEST_SELECTOR = 0x0800, /* ES CS SS DS FS GS LDTR TR, in steps of 2 here and below */
  HOST_SELECTOR = 0x0c00,
  EPT_POINTER = 0x201a,
  GUEST_PHYSICAL = 0x2400,
  LINK_POINTER = 0x2800,
  GUEST_EFER = 0x2806,
  HOST_EFER = 0x2c02,
  PIN_CONTROLS = 0x4000,
  CPU_CONTROLS = 0x4002,
  EXCEPTIONS = 0x4004,
  EXIT_CONTROLS = 0x400c,
  ENTRY_CONTROLS = 0x4012,
  SECONDARY_CONTROLS = 0x401e,
  INSTRUCTION_ERROR = 0x4400,
  EXIT_REASON = 0x4402,
  GUEST_LIMIT = 0x4800,
  GDTR_LIMIT = 0x4810,
  IDTR_LIMIT = 0x4812,
  GUEST_RIGHTS = 0x4814,
  QUALIFICATION = 0x6400,
  GUEST_CR0 = 0x6800,
  GUEST_CR3 = 0x6802,
  GUEST_CR4 = 0x6804,
  GUEST_DR7 = 0x681a,
  GUEST_RSP = 0x681c,
  GUEST_RIP = 0x681e,
  GUEST_RFLAGS = 0x6820,
  HOST_CR0 = 0x6c00,
  HOST_CR3 = 0x6c02,
  HOST_CR4 = 0x6c04,
  HOST_TR_BASE = 0x6c0a,
  HOST_GDTR_BASE = 0x6c0c,
  HOST_IDTR_BASE = 0x6c0e
};
#define HOST_RSP "0x6c14"
#define HOST_RIP "0x6c16"

enum { ES, CS, SS, DS, FS, GS, LDTR, TR, SEGMENTS };

#define EXIT_VMCALL           18u
#define EXIT_VIOLATION        48u
#define EXIT_MISCONFIGURATION 49u

_Alignas(4096) static uint32_t vmxon_region[1024];
_Alignas(4096) static uint32_t vmcs_region[1024];
static bool launched;
static bool modes; /* mode-based execute control is on */

static void vmwrite(uint64_t field, uint64_t v) {
  bool failed;
  __asm__ volatile("vmwrite %2, %1" : "=@ccbe"(failed) : "r"(field), "r"(v));
  if (failed) {
    machine_fail("VMWRITE of", field, v);
  }
}

static uint64_t vmread(uint64_t field) {
  uint64_t v;
  __asm__ volatile("vmread %1, %0" : "=r"(v) : "r"(field));
  return v;
}

/** A control field: what is wanted and what the processor insists on; refused when it does not have it. */
static void control(enum field field, uint32_t msr, uint32_t wanted) {
  uint64_t allowed = rdmsr(msr); /* bits 31:0 must be 1, bits 63:32 may be 1 */
  if ((wanted & ~(uint32_t)(allowed >> 32)) != 0) {
    machine_fail("this processor lacks a control of field", (uint64_t)field, allowed);
  }
  vmwrite((uint64_t)field, wanted | (uint32_t)allowed);
}

static void switch_on(void) {
  bool failed;
  if ((cpuid(1).ecx & 0x20u) == 0) {
    machine_fail("this processor has no VMX", cpuid(1).ecx, 0);
  }
  if ((rdmsr(MSR_FEATURE_CONTROL) & 1u) == 0) {
    wrmsr(MSR_FEATURE_CONTROL, rdmsr(MSR_FEATURE_CONTROL) | 5u);
  }
  write_cr0(read_cr0() | rdmsr(MSR_VMX_CR0_FIXED0));
  write_cr4(read_cr4() | rdmsr(MSR_VMX_CR4_FIXED0) | CR4_VMXE);
  vmxon_region[0] = (uint32_t)rdmsr(MSR_VMX_BASIC);
  vmcs_region[0] = (uint32_t)rdmsr(MSR_VMX_BASIC);
  uint64_t at = machine_hpa(vmxon_region);
  __asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(at) : "memory");
  if (failed) {
    machine_fail("VMXON", at, rdmsr(MSR_FEATURE_CONTROL));
  }
  at = machine_hpa(vmcs_region);
  __asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(at) : "memory");
  if (!failed) {
    __asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(at) : "memory");
  }
  if (failed) {
    machine_fail("VMCLEAR or VMPTRLD", at, 0);
  }
}

static void host_state(void) {
  for (uint32_t s = ES; s < SEGMENTS; s++) {
    uint64_t data = s == CS ? SELECT_CODE : SELECT_DATA;
    if (s != LDTR) {
      /* TR is the seventh of the host's selectors */
      vmwrite(HOST_SELECTOR + 2u * (s == TR ? 6u : s), s == TR ? SELECT_TASK : data);
    }
  }
  vmwrite(HOST_CR0, read_cr0());
  vmwrite(HOST_CR3, read_cr3());
  vmwrite(HOST_CR4, read_cr4());
  vmwrite(HOST_EFER, rdmsr(MSR_EFER));
  vmwrite(HOST_TR_BASE, machine_task());
  vmwrite(HOST_GDTR_BASE, machine_gdt());
  vmwrite(HOST_IDTR_BASE, machine_idt());
}

static void guest_state(uint64_t cr3) {
  static const uint32_t selector[SEGMENTS] = {SELECT_DATA, SELECT_CODE, SELECT_DATA, SELECT_DATA,
                                              SELECT_DATA, SELECT_DATA, 0,           SELECT_TASK};
  static const uint32_t rights[SEGMENTS] = {0xc093, 0xa09b, 0xc093, 0xc093, 0xc093, 0xc093, 0x10000, 0x8b};
  for (uint32_t s = ES; s < SEGMENTS; s++) {
    vmwrite(GUEST_SELECTOR + 2u * s, selector[s]);
    vmwrite(GUEST_LIMIT + 2u * s, s == TR ? 0x67u : UINT32_MAX);
    vmwrite(GUEST_RIGHTS + 2u * s, rights[s]);
  }
  vmwrite(GDTR_LIMIT, 0);
  vmwrite(IDTR_LIMIT, 0);
  vmwrite(LINK_POINTER, UINT64_MAX);
  vmwrite(GUEST_EFER, EFER_LONG);
  vmwrite(GUEST_CR0, 0x80010033u);
  vmwrite(GUEST_CR3, cr3);
  vmwrite(GUEST_CR4, 0x20u | CR4_VMXE);
  vmwrite(GUEST_DR7, 0x400u);
}

void vm_init(uint64_t cr3) {
  switch_on();
  control(PIN_CONTROLS, MSR_VMX_TRUE_PIN, 0x9u);        /* exits on interrupts and NMIs        */
  control(CPU_CONTROLS, MSR_VMX_TRUE_CPU, 0x80000080u); /* secondary controls, exits on HLT    */
  control(SECONDARY_CONTROLS, MSR_VMX_SECONDARY, SECONDARY);
  control(EXIT_CONTROLS, MSR_VMX_TRUE_EXIT, 0x300200u); /* 64-bit host, EFER saved and loaded  */
  control(ENTRY_CONTROLS, MSR_VMX_TRUE_ENTRY, 0x8200u); /* 64-bit guest, EFER loaded           */
  vmwrite(EXCEPTIONS, UINT32_MAX);
  host_state();
  guest_state(cr3);
}

uint64_t vm_capability(void) {
  return rdmsr(MSR_VMX_EPT_VPID);
}

bool vm_user_execute(void) {
  return (rdmsr(MSR_VMX_SECONDARY) >> 32 & SECONDARY_MBEC) != 0;
}

void vm_install(uint64_t root, uint32_t tag, bool user_execute) {
  modes = user_execute;
  control(SECONDARY_CONTROLS, MSR_VMX_SECONDARY, SECONDARY | (user_execute ? SECONDARY_MBEC : 0u));
  vmwrite(EPT_POINTER, root);
  vmwrite(VPID, tag);
}

/** VMLAUNCH or VMRESUME, back at the exit. false: VMfail. */
static bool run(struct vm_state *g) {
  uint64_t rbx = g->rbx;
  uint64_t rbp = g->rbp;
  uint64_t rdi = g->rdi;
  uint64_t failed = launched ? 1 : 0;
  __asm__ volatile("pushq %%rbp\n\t"
                   "movl $" HOST_RSP ", %%edx\n\t"
                   "vmwrite %%rsp, %%rdx\n\t"
                   "leaq 3f(%%rip), %%rsi\n\t"
                   "movl $" HOST_RIP ", %%edx\n\t"
                   "vmwrite %%rsi, %%rdx\n\t"
                   "movq %%rcx, %%rbp\n\t"
                   "testl %%eax, %%eax\n\t"
                   "jnz 1f\n\t"
                   "vmlaunch\n\t"
                   "jmp 2f\n"
                   "1:\n\t"
                   "vmresume\n"
                   "2:\n\t"
                   "movl $1, %%eax\n\t"
                   "jmp 4f\n"
                   "3:\n\t"
                   "xorl %%eax, %%eax\n"
                   "4:\n\t"
                   "movq %%rbp, %%rcx\n\t"
                   "popq %%rbp"
                   : "+b"(rbx), "+c"(rbp), "+D"(rdi), "+a"(failed)
                   :
                   : "memory", "cc", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
  launched = launched || failed == 0;
  g->rbx = rbx;
  g->rbp = rbp;
  g->rdi = rdi;
  return failed == 0;
}

/** Exit qualification of an EPT violation (table 28-7). */
static struct vm_exit violation(struct vm_exit x) {
  uint64_t q = x.raw[1];
  x.why = VM_STAGE2;
  x.access = (uint32_t)(q & S2_RWX);
  x.rights = (uint32_t)(q >> 3 & S2_RWX);
  /*
   * Bit 6 is user execute. Known emulator bug: Bochs 3.0 reports it in bit 13, which says "shadow-stack access" in the
   * manual; there are none here.
   */
  x.rights |= modes && (q & 0x2040u) != 0 ? S2_UX : 0u;
  x.present = x.rights != 0;
  x.final = (q & 0x180u) == 0x180u; /* a linear address, and the access to what it translates to */
  return x;
}

struct vm_exit vm_enter(struct vm_state *g, bool forget) {
  (void)forget; /* INVEPT has done it */
  vmwrite(GUEST_RIP, g->rip);
  vmwrite(GUEST_RSP, g->rsp);
  vmwrite(GUEST_RFLAGS, 2);
  if (!run(g)) {
    struct vm_exit no = {VM_REFUSED, 0, 0, 0, false, false, {vmread(INSTRUCTION_ERROR), 0}};
    return no;
  }
  g->rip = vmread(GUEST_RIP);
  g->rsp = vmread(GUEST_RSP);
  struct vm_exit x = {
      VM_OTHER, vmread(GUEST_PHYSICAL), 0, 0, false, false, {vmread(EXIT_REASON), vmread(QUALIFICATION)}};
  switch (x.raw[0]) {
    case EXIT_VIOLATION:
      return violation(x);
    case EXIT_MISCONFIGURATION:
      x.why = VM_BAD;
      break;
    case EXIT_VMCALL:
      x.why = VM_CALL;
      break;
    default:
      break;
  }
  return x;
}
