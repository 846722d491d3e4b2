/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_check.c - s2_space_check() finds a sound space sound, and each kind of flaw where it is put. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

#define TABLES 40
#define CHUNKS 8

/* A space with something of everything, and a copy of all its memory to return to. */
struct bench {
  struct env e;
  struct s2_space s;
  struct s2_table tables[TABLES];
  struct s2_node nodes[TABLES];
  int32_t stack[TABLES];
  struct s2_chunk chunks[CHUNKS];
  uint64_t lo[CHUNKS];
  int32_t id[CHUNKS], spare[CHUNKS];
};

static void keep(struct bench *b) {
  b->s = b->e.s;
  memcpy(b->tables, b->e.cfg.tables.tables, sizeof b->tables);
  memcpy(b->nodes, b->e.cfg.tables.nodes, sizeof b->nodes);
  memcpy(b->stack, b->e.st.stack, sizeof b->stack);
  memcpy(b->chunks, b->e.cfg.areas.chunks, sizeof b->chunks);
  memcpy(b->lo, b->e.st.lo, sizeof b->lo);
  memcpy(b->id, b->e.st.id, sizeof b->id);
  memcpy(b->spare, b->e.st.spare, sizeof b->spare);
}

static void restore(struct bench *b) {
  b->e.s = b->s;
  memcpy(b->e.cfg.tables.tables, b->tables, sizeof b->tables);
  memcpy(b->e.cfg.tables.nodes, b->nodes, sizeof b->nodes);
  memcpy(b->e.st.stack, b->stack, sizeof b->stack);
  memcpy(b->e.cfg.areas.chunks, b->chunks, sizeof b->chunks);
  memcpy(b->e.st.lo, b->lo, sizeof b->lo);
  memcpy(b->e.st.id, b->id, sizeof b->id);
  memcpy(b->e.st.spare, b->spare, sizeof b->spare);
}

/* linear pages at 1 GiB, linear blocks at 2 GiB, alloc pages at 3 GiB, and enough small areas for two windows */
static struct bench *open_bench(void) {
  struct bench *b = malloc(sizeof *b);
  assert_non_null(b);
  env_config(&b->e, ENV_BITS, TABLES, CHUNKS);
  assert_true(s2_hosted_init(&b->e.h, ENV_FRAMES, 16, false));
  assert_int_equal(s2_init(&b->e.s, &b->e.cfg), S2_OK);
  assert_int_equal(s2_map_linear(&b->e.s, G(1), P(8), G(8), S2_RW, S2_PAGES), S2_OK);
  assert_int_equal(s2_map_linear(&b->e.s, G(2), M(4), G(9), S2_RX, 0), S2_OK);
  assert_int_equal(s2_map_alloc(&b->e.s, G(3), P(4), S2_RW, S2_POPULATE), S2_OK);
  for (uint64_t k = 0; k < 80; k++) {
    assert_int_equal(s2_map_alloc(&b->e.s, G(5) + P(2 * k), P(1), S2_RW, 0), S2_OK);
  }
  assert_true(b->e.s.areas.n > 1);
  keep(b);
  return b;
}

static void close_bench(struct bench *b) {
  restore(b);
  env_close(&b->e);
  free(b);
}

static void finds(struct bench *b, enum s2_flaw_kind kind) {
  struct s2_flaw f = s2_space_check(&b->e.s);
  if (f.kind != kind) {
    print_error("found %d (%s), not %d\n", (int)f.kind, s2_flaw_text(f.kind), (int)kind);
  }
  assert_int_equal(f.kind, kind);
  restore(b);
  assert_int_equal(s2_space_check(&b->e.s).kind, S2_SOUND);
}

/* index of the table of `level` on the path of gpa */
static uint32_t table_on(struct bench *b, uint64_t gpa, uint8_t level) {
  struct s2_steps st = s2_pt_walk(&b->e.s.pt, gpa);
  for (uint32_t k = 0; k < st.count; k++) {
    if (st.step[k].level == level) {
      return (uint32_t)((st.step[k].table_hpa - b->e.cfg.tables.hpa) / 4096);
    }
  }
  fail_msg("no table of this level");
  return 0;
}

