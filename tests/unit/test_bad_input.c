/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_bad_input.c - every public function with every class of wrong argument: its status, and that nothing changed.
 *
 * The rows are the table of the documentation: with S2_BAD_INPUT=FILE in the environment it is written there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

static FILE *out;
static unsigned rows, bad_rows;
static struct env_mark mark;
static struct env env;

static const char *const names[] = {
    "S2_OK",           "S2_ERR_ALIGN",     "S2_ERR_SIZE",   "S2_ERR_OVERFLOW",   "S2_ERR_WIDTH",
    "S2_ERR_RANGE",    "S2_ERR_ATTR",      "S2_ERR_MAPPED", "S2_ERR_NOT_MAPPED", "S2_ERR_NO_TABLES",
    "S2_ERR_NO_AREAS", "S2_ERR_NO_FRAMES", "S2_ERR_POOL",   "S2_ERR_CONFIG",     "S2_ERR_NULL",
    "S2_ERR_UNIFORM",  "S2_ERR_DENIED",    "S2_ERR_LAZY",   "S2_ERR_MEMORY",     "S2_ERR_BACKEND"};

/* one row: the call has been made since `mark` was taken */
static void row(const char *function, const char *wrong, s2_status got, s2_status want) {
  bool same = env_same(&env, &mark);
  rows++;
  if (out != NULL) {
    (void)fprintf(out, "%-20s %-44s %-18s %s\n", function, wrong, names[-got], same ? "yes" : "NO");
  }
  if (got != want || !same) {
    bad_rows++;
    print_error("%s, %s: %s, expected %s, unchanged %s\n", function, wrong, names[-got], names[-want],
                same ? "yes" : "NO");
    mark = env_mark(&env);
  }
}

#define LIMIT    ((uint64_t)1 << ENV_BITS)
#define HLIMIT   ((uint64_t)1 << env.cfg.hw.hpa_bits)
#define LAST     (UINT64_MAX - 4095) /* the last page of 2^64 */
#define LINEAR   G(1)                /* a linear area of 2 GiB in blocks */
#define ALLOC    G(4)                /* an alloc area of 4 MiB, its first page present */
#define EMPTY    G(8)
#define NO_RIGHT S2_W /* write without read: no format has it */

/* what the format could express if the host had declared it (NPT: cannot express at all) */
#if defined(S2_FORMAT_GST)
#define UNDECLARED (S2_RW | S2_NC)
#else
#define UNDECLARED (S2_RWX | S2_UX)
#endif

static void set_up(uint32_t spare_tables) {
  struct s2_shape sh = s2_shape_of(ENV_BITS);
  env_open(&env, ENV_BITS, sh.nroot + 16, 64, true);
  assert_int_equal(s2_map_linear(&env.s, LINEAR, G(2), G(3), S2_RW, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&env.s, ALLOC, M(2), S2_R, 0), S2_OK);
  assert_int_equal(s2_fault(&env.s, ALLOC, S2_R).kind, S2_FAULT_RESOLVED);
  /* tables taken and not yet linked, as between two calls of a caller that reserves */
  while (spare_tables < (uint32_t)env.s.pt.pool.nfree) {
    env.s.pt.pool.nfree--;
    env.cfg.tables.nodes[env.s.pt.pool.stack[env.s.pt.pool.nfree]].level = S2_NODE_RESERVED;
  }
  mark = env_mark(&env);
}

static void tear_down(void) {
  s2_fini(&env.s);
  assert_int_equal(env.h.used, 0);
  assert_int_equal(env.h.errors, 0);
  s2_hosted_fini(&env.h);
  s2_hosted_storage_fini(&env.st);
}

static void ranges(const char *f, s2_status (*call)(uint64_t gpa, uint64_t size)) {
  row(f, "gpa not a multiple of 4 KiB", call(LINEAR + 1, P(1)), S2_ERR_ALIGN);
  row(f, "size not a multiple of 4 KiB", call(LINEAR, 4095), S2_ERR_ALIGN);
  row(f, "size 0", call(LINEAR, 0), S2_ERR_SIZE);
  row(f, "gpa + size past 2^64", call(LAST, P(2)), S2_ERR_OVERFLOW);
  row(f, "gpa wider than the format", call(LIMIT, P(1)), S2_ERR_WIDTH);
  row(f, "gpa + size wider than the format", call(LIMIT - P(1), P(2)), S2_ERR_WIDTH);
}

