/*
 * The log thread: records from the workers' rings into the log, a batch at a time; and
 * between batches a slice of what retention does.
 */
#pragma once

#include "control/retain.h"
#include "dataplane/logring.h"

#include <pthread.h>

/* A wish to have the log trimmed.  On the heap; its two holders are who asks and the log
 * thread, and the last that lets go frees it. */
struct ctl_trim {
	uint64_t before;   /* segments all of whose records have lower numbers go */
	int result;        /* how many went, or -errno: once it is done */
	_Atomic bool done; /* log thread: released behind @result, control: acquires */
	_Atomic unsigned gone; /* holders */
};

struct ctl_logd {
	struct ctl_log *log;
	struct dp_logring **rings;
	unsigned n_rings;
	struct ctl_logd_part *parts; /* of the batch, one a ring; the log thread's */
	struct ctl_retain retain;    /* the log thread's */
	struct ctl_trim *trim;       /* whose pass it is; the log thread's */
	pthread_t thread;
	_Atomic bool stop; /* control: wo, log thread: ro */
	uint64_t asked_ns; /* when a full disk last asked for a pass; the log thread's */
	_Atomic bool due;  /* control: sets; log thread: begins a pass, and clears */
	_Atomic bool keep; /* values outlive their segments; control: wo */
	struct ctl_trim *_Atomic asked; /* control: sets; log thread: takes */
};

/* Drain @rings into @log until stopped.  @keep: as in struct ctl_logd. */
int ctl_logd_start(struct ctl_logd *d, struct ctl_log *log, struct dp_logring **rings,
	unsigned n, bool keep);
/* Drain what is there, commit, join. */
void ctl_logd_stop(struct ctl_logd *d);

/* Ask for records before @before to go; NULL if another still waits, or for want of
 * memory.  To be let go of. */
struct ctl_trim *ctl_logd_trim(struct ctl_logd *d, uint64_t before);
void ctl_trim_let_go(struct ctl_trim *t);
