#include "control/retain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS 1000000000ull
#define PARTS 4  /* that a slice reads of what is new: more than a batch is long */
#define SLACK 16 /* commits and headers of what is kept are at most a 16th of it */

static void
add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static void
set(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}

int
ctl_retain_init(struct ctl_retain *r, struct ctl_log *log)
{
	memset(r, 0, sizeof(*r));
	r->log = log;
	return ctl_values_init(&r->values);
}

void
ctl_retain_fini(struct ctl_retain *r)
{
	ctl_values_fini(&r->values);
}

static bool
is_disk_full(const struct ctl_log *log)
{
	int error = atomic_load_explicit(&log->stats.last_error, memory_order_relaxed);

	return error == ENOSPC || error == EDQUOT;
}

static void
begin(struct ctl_retain *r, uint64_t before_seq, uint64_t now_s, bool keep)
{
	r->step = CTL_RETAIN_COUNTS;
	r->keep = keep;
	r->before_seq = before_seq;
	r->now_s = now_s;
	r->learned = false;
	r->full = is_disk_full(r->log);
	r->error = r->gone = 0;
	if (keep)
		return;
	ctl_values_fini(&r->values);
	r->known = (struct ctl_log_place){0};
}

void
ctl_retain_begin(struct ctl_retain *r, uint64_t now_s, bool keep)
{
	begin(r, 0, now_s, keep);
}

void
ctl_retain_trim(struct ctl_retain *r, uint64_t seq, uint64_t now_s)
{
	begin(r, seq > 0 ? seq : 1, now_s, true); /* no record has number 0 */
}

/* ---- what goes ---- */

/* Count anew: a failed batch is cut or not. */
static int
count(struct ctl_retain *r, const uint64_t *ids, int n)
{
	struct ctl_log_head h;

	r->total = 0;
	for (int i = 0; i < n; i++) {
		(void)ctl_log_head(r->log->io, ids[i], &h);
		r->total += h.bytes;
	}
	set(&r->log->stats.bytes, r->total);
	set(&r->log->stats.segments, (uint64_t)n);
	r->last = n > 0 ? ids[n - 1] : 0;
	r->step = CTL_RETAIN_CHOOSES;
	return n > 1;
}

/* When the first record behind a segment was taken: all in it are older.  UINT64_MAX if
 * there is none. */
static uint64_t
time_after_s(struct ctl_io *io, const uint64_t *later, int n)
{
	struct ctl_log_head h;

	for (int i = 0; i < n; i++)
		if (ctl_log_head(io, later[i], &h) == 0 && h.time_ns != 0)
			return h.time_ns / NS;
	return UINT64_MAX;
}

/* Is all older than @age_s that stands before the @n segments @later? */
static bool
is_older(const struct ctl_retain *r, const uint64_t *later, int n, uint64_t age_s)
{
	uint64_t time_s = age_s == 0 ? 0 : time_after_s(r->log->io, later, n);

	return time_s != UINT64_MAX && r->now_s >= time_s + age_s;
}

/* Are there more bytes than the bound allows, besides those that values take? */
static bool
is_over(const struct ctl_retain *r)
{
	uint64_t bound = r->log->opt.retain_bytes, values = r->values.bytes;

	return bound > 0 && r->total > bound + values + values / SLACK;
}

/* Do all records before the @n segments @later have numbers under @seq? */
static bool
ends_before(struct ctl_io *io, const uint64_t *later, int n, uint64_t seq)
{
	struct ctl_log_head h;

	for (int i = 0; i < n; i++)
		if (ctl_log_head(io, later[i], &h) == 0)
			return h.header.first_seq <= seq;
	return false;
}

enum fate { KEPT, GOES, GOES_EARLY };

