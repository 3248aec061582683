/* FETCH, PATCH and iPATCH on stored values (RFC 8132); the test is the parser. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define PATH                                                                             \
	"d\x04"                                                                          \
	"dev?\x01v"
#define VALUE "\xb1" PATH   /* /d/dev?/v as the first options */
#define AFTER_1 "\xa1" PATH /* behind If-Match */
#define AFTER_4 "\x71" PATH /* behind ETag */
#define AFTER_5 "\x61" PATH /* behind If-None-Match */
#define LOGGED                                                                           \
	"\xb1l\x04"                                                                      \
	"dev?\x01v" /* /l/dev?/v, whose writes are logged */
#define TEXT "\x10" /* Content-Format behind Uri-Path */
#define JSON "\x11\x32"
#define OPS "\x11\x33"
#define MERGE "\x11\x34"
#define NOW "etag-now"                            /* stands for the value's ETag */
#define OLD "etag-old"                            /* and for another */
#define PART(text) "\x48" NOW "\x81\x32\xff" text /* ETag, Content-Format 50 */
#define DOC "{\"a\":1,\"b\":[2,3]}"
#define MAX_AGE_5 B("\xd1\x01\x05")

static const struct bytes none = {0}, silence = {0}, max_age_5 = MAX_AGE_5;

/* Take what was sent and is of no more interest; how many. */
static unsigned
unheard(void)
{
	struct frame f;
	unsigned n = 0;

	while (gw_take(&f))
		n++;
	return n;
}

/* ---- one request on one value ---- */

