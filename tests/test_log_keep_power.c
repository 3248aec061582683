/*
 * The power goes at every operation of a run in which segments go and values stay, and
 * again in the recovery or the next pass.  Each value is then the last one that was
 * acknowledged, or one that was tried after that; what was deleted does not rise.
 */
#include "control/retain.h"
#include "tests/io_sim.h"
#include "tests/log_values.h"

#define ROUNDS 12
#define SEEDS 2

static const struct ctl_log_options options = {.segment_bytes = 700, .retain_bytes = 1};

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
	{"forgets, syncs fail", SIM_FORGET, 7, false},
	{"tears, syncs fail", SIM_TEAR, 7, false},
	{"reorders, syncs fail", SIM_REORDER, 5, false},
	{"tears, syncs and truncates fail", SIM_TEAR, 9, true},
};

/* What may stand there of each value: what was acknowledged last, and what was tried
 * since then. */
struct ledger {
	uint64_t may_be[KEYS][ROUNDS + 1]; /* number, or 0: there is none */
	unsigned n[KEYS];
	uint64_t number;
	unsigned gone, failures;
};

static void
settle(struct ledger *l, unsigned key, uint64_t number)
{
	l->may_be[key][0] = number;
	l->n[key] = 1;
}

static void
write_value(struct ctl_log *log, struct ledger *l, unsigned key, uint8_t code)
{
	static uint8_t buf[DP_RECORD_MAX];
	uint64_t i = ++l->number;

	ctl_log_append(log, buf, value_encode(key, code, i, buf));
	ctl_log_append(log, buf, numbered_encode(i, buf));
	if (code == TG_DELETE)
		i = 0;
	if (ctl_log_commit(log) == 0) {
		settle(l, key, i);
	} else {
		l->may_be[key][l->n[key]++] = i;
		l->failures++;
	}
}

static void
pass(struct ctl_retain *r, struct ledger *l)
{
	ctl_retain_begin(r, 1000, true);
	while (ctl_retain_slice(r) == 1)
		;
	l->gone += (unsigned)r->gone;
}

/* Value 0 is written at first, and then no more; 1 over and over; 2 by turns. */
static void
run(struct ctl_sim *sim, const struct row *row, struct ledger *l)
{
	struct ctl_log_report report;
	struct ctl_retain r;
	struct ctl_log log;

	for (unsigned key = 0; key < KEYS; key++)
		settle(l, key, 0);
	sim->sync_fails_every = row->sync_fails_every;
	if (row->truncate_fails)
		ctl_sim_fail(sim, SIM_TRUNCATE, 4, UINT64_MAX, -5);
	assert_int_equal(ctl_log_open(&log, &sim->io, &options, &report), 0);
	assert_int_equal(ctl_retain_init(&r, &log), 0);
	write_value(&log, l, 0, TG_PUT);
	for (unsigned i = 1; i < ROUNDS; i++) {
		write_value(&log, l, i % 3 == 0 ? 2 : 1, i % 6 == 0 ? TG_DELETE : TG_PUT);
		if (i % 3 == 2)
			pass(&r, l);
	}
	ctl_retain_fini(&r);
	ctl_log_close(&log);
}

static void
check(struct ctl_sim *sim, const struct ledger *l)
{
	struct shelf s;

	shelf_read(&s, &sim->io);
	assert_int_equal(s.damages, 0);
	for (unsigned key = 0; key < KEYS; key++) {
		bool found = false;

		for (unsigned i = 0; i < l->n[key]; i++)
			found |= l->may_be[key][i] == s.number[key];
		assert_true(found);
	}
}

/* Recover, which decides what has been; let more segments go, and write on. */
static void
go_on(struct ctl_sim *sim, struct ledger *l)
{
	struct ctl_log_report report;
	struct ctl_retain r;
	struct ctl_log log;
	struct shelf s;

	if (ctl_log_open(&log, &sim->io, &options, &report) < 0)
		return; /* the power has gone once more */
	if (!sim->off)
		shelf_read(&s, &sim->io);
	for (unsigned key = 0; key < KEYS && !sim->off; key++)
		settle(l, key, s.number[key]);
	assert_int_equal(ctl_retain_init(&r, &log), 0);
	for (unsigned i = 0; i < 2; i++) {
		write_value(&log, l, 1, TG_PUT);
		pass(&r, l);
	}
	ctl_retain_fini(&r);
	ctl_log_close(&log);
}

/* From @sim as the cut left it, with another cut at operation @at of what follows. */
static void
recover(struct ctl_sim *sim, const struct row *row, struct ledger *l, uint64_t at)
{
	unsigned gone = l->gone;

	sim->cut_at = at;
	go_on(sim, l);
	ctl_sim_restart(sim, row->mode);
	check(sim, l);
	go_on(sim, l);
	assert_true(l->gone > gone);
	check(sim, l);
	assert_int_equal(sim->handles + sim->maps, 0);
}

static void
power(void **state)
{
	const struct row *row = *state;
	static struct ctl_sim sim;
	static struct ledger l;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		bool cut = true;
		uint64_t at;

		for (at = 1; cut; at++) {
			l = (struct ledger){0};
			ctl_sim_init(&sim, seed * 1000 + at);
			sim.cut_at = at;
			run(&sim, row, &l);
			cut = sim.off;
			if (!cut) { /* the run was what it is meant to be */
				assert_true(l.gone >= 2);
				assert_true(
					(l.failures > 0) == (row->sync_fails_every > 0));
			}
			ctl_sim_restart(&sim, row->mode);
			check(&sim, &l);
			recover(&sim, row, &l, 1 + (at * 7 + seed * 5) % 50);
			ctl_sim_fini(&sim);
		}
		assert_true(at > 4 * ROUNDS);
	}
}

/* The test's own eyes: copies that are not synced before the segment goes are found out.
 */
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
	static const struct row row = {.mode = SIM_FORGET};
	static struct ctl_sim sim;
	static struct ledger l;
	struct ctl_log_report report;
	struct ctl_retain r;
	struct ctl_log log;
	struct shelf s;

	(void)state;
	l = (struct ledger){0};
	ctl_sim_init(&sim, 1);
	run(&sim, &row, &l);
	assert_int_equal(ctl_log_open(&log, &sim.io, &options, &report), 0);
	assert_int_equal(ctl_retain_init(&r, &log), 0);
	write_value(&log, &l, 1, TG_PUT);
	sim.io.sync = no_sync;
	pass(&r, &l);
	ctl_retain_fini(&r);
	ctl_log_close(&log);
	ctl_sim_restart(&sim, SIM_FORGET);
	shelf_read(&s, &sim.io);
	assert_int_equal(l.may_be[0][0], 1);
	assert_int_equal(s.number[0], 0);
	ctl_sim_fini(&sim);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 1] = {cmocka_unit_test(found_out)};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, power);
	return cmocka_run_group_tests_name("log_keep_power", tests, NULL, NULL);
}
