/*
 * Requests that wait before they run: those to a route with `delay`, which takes its
 * time, and those to a group, whose members do not all speak at once (RFC 7252, 8.2).
 *
 * Threads.  The home worker of the request's endpoint.
 * Memory.   One block for each worker: the requests put aside keep their packet buffers.
 */
#pragma once

#include "dataplane/worker.h"

#define DP_DELAYED_MAX 1024 /* requests a worker puts aside at a time */

struct dp_delayed;

size_t dp_delayed_size(void);
struct dp_delayed *dp_delayed_init(void *block);
/* How many there are; anyone may ask. */
uint32_t dp_delayed_count(const struct dp_delayed *d);
/* Put request @i aside for @ms: DP_LATER, or 5.03 if too many are.  peer[i] is DP_NONE if
 * it need not run only once. */
uint8_t dp_delay(struct dp_worker *w, struct dp_burst *b, unsigned i, uint64_t ms);
/* Run those whose time has come; once a turn.  True if there was any. */
bool dp_delayed_run(struct dp_worker *w);