static s2_status do_linear(uint64_t gpa, uint64_t size) {
  return s2_map_linear(&env.s, gpa, size, G(10), S2_RW, 0);
}
static s2_status do_alloc(uint64_t gpa, uint64_t size) {
  return s2_map_alloc(&env.s, gpa, size, S2_RW, 0);
}
static s2_status do_populate(uint64_t gpa, uint64_t size) {
  return s2_map_alloc(&env.s, gpa, size, S2_RW, S2_POPULATE);
}
static s2_status do_unmap(uint64_t gpa, uint64_t size) {
  return s2_unmap(&env.s, gpa, size);
}
static s2_status do_protect(uint64_t gpa, uint64_t size) {
  return s2_protect(&env.s, gpa, size, S2_R);
}
static s2_status do_discard(uint64_t gpa, uint64_t size) {
  return s2_discard(&env.s, gpa, size);
}
static s2_status do_pt_map(uint64_t gpa, uint64_t size) {
  return s2_pt_map(&env.s.pt, gpa, size, G(10), S2_RW, 2);
}
static s2_status do_pt_needed(uint64_t gpa, uint64_t size) {
  return s2_pt_tables_needed(&env.s.pt, gpa, size, G(10), 2).status;
}
static s2_status do_pt_unmap(uint64_t gpa, uint64_t size) {
  return s2_pt_unmap(&env.s.pt, gpa, size);
}
static s2_status do_pt_protect(uint64_t gpa, uint64_t size) {
  return s2_pt_protect(&env.s.pt, gpa, size, S2_R);
}

static void range_arguments(void **state) {
  (void)state;
  set_up(16);
  ranges("s2_map_linear", do_linear);
  ranges("s2_map_alloc", do_alloc);
  ranges("s2_map_alloc populate", do_populate);
  ranges("s2_unmap", do_unmap);
  ranges("s2_protect", do_protect);
  ranges("s2_discard", do_discard);
  ranges("s2_pt_map", do_pt_map);
  ranges("s2_pt_tables_needed", do_pt_needed);
  ranges("s2_pt_unmap", do_pt_unmap);
  ranges("s2_pt_protect", do_pt_protect);
  row("s2_pt_split", "gpa not a multiple of 4 KiB", s2_pt_split(&env.s.pt, LINEAR + 1), S2_ERR_ALIGN);
  row("s2_pt_split", "gpa wider than the format", s2_pt_split(&env.s.pt, LIMIT), S2_ERR_WIDTH);
  row("s2_pt_collapse", "gpa not aligned to the level", s2_pt_collapse(&env.s.pt, P(1), 1), S2_ERR_ALIGN);
  row("s2_pt_collapse", "gpa wider than the format", s2_pt_collapse(&env.s.pt, LIMIT, 1), S2_ERR_WIDTH);
  row("s2_pt_collapse", "level 0", s2_pt_collapse(&env.s.pt, 0, 0), S2_ERR_CONFIG);
  row("s2_pt_collapse", "level above the largest leaf", s2_pt_collapse(&env.s.pt, 0, S2_FMT_LEAF_MAX + 1),
      S2_ERR_CONFIG);
  tear_down();
}

static void host_range(const char *f, s2_status (*call)(uint64_t hpa, uint64_t size)) {
  row(f, "hpa not a multiple of 4 KiB", call(G(10) + 8, P(1)), S2_ERR_ALIGN);
  row(f, "hpa + size past 2^64", call(LAST, P(2)), S2_ERR_OVERFLOW);
  row(f, "hpa wider than the host", call(HLIMIT, P(1)), S2_ERR_WIDTH);
  row(f, "hpa + size wider than the host", call(HLIMIT - P(1), P(2)), S2_ERR_WIDTH);
  row(f, "hpa range holds the tables", call(ENV_POOL_HPA, P(1)), S2_ERR_POOL);
  row(f, "hpa range touches the tables", call(ENV_POOL_HPA - P(1), P(2)), S2_ERR_POOL);
}

