/* ICMP echo (RFC 792, 4443); all other ICMP is counted and has no effect. */
#include "dataplane/net_internal.h"

#include <rte_mbuf.h>

#define ECHO_REQUEST_V6 128
#define ECHO_REPLY_V6 129
#define SOLICITATION 135
#define ADVERTISEMENT 136

static void
turn4(struct rte_ipv4_hdr *ip)
{
	uint32_t src = ip->src_addr;

	ip->src_addr = ip->dst_addr;
	ip->dst_addr = src;
	ip->time_to_live = 64;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = dp_sum_finish(dp_sum(ip, sizeof(*ip), 0));
}

/* A reply is as long as its request: one that came in fragments may be too long for a
 * frame. */
static bool
fits(const struct rte_mbuf *m, const struct net_frame *f)
{
	return m->pkt_len <= f->l3 + (uint32_t)f->port->mtu;
}

void
net_icmp4(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	uint16_t len)
{
	struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv4_hdr *, f->l3);
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)(ip + 1);

	if (len < sizeof(*icmp)) {
		dp_net_drop(net, b, i, DP_C_drop_ip_header);
		return;
	}
	if (dp_sum_finish(dp_sum(icmp, len, 0)) != 0) {
		dp_net_drop(net, b, i, DP_C_drop_ip_checksum);
		return;
	}
	if (icmp->icmp_type != RTE_IP_ICMP_ECHO_REQUEST
		|| (b->flags[i] & DP_F_MULTICAST)) {
		net_consume(net, b, i, DP_C_icmp_other);
		return;
	}
	if (!fits(b->pkt[i], f)) {
		dp_net_drop(net, b, i, DP_C_drop_too_long);
		return;
	}
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = dp_sum_finish(dp_sum(icmp, len, 0));
	turn4(ip);
	net_turn_ether(net, b, i);
	dp_count(net->counters, DP_C_icmp_echo, 1);
	net_queue(net, b->port[i], b->pkt[i]);
	b->pkt[i] = NULL;
}

void
net_icmp6(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	uint16_t len)
{
	struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)(ip + 1);
	uint8_t src[16];

	if (len < sizeof(*icmp)) {
		dp_net_drop(net, b, i, DP_C_drop_ip_header);
		return;
	}
	if (icmp->icmp_type == SOLICITATION || icmp->icmp_type == ADVERTISEMENT) {
		net_nd(net, b, i, f, len);
		return;
	}
	if (net_is_unspecified(ip->src_addr)) {
		dp_net_drop(net, b, i, DP_C_drop_ip_source);
		return;
	}
	if (icmp->icmp_type != ECHO_REQUEST_V6 || (b->flags[i] & DP_F_MULTICAST)) {
		net_consume(net, b, i, DP_C_icmp_other);
		return;
	}
	if (!fits(b->pkt[i], f)) {
		dp_net_drop(net, b, i, DP_C_drop_too_long);
		return;
	}
	memcpy(src, ip->src_addr, 16);
	memcpy(ip->src_addr, ip->dst_addr, 16);
	memcpy(ip->dst_addr, src, 16);
	ip->hop_limits = 64;
	icmp->icmp_type = ECHO_REPLY_V6;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = dp_sum_finish(
		dp_sum(icmp, len, dp_sum_pseudo(ip->src_addr, 32, IPPROTO_ICMPV6, len)));
	net_turn_ether(net, b, i);
	dp_count(net->counters, DP_C_icmp_echo, 1);
	net_queue(net, b->port[i], b->pkt[i]);
	b->pkt[i] = NULL;
}
