/* Observers of stored values (RFC 7641), message by message. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define RETRANSMITS 4

/* /d/dev?/v behind an Observe option, behind nothing, and behind an ETag. */
#define PATH                                                                             \
	"d\x04"                                                                          \
	"dev?\x01v"
#define REGISTER "\x60\x51" PATH
#define CANCEL "\x61\x01\x51" PATH
#define VALUE "\xb1" PATH

static uint16_t next_mid; /* of the devices' own messages */

/* One endpoint more for each number. */
static struct flow
observer(unsigned i)
{
	struct flow w = gw.flow;

	w.sport = (uint16_t)(w.sport + i);
	return w;
}

/* A message of @code with @token, of one byte. */
static struct bytes
request(uint8_t type, uint8_t code, char token, struct bytes rest)
{
	static uint8_t bytes[FRAME_MAX];

	bytes[0] = type | 1;
	bytes[1] = code;
	bytes[2] = (uint8_t)(++next_mid >> 8);
	bytes[3] = (uint8_t)next_mid;
	bytes[4] = (uint8_t)token;
	memcpy(bytes + 5, rest.at, rest.len);
	return (struct bytes){bytes, 5 + rest.len};
}

static uint64_t
etag_now(void)
{
	char path[16];
	struct dp_value v = {0};

	snprintf(path, sizeof(path), "/d/dev%c/v", gw.digit);
	dp_value_get(gw.dp, path, &v);
	return v.etag;
}

/* A notification may overtake the answer to the write that it is about: it waits here. */
static struct frame early[4];
static unsigned n_early;

static bool
take(struct frame *f)
{
	if (n_early == 0)
		return gw_take(f);
	*f = early[0];
	memmove(early, early + 1, --n_early * sizeof(early[0]));
	return true;
}

static void
silence(void)
{
	assert_int_equal(n_early, 0);
	gw_expect_silence();
}

/* Is it the answer to the device's last message? */
static bool
is_answer(const struct frame *f)
{
	const uint8_t *udp = f->byte + ETH + (gw.flow.v6 ? IP6 : IP4);

	return (udp[2] << 8 | udp[3]) == gw.flow.sport
	       && (udp[UDP + 2] << 8 | udp[UDP + 3]) == next_mid;
}

/* Say what is answered by a code alone, and leave that unheard. */
static void
write_value(uint8_t code, struct bytes rest)
{
	bool answered = false;
	struct frame f;

	gw_say(&gw.flow, coap(T_NON, code, ++next_mid, rest));
	while (gw_take(&f)) {
		answered |= is_answer(&f);
		assert_true(n_early < COUNT(early));
		if (!is_answer(&f))
			early[n_early++] = f;
	}
	assert_true(answered);
}

/* What a notification must be, and what only it itself can say. */
struct note {
	uint8_t type, code;
	char token;
	struct bytes rest; /* of a 2.05: behind the Observe option */
	uint16_t mid;
	uint32_t observe;
};

static void
hear(const struct flow *w, struct note *n)
{
	const struct flow back = flow_back(w);
	unsigned head = ETH + (w->v6 ? IP6 : IP4) + UDP;
	struct frame got, want;
	uint8_t msg[FRAME_MAX] = {n->type | 1, n->code};
	uint64_t etag = etag_now();
	size_t len = 5;

	assert_true(take(&got));
	memcpy(msg + 2, got.byte + head + 2, 2);
	n->mid = (uint16_t)(msg[2] << 8 | msg[3]);
	msg[4] = (uint8_t)n->token;
	if (n->code == TG_CONTENT) {
		memcpy(msg + 5, "\x48", 1);
		memcpy(msg + 6, &etag, 8);
		memcpy(msg + 14, "\x23", 1);
		memcpy(msg + 15, got.byte + head + 15, 3);
		n->observe = (uint32_t)(msg[15] << 16 | msg[16] << 8 | msg[17]);
		memcpy(msg + 18, n->rest.at, n->rest.len);
		len = 18 + n->rest.len;
	}
	frame_udp(&want, &back, msg, len);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
}

/* The next frame tells @w, who registered with @token, of @payload. */
static struct note
hear_value(const struct flow *w, uint8_t type, char token, const char *payload)
{
	uint8_t rest[64] = {0xff};
	struct note n = {type, TG_CONTENT, token, {rest, 1 + strlen(payload)}, 0, 0};

	memcpy(rest + 1, payload, strlen(payload));
	hear(w, &n);
	return n;
}

static struct note
hear_error(const struct flow *w, char token, uint8_t code)
{
	struct note n = {T_CON, code, token, {0}, 0, 0};

	hear(w, &n);
	return n;
}

