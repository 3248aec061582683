/* What is not there: bytes put in or taken out, ends and segments that are gone. */
#include "tests/log_fixture.h"

#include <errno.h>

static struct sim_image *
put_in(struct fixture *f, uint64_t id, size_t at, size_t n)
{
	struct sim_image *m = segment(f, id);
	uint8_t *bytes = malloc(m->size + n);

	assert_non_null(bytes);
	memcpy(bytes, m->bytes, at);
	memset(bytes + at, 0xa5, n);
	memcpy(bytes + at + n, m->bytes + at, m->size - at);
	free(m->bytes);
	m->bytes = bytes;
	m->size += n;
	return m;
}

static void
take_out(struct fixture *f, uint64_t id, size_t at, size_t n)
{
	struct sim_image *m = segment(f, id);

	memmove(m->bytes + at, m->bytes + at + n, m->size - at - n);
	m->size -= n;
}

/* @n batches of two records in segment 1; where batch @of begins, counted from 0. */
static uint64_t
batches(struct fixture *f, int n, int of)
{
	uint64_t at = 0;

	for (int i = 0; i < n; i++) {
		if (i == of)
			at = f->log.offset;
		assert_int_equal(batch(f, 2), 0);
	}
	return at;
}

/* The log opens with one damage in @id at @offset, and cuts nothing. */
static void
opens_damaged(struct fixture *f, uint64_t id, uint64_t offset)
{
	char where[64];

	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_int_equal(f->report.cut_segments, 0);
	snprintf(where, sizeof(where), "damage in segment %llu at offset %llu,",
		(unsigned long long)id, (unsigned long long)offset);
	assert_non_null(strstr(f->report.damage, where));
}

static void
reads_damaged(struct fixture *f, uint64_t id, uint64_t offset, const char *reason)
{
	trace_read(&f->trace, &f->sim.io, 0);
	assert_int_equal(f->trace.damages, 1);
	assert_int_equal(f->trace.damage_segment, id);
	assert_int_equal(f->trace.damage_offset, offset);
	assert_string_equal(f->trace.reason, reason);
}

/* ---- the last segment ---- */

static const char moved_reason[] =
	"what lies behind the last commit stands where it was not written";

/* Ten batches in the only segment; bytes in the fifth are put in or taken out. */
static const struct moved_row {
	const char *name;
	bool put;
	size_t n;
	bool ends; /* the run is over, and not killed */
} moves[] = {
	{"a byte too many", true, 1, true},
	{"eight bytes too many", true, 8, true},
	{"a page too many", true, 4096, true},
	{"a byte too few", false, 1, true},
	{"many bytes too few", false, 1200, true},
	{"a byte too many after a kill", true, 1, false},
	{"a byte too few after a kill", false, 1, false},
};