static const struct row {
	const char *name;
	struct bytes before; /* what is PUT, from Content-Format on; no bytes: nothing */
	uint8_t method;
	struct bytes rest;
	uint8_t answer;
	struct bytes with;
	const char *after; /* the value's payload; NULL: there is none */
} rows[] = {
	{"FETCH a member", B(JSON "\xff" DOC), TG_FETCH, B(VALUE TEXT "\xff/a"),
		TG_CONTENT, B(PART("1")), DOC},
	{"FETCH an element", B(JSON "\xff" DOC), TG_FETCH, B(VALUE TEXT "\xff/b/1"),
		TG_CONTENT, B(PART("3")), DOC},
	{"FETCH the whole", B(JSON "\xff" DOC), TG_FETCH, B(VALUE TEXT), TG_CONTENT,
		B(PART(DOC)), DOC},
	{"FETCH and Accept", B(JSON "\xff" DOC), TG_FETCH, B(VALUE TEXT "\x51\x32\xff/a"),
		TG_CONTENT, B(PART("1")), DOC},
	{"FETCH and Accept another", B(JSON "\xff" DOC), TG_FETCH,
		B(VALUE TEXT "\x50\xff/a"), TG_NOT_ACCEPTABLE, {0}, DOC},
	{"FETCH with the ETag", B(JSON "\xff" DOC), TG_FETCH,
		B("\x48" NOW AFTER_4 TEXT "\xff/a"), TG_VALID, B("\x48" NOW), DOC},
	{"FETCH with another ETag", B(JSON "\xff" DOC), TG_FETCH,
		B("\x48" OLD AFTER_4 TEXT "\xff/a"), TG_CONTENT, B(PART("1")), DOC},
	{"FETCH what is not in it, with the ETag", B(JSON "\xff" DOC), TG_FETCH,
		B("\x48" NOW AFTER_4 TEXT "\xff/c"), TG_UNPROCESSABLE, {0}, DOC},
	{"FETCH with If-Match", B(JSON "\xff" DOC), TG_FETCH,
		B("\x18" NOW AFTER_1 TEXT "\xff/a"), TG_CONTENT, B(PART("1")), DOC},
	{"FETCH without Content-Format", B(JSON "\xff" DOC), TG_FETCH, B(VALUE "\xff/a"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"FETCH with JSON", B(JSON "\xff" DOC), TG_FETCH, B(VALUE JSON "\xff{}"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"FETCH of text", B(TEXT "\xff" DOC), TG_FETCH, B(VALUE TEXT "\xff/a"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"FETCH of no format", B("\xff" DOC), TG_FETCH, B(VALUE TEXT "\xff/a"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"FETCH with no pointer", B(JSON "\xff" DOC), TG_FETCH,
		B(VALUE TEXT "\xff"
			     "a"),
		TG_BAD_REQUEST, {0}, DOC},
	{"FETCH of nothing", {0}, TG_FETCH, B(VALUE TEXT "\xff/a"), TG_NOT_FOUND, {0},
		NULL},
	{"FETCH of no JSON", B(JSON "\xff{"), TG_FETCH, B(VALUE TEXT "\xff/a"),
		TG_UNPROCESSABLE, {0}, "{"},

	{"iPATCH, merge", B(JSON "\xff" DOC), TG_IPATCH, B(VALUE MERGE "\xff{\"a\":4}"),
		TG_CHANGED, {0}, "{\"a\":4,\"b\":[2,3]}"},
	{"PATCH, merge", B(JSON "\xff" DOC), TG_PATCH, B(VALUE MERGE "\xff{\"b\":null}"),
		TG_CHANGED, {0}, "{\"a\":1}"},
	{"PATCH, JSON patch", B(JSON "\xff" DOC), TG_PATCH,
		B(VALUE OPS "\xff[{\"op\":\"remove\",\"path\":\"/b/0\"}]"), TG_CHANGED,
		{0}, "{\"a\":1,\"b\":[3]}"},
	{"iPATCH, JSON patch", B(JSON "\xff" DOC), TG_IPATCH,
		B(VALUE OPS "\xff[{\"op\":\"replace\",\"path\":\"\",\"value\":7}]"),
		TG_CHANGED, {0}, "7"},
	{"PATCH to nothing", {0}, TG_PATCH, B(VALUE MERGE "\xff{}"), TG_NOT_FOUND, {0},
		NULL},
	{"PATCH, malformed", B(JSON "\xff" DOC), TG_PATCH, B(VALUE MERGE "\xff{"),
		TG_BAD_REQUEST, {0}, DOC},
	{"PATCH without payload", B(JSON "\xff" DOC), TG_PATCH, B(VALUE MERGE),
		TG_BAD_REQUEST, {0}, DOC},
	{"PATCH, its test fails", B(JSON "\xff" DOC), TG_PATCH,
		B(VALUE OPS "\xff[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]"),
		TG_CONFLICT, {0}, DOC},
	{"PATCH into a number", B(JSON "\xff" DOC), TG_PATCH,
		B(VALUE OPS "\xff[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":2}]"),
		TG_UNPROCESSABLE, {0}, DOC},
	{"PATCH with JSON", B(JSON "\xff" DOC), TG_PATCH, B(VALUE JSON "\xff{}"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"PATCH without Content-Format", B(JSON "\xff" DOC), TG_PATCH, B(VALUE "\xff{}"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"PATCH of text", B(TEXT "\xff" DOC), TG_PATCH, B(VALUE MERGE "\xff{}"),
		TG_UNSUPPORTED_FORMAT, {0}, DOC},
	{"PATCH with If-Match", B(JSON "\xff" DOC), TG_PATCH,
		B("\x18" NOW AFTER_1 MERGE "\xff{\"b\":4}"), TG_CHANGED, {0},
		"{\"a\":1,\"b\":4}"},
	{"PATCH with another If-Match", B(JSON "\xff" DOC), TG_PATCH,
		B("\x18" OLD AFTER_1 MERGE "\xff{\"b\":4}"), TG_PRECONDITION_FAILED, {0},
		DOC},
	{"PATCH with If-Match to nothing", {0}, TG_PATCH,
		B("\x10" AFTER_1 MERGE "\xff{}"), TG_PRECONDITION_FAILED, {0}, NULL},
	{"PATCH with If-None-Match", B(JSON "\xff" DOC), TG_PATCH,
		B("\x50" AFTER_5 MERGE "\xff{}"), TG_PRECONDITION_FAILED, {0}, DOC},
	{"PATCH, a critical option", B(JSON "\xff" DOC), TG_PATCH,
		B(VALUE MERGE "\xd0\x08\xff{}"), TG_BAD_OPTION, B("\xffoption 33"), DOC},
};

/* @b with the value's ETag filled in. */
static struct bytes
fill_in(struct bytes b, uint64_t etag, uint8_t copy[FRAME_MAX])
{
	if (b.len > 0)
		memcpy(copy, b.at, b.len);
	for (size_t i = 0; i + sizeof(etag) <= b.len; i++)
		if (memcmp(copy + i, NOW, sizeof(etag)) == 0)
			memcpy(copy + i, &etag, sizeof(etag));
	return (struct bytes){copy, b.len};
}

static bool
value_at(const char *format, struct dp_value *v)
{
	char path[32];

	snprintf(path, sizeof(path), format, gw.digit);
	return dp_value_get(gw.dp, path, v);
}

static void
expect_stored(const char *format, const char *payload)
{
	struct dp_value v;

	assert_int_equal(value_at(format, &v), payload != NULL);
	if (payload == NULL)
		return;
	assert_int_equal(v.len, strlen(payload));
	assert_memory_equal(v.payload, payload, v.len);
}

static void
put(uint16_t mid, struct bytes rest)
{
	uint8_t all[FRAME_MAX];
	size_t n = sizeof(VALUE) - 1;

	memcpy(all, VALUE, n);
	memcpy(all + n, rest.at, rest.len);
	gw_say(&gw.flow, coap(T_CON, TG_PUT, mid, (struct bytes){all, n + rest.len}));
}

static void
put_first(struct bytes rest)
{
	put(1, rest);
	gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 1, none));
}

/* Say it; its answer is the parser's, or was none of its business. */
static void
say_and_parse(struct bytes msg)
{
	gw_say(&gw.flow, msg);
	gw_parse();
	gw_turn();
}

static void
request(void **state)
{
	const struct row *r = *state;
	uint8_t say[FRAME_MAX], hear[FRAME_MAX];
	struct dp_value v = {0};

	if (r->before.len > 0)
		put_first(r->before);
	(void)value_at("/d/dev%c/v", &v);
	say_and_parse(coap(T_CON, r->method, 7, fill_in(r->rest, v.etag, say)));
	gw_hear(&gw.flow, coap(T_ACK, r->answer, 7, fill_in(r->with, v.etag, hear)));
	gw_expect_silence();
	expect_stored("/d/dev%c/v", r->after);
}

/* ---- methods of other routes ---- */

static const struct elsewhere {
	const char *name;
	struct bytes rest;
} elsewhere[] = {
	{"no FETCH: static", B("\xb5hello\x10")},
	{"no FETCH: stream", B("\xb1t\x04"
			       "dev?\x10")},
	{"no FETCH: query", B("\xb5query\x10")},
	{"no FETCH: a list", B("\xb1"
			       "d\x04"
			       "dev?\x10")},
};

static void
not_allowed(void **state)
{
	const struct elsewhere *r = *state;

	for (uint8_t method = TG_FETCH; method <= TG_IPATCH; method++)
		gw_ask(coap(T_CON, method, method, r->rest),
			coap(T_ACK, TG_METHOD_NOT_ALLOWED, method, none));
}

/* ---- once ---- */

/* Adds an element each time it is applied. */
#define APPEND B(VALUE OPS "\xff[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]")

static const struct bytes append = APPEND, fetch = B(VALUE TEXT), list = B(JSON "\xff[]");

static void
duplicate_is_in_progress_then_replayed(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_mark();
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_counted(DP_C_dup_in_progress, 1);
	assert_true(gw_books_close());
	assert_int_equal(gw_parse(), 1);
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	gw_ask(coap(T_CON, TG_PATCH, 7, append), coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_dup_replayed, 1);
	assert_int_equal(gw_parse(), 0);
	expect_stored("/d/dev%c/v", "[1]");
	say_and_parse(coap(T_CON, TG_PATCH, 8, append));
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	expect_stored("/d/dev%c/v", "[1,1]");
}

static void
duplicate_non_is_silence(void **state)
{
	(void)state;
	put_first(list);
	say_and_parse(coap(T_NON, TG_PATCH, 7, append));
	gw_hear(&gw.flow, coap(T_NON, TG_CHANGED, 7, none));
	gw_ask(coap(T_NON, TG_PATCH, 7, append), silence);
	assert_int_equal(gw_parse(), 0);
	expect_stored("/d/dev%c/v", "[1]");
}

static void
duplicate_fetch_gets_the_same_bytes(void **state)
{
	uint8_t copy[FRAME_MAX];
	struct dp_value v;

	(void)state;
	put_first(list);
	assert_true(value_at("/d/dev%c/v", &v));
	say_and_parse(coap(T_CON, TG_FETCH, 7, fetch));
	gw_hear(&gw.flow,
		coap(T_ACK, TG_CONTENT, 7, fill_in(BYTES_OF(PART("[]")), v.etag, copy)));
	put(8, BYTES_OF(JSON "\xff{}"));
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	gw_ask(coap(T_CON, TG_FETCH, 7, fetch),
		coap(T_ACK, TG_CONTENT, 7, fill_in(BYTES_OF(PART("[]")), v.etag, copy)));
	assert_int_equal(gw_parse(), 0);
}

/* What was refused is so again, though it might run now: its sender was told. */
static void
refused_stands(void **state)
{
	(void)state;
	put_first(BYTES_OF(JSON "\xff"
				"5"));
	say_and_parse(coap(T_CON, TG_PATCH, 7, append));
	gw_hear(&gw.flow, coap(T_ACK, TG_UNPROCESSABLE, 7, none));
	put(8, list);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	say_and_parse(coap(T_CON, TG_PATCH, 7, append));
	gw_hear(&gw.flow, coap(T_ACK, TG_UNPROCESSABLE, 7, none));
	say_and_parse(coap(T_CON, TG_PATCH, 9, append));
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 9, none));
	expect_stored("/d/dev%c/v", "[1]");
}

/* ---- what happens meanwhile ---- */

static void
patch_of_what_was_put_meanwhile(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	put(8, BYTES_OF(JSON "\xff[5]"));
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	assert_int_equal(gw_parse(), 1);
	gw_turn();
	gw_expect_silence();
	assert_int_equal(gw_parse(), 1);
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	expect_stored("/d/dev%c/v", "[5,1]");
}

/* Two at once: the second sees what the first has made. */
static void
two_patches_at_once(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_ask(coap(T_CON, TG_PATCH, 8, append), silence);
	assert_int_equal(gw_parse(), 2);
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	gw_expect_silence();
	assert_int_equal(gw_parse(), 1);
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	expect_stored("/d/dev%c/v", "[1,1]");
}

static void
patch_of_what_was_deleted_meanwhile(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_ask(coap(T_CON, TG_DELETE, 8, BYTES_OF(VALUE)),
		coap(T_ACK, TG_DELETED, 8, none));
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_NOT_FOUND, 7, none));
	expect_stored("/d/dev%c/v", NULL);
}

