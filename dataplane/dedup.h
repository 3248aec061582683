/*
 * Dedup extensions: more Message IDs for a peer that needs them within their lifetime
 * than its line holds.
 *
 * A peer's extension is a chain of 64-byte blocks from a bounded pool, newest first, each
 * of four runs: sixteen consecutive Message IDs answered with the same code within
 * fifteen seconds, each with its own age to the second.  A device that counts its Message
 * IDs up and sends one a second needs five blocks for EXCHANGE_LIFETIME.
 *
 * The first block also knows a range of Message IDs that are nowhere in the chain: a
 * device that counts up is told from it alone, without a walk, that the next one is new.
 *
 * Threads.  The home worker only.   Memory.  Part of the peers' block, indices only.
 * Time.     Seconds modulo 2^16: whoever owns a chain trims it at least once a day.
 */
#pragma once

#include "dataplane/peers.h"

#define DP_DEDUP_MAX 1024 /* Message IDs of one peer */

struct dp_run {
	uint64_t delta; /* four bits a Message ID: seconds after start, 15: not heard */
	uint16_t base;  /* first Message ID, a multiple of 16 */
	uint16_t start; /* second of the first */
	uint8_t code;
	uint8_t con; /* lifetime */
	/* Runs 0 and 1: low and high half of the next block + 1.  Runs 2 and 3 of a
	 * chain's first block: where its clear range begins, and how many Message IDs
	 * that has. */
	uint16_t link;
};

struct dp_dedup_block {
	struct dp_run run[4]; /* start and base mean nothing where delta is all ones */
} __attribute__((aligned(64)));

struct dp_dedup_pool {
	uint32_t blocks, used;
	uint32_t free;                       /* first free block + 1 */
	uint32_t fresh;                      /* blocks from here on were never used */
	uint16_t con_lifetime, non_lifetime; /* seconds */
	struct dp_dedup_block block[];
};

/* A Message ID on its way into a chain. */
struct dp_heard {
	uint16_t mid;
	uint16_t when;
	uint8_t code;
	bool con;
};

/* Is @mid in the chain, alive?  Then *h says how. @chain is a block's number + 1, or 0.
 */
bool dp_dedup_find(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now,
	struct dp_heard *h);
/* Take @mid out of the chain. */
void dp_dedup_remove(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now);
/* Add @h; *chain may change.  Returns how many live Message IDs had to go for it: if the
 * pool is empty @h itself, or of a chain that there is a run of its newest block. */
unsigned dp_dedup_add(
	struct dp_dedup_pool *p, uint32_t *chain, const struct dp_heard *h, uint16_t now);
/* Give back what has expired at the chain's old end. */
void dp_dedup_trim(struct dp_dedup_pool *p, uint32_t *chain, uint16_t now);
/* Give back the chain; how many live Message IDs were in it. */
unsigned dp_dedup_free(struct dp_dedup_pool *p, uint32_t *chain, uint16_t now);
/* Live Message IDs in the chain. */
unsigned dp_dedup_count(const struct dp_dedup_pool *p, uint32_t chain, uint16_t now);
