/*
 * The client against a server whose every message is written in the test: what is sent,
 * when, and how each transaction ends.
 */
#pragma once

#include "coap/client.h"
#include "coap/code.h"
#include "tests/tables.h"

#define BODY_CAP 4096
#define START_MS 1000000
#define LIFETIME_MS 247000 /* EXCHANGE_LIFETIME */
#define OBSERVE_NONE UINT32_MAX

struct world {
	struct tg_client client;
	struct tg_transaction transactions[4];
	uint64_t mids[256];
	struct dice dice;
	uint64_t now;
	uint8_t out[1400];
	struct tg_msg sent; /* what was sent last, in out */
	uint8_t asked[1400];
	struct tg_msg request; /* the request sent last, in asked */
	uint8_t in[1400];
	struct tg_writer writer; /* of what comes, in in */
	uint8_t *datagram;
	struct tg_event event; /* of what came last, in datagram */
	uint16_t mid;          /* the server's last */
	uint8_t body[BODY_CAP], payload[BODY_CAP];
};

static struct world w; /* each test begins with a new one */

static inline uint32_t
dice_random(void *arg)
{
	return (uint32_t)(roll(arg) >> 32);
}

static inline int
begin(void **state)
{
	struct tg_client_setup setup = {
		.param = TG_PARAM_DEFAULTS,
		.transactions = w.transactions,
		.n_transactions = COUNT(w.transactions),
		.mids = w.mids,
		.n_mids = COUNT(w.mids),
		.random = dice_random,
		.random_arg = &w.dice,
	};

	(void)state;
	w.dice.state = 7;
	w.now = START_MS;
	w.mid = 100;
	for (unsigned i = 0; i < BODY_CAP; i++)
		w.payload[i] = (uint8_t)(i + i / 251);
	tg_client_init(&w.client, &setup);
	return 0;
}

static inline int
finish(void **state)
{
	(void)state;
	free(w.datagram);
	w.datagram = NULL;
	return 0;
}

/* ---- what the client does ---- */

static inline const struct tg_transaction *
start(enum tg_type type, unsigned code)
{
	static const struct tg_opt path = {(const uint8_t *)"a", 1, TG_OPT_URI_PATH};
	const struct tg_request r = {
		.type = (uint8_t)type,
		.code = (uint8_t)code,
		.options = &path,
		.n_options = 1,
		.body = w.body,
		.body_cap = BODY_CAP,
		.user = &w,
	};

	return tg_client_start(&w.client, &r);
}

static inline const struct tg_transaction *
start_with(struct tg_request r)
{
	r.body = w.body;
	r.body_cap = BODY_CAP;
	return tg_client_start(&w.client, &r);
}

static inline size_t
send(void)
{
	size_t n = tg_client_send(&w.client, w.now, w.out, sizeof(w.out));

	if (n > 0)
		assert_int_equal(tg_msg_parse(&w.sent, w.out, n, TG_TOKEN_MAX), TG_OK);
	return n;
}

static inline void
silent(void)
{
	assert_int_equal(send(), 0);
}

static inline void
sends(enum tg_type type, unsigned code)
{
	size_t n = send();

	assert_true(n > 0);
	assert_int_equal(w.sent.type, type);
	assert_int_equal(w.sent.code, code);
	if (tg_code_is_request(code)) {
		memcpy(w.asked, w.out, n);
		tg_msg_parse(&w.request, w.asked, n, TG_TOKEN_MAX);
	}
}

static inline void
sends_empty(enum tg_type type, uint16_t mid)
{
	sends(type, TG_EMPTY);
	assert_int_equal(w.sent.mid, mid);
}

static inline void
has_block(unsigned number, uint32_t num, bool more, unsigned szx)
{
	struct tg_block b;

	assert_int_equal(tg_block_get(&w.request, number, &b), TG_BLOCK_FOUND);
	assert_int_equal(b.num, num);
	assert_int_equal(b.more, more);
	assert_int_equal(b.szx, szx);
}

static inline void
has_no(unsigned number)
{
	struct tg_opt o;

	assert_false(tg_opt_get(&w.request, number, &o));
}

static inline uint32_t
uint_of(unsigned number)
{
	struct tg_opt o;

	assert_true(tg_opt_get(&w.request, number, &o));
	return tg_opt_uint(&o);
}

/* Time goes on to the moment at which the client wants to be asked. */
static inline bool
wait_for_it(void)
{
	uint64_t due = tg_client_due(&w.client, w.now);

	assert_true(due != UINT64_MAX);
	w.now = due;
	return tg_client_tick(&w.client, w.now, &w.event);
}

static inline void
ends(enum tg_outcome outcome)
{
	assert_int_equal(w.event.outcome, outcome);
	assert_non_null(w.event.transaction);
}

/* ---- what the server says ---- */

static inline void
says(enum tg_type type, unsigned code)
{
	uint16_t mid = type == TG_ACK || type == TG_RST ? w.request.mid : ++w.mid;
	bool empty = code == TG_EMPTY;

	tg_write_begin(&w.writer, w.in, sizeof(w.in), type, code, mid,
		tg_msg_token(&w.request), empty ? 0 : w.request.tkl);
}

static inline void
with_uint(unsigned number, uint32_t value)
{
	tg_write_uint(&w.writer, number, value);
}

static inline void
with_block(unsigned number, uint32_t num, bool more, unsigned szx)
{
	const struct tg_block b = {num, (uint8_t)szx, more};

	tg_write_uint(&w.writer, number, tg_block_encode(&b));
}

/* What was said last comes, in a buffer of its exact size; whether there is an event. */
static inline bool
comes(void)
{
	size_t n = tg_write_end(&w.writer);

	assert_true(n > 0);
	free(w.datagram);
	w.datagram = exact_copy(w.in, n);
	return tg_client_receive(&w.client, w.now, w.datagram, n, &w.event);
}

static inline bool
comes_with(size_t at, size_t len)
{
	tg_write_payload(&w.writer, w.payload + at, len);
	return comes();
}

static inline bool
answers(enum tg_type type, unsigned code)
{
	says(type, code);
	return comes();
}

static inline void
body_is(size_t at, size_t len)
{
	assert_int_equal(w.event.body_len, len);
	assert_memory_equal(w.event.body, w.payload + at, len);
}

static inline bool
gives_block(uint32_t num, bool more, unsigned szx, const char *etag, size_t len)
{
	says(TG_ACK, TG_CONTENT);
	if (etag != NULL)
		tg_write_option(&w.writer, TG_OPT_ETAG, etag, strlen(etag));
	with_block(TG_OPT_BLOCK2, num, more, szx);
	return comes_with((size_t)num << (szx + 4), len);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)
