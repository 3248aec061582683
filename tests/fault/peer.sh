#!/usr/bin/env bash
# The process behind a port is killed under load and started again: the gateway goes on serving,
# on that port and on its others.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
TIMES=10

# It is about who is served, not how fast: a rate that a slow disk bears, and time for the last answers.
# fleet SEED SECONDS: sets FLEET to the command; seeds that follow one another share no Message IDs
fleet() {
	FLEET=("$TOP/$BUILD/bench/tidegate-bench" run "--$DRIVER" "$LAB_RUN/fleet0.sock" --devices 5000
		--rate 5000 --seed "$1" --seconds "$2" --grace 20 --json)
}

# Does the gateway answer on its other port, if not at once?
serves() {
	local n
	for n in 1 2 3 4 5; do lab_pings 198.18.0.1 && return; sleep "0.$n"; done
	return 1
}

# peer DRIVER
peer() {
	local i pid said alive=0
	DRIVER=$1 LAB_PORT=${lab_vhost/driver: vhost/driver: $1}
	lab_stop
	rm -rf "$LAB_LOG" # the seeds come again, and so do the Message IDs that it remembers
	holds "$1-start" lab_start
	pid=$(lab_pid)
	for i in $(seq $TIMES); do
		fleet "$i" 30
		"${FLEET[@]}" >/dev/null 2>&1 9<&- &
		sleep "1.$((RANDOM % 9))"
		kill -KILL $!
		wait $! 2>/dev/null
		[ "$(lab_pid)" = "$pid" ] && serves && alive=$((alive + 1))
	done
	same "$1-served-after-each" $TIMES $alive
	fleet 0 2
	said=$("${FLEET[@]}" 2>/dev/null 9<&-)
	same "$1-new-peer-all-served" '"refused":0,"lost":0' "$(grep -o '"refused":0,"lost":0' <<<"$said")"
	holds "$1-new-peer-its-rate" [ "$(sed -E 's/.*"answered":([0-9]+).*/\1/' <<<"$said")" -gt 7500 ]
	holds "$1-books-close" "$CTL" stats --check
}

peer vhost
peer memif
LAB_PORT=
lab_stop
holds back-to-the-lab lab_start
finish
