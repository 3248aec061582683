/* Block1: bodies that come in blocks (RFC 7959, 2.5). */
#include "tests/dp_bodies.h"

#include <rte_cycles.h>

/* ---- one body ---- */

struct step {
	uint32_t block1;
	uint16_t len;
	uint8_t code; /* 0: no more steps */
};

static const struct row {
	const char *name;
	uint32_t stored; /* bytes in the end */
	struct step step[6];
} rows[] = {
	{"one block", 7, {{0, 7, TG_CREATED}}},
	{"an empty body", 0, {{MORE, 0, TG_BAD_REQUEST}}},
	{"two blocks", 21, {{MORE, 16, TG_CONTINUE}, {1 << 4, 5, TG_CREATED}}},
	{"the last is as long as the others", 32,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 16, TG_CREATED}}},
	{"the last is empty", 16, {{MORE, 16, TG_CONTINUE}, {1 << 4, 0, TG_CREATED}}},
	{"blocks of 1,024", 1500,
		{{MORE | 6, 1024, TG_CONTINUE}, {1 << 4 | 6, 476, TG_CREATED}}},
	{"as long as may be", LIMIT,
		{{MORE | 6, 1024, TG_CONTINUE}, {1 << 4 | 6, 976, TG_CREATED}}},
	{"a byte too long", 0,
		{{MORE | 6, 1024, TG_CONTINUE}, {1 << 4 | 6, 977, TG_TOO_LARGE},
			{1 << 4 | 6, 976, TG_REQUEST_INCOMPLETE}}},
	{"a hole", 0,
		{{MORE, 16, TG_CONTINUE}, {2 << 4 | MORE, 16, TG_REQUEST_INCOMPLETE}}},
	{"a hole does not spoil it", 20,
		{{MORE, 16, TG_CONTINUE}, {2 << 4, 3, TG_REQUEST_INCOMPLETE},
			{1 << 4, 4, TG_CREATED}}},
	{"it begins in the middle", 0, {{1 << 4, 5, TG_REQUEST_INCOMPLETE}}},
	{"a block again", 35,
		{{MORE, 16, TG_CONTINUE}, {1 << 4 | MORE, 16, TG_CONTINUE},
			{1 << 4 | MORE, 16, TG_CONTINUE}, {2 << 4, 3, TG_CREATED}}},
	{"all over again", 20,
		{{MORE, 16, TG_CONTINUE}, {1 << 4 | MORE, 16, TG_CONTINUE},
			{MORE, 16, TG_CONTINUE}, {1 << 4, 4, TG_CREATED}}},
	{"a block too short", 0, {{MORE | 1, 31, TG_BAD_REQUEST}}},
	{"a block too long", 0, {{MORE, 17, TG_BAD_REQUEST}}},
	{"the last too long", 0, {{MORE, 16, TG_CONTINUE}, {1 << 4, 17, TG_BAD_REQUEST}}},
	{"the second too short", 19,
		{{MORE, 16, TG_CONTINUE}, {1 << 4 | MORE, 15, TG_BAD_REQUEST},
			{1 << 4, 3, TG_CREATED}}},
	{"past the end", 20,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 4, TG_CREATED},
			{2 << 4 | MORE, 16, TG_BAD_REQUEST}}},
	{"the last again, when all is done", 20,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 4, TG_CREATED},
			{1 << 4, 4, TG_CREATED}, {1 << 4, 4, TG_CREATED}}},
	{"an empty last again, when all is done", 16,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 0, TG_CREATED},
			{1 << 4, 0, TG_CREATED}}},
	{"another last one, when all is done", 20,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 4, TG_CREATED},
			{1 << 4, 5, TG_REQUEST_INCOMPLETE}, {1 << 4, 4, TG_CREATED}}},
	{"more behind the last, when all is done", 32,
		{{MORE, 16, TG_CONTINUE}, {1 << 4, 16, TG_CREATED},
			{1 << 4 | MORE, 16, TG_REQUEST_INCOMPLETE}}},
	{"one before the last, when all is done", 35,
		{{MORE, 16, TG_CONTINUE}, {1 << 4 | MORE, 16, TG_CONTINUE},
			{2 << 4, 3, TG_CREATED},
			{1 << 4 | MORE, 16, TG_REQUEST_INCOMPLETE}}},
	{"smaller blocks from the second on", 49,
		{{MORE | 1, 32, TG_CONTINUE}, {2 << 4 | MORE, 16, TG_CONTINUE},
			{3 << 4, 1, TG_CREATED}}},
	{"a reserved size", 0, {{MORE | 7, 16, TG_BAD_REQUEST}}},
	{"the last number there is", 0, {{0xfffff0 | MORE, 16, TG_REQUEST_INCOMPLETE}}},
};