static s2_status hpa_linear(uint64_t hpa, uint64_t size) {
  return s2_map_linear(&env.s, EMPTY, size, hpa, S2_RW, 0);
}
static s2_status hpa_pt_map(uint64_t hpa, uint64_t size) {
  return s2_pt_map(&env.s.pt, EMPTY, size, hpa, S2_RW, 2);
}
static s2_status hpa_needed(uint64_t hpa, uint64_t size) {
  return s2_pt_tables_needed(&env.s.pt, EMPTY, size, hpa, 2).status;
}

static void attributes(const char *f, s2_status (*call)(uint32_t attr)) {
  row(f, "write without read", call(NO_RIGHT), S2_ERR_ATTR);
  row(f, "bits that are no attribute", call(S2_RW | 0x40000000u), S2_ERR_ATTR);
  row(f, "accessed and dirty asked for", call(S2_RW | S2_AD_MASK), S2_ERR_ATTR);
  row(f, "a memory type that does not exist", call(S2_RW | 0xf0u), S2_ERR_ATTR);
  row(f, "a feature that was not declared", call(UNDECLARED), S2_ERR_ATTR);
}

static s2_status attr_linear(uint32_t attr) {
  return s2_map_linear(&env.s, EMPTY, P(1), G(10), attr, 0);
}
static s2_status attr_alloc(uint32_t attr) {
  return s2_map_alloc(&env.s, EMPTY, P(1), attr, 0);
}
static s2_status attr_pt_map(uint32_t attr) {
  return s2_pt_map(&env.s.pt, EMPTY, P(1), G(10), attr, 0);
}

static void other_arguments(void **state) {
  (void)state;
  set_up(16);
  host_range("s2_map_linear", hpa_linear);
  host_range("s2_pt_map", hpa_pt_map);
  host_range("s2_pt_tables_needed", hpa_needed);
  attributes("s2_map_linear", attr_linear);
  attributes("s2_map_alloc", attr_alloc);
  attributes("s2_pt_map", attr_pt_map);
  struct s2_space *s = &env.s;
  row("s2_protect", "write without read", s2_protect(s, LINEAR, P(1), NO_RIGHT), S2_ERR_ATTR);
  row("s2_protect", "a memory type", s2_protect(s, LINEAR, P(1), S2_R | S2_NC), S2_ERR_ATTR);
  row("s2_pt_protect", "write without read", s2_pt_protect(&s->pt, LINEAR, P(1), NO_RIGHT), S2_ERR_ATTR);
  row("s2_pt_protect", "a memory type", s2_pt_protect(&s->pt, LINEAR, P(1), S2_R | S2_NC), S2_ERR_ATTR);
  row("s2_map_linear", "flag of another call", s2_map_linear(s, EMPTY, P(1), G(10), S2_RW, S2_POPULATE), S2_ERR_CONFIG);
  row("s2_map_linear", "flag that does not exist", s2_map_linear(s, EMPTY, P(1), G(10), S2_RW, 0x80000000u),
      S2_ERR_CONFIG);
  row("s2_map_alloc", "flag that does not exist", s2_map_alloc(s, EMPTY, P(1), S2_RW, 0x10), S2_ERR_CONFIG);
  row("s2_pt_map", "leaf_max above 3", s2_pt_map(&s->pt, EMPTY, P(1), G(10), S2_RW, 4), S2_ERR_CONFIG);
#if defined(S2_FORMAT_NPT)
  row("s2_pt_set_vmid", "a VMID that the format has not", s2_pt_set_vmid(&s->pt, 0), S2_ERR_CONFIG);
  row("s2_set_vmid", "a VMID that the format has not", s2_set_vmid(s, 0), S2_ERR_CONFIG);
#else
  row("s2_pt_set_vmid", "a VMID that the format has not", s2_pt_set_vmid(&s->pt, 0x10000u), S2_ERR_CONFIG);
  row("s2_set_vmid", "a VMID that the format has not", s2_set_vmid(s, 0x10000u), S2_ERR_CONFIG);
#endif
  row("s2_pt_tables_needed", "leaf_max above 3", s2_pt_tables_needed(&s->pt, EMPTY, P(1), G(10), 4).status,
      S2_ERR_CONFIG);
  tear_down();
}

