/*
 * The client against whatever comes, whenever: every message that it sends is
 * well-formed, it never sends without end, no body is longer than its room, and each
 * transaction that was begun ends exactly once.
 *
 * Input: steps, each an opcode and its arguments; see run().
 */
#include "coap/client.h"
#include "coap/code.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define TRANSACTIONS 3
#define BODY_CAP 700
#define PAYLOAD_MAX 2000
#define MIDS 64
#define SENDS_MAX 64 /* between two things that happen */
#define STARTS_MAX 256

struct world {
	struct input in;
	struct tg_client client;
	struct tg_transaction transactions[TRANSACTIONS];
	uint64_t mids[MIDS];
	uint64_t now;
	uint32_t dice;
	uint8_t sent[1400]; /* the request sent last */
	struct tg_msg request;
	const struct tg_transaction *last;
	unsigned started, over, ended[STARTS_MAX];
	uint8_t body[TRANSACTIONS][BODY_CAP], payload[PAYLOAD_MAX];
};

static uint32_t
dice_random(void *arg)
{
	uint32_t *state = arg;

	*state = *state * 1664525 + 1013904223;
	return *state;
}

static void
check(struct world *w, const struct tg_event *e)
{
	require(e->transaction != NULL && e->outcome < TG_OUTCOMES);
	require(e->body_len == 0 || e->has_response);
	if (e->has_response)
		require(tg_code_is_response(e->response.code));
	for (uint32_t i = 0; i < e->body_len; i++)
		(void)*(const volatile uint8_t *)&e->body[i];
	if (!tg_event_is_last(e))
		return;
	require(++*(unsigned *)e->user == 1);
	w->over++;
	if (w->last == e->transaction)
		w->last = NULL;
}

/* Each transaction has a room of its own: that of the place which it will take. */
static uint8_t *
room(struct world *w)
{
	for (unsigned i = 0; i < TRANSACTIONS; i++)
		if (w->transactions[i].phase == TG_PHASE_FREE)
			return w->body[i];
	return NULL;
}

/* Opcode 0: flags, bytes of payload (2), block size. */
static void
start(struct world *w)
{
	static const struct tg_opt options[] = {
		{(const uint8_t *)"a", 1, TG_OPT_URI_PATH},
		{(const uint8_t *)"\x3c", 1, TG_OPT_ACCEPT},
		{(const uint8_t *)"x", 1, 2000},
	};
	static const uint8_t codes[] = {TG_GET, TG_PUT, TG_POST, TG_FETCH};
	unsigned flags = take_8(&w->in);
	struct tg_request r = {
		.type = flags & 1 ? TG_NON : TG_CON,
		.code = codes[flags >> 1 & 3],
		.observe = flags & 8,
		.tag = flags & 16,
		.options = options,
		.n_options = 3,
		.payload = w->payload,
		.payload_len = take_16(&w->in) % PAYLOAD_MAX,
		.block_bytes = (uint16_t)(take_8(&w->in) * 8),
		.body = room(w),
		.body_cap = BODY_CAP,
		.user = &w->ended[w->started],
	};

	if (flags & 32) {
		r.code = TG_EMPTY;
		r.type = TG_CON;
		r.observe = false;
	}
	if (w->started == STARTS_MAX)
		return;
	w->last = tg_client_start(&w->client, &r);
	w->started += w->last != NULL;
}

static void
receive(struct world *w, const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	struct tg_event e;

	require(exact != NULL);
	if (len > 0)
		memcpy(exact, bytes, len);
	if (tg_client_receive(&w->client, w->now, exact, len, &e))
		check(w, &e);
	free(exact);
}

/* Opcode 1: length, bytes: a datagram as it is. */
static void
stray(struct world *w)
{
	size_t len = take_8(&w->in);
	const uint8_t *bytes = take_bytes(&w->in, &len);

	receive(w, bytes, len);
}

/*
 * Opcode 2: type, code, Message ID's last byte, length (2), what follows the token: an
 * answer to the request sent last.
 */
static void
answer(struct world *w)
{
	enum tg_type type = (enum tg_type)(take_8(&w->in) & 3);
	unsigned code = take_8(&w->in), mid = take_8(&w->in);
	size_t len = take_16(&w->in) % 1200;
	const uint8_t *rest = take_bytes(&w->in, &len);
	uint8_t buf[TG_HDR_LEN + TG_TOKEN_MAX + 1200];
	struct tg_writer writer;
	size_t n;

	if (w->request.base == NULL)
		return;
	if (type == TG_ACK || type == TG_RST)
		mid = w->request.mid;
	tg_write_begin(&writer, buf, sizeof(buf), type, code, (uint16_t)mid,
		tg_msg_token(&w->request), code == TG_EMPTY ? 0 : w->request.tkl);
	n = tg_write_end(&writer);
	if (n == 0)
		return;
	memcpy(buf + n, rest, len);
	receive(w, buf, n + len);
}

static void
pass(struct world *w, uint64_t ms)
{
	struct tg_event e;

	w->now += ms;
	while (tg_client_tick(&w->client, w->now, &e))
		check(w, &e);
}

static void
send_all(struct world *w)
{
	uint8_t buf[1400];
	unsigned sends = 0;
	struct tg_msg m;
	size_t n;

	require(tg_client_due(&w->client, w->now) >= w->now);
	while ((n = tg_client_send(&w->client, w->now, buf, sizeof(buf))) > 0) {
		require(++sends < SENDS_MAX);
		require(tg_msg_parse(&m, buf, n, TG_TOKEN_MAX) == TG_OK);
		if (!tg_code_is_request(m.code))
			continue;
		memcpy(w->sent, buf, n);
		w->request = m;
		w->request.base = w->sent;
	}
}

static void
run(struct world *w)
{
	while (w->in.p < w->in.end) {
		switch (take_8(&w->in) % 7) {
		case 0:
			start(w);
			break;
		case 1:
			stray(w);
			break;
		case 2:
			answer(w);
			break;
		case 3:
			pass(w, take_16(&w->in) * 10);
			break;
		case 4:
			if (w->last != NULL)
				tg_client_cancel(&w->client, w->last);
			break;
		case 5:
			if (w->last != NULL)
				tg_client_leave(&w->client, w->last);
			break;
		default: /* on to when it wants to be asked */
			pass(w, tg_client_due(&w->client, w->now) == UINT64_MAX
					? 0
					: tg_client_due(&w->client, w->now) - w->now);
		}
		send_all(w);
	}
	for (unsigned i = 0; i < TRANSACTIONS; i++)
		tg_client_cancel(&w->client, &w->transactions[i]);
	pass(w, 0);
	require(w->over == w->started);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));

	require(w != NULL);
	w->in = (struct input){data, data + size};
	w->now = 1000;
	tg_client_init(&w->client, &(struct tg_client_setup){
					   .param = TG_PARAM_DEFAULTS,
					   .transactions = w->transactions,
					   .n_transactions = TRANSACTIONS,
					   .mids = w->mids,
					   .n_mids = MIDS,
					   .random = dice_random,
					   .random_arg = &w->dice,
				   });
	run(w);
	free(w);
	return 0;
}
