#!/usr/bin/env bash
# More frames than the port's ring holds while the gateway does not run: what the kernel had no
# room for is counted, though the driver hides it, and the gateway serves on.  Started by
# tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
RING=4096 MORE=2000

missed() { "$CTL" --json ports | grep -o '"rx_missed":[0-9]*' | head -n 1 | cut -d: -f2; }

pid=$(lab_pid)
answer get coap://198.18.0.1/test >/dev/null # the kernel knows the way
before=$(missed)
requests=$(counter rx_frames)
kill -STOP "$pid"
lab_exec bash -c "for ((i = 0; i < $RING + $MORE; i++)); do echo -n x >/dev/udp/198.18.0.1/5683; done"
kill -CONT "$pid"
same flood-served-after 2.05 "$(answer get coap://198.18.0.1/test)"
after=$(missed)
holds flood-missed-counted [ $((after - before)) -ge $((MORE * 9 / 10)) ]
holds flood-none-twice [ $((after - before)) -le $MORE ]
same flood-stays-counted "$after" "$(missed)"
holds flood-rest-came [ $(($(counter rx_frames) - requests)) -ge $RING ]
holds flood-books-close "$CTL" stats --check
finish
