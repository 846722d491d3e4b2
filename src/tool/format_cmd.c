/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * format_cmd.c - what the tool needs of one format, as a table of functions. Compiled once per library: everything else
 * in this folder is format-neutral.
 */
#include "tool.h"

#include "stage2/format.h"

#define OPS S2_NAME(tool_ops)
bool S2_NAME(tool_measure)(struct measured *m, bool quick);
extern const struct format_ops OPS;

#if defined(S2_FORMAT_EPT)
#include "arch/x86_64/ept/bits.h"
#define ID               1u
#define TITLE            "Intel EPT"
#define BASE             "EPTP"
#define CTRL             NULL
#define DEFAULT_FEATURES 0u
static const char *const levels[S2_LEVELS] = {"PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
#elif defined(S2_FORMAT_NPT)
#include "arch/x86_64/npt/bits.h"
#define ID               2u
#define TITLE            "AMD nested paging"
#define BASE             "nCR3"
#define CTRL             NULL
#define DEFAULT_FEATURES 0u
static const char *const levels[S2_LEVELS] = {"PTE", "PDE", "PDPE", "PML4E", "PML5E"};
#elif defined(S2_FORMAT_A64)
#include "arch/aarch64/stage2/bits.h"
#define ID               3u
#define TITLE            "AArch64 stage 2, 4 KiB granule"
#define BASE             "VTTBR_EL2"
#define CTRL             "VTCR_EL2"
#define DEFAULT_FEATURES 0u
static const char *const levels[S2_LEVELS] = {"lookup level 3", "lookup level 2", "lookup level 1", "lookup level 0",
                                              "lookup level -1"};
#else
#include "arch/riscv64/gstage/bits.h"
#define ID               4u
#define TITLE            "RISC-V G-stage"
#define BASE             "hgatp"
#define CTRL             NULL
#define DEFAULT_FEATURES S2_FEAT_SVPBMT
static const char *const levels[S2_LEVELS] = {"VPN[0]", "VPN[1]", "VPN[2]", "VPN[3]", "VPN[4]"};
#endif

static struct tool_shape shape(uint32_t gpa_bits) {
  struct s2_shape s = s2_shape_of(gpa_bits);
  return (struct tool_shape){s.top, s.nroot};
}

static const char *mode(uint32_t gpa_bits) {
  uint32_t top = s2_shape_of(gpa_bits).top;
#if defined(S2_FORMAT_GST)
  return top == 2 ? "Sv39x4" : top == 3 ? "Sv48x4" : "Sv57x4";
#elif defined(S2_FORMAT_A64)
  return top == 3 ? "start level 0" : top == 2 ? "start level 1" : "start level 2";
#else
  return top == 3 ? "4-level" : "5-level";
#endif
}

static uint32_t slot(uint64_t gpa, uint8_t level) {
  return s2_slot(gpa, level);
}

static uint64_t span(uint8_t level) {
  return s2_span(level);
}

static uint32_t kind(uint8_t level, uint64_t entry) {
  return s2_entry_kind(level, entry);
}

static uint64_t leaf(uint8_t level, uint64_t hpa, uint32_t attr) {
  return s2_entry_leaf(level, hpa, attr);
}

static uint64_t table(uint32_t features, uint8_t level, uint64_t hpa) {
  return s2_entry_table(features, level, hpa);
}

static uint64_t next(uint64_t entry) {
  return s2_entry_next(entry);
}

static uint64_t hpa(uint8_t level, uint64_t entry) {
  return s2_entry_hpa(level, entry);
}

static uint32_t attr(uint8_t level, uint64_t entry) {
  return s2_entry_attr(level, entry);
}

static bool attr_legal(uint32_t features, uint32_t a) {
  return s2_attr_legal(features, a);
}

const struct format_ops OPS = {
    .name = S2_FORMAT_NAME,
    .title = TITLE,
    .base_register = BASE,
    .ctrl_register = CTRL,
    .level_names = levels,
    .bits = s2_bit_names,
    .nbits = sizeof s2_bit_names / sizeof s2_bit_names[0],
    .id = ID,
    .leaf_max = S2_FMT_LEAF_MAX,
    .hpa_bits = S2_FMT_HPA_BITS,
    .features = S2_FMT_FEATURES,
    .vmid_max = S2_FMT_VMID_MAX,
    .default_features = DEFAULT_FEATURES,
    .shape = shape,
    .mode = mode,
    .slot = slot,
    .span = span,
    .kind = kind,
    .leaf = leaf,
    .table = table,
    .next = next,
    .hpa = hpa,
    .attr = attr,
    .attr_legal = attr_legal,
    .init = s2_init,
    .fini = s2_fini,
    .map_linear = s2_map_linear,
    .map_alloc = s2_map_alloc,
    .area_at = s2_area_at,
    .area_next = s2_area_next,
    .walk = s2_pt_walk,
    .translate = s2_translate,
    .root = s2_root,
    .stats = s2_stats_of,
    .memory = s2_memory_report,
    .pt_init = s2_pt_init,
    .pt_root = s2_pt_root,
    .percentile = s2_latency_percentile,
    .measure = S2_NAME(tool_measure),
};
