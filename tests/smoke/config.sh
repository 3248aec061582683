#!/usr/bin/env bash
# What a bad configuration gets: its line, column and reason, exit 78, and a running gateway
# that does not notice.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
D=$TOP/$BUILD/control/tidegated
CONF=$LAB_RUN/lab.yaml BAD=$LAB_RUN/bad.yaml KEPT=$LAB_RUN/kept.yaml

# fault NAME SED-EXPRESSION WANTED: the lab's configuration with one thing changed
fault() {
	local said status
	sed "$2" "$CONF" >"$BAD"
	said=$("$D" -c "$BAD" -t 2>&1)
	status=$?
	same "config-$1" "78 yes" "$status $(grep -qE "bad.yaml:[0-9]+:[0-9]+: .*$3" <<<"$said" && echo yes || echo "no: $said")"
}

# shows PATTERN COMMAND...: it says so within 2 s
# shellcheck disable=SC2317 # called by holds
shows() {
	local pattern=$1
	shift
	for _ in $(seq 40); do
		"$@" | grep -qE "$pattern" && return 0
		sleep 0.05
	done
	return 1
}

holds config-good "$D" -c "$CONF" -t
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
fault lifetime 's#^coap: .*#coap: {max_latency: 5h}#' 'EXCHANGE_LIFETIME would be 36047 s'
fault yaml 's/^log:/log: [/' '.'
same config-unreadable 78 "$(status_of "$D" -c /nonexistent.yaml -t)"
same config-check 78 "$(status_of "$CTL" conf check "$BAD")"

# a reload is whole or not at all
cp "$CONF" "$KEPT"
same reload-before 4.04 "$(answer get coap://198.18.0.1/fresh)"
sed -i 's#^routes:#routes:\n  - {path: /fresh, kind: static, content: new}#' "$CONF"
kill -HUP "$(lab_pid)"
for _ in $(seq 50); do
	[ "$(value reloads)" = 1 ] && break
	sleep 0.02
done
same reload-adds-route 2.05 "$(answer get coap://198.18.0.1/fresh)"

# who observes what it changes is told; others may observe since an earlier script
others=$("$CTL" --json observers count | grep -oE '"observers": ?[0-9]+')
ip netns exec tg-devices timeout 60 coap-client-notls -B 60 -s 60 -m get coap://198.18.0.1/fresh >"$LAB_RUN/heard" 2>&1 &
OBSERVER=$! # of timeout itself, which a function would not be
holds reload-observed shows '/fresh' "$CTL" --json observers list
sed -i 's#content: new}#content: newer}#' "$CONF"
same reload-changes 0 "$(status_of "$CTL" conf reload)"
holds reload-told shows '^newnewer' cat "$LAB_RUN/heard"
echo "nonsense: [" >>"$CONF"
same reload-bad-refused 78 "$(status_of "$CTL" conf reload)"
same reload-bad-keeps-running 2.05 "$(answer get coap://198.18.0.1/fresh)"
sed 's/^devices: .*/devices: {max: 5000, idle: 24h}/' "$KEPT" >"$CONF"
same reload-fixed-refused 78 "$(status_of "$CTL" conf reload)"
cp "$KEPT" "$CONF"
same reload-good 0 "$(status_of "$CTL" conf reload)"
same reload-takes-route-away 4.04 "$(answer get coap://198.18.0.1/fresh)"
holds reload-told-of-its-end shows '^newnewer.*4\.04' cat "$LAB_RUN/heard"
kill $OBSERVER
wait $OBSERVER
holds reload-ends-observing shows "${others}[,}]" "$CTL" --json observers count
rm -f "$BAD" "$KEPT"
finish
