#!/usr/bin/env bash
# The operator's side of a gateway of its own: every command, what a start that fails says, the
# telemetry socket, a long list.  A vhost port and no lab; started by tests/run.sh.
# usage: control.sh TOP BUILD WORKERS
set -u
TOP=$1 BUILD=$2 WORKERS=$3
D=$TOP/$BUILD/control/tidegated CTL=$TOP/$BUILD/control/tidegatectl
BENCH=$TOP/$BUILD/bench/tidegate-bench TELEMETRY=$TOP/$BUILD/tests/smoke/telemetry
RUN=$(mktemp -d /run/tidegate-control.XXXXXX)
export TIDEGATE_SOCKET=$RUN/control.sock
DEVICES=20000
PASSED=0 FAILED=0 PID=

end() {
	[ -n "$PID" ] && kill -KILL "$PID" 2>/dev/null
	rm -rf "$RUN"
}
trap end EXIT
trap 'exit 130' INT TERM

same() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		PASSED=$((PASSED + 1)) && echo "ok $1"
	else
		FAILED=$((FAILED + 1)) && echo "FAIL $1: wanted \"$2\", got \"${3:0:500}\""
	fi
}
# holds NAME STATUS PATTERN COMMAND...: what it prints has a line like that
holds() {
	local name=$1 status=$2 pattern=$3 got rc
	shift 3
	got=$("$@" 2>&1)
	rc=$?
	same "$name" "$status yes" "$rc $(grep -qE -- "$pattern" <<<"$got" && echo yes || echo "no: $got")"
}
field() { grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }

cat >"$RUN/good.yaml" <<Y
workers: $WORKERS
hugepages: off
idle: sleep
ports:
  - {name: fleet0, driver: vhost, socket: $RUN/fleet0.sock, addresses: [198.18.0.1/15, "2001:2::1/48"]}
devices: {max: 65536}
dedup: {extensions: 65536}
streams: {telemetry: {ack: received}}
routes:
  - {path: "/t/{device}", kind: stream, stream: telemetry}
  - {path: "/d/{device}/{resource*}", kind: store}
log: {dir: $RUN/log}
control: {socket: $RUN/control.sock}
Y

# ---- a start that fails ends with one sentence that says what to do
# fails NAME STATUS PATTERN SED-EXPRESSION [COMMAND...]: the good configuration with one thing changed
fails() {
	local name=$1 status=$2 pattern=$3 got rc
	sed -e "$4" "$RUN/good.yaml" >"$RUN/bad.yaml"
	shift 4
	got=$(timeout -s KILL 60 "$@" "$D" -c "$RUN/bad.yaml" 2>&1)
	rc=$?
	same "start-$name" "$status yes" "$rc $(tail -n 1 <<<"$got" | grep -qE -- "$pattern" && echo yes || echo "no: $got")"
	same "start-$name-leaves-no-socket" no "$([ -e "$RUN/control.sock" ] && echo yes || echo no)"
	rm -rf "$RUN/control.sock" "$RUN/log"
}
vhost='s#driver: vhost, socket: [^,]*,#'
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 755 "$RUN"
fails config 78 'bad.yaml:1:10: workers: 99 is out of range' 's/^workers:.*/workers: 99/'
fails driver 78 'is none of vhost' 's/driver: vhost/driver: vhots/'
fails interface 1 'port fleet0: there is no interface tg-none' "${vhost}driver: af_packet, interface: tg-none,#"
fails card 1 'port fleet0: driver pci could not open 0000:7f:1f.7: is its PMD installed' "${vhost}driver: pci, address: \"0000:7f:1f.7\",#"
[ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)" -gt 32 ] \
	|| fails hugepages 1 'hugepages: on, but [0-9]+ of [0-9]+ pages of 2 MiB are free: reserve more' 's/^hugepages:.*/hugepages: on/'
