/* Streams: an acknowledgement is a promise, kept at once or once the log says so. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <errno.h>
#include <rte_mbuf.h>

#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?" /* /t/dev?: 2.04 when the record is safe */
#define MEMORY                                                                           \
	"\xb1r\x04"                                                                      \
	"dev?" /* /r/dev?: 2.04 at once */
#define VALUES                                                                           \
	"\xb1l\x04"                                                                      \
	"dev?\x01v" /* /l/dev?/v: a store whose writes are logged */
#define MAX_AGE_5 B("\xd1\x01\x05")

static const struct bytes logged = B(LOGGED "\xffx"), memory = B(MEMORY "\xffx"),
			  none = {0}, silence = {0}, max_age_5 = MAX_AGE_5;

/* ---- promises ---- */

static const struct promise_row {
	const char *name;
	struct bytes rest;
	uint8_t code, answer; /* once it is safe */
	bool waits;
} promises[] = {
	{"logged, POST", B(LOGGED "\xffx"), TG_POST, TG_CHANGED, true},
	{"logged, PUT", B(LOGGED "\xffx"), TG_PUT, TG_CHANGED, true},
	{"logged, no payload", B(LOGGED), TG_POST, TG_CHANGED, true},
	{"received, POST", B(MEMORY "\xffx"), TG_POST, TG_CHANGED, false},
	{"received, PUT", B(MEMORY "\xffx"), TG_PUT, TG_CHANGED, false},
	{"a logged value", B(VALUES "\xffx"), TG_PUT, TG_CREATED, true},
	{"a logged value's DELETE", B(VALUES), TG_DELETE, TG_DELETED, true},
};

/* What is answered at once is answered; what waits is answered after the commit alone. */
static void
keeps(const struct promise_row *r, uint8_t first, uint8_t reply)
{
	gw_ask(coap(first, r->code, 7, r->rest),
		r->waits ? silence : coap(reply, r->answer, 7, none));
	gw_counted(DP_C_records_accepted, 1);
	gw_counted(DP_C_records_delivered, 0);
	assert_true(gw_books_close());
	assert_int_equal(gw_log_read(), 1);
	gw_turn();
	gw_expect_silence();
	gw_log_settle(0);
	if (r->waits)
		gw_hear(&gw.flow, coap(reply, r->answer, 7, none));
	gw_expect_silence();
	gw_counted(DP_C_records_delivered, 1);
	gw_counted(DP_C_answered, 1);
}

static void
con_is_kept(void **state)
{
	keeps(*state, T_CON, T_ACK);
}

static void
non_is_kept(void **state)
{
	keeps(*state, T_NON, T_NON);
}

/* A failed commit is 5.03 with Max-Age; what was not logged may try again. */
static void
fails(const struct promise_row *r, uint8_t first, uint8_t reply, int status)
{
	/* A value stays where it was written. */
	uint8_t again = r->answer == TG_CREATED ? TG_CHANGED : r->answer;

	gw_ask(coap(first, r->code, 7, r->rest),
		r->waits ? silence : coap(reply, r->answer, 7, none));
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(status);
	gw_counted(DP_C_records_delivered, 0);
	gw_counted(DP_C_lost_log_failed, 1);
	if (!r->waits)
		return;
	gw_hear(&gw.flow, coap(reply, TG_UNAVAILABLE, 7, max_age_5));
	gw_ask(coap(first, r->code, 7, r->rest), silence);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(reply, again, 7, none));
	gw_counted(DP_C_records_delivered, 1);
}

static void
con_fails(void **state)
{
	fails(*state, T_CON, T_ACK, -EIO);
}

static void
non_fails(void **state)
{
	fails(*state, T_NON, T_NON, -ENOSPC);
}

/* What would be promised at once is promised when it is safe, while the log fails. */
static void
received_waits_while_the_log_fails(void **state)
{
	struct flow w = gw.flow;

	(void)state;
	gw_ask(coap(T_CON, TG_POST, 1, memory), coap(T_ACK, TG_CHANGED, 1, none));
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(-ENOSPC);
	for (uint16_t port = 20000; port < 20016; port++) { /* at any worker */
		w.sport = port;
		gw_say(&w, coap(T_CON, TG_POST, 2, memory));
		gw_expect_silence();
		assert_int_equal(gw_log_read(), 1);
		gw_log_settle(-ENOSPC);
		gw_hear(&w, coap(T_ACK, TG_UNAVAILABLE, 2, max_age_5));
	}
	gw_ask(coap(T_CON, TG_POST, 2, memory), silence);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(-ENOSPC);
	gw_hear(&gw.flow, coap(T_ACK, TG_UNAVAILABLE, 2, max_age_5));
	gw_ask(coap(T_CON, TG_POST, 2, memory), silence);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 2, none));
	gw_ask(coap(T_CON, TG_POST, 3, memory), coap(T_ACK, TG_CHANGED, 3, none));
}

