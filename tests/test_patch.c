/* JSON values in part, with the vectors of RFC 6901, 5, RFC 7396, A, and RFC 6902, A. */
#include "coap/code.h"
#include "control/json_patch.h"
#include "control/patch.h"
#include "control/pointer.h"
#include "tests/rows.h"

#include <stdio.h>

#define OUT_MAX 1024

/* The result and @want's text; an error leaves the room as it was. */
static void
expect(uint8_t code, const struct ctl_room *out, uint8_t want_code, const char *want)
{
	assert_int_equal(code, want_code);
	if (want == NULL) {
		assert_int_equal(out->len, 0);
		return;
	}
	assert_int_equal(out->len, strlen(want));
	assert_memory_equal(out->to, want, out->len);
}

/* Run with inputs and output in buffers of their exact sizes. */
static uint8_t
run(int format, const char *change, size_t change_len, const char *value,
	struct ctl_room *out)
{
	uint8_t *c = exact_copy(change, change_len);
	uint8_t *v = exact_copy(value, strlen(value));
	struct ctl_text text = {c, change_len}, stored = {v, strlen(value)};
	uint8_t code;

	code = format == 0 ? ctl_fetch(text, stored, out)
			   : ctl_patch((uint16_t)format, text, stored, out);
	free(c);
	free(v);
	return code;
}

/* ---- FETCH ---- */

#define RFC6901                                                                          \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"     \
	"\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}"

static const struct fetch {
	const char *name, *pointer, *value;
	uint8_t code;
	const char *part;
} fetches[] = {
	{"6901: the whole", "", RFC6901, 0x45, RFC6901},
	{"6901: /foo", "/foo", RFC6901, 0x45, "[\"bar\",\"baz\"]"},
	{"6901: /foo/0", "/foo/0", RFC6901, 0x45, "\"bar\""},
	{"6901: /", "/", RFC6901, 0x45, "0"},
	{"6901: /a~1b", "/a~1b", RFC6901, 0x45, "1"},
	{"6901: /c%d", "/c%d", RFC6901, 0x45, "2"},
	{"6901: /e^f", "/e^f", RFC6901, 0x45, "3"},
	{"6901: /g|h", "/g|h", RFC6901, 0x45, "4"},
	{"6901: /i\\j", "/i\\j", RFC6901, 0x45, "5"},
	{"6901: /k\"l", "/k\"l", RFC6901, 0x45, "6"},
	{"6901: / (space)", "/ ", RFC6901, 0x45, "7"},
	{"6901: /m~0n", "/m~0n", RFC6901, 0x45, "8"},
	{"~01 is ~1 and not /", "/~01", "{\"~1\":1,\"/\":2}", 0x45, "1"},
	{"deep", "/a/1/b", "{\"a\":[0,{\"b\":21.5}]}", 0x45, "21.5"},
	{"an empty token within", "/a//b", "{\"a\":{\"\":{\"b\":1}}}", 0x45, "1"},
	{"a member of digits", "/0", "{\"0\":1}", 0x45, "1"},
	{"a scalar value, whole", "", "7", 0x45, "7"},
	{"null", "/a", "{\"a\":null}", 0x45, "null"},
	{"a string with a zero", "/a", "{\"a\":\"x\\u0000y\"}", 0x45, "\"x\\u0000y\""},
	{"white space goes", "/a", "{ \"a\" : [ 1 , 2 ] }", 0x45, "[1,2]"},
	{"21.1 stays 21.1", "", "[21.1,0.1,1e-7]", 0x45, "[21.1,0.1,1e-7]"},
	{"seventeen digits stay", "", "[0.30000000000000004]", 0x45,
		"[0.30000000000000004]"},
	{"no leading slash", "foo", RFC6901, 0x80, NULL},
	{"a lone ~", "/a~", RFC6901, 0x80, NULL},
	{"~2", "/a~2b", RFC6901, 0x80, NULL},
	{"no such member", "/bar", RFC6901, 0x96, NULL},
	{"a prefix of a member", "/fo", RFC6901, 0x96, NULL},
	{"below a number", "/a~1b/c", RFC6901, 0x96, NULL},
	{"an index too far", "/foo/2", RFC6901, 0x96, NULL},
	{"an index that wraps", "/foo/18446744073709551616", RFC6901, 0x96, NULL},
	{"a leading zero", "/foo/00", RFC6901, 0x96, NULL},
	{"a sign", "/foo/+1", RFC6901, 0x96, NULL},
	{"behind the last", "/foo/-", RFC6901, 0x96, NULL},
	{"a name in an array", "/foo/bar", RFC6901, 0x96, NULL},
	{"an empty index", "/foo/", RFC6901, 0x96, NULL},
	{"the value is no JSON", "", "{\"a\":", 0x96, NULL},
	{"the value is empty", "", "", 0x96, NULL},
	{"a malformed pointer into no JSON", "a", "{", 0x80, NULL},
};

