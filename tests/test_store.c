/* Stored values, of every size, and what has no room. */
#include "tests/store_table.h"

/* ---- one value ---- */

static const struct row {
	const char *name;
	uint16_t path_len, len;
} rows[] = {
	{"empty payload", 5, 0},
	{"one byte", 5, 1},
	{"fills the slot", 5, IN_SLOT - 5},
	{"one byte over the slot", 5, IN_SLOT - 4},
	{"long path fills the slot", IN_SLOT, 0},
	{"long path over the slot", IN_SLOT + 1, 0},
	{"fills one chunk", 5, CHUNK - 5},
	{"one byte over a chunk", 5, CHUNK - 4},
	{"path ends with a chunk", CHUNK, 9},
	{"one part", 5, DP_VALUE_MAX},
	{"one byte over a part", 5, DP_VALUE_MAX + 1},
	{"longest payload", 5, DP_BODY_MAX},
	{"longest path", 1024, 1},
	{"longest of both", 1024, DP_BODY_MAX},
};

static void
written_and_read(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p, other;

	make_path(&p, 1, r->path_len);
	make_path(&other, 2, r->path_len);
	assert_absent(t, &p);
	assert_int_equal(put(t, &p, r->len, 3), DP_STORE_CREATED);
	assert_value(t, &p, r->len, 3);
	assert_absent(t, &other);
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

/* Changed from and to every size, on one slot. */
static void
changed(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;
	uint64_t etag;

	make_path(&p, 1, r->path_len);
	assert_int_equal(put(t, &p, r->len, 0), DP_STORE_CREATED);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		etag = dp_store_etag(t->store, find(t, &p));
		assert_int_not_equal(etag, 0);
		assert_int_equal(put(t, &p, rows[i].len, i + 1), DP_STORE_CHANGED);
		assert_value(t, &p, rows[i].len, i + 1);
		assert_int_not_equal(etag, dp_store_etag(t->store, find(t, &p)));
	}
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

static void
deleted(void **state)
{
	const struct row *r = *state;
	struct table *t = new_table(MAX, CHUNKS);
	struct path p, other;
	struct dp_value v;
	uint8_t path[1024];
	uint16_t path_len;
	uint32_t slot;

	make_path(&p, 1, r->path_len);
	make_path(&other, 2, r->path_len);
	assert_int_equal(put(t, &p, r->len, 3), DP_STORE_CREATED);
	assert_int_equal(put(t, &other, 7, 4), DP_STORE_CREATED);
	slot = find(t, &p);
	assert_true(dp_store_del(t->store, slot));
	assert_false(dp_store_del(t->store, slot));
	assert_false(dp_store_info(t->store, slot, path, &path_len, &v));
	assert_absent(t, &p);
	assert_value(t, &other, 7, 4);
	assert_int_equal(dp_store_count(t->store), 1);
	free_table(t);
}

static void
no_value_there(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	uint8_t path[1024];
	struct dp_value v;
	uint16_t len;

	(void)state;
	assert_false(dp_store_info(t->store, 0, path, &len, &v));
	assert_false(dp_store_info(t->store, MAX, path, &len, &v));
	assert_false(dp_store_info(t->store, DP_NONE, path, &len, &v));
	free_table(t);
}

static void
sizes_refused(void **state)
{
	struct dp_store_config cfg = {.max = 63};

	(void)state;
	assert_int_equal(dp_store_size(&cfg), 0);
	assert_null(dp_store_init(NULL, &cfg));
	cfg.max = (1u << 26) + 1;
	assert_int_equal(dp_store_size(&cfg), 0);
}

static void
too_long_is_refused(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	make_path(&p, 1, 5);
	assert_int_equal(put(t, &p, DP_BODY_MAX + 1, 1), DP_STORE_FULL);
	assert_absent(t, &p);
	free_table(t);
}

/* ---- full ---- */

/* Every slot taken: a new value has no room, an old one can still change and make room.
 */
static void
full_of_values(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path p;

	(void)state;
	for (uint32_t i = 0; i < MAX; i++) {
		make_path(&p, i, 5);
		assert_int_equal(put(t, &p, 8, i), DP_STORE_CREATED);
	}
	make_path(&p, MAX, 5);
	for (unsigned i = 0; i < 2 * MAX; i++)
		assert_int_equal(put(t, &p, 8, 1), DP_STORE_FULL);
	assert_absent(t, &p);
	make_path(&p, 7, 5);
	assert_int_equal(put(t, &p, 9, 99), DP_STORE_CHANGED);
	assert_true(dp_store_del(t->store, find(t, &p)));
	make_path(&p, MAX, 5);
	assert_int_equal(put(t, &p, 8, 1), DP_STORE_CREATED);
	for (uint32_t i = 0; i < MAX; i++) {
		make_path(&p, i, 5);
		if (i == 7)
			assert_absent(t, &p);
		else
			assert_value(t, &p, 8, i);
	}
	free_table(t);
}

/* Every chunk taken: what needs one is refused and changes nothing; what needs none goes
 * on. */
static void
full_of_chunks(void **state)
{
	struct table *t = new_table(MAX, 9);
	struct path a, b, c;

	(void)state;
	make_path(&a, 1, 5);
	make_path(&b, 2, 5);
	make_path(&c, 3, 5);
	assert_int_equal(put(t, &a, DP_VALUE_MAX, 1), DP_STORE_CREATED); /* nine chunks */
	for (unsigned i = 0; i < 2 * MAX; i++)
		assert_int_equal(put(t, &b, 100, 2), DP_STORE_FULL);
	assert_absent(t, &b);
	assert_int_equal(dp_store_count(t->store), 1);
	assert_int_equal(put(t, &c, 10, 3), DP_STORE_CREATED);
	assert_int_equal(put(t, &c, 100, 4), DP_STORE_FULL);
	assert_value(t, &c, 10, 3);
	assert_value(t, &a, DP_VALUE_MAX, 1);
	assert_true(dp_store_del(t->store, find(t, &a)));
	assert_int_equal(put(t, &b, DP_VALUE_MAX, 5), DP_STORE_CREATED);
	free_table(t);
}

/* A value that holds enough chunks can always be written anew. */
static void
full_of_chunks_still_changes(void **state)
{
	static const uint16_t lens[] = {DP_VALUE_MAX, 500, DP_VALUE_MAX, 8, DP_VALUE_MAX};
	struct table *t = new_table(MAX, 9);
	struct path p;

	(void)state;
	make_path(&p, 1, 5);
	assert_int_equal(put(t, &p, DP_VALUE_MAX, 1), DP_STORE_CREATED);
	for (unsigned i = 0; i < COUNT(lens); i++) {
		assert_int_equal(put(t, &p, lens[i], i), DP_STORE_CHANGED);
		assert_value(t, &p, lens[i], i);
	}
	free_table(t);
}

/* ---- elsewhere ---- */

static void
lives_on_elsewhere(void **state)
{
	struct table *t = new_table(MAX, CHUNKS);
	struct path a, b, c;

	(void)state;
	make_path(&a, 1, 5);
	make_path(&b, 2, 400);
	make_path(&c, 3, 5);
	assert_int_equal(put_for(t, &a, 0, 10, 1), DP_STORE_CREATED);
	assert_int_equal(put(t, &b, DP_VALUE_MAX, 2), DP_STORE_CREATED);
	t->store = moved(t->store, dp_store_size(&t->cfg));
	assert_int_equal(layout_of(t->store), 2);
	assert_true(has_key(t->store, 64, hash_key));
	assert_value(t, &a, 10, 1);
	assert_value(t, &b, DP_VALUE_MAX, 2);
	assert_list(t, 0, (const uint32_t[]){1}, 1);
	assert_int_equal(put(t, &c, 300, 3), DP_STORE_CREATED);
	assert_value(t, &c, 300, 3);
	assert_int_equal(dp_store_count(t->store), 3);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[3 * COUNT(rows) + 7] = {
		cmocka_unit_test(no_value_there),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(full_of_values),
		cmocka_unit_test(full_of_chunks),
		cmocka_unit_test(full_of_chunks_still_changes),
		cmocka_unit_test(lives_on_elsewhere),
	};
	size_t n = 7;

	ADD_ROWS(tests, &n, rows, written_and_read);
	ADD_ROWS(tests, &n, rows, changed);
	ADD_ROWS(tests, &n, rows, deleted);
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
