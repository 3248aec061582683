#!/usr/bin/env bash
# A worker on a vhost port makes no system call, under load and at rest: strace looks on for two
# seconds each.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
CONF=$LAB_RUN/vhost.yaml

# calls TID: how many system calls strace saw it make
calls() {
	strace -c -p "$1" -o "$LAB_RUN/strace" 2>/dev/null &
	sleep 2
	kill -INT $!
	wait $!
	awk '$NF == "total" { n = $4 ~ /^[0-9]+$/ ? $4 : $3 } END { print n + 0 }' "$LAB_RUN/strace"
}

worker() { grep -l worker- "/proc/$1/task"/*/comm | head -n 1 | cut -d/ -f5; }

lab_stop
LAB_PORT=$lab_vhost
lab_config
sed -e '/driver: af_packet/d' -e 's/^workers: .*/workers: 1/' -e '1i idle: poll' "$LAB_RUN/lab.yaml" >"$CONF"
RUNTIME_DIRECTORY=$LAB_RUN "$TOP/$BUILD/control/tidegated" -c "$CONF" >>"$LAB_RUN/out" 2>&1 9<&- &
gateway=$!
for _ in $(seq 100); do
	"$CTL" status >/dev/null 2>&1 && break
	sleep 0.05
done
"$TOP/$BUILD/bench/tidegate-bench" run --vhost "$LAB_RUN/fleet0.sock" --devices 5000 --rate 10000 --seconds 5 \
	--core 0 --json >"$LAB_RUN/fleet" 2>&1 9<&- &
fleet=$!
sleep 2.5
before=$(counter answered)
same no-calls-under-load 0 "$(calls "$(worker $gateway)")"
holds answered-meanwhile [ "$(counter answered)" -gt $((before + 1000)) ]
wait $fleet
same answers-are-right '"wrong":0' "$(grep -o '"wrong":0' "$LAB_RUN/fleet")" # strace holds threads up: NONs may be lost
same no-calls-at-rest 0 "$(calls "$(worker $gateway)")"
kill $gateway && wait $gateway
LAB_PORT=
holds back-to-the-lab lab_start
finish
