/* Answers that take their time (RFC 7252, 5.2.2), and messages of ours until they are
 * acknowledged (4.2). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <errno.h>

#define SLOW                                                                             \
	"\xb4"                                                                           \
	"slow"
#define SOON                                                                             \
	"\xb4"                                                                           \
	"soon"
#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"

static const struct bytes none = {0}, silence = {0}, slow = B(SLOW), soon = B(SOON),
			  logged = B(LOGGED), content = B(ETAG_SLOW "\xffslow"),
			  test = B("\xb4test");

static void
say_ack(uint16_t mid)
{
	gw_ask(coap(T_ACK, 0, mid, none), silence);
}

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
}

/* Request 7 for @what waits until it is acknowledged. */
static void
ask_slowly(uint8_t code, struct bytes what)
{
	gw_ask(coap(T_CON, code, 7, what), silence);
	wait_ms(200); /* the test takes its time, too */
	gw_expect_silence();
	wait_ms(310);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	gw_expect_silence();
	gw_counted(DP_C_acks_sent, 1);
}

/* Answers whose bytes somebody may still ask for. */
static uint32_t
bytes_kept(void)
{
	return dp_replies_count(gw.dp->shared.worker[gw.setting->home]->replies);
}

static const struct row {
	const char *name;
	uint8_t code;
	struct bytes request;
	uint8_t answer;
	struct bytes with;
} rows[] = {
	{"GET", TG_GET, B(SLOW), TG_CONTENT, B(ETAG_SLOW "\xffslow")},
	{"GET of what is known", TG_GET, B(ETAG_SLOW "\x74slow"), TG_VALID, B(ETAG_SLOW)},
	{"PUT", TG_PUT, B(SLOW "\xffx"), TG_CHANGED, {0}},
};

static void
answered_separately(void **state)
{
	const struct row *r = *state;

	ask_slowly(r->code, r->request);
	assert_int_equal(bytes_kept(), 0);
	wait_ms(500);
	assert_int_equal(bytes_kept(), 1);
	say_ack(gw_hear_con(r->answer, r->with));
	assert_int_equal(bytes_kept(), 0);
	wait_ms(300000);
	gw_expect_silence();
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_answered, 1);
	gw_counted(DP_C_out_acked, 1);
	gw_counted(DP_C_out_retransmitted, 0);
}

static void
in_time_it_is_piggybacked(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_GET, 7, soon), silence);
	wait_ms(410);
	gw_hear(&gw.flow, coap(T_ACK, TG_CONTENT, 7, BYTES_OF(ETAG_SOON "\xffsoon")));
	wait_ms(1000);
	gw_expect_silence();
	gw_counted(DP_C_acks_sent, 0);
}

static void
non_gets_a_non(void **state)
{
	(void)state;
	gw_ask(coap(T_NON, TG_GET, 7, slow), silence);
	wait_ms(600);
	gw_expect_silence();
	wait_ms(410);
	gw_hear(&gw.flow, coap(T_NON, TG_CONTENT, 7, content));
	wait_ms(10000);
	gw_expect_silence();
}

/* However often it comes, and whenever, a request runs once. */
static void
runs_once(void **state)
{
	const struct row *r = *state;
	struct bytes request = coap(T_CON, r->code, 7, r->request);
	uint8_t copy[64];
	uint16_t mid;

	memcpy(copy, request.at, request.len);
	request.at = copy;
	gw_ask(request, silence);
	gw_ask(request, silence);
	gw_counted(DP_C_dup_in_progress, 1);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	gw_ask(request, coap(T_ACK, 0, 7, none));
	wait_ms(500);
	mid = gw_hear_con(r->answer, r->with);
	gw_ask(request, coap(T_ACK, 0, 7, none));
	say_ack(mid);
	gw_ask(request, coap(T_ACK, 0, 7, none));
	gw_counted(DP_C_dup_replayed, 3);
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_separate_sent, 1);
}

