/* What the host stack's files share; see net.h for what it is. */
#pragma once

#include "dataplane/checksum.h"
#include "dataplane/net.h"
#include "dataplane/plain.h"
#include "dataplane/vhost.h"
#include "dataplane/wheel.h"

#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_ip_frag.h>
#include <rte_ring.h>
#include <rte_udp.h>

#define SIDES_MAX 4096
#define TX_ARRAY 256
#define NEIGHBOURS 1024
#define NEIGHBOUR_S 300 /* seconds an entry is believed */

struct tx_port {
	struct rte_mbuf **pkt; /* TX_ARRAY; elsewhere, for a port is found by a shift */
	uint16_t n;
	uint16_t left; /* of them: the port had no room, the first were offered already */
	uint16_t queue;
	bool own;       /* the queue is this worker's */
	uint64_t moved; /* TSC, of a burst: the port took something */
	struct rte_ring
		*pass; /* frames from workers without a queue; NULL if all have one */
};

struct net_side {
	struct dp_side is;
	uint32_t sum;           /* of its address */
	uint32_t sum_udp;       /* and of its port and the protocol */
} __attribute__((aligned(64))); /* found by a shift */

struct neighbour {
	uint8_t addr[16];
	uint8_t mac[6];
	uint8_t port, known;
};

struct rx_queue {
	uint8_t port;
	uint16_t queue;
	bool vhost;
	struct dp_vhost_ahead ahead; /* if so */
};

struct dp_net {
	const struct dp_config *cfg;
	unsigned worker;
	struct rte_mempool *pool;
	struct dp_counters *counters;
	struct dp_trace *trace;
	struct rx_queue rx[DP_PORTS_MAX * DP_WORKERS_MAX];
	unsigned n_rx, next_rx;
	struct rx_queue *last_rx; /* what was read last */
	uint16_t port_side[DP_PORTS_MAX]
			  [DP_ADDRS_MAX]; /* side of (port, address) untagged */
	struct dp_plain plain[DP_PORTS_MAX];
	struct net_side side[SIDES_MAX];
	uint32_t n_sides;
	struct tx_port tx[DP_PORTS_MAX];
	struct rte_mbuf *tx_pkt[DP_PORTS_MAX][TX_ARRAY];
	struct neighbour neighbour[NEIGHBOURS];
	struct dp_wheel *timers; /* by a neighbour's place: when it is forgotten, in ms */
	struct rte_ip_frag_tbl *frags;
	struct rte_ip_frag_death_row dead;
	uint32_t kept;                  /* fragments that wait for others */
	uint64_t now;                   /* TSC of this burst */
	struct dp_capture *capture;     /* who wants copies of frames, or NULL */
	const struct dp_snapshot *snap; /* with it: of this turn */
};

/* Where a frame's parts are, as the Ethernet layer found them. */
struct net_frame {
	const struct dp_port_config *port;
	uint16_t type; /* EtherType behind the tag */
	uint16_t vlan;
	uint8_t l3;
};

/* Packet @i goes no further. */
void net_consume(
	struct dp_net *net, struct dp_burst *b, unsigned i, enum dp_counter kind);
/* Queue a finished frame. */
void net_queue(struct dp_net *net, uint8_t port, struct rte_mbuf *m);
/* Index of the port's own address equal to @addr (v4-mapped or IPv6), or -1. */
int net_own_address(const struct dp_port_config *p, const uint8_t addr[16]);
/* First own address of that family, or -1. */
int net_any_address(const struct dp_port_config *p, bool v6);

/* ip.c: true if packet @i is a datagram for us, described in the burst. */
bool net_ipv4(
	struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f);
bool net_ipv6(
	struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f);

/* ip.c: the address of all hosts behind @p, in network order; 0 if it has none. */
uint32_t net_broadcast_of(const struct dp_prefix *p);
/* ip.c: count and free the fragments that rte_ip_frag gave up since it had @before of
 * them. */
void net_bury(struct dp_net *net, uint32_t before);

/* net_capture.c: what was read, and what port @p is about to be offered anew.  Never
 * inline: every message's path would save registers for them. */
void net_capture_heard(const struct dp_net *net, const struct dp_burst *b)
	__attribute__((cold, noinline));
void net_capture_sent(const struct dp_net *net, unsigned p)
	__attribute__((cold, noinline));

/* neigh.c */
/* Forget the neighbours whose time is over. */
void net_neighbours_expire(struct dp_net *net, uint64_t now_tsc);
void net_arp(
	struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f);
/* Neighbour solicitation or advertisement; the ICMPv6 checksum has been checked. */
void net_nd(struct dp_net *net, struct dp_burst *b, unsigned i, const struct net_frame *f,
	uint16_t len);
const struct neighbour *net_neighbour(
	const struct dp_net *net, uint8_t port, const uint8_t addr[16]);
/* Ask who has @addr. */
void net_ask(struct dp_net *net, const struct dp_side *side, const uint8_t addr[16]);

/* icmp.c: @len bytes of ICMP behind the header. */
void net_icmp4(struct dp_net *net, struct dp_burst *b, unsigned i,
	const struct net_frame *f, uint16_t len);
void net_icmp6(struct dp_net *net, struct dp_burst *b, unsigned i,
	const struct net_frame *f, uint16_t len);

/* The address as two words: what reads it next need not wait for smaller stores. */
static inline void
net_map4(uint8_t addr[16], uint32_t ip4_be)
{
	const uint64_t words[2] = {0, (uint64_t)ip4_be << 32 | 0xffff0000u};

	memcpy(addr, words, sizeof(words));
}

/* The source of a host that has no address yet (RFC 4291, 2.5.2). */
static inline bool
net_is_unspecified(const uint8_t addr[16])
{
	static const uint8_t unspecified[16];

	return memcmp(addr, unspecified, sizeof(unspecified)) == 0;
}

/* Link addresses change places; what came to a group came to the port's own. */
static inline void
net_turn_ether(const struct dp_net *net, struct dp_burst *b, unsigned i)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(b->pkt[i], struct rte_ether_hdr *);
	/* Two addresses, and the two bytes behind them where they are. */
	const __m128i turned =
		_mm_setr_epi8(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);
	__m128i front;

	if (unlikely(rte_is_multicast_ether_addr(&eth->dst_addr)))
		memcpy(&eth->dst_addr, net->cfg->ports[b->port[i]].mac, 6);
	front = _mm_loadu_si128((const __m128i *)eth);
	_mm_storeu_si128((__m128i *)eth, _mm_shuffle_epi8(front, turned));
}
