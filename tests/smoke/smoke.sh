#!/usr/bin/env bash
# Smoke tests in the lab: raw datagrams and Debian's coap-client against a running gateway.
# Started by tests/run.sh with the lab up; prints "ok NAME" or "FAIL NAME: ..." for each case.
set -u
TOP=$1 BUILD=$2
CTL="$TOP/$BUILD/control/tidegatectl"
DGRAM="$TOP/$BUILD/tests/smoke/dgram"
PASSED=0 FAILED=0
R=$((RANDOM * 32768 + RANDOM)) # device names that no earlier run has used
MID=$((RANDOM % 20000))

on_devices() { ip netns exec tg-devices "$@"; }
send() { on_devices "$DGRAM" "$@"; }

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		PASSED=$((PASSED + 1))
		echo "ok $1"
	else
		FAILED=$((FAILED + 1))
		echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

mid() { MID=$((MID + 1)); }
enc() { "$CTL" encode --mid "$MID" --token 5a "$@"; } # a request's hex

# code ADDRESS ENCODE-ARGS...: the answer's code, "RST", or "-" for silence
code() {
	local at=$1 reply
	shift
	mid
	reply=$(send --timeout 400 "$at" "$(enc "$@")")
	[ "$reply" = - ] && { echo -; return; }
	"$CTL" decode "$reply" | sed -E 's/.*"type":"([A-Z]+)","code":"([0-9.]+)".*/\1 \2/; s/^(ACK|NON) //; s/^RST.*/RST/'
}
counter() { "$CTL" --json stats --all | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }
records() { "$CTL" --json log cat | grep -c "\"device\":\"$1\""; }

