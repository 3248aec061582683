/*
 * Block-wise transfers under way (RFC 7959): bodies that come in block by block, and
 * responses to POST and the like that go out so.
 *
 * A transfer is found by who sends it, to which resource, with which method and which
 * list of Request-Tags (RFC 9175, 3.3); the caller makes two keyed hashes of all that,
 * 128 bits that nobody can aim at.  While its body comes it is *coming*; while the
 * request that the body belongs to is executed it is *busy*, found by nobody, and its
 * bytes stay; afterwards it is *finished*: it knows that the body was whole, and it may
 * have a response to give out.  What is finished makes room for what comes: one of the
 * same endpoint if that has more than its share, else the oldest.  What is coming ends
 * only by itself or by its age.
 *
 * Threads.  The home worker of the endpoint; one that is busy belongs to the worker that
 *           executes it, which reads its body and may put a response in its place: the
 *           rings between them order that.
 * Memory.   One zeroed block from the caller, dp_transfers_size() bytes, 64-aligned.
 * Time.     Seconds since the gateway's start, handed in.
 */
#pragma once

#include "coap/block.h"
#include "dataplane/counters.h"

struct dp_transfers;

#define DP_TRANSFERS_MAX 65534 /* ids have 16 bits */

enum dp_transfer_state { DP_T_COMING, DP_T_FINISHED, DP_T_BUSY };

struct dp_transfer {
	uint64_t key[2];
	uint64_t owner;        /* a hash of the endpoint */
	uint32_t older, newer; /* in its state's list, + 1 */
	uint32_t next, prev;   /* of the same owner, + 1 */
	uint32_t of_owner[2];  /* how many of them are coming, and finished: in the first,
				  whose prev is 0 */
	uint32_t touched_s;
	uint16_t id;             /* from 1 on; a free one: in the list of those */
	uint8_t state;           /* enum dp_transfer_state */
	uint8_t code;            /* finished: of the response; 0: there is none */
	uint32_t format;         /* of the response */
	uint32_t response_bytes; /* at body.body */
	uint64_t etag;           /* of the response; 0: none */
	uint32_t max_age;        /* likewise, when it was made; UINT32_MAX: none */
	uint32_t made_s;
	uint64_t ended_tsc; /* when its request had been executed; the caller's */
	struct tg_assembly body;
	uint32_t body_format; /* Content-Format of each of its blocks */
	struct tg_block last; /* the block that made it whole, */
	uint64_t last_hash;   /* what it said (0: none has), */
	uint16_t last_mid;    /* in which message, */
	uint8_t answered;     /* and, once it has ended, the code that answered it */
};

struct dp_transfers_config {
	uint32_t max;      /* transfers, 1 .. DP_TRANSFERS_MAX */
	uint32_t bytes;    /* of the largest body or response, at most 65,535 */
	uint32_t per_peer; /* bodies that one endpoint may have coming at a time; so many
			      may be finished before it makes room for itself */
	uint32_t headroom; /* free bytes kept in front of every body */
};

size_t dp_transfers_size(const struct dp_transfers_config *cfg);
struct dp_transfers *dp_transfers_init(
	void *block, const struct dp_transfers_config *cfg);

/* Ask for the index line that leads to the one of @key; and then, if there is one, for
 * its own lines and its body's from byte @at on. */
void dp_transfers_prefetch(const struct dp_transfers *t, const uint64_t key[2]);
void dp_transfers_prefetch_slot(
	const struct dp_transfers *t, const uint64_t key[2], uint32_t at);
/* The one of @key that is coming or finished, or NULL. */
struct dp_transfer *dp_transfers_find(struct dp_transfers *t, const uint64_t key[2]);
/*
 * Begin, or begin again, the one of @key, for a body of at most @cap bytes.  NULL if
 * there is no room, counted.
 */
struct dp_transfer *dp_transfers_begin(struct dp_transfers *t, const uint64_t key[2],
	uint64_t owner, uint32_t cap, uint32_t now_s, struct dp_counters *c);
/* One for a response alone, to a request of @key that is being executed: it is busy.
 * NULL if there is no room, counted. */
struct dp_transfer *dp_transfers_reserve(struct dp_transfers *t, const uint64_t key[2],
	uint64_t owner, uint32_t now_s, struct dp_counters *c);
/* A block of it has come. */
void dp_transfers_touch(struct dp_transfers *t, struct dp_transfer *x, uint32_t now_s);
/* Its body is whole and is about to be executed. */
void dp_transfers_take(struct dp_transfers *t, struct dp_transfer *x);
/*
 * It has been executed and @code is the answer.  After a 5.03, and a 4.01 or 4.29, the
 * last block may come again.  One that was for a response alone, of which there is none,
 * is over.  A body that was begun anew meanwhile takes its place; it takes that of one
 * that has finished.
 */
void dp_transfers_end(
	struct dp_transfers *t, struct dp_transfer *x, uint8_t code, uint32_t now_s);
void dp_transfers_drop(struct dp_transfers *t, struct dp_transfer *x);
/* End those that nothing was heard of for @lifetime_s. */
void dp_transfers_expire(struct dp_transfers *t, uint32_t lifetime_s, uint32_t now_s,
	struct dp_counters *c);

struct dp_transfer *dp_transfers_get(struct dp_transfers *t, uint16_t id);
uint32_t dp_transfers_bytes(const struct dp_transfers *t); /* as configured */
uint32_t dp_transfers_max(const struct dp_transfers *t);
/* How many are in use; any thread. */
uint32_t dp_transfers_count(const struct dp_transfers *t);
