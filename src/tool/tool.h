/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * tool.h - the program `stage2`: what its files share.
 *
 * Data flow: arguments (main.c) -> memory map (map_text.c, map_fdt.c, map.c) -> space in one format (build.c, through
 * the table of functions that format_cmd.c makes for each library) -> show.c, report.c, walk.c, image.c, check.c -> out.c,
 * svg.c. bench.c has no map: measure.c, once per format, makes its own spaces.
 */
#ifndef STAGE2_TOOL_TOOL_H
#define STAGE2_TOOL_TOOL_H

#include "arch/bit_name.h"
#include "arch/hosted/hosted.h"
#include "stage2/latency.h"
#include "stage2/space.h"

#define EXIT_OK    0
#define EXIT_INPUT 1 /* a map, an image or the system is at fault, or a check failed */
#define EXIT_USAGE 2 /* the command line is at fault                                 */

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* ---- errors and memory (util.c) ---- */

/** "stage2: ..." on standard error. Return: EXIT_INPUT. */
int fail(const char *format, ...) PRINTF_LIKE(1, 2);
/** "WHERE: ..." on standard error, WHERE being file:line or file:node. Return: EXIT_INPUT. */
int fail_at(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
/** "stage2: ..." and a pointer to --help. Return: EXIT_USAGE. */
int usage(const char *format, ...) PRINTF_LIKE(1, 2);
/** Memory that lives until keep_free(); zeroed. Ends the program when there is none. */
void *keep(size_t count, size_t size);
char *keep_text(const char *format, ...) PRINTF_LIKE(1, 2);
void keep_free(void);
/** What a status code means, for people. */
const char *status_text(s2_status status);
/** The whole of a file ("-": standard input), with a zero byte after it. NULL: the reason has been printed. */
uint8_t *read_file(const char *path, size_t max, size_t *size);

/* ---- numbers and words (words.c) ---- */

/** 0x hexadecimal or decimal, with K, M, G, T after it. NULL and *value, or why not. */
const char *parse_number(const char *text, uint64_t *value);
/** Rights and memory type: letters of rwxu and -, then optionally a comma and a type. NULL, or why not. */
const char *parse_rights(const char *text, uint32_t *attr, bool *has_type);
const char *parse_type(const char *text, uint32_t *type);
const char *parse_features(const char *text, uint32_t *features);
const char *parse_leaf(const char *text, uint32_t *level);
/** "r-x", "rw-u": rights as ls -l shows them. */
void rights_text(uint32_t attr, char out[8]);
const char *type_name(uint32_t attr);
const char *leaf_name(uint32_t level);
void features_text(uint32_t features, char out[64]);
/** Exact size with the largest binary unit that divides it. */
void size_text(uint64_t bytes, char out[32]);

/* ---- memory map (map.c) ---- */

enum region_kind { REGION_RAM, REGION_DEVICE, REGION_ROM, REGION_ALLOC, REGION_PCI };

struct region {
  const char *name;
  const char *detail; /* compatible string, or ""                                     */
  const char *where;  /* file:line or file:node path, for messages                    */
  enum region_kind kind;
  uint64_t gpa, size, hpa;
  bool has_hpa;  /* the map gives hpa                                                 */
  bool has_attr; /* the map gives rights                                              */
  bool has_type; /* the map gives the memory type                                     */
  uint32_t attr;
  size_t order; /* place in the file */
};

struct region_list {
  struct region *r;
  size_t n, room;
};

struct map {
  const char *file;
  const char *format;         /* the format the map asks for, or NULL                                   */
  struct region_list regions; /* what is laid out: sorted, disjoint, whole pages, device pages merged   */
  struct region_list named;   /* the same before merging: one per line of the map or entry of a reg     */
  struct region_list windows; /* PCI windows that stay unmapped                                         */
  size_t skipped;             /* device tree nodes that are disabled or that no CPU address reaches     */
};

struct options;

const char *kind_name(enum region_kind kind);
/** Append a region as the map has it: name, kind, range, and what else is given. */
void map_add(struct region_list *list, const struct region *r);
/** Read, check and place a memory map. Return: EXIT_OK, or the reason has been printed. */
int map_read(const char *path, const struct options *o, struct map *m);
int map_text(const char *path, const char *text, size_t size, struct map *m);
int map_fdt(const char *path, const void *blob, size_t size, struct map *m);
/** The names of the map inside [start, end), as "a, b (+3)". */
void map_names(const struct map *m, uint64_t start, uint64_t end, char out[160]);
/** The region that covers gpa, or NULL. */
const struct region *map_find(const struct map *m, uint64_t gpa);
bool region_lazy(const struct region *r, const struct options *o);
bool region_linear(const struct region *r, const struct options *o);
uint64_t region_end(const struct region *r);

/* ---- formats (format_cmd.c, compiled once per format) ---- */

struct measured;

struct tool_shape {
  uint32_t top, nroot;
};

struct format_ops {
  const char *name, *title;
  const char *base_register, *ctrl_register; /* ctrl_register: NULL where there is none */
  const char *const *level_names;            /* by level, the manual's names            */
  const struct s2_bit_name *bits;
  size_t nbits;
  uint32_t id; /* in image headers */
  uint32_t leaf_max, hpa_bits, features, vmid_max, default_features;
  struct tool_shape (*shape)(uint32_t gpa_bits);
  const char *(*mode)(uint32_t gpa_bits);
  uint32_t (*slot)(uint64_t gpa, uint8_t level);
  uint64_t (*span)(uint8_t level);
  uint32_t (*kind)(uint8_t level, uint64_t entry);
  uint64_t (*leaf)(uint8_t level, uint64_t hpa, uint32_t attr);
  uint64_t (*table)(uint32_t features, uint8_t level, uint64_t hpa);
  uint64_t (*next)(uint64_t entry);
  uint64_t (*hpa)(uint8_t level, uint64_t entry);
  uint32_t (*attr)(uint8_t level, uint64_t entry);
  bool (*attr_legal)(uint32_t features, uint32_t attr);
  s2_status (*init)(struct s2_space *s, const struct s2_space_config *cfg);
  void (*fini)(struct s2_space *s);
  s2_status (*map_linear)(struct s2_space *s, uint64_t gpa, uint64_t size, uint64_t hpa, uint32_t attr, uint32_t flags);
  s2_status (*map_alloc)(struct s2_space *s, uint64_t gpa, uint64_t size, uint32_t attr, uint32_t flags);
  struct s2_area (*area_at)(const struct s2_space *s, uint64_t gpa);
  struct s2_area (*area_next)(const struct s2_space *s, uint64_t gpa);
  struct s2_steps (*walk)(const struct s2_pt *pt, uint64_t gpa);
  struct s2_translation (*translate)(const struct s2_space *s, uint64_t gpa);
  struct s2_root (*root)(const struct s2_space *s);
  struct s2_report (*stats)(const struct s2_space *s);
  struct s2_memory (*memory)(const struct s2_space *s);
  s2_status (*pt_init)(struct s2_pt *pt, const struct s2_config *cfg, const struct s2_pool_memory *mem);
  struct s2_root (*pt_root)(const struct s2_pt *pt);
  int64_t (*percentile)(const struct s2_latency *h, uint32_t permyriad);
  bool (*measure)(struct measured *m, bool quick);
};

#define TOOL_FORMATS 4u
extern const struct format_ops *const tool_formats[TOOL_FORMATS];
const struct format_ops *format_named(const char *name);
const struct format_ops *format_numbered(uint32_t id);

/* ---- options (main.c) ---- */

enum ram_mode { RAM_LINEAR, RAM_ALLOC, RAM_LAZY };

struct options {
  const struct format_ops *format; /* NULL: what the map asks for, else the first */
  bool all_formats;
  uint32_t gpa_bits, hpa_bits, tables; /* 0: choose */
  bool has_leaf, has_vmid, has_features, has_ram_hpa, has_pool_hpa;
  uint32_t leaf, vmid, features;
  uint64_t ram_hpa, pool_hpa;
  enum ram_mode ram;
  uint32_t device_type;
  bool pci, json, brief;
  const char *output, *c_output, *c_name;
  const char *const *args; /* after the command */
  size_t nargs;
};

extern const char help_text[];

/* ---- a space (build.c) ---- */

struct built {
  const struct format_ops *f;
  const struct map *map;
  struct s2_space space;
  struct s2_hosted host;
  struct s2_hosted_storage storage;
  struct s2_space_config cfg;
  uint64_t frame_base, frame_pages; /* simulated host memory for alloc regions */
  bool host_live, storage_live, space_live;
};

/** The attributes of a region in a space with these features. */
uint32_t region_attr(const struct region *r, uint32_t features);
/** Lay the map out in format f. Return: EXIT_OK, or the reason has been printed. */
int build(struct built *b, const struct format_ops *f, const struct map *m, const struct options *o);
void build_end(struct built *b);
/** Calls one(): once per format that the options and the map ask for. Return: the worst exit status. */
int for_formats(const struct map *m, const struct options *o, int (*one)(struct built *b, const struct options *o));

/* ---- images (image.c, check.c) ---- */

#define IMAGE_MAGIC   "STAGE2IM"
#define IMAGE_VERSION 1u
#define IMAGE_HEADER  4096u

struct image {
  uint32_t format, top, nroot, gpa_bits, hpa_bits, features, leaf_max, vmid, tables, root;
  uint64_t pool_hpa, root_hpa, base, ctrl;
  uint64_t *entries; /* tables * 512, host byte order */
};

int image_read(const char *path, struct image *im, const struct format_ops **f);

/* ---- measurements (measure.c, compiled once per format) ---- */

enum way { WAY_CALL, WAY_CURSOR_1, WAY_CURSOR_512, WAY_BATCH, WAYS };
enum pattern { PATTERN_SEQUENTIAL, PATTERN_RANDOM, PATTERN_SPARSE, PATTERNS };
enum measured_region { REGION_MAP, REGION_PROTECT, REGION_UNMAP, REGIONS };
enum trace { TRACE_SEQUENTIAL, TRACE_STRIDED, TRACE_INTERLEAVED, TRACE_RECORDS, TRACE_CHASE, TRACE_RANDOM, TRACES };
enum predictor { PREDICT_OFF, PREDICT_STREAM, PREDICT_PAIR, PREDICT_GROUP, PREDICT_ALL, PREDICTORS };

struct preloaded {
  uint64_t touched, faults, wasted; /* pages the guest touched; faults taken; pages brought in and never touched */
};

/* Times are in hundredths of a nanosecond, per call or per page. */
struct measured {
  uint64_t translate[PATTERNS][WAYS];
  uint64_t region[REGIONS];
  struct s2_latency translate_ns, fault_ns; /* whole nanoseconds, the clock's own cost included */
  struct preloaded preload[TRACES][PREDICTORS];
  uint64_t clean_page, dirty_page; /* harvest by write protection */
};

/* ---- plots (svg.c) ---- */

struct bars {
  const char *title, *unit;
  const char *const *group; /* along the axis    */
  const char *const *bar;   /* in each group     */
  size_t ngroup, nbar;
  const uint64_t *value; /* ngroup * nbar, in hundredths of the unit */
};
/** DIR/NAME.svg. Return: EXIT_OK, or the reason has been printed. */
int svg_bars(const char *dir, const char *name, const struct bars *b);

/* ---- commands ---- */

int cmd_bench(const struct options *o);
int cmd_report(const struct options *o);

int cmd_show(const struct options *o);
int cmd_walk(const struct options *o);
int cmd_image(const struct options *o);
int cmd_check(const struct options *o);
int cmd_formats(const struct options *o);

/* ---- output (out.c) ---- */

/** JSON on standard output. key is NULL inside arrays. */
void json_begin(const char *command);
void json_end(void);
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_hex(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_format(const struct built *b);

#endif
