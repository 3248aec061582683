/* Block1: bodies that come in blocks (RFC 7959, 2.5), and what is answered in both
 * directions at once. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <rte_cycles.h>
#include <stdio.h>

#define VALUE                                                                            \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define LOGGED                                                                           \
	"\xb1"                                                                           \
	"l\x04"                                                                          \
	"dev?\x01v"
#define STREAM                                                                           \
	"\xb1"                                                                           \
	"t\x04"                                                                          \
	"dev?"
#define UPPER                                                                            \
	"\xb2"                                                                           \
	"up"

#define LIMIT 2000
#define MAX_AGE_5 "\xd1\x01\x05"

static const struct dp_route_spec routes[] = {
	{.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/l/{device}/{resource*}",
		.kind = DP_K_STORE,
		.ack = DP_ACK_LOGGED,
		.stream = "values",
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/t/{device}",
		.kind = DP_K_STREAM,
		.ack = DP_ACK_LOGGED,
		.stream = "telemetry",
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/up",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/c",
		.kind = DP_K_CREATE,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/c/{number}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX},
	{.path = "/test",
		.kind = DP_K_STATIC,
		.content_format = DP_NO_FORMAT,
		.max_age = UINT32_MAX,
		.max_payload = 8,
		.max_body = 40,
		.answer_put = TG_CHANGED,
		.answer_post = TG_CREATED,
		.location = "/a/bc"},
};

static void
with_bodies(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->store_bytes = 1 << 20;
	cfg->transfers_max = 4;
	cfg->transfers_bytes = LIMIT;
	cfg->transfers_per_peer = 3;
	s->routes = routes;
	s->n_routes = COUNT(routes);
}

static void
all_coming(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_max = 8;
	cfg->transfers_per_peer = 4;
}

/* ---- messages ---- */

/* Byte @at of every body. */
static uint8_t
byte_at(uint32_t at)
{
	return (uint8_t)('a' + at / 16 % 26);
}

/* Value of a block option, as it stands behind @delta in up to three bytes. */
static size_t
write_block(uint8_t *to, unsigned delta, uint32_t value)
{
	unsigned len = value == 0 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : 3;
	size_t n = 0;

	to[n++] = (uint8_t)((delta < 13 ? delta : 13) << 4 | len);
	if (delta >= 13)
		to[n++] = (uint8_t)(delta - 13);
	while (len-- > 0)
		to[n++] = (uint8_t)(value >> 8 * len);
	return n;
}

/* Path, Block1, what else there is, and @len bytes of the body. */
struct say {
	struct bytes path;
	uint32_t block1;
	uint16_t len;
	struct bytes more; /* behind Block1 */
	unsigned last;     /* number of the path's last option; 0: Uri-Path's */
};

static struct bytes
rest_of(const struct say *s, uint8_t rest[FRAME_MAX])
{
	uint32_t from = (s->block1 >> 4) << ((s->block1 & 7) + 4);
	size_t n = s->path.len;

	memcpy(rest, s->path.at, n);
	n += write_block(rest + n, 27 - (s->last > 0 ? s->last : 11), s->block1);
	if (s->more.len > 0)
		memcpy(rest + n, s->more.at, s->more.len);
	n += s->more.len;
	if (s->len > 0)
		rest[n++] = 0xff;
	for (uint32_t i = 0; i < s->len; i++)
		rest[n++] = byte_at(from + i);
	return (struct bytes){rest, n};
}

static void
say(const struct flow *w, uint8_t method, uint16_t mid, const struct say *s)
{
	uint8_t rest[FRAME_MAX];

	gw_say(w, coap(T_CON, method, mid, rest_of(s, rest)));
}

/* The answer is a code and the request's Block1. */
static void
hear(const struct flow *w, uint8_t code, uint16_t mid, uint32_t block1)
{
	uint8_t with[8];
	size_t n = write_block(with, 27, block1);

	gw_hear(w, coap(T_ACK, code, mid, (struct bytes){with, n}));
	gw_expect_silence();
}

static void
hear_error(const struct flow *w, uint8_t code, uint16_t mid, struct bytes with)
{
	gw_hear(w, coap(T_ACK, code, mid, with));
	gw_expect_silence();
}

static const struct bytes none = {0}, value = B(VALUE);

static void
put(const struct flow *w, uint16_t mid, uint32_t block1, uint16_t len, uint8_t code)
{
	say(w, TG_PUT, mid, &(struct say){.path = value, .block1 = block1, .len = len});
	if (code < TG_BAD_REQUEST)
		hear(w, code, mid, block1);
	else
		hear_error(w, code, mid,
			code == TG_UNAVAILABLE ? BYTES_OF(MAX_AGE_5)
			: code == TG_TOO_LARGE ? BYTES_OF("\xd2\x2f\x07\xd0")
					       : none);
}

