/*
 * The log: an ordered, durable sequence of records in segmented append-only files.
 *
 * A record is acknowledged only after a batch with it has been written and synced, and
 * its file's directory entry too.  A write or sync that fails loses its batch: it is
 * reported, the segment is left for good and the next batch begins another.  Nothing is
 * retried as if it had worked.
 *
 * Records leave room on the disk for what retention writes before it can delete: a
 * segment's worth, and a segment is at most an eighth of the file system.  Without that
 * a log that has filled its disk could never let go of values that are current
 * (retain.h).
 *
 * Threads.  A ctl_log has one owner at a time (the log thread, while it runs).  Reading a
 *           directory needs no ctl_log and may go on beside a writer.
 * Errors.   -errno.
 */
#pragma once

#include "control/io.h"
#include "control/segment.h"
#include "dataplane/record.h"

#include <stdatomic.h>

struct ctl_log_options {
	uint64_t segment_bytes; /* a segment is left when it is longer; opening lowers it
				   to an eighth of the file system */
	uint64_t retain_bytes;  /* 0: no bound */
	uint64_t retain_s;      /* 0: no bound */
	uint64_t keep_s; /* younger ones stay whatever the bounds, but on a full disk */
	uint64_t check_bytes; /* of the newest segments that opening reads through; 0: all
			       */
	uint64_t commit_ns;   /* a record waits at most so long for company */
};

#define CTL_LOG_WORDS 512 /* bytes of a sentence */

/* What opening found: for a word to the operator. */
struct ctl_log_report {
	uint64_t segments, records, bytes;
	uint64_t cut_bytes, cut_segments; /* torn ends that were cut */
	uint64_t unread;  /* old segments of which only the end was read */
	uint64_t damages; /* places that had been durable and cannot be read */
	uint64_t next_seq;
	uint64_t failed; /* opening failed at this segment; 0: at none, or it did not */
	char damage[CTL_LOG_WORDS]; /* the first in words, or "" */
	char cut[CTL_LOG_WORDS];    /* likewise: nothing else will tell of it again */
};

/* Written by the owner (relaxed), read by anyone. */
struct ctl_log_stats {
	_Atomic uint64_t records, bytes, commits, failures, segments, trimmed;
	_Atomic uint64_t cut_early; /* records that keep_s would have kept */
	_Atomic uint64_t kept; /* records of values, written again before theirs went */
	_Atomic uint64_t
		values_bytes;   /* of current values, as far as they were counted */
	_Atomic int keep_error; /* errno of what stopped the last pass of retention */
	_Atomic uint64_t sync_ns_total, sync_ns_max;
	_Atomic uint64_t began_ns; /* what the disk has not answered yet; 0: it has */
	_Atomic int last_error;    /* errno of the last commit of records; 0: it worked */
};

struct ctl_log {
	struct ctl_io *io;
	struct ctl_log_options opt;
	struct ctl_segment segment;
	int file;        /* -1: the next batch begins a segment */
	uint64_t offset; /* durable so far; the next batch goes here */
	uint64_t next_id, next_seq, commits;
	uint64_t settled; /* commits speak for all numbers before it */
	uint8_t *batch;
	size_t batch_len, batch_cap;
	uint64_t batch_records, batch_kept;
	bool batch_begun;
	bool batch_refused; /* for want of the room that records leave */
	int batch_error;    /* that, or the segment could not be begun */
	bool unsure;        /* a batch failed, and may be read all the same */
	bool proved;        /* the last commit stands in an earlier commit's word */
	struct ctl_log_stats stats;
};

/* Recover the directory behind @io and get ready to append. */
int ctl_log_open(struct ctl_log *log, struct ctl_io *io,
	const struct ctl_log_options *opt, struct ctl_log_report *report);
/* Prove the last commit by an empty one, and let go. */
void ctl_log_close(struct ctl_log *log);
/* Is there room for a record of @len bytes in this batch?  Who appends checks. */
bool ctl_log_room(const struct ctl_log *log, size_t len);
/* Add an encoded record to the batch; its sequence number. */
uint64_t ctl_log_append(struct ctl_log *log, const uint8_t *record, size_t len);
/* Write and sync the batch.  On failure none of its records is in the log. */
int ctl_log_commit(struct ctl_log *log);
/*
 * Add a record that stood in an older segment and is to outlive that, with the number
 * that it had.  Its value must be what the log's last word is: nothing is in the batch
 * but what is kept.
 */
