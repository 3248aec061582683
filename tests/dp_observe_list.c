/* Observers of the list of what a device has stored. */
#include "tests/dp_served.h"

/* /d/dev? behind an Observe option, and a device's own requests behind nothing, which
 * want no answer (No-Response). */
#define DEVICE                                                                           \
	"d\x04"                                                                          \
	"dev?"
#define LIST REGISTER DEVICE
#define CANCEL "\x61\x01\x51" DEVICE
#define VALUE "\xb1" DEVICE "\x01"
#define NO_RESPONSE "\xd1\xea\x02"
#define JSON "\x11\x32\xd1\xe9\x02" /* the same behind a Content-Format */

#define LINK_V "</d/dev?/v>;sz=3;obs"
#define LINK_W "</d/dev?/w>;sz=3;obs"

static void
ask_silently(uint8_t code, struct bytes rest)
{
	gw_say(&gw.flow, coap(T_NON, code, ++next_mid, rest));
}

#define PUT(rest) ask_silently(TG_PUT, BYTES_OF(VALUE rest))
#define PUT_V PUT("v" NO_RESPONSE "\xffone")
#define PUT_W PUT("w" NO_RESPONSE "\xffone")
#define DELETE(name) ask_silently(TG_DELETE, BYTES_OF(VALUE name NO_RESPONSE))

/* @links with "dev?" as this gateway's device. */
static void
expect_links(const struct heard *h, const char *links)
{
	char text[256];

	assert_in_range(strlen(links), 0, sizeof(text) - 1);
	strcpy(text, links);
	for (char *p = text; (p = strchr(p, '?')) != NULL;)
		*p = gw.digit;
	expect_payload(h, text);
}

static void
no_interval(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->observe_min_ms = 0;
}

/* The device has one value, and its list an observer. */
static struct heard
begin(void)
{
	struct heard h;

	gw_reopen(no_interval);
	gw_mark();
	PUT_V;
	h = observe('a', BYTES_OF(LIST));
	expect_links(&h, LINK_V);
	gw_counted(DP_C_observers_registered, 1);
	return h;
}

/* ---- what is told ---- */

static void
create(void)
{
	PUT_W;
}

static void
lengthen(void)
{
	PUT("v" NO_RESPONSE "\xffthree");
}

static void
lengthen_much(void)
{
	uint8_t rest[400] = "\xb1" DEVICE "\x01v" NO_RESPONSE "\xff";
	size_t len = sizeof("\xb1" DEVICE "\x01v" NO_RESPONSE "\xff") - 1;

	memset(rest + len, 'x', 300);
	ask_silently(TG_PUT, (struct bytes){rest, len + 300});
}

static void
reformat(void)
{
	PUT("v" JSON "\xffone");
}

static void
rewrite(void)
{
	PUT("v" NO_RESPONSE "\xfftwo");
}

static void
write_elsewhere(void)
{
	ask_silently(TG_PUT, BYTES_OF("\xb1"
				      "d\x05other\x01v" NO_RESPONSE "\xffone"));
}

static const struct row {
	const char *name;
	void (*change)(void);
	const char *links; /* NULL: nothing is told */
} rows[] = {
	{"a value comes", create, LINK_W "," LINK_V},
	{"another length", lengthen, "</d/dev?/v>;sz=5;obs"},
	{"a length that has no room where it stood", lengthen_much,
		"</d/dev?/v>;sz=300;obs"},
	{"another format", reformat, "</d/dev?/v>;ct=50;sz=3;obs"},
	{"other bytes", rewrite, NULL},
	{"another device's value", write_elsewhere, NULL},
};

static void
told(void **state)
{
	const struct row *r = *state;
	struct heard first = begin(), note;

	r->change();
	if (r->links != NULL) {
		note = hear_note('a', TG_CONTENT, 0);
		expect_links(&note, r->links);
		assert_in_range((note.observe - first.observe) & 0xffffff, 1, 1 << 23);
		gw_counted(DP_C_notified_non, 1);
	}
	gw_expect_silence();
	assert_int_equal(gw_relations(), 1);
}

/* One after the other, also of what came while it was observed. */
static void
told_again(void **state)
{
	struct heard h;

	(void)state;
	begin();
	PUT_W;
	h = hear_note('a', TG_CONTENT, 0);
	PUT("w" NO_RESPONSE "\xfftoo long");
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, "</d/dev?/w>;sz=8;obs," LINK_V);
	DELETE("w");
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, LINK_V);
	gw_expect_silence();
}

