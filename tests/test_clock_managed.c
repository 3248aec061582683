#include "coap/clock.h"

#include "tests/rows.h"

static void
stands_still(void **state)
{
	struct tg_managed_clock m = {100};
	const struct tg_clock c = tg_managed_clock(&m);

	(void)state;
	assert_int_equal(tg_clock_now(&c), 100);
	assert_int_equal(tg_clock_now(&c), 100);
}

static void
advances(void **state)
{
	struct tg_managed_clock m = {100};
	const struct tg_clock c = tg_managed_clock(&m);

	(void)state;
	tg_managed_clock_advance(&m, 0);
	assert_int_equal(tg_clock_now(&c), 100);
	tg_managed_clock_advance(&m, 247000);
	assert_int_equal(tg_clock_now(&c), 247100);
}

static void
never_goes_back(void **state)
{
	struct tg_managed_clock m = {100};
	const struct tg_clock c = tg_managed_clock(&m);

	(void)state;
	tg_managed_clock_reach(&m, 99);
	assert_int_equal(tg_clock_now(&c), 100);
	tg_managed_clock_reach(&m, 101);
	assert_int_equal(tg_clock_now(&c), 101);
}

static void
two_are_apart(void **state)
{
	struct tg_managed_clock m = {1}, n = {2};
	const struct tg_clock c = tg_managed_clock(&m), d = tg_managed_clock(&n);

	(void)state;
	tg_managed_clock_advance(&m, 10);
	assert_int_equal(tg_clock_now(&c), 11);
	assert_int_equal(tg_clock_now(&d), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stands_still),
		cmocka_unit_test(advances),
		cmocka_unit_test(never_goes_back),
		cmocka_unit_test(two_are_apart),
	};

	return cmocka_run_group_tests_name("clock_managed", tests, NULL, NULL);
}