static uint64_t *leaf_entry(struct bench *b, uint64_t gpa) {
  uint8_t level;
  return env_entry(&b->e, gpa, &level);
}

static void sound_everywhere(void **state) {
  (void)state;
  for (size_t k = 0; k < LENGTH(env_widths); k++) {
    struct env e;
    env_open(&e, env_widths[k], 64, 16, false);
    assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
    assert_int_equal(s2_map_linear(&e.s, G(1), M(3), G(8), S2_RW, 0), S2_OK);
    assert_int_equal(s2_map_alloc(&e.s, G(2), P(64), S2_RW, 0), S2_OK);
    assert_int_equal(s2_fault(&e.s, G(2) + P(7), S2_W).kind, S2_FAULT_RESOLVED);
    assert_int_equal(s2_unmap(&e.s, G(1) + P(3), P(2)), S2_OK);
    assert_int_equal(s2_protect(&e.s, G(1) + M(1), M(1), S2_R), S2_OK);
    assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
    s2_clear(&e.s);
    assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
    env_close(&e);
  }
}

static void constants(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_pt *pt = &b->e.s.pt;
  pt->pool.top ^= 1;
  finds(b, S2_FLAW_RECORD);
  pt->pool.nroot = 0;
  finds(b, S2_FLAW_RECORD);
  pt->pool.root = pt->pool.cap;
  finds(b, S2_FLAW_RECORD);
  pt->pool.hpa_lo += 8;
  finds(b, S2_FLAW_RECORD);
  pt->pool.hpa_hi = UINT32_MAX;
  finds(b, S2_FLAW_RECORD);
  pt->gpa_bits = 11;
  finds(b, S2_FLAW_RECORD);
  pt->hpa_bits = 64;
  finds(b, S2_FLAW_RECORD);
  pt->flush.epoch = -1;
  finds(b, S2_FLAW_RECORD);
  pt->pool.leaf_max = 5;
  finds(b, S2_FLAW_RECORD);
  close_bench(b);
}

static void records(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_node *n = b->e.cfg.tables.nodes;
  struct s2_pool *p = &b->e.s.pt.pool;
  uint32_t leafs = table_on(b, G(1), 0);
  uint32_t other = table_on(b, G(3), 0);
  n[p->root].key = 4096;
  finds(b, S2_FLAW_ROOT);
  n[p->root].level = S2_NODE_FREE;
  finds(b, S2_FLAW_ROOT);
  n[leafs].key += 4096;
  finds(b, S2_FLAW_SHAPE);
  n[leafs].key = INT64_MIN;
  finds(b, S2_FLAW_SHAPE);
  n[leafs].key = INT64_MAX - 4095;
  finds(b, S2_FLAW_SHAPE);
  n[leafs].level = 4;
  n[leafs].key = 0;
  finds(b, p->top == 4 ? S2_FLAW_LINK : S2_FLAW_SHAPE);
  n[leafs].level = S2_NODE_RESERVED;
  finds(b, S2_FLAW_LINK);
  n[leafs].live--;
  finds(b, S2_FLAW_LIVE);
  n[other].key = n[leafs].key; /* two tables of one place */
  finds(b, S2_FLAW_LINK);
  /* a table whose record is right, but which nothing links: the first free one claims the place of a hole */
  uint32_t lone = (uint32_t)p->stack[0];
  n[lone].level = 0;
  n[lone].key = (int64_t)G(7);
  n[lone].live = 1;
  b->e.cfg.tables.tables[lone].e[0] = *leaf_entry(b, G(1));
  finds(b, S2_FLAW_REACH);
  close_bench(b);
}

