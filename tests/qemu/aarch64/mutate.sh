#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mutate.sh NAME SOURCE COPY - a copy of a source file of the library in which one part of the invalidation, or of the
# registers, is broken, for the negative tests. Prints what the scenarios of tlbi.c then miss, as a compiler flag.
set -eu
name=$1 source=$2 copy=$3

# change LINES EXPRESSION FLAGS: the sed expression really changes so many lines
change() {
  sed "$2" "$source" >"$copy"
  lines=$(diff "$source" "$copy" | grep -c '^>' || true)
  if [ "$lines" -ne "$1" ]; then
    printf 'mutate.sh: %s changes %s lines of %s, not %s\n' "$name" "$lines" "$source" "$1" >&2
    exit 1
  fi
  printf '%s\n' "$3"
}

case $name in
# an instruction that is not there
no-ipas2e1is) change 1 's/"tlbi ipas2e1is, %0"/""/' -DMISSING=BY_IPA ;;
no-vmalle1is) change 1 's/"tlbi vmalle1is"/""/' -DMISSING=COMBINED ;;
no-vmalls12e1is) change 1 's/"tlbi vmalls12e1is"/""/' -DMISSING=WHOLE ;;
no-tlbi) change 3 's/"tlbi [a-z0-9]*\(, %0\)*"/""/' '-DMISSING=BY_IPA|COMBINED|WHOLE' ;;
# one that only this CPU obeys; ALLE1 for the last, since QEMU's VMALLS12E1 reaches every CPU
local-ipas2e1) change 1 's/"tlbi ipas2e1is/"tlbi ipas2e1/' -DMISSING_REMOTE=BY_IPA ;;
local-vmalle1) change 1 's/"tlbi vmalle1is/"tlbi vmalle1/' -DMISSING_REMOTE=COMBINED ;;
local-whole) change 1 's/"tlbi vmalls12e1is/"tlbi alle1/' -DMISSING_REMOTE=WHOLE ;;
# the operand as an address, not as IPA[47:12]; the first step of a range only; stage 1's half in place of both stages
bytes-for-pages) change 2 's/tlbi_ipas2e1is(ipa >> 12)/tlbi_ipas2e1is(ipa)/' -DMISSING=BY_IPA ;;
first-step-only) change 1 's/while (last - ipa >= step)/while (step == 0)/' -DMISSING=BY_IPA_2 ;;
stage1-for-whole) change 1 's/"tlbi vmalls12e1is/"tlbi vmalle1is/' -DMISSING=WHOLE_2 ;;
# control.c: the walk starts a level too high; the guest address is a bit too short
start-level) change 1 's/(p->top - 1u) << VTCR_SL0_SHIFT/p->top << VTCR_SL0_SHIFT/' -DMISSING=0 ;;
short-width) change 1 's/(64u - (uint64_t)(bits))/(65u - (uint64_t)(bits))/' -DMISSING=0 ;;
# control.c: no dirty state by hardware, though leaves ask for it
no-dirty) change 1 's/VTCR_HA | VTCR_HD;/VTCR_HA;/' -DMISSING=0 ;;
# src/split.c: a split or collapse without an invalidation in its middle
no-break) change 1 's/^  s2_flush_range(pt, base, base + s2_span(l), l);$/  (void)(base + l);/' -DMISSING=BREAK ;;
# src/backend_alloc.c: frames go home before the invalidation
free-first)
  change 2 's/= s2_flush_done(pt, gpa, end, level)/= FLUSH/
    s/= reap_marks(pt, gpa, end)/= s2_flush_done(pt, gpa, end, level)/
    s/FLUSH/reap_marks(pt, gpa, end)/' -DMISSING=ORDER
  ;;
*)
  printf 'mutate.sh: no mutation %s\n' "$name" >&2
  exit 1
  ;;
esac
