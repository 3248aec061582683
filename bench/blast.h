/*
 * A generator for capacity: one talk's frames, so many in flight, over a virtio-user
 * port; whatever comes back makes room for the next.
 *
 * What it counts it counts in slices of two milliseconds.  A slice in which this loop
 * stood still, or in which nothing was heard though something was under way, was stolen:
 * it is left out, and so is the one after it, in which the backlog comes.
 *
 * Threads.  One, which polls.   Memory.  Of the EAL.
 */
#pragma once

#include "bench/talk.h"

#include <rte_mbuf.h>

#define BLAST_BURST 64

struct blast {
	uint16_t port;
	struct rte_mempool *pool;
	struct talk *talk;
	uint32_t window; /* frames under way: no more are sent; UINT32_MAX: the talk knows
			  */
	bool polite; /* sleep while nothing comes: another thread of this core is waited
			for */
	double silence_s; /* so long nothing may come: more was stolen */
	uint64_t heard;   /* TSC when something last came */
	uint64_t look;    /* TSC before which the port is left alone */
	struct rte_mbuf *out[BLAST_BURST], *spare[BLAST_BURST];
	uint16_t n_out, at_out, n_spare;
};

struct blast_result {
	uint64_t answers, refused; /* all */
	uint64_t others;           /* TALK_OTHER */
	uint64_t counted;          /* answers in clean slices */
	double seconds;            /* of clean slices */
	uint32_t slices, stolen;
	uint64_t lost;
};

/* Open virtio-user port @name; 0 or -1. */
int blast_open(struct blast *b, const char *name, struct rte_mempool *pool);
/* Ask for the link address of 198.18.0.1; false if nobody answers in five seconds. */
bool blast_find_gateway(struct blast *b, uint8_t mac[6]);
/* Run for @seconds; adds to @r. */
void blast_run(struct blast *b, double seconds, struct blast_result *r);
/* Say nothing more; take in what is under way.  What has not come in half a second, far
 * longer than a responder's core is stolen for, counts as lost. */
void blast_drain(struct blast *b, struct blast_result *r);
/* A frame whose answer has the same @same_len bytes at @same: Message ID and token. */
struct blast_question {
	const uint8_t *frame;
	uint16_t len, same, same_len;
};
/* Ask until the answer comes, which goes to @answer of @cap bytes; its length, or 0: it
 * did not in a second.  What else comes is thrown away. */
size_t blast_ask(
	struct blast *b, const struct blast_question *q, uint8_t *answer, size_t cap);
