/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** answer.c - one line `bytes encoding` in, one line `kind width reg length sign fp` out: the decoder for objdump.py. */
#include <inttypes.h>
#include <stdio.h>

#include "arch/riscv64/vcpu/decode.h"

int main(void) {
  unsigned bytes;
  uint32_t code;
  while (scanf("%u %" SCNx32, &bytes, &code) == 2) {
    struct s2_rv_insn i = bytes == 2 ? s2_rv_decode16((uint16_t)code) : s2_rv_decode32(code);
    printf("%d %d %d %d %d %d\n", i.kind, i.width, i.reg, i.length, i.sign, i.fp);
  }
  return 0;
}
