#!/usr/bin/env bash
# The examples against each other, on loopback.  usage: examples.sh DIRECTORY-OF-THE-PROGRAMS
set -u
BIN=$1
TMP=$(mktemp -d)
FAILED=0 SERVER=
trap '[ -n "$SERVER" ] && kill $SERVER; rm -rf "$TMP"' EXIT

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		FAILED=1 && echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

PORT=$((20000 + $$ % 10000))
HOST=127.0.0.1:$PORT
"$BIN/example_server" 127.0.0.1 $PORT &
SERVER=$!
for _ in $(seq 50); do # until it answers
	timeout 5 "$BIN/example_client" "coap://$HOST/" >/dev/null 2>&1 && break
	sleep 0.1
done

same put "2.04 Changed" "$(printf 'hello' | timeout 10 "$BIN/example_upload" "coap://$HOST/x" 2>&1)"
same get "hello" "$(timeout 10 "$BIN/example_client" "coap://$HOST/x" 2>/dev/null)"
seq 20000 >"$TMP/large" # over 100,000 bytes
timeout 60 "$BIN/example_upload" "coap://$HOST/x" <"$TMP/large" 2>"$TMP/err"
same put-in-blocks "0 2.04 Changed" "$? $(cat "$TMP/err")"
timeout 60 "$BIN/example_client" "coap://$HOST/x" >"$TMP/got" 2>/dev/null
same get-in-blocks "0 yes" "$? $(cmp -s "$TMP/large" "$TMP/got" && echo yes)"

timeout 20 "$BIN/example_observer" "coap://$HOST/x" 2 >"$TMP/observed" 2>/dev/null &
OBSERVER=$!
for _ in $(seq 100); do # until it is registered
	[ -s "$TMP/observed" ] && break
	sleep 0.1
done
printf 'changed' | timeout 10 "$BIN/example_upload" "coap://$HOST/x" 2>/dev/null
wait $OBSERVER
same observe "0 yes" "$? $(cat "$TMP/large" <(printf 'changed') | cmp -s - "$TMP/observed" && echo yes)"

same bad-uri 1 "$(timeout 5 "$BIN/example_client" "http://$HOST/" 2>/dev/null; echo $?)"
exit $FAILED
