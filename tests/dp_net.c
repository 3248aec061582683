/* The host stack: what reaches CoAP, what is dropped and by which name (RFC 791, 8200,
 * 768). */
#include "dataplane/net_internal.h"
#include "tests/dp_fixture.h"

#define HELLO B("\x40\x01\x00\x07\xb5hello")
#define HI                                                                               \
	B("\x60\x45\x00\x07" ETAG_HELLO "\x80\xff"                                       \
	  "hi")
#define NOTHING                                                                          \
	{                                                                                \
		NULL, 0                                                                  \
	}
#define IP ETH /* where the headers begin in an untagged frame */
#define UDP4 (ETH + IP4)
#define UDP6 (ETH + IP6)

static const struct bytes hello = HELLO, hi = HI;

/* A good request with a few bytes changed. */
static const struct fault_row {
	const char *name;
	bool v6;
	uint16_t at;      /* where in the frame */
	struct bytes put; /* what is put there */
	bool sums;        /* make the sums good again */
	uint16_t len;     /* of the frame then; 0: as it was */
	enum dp_counter counter;
} faults[] = {
	{"13 bytes", false, 0, NOTHING, false, 13, DP_C_drop_frame_short},
	{"an IPv4 header cut off", false, 0, NOTHING, false, UDP4 - 1,
		DP_C_drop_frame_short},
	{"a tag cut off", false, 12, B("\x81\x00"), false, 17, DP_C_drop_frame_short},
	{"another's link address", false, 0, B("\x02\x00\x00\x00\x00\x09"), false, 0,
		DP_C_drop_ether_dst},
	{"an unknown EtherType", false, 12, B("\x88\xcc"), false, 0,
		DP_C_drop_ether_type},
	{"an 802.3 length", false, 12, B("\x00\x30"), false, 0, DP_C_drop_ether_type},
	{"version 5", false, IP, B("\x55"), true, 0, DP_C_drop_ip_header},
	{"a header of 16 bytes", false, IP, B("\x44"), true, 0, DP_C_drop_ip_header},
	{"a header longer than the packet", false, IP, B("\x4f"), true, 0,
		DP_C_drop_ip_header},
	{"total length under the header's", false, IP + 2, B("\x00\x13"), true, 0,
		DP_C_drop_ip_header},
	{"total length over the frame", false, IP + 2, B("\x00\x27"), true, 0,
		DP_C_drop_ip_header},
	{"time to live 0", false, IP + 8, B("\x00"), true, 0, DP_C_drop_ip_header},
	{"a wrong header sum", false, IP + 10, B("\x12\x34"), false, 0,
		DP_C_drop_ip_checksum},
	{"from nobody", false, IP + 12, B("\x00\x00\x00\x00"), true, 0,
		DP_C_drop_ip_source},
	{"from this network", false, IP + 12, B("\x00\x01\x02\x03"), true, 0,
		DP_C_drop_ip_source},
	{"from loopback", false, IP + 12, B("\x7f\x00\x00\x01"), true, 0,
		DP_C_drop_ip_source},
	{"from a group", false, IP + 12, B("\xe0\x00\x00\x01"), true, 0,
		DP_C_drop_ip_source},
	{"from class E", false, IP + 12, B("\xf0\x00\x00\x01"), true, 0,
		DP_C_drop_ip_source},
	{"from broadcast", false, IP + 12, B("\xff\xff\xff\xff"), true, 0,
		DP_C_drop_ip_source},
	{"from the subnet's broadcast", false, IP + 12, B("\xc6\x13\xff\xff"), true, 0,
		DP_C_drop_ip_source},
	{"from ourselves", false, IP + 12, B("\xc6\x12\x00\x01"), true, 0,
		DP_C_drop_ip_source},
	{"to a neighbour", false, IP + 16, B("\xc6\x12\x00\x03"), true, 0,
		DP_C_drop_ip_not_ours},
	{"to another group", false, IP + 16, B("\xe0\x00\x00\x01"), true, 0,
		DP_C_drop_ip_not_ours},
	{"TCP", false, IP + 9, B("\x06"), true, 0, DP_C_drop_ip_protocol},
	{"no room for a UDP header", false, IP + 2, B("\x00\x1b"), true, 0,
		DP_C_drop_udp_header},
	{"UDP length 7", false, UDP4 + 4, B("\x00\x07"), false, 0, DP_C_drop_udp_header},
	{"UDP length over IP's", false, UDP4 + 4, B("\x00\x13"), false, 0,
		DP_C_drop_udp_header},
	{"another UDP port", false, UDP4 + 2, B("\x16\x34"), true, 0, DP_C_drop_udp_port},
	{"UDP port 0", false, UDP4, B("\x00\x00"), true, 0, DP_C_drop_udp_port},
	{"a wrong UDP sum", false, UDP4 + 6, B("\x12\x34"), false, 0,
		DP_C_drop_udp_checksum},
	{"a byte of the payload changed", false, UDP4 + 17, B("0"), false, 0,
		DP_C_drop_udp_checksum},

	{"an IPv6 header cut off", true, 0, NOTHING, false, UDP6 - 1,
		DP_C_drop_frame_short},
	{"IPv6: version 4", true, IP, B("\x40"), false, 0, DP_C_drop_ip_header},
	{"IPv6: payload over the frame", true, IP + 4, B("\x00\x13"), true, 0,
		DP_C_drop_ip_header},
	{"IPv6: hop limit 0", true, IP + 7, B("\x00"), true, 0, DP_C_drop_ip_header},
	{"IPv6: from a group", true, IP + 8, B("\xff"), true, 0, DP_C_drop_ip_source},
	{"IPv6: from nobody", true, IP + 8, B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), true,
		0, DP_C_drop_ip_source},
	{"IPv6: from loopback", true, IP + 8, B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), true,
		0, DP_C_drop_ip_source},
	{"IPv6: from an IPv4 address", true, IP + 8,
		B("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x12\0\2"), true, 0,
		DP_C_drop_ip_source},
	{"IPv6: from ourselves", true, IP + 23, B("\1"), true, 0, DP_C_drop_ip_source},
	{"IPv6: to a neighbour", true, IP + 39, B("\x03"), true, 0,
		DP_C_drop_ip_not_ours},
	{"IPv6: to another group", true, IP + 24, B("\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
		true, 0, DP_C_drop_ip_not_ours},
	{"IPv6: CoAP to a solicited-node group", true, IP + 24,
		B("\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0\1"), true, 0,
		DP_C_drop_ip_protocol},
	{"IPv6: TCP", true, IP + 6, B("\x06"), true, 0, DP_C_drop_ip_protocol},
	{"IPv6: no next header", true, IP + 6, B("\x3b"), false, 0,
		DP_C_drop_ip_protocol},
	{"IPv6: no room for a UDP header", true, IP + 4, B("\x00\x07"), false, 0,
		DP_C_drop_udp_header},
	{"IPv6: an extension header cut off", true, IP + 4, B("\x00\x07\x3c"), false, 0,
		DP_C_drop_ip_header},
	{"IPv6: a fragment header cut off", true, IP + 4, B("\x00\x07\x2c"), false, 0,
		DP_C_drop_ip_header},
	{"IPv6: an extension header over the payload", true, IP + 6, B("\x00"), false, 0,
		DP_C_drop_ip_header},
	{"IPv6: UDP length 7", true, UDP6 + 4, B("\x00\x07"), false, 0,
		DP_C_drop_udp_header},
	{"IPv6: UDP length over IP's", true, UDP6 + 4, B("\x00\x13"), false, 0,
		DP_C_drop_udp_header},
	{"IPv6: no UDP sum", true, UDP6 + 6, B("\x00\x00"), false, 0,
		DP_C_drop_udp_checksum},
	{"IPv6: a wrong UDP sum", true, UDP6 + 6, B("\x12\x34"), false, 0,
		DP_C_drop_udp_checksum},
	{"IPv6: another UDP port", true, UDP6 + 2, B("\x16\x34"), true, 0,
		DP_C_drop_udp_port},
	{"IPv6: UDP port 0", true, UDP6, B("\x00\x00"), true, 0, DP_C_drop_udp_port},
};

