/* What a route asks of a request before it runs: Echo (RFC 9175), a rate (RFC 8516). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

/* The fixture's routes */
#define FRESH                                                                            \
	"\xb5"                                                                           \
	"fresh"
#define FRESH_S 30
#define RATE 2

static const struct bytes none = {0};
static const struct bytes query = B("\xb4"
				    "calm\x41x");
static const struct bytes told = B("\xc0\xffx");
static const struct bytes later = B("\xd1\x01\x01"); /* Max-Age 1 */
static const struct bytes post = B("\xb1"
				   "c\x04"
				   "dev?");
static const struct bytes other_post = B("\xb1"
					 "c\x04"
					 "devX");

/* ---- Echo ---- */

#define ECHO_LEN 12

struct echo {
	uint8_t option[2 + ECHO_LEN];
};

/* A PUT of /fresh with @mid and @echo, if that is not NULL, @len bytes of it. */
static struct bytes
put_fresh(uint16_t mid, const struct echo *echo, unsigned len)
{
	static uint8_t rest[6 + 2 + ECHO_LEN];

	memcpy(rest, FRESH, 6);
	if (echo == NULL)
		return coap(T_CON, TG_PUT, mid, (struct bytes){rest, 6});
	/* 252 - 11, and the length, which needs no byte of its own up to 12 */
	rest[6] = (uint8_t)(0xd0 | len);
	rest[7] = 252 - 11 - 13;
	memcpy(rest + 8, echo->option + 2, len);
	return coap(T_CON, TG_PUT, mid, (struct bytes){rest, 8 + len});
}

/* The next frame refuses @mid with 4.01, and its Echo. */
static struct echo
hear_challenge(const struct flow *w, uint16_t mid)
{
	const struct flow back = flow_back(w);
	unsigned at = ETH + (w->v6 ? IP6 : IP4) + UDP;
	struct frame got, want;
	struct echo echo;
	struct bytes msg;

	assert_true(gw_take(&got));
	memcpy(echo.option, got.byte + at + 4, sizeof(echo.option));
	assert_int_equal(echo.option[0], 0xd0 | ECHO_LEN);
	assert_int_equal(echo.option[1], 252 - 13);
	msg = coap(T_ACK, TG_UNAUTHORIZED, mid,
		(struct bytes){echo.option, sizeof(echo.option)});
	frame_udp(&want, &back, msg.at, msg.len);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
	return echo;
}

static struct echo
challenge(void)
{
	gw_say(&gw.flow, put_fresh(7, NULL, 0));
	gw_counted(DP_C_refused_401, 1);
	return hear_challenge(&gw.flow, 7);
}

/* What was refused is not remembered: it may come again with its Message ID. */
static void
runs_with_it(void **state)
{
	struct echo echo = challenge();

	(void)state;
	gw_ask(put_fresh(7, &echo, ECHO_LEN), coap(T_ACK, TG_CHANGED, 7, none));
	gw_later(FRESH_S - 1);
	gw_ask(put_fresh(8, &echo, ECHO_LEN), coap(T_ACK, TG_CHANGED, 8, none));
	gw_counted(DP_C_executed, 2);
	gw_counted(DP_C_refused_401, 1);
}

/* What has run is answered again, however old it is by now. */
static void
duplicate_need_not_be_fresh(void **state)
{
	struct echo echo = challenge();

	(void)state;
	gw_ask(put_fresh(8, &echo, ECHO_LEN), coap(T_ACK, TG_CHANGED, 8, none));
	gw_later(2 * FRESH_S);
	gw_ask(put_fresh(8, &echo, ECHO_LEN), coap(T_ACK, TG_CHANGED, 8, none));
	gw_counted(DP_C_dup_replayed, 1);
}

