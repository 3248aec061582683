#!/usr/bin/env bash
# The plugtest's descriptions of observing (TD_COAP_OBS), by name, against the lab's resources:
# Debian's client, raw datagrams, and the gateway's own counters.
# shellcheck disable=SC2317 # called by holds
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
PERIOD=5 # seconds between two changes of /obs and its like

# observe SECONDS ARGUMENT...: what Debian's client hears, a payload a line; then it cancels
observe() {
	local seconds=$1
	shift
	lab_exec timeout $((seconds + 5)) coap-client-notls -B $((seconds + 1)) -s "$seconds" -m get "$@" 2>&1 \
		| sed 's/Z/Z\n/g' | grep -v '^$'
}

client() { lab_exec coap-client-notls -B 3 "$@" 2>&1; }
times() { grep -cE '^[0-9-]{10}T[0-9:.]{12}Z'; }
at_least() { [ "${2:-0}" -ge "$1" ]; }

# grows COUNTER BEFORE [SECONDS]: until it is over BEFORE
grows() {
	for _ in $(seq $((${3:-10} * 5))); do
		[ "$(counter "$1")" -gt "$2" ] && return 0
		sleep 0.2
	done
	return 1
}

# raw PORT HEX...: each from that port, with its reply
raw() {
	local port=$1
	shift
	lab_exec "$DGRAM" --timeout $((PERIOD * 1000 + 1000)) --source "$port" "$AT" "$@"
}

# register PORT MID: the answer, and the first notification behind it
register() { raw "$1" "4101${2}6f60536f6273" 6000ffff; }

# uri ADDRESS PATH
uri() { case $1 in *:*) echo "coap://[$1]$2" ;; *) echo "coap://$1$2" ;; esac; }

# in_time: what takes several periods, over IPv4 and IPv6 at once
in_time() {
	local con non a x
	con=$(counter notified_con) non=$(counter notified_non)
	for a in 198.18.0.1 2001:2::1; do
		observe $((2 * PERIOD + 1)) "$(uri $a /obs)" >"$LAB_RUN/con-$a" &
		observe $((2 * PERIOD + 1)) -N "$(uri $a /obs-non)" >"$LAB_RUN/non-$a" &
		observe $((PERIOD + 1)) "$(uri $a /obs-large)" >"$LAB_RUN/large-$a" &
	done
	wait
	for a in 198.18.0.1 2001:2::1; do
		x=$([[ $a == *:* ]] && echo -ipv6)
		holds "TD_COAP_OBS_01$x" at_least 3 "$(times <"$LAB_RUN/con-$a")"
		holds "TD_COAP_OBS_02$x" at_least 3 "$(times <"$LAB_RUN/non-$a")"
		holds "TD_COAP_OBS_12$x" at_least 2 "$(times <"$LAB_RUN/large-$a")"
	done
	holds TD_COAP_OBS_01-con at_least $((con + 4)) "$(counter notified_con)"
	holds TD_COAP_OBS_02-non at_least $((non + 4)) "$(counter notified_non)"
}

# over ADDRESS SUFFIX: what has to hold over IPv4 and IPv6 alike
over() {
	local x=$2 before heard
	AT=$1

	holds "time$x" at_least 3 "$(observe 3 "$(uri "$AT" /time)" | times)"

	# the list of what a device has stored, as it grows
	client -m put -e 1 "$(uri "$AT" "/d/listed$x/one")" >/dev/null
	{ sleep 1 && client -m put -e 12 "$(uri "$AT" "/d/listed$x/two")" >/dev/null; } &
	heard=$(observe 3 "$(uri "$AT" "/d/listed$x")")
	holds "list$x" grep -qF "</d/listed$x/two>;sz=2;obs,</d/listed$x/one>;sz=1;obs" <<<"$heard"
	wait $!

	before=$(counter observers_reset)
	heard=$(register 20006 0601 | tail -n 1)
	same "TD_COAP_OBS_06-con$x" 4145 "${heard:0:4}"
	lab_exec "$DGRAM" --timeout 100 --source 20006 "$AT" "7000${heard:4:4}" >/dev/null
	holds "TD_COAP_OBS_06$x" grows observers_reset "$before"

	# its own GET, with another token, ends nothing
	heard=$(raw 20010 41010a016f60536f6273 41010a0270b36f6273 6000ffff | tail -n 1)
	same "TD_COAP_OBS_10$x" 41456f "${heard:0:4}${heard:8:2}"

	before=$(counter observers_cancelled)
	heard=$(raw 20011 41010b016f60536f6273 41010b026f6101536f6273)
	same "TD_COAP_OBS_11-answers$x" "61450b01 61450b02" \
		"$(sed -n 's/^\(.\{8\}\).*/\1/p' <<<"$heard" | tr '\n' ' ' | sed 's/ $//')"
	holds "TD_COAP_OBS_11$x" grows observers_cancelled "$before"
}