static void out_of_range(void **state) {
  (void)state;
  env_config(&env, ENV_BITS, 32, 2);
  assert_true(s2_hosted_init(&env.h, ENV_FRAMES, 16, false));
  env.cfg.gpa_base = G(1);
  env.cfg.gpa_size = G(8);
  assert_int_equal(s2_init(&env.s, &env.cfg), S2_OK);
  mark = env_mark(&env);
  struct s2_space *s = &env.s;
  static const struct {
    const char *what;
    uint64_t gpa, size;
  } r[] = {{"below the space", 0, P(1)},
           {"over the start of the space", G(1) - P(1), P(2)},
           {"over the end of the space", G(9) - P(1), P(2)},
           {"above the space", G(9), P(1)}};
  for (size_t i = 0; i < LENGTH(r); i++) {
    row("s2_map_linear", r[i].what, s2_map_linear(s, r[i].gpa, r[i].size, G(20), S2_RW, 0), S2_ERR_RANGE);
    row("s2_map_alloc", r[i].what, s2_map_alloc(s, r[i].gpa, r[i].size, S2_RW, 0), S2_ERR_RANGE);
    row("s2_unmap", r[i].what, s2_unmap(s, r[i].gpa, r[i].size), S2_ERR_RANGE);
    row("s2_protect", r[i].what, s2_protect(s, r[i].gpa, r[i].size, S2_R), S2_ERR_RANGE);
    row("s2_discard", r[i].what, s2_discard(s, r[i].gpa, r[i].size), S2_ERR_RANGE);
  }
  static const uint64_t at[] = {0, G(1) - 1, G(9)};
  static const char *const where[] = {"address 0, below the space", "last byte below the space",
                                      "first byte above the space"};
  for (size_t i = 0; i < LENGTH(at); i++) {
    row("s2_translate", where[i], s2_translate(s, at[i]).status, S2_ERR_RANGE);
    row("s2_translate_run", where[i], s2_translate_run(s, at[i], 1, 0).status, S2_ERR_RANGE);
    row("s2_query", where[i], s2_query(s, at[i]).status, S2_ERR_RANGE);
    row("s2_guest_fill", where[i], s2_guest_fill(s, at[i], 0, 1, 0).status, S2_ERR_RANGE);
    assert_int_equal(s2_fault(s, at[i], S2_R).kind, S2_FAULT_NO_AREA);
    row("s2_fault", where[i], s2_fault(s, at[i], S2_R).status, S2_ERR_RANGE);
  }
  row("s2_find_free", "limits below the space", s2_find_free(s, 0, P(1), 0, G(1) - P(1), P(1)).status, S2_ERR_RANGE);
  tear_down();
}

