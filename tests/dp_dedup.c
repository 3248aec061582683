/* Nothing runs twice (RFC 7252, 4.2 to 4.5). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define RECEIVED                                                                         \
	B("\xb1r\x04"                                                                    \
	  "dev?\xffx") /* a stream that is answered at once */
#define LOGGED                                                                           \
	B("\xb1t\x04"                                                                    \
	  "dev?\xffx") /* one that waits for the log */
#define VALUE                                                                            \
	B("\xb1"                                                                         \
	  "d\x04"                                                                        \
	  "dev?\x01v\xffx")
#define TEST                                                                             \
	B("\xb4"                                                                         \
	  "test")

static const struct bytes received = RECEIVED, logged = LOGGED, value = VALUE,
			  test = TEST, none = {0}, silence = {0},
			  hi = B(ETAG_HELLO "\x80\xff"
					    "hi"),
			  location = B("\x81"
				       "a\x02"
				       "bc");

/* What is answered with a code alone, with bytes of its own, and at the value's home. */
static const struct once_row {
	const char *name;
	uint8_t code;
	struct bytes rest;
	uint8_t answer;
	struct bytes with;
} onces[] = {
	{"a stream's POST", TG_POST, RECEIVED, TG_CHANGED, {0}},
	{"a static PUT", TG_PUT, TEST, TG_CHANGED, {0}},
	{"a static POST with a location", TG_POST, TEST, TG_CREATED,
		B("\x81"
		  "a\x02"
		  "bc")},
	{"a PUT that creates", TG_PUT, VALUE, TG_CREATED, {0}},
	{"a DELETE", TG_DELETE,
		B("\xb1"
		  "d\x04"
		  "dev?\x01v"),
		TG_DELETED, {0}},
};

/* A duplicate CON is answered with the same bytes, however often it comes. */
static void
con_again(void **state)
{
	const struct once_row *r = *state;

	for (int i = 0; i < 3; i++)
		gw_ask(coap(T_CON, r->code, 7, r->rest),
			coap(T_ACK, r->answer, 7, r->with));
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_dup_replayed, 2);
}

static void
non_again(void **state)
{
	const struct once_row *r = *state;

	gw_ask(coap(T_NON, r->code, 7, r->rest), coap(T_NON, r->answer, 7, r->with));
	gw_ask(coap(T_NON, r->code, 7, r->rest), silence);
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_dup_non_ignored, 1);
}

/* Both come in one burst: the second meets the first answered, or still under way. */
static void
both_in_a_burst(void **state)
{
	const struct once_row *r = *state;

	gw_queue(&gw.flow, coap(T_CON, r->code, 7, r->rest));
	gw_say(&gw.flow, coap(T_CON, r->code, 7, r->rest));
	gw_hear(&gw.flow, coap(T_ACK, r->answer, 7, r->with));
	if (gw_counter(DP_C_dup_in_progress) == 0)
		gw_hear(&gw.flow, coap(T_ACK, r->answer, 7, r->with));
	gw_counted(DP_C_executed, 1);
	assert_int_equal(
		gw_counter(DP_C_dup_in_progress) + gw_counter(DP_C_dup_replayed), 1);
}

/* What a request was refused for when it ran is so no more: its sender was told. */
static const struct refused_row {
	const char *name;
	uint8_t code;
	struct bytes rest;
	uint8_t answer;
} refusals[] = {
	{"If-None-Match, a PUT", TG_PUT,
		B("\x50\x61"
		  "d\x04"
		  "dev?\x01v\xffx"),
		TG_PRECONDITION_FAILED},
	{"If-None-Match, a DELETE", TG_DELETE,
		B("\x50\x61"
		  "d\x04"
		  "dev?\x01v"),
		TG_PRECONDITION_FAILED},
};

