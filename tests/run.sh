#!/usr/bin/env bash
# Every test, counted; the last line is "N passed, N failed".  Started by `./dev test`.
#
#   tests/meson.build     suites of programs, plain and under sanitizers
#   tests/smoke/*.sh      a gateway in the lab, real clients; with two workers, and with one but for ONCE
#   tests/fault/*.sh      the same, while something breaks
#   tests/dev.sh          ./dev as a new user meets it
#
# A script prints "ok NAME", "FAIL NAME: ..." or "skip NAME: why" for each of its cases.
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TOP" || exit 1
BUILD=build/test LAB_NAME=test
# shellcheck source=tests/lab/lab.sh
. tests/lab/lab.sh
export TOP BUILD LAB_NAME LAB_WORKERS TIDEGATE_SOCKET=$LAB_RUN/control.sock
PASSED=0 FAILED=0

note() { echo "== $* ($((SECONDS / 60))m$((SECONDS % 60))s)"; }

# tally NAME PASSED FAILED
tally() {
	PASSED=$((PASSED + $2)) FAILED=$((FAILED + $3))
	echo "$1: $2 passed, $3 failed"
}

# Lines in a sanitizer's report and no more for debuggers; 300 programs are linked, and gold is quick.
SETUP=(-Dbuildtype=debugoptimized -Ddebug=false -Dc_args=-g1)

# build DIR OPTIONS PATTERN: the programs whose names match, with what they need.  For a sanitizer
# by clang, which takes half the time, as do its programs; and a second compiler sees more.
build() {
	local cc=${CC:-cc}
	[[ $2 != *sanitize* ]] || cc=clang
	# shellcheck disable=SC2086
	[ -f "$1/build.ninja" ] || CC=$cc CC_LD=gold meson setup "$1" "${SETUP[@]}" $2 >"$1.log" 2>&1 \
		|| { tail -n 20 "$1.log"; return 1; }
	# It may have to be made anew before its targets are known.
	ninja -C "$1" build.ninja >"$1.log" 2>&1 || { tail -n 20 "$1.log"; return 1; }
	# shellcheck disable=SC2046
	ninja -C "$1" $(ninja -C "$1" -t targets rule c_LINKER | grep "$3") >"$1.log" 2>&1 \
		|| { grep -E 'error|FAILED' "$1.log"; return 1; }
}

# suites NAME OPTIONS PATTERN SUITE...: a build of its own, and meson's own counts from its log
suites() {
	local name=$1 options=$2 pattern=$3 dir=build/$1 ok=0 fail=0 rc=1
	shift 3
	note "$name: build"
	if build "$dir" "$options" "$pattern"; then
		note "$name: ${*:-all suites}"
		# What shares the cores takes its time.
		meson test -C "$dir" --no-rebuild --print-errorlogs -t 3 "${@/#/--suite=}" >"$dir.log" 2>&1
		rc=$?
		ok=$(awk '/^Ok:/ { print $NF }' "$dir.log")
		fail=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$dir.log")
		sed -n '/^=\{10,\}/,$p' "$dir.log" | tail -n 60
	fi
	[ "${ok:-0}" -gt 0 ] || { echo "FAIL $name: no test ran"; rc=1; }
	[ $rc = 0 ] || [ "$fail" -gt 0 ] || fail=1
	tally "$name" "${ok:-0}" "$fail"
}

# script NAME COMMAND...
script() {
	local name=$1 log=build/$1.log ok fail rc began=$SECONDS
	shift
	timeout -k 5 300 "$@" >"$log" 2>&1
	rc=$?
	ok=$(grep -c '^ok ' "$log") fail=$(grep -c '^FAIL ' "$log")
	grep -E '^(FAIL|skip) ' "$log"
	if [ "$fail" = 0 ] && { [ $rc != 0 ] || [ "$ok" = 0 ]; }; then
		fail=1
		echo "FAIL $name: exit $rc after $ok cases"
		tail -n 20 "$log"
	fi
	tally "$name in $((SECONDS - began)) s" "$ok" "$fail"
}