static void
fault(void **state)
{
	const struct fault_row *r = *state;
	struct frame f;

	frame_udp(&f, r->v6 ? &gw.v6 : &gw.v4, hello.at, hello.len);
	if (r->put.len > 0)
		memcpy(f.byte + r->at, r->put.at, r->put.len);
	if (r->sums)
		frame_sums(&f);
	if (r->len > 0)
		f.len = r->len;
	gw_send(&f);
	gw_turn();
	gw_expect_silence();
	gw_counted(r->counter, 1);
	gw_counted(DP_C_rx_frames, 1);
}

/* ---- what is heard all the same ---- */

#define PAD(next)                                                                        \
	next "\x00\x01\x04\x00\x00\x00\x00" /* an extension header that says nothing */
#define UDP_NEXT "\x11"

static const struct heard_row {
	const char *name;
	bool v6;
	uint16_t tag;
	struct bytes extra; /* IPv4 options, IPv6 extension headers */
	uint8_t extra_proto;
	uint16_t at;
	struct bytes put;
	bool sums;
	uint16_t len; /* of the frame, padded */
} heard[] = {
	{"a plain request", false, 0, NOTHING, 0, 0, NOTHING, false, 0},
	{"padding", false, 0, NOTHING, 0, 0, NOTHING, false, 60},
	{"much padding", false, 0, NOTHING, 0, 0, NOTHING, false, 1514},
	{"time to live 1", false, 0, NOTHING, 0, IP + 8, B("\x01"), true, 0},
	{"traffic class and identification", false, 0, NOTHING, 0, IP + 1,
		B("\xb8\0\x26\xab\xcd"), true, 0},
	{"do not fragment", false, 0, NOTHING, 0, IP + 6, B("\x40\x00"), true, 0},
	{"an IPv4 option", false, 0, B("\1\1\1\0"), 0, 0, NOTHING, false, 0},
	{"40 bytes of IPv4 options", false, 0,
		B("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
		  "\1\1\1\1\0"),
		0, 0, NOTHING, false, 0},
	{"an IPv4 option, padded", false, 0, B("\1\1\1\0"), 0, 0, NOTHING, false, 60},
	{"an IPv4 option, tagged", false, 5, B("\1\1\1\0"), 0, 0, NOTHING, false, 0},
	{"no UDP sum", false, 0, NOTHING, 0, UDP4 + 6, B("\0\0"), false, 0},
	{"VLAN 5", false, 5, NOTHING, 0, 0, NOTHING, false, 0},
	{"VLAN 4094", false, 4094, NOTHING, 0, 0, NOTHING, false, 0},
	{"VLAN 5, padded", false, 5, NOTHING, 0, 0, NOTHING, false, 64},
	{"a priority tag", false, 0xe000, NOTHING, 0, 0, NOTHING, false, 0},
	{"IPv6: a plain request", true, 0, NOTHING, 0, 0, NOTHING, false, 0},
	{"IPv6: padding", true, 0, NOTHING, 0, 0, NOTHING, false, 80},
	{"IPv6: a flow label", true, 0, NOTHING, 0, IP, B("\x6b\x8a\xbc\xde"), false, 0},
	{"IPv6: hop limit 1", true, 0, NOTHING, 0, IP + 7, B("\1"), false, 0},
	{"IPv6: VLAN 5", true, 5, NOTHING, 0, 0, NOTHING, false, 0},
	{"IPv6: hop-by-hop options", true, 0, B(PAD(UDP_NEXT)), 0, 0, NOTHING, false, 0},
	{"IPv6: destination options", true, 0, B(PAD(UDP_NEXT)), P_OPTIONS, 0, NOTHING,
		false, 0},
	{"IPv6: both", true, 0, B(PAD("\x3c") PAD(UDP_NEXT)), 0, 0, NOTHING, false, 0},
	{"IPv6: a router alert, and Pad1", true, 0, B(UDP_NEXT "\0\5\2\0\0\0\0"), 0, 0,
		NOTHING, false, 0},
	{"IPv6: an extension header of 16 bytes", true, 0,
		B(UDP_NEXT "\1\1\x0c\0\0\0\0\0\0\0\0\0\0\0\0"), P_OPTIONS, 0, NOTHING,
		false, 0},
	{"IPv6: options and padding, tagged", true, 5, B(PAD(UDP_NEXT)), 0, 0, NOTHING,
		false, 100},
};

