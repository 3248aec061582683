#include "control/parser.h"

#include "coap/code.h"
#include "control/patch.h"

#include <time.h>

#define NAP_NS 200000 /* a worker wakes nobody: that would be a system call */

void
ctl_parser_do(struct dp_job *job)
{
	struct ctl_text change = {job->change, job->change_len};
	struct ctl_text value = {job->text, job->value.len};
	struct ctl_room out = {.to = job->out, .cap = job->room};

	job->code = job->method == TG_FETCH ? ctl_fetch(change, value, &out)
					    : ctl_patch(job->format, change, value, &out);
	job->out_len = (uint16_t)out.len;
}

static void *
parser_main(void *arg)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	struct ctl_parser *p = arg;
	struct dp_job *job;
	bool stopping;

	do {
		stopping = atomic_load_explicit(&p->stop, memory_order_relaxed);
		while ((job = dp_job_next(p->dp)) != NULL) {
			ctl_parser_do(job);
			dp_job_done(p->dp, job);
		}
		if (!stopping)
			nanosleep(&nap, NULL);
	} while (!stopping);
	return NULL;
}

int
ctl_parser_start(struct ctl_parser *p, struct dp *dp)
{
	p->dp = dp;
	atomic_init(&p->stop, false);
	return -pthread_create(&p->thread, NULL, parser_main, p);
}

void
ctl_parser_stop(struct ctl_parser *p)
{
	atomic_store_explicit(&p->stop, true, memory_order_relaxed);
	pthread_join(p->thread, NULL);
}
