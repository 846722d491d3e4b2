/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * frames.c - the host's memory: few frames in random order, who owns each, and the store of what is not resident.
 *
 * s2_host_frame_zero() is called before any guest can reach a frame, so this is where a page that was written out gets
 * its contents back; s2_host_frame_free() is called when no CPU can reach it any more, so this is where it is saved.
 */
#include "hv.h"
#include "stage2/host.h"

#define NOBODY      UINT32_MAX
#define FRAME_WORDS (S2_PAGE_SIZE / 8u)

static uint32_t owner[RAM_PAGES];         /* of each frame: the guest page in it, or NOBODY */
static uint64_t vacant[RAM_BLOCKS][8];    /* a bit for each free frame                      */
static uint32_t vacancies[RAM_BLOCKS];    /* how many                                       */
static uint64_t in_store[RAM_PAGES / 64]; /* guest pages that the store has something for */
static uint64_t dirty[RAM_PAGES / 64];    /* resident guest pages that differ from it, as far as was harvested */
static uint64_t wanted;                   /* see frames_for()                             */
static uint32_t filled;
static uint64_t in_use;
static bool by_blocks;
static uint64_t dice = UINT64_C(0x9e3779b97f4a7c15);

static bool bit(const uint64_t *map, uint64_t n) {
  return (map[n / 64] >> (n % 64) & 1u) != 0;
}

static void set_bit(uint64_t *map, uint64_t n, bool value) {
  uint64_t mask = UINT64_C(1) << (n % 64);
  map[n / 64] = value ? map[n / 64] | mask : map[n / 64] & ~mask;
}

/** xorshift: the same numbers in each run. */
static uint32_t roll(uint32_t n) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (uint32_t)(dice >> 32) % n;
}

/** `resident` frames, in 2 MiB blocks taken at random from all of them. */
void frames_init(void) {
  uint32_t left = CONFIG->resident == 0 ? RAM_BLOCKS : (uint32_t)(CONFIG->resident / BLOCK_PAGES);
  by_blocks = CONFIG->blocks != 0;
  for (uint32_t f = 0; f < RAM_PAGES; f++) {
    owner[f] = NOBODY;
  }
  while (left > 0) {
    uint32_t b = roll(RAM_BLOCKS);
    if (vacancies[b] == 0) {
      for (uint32_t w = 0; w < 8; w++) {
        vacant[b][w] = UINT64_MAX;
      }
      vacancies[b] = BLOCK_PAGES;
      left--;
    }
  }
}

static uint64_t page_of(uint64_t gpa) {
  return (gpa - RAM_BASE) / S2_PAGE_SIZE;
}

static volatile uint64_t *words(uint64_t hpa) {
  return (volatile uint64_t *)hpa;
}

static uint64_t store_of(uint64_t page) {
  return STORE + page * S2_PAGE_SIZE;
}

static uint64_t frame_hpa(uint32_t frame) {
  return FRAMES + (uint64_t)frame * S2_PAGE_SIZE;
}

static uint32_t frame_of(uint64_t hpa) {
  if (hpa < FRAMES || hpa >= FRAMES + RAM_SIZE) {
    fatal("a frame that is none");
  }
  return (uint32_t)((hpa - FRAMES) / S2_PAGE_SIZE);
}

/** To the point of coherency, and no stale copy stays: the guest may run with its caches off, or fetch from it. */
void frames_clean(uint64_t hpa) {
  uint64_t line = UINT64_C(4) << (read_ctr_el0() >> 16 & 0xfu);
  for (uint64_t a = hpa; a < hpa + S2_PAGE_SIZE; a += line) {
    __asm__ volatile("dc civac, %0" : : "r"(a) : "memory");
  }
  __asm__ volatile("dsb ish" : : : "memory");
}

static void copy_page(uint64_t to, uint64_t from) {
  for (uint32_t i = 0; i < FRAME_WORDS; i++) {
    words(to)[i] = words(from)[i];
  }
}

static bool same_page(uint64_t a, uint64_t b) {
  for (uint32_t i = 0; i < FRAME_WORDS; i++) {
    if (words(a)[i] != words(b)[i]) {
      return false;
    }
  }
  return true;
}

static void save(uint64_t page, uint64_t hpa) {
  frames_clean(hpa);
  copy_page(store_of(page), hpa);
  set_bit(in_store, page, true);
  set_bit(dirty, page, false);
}

/** Any block with `least` to `most` free frames; RAM_BLOCKS when there is none. */
static uint32_t find_block(uint32_t least, uint32_t most) {
  uint32_t first = roll(RAM_BLOCKS);
  for (uint32_t k = 0; k < RAM_BLOCKS; k++) {
    uint32_t b = (first + k) % RAM_BLOCKS;
    if (vacancies[b] >= least && vacancies[b] <= most) {
      return b;
    }
  }
  return RAM_BLOCKS;
}

static uint64_t alloc_block(void) {
  uint32_t b = by_blocks ? find_block(BLOCK_PAGES, BLOCK_PAGES) : RAM_BLOCKS;
  if (b == RAM_BLOCKS) {
    return S2_NO_FRAME;
  }
  for (uint32_t w = 0; w < 8; w++) {
    vacant[b][w] = 0;
  }
  vacancies[b] = 0;
  in_use += BLOCK_PAGES;
  return frame_hpa(b * BLOCK_PAGES);
}

