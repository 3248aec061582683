#include "tests/cache_world.h"

#include <stdio.h>

/* ---- keys ---- */

/* Is another request served with what was kept for GET /a? */
static const struct key_row {
	const char *name;
	struct request request;
	bool same;
} keys[] = {
	{"the same", {TG_GET, {{11, "a"}}, NULL}, true},
	{"another method", {TG_FETCH, {{11, "a"}}, NULL}, false},
	{"another path", {TG_GET, {{11, "b"}}, NULL}, false},
	{"a longer path", {TG_GET, {{11, "a"}, {11, "b"}}, NULL}, false},
	{"uri-host", {TG_GET, {{3, "h"}, {11, "a"}}, NULL}, false},
	{"uri-port", {TG_GET, {{7, "1"}, {11, "a"}}, NULL}, false},
	{"uri-query", {TG_GET, {{11, "a"}, {15, "q"}}, NULL}, false},
	{"accept", {TG_GET, {{11, "a"}, {17, "2"}}, NULL}, false},
	{"if-match", {TG_GET, {{1, "e"}, {11, "a"}}, NULL}, false},
	{"proxy-scheme", {TG_GET, {{11, "a"}, {39, "coap"}}, NULL}, false},
	{"elective and unknown", {TG_GET, {{11, "a"}, {1000, "x"}}, NULL}, false},
	{"critical, unknown, safe", {TG_GET, {{11, "a"}, {1001, "x"}}, NULL}, false},
	{"etag", {TG_GET, {{4, "e"}, {11, "a"}}, NULL}, true},
	{"observe", {TG_GET, {{6, ""}, {11, "a"}}, NULL}, true},
	{"block2", {TG_GET, {{11, "a"}, {23, "1"}}, NULL}, true},
	{"hop-limit", {TG_GET, {{11, "a"}, {16, "1"}}, NULL}, true},
	{"no-response", {TG_GET, {{11, "a"}, {258, "1"}}, NULL}, true},
	{"size2, which is NoCacheKey", {TG_GET, {{11, "a"}, {28, "1"}}, NULL}, true},
	{"echo, which is NoCacheKey", {TG_GET, {{11, "a"}, {252, "1"}}, NULL}, true},
	{"NoCacheKey and unknown", {TG_GET, {{11, "a"}, {1020, "x"}}, NULL}, true},
	{"a GET's payload", {TG_GET, {{11, "a"}}, "x"}, true},
};

static void
key(void **state)
{
	const struct key_row *r = *state;
	struct tg_cache_key a, b;

	assert_true(key_of(&a, &(struct request){TG_GET, {{11, "a"}}, NULL}));
	assert_true(key_of(&b, &r->request));
	assert_int_equal(a.len == b.len && a.method == b.method
				 && memcmp(a.bytes, b.bytes, a.len) == 0,
		r->same);
}

static void
fetch_key_has_payload(void **state)
{
	struct tg_cache_key a, b;

	(void)state;
	assert_true(key_of(&a, &(struct request){TG_FETCH, {{11, "a"}}, "x"}));
	assert_true(key_of(&b, &(struct request){TG_FETCH, {{11, "a"}}, "y"}));
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.bytes, b.bytes, a.len);
}

static void
no_key_with_oscore(void **state)
{
	struct tg_cache_key k;

	(void)state;
	assert_false(key_of(&k, &(struct request){TG_GET, {{9, "x"}, {11, "a"}}, NULL}));
}

static void
no_key_with_unknown_unsafe(void **state)
{
	struct tg_cache_key k;

	(void)state;
	assert_false(
		key_of(&k, &(struct request){TG_GET, {{11, "a"}, {1002, "x"}}, NULL}));
}

static void
no_key_that_long(void **state)
{
	struct request r = {TG_FETCH, {{11, "a"}}, NULL};
	char payload[TG_CACHE_KEY_MAX + 1];
	struct tg_cache_key k;

	(void)state;
	memset(payload, 'x', sizeof(payload));
	payload[TG_CACHE_KEY_MAX - 5 - 2] =
		'\0'; /* an option of 5 bytes, a length of 2 */
	r.payload = payload;
	assert_true(key_of(&k, &r));
	assert_int_equal(k.len, TG_CACHE_KEY_MAX);
	payload[TG_CACHE_KEY_MAX - 5 - 2] = 'x';
	payload[TG_CACHE_KEY_MAX - 5 - 1] = '\0';
	assert_false(key_of(&k, &r));
}

/* ---- what is kept ---- */