static void
fetch(void **state)
{
	const struct fetch *r = *state;
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	expect(run(0, r->pointer, strlen(r->pointer), r->value, &out), &out, r->code,
		r->part);
}

static void
fetch_zero_in_pointer(void **state)
{
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	expect(run(0, "/a\0b", 4, "{\"a\":1}", &out), &out, TG_BAD_REQUEST, NULL);
}

/* ---- PATCH ---- */

#define MERGE TG_CF_MERGE_PATCH
#define OPS TG_CF_JSON_PATCH

static const struct patch {
	const char *name;
	int format;
	const char *value, *patch;
	uint8_t code;
	const char *result;
} patches[] = {
	{"7396 A: replace", MERGE, "{\"a\":\"b\"}", "{\"a\":\"c\"}", 0x44,
		"{\"a\":\"c\"}"},
	{"7396 A: add", MERGE, "{\"a\":\"b\"}", "{\"b\":\"c\"}", 0x44,
		"{\"a\":\"b\",\"b\":\"c\"}"},
	{"7396 A: remove the only", MERGE, "{\"a\":\"b\"}", "{\"a\":null}", 0x44, "{}"},
	{"7396 A: remove one", MERGE, "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", 0x44,
		"{\"b\":\"c\"}"},
	{"7396 A: array to string", MERGE, "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", 0x44,
		"{\"a\":\"c\"}"},
	{"7396 A: string to array", MERGE, "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", 0x44,
		"{\"a\":[\"b\"]}"},
	{"7396 A: nested", MERGE, "{\"a\":{\"b\":\"c\"}}",
		"{\"a\":{\"b\":\"d\",\"c\":null}}", 0x44, "{\"a\":{\"b\":\"d\"}}"},
	{"7396 A: array of objects", MERGE, "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}",
		0x44, "{\"a\":[1]}"},
	{"7396 A: arrays", MERGE, "[\"a\",\"b\"]", "[\"c\",\"d\"]", 0x44,
		"[\"c\",\"d\"]"},
	{"7396 A: object to array", MERGE, "{\"a\":\"b\"}", "[\"c\"]", 0x44, "[\"c\"]"},
	{"7396 A: null", MERGE, "{\"a\":\"foo\"}", "null", 0x44, "null"},
	{"7396 A: string", MERGE, "{\"a\":\"foo\"}", "\"bar\"", 0x44, "\"bar\""},
	{"7396 A: null stays", MERGE, "{\"e\":null}", "{\"a\":1}", 0x44,
		"{\"e\":null,\"a\":1}"},
	{"7396 A: array to object", MERGE, "[1,2]", "{\"a\":\"b\",\"c\":null}", 0x44,
		"{\"a\":\"b\"}"},
	{"7396 A: null in a new object", MERGE, "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}",
		0x44, "{\"a\":{\"bb\":{}}}"},
	{"7396 3: the example", MERGE,
		"{\"title\":\"Goodbye!\",\"author\":{\"givenName\":\"John\","
		"\"familyName\":"
		"\"Doe\"},\"tags\":[\"example\",\"sample\"],\"content\":\"This will be "
		"unchanged\"}",
		"{\"title\":\"Hello!\",\"phoneNumber\":\"+01-123-456-7890\",\"author\":{"
		"\"familyName\":null},\"tags\":[\"example\"]}",
		0x44,
		"{\"title\":\"Hello!\",\"author\":{\"givenName\":\"John\"},\"tags\":["
		"\"example\"],\"content\":\"This will be "
		"unchanged\",\"phoneNumber\":\"+01-123-456-7890\"}"},
	{"merge: nothing", MERGE, "{\"a\":1}", "{}", 0x44, "{\"a\":1}"},
	{"merge: what stays keeps its order", MERGE, "{\"z\":1,\"a\":2,\"m\":3}",
		"{\"a\":4}", 0x44, "{\"z\":1,\"a\":4,\"m\":3}"},
	{"merge: no JSON", MERGE, "{}", "{\"a\":}", 0x80, NULL},
	{"merge: empty", MERGE, "{}", "", 0x80, NULL},
	{"merge: a member twice", MERGE, "{}", "{\"a\":1,\"a\":2}", 0x80, NULL},
	{"merge: bytes behind", MERGE, "{}", "{}{}", 0x80, NULL},
	{"merge: onto no JSON", MERGE, "{", "{}", 0x96, NULL},
	{"merge: onto nothing", MERGE, "", "{}", 0x96, NULL},

	{"6902 A.1: add a member", OPS, "{\"foo\":\"bar\"}",
		"[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]", 0x44,
		"{\"foo\":\"bar\",\"baz\":\"qux\"}"},
	{"6902 A.2: add an element", OPS, "{\"foo\":[\"bar\",\"baz\"]}",
		"[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]", 0x44,
		"{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
	{"6902 A.3: remove a member", OPS, "{\"baz\":\"qux\",\"foo\":\"bar\"}",
		"[{\"op\":\"remove\",\"path\":\"/baz\"}]", 0x44, "{\"foo\":\"bar\"}"},
	{"6902 A.4: remove an element", OPS, "{\"foo\":[\"bar\",\"qux\",\"baz\"]}",
		"[{\"op\":\"remove\",\"path\":\"/foo/1\"}]", 0x44,
		"{\"foo\":[\"bar\",\"baz\"]}"},
	{"6902 A.5: replace", OPS, "{\"baz\":\"qux\",\"foo\":\"bar\"}",
		"[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]", 0x44,
		"{\"baz\":\"boo\",\"foo\":\"bar\"}"},
	{"6902 A.6: move a value", OPS,
		"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":"
		"\"grault\"}}",
		"[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
		0x44,
		"{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":"
		"\"fred\"}}"},
	{"6902 A.7: move an element", OPS,
		"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
		"[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]", 0x44,
		"{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
	{"6902 A.8: test", OPS, "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
		"[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},{\"op\":\"test\","
		"\"path\":\"/foo/1\",\"value\":2}]",
		0x44, "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
	{"6902 A.9: test fails", OPS, "{\"baz\":\"qux\"}",
		"[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", 0x89, NULL},
	{"6902 A.10: add a nested object", OPS, "{\"foo\":\"bar\"}",
		"[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}]",
		0x44, "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}"},
	{"6902 A.11: an unknown member", OPS, "{\"foo\":\"bar\"}",
		"[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
		0x44, "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
	{"6902 A.12: add to what is not there", OPS, "{\"foo\":\"bar\"}",
		"[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", 0x89, NULL},
	{"6902 A.13: a member twice", OPS, "{\"foo\":\"bar\"}",
		"[{\"op\":\"add\",\"path\":\"/"
		"baz\",\"value\":\"qux\",\"op\":\"remove\"}]",
		0x80, NULL},
	{"6902 A.14: ~ escapes", OPS, "{\"/\":9,\"~1\":10}",
		"[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]", 0x44,
		"{\"/\":9,\"~1\":10}"},
	{"6902 A.15: a string is no number", OPS, "{\"/\":9,\"~1\":10}",
		"[{\"op\":\"test\",\"path\":\"/~01\",\"value\":\"10\"}]", 0x89, NULL},
	{"6902 A.16: add an array", OPS, "{\"foo\":[\"bar\"]}",
		"[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
		0x44, "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},

	{"no operation", OPS, "{\"a\":1}", "[]", 0x44, "{\"a\":1}"},
	{"one after another", OPS, "{}",
		"[{\"op\":\"add\",\"path\":\"/a\",\"value\":{}},{\"op\":\"add\",\"path\":"
		"\"/a/b\",\"value\":1}]",
		0x44, "{\"a\":{\"b\":1}}"},
	{"add what is there", OPS, "{\"a\":1,\"b\":2}",
		"[{\"op\":\"add\",\"path\":\"/a\",\"value\":3}]", 0x44,
		"{\"a\":3,\"b\":2}"},
	{"add the whole", OPS, "{\"a\":1}",
		"[{\"op\":\"add\",\"path\":\"\",\"value\":[]}]", 0x44, "[]"},
	{"add at the end", OPS, "[1]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":2}]",
		0x44, "[1,2]"},
	{"add past the end", OPS, "[1]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":2}]",
		0x89, NULL},
	{"add to a number", OPS, "{\"a\":1}",
		"[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":2}]", 0x96, NULL},
	{"add a name to an array", OPS, "[1]",
		"[{\"op\":\"add\",\"path\":\"/x\",\"value\":2}]", 0x96, NULL},
	{"remove what is not there", OPS, "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]",
		0x89, NULL},
	{"remove behind the last", OPS, "[1]", "[{\"op\":\"remove\",\"path\":\"/-\"}]",
		0x89, NULL},
	{"remove the whole", OPS, "{}", "[{\"op\":\"remove\",\"path\":\"\"}]", 0x96,
		NULL},
	{"replace an element", OPS, "[1,2,3]",
		"[{\"op\":\"replace\",\"path\":\"/1\",\"value\":\"x\"}]", 0x44,
		"[1,\"x\",3]"},
	{"replace the whole", OPS, "{\"a\":1}",
		"[{\"op\":\"replace\",\"path\":\"\",\"value\":7}]", 0x44, "7"},
	{"replace what is not there", OPS, "{}",
		"[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]", 0x89, NULL},
	{"move over another", OPS, "{\"a\":1,\"b\":2}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]", 0x44, "{\"b\":1}"},
	{"move to where it is", OPS, "{\"a\":1}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}]", 0x44, "{\"a\":1}"},
	{"move into itself", OPS, "{\"a\":{\"b\":1}}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", 0x96, NULL},
	{"move to a name that begins alike", OPS, "{\"a\":1}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/ab\"}]", 0x44,
		"{\"ab\":1}"},
	{"move the whole into itself", OPS, "{\"a\":1}",
		"[{\"op\":\"move\",\"from\":\"\",\"path\":\"/b\"}]", 0x96, NULL},
	{"move to the whole", OPS, "{\"a\":[1]}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"\"}]", 0x44, "[1]"},
	{"move what is not there", OPS, "{}",
		"[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]", 0x89, NULL},
	{"copy is another", OPS, "{\"a\":{\"x\":1}}",
		"[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},{\"op\":\"replace\","
		"\"path\":\"/b/x\",\"value\":2}]",
		0x44, "{\"a\":{\"x\":1},\"b\":{\"x\":2}}"},
	{"copy the whole into itself", OPS, "{\"a\":1}",
		"[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/b\"}]", 0x44,
		"{\"a\":1,\"b\":{\"a\":1}}"},
	{"copy what is not there", OPS, "{}",
		"[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", 0x89, NULL},
	{"test: 1 is 1.0", OPS, "{\"a\":1}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]", 0x44, "{\"a\":1}"},
	{"test: 1 is not 1.5", OPS, "{\"a\":1}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.5}]", 0x89, NULL},
	{"test: no double is 2^53 + 1", OPS, "{\"a\":9007199254740993}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":9007199254740992.0}]", 0x89,
		NULL},
	{"test: past every integer", OPS, "{\"a\":9223372036854775807}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":9223372036854775808.0}]",
		0x89, NULL},
	{"test: members in any order", OPS, "{\"a\":{\"x\":1,\"y\":[1]}}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":[1.0],\"x\":1}}]",
		0x44, "{\"a\":{\"x\":1,\"y\":[1]}}"},
	{"test: elements in their order", OPS, "{\"a\":[1,2]}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":[2,1]}]", 0x89, NULL},
	{"test: one member more", OPS, "{\"a\":{\"x\":1}}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"x\":1,\"y\":1}}]", 0x89,
		NULL},
	{"test: another member", OPS, "{\"a\":{\"x\":1}}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":1}}]", 0x89, NULL},
	{"test: one element less", OPS, "{\"a\":[1,2]}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1]}]", 0x89, NULL},
	{"test: null is there", OPS, "{\"a\":null}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":null}]", 0x44,
		"{\"a\":null}"},
	{"test: null is not what is not there", OPS, "{}",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":null}]", 0x89, NULL},
	{"all or nothing", OPS, "{\"a\":1}",
		"[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"test\",\"path\":\"/"
		"a\",\"value\":1}]",
		0x89, NULL},
	{"malformed goes before conflict", OPS, "{}",
		"[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"none\",\"path\":\"/a\"}]",
		0x80, NULL},
	{"no array", OPS, "{}", "{\"op\":\"remove\",\"path\":\"/a\"}", 0x80, NULL},
	{"an operation that is no object", OPS, "{}", "[1]", 0x80, NULL},
	{"an unknown operation", OPS, "{}", "[{\"op\":\"spam\",\"path\":\"\"}]", 0x80,
		NULL},
	{"an operation that is a number", OPS, "{}", "[{\"op\":1,\"path\":\"\"}]", 0x80,
		NULL},
	{"no op", OPS, "{}", "[{\"path\":\"\",\"value\":1}]", 0x80, NULL},
	{"no path", OPS, "{}", "[{\"op\":\"add\",\"value\":1}]", 0x80, NULL},
	{"a path that is no string", OPS, "{}",
		"[{\"op\":\"add\",\"path\":1,\"value\":1}]", 0x80, NULL},
	{"a path that is no pointer", OPS, "{}",
		"[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", 0x80, NULL},
	{"a path with a zero", OPS, "{}",
		"[{\"op\":\"add\",\"path\":\"/a\\u0000\",\"value\":1}]", 0x80, NULL},
	{"add without value", OPS, "{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", 0x80,
		NULL},
	{"replace without value", OPS, "{\"a\":1}",
		"[{\"op\":\"replace\",\"path\":\"/a\"}]", 0x80, NULL},
	{"test without value", OPS, "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\"}]",
		0x80, NULL},
	{"move without from", OPS, "{\"a\":1}", "[{\"op\":\"move\",\"path\":\"/b\"}]",
		0x80, NULL},
	{"copy without from", OPS, "{\"a\":1}", "[{\"op\":\"copy\",\"path\":\"/b\"}]",
		0x80, NULL},
	{"a from that is no pointer", OPS, "{\"a\":1}",
		"[{\"op\":\"copy\",\"from\":\"a\",\"path\":\"/b\"}]", 0x80, NULL},
	{"no JSON", OPS, "{}", "[", 0x80, NULL},
	{"onto no JSON", OPS, "nothing", "[]", 0x96, NULL},
	{"Content-Format 50", 50, "{}", "{}", 0x8f, NULL},
	{"Content-Format 53", 53, "{}", "{}", 0x8f, NULL},
};