/** Any free frame, but out of whole blocks last if they have a use. */
static uint64_t alloc_page(void) {
  uint32_t b = by_blocks ? find_block(1, BLOCK_PAGES - 1) : RAM_BLOCKS;
  if (b == RAM_BLOCKS) {
    b = find_block(1, BLOCK_PAGES);
  }
  if (b == RAM_BLOCKS) {
    return S2_NO_FRAME;
  }
  uint32_t f = roll(BLOCK_PAGES);
  while (!bit(vacant[b], f)) {
    f = (f + 1) % BLOCK_PAGES;
  }
  set_bit(vacant[b], f, false);
  vacancies[b]--;
  in_use++;
  return frame_hpa(b * BLOCK_PAGES + f);
}

uint64_t s2_host_frame_alloc(void *ctx, uint32_t order) {
  (void)ctx;
  if (order == 0) {
    return alloc_page();
  }
  return order == BLOCK_ORDER ? alloc_block() : S2_NO_FRAME;
}

static void fill_one(uint32_t frame, uint64_t page) {
  uint64_t hpa = frame_hpa(frame);
  if (owner[frame] != NOBODY || bit(vacant[frame / BLOCK_PAGES], frame % BLOCK_PAGES)) {
    fatal("a frame with two owners");
  }
  owner[frame] = (uint32_t)page;
  if (bit(in_store, page)) {
    copy_page(hpa, store_of(page));
    count.refills++;
  } else {
    for (uint32_t i = 0; i < FRAME_WORDS; i++) {
      words(hpa)[i] = 0;
    }
  }
  frames_clean(hpa);
}

/** The first contents of a frame: those of the page it is for, zero if that was never written out. */
void s2_host_frame_zero(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  uint32_t frame = frame_of(hpa);
  uint64_t page = page_of(wanted);
  filled = 1u << order;
  page -= page % filled;
  for (uint32_t k = 0; k < filled; k++) {
    fill_one(frame + k, page + k);
  }
  __asm__ volatile("ic ialluis\n dsb ish\n isb" : : : "memory");
}

static void free_one(uint32_t frame) {
  uint64_t page = owner[frame];
  uint64_t hpa = frame_hpa(frame);
  if (bit(vacant[frame / BLOCK_PAGES], frame % BLOCK_PAGES)) {
    fatal("a frame came home twice");
  }
  if (page != NOBODY && bit(dirty, page)) {
    save(page, hpa);
    count.written++;
  } else if (page != NOBODY) {
    frames_clean(hpa);
    if (!same_page(hpa, store_of(page))) {
      fatal("a page was written and the dirty log does not say so");
    }
    count.clean++;
  }
  owner[frame] = NOBODY;
  set_bit(vacant[frame / BLOCK_PAGES], frame % BLOCK_PAGES, true);
  vacancies[frame / BLOCK_PAGES]++;
  in_use--;
}

void s2_host_frame_free(void *ctx, uint64_t hpa, uint32_t order) {
  (void)ctx;
  for (uint32_t k = 0; k < 1u << order; k++) {
    free_one(frame_of(hpa) + k);
  }
}

void *s2_host_memory(void *ctx, uint64_t hpa, uint64_t len) {
  (void)ctx;
  bool ours = hpa >= FRAMES && hpa < FRAMES + RAM_SIZE && len <= FRAMES + RAM_SIZE - hpa;
  return ours ? (void *)hpa : NULL;
}

void s2_host_flush_remote(void *ctx, uint32_t vmid, uint64_t first, uint64_t last) {
  (void)ctx;
  (void)vmid;
  (void)first;
  (void)last;
  fatal("A64 asked for a remote flush");
}

uint64_t s2_host_cycles(void *ctx) {
  (void)ctx;
  return read_cntpct_el0();
}

void frames_for(uint64_t gpa) {
  wanted = gpa;
  filled = 0;
}

uint32_t frames_filled(void) {
  return filled;
}

void frames_dirty(uint64_t gpa, uint64_t size) {
  uint64_t page = page_of(gpa);
  for (uint64_t k = 0; k < size / S2_PAGE_SIZE; k++) {
    set_bit(dirty, page + k, true);
  }
}

void frames_dirty_map(uint64_t gpa, uint64_t size, const uint64_t *map) {
  uint64_t page = page_of(gpa);
  for (uint64_t k = 0; k < size / S2_PAGE_SIZE; k++) {
    if (bit(map, k)) {
      set_bit(dirty, page + k, true);
    }
  }
}

void frames_save(void) {
  for (uint32_t f = 0; f < RAM_PAGES; f++) {
    if (owner[f] != NOBODY && bit(dirty, owner[f])) {
      save(owner[f], frame_hpa(f));
    }
  }
}

bool frames_owned(uint64_t hpa, uint64_t gpa) {
  return owner[frame_of(hpa)] == page_of(gpa);
}

uint64_t frames_in_use(void) {
  return in_use;
}
