/* What later answers do to what a cache keeps: 2.03 to it, and 2.01 to another request.
 */
#include "tests/cache_world.h"

/* ---- 2.03 ---- */

/* What is served for @the_key at @now_ms, but for the Message ID. */
static void
assert_served(uint64_t now_ms, const uint8_t *want, size_t len)
{
	uint8_t buf[SLOT];
	struct tg_writer w;

	assert_int_equal(look(now_ms), TG_CACHE_FRESH);
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, got.response.code, 9, NULL, 0);
	tg_cached_write(&got, &w);
	assert_int_equal(tg_write_end(&w), len);
	assert_memory_equal(buf, want, len);
}

/*
 * Options of a 2.03 that are safe to forward take the place of those of their number
 * (RFC 7252, 5.9.1.3); what it does not have, or is unsafe or about one message, stays.
 */
static const struct renew_row {
	const char *name;
	const uint8_t *valid; /* behind header and ETag "e" */
	size_t valid_len;
	const uint8_t *want; /* of ETag "e", Content-Format 50, option 2000 "z", "x" */
	size_t want_len;
} renewals[] = {
	{"a 2.03 with its ETag alone", NULL, 0,
		BYTES(0x81, 50, 0x21, 60, 0xe1, 6, 0xb5, 'z', 0xff, 'x')},
	{"a 2.03 with another Content-Format", BYTES(0x81, 40),
		BYTES(0x81, 40, 0x21, 60, 0xe1, 6, 0xb5, 'z', 0xff, 'x')},
	{"a 2.03 with a longer option", BYTES(0xe3, 6, 0xbf, 'a', 'b', 'c'),
		BYTES(0x81, 50, 0x21, 60, 0xe3, 6, 0xb5, 'a', 'b', 'c', 0xff, 'x')},
	{"a 2.03 with two in the place of one", BYTES(0xe1, 6, 0xbf, 'a', 0x01, 'b'),
		BYTES(0x81, 50, 0x21, 60, 0xe1, 6, 0xb5, 'a', 0x01, 'b', 0xff, 'x')},
	{"a 2.03 with an option that was not there", BYTES(0x41, 'l'),
		BYTES(0x41, 'l', 0x41, 50, 0x21, 60, 0xe1, 6, 0xb5, 'z', 0xff, 'x')},
	{"a 2.03 with an unsafe option", BYTES(0xe1, 6, 0xc1, 'u'),
		BYTES(0x81, 50, 0x21, 60, 0xe1, 6, 0xb5, 'z', 0xff, 'x')},
	{"a 2.03 with Observe, Max-Age and Size2", BYTES(0x21, 9, 0x81, 7, 0xd1, 1, 99),
		BYTES(0x81, 50, 0x21, 7, 0xe1, 6, 0xb5, 'z', 0xff, 'x')},
};

