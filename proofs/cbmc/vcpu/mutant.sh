#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mutant.sh NAME - break the code or the table as the line NAME of mutants.txt says; the named harness must refute it.
set -u
name=$1
line=$(grep "^$name |" proofs/cbmc/vcpu/mutants.txt) || { echo "no such mutant: $name"; exit 1; }
field() { printf '%s\n' "$line" | awk -F ' [|] ' -v n="$1" '{ print $n }'; }
file=$(field 2) script=$(field 3) harness=$(field 4)
copy=build/proofs/mutants/vcpu-$name
rm -rf "$copy"
mkdir -p "$copy/arch/riscv64/vcpu" "$copy/vcpu" "$copy/specs"
cp arch/riscv64/vcpu/*.[ch] "$copy/arch/riscv64/vcpu/"
cp specs/riscv_loads_stores.txt "$copy/specs/"
sed "$script" "$file" >"$copy/$file"
cmp -s "$file" "$copy/$file" && { echo "the mutant changes nothing: $script"; exit 1; }
diff "$file" "$copy/$file"
python3 proofs/cbmc/vcpu/table.py "$copy/specs/riscv_loads_stores.txt" >"$copy/vcpu/loads_stores.h" || exit 1
sh proofs/cbmc/vcpu/run.sh "$harness" "$copy" >"$copy/out" 2>&1
killed=$(grep -E '^\[[a-z0-9_]*\.assertion\.[0-9]*\] .*: FAILURE$' "$copy/out" | sort -u)
[ -n "$killed" ] || { tail -n 20 "$copy/out"; echo "SURVIVED vcpu-$harness"; exit 1; }
rm -rf "$copy"
printf 'killed by vcpu-%s:\n%s\n' "$harness" "$killed"
