/*
 * Thousands of transactions over a network that loses one datagram in five, each way, and
 * doubles one in twenty, with delays that overtake each other: the client and a server in
 * one process, in simulated time, the same in every run.
 *
 * The server executes at most once by Message ID, as a server must (RFC 7252, 4.5).  What
 * it does with a request follows from the number in its path: see enum kind.
 */
#include "coap/client.h"
#include "coap/code.h"
#include "tests/tables.h"

#include <stdio.h>

#define TRANSACTIONS 4000
#define AT_A_TIME 8
#define IN_FLIGHT 256
#define DATAGRAM 256
#define BODY 40 /* three blocks of 16 */
#define PENDING 16
#define RESPONSE_MS 700

enum kind { PIGGYBACKED, SEPARATE, DOWNLOAD, UPLOAD, KINDS };

/* ---- the network ---- */

struct datagram {
	uint64_t at_ms; /* when it arrives; 0: the place is free */
	bool to_server;
	size_t len;
	uint8_t bytes[DATAGRAM];
};

static struct dice dice;
static uint64_t now;
static struct datagram net[IN_FLIGHT];
static unsigned lost, doubled;

static void
post_once(bool to_server, const uint8_t *bytes, size_t len)
{
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		if (net[i].at_ms == 0) {
			net[i].at_ms = now + 1 + roll_below(&dice, 200);
			net[i].to_server = to_server;
			net[i].len = len;
			memcpy(net[i].bytes, bytes, len);
			return;
		}
	fail_msg("the network is full");
}

static void
post(bool to_server, const uint8_t *bytes, size_t len)
{
	assert_in_range(len, TG_HDR_LEN, DATAGRAM);
	if (roll_below(&dice, 100) < 20) {
		lost++;
		return;
	}
	post_once(to_server, bytes, len);
	if (roll_below(&dice, 100) < 5) {
		doubled++;
		post_once(to_server, bytes, len);
	}
}

static struct datagram *
next_arrival(void)
{
	struct datagram *first = NULL;

	for (unsigned i = 0; i < IN_FLIGHT; i++)
		if (net[i].at_ms > 0 && (first == NULL || net[i].at_ms < first->at_ms))
			first = &net[i];
	return first;
}

/* ---- the server ---- */

static const struct tg_param param = TG_PARAM_DEFAULTS;

/* What a Message ID was answered with. */
static struct answered {
	uint64_t until_ms;
	size_t len;
	uint8_t bytes[DATAGRAM];
} answered[TG_MID_SPACE];

/* Separate responses, before and while they are sent. */
static struct pending {
	bool used, sent;
	uint64_t at_ms;
	uint16_t mid;
	struct tg_retry retry;
	size_t len;
	uint8_t bytes[DATAGRAM];
} pendings[PENDING];

static uint8_t executed[TRANSACTIONS];
static uint8_t uploads[TRANSACTIONS][BODY];
static struct tg_assembly assemblies[TRANSACTIONS];
static uint16_t server_mid;

static uint8_t
pattern(unsigned number, unsigned at)
{
	return (uint8_t)(number * 7 + at);
}

static void
execute(unsigned number)
{
	assert_int_equal(executed[number], 0);
	executed[number]++;
}

static unsigned
take_block(unsigned number, const struct tg_msg *m, const struct tg_block *b)
{
	struct tg_assembly *a = &assemblies[number];
	enum tg_assembly_step step;

	a->body = uploads[number];
	a->cap = BODY;
	step = tg_assembly_add(a, b, m->base + m->payload, (size_t)(m->len - m->payload));
	if (step != TG_ASSEMBLY_COMPLETE)
		return tg_assembly_code(step);
	execute(number);
	for (unsigned i = 0; i < BODY; i++)
		assert_int_equal(uploads[number][i], pattern(number, i));
	return TG_CHANGED;
}

static void
write_block(struct tg_writer *w, unsigned number, const struct tg_block *b)
{
	uint8_t body[BODY];
	struct tg_slice s;

	for (unsigned i = 0; i < BODY; i++)
		body[i] = pattern(number, i);
	assert_true(tg_slice_of(&s, BODY, b, 0));
	tg_write_uint(w, TG_OPT_BLOCK2, tg_block_encode(&s.block));
	tg_write_payload(w, body + s.offset, s.len);
}

