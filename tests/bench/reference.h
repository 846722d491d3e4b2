/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * reference.h - what the library is measured against: plain C over raw pointers, written for one purpose each.
 *
 * ref_pt is the "careful C" page table: the same checks as the library (alignment, size, overflow, widths, attributes,
 * overlap with the tables, already mapped, enough tables), all or nothing, live counts, one descent per leaf table, one
 * invalidation per call counted through the same functions, tables from the same kind of stack, kept zero while free.
 * It has its own encoding of every format and shares no code with the library. It leaves out: splitting and collapsing
 * blocks (it refuses), levels above 3, marking, statistics beyond what is listed.
 *
 * ref_areas is a plain sorted array with a branch-free binary search and memmove.
 */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include "stage2/host.h"
#include "stage2/space.h"

#define REF_TOP 3u

struct ref_pt {
  uint64_t *tables; /* the arena; an entry holds the address of the next table as the host sees it       */
  uint64_t *root;   /* nroot tables: one array of nroot * 512 entries                                     */
  uint16_t *live;   /* entries that are not zero, per table                                               */
  uint32_t *stack;  /* stack[0 .. nfree-1]: free, all zero; stack[count-nlimbo .. count-1]: unlinked       */
  uint32_t count, nroot, nfree, nlimbo, used;
  uint64_t arena, arena_end;     /* the tables' own addresses */
  uint64_t gpa_limit, hpa_limit; /* first address too wide    */
  uint64_t epoch, flushes;
};

struct ref_leaf {
  s2_status status;
  uint64_t hpa, len;
  uint32_t attr, level;
};

/** tables: count tables, live and stack: count items. nroot consecutive root tables of level 3. */
void ref_init(struct ref_pt *pt, uint64_t *tables, uint16_t *live, uint32_t *stack, uint32_t count, uint32_t nroot,
              uint32_t hpa_bits);
/** One 4 KiB page has its own short path in ref_map() and ref_unmap(). */
s2_status ref_map(struct ref_pt *pt, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t leaf_max);
/** Clears entry by entry, counts what it cleared, hands emptied tables back. */
s2_status ref_unmap(struct ref_pt *pt, uint64_t gpa, uint64_t size);
/** The same result, but a leaf table wholly inside the range is unlinked unread and cleared after the invalidation. */
s2_status ref_unmap_detach(struct ref_pt *pt, uint64_t gpa, uint64_t size);
s2_status ref_protect(struct ref_pt *pt, uint64_t gpa, uint64_t size, uint32_t rights);
struct ref_leaf ref_translate(const struct ref_pt *pt, uint64_t gpa);

struct ref_areas {
  uint64_t *start, *end;
  struct s2_payload *pay;
  uint32_t n, cap, last;
};

struct s2_area ref_areas_find(struct ref_areas *s, uint64_t gpa);
s2_status ref_areas_insert(struct ref_areas *s, uint64_t x, uint64_t y, struct s2_payload p);
s2_status ref_areas_remove(struct ref_areas *s, uint64_t x, uint64_t y);

/** An access faulted: find the area, check rights, take a frame, place it, one descent. */
struct s2_fault_result ref_fault(struct ref_pt *pt, struct ref_areas *s, void *ctx, uint64_t gpa, uint32_t access);

/** The next table, or the page, that an entry points at: the address field alone. */
static inline uint64_t ref_address(uint64_t e) {
#if defined(S2_FORMAT_GST)
  return (e << 2) & 0x00fffffffffff000u;
#elif defined(S2_FORMAT_A64)
  return e & 0x0000fffffffff000u;
#else
  return e & 0x000ffffffffff000u;
#endif
}

/** Four loads and nothing else: 4 KiB leaves, no presence check, no width check; a call like the library's. */
uint64_t ref_walk_raw(const uint64_t *root, uint64_t gpa);

#endif