static void entries(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_pool *p = &b->e.s.pt.pool;
  struct s2_table *t = b->e.cfg.tables.tables;
  uint32_t leafs = table_on(b, G(1), 0);
  uint32_t above = table_on(b, G(1), 1);
  uint64_t *leaf = leaf_entry(b, G(1) + P(3));
  /* every value of one bit set in an empty entry is a flaw: none that the library makes, a mark, or a count too many */
  for (uint32_t bit = 0; bit < 64; bit++) {
    t[leafs].e[100] = (uint64_t)1 << bit;
    assert_int_not_equal(s2_space_check(&b->e.s).kind, S2_SOUND);
    restore(b);
  }
  *leaf = UINT64_MAX;
  finds(b, S2_FLAW_ENTRY);
  *leaf = s2_entry_mark(0, *leaf);
  finds(b, S2_FLAW_MARK);
  *leaf = s2_entry_leaf(0, ENV_POOL_HPA + P(TABLES - 1), S2_RW | S2_FMT_AD);
  finds(b, S2_FLAW_OUTPUT);
  *leaf = s2_entry_leaf(0, s2_width(S2_FMT_HPA_BITS) - 4096, S2_RW | S2_FMT_AD);
  b->e.s.pt.hpa_bits = 40;
  finds(b, S2_FLAW_OUTPUT);
  p->leaf_max = 0;
  finds(b, S2_FLAW_OUTPUT);
  *leaf = 0;
  finds(b, S2_FLAW_LIVE);
  uint64_t *link = &t[above].e[s2_slot(G(1), 1)];
  *link = s2_entry_table(0, 1, ENV_POOL_HPA - 4096);
  finds(b, S2_FLAW_LINK);
  *link = s2_entry_table(0, 1, ENV_POOL_HPA + P(TABLES));
  finds(b, S2_FLAW_LINK);
  *link = s2_entry_table(0, 1, ENV_POOL_HPA + P(above));
  finds(b, S2_FLAW_LINK);
  *link = s2_entry_table(0, 1, ENV_POOL_HPA + P(table_on(b, G(3), 0)));
  finds(b, S2_FLAW_LINK);
  /* a whole leaf table emptied, its count with it */
  memset(&t[leafs], 0, sizeof t[leafs]);
  b->e.cfg.tables.nodes[leafs].live = 0;
  finds(b, S2_FLAW_EMPTY);
  close_bench(b);
}

static void beyond_the_width(void **state) {
  (void)state;
  for (size_t k = 0; k < LENGTH(env_widths); k++) {
    struct env e;
    env_open(&e, env_widths[k], 64, 16, false);
    struct s2_pool *p = &e.s.pt.pool;
    uint8_t top = (uint8_t)p->top;
    uint64_t covered = (uint64_t)p->nroot * S2_ENTRIES * env_span(top);
    if (covered > s2_width(env_widths[k]) && top <= p->leaf_max) { /* a root that could hold more than the width */
      e.cfg.tables.tables[p->root + p->nroot - 1].e[511] = s2_entry_leaf(top, 0, S2_RW | S2_FMT_AD);
      e.cfg.tables.nodes[p->root + p->nroot - 1].live++;
      e.s.pt.pool.hpa_lo = (uint32_t)G(2); /* out of the leaf's way */
      assert_int_equal(s2_space_check(&e.s).kind, S2_FLAW_INSIDE);
      e.s.pt.pool.hpa_lo = (uint32_t)ENV_POOL_HPA;
      e.cfg.tables.tables[p->root + p->nroot - 1].e[511] = 0;
      e.cfg.tables.nodes[p->root + p->nroot - 1].live--;
    }
    env_close(&e);
  }
}

static void free_tables(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_pool *p = &b->e.s.pt.pool;
  uint32_t t = (uint32_t)p->stack[1];
  b->e.cfg.tables.tables[t].e[511] = 1;
  finds(b, S2_FLAW_ZERO);
  b->e.cfg.tables.nodes[t].key = 0;
  finds(b, S2_FLAW_FREE);
  b->e.cfg.tables.nodes[t].key = -1;
  finds(b, S2_FLAW_FREE);
  b->e.cfg.tables.nodes[t].key = INT64_MAX;
  finds(b, S2_FLAW_FREE);
  p->stack[1] = p->stack[0];
  finds(b, S2_FLAW_FREE);
  p->nfree--;
  finds(b, S2_FLAW_FREE);
  p->nfree++;
  finds(b, S2_FLAW_COUNTS);
  p->used[0]++;
  finds(b, S2_FLAW_COUNTS);
  p->high[0] = p->used[0] - 1;
  finds(b, S2_FLAW_COUNTS);
  p->low = p->nfree + 1;
  finds(b, S2_FLAW_COUNTS);
  p->nlimbo = 1;
  finds(b, S2_FLAW_COUNTS);
  b->e.cfg.tables.nodes[t].level = S2_NODE_LIMBO;
  finds(b, S2_FLAW_COUNTS);
  close_bench(b);
}