void ctl_log_keep(struct ctl_log *log, uint64_t seq, const uint8_t *record, size_t len,
	uint64_t now_ns);

/* ---- reading a directory ---- */

struct ctl_log_item {
	uint64_t segment, offset, seq;
	bool kept; /* written again, with the number it had, to outlive its segment */
	struct dp_record record; /* borrows from the mapped file during the call */
};

struct ctl_log_reader {
	uint64_t from_seq;
	bool (*each)(void *arg, const struct ctl_log_item *item); /* false: enough */
	void (*damaged)(void *arg, uint64_t segment, const struct ctl_damage *d);
	void *arg;
};

struct ctl_log_segment_info {
	uint64_t id, bytes, tail; /* tail: bytes behind the last commit */
	struct ctl_segment header;
	struct ctl_scan scan;
	bool readable; /* its header is whole */
};

/* Names of a segment's file: "0000000000000001.seg". */
#define CTL_LOG_NAME 24
void ctl_log_name(char name[CTL_LOG_NAME], uint64_t id);
/* Ids of the segments present, ascending, in *ids, which is the caller's to free (NULL on
 * error); how many. */
int ctl_log_ids(struct ctl_io *io, uint64_t **ids);

/* What a segment's beginning tells: no more of it is read. */
struct ctl_log_head {
	struct ctl_segment header;
	uint64_t bytes;   /* of the whole segment */
	uint64_t time_ns; /* of its first frame: all in older segments was taken before;
			     0 if there is none */
};
/* 0, or -EBADMSG if the header cannot be read. */
int ctl_log_head(struct ctl_io *io, uint64_t id, struct ctl_log_head *out);

/* The record in a frame that is no commit, borrowing from it; false if it is none. */
bool ctl_log_record(const struct ctl_frame *f, struct dp_record *r);

/* Every committed record in order; segments that end before from_seq are not looked into.
 */
int ctl_log_read(struct ctl_io *io, const struct ctl_log_reader *r);

/*
 * Read a segment on from @calls->from, which is moved: whole batches, about CTL_LOG_PART
 * bytes or one batch, none beyond offset @end.  1 if there may be more, 0 if that was
 * all, -EBADMSG if the header cannot be read.
 */
#define CTL_LOG_PART (512u << 10)
int ctl_log_read_on(
	struct ctl_io *io, uint64_t id, uint64_t end, struct ctl_scan_calls *calls);

/* The end of the log that goes back to a time. */
struct ctl_log_tail {
	uint64_t from_seq; /* of its first record */
	uint64_t left_out; /* records before it that may belong to it, for want of room */
};
/* What was taken at @since_ns or later, in at most @bytes of whole segments, or in the
 * last. */
int ctl_log_tail(
	struct ctl_io *io, uint64_t since_ns, uint64_t bytes, struct ctl_log_tail *out);
int ctl_log_segment_info(
	struct ctl_io *io, uint64_t id, struct ctl_log_segment_info *out);
/*
 * The same from the segment's end alone, if that proves that all before it was durable:
 * 0, and what damage there may be is not seen.  Else -EAGAIN.
 */
int ctl_log_segment_glance(
	struct ctl_io *io, uint64_t id, struct ctl_log_segment_info *out);

/*
 * What is missing behind a segment, by what the header of the next one says of numbers.
 * @info: of the segment ids[i] of @n, scanned or glanced at.  False if nothing is
 * missing, or nothing is known.
 */
struct ctl_log_gap {
	uint64_t segment;
	struct ctl_damage damage; /* its reason is @reason */
	char reason[128];
};
bool ctl_log_gap(struct ctl_io *io, const uint64_t *ids, int n, int i,
	const struct ctl_log_segment_info *info, struct ctl_log_gap *gap);
/* The number that follows the last one that a segment's commits speak for. */
uint64_t ctl_log_settled(const struct ctl_log_segment_info *info);
