/* What a route asks of a request before it runs: Echo (RFC 9175), a rate (RFC 8516). */
#include "coap/code.h"
#include "coap/option.h"
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
static const struct bytes told = B(ETAG_X "\x80\xffx");
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

/* ---- bodies and answers in blocks ---- */

#define UP_FRESH "\xb2uf"
#define UP_CALM "\xb2uc"
#define BODY "0123456789abcdef"
#define ANSWER "0123456789ABCDEF"

static const struct dp_route_spec upper[] = {
	{.path = "/uf",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = 64,
		.max_body = 64,
		.echo_s = FRESH_S},
	{.path = "/uc",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = 64,
		.max_body = 64,
		.rate = RATE},
};

static void
with_upper(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = upper;
	s->n_routes = COUNT(upper);
}

/* A POST to @path with a block option, and then @echo, if that is not NULL, and
 * @payload. */
static struct bytes
post_block(uint16_t mid, const char *path, unsigned option, uint8_t block,
	const struct echo *echo, const char *payload)
{
	static uint8_t rest[64];
	size_t n = 3;

	memcpy(rest, path, 3);
	rest[n++] = (uint8_t)(option - 11 < 13 ? (option - 11) << 4 | 1 : 0xd1);
	if (option - 11 >= 13)
		rest[n++] = (uint8_t)(option - 11 - 13);
	rest[n++] = block;
	if (echo != NULL) {
		rest[n++] = 0xd0 | ECHO_LEN;
		rest[n++] = (uint8_t)(252 - option - 13);
		memcpy(rest + n, echo->option + 2, ECHO_LEN);
		n += ECHO_LEN;
	}
	if (payload != NULL)
		rest[n++] = 0xff;
	memcpy(rest + n, payload != NULL ? payload : "",
		payload != NULL ? strlen(payload) : 0);
	n += payload != NULL ? strlen(payload) : 0;
	return coap(T_CON, TG_POST, mid, (struct bytes){rest, n});
}

static const struct bytes second_block = B("\xc0\xb1\x18\xff" ANSWER);

/* The endpoint was fresh when the answer was made: its next blocks need no proof for as
 * long as that is good, and then one as any request does. */
static void
next_block_need_not_prove_it_again(void **state)
{
	struct flow other = gw.flow;
	struct echo echo;

	(void)state;
	gw_reopen(with_upper);
	gw_mark();
	gw_say(&gw.flow, post_block(1, UP_FRESH, TG_OPT_BLOCK2, 0, NULL, BODY BODY "g"));
	echo = hear_challenge(&gw.flow, 1);
	gw_ask(post_block(2, UP_FRESH, TG_OPT_BLOCK2, 0, &echo, BODY BODY "g"),
		coap(T_ACK, TG_CHANGED, 2, BYTES_OF("\xc0\xb1\x08\x51\x21\xff" ANSWER)));
	gw_later(FRESH_S - 1);
	gw_ask(post_block(3, UP_FRESH, TG_OPT_BLOCK2, 0x10, NULL, NULL),
		coap(T_ACK, TG_CHANGED, 3, second_block));
	gw_later(3);
	gw_say(&gw.flow, post_block(4, UP_FRESH, TG_OPT_BLOCK2, 0x10, NULL, NULL));
	echo = hear_challenge(&gw.flow, 4);
	gw_ask(post_block(5, UP_FRESH, TG_OPT_BLOCK2, 0x10, &echo, NULL),
		coap(T_ACK, TG_CHANGED, 5, second_block));
	other.sport = 12345; /* of which nothing is kept */
	gw_say(&other, post_block(6, UP_FRESH, TG_OPT_BLOCK2, 0x10, NULL, NULL));
	hear_challenge(&other, 6);
}

