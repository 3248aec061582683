#!/usr/bin/env bash
# A trace to a file, against the lab's gateway: the file read back, block by block, holds what went
# over the wire; and what ends a trace.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
READ=$TOP/$BUILD/tests/smoke/pcapng
DIR=$(mktemp -d)
TRACE=
# shellcheck disable=SC2317 # called by the trap
end() {
	[ -n "$TRACE" ] && kill -KILL "$TRACE" 2>/dev/null
	rm -rf "$DIR"
}
trap end EXIT
trap 'exit 130' INT TERM

# trace FILE ARGUMENT...: a trace in the background, armed when this returns
trace() {
	local file=$DIR/$1
	shift
	rm -f "$file"
	"$CTL" --json trace --pcapng "$file" "$@" >"$file.out" 2>"$file.err" &
	TRACE=$!
	for _ in $(seq 100); do
		[ -s "$file" ] && return 0
		kill -0 $TRACE 2>/dev/null || break
		sleep 0.05
	done
	echo "FAIL trace $*: $(cat "$file.err")"
	FAILED=$((FAILED + 1))
}
# over NAME STATUS [SIGNAL]: it ends, with that exit code
over() {
	[ -n "${3:-}" ] && kill "-$3" $TRACE
	wait $TRACE
	same "$1" "$2" $?
	TRACE=
}
said() { grep -o "\"$2\":[^,}]*" "$DIR/$1.out" | cut -d: -f2- | tr -d '"'; }
lines() { "$READ" "$DIR/$1" | grep -cE "$2"; }
request() { "$CTL" encode --mid "$2" --token "$3" "coap://198.18.0.1$1"; }
ask() { lab_exec "$DGRAM" --source "$1" "$AT" "$2"; }

# both ADDRESS SUFFIX BYTES: the file has datagram and answer, behind so many bytes of headers
both() {
	local x=$2 at there back got before after
	AT=$1 at=$((2 * $3))
	before=$(date +%s%N)
	trace "file$x" --path /test
	there=$(request /test 4660 abcd)
	back=$(ask 21001 "$there")
	ask 21001 "$(request /seg1/seg2/seg3 4661 abce)" >/dev/null
	sleep 0.3
	over "trace-terminated$x" 0 TERM
	after=$(date +%s%N)
	holds "trace-file-is-whole$x" "$READ" "$DIR/file$x"
	got=$("$READ" "$DIR/file$x" | awk -v at=$at '$1 == "heard" || $1 == "sent" { print $1, substr($4, at + 1) }' | tr '\n' ' ')
	same "trace-bytes$x" "heard $there sent $back " "$got"
	same "trace-says-frames$x" 2 "$(said "file$x" frames)"
	same "trace-says-bytes$x" "$(stat -c %s "$DIR/file$x")" "$(said "file$x" bytes)"
	same "trace-statistics$x" 'statistics 0 2 0' "$("$READ" "$DIR/file$x" | grep -E '^statistics 0 ')"
	same "trace-times$x" yes "$("$READ" "$DIR/file$x" | awk -v a="$before" -v b="$after" '
		$1 == "heard" { h = $3 } $1 == "sent" { s = $3 }
		END { print (a <= h && h <= s && s <= b) ? "yes" : a " " h " " s " " b }')"
}
both 198.18.0.1 "" 42
both 2001:2::1 -ipv6 62
same trace-interface "interface lab0 $("$CTL" --json ports | grep -o '"mac":"[^"]*' | head -n 1 | cut -d'"' -f4 | tr -d :)" \
	"$("$READ" "$DIR/file" | grep interface | head -n 1)"
same trace-application "section tidegatectl $("$CTL" version | awk '{print $2}')" "$("$READ" "$DIR/file" | head -n 1)"

# ---- what a filter leaves out, and what follows what it takes
AT=198.18.0.1
trace peer --peer 198.18.0.2:21002
for mid in 4700 4701 4702; do ask $((21000 + mid % 3)) "$(request /test $mid 01)" >/dev/null; done
sleep 0.3
over trace-peer-ends 0 TERM
same trace-peer '1 1' "$(lines peer '^heard') $(lines peer '^sent')"
trace slow --path /separate
lab_exec "$DGRAM" --source 21004 --timeout 3000 $AT "$(request /separate 4710 02)" 60001266 >/dev/null
sleep 0.3
over trace-separate-ends 0 TERM
same trace-separate yes "$([ "$(lines slow '^heard')" -ge 1 ] && [ "$(lines slow '^sent')" -ge 2 ] && echo yes)"
trace token --token 03 -c 2
ask 21005 "$(request /test 4720 04)" >/dev/null
ask 21005 "$(request /test 4721 03)" >/dev/null
over trace-so-many 0
same trace-token 2 "$(said token frames)"
trace seconds --seconds 2
lab_exec ping -c 1 -W 2 198.18.0.1 >/dev/null
over trace-so-long 0
holds trace-everything [ "$(lines seconds '^(heard|sent)')" -ge 2 ]
same trace-standard-output 2 "$(timeout 10 "$CTL" trace --pcapng - -c 2 --token 05 2>/dev/null >"$DIR/out" & t=$!
	for i in $(seq 20); do ask 21007 "$(request /test $((4740 + i)) 05)" >/dev/null; kill -0 $t 2>/dev/null || break; done
	wait $t; "$READ" "$DIR/out" | grep -cE '^(heard|sent)')"

trace int --path /test
ask 21010 "$(request /test 4765 08)" >/dev/null
sleep 0.3
over trace-interrupted 0 INT
same trace-interrupted-frames 2 "$(lines int '^(heard|sent)')"

# ---- who may, and what ends it
trace first
same trace-one-at-a-time '1 trace: another client traces to a file: one at a time' \
	"$(got=$("$CTL" trace --pcapng "$DIR/second" 2>&1); echo "$? $got")"
same trace-refused-makes-no-file no "$([ -e "$DIR/second" ] && echo yes || echo no)"
kill -KILL $TRACE
wait $TRACE 2>/dev/null
TRACE=
trace second
over trace-killed-gives-way 0 TERM
holds trace-cannot-write grep -q 'Is a directory' <("$CTL" trace --pcapng "$DIR" 2>&1)
same trace-disk-full 1 "$(timeout 10 "$CTL" trace --pcapng /dev/full --seconds 0.1 >/dev/null 2>&1; echo $?)"
same trace-over-an-hour 2 "$(status_of "$CTL" trace --pcapng "$DIR/hour" --seconds 3601)"
trace reload --path /test
"$CTL" conf reload >/dev/null
ask 21008 "$(request /test 4760 06)" >/dev/null
sleep 0.3
over trace-over-a-reload 0 TERM
same trace-reload-frames 2 "$(said reload frames)"
holds trace-books-close "$CTL" stats --check
# the gateway is stopped under it: what there was is in a file that is whole
trace stop
ask 21009 "$(request /test 4770 07)" >/dev/null
sleep 0.3
lab_stop >/dev/null 2>&1
over trace-gateway-stops 3
holds trace-stopped-is-whole "$READ" "$DIR/stop"
same trace-stopped-frames yes "$([ "$(lines stop '^(heard|sent)')" -ge 2 ] && echo yes)"
finish
