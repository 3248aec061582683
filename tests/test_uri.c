#include "coap/uri.h"
#include "coap/write.h"
#include "tests/rows.h"

#include <stdio.h>

/* Is @c written as it is below? */
static bool
is_plain(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c != '\0' && strchr("-._=@:;", c) != NULL);
}

/*
 * Options are written as text: "host:", "port:", then "/" and "?" before each segment and
 * argument; a byte that could be mistaken is \xx.
 */
static void
describe(const struct tg_uri *u, char *text, size_t cap)
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < u->count; i++) {
		const struct tg_opt *o = &u->option[i];

		n += (size_t)snprintf(text + n, cap - n, "%s",
			o->number == TG_OPT_URI_HOST   ? "host:"
			: o->number == TG_OPT_URI_PORT ? "port:"
			: o->number == TG_OPT_URI_PATH ? "/"
						       : "?");
		for (unsigned b = 0; b < o->len; b++)
			n += (size_t)snprintf(text + n, cap - n,
				is_plain(o->value[b]) ? "%c" : "\\%02x", o->value[b]);
		assert_true(n < cap);
	}
}

static const struct good_row {
	const char *name, *uri;
	uint16_t dest_port;
	bool secure;
	uint16_t port;
	const char *host, *want;
} goods[] = {
	{"ipv4, no path", "coap://198.18.0.1", 0, false, 5683, "198.18.0.1", ""},
	{"ipv4, slash", "coap://198.18.0.1/", 0, false, 5683, "198.18.0.1", ""},
	{"coaps", "coaps://198.18.0.1/a", 0, true, 5684, "198.18.0.1", "/a"},
	{"scheme in capitals", "CoAPS://198.18.0.1/a", 0, true, 5684, "198.18.0.1", "/a"},
	{"ipv6", "coap://[2001:2::1]/a", 0, false, 5683, "2001:2::1", "/a"},
	{"ipv6 in capitals", "coap://[2001:DB8::A]", 0, false, 5683, "2001:db8::a", ""},
	{"ipv6 with ipv4 tail", "coap://[::ffff:198.18.0.1]", 0, false, 5683,
		"::ffff:198.18.0.1", ""},
	{"ipv6 and port", "coap://[::1]:61616/a", 0, false, 61616, "::1", "/a"},
	{"name", "coap://example.net/", 0, false, 5683, "example.net",
		"host:example.net"},
	{"name lower-cased", "coap://EXAMPLE.net/A", 0, false, 5683, "example.net",
		"host:example.net/A"},
	{"name decoded after that", "coap://%41b%2e/", 0, false, 5683, "Ab.", "host:Ab."},
	{"no ipv4: number over 255", "coap://256.1.1.1", 0, false, 5683, "256.1.1.1",
		"host:256.1.1.1"},
	{"no ipv4: three numbers", "coap://1.2.3", 0, false, 5683, "1.2.3", "host:1.2.3"},
	{"default port named", "coap://198.18.0.1:5683/a", 0, false, 5683, "198.18.0.1",
		"/a"},
	{"empty port", "coap://198.18.0.1:/a", 0, false, 5683, "198.18.0.1", "/a"},
	{"port with zeros", "coap://198.18.0.1:0005683/a", 0, false, 5683, "198.18.0.1",
		"/a"},
	{"most port", "coap://198.18.0.1:65535", 0, false, 65535, "198.18.0.1", ""},
	{"port is the destination's", "coap://example.net:61616/a", 0, false, 61616,
		"example.net", "host:example.net/a"},
	{"port is not the destination's", "coap://example.net:61616/a", 5683, false,
		61616, "example.net", "host:example.netport:\\f0\\b0/a"},
	{"port of one byte", "coap://198.18.0.1:47", 5683, false, 47, "198.18.0.1",
		"port:\\2f"},
	{"default port is not the destination's", "coap://198.18.0.1/", 61616, false,
		5683, "198.18.0.1", "port:\\163"},
	{"segments", "coap://198.18.0.1/a/b/c", 0, false, 5683, "198.18.0.1", "/a/b/c"},
	{"slash at the end", "coap://198.18.0.1/a/", 0, false, 5683, "198.18.0.1", "/a/"},
	{"two slashes", "coap://198.18.0.1//", 0, false, 5683, "198.18.0.1", "//"},
	{"all of pchar", "coap://198.18.0.1/-._~!$&'()*+,;=:@", 0, false, 5683,
		"198.18.0.1", "/-._\\7e\\21\\24\\26\\27\\28\\29\\2a\\2b\\2c;=:@"},
	{"decoded slash and percent", "coap://198.18.0.1/a%2Fb%25c", 0, false, 5683,
		"198.18.0.1", "/a\\2fb\\25c"},
	{"decoded in small letters", "coap://198.18.0.1/%c3%a9%00", 0, false, 5683,
		"198.18.0.1", "/\\c3\\a9\\00"},
	{"letter and mark composed", "coap://198.18.0.1/e%cc%81?e%cc%81", 0, false, 5683,
		"198.18.0.1", "/\\c3\\a9?\\c3\\a9"},
	{"host composed", "coap://e%cc%81/", 0, false, 5683, "\xc3\xa9", "host:\\c3\\a9"},
	{"three times as long in parts", "coap://198.18.0.1/%f0%9d%85%a0/a", 0, false,
		5683, "198.18.0.1",
		"/\\f0\\9d\\85\\98\\f0\\9d\\85\\a5\\f0\\9d\\85\\ae/a"},
	{"what is no utf-8 stays", "coap://198.18.0.1/%ffe%cc%81", 0, false, 5683,
		"198.18.0.1", "/\\ffe\\cc\\81"},
	{"query", "coap://198.18.0.1?a=1&b", 0, false, 5683, "198.18.0.1", "?a=1?b"},
	{"query after a slash", "coap://198.18.0.1/?a=1", 0, false, 5683, "198.18.0.1",
		"?a=1"},
	{"query with slash and question mark", "coap://198.18.0.1/x?a/b?c", 0, false,
		5683, "198.18.0.1", "/x?a\\2fb\\3fc"},
	{"decoded ampersand does not part", "coap://198.18.0.1?a%26b", 0, false, 5683,
		"198.18.0.1", "?a\\26b"},
	{"empty query", "coap://198.18.0.1/x?", 0, false, 5683, "198.18.0.1", "/x?"},
	{"empty arguments", "coap://198.18.0.1/x?&&", 0, false, 5683, "198.18.0.1",
		"/x???"},
	{"appendix B", "coap://198.51.100.1:61616//%2F//?%2F%2F&?%26", 0, false, 61616,
		"198.51.100.1", "//\\2f//?\\2f\\2f?\\3f\\26"},
	{"appendix B, utf-8", "coap://xn--18j4d.example/%E3%81%93", 0, false, 5683,
		"xn--18j4d.example", "host:xn--18j4d.example/\\e3\\81\\93"},
	{"6.3, first", "coap://example.com:5683/~sensors/temp.xml", 0, false, 5683,
		"example.com", "host:example.com/\\7esensors/temp.xml"},
	{"6.3, second", "coap://EXAMPLE.com/%7Esensors/temp.xml", 0, false, 5683,
		"example.com", "host:example.com/\\7esensors/temp.xml"},
	{"dot", "coap://198.18.0.1/a/./b", 0, false, 5683, "198.18.0.1", "/a/b"},
	{"dot at the end", "coap://198.18.0.1/a/.", 0, false, 5683, "198.18.0.1", "/a/"},
	{"only a dot", "coap://198.18.0.1/.", 0, false, 5683, "198.18.0.1", ""},
	{"dots", "coap://198.18.0.1/a/../b", 0, false, 5683, "198.18.0.1", "/b"},
	{"dots at the end", "coap://198.18.0.1/a/b/..", 0, false, 5683, "198.18.0.1",
		"/a/"},
	{"dots past the root", "coap://198.18.0.1/../../a", 0, false, 5683, "198.18.0.1",
		"/a"},
	{"dots leave the host", "coap://h/..", 0, false, 5683, "h", "host:h"},
	{"dots take an empty segment", "coap://198.18.0.1/a//../b", 0, false, 5683,
		"198.18.0.1", "/a/b"},
	{"RFC 3986, 5.2.4", "coap://198.18.0.1/a/b/c/./../../g", 0, false, 5683,
		"198.18.0.1", "/a/g"},
	{"three dots are a name", "coap://198.18.0.1/.../..a", 0, false, 5683,
		"198.18.0.1", "/.../..a"},
	{"dots in the query stay", "coap://198.18.0.1/a?b/../c", 0, false, 5683,
		"198.18.0.1", "/a?b\\2f..\\2fc"},
};