static void
put_as(const char *options, const char *payload)
{
	uint8_t rest[64];
	size_t len = (size_t)snprintf(
		(char *)rest, sizeof(rest), VALUE "%s\xff%s", options, payload);

	write_value(TG_PUT, (struct bytes){rest, len});
}

static void
put(const char *payload)
{
	put_as("", payload);
}

static void
remove_value(void)
{
	write_value(TG_DELETE, BYTES_OF(VALUE));
}

/* The answer to a registration is a notification itself. */
static uint32_t
observe(const struct flow *w, char token, const char *payload)
{
	struct note n;

	gw_say(w, request(T_CON, TG_GET, token, BYTES_OF(REGISTER)));
	n = hear_value(w, T_ACK, token, payload);
	assert_int_equal(n.mid, next_mid);
	silence();
	return n.observe;
}

static void
reply(const struct flow *w, uint8_t type, uint16_t mid)
{
	gw_say(w, coap(type, 0, mid, (struct bytes){0}));
}

static unsigned
relations(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_observers_count(gw.dp->shared.worker[i]->observers);
	return n;
}

static void
no_interval(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->observe_min_ms = 0;
}

/* Is Observe value @b newer than @a (3.4)? */
static bool
newer(uint32_t a, uint32_t b)
{
	return ((b - a) & 0xffffff) > 0 && ((b - a) & 0xffffff) < 1u << 23;
}

/* ---- registering ---- */

static void
told_of_a_change(void **state)
{
	const struct flow w = observer(1);
	uint32_t first;

	(void)state;
	put("one");
	first = observe(&w, 'a', "one");
	put("two");
	assert_true(newer(first, hear_value(&w, T_NON, 'a', "two").observe));
	silence();
	gw_counted(DP_C_notified_non, 1);
	gw_counted(DP_C_observers_registered, 1);
}

static const struct plain_row {
	const char *name;
	struct bytes rest;
} plain_rows[] = {
	{"no Observe", B(VALUE)},
	{"Observe 1", B(CANCEL)},
	{"Observe 2", B("\x61\x02\x51" PATH)},
	{"Observe of four bytes", B("\x64\0\0\0\0\x51" PATH)},
};

/* These register nothing, and the answer has no Observe option. */
static void
not_registered(void **state)
{
	const struct plain_row *r = *state;
	uint64_t etag;
	uint8_t rest[13] = "\x48________\xff"
			   "one";

	put("one");
	etag = etag_now();
	memcpy(rest + 1, &etag, 8);
	gw_ask(coap(T_CON, TG_GET, 900, r->rest),
		coap(T_ACK, TG_CONTENT, 900, (struct bytes){rest, sizeof(rest)}));
	put("two");
	silence();
	assert_int_equal(relations(), 0);
}

static void
not_registered_with_what_is_not_there(void **state)
{
	(void)state;
	gw_ask(coap(T_CON, TG_GET, 900, BYTES_OF(REGISTER)),
		coap(T_ACK, TG_NOT_FOUND, 900, (struct bytes){0}));
	put("one");
	silence();
	assert_int_equal(relations(), 0);
}

static void
registered_with_a_valid_etag(void **state)
{
	const struct flow w = observer(1);
	uint8_t ask[32] = "\x48________\x20\x51" PATH;
	uint64_t etag;
	struct frame f;

	(void)state;
	put("one");
	etag = etag_now();
	memcpy(ask + 1, &etag, 8);
	gw_say(&w, request(T_CON, TG_GET, 'a', (struct bytes){ask, 9 + 10}));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[f.len - 5 - 9 - 4 + 1], TG_VALID);
	assert_int_equal(f.byte[f.len - 4], 0x23);
	put("two");
	hear_value(&w, T_NON, 'a', "two");
}

/* The same token again renews, another one is another relation. */
static void
registered_again(void **state)
{
	const struct flow w = observer(1);
	uint32_t first;

	(void)state;
	put("one");
	first = observe(&w, 'a', "one");
	assert_true(newer(first, observe(&w, 'a', "one")));
	assert_int_equal(relations(), 1);
	observe(&w, 'b', "one");
	assert_int_equal(relations(), 2);
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	hear_value(&w, T_NON, 'b', "two");
	silence();
}

static void
as_many_as_an_endpoint_may_have(void **state)
{
	const struct flow w = observer(1);
	struct frame f;

	(void)state;
	put("one");
	for (char token = 'a'; token < 'a' + 4; token++)
		observe(&w, token, "one");
	gw_say(&w, request(T_CON, TG_GET, 'e', BYTES_OF(REGISTER)));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[f.len - 4], 0xff); /* right behind the ETag */
	assert_int_equal(f.byte[f.len - 13], 0x48);
	assert_int_equal(relations(), 4);
	gw_counted(DP_C_observers_per_peer, 1);
}

/* ---- ending ---- */

