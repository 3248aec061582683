#!/bin/sh
# The layers' arrows: coap/ <- dataplane/ <- control/.  Each folder may include only what is
# listed for it here; everything else is printed and fails.
# usage: test_includes.sh SOURCE_ROOT
set -u
cd "$1" || exit 2
failed=0

# check FOLDER REGEX: every #include in FOLDER must match REGEX.
check()
{
	[ -d "$1" ] || return 0
	bad=$(find "$1" -name '*.[ch]' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include' {} + |
		grep -vE ":[[:space:]]*#[[:space:]]*include[[:space:]]+($2)([[:space:]]|\$)")
	[ -z "$bad" ] && return 0
	printf '%s/ may not include:\n%s\n' "$1" "$bad"
	failed=1
}

coap_libc='<(arpa/inet|assert|errno|limits|stdatomic|stdbool|stddef|stdint|stdio|string|strings)\.h>'
libc='<(assert|ctype|dirent|errno|fcntl|ifaddrs|inttypes|limits|malloc|math|poll|pthread|sched|signal)\.h>'
libc="$libc|<(stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|unistd)\.h>"
libc="$libc|<(sys|net|netinet|netpacket|arpa|linux)/[a-z0-9_]+\.h>"
intrinsics='<[a-z0-9]+intrin\.h>'
# What control/ may see of dataplane/: the door, what passes through it, and the log's rings,
# whose other end the log thread holds.
door='dp|record|path|logring|hist|counters|config'

check coap "\"coap/[a-z0-9_]+\.h\"|$coap_libc"
check dataplane "\"(coap|dataplane)/[a-z0-9_]+\.h\"|$libc|$intrinsics|<rte_[a-z0-9_]+\.h>"
check control "\"(coap|control)/[a-z0-9_]+\.h\"|\"dataplane/($door)\.h\"|<[a-z0-9_/]+\.h>"

check examples "\"(coap|examples)/[a-z0-9_]+\.h\"|$libc|<netdb\.h>"

# coap/ neither allocates nor prints nor asks the time.
calls=$(grep -nE '[^a-z_](malloc|calloc|realloc|free|printf|fprintf|time|clock_gettime|rand)\(' coap/*.[ch])
if [ -n "$calls" ]; then
	printf 'coap/ may not call:\n%s\n' "$calls"
	failed=1
fi
exit $failed
