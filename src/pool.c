/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** pool.c - the tables of a space: init, take, limbo, give. All O(1) but init and the zeroing of what is given back. */
#include "stage2/host.h"
#include "tree.h"

/*@ terminates \true; exits \false; assigns \nothing;
    ensures one: \result <==> n == 1 || n == 2 || n == 4 || n == 8 || n == 16; */
static bool root_count_ok(uint32_t n) {
  return n == 1 || n == 2 || n == 4 || n == 8 || n == 16;
}

/** Index of the first table whose page number is a multiple of n. */
/*@ requires n: 0 < n <= 16;
    terminates \true; exits \false; assigns \nothing;
    ensures small: \result < n; */
static uint32_t root_index_for(uint64_t hpa, uint32_t n) {
  uint32_t rest = (uint32_t)(hpa / S2_PAGE_SIZE % n);
  return rest == 0 ? 0 : n - rest;
}

/*@ requires m: \valid_read(m);
    terminates \true; exits \false; assigns \nothing; */
static s2_status check_memory(const struct s2_pool_memory *m, uint32_t top, uint32_t nroot, uint32_t leaf_max,
                              uint32_t hpa_bits) {
  if (m->tables == NULL || m->nodes == NULL || m->stack == NULL) {
    return S2_ERR_NULL;
  }
  if (m->hpa % S2_PAGE_SIZE != 0) {
    return S2_ERR_ALIGN;
  }
  if (m->count == 0 || m->count >= 0x7fffffffu || top == 0 || top > S2_MAX_LEVEL || leaf_max > S2_MAX_LEVEL ||
      !root_count_ok(nroot) || hpa_bits > 56) {
    return S2_ERR_CONFIG;
  }
  uint64_t size = (uint64_t)m->count * S2_PAGE_SIZE;
  if (m->hpa > s2_width(hpa_bits) || s2_width(hpa_bits) - m->hpa < size) {
    return S2_ERR_WIDTH;
  }
  uint32_t root = root_index_for(m->hpa, nroot);
  if (m->count < nroot || m->count - nroot < root) {
    return S2_ERR_NO_TABLES;
  }
  return S2_OK;
}

/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures zero: Zero(p, c); */
static void zero_table(struct s2_pool *p, uint32_t c) {
  uint32_t j;
  /*@ loop invariant j: 0 <= j <= 512;
      loop invariant done: \forall integer k; 0 <= k < j ==> p->tables[c].e[k] == 0;
      loop assigns j, p->tables[c].e[0 .. 511];
      loop variant 512 - j; */
  for (j = 0; j < S2_ENTRIES; j++) {
    s2_hidden_write(p, c, j, 0);
  }
}

/** One store of each kind into the record of c. */
/*@ requires wf: Wf(p) && c < p->cap;
    terminates \true; exits \false;
    assigns p->nodes[c];
    ensures set: p->nodes[c].key == key && p->nodes[c].live == 0 && p->nodes[c].level == level; */
static void set_node(struct s2_pool *p, uint32_t c, uint8_t level, int64_t key) {
  p->nodes[c].key = key;
  p->nodes[c].live = 0;
  p->nodes[c].level = level;
}

/** Free table c, zero already, goes on top of the free stack; its key is its place there. */
/*@ requires wf: Wf(p) && c < p->cap && 0 <= p->nfree < p->cap;
    terminates \true; exits \false;
    assigns p->nfree, p->stack[p->nfree], p->nodes[c];
    ensures vals: p->stack[\old(p->nfree)] == c && p->nodes[c].key == \old(p->nfree) &&
                  p->nodes[c].level == S2_NODE_FREE && p->nfree == \old(p->nfree) + 1; */
static void push(struct s2_pool *p, uint32_t c) {
  p->stack[p->nfree] = (int32_t)c;
  set_node(p, c, S2_NODE_FREE, p->nfree);
  p->nfree++;
}

/*@ requires wf: Wf(p) && p->nfree == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree; */
static void fill_pool(struct s2_pool *p) {
  uint32_t c = p->cap;
  /*@ loop invariant c: 0 <= c <= p->cap;
      loop invariant n: 0 <= p->nfree <= p->cap - c;
      loop assigns c, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree;
      loop variant c; */
  while (c > 0) {
    c--;
    set_node(p, c, S2_NODE_RESERVED, 0);
    zero_table(p, c);
    if (c >= p->root && c - p->root < p->nroot) {
      set_node(p, c, (uint8_t)p->top, s2_root_base(c - p->root, (uint8_t)p->top));
    } else {
      push(p, c);
    }
  }
}

