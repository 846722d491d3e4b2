/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** formats.c - the four formats by name, and `stage2 formats`. */
#include "tool.h"

#include <stdio.h>
#include <string.h>

extern const struct format_ops s2_ept_tool_ops, s2_npt_tool_ops, s2_a64_tool_ops, s2_gst_tool_ops;

const struct format_ops *const tool_formats[TOOL_FORMATS] = {&s2_ept_tool_ops, &s2_npt_tool_ops, &s2_a64_tool_ops,
                                                             &s2_gst_tool_ops};

const struct format_ops *format_named(const char *name) {
  for (size_t i = 0; i < TOOL_FORMATS; i++) {
    if (strcmp(tool_formats[i]->name, name) == 0) {
      return tool_formats[i];
    }
  }
  return NULL;
}

const struct format_ops *format_numbered(uint32_t id) {
  for (size_t i = 0; i < TOOL_FORMATS; i++) {
    if (tool_formats[i]->id == id) {
      return tool_formats[i];
    }
  }
  return NULL;
}

static void print_widths(const struct format_ops *f) {
  for (uint32_t w = 12; w < 64; w++) {
    struct tool_shape s = f->shape(w), next = f->shape(w + 1);
    if (s.top > S2_MAX_LEVEL) {
      continue;
    }
    uint32_t first = w;
    while (next.top == s.top && next.nroot == s.nroot) { /* one line for widths of one shape */
      next = f->shape(++w + 1);
    }
    char range[16];
    (void)snprintf(range, sizeof range, first == w ? "%u" : "%u-%u", first, w);
    (void)printf("  %5s bits   %u levels, %2u root table%s  %s\n", range, s.top + 1, s.nroot, s.nroot == 1 ? " " : "s",
                 f->mode(first));
  }
}

static void format_text(const struct format_ops *f) {
  char features[64];
  features_text(f->features, features);
  (void)printf("%s  %s\n", f->name, f->title);
  print_widths(f);
  (void)printf("  host         up to %u bits\n  leaves      ", f->hpa_bits);
  for (uint32_t l = 0; l <= f->leaf_max; l++) {
    (void)printf(" %s", leaf_name(l));
  }
  (void)printf("\n  features     %s\n  vmid         up to %u\n  registers    %s%s%s\n\n", features, f->vmid_max,
               f->base_register, f->ctrl_register != NULL ? ", " : "",
               f->ctrl_register != NULL ? f->ctrl_register : "");
}

static void format_json(const struct format_ops *f) {
  char features[64];
  features_text(f->features, features);
  json_open(NULL, '{');
  json_string("name", f->name);
  json_string("title", f->title);
  json_open("widths", '[');
  for (uint32_t w = 12; w < 64; w++) {
    struct tool_shape s = f->shape(w);
    if (s.top <= S2_MAX_LEVEL) {
      json_open(NULL, '{');
      json_number("gpa_bits", w);
      json_number("levels", s.top + 1);
      json_number("root_tables", s.nroot);
      json_string("mode", f->mode(w));
      json_close('}');
    }
  }
  json_close(']');
  json_open("leaves", '[');
  for (uint32_t l = 0; l <= f->leaf_max; l++) {
    json_string(NULL, leaf_name(l));
  }
  json_close(']');
  json_number("hpa_bits", f->hpa_bits);
  json_string("features", features);
  json_number("vmid_max", f->vmid_max);
  json_string("base_register", f->base_register);
  if (f->ctrl_register != NULL) {
    json_string("ctrl_register", f->ctrl_register);
  }
  json_close('}');
}

int cmd_formats(const struct options *o) {
  if (o->nargs != 0) {
    return usage("formats takes no arguments");
  }
  if (o->json) {
    json_begin("formats");
    json_open("formats", '[');
  }
  for (size_t i = 0; i < TOOL_FORMATS; i++) {
    if (o->format != NULL && o->format != tool_formats[i]) {
      continue;
    }
    if (o->json) {
      format_json(tool_formats[i]);
    } else {
      format_text(tool_formats[i]);
    }
  }
  if (o->json) {
    json_close(']');
    json_end();
  }
  return EXIT_OK;
}
