/* The store: the last representation of a path (RFC 7252, 5.8, 5.10). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define GET TG_GET
#define PUT TG_PUT
#define POST TG_POST
#define DELETE TG_DELETE
#define CREATED TG_CREATED
#define CHANGED TG_CHANGED
#define CONTENT TG_CONTENT

/* /d/dev?/v as the first options of a message, and behind others of that number. */
#define VALUE                                                                            \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define AFTER_1                                                                          \
	"\xa1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define AFTER_4                                                                          \
	"\x71"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define AFTER_5                                                                          \
	"\x61"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define DEVICE                                                                           \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?"

/* Stand for the value's ETag now, and for the one before its last change. */
#define NOW "etag-now"
#define OLD "etag-old"
#define ETAG "\x48" NOW
#define IF_MATCH(etag) "\x18" etag
#define IF_NONE_MATCH "\x50"

struct step {
	uint8_t code;
	struct bytes rest;
	uint8_t answer; /* 0: no more steps */
	struct bytes with;
};
#define STEPS_MAX 6

static const struct script {
	const char *name;
	struct step step[STEPS_MAX];
} scripts[] = {
	{"nothing there", {{GET, B(VALUE), 0x84, {0}}}},
	{"PUT creates, GET reads", {{PUT,
					    B(VALUE "\xff"
						    "one"),
					    CREATED, {0}},
					   {GET, B(VALUE), CONTENT,
						   B(ETAG "\xff"
							  "one")}}},
	{"PUT changes", {{PUT,
				 B(VALUE "\xff"
					 "one"),
				 CREATED, {0}},
				{PUT,
					B(VALUE "\xff"
						"two2"),
					CHANGED, {0}},
				{GET, B(VALUE), CONTENT,
					B(ETAG "\xff"
					       "two2")}}},
	{"POST creates and changes", {{POST,
					      B(VALUE "\xff"
						      "one"),
					      CREATED, {0}},
					     {POST,
						     B(VALUE "\xff"
							     "two2"),
						     CHANGED, {0}},
					     {GET, B(VALUE), CONTENT,
						     B(ETAG "\xff"
							    "two2")}}},
	{"an empty value",
		{{PUT, B(VALUE), CREATED, {0}}, {GET, B(VALUE), CONTENT, B(ETAG)}}},
	{"a value that becomes empty", {{PUT,
						B(VALUE "\xff"
							"one"),
						CREATED, {0}},
					       {PUT, B(VALUE), CHANGED, {0}},
					       {GET, B(VALUE), CONTENT, B(ETAG)}}},
	{"DELETE", {{PUT,
			    B(VALUE "\xff"
				    "one"),
			    CREATED, {0}},
			   {DELETE, B(VALUE), 0x42, {0}}, {GET, B(VALUE), 0x84, {0}}}},
	{"DELETE of nothing", {{DELETE, B(VALUE), 0x42, {0}}}},
	{"PUT after DELETE creates", {{PUT,
					      B(VALUE "\xff"
						      "one"),
					      CREATED, {0}},
					     {DELETE, B(VALUE), 0x42, {0}},
					     {PUT,
						     B(VALUE "\xff"
							     "one"),
						     CREATED, {0}},
					     {GET, B(VALUE), CONTENT,
						     B(ETAG "\xff"
							    "one")}}},

	{"Content-Format 0", {{PUT,
				      B(VALUE "\x10\xff"
					      "one"),
				      CREATED, {0}},
				     {GET, B(VALUE), CONTENT,
					     B(ETAG "\x80\xff"
						    "one")}}},
	{"Content-Format 50",
		{{PUT, B(VALUE "\x11\x32\xff{}"), CREATED, {0}},
			{GET, B(VALUE), CONTENT, B(ETAG "\x81\x32\xff{}")}}},
	{"Content-Format 65000",
		{{PUT, B(VALUE "\x12\xfd\xe8\xff{}"), CREATED, {0}},
			{GET, B(VALUE), CONTENT, B(ETAG "\x82\xfd\xe8\xff{}")}}},
	{"Content-Format goes with the value",
		{{PUT, B(VALUE "\x11\x32\xff{}"), CREATED, {0}},
			{PUT, B(VALUE "\xff{}"), CHANGED, {0}},
			{GET, B(VALUE), CONTENT, B(ETAG "\xff{}")}}},
	{"Accept",
		{{PUT, B(VALUE "\x11\x32\xff{}"), CREATED, {0}},
			{GET, B(VALUE "\x61\x32"), CONTENT, B(ETAG "\x81\x32\xff{}")}}},
	{"Accept another", {{PUT, B(VALUE "\x11\x32\xff{}"), CREATED, {0}},
				   {GET, B(VALUE "\x61\x28"), 0x86, {0}}}},
	{"Accept of what has no format", {{PUT, B(VALUE "\xff{}"), CREATED, {0}},
						 {GET, B(VALUE "\x60"), 0x86, {0}}}},
	{"Accept of nothing", {{GET, B(VALUE "\x60"), 0x84, {0}}}},

	{"ETag: still valid", {{PUT,
				       B(VALUE "\x10\xff"
					       "one"),
				       CREATED, {0}},
				      {GET, B(ETAG AFTER_4), 0x43, B(ETAG)}}},
	{"ETag: no longer valid", {{PUT,
					   B(VALUE "\xff"
						   "one"),
					   CREATED, {0}},
					  {PUT,
						  B(VALUE "\xff"
							  "two"),
						  CHANGED, {0}},
					  {GET, B("\x48" OLD AFTER_4), CONTENT,
						  B(ETAG "\xff"
							 "two")}}},
	{"ETag: one of two",
		{{PUT,
			 B(VALUE "\xff"
				 "one"),
			 CREATED, {0}},
			{PUT,
				B(VALUE "\xff"
					"two"),
				CHANGED, {0}},
			{GET, B("\x48" OLD "\x08" NOW AFTER_4), 0x43, B(ETAG)}}},
	{"ETag: a part of it", {{PUT,
					B(VALUE "\xff"
						"one"),
					CREATED, {0}},
				       {GET,
					       B("\x44"
						 "etag" AFTER_4),
					       CONTENT,
					       B(ETAG "\xff"
						      "one")}}},
	{"ETag: not after DELETE and PUT", {{PUT,
						    B(VALUE "\xff"
							    "one"),
						    CREATED, {0}},
						   {DELETE, B(VALUE), 0x42, {0}},
						   {PUT,
							   B(VALUE "\xff"
								   "one"),
							   CREATED, {0}},
						   {GET, B("\x48" OLD AFTER_4), CONTENT,
							   B(ETAG "\xff"
								  "one")}}},

	{"If-Match", {{PUT,
			      B(VALUE "\xff"
				      "one"),
			      CREATED, {0}},
			     {PUT,
				     B(IF_MATCH(NOW) AFTER_1 "\xff"
							     "two"),
				     CHANGED, {0}},
			     {GET, B(VALUE), CONTENT,
				     B(ETAG "\xff"
					    "two")}}},
	{"If-Match: it has changed", {{PUT,
					      B(VALUE "\xff"
						      "one"),
					      CREATED, {0}},
					     {PUT,
						     B(VALUE "\xff"
							     "two"),
						     CHANGED, {0}},
					     {PUT,
						     B(IF_MATCH(OLD) AFTER_1 "\xff"
									     "three"),
						     0x8c, {0}},
					     {GET, B(VALUE), CONTENT,
						     B(ETAG "\xff"
							    "two")}}},
	{"If-Match: one of two", {{PUT,
					  B(VALUE "\xff"
						  "one"),
					  CREATED, {0}},
					 {PUT,
						 B(VALUE "\xff"
							 "two"),
						 CHANGED, {0}},
					 {PUT,
						 B(IF_MATCH(OLD) "\x08" NOW AFTER_1 "\xff"
								 "three"),
						 CHANGED, {0}}}},
	{"If-Match: anything", {{PUT,
					B(VALUE "\xff"
						"one"),
					CREATED, {0}},
				       {PUT,
					       B("\x10" AFTER_1 "\xff"
						 "two"),
					       CHANGED, {0}}}},
	{"If-Match: anything, of nothing", {{PUT,
						    B("\x10" AFTER_1 "\xff"
						      "one"),
						    0x8c, {0}},
						   {GET, B(VALUE), 0x84, {0}}}},
	{"If-Match: POST", {{POST,
				   B("\x10" AFTER_1 "\xff"
				     "one"),
				   0x8c, {0}}}},
	{"If-Match: DELETE", {{PUT,
				      B(VALUE "\xff"
					      "one"),
				      CREATED, {0}},
				     {DELETE,
					     B("\x18"
					       "notitsow" AFTER_1),
					     0x8c, {0}},
				     {DELETE, B(IF_MATCH(NOW) AFTER_1), 0x42, {0}}}},
	{"If-Match: GET", {{PUT,
				   B(VALUE "\xff"
					   "one"),
				   CREATED, {0}},
				  {GET, B(IF_MATCH(NOW) AFTER_1), CONTENT,
					  B(ETAG "\xff"
						 "one")},
				  {GET,
					  B("\x18"
					    "notitsow" AFTER_1),
					  0x8c, {0}}}},
	{"If-None-Match", {{PUT,
				   B(IF_NONE_MATCH AFTER_5 "\xff"
							   "one"),
				   CREATED, {0}},
				  {PUT,
					  B(IF_NONE_MATCH AFTER_5 "\xff"
								  "two"),
					  0x8c, {0}},
				  {GET, B(VALUE), CONTENT,
					  B(ETAG "\xff"
						 "one")}}},
	{"If-None-Match: POST", {{POST,
					 B(IF_NONE_MATCH AFTER_5 "\xff"
								 "one"),
					 CREATED, {0}},
					{POST,
						B(IF_NONE_MATCH AFTER_5 "\xff"
									"two"),
						0x8c, {0}}}},

	{"Max-Age of the route, not the request's", {{PUT,
							     B("\xb1"
							       "f\x10\x21\x05\xff"
							       "one"),
							     CREATED, {0}},
							    {GET,
								    B("\xb1"
								      "f"),
								    CONTENT,
								    B("\x48"
								      "etag-f  "
								      "\x80\x21\x1e\xff"
								      "one")},
							    {GET,
								    B("\x48"
								      "etag-f  "
								      "\x71"
								      "f"),
								    0x43,
								    B("\x48"
								      "etag-f  "
								      "\xa1\x1e")}}},
	{"paths differ by their segments", {{PUT,
						    B(DEVICE "\x03"
							     "a/b\xff"
							     "one"),
						    CREATED, {0}},
						   {PUT,
							   B(DEVICE "\x01"
								    "a\x01"
								    "b\xff"
								    "two"),
							   CREATED, {0}},
						   {PUT,
							   B(DEVICE "\x01"
								    "a\x00\x01"
								    "b\xff"
								    "three"),
							   CREATED, {0}},
						   {PUT,
							   B(DEVICE "\x00\xff"
								    "four"),
							   CREATED, {0}},
						   {PUT,
							   B(DEVICE "\x03"
								    "a/b\xff"
								    "five"),
							   CHANGED, {0}}}},

	{"a list", {{PUT,
			    B(VALUE "\xff"
				    "one"),
			    CREATED, {0}},
			   {PUT,
				   B(DEVICE "\x04"
					    "a b/\x11\x32\xff{}"),
				   CREATED, {0}},
			   {GET, B(DEVICE), CONTENT,
				   B("\xc1\x28\xff</d/dev?/a%20b%2F>;ct=50;sz=2,</d/dev?/"
				     "v>;sz=3")},
			   {GET, B(DEVICE "\x61\x28"), CONTENT,
				   B("\xc1\x28\xff</d/dev?/a%20b%2F>;ct=50;sz=2,</d/dev?/"
				     "v>;sz=3")}}},
	{"a list in no other format", {{PUT,
					       B(VALUE "\xff"
						       "one"),
					       CREATED, {0}},
					      {GET, B(DEVICE "\x60"), 0x86, {0}}}},
	{"a list of nothing", {{GET, B(DEVICE), 0x84, {0}}}},
	{"a list after DELETE",
		{{PUT,
			 B(VALUE "\xff"
				 "one"),
			 CREATED, {0}},
			{PUT,
				B(DEVICE "\x01w\xff"
					 "two"),
				CREATED, {0}},
			{DELETE, B(VALUE), 0x42, {0}},
			{GET, B(DEVICE), CONTENT, B("\xc1\x28\xff</d/dev?/w>;sz=3")},
			{DELETE, B(DEVICE "\x01w"), 0x42, {0}},
			{GET, B(DEVICE), 0x84, {0}}}},
};