/* 4.2: first after 2 to 3 s, then twice as long each time, four times. */
static void
retransmitted_and_given_up(void **state)
{
	uint16_t mid;

	(void)state;
	ask_slowly(TG_GET, slow);
	wait_ms(500);
	mid = gw_hear_con(TG_CONTENT, content);
	wait_ms(1500);
	gw_expect_silence();
	wait_ms(1500 + 10); /* 3 s: each timeout runs from when the last was over */
	assert_int_equal(gw_hear_con(TG_CONTENT, content), mid);
	for (unsigned n = 1; n < 4; n++) {
		wait_ms((2000u << n) - 500);
		gw_expect_silence();
		wait_ms((1000u << n) + 510);
		assert_int_equal(gw_hear_con(TG_CONTENT, content), mid);
	}
	gw_counted(DP_C_out_gave_up, 0);
	wait_ms((3000u << 4) + 10);
	gw_expect_silence();
	gw_counted(DP_C_out_retransmitted, 4);
	gw_counted(DP_C_out_gave_up, 1);
	say_ack(mid); /* too late */
	gw_counted(DP_C_out_acked, 0);
}

static const struct end_row {
	const char *name;
	uint8_t first;
	uint16_t off; /* from its Message ID */
	bool ends;
} ends[] = {
	{"an ACK ends it", T_ACK, 0, true},
	{"a RST ends it", T_RST, 0, true},
	{"an ACK of another does not", T_ACK, 1, false},
	{"a RST of another does not", T_RST, 1, false},
};

static void
ended(void **state)
{
	const struct end_row *r = *state;
	uint16_t mid;

	ask_slowly(TG_GET, slow);
	wait_ms(500);
	mid = gw_hear_con(TG_CONTENT, content);
	gw_ask(coap(r->first, 0, (uint16_t)(mid + r->off), none), silence);
	wait_ms(3010);
	if (!r->ends)
		say_ack(gw_hear_con(TG_CONTENT, content));
	gw_expect_silence();
	gw_counted(r->first == T_RST && r->ends ? DP_C_out_reset : DP_C_out_acked, 1);
}

/* What others have written in no time stands in nobody's way. */
static void
among_many(void **state)
{
	static const struct bytes write = B("\xb1"
					    "d\x04"
					    "dev?\x01x\xffv");
	struct frame f;

	(void)state;
	for (unsigned n = 0; n < 5000; n++) {
		gw_queue(&gw.flow, coap(T_CON, TG_PUT, (uint16_t)(100 + n), write));
		if (n % 50 == 49)
			gw_turn();
		while (gw_take(&f))
			continue;
	}
	ask_slowly(TG_GET, slow);
	wait_ms(500);
	say_ack(gw_hear_con(TG_CONTENT, content));
}

/* ---- the gateway ends ---- */

static const struct drain_row {
	const char *name;
	uint8_t reply; /* to the separate response; 0: none, ever */
} drains[] = {
	{"drained with its ACK", T_ACK},
	{"drained with its RST", T_RST},
	{"drained when it is given up", 0},
};

/* It is not over with the answer: that may be lost, and is sent again. */
static void
drained_at_last(void **state)
{
	const struct drain_row *r = *state;
	uint16_t mid;

	gw_ask(coap(T_CON, TG_GET, 7, slow), silence);
	assert_false(dp_drain(gw.dp, 0));
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	wait_ms(500);
	mid = gw_hear_con(TG_CONTENT, content);
	assert_false(dp_drain(gw.dp, 0));
	for (unsigned n = 0; n < 4; n++) {
		wait_ms((3000u << n) + 10);
		assert_int_equal(gw_hear_con(TG_CONTENT, content), mid);
		assert_false(dp_drain(gw.dp, 0));
	}
	if (r->reply != 0)
		gw_ask(coap(r->reply, 0, mid, none), silence);
	else
		wait_ms((3000u << 4) + 10);
	assert_true(dp_drain(gw.dp, 0));
}

/* ---- the log takes its time ---- */

static void
log_is_slow(void **state)
{
	(void)state;
	ask_slowly(TG_POST, logged);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	say_ack(gw_hear_con(TG_CHANGED, none));
	gw_ask(coap(T_CON, TG_POST, 7, logged), coap(T_ACK, 0, 7, none));
	gw_counted(DP_C_records_accepted, 1);
	gw_counted(DP_C_answered, 1);
}

