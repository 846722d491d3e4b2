#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# coverage.sh BUILD GCOV - print line and branch coverage per file and in total, from the .gcda files under BUILD.
# The check passes when lines and branches reach the floors below.
set -u
build=$1 gcov=$2
line_floor=${COV_LINES:-95} branch_floor=${COV_BRANCHES:-85}
tool=$build/gcov.sh
printf '#!/bin/sh\nexec %s "$@"\n' "$gcov" >"$tool"
chmod +x "$tool"
info=$build/all.info
log=$build/lcov.log
lcov="lcov --quiet --rc lcov_branch_coverage=1"
$lcov --gcov-tool "$(pwd)/$tool" --capture --directory "$build" --base-directory . --output-file "$info" 2>"$log" || {
  cat "$log"
  exit 1
}
$lcov --extract "$info" "$(pwd)/src/*" "$(pwd)/arch/*" --output-file "$build/lib.info" 2>>"$log"
$lcov --remove "$build/lib.info" '*/src/tool/*' '*/arch/hosted/*' --output-file "$build/lib.info" 2>>"$log"
# formats share files: lcov adds their counts up, so a line counts when any format runs it
awk -v root="$(pwd)/" -v lf="$line_floor" -v bf="$branch_floor" '
  /^SF:/ { file = substr($0, 4); sub(root, "", file) }
  /^LF:/ { l[file] = substr($0, 4) }
  /^LH:/ { lh[file] = substr($0, 4) }
  /^BRF:/ { b[file] = substr($0, 5) }
  /^BRH:/ { bh[file] = substr($0, 5) }
  function pct(h, n) { return n == 0 ? 100 : 100 * h / n }
  END {
    printf "%-36s %14s %18s\n", "file", "lines", "branches"
    for (f in l) {
      row = "%-36s %5d/%-5d %5.1f%% %5d/%-5d %5.1f%%\n"
      printf row, f, lh[f], l[f], pct(lh[f], l[f]), bh[f], b[f], pct(bh[f], b[f]) | "sort"
      tl += l[f]; tlh += lh[f]; tb += b[f]; tbh += bh[f]
    }
    close("sort")
    printf "%-36s %5d/%-5d %5.1f%% %5d/%-5d %5.1f%%\n", "total", tlh, tl, pct(tlh, tl), tbh, tb, pct(tbh, tb)
    ok = (pct(tlh, tl) >= lf) + (pct(tbh, tb) >= bf)
    printf "%d passed, %d failed\n", ok, 2 - ok
    exit ok != 2
  }' "$build/lib.info"