static void occupancy(void **state) {
  (void)state;
  set_up(16);
  struct s2_space *s = &env.s;
  row("s2_map_linear", "an area is there", s2_map_linear(s, LINEAR - P(1), P(2), G(10), S2_RW, 0), S2_ERR_MAPPED);
  row("s2_map_linear", "a lazy area is there", s2_map_linear(s, ALLOC + M(1), P(1), G(10), S2_RW, 0), S2_ERR_MAPPED);
  row("s2_map_alloc", "an area is there", s2_map_alloc(s, LINEAR + G(2) - P(1), P(2), S2_RW, 0), S2_ERR_MAPPED);
  row("s2_map_alloc populate", "an area is there", s2_map_alloc(s, ALLOC, P(1), S2_RW, S2_POPULATE), S2_ERR_MAPPED);
  row("s2_pt_map", "a block is there", s2_pt_map(&s->pt, LINEAR + P(1), P(1), G(10), S2_RW, 0), S2_ERR_MAPPED);
  row("s2_pt_map", "a page is there", s2_pt_map(&s->pt, ALLOC, M(1), G(10), S2_RW, 2), S2_ERR_MAPPED);
  row("s2_pt_tables_needed", "a block is there", s2_pt_tables_needed(&s->pt, LINEAR, P(1), G(10), 0).status,
      S2_ERR_MAPPED);
  row("s2_protect", "in no area", s2_protect(s, EMPTY, P(1), S2_R), S2_ERR_NOT_MAPPED);
  row("s2_protect", "partly in no area", s2_protect(s, LINEAR + G(2) - P(1), P(2), S2_R), S2_ERR_NOT_MAPPED);
  row("s2_collapse", "in no area", s2_collapse(s, G(40), 1), S2_ERR_NOT_MAPPED);
  row("s2_collapse", "an alloc area of pages", s2_collapse(s, ALLOC, 1), S2_ERR_BACKEND);
  row("s2_collapse", "gpa not aligned to the level", s2_collapse(s, P(1), 1), S2_ERR_ALIGN);
  row("s2_collapse", "gpa wider than the format", s2_collapse(s, LIMIT, 1), S2_ERR_WIDTH);
  row("s2_collapse", "level 0", s2_collapse(s, 0, 0), S2_ERR_CONFIG);
  row("s2_collapse", "level above the largest leaf", s2_collapse(s, 0, S2_FMT_LEAF_MAX + 1), S2_ERR_CONFIG);
  row("s2_discard", "a linear area", s2_discard(s, LINEAR, P(1)), S2_ERR_BACKEND);
  row("s2_pt_collapse", "a hole", s2_pt_collapse(&s->pt, ALLOC, 1), S2_ERR_NOT_MAPPED);
  row("s2_pt_collapse", "a larger leaf", s2_pt_collapse(&s->pt, LINEAR, 1), S2_ERR_UNIFORM);
  row("s2_translate", "nothing mapped", s2_translate(s, EMPTY).status, S2_ERR_NOT_MAPPED);
  row("s2_translate", "a lazy page", s2_translate(s, ALLOC + P(1)).status, S2_ERR_NOT_MAPPED);
  row("s2_translate", "gpa wider than the format", s2_translate(s, LIMIT).status, S2_ERR_WIDTH);
  row("s2_translate_run", "gpa wider than the format", s2_translate_run(s, UINT64_MAX, 1, 0).status, S2_ERR_WIDTH);
  row("s2_translate_run", "max 0", s2_translate_run(s, LINEAR, 0, 0).status, S2_ERR_SIZE);
  row("s2_translate_run", "a right that is missing", s2_translate_run(s, ALLOC, 1, S2_W).status, S2_ERR_DENIED);
  row("s2_query", "gpa wider than the format", s2_query(s, LIMIT).status, S2_ERR_WIDTH);
  row("s2_query", "nothing mapped", s2_query(s, EMPTY).status, S2_ERR_NOT_MAPPED);
  row("s2_pt_query", "gpa wider than the format", s2_pt_query(&s->pt, LIMIT).status, S2_ERR_WIDTH);
  row("s2_pt_walk", "gpa wider than the format", s2_pt_walk(&s->pt, LIMIT).status, S2_ERR_WIDTH);
  row("s2_fault", "gpa wider than the format", s2_fault(s, LIMIT, S2_R).status, S2_ERR_WIDTH);
  row("s2_fault", "in no area", s2_fault(s, EMPTY, S2_R).status, S2_ERR_NOT_MAPPED);
  row("s2_fault", "forbidden by the area", s2_fault(s, ALLOC, S2_W).status, S2_ERR_DENIED);
  assert_int_equal(s2_fault(s, ALLOC, 0).kind, S2_FAULT_BAD);
  row("s2_fault", "no access named", s2_fault(s, ALLOC, 0).status, S2_ERR_ATTR);
  row("s2_fault", "bits that are no access", s2_fault(s, ALLOC, 0x30).status, S2_ERR_ATTR);
  row("s2_find_free", "size 0", s2_find_free(s, 0, 0, 0, LIMIT, P(1)).status, S2_ERR_SIZE);
  row("s2_find_free", "align 0", s2_find_free(s, 0, P(1), 0, LIMIT, 0).status, S2_ERR_ALIGN);
  row("s2_find_free", "align no power of two", s2_find_free(s, 0, P(1), 0, LIMIT, P(3)).status, S2_ERR_ALIGN);
  row("s2_find_free", "lo above hi", s2_find_free(s, 0, P(1), P(2), P(1), P(1)).status, S2_ERR_RANGE);
  row("s2_find_free", "larger than any gap", s2_find_free(s, 0, LIMIT, 0, LIMIT, P(1)).status, S2_ERR_NO_AREAS);
  tear_down();
}

