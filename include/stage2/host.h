/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * host.h - the only way out: what the hypervisor around the library must provide, at link time.
 *
 * ctx is the pointer given in struct s2_config; the library never looks behind it. None of these may call back into
 * the space they are called for. A failing allocator is an ordinary answer, not an error.
 */
#ifndef STAGE2_HOST_H
#define STAGE2_HOST_H

#include "types.h"

/**
 * s2_host_frame_alloc() - 2^order contiguous pages of host memory, aligned to their size. order is 0, 9, 18 or 27.
 * Return: the HPA, or S2_NO_FRAME. A request for order > 0 may be declined at no cost: the library falls back to 0.
 * The frame is the library's alone until s2_host_frame_free(). Its contents need not be zero.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE uint64_t s2_host_frame_alloc(void *ctx, uint32_t order);

/**
 * s2_host_frame_free() - 2^order pages come home. No CPU can reach them: the covering invalidation is complete. A block
 * that was split since may come back in pieces of smaller order, each page exactly once; pieces are
 * merged by s2_collapse() only.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order);

#ifdef __FRAMAC__
/*@ axiomatic Frames {
      // opaque: the contract of s2_host_frame_zero() alone establishes it, and what makes a frame reachable requires it
      predicate zeroed(integer hpa, integer order);
    } */
#endif

/** s2_host_frame_zero() - fill 2^order pages with zero, before any guest can reach them. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures zero: zeroed(hpa, order); */
void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order);

/**
 * s2_host_frame_share() - 2^order pages get one owner more; s2_host_frame_free() takes one away, and the last one frees.
 * Return: false: the host cannot count it. s2_host_frame_shared() - has any of these pages more than one owner?
 * s2_host_frame_copy() - fill 2^order pages at `to` from those at `from`. Only s2_clone() needs these three (share.h); a
 * host that does not bring them gets answers under which s2_clone() is refused.
 */
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE bool s2_host_frame_share(void *ctx, uint64_t hpa, uint32_t order);
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE bool s2_host_frame_shared(void *ctx, uint64_t hpa, uint32_t order);
/*@ terminates \true; exits \false; assigns \nothing; */
void s2_host_frame_copy(void *ctx, uint64_t to, uint64_t from, uint32_t order);

/** s2_host_memory() - where the host sees [hpa, hpa + len), or NULL when it cannot. Valid until the caller returns. */
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len);

/**
 * s2_host_flush_remote() - make all other CPUs forget guest addresses first..last of this VMID; returns when all are
 * done. first == 0 and last == UINT64_MAX: everything. On NPT, done means: every other CPU has left the guest and will
 * flush the ASID before it enters again. Not called on A64, whose instructions reach all CPUs. Its contract speaks of page
 * tables, which this header does not know: src/ops.h has it.
 */
void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last);

/** s2_host_cycles() - a clock for measurements; any unit, never running backwards. */
/*@ terminates \true; exits \false; assigns \nothing; */
S2_MUST_USE uint64_t s2_host_cycles(void *ctx);

#endif
