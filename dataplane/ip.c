/*
 * IPv4, IPv6 and UDP, from header to datagram (RFC 791, 8200, 768).
 *
 * Lengths come from the IP header: short frames carry padding.  Options and extension
 * headers that say nothing to us are taken out, so that a reply has a plain header.
 */
#include "dataplane/net_internal.h"

#include <rte_mbuf.h>

#define PROTO_HOPOPT 0
#define PROTO_ICMP 1
#define PROTO_UDP 17
#define PROTO_FRAGMENT 44
#define PROTO_ICMP6 58
#define PROTO_DSTOPTS 60
#define FRAG_PART                                                                        \
	0xfff9 /* IPv6: offset and "more", of which a whole packet has neither */
#define DATAGRAM_MAX (DP_MSG_MAX + 8)

#define ALL_COAP_V4 0xe00001bbu /* 224.0.1.187 */
static const uint8_t all_coap_link[16] = {0xff, 2, [15] = 0xfd},
		     all_coap_site[16] = {0xff, 5, [15] = 0xfd};

static uint32_t
address4(const struct dp_prefix *p)
{
	uint32_t be;

	memcpy(&be, p->addr + 12, sizeof(be));
	return be;
}

uint32_t
net_broadcast_of(const struct dp_prefix *p)
{
	return p->v6 || p->len >= 31
		       ? 0
		       : address4(p) | rte_cpu_to_be_32(UINT32_MAX >> p->len);
}

/* Local side of a datagram: index of the address it may be answered from, or -1: not
 * ours. */
static int
group4(const struct dp_port_config *p, uint32_t dst_be)
{
	uint32_t dst = rte_be_to_cpu_32(dst_be);

	if (dst == ALL_COAP_V4 || dst == UINT32_MAX)
		return net_any_address(p, false);
	for (unsigned a = 0; a < p->n_addrs; a++)
		if (dst_be == net_broadcast_of(&p->addrs[a]))
			return (int)a;
	return -1;
}

static int
local4(const struct dp_port_config *p, uint32_t dst_be, uint8_t *flags)
{
	*flags = 0;
	for (unsigned a = 0; a < p->n_addrs; a++)
		if (address4(&p->addrs[a]) == dst_be && !p->addrs[a].v6)
			return (int)a;
	*flags = DP_F_MULTICAST;
	return group4(p, dst_be);
}

static int
local6(const struct dp_port_config *p, const uint8_t dst[16], uint8_t *flags)
{
	int own = net_own_address(p, dst);

	*flags = DP_F_IPV6;
	if (own >= 0)
		return own;
	*flags |= DP_F_MULTICAST;
	if (memcmp(dst, all_coap_link, 16) != 0 && memcmp(dst, all_coap_site, 16) != 0)
		return -1;
	return net_any_address(p, true);
}

/* The side's number; untagged ones were made at the start. */
static uint16_t
side_of(struct dp_net *net, uint8_t port, unsigned addr, uint16_t vlan)
{
	struct dp_side s;

	if (likely(vlan == 0))
		return net->port_side[port][addr];
	s = net->side[net->port_side[port][addr]].is;
	s.vlan = vlan;
	return dp_net_side_of(net, &s);
}

/*
 * The port may know: that it is right, wrong, or (NONE) that nobody made it, since the
 * datagram came through memory and is whole.
 */
static inline bool
udp_sum_wrong(const struct rte_mbuf *m, const struct rte_udp_hdr *udp, const void *addrs,
	size_t addrs_len, uint16_t len)
{
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (known != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN)
		return known == RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return dp_sum_finish(
		       dp_sum(udp, len, dp_sum_pseudo(addrs, addrs_len, PROTO_UDP, len)))
	       != 0;
}

/*
 * UDP at @u, @len bytes of it; addresses are in the key already, and at @addrs.  Made
 * once for each family, whose lengths are constants then.
 */
