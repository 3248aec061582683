/*
 * A worker's tables: how large each is, a block of memory for each, and the pointers to
 * them in the worker.
 *
 * Threads.  Main thread, before workers start and after they have stopped; sizes by
 *           anyone.
 */
#pragma once

#include "dataplane/worker.h"

enum dp_table {
	DP_T_PEERS,
	DP_T_DEVICES,
	DP_T_STORE,
	DP_T_REPLIES,
	DP_T_OBSERVERS,
	DP_T_LISTS,
	DP_T_PENDING,
	DP_T_LOGRING,
	DP_T_TRACE,
	DP_T_OUTBOUND,
	DP_T_DELAYED,
	DP_T_TRANSFERS,
	DP_T_JOBS,
	DP_T_TOKENS,
	DP_T_LIMITS,
	DP_T_SCRATCH,
	DP_TABLES
};

struct dp_tables {
	struct {
		void *at;
		size_t size; /* bytes */
	} block[DP_TABLES];
	size_t extensions_size; /* of the peers' block: their dedup extensions */
};

/* @w's tables, as its configuration says.  0; -ENOMEM if the machine has not the memory
 * for as many workers' tables, -EINVAL if a size is out of a table's range.  After an
 * error, too, dp_tables_free() gives back what was taken. */
int dp_tables_make(struct dp_tables *k, struct dp_worker *w);
void dp_tables_free(struct dp_tables *k);
