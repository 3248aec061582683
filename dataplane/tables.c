#include "dataplane/tables.h"

#include "dataplane/act.h"
#include "dataplane/block.h"
#include "dataplane/delay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STEAL_ROOM                                                                       \
	8 /* with several workers a table has an eighth more than its share              \
	   */

/* One worker's share of @all. */
static uint32_t
share(const struct dp_config *cfg, uint32_t all)
{
	uint32_t one = all / cfg->workers;

	if (cfg->workers > 1)
		one += one / STEAL_ROOM;
	return one < 64 ? 64 : one;
}

/* The same of large things, of which there are few. */
static uint32_t
few(const struct dp_config *cfg, uint32_t all)
{
	uint32_t one = all / cfg->workers + (cfg->workers > 1);

	return one < 1 ? 1 : one > DP_TRANSFERS_MAX ? DP_TRANSFERS_MAX : one;
}

static uint32_t
power_of_two(uint32_t n)
{
	uint32_t p = 64;

	while (p < n)
		p <<= 1;
	return p;
}

/* How large each table is to be. */
struct plan {
	struct dp_peers_config peers;
	struct dp_devices_config devices;
	struct dp_store_config store;
	struct dp_observers_config observers;
	struct dp_transfers_config transfers;
	uint32_t pending, replies, outbound, tokens, lists;
};

static void
make_plan(struct plan *p, const struct dp_config *cfg, const struct dp_snapshot *snap)
{
	*p = (struct plan){
		.peers = {.max = share(cfg, cfg->peers_max),
			.extensions = share(cfg, cfg->dedup_extensions),
			.con_lifetime_s = snap->con_lifetime_s,
			.non_lifetime_s = snap->non_lifetime_s},
		.devices = {.max = share(cfg, cfg->devices_max),
			.chunks = share(cfg, cfg->devices_max / 64)},
		.store = {.max = share(cfg, cfg->store_max),
			.devices = share(cfg, cfg->devices_max),
			.chunks = share(
				cfg, (uint32_t)(cfg->store_bytes / DP_STORE_CHUNK))},
		.observers = {.max = share(cfg, cfg->observers_max),
			.per_peer = cfg->observers_per_peer},
		.transfers = {.max = few(cfg, cfg->transfers_max),
			.bytes = cfg->transfers_bytes,
			.per_peer = cfg->transfers_per_peer,
			.headroom = DP_MSG_MAX + 1}, /* a marker */
		.pending = power_of_two(share(cfg, cfg->pending_max)),
		.replies = share(cfg, cfg->replies_max),
		.outbound = share(cfg, cfg->outbound_max),
		.tokens = share(cfg, cfg->tokens_max),
		.lists = share(cfg, cfg->lists_max),
	};
	memcpy(p->peers.hash_key, cfg->hash_key, sizeof(p->peers.hash_key));
	memcpy(p->devices.hash_key, cfg->hash_key, sizeof(p->devices.hash_key));
	memcpy(p->store.hash_key, cfg->hash_key, sizeof(p->store.hash_key));
	memcpy(p->observers.hash_key, cfg->hash_key, sizeof(p->observers.hash_key));
}

/* What the parser works on is a value that came in one message, or in blocks. */
static uint32_t
job_bytes(const struct dp_config *cfg)
{
	return cfg->transfers_bytes > DP_VALUE_MAX ? cfg->transfers_bytes : DP_VALUE_MAX;
}

static void
set_sizes(struct dp_tables *k, const struct plan *p, const struct dp_config *cfg)
{
	const size_t size[DP_TABLES] = {
		[DP_T_PEERS] = dp_peers_size(&p->peers),
		[DP_T_DEVICES] = dp_devices_size(&p->devices),
		[DP_T_STORE] = dp_store_size(&p->store),
		[DP_T_REPLIES] = dp_replies_size(p->replies),
		[DP_T_OBSERVERS] = dp_observers_size(&p->observers),
		[DP_T_LISTS] = dp_lists_size(p->lists),
		[DP_T_PENDING] = p->pending * sizeof(struct dp_pending),
		[DP_T_LOGRING] = dp_logring_size(cfg->logring_bytes),
		[DP_T_TRACE] = dp_trace_size(cfg->trace),
		[DP_T_OUTBOUND] = dp_outbound_size(p->outbound),
		[DP_T_DELAYED] = dp_delayed_size(),
		[DP_T_TRANSFERS] = dp_transfers_size(&p->transfers),
		[DP_T_TOKENS] = dp_tokens_size(p->tokens),
		[DP_T_JOBS] = dp_jobs_size(job_bytes(cfg)),
		[DP_T_LIMITS] = 2 * sizeof(struct dp_limit),
		[DP_T_SCRATCH] = sizeof(struct dp_scratch),
	};

	for (unsigned i = 0; i < DP_TABLES; i++)
		k->block[i].size = size[i];
	k->extensions_size = (size_t)p->peers.extensions * 64;
}