# watch URI: an observer in the background, registered when this returns; forget ends it
watch() {
	ip netns exec tg-devices timeout 120 coap-client-notls -B 120 -s 120 -m get "$1" >"$LAB_RUN/heard" 2>&1 &
	WATCHER=$! # of timeout itself, which a function would not be
	hears Z
}
forget() { kill $WATCHER && wait $WATCHER; }

# hears PATTERN: within 10 s
hears() {
	for _ in $(seq 100); do
		grep -q "$1" "$LAB_RUN/heard" && return 0
		sleep 0.1
	done
	return 1
}

# changed_to WORD ARGUMENT...: an observer of /obs hears WORD when a client does this to it
changed_to() {
	local word=$1 heard
	shift
	sleep "$PERIOD" # what an earlier one has made of it is over
	watch coap://198.18.0.1/obs
	client "$@" coap://198.18.0.1/obs >/dev/null
	hears "$word"
	heard=$?
	forget
	return "$heard"
}

# The observers go, or the value does, or becomes another: once is enough.
changes() {
	local before n uri=coap://198.18.0.1

	before=$(counter observers_forgotten)
	watch "$uri/obs"
	same TD_COAP_OBS_04-other-word 4.03 "$(client -m post -e simsim "$uri/obs-reset" | grep -o '4\.03')"
	same TD_COAP_OBS_04-word "" "$(client -m post -e sesame "$uri/obs-reset")"
	holds TD_COAP_OBS_04 grows observers_forgotten "$before"
	sleep 1 # what was under way has come
	n=$(sed 's/Z/Z\n/g' "$LAB_RUN/heard" | times)
	sleep $((PERIOD + 2))
	same TD_COAP_OBS_04-silence "$n" "$(sed 's/Z/Z\n/g' "$LAB_RUN/heard" | times)"
	forget

	holds TD_COAP_OBS_07 changed_to '4\.04' -m delete
	holds TD_COAP_OBS_08 changed_to '4\.06' -m put -t 50 -e '{}'
	holds TD_COAP_OBS_09 changed_to updated -m put -t 0 -e updated
}

# One that goes without a word is noticed when its CON is given up: after 93 s, or 9 s with
# MAX_RETRANSMIT 1.
lost() {
	local before
	before=$(counter observers_lost)
	holds TD_COAP_OBS_05-sooner "$CTL" param max_retransmit 1 --route /obs
	lab_exec "$DGRAM" --source 20005 198.18.0.1 410105016f60536f6273 >/dev/null
	holds TD_COAP_OBS_05 grows observers_lost "$before" $((PERIOD + 20))
	holds TD_COAP_OBS_05-as-before "$CTL" param max_retransmit inherited --route /obs
}

lost & # while others are told in time
in_time
wait
over 198.18.0.1 ""
over 2001:2::1 -ipv6
changes

# the operator's tools
AT=198.18.0.1
raw 20007 41010c016f60536f6273 >/dev/null
holds observers-count "$CTL" observers count
same observers-list /obs "$("$CTL" --json observers list | grep -oE '"path": ?"/obs"' | head -n 1 | cut -d'"' -f4)"
holds books-close "$CTL" stats --check
finish
