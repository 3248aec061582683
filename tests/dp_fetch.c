/* FETCH of more than a message: parts that go out in blocks, and pointers that come so.
 */
#include "tests/dp_parts.h"

/* Each block comes with the pointer, and is made anew. */
static void
fetch_in_blocks(void **state)
{
	static const struct {
		const char *pointer;
		size_t from, drop; /* of the document */
	} parts[] = {{"", 0, 0}, {"/long", 8, 7}};
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, NULL, 0};
	struct answer a;
	size_t len;

	(void)state;
	gw_reopen(with_bodies);
	len = document(text, 9000, ",\"a\":1}");
	store('d', text, len);
	for (unsigned i = 0; i < COUNT(parts); i++) {
		q.payload = parts[i].pointer;
		q.len = strlen(parts[i].pointer);
		q.block2 = -1;
		ask((uint16_t)(100 * i), &q, TG_CONTENT, &a);
		assert_int_equal(a.len, DP_VALUE_MAX);
		download((uint16_t)(100 * i + 1), &q, &a, text + parts[i].from,
			len - parts[i].from - parts[i].drop);
		assert_int_equal(a.max_age, MAX_AGE);
	}
	q.block2 = 100 << 4 | 6;
	ask(500, &q, TG_BAD_REQUEST, &a);
}

/* Or it comes once, as libcoap's clients have it; what asks for the next block has
 * nothing that a Content-Format would be of. */
static void
fetch_once_in_blocks(void **state)
{
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, 3, -1, "/long", 5}, next = q;
	struct answer a;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		gw_reopen(with_bodies);
		q.route = next.route = "ds"[i];
		len = document(text, 3000, ",\"a\":1}");
		store(q.route, text, len);
		ask(1, &q, TG_CONTENT, &a);
		store(q.route, "{}", 2);
		next.format = i == 0 ? TG_CF_TEXT : DP_NO_FORMAT;
		next.payload = NULL;
		next.len = 0;
		download(2, &next, &a, text + 8, len - 15);
	}
	q.payload = NULL;
	q.len = 0; /* of the value as it is now there is one block, and nothing to keep */
	ask(100, &q, TG_CONTENT, &a);
	assert_int_equal(a.len, 2);
	q.block2 = 1 << 4 | 3; /* what was kept before is there */
	ask(101, &q, TG_CONTENT, &a);
	assert_int_equal(a.len, 128);
	assert_memory_equal(a.payload, text + 8 + 128, 128);
}

static void
one_transfer(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_max = 1;
}

/* What cannot be kept is not begun; what fits a message needs no room. */
static void
no_room_for_a_part(void **state)
{
	struct ask put = {TG_PUT, 'd', TG_CF_JSON, -1, 8, "0123456789abcdef", 16};
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/long", 5};
	struct answer a;

	(void)state;
	gw_reopen(one_transfer);
	store('d', text, document(text, 1100, ",\"a\":1}"));
	for (uint16_t i = 0; i < 3; i++) /* none is lost by asking for little */
		ask(10 + i, &q, TG_CONTENT, &a);
	ask(1, &put, TG_CONTINUE, &a);
	ask(2, &q, TG_UNAVAILABLE, &a);
	q.payload = "/a";
	q.len = 2;
	ask(3, &q, TG_CONTENT, &a);
	gw_counted(DP_C_transfers_full, 1);
	put.block1 = 1 << 4;
	put.len = 1;
	ask(4, &put, TG_CHANGED, &a);
}

/* A pointer of @n bytes of name, in blocks of 64; its answer is in @a. */
static uint16_t
fetch_by_a_long_name(struct ask *q, size_t n, struct answer *a)
{
	size_t key = (size_t)sprintf(part, "/");
	uint16_t mid;

	key += quoted(part + key, n);
	part[1] = part[key - 1] = '_';
	*q = (struct ask){TG_FETCH, 'd', TG_CF_TEXT, 2, -1, part, key};
	mid = upload(1, q, 2);
	ask(mid, q, TG_CONTENT, a);
	assert_true(a->has_block1);
	q->payload = NULL;
	q->len = 0;
	q->block1 = -1;
	return (uint16_t)(mid + 1);
}

