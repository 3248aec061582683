/*
 * The log's side of a worker: records on their way, and the answers that wait for them.
 *
 * Threads.  A worker's; what another one settled comes by ring.
 */
#pragma once

#include "dataplane/burst.h"

struct dp_net;
struct dp_request;
struct dp_worker;

/* An answer that waits for its record. */
struct dp_pending {
	uint64_t number : 48;   /* of the record in the ring */
	uint64_t transfer : 16; /* whose body it has; 0: none */
	uint64_t tsc;           /* when the request was read */
	uint8_t token[8];       /* as tkl says: see tokens.h */
	uint32_t peer;          /* slot at the worker that answers */
	uint16_t mid;
	uint8_t type, tkl;
	uint8_t code;      /* the answer once the record is safe */
	uint8_t origin;    /* worker that answers */
	uint8_t silent;    /* classes of answers that are not wanted */
	uint8_t param;     /* its route's */
	uint32_t since_ms; /* low half of when it began to wait */
};

/* Pending answers in the order of their records: commits settle from the front. */
struct dp_pending_fifo {
	uint32_t head, tail, mask; /* head: next to settle; tail: next free */
	uint32_t early;            /* next to be acknowledged before it is answered */
	struct dp_pending *entry;
};

/* What is to be known of a record beside its request and route. */
struct dp_logged {
	const uint8_t *device;    /* dp_request_device() */
	const struct dp_net *net; /* the origin's: whose sides its key speaks of */
	uint8_t type;             /* DP_RECORD_VALUE: a write to a store; or 0 */
	uint8_t code;             /* the answer */
	uint8_t origin;           /* worker that answers */
	bool waits;               /* the answer, until the record is safe */
};

/*
 * Append request @q as a record of its route's stream.  If its answer waits for that the
 * caller frees the packet.  False if ring or fifo is full.
 */
bool dp_log_request(struct dp_worker *w, struct dp_burst *b, unsigned i,
	const struct dp_request *q, const struct dp_logged *what);
/* The same for a request with a long token. */
bool dp_log_long(struct dp_worker *w, struct dp_burst *b, unsigned i,
	const struct dp_logged *what);
/* Would request @m be taken, if its answer waits?  If not, why is counted.  To
 * be asked before anything is changed. */
bool dp_log_has_room(struct dp_worker *w, const struct tg_msg *m);
/* Settle what the log thread has decided; answers go out.  True if there was anything. */
bool dp_settle(struct dp_worker *w);
