#include "dataplane/route.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "tests/rows.h"

#include <stdio.h>

#define ERR 200
#define TEXT255                                                                          \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define TEXT765 TEXT255 TEXT255 TEXT255
#define TEXT17595                                                                        \
	TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765  \
		TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765 TEXT765  \
			TEXT765 TEXT765 TEXT765 TEXT765

static const struct dp_route_spec routes[] = {
	{.path = "/t/{device}", .kind = DP_K_STREAM, .stream = "telemetry"},
	{.path = "/d/{device}/{resource*}", .kind = DP_K_STORE},
	{.path = "/d/fixed/x", .kind = DP_K_QUERY},
	{.path = "/d/{device}/time", .kind = DP_K_TIME},
	{.path = "/a/{rest*}", .kind = DP_K_QUERY},
	{.path = "/a/b/c", .kind = DP_K_TIME},
	{.path = "/", .kind = DP_K_TIME},
	{.path = "/s/{device}/{rest*}", .kind = DP_K_STREAM, .stream = "s"},
	{.path = "/eightltr", .kind = DP_K_TIME},
	{.path = "/nineletters", .kind = DP_K_TIME},
	{.path = "/q/{any}/x", .kind = DP_K_QUERY},
	{.path = "/sevenlt", .kind = DP_K_TIME},
	{.path = "/eightltx", .kind = DP_K_TIME},
};

static struct dp_snapshot *
new_snapshot(const struct dp_route_spec *specs, unsigned n, char *err)
{
	const struct dp_settings s = {.routes = specs, .n_routes = n, .version = 1};

	err[0] = '\0';
	return dp_snapshot_new(&s, err, ERR);
}

/* A request for @path, uncoded; every slash begins a segment, "/" alone has none. */
struct asked {
	uint8_t buf[1024], arena[DP_PATH_ROOM];
	struct tg_msg msg;
	struct dp_request request;
};

static void
ask(struct asked *a, const char *path)
{
	struct tg_writer w;

	tg_write_begin(&w, a->buf, sizeof(a->buf), TG_CON, TG_GET, 1, NULL, 0);
	while (*path == '/' && strcmp(path, "/") != 0) {
		size_t len = strcspn(++path, "/");

		tg_write_option(&w, TG_OPT_URI_PATH, path, len);
		path += len;
		if (strcmp(path, "/") == 0) { /* a last slash: an empty segment */
			tg_write_option(&w, TG_OPT_URI_PATH, "", 0);
			break;
		}
	}
	assert_int_equal(
		tg_msg_parse(&a->msg, a->buf, tg_write_end(&w), TG_TOKEN_MAX), TG_OK);
	assert_int_equal(dp_request_read(&a->request, &a->msg, a->arena), TG_OK);
}

/* ---- which route ---- */

#define NONE (-1)

static const struct row {
	const char *name; /* the path */
	int route;
	uint16_t device; /* where its segment begins */
	bool listing;
} rows[] = {
	{"/t/dev1", 0, 2, false},
	{"/t", NONE, DP_NO_SEGMENT, false},
	{"/t/", NONE, DP_NO_SEGMENT, false}, /* a device has a name */
	{"/t/dev1/x", NONE, DP_NO_SEGMENT, false},
	{"/T/dev1", NONE, DP_NO_SEGMENT, false},
	{"/d/dev1/state", 1, 2, false},
	{"/d/dev1/a/b/c", 1, 2, false},
	{"/d/dev1/", 1, 2, false},
	{"/d/dev1", 1, 2, true},
	{"/d", NONE, DP_NO_SEGMENT, false},
	{"/d/fixed/x", 2, DP_NO_SEGMENT, false}, /* literals first */
	{"/d/fixed/y", 1, 2, false},             /* and back if they lead nowhere */
	{"/d/fixed", 1, 2, true},
	{"/d/fixed/x/y", 1, 2, false},
	{"/d/fixed/time", 3, 2, false},
	{"/d/dev1/time", 3, 2, false}, /* {device} before {resource*} */
	{"/d/dev1/time/x", 1, 2, false},
	{"/a/b/c", 5, DP_NO_SEGMENT, false},
	{"/a/b", 4, DP_NO_SEGMENT, false},
	{"/a/b/c/d", 4, DP_NO_SEGMENT, false},
	{"/a", NONE, DP_NO_SEGMENT, false},
	{"/", 6, DP_NO_SEGMENT, false},
	{"/s/dev1/x", 7, 2, false},
	{"/s/dev1", NONE, DP_NO_SEGMENT, false}, /* only what is stored is listed */
	{"/eightltr", 8, DP_NO_SEGMENT, false},
	{"/eightltx", 12, DP_NO_SEGMENT, false}, /* another of the same seven letters */
	{"/eightlty", NONE, DP_NO_SEGMENT, false},
	{"/eightlt", NONE, DP_NO_SEGMENT, false},
	{"/eightltrs", NONE, DP_NO_SEGMENT, false},
	{"/sevenlt", 11, DP_NO_SEGMENT, false},
	{"/sevenl", NONE, DP_NO_SEGMENT, false},
	{"/sevenltr", NONE, DP_NO_SEGMENT, false},
	{"/nineletters", 9, DP_NO_SEGMENT, false},
	{"/nineletterz", NONE, DP_NO_SEGMENT, false},
	{"/q/y/x", 10, DP_NO_SEGMENT, false}, /* {any} is no device */
	{"/q/y", NONE, DP_NO_SEGMENT, false},
	{"/.well-known/core", COUNT(routes), DP_NO_SEGMENT, false},
	{"/.well-known", NONE, DP_NO_SEGMENT, false},
};

