/*
 * Observers: relations between an endpoint and a stored value, the list of a device's
 * values, or static content (RFC 7641), by endpoint and token, and by value.
 *
 * A relation lives at the home of its endpoint, whatever worker the value is at home at.
 * It stands in two chains, of its value's relations and of its peer's, whose heads one
 * compact index finds.  Values that have changed wait in a queue; whoever works it off
 * takes their relations one by one (dp_observers_step) and compares what each was told
 * last with what the value is now.  So news that comes twice does no harm, and where
 * there is too much of it the whole table is gone through: none is ever lost.
 *
 * A relation knows the Message ID of its last message.  Those of its notifications before
 * are in a table of bounded size, each at the one place that its peer and it give, until
 * another needs that: an RST is on its way while the next notification leaves.
 *
 * Threads.  The home worker only, but for _count, _in_flight and _max.
 * Memory.   One zeroed block from the caller, dp_observers_size() bytes, 64-aligned,
 *           position independent: layout version, geometry and hash key first, indices
 *           and never pointers.  Never grows.  At most 96 bytes a relation: 52 here, 16
 *           of its timer, 28 of the index.  Message IDs take 8 bytes each: as many as
 *           relations, rounded up to a power of two, but 1,024 to 65,536.
 * Time.     Milliseconds since the gateway's start, handed in; of Message IDs seconds.
 */
#pragma once

#include "dataplane/counters.h"
#include "dataplane/peers.h"

struct dp_observers;

struct dp_observers_config {
	uint32_t max;      /* relations, 64 .. 2^26 */
	uint32_t per_peer; /* of one endpoint, at least 1; looked through one by one */
	uint8_t hash_key[16];
};

/* In place of a home: what is observed is what a route answers by itself, at every
 * worker; the value is its dp_route_ref(). */
#define DP_AT_ROUTES UINT8_MAX
/* Added to a home: what is observed is a list there; the value is its dp_lists_get(). */
#define DP_LISTS 64
/* EXCHANGE_LIFETIME: for so long a Message ID means one message. */
#define DP_TOLD_S 247

static inline bool
dp_is_list(uint8_t home)
{
	return home >= DP_LISTS && home != DP_AT_ROUTES;
}

/* Of a relation's flags those that are its owner's business. */
enum dp_relation_flag {
	DP_O_FORMATTED = 1, /* format is one; otherwise the value had none */
	DP_O_IN_FLIGHT = 2, /* its last notification is a CON without answer so far:
			       dp_observers_set_in_flight() */
	DP_O_BLOCK = 4,     /* it was asked for in blocks of szx */
	DP_O_OWNERS = 7,
};

struct dp_relation {
	uint8_t token[8]; /* or, if it has more bytes, what tokens.h makes of it */
	uint32_t peer;    /* slot in the peers table */
	uint32_t value;   /* dp_store_ref(), dp_route_ref(), or dp_lists_get() */
	uint32_t version; /* low half of the ETag that was told last */
	uint32_t sent_ms; /* when the last notification was sent first, modulo 2^32 */
	uint32_t seq : 24, tries : 4; /* its Observe value; how often it was repeated */
	uint32_t life : 4; /* the table's own: which registration of this place */
	uint16_t mid;      /* its Message ID */
	uint16_t format;   /* the Content-Format that notifications have */
	uint16_t con_at;   /* when the last CON was, in units of 16 s */
	uint8_t since_con; /* notifications since then */
	uint8_t spread;    /* random: of the timeout that is waited */
	uint8_t home;  /* worker that the value is at home at, DP_LISTS added if it is a
			  list; or DP_AT_ROUTES */
	uint8_t flags; /* enum dp_relation_flag, and the table's own */
	uint8_t tkl : 4, szx : 4;
	uint8_t code; /* of the last notification; with an error the relation ends */
	/* Links, + 1.  Value: behind it and before it; peer: behind it.  Free: the next.
	 */
	uint32_t next, prev, sibling;
};

size_t dp_observers_size(const struct dp_observers_config *cfg);
struct dp_observers *dp_observers_init(
	void *block, const struct dp_observers_config *cfg);

