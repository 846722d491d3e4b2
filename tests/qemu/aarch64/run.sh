#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh QEMU MODEL THREADS CPUS ELF SECONDS - run an AArch64 judge in QEMU; its output and its exit code.
#
# MODEL: max has every feature, cortex-a72 none of them and 44 bits of physical address. THREADS: single, where the CPUs
# take turns (quick, and the same every time), or multi, where each is a thread of the host.
#
# 3 GiB of RAM, of which some 100 MiB are touched: two of them are there for blocks of 1 GiB. The host reserves none.
set -u
qemu=$1 model=$2 threads=$3 cpus=$4 elf=$5 seconds=$6
"$qemu" --version 2>/dev/null | head -n 1
{
  timeout "$seconds" "$qemu" -M virt,virtualization=on,gic-version=2,memory-backend=ram \
    -object memory-backend-ram,id=ram,size=3G,reserve=off -m 3G \
    -cpu "$model" -accel "tcg,thread=$threads" -smp "$cpus" -no-reboot \
    -display none -monitor none -serial stdio -semihosting -kernel "$elf" </dev/null 2>&1
  printf 'exit code %s\n' $?
} | {
  # QEMU exits with 0 when it is told to end: only the closing line says that the judge came to its end
  closing='' code=1
  while IFS= read -r line; do
    case $line in
    [0-9]*' passed, '[0-9]*' failed'*) closing=$line ;;
    'exit code '*) code=${line#exit code } ;;
    *) printf '%s\n' "$line" ;;
    esac
  done
  [ "$code" -ne 124 ] || echo 'no end in time'
  if [ -z "$closing" ]; then
    closing='0 passed, 1 failed' code=1
  fi
  printf '%s\n' "$closing"
  exit "$code"
}