static void copies(void **state) {
  (void)state;
  set_up(16);
  struct s2_space *s = &env.s;
  uint8_t b[8] = {0};
  row("s2_guest_read", "buffer NULL", s2_guest_read(s, ALLOC, NULL, 1, 0).status, S2_ERR_NULL);
  row("s2_guest_read", "flag that does not exist", s2_guest_read(s, ALLOC, b, 1, 2).status, S2_ERR_CONFIG);
  row("s2_guest_read", "gpa + len past 2^64", s2_guest_read(s, UINT64_MAX, b, 2, 0).status, S2_ERR_OVERFLOW);
  row("s2_guest_read", "gpa wider than the format", s2_guest_read(s, LIMIT, b, 1, 0).status, S2_ERR_WIDTH);
  row("s2_guest_read", "nothing mapped", s2_guest_read(s, EMPTY, b, 1, 0).status, S2_ERR_NOT_MAPPED);
  row("s2_guest_read", "a lazy page", s2_guest_read(s, ALLOC + P(1), b, 1, 0).status, S2_ERR_LAZY);
  row("s2_guest_read", "memory the host cannot reach", s2_guest_read(s, LINEAR, b, 1, 0).status, S2_ERR_MEMORY);
  row("s2_guest_write", "buffer NULL", s2_guest_write(s, ALLOC, NULL, 1, 0).status, S2_ERR_NULL);
  row("s2_guest_write", "flag that does not exist", s2_guest_write(s, ALLOC, b, 1, 2).status, S2_ERR_CONFIG);
  row("s2_guest_write", "gpa + len past 2^64", s2_guest_write(s, UINT64_MAX, b, 2, 0).status, S2_ERR_OVERFLOW);
  row("s2_guest_write", "a page without S2_W", s2_guest_write(s, ALLOC, b, 1, 0).status, S2_ERR_DENIED);
  row("s2_guest_write", "a lazy page without S2_W", s2_guest_write(s, ALLOC + P(1), b, 1, 1).status, S2_ERR_DENIED);
  row("s2_guest_fill", "flag that does not exist", s2_guest_fill(s, ALLOC, 0, 1, 2).status, S2_ERR_CONFIG);
  row("s2_guest_fill", "gpa + len past 2^64", s2_guest_fill(s, UINT64_MAX, 0, 2, 0).status, S2_ERR_OVERFLOW);
  row("s2_guest_fill", "a page without S2_W", s2_guest_fill(s, ALLOC, 0, 1, 0).status, S2_ERR_DENIED);
  row("s2_guest_run", "no access named", s2_guest_run(s, ALLOC, 1, 0, 0).status, S2_ERR_CONFIG);
  row("s2_guest_run", "max 0", s2_guest_run(s, ALLOC, 0, S2_R, 0).status, S2_ERR_SIZE);
  row("s2_guest_run", "nothing mapped", s2_guest_run(s, EMPTY, 1, S2_R, 0).status, S2_ERR_NOT_MAPPED);
  env.h.fail_at = (int64_t)env.h.calls;
  row("s2_guest_read", "a lazy page, frames used up", s2_guest_read(s, ALLOC + P(1), b, 1, 1).status, S2_ERR_NO_FRAMES);
  tear_down();
}