static const struct code_row {
	const char *name;
	unsigned method, code;
	enum tg_cache_found want;
} codes[] = {
	{"2.05", TG_GET, TG_CONTENT, TG_CACHE_FRESH},
	{"2.05 to a FETCH", TG_FETCH, TG_CONTENT, TG_CACHE_FRESH},
	{"2.05 to a POST", TG_POST, TG_CONTENT, TG_CACHE_MISS},
	{"4.04", TG_GET, TG_NOT_FOUND, TG_CACHE_FRESH},
	{"4.04 to a PUT", TG_PUT, TG_NOT_FOUND, TG_CACHE_MISS},
	{"5.03", TG_GET, TG_UNAVAILABLE, TG_CACHE_FRESH},
	{"2.03 to nothing kept", TG_GET, TG_VALID, TG_CACHE_MISS},
	{"2.04", TG_GET, TG_CHANGED, TG_CACHE_MISS},
	{"2.31", TG_GET, TG_CONTINUE, TG_CACHE_MISS},
	{"4.08", TG_GET, TG_REQUEST_INCOMPLETE, TG_CACHE_MISS},
	{"4.13", TG_GET, TG_TOO_LARGE, TG_CACHE_MISS},
};

static void
code(void **state)
{
	const struct code_row *r = *state;

	begin(NULL);
	assert_true(key_of(&the_key, &(struct request){r->method, {{11, "a"}}, NULL}));
	assert_int_equal(put(&the_key, START_MS, (struct answer){r->code, "e", 10, "hi"}),
		r->want == TG_CACHE_FRESH);
	assert_int_equal(look(START_MS), r->want);
	finish(NULL);
}

static void
fresh_for_max_age(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_int_equal(look(START_MS), TG_CACHE_FRESH);
	assert_int_equal(got.max_age_s, 10);
	assert_int_equal(look(START_MS + 4001), TG_CACHE_FRESH);
	assert_int_equal(got.max_age_s, 5);
	assert_int_equal(look(START_MS + 9999), TG_CACHE_FRESH);
	assert_int_equal(look(START_MS + 10000), TG_CACHE_STALE);
	assert_int_equal(got.etag_len, 1);
	assert_int_equal(got.etag[0], 'e');
}

static void
fresh_for_a_minute(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, NULL, NO_MAX_AGE, "hi"});
	assert_int_equal(look(START_MS + 59999), TG_CACHE_FRESH);
	assert_int_equal(look(START_MS + 60000), TG_CACHE_STALE);
	assert_int_equal(got.etag_len, 0);
}

static void
never_fresh(void **state)
{
	(void)state;
	assert_false(put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 0, "hi"}));
	assert_int_equal(look(START_MS), TG_CACHE_STALE);
}

static void
fresh_for_136_years(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", UINT32_MAX - 1, "hi"});
	assert_int_equal(look(START_MS + UINT64_C(4294967293999)), TG_CACHE_FRESH);
	assert_int_equal(look(START_MS + UINT64_C(4294967294000)), TG_CACHE_STALE);
}

static void
challenge_not_kept(void **state)
{
	const uint8_t wire[] = {0x60, TG_UNAUTHORIZED, 0, 7, 0xd1, 239, 'e'};
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, wire, sizeof(wire), TG_TOKEN_MAX), TG_OK);
	assert_false(tg_cache_put(&cache, &the_key, START_MS, &m, NULL, 0));
	assert_int_equal(look(START_MS), TG_CACHE_MISS);
}

static void
replaced(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	put(&the_key, START_MS, (struct answer){TG_NOT_FOUND, NULL, 20, NULL});
	assert_int_equal(look(START_MS + 19000), TG_CACHE_FRESH);
	assert_int_equal(got.response.code, TG_NOT_FOUND);
}

static void
validated(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_true(put(
		&the_key, START_MS + 20000, (struct answer){TG_VALID, "e", 30, NULL}));
	assert_int_equal(look(START_MS + 49999), TG_CACHE_FRESH);
	assert_int_equal(got.response.code, TG_CONTENT);
}

static void
validated_for_another_etag(void **state)
{
	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_false(put(
		&the_key, START_MS + 20000, (struct answer){TG_VALID, "f", 30, NULL}));
	assert_int_equal(look(START_MS + 20000), TG_CACHE_STALE);
}