/* ---- the record ---- */

static void
record_says_all(void **state)
{
	const struct dp_record *r = &gw.record[0].r;
	uint8_t v4[16] = {[10] = 0xff, [11] = 0xff}, *at = gw.flow.v6 ? v4 : v4 + 12;
	size_t len = gw.flow.v6 ? 16 : 4;

	(void)state;
	gw_ask(BYTES_OF("\x43\x02\x12\x34tok" LOGGED "\x11\x32\xff"
			"21.5"),
		silence);
	assert_int_equal(gw_log_read(), 1);
	assert_true(llabs((long long)(r->time_ns / 1000000000u) - (long long)time(NULL))
		    <= 2);
	memcpy(at, gw.flow.src, len);
	assert_memory_equal(r->source.addr, v4, 16);
	assert_int_equal(r->source.port, gw.flow.sport);
	memcpy(at, gw.flow.dst, len);
	assert_memory_equal(r->local.addr, v4, 16);
	assert_int_equal(r->local.port, 5683);
	assert_int_equal(r->vlan, 0);
	assert_int_equal(r->type, TG_CON);
	assert_int_equal(r->code, TG_POST);
	assert_int_equal(r->answer, TG_CHANGED);
	assert_int_equal(r->mid, 0x1234);
	assert_int_equal(r->tkl, 3);
	assert_memory_equal(r->token, "tok", 3);
	assert_int_equal(r->content_format, 50);
	assert_int_equal(r->stream_len, 9);
	assert_memory_equal(r->stream, "telemetry", 9);
	assert_int_equal(r->device_len, 4);
	assert_memory_equal(r->device, "dev", 3);
	assert_int_equal(r->path_len, 7);
	assert_memory_equal(r->path, "\1t\4dev", 6);
	assert_int_equal(r->payload_len, 4);
	assert_memory_equal(r->payload, "21.5", 4);
	gw_log_settle(0);
	gw_hear(&gw.flow, BYTES_OF("\x63\x44\x12\x34tok"));
}

/* Any byte may stand in a path: segments are kept with their lengths. */
static void
path_of_any_bytes(void **state)
{
	static const struct bytes path = B("\1t\5a /%\x80");
	const struct dp_record *r = &gw.record[0].r;

	(void)state;
	gw_ask(coap(T_NON, TG_POST, 7, BYTES_OF("\xb1t\5a /%\x80")), silence);
	assert_int_equal(gw_log_read(), 1);
	assert_int_equal(r->content_format, DP_NO_FORMAT);
	assert_int_equal(r->device_len, 5);
	assert_memory_equal(r->device, "a /%\x80", 5);
	assert_int_equal(r->path_len, path.len);
	assert_memory_equal(r->path, path.at, path.len);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_NON, TG_CHANGED, 7, none));
}

/* Payloads of every size that a message may have. */
static void
sizes(void **state)
{
	static const uint16_t lens[] = {0, 1, 2, 1023, 1024, 1025};
	uint8_t m[1100] = LOGGED "\xff";

	(void)state;
	memset(m + 8, 'p', sizeof(m) - 8);
	for (uint16_t i = 0; i < COUNT(lens); i++) {
		struct bytes rest = {m, lens[i] == 0 ? 7 : 8 + (size_t)lens[i]};

		if (lens[i] > 1024) {
			gw_ask(coap(T_CON, TG_POST, i, rest),
				coap(T_ACK, TG_TOO_LARGE, i,
					BYTES_OF("\xd2\x2f\x04\x00")));
			continue;
		}
		gw_ask(coap(T_CON, TG_POST, i, rest), silence);
		assert_int_equal(gw_log_read(), 1);
		assert_int_equal(gw.record[i].r.payload_len, lens[i]);
		assert_memory_equal(gw.record[i].r.payload, m + 8, lens[i]);
		gw_log_settle(0);
		gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, i, none));
	}
}

