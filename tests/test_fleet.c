/* The simulated fleet against a gateway whose every message is written here. */
#include "bench/fleet.h"

#include "coap/code.h"
#include "coap/msg.h"
#include "coap/write.h"
#include "tests/rows.h"

#define SECOND 1000000000ull
#define START (1000 * SECOND)
#define MESSAGES 16
#define OUR_MID 4711

struct message {
	uint32_t endpoint;
	size_t len;
	uint8_t bytes[WIRE_MSG_MAX];
};

/* What the fleet has sent, and what it is to hear next. */
static struct fake {
	struct wire wire;
	unsigned n_sent, n_heard;
	struct message sent[MESSAGES], heard[MESSAGES];
} fake;

static uint8_t *
fake_begin(struct wire *w, uint32_t endpoint)
{
	(void)w;
	assert_true(fake.n_sent < MESSAGES);
	fake.sent[fake.n_sent].endpoint = endpoint;
	return fake.sent[fake.n_sent].bytes;
}

static void
fake_send(struct wire *w, size_t len)
{
	(void)w;
	fake.sent[fake.n_sent++].len = len;
}

static void
fake_flush(struct wire *w)
{
	(void)w;
}

static unsigned
fake_receive(struct wire *w, void (*take)(void *, uint32_t, const uint8_t *, size_t),
	void *arg)
{
	unsigned n = fake.n_heard;

	(void)w;
	for (unsigned i = 0; i < n; i++) {
		uint8_t *exact = exact_copy(fake.heard[i].bytes, fake.heard[i].len);

		take(arg, fake.heard[i].endpoint, exact, fake.heard[i].len);
		free(exact);
	}
	fake.n_heard = 0;
	return n;
}

/* The fleet, and a confirmable request of its that is under way. */
static struct fleet *
ask(struct tg_msg *request)
{
	struct fleet *f;

	fake = (struct fake){.wire = {
				     .endpoints = 8,
				     .begin = fake_begin,
				     .send = fake_send,
				     .flush = fake_flush,
				     .receive = fake_receive,
			     }};
	f = fleet_new(&fake.wire, 8, 1);
	assert_non_null(f);
	fleet_turn(f, START);
	do {
		fake.n_sent = 0;
		assert_true(fleet_request(f, START));
		assert_int_equal(tg_msg_parse(request, fake.sent[0].bytes,
					 fake.sent[0].len, TG_TOKEN_MAX),
			TG_OK);
	} while (request->type != TG_CON || request->code != TG_POST);
	return f;
}

/* A message of the gateway's, to be heard in the next turn. */
static void
say(const struct tg_msg *request, enum tg_type type, uint8_t code, uint16_t mid)
{
	struct message *m = &fake.heard[fake.n_heard++];
	struct tg_writer w;

	m->endpoint = fake.sent[0].endpoint;
	tg_write_begin(&w, m->bytes, sizeof(m->bytes), type, code, mid,
		tg_msg_token(request), code == 0 ? 0 : request->tkl);
	m->len = tg_write_end(&w);
}

/* How many empty messages of @mid the fleet has sent behind its request. */
static unsigned
empty_of(enum tg_type type, uint16_t mid)
{
	const uint8_t empty[] = {
		(uint8_t)(0x40 | type << 4), 0, (uint8_t)(mid >> 8), (uint8_t)mid};
	unsigned n = 0;

	for (unsigned i = 1; i < fake.n_sent; i++)
		n += fake.sent[i].endpoint == fake.sent[0].endpoint
		     && fake.sent[i].len == sizeof(empty)
		     && memcmp(fake.sent[i].bytes, empty, sizeof(empty)) == 0;
	return n;
}

static const struct row {
	const char *name;
	bool acked;   /* first comes an empty ACK */
	uint8_t type; /* of the response; */
	uint8_t code; /* 0: there is none */
	unsigned times;
	uint64_t answered, refused, late, wrong, acks, resets;
} rows[] = {
	{"piggybacked", false, TG_ACK, TG_CHANGED, 1, 1, 0, 0, 0, 0, 0},
	{"a refusal", false, TG_ACK, TG_UNAVAILABLE, 1, 0, 1, 0, 0, 0, 0},
	{"twice", false, TG_ACK, TG_CHANGED, 2, 1, 0, 1, 0, 0, 0},
	{"a NON to a CON", false, TG_NON, TG_CHANGED, 1, 1, 0, 0, 0, 0, 0},
	{"an empty ACK alone", true, TG_CON, 0, 1, 0, 0, 0, 0, 0, 0},
	{"separate", true, TG_CON, TG_CHANGED, 1, 1, 0, 0, 0, 1, 0},
	{"separate, a refusal", true, TG_CON, TG_UNAVAILABLE, 1, 0, 1, 0, 0, 1, 0},
	{"separate, and the ACK was lost", false, TG_CON, TG_CHANGED, 1, 1, 0, 0, 0, 1,
		0},
	{"separate, twice", true, TG_CON, TG_CHANGED, 2, 1, 0, 1, 0, 2, 0},
	{"another answer than it can have", true, TG_CON, TG_CONTENT, 1, 0, 0, 0, 1, 0,
		1},
	{"such a NON", true, TG_NON, TG_CONTENT, 1, 0, 0, 0, 1, 0, 0},
};

