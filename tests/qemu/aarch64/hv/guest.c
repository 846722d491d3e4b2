/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** guest.c - the guest's address space on top of the library: faults, eviction, dirty logging, and the audit. */
#include "hv.h"
#include "stage2/track.h"

#define GPA_BITS     40u
#define TABLES       300u
#define CHUNKS       4u
#define HIGH_DEVICES UINT64_C(0x4000000000)  /* PCIe configuration space and windows: 256 GiB ... */
#define DEVICES_END  UINT64_C(0x10000000000) /* ... to the end of the guest's addresses           */
#define QUEUE        131072u                 /* more than RAM_PAGES, a power of two               */
#define STORM        100000u

_Alignas(4096) static struct s2_table tables[TABLES];
static struct s2_node nodes[TABLES];
static int32_t stack[TABLES];
static struct s2_chunk chunks[CHUNKS];
static uint64_t lo[CHUNKS];
static int32_t id[CHUNKS], spare[CHUNKS];
static struct s2_space space;

/** What is resident, oldest first: the page number, times two, plus one for a whole block. */
static uint32_t queue[QUEUE];
static uint32_t oldest, queued;
static uint64_t since_round;
static uint32_t storm;       /* spurious faults in a row */
static bool tracking;        /* dirty logging has started */
static uint32_t track_flags; /* S2_TRACK_HARDWARE or 0    */
static uint64_t harvested[RAM_PAGES / 64];
static uint32_t locked;
struct counters count;

void guest_lock(void) {
  while (__atomic_exchange_n(&locked, 1u, __ATOMIC_ACQUIRE) != 0) {
    __asm__ volatile("yield");
  }
}

void guest_unlock(void) {
  __atomic_store_n(&locked, 0u, __ATOMIC_RELEASE);
}

static void must(s2_status status, const char *what) {
  if (status != S2_OK) {
    put_count("status -", (uint64_t) - (int64_t)status);
    fatal(what);
  }
}

/** Devices where the machine has them, and RAM as one area without a single frame. */
void guest_init(void) {
  struct s2_space_config cfg = {0};
  cfg.hw.gpa_bits = GPA_BITS;
  cfg.hw.hpa_bits = GPA_BITS;
  cfg.hw.leaf_max = 2;
  cfg.hw.features = (uint32_t)CONFIG->features;
  cfg.hw.vmid = (uint32_t)CONFIG->vmid;
  cfg.tables = (struct s2_pool_memory){tables, nodes, stack, TABLES, (uint64_t)tables};
  cfg.areas = (struct s2_area_memory){chunks, lo, id, spare, CHUNKS};
  uint32_t flags = CONFIG->blocks != 0 ? S2_BLOCKS : 0u;
  must(s2_init(&space, &cfg), "s2_init");
  must(s2_map_linear(&space, 0, RAM_BASE, 0, S2_RW | S2_DEV, 0), "devices");
  must(s2_map_linear(&space, HIGH_DEVICES, DEVICES_END - HIGH_DEVICES, HIGH_DEVICES, S2_RW | S2_DEV, 0), "devices");
  must(s2_map_alloc(&space, RAM_BASE, RAM_SIZE, S2_RWX, flags), "ram");
}

/** The space's own register values, and nothing left of this VMID from before. */
void guest_install(void) {
  struct s2_root root = s2_root(&space);
  write_vtcr_el2(root.ctrl);
  write_vttbr_el2(root.base);
  __asm__ volatile("isb\n dsb ishst\n tlbi vmalls12e1is\n dsb ish\n isb" : : : "memory");
}

static void push_newest(uint32_t entry) {
  queue[(oldest + queued++) % QUEUE] = entry;
}

static void push_oldest(uint32_t entry) {
  oldest = (oldest + QUEUE - 1u) % QUEUE;
  queue[oldest] = entry;
  queued++;
}

static uint32_t pop_oldest(void) {
  if (queued == 0) {
    fatal("no frame, and none in use");
  }
  uint32_t entry = queue[oldest];
  oldest = (oldest + 1u) % QUEUE;
  queued--;
  return entry;
}

/** Tell the host what the library saw written in [gpa, gpa + size) since it was asked last. */
static void harvest(uint64_t gpa, uint64_t size) {
  struct s2_harvest h = s2_track_harvest(&space, gpa, size, harvested, track_flags);
  must(h.status, "harvest");
  frames_dirty_map(gpa, size, harvested);
  count.logged += (uint64_t)h.dirty;
}

/**
 * [gpa, gpa + size) goes out. What its leaves know about writes is asked for first; the leaf as a whole, if a page of a
 * block is meant. In between no CPU can write: the fault that would give it the right waits for the lock. Hardware that
 * logs needs no fault, so the right to write goes before, and the leaf keeps what it knows.
 */
