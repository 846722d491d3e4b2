/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * image.c - `stage2 image`: finished tables as a file or as a C array, for hypervisors that load prebuilt tables; and
 * reading such a file back.
 *
 * The file: one header page, then the tables in the order of the pool, from the first to the last in use. Every number
 * is little-endian.
 *
 *   0  8 bytes  "STAGE2IM"             40  u32  features (S2_FEAT_ bits)      64  u64  host address of the first table
 *   8  u32  version: 1                 44  u32  largest leaf level            72  u64  host address of the root
 *  12  u32  bytes of header: 4096      48  u32  VMID, VPID or ASID            80  u64  EPTP, nCR3, VTTBR_EL2 or hgatp
 *  16  u32  1 EPT, 2 NPT, 3 A64, 4 GST 52  u32  tables in the file            88  u64  VTCR_EL2, else 0
 *  20  u32  CRC-32 of the whole file   56  u32  index of the first root table 96  zeros up to 4096
 *           with this field zero       60  u32  zero
 *  24  u32  top level, from the leaf
 *  28  u32  root tables
 *  32  u32  guest address bits
 *  36  u32  host address bits
 */
#include "tool.h"

#include "stage2/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_MAX   ((1ull << 36) + IMAGE_HEADER) /* 2^24 tables */
#define TABLE_BYTES 4096u
#define CRC_OFFSET  20u

/* ---- bytes ---- */

static void put(uint8_t *at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    at[i] = (uint8_t)(value >> (8 * i));
  }
}

static uint64_t get(const uint8_t *at, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = bytes; i-- > 0;) {
    v = (v << 8) | at[i];
  }
  return v;
}

static uint32_t get32(const uint8_t *at) {
  return (uint32_t)get(at, 4);
}

/* CRC-32 as in IEEE 802.3, reflected, polynomial 0x04C11DB7. */
static uint32_t crc32_of(const uint8_t *data, size_t size) {
  uint32_t table[256], crc = 0xffffffffu;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) {
      c = (c & 1u) != 0 ? (c >> 1) ^ 0xedb88320u : c >> 1;
    }
    table[i] = c;
  }
  for (size_t i = 0; i < size; i++) {
    crc = (crc >> 8) ^ table[(crc ^ data[i]) & 0xffu];
  }
  return ~crc;
}

/* ---- writing ---- */

static void image_of(const struct built *b, struct image *im) {
  const struct s2_pool *p = &b->space.pt.pool;
  struct s2_root root = b->f->root(&b->space);
  uint32_t n = p->root + p->nroot;
  for (uint32_t i = n; i < p->cap; i++) {
    if (p->nodes[i].level <= S2_MAX_LEVEL) {
      n = i + 1;
    }
  }
  *im = (struct image){
      .format = b->f->id,
      .top = p->top,
      .nroot = p->nroot,
      .gpa_bits = b->cfg.hw.gpa_bits,
      .hpa_bits = b->cfg.hw.hpa_bits,
      .features = b->cfg.hw.features,
      .leaf_max = b->cfg.hw.leaf_max,
      .vmid = b->cfg.hw.vmid,
      .tables = n,
      .root = p->root,
      .pool_hpa = b->cfg.tables.hpa,
      .root_hpa = b->cfg.tables.hpa + (uint64_t)p->root * TABLE_BYTES,
      .base = root.base,
      .ctrl = root.ctrl,
      .entries = p->tables[0].e,
  };
}

static void put_header(const struct image *im, uint8_t *h) {
  const uint32_t words[] = {im->top,      im->nroot, im->gpa_bits, im->hpa_bits, im->features,
                            im->leaf_max, im->vmid,  im->tables,   im->root,     0};
  (void)memcpy(h, IMAGE_MAGIC, 8);
  put(h + 8, IMAGE_VERSION, 4);
  put(h + 12, IMAGE_HEADER, 4);
  put(h + 16, im->format, 4);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    put(h + 24 + 4 * i, words[i], 4);
  }
  put(h + 64, im->pool_hpa, 8);
  put(h + 72, im->root_hpa, 8);
  put(h + 80, im->base, 8);
  put(h + 88, im->ctrl, 8);
}

static int write_all(const char *path, const uint8_t *data, size_t size) {
  errno = 0;
  FILE *f = fopen(path, "wb");
  if (f == NULL) {
    return fail("%s: %s", path, strerror(errno));
  }
  bool good = fwrite(data, 1, size, f) == size;
  good = fclose(f) == 0 && good;
  return good ? EXIT_OK : fail("%s: writing failed: %s", path, strerror(errno));
}

static int write_binary(const struct image *im, const struct built *b, const char *path) {
  size_t size = IMAGE_HEADER + (size_t)im->tables * TABLE_BYTES;
  uint8_t *data = keep(size, 1);
  put_header(im, data);
  for (uint32_t t = 0; t < im->tables; t++) {
    const struct s2_table *table = &b->space.pt.pool.tables[t];
    for (uint32_t s = 0; s < S2_ENTRIES; s++) {
      put(data + IMAGE_HEADER + (size_t)t * TABLE_BYTES + 8u * s, table->e[s], 8);
    }
  }
  put(data + CRC_OFFSET, crc32_of(data, size), 4);
  return write_all(path, data, size);
}

