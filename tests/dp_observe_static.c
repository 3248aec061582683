/* Observers of static content (RFC 7641), which a reload changes. */
#include "tests/dp_served.h"

#define A REGISTER "a"
#define A_JSON A "\x61\x32"

#define LARGE 1280

static char large[LARGE + 1]; /* a text */

static void
use_first(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	n_served = 0;
	serve("/a", "one", TG_CF_TEXT);
	serve("/a", "[1]", TG_CF_JSON);
	memset(large, 'x', LARGE);
	serve("/l", large, TG_CF_TEXT);
	serve("/late", "slow", TG_CF_TEXT)->delay_ms = 1000;
	serve("/d/{device}/{resource*}", "", DP_NO_FORMAT)->kind = DP_K_STORE;
	served[n_served - 1].max_payload = DP_VALUE_MAX;
	use(s);
}

static void
begin(void)
{
	gw_reopen(use_first);
	gw_mark();
}

/* ---- what a reload does ---- */

static void
change_text(void)
{
	served[0].content = "two";
}

static void
change_age(void)
{
	served[0].max_age = 7;
}

static void
change_order(void)
{
	struct dp_route_spec first = served[0];

	served[0] = served[1];
	served[1] = first;
}

static void
take_text_away(void)
{
	served[0].path = "/b";
}

static void
take_all_away(void)
{
	served[0].path = served[1].path = "/b";
}

static void
store_instead(void)
{
	take_all_away();
	served[2].path = "/a";
	served[2].kind = DP_K_STORE;
	served[2].content_len = 0;
}

static void
delay_it(void)
{
	served[0].delay_ms = 10;
}

static const struct row {
	const char *name;
	void (*change)(void);
	uint8_t code; /* of what is said then; 0: nothing */
	const char *payload;
} rows[] = {
	{"another text", change_text, TG_CONTENT, "two"},
	{"nothing else", NULL, 0, NULL},
	{"another Max-Age", change_age, 0, NULL},
	{"another order", change_order, 0, NULL},
	{"no such format any more", take_text_away, TG_NOT_ACCEPTABLE, ""},
	{"no such path any more", take_all_away, TG_NOT_FOUND, ""},
	{"a stored value in its place", store_instead, TG_NOT_FOUND, ""},
	{"it takes its time from now on", delay_it, 0, NULL},
};

static void
told_by_a_reload(void **state)
{
	const struct row *r = *state;
	struct heard first, note;

	begin();
	first = observe('a', BYTES_OF(A));
	expect_payload(&first, "one");
	if (r->change != NULL)
		r->change();
	reload();
	if (r->code != 0) {
		note = hear_note('a', r->code, r->code == TG_CONTENT ? 0 : T_ACK);
		expect_payload(&note, r->payload);
		if (r->code == TG_CONTENT)
			assert_in_range(
				(note.observe - first.observe) & 0xffffff, 1, 1 << 23);
	}
	gw_expect_silence();
	assert_int_equal(gw_relations(), r->code < TG_BAD_REQUEST);
	gw_later(100);
	gw_turn();
	gw_expect_silence();
}

/* Who asked for JSON is told when that changes. */
static void
told_of_its_format(void **state)
{
	struct heard h;

	(void)state;
	begin();
	observe('t', BYTES_OF(A));
	h = observe('j', BYTES_OF(A_JSON));
	expect_payload(&h, "[1]");
	served[1].content = "[2]";
	reload();
	h = hear_note('j', TG_CONTENT, 0);
	expect_payload(&h, "[2]");
	gw_expect_silence();
	change_text();
	reload();
	h = hear_note('t', TG_CONTENT, 0);
	expect_payload(&h, "two");
	gw_expect_silence();
}

/* Both at once: each its own. */
static void
told_of_both_formats(void **state)
{
	struct heard h;

	(void)state;
	begin();
	observe('t', BYTES_OF(A));
	observe('j', BYTES_OF(A_JSON));
	served[0].content = "two";
	served[1].content = "[2]";
	reload();
	for (unsigned i = 0; i < 2; i++) {
		hear(&h);
		expect_payload(&h, tg_msg_token(&h.msg)[0] == 't' ? "two" : "[2]");
	}
	gw_expect_silence();
}

