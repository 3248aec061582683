/* How a peer stands in memory, for peers.c (who it is) and peers_mid.c (what it said). */
#pragma once

#include "dataplane/dedup.h"
#include "dataplane/peers.h"

#define MIDS 8

/* A slot's flags; above them the generation: how often it was taken, modulo 64. */
enum { IN_USE = 1, IS_V6 = 2, FLAGS = 3, GENERATION = 4 };

/*
 * What every message touches.  An IPv4 peer's key is complete in here; an IPv6 peer's has
 * a keyed hash of the address, and the address itself is compared in the cold part.
 */
struct hot {
	uint64_t key; /* IPv4: address, port, side; IPv6: hash of all three */
	uint16_t mid[MIDS];
	uint16_t when[MIDS]; /* seconds modulo 2^16 */
	uint8_t code[MIDS];
	union {
		struct {
			uint8_t live; /* bit i: entry i is in use */
			uint8_t con;  /* bit i: entry i has a CON's lifetime */
			uint8_t next; /* entry to be used next: the oldest */
			uint8_t flags;
		};
		uint32_t state; /* all four, from the lowest byte up */
	};
	uint32_t chain; /* dedup extension: block + 1; in a free slot: next free slot + 1
			 */
	/* See words.h.  It guards who the peer is and where: its Message IDs are the
	 * writer's own business, of which a reader only counts the live ones. */
	uint16_t seq;
	uint16_t heard;    /* last, seconds modulo 2^16 */
	uint16_t messages; /* low half; the cold part has the rest */
	uint16_t octets;
} __attribute__((aligned(64)));

struct cold {
	uint8_t addr[16];
	uint16_t port_be, side;
	uint8_t mac[6];    /* zeros: not known */
	uint16_t messages; /* high parts */
	uint32_t octets;
	uint16_t hold;
	uint16_t mid; /* of our next message to it */
};

_Static_assert(sizeof(struct hot) == 64, "one line");
_Static_assert(sizeof(struct cold) == 36, "bytes a peer");

struct dp_peers {
	uint32_t layout, max, buckets;
	uint8_t hash_key[16];
	uint32_t count, free, fresh, sweep;
	uint64_t index_at, cold_at, pool_at; /* offsets from here */
	struct hot hot[];
};

static inline struct hot *
hot_of(const struct dp_peers *t, uint32_t peer)
{
	return (struct hot *)t->hot + peer;
}

static inline struct cold *
cold_of(const struct dp_peers *t, uint32_t peer)
{
	return (struct cold *)((uint8_t *)t + t->cold_at) + peer;
}

static inline struct dp_dedup_pool *
pool_of(const struct dp_peers *t)
{
	return (struct dp_dedup_pool *)((uint8_t *)t + t->pool_at);
}

/* Entry @i of the line is of a Message ID that still counts. */
static inline bool
entry_lives(const struct dp_peers *t, const struct hot *h, unsigned i, uint16_t now)
{
	const struct dp_dedup_pool *p = pool_of(t);

	return (h->live >> i & 1)
	       && (uint16_t)(now - h->when[i])
			  < (h->con >> i & 1 ? p->con_lifetime : p->non_lifetime);
}

/* Forget the Message IDs that have expired, so that a time modulo 2^16 never comes round
 * to them. */
void dp_peers_expire(struct dp_peers *t, uint32_t peer, uint16_t now);