static void
body(void **state)
{
	const struct row *r = *state;

	gw_reopen(with_bodies);
	for (unsigned i = 0; i < COUNT(r->step) && r->step[i].code != 0; i++)
		put(&gw.flow, (uint16_t)i, r->step[i].block1, r->step[i].len,
			r->step[i].code);
	expect_stored("/d/dev%c/v", r->stored);
	assert_true(gw_books_close());
}

/* ---- between the blocks ---- */

static void
old_value_until_the_last(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, 0, 10, TG_CREATED);
	put(&gw.flow, 2, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 3, 1 << 4 | MORE, 16, TG_CONTINUE);
	expect_stored("/d/dev%c/v", 10);
	put(&gw.flow, 4, 2 << 4, 1, TG_CHANGED);
	expect_stored("/d/dev%c/v", 33);
}

static void
duplicates(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 2, 1 << 4 | MORE, 16, TG_CONTINUE);
	gw_mark();
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	gw_counted(DP_C_dup_replayed, 1);
	put(&gw.flow, 3, 2 << 4, 1, TG_CREATED); /* it did not begin anew */
	put(&gw.flow, 3, 2 << 4, 1, TG_CREATED);
	gw_counted(DP_C_dup_replayed, 2);
	gw_counted(DP_C_executed, 1);
	expect_stored("/d/dev%c/v", 33);
}

static void
two_endpoints(void **state)
{
	struct flow other;

	(void)state;
	gw_reopen(with_bodies);
	other = gw.flow;
	other.src[gw.flow.v6 ? 15 : 3]++;
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&other, 1, 1 << 4, 5, TG_REQUEST_INCOMPLETE);
	put(&other, 2, MORE | 1, 32, TG_CONTINUE);
	put(&gw.flow, 3, 1 << 4, 5, TG_CREATED);
	expect_stored("/d/dev%c/v", 21);
	put(&other, 4, 1 << 4 | 1, 1, TG_CHANGED);
	expect_stored("/d/dev%c/v", 33);
}

static const struct other_row {
	const char *name;
	uint8_t method;
	struct say say;
} other_rows[] = {
	{"another method", TG_POST, {B(VALUE), 1 << 4, 5, {0}, 0}},
	{"another path", TG_PUT, {B(VALUE "\x01v"), 1 << 4, 5, {0}, 0}},
	{"another query", TG_PUT, {B(VALUE "\x41?"), 1 << 4, 5, {0}, 15}},
	{"another host", TG_PUT,
		{B("\x31h\x81"
		   "d\x04"
		   "dev?\x01v"),
			1 << 4, 5, {0}, 0}},
	{"another port", TG_PUT,
		{B("\x71\x50\x41"
		   "d\x04"
		   "dev?\x01v"),
			1 << 4, 5, {0}, 0}},
	{"a Request-Tag", TG_PUT, {B(VALUE), 1 << 4, 5, B("\xd1\xfcx"), 0}},
	{"an empty Request-Tag", TG_PUT, {B(VALUE), 1 << 4, 5, B("\xd0\xfc"), 0}},
};

/* Its blocks do not go with those of PUT /d/dev?/v, and do not spoil them. */
static void
another_body(void **state)
{
	const struct other_row *r = *state;

	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	say(&gw.flow, r->method, 2, &r->say);
	hear_error(&gw.flow, TG_REQUEST_INCOMPLETE, 2, none);
	put(&gw.flow, 3, 1 << 4, 5, TG_CREATED);
	expect_stored("/d/dev%c/v", 21);
}

/* Two bodies for one resource, told apart by the whole list of their tags. */
static void
lists_of_tags(void **state)
{
	static const struct bytes tag[] = {
		{0}, B("\xd0\xfc"), B("\xd0\xfc\x00"), B("\xd1\xfcx")};
	struct say s = {.path = value};

	(void)state;
	gw_reopen(all_coming);
	for (unsigned i = 0; i < COUNT(tag); i++) {
		s.block1 = MORE;
		s.len = 16;
		s.more = tag[i];
		say(&gw.flow, TG_PUT, (uint16_t)i, &s);
		hear(&gw.flow, TG_CONTINUE, (uint16_t)i, MORE);
	}
	for (unsigned i = 0; i < COUNT(tag); i++) {
		s.block1 = 1 << 4;
		s.len = (uint16_t)(i + 1);
		s.more = tag[i];
		say(&gw.flow, TG_PUT, (uint16_t)(10 + i), &s);
		hear(&gw.flow, i == 0 ? TG_CREATED : TG_CHANGED, (uint16_t)(10 + i),
			1 << 4);
		expect_stored("/d/dev%c/v", 17 + i);
	}
}