static void
found(void **state)
{
	const struct row *r = *state;
	struct asked *a = calloc(1, sizeof(*a));
	const struct dp_route *route;
	struct dp_snapshot *snap;
	char err[ERR];

	assert_non_null(a);
	snap = new_snapshot(routes, COUNT(routes), err);
	assert_string_equal(err, "");
	assert_non_null(snap);
	ask(a, r->name);
	route = dp_route_find(snap, &a->request);
	if (r->route == NONE) {
		assert_null(route);
	} else {
		assert_non_null(route);
		assert_int_equal(route - snap->routes, r->route);
		assert_int_equal(a->request.device_at, r->device);
		assert_int_equal(a->request.listing, r->listing);
	}
	dp_snapshot_free(snap);
	free(a);
}

/* Hundreds of segments. */
static void
many_segments(void **state)
{
	struct asked *a = calloc(1, sizeof(*a));
	struct dp_snapshot *snap;
	char err[ERR], path[2 * 100 + 1];

	(void)state;
	assert_non_null(a);
	snap = new_snapshot(routes, COUNT(routes), err);
	assert_non_null(snap);
	for (unsigned i = 0; i < 100; i++)
		memcpy(path + 2 * i, "/a", 3);
	ask(a, path);
	assert_ptr_equal(dp_route_find(snap, &a->request), &snap->routes[4]);
	memcpy(path, "/x", 2);
	ask(a, path);
	assert_null(dp_route_find(snap, &a->request));
	dp_snapshot_free(snap);
	free(a);
}

/* ---- what is refused ---- */

static const uint16_t formats[DP_FORMATS_MAX + 1];

