/* Values that changed: what is queued, and who is to be told. */
#include "tests/observers_table.h"

static void
told_once_for_many_changes(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	add(t, 9, 1, 0, 6);
	add(t, 9, 2, 1, 5);
	assert_true(dp_observers_changed(t->t, 0, 5));
	assert_true(dp_observers_changed(t->t, 0, 5));
	assert_int_equal(steps(t, false), 3);
	assert_int_equal(steps(t, false), 0);
	free_table(t);
}

/* What changes while its relations are told begins anew. */
static void
told_again_when_it_changes_meanwhile(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	assert_int_not_equal(dp_observers_step(t->t, &forget), DP_NONE);
	dp_observers_changed(t->t, 0, 5);
	assert_int_equal(steps(t, false), 2 + 3);
	free_table(t);
}

static const struct gone_row {
	const char *name;
	unsigned first; /* is deleted after so many steps */
	unsigned rest;  /* more steps after that */
} gone_rows[] = {
	{"the head goes before the first step", 0, 3},
	{"the one just told goes", 1, 3},
	{"one after two steps goes", 2, 2},
};

/* Relations that go, be it the next one, do not break the chain that is walked. */
static void
walks_on_when_one_goes(void **state)
{
	const struct gone_row *r = *state;
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id = add(t, 0, 1, 0, 5);
	bool forget;

	for (uint32_t i = 1; i < 4; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	for (unsigned i = 0; i < r->first; i++)
		id = dp_observers_step(t->t, &forget);
	dp_observers_del(t->t, id);
	assert_int_equal(steps(t, false), r->rest);
	assert_int_equal(value_has(t, 0, 5), 3);
	free_table(t);
}

static void
the_next_one_goes(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t id;
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		add(t, i, 1, 0, 5);
	dp_observers_changed(t->t, 0, 5);
	id = dp_observers_step(t->t, &forget);
	dp_observers_del(t->t, dp_observers_get(t->t, id)->next - 1);
	assert_int_equal(steps(t, false), 2);
	free_table(t);
}

static void
forgotten(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	bool forget;
	uint32_t id;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add(t, i, 1, 0, 5);
	add(t, 9, 1, 0, 6);
	assert_false(dp_observers_forget(t->t, 0, 7));
	assert_true(dp_observers_forget(t->t, 0, 5));
	while ((id = dp_observers_step(t->t, &forget)) != DP_NONE) {
		assert_true(forget);
		dp_observers_del(t->t, id);
	}
	assert_int_equal(dp_observers_count(t->t), 1);
	assert_int_equal(value_has(t, 0, 5), 0);
	dp_observers_changed(t->t, 0, 6);
	assert_int_equal(steps(t, false), 1);
	free_table(t);
}

/* The head that was to be forgotten goes by itself: the others still are. */
static void
forgotten_without_the_head(void **state)
{
	struct table *t = new_table(MAX, PER_PEER);
	uint32_t head = add(t, 0, 1, 0, 5);

	(void)state;
	add(t, 1, 1, 0, 5);
	dp_observers_forget(t->t, 0, 5);
	dp_observers_del(t->t, head);
	assert_int_equal(steps(t, true), 1);
	free_table(t);
}

/* More values change than the queue holds: everybody is gone through. */
static void
no_news_is_lost(void **state)
{
	struct table *t = new_table(2 * QUEUE, PER_PEER);

	(void)state;
	for (uint32_t i = 0; i < 2 * QUEUE; i++)
		assert_int_not_equal(add(t, i, 1, 0, i), DP_NONE);
	for (uint32_t i = 0; i <= QUEUE; i++)
		assert_true(dp_observers_changed(t->t, 0, i));
	assert_int_equal(steps(t, false), 2 * QUEUE);
	assert_int_equal(steps(t, false), 0);
	dp_observers_changed_all(t->t);
	assert_int_equal(steps(t, false), 2 * QUEUE);
	free_table(t);
}

/* Many relations to one value, which is met but once on the way. */
static void
a_sweep_goes_in_slices(void **state)
{
	struct table *t = new_table(4 * QUEUE, PER_PEER);
	unsigned slices = 1;
	bool forget;

	(void)state;
	for (uint32_t i = 0; i < 4 * QUEUE; i++)
		assert_int_not_equal(add(t, i, 1, 0, 5), DP_NONE);
	dp_observers_changed_all(t->t);
	assert_int_equal(dp_observers_step(t->t, &forget), DP_NONE);
	while (dp_observers_sweep(t->t))
		slices++;
	assert_in_range(slices, 4, 5);
	assert_int_equal(steps(t, false), 4 * QUEUE);
	free_table(t);
}

/* Whoever becomes a value's first behind the sweep is not passed over. */
static void
a_sweep_misses_no_new_head(void **state)
{
	struct table *t = new_table(4 * QUEUE, PER_PEER);
	uint32_t low = add(t, 0, 1, 0, 9), head, n;

	(void)state;
	for (uint32_t i = 1; i < QUEUE + 500; i++)
		add(t, i, 1, 0, 9);
	head = add(t, 9000, 1, 0, 5);
	dp_observers_del(t->t, low);
	assert_int_equal(add(t, 9001, 1, 0, 5), low); /* behind the head, in the chain */
	dp_observers_changed_all(t->t);
	assert_true(dp_observers_sweep(t->t));
	dp_observers_del(t->t, head);
	n = steps(t, false);
	assert_int_equal(n, QUEUE + 500);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(gone_rows) + 8] = {
		cmocka_unit_test(told_once_for_many_changes),
		cmocka_unit_test(told_again_when_it_changes_meanwhile),
		cmocka_unit_test(the_next_one_goes),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(forgotten_without_the_head),
		cmocka_unit_test(no_news_is_lost),
		cmocka_unit_test(a_sweep_goes_in_slices),
		cmocka_unit_test(a_sweep_misses_no_new_head),
	};
	size_t n = 8;

	ADD_ROWS(tests, &n, gone_rows, walks_on_when_one_goes);
	return cmocka_run_group_tests_name("observers_news", tests, NULL, NULL);
}
