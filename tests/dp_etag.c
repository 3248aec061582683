/* The ETags of what the gateway makes itself, and what a request says of them (RFC 7252,
 * 5.10.6 and 5.10.8); those of stored values are dp_store's. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define OTHER "\x48unknown!"
#define HELLO "\xb5hello"
#define TEST "\xb4test"
#define MANY "\xb4many"
#define QUERY                                                                            \
	"\xb5query\x41"                                                                  \
	"x"
#define HI                                                                               \
	ETAG_HELLO "\x80\xff"                                                            \
		   "hi"
#define X ETAG_X "\x80\xffx"
#define ACCEPT_JSON "\x61\x32"
#define CORE                                                                             \
	"\xbb.well-known\x04"                                                            \
	"core"
#define DEVICE                                                                           \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?"
#define LINK_TEST "</test>;rt=\"r\";if=\"i\""
#define LINK_V "</d/dev?/v>;sz=1;obs"
#define LINK_W "</d/dev?/w>;sz=1;obs"

static uint16_t next_mid;

/* A message's options: those at @etag, which begin with an ETag, as ones of number
 * @option, and then @path, which is written as if it stood first. */
static struct bytes
with(unsigned option, struct bytes etag, struct bytes path)
{
	static uint8_t rest[128];

	assert_true(etag.len + path.len <= sizeof(rest));
	memcpy(rest, etag.at, etag.len);
	memcpy(rest + etag.len, path.at, path.len);
	rest[0] = (uint8_t)(option << 4 | (rest[0] & 15));
	rest[etag.len] = (uint8_t)(rest[etag.len] - (option << 4));
	return (struct bytes){rest, etag.len + path.len};
}

/* Ask as a CON, and then as a NON. */
static void
ask(uint8_t code, struct bytes rest, uint8_t answer, struct bytes want)
{
	next_mid++;
	gw_ask(coap(T_CON, code, next_mid, rest), coap(T_ACK, answer, next_mid, want));
	next_mid++;
	gw_ask(coap(T_NON, code, next_mid, rest), coap(T_NON, answer, next_mid, want));
}

/* ---- static content, and queries ---- */

