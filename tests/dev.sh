#!/usr/bin/env bash
# ./dev as a new user meets it: the lab, verb by verb, and a run.  Started by tests/run.sh with no
# lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
unset LAB_NAME LAB_WORKERS TIDEGATE_SOCKET
cd "$TOP" || exit 1

member() { grep -o "\"$1\":[^,}]*" <<<"$2" | cut -d: -f2- | tr -d '"'; } # NAME OBJECT

nothing_left() { # NAME
	same "$1-nothing-left" "" "$(ls -d /run/tidegate-lab /run/tidegate-run /run/netns/tg-* build/lab-state build/run-state 2>/dev/null)"
}

holds build ./dev build
holds help ./dev help
same unknown-verb 2 "$(status_of ./dev nonsense)"
same unknown-option 2 "$(status_of ./dev run --nonsense)"
same lab-unknown-verb 2 "$(status_of ./dev lab upp)"
same lab-up-unknown-option 2 "$(status_of ./dev lab up --worker 2)"
same lab-status-unknown-word 2 "$(status_of ./dev lab status extra)"
same lab-down-unknown-word 2 "$(status_of ./dev lab down now)"
same not-a-number 2 "$(status_of ./dev run --seconds soon)"
same fuzz-unknown-harness 2 "$(status_of ./dev fuzz nosuch)"

# ---- the lab ---------------------------------------------------------------------------------

holds lab-up ./dev lab up
up=$(./dev lab status --json)
holds lab-up-again ./dev lab up
same lab-up-again-same-gateway "$up" "$(./dev lab status --json)"
same lab-status-one-line 1 "$(wc -l <<<"$up")"
same lab-status-pid tidegated "$(cat "/proc/$(member pid "$up")/comm")"
holds lab-status-config test -f "$(member config "$up")"
holds lab-status-socket test -S "$(member control_socket "$up")"
holds lab-log-on-disk test "$(stat -f -c %T "$(member log_dir "$up")")" != tmpfs
same lab-exec-output x "$(./dev lab exec echo x 2>&1)"
same lab-exec-status 7 "$(status_of ./dev lab exec sh -c 'exit 7')"
same lab-exec-unknown 127 "$(status_of ./dev lab exec nosuchcmd)"
same lab-exec-unexecutable 126 "$(status_of ./dev lab exec /etc/passwd)"
same lab-exec-killed "137 " "$(got=$(./dev lab exec sh -c 'kill -9 $$' 2>&1); echo "$? $got")"
same lab-exec-words "a b|c" "$(./dev lab exec printf '%s|%s' 'a b' c)"
same lab-answers "Tidegate at your service" "$(./dev lab exec coap-client-notls -m get 'coap://[2001:2::1]/test')"
holds lab-post ./dev lab exec coap-client-notls -m post -e kept coap://198.18.0.1/t/dev
same run-while-lab-is-up 1 "$(status_of ./dev run --seconds 1)"
holds lab-stop ./dev lab stop
same lab-stopped null "$(member pid "$(./dev lab status --json)")"
same lab-log-offline 1 "$("$CTL" --json log cat --dir "$(member log_dir "$up")" | grep -c '"payload":"6b657074"')"
holds lab-start ./dev lab start
kill -KILL "$(member pid "$(./dev lab status --json)")"
holds lab-start-after-kill ./dev lab start
same lab-answers-after-kill "Tidegate at your service" "$(./dev lab exec coap-client-notls -m get coap://198.18.0.1/test)"
holds lab-down ./dev lab down
holds lab-down-again ./dev lab down
same lab-exec-down 1 "$(status_of ./dev lab exec true)"
nothing_left lab
holds lab-two-workers ./dev lab up --workers 2
same lab-two-workers-run 2 "$("$CTL" --socket /run/tidegate-lab/control.sock --json status | grep -o '"workers":2' | cut -d: -f2)"
holds lab-two-workers-down ./dev lab down

# ---- a run -----------------------------------------------------------------------------------

# judge NAME OBJECT: the promises about a run's last line
judge() {
	local f
	for f in devices seconds sent answered refused lost rate p50_us p99_us logged; do
		holds "$1-has-$f" test "$(member $f "$2")" != ""
	done
	same "$1-sums-up" "$(member sent "$2")" $(($(member answered "$2") + $(member refused "$2") + $(member lost "$2")))
	same "$1-lost" 0 "$(member lost "$2")"
	same "$1-books" true "$(member books_close "$2")"
	holds "$1-logged" test "$(member logged "$2")" -gt 0
}

./dev run --seconds 3 --json >build/dev-run.out
same run-status 0 $?
last=$(tail -n 1 build/dev-run.out)
judge run "$last"
same run-devices 100000 "$(member devices "$last")"
same run-drops-nothing '"dropped":{}' "$(grep -o '"dropped":{[^}]*}' <<<"$last")"
nothing_left run
# Long enough for each to have stored its value: there is room for all, and the lab's own.
full=$(./dev run --seconds 5 --devices 2000 --json | tail -n 1)
judge run-full "$full"
same run-full-refuses-nothing 0 "$(member refused "$full")"
judge run-one-device "$(./dev run --seconds 2 --devices 1 --json | tail -n 1)"

# a run that is ended from outside sums up all the same
ended() { # SIGNAL
	./dev run --seconds 60 >build/dev-run.out 2>&1 &
	local run=$!
	for _ in $(seq 100); do
		grep -q '^ *1 s ' build/dev-run.out && break
		sleep 0.1
	done
	kill "-$1" $run
	wait $run
	same "run-$1-status" 0 $?
	same "run-$1-summary" 1 "$(grep -c 'The books close' build/dev-run.out)"
	nothing_left "run-$1"
}
ended TERM
ended HUP
finish
