#!/usr/bin/env bash
# tidegatectl where no gateway is needed: its grammar, its exit codes, decode and encode, and a
# log's directory.  usage: cli.sh DIRECTORY-OF-THE-PROGRAMS DATAGRAMS MKLOG
set -u
CTL=$1/tidegatectl D=$1/tidegated DATAGRAMS=$2 MKLOG=$3
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
export TIDEGATE_SOCKET=$TMP/none.sock
PASSED=0 FAILED=0

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		PASSED=$((PASSED + 1)) && echo "ok $1"
	else
		FAILED=$((FAILED + 1)) && echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}
# says NAME STATUS MESSAGE ARGUMENT...: the exit code, the one line on standard error, and nothing on
# standard output
says() {
	local name=$1 status=$2 want=$3 got
	shift 3
	got=$("$CTL" "$@" 2>&1 >"$TMP/out")
	same "$name" "$status $want" "$? $got$(head -c 300 "$TMP/out")"
}
# gives NAME WANT ARGUMENT...: standard output of what succeeds
gives() {
	local name=$1 want=$2
	shift 2
	same "$name" "$want 0" "$("$CTL" "$@" 2>&1) $?"
}
# holds NAME STATUS PATTERN ARGUMENT...: a line of what it prints
holds() {
	local name=$1 status=$2 pattern=$3 got rc
	shift 3
	got=$("$CTL" "$@" 2>&1)
	rc=$?
	same "$name" "$status yes" "$rc $(grep -qE -- "$pattern" <<<"$got" && echo yes || echo "no: ${got:0:300}")"
}

