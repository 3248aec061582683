/*
 * One segment of the log as bytes: header, frames, commits.
 *
 * A segment is a header and then frames, each at a multiple of eight.  A batch is some
 * record frames, or copies of older ones that are kept for good, and the commit frame
 * behind them, written and synced as one; only then are its records acknowledged, and
 * only then is the next batch written.  A commit says which segment it is in, its number,
 * and the offset that was durable before it: so whatever precedes that offset has been
 * durable, and only what lies behind the last such offset can be the torn end of a write.
 * That is a part of one batch, where it was written: what is longer, or has been moved,
 * is damage.
 *
 * Every checksum (CRC-32C) covers the segment's random nonce and the frame's own offset,
 * so neither stale bytes nor a payload that imitates a frame are ever taken for one.
 *
 * Threads.  Pure.   Memory.  Bytes are borrowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTL_SEGMENT_HEADER 40
#define CTL_FRAME_HEADER 16
#define CTL_COMMIT_LEN 32
#define CTL_FRAME_MAX                                                                    \
	18440 /* bytes of a frame's data: bounds what a search for frames costs */

struct ctl_segment {
	uint64_t id;
	uint64_t nonce;
	uint64_t first_seq; /* the sequence number that its first record has */
	/* 1 + how many numbers before @first_seq no commit speaks for, since their
	 * batches failed; 0: not said, as in older logs. */
	uint32_t skipped;
};

/*
 * A kept record stood in a segment that was to be deleted, and has its number from there.
 * Its data is the time at which it was written again (wall clock, eight bytes), then the
 * record.
 */
enum ctl_frame_type { CTL_FRAME_RECORD = 1, CTL_FRAME_COMMIT = 2, CTL_FRAME_KEPT = 3 };
#define CTL_KEPT_HEADER 8

struct ctl_frame {
	enum ctl_frame_type type;
	uint64_t offset, seq; /* a record's sequence number; commit: the commit's */
	const uint8_t *data;
	uint32_t len;
};

struct ctl_commit {
	uint64_t segment, number;
	uint64_t durable;  /* offset that was durable before it */
	uint64_t last_seq; /* of the last record before it */
};

/* No batch is longer in bytes. */
#define CTL_LOG_BATCH (1u << 20)

/* Bytes a frame of @len bytes of data takes. */
static inline size_t
ctl_frame_size(size_t len)
{
	return (CTL_FRAME_HEADER + len + 7) & ~(size_t)7;
}

void ctl_segment_encode(const struct ctl_segment *s, uint8_t buf[CTL_SEGMENT_HEADER]);
bool ctl_segment_decode(struct ctl_segment *s, const uint8_t *buf, size_t len);

/* Encode a frame for offset @at into @buf, ctl_frame_size(@len) bytes. */
void ctl_frame_encode(const struct ctl_segment *s, uint64_t at, enum ctl_frame_type type,
	uint64_t seq, const void *data, uint32_t len, uint8_t *buf);
/* The frame at @at of a segment's @size bytes; false if there is none that is whole. */
bool ctl_frame_decode(const struct ctl_segment *s, const uint8_t *base, size_t size,
	uint64_t at, struct ctl_frame *f);
void ctl_commit_encode(const struct ctl_commit *c, uint8_t buf[CTL_COMMIT_LEN]);
bool ctl_commit_decode(struct ctl_commit *c, const struct ctl_frame *f);

/* What a scan found. */
struct ctl_damage {
	uint64_t offset, len;
	const char *reason; /* there as long as whoever hands it over says */
};

struct ctl_scan {
	uint64_t end;           /* behind the last commit: what lies past it may be cut */
	bool spoilt;            /* but is no torn write, and must not be */
	uint64_t last;          /* where the last commit's batch begins */
	uint64_t records, kept; /* delivered */
	uint64_t first_seq, last_seq; /* of @records; 0 if none */
	uint64_t max_seq; /* highest met in any whole frame, committed or not, or that
			     may stand in a spoilt end */
	uint64_t committed_seq; /* what the last commit says it is; 0 if there is none */
	uint64_t commits;
	bool proved;      /* the last commit stands alone: it says that all before it was
			     durable */
	uint64_t damages; /* places that had been durable and cannot be read */
	struct ctl_damage first_damage;
};

/*
 * What the segment's last bytes tell, if they are an empty commit, which proves that all
 * before it was durable; else false.  @out is as a scan's that finds no damage.
 */
bool ctl_segment_glance(const struct ctl_segment *s, const uint8_t *base, size_t size,
	struct ctl_scan *out);

/*
 * Walk a segment's @size bytes.  @each is called for every record of a committed batch,
 * kept ones too, in order (may be NULL); false from it ends the walk.  @damaged is called
 * for each place that had been durable and cannot be read (may be NULL); reading goes on
 * behind it.
 */
struct ctl_scan_calls {
	bool (*each)(void *arg, const struct ctl_frame *f);
	void (*damaged)(void *arg, const struct ctl_damage *d);
	void *arg;
	uint64_t from; /* where to begin: an earlier scan's end, or 0 */
};
void ctl_segment_scan(const struct ctl_segment *s, const uint8_t *base, size_t size,
	const struct ctl_scan_calls *calls, struct ctl_scan *out);
