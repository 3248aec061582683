/*
 * Notifications (RFC 7641, 4.2 to 4.5): from a value's change to a message to each of its
 * observers.
 *
 * Each worker hears of what has changed (news.h) and walks the relations that live with
 * it, a slice a turn.  The message is encoded once for all of them: token, Message ID and
 * Observe value are patched in.  What a relation is told is always the value of that
 * moment, so the freshest one wins, also where a CON is repeated, and where a NON had to
 * wait.
 *
 * No bytes are kept for a CON that waits for its ACK: while the value is the same, what
 * is repeated is made again and comes out the same; when it has changed, the new one
 * takes over the retransmission (4.5.2).
 *
 * Threads.  The home worker only.
 * Memory.   One dp_notice a worker.   Time.  Milliseconds since the gateway's start.
 */
#pragma once

#include "dataplane/burst.h"
#include "dataplane/observers.h"

struct dp_worker;

/* What is to be said of a value now: all but the header, the token and the Observe value.
 */
struct dp_notice {
	uint64_t turn; /* w->tsc of the turn it was made in */
	uint32_t value;
	uint8_t home;
	uint8_t szx;      /* of its first block; DP_NOTICE_WHOLE: it was not asked for */
	uint8_t code;     /* 2.05, or the error that ends every relation with it */
	bool con;         /* its route wants CONs */
	uint8_t param;    /* ... and has these parameters */
	uint32_t at_s;    /* second to which its Max-Age is counted down */
	uint32_t version; /* low half of its ETag */
	uint32_t format;  /* Content-Format; DP_NO_FORMAT: none */
	uint16_t len;     /* of bytes */
	uint8_t bytes[DP_MSG_MAX]; /* options and payload */
};

#define DP_NOTICE_WHOLE UINT8_MAX

/* News, timers, and a slice of notifications.  True if there was anything. */
bool dp_notify(struct dp_worker *w);
/* Relation @id may have been told an older state than the value has now: say so if it may
 * be said now. */
void dp_notify_one(struct dp_worker *w, uint32_t id);
/* The Observe value that follows @last (0: none); 24 bits, three bytes on the wire. */
uint32_t dp_notify_next(const struct dp_worker *w, uint32_t last);
/* The last CON to relation @id was acknowledged. */
void dp_notify_acked(struct dp_worker *w, uint32_t id);
/* Confirmable notifications to @peer that are not acknowledged so far. */
uint32_t dp_notify_under_way(const struct dp_worker *w, uint32_t peer);
/* End relation @id. */
void dp_notify_end(struct dp_worker *w, uint32_t id, enum dp_counter why);
