/* Observers of stored values (RFC 7641): who is one, and until when. */
#include "dataplane/act_observe.h"
#include "tests/dp_watchers.h"

/* ---- registering ---- */

static void
told_of_a_change(void **state)
{
	const struct flow w = observer(1);
	uint32_t first;

	(void)state;
	put("one");
	first = observe(&w, 'a', "one");
	put("two");
	assert_true(newer(first, hear_value(&w, T_NON, 'a', "two").observe));
	silence();
	gw_counted(DP_C_notified_non, 1);
	gw_counted(DP_C_observers_registered, 1);
}

static const struct plain_row {
	const char *name;
	struct bytes rest;
} plain_rows[] = {
	{"no Observe", B(VALUE)},
	{"Observe 1", B(CANCEL)},
	{"Observe 2", B("\x61\x02\x51" PATH)},
	{"Observe of four bytes", B("\x64\0\0\0\0\x51" PATH)},
};

/* These register nothing, and the answer has no Observe option. */
static void
not_registered(void **state)
{
	const struct plain_row *r = *state;
	uint64_t etag;
	uint8_t rest[13] = "\x48________\xff"
			   "one";

	put("one");
	etag = etag_now();
	memcpy(rest + 1, &etag, 8);
	gw_ask(coap(T_CON, TG_GET, 900, r->rest),
		coap(T_ACK, TG_CONTENT, 900, (struct bytes){rest, sizeof(rest)}));
	put("two");
	silence();
	assert_int_equal(gw_relations(), 0);
}

static void
not_registered_with_what_is_not_there(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_GET, 900, BYTES_OF(REGISTER)),
		coap(T_ACK, TG_NOT_FOUND, 900, (struct bytes){0}));
	put("one");
	silence();
	assert_int_equal(gw_relations(), 0);
}

static void
registered_with_a_valid_etag(void **state)
{
	const struct flow w = observer(1);
	uint8_t ask[32] = "\x48________\x20\x51" PATH;
	uint64_t etag;
	struct frame f;

	(void)state;
	put("one");
	etag = etag_now();
	memcpy(ask + 1, &etag, 8);
	gw_say(&w, request(T_CON, TG_GET, 'a', (struct bytes){ask, 9 + 10}));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[f.len - 5 - 9 - 4 + 1], TG_VALID);
	assert_int_equal(f.byte[f.len - 4], 0x23);
	put("two");
	hear_value(&w, T_NON, 'a', "two");
}

/* The same token again renews, another one is another relation. */
static void
registered_again(void **state)
{
	const struct flow w = observer(1);
	uint32_t first;

	(void)state;
	put("one");
	first = observe(&w, 'a', "one");
	assert_true(newer(first, observe(&w, 'a', "one")));
	assert_int_equal(gw_relations(), 1);
	observe(&w, 'b', "one");
	assert_int_equal(gw_relations(), 2);
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	hear_value(&w, T_NON, 'b', "two");
	silence();
}

static void
as_many_as_an_endpoint_may_have(void **state)
{
	const struct flow w = observer(1);
	struct frame f;

	(void)state;
	put("one");
	for (char token = 'a'; token < 'a' + 4; token++)
		observe(&w, token, "one");
	gw_say(&w, request(T_CON, TG_GET, 'e', BYTES_OF(REGISTER)));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[f.len - 4], 0xff); /* right behind the ETag */
	assert_int_equal(f.byte[f.len - 13], 0x48);
	assert_int_equal(gw_relations(), 4);
	gw_counted(DP_C_observers_per_peer, 1);
}

/* The registration comes again after it was cancelled: it is answered as before, and
 * registers nothing (RFC 7252, 4.5). */
static void
not_registered_by_a_late_duplicate(void **state)
{
	const struct flow w = observer(1);
	struct frame first, again, f;
	struct bytes said;
	uint8_t ask[32];

	(void)state;
	put("one");
	said = request(T_CON, TG_GET, 'a', BYTES_OF(REGISTER));
	memcpy(ask, said.at, said.len);
	said.at = ask;
	gw_say(&w, said);
	assert_true(gw_take(&first));
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(CANCEL)));
	assert_true(gw_take(&f));
	put("two");
	gw_say(&w, said);
	assert_true(gw_take(&again));
	assert_int_equal(again.len, first.len);
	assert_memory_equal(again.byte, first.byte, first.len);
	gw_counted(DP_C_dup_replayed, 1);
	put("three");
	silence();
	assert_int_equal(gw_relations(), 0);
}

