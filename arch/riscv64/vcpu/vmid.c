/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * vmid.c - VMIDs by generation: a guest keeps its VMID until the numbers are used up, then a new generation starts.
 *
 * A new generation is announced first, then every hart is made to leave its guest; before a hart enters again it sees
 * the generation, forgets all guest translations, and the guest takes a new VMID. So no number is in use in two
 * generations at once, and a guest whose translations change always flushes the VMID under which all its vCPUs run.
 */
#include "vcpu.h"

#define VMID_MAX UINT32_C(0x3fff) /* 14 bits */

s2_status s2_rv_machine_init(struct s2_rv_machine *m, uint32_t vmid_bits, void *ctx) {
  if (vmid_bits > 14u) {
    return S2_ERR_CONFIG;
  }
  m->ctx = ctx;
  m->generation = 1;
  m->vmid_max = VMID_MAX >> (14u - vmid_bits);
  m->vmid_last = 0;
  return S2_OK;
}

/** A number of the current generation; VMID 0 only when there is no other. The machine's lock is held. */
/*@ requires m: \valid(m) && m->vmid_last <= m->vmid_max < 16384;
    terminates \true; exits \false;
    assigns m->generation, m->vmid_last;
    ensures in: \result == m->vmid_last <= m->vmid_max;
    ensures once: m->generation == \old(m->generation) ==> \result == \old(m->vmid_last) + 1; */
static uint32_t take(struct s2_rv_machine *m) {
  if (m->vmid_last >= m->vmid_max) {
    S2_RV_PUT(&m->generation, m->generation < UINT64_MAX ? m->generation + 1u : 1u);
    m->vmid_last = 0;
    s2_rv_host_quiesce(m->ctx);
  }
  if (m->vmid_max != 0) {
    m->vmid_last++;
  }
  return m->vmid_last;
}

bool s2_rv_vmid_current(const struct s2_rv_guest *g) {
  return S2_RV_GET(&g->generation) == S2_RV_GET(&g->machine->generation);
}

void s2_rv_vmid_renew(struct s2_rv_guest *g) {
  struct s2_rv_machine *m = g->machine;
  s2_rv_host_lock(g->ctx);
  s2_rv_host_lock(m->ctx);
  if (!s2_rv_vmid_current(g)) {
    s2_status st = s2_set_vmid(g->space, take(m));
    (void)st; /* never refused: s2_rv_machine_init() took no more bits than hgatp has */
    g->hgatp = s2_root(g->space).base;
    S2_RV_PUT(&g->generation, m->generation);
  }
  s2_rv_host_unlock(m->ctx);
  s2_rv_host_unlock(g->ctx);
}

void s2_rv_vmid_flush(struct s2_rv_hart *h, const struct s2_rv_machine *m) {
  uint64_t now = S2_RV_GET(&m->generation);
  if (h->generation != now) {
    s2_rv_fence_gvma();
    h->generation = now;
  }
}