static void exhaustion(void **state) {
  (void)state;
  set_up(0);
  struct s2_space *s = &env.s;
  row("s2_map_linear", "tables used up", s2_map_linear(s, EMPTY, P(1), G(10), S2_RW, 0), S2_ERR_NO_TABLES);
  row("s2_map_alloc populate", "tables used up", s2_map_alloc(s, EMPTY, P(1), S2_RW, S2_POPULATE), S2_ERR_NO_TABLES);
  row("s2_unmap", "a split, tables used up", s2_unmap(s, LINEAR + P(1), P(1)), S2_ERR_NO_TABLES);
  row("s2_protect", "a split, tables used up", s2_protect(s, LINEAR + P(1), P(1), S2_R), S2_ERR_NO_TABLES);
  row("s2_fault", "tables used up", s2_fault(s, ALLOC + M(1), S2_R).status, S2_ERR_NO_TABLES);
  row("s2_pt_map", "tables used up", s2_pt_map(&s->pt, EMPTY, P(1), G(10), S2_RW, 0), S2_ERR_NO_TABLES);
  row("s2_pt_unmap", "a split, tables used up", s2_pt_unmap(&s->pt, LINEAR, P(1)), S2_ERR_NO_TABLES);
  row("s2_pt_protect", "a split, tables used up", s2_pt_protect(&s->pt, LINEAR, P(1), S2_R), S2_ERR_NO_TABLES);
  row("s2_pt_split", "tables used up", s2_pt_split(&s->pt, LINEAR + P(1)), S2_ERR_NO_TABLES);
  tear_down();
  set_up(16);
  env.h.fail_at = (int64_t)env.h.calls + 3;
  row("s2_map_alloc populate", "frames used up at the fourth", s2_map_alloc(s, EMPTY, P(8), S2_RW, S2_POPULATE),
      S2_ERR_NO_FRAMES);
  env.h.fail_at = (int64_t)env.h.calls;
  row("s2_fault", "frames used up", s2_fault(s, ALLOC + P(1), S2_R).status, S2_ERR_NO_FRAMES);
  env.h.fail_at = -1;
  tear_down();
  env_config(&env, ENV_BITS, 32, 2);
  assert_true(s2_hosted_init(&env.h, ENV_FRAMES, 16, false));
  env.cfg.areas.count = 1;
  assert_int_equal(s2_init(s, &env.cfg), S2_OK);
  for (uint64_t i = 0; i < 100 && s2_map_alloc(s, P(4 * i), P(3), S2_RW, 0) == S2_OK; i++) {
  }
  mark = env_mark(&env);
  row("s2_map_linear", "areas used up", s2_map_linear(s, EMPTY, P(1), G(10), S2_RW, 0), S2_ERR_NO_AREAS);
  row("s2_map_alloc", "areas used up", s2_map_alloc(s, EMPTY, P(1), S2_RW, 0), S2_ERR_NO_AREAS);
  row("s2_map_alloc populate", "areas used up", s2_map_alloc(s, EMPTY, P(8), S2_RW, S2_POPULATE), S2_ERR_NO_AREAS);
  row("s2_unmap", "a cut, areas used up", s2_unmap(s, P(1), P(1)), S2_ERR_NO_AREAS);
  row("s2_protect", "a cut, areas used up", s2_protect(s, P(1), P(1), S2_R), S2_ERR_NO_AREAS);
  tear_down();
}

static void start(const char *what, s2_status got, s2_status want) {
  row("s2_init", what, got, want);
}