static void
patch(void **state)
{
	const struct patch *r = *state;
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	expect(run(r->format, r->patch, strlen(r->patch), r->value, &out), &out, r->code,
		r->result);
}

/* ---- room and depth ---- */

static void
result_just_fits(void **state)
{
	const char *value = "{\"a\":1}";
	uint8_t *to = exact_copy("???????", 7);
	struct ctl_room out = {.to = to, .cap = 7};

	(void)state;
	expect(run(MERGE, "{\"a\":2}", 7, value, &out), &out, TG_CHANGED, "{\"a\":2}");
	out.len = 0;
	expect(run(MERGE, "{\"a\":10}", 8, value, &out), &out, TG_TOO_LARGE, NULL);
	expect(run(0, "", 0, value, &out), &out, TG_CONTENT, value);
	out.len = 0;
	out.cap = 6;
	expect(run(0, "", 0, value, &out), &out, TG_TOO_LARGE, NULL);
	free(to);
}

/* @n arrays in one another, around @core. */
static char *
nested(unsigned n, const char *core)
{
	char *text = malloc(2 * (size_t)n + strlen(core) + 1);

	assert_non_null(text);
	memset(text, '[', n);
	strcpy(text + n, core);
	memset(text + n + strlen(core), ']', n);
	text[2 * (size_t)n + strlen(core)] = '\0';
	return text;
}

