/* How deep and how large a JSON value may be, and what a patch makes of it on the way. */
#include "control/json_patch.h"
#include "control/pointer.h"
#include "tests/patch_run.h"

#include <stdio.h>

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
	struct CMUnitTest tests[COUNT(depths) + COUNT(deep_rows) + 8] = {
		cmocka_unit_test(result_just_fits),
		cmocka_unit_test(brackets_in_strings_are_not_deep),
		cmocka_unit_test(pointer_depth),
		cmocka_unit_test(pointer_too_long),
		cmocka_unit_test(copies_of_copies),
		cmocka_unit_test(copies_into_copies),
		cmocka_unit_test(copies_over_copies),
		cmocka_unit_test(larger_on_the_way),
	};
	size_t n = 8;

	ADD_ROWS(tests, &n, depths, depth);
	ADD_ROWS(tests, &n, deep_rows, deep_place);
	return cmocka_run_group_tests_name("patch_room", tests, NULL, NULL);
}