static void
is_heard(void **state)
{
	const struct heard_row *r = *state;
	struct flow w = r->v6 ? gw.v6 : gw.v4;
	struct frame f;

	w.tag = r->tag;
	w.extra = r->extra;
	w.extra_proto = r->extra_proto;
	frame_udp(&f, &w, hello.at, hello.len);
	if (r->put.len > 0)
		memcpy(f.byte + r->at, r->put.at, r->put.len);
	if (r->sums)
		frame_sums(&f);
	for (; f.len < r->len; f.len++)
		f.byte[f.len] = 0xee;
	gw_send(&f);
	gw_turn();
	gw_hear(&w, hi);
	gw_expect_silence();
	gw_counted(DP_C_rx_bytes, f.len);
	gw_counted(DP_C_answered, 1);
}

/* Options that say what to do with the packet if they are unknown (RFC 8200, 4.2). */
static const struct option_row {
	const char *name;
	struct bytes extra;
} options[] = {
	{"IPv6: an option to discard for", B(UDP_NEXT "\0\x45\4\0\0\0\0")},
	{"IPv6: an option to complain of", B(UDP_NEXT "\0\x85\4\0\0\0\0")},
	{"IPv6: an option to complain of to one", B(UDP_NEXT "\0\xc5\4\0\0\0\0")},
	{"IPv6: an option over the header's end", B(UDP_NEXT "\0\1\5\0\0\0\0")},
	{"IPv6: an option without a length", B(UDP_NEXT "\0\1\3\0\0\0\5")},
};

