/* Counters, their books, and latency. */
#include "control/cmd.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* A worker's counters, or all, since they were cleared. */
static void
counters_since(
	const struct ctl_gateway *g, unsigned worker, uint64_t out[DP_COUNTER_COUNT])
{
	dp_counters_read(g->dp, worker, out);
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++)
		for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
			if ((worker == DP_ALL || worker == w) && i != DP_C_stall_max_ns)
				out[i] -= g->counters_base[w][i];
}

void
cmd_clear(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	(void)args;
	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++)
		dp_counters_read(g->dp, w, g->counters_base[w]);
	memset(&g->latency_base, 0, sizeof(g->latency_base));
	dp_latency_read(g->dp, DP_ALL, &g->latency_base);
	r->data = json_object();
}

static bool
matches(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, 0) == 0 || strstr(name, pattern) != NULL;
}

/* Without a pattern those that are not zero, unless @all. */
static json_t *
counters_json(const uint64_t *c, const char *pattern, bool all)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if (pattern != NULL ? matches(pattern, dp_counter_defs[i].name)
				    : all || c[i] != 0)
			cmd_set(o, dp_counter_defs[i].name, c[i]);
	return o;
}

static json_t *
per_core(const struct ctl_gateway *g, const char *pattern, bool all)
{
	uint64_t c[DP_COUNTER_COUNT];
	json_t *cores = json_array();

	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		counters_since(g, w, c);
		json_array_append_new(cores, counters_json(c, pattern, all));
	}
	return cores;
}

/* ---- the books ---- */

struct ctl_pending
cmd_pending(const struct ctl_gateway *g)
{
	struct ctl_pending sum = {0};

	for (unsigned w = 0; w < dp_config(g->dp)->workers; w++) {
		struct dp_worker_info info;

		dp_worker_read(g->dp, w, &info);
		sum.frames += info.pending_frames;
		sum.requests += info.pending_requests;
		sum.answers += info.pending_answers;
		sum.records += info.pending_records;
	}
	return sum;
}

/* Do two samples show the same traffic? */
static bool
at_rest(const uint64_t *a, const uint64_t *b)
{
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if (dp_counter_defs[i].account != DP_A_INFO && a[i] != b[i])
			return false;
	return true;
}

#define BOOKS_RUNS (500 / CTL_WAIT_MS)

struct books {
	uint64_t sample[DP_COUNTER_COUNT]; /* the last run's */
	struct ctl_identity account[CTL_BOOKS];
	struct ctl_pending pending;
	bool rest, closes;
};

/* Compare with the sample of the run before, which what was pending then belongs to. */
static void
take_books(const struct ctl_gateway *g, struct books *b)
{
	uint64_t now[DP_COUNTER_COUNT];

	dp_counters_read(g->dp, DP_ALL, now);
	b->rest = at_rest(b->sample, now);
	b->closes = ctl_books(b->sample, &b->pending, b->account);
	memcpy(b->sample, now, sizeof(now));
}

static json_t *
account_json(const struct ctl_identity *i)
{
	json_t *o = json_object();

	json_object_set_new(o, "account", json_string(i->name));
	json_object_set_new(o, "identity", json_string(i->text));
	cmd_set(o, "left", i->left);
	cmd_set(o, "right", i->right);
	json_object_set_new(o, "closes", json_boolean(i->closes));
	return o;
}

static json_t *
books_json(const struct books *b)
{
	json_t *o = json_object(), *accounts = json_array();

	for (unsigned i = 0; i < CTL_BOOKS; i++)
		json_array_append_new(accounts, account_json(&b->account[i]));
	json_object_set_new(o, "closes", json_boolean(b->closes));
	json_object_set_new(o, "at_rest", json_boolean(b->rest));
	cmd_set(o, "pending_frames", b->pending.frames);
	cmd_set(o, "pending_requests", b->pending.requests);
	cmd_set(o, "pending_answers", b->pending.answers);
	cmd_set(o, "pending_records", b->pending.records);
	json_object_set_new(o, "accounts", accounts);
	return o;
}

