#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# demo.sh TOOL DIR LIBFDT - three machines in all four formats: layout, one walk each, an image written and checked.
set -eu
tool=$1 dir=$2 libfdt=$3
data=tests/data
mkdir -p "$dir"
images=0 walks=0

machine() { # TITLE MAP ADDRESS...
  printf '\n== %s (%s)\n' "$1" "$2"
  map=$2 address=$3
  "$tool" show --format all --brief "$map"
  for f in ept npt a64 gst; do
    "$tool" walk --format $f "$map" "$address" | sed -n 's/^  => /'"$f  $address -> "'/p' >"$dir/walk"
    grep 'leaf, in' "$dir/walk" || { printf 'demo: %s: %s does not translate in %s\n' "$map" "$address" $f; exit 1; }
    walks=$((walks + 1))
    "$tool" image --brief --format $f "$map" -o "$dir/image.$f" --c "$dir/image-$f.c"
    "$tool" check "$dir/image.$f" "$map" >"$dir/check"
    images=$((images + 1))
  done
  printf 'images written, read back and compared with the map: ept npt a64 gst\n'
}

if [ "$libfdt" = 1 ]; then
  riscv=$data/virt-riscv64.dtb arm=$data/virt-aarch64.dtb
else
  printf 'libfdt is not installed: the text maps of the same machines are used instead of the device trees.\n'
  riscv=$data/virt-riscv64.map arm=$data/virt-aarch64.map
fi
machine 'QEMU virt, RISC-V 64, 2 GiB' "$riscv" 0x80201234
machine 'QEMU virt, AArch64, 2 GiB' "$arm" 0x9000000
machine 'PC with Q35 chipset, 4 GiB' $data/pc-q35.map 0xfee00030

printf '\n== the way of one address, every bit named\n'
"$tool" walk --format gst "$riscv" 0x10001000
printf 'demo: ok (3 machines, 4 formats, %d walks, %d images checked)\n' $walks $images
