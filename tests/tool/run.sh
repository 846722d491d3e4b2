#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh TOOL TOOL_WITHOUT_FDT LIBFDT CC DIR - tests of the program stage2. Closes with `N passed, N failed`.
set -u
tool=$1 without=$2 libfdt=$3 cc=$4 dir=$5
data=tests/data
here=tests/tool
passed=0 failed=0
rm -rf "$dir"
mkdir -p "$dir"
out=$dir/out

good() { passed=$((passed + 1)); }
bad() { # WHAT: and what was said
  failed=$((failed + 1))
  printf 'FAILED %s\n' "$1"
  sed 's/^/    /' "$out" | head -n 12
}

# expect STATUS TEXT ARGUMENT...: exit status, and TEXT somewhere in what is printed
expect() {
  want=$1 text=$2
  shift 2
  "$tool" "$@" >"$out" 2>&1 </dev/null
  rc=$?
  if [ $rc -eq "$want" ] && grep -qF -e "$text" "$out"; then
    good
  else
    bad "stage2 $*: exit $rc, wanted $want with '$text'"
  fi
}

# is NAME COMMAND...: the command succeeds
is() {
  name=$1
  shift
  if "$@" >"$out" 2>&1; then good; else bad "$name"; fi
}

# count NAME COMMAND...: a command that closes with `N passed, N failed`
count() {
  name=$1
  shift
  "$@" >"$out" 2>&1
  line=$(tail -n 1 "$out")
  p=${line%% *} f=$(printf '%s\n' "$line" | sed -n 's/.* passed, \([0-9]*\) failed/\1/p')
  if [ -n "$f" ]; then
    passed=$((passed + p)) failed=$((failed + f))
    [ "$f" -eq 0 ] || grep FAILED "$out" | head -n 10
  else
    bad "$name"
  fi
}

# map LINE...: a map file of these lines
map() {
  printf '%s\n' "$@" >"$dir/t.map"
}

test_usage() {
  map 'ram a 0 1M'
  m=$dir/t.map
  expect 2 'nothing to do'
  expect 2 "Try 'stage2 --help'"
  expect 2 "unknown option '--frmat'" --frmat ept "$m"
  expect 2 "unknown option '-x'" -x "$m"
  expect 2 'is not a command' lay "$m"
  expect 2 'needs a value' "$m" --format
  expect 2 'takes no value' --json=1 "$m"
  expect 2 'must be ept, npt, a64, gst or all' --format sv39 "$m"
  expect 2 'must be ept, npt, a64, gst or all' --format= "$m"
  expect 2 'show needs one MAP' show
  expect 2 'show needs one MAP' show "$m" "$m"
  expect 2 'walk needs a MAP and at least one guest address' walk "$m"
  expect 2 'image needs one MAP and -o FILE' image "$m"
  expect 2 'image needs one --format' image --format all -o "$dir/x" "$m"
  expect 2 'check needs an IMAGE' check
  expect 2 'check needs an IMAGE' check a b c
  expect 2 'formats takes no arguments' formats "$m"
  expect 2 '--ram-hpa gives RAM a place' --ram lazy --ram-hpa 0 "$m"
  expect 2 '--gpa-bits needs one --format' --format all --gpa-bits 48 "$m"
  for n in '' x 0x 4x 48x '48 ' ' 48' -1 +1 1e3 0b1 1KB 1k1 0x10g1 99999999999999999999 18446744073709551616 \
    0x10000000000000000 16777216T 1.5; do
    expect 2 '--tables' --tables "$n" "$m"
    expect 2 '--gpa-bits' --gpa-bits="$n" "$m"
    expect 2 "guest address '$n'" walk "$m" -- 0 "$n"
  done
  expect 2 'must be 1 to' --tables 0 "$m"
  expect 2 'must be 1 to' --tables 4294967297 "$m"
  expect 2 'must be 12 to 62' --gpa-bits 0 "$m"
  expect 2 'must be 32 to 56' --hpa-bits 4294967328 "$m"
  expect 2 'must be 0 to 4294967295' --vmid 4294967296 "$m"
  expect 2 'not a leaf size' --leaf 2m "$m"
  expect 2 'not a leaf size' --leaf 3M "$m"
  expect 2 'multiple of 4 KiB' --pool-hpa 0x1001 "$m"
  expect 2 'multiple of 4 KiB' --ram-hpa 4095 "$m"
  expect 2 'must be 0 to' --pool-hpa 0x4000000000000000 "$m"
  expect 2 'linear, alloc or lazy' --ram none "$m"
  expect 2 'not a list of features' --features ux, "$m"
  expect 2 'not a list of features' --features svpbm "$m"
  expect 2 'not a memory type' --device-type device "$m"
  expect 2 'C identifier' image --c-name 9a -o x "$m"
  expect 2 'C identifier' image --c-name 'a;' -o x "$m"
  expect 0 'SYNOPSIS' --help
  for w in NAME DESCRIPTION COMMANDS OPTIONS 'MAP FILES' 'EXIT STATUS' EXAMPLES; do expect 0 "$w" --help; done
  expect 0 'stage2 0.' --version
  expect 0 'mapped      1 MiB' -- "$m"
}