# Pages that can be counted and not be had: the kernel's count is laid over.
pages=/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
if [ -f $pages ] && [ "$(cat $pages)" -le 32 ]; then
	sed 's/^hugepages:.*/hugepages: auto/' "$RUN/good.yaml" >"$RUN/auto.yaml"
	echo 4096 >"$RUN/pages"
	unshare -m sh -c "mount --bind $RUN/pages $pages && exec $D -c $RUN/auto.yaml" >"$RUN/out" 2>&1 &
	PID=$!
	for _ in $(seq 200); do grep -qs ready "$RUN/out" && break; sleep 0.05; done
	holds pages-gone-are-told 0 '^tidegated: the hugepages that were free are taken: going on without$' cat "$RUN/out"
	holds pages-gone-is-ready 0 "^tidegated: ready: pid $PID," cat "$RUN/out"
	same pages-gone-has-none false "$("$CTL" --json status | field hugepages)"
	holds pages-gone-reloads 0 '^reloads +1$' "$CTL" conf reload
	kill -TERM $PID
	wait $PID
	same pages-gone-ends 0 $?
	PID=
	rm -rf "$RUN/log" "$RUN/out"
fi
fails memory 1 'not enough EAL memory for .*: raise memory' 's/^hugepages:.*/hugepages: off\nmemory: 32/'
fails buffers 1 'not enough EAL memory for 1000000 packet buffers: raise memory or lower mbufs' 's/^hugepages:.*/hugepages: off\nmemory: 64\nmbufs: 1000000/'
fails port-socket 1 'port fleet0: driver vhost did not start /proc/' "s#$RUN/fleet0.sock#/proc/fleet0.sock#"
echo keep >"$RUN/file"
fails port-socket-is-a-file 1 "port fleet0: $RUN/file is there, and is no socket" "s#$RUN/fleet0.sock#$RUN/file#"
same port-socket-file-stays keep "$(cat "$RUN/file")"
fails control-socket 1 'control socket /proc/c.sock: .*: set control.socket to' "s#$RUN/control.sock#/proc/c.sock#"
fails control-socket-long 78 'socket: must have 1 to 107 bytes' "s#$RUN/control.sock#/$(printf 'x%.0s' $(seq 108))#"
fails control-socket-is-a-file 1 'control socket .*: something else is there: remove it' "s#$RUN/control.sock#$RUN/good.yaml#"
fails log-dir 1 'log directory /proc/log: .*: set log.dir to' "s#$RUN/log#/proc/log#"
fails log-dir-is-a-file 1 'log directory .*good.yaml: Not a directory: set log.dir to' "s#$RUN/log#$RUN/good.yaml#"
fails log-dir-of-another 1 'log directory .*: Permission denied: let this user write it' "s#$RUN/control.sock#$RUN/open/c.sock#; s#$RUN/log#$RUN/closed/log#" \
	bash -c "mkdir -p $RUN/open $RUN/closed; chmod 777 $RUN/open; exec ${nobody[*]} \"\$@\"" sh
fails log-segment 1 'log directory .*/0000000000000007.seg: .*: set log.dir to' '' \
	bash -c "mkdir -p $RUN/log/0000000000000007.seg; exec \"\$@\"" sh
fails no-privilege 1 'port fleet0: driver af_packet needs root \(CAP_NET_RAW, CAP_NET_ADMIN\)' \
	"${vhost}driver: af_packet, interface: lo,#; s#$RUN/control.sock#$RUN/open/c.sock#; s#$RUN/log#$RUN/open/log#" "${nobody[@]}"

