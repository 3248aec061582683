/*
 * The gateway's handler in this process: frames from memory, through every stage from net
 * to reply, to a ring where the answers are checked.  No worker runs; no wire takes part.
 *
 * A round is as many messages as a card's ring holds, so the frames of a burst lie where
 * a driver would have left them: in the cache's second level, not in the first.
 *
 * Threads.  One.   Memory.  The tables are the product's own, on huge pages by madvise.
 * Time.     The real TSC; the seconds handed in move on past EXCHANGE_LIFETIME with every
 *           pass over the endpoints, so that no Message ID is ever a duplicate.
 */
#pragma once

#include "bench/blocks.h"
#include "dataplane/dp_internal.h"

#define ROUND 1024 /* messages */
#define ROUND_BURSTS (ROUND / DP_BURST)

/* What a trace to a file is told to copy while the handler runs. */
enum handler_trace {
	HANDLER_UNTRACED, /* the handler alone, as ever */
	HANDLER_OFF,      /* none is armed; the frames' way into the port counts, too */
	HANDLER_OTHER,    /* the messages of a token that nobody has */
	HANDLER_ALL,      /* every frame, both ways */
};

struct handler {
	enum handler_trace traced; /* the caller's wish */
	struct dp_capture *capture;
	bool small_pages; /* the caller's wish: no hugepages, even if some are free */
	const struct workload *load;
	struct dp *dp;
	struct dp_worker *w;
	struct rte_ring *out;
	struct maker maker;
	struct walk walk;
	struct blocks
		*blocks; /* of a workload that has some: one of each transfer a round */
	struct rte_mbuf *pkt[ROUND]; /* frames of the round; handed to handler_burst() */
	uint16_t mid[ROUND];
	uint32_t endpoint[ROUND];
	uint32_t rounds;
	unsigned taken; /* answers read in this round */
	uint64_t messages, wrong;
	uint64_t copied; /* frames */
	uint32_t told;   /* observers that have heard of the last change */
	uint32_t changes;
	bool telling; /* the bursts are notifications */
};

/* One gateway a process; @h is zeroed but for the caller's wishes.  0, or -1 with a
 * sentence in @err. */
int handler_open(struct handler *h, const struct workload *load, int core, char *err,
	size_t errlen);
/* Make the round's frames. */
void handler_load(struct handler *h);
/* They were not handed in after all, and are freed. */
void handler_unload(struct handler *h);
/* What the round's bursts work on: its frames, or a value that has changed. */
void handler_prepare(struct handler *h);
/* The observed value changes; nobody is due a CON. */
void handler_change(struct handler *h);
/* Run burst @k of the round through the stages, or notify so many observers: nothing else
 * is in here. */
void handler_burst(struct handler *h, unsigned k);
/* Not timed, after each burst: what the port and the log thread would do; checks the
 * answers. */
void handler_settle(struct handler *h);
/* After the last burst of the round: an answer that did not come is wrong. */
void handler_end_round(struct handler *h);
/* Rounds until each endpoint was heard once; the observed value is there before. */
void handler_fill(struct handler *h);
/* What is wrong with the run, or NULL: faults, duplicates, refusals, evictions. */
const char *handler_fault(const struct handler *h);