static uint64_t
etag_of(const char *path)
{
	struct dp_value v;

	return dp_value_get(gw.dp, path, &v) ? v.etag : 0;
}

struct etags {
	char path[16];
	uint64_t now, old;
};

static void
look(struct etags *e)
{
	uint64_t now = etag_of(e->path);

	if (now == e->now)
		return;
	if (e->now != 0)
		e->old = e->now;
	e->now = now;
}

static struct bytes
fill_in(const struct etags *e, struct bytes b, uint8_t copy[FRAME_MAX])
{
	uint64_t f = etag_of("/f");

	if (b.len > 0)
		memcpy(copy, b.at, b.len);
	for (size_t i = 0; i + 8 <= b.len; i++)
		if (memcmp(copy + i, NOW, 8) == 0)
			memcpy(copy + i, &e->now, 8);
		else if (memcmp(copy + i, OLD, 8) == 0)
			memcpy(copy + i, &e->old, 8);
		else if (memcmp(copy + i, "etag-f  ", 8) == 0)
			memcpy(copy + i, &f, 8);
	return (struct bytes){copy, b.len};
}

static void
script(void **state)
{
	const struct script *r = *state;
	uint8_t say[FRAME_MAX], hear[FRAME_MAX];
	struct etags e = {0};

	snprintf(e.path, sizeof(e.path), "/d/dev%c/v", gw.digit);
	for (uint16_t i = 0; i < STEPS_MAX && r->step[i].answer != 0; i++) {
		const struct step *s = &r->step[i];

		gw_say(&gw.flow, coap(T_CON, s->code, i, fill_in(&e, s->rest, say)));
		look(&e);
		gw_hear(&gw.flow, coap(T_ACK, s->answer, i, fill_in(&e, s->with, hear)));
		gw_expect_silence();
	}
}

