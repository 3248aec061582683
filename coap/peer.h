/*
 * What one endpoint knows of another: how much went to and fro, when it was last heard,
 * and whether more may be sent to it (RFC 7252, 4.7).
 *
 * Threads.  A peer belongs to its caller.   Memory.  The caller's.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/param.h"

#include <stdbool.h>

struct tg_peer_count {
	uint64_t messages, octets;
};

struct tg_peer {
	struct tg_peer_count sent, received;
	uint64_t
		since_heard; /* octets sent since it was heard, or ever if it never was */
	uint64_t silent_ms;  /* when the first of those was sent */
	uint64_t heard_ms;   /* when it was last heard, if it was */
	bool heard;
	uint32_t outstanding; /* interactions under way, which NSTART bounds */
};

/* All zero: a peer of which nothing is known. */

/* A message of @octets was sent to it. */
void tg_peer_sent(struct tg_peer *p, uint64_t now_ms, uint32_t octets);
/* One has come from it. */
void tg_peer_heard(struct tg_peer *p, uint64_t now_ms, uint32_t octets);

/*
 * An interaction begins (a CON without its ACK, or a request without its response); false
 * if NSTART are under way already, and nothing is changed.
 */
bool tg_peer_begin(struct tg_peer *p, const struct tg_param *param);
/* One of those has ended. */
void tg_peer_end(struct tg_peer *p);

/*
 * When the next message may go to it without passing PROBING_RATE on average, counted
 * from the first octet it has been silent to: never after @now_ms if it was heard since.
 */
uint64_t tg_peer_may_send_ms(
	const struct tg_peer *p, const struct tg_param *param, uint64_t now_ms);
