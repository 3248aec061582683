/* Reading a log's directory: beside a writer, or long after it. */
#include "control/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_FIRST 4096 /* bytes of names, before more are asked for */

void
ctl_log_name(char name[CTL_LOG_NAME], uint64_t id)
{
	snprintf(name, CTL_LOG_NAME, "%016" PRIx64 ".seg", id);
}

static int
by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* All names of the directory, in *names, which the caller frees; how many. */
static int
list_all(struct ctl_io *io, char **names)
{
	int n = -E2BIG;

	*names = NULL;
	for (size_t cap = NAMES_FIRST; n == -E2BIG; cap *= 2) {
		free(*names);
		*names = malloc(cap);
		n = *names == NULL ? -ENOMEM : io->list(io, *names, cap);
	}
	return n;
}

int
ctl_log_ids(struct ctl_io *io, uint64_t **ids)
{
	char *names, *p, again[CTL_LOG_NAME];
	int n = list_all(io, &names), found = 0;

	*ids = n < 0 ? NULL : malloc((size_t)(n + 1) * sizeof(**ids));
	if (n >= 0 && *ids == NULL)
		n = -ENOMEM;
	p = names;
	for (int i = 0; i < n; i++, p += strlen(p) + 1) {
		uint64_t id = strtoull(p, NULL, 16);

		ctl_log_name(again, id);
		if (strcmp(p, again) == 0) /* else not ours */
			(*ids)[found++] = id;
	}
	free(names);
	if (n < 0)
		return n;
	qsort(*ids, (size_t)found, sizeof(**ids), by_id);
	return found;
}

/* ---- one segment ---- */

/* A segment's file in memory; its header, if that is whole. */
struct view {
	const uint8_t *base;
	size_t size;
	struct ctl_segment header;
	bool readable;
};

static int
view_open(struct ctl_io *io, uint64_t id, struct view *v)
{
	char name[CTL_LOG_NAME];
	int rc;

	*v = (struct view){0};
	ctl_log_name(name, id);
	rc = io->map(io, name, &v->base, &v->size);
	if (rc < 0)
		return rc;
	v->readable =
		ctl_segment_decode(&v->header, v->base, v->size) && v->header.id == id;
	return 0;
}

static void
view_close(struct ctl_io *io, const struct view *v)
{
	io->unmap(io, v->base, v->size);
}

static void
set_info(struct ctl_log_segment_info *out, uint64_t id, const struct view *v)
{
	*out = (struct ctl_log_segment_info){
		.id = id,
		.bytes = v->size,
		.header = v->header,
		.readable = v->readable,
	};
}

int
ctl_log_segment_info(struct ctl_io *io, uint64_t id, struct ctl_log_segment_info *out)
{
	const struct ctl_scan_calls none = {0};
	struct view v;
	int rc = view_open(io, id, &v);

	set_info(out, id, &v);
	if (rc < 0)
		return rc;
	if (v.readable) {
		ctl_segment_scan(&v.header, v.base, v.size, &none, &out->scan);
		out->tail = v.size - out->scan.end;
	}
	view_close(io, &v);
	return 0;
}

int
ctl_log_segment_glance(struct ctl_io *io, uint64_t id, struct ctl_log_segment_info *out)
{
	struct view v;
	int rc = view_open(io, id, &v);

	set_info(out, id, &v);
	if (rc < 0)
		return rc;
	if (!v.readable || !ctl_segment_glance(&v.header, v.base, v.size, &out->scan))
		rc = -EAGAIN;
	view_close(io, &v);
	return rc;
}

bool
ctl_log_record(const struct ctl_frame *f, struct dp_record *r)
{
	size_t skip = f->type == CTL_FRAME_KEPT ? CTL_KEPT_HEADER : 0;

	return dp_record_decode(r, f->data + skip, f->len - skip);
}

/* When a frame that is no commit was written, as far as it says. */
static uint64_t
time_of(const struct ctl_frame *f)
{
	struct dp_record r;
	uint64_t kept_ns;

	if (!ctl_log_record(f, &r))
		return 0;
	memcpy(&kept_ns, f->data, sizeof(kept_ns));
	return f->type == CTL_FRAME_KEPT ? kept_ns : r.time_ns;
}

int
ctl_log_head(struct ctl_io *io, uint64_t id, struct ctl_log_head *out)
{
	struct ctl_frame f;
	struct view v;
	int rc = view_open(io, id, &v);

	*out = (struct ctl_log_head){.header = v.header, .bytes = v.size};
	if (rc < 0)
		return rc;
	if (!v.readable)
		rc = -EBADMSG;
	else if (ctl_frame_decode(&v.header, v.base, v.size, CTL_SEGMENT_HEADER, &f)
		 && f.type != CTL_FRAME_COMMIT)
		out->time_ns = time_of(&f);
	view_close(io, &v);
	return rc;
}

