/*
 * The parser: a thread that does what workers may not, because it allocates (RFC 8132).
 *
 * Threads.  Its own, between start and stop, which control calls.
 * Memory.   What a job needs while it is done; bounded as in patch.h.
 */
#pragma once

#include "dataplane/dp.h"

#include <pthread.h>
#include <stdatomic.h>

struct ctl_parser {
	struct dp *dp;
	pthread_t thread;
	_Atomic bool stop; /* control: wo, parser: ro */
};

/* 0 or -errno. */
int ctl_parser_start(struct ctl_parser *p, struct dp *dp);
/* Do what there is, and join. */
void ctl_parser_stop(struct ctl_parser *p);

/* Do one job: its code and its result; any thread that owns it. */
void ctl_parser_do(struct dp_job *job);