static void
if_match_holds_until_it_is_written(void **state)
{
	uint8_t say[FRAME_MAX];
	struct dp_value v;

	(void)state;
	put_first(list);
	assert_true(value_at("/d/dev%c/v", &v));
	gw_ask(coap(T_CON, TG_PATCH, 7,
		       fill_in(BYTES_OF("\x18" NOW AFTER_1 MERGE "\xff{}"), v.etag, say)),
		silence);
	put(8, list);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 8, none));
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_PRECONDITION_FAILED, 7, none));
	expect_stored("/d/dev%c/v", "[]");
}

static void
never_the_same_value(void **state)
{
	unsigned puts = 0, tries;

	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_mark();
	do {
		put((uint16_t)(100 + puts++), list);
		tries = gw_parse();
		gw_turn();
	} while (tries > 0);
	assert_int_equal(
		puts, DP_JOB_TRIES + 1); /* the last finds nothing to be parsed */
	assert_int_equal(unheard(), puts + 1);
	gw_counted(DP_C_refused_503, 1);
	gw_counted(DP_C_executed, puts);
	expect_stored("/d/dev%c/v", "[]");
}

static void
no_routes(struct dp_settings *s)
{
	s->n_routes = 1;
}

static void
its_route_goes_meanwhile(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	gw_publish(no_routes);
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_NOT_FOUND, 7, none));
	expect_stored("/d/dev%c/v", "[]");
}

