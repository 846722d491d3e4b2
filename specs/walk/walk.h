/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * walk.h - the hardware's second-stage walk, one transcription per architecture manual (theorem T2).
 *
 * Trusted: a reader holds ept.c, npt.c, a64.c and gst.c against the manuals. They share no macro and no function with
 * the library. Each decodes the control registers, reads table words out of physical memory, and says what the manual
 * says the hardware does with one guest physical address and one access. What the walk would write (accessed, dirty) is
 * not written: where hardware may set a bit, the access is permitted as if it had been set.
 *
 * Levels count from the leaf: 0 maps 4 KiB. Loops run over constant bounds, at most five levels.
 */
#ifndef SPECS_WALK_H
#define SPECS_WALK_H

#include <stdbool.h>
#include <stdint.h>

/* kinds of access, and sets of them */
#define WALK_READ         0x1u
#define WALK_WRITE        0x2u
#define WALK_EXECUTE      0x4u /* instruction fetch, privileged guest code   */
#define WALK_USER_EXECUTE 0x8u /* instruction fetch, unprivileged guest code */
#define WALK_ACCESSES     0xfu

/** What the walk ends with. */
enum walk_fault {
  WALK_OK = 0,
  WALK_CONTROL,     /* a control register holds what the manual does not allow: no walk                   */
  WALK_INPUT,       /* the guest address is wider than the translation                                    */
  WALK_NOT_PRESENT, /* EPT violation, #NPF with P = 0, translation fault, guest-page fault with V = 0     */
  WALK_RESERVED,    /* EPT misconfiguration, #NPF with RSV, guest-page fault: reserved bits or encodings  */
  WALK_MISALIGNED,  /* a block whose output is not aligned to its size                                    */
  WALK_ADDRESS,     /* an address wider than the machine: address size fault, access fault                */
  WALK_OUTSIDE,     /* a table where there is no memory                                                   */
  WALK_ACCESS_FLAG, /* the accessed or dirty bit is not set and hardware does not set it                  */
  WALK_PERMISSION   /* the translation forbids this access                                                */
};

enum walk_type {
  WALK_WRITE_BACK,
  WALK_WRITE_THROUGH,
  WALK_WRITE_PROTECTED,
  WALK_WRITE_COMBINING, /* normal memory, non-cacheable                 */
  WALK_UNCACHED_MINUS,  /* UC-                                          */
  WALK_UNCACHED,        /* device; A64: nGnRE                           */
  WALK_UNCACHED_STRICT, /* A64: nGnRnE                                  */
  WALK_OTHER_TYPE       /* a type of the manual that has no name above  */
};

/** Physical memory: `words` 64-bit words from address `base` on. A harness may bring its own (WALK_OWN_MEMORY). */
#ifndef WALK_OWN_MEMORY
struct walk_memory {
  const uint64_t *word;
  uint64_t base;
  uint64_t words;
};

static inline bool walk_inside(const struct walk_memory *m, uint64_t hpa) {
  return hpa >= m->base && (hpa - m->base) / 8u < m->words;
}

static inline uint64_t walk_read(const struct walk_memory *m, uint64_t hpa) {
  return m->word[(hpa - m->base) / 8u];
}
#endif

/* what the machine has and what other registers switch on: struct walk_machine.features */
#define WALK_MBEC         0x1u   /* EPT: mode-based execute control is on                       */
#define WALK_XNX          0x2u   /* A64: FEAT_XNX                                               */
#define WALK_EXECUTE_ONLY 0x4u   /* EPT: IA32_VMX_EPT_VPID_CAP bit 0                            */
#define WALK_LARGE_2M     0x8u   /* EPT: bit 16 of it                                           */
#define WALK_LARGE_1G     0x10u  /* EPT: bit 17 of it; NPT: CPUID Fn8000_0001 EDX Page1GB       */
#define WALK_LA57         0x20u  /* NPT: CR4.LA57 of the host                                   */
#define WALK_NXE          0x40u  /* NPT: EFER.NXE of the host                                   */
#define WALK_PBMTE        0x80u  /* GST: Svpbmt is there, menvcfg.PBMTE is set                  */
#define WALK_ADUE         0x100u /* GST: Svadu is there, menvcfg.ADUE is set                    */
#define WALK_CAN_SET_AD   0x200u /* EPT: IA32_VMX_EPT_VPID_CAP bit 21; A64: FEAT_HAFDBS          */

struct walk_machine {
  uint64_t base;      /* EPTP, nCR3, VTTBR_EL2, hgatp                                            */
  uint64_t ctrl;      /* A64: VTCR_EL2                                                           */
  uint32_t phys_bits; /* MAXPHYADDR, PARange, physical address width                             */
  uint32_t features;
};

struct walk_result {
  enum walk_fault fault;
  uint32_t level;   /* of the entry that ended the walk, where there was one                   */
  uint64_t table;   /* physical address of that entry                                          */
  uint64_t entry;   /* what it holds                                                           */
  uint64_t hpa;     /* the rest is for WALK_OK, WALK_ACCESS_FLAG, WALK_PERMISSION: the output  */
  uint32_t rights;  /* accesses the permission bits of all levels allow                        */
  uint32_t allowed; /* accesses that do not fault: rights, and accessed and dirty state        */
  enum walk_type type;
  bool ignore_pat; /* EPT: the guest's PAT does not count                                     */
  bool accessed;   /* as the leaf says, where the format and its controls give it meaning     */
  bool dirty;
};

/** Bits hi..lo of v. */
static inline uint64_t walk_field(uint64_t v, uint32_t hi, uint32_t lo) {
  return (v >> lo) & (UINT64_MAX >> (63u - (hi - lo)));
}

static inline bool walk_bit(uint64_t v, uint32_t n) {
  return ((v >> n) & 1u) != 0;
}

/** Does address v fit in `bits` bits? */
static inline bool walk_fits(uint64_t v, uint32_t bits) {
  return bits >= 64u || (v >> bits) == 0;
}

static inline bool walk_has(const struct walk_machine *w, uint32_t feature) {
  return (w->features & feature) != 0;
}

/** The result of a walk that has read no entry. */
static inline struct walk_result walk_none(enum walk_fault fault) {
  struct walk_result r = {fault, 0, 0, 0, 0, 0, 0, WALK_OTHER_TYPE, false, false, false};
  return r;
}

/** A walk that ends in a leaf: is `access`, one kind or 0 to ask for the translation, let through? */
static inline struct walk_result walk_judge(struct walk_result r, uint32_t access) {
  if ((access & ~r.rights) != 0) {
    r.fault = WALK_PERMISSION;
  } else if ((access & ~r.allowed) != 0) {
    r.fault = WALK_ACCESS_FLAG;
  } else {
    r.fault = WALK_OK;
  }
  return r;
}

/** The four transcriptions. `access`: one kind, or 0: translate only. */
struct walk_result walk_ept(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access);
struct walk_result walk_npt(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access);
struct walk_result walk_a64(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access);
struct walk_result walk_gst(const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa, uint32_t access);

#endif
