#include "coap/mid.h"
#include "tests/rows.h"

#define CON_MS 247000
#define NON_MS 145000

static uint64_t ring[TG_MID_SPACE];

static void
sequence_wraps(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 4, 0xfffe);
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 0xfffe);
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 0xffff);
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 0);
	assert_true(tg_mid_is_live(&p, 0xfffe, 0));
	assert_true(tg_mid_is_live(&p, 0, 0));
	assert_false(tg_mid_is_live(&p, 1, 0));
	assert_false(tg_mid_is_live(&p, 0xfffd, 0));
}

static void
full_until_oldest_ends(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 2, 7);
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 7);
	assert_int_equal(tg_mid_free_at(&p), 0);
	assert_int_equal(tg_mid_new(&p, 1, CON_MS), 8);
	assert_int_equal(tg_mid_free_at(&p), CON_MS);
	assert_int_equal(tg_mid_new(&p, 2, CON_MS), -1);
	assert_int_equal(tg_mid_new(&p, CON_MS - 1, CON_MS), -1);
	assert_int_equal(tg_mid_new(&p, CON_MS, CON_MS), 9);
	assert_int_equal(tg_mid_new(&p, CON_MS, CON_MS), -1);
}

/* One with a long lifetime holds back a shorter one behind it, though that is over. */
static void
long_life_holds_window(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 2, 7);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_new(&p, 0, NON_MS);
	assert_false(tg_mid_is_live(&p, 8, NON_MS));
	assert_int_equal(tg_mid_new(&p, NON_MS, CON_MS), -1);
	assert_int_equal(tg_mid_expire(&p, CON_MS), 0);
}

/* All 65,536 may be live, and then none is given. */
static void
whole_space(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, TG_MID_SPACE, 100);
	for (uint32_t i = 0; i < TG_MID_SPACE; i++)
		assert_int_equal(tg_mid_new(&p, i, CON_MS), (uint16_t)(100 + i));
	assert_int_equal(tg_mid_new(&p, TG_MID_SPACE, CON_MS), -1);
	assert_true(tg_mid_is_live(&p, 99, TG_MID_SPACE));
	assert_int_equal(tg_mid_new(&p, CON_MS, CON_MS), 100);
	assert_int_equal(tg_mid_new(&p, CON_MS, CON_MS), -1);
}

/* For a long time at random: no Message ID is given out while it is live. */
static void
never_reused(void **state)
{
	static uint64_t until[TG_MID_SPACE];
	uint32_t seed = 1, given = 0;
	struct tg_mid_pool p;
	uint64_t now = 0;

	(void)state;
	tg_mid_init(&p, ring, 1024, 0xff00);
	for (unsigned i = 0; i < 2000000; i++) {
		int32_t mid;

		seed = seed * 1664525 + 1013904223;
		now += seed >> 24;
		mid = tg_mid_new(&p, now, seed & 0x1000 ? CON_MS : NON_MS);
		if (mid < 0)
			continue;
		given++;
		assert_true(until[mid] <= now);
		until[mid] = now + (seed & 0x1000 ? CON_MS : NON_MS);
		if ((seed >> 13 & 7) == 0) {
			tg_mid_release(&p, (uint16_t)mid);
			until[mid] = 0;
		}
	}
	assert_true(given > 3 * TG_MID_SPACE);
}

static void
release_last(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 2, 7);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_release(&p, 8);
	assert_false(tg_mid_is_live(&p, 8, 0));
	assert_true(tg_mid_is_live(&p, 7, 0));
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 8);
}

static void
release_first(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 2, 7);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_release(&p, 7);
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 9);
	assert_true(tg_mid_is_live(&p, 8, 0));
}

static void
release_of_no_live_one(void **state)
{
	struct tg_mid_pool p;

	(void)state;
	tg_mid_init(&p, ring, 2, 7);
	tg_mid_new(&p, 0, CON_MS);
	tg_mid_release(&p, 6);
	tg_mid_release(&p, 8);
	assert_true(tg_mid_is_live(&p, 7, 0));
	assert_int_equal(tg_mid_new(&p, 0, CON_MS), 8);
}

static void
seen_once(void **state)
{
	struct tg_mid_seen seen[4], *e;
	struct tg_mid_window w;
	bool lost = true;

	(void)state;
	tg_mid_window_init(&w, seen, 4);
	assert_null(tg_mid_window_find(&w, 0, 0)); /* 0 is a Message ID like any other */
	e = tg_mid_window_put(&w, 0, 5, CON_MS, &lost);
	assert_false(lost);
	assert_int_equal(e->code, 0);
	e->code = 0x44;
	assert_ptr_equal(tg_mid_window_find(&w, 0, 6), e);
	assert_int_equal(tg_mid_window_find(&w, 0, 6)->code, 0x44);
	assert_null(tg_mid_window_find(&w, 1, 6));
	assert_int_equal(tg_mid_window_count(&w, 6), 1);
}

static void
seen_ends(void **state)
{
	struct tg_mid_seen seen[4];
	struct tg_mid_window w;
	bool lost;

	(void)state;
	tg_mid_window_init(&w, seen, 4);
	tg_mid_window_put(&w, 9, 0, NON_MS, &lost);
	assert_non_null(tg_mid_window_find(&w, 9, NON_MS - 1));
	assert_null(tg_mid_window_find(&w, 9, NON_MS));
	assert_int_equal(tg_mid_window_count(&w, NON_MS), 0);
}

static void
seen_oldest_goes(void **state)
{
	struct tg_mid_seen seen[2];
	struct tg_mid_window w;
	bool lost;

	(void)state;
	tg_mid_window_init(&w, seen, 2);
	tg_mid_window_put(&w, 1, 0, CON_MS, &lost);
	tg_mid_window_put(&w, 2, 1, NON_MS, &lost); /* ends before the first */
	assert_false(lost);
	tg_mid_window_put(&w, 3, 2, CON_MS, &lost);
	assert_true(lost);
	assert_null(tg_mid_window_find(&w, 2, 3));
	assert_non_null(tg_mid_window_find(&w, 1, 3));
	tg_mid_window_put(
		&w, 4, CON_MS, CON_MS, &lost); /* the first is over: nothing lost */
	assert_false(lost);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_wraps),
		cmocka_unit_test(full_until_oldest_ends),
		cmocka_unit_test(long_life_holds_window),
		cmocka_unit_test(whole_space),
		cmocka_unit_test(never_reused),
		cmocka_unit_test(release_last),
		cmocka_unit_test(release_first),
		cmocka_unit_test(release_of_no_live_one),
		cmocka_unit_test(seen_once),
		cmocka_unit_test(seen_ends),
		cmocka_unit_test(seen_oldest_goes),
	};

	return cmocka_run_group_tests_name("mid", tests, NULL, NULL);
}
