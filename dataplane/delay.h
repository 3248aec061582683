/*
 * Resources that take their time: a request to a route with `delay` is put aside and runs
 * when that is over.
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
/* Put request @i aside: DP_LATER, or 5.03 if too many are. */
uint8_t dp_delay(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Run those whose time has come; once a turn.  True if there was any. */
bool dp_delayed_run(struct dp_worker *w);
