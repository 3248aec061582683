#include "dataplane/wheel.h"

#include "tests/rows.h"

#define TIMERS 100

static struct dp_wheel *
new_wheel(uint32_t timers, uint64_t now)
{
	void *block = malloc(dp_wheel_size(timers));

	assert_non_null(block);
	return dp_wheel_init(block, timers, now);
}

/* One timer: given out at its tick, not one before, and once. */
static const struct row {
	const char *name;
	uint64_t now, when;
} rows[] = {
	{"next tick", 0, 1},
	{"last of the first level", 0, 63},
	{"first of the second level", 0, 64},
	{"second of the second level", 0, 65},
	{"last of the second level", 0, 4095},
	{"first of the third level", 0, 4096},
	{"all digits", 0, 0x0123456789abcdef},
	{"last tick of all", 0, UINT64_MAX},
	{"top digit alone", 0, 1ull << 63},
	{"last tick from the middle", 1ull << 40, UINT64_MAX},
	{"one tick over a boundary", 63, 64},
	{"over a boundary of every level", (1ull << 60) - 1, 1ull << 60},
	{"before a boundary of every level", (1ull << 60) - 2, (1ull << 60) - 1},
	{"from an odd place", 1234567, 1234567 + 300000},
	{"over the 32nd bit", UINT32_MAX, 1ull + UINT32_MAX},
};

static void
due_at_its_tick(void **state)
{
	const struct row *r = *state;
	struct dp_wheel *w = new_wheel(2, r->now);
	uint32_t due[2];

	dp_wheel_add(w, 1, r->when);
	assert_true(dp_wheel_armed(w, 1));
	assert_int_equal(dp_wheel_advance(w, r->when - 1, due, 2), 0);
	assert_true(dp_wheel_armed(w, 1));
	assert_int_equal(dp_wheel_advance(w, r->when, due, 2), 1);
	assert_int_equal(due[0], 1);
	assert_false(dp_wheel_armed(w, 1));
	assert_int_equal(dp_wheel_advance(w, UINT64_MAX, due, 2), 0);
	free(w);
}

/* The same in one step from wherever the wheel stands. */
static void
due_at_once(void **state)
{
	const struct row *r = *state;
	struct dp_wheel *w = new_wheel(1, r->now);
	uint32_t due;

	dp_wheel_add(w, 0, r->when);
	assert_int_equal(dp_wheel_advance(w, UINT64_MAX, &due, 1), 1);
	assert_false(dp_wheel_armed(w, 0));
	free(w);
}

static void
deleted_is_never_due(void **state)
{
	const struct row *r = *state;
	struct dp_wheel *w = new_wheel(1, r->now);
	uint32_t due;

	dp_wheel_add(w, 0, r->when);
	dp_wheel_del(w, 0);
	assert_false(dp_wheel_armed(w, 0));
	assert_int_equal(dp_wheel_advance(w, UINT64_MAX, &due, 1), 0);
	free(w);
}

static void
fresh(void **state)
{
	struct dp_wheel *w = new_wheel(TIMERS, 77);
	uint32_t due;

	(void)state;
	for (uint32_t i = 0; i < TIMERS; i++) {
		assert_false(dp_wheel_armed(w, i));
		dp_wheel_del(w, i);
	}
	assert_int_equal(dp_wheel_advance(w, UINT64_MAX, &due, 1), 0);
	free(w);
}

static void
past_is_due_at_the_next_advance(void **state)
{
	struct dp_wheel *w = new_wheel(3, 1000);
	uint32_t due[3];

	(void)state;
	dp_wheel_add(w, 0, 1000);
	dp_wheel_add(w, 1, 0);
	dp_wheel_add(w, 2, 1001);
	assert_int_equal(dp_wheel_advance(w, 1000, due, 3), 2);
	assert_int_equal(due[0] + due[1], 1);
	free(w);
}

static void
time_going_back_changes_nothing(void **state)
{
	struct dp_wheel *w = new_wheel(1, 1000);
	uint32_t due;

	(void)state;
	dp_wheel_add(w, 0, 1001);
	assert_int_equal(dp_wheel_advance(w, 10, &due, 1), 0);
	assert_int_equal(dp_wheel_advance(w, 1000, &due, 1), 0);
	assert_int_equal(dp_wheel_advance(w, 1001, &due, 1), 1);
	free(w);
}

static void
rearming_forgets_the_old_tick(void **state)
{
	struct dp_wheel *w = new_wheel(1, 0);
	uint32_t due;

	(void)state;
	dp_wheel_add(w, 0, 10);
	dp_wheel_add(w, 0, 500);
	assert_int_equal(dp_wheel_advance(w, 499, &due, 1), 0);
	dp_wheel_add(w, 0, 501);
	assert_int_equal(dp_wheel_advance(w, 500, &due, 1), 0);
	assert_int_equal(dp_wheel_advance(w, 501, &due, 1), 1);
	free(w);
}

/* What is due but did not fit can still be disarmed, and moved. */
static void
a_cut_advance_goes_on(void **state)
{
	struct dp_wheel *w = new_wheel(5, 0);
	uint32_t due[5];

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		dp_wheel_add(w, i, 70);
	assert_int_equal(dp_wheel_advance(w, 100, due, 0), 0);
	assert_int_equal(dp_wheel_advance(w, 100, due, 2), 2);
	for (uint32_t i = 0, moved = 0; i < 5; i++)
		if (dp_wheel_armed(w, i) && moved++ == 0)
			dp_wheel_del(w, i);
		else if (dp_wheel_armed(w, i) && moved == 2)
			dp_wheel_add(w, i, 101);
	assert_int_equal(dp_wheel_advance(w, 100, due, 5), 1);
	assert_int_equal(dp_wheel_advance(w, 101, due, 5), 1);
	assert_int_equal(dp_wheel_advance(w, UINT64_MAX, due, 5), 0);
	free(w);
}

