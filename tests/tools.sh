#!/bin/sh
# tools.sh - install what the checks need and this machine lacks, with the system's package manager. Says what it does.
set -eu
# command or file that shows a package is there : package
need='gcc:gcc make:make clang:clang clang-format:clang-format clang-tidy:clang-tidy cppcheck:cppcheck
dtc:device-tree-compiler lcov:lcov valgrind:valgrind python3:python3 frama-c:frama-c-base
why3:why3 cvc4:cvc4 z3:z3 
qemu-system-aarch64:qemu-system-arm
aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu
/usr/include/cmocka.h:libcmocka-dev /usr/include/libfdt.h:libfdt-dev
/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a:libclang-rt-14-dev'
missing=''
for pair in $need; do
  probe=${pair%%:*} package=${pair##*:}
  case $probe in
    /*) [ -e "$probe" ] || missing="$missing $package" ;;
    *) command -v "$probe" >/dev/null 2>&1 || missing="$missing $package" ;;
  esac
done
if [ -z "$missing" ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  printf 'missing:%s\nthis machine has no apt-get; install them by hand (names are Debian packages)\n' "$missing" >&2
  exit 1
fi
printf '  INSTALL%s\n' "$missing"
log=$(mktemp)
if ! { DEBIAN_FRONTEND=noninteractive apt-get update &&
       DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  rm -f "$log"
  exit 1
fi
rm -f "$log"
