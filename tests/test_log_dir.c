/* The log as a directory: numbers over runs, retention, trimming, its tail, opening. */
#include "tests/log_fixture.h"

#include <errno.h>

/* ---- numbers ---- */

/* The only segment left holds no record: its header still says where numbers go on. */
static void
numbers_after_trim(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 5), 0);
	ctl_log_close(&f->log);
	reopen(f);
	ctl_sim_fail(&f->sim, SIM_WRITE, 1, 1,
		-ENOSPC); /* the header is written, the batch not */
	assert_int_equal(batch(f, 1), -ENOSPC);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(trim_before(f, 6), 1);
	ctl_log_close(&f->log);
	reopen(f);
	assert_true(f->report.next_seq >= 6);
	ctl_log_close(&f->log);
}

static void
numbers_over_runs(void **state)
{
	struct fixture *f = *state;

	for (uint64_t run = 0; run < 5; run++) {
		assert_int_equal(f->report.next_seq, 2 * run + 1);
		assert_int_equal(batch(f, 2), 0);
		ctl_log_close(&f->log);
		reopen(f);
	}
	expect(f, 1, 10, 0, 0);
	assert_int_equal(f->log.next_id, 6);
	ctl_log_close(&f->log);
}

/* ---- trimming ---- */

static void
trim(void **state)
{
	struct fixture *f = *state;

	five(f);
	assert_int_equal(trim_before(f, 2), 0); /* record 2 is asked to stay */
	assert_int_equal(trim_before(f, 6), 2);
	expect(f, 5, 10, 0, 0);
	assert_int_equal(trim_before(f, 1000), 2); /* never the last */
	expect(f, 9, 10, 0, 0);
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	expect(f, 9, 10, 0, 0); /* durable */
}

static void
trim_keeps_damage(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->bytes[0] ^= 1;
	reopen(f);
	assert_int_equal(trim_before(f, 1000), 1);
	ctl_log_close(&f->log);
	assert_null(segment(f, 1));
	assert_non_null(segment(f, 2));
	assert_non_null(segment(f, 3));
}

/* Damage within a segment is found while it is read. */
static void
trim_keeps_damaged_record(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->bytes[CTL_SEGMENT_HEADER] ^= 1;
	reopen(f);
	assert_int_equal(trim_before(f, 1000), 1);
	assert_non_null(segment(f, 2));
	ctl_log_close(&f->log);
}

static void
retain_bytes(void **state)
{
	struct fixture *f = *state;
	uint64_t last_two;

	five(f);
	assert_int_equal(retain(f, 0), 0); /* no bound */
	last_two = segment(f, 4)->size + segment(f, 5)->size;
	f->log.opt.retain_bytes = last_two;
	assert_int_equal(retain(f, 0), 3);
	expect(f, 7, 10, 0, 0);
	assert_int_equal(f->log.stats.bytes, last_two);
	assert_int_equal(f->log.stats.segments, 2);
	assert_int_equal(f->log.stats.trimmed, 3);
	f->log.opt.retain_bytes = 1;
	assert_int_equal(retain(f, 0), 1); /* never the last */
	assert_int_equal(batch(f, 1), 0);
	expect(f, 9, 11, 0, 0);
	ctl_log_close(&f->log);
}

/* What was trimmed counts no more. */
static void
retain_after_trim(void **state)
{
	struct fixture *f = *state;

	five(f);
	assert_int_equal(trim_before(f, 6), 2);
	for (uint64_t id = 3; id <= 5; id++)
		f->log.opt.retain_bytes += segment(f, id)->size;
	assert_int_equal(retain(f, 0), 0);
	assert_int_equal(f->log.stats.bytes, f->log.opt.retain_bytes);
	assert_int_equal(f->log.stats.segments, 3);
	expect(f, 5, 10, 0, 0);
	ctl_log_close(&f->log);
}

/* Record i was taken at second i: a segment is old when the next one's first record is.
 */
static void
retain_time(void **state)
{
	struct fixture *f = *state;

	five(f);
	f->log.opt.retain_s = 10;
	assert_int_equal(retain(f, 12), 0);
	assert_int_equal(retain(f, 13), 1); /* 3 + 10 */
	assert_int_equal(retain(f, 17), 2);
	expect(f, 7, 10, 0, 0);
	ctl_log_close(&f->log);
}