# bad_line TEXT LINE: the line is refused, with file and line number
bad_line() {
  map '# one' '' "$2" 'ram last 0x100000000 4K'
  expect 1 "$dir/t.map:3: $1" show "$dir/t.map"
}

test_lines() {
  bad_line "'rum' is not" 'rum a 0 4K'
  bad_line 'a region needs' 'ram'
  bad_line 'a region needs' 'ram a'
  bad_line 'a region needs' 'ram a 0 # 4K'
  bad_line "guest address 'zero'" 'ram a zero 4K'
  bad_line "guest address '0x'" 'ram a 0x 4K'
  bad_line "guest address '-4096'" 'ram a -4096 4K'
  bad_line "guest address '99999999999999999999'" 'ram a 99999999999999999999 4K'
  bad_line "size '4KB'" 'ram a 0 4KB'
  bad_line "size '0x10000000000000000'" 'ram a 0 0x10000000000000000'
  bad_line "size '17000000T'" 'ram a 0 17000000T'
  bad_line 'a: the size is zero' 'ram a 0 0'
  bad_line 'd: the size is zero' 'device d 0 0'
  bad_line 'a: address and size must be multiples' 'ram a 0x800 4K'
  bad_line 'a: address and size must be multiples' 'ram a 0 4095'
  bad_line 'a: address and size must be multiples' 'rom a 0 4K 0x10'
  bad_line 'a: the range ends above 2^62' 'ram a 0x3ffffffffffff000 8K'
  bad_line 'a: the range ends above 2^62' 'ram a 0xfffffffffffff000 4K'
  bad_line 'a: the range ends above 2^62' 'ram a 0xfffffffffffff000 8K'
  bad_line 'a: the range ends above 2^62' 'ram a 0 4K 0xfffffffffffff000'
  bad_line 'a: the range ends above 2^62' 'device a 1 0xffffffffffffffff'
  bad_line "'q': not rights" 'ram a 0 4K q'
  bad_line "'rr': not rights" 'ram a 0 4K rr'
  bad_line "'---': not rights" 'ram a 0 4K ---'
  bad_line "'rw,': not a memory type" 'ram a 0 4K rw,'
  bad_line "'rw,uc': not a memory type" 'ram a 0 4K rw,uc'
  bad_line "'more' after the end" 'ram a 0 4K 0 rw more'
  bad_line "'rw' after the end" 'ram a 0 4K rw rw'
  bad_line "host address '0q'" 'ram a 0 4K 0q'
  bad_line 'd: guest and host address have different offsets' 'device d 0x1010 4 0x2020'
  bad_line 'a: an alloc region has no host address' 'alloc a 0 4K 0x1000'
  bad_line 'format needs one of' 'format'
  bad_line 'format needs one of' 'format sv39'
  bad_line 'format needs one of' 'format ept npt'
  bad_line 'the name has a character' "ram $(printf 'a\033b') 0 4K"
  bad_line 'the name is longer' "ram $(printf '%064d' 0) 0 4K"
}

