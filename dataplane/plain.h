/*
 * The datagram that nearly every frame is: untagged IPv4 without options or fragments,
 * from a host to a port's own address and CoAP's UDP port, unpadded and in one buffer,
 * with sums that are right.
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

#include <immintrin.h>

enum {
	PLAIN_L3 = RTE_ETHER_HDR_LEN,
	PLAIN_L4 = PLAIN_L3 + 20,
	PLAIN_COAP = PLAIN_L4 + 8
};

/* Of a frame's bytes 6 to 37 those that are the same in all plain datagrams of a port. */
#define PLAIN_FROM 6
#define PLAIN_LEN 32
#define PLAIN_AT(byte) ((byte)-PLAIN_FROM)

/* A port as its plain datagrams see it. */
struct dp_plain {
	uint8_t like[PLAIN_LEN]; /* the bytes that are the same, and zeros */
	uint8_t mask[PLAIN_LEN]; /* which those are */
	uint64_t mac; /* its link address in the upper six bytes; DP_PLAIN_NONE */
	uint32_t own, broadcast; /* in network order */
	uint16_t side;
	bool sums; /* are to be looked at */
};
#define DP_PLAIN_NONE 1 /* no link address is like that: no frame is plain */

/* Describe a port that has link address @mac, IPv4 address @own and UDP port @udp_be. */
static inline void
dp_plain_set(struct dp_plain *p, const uint8_t mac[6], uint32_t own, uint16_t udp_be)
{
	static const uint8_t type[2] = {8, 0}, version = 0x45, udp = 17;
	uint8_t *like = p->like, *mask = p->mask;
	uint8_t word[8] = {0};

	memcpy(word + 2, mac, 6);
	p->mac = dp_load8(word);
	p->own = own;
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
	memcpy(like + PLAIN_AT(PLAIN_L4 + 2), &udp_be, 2);
	memset(mask + PLAIN_AT(PLAIN_L4 + 2), 0xff, 2);
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

	return host[src & 0xff] && src != p->own && src != p->broadcast;
}

/* Are both sums right: of the header's words @a, @c, @dst and of the datagram @len bytes
 * long that begins with @head? */
static inline bool
dp_plain_sums(const struct rte_mbuf *m, uint64_t a, uint64_t c, uint32_t dst,
	uint64_t head, const uint8_t *udp, unsigned len)
{
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK, sum;

	if (dp_sum_finish(dp_sum_add(dp_sum_add(a, c), dst)) != 0)
		return false;
	if (known != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN)
		return known != RTE_MBUF_F_RX_L4_CKSUM_BAD;
	/* The pseudo header: addresses, protocol, and the length that is in the head. */
	sum = (c >> 32) + dst + (17u << 8) + (head >> 32 & 0xffff);
	return dp_sum_finish(dp_sum_message(udp + 8, len - 8, dp_sum_add(sum, head)))
	       == 0;
}

/* True if packet @i of @b is plain; then it is described in the burst. */
static inline bool
dp_plain_take(const struct dp_plain *port, struct dp_burst *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
	unsigned left = m->data_len - (unsigned)PLAIN_L3, len = left - 20;
	uint64_t a, c, u, rest;
	uint32_t src, dst;

	if (m->data_len < PLAIN_COAP || len > DP_MSG_MAX + 8 || m->nb_segs != 1)
		return false;
	a = dp_load8(f + PLAIN_L3);     /* version, ToS, length, id, fragment */
	c = dp_load8(f + PLAIN_L3 + 8); /* TTL, protocol, sum, source */
	u = dp_load8(f + PLAIN_L4);     /* ports, length, sum */
	dst = dp_load4(f + PLAIN_L3 + 16);
	src = (uint32_t)(c >> 32);
	if (!dp_plain_like(port, f) || (c & 0xff) == 0
		|| (uint16_t)(a >> 16) != __builtin_bswap16((uint16_t)left)
		|| (uint16_t)(u >> 32) != __builtin_bswap16((uint16_t)len)
		|| (uint16_t)u == 0 || u >> 48 == 0 || !dp_plain_host(port, src)
		|| (port->sums && !dp_plain_sums(m, a, c, dst, u, f + PLAIN_L4, len)))
		return false;
	rest = (uint64_t)src << 32 | 0xffff0000u; /* ::ffff:a.b.c.d in two words */
	memset(b->key[i].addr, 0, 8);
	memcpy(b->key[i].addr + 8, &rest, 8);
	rest = (uint64_t)port->side << 16 | (uint16_t)u; /* port, side, zero: one store */
	memcpy(&b->key[i].port_be, &rest, sizeof(rest));
	b->flags[i] = 0;
	b->coap[i] = f + PLAIN_COAP;
	b->len[i] = (uint16_t)(len - 8);
	return true;
}