static void
log_is_slow_and_fails(void **state)
{
	(void)state;
	ask_slowly(TG_POST, logged);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(-EIO);
	say_ack(gw_hear_con(TG_UNAVAILABLE, BYTES_OF("\xd1\x01\x05")));
	gw_counted(DP_C_answered, 1);
}

static void
forget_soon(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->con_lifetime_s = 2;
}

/* Whoever has been acknowledged is not answered by an ACK, however long it takes. */
static void
log_is_slower_than_the_lifetime(void **state)
{
	(void)state;
	gw_reopen(forget_soon);
	gw_mark();
	ask_slowly(TG_POST, logged);
	assert_int_equal(gw_log_read(), 1);
	wait_ms(3000);
	gw_log_settle(0);
	say_ack(gw_hear_con(TG_CHANGED, none));
}

/* Those that were answered in time are passed over. */
static void
some_are_in_time(void **state)
{
	uint16_t mid;

	(void)state;
	gw_ask(coap(T_CON, TG_POST, 5, logged), silence);
	gw_log_read();
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 5, none));
	ask_slowly(TG_POST, logged);
	gw_ask(coap(T_CON, TG_POST, 9, logged), silence);
	gw_log_read();
	gw_log_settle(0);
	mid = gw_hear_con(TG_CHANGED, none);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 9, none));
	say_ack(mid);
	gw_counted(DP_C_acks_sent, 1);
}

/* ---- answers that nobody wants (RFC 7967) ---- */

#define UNWANTED "\xd1\xea\x02"

static const struct unwanted_row {
	const char *name;
	uint8_t code;
	struct bytes request;
	unsigned wait_ms; /* until it is acknowledged */
} unwanted[] = {
	{"no answer, at once", TG_PUT,
		B("\xb4"
		  "test" UNWANTED),
		0},
	{"no answer, after a while", TG_GET, B(SOON UNWANTED), 410},
	{"no answer, after long", TG_GET, B(SLOW UNWANTED), 510},
	{"no answer from the log", TG_POST,
		B("\xb1t\x04"
		  "dev?" UNWANTED "\xffx"),
		0},
	{"no answer from a value's home", TG_PUT,
		B("\xb1"
		  "d\x04"
		  "dev?\x01v" UNWANTED "\xffx"),
		0},
};

static void
nothing_but_an_ack(void **state)
{
	const struct unwanted_row *r = *state;
	struct bytes request = coap(T_CON, r->code, 7, r->request);
	uint8_t copy[64];

	memcpy(copy, request.at, request.len);
	request.at = copy;
	gw_say(&gw.flow, request);
	wait_ms(r->wait_ms);
	gw_log_read();
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	wait_ms(1000);
	gw_expect_silence();
	gw_ask(request, coap(T_ACK, 0, 7, none));
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_suppressed_no_response, 1);
	gw_counted(DP_C_answered, 0);
	assert_true(dp_drain(gw.dp, 0)); /* no place is kept for what is not sent */
}

static void
nothing_at_all(void **state)
{
	const struct unwanted_row *r = *state;
	struct bytes request = coap(T_NON, r->code, 7, r->request);

	gw_say(&gw.flow, request);
	gw_log_read();
	gw_log_settle(0);
	wait_ms(1010);
	gw_expect_silence();
	gw_counted(DP_C_suppressed_no_response, 1);
}

/* ---- NSTART ---- */

/* Requests 7 and 8 are acknowledged, and the time has come for both answers: 7's is the
 * next frame. */
static void
ask_two(void)
{
	gw_ask(coap(T_CON, TG_GET, 7, slow), silence);
	gw_ask(coap(T_CON, TG_PUT, 8, slow), silence);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	gw_hear(&gw.flow, coap(T_ACK, 0, 8, none));
	wait_ms(500);
}

