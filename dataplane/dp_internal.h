/* What dp.c, dp_restore.c and dp_read.c share: the door's own state. */
#pragma once

#include "dataplane/clock_past.h"
#include "dataplane/mailbox.h"
#include "dataplane/tables.h"
#include "dataplane/worker.h"

struct dp {
	struct dp_shared shared;
	struct dp_clock_past past; /* of shared.clock */
	struct rte_mempool *pool;
	struct dp_tables tables[DP_WORKERS_MAX]; /* one set a worker */
	unsigned parse_next; /* the parser's: whose job it takes next */
	uint64_t drain;      /* who has passed this has seen shared.draining */
	bool running;
};
