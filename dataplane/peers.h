/*
 * Peers: remote endpoint -> what a worker remembers of it, with the Message IDs it was
 * heard with (RFC 7252, 4.2 to 4.5).
 *
 * A compact index (cache-line buckets of tag and slot number, keyed hash) leads to dense
 * slots: one hot line of 64 bytes, touched by every message, and a cold part for what
 * only answers that wait need.  A burst computes every hash, prefetches every index line,
 * then every hot line, then touches them (dp_peers_hash, _prefetch, _locate, _get).
 *
 * A duplicate is answered from the hot line: the last eight Message IDs, each with the
 * code it was answered with and a coarse age.  A peer that needs more within their
 * lifetime takes dedup extensions from a bounded pool, up to 1,024 Message IDs; only
 * when the pool is empty is one forgotten early, and that is counted.
 *
 * Threads.  [w] the home worker only; [r] anyone: copies out under the slot's sequence,
 *           as relaxed/acquire atomic words, and retries.
 * Memory.   One zeroed block from the caller, dp_peers_size() bytes, 64-aligned, position
 *           independent: layout version, geometry and hash key first, indices and never
 *           pointers.  Never grows.
 * Time.     Seconds since the gateway's start, handed in.
 */
#pragma once

#include "dataplane/counters.h"
#include "dataplane/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_NONE UINT32_MAX

/* The key.  Compared as three words; unused bytes are zero. */
struct dp_peer_key {
	uint8_t addr[16]; /* remote address; IPv4 as ::ffff:a.b.c.d */
	uint16_t port_be; /* remote UDP port, network order */
	uint16_t
		side; /* interned local side: port, VLAN, local address, local UDP port */
	uint32_t zero;
};

struct dp_peers;

struct dp_peers_config {
	uint32_t max;            /* peers, 64 .. 2^26 - 1 */
	uint32_t extensions;     /* 64-byte extension blocks in the pool */
	uint32_t con_lifetime_s; /* EXCHANGE_LIFETIME, 247 */
	uint32_t non_lifetime_s; /* NON_LIFETIME, 145 */
	uint8_t hash_key[16];    /* random at each start */
};

size_t dp_peers_size(const struct dp_peers_config *cfg);
struct dp_peers *dp_peers_init(void *block, const struct dp_peers_config *cfg);

/* [w] Other lifetimes from now on, for what is remembered already, too. */
void dp_peers_set_lifetimes(struct dp_peers *t, uint32_t con_s, uint32_t non_s);

/* Keyed 64-bit hash of @key.  Also steers: the bucket of an endpoint is its low ten bits.
 */
uint64_t dp_peers_hash(const struct dp_peers *t, const struct dp_peer_key *key);
/* The three steps of a burst's look-up: index line in; slot lines in; compare. */
void dp_peers_prefetch(const struct dp_peers *t, uint64_t hash);
uint32_t dp_peers_locate(const struct dp_peers *t,
	uint64_t hash); /* candidate or DP_NONE; prefetches its lines */
/* The hot line has come: its extension's first line in, if @peer has one. */
void dp_peers_prefetch_more(const struct dp_peers *t, uint32_t peer);
/* [w] The peer of @key, made if absent; DP_NONE if there is no room (bucket full of peers
 * that must stay).  @hint is _locate's answer.  Counts peers_evicted in @c. */
uint32_t dp_peers_get(struct dp_peers *t, const struct dp_peer_key *key, uint64_t hash,
	uint32_t hint, uint32_t now_s, struct dp_counters *c);
/* [w] The peer of @key or DP_NONE; makes nothing. */
uint32_t dp_peers_find(
	const struct dp_peers *t, const struct dp_peer_key *key, uint64_t hash);

/* What a Message ID means to a peer. */
enum dp_dedup {
	DP_NEW,         /* not heard within its lifetime */
	DP_IN_PROGRESS, /* heard, not answered yet */
	DP_DUPLICATE,   /* heard and answered with the code given out */
};

/* [w] Look @mid up.  For DP_DUPLICATE *code is the answer's code (0 for a NON that got
 * none). */
