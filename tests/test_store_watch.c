/* The store's references, and what it tells of values that are watched. */
#include "dataplane/store.h"

#include "tests/tables.h"

#define MAX (2 * DP_STORE_NEWS)
#define GENERATIONS 64

static struct dp_store *
new_store(void)
{
	const struct dp_store_config cfg = {
		.max = MAX, .devices = 8, .chunks = 8, .hash_key = {1, 2, 3}};

	return dp_store_init(new_block(dp_store_size(&cfg)), &cfg);
}

/* Path number @n holds nothing but its number. */
static struct dp_path
path_of(uint16_t *bytes, uint8_t n)
{
	*bytes = (uint16_t)(1 | n << 8);
	return (struct dp_path){.bytes = (const uint8_t *)bytes, .len = 2};
}

static uint32_t
find(const struct dp_store *t, uint8_t n)
{
	uint16_t bytes;
	struct dp_path p = path_of(&bytes, n);

	return dp_store_find(t, &p, dp_store_hash(t, &p), DP_NONE);
}

/* Write value @n; a reference to it. */
static uint32_t
put(struct dp_store *t, uint8_t n, uint8_t payload)
{
	uint16_t bytes;
	struct dp_path p = path_of(&bytes, n);
	uint32_t slot;

	assert_int_not_equal(dp_store_put(t, &p, dp_store_hash(t, &p), find(t, n),
				     DP_NONE, 0, &payload, 1, 1, &slot),
		DP_STORE_FULL);
	return dp_store_ref(t, slot);
}

static bool
leads_to(const struct dp_store *t, uint32_t ref, uint8_t n, uint8_t payload)
{
	uint8_t path[DP_PATH_MAX];
	struct dp_value v;
	uint16_t len;

	return dp_store_read_ref(t, ref, path, &len, &v) && v.ref == ref && len == 2
	       && path[1] == n && v.len == 1 && v.payload[0] == payload;
}

static void
assert_news(struct dp_store *t, const uint32_t *refs, unsigned n)
{
	uint32_t got[DP_STORE_NEWS + 1];

	assert_int_equal(dp_store_news(t, got, COUNT(got)), n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(got[i], refs[n - 1 - i]);
}

static void
a_reference_outlives_changes(void **state)
{
	struct dp_store *t = new_store();
	uint32_t ref = put(t, 1, 'a');

	(void)state;
	assert_true(leads_to(t, ref, 1, 'a'));
	assert_int_equal(put(t, 1, 'b'), ref);
	assert_true(leads_to(t, ref, 1, 'b'));
	assert_false(leads_to(t, DP_NONE, 1, 'b'));
	free(t);
}

/* Another value takes the slot of one that was deleted, again and again. */
static void
a_reference_dies_with_its_value(void **state)
{
	struct dp_store *t = new_store();
	uint32_t ref = put(t, 1, 'a');

	(void)state;
	for (unsigned i = 0; i < GENERATIONS - 1; i++) {
		dp_store_del(t, find(t, (uint8_t)(1 + i % 2)));
		assert_false(leads_to(t, ref, 1, 'a'));
		assert_int_not_equal(put(t, (uint8_t)(2 - i % 2), 'a'), ref);
		assert_false(leads_to(t, ref, 1, 'a'));
	}
	free(t);
}

static void
told_once_until_asked(void **state)
{
	struct dp_store *t = new_store();
	uint32_t ref = put(t, 1, 'a');

	(void)state;
	dp_store_watch(t, ref, true);
	assert_news(t, NULL, 0);
	put(t, 1, 'b');
	put(t, 1, 'c');
	assert_news(t, &ref, 1);
	assert_news(t, NULL, 0);
	put(t, 1, 'd');
	assert_news(t, &ref, 1);
	free(t);
}

static void
only_of_the_watched(void **state)
{
	struct dp_store *t = new_store();
	uint32_t ref = put(t, 1, 'a');

	(void)state;
	put(t, 2, 'a');
	dp_store_watch(t, ref, true);
	put(t, 2, 'b');
	assert_news(t, NULL, 0);
	dp_store_watch(t, ref, false);
	put(t, 1, 'b');
	assert_news(t, NULL, 0);
	free(t);
}

static void
told_when_deleted(void **state)
{
	struct dp_store *t = new_store();
	uint32_t ref = put(t, 1, 'a');

	(void)state;
	dp_store_watch(t, ref, true);
	dp_store_del(t, find(t, 1));
	assert_int_not_equal(put(t, 1, 'b'), ref); /* nobody watches this one */
	assert_news(t, &ref, 1);
	put(t, 1, 'c');
	assert_news(t, NULL, 0);
	dp_store_watch(t, ref, true); /* it is gone: no effect on the other */
	put(t, 1, 'd');
	assert_news(t, NULL, 0);
	free(t);
}

static void
too_much_news_is_lost_but_known(void **state)
{
	struct dp_store *t = new_store();
	uint32_t got[MAX];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		dp_store_watch(t, put(t, (uint8_t)i, 'a'), true);
	for (unsigned i = 0; i < 256; i++)
		put(t, (uint8_t)i, 'b');
	assert_false(dp_store_news_lost(t));
	dp_store_del(t, find(t, 0)); /* told already */
	assert_false(dp_store_news_lost(t));
	dp_store_watch(t, put(t, 0, 'c'), true);
	put(t, 0, 'd');
	assert_true(dp_store_news_lost(t));
	assert_false(dp_store_news_lost(t));
	while (n < 250)
		n += dp_store_news(t, got, 10);
	assert_int_equal(dp_store_news(t, got, 10), 6);
	put(t, 0, 'e');
	assert_int_equal(dp_store_news(t, got, 10), 1);
	free(t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_outlives_changes),
		cmocka_unit_test(a_reference_dies_with_its_value),
		cmocka_unit_test(told_once_until_asked),
		cmocka_unit_test(only_of_the_watched),
		cmocka_unit_test(told_when_deleted),
		cmocka_unit_test(too_much_news_is_lost_but_known),
	};

	return cmocka_run_group_tests_name("store_watch", tests, NULL, NULL);
}
