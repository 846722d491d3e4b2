/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** pool.c - the tables of a space: init, take, limbo, give. All O(1) but init and the zeroing of what is given back. */
#include "stage2/host.h"
#include "tree.h"

/*@ predicate RootCount(integer n) = n == 1 || n == 2 || n == 4 || n == 8 || n == 16; */

/*@ terminates \true; exits \false; assigns \nothing;
    ensures one: \result <==> RootCount(n); */
static bool root_count_ok(uint32_t n) {
  return n == 1 || n == 2 || n == 4 || n == 8 || n == 16;
}

/*@ logic integer root_ix(integer hpa, integer n) = hpa / 4096 % n == 0 ? 0 : n - hpa / 4096 % n; */

/** Index of the first table whose page number is a multiple of n. */
/*@ requires n: RootCount(n);
    terminates \true; exits \false; assigns \nothing;
    ensures small: \result < n && \result == root_ix(hpa, n);
    ensures aligned: (hpa / 4096 + \result) % n == 0; */
static uint32_t root_index_for(uint64_t hpa, uint32_t n) {
  uint32_t rest = (uint32_t)(hpa / S2_PAGE_SIZE % n);
  uint32_t i = rest == 0 ? 0 : n - rest;
  //@ assert n1: n == 1 ==> (hpa / 4096 + i) % 1 == 0;
  //@ assert n2: n == 2 ==> (hpa / 4096 + i) % 2 == 0;
  //@ assert n4: n == 4 ==> (hpa / 4096 + i) % 4 == 0;
  //@ assert n8: n == 8 ==> (hpa / 4096 + i) % 8 == 0;
  //@ assert n16: n == 16 ==> (hpa / 4096 + i) % 16 == 0;
  return i;
}

/*@ requires m: \valid_read(m);
    terminates \true; exits \false; assigns \nothing;
    ensures there: \result == S2_OK ==> m->tables != \null && m->nodes != \null && m->stack != \null && 0 < m->count < 0x7fffffff;
    ensures shape: \result == S2_OK ==> 1 <= top <= 4 && RootCount(nroot) && root_ix(m->hpa, nroot) + nroot <= m->count;
    ensures hpa: \result == S2_OK ==> off(m->hpa, 0) == 0 && m->hpa + m->count * 4096 <= width(hpa_bits) && hpa_bits <= 56; */
