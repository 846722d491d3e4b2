/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** counters.h - the ghost counters of entries read and written, blocks split and tables given back, for the copy that count.py makes. */
#ifndef S2_COST_COUNTERS
#define S2_COST_COUNTERS
/*@ ghost long s2_reads; */
/*@ ghost long s2_writes; */
/*@ ghost long s2_splits; */
/*@ ghost long s2_freed; */
/*@ // n accesses for a range of so many bytes: at most `each` for a page, and c for a leaf table (2 MiB) that it can touch
    predicate Within(integer n, integer size, integer each, integer c) = 2097152 * n <= 512 * each * size + c * (size + 4194304);
    // an unmap: n reads, m writes, s blocks split first, f tables given back, each emptied at most once
    predicate Unmapped(integer n, integer m, integer s, integer f, integer size) = 0 <= s <= 8 && 0 <= f &&
      Within(n - 20 - 11 * s - 512 * f, size, 1, 20) && Within(m - 514 * s - 512 * f, size, 1, 7);
*/
#endif
