#include "control/watch.h"

#include "control/now.h"

#include <errno.h>
#include <string.h>

#define STALLED_NS (2 * CTL_NS)
#define MIB 1048576.0

static void
look_at_reloads(struct ctl_watch *w, const struct ctl_gateway *g)
{
	if (g->reloads != w->reloads)
		w->say("reloaded %s", g->conf->file);
	if (g->failed_reloads != w->failed_reloads)
		w->say("reload refused: %s", g->last_reload);
	w->reloads = g->reloads;
	w->failed_reloads = g->failed_reloads;
}

/* A failure may come and go between two looks: it is the count that tells. */
static void
look_at_log(struct ctl_watch *w, const struct ctl_log_stats *s, uint64_t now_s)
{
	int error = atomic_load(&s->last_error);
	uint64_t failures = atomic_load(&s->failures);

	if (error != 0 && w->log_error == 0) {
		w->say("log: cannot be written: %s%s: records are refused (5.03)",
			strerror(error),
			error == ENOSPC ? " beside what is kept free for retention" : "");
		w->since_s = now_s;
	} else if (error == 0 && failures != w->failures) {
		w->say("log: is written again; %llu commits failed, in %llu s",
			(unsigned long long)(failures - w->failures),
			(unsigned long long)(w->log_error != 0 ? now_s - w->since_s : 0));
	}
	w->log_error = error;
	if (error == 0)
		w->failures = failures;
}

/* A disk that stands still says nothing: neither an error nor how long it will be. */
static void
look_at_disk(struct ctl_watch *w, const struct ctl_log_stats *s, uint64_t now_ns)
{
	uint64_t began = atomic_load(&s->began_ns);

	if (w->stalled_ns != 0 && began != w->stalled_ns) {
		w->say("log: the disk answers again");
		w->stalled_ns = 0;
	} else if (began != 0 && w->stalled_ns == 0 && now_ns > began + STALLED_NS) {
		w->say("log: the disk has not answered for %llu s: answers wait for it",
			(unsigned long long)((now_ns - began) / CTL_NS));
		w->stalled_ns = began;
	}
}

static void
look_at_retention(struct ctl_watch *w, const struct ctl_gateway *g)
{
	int error = atomic_load(&g->log.stats.keep_error);
	uint64_t cut = atomic_load(&g->log.stats.cut_early);
	char text[CTL_LOG_WORDS];

	if (cut != w->cut_early)
		w->say("log: retention: the disk is full: deleted %llu records, of which "
		       "a "
		       "restart would have known retransmissions",
			(unsigned long long)(cut - w->cut_early));
	w->cut_early = cut;
	if (error == w->keep_error)
		return;
	w->keep_error = error;
	if (ctl_gateway_retention(g, text, sizeof(text)))
		w->say("log: retention: %s", text);
}

void
ctl_watch_look(struct ctl_watch *w, const struct ctl_gateway *g, uint64_t now_ns)
{
	look_at_reloads(w, g);
	look_at_log(w, &g->log.stats, now_ns / CTL_NS);
	look_at_disk(w, &g->log.stats, now_ns);
	look_at_retention(w, g);
}

void
ctl_watch_begin(struct ctl_watch *w, const struct ctl_gateway *g,
	void (*say)(const char *fmt, ...) __attribute__((format(printf, 1, 2))))
{
	uint64_t all, bytes = g->log.opt.retain_bytes;

	*w = (struct ctl_watch){.say = say};
	(void)g->log.io->room(g->log.io, &all);
	if (all == UINT64_MAX /* nobody knows */
		|| bytes + g->log.opt.segment_bytes <= all)
		return;
	w->say("log: retain.bytes is more than the file system has, which is %.0f MiB: "
	       "when that is full records are refused (5.03) until the oldest are older "
	       "than retain.age",
		(double)all / MIB);
}
