#include "tests/client_world.h"

/* ---- the message layer ---- */

static void
piggybacked(void **state)
{
	(void)state;
	assert_non_null(start(TG_CON, TG_GET));
	sends(TG_CON, TG_GET);
	assert_int_equal(w.request.tkl, 8);
	silent();
	says(TG_ACK, TG_CONTENT);
	assert_true(comes_with(0, 5));
	ends(TG_OUTCOME_RESPONSE);
	assert_ptr_equal(w.event.user, &w);
	assert_int_equal(w.event.response.code, TG_CONTENT);
	body_is(0, 5);
	silent();
	assert_int_equal(tg_client_due(&w.client, w.now), UINT64_MAX);
}

static void
given_token(void **state)
{
	(void)state;
	start_with((struct tg_request){.code = TG_GET, .tkl = 2, .token = {7, 8}});
	sends(TG_CON, TG_GET);
	assert_int_equal(w.request.tkl, 2);
	assert_memory_equal(tg_msg_token(&w.request), ((uint8_t[]){7, 8}), 2);
}

static void
separate(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_false(answers(TG_ACK, TG_EMPTY));
	w.now += 50000;
	assert_false(tg_client_tick(&w.client, w.now, &w.event));
	silent();
	assert_true(answers(TG_CON, TG_CONTENT));
	ends(TG_OUTCOME_RESPONSE);
	sends_empty(TG_ACK, w.mid);
	silent();
}

static void
separate_non(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_false(answers(TG_ACK, TG_EMPTY));
	assert_true(answers(TG_NON, TG_CONTENT));
	silent();
}

static void
response_before_ack(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_true(answers(TG_CON, TG_CONTENT));
	sends_empty(TG_ACK, w.mid);
	assert_false(answers(TG_ACK, TG_EMPTY));
	silent();
	assert_int_equal(tg_client_due(&w.client, w.now), UINT64_MAX);
}

static void
repeated_response(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_false(answers(TG_ACK, TG_EMPTY));
	assert_true(answers(TG_CON, TG_CONTENT));
	sends_empty(TG_ACK, w.mid);
	assert_false(comes());
	sends_empty(TG_ACK, w.mid); /* again, and nothing is said */
	w.now += LIFETIME_MS;
	assert_false(comes());
	sends_empty(TG_RST, w.mid); /* it is not the same message any longer */
}

/* The message is the same to the byte each time. */
static void
retransmission(void **state)
{
	uint8_t first[64];
	size_t len;

	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	len = w.sent.len;
	memcpy(first, w.out, len);
	for (unsigned i = 0; i < 4; i++) {
		assert_false(wait_for_it());
		sends(TG_CON, TG_GET);
		assert_int_equal(w.sent.len, len);
		assert_memory_equal(w.out, first, len);
		silent();
	}
	assert_true(w.now >= START_MS + 30000 && w.now <= START_MS + 45000);
	assert_true(wait_for_it());
	ends(TG_OUTCOME_TIMEOUT);
	assert_true(w.now >= START_MS + 62000 && w.now <= START_MS + 93000);
}

static void
no_response_after_ack(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	answers(TG_ACK, TG_EMPTY);
	assert_true(wait_for_it());
	ends(TG_OUTCOME_TIMEOUT);
	assert_int_equal(w.now, START_MS + LIFETIME_MS);
}

static void
no_response_to_non(void **state)
{
	(void)state;
	start(TG_NON, TG_GET);
	sends(TG_NON, TG_GET);
	silent();
	assert_true(wait_for_it());
	ends(TG_OUTCOME_TIMEOUT);
	assert_int_equal(w.now, START_MS + 145000); /* NON_LIFETIME */
}

static void
reset(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_true(answers(TG_RST, TG_EMPTY));
	ends(TG_OUTCOME_RESET);
	assert_false(w.event.has_response);
}

static void
non_reset(void **state)
{
	(void)state;
	start(TG_NON, TG_GET);
	sends(TG_NON, TG_GET);
	assert_true(answers(TG_RST, TG_EMPTY));
	ends(TG_OUTCOME_RESET);
}

static void
ping(void **state)
{
	(void)state;
	start_with((struct tg_request){.code = TG_EMPTY});
	sends(TG_CON, TG_EMPTY);
	assert_int_equal(w.sent.len, TG_HDR_LEN);
	w.request = w.sent;
	assert_false(answers(TG_ACK, TG_EMPTY)); /* that is no answer to a ping */
	assert_true(answers(TG_RST, TG_EMPTY));
	ends(TG_OUTCOME_PONG);
}