/* ---- ending ---- */

static void
ended_by_observe_1(void **state)
{
	const struct flow w = begun();
	struct frame f;

	(void)state;
	gw_say(&w, request(T_CON, TG_GET, 'b', BYTES_OF(CANCEL))); /* another's token */
	assert_true(gw_take(&f));
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(CANCEL)));
	assert_true(gw_take(&f));
	put("three");
	silence();
	gw_counted(DP_C_observers_cancelled, 1);
	assert_int_equal(gw_relations(), 0);
}

static void
not_ended_by_a_plain_get(void **state)
{
	const struct flow w = begun();
	struct frame f;

	(void)state;
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(VALUE)));
	assert_true(gw_take(&f));
	put("two");
	hear_value(&w, T_NON, 'a', "two");
}

static void
ended_by_rst_to_a_non(void **state)
{
	const struct flow w = begun(), other = observer(2);
	struct note n;

	(void)state;
	put("two");
	n = hear_value(&w, T_NON, 'a', "two");
	reply(&other, T_RST, n.mid);
	reply(&w, T_RST, (uint16_t)(n.mid - 1));
	assert_int_equal(gw_relations(), 1);
	reply(&w, T_RST, n.mid);
	assert_int_equal(gw_relations(), 0);
	gw_counted(DP_C_observers_reset, 1);
	put("three");
	silence();
}

/* One that was on its way when the next one left, of the right one of two. */
static void
ended_by_rst_to_an_earlier_non(void **state)
{
	const struct flow w = observer(1);
	struct note a, b;

	(void)state;
	gw_reopen(no_interval);
	put("one");
	observe(&w, 'a', "one");
	observe(&w, 'b', "one");
	put("two");
	a = hear_value(&w, T_NON, 'a', "two");
	b = hear_value(&w, T_NON, 'b', "two");
	for (unsigned i = 0; i < 2; i++) {
		put("three");
		hear_value(&w, T_NON, 'a', "three");
		hear_value(&w, T_NON, 'b', "three");
	}
	reply(&w, T_RST, a.mid);
	assert_int_equal(gw_relations(), 1);
	reply(&w, T_RST, a.mid);
	put("four");
	hear_value(&w, T_NON, 'b', "four");
	silence();
	gw_counted(DP_C_observers_reset, 1);
	reply(&w, T_RST, b.mid);
	assert_int_equal(gw_relations(), 0);
	put("five");
	silence();
}

/* The first of two notifications. */
static struct note
told_twice(const struct flow *w)
{
	struct note first;

	gw_reopen(no_interval);
	put("one");
	observe(w, 'a', "one");
	put("two");
	first = hear_value(w, T_NON, 'a', "two");
	put("three");
	hear_value(w, T_NON, 'a', "three");
	return first;
}

static void
goes_on(const struct flow *w)
{
	assert_int_equal(gw_relations(), 1);
	put("four");
	hear_value(w, T_NON, 'a', "four");
	silence();
}

static void
not_ended_by_rst_to_something_else(void **state)
{
	const struct flow w = observer(1), other = observer(2);
	struct note first = told_twice(&w);
	struct frame f;

	(void)state;
	observe(&other, 'a', "three");
	reply(&other, T_RST, first.mid);
	assert_int_equal(gw_relations(), 2);
	reply(&other, T_RST, next_mid); /* its answer is its last message */
	reply(&w, T_RST, (uint16_t)(first.mid - 1));
	reply(&w, T_RST, (uint16_t)(first.mid + 2));
	reply(&w, T_ACK, first.mid);
	gw_say(&w, request(T_NON, TG_GET, 'x', BYTES_OF("\xb1" PATH)));
	assert_true(gw_take(&f));
	for (unsigned back = 0; back < 8; back++) /* NON answers have the client's */
		reply(&w, T_RST, (uint16_t)(next_mid - back));
	goes_on(&w);
}

