/* ARP, Neighbour Discovery, ICMP echo (RFC 826, 4861, 4443, 792). */
#include "tests/dp_fixture.h"

#include <rte_byteorder.h>

/* ---- ARP ---- */

struct arp {
	uint8_t fixed[6]; /* hardware, protocol, both lengths */
	uint8_t operation[2];
	uint8_t sender_mac[6], sender[4], target_mac[6], target[4];
};

static const struct arp request = {
	{0, 1, 8, 0, 6, 4},
	{0, 1},
	{2, 0, 0, 0, 0, 2},
	{198, 18, 0, 2},
	{0},
	{198, 18, 0, 1},
};

static void
ask_arp(const struct arp *a, uint16_t tag, size_t len, bool pad)
{
	struct flow w = gw.v4;
	uint8_t bytes[46] = {0};
	struct frame f;

	w.tag = tag;
	memset(w.dst_mac, 0xff, 6);
	memcpy(bytes, a, sizeof(*a));
	frame_raw(&f, &w, 0x0806, bytes, pad ? sizeof(bytes) : len);
	gw_send(&f);
	gw_turn();
}

/* What must come back: sender and target have changed places. */
static void
hear_arp(const struct arp *a, uint16_t tag, bool pad)
{
	struct flow back = flow_back(&gw.v4);
	struct arp reply = *a;
	uint8_t bytes[46] = {0};
	struct frame want;

	back.tag = tag;
	reply.operation[1] = 2;
	memcpy(reply.sender_mac, gw.v4.dst_mac, 6);
	memcpy(reply.sender, a->target, 4);
	memcpy(reply.target_mac, a->sender_mac, 6);
	memcpy(reply.target, a->sender, 4);
	memcpy(bytes, &reply, sizeof(reply));
	frame_raw(&want, &back, 0x0806, bytes, pad ? sizeof(bytes) : sizeof(reply));
	gw_expect(&want);
}

static const struct arp_row {
	const char *name;
	size_t at; /* in struct arp */
	struct bytes put;
	uint16_t tag;
	size_t len;
	bool pad, answered;
	enum dp_counter counter;
} arps[] = {
	{"ARP: who has our address", 0, B(""), 0, 28, false, true, DP_C_arp},
	{"ARP: padded", 0, B(""), 0, 28, true, true, DP_C_arp},
	{"ARP: tagged", 0, B(""), 5, 28, false, true, DP_C_arp},
	{"ARP: a probe", offsetof(struct arp, sender), B("\0\0\0\0"), 0, 28, false, true,
		DP_C_arp},
	{"ARP: who has another's", offsetof(struct arp, target), B("\xc6\x12\0\3"), 0, 28,
		false, false, DP_C_arp},
	{"ARP: a reply", offsetof(struct arp, operation), B("\0\2"), 0, 28, false, false,
		DP_C_arp},
	{"ARP: an unknown operation", offsetof(struct arp, operation), B("\0\3"), 0, 28,
		false, false, DP_C_arp},
	{"ARP: another hardware", 0, B("\0\6"), 0, 28, false, false,
		DP_C_drop_frame_short},
	{"ARP: another protocol", 2, B("\x86\xdd"), 0, 28, false, false,
		DP_C_drop_frame_short},
	{"ARP: link addresses of 8", 4, B("\x08"), 0, 28, false, false,
		DP_C_drop_frame_short},
	{"ARP: addresses of 16", 5, B("\x10"), 0, 28, false, false,
		DP_C_drop_frame_short},
	{"ARP: cut off", 0, B(""), 0, 27, false, false, DP_C_drop_frame_short},
};

static void
arp(void **state)
{
	const struct arp_row *r = *state;
	struct arp a = request;

	memcpy((uint8_t *)&a + r->at, r->put.at, r->put.len);
	ask_arp(&a, r->tag, r->len, r->pad);
	if (r->answered)
		hear_arp(&a, r->tag, r->pad);
	gw_expect_silence();
	gw_counted(r->counter, 1);
}

/* ---- Neighbour Discovery ---- */

