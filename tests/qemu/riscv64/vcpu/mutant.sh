#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mutant.sh DIR GST-LIBRARY COMPILER FLAGS... - break each thing that mutants.txt names in a copy of the vCPU; the test
# program, built with it, must not pass. A mutant that changes nothing or does not compile is a failure. ONLY=regex: some
# of them.
set -u
dir=$1 gst=$2
shift 2
here=tests/qemu/riscv64/vcpu
qemu=${QEMU:-$(sh tests/qemu/tools/install-qemu.sh --bin)/qemu-system-riscv64} || exit 1
passed=0 failed=0
mkdir -p "$dir"
grep -v '^#' $here/mutants.txt | grep -E "${ONLY:-.}" >"$dir/list"
while IFS= read -r line <&3; do
  name=$(printf '%s\n' "$line" | awk -F ' [|] ' '{ print $1 }')
  file=$(printf '%s\n' "$line" | awk -F ' [|] ' '{ print $2 }')
  script=${line#*" | $file | "}
  copy=$dir/copy
  rm -rf "$copy"
  mkdir -p "$copy/arch/riscv64/vcpu"
  cp arch/riscv64/vcpu/*.[chS] "$copy/arch/riscv64/vcpu/"
  sed "$script" arch/riscv64/vcpu/"$file" >"$copy/arch/riscv64/vcpu/$file"
  verdict=
  if cmp -s "arch/riscv64/vcpu/$file" "$copy/arch/riscv64/vcpu/$file"; then
    verdict='changes nothing'
  elif ! "$@" -I"$copy" -DTURNS=400u -o "$dir/$name.elf" $here/main.c $here/host.c $here/guest.S \
    tests/qemu/riscv64/hv/out.c tests/qemu/riscv64/hv/start.S "$copy"/arch/riscv64/vcpu/*.[cS] "$gst" 2>"$dir/$name.err"; then
    verdict='does not compile'
  else
    timeout 12 "$qemu" -M virt,aclint=on -cpu rv64,v=true -m 1536M -bios none -nographic -no-reboot -kernel "$dir/$name.elf" \
      </dev/null 2>/dev/null | tr -d '\r' >"$dir/$name.out"
    grep -qE '^[1-9][0-9]* passed, 0 failed' "$dir/$name.out" && verdict='SURVIVED'
  fi
  if [ -z "$verdict" ]; then
    passed=$((passed + 1))
    printf 'killed %s: %s\n' "$name" "$(grep -m 1 -E 'FAIL|trap' "$dir/$name.out" || echo 'the machine hangs')"
  else
    failed=$((failed + 1))
    printf 'FAIL %s: %s\n' "$name" "$verdict"
  fi
done 3<"$dir/list"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