test_maps() {
  map 'ram a 0 4K' 'ram b 0 4K'
  expect 1 "$dir/t.map:2: b [0x0, 0x1000) overlaps a [0x0, 0x1000) of $dir/t.map:1" show "$dir/t.map"
  map 'device d 0x0fff 2' 'ram a 0x1000 4K'
  expect 1 "$dir/t.map:2: a [0x1000, 0x2000) overlaps d" show "$dir/t.map"
  map 'ram a 0x1000 4K' 'device d 0x0fff 2'
  expect 1 "$dir/t.map:2: d [0x0, 0x2000), in whole pages, overlaps a" show "$dir/t.map"
  map 'device d 0 1 rw' 'device e 8 1 r'
  expect 1 "$dir/t.map:2: e" show "$dir/t.map"
  map 'device d 0 1' 'device e 8 1 0x1008'
  expect 1 "$dir/t.map:2: e" show "$dir/t.map"
  map 'device d 0 1' 'device e 8 1' 'device f 0xfff 2'
  expect 0 'd, e (+1)' show "$dir/t.map"
  expect 0 '0x000000000000-0x000000001fff         8 KiB' show "$dir/t.map"
  map 'ram a 0 4K 0x5000' 'device d 0x5000 4K'
  expect 1 'overlaps that of' show "$dir/t.map"
  map 'ram a 0 4K 0x5000' 'ram b 0x1000 4K 0x5000'
  expect 0 'mapped      8 KiB' show "$dir/t.map"
  map 'ram a 0 4K 0x5000'
  expect 1 "$dir/t.map:1: a: has a host address, but --ram" --ram alloc "$dir/t.map"
  map '# nothing'
  expect 1 't.map: no regions' show "$dir/t.map"
  printf 'ram a 0 4K\nram b\0 0x1000 4K\n' >"$dir/t.map"
  expect 1 "$dir/t.map:2: a zero byte" show "$dir/t.map"
  printf 'ram a 0 4K\r\n  ram\tb 0x1000 0X1000' >"$dir/t.map" # no newline at the end, CR, tabs
  expect 0 'mapped      8 KiB' show "$dir/t.map"
  expect 1 'No such file' show "$dir/absent"
  expect 1 'cannot be read' show "$dir"
  is 'a map from standard input' sh -c "printf 'ram a 0 4K\n' | '$tool' - | grep -q 'mapped      4 KiB'"
  for f in ept npt a64 gst; do
    map 'ram a 0 1M' 'ram b 0x4000000000000000 4K'
    expect 1 "$dir/t.map:2: b: the range ends above" --format $f "$dir/t.map"
    map 'ram a 0 1M' 'ram b 0x2000000000000000 4K 4K'
    expect 1 "$dir/t.map:2: b: ends at 0x2000000000001000, wider than" --format $f "$dir/t.map"
    map 'ram a 0 1M' 'ram b 1G 4K 0x100000000000000'
    expect 1 "$f" --format $f "$dir/t.map"
    map 'ram a 0 1M'
    expect 1 "$f: has no guest addresses of 29 bits" --format $f --gpa-bits 29 "$dir/t.map"
    expect 1 "$dir/t.map:1: a: cannot be laid out in $f: the host range overlaps the page tables" --format $f \
      --pool-hpa 0x80000 "$dir/t.map"
    expect 1 "$f: there is room for 0 page tables at host address 0x100000000" --format $f --hpa-bits 32 \
      --pool-hpa 0x100000000 "$dir/t.map"
    expect 1 "$f: there is room for 16 page tables at host address 0xffff0000, not for 17" --format $f --hpa-bits 32 \
      --pool-hpa 0xffff0000 --tables 17 "$dir/t.map"
    expect 0 'mapped      1 MiB' --format $f --hpa-bits 32 --pool-hpa 0xffff0000 "$dir/t.map"
    map 'ram a 0x100000 1M' 'ram b 0x80000000 1M' 'ram c 0xfff00000 1M'
    expect 1 "$f: there is room for 0 page tables at host address 0x100000000" --format $f --hpa-bits 32 "$dir/t.map"
    expect 0 'mapped      3 MiB' --format $f --hpa-bits 32 --pool-hpa 0x7fff0000 "$dir/t.map"
    expect 0 'at host address 0xe0000' --format $f --hpa-bits 32 --pool-hpa 0xe0000 "$dir/t.map"
    expect 1 'host addresses do not fit in 32 bits' --format $f --hpa-bits 32 --ram-hpa 0xffe00000 "$dir/t.map"
    expect 1 'host addresses, and the frames above them, do not fit' --format $f --hpa-bits 32 --ram alloc \
      --pool-hpa 0xffff0000 "$dir/t.map"
    map 'ram a 0 4K' 'ram b 1G 4K'
    expect 1 "$dir/t.map:2: b: cannot be laid out in $f: the table pool is too small" --format $f --tables 6 \
      --gpa-bits "$(narrow $f)" "$dir/t.map"
  done
  map 'ram a 0 1G'
  expect 1 'ept: --leaf 512G: at most 1G' --format ept --leaf 512G "$dir/t.map"
  expect 1 'npt: --features: this format has' --format npt --features svpbmt "$dir/t.map"
  expect 1 'a64: --hpa-bits 52: at most 48' --format a64 --hpa-bits 52 "$dir/t.map"
  expect 1 'cannot be made' --format npt --vmid 0 "$dir/t.map"
  expect 1 'cannot be made' --format gst --vmid 16384 "$dir/t.map"
  expect 1 'cannot be made' --format a64 --vmid 256 "$dir/t.map"
  expect 0 'mapped' --format a64 --vmid 256 --features vmid16 "$dir/t.map"
  expect 0 'tables      515 of 515' --format ept --leaf 4K "$dir/t.map"
  expect 0 'tables      515 of 515' --format npt --leaf 4K "$dir/t.map"
  expect 1 'a: cannot be laid out in ept: the table pool is too small' --format ept --leaf 4K --tables 514 "$dir/t.map"
  expect 0 'high water 515' --format ept --leaf 4K --tables 600 "$dir/t.map"
  map 'ram a 0 4K' 'rom r 1M 4K' 'device d 2M 4K' 'device n 3M 4K r'
  expect 1 't.map:3: d: cannot be laid out in gst: these rights or this memory type' --format gst --features none \
    "$dir/t.map"
  expect 0 'mapped      16 KiB' --format gst --features none --device-type wb "$dir/t.map"
  expect 0 'rwxu' --format ept --features ux "$dir/t.map"
  map 'ram a 0 4K w'
  for f in ept npt a64 gst; do expect 1 't.map:1: a: cannot be laid out' --format $f "$dir/t.map"; done
  map 'ram a 0 4G' 'alloc b 4G 3M'
  for f in ept npt a64 gst; do
    expect 0 'frames      768 taken' --format $f "$dir/t.map"
    expect 0 'frames      1049344 taken' --format $f --ram alloc "$dir/t.map"
    expect 0 'mapped      0 B in 1 area' --format $f --ram lazy "$dir/t.map"
    expect 0 '0x100000000000' --format $f --ram-hpa 0x100000000000 "$dir/t.map"
    expect 0 'gets its pages at the first access' walk --format $f --ram lazy "$dir/t.map" 0x1234
  done
}