/* Of the segment before the @n that are @later. */
static enum fate
fate_of(const struct ctl_retain *r, const uint64_t *later, int n)
{
	const struct ctl_log_options *opt = &r->log->opt;

	if (r->before_seq > 0)
		return ends_before(r->log->io, later, n, r->before_seq) ? GOES : KEPT;
	if (!is_over(r) && (opt->retain_s == 0 || !is_older(r, later, n, opt->retain_s)))
		return KEPT;
	if (is_older(r, later, n, opt->keep_s))
		return GOES;
	return r->full ? GOES_EARLY : KEPT;
}

/* The last segment stays: it is being written, or its numbers must not come again. */
static int
choose(struct ctl_retain *r, const uint64_t *ids, int n)
{
	struct ctl_log_head h;
	enum fate fate;

	if (n < 2 || ids[0] >= r->last)
		return 0;
	fate = fate_of(r, ids + 1, n - 1);
	if (fate == KEPT)
		return 0;
	/* Without a readable header it is for a person to look at. */
	if (ctl_log_head(r->log->io, ids[0], &h) < 0)
		return r->before_seq > 0 && r->gone > 0 ? 0 : -EBADMSG;
	r->going = (struct ctl_log_place){.segment = ids[0]};
	r->early = fate == GOES_EARLY;
	r->damaged = false;
	r->step = r->keep && !r->learned ? CTL_RETAIN_LEARNS : CTL_RETAIN_KEEPS;
	return 1;
}

/* ---- what values there are ---- */

static bool
learn_one(void *arg, const struct ctl_frame *f)
{
	struct ctl_retain *r = arg;
	const struct ctl_log_place at = {r->known.segment, f->offset};
	struct dp_record record;

	if (ctl_log_record(f, &record) && record.value)
		r->error = ctl_values_learn(
			&r->values, &record, &at, (uint32_t)ctl_frame_size(f->len));
	return r->error == 0;
}

/* A part more of the log, from the first of @n segments on that is not all known; 1 if
 * there may be more, 0 if that was all. */
static int
learn_part(struct ctl_retain *r, const uint64_t *ids, int n)
{
	struct ctl_scan_calls calls = {.each = learn_one, .arg = r};
	const struct ctl_log *log = r->log;
	int i = 0, rc;

	while (i < n && ids[i] < r->known.segment)
		i++;
	if (i == n)
		return 0;
	if (ids[i] > r->known.segment)
		r->known = (struct ctl_log_place){.segment = ids[i]};
	calls.from = r->known.offset;
	rc = ctl_log_read_on(log->io, ids[i],
		log->file >= 0 && ids[i] == log->segment.id ? log->offset : UINT64_MAX,
		&calls);
	if (r->error < 0)
		return r->error; /* that part again */
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	r->known.offset = calls.from;
	if (rc <= 0 && i + 1 < n)
		r->known = (struct ctl_log_place){.segment = ids[i + 1]};
	return rc == 1 || i + 1 < n;
}

static int
learn(struct ctl_retain *r, const uint64_t *ids, int n)
{
	int rc = 1;

	for (unsigned i = 0; rc == 1 && i < PARTS; i++)
		rc = learn_part(r, ids, n);
	set(&r->log->stats.values_bytes, r->values.bytes);
	return rc;
}

/* ---- what is kept of a segment that goes ---- */

static int
commit(struct ctl_retain *r)
{
	if (r->log->batch_kept == 0)
		return 0;
	r->total += r->log->batch_len;
	return ctl_log_commit(r->log);
}

static bool
keep_one(void *arg, const struct ctl_frame *f)
{
	struct ctl_retain *r = arg;
	const struct ctl_log_place at = {r->going.segment, f->offset};
	struct dp_record record;
	const uint8_t *bytes = f->data;
	size_t len = f->len;

	if (!ctl_log_record(f, &record) || !record.value
		|| !ctl_values_is_newest(&r->values, &record, &at))
		return true;
	if (f->type == CTL_FRAME_KEPT) {
		bytes += CTL_KEPT_HEADER;
		len -= CTL_KEPT_HEADER;
	}
	if (!ctl_log_room(r->log, CTL_KEPT_HEADER + len))
		r->error = commit(r);
	if (r->error == 0)
		ctl_log_keep(r->log, f->seq, bytes, len, r->now_s * NS);
	return r->error == 0;
}