s2_status s2_pool_init(struct s2_pool *p, const struct s2_pool_memory *m, uint32_t top, uint32_t nroot,
                       uint32_t leaf_max, uint32_t hpa_bits, uint32_t features) {
  if (p == NULL || m == NULL) {
    return S2_ERR_NULL;
  }
  s2_status st = check_memory(m, top, nroot, leaf_max, hpa_bits);
  if (st != S2_OK) {
    return st;
  }
  p->tables = m->tables;
  p->nodes = m->nodes;
  p->stack = m->stack;
  p->cap = m->count;
  p->root = root_index_for(m->hpa, nroot);
  p->nroot = nroot;
  p->top = top;
  p->leaf_max = leaf_max < top ? leaf_max : top;
  p->hpa_hi = (uint32_t)(m->hpa / 4294967296u);
  p->hpa_lo = (uint32_t)(m->hpa % 4294967296u);
  p->features = features;
  p->nfree = 0;
  p->nlimbo = 0;
  uint32_t l;
  /*@ loop invariant l: 0 <= l <= S2_LEVELS;
      loop assigns l, p->used[0 .. 4], p->high[0 .. 4];
      loop variant S2_LEVELS - l; */
  for (l = 0; l < S2_LEVELS; l++) {
    p->used[l] = 0;
    p->high[l] = 0;
  }
  p->used[top] = (int32_t)nroot;
  p->high[top] = (int32_t)nroot;
  fill_pool(p);
  p->low = p->nfree;
  return S2_OK;
}

uint32_t s2_pool_take(struct s2_pool *p) {
  p->nfree--;
  uint32_t c = (uint32_t)p->stack[p->nfree];
  p->nodes[c].level = S2_NODE_RESERVED;
  p->nodes[c].live = 0;
  if (p->nfree < p->low) {
    p->low = p->nfree;
  }
  return c;
}

void s2_pool_limbo(struct s2_pool *p, uint32_t c, uint8_t state) {
  int64_t level = p->nodes[c].level;
  p->nlimbo++;
  p->stack[p->cap - (uint32_t)p->nlimbo] = (int32_t)c;
  p->nodes[c].key = level;
  p->nodes[c].level = state;
}

/** Frames named by the marked entries of a limbo table of level l go home. Returns pages. */
/*@ requires wf: Wf(p) && c < p->cap && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing; */
static int64_t give_marked(const struct s2_pool *p, void *ctx, uint32_t c, uint8_t l) {
  int64_t pages = 0;
  uint32_t j;
  /*@ loop invariant j: 0 <= j <= 512;
      loop invariant pages: 0 <= pages <= j * 68719476736;
      loop assigns j, pages;
      loop variant 512 - j; */
  for (j = 0; j < S2_ENTRIES; j++) {
    uint64_t e = s2_entry_read(p, c, j);
    if (s2_entry_kind(l, e) == S2_MARKED) {
      s2_host_frame_free(ctx, s2_entry_hpa(l, e), s2_order(l));
      pages += (int64_t)(s2_span(l) / S2_PAGE_SIZE);
    }
  }
  return pages;
}

int64_t s2_pool_drain(struct s2_pool *p, void *ctx) {
  int64_t pages = 0;
  /*@ loop invariant n: 0 <= p->nlimbo;
      loop assigns pages, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree,
                   p->nlimbo;
      loop variant p->nlimbo; */
  while (p->nlimbo > 0) {
    uint32_t c = (uint32_t)p->stack[p->cap - (uint32_t)p->nlimbo];
    bool frames = p->nodes[c].level == S2_NODE_LIMBO_FRAMES;
    if (frames) {
      pages += give_marked(p, ctx, c, (uint8_t)p->nodes[c].key);
    }
    if (frames || p->nodes[c].live > 0) {
      zero_table(p, c);
    }
    p->nlimbo--;
    push(p, c);
  }
  return pages;
}