static const struct bad_row {
	const char *name;
	struct dp_route_spec specs[2];
	const char *says;
} bad_rows[] = {
	{"same literals",
		{{.path = "/a/b", .kind = DP_K_TIME},
			{.path = "/a/b", .kind = DP_K_QUERY}},
		"route /a/b: another route has the same path"},
	{"same but for a name",
		{{.path = "/a/{x}", .kind = DP_K_TIME},
			{.path = "/a/{device}", .kind = DP_K_QUERY}},
		"route /a/{device}: another route has the same path"},
	{"two rests",
		{{.path = "/a/{x*}", .kind = DP_K_TIME},
			{.path = "/a/{y*}", .kind = DP_K_TIME}},
		"route /a/{y*}: another route has the same path"},
	{"two roots",
		{{.path = "/", .kind = DP_K_TIME}, {.path = "/", .kind = DP_K_TIME}},
		"route /: another route has the same path"},
	{"discovery's own",
		{{.path = "/.well-known/core", .kind = DP_K_TIME},
			{.path = "/x", .kind = DP_K_TIME}},
		"route /.well-known/core: another route has the same path"},
	{"no slash", {{.path = "a", .kind = DP_K_TIME}},
		"route a: a path begins with '/'"},
	{"empty", {{.path = "", .kind = DP_K_TIME}}, "route : a path begins with '/'"},
	{"empty segment", {{.path = "/a//b", .kind = DP_K_TIME}},
		"route /a//b: a segment has 1 to 255 bytes"},
	{"trailing slash", {{.path = "/a/", .kind = DP_K_TIME}},
		"route /a/: a segment has 1 to 255 bytes"},
	{"brace not closed", {{.path = "/{a", .kind = DP_K_TIME}},
		"route /{a: '{' without '}'"},
	{"nameless", {{.path = "/{}", .kind = DP_K_TIME}}, "route /{}: '{' without '}'"},
	{"rest in the middle", {{.path = "/{a*}/b", .kind = DP_K_TIME}},
		"route /{a*}/b: {name*} must come last"},
	{"stream without a name", {{.path = "/a", .kind = DP_K_STREAM}},
		"route /a: needs a stream's name"},
	{"logged store without a name",
		{{.path = "/a", .kind = DP_K_STORE, .ack = DP_ACK_LOGGED}},
		"route /a: needs a stream's name"},
	{"stale refused at no age",
		{{.path = "/a",
			.kind = DP_K_STORE,
			.stale = DP_STALE_REFUSE,
			.max_age = UINT32_MAX}},
		"route /a: stale: refuse needs a max_age"},
	{"a period for many values",
		{{.path = "/a/{x}", .kind = DP_K_STORE, .period_ms = 1}},
		"route /a/{x}: a period is for one value, without ack: logged"},
	{"a period for a logged value",
		{{.path = "/a",
			.kind = DP_K_STORE,
			.ack = DP_ACK_LOGGED,
			.stream = "s",
			.period_ms = 1}},
		"route /a: a period is for one value, without ack: logged"},
	{"too long for a time and a content",
		{{.path = "/a",
			.kind = DP_K_STORE,
			.period_ms = 1,
			.content = TEXT255 TEXT255 TEXT255 TEXT255,
			.content_len = 999}},
		"route /a: content has at most 998 bytes"},
	{"forgetting without a target", {{.path = "/a", .kind = DP_K_UNOBSERVE}},
		"route /a: \"\" is not a value's path"},
	{"stream's name too long",
		{{.path = "/a", .kind = DP_K_STREAM, .stream = TEXT255}},
		"route /a: stream's name or list of formats too long"},
	{"too many formats",
		{{.path = "/a",
			.kind = DP_K_STORE,
			.formats = formats,
			.n_formats = COUNT(formats)}},
		"route /a: stream's name or list of formats too long"},
	{"create behind a name", {{.path = "/a/{b}", .kind = DP_K_CREATE}},
		"route /a/{b}: kind create has a path without {name}, and no ack: "
		"logged"},
	{"segment of the location too long",
		{{.path = "/a", .kind = DP_K_STATIC, .location = "/" TEXT255 "f"}},
		"location: a part has at most 255 bytes"},
	{"location too long to be kept",
		{{.path = "/a",
			.kind = DP_K_STATIC,
			.location = "/" TEXT255 "/" TEXT255 "/" TEXT255 "/" TEXT255
				    "/" TEXT255}},
		"content is too long for one message"},
	{"links that are none",
		{{.path = "/a",
			.kind = DP_K_STATIC,
			.content = "</b>,c",
			.content_len = 6,
			.content_format = 40}},
		"route /a: content is no list of links (RFC 6690)"},
	{"discovery too long",
		{{.path = "/a", .kind = DP_K_TIME, .title = TEXT17595},
			{.path = "/b", .kind = DP_K_TIME, .title = TEXT17595}},
		"/.well-known/core would be longer than 32768 bytes: hide some routes "
		"(hidden: true)"},
};

static void
refused(void **state)
{
	const struct bad_row *r = *state;
	char err[ERR];

	assert_null(new_snapshot(r->specs, r->specs[1].path != NULL ? 2 : 1, err));
	assert_string_equal(err, r->says);
}