/* What was sent before a registration is not what that asked for. */
static void
not_ended_by_rst_from_before(void **state)
{
	const struct flow w = observer(1);
	struct note first = told_twice(&w);

	(void)state;
	observe(&w, 'a', "three"); /* renewed */
	reply(&w, T_RST, first.mid);
	goes_on(&w);
	first = told_twice(&w);
	reply(&w, T_RST, (uint16_t)(first.mid + 1));
	assert_int_equal(gw_relations(), 0);
	observe(&w, 'a', "three"); /* anew, maybe at the same place */
	reply(&w, T_RST, first.mid);
	goes_on(&w);
}

/* A Message ID may be another message's when its lifetime is over. */
static void
not_ended_by_rst_too_late(void **state)
{
	const struct flow w = observer(1);
	struct note first = told_twice(&w);

	(void)state;
	gw_later(250);
	gw_turn();
	reply(&w, T_RST, first.mid);
	goes_on(&w);
}

static void
ended_by_delete(void **state)
{
	const struct flow w = begun();
	struct note n;

	(void)state;
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	put("two"); /* another value at the same path */
	gw_later(3);
	gw_turn();
	assert_int_equal(hear_error(&w, 'a', TG_NOT_FOUND).mid, n.mid);
	assert_int_equal(gw_relations(), 1);
	reply(&w, T_ACK, n.mid);
	assert_int_equal(gw_relations(), 0);
	gw_counted(DP_C_observers_ended, 1);
	gw_counted(DP_C_observers_lost, 0);
	silence();
}

/* One that ends is as good as gone: the same token begins anew. */
static void
registered_again_while_it_ends(void **state)
{
	const struct flow w = begun();
	struct note n;

	(void)state;
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	put("two");
	observe(&w, 'a', "two");
	reply(&w, T_ACK, n.mid);
	assert_int_equal(gw_relations(), 1);
	put("three");
	hear_value(&w, T_NON, 'a', "three");
}

static void
ended_by_another_format(void **state)
{
	const struct flow w = begun();

	(void)state;
	put_as("\x11\x32", "{}");
	reply(&w, T_ACK, hear_error(&w, 'a', TG_NOT_ACCEPTABLE).mid);
	assert_int_equal(gw_relations(), 0);
}

static void
ended_by_a_kick(void **state)
{
	(void)state;
	begun();
	for (unsigned i = 0; i < gw.cfg.workers; i++) {
		struct dp_worker *wk = gw.dp->shared.worker[i];

		for (uint32_t peer = 0; peer < dp_peers_max(wk->peers); peer++)
			dp_observe_kick(wk, peer);
	}
	assert_int_equal(gw_relations(), 0);
	put("two");
	silence();
}

/* ---- over a restart ---- */

static void
rising_over_a_restart(void **state)
{
	const struct flow w = observer(1);
	uint32_t last, first;

	(void)state;
	put("one");
	last = observe(&w, 'a', "one");
	gw_reopen(NULL);
	gw_later(1);
	put("one");
	first = observe(&w, 'a', "one");
	assert_true(newer(last, first));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(plain_rows) + 18] = {
		cmocka_unit_test(told_of_a_change),
		cmocka_unit_test(not_registered_with_what_is_not_there),
		cmocka_unit_test(registered_with_a_valid_etag),
		cmocka_unit_test(registered_again),
		cmocka_unit_test(as_many_as_an_endpoint_may_have),
		cmocka_unit_test(not_registered_by_a_late_duplicate),
		cmocka_unit_test(ended_by_observe_1),
		cmocka_unit_test(not_ended_by_a_plain_get),
		cmocka_unit_test(ended_by_rst_to_a_non),
		cmocka_unit_test(ended_by_rst_to_an_earlier_non),
		cmocka_unit_test(not_ended_by_rst_to_something_else),
		cmocka_unit_test(not_ended_by_rst_from_before),
		cmocka_unit_test(not_ended_by_rst_too_late),
		cmocka_unit_test(ended_by_delete),
		cmocka_unit_test(registered_again_while_it_ends),
		cmocka_unit_test(ended_by_another_format),
		cmocka_unit_test(ended_by_a_kick),
		cmocka_unit_test(rising_over_a_restart),
	};
	size_t n = 18;

	ADD_ROWS(tests, &n, plain_rows, not_registered);
	return gw_main("dp_observe", gw_settings, COUNT(gw_settings), tests, n);
}
