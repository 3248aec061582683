/* A gateway that starts anew remembers what its log's records say. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdio.h>

#define POST                                                                             \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"
#define VALUE                                                                            \
	"\xb1l\x04"                                                                      \
	"dev?\x01v"

static const struct bytes none = {0}, silence = {0}, post = B(POST),
			  post_dev0 = B("\xb1t\x04"
					"dev0\xffx");

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
	assert_false(kept.r.value);
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

/* Its answer was not wanted (RFC 7967): after a restart it is not either. */
static void
heard_in_silence(void **state)
{
	const struct bytes quiet = BYTES_OF("\xb1t\x04"
					    "dev?\xd1\xea\x02\xffx");

	(void)state;
	log_one(&gw.flow, coap(T_CON, TG_POST, 7, quiet), coap(T_ACK, 0, 7, none));
	gw_reopen(NULL);
	assert_true(dp_restore_heard(gw.dp, &kept.r, 0));
	gw_ask(coap(T_CON, TG_POST, 7, quiet), coap(T_ACK, 0, 7, none));
	gw_counted(DP_C_dup_replayed, 1);
	assert_int_equal(gw_log_read(), 0);
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

/* ---- ports that are alike ---- */

static struct rte_ring *to_second, *from_second;

/* A second port of the same addresses. */
static void
with_second(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	if (to_second == NULL) {
		to_second = rte_ring_create("to_second", 64, SOCKET_ID_ANY, 0);
		from_second = rte_ring_create("from_second", 64, SOCKET_ID_ANY, 0);
		assert_true(rte_eth_from_rings("second", &to_second, 1, &from_second, 1,
				    SOCKET_ID_ANY)
			    >= 0);
	}
	cfg->ports[1] = cfg->ports[0];
	snprintf(cfg->ports[1].name, sizeof(cfg->ports[1].name), "second");
	snprintf(cfg->ports[1].arg, sizeof(cfg->ports[1].arg), "net_ring_second");
	cfg->n_ports = 2;
}

/* The same two, and CoAP at the first is at another UDP port. */
static void
with_another_first(struct dp_config *cfg, struct dp_settings *s)
{
	with_second(cfg, s);
	cfg->ports[0].udp_port++;
}

static void
say_at_second(struct bytes msg)
{
	struct flow w = gw.flow;
	struct rte_mbuf *m = rte_pktmbuf_alloc(gw.dp->pool);
	struct frame f;

	assert_non_null(m);
	memcpy(w.dst_mac, dp_config(gw.dp)->ports[1].mac, sizeof(w.dst_mac));
	frame_udp(&f, &w, msg.at, msg.len);
	memcpy(rte_pktmbuf_append(m, f.len), f.byte, f.len);
	assert_int_equal(rte_ring_enqueue(to_second, m), 0);
	gw_turn();
}

static bool
second_answers(void)
{
	struct rte_mbuf *m;

	if (rte_ring_dequeue(from_second, (void **)&m) != 0)
		return false;
	rte_pktmbuf_free(m);
	return true;
}

/* What came in at the second port is known there, and at no other: there the same
 * endpoint is another device. */
static void
heard_at_second(void **state)
{
	const struct bytes msg = coap(T_CON, TG_POST, 7, post_dev0);

	(void)state;
	gw_reopen(with_second);
	say_at_second(msg);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	assert_true(second_answers());
	gw_record_copy(&kept, &gw.record[gw.n_records - 1]);
	gw_reopen(with_second);
	assert_true(dp_restore_heard(gw.dp, &kept.r, 0));
	say_at_second(msg);
	assert_true(second_answers());
	gw_counted(DP_C_dup_replayed, 1);
	assert_int_equal(gw_log_read(), 0);
	gw_say(&gw.flow, msg);
	gw_counted(DP_C_dup_replayed, 1);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, none));
}

/* The ports have other numbers than they had. */
static void
heard_at_a_port_that_moved(void **state)
{
	const struct bytes msg = coap(T_CON, TG_POST, 7, post_dev0);

	(void)state;
	log_one(&gw.flow, msg, coap(T_ACK, TG_CHANGED, 7, none));
	gw_reopen(with_another_first);
	assert_true(dp_restore_heard(gw.dp, &kept.r, 0));
	say_at_second(msg);
	assert_true(second_answers());
	gw_counted(DP_C_dup_replayed, 1);
	assert_int_equal(gw_log_read(), 0);
	gw_reopen(with_second);
	kept.r.port = 2; /* of three, one went: it may have been either */
	assert_false(dp_restore_heard(gw.dp, &kept.r, 0));
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
	assert_true(kept.r.value);
	gw_reopen(NULL);
	assert_true(dp_restore_value(gw.dp, &kept.r, 10));
	read_back(2);
	gw_ask(coap(T_CON, TG_GET, 3,
		       BYTES_OF("\xb1l\x04"
				"dev?")),
		coap(T_ACK, TG_CONTENT, 3, gw_links("</l/dev?/v>;ct=50;sz=2;obs")));
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
	assert_true(kept.r.value);
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
	struct CMUnitTest tests[COUNT(heards) + 7] = {
		cmocka_unit_test(heard_in_silence),
		cmocka_unit_test(heard_elsewhere),
		cmocka_unit_test(heard_at_second),
		cmocka_unit_test(heard_at_a_port_that_moved),
		cmocka_unit_test(value),
		cmocka_unit_test(age_of_a_value),
		cmocka_unit_test(deleted_value),
	};
	size_t n = 7;

	ADD_ROWS(tests, &n, heards, heard);
	return gw_main("dp_restore", settings, COUNT(settings), tests, n);
}