static void
refusal_stands(const struct refused_row *r, uint8_t first, uint8_t reply)
{
	const struct bytes gone = BYTES_OF("\xb1"
					   "d\x04"
					   "dev?\x01v");

	gw_ask(coap(T_CON, TG_PUT, 6, value), coap(T_ACK, TG_CREATED, 6, none));
	gw_ask(coap(first, r->code, 7, r->rest), coap(reply, r->answer, 7, none));
	gw_ask(coap(T_CON, TG_DELETE, 8, gone), coap(T_ACK, TG_DELETED, 8, none));
	gw_ask(coap(first, r->code, 7, r->rest),
		first == T_CON ? coap(reply, r->answer, 7, none) : silence);
	gw_counted(DP_C_executed, 2);
	gw_counted(first == T_CON ? DP_C_dup_replayed : DP_C_dup_non_ignored, 1);
}

static void
con_refusal_stands(void **state)
{
	refusal_stands(*state, T_CON, T_ACK);
}

static void
non_refusal_stands(void **state)
{
	refusal_stands(*state, T_NON, T_NON);
}

static void
one_error(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->error_rate = 1;
	s->error_burst = 1;
}

/* A refusal that is said again counts against the limit on errors. */
static void
refusal_stands_within_the_limit(void **state)
{
	const struct bytes refused = refusals[0].rest;

	(void)state;
	gw_reopen(one_error);
	gw_ask(coap(T_CON, TG_PUT, 6, value), coap(T_ACK, TG_CREATED, 6, none));
	gw_ask(coap(T_CON, TG_PUT, 7, refused),
		coap(T_ACK, TG_PRECONDITION_FAILED, 7, none));
	gw_ask(coap(T_CON, TG_PUT, 7, refused), silence);
	gw_counted(DP_C_rdrop_error_rate, 1);
	gw_ask(coap(T_CON, TG_PUT, 6, value), coap(T_ACK, TG_CREATED, 6, none));
	assert_true(gw_books_close());
}

/* A Message ID is known for its lifetime and not a second longer. */
static const struct life_row {
	const char *name;
	uint8_t first;
	unsigned after_s;
	bool known;
} lives[] = {
	{"CON after 246 s", T_CON, 246, true},
	{"CON after EXCHANGE_LIFETIME, 247 s", T_CON, 247, false},
	{"NON after 144 s", T_NON, 144, true},
	{"NON after NON_LIFETIME, 145 s", T_NON, 145, false},
	{"CON after a day", T_CON, 86400, false},
	{"CON after 2^16 s", T_CON, 65536, false},
};

/* Time moves on, and each peer is looked at in between, as it is in every half minute. */
static void
live_on(unsigned seconds)
{
	struct dp_worker *w = gw.dp->shared.worker[gw.setting->home];

	for (unsigned step; seconds > 0; seconds -= step) {
		step = seconds < 30000 ? seconds : 30000;
		gw_later(step);
		dp_peers_sweep(w->peers, dp_peers_max(w->peers), 247,
			(uint32_t)dp_now_s(gw.dp), &w->counters);
	}
}

static void
lifetime(void **state)
{
	const struct life_row *r = *state;
	uint8_t reply = r->first == T_CON ? T_ACK : T_NON;

	gw_ask(coap(r->first, TG_POST, 7, received), coap(reply, TG_CHANGED, 7, none));
	live_on(r->after_s);
	gw_ask(coap(r->first, TG_POST, 7, received),
		r->known && r->first == T_NON ? silence
					      : coap(reply, TG_CHANGED, 7, none));
	gw_counted(DP_C_executed, r->known ? 1 : 2);
}

/* ---- under way ---- */

static void
con_in_progress(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_POST, 7, logged), silence);
	gw_ask(coap(T_CON, TG_POST, 7, logged), silence);
	gw_counted(DP_C_dup_in_progress, 1);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	gw_expect_silence();
	gw_ask(coap(T_CON, TG_POST, 7, logged), coap(T_ACK, TG_CHANGED, 7, none));
	assert_int_equal(gw_log_read(), 0);
	gw_counted(DP_C_dup_replayed, 1);
}

