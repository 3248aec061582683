/* Observers of the time (RFC 7641). */
#include "tests/dp_served.h"

#include <rte_cycles.h>

/* Its ticks follow the TSC, of which some microseconds may be left. */
static void
wait_s(unsigned seconds)
{
	gw_later(seconds);
	rte_delay_us_block(1100);
	gw_turn();
}

static void
serve_time(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	n_served = 0;
	serve("/t", "", DP_NO_FORMAT)->kind = DP_K_TIME;
	serve("/late", "", DP_NO_FORMAT)->kind = DP_K_TIME;
	served[1].delay_ms = 100;
	use(s);
}

/* A tenth of a second has begun: however slow the test, no other second does by itself.
 */
static void
begin_with_time(void)
{
	gw_reopen(serve_time);
	gw_turn();
	gw_later_ms(1100 - gw.dp->shared.worker[0]->now_ms % 1000);
	wait_s(0);
	gw_mark();
}

/* Every second, but for the interval that there has to be. */
static void
told_the_time(void **state)
{
	struct heard h;
	char first[24];

	(void)state;
	begin_with_time();
	h = observe('a', BYTES_OF(REGISTER "t"));
	assert_int_equal(h.msg.len - h.msg.payload, sizeof(first));
	memcpy(first, h.msg.base + h.msg.payload, sizeof(first));
	for (unsigned i = 0; i < 3; i++) {
		wait_s(i == 0 ? 1 : 2);
		h = hear_note('a', TG_CONTENT, 0);
		assert_int_equal(h.msg.len - h.msg.payload, sizeof(first));
		assert_memory_not_equal(h.msg.base + h.msg.payload, first, sizeof(first));
		memcpy(first, h.msg.base + h.msg.payload, sizeof(first));
		wait_s(1);
		gw_expect_silence();
	}
	served[0].path = "/u";
	reload();
	hear_note('a', TG_NOT_FOUND, T_ACK);
	assert_int_equal(gw_relations(), 0);
	wait_s(5);
	gw_expect_silence();
}

/* A CON that is not acknowledged comes again as what the time is by then (4.5.2). */
static void
told_the_time_again(void **state)
{
	struct heard h, again;

	(void)state;
	begin_with_time();
	observe('a', BYTES_OF(REGISTER "t"));
	for (unsigned i = 0; i < 4; i++) {
		wait_s(3);
		hear_note('a', TG_CONTENT, 0);
	}
	wait_s(3);
	hear(&h);
	assert_int_equal(h.msg.type, TG_CON);
	wait_s(3);
	hear(&again);
	assert_int_equal(again.msg.type, TG_CON);
	assert_int_not_equal(again.msg.mid, h.msg.mid);
	assert_memory_not_equal(again.etag, h.etag, sizeof(h.etag));
	gw_expect_silence();
	gw_say(&gw.flow, coap(T_RST, 0, again.msg.mid, (struct bytes){0}));
	assert_int_equal(gw_relations(), 0);
}

static void
marked_as_changing(void **state)
{
	struct heard h;

	(void)state;
	begin_with_time();
	h = get('a', BYTES_OF("\xbb.well-known\x04"
			      "core"));
	expect_payload(&h, "</t>;obs,</late>");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_the_time),
		cmocka_unit_test(told_the_time_again),
		cmocka_unit_test(marked_as_changing),
	};

	return gw_main("dp_observe_time", settings, COUNT(settings), tests, COUNT(tests));
}
