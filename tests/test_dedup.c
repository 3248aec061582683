#include "dataplane/dedup.h"

#include "tests/tables.h"

#define CON_S 247
#define NON_S 145
#define BLOCKS 400

static struct dp_dedup_pool *
new_pool(uint32_t blocks)
{
	struct dp_dedup_pool *p =
		new_block(sizeof(*p) + blocks * sizeof(struct dp_dedup_block));

	p->blocks = blocks;
	p->con_lifetime = CON_S;
	p->non_lifetime = NON_S;
	return p;
}

static unsigned
add(struct dp_dedup_pool *p, uint32_t *chain, uint16_t mid, bool con, uint16_t now)
{
	const struct dp_heard h = {.mid = mid, .when = now, .code = 68, .con = con};

	return dp_dedup_add(p, chain, &h, now);
}

static bool
has(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now)
{
	struct dp_heard h;

	return dp_dedup_find(p, chain, mid, now, &h);
}

static const struct row {
	const char *name;
	bool con;
	uint16_t heard, now;
	bool lives;
} rows[] = {
	{"CON at once", true, 1000, 1000, true},
	{"CON in its last second", true, 1000, 1000 + CON_S - 1, true},
	{"CON after its lifetime", true, 1000, 1000 + CON_S, false},
	{"NON in its last second", false, 1000, 1000 + NON_S - 1, true},
	{"NON after its lifetime", false, 1000, 1000 + NON_S, false},
	{"over the wrap of the seconds", true, 65500, 100, true},
	{"dead over the wrap", true, 65500, (uint16_t)(65500 + CON_S), false},
};

static void
lives_as_long(void **state)
{
	const struct row *r = *state;
	struct dp_dedup_pool *p = new_pool(4);
	uint32_t chain = 0;
	struct dp_heard h;

	assert_int_equal(add(p, &chain, 77, r->con, r->heard), 0);
	assert_int_equal(dp_dedup_find(p, chain, 77, r->now, &h), r->lives);
	assert_int_equal(dp_dedup_count(p, chain, r->now), r->lives);
	if (r->lives) {
		assert_int_equal(h.mid, 77);
		assert_int_equal(h.when, r->heard);
		assert_int_equal(h.code, 68);
		assert_int_equal(h.con, r->con);
	}
	dp_dedup_trim(p, &chain, r->now);
	assert_int_equal(p->used, r->lives);
	free(p);
}

static void
neighbours_are_other_ids(void **state)
{
	struct dp_dedup_pool *p = new_pool(4);
	uint32_t chain = 0;

	(void)state;
	add(p, &chain, 16, true, 0);
	assert_false(has(p, chain, 15, 0));
	assert_false(has(p, chain, 17, 0));
	assert_false(has(p, chain, 32, 0));
	assert_false(has(p, chain, 16 + 256, 0));
	free(p);
}

static void
removed(void **state)
{
	struct dp_dedup_pool *p = new_pool(4);
	uint32_t chain = 0;

	(void)state;
	add(p, &chain, 16, true, 0);
	add(p, &chain, 17, true, 0);
	dp_dedup_remove(p, chain, 16, 0);
	dp_dedup_remove(p, chain, 18, 0); /* not there */
	assert_false(has(p, chain, 16, 0));
	assert_true(has(p, chain, 17, 0));
	free(p);
}

/* What one run holds together differs in none of these. */
static void
kinds_do_not_mix(void **state)
{
	static const struct dp_heard heard[] = {
		{.mid = 32, .when = 10, .code = 68, .con = true},
		{.mid = 33, .when = 10, .code = 65, .con = true},
		{.mid = 34, .when = 10, .code = 68, .con = false},
		{.mid = 35, .when = 40, .code = 68, .con = true},
	};
	struct dp_dedup_pool *p = new_pool(4);
	uint32_t chain = 0;
	struct dp_heard h;

	(void)state;
	for (unsigned i = 0; i < COUNT(heard); i++)
		assert_int_equal(dp_dedup_add(p, &chain, &heard[i], heard[i].when), 0);
	for (unsigned i = 0; i < COUNT(heard); i++) {
		assert_true(dp_dedup_find(p, chain, heard[i].mid, 40, &h));
		assert_int_equal(h.when, heard[i].when);
		assert_int_equal(h.code, heard[i].code);
		assert_int_equal(h.con, heard[i].con);
	}
	free(p);
}

