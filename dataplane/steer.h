/*
 * Between workers: where what a packet is about has its home, and the packet's way there
 * and back.
 *
 * Threads.  A worker's.  A packet is one worker's at a time: the rings that pass it on
 *           order what each has written in it before what the next one reads.
 */
#pragma once

#include "dataplane/worker.h"

#include <rte_mbuf.h>

/* Private area of every mbuf: what a packet takes with it to another worker. */
struct dp_meta {
	struct dp_peer_key key;
	uint64_t tsc;
	uint64_t about;               /* for the flight recorder */
	struct dp_transfer *transfer; /* whose body comes with it, or NULL */
	uint32_t peer;                /* a slot of its home's, */
	uint32_t ref; /* and, on the way to a value, a dp_peers_ref() of it there */
	uint16_t coap, len, reply; /* offset of the message in the frame; bytes; bytes of
				      the answer */
	uint16_t options, tkl;     /* offset of the first option in the message; bytes of
				      its token */
	uint32_t
		list; /* with DP_F_OBSERVE, in an answer: which is observed from now on */
	uint8_t kind; /* enum dp_errand */
	uint8_t from, port, flags, code;
	uint8_t method; /* the request's code */
	uint8_t silent; /* classes of answers that are not wanted */
	uint8_t param;  /* its route's */
};

/* Why a packet is in another worker's inbox. */
enum dp_errand {
	DP_E_DATAGRAM, /* its endpoint's home is there */
	DP_E_VALUE,    /* its value's home is there: execute, then send it back */
	DP_E_ANSWER,   /* executed at the value's home: the answer stands in it */
};

static inline struct dp_meta *
dp_meta(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

/* Home of an endpoint. */
unsigned dp_home_of(const struct dp_worker *w, const struct dp_peer_key *key);
unsigned dp_home_of_hash(const struct dp_worker *w, uint64_t hash);
/* Home of the value that a request names. */
unsigned dp_value_home(const struct dp_worker *w, const struct dp_request *q);
/* Put packet @i into worker @to's inbox; false if it is full. */
bool dp_hand(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned to,
	enum dp_errand kind);
/* Take packet @i out of the burst, with all that it takes with it. */
struct rte_mbuf *dp_pack(struct dp_worker *w, struct dp_burst *b, unsigned i);
#define DP_KIND(kind) (1u << (kind))
/* A packet that comes back, as a burst of its own, parsed and routed anew: a reload on
 * the way may have made its route another.  code[0]: 0, or the error that it ends in:
 * 5.03 if the route is of none of @kinds, which are all that the caller can run. */
struct dp_burst *dp_reopen(struct dp_worker *w, struct rte_mbuf *m, unsigned kinds);
/* Send the answer of such a packet to @to, from where its request came. */
void dp_give_back(struct dp_worker *w, struct dp_burst *b, unsigned to);
/* Request @i goes on its way, and its answer comes back through the inbox: it is in
 * progress. */
void dp_leave(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* A request of ours is back; @peer: its peer's slot, or DP_NONE. */
void dp_arrive(struct dp_worker *w, uint32_t peer);
/* Work off the inbox and the answers settled elsewhere.  True if there was anything. */
bool dp_inbox(struct dp_worker *w);