static void
ended_by_observe_1(void **state)
{
	const struct flow w = observer(1);
	struct frame f;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	gw_say(&w, request(T_CON, TG_GET, 'b', BYTES_OF(CANCEL))); /* another's token */
	assert_true(gw_take(&f));
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(CANCEL)));
	assert_true(gw_take(&f));
	put("three");
	silence();
	gw_counted(DP_C_observers_cancelled, 1);
	assert_int_equal(relations(), 0);
}

static void
not_ended_by_a_plain_get(void **state)
{
	const struct flow w = observer(1);
	struct frame f;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	gw_say(&w, request(T_CON, TG_GET, 'a', BYTES_OF(VALUE)));
	assert_true(gw_take(&f));
	put("two");
	hear_value(&w, T_NON, 'a', "two");
}

static void
ended_by_rst_to_a_non(void **state)
{
	const struct flow w = observer(1), other = observer(2);
	struct note n;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	put("two");
	n = hear_value(&w, T_NON, 'a', "two");
	reply(&other, T_RST, n.mid);
	reply(&w, T_RST, (uint16_t)(n.mid - 1));
	assert_int_equal(relations(), 1);
	reply(&w, T_RST, n.mid);
	assert_int_equal(relations(), 0);
	gw_counted(DP_C_observers_reset, 1);
	put("three");
	silence();
}

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
	assert_int_equal(relations(), 0);
}

static void
ended_by_delete(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	put("two"); /* another value at the same path */
	gw_later(3);
	gw_turn();
	assert_int_equal(hear_error(&w, 'a', TG_NOT_FOUND).mid, n.mid);
	assert_int_equal(relations(), 1);
	reply(&w, T_ACK, n.mid);
	assert_int_equal(relations(), 0);
	gw_counted(DP_C_observers_ended, 1);
	gw_counted(DP_C_observers_lost, 0);
	silence();
}

/* One that ends is as good as gone: the same token begins anew. */
static void
registered_again_while_it_ends(void **state)
{
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	remove_value();
	n = hear_error(&w, 'a', TG_NOT_FOUND);
	put("two");
	observe(&w, 'a', "two");
	reply(&w, T_ACK, n.mid);
	assert_int_equal(relations(), 1);
	put("three");
	hear_value(&w, T_NON, 'a', "three");
}

static void
ended_by_another_format(void **state)
{
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	put_as("\x11\x32", "{}");
	reply(&w, T_ACK, hear_error(&w, 'a', TG_NOT_ACCEPTABLE).mid);
	assert_int_equal(relations(), 0);
}

static void
ended_by_a_kick(void **state)
{
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	for (unsigned i = 0; i < gw.cfg.workers; i++) {
		struct dp_worker *wk = gw.dp->shared.worker[i];

		for (uint32_t peer = 0; peer < dp_peers_max(wk->peers); peer++)
			dp_observe_kick(wk, peer);
	}
	assert_int_equal(relations(), 0);
	put("two");
	silence();
}

/* ---- confirmable ones ---- */

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
	assert_int_equal(relations(), 0);
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
	assert_int_equal(relations(), 0);
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
	assert_int_equal(relations(), 0);
}

