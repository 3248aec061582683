/* Stored values by the device that owns them; and all of a store against a model. */
#include "tests/store_table.h"

static void
put_numbered(struct table *t, uint32_t number, uint32_t device)
{
	struct path p;

	make_path(&p, number, 5);
	assert_int_not_equal(put_for(t, &p, device, 8, number), DP_STORE_FULL);
}

static void
listed_by_device(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		put_numbered(t, i, i % 2);
	assert_list(t, 0, (const uint32_t[]){4, 2, 0}, 3);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	put_numbered(t, 2, 0); /* written again: stays where it is */
	assert_list(t, 0, (const uint32_t[]){4, 2, 0}, 3);
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 0, (const uint32_t[]){4, 0}, 2);
	make_path(&p, 4, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 0, (const uint32_t[]){0}, 1);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	assert_list(t, 2, NULL, 0);
	assert_list(t, DEVICES, NULL, 0);
	assert_list(t, DP_NONE, NULL, 0);
	free_table(t);
}

static void
owns_so_many(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		assert_false(dp_store_owns(t->store, 0, i + 1));
		put_numbered(t, i, 0);
		assert_true(dp_store_owns(t->store, 0, i + 1));
	}
	put_numbered(t, 3, 1);
	assert_false(dp_store_owns(t->store, 0, 4));
	assert_false(dp_store_owns(t->store, DP_NONE, 1));
	free_table(t);
}

static void
disowned_and_taken_up_again(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		put_numbered(t, i, 0);
	dp_store_disown(t->store, 0, 7);
	dp_store_disown(t->store, DEVICES, 7);
	dp_store_disown(t->store, DP_NONE, 7);
	assert_list(t, 0, NULL, 0);
	make_path(&p, 1, 5);
	assert_value(t, &p, 8, 1); /* it stays */
	assert_int_equal(dp_store_owner(t->store, find(t, &p)), DP_NONE);
	put_numbered(t, 1, 3);
	assert_list(t, 3, (const uint32_t[]){1}, 1);
	assert_list(t, dp_store_orphans(t->store, 7), (const uint32_t[]){0, 2}, 2);
	assert_true(dp_store_del(t->store, find(t, &p)));
	assert_list(t, 3, NULL, 0);
	free_table(t);
}

/* Orphans share a chain with the device whose slot their hash leads to. */
static void
orphans_in_a_chain_of_another(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		put_numbered(t, i, i % 2);
	dp_store_disown(t->store, 0, DEVICES + 1); /* to the chain of 1 */
	assert_list(t, 0, NULL, 0);
	assert_list(t, 1, (const uint32_t[]){5, 3, 1}, 3);
	assert_list(t, dp_store_orphans(t->store, 1), (const uint32_t[]){0, 2, 4}, 3);
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	put_numbered(t, 0, 1);
	assert_list(t, dp_store_orphans(t->store, 1), (const uint32_t[]){4}, 1);
	assert_list(t, 1, (const uint32_t[]){0, 5, 3, 1}, 4);
	dp_store_disown(t->store, 1, 1); /* to where they are */
	assert_list(t, 1, NULL, 0);
	assert_list(
		t, dp_store_orphans(t->store, 1), (const uint32_t[]){1, 3, 5, 0, 4}, 5);
	free_table(t);
}

/* Written without a device, or with one beyond those that are listed. */
static void
without_an_owner(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	put_numbered(t, 1, DP_NONE);
	put_numbered(t, 2, DEVICES);
	make_path(&p, 1, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	make_path(&p, 2, 5);
	assert_true(dp_store_del(t->store, find(t, &p)));
	for (uint32_t i = 0; i < DEVICES; i++)
		assert_list(t, i, NULL, 0);
	free_table(t);
}

/* ---- against a model: one entry a path ---- */

#define PATHS 60

struct model {
	bool there[PATHS];
	uint16_t len[PATHS];
	uint32_t seed[PATHS];
	struct dice d;
};

static void
one_operation(struct table *t, struct model *m, uint32_t turn)
{
	unsigned i = roll_below(&m->d, PATHS);
	struct path p;

	make_path(&p, i, (uint16_t)(5 + i * 3));
	if (roll_below(&m->d, 4) == 0) {
		assert_int_equal(m->there[i], find(t, &p) != DP_NONE);
		if (m->there[i])
			assert_true(dp_store_del(t->store, find(t, &p)));
		m->there[i] = false;
		return;
	}
	m->len[i] =
		(uint16_t)roll_below(&m->d, roll_below(&m->d, 2) ? 60 : DP_VALUE_MAX + 1);
	m->seed[i] = turn;
	assert_int_equal(put_for(t, &p, i % DEVICES, m->len[i], turn),
		m->there[i] ? DP_STORE_CHANGED : DP_STORE_CREATED);
	m->there[i] = true;
}

/* All values, and each listed once, by its device. */
static void
compare(const struct table *t, const struct model *m)
{
	unsigned count = 0, listed = 0;
	struct path p;

	for (unsigned i = 0; i < PATHS; i++) {
		make_path(&p, i, (uint16_t)(5 + i * 3));
		count += m->there[i];
		if (m->there[i])
			assert_value(t, &p, m->len[i], m->seed[i]);
		else
			assert_absent(t, &p);
	}
	for (uint32_t device = 0; device < DEVICES; device++)
		for (uint32_t slot = dp_store_first(t->store, device); slot != DP_NONE;
			slot = dp_store_next(t->store, slot))
			listed++;
	assert_int_equal(listed, count);
	assert_int_equal(dp_store_count(t->store), count);
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, PATHS * 12);
	struct model m = {.d.state = 23};

	(void)state;
	for (uint32_t turn = 0; turn < 6000; turn++) {
		one_operation(t, &m, turn);
		if (turn % 20 == 0)
			compare(t, &m);
	}
	compare(t, &m);
	free_table(t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_by_device),
		cmocka_unit_test(owns_so_many),
		cmocka_unit_test(disowned_and_taken_up_again),
		cmocka_unit_test(orphans_in_a_chain_of_another),
		cmocka_unit_test(without_an_owner),
		cmocka_unit_test(as_the_model_says),
	};

	return cmocka_run_group_tests_name("store_owners", tests, NULL, NULL);
}