static void discard(uint64_t gpa, uint64_t size) {
  if (tracking) {
    struct s2_leaf leaf = s2_query(&space, gpa);
    bool inside = leaf.status == S2_OK && leaf.size > size;
    uint64_t first = inside ? leaf.gpa : gpa;
    uint64_t len = inside ? leaf.size : size;
    if (track_flags != 0 && leaf.status == S2_OK) {
      must(s2_pt_protect(&space.pt, first, len, leaf.attr & (S2_RIGHTS & ~S2_W)), "write protection");
    }
    harvest(first, len);
  }
  must(s2_discard(&space, gpa, size), "eviction");
  count.evictions++;
}

/** The oldest leaf goes out; of a block only its first page, if so configured: the rest of it is the oldest then. */
static void evict(void) {
  uint32_t entry = pop_oldest();
  uint32_t page = entry / 2u;
  uint64_t size = entry % 2u != 0 ? BLOCK_SIZE : S2_PAGE_SIZE;
  if (entry % 2u != 0 && CONFIG->pieces != 0) {
    size = S2_PAGE_SIZE;
    for (uint32_t k = BLOCK_PAGES - 1u; k > 0; k--) {
      push_oldest((page + k) * 2u);
    }
  }
  discard(RAM_BASE + (uint64_t)page * S2_PAGE_SIZE, size);
}

/** Before a page of a write-protected block gets its write right back: a leaf for each page, so that one is dirty. */
static void split_for_log(uint64_t ipa) {
  struct s2_leaf leaf = s2_query(&space, ipa);
  if (leaf.status == S2_OK && leaf.level == 1 && (leaf.attr & S2_W) == 0) {
    uint64_t page = ipa - ipa % S2_PAGE_SIZE;
    must(s2_pt_split(&space.pt, page == leaf.gpa ? page + S2_PAGE_SIZE : page), "split");
  }
}

/** A page or block came, or a leaf got its write right back. Without dirty logging whatever came counts as written. */
static void note_resolved(uint64_t ipa) {
  struct s2_leaf leaf = s2_query(&space, ipa);
  if (frames_filled() == 0) {
    count.upgrades++;
    return;
  }
  if (!tracking) {
    frames_dirty(leaf.gpa, leaf.size);
  }
  push_newest((uint32_t)((leaf.gpa - RAM_BASE) / S2_PAGE_SIZE) * 2u + (leaf.level == 1 ? 1u : 0u));
}

/** Where splitting left 512 neighbours with equal rights, one block again. */
static void collapse_all(void) {
  for (uint64_t gpa = RAM_BASE; gpa < RAM_BASE + RAM_SIZE; gpa += BLOCK_SIZE) {
    struct s2_leaf leaf = s2_query(&space, gpa);
    if (leaf.status == S2_OK && leaf.level == 0 && s2_pt_collapse(&space.pt, gpa, 1) == S2_OK) {
      count.collapses++;
    }
  }
}

/** One round of dirty logging, when it is due: harvest while the other CPU runs, copy what was written. */
static void dirty_round(void) {
  if (!tracking || ++since_round < CONFIG->round) {
    return;
  }
  since_round = 0;
  harvest(RAM_BASE, RAM_SIZE);
  frames_save();
  if (CONFIG->pieces != 0) {
    collapse_all();
  }
  count.rounds++;
}

/** From here on the library says what is dirty. What was written until now is saved; the guest does not run yet. */
static void start_tracking(void) {
  uint32_t split = CONFIG->pieces != 0 ? S2_TRACK_SPLIT : 0u;
  track_flags = CONFIG->hardware != 0 ? S2_TRACK_HARDWARE : 0u;
  s2_status st = s2_track_start(&space, RAM_BASE, RAM_SIZE, split | track_flags);
  must(st, "start of tracking");
  frames_save();
  tracking = true;
}

static struct s2_fault_result fault_once(uint64_t ipa, uint32_t access) {
  frames_for(ipa);
  return s2_fault(&space, ipa, access);
}

/** Two CPUs may fault on one page, but a fault that comes back for ever has a stale entry behind it. */
static void count_spurious(void) {
  count.spurious++;
  if (++storm == STORM) {
    fatal("a fault that comes back although it is resolved");
  }
}

