/*
 * A segment of arbitrary bytes: the scan stays inside them, what it says adds up, and if
 * nothing is damaged, cutting where it says to cut changes nothing.
 *
 * A fuzzer cannot guess checksums, so the bytes are scanned as they stand and once more
 * after the checksums of what looks like a header and frames have been made right.
 */
#include "control/crc32c.h"
#include "control/segment.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_SCANNED 8192 /* resynchronising is quadratic in it */

/* What the calls have seen. */
struct seen {
	const uint8_t *base;
	size_t size;
	uint64_t records, damages, last_offset, damage_end, sum;
	uint64_t stop_after;
};

static bool
each(void *arg, const struct ctl_frame *f)
{
	struct seen *s = arg;

	require(f->type == CTL_FRAME_RECORD || f->type == CTL_FRAME_KEPT);
	require(f->type != CTL_FRAME_KEPT || f->len >= CTL_KEPT_HEADER);
	require(f->offset >= CTL_SEGMENT_HEADER && f->offset % 8 == 0);
	require(f->offset > s->last_offset);
	require(f->data == s->base + f->offset + CTL_FRAME_HEADER);
	require(f->offset + ctl_frame_size(f->len) <= s->size);
	s->sum =
		ctl_crc32c((uint32_t)s->sum, f->data, f->len); /* all of it can be read */
	s->last_offset = f->offset;
	return ++s->records != s->stop_after;
}

static void
damaged(void *arg, const struct ctl_damage *d)
{
	struct seen *s = arg;

	require(d->len > 0 && d->offset >= s->damage_end);
	require(d->offset + d->len <= s->size && d->reason != NULL);
	s->damage_end = d->offset + d->len;
	s->damages++;
}

static struct seen
scan(const struct ctl_segment *segment, const uint8_t *base, size_t size,
	uint64_t stop_after, struct ctl_scan *out)
{
	struct seen s = {.base = base, .size = size, .stop_after = stop_after};
	const struct ctl_scan_calls calls = {.each = each, .damaged = damaged, .arg = &s};

	ctl_segment_scan(segment, base, size, &calls, out);
	require(out->records + out->kept == s.records && out->damages == s.damages);
	require(out->end >= CTL_SEGMENT_HEADER);
	require(out->end <= size || out->end == CTL_SEGMENT_HEADER);
	require(s.records == 0 || out->commits > 0 || stop_after > 0);
	return s;
}

static void
look(const struct ctl_segment *segment, const uint8_t *data, size_t size)
{
	struct ctl_scan whole, again;
	struct seen a, b;
	uint8_t *cut;

	a = scan(segment, data, size, 0, &whole);
	/* Whoever reads the end alone believes in no other end than who reads all. */
	require(!ctl_segment_glance(segment, data, size, &again) || whole.end == size);
	if (whole.records + whole.kept > 1) {
		scan(segment, data, size, 1, &again);
		require(again.records + again.kept == 1);
	}
	/* What proves damage durable may itself lie behind the end. */
	if (whole.end > size || whole.damages > 0)
		return;
	cut = malloc(whole.end); /* exact: the sanitizer sees one byte too far */
	require(cut != NULL);
	memcpy(cut, data, whole.end);
	b = scan(segment, cut, whole.end, 0, &again);
	require(again.records == whole.records && again.kept == whole.kept);
	require(again.commits == whole.commits);
	require(again.end == whole.end && b.sum == a.sum
		&& again.last_seq == whole.last_seq);
	free(cut);
}

/* What an arbitrary byte stands for. */
static enum ctl_frame_type
type_of(uint32_t byte)
{
	return byte & 1 ? CTL_FRAME_RECORD : byte & 4 ? CTL_FRAME_KEPT : CTL_FRAME_COMMIT;
}

/* Does a right frame begin inside the @len bytes of the one at @at? */
static bool
is_over_another(const struct ctl_segment *s, const uint8_t *base, size_t size,
	uint64_t at, size_t len)
{
	struct ctl_frame f;

	for (uint64_t p = at + 8; p < at + len; p += 8)
		if (ctl_frame_decode(s, base, size, p, &f))
			return true;
	return false;
}

/*
 * Give each frame that could be one the checksum it should have.  One over a frame that
 * is right already stays as it is: no writer makes two such, and who reads all and who
 * reads the end could not but differ about them.
 */
static void
make_right(const struct ctl_segment *s, uint8_t *base, size_t size)
{
	static uint8_t frame[SIZE_MAX_SCANNED + 8];
	uint64_t at = CTL_SEGMENT_HEADER, seq;
	uint32_t head, len;

	while (at < size && size - at >= CTL_FRAME_HEADER) {
		memcpy(&head, base + at + 4, 4);
		memcpy(&seq, base + at + 8, 8);
		len = head & 0xffff;
		if (ctl_frame_size(len) > size - at || head >> 24 == 0xff
			|| is_over_another(s, base, size, at, ctl_frame_size(len))) {
			at += 8; /* left damaged */
			continue;
		}
		ctl_frame_encode(s, at, type_of(head >> 24), seq,
			base + at + CTL_FRAME_HEADER, len, frame);
		memcpy(base + at, frame, CTL_FRAME_HEADER);
		at += ctl_frame_size(len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_segment segment = {.id = 1, .nonce = 2, .first_seq = 3}, decoded;
	uint8_t *right, header[CTL_SEGMENT_HEADER];

	if (size > SIZE_MAX_SCANNED)
		return 0;
	if (ctl_segment_decode(&decoded, data, size)) {
		ctl_segment_encode(&decoded, header);
		require(memcmp(header, data, CTL_SEGMENT_HEADER) == 0);
		segment = decoded;
	}
	look(&segment, data, size);
	right = malloc(size > 0 ? size : 1);
	require(right != NULL);
	if (size > 0)
		memcpy(right, data, size);
	make_right(&segment, right, size);
	look(&segment, right, size);
	free(right);
	return 0;
}
