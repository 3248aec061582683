/* Discovery on the wire (RFC 6690): lists of links, and the filters that a request has
 * for them. */
#include "coap/code.h"
#include "coap/uri.h"
#include "coap/write.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define LINK1 "</link1>;rt=\"Type1 Type2\";if=\"If1\""
#define LINK2 "</link2>;rt=\"Type2 Type3\";if=\"If2\""
#define LINK3 "</link3>;rt=\"Type1 Type3\";if=\"foo\";title=\"third\";ct=0"
#define PATH "</path>;ct=40"
#define LARGE "</large>;ct=0;sz=1025"
#define MULTI "</multi>;title=\"three\";ct=\"0 50 60\""
#define ONE "</one>;ct=0"
#define ALL LINK1 "," LINK2 "," LINK3 "," PATH "," LARGE ",</obs>;obs,</d>," MULTI "," ONE

#define SUB1 "</path/sub1>;rt=a"
#define SUB2 "</path/sub2>;rt=\"a b\""

#define J "</d/dev?/j>;ct=50;sz=2;obs"
#define V "</d/dev?/v>;sz=3;obs"

#define FIXED                                                                            \
	.kind = DP_K_STATIC, .content = "x", .content_len = 1,                           \
	.content_format = DP_NO_FORMAT, .max_age = UINT32_MAX, .max_payload = 8

#define IN_FORMAT(format)                                                                \
	.kind = DP_K_STATIC, .content = "x", .content_len = 1,                           \
	.content_format = (format), .max_age = UINT32_MAX, .max_payload = 8

static const char large[DP_VALUE_MAX + 1];

static const struct dp_route_spec routes[] = {
	{.path = "/link1", FIXED, .rt = "Type1 Type2", .ifd = "If1"},
	{.path = "/link2", FIXED, .rt = "Type2 Type3", .ifd = "If2"},
	{.path = "/link3",
		.kind = DP_K_STATIC,
		.max_age = UINT32_MAX,
		.rt = "Type1 Type3",
		.ifd = "foo",
		.title = "third"},
	{.path = "/path",
		.kind = DP_K_STATIC,
		.content = SUB1 "," SUB2,
		.content_len = sizeof(SUB1 "," SUB2) - 1,
		.content_format = 40,
		.max_age = 9},
	{.path = "/large",
		.kind = DP_K_STATIC,
		.content = large,
		.content_len = sizeof(large),
		.max_age = UINT32_MAX},
	{.path = "/obs",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX},
	{.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX},
	{.path = "/multi", IN_FORMAT(0), .title = "three"},
	{.path = "/one", IN_FORMAT(DP_NO_FORMAT)},
	{.path = "/multi", IN_FORMAT(50)},
	{.path = "/one", IN_FORMAT(0)},
	{.path = "/multi", IN_FORMAT(60)},
};

#define EIGHT "rt=*&rt=*&rt=*&rt=*&rt=*&rt=*&rt=*&rt=*"
#define CORE "/.well-known/core"