static const struct row {
	const char *name;
	uint8_t code;
	unsigned option;   /* what `etag` is; 0: there is none */
	struct bytes etag; /* as an answer begins with it */
	struct bytes path;
	uint8_t answer;
	struct bytes with;
} rows[] = {
	{"its own", TG_GET, TG_OPT_ETAG, B(ETAG_HELLO), B(HELLO), TG_VALID,
		B(ETAG_HELLO)},
	{"another", TG_GET, TG_OPT_ETAG, B(OTHER), B(HELLO), TG_CONTENT, B(HI)},
	{"a part of it", TG_GET, TG_OPT_ETAG, B("\x44\x3d\x00\x76\x27"), B(HELLO),
		TG_CONTENT, B(HI)},
	{"its own and another", TG_GET, TG_OPT_ETAG, B(ETAG_HELLO "\x04some"), B(HELLO),
		TG_VALID, B(ETAG_HELLO)},
	{"and Max-Age", TG_GET, TG_OPT_ETAG, B(ETAG_TEST), B(TEST), TG_VALID,
		B(ETAG_TEST "\xa1\x09")},
	{"and Accept", TG_GET, TG_OPT_ETAG, B(ETAG_HELLO), B(HELLO "\x60"), TG_VALID,
		B(ETAG_HELLO)},
	{"and Accept of what there is not", TG_GET, TG_OPT_ETAG, B(ETAG_HELLO),
		B(HELLO ACCEPT_JSON), TG_NOT_ACCEPTABLE, {0}},
	{"and Block2 and Size2", TG_GET, TG_OPT_ETAG, B(ETAG_HELLO), B(HELLO "\xc0\x50"),
		TG_VALID, B(ETAG_HELLO)},
	{"in a PUT", TG_PUT, TG_OPT_ETAG, B(ETAG_TEST), B(TEST), TG_CHANGED, {0}},
	{"of the default format", TG_GET, TG_OPT_ETAG, B(ETAG_MANY), B(MANY), TG_VALID,
		B(ETAG_MANY)},
	{"of another format", TG_GET, TG_OPT_ETAG, B(ETAG_MANY_JSON), B(MANY), TG_CONTENT,
		B(ETAG_MANY "\x80\xffplain")},
	{"of the format that is asked for", TG_GET, TG_OPT_ETAG, B(ETAG_MANY_JSON),
		B(MANY ACCEPT_JSON), TG_VALID, B(ETAG_MANY_JSON)},
	{"of the format that is not asked for", TG_GET, TG_OPT_ETAG, B(ETAG_MANY),
		B(MANY ACCEPT_JSON), TG_CONTENT, B(ETAG_MANY_JSON "\x81\x32\xff[]")},

	{"If-Match: PUT", TG_PUT, TG_OPT_IF_MATCH, B(ETAG_TEST), B(TEST), TG_CHANGED,
		{0}},
	{"If-Match: PUT, another", TG_PUT, TG_OPT_IF_MATCH, B(ETAG_HELLO), B(TEST),
		TG_PRECONDITION_FAILED, {0}},
	{"If-Match: PUT, its own and another", TG_PUT, TG_OPT_IF_MATCH,
		B(ETAG_TEST "\x04some"), B(TEST), TG_CHANGED, {0}},
	{"If-Match: PUT, anything", TG_PUT, TG_OPT_IF_MATCH, B("\x10"), B(TEST),
		TG_CHANGED, {0}},
	{"If-Match: DELETE", TG_DELETE, TG_OPT_IF_MATCH, B(ETAG_TEST), B(TEST),
		TG_DELETED, {0}},
	{"If-Match: DELETE, another", TG_DELETE, TG_OPT_IF_MATCH, B(OTHER), B(TEST),
		TG_PRECONDITION_FAILED, {0}},
	{"If-Match: POST, of the default format", TG_POST, TG_OPT_IF_MATCH, B(ETAG_MANY),
		B(MANY), TG_CREATED,
		B("\x81"
		  "a\xc7"
		  "first=1\x08second=2")},
	{"If-Match: POST, of another format", TG_POST, TG_OPT_IF_MATCH, B(ETAG_MANY_JSON),
		B(MANY), TG_CREATED,
		B("\x81"
		  "a\xc7"
		  "first=1\x08second=2")},
	{"If-Match: POST, of other content", TG_POST, TG_OPT_IF_MATCH, B(ETAG_TEST),
		B(MANY), TG_PRECONDITION_FAILED, {0}},
	{"If-Match: GET", TG_GET, TG_OPT_IF_MATCH, B(ETAG_HELLO), B(HELLO), TG_CONTENT,
		B(HI)},
	{"If-Match: GET, another", TG_GET, TG_OPT_IF_MATCH, B(ETAG_TEST), B(HELLO),
		TG_PRECONDITION_FAILED, {0}},
	{"If-None-Match", TG_PUT, 0, {0}, B("\x50\x64test"), TG_PRECONDITION_FAILED, {0}},

	{"queries", TG_GET, TG_OPT_ETAG, B(ETAG_X), B(QUERY), TG_VALID, B(ETAG_X)},
	{"queries: another", TG_GET, TG_OPT_ETAG, B(OTHER), B(QUERY), TG_CONTENT, B(X)},
	{"queries: If-Match", TG_GET, TG_OPT_IF_MATCH, B(ETAG_X), B(QUERY), TG_CONTENT,
		B(X)},
	{"queries: If-Match, another", TG_GET, TG_OPT_IF_MATCH, B(OTHER), B(QUERY),
		TG_PRECONDITION_FAILED, {0}},
	{"time: If-Match", TG_GET, TG_OPT_IF_MATCH, B(OTHER), B("\xb4time"),
		TG_PRECONDITION_FAILED, {0}},
};

