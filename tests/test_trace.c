/* The flight recorder's ring, without a worker around it. */
#include "dataplane/trace.h"

#include "coap/code.h"
#include "tests/tables.h"

#define MESSAGES DP_TRACE_MIN

static struct dp_trace *
new_trace(void)
{
	return dp_trace_init(new_block(dp_trace_size(MESSAGES)), MESSAGES);
}

static const struct dp_peer_key v4 = {
	.addr = {[10] = 0xff, 0xff, 198, 18, 0, 2}, .port_be = 0x3412, .side = 0xffff};
static const struct dp_peer_key v6 = {
	.addr = {0x20, 1, 0, 2, [15] = 9}, .port_be = 0x3412, .side = 0xffff};
static const uint8_t token[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* Enter a message with @mid at tick 256 * mid. */
static void
put(struct dp_trace *t, const struct dp_peer_key *key, uint16_t mid, uint64_t about)
{
	const struct tg_msg m = {.mid = mid, .type = TG_NON, .code = TG_POST};
	uint8_t coap[TG_HDR_LEN + sizeof(token)] = {(uint8_t)(0x50 + mid % 9)};

	memcpy(coap + TG_HDR_LEN, token, sizeof(token));
	dp_trace_put(t, 256ull * mid, key, &m, coap, key == &v6 ? DP_TRACE_V6 : 0, about);
}

static const struct row {
	const char *name;
	const struct dp_peer_key *key;
	uint16_t mid;
} rows[] = {
	{"IPv4, no token", &v4, 9},
	{"IPv4, a token of one byte", &v4, 1},
	{"IPv4, a token of eight bytes", &v4, 8},
	{"IPv6, no token", &v6, 9},
	{"IPv6, a token of seven bytes", &v6, 7},
	{"the largest Message ID", &v4, 65535},
};

static void
comes_back(void **state)
{
	const struct row *r = *state;
	struct dp_trace *t = new_trace();
	struct dp_traced got;
	uint8_t want[8] = {0};
	uint32_t at, end;

	memcpy(want, token, r->mid % 9);
	put(t, r->key, r->mid,
		dp_trace_about(0x1234, 0x89abcdef) | dp_trace_fate(TG_CHANGED, 0));
	end = dp_trace_range(t, &at);
	assert_int_equal(at, end); /* not published yet */
	dp_trace_publish(t);
	end = dp_trace_range(t, &at);
	assert_true(dp_trace_read(t, &at, &got));
	assert_int_equal(at, end);
	assert_int_equal(got.tsc, 256ull * r->mid);
	assert_memory_equal(got.peer.addr, r->key->addr, 16);
	assert_int_equal(got.peer.port_be, r->key->port_be);
	assert_int_equal(got.mid, r->mid);
	assert_int_equal(got.type, TG_NON);
	assert_int_equal(got.code, TG_POST);
	assert_int_equal(got.tkl, r->mid % 9);
	assert_int_equal(got.known, r->mid % 9);
	assert_memory_equal(got.token, want, 8);
	assert_int_equal(got.tag, 0x1234);
	assert_int_equal(got.key, 0x89abcdef);
	assert_int_equal(got.answer, TG_CHANGED);
	assert_int_equal(got.verdict, 0);
	assert_false(got.sent);
	free(t);
}

/* Of a long token (RFC 8974) the length is known, and how it begins. */
static const struct long_row {
	const char *name;
	uint8_t coap[TG_HDR_LEN + 8];
	uint16_t tkl;
	uint8_t known, from; /* its first byte is coap[from] */
} longs[] = {
	{"a token of 9", {0x49, 1, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 8, 4},
	{"a token of 12", {0x4c, 1, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8}, 12, 8, 4},
	{"a token of 13", {0x4d, 1, 0, 7, 0, 2, 3, 4, 5, 6, 7, 8}, 13, 7, 5},
	{"a token of 64", {0x4d, 1, 0, 7, 51, 2, 3, 4, 5, 6, 7, 8}, 64, 7, 5},
	{"a token of 270", {0x4e, 1, 0, 7, 0, 1, 3, 4, 5, 6, 7, 8}, 270, 6, 6},
};

static void
long_comes_back(void **state)
{
	const struct long_row *r = *state;
	const struct tg_msg m = {.mid = 7, .code = TG_GET};
	struct dp_trace *t = new_trace();
	uint8_t want[8] = {0};
	struct dp_traced got;
	uint32_t at;

	memcpy(want, r->coap + r->from, r->known);
	dp_trace_put(t, 256, &v4, &m, r->coap, 0, 0);
	dp_trace_publish(t);
	dp_trace_range(t, &at);
	assert_true(dp_trace_read(t, &at, &got));
	assert_int_equal(got.tkl, r->tkl);
	assert_int_equal(got.known, r->known);
	assert_memory_equal(got.token, want, 8);
	free(t);
}

static void
sent_and_dropped(void **state)
{
	const struct tg_msg m = {.mid = 5, .type = TG_ACK, .code = TG_CONTENT};
	struct dp_trace *t = new_trace();
	struct dp_traced got;
	uint32_t at;

	(void)state;
	dp_trace_put(t, 256, &v4, &m, token, DP_TRACE_SENT, 0); /* any bytes */
	put(t, &v4, 7, dp_trace_fate(0, DP_C_coap_ping));
	dp_trace_publish(t);
	dp_trace_range(t, &at);
	assert_true(dp_trace_read(t, &at, &got));
	assert_true(got.sent);
	assert_int_equal(got.type, TG_ACK);
	assert_true(dp_trace_read(t, &at, &got));
	assert_false(got.sent);
	assert_int_equal(got.verdict, DP_C_coap_ping);
	free(t);
}

/* Round and round: what can be read is the end of what was written, without a gap. */
static void
keeps_the_last(void **state)
{
	struct dp_trace *t = new_trace();
	unsigned read = 0;
	struct dp_traced got;
	uint16_t last = 0;
	uint32_t at, end;

	(void)state;
	for (unsigned i = 1; i <= 5 * MESSAGES; i++) {
		put(t, i % 3 ? &v4 : &v6, (uint16_t)i, 0);
		dp_trace_publish(t);
	}
	for (end = dp_trace_range(t, &at); at != end;) {
		if (!dp_trace_read(t, &at, &got))
			continue; /* the range may begin with an address */
		assert_true(read == 0 || got.mid == last + 1);
		assert_memory_equal(got.peer.addr, (got.mid % 3 ? &v4 : &v6)->addr, 16);
		last = got.mid;
		read++;
	}
	assert_int_equal(last, 5 * MESSAGES);
	assert_in_range(read, MESSAGES / 4, MESSAGES);
	free(t);
}

/* A reader that was slow is told that what it reads is no more. */
static void
overtaken(void **state)
{
	struct dp_trace *t = new_trace();
	struct dp_traced got;
	uint32_t at;

	(void)state;
	put(t, &v4, 1, 0);
	dp_trace_publish(t);
	dp_trace_range(t, &at);
	for (uint16_t i = 0; i < MESSAGES; i++)
		put(t, &v4, i, 0);
	dp_trace_publish(t);
	assert_false(dp_trace_read(t, &at, &got));
	free(t);
}

static void
sizes(void **state)
{
	(void)state;
	assert_int_equal(dp_trace_size(DP_TRACE_MIN / 2), 0);
	assert_int_equal(dp_trace_size(DP_TRACE_MIN + 1), 0);
	assert_int_equal(dp_trace_size(2 * DP_TRACE_MAX), 0);
	assert_in_range(
		dp_trace_size(DP_TRACE_MIN), 32 * DP_TRACE_MIN, 33 * DP_TRACE_MIN);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(longs) + 4] = {
		cmocka_unit_test(sent_and_dropped),
		cmocka_unit_test(keeps_the_last),
		cmocka_unit_test(overtaken),
		cmocka_unit_test(sizes),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, rows, comes_back);
	ADD_ROWS(tests, &n, longs, long_comes_back);
	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
