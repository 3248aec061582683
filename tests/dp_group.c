/* Requests to a group of receivers (RFC 7252, 8). */
#include "coap/code.h"
#include "tests/dp_groups.h"

#define LEISURE_MS 5000
#define ASK "\xb5query\x41x" /* the fixture's route for all */
#define TOLD ETAG_X "\x80\xffx"

static const struct bytes ask = B(ASK), told = B(TOLD);

/* From the port's own address, to who asked; once. */
static void
answered_after_a_while(void **state)
{
	const struct to *t = *state;
	struct flow w = flow_to(t);

	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_hear(t->v6 ? &gw.v6 : &gw.v4, coap(T_NON, TG_CONTENT, 7, told));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_expect_silence();
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_answered, 1);
}

/* A duplicate gets nothing (4.5), while the answer waits and afterwards; the same Message
 * ID from another port is no duplicate. */
static void
answered_once(void **state)
{
	const struct to *t = *state;
	struct flow w = flow_to(t), other = t->v6 ? gw.v6 : gw.v4;

	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_hear(t->v6 ? &gw.v6 : &gw.v4, coap(T_NON, TG_CONTENT, 7, told));
	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_expect_silence();
	gw_counted(DP_C_dup_non_ignored, 2);
	w.sport++;
	other.sport++;
	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_hear(&other, coap(T_NON, TG_CONTENT, 7, told));
}

static const struct row {
	const char *name;
	uint8_t type, code;
	struct bytes rest;
	enum dp_counter counter;
} silent[] = {
	{"CON", T_CON, TG_GET, B(ASK), DP_C_rdrop_multicast},
	{"another method", T_NON, TG_POST, B(ASK), DP_C_rdrop_multicast},
	{"no route", T_NON, TG_GET, B("\xb7nowhere"), DP_C_rdrop_multicast},
	{"a route that is not for all", T_NON, TG_GET, B("\xb4test"),
		DP_C_rdrop_multicast},
	{"a bad option", T_NON, TG_GET, B("\x90\x25query"), DP_C_rdrop_multicast},
	{"an error", T_NON, TG_GET, B("\xb5query\x61\x28"), DP_C_rdrop_multicast},
	{"nothing to tell", T_NON, TG_GET, B("\xb5query"), DP_C_suppressed_multicast},
	{"no answer wanted", T_NON, TG_GET, B(ASK "\xd1\xe6\x02"),
		DP_C_suppressed_no_response},
};

static void
not_answered(void **state)
{
	const struct row *r = *state;

	for (size_t i = 0; i < COUNT(tos); i++) {
		struct flow w = flow_to(&tos[i]);

		gw_say(&w,
			coap(r->type, r->code, (uint16_t)i, r->rest)); /* no duplicate */
		gw_later_ms(LEISURE_MS);
		gw_turn();
	}
	gw_expect_silence();
	gw_counted(r->counter, COUNT(tos));
	gw_counted(DP_C_requests, COUNT(tos));
}

static void
discovery_is_for_all(void **state)
{
	struct flow w = flow_to(&tos[0]);
	struct frame f;

	(void)state;
	gw_say(&w, coap(T_NON, TG_GET, 7,
			   BYTES_OF("\xbb.well-known\x04"
				    "core")));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	assert_true(gw_take(&f));
	gw_counted(DP_C_answered, 1);
}

/* A group's request has no ETag (8.2.1): one says nothing. */
static void
valid_to_none(void **state)
{
	struct flow w = flow_to(&tos[0]);

	(void)state;
	gw_say(&w, coap(T_NON, TG_GET, 7, BYTES_OF(ETAG_X "\x75query\x41x")));
	gw_later_ms(LEISURE_MS);
	gw_turn();
	gw_hear(&gw.v4, coap(T_NON, TG_CONTENT, 7, told));
	gw_ask(coap(T_NON, TG_GET, 8, BYTES_OF(ETAG_X "\x75query\x41x")),
		coap(T_NON, TG_VALID, 8, BYTES_OF(ETAG_X)));
}

static void
at_leisure(struct dp_config *cfg, struct dp_settings *s)
{
	static const struct tg_param hurried = {2000, 1500, 4, 1, 0, 1, 100000, 2000};
	static const struct dp_route_spec own = {.path = "/query",
		.kind = DP_K_QUERY,
		.max_age = UINT32_MAX,
		.max_payload = 8,
		.multicast = true,
		.param = &hurried};

	(void)cfg;
	s->routes = &own;
	s->n_routes = 1;
}

/* DEFAULT_LEISURE is the route's, if it has one of its own. */
static void
at_its_routes_leisure(void **state)
{
	struct flow w;

	(void)state;
	gw_reopen(at_leisure);
	w = flow_to(&tos[0]);
	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(1);
	gw_turn();
	gw_hear(&gw.v4, coap(T_NON, TG_CONTENT, 7, told));
}

/* One to us alone waits for nothing. */
static void
unicast_at_once(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_GET, 7, ask), coap(T_ACK, TG_CONTENT, 7, told));
	gw_ask(coap(T_NON, TG_GET, 8, ask), coap(T_NON, TG_CONTENT, 8, told));
}

/* Some of 64 come within the first half of it, and some later: all but once in 2^63. */
static void
leisure_is_random(void **state)
{
	struct flow w = flow_to(&tos[0]);
	unsigned early = 0, late = 0;
	struct frame f;

	(void)state;
	for (uint16_t mid = 0; mid < 64; mid++)
		gw_say(&w, coap(T_NON, TG_GET, mid, ask));
	gw_later_ms(LEISURE_MS / 2);
	gw_turn();
	while (gw_take(&f))
		early++;
	gw_later_ms(LEISURE_MS / 2);
	gw_turn();
	while (gw_take(&f))
		late++;
	assert_int_equal(early + late, 64);
	assert_in_range(early, 1, 63);
}

static void
no_leisure(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->param.default_leisure_ms = 0;
}

static void
leisure_is_a_parameter(void **state)
{
	struct flow w = flow_to(&tos[0]);

	(void)state;
	gw_reopen(no_leisure);
	gw_say(&w, coap(T_NON, TG_GET, 7, ask));
	gw_later_ms(1);
	gw_turn();
	gw_hear(&gw.v4, coap(T_NON, TG_CONTENT, 7, told));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers, handed over", 2, true, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(tos) + COUNT(silent) + 6] = {
		cmocka_unit_test(discovery_is_for_all),
		cmocka_unit_test(unicast_at_once),
		cmocka_unit_test(leisure_is_random),
		cmocka_unit_test(leisure_is_a_parameter),
		cmocka_unit_test(at_its_routes_leisure),
		cmocka_unit_test(valid_to_none),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, tos, answered_after_a_while);
	ADD_ROWS(tests, &n, tos, answered_once);
	ADD_ROWS(tests, &n, silent, not_answered);
	return gw_main("dp_group", settings, COUNT(settings), tests, n);
}
