/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * ask.h - questions of the driver become a list that the guest works off: one entry of the guest per refused access,
 * and one for the rest of the list.
 *
 * The guest's own pages (code, stack, page tables, list) lie in 64 KiB of host memory that the library maps at ASK_GPA.
 * Each question has a linear gigabyte of its own, mapped by one entry of the guest's page tables to the gigabyte of
 * guest addresses that the question is about: so every guest address the processor has can be asked, whatever its
 * width. The same gigabytes lie once more, as user pages, further up: for S2_UX.
 */
#ifndef TESTS_X86_ASK_H
#define TESTS_X86_ASK_H

#include "tests/qemu/judge/judge.h"
#include "vm.h"

#define ASK_GPA  UINT64_C(0x2aaaa00000) /* at no border of an entry above 2 MiB */
#define ASK_SIZE 0x10000u
#define ASK_CR3  (ASK_GPA + 0x2000u)

/** One question, as guest.S reads it. */
struct question {
  uint64_t linear;
  uint32_t access; /* exactly one of S2_R, S2_W, S2_X, S2_UX    */
  uint32_t done;   /* the guest: the access was done            */
  uint64_t word;   /* the guest: the word that was found        */
  uint64_t tag;    /* 16 bits for a store                       */
};

/** Host address of the guest's own pages; their contents are made once. */
uint64_t ask_pages(void);
void ask_init(void);

/** The next entry forgets the guest's translations, whatever ask_flush_due() says. */
void ask_forget(void);

/** The program: has there been an invalidation since this was asked last? NPT entries then flush the ASID. */
bool ask_flush_due(void);

/** A guest that makes one access again and again (guest_spin): its entry state, and the question it works on. */
struct vm_state ask_spin(uint64_t gpa, uint32_t access);
volatile struct question *ask_spinning(void);

/**
 * A guest that reads gpa, stores `entry` at guest address `slot`, where it has been given an entry of its own second
 * stage, and reads gpa again (guest_change). true: the second read found what the first did.
 */
bool ask_change(uint64_t gpa, uint64_t slot, uint64_t entry);

/* counted for the report */
extern uint64_t ask_entries;

#endif