# ---- a start that works, though one that was killed still holds the log
mkdir -p "$RUN/log"
flock "$RUN/log/LOCK" sleep 1 &
while flock -n "$RUN/log/LOCK" true; do sleep 0.01; done
"$D" -c "$RUN/good.yaml" >"$RUN/out" 2>&1 &
PID=$!
for _ in $(seq 200); do grep -q ready "$RUN/out" && break; sleep 0.05; done
holds ready 0 "^tidegated: ready: pid $PID, $WORKERS workers, control socket" cat "$RUN/out"
sed "s#$RUN/log#$RUN/log2#" "$RUN/good.yaml" >"$RUN/second.yaml"
holds second-on-the-socket 1 'control socket .*: another gateway answers there: stop it' "$D" -c "$RUN/second.yaml"
sed "s#$RUN/control.sock#$RUN/c2.sock#" "$RUN/good.yaml" >"$RUN/second.yaml"
holds second-on-the-log 1 'log directory .*: in use: another gateway writes it; stop that one' "$D" -c "$RUN/second.yaml"
same socket-mode 660 "$(stat -c %a "$RUN/control.sock")"
same socket-outlives-a-second "$PID" "$("$CTL" --json status | field pid)"
holds socket-of-another-user 1 'only root, the gateway.s user and its group may ask it' "${nobody[@]}" "$CTL" status
same log-cat-empty '0 ' "$(said=$("$CTL" log cat telemetry 2>&1); echo "$? $said")"
same log-cat-empty-no-such '1 log cat: there is no stream "nobody"' "$(said=$("$CTL" log cat nobody 2>&1); echo "$? $said")"

