/* Messages out: a request's frame turned into its answer, or a fresh frame to a peer. */
#include "dataplane/hot.h"
#include "dataplane/net_internal.h"

#include <rte_mbuf.h>

/*
 * Headers are made from what is known and summed up from the same values: a sum that read
 * the header back would wait for its stores.
 */

/* UDP in front of @len bytes of message; @addrs: the sum of both addresses. */
static inline void
finish_udp(struct rte_udp_hdr *udp, const struct dp_peer_key *key,
	const struct dp_side *side, uint16_t len, uint64_t addrs)
{
	uint16_t ulen = rte_cpu_to_be_16((uint16_t)(len + sizeof(*udp))), sum;

	/* The length counts twice: in the pseudo header and in UDP's. */
	addrs = dp_sum_add(
		addrs, 2ull * ulen + RTE_BE16(IPPROTO_UDP) + side->udp_be + key->port_be);
	sum = dp_sum_finish(dp_sum_message((const uint8_t *)(udp + 1), len, addrs));
	*udp = (struct rte_udp_hdr){
		.src_port = side->udp_be,
		.dst_port = key->port_be,
		.dgram_len = ulen,
		.dgram_cksum = sum != 0 ? sum : 0xffff, /* 0 would mean there is none */
	};
}

static inline void
finish4(struct rte_udp_hdr *udp, const struct dp_peer_key *key,
	const struct dp_side *side, uint16_t len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)udp - 1;
	uint16_t total = rte_cpu_to_be_16((uint16_t)(len + sizeof(*udp) + sizeof(*ip)));
	uint32_t src, dst;

	memcpy(&src, side->addr + 12, sizeof(src));
	memcpy(&dst, key->addr + 12, sizeof(dst));
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = total,
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.hdr_checksum =
			dp_sum_finish((uint64_t)src + dst + total + RTE_BE16(0x4500)
				      + RTE_BE16(RTE_IPV4_HDR_DF_FLAG)
				      + RTE_BE16(64 << 8 | IPPROTO_UDP)),
		.src_addr = src,
		.dst_addr = dst,
	};
	finish_udp(udp, key, side, len, (uint64_t)src + dst);
}

static inline void
finish6(struct rte_udp_hdr *udp, const struct dp_peer_key *key,
	const struct dp_side *side, uint16_t len)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)udp - 1;

	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(len + sizeof(*udp)));
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = 64;
	memcpy(ip->src_addr, side->addr, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, key->addr, sizeof(ip->dst_addr));
	finish_udp(udp, key, side, len,
		dp_sum(side->addr, sizeof(side->addr),
			dp_sum(key->addr, sizeof(key->addr), 0)));
}

static void
set_length(struct rte_mbuf *m, const uint8_t *coap, uint16_t len)
{
	m->data_len = (uint16_t)(coap - rte_pktmbuf_mtod(m, const uint8_t *) + len);
	m->pkt_len = m->data_len;
	m->ol_flags = 0;
}

static DP_HOT void
reply(struct dp_net *net, struct dp_burst *b, unsigned i, uint16_t len)
{
	struct rte_mbuf *m = b->pkt[i];
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(b->coap[i] - sizeof(*udp));
	const struct dp_side *side = &net->side[b->key[i].side];

	set_length(m, b->coap[i], len);
	net_turn_ether(net, b, i);
	if (likely(!(b->flags[i] & DP_F_IPV6)))
		finish4(udp, &b->key[i], side, len);
	else
		finish6(udp, &b->key[i], side, len);
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
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
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
			m, uint8_t *, front(&net->side[key->side], is_v4(key->addr)));
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
	const struct dp_side *side = &net->side[key->side];
	bool v4 = is_v4(key->addr);
	uint8_t *coap = rte_pktmbuf_mtod_offset(m, uint8_t *, front(side, v4));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(coap - sizeof(*udp));
	const struct neighbour *n;

	if (mac == NULL) {
		n = net_neighbour(net, side->port, key->addr);
		if (n == NULL) {
			net_ask(net, side, key->addr);
			dp_count(net->counters, DP_C_neighbours_unknown, 1);
			rte_pktmbuf_free(m);
			return;
		}
		mac = n->mac;
	}
	record(net, key, coap, v4);
	set_length(m, coap, len);
	address_frame(net, m, side, mac,
		v4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6));
	if (v4)
		finish4(udp, key, side, len);
	else
		finish6(udp, key, side, len);
	net_queue(net, side->port, m);
}