# ---- grammar
says unknown-command 2 'there is no command "statsu"; did you mean "stats"?' statsu
says unknown-command-swapped 2 'there is no command "hlep"; did you mean "help"?' hlep
says unknown-command-of-two 2 'there is no command "log vreify"; did you mean "log verify"?' log vreify
says unknown-group 2 'there is no command "devics"; did you mean "devices count", "devices list", "devices show" or "devices kick"?' devics
says unknown-group-of-two 2 'there is no command "device list"; did you mean "devices list"?' device list
says unknown-subcommand 2 'there is no command "devices lst"; did you mean "devices list"?' devices lst
says group-alone 2 'there is no command "devices", only "devices count", "devices list", "devices show" or "devices kick"' devices
says group-of-one-alone 2 'there is no command "clear", only "clear counters"' clear
says group-alone-json 2 '{"error":{"code":"usage","message":"there is no command \"store\", only \"store get\" or \"store ls\""}}' --json store
says group-and-an-option 2 'there is no command "conf", only "conf check", "conf show" or "conf reload"' conf --all
holds group-help 0 '^  devices kick DEVICE$' devices --help
says nothing 2 'a command is missing: see tidegatectl help'
says nothing-json 2 '{"error":{"code":"usage","message":"a command is missing: see tidegatectl help"}}' --json
says nothing-named 2 'there is no command "": see tidegatectl help' ''
holds help 0 '^  encode \[-m METHOD\]' help
holds help-option 0 '^usage: tidegatectl' --help
holds help-of-one 0 '^  log cat \[STREAM\]' help log cat
holds help-of-a-group 0 '^  log verify' help log
holds help-by-option 0 '^  log cat \[STREAM\]' log cat --help
says help-of-nothing 2 'there is no command "statsu"; did you mean "stats"?' help statsu
holds help-json 0 '^\[\{"command":"log cat","arguments":"\[STREAM\]' help log cat --json
says unknown-command-far 2 'there is no command "nosuch": see tidegatectl help' nosuch
says unknown-command-short 2 'there is no command "foo": see tidegatectl help' foo bar
says unknown-subcommand-far 2 'there is no command "clear x", only "clear counters"' clear x
says unknown-subcommand-short 2 'there is no command "store x", only "store get" or "store ls"' store x
says help-of-nothing-near 2 'there is no command "nosuch": see tidegatectl help' help nosuch
says help-of-nothing-short 2 'there is no command "foo": see tidegatectl help' help foo
says help-of-too-much 2 'there is no command "status now"; did you mean "status"?' help status now
gives version-option "$("$CTL" version)" --version
gives version-option-json '{"version":"0.1.0"}' --json --version
says socket-without-a-path 2 '--socket wants PATH' --socket
says socket-without-a-path-behind 2 'status: --socket wants PATH' status --socket
says unknown-option 2 'stats: there is no option "--al"; did you mean "--all"?' stats --al
says unknown-option-far 2 'stats: there is no option "--xyzzy"' stats --xyzzy
says option-of-another 2 'drops: there is no option "--check"' drops --check
says option-before 2 '--all: options of a command come behind it: see tidegatectl help' --all stats
says word-too-many 2 'status: "now" is one word too many' status now
says word-too-many-after-one 2 'stats: "b" is one word too many' stats a b
says word-missing 2 'devices show: DEVICE is missing; usage: devices show DEVICE' devices show
says option-no-number 2 'log trim: --before wants a number, not "abc"' log trim --before abc
says option-negative 2 'log trim: --before wants a number, not "-1"' log trim --before -1
says option-negative-equals 2 'log trim: --before wants a number, not "-1"' log trim --before=-1 --dir "$TMP"
says option-missing 2 'log trim: --before is missing; usage: log trim --before SEQ [--dir DIR]' log trim --dir "$TMP"
says value-missing 2 'stats: --rate wants S' stats --rate
says value-no-number 2 'devices list: --limit wants a number, not "many"' devices list --limit many
says value-negative 2 'devices list: --limit wants a number, not "-1"' devices list --limit -1
says value-too-large 2 'log cat: --from wants a number, not "18446744073709551616"' log cat --from 18446744073709551616
says value-no-seconds 2 'stats: --rate wants seconds (0.01 to 86400), not "0"' stats --rate 0
says value-of-a-flag 2 'stats: --all takes no value' stats --all=1
says path-without-a-slash 2 "store get: a path begins with '/', not \"d/me/lamp\"" store get d/me/lamp
says path-of-an-option 2 "trace: a path begins with '/', not \"t\"" trace --path t
says stats-check-with-rate 2 'stats: --check or --rate, not both' stats --check --rate 1
says stats-check-with-rate-json 2 '{"error":{"code":"usage","message":"stats: --check or --rate, not both"}}' --json stats --check --rate 1
says stats-count-without-rate 2 'stats: --count goes with --rate' stats --count 3
for c in "stats --rate 1" top "observe coap://127.0.0.1/"; do
	# shellcheck disable=SC2086
	says "count-0-${c%% *}" 2 "${c%% *}: --count: how many?" $c --count 0
done
says socket-too-long 2 "$(printf '/%.0s' $(seq 108)): too long for a socket" --socket "$(printf '/%.0s' $(seq 108))" status
for c in status "stats --check" drops latency cores ports mem "devices count" "devices list a" "devices show a" \
	"devices kick a" "store get /a" "store ls" "log ls" "log verify" "log cat" "log trim --before 1" "conf show" \
	"conf reload" "clear counters" top "stats --rate 1" drain stop; do
	# shellcheck disable=SC2086
	says "no-gateway-$c" 3 "no gateway answers at $TIDEGATE_SOCKET: No such file or directory" $c