/* A response without a token does not answer a ping, which has none either. */
static void
response_to_ping(void **state)
{
	const uint8_t wire[] = {0x40, TG_CONTENT, 1, 2};
	struct tg_event e;

	(void)state;
	start_with((struct tg_request){.code = TG_EMPTY});
	sends(TG_CON, TG_EMPTY);
	assert_false(tg_client_receive(&w.client, w.now, wire, sizeof(wire), &e));
	sends_empty(TG_RST, 0x0102);
}

static void
cancelled(void **state)
{
	const struct tg_transaction *t;

	(void)state;
	t = start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	tg_client_cancel(&w.client, t);
	assert_true(wait_for_it());
	ends(TG_OUTCOME_CANCELLED);
	assert_int_equal(w.now, START_MS);
	assert_false(answers(TG_CON, TG_CONTENT));
	sends_empty(TG_RST, w.mid);
	assert_int_equal(tg_client_due(&w.client, w.now), UINT64_MAX);
}

static void
too_many(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(w.transactions); i++)
		assert_non_null(start(TG_CON, TG_GET));
	assert_null(start(TG_CON, TG_GET));
}

/* One at a time (NSTART), in the order in which they were begun. */
static void
queue(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	start(TG_CON, TG_PUT);
	start(TG_CON, TG_DELETE);
	sends(TG_CON, TG_GET);
	silent();
	answers(TG_ACK, TG_EMPTY); /* from there on it is not outstanding */
	sends(TG_CON, TG_PUT);
	silent();
	assert_true(answers(TG_ACK, TG_CHANGED));
	sends(TG_CON, TG_DELETE);
	silent();
}

static void
queue_of_two(void **state)
{
	(void)state;
	w.client.param.nstart = 2;
	start(TG_CON, TG_GET);
	start(TG_CON, TG_PUT);
	start(TG_CON, TG_DELETE);
	sends(TG_CON, TG_GET);
	sends(TG_CON, TG_PUT);
	silent();
}

/* A NON of 14 bytes that nobody answers makes the next one wait for 14 s at 1 byte/s. */
static void
probing_rate(void **state)
{
	(void)state;
	start(TG_NON, TG_GET);
	start(TG_NON, TG_PUT);
	sends(TG_NON, TG_GET);
	assert_int_equal(w.sent.len, 14);
	silent();
	w.now += 13999;
	silent();
	assert_int_equal(tg_client_due(&w.client, w.now), w.now + 1);
	w.now++;
	sends(TG_NON, TG_PUT);
}

static void
message_ids_used_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(w.mids); i++) {
		start(TG_CON, TG_GET);
		sends(TG_CON, TG_GET);
		assert_true(answers(TG_ACK, TG_CONTENT));
	}
	start(TG_CON, TG_GET);
	silent();
	assert_int_equal(tg_client_due(&w.client, w.now), START_MS + LIFETIME_MS);
	w.now += LIFETIME_MS;
	sends(TG_CON, TG_GET);
}

static void
does_not_fit(void **state)
{
	(void)state;
	start_with((struct tg_request){
		.code = TG_PUT, .payload = w.payload, .payload_len = 1000});
	assert_int_equal(tg_client_send(&w.client, w.now, w.out, 500), 0);
	assert_true(wait_for_it());
	ends(TG_OUTCOME_NO_ROOM);
}

/* ---- what is not ours ---- */

static const struct stray_row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	bool reset;
} strays[] = {
	{"con response to nothing", BYTES(0x41, 0x45, 1, 2, 9), true},
	{"non response to nothing", BYTES(0x51, 0x45, 1, 2, 9), false},
	{"non notification to nothing", BYTES(0x51, 0x45, 1, 2, 9, 0x61, 5), true},
	{"ack with a response to nothing", BYTES(0x61, 0x45, 1, 2, 9), false},
	{"ack to nothing", BYTES(0x60, 0, 1, 2), false},
	{"rst to nothing", BYTES(0x70, 0, 1, 2), false},
	{"con request", BYTES(0x41, 1, 1, 2, 9), true},
	{"non request", BYTES(0x51, 1, 1, 2, 9), false},
	{"a ping", BYTES(0x40, 0, 1, 2), true},
	{"con malformed", BYTES(0x41, 0x45, 1, 2, 9, 0xff), true},
	{"non malformed", BYTES(0x51, 0x45, 1, 2, 9, 0xff), false},
	{"con of a reserved class", BYTES(0x41, 0xe1, 1, 2, 9), true},
	{"three bytes", BYTES(0x40, 0, 1), false},
	{"nothing", NULL, 0, false},
};

