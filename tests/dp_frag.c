/* IP fragments: merged, refused, given up (RFC 791, 3.2; RFC 8200, 4.5). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define PIECES_MAX 9
#define LEN 1024 /* bytes of the UDP datagram that is cut up */
#define ID 0x1234

struct piece {
	unsigned from, to;
	bool more;
};
#define MORE true
#define LAST false

/* What becomes of a POST that comes in pieces.  What is left over is given up in time. */
static const struct row {
	const char *name;
	struct piece piece[PIECES_MAX];
	unsigned pieces;
	bool answered;
	unsigned merged;  /* counted as fragments */
	unsigned dropped; /* counted as drop_fragment, once time is over */
} rows[] = {
	{"in order", {{0, 512, MORE}, {512, LEN, LAST}}, 2, true, 1, 0},
	{"the last first", {{512, LEN, LAST}, {0, 512, MORE}}, 2, true, 1, 0},
	{"three, the middle last", {{0, 256, MORE}, {512, LEN, LAST}, {256, 512, MORE}},
		3, true, 2, 0},
	{"a first piece of 8 bytes", {{0, 8, MORE}, {8, LEN, LAST}}, 2, true, 1, 0},
	{"a last piece of a byte", {{0, 1016, MORE}, {1016, 1017, LAST}}, 2, false, 1, 0},
	{"eight",
		{{0, 128, MORE}, {128, 256, MORE}, {256, 384, MORE}, {384, 512, MORE},
			{512, 640, MORE}, {640, 768, MORE}, {768, 896, MORE},
			{896, LEN, LAST}},
		8, true, 7, 0},
	{"nine are too many",
		{{0, 104, MORE}, {104, 208, MORE}, {208, 312, MORE}, {312, 416, MORE},
			{416, 520, MORE}, {520, 624, MORE}, {624, 728, MORE},
			{728, 832, MORE}, {832, LEN, LAST}},
		9, false, 0, 9},
	{"the first alone", {{0, 512, MORE}}, 1, false, 0, 1},
	{"the last alone", {{512, LEN, LAST}}, 1, false, 0, 1},
	{"a hole", {{0, 256, MORE}, {512, LEN, LAST}}, 2, false, 0, 2},
	{"they overlap", {{0, 520, MORE}, {512, LEN, LAST}}, 2, false, 0, 2},
	{"they overlap and leave a hole",
		{{0, 512, MORE}, {256, 512, MORE}, {768, LEN, LAST}}, 3, false, 0, 3},
	{"a length that is no multiple of 8", {{0, 508, MORE}, {512, LEN, LAST}}, 2,
		false, 0, 2},
	{"a piece of nothing", {{0, 512, MORE}, {512, 512, MORE}, {512, LEN, LAST}}, 3,
		true, 1, 1},
};

static uint8_t datagram[LEN + 1024];

/* A POST that is answered at once. */
static const struct bytes begin = B("\x40\x02\x00\x07\xb1r\x04"
				    "devx\xff");

static size_t
make_datagram(const struct flow *w, size_t len)
{
	uint8_t message[sizeof(datagram)];

	memset(message, 'x', sizeof(message));
	memcpy(message, begin.at, begin.len);
	return udp_write(datagram, w, message, len - UDP);
}