static const struct depth {
	const char *name;
	unsigned patch, value;
	uint8_t code;
} depths[] = {
	{"value as deep as may be", 0, CTL_JSON_DEPTH, 0x44},
	{"value deeper", 0, CTL_JSON_DEPTH + 1, 0x96},
	{"value a thousand deep", 0, 1000, 0x96},
	{"patch as deep as may be", CTL_JSON_DEPTH, 0, 0x44},
	{"patch deeper", CTL_JSON_DEPTH + 1, 0, 0x96},
	{"patch a thousand deep", 1000, 0, 0x96},
	{"patch a hundred thousand deep", 100000, 0, 0x96},
};

static void
depth(void **state)
{
	const struct depth *r = *state;
	char *value = nested(r->value, "1"), *patch_text = nested(r->patch, "2");
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	expect(run(MERGE, patch_text, strlen(patch_text), value, &out), &out, r->code,
		r->code == TG_CHANGED ? patch_text : NULL);
	free(value);
	free(patch_text);
}

static void
brackets_in_strings_are_not_deep(void **state)
{
	char *text = nested(500, "");
	char value[1100];
	uint8_t to[2048];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	snprintf(value, sizeof(value), "{\"a\\\"\":\"%s\"}", text);
	expect(run(MERGE, "{}", 2, value, &out), &out, TG_CHANGED, value);
	free(text);
}