/* One a second, counted up, for an hour: what it takes stays small. */
static void
steady_device_needs_five_blocks(void **state)
{
	struct dp_dedup_pool *p = new_pool(BLOCKS);
	uint32_t chain = 0, most = 0;

	(void)state;
	for (uint16_t s = 0; s < 3600; s++) {
		assert_int_equal(add(p, &chain, s, true, s), 0);
		if (s % 30 == 0)
			dp_dedup_trim(p, &chain, s);
		most = p->used > most ? p->used : most;
	}
	assert_in_range(most, 1, 9); /* five, and what is not swept yet */
	dp_dedup_trim(p, &chain, 3599);
	assert_in_range(p->used, 1, 9);
	free(p);
}

/* As many Message IDs as one peer may have, however they are spread; one more forgets. */
static void
bounded_per_peer(void **state)
{
	static const uint16_t strides[] = {1, 16, 17, 64 * 3 + 1};

	(void)state;
	for (unsigned k = 0; k < COUNT(strides); k++) {
		struct dp_dedup_pool *p = new_pool(BLOCKS);
		uint32_t chain = 0;
		unsigned lost = 0;

		for (uint16_t i = 0; i < DP_DEDUP_MAX; i++)
			assert_int_equal(
				add(p, &chain, (uint16_t)(i * strides[k]), true, 100), 0);
		for (uint16_t i = 0; i < DP_DEDUP_MAX; i++)
			assert_true(has(p, chain, (uint16_t)(i * strides[k]), 100));
		for (uint16_t i = 0; i < 200; i++)
			lost += add(p, &chain,
				(uint16_t)((DP_DEDUP_MAX + i) * strides[k]), true, 100);
		assert_int_equal(
			dp_dedup_count(p, chain, 100), DP_DEDUP_MAX + 200 - lost);
		assert_in_range(dp_dedup_count(p, chain, 100), 1, DP_DEDUP_MAX + 63);
		assert_false(has(p, chain, 0, 100)); /* the oldest went */
		assert_int_equal(
			dp_dedup_free(p, &chain, 100), DP_DEDUP_MAX + 200 - lost);
		assert_int_equal(p->used, 0);
		free(p);
	}
}

static void
empty_pool(void **state)
{
	struct dp_dedup_pool *p = new_pool(2);
	uint32_t chain = 0, other = 0;

	(void)state;
	for (uint16_t i = 0; i < 8; i++)
		assert_int_equal(add(p, &chain, (uint16_t)(i * 16), true, 5), 0);
	assert_int_equal(add(p, &other, 1, true, 5), 1);
	assert_int_equal(other, 0);
	assert_int_equal(dp_dedup_free(p, &chain, 5), 8);
	assert_int_equal(add(p, &other, 1, true, 5), 0);
	free(p);
}

/* Without another block a run makes room for the next: what was said last is known. */
static void
empty_pool_keeps_the_newest(void **state)
{
	struct dp_dedup_pool *p = new_pool(2);
	uint32_t chain = 0;
	unsigned lost = 0;

	(void)state;
	for (uint16_t mid = 0; mid < 128; mid++)
		assert_int_equal(add(p, &chain, mid, true, mid / 16), 0);
	for (uint16_t mid = 128; mid < 1000; mid++) {
		lost += add(p, &chain, mid, true, mid / 16);
		for (uint16_t k = 0; k <= 48; k++)
			assert_true(has(p, chain, (uint16_t)(mid - k), mid / 16));
		assert_false(has(p, chain, (uint16_t)(mid + 1), mid / 16));
	}
	for (uint16_t mid = 0; mid < 64; mid++) /* in the older block */
		assert_true(has(p, chain, mid, 62));
	assert_int_equal(lost, 1000 - dp_dedup_count(p, chain, 62));
	assert_int_equal(p->used, 2);
	free(p);
}

/* A device counts up over the wrap and comes to Message IDs that it used just before. */
static void
counts_up_into_old_ones(void **state)
{
	struct dp_dedup_pool *p = new_pool(BLOCKS);
	uint32_t chain = 0;

	(void)state;
	for (uint16_t mid = 100; mid < 133; mid += 4)
		assert_int_equal(add(p, &chain, mid, true, 0), 0);
	for (uint16_t mid = 65000; mid != 300; mid++) {
		bool old = mid >= 100 && mid < 133 && mid % 4 == 0;

		assert_int_equal(has(p, chain, mid, 1), old);
		if (!old)
			assert_int_equal(add(p, &chain, mid, true, 1), 0);
	}
	for (uint16_t mid = 65000; mid != 300; mid++)
		assert_true(has(p, chain, mid, 1));
	free(p);
}