done
says socket-option 3 "no gateway answers at /nowhere: No such file or directory" --socket /nowhere status
says socket-option-behind 3 "no gateway answers at /nowhere: No such file or directory" status --socket=/nowhere
says error-json 3 "{\"error\":{\"code\":\"no-gateway\",\"message\":\"no gateway answers at $TIDEGATE_SOCKET: No such file or directory\"}}" --json status
says usage-json 2 '{"error":{"code":"usage","message":"status: \"now\" is one word too many"}}' status now --json
says usage-json-behind-an-option 2 '{"error":{"code":"usage","message":"drops: there is no option \"--check\""}}' drops --check --json
says usage-json-behind-a-command 2 '{"error":{"code":"usage","message":"there is no command \"devices lst\"; did you mean \"devices list\"?"}}' devices lst --json
says usage-json-behind-the-end 2 'drops: there is no option "--check"' drops --check -- --json
gives json-between '{"version":"0.1.0"}' version --json
same write-error "1 cannot write what was found: No space left on device" "$("$CTL" help >/dev/full 2>/dev/null; echo $?) $("$CTL" help 2>&1 >/dev/full)"
says trace-of-what-was 2 'trace: --last is about what was; with --pcapng it is --seconds' trace --pcapng "$TMP/t" --last 3
says trace-count 2 'trace: -c wants a number, not "x"' trace --pcapng "$TMP/t" -c x
says trace-seconds 2 'trace: --seconds wants seconds (0.01 to 86400), not "x"' trace --pcapng "$TMP/t" --seconds x
for last in x 1e -1; do says "trace-last-$last" 2 "trace: --last wants a number, not \"$last\"" trace --last "$last"; done
holds trace-no-gateway 3 "^no gateway answers at $TMP/none.sock" trace --pcapng "$TMP/t"
same trace-makes-no-file no "$([ -e "$TMP/t" ] && echo yes || echo no)"

# ---- conf check
cat >"$TMP/good.yaml" <<Y
ports: [{name: p, driver: tap, interface: t0, addresses: [198.18.0.1/15]}]
routes: [{path: /x, kind: time}]
Y
sed 's/tap/tpa/' "$TMP/good.yaml" >"$TMP/bad.yaml"
gives conf-check "$TMP/good.yaml: good" conf check "$TMP/good.yaml"
gives conf-check-json "{\"file\":\"$TMP/good.yaml\",\"good\":true}" conf check --json "$TMP/good.yaml"
says conf-check-bad 78 "$TMP/bad.yaml:1:27: driver: \"tpa\" is none of vhost, memif, af_packet, af_xdp, tap, pci" conf check "$TMP/bad.yaml"
says conf-check-absent 78 "$TMP/none.yaml: cannot be read: No such file or directory" conf check "$TMP/none.yaml"
same tidegated-absent-file "78 $TMP/none.yaml: cannot be read: No such file or directory" \
	"$("$D" -c "$TMP/none.yaml" >/dev/null 2>&1; echo $?) $("$D" -c "$TMP/none.yaml" 2>&1)"
same tidegated-folder "78 $TMP: cannot be read: Is a directory" "$("$D" -c "$TMP" >/dev/null 2>&1; echo $?) $("$D" -c "$TMP" 2>&1)"
holds conf-check-bad-json 78 '^\{"error":\{"code":"config","message":".*bad.yaml:1:27: ' conf check "$TMP/bad.yaml" --json
same tidegated-without-a-file 2 "$("$D" >/dev/null 2>&1; echo $?)"
same tidegated-unknown-option 2 "$("$D" --what >/dev/null 2>&1; echo $?)"

