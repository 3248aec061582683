#include "dataplane/path.h"

#include "tests/rows.h"

#define CANON(...) BYTES(__VA_ARGS__)

/* Text and its canonical form, and what that looks like as text again. */
static const struct row {
	const char *name;
	const char *text;
	const uint8_t *canonical;
	uint16_t len;
	const char *again;
} rows[] = {
	{"one segment", "/a", CANON(1, 'a'), "/a"},
	{"two segments", "/ab/c", CANON(2, 'a', 'b', 1, 'c'), "/ab/c"},
	{"trailing slash", "/a/", CANON(1, 'a', 0), "/a/"},
	{"empty segment", "/a//b", CANON(1, 'a', 0, 1, 'b'), "/a//b"},
	{"space", "/a%20b", CANON(3, 'a', ' ', 'b'), "/a%20b"},
	{"coded slash", "/a%2Fb", CANON(3, 'a', '/', 'b'), "/a%2Fb"},
	{"coded zero", "/%00", CANON(1, 0), "/%00"},
	{"coded percent", "/%25", CANON(1, '%'), "/%25"},
	{"lower-case digits", "/%c3%a9", CANON(2, 0xc3, 0xa9), "/%C3%A9"},
	{"coded for nothing", "/%41", CANON(1, 'A'), "/A"},
	{"all that may stand", "/-._~!$&'()*+,;=:@",
		CANON(17, '-', '.', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+',
			',', ';', '=', ':', '@'),
		"/-._~!$&'()*+,;=:@"},
	{"question mark", "/a%3F", CANON(2, 'a', '?'), "/a%3F"},
	{"byte over ASCII", "/\xff", CANON(1, 0xff), "/%FF"},
};

static void
parsed(void **state)
{
	const struct row *r = *state;
	size_t len = strlen(r->text);
	char *text = (char *)exact_copy(r->text, len);
	uint8_t *to = malloc(r->len);

	assert_non_null(to);
	assert_int_equal(dp_path_parse(to, r->len, text, len), r->len);
	assert_memory_equal(to, r->canonical, r->len);
	assert_int_equal(dp_path_parse(to, r->len - 1u, text, len), 0); /* no room */
	free(to);
	free(text);
}

static void
printed(void **state)
{
	const struct row *r = *state;
	uint8_t *bytes = exact_copy(r->canonical, r->len);
	const struct dp_path path = {.bytes = bytes, .len = r->len};
	size_t len = strlen(r->again);
	char *text = malloc(len + 1);

	assert_non_null(text);
	assert_int_equal(dp_path_text(text, len + 1, &path), len);
	assert_string_equal(text, r->again);
	assert_int_equal(dp_path_text(text, len, &path), 0); /* no room */
	free(text);
	free(bytes);
}

static const struct bad_row {
	const char *name;
	const char *text;
} bad_rows[] = {
	{"nothing", ""},
	{"no slash before it", "a/b"},
	{"percent at the end", "/a%"},
	{"one digit", "/a%2"},
	{"no digit", "/a%g0"},
	{"second is no digit", "/a%0g"},
	{"digits over the slash", "/%2/0"},
};

static void
no_path(void **state)
{
	const struct bad_row *r = *state;
	size_t len = strlen(r->text);
	char *text = (char *)exact_copy(r->text, len);
	uint8_t to[64];

	assert_int_equal(dp_path_parse(to, sizeof(to), text, len), 0);
	free(text);
}

static void
longest_segment(void **state)
{
	char text[1 + 256];
	uint8_t to[1 + 256];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	assert_int_equal(dp_path_parse(to, sizeof(to), text, 1 + 255), 256);
	assert_int_equal(to[0], 255);
	assert_int_equal(dp_path_parse(to, sizeof(to), text, 1 + 256), 0);
}

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(rows) + COUNT(bad_rows) + 1] = {
		cmocka_unit_test(longest_segment),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, parsed);
	ADD_ROWS(tests, &n, rows, printed);
	ADD_ROWS(tests, &n, bad_rows, no_path);
	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