static void
one_at_a_time(void **state)
{
	uint16_t first;

	(void)state;
	ask_two();
	first = gw_hear_con(TG_CONTENT, content);
	gw_expect_silence(); /* the second waits for the first to end */
	gw_say(&gw.flow, coap(T_ACK, 0, first, none));
	say_ack(gw_hear_con(TG_CHANGED, none));
	gw_counted(DP_C_out_acked, 2);
}

static void
allow_two(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->param.nstart = 2;
}

static void
two_at_a_time(void **state)
{
	uint16_t first;

	(void)state;
	gw_reopen(allow_two);
	gw_mark();
	ask_two();
	first = gw_hear_con(TG_CONTENT, content);
	say_ack(gw_hear_con(TG_CHANGED, none));
	say_ack(first);
	gw_counted(DP_C_out_acked, 2);
}

/* What waits its turn is there when that comes, however late. */
static void
waits_for_long(void **state)
{
	uint16_t first;

	(void)state;
	gw_reopen(forget_soon);
	gw_mark();
	ask_two();
	first = gw_hear_con(TG_CONTENT, content);
	wait_ms(3010);
	assert_int_equal(gw_hear_con(TG_CONTENT, content), first);
	gw_say(&gw.flow, coap(T_ACK, 0, first, none));
	say_ack(gw_hear_con(TG_CHANGED, none));
}

/* ---- PROBING_RATE ---- */

static const struct probing_row {
	const char *name;
	uint32_t rate;    /* bytes a second: an answer has 18 */
	bool heard;       /* while the first is under way, something comes from there */
	unsigned next_ms; /* when the next is sent, from when the first was; 0: at once */
} probing_rows[] = {
	{"at two bytes a second", 2, false, 9000},
	{"at four bytes a second", 4, false, 4500},
	{"the timeout was long enough", 18, false, 0},
	{"a peer that is heard is not silent", 1, true, 0},
};

static uint32_t rate;

static void
probe(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->param.max_retransmit = 0;
	s->param.probing_rate_bytes_s = rate;
}

/* 4.7: the first is not answered, and the second waits. */
static void
probed(void **state)
{
	const struct probing_row *r = *state;

	rate = r->rate;
	gw_reopen(probe);
	gw_mark();
	ask_two();
	gw_hear_con(TG_CONTENT, content);
	wait_ms(1500);
	if (r->heard)
		gw_ask(coap(T_CON, TG_PUT, 9, test), coap(T_ACK, TG_CHANGED, 9, none));
	wait_ms(1510);
	gw_counted(DP_C_out_gave_up, 1);
	if (r->next_ms > 0) {
		gw_expect_silence();
		wait_ms(r->next_ms - 3010 - 500);
		gw_expect_silence();
		wait_ms(510);
	}
	say_ack(gw_hear_con(TG_CHANGED, none));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, handed over", 2, false, 1, 1},
	{"IPv6, two workers, handed over", 2, true, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(rows) + COUNT(ends) + 2 * COUNT(unwanted)
				+ COUNT(probing_rows) + COUNT(drains) + 11] = {
		cmocka_unit_test(in_time_it_is_piggybacked),
		cmocka_unit_test(non_gets_a_non),
		cmocka_unit_test(retransmitted_and_given_up),
		cmocka_unit_test(among_many),
		cmocka_unit_test(log_is_slow),
		cmocka_unit_test(log_is_slow_and_fails),
		cmocka_unit_test(log_is_slower_than_the_lifetime),
		cmocka_unit_test(some_are_in_time),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(two_at_a_time),
		cmocka_unit_test(waits_for_long),
	};
	size_t n = 11;

	ADD_ROWS(tests, &n, rows, answered_separately);
	ADD_ROWS(tests, &n, rows, runs_once);
	ADD_ROWS(tests, &n, ends, ended);
	ADD_ROWS(tests, &n, probing_rows, probed);
	ADD_ROWS(tests, &n, drains, drained_at_last);
	ADD_ROWS(tests, &n, unwanted, nothing_but_an_ack);
	ADD_ROWS(tests, &n, unwanted, nothing_at_all);
	return gw_main("dp_separate", settings, COUNT(settings), tests, n);
}