static void configurations(void **state) {
  (void)state;
  set_up(16);
  struct s2_space t;
  struct env spare;
  env_config(&spare, ENV_BITS, 16, 2);
  struct s2_space_config good = spare.cfg;
  struct s2_space_config c = good;
  start("space NULL", s2_init(NULL, &c), S2_ERR_NULL);
  start("configuration NULL", s2_init(&t, NULL), S2_ERR_NULL);
#define WRONG(what, field, value, want)                                                                                \
  c = good;                                                                                                            \
  c.field = value;                                                                                                     \
  start(what, s2_init(&t, &c), want)
  WRONG("tables NULL", tables.tables, NULL, S2_ERR_NULL);
  WRONG("table records NULL", tables.nodes, NULL, S2_ERR_NULL);
  WRONG("table stack NULL", tables.stack, NULL, S2_ERR_NULL);
  WRONG("chunks NULL", areas.chunks, NULL, S2_ERR_NULL);
  WRONG("window keys NULL", areas.lo, NULL, S2_ERR_NULL);
  WRONG("window ids NULL", areas.id, NULL, S2_ERR_NULL);
  WRONG("spare slots NULL", areas.spare, NULL, S2_ERR_NULL);
  WRONG("no tables", tables.count, 0, S2_ERR_CONFIG);
  WRONG("more tables than an index holds", tables.count, 0x80000000u, S2_ERR_CONFIG);
  WRONG("no chunks", areas.count, 0, S2_ERR_CONFIG);
  WRONG("more chunks than 2^24", areas.count, 0x1000001u, S2_ERR_CONFIG);
  WRONG("hpa of the tables not aligned", tables.hpa, ENV_POOL_HPA + 1, S2_ERR_ALIGN);
  WRONG("hpa of the tables too wide", tables.hpa, HLIMIT, S2_ERR_WIDTH);
  WRONG("gpa_bits the format has not", hw.gpa_bits, 31, S2_ERR_CONFIG);
  WRONG("gpa_bits 64", hw.gpa_bits, 64, S2_ERR_CONFIG);
  WRONG("hpa_bits wider than the format", hw.hpa_bits, S2_FMT_HPA_BITS + 1, S2_ERR_CONFIG);
  WRONG("leaf_max above the format's", hw.leaf_max, S2_FMT_LEAF_MAX + 1, S2_ERR_CONFIG);
  WRONG("features the format has not", hw.features, S2_FEAT_ALL, S2_ERR_CONFIG);
  WRONG("features that do not exist", hw.features, 0x100, S2_ERR_CONFIG);
#if defined(S2_FORMAT_NPT)
  WRONG("ASID 0", hw.vmid, 0, S2_ERR_CONFIG);
#else
  WRONG("VMID too wide", hw.vmid, S2_FMT_VMID_MAX + 1u, S2_ERR_CONFIG);
#endif
  WRONG("gpa_base not aligned", gpa_base, 1, S2_ERR_ALIGN);
  WRONG("gpa_size not aligned", gpa_size, 1, S2_ERR_ALIGN);
  WRONG("gpa_base too wide", gpa_base, LIMIT, S2_ERR_WIDTH);
  WRONG("gpa_size too wide", gpa_size, LIMIT + P(1), S2_ERR_WIDTH);
  c = good;
  c.gpa_base = LAST;
  c.gpa_size = P(2);
  start("gpa_base + gpa_size past 2^64", s2_init(&t, &c), S2_ERR_OVERFLOW);
  struct s2_pt pt;
  row("s2_pt_init", "page table NULL", s2_pt_init(NULL, &good.hw, &good.tables), S2_ERR_NULL);
  row("s2_pt_init", "configuration NULL", s2_pt_init(&pt, NULL, &good.tables), S2_ERR_NULL);
  row("s2_pt_init", "memory NULL", s2_pt_init(&pt, &good.hw, NULL), S2_ERR_NULL);
  s2_access_width width = S2_WIDTH_1;
  s2_port port = {0};
  s2_sysreg reg = {0};
  struct s2_gpa_range range = {0, 0};
  row("s2_width_of", "3 bytes", s2_width_of(3, &width), S2_ERR_SIZE);
  row("s2_port_of", "65536", s2_port_of(65536, &port), S2_ERR_WIDTH);
  row("s2_sysreg_of", "2^32", s2_sysreg_of((uint64_t)1 << 32, &reg), S2_ERR_WIDTH);
  row("s2_gpa_range_of", "size 0", s2_gpa_range_of(1, 0, &range), S2_ERR_SIZE);
  row("s2_gpa_range_of", "past 2^64", s2_gpa_range_of(1, UINT64_MAX, &range), S2_OK);
  row("s2_gpa_range_of", "past 2^64 by one", s2_gpa_range_of(2, UINT64_MAX, &range), S2_ERR_OVERFLOW);
  s2_hosted_storage_fini(&spare.st);
  tear_down();
}

static void all_as_expected(void **state) {
  (void)state;
  print_message("%u rows, %u wrong\n", rows, bad_rows);
  assert_int_equal(bad_rows, 0);
}

int main(void) {
  const char *path = getenv("S2_BAD_INPUT");
  out = path != NULL ? fopen(path, "w") : NULL;
  if (out != NULL) {
    (void)fprintf(out, "%-20s %-44s %-18s %s\n", "function", "wrong argument", "status", "unchanged");
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(range_arguments), cmocka_unit_test(other_arguments), cmocka_unit_test(out_of_range),
      cmocka_unit_test(occupancy),       cmocka_unit_test(copies),          cmocka_unit_test(exhaustion),
      cmocka_unit_test(configurations),  cmocka_unit_test(all_as_expected),
  };
  int failed = cmocka_run_group_tests_name("bad_input " S2_FORMAT_NAME, tests, NULL, NULL);
  if (out != NULL) {
    (void)fclose(out);
  }
  return failed;
}
