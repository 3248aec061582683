#include "bench/blast.h"

#include "coap/code.h"

#include <rte_arp.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <string.h>
#include <unistd.h>

#define SLICE_S 0.002
#define GAP_S 0.0001 /* this loop stood still */
#define REST_S 2e-6  /* between two looks, where the first found little */
#define DRAIN_S 0.5  /* what is not answered by then was dropped */

int
blast_open(struct blast *b, const char *name, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};
	int rc;

	b->pool = pool;
	if (rte_eth_dev_get_port_by_name(name, &b->port) != 0)
		return -1;
	if ((rc = rte_eth_dev_configure(b->port, 1, 1, &conf)) != 0
		|| (rc = rte_eth_rx_queue_setup(
			    b->port, 0, 1024, SOCKET_ID_ANY, NULL, pool))
			   != 0
		|| (rc = rte_eth_tx_queue_setup(b->port, 0, 1024, SOCKET_ID_ANY, NULL))
			   != 0)
		return rc;
	return rte_eth_dev_start(b->port);
}

/* ---- ARP ---- */

static void
ask(struct blast *b)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->pool);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(eth + 1);

	memset(&eth->dst_addr, 0xff, sizeof(eth->dst_addr));
	rte_eth_macaddr_get(b->port, &eth->src_addr);
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	*arp = (struct rte_arp_hdr){
		.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
		.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = 6,
		.arp_plen = 4,
		.arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST),
		.arp_data = {.arp_sha = eth->src_addr,
			.arp_sip = RTE_BE32(RTE_IPV4(198, 18, 0, 3)),
			.arp_tip = RTE_BE32(RTE_IPV4(198, 18, 0, 1))},
	};
	m->data_len = m->pkt_len = sizeof(*eth) + sizeof(*arp);
	if (rte_eth_tx_burst(b->port, 0, &m, 1) == 0)
		rte_pktmbuf_free(m);
}

static bool
is_arp_reply(const struct rte_mbuf *m, uint8_t mac[6])
{
	const struct rte_ether_hdr *eth =
		rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_arp_hdr *arp = (const struct rte_arp_hdr *)(eth + 1);

	if (m->data_len < sizeof(*eth) + sizeof(*arp)
		|| eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_ARP)
		|| arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REPLY))
		return false;
	memcpy(mac, &arp->arp_data.arp_sha, 6);
	return true;
}

bool
blast_find_gateway(struct blast *b, uint8_t mac[6])
{
	struct rte_mbuf *in[BLAST_BURST];

	for (unsigned i = 0; i < 500; i++) {
		bool found = false;
		uint16_t n;

		ask(b);
		usleep(10000);
		n = rte_eth_rx_burst(b->port, 0, in, BLAST_BURST);
		for (uint16_t k = 0; k < n; k++)
			found |= is_arp_reply(in[k], mac);
		rte_pktmbuf_free_bulk(in, n);
		if (found)
			return true;
	}
	return false;
}

/* ---- the loop ---- */

/* A burst, if it is time to look.  Each look takes the ring's next line away from the
 * core that is writing it: who looks all the time measures that. */
static uint16_t
look(struct blast *b, struct rte_mbuf *in[BLAST_BURST])
{
	uint64_t now = rte_rdtsc();
	uint16_t n;

	if (now < b->look)
		return 0;
	n = rte_eth_rx_burst(b->port, 0, in, BLAST_BURST);
	if (n < BLAST_BURST)
		b->look = now + (uint64_t)(REST_S * (double)rte_get_tsc_hz());
	return n;
}

static unsigned
take(struct blast *b, struct blast_result *r)
{
	struct rte_mbuf *in[BLAST_BURST];
	uint16_t n = look(b, in);
	unsigned heard[TALK_WRONG + 1] = {0};

	for (uint16_t i = 0; i < n; i++)
		heard[b->talk->take(b->talk, rte_pktmbuf_mtod(in[i], const uint8_t *),
			in[i]->data_len)]++;
	if (n == 0)
		return 0;
	rte_pktmbuf_free_bulk(in, n);
	r->answers += heard[TALK_ANSWER];
	r->others += heard[TALK_OTHER];
	r->refused += heard[TALK_WRONG];
	return heard[TALK_ANSWER];
}

static void
send_rest(struct blast *b)
{
	b->at_out = (uint16_t)(b->at_out
			       + rte_eth_tx_burst(b->port, 0, b->out + b->at_out,
				       (uint16_t)(b->n_out - b->at_out)));
}

