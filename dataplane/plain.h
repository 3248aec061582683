/*
 * The datagram that nearly every frame is: untagged IPv4 without options or fragments, or
 * IPv6 without extension headers, from a host to a port's own address and CoAP's UDP
 * port, unpadded and in one buffer, with sums that are right.
 *
 * It is told by a few words of its headers at once.  Nothing is decided here against a
 * frame: what is not plain goes through the layers (net.c, ip.c), which know why.
 *
 * Threads.  Pure; a worker's own port descriptions.
 */
#pragma once

#include "dataplane/burst.h"
#include "dataplane/checksum.h"
#include "dataplane/copy.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <immintrin.h>

enum {
	PLAIN_L3 = RTE_ETHER_HDR_LEN,
	PLAIN_L4 = PLAIN_L3 + sizeof(struct rte_ipv4_hdr),
	PLAIN_COAP = PLAIN_L4 + sizeof(struct rte_udp_hdr),
	PLAIN6_L4 = PLAIN_L3 + sizeof(struct rte_ipv6_hdr),
	PLAIN6_COAP = PLAIN6_L4 + sizeof(struct rte_udp_hdr)
};

/* Of a frame's bytes 6 to 37 those that are the same in all plain datagrams of a port. */
#define PLAIN_FROM 6
#define PLAIN_LEN 32
#define PLAIN_AT(byte) ((byte)-PLAIN_FROM)

/* A port as its plain datagrams see it. */
struct dp_plain {
	uint8_t like[PLAIN_LEN]; /* the bytes that are the same, and zeros */
	uint8_t mask[PLAIN_LEN]; /* which those are */
	uint64_t mac;            /* its link address in the upper six bytes */
	uint64_t side;           /* as it stands in the last word of a key */
	uint32_t own, broadcast; /* in network order */
	bool sums;               /* are to be looked at */
	bool v6;                 /* it has an IPv6 address: */
	uint16_t udp_be;
	uint64_t own6[2], side6; /* as own and side */
} __rte_cache_aligned;
_Static_assert(sizeof(struct dp_plain) == 128, "found by a shift");

/* Describe a port that has link address @mac, UDP port @udp_be and no address so far. */
static inline void
dp_plain_set(struct dp_plain *p, const uint8_t mac[6], uint16_t udp_be)
{
	uint8_t word[8] = {0};

	*p = (struct dp_plain){.like = {1}, .udp_be = udp_be}; /* which no mask leaves */
	memcpy(word + 2, mac, 6);
	p->mac = dp_load8(word);
}

/* Its IPv4 address. */
static inline void
dp_plain_set4(struct dp_plain *p, uint32_t own)
{
	static const uint8_t type[2] = {8, 0}, version = 0x45, udp = 17;
	uint8_t *like = p->like, *mask = p->mask;

	p->own = own;
	like[0] = 0;
	memcpy(like + PLAIN_AT(12), type, 2);
	memset(mask + PLAIN_AT(12), 0xff, 2);
	like[PLAIN_AT(PLAIN_L3)] = version;
	mask[PLAIN_AT(PLAIN_L3)] = 0xff;
	mask[PLAIN_AT(PLAIN_L3 + 6)] = 0x3f; /* no more fragments, no offset */
	mask[PLAIN_AT(PLAIN_L3 + 7)] = 0xff;
	like[PLAIN_AT(PLAIN_L3 + 9)] = udp;
	mask[PLAIN_AT(PLAIN_L3 + 9)] = 0xff;
	memcpy(like + PLAIN_AT(PLAIN_L3 + 16), &own, 4);
	memset(mask + PLAIN_AT(PLAIN_L3 + 16), 0xff, 4);
	memcpy(like + PLAIN_AT(PLAIN_L4 + 2), &p->udp_be, 2);
	memset(mask + PLAIN_AT(PLAIN_L4 + 2), 0xff, 2);
}

/* Its IPv6 address. */
static inline void
dp_plain_set6(struct dp_plain *p, const uint8_t own[16])
{
	p->v6 = true;
	memcpy(p->own6, own, sizeof(p->own6));
}

/* Is what must be the same in frame @f the same? */
static inline bool
dp_plain_like(const struct dp_plain *p, const uint8_t *f)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(f + PLAIN_FROM));
	__m256i like = _mm256_loadu_si256((const __m256i *)p->like);
	__m256i mask = _mm256_loadu_si256((const __m256i *)p->mask);
	__m256i other = _mm256_xor_si256(_mm256_and_si256(v, mask), like);

	return _mm256_testz_si256(other, other) && dp_load8(f) << 16 == p->mac;
}

/* A source that is a host, and not this one (RFC 1122, 3.2.1.3). */
static inline bool
dp_plain_host(const struct dp_plain *p, uint32_t src)
{
	/* By the address' first byte. */
	static const bool host[256] = {[1 ... 126] = true, [128 ... 223] = true};

	return src != p->own && src != p->broadcast && host[src & 0xff];
}

/* Is the sum over a datagram of @len bytes right?  Its pseudo header: the addresses,
 * which stand right before it, protocol and length. */