static void
non_in_progress(void **state)
{
	(void)state;
	gw_ask(coap(T_NON, TG_POST, 7, logged), silence);
	gw_ask(coap(T_NON, TG_POST, 7, logged), silence);
	gw_counted(DP_C_dup_non_ignored, 1);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_NON, TG_CHANGED, 7, none));
}

/* ---- who is who ---- */

static void
endpoints_differ(void **state)
{
	struct flow port = gw.flow, address = gw.flow, vlan = gw.flow;

	(void)state;
	port.sport = 50000;
	address.src[gw.flow.v6 ? 15 : 3] = 77;
	vlan.tag = 5;
	gw_ask(coap(T_CON, TG_POST, 7, received), coap(T_ACK, TG_CHANGED, 7, none));
	gw_say(&port, coap(T_CON, TG_POST, 7, received));
	gw_hear(&port, coap(T_ACK, TG_CHANGED, 7, none));
	gw_say(&address, coap(T_CON, TG_POST, 7, received));
	gw_hear(&address, coap(T_ACK, TG_CHANGED, 7, none));
	gw_say(&vlan, coap(T_CON, TG_POST, 7, received));
	gw_hear(&vlan, coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_executed, 4);
}

static void
mids_differ(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_POST, 7, received), coap(T_ACK, TG_CHANGED, 7, none));
	gw_ask(coap(T_CON, TG_POST, 8, received), coap(T_ACK, TG_CHANGED, 8, none));
	gw_counted(DP_C_executed, 2);
}

static void
the_answer_has_the_duplicates_token(void **state)
{
	(void)state;
	gw_ask(BYTES_OF("\x42\x03\x00\x07tk\xb4test"), BYTES_OF("\x62\x44\x00\x07tk"));
	gw_ask(BYTES_OF("\x42\x03\x00\x07tk\xb4test"), BYTES_OF("\x62\x44\x00\x07tk"));
	gw_counted(DP_C_dup_replayed, 1);
}

/* What was refused before it ran is heard when it comes again, perhaps put right. */
static void
refused_before_it_ran_leaves_no_entry(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_PUT, 7,
		       BYTES_OF("\xb1"
				"f\xffx")),
		coap(T_ACK, 0x8f, 7, none));
	gw_ask(coap(T_CON, TG_PUT, 7,
		       BYTES_OF("\xb1"
				"f\x10\xffx")),
		coap(T_ACK, TG_CREATED, 7, none));
	gw_counted(DP_C_executed, 1);
}

/* ---- many ---- */

static void
extensions(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++)
		for (uint16_t mid = 0; mid < 300; mid++)
			gw_ask(coap(T_CON, TG_PUT, mid, test),
				coap(T_ACK, TG_CHANGED, mid, none));
	gw_counted(DP_C_executed, 300);
	gw_counted(DP_C_dup_replayed, 300);
	gw_counted(DP_C_dedup_extended, 1);
	gw_counted(DP_C_dedup_evicted_early, 0);
}

static void
no_extensions(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->dedup_extensions = 0; /* a worker gets 64 of them all the same */
}

/* Message IDs too far apart to share a run: 4 fit a block, 256 the pool, 8 the peer's
 * line. */
static void
extensions_run_out(void **state)
{
	(void)state;
	gw_reopen(no_extensions);
	for (uint16_t i = 0; i < 300; i++)
		gw_ask(coap(T_CON, TG_PUT, (uint16_t)(i * 16), test),
			coap(T_ACK, TG_CHANGED, (uint16_t)(i * 16), none));
	gw_counted(DP_C_dedup_evicted_early, 300 - 256 - 8);
	for (uint16_t i = 300 - 8; i < 300; i++)
		gw_ask(coap(T_CON, TG_PUT, (uint16_t)(i * 16), test),
			coap(T_ACK, TG_CHANGED, (uint16_t)(i * 16), none));
	gw_counted(DP_C_dup_replayed, 8);
}

