/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** test_client.c - the hypervisor's set-up that proofs/laws/hypervisor.c proves, run: what the proof says, the tables say. (T13, T15) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "setup.h"

#include "proofs/laws/hypervisor.c"

#define RAM_HPA    G(64)
#define DEVICE_HPA 0xfee00000u

/* GST has device memory with Svpbmt only */
static void client_open(struct env *e, uint32_t tables) {
  env_config(e, ENV_BITS, tables, 4);
  e->cfg.hw.features = S2_FMT_FEATURES & S2_FEAT_SVPBMT;
  assert_true(s2_hosted_init(&e->h, ENV_FRAMES, 32, false));
}

static void nothing_at(struct env *e, uint64_t g) {
  assert_int_equal(s2_translate(&e->s, g).status, S2_ERR_NOT_MAPPED);
  assert_int_equal(s2_area_at(&e->s, g).backend, S2_BACK_NONE);
}

/* HvReady, address by address: ends and a sample of each range, and what lies beside them */
static void ready(struct env *e) {
  uint64_t r = 1;
  for (uint32_t k = 0; k < 1000; k++) {
    uint64_t off = k == 0 ? 0 : k == 1 ? HV_RAM_SIZE - 1 : env_random(&r) % HV_RAM_SIZE;
    struct s2_translation t = s2_translate(&e->s, HV_RAM + off);
    assert_int_equal(t.status, S2_OK);
    assert_int_equal(t.hpa, RAM_HPA + off);
    assert_int_equal(t.attr & S2_ATTR_MASK, S2_RWX | S2_WB);
    off %= HV_DEVICE_SIZE;
    t = s2_translate(&e->s, HV_DEVICE + off);
    assert_int_equal(t.status, S2_OK);
    assert_int_equal(t.hpa, DEVICE_HPA + off);
    assert_int_equal(t.attr & S2_ATTR_MASK, S2_RW | S2_DEV);
    uint64_t heap = HV_HEAP + (k == 0 ? 0 : k == 1 ? HV_HEAP_SIZE - 1 : env_random(&r) % HV_HEAP_SIZE);
    assert_int_equal(s2_translate(&e->s, heap).status, S2_ERR_NOT_MAPPED);
    assert_int_equal(s2_area_at(&e->s, heap).attr, S2_RW);
  }
  const uint64_t beside[] = {
      0,           HV_DEVICE - 1,         HV_DEVICE + HV_DEVICE_SIZE, HV_RAM - 1, HV_RAM + HV_RAM_SIZE,
      HV_HEAP - 1, HV_HEAP + HV_HEAP_SIZE};
  for (size_t k = 0; k < LENGTH(beside); k++) {
    nothing_at(e, beside[k]);
  }
}

static void sets_up(void **state) {
  (void)state;
  struct env e;
  client_open(&e, 64);
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  assert_int_equal(hv_set_up(&e.s, RAM_HPA, DEVICE_HPA), S2_OK);
  ready(&e);
  assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
  uint64_t g = HV_HEAP + G(7) + 123;
  assert_true(hv_touch(&e.s, g, RAM_HPA));
  assert_int_equal(s2_translate(&e.s, g).status, S2_OK);
  assert_false(hv_touch(&e.s, g, RAM_HPA)); /* it is there: spurious, nothing changes */
  assert_int_equal(s2_translate(&e.s, HV_RAM + 5).hpa, RAM_HPA + 5);
  env_close(&e);
}

/* every way to fail leaves an empty space */
static void all_or_nothing(void **state) {
  (void)state;
  uint32_t refused = 0;
  for (uint32_t tables = 2; tables < 40; tables++) {
    struct env e;
    client_open(&e, tables);
    if (s2_init(&e.s, &e.cfg) == S2_OK) {
      int32_t nfree = e.s.pt.pool.nfree;
      s2_status st = hv_set_up(&e.s, RAM_HPA + (tables % 2 == 0 ? 0 : 4096), DEVICE_HPA);
      if (st != S2_OK) {
        assert_int_equal(st, S2_ERR_NO_TABLES);
        refused++;
        nothing_at(&e, HV_RAM);
        nothing_at(&e, HV_DEVICE);
        nothing_at(&e, HV_HEAP);
        assert_int_equal(s2_areas_count(&e.s.areas), 0);
        assert_int_equal(e.s.pt.pool.nfree, nfree);
      } else {
        assert_int_equal(tables % 2, 0); /* RAM that is not aligned with its blocks takes more tables than there are */
      }
      assert_int_equal(s2_space_check(&e.s).kind, S2_SOUND);
      s2_fini(&e.s);
    }
    s2_hosted_fini(&e.h);
    s2_hosted_storage_fini(&e.st);
  }
  assert_true(refused >= 18);
  struct env e;
  client_open(&e, 64);
  assert_int_equal(s2_init(&e.s, &e.cfg), S2_OK);
  assert_int_equal(hv_set_up(&e.s, RAM_HPA + 1, DEVICE_HPA), S2_ERR_ALIGN);
  assert_int_equal(hv_set_up(&e.s, RAM_HPA, ENV_POOL_HPA), S2_ERR_POOL);
  nothing_at(&e, HV_RAM);
  env_close(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sets_up), cmocka_unit_test(all_or_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
