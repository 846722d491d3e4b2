#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh EMULATOR IMAGE SECONDS [ADDRESSES [SEED [PARTS [RAM]]]] - boot a judge's disk image; 0 when all is well.
#
# EMULATOR: a path of bochs-bin (install-bochs.sh) or the system's bochs, or of qemu-system-x86_64 and a processor model
# with a comma between. The numbers are written into a copy of the image (struct settings in machine.h); 0 is the
# program's own choice. RAM: where the guests' memory lies. It takes Bochs 10 seconds to begin with more than 4 GiB, and
# half a second with RAM at 1 GiB.
set -u
emulator=$1 image=$2 seconds=$3
ram=${7:-0}
[ "$ram" -ne 0 ] || ram=4294967296
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT INT TERM

# eight bytes, the lowest first
bytes() {
  v=$1
  for _ in 1 2 3 4 5 6 7 8; do
    # shellcheck disable=SC2059
    printf "\\$(printf '%03o' $((v & 255)))"
    v=$((v >> 8))
  done
}

cp "$image" "$dir/image" || exit 1
{
  bytes "${4:-0}"
  bytes "${5:-0}"
  bytes "${6:-0}"
  bytes "$ram"
} | dd of="$dir/image" bs=1 seek=478 conv=notrunc 2>"$dir/dd"

# 4 GiB and 96 MiB of RAM above; for QEMU also 32 MiB where the topmost bits of a 40-bit address are set
qemu() {
  timeout "$seconds" "${emulator%%,*}" -machine pc,max-ram-below-4g=1G -cpu "${emulator#*,}" \
    -smp 2 -accel tcg,thread=single \
    -m 1152M,slots=1,maxmem=900G -object memory-backend-ram,id=high,size=32M \
    -device pc-dimm,memdev=high,addr=0xc040000000 -drive "file=$dir/image,format=raw" -debugcon stdio -monitor none \
    -display none -device isa-debug-exit,iobase=0xf4,iosize=4 -no-reboot </dev/null >"$dir/out" 2>"$dir/err"
  rc=$?
  cat "$dir/out"
  [ $rc -eq 33 ] && return 0
  cat "$dir/err"
  return 1
}

# Bochs ends with code 1 whatever happened: the closing line is the verdict
bochs_run() {
  program=$(readlink -f "$(command -v "$emulator")")
  share=${program%/bin/bochs-bin}/root/usr/share/bochs
  bios=$share/BIOS-bochs-latest vga=$share/VGABIOS-lgpl-latest
  if ! [ -e "$bios" ]; then
    bios=/usr/share/seabios/bios.bin vga=/usr/share/seabios/vgabios.bin
  fi
  cat >"$dir/rc" <<RC
display_library: rfb, options="timeout=0"
port_e9_hack: enabled=1
memory: guest=$((ram / 1048576 + 128)), host=192
romimage: file=$bios
vgaromimage: file=$vga
cpu: model=corei7_icelake_u, ips=4000000, reset_on_triple_fault=0
sound: driver=dummy, waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=0, parallel=0, serial=0, gameport=0, iodebug=0
ata0-master: type=disk, path="$dir/image", mode=flat, cylinders=2, heads=16, spt=63
boot: disk
log: $dir/log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
RC
  echo c >"$dir/go"
  timeout "$seconds" "$emulator" -q -f "$dir/rc" -rc "$dir/go" </dev/null >"$dir/out" 2>"$dir/err"
  # what the machine wrote, not what the emulator says of itself
  sed -n '/^\(judge\|not\|seen\|FAIL\|exception\)/,/^=====/p' "$dir/out" | sed '/^(0)/d; /^=====/d'
  grep -q '^[1-9][0-9]* passed, 0 failed$' "$dir/out" && return 0
  tail -n 5 "$dir/out" "$dir/err" "$dir/log"
  return 1
}

case ${emulator##*/} in
  bochs*)
    bochs_run
    ;;
  *)
    qemu
    ;;
esac