/* Stored replies make room for newer ones; a duplicate without its reply is not run
 * again. */
static void
replies_run_out(void **state)
{
	(void)state;
	for (uint16_t mid = 0; mid <= 64; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, test),
			coap(T_ACK, TG_CREATED, mid, location));
	gw_counted(DP_C_replies_evicted, 1);
	gw_ask(coap(T_CON, TG_POST, 0, test), silence);
	gw_counted(DP_C_dup_unreplayable, 1);
	gw_ask(coap(T_CON, TG_POST, 1, test), coap(T_ACK, TG_CREATED, 1, location));
	gw_counted(DP_C_executed, 65);
}

/* A GET whose answer is gone runs again: that is safe. */
static void
replies_of_registrations_run_out(void **state)
{
	const struct bytes ask = BYTES_OF("\x60\x55hello");

	(void)state;
	for (uint16_t mid = 0; mid <= 64; mid++) {
		struct frame f;

		gw_say(&gw.flow, coap(T_CON, TG_GET, mid, ask));
		assert_true(gw_take(&f));
	}
	gw_counted(DP_C_replies_evicted, 1);
	for (uint16_t mid = 0; mid < 2; mid++) {
		struct frame f;

		gw_say(&gw.flow, coap(T_CON, TG_GET, mid, ask));
		assert_true(gw_take(&f));
	}
	gw_counted(DP_C_dup_unreplayable, 0);
}

/* A NON is ignored when it comes again, whatever it asks. */
static void
non_get_again(void **state)
{
	(void)state;
	gw_ask(coap(T_NON, TG_GET, 7, BYTES_OF("\xb5hello")),
		coap(T_NON, TG_CONTENT, 7, hi));
	for (int i = 0; i < 2; i++)
		gw_ask(coap(T_NON, TG_GET, 7, BYTES_OF("\xb5hello")), silence);
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_dup_non_ignored, 2);
}

/* A CON GET is safe to repeat: it runs again and leaves nothing behind. */
static void
get_runs_again(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_PUT, 6, value), coap(T_ACK, TG_CREATED, 6, none));
	for (int i = 0; i < 2; i++)
		gw_ask(coap(T_CON, TG_GET, 7, BYTES_OF("\xb5hello")),
			coap(T_ACK, TG_CONTENT, 7, hi));
	gw_counted(DP_C_executed, 3);
	gw_counted(DP_C_dup_replayed, 0);
}

int
main(void)
{
	struct CMUnitTest
		tests[3 * COUNT(onces) + 2 * COUNT(refusals) + COUNT(lives) + 13] = {
			cmocka_unit_test(refusal_stands_within_the_limit),
			cmocka_unit_test(con_in_progress),
			cmocka_unit_test(non_in_progress),
			cmocka_unit_test(endpoints_differ),
			cmocka_unit_test(mids_differ),
			cmocka_unit_test(the_answer_has_the_duplicates_token),
			cmocka_unit_test(refused_before_it_ran_leaves_no_entry),
			cmocka_unit_test(extensions),
			cmocka_unit_test(extensions_run_out),
			cmocka_unit_test(replies_run_out),
			cmocka_unit_test(replies_of_registrations_run_out),
			cmocka_unit_test(non_get_again),
			cmocka_unit_test(get_runs_again),
		};
	size_t n = 13;

	ADD_ROWS(tests, &n, onces, con_again);
	ADD_ROWS(tests, &n, onces, non_again);
	ADD_ROWS(tests, &n, onces, both_in_a_burst);
	ADD_ROWS(tests, &n, refusals, con_refusal_stands);
	ADD_ROWS(tests, &n, refusals, non_refusal_stands);
	ADD_ROWS(tests, &n, lives, lifetime);
	return gw_main("dp_dedup", gw_settings, COUNT(gw_settings), tests, n);
}
