/*
 * The configuration in force: shown, it is a configuration; a new one follows it or is
 * refused by the key that may not change.  And what was meant by a word that is none.
 */
#include "control/nearest.h"
#include "tests/config_text.h"

/* ---- there and back ---- */

static const struct round_row {
	const char *name, *text;
} rounds[] = {
	{"defaults", TOP("")},
	{"every port",
		"ports:\n"
		"  - {name: a, driver: vhost, socket: /a, addresses: ['2001:2::1/48']}\n"
		"  - {name: b, driver: memif, socket: /b, addresses: [198.18.0.1/15], "
		"mtu: 600}\n"
		"  - {name: c, driver: af_xdp, interface: c, addresses: "
		"[198.18.0.1/32]}\n"
		"  - {name: d, driver: pci, address: '0000:03:00.0', addresses: "
		"[10.0.0.1/8],\n"
		"     udp_port: 1, queues: 3, checksum_rx: false}\n" ROUTES},
	{"every route", PORTS
		"streams: {s: {ack: received}, t: }\nroutes:\n"
		"  - {path: '/t/{device}', kind: stream, stream: s}\n"
		"  - {path: '/d/{device}/{r*}', kind: store, ack: logged,\n"
		"     max_age: 90s, stale: refuse, formats: [0, 50], max_payload: 10}\n"
		"  - {path: /c, kind: static, content: \"a\\nb\\u00e9\", if: i,\n"
		"     content_format: 65535, answers: {put: 2.04, post: 5.03},\n"
		"     location: /a/b, rt: r, title: \"t \\\"q\\\"\", hidden: on}\n"
		"  - {path: /q, kind: query, coap: {ack_timeout: 10s, max_retransmit: "
		"0}}\n"},
	{"numbers",
		TOP("workers: 2\nidle: poll\nhugepages: on\nmemory: 64\nmbufs: 4096\n"
		    "devices: {max: 65, idle: 0}\npeers: {max: 66}\nstore: {max: 67}\n"
		    "log: {dir: \"/tmp/x y\", commit: 0, segment: 65537, ring: 64KiB,\n"
		    "      retain: {bytes: 0, age: 1d}}\n"
		    "limits: {errors: {rate: 0, burst: 1}, full_max_age: 61s}\n"
		    "coap: {ack_timeout: 1001ms, max_retransmit: 3,\n"
		    "      default_leisure: 7s, probing_rate: 20}")},
};

/* What is in force, shown and read again, is in force. */
static void
goes_round(void **state)
{
	const struct round_row *r = *state;
	char err[512] = "";
	struct ctl_config *a = parse_config(r->text, err, sizeof(err)), *b;
	json_t *shown, *again;
	char *text;

	assert_string_equal(err, "");
	shown = ctl_config_json(a);
	text = json_dumps(shown, 0);
	b = parse_config(text, err, sizeof(err));
	assert_string_equal(err, "");
	again = ctl_config_json(b);
	assert_true(json_equal(shown, again));
	assert_true(ctl_config_follows(a, b, err, sizeof(err)));
	free(text);
	json_decref(shown);
	json_decref(again);
	ctl_config_free(a);
	ctl_config_free(b);
}

static void
shows_defaults(void **state)
{
	char err[512] = "";
	struct ctl_config *c = parse_config(TOP(""), err, sizeof(err));
	json_t *o = ctl_config_json(c);
	json_t *devices = json_object_get(o, "devices");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(o, "workers")), "auto");
	assert_int_equal(json_integer_value(json_object_get(devices, "max")), 1000000);
	assert_string_equal(json_string_value(json_object_get(devices, "idle")), "1d");
	json_decref(o);
	ctl_config_free(c);
}

/* ---- reload ---- */

