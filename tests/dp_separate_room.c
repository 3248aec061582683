/* Answers that take their time (RFC 7252, 5.2.2), of more requests than there are places
 * for. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

static const struct bytes none = {0}, slow = B("\xb4slow");

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
}

static void
fewest(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->outbound_max = 0; /* a worker's share is 64, and of replies, too */
}

/* Frames of the gateway's, by their type and code. */
struct heard {
	unsigned acks, answers_in_acks, cons, nons;
	uint16_t con_mid; /* of the last one */
};

static struct heard
hear_all(void)
{
	struct heard h = {0};
	struct frame got;

	while (gw_take(&got)) {
		const uint8_t *p = got.byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

		h.acks += p[0] == T_ACK && p[1] == 0;
		h.answers_in_acks += p[0] == T_ACK && p[1] == TG_CONTENT;
		h.nons += p[0] == T_NON;
		if (p[0] != T_CON)
			continue;
		h.cons++;
		h.con_mid = (uint16_t)(p[2] << 8 | p[3]);
	}
	return h;
}

/* Whoever is told to wait has a place for its answer, and gets that for sure; the others
 * get theirs in an ACK, however late. */
static void
no_room_to_remember(void **state)
{
	struct heard h;

	(void)state;
	gw_reopen(fewest);
	gw_mark();
	for (unsigned i = 0; i < 80; i++) {
		gw_queue(&gw.flow, coap(T_CON, TG_GET, (uint16_t)i, slow));
		if (i % 16 == 15)
			gw_turn();
	}
	wait_ms(510);
	assert_int_equal(hear_all().acks, 64);
	gw_counted(DP_C_outbound_full, 80 - 64);
	wait_ms(500);
	h = hear_all();
	assert_int_equal(h.answers_in_acks, 80 - 64);
	assert_int_equal(h.cons, 1); /* NSTART */
	assert_int_equal(h.nons, 0);
	gw_counted(DP_C_answered, 80);
	for (unsigned i = 1; i < 64; i++) {
		gw_say(&gw.flow, coap(T_ACK, 0, h.con_mid, none));
		h = hear_all();
		assert_int_equal(h.cons, 1);
	}
	gw_say(&gw.flow, coap(T_ACK, 0, h.con_mid, none));
	assert_int_equal(hear_all().cons, 0);
	gw_counted(DP_C_out_acked, 64);
	gw_counted(DP_C_separate_sent, 64);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_room_to_remember),
	};

	return gw_main(
		"dp_separate_room", settings, COUNT(settings), tests, COUNT(tests));
}