for at in 198.18.0.1 2001:2::1; do
	uri=coap://$at
	[ "$at" = 2001:2::1 ] && uri="coap://[$at]"
	six=${at//[^:]/}

	# the message layer (RFC 7252, 4.2 and 4.3)
	same "ping$six" 70000001 "$(send $at 40000001)"
	same "con-malformed-rst$six" 70000102 "$(send $at 49010102)"
	same "con-marker-without-payload-rst$six" 70000103 "$(send $at 40010103ff)"
	same "con-reserved-option-nibble-rst$six" 70000104 "$(send $at 40010104f0000000ff01)"
	same "con-empty-with-tail-rst$six" 70000105 "$(send $at 4000010500)"
	same "non-malformed-silent$six" - "$(send --timeout 200 $at 59010106)"
	same "version-2-silent$six" - "$(send --timeout 200 $at 80010107)"
	same "short-silent$six" - "$(send --timeout 200 $at 400101)"
	same "con-class-1-rst$six" 70000108 "$(send $at 40210108)"
	same "con-class-6-rst$six" 70000109 "$(send $at 40c10109)"
	same "con-class-7-rst$six" 7000010a "$(send $at 40e1010a)"
	same "non-class-7-silent$six" - "$(send --timeout 200 $at 50e1010b)"
	same "con-response-rst$six" 7000010c "$(send $at 4045010c)"
	same "ack-silent$six" - "$(send --timeout 200 $at 6000010d)"
	same "rst-silent$six" - "$(send --timeout 200 $at 7000010e)"

	# options and codes
	same "get-static$six" 2.05 "$(code $at $uri/test)"
	same "non-get-static$six" 2.05 "$(code $at -t non $uri/test)"
	same "put-static$six" 2.04 "$(code $at -m put -e x $uri/test)"
	same "delete-static$six" 2.02 "$(code $at -m delete $uri/test)"
	same "critical-unknown$six" 4.02 "$(code $at -O 9999,00 $uri/test)"
	same "critical-repeated$six" 4.02 "$(code $at -O 17,00 -O 17,00 $uri/test)"
	same "critical-ill-sized$six" 4.02 "$(code $at -O 17,010203 $uri/test)"
	same "critical-unknown-non-silent$six" - "$(code $at -t non -O 9999,00 $uri/test)"
	same "elective-unknown$six" 2.05 "$(code $at -O 10000,00 $uri/test)"
	same "not-found$six" 4.04 "$(code $at $uri/nowhere)"
	same "method-not-allowed$six" 4.05 "$(code $at $uri/t/x$R)"
	same "method-unknown$six" 4.05 "$(mid; "$CTL" decode "$(send $at "4019$(printf %04x $MID)b474657374")" | grep -o '4\.05')"
	same "not-acceptable$six" 4.06 "$(code $at -O 17,32 $uri/test)"
	same "too-large$six" 4.13 "$(code $at -m put -e "$(printf 'x%.0s' $(seq 1030))" $uri/d/s$R/big)"
	same "unsupported-format$six" 4.15 "$(code $at -m put -O 12,3c -e x $uri/formats)"
	same "path-dots$six" 4.02 "$(code $at -m put -O 11,2e2e -e x $uri/d/s$R)"
	same "path-three-dots$six" 2.01 "$(code $at -m put -O 11,2e2e2e -e x $uri/d/dots$R${#six})"
	same "if-none-match-static$six" 4.12 "$(code $at -m put -O 5, -e x $uri/test)"
	same "if-match-static$six" 2.04 "$(code $at -m put -O 1, -e x $uri/test)"
	same "if-match-stream$six" 4.12 "$(code $at -m post -O 1, -e x $uri/t/x$R)"
	same "if-none-match-stream$six" 2.04 "$(code $at -m post -O 5, -e x $uri/t/x$R)"
	same "no-proxy$six" 5.05 "$(code $at -O 39,636f6170 $uri/test)"

	# the store
	d=$uri/d/s$R${#six}
	same "get-absent$six" 4.04 "$(code $at $d/v)"
	same "put-creates$six" 2.01 "$(code $at -m put -O 12,32 -e one $d/v)"
	same "put-changes$six" 2.04 "$(code $at -m put -O 12,32 -e two $d/v)"
	same "get-stored$six" 2.05 "$(code $at $d/v)"
	same "get-accept$six" 2.05 "$(code $at -O 17,32 $d/v)"
	same "get-accept-other$six" 4.06 "$(code $at -O 17,29 $d/v)"
	mid
	etag=$("$CTL" decode "$(send $at "$(enc $d/v)")" | grep -o '"name":"ETag","hex":"[0-9a-f]*"' | grep -oE '[0-9a-f]{16}')
	same "etag-valid$six" 2.03 "$(code $at -O 4,$etag $d/v)"
	same "if-match$six" 2.04 "$(code $at -m put -O 1,$etag -e three $d/v)"
	same "if-match-stale$six" 4.12 "$(code $at -m put -O 1,$etag -e four $d/v)"
	same "if-none-match$six" 4.12 "$(code $at -m put -O 5, -e five $d/v)"
	same "if-none-match-absent$six" 2.01 "$(code $at -m put -O 5, -e five $d/w)"
	same "put-empty$six" 2.01 "$(code $at -m put $d/empty)"
	same "put-1024$six" 2.01 "$(code $at -m put -e "$(printf 'y%.0s' $(seq 1024))" $d/long)"
	same "get-1024$six" 1024 "$(on_devices coap-client-notls -B 3 -m get $d/long 2>/dev/null | tr -d '\n' | wc -c)"
	same "device-listing$six" 4 "$(on_devices coap-client-notls -B 3 -m get $d 2>/dev/null | grep -o '</d/' | wc -l)"
	same "delete-stored$six" 2.02 "$(code $at -m delete $d/v)"
	same "get-deleted$six" 4.04 "$(code $at $d/v)"

	# values that the log keeps; with two workers half of them live at the other one
	logged=$(for i in 1 2 3 4 5 6 7 8; do code $at -m put -e x $uri/l/s$R${#six}$i/v; done | sort | uniq -c)
	same "logged-values$six" "8 2.01" "$(echo $logged)"

	# nothing runs twice
	mid
	post=$(enc -m post -e once $uri/t/dup$R${#six})
	before=$(counter dup_replayed)
	replies=$(send --source 40001 $at $post $post $post | sort -u | wc -l)
	same "duplicate-con-same-bytes$six" 1 "$replies"
	same "duplicate-con-counted$six" 2 "$(($(counter dup_replayed) - before))"
	same "duplicate-con-one-record$six" 1 "$(records dup$R${#six})"
	mid
	post=$(enc -t non -m post -e once $uri/t/dupn$R${#six})
	same "duplicate-non-silent$six" "1 1" "$(send --timeout 300 --source 40002 $at $post $post | awk '$0=="-"{s++} $0!="-"{a++} END{print a+0, s+0}')"
	same "duplicate-non-one-record$six" 1 "$(records dupn$R${#six})"

	# real clients
	same "client-put-get$six" hello "$(on_devices coap-client-notls -B 3 -m put -e hello $d/c && on_devices coap-client-notls -B 3 -m get $d/c)"
	same "client-post$six" "" "$(on_devices coap-client-notls -B 3 -m post -e 21.5 $uri/t/cl$R 2>&1)"
	same "client-delete$six" "" "$(on_devices coap-client-notls -B 3 -m delete $d/c 2>&1)"
	same "client-segments$six" segments "$(on_devices coap-client-notls -B 3 -m get $uri/seg1/seg2/seg3)"
	same "client-query$six" "a=1b=2" "$(on_devices coap-client-notls -B 3 -m get "$uri/query?a=1&b=2" | tr -d '\n')"
	same "client-core$six" 3 "$(on_devices coap-client-notls -B 3 -m get $uri/.well-known/core | grep -oE '</link[123]>' | wc -l)"
	same "kernel-ping$six" 0 "$(on_devices ping -c 1 -W 1 $at >/dev/null; echo $?)"
done

same "post-location" "2.01 location1 location2 location3" "$(mid; "$CTL" decode "$(send 198.18.0.1 "$(enc -m post -e x coap://198.18.0.1/test)")" | grep -oE '"code":"[0-9.]+"|"value":"location[0-9]"' | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//')"
same "broadcast-silent" - "$(send --timeout 200 198.19.255.255 "$(enc coap://198.18.0.1/nowhere)")"
same "padding-and-fragments" 0 "$(on_devices ping -c 1 -W 1 -s 3000 198.18.0.1 >/dev/null; [ $? -le 1 ]; echo $?)"

# the operator's tools
same "check-closes" 0 "$("$CTL" stats --check >/dev/null; echo $?)"
same "log-verify" 0 "$("$CTL" log verify >/dev/null; echo $?)"
same "devices-show" 0 "$("$CTL" devices show cl$R >/dev/null; echo $?)"
same "devices-kick" 0 "$("$CTL" devices kick cl$R >/dev/null; echo $?)"
same "devices-gone" 1 "$("$CTL" devices show cl$R >/dev/null 2>&1; echo $?)"
same "store-get" 0 "$("$CTL" store get "/d/s${R}0/w" >/dev/null; echo $?)"
for c in status stats drops latency cores ports mem "devices count" "devices list" "store ls" "log ls" "conf show" "top"; do
	# shellcheck disable=SC2086
	same "json-$c" 0 "$("$CTL" --json $c >/dev/null; echo $?)"
done
same "clear-counters" 0 "$("$CTL" clear counters >/dev/null && counter executed)"
same "unknown-command" 2 "$("$CTL" statsu >/dev/null 2>&1; echo $?)"
same "nearest-command" stats "$("$CTL" statsu 2>&1 | grep -o '"stats"' | tr -d '"')"
same "no-gateway" 3 "$("$CTL" --socket /nonexistent/socket status >/dev/null 2>&1; echo $?)"
echo "smoke: $PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 100 ]
