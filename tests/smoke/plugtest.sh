#!/usr/bin/env bash
# The ETSI CoAP plugtest's test descriptions against the lab, over IPv4 and IPv6: as raw datagrams,
# and with Debian's client where it can be told to do what they ask.  Started by tests/run.sh with
# the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"

# text ETAG CONTENT: as the client says it
text() { printf "[ ETag:0x%s, Content-Format:text/plain ] :: '%s'" "$1" "$2"; }

AT_SERVICE=$(text 71994965e23dbedf 'Tidegate at your service')
ASLEEP=$(text 3fd31392982c8504 'sorry to keep you waiting')
LOCATION="[ Location-Path:location1, Location-Path:location2, Location-Path:location3 ]"

# What the client has received, a line a message: type, code, options, payload.
received() {
	lab_exec coap-client-notls -v 7 -B 5 "$@" 2>&1 \
		| sed -n '/received [0-9]* bytes$/ { n; s/^v:1 t:\(...\) c:\(....\) i:[0-9a-f]* {[0-9a-f]*}/\1 \2/p; }'
}

# client NAME WANT ARGUMENT... PATH
client() {
	same "$1-client$X" "$2" "$(received "${@:3:$#-3}" "$URI${!#}")"
}

# The ETag of /validate now.
etag() { received -m get "$URI/validate" | grep -oP 'ETag:\K0x[0-9a-f]+'; }

validation() {
	local tag
	tag=$(etag)
	client TD_COAP_CORE_21 "ACK 2.03 [ ETag:$tag ]" -m get -O "4,$tag" /validate
	same "TD_COAP_CORE_21-changed-client$X" "ACK 2.05" "$(received -m get -O "4,$tag" "$URI/validate" | cut -c 1-8)"
	tag=$(etag)
	client TD_COAP_CORE_22 "ACK 2.04 [ ]" -m put -O "1,$tag" -t 0 -e changed /validate
	client TD_COAP_CORE_22-stale "ACK 4.12 [ ]" -m put -O "1,$tag" -t 0 -e again /validate
}

core() {
	client TD_COAP_CORE_01 "ACK 2.05 $AT_SERVICE" -m get /test
	client TD_COAP_CORE_02 "ACK 2.02 [ ]" -m delete /test
	client TD_COAP_CORE_03 "ACK 2.04 [ ]" -m put -t 0 -e put /test
	client TD_COAP_CORE_04 "ACK 2.01 $LOCATION" -m post -t 0 -e post /test
	client TD_COAP_CORE_05 "NON 2.05 $AT_SERVICE" -N -m get /test
	client TD_COAP_CORE_06 "NON 2.02 [ ]" -N -m delete /test
	client TD_COAP_CORE_07 "NON 2.04 [ ]" -N -m put -t 0 -e put /test
	client TD_COAP_CORE_08 "NON 2.01 $LOCATION" -N -m post -t 0 -e post /test
	client TD_COAP_CORE_09 "ACK 0.00 [ ]"$'\n'"CON 2.05 $ASLEEP" -m get /separate
	client TD_COAP_CORE_10 "ACK 2.05 $AT_SERVICE" -T tokentok -m get /test
	client TD_COAP_CORE_11 "ACK 0.00 [ ]"$'\n'"CON 2.05 $ASLEEP" -T tokentok -m get /separate
	client TD_COAP_CORE_13 "ACK 2.05 $(text 0fbfd1daa7b387b0 segments)" -m get /seg1/seg2/seg3
	client TD_COAP_CORE_14 "ACK 2.05 $(text ed825ff6c715a44b 'first=1\x0Asecond=2\x0Athird=3')" \
		-m get '/query?first=1&second=2&third=3'
	client TD_COAP_CORE_17 "NON 2.05 $ASLEEP" -N -m get /separate
	client TD_COAP_CORE_18 "ACK 2.01 $LOCATION" -m post -t 0 -e post /test
	client TD_COAP_CORE_19 "ACK 2.01 [ Location-Query:first=1, Location-Query:second=2 ]" \
		-m post -t 0 -e post /location-query
	client TD_COAP_CORE_20 "ACK 2.05 $(text c1a4ac807e3a914d 'one resource, four formats')" \
		-m get -A 0 /multi-format
	client TD_COAP_CORE_20-xml "ACK 2.05 [ ETag:0xdbf224aee88302da, Content-Format:application/xml ] :: '<text>one resource, four formats</text>'" \
		-m get -A 41 /multi-format
	validation
	client TD_COAP_CORE_23-absent "ACK 2.02 [ ]" -m delete /create2
	client TD_COAP_CORE_23 "ACK 2.01 [ ]" -m put -O 5 -t 0 -e created /create2
	client TD_COAP_CORE_23-exists "ACK 4.12 [ ]" -m put -O 5 -t 0 -e again /create2
}

# What the client makes of blocks of SIZE: transfer SIZE ARGUMENT... PATH
transfer() {
	lab_exec coap-client-notls -v 3 -B 10 -b "$1" "${@:2:$#-2}" "$URI${!#}" 2>&1
}

blocks() {
	local file size location
	file=$(mktemp)
	for n in {01..40}; do echo "$n a line of a body that goes up in blocks and comes down again"; done >"$file"
	for size in 64 1024; do
		same "TD_COAP_BLOCK_01-client-$size$X" 1280 "$(transfer "$size" -m get /large | head -c 1280 | wc -c)"
	done
	# Debian's client (4.3.1) has forgotten its request by then, and asks for no more blocks
	same "separate-blocks$X" 18 "$(lab_exec "$CTL" get "$URI/separate-large" | grep -c 'then wakes')"
	same "TD_COAP_BLOCK_02-client$X" 20 "$(transfer 1024 -m get /large | grep -c 'quick brown fox')"
	transfer 64 -m put -t 0 -f "$file" /large-update >/dev/null
	same "TD_COAP_BLOCK_03-client$X" "$(cat "$file")" "$(transfer 64 -m get /large-update)"
	location=$(received -b 64 -m post -t 0 -f "$file" "$URI/large-create" \
		| grep -oP 'Location-Path:\K[^ ,]+' | sed 's|^|/|' | tr -d '\n')
	same "TD_COAP_BLOCK_04-client$X" "$(cat "$file")" "$(transfer 64 -m get "$location")"
	client TD_COAP_BLOCK_04-delete "ACK 2.02 [ ]" -m delete "$location"
	client TD_COAP_BLOCK_04-gone "ACK 4.04 [ ]" -m get "$location"
	same "TD_COAP_BLOCK_05-client$X" "$(tr '[:lower:]' '[:upper:]' <"$file")" \
		"$(transfer 64 -m post -t 0 -f "$file" /large-post)"
	same "TD_COAP_BLOCK_06-client$X" 20 "$(transfer 16 -m get /large | grep -c 'quick brown fox')"
	rm -f "$file"
}

# over ADDRESS SUFFIX
over() {
	local X=$2 URI=coap://$1
	[ "${1#*:}" = "$1" ] || URI="coap://[$1]"

	lab_exec "$DGRAM" --rows "$TOP/tests/smoke/plugtest.rows" --suffix "$X" "$1" || FAILED=$((FAILED + 1))
	core
	blocks
}

over 198.18.0.1 ""
over 2001:2::1 -ipv6
finish
