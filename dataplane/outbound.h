/*
 * Outbound: confirmable messages of ours until they are acknowledged, rejected or given
 * up (RFC 7252, 4.2), by peer and Message ID.
 *
 * An entry holds when to send again, not what: its owner has the bytes.  At most NSTART
 * messages to a peer are under way (4.7); one more waits until one of them has ended.
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

/* Whose message it is: who is told how it ended. */
enum dp_out_owner {
	DP_OUT_SEPARATE, /* a separate response (5.2.2); its bytes are in the reply pool
			  */
	DP_OUT_NOTIFY,   /* a notification (RFC 7641) */
};

struct dp_out {
	uint32_t peer;
	uint32_t ref; /* the owner's own number */
	uint16_t mid;
	uint8_t owner;         /* enum dp_out_owner */
	uint8_t in_use;        /* the rest is the table's */
	uint32_t next;         /* in its chain, entry + 1; when free: the next free one */
	struct tg_retry retry; /* stopped: not sent yet */
};

size_t dp_outbound_size(uint32_t max);
/* @max entries, 64 .. 2^24; NULL if out of range. */
struct dp_outbound *dp_outbound_init(
	void *block, uint32_t max, const uint8_t hash_key[16], uint64_t now_ms);

/* Enter a message that has not been sent; its entry, or DP_NONE if there is no room. */
uint32_t dp_outbound_put(struct dp_outbound *t, uint32_t peer, uint16_t mid,
	enum dp_out_owner owner, uint32_t ref);
/* May one more be sent to @peer now? */
bool dp_outbound_may_send(const struct dp_outbound *t, uint32_t peer, uint32_t nstart);
/* Entry @id has been sent for the first time: its timeouts begin. */
void dp_outbound_start(struct dp_outbound *t, uint32_t id, const struct tg_param *p,
	uint64_t now_ms, uint32_t random);
/* Borrow an entry in use. */
const struct dp_out *dp_outbound_get(const struct dp_outbound *t, uint32_t id);
/* The message with @mid that is under way to @peer; DP_NONE if there is none. */
uint32_t dp_outbound_find(const struct dp_outbound *t, uint32_t peer, uint16_t mid);
/* The message to @peer that waits longest to be sent; DP_NONE if none does. */
uint32_t dp_outbound_waiting(const struct dp_outbound *t, uint32_t peer);
/* Its transmission has ended. */
void dp_outbound_del(struct dp_outbound *t, uint32_t id);
/*
 * The next entry whose timeout is over at @now_ms: TG_RETRY_SEND, to be sent again, or
 * TG_RETRY_GIVE_UP, to be deleted.  TG_RETRY_WAIT: none.
 */
enum tg_retry_step dp_outbound_due(struct dp_outbound *t, uint64_t now_ms, uint32_t *id);

uint32_t dp_outbound_count(const struct dp_outbound *t);
uint32_t dp_outbound_max(const struct dp_outbound *t);
