/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** words.c - numbers, sizes, rights, memory types and features as people write them. Nothing is ever cut to fit. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

static int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return 99;
}

/* K, M, G, T: how many bits to shift; 0 for none; -1 for anything else. */
static int suffix_shift(const char *text) {
  static const char letters[] = "KMGT";
  if (*text == '\0') {
    return 0;
  }
  for (int i = 0; i < 4; i++) {
    if ((text[0] == letters[i] || text[0] == letters[i] - 'A' + 'a') && text[1] == '\0') {
      return 10 * (i + 1);
    }
  }
  return -1;
}

const char *parse_number(const char *text, uint64_t *value) {
  bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  uint64_t base = hex ? 16 : 10, v = 0;
  const char *at = hex ? text + 2 : text;
  const char *first = at;
  for (; digit_of(*at) < (int)base; at++) {
    uint64_t d = (uint64_t)digit_of(*at);
    if (v > (UINT64_MAX - d) / base) {
      return "the number does not fit in 64 bits";
    }
    v = v * base + d;
  }
  int shift = suffix_shift(at);
  if (at == first || shift < 0) {
    return "not a number (decimal or 0x hexadecimal, then K, M, G or T)";
  }
  if (shift > 0 && v > (UINT64_MAX >> shift)) {
    return "the number does not fit in 64 bits";
  }
  *value = v << shift;
  return NULL;
}

struct word {
  const char *name;
  uint32_t value;
};
static const struct word types[] = {{"wb", S2_WB}, {"wt", S2_WT},   {"wp", S2_WP},
                                    {"nc", S2_NC}, {"dev", S2_DEV}, {"dev-ne", S2_DEV_NE}};
static const struct word features_known[] = {
    {"ux", S2_FEAT_UX}, {"svpbmt", S2_FEAT_SVPBMT}, {"ad", S2_FEAT_AD}, {"vmid16", S2_FEAT_VMID16}};
static const struct word leaves[] = {{"4K", 0}, {"2M", 1}, {"1G", 2}, {"512G", 3}};
static const struct word rights[] = {{"r", S2_R}, {"w", S2_W}, {"x", S2_X}, {"u", S2_UX}};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool word_find(const struct word *w, size_t n, const char *text, size_t len, uint32_t *value) {
  for (size_t i = 0; i < n; i++) {
    if (strlen(w[i].name) == len && strncmp(w[i].name, text, len) == 0) {
      *value = w[i].value;
      return true;
    }
  }
  return false;
}

const char *parse_type(const char *text, uint32_t *type) {
  return word_find(types, COUNT(types), text, strlen(text), type) ? NULL
                                                                  : "not a memory type (wb, wt, wp, nc, dev, dev-ne)";
}

const char *parse_leaf(const char *text, uint32_t *level) {
  return word_find(leaves, COUNT(leaves), text, strlen(text), level) ? NULL : "not a leaf size (4K, 2M, 1G, 512G)";
}

const char *parse_features(const char *text, uint32_t *features) {
  uint32_t all = 0;
  if (strcmp(text, "none") == 0) {
    *features = 0;
    return NULL;
  }
  for (const char *at = text;;) {
    size_t len = strcspn(at, ",");
    uint32_t one = 0;
    if (!word_find(features_known, COUNT(features_known), at, len, &one)) {
      return "not a list of features (none, or ux, svpbmt, ad, vmid16 with commas)";
    }
    all |= one;
    if (at[len] == '\0') {
      break;
    }
    at += len + 1;
  }
  *features = all;
  return NULL;
}

const char *parse_rights(const char *text, uint32_t *attr, bool *has_type) {
  static const char wrong[] = "not rights (letters r, w, x, u or -, each once, then optionally a comma and a type)";
  size_t len = strcspn(text, ",");
  uint32_t all = 0, type = 0;
  for (size_t i = 0; i < len; i++) {
    uint32_t one = 0;
    if (text[i] == '-') {
      continue;
    }
    if (!word_find(rights, COUNT(rights), text + i, 1, &one) || (all & one) != 0) {
      return wrong;
    }
    all |= one;
  }
  if (all == 0) {
    return wrong;
  }
  *has_type = text[len] == ',';
  if (*has_type) {
    const char *why = parse_type(text + len + 1, &type);
    if (why != NULL) {
      return why;
    }
  }
  *attr = all | type;
  return NULL;
}

void rights_text(uint32_t attr, char out[8]) {
  (void)snprintf(out, 8, "%c%c%c%s", (attr & S2_R) != 0 ? 'r' : '-', (attr & S2_W) != 0 ? 'w' : '-',
                 (attr & S2_X) != 0 ? 'x' : '-', (attr & S2_UX) != 0 ? "u" : "");
}

const char *type_name(uint32_t attr) {
  for (size_t i = 0; i < COUNT(types); i++) {
    if (types[i].value == (attr & S2_TYPE_MASK)) {
      return types[i].name;
    }
  }
  return "?";
}

const char *leaf_name(uint32_t level) {
  return level < COUNT(leaves) ? leaves[level].name : "256T";
}

void features_text(uint32_t features, char out[64]) {
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < COUNT(features_known); i++) {
    if ((features & features_known[i].value) != 0) {
      used += (size_t)snprintf(out + used, 64 - used, "%s%s", used == 0 ? "" : ",", features_known[i].name);
    }
  }
  if (used == 0) {
    (void)snprintf(out, 64, "none");
  }
}

void size_text(uint64_t bytes, char out[32]) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (unit < 6 && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    unit++;
  }
  (void)snprintf(out, 32, "%llu %s", (unsigned long long)bytes, units[unit]);
}
