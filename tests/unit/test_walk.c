/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * test_walk.c - the library's translation against the walk of the architecture's manual (specs/walk), over random
 * spaces, and over spaces with overwritten entries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "setup.h"

#include "proofs/walk/format.h"

/* addresses compared, all in all */
static uint64_t compared, translated, refused;

static struct walk_memory memory_of(const struct env *e) {
  struct walk_memory m = {e->cfg.tables.tables->e, e->cfg.tables.hpa, (uint64_t)e->cfg.tables.count * S2_ENTRIES};
  return m;
}

/** As wide as was declared; an A64 machine has one of the sizes that PARange names, and no IPA is wider. */
static uint32_t phys_bits(const struct env *e) {
#if defined(S2_FORMAT_A64)
  static const uint32_t sizes[] = {32, 36, 40, 42, 44, 48};
  for (size_t i = 0; i < LENGTH(sizes); i++) {
    if (sizes[i] >= e->s.pt.hpa_bits && sizes[i] >= e->s.pt.gpa_bits) {
      return sizes[i];
    }
  }
#endif
  return e->s.pt.hpa_bits;
}

/** Everything the library says of gpa is what the hardware does. */
static void compare(const struct env *e, const struct walk_machine *w, const struct walk_memory *m, uint64_t gpa) {
  uint32_t features = e->cfg.hw.features;
  struct s2_leaf r = s2_query(&e->s, gpa);
  struct s2_translation t = s2_translate(&e->s, gpa);
  struct walk_result hw = MANUAL(w, m, gpa, 0);
  assert_int_equal(t.status, r.status);
  assert_int_not_equal(hw.fault, WALK_CONTROL);
  assert_int_equal(r.status == S2_ERR_WIDTH, hw.fault == WALK_INPUT);
  assert_int_equal(r.status == S2_OK, hw.fault == WALK_OK);
  if (r.status == S2_OK) {
    assert_true(pair_same_place(&r, &hw, gpa) && t.hpa == hw.hpa && t.attr == r.attr);
    assert_true(pair_same_attr(features, &r, &hw));
    for (uint32_t access = WALK_READ; access <= WALK_USER_EXECUTE; access <<= 1) {
      bool lib = (pair_rights(features, r.attr) & access) != 0;
      assert_int_equal(walk_judge(hw, access).fault, lib ? WALK_OK : WALK_PERMISSION);
    }
    translated++;
  } else if (r.status == S2_ERR_NOT_MAPPED) {
    assert_int_equal(hw.fault, WALK_NOT_PRESENT);
    assert_int_equal(hw.level, r.level);
  }
  compared++;
}

static uint32_t any_attr(uint32_t features, uint64_t *state) {
  for (;;) {
    uint32_t attr = (uint32_t)env_random(state) & S2_ATTR_MASK;
    if (s2_attr_legal(features, attr)) {
      return attr;
    }
  }
}

/** An address near something mapped, or anywhere, or too wide. */
static uint64_t any_gpa(uint32_t bits, const uint64_t *near, size_t n, uint64_t *state) {
  uint64_t r = env_random(state);
  uint64_t wide = env_random(state) << 11 ^ env_random(state);
  switch (r & 7u) {
    case 0:
      return wide;
    case 1:
      return wide & ((UINT64_C(1) << bits) - 1);
    default:
      return near[(r >> 8) % n] + (wide & ((UINT64_C(1) << (12 + (r >> 3 & 31u) % 20u)) - 1)) - ((r >> 40 & 1u) << 12);
  }
}

#define NEAR 48

/** A space with random mappings, some taken away or protected again. The places touched come back in near[]. */
static void fill(struct env *e, uint64_t *near, uint64_t *state) {
  uint32_t bits = e->cfg.hw.gpa_bits;
  uint32_t host = e->cfg.hw.hpa_bits;
  uint32_t done = 0;
  for (size_t i = 0; i < NEAR; i++) {
    uint64_t r = env_random(state);
    uint32_t level = (uint32_t)(r % (S2_FMT_LEAF_MAX + 1u));
    uint64_t span = env_span(level);
    uint64_t size = span * (1 + (r >> 8) % 3);
    uint64_t gpa = (env_random(state) << 11 ^ env_random(state)) & (s2_width(bits) - 1) & ~(span - 1);
    uint64_t hpa = (env_random(state) << 11 ^ env_random(state)) & (s2_width(host) - 1) & ~(span - 1);
    if (i % 3 == 1) {
      gpa = (near[i - 1] ^ (r >> 16 & 0xff) << 12) & ~(uint64_t)0xfff; /* another page beside the last */
      size = P(1 + (r >> 32) % 600);
    }
    near[i] = gpa;
    if (i % 5 == 4) {
      near[i] = near[r % i];
      done += S2_OK == s2_pt_unmap(&e->s.pt, near[i] & ~(uint64_t)0xfff, P(1 + (r >> 40) % 8));
    } else if (i % 7 == 6) {
      near[i] = near[r % i];
      done += S2_OK == s2_pt_protect(&e->s.pt, near[i] & ~(uint64_t)0xfff, P(1 + (r >> 40) % 8),
                                     any_attr(e->cfg.hw.features, state) & S2_RIGHTS);
    } else {
      done += S2_OK == s2_pt_map(&e->s.pt, gpa, size, hpa, any_attr(e->cfg.hw.features, state), level);
    }
  }
  assert_true(done >= NEAR / 6);
}

static void open_any(struct env *e, uint32_t bits, uint32_t features, uint64_t *state) {
  env_config(e, bits, 1024, 8);
  e->cfg.hw.features = features;
  e->cfg.hw.hpa_bits = S2_FMT_HPA_BITS - (uint32_t)(env_random(state) % 8);
  e->cfg.tables.hpa = ENV_POOL_HPA + P(env_random(state) % 32);
  assert_true(s2_hosted_init(&e->h, ENV_FRAMES, 16, false));
  assert_int_equal(s2_init(&e->s, &e->cfg), S2_OK);
}

