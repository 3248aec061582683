#include "coap/code.h"
#include "coap/reply.h"
#include "tests/rows.h"

#define PING TG_EMPTY
#define CLASS1 TG_CODE(1, 0)
#define CLASS3 TG_CODE(3, 0)
#define CLASS6 TG_CODE(6, 31)
#define CLASS7 TG_CODE(7, 1)
#define UNKNOWN_METHOD TG_CODE(0, 31)

/* A message with its first four bytes there, unless the row says otherwise. */
static const struct arrival_row {
	const char *name;
	enum tg_type type;
	unsigned code;
	enum tg_verdict verdict;
	bool no_header, multicast;
	enum tg_action want;
} arrivals[] = {
	{"con request", TG_CON, TG_GET, TG_OK, 0, 0, TG_DO_REQUEST},
	{"con unknown method is a request", TG_CON, UNKNOWN_METHOD, TG_OK, 0, 0,
		TG_DO_REQUEST},
	{"con response", TG_CON, TG_CONTENT, TG_OK, 0, 0, TG_DO_RESPONSE},
	{"con class 3 is a response", TG_CON, CLASS3, TG_OK, 0, 0, TG_DO_RESPONSE},
	{"ping", TG_CON, PING, TG_OK, 0, 0, TG_DO_PONG},
	{"con class 1", TG_CON, CLASS1, TG_OK, 0, 0, TG_DO_RESET},
	{"con class 6", TG_CON, CLASS6, TG_OK, 0, 0, TG_DO_RESET},
	{"con class 7", TG_CON, CLASS7, TG_OK, 0, 0, TG_DO_RESET},
	{"con cut off", TG_CON, TG_GET, TG_SHORT, 0, 0, TG_DO_RESET},
	{"con bad token length", TG_CON, TG_GET, TG_TOKEN_LEN, 0, 0, TG_DO_RESET},
	{"con empty with bytes", TG_CON, PING, TG_NOT_EMPTY, 0, 0, TG_DO_RESET},
	{"con bad option", TG_CON, TG_GET, TG_OPTION, 0, 0, TG_DO_RESET},
	{"con marker without payload", TG_CON, TG_GET, TG_NO_PAYLOAD, 0, 0, TG_DO_RESET},
	{"con no version 1", TG_CON, TG_GET, TG_VERSION, 0, 0, TG_DO_IGNORE},
	{"header cut off", TG_CON, TG_GET, TG_SHORT, 1, 0, TG_DO_IGNORE},

	{"non request", TG_NON, TG_POST, TG_OK, 0, 0, TG_DO_REQUEST},
	{"non response", TG_NON, TG_CONTENT, TG_OK, 0, 0, TG_DO_RESPONSE},
	{"non empty", TG_NON, PING, TG_OK, 0, 0, TG_DO_IGNORE},
	{"non class 1", TG_NON, CLASS1, TG_OK, 0, 0, TG_DO_IGNORE},
	{"non class 6", TG_NON, CLASS6, TG_OK, 0, 0, TG_DO_IGNORE},
	{"non class 7", TG_NON, CLASS7, TG_OK, 0, 0, TG_DO_IGNORE},
	{"non bad option", TG_NON, TG_GET, TG_OPTION, 0, 0, TG_DO_IGNORE},

	{"ack empty", TG_ACK, PING, TG_OK, 0, 0, TG_DO_ACKED},
	{"ack response", TG_ACK, TG_CONTENT, TG_OK, 0, 0, TG_DO_RESPONSE},
	{"ack request", TG_ACK, TG_GET, TG_OK, 0, 0, TG_DO_IGNORE},
	{"ack class 1", TG_ACK, CLASS1, TG_OK, 0, 0, TG_DO_IGNORE},
	{"ack class 7", TG_ACK, CLASS7, TG_OK, 0, 0, TG_DO_IGNORE},
	{"ack bad option", TG_ACK, TG_CONTENT, TG_OPTION, 0, 0, TG_DO_IGNORE},
	{"ack empty with bytes", TG_ACK, PING, TG_NOT_EMPTY, 0, 0, TG_DO_IGNORE},

	{"rst", TG_RST, PING, TG_OK, 0, 0, TG_DO_CANCELLED},
	{"rst with a code", TG_RST, TG_CONTENT, TG_OK, 0, 0, TG_DO_IGNORE},
	{"rst with a request", TG_RST, TG_GET, TG_OK, 0, 0, TG_DO_IGNORE},
	{"rst with bytes", TG_RST, PING, TG_NOT_EMPTY, 0, 0, TG_DO_IGNORE},

	{"multicast non request", TG_NON, TG_GET, TG_OK, 0, 1, TG_DO_REQUEST},
	{"multicast con request", TG_CON, TG_GET, TG_OK, 0, 1, TG_DO_IGNORE},
	{"multicast ping", TG_CON, PING, TG_OK, 0, 1, TG_DO_IGNORE},
	{"multicast malformed con", TG_CON, TG_GET, TG_OPTION, 0, 1, TG_DO_IGNORE},
	{"multicast non response", TG_NON, TG_CONTENT, TG_OK, 0, 1, TG_DO_IGNORE},
	{"multicast rst", TG_RST, PING, TG_OK, 0, 1, TG_DO_IGNORE},
};