# ---- decode
ping='{"valid":true,"type":"CON","code":"0.00","mid":1,"token":"","options":[],"payload":""}'
not_hex='{"valid":false,"verdict":"hex"}'
short='{"valid":false,"verdict":"short"}'
gives decode-ping "$ping" decode 40000001
gives decode-capitals '{"valid":true,"type":"RST","code":"0.00","mid":43981,"token":"","options":[],"payload":""}' decode 7000ABCD
gives decode-two "$ping
$ping" decode 40000001 40000001
gives decode-blanks "$ping" decode '40 00
00	01'
gives decode-nothing "$short" decode ''
gives decode-text 'CON 0.01 GET [1] 0a Uri-Path:"t" "hi"' decode --text 410100010ab174ff6869
gives decode-text-bad 'bad: version' decode --text 80010001
gives decode-any-code '{"valid":true,"type":"ACK","code":"7.31","mid":1,"token":"","options":[],"payload":""}' decode 60ff0001
gives decode-value-no-utf8 '{"valid":true,"type":"CON","code":"0.01","mid":1,"token":"","options":[{"number":11,"name":"Uri-Path","hex":"e961","value":"\u00e9a"}],"payload":""}' decode 40010001b2e961
gives decode-value-long '{"valid":true,"type":"CON","code":"0.01","mid":1,"token":"","options":[{"number":12,"name":"Content-Format","hex":"010203040506070809","value":null}],"payload":""}' decode 40010001c9010203040506070809
same decode-odd "$not_hex 1" "$("$CTL" decode 4000000) $?"
same decode-no-hex "$not_hex 1" "$("$CTL" decode 4000000x) $?"
same decode-split-byte "$not_hex 1" "$("$CTL" decode '4 0000001') $?"
same decode-goes-on "$not_hex
$ping 1" "$("$CTL" decode xx 40000001) $?"
same decode-lines "$ping
$short
$not_hex
$ping 1" "$(printf '40000001\n\nzz\r\n 40000001' | "$CTL" decode -) $?"
same decode-no-lines " 0" "$("$CTL" decode - </dev/null) $?"
gives decode-token-9 '{"valid":false,"verdict":"token-length"}' decode 49010001010203040506070809
gives decode-extended-9 '{"valid":true,"type":"CON","code":"0.01","mid":1,"token":"010203040506070809","options":[],"payload":""}' decode --extended-tokens 49010001010203040506070809
gives decode-extended-13 '{"valid":true,"type":"CON","code":"0.01","mid":1,"token":"0102030405060708090a0b0c0d","options":[{"number":11,"name":"Uri-Path","hex":"74","value":"t"}],"payload":"68"}' decode --extended-tokens 4d010001000102030405060708090a0b0c0db174ff68
gives decode-extended-cut "$short" decode --extended-tokens 4d010001000102030405060708090a0b0c
gives decode-extended-15 '{"valid":false,"verdict":"token-length"}' decode --extended-tokens 4f0100010102030405060708090a0b0c0d0e0f
gives decode-extended-text 'CON 0.01 GET [1] 010203040506070809' decode --text --extended-tokens 49010001010203040506070809
same decode-longest '{"valid":true' "$({ printf 40450001ff; head -c 131060 /dev/zero | tr '\0' 0; } | "$CTL" decode - | cut -c1-13)"
same decode-too-long '{"valid":false,"verdict":"too-long"}' "$({ printf 40450001ff; head -c 131062 /dev/zero | tr '\0' 0; } | "$CTL" decode -)"
seed=$RANDOM
"$DATAGRAMS" 20000 "$seed" >"$TMP/all"
same "decode-generated" "" "$(cut -f1 "$TMP/all" | "$CTL" decode - | diff - <(cut -f2- "$TMP/all") | head -n 3)"
same "decode-generated-are-many (seed $seed)" "20000 6667" "$(wc -l <"$TMP/all") $(grep -c '"valid":false' "$TMP/all")"