static const struct stale {
	const char *name;
	uint8_t flip_at, len; /* a bit of which byte; bytes that are sent */
	uint16_t sport;       /* another one; 0: the same */
	unsigned age_s;
} stales[] = {
	{"too old", ECHO_LEN, ECHO_LEN, 0, FRESH_S + 2},
	{"made later, it says", 0, ECHO_LEN, 0, 0},
	{"no proof", ECHO_LEN - 1, ECHO_LEN, 0, 0},
	{"made for another endpoint", ECHO_LEN, ECHO_LEN, 12345, 0},
	{"short", ECHO_LEN, ECHO_LEN - 1, 0, 0},
	{"empty", ECHO_LEN, 0, 0, 0},
};

static void
is_refused(void **state)
{
	const struct stale *r = *state;
	struct echo echo = challenge();
	struct flow w = gw.flow;

	if (r->flip_at < ECHO_LEN)
		echo.option[2 + r->flip_at] ^= 1;
	if (r->sport != 0)
		w.sport = r->sport;
	gw_later(r->age_s);
	gw_say(&w, put_fresh(8, &echo, r->len));
	hear_challenge(&w, 8);
	gw_counted(DP_C_refused_401, 2);
	gw_counted(DP_C_executed, 0);
}

/* ---- the rate ---- */

static void
one_too_many(void **state)
{
	(void)state;
	for (uint16_t mid = 0; mid < RATE; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, post),
			coap(T_ACK, TG_CHANGED, mid, none));
	gw_ask(coap(T_CON, TG_POST, 7, post),
		coap(T_ACK, TG_TOO_MANY_REQUESTS, 7, later));
	gw_counted(DP_C_refused_429, 1);
	gw_ask(coap(T_CON, TG_POST, 8, other_post), coap(T_ACK, TG_CHANGED, 8, none));
	gw_later(1);
	gw_ask(coap(T_CON, TG_POST, 7, post), coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_records_accepted, RATE + 2);
}

/* A duplicate is none of them: it does not run. */
static void
duplicates_are_free(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * RATE; i++)
		gw_ask(coap(T_CON, TG_POST, 7, post), coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_refused_429, 0);
	gw_counted(DP_C_dup_replayed, 3 * RATE - 1);
}

/* Without a device it is the source address, whatever its port. */
static void
source_without_a_device(void **state)
{
	struct flow other = gw.flow;

	(void)state;
	other.sport = 12345;
	gw_ask(coap(T_CON, TG_GET, 7, query), coap(T_ACK, TG_CONTENT, 7, told));
	gw_say(&other, coap(T_CON, TG_GET, 8, query));
	gw_hear(&other, coap(T_ACK, TG_CONTENT, 8, told));
	gw_ask(coap(T_CON, TG_GET, 9, query),
		coap(T_ACK, TG_TOO_MANY_REQUESTS, 9, later));
}

/* A group's members do not all complain. */
static void
group_is_not_told(void **state)
{
	struct flow all = gw.v4;
	struct frame f;

	(void)state;
	memcpy(all.dst, (const uint8_t[4]){224, 0, 1, 187}, 4);
	memcpy(all.dst_mac, (const uint8_t[6]){1, 0, 0x5e, 0, 1, 187}, 6);
	for (unsigned i = 0; i < RATE + 1; i++)
		gw_say(&all, coap(T_NON, TG_GET, (uint16_t)i, query));
	gw_later(5); /* DEFAULT_LEISURE */
	gw_turn();
	for (unsigned i = 0; i < RATE; i++)
		assert_true(gw_take(&f));
	gw_counted(DP_C_answered, RATE);
	gw_counted(DP_C_rdrop_multicast, 1);
	gw_counted(DP_C_refused_429, 0);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers, handed over", 2, true, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(stales) + 6] = {
		cmocka_unit_test(runs_with_it),
		cmocka_unit_test(duplicate_need_not_be_fresh),
		cmocka_unit_test(one_too_many),
		cmocka_unit_test(duplicates_are_free),
		cmocka_unit_test(source_without_a_device),
		cmocka_unit_test(group_is_not_told),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, stales, is_refused);
	return gw_main("dp_guard", settings, COUNT(settings), tests, n);
}
