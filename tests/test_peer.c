#include "coap/peer.h"

#include "tests/rows.h"

static const struct tg_param param = TG_PARAM_DEFAULTS;

static void
counts(void **state)
{
	struct tg_peer p = {0};

	(void)state;
	assert_false(p.heard);
	tg_peer_sent(&p, 10, 4);
	tg_peer_sent(&p, 20, 30);
	assert_int_equal(p.sent.messages, 2);
	assert_int_equal(p.sent.octets, 34);
	assert_int_equal(p.since_heard, 34);
	tg_peer_heard(&p, 25, 5);
	assert_int_equal(p.received.messages, 1);
	assert_int_equal(p.received.octets, 5);
	assert_true(p.heard);
	assert_int_equal(p.heard_ms, 25);
	assert_int_equal(p.since_heard, 0);
	assert_int_equal(p.sent.octets, 34);
}

static void
nstart(void **state)
{
	struct tg_param two = param;
	struct tg_peer p = {0};

	(void)state;
	two.nstart = 2;
	assert_true(tg_peer_begin(&p, &two));
	assert_true(tg_peer_begin(&p, &two));
	assert_false(tg_peer_begin(&p, &two));
	tg_peer_end(&p);
	assert_true(tg_peer_begin(&p, &two));
	assert_false(tg_peer_begin(&p, &two));
}

/* A byte a second, since the first byte that got no answer. */
static void
probing(void **state)
{
	struct tg_peer p = {0};

	(void)state;
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 500), 500);
	tg_peer_sent(&p, 1000, 20);
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 1000), 21000);
	tg_peer_sent(&p, 5000, 10); /* an answer to something of its own may go at once */
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 5000), 31000);
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 31001), 31001);
}

static void
probing_ends_when_heard(void **state)
{
	struct tg_peer p = {0};

	(void)state;
	tg_peer_sent(&p, 1000, 20);
	tg_peer_heard(&p, 2000, 4);
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 2000), 2000);
	tg_peer_sent(&p, 3000, 7);
	assert_int_equal(tg_peer_may_send_ms(&p, &param, 3000), 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(nstart),
		cmocka_unit_test(probing),
		cmocka_unit_test(probing_ends_when_heard),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