static void
answered(void **state)
{
	const struct row *r = *state;

	ask(r->code, r->option != 0 ? with(r->option, r->etag, r->path) : r->path,
		r->answer, r->with);
}

/* ---- two formats, bodies in blocks ---- */

static const struct dp_route_spec more_routes[] = {
	{.path = "/same",
		.kind = DP_K_STATIC,
		.content = "hi",
		.content_len = 2,
		.content_format = TG_CF_TEXT,
		.max_age = UINT32_MAX},
	{.path = "/same",
		.kind = DP_K_STATIC,
		.content = "hi",
		.content_len = 2,
		.content_format = TG_CF_OCTETS,
		.max_age = UINT32_MAX},
	{.path = "/put",
		.kind = DP_K_STATIC,
		.content = "all",
		.content_len = 3,
		.content_format = DP_NO_FORMAT,
		.max_age = UINT32_MAX,
		.max_payload = 64,
		.max_body = 64,
		.answer_put = TG_CHANGED},
	{.path = "/up",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = 64,
		.max_body = 64},
};

static void
with_more(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = more_routes;
	s->n_routes = COUNT(more_routes);
}

/* The same bytes in another format are another representation. */
static void
formats_differ(void **state)
{
	const struct bytes octets = BYTES_OF("\xb4same\x61\x2a");
	struct bytes want;

	(void)state;
	gw_reopen(with_more);
	ask(TG_GET, BYTES_OF("\xb4same"), TG_CONTENT, BYTES_OF(HI));
	want = gw_content(TG_CF_OCTETS, UINT32_MAX, BYTES_OF("hi"));
	assert_memory_not_equal(want.at, ETAG_HELLO, 9);
	ask(TG_GET, octets, TG_CONTENT, want);
	ask(TG_GET, with(TG_OPT_ETAG, BYTES_OF(ETAG_HELLO), octets), TG_CONTENT, want);
}

/* Both its first block and its last are asked for their conditions. */
static void
body_in_blocks(void **state)
{
	const struct bytes first = BYTES_OF("\xb3put\xd1\x03\x08\xff"
					    "0123456789abcdef"),
			   last = BYTES_OF("\xb3put\xd1\x03\x10\xffx"),
			   own = BYTES_OF(ETAG_TEST), other = BYTES_OF(OTHER);

	(void)state;
	gw_reopen(with_more);
	ask(TG_PUT, with(TG_OPT_IF_MATCH, other, first), TG_PRECONDITION_FAILED,
		(struct bytes){0});
	ask(TG_PUT, with(TG_OPT_IF_MATCH, own, first), TG_CONTINUE,
		BYTES_OF("\xd1\x0e\x08"));
	ask(TG_PUT, with(TG_OPT_IF_MATCH, own, last), TG_CHANGED,
		BYTES_OF("\xd1\x0e\x10"));
	ask(TG_PUT, with(TG_OPT_IF_MATCH, own, first), TG_CONTINUE,
		BYTES_OF("\xd1\x0e\x08"));
	ask(TG_PUT, with(TG_OPT_IF_MATCH, other, last), TG_PRECONDITION_FAILED,
		(struct bytes){0});
}

/* What only a POST gives has no ETag. */
static void
no_etag_to_match(void **state)
{
	const struct bytes post = BYTES_OF("\xb2up\xffx");

	(void)state;
	gw_reopen(with_more);
	ask(TG_POST, with(TG_OPT_IF_MATCH, BYTES_OF("\x10"), post), TG_CHANGED,
		BYTES_OF("\xc0\xffX"));
	ask(TG_POST, with(TG_OPT_IF_MATCH, BYTES_OF(OTHER), post), TG_PRECONDITION_FAILED,
		(struct bytes){0});
}

/* ---- lists of links ---- */

