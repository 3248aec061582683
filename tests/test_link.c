#include "coap/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
plain(struct tg_link_writer *w)
{
	tg_link_target(w, "/t", 2);
}

static void
root(struct tg_link_writer *w)
{
	tg_link_path(w, NULL, 0);
}

static void
two(struct tg_link_writer *w)
{
	tg_link_target(w, "/a", 2);
	tg_link_target(w, "/b/c", 4);
}

static void
all_attributes(struct tg_link_writer *w)
{
	tg_link_target(w, "/s", 2);
	tg_link_attr(w, "rt", "temperature-c x.y");
	tg_link_attr(w, "if", "sensor");
	tg_link_attr_uint(w, "ct", 4294967295);
	tg_link_attr_uint(w, "sz", 0);
	tg_link_attr(w, "title", "Sensor");
	tg_link_attr_flag(w, "obs");
}

static void
list_of_formats(struct tg_link_writer *w)
{
	tg_link_target(w, "/s", 2);
	tg_link_attr(w, "ct", "40 60");
}

static void
absent_attribute(struct tg_link_writer *w)
{
	tg_link_target(w, "/s", 2);
	tg_link_attr(w, "rt", NULL);
	tg_link_attr(w, "if", "");
}

static void
quotes(struct tg_link_writer *w)
{
	tg_link_target(w, "/s", 2);
	tg_link_attr(w, "title", "a \"b\" \\c\n\xc3\xa9>,;");
}

static void
coded_target(struct tg_link_writer *w)
{
	static const char target[] = "/a b/%<>\"\xc3\xa9?#[]/-._~!$&'()*+,;=:@\0z";

	tg_link_target(w, target, sizeof(target) - 1);
}

static void
slash_in_segment(struct tg_link_writer *w)
{
	tg_link_path(w, (const uint8_t *)"\1d\3a/b\0\1x", 9);
}

/* What @print prints must be @want: in a buffer that just holds it, and not in one less.
 */
static const struct row {
	const char *name;
	void (*print)(struct tg_link_writer *);
	const char *want;
} rows[] = {
	{"one target", plain, "</t>"},
	{"the root", root, "</>"},
	{"two links part by a comma", two, "</a>,</b/c>"},
	{"every attribute", all_attributes,
		"</s>;rt=\"temperature-c x.y\";if=\"sensor\";ct=4294967295;sz=0;"
		"title=\"Sensor\";obs"},
	{"a list of formats is quoted", list_of_formats, "</s>;ct=\"40 60\""},
	{"attributes without a value are left out", absent_attribute, "</s>"},
	{"quotes and backslashes escaped", quotes,
		"</s>;title=\"a \\\"b\\\" \\\\c \xc3\xa9>,;\""},
	{"target percent-coded", coded_target,
		"</a%20b/%25%3C%3E%22%C3%A9%3F%23%5B%5D/-._~!$&'()*+,;=:@%00z>"},
	{"slash inside a segment coded", slash_in_segment, "</d/a%2Fb//x>"},
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static void
print_at(const struct row *r, size_t cap, size_t want_len)
{
	char *exact = malloc(cap > 0 ? cap : 1);
	struct tg_link_writer w;

	assert_non_null(exact);
	tg_link_begin(&w, exact, cap);
	r->print(&w);
	assert_int_equal(tg_link_end(&w), want_len);
	assert_int_equal(w.overflow, want_len == 0);
	assert_true(w.len <= cap);
	if (want_len > 0)
		assert_memory_equal(exact, r->want, want_len);
	free(exact);
}

static void
print(void **state)
{
	const struct row *r = *state;
	size_t len = strlen(r->want);

	print_at(r, len, len);
	for (size_t cap = 0; cap < len; cap++)
		print_at(r, cap, 0);
}

/* An overflow stays, though what comes later would fit. */
static void
sticky(void **state)
{
	struct tg_link_writer w;
	char buf[6];

	(void)state;
	tg_link_begin(&w, buf, sizeof(buf));
	tg_link_target(&w, "/long", 5);
	tg_link_attr_flag(&w, "o");
	assert_true(w.overflow);
	assert_int_equal(tg_link_end(&w), 0);
}

static void
no_link(void **state)
{
	struct tg_link_writer w;

	(void)state;
	tg_link_begin(&w, NULL, 0);
	assert_int_equal(tg_link_end(&w), 0);
	assert_false(w.overflow);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS + 2] = {
		[NROWS] = cmocka_unit_test(sticky),
		[NROWS + 1] = cmocka_unit_test(no_link),
	};

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){
			.name = rows[i].name,
			.test_func = print,
			.initial_state = (void *)&rows[i],
		};
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
