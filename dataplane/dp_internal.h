/* What dp.c, dp_restore.c and dp_read.c share: the door's own state. */
#pragma once

#include "dataplane/mailbox.h"
#include "dataplane/worker.h"

struct dp_blocks {
	void *peers, *devices, *store, *replies, *logring, *scratch, *pending, *trace,
		*jobs, *outbound, *delayed, *observers, *transfers;
	size_t peers_size, devices_size, store_size, replies_size, logring_size,
		pending_size, trace_size, outbound_size, observers_size, transfers_size;
	size_t extensions_size; /* of peers_size */
};

struct dp {
	struct dp_shared shared;
	struct rte_mempool *pool;
	struct dp_blocks blocks[DP_WORKERS_MAX]; /* one set a worker */
	bool running;
};