/* {"_abc_":"...."}, whose name is @n + 2 bytes long */
static size_t
named_document(size_t n, size_t value)
{
	size_t len = (size_t)sprintf(text, "{");

	len += quoted(text + len, n + 2);
	text[2] = text[len - 2] = '_';
	for (size_t i = 0; i < n; i++)
		text[3 + i] = (char)('a' + i / 7 % 26);
	len += (size_t)sprintf(text + len, ":");
	len += quoted(text + len, value);
	return len + (size_t)sprintf(text + len, "}");
}

/* Where the pointer came in blocks it does not come again: what is asked for by Block2
 * alone is what was answered, whatever has been written since. */
static void
fetch_both_ways(void **state)
{
	static const uint32_t formats[] = {DP_NO_FORMAT, TG_CF_TEXT};
	const char *value;
	struct answer a;
	struct ask q;
	uint16_t mid;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < COUNT(formats); i++) {
		gw_reopen(with_bodies);
		len = named_document(100, 300);
		store('d', text, len);
		value = strstr(text, ":") + 1;
		gw_later(5);
		mid = fetch_by_a_long_name(&q, 100, &a);
		store('d', "{}", 2);
		gw_later(10);
		q.format = formats[i];
		download(mid, &q, &a, value, 302);
		assert_int_equal(a.max_age, MAX_AGE - 15);
	}
	q.block2 = 5 << 4 | 2;
	ask(500, &q, TG_BAD_REQUEST, &a);
}

/* The whole of a value is asked for without a payload: that is no part of another. */
static void
another_fetch_comes_whole(void **state)
{
	struct answer a;
	struct ask q;
	size_t len;

	(void)state;
	gw_reopen(with_bodies);
	len = named_document(100, 2000);
	store('d', text, len);
	(void)fetch_by_a_long_name(&q, 100, &a);
	q.format = TG_CF_TEXT;
	q.block2 = -1;
	ask(400, &q, TG_CONTENT, &a);
	download(401, &q, &a, text, len);
}

static void
nothing_is_kept(void **state)
{
	struct ask q = {TG_FETCH, 'd', DP_NO_FORMAT, 1 << 4 | 2, -1, NULL, 0};
	struct answer a;

	(void)state;
	gw_reopen(with_bodies);
	store('d', text, document(text, 2000, "}"));
	ask(1, &q, TG_REQUEST_INCOMPLETE, &a);
	q.format = TG_CF_TEXT; /* nor is it the whole value's */
	ask(3, &q, TG_REQUEST_INCOMPLETE, &a);
	q.format = DP_NO_FORMAT;
	q.block2 = 2; /* it asks for no more of anything */
	ask(2, &q, TG_UNSUPPORTED_FORMAT, &a);
}

/* What is kept of somebody else's is not given up for an answer of one message. */
static void
little_takes_no_room(void **state)
{
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/long", 5}, little = q,
		   next = q;
	struct answer a, b;

	(void)state;
	gw_reopen(one_transfer);
	store('d', text, document(text, 1100, ",\"a\":1}"));
	store('s', text, strlen(text));
	ask(1, &q, TG_CONTENT, &a);
	little.route = 's';
	little.payload = "/a";
	little.len = 2;
	ask(2, &little, TG_CONTENT, &b);
	assert_int_equal(b.len, 1);
	next.payload = NULL;
	next.len = 0;
	download(3, &next, &a, text + 8, 1102);
}

/* ---- two at once, of one endpoint and one value ---- */

