/*
 * A configuration that is taken: each key's value, that what is accepted can be made into
 * a data plane, and that no key takes a value of another type.
 */
#include "control/config_value.h"
#include "tests/config_text.h"

#include <stdio.h>

/* ---- values ---- */

#define FIELD(name)                                                                      \
	offsetof(struct ctl_config, name), sizeof(((struct ctl_config *)0)->name)

static const struct value_row {
	const char *name, *text;
	size_t offset, size;
	uint64_t want;
} values[] = {
	{"workers", TOP("workers: 3"), FIELD(workers), 3},
	{"workers: auto", TOP("workers: auto"), FIELD(workers), 0},
	{"idle", TOP("idle: sleep"), FIELD(idle), 2},
	{"hugepages", TOP("hugepages: off"), FIELD(hugepages), 2},
	{"memory", TOP("memory: 32"), FIELD(memory_mib), 32},
	{"mbufs", TOP("mbufs: 1024"), FIELD(mbufs), 1024},
	{"peers.max", TOP("peers: {max: 64}"), FIELD(peers_max), 64},
	{"devices.max", TOP("devices: {max: 67108863}"), FIELD(devices_max),
		(1u << 26) - 1},
	{"devices.idle", TOP("devices: {idle: 5m}"), FIELD(device_idle_s), 300},
	{"devices.idle: 0", TOP("devices: {idle: 0}"), FIELD(device_idle_s), 0},
	{"store.max", TOP("store: {max: 65}"), FIELD(store_max), 65},
	{"dedup.extensions", TOP("dedup: {extensions: 66}"), FIELD(dedup_extensions), 66},
	{"replies.max", TOP("replies: {max: 67}"), FIELD(replies_max), 67},
	{"log.commit", TOP("log: {commit: 250us}"), FIELD(commit_ns), 250000},
	{"log.segment", TOP("log: {segment: 64KiB}"), FIELD(segment_bytes), 65536},
	{"log.segment in bytes", TOP("log: {segment: 65537}"), FIELD(segment_bytes),
		65537},
	{"log.ring", TOP("log: {ring: 1GiB}"), FIELD(logring_bytes), 1u << 30},
	{"log.pending", TOP("log: {pending: 64}"), FIELD(pending_max), 64},
	{"log.retain.bytes", TOP("log: {retain: {bytes: 1TiB}}"), FIELD(retain_bytes),
		1ull << 40},
	{"log.retain.age", TOP("log: {retain: {age: 36500d}}"), FIELD(retain_s),
		3153600000ull},
	{"limits.errors.rate", TOP("limits: {errors: {rate: 0}}"), FIELD(error_rate), 0},
	{"limits.errors.burst", TOP("limits: {errors: {burst: 1}}"), FIELD(error_burst),
		1},
	{"limits.full_max_age", TOP("limits: {full_max_age: 1h}"), FIELD(full_max_age),
		3600},
	{"coap.ack_timeout", TOP("coap: {ack_timeout: 1500ms}"),
		FIELD(coap.ack_timeout_ms), 1500},
	{"coap.ack_random_percent", TOP("coap: {ack_random_percent: 100}"),
		FIELD(coap.ack_random_percent), 100},
	{"coap.max_retransmit", TOP("coap: {max_retransmit: 0}"),
		FIELD(coap.max_retransmit), 0},
	{"coap.nstart", TOP("coap: {nstart: 2}"), FIELD(coap.nstart), 2},
	{"coap.default_leisure", TOP("coap: {default_leisure: 0}"),
		FIELD(coap.default_leisure_ms), 0},
	{"coap.default_leisure left out", TOP("coap: {nstart: 1}"),
		FIELD(coap.default_leisure_ms), 5000},
	{"coap.probing_rate", TOP("coap: {probing_rate: 1000000000}"),
		FIELD(coap.probing_rate_bytes_s), 1000000000},
	{"coap.probing_rate left out", TOP("coap: {nstart: 1}"),
		FIELD(coap.probing_rate_bytes_s), 1},
	{"coap.max_latency", TOP("coap: {max_latency: 1m}"), FIELD(coap.max_latency_s),
		60},
	{"coap.processing_delay", TOP("coap: {processing_delay: 1ms}"),
		FIELD(coap.processing_delay_ms), 1},
	{"ports[].driver",
		PORT("name: p, driver: vhost, socket: /s, addresses: "
		     "[198.18.0.1/15]"),
		FIELD(ports[0].driver), DP_DRV_VHOST},
	{"ports[].udp_port",
		PORT("name: p, driver: tap, interface: t, addresses: "
		     "[198.18.0.1/15], udp_port: 61616"),
		FIELD(ports[0].udp_port), 61616},
	{"ports[].queues",
		PORT("name: p, driver: tap, interface: t, addresses: "
		     "[198.18.0.1/15], queues: 16"),
		FIELD(ports[0].queues), 16},
	{"ports[].mtu",
		PORT("name: p, driver: tap, interface: t, addresses: "
		     "[198.18.0.1/15], mtu: 576"),
		FIELD(ports[0].mtu), 576},
	{"ports[].checksum_rx",
		PORT("name: p, driver: tap, interface: t, addresses: "
		     "[198.18.0.1/15], checksum_rx: no"),
		FIELD(ports[0].checksum_rx), 0},
	{"ports[].addresses", TAP("198.18.0.1/15, '2001:2::1/48'"),
		FIELD(ports[0].n_addrs), 2},
	{"a prefix of 31 has two hosts", TAP("198.18.0.0/31"), FIELD(ports[0].n_addrs),
		1},
	{"a prefix of 32", TAP("198.18.0.1/32"), FIELD(ports[0].addrs[0].len), 32},
	{"an IPv6 prefix", TAP("'2001:2::1/48'"), FIELD(ports[0].addrs[0].len), 48},
	{"routes[].kind", ROUTE("path: /x, kind: query"), FIELD(routes[0].kind),
		DP_K_QUERY},
	{"a stream's ack is its route's",
		PORTS "streams: {s: {ack: received}}\n"
		      "routes: [{path: /x, kind: stream, stream: s}]\n",
		FIELD(routes[0].ack), DP_ACK_RECEIVED},
	{"a stream's ack left out", ROUTE("path: /x, kind: stream, stream: s"),
		FIELD(routes[0].ack), DP_ACK_LOGGED},
	{"a stream without a value",
		PORTS "streams: {s: }\n"
		      "routes: [{path: /x, kind: stream, stream: s}]\n",
		FIELD(routes[0].ack), DP_ACK_LOGGED},
	{"routes[].ack", ROUTE("path: /x, kind: store, ack: logged"),
		FIELD(routes[0].ack), DP_ACK_LOGGED},
	{"routes[].max_age", ROUTE("path: /x, kind: store, max_age: 1m"),
		FIELD(routes[0].max_age), 60},
	{"routes[].stale", ROUTE("path: /x, kind: store, max_age: 1m, stale: refuse"),
		FIELD(routes[0].stale), DP_STALE_REFUSE},
	{"routes[].stale left out", ROUTE("path: /x, kind: store"),
		FIELD(routes[0].stale), DP_STALE_SERVE},
	{"routes[].max_age: 0", ROUTE("path: /x, kind: store, max_age: 0"),
		FIELD(routes[0].max_age), 0},
	{"routes[].max_age: none", ROUTE("path: /x, kind: store, max_age: none"),
		FIELD(routes[0].max_age), UINT32_MAX},
	{"routes[].max_age left out", ROUTE("path: /x, kind: store"),
		FIELD(routes[0].max_age), UINT32_MAX},
	{"routes[].notify", ROUTE("path: /x, kind: store, notify: con"),
		FIELD(routes[0].notify), 1},
	{"routes[].max_body", ROUTE("path: /x, kind: store, max_body: 2000"),
		FIELD(routes[0].max_body), 2000},
	{"store.per_device", TOP("store: {per_device: 4096}"), FIELD(store_per_device),
		4096},
	{"blocks.max", TOP("blocks: {max: 7}"), FIELD(transfers_max), 7},
	{"blocks.bytes", TOP("blocks: {bytes: 32768}"), FIELD(transfers_bytes), 32768},
	{"blocks.per_peer", TOP("blocks: {per_peer: 1}"), FIELD(transfers_per_peer), 1},
	{"observers.max", TOP("observers: {max: 1000000}"), FIELD(observers_max),
		1000000},
	{"observers.per_peer", TOP("observers: {per_peer: 1}"), FIELD(observers_per_peer),
		1},
	{"observers.lists", TOP("observers: {lists: 64}"), FIELD(lists_max), 64},
	{"tokens.longest", TOP("tokens: {longest: 8}"), FIELD(token_max), 8},
	{"tokens.kept", TOP("tokens: {kept: 64}"), FIELD(tokens_kept), 64},
	{"observe.con_every", TOP("observe: {con_every: 255}"), FIELD(observe_con_every),
		255},
	{"observe.min_interval", TOP("observe: {min_interval: 0}"), FIELD(observe_min_ms),
		0},
	{"routes[].period", ROUTE("path: /x, kind: store, period: 5s"),
		FIELD(routes[0].period_ms), 5000},
	{"routes[].max_payload", ROUTE("path: /x, kind: store, max_payload: 0"),
		FIELD(routes[0].max_payload), 0},
	{"routes[].formats", ROUTE("path: /x, kind: store, formats: [0, 65534]"),
		FIELD(routes[0].formats[1]), 65534},
	{"routes[].formats, empty", ROUTE("path: /x, kind: store, formats: []"),
		FIELD(routes[0].n_formats), 0},
	{"routes[].content_format", ROUTE("path: /x, kind: static, content_format: 50"),
		FIELD(routes[0].content_format), 50},
	{"routes[].answers", ROUTE("path: /x, kind: static, answers: {delete: 2.02}"),
		FIELD(routes[0].del), 2 << 5 | 2},
	{"routes[].answers, refusal",
		ROUTE("path: /x, kind: static, answers: {post: 4.03}"),
		FIELD(routes[0].post), 4 << 5 | 3},
	{"routes[].coap.ack_timeout",
		ROUTE("path: /x, kind: time, coap: {ack_timeout: 10s}"),
		FIELD(routes[0].coap.ack_timeout_ms), 10000},
	{"routes[].coap.nstart left out",
		ROUTE("path: /x, kind: time, coap: {ack_timeout: 10s}"),
		FIELD(routes[0].coap.nstart), UINT32_MAX},
	{"default of routes[].coap.max_retransmit", ROUTE("path: /x, kind: time"),
		FIELD(routes[0].coap.max_retransmit), UINT32_MAX},
	{"routes[].hidden", ROUTE("path: /x, kind: time, hidden: true"),
		FIELD(routes[0].hidden), 1},
	{"an alias", TOP("devices: {max: &n 4096}\nstore: {max: *n}"), FIELD(store_max),
		4096},
	{"a quoted number", TOP("workers: '2'"), FIELD(workers), 2},
	/* defaults */
	{"default of idle", TOP(""), FIELD(idle), 0},
	{"default of devices.max", TOP(""), FIELD(devices_max), 1000000},
	{"default of devices.idle", TOP(""), FIELD(device_idle_s), 86400},
	{"default of an empty section", TOP("devices:"), FIELD(devices_max), 1000000},
	{"default of log.commit", TOP(""), FIELD(commit_ns), 1000000},
	{"default of log.segment", TOP(""), FIELD(segment_bytes), 256 << 20},
	{"default of log.retain.age", TOP(""), FIELD(retain_s), 86400},
	{"default of store.per_device", TOP(""), FIELD(store_per_device), 256},
	{"default of blocks.max", TOP(""), FIELD(transfers_max), 32},
	{"default of blocks.bytes", TOP(""), FIELD(transfers_bytes), 16384},
	{"default of blocks.per_peer", TOP(""), FIELD(transfers_per_peer), 4},
	{"default of observers.max", TOP(""), FIELD(observers_max), 4096},
	{"default of observers.per_peer", TOP(""), FIELD(observers_per_peer), 32},
	{"default of observers.lists", TOP(""), FIELD(lists_max), 128},
	{"default of tokens.longest", TOP(""), FIELD(token_max), 64},
	{"default of tokens.kept", TOP(""), FIELD(tokens_kept), 1024},
	{"default of observe.con_every", TOP(""), FIELD(observe_con_every), 5},
	{"default of observe.min_interval", TOP(""), FIELD(observe_min_ms), 3000},
	{"default of routes[].notify", ROUTE("path: /x, kind: store"),
		FIELD(routes[0].notify), 0},
	{"default of limits.errors.rate", TOP(""), FIELD(error_rate), 100},
	{"default of coap.ack_timeout", TOP(""), FIELD(coap.ack_timeout_ms), 2000},
	{"default of coap.max_latency", TOP(""), FIELD(coap.max_latency_s), 100},
	{"default of ports[].udp_port", TOP(""), FIELD(ports[0].udp_port), 5683},
	{"default of ports[].checksum_rx", TOP(""), FIELD(ports[0].checksum_rx), 1},
	{"default of routes[].max_payload", ROUTE("path: /x, kind: store"),
		FIELD(routes[0].max_payload), 1024},
};