/* The response waits a while, then is sent until it is acknowledged. */
static void
respond_later(const struct tg_msg *m)
{
	for (unsigned i = 0; i < PENDING; i++)
		if (!pendings[i].used) {
			struct pending *p = &pendings[i];
			struct tg_writer w;

			*p = (struct pending){.used = true, .mid = server_mid++};
			p->at_ms = now + RESPONSE_MS;
			tg_write_begin(&w, p->bytes, DATAGRAM, TG_CON, TG_CHANGED, p->mid,
				tg_msg_token(m), m->tkl);
			p->len = tg_write_end(&w);
			return;
		}
	fail_msg("no room for a response");
}

static size_t
answer(const struct tg_msg *m, unsigned number, uint8_t *out)
{
	struct tg_block b = {0};
	enum kind kind = number % KINDS;
	struct tg_writer w;

	if (kind == SEPARATE) {
		execute(number);
		respond_later(m);
		tg_write_begin(&w, out, DATAGRAM, TG_ACK, TG_EMPTY, m->mid, NULL, 0);
		return tg_write_end(&w);
	}
	tg_write_begin(
		&w, out, DATAGRAM, TG_ACK, TG_CHANGED, m->mid, tg_msg_token(m), m->tkl);
	if (kind == UPLOAD) {
		assert_int_equal(tg_block_get(m, TG_OPT_BLOCK1, &b), TG_BLOCK_FOUND);
		out[1] = (uint8_t)take_block(number, m, &b);
		tg_write_uint(&w, TG_OPT_BLOCK1, tg_block_encode(&b));
	} else if (kind == DOWNLOAD) {
		if (tg_block_get(m, TG_OPT_BLOCK2, &b) == TG_BLOCK_ABSENT || b.num == 0)
			execute(number);
		write_block(&w, number, &b);
	} else {
		execute(number);
	}
	return tg_write_end(&w);
}

static void
server_receive(const uint8_t *bytes, size_t len)
{
	struct answered *a;
	struct tg_msg m;
	struct tg_opt o;

	assert_int_equal(tg_msg_parse(&m, bytes, len, TG_TOKEN_MAX), TG_OK);
	if (m.type == TG_ACK || m.type == TG_RST) {
		for (unsigned i = 0; i < PENDING; i++)
			if (pendings[i].used && pendings[i].sent
				&& pendings[i].mid == m.mid)
				pendings[i].used = false;
		return;
	}
	a = &answered[m.mid];
	if (a->until_ms <= now) { /* else it is a duplicate */
		assert_true(tg_opt_get(&m, TG_OPT_URI_PATH, &o));
		a->until_ms = now + tg_param_exchange_lifetime_ms(&param);
		a->len = answer(&m, (unsigned)(o.value[0] << 8 | o.value[1]), a->bytes);
	}
	post(false, a->bytes, a->len);
}

static void
server_tick(void)
{
	for (unsigned i = 0; i < PENDING; i++) {
		struct pending *p = &pendings[i];
		bool first = p->used && !p->sent && p->at_ms <= now;
		enum tg_retry_step step = TG_RETRY_WAIT;

		if (first) {
			p->sent = true;
			tg_retry_start(&p->retry, &param, now, (uint32_t)roll(&dice));
		} else if (p->used && p->sent) {
			step = tg_retry_next(&p->retry, now);
		}
		if (first || step == TG_RETRY_SEND)
			post(false, p->bytes, p->len);
		if (step == TG_RETRY_GIVE_UP)
			p->used = false;
	}
}

static uint64_t
server_due(void)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < PENDING; i++) {
		const struct pending *p = &pendings[i];
		uint64_t at = p->sent ? p->retry.due_ms : p->at_ms;

		if (p->used && at < due)
			due = at;
	}
	return due;
}

/* ---- the client ---- */

static struct tg_client client;
static struct tg_transaction transactions[AT_A_TIME];
static uint64_t mids[TG_MID_SPACE];
static uint8_t paths[TRANSACTIONS][2], payloads[TRANSACTIONS][BODY];
static uint8_t bodies[TRANSACTIONS][BODY];
static struct tg_opt options[TRANSACTIONS];
static unsigned ended[TRANSACTIONS], started, succeeded, timed_out;

