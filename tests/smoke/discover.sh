#!/usr/bin/env bash
# Discovery and its filters (RFC 6690): ETSI's TD_COAP_LINK_01 to _09 by datagrams and by Debian's
# client, over IPv4 and IPv6.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
N=$((RANDOM * 32768 + RANDOM)) # device names that no earlier run has used

# targets URI: of the links that Debian's client gets, in order
targets() { lab_exec coap-client-notls -B 3 -m get "$1" 2>&1 | grep -oE '<[^>]*>' | tr -d '<>' | xargs; }

# over ADDRESS SUFFIX: everything that has to hold over IPv4 and IPv6 alike
over() {
	local at=$1 x=$2 core=coap://$1/.well-known/core
	[ "${at#*:}" = "$at" ] || core="coap://[$at]/.well-known/core"
	lab_exec "$DGRAM" --rows "$TOP/tests/smoke/discover.rows" --n "$N${x#-}" --suffix "$x" "$at" \
		|| FAILED=$((FAILED + 1))

	same "TD_COAP_LINK_01-client$x" "/d /large /link1 /link2 /link3 /path /t /test" \
		"$(targets "$core" | tr ' ' '\n' | grep -E '^/(d|t|test|large|path.*|link.)$' | sort | xargs)"
	same "TD_COAP_LINK_02-client$x" "/link1 /link3" "$(targets "$core?rt=Type1")"
	same "TD_COAP_LINK_03-client$x" "/large /link1 /link2 /link3" "$(targets "$core?rt=*")"
	same "TD_COAP_LINK_04-client$x" "/link1 /link2" "$(targets "$core?rt=Type2")"
	same "TD_COAP_LINK_05-client$x" "/link1 /link2" "$(targets "$core?if=If*")"
	same "TD_COAP_LINK_06-client$x" "/large" "$(targets "$core?sz=*")"
	same "TD_COAP_LINK_07-client$x" "/link1" "$(targets "$core?href=/link1")"
	same "TD_COAP_LINK_08-client$x" "/link1 /link2 /link3" "$(targets "$core?href=/link*")"
	same "TD_COAP_LINK_09-client$x" "/path /path/sub1 /path/sub2 /path/sub3" \
		"$(targets "$core?ct=40") $(targets "${core%.well-known/core}path")"
}

over 198.18.0.1 ""
over 2001:2::1 -ipv6
holds discover-books-close "$CTL" stats --check
finish
