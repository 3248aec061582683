#!/usr/bin/env bash
# The drivers that go through the kernel, each in a network namespace of its own: a real client
# is answered through it.  Started by tests/run.sh.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
NS=tg-driver
DIR=$LAB_RUN/driver

inside() { ip netns exec $NS "$@"; }

config() { # DRIVER INTERFACE
	cat <<-CONF
		workers: $LAB_WORKERS
		ports:
		  - {name: port0, driver: $1, interface: $2, addresses: [198.18.0.1/15, "2001:2::1/48"]}
		devices: {max: 1024}
		streams:
		  telemetry: {ack: logged}
		routes:
		  - {path: "/t/{device}", kind: stream, stream: telemetry}
		  - {path: "/d/{device}/{resource*}", kind: store}
		log: {dir: $DIR/log}
		control: {socket: $DIR/control.sock}
	CONF
}

client_end() { # INTERFACE: the kernel's addresses on it
	inside ip link set "$1" addrgenmode none
	inside ip link set "$1" up
	inside ip addr add 198.18.0.2/15 dev "$1"
	inside ip addr add 2001:2::2/48 dev "$1" nodad
}

veth() { # what a card would be: the gateway's end g0, the kernel's end k0
	inside ip link add g0 type veth peer name k0
	inside ethtool -K k0 tx off >/dev/null
	inside ip link set g0 addrgenmode none
	inside ip link set g0 up
	client_end k0
}

client() { inside coap-client-notls -B 3 "$@" 2>&1; }

# driver NAME INTERFACE KERNEL'S-END
driver() {
	local gateway
	config "$1" "$2" >"$DIR/conf.yaml"
	RUNTIME_DIRECTORY=$DIR ip netns exec $NS "$TOP/$BUILD/control/tidegated" -c "$DIR/conf.yaml" >"$DIR/out" 2>&1 9<&- &
	gateway=$!
	for _ in $(seq 100); do
		"$CTL" --socket "$DIR/control.sock" status >/dev/null 2>&1 && break
		sleep 0.05
	done
	[ "$3" = "$2" ] && client_end "$2"
	same "$1-put" "" "$(client -m put -e "over $1" coap://198.18.0.1/d/x/v)"
	same "$1-get" "over $1" "$(client -m get coap://198.18.0.1/d/x/v)"
	same "$1-get-ipv6" "over $1" "$(client -m get 'coap://[2001:2::1]/d/x/v')"
	same "$1-post" "" "$(client -m post -e logged 'coap://[2001:2::1]/t/x')"
	holds "$1-books-close" "$CTL" --socket "$DIR/control.sock" stats --check
	kill $gateway
	wait $gateway
	same "$1-clean-end" 0 $?
	same "$1-logged" 1 "$("$CTL" --json log cat --dir "$DIR/log" | grep -c '"payload":"6c6f67676564"')"
	[ $FAILED = 0 ] || cat "$DIR/out"
	rm -rf "$DIR/log"
}

# shellcheck disable=SC2317 # the trap's
cleanup() { ip netns del "$NS" 2>/dev/null; rm -rf "$DIR"; }
trap cleanup EXIT
mkdir -p "$DIR"
ip netns add $NS
inside ip link set lo up
veth
driver af_packet g0 k0
driver af_xdp g0 k0
inside ip link del g0 # the next has the same addresses
driver tap tg-tap0 tg-tap0
finish
