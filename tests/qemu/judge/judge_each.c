/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* judge_each.c - questions one at a time, marks that are addresses: for machines that can be asked cheaply. */
#include "judge.h"

void judge_ask_all(struct judge_probe *probe, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    probe[i].answer = judge_ask(probe[i].gpa, probe[i].access);
  }
}

void judge_mark(uint64_t hpa) {
  judge_mark_address(hpa);
}
