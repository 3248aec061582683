/*
 * The power goes at every operation of a run, and again at every operation of the
 * recovery. Whatever was acknowledged is read back exactly once and in order; nothing is
 * damage.
 */
#include "tests/io_sim.h"
#include "tests/log_records.h"

#include <stdio.h>

#define BATCHES 12
#define PER_BATCH 3
#define SEEDS 8 /* where dice say what the disk keeps */

static const struct ctl_log_options options = {.segment_bytes = 3000};

static const struct row {
	const char *name;
	enum sim_mode mode;
	unsigned sync_fails_every;
	bool truncate_fails;
} rows[] = {
	{"forgets", SIM_FORGET, 0, false},
	{"keeps", SIM_KEEP, 0, false},
	{"tears", SIM_TEAR, 0, false},
	{"reorders", SIM_REORDER, 0, false},
	{"forgets, syncs fail", SIM_FORGET, 5, false},
	{"keeps, syncs fail", SIM_KEEP, 5, false},
	{"tears, syncs fail", SIM_TEAR, 5, false},
	{"reorders, syncs fail", SIM_REORDER, 5, false},
	{"tears, many syncs fail", SIM_TEAR, 3, false},
	{"tears, syncs and truncates fail", SIM_TEAR, 4, true},
};

/* What a run appended and what was acknowledged of it: number i + 1 at index i. */
struct ledger {
	uint64_t appended;
	bool acked[TRACE_MAX];
	uint64_t seq[TRACE_MAX];
	unsigned commits, failures;
};

static void
batch(struct ctl_log *log, struct ledger *l)
{
	uint64_t first = l->appended;
	uint8_t buf[DP_RECORD_MAX];

	for (int i = 0; i < PER_BATCH; i++) {
		size_t len = numbered_encode(l->appended + 1, buf);

		l->seq[l->appended++] = ctl_log_append(log, buf, len);
	}
	if (ctl_log_commit(log) < 0) {
		l->failures++;
		return;
	}
	l->commits++;
	while (first < l->appended)
		l->acked[first++] = true;
}

static void
run(struct ctl_sim *sim, const struct row *r, struct ledger *l)
{
	struct ctl_log_report report;
	struct ctl_log log;

	sim->sync_fails_every = r->sync_fails_every;
	if (r->truncate_fails)
		ctl_sim_fail(sim, SIM_TRUNCATE, 0, UINT64_MAX, -5);
	if (ctl_log_open(&log, &sim->io, &options, &report) < 0)
		fail_msg("an empty directory cannot be opened");
	for (int i = 0; i < BATCHES; i++)
		batch(&log, l);
	ctl_log_close(&log);
}

static void
check(struct ctl_sim *sim, const struct ledger *l)
{
	static struct trace t;
	unsigned at = 0;

	trace_read(&t, &sim->io, 0);
	assert_int_equal(t.damages, 0);
	for (uint64_t i = 0; i < l->appended; i++) {
		bool found = at < t.n && t.number[at] == i + 1;

		if (found)
			assert_int_equal(t.seq[at], l->seq[i]);
		if (l->acked[i])
			assert_true(found);
		at += found;
	}
	assert_int_equal(at, t.n); /* nothing twice, nothing out of order, nothing else */
}

/* The recovered log goes on: new numbers, and the old records stay. */
static void
go_on(struct ctl_sim *sim, const struct ledger *before)
{
	static struct ledger l;
	struct ctl_log_report report;
	struct ctl_log log;

	l = *before;
	assert_int_equal(ctl_log_open(&log, &sim->io, &options, &report), 0);
	assert_int_equal(report.damages, 0);
	for (uint64_t i = 0; i < l.appended; i++)
		assert_true(!l.acked[i] || l.seq[i] < report.next_seq);
	check(sim, &l);
	batch(&log, &l);
	batch(&log, &l);
	assert_int_equal(l.commits, before->commits + 2);
	ctl_log_close(&log);
	check(sim, &l);
	assert_int_equal(sim->handles + sim->maps, 0);
}

/* Recover from @sim as the cut left it, with another cut at each operation of that. */
static void
recover(const struct ctl_sim *sim, const struct row *r, const struct ledger *l)
{
	struct ctl_log_report report;
	struct ctl_log log;
	bool cut = true;

	for (uint64_t at = 1; cut; at++) {
		static struct ctl_sim again;

		ctl_sim_copy(&again, sim);
		again.cut_at = at;
		if (ctl_log_open(&log, &again.io, &options, &report) == 0)
			ctl_log_close(&log);
		cut = again.off;
		ctl_sim_restart(&again, r->mode);
		go_on(&again, l);
		ctl_sim_fini(&again);
	}
}

static void
power(void **state)
{
	const struct row *r = *state;
	bool dice = r->mode == SIM_TEAR || r->mode == SIM_REORDER;

	for (uint64_t seed = 1; seed <= (dice ? SEEDS : 1); seed++) {
		bool cut = true;
		uint64_t at;

		for (at = 1; cut; at++) {
			static struct ctl_sim sim;
			static struct ledger l;

			l = (struct ledger){0};
			ctl_sim_init(&sim, seed * 1000 + at);
			sim.cut_at = at;
			run(&sim, r, &l);
			cut = sim.off;
			if (!cut) { /* the run was what it is meant to be */
				assert_true(sim.of_kind[SIM_CREATE] >= 4);
				assert_true(l.commits >= 4);
				assert_true(
					(l.failures > 0) == (r->sync_fails_every > 0));
			}
			ctl_sim_restart(&sim, r->mode);
			recover(&sim, r, &l);
			ctl_sim_fini(&sim);
		}
		assert_true(at > 2 * BATCHES);
	}
}

/* The test's own eyes: a log that acknowledges before it syncs is found out. */
static int
no_sync(struct ctl_io *io, int file)
{
	(void)io;
	(void)file;
	return 0;
}

static void
found_out(void **state)
{
	const struct row r = {.mode = SIM_FORGET};
	static struct ctl_sim sim;
	static struct ledger l;
	static struct trace t;

	(void)state;
	l = (struct ledger){0};
	ctl_sim_init(&sim, 1);
	sim.io.sync = no_sync;
	run(&sim, &r, &l);
	assert_int_equal(l.commits, BATCHES);
	ctl_sim_restart(&sim, SIM_FORGET);
	trace_read(&t, &sim.io, 0);
	assert_int_equal(t.n, 0);
	ctl_sim_fini(&sim);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 1] = {cmocka_unit_test(found_out)};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, power);
	return cmocka_run_group_tests_name("log_power", tests, NULL, NULL);
}