static void
good(void **state)
{
	const struct good_row *r = *state;
	size_t len = strlen(r->uri);
	char *exact = (char *)exact_copy(r->uri, len), text[512];
	struct tg_uri *u = malloc(sizeof(*u));

	assert_non_null(u);
	assert_int_equal(tg_uri_parse(u, exact, len, r->dest_port), TG_URI_OK);
	describe(u, text, sizeof(text));
	assert_string_equal(text, r->want);
	assert_int_equal(u->secure, r->secure);
	assert_string_equal(u->host, r->host);
	assert_int_equal(u->port, r->port);
	free(u);
	free(exact);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X255 X64 X64 X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct bad_row {
	const char *name, *uri;
	enum tg_uri_fault want;
} bads[] = {
	{"empty", "", TG_URI_SCHEME},
	{"relative", "/a/b", TG_URI_SCHEME},
	{"no authority", "coap:/a", TG_URI_SCHEME},
	{"http", "http://198.18.0.1/", TG_URI_SCHEME},
	{"coap over tcp", "coap+tcp://198.18.0.1/", TG_URI_SCHEME},
	{"fragment", "coap://198.18.0.1/a#b", TG_URI_FRAGMENT},
	{"empty fragment", "coap://198.18.0.1/a#", TG_URI_FRAGMENT},
	{"user", "coap://me@198.18.0.1/", TG_URI_USERINFO},
	{"no host", "coap://", TG_URI_HOST},
	{"no host, path", "coap:///a", TG_URI_HOST},
	{"no host, port", "coap://:5683/a", TG_URI_HOST},
	{"host of 256", "coap://" X255 "x/", TG_URI_HOST},
	{"NUL in the host", "coap://a%00b/", TG_URI_HOST},
	{"space in the host", "coap://a b/", TG_URI_CHARACTER},
	{"ipv6 without brackets", "coap://2001:2::1/", TG_URI_PORT},
	{"ipv6 unclosed", "coap://[2001:2::1/", TG_URI_HOST},
	{"ipv6 wrong", "coap://[2001:2:::1]/", TG_URI_HOST},
	{"ipv6 empty", "coap://[]/", TG_URI_HOST},
	{"ipv6 zone", "coap://[fe80::1%25eth0]/", TG_URI_HOST},
	{"ipv6 zone, not coded", "coap://[fe80::1%eth0]/", TG_URI_HOST},
	{"ipv6 then text", "coap://[::1]x/", TG_URI_HOST},
	{"future address", "coap://[v1.x]/", TG_URI_HOST},
	{"ipv4 in brackets", "coap://[198.18.0.1]/", TG_URI_HOST},
	{"port 0", "coap://198.18.0.1:0/", TG_URI_PORT},
	{"port 65536", "coap://198.18.0.1:65536/", TG_URI_PORT},
	{"port over 32 bits", "coap://198.18.0.1:4294972979/", TG_URI_PORT},
	{"port with a sign", "coap://198.18.0.1:+1/", TG_URI_PORT},
	{"percent at the end", "coap://198.18.0.1/a%", TG_URI_PERCENT},
	{"percent and one digit", "coap://198.18.0.1/a%4", TG_URI_PERCENT},
	{"percent across a slash", "coap://198.18.0.1/a%4/1", TG_URI_PERCENT},
	{"percent and no digit", "coap://198.18.0.1/%4g", TG_URI_PERCENT},
	{"percent in the query", "coap://198.18.0.1/?%zz", TG_URI_PERCENT},
	{"space in the path", "coap://198.18.0.1/a b", TG_URI_CHARACTER},
	{"bracket in the path", "coap://198.18.0.1/[a]", TG_URI_CHARACTER},
	{"not ascii", "coap://198.18.0.1/\xc3\xa9", TG_URI_CHARACTER},
	{"quote in the query", "coap://198.18.0.1/?\"", TG_URI_CHARACTER},
	{"segment of 256", "coap://198.18.0.1/" X255 "x", TG_URI_SEGMENT},
	{"hidden dot", "coap://198.18.0.1/%2e", TG_URI_SEGMENT},
	{"hidden dots", "coap://198.18.0.1/a/.%2E/b", TG_URI_SEGMENT},
	{"argument of 256", "coap://198.18.0.1/?" X255 "x", TG_URI_QUERY},
};

static void
bad(void **state)
{
	const struct bad_row *r = *state;
	size_t len = strlen(r->uri);
	char *exact = (char *)exact_copy(r->uri, len);
	struct tg_uri *u = malloc(sizeof(*u));

	assert_non_null(u);
	assert_int_equal(tg_uri_parse(u, exact, len, 0), r->want);
	assert_true(strlen(tg_uri_fault_text(r->want)) > 0);
	free(u);
	free(exact);
}

static void
longest_parts(void **state)
{
	static const char uri[] = "coap://" X255 "/" X255 "/" X255 "?" X255;
	struct tg_uri *u = malloc(sizeof(*u));

	(void)state;
	assert_non_null(u);
	assert_int_equal(tg_uri_parse(u, uri, strlen(uri), 0), TG_URI_OK);
	assert_int_equal(u->count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(u->option[i].len, 255);
	free(u);
}

static void
too_long(void **state)
{
	char *uri = malloc(TG_URI_MAX + 1);
	struct tg_uri *u = malloc(sizeof(*u));

	(void)state;
	assert_non_null(uri);
	assert_non_null(u);
	snprintf(uri, TG_URI_MAX + 1, "coap://h");
	memset(uri + 8, '/', TG_URI_MAX + 1 - 8);
	assert_int_equal(tg_uri_parse(u, uri, TG_URI_MAX + 1, 0), TG_URI_TOO_LONG);
	assert_int_equal(tg_uri_parse(u, uri, 8 + TG_URI_OPTIONS_MAX - 1, 0), TG_URI_OK);
	assert_int_equal(
		tg_uri_parse(u, uri, 8 + TG_URI_OPTIONS_MAX, 0), TG_URI_TOO_LONG);
	free(u);
	free(uri);
}

struct part {
	uint16_t number;
	const char *value;
};

static const struct back_row {
	const char *name;
	struct tg_uri_base base;
	struct part part[6];
	const char *want; /* NULL: refused */
} backs[] = {
	{"appendix B 1", {false, 5683, "[2001:db8::2:1]"}, {{0}},
		"coap://[2001:db8::2:1]/"},
	{"appendix B 2", {false, 5683, "[2001:db8::2:1]"},
		{{TG_OPT_URI_HOST, "example.net"}}, "coap://example.net/"},
	{"appendix B 3", {false, 5683, "[2001:db8::2:1]"},
		{{TG_OPT_URI_HOST, "example.net"}, {TG_OPT_URI_PATH, ".well-known"},
			{TG_OPT_URI_PATH, "core"}},
		"coap://example.net/.well-known/core"},
	{"appendix B 4", {false, 5683, "[2001:db8::2:1]"},
		{{TG_OPT_URI_HOST, "xn--18j4d.example"},
			{TG_OPT_URI_PATH, "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81"
					  "\xa1\xe3\x81\xaf"}},
		"coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF"},
	/* The appendix prints "?%2F%2F": 6.5, step 8, leaves slashes in a query alone. */
	{"appendix B 5", {false, 61616, "198.51.100.1"},
		{{TG_OPT_URI_PATH, ""}, {TG_OPT_URI_PATH, "/"}, {TG_OPT_URI_PATH, ""},
			{TG_OPT_URI_PATH, ""}, {TG_OPT_URI_QUERY, "//"},
			{TG_OPT_URI_QUERY, "?&"}},
		"coap://198.51.100.1:61616//%2F//?//&?%26"},
	{"coaps", {true, 5684, "h"}, {{0}}, "coaps://h/"},
	{"coaps on coap's port", {true, 5683, "h"}, {{0}}, "coaps://h:5683/"},
	{"port of the option", {false, 61616, "h"}, {{TG_OPT_URI_PORT, "\x16\x33"}},
		"coap://h/"},
	{"path kept and coded", {false, 5683, "h"},
		{{TG_OPT_URI_PATH, "azAZ09-._~!$&'()*+,;=:@"},
			{TG_OPT_URI_PATH, "/?#[]%\"<>\\^`{|} \x7f\x01"}},
		"coap://h/azAZ09-._~!$&'()*+,;=:@/"
		"%2F%3F%23%5B%5D%25%22%3C%3E%5C%5E%60%7B%7C%7D%20%7F%01"},
	{"query kept and coded", {false, 5683, "h"},
		{{TG_OPT_URI_QUERY, "azAZ09-._~!$'()*+,;=:@/?"},
			{TG_OPT_URI_QUERY, "&#%"}},
		"coap://h/?azAZ09-._~!$'()*+,;=:@/?&%26%23%25"},
	{"host not ascii", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "\xc3\xa9"}},
		"coap://%C3%A9/"},
	{"host an ipv6 literal", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "[::1]"}},
		"coap://[::1]/"},
	{"host with a code", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "a%40"}},
		"coap://a%40/"},
	{"host with no code", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "a%4g"}}, NULL},
	{"host of brackets", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "[]"}}, NULL},
	{"host an open literal", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "[::1"}}, NULL},
	{"host with a slash", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "a/b"}}, NULL},
	{"host with an at", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "a@b"}}, NULL},
	{"host with half a code", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "a%4"}}, NULL},
	{"host a bare ipv6 address", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "::1"}},
		NULL},
	{"host only a bracket", {false, 5683, "h"}, {{TG_OPT_URI_HOST, "["}}, NULL},
};

