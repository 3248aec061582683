#!/usr/bin/env bash
# The gateway is killed with -9 at random moments under load and started again: every 2.04 that
# a client saw is in the log, and none is there twice.  Started by tests/run.sh.
set -u
TOP=$1 BUILD=$2 TIMES=$3
# shellcheck source=tests/lab/lab.sh
. "$TOP/tests/lab/lab.sh"
CTL="$TOP/$BUILD/control/tidegatectl"
SEEN=$LAB_RUN/acknowledged KEPT=$LAB_RUN/kept

SECONDS_IN_ALL=$((TIMES * 2 + 5))
lab_exec "$TOP/$BUILD/tests/smoke/storm" 198.18.0.1 $SECONDS_IN_ALL "$SEEN" &
storm=$!
kills=0
while kill -0 $storm 2>/dev/null && [ $kills -lt "$TIMES" ]; do
	sleep "0.$((RANDOM % 8 + 2))"
	lab_kill && kills=$((kills + 1))
	lab_start || { echo "FAIL kill9: the gateway did not come back"; exit 1; }
done
wait $storm
lab_stop
"$CTL" --json log cat telemetry --dir "$LAB_RUN/log" | grep -o '"payload":"73[0-9a-f]*"' | cut -d'"' -f4 \
	| sort >"$KEPT.hex"
# payloads as the storm wrote them, in hex
od -An -v -tx1 -w1 "$SEEN" | awk '$1 == "0a" { print line; line = ""; next } { line = line $1 }' | sort >"$SEEN.hex"
seen=$(wc -l <"$SEEN.hex")
missing=$(comm -23 <(uniq "$SEEN.hex") <(uniq "$KEPT.hex") | wc -l)
twice=$(uniq -d "$KEPT.hex" | wc -l)
echo "kill9: $kills kills, $seen acknowledged, $missing missing, $twice logged twice"
[ "$kills" -ge "$TIMES" ] && [ "$seen" -gt 100 ] && [ "$missing" = 0 ] && [ "$twice" = 0 ] \
	&& { echo "ok kill9"; exit 0; }
echo "FAIL kill9"
exit 1
