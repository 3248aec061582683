# The lab: two network namespaces joined by a veth pair, a gateway in the first, real clients in
# the second.  Sourced by ./dev; every function leaves nothing behind that `lab_net_down` and
# `lab_stop` do not remove.
#
#   tg-gateway: tg-gw0, no kernel address: the gateway owns 198.18.0.1/15 and 2001:2::1/48
#   tg-devices: tg-dev0, 198.18.0.2/15 and 2001:2::2/48

LAB_RUN=${LAB_RUN:-/run/tidegate-lab}
LAB_WORKERS=${LAB_WORKERS:-1}
LAB_DEVICES=${LAB_DEVICES:-65536}
LAB_EXTENSIONS=${LAB_EXTENSIONS:-auto}
LAB_VHOST=${LAB_VHOST:-}

lab_is_up() { ip netns list 2>/dev/null | grep -q '^tg-gateway\b'; }

lab_net_up() {
	lab_is_up && return 0
	ip netns add tg-gateway
	ip netns add tg-devices
	ip link add tg-gw0 netns tg-gateway type veth peer name tg-dev0 netns tg-devices
	# A veth that is plainly up speaks by itself; partial checksums look wrong to a gateway.
	ip -n tg-gateway link set tg-gw0 addrgenmode none
	ip -n tg-devices link set tg-dev0 addrgenmode none
	ip netns exec tg-devices ethtool -K tg-dev0 tx off >/dev/null
	ip netns exec tg-gateway ethtool -K tg-gw0 tx off >/dev/null
	ip -n tg-gateway link set lo up
	ip -n tg-devices link set lo up
	ip -n tg-gateway link set tg-gw0 up
	ip -n tg-devices link set tg-dev0 up
	ip -n tg-devices addr add 198.18.0.2/15 dev tg-dev0
	ip -n tg-devices addr add 2001:2::2/48 dev tg-dev0 nodad
}

lab_net_down() {
	local ns
	for ns in tg-gateway tg-devices; do
		ip netns list 2>/dev/null | grep -q "^$ns\b" && ip netns del "$ns"
	done
	return 0
}

lab_exec() { ip netns exec tg-devices "$@"; }

lab_config() { # writes $LAB_RUN/lab.yaml
	local vhost=
	mkdir -p "$LAB_RUN"
	[ -n "$LAB_VHOST" ] && vhost="  - {name: fleet0, driver: vhost, socket: $LAB_VHOST, addresses: [198.18.0.1/15, \"2001:2::1/48\"]}"
	sed -e "s#@RUN@#$LAB_RUN#; s#@WORKERS@#$LAB_WORKERS#; s#@DEVICES@#$LAB_DEVICES#" \
		-e "s#@EXTENSIONS@#$LAB_EXTENSIONS#; s#@VHOST@#$vhost#" \
		"$TOP/tests/lab/lab.yaml" >"$LAB_RUN/lab.yaml"
}

lab_pid() { # prints the gateway's pid if it runs
	local pid
	pid=$(cat "$LAB_RUN/pid" 2>/dev/null) && [ -n "$pid" ] \
		&& [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tidegated ] && echo "$pid"
}

# True once the gateway answers a CoAP ping (an empty CON, answered by RST) at $1.
lab_pings() { lab_exec "$TOP/$BUILD/tests/smoke/dgram" --timeout 100 "$1" 40000001 2>/dev/null | grep -q '^70000001$'; }

lab_start() {
	local i
	[ -n "$(lab_pid)" ] && return 0
	lab_config
	# Its own session: an interrupted script must not take the lab along.
	setsid ip netns exec tg-gateway "$TOP/$BUILD/control/tidegated" -c "$LAB_RUN/lab.yaml" \
		>>"$LAB_RUN/out" 2>&1 </dev/null &
	echo $! >"$LAB_RUN/pid"
	for i in $(seq 200); do
		lab_pings 198.18.0.1 && lab_pings 2001:2::1 && return 0
		kill -0 "$(cat "$LAB_RUN/pid")" 2>/dev/null || break
		sleep 0.05
	done
	echo "lab: the gateway does not answer; it said:" >&2
	tail -n 5 "$LAB_RUN/out" >&2
	return 1
}

lab_wait_gone() { # $1 pid
	local i
	for i in $(seq 200); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}

lab_stop() {
	local pid
	pid=$(lab_pid) || true
	if [ -n "$pid" ]; then
		kill -TERM "$pid"
		lab_wait_gone "$pid" || { kill -KILL "$pid"; echo "lab: the gateway had to be killed" >&2; }
	fi
	rm -f "$LAB_RUN/pid"
}

lab_kill() { # as a crash would
	local pid
	pid=$(lab_pid) || true
	[ -n "$pid" ] && kill -KILL "$pid" && lab_wait_gone "$pid"
	rm -f "$LAB_RUN/pid"
}

lab_status() { # [--json]
	local pid
	pid=$(lab_pid) || true
	if [ "${1:-}" = --json ]; then
		printf '{"up":%s,"pid":%s,"config":"%s","log_dir":"%s","control_socket":"%s"}\n' \
			"$(lab_is_up && echo true || echo false)" "${pid:-null}" "$LAB_RUN/lab.yaml" \
			"$LAB_RUN/log" "$LAB_RUN/control.sock"
	else
		echo "network: $(lab_is_up && echo up || echo down)"
		echo "gateway: ${pid:-not running}"
		echo "config:  $LAB_RUN/lab.yaml"
		echo "log:     $LAB_RUN/log"
		echo "control: $LAB_RUN/control.sock"
	fi
}

lab_down() {
	lab_stop
	lab_net_down
	rm -rf "$LAB_RUN"
}
