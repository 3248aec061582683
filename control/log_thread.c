/* The log thread: rings in, group commits out. */
#include "control/log_thread.h"

#include "control/now.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define NAP_NS 50000         /* between two looks at the rings */
#define PROVE_NS 1000000000u /* idle so long: prove the last commit */
#define FULL_NS 1000000000u  /* between two passes that a full disk asks for */

static void
nap(void)
{
	const struct timespec ts = {.tv_nsec = NAP_NS};

	nanosleep(&ts, NULL);
}

/* A ring's part in the batch. */
struct ctl_logd_part {
	const uint8_t *next; /* taken from the ring, not in a batch yet */
	size_t len;
	uint64_t number; /* of next */
	uint64_t upto;   /* last number in the batch, 0: none */
};

/* Move what a ring holds into the batch while there is room. */
static void
drain(struct ctl_log *log, struct dp_logring *ring, struct ctl_logd_part *p)
{
	for (;;) {
		if (p->next == NULL)
			p->next = dp_logring_next(ring, &p->len, &p->number);
		if (p->next == NULL || !ctl_log_room(log, p->len))
			break;
		ctl_log_append(log, p->next, p->len);
		p->upto = p->number;
		p->next = NULL;
	}
	if (p->next == NULL) /* else the ring's room is given back after the next batch */
		dp_logring_release(ring);
}

/* Retention may make room. */
static void
ask_for_room(struct ctl_logd *d)
{
	uint64_t now = ctl_now_ns();

	if (now - d->asked_ns < FULL_NS)
		return;
	d->asked_ns = now;
	atomic_store_explicit(&d->due, true, memory_order_relaxed);
}

static void
commit(struct ctl_logd *d, struct ctl_logd_part *parts)
{
	int rc = ctl_log_commit(d->log);

	if (rc == -ENOSPC || rc == -EDQUOT)
		ask_for_room(d);
	for (unsigned i = 0; i < d->n_rings; i++) {
		if (parts[i].upto != 0)
			dp_logring_settle(d->rings[i], parts[i].upto, rc);
		parts[i].upto = 0;
	}
}

static bool
is_full(const struct ctl_logd *d, const struct ctl_logd_part *parts)
{
	for (unsigned i = 0; i < d->n_rings; i++)
		if (parts[i].next != NULL)
			return true;
	return false;
}

/* ---- between batches ---- */

void
ctl_trim_let_go(struct ctl_trim *t)
{
	if (atomic_fetch_add(&t->gone, 1) > 0)
		free(t);
}

struct ctl_trim *
ctl_logd_trim(struct ctl_logd *d, uint64_t before)
{
	struct ctl_trim *t = calloc(1, sizeof(*t)), *none = NULL;

	if (t == NULL)
		return NULL;
	t->before = before;
	if (atomic_compare_exchange_strong(&d->asked, &none, t))
		return t;
	free(t);
	return NULL;
}

static void
answer(struct ctl_trim *t, int result)
{
	t->result = result;
	atomic_store_explicit(&t->done, true, memory_order_release);
	ctl_trim_let_go(t);
}

/* What is asked for goes first. */
static void
begin_pass(struct ctl_logd *d)
{
	uint64_t now_s = (uint64_t)time(NULL);

	d->trim = atomic_exchange(&d->asked, NULL);
	if (d->trim != NULL)
		ctl_retain_trim(&d->retain, d->trim->before, now_s);
	else if (atomic_exchange_explicit(&d->due, false, memory_order_relaxed))
		ctl_retain_begin(&d->retain, now_s,
			atomic_load_explicit(&d->keep, memory_order_relaxed));
}

/* A slice of the pass, or of one that begins. */
static void
retain(struct ctl_logd *d)
{
	int rc;

	if (d->retain.step == CTL_RETAIN_DONE)
		begin_pass(d);
	if (d->retain.step == CTL_RETAIN_DONE)
		return;
	rc = ctl_retain_slice(&d->retain);
	if (rc == 1 || d->trim == NULL)
		return;
	answer(d->trim, rc < 0 ? rc : d->retain.gone);
	d->trim = NULL;
}

static void
look_after(struct ctl_logd *d, uint64_t idle_ns)
{
	struct ctl_log *log = d->log;

	if (idle_ns > PROVE_NS && log->file >= 0 && !log->proved && log->commits > 0)
		(void)ctl_log_commit(log);
	retain(d);
}

/* Who still waits for a pass waits in vain. */
static void
give_up(struct ctl_logd *d)
{
	struct ctl_trim *asked = atomic_exchange(&d->asked, NULL);

	if (asked != NULL)
		answer(asked, -ECANCELED);
	if (d->trim != NULL)
		answer(d->trim, -ECANCELED);
}

/* ---- the thread ---- */

static void *
logd_main(void *arg)
{
	struct ctl_logd *d = arg;
	struct ctl_logd_part *parts = d->parts;
	uint64_t first = 0, last = ctl_now_ns();
	bool stopping;

	do {
		/* Before draining: what was published before the stop is drained after
		 * it. */
		stopping = atomic_load_explicit(&d->stop, memory_order_acquire);
		for (unsigned i = 0; i < d->n_rings; i++)
			drain(d->log, d->rings[i], &parts[i]);
		if (d->log->batch_records == 0) {
			look_after(d, ctl_now_ns() - last);
			nap();
			continue;
		}
		if (first == 0)
			first = ctl_now_ns();
		if (!stopping && !is_full(d, parts)
			&& ctl_now_ns() - first < d->log->opt.commit_ns) {
			nap();
			continue;
		}
		commit(d, parts);
		retain(d); /* without an idle moment, too */
		first = 0;
		last = ctl_now_ns();
	} while (!stopping || d->log->batch_records > 0 || is_full(d, parts));
	give_up(d);
	return NULL;
}

int
ctl_logd_start(struct ctl_logd *d, struct ctl_log *log, struct dp_logring **rings,
	unsigned n, bool keep)
{
	int rc;

	*d = (struct ctl_logd){.log = log, .rings = rings, .n_rings = n, .keep = keep};
	d->parts = calloc(n, sizeof(*d->parts));
	if (d->parts == NULL)
		return -ENOMEM;
	rc = ctl_retain_init(&d->retain, log);
	if (rc == 0)
		rc = -pthread_create(&d->thread, NULL, logd_main, d);
	if (rc < 0)
		free(d->parts);
	return rc;
}

void
ctl_logd_stop(struct ctl_logd *d)
{
	atomic_store_explicit(&d->stop, true, memory_order_release);
	pthread_join(d->thread, NULL);
	ctl_retain_fini(&d->retain);
	free(d->parts);
}
