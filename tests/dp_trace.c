/* What the flight recorder says of messages that came and went over a port. */
#include "coap/code.h"
#include "dataplane/trace.h"
#include "tests/dp_fixture.h"

#include <rte_byteorder.h>

#define STATE                                                                            \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01s"
#define STREAM                                                                           \
	"\xb1"                                                                           \
	"r\x04"                                                                          \
	"dev?"
#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?"

static const struct bytes none = {0};

/* The last message heard or sent with @mid, of any worker; how many there were. */
static unsigned
find(uint16_t mid, bool sent, struct dp_traced *last)
{
	unsigned found = 0;
	struct dp_traced m;

	for (unsigned w = 0; w < gw.cfg.workers; w++) {
		const struct dp_trace *t = dp_worker_trace(gw.dp, w);
		uint32_t at, end = dp_trace_range(t, &at);

		while ((int32_t)(end - at) > 0)
			if (dp_trace_read(t, &at, &m) && m.mid == mid && m.sent == sent) {
				*last = m;
				found++;
			}
	}
	return found;
}

static const struct row {
	const char *name;
	struct bytes msg; /* Message ID 7 */
	uint8_t answer;
	enum dp_counter verdict;
} rows[] = {
	{"GET of nothing", B("\x40\x01\x00\x07" STATE), TG_NOT_FOUND, 0},
	{"PUT", B("\x40\x03\x00\x07" STATE "\xffx"), TG_CREATED, 0},
	{"NON PUT", B("\x50\x03\x00\x07" STATE "\xffx"), TG_CREATED, 0},
	{"POST to a stream", B("\x40\x02\x00\x07" STREAM "\xffx"), TG_CHANGED, 0},
	{"ping", B("\x40\x00\x00\x07"), 0, DP_C_coap_ping},
	{"an ACK", B("\x60\x00\x00\x07"), 0, DP_C_coap_ack},
	{"a NON with a bad option", B("\x50\x01\x00\x07\xf1x"), 0, DP_C_drop_option},
	{"a CON with a bad option", B("\x40\x01\x00\x07\xf1x"), 0, DP_C_drop_option},
	{"a class that is no request", B("\x40\xe1\x00\x07"), 0, DP_C_coap_rejected},
};

static void
is_recorded(void **state)
{
	const struct row *r = *state;
	const uint8_t *bytes = r->msg.at;
	struct dp_traced m;

	gw_say(&gw.flow, r->msg);
	assert_int_equal(find(7, false, &m), 1);
	assert_int_equal(m.type, bytes[0] >> 4 & 3);
	assert_int_equal(m.code, bytes[1]);
	assert_int_equal(m.answer, r->answer);
	assert_int_equal(m.verdict, r->verdict);
	assert_int_equal(m.peer.port_be, rte_cpu_to_be_16(gw.flow.sport));
	if (gw.flow.v6)
		assert_memory_equal(m.peer.addr, gw.flow.src, 16);
	else
		assert_memory_equal(m.peer.addr + 12, gw.flow.src, 4);
	assert_int_equal(find(7, true, &m), 0);
	while (gw_take(&(struct frame){0}))
		continue;
}

static void
a_duplicate_is_another(void **state)
{
	struct bytes put = coap(T_CON, TG_PUT, 7, BYTES_OF(STATE "\xffx"));
	struct dp_traced m;

	(void)state;
	gw_ask(put, coap(T_ACK, TG_CREATED, 7, none));
	gw_ask(put, coap(T_ACK, TG_CREATED, 7, none));
	assert_int_equal(find(7, false, &m), 2);
	assert_int_equal(m.verdict, DP_C_dup_replayed);
	assert_int_equal(m.answer, TG_CREATED);
}

/* A request whose record is on its way has no fate yet; its answer is a message sent. */
static void
an_answer_that_comes_later(void **state)
{
	struct dp_traced m;

	(void)state;
	gw_say(&gw.flow, coap(T_CON, TG_POST, 7, BYTES_OF(LOGGED "\xffx")));
	assert_int_equal(find(7, false, &m), 1);
	assert_int_equal(m.answer + m.verdict, 0);
	gw_log_read();
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
	assert_int_equal(find(7, true, &m), 1);
	assert_int_equal(m.type, TG_ACK);
	assert_int_equal(m.code, TG_CHANGED);
}

static const struct path_row {
	const char *name, *path;
	struct bytes msg;
	bool same;
} paths[] = {
	{"a value's path", "/d/devX/s", B("\x40\x01\x00\x07" STATE), true},
	{"another value of the device", "/d/devX/t", B("\x40\x01\x00\x07" STATE), false},
	{"a stream's device", "/r/devX", B("\x40\x02\x00\x07" STREAM "\xffx"), true},
	{"another route of the device", "/t/devX", B("\x40\x02\x00\x07" STREAM "\xffx"),
		false},
	{"another device", "/r/other", B("\x40\x02\x00\x07" STREAM "\xffx"), false},
};

static void
is_about_its_path(void **state)
{
	const struct path_row *r = *state;
	struct dp_traced m;
	char path[32];
	uint16_t tag;
	uint32_t key;

	gw_say(&gw.flow, r->msg);
	while (gw_take(&(struct frame){0}))
		continue;
	snprintf(path, sizeof(path), "%s", r->path);
	if (strchr(path, 'X') != NULL)
		*strchr(path, 'X') = gw.digit;
	assert_true(dp_trace_path(gw.dp, path, &tag, &key));
	assert_int_equal(find(7, false, &m), 1);
	if (m.answer
		< TG_BAD_REQUEST) /* what is refused before it ran is about nothing */
		assert_int_equal(m.tag == tag && m.key == key, r->same);
}

static void
no_route_no_tag(void **state)
{
	uint16_t tag;
	uint32_t key;

	(void)state;
	assert_false(dp_trace_path(gw.dp, "/nowhere/at/all", &tag, &key));
	assert_false(dp_trace_path(gw.dp, "no path", &tag, &key));
}

int
main(void)
{
	static const struct setting settings[] = {
		{"IPv4", 1, false, 0, 0},
		{"IPv6", 1, true, 0, 0},
		{"two workers, endpoint and value elsewhere", 2, false, 1, 1},
		{"two workers, value elsewhere", 2, true, 0, 1},
	};
	struct CMUnitTest tests[COUNT(rows) + COUNT(paths) + 3] = {
		cmocka_unit_test(a_duplicate_is_another),
		cmocka_unit_test(an_answer_that_comes_later),
		cmocka_unit_test(no_route_no_tag),
	};
	size_t n = 3;

	ADD_ROWS(tests, &n, rows, is_recorded);
	ADD_ROWS(tests, &n, paths, is_about_its_path);
	return gw_main("trace", settings, COUNT(settings), tests, n);
}
