/* What control reads of the workers at any time. */
#include "dataplane/delay.h"
#include "dataplane/dp_internal.h"
#include "dataplane/path.h"
#include "dataplane/words.h"

#include <rte_mempool.h>
#include <string.h>

static uint64_t
get(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void
dp_counters_read(const struct dp *dp, unsigned worker, uint64_t out[DP_COUNTER_COUNT])
{
	memset(out, 0, DP_COUNTER_COUNT * sizeof(*out));
	for (unsigned w = 0; w < dp->shared.cfg.workers; w++)
		for (unsigned c = 0;
			c < DP_COUNTER_COUNT && (worker == DP_ALL || worker == w); c++) {
			uint64_t v = dp_counter_get(&dp->shared.worker[w]->counters, c);

			if (c != DP_C_stall_max_ns)
				out[c] += v;
			else if (v > out[c])
				out[c] = v;
		}
}

void
dp_latency_read(const struct dp *dp, unsigned worker, struct dp_hist_copy *out)
{
	for (unsigned w = 0; w < dp->shared.cfg.workers; w++)
		if (worker == DP_ALL || worker == w)
			dp_hist_merge(out, &dp->shared.worker[w]->latency);
}

void
dp_worker_read(const struct dp *dp, unsigned worker, struct dp_worker_info *out)
{
	const struct dp_worker *w = dp->shared.worker[worker];

	*out = (struct dp_worker_info){
		.core = dp->shared.cfg.cores[worker],
		.loops = get(&w->turns.loops),
		.busy_loops = get(&w->turns.busy_loops),
		.cycles = get(&w->turns.cycles),
		.busy_cycles = get(&w->turns.busy_cycles),
		.rx_cycles = get(&w->turns.rx_cycles),
		.tx_cycles = get(&w->turns.tx_cycles),
		.pending_frames = get(&w->turns.pending_frames),
		.pending_requests = get(&w->turns.away),
		.pending_answers = get(&w->turns.pending_answers),
		.pending_records = get(&w->turns.pending_records),
		.peers = dp_peers_count(w->peers),
		.devices = dp_devices_count(w->devices),
		.values = dp_store_count(w->store),
		.replies = dp_replies_count(w->replies),
		.observers = dp_observers_count(w->observers),
		.extensions = dp_peers_extensions_used(w->peers),
		.logring_used = dp_logring_used(w->logring),
		.logring_size = dp->shared.cfg.logring_bytes,
	};
}

uint64_t
dp_now_s(const struct dp *dp)
{
	return dp_clock_s(&dp->shared.clock, rte_rdtsc());
}

uint64_t
dp_wall_ns(const struct dp *dp)
{
	return dp_wall_ns_at(dp, rte_rdtsc());
}

uint64_t
dp_wall_ns_at(const struct dp *dp, uint64_t tsc)
{
	return dp_clock_past_ns(&dp->past, &dp->shared.clock, tsc);
}

const struct dp_trace *
dp_worker_trace(const struct dp *dp, unsigned w)
{
	return dp->shared.worker[w]->trace;
}

uint32_t
dp_trace_device(const struct dp *dp, const char *name, size_t len)
{
	return (uint32_t)dp_devices_hash(dp->shared.worker[0]->devices, name, len);
}

bool
dp_trace_path(const struct dp *dp, const char *path, uint16_t *tag, uint32_t *key)
{
	const struct dp_worker *w = dp->shared.worker[0];
	uint8_t canonical[DP_PATH_MAX + 8], len;
	struct dp_path p = {.bytes = canonical};
	struct dp_request q;
	const struct dp_route *r;
	const uint8_t *name;

	p.len = dp_path_parse(canonical, DP_PATH_MAX, path, strlen(path));
	dp_request_of_path(&q, &p);
	r = q.path.len > 0 ? dp_route_find(atomic_load(&dp->shared.snapshot), &q) : NULL;
	if (r == NULL)
		return false;
	*tag = r->tag;
	*key = 0;
	if (r->kind == DP_K_STORE && !q.listing)
		*key = (uint32_t)dp_store_hash(w->store, &q.path);
	if (r->kind == DP_K_STREAM && q.device_at != DP_NO_SEGMENT) {
		name = dp_request_segment(&q, q.device_at, &len);
		*key = dp_trace_device(dp, (const char *)name, len);
	}
	return true;
}

/* Buckets of a worker's two limits; they are never empty. */
#define LIMIT_BUCKETS (2ul * DP_LIMIT_SETS * DP_LIMIT_WAYS)

/* Sums over the workers, one table a row. */
enum row {
	PEERS,
	DEDUP,
	DEVICES,
	STORE,
	REPLIES,
	OBSERVERS,
	LISTS,
	PENDING,
	LOGRING,
	TRACE,
	OUTBOUND,
	TRANSFERS,
	DELAYED,
	JOBS,
	TOKENS,
	LIMITS,
	SCRATCH,
	MBUFS,
	ROWS
};

static void
add_row(struct dp_mem_row *r, uint64_t bytes, uint64_t entries, uint64_t used)
{
	r->bytes += bytes;
	r->entries += entries;
	r->used += used;
}

unsigned
dp_mem_read(const struct dp *dp, struct dp_mem_row *rows, unsigned max)
{
	static const char *const names[ROWS] = {"peers", "dedup", "devices", "store",
		"replies", "observers", "lists", "pending", "logring", "trace",
		"outbound", "transfers", "delayed", "jobs", "tokens", "limits", "scratch",
		"mbufs"};
	const struct dp_config *cfg = &dp->shared.cfg;
	struct dp_mem_row r[ROWS] = {0};

	for (unsigned i = 0; i < cfg->workers; i++) {
		const struct dp_worker *w = dp->shared.worker[i];
		const struct dp_tables *k = &dp->tables[i];

		add_row(&r[PEERS], k->block[DP_T_PEERS].size - k->extensions_size,
			dp_peers_max(w->peers), dp_peers_count(w->peers));
		add_row(&r[DEDUP], k->extensions_size, k->extensions_size / 64,
			dp_peers_extensions_used(w->peers));
		add_row(&r[DEVICES], k->block[DP_T_DEVICES].size,
			dp_devices_max(w->devices), dp_devices_count(w->devices));
		add_row(&r[STORE], k->block[DP_T_STORE].size, dp_store_max(w->store),
			dp_store_count(w->store));
		add_row(&r[REPLIES], k->block[DP_T_REPLIES].size,
			dp_replies_max(w->replies), dp_replies_count(w->replies));
		add_row(&r[OBSERVERS], k->block[DP_T_OBSERVERS].size,
			dp_observers_max(w->observers), dp_observers_count(w->observers));
		add_row(&r[LISTS], k->block[DP_T_LISTS].size, dp_lists_max(w->lists),
			dp_lists_count(w->lists));
		add_row(&r[PENDING], k->block[DP_T_PENDING].size, w->pending.mask + 1,
			get(&w->turns.pending_entries));
		add_row(&r[LOGRING], k->block[DP_T_LOGRING].size, cfg->logring_bytes,
			dp_logring_used(w->logring));
		add_row(&r[OUTBOUND], k->block[DP_T_OUTBOUND].size,
			dp_outbound_max(w->outbound), dp_outbound_count(w->outbound));
		add_row(&r[TRANSFERS], k->block[DP_T_TRANSFERS].size,
			dp_transfers_max(w->transfers), dp_transfers_count(w->transfers));
		add_row(&r[TRACE], k->block[DP_T_TRACE].size, cfg->trace, cfg->trace);
		add_row(&r[DELAYED], k->block[DP_T_DELAYED].size, DP_DELAYED_MAX,
			dp_delayed_count(w->delayed));
		add_row(&r[JOBS], k->block[DP_T_JOBS].size, DP_JOBS,
			DP_JOBS - DP_GET(w->n_jobs));
		add_row(&r[TOKENS], k->block[DP_T_TOKENS].size, dp_tokens_max(w->tokens),
			dp_tokens_count(w->tokens));
		add_row(&r[LIMITS], k->block[DP_T_LIMITS].size, LIMIT_BUCKETS,
			LIMIT_BUCKETS);
		add_row(&r[SCRATCH], k->block[DP_T_SCRATCH].size, 1, 1);
	}
	add_row(&r[MBUFS],
		(uint64_t)cfg->mbufs
			* (dp->pool->elt_size + dp->pool->header_size
				+ dp->pool->trailer_size),
		cfg->mbufs, rte_mempool_in_use_count(dp->pool));
	for (unsigned i = 0; i < ROWS && i < max; i++) {
		rows[i] = r[i];
		rows[i].name = names[i];
	}
	return max < ROWS ? max : ROWS;
}

/* The device of that name at one worker.  Between finding its slot and reading it another
 * may have taken the place. */
static bool
read_device(const struct dp_devices *t, const char *name, size_t len,
	struct dp_device_info *out)
{
	uint32_t slot = dp_devices_find(t, name, len, dp_devices_hash(t, name, len));

	return slot != DP_NONE && dp_devices_info(t, slot, out) && out->name_len == len
	       && memcmp(out->name, name, len) == 0;
}

/* A device known to several workers is shown once: as the one that heard it last. */
bool
dp_device_get(const struct dp *dp, const char *name, size_t len,
	struct dp_device_info *out, unsigned *worker)
{
	struct dp_device_info one;
	uint64_t bytes = 0;
	uint32_t messages = 0;
	bool found = false;

	for (unsigned i = 0; i < dp->shared.cfg.workers; i++) {
		if (!read_device(dp->shared.worker[i]->devices, name, len, &one))
			continue;
		messages += one.messages;
		bytes += one.bytes;
		if (!found || one.last_heard_s >= out->last_heard_s) {
			*out = one;
			*worker = i;
		}
		found = true;
	}
	if (found) {
		out->messages = messages;
		out->bytes = bytes;
	}
	return found;
}

/* Is the device also known to a worker before @worker?  Then it has been shown. */
static bool
shown_before(const struct dp *dp, unsigned worker, const struct dp_device_info *d)
{
	for (unsigned i = 0; i < worker; i++) {
		const struct dp_devices *t = dp->shared.worker[i]->devices;

		if (dp_devices_find(t, d->name, d->name_len,
			    dp_devices_hash(t, d->name, d->name_len))
			!= DP_NONE)
			return true;
	}
	return false;
}

bool
dp_device_next(const struct dp *dp, uint64_t *cursor, struct dp_device_info *out,
	unsigned *worker)
{
	for (;;) {
		unsigned i = (unsigned)(*cursor >> 32);
		uint32_t slot = (uint32_t)*cursor;
		struct dp_device_info d;

		if (i >= dp->shared.cfg.workers)
			return false;
		if (slot >= dp_devices_places(dp->shared.worker[i]->devices)) {
			*cursor = (uint64_t)(i + 1) << 32;
			continue;
		}
		(*cursor)++;
		if (dp_devices_info(dp->shared.worker[i]->devices, slot, &d)
			&& !shown_before(dp, i, &d)
			&& dp_device_get(dp, d.name, d.name_len, out, worker))
			return true;
	}
}

bool
dp_peer_get(const struct dp *dp, const struct dp_device_info *device,
	struct dp_peer_info *out)
{
	const struct dp_peers *t = dp->shared.worker[device->peer_home]->peers;
	uint32_t peer = dp_peers_of_ref(t, device->peer);

	return peer != DP_NONE && dp_peers_info(t, peer, (uint32_t)dp_now_s(dp), out);
}

bool
dp_value_get_from(
	const struct dp *dp, const char *path, uint32_t from, struct dp_value *out)
{
	uint8_t canonical[DP_PATH_MAX];
	struct dp_path p = {.bytes = canonical};

	p.len = dp_path_parse(canonical, sizeof(canonical), path, strlen(path));
	if (p.len == 0)
		return false;
	for (unsigned i = 0; i < dp->shared.cfg.workers; i++) {
		const struct dp_store *t = dp->shared.worker[i]->store;

		if (dp_store_read_from(t, &p, dp_store_hash(t, &p), from, out))
			return true;
	}
	return false;
}

bool
dp_value_next(const struct dp *dp, uint64_t *cursor, char path[DP_PATH_TEXT_MAX],
	struct dp_value *out)
{
	uint8_t canonical[DP_PATH_MAX];
	struct dp_path p = {.bytes = canonical};

	for (;;) {
		unsigned i = (unsigned)(*cursor >> 32);
		uint32_t slot = (uint32_t)*cursor;

		if (i >= dp->shared.cfg.workers)
			return false;
		if (slot >= dp_store_places(dp->shared.worker[i]->store)) {
			*cursor = (uint64_t)(i + 1) << 32;
			continue;
		}
		(*cursor)++;
		if (dp_store_info(
			    dp->shared.worker[i]->store, slot, canonical, &p.len, out)
			&& dp_path_text(path, DP_PATH_TEXT_MAX, &p) > 0)
			return true;
	}
}
