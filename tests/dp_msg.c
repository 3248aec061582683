/* The message layer on the wire (RFC 7252, 4 and 5): a datagram in, its answer or
 * silence. */
#include "coap/code.h"
#include "tests/dp_groups.h"

#include <time.h>

#define SILENCE                                                                          \
	{                                                                                \
		NULL, 0                                                                  \
	}
#define RST B("\x70\x00\x00\x07")
#define EIGHT "12345678"
#define FIFTY "abcdefghijklmnopqrstuvwxyabcdefghijklmnopqrstuvwxy"
#define N256 FIFTY FIFTY FIFTY FIFTY FIFTY "abcdef"

/* Uri-Path options; each is the first option of its message. */
#define HELLO                                                                            \
	"\xb5"                                                                           \
	"hello"
#define TEST                                                                             \
	"\xb4"                                                                           \
	"test"
#define QUERY                                                                            \
	"\xb5"                                                                           \
	"query"
#define BAD(option)                                                                      \
	ACK("\x82")                                                                      \
	"\xff"                                                                           \
	"option " option /* 4.02 and what it is about */
#define HI                                                                               \
	ETAG_HELLO "\x80\xff"                                                            \
		   "hi" /* its answer's Content-Format 0 and payload */
#define LINKS                                                                            \
	"</hello>;title=\"A greeting\";ct=0,</test>;rt=\"r\";if=\"i\","                  \
	"</seg1/seg2/seg3>,</query>,</time>;obs,</t>,</r>,</d>,</l>"
/* The ETags of those, and of queries. */
#define ETAG_LINKS "\x48\x13\xae\x36\x53\x74\x67\x55\x36"
#define ETAG_A_B "\x48\xc7\x65\x8c\xbf\xd9\x9e\xd8\x81"
#define ETAG_NONE "\x48\xd7\x00\x77\x73\x9d\x4b\x92\x1e"

/* Every message has Message ID 7. */
#define CON(code) "\x40" code "\x00\x07"
#define NON(code) "\x50" code "\x00\x07"
#define ACK(code) "\x60" code "\x00\x07"
#define GET "\x01"
#define POST "\x02"
#define PUT "\x03"
#define DELETE "\x04"

