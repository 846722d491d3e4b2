/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* checks.c - see checks.h. */
#include "checks.h"
#include "stage2/walk.h"

#define GPA UINT64_C(0x40201000)

static struct s2_pt pt;

void check(struct checks *c, bool good, const char *what) {
  c->passed += good ? 1 : 0;
  c->failed += good ? 0 : 1;
  judge_puts(good ? "ok   " : "FAIL ");
  judge_puts(what);
  judge_puts("\n");
}

/** An Sv39x4 table with one page at GPA, installed under this menvcfg. */
static s2_status one_page(const struct judge_plan *plan, uint32_t features, uint32_t attr, uint64_t menvcfg) {
  struct s2_config hw = {.gpa_bits = 41, .hpa_bits = 56, .leaf_max = 2, .features = features, .vmid = 9};
  s2_status st = s2_pt_init(&pt, &hw, &plan->tables);
  if (st == S2_OK) {
    st = s2_pt_map(&pt, GPA, S2_PAGE_SIZE, plan->window[0].hpa, attr, 0);
  }
  judge_mark(plan->window[0].hpa);
  machine_set_menvcfg(menvcfg);
  (void)machine_set_hgatp(s2_pt_root(&pt).base);
  return st;
}

/** Take accessed and dirty bits from the page at GPA. */
static void forget(uint32_t ad) {
  struct s2_pos at = s2_pos_at(&pt.pool, GPA);
  struct s2_root root = s2_pt_root(&pt);
  struct s2_tlb tlb = s2_tlb_of(root.base, root.ctrl, 9);
  S2_ONCE(pt.pool.tables[at.t].e[at.i]) = s2_entry_clear_ad(at.l, at.e, ad);
  s2_arch_flush_range(&tlb, GPA, GPA, S2_PAGE_SIZE);
}

static uint32_t ad_now(void) {
  return s2_pt_query(&pt, GPA).attr & S2_AD_MASK;
}

static bool granted(uint32_t access) {
  return judge_ask(GPA, access).kind == JUDGE_OK;
}

static bool faults(uint32_t access) {
  return judge_ask(GPA, access).kind == JUDGE_FAULT;
}

static void check_types(struct checks *c, const struct judge_plan *plan) {
  static const uint32_t types[] = {S2_NC, S2_DEV};
  static const uint32_t never[] = {S2_WT, S2_WP, S2_DEV_NE, S2_IPAT};
  bool refused = true;
  bool on = true;
  bool off = true;
  for (uint32_t i = 0; i < 2; i++) {
    refused = refused && one_page(plan, 0, S2_RWX | types[i], 0) == S2_ERR_ATTR && faults(S2_R);
    on = on && one_page(plan, S2_FEAT_SVPBMT, S2_RWX | types[i], MENVCFG_PBMTE) == S2_OK;
    on = on && granted(S2_R) && granted(S2_W) && granted(S2_X);
    off = off && one_page(plan, S2_FEAT_SVPBMT, S2_RWX | types[i], 0) == S2_OK;
    off = off && faults(S2_R) && faults(S2_W) && faults(S2_X);
  }
  for (uint32_t i = 0; i < 4; i++) {
    refused = refused && one_page(plan, S2_FEAT_SVPBMT, S2_RWX | never[i], MENVCFG_PBMTE) == S2_ERR_ATTR;
  }
  check(c, refused, "types the format or the host does not have are refused, and nothing is mapped");
  check(c, on, "Svpbmt on: NC and IO leaves translate");
  check(c, off, "Svpbmt off: the same leaves fault, so their type bits are where the hart looks");
  check(c, one_page(plan, S2_FEAT_SVPBMT, S2_RWX, 0) == S2_OK && granted(S2_R),
        "Svpbmt off: a WB leaf has no type bit");
}

static void check_ad_off(struct checks *c, const struct judge_plan *plan) {
  bool fresh = one_page(plan, 0, S2_RWX, 0) == S2_OK && ad_now() == S2_AD_MASK;
  fresh = fresh && granted(S2_R) && granted(S2_W) && granted(S2_X) && ad_now() == S2_AD_MASK;
  check(c, fresh, "without Svadu a new leaf is accessed and dirty, and no access faults");
  forget(S2_DIRTY);
  bool dirty = granted(S2_R) && granted(S2_X) && faults(S2_W) && ad_now() == S2_ACCESSED;
  check(c, dirty, "without Svadu a leaf that is not dirty faults on stores alone");
  forget(S2_AD_MASK);
  bool accessed = faults(S2_R) && faults(S2_X) && faults(S2_W) && ad_now() == 0;
  check(c, accessed, "without Svadu a leaf that is not accessed faults");
}

static void check_ad_on(struct checks *c, const struct judge_plan *plan) {
  bool good = one_page(plan, S2_FEAT_AD, S2_RWX, MENVCFG_ADUE) == S2_OK;
  forget(S2_AD_MASK);
  good = good && ad_now() == 0;
  check(c, good && granted(S2_R) && ad_now() == S2_ACCESSED, "Svadu: a load sets accessed, not dirty");
  check(c, granted(S2_W) && ad_now() == S2_AD_MASK, "Svadu: a store sets dirty");
  forget(S2_AD_MASK);
  check(c, granted(S2_X) && ad_now() == S2_ACCESSED, "Svadu: a fetch sets accessed, not dirty");
  forget(S2_AD_MASK);
  good = s2_pt_protect(&pt, GPA, S2_PAGE_SIZE, S2_R) == S2_OK && faults(S2_W) && (ad_now() & S2_DIRTY) == 0;
  check(c, good, "Svadu: a store that is refused does not set dirty");
}

void checks_run(struct checks *c, const struct judge_plan *plan) {
  check_types(c, plan);
  check_ad_off(c, plan);
  check_ad_on(c, plan);
}