/* "/a/a/a...": as deep as a pointer may lead, and one more. */
static void
pointer_depth(void **state)
{
	char text[2 * (CTL_JSON_DEPTH + 1)];
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "/a", 2);
	expect(run(0, text, sizeof(text), "{}", &out), &out, TG_UNPROCESSABLE, NULL);
	expect(run(0, text, sizeof(text) - 2, "{}", &out), &out, TG_UNPROCESSABLE, NULL);
	text[sizeof(text) - 1] = '~';
	expect(run(0, text, sizeof(text), "{}", &out), &out, TG_BAD_REQUEST, NULL);
}

static void
pointer_too_long(void **state)
{
	char text[CTL_POINTER_MAX + 1];
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	expect(run(0, text, sizeof(text), "{}", &out), &out, TG_UNPROCESSABLE, NULL);
}

/* @n times @op as a JSON patch on @value. */
static uint8_t
repeat(unsigned n, const char *op, const char *value, struct ctl_room *out)
{
	char text[8192];
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%c%s", i == 0 ? '[' : ',', op);
	assert_true(len < sizeof(text) - 1);
	text[len++] = ']';
	return run(OPS, text, len, value, out);
}

/* Each operation doubles the value: fifty make it 2^50 bytes, if nothing stops them. */
static void
copies_of_copies(void **state)
{
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	expect(repeat(50, "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/-\"}", "[1]", &out),
		&out, TG_TOO_LARGE, NULL);
}