static void
back(void **state)
{
	const struct back_row *r = *state;
	size_t len = r->want != NULL ? strlen(r->want) : 0;
	size_t cap = r->want != NULL ? len + 1 : 512; /* refused for no want of room */
	char *exact = malloc(cap);
	uint8_t wire[512];
	struct tg_writer w;
	struct tg_msg m;

	assert_non_null(exact);
	tg_write_begin(&w, wire, sizeof(wire), TG_CON, 1, 7, NULL, 0);
	for (const struct part *p = r->part; p < r->part + 6 && p->number > 0; p++)
		tg_write_option(&w, p->number, p->value, strlen(p->value));
	assert_int_equal(tg_msg_parse(&m, wire, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	assert_int_equal(tg_uri_compose(exact, cap, &m, &r->base), len);
	if (r->want != NULL)
		assert_string_equal(exact, r->want);
	while (cap-- > 0 && r->want != NULL)
		assert_int_equal(tg_uri_compose(exact, cap, &m, &r->base), 0);
	free(exact);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(goods) + COUNT(bads) + COUNT(backs) + 2] = {
		cmocka_unit_test(longest_parts),
		cmocka_unit_test(too_long),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, goods, good);
	ADD_ROWS(tests, &n, bads, bad);
	ADD_ROWS(tests, &n, backs, back);
	return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