static void
lives_on_elsewhere(void **state)
{
	struct dp_wheel *w = new_wheel(TIMERS, 5), *moved;
	uint32_t due[TIMERS], layout;

	(void)state;
	for (uint32_t i = 0; i < TIMERS; i++)
		dp_wheel_add(w, i, 10 + i * i);
	assert_int_equal(dp_wheel_advance(w, 10, due, TIMERS), 1);
	moved = malloc(dp_wheel_size(TIMERS));
	assert_non_null(moved);
	memcpy(moved, w, dp_wheel_size(TIMERS));
	memset(w, 0xee, dp_wheel_size(TIMERS));
	free(w);
	memcpy(&layout, moved, sizeof(layout));
	assert_int_equal(layout, 1);
	assert_int_equal(dp_wheel_advance(moved, UINT64_MAX, due, TIMERS), TIMERS - 1);
	for (uint32_t i = 0; i < TIMERS - 1; i++)
		assert_int_equal(due[i], i + 1);
	free(moved);
}

/* ---- against a model: an array that is searched ---- */

struct model {
	uint64_t when[TIMERS]; /* as it counts: never before the tick it was armed in */
	bool armed[TIMERS];
	uint64_t tick, rng;
};

static uint64_t
next_random(struct model *m)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return m->rng;
}

/* Near and far: each order of magnitude is as likely as the next. */
static uint64_t
some_span(struct model *m, unsigned bits)
{
	return next_random(m) >> (64 - bits + next_random(m) % bits);
}

static void
arm(struct dp_wheel *w, struct model *m, uint32_t id, unsigned bits)
{
	uint64_t when = m->tick + some_span(m, bits);

	if (when < m->tick)
		when = UINT64_MAX;
	else if (next_random(m) % 16 == 0)
		when = m->tick - some_span(m, bits) % (m->tick + 1);
	dp_wheel_add(w, id, when);
	m->when[id] = when > m->tick ? when : m->tick;
	m->armed[id] = true;
}

/* Advance in steps of @max: no tick before its elders, all that is due and nothing else.
 */
static void
advance(struct dp_wheel *w, struct model *m, uint64_t now, unsigned max)
{
	uint64_t last = 0;
	uint32_t due[TIMERS];
	unsigned n;

	do {
		n = dp_wheel_advance(w, now, due, max);
		assert_in_range(n, 0, max);
		for (unsigned i = 0; i < n; i++) {
			assert_in_range(due[i], 0, TIMERS - 1);
			assert_true(m->armed[due[i]]);
			assert_true(m->when[due[i]] >= last && m->when[due[i]] <= now);
			last = m->when[due[i]];
			m->armed[due[i]] = false;
		}
	} while (n == max);
	m->tick = now;
	for (uint32_t i = 0; i < TIMERS; i++) {
		assert_int_equal(dp_wheel_armed(w, i), m->armed[i]);
		assert_false(m->armed[i] && m->when[i] <= now);
	}
}

static const struct walk {
	const char *name;
	uint64_t start;
	unsigned span_bits, step_bits, max;
} walks[] = {
	{"random, one tick at a time", 0, 9, 1, TIMERS},
	{"random, near", 1000, 12, 7, TIMERS},
	{"random, far", 123456789, 40, 38, TIMERS},
	{"random, over all of 64 bits", 0, 63, 56, TIMERS},
	{"random, over the 32nd bit", UINT32_MAX - 20000ull, 16, 8, TIMERS},
	{"random, over the top digit's step", (1ull << 60) - 5000, 14, 6, TIMERS},
	{"random, one given out at a time", 77, 12, 9, 1},
	{"random, three given out at a time", 77, 12, 9, 3},
};

static void
as_the_model_says(void **state)
{
	const struct walk *walk = *state;
	struct model m = {.tick = walk->start, .rng = 88172645463325252ull};
	struct dp_wheel *w = new_wheel(TIMERS, walk->start);

	for (unsigned turn = 0; turn < 5000; turn++) {
		uint64_t step = some_span(&m, walk->step_bits);

		for (unsigned k = 0; k < 4; k++)
			arm(w, &m, (uint32_t)(next_random(&m) % TIMERS), walk->span_bits);
		if (next_random(&m) % 2 == 0) {
			uint32_t id = (uint32_t)(next_random(&m) % TIMERS);

			dp_wheel_del(w, id);
			m.armed[id] = false;
		}
		advance(w, &m, m.tick + step < m.tick ? UINT64_MAX : m.tick + step,
			walk->max);
	}
	advance(w, &m, UINT64_MAX, walk->max);
	for (uint32_t i = 0; i < TIMERS; i++)
		assert_false(dp_wheel_armed(w, i));
	free(w);
}

int
main(void)
{
	struct CMUnitTest tests[3 * COUNT(rows) + COUNT(walks) + 6] = {
		cmocka_unit_test(fresh),
		cmocka_unit_test(past_is_due_at_the_next_advance),
		cmocka_unit_test(time_going_back_changes_nothing),
		cmocka_unit_test(rearming_forgets_the_old_tick),
		cmocka_unit_test(a_cut_advance_goes_on),
		cmocka_unit_test(lives_on_elsewhere),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, rows, due_at_its_tick);
	ADD_ROWS(tests, &n, rows, due_at_once);
	ADD_ROWS(tests, &n, rows, deleted_is_never_due);
	ADD_ROWS(tests, &n, walks, as_the_model_says);
	return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