static void area_set(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_areas *s = &b->e.s.areas;
  struct s2_chunk *k = b->e.cfg.areas.chunks;
  int32_t first = s->id[0];
  int32_t second = s->id[1];
  s->n++;
  finds(b, S2_FLAW_AREAS);
  s->cap++;
  finds(b, S2_FLAW_AREAS);
  s->n = -1;
  finds(b, S2_FLAW_AREAS);
  s->lo[1] = 0;
  finds(b, S2_FLAW_WINDOWS);
  s->lo[0] = 4096;
  finds(b, S2_FLAW_WINDOWS);
  s->id[1] = CHUNKS;
  finds(b, S2_FLAW_WINDOWS);
  s->id[1] = -1;
  finds(b, S2_FLAW_WINDOWS);
  s->id[1] = s->id[0]; /* one chunk in two windows */
  finds(b, S2_FLAW_WINDOW);
  s->lo[1] += 4096000;
  finds(b, S2_FLAW_WINDOW);
  s->spare[0] = first;
  finds(b, S2_FLAW_SPARE);
  s->spare[1] = s->spare[0];
  finds(b, S2_FLAW_SPARE);
  s->spare[0] = -1;
  finds(b, S2_FLAW_SPARE);
  k[second].n = 0;
  finds(b, S2_FLAW_AREAS);
  k[second].n = 65;
  finds(b, S2_FLAW_CHUNK);
  k[first].end[0] = k[first].start[0];
  finds(b, S2_FLAW_CHUNK);
  k[first].end[0] = k[first].start[1] + 4096;
  finds(b, S2_FLAW_CHUNK);
  k[first].pay[0].backend = S2_BACK_NONE;
  finds(b, S2_FLAW_CHUNK);
  k[first].start[0] = -4096;
  finds(b, S2_FLAW_CHUNK);
  close_bench(b);
}

/* the place of the area that starts at gpa: the first chunk holds it */
static int32_t place_of(struct bench *b, uint64_t gpa, struct s2_chunk **k) {
  *k = &b->e.cfg.areas.chunks[b->e.s.areas.id[0]];
  for (int32_t i = 0; i < (*k)->n; i++) {
    if ((*k)->start[i] == (int64_t)gpa) {
      return i;
    }
  }
  fail_msg("no area starts there");
  return 0;
}

static void in_step(void **state) {
  (void)state;
  struct bench *b = open_bench();
  struct s2_chunk *k;
  int32_t pages = place_of(b, G(1), &k);
  int32_t blocks = place_of(b, G(2), &k);
  int32_t alloc = place_of(b, G(3), &k);
  k->start[pages] += 1;
  finds(b, S2_FLAW_AREA);
  k->pay[pages].attr |= 0x80000000u;
  finds(b, S2_FLAW_AREA);
  k->pay[pages].backend = 3;
  finds(b, S2_FLAW_AREA);
  b->e.s.limit = (int64_t)G(2);
  finds(b, S2_FLAW_AREA);
  b->e.s.base = (int64_t)G(2);
  finds(b, S2_FLAW_AREA);
  k->start[pages] += 4096;
  finds(b, S2_FLAW_NO_AREA);
  k->end[blocks] -= 4096;
  finds(b, S2_FLAW_NO_AREA);
  k->end[alloc] -= 4096;
  finds(b, S2_FLAW_NO_AREA);
  k->end[pages] += 4096;
  finds(b, S2_FLAW_GAP);
  k->pay[pages].delta += 4096;
  finds(b, S2_FLAW_ADDRESS);
  k->pay[pages].attr = S2_R;
  finds(b, S2_FLAW_RIGHTS);
  k->pay[alloc].attr = S2_RWX;
  assert_int_equal(s2_space_check(&b->e.s).kind, S2_SOUND); /* fewer rights than the area are allowed */
  restore(b);
  k->pay[blocks].backend = S2_BACK_ALLOC;
  finds(b, S2_FLAW_BLOCK);
  /* a leaf where no area is, its count with it */
  uint32_t leafs = table_on(b, G(1), 0);
  b->e.cfg.tables.tables[leafs].e[200] = *leaf_entry(b, G(1));
  b->e.cfg.tables.nodes[leafs].live++;
  finds(b, S2_FLAW_NO_AREA);
  uint32_t last = table_on(b, G(3), 0);
  b->e.cfg.tables.tables[last].e[200] = *leaf_entry(b, G(3));
  b->e.cfg.tables.nodes[last].live++;
  finds(b, S2_FLAW_NO_AREA);
  close_bench(b);
}

