/* The table of lists that are observed. */
#include "dataplane/lists.h"
#include "tests/rows.h"

#include <stdlib.h>

#define MAX 4
#define HASH UINT64_C(0x123456789abcdef0)
#define CONTENT 69

static const struct dp_path a = {(const uint8_t *)"\x01"
						  "d\x01"
						  "a",
	4};
static const struct dp_path b = {(const uint8_t *)"\x01"
						  "e\x01"
						  "a",
	4};

static int
make(void **state)
{
	void *block = aligned_alloc(64, (dp_lists_size(MAX) + 63) & ~(size_t)63);

	memset(block, 0, dp_lists_size(MAX));
	*state = dp_lists_init(block, MAX);
	return *state == NULL;
}

static int
unmake(void **state)
{
	free(*state);
	return 0;
}

/* List @p of a device whose name hashes to @hash, at second 10. */
static uint32_t
get(struct dp_lists *t, const struct dp_path *p, uint64_t hash)
{
	return dp_lists_get(t, p, 2, hash, 10);
}

/* Every place has had its turn at second @now_s: was there a list? */
static bool
go_round(struct dp_lists *t, uint32_t now_s)
{
	bool any = false;

	for (unsigned i = 0; i < MAX; i++)
		any |= dp_lists_step(t, now_s) != DP_NONE;
	return any;
}

static void
found_again(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH);
	struct dp_path path;
	uint16_t name_at;

	assert_int_not_equal(ref, DP_NONE);
	assert_int_equal(get(t, &a, HASH), ref);
	assert_int_not_equal(get(t, &b, HASH), ref);
	assert_int_equal(dp_lists_count(t), 2);
	assert_true(dp_lists_path(t, ref, &path, &name_at));
	assert_int_equal(path.len, a.len);
	assert_memory_equal(path.bytes, a.bytes, a.len);
	assert_int_equal(name_at, 2);
}

static void
says_what_it_was_given(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH);
	static struct dp_list l;

	assert_true(dp_lists_set(t, ref, CONTENT, "</d/a/v>", 8, 7));
	assert_false(dp_lists_set(t, ref, CONTENT, "</d/a/v>", 8, 7));
	assert_true(dp_lists_read(t, ref, &l));
	assert_int_equal(l.code, CONTENT);
	assert_int_equal(l.len, 8);
	assert_int_equal(l.n, 8);
	assert_int_equal(l.etag, 7);
	assert_memory_equal(l.text, "</d/a/v>", 8);
	assert_int_equal(l.path_len, a.len);
	assert_memory_equal(l.path, a.bytes, a.len);
	assert_true(dp_lists_set(t, ref, 132, "", 0, 0));
	assert_true(dp_lists_read(t, ref, &l));
	assert_int_equal(l.code, 132);
}

/* Of a long one its first bytes. */
static void
says_the_head_of_a_long_one(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH);
	static struct dp_list l;
	char *text = malloc(DP_VALUE_MAX);

	memset(text, 'x', DP_VALUE_MAX);
	assert_true(dp_lists_set(t, ref, CONTENT, text, 60000, 7));
	free(text);
	assert_true(dp_lists_read(t, ref, &l));
	assert_int_equal(l.len, 60000);
	assert_int_equal(l.n, DP_VALUE_MAX);
	assert_int_equal(l.text[DP_VALUE_MAX - 1], 'x');
}

static void
changes_by_device(void **state)
{
	struct dp_lists *t = *state;
	uint32_t first = get(t, &a, HASH), second = get(t, &b, HASH);

	get(t, &a, HASH + 1);
	assert_false(dp_lists_changed(t, HASH + 2));
	assert_true(dp_lists_changed(t, HASH));
	assert_true(dp_lists_changed(t, HASH)); /* once is enough */
	assert_int_equal(dp_lists_next_changed(t), first);
	assert_int_equal(dp_lists_next_changed(t), second);
	assert_int_equal(dp_lists_next_changed(t), DP_NONE);
	assert_true(dp_lists_changed(t, HASH));
	assert_int_equal(dp_lists_next_changed(t), first);
}