/* Record i was taken at second i: segment 1 is older than 100 s from second 103 on. */
static const struct keep_row {
	const char *name;
	uint64_t bytes, age_s; /* that are retained */
	uint64_t now_s;
	int error; /* of the last commit */
	int gone;
	uint64_t cut_early;
} keep_rows[] = {
	{"too many bytes, but young", 1, 0, 102, 0, 0, 0},
	{"too many bytes, and not young", 1, 0, 103, 0, 1, 0},
	{"too many bytes, the last but one not young", 1, 0, 109, 0, 4, 0},
	{"too old, but young", 0, 10, 102, 0, 0, 0},
	{"too old, and not young", 0, 10, 103, 0, 1, 0},
	{"young on a full disk", 1, 0, 102, ENOSPC, 4, 8},
	{"young over a quota", 1, 0, 102, EDQUOT, 4, 8},
	{"some young on a full disk", 1, 0, 105, ENOSPC, 4, 4},
	{"young on a broken disk", 1, 0, 102, EIO, 0, 0},
	{"not over on a full disk", 0, 0, 1000, ENOSPC, 0, 0},
};

static void
retain_keeps_the_young(void **state)
{
	const struct keep_row *r = *state;
	struct fixture *f;

	assert_int_equal(set_up((void **)&f), 0);
	five(f);
	f->log.opt.keep_s = 100;
	f->log.opt.retain_bytes = r->bytes;
	f->log.opt.retain_s = r->age_s;
	atomic_store(&f->log.stats.last_error, r->error);
	assert_int_equal(retain(f, r->now_s), r->gone);
	assert_int_equal(f->log.stats.trimmed, r->gone);
	assert_int_equal(f->log.stats.cut_early, r->cut_early);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* What cannot be read is for a person to look at, who is told. */
static void
retain_stops_at_a_bad_header(void **state)
{
	struct fixture *f = *state;

	five(f);
	segment(f, 1)->bytes[4] ^= 0xff;
	f->log.opt.retain_bytes = 1 << 20;
	assert_int_equal(retain(f, 1000), 0);
	assert_int_equal(f->log.stats.keep_error, 0);
	f->log.opt.retain_bytes = 1;
	assert_int_equal(retain(f, 1000), -EBADMSG);
	assert_int_equal(f->log.stats.keep_error, EBADMSG);
	assert_int_equal(trim_before(f, 6), -EBADMSG);
	assert_int_equal(f->log.stats.trimmed, 0);
	assert_int_equal(f->sim.io.remove(&f->sim.io, "0000000000000001.seg"), 0);
	assert_int_equal(retain(f, 1000), 3); /* moved away, it stops nothing */
	assert_int_equal(f->log.stats.keep_error, 0);
	ctl_log_close(&f->log);
}

/* A segment whose only batch failed holds no record, and yet grows old. */
static void
retain_time_past_empty(void **state)
{
	struct fixture *f = *state;

	f->log.opt.segment_bytes = f->opt.segment_bytes = 1;
	assert_int_equal(batch(f, 1), 0);
	ctl_sim_fail(&f->sim, SIM_WRITE, 2, 1, -ENOSPC); /* after proof and header */
	assert_int_equal(batch(f, 1), -ENOSPC);
	assert_int_equal(info(f, 2).scan.records, 0);
	assert_int_equal(batch(f, 1), 0);
	f->log.opt.retain_s = 10;
	assert_int_equal(retain(f, 13), 2);
	expect(f, 3, 3, 0, 0);
	ctl_log_close(&f->log);
}

/* A segment that the power took before its header was there stands in nobody's way. */
static void
retain_past_empty(void **state)
{
	struct fixture *f = *state;
	int file;

	five(f);
	ctl_log_close(&f->log);
	file = f->sim.io.create(&f->sim.io, "0000000000000006.seg");
	assert_true(file >= 0);
	f->sim.io.close(&f->sim.io, file);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(batch(f, 1), 0);
	f->log.opt.retain_bytes = 1;
	retain(f, 0);
	expect(f, 12, 12, 0, 0);
	ctl_log_close(&f->log);
}

/* ---- the tail ---- */

/* Of five segments with two records each, record i taken at second i. */
static const struct tail_row {
	const char *name;
	uint64_t since_s;
	unsigned segments; /* as many of the last ones as may be read; 0: no bound */
	uint64_t from, left_out;
} tails[] = {
	{"tail of the last record", 10, 0, 9, 0},
	{"tail from a segment's first record", 7, 0, 7, 0},
	{"tail from within a segment", 6, 0, 5, 0},
	{"tail that is the whole log", 1, 0, 1, 0},
	{"tail of nothing", 11, 0, 9, 0},
	{"tail just within its bound", 7, 2, 7, 0},
	{"tail over its bound", 5, 2, 7, 2},
	{"tail far over its bound", 1, 1, 9, 8},
};

static void
tail(void **state)
{
	const struct tail_row *row = *state;
	struct ctl_log_tail got;
	uint64_t bytes = UINT64_MAX;
	struct fixture *f;

	assert_int_equal(set_up((void **)&f), 0);
	five(f);
	if (row->segments > 0)
		bytes = 0;
	for (unsigned i = 0; i < row->segments; i++)
		bytes += segment(f, 5 - i)->size;
	assert_int_equal(
		ctl_log_tail(&f->sim.io, row->since_s * 1000000000u, bytes, &got), 0);
	assert_int_equal(got.from_seq, row->from);
	assert_int_equal(got.left_out, row->left_out);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* What lies before the first number asked for is not even read. */
static void
read_from_skips(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->bytes[CTL_SEGMENT_HEADER] ^= 1;
	trace_read(&f->trace, &f->sim.io, 5);
	assert_int_equal(f->trace.n, 6);
	assert_int_equal(f->trace.damages, 0);
	trace_read(&f->trace, &f->sim.io, 4);
	assert_int_equal(f->trace.damages, 1);
}

/*
 * Opening reads the newest segments through, as far as its bound goes: damage in an older
 * one is for `log verify`, and everything else is known all the same.
 */
static const struct opening_row {
	const char *name;
	unsigned segments; /* of five, the newest, within the bound; 0: no bound */
	uint64_t damaged;  /* segment */
	unsigned damages, unread;
} openings[] = {
	{"opening reads all", 0, 1, 1, 0},
	{"opening reads two: damage there", 2, 4, 1, 3},
	{"opening reads two: damage before", 2, 3, 0, 3},
	{"opening reads all within the bound", 5, 1, 1, 0},
};

static void
opening(void **state)
{
	const struct opening_row *row = *state;
	struct fixture *f;

	assert_int_equal(set_up((void **)&f), 0);
	five(f);
	ctl_log_close(&f->log);
	segment(f, row->damaged)->bytes[CTL_SEGMENT_HEADER] ^= 1;
	for (unsigned i = 0; i < row->segments; i++)
		f->opt.check_bytes += segment(f, 5 - i)->size;
	reopen(f);
	assert_int_equal(f->report.damages, row->damages);
	assert_int_equal(f->report.unread, row->unread);
	assert_int_equal(f->report.records, 10 - row->damages);
	assert_int_equal(f->report.segments, 5);
	assert_int_equal(f->report.next_seq, 11);
	ctl_log_close(&f->log);
	assert_int_equal(tear_down((void **)&f), 0);
}

/* An old segment whose end does not prove it is read through, whatever the bound. */
static void
opening_of_unproved(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->size -= 8;
	f->opt.check_bytes = 1;
	reopen(f);
	assert_int_equal(f->report.unread, 3);
	assert_int_equal(f->report.cut_segments, 1);
	assert_int_equal(f->report.records, 10);
	expect(f, 1, 10, 0, 0);
	ctl_log_close(&f->log);
}

/* What cannot be mended is named. */
static void
opening_fails(void **state)
{
	struct fixture *f = *state;

	five(f);
	ctl_log_close(&f->log);
	segment(f, 2)->size -= 8;
	ctl_sim_fail(&f->sim, SIM_TRUNCATE, 0, 1, -EROFS);
	assert_int_equal(ctl_log_open(&f->log, &f->sim.io, &f->opt, &f->report), -EROFS);
	assert_int_equal(f->report.failed, 2);
	reopen(f);
	assert_int_equal(f->report.failed, 0);
	ctl_log_close(&f->log);
}

/* A name that is taken costs one batch, not all that follow. */
static void
name_taken(void **state)
{
	struct fixture *f = *state;
	int file = f->sim.io.create(&f->sim.io, "0000000000000001.seg");

	assert_true(file >= 0);
	f->sim.io.close(&f->sim.io, file);
	assert_int_equal(batch(f, 1), -EEXIST);
	assert_int_equal(batch(f, 1), 0);
	expect(f, 2, 2, 0, 0);
	ctl_log_close(&f->log);
}

int
main(void)
{
	struct CMUnitTest tests[40] = {
		PLAIN(numbers_after_trim),
		PLAIN(numbers_over_runs),
		PLAIN(trim),
		PLAIN(trim_keeps_damage),
		PLAIN(trim_keeps_damaged_record),
		PLAIN(retain_bytes),
		PLAIN(retain_after_trim),
		PLAIN(retain_time),
		PLAIN(retain_stops_at_a_bad_header),
		PLAIN(retain_time_past_empty),
		PLAIN(retain_past_empty),
		PLAIN(read_from_skips),
		PLAIN(opening_of_unproved),
		PLAIN(opening_fails),
		PLAIN(name_taken),
	};
	size_t n = 15;

	ADD_ROWS(tests, &n, keep_rows, retain_keeps_the_young);
	ADD_ROWS(tests, &n, tails, tail);
	ADD_ROWS(tests, &n, openings, opening);
	return _cmocka_run_group_tests("log_dir", tests, n, NULL, NULL);
}