static const struct row {
	const char *name;
	const char *ask; /* a path and its queries, as in a URI */
	const char *links;
	uint8_t refused; /* else 2.05 with those */
} rows[] = {
	{"no filter", CORE, ALL, 0},
	{"rt", CORE "?rt=Type1", LINK1 "," LINK3, 0},
	{"rt, a prefix", CORE "?rt=Type*", LINK1 "," LINK2 "," LINK3, 0},
	{"rt, any", CORE "?rt=*", LINK1 "," LINK2 "," LINK3, 0},
	{"if, a prefix", CORE "?if=If*", LINK1 "," LINK2, 0},
	{"ct, the first of several", CORE "?ct=0", LINK3 "," LARGE "," MULTI "," ONE, 0},
	{"ct, one of several", CORE "?ct=50", MULTI, 0},
	{"ct, the last of several", CORE "?ct=60", MULTI, 0},
	{"title", CORE "?title=third", LINK3, 0},
	{"ct", CORE "?ct=40", PATH, 0},
	{"obs", CORE "?obs", "</obs>;obs", 0},
	{"sz, of what is over 1,024 bytes", CORE "?sz=*", LARGE, 0},
	{"href", CORE "?href=/link2", LINK2, 0},
	{"href, a prefix", CORE "?href=/link*", LINK1 "," LINK2 "," LINK3, 0},
	{"href, the last", CORE "?href=/d", "</d>", 0},
	{"no such value", CORE "?rt=Type4", "", 0},
	{"no such attribute", CORE "?foo=*", "", 0},
	{"a filter of nothing", CORE "?", "", 0},
	{"two filters hold together", CORE "?rt=Type1&if=foo", LINK3, 0},
	{"two filters that never do", CORE "?if=If1&if=If2", "", 0},
	{"eight filters", CORE "?" EIGHT, LINK1 "," LINK2 "," LINK3, 0},
	{"nine filters", CORE "?" EIGHT "&rt=*", NULL, TG_BAD_REQUEST},

	{"a list of children", "/path", SUB1 "," SUB2, 0},
	{"a filter of children", "/path?rt=b", SUB2, 0},
	{"no child", "/path?rt=c", "", 0},
	{"nine filters of children", "/path?" EIGHT "&rt=*", NULL, TG_BAD_REQUEST},

	{"a device", "/d/dev%3f", J "," V, 0},
	{"a device, sz", "/d/dev%3f?sz=3", V, 0},
	{"a device, sz of any", "/d/dev%3f?sz=*", J "," V, 0},
	{"a device, ct", "/d/dev%3f?ct=50", J, 0},
	{"a device, href", "/d/dev%3f?href=/d/dev%3f/v", V, 0},
	{"a device, obs", "/d/dev%3f?obs", J "," V, 0},
	{"a device, none", "/d/dev%3f?rt=a", "", 0},
	{"a device, nine filters", "/d/dev%3f?" EIGHT "&rt=*", NULL, TG_BAD_REQUEST},
	{"no such device", "/d/other?rt=a", NULL, TG_NOT_FOUND},
};

static void
serve_links(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = routes;
	s->n_routes = COUNT(routes);
}

/* A GET for @ask, and its bytes behind the header. */
static struct bytes
request(uint8_t *buf, size_t cap, const char *ask)
{
	static struct tg_uri u;
	struct tg_writer w;
	char uri[256];
	size_t len;

	snprintf(uri, sizeof(uri), "coap://[::1]%s", ask);
	assert_int_equal(tg_uri_parse(&u, uri, strlen(uri), 0), TG_URI_OK);
	tg_write_begin(&w, buf, cap, TG_CON, TG_GET, 7, NULL, 0);
	for (unsigned i = 0; i < u.count; i++)
		tg_write_option(
			&w, u.option[i].number, u.option[i].value, u.option[i].len);
	len = tg_write_end(&w);
	assert_true(len > 0);
	return (struct bytes){buf, len};
}

/* The answer to it: only /path has a Max-Age. */
static struct bytes
answer(const struct row *r)
{
	uint32_t max_age = strncmp(r->ask, "/path", 5) == 0 ? 9 : UINT32_MAX;

	if (r->refused != 0)
		return coap(T_ACK, r->refused, 7, (struct bytes){0});
	return coap(T_ACK, TG_CONTENT, 7,
		gw_content(
			TG_CF_LINK, max_age, (struct bytes){r->links, strlen(r->links)}));
}

static void
discover(void **state)
{
	const struct row *r = *state;
	uint8_t ask[512];

	gw_reopen(serve_links);
	gw_ask(coap(T_CON, TG_PUT, 1,
		       BYTES_OF("\xb1"
				"d\x04"
				"dev?\x01v\xff"
				"one")),
		coap(T_ACK, TG_CREATED, 1, (struct bytes){0}));
	gw_ask(coap(T_CON, TG_PUT, 2,
		       BYTES_OF("\xb1"
				"d\x04"
				"dev?\x01j\x11\x32\xff{}")),
		coap(T_ACK, TG_CREATED, 2, (struct bytes){0}));
	gw_ask(request(ask, sizeof(ask), r->ask), answer(r));
	gw_counted(DP_C_answered, r->refused == 0 ? 3 : 2);
	gw_counted(DP_C_refused_400, r->refused == TG_BAD_REQUEST);
	gw_counted(DP_C_refused_404, r->refused == TG_NOT_FOUND);
}

