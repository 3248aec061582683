#include "control/log.h"

#include "control/now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

_Static_assert(CTL_KEPT_HEADER + DP_RECORD_MAX <= CTL_FRAME_MAX,
	"every record fits a frame, also when it is kept");

static void
add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
		memory_order_relaxed);
}

/* ---- recovery ---- */

static void
tell(char text[CTL_LOG_WORDS], const char *what, uint64_t id, const struct ctl_damage *d)
{
	snprintf(text, CTL_LOG_WORDS, "%s segment %llu at offset %llu, %llu bytes: %s",
		what, (unsigned long long)id, (unsigned long long)d->offset,
		(unsigned long long)d->len, d->reason);
}

static void
note_cut(struct ctl_log_report *r, uint64_t id, const struct ctl_damage *d)
{
	if (r->cut_segments == 0)
		tell(r->cut, "cut", id, d);
	r->cut_bytes += d->len;
	r->cut_segments++;
}

/* @n places, of which @d is the first. */
static void
note_damages(
	struct ctl_log_report *r, uint64_t id, uint64_t n, const struct ctl_damage *d)
{
	if (n > 0 && r->damages == 0)
		tell(r->damage, "damage in", id, d);
	r->damages += n;
}

static void
encode_commit(const struct ctl_segment *s, const struct ctl_commit *c, uint64_t at,
	uint8_t *buf)
{
	uint8_t data[CTL_COMMIT_LEN];

	ctl_commit_encode(c, data);
	ctl_frame_encode(s, at, CTL_FRAME_COMMIT, c->number, data, sizeof(data), buf);
}

/* An empty commit at the end: damage before it is then told from a torn end. */
static int
seal(struct ctl_io *io, int file, const struct ctl_log_segment_info *info)
{
	const struct ctl_commit c = {
		.segment = info->id,
		.number = info->scan.commits + 1,
		.durable = info->scan.end,
		.last_seq = info->scan.max_seq,
	};
	uint8_t frame[CTL_FRAME_HEADER + CTL_COMMIT_LEN];
	int rc;

	encode_commit(&info->header, &c, info->scan.end, frame);
	rc = io->write(io, file, frame, sizeof(frame), info->scan.end);
	return rc < 0 ? rc : io->sync(io, file);
}

/*
 * Write the last batch over itself.  The run before may have died of a sync that failed,
 * after which the system takes its pages for clean: reading them proves nothing, and a
 * sync alone would not write them.
 */
static int
rewrite(struct ctl_log *log, int file, const char *name,
	const struct ctl_log_segment_info *info)
{
	const uint8_t *base;
	size_t size, len;
	int rc = log->io->map(log->io, name, &base, &size);

	if (rc < 0)
		return rc;
	for (uint64_t at = info->scan.last; at < info->scan.end && rc == 0; at += len) {
		len = info->scan.end - at < log->batch_cap ? info->scan.end - at
							   : log->batch_cap;
		memcpy(log->batch, base + at, len);
		rc = log->io->write(log->io, file, log->batch, len, at);
	}
	log->io->unmap(log->io, base, size);
	return rc == -ENOSPC ? 0 : rc; /* a full disk is no reason not to open */
}

/*
 * Cut a torn end, durably, so that nobody meets it again; make sure of the last batch,
 * from which duplicates will be answered; and prove it.
 */
static int
mend(struct ctl_log *log, const struct ctl_log_segment_info *info)
{
	bool unsure = info->scan.commits > 0 && !info->scan.proved;
	struct ctl_io *io = log->io;
	char name[CTL_LOG_NAME];
	int file, rc = 0;

	ctl_log_name(name, info->id);
	file = io->open(io, name);
	if (file < 0)
		return file;
	if (info->tail > 0)
		rc = io->truncate(io, file, info->scan.end);
	if (rc == 0 && unsure)
		rc = rewrite(log, file, name, info);
	if (rc == 0)
		rc = io->sync(io, file);
	if (rc == 0 && unsure)
		(void)seal(io, file, info); /* nor is it here */
	io->close(io, file);
	return rc;
}

