# shellcheck shell=bash
# 2 MiB pages, taken for a while if the machine gives them.  Sourced by ./dev.

pages_take() { # HOW_MANY; false if they are not to be had
	local file=/proc/sys/vm/nr_hugepages before
	before=$(cat $file 2>/dev/null) || return 1
	echo $((before + $1)) 2>/dev/null >$file
	TAKEN=$(($(cat $file) - before))
	[ $TAKEN -ge "$1" ] && return 0
	pages_give
	return 1
}

pages_give() {
	local file=/proc/sys/vm/nr_hugepages
	[ "${TAKEN:-0}" -gt 0 ] && echo $(($(cat $file) - TAKEN)) 2>/dev/null >$file
	TAKEN=0
}