narrow() {
  case $1 in a64) echo 41 ;; gst) echo 41 ;; *) echo 57 ;; esac
}

# entry FORMAT RIGHTS SIZE VALUE: a golden leaf at host address 0
entry() {
  map "ram a 0 $3 0 $2"
  "$tool" walk --json --format "$1" "$dir/t.map" 0 >"$out" 2>&1
  if grep -A1 '"slot": 0' "$out" | grep -q "\"entry\": \"$4\"" && grep -q '"mapped": true' "$out"; then
    good
  else
    bad "golden $*"
  fi
}

test_walks() {
  entry ept rw 4K 0x33
  entry ept rwx 4K 0x37
  entry ept r 4K 0x31
  entry ept rw,dev 4K 0x3
  entry ept rwx 2M 0xb7
  entry gst rw 4K 0xd7
  entry gst rwx 4K 0xdf
  entry a64 rwx 4K 0x7ff
  entry a64 r-x 4K 0x77f
  entry a64 rwx 2M 0x7fd
  m=$data/virt-aarch64.map
  expect 0 'PPN=0x9000' walk --format gst $m 0x9000000
  expect 0 'PBMT=0x2' walk --format gst $m 0x9000000
  expect 0 'EMT=0x6' walk --format ept $m 0x40000000
  expect 0 '=> 0x40201234  rwx wb, 1 GiB leaf, in memory@40000000' walk --format a64 $m 0x40201234
  expect 0 '=> 0x40201234  rwx wb, 2 MiB leaf, in memory@40000000' walk --leaf 2M --format ept $m 0x40201234
  expect 0 '=> 0x9000008  rw- dev, 4 KiB leaf, in pl011@9000000' walk --format npt $m 0x9000008
  expect 0 'in no area' walk --format ept $m 0xc0000000
  expect 0 'in the window pcie@10000000/mem32' walk --format ept $m 0x10000000
  expect 0 '=> 0x10000000  rw- dev, 2 MiB leaf, in pcie@10000000/mem32' walk --pci --format ept $m 0x10000000
  expect 0 'wider than 48 bits' walk --format ept $m 0x1000000000000
  expect 0 'wider than 39 bits' walk --format a64 $m 0xffffffffffffffff
  expect 0 'wider than 41 bits' walk --format gst $m 0x20000000000
  expect 0 'table 0xf0000000 ' walk --format ept --pool-hpa 0xf0000000 $m 0
  for o in '' '--leaf 4K' '--ram alloc' '--ram lazy' '--features ad' '--pci'; do
    n=$dir/walk-$(printf '%s' "$o" | tr -c 'a-z0-9\n' _).json
    # svpbmt belongs to the default of gst: with other features devices are plain memory there
    case $o in *ad) o="$o --device-type wb" ;; esac
    is "walk $o" sh -c "'$tool' walk --json --format all $o $m 0 0x8030fff 0x9000000 0x40000000 0xbfffffff \
      0xc0000000 >'$n'"
    count "fields of walk $o" python3 $here/walks.py "$n"
  done
}