/* A segment that has no header yet holds nothing, and would stop retention for good. */
static int
drop(struct ctl_io *io, const struct ctl_log_segment_info *info, struct ctl_log_report *r)
{
	const struct ctl_damage all = {
		.len = info->bytes,
		.reason = "it was being begun when the last run ended",
	};
	char name[CTL_LOG_NAME];

	note_cut(r, info->id, &all);
	ctl_log_name(name, info->id);
	return io->remove(io, name);
}

/* The first of @n segments that is to be read through: the newest are, within the bound.
 */
static int
first_to_check(const struct ctl_log *log, const uint64_t *ids, int n)
{
	uint64_t left = log->opt.check_bytes;
	struct ctl_log_head h;
	int i = n - 1;

	for (; i > 0 && left > 0; i--) {
		(void)ctl_log_head(log->io, ids[i], &h);
		if (h.bytes >= left)
			break;
		left -= h.bytes;
	}
	return i;
}

/* Numbers go on behind whatever a segment may hold. */
static void
count_on(struct ctl_log *log, const struct ctl_log_segment_info *info)
{
	uint64_t settled = ctl_log_settled(info);

	if (info->scan.max_seq >= log->next_seq)
		log->next_seq = info->scan.max_seq + 1;
	if (settled > log->next_seq) /* it may be all that is left to say so */
		log->next_seq = settled;
	if (settled > log->settled)
		log->settled = settled;
}

/* Name what is damaged in segment ids[i] of @n, or behind it; is anything, that must then
 * stay as it is? */
static bool
is_damaged(struct ctl_log *log, const uint64_t *ids, int n, int i,
	const struct ctl_log_segment_info *info, struct ctl_log_report *r)
{
	const struct ctl_damage header = {
		.len = info->bytes, .reason = "the header cannot be read"};
	struct ctl_log_gap gap;
	bool missing = ctl_log_gap(log->io, ids, n, i, info, &gap);

	note_damages(r, info->id, info->scan.damages, &info->scan.first_damage);
	note_damages(r, info->id, !info->readable, &header);
	if (missing)
		note_damages(r, gap.segment, 1, &gap.damage);
	return !info->readable || info->scan.spoilt || missing;
}

/* Segment ids[i] of @n. */
static int
recover_segment(struct ctl_log *log, const uint64_t *ids, int n, int i, bool through,
	struct ctl_log_report *r)
{
	struct ctl_damage tail = {.reason = "it was being written when the last run "
					    "ended and was never acknowledged"};
	struct ctl_log_segment_info info;
	int rc = through ? -EAGAIN : ctl_log_segment_glance(log->io, ids[i], &info);

	if (rc == 0)
		r->unread++;
	else
		rc = ctl_log_segment_info(log->io, ids[i], &info);
	if (rc < 0)
		return rc;
	/* A header is synced before anything is written behind it. */
	if (!info.readable && info.bytes <= CTL_SEGMENT_HEADER)
		return drop(log->io, &info, r);
	r->segments++;
	r->bytes += info.bytes;
	r->records += info.scan.records;
	count_on(log, &info);
	if (is_damaged(log, ids, n, i, &info, r))
		return 0;
	if (info.tail > 0) {
		tail.offset = info.scan.end;
		tail.len = info.tail;
		note_cut(r, ids[i], &tail);
	} else if (info.scan.commits == 0 || info.scan.proved) {
		return 0;
	}
	return mend(log, &info);
}

int
ctl_log_open(struct ctl_log *log, struct ctl_io *io, const struct ctl_log_options *opt,
	struct ctl_log_report *report)
{
	uint64_t *ids = NULL, all;
	int n, check, rc = 0;

