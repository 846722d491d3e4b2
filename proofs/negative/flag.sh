#!/bin/sh
# flag.sh FLAG - flags/FLAG.c must fail with CBMC's --FLAG, and not without it: a check that is off would be seen.
set -u
flag=$1
PATH=$(sh proofs/tools/install-cbmc.sh --bin):$PATH || exit 1
grep -q -e "--$flag" proofs/cbmc/flags || { echo "--$flag is not among proofs/cbmc/flags"; exit 1; }
common="--function harness --no-standard-checks --unwind 3 proofs/negative/flags/$flag.c"
timeout 60 cbmc $common | grep -q '^VERIFICATION SUCCESSFUL' || { echo "fails without --$flag"; exit 1; }
timeout 60 cbmc $common "--$flag" | grep -E ': FAILURE$' || { echo "does not fail with --$flag"; exit 1; }