/* A tag over eight bytes is ill-sized, and elective: as if it were not there. */
static void
tag_too_long(void **state)
{
	struct say s = {.path = value,
		.block1 = MORE,
		.len = 16,
		.more = B("\xd9\xfc"
			  "123456789")};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_PUT, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	put(&gw.flow, 2, 1 << 4, 5, TG_CREATED);
}

/* ---- refused at once ---- */

/* RFC 7959, 2.3: blocks of different Content-Formats are no body; the others are. */
static void
formats_do_not_mix(void **state)
{
	static const struct bytes json = B(VALUE "\x11\x32"), text = B(VALUE "\x10");
	const struct say first = {json, MORE, 16, none, 12},
			 second[] = {{text, 1 << 4, 5, none, 12},
				 {value, 1 << 4, 5, none, 0},
				 {json, 1 << 4, 5, none, 12}};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_PUT, 1, &first);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	for (uint16_t i = 0; i < 2; i++) {
		say(&gw.flow, TG_PUT, 2 + i, &second[i]);
		hear_error(&gw.flow, TG_REQUEST_INCOMPLETE, 2 + i, none);
	}
	say(&gw.flow, TG_PUT, 4, &second[2]);
	hear(&gw.flow, TG_CREATED, 4, 1 << 4);
	expect_stored("/d/dev%c/v", 21);
}

static void
size1_says_too_large(void **state)
{
	struct say s = {.path = value, .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	s.more = BYTES_OF("\xd2\x14\x07\xd1"); /* 2,001 */
	say(&gw.flow, TG_PUT, 1, &s);
	hear_error(&gw.flow, TG_TOO_LARGE, 1, BYTES_OF("\xd2\x2f\x07\xd0"));
	s.more = BYTES_OF("\xd2\x14\x07\xd0");
	say(&gw.flow, TG_PUT, 2, &s);
	hear(&gw.flow, TG_CONTINUE, 2, MORE);
}

static void
conditions_at_both_ends(void **state)
{
	static const struct bytes if_none_match = B("\x50\x61"
						    "d\x04"
						    "dev?\x01v");
	struct say s = {.path = if_none_match, .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_PUT, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	put(&gw.flow, 2, 0, 10, TG_CREATED); /* begins anew, and is done */
	say(&gw.flow, TG_PUT, 3, &s);
	hear_error(&gw.flow, TG_PRECONDITION_FAILED, 3, none);
	expect_stored("/d/dev%c/v", 10);
}

static void
condition_fails_at_the_end(void **state)
{
	static const struct bytes if_none_match = B("\x50\x61"
						    "d\x04"
						    "dev?\x01v");
	struct say s = {.path = if_none_match, .block1 = MORE, .len = 16};
	struct flow other;

	(void)state;
	gw_reopen(with_bodies);
	other = gw.flow;
	other.src[gw.flow.v6 ? 15 : 3]++;
	say(&gw.flow, TG_PUT, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	put(&other, 1, 0, 10, TG_CREATED);
	s.block1 = 1 << 4;
	s.len = 2;
	say(&gw.flow, TG_PUT, 2, &s);
	for (uint16_t mid = 2; mid < 4; mid++) {
		hear_error(&gw.flow, TG_PRECONDITION_FAILED, mid, none);
		say(&gw.flow, TG_PUT, mid + 1, &s);
	}
	hear_error(&gw.flow, TG_PRECONDITION_FAILED, 4, none);
	expect_stored("/d/dev%c/v", 10);
}

/* ---- the last block, in an exchange of its own ---- */

/* What it asked for was done when it came first. */
static void
last_again_writes_nothing(void **state)
{
	struct flow other;

	(void)state;
	gw_reopen(with_bodies);
	other = gw.flow;
	other.src[gw.flow.v6 ? 15 : 3]++;
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 2, 1 << 4, 5, TG_CREATED);
	put(&other, 1, 0, 10, TG_CHANGED);
	put(&gw.flow, 3, 1 << 4, 5, TG_CREATED);
	expect_stored("/d/dev%c/v", 10);
}

static void
last_with_other_bytes(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 2, 1 << 4, 2, TG_CREATED);
	gw_ask(coap(T_CON, TG_PUT, 3,
		       BYTES_OF(VALUE "\xd1\x03\x10\xff"
				      "bc")),
		coap(T_ACK, TG_REQUEST_INCOMPLETE, 3, none));
	expect_stored("/d/dev%c/v", 18);
}

static void
last_in_another_format(void **state)
{
	struct say s = {BYTES_OF(VALUE "\x11\x32"), 1 << 4, 2, none, 12};

	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 2, 1 << 4, 2, TG_CREATED);
	say(&gw.flow, TG_PUT, 3, &s);
	hear_error(&gw.flow, TG_REQUEST_INCOMPLETE, 3, none);
}