# json NAME ARGUMENT...
json() {
  name=$1
  shift
  "$tool" "$@" --json >"$dir/$name.json" 2>"$out"
  if python3 -m json.tool "$dir/$name.json" >/dev/null 2>>"$out"; then good; else bad "JSON of stage2 $*"; fi
}

test_json() {
  json formats formats
  for f in ept npt a64 gst all; do
    json show-$f show --format $f $data/pc-q35.map
    json walk-$f walk --format $f $data/pc-q35.map 0 0xfee00000 0xd0000000 0xffffffffffffffff
  done
  "$tool" image --format gst -o "$dir/json.s2" $data/pc-q35.map >"$out" 2>&1
  json check check "$dir/json.s2"
  json check-map check "$dir/json.s2" $data/pc-q35.map
  json check-other check "$dir/json.s2" $data/virt-riscv64.map
  is 'a failed check says so' grep -q '"ok": false' "$dir/check-other.json"
  odd=$dir/$(printf 'a"b\\c\001\303\251\377.map')
  map 'ram a"\b 0 4K'
  cp "$dir/t.map" "$odd"
  json odd show "$odd"
  is 'names are escaped' python3 -c "
import json
assert json.load(open('$dir/odd.json'))['regions'][0]['name'] == 'a\"\\\\b'"
}

# round FORMAT MAP OPTION...
round() {
  f=$1 m=$2
  shift 2
  expect 0 '' image --format "$f" "$@" -o "$dir/i.s2" --c "$dir/i.c" "$m"
  expect 0 ": ok: $f" check "$@" "$dir/i.s2" "$m"
  expect 0 ": ok: $f" check "$dir/i.s2"
}

# The C array, compiled, is what the file has after its header.
c_array() {
  cat >"$dir/dump.c" <<'END'
#include <stdio.h>
#include "i.c"
int main(void) {
  for (unsigned i = 0; i < STAGE2_TABLES * 512u; i++) {
    for (unsigned k = 0; k < 8; k++) {
      (void)putchar((int)((stage2_tables[i] >> (8 * k)) & 0xffu));
    }
  }
  return ((uintptr_t)stage2_tables & 4095u) != 0;
}
END
  # shellcheck disable=SC2086
  is "C array of $1 compiles" $cc -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$dir/dump" "$dir/dump.c"
  is "C array of $1 is the binary" sh -c "'$dir/dump' >'$dir/dump.bin' &&
    tail -c +4097 '$dir/i.s2' | cmp - '$dir/dump.bin'"
}

