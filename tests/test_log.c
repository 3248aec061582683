#include "tests/log_fixture.h"

#include <errno.h>
#include <stdio.h>

/* ---- the plain way ---- */

static void
commit_and_read(void **state)
{
	struct fixture *f = *state;

	for (uint64_t seq = 1; seq <= 3; seq++)
		assert_int_equal(append(f), seq);
	expect(f, 1, 0, 0, 0); /* nothing before the commit */
	assert_int_equal(ctl_log_commit(&f->log), 0);
	expect(f, 1, 3, 0, 0);
	assert_int_equal(batch(f, 2), 0);
	expect(f, 1, 5, 0, 0);
	assert_int_equal(f->log.stats.records, 5);
	assert_int_equal(f->log.stats.commits, 2);
	assert_int_equal(f->log.stats.bytes, segment(f, 1)->size);
	ctl_log_close(&f->log);
	expect(f, 1, 5, 0, 0);
}

static void
read_from(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 5), 0);
	trace_read(&f->trace, &f->sim.io, 4);
	assert_int_equal(f->trace.n, 2);
	assert_int_equal(f->trace.seq[0], 4);
	ctl_log_close(&f->log);
}

static bool
only_two(void *arg, const struct ctl_log_item *item)
{
	(void)item;
	return ++*(int *)arg < 2;
}

static void
read_enough(void **state)
{
	struct fixture *f = *state;
	int n = 0;
	const struct ctl_log_reader r = {.each = only_two, .arg = &n};

	f->opt.segment_bytes = f->log.opt.segment_bytes = 1;
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(ctl_log_read(&f->sim.io, &r), 0);
	assert_int_equal(n, 2);
	ctl_log_close(&f->log);
}

static void
rollover(void **state)
{
	struct fixture *f = *state;

	f->log.opt.segment_bytes = f->opt.segment_bytes = 2000;
	for (int i = 0; i < 20; i++)
		assert_int_equal(batch(f, 2), 0);
	assert_true(f->log.segment.id > 3);
	assert_int_equal(f->log.stats.segments, f->log.segment.id);
	expect(f, 1, 40, 0, 0);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.records, 40);
	assert_int_equal(f->report.next_seq, 41);
	assert_int_equal(f->report.cut_bytes, 0);
	assert_string_equal(f->report.damage, "");
	assert_string_equal(f->report.cut, "");
	assert_int_equal(batch(f, 1), 0);
	expect(f, 1, 41, 0, 0);
	ctl_log_close(&f->log);
}

static void
room(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	while (ctl_log_room(&f->log, DP_RECORD_MAX)) {
		append(f);
		n++;
	}
	assert_true(n > CTL_LOG_BATCH / DP_RECORD_MAX / 2);
	assert_true(f->log.batch_len <= CTL_LOG_BATCH);
	assert_int_equal(ctl_log_commit(&f->log), 0);
	assert_true(ctl_log_room(&f->log, DP_RECORD_MAX));
	assert_int_equal(info(f, 1).scan.records, n);
	ctl_log_close(&f->log);
}

/* ---- failures ---- */

static const struct failure {
	const char *name;
	enum sim_kind kind;
	int error;
	bool short_write;
	bool fresh; /* the failing batch also begins a segment */
	uint64_t skip;
} failures[] = {
	{"no space", SIM_WRITE, -ENOSPC, false, false, 0},
	{"no space after half of it", SIM_WRITE, -ENOSPC, true, false, 0},
	{"write error", SIM_WRITE, -EIO, false, false, 0},
	{"failing sync", SIM_SYNC, -EIO, false, false, 0},
	{"create fails", SIM_CREATE, -ENOSPC, false, true, 0},
	{"header cannot be written", SIM_WRITE, -ENOSPC, false, true, 0},
	{"header half written", SIM_WRITE, -ENOSPC, true, true, 0},
	{"header's sync fails", SIM_SYNC, -EIO, false, true, 0},
	{"directory's sync fails", SIM_SYNC_DIR, -EIO, false, true, 0},
	{"first batch fails", SIM_WRITE, -EIO, false, true, 1},
	{"first batch's sync fails", SIM_SYNC, -EIO, false, true, 1},
};

static const struct failure *failing;