#define OURS "\x20\1\0\2\0\0\0\0\0\0\0\0\0\0\0\1"
#define THEIRS "\x20\1\0\2\0\0\0\0\0\0\0\0\0\0\0\2"
#define OTHER "\x20\1\0\2\0\0\0\0\0\0\0\0\0\0\0\3"
#define SOLICITED_NODE "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0\1"
#define UNSPECIFIED "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define SOLICIT(target) "\x87\0\0\0\0\0\0\0" target
#define SOURCE "\1\1\2\0\0\0\0\2"

static const struct nd_row {
	const char *name;
	const char *src, *dst;
	uint8_t hops;
	uint16_t tag;
	struct bytes message;
	enum { NO, SOLICITED, PROBE } answer;
	enum dp_counter counter;
} nds[] = {
	{"ND: who has our address", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS) SOURCE), SOLICITED, DP_C_nd},
	{"ND: without the asker's link address", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS)), SOLICITED, DP_C_nd},
	{"ND: is it still there", THEIRS, OURS, 255, 0, B(SOLICIT(OURS)), SOLICITED,
		DP_C_nd},
	{"ND: behind another option", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS) "\x0e\1\0\0\0\0\0\0" SOURCE), SOLICITED, DP_C_nd},
	{"ND: tagged", THEIRS, SOLICITED_NODE, 255, 5, B(SOLICIT(OURS) SOURCE), SOLICITED,
		DP_C_nd},
	{"ND: a probe for our address", UNSPECIFIED, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS)), PROBE, DP_C_nd},
	{"ND: who has another's", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OTHER) SOURCE), NO, DP_C_nd},
	{"ND: an advertisement", THEIRS, OURS, 255, 0,
		B("\x88\0\0\0\x60\0\0\0" THEIRS "\2\1\2\0\0\0\0\2"), NO, DP_C_nd},
	{"ND: through a router", THEIRS, SOLICITED_NODE, 254, 0, B(SOLICIT(OURS) SOURCE),
		NO, DP_C_drop_ip_header},
	{"ND: code 1", THEIRS, SOLICITED_NODE, 255, 0, B("\x87\1\0\0\0\0\0\0" OURS), NO,
		DP_C_drop_ip_header},
	{"ND: cut off", THEIRS, SOLICITED_NODE, 255, 0, B("\x87\0\0\0\0\0\0\0\x20\1"), NO,
		DP_C_drop_ip_header},
	{"ND: an option of no length", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS) "\1\0\2\0\0\0\0\2"), NO, DP_C_drop_ip_header},
	{"ND: an option over the end", THEIRS, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS) "\1\2\2\0\0\0\0\2"), NO, DP_C_drop_ip_header},
	{"ND: a probe with a link address", UNSPECIFIED, SOLICITED_NODE, 255, 0,
		B(SOLICIT(OURS) SOURCE), NO, DP_C_drop_ip_header},
	{"ND: a probe to our address", UNSPECIFIED, OURS, 255, 0, B(SOLICIT(OURS)), NO,
		DP_C_drop_ip_header},
	{"ND: to a group that is not ours", THEIRS,
		"\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0\3", 255, 0, B(SOLICIT(OTHER) SOURCE),
		NO, DP_C_drop_ip_not_ours},
};

