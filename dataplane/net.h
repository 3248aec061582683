/*
 * The host stack between a port and CoAP: Ethernet, VLAN, ARP, Neighbour Discovery,
 * IPv4, IPv6, ICMP echo, fragments, UDP, checksums.
 *
 * Threads.  One dp_net a worker; only that worker calls.  Ports are shared: a worker that
 *           has no transmit queue of a port hands frames to the queue's owner by ring.
 * Memory.   Allocated by dp_net_new() at start; nothing afterwards.
 * Invariant. Every frame read is counted as consumed or dropped here, or goes on as a
 *           datagram; lengths come from the IP header, never from the frame.
 */
#pragma once

#include "dataplane/burst.h"
#include "dataplane/config.h"
#include "dataplane/counters.h"
#include "dataplane/trace.h"

struct rte_mempool;

struct dp_net;

/* One local side: where a datagram was addressed to.  Interned: key.side indexes it. */
struct dp_side {
	uint8_t addr[16]; /* local address, v4-mapped */
	uint16_t udp_be;  /* local UDP port, network order */
	uint16_t vlan;    /* VLAN id, 0 if untagged */
	uint8_t port;     /* index of the dp port */
	uint32_t local;   /* dp_net_side_of: the port and the side as a record has them */
};

/* One worker's stack over the opened @ports.  NULL and @err filled if memory fails. */
struct dp_net *dp_net_new(const struct dp_config *cfg, unsigned worker,
	struct rte_mempool *pool, struct dp_counters *counters, char *err, size_t errlen);
void dp_net_free(struct dp_net *net);

/* Enter what dp_net_send() sends in @trace; before the first. */
void dp_net_record(struct dp_net *net, struct dp_trace *trace);

struct dp_capture;
struct dp_snapshot;
/* Hold what is read and sent against @c from here on (NULL: against nothing), with the
 * routes of @snap: both of this turn.  A frame is copied when it is first offered to its
 * port. */
void dp_net_capture(
	struct dp_net *net, struct dp_capture *c, const struct dp_snapshot *snap);

/* Read up to DP_BURST frames from the port queues this worker owns, round robin; b->n = 0
 * if idle. */
void dp_net_rx(struct dp_net *net, struct dp_burst *b);
/*
 * Stage net.  In: n, pkt[], port[], handed.  Out: flags[], coap[], len[], key[];
 * what is no datagram for us is answered or dropped, counted, and taken out; b->n is
 * then the number of datagrams and there is no NULL among them.  Learns nothing about
 * peers: the reply goes back to the MAC that asked, found in the frame.
 */
void dp_net_stage(struct dp_net *net, struct dp_burst *b);
/* Between two stages: ask for some of what the next burst from the same port needs
 * (vhost.h). */
void dp_net_ahead(struct dp_net *net);
/*
 * Turn packet @i into the answer that stands at coap[i], @len bytes: addresses and ports
 * swapped (a multicast request is answered from the port's own address), lengths and
 * checksums made, and queue it.  pkt[i] is then NULL.
 */
void dp_net_reply(struct dp_net *net, struct dp_burst *b, unsigned i, uint16_t len);
/* The same for every packet that is still here, whose answer has reply[i] bytes; how
 * many. */
unsigned dp_net_reply_all(struct dp_net *net, struct dp_burst *b);
/* Free packet @i and count why. */
void dp_net_drop(struct dp_net *net, struct dp_burst *b, unsigned i, enum dp_counter why);

/* A fresh buffer for a message of up to DP_MSG_MAX bytes to @key; *coap is where it goes.
 * NULL if the pool is empty. */
struct rte_mbuf *dp_net_begin(
	struct dp_net *net, const struct dp_peer_key *key, uint8_t **coap);
/* Finish and queue it: @mac is the peer's link address, or NULL: looked up among the
 * neighbours, asked for if unknown (the frame is then dropped and counted
 * neighbours_unknown; whoever retransmits will find it). */
void dp_net_send(struct dp_net *net, struct rte_mbuf *m, const struct dp_peer_key *key,
	const uint8_t *mac, uint16_t len);
/* Give all that is queued to the ports; counts tx_*.  Once per turn of the loop.  What a
 * port has no room for waits for the next; more than 256 frames are dropped, counted
 * tx_dropped. */
void dp_net_flush(struct dp_net *net);
/* Do frames wait for a port that still takes some now and then?  What can wait had
 * better. */
bool dp_net_is_full(const struct dp_net *net, uint64_t now_tsc);
/* Expiry of fragments and neighbours; cheap, about every ms. */
void dp_net_tick(struct dp_net *net, uint64_t now_tsc);

/* Frames that wait for other fragments: on no account yet. */
uint32_t dp_net_kept(const struct dp_net *net);

/* The side behind an index, and the index of a side (made if absent; UINT16_MAX if no
 * room). */
const struct dp_side *dp_net_side(const struct dp_net *net, uint16_t side);
uint16_t dp_net_side_of(struct dp_net *net, const struct dp_side *side);
/* MAC that the frame of packet @i came from. */
const uint8_t *dp_net_source_mac(const struct dp_burst *b, unsigned i);