/* "VTTBR_EL2" and prefix "stage2" -> "STAGE2_VTTBR_EL2". */
static void print_macro(FILE *f, const char *prefix, const char *name, const char *form, uint64_t value) {
  (void)fputs("#define ", f);
  for (const char *at = prefix; *at != '\0'; at++) {
    (void)fputc(toupper((unsigned char)*at), f);
  }
  (void)fputc('_', f);
  for (const char *at = name; *at != '\0'; at++) {
    (void)fputc(toupper((unsigned char)*at), f);
  }
  (void)fputc(' ', f);
  (void)fprintf(f, form, (unsigned long long)value);
  (void)fputc('\n', f);
}

static void print_comment(FILE *f, const struct image *im, const struct built *b, const char *prefix) {
  (void)fprintf(
      f, "/*\n * Second-stage page tables made by stage2 " S2_VERSION " image: %s, %s, %u-bit guest addresses.\n",
      b->f->title, b->f->mode(im->gpa_bits), im->gpa_bits);
  (void)fprintf(
      f,
      " *\n * Place section .stage2.tables so that %s_tables lies at host physical address 0x%llx: the entries\n"
      " * hold host addresses. Load the register values below, then invalidate what VMID %u left behind.\n */\n",
      prefix, (unsigned long long)im->pool_hpa, im->vmid);
}

/* Only entries that are not zero are written: C fills in the rest. */
static void print_entries(FILE *f, const struct image *im, const struct built *b) {
  for (uint32_t t = 0; t < im->tables; t++) {
    for (uint32_t s = 0; s < S2_ENTRIES; s++) {
      uint64_t e = b->space.pt.pool.tables[t].e[s];
      if (e != 0) {
        (void)fprintf(f, "  [%u * 512 + %u] = UINT64_C(0x%016llx),\n", t, s, (unsigned long long)e);
      }
    }
  }
}

static int write_c(const struct image *im, const struct built *b, const char *path, const char *prefix) {
  errno = 0;
  FILE *f = fopen(path, "w");
  if (f == NULL) {
    return fail("%s: %s", path, strerror(errno));
  }
  print_comment(f, im, b, prefix);
  (void)fputs("#include <stdint.h>\n\n", f);
  print_macro(f, prefix, "tables", "%lluu", im->tables);
  print_macro(f, prefix, "pool_hpa", "UINT64_C(0x%llx)", im->pool_hpa);
  print_macro(f, prefix, "root_hpa", "UINT64_C(0x%llx)", im->root_hpa);
  print_macro(f, prefix, "vmid", "%lluu", im->vmid);
  print_macro(f, prefix, b->f->base_register, "UINT64_C(0x%llx)", im->base);
  if (b->f->ctrl_register != NULL) {
    print_macro(f, prefix, b->f->ctrl_register, "UINT64_C(0x%llx)", im->ctrl);
  }
  (void)fprintf(f, "\nextern uint64_t %s_tables[%u * 512];\n", prefix, im->tables);
  (void)fprintf(f, "__attribute__((aligned(4096), section(\".stage2.tables\"))) uint64_t %s_tables[%u * 512] = {\n",
                prefix, im->tables);
  print_entries(f, im, b);
  (void)fputs("};\n", f);
  bool good = ferror(f) == 0;
  good = fclose(f) == 0 && good;
  return good ? EXIT_OK : fail("%s: writing failed: %s", path, strerror(errno));
}

static int image_one(struct built *b, const struct options *o) {
  struct image im;
  image_of(b, &im);
  int rc = o->output == NULL ? EXIT_OK : write_binary(&im, b, o->output);
  if (rc == EXIT_OK && o->c_output != NULL) {
    rc = write_c(&im, b, o->c_output, o->c_name);
  }
  if (rc == EXIT_OK && !o->brief) {
    (void)printf("%s: %u tables, root at host address 0x%llx, %s 0x%llx", b->f->name, im.tables,
                 (unsigned long long)im.root_hpa, b->f->base_register, (unsigned long long)im.base);
    if (b->f->ctrl_register != NULL) {
      (void)printf(", %s 0x%llx", b->f->ctrl_register, (unsigned long long)im.ctrl);
    }
    (void)putchar('\n');
  }
  return rc;
}

int cmd_image(const struct options *o) {
  struct map m;
  if (o->nargs != 1 || (o->output == NULL && o->c_output == NULL)) {
    return usage("image needs one MAP and -o FILE or --c FILE");
  }
  if (o->all_formats) {
    return usage("image needs one --format");
  }
  int rc = map_read(o->args[0], o, &m);
  return rc == EXIT_OK ? for_formats(&m, o, image_one) : rc;
}

/* ---- reading ---- */

