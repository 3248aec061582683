/* Routes change while a request is on its way: it runs as its path is routed then, or is
 * refused, and nothing runs it as what it no longer is. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define SLOW B("\xb4slow")
#define STATIC(text)                                                                     \
	.kind = DP_K_STATIC, .content = (text), .content_len = sizeof(text) - 1,         \
	.content_format = DP_NO_FORMAT
#define ETAG_FIRST "\x48\x89\x98\xd6\x62\x5a\x42\x9f\x5c"
#define ETAG_THEN "\x48\xe5\x66\x9b\xb5\x2e\x9a\x4a\x53"
#define SMALL .max_age = UINT32_MAX, .max_payload = 64

static const struct bytes silence = {0}, slow = SLOW;

static const struct dp_route_spec first[] = {
	{.path = "/slow", STATIC("first"), .delay_ms = 1000, SMALL},
};
static const struct row {
	const char *name;
	struct dp_route_spec then; /* what /slow is meanwhile */
	uint8_t code;
	struct bytes with;
} rows[] = {
	{"the same", {.path = "/slow", STATIC("first"), .delay_ms = 1000, SMALL},
		TG_CONTENT,
		B(ETAG_FIRST "\xff"
			     "first")},
	{"another content", {.path = "/slow", STATIC("then"), .delay_ms = 9, SMALL},
		TG_CONTENT,
		B(ETAG_THEN "\xff"
			    "then")},
	{"no delay any more", {.path = "/slow", STATIC("then"), SMALL}, TG_CONTENT,
		B(ETAG_THEN "\xff"
			    "then")},
	{"nothing", {.path = "/other", STATIC("then"), SMALL}, TG_NOT_FOUND, {0}},
	{"a stream", {.path = "/slow", .kind = DP_K_STREAM, .stream = "s", SMALL},
		TG_METHOD_NOT_ALLOWED, {0}},
	{"a stored value", {.path = "/slow", .kind = DP_K_STORE, .delay_ms = 1000, SMALL},
		TG_UNAVAILABLE, B("\xd1\x01\x05")},
	{"stored values", {.path = "/{any*}", .kind = DP_K_STORE, SMALL}, TG_UNAVAILABLE,
		B("\xd1\x01\x05")},
};
static const struct row *now;

static void
with_first(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = first;
	s->n_routes = COUNT(first);
}

static void
use_then(struct dp_settings *s)
{
	s->routes = &now->then;
	s->n_routes = 1;
}

static void
delayed(void **state)
{
	now = *state;
	gw_reopen(with_first);
	gw_ask(coap(T_NON, TG_GET, 7, slow), silence);
	gw_publish(use_then);
	gw_later_ms(1000);
	gw_turn();
	gw_hear(&gw.flow, coap(T_NON, now->code, 7, now->with));
	gw_expect_silence();
}

static const struct setting settings[] = {
	{"one worker", 1, false, 0, 0},
	{"two workers", 2, true, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, delayed);
	return gw_main("dp_reload", settings, COUNT(settings), tests, n);
}
