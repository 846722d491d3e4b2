/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * guest.S - the guest: works off a list of questions (struct question in ask.h), one access each, and leaves with a
 * call of the hypervisor at the end of the list. An access that the second stage refuses leaves in between; ask.c notes
 * it and sends the guest on to the next question.
 *
 * rbx: the question, rbp: end of the list. The code is position-independent and copied to the guest's own pages.
 */
#define LINEAR 0
#define ACCESS 8
#define DONE   12
#define WORD   16
#define TAG    24
#define NEXT   32

  .section .rodata
  .balign 16
  .globl guest_start, guest_read, guest_write, guest_next, guest_end
guest_start: /* the page tables have changed since the last list */
  movq %cr3, %rax
  movq %rax, %cr3
0:
  cmpq %rbp, %rbx
  jae 4f
  movq LINEAR(%rbx), %rdi
  movl ACCESS(%rbx), %ecx
  testl $2, %ecx
  jnz 1f
  testl $12, %ecx
  jnz 2f
guest_read: /* the byte that was asked for, then the word around it */
  movb (%rdi), %al
  andq $-8, %rdi
  movq (%rdi), %rax
  jmp 3f
1: /* a store to the upper 16 bits of the word: what the word says of itself stays */
  movzwl TAG(%rbx), %eax
guest_write:
  movw %ax, (%rdi)
  andq $-8, %rdi
  movq (%rdi), %rax
  jmp 3f
2: /* a marked word is a function that returns the same 32 bits */
  xorl %eax, %eax
  callq *%rdi
3:
  movq %rax, WORD(%rbx)
  movl $1, DONE(%rbx)
guest_next:
  addq $NEXT, %rbx
  jmp 0b
4:
#ifdef S2_FORMAT_NPT
  vmmcall
#else
  vmcall
#endif
  jmp guest_start

  /* Another guest: the same access again and again, until DONE is set by the hypervisor. TAG counts. */
  .globl guest_spin
guest_spin:
  movq %cr3, %rax
  movq %rax, %cr3
  movq LINEAR(%rbx), %rdi
5:
  movq TAG(%rbx), %rax
  testl $2, ACCESS(%rbx)
  jnz 6f
  movq (%rdi), %rax
  jmp 7f
6:
  movq %rax, (%rdi)
7:
  movq %rax, WORD(%rbx)
  incq TAG(%rbx)
  pause
  cmpl $0, DONE(%rbx)
  je 5b
  jmp 4b

  /* Another: the access of the first question, a store of the second's WORD where that lies, and the access again. */
  .globl guest_change
guest_change:
  movq %cr3, %rax
  movq %rax, %cr3
  movq LINEAR(%rbx), %rdi
  movq NEXT+LINEAR(%rbx), %rsi
  movq NEXT+WORD(%rbx), %rdx
  movq (%rsi), %rax
  movq (%rdi), %rax
  movq %rax, WORD(%rbx)
  movq %rdx, (%rsi)
  movq (%rdi), %rax
  movq %rax, TAG(%rbx)
  movl $1, DONE(%rbx)
  jmp 4b
guest_end:

  .section .note.GNU-stack, "", @progbits
