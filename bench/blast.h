/*
 * A generator for capacity: one workload's frames, so many in flight, over a virtio-user
 * port; whatever comes back makes room for the next.
 *
 * What it counts it counts in slices of two milliseconds.  A slice in which this loop
 * stood still, or in which nothing was heard though something was under way, was stolen:
 * it is left out, and so is the one after it, in which the backlog comes.
 *
 * Threads.  One, which polls.   Memory.  Of the EAL.
 */
#pragma once

#include "bench/workload.h"

#include <rte_mbuf.h>

#define BLAST_BURST 64

struct blast {
	uint16_t port;
	struct rte_mempool *pool;
	const struct workload *load;
	struct maker maker;
	struct walk *walk; /* shared by generators of one workload */
	uint8_t ok_from;   /* lowest and highest code of an answer that counts */
	uint8_t ok_to;
	uint32_t window, in_flight;
	bool polite; /* sleep while nothing comes: another thread of this core is waited
			for */
	double silence_s; /* so long nothing may come: more was stolen */
	uint64_t heard;   /* TSC when something last came */
	struct rte_mbuf *out[BLAST_BURST];
	uint16_t n_out, at_out;
};

struct blast_result {
	uint64_t answers, refused; /* all */
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
/* Send nothing more; take in what is under way, for @seconds at most. */
void blast_drain(struct blast *b, double seconds, struct blast_result *r);
