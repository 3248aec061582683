#include "dataplane/replies.h"

#include "tests/tables.h"

#define ENTRIES 8
#define LONGEST DP_REPLY_MAX
#define NOW 1000
#define LIFE 247

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct pool {
	struct dp_replies *replies;
	struct dp_counters counters;
};

static struct pool *
new_pool(uint32_t entries)
{
	struct pool *p = new_block(sizeof(*p));

	p->replies =
		dp_replies_init(new_block(dp_replies_size(entries)), entries, hash_key);
	assert_non_null(p->replies);
	return p;
}

static void
free_pool(struct pool *p)
{
	free(p->replies);
	free(p);
}

/* Its bytes say whose reply it is. */
static bool
put(struct pool *p, uint32_t peer, uint16_t mid, bool owed, uint16_t len, uint32_t now)
{
	uint8_t *bytes = malloc(len + 1u);
	bool ok;

	assert_non_null(bytes);
	memset(bytes, (int)(peer * 16 + mid), len);
	ok = dp_replies_put(
		p->replies, peer, mid, owed, bytes, len, now, LIFE, &p->counters);
	free(bytes);
	return ok;
}

static bool
has(const struct pool *p, uint32_t peer, uint16_t mid, uint32_t now, uint16_t len)
{
	uint16_t got_len = 0xeeee;
	const uint8_t *bytes = dp_replies_find(p->replies, peer, mid, now, &got_len);

	if (bytes == NULL)
		return false;
	assert_int_equal(got_len, len);
	for (uint16_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], (uint8_t)(peer * 16 + mid));
	return true;
}

static const struct row {
	const char *name;
	uint32_t peer;
	uint16_t mid;
	uint32_t now;
	bool there;
} rows[] = {
	{"at once", 1, 2, NOW, true},
	{"in its last second", 1, 2, NOW + LIFE - 1, true},
	{"after its lifetime", 1, 2, NOW + LIFE, false},
	{"another peer", 2, 2, NOW, false},
	{"another Message ID", 1, 3, NOW, false},
	{"peer and Message ID swapped", 2, 1, NOW, false},
};

static void
found(void **state)
{
	const struct row *r = *state;
	struct pool *p = new_pool(ENTRIES);

	assert_true(put(p, 1, 2, false, 30, NOW));
	assert_int_equal(has(p, r->peer, r->mid, r->now, 30), r->there);
	free_pool(p);
}

static const struct size_row {
	const char *name;
	uint16_t len;
	bool fits;
} size_rows[] = {
	{"empty", 0, true},
	{"longest", LONGEST, true},
	{"one byte too long", LONGEST + 1, false},
};

static void
kept_whole(void **state)
{
	const struct size_row *r = *state;
	struct pool *p = new_pool(ENTRIES);

	assert_int_equal(put(p, 1, 2, false, r->len, NOW), r->fits);
	assert_int_equal(has(p, 1, 2, NOW, r->len), r->fits);
	assert_int_equal(dp_replies_count(p->replies), r->fits);
	free_pool(p);
}

static void
replaced(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	assert_true(put(p, 1, 2, false, 30, NOW));
	assert_true(put(p, 1, 2, false, 40, NOW + 100));
	assert_true(has(p, 1, 2, NOW + 100 + LIFE - 1, 40));
	assert_int_equal(dp_replies_count(p->replies), 1);
	free_pool(p);
}

static void
one_peers_are_forgotten(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	assert_true(put(p, 1, 2, false, 30, NOW));
	assert_true(put(p, 2, 2, false, 30, NOW));
	assert_true(put(p, 1, 3, false, 30, NOW));
	dp_replies_forget(p->replies, 1);
	assert_false(has(p, 1, 2, NOW, 30));
	assert_false(has(p, 1, 3, NOW, 30));
	assert_true(has(p, 2, 2, NOW, 30));
	assert_int_equal(dp_replies_count(p->replies), 1);
	free_pool(p);
}

static void
one_is_forgotten(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	assert_true(put(p, 1, 2, false, 30, NOW));
	assert_true(put(p, 1, 3, false, 30, NOW));
	dp_replies_del(p->replies, 1, 2);
	assert_false(has(p, 1, 2, NOW, 30));
	assert_true(has(p, 1, 3, NOW, 30));
	dp_replies_del(p->replies, 1, 2);
	assert_int_equal(dp_replies_count(p->replies), 1);
	free_pool(p);
}

/* Full: the oldest goes, but nothing that is owed. */
static void
what_is_owed_stays(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	for (uint16_t mid = 0; mid < ENTRIES; mid++)
		assert_true(put(p, 1, mid, mid == 0 || mid == 2, 30, NOW + mid));
	for (unsigned k = 0; k < 4; k++) {
		static const uint16_t goes[] = {1, 3, 4, 5};

		assert_true(has(p, 1, goes[k], NOW + 20, 30));
		assert_true(put(p, 2, (uint16_t)k, k == 0, 30, NOW + 20));
		assert_false(has(p, 1, goes[k], NOW + 20, 30));
		assert_int_equal(
			dp_counter_get(&p->counters, DP_C_replies_evicted), k + 1);
		assert_int_equal(dp_replies_count(p->replies), ENTRIES);
	}
	assert_true(has(p, 1, 0, NOW + 20, 30));
	assert_true(has(p, 1, 2, NOW + 20, 30));
	assert_true(has(p, 2, 0, NOW + 20, 30));
	free_pool(p);
}