static void
stray(void **state)
{
	const struct stray_row *r = *state;
	uint8_t *exact = exact_copy(r->wire, r->len);

	begin(NULL);
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_false(tg_client_receive(&w.client, w.now, exact, r->len, &w.event));
	if (r->reset)
		sends_empty(TG_RST, 0x0102);
	silent();
	free(exact);
	assert_true(answers(TG_ACK, TG_CONTENT)); /* ours goes on */
	finish(NULL);
}

/* An ACK must bear both the Message ID and the token; neither alone will do. */
static void
wrong_token(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	says(TG_ACK, TG_CONTENT);
	w.in[TG_HDR_LEN] ^= 1;
	assert_false(comes());
	silent();
}

static void
wrong_message_id(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	says(TG_ACK, TG_CONTENT);
	w.in[3] ^= 1;
	assert_false(comes());
	silent();
}

static void
bad_critical_option(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	answers(TG_ACK, TG_EMPTY);
	says(TG_CON, TG_CONTENT);
	with_uint(13, 0);
	assert_true(comes());
	ends(TG_OUTCOME_FORMAT);
	sends_empty(TG_RST, w.mid);
}

static void
bad_critical_option_in_ack(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	says(TG_ACK, TG_CONTENT);
	with_uint(13, 0);
	assert_true(comes());
	ends(TG_OUTCOME_FORMAT);
	silent();
}

/* ---- Echo ---- */

static void
echo(void **state)
{
	struct tg_opt o;

	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	has_no(TG_OPT_ECHO);
	says(TG_ACK, TG_UNAUTHORIZED);
	tg_write_option(&w.writer, TG_OPT_ECHO, "echo", 4);
	assert_false(comes());
	sends(TG_CON, TG_GET);
	assert_true(tg_opt_get(&w.request, TG_OPT_ECHO, &o));
	assert_int_equal(o.len, 4);
	assert_memory_equal(o.value, "echo", 4);
	assert_true(answers(TG_ACK, TG_CONTENT));
	ends(TG_OUTCOME_RESPONSE);
}

static void
echo_without_end(void **state)
{
	unsigned asked = 0;

	(void)state;
	start(TG_CON, TG_GET);
	do {
		sends(TG_CON, TG_GET);
		says(TG_ACK, TG_UNAUTHORIZED);
		tg_write_option(&w.writer, TG_OPT_ECHO, "echo", 4);
		assert_true(++asked < 10);
	} while (!comes());
	ends(TG_OUTCOME_RESPONSE);
	assert_int_equal(w.event.response.code, TG_UNAUTHORIZED);
}

static void
unauthorized_without_echo(void **state)
{
	(void)state;
	start(TG_CON, TG_GET);
	sends(TG_CON, TG_GET);
	assert_true(answers(TG_ACK, TG_UNAUTHORIZED));
	ends(TG_OUTCOME_RESPONSE);
}

int
main(void)
{
	const struct CMUnitTest plain[] = {
		T(piggybacked),
		T(given_token),
		T(separate),
		T(separate_non),
		T(response_before_ack),
		T(repeated_response),
		T(retransmission),
		T(no_response_after_ack),
		T(no_response_to_non),
		T(reset),
		T(non_reset),
		T(ping),
		T(response_to_ping),
		T(cancelled),
		T(too_many),
		T(queue),
		T(queue_of_two),
		T(probing_rate),
		T(message_ids_used_up),
		T(does_not_fit),
		T(wrong_token),
		T(wrong_message_id),
		T(bad_critical_option),
		T(bad_critical_option_in_ack),
		T(echo),
		T(echo_without_end),
		T(unauthorized_without_echo),
	};
	struct CMUnitTest tests[COUNT(plain) + COUNT(strays)] = {0};
	size_t n = COUNT(plain);

	memcpy(tests, plain, sizeof(plain));
	ADD_ROWS(tests, &n, strays, stray);
	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