static void
moved(void **state)
{
	const struct moved_row *row = *state;
	struct fixture *f;
	uint64_t at;
	size_t size;

	assert_int_equal(set_up((void **)&f), 0);
	at = batches(f, 10, 4);
	f->log.proved |= !row->ends;
	ctl_log_close(&f->log);
	if (row->put)
		put_in(f, 1, at + 50, row->n);
	else
		take_out(f, 1, at + 50, row->n);
	size = segment(f, 1)->size;
	opens_damaged(f, 1, at);
	assert_int_equal(segment(f, 1)->size, size);
	assert_true(f->report.next_seq > 20); /* no number is given twice */
	expect(f, 1, 8, 0, 0);
	reads_damaged(f, 1, at, moved_reason);

	f->appended = 20;
	assert_int_equal(batch(f, 1), 0);
	ctl_log_close(&f->log);
	opens_damaged(f, 1, at); /* it does not go away by itself */
	assert_int_equal(segment(f, 1)->size, size);
	expect(f, 1, 8, 21, 21);
	reads_damaged(f, 1, at, moved_reason);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* An end of so many bytes that no commit precedes. */
static const struct end_row {
	const char *name;
	size_t n;
	uint8_t byte;
	bool damaged;
} ends[] = {
	{"an end as long as a batch", CTL_LOG_BATCH, 0xa5, false},
	{"an end longer than a batch", CTL_LOG_BATCH + 1, 0xa5, true},
	{"zeros longer than a batch", 2 * CTL_LOG_BATCH, 0, false},
};

static void
long_end(void **state)
{
	const struct end_row *row = *state;
	struct sim_image *m;
	struct fixture *f;
	size_t whole;

	assert_int_equal(set_up((void **)&f), 0);
	batches(f, 3, 0);
	ctl_log_close(&f->log);
	whole = segment(f, 1)->size;
	m = put_in(f, 1, whole, row->n);
	memset(m->bytes + whole, row->byte, row->n);
	if (row->damaged) {
		opens_damaged(f, 1, whole);
		assert_int_equal(segment(f, 1)->size, whole + row->n);
	} else {
		reopen(f);
		assert_int_equal(f->report.damages, 0);
		assert_int_equal(f->report.cut_bytes, row->n);
		assert_int_equal(segment(f, 1)->size, whole);
	}
	expect(f, 1, 6, 0, 0);
	assert_int_equal(f->trace.damages, row->damaged);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* ---- an older segment ---- */

/* Segment 2 of five, with records 3 and 4, ends early: behind its header, within the
 * batch, or where all of it is gone. */
static const struct short_row {
	const char *name;
	size_t size;
	const char *reason;
} shorts[] = {
	{"cut behind the header", CTL_SEGMENT_HEADER,
		"sequence numbers 3 to 4 are missing"},
	{"cut within a batch", CTL_SEGMENT_HEADER + 100,
		"no commit follows, and this is not the last segment: "
		"sequence numbers 3 to 4 are missing"},
};

static void
short_segment(void **state)
{
	const struct short_row *row = *state;
	struct fixture *f;

	assert_int_equal(set_up((void **)&f), 0);
	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->size = row->size;
	f->opt.check_bytes = 1; /* found without reading all */
	opens_damaged(f, 2, CTL_SEGMENT_HEADER);
	assert_int_equal(segment(f, 2)->size, row->size);
	expect(f, 1, 2, 5, 10);
	reads_damaged(f, 2, CTL_SEGMENT_HEADER, row->reason);
	assert_int_equal(f->trace.damage_len, row->size - CTL_SEGMENT_HEADER);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* The later of two batches in an older segment is gone at the commit before it. */
static void
batch_gone(void **state)
{
	struct fixture *f = *state;
	uint64_t at = batches(f, 3, 2);

	f->log.opt.segment_bytes = 1;
	assert_int_equal(batch(f, 2), 0);
	ctl_log_close(&f->log);
	segment(f, 1)->size = at;
	opens_damaged(f, 1, at);
	assert_int_equal(segment(f, 1)->size, at); /* nothing is written there */
	expect(f, 1, 4, 7, 8);
	reads_damaged(f, 1, at, "sequence numbers 5 to 6 are missing");
	ctl_log_close(&f->log);
}

static void
byte_in_older(void **state)
{
	struct fixture *f = *state;
	uint64_t at = batches(f, 6, 3);

	f->log.opt.segment_bytes = 1;
	assert_int_equal(batch(f, 2), 0);
	ctl_log_close(&f->log);
	put_in(f, 1, at + 50, 1);
	trace_read(&f->trace, &f->sim.io, 0);
	assert_int_equal(f->trace.damages, 2); /* where, and which numbers */
	assert_int_equal(f->trace.damage_offset, at);
	assert_string_equal(f->trace.reason, moved_reason);
	reopen(f);
	assert_int_equal(f->report.damages, 2);
	assert_int_equal(f->report.cut_bytes, 0);
	ctl_log_close(&f->log);
}

static void
segment_gone(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	assert_int_equal(f->sim.io.remove(&f->sim.io, "0000000000000002.seg"), 0);
	assert_int_equal(f->sim.io.remove(&f->sim.io, "0000000000000003.seg"), 0);
	opens_damaged(f, 2, 0);
	expect(f, 1, 2, 7, 10);
	reads_damaged(
		f, 2, 0, "the segment is not there: sequence numbers 3 to 6 are missing");
	/* Who begins behind it does not miss it. */
	trace_read(&f->trace, &f->sim.io, 7);
	assert_int_equal(f->trace.damages, 0);
	ctl_log_close(&f->log);
}

/* A file that is empty now stands for what was in it; an unreadable header is named once.
 */
static void
segment_emptied(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->size = 0;
	reads_damaged(
		f, 2, 0, "the segment is not there: sequence numbers 3 to 4 are missing");
	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_non_null(strstr(f->report.damage, "numbers 3 to 4 are missing"));
	ctl_log_close(&f->log);
	segment(f, 4)->bytes[0] ^= 1;
	trace_read(&f->trace, &f->sim.io, 5);
	assert_int_equal(f->trace.damages, 1);
}

/* ---- what is no damage ---- */

static void
whole(struct fixture *f, uint64_t to, uint64_t from2, uint64_t to2)
{
	expect(f, 1, to, from2, to2);
	assert_int_equal(f->trace.damages, 0);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	expect(f, 1, to, from2, to2);
	assert_int_equal(f->trace.damages, 0);
	ctl_log_close(&f->log);
}

/* A batch that failed had numbers, and no commit speaks for them; nor do those that no
 * segment could be begun for. */
static const struct failed_row {
	const char *name;
	enum sim_kind kind;
	unsigned count;
	bool kept; /* its bytes cannot be cut off */
} faileds[] = {
	{"a failed write", SIM_WRITE, 1, false},
	{"a failed sync", SIM_SYNC, 1, false},
	{"failed writes, and headers", SIM_WRITE, 3, false},
	{"segments that cannot be begun", SIM_CREATE, 3, false},
	{"a failed write that stays", SIM_WRITE, 1, true},
};

static void
failed(void **state)
{
	const struct failed_row *row = *state;
	uint64_t before;
	struct fixture *f;

	assert_int_equal(set_up((void **)&f), 0);
	batches(f, 2, 0);
	if (row->kind == SIM_CREATE) { /* the first ends in its place */
		f->log.opt.segment_bytes = 1;
	}
	ctl_sim_fail(&f->sim, row->kind, 0, row->count, -EIO);
	if (row->kept) {
		f->sim.fail[SIM_WRITE].short_write = true;
		ctl_sim_fail(&f->sim, SIM_TRUNCATE, 0, 1, -EIO);
	}
	for (unsigned i = 0; i < row->count; i++)
		assert_int_equal(batch(f, 2), -EIO);
	before = f->appended;
	assert_int_equal(batch(f, 2), 0);
	whole(f, 4, before + 1, before + 2);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* But what had been acknowledged before is missed all the same. */
static void
failed_and_short(void **state)
{
	struct fixture *f = *state;
	uint64_t at = batches(f, 3, 2);

	ctl_sim_fail(&f->sim, SIM_SYNC, 0, 1, -EIO);
	assert_int_equal(batch(f, 2), -EIO);
	assert_int_equal(batch(f, 2), 0);
	ctl_log_close(&f->log);
	segment(f, 1)->size = at;
	reads_damaged(f, 1, at, "sequence numbers 5 to 6 are missing");
}

/* Whole records without a commit are cut, and their numbers are not given again. */
static void
cut_numbers(void **state)
{
	struct fixture *f = *state;

	batches(f, 3, 0);
	f->log.proved = true; /* as if killed */
	ctl_log_close(&f->log);
	segment(f, 1)->size -= 8;
	reopen(f);
	assert_int_equal(f->report.next_seq, 7);
	assert_int_equal(batch(f, 2), 0);
	whole(f, 4, 7, 8);
}

/* Retention takes the beginning. */
static void
beginning_gone(void **state)
{
	struct fixture *f = *state;

	five(f);
	assert_int_equal(trim_before(f, 6), 2);
	trace_read(&f->trace, &f->sim.io, 0);
	assert_int_equal(f->trace.damages, 0);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	ctl_log_close(&f->log);
}

/* A header of an older log does not say what was skipped before it. */
static void
older_header(void **state)
{
	struct fixture *f = *state;
	struct ctl_segment s;

	five(f);
	ctl_log_close(&f->log);
	assert_int_equal(f->sim.io.remove(&f->sim.io, "0000000000000002.seg"), 0);
	s = info(f, 3).header;
	assert_int_equal(s.skipped, 1);
	s.skipped = 0;
	ctl_segment_encode(&s, segment(f, 3)->bytes);
	trace_read(&f->trace, &f->sim.io, 0);
	assert_int_equal(f->trace.n, 8);
	assert_int_equal(f->trace.damages, 0);
}

int
main(void)
{
	struct CMUnitTest tests[40] = {
		PLAIN(batch_gone),
		PLAIN(byte_in_older),
		PLAIN(segment_gone),
		PLAIN(segment_emptied),
		PLAIN(failed_and_short),
		PLAIN(cut_numbers),
		PLAIN(beginning_gone),
		PLAIN(older_header),
	};
	size_t n = 8;

	ADD_ROWS(tests, &n, moves, moved);
	ADD_ROWS(tests, &n, ends, long_end);
	ADD_ROWS(tests, &n, shorts, short_segment);
	ADD_ROWS(tests, &n, faileds, failed);
	return _cmocka_run_group_tests("log_gap", tests, n, NULL, NULL);
}