static void
send_piece(const struct flow *to, uint8_t proto, const struct piece *p, uint32_t id)
{
	uint8_t ext[8] = {proto, 0, (uint8_t)(p->from >> 8),
		(uint8_t)((p->from & 0xf8) | p->more), (uint8_t)(id >> 24),
		(uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
	struct flow w = *to;
	struct frame f;

	w.id = (uint16_t)id;
	w.frag = (uint16_t)(p->from / 8 | p->more << 13);
	if (w.v6) {
		w.extra = (struct bytes){ext, sizeof(ext)};
		w.extra_proto = P_FRAGMENT;
	}
	frame_ip(&f, &w, proto, datagram + p->from, p->to - p->from);
	gw_send(&f);
	gw_turn();
}

static void
fragments(void **state)
{
	const struct row *r = *state;

	make_datagram(&gw.flow, LEN);
	for (unsigned i = 0; i < r->pieces; i++)
		send_piece(&gw.flow, P_UDP, &r->piece[i], ID);
	if (r->answered)
		gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
	gw_expect_silence();
	assert_true(gw_books_close());
	gw_expire_fragments();
	gw_counted(DP_C_rx_frames, r->pieces);
	gw_counted(DP_C_fragments, r->merged);
	gw_counted(DP_C_drop_fragment, r->dropped);
	gw_counted(DP_C_executed, r->answered);
}

/* ---- what belongs together ---- */

static const struct piece first = {0, 512, MORE}, last = {512, LEN, LAST};

static void
too_late(void **state)
{
	(void)state;
	make_datagram(&gw.flow, LEN);
	send_piece(&gw.flow, P_UDP, &first, ID);
	gw_expire_fragments();
	gw_counted(DP_C_drop_fragment, 1);
	send_piece(&gw.flow, P_UDP, &last, ID);
	gw_expect_silence();
	gw_expire_fragments();
	gw_counted(DP_C_drop_fragment, 2);
}

static void
two_at_a_time(void **state)
{
	struct flow other = gw.flow;

	(void)state;
	other.src[gw.flow.v6 ? 15 : 3] = 77;
	make_datagram(&gw.flow, LEN);
	send_piece(&gw.flow, P_UDP, &first, ID);
	send_piece(&gw.flow, P_UDP, &last, ID + 1); /* of another datagram */
	make_datagram(&other, LEN);
	send_piece(&other, P_UDP, &first, ID + 1); /* from another source */
	gw_expect_silence();
	send_piece(&other, P_UDP, &last, ID + 1);
	gw_hear(&other, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
	make_datagram(&gw.flow, LEN);
	send_piece(&gw.flow, P_UDP, &last, ID);
	gw_hear(&gw.flow, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
	gw_expire_fragments();
	gw_counted(DP_C_drop_fragment, 1);
}

static void
merged_with_a_wrong_sum(void **state)
{
	(void)state;
	make_datagram(&gw.flow, LEN);
	send_piece(&gw.flow, P_UDP, &first, ID);
	datagram[1000] ^= 1;
	send_piece(&gw.flow, P_UDP, &last, ID);
	gw_expect_silence();
	gw_counted(DP_C_drop_udp_checksum, 1);
}

/* Longer than a message may be, and longer than a packet buffer. */
static void
too_long(void **state)
{
	(void)state;
	make_datagram(&gw.flow, 1600);
	send_piece(&gw.flow, P_UDP, &(struct piece){0, 1000, MORE}, ID);
	send_piece(&gw.flow, P_UDP, &(struct piece){1000, 1600, LAST}, ID);
	gw_expect_silence();
	gw_counted(DP_C_drop_too_long, 1);
	make_datagram(&gw.flow, sizeof(datagram));
	send_piece(&gw.flow, P_UDP, &(struct piece){0, 1000, MORE}, ID);
	send_piece(&gw.flow, P_UDP, &(struct piece){1000, 2000, MORE}, ID);
	send_piece(&gw.flow, P_UDP, &(struct piece){2000, sizeof(datagram), LAST}, ID);
	gw_expect_silence();
	gw_counted(DP_C_drop_too_long, 2);
	gw_counted(DP_C_fragments, 3);
}

/* A header of options in the first piece goes, and the datagram stays. */
static void
options_in_fragments(void **state)
{
	struct flow w = gw.v4;

	(void)state;
	w.extra = BYTES_OF("\1\1\1\0");
	make_datagram(&gw.v4, LEN);
	send_piece(&w, P_UDP, &first, ID);
	send_piece(&w, P_UDP, &last, ID);
	gw_hear(&gw.v4, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
}

/* A packet that says it is a fragment and is whole (RFC 8200, 4.5; RFC 6946). */
static void
atomic_fragment(void **state)
{
	(void)state;
	make_datagram(&gw.v6, LEN);
	send_piece(&gw.v6, P_UDP, &(struct piece){0, LEN, LAST}, ID);
	gw_hear(&gw.v6, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
}

/* Destination options may stand behind the fragment header (RFC 8200, 4.1). */
static void
options_behind_the_fragment_header(void **state)
{
	static const uint8_t options[8] = {P_UDP, 0, 1, 4};
	uint8_t ext[8] = {P_OPTIONS, 0, 0, 1, 0, 0, 0, 9};
	struct flow w = gw.v6;
	struct frame f;
	size_t len = make_datagram(&gw.v6, LEN);

	(void)state;
	memmove(datagram + 8, datagram, len);
	memcpy(datagram, options, 8);
	w.extra = (struct bytes){ext, sizeof(ext)};
	w.extra_proto = P_FRAGMENT;
	frame_ip(&f, &w, P_UDP, datagram, 512);
	gw_send(&f);
	ext[2] = 512 >> 8;
	ext[3] = 0;
	frame_ip(&f, &w, P_UDP, datagram + 512, len + 8 - 512);
	gw_send(&f);
	gw_turn();
	gw_hear(&gw.v6, coap(T_ACK, TG_CHANGED, 7, (struct bytes){0}));
}

/* A message behind so many options that what goes over its end would leave its buffer. */
static void
options_fill_the_buffer(void **state)
{
	static const uint8_t message[] = {0x40, 2, 0, 9, 0xb1, 't', 1, 'a'};
	static const uint16_t options[] = {1920, 1968};

	(void)state;
	for (unsigned i = 0; i < COUNT(options); i++) {
		size_t len = udp_write(
			datagram + options[i], &gw.v6, message, sizeof(message));

		memset(datagram, 0, options[i]);
		datagram[0] = P_UDP;
		datagram[1] = (uint8_t)(options[i] / 8 - 1);
		send_piece(&gw.v6, P_OPTIONS, &(struct piece){0, 1440, MORE}, ID + i);
		send_piece(&gw.v6, P_OPTIONS,
			&(struct piece){1440, (unsigned)(options[i] + len), LAST},
			ID + i);
		gw_counted(DP_C_drop_too_long, i);
		gw_counted(DP_C_requests, 1);
	}
}

/* An echo that came in fragments, answered where the answer fits a frame. */
static void
echo_in_fragments(void **state)
{
	static const uint16_t lens[] = {1400, 1460, 1480, 1481, 1600};
	unsigned header = gw.flow.v6 ? IP6 : IP4, answered = 0;
	uint8_t type = gw.flow.v6 ? 0x80 : 8;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < COUNT(lens); i++) {
		uint8_t echo[1600] = {type, 0, 0, 0, 0x12, 0x34, 0, 1};

		icmp_write(datagram, &gw.flow, echo, lens[i]);
		send_piece(&gw.flow, gw.flow.v6 ? P_ICMP6 : P_ICMP,
			&(struct piece){0, 1000, MORE}, i);
		send_piece(&gw.flow, gw.flow.v6 ? P_ICMP6 : P_ICMP,
			&(struct piece){1000, lens[i], LAST}, i);
		if (lens[i] + header > 1500)
			continue;
		answered++;
		assert_true(gw_take(&f));
		assert_int_equal(f.len, ETH + header + lens[i]);
	}
	gw_expect_silence();
	gw_counted(DP_C_icmp_echo, answered);
	gw_counted(DP_C_drop_too_long, COUNT(lens) - answered);
}

/* Many half datagrams: the table fills, nothing leaks, and each is given up in the end.
 */
static void
many_halves(void **state)
{
	const unsigned many = 900;

	(void)state;
	make_datagram(&gw.flow, LEN);
	for (unsigned id = 0; id < many; id++)
		send_piece(&gw.flow, P_UDP, &first, id);
	gw_expect_silence();
	gw_expire_fragments();
	gw_counted(DP_C_drop_fragment, many);
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, handed over", 2, false, 1, 0},
	{"IPv6, two workers, handed over", 2, true, 1, 0},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 17] = {
		cmocka_unit_test(too_late),
		cmocka_unit_test(two_at_a_time),
		cmocka_unit_test(merged_with_a_wrong_sum),
		cmocka_unit_test(too_long),
		cmocka_unit_test(options_in_fragments),
		cmocka_unit_test(atomic_fragment),
		cmocka_unit_test(options_behind_the_fragment_header),
		cmocka_unit_test(options_fill_the_buffer),
		cmocka_unit_test(echo_in_fragments),
		cmocka_unit_test(many_halves),
	};
	size_t n = 10;

	ADD_ROWS(tests, &n, rows, fragments);
	return gw_main("dp_frag", settings, COUNT(settings), tests, n);
}
