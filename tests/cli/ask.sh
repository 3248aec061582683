#!/usr/bin/env bash
# tidegatectl get, put, ..., observe and ping against a device on loopback.
# usage: ask.sh DIRECTORY-OF-THE-PROGRAMS DEVICE
set -u
CTL=$1/tidegatectl DEVICE=$2
TMP=$(mktemp -d)
PASSED=0 FAILED=0
mkfifo "$TMP/stdin"
"$DEVICE" 127.0.0.1 <"$TMP/stdin" >"$TMP/port" &
exec 8>"$TMP/stdin" # the device ends with this script
trap 'exec 8>&-; rm -rf "$TMP"' EXIT
for _ in $(seq 100); do
	[ -s "$TMP/port" ] && break
	sleep 0.05
done
PORT=$(cat "$TMP/port")
U=coap://127.0.0.1:$PORT

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		PASSED=$((PASSED + 1)) && echo "ok $1"
	else
		FAILED=$((FAILED + 1)) && echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}
# gives NAME STATUS OUTPUT ARGUMENT...: exit code and both outputs
gives() {
	local name=$1 status=$2 want=$3 got
	shift 3
	got=$(timeout 60 "$CTL" "$@" 2>&1)
	same "$name" "$status $want" "$? $got"
}
# holds NAME STATUS PATTERN ARGUMENT...: a line of what it prints
holds() {
	local name=$1 status=$2 pattern=$3 got rc
	shift 3
	got=$(timeout 60 "$CTL" "$@" 2>&1)
	rc=$?
	same "$name" "$status yes" "$rc $(grep -qE -- "$pattern" <<<"$got" && echo yes || echo "no: ${got:0:300}")"
}

gives get 0 21.5 get "$U/text"
gives get-non 0 21.5 get -t non "$U/text"
holds get-json 0 '^\{"outcome":"response","code":"2.05","name":"Content","options":\[\{"number":12,"name":"Content-Format","hex":"","value":0\}\],"payload":"32312e35","elapsed_ms":[0-9.]+\}$' get --json "$U/text"
gives get-missing 1 "4.04 Not Found: no such thing" get "$U/missing"
holds get-missing-json 1 '^\{"outcome":"response","code":"4.04"' get --json "$U/missing"
gives get-separate 0 later get "$U/separate"
gives get-echo 0 21.5 get "$U/echo"
gives get-lossy 0 21.5 get "$U/lossy"
gives get-reset 1 "$U/reset: rejected with a reset" get "$U/reset"
gives get-silent 4 "$U/silent: no answer in time" get --timeout 0.3 "$U/silent"
gives get-silent-json 4 "{\"error\":{\"code\":\"timeout\",\"message\":\"$U/silent: no answer in time\"}}" get --timeout 0.3 --json "$U/silent"
gives get-nobody 1 "coap://127.0.0.1:1/: Connection refused" get coap://127.0.0.1:1/
gives get-large 0 "$("$CTL" get "$U/large")" get -b 2 "$U/large"
same get-large-size 5000 "$("$CTL" get "$U/large" | wc -c)"

"$CTL" get "$U/large" >"$TMP/large"
gives put-large 0 "2.04 Changed" put -f "$TMP/large" "$U/large"
gives put-large-small-blocks 0 "2.04 Changed" put -b 0 -f "$TMP/large" "$U/large"
same put-stdin "2.04 Changed" "$("$CTL" put -f - "$U/large" <"$TMP/large")"
seq 5000 >"$TMP/other"
holds put-too-large 1 '^4.13 Request Entity Too Large' put -f "$TMP/other" "$U/large"

