#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# guest-init.sh - PID 1 of the test guest: says that it lives, makes memory pressure and checks every byte, powers off.
#
# The kernel command line sets workers (1..8, processes at a time), files (1..8, of 1 MiB per worker) and rounds; 0
# rounds leaves the stress out. Each file is the seed of newc.py turned by its own offset, and its MD5 sum was taken
# outside the guest: a stale or lost page gives another sum. Closing lines: INIT-OK, then STRESS-OK or STRESS-BAD.
export PATH=/bin
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs -o size=90% tmp /tmp
echo "INIT-OK $(busybox uname -a) up $(busybox cut -d ' ' -f 1 /proc/uptime) cpus $(busybox nproc)"
workers=${workers:-2} files=${files:-6} rounds=${rounds:-1}

# One process: writes all its files, then checks all of them, so that each page has had time to be evicted in between.
worker() {
  round=0
  while [ "$round" -lt "$rounds" ]; do
    k=0
    while [ "$k" -lt "$files" ]; do
      turn=$(((1 + $1 * 8 + k) * 12289))
      { busybox tail -c "+$((turn + 1))" /seed; busybox head -c "$turn" /seed; } >"/tmp/$1.$k" || return 1
      k=$((k + 1))
    done
    busybox head -n "$files" "/sums.$1" | busybox md5sum -c -s || return 1
    busybox rm -f /tmp/"$1".*
    round=$((round + 1))
  done
}

bad=0 w=0 pids=''
while [ "$w" -lt "$workers" ]; do
  worker "$w" &
  pids="$pids $!"
  w=$((w + 1))
done
for p in $pids; do
  wait "$p" || bad=$((bad + 1))
done
verdict=OK
[ "$bad" -eq 0 ] || verdict=BAD
echo "STRESS-$verdict workers $workers files $files rounds $rounds bad $bad up $(busybox cut -d ' ' -f 1 /proc/uptime)"
busybox poweroff -f