static inline __attribute__((always_inline)) bool
udp(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	const struct rte_udp_hdr *u, uint16_t len, const void *addrs, int local,
	const bool v6)
{
	uint16_t ulen, side;
	uint64_t rest;

	if (unlikely(len < sizeof(*u)
		     || (ulen = rte_be_to_cpu_16(u->dgram_len)) < sizeof(*u)
		     || ulen > len)) {
		dp_net_drop(net, b, i, DP_C_drop_udp_header);
		return false;
	}
	if (unlikely(u->dst_port != rte_cpu_to_be_16(f->port->udp_port)
		     || u->src_port == 0)) {
		dp_net_drop(net, b, i, DP_C_drop_udp_port);
		return false;
	}
	if (u->dgram_cksum == 0 ? v6 /* RFC 8200, 8.1 */
				: f->port->checksum_rx
					  && udp_sum_wrong(b->pkt[i], u, addrs,
						  v6 ? 32 : 8, ulen)) {
		dp_net_drop(net, b, i, DP_C_drop_udp_checksum);
		return false;
	}
	/* Extension headers before it may have used its buffer up. */
	if (unlikely(ulen > DATAGRAM_MAX
		     || rte_pktmbuf_tailroom(b->pkt[i]) < DP_TAILROOM)) {
		dp_net_drop(net, b, i, DP_C_drop_too_long);
		return false;
	}
	side = side_of(net, b->port[i], (unsigned)local, f->vlan);
	if (unlikely(side == UINT16_MAX)) {
		dp_net_drop(net, b, i, DP_C_drop_vlan);
		return false;
	}
	rest = (uint64_t)side << 16 | u->src_port; /* port, side, zero: one store */
	memcpy(&b->key[i].port_be, &rest, sizeof(rest));
	b->coap[i] = (uint8_t *)(u + 1);
	b->len[i] = ulen - (uint16_t)sizeof(*u);
	return true;
}

/* Short frames carry padding: what the IP header does not count goes. */
static void
trim(struct rte_mbuf *m, unsigned len)
{
	if (unlikely(m->data_len > len))
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - len));
}

/* ---- fragments ---- */

/* Merged pieces lie in a chain: bring them into the first buffer, if they fit. */
static bool
flatten(struct dp_net *net, struct dp_burst *b, unsigned i, struct rte_mbuf *m)
{
	unsigned pieces = m->nb_segs;

	b->pkt[i] = m;
	net->kept -= pieces;
	dp_count(net->counters, DP_C_fragments, pieces - 1u); /* one goes on */
	m->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;          /* was said of a piece */
	if (rte_pktmbuf_linearize(m) == 0)
		return true;
	dp_net_drop(net, b, i, DP_C_drop_too_long);
	return false;
}

void
net_bury(struct dp_net *net, uint32_t before)
{
	net->kept -= net->dead.cnt - before;
	dp_count(net->counters, DP_C_drop_fragment, net->dead.cnt - before);
	rte_ip_frag_free_death_row(&net->dead, 0);
}

/* True if @i is now a whole datagram. */
static bool
merge4(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv4_hdr *, f->l3);
	uint32_t before = net->dead.cnt;
	struct rte_mbuf *m = b->pkt[i];

	m->l2_len = f->l3;
	m->l3_len = rte_ipv4_hdr_len(ip);
	b->pkt[i] = NULL; /* the table owns it now */
	net->kept++;
	m = rte_ipv4_frag_reassemble_packet(net->frags, &net->dead, m, net->now, ip);
	net_bury(net, before);
	if (m == NULL || !flatten(net, b, i, m))
		return false;
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, f->l3);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = dp_sum_finish(dp_sum(ip, rte_ipv4_hdr_len(ip), 0));
	return true;
}

/* ---- IPv4 ---- */

/* Take the header's options out: the frame's front moves up over them. */
static struct rte_ipv4_hdr *
strip4(struct rte_mbuf *m, const struct net_frame *f, struct rte_ipv4_hdr *ip)
{
	unsigned extra = rte_ipv4_hdr_len(ip) - (unsigned)sizeof(*ip);
	uint8_t *front = rte_pktmbuf_mtod(m, uint8_t *);

	ip->version_ihl = 0x45;
	ip->total_length =
		rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->total_length) - extra));
	memmove(front + extra, front, f->l3 + sizeof(*ip));
	rte_pktmbuf_adj(m, (uint16_t)extra);
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, f->l3);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = dp_sum_finish(dp_sum(ip, sizeof(*ip), 0));
	return ip;
}

/* What is wrong with the header, or 0. */
static enum dp_counter
fault4(const struct net_frame *f, const struct rte_ipv4_hdr *ip, unsigned left)
{
	unsigned hlen, total;
	uint32_t src;

	if (left < sizeof(*ip))
		return DP_C_drop_frame_short;
	hlen = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version_ihl >> 4 != 4 || hlen < sizeof(*ip) || total < hlen
		|| total > left || ip->time_to_live == 0)
		return DP_C_drop_ip_header;
	if (f->port->checksum_rx
		&& dp_sum_finish(likely(hlen == sizeof(*ip)) ? dp_sum(ip, sizeof(*ip), 0)
							     : dp_sum(ip, hlen, 0))
			   != 0)
		return DP_C_drop_ip_checksum;
	src = rte_be_to_cpu_32(ip->src_addr);
	if (src >> 28 >= 14 || src >> 24 == 0 || src >> 24 == 127)
		return DP_C_drop_ip_source;
	return 0;
}