/* {"x":"..","y":".."}; where their strings are. */
static size_t
two_members(const char *value[2])
{
	size_t len = (size_t)sprintf(text, "{\"x\":");

	value[0] = text + len;
	len += quoted(text + len, 1100);
	memset(text + 6, 'X', 1100);
	len += (size_t)sprintf(text + len, ",\"y\":");
	value[1] = text + len;
	len += quoted(text + len, 1100);
	return len + (size_t)sprintf(text + len, "}");
}

static const struct at_once_row {
	const char *name;
	const char *second; /* the first is of /x */
	uint8_t answer;
} at_once_rows[] = {
	{"two parts at once", "/y", TG_UNAVAILABLE},
	{"a part twice at once", "/x", TG_CONTENT},
};

/* Nobody could tell whose next block is asked for: the second is to come again, and the
 * first is what there is of blocks. */
static void
fetch_two_at_once(void **state)
{
	const struct at_once_row *r = *state;
	struct ask first = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/x", 2};
	struct ask second = first, next = first;
	struct answer a, b;
	const char *value[2];
	size_t len;

	gw_reopen(with_bodies);
	len = two_members(value);
	store('d', text, len);
	second.payload = r->second;
	tell(1, &first);
	tell(2, &second);
	parse_all();
	hear_next(1, TG_CONTENT, &a);
	hear(2, r->answer, &b);
	next.payload = NULL;
	next.len = 0;
	download(3, &next, &a, value[0], 1102);
	ask(10, &second, TG_CONTENT, &b);
	next.block2 = -1;
	download(11, &next, &b, value[r->second[1] == 'y'], 1102);
}

/* The first one's pointer came in blocks: it is done before there is room for the
 * second. */
static void
fetch_while_another_is_answered(void **state)
{
	struct ask first = {TG_FETCH, 'd', TG_CF_TEXT, 6, 8, "/aaaaaaaaaaaaaaa", 16};
	struct ask second = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/y", 2}, next = second;
	char *value;
	struct answer a, b;
	size_t len;

	(void)state;
	gw_reopen(with_bodies);
	len = (size_t)sprintf(text, "{\"aaaaaaaaaaaaaaaa\":");
	value = text + len;
	len += quoted(value, 1100);
	memset(value + 1, 'X', 1100);
	len += (size_t)sprintf(text + len, ",\"y\":");
	len += quoted(text + len, 1100);
	len += (size_t)sprintf(text + len, "}");
	store('d', text, len);
	ask(1, &first, TG_CONTINUE, &a);
	first.block1 = 1 << 4;
	first.payload = "a";
	first.len = 1;
	tell(2, &first);
	tell(3, &second);
	parse_all();
	hear_next(2, TG_CONTENT, &a);
	hear(3, TG_UNAVAILABLE, &b);
	next.payload = NULL;
	next.len = 0;
	download(4, &next, &a, value, 1102);
}

static void
with_short_jobs(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_bytes = DP_VALUE_MAX;
}

/* It came when blocks.bytes was larger. */
static void
longer_than_a_job(void **state)
{
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/a", 2};
	struct answer a;

	(void)state;
	gw_reopen(with_short_jobs);
	store('d', text, document(text, 1008, ",\"a\":1}"));
	ask(1, &q, TG_TOO_LARGE, &a);
	store('d', text, document(text, 1007, ",\"a\":1}"));
	ask(2, &q, TG_CONTENT, &a);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(at_once_rows) + 9] = {
		cmocka_unit_test(fetch_in_blocks),
		cmocka_unit_test(fetch_once_in_blocks),
		cmocka_unit_test(no_room_for_a_part),
		cmocka_unit_test(little_takes_no_room),
		cmocka_unit_test(fetch_both_ways),
		cmocka_unit_test(another_fetch_comes_whole),
		cmocka_unit_test(fetch_while_another_is_answered),
		cmocka_unit_test(nothing_is_kept),
		cmocka_unit_test(longer_than_a_job),
	};
	size_t n = 9;

	ADD_ROWS(tests, &n, at_once_rows, fetch_two_at_once);
	return gw_main("dp_fetch", gw_settings, COUNT(gw_settings), tests, n);
}