test_images() {
  for f in ept npt a64 gst; do
    for m in $data/virt-riscv64.map $data/virt-aarch64.map $data/pc-q35.map; do
      round "$f" "$m" --vmid 3
      c_array "$f $m"
      round "$f" "$m" --leaf 4K
      round "$f" "$m" --leaf 2M --ram-hpa 0x10000000000
      round "$f" "$m" --ram alloc
      round "$f" "$m" --ram lazy
      round "$f" "$m" --pci --pool-hpa 0x20000003000
      expect 0 '' image --format "$f" "$m" -o "$dir/i.s2"
      expect 1 'is not mapped' check --pci "$dir/i.s2" "$m"
      expect 1 'leads to host address' check --ram-hpa 0x10000000000 "$dir/i.s2" "$m"
    done
    expect 1 'not' check "$dir/i.s2" $data/virt-riscv64.map
    expect 1 'not a stage2 image' check $data/pc-q35.map
    m=$data/virt-aarch64.map
    expect 0 '' image --format "$f" $m -o "$dir/i.s2"
    count "damaged images of $f" python3 $here/images.py "$tool" "$dir/i.s2" $m "$f" "$dir/damaged.s2"
  done
  expect 1 'No such file' image --format ept $data/pc-q35.map -o "$dir/absent/i.s2"
  expect 1 'No such file' image --format ept $data/pc-q35.map --c "$dir/absent/i.c"
  expect 0 '' image --format a64 --c-name guest0 $data/pc-q35.map --c "$dir/n.c"
  is 'macros have the prefix' grep -q '^#define GUEST0_VTCR_EL2 UINT64_C(0x' "$dir/n.c"
  if [ -w /dev/full ]; then
    expect 1 'writing failed' image --format ept $data/pc-q35.map -o /dev/full
    expect 1 'writing failed' image --format ept $data/pc-q35.map --c /dev/full
    for a in "show $data/pc-q35.map" --help --version formats; do
      # shellcheck disable=SC2086
      "$tool" $a >/dev/full 2>"$out"
      if [ $? -eq 1 ] && grep -q 'writing failed' "$out"; then good; else bad "stage2 $a to a full device"; fi
    done
  fi
}

# areas FILE: areas and windows of a JSON show, without where they came from
areas() {
  python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
print(json.dumps([[s['areas'], s['registers'], s['levels']] for s in d['spaces']]),
      sorted([w['name'], w['gpa'], w['size']] for w in d['pci_windows']))" "$1"
}

test_fdt() {
  "$without" $data/virt-riscv64.dtb >"$out" 2>&1
  rc=$?
  if [ $rc -eq 1 ] && grep -q 'was built without libfdt: give a text map' "$out"; then
    good
  else
    bad 'dtb without libfdt'
  fi
  is 'text map without libfdt' "$without" $data/virt-riscv64.map
  printf 'no tree' >"$dir/t.dtb"
  expect 1 't.dtb: not a device tree blob' show "$dir/t.dtb"
  [ "$libfdt" = 1 ] || return
  for m in virt-riscv64 virt-aarch64; do
    for o in --brief --pci '--ram alloc'; do
      for k in dtb map; do
        # shellcheck disable=SC2086
        "$tool" --json --format all $o $data/$m.$k >"$dir/areas.json"
        areas "$dir/areas.json" >"$dir/areas.$k"
      done
      is "$m $o: blob and text give the same" sh -c "[ -s '$dir/areas.dtb' ] && cmp '$dir/areas.dtb' '$dir/areas.map'"
    done
    expect 0 'memory@' show $data/$m.dtb
    size=$(wc -c <$data/$m.dtb)
    for n in 4 16 40 100 1000 $((size - 1)); do
      head -c "$n" $data/$m.dtb >"$dir/t.dtb"
      expect 1 't.dtb: a damaged device tree blob' show "$dir/t.dtb"
    done
  done
  expect 0 'hgatp' show $data/virt-riscv64.dtb
  expect 0 'VTTBR_EL2' show $data/virt-aarch64.dtb
  expect 1 "virt-riscv64.dtb:/memory@80000000: memory@80000000: " --pool-hpa 0x80000000 $data/virt-riscv64.dtb
  json dtb show $data/virt-riscv64.dtb
  is 'compatible names are kept' grep -q '"compatible": "ns16550a"' "$dir/dtb.json"
  # bits of a blob flipped: any answer, but an answer
  is 'flipped bits of a blob' python3 - "$tool" $data/virt-riscv64.dtb "$dir/t.dtb" <<'END'
import subprocess, sys
tool, source, target = sys.argv[1:4]
blob = open(source, "rb").read()
for i in range(0, len(blob) * 8, 131):
    data = bytearray(blob)
    data[i // 8] ^= 1 << (i % 8)
    open(target, "wb").write(data)
    r = subprocess.run([tool, "--brief", target], capture_output=True, timeout=60)
    assert r.returncode in (0, 1), (i, r.returncode, r.stderr)
END
  if command -v dtc >/dev/null; then test_trees; fi
}

# tree BODY: a device tree with this in it
tree() {
  printf '/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>; %s };\n' "$1" |
    dtc -q -I dts -O dtb -o "$dir/t.dtb" - 2>"$out"
}

test_trees() {
  t=$dir/t.dtb
  ram='memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x200000>; };'
  cells='#address-cells = <1>; #size-cells = <1>;'
  tree "$ram uart@80001000 { reg = <0 0x80001000 0 0x100>; };"
  expect 1 "$t:/uart@80001000: uart@80001000 [0x80001000, 0x80002000), in whole pages, overlaps memory@80000000" "$t"
  tree "$ram uart@1000 { reg = <0 0x1000 0>; };"
  expect 1 "$t:/uart@1000: reg has 3 cells" "$t"
  tree "$ram uart@1000 { status = \"disabled\"; reg = <0 0x1000 0 0x100>; };"
  expect 0 'in 1 area' "$t"
  tree "$ram reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
    fw@80000000 { reg = <0 0x80000000 0 0x1000>; }; };"
  expect 0 'in 1 area' "$t"
  tree "$ram i2c@1000 { reg = <0 0x1000 0 0x100>; #address-cells = <1>; #size-cells = <0>; rtc@68 { reg = <0x68>; }; };"
  expect 0 'in 2 areas' "$t"
  # one bus: inside its range, outside, over its end
  tree "$ram bus@0 { $cells ranges = <0x1000 0x5 0x10000000 0x2000>;
    a@1800 { reg = <0x1800 0x10>; }; b@9000 { reg = <0x9000 0x10>; }; c@2ff8 { reg = <0x2ff8 0x10>; }; };"
  expect 0 '0x000510000000-0x000510000fff' "$t"
  expect 0 'left out of the device tree: 2' "$t"
  # a bus on a bus
  tree "$ram a@0 { $cells ranges = <0 1 0 0x10000>;
    b@0 { $cells ranges = <0x100 0x1000 0x8000>; c@1100 { reg = <0x1100 0x10>; }; }; };"
  expect 0 '0x000100002000-0x000100002fff' "$t"
  tree "$ram a@0 { $cells b@0 { reg = <0 0x1000>; }; };"
  expect 0 'in 1 area' "$t"
  tree 'memory@0 { device_type = "memory"; reg = <0 0x100 0 0x1000>; };'
  expect 1 "$t:/memory@0: memory@0: address and size must be multiples" "$t"
  tree "$ram big@0 { reg = <0xffffffff 0xffffff00 0 0x1000>; };"
  expect 1 "$t:/big@0: big@0: the range ends above" "$t"
  tree ''
  expect 1 'no regions' "$t"
}

