/* Messages out: a request's frame turned into its answer, or a fresh frame to a peer. */
#include "dataplane/hot.h"
#include "dataplane/net_internal.h"

#include <rte_mbuf.h>

/*
 * Headers are made from what is known and summed up from the same values: a sum that read
 * the header back would wait for its stores.
 */

/* As the bytes of a header have it; swapped where there are registers for it. */
static inline uint64_t
be16(unsigned v)
{
	return __builtin_bswap32(v) >> 16;
}

/* IPv4 in front of a datagram of @len bytes; the sum of the peer's address, below 2^34.
 */
static inline uint64_t
front4(struct rte_ipv4_hdr *ip, const struct dp_peer_key *key,
	const struct net_side *side, unsigned len)
{
	uint64_t total = be16(len + (unsigned)sizeof(*ip));
	uint64_t src = dp_load4(side->is.addr + 12), dst = dp_load4(key->addr + 12);
	/* Version and length of this header, of all; not to be made fragments of. */
	uint64_t first =
		0x45 | total << 16 | (uint64_t)RTE_BE16(RTE_IPV4_HDR_DF_FLAG) << 48;
	uint64_t hops = 64 | IPPROTO_UDP << 8;
	/* ::ffff:, which stands in the side's sum, adds nothing to it. */
	uint64_t sum = dp_sum_fold(
		side->sum + dst + total + 0x45 + RTE_BE16(RTE_IPV4_HDR_DF_FLAG) + hops);
	uint64_t second = hops | (sum ^ 0xffff) << 16 | src << 32;

	memcpy(ip, &first, 8);
	memcpy(&ip->time_to_live, &second, 8);
	ip->dst_addr = (uint32_t)dst;
	return dst;
}

/* IPv6, likewise. */
static inline uint64_t
front6(struct rte_ipv6_hdr *ip, const struct dp_peer_key *key,
	const struct net_side *side, unsigned len)
{
	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->payload_len = (uint16_t)be16(len);
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = 64;
	memcpy(ip->src_addr, side->is.addr, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, key->addr, sizeof(ip->dst_addr));
	return (uint64_t)dp_load4(key->addr) + dp_load4(key->addr + 4)
	       + dp_load4(key->addr + 8) + dp_load4(key->addr + 12);
}

/* IP and UDP in front of @len bytes of message at @coap. */
static inline void
finish(uint8_t *coap, const struct dp_peer_key *key, const struct net_side *side, bool v4,
	unsigned len)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)coap - 1;
	unsigned ulen = len + (unsigned)sizeof(*udp);
	uint64_t peer = likely(v4)
				? front4((struct rte_ipv4_hdr *)udp - 1, key, side, ulen)
				: front6((struct rte_ipv6_hdr *)udp - 1, key, side, ulen);
	uint64_t src = side->is.udp_be, dst = key->port_be, ulen_be = be16(ulen), sum,
		 all;

	/* The length counts twice: in the pseudo header and in UDP's. */
	sum = dp_sum_message(coap, len) + peer + side->sum_udp + dst + 2 * ulen_be;
	sum = dp_sum_fold(~sum); /* never 0, which would mean there is none */
	all = src | dst << 16 | ulen_be << 32 | sum << 48;
	memcpy(udp, &all, sizeof(*udp));
}

static void
set_length(struct rte_mbuf *m, const uint8_t *coap, unsigned len)
{
	m->pkt_len = (uint32_t)(coap - rte_pktmbuf_mtod(m, const uint8_t *)) + len;
	m->data_len = (uint16_t)m->pkt_len;
	m->ol_flags = 0;
}

static DP_HOT void
reply(struct dp_net *net, struct dp_burst *b, unsigned i, unsigned len)
{
	struct rte_mbuf *m = b->pkt[i];
	const struct dp_peer_key *key = &b->key[i];
	const struct net_side *sides = net->side;
	uint8_t *coap = b->coap[i];

	set_length(m, coap, len);
	net_turn_ether(net, b, i);
	finish(coap, key, &sides[key->side], !(b->flags[i] & DP_F_IPV6), len);
	net_queue(net, b->port[i], m);
	b->pkt[i] = NULL;
}

void
dp_net_reply(struct dp_net *net, struct dp_burst *b, unsigned i, uint16_t len)
{
	reply(net, b, i, len);
}

unsigned
dp_net_reply_all(struct dp_net *net, struct dp_burst *b)
{
	const size_t n_all = b->n;
	unsigned n = 0;

	for (size_t i = 0; i < n_all; i++)
		if (b->pkt[i] != NULL) {
			reply(net, b, i, b->reply[i]);
			n++;
		}
	return n;
}

static bool
is_v4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr, mapped, sizeof(mapped)) == 0;
}

/* Bytes in front of the message. */
static unsigned
front(const struct dp_side *side, bool v4)
{
	return sizeof(struct rte_ether_hdr)
	       + (side->vlan ? sizeof(struct rte_vlan_hdr) : 0)
	       + (v4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr))
	       + sizeof(struct rte_udp_hdr);
}

struct rte_mbuf *
dp_net_begin(struct dp_net *net, const struct dp_peer_key *key, uint8_t **coap)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(net->pool);

	if (m != NULL)
		*coap = rte_pktmbuf_mtod_offset(
			m, uint8_t *, front(&net->side[key->side].is, is_v4(key->addr)));
	return m;
}

/* Ethernet header and tag. */
static void
address_frame(const struct dp_net *net, struct rte_mbuf *m, const struct dp_side *side,
	const uint8_t mac[6], uint16_t type_be)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)(eth + 1);

	memcpy(&eth->dst_addr, mac, 6);
	memcpy(&eth->src_addr, net->cfg->ports[side->port].mac, 6);
	eth->ether_type = side->vlan ? RTE_BE16(RTE_ETHER_TYPE_VLAN) : type_be;
	if (side->vlan) {
		tag->vlan_tci = rte_cpu_to_be_16(side->vlan);
		tag->eth_proto = type_be;
	}
}

/* A message of our own into the flight recorder. */
static void
record(const struct dp_net *net, const struct dp_peer_key *key, const uint8_t *coap,
	bool v4)
{
	const struct tg_msg m = {
		.mid = (uint16_t)(coap[2] << 8 | coap[3]),
		.type = coap[0] >> 4 & 3,
		.code = coap[1],
	};

	dp_trace_put(net->trace, rte_rdtsc(), key, &m, coap,
		v4 ? DP_TRACE_SENT : DP_TRACE_SENT | DP_TRACE_V6, 0);
	dp_trace_publish(net->trace);
}

void
dp_net_send(struct dp_net *net, struct rte_mbuf *m, const struct dp_peer_key *key,
	const uint8_t *mac, uint16_t len)
{
	const struct net_side *side = &net->side[key->side];
	bool v4 = is_v4(key->addr);
	uint8_t *coap = rte_pktmbuf_mtod_offset(m, uint8_t *, front(&side->is, v4));
	const struct neighbour *n;

	if (mac == NULL) {
		n = net_neighbour(net, side->is.port, key->addr);
		if (n == NULL) {
			net_ask(net, &side->is, key->addr);
			dp_count(net->counters, DP_C_neighbours_unknown, 1);
			rte_pktmbuf_free(m);
			return;
		}
		mac = n->mac;
	}
	record(net, key, coap, v4);
	set_length(m, coap, len);
	address_frame(net, m, &side->is, mac,
		v4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6));
	finish(coap, key, side, v4, len);
	net_queue(net, side->is.port, m);
}
