#!/usr/bin/env bash
# A running gateway over real sockets: the tables of datagrams, Debian's clients, the operator's
# tools.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
N=$((RANDOM * 32768 + RANDOM)) # device names that no earlier run has used

client() { lab_exec coap-client-notls -B 3 "$@" 2>&1; }
records() { "$CTL" --json log cat | grep -c "\"device\":\"$1\""; }

# play TABLE N SUFFIX ADDRESS
play() {
	lab_exec "$DGRAM" --rows "$TOP/tests/smoke/$1.rows" --n "$2" --suffix "$3" "$4" || FAILED=$((FAILED + 1))
}

# over ADDRESS SUFFIX: everything that has to hold over IPv4 and IPv6 alike
over() {
	local at=$1 x=$2 n=$N${2#-} uri=coap://$1 before long
	[ "${at#*:}" = "$at" ] || uri="coap://[$at]"

	before=$(counter dup_replayed)
	play message "$n" "$x" "$at"
	same "duplicates-counted$x" 5 $(($(counter dup_replayed) - before))
	play routes "$n" "$x" "$at"
	ip -n tg-devices link set tg-dev0 mtu 1280
	before=$(counter fragments)
	play fragments "$n" "-in-fragments$x" "$at"
	# af_packet's fanout lets the kernel merge those of IPv4
	[ -z "$x" ] || same "fragments-merged$x" 2 $(($(counter fragments) - before))
	ip -n tg-devices link set tg-dev0 mtu 1500

	same "duplicate-con-one-record$x" 1 "$(records "m$n")"
	same "duplicate-non-one-record$x" 1 "$(records "n$n")"

	same "client-put$x" "" "$(client -m put -e hello "$uri/d/c$n/v")"
	same "client-get$x" hello "$(client -m get "$uri/d/c$n/v")"
	same "client-get-non$x" hello "$(client -N -m get "$uri/d/c$n/v")"
	same "client-post$x" "" "$(client -m post -e 21.5 "$uri/t/c$n")"
	same "client-post-non$x" "" "$(client -N -m post -e 21.5 "$uri/t/c$n")"
	same "client-posts-logged$x" 2 "$(records "c$n")"
	same "client-listing$x" "</d/c$n/v>" "$(client -m get "$uri/d/c$n" | grep -o "</d/c$n/v>")"
	same "client-delete$x" "" "$(client -m delete "$uri/d/c$n/v")"
	same "client-get-deleted$x" 4.04 "$(client -m get "$uri/d/c$n/v" | grep -o '4\.04')"
	same "client-put-json$x" "" "$(client -m put -t 50 -e '{"a":1,"b":{"c":[2,3]}}' "$uri/d/c$n/j")"
	same "client-fetch$x" 3 "$(client -m fetch -t 0 -e /b/c/1 "$uri/d/c$n/j")"
	same "client-ipatch$x" "" "$(client -m ipatch -t 52 -e '{"a":null}' "$uri/d/c$n/j")"
	same "client-patch$x" "" "$(client -m patch -t 51 \
		-e '[{"op":"add","path":"/b/c/-","value":4}]' "$uri/d/c$n/j")"
	same "client-patched$x" '{"b":{"c":[2,3,4]}}' "$(client -m get "$uri/d/c$n/j")"
	same "client-patch-conflict$x" 4.09 "$(client -m patch -t 51 \
		-e '[{"op":"test","path":"/b/c/0","value":9}]' "$uri/d/c$n/j" | grep -o '4\.09')"
	long=$(printf '0123456789%.0s' {1..150})
	same "client-ipatch-blocks$x" "" "$(client -m ipatch -t 52 -b 256 -e "{\"long\":\"$long\"}" "$uri/d/c$n/j")"
	same "client-patch-long$x" "" "$(client -m patch -t 51 \
		-e '[{"op":"remove","path":"/b"}]' "$uri/d/c$n/j")"
	same "client-fetch-long$x" "{\"long\":\"$long\"}" "$(client -m fetch -t 0 "$uri/d/c$n/j")"
	same "client-fetch-blocks$x" "\"$long\"" "$(client -m fetch -t 0 -b 64 -e /long "$uri/d/c$n/j")"
	same "client-segments$x" segments "$(client -m get "$uri/seg1/seg2/seg3")"
	same "client-query$x" "a=1b=2" "$(client -m get "$uri/query?a=1&b=2" | tr -d '\n')"
	same "client-core$x" 5 "$(client -m get "$uri/.well-known/core" \
		| grep -oE '</(link[123]|t|d)>' | sort -u | wc -l)"

	holds "ping$x" lab_exec ping -c 1 -W 2 "$at"
	holds "ping-odd$x" lab_exec ping -c 1 -W 2 -s 333 "$at"
}

over 198.18.0.1 ""
over 2001:2::1 -ipv6

# nobody answers a broadcast or a group's address with an error
same broadcast-refused-silent - "$(answer get coap://198.18.0.1/nowhere 198.19.255.255)"
ip -n tg-devices route add 224.0.0.0/4 dev tg-dev0
same multicast-refused-silent - "$(answer get coap://198.18.0.1/nowhere 224.0.1.187)"
# what all may be asked is answered, after a while, from the gateway's own address
holds multicast-heard grep -q 'allmulti 1' <(ip -n tg-gateway -d link show tg-gw0)
for group in 224.0.1.187 "[ff02::fd%tg-dev0]" "[ff05::fd]"; do
	same "multicast-core-$group" "</test>" \
		"$(client -N -m get "coap://$group/.well-known/core" | grep -o '</test>')"
done
ip -n tg-devices route del 224.0.0.0/4 dev tg-dev0

# the operator's tools
holds books-close "$CTL" stats --check
holds log-verify "$CTL" log verify
holds devices-show "$CTL" devices show "c$N"
holds devices-kick "$CTL" devices kick "c$N"
same devices-kicked 1 "$(status_of "$CTL" devices show "c$N")"
holds store-get "$CTL" store get "/d/s$N/w"
# A long value is printed whole; a name of control characters, as text, and breaks no listing.
long=$(printf 'x%.0s' $(seq 1000))
lab_exec "$CTL" put -e "$long" "coap://198.18.0.1/d/long$N/v" >/dev/null
same store-get-long 2000 "$("$CTL" store get "/d/long$N/v" | sed -n 's/^payload *//p' | tr -d '\n' | wc -c)"
lab_exec "$CTL" put -e 1 'coap://198.18.0.1/d/%1b%5bm%00z/v' >/dev/null
same devices-list-control '\x1b[m\x00z' "$("$CTL" devices list --limit 0 | grep -ao '\\x1b\[m[^ ]*')"
lab_exec "$CTL" delete 'coap://198.18.0.1/d/%1b%5bm%00z/v' >/dev/null
for c in status stats drops latency cores ports mem "devices count" "devices list" "store ls" "log ls" "conf show" top; do
	# shellcheck disable=SC2086
	holds "json-${c// /-}" "$CTL" --json $c
done
same clear-counters 0 "$("$CTL" clear counters >/dev/null && counter executed)"
holds books-close-after-clear "$CTL" stats --check
same unknown-command 2 "$(status_of "$CTL" statsu)"
same nearest-command '"stats"' "$("$CTL" statsu 2>&1 | grep -o '"stats"')"
same no-gateway 3 "$(status_of "$CTL" --socket /nonexistent/socket status)"
finish
