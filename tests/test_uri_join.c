#include "coap/uri_join.h"

#include "tests/rows.h"

#define RFC "http://a/b/c/d;p?q"

/* The name is the reference; those of RFC 3986, 5.4, in its order. */
static const struct row {
	const char *reference, *base, *want; /* want is NULL: refused */
} rows[] = {
	{"g:h", RFC, "g:h"},
	{"g", RFC, "http://a/b/c/g"},
	{"./g", RFC, "http://a/b/c/g"},
	{"g/", RFC, "http://a/b/c/g/"},
	{"/g", RFC, "http://a/g"},
	{"//g", RFC, "http://g"},
	{"?y", RFC, "http://a/b/c/d;p?y"},
	{"g?y", RFC, "http://a/b/c/g?y"},
	{"#s", RFC, "http://a/b/c/d;p?q#s"},
	{"g#s", RFC, "http://a/b/c/g#s"},
	{"g?y#s", RFC, "http://a/b/c/g?y#s"},
	{";x", RFC, "http://a/b/c/;x"},
	{"g;x", RFC, "http://a/b/c/g;x"},
	{"g;x?y#s", RFC, "http://a/b/c/g;x?y#s"},
	{"", RFC, "http://a/b/c/d;p?q"},
	{".", RFC, "http://a/b/c/"},
	{"./", RFC, "http://a/b/c/"},
	{"..", RFC, "http://a/b/"},
	{"../", RFC, "http://a/b/"},
	{"../g", RFC, "http://a/b/g"},
	{"../..", RFC, "http://a/"},
	{"../../", RFC, "http://a/"},
	{"../../g", RFC, "http://a/g"},
	{"../../../g", RFC, "http://a/g"},
	{"../../../../g", RFC, "http://a/g"},
	{"/./g", RFC, "http://a/g"},
	{"/../g", RFC, "http://a/g"},
	{"g.", RFC, "http://a/b/c/g."},
	{".g", RFC, "http://a/b/c/.g"},
	{"g..", RFC, "http://a/b/c/g.."},
	{"..g", RFC, "http://a/b/c/..g"},
	{"./../g", RFC, "http://a/b/g"},
	{"./g/.", RFC, "http://a/b/c/g/"},
	{"g/./h", RFC, "http://a/b/c/g/h"},
	{"g/../h", RFC, "http://a/b/c/h"},
	{"g;x=1/./y", RFC, "http://a/b/c/g;x=1/y"},
	{"g;x=1/../y", RFC, "http://a/b/c/y"},
	{"g?y/./x", RFC, "http://a/b/c/g?y/./x"},
	{"g?y/../x", RFC, "http://a/b/c/g?y/../x"},
	{"g#s/./x", RFC, "http://a/b/c/g#s/./x"},
	{"g#s/../x", RFC, "http://a/b/c/g#s/../x"},
	{"http:g", RFC, "http:g"},
	/* and more */
	{"/sensors/temp", "coap://[2001:db8::1]:61616/.well-known/core",
		"coap://[2001:db8::1]:61616/sensors/temp"},
	{"temp", "coap://h", "coap://h/temp"},
	{"..//g", "coap://h/a/b/c", "coap://h/a//g"},
	{"//h2/./a/../b", "coap://h/x", "coap://h2/b"},
	{"coap://h2/a/../../b", "coap://h/x", "coap://h2/b"},
	{"?", "coap://h/a?b", "coap://h/a?"},
	{"#", "coap://h/a?b", "coap://h/a?b#"},
	{"a:b", "coap://h/x", "a:b"},
	{"1:b", "coap://h/x", "coap://h/1:b"},
	{"./a:b", "coap://h/x", "coap://h/a:b"},
	{"urn:x", "coap://h/", "urn:x"},
	{"b", "urn:a", "urn:b"},
	{"..", "urn:a", "urn:"},
	{"a b", "", NULL},
	{"g with a base that is relative", "/a/b", NULL},
	{"g with a base of no scheme", "//h/b", NULL},
};

static void
join_at(const struct row *r, size_t cap, size_t want_len)
{
	char *exact = malloc(cap > 0 ? cap : 1);

	assert_non_null(exact);
	assert_int_equal(tg_uri_join(exact, cap, r->base, r->reference), want_len);
	if (want_len > 0)
		assert_string_equal(exact, r->want);
	free(exact);
}

static void
join(void **state)
{
	const struct row *r = *state;
	size_t enough = strlen(r->base) + strlen(r->reference) + 2;

	join_at(r, enough, r->want != NULL ? strlen(r->want) : 0);
	for (size_t cap = 0; r->want != NULL && cap <= strlen(r->want); cap++)
		join_at(r, cap, 0);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, join);
	return cmocka_run_group_tests_name("uri_join", tests, NULL, NULL);
}