static void
hear_slow(const struct flow *w)
{
	const struct flow back = flow_back(w);
	const unsigned head = ETH + (w->v6 ? IP6 : IP4) + UDP;
	uint8_t msg[] = {0x41, TG_CONTENT, 0, 0, 's', 0xff, 's', 'l', 'o', 'w'};
	struct frame got, want;

	assert_true(take(&got));
	memcpy(msg + 2, got.byte + head + 2, 2);
	frame_udp(&want, &back, msg, sizeof(msg));
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
	const struct flow w = observer(1);
	struct note n;

	put("one");
	observe(&w, 'a', "one");
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
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
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
	const struct flow w = observer(1);
	struct note n;

	(void)state;
	put("one");
	observe(&w, 'a', "one");
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

/* ---- pace ---- */

static void
not_faster_than_the_interval(void **state)
{
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	put("three");
	put("four");
	gw_later(2);
	gw_turn();
	silence();
	gw_later(1);
	gw_turn();
	hear_value(&w, T_NON, 'a', "four");
	gw_later(60);
	gw_turn();
	silence();
}

/* A value that is what it was when its turn comes: nothing to say. */
static void
back_in_time(void **state)
{
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	put("three");
	observe(&w, 'a', "three"); /* it has heard it by itself */
	gw_later(4);
	gw_turn();
	silence();
}

static void
many(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->observers_max = 4096;
	cfg->peers_max = 4096;
	s->observe_min_ms = 0;
}

/* More observers than a turn tells, and than the port takes at a time. */
static void
all_of_many_are_told(void **state)
{
	bool told[600] = {0};
	struct frame f;
	unsigned n = 0;

	(void)state;
	gw_reopen(many);
	put("one");
	for (unsigned i = 0; i < COUNT(told); i++) {
		const struct flow w = observer(1 + i);

		observe(&w, 'a', "one");
	}
	gw_queue(&gw.flow, coap(T_NON, TG_PUT, ++next_mid, BYTES_OF(VALUE "\xfftwo")));
	do {
		while (gw_take(&f)) {
			unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + 2;
			unsigned port = (unsigned)f.byte[at] << 8 | f.byte[at + 1];

			if (is_answer(&f))
				continue;
			assert_in_range(port - gw.flow.sport, 1, COUNT(told));
			assert_false(told[port - gw.flow.sport - 1]);
			told[port - gw.flow.sport - 1] = true;
			n++;
		}
		gw_turn();
	} while (n < COUNT(told));
	silence();
	gw_counted(DP_C_tx_dropped, 0);
}

static void
put_off_without_a_buffer(void **state)
{
	const struct flow w = observer(1);
	struct rte_mbuf *all[GW_MBUFS];
	unsigned n = 0;

	(void)state;
	gw_reopen(no_interval);
	put("one");
	observe(&w, 'a', "one");
	gw_queue(&gw.flow, coap(T_NON, TG_PUT, ++next_mid, BYTES_OF(VALUE "\xfftwo")));
	while ((all[n] = rte_pktmbuf_alloc(gw.dp->pool)) != NULL)
		n++;
	gw_turn();
	rte_pktmbuf_free_bulk(all, n);
	assert_true(gw_counter(DP_C_out_no_buffer) > 0);
	gw_later(1);
	gw_turn();
	assert_true(gw_take(&(struct frame){0}));
	hear_value(&w, T_NON, 'a', "two");
	silence();
}

/* The ring from the value's home is full: who missed the news looks for itself. */
static void
news_without_room(void **state)
{
	const struct dp_news nothing = {.value = UINT32_MAX};
	const struct flow w = observer(1);

	(void)state;
	put("one");
	observe(&w, 'a', "one");
	for (unsigned i = 0; i < gw.cfg.workers; i++)
		while (rte_ring_enqueue_elem(gw.dp->shared.worker[i]->news,
			       (void *)(uintptr_t)&nothing, sizeof(nothing))
			== 0)
			;
	put("two");
	hear_value(&w, T_NON, 'a', "two");
	silence();
}

/* ---- over a restart ---- */

static void
rising_over_a_restart(void **state)
{
	const struct flow w = observer(1);
	uint32_t last, first;

	(void)state;
	put("one");
	last = observe(&w, 'a', "one");
	gw_reopen(NULL);
	gw_later(1);
	put("one");
	first = observe(&w, 'a', "one");
	assert_true(newer(last, first));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
	{"IPv4, two workers, all at one", 2, false, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(plain_rows) + COUNT(behind_rows) + 29] = {
		cmocka_unit_test(told_of_a_change),
		cmocka_unit_test(not_registered_with_what_is_not_there),
		cmocka_unit_test(registered_with_a_valid_etag),
		cmocka_unit_test(registered_again),
		cmocka_unit_test(as_many_as_an_endpoint_may_have),
		cmocka_unit_test(ended_by_observe_1),
		cmocka_unit_test(not_ended_by_a_plain_get),
		cmocka_unit_test(ended_by_rst_to_a_non),
		cmocka_unit_test(ended_by_rst_to_a_con),
		cmocka_unit_test(ended_by_delete),
		cmocka_unit_test(registered_again_while_it_ends),
		cmocka_unit_test(ended_by_another_format),
		cmocka_unit_test(ended_by_a_kick),
		cmocka_unit_test(acknowledged),
		cmocka_unit_test(never_acknowledged),
		cmocka_unit_test(the_newest_follows_the_ack),
		cmocka_unit_test(changed_beside_the_ack),
		cmocka_unit_test(the_newest_takes_over_the_retransmission),
		cmocka_unit_test(one_after_another),
		cmocka_unit_test(confirmable_after_a_day),
		cmocka_unit_test(confirmable_by_route),
		cmocka_unit_test(each_in_its_turn),
		cmocka_unit_test(not_faster_than_the_interval),
		cmocka_unit_test(back_in_time),
		cmocka_unit_test(all_of_many_are_told),
		cmocka_unit_test(put_off_without_a_buffer),
		cmocka_unit_test(news_without_room),
		cmocka_unit_test(rising_over_a_restart),
		cmocka_unit_test(drained_at_last),
	};
	size_t n = 29;

	ADD_ROWS(tests, &n, plain_rows, not_registered);
	ADD_ROWS(tests, &n, behind_rows, behind_a_notification);
	return gw_main("dp_observe", settings, COUNT(settings), tests, n);
}