static const struct row {
	const char *name;
	struct bytes say, hear;
	enum dp_counter counter; /* grows by one */
} rows[] = {
	{"ping", B("\x40\x00\x00\x07"), RST, DP_C_coap_ping},

	/* 3 and 4.2: what has a format error is rejected if it is confirmable */
	{"CON with a token of 9 cut off", B("\x49\x01\x00\x07" EIGHT), RST,
		DP_C_drop_short},
	{"CON with token length 15", B("\x4f\x01\x00\x07" EIGHT EIGHT), RST,
		DP_C_drop_token_len},
	{"CON with its token cut off",
		B("\x48\x01\x00\x07"
		  "1234567"),
		RST, DP_C_drop_short},
	{"CON, empty, with a token", B("\x41\x00\x00\x07t"), RST, DP_C_drop_not_empty},
	{"CON, empty, with a payload", B("\x40\x00\x00\x07\xffx"), RST,
		DP_C_drop_not_empty},
	{"CON with option delta 15", B(CON(GET) "\xf1x"), RST, DP_C_drop_option},
	{"CON with option length 15", B(CON(GET) "\xbf" EIGHT EIGHT), RST,
		DP_C_drop_option},
	{"CON with an option cut off", B(CON(GET) "\xb5hell"), RST, DP_C_drop_option},
	{"CON with option number 65536", B(CON(GET) "\xe0\xfe\xf3"), RST,
		DP_C_drop_option},
	{"CON with a marker and no payload", B(CON(GET) HELLO "\xff"), RST,
		DP_C_drop_no_payload},
	{"NON with token length 15", B("\x5f\x01\x00\x07" EIGHT EIGHT), SILENCE,
		DP_C_drop_token_len},
	{"NON with its token cut off",
		B("\x58\x01\x00\x07"
		  "1234567"),
		SILENCE, DP_C_drop_short},
	{"NON, empty, with a token", B("\x51\x00\x00\x07t"), SILENCE,
		DP_C_drop_not_empty},
	{"NON with option delta 15", B(NON(GET) "\xf1x"), SILENCE, DP_C_drop_option},
	{"NON with a marker and no payload", B(NON(GET) HELLO "\xff"), SILENCE,
		DP_C_drop_no_payload},
	{"ACK with option delta 15", B(ACK("\x45") "\xf1x"), SILENCE, DP_C_drop_option},
	{"RST with a token", B("\x71\x00\x00\x07t"), SILENCE, DP_C_drop_not_empty},
	{"no byte", B(""), SILENCE, DP_C_drop_short},
	{"three bytes", B("\x40\x01\x00"), SILENCE, DP_C_drop_short},
	{"version 0", B("\x00\x01\x00\x07" HELLO), SILENCE, DP_C_drop_version},
	{"version 2", B("\x80\x01\x00\x07" HELLO), SILENCE, DP_C_drop_version},
	{"version 3", B("\xc0\x01\x00\x07" HELLO), SILENCE, DP_C_drop_version},

	/* 4.2, 4.3, 5.2: what is no request */
	{"CON of class 1", B(CON("\x20")), RST, DP_C_coap_rejected},
	{"CON of class 1, last", B(CON("\x3f")), RST, DP_C_coap_rejected},
	{"CON of class 6", B(CON("\xc0")), RST, DP_C_coap_rejected},
	{"CON of class 7", B(CON("\xe1")), RST, DP_C_coap_rejected},
	{"CON response 2.05", B(CON("\x45")), RST, DP_C_coap_response},
	{"CON response 4.04", B(CON("\x84")), RST, DP_C_coap_response},
	{"CON response 5.00", B(CON("\xa0")), RST, DP_C_coap_response},
	{"NON of class 1", B(NON("\x20")), SILENCE, DP_C_drop_reserved_class},
	{"NON of class 6", B(NON("\xc0")), SILENCE, DP_C_drop_reserved_class},
	{"NON of class 7", B(NON("\xff")), SILENCE, DP_C_drop_reserved_class},
	{"NON response", B(NON("\x45")), SILENCE, DP_C_coap_response},
	{"NON, empty", B(NON("\x00")), SILENCE, DP_C_drop_empty_non},
	{"ACK, empty", B(ACK("\x00")), SILENCE, DP_C_coap_ack},
	{"ACK with a response", B(ACK("\x45") "\xffx"), SILENCE, DP_C_coap_ack},
	{"ACK with a request", B(ACK(GET) HELLO), SILENCE, DP_C_coap_ack},
	{"ACK of class 7", B(ACK("\xe0")), SILENCE, DP_C_coap_ack},
	{"RST", B("\x70\x00\x00\x07"), SILENCE, DP_C_coap_rst},
	{"RST with a request", B("\x70\x01\x00\x07" HELLO), SILENCE, DP_C_coap_rst},

	/* requests */
	{"GET", B(CON(GET) HELLO), B(ACK("\x45") HI), DP_C_answered},
	{"GET, NON", B(NON(GET) HELLO), B(NON("\x45") HI), DP_C_answered},

	/* RFC 7967: what is not wanted is not sent; a CON is acknowledged */
	{"No-Response to 2.xx", B(CON(GET) HELLO "\xd1\xea\x02"), B(ACK("\0")),
		DP_C_suppressed_no_response},
	{"No-Response to 2.xx, NON", B(NON(GET) HELLO "\xd1\xea\x02"), SILENCE,
		DP_C_suppressed_no_response},
	{"No-Response to 2.xx, PUT", B(CON(PUT) TEST "\xd1\xea\x02"), B(ACK("\0")),
		DP_C_suppressed_no_response},
	{"No-Response to 4.xx", B(CON(GET) HELLO "\xd1\xea\x08"), B(ACK("\x45") HI),
		DP_C_answered},
	{"No-Response to nothing", B(CON(GET) HELLO "\xd0\xea"), B(ACK("\x45") HI),
		DP_C_answered},
	{"No-Response to all, 4.04", B(CON(GET) "\xd1\xf5\x1a"), B(ACK("\0")),
		DP_C_refused_404},
	{"No-Response to all, 4.04, NON", B(NON(GET) "\xd1\xf5\x1a"), SILENCE,
		DP_C_refused_404},
	{"No-Response to 2.xx, 4.04", B(CON(GET) "\xd1\xf5\x02"), B(ACK("\x84")),
		DP_C_refused_404},
	{"No-Response, ill-sized", B(CON(GET) HELLO "\xd2\xea\0\x02"), B(ACK("\x45") HI),
		DP_C_answered},
	{"No-Response twice: the first counts", B(CON(GET) HELLO "\xd1\xea\x08\x01\x02"),
		B(ACK("\x45") HI), DP_C_answered},

	/* RFC 8768, 3 */
	{"Hop-Limit 1", B(CON(GET) HELLO "\x51\x01"), B(ACK("\x45") HI), DP_C_answered},
	{"Hop-Limit 255", B(CON(GET) HELLO "\x51\xff"), B(ACK("\x45") HI), DP_C_answered},
	{"Hop-Limit 0", B(CON(GET) HELLO "\x51\x00"), B(ACK("\x80")), DP_C_refused_400},
	{"Hop-Limit, empty", B(CON(GET) HELLO "\x50"), B(ACK("\x80")), DP_C_refused_400},
	{"Hop-Limit over 255", B(CON(GET) HELLO "\x52\x01\x00"), B(ACK("\x80")),
		DP_C_refused_400},
	{"Hop-Limit twice: the first counts", B(CON(GET) HELLO "\x51\x01\x01\x00"),
		B(ACK("\x45") HI), DP_C_answered},
	{"Hop-Limit twice, the first 0", B(CON(GET) HELLO "\x51\x00\x01\x01"),
		B(ACK("\x80")), DP_C_refused_400},
	{"GET with a token of 8", B("\x48\x01\x00\x07" EIGHT HELLO),
		B("\x68\x45\x00\x07" EIGHT HI), DP_C_answered},
	{"GET with a payload", B(CON(GET) HELLO "\xffx"), B(ACK("\x45") HI),
		DP_C_answered},
	{"GET of three segments", B(CON(GET) "\xb4seg1\x04seg2\x04seg3"),
		B(ACK("\x45") ETAG_SEG "\xffseg"), DP_C_answered},
	{"GET with Max-Age in the answer", B(CON(GET) TEST),
		B(ACK("\x45") ETAG_TEST "\xa1\x09\xff"
					"all"),
		DP_C_answered},
	{"PUT", B(CON(PUT) TEST "\xffx"), B(ACK("\x44")), DP_C_answered},
	{"PUT, NON", B(NON(PUT) TEST "\xffx"), B(NON("\x44")), DP_C_answered},
	{"POST with a location", B(CON(POST) TEST),
		B(ACK("\x41") "\x81"
			      "a\x02"
			      "bc"),
		DP_C_answered},
	{"DELETE", B(CON(DELETE) TEST), B(ACK("\x42")), DP_C_answered},
	{"queries",
		B(CON(GET) QUERY "\x43"
				 "a=1\x03"
				 "b=2"),
		B(ACK("\x45") ETAG_A_B "\x80\xff"
				       "a=1\nb=2"),
		DP_C_answered},
	{"no query", B(CON(GET) QUERY), B(ACK("\x45") ETAG_NONE "\x80"), DP_C_answered},
	{"discovery",
		B(CON(GET) "\xbb.well-known\x04"
			   "core"),
		B(ACK("\x45") ETAG_LINKS "\x81\x28\xff" LINKS), DP_C_answered},
	{"discovery with Accept 40",
		B(CON(GET) "\xbb.well-known\x04"
			   "core\x61\x28"),
		B(ACK("\x45") ETAG_LINKS "\x81\x28\xff" LINKS), DP_C_answered},
	{"discovery with Accept 0",
		B(CON(GET) "\xbb.well-known\x04"
			   "core\x60"),
		B(ACK("\x86")), DP_C_refused_406},

	/* options */
	{"Accept 0", B(CON(GET) HELLO "\x60"), B(ACK("\x45") HI), DP_C_answered},
	{"Accept 0 in one byte", B(CON(GET) HELLO "\x61\x00"), B(ACK("\x45") HI),
		DP_C_answered},
	{"Uri-Host, Uri-Port", B(CON(GET) "\x31h\x41\x05\x45hello"), B(ACK("\x45") HI),
		DP_C_answered},
	{"elective: unknown", B(CON(GET) HELLO "\xe0\x25\xf8"), B(ACK("\x45") HI),
		DP_C_answered},
	{"elective: Observe of four bytes", B(CON(GET) "\x64\0\0\0\0\x55hello"),
		B(ACK("\x45") HI), DP_C_answered},
	{"elective: ETag of 9", B(CON(GET) "\x49" EIGHT "9\x75hello"), B(ACK("\x45") HI),
		DP_C_answered},
	{"elective: Content-Format of 3",
		B(CON(GET) HELLO "\x13"
				 "123"),
		B(ACK("\x45") HI), DP_C_answered},
	{"elective: Content-Format twice, first counts",
		B(CON(PUT) "\xb1"
			   "f\x10\x01\x3c\xffx"),
		B(ACK("\x41")), DP_C_answered},
	{"elective: Max-Age of 5",
		B(CON(GET) HELLO "\x35"
				 "12345"),
		B(ACK("\x45") HI), DP_C_answered},
	{"elective: Size1", B(CON(GET) HELLO "\xd0\x24"), B(ACK("\x45") HI),
		DP_C_answered},
	{"critical: unknown", B(CON(GET) HELLO "\xe0\x25\xf7"), B(BAD("9999")),
		DP_C_refused_402},
	{"critical: OSCORE", B(CON(GET) "\x90\x25hello"), B(BAD("9 (OSCORE)")),
		DP_C_refused_402},
	{"critical: Block2 of 4", B(CON(GET) HELLO "\xc4\x00\x00\x00\x00"),
		B(BAD("23 (Block2)")), DP_C_refused_402},
	{"critical: Block2 twice", B(CON(GET) HELLO "\xc0\x00"), B(BAD("23 (Block2)")),
		DP_C_refused_402},
	{"Block2 of a reserved size", B(CON(GET) HELLO "\xc1\x07"), B(ACK("\x80")),
		DP_C_refused_400},
	{"critical: Accept twice", B(CON(GET) HELLO "\x60\x00"), B(BAD("17 (Accept)")),
		DP_C_refused_402},
	{"critical: Accept of 3", B(CON(GET) HELLO "\x63\x00\x00\x00"),
		B(BAD("17 (Accept)")), DP_C_refused_402},
	{"critical: Uri-Host of 0", B(CON(GET) "\x30\x85hello"), B(BAD("3 (Uri-Host)")),
		DP_C_refused_402},
	{"critical: Uri-Host of 256", B(CON(GET) "\x3d\xf3" N256 "\x85hello"),
		B(BAD("3 (Uri-Host)")), DP_C_refused_402},
	{"critical: Uri-Host twice", B(CON(GET) "\x31h\x01h\x85hello"),
		B(BAD("3 (Uri-Host)")), DP_C_refused_402},
	{"critical: Uri-Port of 3",
		B(CON(GET) "\x73"
			   "123\x45hello"),
		B(BAD("7 (Uri-Port)")), DP_C_refused_402},
	{"critical: Uri-Port twice", B(CON(GET) "\x71p\x01p\x45hello"),
		B(BAD("7 (Uri-Port)")), DP_C_refused_402},
	{"critical: Uri-Path of 256", B(CON(GET) "\xbd\xf3" N256),
		B(BAD("11 (Uri-Path)")), DP_C_refused_402},
	{"critical: Uri-Query of 256", B(CON(GET) QUERY "\x4d\xf3" N256),
		B(BAD("15 (Uri-Query)")), DP_C_refused_402},
	{"critical: If-Match of 9", B(CON(GET) "\x19" EIGHT "9\xa5hello"),
		B(BAD("1 (If-Match)")), DP_C_refused_402},
	{"critical: If-None-Match of 1", B(CON(GET) "\x51x\x65hello"),
		B(BAD("5 (If-None-Match)")), DP_C_refused_402},
	{"critical: If-None-Match twice", B(CON(GET) "\x50\x00\x65hello"),
		B(BAD("5 (If-None-Match)")), DP_C_refused_402},
	{"critical: Proxy-Uri of 0", B(CON(GET) HELLO "\xd0\x0b"),
		B(BAD("35 (Proxy-Uri)")), DP_C_refused_402},
	{"critical: bad in a PUT", B(CON(PUT) TEST "\xe0\x25\xf7"), B(BAD("9999")),
		DP_C_refused_402},
	{"critical: unknown, NON", B(NON(GET) HELLO "\xe0\x25\xf7"), SILENCE,
		DP_C_rdrop_bad_option_non},
	{"critical: Accept twice, NON", B(NON(GET) HELLO "\x60\x00"), SILENCE,
		DP_C_rdrop_bad_option_non},

	/* what routes refuse */
	{"4.02: a dot segment", B(CON(GET) "\xb1.\x05hello"), B(BAD("11 (Uri-Path)")),
		DP_C_refused_402},
	{"4.02: a dot-dot segment", B(CON(GET) "\xb5hello\x02.."),
		B(BAD("11 (Uri-Path)")), DP_C_refused_402},
	{"4.04: three dots are a name", B(CON(GET) "\xb3..."), B(ACK("\x84")),
		DP_C_refused_404},
	{"4.12: If-None-Match of what is there", B(CON(GET) "\x50\x65hello"),
		B(ACK("\x8c")), DP_C_refused_412},
	{"4.12: If-Match of other content", B(CON(PUT) "\x18" EIGHT "\xa4test"),
		B(ACK("\x8c")), DP_C_refused_412},
	{"4.12: If-Match of a stream", B(CON(POST) "\x10\xa1t\x01x\xffx"), B(ACK("\x8c")),
		DP_C_refused_412},
	{"If-Match of anything that is there", B(CON(PUT) "\x10\xa4test"), B(ACK("\x44")),
		DP_C_answered},
	{"4.04", B(CON(GET) "\xb7nowhere"), B(ACK("\x84")), DP_C_refused_404},
	{"4.04, NON", B(NON(GET) "\xb7nowhere"), B(NON("\x84")), DP_C_refused_404},
	{"4.04 keeps the token", B("\x42\x01\x00\x07tk\xb7nowhere"),
		B("\x62\x84\x00\x07tk"), DP_C_refused_404},
	{"4.04: no path", B(CON(GET)), B(ACK("\x84")), DP_C_refused_404},
	{"4.04: a path goes on", B(CON(GET) HELLO "\x01x"), B(ACK("\x84")),
		DP_C_refused_404},
	{"4.04: a path stops early", B(CON(GET) "\xb4seg1\x04seg2"), B(ACK("\x84")),
		DP_C_refused_404},
	{"4.04: a device has a name", B(CON(POST) "\xb1t\x00\xffx"), B(ACK("\x84")),
		DP_C_refused_404},
	{"4.04: PUT", B(CON(PUT) "\xb7nowhere\xffx"), B(ACK("\x84")), DP_C_refused_404},
	{"4.05: PUT", B(CON(PUT) HELLO "\xffx"), B(ACK("\x85")), DP_C_refused_405},
	{"4.05: GET of a stream", B(CON(GET) "\xb1t\x01x"), B(ACK("\x85")),
		DP_C_refused_405},
	{"4.05: DELETE of a stream", B(CON(DELETE) "\xb1t\x01x"), B(ACK("\x85")),
		DP_C_refused_405},
	{"4.05: PUT of a listing",
		B(CON(PUT) "\xb1"
			   "d\x01x"),
		B(ACK("\x85")), DP_C_refused_405},
	{"4.05: method 0.05", B(CON("\x05") TEST), B(ACK("\x85")), DP_C_refused_405},
	{"4.05: method 0.31", B(CON("\x1f") TEST), B(ACK("\x85")), DP_C_refused_405},
	{"4.06", B(CON(GET) HELLO "\x61\x28"), B(ACK("\x86")), DP_C_refused_406},
	{"4.06: content without a format", B(CON(GET) TEST "\x60"), B(ACK("\x86")),
		DP_C_refused_406},
	{"4.06: queries", B(CON(GET) QUERY "\x61\x28"), B(ACK("\x86")), DP_C_refused_406},
	{"4.13 says what would be taken",
		B(CON(PUT) TEST "\xff"
				"123456789"),
		B(ACK("\x8d") "\xd1\x2f\x08"), DP_C_refused_413},
	{"4.15",
		B(CON(PUT) "\xb1"
			   "f\x11\x3c\xffx"),
		B(ACK("\x8f")), DP_C_refused_415},
	{"4.15: no format",
		B(CON(PUT) "\xb1"
			   "f\xffx"),
		B(ACK("\x8f")), DP_C_refused_415},
	{"5.05: Proxy-Uri",
		B(CON(GET) "\xd6\x16"
			   "coap:h"),
		B(ACK("\xa5")), DP_C_refused_505},
	{"5.05: Proxy-Scheme",
		B(CON(GET) "\xb5hello\xd4\x0f"
			   "coap"),
		B(ACK("\xa5")), DP_C_refused_505},
	{"5.05: NON",
		B(NON(GET) "\xd6\x16"
			   "coap:h"),
		B(NON("\xa5")), DP_C_refused_505},
};