/* A query of the longest kind, over and over: refused, or answered with nothing. */
static void
filter_of_a_kilobyte(void **state)
{
	uint8_t ask[1400] = "\x40\x01\x00\x07\xbb.well-known\x04"
			    "core",
		*at = ask + 21;
	size_t n = 0;

	(void)state;
	gw_reopen(serve_links);
	for (; n < 4; n++) {
		*at++ = n == 0 ? 0x4d : 0x0d; /* Uri-Query of 255 bytes */
		*at++ = 255 - 13;
		memset(at, 'x', 255);
		memcpy(at, "rt=", 3);
		at += 255;
	}
	gw_ask((struct bytes){ask, (size_t)(at - ask)},
		coap(T_ACK, TG_CONTENT, 7, gw_links("")));
}

/* ---- conditions (RFC 7252, 5.10.8) ---- */

#define DEVICE                                                                           \
	"d\x04"                                                                          \
	"dev?"
#define OLD "12345678"

/* The ETag of the device's list. */
static void
take_etag(uint8_t etag[8])
{
	struct frame f;
	const uint8_t *m = f.byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

	gw_say(&gw.flow, coap(T_CON, TG_GET, 8, BYTES_OF("\xb1" DEVICE)));
	assert_true(gw_take(&f));
	assert_int_equal(m[1], TG_CONTENT);
	assert_int_equal(m[4], TG_OPT_ETAG << 4 | 8);
	memcpy(etag, m + 5, 8);
}

static const struct condition_row {
	const char *name;
	struct bytes rest; /* behind an If-Match of the list's own ETag, if own is set */
	bool own;
	uint8_t code;
} condition_rows[] = {
	{"If-Match of anything", B("\x10\xa1" DEVICE), false, TG_CONTENT},
	{"If-Match of this list", B("\xa1" DEVICE), true, TG_CONTENT},
	{"If-Match of this list and another", B("\x08" OLD "\xa1" DEVICE), true,
		TG_CONTENT},
	{"If-Match of another list", B("\x18" OLD "\xa1" DEVICE), false,
		TG_PRECONDITION_FAILED},
	{"If-Match of the whole, of a part", B("\xa1" DEVICE "\x44sz=9"), true,
		TG_PRECONDITION_FAILED},
	{"If-None-Match", B("\x50\x61" DEVICE), false, TG_PRECONDITION_FAILED},
	{"If-Match of no list",
		B("\x10\xa1"
		  "d\x05other"),
		false, TG_PRECONDITION_FAILED},
	{"If-None-Match of no list",
		B("\x50\x61"
		  "d\x05other"),
		false, TG_NOT_FOUND},
};

static void
conditions_of_a_list(void **state)
{
	const struct condition_row *r = *state;
	uint8_t ask[64] = "\x18";
	size_t n = r->own ? 9 : 0;
	struct frame f;

	gw_reopen(serve_links);
	gw_ask(coap(T_CON, TG_PUT, 1,
		       BYTES_OF("\xb1" DEVICE "\x01v\xff"
				"one")),
		coap(T_ACK, TG_CREATED, 1, (struct bytes){0}));
	take_etag(ask + 1);
	memcpy(ask + n, r->rest.at, r->rest.len);
	gw_say(&gw.flow, coap(T_CON, TG_GET, 7, (struct bytes){ask, n + r->rest.len}));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[ETH + (gw.flow.v6 ? IP6 : IP4) + UDP + 1], r->code);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, values elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, values elsewhere", 2, true, 0, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(condition_rows) + 1] = {
		cmocka_unit_test(filter_of_a_kilobyte)};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, discover);
	ADD_ROWS(tests, &n, condition_rows, conditions_of_a_list);
	return gw_main("dp_discover", settings, COUNT(settings), tests, n);
}