/* Where it was made says nothing about whose it is. */
static void
refused_under_its_token(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON | 4, TG_FETCH, 7, BYTES_OF("toke" VALUE TEXT "\xff/9")),
		silence);
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK | 4, TG_UNPROCESSABLE, 7, BYTES_OF("toke")));
}

static void
too_many(void **state)
{
	(void)state;
	put_first(list);
	for (uint16_t i = 0; i < DP_JOBS; i++)
		gw_ask(coap(T_CON, TG_FETCH, (uint16_t)(100 + i), fetch), silence);
	gw_mark();
	gw_ask(coap(T_CON, TG_FETCH, 7, fetch),
		coap(T_ACK, TG_UNAVAILABLE, 7, max_age_5));
	gw_counted(DP_C_jobs_full, 1);
	assert_true(gw_books_close());
	assert_int_equal(gw_parse(), DP_JOBS);
	gw_turn();
	gw_counted(DP_C_answered, DP_JOBS);
	assert_int_equal(unheard(), DP_JOBS);
}

static void
drain_waits(void **state)
{
	(void)state;
	put_first(list);
	gw_ask(coap(T_CON, TG_PATCH, 7, append), silence);
	assert_false(dp_drain(gw.dp, 0));
	gw_parse();
	gw_turn();
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	assert_true(dp_drain(gw.dp, 0));
}

/* ---- logged values ---- */

static void
put_logged(struct bytes value)
{
	gw_ask(coap(T_CON, TG_PUT, 1, value), silence);
	gw_log_read();
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 1, none));
	gw_mark();
}