static void
counted(void **state)
{
	const struct row *r = *state;
	const struct fleet_counts *c;
	struct tg_msg request;
	struct fleet *f = ask(&request);

	if (r->acked)
		say(&request, TG_ACK, 0, request.mid);
	for (unsigned i = 0; r->code != 0 && i < r->times; i++)
		say(&request, (enum tg_type)r->type, r->code,
			r->type == TG_ACK ? request.mid : OUR_MID);
	fleet_turn(f, START + 1);
	c = fleet_counts(f);
	assert_int_equal(c->answered, r->answered);
	assert_int_equal(c->refused, r->refused);
	assert_int_equal(c->late, r->late);
	assert_int_equal(c->wrong, r->wrong);
	assert_int_equal(empty_of(TG_ACK, OUR_MID), r->acks);
	assert_int_equal(empty_of(TG_RST, OUR_MID), r->resets);
	fleet_free(f);
}

static const struct again_row {
	const char *name;
	bool acked;
	int mid; /* from the request's */
	unsigned times;
} again_rows[] = {
	{"not acknowledged", false, 0, 4},
	{"acknowledged", true, 0, 0},
	{"something else was acknowledged", true, 1, 4},
};

/* What was acknowledged is not sent again (RFC 7252, 4.2), but may be lost all the same.
 */
static void
sent_again(void **state)
{
	const struct again_row *r = *state;
	struct tg_msg request;
	unsigned times = 0;
	struct fleet *f = ask(&request);

	if (r->acked)
		say(&request, TG_ACK, 0, (uint16_t)(request.mid + r->mid));
	for (unsigned s = 0; s < 100; s++)
		fleet_turn(f, START + s * SECOND);
	for (unsigned i = 1; i < fake.n_sent; i++)
		times += fake.sent[i].len == fake.sent[0].len
			 && memcmp(fake.sent[i].bytes, fake.sent[0].bytes,
				    fake.sent[0].len)
				    == 0;
	assert_int_equal(times, r->times);
	assert_int_equal(fleet_counts(f)->lost, fleet_counts(f)->sent);
	assert_int_equal(fleet_in_flight(f), 0);
	fleet_free(f);
}

/* An answer to a fleet that was here before: its token is none of ours. */
static void
to_another_is_rejected(void **state)
{
	static const uint8_t another[8] = {[4] = 0xff, 0xff, 0xff, 0xff};
	const uint8_t *size = *state;
	struct tg_msg request;
	struct fleet *f = ask(&request);
	struct message *m = &fake.heard[fake.n_heard++];
	struct tg_writer w;

	m->endpoint = fake.sent[0].endpoint;
	tg_write_begin(&w, m->bytes, sizeof(m->bytes), TG_CON, TG_CHANGED, OUR_MID,
		another, *size);
	m->len = tg_write_end(&w);
	fleet_turn(f, START + 1);
	assert_int_equal(fleet_counts(f)->wrong, 1);
	assert_int_equal(empty_of(TG_ACK, OUR_MID), 0);
	assert_int_equal(empty_of(TG_RST, OUR_MID), 1);
	fleet_free(f);
}

int
main(void)
{
	static uint8_t token_sizes[] = {8, 4, 0};
	struct CMUnitTest tests[COUNT(rows) + COUNT(again_rows) + 3] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, counted);
	ADD_ROWS(tests, &n, again_rows, sent_again);
	for (size_t i = 0; i < COUNT(token_sizes); i++)
		tests[n++] = (struct CMUnitTest){"to another", to_another_is_rejected,
			NULL, NULL, &token_sizes[i]};
	return _cmocka_run_group_tests("fleet", tests, n, NULL, NULL);
}