static void
told_what_a_get_would_be(void **state)
{
	struct heard note, answer;
	uint8_t etag[9];
	char text[64];
	size_t len;

	(void)state;
	begin();
	PUT_W;
	note = hear_note('a', TG_CONTENT, 0);
	len = note.msg.len - note.msg.payload;
	memcpy(text, note.msg.base + note.msg.payload, len);
	memcpy(etag, note.etag, sizeof(etag));
	answer = get('b', BYTES_OF("\xb1" DEVICE));
	assert_int_equal(answer.msg.len - answer.msg.payload, len);
	assert_memory_equal(answer.msg.base + answer.msg.payload, text, len);
	answer = observe('b', BYTES_OF(LIST));
	assert_memory_equal(answer.etag, etag, sizeof(etag));
}

/* Each of many, wherever it is at home, and each list its own. */
static void
told_to_many(void **state)
{
	static bool heard[8];
	struct flow f = gw.flow;
	struct frame frame;
	unsigned n = 0;

	(void)state;
	begin();
	memset(heard, 0, sizeof(heard));
	for (unsigned i = 0; i < COUNT(heard); i++) {
		f.sport = (uint16_t)(gw.flow.sport + 1 + i);
		gw_say(&f, coap(T_CON, TG_GET, 1, BYTES_OF(LIST)));
		assert_true(gw_take(&frame));
	}
	assert_int_equal(gw_relations(), COUNT(heard) + 1);
	PUT_W;
	while (gw_take(&frame)) {
		const uint8_t *udp = frame.byte + ETH + (gw.flow.v6 ? IP6 : IP4);
		unsigned i = (unsigned)(udp[2] << 8 | udp[3]) - gw.flow.sport - 1;

		n++;
		if (i < COUNT(heard))
			heard[i] = true;
	}
	assert_int_equal(n, COUNT(heard) + 1);
	for (unsigned i = 0; i < COUNT(heard); i++)
		assert_true(heard[i]);
}

static void
as_often_as_may_be(void **state)
{
	struct heard h;

	(void)state;
	PUT_V;
	observe('a', BYTES_OF(LIST));
	PUT_W;
	hear_note('a', TG_CONTENT, 0);
	DELETE("w");
	PUT("w" NO_RESPONSE "\xfftoo long");
	gw_expect_silence(); /* too soon */
	gw_later(3);
	gw_turn();
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, "</d/dev?/w>;sz=8;obs," LINK_V);
	gw_expect_silence();
}

/* Every fifth is confirmed, and said again until it is. */
static void
confirmed_now_and_then(void **state)
{
	struct heard h;
	uint16_t mid;

	(void)state;
	begin();
	for (unsigned i = 0; i < 4; i++) {
		if (i % 2 == 0)
			PUT_W;
		else
			DELETE("w");
		hear_note('a', TG_CONTENT, 0);
	}
	PUT_W;
	hear(&h);
	assert_int_equal(h.msg.type, T_CON >> 4 & 3);
	mid = h.msg.mid;
	gw_later(3);
	gw_turn();
	hear(&h);
	assert_int_equal(h.msg.mid, mid);
	expect_links(&h, LINK_W "," LINK_V);
	gw_say(&gw.flow, coap(T_ACK, 0, mid, (struct bytes){0}));
	gw_later(100);
	gw_turn();
	gw_expect_silence();
	assert_int_equal(gw_relations(), 1);
}

/* ---- in blocks ---- */

static void
in_blocks(void **state)
{
	struct tg_block block;
	uint8_t etag[9];
	struct heard h;

	(void)state;
	begin();
	observe('b', BYTES_OF(LIST "\xc1\x00"));
	PUT_W;
	for (unsigned i = 0; i < 2; i++) {
		hear(&h);
		if (tg_msg_token(&h.msg)[0] == 'a') {
			expect_links(&h, LINK_W "," LINK_V);
			continue;
		}
		assert_int_equal(
			tg_block_get(&h.msg, TG_OPT_BLOCK2, &block), TG_BLOCK_FOUND);
		assert_true(block.num == 0 && block.more && block.szx == 0);
		assert_int_equal(h.msg.len - h.msg.payload, 16);
	}
	memcpy(etag, h.etag, sizeof(etag));
	h = get('c', BYTES_OF("\xb1" DEVICE "\xc1\x10"));
	assert_memory_equal(h.etag, etag, sizeof(etag));
	assert_false(h.observed);
}

