/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * boot.S - from the BIOS to main() in long mode: boot sector, identity map, segments, exception stubs, second CPU.
 *
 * The same disk image boots under QEMU and under Bochs. Built with -DJUDGE_LA57, the host pages with five levels, as
 * the nested tables of AMD do then too.
 */
#define CHUNK 32 /* sectors for each call of the BIOS: 16 KiB */

#define CR0_PE   0x1
#define CR0_LONG 0x80010033 /* PG WP NE ET MP PE */
#define CR4_PAE  0x20
#define CR4_LA57 0x1000
#define EFER     0xc0000080
#define EFER_ON  0x900 /* NXE LME */

#ifdef JUDGE_LA57
#define CR4_LONG (CR4_PAE | CR4_LA57)
#define TOP      pml5
#else
#define CR4_LONG CR4_PAE
#define TOP      pml4
#endif

  .section .boot, "ax"
  .code16
  .globl boot_sector
boot_sector:
  cli
  ljmp $0, $1f
1:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  movw $image_sectors, %cx
2: /* INT 13h, AH 42h: extended read of CHUNK sectors; DL is the drive, as the BIOS left it */
  movb $0x42, %ah
  movw $packet, %si
  int $0x13
  jc 4f
  addw $(CHUNK * 32), packet_segment
  addl $CHUNK, packet_lba
  subw $CHUNK, %cx
  ja 2b
  cli /* the BIOS may have let interrupts in */
  inb $0x92, %al /* the 21st address line */
  orb $2, %al
  andb $0xfe, %al
  outb %al, $0x92
  lgdtl gdt_pointer
  movl $CR0_PE, %eax
  movl %eax, %cr0
  ljmpl $0x18, $start32
4: /* say that the disk cannot be read */
  movb $'D', %al
  outb %al, $0xe9
5:
  hlt
  jmp 5b

  .balign 4
packet:
  .byte 16, 0
  .word CHUNK
  .word 0
packet_segment:
  .word 0x1000
packet_lba:
  .quad 1
gdt_pointer:
  .word gdt_end - gdt - 1
  .quad gdt
  .balign 8
  .globl gdt
gdt:
  .quad 0
  .quad 0x00af9b000000ffff /* 0x08: code, 64 bit */
  .quad 0x00cf93000000ffff /* 0x10: data         */
  .quad 0x00cf9b000000ffff /* 0x18: code, 32 bit */
  .globl gdt_task
gdt_task:
  .quad 0, 0 /* 0x20: task state, main() fills it in */
gdt_end:
  .org 478
  .globl settings
settings: /* struct settings in machine.h; run.sh writes them into the image */
  .quad 0, 0, 0, 0
  .org 510
  .word 0xaa55

  .section .text.start, "ax"
  .code32
start32:
  movw $0x10, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl $bss_start, %edi
  movl $bss_end, %ecx
  subl %edi, %ecx
  shrl $2, %ecx
  xorl %eax, %eax
  cld
  rep stosl
  movl $stack_top, %esp
  movl $machine_main, %esi
to_long_mode:
  movl $TOP, %eax
  movl %eax, %cr3
  movl $CR4_LONG, %eax
  movl %eax, %cr4
  movl $EFER, %ecx
  rdmsr
  orl $EFER_ON, %eax
  wrmsr
  movl $CR0_LONG, %eax
  movl %eax, %cr0
  ljmpl $0x08, $start64

  .code64
start64:
  movl %esp, %esp
  movl %esi, %esi
  xorl %ebp, %ebp
  callq *%rsi
1:
  hlt
  jmp 1b

  /* The second processor starts here in real mode, copied to second_page by machine_start_second(). */
  .code16
  .globl second_start, second_end
second_start:
  cli
  xorw %ax, %ax
  movw %ax, %ds
  lgdtl gdt_pointer
  movl $CR0_PE, %eax
  movl %eax, %cr0
  ljmpl $0x18, $second32
second_end:
  .code32
second32:
  movw $0x10, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl $second_stack_top, %esp
  movl $machine_second, %esi
  jmp to_long_mode

  .code64
  .globl trap_nmi
trap_nmi: /* all it has to do is to end a guest's run, and it has */
  iretq

  /* Exceptions of the host are never expected: machine_trap(vector, error code or 0, rip) does not return. */
  .altmacro
  .macro stub n
  .balign 16
  .if (\n == 8) || (\n == 17) || ((\n >= 10) && (\n <= 14)) || (\n == 21)
  popq %rsi
  .else
  xorl %esi, %esi
  .endif
  movl $\n, %edi
  movq (%rsp), %rdx
  movq %cr2, %rcx
  andq $-16, %rsp
  call machine_trap
  .endm
  .text
  .balign 16
  .globl trap_stubs
trap_stubs:
  .set i, 0
  .rept 32
  stub %i
  .balign 64
  .set i, i + 1
  .endr

  .data
  .balign 4096
pml4:
  .quad pdpt + 0x3, pdpt + 0x1003
  .fill 510, 8, 0
pdpt: /* the first 1 TiB, as it is, in pages of 1 GiB */
  .set i, 0
  .rept 1024
  .quad (i << 30) + 0x83
  .set i, i + 1
  .endr
#ifdef JUDGE_LA57
pml5:
  .quad pml4 + 0x3
  .fill 511, 8, 0
#endif

  .bss
  .balign 16
  .skip 65536
stack_top:
  .skip 16384
second_stack_top:

  .section .note.GNU-stack, "", @progbits