static uint32_t
dice_random(void *arg)
{
	return (uint32_t)(roll(arg) >> 32);
}

static bool
start(unsigned number)
{
	bool is_upload = number % KINDS == UPLOAD;

	paths[number][0] = (uint8_t)(number >> 8);
	paths[number][1] = (uint8_t)number;
	options[number] = (struct tg_opt){paths[number], 2, TG_OPT_URI_PATH};
	for (unsigned i = 0; i < BODY; i++)
		payloads[number][i] = pattern(number, i);
	return tg_client_start(&client,
		       &(struct tg_request){
			       .type = TG_CON,
			       .code = TG_POST,
			       .block_bytes = 16,
			       .options = &options[number],
			       .n_options = 1,
			       .payload = payloads[number],
			       .payload_len = is_upload ? BODY : 0,
			       .body = bodies[number],
			       .body_cap = BODY,
			       .user = &ended[number],
		       })
	       != NULL;
}

static void
check(const struct tg_event *e)
{
	unsigned number = (unsigned)((unsigned *)e->user - ended);

	assert_true(tg_event_is_last(e));
	assert_int_equal(++ended[number], 1);
	if (e->outcome == TG_OUTCOME_TIMEOUT) {
		timed_out++;
		return;
	}
	assert_int_equal(e->outcome, TG_OUTCOME_RESPONSE);
	assert_int_equal(e->response.code, TG_CHANGED);
	assert_int_equal(executed[number], 1);
	assert_int_equal(e->body_len, number % KINDS == DOWNLOAD ? BODY : 0);
	for (unsigned i = 0; i < e->body_len; i++)
		assert_int_equal(e->body[i], pattern(number, i));
	succeeded++;
}

static void
client_acts(void)
{
	uint8_t out[DATAGRAM];
	struct tg_event e;
	size_t n;

	while (tg_client_tick(&client, now, &e))
		check(&e);
	while (started < TRANSACTIONS && start(started))
		started++;
	while ((n = tg_client_send(&client, now, out, sizeof(out))) > 0)
		post(true, out, n);
}

/* On to the next thing that happens. */
static void
step(void)
{
	struct datagram *d = next_arrival();
	uint64_t due = tg_client_due(&client, now), server = server_due();
	struct tg_event e;

	due = server < due ? server : due;
	if (d == NULL || due <= d->at_ms) {
		assert_true(due != UINT64_MAX);
		now = due > now ? due : now;
	} else {
		uint8_t *exact = exact_copy(d->bytes, d->len);

		now = d->at_ms;
		d->at_ms = 0;
		if (d->to_server)
			server_receive(exact, d->len);
		else if (tg_client_receive(&client, now, exact, d->len, &e))
			check(&e);
		free(exact);
	}
	server_tick();
	client_acts();
}

static void
lossy_network(void **state)
{
	const struct tg_client_setup setup = {
		.param = {2000, 1500, 4, AT_A_TIME, 5000, 1, 100000, 2000},
		.transactions = transactions,
		.n_transactions = AT_A_TIME,
		.mids = mids,
		.n_mids = TG_MID_SPACE,
		.random = dice_random,
		.random_arg = &dice,
	};

	(void)state;
	dice.state = 4711;
	now = 1000000;
	tg_client_init(&client, &setup);
	client_acts();
	for (unsigned long steps = 0; succeeded + timed_out < TRANSACTIONS; steps++) {
		assert_true(steps < 10000000);
		step();
	}
	print_message("%u succeeded, %u timed out, %u datagrams lost, %u doubled\n",
		succeeded, timed_out, lost, doubled);
	for (unsigned i = 0; i < TRANSACTIONS; i++)
		assert_int_equal(ended[i], 1);
	/* Five tries of an exchange leave 0.6 %; a transaction has up to three. */
	assert_true(succeeded >= TRANSACTIONS * 98 / 100);
	assert_true(lost > TRANSACTIONS && doubled > TRANSACTIONS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lossy_network)};

	return cmocka_run_group_tests_name("client_loss", tests, NULL, NULL);
}
