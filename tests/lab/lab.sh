# shellcheck shell=bash disable=SC2034 # settings of the file that is sourced next
# The lab: two network namespaces joined by a veth pair, a gateway in the first, real clients in
# the second.  Sourced by ./dev, by ./dev run's view and by the tests, each with a LAB_NAME of
# its own; they share the two namespaces, so one has them at a time (lab_lock).
#
#   tg-gateway: tg-gw0, no kernel address: the gateway owns 198.18.0.1/15 and 2001:2::1/48
#   tg-devices: tg-dev0, 198.18.0.2/15 and 2001:2::2/48
#
# What lives no longer than the machine is under /run; the log is not: /run is memory, and a
# record that has been acknowledged must outlive a power cut.

LAB_NAME=${LAB_NAME:-lab}
LAB_RUN=/run/tidegate-$LAB_NAME
LAB_STATE=$TOP/build/$LAB_NAME-state
LAB_LOG=${LAB_LOG:-$LAB_STATE/log}
LAB_WORKERS=${LAB_WORKERS:-1}
LAB_DEVICES=${LAB_DEVICES:-65536}
LAB_HUGEPAGES=${LAB_HUGEPAGES:-off} # others may take the free ones while the gateway starts
LAB_EXTENSIONS=${LAB_EXTENSIONS:-auto}
LAB_PORT=${LAB_PORT:-} # one more line under ports:, or lab_vhost
lab_vhost="  - {name: fleet0, driver: vhost, socket: $LAB_RUN/fleet0.sock, addresses: [198.18.0.1/15, \"2001:2::1/48\"]}"

# ---- one at a time ---------------------------------------------------------------------------

# The lock is on /run itself: no file of it is left over, and the kernel lets go of it with its
# holder, however that ends.  What the holder starts in the background must not keep it: 9<&-.
lab_lock() {
	[ -n "${LAB_LOCKED:-}" ] && return 0 # our caller holds it
	exec 9</run || return 1
	flock -n 9 || { echo "lab: a run or a test has the lab: wait for it to end" >&2; return 1; }
	export LAB_LOCKED=1
}

# ---- the network -----------------------------------------------------------------------------

# A shell in between: it says 126 and 127 of what cannot be run, where ip says 255.
# shellcheck disable=SC2016 # "$@" is that shell's
LAB_EXEC=(ip netns exec tg-devices sh -c 'exec "$@"' sh)
lab_exec() { "${LAB_EXEC[@]}" "$@"; }
# The same in this shell's place, which would remark on what kills it.
lab_become() { exec "${LAB_EXEC[@]}" "$@"; }

lab_is_up() { ip -n tg-devices link show tg-dev0 >/dev/null 2>&1; }

lab_net_make() {
	ip netns add tg-gateway && ip netns add tg-devices || return 1
	ip link add tg-gw0 netns tg-gateway type veth peer name tg-dev0 netns tg-devices || return 1
	# A veth that is plainly up speaks by itself; partial checksums look wrong to a gateway.
	ip -n tg-gateway link set tg-gw0 addrgenmode none
	ip -n tg-devices link set tg-dev0 addrgenmode none
	ip netns exec tg-devices ethtool -K tg-dev0 tx off >/dev/null
	ip netns exec tg-gateway ethtool -K tg-gw0 tx off >/dev/null
	# Who joins a multicast group says so twice: before the gateway is there to count it.
	ip netns exec tg-devices sh -c 'echo 1 >/proc/sys/net/ipv6/conf/tg-dev0/mldv2_unsolicited_report_interval'
	ip -n tg-gateway link set lo up
	ip -n tg-devices link set lo up
	ip -n tg-gateway link set tg-gw0 up
	ip -n tg-devices link set tg-dev0 up
	ip -n tg-devices addr add 198.18.0.2/15 dev tg-dev0 || return 1
	ip -n tg-devices addr add 2001:2::2/48 dev tg-dev0 nodad
}

lab_net_up() {
	local said
	lab_is_up && return 0
	lab_net_down # half of it may be there
	said=$(lab_net_make 2>&1) && return 0
	lab_net_down
	echo "lab: this machine gives no network namespaces: ${said%%$'\n'*}" >&2
	return 1
}

lab_net_down() {
	local ns pid
	for ns in tg-gateway tg-devices; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns del "$ns"
	done
	return 0
}

# ---- the gateway -----------------------------------------------------------------------------