/*
 * The relation of @peer and @token (@tkl bytes; over 8: the eight that stand for a long
 * one) with value @value at home
 * @home: a new one, or that of the same peer and token, which leaves the value that it
 * was with and what it was doing (3.1, 4.1).  DP_NONE if there is no room, in all or for
 * this peer: why is counted.
 */
uint32_t dp_observers_add(struct dp_observers *t, uint32_t peer, const uint8_t *token,
	uint8_t tkl, uint8_t home, uint32_t value, struct dp_counters *c);
void dp_observers_del(struct dp_observers *t, uint32_t id);
/* It leaves its value, whose news it hears no more, but stays with its peer. */
void dp_observers_detach(struct dp_observers *t, uint32_t id);
/* The relation: its fields above the links are the caller's to write, but for peer,
 * token, value and home.  Borrowed until it is deleted. */
struct dp_relation *dp_observers_get(struct dp_observers *t, uint32_t id);
/* Its last notification is a CON that waits for its ACK, or does so no longer. */
void dp_observers_set_in_flight(struct dp_observers *t, uint32_t id, bool on);

/* By endpoint and token; by endpoint and the Message ID of the last message. */
uint32_t dp_observers_find(
	const struct dp_observers *t, uint32_t peer, const uint8_t *token, uint8_t tkl);
uint32_t dp_observers_find_mid(const struct dp_observers *t, uint32_t peer, uint16_t mid);
/* @id's last message is a notification, sent at @now_s. */
void dp_observers_told(struct dp_observers *t, uint32_t id, uint32_t now_s);
/* By endpoint and the Message ID of a notification, not necessarily the last one, of the
 * last DP_TOLD_S seconds and since the relation was registered or renewed: DP_NONE also
 * if others have taken its place. */
uint32_t dp_observers_find_told(
	const struct dp_observers *t, uint32_t peer, uint16_t mid, uint32_t now_s);
/* The first relation of a peer, and of a value; DP_NONE: there is none. */
uint32_t dp_observers_of_peer(const struct dp_observers *t, uint32_t peer);
uint32_t dp_observers_of_value(
	const struct dp_observers *t, uint8_t home, uint32_t value);

/* The next one of the same peer. */
uint32_t dp_observers_sibling(const struct dp_observers *t, uint32_t id);

/* ---- news ---- */

/* The value has changed: queue it, once.  False if nobody here observes it. */
bool dp_observers_changed(struct dp_observers *t, uint8_t home, uint32_t value);
/* The same, but its relations are to be forgotten in silence. */
bool dp_observers_forget(struct dp_observers *t, uint8_t home, uint32_t value);
/* Any value may have changed: dp_observers_sweep() queues those that have relations. */
void dp_observers_changed_all(struct dp_observers *t);
/* A slice of that, a thousand relations long at most; true if there is more to do. */
bool dp_observers_sweep(struct dp_observers *t);
/*
 * The next relation of a queued value, in no order; DP_NONE when the queue is empty.
 * *@forget: it is to be deleted.  The relation that was given out may be deleted before
 * the next call, and so may any other.
 */
uint32_t dp_observers_step(struct dp_observers *t, bool *forget);

/* ---- timers: one a relation ---- */

void dp_observers_arm(struct dp_observers *t, uint32_t id, uint64_t when_ms);
void dp_observers_disarm(struct dp_observers *t, uint32_t id);
/* As dp_wheel_advance(). */
unsigned dp_observers_due(
	struct dp_observers *t, uint64_t now_ms, uint32_t *due, unsigned max);

/* [r] */
uint32_t dp_observers_count(const struct dp_observers *t);
/* Relations that wait for an ACK. */
uint32_t dp_observers_in_flight(const struct dp_observers *t);
uint32_t dp_observers_max(const struct dp_observers *t);
/* Places in the table that have ever been in use: relations are numbered below this. */
uint32_t dp_observers_places(const struct dp_observers *t);
/* Is @id a relation? */
bool dp_observers_is(const struct dp_observers *t, uint32_t id);