/* The answer to a GET of @path is @want; its ETag, as the option that it begins with. */
static struct bytes
take_etag(struct bytes path, struct bytes want)
{
	static uint8_t ring[2][9];
	static unsigned turn;
	uint8_t *etag = ring[turn++ % 2];

	ask(TG_GET, path, TG_CONTENT, want);
	memcpy(etag, want.at, 9);
	return (struct bytes){etag, 9};
}

/* A list in part is a resource of its own. */
static void
list_of_resources(void **state)
{
	const struct bytes part = BYTES_OF(CORE "\x44rt=r"),
			   none = BYTES_OF(CORE "\x44rt=x");
	struct bytes whole_etag, etag;
	struct frame f;

	(void)state;
	gw_say(&gw.flow, coap(T_CON, TG_GET, ++next_mid, BYTES_OF(CORE)));
	assert_true(gw_take(&f));
	whole_etag = (struct bytes){
		f.byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP + TG_HDR_LEN, 9};
	ask(TG_GET, with(TG_OPT_ETAG, whole_etag, BYTES_OF(CORE)), TG_VALID, whole_etag);
	etag = take_etag(part, gw_links(LINK_TEST));
	assert_memory_not_equal(etag.at, whole_etag.at, 9);
	ask(TG_GET, with(TG_OPT_ETAG, etag, part), TG_VALID, etag);
	ask(TG_GET, with(TG_OPT_ETAG, whole_etag, part), TG_CONTENT, gw_links(LINK_TEST));
	ask(TG_GET, with(TG_OPT_IF_MATCH, etag, part), TG_CONTENT, gw_links(LINK_TEST));
	ask(TG_GET, with(TG_OPT_IF_MATCH, whole_etag, part), TG_PRECONDITION_FAILED,
		(struct bytes){0});
	etag = take_etag(none, gw_links(""));
	ask(TG_GET, with(TG_OPT_ETAG, etag, none), TG_VALID, etag);
}

static void
put(struct bytes rest, uint8_t answer)
{
	next_mid++;
	gw_ask(coap(T_CON, TG_PUT, next_mid, rest),
		coap(T_ACK, answer, next_mid, (struct bytes){0}));
}

/* It is the same list as long as it shows the same. */
static void
list_of_a_device(void **state)
{
	const struct bytes all = BYTES_OF(DEVICE), one = BYTES_OF(DEVICE "\x46href=*");
	struct bytes first, second;

	(void)state;
	put(BYTES_OF(DEVICE "\x01v\xffx"), TG_CREATED);
	first = take_etag(all, gw_links(LINK_V));
	ask(TG_GET, with(TG_OPT_ETAG, first, all), TG_VALID, first);
	ask(TG_GET, with(TG_OPT_ETAG, first, one), TG_VALID, first);
	put(BYTES_OF(DEVICE "\x01v\xffy"), TG_CHANGED);
	ask(TG_GET, with(TG_OPT_ETAG, first, all), TG_VALID, first);
	put(BYTES_OF(DEVICE "\x01w\xffx"), TG_CREATED);
	ask(TG_GET, with(TG_OPT_ETAG, first, all), TG_CONTENT,
		gw_links(LINK_W "," LINK_V));
	second = take_etag(all, gw_links(LINK_W "," LINK_V));
	assert_memory_not_equal(first.at, second.at, 9);
	ask(TG_GET, with(TG_OPT_ETAG, second, all), TG_VALID, second);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 5] = {
		cmocka_unit_test(formats_differ),
		cmocka_unit_test(body_in_blocks),
		cmocka_unit_test(no_etag_to_match),
		cmocka_unit_test(list_of_resources),
		cmocka_unit_test(list_of_a_device),
	};
	size_t n = 5;

	ADD_ROWS(tests, &n, rows, answered);
	return gw_main("dp_etag", gw_settings, COUNT(gw_settings), tests, n);
}