lab_config() { # writes $LAB_RUN/lab.yaml
	mkdir -p "$LAB_RUN" "$LAB_LOG"
	sed -e "s#@RUN@#$LAB_RUN#; s#@LOG@#$LAB_LOG#; s#@WORKERS@#$LAB_WORKERS#" \
		-e "s#@DEVICES@#$LAB_DEVICES#; s#@EXTENSIONS@#$LAB_EXTENSIONS#; s#@PORT@#$LAB_PORT#" \
		-e "s#@HUGEPAGES@#$LAB_HUGEPAGES#" \
		"$TOP/tests/lab/lab.yaml" >"$LAB_RUN/lab.yaml"
}

# lab_is PATTERN: prints the gateway's pid if its line in /proc matches.  One that is dead may
# wait to be buried (Z), and its last threads may be in a system call and hold the log's lock.
lab_is() {
	local pid stat threads
	pid=$(cat "$LAB_RUN/pid" 2>/dev/null) && stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
	threads=("/proc/$pid/task/"*)
	[[ $stat == $1\)\ * ]] && [[ $stat != *\)\ Z* || ${#threads[@]} -gt 1 ]] && echo "$pid"
}
lab_pid() { lab_is '* (tidegated'; }

# True once the gateway answers a CoAP ping (an empty CON, answered by RST) at $1.
lab_pings() {
	[ "$(lab_exec "$TOP/$BUILD/tests/smoke/dgram" --timeout 100 "$1" 40000001 2>/dev/null)" = 70000001 ]
}

lab_spawn() {
	lab_config
	# Its own session: an interrupted script must not take the lab along.  What DPDK leaves
	# in its runtime directory is ours to remove.
	RUNTIME_DIRECTORY=$LAB_RUN setsid ip netns exec tg-gateway \
		"$TOP/$BUILD/control/tidegated" -c "$LAB_RUN/lab.yaml" >>"$LAB_RUN/out" 2>&1 </dev/null 9<&- &
	echo $! >"$LAB_RUN/pid"
	disown # its end is nothing for the shell to remark on
}

lab_start() { # 0 once it answers on both addresses
	local i spawned=0
	[ -n "$(lab_pid)" ] || rm -f "$LAB_RUN/pid"
	for i in $(seq 200); do
		if [ -z "$(lab_is '*')" ]; then # until it is itself, it is called ip
			[ $spawned = 0 ] || break
			lab_spawn
			spawned=1
		fi
		lab_pings 198.18.0.1 && lab_pings 2001:2::1 && return 0
		sleep 0.05
	done
	echo "lab: the gateway does not answer; it said:" >&2
	tail -n 5 "$LAB_RUN/out" >&2
	return 1
}

lab_wait_gone() { # PID
	local i
	for i in $(seq 200); do
		[ "$(lab_pid)" = "$1" ] || return 0
		sleep 0.05
	done
	return 1
}

lab_stop() { # a clean stop: what is pending is finished
	local pid
	pid=$(lab_pid) && kill -TERM "$pid" && ! lab_wait_gone "$pid" \
		&& { kill -KILL "$pid"; echo "lab: the gateway had to be killed" >&2; }
	rm -f "$LAB_RUN/pid"
}

lab_kill() { # as a crash would
	local pid
	pid=$(lab_pid) && kill -KILL "$pid" && lab_wait_gone "$pid"
	rm -f "$LAB_RUN/pid"
}

# ---- all of it -------------------------------------------------------------------------------

# The log of the running configuration, which another checkout may have written.
lab_log() {
	local dir
	dir=$(sed -n 's/^  dir: //p' "$LAB_RUN/lab.yaml" 2>/dev/null)
	echo "${dir:-$LAB_LOG}"
}

lab_status() { # [--json]
	local pid net=down
	pid=$(lab_pid)
	lab_is_up && net=up
	if [ "${1:-}" = --json ]; then
		printf '{"network":"%s","pid":%s,"config":"%s","log_dir":"%s","control_socket":"%s"}\n' \
			"$net" "${pid:-null}" "$LAB_RUN/lab.yaml" "$(lab_log)" "$LAB_RUN/control.sock"
		return 0
	fi
	echo "network: $net"
	echo "gateway: ${pid:-not running}"
	echo "config:  $LAB_RUN/lab.yaml"
	echo "log:     $(lab_log)"
	echo "control: $LAB_RUN/control.sock"
}

lab_down() { # leaves nothing behind
	local log
	log=$(lab_log)
	lab_stop
	command -v ip >/dev/null && lab_net_down
	rm -rf "$log" "$LAB_RUN"
	rmdir "$LAB_STATE" 2>/dev/null
	return 0
}