static void
answer(void **state)
{
	const struct row *r = *state;

	gw_ask(r->say, r->hear);
	gw_counted(r->counter, 1);
	gw_counted(DP_C_rx_frames, 1);
	gw_counted(DP_C_tx_frames, r->hear.len > 0);
	gw_counted(
		DP_C_rst_sent, r->hear.len > 0 && *(const uint8_t *)r->hear.at == 0x70);
}

/* Nothing that a group of receivers is sent is answered at once (RFC 7252, 8): neither
 * with RST nor with an error; dp_group has what is answered later. */
static void
group(void **state)
{
	const struct flow w = flow_to(*state);

	for (size_t i = 0; i < COUNT(rows); i++)
		gw_say(&w, rows[i].say);
	gw_expect_silence();
	gw_counted(DP_C_rx_frames, COUNT(rows));
	gw_counted(DP_C_drop_ip_not_ours, 0);
	gw_counted(DP_C_answered, 0);
	assert_true(gw_counter(DP_C_rdrop_multicast) > 50);
}

/* ---- limits ---- */

static void
limit_errors(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->error_rate = 4;
	s->error_burst = 2;
}

static const struct bytes ping = B("\x40\x00\x00\x07"), rst = RST, silence = SILENCE,
			  nowhere = B(CON(GET) "\xb7nowhere"), not_found = B(ACK("\x84")),
			  hello = B(CON(GET) HELLO), hi = B(ACK("\x45") HI);