static void
last_when_it_is_forgotten(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	put(&gw.flow, 2, 1 << 4, 2, TG_CREATED);
	gw_later(247);
	rte_delay_us_block(2000); /* a tick */
	gw_turn();
	put(&gw.flow, 3, 1 << 4, 2, TG_REQUEST_INCOMPLETE);
}

/* ---- room ---- */

static void
so_many_for_one(void **state)
{
	uint8_t path[] = VALUE;
	struct say s = {.path = {path, sizeof(path) - 1}, .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	for (uint16_t i = 0; i < 3; i++) {
		path[8] = (uint8_t)('a' + i);
		say(&gw.flow, TG_PUT, i, &s);
		hear(&gw.flow, TG_CONTINUE, i, MORE);
	}
	path[8] = 'z';
	say(&gw.flow, TG_PUT, 7, &s);
	hear_error(&gw.flow, TG_UNAVAILABLE, 7, BYTES_OF(MAX_AGE_5));
	gw_counted(DP_C_transfers_full, 1);
}

static void
over_after_a_time(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE, 16, TG_CONTINUE);
	gw_later(247);
	rte_delay_us_block(2000); /* a tick */
	gw_turn();
	gw_counted(DP_C_transfers_expired, 1);
	put(&gw.flow, 2, 1 << 4, 5, TG_REQUEST_INCOMPLETE);
}

static void
shorter_bodies(struct dp_settings *s)
{
	static struct dp_route_spec shorter[COUNT(routes)];

	memcpy(shorter, routes, sizeof(shorter));
	for (unsigned i = 0; i < COUNT(routes); i++)
		shorter[i].max_body = 1500;
	s->routes = shorter;
}

/* What a reload forbids while a body is on its way is forbidden, and nothing is written.
 */
static void
limit_lowered_on_the_way(void **state)
{
	(void)state;
	gw_reopen(with_bodies);
	put(&gw.flow, 1, MORE | 6, 1024, TG_CONTINUE);
	gw_publish(shorter_bodies);
	say(&gw.flow, TG_PUT, 2,
		&(struct say){.path = value, .block1 = 1 << 4 | 6, .len = 477});
	hear_error(&gw.flow, TG_TOO_LARGE, 2, BYTES_OF("\xd2\x2f\x05\xdc"));
	expect_stored("/d/dev%c/v", 0);
	put(&gw.flow, 3, MORE | 6, 1024, TG_CONTINUE);
	put(&gw.flow, 4, 1 << 4 | 6, 476, TG_CREATED);
	expect_stored("/d/dev%c/v", 1500);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(other_rows) + 16] = {
		cmocka_unit_test(old_value_until_the_last),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(two_endpoints),
		cmocka_unit_test(lists_of_tags),
		cmocka_unit_test(tag_too_long),
		cmocka_unit_test(formats_do_not_mix),
		cmocka_unit_test(size1_says_too_large),
		cmocka_unit_test(conditions_at_both_ends),
		cmocka_unit_test(condition_fails_at_the_end),
		cmocka_unit_test(last_again_writes_nothing),
		cmocka_unit_test(last_with_other_bytes),
		cmocka_unit_test(last_in_another_format),
		cmocka_unit_test(last_when_it_is_forgotten),
		cmocka_unit_test(so_many_for_one),
		cmocka_unit_test(over_after_a_time),
		cmocka_unit_test(limit_lowered_on_the_way),
	};
	size_t n = 16;

	ADD_ROWS(tests, &n, rows, body);
	ADD_ROWS(tests, &n, other_rows, another_body);
	return gw_main("dp_block1", gw_settings, COUNT(gw_settings), tests, n);
}