/* The longest that are taken. */
static void
limits(void **state)
{
	static const struct dp_route_spec specs[] = {
		{.path = "/" TEXT255,
			.kind = DP_K_STORE,
			.formats = formats,
			.n_formats = DP_FORMATS_MAX,
			.max_payload = UINT16_MAX,
			.hidden = true},
		{.path = "/l", .kind = DP_K_STATIC, .location = "/" TEXT255 "/" TEXT255},
	};
	struct dp_snapshot *snap;
	char err[ERR];

	(void)state;
	snap = new_snapshot(specs, COUNT(specs), err);
	assert_string_equal(err, "");
	assert_non_null(snap);
	assert_int_equal(snap->routes[0].n_formats, DP_FORMATS_MAX);
	assert_int_equal(snap->routes[0].max_payload, DP_VALUE_MAX);
	dp_snapshot_free(snap);
}

/* ---- what a snapshot holds ---- */

/* Options and payload that stand in the snapshot as they follow a token, as a message. */
static void
as_message(struct tg_msg *m, uint8_t *buf, const uint8_t *encoded, uint16_t len)
{
	static const uint8_t head[TG_HDR_LEN] = {0x60, TG_CONTENT};

	memcpy(buf, head, sizeof(head));
	memcpy(buf + sizeof(head), encoded, len);
	assert_int_equal(tg_msg_parse(m, buf, sizeof(head) + len, TG_TOKEN_MAX), TG_OK);
}

static const struct core_row {
	const char *name;
	struct dp_route_spec spec;
	const char *text;
} core_rows[] = {
	{"a fixed resource", {.path = "/a/b", .kind = DP_K_QUERY}, "</a/b>"},
	{"the time", {.path = "/a", .kind = DP_K_TIME}, "</a>;obs"},
	{"the time of a device", {.path = "/a/{device}", .kind = DP_K_TIME}, "</a>"},
	{"the time, late", {.path = "/a", .kind = DP_K_TIME, .delay_ms = 1}, "</a>"},
	{"a pattern's literal prefix", {.path = "/t/{device}", .kind = DP_K_STORE},
		"</t>"},
	{"a prefix of two segments", {.path = "/a/b/{x}/c/{y*}", .kind = DP_K_STORE},
		"</a/b>"},
	{"a pattern from the root", {.path = "/{x*}", .kind = DP_K_STORE}, "</>"},
	{"attributes",
		{.path = "/a", .kind = DP_K_QUERY, .rt = "r", .ifd = "i", .title = "t"},
		"</a>;rt=\"r\";if=\"i\";title=\"t\""},
	{"a static resource's format",
		{.path = "/a", .kind = DP_K_STATIC, .content_format = 50}, "</a>;ct=50"},
	{"a static resource without",
		{.path = "/a", .kind = DP_K_STATIC, .content_format = DP_NO_FORMAT},
		"</a>"},
	{"a stored value of its own", {.path = "/a", .kind = DP_K_STORE}, "</a>;obs"},
	{"a hidden one", {.path = "/a", .kind = DP_K_TIME, .hidden = true}, ""},
};

static void
discovered(void **state)
{
	const struct core_row *r = *state;
	const struct dp_route *core;
	struct dp_snapshot *snap;
	uint8_t buf[2048];
	struct tg_msg m;
	struct tg_opt o;
	char err[ERR];

	snap = new_snapshot(&r->spec, 1, err);
	assert_non_null(snap);
	core = &snap->routes[1];
	assert_int_equal(core->kind, DP_K_STATIC);
	as_message(&m, buf, core->content, core->content_len);
	assert_int_equal(m.len - m.payload, strlen(r->text));
	assert_memory_equal(m.base + m.payload, r->text, strlen(r->text));
	assert_true(tg_opt_get(&m, TG_OPT_CONTENT_FORMAT, &o));
	assert_int_equal(tg_opt_uint(&o), 40);
	dp_snapshot_free(snap);
}

/* A static resource: its content with its options, its answers by method, its Location.
 */
