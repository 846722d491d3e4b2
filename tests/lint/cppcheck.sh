#!/bin/sh
# cppcheck.sh - cppcheck with its MISRA add-on over the core, each format and the RISC-V vCPU; see MISRA.md for what is allowed and why.
set -u
rules=$(sed -n 's/^| \([0-9]*\.[0-9]*\) |.*/misra-c2012-\1/p' tests/lint/MISRA.md)
suppress=''
for r in $rules; do
  suppress="$suppress --suppress=$r"
done
rc=0
for f in ept:EPT:x86_64/ept npt:NPT:x86_64/npt a64:A64:aarch64/stage2 gst:GST:riscv64/gstage; do
  def=$(printf '%s' "$f" | cut -d: -f2)
  dir=arch/$(printf '%s' "$f" | cut -d: -f3)
  more=''
  [ "$def" = GST ] && more=$(echo arch/riscv64/vcpu/*.c)
  # shellcheck disable=SC2086
  cppcheck --quiet --std=c11 --enable=warning,performance,portability --addon=misra --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=unusedFunction $suppress \
    -DS2_HOSTED -DS2_FORMAT_"$def" -D__GNUC__ -Iinclude -I. src/*.c "$dir"/control.c "$dir"/flush.c $more || rc=1
done
exit $rc
