/* Observers of stored values (RFC 7641): notifications that want an ACK. */
#include "tests/dp_watchers.h"

#define RETRANSMITS 4

/* Notifications until a CON comes: the fifth. */
static struct note
until_con(const struct flow *w)
{
	put("one");
	observe(w, 'a', "one");
	for (unsigned i = 0; i < 4; i++) {
		put("two");
		hear_value(w, T_NON, 'a', "two");
	}
	put("three");
	return hear_value(w, T_CON, 'a', "three");
}

static void
ended_by_rst_to_a_con(void **state)
{
	const struct flow w = observer(1);

	(void)state;
	gw_reopen(no_interval);
	reply(&w, T_RST, until_con(&w).mid);
	gw_later(60);
	put("four");
	silence();
	assert_int_equal(gw_relations(), 0);
}

/* A newer value has taken its place, which is sent no more then. */
static void
ended_by_rst_to_a_replaced_con(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	put("four");
	gw_later(3);
	gw_turn();
	assert_int_not_equal(hear_value(&w, T_CON, 'a', "four").mid, n.mid);
	reply(&w, T_RST, n.mid);
	assert_int_equal(gw_relations(), 0);
	gw_later(60);
	gw_turn();
	silence();
	put("five");
	silence();
	gw_counted(DP_C_observers_reset, 1);
}

static void
acknowledged(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	reply(&w, T_ACK, n.mid);
	silence();
	gw_later(60);
	gw_turn();
	silence();
	for (unsigned i = 0; i < 4; i++) {
		put("four");
		hear_value(&w, T_NON, 'a', "four");
	}
	put("five");
	hear_value(&w, T_CON, 'a', "five");
}

/* It is sent again, byte for byte, each time after twice as long; then given up. */
static void
never_acknowledged(void **state)
{
	const struct flow w = observer(1);
	struct note n, again;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	for (unsigned i = 0; i < RETRANSMITS; i++) {
		gw_later((2u << i) - 1);
		gw_turn();
		silence();
		gw_later((3u << i) - (2u << i) + 1);
		gw_turn();
		again = hear_value(&w, T_CON, 'a', "three");
		assert_int_equal(again.mid, n.mid);
		assert_int_equal(again.observe, n.observe);
		silence();
	}
	gw_later(3u << RETRANSMITS);
	gw_turn();
	silence();
	assert_int_equal(gw_relations(), 0);
	gw_counted(DP_C_observers_lost, 1);
	gw_counted(DP_C_out_retransmitted, RETRANSMITS);
	put("four");
	silence();
}

/* A newer value waits for the ACK; */
static void
the_newest_follows_the_ack(void **state)
{
	const struct flow w = observer(1);
	struct note n, next;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	put("four");
	put("five");
	silence();
	reply(&w, T_ACK, n.mid);
	next = hear_value(&w, T_NON, 'a', "five");
	assert_true(newer(n.observe, next.observe));
	silence();
}

/* or takes over the retransmission, and its count (4.5.2). */
static void
the_newest_takes_over_the_retransmission(void **state)
{
	const struct flow w = observer(1);
	struct note n, next;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	put("four");
	gw_later(3);
	gw_turn();
	next = hear_value(&w, T_CON, 'a', "four");
	assert_int_not_equal(n.mid, next.mid);
	assert_true(newer(n.observe, next.observe));
	reply(&w, T_ACK, n.mid); /* too late: nobody waits for it */
	for (unsigned i = 1; i < RETRANSMITS; i++) {
		gw_later(3u << i);
		gw_turn();
		assert_int_equal(hear_value(&w, T_CON, 'a', "four").mid, next.mid);
	}
	gw_later(3u << RETRANSMITS);
	gw_turn();
	silence();
	assert_int_equal(gw_relations(), 0);
}

/* What is read together with the ACK is news all the same. */
static void
changed_beside_the_ack(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	gw_reopen(no_interval);
	n = until_con(&w);
	gw_queue(&w, coap(T_ACK, 0, n.mid, (struct bytes){0}));
	put("four");
	hear_value(&w, T_NON, 'a', "four");
	silence();
}

/* One CON to an endpoint at a time (NSTART); the next one follows its ACK. */
static void
one_after_another(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	gw_reopen(no_interval);
	put("one");
	observe(&w, 'a', "one");
	observe(&w, 'b', "one");
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	silence();
	reply(&w, T_ACK, n.mid);
	n = hear_error(&w, 'b', TG_NOT_FOUND);
	silence();
	reply(&w, T_ACK, n.mid);
	assert_int_equal(gw_relations(), 0);
}

static void
hear_slow(const struct flow *w)
{
	const struct flow back = flow_back(w);
	const unsigned head = ETH + (w->v6 ? IP6 : IP4) + UDP;
	uint8_t msg[] = "\x41\x45__s" ETAG_SLOW "\xff"
			"slow";
	struct frame got, want;

	assert_true(take(&got));
	memcpy(msg + 2, got.byte + head + 2, 2);
	frame_udp(&want, &back, msg, sizeof(msg) - 1);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
}

static const struct behind_row {
	const char *name;
	uint8_t reply; /* to the notification; 0: none, ever */
} behind_rows[] = {
	{"an ACK of the notification", T_ACK},
	{"a RST of the notification", T_RST},
	{"a notification given up", 0},
};