static void
renewed(void **state)
{
	const struct renew_row *r = *state;
	const uint8_t kept[] = {0x60, TG_CONTENT, 0, 7, 0x41, 'e', 0x81, 50, 0xe1, 6,
		0xb7, 'z', 0xff, 'x'};
	uint8_t valid[32] = {0x60, TG_VALID, 0, 8, 0x41, 'e'};
	uint8_t want[32] = {0x60, TG_CONTENT, 0, 9, 0x41, 'e'};
	struct tg_msg m;

	begin(NULL);
	if (r->valid_len > 0)
		memcpy(valid + 6, r->valid, r->valid_len);
	memcpy(want + 6, r->want, r->want_len);
	assert_int_equal(tg_msg_parse(&m, kept, sizeof(kept), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_put(&cache, &the_key, START_MS, &m, "x", 1));
	assert_int_equal(tg_msg_parse(&m, valid, 6 + r->valid_len, TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_put(&cache, &the_key, START_MS, &m, NULL, 0));
	assert_served(START_MS, want, 6 + r->want_len);
	finish(NULL);
}

/* What the options of a 2.03 leave no room for is not kept as it was. */
static void
renewed_without_room(void **state)
{
	static const uint8_t value[SLOT];
	uint8_t valid[SLOT + 32];
	struct tg_writer w;
	struct tg_msg m;

	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	tg_write_begin(&w, valid, sizeof(valid), TG_ACK, TG_VALID, 8, NULL, 0);
	tg_write_option(&w, TG_OPT_ETAG, "e", 1);
	tg_write_option(&w, 2000, value, sizeof(value));
	assert_int_equal(tg_msg_parse(&m, valid, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	assert_false(tg_cache_put(&cache, &the_key, START_MS, &m, NULL, 0));
	assert_int_equal(look(START_MS), TG_CACHE_MISS);
}

/* ---- 2.01 ---- */

/* 2.01 to a request for coap://h/a?q: what it makes stale is where its Location leads
 * (RFC 7252, 5.9.1.1). */
static const struct created_row {
	const char *name;
	unsigned code;
	struct option location[2];
	struct request kept;
	enum tg_cache_found want;
} creations[] = {
	{"2.01 with Location-Path", TG_CREATED, {{8, "b"}, {8, "c"}},
		{TG_GET, {{3, "h"}, {11, "b"}, {11, "c"}}, NULL}, TG_CACHE_STALE},
	{"2.01 with both Locations", TG_CREATED, {{8, "b"}, {20, "r"}},
		{TG_GET, {{3, "h"}, {11, "b"}, {15, "r"}}, NULL}, TG_CACHE_STALE},
	{"2.01 with Location-Query alone", TG_CREATED, {{20, "r"}},
		{TG_GET, {{3, "h"}, {11, "a"}, {15, "r"}}, NULL}, TG_CACHE_STALE},
	{"2.01 with a Location, seen with Accept", TG_CREATED, {{8, "b"}},
		{TG_GET, {{3, "h"}, {11, "b"}, {17, "2"}}, NULL}, TG_CACHE_STALE},
	{"2.01 with a Location, the request's own", TG_CREATED, {{8, "b"}},
		{TG_GET, {{3, "h"}, {11, "a"}, {15, "q"}}, NULL}, TG_CACHE_STALE},
	{"2.01 with a Location, above it", TG_CREATED, {{8, "b"}, {8, "c"}},
		{TG_GET, {{3, "h"}, {11, "b"}}, NULL}, TG_CACHE_FRESH},
	{"2.01 with a Location, of another host", TG_CREATED, {{8, "b"}},
		{TG_GET, {{3, "i"}, {11, "b"}}, NULL}, TG_CACHE_FRESH},
	{"2.04 with a Location", TG_CHANGED, {{8, "b"}},
		{TG_GET, {{3, "h"}, {11, "b"}}, NULL}, TG_CACHE_FRESH},
};

static void
created(void **state)
{
	const struct created_row *r = *state;
	struct tg_cache_key k;
	uint8_t buf[64];
	struct tg_writer w;
	struct tg_msg m;

	begin(NULL);
	assert_true(key_of(&the_key, &r->kept));
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_true(key_of(
		&k, &(struct request){TG_POST, {{3, "h"}, {11, "a"}, {15, "q"}}, NULL}));
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, r->code, 7, NULL, 0);
	for (unsigned i = 0; i < COUNT(r->location) && r->location[i].value != NULL; i++)
		tg_write_option(&w, r->location[i].number, r->location[i].value, 1);
	assert_int_equal(tg_msg_parse(&m, buf, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	assert_false(tg_cache_put(&cache, &k, START_MS, &m, NULL, 0));
	assert_int_equal(look(START_MS), r->want);
	finish(NULL);
}

int
main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test_setup_teardown(renewed_without_room, begin, finish),
	};
	struct CMUnitTest tests[COUNT(plain) + COUNT(renewals) + COUNT(creations)] = {0};
	size_t n = COUNT(plain);

	memcpy(tests, plain, sizeof(plain));
	ADD_ROWS(tests, &n, renewals, renewed);
	ADD_ROWS(tests, &n, creations, created);
	return cmocka_run_group_tests_name("cache_renew", tests, NULL, NULL);
}
