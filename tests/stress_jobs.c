/*
 * Jobs of two workers for the one parser: what a worker wrote is what the parser reads,
 * and what came of it is seen by that worker, who may then write the same job anew.
 */
#include "control/parser.h"

#include "coap/code.h"
#include "dataplane/dp_internal.h"
#include "tests/stress.h"

#include <rte_ring.h>
#include <sched.h>

#define WORKERS 2
#define ASKED 20000u /* by each worker */
#define CAP 64
#define HEAD 7 /* bytes of a request before its payload */

static struct dp *dp;

/* Of each worker: none is another's, and none is atomic. */
static struct home {
	unsigned id;
	uint32_t asked, done;
	uint32_t number[DP_JOBS]; /* by its place in the block */
	char change[DP_JOBS][CAP];
	struct dp_job *first, *idle[DP_JOBS];
	unsigned n_idle;
} homes[WORKERS];

static struct rte_ring *
ring(unsigned count, unsigned flags)
{
	struct rte_ring *r = new_block((size_t)rte_ring_get_memsize(count));

	require(rte_ring_init(r, "ring", count, flags) == 0, "no ring", count);
	return r;
}

/* {"home":..,"n":0} is to have another n. */
static void
ask(struct home *h)
{
	struct dp_job *job = h->idle[--h->n_idle];
	size_t at = (size_t)(job - h->first);

	h->number[at] = ++h->asked;
	job->method = TG_IPATCH;
	job->format = TG_CF_MERGE_PATCH;
	job->change = (const uint8_t *)h->change[at];
	job->change_len =
		(uint16_t)snprintf(h->change[at], CAP, "{\"n\":%u}", (unsigned)h->asked);
	job->value.len = (uint16_t)snprintf(
		(char *)job->text, CAP, "{\"home\":%u,\"n\":0}", h->id);
	job->room = CAP;
	job->home = (uint8_t)h->id;
	memset(job->message, (int)h->id, HEAD);
	job->out = job->message + HEAD;
	job->out_len = 0;
	job->code = 0;
	require(rte_ring_enqueue(dp->shared.worker[h->id]->to_parse, job) == 0,
		"no place", h->asked);
}

static void
come_back(struct home *h, struct dp_job *job)
{
	size_t at = (size_t)(job - h->first);
	char wanted[CAP];
	int n;

	require(at < DP_JOBS && job->home == h->id, "another worker's", h->id);
	n = snprintf(
		wanted, CAP, "{\"home\":%u,\"n\":%u}", h->id, (unsigned)h->number[at]);
	require(job->code == TG_CHANGED, "not changed", job->code);
	require(job->out_len == n && memcmp(job->out, wanted, (size_t)n) == 0,
		"another value", h->number[at]);
	require(job->message[HEAD - 1] == h->id, "the head is lost", h->number[at]);
	h->number[at] = 0; /* a second time is another value */
	h->idle[h->n_idle++] = job;
	h->done++;
}

static void *
worker_main(void *arg)
{
	struct home *h = arg;
	void *job;

	while (h->done < ASKED) {
		while (h->n_idle > 0 && h->asked < ASKED)
			ask(h);
		while (rte_ring_dequeue(dp->shared.worker[h->id]->parsed, &job) == 0)
			come_back(h, job);
		sched_yield();
	}
	return NULL;
}

/* Its rings as dp_open() makes them. */
static void
make_home(unsigned id)
{
	struct dp_worker *w = new_block(sizeof(*w));
	struct home *h = &homes[id];

	w->id = id;
	w->to_parse = ring(2 * DP_JOBS, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->parsed = ring(2 * DP_JOBS, RING_F_SP_ENQ | RING_F_SC_DEQ);
	dp->shared.worker[id] = w;
	h->id = id;
	h->first = new_block(dp_jobs_size(CAP));
	dp_jobs_init(h->first, CAP, h->idle);
	h->n_idle = DP_JOBS;
}

int
main(void)
{
	struct ctl_parser parser;
	pthread_t thread[WORKERS];

	dp = new_block(sizeof(*dp));
	dp->shared.cfg.workers = WORKERS;
	for (unsigned i = 0; i < WORKERS; i++)
		make_home(i);
	require(ctl_parser_start(&parser, dp) == 0, "no parser", 0);
	for (unsigned i = 0; i < WORKERS; i++)
		require(pthread_create(&thread[i], NULL, worker_main, &homes[i]) == 0,
			"no thread", i);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	ctl_parser_stop(&parser);
	for (unsigned i = 0; i < WORKERS; i++) {
		require(homes[i].n_idle == DP_JOBS, "a job is lost", i);
		free(homes[i].first);
		free(dp->shared.worker[i]->to_parse);
		free(dp->shared.worker[i]->parsed);
		free(dp->shared.worker[i]);
	}
	printf("%u jobs\n", WORKERS * ASKED);
	free(dp);
	return 0;
}
