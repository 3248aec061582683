#include "coap/nfc.h"

#include "tests/rows.h"

#define MARK "\xcc\x81"  /* U+0301, combining acute, class 230 */
#define BELOW "\xcc\xa3" /* U+0323, combining dot below, class 220 */
#define X8(s) s s s s s s s s
#define X64(s) X8(X8(s))

static const struct row {
	const char *name, *text;
	const char *want; /* NULL: refused */
} rows[] = {
	{"empty", "", ""},
	{"ascii", "/a b~\x7f\x01", "/a b~\x7f\x01"},
	{"composed already", "\xc3\xa9", "\xc3\xa9"},
	{"letter and mark", "e" MARK, "\xc3\xa9"},
	{"in the middle", "re" MARK "sume" MARK "s", "r\xc3\xa9sum\xc3\xa9s"},
	{"no such letter", "x" MARK, "x" MARK},
	{"marks in order", "s" BELOW "\xcc\x87", "\xe1\xb9\xa9"},
	{"marks out of order", "s\xcc\x87" BELOW, "\xe1\xb9\xa9"},
	{"mark onto a composed letter", "\xe1\xb9\xa3\xcc\x87", "\xe1\xb9\xa9"},
	{"other mark first, composed", "\xe1\xb8\x8b" BELOW, "\xe1\xb8\x8d\xcc\x87"},
	{"kept apart by its own class", "a\xcc\x88" MARK, "\xc3\xa4" MARK},
	{"kept apart by one that stays", "q\xcc\x88" MARK, "q\xcc\x88" MARK},
	{"past a mark of another class", "a\xcc\xb4" MARK, "\xc3\xa1\xcc\xb4"},
	{"marks alone", MARK BELOW, BELOW MARK},
	{"a mark that is two", "\xcd\x84", "\xcc\x88\xcc\x81"},
	{"singleton", "\xe2\x84\xab", "\xc3\x85"},
	{"singleton of an ideograph", "\xef\xa4\x80", "\xe8\xb1\x88"},
	{"singleton of four bytes", "\xf0\xaf\xa0\x80", "\xe4\xb8\xbd"},
	{"three steps", "\xe1\xbe\x82", "\xe1\xbe\x82"},
	{"three steps, decomposed", "\xce\xb1\xcc\x93\xcc\x80\xcd\x85", "\xe1\xbe\x82"},
	{"excluded: stays in parts", "\xe0\xa4\x95\xe0\xa4\xbc",
		"\xe0\xa4\x95\xe0\xa4\xbc"},
	{"excluded: comes in parts", "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"},
	{"excluded: three times as long", "\xf0\x9d\x85\xa0",
		"\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"},
	{"compatibility is not touched", "\xef\xac\x81", "\xef\xac\x81"},
	{"two starters", "\xe0\xa7\x87\xe0\xa6\xbe", "\xe0\xa7\x8b"},
	{"hangul: lead and vowel", "\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"},
	{"hangul: with a tail", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81"},
	{"hangul: syllable and tail", "\xea\xb0\x80\xe1\x86\xa8", "\xea\xb0\x81"},
	{"hangul: no second tail", "\xea\xb0\x81\xe1\x86\xa8",
		"\xea\xb0\x81\xe1\x86\xa8"},
	{"hangul: no first tail", "\xea\xb0\x80\xe1\x86\xa7", "\xea\xb0\x80\xe1\x86\xa7"},
	{"hangul: last syllable", "\xe1\x84\x92\xe1\x85\xb5\xe1\x87\x82", "\xed\x9e\xa3"},
	{"hangul: a mark between", "\xea\xb0\x80" MARK "\xe1\x86\xa8",
		"\xea\xb0\x80" MARK "\xe1\x86\xa8"},
	{"no character yet", "\xcd\xb8", "\xcd\xb8"},
	{"last code point", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	{"a value full of marks", "x" X64(BELOW) X8(BELOW), "x" X64(BELOW) X8(BELOW)},
	{"no utf-8: lone tail", "a\x80", NULL},
	{"no utf-8: cut off", "\xc3", NULL},
	{"no utf-8: overlong", "\xc0\xaf", NULL},
	{"no utf-8: surrogate", "\xed\xa0\x80", NULL},
};

static long
exactly(void *to, size_t cap, const char *text)
{
	size_t len = strlen(text);
	uint8_t *from = exact_copy(text, len);
	long got = tg_nfc(to, cap, from, len);

	free(from);
	return got;
}

/* It just fits, and not with one byte less; and it stays as it is. */
static void
normalize(void **state)
{
	const struct row *r = *state;
	size_t len = r->want != NULL ? strlen(r->want) : TG_NFC_GROWTH * strlen(r->text);
	char *exact = malloc(len + 1);

	assert_non_null(exact);
	assert_int_equal(exactly(exact, len, r->text), r->want != NULL ? (long)len : -1);
	if (r->want != NULL) {
		assert_memory_equal(exact, r->want, len);
		assert_int_equal(exactly(exact, len, r->want), len);
		assert_memory_equal(exact, r->want, len);
	}
	for (size_t cap = 0; cap < len; cap++) {
		char *less = malloc(cap > 0 ? cap : 1);

		assert_int_equal(exactly(less, cap, r->text), -1);
		free(less);
	}
	free(exact);
}

/* As many marks as may be, and one more. */
static void
most_marks(void **state)
{
	char text[2 * (TG_NFC_MARKS + 1) + 1], to[sizeof(text)];

	(void)state;
	text[0] = 'x';
	for (unsigned i = 0; i <= TG_NFC_MARKS; i++)
		memcpy(text + 1 + 2 * i, MARK, 2);
	assert_int_equal(
		tg_nfc(to, sizeof(to), text, sizeof(text) - 2), sizeof(text) - 2);
	assert_int_equal(tg_nfc(to, sizeof(to), text, sizeof(text)), -1);
}

/* Every code point: what it becomes is no longer than was said, and stays as it is. */
static void
every_character(void **state)
{
	char text[4], once[16], twice[16];

	(void)state;
	for (uint32_t cp = 0x80; cp < 0x110000; cp++) {
		size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		long n;

		for (size_t i = len; i-- > 1;)
			text[i] = (char)(0x80 | (cp >> 6 * (len - 1 - i) & 0x3f));
		text[0] = (char)(0xf00 >> len | cp >> 6 * (len - 1));
		n = tg_nfc(once, TG_NFC_GROWTH * len, text, len);
		assert_int_equal(n < 0, cp >= 0xd800 && cp < 0xe000);
		if (n < 0)
			continue;
		assert_int_equal(tg_nfc(twice, sizeof(twice), once, (size_t)n), n);
		assert_memory_equal(once, twice, (size_t)n);
	}
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 2] = {
		cmocka_unit_test(most_marks),
		cmocka_unit_test(every_character),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, rows, normalize);
	return cmocka_run_group_tests_name("nfc", tests, NULL, NULL);
}