/* A separate response counts with them. */
static void
behind_a_notification(void **state)
{
	const struct behind_row *r = *state;
	const struct flow w = begun();
	struct note n;

	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	gw_say(&w, request(T_CON, TG_GET, 's', BYTES_OF("\xb4slow")));
	gw_later_ms(510);
	gw_turn();
	gw_hear(&w, coap(T_ACK, 0, next_mid, (struct bytes){0}));
	gw_later_ms(500);
	gw_turn();
	silence();
	if (r->reply != 0)
		reply(&w, r->reply, n.mid);
	for (unsigned i = 0; r->reply == 0 && i <= RETRANSMITS; i++) {
		gw_later(3u << i);
		gw_turn();
		if (i < RETRANSMITS)
			hear_error(&w, 'a', TG_NOT_FOUND);
	}
	if (r->reply == 0) {
		gw_later(1);
		gw_turn();
	}
	hear_slow(&w);
	silence();
}

static void
confirmable_after_a_day(void **state)
{
	const struct flow w = begun();

	(void)state;
	gw_later(86400 - 60);
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	gw_later(120);
	put("three");
	hear_value(&w, T_CON, 'a', "three");
}

static void
confirmable_route(struct dp_config *cfg, struct dp_settings *s)
{
	static struct dp_route_spec route = {
		.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = 30,
		.max_payload = DP_VALUE_MAX,
		.notify_con = true,
	};

	(void)cfg;
	s->routes = &route;
	s->n_routes = 1;
}

/* The route says so; and Max-Age is counted down to when it was sent first. */
static void
confirmable_by_route(void **state)
{
	const struct flow w = observer(1);
	struct note n = {T_ACK, TG_CONTENT, 'a',
			    B("\x81\x1e\xff"
			      "one"),
			    0, 0},
		    next;

	(void)state;
	gw_reopen(confirmable_route);
	put("one");
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(REGISTER)));
	hear(&w, &n);
	put("two");
	n = (struct note){T_CON, TG_CONTENT, 'a',
		B("\x81\x1e\xff"
		  "two"),
		0, 0};
	hear(&w, &n);
	gw_later(3);
	gw_turn();
	next = n;
	hear(&w, &next);
	assert_int_equal(n.mid, next.mid);
}

/* The next frame is a CON of @payload to @a or @b: which of them. */
static char
hear_either(const struct flow *w, const char *payload, uint16_t *mid)
{
	const unsigned head = ETH + (w->v6 ? IP6 : IP4) + UDP;
	uint8_t rest[16] = "\x81\x1e\xff";
	struct note n = {T_CON, TG_CONTENT, 0, {rest, 3 + strlen(payload)}, 0, 0};
	struct frame f;

	memcpy(rest + 3, payload, strlen(payload));
	assert_true(take(&f));
	assert_int_equal(n_early, 0);
	early[n_early++] = f;
	n.token = (char)f.byte[head + TG_HDR_LEN];
	hear(w, &n);
	*mid = n.mid;
	return n.token;
}

/* However fast the value changes, each relation of an endpoint has its turn. */
static void
each_in_its_turn(void **state)
{
	static const char *const payload[] = {"two", "three", "four", "five"};
	const struct flow w = observer(1);
	struct note n = {T_ACK, TG_CONTENT, 'a',
		B("\x81\x1e\xff"
		  "one"),
		0, 0};
	unsigned told[2] = {0};
	uint16_t mid;
	char who;

	(void)state;
	gw_reopen(confirmable_route);
	put("one");
	for (; n.token <= 'b'; n.token++) {
		gw_say(&w, request(T_CON, TG_GET, n.token, BYTES_OF(REGISTER)));
		hear(&w, &n);
	}
	put(payload[0]);
	who = hear_either(&w, payload[0], &mid);
	told[who - 'a']++;
	for (unsigned i = 1; i < COUNT(payload); i++) {
		put(payload[i]);
		silence();
		reply(&w, T_ACK, mid);
		who = hear_either(&w, payload[i], &mid);
		told[who - 'a']++;
		silence();
	}
	assert_int_equal(told[0], 2);
	assert_int_equal(told[1], 2);
}

/* The gateway ends when whoever was told so confirmably has said that it heard it. */
static void
drained_at_last(void **state)
{
	const struct flow w = begun();
	struct note n;

	(void)state;
	assert_true(dp_drain(gw.dp, 0)); /* nobody says that it heard a NON */
	atomic_store(&gw.dp->shared.draining, false);
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	assert_false(dp_drain(gw.dp, 0));
	gw_later(3);
	gw_turn();
	assert_int_equal(hear_error(&w, 'a', TG_NOT_FOUND).mid, n.mid);
	reply(&w, T_ACK, n.mid);
	assert_true(dp_drain(gw.dp, 0));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(behind_rows) + 12] = {
		cmocka_unit_test(ended_by_rst_to_a_con),
		cmocka_unit_test(ended_by_rst_to_a_replaced_con),
		cmocka_unit_test(acknowledged),
		cmocka_unit_test(never_acknowledged),
		cmocka_unit_test(the_newest_follows_the_ack),
		cmocka_unit_test(changed_beside_the_ack),
		cmocka_unit_test(the_newest_takes_over_the_retransmission),
		cmocka_unit_test(one_after_another),
		cmocka_unit_test(confirmable_after_a_day),
		cmocka_unit_test(confirmable_by_route),
		cmocka_unit_test(each_in_its_turn),
		cmocka_unit_test(drained_at_last),
	};
	size_t n = 12;

	ADD_ROWS(tests, &n, behind_rows, behind_a_notification);
	return gw_main("dp_observe_con", gw_settings, COUNT(gw_settings), tests, n);
}
