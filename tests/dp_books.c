/*
 * The books, and that they tell: traffic that touches every counter on an account leaves
 * them closed, and any one increment left out leaves them open.
 *
 * This program has a dataplane of its own, which asks before each increment.  An
 * increment is a place in the code and the counter that it is for.
 */
#include "tests/dp_mix.h"

#define INCREMENTS_MAX 256

struct increment {
	enum dp_counter counter;
	const char *file;
	int line;
};

static struct increment seen[INCREMENTS_MAX];
static unsigned n_seen;
static const struct increment *left_out;

static bool
is_same(const struct increment *a, enum dp_counter counter, const char *file, int line)
{
	return a->counter == counter && a->line == line && strcmp(a->file, file) == 0;
}

bool
dp_count_wanted(enum dp_counter counter, const char *file, int line)
{
	if (dp_counter_defs[counter].account == DP_A_INFO)
		return true;
	if (left_out != NULL)
		return !is_same(left_out, counter, file, line);
	for (unsigned i = 0; i < n_seen; i++)
		if (is_same(&seen[i], counter, file, line))
			return true;
	assert_true(n_seen < INCREMENTS_MAX);
	seen[n_seen++] = (struct increment){counter, file, line};
	return true;
}

/* ---- the books ---- */

static bool
closes_after_everything(const struct increment *without)
{
	bool closes;

	left_out = without;
	(void)gw_close(); /* of a run with an increment left out, perhaps */
	gw_open(mix_small_tables);
	mix_run();
	closes = gw_books_close();
	left_out = NULL;
	return closes;
}

/* What no traffic of these tests can reach, and why. */
static bool
is_out_of_reach(enum dp_counter c)
{
	return gw.cfg.workers == 1 /* there is nobody to hand anything to */
	       && (c == DP_C_drop_handover_full || c == DP_C_rdrop_handover_full);
}

static void
every_counter_is_touched(void **state)
{
	(void)state;
	assert_true(closes_after_everything(NULL));
	for (unsigned c = 0; c < DP_COUNTER_COUNT; c++)
		if (dp_counter_defs[c].account != DP_A_INFO && gw_counter(c) == 0
			&& !is_out_of_reach(c))
			fail_msg("nothing counted %s", dp_counter_defs[c].name);
}

static void
any_increment_left_out_is_found(void **state)
{
	unsigned found = 0;

	(void)state;
	n_seen = 0;
	assert_true(closes_after_everything(NULL));
	assert_true(n_seen > 50);
	for (unsigned i = 0; i < n_seen; i++)
		if (!closes_after_everything(&seen[i]))
			found++;
		else
			print_error("%s at %s:%d can be left out\n",
				dp_counter_defs[seen[i].counter].name, seen[i].file,
				seen[i].line);
	assert_int_equal(found, n_seen);
	assert_true(closes_after_everything(NULL));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers", 2, true, 1, 1},
	{"IPv4, two workers, value elsewhere", 2, false, 0, 1},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_is_touched),
		cmocka_unit_test(any_increment_left_out_is_found),
	};

	return gw_main("dp_books", settings, COUNT(settings), tests, COUNT(tests));
}