/* ---- sizes ----------------------------------------------------------------------- */

static void
put(uint16_t mid, const char *device, const char *name, size_t len, uint8_t answer)
{
	static const struct bytes none = {0}, max_age = B("\xd1\x01\x05");
	uint8_t m[1400];
	size_t n = (size_t)snprintf((char *)m, sizeof(m),
		"\xb1"
		"d%c%s%c%s\xff",
		(int)strlen(device), device, (int)strlen(name), name);

	assert_true(strlen(device) < 13 && strlen(name) < 13);
	if (len == 0)
		n--;
	for (size_t i = 0; i < len; i++)
		m[n + i] = (uint8_t)(i * 7 + len);
	gw_ask(coap(T_CON, PUT, mid, (struct bytes){m, n + len}),
		coap(T_ACK, answer, mid, answer == TG_UNAVAILABLE ? max_age : none));
}

/* GET what put() has put there with @len bytes. */
static void
get(uint16_t mid, const char *device, const char *name, size_t len)
{
	uint8_t ask[64], m[1100];
	char path[64];
	uint64_t etag;
	size_t n = (size_t)snprintf((char *)ask, sizeof(ask),
		"\xb1"
		"d%c%s%c%s",
		(int)strlen(device), device, (int)strlen(name), name);

	snprintf(path, sizeof(path), "/d/%s/%s", device, name);
	etag = etag_of(path);
	m[0] = 0x48;
	memcpy(m + 1, &etag, 8);
	m[9] = 0xff;
	for (size_t i = 0; i < len; i++)
		m[10 + i] = (uint8_t)(i * 7 + len);
	gw_ask(coap(T_CON, GET, mid, (struct bytes){ask, n}),
		coap(T_ACK, CONTENT, mid, (struct bytes){m, len == 0 ? 9 : 10 + len}));
}