static void
copies_into_copies(void **state)
{
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	expect(repeat(CTL_JSON_DEPTH, "{\"op\":\"add\",\"path\":\"/0\",\"value\":[]}",
		       "[]", &out),
		&out, TG_CHANGED,
		"[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]"
		",[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]"
		",[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]");
	out.len = 0;
	expect(repeat(CTL_JSON_DEPTH,
		       "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/"
		       "a\"}",
		       "{\"a\":{}}", &out),
		&out, TG_UNPROCESSABLE, NULL);
}

/* The copies stand one in the other's place, and yet each takes its time. */
static void
copies_over_copies(void **state)
{
	static const char op[] = "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}";
	static char value[4096], want[2 * sizeof(value)];
	static uint8_t to[sizeof(want)];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};
	int n = snprintf(value, sizeof(value), "{\"a\":\"%04000d\"}", 0);

	(void)state;
	snprintf(want, sizeof(want), "%.*s,\"b\":%s", n - 1, value, value + 5);
	expect(repeat(CTL_PATCH_WORK / 4002, op, value, &out), &out, TG_CHANGED, want);
	out.len = 0;
	expect(repeat(CTL_PATCH_WORK / 4002 + 1, op, value, &out), &out, TG_TOO_LARGE,
		NULL);
}

static const struct deep_row {
	const char *name, *op;
	uint8_t code;
} deep_rows[] = {
	{"move as deep as may be", "{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/a/c\"}",
		TG_CHANGED},
	{"move deeper", "{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/a/b/c\"}",
		TG_UNPROCESSABLE},
	{"copy as deep as may be", "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/a/c\"}",
		TG_CHANGED},
	{"copy deeper", "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/a/b/c\"}",
		TG_UNPROCESSABLE},
};