/* Frames of one burst, as many as the talk has to say. */
static void
make(struct blast *b)
{
	b->at_out = b->n_out = 0;
	while (b->n_out < BLAST_BURST) {
		struct rte_mbuf *m;

		if (b->n_spare == 0) {
			if (rte_pktmbuf_alloc_bulk(b->pool, b->spare, BLAST_BURST) != 0)
				return;
			b->n_spare = BLAST_BURST;
		}
		m = b->spare[b->n_spare - 1];
		m->data_len = b->talk->write(b->talk, rte_pktmbuf_mtod(m, uint8_t *));
		if (m->data_len == 0)
			return;
		m->pkt_len = m->data_len;
		b->out[b->n_out++] = m;
		b->n_spare--;
	}
}

static void
give(struct blast *b)
{
	if (b->at_out == b->n_out) {
		if (b->window != UINT32_MAX && b->talk->awaited + BLAST_BURST > b->window)
			return;
		make(b);
	}
	if (b->at_out < b->n_out)
		send_rest(b);
}

struct slice {
	uint64_t start;
	uint64_t answers;
	bool dirty, after; /* stolen; follows a stolen one */
};

static void
close_slice(struct slice *s, uint64_t now, struct blast_result *r)
{
	r->slices++;
	if (s->dirty || s->after) {
		r->stolen++;
	} else {
		r->counted += s->answers;
		r->seconds += (double)(now - s->start) / (double)rte_get_tsc_hz();
	}
	*s = (struct slice){.start = now, .after = s->dirty};
}

/* Was anything heard?  True also where nothing is under way. */
static bool
hears(struct blast *b, unsigned got, uint64_t now)
{
	if (got > 0 || b->talk->awaited == 0)
		b->heard = now;
	return (double)(now - b->heard) < b->silence_s * (double)rte_get_tsc_hz();
}

void
blast_run(struct blast *b, double seconds, struct blast_result *r)
{
	double hz = (double)rte_get_tsc_hz();
	uint64_t last = rte_rdtsc(), end = last + (uint64_t)(seconds * hz);
	uint64_t gap = (uint64_t)(GAP_S * hz), slice = (uint64_t)(SLICE_S * hz);
	struct slice s = {.start = last};

	b->heard = last;
	while (last < end) {
		uint64_t others = r->refused + r->others, now;
		unsigned got = take(b, r);

		give(b);
		if (b->polite && got == 0 && b->talk->awaited + BLAST_BURST > b->window)
			usleep(20);
		now = rte_rdtsc();
		s.answers += got;
		s.dirty |= (now - last > gap && !b->polite)
			   || !hears(b, got + (unsigned)(r->refused + r->others - others),
				   now);
		last = now;
		if (now - s.start >= slice)
			close_slice(&s, now, r);
	}
}

void
blast_drain(struct blast *b, struct blast_result *r)
{
	uint64_t end = rte_rdtsc() + (uint64_t)(DRAIN_S * (double)rte_get_tsc_hz());

	while (b->at_out < b->n_out || b->talk->awaited > 0) {
		bool late = rte_rdtsc() > end;

		if (late)
			b->look = 0; /* this one is a look */
		if (b->at_out < b->n_out)
			send_rest(b);
		if (take(b, r) > 0)
			continue;
		if (late) { /* and nothing had come while this loop stood still */
			r->lost += b->talk->awaited;
			b->talk->lost(b->talk);
			return;
		}
		if (b->polite)
			usleep(20);
	}
}

/* ---- one message ---- */

/* The next frame, if it is the answer; 0: it is not, or there is none. */
static size_t
hear_one(struct blast *b, const struct blast_question *q, uint8_t *answer, size_t cap)
{
	const uint8_t *frame;
	struct rte_mbuf *in;
	size_t len = 0;

	if (rte_eth_rx_burst(b->port, 0, &in, 1) == 0) {
		usleep(10);
		return 0;
	}
	frame = rte_pktmbuf_mtod(in, const uint8_t *);
	if (in->data_len >= q->same + q->same_len && in->data_len <= cap
		&& memcmp(frame + q->same, q->frame + q->same, q->same_len) == 0) {
		len = in->data_len;
		memcpy(answer, frame, len);
	}
	rte_pktmbuf_free(in);
	return len;
}

size_t
blast_ask(struct blast *b, const struct blast_question *q, uint8_t *answer, size_t cap)
{
	size_t got = 0;

	for (unsigned i = 0; i < 10 && got == 0; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(b->pool);

		if (m == NULL)
			return 0;
		memcpy(rte_pktmbuf_mtod(m, uint8_t *), q->frame, q->len);
		m->data_len = q->len;
		m->pkt_len = q->len;
		if (rte_eth_tx_burst(b->port, 0, &m, 1) == 0)
			rte_pktmbuf_free(m);
		for (unsigned k = 0; k < 10000 && got == 0; k++)
			got = hear_one(b, q, answer, cap);
	}
	return got;
}