/*
 * What is wrong with the addresses, or 0: then @local is whom the packet is to.  Neither
 * we ourselves nor everybody may be answered.
 */
static enum dp_counter
addressed4(const struct dp_port_config *p, const struct rte_ipv4_hdr *ip, uint8_t *flags,
	int *local)
{
	*local = local4(p, ip->dst_addr, flags);
	if (unlikely(*local < 0))
		return DP_C_drop_ip_not_ours;
	if (unlikely(ip->src_addr == address4(&p->addrs[*local])
		     || ip->src_addr == net_broadcast_of(&p->addrs[*local])))
		return DP_C_drop_ip_source;
	return 0;
}

bool
net_ipv4(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv4_hdr *, f->l3);
	enum dp_counter why = fault4(f, ip, b->pkt[i]->data_len - f->l3);
	int local = -1;
	uint16_t len;

	if (likely(why == 0))
		why = addressed4(f->port, ip, &b->flags[i], &local);
	if (unlikely(why != 0)) {
		dp_net_drop(net, b, i, why);
		return false;
	}
	trim(b->pkt[i], f->l3 + (unsigned)rte_be_to_cpu_16(ip->total_length));
	if (unlikely(ip->fragment_offset
		     & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))) {
		if (!merge4(net, b, i, f))
			return false;
		ip = rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv4_hdr *, f->l3);
	}
	if (unlikely(ip->version_ihl != 0x45))
		ip = strip4(b->pkt[i], f, ip);
	len = (uint16_t)(rte_be_to_cpu_16(ip->total_length) - sizeof(*ip));
	if (likely(ip->next_proto_id == PROTO_UDP)) {
		net_map4(b->key[i].addr, ip->src_addr);
		return udp(net, b, i, f, (const struct rte_udp_hdr *)(ip + 1), len,
			&ip->src_addr, local, false);
	}
	if (ip->next_proto_id == PROTO_ICMP)
		net_icmp4(net, b, i, f, len);
	else
		dp_net_drop(net, b, i, DP_C_drop_ip_protocol);
	return false;
}

/* ---- IPv6 ---- */

/* Take @extra bytes of extension headers out; @next follows the plain header then. */
static void
strip6(struct rte_mbuf *m, const struct net_frame *f, unsigned extra, uint8_t next)
{
	uint8_t *front = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(front + f->l3);

	ip->proto = next;
	ip->payload_len =
		rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->payload_len) - extra));
	memmove(front + extra, front, f->l3 + sizeof(*ip));
	rte_pktmbuf_adj(m, (uint16_t)extra);
}

/* May a node that knows none of the options of header @h, @size bytes, skip them (RFC
 * 8200, 4.2)? */
static bool
may_skip(const uint8_t *h, unsigned size)
{
	unsigned at = 2;

	while (at < size) {
		if (h[at] == 0) { /* Pad1 */
			at++;
			continue;
		}
		if (h[at] >> 6 != 0 || at + 2 > size)
			return false;
		at += 2u + h[at + 1];
	}
	return at == size;
}

/*
 * Walk the extension headers.  Returns the protocol behind them and how many bytes they
 * take, or -1.  A fragment header ends the walk: it is the answer then.
 */
static int
skip_extensions(const struct rte_mbuf *m, unsigned l4, unsigned len, uint8_t proto,
	unsigned *taken)
{
	*taken = 0;
	while (proto == PROTO_HOPOPT || proto == PROTO_DSTOPTS) {
		const uint8_t *h =
			rte_pktmbuf_mtod_offset(m, const uint8_t *, l4 + *taken);
		unsigned size;

		if (len - *taken < 8 || (size = 8u + 8u * h[1]) > len - *taken
			|| !may_skip(h, size))
			return -1;
		proto = h[0];
		*taken += size;
	}
	return proto == PROTO_FRAGMENT && len - *taken < 8 ? -1 : proto;
}

/* True if @i, whose fragment header comes first, is now a whole packet without one. */
static bool
merge6(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	struct rte_ipv6_fragment_ext *ext = (struct rte_ipv6_fragment_ext *)(ip + 1);
	uint32_t before = net->dead.cnt;
	struct rte_mbuf *m = b->pkt[i];

	if ((ext->frag_data & RTE_BE16(FRAG_PART))
		== 0) { /* a whole packet all the same */
		strip6(m, f, sizeof(*ext), ext->next_header);
		return true;
	}
	m->l2_len = f->l3;
	m->l3_len = sizeof(*ip) + sizeof(*ext);
	b->pkt[i] = NULL;
	net->kept++;
	m = rte_ipv6_frag_reassemble_packet(net->frags, &net->dead, m, net->now, ip, ext);
	net_bury(net, before);
	return m != NULL && flatten(net, b, i, m);
}