static void
failure(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	assert_int_equal(batch(f, 3), 0);
	if (failing->fresh) { /* begin another, with nothing to prove in the last */
		ctl_log_close(&f->log);
		reopen(f);
	}
	id = f->log.next_id;
	ctl_sim_fail(&f->sim, failing->kind, failing->skip, 1, failing->error);
	f->sim.fail[failing->kind].short_write = failing->short_write;
	assert_int_equal(batch(f, 4), failing->error);
	assert_int_equal(f->log.stats.failures, 1);
	assert_int_equal(f->log.stats.last_error, -failing->error);
	assert_true(f->log.file < 0); /* left for good */
	expect(f, 1, 3, 0, 0);
	assert_int_equal(f->trace.damages, 0);

	assert_int_equal(batch(f, 2), 0);
	assert_int_equal(f->log.stats.last_error, 0);
	assert_true(f->log.segment.id >= id);
	expect(f, 1, 3, 8, 9);
	assert_int_equal(
		f->trace.seq[3], 8); /* a failed record's number is not another's */
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	assert_int_equal(f->report.next_seq, 10);
	expect(f, 1, 3, 8, 9);
	ctl_log_close(&f->log);
}

static int
set_up_failure(void **state)
{
	failing = *state;
	return set_up(state);
}

/* ---- what was not acknowledged ---- */

static void
torn_end_cut(void **state)
{
	struct fixture *f = *state;
	struct sim_image *m;
	size_t whole;

	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(batch(f, 3), 0);
	whole = info(f, 1).bytes;
	assert_int_equal(batch(f, 3), 0);
	ctl_log_close(&f->log);
	m = segment(f, 1);
	/* As if the power had gone while the third batch was written. */
	m->size = whole + 100;
	reopen(f);
	assert_int_equal(f->report.cut_segments, 1);
	assert_int_equal(f->report.cut_bytes, 100);
	assert_int_equal(f->report.damages, 0);
	assert_string_equal(f->report.damage, "");
	assert_non_null(strstr(f->report.cut, "cut segment 1 at offset "));
	/* Cut, and an empty commit behind it. */
	assert_int_equal(segment(f, 1)->size, whole + ctl_frame_size(CTL_COMMIT_LEN));
	expect(f, 1, 6, 0, 0);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.cut_segments, 0); /* nobody meets it again */
	ctl_log_close(&f->log);
}

/*
 * A batch whose sync failed and whose segment could not be cut either: the run that
 * follows finds it whole in memory, though the disk may have lost it (as Linux does:
 * after a failed sync a page counts as clean).
 */
static void
leave_unsynced(struct fixture *f)
{
	assert_int_equal(batch(f, 3), 0);
	ctl_sim_fail(&f->sim, SIM_SYNC, 0, 1, -EIO);
	ctl_sim_fail(&f->sim, SIM_TRUNCATE, 0, 1, -EIO);
	assert_int_equal(batch(f, 3), -EIO);
	ctl_log_close(&f->log);
}

/* What start-up reads, and answers duplicates from, is safe then. */
static void
unsynced_made_safe(void **state)
{
	struct fixture *f = *state;

	leave_unsynced(f);
	reopen(f);
	assert_int_equal(f->report.records, 6);
	f->sim.off = true;
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	expect(f, 1, 6, 0, 0);
	ctl_log_close(&f->log);
}

/* What cannot be made safe is not taken for safe. */
static void
unsynced_stays_unsafe(void **state)
{
	struct fixture *f = *state;

	leave_unsynced(f);
	ctl_sim_fail(&f->sim, SIM_SYNC, 0, 1, -EIO);
	assert_int_equal(ctl_log_open(&f->log, &f->sim.io, &f->opt, &f->report), -EIO);
}

/* Whole records without their commit are not read, and their numbers are not given again.
 */
static void
uncommitted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(batch(f, 3), 0);
	segment(f, 1)->size -= 8; /* the commit frame's end */
	f->log.proved = true;     /* nothing more is written there */
	ctl_log_close(&f->log);
	segment(f, 1)->size -= 8;
	reopen(f);
	assert_int_equal(f->report.records, 3);
	assert_int_equal(f->report.next_seq, 7);
	expect(f, 1, 3, 0, 0);
	ctl_log_close(&f->log);
}

/* ---- damage ---- */

/* Three batches of three, proved by the close; each row spoils bytes of the second batch.
 */
static const struct damage {
	const char *name;
	unsigned frame; /* of the second batch: 0 .. 2 records, 3 the commit */
	size_t offset, len;
	uint64_t lost_from, lost_to;
} damages[] = {
	{"a byte of a record", 1, CTL_FRAME_HEADER + 5, 1, 5, 5},
	{"a checksum", 0, 0, 1, 4, 4},
	{"a length", 2, 4, 3, 6, 6},
	{"a type", 1, 7, 1, 5, 5},
	{"a sequence number", 1, 8, 8, 5, 5},
	{"the commit", 3, CTL_FRAME_HEADER, 4, 0, 0},
};