# what is counted, not what is timed: faults saved, the bound on waste, every way of translating agreeing
test_bench() {
  for f in ept npt a64 gst; do
    expect 0 'preloading' bench --brief --format $f
  done
  mkdir -p "$dir/plots"
  expect 0 '"two-streams"' bench --brief --json -o "$dir/plots"
  is 'bench plots are XML' python3 -c '
import sys, glob, xml.dom.minidom as x
files = sorted(glob.glob(sys.argv[1] + "/*.svg"))
assert len(files) == 4, files
for f in files: assert x.parse(f).getElementsByTagName("rect").length > 3, f' "$dir/plots"
  "$tool" bench --brief --json >"$dir/bench.json" 2>&1 </dev/null
  is 'bench: streams save nine faults of ten, random access wastes no more than the allowance' python3 -c '
import sys, json
p = json.load(open(sys.argv[1]))["formats"][0]["preload"]
for t in ("sequential", "stride-7", "two-streams"):
    assert p[t]["stream"]["faults"] * 10 < p[t]["off"]["faults"], t
assert p["records"]["pair"]["faults"] * 10 < p["records"]["off"]["faults"]
for by in ("stream", "pair", "group", "all"):
    r = p["random"][by]
    assert r["wasted"] <= 64 + r["faults"] // 16 + 1, by
    assert p["random"][by]["touched"] == p["random"]["off"]["touched"]' "$dir/bench.json"
  expect 2 'bench takes no map' bench "$data/virt-riscv64.map"
  expect 1 'cannot be written' bench --brief -o "$dir/no/such/place"
  expect 0 'linear' report --format all "$data/virt-riscv64.map" -o "$dir/plots"
  expect 0 '"lazy"' report --json "$data/virt-aarch64.map"
  expect 2 'report needs one MAP' report
}

test_usage
test_lines
test_maps
test_walks
test_json
test_images
test_fdt
test_bench
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