static void
takes(void **state)
{
	const struct value_row *r = *state;
	char err[512] = "";
	struct ctl_config *c = parse_config(r->text, err, sizeof(err));
	uint64_t got = 0;

	assert_string_equal(err, "");
	assert_true(accept(r->text, err, sizeof(err)));
	memcpy(&got, (const uint8_t *)c + r->offset, r->size);
	assert_int_equal(got, r->want);
	ctl_config_free(c);
}

/* ---- every key of the table ---- */

/* A mapping's text in which the keys of @keys can stand; %s is where they go. */
struct around {
	const char *prefix, *text;
	const struct ctl_key *keys;
};

/* A value of the wrong type for @k. */
static const char *
wrong(const struct ctl_key *k)
{
	return k->type == CTL_T_TEXT || k->type == CTL_T_NAME ? "{a: b}"
	       : ctl_key_is_scalar(k)                         ? "[x, y]"
							      : "word";
}

static void
refuses_around(const char *around, const char *entry, const char *want)
{
	char text[1024], err[512] = "";

	assert_true(snprintf(text, sizeof(text), around, entry) < (int)sizeof(text));
	assert_null(parse_config(text, err, sizeof(err)));
	if (strstr(err, want) == NULL)
		fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, err, want);
}

static unsigned
every_key(const struct ctl_key *keys, const char *around)
{
	char entry[128], inner[512], want[128];
	unsigned n = 0;

	for (const struct ctl_key *k = keys; k->name != NULL; k++, n++) {
		snprintf(entry, sizeof(entry), "%s: %s", k->name, wrong(k));
		snprintf(want, sizeof(want), "%s: must be ", k->name);
		refuses_around(around, entry,
			k->type == CTL_T_SECTION ? "a mapping of keys to values" : want);
		snprintf(entry, sizeof(entry), "%sz: 1", k->name);
		snprintf(want, sizeof(want), "there is no key \"%sz\" here; did you mean",
			k->name);
		refuses_around(around, entry, want);
		if (k->type != CTL_T_SECTION)
			continue;
		snprintf(entry, sizeof(entry), "%s: {%%s}", k->name);
		snprintf(inner, sizeof(inner), around, entry);
		n += every_key(k->keys, inner);
	}
	return n;
}

/* No key takes a value of another type, and next to each there is a suggestion. */
static void
checks_every_key(void **state)
{
	unsigned n = every_key(ctl_schema, "{%s}");

	(void)state;
	for (const struct ctl_key *k = ctl_schema; k->name != NULL; k++)
		if (k->type == CTL_T_LIST || k->type == CTL_T_MAP) {
			char around[64];

			snprintf(around, sizeof(around),
				k->type == CTL_T_LIST ? "%s: [{%%s}]" : "%s: {n: {%%s}}",
				k->name);
			n += every_key(k->keys, around);
		}
	assert_true(n > 60);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(values) + 1] = {
		cmocka_unit_test(checks_every_key),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, values, takes);
	return cmocka_run_group_tests_name("config_values", tests, NULL, NULL);
}
