/* A device that is forgotten, idle or kicked: its values stay, and are listed. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

/* /d/dev? and /d/dev?/v as the first options of a message. */
#define DEVICE                                                                           \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?"
#define VALUE DEVICE "\x01v"

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
	char name[] = "dev?";
	struct dp_kick *k;

	(void)state;
	store_two();
	name[3] = gw.digit;
	k = dp_kick_new(gw.dp, name, 4);
	gw_turn();
	assert_int_equal(dp_kick_result(k), 0);
	dp_kick_free(k);
	lists(3, LINK_V "," LINK_W);
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
	};

	return gw_main("dp_forget", gw_settings, COUNT(gw_settings), tests, COUNT(tests));
}