static void
arrival(void **state)
{
	const struct arrival_row *r = *state;
	const struct tg_arrival a = {
		.verdict = r->verdict,
		.has_header = !r->no_header,
		.type = (uint8_t)r->type,
		.code = (uint8_t)r->code,
		.multicast = r->multicast,
	};

	assert_int_equal(tg_reply_action(&a), r->want);
}

/* From bytes to the rule: what the parser refuses is judged by the header's first bytes.
 */
static const struct wire_row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	enum tg_action want;
} wires[] = {
	{"no byte at all", NULL, 0, TG_DO_IGNORE},
	{"three bytes", BYTES(0x40, 1, 0), TG_DO_IGNORE},
	{"token length 9, con", BYTES(0x49, 1, 0, 7), TG_DO_RESET},
	{"token length 9, non", BYTES(0x59, 1, 0, 7), TG_DO_IGNORE},
	{"token length 9, rst", BYTES(0x79, 0, 0, 7), TG_DO_IGNORE},
	{"version 0", BYTES(0x00, 1, 0, 7), TG_DO_IGNORE},
	{"version 3", BYTES(0xc0, 1, 0, 7), TG_DO_IGNORE},
	{"empty con of 5 bytes", BYTES(0x40, 0, 0, 7, 0xff), TG_DO_RESET},
	{"4.2: ack with a request", BYTES(0x60, 1, 0, 7), TG_DO_IGNORE},
	{"request", BYTES(0x50, 1, 0, 7), TG_DO_REQUEST},
};

static void
wire(void **state)
{
	const struct wire_row *r = *state;
	uint8_t *exact = exact_copy(r->wire, r->len);
	struct tg_msg m;
	enum tg_verdict v = tg_msg_parse(&m, exact, r->len, TG_TOKEN_MAX);
	struct tg_arrival a = tg_arrival_of(exact, r->len, v, false);

	assert_int_equal(tg_reply_action(&a), r->want);
	free(exact);
}

