/*
 * Outbound: confirmable messages of ours until they are acknowledged, rejected or given
 * up (RFC 7252, 4.2), by peer and Message ID.
 *
 * A place is kept from the moment that a request is acknowledged whose answer will be
 * such a message: who was told to wait for it does not wait in vain.  An entry holds when
 * to send again, not what: its owner has the bytes.  At most NSTART messages to a peer
 * are under way (4.7); one more waits until one of them has ended, or for as long as it
 * is put off.
 *
 * Threads.  The home worker only.
 * Memory.   One zeroed block from the caller, dp_outbound_size() bytes, 64-aligned,
 * position independent: layout version, geometry and hash key first, indices and never
 *           pointers.  Never grows.
 * Time.     Milliseconds of the caller's choice, handed in; never backwards.
 * Cost.     O(messages to the same peer), timers O(1).
 */
#pragma once

#include "coap/retry.h"
#include "dataplane/peers.h"

struct dp_outbound;

/* Entries of one peer: its chain is walked for each of its messages. */
#define DP_OUT_PER_PEER 256

struct dp_out {
	uint32_t peer;
	uint16_t mid;          /* of a place that is kept: the request's */
	bool is_promise;       /* it is a place that is kept */
	uint16_t nstart;       /* what it was entered under, */
	uint32_t probing_rate; /* bytes a second */
	uint32_t next;         /* in its chain, entry + 1; when free: the next free one */
	struct tg_retry retry; /* stopped: not sent yet */
	uint64_t begun_ms;     /* when it was sent first */
};

/* What is to be done with an entry whose time has come. */
enum dp_out_step {
	DP_OUT_NOTHING,
	DP_OUT_BEGIN,   /* it was put off until now */
	DP_OUT_AGAIN,   /* send the same bytes again */
	DP_OUT_GIVE_UP, /* it was not answered: to be deleted */
};

size_t dp_outbound_size(uint32_t max);
/* @max entries, 64 .. 2^24; NULL if out of range. */
struct dp_outbound *dp_outbound_init(
	void *block, uint32_t max, const uint8_t hash_key[16], uint64_t now_ms);

/* Keep a place for the answer to request @mid of @peer: its entry, or DP_NONE if there is
 * no room, or if the peer has DP_OUT_PER_PEER. */
uint32_t dp_outbound_promise(struct dp_outbound *t, uint32_t peer, uint16_t mid);
/* The place kept for that answer, or DP_NONE. */
uint32_t dp_outbound_promised(const struct dp_outbound *t, uint32_t peer, uint16_t mid);
/* It is there, under @mid, as dp_outbound_put() has it. */
void dp_outbound_keep(struct dp_outbound *t, uint32_t id, uint16_t mid,
	const struct tg_param *p, uint32_t random);
/* Enter a message that has not been sent, which will be under @p; @random is uniform over
 * 32 bits.  Its entry, or DP_NONE if there is no room. */
uint32_t dp_outbound_put(struct dp_outbound *t, uint32_t peer, uint16_t mid,
	const struct tg_param *p, uint32_t random);
/* How many are under way to @peer. */
uint32_t dp_outbound_under_way(const struct dp_outbound *t, uint32_t peer);
/* May @id be sent now, or are as many as may be under way to its peer, with @others that
 * are not of this table? */
bool dp_outbound_may_begin(const struct dp_outbound *t, uint32_t id, uint32_t others);
/* It has been sent for the first time: its timeouts begin. */
void dp_outbound_begin(struct dp_outbound *t, uint32_t id, uint64_t now_ms);
/* It has not been sent: not before @when_ms, unless somebody begins it. */
void dp_outbound_put_off(struct dp_outbound *t, uint32_t id, uint64_t when_ms);
/* Borrow an entry in use. */
const struct dp_out *dp_outbound_get(const struct dp_outbound *t, uint32_t id);
/* The message with @mid that is under way to @peer; DP_NONE if there is none. */
uint32_t dp_outbound_find(const struct dp_outbound *t, uint32_t peer, uint16_t mid);
/* The message to @peer that waits longest to be sent; DP_NONE if none does. */
uint32_t dp_outbound_waiting(const struct dp_outbound *t, uint32_t peer);
/* Its transmission has ended, or there will be none. */
void dp_outbound_del(struct dp_outbound *t, uint32_t id);
/* The next entry whose time has come at @now_ms, and what for. */
enum dp_out_step dp_outbound_due(struct dp_outbound *t, uint64_t now_ms, uint32_t *id);

uint32_t dp_outbound_count(const struct dp_outbound *t);
uint32_t dp_outbound_max(const struct dp_outbound *t);
