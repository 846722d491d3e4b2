/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** main.c - the command line of `stage2`. */
#include "tool.h"

#include "stage2/version.h"

#include <stdio.h>
#include <string.h>

/* ---- one function per kind of value ---- */

static int number_option(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *value) {
  const char *why = parse_number(text, value);
  if (why != NULL) {
    return usage("%s '%s': %s", name, text, why);
  }
  if (*value < least || *value > most) {
    return usage("%s '%s': must be %llu to %llu", name, text, (unsigned long long)least, (unsigned long long)most);
  }
  return EXIT_OK;
}

static int small_option(const char *name, const char *text, uint32_t least, uint32_t most, uint32_t *value) {
  uint64_t v = 0;
  int rc = number_option(name, text, least, most, &v);
  if (rc == EXIT_OK) {
    *value = (uint32_t)v;
  }
  return rc;
}

static int address_option(const char *name, const char *text, uint64_t *value) {
  int rc = number_option(name, text, 0, (1ull << 62) - 1, value);
  return rc == EXIT_OK && *value % S2_PAGE_SIZE != 0 ? usage("%s '%s': must be a multiple of 4 KiB", name, text) : rc;
}

static int word_option(const char *name, const char *text, const char *why) {
  return why == NULL ? EXIT_OK : usage("%s '%s': %s", name, text, why);
}

static int set_format(struct options *o, const char *v) {
  o->all_formats = strcmp(v, "all") == 0;
  o->format = o->all_formats ? NULL : format_named(v);
  return o->all_formats || o->format != NULL ? EXIT_OK : usage("--format '%s': must be ept, npt, a64, gst or all", v);
}

static int set_gpa_bits(struct options *o, const char *v) {
  return small_option("--gpa-bits", v, 12, 62, &o->gpa_bits);
}

static int set_hpa_bits(struct options *o, const char *v) {
  return small_option("--hpa-bits", v, 32, 56, &o->hpa_bits);
}

static int set_leaf(struct options *o, const char *v) {
  o->has_leaf = true;
  return word_option("--leaf", v, parse_leaf(v, &o->leaf));
}

static int set_tables(struct options *o, const char *v) {
  return small_option("--tables", v, 1, 1u << 24, &o->tables);
}

static int set_vmid(struct options *o, const char *v) {
  o->has_vmid = true;
  return small_option("--vmid", v, 0, UINT32_MAX, &o->vmid);
}

static int set_features(struct options *o, const char *v) {
  o->has_features = true;
  return word_option("--features", v, parse_features(v, &o->features));
}

static int set_device_type(struct options *o, const char *v) {
  return word_option("--device-type", v, parse_type(v, &o->device_type));
}

static int set_pool_hpa(struct options *o, const char *v) {
  o->has_pool_hpa = true;
  return address_option("--pool-hpa", v, &o->pool_hpa);
}

static int set_ram_hpa(struct options *o, const char *v) {
  o->has_ram_hpa = true;
  return address_option("--ram-hpa", v, &o->ram_hpa);
}

static int set_ram(struct options *o, const char *v) {
  static const char *const modes[] = {"linear", "alloc", "lazy"};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(v, modes[i]) == 0) {
      o->ram = (enum ram_mode)i;
      return EXIT_OK;
    }
  }
  return usage("--ram '%s': must be linear, alloc or lazy", v);
}

static int set_output(struct options *o, const char *v) {
  o->output = v;
  return EXIT_OK;
}

static int set_c(struct options *o, const char *v) {
  o->c_output = v;
  return EXIT_OK;
}

static bool identifier(const char *v) {
  bool good = *v != '\0' && !(*v >= '0' && *v <= '9');
  for (; *v != '\0'; v++) {
    good = good && ((*v >= 'a' && *v <= 'z') || (*v >= 'A' && *v <= 'Z') || (*v >= '0' && *v <= '9') || *v == '_');
  }
  return good;
}

static int set_c_name(struct options *o, const char *v) {
  o->c_name = v;
  return identifier(v) ? EXIT_OK : usage("--c-name '%s': must be a C identifier", v);
}

static int set_pci(struct options *o, const char *v) {
  (void)v;
  o->pci = true;
  return EXIT_OK;
}

static int set_json(struct options *o, const char *v) {
  (void)v;
  o->json = true;
  return EXIT_OK;
}

static int set_brief(struct options *o, const char *v) {
  (void)v;
  o->brief = true;
  return EXIT_OK;
}

struct option {
  const char *name;
  bool value;
  int (*set)(struct options *o, const char *value);
};

