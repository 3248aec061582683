/*
 * Neighbours: ARP (RFC 826) and Neighbour Discovery (RFC 4861): answer for our addresses,
 * learn from who asks us and from answers, ask when something must be sent unasked.
 *
 * A small direct-mapped table: it only serves what is sent unasked to a peer whose link
 * address is not known; every reply goes back to the MAC that the request came from.
 */
#include "dataplane/net_internal.h"

#include <rte_mbuf.h>

#define OPT_SOURCE 1 /* link-layer address options */
#define OPT_TARGET 2
#define SOLICITATION 135
#define ADVERTISEMENT 136

struct nd {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t flags;
	uint8_t target[16];
} __attribute__((packed));

struct nd_option {
	uint8_t type, len; /* len in units of eight bytes */
	uint8_t mac[6];
};

static unsigned
place(uint8_t port, const uint8_t addr[16])
{
	uint32_t h = port;

	for (unsigned i = 0; i < 16; i++)
		h = h * 31 + addr[i];
	return h % NEIGHBOURS;
}

static uint64_t
ms_of(uint64_t tsc)
{
	return tsc / (rte_get_tsc_hz() / 1000);
}

static void
learn(struct dp_net *net, uint8_t port, const uint8_t addr[16], const uint8_t mac[6])
{
	unsigned at = place(port, addr);
	struct neighbour *n = &net->neighbour[at];

	memcpy(n->addr, addr, 16);
	memcpy(n->mac, mac, 6);
	n->port = port;
	n->known = 1;
	dp_wheel_add(net->timers, at, ms_of(net->now) + NEIGHBOUR_S * 1000ull);
}

void
net_neighbours_expire(struct dp_net *net, uint64_t now_tsc)
{
	uint32_t due[16];
	unsigned n;

	do {
		n = dp_wheel_advance(net->timers, ms_of(now_tsc), due, RTE_DIM(due));
		for (unsigned i = 0; i < n; i++)
			net->neighbour[due[i]].known = 0;
	} while (n == RTE_DIM(due));
}

const struct neighbour *
net_neighbour(const struct dp_net *net, uint8_t port, const uint8_t addr[16])
{
	const struct neighbour *n = &net->neighbour[place(port, addr)];

	return n->known && n->port == port && memcmp(n->addr, addr, 16) == 0 ? n : NULL;
}

/* ---- ARP ---- */

void
net_arp(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	struct rte_mbuf *m = b->pkt[i];
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, f->l3);
	const uint8_t *mac = net->cfg->ports[b->port[i]].mac;
	uint8_t target[16], sender[16];

	if (m->data_len < f->l3 + sizeof(*arp)
		|| arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER)
		|| arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4)
		|| arp->arp_hlen != 6 || arp->arp_plen != 4) {
		dp_net_drop(net, b, i, DP_C_drop_frame_short);
		return;
	}
	net_map4(target, arp->arp_data.arp_tip);
	net_map4(sender, arp->arp_data.arp_sip);
	if (net_own_address(f->port, target) < 0) {
		net_consume(net, b, i, DP_C_arp);
		return;
	}
	if (arp->arp_data.arp_sip != 0)
		learn(net, b->port[i], sender, arp->arp_data.arp_sha.addr_bytes);
	if (arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST)) {
		net_consume(net, b, i, DP_C_arp);
		return;
	}
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	memcpy(&arp->arp_data.arp_sha, mac, 6);
	memcpy(&arp->arp_data.arp_sip, target + 12, 4);
	net_turn_ether(net, b, i);
	dp_count(net->counters, DP_C_arp, 1);
	net_queue(net, b->port[i], m);
	b->pkt[i] = NULL;
}

/* ---- Neighbour Discovery ---- */

static size_t
option_size(const uint8_t *p)
{
	return (size_t)8 * p[1];
}

/* Options have a length, and end where the message ends. */
static bool
options_are_whole(const struct nd *nd, uint16_t len)
{
	const uint8_t *p = (const uint8_t *)(nd + 1), *end = (const uint8_t *)nd + len;

	for (; p < end; p += option_size(p))
		if (end - p < 8 || p[1] == 0 || option_size(p) > (size_t)(end - p))
			return false;
	return true;
}

/* The link-layer address in the options behind @nd, which are whole, or NULL. */
static const uint8_t *
link_option(const struct nd *nd, uint16_t len, uint8_t type)
{
	const uint8_t *p = (const uint8_t *)(nd + 1), *end = (const uint8_t *)nd + len;

	for (; p < end; p += option_size(p))
		if (p[0] == type && p[1] == 1)
			return p + 2;
	return NULL;
}

/* What must be discarded in silence (RFC 4861, 7.1.1 and 7.1.2). */
static bool
is_malformed(const struct rte_ipv6_hdr *ip, const struct nd *nd, uint16_t len)
{
	if (len < sizeof(*nd) || ip->hop_limits != 255 || nd->code != 0
		|| nd->target[0] == 0xff || !options_are_whole(nd, len))
		return true;
	return net_is_unspecified(ip->src_addr)
	       && (nd->type != SOLICITATION || ip->dst_addr[0] != 0xff
		       || link_option(nd, len, OPT_SOURCE) != NULL);
}

static void
finish_nd(struct rte_ipv6_hdr *ip, struct nd *nd, uint16_t len)
{
	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->payload_len = rte_cpu_to_be_16(len);
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = 255;
	nd->code = 0;
	nd->checksum = 0;
	nd->checksum = dp_sum_finish(
		dp_sum(nd, len, dp_sum_pseudo(ip->src_addr, 32, IPPROTO_ICMPV6, len)));
}

