#!/usr/bin/env bash
# The log's disk is full, or answers nothing for a while.  What cannot be kept is refused or
# waits; the rest goes on; nothing acknowledged is lost.  Started by tests/run.sh with the lab up.
set -u
# shellcheck source=tests/lab/check.sh
. "$TOP/tests/lab/check.sh"
DISK=$LAB_STATE/disk

# shellcheck disable=SC2317 # the trap's
cleanup() {
	lab_stop
	mountpoint -q "$DISK" && { fsfreeze -u "$DISK" 2>/dev/null; umount "$DISK"; }
	rm -rf "$DISK" "$DISK.img"
}
trap cleanup EXIT

on_disk() { # the lab's gateway with its log on what is mounted at $DISK
	lab_stop
	LAB_LOG=$DISK/log
	lab_start
}

rows() { # SUFFIX: a table from standard input
	lab_exec "$DGRAM" --rows /dev/stdin --n "d$$" --suffix "$1" 198.18.0.1 || FAILED=$((FAILED + 1))
}

full() {
	local code
	mkdir -p "$DISK"
	mount -t tmpfs -o size=64m tidegate "$DISK"
	on_disk
	storm_begin 198.18.0.1 full
	sleep 0.5
	dd if=/dev/zero of="$DISK/filler" bs=64k 2>/dev/null # what is left
	sleep 1
	rows "" <<-'EOF'
		full-refused: CON POST /t/$n "1" -> ACK 5.03 14=05
		full-refused-non: NON POST /t/$n "2" -> NON 5.03 14=05
		full-store-goes-on: CON PUT /d/$n/v "3" -> ACK 2.01
		full-get-goes-on: CON GET /d/$n/v -> ACK 2.05 "3"
	EOF
	rm "$DISK/filler"
	for _ in $(seq 50); do
		code=$(answer post "coap://198.18.0.1/t/room$$")
		[ "$code" = 2.04 ] && break
		sleep 0.1
	done
	same full-room-again 2.04 "$code"
	sleep 1.2 # the gateway looks every second
	same full-bound-is-said 1 "$(grep -c 'log: retain.bytes is more than the file system has' "$LAB_RUN/out")"
	same full-is-said 1 "$(grep -c 'log: cannot be written: No space left on device beside' "$LAB_RUN/out")"
	same full-end-is-said 1 "$(grep -c 'log: is written again; ' "$LAB_RUN/out")"
	storm_end
	storm_judge full
	holds full-books-close "$CTL" stats --check
	lab_stop
	holds full-log-verify "$CTL" log verify --dir "$LAB_LOG"
	umount "$DISK"
}

# A filesystem that is frozen lets nothing be written until it is thawed.
stalled() {
	local post
	post=$("$CTL" encode -m post --mid 7 --token 77 -e stalled "coap://198.18.0.1/t/stalled$$")
	truncate -s 64M "$DISK.img"
	if ! mkfs.ext4 -q "$DISK.img" || ! mount -o loop "$DISK.img" "$DISK" 2>/dev/null; then
		echo "skip stalled: this machine mounts no loop device"
		return
	fi
	on_disk
	fsfreeze -f "$DISK"
	# An empty ACK is no promise.
	same stalled-no-promise 60000007 "$(lab_exec "$DGRAM" --source 40007 --timeout 1500 198.18.0.1 "$post")"
	same stalled-no-answer '{"counters":{"separate_sent":0}}' "$("$CTL" --json stats separate_sent)"
	rows "" <<-'EOF'
		stalled-store-goes-on: CON PUT /d/$n/w "3" -> ACK 2.01
		stalled-get-goes-on: CON GET /d/$n/w -> ACK 2.05 "3"
	EOF
	holds stalled-status timeout 2 "$CTL" status
	sleep 2 # since the first of them
	same stalled-is-said 1 "$(grep -c 'log: the disk has not answered for' "$LAB_RUN/out")"
	fsfreeze -u "$DISK"
	sleep 0.3
	same stalled-promise-kept '{"counters":{"separate_sent":1}}' "$("$CTL" --json stats separate_sent)"
	same stalled-runs-once 60000007 "$(lab_exec "$DGRAM" --source 40007 198.18.0.1 "$post")"
	same stalled-one-record 1 "$("$CTL" --json log cat | grep -c "\"device\":\"stalled$$\"")"
	holds stalled-books-close "$CTL" stats --check
}

full
stalled
finish