static void
rst_are_limited(void **state)
{
	(void)state;
	gw_reopen(limit_errors);
	gw_ask(ping, rst);
	gw_ask(ping, rst);
	gw_ask(ping, silence);
	gw_counted(DP_C_coap_ping, 3);
	gw_counted(DP_C_rst_limited, 1);
}

static void
errors_are_limited(void **state)
{
	(void)state;
	gw_reopen(limit_errors);
	gw_ask(nowhere, not_found);
	gw_ask(ping, rst);
	gw_ask(nowhere, silence);
	gw_counted(DP_C_refused_404, 1);
	gw_counted(DP_C_rdrop_error_rate, 1);
}

static void
limit_is_the_source_address(void **state)
{
	struct flow other_port, other_address;

	(void)state;
	gw_reopen(limit_errors);
	other_port = other_address = gw.flow;
	other_port.sport = 50000;
	other_address.src[gw.flow.v6 ? 15 : 3] = 77;
	gw_ask(ping, rst);
	gw_ask(ping, rst);
	gw_say(&other_port, ping);
	gw_expect_silence();
	gw_say(&other_address, ping);
	gw_hear(&other_address, rst);
}

static void
limit_spares_answers(void **state)
{
	(void)state;
	gw_reopen(limit_errors);
	for (int i = 0; i < 5; i++)
		gw_ask(hello, hi);
	gw_ask(ping, rst);
	gw_ask(ping, rst);
	gw_ask(ping, silence);
	gw_ask(hello, hi);
}

