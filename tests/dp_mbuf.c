/*
 * What a port tells beside a frame's bytes: what it found out about the datagram's sum,
 * and buffers in a chain.
 */
#include "tests/dp_fixture.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

static const struct bytes hello = B("\x40\x01\x00\x07\xb5hello"),
			  hi = B("\x60\x45\x00\x07" ETAG_HELLO "\x80\xffhi");

static void
send_packet(struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(rte_ring_lookup("to_gateway"), m), 0);
	gw_turn();
}

/* @f's bytes from @from to @to in a buffer. */
static struct rte_mbuf *
buffer_of(const struct frame *f, unsigned from, unsigned to)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(gw.dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)(to - from)), f->byte + from, to - from);
	return m;
}

/* ---- sums ---- */

enum way { PLAIN, TAGGED, V6 };

static const struct sum_row {
	const char *name;
	uint64_t said; /* by the port */
	bool right, heard;
} sums[] = {
	{"unknown, and right", RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, true, true},
	{"unknown, and wrong", RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, false, false},
	{"found good", RTE_MBUF_F_RX_L4_CKSUM_GOOD, false, true},
	{"found bad", RTE_MBUF_F_RX_L4_CKSUM_BAD, true, false},
	/* As a guest sends it who leaves the sum to its card: what came through memory is
	 * whole, and the sum is still to be made. */
	{"never made", RTE_MBUF_F_RX_L4_CKSUM_NONE, false, true},
};

static void
sum(void **state)
{
	const struct sum_row *r = *state;
	struct flow w[] = {[PLAIN] = gw.v4, [TAGGED] = gw.v4, [V6] = gw.v6};
	struct rte_mbuf *m;
	struct frame f;

	w[TAGGED].tag = 5;
	for (unsigned i = 0; i < COUNT(w); i++) {
		gw_mark();
		frame_udp(&f, &w[i], hello.at, hello.len);
		f.byte[f.len - hello.len - 1] ^= r->right ? 0 : 0xff; /* of the sum */
		m = buffer_of(&f, 0, f.len);
		m->ol_flags |= r->said;
		send_packet(m);
		if (r->heard)
			gw_hear(&w[i], hi);
		gw_expect_silence();
		gw_counted(DP_C_drop_udp_checksum, !r->heard);
	}
}

/* What the port said of a fragment's sum it cannot have said of the datagram's. */
static void
sum_of_a_fragment(void **state)
{
	static const uint16_t frag[] = {0x2000, 1}; /* 8 bytes, and the rest */
	uint8_t datagram[64];
	size_t len = udp_write(datagram, &gw.v4, hello.at, hello.len);
	struct flow w = gw.v4;

	(void)state;
	datagram[len - 1] ^= 1;
	for (unsigned i = 0; i < COUNT(frag); i++) {
		struct rte_mbuf *m;
		struct frame f;

		w.frag = frag[i];
		frame_ip(&f, &w, P_UDP, datagram + i * 8, i == 0 ? 8 : len - 8);
		m = buffer_of(&f, 0, f.len);
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		send_packet(m);
	}
	gw_expect_silence();
	gw_counted(DP_C_drop_udp_checksum, 1);
}

/* ---- chains ---- */

static const struct chain_row {
	const char *name;
	uint16_t cut; /* bytes in the first buffer */
	uint16_t len; /* of the frame, padded */
} chains[] = {
	{"cut in the link header", 13, 0},
	{"cut in the IP header", ETH + 10, 0},
	{"cut before UDP", ETH + IP4, 0},
	{"cut in the message", ETH + IP4 + UDP + 5, 0},
	{"padding of its own", ETH + IP4 + UDP + 10, 100},
	{"cut in the padding", ETH + IP6 + UDP + 11, 100},
};

static void
chain(void **state)
{
	const struct chain_row *r = *state;
	struct rte_mbuf *m;
	struct frame f;

	for (unsigned i = 0; i < 2; i++) {
		const struct flow *w = i == 0 ? &gw.v4 : &gw.v6;

		frame_udp(&f, w, hello.at, hello.len);
		for (; f.len < r->len; f.len++)
			f.byte[f.len] = 0xee;
		m = buffer_of(&f, 0, r->cut);
		assert_int_equal(rte_pktmbuf_chain(m, buffer_of(&f, r->cut, f.len)), 0);
		send_packet(m);
		gw_hear(w, hi);
		gw_expect_silence();
	}
	gw_counted(DP_C_answered, 2);
}

static void
chain_longer_than_a_buffer(void **state)
{
	struct frame f = {.len = FRAME_MAX};
	struct rte_mbuf *m;

	(void)state;
	memcpy(f.byte, gw.flow.dst_mac, sizeof(gw.flow.dst_mac));
	m = buffer_of(&f, 0, FRAME_MAX);
	assert_int_equal(rte_pktmbuf_chain(m, buffer_of(&f, 0, 100)), 0);
	send_packet(m);
	gw_expect_silence();
	gw_counted(DP_C_drop_too_long, 1);
}

static const struct setting settings[] = {
	{"one worker", 1, false, 0, 0},
	{"two workers", 2, true, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(sums) + COUNT(chains) + 2] = {
		cmocka_unit_test(sum_of_a_fragment),
		cmocka_unit_test(chain_longer_than_a_buffer),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, sums, sum);
	ADD_ROWS(tests, &n, chains, chain);
	return gw_main("dp_mbuf", settings, COUNT(settings), tests, n);
}
