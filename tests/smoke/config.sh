#!/usr/bin/env bash
# What a bad configuration gets: its line, column and reason, exit 78, and a running gateway
# that does not notice.  Started by tests/run.sh with the lab up.
set -u
TOP=$1 BUILD=$2 RUN=$3
D="$TOP/$BUILD/control/tidegated"
CTL="$TOP/$BUILD/control/tidegatectl"
F=$RUN/bad.yaml
PASSED=0 FAILED=0

same() {
	if [ "$2" = "$3" ]; then
		PASSED=$((PASSED + 1)) && echo "ok $1"
	else
		FAILED=$((FAILED + 1)) && echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}
# fault NAME SED-EXPRESSION WANTED: the lab's configuration with one thing changed
fault() {
	sed "$2" "$RUN/lab.yaml" >"$F"
	local said status
	said=$("$D" -c "$F" -t 2>&1)
	status=$?
	same "config-$1" "78 yes" "$status $(echo "$said" | grep -qE "bad.yaml:[0-9]+:[0-9]+: .*$3" && echo yes || echo "no: $said")"
}

same config-good 0 "$("$D" -c "$RUN/lab.yaml" -t >/dev/null; echo $?)"
fault unknown-key 's/^workers:/wokers:/' 'did you mean "workers"'
fault driver 's/driver: af_packet/driver: af_pakcet/' 'none of vhost'
fault address 's#198.18.0.1/15#198.18.0.1#' 'prefix length'
fault number 's/^workers: .*/workers: many/' 'not a number'
fault range 's/^workers: .*/workers: 1000/' 'out of range'
fault time 's/commit: 1ms/commit: 1/' 'a time with its unit'
fault twice '1i workers: 1' 'there twice'
fault stream 's/stream: telemetry}/stream: nothing}/' 'not listed under streams'
fault kind 's/kind: query/kind: queery/' 'none of stream'
fault pattern 's#/t/{device}#/t/{device#' "without"
fault same-path 's#path: /time#path: /query#' 'same path'
fault lifetime '1i coap: {max_latency: 5h}' 'EXCHANGE_LIFETIME would be 36047 s'
fault yaml 's/^log:/log: [/' '.'
same config-unreadable 78 "$("$D" -c /nonexistent.yaml -t >/dev/null 2>&1; echo $?)"
same config-check 78 "$("$CTL" conf check "$F" >/dev/null 2>&1; echo $?)"

# a reload is whole or not at all
cp "$RUN/lab.yaml" "$RUN/keep.yaml"
pid=$(cat "$RUN/pid")
same reload-adds-route 2.05 "$(sed -i 's#^routes:#routes:\n  - {path: /fresh, kind: static, content: new}#' "$RUN/lab.yaml"
	kill -HUP "$pid"; sleep 0.3
	"$CTL" decode "$(ip netns exec tg-devices "$TOP/$BUILD/tests/smoke/dgram" 198.18.0.1 "$("$CTL" encode coap://198.18.0.1/fresh)")" | grep -o '2\.05')"
echo "nonsense: [" >>"$RUN/lab.yaml"
same reload-bad-refused 78 "$("$CTL" conf reload >/dev/null 2>&1; echo $?)"
same reload-bad-keeps-running 2.05 "$("$CTL" decode "$(ip netns exec tg-devices "$TOP/$BUILD/tests/smoke/dgram" 198.18.0.1 "$("$CTL" encode coap://198.18.0.1/fresh)")" | grep -o '2\.05')"
sed 's/^devices: .*/devices: {max: 5000, idle: 24h}/' "$RUN/keep.yaml" >"$RUN/lab.yaml"
same reload-fixed-refused 78 "$("$CTL" conf reload >/dev/null 2>&1; echo $?)"
cp "$RUN/keep.yaml" "$RUN/lab.yaml"
same reload-good 0 "$("$CTL" conf reload >/dev/null 2>&1; echo $?)"
rm -f "$F" "$RUN/keep.yaml"
echo "config: $PASSED passed, $FAILED failed"
[ $FAILED = 0 ]