static void
is_discarded(void **state)
{
	const struct option_row *r = *state;
	struct flow w = gw.v6;

	w.extra = r->extra;
	gw_say(&w, hello);
	gw_expect_silence();
	gw_counted(DP_C_drop_ip_header, 1);
}

/* ---- lengths ---- */

static void
longest_and_longer(void **state)
{
	const struct flow *w = &gw.flow;
	uint8_t m[1473] = "\x40\x02\x00\x07\xb4test\xff";

	(void)state;
	memset(m + 10, 'x', sizeof(m) - 10);
	gw_say(w, (struct bytes){m, 1472});
	gw_hear(w, BYTES_OF("\x60\x8d\x00\x07\xd1\x2f\x08"));
	gw_say(w, (struct bytes){m, 1473});
	gw_expect_silence();
	gw_counted(DP_C_drop_too_long, 1);
}

/* Sums over an odd number of bytes, in and out. */
static void
every_length(void **state)
{
	uint8_t request[80];
	size_t n;

	(void)state;
	for (n = 1; n <= 33; n++) { /* of the query, echoed by the answer */
		memcpy(request, "\x40\x01\x00\x07\xb5query\x4d", 11);
		request[11] = (uint8_t)n; /* 13 more */
		for (size_t i = 0; i < n + 13; i++)
			request[12 + i] = (uint8_t)(0xff - i * n);
		gw_ask((struct bytes){request, 12 + n + 13},
			coap(T_ACK, TG_CONTENT, 7,
				gw_content(TG_CF_TEXT, UINT32_MAX,
					(struct bytes){request + 12, n + 13})));
	}
}

/* Bytes behind the UDP datagram but inside the IP packet are nobody's. */
static void
udp_shorter_than_ip(void **state)
{
	uint8_t l4[64];
	struct frame f;
	size_t n = udp_write(l4, &gw.flow, hello.at, hello.len);

	(void)state;
	memset(l4 + n, 0xee, 7);
	frame_ip(&f, &gw.flow, P_UDP, l4, n + 7);
	gw_send(&f);
	gw_turn();
	gw_hear(&gw.flow, hi);
}

static void
trust_sums(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->ports[0].checksum_rx = false;
}

/* A port whose sums are not real: not verified, and made in full for the answer. */
static void
sums_not_real(void **state)
{
	struct frame f;

	(void)state;
	gw_reopen(trust_sums);
	frame_udp(&f, &gw.v4, hello.at, hello.len);
	memset(f.byte + UDP4 + 6, 0x55, 2);
	gw_send(&f);
	frame_udp(&f, &gw.v6, hello.at, hello.len);
	memset(f.byte + UDP6 + 6, 0x55, 2);
	gw_send(&f);
	gw_turn();
	gw_hear(&gw.v4, hi);
	gw_hear(&gw.v6, hi);
}

static void
tag_in_tag(void **state)
{
	struct flow w = gw.flow;
	struct frame f;

	(void)state;
	w.tag = 5;
	for (unsigned type = 0x8100; type <= 0x88a8; type += 0x88a8 - 0x8100) {
		frame_udp(&f, &w, hello.at, hello.len);
		f.byte[16] = (uint8_t)(type >> 8);
		f.byte[17] = (uint8_t)type;
		gw_send(&f);
	}
	gw_turn();
	gw_expect_silence();
	gw_counted(DP_C_drop_vlan, 2);
}

