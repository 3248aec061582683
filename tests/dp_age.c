/* The age of stored values: Max-Age counts down, what is over it is stale (RFC 7252,
 * 5.6.1, 5.10.5). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define SERVED                                                                           \
	"\xb1"                                                                           \
	"f" /* /f: max_age 30 */
#define REFUSED                                                                          \
	"\xb1"                                                                           \
	"g" /* /g: the same, and stale: refuse */
#define JSON "\x11\x32"
#define ETAG                                                                             \
	"\x48"                                                                           \
	"etag-now" /* stands for the value's */
#define AGE_30 B(ETAG "\x81\x32\x21\x1e\xff[7]")
#define MAX_AGE_5 B("\xd1\x01\x05")

static const struct row {
	const char *name, *path;
	unsigned seconds;
	uint8_t method;
	struct bytes rest;
	uint8_t answer;
	struct bytes with;
} rows[] = {
	{"at once", "/f", 0, TG_GET, B(SERVED), TG_CONTENT, AGE_30},
	{"a second old", "/f", 1, TG_GET, B(SERVED), TG_CONTENT,
		B(ETAG "\x81\x32\x21\x1d\xff[7]")},
	{"a second left", "/f", 29, TG_GET, B(SERVED), TG_CONTENT,
		B(ETAG "\x81\x32\x21\x01\xff[7]")},
	{"none left", "/f", 30, TG_GET, B(SERVED), TG_CONTENT,
		B(ETAG "\x81\x32\x20\xff[7]")},
	{"stale", "/f", 31, TG_GET, B(SERVED), TG_CONTENT, B(ETAG "\x81\x32\x20\xff[7]")},
	{"stale for a day", "/f", 86400, TG_GET, B(SERVED), TG_CONTENT,
		B(ETAG "\x81\x32\x20\xff[7]")},
	{"valid", "/f", 10, TG_GET,
		B(ETAG "\x71"
		       "f"),
		TG_VALID, B(ETAG "\xa1\x14")},
	{"a part", "/f", 10, TG_FETCH, B(SERVED "\x10\xff/0"), TG_CONTENT,
		B(ETAG "\x81\x32\x21\x14\xff"
		       "7")},

	{"refused: at once", "/g", 0, TG_GET, B(REFUSED), TG_CONTENT, AGE_30},
	{"refused: none left", "/g", 30, TG_GET, B(REFUSED), TG_CONTENT,
		B(ETAG "\x81\x32\x20\xff[7]")},
	{"refused: stale", "/g", 31, TG_GET, B(REFUSED), TG_UNAVAILABLE, MAX_AGE_5},
	{"refused: stale, its ETag", "/g", 31, TG_GET,
		B(ETAG "\x71"
		       "g"),
		TG_UNAVAILABLE, MAX_AGE_5},
	{"refused: a part", "/g", 31, TG_FETCH, B(REFUSED "\x10\xff/0"), TG_UNAVAILABLE,
		MAX_AGE_5},
	{"refused: it can be changed", "/g", 31, TG_PATCH, B(REFUSED "\x11\x34\xff[8]"),
		TG_CHANGED, {0}},
	{"refused: it is there", "/g", 31, TG_PUT,
		B("\x50\x61"
		  "g" JSON "\xff[8]"),
		TG_PRECONDITION_FAILED, {0}},
	{"refused: it can be deleted", "/g", 31, TG_DELETE, B(REFUSED), TG_DELETED, {0}},
};

static struct bytes
fill_in(struct bytes b, uint64_t etag, uint8_t copy[FRAME_MAX])
{
	if (b.len > 0)
		memcpy(copy, b.at, b.len);
	for (size_t i = 0; i + sizeof(etag) <= b.len; i++)
		if (memcmp(copy + i, "etag-now", sizeof(etag)) == 0)
			memcpy(copy + i, &etag, sizeof(etag));
	return (struct bytes){copy, b.len};
}

static void
put(const struct row *r, uint16_t mid, uint8_t answer)
{
	uint8_t rest[] = "\xb1?" JSON "\xff[7]";

	rest[1] = (uint8_t)r->path[1];
	gw_ask(coap(T_CON, TG_PUT, mid, (struct bytes){rest, sizeof(rest) - 1}),
		coap(T_ACK, answer, mid, (struct bytes){0}));
}

static void
age(void **state)
{
	const struct row *r = *state;
	uint8_t say[FRAME_MAX], hear[FRAME_MAX];
	struct dp_value v;

	put(r, 1, TG_CREATED);
	assert_true(dp_value_get(gw.dp, r->path, &v));
	gw_later(r->seconds);
	gw_say(&gw.flow, coap(T_CON, r->method, 2, fill_in(r->rest, v.etag, say)));
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, r->answer, 2, fill_in(r->with, v.etag, hear)));
	gw_expect_silence();
}

/* Written again it is fresh again, whatever was written. */
static void
fresh_again(void **state)
{
	static const struct row r = {.path = "/g"};
	uint8_t hear[FRAME_MAX];
	struct dp_value v;

	(void)state;
	put(&r, 1, TG_CREATED);
	gw_later(31);
	put(&r, 2, TG_CHANGED);
	assert_true(dp_value_get(gw.dp, r.path, &v));
	gw_ask(coap(T_CON, TG_GET, 3, BYTES_OF(REFUSED)),
		coap(T_ACK, TG_CONTENT, 3, fill_in((struct bytes)AGE_30, v.etag, hear)));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 1] = {cmocka_unit_test(fresh_again)};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, age);
	return gw_main("dp_age", settings, COUNT(settings), tests, n);
}