/* In a slot, in one chunk, in many: whatever was there before. */
static void
every_size(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'};
	uint16_t mid = 0;

	(void)state;
	put(mid++, device, "v", 0, CREATED);
	for (size_t len = 1; len <= 1024; len = len < 280 ? len + 1 : len + 31) {
		put(mid++, device, "v", len, CHANGED);
		get(mid++, device, "v", len);
		put(mid++, device, "v", 1024 - len, CHANGED);
		get(mid++, device, "v", 1024 - len);
		gw_later(400); /* no Message ID comes twice in its lifetime */
	}
}

static void
too_long(void **state)
{
	uint8_t m[1100] = DEVICE "\x01v\xff";

	(void)state;
	memset(m + 10, 'x', sizeof(m) - 10);
	gw_ask(coap(T_CON, PUT, 1, (struct bytes){m, 10 + 1025}),
		coap(T_ACK, TG_TOO_LARGE, 1, BYTES_OF("\xd2\x2f\x04\x00")));
	gw_ask(coap(T_CON, PUT, 2, (struct bytes){m, 10 + 1024}),
		coap(T_ACK, CREATED, 2, (struct bytes){0}));
	gw_counted(DP_C_refused_413, 1);
}

/* ---- full ------------------------------------------------------------------------ */

/* Values until there is no room; then one goes, and there is room for one. */
static void
store_is_full(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[8];
	uint16_t n;

	(void)state;
	for (n = 0; n < 64; n++) {
		snprintf(name, sizeof(name), "v%u", n);
		put(n, device, name, 1, CREATED);
	}
	put(n, device, "more", 1, TG_UNAVAILABLE);
	gw_counted(DP_C_store_full, 1);
	gw_counted(DP_C_refused_503, 1);
	put(100, device, "v7", 2, CHANGED);
	gw_ask(coap(T_CON, DELETE, 101, BYTES_OF(DEVICE "\x02v7")),
		coap(T_ACK, 0x42, 101, (struct bytes){0}));
	put(n, device, "more", 1, CREATED);
	get(102, device, "more", 1);
}