/* x is CTL_JSON_DEPTH - 2 levels of arrays. */
static void
deep_place(void **state)
{
	const struct deep_row *r = *state;
	char *x = nested(CTL_JSON_DEPTH - 2, "");
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};
	char value[512];

	snprintf(value, sizeof(value), "{\"a\":{\"b\":{}},\"e\":[0],\"x\":%s}", x);
	assert_int_equal(repeat(1, r->op, value, &out), r->code);
	free(x);
}

/* On its way a value may be larger than where it ends. */
static void
larger_on_the_way(void **state)
{
	static const char patch_text[] =
		"[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},{\"op\":\"remove\","
		"\"path\":\"/b\"}]";
	char value[1024];
	uint8_t to[OUT_MAX];
	struct ctl_room out = {.to = to, .cap = sizeof(to)};

	(void)state;
	snprintf(value, sizeof(value), "{\"a\":\"%0900d\"}", 0);
	expect(run(OPS, patch_text, strlen(patch_text), value, &out), &out, TG_CHANGED,
		value);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(fetches) + COUNT(patches) + COUNT(depths)
				+ COUNT(deep_rows) + 16] = {0};
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(fetch_zero_in_pointer),
		cmocka_unit_test(result_just_fits),
		cmocka_unit_test(brackets_in_strings_are_not_deep),
		cmocka_unit_test(pointer_depth),
		cmocka_unit_test(pointer_too_long),
		cmocka_unit_test(copies_of_copies),
		cmocka_unit_test(copies_into_copies),
		cmocka_unit_test(copies_over_copies),
		cmocka_unit_test(larger_on_the_way),
	};
	size_t n = 0;

	ADD_ROWS(tests, &n, fetches, fetch);
	ADD_ROWS(tests, &n, patches, patch);
	ADD_ROWS(tests, &n, depths, depth);
	ADD_ROWS(tests, &n, deep_rows, deep_place);
	for (size_t i = 0; i < COUNT(plain); i++)
		tests[n++] = plain[i];
	return _cmocka_run_group_tests("patch", tests, n, NULL, NULL);
}
