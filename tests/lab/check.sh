# shellcheck shell=bash
# For the tests in the lab, sourced first: "ok NAME" or "FAIL NAME: ..." for each case, and what
# many of them ask.  tests/run.sh starts each with TOP, BUILD and the lab's settings.

# shellcheck source=tests/lab/lab.sh
. "$TOP/tests/lab/lab.sh"
CTL=$TOP/$BUILD/control/tidegatectl
DGRAM=$TOP/$BUILD/tests/smoke/dgram
FAILED=0
export RUNTIME_DIRECTORY=$LAB_RUN # what DPDK leaves there goes with the lab

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		FAILED=$((FAILED + 1))
		echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

# holds NAME COMMAND...: it must succeed; what it says is shown if it does not
holds() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok $name"
	else
		FAILED=$((FAILED + 1))
		echo "FAIL $name: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
	fi
}

finish() { [ $FAILED = 0 ]; exit; }

status_of() { "$@" >/dev/null 2>&1; echo $?; }

# counter NAME: the gateway's
counter() { "$CTL" --json stats --all | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }

# value NAME: the first number or word of that name in the gateway's status
value() { "$CTL" --json status | grep -oE "\"$1\":\"?[^,}\"]*" | head -n 1 | sed 's/.*://; s/"//'; }

# answer METHOD URI: the code that a request from the devices' side gets, or "-"
answer() {
	local reply
	reply=$(lab_exec "$DGRAM" --timeout 1000 "${3:-198.18.0.1}" \
		"$("$CTL" encode -m "$1" --mid $((RANDOM % 30000)) --token 5a "$2")")
	[ "$reply" = - ] && echo - && return
	"$CTL" decode "$reply" | grep -oE '"code":"[0-9.]+"' | cut -d'"' -f4
}

# ---- clients that keep posting, and what they were promised --------------------------------------

# Ports of its own: one that another storm has used would have its Message IDs, too.
STORM_PORT=10000
storm_begin() { # ADDRESS NAME
	SEEN=$LAB_RUN/$2.seen
	STORM_PORT=$((STORM_PORT + 100))
	ip netns exec tg-devices "$TOP/$BUILD/tests/smoke/storm" "$1" "$SEEN" "$2-$$" $STORM_PORT &
	STORM=$! # of storm itself, which a function would not be
}

storm_end() { kill "$STORM" && wait "$STORM"; }

# storm_judge NAME: with the log at rest
storm_judge() {
	local kept=$LAB_RUN/$1.kept name
	name=$(printf %s "$1-$$" | od -An -tx1 | tr -d ' \n')
	"$CTL" --json log cat telemetry --dir "$LAB_LOG" | grep -o "\"payload\":\"${name}2d[0-9a-f]*" \
		| cut -d'"' -f4 | sort >"$kept"
	sort "$SEEN" >"$SEEN.sorted"
	holds "$1-many-acknowledged" [ "$(wc -l <"$SEEN")" -gt 100 ]
	same "$1-acknowledged-and-lost" 0 "$(comm -23 <(uniq "$SEEN.sorted") <(uniq "$kept") | wc -l)"
	same "$1-logged-twice" 0 "$(uniq -d "$kept" | wc -l)"
}
