#!/bin/sh
# run.sh BIN ELF SECONDS - run a RISC-V judge in QEMU; its output, and success when it closes with `N passed, 0 failed`.
#
# The machine gets 640 GiB of RAM, so that blocks of 512 GiB have memory under them. Hardly any of it is touched; a host
# that will not promise so much gets 6 GiB, and the judge says what it could not read.
set -u
bin=$1 elf=$2 seconds=$3
machine() {
  timeout "$seconds" "$bin/qemu-system-riscv64" -M virt,aclint=on,memory-backend=ram \
    -object "memory-backend-ram,id=ram,size=$size,reserve=off" -m "$size" -smp 2 -cpu rv64,svadu=on,svpbmt=on \
    -bios none -display none -no-reboot "$@"
}
size=640G
if ! printf 'quit\n' | machine -S -monitor stdio -serial none >/dev/null 2>&1; then
  size=6G
fi
machine -monitor none -serial stdio -kernel "$elf" </dev/null | tee "$elf.log"
if ! tail -n 1 "$elf.log" | grep -qE '^[0-9]+ passed, [0-9]+ failed'; then
  printf 'no verdict, after at most %s s\n' "$seconds"
  exit 1
fi
tail -n 1 "$elf.log" | grep -qE '^[1-9][0-9]* passed, 0 failed'