static void
full(void **state)
{
	struct dp_lists *t = *state;

	for (unsigned i = 0; i < MAX; i++)
		assert_int_not_equal(get(t, &a, HASH + i), DP_NONE);
	assert_int_equal(get(t, &a, HASH + MAX), DP_NONE);
	assert_int_equal(dp_lists_count(t), MAX);
}

static void
kept_while_it_is_held(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH);
	static struct dp_list l;

	dp_lists_hold(t, ref, 3);
	dp_lists_hold(t, ref, 5);
	assert_true(dp_lists_is_held(t, ref, 3));
	assert_true(go_round(t, 1000));
	dp_lists_release(t, ref, 3, 1000);
	assert_false(dp_lists_is_held(t, ref, 3));
	assert_true(go_round(t, 2000));
	dp_lists_release(t, ref, 5, 2000);
	assert_true(go_round(t, 2000 + DP_LISTS_KEPT_S - 1));
	assert_false(go_round(t, 2000 + DP_LISTS_KEPT_S));
	assert_int_equal(dp_lists_count(t), 0);
	assert_false(dp_lists_read(t, ref, &l));
}

/* An observer may be on its way to one that nobody has held so far. */
static void
kept_for_who_just_asked(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH);

	dp_lists_get(t, &a, 2, HASH, 20);
	assert_true(go_round(t, 20 + DP_LISTS_KEPT_S - 1));
	assert_int_equal(get(t, &a, HASH), ref);
	assert_false(go_round(t, 20 + DP_LISTS_KEPT_S));
}

static void
kept_while_it_is_queued(void **state)
{
	struct dp_lists *t = *state;

	get(t, &a, HASH);
	dp_lists_changed(t, HASH);
	assert_true(go_round(t, 1000));
	dp_lists_next_changed(t);
	assert_false(go_round(t, 1000));
}

/* A reference to one that has gone does not lead to what has its place. */
static void
gone(void **state)
{
	struct dp_lists *t = *state;
	uint32_t ref = get(t, &a, HASH), other;
	struct dp_path path;
	uint16_t name_at;
	static struct dp_list l;

	go_round(t, 1000);
	assert_false(dp_lists_changed(t, HASH));
	other = get(t, &b, HASH + 1);
	assert_int_not_equal(ref, other);
	dp_lists_hold(t, ref, 0);
	assert_false(dp_lists_is_held(t, other, 0));
	assert_false(dp_lists_set(t, ref, CONTENT, "x", 1, 1));
	assert_false(dp_lists_path(t, ref, &path, &name_at));
	assert_false(dp_lists_read(t, ref, &l));
	assert_true(dp_lists_read(t, other, &l));
	assert_int_equal(l.len, 0);
}

static void
no_such_size(void **state)
{
	(void)state;
	assert_int_equal(dp_lists_size(0), 0);
	assert_int_equal(dp_lists_size(DP_LISTS_MAX + 1), 0);
	assert_int_not_equal(dp_lists_size(DP_LISTS_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_again, make, unmake),
		cmocka_unit_test_setup_teardown(says_what_it_was_given, make, unmake),
		cmocka_unit_test_setup_teardown(
			says_the_head_of_a_long_one, make, unmake),
		cmocka_unit_test_setup_teardown(changes_by_device, make, unmake),
		cmocka_unit_test_setup_teardown(full, make, unmake),
		cmocka_unit_test_setup_teardown(kept_while_it_is_held, make, unmake),
		cmocka_unit_test_setup_teardown(kept_for_who_just_asked, make, unmake),
		cmocka_unit_test_setup_teardown(kept_while_it_is_queued, make, unmake),
		cmocka_unit_test_setup_teardown(gone, make, unmake),
		cmocka_unit_test(no_such_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