static void
as_often_as_may_be(void **state)
{
	struct heard h;

	(void)state;
	begin();
	observe('a', BYTES_OF(A));
	change_text();
	reload();
	hear_note('a', TG_CONTENT, 0);
	served[0].content = "six";
	reload();
	gw_expect_silence(); /* too soon */
	served[0].content = "ten";
	reload();
	gw_later(3);
	gw_turn();
	h = hear_note('a', TG_CONTENT, 0);
	expect_payload(&h, "ten");
	gw_expect_silence();
}

static void
list_of_resources(void **state)
{
	struct heard h;

	(void)state;
	begin();
	h = observe('a', BYTES_OF("\x60\x5b.well-known\x04"
				  "core"));
	expect_payload(&h, "</a>;ct=\"0 50\",</l>;ct=0;sz=1280,</late>;ct=0,</d>");
	take_text_away();
	reload();
	h = hear_note('a', TG_CONTENT, 0);
	expect_payload(&h, "</b>;ct=0,</a>;ct=50,</l>;ct=0;sz=1280,</late>;ct=0,</d>");
}

/* The first block; the rest is asked for (RFC 7959, 2.6). */
static void
in_blocks(void **state)
{
	struct tg_block block;
	struct heard h;
	uint8_t etag[sizeof(h.etag)];

	(void)state;
	begin();
	observe('a', BYTES_OF(REGISTER "l\xc1\x02"));
	memset(large, 'y', LARGE);
	reload();
	h = hear_note('a', TG_CONTENT, 0);
	assert_int_equal(tg_block_get(&h.msg, TG_OPT_BLOCK2, &block), TG_BLOCK_FOUND);
	assert_true(block.num == 0 && block.more && block.szx == 2);
	assert_int_equal(h.msg.len - h.msg.payload, 64);
	assert_int_equal(h.msg.base[h.msg.payload], 'y');
	memcpy(etag, h.etag, sizeof(h.etag));
	h = get('b', BYTES_OF("\xb1l\xc1\x12"));
	assert_memory_equal(h.etag, etag, sizeof(h.etag));
	assert_false(h.observed);
}

static void
registered_with_a_valid_etag(void **state)
{
	uint8_t ask[] = "\x48________\x20\x51"
			"a";
	struct tg_opt format;
	struct heard h;

	(void)state;
	begin();
	h = observe('a', BYTES_OF(A));
	memcpy(ask, h.etag, sizeof(h.etag));
	h = get('a', (struct bytes){ask, sizeof(ask) - 1});
	assert_int_equal(h.msg.code, TG_VALID);
	assert_true(h.observed);
	assert_false(tg_opt_get(&h.msg, TG_OPT_CONTENT_FORMAT, &format));
	expect_payload(&h, "");
	assert_int_equal(gw_relations(), 1);
	change_text();
	reload();
	hear_note('a', TG_CONTENT, 0);
}

/* ---- who is not told ---- */

static const struct plain_row {
	const char *name;
	struct bytes rest;
} plain_rows[] = {
	{"no Observe", B("\xb1"
			 "a")},
	{"Observe 1", B("\x61\x01\x51"
			"a")},
	{"Observe of four bytes", B("\x64\0\0\0\0\x51"
				    "a")},
	{"a list of links in part", B("\x60\x5b.well-known\x04"
				      "core\x44rt=x")},
	{"a later block", B(REGISTER "l\xc1\x12")},
	{"another Accept", B(A "\x61\x3c")},
	{"another If-Match", B("\x18"
			       "12345678\x50\x51"
			       "a")},
};

static void
not_registered(void **state)
{
	const struct plain_row *r = *state;
	struct heard h;

	begin();
	h = get('a', r->rest);
	assert_false(h.observed);
	assert_int_equal(gw_relations(), 0);
}

