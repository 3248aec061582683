/* A configuration that is refused: every kind of fault, with its exact place. */
#include "tests/config_text.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ---- faults ---- */

static const struct fault_row {
	const char *name, *text, *want;
} faults[] = {
	/* the file */
	{"empty", "", "f:1:1: the file is empty"},
	{"only a comment", "# nothing\n", "f:1:1: the file is empty"},
	{"no mapping", "- a\n", "f:1:1: a mapping of keys to values is wanted here"},
	{"a word", "workers\n", "f:1:1: a mapping of keys to values is wanted here"},
	{"not closed", "ports: [\n",
		"f:2:1: while parsing a flow node, did not find expected "
		"node content"},
	{"tab for indentation", "log:\n\tdir: /x\n",
		"f:2:1: while scanning for the next token, found character that "
		"cannot start "
		"any token"},
	{"control character", "log: \x01\n", "f:1:6: control characters are not allowed"},
	{"control character in a later line", "# a\n\nlog: {}\x01\n",
		"f:3:8: control characters are not allowed"},
	{"control character behind others of two bytes", "# \xc3\xa9\xc3\xa9\x01\n",
		"f:1:5: control characters are not allowed"},
	{"control character behind lines of two ends", "a: 1\r\nb: 1\r\n\x01",
		"f:3:1: control characters are not allowed"},
	{"not UTF-8", "log: \xff\n", "f:1:6: invalid leading UTF-8 octet"},
	{"not UTF-8 in a later line", TOP("log: {}\n# \xe9"),
		"f:4:3: incomplete UTF-8 octet sequence"},
	{"UTF-8 that is cut off", TOP("# \xe9"),
		"f:3:3: incomplete UTF-8 octet sequence"},
	{"unknown anchor", "workers: *w\n", "f:1:10: found undefined alias"},
	{"second document", TOP("---\nworkers: 1"),
		"f:3:1: a second document begins: one is "
		"wanted"},
	{"nested deeply", "a: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n",
		"f:1:19: nested deeper than 16"},
	{"a list contains itself", PORTS "routes: &r [*r]\n",
		"f:2:9: a mapping of keys to values is wanted here"},

	/* keys */
	{"unknown key", TOP("wokers: 1"),
		"f:3:1: there is no key \"wokers\" here; did you mean "
		"\"workers\"?"},
	{"unknown key, nothing near", TOP("xyzzyxyzzy: 1"),
		"f:3:1: there is no key \"xyzzyxyzzy\" here"},
	{"unknown key in a section", TOP("log: {dri: /x}"),
		"f:3:7: there is no key \"dri\" here; did you mean \"dir\"?"},
	{"unknown key of a port", PORT("nam: p"),
		"f:2:6: there is no key \"nam\" here; did you mean \"name\"?"},
	{"key is a list", TOP("? [a]\n: 1"), "f:3:3: a key is text"},
	{"key with a NUL", TOP("\"a\\0b\": 1"), "f:3:1: a key is text"},
	{"key twice", TOP("workers: 1\nworkers: 1"), "f:4:1: workers is there twice"},
	{"section twice", TOP("log: {}\nlog: {}"), "f:4:1: log is there twice"},
	{"ports missing", ROUTES, "f:1:1: \"ports\" is missing"},
	{"routes missing", PORTS, "f:1:1: \"routes\" is missing"},
	{"no port", "ports: []\n" ROUTES, "f:1:8: ports: at least one is needed"},
	{"no route", PORTS "routes: []\n", "f:2:9: routes: at least one is needed"},
	{"port is empty", "ports:\n  -\n" ROUTES, "f:2:4: \"name\" is missing"},
	{"merge key", TOP("log: &l {}\n<<: *l"), "f:4:1: there is no key \"<<\" here"},

	/* types and ranges */
	{"number is a word", TOP("workers: many"),
		"f:3:10: workers: \"many\" is not a number"},
	{"number is a list", TOP("workers: [1]"), "f:3:10: workers: must be a number"},
	{"number is a mapping", TOP("workers: {a: 1}"),
		"f:3:10: workers: must be a number"},
	{"number is empty", TOP("workers:"), "f:3:9: workers: \"\" is not a number"},
	{"number is negative", TOP("workers: -1"),
		"f:3:10: workers: \"-1\" is not a number"},
	{"number has a sign", TOP("workers: +1"),
		"f:3:10: workers: \"+1\" is not a number"},
	{"number has a fraction", TOP("workers: 1.5"),
		"f:3:10: workers: \"1.5\" is not a number"},
	{"number is hexadecimal", TOP("workers: 0x1"),
		"f:3:10: workers: \"0x1\" is not a number"},
	{"number under its range", TOP("workers: 0"),
		"f:3:10: workers: 0 is out of range (1 to 16)"},
	{"number over its range", TOP("workers: 17"),
		"f:3:10: workers: 17 is out of range (1 to 16)"},
	{"number over 32 bits", TOP("workers: 4294967297"),
		"f:3:10: workers: 4294967297 is out of range (1 to 16)"},
	{"number over 64 bits", TOP("workers: 18446744073709551617"),
		"f:3:10: workers: 18446744073709551617 is out of range (1 to "
		"16)"},
	{"auto where it means nothing", TOP("replies: {max: auto}"),
		"f:3:16: max: \"auto\" is not a number"},
	{"boolean is a number",
		PORT("name: p, driver: tap, interface: t, addresses: "
		     "[198.18.0.1/15], checksum_rx: 1"),
		"f:2:83: checksum_rx: \"1\" is not true or false"},
	{"enum", TOP("idle: run"), "f:3:7: idle: \"run\" is none of auto, poll, sleep"},
	{"time without a unit", TOP("devices: {idle: 5}"),
		"f:3:17: idle: \"5\" is not a time with its unit, such as 500ms, "
		"30s or 24h"},
	{"time with an unknown unit", TOP("devices: {idle: 5w}"),
		"f:3:17: idle: \"5w\" is not a time with its unit, such as "
		"500ms, 30s or 24h"},
	{"time finer than its key", TOP("devices: {idle: 1500ms}"),
		"f:3:17: idle: 1500ms is no whole number of s"},
	{"milliseconds finer than their key", TOP("coap: {ack_timeout: 2000001us}"),
		"f:3:21: ack_timeout: 2000001us is no whole number of ms"},
	{"time over its range", TOP("devices: {idle: 366d}"),
		"f:3:17: idle: 366d is out of range (0 to 365d)"},
	{"time that overflows when scaled", TOP("devices: {idle: 1000000000000s}"),
		"f:3:17: idle: 1000000000000s is out of range (0 to 365d)"},
	{"time that would wrap to its range", TOP("devices: {idle: 4294967297s}"),
		"f:3:17: idle: 4294967297s is out of range (0 to 365d)"},
	{"nanoseconds over their range", TOP("log: {commit: 2s}"),
		"f:3:15: commit: 2s is out of range (0 to 1s)"},
	{"size with an unknown unit", TOP("log: {segment: 1MB}"),
		"f:3:16: segment: \"1MB\" is not a size, such as 64KiB or "
		"256MiB"},
	{"size under its range", TOP("log: {segment: 1KiB}"),
		"f:3:16: segment: 1KiB is out of range (64KiB to 1TiB)"},
	{"size that overflows", TOP("log: {segment: 18446744073709551615TiB}"),
		"f:3:16: segment: 18446744073709551615TiB is out of range (64KiB "
		"to 1TiB)"},
	{"size that is no power of two", TOP("log: {ring: 100KiB}"),
		"f:3:13: ring: 100KiB is no power of two"},
	{"text too long",
		TOP("control: {socket: /"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"),
		"f:3:19: socket: must have 1 to 107 bytes"},
	{"text empty", TOP("control: {socket: ''}"),
		"f:3:19: socket: must have 1 to 107 bytes"},
	{"text with a NUL", TOP("control: {socket: \"/a\\0b\"}"),
		"f:3:19: socket: must be text"},
	{"text is a list", TOP("control: {socket: [a]}"), "f:3:19: socket: must be text"},
	{"list is a word", PORTS "routes: none\n", "f:2:9: routes: must be a list"},
	{"map is a list", TOP("streams: [a]"), "f:3:10: streams: must be a mapping"},
	{"section is a word", TOP("log: here"),
		"f:3:6: a mapping of keys to values is wanted here"},

	/* ports */
	{"port without a driver", PORT("name: p, addresses: [198.18.0.1/15]"),
		"f:2:5: \"driver\" is missing"},
	{"port without addresses", PORT("name: p, driver: tap, interface: t"),
		"f:2:5: \"addresses\" is missing"},
	{"unknown driver", PORT("name: p, driver: vhots"),
		"f:2:23: driver: \"vhots\" is none of vhost, memif, af_packet, "
		"af_xdp, tap, "
		"pci"},
	{"vhost without a socket",
		PORT("name: p, driver: vhost, addresses: [198.18.0.1/15]"),
		"f:2:5: \"socket\" is missing"},
	{"tap without an interface",
		PORT("name: p, driver: tap, addresses: [198.18.0.1/15]"),
		"f:2:5: \"interface\" is missing"},
	{"pci without an address",
		PORT("name: p, driver: pci, addresses: [198.18.0.1/15]"),
		"f:2:5: \"address\" is missing"},
	{"vhost with an interface",
		PORT("name: p, driver: vhost, socket: /s, interface: t, "
		     "addresses: [198.18.0.1/15]"),
		"f:2:42: \"interface\" does not go with driver vhost"},
	{"interface too long", PORT("name: p, driver: tap, interface: abcdefghijklmnop"),
		"f:2:39: interface: must have 1 to 15 bytes"},
	{"socket with a comma", PORT("name: p, driver: vhost, socket: \"/a,queues=9\""),
		"f:2:38: socket: \"/a,queues=9\" may not hold blanks, commas, "
		"quotes, brackets "
		"or '='"},
	{"name with a newline", PORT("name: \"p\\nq\""),
		"f:2:12: name: \"p\nq\" may not hold blanks, commas, quotes, "
		"brackets or '='"},
	{"address without a prefix", TAP("198.18.0.1"),
		"f:2:55: addresses: \"198.18.0.1\" is not an address with its "
		"prefix length, "
		"such as 198.18.0.1/15"},
	{"address is a name", TAP("gateway/15"),
		"f:2:55: addresses: \"gateway/15\" is not an address with its "
		"prefix length, "
		"such as 198.18.0.1/15"},
	{"address is a list", TAP("[198.18.0.1/15]"),
		"f:2:55: addresses: \"?\" is not text"},
	{"prefix of 0", TAP("198.18.0.1/0"),
		"f:2:55: addresses: \"198.18.0.1/0\" has no prefix length from 1 "
		"to 32"},
	{"prefix of 33", TAP("198.18.0.1/33"),
		"f:2:55: addresses: \"198.18.0.1/33\" has no prefix length from "
		"1 to 32"},
	{"prefix that would wrap", TAP("198.18.0.1/271"),
		"f:2:55: addresses: \"198.18.0.1/271\" has no prefix length from "
		"1 to 32"},
	{"IPv6 prefix of 129", TAP("'2001:2::1/129'"),
		"f:2:55: addresses: \"2001:2::1/129\" has no prefix length from "
		"1 to 128"},
	{"address of the network", TAP("198.18.0.0/15"),
		"f:2:55: addresses: \"198.18.0.0/15\" is the network's own "
		"address"},
	{"address of all", TAP("198.19.255.255/15"),
		"f:2:55: addresses: \"198.19.255.255/15\" is the broadcast "
		"address"},
	{"multicast address", TAP("224.0.1.187/24"),
		"f:2:55: addresses: \"224.0.1.187/24\" is no address that a port "
		"can have"},
	{"loopback address", TAP("127.0.0.1/8"),
		"f:2:55: addresses: \"127.0.0.1/8\" is no address that a port "
		"can have"},
	{"no address", TAP("0.0.0.0/8"),
		"f:2:55: addresses: \"0.0.0.0/8\" is no address that a port can "
		"have"},
	{"IPv6 multicast address", TAP("'ff02::fd/64'"),
		"f:2:55: addresses: \"ff02::fd/64\" is no address that a port "
		"can have"},
	{"IPv6 loopback address", TAP("'::1/128'"),
		"f:2:55: addresses: \"::1/128\" is no address that a port can "
		"have"},
	{"IPv4 in IPv6", TAP("'::ffff:198.18.0.1/112'"),
		"f:2:55: addresses: \"::ffff:198.18.0.1/112\" is an IPv4 "
		"address: write it as "
		"one"},
	{"address twice on a port", TAP("198.18.0.1/15, 198.18.0.1/16"),
		"f:2:70: addresses: this one is there twice"},
	{"no addresses", TAP(""), "f:2:54: addresses: at least one is needed"},
	{"17 addresses",
		TAP("10.0.0.1/8,10.0.0.2/8,10.0.0.3/8,10.0.0.4/8,10.0.0.5/"
		    "8,10.0.0.6/8,"
		    "10.0.0.7/8,10.0.0.8/8,10.0.0.9/8,10.0.0.10/8,10.0.0.11/"
		    "8,10.0.0.12/8,"
		    "10.0.0.13/8,10.0.0.14/8,10.0.0.15/8,10.0.0.16/8,10.0.0.17/"
		    "8"),
		"f:2:238: addresses: at most 16"},
	{"two ports of one name",
		"ports:\n"
		"  - {name: p, driver: tap, interface: t0, addresses: "
		"[198.18.0.1/15]}\n"
		"  - {name: p, driver: tap, interface: t1, addresses: "
		"[198.18.0.1/15]}\n" ROUTES,
		"f:3:12: name: another port is called p"},
	{"two ports on one interface",
		"ports:\n"
		"  - {name: p, driver: tap, interface: t0, addresses: "
		"[198.18.0.1/15]}\n"
		"  - {name: q, driver: af_packet, interface: t0, addresses: "
		"[198.18.0.1/15]}\n" ROUTES,
		"f:3:45: port p has t0"},
	{"two ports on one socket",
		"ports:\n"
		"  - {name: p, driver: vhost, socket: /s, addresses: "
		"[198.18.0.1/15]}\n"
		"  - {name: q, driver: memif, socket: /s, addresses: "
		"[198.18.0.1/15]}\n" ROUTES,
		"f:3:38: port p has /s"},
	{"port on the control socket",
		PORT("name: p, driver: vhost, socket: /s, addresses: "
		     "[198.18.0.1/15]") "control: {socket: /s}\n",
		"f:2:38: /s is the control socket"},

	/* routes and streams */
	{"unknown kind", ROUTE("path: /x, kind: stroe"),
		"f:4:22: kind: \"stroe\" is none of stream, store, static, "
		"query, uppercase, create, time, unobserve"},
	{"path without a slash", ROUTE("path: x, kind: time"),
		"f:4:12: route x: a path begins with '/'"},
	{"path with an empty segment", ROUTE("path: //, kind: time"),
		"f:4:12: route //: a segment has 1 to 255 bytes"},
	{"placeholder not closed", ROUTE("path: '/{device', kind: time"),
		"f:4:12: route /{device: '{' without '}'"},
	{"placeholder within a segment", ROUTE("path: '/t-{device}', kind: time"),
		"f:4:12: route /t-{device}: '{' and '}' stand around a whole segment"},
	{"placeholder and more", ROUTE("path: '/{device}s', kind: time"),
		"f:4:12: route /{device}s: '{' without '}'"},
	{"rest before the end", ROUTE("path: '/{a*}/b', kind: time"),
		"f:4:12: route /{a*}/b: {name*} must come last"},
	{"two routes of one path",
		PORTS "routes:\n  - {path: /a, kind: time}\n"
		      "  - {path: /b, kind: time}\n"
		      "  - {path: /a, kind: query}\n"
		      "  - {path: /c, kind: time}\n",
		"f:5:12: route /a: another route has the same path"},
	{"two routes that differ in a placeholder's name",
		PORTS "routes:\n  - {path: '/{a}', kind: time}\n"
		      "  - {path: '/{b}', kind: query}\n",
		"f:4:12: route /{b}: another route has the same path"},
	{"stream without its name", ROUTE("path: /x, kind: stream"),
		"f:4:5: \"stream\" is missing"},
	{"stream that is not listed", ROUTE("path: /x, kind: stream, stream: t"),
		"f:4:38: stream \"t\" is not listed under streams"},
	{"store that writes into a stream",
		ROUTE("path: /x, kind: store, ack: logged, stream: s"),
		"f:4:50: \"s\" is a stream: a store's records need a name of "
		"their own"},
	{"ack of a stream's route",
		ROUTE("path: /x, kind: stream, stream: s, ack: received"),
		"f:4:41: \"ack\" does not go with kind stream"},
	{"content of a time", ROUTE("path: /x, kind: time, content: hi"),
		"f:4:28: \"content\" does not go with kind time"},
	{"an MTU that IPv6 does not have",
		PORT("name: p, driver: tap, interface: t0, addresses: [198.18.0.1/15, "
		     "'2001:2::1/48'], mtu: 1279"),
		"f:2:92: mtu: 1279 is under 1280, which IPv6 wants (RFC 8200): the port "
		"has an IPv6 address"},
	{"a name twice in a path", ROUTE("path: '/t/{a}/x/{a}', kind: stream, stream: s"),
		"f:4:12: route /t/{a}/x/{a}: {a} is there twice"},
	{"a name twice in a path, of the rest, too",
		ROUTE("path: '/t/{a}/{a*}', kind: store"),
		"f:4:12: route /t/{a}/{a*}: {a} is there twice"},
	{"forgetting what no route has", ROUTE("path: /x, kind: unobserve, target: /y"),
		"f:4:41: target: no store has /y"},
	{"forgetting what is no stored value",
		ROUTE("path: /x, kind: unobserve, target: /z}\n"
		      "  - {path: /z, kind: time"),
		"f:4:41: target: no store has /z"},
	{"forgetting without a target", ROUTE("path: /x, kind: unobserve"),
		"f:4:5: \"target\" is missing"},
	{"delay of a store", ROUTE("path: /x, kind: store, delay: 1s"),
		"f:4:29: \"delay\" does not go with kind store"},
	{"a static that changes", ROUTE("path: /x, kind: static, changes: true"),
		"f:4:30: \"changes\" does not go with kind static"},
	{"a static that needs a format",
		ROUTE("path: /x, kind: static, require_format: true"),
		"f:4:30: \"require_format\" does not go with kind static"},
	{"answers of a store", ROUTE("path: /x, kind: store, answers: {put: 2.04}"),
		"f:4:29: \"answers\" does not go with kind store"},
	{"body over blocks.bytes", ROUTE("path: /x, kind: store, max_body: 16385"),
		"f:4:39: max_body: 16385 is over blocks.bytes, 16384"},
	{"body over 32768", ROUTE("path: /x, kind: store, max_body: 32769"),
		"f:4:39: max_body: 32769 is out of range (1 to 32768)"},
	{"body where there is none", ROUTE("path: /x, kind: time, max_body: 9"),
		"f:4:28: \"max_body\" does not go with kind time"},
	{"payload over 1024", ROUTE("path: /x, kind: store, max_payload: 1025"),
		"f:4:42: max_payload: 1025 is out of range (0 to 1024)"},
	{"code of a request", ROUTE("path: /x, kind: static, answers: {put: 0.01}"),
		"f:4:45: put: \"0.01\" is not a response code, such as 2.04"},
	{"code over 31", ROUTE("path: /x, kind: static, answers: {put: 2.32}"),
		"f:4:45: put: \"2.32\" is not a response code, such as 2.04"},
	{"location without a slash", ROUTE("path: /x, kind: static, location: a"),
		"f:4:40: location: a path begins with '/', a query with '?'"},
	{"format over 65534", ROUTE("path: /x, kind: store, formats: [0, 65535]"),
		"f:4:42: formats: 65535 is out of range (0 to 65534)"},
	{"format is a word", ROUTE("path: /x, kind: store, formats: [text]"),
		"f:4:39: formats: \"text\" is not a number"},
	{"stream twice", TOP("streams: {a: {}, a: {}}"),
		"f:3:18: streams: a is there twice"},
	{"stream without a name", TOP("streams: {'': {}}"),
		"f:3:11: streams: a name has 1 to 63 bytes"},

	/* transmission parameters */
	{"ACK_TIMEOUT under a second", TOP("coap: {ack_timeout: 999ms}"),
		"f:3:21: ack_timeout: 999ms is out of range (1s to 10m)"},
	{"ACK_RANDOM_FACTOR under 1", TOP("coap: {ack_random_percent: 99}"),
		"f:3:28: ack_random_percent: 99 is out of range (100 to 1000)"},
	{"DEFAULT_LEISURE over an hour", TOP("coap: {default_leisure: 3601s}"),
		"f:3:25: default_leisure: 3601s is out of range (0 to 1h)"},
	{"PROBING_RATE of nothing", TOP("coap: {probing_rate: 0}"),
		"f:3:22: probing_rate: 0 is out of range (1 to 1000000000)"},
	{"a lifetime over what peers can tell",
		TOP("coap: {ack_timeout: 60s, max_retransmit: 10}"),
		"f:3:42: coap: EXCHANGE_LIFETIME would be 92272 s, over 32767"},
	{"a route's lifetime over it",
		ROUTE("path: /x, kind: time, coap: {max_latency: 5h}"),
		"f:4:48: coap: EXCHANGE_LIFETIME would be 36047 s, over 32767"},
	{"ack_delay not under ACK_TIMEOUT", TOP("coap: {ack_delay: 2s}"),
		"f:3:19: coap.ack_delay: must be under ack_timeout, 2000 ms: the other "
		"side sends again then"},
	{"a route's ACK_TIMEOUT not over ack_delay",
		"coap: {ack_delay: 1500ms}\n" ROUTE(
			"path: /x, kind: time, coap: {ack_timeout: 1s}"),
		"f:5:48: coap.ack_delay: must be under ack_timeout, 1000 ms: the other "
		"side sends again then"},
	{"a route's parameter out of range",
		ROUTE("path: /x, kind: time, coap: {nstart: 0}"),
		"f:4:43: nstart: 0 is out of range (1 to 100)"},
};

static void
refuses(void **state)
{
	const struct fault_row *r = *state;
	char err[512] = "";

	assert_false(accept(r->text, err, sizeof(err)));
	assert_string_equal(err, r->want);
}

/* ---- bounds ---- */

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static const struct hostile_row {
	const char *name, *head, *again, *tail;
} hostiles[] = {
	{"brackets", "a: ", "[", ""},
	{"braces", "a: ", "{", ""},
	{"dashes", "", "- ", ""},
	{"question marks", "", "? ", ""},
	{"routes without end", PORTS "routes:\n", "  - {path: /x, kind: time}\n", ""},
	{"aliases", PORTS "log: &l {}\nroutes: [", "*l, ", "]\n"},
	{"one long key", "", "k", ": 1\n"},
	{"one long text", "control: {socket: \"", "s", "\"}\n"},
	{"comments", "", "#\n", ""},
	{"quotes", "a: ", "''", "\n"},
};

/* A file as large as may be, of one thing over and over: refused, and soon. */
static void
is_bounded(void **state)
{
	const struct hostile_row *r = *state;
	size_t cap = (1u << 20) + 256, len = strlen(r->head);
	char *text = malloc(cap), err[512] = "";
	double before = seconds();

	assert_non_null(text);
	strcpy(text, r->head);
	for (; len < 1u << 20; len += strlen(r->again))
		strcpy(text + len, r->again);
	strcpy(text + len, r->tail);
	assert_null(ctl_config_parse("f", text, strlen(text), err, sizeof(err)));
	assert_memory_equal(err, "f:", 2);
	assert_true(seconds() - before < 20);
	free(text);
}

/* ---- files ---- */

/* What is wrong with the whole has no place in it. */
static void
refuses_file(const char *path, const char *why)
{
	char err[512] = "", want[512];

	snprintf(want, sizeof(want), "%s: %s", path, why);
	assert_null(ctl_config_load(path, err, sizeof(err)));
	assert_string_equal(err, want);
}

static void
refuses_files(void **state)
{
	char path[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	close(fd);
	refuses_file(path, "longer than 1048576 bytes");
	unlink(path);
	refuses_file(path, "cannot be read: No such file or directory");
	refuses_file("/", "cannot be read: Is a directory");
}

static const struct life_row {
	const char *name, *text;
	uint32_t con_s, non_s;
} lifetimes[] = {
	{"RFC 7252's", TOP(""), 247, 145},
	{"of a longer ACK_TIMEOUT", TOP("coap: {ack_timeout: 10s}"), 427, 325},
	{"of a route that is slower than all others",
		ROUTE("path: /x, kind: time, coap: {ack_timeout: 10s}"), 427, 325},
	{"of all, where a route is faster",
		ROUTE("path: /x, kind: time, coap: {max_retransmit: 0}"), 247, 145},
};

/* Message IDs are remembered for as long as any of them may come again. */
static void
the_longest_lifetime(void **state)
{
	const struct life_row *r = *state;
	char err[512] = "";
	struct ctl_config *c = parse_config(r->text, err, sizeof(err));
	uint32_t con_s, non_s;

	assert_string_equal(err, "");
	ctl_config_lifetimes(c, &con_s, &non_s);
	assert_int_equal(con_s, r->con_s);
	assert_int_equal(non_s, r->non_s);
	ctl_config_free(c);
}

int
main(void)
{
	static struct CMUnitTest tests[512] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, faults, refuses);
	ADD_ROWS(tests, &n, lifetimes, the_longest_lifetime);
	ADD_ROWS(tests, &n, hostiles, is_bounded);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(refuses_files);
	return _cmocka_run_group_tests("config", tests, n, NULL, NULL);
}