/* Turn the solicitation into the advertisement that answers it. */
static void
advertise(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	bool probe)
{
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	struct nd *nd = (struct nd *)(ip + 1);
	struct nd_option *opt = (struct nd_option *)(nd + 1);
	uint16_t len = sizeof(*nd) + sizeof(*opt);
	struct rte_mbuf *m = b->pkt[i];

	m->data_len = m->pkt_len = f->l3 + (uint16_t)sizeof(*ip) + len;
	net_turn_ether(net, b, i);
	memcpy(ip->dst_addr, probe ? all_nodes : ip->src_addr, 16);
	if (probe)
		memcpy(rte_pktmbuf_mtod(m, void *), all_nodes_mac, 6);
	memcpy(ip->src_addr, nd->target, 16);
	nd->type = ADVERTISEMENT;
	nd->flags = probe ? RTE_BE32(0x20000000)
			  : RTE_BE32(0x60000000); /* override, solicited */
	*opt = (struct nd_option){.type = OPT_TARGET, .len = 1};
	memcpy(opt->mac, net->cfg->ports[b->port[i]].mac, 6);
	finish_nd(ip, nd, len);
	dp_count(net->counters, DP_C_nd, 1);
	net_queue(net, b->port[i], m);
	b->pkt[i] = NULL;
}

void
net_nd(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	uint16_t len)
{
	struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	struct nd *nd = (struct nd *)(ip + 1);
	bool probe = net_is_unspecified(ip->src_addr);
	const uint8_t *mac;

	if (is_malformed(ip, nd, len)) {
		dp_net_drop(net, b, i, DP_C_drop_ip_header);
		return;
	}
	mac = link_option(nd, len, nd->type == SOLICITATION ? OPT_SOURCE : OPT_TARGET);
	if (nd->type == ADVERTISEMENT) {
		if (mac != NULL)
			learn(net, b->port[i], nd->target, mac);
		net_consume(net, b, i, DP_C_nd);
		return;
	}
	if (net_own_address(f->port, nd->target) < 0) {
		net_consume(net, b, i, DP_C_nd);
		return;
	}
	if (mac != NULL && !probe)
		learn(net, b->port[i], ip->src_addr, mac);
	advertise(net, b, i, f, probe);
}

/* ---- asking ---- */

/* Ethernet header, tagged if the side is; where layer 3 begins. */
static uint8_t *
begin_frame(const struct dp_net *net, const struct dp_side *side, struct rte_mbuf *m,
	const uint8_t dst[6], uint16_t type_be, unsigned l3_len)
{
	unsigned l2 = sizeof(struct rte_ether_hdr)
		      + (side->vlan ? sizeof(struct rte_vlan_hdr) : 0);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)(eth + 1);

	m->data_len = m->pkt_len = (uint16_t)(l2 + l3_len);
	memcpy(&eth->dst_addr, dst, 6);
	memcpy(&eth->src_addr, net->cfg->ports[side->port].mac, 6);
	eth->ether_type = type_be;
	if (side->vlan) {
		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
		tag->vlan_tci = rte_cpu_to_be_16(side->vlan);
		tag->eth_proto = type_be;
	}
	return (uint8_t *)eth + l2;
}

static void
ask4(struct dp_net *net, const struct dp_side *side, const uint8_t addr[16],
	struct rte_mbuf *m)
{
	static const uint8_t everyone[6] = {255, 255, 255, 255, 255, 255};
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)begin_frame(
		net, side, m, everyone, RTE_BE16(RTE_ETHER_TYPE_ARP), sizeof(*arp));

	memset(arp, 0, sizeof(*arp));
	arp->arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
	arp->arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = 6;
	arp->arp_plen = 4;
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST);
	memcpy(&arp->arp_data.arp_sha, net->cfg->ports[side->port].mac, 6);
	memcpy(&arp->arp_data.arp_sip, side->addr + 12, 4);
	memcpy(&arp->arp_data.arp_tip, addr + 12, 4);
}

static void
ask6(struct dp_net *net, const struct dp_side *side, const uint8_t addr[16],
	struct rte_mbuf *m)
{
	uint16_t len = sizeof(struct nd) + sizeof(struct nd_option);
	const uint8_t group_mac[6] = {0x33, 0x33, 0xff, addr[13], addr[14], addr[15]};
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)begin_frame(net, side, m,
		group_mac, RTE_BE16(RTE_ETHER_TYPE_IPV6), (unsigned)sizeof(*ip) + len);
	struct nd *nd = (struct nd *)(ip + 1);
	struct nd_option *opt = (struct nd_option *)(nd + 1);

	memset(ip, 0, sizeof(*ip) + len);
	memcpy(ip->src_addr, side->addr, 16);
	ip->dst_addr[0] = 0xff;
	ip->dst_addr[1] = 2;
	ip->dst_addr[11] = 1;
	ip->dst_addr[12] = 0xff;
	memcpy(ip->dst_addr + 13, addr + 13, 3);
	nd->type = SOLICITATION;
	memcpy(nd->target, addr, 16);
	*opt = (struct nd_option){.type = OPT_SOURCE, .len = 1};
	memcpy(opt->mac, net->cfg->ports[side->port].mac, 6);
	finish_nd(ip, nd, len);
}

void
net_ask(struct dp_net *net, const struct dp_side *side, const uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct rte_mbuf *m = rte_pktmbuf_alloc(net->pool);

	if (m == NULL)
		return;
	if (memcmp(addr, mapped, 12) == 0)
		ask4(net, side, addr, m);
	else
		ask6(net, side, addr, m);
	dp_count(net->counters, DP_C_neighbours_asked, 1);
	net_queue(net, side->port, m);
}
