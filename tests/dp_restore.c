/* A gateway that starts anew remembers what its log's records say. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define POST                                                                             \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"
#define VALUE                                                                            \
	"\xb1l\x04"                                                                      \
	"dev?\x01v"

static const struct bytes none = {0}, silence = {0}, post = B(POST);

/* The record of the request that was made last, safe by now; a copy of its own. */
static struct gw_record kept;

static void
log_one(const struct flow *w, struct bytes request, struct bytes reply)
{
	gw_say(w, request);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(w, reply);
	gw_record_copy(&kept, &gw.record[gw.n_records - 1]);
}

/* ---- Message IDs ---- */

static const struct heard_row {
	const char *name;
	uint8_t first;
	uint16_t tag;
	uint32_t age_s;
	bool known;
} heards[] = {
	{"a CON of just now", T_CON, 0, 0, true},
	{"a CON of 200 s ago", T_CON, 0, 200, true},
	{"a CON of EXCHANGE_LIFETIME ago", T_CON, 0, 247, false},
	{"a CON over a VLAN", T_CON, 5, 0, true},
	{"a NON of just now", T_NON, 0, 0, true},
	{"a NON of NON_LIFETIME ago", T_NON, 0, 145, false},
};

static void
heard(void **state)
{
	const struct heard_row *r = *state;
	uint8_t reply = r->first == T_CON ? T_ACK : T_NON;
	struct flow w = gw.flow;

	w.tag = r->tag;
	log_one(&w, coap(r->first, TG_POST, 7, post), coap(reply, TG_CHANGED, 7, none));
	gw_reopen(NULL);
	assert_true(dp_restore_heard(gw.dp, &kept.r, r->age_s));
	gw_say(&w, coap(r->first, TG_POST, 7, post));
	if (r->known && r->first == T_CON)
		gw_hear(&w, coap(reply, TG_CHANGED, 7, none));
	gw_expect_silence();
	assert_int_equal(gw_log_read(), r->known ? 0 : 1);
	gw_counted(DP_C_dup_replayed, r->known && r->first == T_CON);
	gw_counted(DP_C_dup_non_ignored, r->known && r->first == T_NON);
	if (r->known)
		return;
	gw_log_settle(0);
	gw_hear(&w, coap(reply, TG_CHANGED, 7, none));
}

static void
heard_elsewhere(void **state)
{
	(void)state;
	log_one(&gw.flow, coap(T_CON, TG_POST, 7, post),
		coap(T_ACK, TG_CHANGED, 7, none));
	gw_reopen(NULL);
	kept.r.local.addr[15] = 99;
	assert_false(dp_restore_heard(gw.dp, &kept.r, 0));
	gw_ask(coap(T_CON, TG_POST, 7, post), silence);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
}

/* ---- values ---- */

/* GET of what was restored: an ETag of this start, the format, what ten seconds have
 * left of the route's Max-Age. */
static void
read_back(uint16_t mid)
{
	uint8_t m[] = "\x48"
		      "etag-now"
		      "\x81\x32\x21\x14\xff{}";
	char path[] = "/l/dev0/v";
	struct dp_value v;

	path[6] = gw.digit;
	assert_true(dp_value_get(gw.dp, path, &v));
	memcpy(m + 1, &v.etag, 8);
	gw_ask(coap(T_CON, TG_GET, mid, BYTES_OF(VALUE)),
		coap(T_ACK, TG_CONTENT, mid, (struct bytes){m, sizeof(m) - 1}));
}

static void
value(void **state)
{
	(void)state;
	log_one(&gw.flow, coap(T_CON, TG_PUT, 1, BYTES_OF(VALUE "\x11\x32\xff{}")),
		coap(T_ACK, TG_CREATED, 1, none));
	gw_reopen(NULL);
	assert_true(dp_restore_value(gw.dp, &kept.r, 10));
	read_back(2);
	gw_ask(coap(T_CON, TG_GET, 3,
		       BYTES_OF("\xb1l\x04"
				"dev?")),
		coap(T_ACK, TG_CONTENT, 3,
			BYTES_OF("\xc1\x28\xff</l/dev?/v>;ct=50;sz=2;obs")));
}

/* It is as old as it was, however long the gateway was down. */
static void
age_of_a_value(void **state)
{
	static const uint32_t ages[] = {0, 10, 999, 1000, 1001, 1000000, 2000000000};
	char path[] = "/l/dev0/v";
	struct dp_value v;

	(void)state;
	path[6] = gw.digit;
	log_one(&gw.flow, coap(T_CON, TG_PUT, 1, BYTES_OF(VALUE "\x11\x32\xff{}")),
		coap(T_ACK, TG_CREATED, 1, none));
	gw_reopen(NULL);
	for (size_t i = 0; i < COUNT(ages); i++) {
		uint32_t age;

		assert_true(dp_restore_value(gw.dp, &kept.r, ages[i]));
		assert_true(dp_value_get(gw.dp, path, &v));
		age = dp_value_age(&v, (uint32_t)dp_now_s(gw.dp));
		assert_in_range(age, ages[i], ages[i] + 2);
	}
}

static void
deleted_value(void **state)
{
	struct gw_record put;

	(void)state;
	log_one(&gw.flow, coap(T_CON, TG_PUT, 1, BYTES_OF(VALUE "\x11\x32\xff{}")),
		coap(T_ACK, TG_CREATED, 1, none));
	gw_record_copy(&put, &kept);
	log_one(&gw.flow, coap(T_CON, TG_DELETE, 2, BYTES_OF(VALUE)),
		coap(T_ACK, TG_DELETED, 2, none));
	gw_reopen(NULL);
	assert_true(dp_restore_value(gw.dp, &put.r, 10));
	assert_true(dp_restore_value(gw.dp, &kept.r, 9));
	gw_ask(coap(T_CON, TG_GET, 3, BYTES_OF(VALUE)),
		coap(T_ACK, TG_NOT_FOUND, 3, none));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(heards) + 4] = {
		cmocka_unit_test(heard_elsewhere),
		cmocka_unit_test(value),
		cmocka_unit_test(age_of_a_value),
		cmocka_unit_test(deleted_value),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, heards, heard);
	return gw_main("dp_restore", settings, COUNT(settings), tests, n);
}
