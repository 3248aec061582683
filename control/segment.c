#include "control/segment.h"

#include "control/crc32c.h"

#include <string.h>

static const char magic[8] = "TGLOG 1";

static void
put(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, 8); /* little-endian machines only; record.c asserts it */
}

static uint64_t
get(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, 8);
	return v;
}

/* magic, id, nonce, first_seq, CRC (4), skipped (4): the CRC begins with that, so that
 * older headers, with zero there, are right as they are. */
void
ctl_segment_encode(const struct ctl_segment *s, uint8_t buf[CTL_SEGMENT_HEADER])
{
	memcpy(buf, magic, 8);
	put(buf + 8, s->id);
	put(buf + 16, s->nonce);
	put(buf + 24, s->first_seq);
	put(buf + 32, (uint64_t)s->skipped << 32 | ctl_crc32c(s->skipped, buf, 32));
}

bool
ctl_segment_decode(struct ctl_segment *s, const uint8_t *buf, size_t len)
{
	if (len < CTL_SEGMENT_HEADER || memcmp(buf, magic, 8) != 0)
		return false;
	s->skipped = (uint32_t)(get(buf + 32) >> 32);
	if ((uint32_t)get(buf + 32) != ctl_crc32c(s->skipped, buf, 32))
		return false;
	s->id = get(buf + 8);
	s->nonce = get(buf + 16);
	s->first_seq = get(buf + 24);
	return true;
}

/* Frame header: CRC (4), length (3) and type (1), sequence (8). */
static uint32_t
frame_crc(const struct ctl_segment *s, uint64_t at, const uint8_t *frame, size_t len)
{
	uint64_t place[3] = {s->nonce, s->id, at};

	return ctl_crc32c(ctl_crc32c(0, place, sizeof(place)), frame + 4,
		CTL_FRAME_HEADER - 4 + len);
}

void
ctl_frame_encode(const struct ctl_segment *s, uint64_t at, enum ctl_frame_type type,
	uint64_t seq, const void *data, uint32_t len, uint8_t *buf)
{
	uint32_t head = len | (uint32_t)type << 24, crc;

	memset(buf + ctl_frame_size(len) - 8, 0, 8); /* padding */
	memcpy(buf + 4, &head, 4);
	put(buf + 8, seq);
	memcpy(buf + CTL_FRAME_HEADER, data, len);
	crc = frame_crc(s, at, buf, len);
	memcpy(buf, &crc, 4);
}

bool
ctl_frame_decode(const struct ctl_segment *s, const uint8_t *base, size_t size,
	uint64_t at, struct ctl_frame *f)
{
	const uint8_t *p = base + at;
	uint32_t head, crc;

	if (at > size || size - at < CTL_FRAME_HEADER)
		return false;
	memcpy(&crc, p, 4);
	memcpy(&head, p + 4, 4);
	f->len = head & 0xffffff;
	f->type = head >> 24;
	f->seq = get(p + 8);
	f->offset = at;
	f->data = p + CTL_FRAME_HEADER;
	if (f->type < CTL_FRAME_RECORD || f->type > CTL_FRAME_KEPT
		|| (f->type == CTL_FRAME_KEPT && f->len < CTL_KEPT_HEADER)
		|| f->len > CTL_FRAME_MAX || ctl_frame_size(f->len) > size - at)
		return false;
	return crc == frame_crc(s, at, p, f->len);
}

void
ctl_commit_encode(const struct ctl_commit *c, uint8_t buf[CTL_COMMIT_LEN])
{
	put(buf, c->segment);
	put(buf + 8, c->number);
	put(buf + 16, c->durable);
	put(buf + 24, c->last_seq);
}

bool
ctl_commit_decode(struct ctl_commit *c, const struct ctl_frame *f)
{
	if (f->type != CTL_FRAME_COMMIT || f->len != CTL_COMMIT_LEN)
		return false;
	c->segment = get(f->data);
	c->number = get(f->data + 8);
	c->durable = get(f->data + 16);
	c->last_seq = get(f->data + 24);
	return true;
}

/* ---- scanning ---- */

struct walk {
	const struct ctl_segment *s;
	const uint8_t *base;
	size_t size;
	const struct ctl_scan_calls *calls;
	struct ctl_scan *out;
	bool stopped;
};

/* Does a later commit prove that what stands at @at had been durable? */
static bool
was_durable(const struct walk *w, uint64_t at)
{
	struct ctl_commit c;
	struct ctl_frame f;

	for (uint64_t p = (at + 8) & ~(uint64_t)7; p < w->size; p += 8)
		if (ctl_frame_decode(w->s, w->base, w->size, p, &f)
			&& ctl_commit_decode(&c, &f) && c.segment == w->s->id
			&& c.durable > at)
			return true;
	return false;
}

/* The first whole frame behind @at. */
static uint64_t
resync(const struct walk *w, uint64_t at)
{
	struct ctl_frame f;
	uint64_t p;

	for (p = (at + 8) & ~(uint64_t)7; p < w->size; p += 8)
		if (ctl_frame_decode(w->s, w->base, w->size, p, &f))
			break;
	return p < w->size ? p : w->size;
}

static void
note_damage(struct walk *w, uint64_t at, uint64_t end, const char *reason)
{
	struct ctl_damage d = {.offset = at, .len = end - at, .reason = reason};

	if (w->out->damages++ == 0)
		w->out->first_damage = d;
	if (w->calls->damaged != NULL)
		w->calls->damaged(w->calls->arg, &d);
}

