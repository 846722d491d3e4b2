#!/bin/sh
# laws.sh - proofs/tools/laws.py must see what is missing: in a copy of what it reads, with every harness green, take
# one thing away or break it, and require the failure that names it.
set -u
tree=$(pwd)
dir=build/proofs/laws-negative
fresh() {
  rm -rf "$dir"
  mkdir -p "$dir/proofs/tools" "$dir/results"
  cp -r specs include "$dir/"
  cp -r proofs/cbmc proofs/negative proofs/wp "$dir/proofs/"
  cp proofs/tools/laws.py proofs/tools/acsl.py "$dir/proofs/tools/"
  for h in proofs/cbmc/*/law_* proofs/cbmc/*/contract_*; do
    f=${h#proofs/cbmc/}
    printf '1 0 0\n' >"$dir/results/${f%%/*}-${f##*/}"
  done
  cd "$dir" || exit 1
}
# refused NAME COMMAND MESSAGE: after COMMAND in the copy, a line FAILED says MESSAGE, which none says before
refused() {
  fresh
  python3 proofs/tools/laws.py --results results 2>&1 | grep -e "$3" && { echo "refused unbroken: $1"; exit 1; }
  eval "$2"
  python3 proofs/tools/laws.py --results results >out 2>&1 && { echo "accepted: $1"; exit 1; }
  grep -e "$3" out || { echo "refused for another reason: $1"; cat out; exit 1; }
  cd "$tree" || exit 1
}
refused 'a harness deleted' 'rm -r proofs/cbmc/npt/law_one_live' 'one_live: harness law_one_live of npt: missing'
refused 'a harness that did not run' 'rm results/gst-law_kind_0' 'kind_0: harness law_kind_0 of gst: not run'
refused 'a harness that failed' 'echo 0 1 9 >results/ept-contract_entry_mark' \
  's2_entry_mark: harness contract_entry_mark of ept: red'
refused 'a law nobody proves' \
  'sed -i "s/axiom kind_0:/axiom news: \\\\forall integer e; one(e) < 2;\n      &/" specs/logic/entry.acsl' \
  'news: harness law_news of a64: missing'
refused 'a law elsewhere' 'echo "/*@ axiomatic A { axiom hidden: 1 == 1; } */" >>specs/abstract_format.h' \
  'hidden: an axiom in specs/abstract_format.h'
refused 'a contract nobody proves' \
  'sed -i "s/^static inline uint64_t s2_span(/static inline uint64_t s2_extent(/" include/stage2/format.h' \
  's2_extent: harness contract_extent of ept: missing'
refused 'a function without a contract' \
  'sed -i "/requires bits: bits <= 63/,/ensures limit/d" include/stage2/format.h' 'without a contract: ..s2_width'
refused 'a law that cannot be read' \
  'sed -i "s/axiom kind_0: .*/axiom kind_0: \\\\exists integer e; one(e) == 1;/" specs/logic/entry.acsl' \
  'cannot be made into C: kind_0'
refused 'a law without a mutant' 'sed -i "/law_kind_range/d" proofs/negative/gst.txt' \
  'kind_range: no mutant for law_kind_range'
rm -rf "$dir"
