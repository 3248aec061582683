/* A device that is forgotten, idle or kicked: its values stay, and are listed. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <errno.h>

/* /d/dev? and /d/dev?/v as the first options of a message. */
#define DEVICE                                                                           \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?"
#define VALUE DEVICE "\x01v"
#define JSON_V VALUE "\x11\x32"  /* as JSON, */
#define MERGE_V VALUE "\x11\x34" /* and as what changes some */

#define LINK_V "</d/dev?/v>;sz=1;obs"
#define LINK_W "</d/dev?/w>;sz=1;obs"

static void
store_two(void)
{
	gw_ask(coap(T_CON, TG_PUT, 1, BYTES_OF(VALUE "\xffx")),
		coap(T_ACK, TG_CREATED, 1, (struct bytes){0}));
	gw_ask(coap(T_CON, TG_PUT, 2, BYTES_OF(DEVICE "\x01w\xffx")),
		coap(T_ACK, TG_CREATED, 2, (struct bytes){0}));
}

/* Its list is @links. */
static void
lists(uint16_t mid, const char *links)
{
	gw_ask(coap(T_CON, TG_GET, mid, BYTES_OF(DEVICE)),
		coap(T_ACK, TG_CONTENT, mid, gw_links(links)));
}

/* Where it is now: at the port that @from sends from. */
static void
is_at(const struct flow *from)
{
	char name[] = "dev?";
	struct dp_device_info d;
	struct dp_peer_info p;
	unsigned worker;

	name[3] = gw.digit;
	assert_true(dp_device_get(gw.dp, name, 4, &d, &worker));
	assert_true(dp_peer_get(gw.dp, &d, &p));
	assert_int_equal(p.key.port_be, __builtin_bswap16(from->sport));
}

static void
idle(void)
{
	struct dp_worker *w = gw.dp->shared.worker[gw.setting->value_home];

	gw_later(100);
	assert_int_equal(dp_devices_sweep(w->devices, dp_devices_max(w->devices), 50,
				 (uint32_t)dp_now_s(gw.dp), &w->device_events),
		1);
}

static void
list_of_an_idle_device(void **state)
{
	(void)state;
	store_two();
	lists(3, LINK_W "," LINK_V);
	idle();
	lists(4, LINK_V "," LINK_W);
}

static void
list_of_a_device_that_came_back(void **state)
{
	(void)state;
	store_two();
	idle();
	gw_ask(coap(T_CON, TG_PUT, 3, BYTES_OF(VALUE "\xffy")),
		coap(T_ACK, TG_CHANGED, 3, (struct bytes){0}));
	lists(4, LINK_V "," LINK_W);
}

static void
list_of_a_kicked_device(void **state)
{
	(void)state;
	store_two();
	assert_int_equal(gw_kick(), 0);
	lists(3, LINK_V "," LINK_W);
}

/* Its endpoint may have another home than it has. */
static void
knows_where_it_is(void **state)
{
	struct flow moved = gw.flow;

	(void)state;
	moved.sport++;
	store_two();
	is_at(&gw.flow);
	gw_say(&moved, coap(T_NON, TG_PUT, 9, BYTES_OF(VALUE "\xffm")));
	gw_hear(&moved, coap(T_NON, TG_CHANGED, 9, (struct bytes){0}));
	is_at(&moved);
	gw_later(1);
	gw_ask(coap(T_CON, TG_POST, 3,
		       BYTES_OF("\xb1r\x04"
				"dev?\xffx")),
		coap(T_ACK, TG_CHANGED, 3, (struct bytes){0}));
	is_at(&gw.flow);
}

/* A patch goes by the parser, and may go more than once. */
static void
knows_where_it_patches(void **state)
{
	struct flow moved = gw.flow;

	(void)state;
	moved.sport++;
	store_two();
	assert_int_equal(
		gw_kick(), 0); /* the two endpoints' slots are not of one generation */
	gw_ask(coap(T_CON, TG_PUT, 1, BYTES_OF(JSON_V "\xff{}")),
		coap(T_ACK, TG_CHANGED, 1, (struct bytes){0}));
	gw_say(&gw.flow, coap(T_CON, TG_IPATCH, 2, BYTES_OF(MERGE_V "\xff{\"a\":2}")));
	gw_say(&moved, coap(T_CON, TG_PUT, 9, BYTES_OF(JSON_V "\xff{\"b\":1}")));
	gw_hear(&moved, coap(T_ACK, TG_CHANGED, 9, (struct bytes){0}));
	for (unsigned times = 1; times <= 2; times++) {
		is_at(&moved);
		assert_int_equal(gw_parse(), 1);
		gw_turn();
	}
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 2, (struct bytes){0}));
	is_at(&gw.flow);
}