static void
expect_stored(const char *format, uint32_t len)
{
	struct dp_value v;
	char path[32];

	snprintf(path, sizeof(path), format, gw.digit);
	assert_int_equal(dp_value_get(gw.dp, path, &v), len > 0);
	if (len == 0)
		return;
	assert_int_equal(v.len, len);
	for (uint32_t from = 0; from < len; from += v.n) {
		assert_true(dp_value_get_from(gw.dp, path, from, &v));
		for (uint32_t i = 0; i < v.n; i++)
			assert_int_equal(v.payload[i], byte_at(from + i));
	}
}

/* ---- one body ---- */

#define MORE 8

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
	hear_error(&gw.flow, TG_PRECONDITION_FAILED, 2, none);
	expect_stored("/d/dev%c/v", 10);
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

/* ---- where a body goes ---- */

static void
commit_and_hear(uint16_t mid, uint8_t code, uint32_t block1)
{
	gw_expect_silence();
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	hear(&gw.flow, code, mid, block1);
}

static void
to_a_stream(void **state)
{
	static const struct bytes stream = B(STREAM);
	struct say s = {.path = stream, .block1 = MORE | 6, .len = 1024};
	const struct dp_record *r;

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 6);
	assert_int_equal(gw_log_read(), 0);
	s.block1 = 1 << 4 | 6;
	s.len = 500;
	say(&gw.flow, TG_POST, 2, &s);
	commit_and_hear(2, TG_CHANGED, 1 << 4 | 6);
	r = &gw.record[0].r;
	assert_int_equal(r->payload_len, 1524);
	for (uint32_t i = 0; i < r->payload_len; i++)
		assert_int_equal(r->payload[i], byte_at(i));
	say(&gw.flow, TG_POST, 2, &s);
	hear(&gw.flow, TG_CHANGED, 2, 1 << 4 | 6);
	assert_int_equal(gw_log_read(), 0);
}

static void
to_a_logged_value(void **state)
{
	static const struct bytes logged = B(LOGGED);
	struct say s = {.path = logged, .block1 = MORE | 6, .len = 1024};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_PUT, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 6);
	s.block1 = 1 << 4 | 6;
	s.len = 1;
	say(&gw.flow, TG_PUT, 2, &s);
	commit_and_hear(2, TG_CREATED, 1 << 4 | 6);
	assert_int_equal(gw.record[0].r.payload_len, 1025);
	expect_stored("/l/dev%c/v", 1025);
	assert_true(gw_books_close());
}

static void
log_fails(void **state)
{
	static const struct bytes stream = B(STREAM);
	struct say s = {.path = stream, .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	s.block1 = 1 << 4;
	say(&gw.flow, TG_POST, 2, &s);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(-ENOSPC);
	hear_error(&gw.flow, TG_UNAVAILABLE, 2, BYTES_OF(MAX_AGE_5));
	say(&gw.flow, TG_POST, 2, &s); /* the last block alone, again */
	commit_and_hear(2, TG_CHANGED, 1 << 4);
	assert_int_equal(gw.record[1].r.payload_len, 32);
}

static void
to_static_content(void **state)
{
	struct say s = {.path = BYTES_OF("\xb4test"), .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	s.block1 = 1 << 4;
	s.len = 4;
	for (unsigned i = 0; i < 2; i++) { /* the second is a duplicate */
		say(&gw.flow, TG_POST, 2, &s);
		gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 2,
					  BYTES_OF("\x81"
						   "a\x02"
						   "bc\xd1\x06\x10")));
	}
}