static void
limit_gives_way_with_time(void **state)
{
	(void)state;
	gw_reopen(limit_errors);
	gw_ask(ping, rst);
	gw_ask(ping, rst);
	gw_ask(ping, silence);
	rte_delay_us_sleep(300000); /* at 4 a second there is one more, not two */
	gw_ask(ping, rst);
	gw_ask(ping, silence);
}

/* ---- the rest ---- */

/* What a record and the store have room for, and a byte more. */
static void
longest_path(void **state)
{
	uint8_t path[1100];

	(void)state;
	gw_ask(coap(T_CON, TG_PUT, 7, (struct bytes){path, long_path_write(path, 248)}),
		coap(T_ACK, TG_CREATED, 7, (struct bytes){0}));
	gw_ask(coap(T_CON, TG_PUT, 8, (struct bytes){path, long_path_write(path, 249)}),
		coap(T_ACK, TG_BAD_REQUEST, 8, (struct bytes){0}));
	gw_counted(DP_C_refused_400, 1);
}

static void
time_is_rfc3339(void **state)
{
	const size_t len = strlen("2026-01-02T03:04:05.678Z");
	const struct flow back = flow_back(&gw.flow);
	unsigned at = ETH + (back.v6 ? IP6 : IP4) + UDP;
	struct bytes want;
	struct frame f;
	char text[32];
	struct tm tm;

	(void)state;
	gw_say(&gw.flow, BYTES_OF(CON(GET) "\xb4"
					   "time"));
	assert_true(gw_take(&f));
	memcpy(text, f.byte + f.len - len, len);
	want = coap(T_ACK, TG_CONTENT, 7,
		gw_content(TG_CF_TEXT, 0, (struct bytes){text, len}));
	assert_int_equal(f.len - at, want.len);
	assert_memory_equal(f.byte + at, want.at, want.len);
	assert_memory_equal(text + 23, "Z", 1);
	text[19] = '\0';
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	assert_true(llabs((long long)timegm(&tm) - (long long)time(NULL)) <= 2);
}

