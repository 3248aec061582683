/* Values that the gateway writes itself, and observers that are forgotten by request. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define PERIOD_S 5

static struct dp_route_spec routes[] = {
	{.path = "/now",
		.kind = DP_K_STORE,
		.period_ms = PERIOD_S * 1000,
		.max_age = PERIOD_S,
		.max_payload = DP_VALUE_MAX,
		.content = "tick",
		.content_len = 4,
		.content_format = 0,
		.notify_con = true},
	{.path = "/forget",
		.kind = DP_K_UNOBSERVE,
		.target = "/now",
		.content = "sesame",
		.content_len = 6,
		.max_payload = DP_VALUE_MAX},
};

static void
ticking(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = routes;
	s->n_routes = COUNT(routes);
}

/* Ticks follow the TSC, of which some microseconds may be left. */
static void
turn(void)
{
	rte_delay_us_block(1100);
	gw_turn();
}

static struct dp_value
value(void)
{
	struct dp_value v = {0};

	dp_value_get(gw.dp, "/now", &v);
	return v;
}

/* "2026-01-01T00:00:00.000Z", and the route's content. */
static void
assert_is_time(const struct dp_value *v)
{
	assert_int_equal(v->len, 24 + 1 + 4);
	assert_int_equal(v->payload[4], '-');
	assert_int_equal(v->payload[10], 'T');
	assert_memory_equal(v->payload + 23, "Z\ntick", 6);
	assert_int_equal(v->content_format, 0);
}

static void
written_every_period(void **state)
{
	struct dp_value first, next;

	(void)state;
	gw_reopen(ticking);
	turn();
	first = value();
	assert_is_time(&first);
	turn();
	assert_int_equal(value().etag, first.etag);
	gw_later(PERIOD_S);
	turn();
	next = value();
	assert_int_not_equal(next.etag, first.etag);
	assert_is_time(&next);
	assert_memory_not_equal(first.payload, next.payload, 24);
}

static const struct written_row {
	const char *name;
	struct bytes write, answer;
	uint16_t len;
} written_rows[] = {
	{"PUT", B("\x40\x03\x00\x01\xb3now\x11\x32\xff{}"), B("\x60\x44\x00\x01"), 2},
	{"DELETE", B("\x40\x04\x00\x01\xb3now"), B("\x60\x42\x00\x01"), 0},
};

/* What others make of it lasts to the end of the period. */
static void
written_over(void **state)
{
	const struct written_row *r = *state;
	struct dp_value v;

	gw_reopen(ticking);
	turn();
	gw_ask(r->write, r->answer);
	turn();
	assert_int_equal(value().len, r->len);
	gw_later(PERIOD_S);
	turn();
	v = value();
	assert_is_time(&v);
}

static void
observe(void)
{
	struct frame f;

	gw_reopen(ticking);
	turn();
	gw_say(&gw.flow, BYTES_OF("\x41\x01\x00\x01t\x60\x53now"));
	assert_true(gw_take(&f));
	assert_int_equal(gw_relations(), 1);
}

static void
observers_hear_each_tick(void **state)
{
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct frame f;

	(void)state;
	observe();
	for (unsigned i = 0; i < 3; i++) {
		gw_later(PERIOD_S);
		turn();
		assert_true(gw_take(&f));
		assert_memory_equal(f.byte + at, "\x41\x45", 2);
		gw_say(&gw.flow,
			coap(T_ACK, 0, (uint16_t)(f.byte[at + 2] << 8 | f.byte[at + 3]),
				(struct bytes){0}));
		gw_expect_silence();
	}
}

static const struct word_row {
	const char *name;
	struct bytes ask, answer;
	unsigned left;
} word_rows[] = {
	{"the word",
		B("\x40\x02\x00\x02\xb6"
		  "forget\xff"
		  "sesame"),
		B("\x60\x44\x00\x02"), 0},
	{"another word",
		B("\x40\x02\x00\x02\xb6"
		  "forget\xff"
		  "sesamo"),
		B("\x60\x83\x00\x02"), 1},
	{"a letter more",
		B("\x40\x02\x00\x02\xb6"
		  "forget\xff"
		  "sesames"),
		B("\x60\x83\x00\x02"), 1},
	{"no word",
		B("\x40\x02\x00\x02\xb6"
		  "forget"),
		B("\x60\x83\x00\x02"), 1},
	{"the word, If-Match of anything",
		B("\x40\x02\x00\x02\x10\xa6"
		  "forget\xff"
		  "sesame"),
		B("\x60\x44\x00\x02"), 0},
	{"the word, If-Match of what has no ETag",
		B("\x40\x02\x00\x02\x18"
		  "12345678\xa6"
		  "forget\xff"
		  "sesame"),
		B("\x60\x8c\x00\x02"), 1},
	{"the word, If-None-Match",
		B("\x40\x02\x00\x02\x50\x66"
		  "forget\xff"
		  "sesame"),
		B("\x60\x8c\x00\x02"), 1},
	{"another word, If-None-Match",
		B("\x40\x02\x00\x02\x50\x66"
		  "forget\xff"
		  "sesamo"),
		B("\x60\x83\x00\x02"), 1},
	{"PUT",
		B("\x40\x03\x00\x02\xb6"
		  "forget\xff"
		  "sesame"),
		B("\x60\x85\x00\x02"), 1},
};

static void
forgotten_in_silence(void **state)
{
	const struct word_row *r = *state;
	struct frame f;

	observe();
	gw_ask(r->ask, r->answer);
	assert_int_equal(gw_relations(), r->left);
	gw_later(PERIOD_S);
	turn();
	assert_int_equal(gw_take(&f), r->left);
}

static void
forgotten_when_not_there(void **state)
{
	(void)state;
	gw_reopen(ticking);
	turn();
	gw_ask(BYTES_OF("\x40\x04\x00\x01\xb3now"), BYTES_OF("\x60\x42\x00\x01"));
	gw_ask(word_rows[0].ask, word_rows[0].answer);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 0, 1},
	{"IPv4, two workers", 2, false, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(written_rows) + COUNT(word_rows) + 3] = {
		cmocka_unit_test(written_every_period),
		cmocka_unit_test(observers_hear_each_tick),
		cmocka_unit_test(forgotten_when_not_there),
	};
	size_t n = 3;

	ADD_ROWS(tests, &n, written_rows, written_over);
	ADD_ROWS(tests, &n, word_rows, forgotten_in_silence);
	return gw_main("dp_ticker", settings, COUNT(settings), tests, n);
}
