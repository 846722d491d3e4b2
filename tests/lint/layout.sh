#!/bin/sh
# layout.sh - what the design forbids, checked by name: the top level, and words that must not appear in the core.
set -u
bad=0
say() {
  printf '%s\n' "$*"
  bad=1
}
top=$(git ls-files | cut -d/ -f1 | grep -v '^\.' | sort -u | tr '\n' ' ')
want='CHANGELOG.md LICENSE Makefile README.md arch include proofs specs src tests '
# proofs/ arrives with the first proof
[ "$top" = "$want" ] || [ "$top" = "$(printf '%s' "$want" | sed 's/proofs //')" ] || say "top level is: $top"
core=$(git ls-files 'src/*.c' 'src/*.h' 'include/*.h' | grep -v '^src/tool/')
for f in $core; do
  # comments do not count; annotations are comments
  code=$(sed -e 's://.*$::' "$f" | awk 'BEGIN{RS="/\\*"} NR==1{printf "%s",$0; next} {i=index($0,"*/"); printf "%s",substr($0,i+2)}')
  for word in malloc calloc realloc 'free(' goto setjmp uintptr_t memcpy memset printf assert abort '__builtin_trap'; do
    if printf '%s' "$code" | grep -qE "(^|[^a-z_])$(printf '%s' "$word" | sed 's/[(]/[(]/g')"; then
      say "$f: $word"
    fi
  done
  if printf '%s' "$code" | grep -qE '\(\*[a-z_]+\)\('; then
    say "$f: function pointer"
  fi
done
# shifts and masks belong to arch/*/entry.h and geometry; the core adds, multiplies and compares
for f in $(git ls-files 'src/*.c' | grep -v '^src/tool/'); do
  sed -e 's://.*$::' "$f" | awk 'BEGIN{RS="/\\*"} NR==1{printf "%s",$0; next} {i=index($0,"*/"); printf "%s",substr($0,i+2)}' |
    grep -nE '<<|>>' | grep -v 'include' && say "$f: shift in the core"
done
[ $bad -eq 0 ]