/* ---- many, and too many ---- */

/* Answers go out in the order of the records, each batch with its own fate. */
static void
batches(void **state)
{
	(void)state;
	for (uint16_t mid = 1; mid <= 3; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, logged), silence);
	assert_int_equal(gw_log_read(), 3);
	for (uint16_t mid = 4; mid <= 6; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, logged), silence);
	assert_true(gw_books_close());
	gw_log_settle(-EIO);
	for (uint16_t mid = 1; mid <= 3; mid++)
		gw_hear(&gw.flow, coap(T_ACK, TG_UNAVAILABLE, mid, max_age_5));
	gw_expect_silence();
	assert_int_equal(gw_log_read(), 3);
	gw_log_settle(0);
	for (uint16_t mid = 4; mid <= 6; mid++)
		gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, mid, none));
	gw_counted(DP_C_lost_log_failed, 3);
	gw_counted(DP_C_records_delivered, 3);
}

/* No room for a waiting answer: refused, and heard when it comes again. */
static void
too_many_wait(void **state)
{
	const uint16_t room = 64;

	(void)state;
	for (uint16_t mid = 0; mid < room; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, logged), silence);
	gw_ask(coap(T_CON, TG_POST, room, logged),
		coap(T_ACK, TG_UNAVAILABLE, room, max_age_5));
	gw_counted(DP_C_pending_full, 1);
	gw_counted(DP_C_refused_503, 1);
	gw_counted(DP_C_records_accepted, room);
	gw_ask(coap(T_CON, TG_POST, 1000, memory), coap(T_ACK, TG_CHANGED, 1000, none));
	assert_int_equal(gw_log_read(), room + 1);
	gw_log_settle(0);
	for (uint16_t mid = 0; mid < room; mid++)
		gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, mid, none));
	gw_ask(coap(T_CON, TG_POST, room, logged), silence);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, room, none));
}

/* A ring that nobody empties: 5.03, never an acknowledgement that is not kept. */
static void
ring_is_full(void **state)
{
	uint8_t m[1100] = MEMORY "\xff";
	const struct bytes rest = {m, 8 + 1024};
	uint16_t mid = 0;

	(void)state;
	memset(m + 8, 'p', sizeof(m) - 8);
	while (gw_counter(DP_C_log_full) == 0) {
		struct frame f;

		assert_true(mid < 100);
		gw_say(&gw.flow, coap(T_CON, TG_POST, mid, rest));
		if (gw_counter(DP_C_log_full) == 0) {
			gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, mid, none));
			mid++;
		} else {
			gw_hear(&gw.flow, coap(T_ACK, TG_UNAVAILABLE, mid, max_age_5));
		}
		assert_false(gw_take(&f));
	}
	assert_true(mid >= 50); /* of 64 KiB */
	gw_counted(DP_C_records_accepted, mid);
	assert_int_equal(gw_log_read(), mid);
	gw_log_settle(0);
	gw_ask(coap(T_CON, TG_POST, mid, rest), coap(T_ACK, TG_CHANGED, mid, none));
}

/* No room for the record: the value is as it was. */
static void
no_room_no_change(void **state)
{
	const uint16_t room = 64;
	char path[16] = "/l/dev0/v";
	struct dp_value v;

	(void)state;
	path[6] = gw.digit;
	for (uint16_t mid = 0; mid < room; mid++)
		gw_ask(coap(T_CON, TG_PUT, mid,
			       BYTES_OF(VALUES "\xff"
					       "a")),
			silence);
	gw_ask(coap(T_CON, TG_PUT, room,
		       BYTES_OF(VALUES "\xff"
				       "b")),
		coap(T_ACK, TG_UNAVAILABLE, room, max_age_5));
	assert_true(dp_value_get(gw.dp, path, &v));
	assert_memory_equal(v.payload, "a", 1);
	gw_ask(coap(T_CON, TG_DELETE, room, BYTES_OF(VALUES)),
		coap(T_ACK, TG_UNAVAILABLE, room, max_age_5));
	assert_true(dp_value_get(gw.dp, path, &v));
	gw_counted(DP_C_pending_full, 2);
	assert_int_equal(gw_log_read(), room);
	gw_log_settle(0);
	for (uint16_t mid = 0; mid < room; mid++)
		gw_hear(&gw.flow,
			coap(T_ACK, mid == 0 ? TG_CREATED : TG_CHANGED, mid, none));
}