/*
 * Take the extension headers out and put fragments together.  The protocol behind them,
 * or -1 if the packet waits for its other parts or is gone.
 */
static int
plain6(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	unsigned l4 = f->l3 + (unsigned)sizeof(struct rte_ipv6_hdr), extra;

	for (;;) {
		struct rte_ipv6_hdr *ip =
			rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
		int proto = skip_extensions(b->pkt[i], l4,
			rte_be_to_cpu_16(ip->payload_len), ip->proto, &extra);

		if (proto < 0) {
			dp_net_drop(net, b, i, DP_C_drop_ip_header);
			return -1;
		}
		if (extra > 0)
			strip6(b->pkt[i], f, extra, (uint8_t)proto);
		if (proto != PROTO_FRAGMENT)
			return proto;
		if (!merge6(net, b, i, f))
			return -1;
	}
}

/*
 * Nobody has an address of ::/64 (RFC 4291, 2.5).  Who is about to take one speaks from
 * ::, in Neighbour Discovery.
 */
static bool
is_nobody(const struct rte_ipv6_hdr *ip)
{
	uint64_t high, low;

	memcpy(&high, ip->src_addr, sizeof(high));
	memcpy(&low, ip->src_addr + sizeof(high), sizeof(low));
	return high == 0 && (low != 0 || ip->proto != PROTO_ICMP6);
}

static enum dp_counter
fault6(const struct rte_ipv6_hdr *ip, unsigned left)
{
	if (left < sizeof(*ip))
		return DP_C_drop_frame_short;
	if ((ip->vtc_flow & RTE_BE32(0xf0000000)) != RTE_BE32(0x60000000)
		|| rte_be_to_cpu_16(ip->payload_len) > left - sizeof(*ip)
		|| ip->hop_limits == 0)
		return DP_C_drop_ip_header;
	return ip->src_addr[0] == 0xff || is_nobody(ip) ? DP_C_drop_ip_source : 0;
}

/* The group that solicitations for our addresses go to (RFC 4291, 2.7.1). */
static bool
is_solicited_node(const struct dp_port_config *p, const uint8_t dst[16])
{
	static const uint8_t group[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	for (unsigned a = 0; a < p->n_addrs; a++)
		if (p->addrs[a].v6 && memcmp(dst, group, 13) == 0
			&& memcmp(dst + 13, p->addrs[a].addr + 13, 3) == 0)
			return true;
	return false;
}

/* As addressed4(); @local is -1 where only Neighbour Discovery may follow. */
static enum dp_counter
addressed6(const struct dp_port_config *p, const struct rte_ipv6_hdr *ip, uint8_t *flags,
	int *local)
{
	*local = local6(p, ip->dst_addr, flags);
	if (unlikely(*local < 0))
		return is_solicited_node(p, ip->dst_addr) ? 0 : DP_C_drop_ip_not_ours;
	return unlikely(memcmp(ip->src_addr, p->addrs[*local].addr, 16) == 0)
		       ? DP_C_drop_ip_source
		       : 0;
}

static bool
icmp6(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	const struct rte_ipv6_hdr *ip, uint16_t len)
{
	const void *icmp = ip + 1;

	if (dp_sum_finish(
		    dp_sum(icmp, len, dp_sum_pseudo(ip->src_addr, 32, PROTO_ICMP6, len)))
		!= 0)
		dp_net_drop(net, b, i, DP_C_drop_ip_checksum);
	else
		net_icmp6(net, b, i, f, len);
	return false;
}

bool
net_ipv6(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f)
{
	struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	enum dp_counter why = fault6(ip, b->pkt[i]->data_len - f->l3);
	int proto, local = -1;
	uint16_t len;

	if (likely(why == 0))
		why = addressed6(f->port, ip, &b->flags[i], &local);
	if (unlikely(why != 0)) {
		dp_net_drop(net, b, i, why);
		return false;
	}
	trim(b->pkt[i],
		f->l3 + (unsigned)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len));
	proto = likely(ip->proto == PROTO_UDP) ? PROTO_UDP : plain6(net, b, i, f);
	if (proto < 0)
		return false;
	ip = rte_pktmbuf_mtod_offset(b->pkt[i], struct rte_ipv6_hdr *, f->l3);
	len = rte_be_to_cpu_16(ip->payload_len);
	if (proto == PROTO_ICMP6)
		return icmp6(net, b, i, f, ip, len);
	if (proto != PROTO_UDP || local < 0) {
		dp_net_drop(net, b, i, DP_C_drop_ip_protocol);
		return false;
	}
	memcpy(b->key[i].addr, ip->src_addr, 16);
	return udp(net, b, i, f, (const struct rte_udp_hdr *)(ip + 1), len, ip->src_addr,
		local, true);
}