/* A burst in which every third frame is dropped: what remains keeps its order. */
static void
gaps_in_a_burst(void **state)
{
	struct flow wrong = gw.flow;

	(void)state;
	wrong.dport = 1;
	for (uint16_t i = 0; i < 60; i++)
		gw_queue(i % 3 == 1 ? &wrong : &gw.flow,
			coap(T_CON, 0, i, (struct bytes){0}));
	gw_turn();
	for (uint16_t i = 0; i < 60; i++)
		if (i % 3 != 1)
			gw_hear(&gw.flow, coap(T_RST, 0, i, (struct bytes){0}));
	gw_counted(DP_C_drop_udp_port, 20);
}

/* What is answered later finds its way by the link address and VLAN it came from. */
static void
later_over_a_vlan(void **state)
{
	struct flow w = gw.flow;

	(void)state;
	w.tag = 4094;
	gw_say(&w, BYTES_OF("\x42\x02\x00\x07tk\xb1t\x04"
			    "dev?\xffx"));
	gw_expect_silence();
	assert_int_equal(gw_log_read(), 1);
	assert_int_equal(gw.record[0].r.vlan, 4094);
	gw_log_settle(0);
	gw_hear(&w, BYTES_OF("\x62\x44\x00\x07tk"));
}

/* Frames that the port does not take wait for the next turn. */
static void
port_is_full(void **state)
{
	const struct flow back = flow_back(&gw.flow);
	struct frame one;

	(void)state;
	gw_port_room(2);
	for (uint16_t i = 0; i < 5; i++)
		gw_queue(&gw.flow, coap(T_CON, 0, i, (struct bytes){0}));
	gw_turn();
	frame_udp(&one, &back, "\x70\0\0\0", 4);
	gw_counted(DP_C_tx_frames, 2);
	gw_counted(DP_C_tx_bytes, 2 * one.len);
	gw_port_room(0);
	gw_turn();
	for (uint16_t i = 0; i < 5; i++)
		gw_hear(&gw.flow, coap(T_RST, 0, i, (struct bytes){0}));
	gw_expect_silence();
	gw_counted(DP_C_tx_frames, 5);
	gw_counted(DP_C_tx_dropped, 0);
}

/* No more than 256 wait: the rest is counted, and their buffers come back. */
static void
port_stays_full(void **state)
{
	enum { ROOM = 2, HELD = 256, OVER = 3 };

	(void)state;
	gw_port_room(ROOM);
	for (uint16_t i = 0; i < ROOM + HELD + OVER; i++) {
		gw_queue(&gw.flow, coap(T_CON, 0, i, (struct bytes){0}));
		gw_turn();
	}
	gw_counted(DP_C_tx_dropped, OVER);
	gw_port_room(0);
	gw_turn();
	for (uint16_t i = 0; i < ROOM + HELD; i++)
		gw_hear(&gw.flow, coap(T_RST, 0, i, (struct bytes){0}));
	gw_expect_silence();
}

/* Local sides are numbered as VLANs are seen; when the numbers run out nobody new is
 * heard. */
static void
vlans_run_out(void **state)
{
	static const struct bytes ping = B("\x40\0\0\7"), rst = B("\x70\0\0\7");
	struct flow w = gw.v4;

	(void)state;
	for (w.tag = 1; w.tag < 4095; w.tag++) {
		gw_say(&w, ping);
		gw_hear(&w, rst);
	}
	w = gw.v6;
	w.tag = 7;
	gw_say(&w, ping);
	gw_expect_silence();
	gw_counted(DP_C_drop_vlan, 1);
	gw_say(&gw.v6, ping);
	gw_hear(&gw.v6, rst);
}

/* What one frame led to. */
struct outcome {
	struct frame answer;
	bool answered;
	uint64_t counted[DP_COUNTER_COUNT];
};