	*log = (struct ctl_log){.io = io,
		.opt = *opt,
		.file = -1,
		.next_id = 1,
		.next_seq = 1,
		.settled = 1};
	*report = (struct ctl_log_report){0};
	(void)io->room(io, &all);
	if (log->opt.segment_bytes > all / 8) /* one may go, and most of them stay */
		log->opt.segment_bytes = all / 8;
	log->batch_cap = CTL_LOG_BATCH + CTL_SEGMENT_HEADER;
	log->batch = malloc(log->batch_cap);
	if (log->batch == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	n = ctl_log_ids(io, &ids);
	check = opt->check_bytes == 0 ? 0 : first_to_check(log, ids, n);
	for (int i = 0; i < n && rc == 0; i++) {
		rc = recover_segment(log, ids, n, i, i >= check, report);
		log->next_id = ids[i] + 1;
		if (rc < 0)
			report->failed = ids[i];
	}
	if (n < 0)
		rc = n;
	report->next_seq = log->next_seq;
	atomic_store(&log->stats.segments, report->segments);
	atomic_store(&log->stats.bytes, report->bytes);
out:
	free(ids);
	if (rc < 0) {
		free(log->batch);
		log->batch = NULL;
	}
	return rc;
}

/* ---- appending ---- */

/* Leave the segment: whatever is behind its last durable offset is given back if
 * possible. */
static void
leave(struct ctl_log *log, bool failed)
{
	if (log->file < 0)
		return;
	if (log->io->truncate(log->io, log->file, log->offset) < 0 && failed)
		log->unsure = true;
	log->io->close(log->io, log->file);
	log->file = -1;
}

/*
 * A new segment: header and directory entry are durable before anything is said about it.
 * An id is never used again, since a file may exist now whatever becomes of this.
 */
static int
begin_segment(struct ctl_log *log)
{
	uint64_t skipped = log->next_seq - log->settled;
	uint8_t header[CTL_SEGMENT_HEADER];
	char name[CTL_LOG_NAME];
	int rc;

	log->segment = (struct ctl_segment){
		.id = log->next_id++,
		.first_seq = log->next_seq,
		.skipped = skipped < UINT32_MAX ? (uint32_t)skipped + 1 : 0,
	};
	if (getrandom(&log->segment.nonce, sizeof(log->segment.nonce), 0)
		!= sizeof(log->segment.nonce))
		return -errno;
	ctl_log_name(name, log->segment.id);
	log->file = log->io->create(log->io, name);
	if (log->file < 0)
		return log->file;
	ctl_segment_encode(&log->segment, header);
	rc = log->io->write(log->io, log->file, header, sizeof(header), 0);
	if (rc == 0)
		rc = log->io->sync(log->io, log->file);
	if (rc == 0)
		rc = log->io->sync_dir(log->io);
	if (rc < 0) {
		log->io->close(log->io, log->file);
		log->file = -1;
		(void)log->io->remove(log->io, name);
		return rc;
	}
	log->offset = CTL_SEGMENT_HEADER;
	log->commits = 0;
	add(&log->stats.segments, 1);
	add(&log->stats.bytes, sizeof(header));
	return 0;
}

/* An empty commit says that the last one was durable: damage there is then told from a
 * torn end. */
static void
prove(struct ctl_log *log)
{
	if (log->file >= 0 && !log->proved && log->commits > 0)
		(void)ctl_log_commit(log);
}

/* Something is asked of the disk, which may take its time; or it has answered. */
static void
ask_disk(struct ctl_log *log, bool asked)
{
	atomic_store_explicit(
		&log->stats.began_ns, asked ? ctl_now_ns() : 0, memory_order_relaxed);
}

/* Would a record take what is kept for retention? */
static bool
is_short(const struct ctl_log *log)
{
	uint64_t all;

	return log->io->room(log->io, &all) < log->opt.segment_bytes;
}

static void
begin_batch(struct ctl_log *log, bool of_records)
{
	if (log->file >= 0 && log->offset >= log->opt.segment_bytes) {
		prove(log);
		leave(log, false);
	}
	log->batch_begun = true;
	log->batch_error = 0;
	ask_disk(log, true);
	/* Also where records are refused: the one before it may go then. */
	if (log->file < 0)
		log->batch_error = begin_segment(log);
	log->batch_refused = log->batch_error == 0 && of_records && is_short(log);
	if (log->batch_refused)
		log->batch_error = -ENOSPC;
	ask_disk(log, false);
}

bool
ctl_log_room(const struct ctl_log *log, size_t len)
{
	return log->batch_len + ctl_frame_size(len) + ctl_frame_size(CTL_COMMIT_LEN)
	       <= CTL_LOG_BATCH;
}

static void
append(struct ctl_log *log, enum ctl_frame_type type, uint64_t seq, const uint8_t *data,
	size_t len)
{
	if (log->batch_error != 0)
		return;
	ctl_frame_encode(&log->segment, log->offset + log->batch_len, type, seq, data,
		(uint32_t)len, log->batch + log->batch_len);
	log->batch_len += ctl_frame_size(len);
}

uint64_t
ctl_log_append(struct ctl_log *log, const uint8_t *record, size_t len)
{
	if (!log->batch_begun)
		begin_batch(log, true);
	log->batch_records++;
	append(log, CTL_FRAME_RECORD, log->next_seq, record, len);
	return log->next_seq++;
}

void
ctl_log_keep(struct ctl_log *log, uint64_t seq, const uint8_t *record, size_t len,
	uint64_t now_ns)
{
	uint8_t data[CTL_FRAME_MAX];

	if (!log->batch_begun)
		begin_batch(log, false);
	log->batch_kept++;
	memcpy(data, &now_ns, CTL_KEPT_HEADER);
	memcpy(data + CTL_KEPT_HEADER, record, len);
	append(log, CTL_FRAME_KEPT, seq, data, CTL_KEPT_HEADER + len);
}

static void
add_commit(struct ctl_log *log)
{
	struct ctl_commit c = {
		.segment = log->segment.id,
		.number = ++log->commits,
		.durable = log->offset,
		.last_seq = log->next_seq - 1,
	};

	encode_commit(&log->segment, &c, log->offset + log->batch_len,
		log->batch + log->batch_len);
	log->batch_len += ctl_frame_size(CTL_COMMIT_LEN);
}

static int
write_batch(struct ctl_log *log)
{
	uint64_t before, took;
	int rc;

	add_commit(log);
	rc = log->io->write(log->io, log->file, log->batch, log->batch_len, log->offset);
	if (rc < 0)
		return rc;
	before = ctl_now_ns();
	rc = log->io->sync(log->io, log->file);
	took = ctl_now_ns() - before;
	add(&log->stats.sync_ns_total, took);
	if (took > atomic_load_explicit(&log->stats.sync_ns_max, memory_order_relaxed))
		atomic_store_explicit(
			&log->stats.sync_ns_max, took, memory_order_relaxed);
	return rc;
}

int
ctl_log_commit(struct ctl_log *log)
{
	int rc = log->batch_error;

	ask_disk(log, true);
	if (rc == 0)
		rc = write_batch(log);
	ask_disk(log, false);
	if (rc == 0) {
		log->offset += log->batch_len;
		log->settled = log->next_seq;
		log->proved = log->batch_records + log->batch_kept == 0;
		add(&log->stats.bytes, log->batch_len);
		add(&log->stats.records, log->batch_records);
		add(&log->stats.kept, log->batch_kept);
		add(&log->stats.commits, 1);
	} else if (log->batch_refused) {
		add(&log->stats.failures, 1);
		log->next_seq -= log->batch_records; /* nothing has these numbers */
	} else {
		add(&log->stats.failures, 1);
		leave(log, true);
	}
	if (rc < 0 || log->batch_records > 0) /* what is kept says nothing of records */
		atomic_store_explicit(&log->stats.last_error, -rc, memory_order_relaxed);
	log->batch_len = 0;
	log->batch_records = log->batch_kept = 0;
	log->batch_begun = log->batch_refused = false;
	log->batch_error = 0;
	return rc;
}

void
ctl_log_close(struct ctl_log *log)
{
	if (log->batch_records > 0)
		(void)ctl_log_commit(log);
	prove(log);
	leave(log, false);
	free(log->batch);
	log->batch = NULL;
}