# ---- encode
gives encode-get 40010007 encode --mid 7 coap://198.18.0.1
gives encode-json '{"hex":"40010007"}' encode --json --mid 7 coap://198.18.0.1/
gives encode-non 50010007 encode -t non --mid 7 coap://198.18.0.1/
gives encode-token 42010007abcd encode --mid 7 --token ABcd coap://198.18.0.1/
gives encode-token-9 49010007010203040506070809 encode --mid 7 --extended-tokens --token 010203040506070809 coap://198.18.0.1/
gives encode-token-13 4d010007000102030405060708090a0b0c0db161 encode --mid 7 --extended-tokens --token 0102030405060708090a0b0c0d coap://198.18.0.1/a
gives encode-payload 40020007ff6869 encode --mid 7 -m post -e hi coap://198.18.0.1/
gives encode-payload-dash 40020007ff2d2d6a736f6e encode --mid 7 -m POST -e --json coap://198.18.0.1/
gives encode-no-payload 40030007 encode --mid 7 -m put -e '' coap://198.18.0.1/
gives encode-host 400100073168 encode --mid 7 coap://h/
gives encode-ipv6 40010007b161 encode --mid 7 'coap://[2001:2::1]:61616/a'
gives encode-path 40010007b161012f01c3 encode --mid 7 'coap://198.18.0.1/a/%2f/%C3' 
gives encode-query 40010007b16143783d310126 encode --mid 7 'coap://198.18.0.1/a?x=1&%26'
gives encode-sorted 4001000742010272616241631104 encode --mid 7 -O 16,04 -O 4,0102 'coap://198.18.0.1/ab?c'
gives encode-same-number 40010007b16101620163 encode --mid 7 -O 11,62 -O 11,63 coap://198.18.0.1/a
gives encode-empty-option 4001000750 encode --mid 7 -O 5, coap://198.18.0.1/
gives encode-empty-option-bare 4001000750 encode --mid 7 -O 5 coap://198.18.0.1/
gives encode-greatest-option 40010007e0fef2 encode --mid 7 -O 65535, coap://198.18.0.1/
gives encode-method-7 40070007 encode --mid 7 -m ipatch coap://198.18.0.1/
same encode-mid-differs 2 "$({ "$CTL" encode coap://h/; "$CTL" encode coap://h/; } | sort -u | wc -l)"
says encode-no-uri 2 'encode: URI is missing; usage: encode [-m METHOD] [-t con|non] [--mid N] [--token HEX] [--extended-tokens] [-O NUM,HEX]... [-e TEXT] URI' encode
says encode-two-uris 2 'encode: "coap://i/" is one word too many' encode coap://h/ coap://i/
says encode-method 2 'encode: there is no method "fetchh"' encode -m fetchh coap://h/
says encode-type 2 'encode: a type is con or non, not "ack"' encode -t ack coap://h/
says encode-mid 2 'encode: a Message ID is 0 to 65535' encode --mid 65536 coap://h/
says encode-mid-text 2 'encode: --mid wants a number, not "0x7"' encode --mid 0x7 coap://h/
says encode-token-long 2 'encode: --token wants up to eight bytes of hex, not "010203040506070809"' encode --token 010203040506070809 coap://h/
says encode-token-odd 2 'encode: --token wants up to eight bytes of hex, not "012"' encode --token 012 coap://h/
says encode-option-number 2 'encode: -O wants NUM,HEX, not "65536,"' encode -O 65536, coap://h/
says encode-option-name 2 'encode: -O wants NUM,HEX, not "ETag,01"' encode -O ETag,01 coap://h/
says encode-option-hex 2 'encode: -O wants its value in hex, not "0"' encode -O 4,0 coap://h/
for uri in http://h/ h/a coap:h coap:///a coap://h:0/ coap://h:65536/ coap://h/%4 coap://h/%zz 'coap://[::1/' 'coap://u@h/' \
	'coap://h/a#b' "coap://h/$(printf 'x%.0s' $(seq 256))"; do
	same "encode-refuses-${uri:0:16}" "2 encode: $uri:" "$("$CTL" encode "$uri" >/dev/null 2>&1; echo $?) $("$CTL" encode "$uri" 2>&1 | grep -oF "encode: $uri:")"
done