static void
drained(void **state)
{
	(void)state;
	assert_true(dp_drain(gw.dp, 0));
	gw_ask(hello, silence);
	gw_counted(DP_C_rdrop_draining, 1);
	gw_ask(ping, rst);
}

/* What ran before it is answered again: the ACK may have been lost. */
static void
drained_and_asked_again(void **state)
{
	const struct bytes post = BYTES_OF("\xb1r\x04"
					   "dev?\xffx");

	(void)state;
	gw_ask(coap(T_CON, TG_POST, 7, post), coap(T_ACK, TG_CHANGED, 7, silence));
	gw_ask(coap(T_NON, TG_POST, 8, post), coap(T_NON, TG_CHANGED, 8, silence));
	gw_log_read();
	gw_log_settle(0);
	assert_true(dp_drain(gw.dp, 0));
	gw_ask(coap(T_CON, TG_POST, 7, post), coap(T_ACK, TG_CHANGED, 7, silence));
	gw_counted(DP_C_dup_replayed, 1);
	gw_ask(coap(T_NON, TG_POST, 8, post), silence);
	gw_counted(DP_C_dup_non_ignored, 1);
	gw_ask(coap(T_CON, TG_POST, 9, post), silence);
	gw_counted(DP_C_rdrop_draining, 1);
}

