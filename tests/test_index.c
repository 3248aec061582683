#include "dataplane/index.h"

#include "tests/tables.h"

#define SLOTS 1000

static struct dp_bucket *
new_index(uint32_t *buckets)
{
	*buckets = dp_index_buckets(SLOTS);
	return new_block(*buckets * sizeof(struct dp_bucket));
}

/* Is @slot among the candidates of @hash? */
static bool
leads_to(const struct dp_bucket *b, uint32_t buckets, uint64_t hash, uint32_t slot)
{
	struct dp_index_cursor c = {0};
	uint32_t found;

	while ((found = dp_index_next(b, buckets, hash, &c)) != DP_INDEX_NONE)
		if (found == slot)
			return true;
	return false;
}

static void
empty(void **state)
{
	struct dp_index_cursor c = {0};
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	assert_int_equal(dp_index_next(b, buckets, 0, &c), DP_INDEX_NONE);
	free(b);
}

static void
slot_zero_is_a_slot(void **state)
{
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	assert_true(dp_index_put(b, buckets, 7, 0));
	assert_true(leads_to(b, buckets, 7, 0));
	dp_index_del(b, buckets, 7, 0);
	assert_false(leads_to(b, buckets, 7, 0));
	free(b);
}

/* Two keys with one hash: both are candidates, and each goes alone. */
static void
equal_hashes(void **state)
{
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	assert_true(dp_index_put(b, buckets, 7, 1));
	assert_true(dp_index_put(b, buckets, 7, 2));
	assert_true(leads_to(b, buckets, 7, 1));
	assert_true(leads_to(b, buckets, 7, 2));
	dp_index_del(b, buckets, 7, 1);
	assert_false(leads_to(b, buckets, 7, 1));
	assert_true(leads_to(b, buckets, 7, 2));
	free(b);
}

static void
deleting_what_is_not_there(void **state)
{
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	assert_true(dp_index_put(b, buckets, 7, 1));
	dp_index_del(b, buckets, 7, 2);
	dp_index_del(b, buckets, 8, 1);
	assert_true(leads_to(b, buckets, 7, 1));
	free(b);
}

/* One home only: entries stand up to DP_INDEX_PROBES buckets on, and the next is refused.
 */
static void
full_in_reach(void **state)
{
	const uint32_t most = DP_INDEX_PROBES * DP_INDEX_WAYS;
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets), *before;
	uint64_t last_home = UINT64_MAX; /* whose probes end with the array */

	(void)state;
	for (uint32_t i = 0; i < most; i++)
		assert_true(dp_index_put(b, buckets, last_home, i));
	before = (struct dp_bucket *)exact_copy(b, buckets * sizeof(*b));
	assert_false(dp_index_put(b, buckets, last_home, most));
	assert_memory_equal(b, before, buckets * sizeof(*b)); /* nothing changed */
	for (uint32_t i = 0; i < most; i++)
		assert_true(leads_to(b, buckets, last_home, i));
	dp_index_del(b, buckets, last_home, 0);
	assert_true(
		leads_to(b, buckets, last_home, most - 1)); /* though its home has room */
	assert_true(dp_index_put(b, buckets, last_home, most));
	free(before);
	free(b);
}

/* The walk ends at once where nothing passed: also after those that did are gone. */
static void
passing_is_forgotten(void **state)
{
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	for (uint32_t i = 0; i < 3 * DP_INDEX_WAYS; i++)
		assert_true(dp_index_put(b, buckets, i, i)); /* one home, many tags */
	assert_int_equal(b[dp_index_home(buckets, 0)].passed, 2 * DP_INDEX_WAYS);
	for (uint32_t i = 0; i < 3 * DP_INDEX_WAYS; i++)
		dp_index_del(b, buckets, i, i);
	for (uint32_t i = 0; i < buckets; i++)
		assert_int_equal(b[i].passed, 0);
	free(b);
}

/* Whatever bucket it stands in; a tag that is not there leads nowhere. */
static void
first_of_a_hash(void **state)
{
	const uint32_t most = DP_INDEX_PROBES * DP_INDEX_WAYS;
	uint32_t buckets;
	struct dp_bucket *b = new_index(&buckets);
	uint64_t home = (uint64_t)UINT32_MAX << 32; /* whose probes end with the array */

	(void)state;
	for (uint32_t i = 0; i < most; i++) {
		assert_int_equal(
			dp_index_first(b, buckets, home | (i + 1)), DP_INDEX_NONE);
		assert_true(dp_index_put(b, buckets, home | (i + 1), i));
	}
	for (uint32_t i = 0; i < most; i++)
		assert_int_equal(dp_index_first(b, buckets, home | (i + 1)), i);
	assert_int_equal(dp_index_first(b, buckets, home | (most + 1)), DP_INDEX_NONE);
	dp_index_del(b, buckets, home | most, most - 1);
	assert_int_equal(dp_index_first(b, buckets, home | most), DP_INDEX_NONE);
	free(b);
}

/* Random puts and deletes at full load against an array; few tags, so that they collide.
 */
static void
as_the_model_says(void **state)
{
	uint64_t hash[SLOTS] = {0};
	bool there[SLOTS] = {false};
	struct dice d = {.state = 1};
	uint32_t buckets, refused = 0;
	struct dp_bucket *b = new_index(&buckets);

	(void)state;
	for (unsigned turn = 0; turn < 50000; turn++) {
		uint32_t slot = roll_below(&d, SLOTS);

		if (there[slot]) {
			dp_index_del(b, buckets, hash[slot], slot);
			there[slot] = false;
		} else {
			hash[slot] = (roll(&d) & 0xffffffff00000003) | 1;
			there[slot] = dp_index_put(b, buckets, hash[slot], slot);
			refused += !there[slot];
		}
		if (turn % 100 == 0)
			for (uint32_t i = 0; i < SLOTS; i++)
				assert_int_equal(
					leads_to(b, buckets, hash[i], i), there[i]);
	}
	assert_int_equal(refused, 0); /* at this load there is always room in reach */
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(slot_zero_is_a_slot),
		cmocka_unit_test(equal_hashes),
		cmocka_unit_test(deleting_what_is_not_there),
		cmocka_unit_test(full_in_reach),
		cmocka_unit_test(passing_is_forgotten),
		cmocka_unit_test(first_of_a_hash),
		cmocka_unit_test(as_the_model_says),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