static void
hear_advertisement(const struct flow *asked, bool probe)
{
	uint8_t na[32] = "\x88\0\0\0\x60\0\0\0" OURS "\2\1";
	struct flow w = flow_back(asked);
	struct frame want;

	memcpy(w.src_mac, gw.v6.dst_mac, 6);
	memcpy(w.src, OURS, 16);
	w.ttl = 255;
	if (probe) { /* to all nodes, and not solicited */
		na[4] = 0x20;
		memcpy(w.dst_mac, "\x33\x33\0\0\0\1", 6);
		memcpy(w.dst, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	}
	memcpy(na + 26, gw.v6.dst_mac, 6);
	frame_icmp(&want, &w, na, sizeof(na));
	gw_expect(&want);
}

static void
nd(void **state)
{
	const struct nd_row *r = *state;
	struct flow w = gw.v6;
	struct frame f;

	w.ttl = r->hops;
	w.tag = r->tag;
	memcpy(w.src, r->src, 16);
	memcpy(w.dst, r->dst, 16);
	if ((uint8_t)r->dst[0] == 0xff)
		memcpy(w.dst_mac, (const uint8_t[6]){0x33, 0x33, 0xff, 0, 0, w.dst[15]},
			6);
	frame_icmp(&f, &w, r->message.at, r->message.len);
	gw_send(&f);
	gw_turn();
	if (r->answer != NO)
		hear_advertisement(&w, r->answer == PROBE);
	gw_expect_silence();
	gw_counted(r->counter, 1);
}

/* ---- echo ---- */

static const struct echo_row {
	const char *name;
	bool v6;
	struct bytes message; /* its checksum is made */
	uint8_t answer;       /* type of the reply; 1: none */
	enum dp_counter counter;
} echoes[] = {
	{"echo", false,
		B("\x08\0\0\0\x12\x34\0\1"
		  "abcd"),
		0, DP_C_icmp_echo},
	{"echo of an odd length", false,
		B("\x08\0\0\0\x12\x34\0\1"
		  "abc"),
		0, DP_C_icmp_echo},
	{"echo of nothing", false, B("\x08\0\0\0\x12\x34\0\1"), 0, DP_C_icmp_echo},
	{"echo reply", false, B("\0\0\0\0\x12\x34\0\1"), 1, DP_C_icmp_other},
	{"port unreachable", false, B("\3\3\0\0\0\0\0\0"), 1, DP_C_icmp_other},
	{"ICMP cut off", false, B("\x08\0\0\0\x12\x34\0"), 1, DP_C_drop_ip_header},
	{"IPv6: echo", true,
		B("\x80\0\0\0\x12\x34\0\1"
		  "abcd"),
		0x81, DP_C_icmp_echo},
	{"IPv6: echo of an odd length", true,
		B("\x80\0\0\0\x12\x34\0\1"
		  "abc"),
		0x81, DP_C_icmp_echo},
	{"IPv6: echo reply", true, B("\x81\0\0\0\x12\x34\0\1"), 1, DP_C_icmp_other},
	{"IPv6: router advertisement", true, B("\x86\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 1,
		DP_C_icmp_other},
	{"IPv6: ICMP cut off", true, B("\x80\0\0\0\x12\x34\0"), 1, DP_C_drop_ip_header},
};

static void
echo(void **state)
{
	const struct echo_row *r = *state;
	const struct flow *w = r->v6 ? &gw.v6 : &gw.v4;
	struct flow back = flow_back(w);
	struct frame f, want;

	frame_icmp(&f, w, r->message.at, r->message.len);
	gw_send(&f);
	gw_turn();
	if (r->answer != 1) {
		frame_icmp(&want, &back, r->message.at, r->message.len);
		want.byte[ETH + (r->v6 ? IP6 : IP4)] = r->answer;
		if (!r->v6) { /* turned in place: as the request had it */
			want.byte[ETH + 5] = (uint8_t)w->id;
			want.byte[ETH + 6] = 0;
		}
		frame_sums(&want);
		gw_expect(&want);
	}
	gw_expect_silence();
	gw_counted(r->counter, 1);
}

static void
echo_with_a_wrong_sum(void **state)
{
	struct frame f;

	(void)state;
	frame_icmp(&f, &gw.v4, "\x08\0\0\0\x12\x34\0\1", 8);
	f.byte[ETH + IP4 + 2] ^= 1;
	gw_send(&f);
	frame_icmp(&f, &gw.v6, "\x80\0\0\0\x12\x34\0\1", 8);
	f.byte[ETH + IP6 + 2] ^= 1;
	gw_send(&f);
	gw_turn();
	gw_expect_silence();
	gw_counted(DP_C_drop_ip_checksum, 2);
}

/* Echo to many and echo from nobody are not answered (RFC 1122, 3.2.2.6; RFC 4443, 4.2).
 */
static const struct no_echo_row {
	const char *name;
	bool v6;
	uint8_t src[16], dst[16];
	enum dp_counter counter;
} no_echoes[] = {
	{"echo to broadcast", false, {198, 18, 0, 2}, {198, 19, 255, 255},
		DP_C_icmp_other},
	{"echo to all CoAP nodes", false, {198, 18, 0, 2}, {224, 0, 1, 187},
		DP_C_icmp_other},
	{"IPv6: echo to all CoAP nodes", true, {0x20, 1, 0, 2, [15] = 2},
		{0xff, 2, [15] = 0xfd}, DP_C_icmp_other},
	{"IPv6: echo from ::", true, {0}, {0x20, 1, 0, 2, [15] = 1}, DP_C_drop_ip_source},
};

static void
no_echo(void **state)
{
	const struct no_echo_row *r = *state;
	struct flow w = r->v6 ? gw.v6 : gw.v4;
	struct frame f;

	memcpy(w.src, r->src, 16);
	memcpy(w.dst, r->dst, 16);
	frame_icmp(
		&f, &w, r->v6 ? "\x80\0\0\0\x12\x34\0\1" : "\x08\0\0\0\x12\x34\0\1", 8);
	gw_send(&f);
	gw_turn();
	gw_expect_silence();
	gw_counted(r->counter, 1);
}

/* ---- asking ---- */

/* A message to @to of our own accord, its link address unknown. */
static void
send_unasked(const struct flow *to)
{
	struct dp_net *net = gw.dp->shared.worker[0]->net;
	struct dp_peer_key key = {.port_be = rte_cpu_to_be_16(to->sport),
		.addr = {[10] = 0xff, [11] = 0xff}};
	struct rte_mbuf *m;
	uint8_t *at;

	memcpy(to->v6 ? key.addr : key.addr + 12, to->src, to->v6 ? 16 : 4);
	key.side = to->v6 ? 1 : 0;
	m = dp_net_begin(net, &key, &at);
	assert_non_null(m);
	memcpy(at, "\x70\0\0\7", 4);
	dp_net_send(net, m, &key, NULL, 4);
	dp_net_flush(net);
}

static void
asks_and_learns_arp(void **state)
{
	struct arp a = {
		{0, 1, 8, 0, 6, 4}, {0, 1}, {0}, {198, 18, 0, 1}, {0}, {198, 18, 0, 2}};
	struct flow w = flow_back(&gw.v4);
	struct frame want;

	(void)state;
	send_unasked(&gw.v4);
	memset(w.dst_mac, 0xff, 6);
	memcpy(a.sender_mac, w.src_mac, 6);
	frame_raw(&want, &w, 0x0806, &a, sizeof(a));
	gw_expect(&want);
	gw_counted(DP_C_neighbours_asked, 1);
	gw_counted(DP_C_neighbours_unknown, 1);
	a = request;
	a.operation[1] = 2;
	ask_arp(&a, 0, sizeof(a), false);
	send_unasked(&gw.v4);
	gw_hear(&gw.v4, BYTES_OF("\x70\0\0\7"));
}

static void
asks_and_learns_nd(void **state)
{
	uint8_t ns[32] = SOLICIT(THEIRS) "\1\1",
		na[32] = "\x88\0\0\0\x60\0\0\0" THEIRS "\2\1\2\0\0\0\0\2";
	struct flow w = flow_back(&gw.v6), back = gw.v6;
	struct frame f;

	(void)state;
	send_unasked(&gw.v6);
	w.ttl = back.ttl = 255;
	memcpy(w.dst_mac, "\x33\x33\xff\0\0\2", 6);
	memcpy(w.dst, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0\2", 16);
	memcpy(ns + 26, w.src_mac, 6);
	frame_icmp(&f, &w, ns, sizeof(ns));
	gw_expect(&f);
	frame_icmp(&f, &back, na, sizeof(na));
	gw_send(&f);
	gw_turn();
	send_unasked(&gw.v6);
	gw_hear(&gw.v6, BYTES_OF("\x70\0\0\7"));
}

static const struct setting settings[] = {
	{"one worker", 1, false, 0, 0},
	{"two workers", 2, true, 1, 1},
};

int
main(void)
{
	struct CMUnitTest
		tests[COUNT(arps) + COUNT(nds) + COUNT(echoes) + COUNT(no_echoes) + 3] = {
			cmocka_unit_test(echo_with_a_wrong_sum),
			cmocka_unit_test(asks_and_learns_arp),
			cmocka_unit_test(asks_and_learns_nd),
		};
	size_t n = 3;

	ADD_ROWS(tests, &n, arps, arp);
	ADD_ROWS(tests, &n, nds, nd);
	ADD_ROWS(tests, &n, echoes, echo);
	ADD_ROWS(tests, &n, no_echoes, no_echo);
	return gw_main("dp_link", settings, COUNT(settings), tests, n);
}
