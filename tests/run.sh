#!/usr/bin/env bash
# Every test, counted; the last line is "N passed, N failed".  Started by `./dev test`.
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TOP" || exit 1
BUILD=build/test
LAB_RUN=/run/tidegate-test
# shellcheck source=tests/lab/lab.sh
. tests/lab/lab.sh
PASSED=0 FAILED=0
export TIDEGATE_SOCKET=$LAB_RUN/control.sock

note() { echo "== $* ($(date +%T))"; }

cleanup() { lab_stop; lab_net_down; rm -rf "$LAB_RUN"; }

build() { # DIR OPTION...
	local dir=$1
	shift
	[ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; return 1; }
	ninja -C "$dir" >"$dir.log" 2>&1 || { grep -E 'error|FAILED' "$dir.log"; return 1; }
}

# meson's own suites: counts from its log
suites() { # NAME DIR ARGUMENT...
	local name=$1 dir=$2 ok fail
	shift 2
	meson test -C "$dir" --no-rebuild --print-errorlogs "$@" >"$dir.log" 2>&1
	ok=$(sed -nE 's/^Ok: +([0-9]+)/\1/p' "$dir.log")
	fail=$(($(sed -nE 's/^Fail: +([0-9]+)/\1/p' "$dir.log") + $(sed -nE 's/^Timeout: +([0-9]+)/\1/p' "$dir.log")))
	[ "${ok:-0}" -gt 0 ] || { fail=$((fail + 1)); echo "FAIL $name: no test ran"; cat "$dir.log"; }
	[ "$fail" = 0 ] || sed -n '/^=*$/,$p' "$dir.log" | tail -n 60
	PASSED=$((PASSED + ${ok:-0})) FAILED=$((FAILED + fail))
	echo "$name: ${ok:-0} passed, $fail failed"
}

# a script that prints "ok NAME" and "FAIL NAME" lines
script() { # NAME COMMAND...
	local name=$1 out ok fail rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	ok=$(grep -c '^ok ' <<<"$out") fail=$(grep -c '^FAIL ' <<<"$out")
	[ $rc != 0 ] && [ "$fail" = 0 ] && { fail=1; echo "FAIL $name: exit $rc"; tail -n 20 <<<"$out"; }
	grep '^FAIL ' <<<"$out"
	PASSED=$((PASSED + ok)) FAILED=$((FAILED + fail))
	echo "$name: $ok passed, $fail failed"
}

trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir -p build
lab_is_up && { echo "the lab is up, or a run: ./dev lab down first"; exit 1; }

note "build with warnings as errors"
build build/test -Dbuildtype=debugoptimized -Dwerror=true || FAILED=$((FAILED + 1))
note "unit, dp, stress, fuzz replay"
suites tests build/test

note "AddressSanitizer and UndefinedBehaviorSanitizer"
build build/asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false || FAILED=$((FAILED + 1))
suites asan build/asan --suite unit --suite dp --suite cli --suite fuzz
if grep -q "suite: 'stress'" tests/meson.build; then
	note "ThreadSanitizer"
	build build/tsan -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false || FAILED=$((FAILED + 1))
	suites tsan build/tsan --suite stress
fi

for workers in 1 2; do
	note "control, $workers worker(s)"
	script "control-$workers" tests/smoke/control.sh "$TOP" $BUILD $workers
	note "lab, $workers worker(s)"
	LAB_WORKERS=$workers
	export LAB_RUN LAB_WORKERS
	cleanup
	lab_net_up
	if lab_start; then
		script "smoke-$workers" tests/smoke/smoke.sh "$TOP" $BUILD
		script "config-$workers" tests/smoke/config.sh "$TOP" $BUILD "$LAB_RUN"
		script "kill9-$workers" tests/fault/kill9.sh "$TOP" $BUILD 20
	else
		FAILED=$((FAILED + 1))
	fi
done

note "run"
if ./dev run --seconds 5 --json | tee "build/run.json" | grep -q '"books_close":true' \
	&& grep -q '"lost":0,' build/run.json; then
	PASSED=$((PASSED + 1))
else
	FAILED=$((FAILED + 1))
	echo "FAIL run: $(cat build/run.json)"
fi

echo "$PASSED passed, $FAILED failed"
[ $FAILED = 0 ] && [ $PASSED -gt 0 ]