static const struct damage *damage;

static uint64_t
frame_offset(struct fixture *f, uint64_t from, unsigned frames)
{
	struct sim_image *m = segment(f, 1);
	struct ctl_segment s;
	struct ctl_frame fr;

	assert_true(ctl_segment_decode(&s, m->bytes, m->size));
	for (;;) {
		assert_true(ctl_frame_decode(&s, m->bytes, m->size, from, &fr));
		if (frames-- == 0)
			return from;
		from += ctl_frame_size(fr.len);
	}
}

static void
damaged(void **state)
{
	struct fixture *f = *state;
	uint64_t second, at;
	char where[64];
	size_t size;

	assert_int_equal(batch(f, 3), 0);
	second = f->log.offset;
	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(batch(f, 3), 0);
	ctl_log_close(&f->log);
	at = frame_offset(f, second, damage->frame);
	for (size_t i = 0; i < damage->len; i++)
		segment(f, 1)->bytes[at + damage->offset + i] ^= 0x55;
	size = segment(f, 1)->size;

	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_int_equal(f->report.cut_bytes, 0);
	snprintf(where, sizeof(where), "segment 1 at offset %llu,",
		(unsigned long long)at);
	assert_non_null(strstr(f->report.damage, where));
	assert_int_equal(segment(f, 1)->size, size); /* kept */
	if (damage->lost_from > 0)
		expect(f, 1, damage->lost_from - 1, damage->lost_to + 1, 9);
	else
		expect(f, 1, 9, 0, 0);
	assert_int_equal(f->trace.damages, 1);
	assert_int_equal(f->trace.damage_segment, 1);
	assert_int_equal(f->trace.damage_offset, at);
	assert_int_equal(f->report.next_seq, 10);
	assert_int_equal(batch(f, 1), 0); /* and it goes on, elsewhere */
	assert_int_equal(f->log.segment.id, 2);
	ctl_log_close(&f->log);
}

static int
set_up_damage(void **state)
{
	damage = *state;
	return set_up(state);
}

static void
header_damaged(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 3), 0);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(batch(f, 3), 0);
	ctl_log_close(&f->log);
	segment(f, 1)->bytes[16] ^= 1;
	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_non_null(strstr(f->report.damage, "segment 1 at offset 0,"));
	expect(f, 4, 6, 0, 0);
	assert_int_equal(f->trace.damages, 1);
	assert_non_null(segment(f, 1));
	assert_int_equal(f->report.next_seq, 7);
	ctl_log_close(&f->log);
}

/* A batch stays provable when its segment is full and left. */
static void
damage_before_rollover(void **state)
{
	struct fixture *f = *state;
	uint64_t last;
	size_t size;

	f->log.opt.segment_bytes = 1000;
	assert_int_equal(batch(f, 1), 0);
	do {
		last = f->log.offset;
		assert_int_equal(batch(f, 1), 0);
	} while (f->log.offset < 1000);
	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(f->log.segment.id, 2);
	ctl_log_close(&f->log);
	segment(f, 1)->bytes[last + CTL_FRAME_HEADER] ^= 1;
	size = segment(f, 1)->size;
	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_int_equal(f->report.cut_bytes, 0);
	assert_int_equal(segment(f, 1)->size, size);
	ctl_log_close(&f->log);
}

/* A run that just ends leaves its last batch unproved; recovery, which found it whole,
 * says so. */
static void
damage_after_recovery(void **state)
{
	struct fixture *f = *state;
	uint64_t last;

	assert_int_equal(batch(f, 3), 0);
	last = f->log.offset;
	assert_int_equal(batch(f, 3), 0);
	f->sim.off = true;
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	reopen(f);
	assert_int_equal(f->report.records, 6);
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_FORGET);
	segment(f, 1)->bytes[last + CTL_FRAME_HEADER] ^= 1;
	reopen(f);
	assert_int_equal(f->report.damages, 1);
	assert_int_equal(f->report.cut_bytes, 0);
	expect(f, 1, 3, 5, 6);
	ctl_log_close(&f->log);
	reopen(f);
	assert_int_equal(f->report.damages, 1); /* it does not go away by itself */
	expect(f, 1, 3, 5, 6);
	ctl_log_close(&f->log);
}