static void get_header(const uint8_t *h, struct image *im) {
  im->format = get32(h + 16);
  im->top = get32(h + 24);
  im->nroot = get32(h + 28);
  im->gpa_bits = get32(h + 32);
  im->hpa_bits = get32(h + 36);
  im->features = get32(h + 40);
  im->leaf_max = get32(h + 44);
  im->vmid = get32(h + 48);
  im->tables = get32(h + 52);
  im->root = get32(h + 56);
  im->pool_hpa = get(h + 64, 8);
  im->root_hpa = get(h + 72, 8);
  im->base = get(h + 80, 8);
  im->ctrl = get(h + 88, 8);
}

static const char *wrong_frame(const uint8_t *data, size_t size) {
  if (size < IMAGE_HEADER || memcmp(data, IMAGE_MAGIC, 8) != 0) {
    return "not a stage2 image";
  }
  if (get32(data + 8) != IMAGE_VERSION || get32(data + 12) != IMAGE_HEADER) {
    return "an image of another version";
  }
  if ((size - IMAGE_HEADER) % TABLE_BYTES != 0 || (size - IMAGE_HEADER) / TABLE_BYTES != get32(data + 52)) {
    return "truncated, or longer than its header says";
  }
  if (get32(data + 60) != 0) {
    return "a reserved field of the header is not zero";
  }
  for (size_t i = 96; i < IMAGE_HEADER; i++) {
    if (data[i] != 0) {
      return "a reserved field of the header is not zero";
    }
  }
  return NULL;
}

static bool crc_good(uint8_t *data, size_t size) {
  uint32_t stored = get32(data + CRC_OFFSET);
  put(data + CRC_OFFSET, 0, 4);
  return crc32_of(data, size) == stored;
}

static const char *wrong_header(const struct image *im, const struct format_ops *f) {
  if (f == NULL) {
    return "of an unknown format";
  }
  struct tool_shape s = f->shape(im->gpa_bits);
  if (im->gpa_bits > 63 || s.top > S2_MAX_LEVEL || s.top != im->top || s.nroot != im->nroot) {
    return "the guest address bits, levels and root tables do not belong together";
  }
  if (im->hpa_bits > f->hpa_bits || im->leaf_max > f->leaf_max || (im->features & ~f->features) != 0) {
    return "host address bits, leaf size or features are not this format's";
  }
  uint64_t end = 1ull << im->hpa_bits, bytes = (uint64_t)im->tables * TABLE_BYTES;
  if (im->pool_hpa % TABLE_BYTES != 0 || im->pool_hpa >= end || bytes > end - im->pool_hpa) {
    return "the tables do not lie in the host's address width";
  }
  if (im->tables < im->nroot || im->root > im->tables - im->nroot ||
      im->root_hpa != im->pool_hpa + (uint64_t)im->root * TABLE_BYTES ||
      im->root_hpa % ((uint64_t)im->nroot * TABLE_BYTES) != 0) {
    return "the root does not lie, aligned, among the tables";
  }
  return NULL;
}

/* The register values that the library gives for such a root: made from an empty page table in the same place. */
static const char *wrong_registers(const struct image *im, const struct format_ops *f) {
  static _Alignas(4096) struct s2_table tables[16];
  static struct s2_node nodes[16];
  static int32_t stack[16];
  struct s2_pt pt;
  struct s2_config hw = {.gpa_bits = im->gpa_bits,
                         .hpa_bits = im->hpa_bits,
                         .leaf_max = im->leaf_max,
                         .features = im->features,
                         .vmid = im->vmid};
  struct s2_pool_memory mem = {
      .tables = tables, .nodes = nodes, .stack = stack, .count = im->nroot, .hpa = im->root_hpa};
  if (f->pt_init(&pt, &hw, &mem) != S2_OK) {
    return "no space can have this configuration";
  }
  struct s2_root root = f->pt_root(&pt);
  return root.base != im->base || root.ctrl != im->ctrl ? "the register values do not belong to the rest" : NULL;
}

int image_read(const char *path, struct image *im, const struct format_ops **f) {
  size_t size = 0;
  uint8_t *data = read_file(path, (size_t)IMAGE_MAX, &size);
  if (data == NULL) {
    return EXIT_INPUT;
  }
  const char *why = wrong_frame(data, size);
  if (why == NULL && !crc_good(data, size)) {
    why = "damaged: the checksum does not match";
  }
  if (why == NULL) {
    get_header(data, im);
    *f = format_numbered(im->format);
    why = wrong_header(im, *f);
  }
  if (why == NULL) {
    why = wrong_registers(im, *f);
  }
  if (why != NULL) {
    return fail("%s: %s", path, why);
  }
  im->entries = keep((size_t)im->tables * S2_ENTRIES, sizeof *im->entries);
  for (size_t i = 0; i < (size_t)im->tables * S2_ENTRIES; i++) {
    im->entries[i] = get(data + IMAGE_HEADER + 8 * i, 8);
  }
  return EXIT_OK;
}