static void
not_registered_with_what_takes_its_time(void **state)
{
	(void)state;
	begin();
	gw_say(&gw.flow, coap(T_NON, TG_GET, ++next_mid, BYTES_OF("\x60\x54late")));
	gw_later_ms(1010);
	gw_turn();
	gw_hear(&gw.flow, coap(T_NON, TG_CONTENT, next_mid,
				  gw_content(TG_CF_TEXT, UINT32_MAX, BYTES_OF("slow"))));
	assert_int_equal(gw_relations(), 0);
}

/* Not even if a reload has it answer at once meanwhile. */
static void
not_registered_with_what_took_its_time(void **state)
{
	struct heard h;

	(void)state;
	begin();
	gw_say(&gw.flow, coap(T_CON, TG_GET, ++next_mid, BYTES_OF("\x60\x54late")));
	served[3].delay_ms = 0;
	reload();
	gw_later_ms(1010);
	gw_turn();
	hear(&h);
	if (h.msg.code == 0) /* an empty ACK goes ahead */
		hear(&h);
	assert_false(h.observed);
	assert_int_equal(gw_relations(), 0);
	if (h.msg.type == TG_CON)
		gw_say(&gw.flow, coap(T_ACK, 0, h.msg.mid, (struct bytes){0}));
}

static void
ended_by_observe_1(void **state)
{
	(void)state;
	begin();
	observe('a', BYTES_OF(A));
	observe('b', BYTES_OF(A));
	get('a', BYTES_OF("\x61\x01\x51"
			  "a"));
	gw_counted(DP_C_observers_cancelled, 1);
	change_text();
	reload();
	hear_note('b', TG_CONTENT, 0);
	gw_expect_silence();
}

static void
ended_by_rst(void **state)
{
	(void)state;
	begin();
	observe('a', BYTES_OF(A));
	change_text();
	reload();
	hear_note('a', TG_CONTENT, T_RST);
	gw_counted(DP_C_observers_reset, 1);
	assert_int_equal(gw_relations(), 0);
}

static void
as_many_as_an_endpoint_may_have(void **state)
{
	struct heard h;

	(void)state;
	begin();
	for (char token = 'a'; token < 'a' + 4; token++)
		observe(token, BYTES_OF(A));
	h = get('e', BYTES_OF(A));
	assert_int_equal(h.msg.code, TG_CONTENT);
	assert_false(h.observed);
	gw_counted(DP_C_observers_per_peer, 1);
}

/* ---- stored values ---- */

static void
ended_with_its_route(void **state)
{
	struct heard h;

	(void)state;
	begin();
	gw_say(&gw.flow, coap(T_CON, TG_PUT, ++next_mid,
				 BYTES_OF("\xb1"
					  "d\x04"
					  "dev?\x01v\xffone")));
	hear(&h);
	gw_say(&gw.flow, coap(T_CON, TG_GET, ++next_mid,
				 BYTES_OF("\x60\x51"
					  "d\x04"
					  "dev?\x01v")));
	hear(&h);
	assert_true(h.observed);
	served[4].path = "/e/{device}/{resource*}";
	reload();
	hear(&h);
	assert_int_equal(h.msg.code, TG_NOT_FOUND);
	gw_say(&gw.flow, coap(T_ACK, 0, h.msg.mid, (struct bytes){0}));
	assert_int_equal(gw_relations(), 0);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(plain_rows) + 12] = {
		cmocka_unit_test(told_of_its_format),
		cmocka_unit_test(told_of_both_formats),
		cmocka_unit_test(as_often_as_may_be),
		cmocka_unit_test(list_of_resources),
		cmocka_unit_test(in_blocks),
		cmocka_unit_test(registered_with_a_valid_etag),
		cmocka_unit_test(not_registered_with_what_takes_its_time),
		cmocka_unit_test(not_registered_with_what_took_its_time),
		cmocka_unit_test(ended_by_observe_1),
		cmocka_unit_test(ended_by_rst),
		cmocka_unit_test(as_many_as_an_endpoint_may_have),
		cmocka_unit_test(ended_with_its_route),
	};
	size_t n = 12;

	ADD_ROWS(tests, &n, rows, told_by_a_reload);
	ADD_ROWS(tests, &n, plain_rows, not_registered);
	return gw_main("dp_observe_static", settings, COUNT(settings), tests, n);
}
