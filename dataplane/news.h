/*
 * News: that a value has changed, from its home to every worker that may have observers
 * of it.
 *
 * The store says which watched values have changed; the value's home tells the other
 * workers by ring.  Where there is no room for it, whoever was to hear looks at all that
 * its observers observe: none is ever lost.
 *
 * A list that is observed is made anew when it may have changed, one a turn; those who
 * hold it are told.  They are asked time and again, list by list, whether they have an
 * observer of it yet, so that a list that nobody observes costs nothing for long.
 *
 * Threads.  The home worker only, but for the ring and `news_lost` of another worker.
 * Memory.   A ring a worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct dp_worker;

/* What one worker tells another of a value. */
enum dp_news_kind {
	DP_N_CHANGED, /* to all: it has changed, or is gone */
	DP_N_WATCH,   /* to its home: tell the sender of its changes from now on */
	DP_N_FORGET,  /* to all: its observers are to be forgotten in silence */
	DP_N_ASK,     /* to who holds a list: is there an observer of it? */
	DP_N_RELEASE, /* to its home: there is none here */
};

struct dp_news {
	uint32_t value; /* as a relation has it */
	uint8_t home;   /* likewise */
	uint8_t from;
	uint8_t kind; /* enum dp_news_kind */
	uint8_t spare;
};

#define DP_NEWS 4096 /* of a worker's ring; what it has no room for is looked for */

/* Tell worker @to; false if its ring is full. */
bool dp_news_post(struct dp_worker *w, unsigned to, enum dp_news_kind kind, uint8_t home,
	uint32_t value);
/* List @list, whose home is here, has changed. */
void dp_news_of_list(struct dp_worker *w, uint32_t list);
/* What has changed here.  True if there was anything. */
bool dp_news_own(struct dp_worker *w);
/* What other workers have said. */
bool dp_news_of_others(struct dp_worker *w);