static inline bool
dp_plain_sum(const struct rte_mbuf *m, const uint8_t *addrs, unsigned addrs_len,
	unsigned len, uint64_t len_be)
{
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (unlikely(known != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN))
		return known != RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return dp_sum_is_right(
		dp_sum_message(addrs, addrs_len + len) + RTE_BE16(IPPROTO_UDP) + len_be);
}

/* Are both sums right, of header @ip and of the datagram behind it, @len bytes? */
static inline bool
dp_plain_sums(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, unsigned len,
	uint64_t len_be)
{
	const uint8_t *p = (const uint8_t *)ip, *addrs = (const uint8_t *)&ip->src_addr;
	uint64_t header =
		dp_sum_add(dp_sum_add(dp_load8(p), dp_load8(p + 8)), dp_load4(p + 16));

	return dp_sum_is_right(header)
	       && dp_plain_sum(m, addrs, 2 * sizeof(uint32_t), len, len_be);
}

/* True if packet @i of @b is plain; then it is described in the burst. */
static inline bool
dp_plain_take(const struct dp_plain *port, struct dp_burst *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(f + PLAIN_L3);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(f + PLAIN_L4);
	unsigned len = m->pkt_len - PLAIN_COAP; /* of the message */
	unsigned dgram = len + sizeof(*udp), total = dgram + sizeof(*ip);
	uint64_t dgram_be = __builtin_bswap32(dgram) >> 16, src, rest;

	/* No sum over the datagram is no reason: if they are looked at, it is either
	 * right all the same, or left to the layers. */
	if (len > DP_MSG_MAX || m->nb_segs != 1 || !dp_plain_like(port, f)
		|| ip->time_to_live == 0
		|| __builtin_bswap16(ip->total_length) != (uint16_t)total
		|| udp->dgram_len != dgram_be || udp->src_port == 0
		|| !dp_plain_host(port, ip->src_addr)
		|| (port->sums && !dp_plain_sums(m, ip, dgram, dgram_be)))
		return false;
	src = (uint64_t)ip->src_addr << 32
	      | 0xffff0000u;               /* ::ffff:a.b.c.d in two words */
	rest = port->side | udp->src_port; /* port, side, zero: one store */
	memset(b->key[i].addr, 0, 8);
	memcpy(b->key[i].addr + 8, &src, 8);
	memcpy(&b->key[i].port_be, &rest, sizeof(rest));
	b->flags[i] = 0;
	b->coap[i] = f + PLAIN_COAP;
	b->len[i] = (uint16_t)len;
	return true;
}

/* A source that is a host, and not this one: no group, and nobody of ::/64 (RFC 4291,
 * 2.5, 2.7). */
static inline bool
dp_plain6_host(const struct dp_plain *p, uint64_t high, uint64_t low)
{
	return high != 0 && (high & 0xff) != 0xff
	       && (high != p->own6[0] || low != p->own6[1]);
}

/* The same as dp_plain_take() for IPv6. */
static inline bool
dp_plain6_take(const struct dp_plain *port, struct dp_burst *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
	const uint8_t *src = f + PLAIN_L3 + 8, *dst = src + 16;
	unsigned len = m->pkt_len - PLAIN6_COAP; /* of the message */
	unsigned dgram = len + (unsigned)sizeof(struct rte_udp_hdr);
	uint64_t dgram_be = __builtin_bswap32(dgram) >> 16, udp, high, low, rest;

	if (!port->v6 || len > DP_MSG_MAX || m->nb_segs != 1
		|| dp_load8(f) << 16 != port->mac)
		return false;
	/* EtherType, version, length; then the next header, and hops that are left. */
	if ((dp_load8(f + 12) & 0xffff000000f0ffff) != (0x60dd86 | dgram_be << 48)
		|| f[PLAIN_L3 + 6] != IPPROTO_UDP || f[PLAIN_L3 + 7] == 0
		|| dp_load8(dst) != port->own6[0] || dp_load8(dst + 8) != port->own6[1])
		return false;
	/* Ports, length, and a sum, which there must be (RFC 8200, 8.1). */
	udp = dp_load8(f + PLAIN6_L4);
	high = dp_load8(src);
	low = dp_load8(src + 8);
	if ((udp >> 16 & 0xffffffff) != (port->udp_be | dgram_be << 16)
		|| (udp & 0xffff) == 0 || udp >> 48 == 0
		|| !dp_plain6_host(port, high, low)
		|| (port->sums
			&& !dp_plain_sum(
				m, src, 2 * sizeof(port->own6), dgram, dgram_be)))
		return false;
	rest = port->side6 | (udp & 0xffff);
	memcpy(b->key[i].addr, &high, 8);
	memcpy(b->key[i].addr + 8, &low, 8);
	memcpy(&b->key[i].port_be, &rest, sizeof(rest));
	b->flags[i] = DP_F_IPV6;
	b->coap[i] = f + PLAIN6_COAP;
	b->len[i] = (uint16_t)len;
	return true;
}
