# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # shares its variables with ./dev and lab.sh
# ./dev run: a gateway, a simulated fleet on another core, a live view and a summary.  Sourced by
# ./dev behind lab.sh.

RUN_PAGES=256            # for gateway and fleet
RUN_RATE=20000           # requests a second, paced so that nothing is lost
RUN_RATE_DEVICE=4        # of one device: what its Message IDs' lifetime of 247 s has room for
RUN_LIFETIME=247
RUN_OWN_VALUES=64        # places for what the lab's own routes store, beside the devices' values

# field NAME OBJECT: sets VALUE to the first member of that name; no process is started
field() {
	VALUE=
	[[ $2 =~ \"$1\":\ *\"?([^,\}\"]*) ]] && VALUE=${BASH_REMATCH[1]}
}

run_end() {
	[ -n "${FLEET:-}" ] && kill -KILL "$FLEET" 2>/dev/null
	lab_down
	pages_give
}

# ---- the parts ---------------------------------------------------------------------------------

run_say() { [ "$JSON" = 1 ] || echo "$*"; }

run_size() { # what the gateway needs for $DEVICES that send $RATE for $SECS
	local heard=$((SECS < RUN_LIFETIME ? SECS : RUN_LIFETIME)) mids runs
	[ -n "$RATE" ] || RATE=$((DEVICES * RUN_RATE_DEVICE < RUN_RATE ? DEVICES * RUN_RATE_DEVICE : RUN_RATE))
	mids=$((RATE * heard / DEVICES + 1)) # to remember of each device; its line holds eight
	runs=$((2 * (heard / 15 + 1)))       # of two codes, each for 15 s
	LAB_DEVICES=$((DEVICES + RUN_OWN_VALUES))
	[ $LAB_DEVICES -ge 1024 ] || LAB_DEVICES=1024
	LAB_EXTENSIONS=$((mids > 8 ? DEVICES * ((mids < runs ? mids : runs) / 4 + 1) : 0))
	[ $LAB_EXTENSIONS -ge 65536 ] || LAB_EXTENSIONS=65536
	LAB_PORT=$lab_vhost
	LAB_HUGEPAGES=auto
}

run_fleet() { # starts it; its words come through the fifo
	local huge=
	field hugepages "$("$CTL" --json status)"
	[ "$VALUE" = true ] && huge=--hugepages
	mkfifo "$LAB_RUN/fleet.fifo"
	# shellcheck disable=SC2086
	RUNTIME_DIRECTORY=$LAB_RUN setsid "$BUILD/bench/tidegate-bench" run --vhost "$LAB_RUN/fleet0.sock" \
		--devices "$DEVICES" --rate "$RATE" --seconds "$SECS" --core 0 $huge --interval-json \
		>"$LAB_RUN/fleet.fifo" 2>"$LAB_RUN/fleet.err" 9<&- &
	FLEET=$!
}

run_hint() {
	cat <<-HINT
		Gateway at 198.18.0.1 and [2001:2::1]; $DEVICES devices over a vhost wire, $RATE requests/s for $SECS s.
		To join in from another terminal (coap-client-notls is in Debian's libcoap3-bin):
		  ip netns exec tg-devices coap-client-notls -m get coap://198.18.0.1/.well-known/core
		  ip netns exec tg-devices coap-client-notls -m put -e 21.5 coap://198.18.0.1/d/me/state
		  $BUILD/control/tidegatectl --socket $LAB_RUN/control.sock top

		   time   rate/s   answered  refused  lost   p50 us   p99 us   log MiB  dropped
	HINT
}

# run_drops: "reason:count ..." of what the gateway dropped or refused
run_drops() {
	local text reason
	text=$("$CTL" --json drops)
	DROPS=
	while [[ $text =~ \"reason\":\ *\"([a-z_0-9]+)\",\ *\"count\":\ *([0-9]+)(.*) ]]; do
		text=${BASH_REMATCH[3]}
		reason=${BASH_REMATCH[1]}:${BASH_REMATCH[2]}
		DROPS="$DROPS${DROPS:+ }$reason"
	done
}

run_line() { # the fleet's interval and a look at the gateway
	local f cells=() bytes
	for f in seconds rate answered refused lost p50_us p99_us; do
		field $f "$1"
		cells+=("${VALUE:-0}")
	done
	field bytes "$("$CTL" --json status)"
	bytes=${VALUE:-0}
	run_drops
	printf '%5.0f s %8.0f %10s %8s %5s %8.0f %8.0f %9s  %s\n' "${cells[@]}" \
		"$((bytes >> 20)).$(((bytes >> 10) % 1024 * 10 / 1024))" "${DROPS:-nothing}"
}

# Ctrl-C: the fleet finishes what is in flight and sums up; again: it ends at once.
run_interrupt() {
	[ -n "${FLEET:-}" ] || exit 130
	kill "$STOP" "$FLEET" 2>/dev/null
	STOP=-KILL
}

run_watch() { # until the fleet has ended; SUMMARY is its last word
	local line
	SUMMARY=
	while IFS= read -r line || kill -0 "$FLEET" 2>/dev/null; do # a signal ends a read, too
		case $line in
		'{"summary"'*) SUMMARY=$line ;;
		'{"interval"'*) [ "$JSON" = 1 ] || run_line "$line" ;;
		esac
	done <"$LAB_RUN/fleet.fifo"
	wait "$FLEET"
	FLEET=
}

# ---- the summary -------------------------------------------------------------------------------

# Reads the fleet's counts and the gateway's; BOOKS is true if both agree with themselves.
run_count() {
	local f
	for f in sent answered refused lost rate p50_us p99_us retransmitted wrong; do
		field $f "$SUMMARY"
		printf -v "N_$f" %s "${VALUE:-0}"
	done
	field seconds "$SUMMARY"
	N_seconds=$VALUE
	field records_delivered "$("$CTL" --json stats --all)"
	N_logged=${VALUE:-0}
	field bytes "$("$CTL" --json status)"
	N_log_bytes=${VALUE:-0}
	run_drops
	BOOKS=false
	"$CTL" stats --check >"$LAB_RUN/books" 2>&1 && [ $((N_answered + N_refused + N_lost)) = "$N_sent" ] \
		&& [ "$N_wrong" = 0 ] && BOOKS=true
}

run_json() {
	local f
	printf '{"devices":%s' "$DEVICES"
	for f in seconds sent answered refused lost rate p50_us p99_us logged log_bytes retransmitted wrong; do
		local name=N_$f
		printf ',"%s":%s' $f "${!name}"
	done
	printf ',"dropped":{%s},"books_close":%s}\n' \
		"$(echo "$DROPS" | sed -E 's/([a-z_0-9]+):([0-9]+)/"\1":\2/g; s/ /,/g')" "$BOOKS"
}

run_summary() {
	cat <<-TEXT

		$N_sent sent = $N_answered answered + $N_refused refused + $N_lost lost, in $N_seconds s ($N_retransmitted retransmissions)
		$N_rate answers/s, half within $N_p50_us us, 99 % within $N_p99_us us
		$N_logged records in the log, $((N_log_bytes >> 20)) MiB; dropped: ${DROPS:-nothing}
	TEXT
	if [ "$BOOKS" = true ]; then
		echo "The books close: nothing is unaccounted for."
	else
		echo "The books do NOT close ($N_wrong answers matched no request):"
		cat "$LAB_RUN/books"
	fi
}

# run_main: with DEVICES, SECS, RATE (or empty), JSON set; 0 only if nothing is unaccounted for
run_main() {
	[ ! -e /run/tidegate-lab ] || die "the lab is up: ./dev lab down first"
	CTL=$TOP/$BUILD/control/tidegatectl
	export TIDEGATE_SOCKET=$LAB_RUN/control.sock
	trap run_end EXIT
	STOP=-INT
	trap run_interrupt INT TERM HUP
	lab_down # what a run that was killed has left
	run_size
	pages_take $RUN_PAGES || run_say "no hugepages to be had: running without, a little slower"
	lab_net_up && lab_start && run_fleet || exit 1
	[ "$JSON" = 1 ] || run_hint
	run_watch
	[ -n "$SUMMARY" ] || { cat "$LAB_RUN/fleet.err" >&2; die "the fleet did not finish"; }
	run_count
	if [ "$JSON" = 1 ]; then run_json; else run_summary; fi
	[ "$BOOKS" = true ]
}