/* Pairs: may the second answer the first? */
static const struct may_row {
	const char *name;
	enum tg_type asked_type;
	unsigned asked_code;
	enum tg_type type;
	unsigned code;
	bool want;
} mays[] = {
	{"con request, empty ack", TG_CON, TG_GET, TG_ACK, TG_EMPTY, true},
	{"con request, piggybacked", TG_CON, TG_GET, TG_ACK, TG_CONTENT, true},
	{"con request, rst", TG_CON, TG_GET, TG_RST, TG_EMPTY, true},
	{"con request, separate con", TG_CON, TG_GET, TG_CON, TG_CONTENT, true},
	{"con request, separate non", TG_CON, TG_GET, TG_NON, TG_CONTENT, true},
	{"con request, request", TG_CON, TG_GET, TG_CON, TG_GET, false},
	{"con request, ack with a request", TG_CON, TG_GET, TG_ACK, TG_GET, false},
	{"con request, ack of class 7", TG_CON, TG_GET, TG_ACK, CLASS7, false},
	{"con request, rst with a code", TG_CON, TG_GET, TG_RST, TG_CONTENT, false},
	{"con request, ping", TG_CON, TG_GET, TG_CON, TG_EMPTY, false},
	{"non request, non", TG_NON, TG_GET, TG_NON, TG_CONTENT, true},
	{"non request, con", TG_NON, TG_GET, TG_CON, TG_CONTENT, true},
	{"non request, rst", TG_NON, TG_GET, TG_RST, TG_EMPTY, true},
	{"non request, ack", TG_NON, TG_GET, TG_ACK, TG_CONTENT, false},
	{"non request, empty ack", TG_NON, TG_GET, TG_ACK, TG_EMPTY, false},
	{"con response, ack", TG_CON, TG_CONTENT, TG_ACK, TG_EMPTY, true},
	{"con response, rst", TG_CON, TG_CONTENT, TG_RST, TG_EMPTY, true},
	{"con response, ack with a response", TG_CON, TG_CONTENT, TG_ACK, TG_CONTENT,
		false},
	{"con response, response", TG_CON, TG_CONTENT, TG_NON, TG_CONTENT, false},
	{"non response, rst", TG_NON, TG_CONTENT, TG_RST, TG_EMPTY, true},
	{"non response, ack", TG_NON, TG_CONTENT, TG_ACK, TG_EMPTY, false},
	{"ping, rst", TG_CON, TG_EMPTY, TG_RST, TG_EMPTY, true},
	{"ping, ack", TG_CON, TG_EMPTY, TG_ACK, TG_EMPTY, false},
	{"ping, response", TG_CON, TG_EMPTY, TG_NON, TG_CONTENT, false},
	{"ack, rst", TG_ACK, TG_CONTENT, TG_RST, TG_EMPTY, false},
	{"ack, ack", TG_ACK, TG_EMPTY, TG_ACK, TG_EMPTY, false},
	{"rst, rst", TG_RST, TG_EMPTY, TG_RST, TG_EMPTY, false},
	{"empty non, rst", TG_NON, TG_EMPTY, TG_RST, TG_EMPTY, false},
};

static void
may(void **state)
{
	const struct may_row *r = *state;

	assert_int_equal(
		tg_reply_may(r->asked_type, r->asked_code, r->type, r->code), r->want);
}

static void
unmatched(void **state)
{
	(void)state;
	assert_int_equal(tg_reply_unmatched(TG_CON, false), TG_DO_RESET);
	assert_int_equal(tg_reply_unmatched(TG_CON, true), TG_DO_IGNORE);
	assert_int_equal(tg_reply_unmatched(TG_NON, false), TG_DO_IGNORE);
	assert_int_equal(tg_reply_unmatched(TG_ACK, false), TG_DO_IGNORE);
	assert_int_equal(tg_reply_unmatched(TG_RST, false), TG_DO_IGNORE);
}

static void
reply_type(void **state)
{
	(void)state;
	assert_int_equal(tg_reply_type(TG_CON), TG_ACK);
	assert_int_equal(tg_reply_type(TG_NON), TG_NON);
}

/* No two have one name, and none that is no action's. */
static void
action_names(void **state)
{
	(void)state;
	for (int a = 0; a <= TG_ACTIONS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(tg_action_name((enum tg_action)a),
				tg_action_name((enum tg_action)b));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(arrivals) + COUNT(wires) + COUNT(mays) + 3] = {
		cmocka_unit_test(unmatched),
		cmocka_unit_test(reply_type),
		cmocka_unit_test(action_names),
	};
	size_t n = 3;

	ADD_ROWS(tests, &n, arrivals, arrival);
	ADD_ROWS(tests, &n, wires, wire);
	ADD_ROWS(tests, &n, mays, may);
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