int
ctl_log_read_on(
	struct ctl_io *io, uint64_t id, uint64_t end, struct ctl_scan_calls *calls)
{
	uint64_t from = calls->from > 0 ? calls->from : CTL_SEGMENT_HEADER;
	uint64_t part = CTL_LOG_PART, size = from;
	struct ctl_scan scan = {.end = from};
	struct view v;
	int rc = view_open(io, id, &v);

	if (rc < 0)
		return rc;
	if (!v.readable)
		rc = -EBADMSG;
	if (end > v.size)
		end = v.size;
	/* The end of a part looks like that of the log; what damage hides, or a batch
	 * longer than the part, shows in a longer one. */
	for (; rc == 0 && scan.end == from && size < end; part *= 2) {
		size = end - from > part ? from + part : end;
		ctl_segment_scan(&v.header, v.base, size, calls, &scan);
	}
	view_close(io, &v);
	if (rc < 0)
		return rc;
	calls->from = scan.end;
	return size < end;
}

/* ---- all of them ---- */

/* A reader's call for one segment's frames. */
struct pass {
	const struct ctl_log_reader *r;
	uint64_t segment;
	bool enough;
};

static bool
each(void *arg, const struct ctl_frame *f)
{
	struct pass *p = arg;
	struct ctl_log_item item = {
		.segment = p->segment,
		.offset = f->offset,
		.seq = f->seq,
		.kept = f->type == CTL_FRAME_KEPT,
	};
	struct ctl_damage d = {
		.offset = f->offset, .len = f->len, .reason = "not a record"};

	if (f->seq < p->r->from_seq)
		return true;
	if (!ctl_log_record(f, &item.record)) {
		if (p->r->damaged != NULL)
			p->r->damaged(p->r->arg, p->segment, &d);
		return true;
	}
	p->enough = !p->r->each(p->r->arg, &item);
	return !p->enough;
}

static void
damaged(void *arg, const struct ctl_damage *d)
{
	struct pass *p = arg;

	if (p->r->damaged != NULL)
		p->r->damaged(p->r->arg, p->segment, d);
}

/* Segment ids[i] of @n. */
static int
read_segment(struct ctl_io *io, struct pass *p, const uint64_t *ids, int n, int i)
{
	const struct ctl_scan_calls calls = {.each = each, .damaged = damaged, .arg = p};
	struct ctl_damage header = {.reason = "the header cannot be read"};
	struct ctl_log_segment_info info;
	struct ctl_log_gap gap;
	struct view v;
	int rc;

	p->segment = ids[i];
	rc = view_open(io, ids[i], &v);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc; /* trimmed meanwhile */
	set_info(&info, ids[i], &v);
	if (v.readable) {
		ctl_segment_scan(&v.header, v.base, v.size, &calls, &info.scan);
		info.tail = v.size - info.scan.end;
	} else if (v.size > CTL_SEGMENT_HEADER) {
		header.len = v.size;
		damaged(p, &header);
	}
	view_close(io, &v);
	if (!p->enough && ctl_log_gap(io, ids, n, i, &info, &gap)) {
		p->segment = gap.segment;
		damaged(p, &gap.damage);
	}
	return 0;
}

int
ctl_log_tail(
	struct ctl_io *io, uint64_t since_ns, uint64_t bytes, struct ctl_log_tail *out)
{
	uint64_t *ids;
	int n = ctl_log_ids(io, &ids);
	uint64_t begin = 0, used = 0; /* where it would begin with room enough */
	struct ctl_log_head h;
	bool old = false;

	*out = (struct ctl_log_tail){0};
	for (int i = n - 1; i >= 0 && !old; i--) {
		if (ctl_log_head(io, ids[i], &h) < 0)
			continue; /* nothing of it can be read */
		begin = h.header.first_seq;
		if (used == 0 || (used <= bytes && h.bytes <= bytes - used))
			out->from_seq = begin;
		used += h.bytes;
		old = h.time_ns != 0 && h.time_ns <= since_ns;
	}
	out->left_out = out->from_seq - begin;
	free(ids);
	return n < 0 ? n : 0;
}

/* Do all records of a segment have numbers under @seq?  The next one's header says so. */
static bool
ends_before(struct ctl_io *io, const uint64_t *id, const uint64_t *last, uint64_t seq)
{
	struct ctl_log_head h;

	return id < last && seq > 0 && ctl_log_head(io, id[1], &h) == 0
	       && h.header.first_seq <= seq;
}

int
ctl_log_read(struct ctl_io *io, const struct ctl_log_reader *r)
{
	uint64_t *ids;
	int n = ctl_log_ids(io, &ids), rc = 0;
	struct pass p = {.r = r};

	for (int i = 0; i < n && rc == 0 && !p.enough; i++)
		if (!ends_before(io, ids + i, ids + n - 1, r->from_seq))
			rc = read_segment(io, &p, ids, n, i);
	free(ids);
	return n < 0 ? n : rc;
}