/* The bytes of a GET's option and of a FETCH's payload may be the same. */
static void
method_is_part_of_key(void **state)
{
	const uint8_t get[] = {0x40, TG_GET, 0, 7, 0x86, 'o', 'p', 't', 'i', 'o', 'n'};
	const uint8_t fetch[] = {0x40, TG_FETCH, 0, 7};
	const uint8_t answer[] = {0x60, TG_CONTENT, 0, 7, 0xff, 'x'};
	struct tg_cache_key a, b;
	struct tg_cached r;
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, get, sizeof(get), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_key_of(&a, &m, NULL, 0));
	assert_int_equal(tg_msg_parse(&m, fetch, sizeof(fetch), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_key_of(&b, &m, "\0\6option", 8));
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	assert_int_equal(tg_msg_parse(&m, answer, sizeof(answer), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_put(&cache, &a, START_MS, &m, "x", 1));
	assert_int_equal(tg_cache_find(&cache, &b, START_MS, &r), TG_CACHE_MISS);
}

/* ---- what a change makes stale ---- */

static const struct change_row {
	const char *name;
	unsigned method, code;
	const char *path;
	enum tg_cache_found want;
} changes[] = {
	{"PUT 2.04", TG_PUT, TG_CHANGED, "a", TG_CACHE_STALE},
	{"PUT 2.01", TG_PUT, TG_CREATED, "a", TG_CACHE_STALE},
	{"DELETE 2.02", TG_DELETE, TG_DELETED, "a", TG_CACHE_STALE},
	{"POST 2.04", TG_POST, TG_CHANGED, "a", TG_CACHE_STALE},
	{"PATCH 2.04", TG_PATCH, TG_CHANGED, "a", TG_CACHE_STALE},
	{"iPATCH 2.04", TG_IPATCH, TG_CHANGED, "a", TG_CACHE_STALE},
	{"PUT 2.31", TG_PUT, TG_CONTINUE, "a", TG_CACHE_FRESH},
	{"PUT 4.03", TG_PUT, TG_FORBIDDEN, "a", TG_CACHE_FRESH},
	{"PUT 2.04 elsewhere", TG_PUT, TG_CHANGED, "b", TG_CACHE_FRESH},
};

static void
change(void **state)
{
	const struct change_row *r = *state;
	const struct request get = {TG_GET, {{11, "a"}, {17, "2"}}, NULL};
	struct tg_cache_key k;

	begin(NULL);
	assert_true(key_of(&the_key, &get)); /* with Accept: the change has none */
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_true(key_of(&k, &(struct request){r->method, {{11, r->path}}, NULL}));
	assert_false(put(&k, START_MS, (struct answer){r->code, NULL, 10, NULL}));
	assert_int_equal(look(START_MS), r->want);
	finish(NULL);
}

/* ---- bounds ---- */

static void
key_of_path(struct tg_cache_key *k, unsigned n)
{
	char path[12];

	snprintf(path, sizeof(path), "%u", n);
	assert_true(key_of(k, &(struct request){TG_GET, {{11, path}}, NULL}));
}

static void
oldest_goes(void **state)
{
	struct tg_cache_key k;

	(void)state;
	finish(NULL);
	begin_with(TG_CACHE_WAYS);
	for (unsigned i = 0; i <= TG_CACHE_WAYS; i++) {
		key_of_path(&k, i);
		put(&k, START_MS, (struct answer){TG_CONTENT, NULL, 10, "hi"});
	}
	for (unsigned i = 0; i <= TG_CACHE_WAYS; i++) {
		key_of_path(&k, i);
		assert_int_equal(tg_cache_find(&cache, &k, START_MS, &got),
			i == 0 ? TG_CACHE_MISS : TG_CACHE_FRESH);
	}
}

/* Whatever was put, what is found is what was put for that key. */
static void
many(void **state)
{
	unsigned found = 0;
	char payload[12];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		key_of_path(&the_key, i);
		snprintf(payload, sizeof(payload), "%u", i);
		assert_true(put(&the_key, START_MS,
			(struct answer){TG_CONTENT, NULL, 10, payload}));
	}
	for (unsigned i = 0; i < 1000; i++) {
		key_of_path(&the_key, i);
		if (look(START_MS) == TG_CACHE_MISS)
			continue;
		found++;
		snprintf(payload, sizeof(payload), "%u", i);
		assert_int_equal(
			got.response.len - got.response.payload, strlen(payload));
		assert_memory_equal(got.response.base + got.response.payload, payload,
			strlen(payload));
	}
	assert_int_equal(found, ENTRIES); /* a full house of the last ones */
}

/* What no slot holds is not kept, nor what was kept for the key before. */
static void
too_large(void **state)
{
	char payload[SLOT];

	(void)state;
	memset(payload, 'x', sizeof(payload));
	payload[SLOT - 1] = '\0';
	put(&the_key, START_MS, (struct answer){TG_CONTENT, NULL, 10, "hi"});
	assert_false(
		put(&the_key, START_MS, (struct answer){TG_CONTENT, NULL, 10, payload}));
	assert_int_equal(look(START_MS), TG_CACHE_MISS);
}

