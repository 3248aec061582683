/* A log on a disk in memory, and what its tests do to it. */
#pragma once

#include "control/retain.h"
#include "tests/io_sim.h"
#include "tests/log_records.h"

/* A log on a disk of its own, and how many numbered records went in. */
struct fixture {
	struct ctl_sim sim;
	struct ctl_log log;
	struct ctl_log_options opt;
	struct ctl_log_report report;
	struct trace trace;
	uint64_t appended;
};

static inline void
reopen(struct fixture *f)
{
	assert_int_equal(ctl_log_open(&f->log, &f->sim.io, &f->opt, &f->report), 0);
}

static inline int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->opt.segment_bytes = 1u << 20;
	ctl_sim_init(&f->sim, 1);
	reopen(f);
	*state = f;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;
	bool closed = f->sim.handles == 0 && f->sim.maps == 0;

	ctl_sim_fini(&f->sim);
	free(f);
	return closed ? 0 : -1; /* whoever opens also closes */
}

static inline uint64_t
append(struct fixture *f)
{
	static uint8_t buf[DP_RECORD_MAX];
	size_t len = numbered_encode(++f->appended, buf);

	return ctl_log_append(&f->log, buf, len);
}

/* Commit @n more records; the commit's result. */
static inline int
batch(struct fixture *f, int n)
{
	while (n-- > 0)
		append(f);
	return ctl_log_commit(&f->log);
}

/* Go on with a pass until it is done; how many segments went, or -errno. */
static inline int
pass(struct ctl_retain *r)
{
	int rc;

	do
		rc = ctl_retain_slice(r);
	while (rc == 1);
	return rc < 0 ? rc : r->gone;
}

/* A pass of retention, or one that trims, which knows nothing before. */
static inline int
retain(struct fixture *f, uint64_t now_s)
{
	struct ctl_retain r;
	int rc;

	assert_int_equal(ctl_retain_init(&r, &f->log), 0);
	ctl_retain_begin(&r, now_s, true);
	rc = pass(&r);
	ctl_retain_fini(&r);
	return rc;
}

static inline int
trim_before(struct fixture *f, uint64_t seq)
{
	struct ctl_retain r;
	int rc;

	assert_int_equal(ctl_retain_init(&r, &f->log), 0);
	ctl_retain_trim(&r, seq, 0);
	rc = pass(&r);
	ctl_retain_fini(&r);
	return rc;
}

/* The whole log reads as numbers @from .. @to and, if @from2, @from2 .. @to2. */
static inline void
expect(struct fixture *f, uint64_t from, uint64_t to, uint64_t from2, uint64_t to2)
{
	unsigned at = 0;

	trace_read(&f->trace, &f->sim.io, 0);
	for (; from <= to; from++)
		assert_int_equal(f->trace.number[at++], from);
	for (; from2 > 0 && from2 <= to2; from2++)
		assert_int_equal(f->trace.number[at++], from2);
	assert_int_equal(f->trace.n, at);
}

static inline struct sim_image *
segment(struct fixture *f, uint64_t id)
{
	char name[CTL_LOG_NAME];

	ctl_log_name(name, id);
	return ctl_sim_image(&f->sim, name);
}

static inline struct ctl_log_segment_info
info(struct fixture *f, uint64_t id)
{
	struct ctl_log_segment_info out;

	assert_int_equal(ctl_log_segment_info(&f->sim.io, id, &out), 0);
	return out;
}

/* Segments 1 .. 5 of two records each; the log is open, segment 5 being written. */
static inline void
five(struct fixture *f)
{
	f->log.opt.segment_bytes = f->opt.segment_bytes = 1;
	for (int i = 0; i < 5; i++)
		assert_int_equal(batch(f, 2), 0);
	assert_int_equal(f->log.segment.id, 5);
}

#define PLAIN(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