# A gateway that died and was not meant to is a failure of whatever ran.
same_gateway() { # NAME PID
	[ "$(lab_pid)" = "$2" ] && return 0
	echo "FAIL $1: the gateway is gone; it said:"
	tail -n 20 "$LAB_RUN/out"
	tally "$1" 0 1
}

in_lab() { # WORKERS BUILD SCRIPT...
	local s name pid
	LAB_WORKERS=$1 BUILD=$2
	shift 2
	note "lab, $LAB_WORKERS worker(s), $BUILD"
	lab_down
	lab_net_up || { tally "FAIL lab" 0 1; return; }
	for s in "$@"; do
		name=$(basename "$s" .sh)-$(basename "$BUILD")-$LAB_WORKERS
		lab_start || { tally "FAIL $name: no lab" 0 1; continue; }
		pid=$(lab_pid)
		script "$name" "$s" "$TOP" "$BUILD" "$LAB_WORKERS"
		# trace.sh ends by stopping it under a trace
		[[ $s == */fault/* || $s == */trace.sh ]] || same_gateway "$name" "$pid"
	done
}

# How many workers share the work is nothing to these: once, with two.
#   config control discover trace   what is asked of all workers at once, and of their tables
#   drivers flood peer              what is between the kernel or another process and a port
#   disk restart                    the log's thread, behind all workers' rings
#   syscalls                        has a gateway of its own, with one worker
ONCE=' config control discover trace drivers flood peer disk restart syscalls '

# twice SCRIPT...: those that are not for ONCE
twice() {
	local s
	for s in "$@"; do
		[[ $ONCE == *" $(basename "$s" .sh) "* ]] || echo "$s"
	done
}

BESIDE=''
trap 'lab_down; [ -z "$BESIDE" ] || kill -- "-$BESIDE" 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p build
[ ! -e /run/tidegate-lab ] || { echo "the lab is up: ./dev lab down first"; exit 1; }
lab_lock || exit 1

# Half the time of a build goes into making what sanitizers add faster than it need be.  The stress
# tests are for the one that watches threads.
ASAN=(asan "-Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1" 'tests/[^s]\|tests/smoke\|examples/\|tidegate')
TSAN=(tsan "-Db_sanitize=thread -Db_lundef=false -Doptimization=1" tests/stress_)

# What needs no lab, while that waits for its clients more than it works.
beside() {
	trap - EXIT
	renice -n 19 $BASHPID >/dev/null
	suites "${ASAN[@]}" unit dp cli fuzz
	suites "${TSAN[@]}" stress
	note "release: build"
	./dev build # which tests/dev.sh finds done
}

# Its log, and what it counted.
wait_for_beside() {
	local ok fail
	wait $BESIDE
	BESIDE=''
	cat build/beside.log
	read -r ok fail < <(awk '/ passed, .* failed$/ { p += $(NF - 3); f += $(NF - 1); n++ }
		END { print p + 0, n == 2 ? f : f + 1 }' build/beside.log)
	PASSED=$((PASSED + ok)) FAILED=$((FAILED + fail))
}

suites test -Dwerror=true .
set -m # a process group of its own, so that it can be ended as one
beside >build/beside.log 2>&1 9<&- &
BESIDE=$!
set +m
in_lab 2 build/test tests/smoke/*.sh tests/fault/*.sh
# shellcheck disable=SC2046
in_lab 1 build/test $(twice tests/smoke/*.sh tests/fault/*.sh)
lab_down
wait_for_beside
export ASAN_OPTIONS=detect_leaks=0 # the EAL has some of its own
in_lab 2 build/asan tests/smoke/smoke.sh tests/smoke/config.sh
unset ASAN_OPTIONS
lab_down
BUILD=build/test
note dev
script dev tests/dev.sh

note "all done"
echo "$PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 0 ]
