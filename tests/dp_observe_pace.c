/* Observers of stored values (RFC 7641): how fast they are told, and what is in the way.
 */
#include "tests/dp_watchers.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

static void
not_faster_than_the_interval(void **state)
{
	const struct flow w = begun();

	(void)state;
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	put("three");
	put("four");
	gw_later(2);
	gw_turn();
	silence();
	gw_later(1);
	gw_turn();
	hear_value(&w, T_NON, 'a', "four");
	gw_later(60);
	gw_turn();
	silence();
}

/* A value that is what it was when its turn comes: nothing to say. */
static void
back_in_time(void **state)
{
	const struct flow w = begun();

	(void)state;
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	put("three");
	observe(&w, 'a', "three"); /* it has heard it by itself */
	gw_later(4);
	gw_turn();
	silence();
}

static void
many(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->observers_max = 4096;
	cfg->peers_max = 4096;
	s->observe_min_ms = 0;
}

/* More observers than a turn tells, and than the port takes at a time. */
static void
all_of_many_are_told(void **state)
{
	bool told[600] = {0};
	struct frame f;
	unsigned n = 0;

	(void)state;
	gw_reopen(many);
	put("one");
	for (unsigned i = 0; i < COUNT(told); i++) {
		const struct flow w = observer(1 + i);

		observe(&w, 'a', "one");
	}
	gw_queue(&gw.flow, coap(T_NON, TG_PUT, ++next_mid, BYTES_OF(VALUE "\xfftwo")));
	do {
		while (gw_take(&f)) {
			unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + 2;
			unsigned port = (unsigned)f.byte[at] << 8 | f.byte[at + 1];

			if (is_answer(&f))
				continue;
			assert_in_range(port - gw.flow.sport, 1, COUNT(told));
			assert_false(told[port - gw.flow.sport - 1]);
			told[port - gw.flow.sport - 1] = true;
			n++;
		}
		gw_turn();
	} while (n < COUNT(told));
	silence();
	gw_counted(DP_C_tx_dropped, 0);
}

static void
put_off_without_a_buffer(void **state)
{
	const struct flow w = observer(1);
	struct rte_mbuf *all[GW_MBUFS];
	unsigned n = 0;

	(void)state;
	gw_reopen(no_interval);
	put("one");
	observe(&w, 'a', "one");
	gw_queue(&gw.flow, coap(T_NON, TG_PUT, ++next_mid, BYTES_OF(VALUE "\xfftwo")));
	while ((all[n] = rte_pktmbuf_alloc(gw.dp->pool)) != NULL)
		n++;
	gw_turn();
	rte_pktmbuf_free_bulk(all, n);
	assert_true(gw_counter(DP_C_out_no_buffer) > 0);
	gw_later(1);
	gw_turn();
	assert_true(gw_take(&(struct frame){0}));
	hear_value(&w, T_NON, 'a', "two");
	silence();
}

/* The ring from the value's home is full: who missed the news looks for itself. */
static void
news_without_room(void **state)
{
	const struct dp_news nothing = {.value = UINT32_MAX};
	const struct flow w = begun();

	(void)state;
	for (unsigned i = 0; i < gw.cfg.workers; i++)
		while (rte_ring_enqueue_elem(gw.dp->shared.worker[i]->news,
			       (void *)(uintptr_t)&nothing, sizeof(nothing))
			== 0)
			;
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	silence();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_faster_than_the_interval),
		cmocka_unit_test(back_in_time),
		cmocka_unit_test(all_of_many_are_told),
		cmocka_unit_test(put_off_without_a_buffer),
		cmocka_unit_test(news_without_room),
	};

	return gw_main(
		"dp_observe_pace", gw_settings, COUNT(gw_settings), tests, COUNT(tests));
}