enum dp_dedup dp_peers_heard(const struct dp_peers *t, uint32_t peer, uint16_t mid,
	uint32_t now_s, uint8_t *code);
/* [w] What _mark does for a @mid that _heard has just called DP_NEW: no second look-up.
 */
void dp_peers_add(struct dp_peers *t, uint32_t peer, uint16_t mid, uint8_t code, bool con,
	uint32_t now_s, struct dp_counters *c);
/*
 * [w] Remember @mid as answered with @code; 0 while in progress.  @con: the lifetime.  A
 * second call for the same @mid replaces the code.  Counts dedup_extended and
 * dedup_evicted_early in @c.
 */
void dp_peers_mark(struct dp_peers *t, uint32_t peer, uint16_t mid, uint8_t code,
	bool con, uint32_t now_s, struct dp_counters *c);
/* [w] Forget @mid: its request was refused after all.  No effect if unknown. */
void dp_peers_unmark(struct dp_peers *t, uint32_t peer, uint16_t mid);

/*
 * [w] A reference to keep elsewhere, and [r] the slot it leads to: DP_NONE once the peer
 * is gone, also when another has its slot (unless that was taken 64 times meanwhile).
 */
uint32_t dp_peers_ref(const struct dp_peers *t, uint32_t peer);
uint32_t dp_peers_of_ref(const struct dp_peers *t, uint32_t ref);

/* [w] Work that waits for this peer: while the count is not 0 the peer is never evicted.
 * A count that reaches 65,535 stays there. */
void dp_peers_hold(struct dp_peers *t, uint32_t peer);
void dp_peers_release(struct dp_peers *t, uint32_t peer);

/* [w] A Message ID for a message of ours to @peer: they are given in sequence (RFC 7252,
 * 4.4). */
uint16_t dp_peers_mid(struct dp_peers *t, uint32_t peer);
/* [w] The peer counts its own near @mid, and NON answers borrow those: go far from them.
 */
void dp_peers_part(struct dp_peers *t, uint32_t peer, uint16_t mid);

/* [w] It was heard, by something that no request is. */
void dp_peers_touch(struct dp_peers *t, uint32_t peer, uint32_t now_s);
/* [w] Seconds since it was heard last; 0 also means less than one. */
uint32_t dp_peers_silence_s(const struct dp_peers *t, uint32_t peer, uint32_t now_s);

/* [w] Count one message of @bytes heard. */
void dp_peers_account(struct dp_peers *t, uint32_t peer, uint32_t bytes);

/* [w] Where the peer's key and link address are, to send to it.  Borrowed until evicted.
 */
void dp_peers_key(const struct dp_peers *t, uint32_t peer, struct dp_peer_key *key);
void dp_peers_set_link(struct dp_peers *t, uint32_t peer,
	const uint8_t mac[6]); /* writes only if it changed */
bool dp_peers_link(const struct dp_peers *t, uint32_t peer, uint8_t mac[6]);

/* [w] Walk @slots slots from where the last call ended; drop what nothing remembers any
 * more (no live Message ID, not heard for @idle_s, no hold).  Returns how many were
 * dropped. */
unsigned dp_peers_sweep(struct dp_peers *t, unsigned slots, uint32_t idle_s,
	uint32_t now_s, struct dp_counters *c);
/* [w] Remove a peer by hand; false while held. */
bool dp_peers_del(struct dp_peers *t, uint32_t peer);

/* [r] */
struct dp_peer_info {
	struct dp_peer_key key;
	uint32_t last_heard_s;
	uint32_t messages; /* heard */
	uint64_t bytes;
	uint16_t live_mids; /* in its line; extensions are not counted */
	uint8_t mac[6];
	bool held;
};
bool dp_peers_info(const struct dp_peers *t, uint32_t peer, uint32_t now_s,
	struct dp_peer_info *out);
uint32_t dp_peers_count(const struct dp_peers *t);
uint32_t dp_peers_max(const struct dp_peers *t);
uint32_t dp_peers_extensions_used(const struct dp_peers *t);