static const struct option known[] = {
    {"--format", true, set_format},     {"--gpa-bits", true, set_gpa_bits},
    {"--hpa-bits", true, set_hpa_bits}, {"--leaf", true, set_leaf},
    {"--tables", true, set_tables},     {"--vmid", true, set_vmid},
    {"--features", true, set_features}, {"--device-type", true, set_device_type},
    {"--pool-hpa", true, set_pool_hpa}, {"--ram-hpa", true, set_ram_hpa},
    {"--ram", true, set_ram},           {"-o", true, set_output},
    {"--output", true, set_output},     {"--c", true, set_c},
    {"--c-name", true, set_c_name},     {"--pci", false, set_pci},
    {"--json", false, set_json},        {"--brief", false, set_brief},
};

/* ---- the line ---- */

static const struct option *find_option(const char *arg, size_t len) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strlen(known[i].name) == len && strncmp(known[i].name, arg, len) == 0) {
      return &known[i];
    }
  }
  return NULL;
}

/* One option at argv[i]. Return: how many words it took, or 0 and *rc. */
static int take_option(struct options *o, char *const *argv, int left, int *rc) {
  size_t len = strcspn(argv[0], "=");
  const struct option *opt = find_option(argv[0], len);
  bool attached = argv[0][len] == '=';
  if (opt == NULL) {
    *rc = usage("unknown option '%s'", argv[0]);
    return 0;
  }
  if (!opt->value && attached) {
    *rc = usage("%s takes no value", opt->name);
    return 0;
  }
  if (opt->value && !attached && left < 2) {
    *rc = usage("%s needs a value", opt->name);
    return 0;
  }
  *rc = opt->set(o, attached ? argv[0] + len + 1 : argv[1]);
  return *rc != EXIT_OK ? 0 : opt->value && !attached ? 2 : 1;
}

/* Options and words apart. "--" ends the options. */
static int parse(struct options *o, int argc, char *const *argv, const char **words, size_t *n) {
  int rc = EXIT_OK;
  bool options = true;
  for (int i = 1; i < argc;) {
    if (options && strcmp(argv[i], "--") == 0) {
      options = false;
      i++;
    } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
      int took = take_option(o, argv + i, argc - i, &rc);
      if (took == 0) {
        return rc;
      }
      i += took;
    } else {
      words[(*n)++] = argv[i++];
    }
  }
  return rc;
}

static int contradictions(const struct options *o) {
  if (o->has_ram_hpa && o->ram != RAM_LINEAR) {
    return usage("--ram-hpa gives RAM a place, --ram alloc and lazy leave that to the host: choose one");
  }
  if (o->all_formats && o->gpa_bits != 0) {
    return usage("--gpa-bits needs one --format: no width is in all of them");
  }
  return EXIT_OK;
}

struct command {
  const char *name;
  int (*run)(const struct options *o);
};
static const struct command commands[] = {{"show", cmd_show},    {"walk", cmd_walk},       {"image", cmd_image},
                                          {"check", cmd_check},  {"formats", cmd_formats}, {"bench", cmd_bench},
                                          {"report", cmd_report}};

static int run(struct options *o, const char **words, size_t n) {
  int rc = contradictions(o);
  if (rc != EXIT_OK) {
    return rc;
  }
  if (n == 0) {
    return usage("nothing to do: give a memory map");
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(words[0], commands[i].name) == 0) {
      o->args = words + 1;
      o->nargs = n - 1;
      return commands[i].run(o);
    }
  }
  o->args = words;
  o->nargs = n;
  return n == 1 ? cmd_show(o)
                : usage("'%s' is not a command (show, walk, image, check, formats, bench, report)", words[0]);
}

static bool asks(int argc, char *const *argv, const char *what, const char *brief) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], what) == 0 || strcmp(argv[i], brief) == 0) {
      return true;
    }
  }
  return false;
}

/* What was printed must have arrived. */
static int close_output(int rc) {
  bool bad = ferror(stdout) != 0;
  bad = fclose(stdout) != 0 || bad;
  return bad ? fail("standard output: writing failed") : rc;
}

int main(int argc, char **argv) {
  struct options o = {.device_type = S2_DEV, .c_name = "stage2"};
  size_t n = 0;
  int rc;
  if (asks(argc, argv, "--help", "-h")) {
    rc = fputs(help_text, stdout) == EOF ? EXIT_INPUT : EXIT_OK;
  } else if (asks(argc, argv, "--version", "-V")) {
    rc = puts("stage2 " S2_VERSION) == EOF ? EXIT_INPUT : EXIT_OK;
  } else {
    const char **words = keep((size_t)argc + 1, sizeof *words);
    rc = parse(&o, argc, argv, words, &n);
    rc = rc == EXIT_OK ? run(&o, words, n) : rc;
  }
  rc = close_output(rc);
  keep_free();
  return rc;
}