static void
logged_is_a_record_first(void **state)
{
	const struct dp_record *r;
	unsigned n;

	(void)state;
	put_logged(BYTES_OF(LOGGED JSON "\xff{\"a\":1}"));
	n = gw.n_records;
	say_and_parse(coap(T_CON, TG_IPATCH, 7, BYTES_OF(LOGGED MERGE "\xff{\"b\":2}")));
	gw_expect_silence();
	gw_ask(coap(T_CON, TG_IPATCH, 7, BYTES_OF(LOGGED MERGE "\xff{\"b\":2}")),
		silence);
	gw_counted(DP_C_dup_in_progress, 1);
	gw_counted(DP_C_executed, gw.setting->home == gw.setting->value_home);
	assert_true(gw_books_close());
	assert_int_equal(gw_log_read(), 1);
	r = &gw.record[n].r;
	assert_int_equal(r->payload_len, 13);
	assert_memory_equal(r->payload, "{\"a\":1,\"b\":2}", 13);
	assert_int_equal(r->content_format, TG_CF_JSON);
	assert_int_equal(r->code, TG_IPATCH);
	assert_int_equal(r->mid, 7);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	gw_counted(DP_C_executed, 1);
	gw_ask(coap(T_CON, TG_IPATCH, 7, BYTES_OF(LOGGED MERGE "\xff{\"b\":2}")),
		coap(T_ACK, TG_CHANGED, 7, none));
	expect_stored("/l/dev%c/v", "{\"a\":1,\"b\":2}");
}

/* The log's record is the new value, and a duplicate is known: neither is patched anew.
 */
static void
logged_survives_a_restart(void **state)
{
	struct bytes ipatch = B(LOGGED MERGE "\xff{\"b\":2}");
	struct gw_record kept;

	(void)state;
	put_logged(BYTES_OF(LOGGED JSON "\xff{\"a\":1}"));
	say_and_parse(coap(T_CON, TG_IPATCH, 7, ipatch));
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	gw_record_copy(&kept, &gw.record[gw.n_records - 1]);
	gw_reopen(NULL);
	assert_true(dp_restore_value(gw.dp, &kept.r, 1));
	assert_true(dp_restore_heard(gw.dp, &kept.r, 1));
	expect_stored("/l/dev%c/v", "{\"a\":1,\"b\":2}");
	gw_ask(coap(T_CON, TG_IPATCH, 7, ipatch), coap(T_ACK, TG_CHANGED, 7, none));
}

/* The route takes 16 bytes: a patch may not make the value longer. */
static void
result_is_too_large(void **state)
{
	(void)state;
	put_logged(BYTES_OF(LOGGED JSON "\xff{\"a\":123456}"));
	say_and_parse(coap(T_CON, TG_IPATCH, 7, BYTES_OF(LOGGED MERGE "\xff{\"b\":2}")));
	gw_hear(&gw.flow, coap(T_ACK, TG_TOO_LARGE, 7, none));
	assert_int_equal(gw_log_read(), 0);
	expect_stored("/l/dev%c/v", "{\"a\":123456}");
}

static void
patch_is_too_large(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_IPATCH, 7,
		       BYTES_OF(LOGGED MERGE "\xff{\"b\":12345678901}")),
		coap(T_ACK, TG_TOO_LARGE, 7, BYTES_OF("\xd1\x2f\x10")));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(elsewhere) + 17] = {0};
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(duplicate_is_in_progress_then_replayed),
		cmocka_unit_test(duplicate_non_is_silence),
		cmocka_unit_test(duplicate_fetch_gets_the_same_bytes),
		cmocka_unit_test(refused_stands),
		cmocka_unit_test(patch_of_what_was_put_meanwhile),
		cmocka_unit_test(two_patches_at_once),
		cmocka_unit_test(patch_of_what_was_deleted_meanwhile),
		cmocka_unit_test(if_match_holds_until_it_is_written),
		cmocka_unit_test(never_the_same_value),
		cmocka_unit_test(its_route_goes_meanwhile),
		cmocka_unit_test(too_many),
		cmocka_unit_test(refused_under_its_token),
		cmocka_unit_test(drain_waits),
		cmocka_unit_test(logged_is_a_record_first),
		cmocka_unit_test(logged_survives_a_restart),
		cmocka_unit_test(result_is_too_large),
		cmocka_unit_test(patch_is_too_large),
	};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, request);
	ADD_ROWS(tests, &n, elsewhere, not_allowed);
	for (size_t i = 0; i < COUNT(plain); i++)
		tests[n++] = plain[i];
	return gw_main("dp_patch", gw_settings, COUNT(gw_settings), tests, n);
}
