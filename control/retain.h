/*
 * Retention: the log's oldest segments go, but no value with them.
 *
 * A pass deletes what the bounds no longer keep, or what somebody asks it to.  Before a
 * segment goes, those of its records that wrote a value which is still there are written
 * again at the log's end, and are synced: after a power cut at any moment each stands
 * somewhere.  They do not come from the stores, but from the log: what stands at its end
 * is what a restart would take for a value's newest, and so it stays.
 *
 * A pass is made of slices, each of which reads about CTL_LOG_PART bytes and writes and
 * syncs at most as many.  Between two of them the log goes on.  No segment that is begun
 * during a pass is deleted by it, so a pass ends, however much of it is values; and what
 * values take counts as nothing towards retain_bytes, so that the next one does not begin
 * all over because of them.
 *
 * Order.  A segment's name is gone for good before that of the next one goes, so no value
 *         rises from a DELETE that went before it.
 * Threads.  The log's owner.   Errors.  -errno.
 */
#pragma once

#include "control/log.h"
#include "control/values.h"

enum ctl_retain_step {
	CTL_RETAIN_DONE,
	CTL_RETAIN_COUNTS,  /* what there is */
	CTL_RETAIN_CHOOSES, /* whether the oldest segment goes */
	CTL_RETAIN_LEARNS,  /* what the log says of values */
	CTL_RETAIN_KEEPS,   /* those of the segment that goes, which then does */
};

struct ctl_retain {
	struct ctl_log *log;
	struct ctl_values values;   /* as far as the log was read: */
	struct ctl_log_place known; /* here it goes on */

	/* The pass. */
	enum ctl_retain_step step;
	bool keep;             /* values are kept */
	uint64_t before_seq;   /* all records before it go; 0: what the bounds no longer
				  keep */
	uint64_t now_s, total; /* total: bytes of the segments */
	bool full;             /* the disk was, when the pass began */
	uint64_t last;         /* the newest segment at its beginning, which stays */
	bool learned;          /* all that was in the log at some moment of the pass */
	struct ctl_log_place
		going; /* the segment that goes, and up to where it was read */
	bool early;    /* it is younger than keep_s */
	bool damaged;  /* something in it cannot be read */
	int error;     /* met while reading */
	int gone;      /* segments */
};

/* Of @log, which is open.  0 or -errno. */
int ctl_retain_init(struct ctl_retain *r, struct ctl_log *log);
void ctl_retain_fini(struct ctl_retain *r);
/* Begin a pass over what retention no longer keeps.  @now_s: the wall clock, as records
 * have it.  @keep: false if nobody has a store whose values the log holds. */
void ctl_retain_begin(struct ctl_retain *r, uint64_t now_s, bool keep);
/* Begin one that deletes segments all of whose records are before @seq, up to the first
 * that is damaged. */
void ctl_retain_trim(struct ctl_retain *r, uint64_t seq, uint64_t now_s);
/* Go on, with nothing in the log's batch: 1 if there is more to do, 0 if the pass is
 * done, -errno if it was given up.  Segments that went: @r->gone. */
int ctl_retain_slice(struct ctl_retain *r);
