#!/usr/bin/env bash
# The gateway ends under load and comes back, by kill -9 at random moments and by SIGTERM: every
# 2.04 that a client saw is in the log, and nothing is there twice, though what was in flight is
# sent again with the same Message ID.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"

# restart NAME TIMES WAY-TO-END
restart() {
	local ends=0 i
	storm_begin 198.18.0.1 "$1"
	for i in $(seq "$2"); do
		sleep "0.$((RANDOM % 8 + 2))"
		"$3" && ends=$((ends + 1))
		lab_start || { echo "FAIL $1: the gateway did not come back ($i)"; FAILED=$((FAILED + 1)); break; }
	done
	sleep 0.7 # what was in flight is sent again
	storm_end
	same "$1-times" "$2" "$ends"
	storm_judge "$1"
}

restart kill9 20 lab_kill
restart sigterm 5 lab_stop
holds log-verify "$CTL" log verify
finish