/* What was clear when a later one was looked up is so no more once it is added itself. */
static void
added_out_of_order(void **state)
{
	static const uint16_t order[] = {500, 510, 505, 501, 65535, 0, 504, 502, 511};
	struct dp_dedup_pool *p = new_pool(BLOCKS);
	uint32_t chain = 0;

	(void)state;
	add(p, &chain, 400, true, 0);
	for (unsigned i = 0; i < COUNT(order); i++) {
		assert_false(has(p, chain, order[i], 0));
		assert_int_equal(add(p, &chain, order[i], true, 0), 0);
		for (unsigned k = 0; k <= i; k++)
			assert_true(has(p, chain, order[k], 0));
	}
	free(p);
}

/* ---- against a model: one entry a Message ID ---- */

#define IDS 512

struct model {
	struct dp_heard of[IDS];
	bool there[IDS];
	struct dice d;
};

static bool
model_lives(const struct model *m, uint16_t mid, uint16_t now)
{
	return m->there[mid]
	       && (uint16_t)(now - m->of[mid].when) < (m->of[mid].con ? CON_S : NON_S);
}

static void
compare(struct dp_dedup_pool *p, uint32_t chain, const struct model *m, uint16_t now)
{
	unsigned live = 0;

	for (uint16_t mid = 0; mid < IDS; mid++) {
		struct dp_heard h;
		bool lives = model_lives(m, mid, now);

		live += lives;
		assert_int_equal(dp_dedup_find(p, chain, mid, now, &h), lives);
		if (!lives)
			continue;
		assert_int_equal(h.when, m->of[mid].when);
		assert_int_equal(h.code, m->of[mid].code);
		assert_int_equal(h.con, m->of[mid].con);
	}
	assert_int_equal(dp_dedup_count(p, chain, now), live);
}

/* Heard anew: as a peer does it, the old entry is taken out first. */
static void
hear(struct dp_dedup_pool *p, uint32_t *chain, struct model *m, uint16_t now)
{
	uint16_t mid = (uint16_t)roll_below(&m->d, IDS);
	struct dp_heard h = {
		.mid = mid,
		.when = now,
		.code = roll_below(&m->d, 2) ? 68 : 65,
		.con = roll_below(&m->d, 2),
	};

	dp_dedup_remove(p, *chain, mid, now);
	assert_int_equal(dp_dedup_add(p, chain, &h, now), 0);
	m->of[mid] = h;
	m->there[mid] = true;
}

static void
as_the_model_says(void **state)
{
	struct dp_dedup_pool *p = new_pool(BLOCKS);
	struct model m = {.d.state = 5};
	uint16_t now = 65000; /* the seconds wrap on the way */
	uint32_t chain = 0;

	(void)state;
	for (unsigned turn = 0; turn < 3000; turn++) {
		unsigned n = roll_below(&m.d, 6);

		while (n-- > 0)
			hear(p, &chain, &m, now);
		if (roll_below(&m.d, 4) == 0) {
			uint16_t mid = (uint16_t)roll_below(&m.d, IDS);

			dp_dedup_remove(p, chain, mid, now);
			m.there[mid] = false;
		}
		compare(p, chain, &m, now);
		now = (uint16_t)(now + roll_below(&m.d, 3));
		if (turn % 50 == 0)
			dp_dedup_trim(p, &chain, now);
	}
	dp_dedup_free(p, &chain, now);
	assert_int_equal(p->used, 0);
	free(p);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 10] = {
		cmocka_unit_test(neighbours_are_other_ids),
		cmocka_unit_test(removed),
		cmocka_unit_test(kinds_do_not_mix),
		cmocka_unit_test(steady_device_needs_five_blocks),
		cmocka_unit_test(bounded_per_peer),
		cmocka_unit_test(empty_pool),
		cmocka_unit_test(empty_pool_keeps_the_newest),
		cmocka_unit_test(counts_up_into_old_ones),
		cmocka_unit_test(added_out_of_order),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 10;

	ADD_ROWS(tests, &n, rows, lives_as_long);
	return cmocka_run_group_tests_name("dedup", tests, NULL, NULL);
}