/* Bytes that the kernel could still give without killing anybody for them. */
static uint64_t
available_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kib = UINT64_MAX / 1024;
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

static int
take_blocks(struct dp_tables *k, const struct dp_worker *w)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < DP_TABLES; i++)
		all += k->block[i].size * w->count;
	/* mmap() would promise it, and the first touch would kill. */
	if (w->id == 0 && all > available_bytes())
		return -ENOMEM;
	for (unsigned i = 0; i < DP_TABLES; i++) {
		k->block[i].at = dp_block_new(k->block[i].size);
		if (k->block[i].at == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int
init_tables(struct dp_tables *k, const struct plan *p, struct dp_worker *w)
{
	const struct dp_config *cfg = &w->shared->cfg;

	w->peers = dp_peers_init(k->block[DP_T_PEERS].at, &p->peers);
	w->devices = dp_devices_init(k->block[DP_T_DEVICES].at, &p->devices);
	w->store = dp_store_init(k->block[DP_T_STORE].at, &p->store);
	w->replies =
		dp_replies_init(k->block[DP_T_REPLIES].at, p->replies, cfg->hash_key);
	w->observers = dp_observers_init(k->block[DP_T_OBSERVERS].at, &p->observers);
	w->lists = dp_lists_init(k->block[DP_T_LISTS].at, p->lists);
	w->logring = dp_logring_init(k->block[DP_T_LOGRING].at, cfg->logring_bytes);
	w->trace = dp_trace_init(k->block[DP_T_TRACE].at, cfg->trace);
	w->outbound = dp_outbound_init(
		k->block[DP_T_OUTBOUND].at, p->outbound, cfg->hash_key, 0);
	w->delayed = dp_delayed_init(k->block[DP_T_DELAYED].at);
	w->transfers = dp_transfers_init(k->block[DP_T_TRANSFERS].at, &p->transfers);
	w->tokens = dp_tokens_init(k->block[DP_T_TOKENS].at, p->tokens, (uint8_t)w->id);
	w->scratch = k->block[DP_T_SCRATCH].at;
	w->pending = (struct dp_pending_fifo){
		.mask = p->pending - 1, .entry = k->block[DP_T_PENDING].at};
	return w->peers != NULL && w->devices != NULL && w->store != NULL
			       && w->replies != NULL && w->observers != NULL
			       && w->lists != NULL && w->logring != NULL
			       && w->trace != NULL && w->outbound != NULL
			       && w->transfers != NULL && w->tokens != NULL
		       ? 0
		       : -EINVAL;
}

static void
init_rest(struct dp_tables *k, struct dp_worker *w)
{
	struct dp_limit *limits = k->block[DP_T_LIMITS].at;

	w->device_events = (struct dp_devices_events){
		.counters = &w->counters, .gone = dp_act_disown, .arg = w};
	dp_jobs_init(k->block[DP_T_JOBS].at, job_bytes(&w->shared->cfg), w->job);
	w->n_jobs = DP_JOBS;
	w->limit = limits;
	w->rates = limits + 1;
	dp_limit_init(w->limit);
	dp_limit_init(w->rates);
}

int
dp_tables_make(struct dp_tables *k, struct dp_worker *w)
{
	struct plan p;
	int rc;

	make_plan(&p, &w->shared->cfg, w->snap);
	set_sizes(k, &p, &w->shared->cfg);
	rc = take_blocks(k, w);
	if (rc == 0)
		rc = init_tables(k, &p, w);
	if (rc == 0)
		init_rest(k, w);
	return rc;
}

void
dp_tables_free(struct dp_tables *k)
{
	for (unsigned i = 0; i < DP_TABLES; i++)
		dp_block_free(k->block[i].at, k->block[i].size);
}
