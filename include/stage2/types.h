/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * types.h - the words every other header uses: status codes, sizes, roles of integers.
 *
 * Addresses are passed as uint64_t. Memory keeps one integer kind per role, so that a store of one role cannot be
 * mistaken for another, by a reader or by a prover: uint64_t table entries only; int64_t addresses and counters;
 * uint32_t constants fixed at init; int32_t counts and indexes that change; uint16_t live counts and area kinds;
 * uint8_t levels.
 */
#ifndef STAGE2_TYPES_H
#define STAGE2_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define S2_PAGE_SIZE 4096u
#define S2_ENTRIES   512u /* entries of a table                                    */
#define S2_MAX_LEVEL 4u   /* level 0 maps 4 KiB; the number grows towards the root */
#define S2_LEVELS    5u
#define S2_NO_FRAME  UINT64_MAX /* what s2_host_frame_alloc() answers when it has none  */

#if defined(__GNUC__) && !defined(__FRAMAC__)
#define S2_MUST_USE __attribute__((warn_unused_result))
#else
#define S2_MUST_USE
#endif

/* A function that must be part of its caller: the walk, whose levels are then constants. */
#if defined(__GNUC__) && !defined(__FRAMAC__)
#define S2_INLINE static inline __attribute__((always_inline))
#else
#define S2_INLINE static inline
#endif

/* A function kept out of its caller, whose short path would otherwise pay for the registers of the long one. */
#if defined(__GNUC__) && !defined(__FRAMAC__)
#define S2_APART static __attribute__((noinline))
#else
#define S2_APART static
#endif

/* What is expected of a condition on the hottest paths: the compiler moves the rest out of their way. */
#if defined(__GNUC__) && !defined(__FRAMAC__)
#define S2_LIKELY(condition) (__builtin_expect((condition), 1) != 0)
#else
#define S2_LIKELY(condition) (condition)
#endif

/* An access that the compiler neither splits, repeats nor drops: hardware walkers look on. */
#if defined(__FRAMAC__)
#define S2_ONCE(entry)      (entry)
#define S2_ONCE_READ(entry) (entry)
#else
#define S2_ONCE(entry)      (*(volatile uint64_t *)&(entry))
#define S2_ONCE_READ(entry) (*(const volatile uint64_t *)&(entry))
#endif

/* Four turns of a loop at a time: for loops that only store. */
#if defined(__FRAMAC__)
#define S2_UNROLL
#elif defined(__clang__)
#define S2_UNROLL _Pragma("unroll 4")
#elif defined(__GNUC__)
#define S2_UNROLL _Pragma("GCC unroll 4")
#else
#define S2_UNROLL
#endif

/** Every call that can refuse answers one of these; all but S2_OK mean that nothing has changed. */
typedef enum s2_status {
  S2_OK = 0,
  S2_ERR_ALIGN = -1,      /* an address or a size is not a multiple of what it must be a multiple of        */
  S2_ERR_SIZE = -2,       /* the size is zero                                                               */
  S2_ERR_OVERFLOW = -3,   /* address + size does not fit in 64 bits                                         */
  S2_ERR_WIDTH = -4,      /* an address is wider than the format (GPA) or than the declared host (HPA)      */
  S2_ERR_RANGE = -5,      /* outside the range the space was made for                                       */
  S2_ERR_ATTR = -6,       /* rights or memory type that the format or the declared features cannot express  */
  S2_ERR_MAPPED = -7,     /* something is already there                                                     */
  S2_ERR_NOT_MAPPED = -8, /* nothing is there                                                               */
  S2_ERR_NO_TABLES = -9,  /* the table pool cannot supply what the call needs                               */
  S2_ERR_NO_AREAS = -10,  /* the area storage cannot supply what the call needs                             */
  S2_ERR_NO_FRAMES = -11, /* the host's frame allocator cannot supply what the call needs                   */
  S2_ERR_POOL = -12,      /* the host range overlaps the space's own tables                                 */
  S2_ERR_CONFIG = -13,    /* a configuration value that the format does not have                            */
  S2_ERR_NULL = -14,      /* a pointer that must point somewhere does not                                   */
  S2_ERR_UNIFORM = -15,   /* collapse: the 512 entries are not one contiguous, equal-attribute run          */
  S2_ERR_DENIED = -16,    /* the mapping forbids this access                                                */
  S2_ERR_LAZY = -17,      /* an area is there, its page is not yet, or may not be written to yet            */
  S2_ERR_MEMORY = -18,    /* the host cannot reach these bytes                                              */
  S2_ERR_BACKEND = -19    /* the area's backend does not offer this operation                               */
} s2_status;

#endif