/* What was answered is no duplicate: the endpoint that said it is forgotten. */
static void
is_executed_again(void)
{
	gw_mark();
	gw_ask(coap(T_CON, TG_PUT, 1, BYTES_OF(VALUE "\xffx")),
		coap(T_ACK, TG_CHANGED, 1, (struct bytes){0}));
	gw_counted(DP_C_executed, 1);
}

/* Wherever that has its home. */
static void
kicked_with_its_endpoint(void **state)
{
	(void)state;
	store_two();
	assert_int_equal(gw_kick(), 0);
	is_executed_again();
}

static void
nothing(struct dp_worker *w, struct dp_act *act)
{
	(void)w;
	(void)act;
}

/* The mailbox of the endpoint's home is full until the next turn. */
static void
fill_mailbox(void)
{
	static struct dp_act act[1024];
	unsigned n = 0;

	do {
		act[n] = (struct dp_act){.run = nothing};
	} while (dp_mailbox_post(gw.dp->shared.worker[gw.setting->home], &act[n]) == 0
		 && ++n < COUNT(act));
	assert_in_range(n, 1, COUNT(act) - 1);
}

/* A worker that has no room for what it is to do is asked again. */
static void
kicked_where_a_mailbox_is_full(void **state)
{
	struct dp_kick *k;

	(void)state;
	store_two();
	fill_mailbox();
	k = gw_kick_begin();
	for (unsigned times = 0; times < 3; times++) {
		gw_turn();
		fill_mailbox();
		assert_int_equal(dp_kick_result(k), -EINPROGRESS);
	}
	assert_int_equal(gw_kick_end(k), 0);
	is_executed_again();
}

/* An answer to it waits for the log: it is asked again until that is out. */
static void
kicked_while_it_waits(void **state)
{
	const struct bytes post = BYTES_OF("\xb1t\x04"
					   "dev?\xffx");
	struct dp_kick *k;

	(void)state;
	gw_say(&gw.flow, coap(T_CON, TG_POST, 1, post));
	gw_expect_silence();
	k = gw_kick_begin();
	for (unsigned times = 0; times < 5; times++) {
		gw_turn();
		assert_int_equal(dp_kick_result(k), times < 1 ? -EINPROGRESS : -EBUSY);
	}
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 1, (struct bytes){0}));
	for (unsigned times = 0; dp_kick_result(k) == -EBUSY; times++) {
		assert_in_range(times, 0, 5);
		gw_turn();
	}
	assert_int_equal(gw_kick_end(k), 0);
	gw_mark();
	gw_say(&gw.flow, coap(T_CON, TG_POST, 1, post));
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 1, (struct bytes){0}));
	gw_counted(DP_C_executed, 1);
}

/* Known to two workers, it is shown as one: all that it said. */
static void
counts_all_it_said(void **state)
{
	char name[] = "dev?";
	struct dp_device_info d;
	unsigned worker;

	(void)state;
	store_two();
	gw_ask(coap(T_CON, TG_POST, 3,
		       BYTES_OF("\xb1r\x04"
				"dev?\xffxyz")),
		coap(T_ACK, TG_CHANGED, 3, (struct bytes){0}));
	name[3] = gw.digit;
	assert_true(dp_device_get(gw.dp, name, 4, &d, &worker));
	assert_int_equal(d.messages, 3);
	assert_int_equal(d.bytes, 1 + 1 + 3);
}

static void
list_of_an_idle_device_is_its_own(void **state)
{
	(void)state;
	store_two();
	idle();
	gw_ask(coap(T_CON, TG_GET, 3,
		       BYTES_OF("\xb1"
				"d\x03"
				"dev")),
		coap(T_ACK, TG_NOT_FOUND, 3, (struct bytes){0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_of_an_idle_device),
		cmocka_unit_test(list_of_a_device_that_came_back),
		cmocka_unit_test(list_of_a_kicked_device),
		cmocka_unit_test(list_of_an_idle_device_is_its_own),
		cmocka_unit_test(knows_where_it_is),
		cmocka_unit_test(knows_where_it_patches),
		cmocka_unit_test(kicked_with_its_endpoint),
		cmocka_unit_test(kicked_where_a_mailbox_is_full),
		cmocka_unit_test(kicked_while_it_waits),
		cmocka_unit_test(counts_all_it_said),
	};

	return gw_main("dp_forget", gw_settings, COUNT(gw_settings), tests, COUNT(tests));
}