/* A change that finds no room leaves the value as it was. */
static void
no_room_for_a_change(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[8];
	uint16_t n = 1;

	(void)state;
	put(0, device, "small", 20, CREATED);
	for (; n <= 7; n++) { /* of nine chunks each: the pool has 64 */
		snprintf(name, sizeof(name), "v%u", n);
		put(n, device, name, 1024, CREATED);
	}
	put(n, device, "small", 1024, TG_UNAVAILABLE);
	get(100, device, "small", 20);
	gw_counted(DP_C_store_full, 1);
}

/* ---- devices --------------------------------------------------------------------- */

static void
room_for_values(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->store_max = 1024;
}

/* A device that makes room for another leaves its values behind, and not to the other. */
static void
evicted_device(void **state)
{
	char device[8] = "", ask[16], list[64];
	uint16_t n;

	(void)state;
	gw_reopen(room_for_values);
	for (n = 0; gw_counter(DP_C_devices_evicted) == 0; n++) {
		assert_true(n < 200);
		snprintf(device, sizeof(device), "d%u", n);
		put(n, device, "v", 3, CREATED);
	}
	snprintf(ask, sizeof(ask),
		"\xb1"
		"d%c%s",
		(int)strlen(device), device);
	snprintf(list, sizeof(list), "\xc1\x28\xff</d/%s/v>;sz=3", device);
	gw_ask(coap(T_CON, GET, 1000, (struct bytes){ask, strlen(ask)}),
		coap(T_ACK, CONTENT, 1000, (struct bytes){list, strlen(list)}));
	while (n-- > 0) {
		snprintf(device, sizeof(device), "d%u", n);
		get(n, device, "v", 3);
	}
}

/* A list that fits no message is refused, not cut. */
static void
list_too_long(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[16];
	uint16_t n = 0;

	(void)state;
	for (; n < 60; n++) { /* 23 bytes each, and a comma */
		snprintf(name, sizeof(name), "long-one-%02u", n);
		put(n, device, name, 1, CREATED);
	}
	gw_ask(coap(T_CON, GET, n, BYTES_OF(DEVICE)),
		coap(T_ACK, 0xa0, n, (struct bytes){0}));
	gw_counted(DP_C_refused_500, 1);
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
	struct CMUnitTest tests[COUNT(scripts) + 8] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(too_long),
		cmocka_unit_test(store_is_full),
		cmocka_unit_test(no_room_for_a_change),
		cmocka_unit_test(evicted_device),
		cmocka_unit_test(list_too_long),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, scripts, script);
	return gw_main("dp_store", settings, COUNT(settings), tests, n);
}
