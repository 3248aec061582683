/*
 * One burst on its way through a worker's stages: a structure of arrays; index i is one
 * packet in every array.
 *
 *   rx -> net -> parse -> match -> route -> locate -> act -> reply -> tx
 *
 * Each stage is one function over the whole burst.  What it reads and writes stands with
 * each array: "net: ..." is written by stage_net.  A stage that is done with a packet
 * frees it or passes it on and sets pkt[i] to NULL; later stages skip it.  Stages take
 * the message from coap[]/msg[], never from the frame: record security will one day open
 * it before parse.
 */
#pragma once

#include "coap/msg.h"
#include "dataplane/peers.h"

#define DP_BURST 64
#define DP_AHEAD 4 /* packets between a prefetch and its use */
/* Requests whose lines of a table are asked for in a row: the processor goes no further
 * than a prefetch of which it does not know the page yet, but looks for several at a
 * time.  (One by one between other work, each cost that work twice as many cycles.) */
#define DP_TOGETHER 16
#define DP_HEADROOM 128 /* free bytes kept before the frame */
#define DP_TAILROOM                                                                      \
	32 /* after every message in its buffer: for a security tag, and for who reads   \
	      and copies by words and goes over the end */
#define DP_MSG_MAX 1472 /* bytes of a message: what fits a frame of IPv4; IPv6: 1452 */

enum dp_flag {
	DP_F_IPV6 = 1,
	DP_F_MULTICAST =
		2,        /* destination was multicast or broadcast: no RST, no errors */
	DP_F_OBSERVE = 4, /* parse: a GET with Observe */
};

struct dp_route;

/* The first of a set, which it leaves; the set has one. */
static inline unsigned
dp_next_of(uint64_t *set)
{
	unsigned i = (unsigned)__builtin_ctzll(*set);

	*set &= *set - 1;
	return i;
}

struct rte_mbuf;

struct dp_burst {
	uint16_t n;
	bool handed;      /* rx:  from another worker: frames were counted there */
	uint32_t now_s;   /* rx:  seconds since start */
	uint64_t tsc;     /* rx:  rte_rdtsc() when the burst was read */
	uint64_t wall_ns; /* rx:  then, by the wall clock */

	/* Sets of requests: bit i is request i. */
	uint64_t once;   /* parse: must not run twice, or has Observe: needs its peer */
	uint64_t value;  /* route: begins with a stored value, or with ... */
	uint64_t device; /* route: ... a device; the index line is on its way */
	uint64_t rare;   /* route: not to be run just like that: see dp_stage_act() */
	uint64_t body;   /* locate: brings a block of a body, whose key is known */

	struct rte_mbuf *pkt[DP_BURST];   /* rx:    owned until NULL */
	uint8_t port[DP_BURST];           /* rx:    index of the dp port */
	uint8_t flags[DP_BURST];          /* net, parse: enum dp_flag */
	uint8_t *coap[DP_BURST];          /* net:   UDP payload, inside pkt[i] */
	uint16_t len[DP_BURST];           /* net:   its length, from the headers */
	struct dp_peer_key key[DP_BURST]; /* net:   who sent it, to which side */
	struct tg_msg msg[DP_BURST];      /* parse: view */
	uint64_t hash[DP_BURST];          /* parse: of the peer's key */
	uint32_t peer[DP_BURST]; /* match: a hint; act: slot in the peers table */
	const struct dp_route
		*route[DP_BURST]; /* route: NULL if code[] is an error already */
	uint8_t code[DP_BURST];   /* route, act: the answer's code; 0: none yet */
	uint8_t silent[DP_BURST]; /* route: classes of answers that are not wanted */
	uint16_t reply[DP_BURST]; /* act, reply: bytes of the answer in coap[]; 0: none */
};
