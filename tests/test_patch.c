/* JSON values in part, with the vectors of RFC 6901, 5, RFC 7396, A, and RFC 6902, A. */
#include "tests/patch_run.h"

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
	{"an integer over 64 bits", "/a", "{\"a\":99999999999999999999}", 0x96, NULL},
	{"a number over a double's", "/a", "{\"a\":1e400}", 0x96, NULL},
	{"a name with a zero", "/a", "{\"a\":1,\"b\\u0000\":2}", 0x96, NULL},
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
	{"merge: an integer over 64 bits", MERGE, "{}", "{\"a\":99999999999999999999}",
		0x80, NULL},
	{"merge: a name with a zero", MERGE, "{}", "{\"a\\u0000\":1}", 0x80, NULL},
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
	{"an integer over 64 bits", OPS, "{}",
		"[{\"op\":\"add\",\"path\":\"/a\",\"value\":99999999999999999999}]", 0x80,
		NULL},
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

int
main(void)
{
	struct CMUnitTest tests[COUNT(fetches) + COUNT(patches) + 1] = {
		cmocka_unit_test(fetch_zero_in_pointer),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, fetches, fetch);
	ADD_ROWS(tests, &n, patches, patch);
	return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
