/* The log on a disk that is full, or would be. */
#include "tests/log_fixture.h"

#include <errno.h>

/* As long as the disk is full every batch fails; then it goes on. */
static void
long_failure(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 1), 0);
	ctl_sim_fail(&f->sim, SIM_WRITE, 0, 10, -ENOSPC);
	for (int i = 0; i < 10; i++)
		assert_int_equal(batch(f, 1), -ENOSPC);
	assert_int_equal(f->log.stats.failures, 10);
	assert_int_equal(batch(f, 1), 0);
	expect(f, 1, 1, 12, 12);
	ctl_log_close(&f->log);
}

/* A full disk is opened, its torn end cut, and what is in it read. */
static void
torn_end_on_full_disk(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 3), 0);
	assert_int_equal(batch(f, 3), 0);
	f->log.proved = true; /* the close adds nothing */
	ctl_log_close(&f->log);
	segment(f, 1)->size -= 8;
	ctl_sim_fail(&f->sim, SIM_WRITE, 0, UINT64_MAX, -ENOSPC);
	f->sim.fail[SIM_WRITE].short_write = true;
	reopen(f);
	assert_int_equal(f->report.cut_segments, 1);
	expect(f, 1, 3, 0, 0);
	assert_int_equal(batch(f, 1), -ENOSPC);
	ctl_log_close(&f->log);
	ctl_sim_restart(&f->sim, SIM_KEEP);
	reopen(f);
	assert_int_equal(f->report.damages, 0);
	f->appended = 6;
	assert_int_equal(batch(f, 1), 0);
	expect(f, 1, 3, 7, 7);
	ctl_log_close(&f->log);
}

/* Records leave a segment's room, which retention may need; then they go on. */
static void
room_is_left(void **state)
{
	struct fixture *f = *state;
	uint64_t ops;

	f->log.opt.segment_bytes = 1000;
	f->sim.room = 1000;
	assert_int_equal(batch(f, 1), 0);
	f->sim.room = 999;
	for (int i = 0; i < 10; i++)
		assert_int_equal(batch(f, 1), -ENOSPC);
	ops = f->sim.of_kind[SIM_WRITE];
	assert_int_equal(batch(f, 1), -ENOSPC);
	assert_int_equal(f->sim.of_kind[SIM_WRITE], ops);
	assert_int_equal(f->log.stats.segments, 1); /* none is begun in vain */
	assert_int_equal(f->log.next_seq, 2);       /* nor a number lost */
	f->appended = 1;
	f->sim.room = 1000;
	assert_int_equal(batch(f, 1), 0);
	expect(f, 1, 2, 0, 0);
	ctl_log_close(&f->log);
}

/* One that was begun on a larger disk fills this one: the next is begun all the same, so
 * that the first can go. */
static void
room_is_left_by_one_segment(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(batch(f, 3), 0);
	ctl_log_close(&f->log);
	f->sim.size = 80000;
	f->sim.room = 9999;
	f->opt.segment_bytes = 1 << 20;
	reopen(f);
	assert_int_equal(f->log.opt.segment_bytes, 10000);
	assert_int_equal(batch(f, 1), -ENOSPC);
	f->log.opt.retain_bytes = 1;
	assert_int_equal(retain(f, 1000), 1);
	f->sim.room = 80000;
	f->appended = 3;
	assert_int_equal(batch(f, 1), 0);
	expect(f, 4, 4, 0, 0);
	ctl_log_close(&f->log);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLAIN(long_failure),
		PLAIN(torn_end_on_full_disk),
		PLAIN(room_is_left),
		PLAIN(room_is_left_by_one_segment),
	};

	return cmocka_run_group_tests_name("log_full", tests, NULL, NULL);
}