# ---- a fleet, and what is known of it afterwards
"$BENCH" run --vhost "$RUN/fleet0.sock" --devices $DEVICES --rate 8000 --seconds 8 --json >"$RUN/fleet" 2>&1
for _ in $(seq 50); do "$CTL" stats --check >/dev/null && break; sleep 0.1; done
same check-closes 0 "$("$CTL" stats --check >/dev/null; echo $?)"
count=$("$CTL" --json devices count | field devices)
same devices-many yes "$([ "${count:-0}" -gt $((DEVICES / 2)) ] && echo yes || echo "$count")"
same devices-list-all "$count" "$("$CTL" --json devices list --limit 0 | grep -o '"device":' | wc -l)"
same devices-list-once "$count" "$("$CTL" --json devices list --limit 0 | grep -o '"device":"[^"]*"' | sort -u | wc -l)"
same devices-list-default 100 "$("$CTL" devices list 2>/dev/null | tail -n +2 | wc -l)"
same devices-list-limit 1500 "$("$CTL" devices list --limit 1500 2>/dev/null | tail -n +2 | wc -l)"
holds devices-list-says-more 0 'and more: --limit 0 shows all' "$CTL" devices list
same devices-list-soon yes "$(timeout 10 "$CTL" devices list --limit 0 >/dev/null && echo yes)"
one=$("$CTL" --json devices list --limit 1 | field device)
same devices-list-pattern "$one" "$("$CTL" --json devices list "$one" | field device)"
same devices-list-no-match '[]' "$("$CTL" --json devices list 'no such *')"
same devices-show "$one" "$("$CTL" --json devices show "$one" | field device)"
holds devices-show-none 1 '^devices show: there is no device nobody$' "$CTL" devices show nobody
same devices-kick "$one" "$("$CTL" --json devices kick "$one" | field device)"
same devices-kicked "1 $((count - 1))" "$("$CTL" devices kick "$one" >/dev/null 2>&1; echo $?) $("$CTL" --json devices count | field devices)"
values=$("$CTL" --json status | field values)
same store-ls-all "$values" "$("$CTL" --json store ls --limit 0 | grep -o '"path":' | wc -l)"
path=$("$CTL" --json store ls --limit 1 | field path)
same store-get "$path" "$("$CTL" --json store get "$path" | field path)"
holds store-get-none 1 'nothing is stored at /d/x/y' "$CTL" store get /d/x/y
same store-ls-prefix yes "$([ "$("$CTL" --json store ls "$path" | grep -o '"path":' | wc -l)" -ge 1 ] && echo yes)"
records=$("$CTL" --json stats records_delivered | field records_delivered)
same log-cat-online "$records" "$("$CTL" log cat telemetry --json | wc -l)"
same log-verify-online "0 $records" "$("$CTL" --json log verify >"$RUN/v"; echo "$? $(field records <"$RUN/v")")"

# ---- the flight recorder
same trace-default 100 "$("$CTL" --json trace | grep -o '"mid":' | wc -l)"
same trace-count 7 "$("$CTL" --json trace -c 7 | grep -o '"mid":' | wc -l)"
same trace-text 8 "$("$CTL" trace -c 7 | wc -l)"
peer=$("$CTL" --json trace -c 1 | field peer)
same trace-peer "$peer" "$("$CTL" --json trace --peer "$peer" | grep -o '"peer":"[^"]*"' | sort -u | sed 's/"peer"://; s/"//g')"
same trace-peer-nobody '[]' "$("$CTL" --json trace --peer 192.0.2.1)"
holds trace-peer-bad 2 '^trace: --peer nowhere: an address, or ADDRESS:PORT$' "$CTL" trace --peer nowhere
token=$("$CTL" --json trace -c 1 | field token)
same trace-token yes "$([ "$("$CTL" --json trace --token "$token" | grep -o "\"token\":\"$token\"" | wc -l)" -ge 1 ] && echo yes)"
holds trace-token-bad 2 'up to 64 bytes as hex$' "$CTL" trace --token xyz
# A value stored lately, of a device that is still known: not the one that was kicked.
fresh=$("$CTL" --json store ls --limit 0 | tr '{' '\n' | grep -v "/d/$one/" | sed 's/.*"path":"\([^"]*\)".*"age_s":\([0-9]*\).*/\2 \1/' | sort -n | sed -n '2s/.* //p')
same trace-path yes "$([ "$("$CTL" --json trace --path "$fresh" | grep -o '"mid":' | wc -l)" -ge 1 ] && echo yes)"
holds trace-path-none 1 '^trace: no route serves /no/where$' "$CTL" trace --path /no/where
same trace-device yes "$([ "$("$CTL" --json trace --device "$(cut -d/ -f3 <<<"$fresh")" | grep -o '"mid":' | wc -l)" -ge 1 ] && echo yes)"
same trace-last yes "$([ "$("$CTL" --json trace --last 3600 | grep -o '"mid":' | wc -l)" -gt 1000 ] && echo yes)"
sleep 1
same trace-last-none '[]' "$("$CTL" --json trace --last 1)"

# ---- counters
requests=$("$CTL" --json stats requests | field requests)
same stats-pattern '1' "$("$CTL" stats rx_frames | wc -l)"
same stats-glob 'rx_ahead rx_bytes rx_frames ' "$("$CTL" stats 'rx_*' | awk '{print $1}' | sort | tr '\n' ' ')"
same stats-named-though-zero '{"counters":{"drop_vlan":0}}' "$("$CTL" --json stats drop_vlan)"
holds stats-no-such 1 'there is no counter like xyzzy' "$CTL" stats xyzzy
# shellcheck disable=SC2016 # the backquotes are Markdown's
same stats-all-are-documented "$(grep -c '^| `[a-z_0-9]*` |' "$TOP/docs/counters.md")" "$("$CTL" stats --all | wc -l)"
same stats-per-core-adds-up "$requests" "$("$CTL" --json stats requests --per-core | sed 's/.*per_core//' | grep -o '[0-9]*' | awk '{n += $1} END {print n}')"
holds stats-per-core-text 0 "worker $((WORKERS - 1))" "$CTL" stats --per-core
same stats-rate-count 3 "$("$CTL" --json stats requests --rate 0.1 --count 3 | wc -l)"
same stats-rate-at-rest '{"requests":0.0}' "$("$CTL" --json stats requests --rate 0.2)"
same stats-rate-per-core "{\"rates\":{\"requests\":0.0},\"per_core\":[$(yes '{"requests":0.0}' | head -n "$WORKERS" | paste -sd,)]}" \
	"$("$CTL" --json stats requests --rate 0.2 --per-core)"
holds stats-rate-per-core-text 0 "^requests +0\.0 /s( +0\.0){$WORKERS}\$" "$CTL" stats requests --rate 0.2 --count 1 --per-core
same stats-rate-until-interrupt "0 yes" "$(timeout -s INT 1 "$CTL" stats requests --rate 0.1 >"$RUN/rate"; rc=$?; [ $rc = 124 ] && rc=0; echo "$rc $([ "$(grep -c requests "$RUN/rate")" -gt 3 ] && echo yes)")"
same top-interrupted 0 "$("$CTL" top >/dev/null & p=$!; sleep 0.5; kill -TERM $p; wait $p; echo $?)"
holds top 0 '^requests [0-9]+/s ' "$CTL" top --count 1
same top-into-a-pipe 0 "$("$CTL" top --count 1 | grep -c $'\033')"
same top-on-a-terminal 1 "$(script -qec "$CTL top --count 1" /dev/null </dev/null | grep -c $'\033')"
same clear-counters 0 "$("$CTL" clear counters >/dev/null; "$CTL" --json stats requests | field requests)"
same clear-counters-per-core 0 "$("$CTL" --json stats requests --per-core | grep -o '"requests":[1-9]' | wc -l)"
same clear-latency 0 "$("$CTL" --json latency | field answers)"
same clear-keeps-the-books 0 "$("$CTL" stats --check >/dev/null; echo $?)"

# ---- every command's JSON has the fields that the reference says
# shellcheck disable=SC2086 # a command may be several words
for c in status "stats --check" "drops --all" latency cores trace ports mem "devices count" "devices list" "store ls" "log ls" "log verify" "conf show"; do
	got=$("$CTL" --json $c | grep -oE '[{,]"[a-z_0-9]+":' | tr -d '{,":' | sort -u)
	documented=$("$CTL" help ${c%% -*} --json)
	missing=
	[ "$c" = "conf show" ] && got="file reloads config" # the rest is docs/configuration.md
	for f in $got; do grep -qw -- "$f" <<<"$documented" || missing="$missing $f"; done
	same "fields-$c" "" "$missing"
done
holds mem-allocator 0 '"allocator":"jemalloc [0-9]' "$CTL" --json mem
same mem-allocated yes "$([ "$("$CTL" --json mem | field malloc_allocated_bytes)" -gt 1000000 ] && echo yes)"
holds mem-text 0 '^peers +[0-9.]+ [KM]iB' "$CTL" mem

# ---- configuration
holds conf-show-defaults 0 '"udp_port": 5683' "$CTL" conf show
"$CTL" conf show >"$RUN/shown.yaml"
holds conf-show-is-one 0 'good$' "$D" -c "$RUN/shown.yaml" -t
cp "$RUN/good.yaml" "$RUN/kept.yaml"
echo 'nonsense: 1' >>"$RUN/good.yaml"
holds reload-bad 78 "conf reload: $RUN/good.yaml:[0-9]+:1: there is no key \"nonsense\" here" "$CTL" conf reload
same conf-show-is-what-runs 0 "$("$CTL" conf show | grep -c nonsense)"
same reload-bad-is-counted '1 yes' "$("$CTL" --json status >"$RUN/s"; echo "$(field failed_reloads <"$RUN/s") $(field last_reload <"$RUN/s" | grep -q . && echo yes)")"
sed 's/max: 65536/max: 65537/' "$RUN/kept.yaml" >"$RUN/good.yaml"
holds reload-fixed 78 "good.yaml:[0-9]+:16: \"devices.max\" cannot change while running: restart" "$CTL" conf reload
sed 's/^log:.*/log: {dir: \/tmp\/elsewhere}/' "$RUN/kept.yaml" >"$RUN/good.yaml"
holds reload-fixed-dir 78 '"log.dir" cannot change while running' "$CTL" conf reload
sed 's#^routes:#routes:\n  - {path: /fresh, kind: time}#' "$RUN/kept.yaml" >"$RUN/good.yaml"
same reload-good '1' "$("$CTL" --json conf reload | field reloads)"
same reload-good-shown 1 "$("$CTL" conf show | grep -c /fresh)"
kill -HUP $PID && sleep 0.5
same reload-by-signal 2 "$("$CTL" --json status | field reloads)"

# ---- transmission parameters
param() { "$CTL" --json param "$@" | field "$1"; }
holds param-text 0 '^ack_timeout +2s$' "$CTL" param
holds param-derived 0 '^derived.exchange_lifetime +247s$' "$CTL" param
same param-set 3s "$(param ack_timeout 3s)"
same param-set-by-its-name-in-the-rfc 2 "$("$CTL" --json param NSTART 2 | field nstart)"
same param-stays 3s "$(param ack_timeout)"
holds param-derives-anew 0 '^derived.exchange_lifetime +269500ms$' "$CTL" param
holds param-in-conf-show 0 '"ack_timeout": "3s"' "$CTL" conf show
holds param-out-of-range 1 'ack_timeout: 999ms is out of range \(1s to 10m\)' "$CTL" param ack_timeout 999ms
holds param-over-the-lifetime 1 'EXCHANGE_LIFETIME would be [0-9]+ s, over 32767' "$CTL" param max_latency 5h
holds param-blames-no-file 1 '^(param: )?coap.ack_delay: must be under ack_timeout, ' "$CTL" param ack_delay 5s
same param-derived 202s "$(param max_rtt)"
holds param-derived-is-not-set 1 'max_rtt follows from the others \(RFC 7252, 4.8.2\): set those$' "$CTL" param max_rtt 3s
holds param-derived-unknown 1 'there is no parameter max_rtg; did you mean max_rtt' "$CTL" param max_rtg
holds param-without-a-unit 1 '"3" is not a time with its unit' "$CTL" param ack_timeout 3
holds param-unknown 1 'there is no parameter nstrat; did you mean nstart' "$CTL" param nstrat
same param-refused-changes-nothing 3s "$(param ack_timeout)"
same param-of-a-route 10s "$(param ack_timeout 10s --route '/t/{device}')"
same param-of-others 3s "$(param ack_timeout)"
holds param-of-a-route-inherits 0 '^nstart +2$' "$CTL" param --route '/t/{device}'
same param-given-up 3s "$(param ack_timeout inherited --route '/t/{device}')"
holds param-no-such-route 1 'there is no route /nowhere' "$CTL" param --route /nowhere
"$CTL" conf reload >/dev/null
same param-until-the-reload 2s "$(param ack_timeout)"

# ---- the telemetry socket
ask() { "$TELEMETRY" "/run/dpdk/tidegate-$PID/dpdk_telemetry.v2" "$1"; }
for p in status counters drops latency cores ports mem; do
	holds "telemetry-$p" 0 "^\{\"/tidegate/$p\":\{\"[a-z0-9_]+\":" ask "/tidegate/$p"
done
same telemetry-counters "$("$CTL" --json stats --all | grep -o '"rx_frames":[0-9]*')" "$(ask /tidegate/counters | grep -o '"rx_frames":[0-9]*')"
same telemetry-pattern '{"/tidegate/counters":{"drop_vlan":0}}' "$(ask /tidegate/counters,drop_vlan)"
same telemetry-lists "$WORKERS" "$(ask /tidegate/cores | grep -o '"worker":' | wc -l)"

# ---- a client that misbehaves
(exec 3<>/dev/null; "$TELEMETRY" --stream "$RUN/control.sock" 'half a line' 3) &
half=$!
same half-a-line-stalls-nobody "$PID" "$(timeout 2 "$CTL" --json status | field pid)"
kill $half 2>/dev/null
same no-json '{"ok":false,"error":{"code":"usage","message":"a request is an object with \"command\""}}' "$("$TELEMETRY" --stream "$RUN/control.sock" 'nonsense
' 0)"
holds unknown-to-the-gateway 0 '"code":"usage","message":"there is no command fly"' "$TELEMETRY" --stream "$RUN/control.sock" '{"command":"fly"}
' 0

# ---- the end
same drain '{"drained":true}' "$("$CTL" --json drain)"
same drain-is-shown draining "$("$CTL" --json status | field state)"
same stop 0 "$("$CTL" stop >/dev/null; echo $?)"
was=$PID
wait $PID
same stopped 0 $?
PID=
same stop-leaves-nothing "no no" "$([ -e "$RUN/control.sock" ] && echo yes || echo no) $([ -e "/run/dpdk/tidegate-$was" ] && echo yes || echo no)"
same log-offline "$records" "$("$CTL" log cat --dir "$RUN/log" | wc -l)"
echo "control: $PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 90 ]
