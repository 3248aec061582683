/*
 * A datagram of arbitrary bytes, read as a request and routed: what is read agrees with
 * the option registry, and what is found with a plain comparison of patterns and path.
 */
#include "coap/option.h"
#include "dataplane/burst.h"
#include "dataplane/path.h"
#include "dataplane/route.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct dp_route_spec routes[] = {
	{.path = "/t/{device}", .kind = DP_K_STREAM, .stream = "t"},
	{.path = "/d/{device}/{resource*}", .kind = DP_K_STORE},
	{.path = "/d/fixed/x", .kind = DP_K_TIME},
	{.path = "/d/{device}/time", .kind = DP_K_TIME},
	{.path = "/a/b/{rest*}", .kind = DP_K_QUERY},
	{.path = "/a/{any}/c", .kind = DP_K_QUERY},
	{.path = "/longer-than-eight/{device}/{rest*}",
		.kind = DP_K_STREAM,
		.stream = "s"},
	{.path = "/", .kind = DP_K_TIME},
	{.path = "/.well-known/core", .hidden = true}, /* the snapshot's own */
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static const struct dp_snapshot *
snapshot(void)
{
	static struct dp_snapshot *snap;
	const struct dp_settings s = {.routes = routes, .n_routes = ROUTES - 1};
	char err[200];

	if (snap == NULL)
		snap = dp_snapshot_new(&s, err, sizeof(err));
	require(snap != NULL);
	return snap;
}

/* A critical option that a request may not have, or not so, by the registry alone. */
static bool
is_bad(const struct tg_opt *o, bool again)
{
	const struct tg_opt_def *def = tg_opt_find(o->number);

	if (!tg_opt_is_critical(o->number))
		return false;
	if (o->number == TG_OPT_URI_PATH && o->len <= 2 && o->len > 0
		&& memcmp(o->value, "..", o->len) == 0)
		return true; /* RFC 7252, 5.10.1 */
	if (def == NULL || def->in_request == TG_OPT_NEVER || o->number == TG_OPT_OSCORE)
		return true;
	return o->len < def->min_len || o->len > def->max_len
	       || (again && def->in_request == TG_OPT_ONCE);
}

/* Each Uri-Path stands in the canonical form, in order, and nothing else. */
static void
check_reading(const struct dp_request *r, const struct tg_msg *m)
{
	const uint8_t *p = r->path.bytes;
	bool bad = false;
	unsigned last = 0;
	struct tg_opt_iter it;
	struct tg_opt o;

	tg_opt_foreach (&it, &o, m) {
		bad |= is_bad(&o, o.number == last);
		last = o.number;
		if (o.number != TG_OPT_URI_PATH || o.len > 255)
			continue;
		require(*p == o.len && memcmp(p + 1, o.value, o.len) == 0);
		p += 1 + o.len;
	}
	require(p == r->path.bytes + r->path.len);
	require(bad == !!(r->flags & DP_R_BAD_OPTION));
}

/* Does @path fit the pattern?  Segments one by one, from the left. */
static bool
fits(const char *pattern, const struct dp_path *path)
{
	const uint8_t *p = path->bytes, *end = p + path->len;

	if (strcmp(pattern, "/") == 0)
		return p == end;
	for (; *pattern == '/'; p += 1 + *p) {
		size_t len = strcspn(++pattern, "/");

		if (p == end)
			return false;
		if (*pattern != '{' && (*p != len || memcmp(p + 1, pattern, len) != 0))
			return false;
		if (*pattern == '{' && pattern[len - 2] == '*')
			return true;
		if (*pattern == '{' && *p == 0)
			return false;
		pattern += len;
	}
	return p == end;
}

/* "/d/DEVICE" is what lists a device of "/d/{device}/{resource*}". */
static bool
is_listing(const struct dp_path *path)
{
	const uint8_t *p = path->bytes;

	return path->len > 3 && memcmp(p, "\1d", 2) == 0 && p[2] > 0
	       && path->len == 3 + p[2];
}

static void
check_route(struct dp_request *r)
{
	const struct dp_snapshot *snap = snapshot();
	const struct dp_route *route = dp_route_find(snap, r);
	bool expected = false;

	for (size_t i = 0; i < ROUTES; i++) {
		bool fit = fits(routes[i].path, &r->path);

		expected |= fit;
		if (route == &snap->routes[i])
			require(fit || r->listing);
	}
	require(r->listing == (is_listing(&r->path) && !expected));
	require((route != NULL) == (expected || r->listing));
	require(r->device_at == DP_NO_SEGMENT || r->device_at < r->path.len);
}

/* Written as text and read again it is the same path. */
static void
check_text(const struct dp_path *path)
{
	char text[3 * DP_PATH_ROOM + 1];
	uint8_t again[DP_PATH_ROOM];
	uint16_t len = dp_path_text(text, sizeof(text), path);

	require((len == 0) == (path->len == 0));
	require(dp_path_parse(again, sizeof(again), text, len) == path->len);
	require(memcmp(again, path->bytes, path->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dp_request r;
	struct tg_msg m, whole;
	enum tg_verdict v;
	uint8_t *arena;

	if (size > DP_MSG_MAX || tg_msg_head(&m, data, size, TG_TOKEN_MAX) != TG_OK)
		return 0;
	arena = malloc(DP_PATH_ROOM); /* exact: the sanitizer sees one byte too far */
	require(arena != NULL);
	memset(&r, 0xee, sizeof(r));
	m.payload = 0xeeee; /* of what it was before, nothing is read */
	v = dp_request_read(&r, &m, arena);
	require(v == tg_msg_parse(&whole, data, size, TG_TOKEN_MAX));
	if (v != TG_OK) {
		free(arena);
		return 0;
	}
	require(m.options == whole.options && m.payload == whole.payload);
	require(r.path.len <= DP_PATH_ROOM - 8);
	memset(arena + r.path.len, 0xee, 8);
	check_reading(&r, &m);
	check_route(&r);
	check_text(&r.path);
	require(!dp_request_has_etag(&m, 0) || (r.flags & DP_R_ETAG));
	require(dp_request_holds(&r, &m, false, 0) || (r.flags & DP_R_IF_MATCH));
	free(arena);
	return 0;
}
