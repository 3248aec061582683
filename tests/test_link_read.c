/* Link-format read in place, and the filters of discovery (RFC 6690, 2 and 4.1). */
#include "coap/link.h"
#include "tests/rows.h"

#include <stdio.h>

#define ROOM 4096

/* ---- reading ---- */

/* What is read from @text: each target in brackets, each attribute behind it with its
 * value decoded; "!" at the end for a fault. */
static const struct reading {
	const char *name;
	const char *text, *want;
} readings[] = {
	/* the examples of 5 */
	{"two sensors", "</sensors/temp>;if=\"sensor\",</sensors/light>;if=\"sensor\"",
		"[/sensors/temp] if=sensor [/sensors/light] if=sensor "},
	{"ct, rt and title", "</sensors>;ct=40;title=\"Sensor Index\"",
		"[/sensors] ct=40 title=Sensor Index "},
	{"an anchor and a relation",
		"<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel="
		"\"describedby\"",
		"[http://www.example.com/sensors/t123] anchor=/sensors/temp "
		"rel=describedby "},
	{"a list of types", "</firmware/v2.1>;rt=\"firmware x\";sz=262144",
		"[/firmware/v2.1] rt=firmware x sz=262144 "},

	{"nothing", "", ""},
	{"blanks alone", " \r\n", ""},
	{"the root", "</>", "[/] "},
	{"an empty target", "<>", "[] "},
	{"a target with percent codes", "</a%20b>", "[/a%20b] "},
	{"a target with a comma and a semicolon", "</a,b;c>", "[/a,b;c] "},
	{"no value", "</a>;obs", "[/a] obs "},
	{"no value, then one", "</a>;obs;ct=0", "[/a] obs ct=0 "},
	{"an empty quoted value", "</a>;rt=\"\"", "[/a] rt= "},
	{"a token of every kind", "</a>;x=!#$%&'()*+-./:<=>?@[]^_`{|}~",
		"[/a] x=!#$%&'()*+-./:<=>?@[]^_`{|}~ "},
	{"an attribute twice", "</a>;rt=b;rt=c", "[/a] rt=b rt=c "},
	{"an extension", "</a>;foo-1=\"bar\"", "[/a] foo-1=bar "},
	{"an extended title", "</a>;title*=UTF-8''%e2%82%ac",
		"[/a] title*=UTF-8''%e2%82%ac "},
	{"escapes", "</a>;title=\"\\\"b\\\\c\\d\"", "[/a] title=\"b\\cd "},
	{"separators in quotes", "</a>;title=\"b,<c>;d=e\",</f>",
		"[/a] title=b,<c>;d=e [/f] "},
	{"UTF-8 in quotes", "</a>;title=\"\xc3\xa9\"", "[/a] title=\xc3\xa9 "},
	{"blanks at separators", " </a> ; rt=b ,\r\n </c> ", "[/a] rt=b [/c] "},

	{"a comma alone", ",", "!"},
	{"a comma first", ",</a>", "!"},
	{"a comma last", "</a>,", "[/a] !"},
	{"two commas", "</a>,,</b>", "[/a] !"},
	{"no comma", "</a></b>", "[/a] !"},
	{"a semicolon last", "</a>;", "!"},
	{"two semicolons", "</a>;;obs", "!"},
	{"no brackets", "/a", "!"},
	{"a bracket that does not close", "</a", "!"},
	{"a bracket in a target", "</a<b>", "!"},
	{"a blank in a target", "</a b>", "!"},
	{"a byte over 7f in a target", "</\xc3\xa9>", "!"},
	{"no name", "</a>;=b", "!"},
	{"a quoted name", "</a>;\"rt\"=b", "!"},
	{"an equal sign and no value", "</a>;rt=", "!"},
	{"an equal sign and no value, then another", "</a>;rt=;obs", "!"},
	{"a quote that does not close", "</a>;rt=\"b", "!"},
	{"a quote that is escaped last", "</a>;rt=\"b\\\"", "!"},
	{"a backslash last", "</a>;rt=\"b\\", "!"},
	{"something behind a quote", "</a>;rt=\"b\"c", "[/a] rt=b !"},
	{"a quote in a token", "</a>;rt=b\"c\"", "[/a] rt=b !"},
	{"a control character in a token", "</a>;rt=b\x01", "[/a] rt=b !"},
	{"good links before a bad one", "</a>,</b>;rt=c,x", "[/a] [/b] rt=c !"},
};

static size_t
put_param(char *to, const struct tg_link_param *p)
{
	size_t len = (size_t)sprintf(to, "%.*s", (int)p->name_len, p->name);

	if (p->value != NULL) {
		to[len++] = '=';
		len += tg_link_value(p, to + len, ROOM);
	}
	to[len++] = ' ';
	return len;
}

static void
read_all(void **state)
{
	const struct reading *row = *state;
	size_t len = strlen(row->text), n = 0;
	char got[2 * ROOM], *text = (char *)exact_copy(row->text, len);
	struct tg_link_reader r, params;
	struct tg_link_param p;
	struct tg_link l;

	tg_link_read(&r, text, len);
	while (tg_link_next(&r, &l)) {
		n += (size_t)sprintf(got + n, "[%.*s] ", (int)l.target_len, l.target);
		tg_link_params(&params, &l);
		while (tg_link_param_next(&params, &p))
			n += put_param(got + n, &p);
		assert_false(params.bad);
		assert_ptr_equal(params.p, l.text + l.len);
	}
	if (r.bad)
		got[n++] = '!';
	got[n] = '\0';
	assert_string_equal(got, row->want);
	assert_false(tg_link_next(&r, &l));
	free(text);
}