/* One that needs blocks gives the first, whether it was asked for or not. */
static void
too_long_for_a_message(void **state)
{
	uint8_t rest[] = VALUE "v" NO_RESPONSE "\xffone";
	struct tg_block block;
	struct heard h;

	(void)state;
	gw_reopen(no_interval);
	for (unsigned i = 0; i < 52; i++) {
		rest[8] = (uint8_t)(i < 26 ? 'A' + i : 'a' + i - 26);
		ask_silently(TG_PUT, (struct bytes){rest, sizeof(rest) - 1});
	}
	h = observe('a', BYTES_OF(LIST));
	assert_int_equal(h.msg.len - h.msg.payload, 1024);
	ask_silently(TG_DELETE, BYTES_OF(VALUE "A" NO_RESPONSE));
	h = hear_note('a', TG_CONTENT, 0);
	assert_int_equal(h.msg.len - h.msg.payload, 1024);
	assert_int_equal(tg_block_get(&h.msg, TG_OPT_BLOCK2, &block), TG_BLOCK_FOUND);
	assert_true(block.num == 0 && block.more && block.szx == 6);
	h = get('b', BYTES_OF("\xb1" DEVICE "\xc1\x16"));
	assert_int_equal(h.msg.len - h.msg.payload, 51 * 21 - 1 - 1024);
}

/* ---- who observes, and until when ---- */

static void
registered_with_a_valid_etag(void **state)
{
	uint8_t ask[] = "\x48________\x20\x51" DEVICE;
	struct heard h;

	(void)state;
	h = begin();
	memcpy(ask, h.etag, sizeof(h.etag));
	h = get('b', (struct bytes){ask, sizeof(ask) - 1});
	assert_int_equal(h.msg.code, TG_VALID);
	assert_true(h.observed);
	assert_int_equal(h.msg.len, h.msg.payload);
	assert_int_equal(gw_relations(), 2);
}

static void
registered_again(void **state)
{
	struct heard first = begin(), again;

	(void)state;
	again = observe('a', BYTES_OF(LIST));
	assert_in_range((again.observe - first.observe) & 0xffffff, 1, 1 << 23);
	assert_int_equal(gw_relations(), 1);
	PUT_W;
	hear_note('a', TG_CONTENT, 0);
	gw_expect_silence();
}

static const struct plain_row {
	const char *name;
	struct bytes rest;
	uint8_t code;
} plain_rows[] = {
	{"no Observe", B("\xb1" DEVICE), TG_CONTENT},
	{"Observe 1", B(CANCEL), TG_CONTENT},
	{"a list in part", B(LIST "\x46obs=\"\""), TG_CONTENT},
	{"a later block", B(LIST "\xc1\x10"), TG_CONTENT},
	{"another Accept", B(LIST "\x61\x3c"), TG_NOT_ACCEPTABLE},
	{"another device", B(REGISTER "d\x05other"), TG_NOT_FOUND},
};

static void
not_registered(void **state)
{
	const struct plain_row *r = *state;
	struct heard h;

	gw_reopen(no_interval);
	PUT_V;
	h = get('a', r->rest);
	assert_int_equal(h.msg.code, r->code);
	assert_false(h.observed);
	assert_int_equal(gw_relations(), 0);
	PUT_W;
	gw_expect_silence();
}

/* Who finds no room is answered as if it had asked for no more than the list. */
static void
as_many_as_an_endpoint_may_have(void **state)
{
	struct heard h;

	(void)state;
	begin();
	for (char token = 'b'; token < 'a' + 4; token++)
		observe(token, BYTES_OF(LIST));
	h = get('e', BYTES_OF(LIST "\x61\x28"));
	assert_int_equal(h.msg.code, TG_CONTENT);
	assert_false(h.observed);
	expect_links(&h, LINK_V);
	assert_int_equal(h.msg.base[h.msg.options], 0x48);
	assert_memory_equal(h.msg.base + h.msg.options + 9, "\x81\x28\xff", 3);
	gw_counted(DP_C_observers_per_peer, 1);
}

static void
ended_by_observe_1(void **state)
{
	(void)state;
	begin();
	observe('b', BYTES_OF(LIST));
	get('a', BYTES_OF(CANCEL));
	gw_counted(DP_C_observers_cancelled, 1);
	PUT_W;
	hear_note('b', TG_CONTENT, 0);
	gw_expect_silence();
}

static void
ended_by_rst(void **state)
{
	(void)state;
	begin();
	PUT_W;
	hear_note('a', TG_CONTENT, T_RST);
	gw_counted(DP_C_observers_reset, 1);
	assert_int_equal(gw_relations(), 0);
	DELETE("w");
	gw_expect_silence();
}