void guest_fault(uint64_t ipa, uint32_t access) {
  dirty_round();
  if (CONFIG->pieces != 0 && access == S2_W) {
    split_for_log(ipa);
  }
  struct s2_fault_result r = fault_once(ipa, access);
  while (r.kind == S2_FAULT_NO_MEMORY && r.status == S2_ERR_NO_FRAMES) {
    count.refused++;
    evict();
    r = fault_once(ipa, access);
  }
  if (r.kind == S2_FAULT_SPURIOUS) {
    count_spurious();
    return;
  }
  storm = 0;
  if (r.kind != S2_FAULT_RESOLVED) {
    put_count("ipa", ipa);
    put_count("kind", (uint64_t)r.kind);
    fatal("a fault that nothing resolves");
  }
  note_resolved(ipa);
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/** One image into the guest, by pages: under a resident limit the first are out again before the last is in. */
static void load(uint64_t gpa, uint64_t hpa, uint64_t size) {
  for (uint64_t at = 0; at < size; at += S2_PAGE_SIZE) {
    uint64_t len = least(S2_PAGE_SIZE, size - at);
    guest_fault(gpa + at, S2_W);
    struct s2_copied done = s2_guest_write(&space, gpa + at, (const void *)(hpa + at), len, 0);
    must(done.status, "loading an image");
    frames_clean(s2_translate(&space, gpa + at).hpa);
  }
}

/** Read it back, through eviction and return, and compare. */
static void verify(uint64_t gpa, uint64_t hpa, uint64_t size) {
  static uint8_t buffer[S2_PAGE_SIZE];
  for (uint64_t at = 0; at < size; at += S2_PAGE_SIZE) {
    uint64_t len = least(S2_PAGE_SIZE, size - at);
    const uint8_t *want = (const uint8_t *)(hpa + at);
    guest_fault(gpa + at, S2_R);
    must(s2_guest_read(&space, gpa + at, buffer, len, 0).status, "reading an image back");
    for (uint64_t k = 0; k < len; k++) {
      if (buffer[k] != want[k]) {
        fatal("an image came back different");
      }
    }
  }
}

void guest_load(void) {
  load(KERNEL_GPA, KERNEL_HPA, CONFIG->kernel_size);
  load(INITRD_GPA, INITRD_HPA, CONFIG->initrd_size);
  load(DTB_GPA, DTB_HPA, CONFIG->dtb_size);
  verify(KERNEL_GPA, KERNEL_HPA, CONFIG->kernel_size);
  verify(INITRD_GPA, INITRD_HPA, CONFIG->initrd_size);
  put("[hv] loaded:");
  put_count("evictions", count.evictions);
  put_count("refills", count.refills);
  put("\n");
  count = (struct counters){0};
  if (CONFIG->round != 0) {
    start_tracking();
  }
}

static void report_counters(void) {
  struct s2_report r = s2_stats_of(&space);
  put("\n[hv] faults:");
  put_count("data", count.data);
  put_count("inst", count.inst);
  put_count("walk", count.walk);
  put_count("permission", count.permission);
  put_count("spurious", count.spurious);
  put_count("refused", count.refused);
  put_count("no-ipa", count.no_ipa);
  put("\n[hv] paging:");
  put_count("evictions", count.evictions);
  put_count("written", count.written);
  put_count("clean", count.clean);
  put_count("refills", count.refills);
  put("\n[hv] dirty:");
  put_count("hardware", track_flags != 0 ? 1u : 0u);
  put_count("rounds", count.rounds);
  put_count("logged", count.logged);
  put_count("upgrades", count.upgrades);
  put("\n[hv] tables:");
  put_count("used", r.tables - r.tables_free);
  put_count("high", r.tables - r.tables_low);
  put_count("splits", (uint64_t)r.splits);
  put_count("collapses", count.collapses);
  put_count("blocks", (uint64_t)r.space.blocks_taken);
  put("\n[hv] invalidations:");
  put_count("ranges", (uint64_t)r.flush_ranges);
  put_count("fulls", (uint64_t)r.flush_fulls);
  put_count("breaks", (uint64_t)r.flush_breaks);
  put("\n[hv] exits:");
  put_count("smc", count.smc);
  put_count("hvc", count.hvc);
  put("\n");
}

/** Pages mapped by leaves inside the RAM; each must be in the frame that the host says it is in. */
static uint64_t audit_leaves(void) {
  uint64_t pages = 0;
  struct s2_leaf leaf = s2_pt_next(&space.pt, RAM_BASE);
  while (leaf.status == S2_OK && leaf.gpa < RAM_BASE + RAM_SIZE) {
    for (uint64_t at = 0; at < leaf.size; at += S2_PAGE_SIZE) {
      if (!frames_owned(leaf.hpa + at, leaf.gpa + at)) {
        fatal("audit: a leaf and its frame disagree");
      }
      pages++;
    }
    leaf = s2_pt_next(&space.pt, leaf.gpa + leaf.size);
  }
  return pages;
}

void guest_report(void) {
  report_counters();
  struct s2_report r = s2_stats_of(&space);
  uint64_t pages = audit_leaves();
  if (pages != frames_in_use() || (int64_t)pages != r.space.frames_taken - r.space.frames_given) {
    fatal("audit: leaves, frames and counters disagree");
  }
  if (tracking) {
    harvest(RAM_BASE, RAM_SIZE);
    must(s2_track_stop(&space, RAM_BASE, RAM_SIZE), "end of tracking");
  }
  s2_fini(&space);
  r = s2_stats_of(&space);
  if (frames_in_use() != 0 || audit_leaves() != 0 || r.tables - r.tables_free != space.pt.pool.nroot) {
    fatal("audit: something did not come home");
  }
  put("[hv] audit ok:");
  put_count("pages", pages);
  put("\n");
}