/* All of them are: there is no room until one has been acknowledged. */
static void
no_room_beside_what_is_owed(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	for (uint16_t mid = 0; mid < ENTRIES; mid++)
		assert_true(put(p, 1, mid, true, 30, NOW));
	assert_false(put(p, 2, 0, false, 30, NOW + 1));
	assert_false(put(p, 2, 0, true, 30, NOW + 1));
	assert_int_equal(dp_replies_count(p->replies), ENTRIES);
	for (uint16_t mid = 0; mid < ENTRIES; mid++)
		assert_true(has(p, 1, mid, NOW + 1, 30));
	dp_replies_del(p->replies, 1, 3);
	assert_true(put(p, 2, 0, false, 30, NOW + 1));
	assert_true(put(p, 2, 1, true, 30, NOW + 1));
	assert_false(has(p, 2, 0, NOW + 1, 30));
	assert_int_equal(dp_counter_get(&p->counters, DP_C_replies_evicted), 1);
	free_pool(p);
}

/* What has expired makes room first, and is not counted as lost. */
static void
the_expired_go_before_the_living(void **state)
{
	struct pool *p = new_pool(ENTRIES);
	uint32_t later = NOW + LIFE;

	(void)state;
	assert_true(put(p, 1, 0, false, 30, NOW));
	assert_true(put(p, 1, 1, false, 30, NOW));
	for (uint16_t mid = 2; mid < ENTRIES; mid++)
		assert_true(put(p, 1, mid, false, 30, NOW + 100));
	assert_true(put(p, 2, 0, false, 30, later));
	assert_true(put(p, 2, 1, false, 30, later));
	assert_int_equal(dp_counter_get(&p->counters, DP_C_replies_evicted), 0);
	for (uint16_t mid = 2; mid < ENTRIES; mid++)
		assert_true(has(p, 1, mid, later, 30));
	free_pool(p);
}

static void
lives_on_elsewhere(void **state)
{
	struct pool *p = new_pool(ENTRIES);

	(void)state;
	for (uint16_t mid = 0; mid < ENTRIES; mid++)
		assert_true(put(p, 1, mid, false, 30, NOW + mid));
	p->replies = moved(p->replies, dp_replies_size(ENTRIES));
	assert_int_equal(layout_of(p->replies), 2);
	assert_true(has_key(p->replies, 64, hash_key));
	for (uint16_t mid = 0; mid < ENTRIES; mid++)
		assert_true(has(p, 1, mid, NOW, 30));
	assert_true(put(p, 2, 0, false, 30, NOW));
	assert_false(has(p, 1, 0, NOW, 30));
	free_pool(p);
}

/* ---- against a model: an array in order of age ---- */

#define PEERS 6
#define IDS 10

struct model {
	struct entry {
		bool there;
		uint16_t len;
		uint64_t age_rank;
	} of[PEERS][IDS];
	uint64_t puts;
	struct dice d;
};

static void
drop_oldest(struct model *m)
{
	struct entry *oldest = NULL;

	for (unsigned k = 0; k < PEERS * IDS; k++) {
		struct entry *e = &m->of[k / IDS][k % IDS];

		if (e->there && (oldest == NULL || e->age_rank < oldest->age_rank))
			oldest = e;
	}
	oldest->there = false;
}

static unsigned
model_count(const struct model *m)
{
	unsigned n = 0;

	for (unsigned k = 0; k < PEERS * IDS; k++)
		n += m->of[k / IDS][k % IDS].there;
	return n;
}

static void
as_the_model_says(void **state)
{
	struct pool *p = new_pool(ENTRIES);
	struct model m = {.d.state = 17};

	(void)state;
	for (unsigned turn = 0; turn < 5000; turn++) {
		uint32_t peer = roll_below(&m.d, PEERS);
		uint16_t mid = (uint16_t)roll_below(&m.d, IDS);
		struct entry *e = &m.of[peer][mid];

		if (roll_below(&m.d, 20) == 0) {
			dp_replies_forget(p->replies, peer);
			memset(m.of[peer], 0, sizeof(m.of[peer]));
			continue;
		}
		if (!e->there && model_count(&m) == ENTRIES)
			drop_oldest(&m);
		*e = (struct entry){true, (uint16_t)roll_below(&m.d, LONGEST), m.puts++};
		assert_true(put(p, peer, mid, false, e->len, NOW));
		for (unsigned k = 0; k < PEERS * IDS; k++)
			assert_int_equal(
				has(p, k / IDS, k % IDS, NOW, m.of[k / IDS][k % IDS].len),
				m.of[k / IDS][k % IDS].there);
		assert_int_equal(dp_replies_count(p->replies), model_count(&m));
	}
	free_pool(p);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(size_rows) + 8] = {
		cmocka_unit_test(replaced),
		cmocka_unit_test(one_is_forgotten),
		cmocka_unit_test(one_peers_are_forgotten),
		cmocka_unit_test(what_is_owed_stays),
		cmocka_unit_test(no_room_beside_what_is_owed),
		cmocka_unit_test(the_expired_go_before_the_living),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 8;

	ADD_ROWS(tests, &n, rows, found);
	ADD_ROWS(tests, &n, size_rows, kept_whole);
	return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