/* A value is written as far as there is room, and its length told. */
static void
value_of_less_room(void **state)
{
	struct tg_link_reader r;
	struct tg_link_param p;
	struct tg_link l;
	char to[] = "....";

	(void)state;
	tg_link_read(&r, "<>;a=\"b\\\"cd\"", 12);
	assert_true(tg_link_next(&r, &l));
	tg_link_params(&r, &l);
	assert_true(tg_link_param_next(&r, &p));
	assert_int_equal(tg_link_value(&p, to, 2), 4);
	assert_string_equal(to, "b\"..");
}

/* ---- filters ---- */

#define LINKS                                                                            \
	"</link1>;if=\"If1\";rt=\"Type1 Type2\";obs,"                                    \
	"</link2>;if=\"If2\";rt=\"Type2 Type3\";sz=1280,"                                \
	"</link3>;if=\"foo\";rt=\"Type1 Type3\";ct=\"0 41\","                            \
	"</a%20b>;rt=Type10;ct=40;title=\"The \\\"a b\\\"\","                            \
	"</bare>;rel=\"x hosts\";foo=bar;foo=baz;rt=\"\""

#define A "aaaaaaaaaaaaaaaa"
#define A256 A A A A A A A A A A A A A A A A

/* Which of LINKS a query lets through: their targets. */
static const struct filter_row {
	const char *name;
	const char *query, *want;
} filters[] = {
	{"rt, one of two", "rt=Type1", "/link1 /link3 "},
	{"rt, the other of two", "rt=Type2", "/link1 /link2 "},
	{"rt, unquoted", "rt=Type10", "/a%20b "},
	{"rt, none has it", "rt=Type4", ""},
	{"rt, not its beginning alone", "rt=Type", ""},
	{"rt, not its end alone", "rt=1", ""},
	{"rt, not both at once", "rt=Type1 Type2", ""},
	{"rt, any", "rt=*", "/link1 /link2 /link3 /a%20b /bare "},
	{"rt, a prefix", "rt=Type1*", "/link1 /link3 /a%20b "},
	{"rt, a prefix of the second", "rt=Type3*", "/link2 /link3 "},
	{"rt, empty", "rt=", "/bare "},
	{"rt, another case", "rt=type1", ""},
	{"if, a prefix", "if=If*", "/link1 /link2 "},
	{"if, complete", "if=foo", "/link3 "},
	{"if, longer than it", "if=foo1", ""},
	{"if, a prefix longer than it", "if=foo1*", ""},
	{"rel, the second", "rel=hosts", "/bare "},
	{"sz, any", "sz=*", "/link2 "},
	{"sz, complete", "sz=1280", "/link2 "},
	{"sz, a prefix", "sz=12*", "/link2 "},
	{"ct, alone", "ct=40", "/a%20b "},
	{"ct, of a list", "ct=41", "/link3 "},
	{"ct, not its beginning", "ct=4", ""},
	{"ct, a prefix", "ct=4*", "/link3 /a%20b "},
	{"title, decoded", "title=The \"a b\"", "/a%20b "},
	{"title, a prefix with a blank", "title=The \"*", "/a%20b "},
	{"title is no list", "title=The", ""},
	{"obs, by name", "obs", "/link1 "},
	{"obs, any value", "obs=*", "/link1 "},
	{"obs, no value", "obs=", "/link1 "},
	{"obs, a value", "obs=1", ""},
	{"href, complete", "href=/link1", "/link1 "},
	{"href, a prefix", "href=/link*", "/link1 /link2 /link3 "},
	{"href, decoded", "href=/a b", "/a%20b "},
	{"href, a prefix within a code", "href=/a *", "/a%20b "},
	{"href, not its beginning alone", "href=/link", ""},
	{"href, no such", "href=/nowhere", ""},
	{"an extension, first of two", "foo=bar", "/bare "},
	{"an extension, second of two", "foo=baz", "/bare "},
	{"an attribute that none has", "bar=foo", ""},
	{"a name's beginning", "f=bar", ""},
	{"a name and more", "foo2=bar", ""},
	{"no name", "=bar", ""},
	{"nothing", "", ""},
	{"a star alone", "*", ""},
	{"two stars are one and a prefix", "rt=T**", ""},
	{"an equal sign in the value", "foo=bar=", ""},
	{"a value of a kilobyte", "rt=" A256 A256 A256 A256, ""},
	{"a prefix of a kilobyte", "href=/" A256 A256 A256 A256 "*", ""},
	{"a name of a kilobyte", A256 A256 A256 A256, ""},
};

static void
filter_all(void **state)
{
	const struct filter_row *row = *state;
	size_t len = strlen(row->query);
	uint8_t *query = exact_copy(row->query, len);
	char got[ROOM] = "";
	struct tg_link_reader r;
	struct tg_link l;

	tg_link_read(&r, LINKS, strlen(LINKS));
	while (tg_link_next(&r, &l))
		if (tg_link_matches(&l, query, len))
			sprintf(got + strlen(got), "%.*s ", (int)l.target_len, l.target);
	assert_false(r.bad);
	assert_string_equal(got, row->want);
	free(query);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(readings) + COUNT(filters) + 1] = {
		cmocka_unit_test(value_of_less_room)};
	size_t n = 1;

	ADD_ROWS(tests, &n, readings, read_all);
	ADD_ROWS(tests, &n, filters, filter_all);
	return cmocka_run_group_tests_name("link_read", tests, NULL, NULL);
}