# ---- a log's directory
"$MKLOG" "$TMP/log" 2000 || exit 1
L="--dir $TMP/log"
# shellcheck disable=SC2086
{
	gives log-verify '{"records":2000,"kept":0,"damages":[],"whole":true}' log verify $L --json
	same log-segments "$(find "$TMP/log" -name '*.seg' | wc -l)" "$("$CTL" log ls $L | grep -c yes)"
	same log-cat 2000 "$("$CTL" log cat $L | wc -l)"
	same log-cat-stream 1000 "$("$CTL" log cat b $L | wc -l)"
	says log-cat-no-stream 1 'log cat: there is no stream "c"' log cat c $L
	says log-cat-no-stream-near 1 'log cat: there is no stream "ab"; did you mean "a"?' log cat ab $L
	gives log-cat-no-record-yet '' log cat a $L --from 2001
	same log-cat-from 500 "$("$CTL" log cat $L --from 1501 | wc -l)"
	same log-cat-json '{"seq":1,"time_ns":1700000000000000000,"stream":"a","device":"d0","path":"/t/d0","source":"198.18.0.2:40000","local":"[2001:2::1]:5683","type":"CON","code":"0.02","mid":0,"token":"ab00","content_format":50,"payload":"7030","kept":false}' \
		"$("$CTL" log cat $L --json | head -n 1)"
	same log-cat-json-no-format null "$("$CTL" log cat $L --json --from 2 | head -n 1 | grep -o '"content_format":[^,]*' | cut -d: -f2)"
	same log-cat-whole "$(seq 1 2000 | cksum)" "$("$CTL" log cat $L --json | grep -o '"seq":[0-9]*' | cut -d: -f2 | cksum)"
	same log-cat-broken-pipe "1" "$("$CTL" log cat $L | head -n 1 | wc -l)"
	same log-cat-full-disk 1 "$("$CTL" log cat $L >/dev/full 2>/dev/null; echo $?)"
	before=$(find "$TMP/log" -name '*.seg' | wc -l)
	same log-trim-nothing '{"segments":0}' "$("$CTL" log trim --before 1 $L --json)"
	trimmed=$("$CTL" log trim --before 1500 $L --json | grep -o '[0-9]*')
	same log-trim "yes $((before - trimmed))" "$([ "$trimmed" -gt 0 ] && echo yes) $(find "$TMP/log" -name '*.seg' | wc -l)"
	same log-trim-keeps 501 "$("$CTL" log cat $L --from 1500 | wc -l)"
	exec 9>"$TMP/log/LOCK"
	flock -n 9
	says log-trim-in-use 1 "log trim: $TMP/log: a gateway writes this directory: ask it, without --dir" log trim --before 9 $L
	exec 9>&-
	says log-absent 1 "log directory $TMP/no: No such file or directory" log cat --dir "$TMP/no"
	says log-absent-json 1 "{\"error\":{\"code\":\"failed\",\"message\":\"log directory $TMP/no: No such file or directory\"}}" log cat --dir "$TMP/no" --json
	# no log at all, and one that has no record yet
	mkdir "$TMP/none" "$TMP/fresh"
	touch "$TMP/fresh/LOCK"
	for c in verify cat ls "trim --before 1"; do
		says "log-none-${c%% *}" 1 "log directory $TMP/none: there is no log in it" log $c --dir "$TMP/none"
	done
	same log-none-is-left "" "$(ls "$TMP/none")"
	gives log-fresh-verify '{"records":0,"kept":0,"damages":[],"whole":true}' log verify --dir "$TMP/fresh" --json
	# a copy without a segment in the middle, and one with a byte too many
	"$MKLOG" "$TMP/gone" 2000 || exit 1
	cp -r "$TMP/gone" "$TMP/longer"
	rm "$TMP/gone/0000000000000002.seg"
	holds log-gone-verify 5 'segment 0000000000000002: .* offset 0 .*the segment is not there: sequence numbers [0-9]+ to [0-9]+ are missing' log verify --dir "$TMP/gone"
	holds log-gone-cat 1 'sequence numbers [0-9]+ to [0-9]+ are missing' log cat --dir "$TMP/gone"
	last=$(find "$TMP/longer" -name '*.seg' | sort | tail -n 1)
	{ head -c 10000 "$last"; printf x; tail -c +10001 "$last"; } >"$TMP/bytes"
	cp "$TMP/bytes" "$last"
	holds log-longer-verify 5 'stands where it was not written' log verify --dir "$TMP/longer"
	# a byte in the middle of the first segment that is left
	first=$(find "$TMP/log" -name '*.seg' | sort | head -n 1)
	printf '\xa5' | dd of="$first" bs=1 seek=30000 conv=notrunc 2>/dev/null
	records=$("$CTL" log cat $L 2>/dev/null | wc -l)
	holds log-damage 1 "^segment $(basename "$first" .seg): reading stopped at offset [0-9]+ for [0-9]+ bytes: [a-z]" log cat $L
	same log-damage-reads-on yes "$([ "$records" -gt 500 ] && echo yes)"
	holds log-damage-verify 5 'whole +no' log verify $L
	holds log-damage-verify-json 5 '"damages":\[\{"segment":[0-9]+,"offset":[0-9]+,"bytes":[0-9]+,"reason":"' log verify $L --json
	holds log-damage-json 1 '^\{"error":\{"code":"failed","message":"segment .*: reading stopped at offset' log cat $L --json
	holds log-damage-ls 0 ' 1 +yes$' log ls $L
}
echo "cli: $PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 120 ]