static s2_status check_memory(const struct s2_pool_memory *m, uint32_t top, uint32_t nroot, uint32_t leaf_max,
                              uint32_t hpa_bits) {
  if (m->tables == NULL || m->nodes == NULL || m->stack == NULL) {
    return S2_ERR_NULL;
  }
  if (s2_offset(m->hpa, 0) != 0) {
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

/** Table c, which nobody can reach, becomes zero. */
/*@ requires wf: Wf(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures zero: Zero(p, c);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \old(cnt(p,s,512)); */
static void zero_table(struct s2_pool *p, uint32_t c) {
  uint32_t j;
  /*@ loop invariant j: 0 <= j <= 512;
      loop invariant done: \forall integer k; 0 <= k < j ==> p->tables[c].e[k] == 0;
      loop invariant fr: \forall integer s, k; 0 <= s < p->cap ==> 0 <= k < 512 ==> s != c ==> p->tables[s].e[k] == \at(p->tables[s].e[k],Pre);
      loop invariant zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \at(Zero(p,s),Pre) ==> Zero(p,s);
      loop invariant co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \at(cnt(p,s,512),Pre);
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
    ensures set: p->nodes[c].key == key && p->nodes[c].live == 0 && p->nodes[c].level == level;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].level == \old(p->nodes[s].level) &&
                  p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(level,l) - is(\old(p->nodes[c].level),l); */
static void set_node(struct s2_pool *p, uint32_t c, uint8_t level, int64_t key) {
  p->nodes[c].key = key;
  p->nodes[c].live = 0;
  s2_node_level(p, c, level);
}

/** Free table c, zero already, goes on top of the free stack; its key is its place there. */
/*@ requires wf: Wf(p) && c < p->cap && 0 <= p->nfree < p->cap;
    terminates \true; exits \false;
    assigns p->nfree, p->stack[p->nfree], p->nodes[c];
    ensures vals: p->stack[\old(p->nfree)] == c && p->nodes[c].key == \old(p->nfree) && p->nodes[c].live == 0 &&
                  p->nodes[c].level == S2_NODE_FREE && p->nfree == \old(p->nfree) + 1;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].level == \old(p->nodes[s].level) &&
                  p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(255,l) - is(\old(p->nodes[c].level),l); */
static void push(struct s2_pool *p, uint32_t c) {
  p->stack[p->nfree] = (int32_t)c;
  set_node(p, c, S2_NODE_FREE, p->nfree);
  p->nfree++;
}

/*@ predicate IsRoot{L}(struct s2_pool *p, integer s) = p->root <= s < p->root + p->nroot;
    // what is on the free stack are tables from c on, each at its place
    predicate StackFrom{L}(struct s2_pool *p, integer c) = \forall integer k; 0 <= k < p->nfree ==>
      c <= p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
    // tables from c on that are no root are there
    predicate FreeFrom{L}(struct s2_pool *p, integer c) = \forall integer s; c <= s < p->cap ==> !IsRoot(p, s) ==>
      p->nodes[s].level == 255 && 0 <= p->nodes[s].key < p->nfree && p->stack[p->nodes[s].key] == s;
    predicate RootsFrom{L}(struct s2_pool *p, integer c) = \forall integer s; c <= s < p->cap ==> IsRoot(p, s) ==>
      p->nodes[s].level == p->top && p->nodes[s].key == rbase(s - p->root, p->top); */

/** Table c, zero already, becomes a root or free; those behind it are that. */
/*@ requires wf: Wf(p) && c < p->cap && 0 <= p->nfree < p->cap;
    requires sf: StackFrom(p, c + 1);
    requires ff: FreeFrom(p, c + 1);
    requires rf: RootsFrom(p, c + 1);
    terminates \true; exits \false;
    assigns p->nodes[c], p->stack[p->nfree], p->nfree;
    ensures sf: StackFrom(p, c);
    ensures ff: FreeFrom(p, c);
    ensures rf: RootsFrom(p, c);
    ensures live: p->nodes[c].live == 0;
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].live == \old(p->nodes[s].live);
    ensures nr: IsRoot(p, c) ==> p->nfree == \old(p->nfree);
    ensures nf: !IsRoot(p, c) ==> p->nfree == \old(p->nfree) + 1; */
static void start_table(struct s2_pool *p, uint32_t c) {
  if (c >= p->root && c - p->root < p->nroot) {
    set_node(p, c, (uint8_t)p->top, s2_root_base(c - p->root, (uint8_t)p->top));
    //@ assert rf: RootsFrom(p, c);
    //@ assert so: \forall integer k; 0 <= k < p->nfree ==> c < p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
    //@ assert sf: StackFrom(p, c);
  } else {
    push(p, c);
    //@ assert rf: RootsFrom(p, c);
    //@ assert sk: \forall integer k; 0 <= k < p->cap ==> k != p->nfree - 1 ==> p->stack[k] == \at(p->stack[k],Pre);
    //@ assert so: \forall integer k; 0 <= k < p->nfree - 1 ==> c < p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
    //@ assert sc: p->stack[p->nfree - 1] == c && p->nodes[c].level == 255 && p->nodes[c].key == p->nfree - 1;
    //@ assert sn: \forall integer k; k == p->nfree - 1 ==> p->stack[k] == c && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
    //@ assert sf: StackFrom(p, c);
    //@ assert fo: \forall integer s; c < s < p->cap ==> !IsRoot(p, s) ==> p->nodes[s].level == 255 && 0 <= p->nodes[s].key < p->nfree - 1 && p->stack[p->nodes[s].key] == s;
  }
}

/** Every table zero; the roots at level top, the others free. */
/*@ requires wf: Wf(p) && p->nfree == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree;
    ensures zero: \forall integer s; 0 <= s < p->cap ==> Zero(p,s) && p->nodes[s].live == 0;
    ensures root: \forall integer s; p->root <= s < p->root + p->nroot ==> p->nodes[s].level == p->top && p->nodes[s].key == rbase(s - p->root, p->top);
    ensures rest: \forall integer s; 0 <= s < p->cap ==> !(p->root <= s < p->root + p->nroot) ==> p->nodes[s].level == 255;
    ensures f1: \forall integer k; 0 <= k < p->nfree ==> 0 <= p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
    ensures f2: Free2(p);
    ensures n: p->nfree == p->cap - p->nroot; */
static void fill_pool(struct s2_pool *p) {
  uint32_t c = p->cap;
  /*@ loop invariant c: 0 <= c <= p->cap;
      loop invariant zero: \forall integer s; c <= s < p->cap ==> Zero(p,s);
      loop invariant live: \forall integer s; c <= s < p->cap ==> p->nodes[s].live == 0;
      loop invariant sf: StackFrom(p, c);
      loop invariant ff: FreeFrom(p, c);
      loop invariant rf: RootsFrom(p, c);
      loop invariant n: p->nfree == (c >= p->root + p->nroot ? p->cap - c : c >= p->root ? p->cap - (p->root + p->nroot) : p->cap - p->nroot - c);
      loop assigns c, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree;
      loop variant c; */
  while (c > 0) {
    c--;
    set_node(p, c, S2_NODE_RESERVED, 0);
    //@ assert sf: StackFrom(p, c + 1);
    //@ assert ff: FreeFrom(p, c + 1);
    //@ assert rf: RootsFrom(p, c + 1);
    //@ assert lv: \forall integer s; c < s < p->cap ==> p->nodes[s].live == 0;
    zero_table(p, c);
    start_table(p, c);
    //@ assert ln: \forall integer s; c < s < p->cap ==> p->nodes[s].live == 0;
    //@ assert lc: \forall integer s; s == c ==> p->nodes[s].live == 0;
  }
}

/** The counters of a pool that fill_pool() has filled. */
/*@ requires wf: Wf(p) && p->nfree == p->cap - p->nroot;
    requires root: \forall integer s; p->root <= s < p->root + p->nroot ==> p->nodes[s].level == p->top;
    requires rest: \forall integer s; 0 <= s < p->cap ==> !(p->root <= s < p->root + p->nroot) ==> p->nodes[s].level == 255;
    terminates \true; exits \false;
    assigns p->used[0 .. 4], p->high[0 .. 4], p->low, p->nlimbo;
    ensures ct: Counts(p) && p->nlimbo == 0; */
static void first_counts(struct s2_pool *p) {
  uint32_t l;
  /*@ loop invariant l: 0 <= l <= 5;
      loop invariant zero: \forall integer k; 0 <= k < l ==> p->used[k] == 0;
      loop assigns l, p->used[0 .. 4], p->high[0 .. 4];
      loop variant 5 - l; */
  for (l = 0; l < S2_LEVELS; l++) {
    p->used[l] = 0;
    p->high[l] = 0;
  }
  p->used[p->top] = (int32_t)p->nroot;
  p->high[p->top] = (int32_t)p->nroot;
  p->nlimbo = 0;
  p->low = p->nfree;
#ifdef __FRAMAC__
#include "proofs/wp/first_counts.acsl"
#endif
}

/** Roots, free tables and counters of a pool whose constants are set. */
/*@ requires wf: Wf(p) && p->nfree == 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree, p->nlimbo, p->low,
            p->used[0 .. 4], p->high[0 .. 4];
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures nm: NoMarks(p) && p->nlimbo == 0;
    ensures zero: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> p->tables[s].e[j] == 0;
    ensures empty: \forall integer va; Dom(p, va) ==> PA(p, va) == -1 && AT(p, va) == -1; */
static void start_empty(struct s2_pool *p) {
  fill_pool(p);
  first_counts(p);
#ifdef __FRAMAC__
#include "proofs/wp/init.acsl"
#endif
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
#ifdef __FRAMAC__
#include "proofs/wp/init_placed.acsl"
#endif
  start_empty(p);
  return S2_OK;
}

/** The table on top of the free stack, taken off it. */
/*@ requires wf: Wf(p) && Lists(p) && p->nfree > 0;
    terminates \true; exits \false;
    assigns p->nfree, p->low, p->nodes[p->stack[p->nfree-1]].level;
    ensures got: \result < p->cap && \result == \old(p->stack[p->nfree-1]) && \old(p->nodes[\result].level) == 255 &&
                 p->nodes[\result].level == 254;
    ensures num: p->nfree == \old(p->nfree) - 1;
    ensures lists: Lists(p);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != \result ==> p->nodes[s].level == \old(p->nodes[s].level);
    ensures us: \forall integer s; Used(p,s) <==> \old(Used(p,s));
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(254,l) - is(255,l); */
static uint32_t pop(struct s2_pool *p) {
  uint32_t c = (uint32_t)p->stack[p->nfree - 1];
  //@ assert top: c < p->cap && p->nodes[c].level == 255 && p->nodes[c].key == p->nfree - 1;
  p->nfree--;
  if (p->nfree < p->low) {
    p->low = p->nfree;
  }
  //@ assert sk: \forall integer k; 0 <= k < p->cap ==> p->stack[k] == \at(p->stack[k],Pre);
  s2_node_level(p, c, S2_NODE_RESERVED);
  //@ assert f1: Free1(p);
  //@ assert f2: Free2(p);
  //@ assert l1: Limbo1(p);
  //@ assert l2: Limbo2(p);
  return c;
}

uint32_t s2_pool_take(struct s2_pool *p) {
  uint32_t c = pop(p);
  p->nodes[c].live = 0;
#ifdef __FRAMAC__
#include "proofs/wp/take.acsl"
#endif
  return c;
}

void s2_pool_limbo(struct s2_pool *p, uint32_t c) {
  p->nlimbo++;
  p->stack[p->cap - (uint32_t)p->nlimbo] = (int32_t)c;
  //@ assert sk: \forall integer k; 0 <= k < p->cap ==> k != p->cap - p->nlimbo ==> p->stack[k] == \at(p->stack[k],Pre);
  //@ assert top: p->stack[p->cap - p->nlimbo] == c;
}

/** Frames named by the marked entries of a limbo table of level l go home. Returns pages. */
/*@ requires wf: Wf(p) && c < p->cap && l <= S2_MAX_LEVEL;
    terminates \true; exits \false; assigns \nothing;
    ensures pages: 0 <= \result <= 512 * 68719476736; */
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

/** zero_table() of a limbo table: no path visits it. */
/*@ requires inv: Inv(p) && c < p->cap && p->nodes[c].level > S2_MAX_LEVEL;
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures inv: Inv(p);
    ensures zero: Zero(p, c);
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures zr: \forall integer s; 0 <= s < p->cap ==> s != c ==> \old(Zero(p,s)) ==> Zero(p,s);
    ensures co: \forall integer s; 0 <= s < p->cap ==> s != c ==> cnt(p,s,512) == \old(cnt(p,s,512));
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va)); */
static void wipe(struct s2_pool *p, uint32_t c) {
  //@ ghost s2_lemma_sound(p);
  //@ assert vc: \forall integer l, va; 0 <= l <= 4 ==> Dom(p,va) ==> tab(p,l,va) != c;
  zero_table(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/hidden.acsl"
#endif
  //@ assert us: \forall integer s; Used(p,s) ==> s != c;
  //@ assert dn: Down(p);
  //@ assert rc: Reach(p);
  //@ assert fz: FreeZero(p);
}

/** What is in a limbo table goes: its frames to the host, if they are the library's, its entries. Returns pages. */
/*@ requires inv: Inv(p) && Live(p) && c < p->cap && 252 <= p->nodes[c].level <= 253 && 0 <= p->nodes[c].key <= 4;
    terminates \true; exits \false;
    assigns p->tables[c].e[0 .. 511];
    ensures inv: Inv(p);
    ensures lv: Live(p);
    ensures zero: Zero(p, c);
    ensures pages: 0 <= \result <= 512 * 68719476736;
    ensures fr: \forall integer s, j; 0 <= s < p->cap ==> 0 <= j < 512 ==> s != c ==> p->tables[s].e[j] == \old(p->tables[s].e[j]);
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va)); */
static int64_t empty_table(struct s2_pool *p, void *ctx, uint32_t c) {
  bool frames = p->nodes[c].level == S2_NODE_LIMBO_FRAMES;
  int64_t pages = 0;
  if (frames) {
    pages = give_marked(p, ctx, c, (uint8_t)p->nodes[c].key);
  }
  if (frames || p->nodes[c].live > 0) {
    wipe(p, c);
  }
  return pages;
}

/** Take the table that came into limbo last off the list. */
/*@ requires wf: Wf(p) && Lists(p) && p->nlimbo > 0;
    terminates \true; exits \false;
    assigns p->nlimbo;
    ensures got: \result < p->cap && 252 <= p->nodes[\result].level <= 253 && 0 <= p->nodes[\result].key <= 4;
    ensures num: p->nlimbo == \old(p->nlimbo) - 1 && 0 <= p->nlimbo && p->nfree + p->nlimbo < p->cap;
    ensures lists: Lists(p);
    ensures off: \forall integer k; p->cap - p->nlimbo <= k < p->cap ==> p->stack[k] != \result; */
static uint32_t unlist(struct s2_pool *p) {
  uint32_t c = (uint32_t)p->stack[p->cap - (uint32_t)p->nlimbo];
  p->nlimbo--;
  //@ assert f1: Free1(p);
  //@ assert f2: Free2(p);
  //@ assert l1: Limbo1(p);
  //@ assert l2: Limbo2(p);
  return c;
}

/** push() of a table that was in limbo. */
/*@ requires wf: Wf(p) && Lists(p) && p->nfree + p->nlimbo < p->cap;
    requires c: c < p->cap && 252 <= p->nodes[c].level <= 253;
    requires off: \forall integer k; p->cap - p->nlimbo <= k < p->cap ==> p->stack[k] != c;
    terminates \true; exits \false;
    assigns p->nfree, p->stack[p->nfree], p->nodes[c];
    ensures st: p->nodes[c].level == 255 && p->nfree == \old(p->nfree) + 1;
    ensures lists: Lists(p);
    ensures fn: \forall integer s; 0 <= s < p->cap ==> s != c ==> p->nodes[s].level == \old(p->nodes[s].level) &&
                  p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures cs: \forall integer l; tally(p,l) == \old(tally(p,l)) + is(255,l) - is(\old(p->nodes[c].level),l); */
static void give(struct s2_pool *p, uint32_t c) {
  //@ assert bf: \forall integer k; 0 <= k < p->nfree ==> p->stack[k] != c;
  push(p, c);
  //@ assert sk: \forall integer k; 0 <= k < p->cap ==> k != p->nfree - 1 ==> p->stack[k] == \at(p->stack[k],Pre);
  //@ assert fo: \forall integer k; 0 <= k < p->nfree - 1 ==> 0 <= p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
  //@ assert fc: p->stack[p->nfree - 1] == c && p->nodes[c].level == 255 && p->nodes[c].key == p->nfree - 1;
  //@ assert rg: 0 <= p->nfree && 0 <= p->nlimbo && p->nfree + p->nlimbo <= p->cap;
  //@ assert fb: \forall integer k; k == p->nfree - 1 ==> 0 <= p->stack[k] < p->cap && p->nodes[p->stack[k]].level == 255 && p->nodes[p->stack[k]].key == k;
  //@ assert f1: Free1(p);
  //@ assert f2: Free2(p);
  //@ assert l1: Limbo1(p);
  //@ assert l2: Limbo2(p);
}

/** The table that came into limbo last becomes free. Returns the pages given to the host. */
/*@ requires inv: Inv(p) && Free(p) && Live(p) && p->nlimbo > 0;
    terminates \true; exits \false;
    assigns p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree, p->nlimbo;
    ensures inv: Inv(p);
    ensures fl: Free(p);
    ensures lv: Live(p);
    ensures num: p->nlimbo == \old(p->nlimbo) - 1 && p->nfree == \old(p->nfree) + 1;
    ensures pages: 0 <= \result <= 512 * 68719476736;
    ensures lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \old(lev(p,va)) && cur(p,va) == \old(cur(p,va));
    ensures fr: Entries{Pre,Post}(p);
    ensures fn: \forall integer s; \old(Used(p,s)) ==> p->nodes[s].level == \old(p->nodes[s].level) &&
                  p->nodes[s].key == \old(p->nodes[s].key) && p->nodes[s].live == \old(p->nodes[s].live);
    ensures nm: \old(NoMarks(p)) ==> NoMarks(p);
    ensures nb: \old(NoBad(p)) ==> NoBad(p);
    ensures us: \forall integer s; Used(p,s) ==> \old(Used(p,s)); */
static int64_t drain_one(struct s2_pool *p, void *ctx) {
  uint32_t c = unlist(p);
  int64_t pages = empty_table(p, ctx, c);
  //@ assert nu: \forall integer s; Used(p,s) ==> s != c;
  give(p, c);
#ifdef __FRAMAC__
#include "proofs/wp/drain.acsl"
#endif
  return pages;
}

int64_t s2_pool_drain(struct s2_pool *p, void *ctx) {
  int64_t pages = 0;
  /*@ loop invariant n: 0 <= p->nlimbo <= \at(p->nlimbo,Pre) && p->nfree + p->nlimbo == \at(p->nfree + p->nlimbo,Pre);
      loop invariant inv: Inv(p);
      loop invariant fl: Free(p);
      loop invariant lv: Live(p);
      loop invariant pages: 0 <= pages;
      loop invariant lk: \forall integer va; Dom(p,va) ==> lev(p,va) == \at(lev(p,va),Pre) && cur(p,va) == \at(cur(p,va),Pre);
      loop invariant nm: \at(NoMarks(p),Pre) ==> NoMarks(p);
      loop invariant nb: \at(NoBad(p),Pre) ==> NoBad(p);
      loop invariant fr: Entries{Pre,Here}(p);
      loop invariant fn: \forall integer s; \at(Used(p,s),Pre) ==> p->nodes[s].level == \at(p->nodes[s].level,Pre) &&
                           p->nodes[s].key == \at(p->nodes[s].key,Pre) && p->nodes[s].live == \at(p->nodes[s].live,Pre);
      loop invariant us: \forall integer s; Used(p,s) <==> \at(Used(p,s),Pre);
      loop assigns pages, p->tables[0 .. p->cap-1], p->nodes[0 .. p->cap-1], p->stack[0 .. p->cap-1], p->nfree,
                   p->nlimbo;
      loop variant p->nlimbo; */
  while (p->nlimbo > 0) {
    //@ ghost Top: ;
    int64_t n = drain_one(p, ctx);
    //@ assert f0: Entries{Top,Here}(p);
    //@ assert f1: \forall integer s, j; \at(Used(p,s),Pre) ==> 0 <= j < 512 ==> raw(p, s, j) == \at(raw(p, s, j),Top);
    //@ assert f3: Entries{Pre,Here}(p);
    //@ assert pages: 0 <= n;
    pages = pages > INT64_MAX - n ? INT64_MAX : pages + n;
  }
  return pages;
}