static void
next_block_is_one_more(void **state)
{
	(void)state;
	gw_reopen(with_upper);
	gw_mark();
	gw_ask(post_block(1, UP_CALM, TG_OPT_BLOCK2, 0, NULL, BODY BODY "g"),
		coap(T_ACK, TG_CHANGED, 1, BYTES_OF("\xc0\xb1\x08\x51\x21\xff" ANSWER)));
	gw_ask(post_block(2, UP_CALM, TG_OPT_BLOCK2, 0x10, NULL, NULL),
		coap(T_ACK, TG_CHANGED, 2, second_block));
	gw_ask(post_block(3, UP_CALM, TG_OPT_BLOCK2, 0x10, NULL, NULL),
		coap(T_ACK, TG_TOO_MANY_REQUESTS, 3, later));
	gw_later(1);
	gw_ask(post_block(3, UP_CALM, TG_OPT_BLOCK2, 0x10, NULL, NULL),
		coap(T_ACK, TG_CHANGED, 3, second_block));
}

/* 2.31 and 2.04 with Block1 */
static const struct bytes go_on = B("\xd1\x0e\x08"),
			  all_of_it = B("\xc0\xd1\x02\x10\xff" ANSWER "G");

/* What is refused for now is not lost: its last block alone may come again. */
static void
body_outlives_its_refusal(void **state)
{
	(void)state;
	gw_reopen(with_upper);
	gw_mark();
	for (uint16_t mid = 1; mid <= RATE; mid++)
		gw_ask(post_block(mid, UP_CALM, TG_OPT_BLOCK2, 0, NULL, "g"),
			coap(T_ACK, TG_CHANGED, mid, BYTES_OF("\xc0\xb0\x51\x01\xffG")));
	gw_ask(post_block(7, UP_CALM, TG_OPT_BLOCK1, 0x08, NULL, BODY),
		coap(T_ACK, TG_CONTINUE, 7, go_on));
	gw_ask(post_block(8, UP_CALM, TG_OPT_BLOCK1, 0x10, NULL, "g"),
		coap(T_ACK, TG_TOO_MANY_REQUESTS, 8, later));
	gw_later(1);
	gw_ask(post_block(9, UP_CALM, TG_OPT_BLOCK1, 0x10, NULL, "g"),
		coap(T_ACK, TG_CHANGED, 9, all_of_it));
}

/* The first block has to be fresh, for it takes a place; and so has the last, which
 * runs. */
static void
body_is_asked_at_both_ends(void **state)
{
	struct echo echo;

	(void)state;
	gw_reopen(with_upper);
	gw_mark();
	gw_say(&gw.flow, post_block(7, UP_FRESH, TG_OPT_BLOCK1, 0x08, NULL, BODY));
	echo = hear_challenge(&gw.flow, 7);
	gw_ask(post_block(7, UP_FRESH, TG_OPT_BLOCK1, 0x08, &echo, BODY),
		coap(T_ACK, TG_CONTINUE, 7, go_on));
	gw_say(&gw.flow, post_block(8, UP_FRESH, TG_OPT_BLOCK1, 0x10, NULL, "g"));
	echo = hear_challenge(&gw.flow, 8);
	gw_ask(post_block(9, UP_FRESH, TG_OPT_BLOCK1, 0x10, &echo, "g"),
		coap(T_ACK, TG_CHANGED, 9, all_of_it));
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
	struct CMUnitTest tests[COUNT(stales) + 10] = {
		cmocka_unit_test(runs_with_it),
		cmocka_unit_test(duplicate_need_not_be_fresh),
		cmocka_unit_test(one_too_many),
		cmocka_unit_test(duplicates_are_free),
		cmocka_unit_test(source_without_a_device),
		cmocka_unit_test(group_is_not_told),
		cmocka_unit_test(next_block_need_not_prove_it_again),
		cmocka_unit_test(next_block_is_one_more),
		cmocka_unit_test(body_outlives_its_refusal),
		cmocka_unit_test(body_is_asked_at_both_ends),
	};
	size_t n = 10;

	ADD_ROWS(tests, &n, stales, is_refused);
	return gw_main("dp_guard", settings, COUNT(settings), tests, n);
}