static void
ended_with_the_last_value(void **state)
{
	(void)state;
	begin();
	DELETE("v");
	hear_note('a', TG_NOT_FOUND, T_ACK);
	gw_counted(DP_C_observers_ended, 1);
	assert_int_equal(gw_relations(), 0);
	PUT_V;
	gw_expect_silence();
	observe('a', BYTES_OF(LIST));
	PUT_W;
	hear_note('a', TG_CONTENT, 0);
}

static void
elsewhere(struct dp_settings *s)
{
	static struct dp_route_spec only;

	only = gw_routes[0];
	s->routes = &only;
	s->n_routes = 1;
}

static void
ended_with_its_route(void **state)
{
	(void)state;
	begin();
	gw_publish(elsewhere);
	gw_turn();
	hear_note('a', TG_NOT_FOUND, T_ACK);
	assert_int_equal(gw_relations(), 0);
}

/* A device that is forgotten keeps its values: they are listed, and watched, as ever. */
static void
told_of_a_device_that_came_back(void **state)
{
	struct heard h;

	(void)state;
	begin();
	assert_int_equal(gw_kick(), 0);
	observe('a', BYTES_OF(LIST));
	PUT_W;
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, LINK_W "," LINK_V);
	lengthen();
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, "</d/dev?/v>;sz=5;obs," LINK_W);
	gw_expect_silence();
}

static void
told_of_a_device_that_is_idle(void **state)
{
	struct dp_worker *w;
	struct heard h;

	(void)state;
	begin();
	PUT_W;
	hear_note('a', TG_CONTENT, 0);
	w = gw.dp->shared.worker[gw.setting->value_home];
	gw_later(100);
	assert_int_equal(dp_devices_sweep(w->devices, dp_devices_max(w->devices), 50,
				 (uint32_t)dp_now_s(gw.dp), &w->device_events),
		1);
	gw_turn();
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, LINK_V "," LINK_W); /* as a GET is answered now */
	DELETE("w");
	h = hear_note('a', TG_CONTENT, 0);
	expect_links(&h, LINK_V);
}

/* ---- what is kept ---- */

static unsigned
lists_kept(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_lists_count(gw.dp->shared.worker[i]->lists);
	return n;
}

/* Time goes by for as long as it takes to ask about each place of a worker. */
static void
wait_for_the_round(void)
{
	for (unsigned i = 0; i < 400; i++) {
		gw_later_ms(10);
		gw_turn();
	}
}

static void
kept_while_it_is_observed(void **state)
{
	(void)state;
	begin();
	wait_for_the_round();
	assert_int_equal(lists_kept(), 1);
	PUT_W;
	hear_note('a', TG_CONTENT, 0);
	get('a', BYTES_OF(CANCEL));
	wait_for_the_round();
	assert_int_equal(lists_kept(), 0);
	observe('a', BYTES_OF(LIST));
	DELETE("w");
	hear_note('a', TG_CONTENT, 0);
}

static void
rising_over_a_restart(void **state)
{
	struct heard last = begin(), first;

	(void)state;
	gw_reopen(no_interval);
	gw_later(1);
	PUT_V;
	first = observe('a', BYTES_OF(LIST));
	assert_in_range((first.observe - last.observe) & 0xffffff, 1, 1 << 23);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(plain_rows) + 18] = {
		cmocka_unit_test(told_again),
		cmocka_unit_test(told_what_a_get_would_be),
		cmocka_unit_test(told_to_many),
		cmocka_unit_test(as_often_as_may_be),
		cmocka_unit_test(confirmed_now_and_then),
		cmocka_unit_test(in_blocks),
		cmocka_unit_test(too_long_for_a_message),
		cmocka_unit_test(registered_with_a_valid_etag),
		cmocka_unit_test(registered_again),
		cmocka_unit_test(as_many_as_an_endpoint_may_have),
		cmocka_unit_test(ended_by_observe_1),
		cmocka_unit_test(ended_by_rst),
		cmocka_unit_test(ended_with_the_last_value),
		cmocka_unit_test(ended_with_its_route),
		cmocka_unit_test(told_of_a_device_that_came_back),
		cmocka_unit_test(told_of_a_device_that_is_idle),
		cmocka_unit_test(kept_while_it_is_observed),
		cmocka_unit_test(rising_over_a_restart),
	};
	size_t n = 18;

	ADD_ROWS(tests, &n, rows, told);
	ADD_ROWS(tests, &n, plain_rows, not_registered);
	return gw_main("dp_observe_list", gw_settings, COUNT(gw_settings), tests, n);
}