static const struct follow_row {
	const char *name, *now, *next, *want; /* NULL: it follows */
} follows[] = {
	{"the same", TOP(""), TOP(""), NULL},
	{"the same, moved", TOP("workers: 1"), "workers: 1\n" TOP(""), NULL},
	{"the same, said otherwise", TOP("devices: {idle: 1d}"),
		TOP("devices: {idle: 24h}"), NULL},
	{"another route", TOP(""), PORTS "routes: [{path: /y, kind: time}]\n", NULL},
	{"another limit", TOP(""), TOP("limits: {errors: {rate: 7}}"), NULL},
	{"other transmission parameters", TOP(""),
		TOP("coap: {ack_timeout: 3s, ack_random_percent: 200, max_retransmit: 5, "
		    "nstart: 2,\n"
		    "      default_leisure: 1s, probing_rate: 9, max_latency: 99s, "
		    "processing_delay: 1s,\n"
		    "      ack_delay: 600ms}"),
		NULL},
	{"a route's own", TOP(""),
		PORTS "routes: [{path: /x, kind: time, coap: {ack_timeout: 9s}}]\n",
		NULL},
	{"another stream", TOP(""), TOP("streams: {s: }"), NULL},
	{"workers", TOP("workers: 1"), TOP("workers: 2"),
		"f:3:10: \"workers\" cannot change while running: restart"},
	{"devices.max", TOP(""), TOP("devices: {max: 64}"),
		"f:3:16: \"devices.max\" cannot change while running: restart"},
	{"log.dir", TOP(""), TOP("log: {dir: /x}"),
		"f:3:12: \"log.dir\" cannot change while running: restart"},
	{"log.retain.age", TOP(""), TOP("log: {retain: {age: 1h}}"),
		"f:3:21: \"log.retain.age\" cannot change while running: restart"},
	{"a key gone back to its default", TOP("log: {dir: /x}"), TOP(""),
		"f:1:1: \"log.dir\" cannot change while running: restart"},
	{"a port's address", TOP(""), TAP("198.18.0.2/15"),
		"f:2:12: \"ports\" cannot change while running: restart"},
	{"one port more", TOP(""),
		"ports:\n"
		"  - {name: p, driver: tap, interface: t0, addresses: [198.18.0.1/15]}\n"
		"  - {name: q, driver: tap, interface: t1, addresses: "
		"[198.18.0.1/15]}\n" ROUTES,
		"f:2:12: \"ports\" cannot change while running: restart"},
};

static void
follows_or_not(void **state)
{
	const struct follow_row *r = *state;
	char err[512] = "";
	struct ctl_config *now = parse_config(r->now, err, sizeof(err));
	struct ctl_config *next = parse_config(r->next, err, sizeof(err));

	assert_string_equal(err, "");
	assert_int_equal(
		ctl_config_follows(now, next, err, sizeof(err)), r->want == NULL);
	assert_string_equal(err, r->want != NULL ? r->want : "");
	ctl_config_free(now);
	ctl_config_free(next);
}

/* ---- the nearest ---- */

static const struct near_row {
	const char *name, *a, *b;
	unsigned want;
} nears[] = {
	{"distance: same", "stats", "stats", 0},
	{"distance: one more", "stats", "statsu", 1},
	{"distance: two swapped at once", "help", "hlep", 1},
	{"distance: two swapped, twice", "status", "tsauts", 2},
	{"distance: no neighbours", "abc", "cba", 2},
	{"distance: one less", "stats", "stat", 1},
	{"distance: one other", "stats", "stets", 1},
	{"distance: two swapped within", "stats", "satts", 1},
	{"distance: to nothing", "stats", "", 5},
	{"distance: from nothing", "", "stats", 5},
	{"distance: kitten, sitting", "kitten", "sitting", 3},
	{"distance: too long", "stats",
		"0123456789012345678901234567890123456789012345678901234567890123",
		UINT_MAX},
};

static void
is_distant(void **state)
{
	const struct near_row *r = *state;

	assert_int_equal(ctl_distance(r->a, r->b), r->want);
	assert_int_equal(ctl_distance(r->b, r->a), r->want);
}

static void
finds_nearest(void **state)
{
	struct ctl_nearest n = {.word = "stat", .within = 2};

	(void)state;
	ctl_nearest_offer(&n, "devices");
	assert_null(n.best);
	ctl_nearest_offer(&n, "status");
	assert_string_equal(n.best, "status");
	ctl_nearest_offer(&n, "stats");
	assert_string_equal(n.best, "stats");
	ctl_nearest_offer(&n, "state"); /* as near: the first stays */
	assert_string_equal(n.best, "stats");
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rounds) + COUNT(follows) + COUNT(nears) + 2] = {
		cmocka_unit_test(shows_defaults),
		cmocka_unit_test(finds_nearest),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, rounds, goes_round);
	ADD_ROWS(tests, &n, follows, follows_or_not);
	ADD_ROWS(tests, &n, nears, is_distant);
	return cmocka_run_group_tests_name("conf_show", tests, NULL, NULL);
}