static void
see(struct outcome *o, const struct frame *f)
{
	memset(o, 0, sizeof(*o));
	gw_expire_fragments();
	gw_later(146); /* a NON that comes again is not a duplicate any more */
	gw_mark();
	gw_send(f);
	gw_turn();
	o->answered = gw_take(&o->answer);
	for (unsigned c = 0; c < DP_COUNTER_COUNT; c++)
		o->counted[c] = gw_counter(c) - gw.marked[c];
	o->counted[DP_C_stall_max_ns] = 0;
	o->counted[DP_C_peers_expired] = 0; /* of earlier frames, when their turn comes */
}

/* @f leads to the same whether it may be taken as plain, or has to go through every
 * layer; how many answers that is. */
static unsigned
either_way(const struct frame *f)
{
	struct dp_plain *plain = gw.dp->shared.worker[0]->net->plain, kept = *plain;
	struct outcome by_words, by_layers;

	see(&by_words, f);
	*plain = (struct dp_plain){.like = {1}}; /* as a port without addresses has it */
	see(&by_layers, f);
	*plain = kept;
	assert_memory_equal(&by_words, &by_layers, sizeof(by_words));
	return by_words.answered;
}

/* Each byte of a frame changed, with sums that are right again and with those that were.
 */
static void
change_each(const struct flow *w, unsigned len)
{
	static const uint8_t change[] = {1, 2, 4, 8, 16, 32, 64, 128, 0x7f, 0xff};
	struct frame f;
	unsigned n = 0;

	for (unsigned k = 0; k < 2 * COUNT(change) * len; k++) {
		frame_udp(&f, w, hello.at, hello.len);
		f.byte[k / 2 / COUNT(change)] ^= change[k / 2 % COUNT(change)];
		if (k % 2)
			frame_sums(&f);
		n += either_way(&f);
	}
	assert_true(n > COUNT(change)); /* ToS, identification, source port, ... */
}

static void
plain_or_layers(void **state)
{
	(void)state;
	change_each(&gw.v4, UDP4 + UDP + 9);
}

static void
plain_or_layers_ipv6(void **state)
{
	(void)state;
	change_each(&gw.v6, UDP6 + UDP + 9);
}

/* Of a datagram without a sum so many are answered, also where the rest comes to one that
 * is right, and where nobody looks at it; @at: where the sum is. */
static void
take_sum_away(struct flow w, unsigned at, unsigned answered)
{
	struct frame f;
	unsigned sum;

	frame_udp(&f, &w, hello.at, hello.len);
	sum = w.sport + (unsigned)(f.byte[at] << 8 | f.byte[at + 1]);
	memset(f.byte + at, 0, 2);
	assert_int_equal(either_way(&f), answered);
	w.sport = (uint16_t)(sum % 0xffff);
	frame_udp(&f, &w, hello.at, hello.len);
	assert_memory_equal(f.byte + at, "\xff\xff", 2);
	memset(f.byte + at, 0, 2);
	assert_int_equal(either_way(&f), answered);
	gw_reopen(trust_sums);
	assert_int_equal(either_way(&f), answered);
}

static void
without_a_sum(void **state)
{
	(void)state;
	take_sum_away(gw.v4, UDP4 + 6, 1);
}

/* RFC 8200, 8.1. */
static void
without_a_sum_ipv6(void **state)
{
	(void)state;
	take_sum_away(gw.v6, UDP6 + 6, 0);
}

static const struct setting settings[] = {
	{"one worker", 1, false, 0, 0},
	{"two workers", 2, true, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(faults) + COUNT(heard) + COUNT(options) + 14] = {
		cmocka_unit_test(longest_and_longer),
		cmocka_unit_test(every_length),
		cmocka_unit_test(udp_shorter_than_ip),
		cmocka_unit_test(sums_not_real),
		cmocka_unit_test(tag_in_tag),
		cmocka_unit_test(gaps_in_a_burst),
		cmocka_unit_test(later_over_a_vlan),
		cmocka_unit_test(port_is_full),
		cmocka_unit_test(port_stays_full),
		cmocka_unit_test(vlans_run_out),
		cmocka_unit_test(plain_or_layers),
		cmocka_unit_test(plain_or_layers_ipv6),
		cmocka_unit_test(without_a_sum),
		cmocka_unit_test(without_a_sum_ipv6),
	};
	size_t n = 14;

	ADD_ROWS(tests, &n, faults, fault);
	ADD_ROWS(tests, &n, heard, is_heard);
	ADD_ROWS(tests, &n, options, is_discarded);
	return gw_main("dp_net", settings, COUNT(settings), tests, n);
}
