/*
 * The books: do the counters' accounts add up?  (counters.h says which account is which.)
 *
 * Threads.  Pure.
 */
#pragma once

#include "dataplane/dp.h"

#include <stdio.h>

#define CTL_BOOKS 4

struct ctl_identity {
	const char *name; /* "frames" */
	const char *text; /* "frames = consumed + requests + dropped + pending" */
	uint64_t left, right;
	bool closes;
};

/* What is under way, in all workers: it completes each account. */
struct ctl_pending {
	uint64_t frames, requests, answers, records;
};

/* True if all close. */
bool ctl_books(const uint64_t counters[DP_COUNTER_COUNT],
	const struct ctl_pending *pending, struct ctl_identity out[CTL_BOOKS]);
/* The reference of every counter, as Markdown. */
void ctl_books_reference(FILE *out);
