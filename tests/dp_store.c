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
	const char *links; /* in place of that: a list */
};
#define STEPS_MAX 6

static const struct script {
	const char *name;
	struct step step[STEPS_MAX];
} scripts[] = {
	{"nothing there", {{GET, B(VALUE), 0x84, {0}}}},
	{"a static in many formats", {{GET, B("\xb4many"), CONTENT,
					      B(ETAG_MANY "\x80\xff"
							  "plain")},
					     {GET, B("\xb4many\x60"), CONTENT,
						     B(ETAG_MANY "\x80\xff"
								 "plain")},
					     {GET, B("\xb4many\x61\x32"), CONTENT,
						     B(ETAG_MANY_JSON "\x81\x32\xff[]")},
					     {GET, B("\xb4many\x61\x3c"), 0x86, {0}}}},
	{"a location with queries", {{POST, B("\xb4many"), CREATED,
					    B("\x81"
					      "a\xc7"
					      "first=1\x08"
					      "second=2")}}},
	{"no Content-Format where one is required",
		{{PUT,
			 B("\xb6strict\xff"
			   "1"),
			 0x80, {0}},
			{GET, B("\xb6strict"), 0x84, {0}},
			{PUT,
				B("\x50\x66strict\x10\xff"
				  "1"),
				CREATED, {0}},
			{PUT,
				B("\x50\x66strict\x10\xff"
				  "1"),
				0x8c, {0}},
			{DELETE, B("\xb6strict"), TG_DELETED, {0}}}},
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
	{"Content-Format 65535",
		{{PUT, B(VALUE "\x12\xff\xff\xff{}"), CREATED, {0}},
			{GET, B(VALUE), CONTENT, B(ETAG "\x82\xff\xff\xff{}")},
			{GET, B(VALUE "\x62\xff\xff"), CONTENT,
				B(ETAG "\x82\xff\xff\xff{}")},
			{GET, B(DEVICE), CONTENT, {0}, "</d/dev?/v>;ct=65535;sz=2;obs"}}},
	{"Accept 65535 of what has another format",
		{{PUT, B(VALUE "\x11\x32\xff{}"), CREATED, {0}},
			{GET, B(VALUE "\x62\xff\xff"), 0x86, {0}}}},
	{"Accept 65535 of what has no format",
		{{PUT, B(VALUE "\xff{}"), CREATED, {0}},
			{GET, B(VALUE "\x62\xff\xff"), 0x86, {0}}}},
	{"Content-Format 65535 goes with the value",
		{{PUT, B(VALUE "\x12\xff\xff\xff{}"), CREATED, {0}},
			{PUT, B(VALUE "\xff{}"), CHANGED, {0}},
			{GET, B(VALUE), CONTENT, B(ETAG "\xff{}")}}},
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

	{"a list",
		{{PUT,
			 B(VALUE "\xff"
				 "one"),
			 CREATED, {0}},
			{PUT,
				B(DEVICE "\x04"
					 "a b/\x11\x32\xff{}"),
				CREATED, {0}},
			{GET, B(DEVICE), CONTENT, {0},
				"</d/dev?/a%20b%2F>;ct=50;sz=2;obs,</d/dev?/v>;sz=3;obs"},
			{GET, B(DEVICE "\x61\x28"), CONTENT, {0},
				"</d/dev?/a%20b%2F>;ct=50;sz=2;obs,</d/dev?/"
				"v>;sz=3;obs"}}},
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
			{GET, B(DEVICE), CONTENT, {0}, "</d/dev?/w>;sz=3;obs"},
			{DELETE, B(DEVICE "\x01w"), 0x42, {0}},
			{GET, B(DEVICE), 0x84, {0}}}},
};

struct etags {
	char path[16];
	uint64_t now, old;
};

static void
look(struct etags *e)
{
	uint64_t now = gw_etag(e->path);

	if (now == e->now)
		return;
	if (e->now != 0)
		e->old = e->now;
	e->now = now;
}

static struct bytes
fill_in(const struct etags *e, struct bytes b, uint8_t copy[FRAME_MAX])
{
	uint64_t f = gw_etag("/f");

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
		gw_hear(&gw.flow, coap(T_ACK, s->answer, i,
					  s->links != NULL ? gw_links(s->links)
							   : fill_in(&e, s->with, hear)));
		gw_expect_silence();
	}
}

/* GET /moves with @etag: @code, and @payload behind the ETag that it has by then. */
static void
read_moving(uint16_t mid, const uint64_t *etag, uint8_t code, const char *payload)
{
	uint8_t request[32] = {0x48}, reply[32] = {0x48};
	struct bytes ask = {request, 16}, hear = {reply, 9};
	struct dp_value v;

	assert_true(dp_value_get(gw.dp, "/moves", &v));
	if (code == TG_VALID)
		v.etag = *etag;
	memcpy(request + 1, etag, 8);
	memcpy(request + 9, "\x75moves", 6);
	ask.len = 15;
	memcpy(reply + 1, &v.etag, 8);
	if (payload != NULL) {
		reply[9] = 0xff;
		memcpy(reply + 10, payload, strlen(payload));
		hear.len = 10 + strlen(payload);
	}
	gw_ask(coap(T_CON, GET, mid, ask), coap(T_ACK, code, mid, hear));
}

/* Being told that nothing has changed changes it, once. */
static void
changes_after_valid(void **state)
{
	struct dp_value v;
	uint64_t first;

	(void)state;
	gw_ask(coap(T_CON, PUT, 1,
		       BYTES_OF("\xb5moves\xff"
				"v9")),
		coap(T_ACK, CREATED, 1, (struct bytes){0}));
	assert_true(dp_value_get(gw.dp, "/moves", &v));
	first = v.etag;
	read_moving(9, &first, TG_VALID, NULL);
	read_moving(9, &first, TG_VALID, NULL); /* a duplicate: the same bytes */
	read_moving(10, &first, CONTENT, "v0");
	read_moving(11, &first, CONTENT, "v0");
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(scripts) + 1] = {
		cmocka_unit_test(changes_after_valid)};
	size_t n = 1;

	ADD_ROWS(tests, &n, scripts, script);
	return gw_main("dp_store", gw_settings, COUNT(gw_settings), tests, n);
}