/* Nor does it push out what was kept for others. */
static void
too_large_costs_nobody(void **state)
{
	struct tg_cache_key k;
	char payload[SLOT];

	(void)state;
	finish(NULL);
	begin_with(TG_CACHE_WAYS);
	memset(payload, 'x', sizeof(payload));
	payload[SLOT - 1] = '\0';
	for (unsigned i = 0; i <= TG_CACHE_WAYS; i++) {
		key_of_path(&k, i);
		put(&k, START_MS,
			(struct answer){TG_CONTENT, NULL, 10,
				i < TG_CACHE_WAYS ? "hi" : payload});
	}
	for (unsigned i = 0; i < TG_CACHE_WAYS; i++) {
		key_of_path(&k, i);
		assert_int_equal(
			tg_cache_find(&cache, &k, START_MS, &got), TG_CACHE_FRESH);
	}
}

/* ---- serving ---- */

static void
served(void **state)
{
	/* ETag "e", Content-Format 50, Max-Age 7; neither Observe nor Block2 */
	const uint8_t want[] = {
		0x60, TG_CONTENT, 0, 9, 0x41, 'e', 0x81, 50, 0x21, 7, 0xff, 'h', 'i'};
	uint8_t buf[64];
	struct tg_writer w;

	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_int_equal(look(START_MS + 3000), TG_CACHE_FRESH);
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, got.response.code, 9, NULL, 0);
	tg_cached_write(&got, &w);
	assert_int_equal(tg_write_end(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

/* Max-Age goes between the others, and what the cache does not know is served, too. */
static void
served_in_order(void **state)
{
	const uint8_t answer[] = {0x60, TG_CONTENT, 0, 7, 0xc1, 50, 0xe1, 6, 0xb7, 'z',
		0xff, 'x'}; /* Content-Format, option 2000 */
	const uint8_t want[] = {0x60, TG_CONTENT, 0, 9, 0xc1, 50, 0x21, 60, 0xe1, 6, 0xb5,
		'z', 0xff, 'x'};
	uint8_t buf[64];
	struct tg_writer w;
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, answer, sizeof(answer), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cache_put(&cache, &the_key, START_MS, &m, "x", 1));
	assert_int_equal(look(START_MS), TG_CACHE_FRESH);
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, got.response.code, 9, NULL, 0);
	tg_cached_write(&got, &w);
	assert_int_equal(tg_write_end(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void
served_as_valid(void **state)
{
	const uint8_t want[] = {0x60, TG_VALID, 0, 9, 0x41, 'e', 0xa1, 7};
	const uint8_t asks[] = {0x40, TG_GET, 0, 9, 0x41, 'x', 0x01, 'e'};
	const uint8_t other[] = {0x40, TG_GET, 0, 9, 0x41, 'x', 0x02, 'e', 'e'};
	uint8_t buf[64];
	struct tg_writer w;
	struct tg_msg m;

	(void)state;
	put(&the_key, START_MS, (struct answer){TG_CONTENT, "e", 10, "hi"});
	assert_int_equal(look(START_MS + 3000), TG_CACHE_FRESH);
	assert_int_equal(tg_msg_parse(&m, other, sizeof(other), TG_TOKEN_MAX), TG_OK);
	assert_false(tg_cached_is_valid_for(&got, &m));
	assert_int_equal(tg_msg_parse(&m, asks, sizeof(asks), TG_TOKEN_MAX), TG_OK);
	assert_true(tg_cached_is_valid_for(&got, &m));
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, TG_VALID, 9, NULL, 0);
	tg_cached_write(&got, &w);
	assert_int_equal(tg_write_end(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(fetch_key_has_payload),
		cmocka_unit_test(no_key_with_oscore),
		cmocka_unit_test(no_key_with_unknown_unsafe),
		cmocka_unit_test(no_key_that_long),
		T(method_is_part_of_key),
		T(fresh_for_max_age),
		T(fresh_for_a_minute),
		T(never_fresh),
		T(fresh_for_136_years),
		T(challenge_not_kept),
		T(replaced),
		T(validated),
		T(validated_for_another_etag),
		T(oldest_goes),
		T(many),
		T(too_large),
		T(too_large_costs_nobody),
		T(served),
		T(served_in_order),
		T(served_as_valid),
	};
	struct CMUnitTest
		tests[COUNT(plain) + COUNT(keys) + COUNT(codes) + COUNT(changes)] = {0};
	size_t n = COUNT(plain);

	memcpy(tests, plain, sizeof(plain));
	ADD_ROWS(tests, &n, keys, key);
	ADD_ROWS(tests, &n, codes, code);
	ADD_ROWS(tests, &n, changes, change);
	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
