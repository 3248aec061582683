/* Transmission parameters (RFC 7252, 4.8): those of a route, and others while it runs. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define SLOW                                                                             \
	"\xb4"                                                                           \
	"slow"
#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"

static const struct bytes none = {0}, silence = {0}, put = B("\xb4test");

/* A device that sleeps for long, and is told things twice at most. */
static const struct tg_param patient = {10000, 1500, 1, 1, 5000, 1, 100000, 2000};

/* What is served to all, each route with parameters of its own. */
static void
with_own(struct dp_config *cfg, struct dp_settings *s)
{
	static struct dp_route_spec own[GW_ROUTES];

	(void)cfg;
	memcpy(own, gw_routes, sizeof(own));
	for (unsigned i = 0; i < COUNT(own); i++)
		own[i].param = &patient;
	s->routes = own;
	s->n_routes = COUNT(own);
}

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
}

/* Request 7 for @what is answered by a CON of its own. */
static uint16_t
ask(uint8_t code, struct bytes what, uint8_t answer, struct bytes with)
{
	gw_ask(coap(T_CON, code, 7, what), silence);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	gw_log_read();
	gw_log_commit(0);
	wait_ms(500);
	return gw_hear_con(answer, with);
}

static const struct own_row {
	const char *name;
	uint8_t code;
	struct bytes request;
	uint8_t answer;
	struct bytes with;
} own_rows[] = {
	{"a route with a delay", TG_GET, B(SLOW), TG_CONTENT, B(ETAG_SLOW "\xffslow")},
	{"a route whose log takes its time", TG_POST, B(LOGGED), TG_CHANGED, {0}},
};

/* 10 to 15 s, once more, then 20 to 30 s. */
static void
routes_have_their_own(void **state)
{
	const struct own_row *r = *state;
	uint16_t mid;

	gw_reopen(with_own);
	gw_mark();
	mid = ask(r->code, r->request, r->answer, r->with);
	wait_ms(9500);
	gw_expect_silence();
	wait_ms(5510);
	assert_int_equal(gw_hear_con(r->answer, r->with), mid);
	wait_ms(19500);
	gw_counted(DP_C_out_gave_up, 0);
	wait_ms(10510);
	gw_expect_silence();
	gw_counted(DP_C_out_gave_up, 1);
}

static void
wait_longer(struct dp_settings *s)
{
	s->param.ack_timeout_ms = 4000;
	s->param.ack_random_permille = 1000;
}

/* What is under way keeps what it was begun with. */
static void
changed_while_it_runs(void **state)
{
	uint16_t mid;

	(void)state;
	mid = ask(TG_GET, BYTES_OF(SLOW), TG_CONTENT, BYTES_OF(ETAG_SLOW "\xffslow"));
	gw_publish(wait_longer);
	wait_ms(3010);
	assert_int_equal(gw_hear_con(TG_CONTENT, BYTES_OF(ETAG_SLOW "\xffslow")), mid);
	gw_ask(coap(T_ACK, 0, mid, none), silence);
	gw_ask(coap(T_CON, TG_GET, 8, BYTES_OF(SLOW)), silence);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 8, none));
	wait_ms(500);
	mid = gw_hear_con(TG_CONTENT, BYTES_OF(ETAG_SLOW "\xffslow"));
	wait_ms(3500);
	gw_expect_silence();
	wait_ms(510);
	assert_int_equal(gw_hear_con(TG_CONTENT, BYTES_OF(ETAG_SLOW "\xffslow")), mid);
	gw_ask(coap(T_ACK, 0, mid, none), silence);
}

static const struct life_row {
	const char *name;
	uint32_t lifetime_s; /* in place of 247 */
	unsigned after_s;
	bool runs_again;
} life_rows[] = {
	{"remembered for longer", 600, 500, false},
	{"and not for ever", 600, 620, true},
	{"remembered for shorter", 20, 40, true},
	{"and not at all too short", 20, 10, false},
};

static uint32_t lifetime_s;

static void
live(struct dp_settings *s)
{
	s->con_lifetime_s = lifetime_s;
}

/* EXCHANGE_LIFETIME counts for what had been heard before it changed. */
static void
remembered(void **state)
{
	const struct life_row *r = *state;

	gw_ask(coap(T_CON, TG_PUT, 7, put), coap(T_ACK, TG_CHANGED, 7, none));
	lifetime_s = r->lifetime_s;
	gw_publish(live);
	wait_ms(1000 * r->after_s);
	gw_ask(coap(T_CON, TG_PUT, 7, put), coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_executed, r->runs_again ? 2 : 1);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers, the log's elsewhere", 2, true, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(own_rows) + COUNT(life_rows) + 1] = {
		cmocka_unit_test(changed_while_it_runs),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, own_rows, routes_have_their_own);
	ADD_ROWS(tests, &n, life_rows, remembered);
	return gw_main("dp_param", settings, COUNT(settings), tests, n);
}