static void
fixed_content(void **state)
{
	static const struct dp_route_spec spec = {
		.path = "/a",
		.kind = DP_K_STATIC,
		.content = "hello",
		.content_len = 5,
		.content_format = 0,
		.max_age = 300,
		.answer_post = TG_CREATED,
		.location = "/l1/l2",
	};
	const struct dp_route *route;
	struct dp_snapshot *snap;
	uint8_t buf[2048];
	struct tg_msg m;
	struct tg_opt o;
	char err[ERR];

	(void)state;
	snap = new_snapshot(&spec, 1, err);
	assert_non_null(snap);
	route = &snap->routes[0];
	as_message(&m, buf, route->content, route->content_len);
	assert_int_equal(m.len - m.payload, 5);
	assert_memory_equal(m.base + m.payload, "hello", 5);
	assert_true(tg_opt_get(&m, TG_OPT_CONTENT_FORMAT, &o));
	assert_int_equal(o.len, 0);
	assert_true(tg_opt_get(&m, TG_OPT_MAX_AGE, &o));
	assert_int_equal(tg_opt_uint(&o), 300);
	as_message(&m, buf, route->created, route->created_len);
	assert_true(tg_opt_get(&m, TG_OPT_LOCATION_PATH, &o));
	assert_memory_equal(o.value, "l1", 2);
	assert_int_equal(route->answer[TG_GET], TG_CONTENT);
	assert_int_equal(route->answer[TG_POST], TG_CREATED);
	assert_int_equal(route->answer[TG_PUT], 0);
	assert_int_equal(route->answer[TG_DELETE], 0);
	dp_snapshot_free(snap);
}

/* Everything is copied: what the snapshot was made from may go. */
static void
borrows_nothing(void **state)
{
	char path[] = "/some/path", stream[] = "stream", err[ERR];
	struct dp_route_spec spec = {.path = path, .kind = DP_K_STREAM, .stream = stream};
	struct asked *a = calloc(1, sizeof(*a));
	struct dp_snapshot *snap;

	(void)state;
	assert_non_null(a);
	snap = new_snapshot(&spec, 1, err);
	assert_non_null(snap);
	memset(path, 'x', sizeof(path));
	memset(stream, 'x', sizeof(stream));
	ask(a, "/some/path");
	assert_ptr_equal(dp_route_find(snap, &a->request), &snap->routes[0]);
	assert_int_equal(snap->routes[0].stream_len, 6);
	assert_memory_equal(snap->routes[0].stream, "stream", 6);
	dp_snapshot_free(snap);
	dp_snapshot_free(NULL);
	free(a);
}

/* Routes with the same parameters share one of the few that a snapshot has room for. */
static void
parameters(void **state)
{
	static struct tg_param param[DP_PARAMS_MAX];
	static struct dp_route_spec specs[DP_PARAMS_MAX + 2];
	static char path[COUNT(specs)][8];
	struct dp_snapshot *snap;
	char err[ERR];

	(void)state;
	for (unsigned i = 0; i < COUNT(specs); i++) {
		snprintf(path[i], sizeof(path[i]), "/%u", i);
		specs[i] = (struct dp_route_spec){.path = path[i],
			.kind = DP_K_TIME,
			.param = i < 2 ? NULL : &param[i - 2]};
		if (i >= 2)
			param[i - 2].ack_timeout_ms = 1000 + i / 2;
	}
	specs[1].param = &param[0];
	snap = new_snapshot(specs, COUNT(specs), err);
	assert_string_equal(err, "");
	assert_int_equal(snap->routes[0].param, 0);
	for (unsigned i = 1; i < COUNT(specs); i++)
		assert_int_equal(dp_param(snap, snap->routes[i].param)->ack_timeout_ms,
			i == 1 ? 1001 : 1000 + i / 2);
	assert_int_equal(snap->n_params, 1 + DP_PARAMS_MAX / 2);
	assert_ptr_equal(dp_param(snap, UINT8_MAX), &snap->param[0]);
	dp_snapshot_free(snap);
	for (unsigned i = 0; i < DP_PARAMS_MAX; i++)
		param[i].ack_timeout_ms = 1000 + i;
	assert_null(new_snapshot(specs, COUNT(specs), err));
	assert_string_equal(err, "route /17: more than 15 different sets of transmission "
				 "parameters");
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(bad_rows) + COUNT(core_rows) + 5] = {
		cmocka_unit_test(many_segments),
		cmocka_unit_test(limits),
		cmocka_unit_test(fixed_content),
		cmocka_unit_test(borrows_nothing),
		cmocka_unit_test(parameters),
	};
	size_t n = 5;

	ADD_ROWS(tests, &n, rows, found);
	ADD_ROWS(tests, &n, bad_rows, refused);
	ADD_ROWS(tests, &n, core_rows, discovered);
	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