/* What proves damage stands in a torn batch that is cut off: the damage stays named. */
static void
damage_before_torn_end(void **state)
{
	struct fixture *f = *state;
	uint64_t second, third;

	assert_int_equal(batch(f, 3), 0);
	second = f->log.offset;
	assert_int_equal(batch(f, 3), 0);
	third = f->log.offset;
	assert_int_equal(batch(f, 3), 0);
	f->log.proved = true; /* the close adds nothing */
	ctl_log_close(&f->log);
	segment(f, 1)->bytes[second + CTL_FRAME_HEADER] ^= 1;
	segment(f, 1)->bytes[third + CTL_FRAME_HEADER] ^= 1; /* its commit is whole */
	for (int i = 0; i < 3; i++) {
		reopen(f);
		assert_int_equal(f->report.damages, 1);
		assert_int_equal(f->report.cut_segments, i == 0);
		assert_non_null(strstr(f->report.damage, "damage in segment 1 at"));
		assert_true((strstr(f->report.cut, "cut segment 1 at") != NULL)
			    == (i == 0)); /* both are told */
		expect(f, 1, 3, 5, 6);
		ctl_log_close(&f->log);
	}
}

/*
 * A damaged record whose payload holds whole commit frames, right for their very place
 * but for the segment's nonce, which @guess differs in.  The highest number met.
 */
static uint64_t
imitate(struct fixture *f, uint64_t guess)
{
	const struct ctl_commit c = {.segment = 1, .durable = 1u << 20, .last_seq = 999};
	struct ctl_segment forged = f->log.segment;
	uint8_t payload[400] = {0}, buf[DP_RECORD_MAX], data[CTL_COMMIT_LEN];
	struct dp_record r = {
		.stream = "s",
		.stream_len = 1,
		.payload = payload,
		.payload_len = sizeof(payload),
	};
	uint64_t frame = f->log.offset, at, pad;

	at = frame + CTL_FRAME_HEADER + dp_record_size(&r) - sizeof(payload);
	pad = -at & 7;
	forged.nonce ^= guess;
	ctl_commit_encode(&c, data);
	ctl_frame_encode(&forged, at + pad, CTL_FRAME_COMMIT, 9, data, sizeof(data),
		payload + pad);
	dp_record_encode(&r, buf);
	ctl_log_append(&f->log, buf, dp_record_size(&r));
	assert_int_equal(ctl_log_commit(&f->log), 0);
	ctl_log_close(&f->log);
	segment(f, 1)->bytes[frame] ^= 1;
	assert_int_equal(info(f, 1).scan.damages, 1 + (guess == 0));
	return info(f, 1).scan.max_seq;
}

static void
imitation(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(imitate(f, 1), 2);
}

/* The same with the nonce known is taken for a frame: the test above tests something. */
static void
imitation_that_knows(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 1), 0);
	assert_int_equal(imitate(f, 0), 999);
}

/* No frame is longer than a record may be: bytes that say so are not even summed up. */
static void
frame_too_long(void **state)
{
	static uint8_t data[CTL_FRAME_MAX + 1], bytes[CTL_FRAME_MAX + 64];
	const struct ctl_segment s = {.id = 1};
	struct ctl_frame fr;

	(void)state;
	ctl_frame_encode(&s, 0, CTL_FRAME_RECORD, 1, data, CTL_FRAME_MAX, bytes);
	assert_true(ctl_frame_decode(&s, bytes, sizeof(bytes), 0, &fr));
	ctl_frame_encode(&s, 0, CTL_FRAME_RECORD, 1, data, CTL_FRAME_MAX + 1, bytes);
	assert_false(ctl_frame_decode(&s, bytes, sizeof(bytes), 0, &fr));
}

int
main(void)
{
	struct CMUnitTest tests[78] = {
		PLAIN(commit_and_read),
		PLAIN(read_from),
		PLAIN(read_enough),
		PLAIN(rollover),
		PLAIN(room),
		PLAIN(torn_end_cut),
		PLAIN(unsynced_made_safe),
		PLAIN(unsynced_stays_unsafe),
		PLAIN(uncommitted),
		PLAIN(header_damaged),
		PLAIN(damage_before_rollover),
		PLAIN(damage_after_recovery),
		PLAIN(damage_before_torn_end),
		PLAIN(imitation),
		PLAIN(imitation_that_knows),
		cmocka_unit_test(frame_too_long),
	};
	size_t n = 16, rows = n;

	ADD_ROWS(tests, &n, failures, failure);
	for (; rows < n; rows++) {
		tests[rows].setup_func = set_up_failure;
		tests[rows].teardown_func = tear_down;
	}
	ADD_ROWS(tests, &n, damages, damaged);
	for (; rows < n; rows++) {
		tests[rows].setup_func = set_up_damage;
		tests[rows].teardown_func = tear_down;
	}
	return _cmocka_run_group_tests("log", tests, n, NULL, NULL);
}
