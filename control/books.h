/*
 * The books: do the counters' accounts add up?  (counters.h says which account is which.)
 *
 * Threads.  Pure.
 */
#pragma once

#include "dataplane/dp.h"

#define CTL_BOOKS 4

struct ctl_identity {
	const char *name;       /* "frames" */
	const char *text;       /* "frames = consumed + requests + dropped" */
	uint64_t left, right;
	bool closes;
};

/* @pending_answers and @pending_records complete the third and fourth.  True if all close. */
bool ctl_books(const uint64_t counters[DP_COUNTER_COUNT], uint64_t pending_answers,
	uint64_t pending_records, struct ctl_identity out[CTL_BOOKS]);
