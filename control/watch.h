/*
 * What the gateway's own output says while it runs: that it was reloaded, that its log
 * cannot be written or can again, that the disk does not answer, that retention is held
 * up.  An operator reads in the morning what the night was like.
 *
 * Threads.  The control thread.   Memory.  The caller's.
 */
#pragma once

#include "control/gateway.h"

struct ctl_watch {
	uint64_t reloads, failed_reloads; /* those that were told of */
	int log_error, keep_error;        /* errno of what was told of; 0: all is well */
	uint64_t failures, cut_early;     /* likewise, of log.h's counts */
	uint64_t since_s;                 /* when the log began to fail */
	uint64_t stalled_ns;              /* the commit that is waited for; 0: none */
	void (*say)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
};

/* The first look, at a gateway that has just started: what its configuration promises and
 * cannot keep. */
void ctl_watch_begin(struct ctl_watch *w, const struct ctl_gateway *g,
	void (*say)(const char *fmt, ...) __attribute__((format(printf, 1, 2))));
/* Tell what has changed since the last look, at @now_ns of the clock that does not jump.
 */
void ctl_watch_look(struct ctl_watch *w, const struct ctl_gateway *g, uint64_t now_ns);