static void
note_record(struct walk *w, const struct ctl_frame *f)
{
	if (f->type == CTL_FRAME_RECORD) {
		w->out->records++;
		if (w->out->first_seq == 0)
			w->out->first_seq = f->seq;
		w->out->last_seq = f->seq;
	} else {
		w->out->kept++;
	}
	if (w->calls->each != NULL && !w->calls->each(w->calls->arg, f))
		w->stopped = true;
}

/* Deliver the records of a batch whose commit has been met: whole frames in @from .. @to.
 */
static void
deliver(struct walk *w, uint64_t from, uint64_t to)
{
	struct ctl_frame f;

	while (from < to && !w->stopped) {
		if (!ctl_frame_decode(w->s, w->base, w->size, from, &f)) {
			from = resync(w, from); /* noted when it was met first */
			continue;
		}
		if (f.type != CTL_FRAME_COMMIT)
			note_record(w, &f);
		from += ctl_frame_size(f.len);
	}
}

/* ---- the end ---- */

/*
 * Does a commit at @at stand elsewhere than where it was written?  A torn write leaves
 * bytes out, but moves none.  Where it was written lies within a batch behind the offset
 * that it names; @tries bounds what bytes that look like commits can cost.
 */
static bool
was_moved(const struct walk *w, uint64_t at, uint64_t *tries)
{
	const uint32_t head = CTL_COMMIT_LEN | (uint32_t)CTL_FRAME_COMMIT << 24;
	const uint8_t *p = w->base + at;
	uint64_t from;
	uint32_t crc;

	if (memcmp(p + 4, &head, 4) != 0 || get(p + CTL_FRAME_HEADER) != w->s->id)
		return false;
	from = get(p + CTL_FRAME_HEADER + 16); /* durable */
	if (from < w->out->end)
		return false; /* not of what is missing */
	memcpy(&crc, p, 4);
	for (uint64_t i = 0; *tries > 0 && i < CTL_LOG_BATCH; i += 8, --*tries)
		if (crc == frame_crc(w->s, from + i, p, CTL_COMMIT_LEN))
			return from + i != at;
	return false;
}

static bool
has_moved(const struct walk *w, uint64_t end)
{
	uint64_t tries = CTL_LOG_BATCH + (end - w->out->end);

	for (uint64_t at = w->out->end; at + ctl_frame_size(CTL_COMMIT_LEN) <= end; at++)
		if (was_moved(w, at, &tries))
			return true;
	return false;
}

/* Can what lies behind the last commit be what was being written?  Zeros at the very end
 * are no bytes of a frame: a file may have been longer than what was written to it. */
static void
judge_end(struct walk *w)
{
	struct ctl_scan *out = w->out;
	uint64_t end = w->size, least = w->s->first_seq - 1;
	const char *reason = NULL;

	while (end > out->end && w->base[end - 1] == 0)
		end--;
	if (end <= out->end)
		return;
	if (end - out->end > CTL_LOG_BATCH)
		reason = "what lies behind the last commit is longer than a batch";
	else if (has_moved(w, w->size))
		reason = "what lies behind the last commit stands where it was not "
			 "written";
	if (reason == NULL)
		return;
	out->spoilt = true;
	note_damage(w, out->end, w->size, reason);
	/* Numbers that may stand there are not to be given again. */
	if (out->max_seq < least)
		out->max_seq = least;
	out->max_seq += (w->size - out->end) / CTL_FRAME_HEADER;
}

void
ctl_segment_scan(const struct ctl_segment *s, const uint8_t *base, size_t size,
	const struct ctl_scan_calls *calls, struct ctl_scan *out)
{
	struct walk w = {.s = s, .base = base, .size = size, .calls = calls, .out = out};
	uint64_t at = calls->from > 0 ? calls->from : CTL_SEGMENT_HEADER, batch = at;
	struct ctl_commit c;
	struct ctl_frame f;

	*out = (struct ctl_scan){.end = at};
	while (at < size && !w.stopped) {
		if (!ctl_frame_decode(s, base, size, at, &f)) {
			uint64_t next;

			if (!was_durable(&w, at))
				break; /* the torn end */
			next = resync(&w, at);
			note_damage(&w, at, next, "checksum or length is wrong");
			at = next;
			continue;
		}
		at += ctl_frame_size(f.len);
		if (f.type == CTL_FRAME_RECORD && f.seq > out->max_seq)
			out->max_seq = f.seq;
		if (!ctl_commit_decode(&c, &f) || c.segment != s->id)
			continue;
		if (c.last_seq > out->max_seq)
			out->max_seq = c.last_seq;
		out->proved = f.offset == batch && c.durable == batch;
		deliver(&w, batch, at);
		out->commits++;
		out->committed_seq = c.last_seq;
		out->last = batch;
		out->end = batch = at;
	}
	if (!w.stopped)
		judge_end(&w);
}

bool
ctl_segment_glance(const struct ctl_segment *s, const uint8_t *base, size_t size,
	struct ctl_scan *out)
{
	const size_t len = ctl_frame_size(CTL_COMMIT_LEN);
	struct ctl_commit c;
	struct ctl_frame f;

	if (size < CTL_SEGMENT_HEADER + len || size % 8 != 0
		|| !ctl_frame_decode(s, base, size, size - len, &f)
		|| !ctl_commit_decode(&c, &f) || c.segment != s->id
		|| c.durable != f.offset)
		return false;
	*out = (struct ctl_scan){
		.end = size,
		.last = f.offset,
		.records = c.last_seq + 1 - s->first_seq,
		.first_seq = s->first_seq,
		.last_seq = c.last_seq,
		.max_seq = c.last_seq,
		.committed_seq = c.last_seq,
		.commits = c.number,
		.proved = true,
	};
	return true;
}