/* A zero sum stands for "none": it must go out as its other form (RFC 768). */
static void
sum_of_zero(void **state)
{
	const struct flow back = flow_back(&gw.flow);
	unsigned at = ETH + (back.v6 ? IP6 : IP4) + 6;
	uint8_t reset[4] = {0x70, 0, 0, 0}, request[4] = {0x40, 0, 0, 0};
	struct frame want;

	(void)state;
	for (unsigned mid = 0; mid <= UINT16_MAX; mid++) {
		request[2] = reset[2] = (uint8_t)(mid >> 8);
		request[3] = reset[3] = (uint8_t)mid;
		frame_udp(&want, &back, reset, sizeof(reset));
		if (want.byte[at] == 0xff && want.byte[at + 1] == 0xff)
			break;
	}
	assert_int_equal(want.byte[at] << 8 | want.byte[at + 1], 0xffff);
	gw_ask((struct bytes){request, 4}, (struct bytes){reset, 4});
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, handed over", 2, false, 1, 0},
	{"IPv6, two workers, handed over", 2, true, 1, 0},
	{"IPv4, two workers, at home", 2, false, 0, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(tos) + 16] = {
		cmocka_unit_test(rst_are_limited),
		cmocka_unit_test(errors_are_limited),
		cmocka_unit_test(limit_is_the_source_address),
		cmocka_unit_test(limit_spares_answers),
		cmocka_unit_test(limit_gives_way_with_time),
		cmocka_unit_test(longest_path),
		cmocka_unit_test(time_is_rfc3339),
		cmocka_unit_test(drained),
		cmocka_unit_test(drained_and_asked_again),
		cmocka_unit_test(sum_of_zero),
	};
	size_t n = 10;

	ADD_ROWS(tests, &n, rows, answer);
	ADD_ROWS(tests, &n, tos, group);
	return gw_main("dp_msg", settings, COUNT(settings), tests, n);
}