# what is sent: type, code, options and payload
gives sends-get 0 0:1:b66d6972726f72 get "$U/mirror"
gives sends-non 0 1:1:b66d6972726f72 get -t non "$U/mirror"
gives sends-post 0 0:2:b66d6972726f72ff6869 post -e hi "$U/mirror"
gives sends-put 0 0:3:b66d6972726f72ff6869 put -e hi "$U/mirror"
gives sends-delete 0 0:4:b66d6972726f72 delete "$U/mirror"
gives sends-fetch 0 0:5:b66d6972726f72ff6869 fetch -e hi "$U/mirror"
gives sends-patch 0 0:6:b66d6972726f72ff6869 patch -e hi "$U/mirror"
gives sends-ipatch 0 0:7:b66d6972726f72ff6869 ipatch -e hi "$U/mirror"
gives sends-content-format 0 0:2:b66d6972726f721132ff6869 post -c 50 -e hi "$U/mirror"
gives sends-content-format-0 0 0:2:b66d6972726f7210ff6869 post -c 0 -e hi "$U/mirror"
gives sends-accept 0 0:1:b66d6972726f72613c get -a 60 "$U/mirror"
gives sends-accept-two-bytes 0 0:1:b66d6972726f72622b0a get -a 11018 "$U/mirror"
gives sends-option 0 0:1:41ab766d6972726f72 get -O 4,ab "$U/mirror"
gives sends-query 0 0:1:b66d6972726f7243783d31 get "$U/mirror?x=1"
gives sends-block-size 0 0:1:b66d6972726f72c102 get -b 2 "$U/mirror"

gives observe 0 $'first\nsecond\nthird' observe --count 3 "$U/obs"
gives observe-one 0 first observe --count 1 "$U/obs"
gives observe-seconds 0 $'first\nsecond\nthird' observe --seconds 0.5 "$U/obs"
gives observe-ended 1 $'first\nsecond\nthird\n4.04 Not Found' observe "$U/obs-ends"
gives observe-not 1 $'21.5\n'"$U/text: not observed any longer" observe "$U/text"
gives observe-silent 4 "$U/silent: no answer in time" observe --timeout 0.3 "$U/silent"
gives observe-silent-seconds 4 "$U/silent: no answer in time" observe --seconds 0.3 "$U/silent"
same observe-json 3 "$("$CTL" observe --count 3 --json "$U/obs" | grep -c '^{"outcome":"notification","code":"2.05"')"
same observe-interrupted "0 first second third" "$(timeout --preserve-status -s INT 1 "$CTL" observe "$U/obs" >"$TMP/seen"; echo "$? $(tr '\n' ' ' <"$TMP/seen" | sed 's/ $//')")"

holds ping 0 "^$U/ answers after [0-9.]+ ms\$" ping "$U/"
holds ping-json 0 '^\{"outcome":"pong","elapsed_ms":[0-9.]+\}$' ping --json "$U/"
gives ping-nobody 1 "coap://127.0.0.1:1/: Connection refused" ping coap://127.0.0.1:1/

gives no-uri 2 "get: URI is missing; usage: get [-t con|non] [-a N] [-b SZX] [-O NUM,HEX]... [--timeout S] URI" get
holds bad-uri 2 '^get: http://127.0.0.1/: ' get http://127.0.0.1/
gives coaps 2 "get: coaps is not spoken here" get coaps://127.0.0.1/
gives bad-type 2 'get: a type is con or non, not "ack"' get -t ack "$U/text"
gives bad-block 2 'get: -b wants 0 (16 bytes) to 6 (1,024 bytes)' get -b 7 "$U/text"
gives block-no-number 2 'get: -b wants a number, not "x"' get -b x "$U/text"
gives block-no-number-of-a-payload 2 'post: -b wants a number, not "2x"' post -b 2x -e hi "$U/mirror"
gives bad-accept 2 'get: a content-format is 0 to 65535' get -a 65536 "$U/text"
gives bad-option 2 'get: -O wants NUM,HEX, not "x"' get -O x "$U/text"
gives block-as-option 2 'get: -O has no blocks: -b says how long they are' get -O 23,02 "$U/text"
gives payload-twice 2 'put: -e or -f, not both' put -e hi -f "$TMP/large" "$U/text"
gives no-file 1 "$TMP/none: No such file or directory" put -f "$TMP/none" "$U/text"
holds no-host 1 '^none.invalid: ' get coap://none.invalid/
if [ -e /proc/net/if_inet6 ] && grep -q 'lo$' /proc/net/if_inet6; then
	mkfifo "$TMP/stdin6"
	"$DEVICE" ::1 <"$TMP/stdin6" >"$TMP/port6" &
	exec 7>"$TMP/stdin6"
	for _ in $(seq 100); do
		[ -s "$TMP/port6" ] && break
		sleep 0.05
	done
	gives get-ipv6 0 21.5 get "coap://[::1]:$(cat "$TMP/port6")/text"
	exec 7>&-
else
	echo "skip get-ipv6: no IPv6 on loopback"
fi
echo "ask: $PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 50 ]