/*
 * The identities hold when traffic rests; a worker's counters are not one moment's.
 * Samples are taken until two in a row agree, for half a second at most.
 */
static void
check_books(const struct ctl_gateway *g, struct ctl_reply *r)
{
	struct books *b = r->state;

	if (b == NULL) {
		b = r->state = calloc(1, sizeof(*b));
		r->let_go = free;
		if (b == NULL) {
			cmd_refuse(r, "failed", "out of memory");
			return;
		}
		dp_counters_read(g->dp, DP_ALL, b->sample);
	} else {
		take_books(g, b);
	}
	b->pending = cmd_pending(g);
	r->wait = r->runs < BOOKS_RUNS && !(b->rest && b->closes);
	if (!r->wait)
		r->data = books_json(b);
}

void
cmd_stats(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	const char *pattern = cmd_string(args, "pattern");
	bool all = cmd_flag(args, "all");
	uint64_t c[DP_COUNTER_COUNT];
	json_t *counters;

	if (cmd_flag(args, "check")) {
		check_books(g, r);
		return;
	}
	counters_since(g, DP_ALL, c);
	counters = counters_json(c, pattern, all);
	if (pattern != NULL && json_object_size(counters) == 0) {
		json_decref(counters);
		cmd_refuse(r, "not-found", "there is no counter like %s", pattern);
		return;
	}
	r->data = json_object();
	json_object_set_new(r->data, "counters", counters);
	if (cmd_flag(args, "per-core"))
		json_object_set_new(r->data, "per_core", per_core(g, pattern, all));
}

/* Does the operator ask after it when something is missing? */
static bool
is_loss(unsigned counter)
{
	enum dp_account a = dp_counter_defs[counter].account;

	return a == DP_A_FDROP || a == DP_A_RDROP || a == DP_A_SUPPRESSED
	       || a == DP_A_LOST || a == DP_A_REFUSED || counter == DP_C_tx_dropped;
}

void
cmd_drops(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	bool all = cmd_flag(args, "all");
	uint64_t c[DP_COUNTER_COUNT];

	counters_since(g, DP_ALL, c);
	r->data = json_array();
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++) {
		json_t *o;

		if (!is_loss(i) || (c[i] == 0 && !all))
			continue;
		o = json_object();
		json_object_set_new(o, "reason", json_string(dp_counter_defs[i].name));
		cmd_set(o, "count", c[i]);
		json_object_set_new(o, "text", json_string(dp_counter_defs[i].text));
		json_array_append_new(r->data, o);
	}
}

/* ---- latency ---- */

static void
set_us(json_t *o, const char *key, double ns)
{
	json_object_set_new(o, key, json_real(ns / 1000));
}

void
cmd_latency(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r)
{
	struct dp_hist_copy *h = calloc(1, sizeof(*h));

	(void)args;
	if (h == NULL) {
		cmd_refuse(r, "failed", "out of memory");
		return;
	}
	dp_latency_read(g->dp, DP_ALL, h);
	for (unsigned i = 0; i < DP_HIST_BINS; i++)
		h->count[i] -= g->latency_base.count[i];
	h->total -= g->latency_base.total;
	r->data = json_object();
	cmd_set(r->data, "answers", h->total);
	set_us(r->data, "mean_us", dp_hist_mean(h));
	set_us(r->data, "p50_us", (double)dp_hist_quantile(h, 0.5));
	set_us(r->data, "p90_us", (double)dp_hist_quantile(h, 0.9));
	set_us(r->data, "p99_us", (double)dp_hist_quantile(h, 0.99));
	set_us(r->data, "p999_us", (double)dp_hist_quantile(h, 0.999));
	set_us(r->data, "max_us", (double)dp_hist_max(h));
	free(h);
}