static void behind_the_last_area(void **state) {
  (void)state;
  struct env e;
  env_open(&e, ENV_BITS, 16, 4, false);
  assert_int_equal(s2_pt_map(&e.s.pt, G(1), P(1), G(8), S2_RW, 0), S2_OK);
  struct s2_flaw f = s2_space_check(&e.s);
  assert_int_equal(f.kind, S2_FLAW_NO_AREA);
  assert_int_equal(f.gpa, G(1));
  assert_int_equal(s2_pt_check(&e.s.pt).kind, S2_SOUND); /* the page table itself is as good as ever */
  env_close(&e);
}

/* whatever is in the handed-in memory, the check reads nothing else (the sanitizers look on) and comes to an end */
static void survives_rubbish(void **state) {
  (void)state;
  struct bench *b = open_bench();
  uint64_t r = 0x9e3779b97f4a7c15u;
  uint32_t found = 0;
  for (uint32_t k = 0; k < 2000; k++) {
    unsigned char *at[] = {(unsigned char *)b->e.cfg.tables.tables,
                           (unsigned char *)b->e.cfg.tables.nodes,
                           (unsigned char *)b->e.st.stack,
                           (unsigned char *)b->e.cfg.areas.chunks,
                           (unsigned char *)b->e.st.lo,
                           (unsigned char *)b->e.st.id,
                           (unsigned char *)b->e.st.spare};
    size_t size[] = {sizeof b->tables, sizeof b->nodes, sizeof b->stack, sizeof b->chunks,
                     sizeof b->lo,     sizeof b->id,    sizeof b->spare};
    for (uint32_t j = 0; j < 1 + k % 5; j++) {
      size_t a = env_random(&r) % LENGTH(at);
      at[a][env_random(&r) % size[a]] ^= (unsigned char)(1u << env_random(&r) % 8);
    }
    found += s2_space_check(&b->e.s).kind != S2_SOUND;
    restore(b);
  }
  assert_true(found > 1000);
  close_bench(b);
}

static void has_words(void **state) {
  (void)state;
  for (int k = S2_SOUND; k <= S2_FLAW_BLOCK; k++) {
    for (int j = S2_SOUND; j < k; j++) {
      assert_string_not_equal(s2_flaw_text((enum s2_flaw_kind)k), s2_flaw_text((enum s2_flaw_kind)j));
    }
    assert_string_not_equal(s2_flaw_text((enum s2_flaw_kind)k), s2_flaw_text((enum s2_flaw_kind)(S2_FLAW_BLOCK + 1)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_everywhere), cmocka_unit_test(constants),        cmocka_unit_test(records),
      cmocka_unit_test(entries),          cmocka_unit_test(beyond_the_width), cmocka_unit_test(free_tables),
      cmocka_unit_test(area_set),         cmocka_unit_test(in_step),          cmocka_unit_test(behind_the_last_area),
      cmocka_unit_test(survives_rubbish), cmocka_unit_test(has_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