/* Each POST makes a value of its own, which can be read and deleted. */
static void
creates(void **state)
{
	struct say s = {.path = BYTES_OF("\xb1"
					 "c"),
		.block1 = MORE,
		.len = 16};
	struct dp_value v;
	char path[16];

	(void)state;
	gw_reopen(with_bodies);
	for (uint16_t mid = 0; mid < 6; mid += 2) {
		struct frame f;
		const uint8_t *m =
			f.byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP; /* the message */

		s.block1 = MORE;
		s.len = 16;
		say(&gw.flow, TG_POST, mid, &s);
		hear(&gw.flow, TG_CONTINUE, mid, MORE);
		s.block1 = 1 << 4;
		s.len = (uint16_t)(1 + mid);
		say(&gw.flow, TG_POST, mid + 1, &s);
		assert_true(gw_take(&f));
		assert_int_equal(m[1], TG_CREATED);
		assert_memory_equal(m + 4,
			"\x81"
			"c\x01",
			3);
		snprintf(path, sizeof(path), "/c/%c", m[7]);
		assert_memory_equal(m + 8, "\xd1\x06\x10", 3);
		assert_true(dp_value_get(gw.dp, path, &v));
		assert_int_equal(v.len, 17 + mid);
		gw_ask(coap(T_CON, TG_DELETE, 100 + mid,
			       (struct bytes){(uint8_t[]){0xb1, 'c', 1, m[7]}, 4}),
			coap(T_ACK, TG_DELETED, 100 + mid, none));
		assert_false(dp_value_get(gw.dp, path, &v));
	}
}

/* ---- both ways ---- */

static const struct both_row {
	const char *name;
	struct bytes rest;
	uint8_t code;
	struct bytes with;
} both_rows[] = {
	{"upper case",
		B(UPPER "\x10\xff"
			"all in one: \xc3\xa4 1"),
		TG_CHANGED,
		B("\xc0\xff"
		  "ALL IN ONE: \xc3\xa4 1")},
	{"upper case of nothing", B(UPPER), TG_CHANGED, B("\xc0")},
	{"upper case by 16",
		B(UPPER "\xc0\xff"
			"abcdefghijklmnopqrst"),
		TG_CHANGED,
		B("\xc0\xb1\x08\x51\x14\xff"
		  "ABCDEFGHIJKLMNOP")},
	{"a block of what is not kept", B(UPPER "\xc1\x10"), TG_REQUEST_INCOMPLETE, {0}},
};

static void
upper_case(void **state)
{
	const struct both_row *r = *state;

	gw_reopen(with_bodies);
	gw_ask(coap(T_CON, TG_POST, 1, r->rest), coap(T_ACK, r->code, 1, r->with));
}

/* The answer to the last block has both options; the other blocks are asked for by
 * Block2 alone. */
static void
response_is_kept(void **state)
{
	struct say s = {.path = BYTES_OF(UPPER), .block1 = MORE | 1, .len = 32};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 1);
	for (unsigned i = 0; i < 2; i++) /* the second is a duplicate */
		gw_ask(coap(T_CON, TG_POST, 2,
			       BYTES_OF(UPPER "\xc0\x41\x20\xff"
					      "ccccc")),
			coap(T_ACK, TG_CHANGED, 2,
				BYTES_OF("\xc0\xb1\x08\x41\x20\x11\x25\xff"
					 "AAAAAAAAAAAAAAAA")));
	gw_ask(coap(T_CON, TG_POST, 3, BYTES_OF(UPPER "\xc1\x10")),
		coap(T_ACK, TG_CHANGED, 3,
			BYTES_OF("\xc0\xb1\x18\xff"
				 "BBBBBBBBBBBBBBBB")));
	gw_ask(coap(T_CON, TG_POST, 4, BYTES_OF(UPPER "\xc1\x20")),
		coap(T_ACK, TG_CHANGED, 4,
			BYTES_OF("\xc0\xb1\x20\xff"
				 "CCCCC")));
	gw_ask(coap(T_CON, TG_POST, 5, BYTES_OF(UPPER "\xc1\x30")),
		coap(T_ACK, TG_BAD_REQUEST, 5, none));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
	{"IPv4, two workers, all at one", 2, false, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(other_rows) + COUNT(both_rows) + 16] = {0};
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(old_value_until_the_last),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(two_endpoints),
		cmocka_unit_test(lists_of_tags),
		cmocka_unit_test(tag_too_long),
		cmocka_unit_test(size1_says_too_large),
		cmocka_unit_test(conditions_at_both_ends),
		cmocka_unit_test(condition_fails_at_the_end),
		cmocka_unit_test(so_many_for_one),
		cmocka_unit_test(over_after_a_time),
		cmocka_unit_test(to_a_stream),
		cmocka_unit_test(to_a_logged_value),
		cmocka_unit_test(log_fails),
		cmocka_unit_test(to_static_content),
		cmocka_unit_test(creates),
		cmocka_unit_test(response_is_kept),
	};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, body);
	ADD_ROWS(tests, &n, other_rows, another_body);
	ADD_ROWS(tests, &n, both_rows, upper_case);
	for (size_t i = 0; i < COUNT(plain); i++)
		tests[n++] = plain[i];
	return gw_main("dp_block1", settings, COUNT(settings), tests, n);
}