static void
many_endpoints_wait(void **state)
{
	struct flow w = gw.flow;

	(void)state;
	for (uint16_t i = 0; i < 32; i++) {
		w.sport = (uint16_t)(20000 + i);
		w.src_mac[5] = (uint8_t)i;
		gw_queue(&w, coap(T_CON, TG_POST, 7, logged));
	}
	gw_turn();
	gw_expect_silence();
	assert_int_equal(gw_log_read(), 32);
	gw_log_settle(0);
	gw_counted(DP_C_answered, 32);
	for (unsigned i = 0; i < 32;
		i++) { /* two workers answer in an order of their own */
		struct frame f;
		unsigned at = ETH + (w.v6 ? IP6 : IP4) + 2, port;

		assert_true(gw_take(&f));
		port = (unsigned)f.byte[at] << 8 | f.byte[at + 1];
		assert_int_equal(
			f.byte[5], port - 20000); /* the link address that asked */
	}
}

static void
room_for_many(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->pending_max = 256;
}

/* A commit of its own for each record that was read. */
static void
commit_one_by_one(void)
{
	for (unsigned i = 0; i < gw.cfg.workers; i++)
		while (gw.settled[i] < gw.read[i])
			dp_logring_settle(
				dp_worker_logring(gw.dp, i), ++gw.settled[i], 0);
}

static unsigned
taken(void)
{
	struct frame f;
	unsigned n = 0;

	while (gw_take(&f))
		n++;
	return n;
}

/*
 * A commit for each of many answers, all at once, as after a disk that stood still: a
 * worker's turn gives as many as a port takes, and looks at everything else again.
 */
static void
commits_are_answered_by_and_by(void **state)
{
	unsigned all = 0;

	(void)state;
	gw_reopen(room_for_many);
	for (uint16_t mid = 0; mid < 100; mid++)
		gw_ask(coap(T_CON, TG_POST, mid, logged), silence);
	assert_int_equal(gw_log_read(), 100);
	commit_one_by_one();
	for (unsigned turn = 0, n; turn < 4; turn++, all += n) {
		for (unsigned i = 0; i < gw.cfg.workers; i++)
			dp_worker_turn(gw.dp->shared.worker[i]);
		n = taken();
		assert_in_range(n, 0, 64);
	}
	assert_int_equal(all, 100);
}

/* ---- no buffer ---- */

/*
 * The pool is empty when the commit comes: the answer cannot go out.  The CON comes again
 * and is answered from the peer's line.
 */
static void
no_buffer_for_the_answer(void **state)
{
	static struct rte_mbuf *all[GW_MBUFS];
	unsigned n = 0;

	(void)state;
	gw_ask(coap(T_CON, TG_POST, 7, logged), silence);
	assert_int_equal(gw_log_read(), 1);
	while (n < GW_MBUFS && (all[n] = rte_pktmbuf_alloc(gw.dp->pool)) != NULL)
		n++;
	gw_log_settle(0);
	gw_expect_silence();
	gw_counted(DP_C_suppressed_no_buffer, 1);
	assert_true(gw_books_close());
	rte_pktmbuf_free_bulk(all, n);
	gw_ask(coap(T_CON, TG_POST, 7, logged), coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_executed, 1);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, handed over", 2, false, 1, 1},
	{"IPv6, two workers, value elsewhere", 2, true, 1, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 0, 1},
};

int
main(void)
{
	struct CMUnitTest tests[4 * COUNT(promises) + 11] = {
		cmocka_unit_test(record_says_all),
		cmocka_unit_test(path_of_any_bytes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(batches),
		cmocka_unit_test(too_many_wait),
		cmocka_unit_test(ring_is_full),
		cmocka_unit_test(no_room_no_change),
		cmocka_unit_test(many_endpoints_wait),
		cmocka_unit_test(commits_are_answered_by_and_by),
		cmocka_unit_test(received_waits_while_the_log_fails),
		cmocka_unit_test(no_buffer_for_the_answer),
	};
	size_t n = 11;

	ADD_ROWS(tests, &n, promises, con_is_kept);
	ADD_ROWS(tests, &n, promises, non_is_kept);
	ADD_ROWS(tests, &n, promises, con_fails);
	ADD_ROWS(tests, &n, promises, non_fails);
	return gw_main("dp_stream", settings, COUNT(settings), tests, n);
}
