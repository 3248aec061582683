/*
 * tidegate-bench stall: for how long a poll loop looks at nothing else while one value's
 * observers are all told of a change, in process.
 *
 * The worker takes whole turns, as it does on its core: packets in, timers, what waits,
 * and a slice of notifications.  Each turn is timed; what comes out is taken off the port
 * between two turns, and checked.  A neighbour may stop the machine for longer than any
 * turn takes: so the longest turn is given as a median over changes, and beside it the
 * longest gap in a loop that does nothing, for as long, right after each.
 */
#include "bench/bench.h"
#include "bench/handler.h"
#include "bench/options.h"
#include "bench/stats.h"

#include <rte_cycles.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANGES_MAX 1000
#define MEMBERS_MAX 4000000u
#define TURNS_SLACK 4096 /* that may find nothing to say, for a change */

struct options {
	bool json;
	uint32_t observers;
	unsigned changes;
	int core;
};

/* Cycles. */
struct result {
	double *turn; /* of all changes, one after another */
	size_t turns, room;
	double longest[CHANGES_MAX], gap[CHANGES_MAX], all[CHANGES_MAX];
	unsigned changes;
	uint64_t messages;
};

/* ---- a change ---- */

/* Turns until every observer has heard; false: they do not. */
static bool
tell_all(struct handler *h, struct result *r)
{
	double longest = 0, all = 0;
	uint32_t told = h->told;

	for (size_t idle = 0; h->told - told < h->load->endpoints;) {
		uint32_t before = h->told;
		uint64_t t = rte_rdtsc_precise();
		double cycles;

		(void)dp_worker_turn(h->w);
		cycles = (double)(rte_rdtsc_precise() - t);
		h->taken = 0; /* not a round's, but a turn's */
		handler_settle(h);
		idle = h->told == before ? idle + 1 : 0;
		if (idle > TURNS_SLACK || r->turns == r->room)
			return false;
		r->turn[r->turns++] = cycles;
		longest = cycles > longest ? cycles : longest;
		all += cycles;
	}
	r->longest[r->changes] = longest;
	r->all[r->changes] = all;
	r->messages += h->load->endpoints;
	return true;
}

/* The longest time in which a loop that runs for @cycles did not. */
static double
longest_gap(double cycles)
{
	uint64_t start = rte_rdtsc(), last = start, longest = 0;

	while ((double)(last - start) < cycles) {
		uint64_t now = rte_rdtsc();

		longest = now - last > longest ? now - last : longest;
		last = now;
	}
	return (double)longest;
}

static const char *
run(const struct options *o, struct handler *h, struct result *r)
{
	handler_fill(h);
	if (handler_fault(h) != NULL)
		return handler_fault(h);
	(void)dp_worker_turn(h->w); /* the clock is the real one from here on */
	for (; r->changes < o->changes; r->changes++) {
		handler_change(h);
		if (!tell_all(h, r))
			return "not all observers are told";
		r->gap[r->changes] = longest_gap(r->all[r->changes]);
	}
	return h->wrong == 0 ? NULL : "notifications are not what they should be";
}

/* ---- what came of it ---- */

static double
us(double cycles)
{
	return cycles * 1e6 / (double)rte_get_tsc_hz();
}

static double
relation_bytes(uint32_t observers)
{
	const struct dp_observers_config cfg = {.max = observers, .per_peer = 4};

	return (double)dp_observers_size(&cfg) / observers;
}

static void
print(const struct options *o, struct result *r)
{
	double turns = (double)r->turns / r->changes;
	double longest = us(quantile(r->longest, r->changes, 0.5));
	double least = us(quantile(r->longest, r->changes, 0));
	double gap = us(quantile(r->gap, r->changes, 0.5));
	double all = us(quantile(r->all, r->changes, 0.5)) / 1000;
	double mid = us(quantile(r->turn, r->turns, 0.5));
	double most = us(quantile(r->turn, r->turns, 0.999));
	double each = relation_bytes(o->observers);

	printf("%u observers, %u changes: all told in %.1f ms, %.0f turns\n",
		o->observers, r->changes, all, turns);
	printf("a turn %.1f us (median), %.1f us (99.9 %%); the longest of a change %.1f "
	       "us (median; %.1f us the least)\n",
		mid, most, longest, least);
	printf("the longest gap of a loop that does nothing, for as long: %.1f us\n",
		gap);
	printf("a relation %.1f bytes\n", each);
	if (o->json)
		printf("{\"observers\":%u,\"changes\":%u,\"all_ms\":%.2f,\"turns\":%.0f,"
		       "\"turn_us\":%.2f,\"turn_p999_us\":%.2f,\"longest_us\":%.2f,"
		       "\"longest_min_us\":%.2f,\"gap_us\":%.2f,\"relation_bytes\":%.2f}"
		       "\n",
			o->observers, r->changes, all, turns, mid, most, longest, least,
			gap, each);
}

/* ---- command line ---- */

static int
parse(struct options *o, int argc, char **argv)
{
	struct bench_options in = bench_options(argc, argv);
	int rc;

	while ((rc = bench_option(&in)) > 0) {
		if (strcmp(in.name, "--observers") == 0)
			o->observers = (uint32_t)strtoul(in.value, NULL, 10);
		else if (strcmp(in.name, "--changes") == 0)
			o->changes = (unsigned)strtoul(in.value, NULL, 10);
		else if (strcmp(in.name, "--core") == 0)
			o->core = atoi(in.value);
		else
			return -1;
	}
	o->observers = (o->observers + ROUND - 1) / ROUND * ROUND;
	o->json = in.json;
	return rc == 0 && o->observers > 0 && o->observers <= MEMBERS_MAX
			       && o->changes > 0 && o->changes <= CHANGES_MAX
		       ? 0
		       : -1;
}

int
bench_stall(int argc, char **argv)
{
	struct options o = {.observers = 100000,
		.changes = 50,
		.core = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1};
	struct workload load = *workload_find("notify-10k");
	static struct handler h;
	static struct result r;
	const char *fault;
	char err[256] = "";

	if (parse(&o, argc, argv) < 0) {
		fprintf(stderr,
			"tidegate-bench stall [--json] [--observers N] [--changes N] "
			"[--core N]\nN: at most %u observers, %u changes\n",
			MEMBERS_MAX, CHANGES_MAX);
		return 2;
	}
	bench_pin(o.core);
	load.endpoints = o.observers;
	r.room = (size_t)o.changes * (o.observers + TURNS_SLACK);
	r.turn = calloc(r.room, sizeof(*r.turn));
	if (r.turn == NULL || handler_open(&h, &load, o.core, err, sizeof(err)) < 0) {
		fprintf(stderr, "stall: %s\n", r.turn != NULL ? err : "out of memory");
		return 1;
	}
	fault = run(&o, &h, &r);
	if (fault != NULL)
		fprintf(stderr, "stall: %s\n", fault);
	if (r.changes > 0)
		print(&o, &r);
	free(r.turn);
	return fault != NULL;
}