static void made_entries(void **unused) {
  (void)unused;
  static const uint32_t features[] = {0, S2_FEAT_ALL};
  uint64_t state = 0x243f6a8885a308d3u;
  uint64_t near[NEAR];
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    for (uint32_t k = 0; k < 2; k++) {
      struct env e;
      open_any(&e, env_widths[i], features[k] & S2_FMT_FEATURES, &state);
      fill(&e, near, &state);
      struct walk_machine w = pair_machine(&e.s.pt, phys_bits(&e), 0);
      struct walk_memory m = memory_of(&e);
      uint32_t n = 2000000u / (2u * (uint32_t)LENGTH(env_widths));
      for (uint32_t j = 0; j < n; j++) {
        compare(&e, &w, &m, any_gpa(env_widths[i], near, NEAR, &state));
      }
      env_close(&e);
    }
  }
  assert_true(translated > compared / 20);
  printf("%llu addresses compared, %llu of them mapped\n", (unsigned long long)compared,
         (unsigned long long)translated);
}

/** The entry that ends the walk of gpa at a random step of its path. */
static uint64_t *any_entry(struct env *e, uint64_t gpa, uint8_t *level, uint64_t *state) {
  struct s2_steps st = s2_pt_walk(&e->s.pt, gpa);
  uint32_t i = (uint32_t)(env_random(state) % st.count);
  *level = st.step[i].level;
  return &e->cfg.tables.tables[(st.step[i].table_hpa - e->cfg.tables.hpa) / 4096].e[st.step[i].slot];
}

/** A word to overwrite an entry with: random, or a few bits changed, or another entry of the pool. */
static uint64_t any_word(const struct env *e, uint64_t was, uint64_t *state) {
  uint64_t r = env_random(state);
  uint64_t wide = env_random(state) << 11 ^ env_random(state);
  const struct s2_table *t = &e->cfg.tables.tables[(r >> 8) % e->cfg.tables.count];
  switch (r & 3u) {
    case 0:
      return wide;
    case 1:
      return was ^ UINT64_C(1) << (r >> 8 & 63);
    case 2:
      return was ^ UINT64_C(1) << (r >> 8 & 63) ^ UINT64_C(1) << (r >> 16 & 63);
    default:
      return t->e[(r >> 40) & 511u];
  }
}

/**
 * Does every link on the way to gpa stay inside the pool, and grant what links grant? The assumption of use, and of the
 * proof: the library follows what it takes for a link. A leaf of a lower level can look like one.
 */
static bool links_inside(const struct env *e, uint64_t gpa) {
  const struct s2_pool *p = &e->s.pt.pool;
  uint8_t l = (uint8_t)p->top;
  uint32_t t = p->root + s2_root_index(gpa, l);
  for (;;) {
    uint64_t word = s2_entry_read(p, t, s2_slot(gpa, l));
    if (!s2_entry_links(l, word)) {
      return true;
    }
    if (!pair_inside(p, word) || (word & LINK_GRANTS) != LINK_GRANTS) {
      return false;
    }
    t = (uint32_t)s2_child_of(s2_pool_hpa(p), word);
    l--;
  }
}

/** Overwritten entries: what the library calls mapped, the hardware translates, to that place, with those rights. */
static void overwritten_entries(void **unused) {
  (void)unused;
  uint64_t state = 0x13198a2e03707344u;
  uint64_t near[NEAR];
  uint64_t tried = 0;
  for (size_t i = 0; i < LENGTH(env_widths); i++) {
    struct env e;
    open_any(&e, env_widths[i], S2_FMT_FEATURES, &state);
    fill(&e, near, &state);
    /* what lies beyond the declared width is the machine's too: an entry does not say how wide the host is */
    struct walk_machine w = pair_machine(&e.s.pt, S2_FMT_HPA_BITS, 0);
#if defined(S2_FORMAT_A64)
    w.ctrl |= 5u << 16; /* VTCR_EL2.PS: 48 bits */
#endif
    struct walk_memory m = memory_of(&e);
    uint32_t n = 1000000u / (uint32_t)LENGTH(env_widths);
    for (uint32_t j = 0; j < n; j++) {
      uint64_t gpa = any_gpa(env_widths[i], near, NEAR, &state) & (s2_width(env_widths[i]) - 1);
      uint8_t level;
      uint64_t *entry = any_entry(&e, gpa, &level, &state);
      uint64_t was = *entry;
      uint64_t word = any_word(&e, was, &state);
      *entry = word;
      if (!links_inside(&e, gpa)) {
        *entry = was;
        continue;
      }
      struct s2_leaf r = s2_query(&e.s, gpa);
      struct walk_result hw = MANUAL(&w, &m, gpa, 0);
      if (r.status == S2_OK) {
        assert_true(pair_same_place(&r, &hw, gpa));
        assert_int_equal(pair_rights(S2_FMT_FEATURES, r.attr) & ~hw.rights, 0);
        assert_int_equal(pair_type(r.attr), hw.type);
      } else {
        assert_int_equal(r.status, S2_ERR_NOT_MAPPED);
        refused++;
      }
      if (s2_entry_kind(level, word) == S2_BAD) {
        assert_int_equal(r.status, S2_ERR_NOT_MAPPED);
      }
      *entry = was;
      tried++;
    }
    env_close(&e);
  }
  printf("%llu overwritten entries, %llu refused\n", (unsigned long long)tried, (unsigned long long)refused);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(made_entries),
      cmocka_unit_test(overwritten_entries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