static void
note_damage(void *arg, const struct ctl_damage *d)
{
	(void)d;
	((struct ctl_retain *)arg)->damaged = true;
}

/* A part more of the segment that goes; 1 if there may be more, 0 if that was all. */
static int
keep_part(struct ctl_retain *r)
{
	struct ctl_scan_calls calls = {.each = keep_one,
		.damaged = note_damage,
		.arg = r,
		.from = r->going.offset};
	int rc = ctl_log_read_on(r->log->io, r->going.segment, UINT64_MAX, &calls);

	if (r->error == 0)
		r->error = commit(r);
	r->going.offset = calls.from;
	return r->error < 0 ? r->error : rc;
}

/* Records in a segment, by where the next one's numbers begin. */
static uint64_t
records_before(struct ctl_io *io, uint64_t next, const struct ctl_log_head *h)
{
	struct ctl_log_head after;

	return ctl_log_head(io, next, &after) == 0
		       ? after.header.first_seq - h->header.first_seq
		       : 0;
}

/* What went before it is gone for good first. */
static int
let_go(struct ctl_retain *r, const uint64_t *ids)
{
	struct ctl_log_stats *stats = &r->log->stats;
	struct ctl_io *io = r->log->io;
	struct ctl_log_head h;
	char name[CTL_LOG_NAME];
	int rc = io->sync_dir(io);

	ctl_log_name(name, r->going.segment);
	(void)ctl_log_head(io, r->going.segment, &h);
	if (rc == 0)
		rc = io->remove(io, name);
	if (rc < 0)
		return rc;
	if (r->early)
		add(&stats->cut_early, records_before(io, ids[1], &h));
	add(&stats->trimmed, 1);
	add(&stats->segments, (uint64_t)-1);
	add(&stats->bytes, -h.bytes);
	r->total -= h.bytes;
	r->gone++;
	r->step = CTL_RETAIN_CHOOSES;
	return 1;
}

/* A record is kept only while all that is behind it in the log is known. */
static int
keep(struct ctl_retain *r, const uint64_t *ids, int n)
{
	int rc = r->keep ? learn(r, ids, n) : 0;

	if (rc == 0 && r->keep)
		rc = keep_part(r);
	if (rc != 0)
		return rc;
	return r->before_seq > 0 && r->damaged ? 0 : let_go(r, ids);
}

/* ---- the pass ---- */

static int
go_on(struct ctl_retain *r, const uint64_t *ids, int n)
{
	int rc;

	if (r->keep && r->log->unsure)
		return -EIO; /* who knows what a restart would take for the newest */
	switch (r->step) {
	case CTL_RETAIN_COUNTS:
		return count(r, ids, n);
	case CTL_RETAIN_LEARNS:
		rc = learn(r, ids, n);
		if (rc != 0)
			return rc;
		r->learned = true;
		/* fall through */
	case CTL_RETAIN_CHOOSES:
		return choose(r, ids, n);
	case CTL_RETAIN_KEEPS:
		return keep(r, ids, n);
	case CTL_RETAIN_DONE:
		break;
	}
	return 0;
}

static int
end(struct ctl_retain *r, int rc)
{
	struct ctl_io *io = r->log->io;

	if (r->gone > 0)
		(void)io->sync_dir(io);
	atomic_store_explicit(
		&r->log->stats.keep_error, rc < 0 ? -rc : 0, memory_order_relaxed);
	r->step = CTL_RETAIN_DONE;
	return rc;
}

int
ctl_retain_slice(struct ctl_retain *r)
{
	uint64_t *ids;
	int n, rc;

	if (r->step == CTL_RETAIN_DONE)
		return 0;
	n = ctl_log_ids(r->log->io, &ids);
	rc = n < 0 ? n : go_on(r, ids, n);
	free(ids);
	return rc == 1 ? 1 : end(r, rc);
}
